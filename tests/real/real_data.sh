#!/bin/sh
# Loads published event logs from their original files and compares muster's answers with those of
# sqlite3 (and jq, for JSON), which compute them from the same files in another way. Every record of
# a file is either loaded or rejected.
#
#   sh real_data.sh MUSTER NAME      NAME: a folder of the logs, see the end
#
# The logs lie in the folders of $MUSTER_DATA; exit status 77 means skipped.
set -eu
muster=$1
name=$2
data=${MUSTER_DATA:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

skip() {
    echo "skipped: $1"
    exit 77
}
[ -n "$data" ] && [ -d "$data/$name" ] || skip "MUSTER_DATA has no folder $name"
command -v sqlite3 >/dev/null || skip "there is no sqlite3"

# load SQL: runs statements of muster
load() {
    "$muster" "$work/db" -c "$1" >"$work/out" 2>"$work/notes"
}

# ask SQL: muster's answer as CSV, without header and quotes
ask() {
    "$muster" "$work/db" --format csv -c "$1" 2>"$work/notes" | tail -n +2 | tr -d '"\r'
}

# ask_sqlite SQL ...: the same of sqlite3; .import FILE TABLE is fine too
ask_sqlite() {
    sqlite3 -csv "$work/sqlite.db" "$@" | tr -d '"\r'
}

# same TITLE: the two answers, in a and b, are equal
same() {
    if ! cmp -s "$work/a" "$work/b"; then
        echo "$1: muster (left) and sqlite3 (right) disagree"
        diff -y -W 120 "$work/a" "$work/b" | head -40
        exit 1
    fi
    echo "$1: $(wc -l <"$work/a") lines agree"
}

# Purchases of a CD shop: columns separated by runs of blanks, days without dashes.
cdnow() {
    file=$data/cdnow/CDNOW_master.txt
    load "
        CREATE TABLE purchases (customer_id TEXT CUSTOMER, date TIMESTAMP TIME,
                                cds INTEGER, dollars DECIMAL(12,2));
        COPY purchases FROM '$file' (DELIMITER ' ', HEADER true, TIMESTAMPFORMAT '%Y%m%d',
                                     COLUMNS (customer_id, date, cds, dollars))"
    awk 'NR > 1 { sub(/\r/, ""); print $1 "," $2 "," $3 "," $4 }' "$file" >"$work/cdnow.csv"
    ask_sqlite 'CREATE TABLE p (id TEXT, date TEXT, cds INTEGER, dollars TEXT)' \
        ".import $work/cdnow.csv p"

    ask "
        SELECT count(*), count(DISTINCT customer), sum(cds), sum(dollars)
        FROM purchases" >"$work/a"
    ask_sqlite "
        SELECT count(*), count(DISTINCT id), sum(cds),
               printf('%.2f', sum(CAST(round(dollars * 100) AS INTEGER)) / 100.0) FROM p" >"$work/b"
    same "cdnow, totals"
    [ "$(cut -d, -f1,2 "$work/a")" = 69659,23570 ]

    ask "
        SELECT cohort, period, cohort_size, customers
        FROM retention(purchases, start => true, back => true, unit => 'month', periods => 17)
        ORDER BY cohort, period" >"$work/a"
    ask_sqlite "
        WITH f AS (SELECT id, min(date) AS d FROM p GROUP BY id),
             c AS (SELECT id, substr(d, 1, 4) * 12 + substr(d, 5, 2) - 1 AS m,
                          substr(d, 1, 4) || '-' || substr(d, 5, 2) || '-01' AS cohort FROM f),
             s AS (SELECT cohort, m, count(*) AS size FROM c GROUP BY cohort),
             n AS (SELECT value AS period FROM generate_series(0, 17)),
             v AS (SELECT DISTINCT c.cohort, p.id,
                          substr(date, 1, 4) * 12 + substr(date, 5, 2) - 1 - m AS period
                   FROM p JOIN c USING (id))
        SELECT s.cohort, n.period, size,
               (SELECT count(*) FROM v WHERE v.cohort = s.cohort AND v.period = n.period)
        FROM s, n WHERE s.m + n.period <= 1998 * 12 + 5 ORDER BY 1, 2" >"$work/b"
    same "cdnow, monthly repurchase cohorts"
    [ "$(cut -d, -f1 "$work/a" | sort -u | tr '\n' ' ')" = "1997-01-01 1997-02-01 1997-03-01 " ]
    cdnow_sample
}

# One in ten of these customers, in a file without names of columns. How often they came back, days
# counted once and the first left out, is published with the file.
cdnow_sample() {
    file=$data/cdnow/CDNOW_sample.txt
    load "
        CREATE TABLE sample FROM '$file' (column1 CUSTOMER, column3 TIME)
        WITH (REJECTS '$work/rejects.csv')"
    accounts sample "$(wc -l <"$file")"

    ask "
        SELECT column1, date_trunc('day', column3)::DATE AS day, column4, column5 FROM sample
        ORDER BY ALL" >"$work/a"
    sed 's/\r//' "$file" | awk -v OFS=, '{ print $1, substr($3, 1, 4) "-" substr($3, 5, 2) "-" \
        substr($3, 7, 2), $4, $5 }' | sort -t, -k1,2 -k3n -k4n >"$work/b"
    same "cdnow, the sample row by row"

    ask "
        WITH days AS (SELECT customer, count(DISTINCT column3) - 1 AS repeats FROM sample
                      WHERE column3 <= '1997-09-30' GROUP BY ALL)
        SELECT CASE WHEN repeats > 6 THEN 7 ELSE repeats END AS repeats, count(*) AS customers
        FROM days GROUP BY ALL ORDER BY 1" >"$work/a"
    printf '%s\n' 0,1411 1,439 2,214 3,100 4,62 5,38 6,29 7,64 >"$work/b"
    same "cdnow, repeated purchases of the sample as published"
}

# Reading of articles: times in seconds since 1970, ids of 64 bits, rows in no order.
deskdrop() {
    file=$data/deskdrop/users_interactions.csv.gz
    gzip -dc "$file" >"$work/d.csv"
    load "
        CREATE TABLE events (timestamp TIMESTAMP TIME, eventType TEXT EVENT, contentId BIGINT,
                             personId BIGINT CUSTOMER, sessionId BIGINT, userAgent TEXT,
                             userRegion TEXT, userCountry TEXT);
        COPY events FROM '$file' (TIMESTAMPFORMAT 'epoch')"
    ask_sqlite ".import $work/d.csv e" "
        CREATE TABLE x AS
        SELECT personId AS p, eventType AS k, CAST(timestamp AS INTEGER) AS t FROM e" \
        "CREATE INDEX i ON x (p, k, t)"

    ask "
        SELECT eventType, count(*), count(DISTINCT personId) FROM events
        GROUP BY ALL ORDER BY eventType" >"$work/a"
    ask_sqlite "SELECT k, count(*), count(DISTINCT p) FROM x GROUP BY 1 ORDER BY 1" >"$work/b"
    same "deskdrop, events per type"

    ask "
        SELECT step, customers FROM funnel(events, within => INTERVAL '7 days', steps => [
            step(eventType = 'VIEW'), step(eventType = 'LIKE'), step(eventType = 'BOOKMARK')])
        ORDER BY step" >"$work/a"
    ask_sqlite "
        SELECT 1, count(DISTINCT p) FROM x WHERE k = 'VIEW'
        UNION ALL
        SELECT 2, count(DISTINCT v.p) FROM x v WHERE v.k = 'VIEW' AND EXISTS
            (SELECT 1 FROM x l WHERE l.p = v.p AND l.k = 'LIKE'
             AND l.t BETWEEN v.t AND v.t + 604800)
        UNION ALL
        SELECT 3, count(DISTINCT v.p) FROM x v WHERE v.k = 'VIEW' AND EXISTS
            (SELECT 1 FROM x l WHERE l.p = v.p AND l.k = 'LIKE'
             AND l.t BETWEEN v.t AND v.t + 604800
             AND EXISTS (SELECT 1 FROM x b WHERE b.p = v.p AND b.k = 'BOOKMARK'
                         AND b.t BETWEEN l.t AND v.t + 604800))" >"$work/b"
    same "deskdrop, a funnel of 3 steps in 7 days"
}

# Lines of invoices: quotes, a quarter of the rows without a customer, negative quantities.
online_retail() {
    file=$data/online-retail/online-retail.csv.gz
    gzip -dc "$file" >"$work/o.csv"
    ask_sqlite ".import $work/o.csv o"
    load "
        CREATE TABLE lines (InvoiceNo TEXT, StockCode TEXT, Description TEXT, Quantity INTEGER,
                            InvoiceDate TIMESTAMP TIME, UnitPrice DECIMAL(10,3),
                            CustomerID TEXT CUSTOMER, Country TEXT);
        COPY lines FROM '$file' (REJECTS '$work/rejects.csv')"
    lines=$(ask_sqlite "SELECT count(*) FROM o")
    loaded=$(ask "SELECT count(*) FROM lines")
    rejected=0
    if [ -f "$work/rejects.csv" ]; then
        rejected=$(ask_sqlite ".import $work/rejects.csv r" "SELECT count(*) FROM r")
    fi
    echo "online-retail: $loaded loaded + $rejected rejected = $lines lines"
    [ $((loaded + rejected)) -eq "$lines" ]

    ask "
        SELECT count(*), count(customer), count(DISTINCT customer), sum(Quantity),
               sum(Quantity * UnitPrice) FROM lines" >"$work/a"
    ask_sqlite "
        SELECT count(*), sum(CustomerID <> ''), count(DISTINCT nullif(CustomerID, '')),
               sum(Quantity), printf('%.3f',
               sum(Quantity * CAST(round(UnitPrice * 1000) AS INTEGER)) / 1000.0) FROM o" >"$work/b"
    same "online-retail, totals"

    ask "
        SELECT Country, count(*), count(DISTINCT customer) FROM lines
        GROUP BY ALL ORDER BY Country" >"$work/a"
    ask_sqlite "
        SELECT Country, count(*), count(DISTINCT nullif(CustomerID, '')) FROM o
        GROUP BY 1 ORDER BY 1" >"$work/b"
    same "online-retail, rows and customers by country"
    [ "$(ask "SELECT count(*) FROM lines WHERE customer IS NULL")" = 135080 ]
    [ "$(ask "SELECT count(*) FROM customers")" = 4372 ]
}

# accounts TABLE RECORDS: rows in the table and rejects of the last load are all there are
accounts() {
    loaded=$(ask "SELECT count(*) FROM $1")
    rejected=0
    if [ -f "$work/rejects.csv" ]; then
        rejected=$(ask_sqlite "DROP TABLE IF EXISTS r" ".import $work/rejects.csv r" \
            "SELECT count(*) FROM r")
    fi
    echo "$1: $loaded loaded + $rejected rejected = $2 records"
    [ $((loaded + rejected)) -eq "$2" ]
    rm -f "$work/rejects.csv"
}

# A day of edits of Wikipedia: JSON Lines, nulls, many scripts.
wikiticker() {
    file=$data/wikiticker/wikiticker-2015-09-12-sampled.json.gz
    command -v jq >/dev/null || skip "there is no jq"
    load "
        CREATE TABLE edits FROM '$file' (\"user\" CUSTOMER, time TIME)
        WITH (REJECTS '$work/rejects.csv')"
    accounts edits "$(gzip -dc "$file" | wc -l)"

    ask "
        SELECT channel, count(*), count(DISTINCT customer), sum(added), sum(deleted), sum(delta),
               count(*) FILTER (WHERE isRobot), count(metroCode)
        FROM edits GROUP BY ALL ORDER BY channel" >"$work/a"
    gzip -dc "$file" | jq -r '[.channel, .user, .added, .deleted, .delta, (.isRobot | if . then 1
        else 0 end), .metroCode] | @csv' >"$work/w.csv"
    ask_sqlite "CREATE TABLE w (c TEXT, u TEXT, a INT, d INT, e INT, r INT, m TEXT)" \
        ".import $work/w.csv w" "
        SELECT c, count(*), count(DISTINCT u), sum(a), sum(d), sum(e), sum(r), sum(m <> '')
        FROM w GROUP BY c ORDER BY c" >"$work/b"
    same "wikiticker, edits by channel"

    ask "SELECT page, comment FROM edits WHERE channel = '#zh.wikipedia' ORDER BY ALL" >"$work/a"
    gzip -dc "$file" | jq -r 'select(.channel == "#zh.wikipedia") | .page + "\u0001" + .comment' |
        LC_ALL=C sort | tr '\001' ',' | tr -d '"\r' >"$work/b"
    same "wikiticker, pages and comments in Chinese"
}

# Sessions of a shop: a line is a session, with its events in an array. That is text to muster; jq
# makes a line of each event on the way.
otto_sample() {
    file=$data/otto-sample/train.jsonl
    command -v jq >/dev/null || skip "there is no jq"
    load "CREATE TABLE sessions FROM '$file' WITH (REJECTS '$work/rejects.csv')"
    accounts sessions "$(wc -l <"$file")"
    ask "SELECT session, events FROM sessions ORDER BY session" >"$work/a"
    jq -rc '[(.session | tostring), (.events | tostring)] | join(",")' "$file" | sort -n |
        tr -d '"' >"$work/b"
    same "otto, sessions with their events as text"

    rm -rf "$work/db"
    jq -c '.session as $s | .events[] | {session: $s} + .' "$file" >"$work/o.jsonl"
    "$muster" "$work/db" -c "
        CREATE TABLE events (session BIGINT CUSTOMER, ts TIMESTAMP TIME, type TEXT EVENT, aid BIGINT);
        COPY events FROM STDIN (FORMAT jsonl, REJECTS '$work/rejects.csv')" \
        <"$work/o.jsonl" >"$work/out" 2>"$work/notes"
    accounts events "$(wc -l <"$work/o.jsonl")"
    ask "
        SELECT type, count(*), count(DISTINCT customer), count(DISTINCT aid), min(ts), max(ts)
        FROM events GROUP BY ALL ORDER BY type" | sed 's/\(\.[0-9]*[1-9]\)0*/\1/g' >"$work/a"
    jq -r '[.session, .ts, .type, .aid] | @csv' "$work/o.jsonl" >"$work/o.csv"
    ask_sqlite "CREATE TABLE o (s INT, t INT, k TEXT, a INT)" ".import $work/o.csv o" "
        SELECT k, count(*), count(DISTINCT s), count(DISTINCT a),
               rtrim(rtrim(strftime('%Y-%m-%d %H:%M:%f', min(t) / 1000.0, 'unixepoch'), '0'), '.'),
               rtrim(rtrim(strftime('%Y-%m-%d %H:%M:%f', max(t) / 1000.0, 'unixepoch'), '0'), '.')
        FROM o GROUP BY k ORDER BY k" >"$work/b"
    same "otto, events by type"
}

# A synthetic web shop.
ecom_synthetic() {
    file=$data/ecom-synthetic/ecom.csv.gz
    gzip -dc "$file" >"$work/e.csv"
    load "
        CREATE TABLE events FROM '$file' (user_id CUSTOMER, timestamp TIME, event EVENT)
        WITH (REJECTS '$work/rejects.csv')"
    ask_sqlite ".import $work/e.csv e"
    accounts events "$(ask_sqlite "SELECT count(*) FROM e")"
    ask "
        SELECT event, platform, count(*), count(DISTINCT customer), count(DISTINCT session_id)
        FROM events GROUP BY ALL ORDER BY event, platform" >"$work/a"
    ask_sqlite "
        SELECT event, platform, count(*), count(DISTINCT user_id), count(DISTINCT session_id)
        FROM e GROUP BY 1, 2 ORDER BY 1, 2" >"$work/b"
    same "ecom-synthetic, events by type and platform"
}

# A year of groceries: quoted texts beside bare numbers, several tables of one panel of households.
# One value in 75,000 is written 4.440892e-16, which a build that looks at few rows would not expect.
completejourney() {
    folder=$data/completejourney
    for table in transactions_sample campaigns campaign_descriptions coupon_redemptions \
        demographics products; do
        gzip -dc "$folder/$table.csv.gz" >"$work/$table.csv"
        ask_sqlite ".import $work/$table.csv $table"
    done
    load "
        CREATE TABLE transactions_sample FROM '$folder/transactions_sample.csv.gz'
        (household_id CUSTOMER, transaction_timestamp TIME, sales_value DOUBLE)
        WITH (REJECTS '$work/rejects.csv')"
    accounts transactions_sample "$(ask_sqlite "SELECT count(*) FROM transactions_sample")"
    load "
        CREATE TABLE coupon_redemptions FROM '$folder/coupon_redemptions.csv.gz'
        (household_id CUSTOMER, redemption_date TIME) WITH (REJECTS '$work/rejects.csv')"
    accounts coupon_redemptions "$(ask_sqlite "SELECT count(*) FROM coupon_redemptions")"
    for table in campaigns campaign_descriptions demographics products; do
        load "
            CREATE TABLE $table FROM '$folder/$table.csv.gz' WITH (REJECTS '$work/rejects.csv')"
        accounts $table "$(ask_sqlite "SELECT count(*) FROM $table")"
    done

    ask "
        SELECT count(*), count(DISTINCT customer), count(DISTINCT basket_id), sum(quantity),
               round(sum(retail_disc), 2)
        FROM transactions_sample" >"$work/a"
    ask_sqlite "
        SELECT count(*), count(DISTINCT household_id), count(DISTINCT basket_id), sum(quantity),
               printf('%.2f', sum(retail_disc)) FROM transactions_sample" >"$work/b"
    same "completejourney, totals"
    [ "$(ask "SELECT count(*) FROM customers")" = "$(ask_sqlite "
        SELECT count(*) FROM (SELECT household_id FROM transactions_sample
                              UNION SELECT household_id FROM coupon_redemptions)")" ]

    ask "
        SELECT department, count(*) FROM products GROUP BY ALL
        ORDER BY department NULLS FIRST" >"$work/a"
    ask_sqlite "SELECT department, count(*) FROM products GROUP BY 1 ORDER BY 1" >"$work/b"
    same "completejourney, products by department"
}

# Fact checkers and their users: Chinese text over several lines, rows without a time or a user.
cofacts() {
    for table in reply_requests replies article_replies article_reply_feedbacks; do
        file=$data/cofacts/$table.csv.gz
        gzip -dc "$file" >"$work/$table.csv"
        ask_sqlite ".import $work/$table.csv $table"
        load "
            CREATE TABLE $table FROM '$file' (userIdsha256 CUSTOMER, createdAt TIME)
            WITH (REJECTS '$work/rejects.csv')"
        accounts $table "$(ask_sqlite "SELECT count(*) FROM $table")"
        ask "
            SELECT appId, count(*), count(customer), count(DISTINCT customer) FROM $table
            GROUP BY ALL ORDER BY appId NULLS FIRST" >"$work/a"
        ask_sqlite "
            SELECT appId, count(*), sum(userIdsha256 <> ''),
                   count(DISTINCT nullif(userIdsha256, ''))
            FROM $table WHERE createdAt <> '' GROUP BY 1 ORDER BY 1" >"$work/b"
        same "cofacts, $table by app"
    done
    ask "SELECT sum(char_length(text)), sum(char_length(reference)) FROM replies" >"$work/a"
    ask_sqlite "
        SELECT sum(length(text)), sum(length(reference)) FROM replies
        WHERE createdAt <> ''" >"$work/b"
    same "cofacts, characters of all replies"
}

case $name in
cdnow) cdnow ;;
cofacts) cofacts ;;
completejourney) completejourney ;;
deskdrop) deskdrop ;;
ecom-synthetic) ecom_synthetic ;;
online-retail) online_retail ;;
otto-sample) otto_sample ;;
wikiticker) wikiticker ;;
*) echo "no check of \"$name\"" && exit 2 ;;
esac
