# stream_test.sh - standard input and output in the place of files, in every format, and JSON Lines
# as a file to import.
. "$(dirname "$0")/support.sh"

run shop -c "CREATE TABLE events (id TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT EVENT, n BIGINT)"
equal 0 "$status"

claim "CSV, tab-separated text and JSON Lines are read from standard input, also compressed"
printf 'id,ts,event,n\nada,2024-05-01,view,1\n' | "$muster" shop -c "COPY events FROM STDIN" >out
printf 'id\tts\tevent\tn\nbob\t2024-05-02\tpay\t2\n' |
    "$muster" shop -c "COPY events FROM STDIN (FORMAT tsv)" >out
printf '{"n":3,"id":"eve","ts":"2024-05-03","event":"pay"}\n' | gzip -c |
    "$muster" shop -c "COPY events FROM STDIN" >out
printf '{"n":4,"id":"eve","ts":"2024-05-04"}\noops\n' |
    "$muster" shop -c "COPY events FROM STDIN (FORMAT jsonl, REJECTS 'rejects.csv')" >out
equal 'line,reason,record
2,"not JSON at byte 1 of the line: invalid char in json text","oops"' "$(cat rejects.csv)"

claim "standard output has the rows of COPY TO STDOUT and nothing else"
equal 'id,ts,event,n
ada,2024-05-01 00:00:00,view,1
bob,2024-05-02 00:00:00,pay,2
eve,2024-05-03 00:00:00,pay,3
eve,2024-05-04 00:00:00,,4' "$("$muster" shop -c "COPY (FROM events ORDER BY ts) TO STDOUT" 2>notes)"
matches "*rows*" "$(cat notes)"
equal '{"id":"ada","n":1}' \
    "$("$muster" shop -c "COPY (SELECT id, n FROM events WHERE n = 1) TO STDOUT (FORMAT jsonl)" 2>notes)"

claim "what one database writes, another reads through a pipe"
"$muster" shop -c "COPY events TO STDOUT (FORMAT jsonl)" 2>notes |
    "$muster" copy -c "CREATE TABLE events (id TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT, n BIGINT)" \
        -c "COPY events FROM STDIN" >out
equal "$("$muster" shop --format csv -c "FROM events ORDER BY ts")" \
    "$("$muster" copy --format csv -c "FROM events ORDER BY ts")"

claim "a full standard output is reported"
if [ -e /dev/full ]; then
    "$muster" shop -c "COPY events TO STDOUT" >/dev/full 2>notes
    equal 1 $?
    matches "*standard output*" "$(cat notes)"
fi

claim "a log of JSON Lines is imported like any other"
printf '{"user":"u%s","at":"2024-05-0%sT10:00:00Z","event":"view","page":{"id":%s}}\n' \
    1 1 7 2 2 8 1 3 9 >log.jsonl
run imported --import log.jsonl --customer user --time at --event event
equal 0 "$status"
run imported --format csv -c 'SELECT count(*) AS n, count(DISTINCT customer) AS people, sum("page.id") AS s FROM events'
equal "n,people,s
3,2,24" "$out"

finish
