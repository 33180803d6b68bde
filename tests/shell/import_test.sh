# import_test.sh - a file is looked at, loaded and asked, by names that say what its columns are.
. "$(dirname "$0")/support.sh"

cat >visits.csv <<'CSV'
id,visitorId,happened,Action,note
1,v1,2024-01-01 10:00:00,look,"a, b"
2,v1,2024-01-01 10:05:00,buy,
3,v2,2024-02-03 11:00:00,look,x
4,v3,2024-03-04 12:00:00,look,
5,v3,2024-05-04 12:00:00,buy,
6,v3,2024-05-05 12:00:00,buy,
CSV

claim "names and types say which column is the customer, the time and the event"
run shop --import visits.csv
equal 0 "$status"
matches "*visitorId*<- the customer, by its name*" "$out"
matches "*happened*<- the time, the only time there is*" "$out"
matches "*Action*<- the event, by its name*" "$out"
matches "*CREATE TABLE events FROM 'visits.csv' (visitorId CUSTOMER, happened TIME, Action EVENT);*" "$out"

claim "the first questions are asked with the file's own names and values"
matches "*FROM funnel(events,*steps => [*'look'*'buy'*" "$out"
matches "*FROM retention(events,*unit => 'month'*" "$out"
equal "" "$err"

claim "the table stays"
run shop --format csv -c "SELECT count(*) AS n, count(DISTINCT customer) AS c FROM events"
equal "n,c
6,3" "$out"

claim "what is not clear must be said, and the message says how"
printf 'a,b,when\nx,y,2024-01-01\n' >unclear.csv
run --import unclear.csv
equal 1 "$status"
matches '*not clear which column of "unclear.csv" is the customer; say --customer COLUMN*' "$err"
run --import unclear.csv --customer b --event a
equal 0 "$status"
matches "*(b CUSTOMER, \"when\" TIME, a EVENT)*" "$out"

claim "a column that is not there gets the nearest name"
run --import unclear.csv --customer whem
equal 1 "$status"
matches '*no column "whem" in "unclear.csv"; did you mean "when"?*' "$err"

claim "a file without an event column loads, and is asked what it can be"
printf 'user_id,date,amount\n1,20240105,2.50\n2,20240106,3.00\n1,20240301,1.00\n' >orders.csv
run --import orders.csv
equal 0 "$status"
matches "*(user_id CUSTOMER, date TIME)*" "$out"
matches "*FROM retention(events,*" "$out"

claim "a row that does not fit is named with what to do, and others load beside it"
printf 'user_id,ts,event\na,2024-01-01,x\nb,never,y\nc,2024-01-03,x\n' >odd.csv
run --import odd.csv
equal 1 "$status"
matches '*odd.csv:3: column "ts": "never" is not *--rejects FILE*' "$err"
run odd --import odd.csv --time-format %Y-%m-%d --rejects rejected.csv
equal 0 "$status"
matches '*"b,never,y"*' "$(cat rejected.csv)"
run odd --format csv -c "SELECT count(*) AS n FROM events"
equal "n
2" "$out"

claim "a file with a header and no rows is an empty table, and the questions still work"
printf 'user_id,ts,event\n' >header.csv
run --import header.csv
equal 0 "$status"
equal "" "$err"

claim "a file that is not there is named"
run --import nowhere.csv
equal 1 "$status"
matches "*nowhere.csv*" "$err"

finish
