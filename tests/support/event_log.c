/*
 * event_log.c - random event logs for the oracles.
 */
#include "tests/support/event_log.h"

#include "tests/support/ask.h"

#include <stdarg.h>
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

void log_put(log_text *out, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    const int size = vsnprintf(&out->text[out->size], sizeof out->text - out->size, format, args);
    va_end(args);
    assert_true(size >= 0 && out->size + (size_t)size < sizeof out->text);
    out->size += (size_t)size;
}

void log_put_time(log_text *out, int64_t seconds)
{
    const time_t when = (time_t)seconds;
    struct tm civil;
    char text[32];

    gmtime_r(&when, &civil);
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &civil);
    log_put(out, "%s", text);
}

void log_put_condition(log_text *out, unsigned names)
{
    bool first = true;

    log_put(out, "event IN (");
    for (int e = 0; e < 4; e++) {
        if (names >> e & 1) {
            log_put(out, "%s'%c'", first ? "" : ", ", 'a' + e);
            first = false;
        }
    }
    log_put(out, ")");
}

/* Appends "(c, t, e, ch)". */
static void put_event(log_text *sql, const log_event *e)
{
    if (e->customer >= 0) {
        log_put(sql, "('c%d', '", e->customer);
    } else {
        log_put(sql, "(NULL, '");
    }
    log_put_time(sql, e->seconds);
    log_put(sql, "', '%c', ", 'a' + e->event);
    if (e->channel >= 0) {
        log_put(sql, "'%c')", 'x' + e->channel);
    } else {
        log_put(sql, "NULL)");
    }
}

/* The vips' tag, made by a query as people make it; nobody's if no event is theirs. */
static void make_tag(muster *db, unsigned vips)
{
    static log_text sql;

    sql.size = 0;
    log_put(&sql, "CREATE TAG vip AS SELECT customer FROM customers WHERE customer IN ('no'");
    for (int c = 0; c < LOG_CUSTOMERS; c++) {
        if (vips >> c & 1) {
            log_put(&sql, ", 'c%d'", c);
        }
    }
    log_put(&sql, ")");
    ask_run(db, sql.text);
}

muster *log_load(const event_log *log, unsigned vips, uint64_t *random)
{
    static log_text sql;
    muster *db;

    assert_ok(muster_open(NULL, NULL, &db, &test_error));
    ask_run(db, "CREATE TABLE events (customer TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT EVENT, "
                "channel TEXT)");
    sql.size = 0;
    for (int i = 0; i < log->count; i++) {
        log_put(&sql, sql.size == 0 ? "INSERT INTO events VALUES " : ", ");
        put_event(&sql, &log->events[i]);
        if (i + 1 == log->count || test_random_below(random, 30) == 0) {
            ask_run(db, sql.text);
            sql.size = 0;
        }
    }
    make_tag(db, vips);
    return db;
}

void log_expect(muster *db, const char *sql, const char *expected)
{
    static log_text found;

    test_error = (muster_error){0};
    if (ask(db, sql, found.text, sizeof found.text, &test_error) != MUSTER_OK) {
        fail_msg("%s\n  at %d: %s", sql, test_error.offset, test_error.message);
    }
    if (strcmp(found.text, expected) != 0) {
        fail_msg("%s\n--- expected\n%s--- found\n%s", sql, expected, found.text);
    }
}
