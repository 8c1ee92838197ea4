#!/usr/bin/env bash
# Makes sure that what a task needs is there: installs it with apt where it may, says in one sentence what is missing
# where it may not.
#
#   deploy/need.sh postgres cc      # any of: postgres cc npm go python java libreoffice
set -euo pipefail

# Root runs apt as it is; somebody else only where sudo asks for nothing.
if [ "$(id -u)" = 0 ]; then as_root=(env); else as_root=(sudo -n); fi
may_install() { command -v apt-get >/dev/null && "${as_root[@]}" true 2>/dev/null; }

has_postgres() {
    local bin
    [ -x "${OMNIA_DATABASE__BIN_DIR:-/nowhere}/initdb" ] && return 0
    command -v initdb >/dev/null && command -v postgres >/dev/null && return 0
    for bin in /usr/lib/postgresql/*/bin; do [ -x "$bin/initdb" ] && return 0; done
    return 1
}
has_cc() { command -v cc >/dev/null; }
has_npm() { command -v npx >/dev/null; }
# An older go cannot fetch the toolchain that grpcurl asks for.
has_go() { command -v go >/dev/null && [ "$(go env GOVERSION | sed 's/^go1\.\([0-9]*\).*/\1/')" -ge 21 ]; }
has_python() { command -v python3 >/dev/null && python3 -c 'import ensurepip, venv' 2>/dev/null; }
has_libreoffice() { command -v soffice >/dev/null; }
has_java() { command -v java >/dev/null && command -v javac >/dev/null && command -v mvn >/dev/null; }

install() {
    case "$1" in
    postgres)
        # The program runs a cluster of its own: Debian need not start another one.
        "${as_root[@]}" mkdir -p /etc/postgresql-common/createcluster.d
        echo 'create_main_cluster = false' |
            "${as_root[@]}" tee /etc/postgresql-common/createcluster.d/omnia.conf >/dev/null
        "${as_root[@]}" apt-get install -y --no-install-recommends postgresql >&2
        ;;
    cc) "${as_root[@]}" apt-get install -y --no-install-recommends build-essential >&2 ;;
    npm) "${as_root[@]}" apt-get install -y --no-install-recommends nodejs npm >&2 ;;
    go) "${as_root[@]}" apt-get install -y --no-install-recommends golang-go >&2 ;;
    python) "${as_root[@]}" apt-get install -y --no-install-recommends python3 python3-venv >&2 ;;
    libreoffice) "${as_root[@]}" apt-get install -y --no-install-recommends libreoffice-calc >&2 ;;
    java) "${as_root[@]}" apt-get install -y --no-install-recommends openjdk-17-jdk-headless maven >&2 ;;
    esac
}

package() {
    case "$1" in
    postgres) echo postgresql ;;
    cc) echo build-essential ;;
    npm) echo "nodejs npm" ;;
    go) echo "golang-go (1.21 or later)" ;;
    python) echo "python3 python3-venv" ;;
    libreoffice) echo libreoffice-calc ;;
    java) echo "openjdk-17-jdk-headless maven" ;;
    esac
}

updated=no
for what in "$@"; do
    "has_$what" && continue
    if may_install; then
        if [ $updated = no ]; then
            "${as_root[@]}" apt-get update -q >&2
            updated=yes
        fi
        install "$what" && "has_$what" && continue
    fi
    echo "$what is missing: install it with 'apt-get install $(package "$what")' and run the task again." >&2
    exit 1
done
