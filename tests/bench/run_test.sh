#!/bin/sh
# All of the benchmark on a small log. Beside the peers where their libraries have been fetched (sh
# bench/run.sh does), so that answers are compared; else, and in a build with sanitizers, which they
# do not load into, muster alone.
set -eu

bench=$1
sanitized=${2-}
# On a disk: files that are in memory only cannot be opened cold.
here=$(mktemp -d "$(dirname "$bench")/bench_run.XXXXXX")
trap 'rm -rf "$here"' EXIT

fail() {
    echo "$1" >&2
    cat "$here/err" >&2
    exit 1
}

peers=none
[ -n "$sanitized" ] || [ ! -f "$(dirname "$bench")/../peers/libchdb.so" ] || peers=duckdb,clickhouse
"$bench" --size XS --peers $peers --repeat 2 --audiences 30 --out "$here/out" >"$here/table" 2>"$here/err" ||
    fail "the run did not succeed"
for row in load disk funnel_quarter timeline open_cold; do
    grep -q "^$row " "$here/table" || fail "the table has no row $row"
done
grep -q "30 audiences" "$here/table" || fail "the table has no audiences"
grep -q "<svg" "$here/out/report.html" || fail "the page has no bars"

# A report that was written can be drawn again, with nothing measured.
cp "$here/out/report.html" "$here/page"
rm "$here/out/report.html"
"$bench" --draw "$here/out/report.json" >"$here/again" 2>"$here/err" || fail "it cannot be drawn again"
cmp "$here/page" "$here/out/report.html" || fail "another page was drawn from the same report"

# A log that is made while it is loaded is the same log.
answers() { # DIRECTORY: what a question says of the database in it
    "$(dirname "$bench")/muster" "$1/muster/shop.muster" --format csv -c "SELECT count(*), count(DISTINCT customer),
        sum(amount), sum(quantity), count(coupon), min(sku), max(city), max(ts) FROM events GROUP BY event ORDER BY ALL"
}
"$bench" --size XS --stream --peers none --queries load --out "$here/streamed" >/dev/null 2>"$here/err" ||
    fail "a log that is made while it is loaded is not loaded"
answers "$here/out" >"$here/theirs"
answers "$here/streamed" >"$here/ours"
[ "$(wc -l <"$here/ours")" -gt 100 ] || fail "there are no answers"
cmp "$here/theirs" "$here/ours" || fail "another log was loaded"

# What cannot be is refused, with what could be.
if "$bench" --size XS --queries nothing --out "$here/out" 2>"$here/err"; then
    fail "a question that is not there was asked"
fi
grep -q 'no question is called "nothing"' "$here/err" || fail "the message is another"

# A directory with something of somebody else's is left alone.
mkdir -p "$here/mine/data"
echo kept >"$here/mine/data/file"
if "$bench" --size XS --peers none --out "$here/mine" 2>"$here/err"; then
    fail "a directory of somebody else was taken"
fi
grep -q 'name another with --out' "$here/err" || fail "the message is another"
[ "$(cat "$here/mine/data/file")" = kept ] || fail "a file of somebody else was removed"
