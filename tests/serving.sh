# Sourced by the scripts that start a service.

# Waits until a service says where it serves, and prints that: its process, the file that it prints to, the file that it complains to.
serving_on() {
    local address
    for _ in $(seq 1200); do
        address=$(sed -n 's/^Serving on \([0-9.:]*\).*/\1/p' "$2")
        [ -n "$address" ] && break
        kill -0 "$1" 2>/dev/null || break
        sleep 0.1
    done
    [ -n "$address" ] || { echo "the service does not come up" >&2; tail -20 "$2" "$3" >&2; return 1; }
    echo "$address"
}
