/*
 * lifecycle_oracle_test.c - states against the question, asked of every customer and period by the
 * definition, when they were active.
 *
 * In one of the zones clocks go back over midnight: on 2007-11-04, at 00:01 in St. John's, it was
 * 23:01 of the day before again.
 */
#include "tests/support/log_change.h"

#include <stdlib.h>
#include <time.h>

enum {
    CASES = 80,
    TABLES = 12,
    MOST_PERIODS = 400,
    OTHER = 4
};

/* 2007-11-04 00:00:30 in St. John's, for the first time. */
static const int64_t back = 1194143430;

typedef enum unit {
    DAY,
    WEEK,
    MONTH,
    QUARTER,
    YEAR
} unit;

static const char *const unit_names[] = {"day", "week", "month", "quarter", "year"};
static const char *const zones[] = {"UTC", "America/St_Johns"};

/* Days since 1970 of a date. */
static int64_t days_of(int year, int month, int day)
{
    struct tm civil = {.tm_year = year, .tm_mon = month, .tm_mday = day};

    return (int64_t)timegm(&civil) / 86400;
}

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* The number of the unit a time lies in, in the zone of the process; by the C library's calendar.
 */
static int64_t number_of(int64_t seconds, unit u)
{
    const time_t when = (time_t)seconds;
    struct tm civil;

    localtime_r(&when, &civil);
    const int64_t day = days_of(civil.tm_year, civil.tm_mon, civil.tm_mday);
    switch (u) {
    case DAY:
        return day;
    case WEEK:
        return floor_divide(day + 3, 7); /* 1970-01-01 was a Thursday */
    case MONTH:
        return civil.tm_year * 12 + civil.tm_mon;
    case QUARTER:
        return civil.tm_year * 4 + civil.tm_mon / 3;
    case YEAR:
        return civil.tm_year;
    }
    return 0;
}

/* The date a unit begins, in days since 1970. */
static int64_t date_of(int64_t number, unit u)
{
    switch (u) {
    case DAY:
        return number;
    case WEEK:
        return number * 7 - 3;
    case MONTH:
        return days_of((int)floor_divide(number, 12), (int)(number - floor_divide(number, 12) * 12),
                       1);
    case QUARTER:
        return days_of((int)floor_divide(number, 4),
                       (int)(number - floor_divide(number, 4) * 4) * 3, 1);
    case YEAR:
        return days_of((int)number, 0, 1);
    }
    return 0;
}

/* The first moment at which clocks show the beginning of a date. */
static int64_t start_of(int64_t date)
{
    const time_t noon = (time_t)(date * 86400 + 43200);
    struct tm civil, shown;
    time_t first;

    gmtime_r(&noon, &civil);
    for (int summer = 1; summer >= 0; summer--) {
        struct tm midnight = {.tm_year = civil.tm_year,
                              .tm_mon = civil.tm_mon,
                              .tm_mday = civil.tm_mday,
                              .tm_isdst = summer};
        first = mktime(&midnight);
        localtime_r(&first, &shown);
        if (shown.tm_mday == civil.tm_mday && shown.tm_hour == 0 && shown.tm_min == 0) {
            break;
        }
    }
    return (int64_t)first;
}

typedef struct table {
    unsigned active; /* event names */
    unit u;
    int lost_after;
    int value; /* 0: none */
    bool by;
    int top;
    bool bounded;
    int64_t since, until;
    bool as_of_given;
    int64_t as_of;
    unsigned vips;             /* 0: among is not given */
    int64_t numbers[LOG_MOST]; /* the periods of the events */
} table;

static bool is_active(const table *t, const log_event *e, int customer)
{
    return e->customer == customer && e->seconds <= t->as_of && (t->active >> e->event & 1) &&
           (t->vips == 0 || t->vips >> customer & 1);
}

static bool active_in(const event_log *log, const table *t, int customer, int64_t number)
{
    for (int i = 0; i < log->count; i++) {
        if (t->numbers[i] == number && is_active(t, &log->events[i], customer)) {
            return true;
        }
    }
    return false;
}

/* The first active event, and of several at that time the one of the smallest channel; NULL: there
 * is none, or it does not lie in the range. */
static const log_event *first_of(const event_log *log, const table *t, int customer)
{
    const log_event *first = NULL;

    for (int i = 0; i < log->count; i++) {
        const log_event *e = &log->events[i];
        if (is_active(t, e, customer) &&
            (!first || e->seconds < first->seconds ||
             (e->seconds == first->seconds && (unsigned)e->channel < (unsigned)first->channel))) {
            first = e;
        }
    }
    if (first && t->bounded && (first->seconds < t->since || first->seconds >= t->until)) {
        return NULL;
    }
    return first;
}

/* NULL is the largest channel. */
static int part_of(const log_event *e)
{
    return e->channel < 0 ? 3 : e->channel;
}

/* The states in the order of their names; -1: the customer has not come yet. */
typedef enum state {
    DORMANT,
    LOST,
    NEW,
    RESURRECTED,
    RETURNING,
    STATES
} state;

static const char *const state_names[] = {"dormant", "lost", "new", "resurrected", "returning"};

static int state_of(const event_log *log, const table *t, int customer, int64_t first,
                    int64_t number)
{
    bool before = false;
    int silent = 0;

    for (int64_t n = first; n < number && !before; n++) {
        before = active_in(log, t, customer, n);
    }
    if (active_in(log, t, customer, number)) {
        return !before ? (int)NEW
                       : (int)(active_in(log, t, customer, number - 1) ? RETURNING : RESURRECTED);
    }
    if (!before) {
        return -1;
    }
    while (!active_in(log, t, customer, number - silent)) {
        silent++;
    }
    return silent < t->lost_after ? DORMANT : LOST;
}

/* A customer in a period. */
typedef struct life {
    int customer, part, state;
    int64_t number;
} life;

/* The places of the channels, by how many customers came by them. */
static void rank_parts(const event_log *log, const table *t, int *rank)
{
    int sizes[OTHER] = {0};

    for (int c = 0; c < LOG_CUSTOMERS; c++) {
        const log_event *first = first_of(log, t, c);
        if (first) {
            sizes[part_of(first)]++;
        }
    }
    for (int p = 0; p < OTHER; p++) {
        rank[p] = 0;
        for (int q = 0; q < OTHER; q++) {
            rank[p] += sizes[q] > sizes[p] || (sizes[q] == sizes[p] && q < p);
        }
    }
}

/* The period of the latest day there has been by as_of. */
static int64_t last_number(const table *t)
{
    int64_t last = number_of(t->as_of, t->u);

    for (int64_t s = t->as_of - 7200; s < t->as_of; s += 15) {
        const int64_t number = number_of(s, t->u);
        last = number > last ? number : last;
    }
    return last;
}

static int list_lives(const event_log *log, const table *t, int64_t oldest, life *out)
{
    const int64_t first = number_of(oldest, t->u) - 1, last = last_number(t);
    int rank[OTHER], count = 0;

    rank_parts(log, t, rank);
    for (int c = 0; c < LOG_CUSTOMERS; c++) {
        const log_event *came = first_of(log, t, c);
        for (int64_t n = first; came && n <= last; n++) {
            const int s = state_of(log, t, c, first, n);
            int part = t->by ? part_of(came) : 0;
            part = t->top && rank[part] >= t->top ? OTHER : part;
            if (s >= 0) {
                assert_true(count < LOG_CUSTOMERS * MOST_PERIODS);
                out[count++] = (life){c, part, s, n};
            }
        }
    }
    return count;
}

/* What is expected. */

static void put_date(int64_t date, log_text *out)
{
    const time_t when = (time_t)(date * 86400);
    struct tm civil;
    char text[32];

    gmtime_r(&when, &civil);
    strftime(text, sizeof text, "%Y-%m-%d", &civil);
    log_put(out, "|%s", text);
}

/* The value over the active events of those that are meant in `lives`. */
static void put_value(const event_log *log, const table *t, const life *lives, int count,
                      const life *like, bool alone, log_text *out)
{
    int all = 0, first = 0, least = 3;
    unsigned channels = 0;

    for (int l = 0; l < count; l++) {
        const life *x = &lives[l];
        if (x->number != like->number || x->state != like->state || x->part != like->part ||
            (alone && x->customer != like->customer)) {
            continue;
        }
        for (int i = 0; i < log->count; i++) {
            const log_event *e = &log->events[i];
            if (t->numbers[i] != x->number || !is_active(t, e, x->customer)) {
                continue;
            }
            all++;
            first += e->event == 0;
            channels |= e->channel >= 0 ? 1U << e->channel : 0;
            least = e->channel >= 0 && e->channel < least ? e->channel : least;
        }
    }
    if (t->value == 1) {
        log_put(out, "|%d", all * 1000 + __builtin_popcount(channels) * 100 + first);
    } else if (t->value == 2) {
        log_put(out, "|%c", least == 3 ? '-' : 'x' + least);
    }
}

static const char *part_name(int part)
{
    static const char *const names[] = {"x", "y", "z", "-", "other"};

    return names[part];
}

static const char *complete_name(const table *t, int64_t number)
{
    return start_of(date_of(number + 1, t->u)) <= t->as_of ? "true" : "false";
}

static void put_people(const event_log *log, const table *t, const life *lives, int count,
                       log_text *out)
{
    for (int i = 0; i < count; i++) {
        log_put(out, "c%d", lives[i].customer);
        if (t->by) {
            log_put(out, "|%s", part_name(lives[i].part));
        }
        put_date(date_of(lives[i].number, t->u), out);
        log_put(out, "|%s", state_names[lives[i].state]);
        put_value(log, t, lives, count, &lives[i], true, out);
        log_put(out, "|%s\n", complete_name(t, lives[i].number));
    }
}

/* One row of the report, if anyone is in it. */
static void put_cell(const event_log *log, const table *t, const life *lives, int count,
                     const life *cell, log_text *out)
{
    int customers = 0;

    for (int i = 0; i < count; i++) {
        customers += lives[i].part == cell->part && lives[i].number == cell->number &&
                     lives[i].state == cell->state;
    }
    if (customers == 0) {
        return;
    }
    log_put(out, "%s", t->by ? part_name(cell->part) : "all");
    put_date(date_of(cell->number, t->u), out);
    log_put(out, "|%s|%d", state_names[cell->state], customers);
    put_value(log, t, lives, count, cell, false, out);
    log_put(out, "|%s\n", complete_name(t, cell->number));
}

static void put_report(const event_log *log, const table *t, int64_t oldest, const life *lives,
                       int count, log_text *out)
{
    const int64_t last = last_number(t);
    static const int order[] = {OTHER, 0, 1, 2, 3}; /* "other" is before "x" */

    for (size_t p = 0; p < MU_COUNT(order); p++) {
        for (int64_t n = number_of(oldest, t->u) - 1; n <= last; n++) {
            for (int s = 0; s < STATES; s++) {
                put_cell(log, t, lives, count, &(life){.part = order[p], .number = n, .state = s},
                         out);
            }
        }
    }
}

/* What is asked. */

static void put_call(const table *t, const char *zone, const char *head, const char *name,
                     log_text *sql)
{
    static const char counts[] = ", value => count(*) * 1000 + count(DISTINCT channel) * 100 + "
                                 "count(*) FILTER (WHERE event = 'a')";
    static const char *const values[] = {"", counts, ", value => min(channel)"};

    if (strcmp(zone, "UTC") != 0) {
        log_put(sql, "SET time_zone = '%s'; ", zone);
    }
    log_put(sql, "SELECT %s FROM %s(events, active => ", head, name);
    log_put_condition(sql, t->active);
    log_put(sql, ", unit => '%s', lost_after => %d%s%s", unit_names[t->u], t->lost_after,
            values[t->value], t->by ? ", by => channel" : "");
    if (t->top) {
        log_put(sql, ", top => %d", t->top);
    }
    if (t->bounded) {
        log_put(sql, ", since => '");
        log_put_time(sql, t->since);
        log_put(sql, "Z', until => '");
        log_put_time(sql, t->until);
        log_put(sql, "Z'");
    }
    if (t->as_of_given) {
        log_put(sql, ", as_of => '");
        log_put_time(sql, t->as_of);
        log_put(sql, "Z'");
    }
    log_put(sql, "%s)", t->vips ? ", among => has_tag('vip')" : "");
}

static void make_table(const event_log *log, table *t, unsigned vips, uint64_t *random)
{
    const log_event *some = &log->events[test_random_below(random, (uint64_t)log->count)];
    const bool by = test_random_below(random, 2) == 0;

    *t = (table){
        .active = 1 + (unsigned)test_random_below(random, 15),
        .u = (unit)test_random_below(random, 5),
        .lost_after = 1 + (int)test_random_below(random, 5),
        .value = (int)test_random_below(random, 3),
        .by = by,
        .top = by && test_random_below(random, 3) == 0 ? 1 + (int)test_random_below(random, 3) : 0,
        .bounded = test_random_below(random, 3) == 0,
        .since = log->events[0].seconds,
        .until = log->events[0].seconds + log->grid_seconds * 5,
        .as_of_given = test_random_below(random, 3) == 0,
        .as_of = some->seconds + (int64_t)test_random_below(random, 3) * log->grid_seconds,
        .vips = test_random_below(random, 4) ? 0 : vips,
    };
    if (log->grid_seconds == 1800 && test_random_below(random, 4) == 0) {
        t->u = DAY;
        t->as_of_given = true;
        t->as_of = back + 1800; /* 23:30 of the day before */
    }
    for (int i = 0; !t->as_of_given && i < log->count; i++) {
        const int64_t seconds = log->events[i].seconds;
        t->as_of = i == 0 || seconds > t->as_of ? seconds : t->as_of;
    }
}

static void expect_table(muster *db, const event_log *log, table *t, const char *zone)
{
    static log_text sql, expected;
    static life lives[LOG_CUSTOMERS * MOST_PERIODS];
    int64_t oldest = t->as_of;

    for (int i = 0; i < log->count; i++) {
        oldest = log->events[i].seconds < oldest ? log->events[i].seconds : oldest;
        t->numbers[i] = number_of(log->events[i].seconds, t->u);
    }
    const int count = list_lives(log, t, oldest, lives);
    sql.size = expected.size = 0;
    expected.text[0] = 0;
    put_call(t, zone, "*", "lifecycle_customers", &sql);
    log_put(&sql, " ORDER BY customer, period");
    put_people(log, t, lives, count, &expected);
    log_expect(db, sql.text, expected.text);
    sql.size = expected.size = 0;
    expected.text[0] = 0;
    put_call(t, zone,
             t->value ? (t->by ? "channel, period, state, customers, value, complete"
                               : "'all', period, state, customers, value, complete")
                      : (t->by ? "channel, period, state, customers, complete"
                               : "'all', period, state, customers, complete"),
             "lifecycle", &sql);
    log_put(&sql, " ORDER BY 1, 2, 3");
    put_report(log, t, oldest, lives, count, &expected);
    log_expect(db, sql.text, expected.text);
}

/* Times of which some are just before midnight, and come to twice. */
static void make_log(event_log *log, int zone, uint64_t *random)
{
    log_make(log, random);
    if (zone == 0) {
        log_move(log, 0, random);
        return;
    }
    const int64_t grid = log->grid_seconds == 3600 ? 1800 : log->grid_seconds;
    for (int i = 0; i < log->count; i++) {
        log->events[i].seconds =
            back + ((log->events[i].seconds - 1706400000) / log->grid_seconds - 15) * grid;
    }
    log->grid_seconds = grid;
}

TEST(lives_agree_with_asking_for_every_period)
{
    uint64_t random = test_seed();
    event_log log;
    table t;

    for (int i = 0; i < CASES; i++) {
        const unsigned vips = 1 + (unsigned)test_random_below(&random, 127);
        const int zone = test_random_below(&random, 4) == 0;
        setenv("TZ", zones[zone], 1);
        tzset();
        make_log(&log, zone, &random);
        muster *db = log_load(&log, vips, &random);
        log_settle(db, &log, &random);
        assert_ok(muster_set_threads(db, i % 2 ? 1 : 4, &test_error));
        for (int n = 0; n < TABLES && log.count > 0; n++) {
            make_table(&log, &t, vips, &random);
            expect_table(db, &log, &t, zones[zone]);
        }
        muster_close(db);
    }
}
