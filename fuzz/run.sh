#!/usr/bin/env bash
# Runs each target for so many seconds from its seeds, and tells how many executions that were. Ends at the first that
# finds something: the input that did it is in fuzz/artifacts.
set -euo pipefail
cd "$(dirname "$0")"
seconds="${1:-120}"
rustup run nightly true 2>/dev/null || { echo "fuzzing needs nightly: rustup toolchain install nightly" >&2; exit 1; }
cargo fuzz --version >/dev/null 2>&1 || { echo "fuzzing needs cargo-fuzz: cargo install cargo-fuzz --locked" >&2; exit 1; }

# Without the address sanitizer: the service forbids unsafe code, and what is looked for are panics and broken promises.
fuzz=(cargo +nightly fuzz)
options=(--fuzz-dir . --sanitizer none)
"${fuzz[@]}" build "${options[@]}"
for target in token proof evidence page_token; do
    mkdir -p "corpus/$target"
    log="target/$target.log"
    "${fuzz[@]}" run "${options[@]}" "$target" "corpus/$target" "seeds/$target" -- \
        -max_total_time="$seconds" -timeout=10 -max_len=9000 -print_final_stats=1 >"$log" 2>&1 || true
    grep -E 'panicked|^ERROR|SUMMARY|^Done|stat::average_exec_per_sec' "$log" | sed "s/^/$target: /" || true
    grep -q '^Done [0-9]* runs' "$log" || { echo "$target: found something, or did not run: see fuzz/$log" >&2; exit 1; }
done
