#!/usr/bin/env bash
# Nothing is wrong with the OpenAPI documents, and our own rules (.spectral.yaml) find what is.
#
# SPECTRAL: the command, with its version (the Makefile sets it).
set -euo pipefail
cd "$(dirname "$0")"

lint() { $SPECTRAL lint --quiet --fail-severity hint --display-only-failures --ruleset ../../.spectral.yaml "$@"; }

lint letture.yaml scritture.yaml

# One document in which every rule of ours is broken somewhere.
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
sed -E '
    s|^  /v1/report-sintetico:|  /v1/report_sintetico:|
    s|^  /status:|  /stato:|
    s|name: page_size|name: pageSize|
    s|name: numero_decreto|name: cf_azienda|
    s|operationId: andamento|operationId: get_andamento|
    s|url: https://omnia|url: http://omnia|
    s|x-summary:|x-sommario:|
    s|format: int32|x-format: int32|
    s|minimum: 1970|x-minimum: 1970|
    s|maxLength: 32$|x-maxLength: 32|
    s|maxItems: 1000$|x-maxItems: 1000|
    /^  \/v1\/prestazioni:/,/^  \/v1\/proiezione:/s|security:|x-security:|
    /^  \/v1\/capienza:/,/^  \/v1\/confronto:/{ s|security:|security: []|; /- (bearer|dpop)Auth/d }
    /^    BadRequest:/,/^    Conflict:/s|application/problem.json|application/json|
    /^    Conflict:/,/^    Forbidden:/s|content:|x-content:|
    /^    ServiceUnavailable:/,/^    TooManyRequests:/s|headers:|x-headers:|
    /^    TooManyRequests:/,/^    Unauthorized:/s|^        Retry-After:|        Try-Again:|
    /^    NotFound:/,/^    PayloadTooLarge:/s|^        X-RateLimit-Reset:|        X-Reset:|
' letture.yaml >"$dir/broken.yaml"
found=$(lint --format text "$dir/broken.yaml" || true)
# A rule of theirs that is set here has its severity on the same line.
rules=$(sed -nE '/^rules:/,$s/^  ([a-z-]+):$/\1/p' ../../.spectral.yaml)
missed=0
for rule in $rules; do
    grep -q " $rule " <<<"$found" || { echo "lint.sh: the rule $rule found nothing in a document that breaks it" >&2; missed=1; }
done
exit $missed
