# kill_copy_test.sh - COPY is killed at moments spread over the whole of it: what was in the database
# stays, the rows of the file are all there or none of them, the next COPY works, and it removes what
# the killed one left. The moments are as the machine's clock has them, so each run kills elsewhere;
# copy_crash_test.c ends COPY before each operation on the disk in turn.
. "$(dirname "$0")/../shell/support.sh"

moments=26
table="CREATE TABLE events (customer TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT EVENT, channel TEXT,
city TEXT, sku TEXT, amount DECIMAL(12,2), quantity BIGINT, coupon TEXT)"
small="'2024-05-01 10:00:00', 'pay', 'web', 'Oslo', 'a', 1.50, 1, NULL"

milliseconds() {
    echo $(($(date +%s%N) / 1000000))
}

file_names() { # of database $1
    find "$1" -type f | wc -l
}

printf 'customer,ts,event\nlast,2024-06-01 10:00:00,view\n' >last.csv
run before -c "$table" -c "INSERT INTO events VALUES ('ann', $small), (NULL, $small), ('bob', $small)"
equal 0 "$status"

# A file that takes a third of a second or so, in builds that are slow too: short enough to be killed
# often, long enough to be killed in the middle. Not so few rows that they go to the log: the number of
# files would depend on whether it ended.
rows=600000
while :; do
    "$gen" --customers $((rows / 10)) --events $rows --out log.csv
    rm -rf after
    cp -r before after
    start=$(milliseconds)
    run after -c "COPY events FROM 'log.csv'"
    takes=$(($(milliseconds) - start))
    equal 0 "$status"
    if [ $takes -lt 700 ] || [ $rows -lt 70000 ]; then
        break
    fi
    rows=$((rows / 2))
done

# How many files there are after one more COPY: if the rows of the log are there, and if not.
cp -r before db
run db -c "COPY events FROM 'last.csv'"
files_without=$(file_names db)
run after -c "COPY events FROM 'last.csv'"
files_with=$(file_names after)

claim "a killed COPY leaves all of its rows or none, and the next one works and cleans up"
killed=0
moment=0
while [ $moment -lt $moments ]; do
    rm -rf db
    cp -r before db
    sleep_ms=$((takes * moment / (moments - 2)))
    "$muster" db -c "COPY events FROM 'log.csv'" >out.txt 2>err.txt &
    pid=$!
    sleep "$(printf '%d.%03d' $((sleep_ms / 1000)) $((sleep_ms % 1000)))"
    kill -9 $pid 2>/dev/null && killed=$((killed + 1))
    wait $pid 2>/dev/null

    run db --format csv -c "SELECT count(*) AS n FROM events WHERE channel = 'web' AND city = 'Oslo'
      AND sku = 'a' AND ts = '2024-05-01 10:00:00'"
    equal "n
3" "$out$err"
    run db --format csv -c "SELECT count(*) AS n, count(DISTINCT customer) AS c FROM events"
    case $out in
    "n,c
3,2") files=$files_without ;;
    "n,c
$((rows + 3)),$((rows / 10 + 2))") files=$files_with ;;
    *) fail "3 rows or $((rows + 3)), after $sleep_ms ms" "$out$err" ;;
    esac
    run db -c "COPY events FROM 'last.csv'"
    equal 0 "$status"
    equal "$files" "$(file_names db)"
    run db --format csv -c "SELECT count(*) AS n FROM events WHERE customer = 'last'"
    equal "n
1" "$out$err"
    moment=$((moment + 1))
done

claim "most of the moments were in the middle of it"
[ $killed -ge $((moments / 3)) ] || fail "$((moments / 3)) killed or more" "$killed"

finish
