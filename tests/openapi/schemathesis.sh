#!/usr/bin/env bash
# The service answers as its OpenAPI documents say: schemathesis asks each operation what they allow and what they do not, with all of its
# checks and with ours (schemathesis/hooks.py), for somebody and for nobody, against a demo of its own.
#
#   PROGRAM=target/debug/omnia tests/openapi/schemathesis.sh
#
# PROGRAM: the program, with the demo. TOOLS: where the tool is kept. Everything else is made here and removed.
set -euo pipefail
cd "$(dirname "$0")/../.."
program=$(realpath "${PROGRAM:-target/debug/omnia}")
tools=${TOOLS:-$PWD/target/tools}
here=$PWD/tests/openapi/schemathesis
. tests/serving.sh

venv=$tools/schemathesis-$(sha256sum "$here/requirements.txt" | cut -c1-12)
if [ ! -e "$venv/ready" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
    touch "$venv/ready"
fi

scratch=$(mktemp -d /tmp/omnia-schemathesis.XXXXXX)
chmod 711 "$scratch"
server=
stop() {
    if [ -n "$server" ]; then
        kill -TERM "$server" 2>/dev/null && wait "$server" || true
    fi
    rm -rf "$scratch"
}
trap stop EXIT

export OMNIA_DATABASE__DATA_DIR=$scratch/data OMNIA_SERVER__LISTEN=127.0.0.1:0 OMNIA_TELEMETRY__LOG=warn
export SCHEMATHESIS_HOOKS=$here/hooks.py PYTHONDONTWRITEBYTECODE=1
"$program" demo --righe 2000 >"$scratch/out" 2>"$scratch/err" &
server=$!
address=$(serving_on "$server" "$scratch/out" "$scratch/err")

# Records a grant and takes steps with it; prints its number. What one person records another one approves.
grant() {
    local id
    id=$("$program" grant record --soggetto "$1" --ente MEF --profilo mef-rgs --tutte-le-normative --tutte-le-prestazioni \
        --dal 2027-01-01 --al 2099-12-31 --protocollo P1 --impronta "$(printf '%064d' 0)" --operatore one --motivo test | grep -o '[0-9]\+' | head -1)
    for step in "${@:2}"; do "$program" grant "$step" "$id" --operatore other --motivo test >/dev/null; done
    echo "$id"
}
STEPS=$(printf '{"verifica": %s, "approvazione": %s, "sospensione": %s, "ripresa": %s, "revoca": %s}' "$(grant a)" "$(grant b verify)" \
    "$(grant c verify approve)" "$(grant d verify approve suspend)" "$(grant e verify approve)")
OWN_GRANT=$("$program" grant list | awk '$2 == "demo-inps-gestione" { print $1 }')
export STEPS OWN_GRANT

failed=0
# Asks what a document says, as a subject or as nobody; further arguments are the tool's.
ask() {
    local document=$1 who=$2 headers=()
    export TOKEN= STATUSES=$scratch/statuses
    : >"$STATUSES"
    if [ "$who" != nobody ]; then
        TOKEN=$("$program" token --soggetto "$who")
        headers=(--header "Authorization: Bearer $TOKEN")
    fi
    if ! "$venv/bin/st" --no-color --config-file "$here/schemathesis.toml" run --url "http://$address" --checks all --warnings off \
        "${headers[@]}" "${@:3}" "http://$address/$document" >"$scratch/report" 2>&1; then
        cat "$scratch/report"
        failed=1
    fi
    "$venv/bin/python" "$here/statuses.py" "$document" "$who" "$STATUSES" || failed=1
}
ask openapi.json nobody
ask openapi.json demo-mlps-ammortizzatori --exclude-path /v1/accesso/spiegazione
# Of the profiles of the demo this one alone may.
ask openapi.json demo-inps-controllo --include-path /v1/accesso/spiegazione
ask openapi-scritture.json nobody
ask openapi-scritture.json demo-inps-gestione
if grep -q panicked "$scratch/err"; then
    echo "FAIL the service panicked:" && grep -A3 panicked "$scratch/err"
    failed=1
fi
exit $failed
