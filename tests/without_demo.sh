#!/usr/bin/env bash
# A program that is built for production carries nothing of the demo: no command of it, no extract, nothing that signs.
# PROGRAM: built with --no-default-features. WITH_DEMO: built as usual; what is looked for must be in there, or the search
# would prove nothing.
#
#   PROGRAM=target/production/omnia WITH_DEMO=target/debug/omnia tests/without_demo.sh
set -euo pipefail
cd "$(dirname "$0")/.."
PROGRAM=$(realpath "$PROGRAM")
WITH_DEMO=$(realpath "$WITH_DEMO")

scratch=$(mktemp -d /tmp/omnia-without-demo.XXXXXX)
trap 'rm -rf "$scratch"' EXIT
export OMNIA_DATABASE__DATA_DIR=$scratch/data
status=0
wrong() { echo "FAILED  without the demo: $*" >&2; status=1; }

for command in demo generate token; do
    "$WITH_DEMO" help "$command" >/dev/null || wrong "the usual program has no $command either"
    code=0
    "$PROGRAM" "$command" --help >"$scratch/out" 2>"$scratch/err" || code=$?
    [ "$code" = 2 ] && grep -q "unrecognized subcommand '$command'" "$scratch/err" || wrong "omnia $command is known (code $code)"
    ! "$PROGRAM" help | grep -q "^ *$command " || wrong "omnia help lists $command"
done

# The demo's key is made on the machine, so no program holds it. What stands for it: the names of its files, the
# modules that make it and sign with it, the invented extracts.
for mark in chiave.pem 'others than its owner can read this key' demo_key 'invented decrees and employers' \
    'DLGS148-2015-ART22BIS'; do
    grep -qaF "$mark" "$WITH_DEMO" || wrong "the mark '$mark' is stale: the usual program does not have it"
    ! grep -qaF "$mark" "$PROGRAM" || wrong "the program holds '$mark'"
done

# A demo that ran here before is nothing to it: without an issuer it does not serve.
mkdir -p "$scratch/data/demo"
echo '{"keys": []}' >"$scratch/data/demo/jwks.json"
! "$PROGRAM" voucher check x.y.z >"$scratch/out" 2>"$scratch/err" || wrong "a token is checked without an issuer"
grep -q 'set access.jwks' "$scratch/err" || wrong "no issuer is asked for: $(cat "$scratch/err")"

[ "$status" != 0 ] || echo "ok      without the demo: no command, no mark of it in the program"
exit $status
