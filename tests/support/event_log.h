/*
 * event_log.h - random event logs, small and nasty, for the oracles: in memory as they are meant,
 * and as a database to ask.
 *
 * Times lie on a coarse grid, so that ties and window borders are hit all the time; events repeat
 * exactly; some have no customer, no channel, no amount; a log is inserted in several statements
 * and out of order, and spans month ends, so that segments overlap.
 */
#ifndef MU_EVENT_LOG_H
#define MU_EVENT_LOG_H

#include "include/muster.h"
#include "storage/base/status.h"
#include "tests/support/test.h"

enum {
    LOG_MOST = 60,
    LOG_CUSTOMERS = 7
};

typedef struct log_event {
    int customer;    /* 0 ... LOG_CUSTOMERS - 1, or -1: nobody */
    int64_t seconds; /* since 1970 */
    int event;       /* 0 ... 3: 'a' ... 'd' */
    int channel;     /* 0 ... 2: 'x' ... 'z', or -1: NULL */
} log_event;

typedef struct event_log {
    log_event events[LOG_MOST];
    int count;
    int64_t grid_seconds; /* of the times */
} event_log;

/* Text that grows by log_put(); the test fails if it does not fit. Set size to 0 to begin anew. */
typedef struct log_text {
    size_t size;
    char text[65536];
} log_text;

void log_put(log_text *out, const char *format, ...) MU_PRINTF(2, 3);

void log_make(event_log *log, uint64_t *random);

/* A new temporary database with the log in table `events` (customer, ts, event, channel), and a
 * tag `vip` of the customers in the bits of `vips`. */
muster *log_load(const event_log *log, unsigned vips, uint64_t *random);

void log_put_time(log_text *out, int64_t seconds); /* 2024-01-31 23:00:00 */

/* A condition on the event's name: the SQL of `event IN (...)` for the bits of `names` (never 0).
 */
void log_put_condition(log_text *out, unsigned names);

/* Runs a query; the test fails unless its rows are `expected`: columns separated by '|', each row
 * ended by '\n', NULL as "-". */
void log_expect(muster *db, const char *sql, const char *expected);

#endif
