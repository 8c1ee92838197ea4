#!/usr/bin/env bash
# h2spec on both ports, plain and TLS, and the attacks of attack.py, against a service of its own on loopback.
# PROGRAM: the program. TOOLS: where h2spec and the Python packages are kept. Everything else is made here and removed.
#
#   tests/conformance/run.sh [plain|tls] [attack …]        # one port only; these attacks only, without h2spec
set -euo pipefail
cd "$(dirname "$0")/../.."
PROGRAM=$(realpath "${PROGRAM:-target/debug/omnia}")
tools=${TOOLS:-$PWD/target/tools}
here=$PWD/tests/conformance
. tests/serving.sh
suites=${1:-plain tls}
attacks=("${@:2}")
[ ${#attacks[@]} = 0 ] && with_h2spec=yes || with_h2spec=

h2spec=$tools/h2spec-$(sha256sum "$here/h2spec/go.sum" | cut -c1-12)/h2spec
if [ ! -x "$h2spec" ] && [ -n "$with_h2spec" ]; then
    go=go
    command -v go >/dev/null || go=$tools/go/bin/go
    mkdir -p "$(dirname "$h2spec")"
    (cd "$here/h2spec" && "$go" build -mod=readonly -o "$h2spec" github.com/summerwind/h2spec/cmd/h2spec)
fi
venv=$tools/conformance-$(sha256sum "$here/requirements.txt" | cut -c1-12)
if [ ! -e "$venv/ready" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
    touch "$venv/ready"
fi

scratch=$(mktemp -d /tmp/omnia-conformance.XXXXXX)
chmod 711 "$scratch"
SERVER_PID=
stop() {
    if [ -n "$SERVER_PID" ]; then
        kill -TERM "$SERVER_PID" 2>/dev/null && wait "$SERVER_PID" || true
        SERVER_PID=
    fi
}
trap 'stop; rm -rf "$scratch"' EXIT

# Little of everything, so that an attack that would take it all is short; attack.py and floods.py know these numbers.
export OMNIA_DATABASE__DATA_DIR=$scratch/data OMNIA_SERVER__LISTEN=127.0.0.1:0 OMNIA_EXPORT__BATCH_ROWS=100 DRAIN=3
export OMNIA_SERVER__DRAIN_SECONDS=$DRAIN OMNIA_SERVER__MAX_CONNECTIONS_PER_ADDRESS=40 OMNIA_SERVER__PREFACE_SECONDS=2
export OMNIA_EXPORT__STALL_SECONDS=4 OMNIA_EXPORT__MAX_PER_SUBJECT=4 OMNIA_AUDIT__REFUSED_COUNTS_SECONDS=2
export PROGRAM JWKS=$scratch/data/demo/jwks.json CA=$scratch/ca.pem OMNIA_TELEMETRY__LOG=warn

# Starts `omnia $*`; then ADDRESS and SERVER_PID are those of the service.
serve() {
    "$PROGRAM" "$@" >"$scratch/out" 2>"$scratch/err" &
    SERVER_PID=$!
    ADDRESS=$(serving_on "$SERVER_PID" "$scratch/out" "$scratch/err")
    export ADDRESS SERVER_PID
}

# Rows, keys and grants, once: what serves below is `omnia serve`, as in production.
serve demo --righe 20000
TOKEN=$("$PROGRAM" token --soggetto demo-mlps-ammortizzatori)
OTHER_TOKEN=$("$PROGRAM" token --soggetto demo-mef-rgs)
# Who reads grants.
MANAGER_TOKEN=$("$PROGRAM" token --soggetto demo-inps-gestione)
export TOKEN OTHER_TOKEN MANAGER_TOKEN
stop
export OMNIA_ACCESS__JWKS=$JWKS
"$venv/bin/python" - "$scratch" <<'PYTHON'
import sys, trustme
ca = trustme.CA()
ca.cert_pem.write_to_path(f"{sys.argv[1]}/ca.pem")
server = ca.issue_cert("localhost", "127.0.0.1")
server.private_key_pem.write_to_path(f"{sys.argv[1]}/server.key")
for pem in server.cert_chain_pems:
    pem.write_to_path(f"{sys.argv[1]}/server.pem", append=True)
PYTHON
chmod 600 "$scratch/server.key"

status=0
for suite in $suites; do
    tls=()
    if [ "$suite" = tls ]; then
        export OMNIA_TLS__CERT_FILE=$scratch/server.pem OMNIA_TLS__KEY_FILE=$scratch/server.key
        tls=(--tls --insecure)
    fi
    serve serve
    if [ -n "$with_h2spec" ]; then
        echo "$suite:"
        reports=()
        for run in 1 2 3; do
            reports+=("$scratch/h2spec-$suite-$run.xml")
            "$h2spec" --host 127.0.0.1 --port "${ADDRESS#*:}" "${tls[@]}" --timeout 2 --junit-report "${reports[-1]}" \
                >"$scratch/h2spec.out" 2>&1 || true
            # Again where a case fails: see the report.
            "$venv/bin/python" "$here/h2spec_report.py" "$here/h2spec_known.txt" "${reports[@]}" >"$scratch/h2spec" && break
        done
        cat "$scratch/h2spec"
        grep -q '^ok' "$scratch/h2spec" || status=1
    fi
    PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" "$here/attack.py" "$suite" "${attacks[@]}" || status=1
    stop
    if grep -q "panicked" "$scratch/err"; then
        echo "FAILED  $suite: the service panicked:" && grep -A3 panicked "$scratch/err"
        status=1
    fi
done
exit $status
