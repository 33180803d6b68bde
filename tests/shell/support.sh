# support.sh - what the tests of the programs share. A test is run as: sh X_test.sh MUSTER GEN, with
# the paths of the two programs; it works in a directory of its own and fails if a claim does.
#
# claim says what should be true; equal and matches compare.
set -u

muster=$1
gen=$2
failures=0
claim=

work=$(mktemp -d "${TMPDIR:-/tmp}/muster-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work" || exit 1
HOME=$work
export HOME
LC_ALL=C.UTF-8
export LC_ALL

claim() {
    claim=$1
}

fail() {
    echo "not true: $claim"
    echo "  expected: $1"
    echo "  found:    $2"
    failures=$((failures + 1))
}

equal() { # EXPECTED FOUND
    if [ "$1" != "$2" ]; then
        fail "$1" "$2"
    fi
}

matches() { # PATTERN FOUND, a pattern of case
    # shellcheck disable=SC2254 # it is meant as a pattern
    case $2 in
    $1) ;;
    *) fail "$1" "$2" ;;
    esac
}

# Runs the shell: its output goes to $out, its messages to $err, its exit status to $status.
run() {
    status=0
    "$muster" "$@" >out.txt 2>err.txt </dev/null || status=$?
    out=$(cat out.txt)
    err=$(cat err.txt)
}

# The same with the standard input of this function.
run_piped() {
    status=0
    "$muster" "$@" >out.txt 2>err.txt || status=$?
    out=$(cat out.txt)
    err=$(cat err.txt)
}

finish() {
    [ "$failures" = 0 ] || exit 1
}
