#!/usr/bin/env bash
# Debian's Chromium against the demo server: Connect-ES in a page, by gRPC-Web; pages of elsewhere; downloads that are cut off and go on.
#
#   PROGRAM=… tests/interop/browser/run.sh SCRATCH PROTOS     # on the demo's data (OMNIA_DATABASE__DATA_DIR), which nobody serves meanwhile
#
# PROTOS: the folder that has google/rpc. PROTOC: what compiles protos. TOOLS: where the packages of npm are kept.
set -euo pipefail
scratch=$1/browser protos=$2
here=$(dirname "$0")
# Where the machine's own is too old.
node=$TOOLS/node/bin/node
[ -x "$node" ] || node=$(command -v node)

packages=$TOOLS/browser-$(sha256sum "$here/package-lock.json" | cut -c1-12)
if [ ! -e "$packages/ready" ]; then
    mkdir -p "$packages"
    cp "$here/package.json" "$here/package-lock.json" "$packages"
    (cd "$packages" && npm ci --silent --no-audit --no-fund)
    touch "$packages/ready"
fi
cp -r "$here" "$scratch"
ln -s "$packages/node_modules" "$scratch/node_modules"

plugin=$scratch/protoc-gen-es
printf '#!/bin/sh\nexec "%s" "%s"\n' "$node" "$packages/node_modules/@bufbuild/protoc-gen-es/bin/protoc-gen-es" >"$plugin"
chmod +x "$plugin"
mkdir "$scratch/stubs"
# shellcheck disable=SC2086 # a command and its arguments
$PROTOC --plugin="protoc-gen-es=$plugin" --proto_path=proto --proto_path="$protos" --es_out="$scratch/stubs" --es_opt=target=js \
    proto/inps/omnia/monitoraggio/v1/*.proto "$protos/google/rpc/error_details.proto"

# One norm has all the rows: an XLSX of more than 100,000.
norm=DL109-2018-ART44
"$PROGRAM" generate --righe 101000 --cartella "$scratch/extract" >"$scratch/generated" 2>&1
awk -F, -v OFS=, -v norm=$norm 'NR > 1 { $1 = norm } !seen[$1, $2, $3, $4, $5, $6, $8, $9]++' \
    "$scratch/extract/decreti.csv" >"$scratch/extract/norm.csv"
"$PROGRAM" load --data-riferimento "$(date +%F)" --decreti "$scratch/extract/norm.csv" \
    --stanziamenti "$scratch/extract/stanziamenti.csv" >"$scratch/loaded" 2>&1 || { cat "$scratch/loaded" >&2; exit 1; }

"$node" "$scratch/main.mjs" "$PROGRAM" "$norm" "$scratch"
