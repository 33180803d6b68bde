# reader_test.sh - a reader that was written from docs/format.md alone prints the rows of a table as
# COPY TO does.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/support.sh"

python3 -c "" 2>/dev/null || exit 77

# Prints what both say of a table, the header apart: their order of rows is not the same.
compare() { # DB TABLE
    run "$1" -c "COPY $2 TO 'theirs.csv'"
    equal 0 "$status"
    PYTHONIOENCODING=utf-8 python3 "$here/../format/read_table.py" "$1" "$2" >ours.csv ||
        fail "rows" "a failure"
    equal "$(head -n 1 theirs.csv)" "$(head -n 1 ours.csv)"
    LC_ALL=C sort theirs.csv >theirs.sorted
    LC_ALL=C sort ours.csv >ours.sorted
    cmp theirs.sorted ours.sorted || fail "the same rows" "$(diff theirs.sorted ours.sorted | cut -c 1-200 | head -n 6)"
}

PYTHONIOENCODING=utf-8 python3 "$here/../format/make_rows.py" 4000 >rows.csv

claim "values of all types, NULLs, nobody, dictionaries and long texts are read"
run db -c "CREATE TABLE events (user TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT EVENT, channel TEXT INDEXED,
  note TEXT, amount DECIMAL(12,2), price DOUBLE, ratio DOUBLE, n BIGINT, small SMALLINT, paid BOOLEAN, day DATE,
  rare TEXT, fixed BIGINT, ref TEXT, empty TEXT); COPY events FROM 'rows.csv'"
equal 0 "$status"
compare db events

# The tiny build has too short blocks for run-length, ranked and decimal.
claim "the encodings were among them"
run db --format csv -c "SELECT encodings FROM columns"
for encoding in constant bit-packed raw lz4 text pattern "customer runs" delta patched repeat; do
    matches "*$encoding*" "$out"
done
case $out in *unknown*) fail "names" "$out" ;; esac

claim "tables without roles, and ids that are numbers, are read"
run numbers -c "CREATE TABLE visits (id BIGINT CUSTOMER, ts TIMESTAMP TIME);
  INSERT INTO visits VALUES (5, '2024-01-01'), (-9000000000, '2024-01-02'), (5, '2023-12-31 23:59:59.5');
  CREATE TABLE products (sku TEXT, price DECIMAL(9,3)); INSERT INTO products VALUES ('a', 1.5), (NULL, -0.001), ('', NULL)"
equal 0 "$status"
compare numbers visits
compare numbers products

exit $((failures > 0))
