#!/bin/sh
# Installs what muster is built from, as far as it is missing: with apt as root, else with sudo,
# else it says what is missing and fails.
#
#     sh shell/install-packages.sh          what the library and the shell need
#     sh shell/install-packages.sh tests    and the other compiler, the sanitizers, the test tools
#     sh shell/install-packages.sh bench    and what the benchmark is built from and run with
set -eu

packages="cmake ninja-build gcc libc6-dev pkg-config lemon re2c zlib1g-dev liblz4-dev
libsimde-dev libedit-dev libxxhash-dev libyajl-dev libutf8proc-dev libpcre2-dev libglib2.0-dev
tzdata"
if [ "${1:-}" = tests ]; then
    packages="$packages clang clang-format clang-tidy libclang-rt-14-dev libcmocka-dev
libroaring-dev ccache sqlite3 libsqlite3-dev libjansson-dev"
elif [ "${1:-}" = bench ]; then
    packages="$packages libjansson-dev"
    command -v npm >/dev/null || packages="$packages npm" # it need not be Debian's
fi

if ! command -v dpkg-query >/dev/null; then
    # They may well be there under other names: the build will tell.
    echo "this is no Debian system; muster needs what Debian calls" $packages >&2
    exit 0
fi

missing=
for package in $packages; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null; then
    as_root=sudo
else
    echo "packages are missing; as root, run: apt-get install$missing" >&2
    exit 1
fi
echo "installing$missing"
$as_root apt-get update -q
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
