#!/bin/sh
# The examples of docs/cookbook.md: makes the log of shell/demo.sh and runs the page beside it.
#
#     sh cookbook_test.sh GEN SLT PAGE
set -eu

gen=$1
slt=$2
page=$3
work=$(mktemp -d "${TMPDIR:-/tmp}/muster-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work"

"$gen" --customers 200000 --events 1500000 --seed 1 --out events.csv --tags tags.csv
"$slt" --threads 4 --here "$page"
