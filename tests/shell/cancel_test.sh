# cancel_test.sh - Ctrl-C stops a statement, and nothing is changed by it.
. "$(dirname "$0")/support.sh"

# Big enough that loading takes longer than the signal needs, even on a fast machine.
"$gen" --customers 20000 --events 1000000 --out log.csv
run shop -c "CREATE TABLE events (customer TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT EVENT, channel TEXT, city TEXT, sku TEXT, amount DECIMAL(12,2), quantity BIGINT, coupon TEXT)"
equal 0 "$status"

claim "a load that is interrupted says so and leaves the database as it was"
cat >load.sql <<'SQL'
SELECT 1 AS ready;
COPY events FROM 'log.csv';
SELECT 2 AS not_reached;
SQL
# A shell gives its background jobs a SIGINT that is ignored; muster sets its own.
"$muster" shop --format csv -f load.sql >out.txt 2>err.txt &
pid=$!
while ! grep -q 1 out.txt && kill -0 $pid 2>/dev/null; do
    sleep 0.01
done
sleep 0.05
kill -INT $pid
wait $pid
equal 1 $?
matches "*cancelled*" "$(cat err.txt)"
equal "ready
1" "$(cat out.txt)"
run shop --format csv -c "SELECT count(*) AS n FROM events"
equal "n
0" "$out"

finish
