#!/bin/sh
# The benchmark: muster beside DuckDB and ClickHouse, on the same data and the same questions.
#
#     sh bench/run.sh                 size S, everything, a few minutes
#     sh bench/run.sh --size M        8 million customers, 60 million events
#     sh bench/run.sh --help          all options
#     sh bench/run.sh --append        a service that appends while others ask; muster alone
#
# What is missing is installed: packages with apt, the libraries of the peers from npm, to
# build/peers. docs/benchmark.md says what is measured and how.
set -eu
cd "$(dirname "$0")/.."

duckdb=1.5.6-r.1
chdb=26.5.3

program=muster-bench
peers=yes
if [ "${1-}" = --append ]; then
    program=muster-append
    peers=
    shift
fi
previous=
for argument in "$@"; do
    case "$previous$argument" in
    --peersnone | --peers=none | *--help | *--draw*) peers= ;;
    esac
    previous=$argument
done

case $(uname -m) in
x86_64) machine=x64 ;;
aarch64) machine=arm64 ;;
*)
    [ -z "$peers" ] || echo "run.sh: the peers have no packages for $(uname -m); --peers none" >&2
    [ -z "$peers" ] || exit 1
    ;;
esac

# Takes one library out of a package of npm: what, version, file in it.
fetch() {
    place=build/peers/$(basename "$3")
    if [ -f "$place" ] && [ "$(cat "$place.version" 2>/dev/null)" = "$2" ]; then
        return 0
    fi
    echo "fetching $1 $2" >&2
    rm -rf build/peers/unpacked
    mkdir -p build/peers/unpacked
    (cd build/peers/unpacked && npm pack --silent "$1@$2" >/dev/null && tar -xzf ./*.tgz)
    mv "build/peers/unpacked/$3" "$place"
    rm -rf build/peers/unpacked
    echo "$2" >"$place.version"
}

sh shell/install-packages.sh bench >&2
if [ -n "$peers" ]; then
    fetch "@duckdb/node-bindings-linux-$machine" "$duckdb" package/libduckdb.so
    fetch "@chdb/lib-linux-$machine-gnu" "$chdb" package/libchdb.so
fi

mkdir -p build
if ! { cmake --preset release &&
    cmake --build build/release --target $program muster-gen muster_shared; } \
    >build/bench.log 2>&1; then
    tail -n 40 build/bench.log >&2
    exit 1
fi
exec build/release/$program "$@"
