/*
 * event_log.c - random event logs for the oracles.
 */
#include "tests/support/event_log.h"

#include <inttypes.h>
#include <time.h>

void log_make(event_log *log, uint64_t *random)
{
    static const int64_t grids[] = {3600, 6 * 3600, 86400, 3 * 86400};
    const uint64_t slots = 2 + test_random_below(random, 40);
    const int64_t start = 1706400000; /* 2024-01-28: month ends, and a leap day, are near */

    log->grid_seconds = grids[test_random_below(random, 4)];
    log->count = 1 + (int)test_random_below(random, LOG_MOST);
    for (int i = 0; i < log->count; i++) {
        log_event *e = &log->events[i];
        if (i > 0 && test_random_below(random, 20) == 0) {
            *e = log->events[test_random_below(random, (uint64_t)i)]; /* an exact duplicate */
            continue;
        }
        e->customer = (int)test_random_below(random, LOG_CUSTOMERS + 1) - 1;
        e->seconds = start + (int64_t)test_random_below(random, slots) * log->grid_seconds;
        e->event = (int)test_random_below(random, 4);
        e->channel = (int)test_random_below(random, 4) - 1;
    }
}

void log_time(int64_t seconds, char text[32])
{
    const time_t when = (time_t)seconds;
    struct tm civil;

    gmtime_r(&when, &civil);
    strftime(text, 32, "%Y-%m-%d %H:%M:%S", &civil);
}

static void run(muster *db, const char *sql)
{
    muster_statement *statement;
    bool row = true;

    assert_ok(muster_prepare(db, sql, NULL, &statement, &test_error));
    while (row) {
        assert_ok(muster_step(statement, &row, &test_error));
    }
    muster_finish(statement);
}

/* Appends "(c, t, e, ch)". */
static int put_event(char *sql, const log_event *e)
{
    char customer[16] = "NULL";
    char channel[8] = "NULL";
    char when[32];

    if (e->customer >= 0) {
        snprintf(customer, sizeof customer, "'c%d'", e->customer);
    }
    if (e->channel >= 0) {
        snprintf(channel, sizeof channel, "'%c'", 'x' + e->channel);
    }
    log_time(e->seconds, when);
    return sprintf(sql, "(%s, '%s', '%c', %s)", customer, when, 'a' + e->event, channel);
}

/* The vips' tag, made by a query as people make it; nobody's if no event is theirs. */
static void make_tag(muster *db, unsigned vips)
{
    char sql[512];
    int at =
        sprintf(sql, "CREATE TAG vip AS SELECT customer FROM customers WHERE customer IN ('no'");

    for (int c = 0; c < LOG_CUSTOMERS; c++) {
        if (vips >> c & 1) {
            at += sprintf(&sql[at], ", 'c%d'", c);
        }
    }
    sprintf(&sql[at], ")");
    run(db, sql);
}

muster *log_load(const event_log *log, unsigned vips, uint64_t *random)
{
    static char sql[LOG_MOST * 64 + 64];
    muster *db;
    int at = 0;

    assert_ok(muster_open(NULL, &db, &test_error));
    run(db, "CREATE TABLE events (customer TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT EVENT, "
            "channel TEXT)");
    for (int i = 0; i < log->count; i++) {
        at += at == 0 ? sprintf(sql, "INSERT INTO events VALUES ") : sprintf(&sql[at], ", ");
        at += put_event(&sql[at], &log->events[i]);
        if (i + 1 == log->count || test_random_below(random, 30) == 0) {
            run(db, sql);
            at = 0;
        }
    }
    make_tag(db, vips);
    return db;
}

void log_ask(muster *db, const char *sql, char *out, size_t size)
{
    muster_statement *statement;
    bool row;
    size_t at = 0;

    out[0] = 0;
    test_error = (muster_error){0};
    if (muster_prepare(db, sql, NULL, &statement, &test_error) != MUSTER_OK) {
        fail_msg("%s\n  at %d: %s", sql, test_error.offset, test_error.message);
    }
    for (;;) {
        if (muster_step(statement, &row, &test_error) != MUSTER_OK) {
            fail_msg("%s\n  %s", sql, test_error.message);
        }
        if (!row) {
            break;
        }
        for (uint32_t c = 0; c < muster_column_count(statement); c++) {
            const char *text = muster_text(statement, c, NULL);
            at += (size_t)snprintf(&out[at], size - at, "%s%s", c ? "|" : "", text ? text : "-");
            assert_true(at < size - 2);
        }
        at += (size_t)snprintf(&out[at], size - at, "\n");
    }
    muster_finish(statement);
}

void log_condition(unsigned names, char sql[64])
{
    int at = sprintf(sql, "event IN (");

    for (int e = 0, first = 1; e < 4; e++) {
        if (names >> e & 1) {
            at += sprintf(&sql[at], "%s'%c'", first ? "" : ", ", 'a' + e);
            first = 0;
        }
    }
    sprintf(&sql[at], ")");
}
