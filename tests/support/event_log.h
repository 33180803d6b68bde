/*
 * event_log.h - random event logs, small and nasty, for the oracles: in memory as they are meant, and as
 * a database to ask.
 *
 * Times lie on a coarse grid, so that ties and window borders are hit all the time; events repeat
 * exactly; some have no customer, no channel, no amount; a log is inserted in several statements
 * and out of order, and spans month ends, so that segments overlap.
 */
#ifndef MU_EVENT_LOG_H
#define MU_EVENT_LOG_H

#include "include/muster.h"
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

void log_make(event_log *log, uint64_t *random);

/* A new temporary database with the log in table `events` (customer, ts, event, channel), and a tag
 * `vip` of the customers in the bits of `vips`. */
muster *log_load(const event_log *log, unsigned vips, uint64_t *random);

void log_time(int64_t seconds, char text[32]); /* '2024-01-31 23:00:00' */

/* Runs a query and writes its rows, columns separated by '|', each ended by '\n', NULL as "-".
 * Fails the test where it fails. */
void log_ask(muster *db, const char *sql, char *out, size_t size);

/* A condition on the event's name: the SQL of `event IN (...)` for the bits of `names` (never 0).
 */
void log_condition(unsigned names, char sql[64]);

#endif
