/*
 * stoppable.c - see stoppable.h.
 *
 * An event's columns are a few texts (event, channel), many (page, of which each tenth is another),
 * one for each row (note), numbers and a decimal. There is a customer for each 20 events.
 */
#include "tests/support/stoppable.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    SQL_ROOM = 4096
};

#define COLUMNS                                                                                \
    "customer BIGINT CUSTOMER, at TIMESTAMP TIME, event TEXT EVENT, channel TEXT, page TEXT, " \
    "note TEXT, n BIGINT, x DOUBLE, amount DECIMAL(12,2)"
#define FEW "SELECT * FROM e WHERE n % 8 = 0"
#define MAKE_GONE \
    "DROP TABLE IF EXISTS gone; CREATE TABLE gone (" COLUMNS "); INSERT INTO gone " FEW

static const char fill[] =
    "CREATE TABLE e (" COLUMNS ");"
    "INSERT INTO e SELECT i * 7919 % (# / 20 + 1), "
    "TIMESTAMP '2024-01-01' + (i % 31536000) * INTERVAL '1 second', "
    "CASE i % 5 WHEN 0 THEN 'pay' WHEN 1 THEN 'cart' ELSE 'view' END, "
    "CASE i % 3 WHEN 0 THEN 'app' WHEN 1 THEN 'web' END, "
    "'/page/' || (i * 31 % (# / 10 + 1)), 'note ' || (i * 104729 % #), i * 104729 % #, "
    "(i * 15485863 % 1000003) / 7.0, (i % 100000) * 0.01 FROM generate_series(1, #) AS i;"
    "CREATE TABLE look (k BIGINT, word TEXT, v DOUBLE);"
    "INSERT INTO look SELECT i, 'note ' || i, i * 0.5 FROM generate_series(1, # / 2) AS i;"
    "ALTER TABLE customers ADD COLUMN level BIGINT;"
    "ALTER TABLE customers ADD COLUMN city TEXT;"
    "INSERT INTO customers (customer, level, city) SELECT i, i % 7, 'city ' || (i % 1000) "
    "FROM generate_series(1, # / 20) AS i;"
    "COPY e TO '@/e.csv'";

const stoppable stoppables[] = {
    {"scan: sum", "SELECT sum(n), sum(x), sum(amount) FROM e", NULL},
    {"scan: rows", "SELECT * FROM e", NULL},
    {"filter: LIKE", "SELECT count(*) FROM e WHERE note LIKE '%9%8%7%' OR page ILIKE '%A%1'", NULL},
    {"filter: regex", "SELECT count(*) FROM e WHERE regexp_matches(note, '(1|2)+.*[7-9]{2,3}$')",
     NULL},
    {"regex: slow", "SELECT count(*) FROM e WHERE regexp_matches(repeat(note, 100), '(.*)(.*)9z')",
     NULL},
    {"filter: IN list of a subquery", "SELECT count(*) FROM e WHERE n IN (SELECT k FROM look)",
     NULL},
    {"filter: NOT IN, texts", "SELECT count(*) FROM e WHERE note NOT IN (SELECT word FROM look)",
     NULL},
    {"filter: EXISTS", "SELECT count(*) FROM e WHERE EXISTS (SELECT 1 FROM look WHERE k = e.n)",
     NULL},
    {"scalar subquery, correlated",
     "SELECT sum((SELECT max(v) FROM look WHERE word = e.note)) FROM e", NULL},
    {"group: few", "SELECT event, channel, count(*), sum(amount) FROM e GROUP BY ALL", NULL},
    {"group: many numbers", "SELECT n, count(*), sum(x) FROM e GROUP BY n", NULL},
    {"group: many texts", "SELECT note, count(*), max(at) FROM e GROUP BY note", NULL},
    {"group: several texts", "SELECT page, note, min(channel) FROM e GROUP BY page, note", NULL},
    {"group: customers", "SELECT customer, count(*), max(note) FROM e GROUP BY customer", NULL},
    {"group: count(DISTINCT text)", "SELECT count(DISTINCT note) FROM e", NULL},
    {"group: count(DISTINCT) by page", "SELECT page, count(DISTINCT n) FROM e GROUP BY page", NULL},
    {"group: customers by page", "SELECT page, count(DISTINCT customer) FROM e GROUP BY page",
     NULL},
    {"group: median", "SELECT median(x) FROM e", NULL},
    {"group: medians by page", "SELECT page, median(x), quantile_cont(n, 0.9) FROM e GROUP BY page",
     NULL},
    {"group: string_agg", "SELECT length(string_agg(note, ',')) FROM e WHERE n < 1000000", NULL},
    {"group: string_agg by page", "SELECT page, string_agg(note, ',' ORDER BY n) FROM e GROUP BY 1",
     NULL},
    {"group: string_agg by two keys",
     "SELECT page, string_agg(note, ',' ORDER BY channel DESC, n) FROM e GROUP BY 1", NULL},
    {"distinct", "SELECT DISTINCT n, event FROM e", NULL},
    {"sort: numbers", "SELECT n FROM e ORDER BY x, n", NULL},
    {"sort: texts", "SELECT note FROM e ORDER BY note", NULL},
    {"sort: many columns", "SELECT * FROM e ORDER BY page DESC, channel, x", NULL},
    {"top-n", "SELECT * FROM e ORDER BY x DESC LIMIT 100", NULL},
    {"limit: far", "SELECT * FROM e LIMIT # OFFSET 10", NULL},
    {"join: hash", "SELECT sum(v) FROM e JOIN look ON n = k", NULL},
    {"join: texts", "SELECT sum(v) FROM e JOIN look ON note = word", NULL},
    {"join: customers",
     "SELECT count(*), max(a.note) FROM e a JOIN e b USING (customer) WHERE a.n < b.n", NULL},
    {"join: every pair", "SELECT count(*) FROM e JOIN look ON n + k = 7", NULL},
    {"join: cross", "SELECT sum(a.n + b.n) FROM e a, e b, e c", NULL},
    {"join: full", "SELECT count(*), count(k), count(n) FROM e FULL JOIN look ON n = k", NULL},
    {"join: semi", "SELECT count(*) FROM e SEMI JOIN look ON n = k AND x > v", NULL},
    {"join: anti", "SELECT count(*) FROM e ANTI JOIN look ON note = word", NULL},
    {"window: one partition",
     "SELECT row_number() OVER (ORDER BY x), sum(n) OVER (ORDER BY x) FROM e", NULL},
    {"window: customers", "SELECT lag(note) OVER (PARTITION BY customer ORDER BY at) FROM e", NULL},
    {"window: running median",
     "SELECT median(x) OVER (ORDER BY at ROWS BETWEEN 100000 PRECEDING AND CURRENT ROW) FROM e",
     NULL},
    {"window: sliding max",
     "SELECT max(note) OVER (ORDER BY n ROWS BETWEEN 1000 PRECEDING AND 1000 FOLLOWING) FROM e",
     NULL},
    {"window: a month before",
     "SELECT sum(n) OVER (ORDER BY at RANGE INTERVAL '1 month' PRECEDING), "
     "string_agg(channel, '') OVER (PARTITION BY page) FROM e",
     NULL},
    {"union", "SELECT n, note FROM e UNION SELECT k, word FROM look", NULL},
    {"intersect", "SELECT note FROM e INTERSECT SELECT word FROM look", NULL},
    {"except all", "SELECT n FROM e EXCEPT ALL SELECT k FROM look", NULL},
    {"sets as values",
     "SELECT count(*), sum(bitmap_count(a.s & b.s)) FROM (SELECT page, bitmap_agg(customer) AS s "
     "FROM e GROUP BY page) AS a, (SELECT channel, bitmap_agg(customer) AS s FROM e GROUP BY "
     "channel) AS b",
     NULL},
    {"profile", "FROM profile(did(event = 'pay'), against => did(event = 'view'))", NULL},
    {"lookalike", "SELECT count(*) FROM lookalike(did(event = 'pay'), size => #)", NULL},
    {"funnel",
     "SELECT * FROM funnel(e, steps => [step(event = 'view'), step(event = 'cart'), "
     "step(event = 'pay')], by => page)",
     NULL},
    {"funnel: by each row",
     "SELECT * FROM funnel(e, steps => [step(event = 'view'), step(event = 'pay')], by => note)",
     NULL},
    {"funnel_customers",
     "SELECT * FROM funnel_customers(e, steps => [step(event = 'view'), step(event = 'pay')])",
     NULL},
    {"funnel: held, attempts",
     "SELECT * FROM funnel(e, steps => [step(event = 'view'), step(event = 'cart'), "
     "step(event = 'pay')], without => [without(n = 7, 1, 3)], hold => [page], count => "
     "'attempts', within => INTERVAL '1 day', by => page, quantiles => [0.5])",
     NULL},
    {"funnel: any order",
     "SELECT * FROM funnel(e, steps => [step(event = 'view'), step(event = 'cart'), "
     "step(event = 'pay')], order => 'any', by => page, top => 3)",
     NULL},
    {"retention",
     "SELECT * FROM retention(e, start => event = 'view', back => event = 'pay', unit => 'day', "
     "periods => 60)",
     NULL},
    {"intervals",
     "SELECT * FROM intervals(e, start => event = 'view', next => event = 'pay', by => note, top "
     "=> "
     "3)",
     NULL},
    {"lifecycle",
     "SELECT * FROM lifecycle(e, active => event = 'view', unit => 'day', lost_after => 3, value "
     "=> "
     "sum(x), by => note)",
     NULL},
    {"lifecycle_customers",
     "SELECT * FROM lifecycle_customers(e, active => true, unit => 'day', lost_after => 3, value "
     "=> "
     "sum(x))",
     NULL},
    {"did",
     "SELECT count(*) FROM customers WHERE did(note LIKE '%7%' AND x > 5, at_least => 3, "
     "table => e)",
     NULL},
    {"did_without",
     "SELECT count(*) FROM customers WHERE did_without(n > 5, x > 5, within => INTERVAL '9 days', "
     "same => note, table => e)",
     NULL},
    {"measure", "SELECT sum(measure(count(DISTINCT note), n > 5, table => e)) FROM customers",
     NULL},
    {"generate_series", "SELECT sum(i) FROM generate_series(1, 1000000000000) AS i", NULL},
    {"WITH chain",
     "WITH a AS (SELECT page, n, x FROM e), b AS (SELECT page, sum(x) AS s, max(n) AS n FROM a "
     "GROUP BY page), c AS (SELECT a.*, s FROM a JOIN b USING (page)) SELECT count(*) FROM c JOIN "
     "b ON c.n = b.n",
     NULL},
    {"summarize", "SUMMARIZE e", NULL},
    {"COPY TO", "COPY e TO '@/out.csv'", NULL},
    {"COPY (sorted) TO", "COPY (SELECT * FROM e ORDER BY note) TO '@/out.jsonl'", NULL},
    {"COPY FROM", "COPY gone FROM '@/e.csv'",
     "DROP TABLE IF EXISTS gone; CREATE TABLE gone (" COLUMNS ")"},
    {"CREATE TABLE FROM", "CREATE TABLE made FROM '@/e.csv' (customer CUSTOMER, at TIME)",
     "DROP TABLE IF EXISTS made"},
    {"CREATE TABLE AS", "CREATE TABLE made AS SELECT n, note, x FROM e",
     "DROP TABLE IF EXISTS made"},
    {"CREATE TABLE AS, events", "CREATE TABLE made (customer CUSTOMER, at TIME) AS SELECT * FROM e",
     "DROP TABLE IF EXISTS made"},
    {"INSERT SELECT", "INSERT INTO gone SELECT * FROM e",
     "DROP TABLE IF EXISTS gone; CREATE TABLE gone (" COLUMNS ")"},
    {"UPDATE look", "UPDATE look SET word = word || '!', v = v + 1", NULL},
    {"DELETE look", "DELETE FROM look WHERE k % 2 = 1 AND word LIKE '%1%'", NULL},
    {"UPDATE customers", "UPDATE customers SET level = level + 1, city = city || '.'", NULL},
    {"CREATE TAG", "CREATE OR REPLACE TAG t AS SELECT customer, max(page) FROM e GROUP BY 1", NULL},
    {"CREATE AUDIENCE",
     "CREATE OR REPLACE AUDIENCE a AS SELECT customer FROM e WHERE note LIKE "
     "'%77%'",
     NULL},
    {"DELETE events", "DELETE FROM gone WHERE note LIKE '%1%'", MAKE_GONE},
    {"DELETE customers", "DELETE FROM customers WHERE customer > # / 30 AND customer < # / 20",
     NULL},
    {"CHECKPOINT", "CHECKPOINT", "INSERT INTO look SELECT k, word, v FROM look WHERE k < 20000"},
    {"COMPACT", "COMPACT", MAKE_GONE "; DELETE FROM gone WHERE n % 3 = 0"},
    {0},
};

void stoppable_write(const char *sql, const char *directory, uint64_t rows, char *out,
                     uint32_t size)
{
    size_t used = 0;
    char number[24];

    (void)snprintf(number, sizeof number, "%" PRIu64, rows);
    for (; *sql && used + 1 < size; sql++) {
        const char *text = *sql == '@' ? directory : *sql == '#' ? number : NULL;
        if (text) {
            (void)snprintf(&out[used], size - used, "%s", text);
            used += strlen(&out[used]);
        } else {
            out[used++] = *sql;
        }
    }
    out[used] = 0;
}

muster_status stoppable_run(muster_connection *connection, const char *sql, muster_error *err)
{
    muster_status status = MUSTER_OK;
    muster_statement *s;
    bool row = false;

    while (status == MUSTER_OK && sql && *sql) {
        status = muster_prepare(connection, sql, &sql, &s, err);
        if (status != MUSTER_OK || !s) {
            return status;
        }
        do {
            status = muster_step(s, &row, err);
        } while (status == MUSTER_OK && row);
        muster_finish(s);
    }
    return status;
}

muster_status stoppable_fill(muster_connection *connection, const char *directory, uint64_t rows,
                             muster_error *err)
{
    char sql[SQL_ROOM];

    stoppable_write(fill, directory, rows, sql, sizeof sql);
    return stoppable_run(connection, sql, err);
}
