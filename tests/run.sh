#!/usr/bin/env bash
# The whole suite, or what the arguments of cargo test say of it, in a directory of its own: afterwards no process and no
# file of it may be left.
set -euo pipefail
cd "$(dirname "$0")/.."

# In memory, where there is room: a database for each test is hundreds of files that are made and removed, and the suite needs some
# 300 MB at a time. A container often has 64 MB there.
parent=/tmp
room=$(df --output=avail -k /dev/shm 2>/dev/null | tail -1) || room=0
[ "${room:-0}" -gt 2000000 ] && parent=/dev/shm
scratch=$(mktemp -d "$parent/omnia-test.XXXXXX")
# The servers of the tests may run as another user, who must be able to reach their own directories in here.
chmod 711 "$scratch"
status=0
# Tests wait, for the disk and for each other, more than they compute: more of them than processors.
RUST_TEST_THREADS=${RUST_TEST_THREADS:-6} TMPDIR=$scratch cargo test --locked "$@" || status=$?

# The watchdogs of the throw-away clusters need a moment after the tests have ended.
for _ in $(seq 100); do
    left=$(ls -A "$scratch")
    [ -z "$left" ] && break
    sleep 0.1
done
if [ -n "$left" ]; then
    echo "tests left files behind in $scratch: $left" >&2
    exit 1
fi
rmdir "$scratch"
# Without procps, which a small Debian does not have.
left=$(grep -lsaF "$scratch" /proc/[0-9]*/cmdline || true)
for process in $left; do
    # The grep above has the name of the directory too, and has ended.
    [ -e "$process" ] || continue
    echo "tests left a process behind: $(tr '\0' ' ' <"$process")" >&2
    status=1
done
exit $status
