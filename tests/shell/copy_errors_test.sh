# copy_errors_test.sh - files that cannot be loaded, or not wholly: what is said, word for word, and
# that nothing is lost: rows that were there stay, and with REJECTS the good rows are loaded.
. "$(dirname "$0")/support.sh"

run shop -c "CREATE TABLE events (id TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT EVENT, n SMALLINT,
amount DECIMAL(8,2), day DATE, share DOUBLE, ok BOOLEAN)" -c "INSERT INTO events (id, ts, event)
VALUES ('old', '2024-01-01', 'view'), (NULL, '2024-01-02', 'view')"
equal 0 "$status"

# How many rows there are, without those of the setup.
loaded() {
    run shop --format csv -c "SELECT count(*) - 2 AS n FROM events" -c "SELECT count(*) AS n FROM
      events WHERE (customer = 'old' OR customer IS NULL) AND event = 'view'"
    equal 0 "$status"
    matches "*
n
2" "$out"
    echo "$out" | sed -n 2p
}

# What was said, without the statement and its caret.
said() {
    echo "$err" | sed -n 1p
}

# The message of a COPY of $1 with the text $2, which loads nothing.
refuses() { # FILE TEXT MESSAGE
    # shellcheck disable=SC2059 # the text has escapes
    printf "$2" >"$1"
    run shop -c "COPY events FROM '$1'"
    equal 1 "$status"
    equal "-c:1:18: $3" "$(said)"
    equal 0 "$(loaded)"
}

claim "a file without rows is told from one without anything"
refuses empty.csv '' '"empty.csv" is empty'
printf 'id,ts,event\n' >header.csv
run shop -c "COPY events FROM 'header.csv'"
equal 0 "$status"
matches "*there are no rows in the file; none were loaded*" "$out"
equal 0 "$(loaded)"

claim "a column that is missing, or is one too many, is named with what there is"
refuses no_time.csv 'id,event\na,view\n' \
    '"no_time.csv" has no column "ts", the TIME of table "events"; it has "id", "event"'
refuses no_id.csv 'ts,event\n2024-01-01,view\n' \
    '"no_id.csv" has no column "id", the CUSTOMER of table "events"; it has "ts", "event"'
refuses extra.csv 'id,ts,evnt\na,2024-01-01,view\n' \
    '"extra.csv" has a column "evnt" that table "events" does not have; did you mean "event"? Otherwise rename it, or leave such columns out with IGNORE_EXTRA'

claim "a value that does not fit is shown, with its line and column"
remedy="; REJECTS 'file' sets such rows aside"
refuses day.csv 'id,ts,event,day\na,2024-01-01,view,2024-02-29\nb,2024-01-01,view,2023-02-29\n' \
    'day.csv:3: column "day": "2023-02-29" is not a date: February 2023 has 28 days'"$remedy"
refuses time.csv 'id,ts,event\na,2024-01-01 25:00:00,view\n' \
    'time.csv:2: column "ts": "2024-01-01 25:00:00" is not a timestamp: there is no time 25:00:00'"$remedy"
refuses no_value.csv 'id,ts,event\na,,view\n' \
    'no_value.csv:2: column "ts" is empty; an event needs a time'"$remedy"
refuses large.csv 'id,ts,n\na,2024-01-01,32767\nb,2024-01-01,32768\n' \
    'large.csv:3: column "n": 32768 does not fit SMALLINT (-32768 to 32767)'"$remedy"
refuses digits.csv 'id,ts,amount\na,2024-01-01,1234567.5\n' \
    'digits.csv:2: column "amount": 1234567.5 does not fit DECIMAL(8,2), which takes 6 digits before the point'"$remedy"
refuses places.csv 'id,ts,amount\na,2024-01-01,1.555\n' \
    'places.csv:2: column "amount": 1.555 has 3 digits behind the point, DECIMAL(8,2) takes 2'"$remedy"
refuses double.csv 'id,ts,share\na,2024-01-01,1e999\n' \
    'double.csv:2: column "share": 1e999 does not fit DOUBLE (up to 1.8e308)'"$remedy"
refuses truth.csv 'id,ts,ok\na,2024-01-01,maybe\n' \
    'truth.csv:2: column "ok": "maybe" is not a boolean; write true or false'"$remedy"
encoding="; if the file has another encoding, convert it first, as with iconv -f GBK -t UTF-8"
refuses bytes.csv 'id,ts,event\na,2024-01-01,x\377y\n' \
    'bytes.csv:2: column "event": text is not UTF-8 at byte 2 (value 0xff)'"$encoding$remedy"

claim "a quote that is never closed is found where it was opened"
refuses quote.csv 'id,ts,event\na,2024-01-01,view\nb,2024-01-01,"view\nc,2024-01-01,view\n' \
    'quote.csv:3: the quote opened here is never closed'
refuses after.csv 'id,ts,event\na,2024-01-01,"view"s\n' \
    'after.csv:2: field 3: text after the closing quote'"$remedy"
refuses short.csv 'id,ts,event\na,2024-01-01\n' 'short.csv:2: 2 fields, expected 3'"$remedy"

claim "a field of ten megabytes is a text, one of twenty is not"
field() { # MEGABYTES
    printf 'id,ts,event\na,2024-01-01,'
    head -c "$1"000000 /dev/zero | tr '\0' x
    printf '\nb,2024-01-02,view\n'
}
field 20 >field20.csv
run shop -c "COPY events FROM 'field20.csv'"
equal "-c:1:18: field20.csv:2: column \"event\": text has 20000000 bytes; at most 16777216 are possible$remedy" "$(said)"
equal 0 "$(loaded)"
field 10 >field10.csv
run ten --format csv -c "CREATE TABLE events FROM 'field10.csv' (id CUSTOMER, ts TIME, event TEXT)" \
    -c "SELECT max(length(event)) AS n, count(*) AS c FROM events"
equal "n,c
10000000,2" "$out"

claim "with REJECTS the good rows are loaded, the others kept with their lines and reasons"
printf 'id,ts,event,n\na,2024-01-01,view,1\nb,soon,view,2\nc,2024-01-03,v\377,3\nd,2024-01-04,view\ne,2024-01-05,"view",99999\nf,2024-01-06,view,6\n' >mixed.csv
run shop -c "COPY events FROM 'mixed.csv' (REJECTS 'rejects.csv')"
equal 0 "$status"
matches '*4 rows rejected, see "rejects.csv"; the first: line 3: column "ts": "soon" is not a timestamp*' "$out"
equal 2 "$(loaded)"
equal "line,reason" "$(head -n 1 rejects.csv | cut -d, -f1,2)"
equal "3 4 5 6 " "$(grep -a '^[0-9]' rejects.csv | cut -d, -f1 | tr '\n' ' ')"
run shop -c "DROP TABLE events" -c "CREATE TABLE events (id TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT)" \
    -c "INSERT INTO events VALUES ('old', '2024-01-01', 'view'), (NULL, '2024-01-02', 'view')"

claim "what is not a file, or cannot be read or written, is named"
mkdir folder
good="id,ts,event\na,2024-01-01,view\n"
# shellcheck disable=SC2059
printf "$good" >good.csv
fails() { # STATEMENT MESSAGE [COLUMN]
    run shop -c "$1"
    equal 1 "$status"
    equal "-c:1:${3:+$3:} $2" "$(said)"
    equal 0 "$(loaded)"
}
fails "COPY events FROM 'folder'" '"folder" is a directory; name a file in it' 18
fails "COPY events FROM 'nothing.csv'" 'cannot open "nothing.csv": no such file or directory' 18
fails "COPY events FROM 'good.csv' (REJECTS 'folder')" 'cannot create "folder": is a directory'
fails "COPY events FROM 'good.csv' (REJECTS 'no/r.csv')" \
    'cannot create "no/r.csv": there is no directory "no"; create it first'
fails "COPY events FROM 'good.csv' (REJECTS 'good.csv')" \
    'REJECTS would overwrite "good.csv", which is being loaded' 18
fails "COPY events TO 'no/out.csv'" \
    'cannot create "no/out.csv": there is no directory "no"; create it first' 16
fails "COPY events TO '/dev/full'" 'cannot write "/dev/full": the disk is full; free some space' 16
[ -c /dev/full ] || fail "/dev/full" "gone"
run good.csv/shop -c "SELECT 1"
equal 'muster: cannot create directory "good.csv/shop": not a directory' "$err"
run good.csv -c "SELECT 1"
equal 'muster: "good.csv" is a file; a muster database is a directory: name another' "$err"
run folder/no/shop -c "SELECT 1"
equal 'muster: cannot create "folder/no/shop": there is no directory "folder/no"; create it first' "$err"

# Permissions do not stop root, but a disk that is small or read-only does; only root can mount one.
mounted=
unmount() {
    [ -z "$mounted" ] || umount "$work/disk"
    mounted=
}
trap 'unmount; rm -rf "$work"' EXIT
mkdir disk
if ! mount -t tmpfs -o size=1m tmpfs disk 2>/dev/null; then
    echo "no disk can be mounted here: a full and a read-only one are not tried"
    finish
    exit 0
fi
mounted=yes

claim "a full disk loses nothing, and the load works when there is room"
awk 'BEGIN { print "id,ts,event"; for (i = 0; i < 60000; i++)
    printf "c%d,2024-01-%02d 10:%02d:00,%x\n", i * 7919 % 100003, i % 28 + 1, i % 60, i * 7919 % 65537 }' >long.csv
run disk/shop -c "CREATE TABLE events (id TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT)" \
    -c "INSERT INTO events VALUES ('old', '2024-01-01', 'view')"
equal 0 "$status"
files=$(ls disk/shop)
head -c 500000 /dev/zero >disk/ballast
run disk/shop -c "COPY events FROM 'long.csv'"
equal 1 "$status"
matches '-c:1: cannot write "disk/shop/*": the disk is full; free some space' "$err"
equal "$files" "$(ls disk/shop)"
run disk/shop --format csv -c "SELECT count(*) AS n FROM events"
equal "n
1" "$out"
rm disk/ballast
mount -o remount,size=64m disk
run disk/shop -c "COPY events FROM 'long.csv'" --format csv -c "SELECT count(*) AS n FROM events"
matches "*n
60001" "$out"

claim "a read-only disk can be read, and says that it is read-only"
rm disk/shop/lock
mount -o remount,ro disk
run disk/shop --format csv -c "SELECT count(*) AS n FROM events"
equal "n
60001" "$out$err"
run disk/shop -c "COPY events FROM 'good.csv'"
equal 1 "$status"
equal '-c:1: "disk/shop" can be read, but not changed: cannot lock "disk/shop/lock": read-only file system' "$err"
run disk/other -c "SELECT 1"
equal 'muster: cannot create directory "disk/other": read-only file system' "$err"
unmount

finish
