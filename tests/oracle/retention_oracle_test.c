/*
 * retention_oracle_test.c - retention and retention_customers against the definition, read off the
 * log for every customer, cohort and cell by itself. Days and months are those of the C library.
 */
#include "tests/support/ask.h"
#include "tests/support/event_log.h"

#include <stdlib.h>
#include <time.h>

enum {
    CASES = 80,
    TABLES = 8,
    MOST_CELLS = 80,
    MOST_MEMBERS = LOG_CUSTOMERS * LOG_MOST,
    OTHER = 3 /* a channel's place, behind those that there are */
};

typedef enum unit {
    DAY,
    WEEK,
    MONTH,
    QUARTER,
    YEAR
} unit;

typedef enum mode {
    ON,
    ON_OR_AFTER,
    ON_OR_BEFORE,
    STREAK
} mode;

typedef enum cohorts {
    FIRST_EVER,
    FIRST_IN_RANGE,
    EVERY
} cohorts;

typedef enum value {
    NOTHING,
    COUNT,
    COUNT_CHANNELS,
    SUM /* of 1, 10, 100, 1000 by the event's name; NULL where there is none */
} value;

static const char *const unit_names[] = {"day", "week", "month", "quarter", "year"};
static const char *const mode_names[] = {"on", "on_or_after", "on_or_before", "streak"};
static const char *const cohort_names[] = {"first_ever", "first_in_range", "every"};
static const char *const value_texts[] = {
    "", "count(*)", "count(channel)",
    "sum(CASE event WHEN 'a' THEN 1 WHEN 'b' THEN 10 WHEN 'c' THEN 100 ELSE 1000 END)"};

/* Where the log lies, and by whose clocks it is asked about: clocks that go back over midnight, or
 * skip it, among them. */
typedef struct place {
    const char *zone;
    int64_t from;
} place;

static const place places[] = {
    {"UTC", 1706400000}, /* 2024-01-28 */
    {"UTC", 1706400000},
    {"UTC", -86400 * 25},              /* before and after 1970 */
    {"Europe/Berlin", 1710979200},     /* 2024-03-21 */
    {"America/St_Johns", 1288924200},  /* 2010-11-05 02:30: back from 00:01 on the 7th */
    {"America/Sao_Paulo", 1540900800}, /* 2018-10-30: no midnight on the 4th of November */
    {"Asia/Shanghai", 1706400000},
};

/* Days since 1970 on the zone's calendar, and the month and year of a time. */
static int64_t day_of(int64_t seconds, struct tm *civil)
{
    const time_t when = (time_t)seconds;

    localtime_r(&when, civil);
    struct tm date = {
        .tm_year = civil->tm_year, .tm_mon = civil->tm_mon, .tm_mday = civil->tm_mday};
    return (int64_t)timegm(&date) / 86400; /* whole days: exact below 0 too */
}

/* The number of the unit a time lies in. */
static int64_t number_of(int64_t seconds, unit u)
{
    struct tm civil;
    const int64_t day = day_of(seconds, &civil);

    switch (u) {
    case DAY:
        return day;
    case WEEK: { /* 1970-01-01 was a Thursday */
        const int64_t since_monday = day + 3;
        return since_monday >= 0 ? since_monday / 7 : -((6 - since_monday) / 7);
    }
    case MONTH:
        return civil.tm_year * 12 + civil.tm_mon;
    case QUARTER:
        return civil.tm_year * 4 + civil.tm_mon / 3;
    case YEAR:
        return civil.tm_year;
    }
    return 0;
}

/* The day on which a unit begins. */
static int64_t date_of(int64_t number, unit u)
{
    struct tm civil = {.tm_mday = 1};

    switch (u) {
    case DAY:
        return number;
    case WEEK:
        return number * 7 - 3;
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
    return (int64_t)timegm(&civil) / 86400;
}

/* The first moment on that day or after it. Clocks change at whole minutes. */
static int64_t find_moment(int64_t date)
{
    int64_t seconds = date * 86400 - 15 * 3600;
    struct tm civil;

    while (day_of(seconds, &civil) < date) {
        seconds += 60;
    }
    return seconds;
}

/* The first second of a unit; each day is looked for once, as long as the zone stays. */
static int64_t start_of(int64_t number, unit u)
{
    static struct {
        const char *zone;
        int64_t date, seconds;
    } known[4096];
    const char *zone = getenv("TZ");
    const int64_t date = date_of(number, u);
    const size_t at = (size_t)date % MU_COUNT(known);

    if (!known[at].zone || strcmp(known[at].zone, zone) != 0 || known[at].date != date) {
        for (size_t i = 0; i < MU_COUNT(places); i++) {
            known[at].zone = strcmp(places[i].zone, zone) == 0 ? places[i].zone : known[at].zone;
        }
        known[at].date = date;
        known[at].seconds = find_moment(date);
    }
    return known[at].seconds;
}

typedef struct table {
    const char *zone;
    unsigned start, back; /* event names */
    unit u;
    mode mode;
    cohorts cohorts;
    value value;
    bool elapsed, brackets, bounded, has_as_of, filtered, by;
    int top; /* 0: all */
    int cell_count;
    int last[MOST_CELLS];
    int64_t since, until, as_of;
    unsigned among; /* customers; all bits: everyone */
} table;

/* A customer in a cohort. */
typedef struct member {
    int customer;
    int64_t cohort, started;
    int by; /* 0 ... 2, -1: NULL, OTHER */
} member;

typedef struct cell {
    bool begun, ended, came, null;
    int64_t value;
} cell;

/* Events. */

static bool is_seen(const table *t, const log_event *e)
{
    return e->customer >= 0 && (t->among >> e->customer & 1) && e->seconds <= t->as_of &&
           !(t->filtered && e->channel == 0);
}

static bool meets(const table *t, const log_event *e, int customer, unsigned names)
{
    return e->customer == customer && is_seen(t, e) && (names >> e->event & 1);
}

static bool in_range(const table *t, int64_t seconds)
{
    return !t->bounded || (seconds >= t->since && seconds < t->until);
}

/* The period of the member that a time lies in; below 0 if it is none. */
static int64_t period_of(const table *t, const member *m, int64_t seconds)
{
    if (seconds < m->started) {
        return -1;
    }
    return t->elapsed ? (seconds - m->started) / (t->u == DAY ? 86400 : 7 * 86400)
                      : number_of(seconds, t->u) - m->cohort;
}

static int64_t start_of_period(const table *t, const member *m, int64_t period)
{
    return t->elapsed ? m->started + period * (t->u == DAY ? 86400 : 7 * 86400)
                      : start_of(m->cohort + period, t->u);
}

/* Members. */

static int by_of(const event_log *log, const table *t, const member *m)
{
    int least = OTHER; /* NULL is the largest */

    for (int i = 0; i < log->count; i++) {
        const log_event *e = &log->events[i];
        if (meets(t, e, m->customer, t->start) && e->seconds == m->started && e->channel >= 0 &&
            e->channel < least) {
            least = e->channel;
        }
    }
    return least == OTHER ? -1 : least;
}

/* Whether the event is a start of a cohort of its customer. */
static bool is_start(const event_log *log, const table *t, const log_event *e)
{
    if (e->customer < 0 || !meets(t, e, e->customer, t->start) || !in_range(t, e->seconds)) {
        return false;
    }
    for (int i = 0; i < log->count; i++) {
        const log_event *other = &log->events[i];
        const bool before = meets(t, other, e->customer, t->start) && other->seconds < e->seconds;
        const bool rival = t->cohorts == FIRST_EVER ||
                           (in_range(t, other->seconds) &&
                            (t->cohorts == FIRST_IN_RANGE ||
                             number_of(other->seconds, t->u) == number_of(e->seconds, t->u)));
        if (before && rival) {
            return false;
        }
    }
    return true;
}

static int compare_members(const void *left, const void *right)
{
    const member *a = left, *b = right;

    if (a->customer != b->customer) {
        return a->customer - b->customer;
    }
    return (a->cohort > b->cohort) - (a->cohort < b->cohort);
}

static int list_members(const event_log *log, const table *t, member *members)
{
    int count = 0;

    for (int i = 0; i < log->count; i++) {
        const log_event *e = &log->events[i];
        if (!is_start(log, t, e)) {
            continue;
        }
        member m = {e->customer, number_of(e->seconds, t->u), e->seconds, 0};
        bool known = false;
        for (int k = 0; k < count; k++) {
            known |= compare_members(&members[k], &m) == 0;
        }
        if (!known) {
            m.by = t->by ? by_of(log, t, &m) : 0;
            members[count++] = m;
        }
    }
    qsort(members, (size_t)count, sizeof *members, compare_members);
    return count;
}

/* Keeps the breakdown values that most members have. */
static void keep_top(const table *t, member *members, int count)
{
    int sizes[4] = {0}; /* NULL is the last */
    bool kept[4] = {false};

    for (int m = 0; m < count; m++) {
        sizes[members[m].by < 0 ? 3 : members[m].by]++;
    }
    for (int n = 0; n < t->top; n++) {
        int best = -1;
        for (int v = 0; v < 4; v++) {
            if (!kept[v] && sizes[v] > 0 && (best < 0 || sizes[v] > sizes[best])) {
                best = v;
            }
        }
        if (best >= 0) {
            kept[best] = true;
        }
    }
    for (int m = 0; m < count; m++) {
        if (t->top > 0 && !kept[members[m].by < 0 ? 3 : members[m].by]) {
            members[m].by = OTHER;
        }
    }
}

/* Cells. */

static int first_of(const table *t, int c)
{
    return c == 0 ? 0 : t->last[c - 1] + 1;
}

/* Whether they have an event that counts as coming back in these periods; another one than a start
 * of theirs, if that is asked. */
static bool came_in(const event_log *log, const table *t, const member *m, int64_t first,
                    int64_t last, bool another)
{
    for (int i = 0; i < log->count; i++) {
        const log_event *e = &log->events[i];
        const int64_t period = meets(t, e, m->customer, t->back) ? period_of(t, m, e->seconds) : -1;
        if (period < first || period > last || period < 0) {
            continue;
        }
        bool found = !another;
        for (int k = 0; k < log->count; k++) {
            found |= k != i && meets(t, &log->events[k], m->customer, t->start) &&
                     log->events[k].seconds == m->started;
        }
        if (found) {
            return true;
        }
    }
    return false;
}

static bool came(const event_log *log, const table *t, const member *m, int c)
{
    bool all = true;

    if (c == 0) {
        return true;
    }
    switch (t->mode) {
    case ON:
        return came_in(log, t, m, first_of(t, c), t->last[c], false);
    case ON_OR_AFTER:
        return came_in(log, t, m, first_of(t, c), INT64_MAX, false);
    case ON_OR_BEFORE:
        return came_in(log, t, m, 0, t->last[c], true);
    case STREAK:
        for (int k = 1; k <= c; k++) {
            all &= came_in(log, t, m, first_of(t, k), t->last[k], false);
        }
        return all;
    }
    return false;
}

/* Whether an event in that period belongs to the value of the cell. */
static bool belongs(const table *t, int c, int64_t period, bool here)
{
    switch (t->mode) {
    case ON:
        return period >= first_of(t, c) && period <= t->last[c];
    case ON_OR_AFTER:
        return period >= first_of(t, c);
    case ON_OR_BEFORE:
        return period <= t->last[c];
    case STREAK:
        return here && period >= first_of(t, c) && period <= t->last[c];
    }
    return false;
}

static void add_value(const table *t, const log_event *e, cell *out)
{
    static const int64_t worth[] = {1, 10, 100, 1000};

    if (t->value == COUNT) {
        out->value++;
    } else if (t->value == COUNT_CHANNELS) {
        out->value += e->channel >= 0;
    } else if (t->value == SUM) {
        out->value += worth[e->event];
        out->null = false;
    }
}

static cell cell_of(const event_log *log, const table *t, const member *m, int c)
{
    cell out = {.begun = start_of_period(t, m, first_of(t, c)) <= t->as_of,
                .ended = start_of_period(t, m, t->last[c] + 1) <= t->as_of,
                .null = t->value == SUM};

    if (!out.begun) {
        return out;
    }
    out.came = came(log, t, m, c);
    for (int i = 0; i < log->count; i++) {
        const log_event *e = &log->events[i];
        const int64_t period = meets(t, e, m->customer, t->back) ? period_of(t, m, e->seconds) : -1;
        if (period >= 0 && belongs(t, c, period, out.came)) {
            add_value(t, e, &out);
        }
    }
    return out;
}

/* Answers. */

static void put_date(log_text *out, int64_t date)
{
    const time_t when = (time_t)(date * 86400);
    struct tm civil;
    char text[32];

    gmtime_r(&when, &civil);
    strftime(text, sizeof text, "%Y-%m-%d", &civil);
    log_put(out, "%s", text);
}

static void put_by(const table *t, int by, log_text *out)
{
    static const char *const names[] = {"-", "x", "y", "z", "other"};

    if (t->by) {
        log_put(out, "|%s", names[by + 1]);
    }
}

static void put_period(const table *t, int c, log_text *out)
{
    log_put(out, "|%d", t->last[c]);
    if (t->brackets && first_of(t, c) == t->last[c]) {
        log_put(out, "|%d", t->last[c]);
    } else if (t->brackets) {
        log_put(out, "|%d-%d", first_of(t, c), t->last[c]);
    }
}

static void put_value(const table *t, const cell *v, log_text *out)
{
    if (t->value != NOTHING && v->null) {
        log_put(out, "|-");
    } else if (t->value != NOTHING) {
        log_put(out, "|%lld", (long long)v->value);
    }
}

/* The rows of customers, by customer, cohort, period. */
static void put_customers(const event_log *log, const table *t, const member *members, int count,
                          log_text *out)
{
    for (int m = 0; m < count; m++) {
        for (int c = 0; c < t->cell_count; c++) {
            const cell v = cell_of(log, t, &members[m], c);
            if (!v.begun) {
                continue;
            }
            log_put(out, "c%d|", members[m].customer);
            put_date(out, date_of(members[m].cohort, t->u));
            log_put(out, "|%lld", (long long)members[m].started);
            put_by(t, members[m].by, out);
            put_period(t, c, out);
            log_put(out, "|%s", v.came ? "true" : "false");
            put_value(t, &v, out);
            log_put(out, "|%s\n", v.ended ? "true" : "false");
        }
    }
}

/* The row of a cohort, breakdown value and cell, if the cell has begun for anyone. */
static void put_cell(const event_log *log, const table *t, const member *members, int count,
                     const member *who, int c, log_text *out)
{
    int size = 0, here = 0, begun = 0, ended = 0;
    cell sum = {.null = t->value == SUM};

    for (int m = 0; m < count; m++) {
        if (members[m].cohort != who->cohort || members[m].by != who->by) {
            continue;
        }
        const cell v = cell_of(log, t, &members[m], c);
        size++;
        here += v.came;
        begun += v.begun;
        ended += v.ended;
        sum.value += v.value;
        sum.null &= v.null;
    }
    if (begun == 0) {
        return;
    }
    put_date(out, date_of(who->cohort, t->u));
    put_by(t, who->by, out);
    put_period(t, c, out);
    log_put(out, "|%d|%d", size, here);
    put_value(t, &sum, out);
    log_put(out, "|%d|%s\n", ended, ended == size ? "true" : "false");
}

static int compare_groups(const void *left, const void *right)
{
    const member *a = left, *b = right;
    const int x = a->by < 0 ? OTHER + 1 : a->by == OTHER ? -1 : a->by; /* 'other' < 'x' < NULL */
    const int y = b->by < 0 ? OTHER + 1 : b->by == OTHER ? -1 : b->by;

    if (a->cohort != b->cohort) {
        return a->cohort < b->cohort ? -1 : 1;
    }
    return x - y;
}

static void put_report(const event_log *log, const table *t, member *members, int count,
                       log_text *out)
{
    qsort(members, (size_t)count, sizeof *members, compare_groups);
    for (int m = 0; m < count; m++) {
        if (m > 0 && compare_groups(&members[m - 1], &members[m]) == 0) {
            continue;
        }
        for (int c = 0; c < t->cell_count; c++) {
            put_cell(log, t, members, count, &members[m], c, out);
        }
    }
}

/* Questions. */

static void put_moment(log_text *sql, const char *name, int64_t seconds)
{
    log_put(sql, ", %s => '", name);
    log_put_time(sql, seconds);
    log_put(sql, "+00:00'");
}

static void put_cells(const table *t, log_text *sql)
{
    if (!t->brackets) {
        log_put(sql, ", periods => %d", t->cell_count - 1);
        return;
    }
    for (int c = 1; c < t->cell_count; c++) {
        log_put(sql, "%s%d", c == 1 ? ", brackets => [" : ", ", t->last[c]);
    }
    log_put(sql, "]");
}

static void put_call(const table *t, const char *name, log_text *sql)
{
    log_put(sql, "%s(events, start => ", name);
    log_put_condition(sql, t->start);
    log_put(sql, ", back => ");
    log_put_condition(sql, t->back);
    log_put(sql, ", unit => '%s'", unit_names[t->u]);
    put_cells(t, sql);
    if (t->mode != ON) {
        log_put(sql, ", mode => '%s'", mode_names[t->mode]);
    }
    if (t->elapsed) {
        log_put(sql, ", clock => 'elapsed'");
    }
    if (t->cohorts != FIRST_EVER) {
        log_put(sql, ", cohort => '%s'", cohort_names[t->cohorts]);
    }
    if (t->value != NOTHING) {
        log_put(sql, ", value => %s", value_texts[t->value]);
    }
    if (t->by) {
        log_put(sql, ", by => channel");
    }
    if (t->top > 0) {
        log_put(sql, ", top => %d", t->top);
    }
    if (t->bounded) {
        put_moment(sql, "since", t->since);
        put_moment(sql, "until", t->until);
    }
    if (t->has_as_of) {
        put_moment(sql, "as_of", t->as_of);
    }
    if (t->filtered) {
        log_put(sql, ", where => coalesce(channel, '') <> 'x'");
    }
    if (t->among + 1 != 0) {
        log_put(sql, ", among => has_tag('vip')");
    }
    log_put(sql, ")");
}

static void put_query(const table *t, bool customers, log_text *sql)
{
    sql->size = 0;
    log_put(sql, "SET time_zone = '%s'; SELECT ", t->zone);
    log_put(sql, customers ? "customer, cohort, epoch(started), " : "cohort, ");
    log_put(sql, "%speriod, %s%s%s%scomplete FROM ", t->by ? "channel, " : "",
            t->brackets ? "bracket, " : "", customers ? "came, " : "cohort_size, customers, ",
            t->value != NOTHING ? "value, " : "", customers ? "" : "eligible, ");
    put_call(t, customers ? "retention_customers" : "retention", sql);
    log_put(sql, customers ? " ORDER BY customer, cohort, period" : "");
}

/* The report is the sum of the people behind it. */
static void expect_twins(muster *db, const table *t)
{
    static log_text sql;
    const char *by = t->by ? "channel, " : "";
    const char *sum = t->value != NOTHING ? ", sum(value)" : "";
    const char *one = t->value != NOTHING ? ", value" : "";

    sql.size = 0;
    log_put(&sql,
            "SET time_zone = '%s'; (SELECT cohort, %speriod, count(*) FILTER (WHERE came), "
            "count(*) FILTER (WHERE complete)%s FROM ",
            t->zone, by, sum);
    put_call(t, "retention_customers", &sql);
    log_put(&sql,
            " GROUP BY cohort, %speriod EXCEPT ALL SELECT cohort, %speriod, customers, eligible%s "
            "FROM ",
            by, by, one);
    put_call(t, "retention", &sql);
    log_put(&sql, ")");
    log_expect(db, sql.text, "");
}

/* Asks what can be told by sets of people: about months and longer, by UTC, as files are cut. */
static void make_plain(table *t, uint64_t *random)
{
    t->u = (unit)(MONTH + test_random_below(random, 3));
    t->value = NOTHING;
    t->by = false;
    t->top = 0;
    t->elapsed = false;
    t->filtered = test_random_below(random, 8) == 0;
}

static void make_cells(table *t, uint64_t *random)
{
    t->brackets = test_random_below(random, 3) == 0;
    t->cell_count = t->brackets ? 2 + (int)test_random_below(random, 6)
                                : 1 + (int)test_random_below(random, 70);
    for (int c = 0; c < t->cell_count; c++) {
        t->last[c] = c == 0         ? 0
                     : !t->brackets ? c
                                    : t->last[c - 1] + 1 + (int)test_random_below(random, 6);
    }
}

/* Any time of an event, or one between, or one before or after all of them. */
static int64_t any_time(const event_log *log, uint64_t *random)
{
    const int64_t seconds = log->events[test_random_below(random, (uint64_t)log->count)].seconds;

    return seconds + ((int64_t)test_random_below(random, 9) - 4) * log->grid_seconds / 2;
}

static void make_table(const event_log *log, unsigned vips, const char *zone, table *t,
                       uint64_t *random)
{
    *t = (table){
        .zone = zone,
        .start = 1 + (unsigned)test_random_below(random, 15),
        .back = 1 + (unsigned)test_random_below(random, 15),
        .u = (unit)test_random_below(random, 5),
        .mode = (mode)test_random_below(random, 4),
        .cohorts = (cohorts)test_random_below(random, 3),
        .value = test_random_below(random, 2) ? NOTHING : (value)test_random_below(random, 4),
        .bounded = test_random_below(random, 2) == 0,
        .has_as_of = test_random_below(random, 3) == 0,
        .filtered = test_random_below(random, 4) == 0,
        .by = test_random_below(random, 2) == 0,
        .since = any_time(log, random),
        .until = any_time(log, random) + log->grid_seconds * 5,
        .as_of = any_time(log, random),
        .among = test_random_below(random, 4) == 0 ? vips : UINT32_MAX,
    };
    t->back = test_random_below(random, 3) == 0 ? t->start : t->back;
    t->elapsed = t->u <= WEEK && test_random_below(random, 2) == 0;
    t->top = t->by ? (int)test_random_below(random, 4) : 0;
    if (strcmp(zone, "UTC") == 0 && test_random_below(random, 2) == 0) {
        make_plain(t, random);
    }
    t->until = t->until > t->since ? t->until : t->since + 1;
    make_cells(t, random);
    if (!t->has_as_of) {
        t->as_of = INT64_MIN;
        for (int i = 0; i < log->count; i++) {
            t->as_of = log->events[i].seconds > t->as_of ? log->events[i].seconds : t->as_of;
        }
    }
}

/* Moves the log, and sometimes draws it out over years. */
static void move(event_log *log, int64_t from, uint64_t *random)
{
    const int64_t stretch = test_random_below(random, 3) == 0 ? 11 : 1;

    for (int i = 0; i < log->count; i++) {
        log->events[i].seconds = from + (log->events[i].seconds - places[0].from) * stretch;
    }
    log->grid_seconds *= stretch;
}

/* Erases a customer, whose events leave the log too, unless there are no others. */
static void erase(muster *db, event_log *log, int customer)
{
    static log_text sql;
    int kept = 0;

    for (int i = 0; i < log->count; i++) {
        kept += log->events[i].customer != customer;
    }
    if (kept == 0) {
        return;
    }
    sql.size = 0;
    log_put(&sql, "DELETE FROM customers WHERE customer = 'c%d'", customer);
    ask_run(db, sql.text);
    kept = 0;
    for (int i = 0; i < log->count; i++) {
        if (log->events[i].customer != customer) {
            log->events[kept++] = log->events[i];
        }
    }
    log->count = kept;
}

static void ask_table(muster *db, const event_log *log, const table *t)
{
    static log_text sql, expected;
    static member members[MOST_MEMBERS];
    const int count = list_members(log, t, members);

    keep_top(t, members, count);
    expected.size = 0;
    expected.text[0] = 0;
    put_customers(log, t, members, count, &expected);
    put_query(t, true, &sql);
    log_expect(db, sql.text, expected.text);

    expected.size = 0;
    expected.text[0] = 0;
    put_report(log, t, members, count, &expected);
    put_query(t, false, &sql);
    log_expect(db, sql.text, expected.text);
    expect_twins(db, t);
}

TEST(every_customer_cohort_and_cell_is_as_the_definition_has_it)
{
    uint64_t random = test_seed();
    event_log log;
    table t;

    for (int i = 0; i < CASES; i++) {
        const place *where = &places[test_random_below(&random, MU_COUNT(places))];
        const unsigned vips = (unsigned)test_random_below(&random, 1 << LOG_CUSTOMERS);
        log_make(&log, &random);
        move(&log, where->from, &random);
        setenv("TZ", where->zone, 1);
        tzset();
        muster *db = log_load(&log, vips, &random);
        if (test_random_below(&random, 4) == 0) {
            ask_run(db, "CHECKPOINT");
        }
        if (test_random_below(&random, 8) == 0) {
            erase(db, &log, (int)test_random_below(&random, LOG_CUSTOMERS));
        }
        assert_ok(muster_set_threads(db, i % 2 ? 1 : 4, &test_error));
        for (int n = 0; n < TABLES; n++) {
            make_table(&log, vips, where->zone, &t, &random);
            ask_table(db, &log, &t);
        }
        muster_close(db);
    }
}
