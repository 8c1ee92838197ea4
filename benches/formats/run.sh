#!/usr/bin/env bash
# Starts the demo service with ROWS rows, and peer.py on its database, and has measure.py read them. PROGRAM: the program,
# built in release.
set -euo pipefail
cd "$(dirname "$0")/../.."
bin=${PROGRAM:-target/release/omnia}
tools=${TOOLS:-$PWD/target/tools}
rows=${1:-1000000}
repetitions=${2:-7}

venv=$tools/python-$(cat benches/formats/requirements.txt tests/interop/requirements.txt | sha256sum | cut -c1-12)
if [ ! -e "$venv/ready" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement benches/formats/requirements.txt
    touch "$venv/ready"
fi
psql=$(ls /usr/lib/postgresql/*/bin/psql 2>/dev/null | tail -1)

scratch=$(mktemp -d /tmp/omnia-formats.XXXXXX)
chmod 711 "$scratch"
server=
peer=
stop() {
    if [ -n "$peer" ]; then
        # Not INT, which a shell's background jobs ignore unless they ask for it.
        kill "$peer" 2>/dev/null && wait "$peer" || true
    fi
    if [ -n "$server" ]; then
        kill -INT "$server" 2>/dev/null && wait "$server" || true
    fi
    rm -rf "$scratch"
}
trap stop EXIT
mkdir "$scratch/stubs"
"$venv/bin/python" -m grpc_tools.protoc --proto_path=proto --python_out="$scratch/stubs" \
    --grpc_python_out="$scratch/stubs" proto/inps/omnia/monitoraggio/v1/*.proto
export OMNIA_DATABASE__DATA_DIR=$scratch/data OMNIA_SERVER__LISTEN=127.0.0.1:0 OMNIA_TELEMETRY__LOG=warn
"$bin" demo --righe "$rows" >"$scratch/out" 2>"$scratch/err" &
server=$!
while ! address=$(grep -oP '^Serving on \K[0-9.:]+' "$scratch/out" 2>/dev/null); do
    kill -0 "$server" 2>/dev/null || { cat "$scratch/err" >&2; exit 1; }
    sleep 0.5
done
socket=$(find "$scratch/data" -name '.s.PGSQL.*' -type s -printf '%h\n' | head -1)
token=$("$bin" token --soggetto demo-mlps-ammortizzatori)
export PYTHONPATH=$scratch/stubs PYTHONDONTWRITEBYTECODE=1
"$venv/bin/python" benches/formats/peer.py "$socket" >"$scratch/peer" &
peer=$!
while ! peer_addresses=$(grep -P '^[0-9.]+:[0-9]+$' "$scratch/peer" 2>/dev/null) || [ "$(wc -l <<<"$peer_addresses")" != 2 ]; do
    kill -0 "$peer" 2>/dev/null || exit 1
    sleep 0.1
done
"$venv/bin/python" benches/formats/measure.py \
    "$address" "${peer_addresses//$'\n'/,}" "$token" "$socket" "${psql:-psql}" "$repetitions"
