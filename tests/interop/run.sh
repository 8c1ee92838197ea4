#!/usr/bin/env bash
# Clients that know nothing of our code, against the demo server: grpcurl through reflection, Python stubs generated from the
# protos, Go clients generated from the OpenAPI documents, and two of Arrow Flight, in Python and in Java; the files that the
# service gives are opened by LibreOffice, pandas, polars, pyarrow, DuckDB and openpyxl; last comes Chromium, by gRPC-Web and in
# HTTP. PROGRAM: the program. Everything else is made here and removed.
set -euo pipefail
cd "$(dirname "$0")/../.."
bin=${PROGRAM:-target/release/omnia}
tools=${TOOLS:-$PWD/target/tools}
. tests/serving.sh

# Where the machine's own is too old.
[ -x "$tools/go/bin/go" ] && PATH=$tools/go/bin:$PATH
grpcurl=$tools/grpcurl-$GRPCURL_VERSION/grpcurl
[ -x "$grpcurl" ] || GOBIN=$(dirname "$grpcurl") go install "github.com/fullstorydev/grpcurl/cmd/grpcurl@$GRPCURL_VERSION"

venv=$tools/python-$(sha256sum tests/interop/requirements.txt | cut -c1-12)
if [ ! -e "$venv/ready" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement tests/interop/requirements.txt
    touch "$venv/ready"
fi

scratch=$(mktemp -d /tmp/omnia-interop.XXXXXX)
chmod 711 "$scratch"
server=
stop() {
    if [ -n "$server" ]; then
        kill -INT "$server" 2>/dev/null && wait "$server" || true
    fi
    rm -rf "$scratch"
}
trap stop EXIT

mkdir "$scratch/stubs"
"$venv/bin/python" -m grpc_tools.protoc --proto_path=proto --python_out="$scratch/stubs" \
    --grpc_python_out="$scratch/stubs" proto/inps/omnia/monitoraggio/v1/*.proto

# Small lotti: an export has many, and a flight several endpoints.
export OMNIA_DATABASE__DATA_DIR=$scratch/data OMNIA_SERVER__LISTEN=127.0.0.1:0 OMNIA_EXPORT__BATCH_ROWS=100
"$bin" demo --righe 20000 >"$scratch/out" 2>"$scratch/err" &
server=$!
address=$(serving_on "$server" "$scratch/out" "$scratch/err")

full=$("$bin" token --soggetto demo-mlps-ammortizzatori)
restricted=$("$bin" token --soggetto demo-mef-rgs)
package=inps.omnia.monitoraggio.v1
call() { "$grpcurl" -plaintext -H "authorization: Bearer $1" -d "$3" "$address" "$package.$2" 2>&1; }
expect() { # what, pattern, text
    grep -q -- "$2" <<<"$3" || { printf 'interop (grpcurl): %s: no "%s" in:\n%s\n' "$1" "$2" "$3" >&2; exit 1; }
    echo "ok  $1"
}

expect "reflection lists the services" "$package.DecreeService" "$("$grpcurl" -plaintext "$address" list)"
expect "health says SERVING" SERVING "$("$grpcurl" -plaintext "$address" grpc.health.v1.Health/Check)"
norm='{"filtro":{"normativa":["DL109-2018-ART44"]}}'
expect "the report has its totals" '"totale"' "$(call "$full" ReportService/GetReportSintetico "$norm")"
expect "one norm opens the detail" accessoDettaglio "$(call "$full" ReportService/GetReportSintetico "$norm")"
detail='{"normativa":"DL109-2018-ART44"}'
expect "the detail has rows" '"numeroDecreto"' "$(call "$full" DecreeService/ListDecrees "$detail")"
expect "the export ends with a chiusura" '"chiusura"' "$(call "$full" DecreeService/ExportDecrees "$detail")"
filter='{"normativa":"DL109-2018-ART44","filtro":{"cf_azienda":"00743110157"}}'
denied=$(call "$restricted" DecreeService/ListDecrees "$filter" || true)
expect "a denied filter is PermissionDenied" PermissionDenied "$denied"
expect "a denied filter gives its reason" ERROR_REASON_FILTER_DENIED "$denied"
missing=$("$grpcurl" -plaintext -d "$detail" "$address" "$package.DecreeService/ListDecrees" 2>&1 || true)
expect "no token is Unauthenticated" ERROR_REASON_TOKEN_MISSING "$missing"

# Generated and compiled apart from what is committed.
cp -r tests/interop/rest "$scratch/rest"
for document in letture scritture; do
    "$bin" openapi --$document >"$scratch/$document.yaml"
    mkdir "$scratch/rest/$document"
    go -C "$scratch/rest" tool oapi-codegen -config oapi-codegen.yaml -package "$document" \
        -o "$document/client.go" "$scratch/$document.yaml"
done
go -C "$scratch/rest" build -o "$scratch/reads" .
call "$full" ReportService/GetReportSintetico "$norm" >"$scratch/report.json"
call "$full" DecreeService/ListDecrees "$detail" >"$scratch/decrees.json"
TOKEN=$full RESTRICTED_TOKEN=$restricted GRANTS_TOKEN=$("$bin" token --soggetto demo-inps-gestione) \
    "$scratch/reads" "$address" "$scratch/report.json" "$scratch/decrees.json"

PYTHONPATH=$scratch/stubs "$venv/bin/python" tests/interop/client.py "$address" "$full" "$restricted"
mkdir "$scratch/files"
PYTHONPATH=$scratch/stubs "$venv/bin/python" tests/interop/files.py "$address" "$full" "$restricted" "$scratch/files"

"$venv/bin/python" tests/interop/flight/flight.py "$address" "$full" "$restricted"
mvn -q -B -f tests/interop/flight/pom.xml dependency:build-classpath -Dmdep.outputFile="$scratch/classpath"
# Arrow's memory needs it: https://arrow.apache.org/java/current/install.html
java --add-opens=java.base/java.nio=ALL-UNNAMED -cp "$(cat "$scratch/classpath")" tests/interop/flight/Volo.java \
    "${address%:*}" "${address#*:}" "$full" 2>"$scratch/java" || { cat "$scratch/java" >&2; exit 1; }

kill -INT "$server"
wait "$server"
server=
echo "ok  the server stops cleanly"

protos=$("$venv/bin/python" -c 'import google.rpc; from pathlib import Path; print(Path(next(iter(google.rpc.__path__))).parent.parent)')
PROTOC="$venv/bin/python -m grpc_tools.protoc" TOOLS=$tools PROGRAM=$(realpath "$bin") tests/interop/browser/run.sh "$scratch" "$protos"
