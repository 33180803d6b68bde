# busy_test.sh - one process writes, another that wants to write is told so at once, and any may read.
. "$(dirname "$0")/support.sh"

run shop -c "CREATE TABLE events (id TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT)"
printf 'id,ts,event\nfile,2024-01-01,view\n' >file.csv

# A shell that stays, fed line by line.
mkfifo feed
"$muster" shop --format csv <feed >writer.txt 2>&1 &
writer=$!
exec 7>feed
trap 'kill -9 $writer 2>/dev/null; rm -rf "$work"' EXIT

# Has the writer run a statement, and waits until it is done.
write() { # STATEMENT NUMBER
    echo "$1; SELECT $2 AS n;" >&7
    while ! grep -qx "$2" writer.txt && kill -0 $writer 2>/dev/null; do
        sleep 0.01
    done
}

claim "a second writer is told who writes, and what it can do"
write "INSERT INTO events VALUES ('ann', '2024-01-01', 'view')" 1001
for statement in "INSERT INTO events VALUES ('bob', '2024-01-01', 'view')" "COPY events FROM 'file.csv'" \
    "CREATE TABLE more (a TEXT)" "CREATE TABLE more FROM 'file.csv' (id CUSTOMER, ts TIME)" \
    "CREATE TAG all_of_them AS SELECT customer FROM events" "DROP TABLE events"; do
    run shop -c "$statement"
    equal 1 "$status"
    equal "-c:1: \"shop\" is being written by another process (pid $writer); wait for it to end, or only read" "$err"
done

claim "readers see what was committed, each statement anew"
run shop --format csv -c "SELECT id FROM events"
equal "id
ann" "$out$err"
write "INSERT INTO events VALUES ('cyd', '2024-01-02', 'view')" 1002
run shop --format csv -c "SELECT id FROM events"
equal "id
ann
cyd" "$out$err"

claim "the lock goes with the process, also when it is killed"
kill -9 $writer
wait $writer 2>/dev/null
exec 7>&-
run shop -c "INSERT INTO events VALUES ('bob', '2024-01-03', 'view')"
equal 0 "$status"
run shop --format csv -c "SELECT count(*) AS n FROM events"
equal "n
3" "$out$err"

finish
