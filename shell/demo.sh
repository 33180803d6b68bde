#!/bin/sh
# Builds muster and shows what it does, from nothing to answers.
#
#     sh shell/demo.sh                    a sample shop: 200,000 customers, 1,500,000 events
#     sh shell/demo.sh FILE.csv [...]     your own log (.gz as well); see muster --help for the
#                                         options after --import, such as --customer COLUMN
#
# What is missing is installed, the build goes to build/release, the database to build/demo. If
# there is a terminal, the shell stays open at the end.
set -eu

file=
case ${1:-} in
'') ;;
-h | --help)
    sed -n '2,9s/^# \{0,1\}//p' "$0"
    exit 0
    ;;
-*)
    echo "demo.sh: the file comes first, then its options: sh shell/demo.sh FILE.csv $*" >&2
    exit 1
    ;;
*)
    if [ ! -e "$1" ]; then
        echo "demo.sh: there is no file \"$1\"" >&2
        exit 1
    fi
    # An absolute path, since the build is done elsewhere.
    file=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
    shift
    ;;
esac
cd "$(dirname "$0")/.."

# Runs a command quietly; if it does not succeed, what it said is shown.
quietly() {
    if ! "$@" >>build/demo/build.log 2>&1; then
        tail -n 40 build/demo/build.log >&2
        echo "demo.sh: this did not work: $*; all of it is in build/demo/build.log" >&2
        exit 1
    fi
}

mkdir -p build/demo
: >build/demo/build.log
sh shell/install-packages.sh
echo "Building muster (about a minute the first time) ..."
quietly cmake --preset release
quietly cmake --build build/release --target muster --target muster-gen
muster=build/release/muster

if [ -n "$file" ]; then
    database=build/demo/$(basename "$file" | sed 's/\..*//').muster
    rm -rf "$database"
    # The shell stays open by itself after --import.
    exec "$muster" "$database" --import "$file" "$@"
fi

echo "Making a shop: 200,000 customers, 1,500,000 events ..."
quietly build/release/muster-gen --customers 200000 --events 1500000 --seed 1 \
    --out build/demo/events.csv --tags build/demo/tags.csv
rm -rf build/demo/shop.muster
"$muster" build/demo/shop.muster --echo \
    -c "CREATE TABLE events FROM 'build/demo/events.csv'
  (customer CUSTOMER, ts TIME, event EVENT);" \
    -c "COPY tags FROM 'build/demo/tags.csv';" \
    -f shell/demo.sql

echo "The database is build/demo/shop.muster; open it with: $muster build/demo/shop.muster"
echo "docs/cookbook.md asks it more questions, with their answers."
if [ -t 0 ] && [ -t 1 ]; then
    exec "$muster" build/demo/shop.muster
fi
