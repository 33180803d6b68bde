#!/bin/sh
# Installs what is missing, then builds and runs every test: with gcc, with clang and its
# sanitizers, and with every buffer and batch shrunk. Fails if anything does.
set -eu
cd "$(dirname "$0")/.."

sh shell/install-packages.sh tests

# What the example for Node calls C with; its test is skipped where it is not to be had.
if command -v npm >/dev/null && [ ! -d build/npm/node_modules/koffi ]; then
    mkdir -p build/npm
    npm install --silent --no-audit --no-fund --prefix build/npm koffi || echo "no koffi"
fi

# Where the published data sets are; what tests them is skipped if they are not there.
MUSTER_DATA=${MUSTER_DATA:-$(pwd)/../shared/data}
export MUSTER_DATA

failed=

echo "== clang-format"
if ! find include storage query sql shell bench tests -name '*.[ch]' -o -name '*.inc' |
    xargs clang-format --dry-run -Werror; then
    failed="$failed clang-format"
fi

for preset in dev asan tiny; do
    echo "== $preset"
    log=build/$preset/tests.log
    if ! cmake --preset "$preset" >/dev/null || ! cmake --build "build/$preset" -- --quiet; then
        failed="$failed $preset"
    elif ctest --test-dir "build/$preset" -j 2 --output-on-failure >"$log" 2>&1; then
        sed -n '/tests passed/,$p' "$log"
    else
        cat "$log"
        failed="$failed $preset"
    fi
done

echo "== release"
if ! cmake --preset release -DMUSTER_WERROR=ON >/dev/null ||
    ! cmake --build build/release -- --quiet; then
    failed="$failed release"
fi

if [ -n "$failed" ]; then
    echo "not passed:$failed"
    exit 1
fi
echo "every test passed"
