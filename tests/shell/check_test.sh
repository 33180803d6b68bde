# check_test.sh - `muster info`, `muster check`, and BACKUP TO.
. "$(dirname "$0")/support.sh"

run db -c "CREATE TABLE events (customer TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT EVENT)" \
    -c "INSERT INTO events VALUES ('ada', '2024-01-01', 'view'), ('bob', '2024-02-02', 'pay'),
        ('eve', '2024-03-03', 'pay')" -c "CREATE TAG vip AS SELECT customer FROM customers"
equal 0 "$status"

claim "a database that is whole is said to be"
run check db
equal '"db" is whole' "$out"
equal 0 "$status"

claim "info tells what tables, columns and files take"
run info db
matches "*events*3*posting_bytes*TIMESTAMP*customers*" "$(echo "$out" | tr '\n' ' ')"
equal 0 "$status"

claim "a backup is a database of its own, with the same answers"
run db -c "BACKUP TO 'copy'"
matches "7 files, * bytes*" "$err$out"
run check copy
equal '"copy" is whole' "$out"
run --format csv copy -c "SELECT customer, event FROM events ORDER BY ts"
equal "customer,event
ada,view
bob,pay
eve,pay" "$out"

claim "a backup does not go to a directory that holds something, or to a file"
run db -c "BACKUP TO 'copy'"
matches '*a backup goes to an empty directory, and "copy" holds "*' "$err"
equal 1 "$status"
run db -c "BACKUP TO 'out.txt'"
matches '*a backup goes to a directory, and "out.txt" is a file*' "$err"

claim "every damaged file is told, with column and offset, and the others are checked all the same"
first=$(ls copy/events-*.seg | sed -n 1p)
third=$(ls copy/events-*.seg | sed -n 3p)
for file in "$first" "$third" copy/customers-*; do
    printf 'X' | dd of="$file" bs=1 seek=18 conv=notrunc 2>dd.txt
done
run check copy
equal 1 "$status"
equal 3 "$(echo "$out" | wc -l)"
matches "*customers-*$(basename "$first"), column \"*offset *$(basename "$third"), column \"*" \
    "$(echo "$out" | tr '\n' ' ')"

claim "no database is made where there is none"
run check nowhere
equal 'muster: there is no database "nowhere"' "$err"
equal 1 "$status"
run info nowhere
equal 1 "$status"
[ ! -e nowhere ] || fail "nothing" "nowhere"

exit $((failures > 0))
