/*
 * retention_oracle_test.c - cohorts against a count of every customer, cohort and period by the
 * definition.
 */
#include <inttypes.h>
#include <time.h>

#include "tests/support/event_log.h"

enum {
    CASES = 250,
    TABLES = 12
};

typedef enum unit {
    DAY,
    WEEK,
    MONTH,
    QUARTER,
    YEAR
} unit;

static const char *const unit_names[] = {"day", "week", "month", "quarter", "year"};

/* The number of the unit a time lies in, and its first second; by the C library's calendar. */
static int64_t number_of(int64_t seconds, unit u)
{
    const time_t when = (time_t)seconds;
    struct tm civil;

    gmtime_r(&when, &civil);
    switch (u) {
    case DAY:
        return seconds / 86400;
    case WEEK:
        return (seconds / 86400 + 3) / 7; /* 1970-01-01 was a Thursday */
    case MONTH:
        return civil.tm_year * 12 + civil.tm_mon;
    case QUARTER:
        return civil.tm_year * 4 + civil.tm_mon / 3;
    case YEAR:
        return civil.tm_year;
    }
    return 0;
}

static int64_t start_of(int64_t number, unit u)
{
    struct tm civil = {.tm_mday = 1};

    switch (u) {
    case DAY:
        return number * 86400;
    case WEEK:
        return (number * 7 - 3) * 86400;
    case MONTH:
        civil.tm_year = (int)(number / 12);
        civil.tm_mon = (int)(number % 12);
        break;
    case QUARTER:
        civil.tm_year = (int)(number / 4);
        civil.tm_mon = (int)(number % 4) * 3;
        break;
    case YEAR:
        civil.tm_year = (int)number;
        break;
    }
    return (int64_t)timegm(&civil);
}

typedef struct table {
    unsigned start, back; /* event names */
    unit u;
    int periods;
    bool bounded;
    int64_t since, until;
} table;

static bool meets(const log_event *e, int customer, unsigned names)
{
    return e->customer == customer && (names >> e->event & 1);
}

/* The first start event of a customer; false if there is none. */
static bool first_start(const event_log *log, const table *t, int customer, int64_t *out)
{
    bool found = false;

    for (int i = 0; i < log->count; i++) {
        const log_event *e = &log->events[i];
        if (meets(e, customer, t->start) && (!found || e->seconds < *out)) {
            *out = e->seconds;
            found = true;
        }
    }
    return found && (!t->bounded || (*out >= t->since && *out < t->until));
}

static bool came_back(const event_log *log, const table *t, int customer, int64_t number)
{
    for (int i = 0; i < log->count; i++) {
        const log_event *e = &log->events[i];
        if (meets(e, customer, t->back) && number_of(e->seconds, t->u) == number) {
            return true;
        }
    }
    return false;
}

/* The customers of a cohort, or those of them in its p-th period. */
static int count(const event_log *log, const table *t, int64_t cohort, int p)
{
    int customers = 0;

    for (int c = 0; c < LOG_CUSTOMERS; c++) {
        int64_t first = 0;
        if (first_start(log, t, c, &first) && number_of(first, t->u) == cohort) {
            customers += p == 0 || came_back(log, t, c, cohort + p);
        }
    }
    return customers;
}

static void expect(const event_log *log, const table *t, char *out)
{
    int64_t oldest = INT64_MAX, newest = INT64_MIN;
    char date[32];

    for (int i = 0; i < log->count; i++) {
        const int64_t s = log->events[i].seconds;
        oldest = s < oldest ? s : oldest;
        newest = s > newest ? s : newest;
    }
    out[0] = 0;
    for (int64_t n = number_of(oldest, t->u); n <= number_of(newest, t->u); n++) {
        const int size = count(log, t, n, 0);
        for (int p = 0; size > 0 && p <= t->periods && start_of(n + p, t->u) <= newest; p++) {
            log_time(start_of(n, t->u), date);
            out += sprintf(out, "%.10s|%d|%d|%d|%s\n", date, p, size, count(log, t, n, p),
                           start_of(n + p + 1, t->u) <= newest ? "true" : "false");
        }
    }
}

static void print_table(const table *t, char *sql)
{
    char start[64], back[64];
    int at;

    log_condition(t->start, start);
    log_condition(t->back, back);
    at = sprintf(sql,
                 "SELECT cohort, period, cohort_size, customers, complete FROM retention(events, "
                 "start => %s, back => %s, unit => '%s', periods => %d",
                 start, back, unit_names[t->u], t->periods);
    if (t->bounded) {
        char since[32], until[32];
        log_time(t->since, since);
        log_time(t->until, until);
        at += sprintf(&sql[at], ", since => TIMESTAMP '%s', until => TIMESTAMP '%s'", since, until);
    }
    sprintf(&sql[at], ") ORDER BY cohort, period");
}

TEST(cohorts_agree_with_counting_every_cell)
{
    static char found[65536], expected[65536];
    uint64_t random = test_seed();
    event_log log;
    char sql[1024];

    for (int i = 0; i < CASES; i++) {
        log_make(&log, &random);
        muster *db = log_load(&log, 0, &random);
        assert_ok(muster_set_threads(db, i % 2 ? 1 : 4, &test_error));
        for (int n = 0; n < TABLES; n++) {
            const table t = {
                .start = 1 + (unsigned)test_random_below(&random, 15),
                .back = 1 + (unsigned)test_random_below(&random, 15),
                .u = (unit)test_random_below(&random, 5),
                .periods = (int)test_random_below(&random, 70),
                .bounded = test_random_below(&random, 2) == 0,
                .since = log.events[0].seconds,
                .until = log.events[0].seconds + log.grid_seconds * 5,
            };
            print_table(&t, sql);
            expect(&log, &t, expected);
            log_ask(db, sql, found, sizeof found);
            if (strcmp(found, expected) != 0) {
                fail_msg("%s\n--- expected\n%s--- found\n%s", sql, expected, found);
            }
        }
        muster_close(db);
    }
}
