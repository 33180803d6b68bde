# reader_test.sh - a reader that was written from docs/format.md alone prints the rows of a table as
# COPY TO does, and who bears which tag.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/support.sh"

python3 -c "" 2>/dev/null || exit 77

# Holds against theirs.csv what the reader says, the header apart: their order of rows is not the same.
read_as_theirs() { # DB TABLE
    PYTHONIOENCODING=utf-8 python3 -B "$here/../format/read_table.py" "$1" "$2" >ours.csv ||
        fail "rows" "a failure"
    equal "$(head -n 1 theirs.csv)" "$(head -n 1 ours.csv)"
    LC_ALL=C sort theirs.csv >theirs.sorted
    LC_ALL=C sort ours.csv >ours.sorted
    cmp theirs.sorted ours.sorted || fail "the same rows" "$(diff theirs.sorted ours.sorted | cut -c 1-200 | head -n 6)"
}

compare() { # DB TABLE
    run "$1" -c "COPY $2 TO 'theirs.csv'"
    equal 0 "$status"
    read_as_theirs "$1" "$2"
}

compare_tags() { # DB, then TAG and VALUE, or an empty one, of each tag there is
    db=$1
    echo customer,tag,value >theirs.csv
    shift
    while [ $# -gt 0 ]; do
        value=${2:+"'$2'"}
        run "$db" --format csv \
            -c "SELECT customer, '$1', ${value:-NULL} FROM customers WHERE has_tag('$1'${value:+, $value})"
        equal 0 "$status"
        sed 1d out.txt >>theirs.csv
        shift 2
    done
    read_as_theirs "$db" tags
}

compare_audiences() { # DB, then AUDIENCE and VERSION of each there is
    db=$1
    echo customer,audience,version >theirs.csv
    shift
    while [ $# -gt 0 ]; do
        run "$db" --format csv -c "SELECT customer, '$1', $2 FROM customers WHERE in_audience('$1', $2)"
        equal 0 "$status"
        sed 1d out.txt >>theirs.csv
        shift 2
    done
    read_as_theirs "$db" audiences
}

PYTHONIOENCODING=utf-8 python3 -B "$here/../format/make_rows.py" 4000 >rows.csv

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

compare_all() {
    for table in events customers products; do
        compare db $table
    done
    compare_tags db payer "" many "" tier gold tier silver
    compare_audiences db payers 1 payers 2 seldom 1
}

cat >customers.sql <<'SQL'
ALTER TABLE customers ADD COLUMN city TEXT;
ALTER TABLE customers ADD COLUMN level BIGINT;
ALTER TABLE customers ADD COLUMN plan TEXT;
COPY customers FROM 'profiles.csv';
INSERT INTO customers (customer, level) VALUES ('v1', 70000), ('late', NULL);
UPDATE customers SET level = level + 1, city = 'Köln' WHERE level > 1000;
ALTER TABLE customers DROP COLUMN plan;
ALTER TABLE customers ADD COLUMN born DATE;
INSERT INTO customers (customer, born) VALUES ('v2', '1990-02-28');
CREATE TAG payer AS SELECT customer FROM events WHERE event = 'pay';
CREATE TAG many AS SELECT customer FROM customers WHERE level >= 100;
COPY tags FROM 'tags.csv';
CREATE AUDIENCE payers AS SELECT customer FROM customers WHERE did(event = 'pay', at_least => 2);
CREATE AUDIENCE seldom AS SELECT customer FROM customers WHERE NOT in_audience('payers');
INSERT INTO events (user, ts, event) VALUES ('v4', '2024-02-11 10:00:00', 'pay'), ('v4', '2024-02-11 10:00:00', 'pay');
REFRESH AUDIENCE payers;
CREATE TABLE products (sku TEXT, price DECIMAL(9,3));
INSERT INTO products VALUES ('a', 1.5), (NULL, -0.001), ('', NULL);
DELETE FROM customers WHERE customer IN ('v3', 'p7', 'v1') OR level = 1000;
INSERT INTO events (user, ts, event) VALUES ('v3', '2024-02-11 10:00:00', 'again');
SQL
awk 'BEGIN {
    print "customer,city,level,plan"
    for (i = 0; i < 2100; i++) print "p" i "," (i % 7 ? "city " i % 40 : "") "," i "," "plan " i % 3
}' >profiles.csv
awk 'BEGIN {
    print "customer,tag,value"
    for (i = 0; i < 2100; i++) print "p" i ",tier," (i % 3 ? "gold" : "silver")
    print "v4,tier,gold"
}' >tags.csv

claim "erased people, attributes, tags and tables for lookup are read"
run db -f customers.sql
equal 0 "$status"
equal "" "$err"
compare_all

claim "what is in the log alone is read"
mkfifo feed
"$muster" db --format csv <feed >writer.txt 2>&1 &
writer=$!
trap 'kill -9 $writer 2>/dev/null; rm -rf "$work"' EXIT
exec 7>feed
cat >&7 <<'SQL'
INSERT INTO events (user, ts, event, paid) VALUES ('new', '2023-02-11', 'pay', true), ('v2', '2025-01-01', 'pay', false), (NULL, '2024-02-01', 'none', NULL);
INSERT INTO products VALUES ('of the log', 12.345);
INSERT INTO customers (customer, city) VALUES ('v2', 'Ulm'), ('newer', 'Rom');
INSERT INTO events (user, ts, event) VALUES ('newest', '2024-02-11 10:00:00', 'pay');
SELECT 4711;
SQL
while ! grep -qx 4711 writer.txt && kill -0 $writer 2>/dev/null; do
    sleep 0.01
done
kill -9 $writer
exec 7>&-
wait $writer 2>/dev/null
compare_all
compare db events
equal "newest,2024-02-11 10:00:00,pay" "$(grep newest ours.csv | cut -d , -f 1-3)"

claim "a commit that is not whole is none"
truncate -s -8 db/wal-*
compare_all
compare db events
equal "" "$(grep newest ours.csv)"

finish
