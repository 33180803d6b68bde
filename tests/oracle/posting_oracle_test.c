/*
 * posting_oracle_test.c - a table with postings answers like one without them.
 *
 * Random logs go into two tables, one with EVENT and INDEXED columns and one without; random
 * questions of all kinds that postings may answer are asked of both. Logs span months, so that
 * ranges of time cut some segments and leave others whole; they have nobody's rows, NULLs, and a
 * column of so many values that their sets do not all fit. Some customers are erased, of whose rows
 * the postings still know.
 */
#include "tests/support/ask.h"
#include "tests/support/event_log.h"

enum {
    CASES = 25,
    QUESTIONS = 60,
    ROWS = 400,
    CUSTOMERS = 60,
    STATEMENTS = 4,
    ANSWER_BYTES = 1 << 16
};

static uint64_t state; /* of the random numbers */

static unsigned below(unsigned bound)
{
    return (unsigned)test_random_below(&state, bound);
}

static const char *one_of(const char *const *texts, unsigned count)
{
    return texts[below(count)];
}

static void put_rows(log_text *rows, unsigned count, unsigned months)
{
    static const char *const names[] = {"'view'", "'view'", "'view'", "'pay'",
                                        "'cart'", "'rare'", "NULL",   "'17'"};

    for (unsigned i = 0; i < count; i++) {
        log_put(rows, "%s(", i > 0 ? ", " : "");
        if (below(8) == 0) {
            log_put(rows, "NULL, '");
        } else {
            log_put(rows, "'c%u', '", below(CUSTOMERS));
        }
        log_put_time(rows, 1704067200 + (int64_t)below(months * 60) * 43200);
        log_put(rows, "', %s, ", one_of(names, below(6) == 0 ? 8 : 6));
        log_put(rows, below(5) == 0 ? "NULL, " : "'s%u', ", below(80));
        log_put(rows, below(9) == 0 ? "NULL)" : "%u)", below(10));
    }
}

/* Erases someone, and makes files of the log; sometimes. */
static void forget_some(muster *db)
{
    static log_text sql;

    if (below(4) == 0) {
        sql.size = 0;
        log_put(&sql, "DELETE FROM customers WHERE customer IN ('c%u', 'c%u')", below(CUSTOMERS),
                below(CUSTOMERS));
        assert_ok(ask_only(db, sql.text, &test_error));
    }
    if (below(4) == 0) {
        assert_ok(ask_only(db, below(2) == 0 ? "COMPACT" : "CHECKPOINT", &test_error));
    }
}

static muster *load_log(void)
{
    static log_text rows, sql;
    const unsigned months = 1 + below(4);
    muster *db;

    assert_ok(muster_open(NULL, NULL, &db, &test_error));
    assert_ok(ask_only(db,
                       "CREATE TABLE indexed (customer TEXT CUSTOMER, ts TIMESTAMP TIME, event "
                       "TEXT EVENT, sku TEXT INDEXED, n BIGINT);"
                       "CREATE TABLE plain (customer TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT, "
                       "sku TEXT, n BIGINT)",
                       &test_error));
    for (int i = 0; i < STATEMENTS; i++) {
        rows.size = 0;
        put_rows(&rows, 1 + below(ROWS / STATEMENTS), months);
        sql.size = 0;
        log_put(&sql, "INSERT INTO indexed VALUES %s; INSERT INTO plain VALUES %s", rows.text,
                rows.text);
        assert_ok(ask_only(db, sql.text, &test_error));
        forget_some(db);
    }
    return db;
}

static void put_condition(log_text *sql)
{
    static const char *const conditions[] = {
        "event = 'pay'",
        "event = 'rare'",
        "event IN ('cart', 'rare', 'none')",
        "event LIKE '%a%'",
        "event <> 'view'",
        "event NOT IN ('view', 'pay')",
        "event IS NULL",
        "event IS NOT NULL AND event <> 'view'",
        "event = 'rare' OR event = 'pay'",
        "coalesce(event, 'rare') = 'rare'",
        "length(event) = 4",
        "NOT (event = 'view')",
        "event = 'pay' AND n > 4",
        "event = 'rare' AND sku IN ('s1', 's2', 's3', 's4', 's5', 's6', 's7')",
        "sku = 's11'",
        "sku LIKE 's1%'",
        "sku IS NULL",
        "sku = 's3' OR event = 'rare'",
        "n = 3",
        "event = 'none'",
        "event = '17' AND CAST(event AS BIGINT) = 17",
        "try_cast(event AS BIGINT) > 3",
    };

    log_put(sql, "%s", one_of(conditions, sizeof conditions / sizeof conditions[0]));
}

static int64_t random_time(void)
{
    return 1704067200 + (int64_t)below(260) * 43200 - (below(3) == 0 ? 1 : 0);
}

static void put_range(log_text *sql)
{
    if (below(3) > 0) {
        log_put(sql, " AND ts >= '");
        log_put_time(sql, random_time());
        log_put(sql, "'");
    }
    if (below(3) == 0) {
        log_put(sql, " AND ts < '");
        log_put_time(sql, random_time());
        log_put(sql, "'");
    }
}

static void put_did(log_text *sql, const char *table)
{
    log_put(sql, "%sdid(", below(4) == 0 ? "NOT " : "");
    put_condition(sql);
    if (below(3) == 0) {
        log_put(sql, ", at_least => %u", below(4));
    }
    if (below(2) == 0) {
        log_put(sql, ", since => '");
        log_put_time(sql, random_time());
        log_put(sql, "'");
    }
    if (below(3) == 0) {
        log_put(sql, ", until => '");
        log_put_time(sql, random_time());
        log_put(sql, "'");
    }
    log_put(sql, ", table => %s)", table);
}

static void put_audience(log_text *sql, const char *table)
{
    log_put(sql, "SELECT %s FROM customers WHERE ", below(2) == 0 ? "count(*)" : "customer");
    put_did(sql, table);
    for (unsigned i = below(3); i > 0; i--) {
        log_put(sql, "%s", below(2) == 0 ? " AND " : " OR ");
        put_did(sql, table);
    }
    log_put(sql, " ORDER BY 1");
}

static void put_group(log_text *sql, const char *table)
{
    static const char *const lists[] = {
        "event, count(*)",
        "event, count(event), count(DISTINCT event), min(event)",
        "sku, count(*), max(sku)",
        "length(event), count(*) FILTER (WHERE event <> 'pay'), count(*)",
        "event, count(DISTINCT customer), count(*)",
        "event, count(*), sum(n)",
    };
    const char *list = one_of(lists, sizeof lists / sizeof lists[0]);

    log_put(sql, "SELECT %s FROM %s WHERE ", list, table);
    if (below(3) == 0) {
        log_put(sql, "true");
    } else {
        put_condition(sql);
    }
    put_range(sql);
    log_put(sql, " GROUP BY 1 ORDER BY 1");
}

static void put_total(log_text *sql, const char *table)
{
    static const char *const lists[] = {
        "count(*)",
        "count(DISTINCT customer)",
        "count(event)",
        "count(sku), count(*)",
        "count(DISTINCT customer), count(DISTINCT customer)",
        "max(event), count(DISTINCT sku)",
    };

    log_put(sql, "SELECT %s FROM %s WHERE ", one_of(lists, sizeof lists / sizeof lists[0]), table);
    if (below(4) == 0) {
        log_put(sql, "true");
    } else {
        put_condition(sql);
    }
    put_range(sql);
    if (below(5) == 0) {
        log_put(sql, " AND ");
        put_did(sql, table);
    }
}

static void put_funnel(log_text *sql, const char *table)
{
    log_put(sql, "SELECT step, customers FROM funnel(%s, steps => (", table);
    put_condition(sql);
    log_put(sql, ", ");
    put_condition(sql);
    log_put(sql, ")) ORDER BY step");
}

static void put_question(log_text *sql, const char *table)
{
    switch (below(4)) {
    case 0:
        put_audience(sql, table);
        return;
    case 1:
        put_group(sql, table);
        return;
    case 2:
        put_total(sql, table);
        return;
    default:
        put_funnel(sql, table);
    }
}

TEST(postings_change_no_answer)
{
    static char with[ANSWER_BYTES], without[ANSWER_BYTES];
    static log_text sql;

    state = test_seed();
    for (int i = 0; i < CASES; i++) {
        muster *db = load_log();
        assert_ok(muster_set_threads(db, i % 2 ? 1 : 4, &test_error));
        for (int q = 0; q < QUESTIONS; q++) {
            const uint64_t before = state;
            sql.size = 0;
            put_question(&sql, "plain");
            const muster_status status = ask(db, sql.text, without, sizeof without, &test_error);
            state = before;
            sql.size = 0;
            put_question(&sql, "indexed");
            const muster_status same = ask(db, sql.text, with, sizeof with, &test_error);
            if (status != same || (status == MUSTER_OK && strcmp(with, without) != 0)) {
                fail_msg("%s\nwith postings: %d\n%s\nwithout: %d\n%s", sql.text, (int)same, with,
                         (int)status, without);
            }
        }
        muster_close(db);
    }
}
