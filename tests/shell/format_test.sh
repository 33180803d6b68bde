# format_test.sh - what results look like.
. "$(dirname "$0")/support.sh"

cat >shop.sql <<'SQL'
CREATE TABLE goods (name TEXT, price DECIMAL(10,2), pieces BIGINT, weight DOUBLE, sold BOOLEAN, since DATE);
INSERT INTO goods VALUES ('茶', 12.50, 3, 0.25, true, '2024-05-01'), ('a "b", c', 100.00, NULL, 2, false, NULL),
  ('', NULL, 9007199254740993, -1.5, NULL, '2024-05-02');
SQL
run shop -f shop.sql
equal 0 "$status"

claim "a box is aligned by columns of the terminal, numbers stand at the right, NULL is shown"
run shop -c ".timer off" -c "FROM goods ORDER BY weight"
equal '┌──────────┬────────┬──────────────────┬────────┬───────┬────────────┐
│ name     │  price │           pieces │ weight │ sold  │ since      │
├──────────┼────────┼──────────────────┼────────┼───────┼────────────┤
│          │   NULL │ 9007199254740993 │   -1.5 │ NULL  │ 2024-05-02 │
│ 茶       │  12.50 │                3 │   0.25 │ true  │ 2024-05-01 │
│ a "b", c │ 100.00 │             NULL │      2 │ false │ NULL       │
└──────────┴────────┴──────────────────┴────────┴───────┴────────────┘' "$out"

claim "below a box stands how many rows there were and how long it took"
run shop -c "SELECT name FROM goods WHERE pieces = 3"
matches "*1 row, *[0-9].[0-9] ms" "$out"
run shop -c "SELECT name FROM goods WHERE pieces = 4"
matches "*0 rows, *[0-9].[0-9] ms" "$out"

claim "csv has a header, quotes what needs it, and tells NULL from empty text"
run shop --format csv -c "FROM goods ORDER BY weight"
equal 'name,price,pieces,weight,sold,since
"",,9007199254740993,-1.5,,2024-05-02
茶,12.50,3,0.25,true,2024-05-01
"a ""b"", c",100.00,,2,false,' "$out"
equal "" "$err"

claim "csv without rows is the header alone"
run shop --format csv -c "SELECT name, price FROM goods WHERE pieces = 4"
equal "name,price" "$out"

claim "json is one array of objects, with numbers but where a double would change them"
run shop --format json -c "FROM goods ORDER BY weight"
equal '[
{"name":"","price":null,"pieces":"9007199254740993","weight":-1.5,"sold":null,"since":"2024-05-02"},
{"name":"茶","price":12.50,"pieces":3,"weight":0.25,"sold":true,"since":"2024-05-01"},
{"name":"a \"b\", c","price":100.00,"pieces":null,"weight":2,"sold":false,"since":null}
]' "$out"

claim "json without rows is an empty array"
run shop --format json -c "SELECT name FROM goods WHERE pieces = 4"
equal "[]" "$out"

claim "csv that is written is read back the same"
run shop --format csv -c "FROM goods ORDER BY weight"
cp out.txt goods.csv
run again --format csv -c "CREATE TABLE goods (name TEXT, price DECIMAL(10,2), pieces BIGINT, weight DOUBLE, sold BOOLEAN, since DATE); COPY goods FROM 'goods.csv'; FROM goods ORDER BY weight"
equal "" "$(cmp out.txt goods.csv 2>&1)"

claim "control characters do not reach the terminal"
printf 'x\n"two\nlines\033[31m"\n' >control.csv
run -c "CREATE TABLE t FROM 'control.csv' WITH (HEADER); FROM t"
matches '*two\\nlines\\u001b*' "$out"

claim "a result longer than what is looked at first is whole"
"$gen" --customers 500 --events 12345 --out log.csv
run -c "CREATE TABLE events FROM 'log.csv' (customer CUSTOMER, ts TIME, event EVENT)" -c "FROM events"
equal 12345 "$(grep -c '^│ c0' out.txt)"
matches '*12,345 rows, *' "$out"
equal 1 "$(grep -c '^└' out.txt)"
run --format csv -c "CREATE TABLE events FROM 'log.csv' (customer CUSTOMER, ts TIME, event EVENT)" -c "FROM events"
equal 12346 "$(wc -l <out.txt | tr -d ' ')"

claim "an unknown format is refused by name"
run --format xml -c "SELECT 1"
equal 1 "$status"
matches '*--format is "xml"; it takes box, csv or json*' "$err"

finish
