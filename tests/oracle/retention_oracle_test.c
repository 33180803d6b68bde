/*
 * retention_oracle_test.c - cohorts against a count of every customer, cohort and period by the
 * definition.
 */
#include "tests/support/event_log.h"

#include <time.h>

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

static void put_cells(const event_log *log, const table *t, log_text *out)
{
    int64_t oldest = INT64_MAX, newest = INT64_MIN;

    for (int i = 0; i < log->count; i++) {
        const int64_t s = log->events[i].seconds;
        oldest = s < oldest ? s : oldest;
        newest = s > newest ? s : newest;
    }
    for (int64_t n = number_of(oldest, t->u); n <= number_of(newest, t->u); n++) {
        const int size = count(log, t, n, 0);
        for (int p = 0; size > 0 && p <= t->periods && start_of(n + p, t->u) <= newest; p++) {
            log_put_time(out, start_of(n, t->u));
            log_put(out, "|%d|%d|%d|%s\n", p, size, count(log, t, n, p),
                    start_of(n + p + 1, t->u) <= newest ? "true" : "false");
        }
    }
}

static void put_table(const table *t, log_text *sql)
{
    log_put(sql, "SELECT CAST(cohort AS TIMESTAMP), period, cohort_size, customers, complete "
                 "FROM retention(events, start => ");
    log_put_condition(sql, t->start);
    log_put(sql, ", back => ");
    log_put_condition(sql, t->back);
    log_put(sql, ", unit => '%s', periods => %d", unit_names[t->u], t->periods);
    if (t->bounded) {
        log_put(sql, ", since => '");
        log_put_time(sql, t->since);
        log_put(sql, "', until => TIMESTAMP '");
        log_put_time(sql, t->until);
        log_put(sql, "'");
    }
    log_put(sql, ") ORDER BY cohort, period");
}

static void make_table(const event_log *log, table *t, uint64_t *random)
{
    *t = (table){
        .start = 1 + (unsigned)test_random_below(random, 15),
        .back = 1 + (unsigned)test_random_below(random, 15),
        .u = (unit)test_random_below(random, 5),
        .periods = (int)test_random_below(random, 70),
        .bounded = test_random_below(random, 2) == 0,
        .since = log->events[0].seconds,
        .until = log->events[0].seconds + log->grid_seconds * 5,
    };
}

TEST(cohorts_agree_with_counting_every_cell)
{
    static log_text sql, expected;
    uint64_t random = test_seed();
    event_log log;
    table t;

    for (int i = 0; i < CASES; i++) {
        log_make(&log, &random);
        muster *db = log_load(&log, 0, &random);
        assert_ok(muster_set_threads(db, i % 2 ? 1 : 4, &test_error));
        for (int n = 0; n < TABLES; n++) {
            make_table(&log, &t, &random);
            sql.size = expected.size = 0;
            expected.text[0] = 0;
            put_table(&t, &sql);
            put_cells(&log, &t, &expected);
            log_expect(db, sql.text, expected.text);
        }
        muster_close(db);
    }
}
