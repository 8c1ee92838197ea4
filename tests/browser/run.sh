#!/usr/bin/env bash
# Debian's Chromium on the pages of the Cruscotto, with an OpenID provider of npm in the place of the administration's.
#
#   PROGRAM=target/debug/omnia tests/browser/run.sh     # all
#   tests/browser/run.sh                                # what the tests are made of alone: the provider, the helpers
#
# The tests find the service at BASE and the issuer at PROVIDER. TOOLS: where the packages of npm are kept.
set -euo pipefail
cd "$(dirname "$0")/../.."
tools=$(realpath -m "${TOOLS:-target/tools}")
. tests/serving.sh
TOOLS=$tools deploy/need.sh chromium node
# Where the machine's own is too old.
node=$tools/node/bin/node
[ -x "$node" ] || node=$(command -v node)

# Not beside the tests: packages bring pages of their own, and those under tests/ are held to what ours are.
packages=$tools/cruscotto-$(sha256sum tests/browser/package-lock.json | cut -c1-12)
if [ ! -e "$packages/ready" ]; then
    mkdir -p "$packages"
    cp tests/browser/package.json tests/browser/package-lock.json "$packages"
    (cd "$packages" && npm ci --silent --no-audit --no-fund)
    touch "$packages/ready"
fi

scratch=$(mktemp -d /tmp/omnia-browser.XXXXXX)
chmod 711 "$scratch"
server='' provider=''
stop() {
    local process
    for process in $server $provider; do
        kill -INT "$process" 2>/dev/null && wait "$process" || true
    done
    rm -rf "$scratch"
}
trap stop EXIT

mkdir "$scratch/tests"
cp tests/browser/*.mjs tests/browser/package.json "$scratch/tests"
ln -s "$packages/node_modules" "$scratch/tests/node_modules"

# The provider must know the service's address and the service the provider's: so the service's is chosen first.
free_port() {
    "$node" -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'
}

# Sets: provider, PROVIDER. localhost and not 127.0.0.1: see provider.mjs.
start_provider() {
    CLIENT_SECRET=$client_secret "$node" "$scratch/tests/provider.mjs" --base "$BASE" --host localhost \
        >"$scratch/provider.out" 2>"$scratch/provider.err" &
    provider=$!
    for _ in $(seq 100); do
        PROVIDER=$(sed -n 's/^provider ready //p' "$scratch/provider.out")
        [ -z "$PROVIDER" ] || return 0
        kill -0 "$provider" 2>/dev/null || break
        sleep 0.1
    done
    echo "the provider does not come up" >&2
    cat "$scratch/provider.err" >&2
    return 1
}

# Sets: server. The users are those of the demo, who can sign in at the provider too: it takes any name.
start_program() {
    printf '%s' "$client_secret" >"$scratch/client_secret"
    cat >"$scratch/omnia.toml" <<END
[cruscotto]
public_url = "$BASE"
contact = "abilitazioni@example.org"
session_is_evidence = true

[[cruscotto.providers]]
issuer = "$PROVIDER"
name = "Provider of the tests"
client_id = "omnia-cruscotto"
client_secret_file = "$scratch/client_secret"
enti = ["MLPS", "MEF", "INPS"]
END
    export OMNIA_CONFIG=$scratch/omnia.toml OMNIA_DATABASE__DATA_DIR=$scratch/data OMNIA_SERVER__LISTEN=${BASE#http://}
    "$PROGRAM" demo --righe "${RIGHE:-20000}" >"$scratch/out" 2>"$scratch/err" &
    server=$!
    serving_on "$server" "$scratch/out" "$scratch/err" >/dev/null
}

tests=("$scratch"/tests/{provider,lib,sign_in}.test.mjs)
if [ -n "${PROGRAM:-}" ]; then
    PROGRAM=$(realpath "$PROGRAM")
    client_secret=$("$node" -p 'crypto.randomBytes(24).toString("base64url")')
    BASE=http://127.0.0.1:$(free_port)
    start_provider
    start_program
    export BASE PROVIDER PROGRAM
    tests=("$scratch"/tests/*.test.mjs)
fi
# One file at a time: each has a Chromium of its own, and what a page weighs or how it moves is measured.
"$node" --test --test-concurrency=1 --test-reporter=spec --test-timeout=600000 "${tests[@]}" || { tail -20 "$scratch"/*.err 2>/dev/null >&2; exit 1; }

if [ -n "$server" ]; then
    kill -INT "$server"
    wait "$server"
    server=''
    echo "ok  the server stops cleanly"
fi
