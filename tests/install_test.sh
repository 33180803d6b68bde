#!/bin/sh
# `cmake --install` into a directory, and programs in C and C++ that find muster there: by
# pkg-config and by find_package, the shared library and the static one; moved elsewhere, it is
# found too. Only what muster.h declares is to be seen.
#
#     sh install_test.sh SOURCE BUILD
set -eu

source=$1
build=$2
work=$(mktemp -d "${TMPDIR:-/tmp}/muster-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

cmake --install "$build" --prefix "$work/first" >/dev/null
mv "$work/first" "$work/moved"
cd "$work"
prefix=$work/moved
lib=$(dirname "$(find "$prefix" -name libmuster.a)")
PKG_CONFIG_PATH=$lib/pkgconfig
LD_LIBRARY_PATH=$lib
export PKG_CONFIG_PATH LD_LIBRARY_PATH

# What a database is, and a stream's struct, from both headers.
cat >ask.c <<'END'
#include <muster.h>
#include <muster_arrow.h>
#include <stdio.h>

int main(void)
{
    muster *db;
    muster_connection *connection;
    muster_statement *statement;
    struct ArrowArrayStream stream;
    muster_error err;

    if (muster_open(NULL, NULL, &db, &err) != MUSTER_OK ||
        muster_connect(db, &connection, &err) != MUSTER_OK ||
        muster_prepare(connection, "SELECT 42 AS answer", NULL, &statement, &err) != MUSTER_OK ||
        muster_arrow_stream(statement, &stream, &err) != MUSTER_OK) {
        printf("%s\n", err.message);
        return 1;
    }
    stream.release(&stream);
    muster_finish(statement);
    muster_disconnect(connection);
    muster_close(db);
    printf("%s\n", muster_version());
    return 0;
}
END
cp ask.c ask.cc
strict="-Wall -Wextra -pedantic -Werror"

says_version() {
    if [ "$("$@")" != "$version" ]; then
        echo "$* does not say $version"
        exit 1
    fi
}

version=$(pkg-config --modversion muster)
cflags=$(pkg-config --cflags muster)
libs=$(pkg-config --libs muster)
static=$(pkg-config --libs --static muster | sed 's/-lmuster/-l:libmuster.a/')
for standard in c99 c11 c17; do
    cc -std=$standard $strict $cflags ask.c $libs -o shared
    says_version ./shared
done
cc $strict $cflags ask.c $static -o static
says_version env LD_LIBRARY_PATH= ./static
if command -v c++ >/dev/null; then
    for standard in c++11 c++17 c++20; do
        c++ -std=$standard $strict $cflags ask.cc $libs -o shared
        says_version ./shared
    done
fi

cat >CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.13)
project(ask C)
find_package(muster 0.1 REQUIRED)
add_executable(by_shared ask.c)
target_link_libraries(by_shared muster::muster)
add_executable(by_static ask.c)
target_link_libraries(by_static muster::static)
END
cmake -S . -B by_cmake -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
cmake --build by_cmake >/dev/null
says_version env LD_LIBRARY_PATH= by_cmake/by_shared
says_version env LD_LIBRARY_PATH= by_cmake/by_static

says_version sh -c "'$prefix/bin/muster' --version | sed 's/.* //'"
test -f "$prefix/share/man/man1/muster.1"

readelf -d "$lib/libmuster.so" | grep -q 'SONAME.*\[libmuster\.so\.0\]'
nm -D --defined-only "$lib/libmuster.so" | awk '{ print $NF }' | sort >seen
grep -o 'muster_[a-z0-9_]*(' "$prefix/include/muster.h" | tr -d '(' | sort -u >declared
echo muster_problem_fn >callbacks # the one that is a type, and the other
echo muster_progress_fn >>callbacks
if grep -v -x -F -f declared seen; then
    echo "is seen in libmuster.so, but is no function of muster.h"
    exit 1
fi
if grep -v -x -F -f seen declared | grep -v -x -F -f callbacks; then
    echo "is a function of muster.h, but not to be seen in libmuster.so"
    exit 1
fi

# The first example, as its head says it is built.
cc $strict "$source/docs/examples/service.c" $cflags $libs -pthread -o service
"$prefix/bin/muster" shop.muster --format csv -c "
    CREATE TABLE events (customer TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT EVENT);
    INSERT INTO events VALUES ('ada', '2024-05-01', 'pay'), ('bob', '2024-05-02', 'pay'),
        ('bob', '2024-05-03', 'a \"b\"')"
printf 'pay\na "b"\nview\n' | ./service shop.muster | sort >answers
cat >wanted <<'END'
{"event": "a \"b\"", "customers": 1}
{"event": "pay", "customers": 2}
{"event": "view", "customers": 0}
END
diff wanted answers
