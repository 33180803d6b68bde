/*
 * intervals_oracle_test.c - intervals against a search for the next event of each event, by the
 * definition.
 */
#include "tests/support/log_change.h"

#include <math.h>
#include <stdlib.h>

enum {
    CASES = 150,
    TABLES = 12,
    START = 1,
    NEXT = 2,
    CURVE = 3
};

static const int curve_days[CURVE] = {0, 3, 20};

typedef struct table {
    unsigned start, next; /* event names; next == 0: there is none */
    bool distinct, by;
    int same; /* 0: not given, 1: the channel, 2: the event */
    int top;  /* 0: not given */
    bool bounded;
    int64_t since, until;
    bool as_of_given;
    int64_t as_of;
    unsigned where; /* channels (and NULL, bit 3); 0: not given */
    unsigned vips;  /* 0: among is not given */
} table;

/* An event, or several that are one. */
typedef struct moment {
    int customer, part;
    int64_t seconds;
    int kind, number;
    int same; /* -1: NULL */
} moment;

typedef struct interval {
    int customer, part; /* part 4: other */
    int64_t began, ended, length;
    bool open;
} interval;

/* NULL is the largest channel. */
static int part_of(int channel)
{
    return channel < 0 ? 3 : channel;
}

static int same_of(const table *t, const log_event *e)
{
    return t->same == 0 ? 0 : t->same == 1 ? e->channel : e->event;
}

static int kind_of(const table *t, const log_event *e)
{
    const bool seen = e->customer >= 0 && e->seconds <= t->as_of &&
                      (t->where == 0 || t->where >> part_of(e->channel) & 1) &&
                      (t->vips == 0 || t->vips >> e->customer & 1);
    const unsigned next = t->next ? t->next : t->start;

    return !seen ? 0 : (t->start >> e->event & 1 ? START : 0) | (next >> e->event & 1 ? NEXT : 0);
}

/* The first time, and of several then the smallest part, of the events of a unit that have all of
 * the bits of a kind; false if there are none. */
static bool first_of(const event_log *log, const table *t, const log_event *unit, int kind,
                     int64_t *seconds, int *part)
{
    bool found = false;

    for (int i = 0; i < log->count; i++) {
        const log_event *e = &log->events[i];
        const bool same =
            e == unit || (t->distinct && e->customer == unit->customer && e->channel >= 0 &&
                          e->channel == unit->channel && same_of(t, e) == same_of(t, unit));
        if (!same || (kind_of(t, e) & kind) != kind) {
            continue;
        }
        if (!found || e->seconds < *seconds ||
            (e->seconds == *seconds && part_of(e->channel) < *part)) {
            *seconds = e->seconds;
            *part = part_of(e->channel);
        }
        found = true;
    }
    return found;
}

/* Whether an event of the unit comes before this one in the log, so that the unit was looked at. */
static bool looked_at(const event_log *log, const table *t, int i)
{
    const log_event *e = &log->events[i];

    for (int k = 0; k < i; k++) {
        const log_event *other = &log->events[k];
        if (t->distinct && kind_of(t, other) != 0 && other->customer == e->customer &&
            e->channel >= 0 && other->channel == e->channel && same_of(t, e) == same_of(t, other)) {
            return true;
        }
    }
    return false;
}

static int list_moments(const event_log *log, const table *t, moment *out)
{
    int count = 0;

    for (int i = 0; i < log->count; i++) {
        const log_event *e = &log->events[i];
        int64_t start = 0, next = 0, both = 0;
        int part = 0, other = 0;
        if (kind_of(t, e) == 0 || looked_at(log, t, i)) {
            continue;
        }
        const bool starts = first_of(log, t, e, START, &start, &part);
        const bool ends = first_of(log, t, e, NEXT, &next, &other);
        if (first_of(log, t, e, START | NEXT, &both, &other) && both == start && both == next) {
            out[count] = (moment){e->customer, part, start, START | NEXT, count, same_of(t, e)};
            count++;
            continue;
        }
        if (starts) {
            out[count] = (moment){e->customer, part, start, START, count, same_of(t, e)};
            count++;
        }
        if (ends) {
            out[count] = (moment){e->customer, 0, next, NEXT, count, same_of(t, e)};
            count++;
        }
    }
    return count;
}

/* Whether m, which ends, comes behind s, which starts. */
static bool is_behind(const table *t, const moment *m, const moment *s)
{
    if (m->same != s->same || s->same < 0) {
        return false;
    }
    if (m->customer != s->customer || m == s || m->seconds != s->seconds) {
        return m->customer == s->customer && m->seconds > s->seconds;
    }
    if (s->kind == START || m->kind == NEXT) {
        return true;
    }
    return t->by && m->part != s->part ? m->part > s->part : m->number > s->number;
}

static int list_intervals(const event_log *log, const table *t, interval *out)
{
    moment moments[2 * LOG_MOST];
    const int moment_count = list_moments(log, t, moments);
    int count = 0;

    for (int i = 0; i < moment_count; i++) {
        const moment *s = &moments[i];
        interval found = {.customer = s->customer,
                          .part = t->by ? s->part : 0,
                          .began = s->seconds,
                          .open = true};
        if (!(s->kind & START) ||
            (t->bounded && (s->seconds < t->since || s->seconds >= t->until))) {
            continue;
        }
        for (int k = 0; k < moment_count; k++) {
            const moment *m = &moments[k];
            if ((m->kind & NEXT) && is_behind(t, m, s) &&
                (found.open || m->seconds < found.ended)) {
                found.open = false;
                found.ended = m->seconds;
            }
        }
        found.length = (found.open ? t->as_of : found.ended) - found.began;
        out[count++] = found;
    }
    return count;
}

static int customers_of(const interval *all, int count, int part)
{
    unsigned seen = 0;

    for (int i = 0; i < count; i++) {
        seen |= all[i].part == part ? 1U << all[i].customer : 0;
    }
    return __builtin_popcount(seen);
}

/* Makes those `other` that are not among the most frequent. */
static void keep_top(interval *all, int count, int top)
{
    int rank[4];

    for (int p = 0; p < 4; p++) {
        rank[p] = 0;
        for (int q = 0; q < 4; q++) {
            const int mine = customers_of(all, count, p), theirs = customers_of(all, count, q);
            rank[p] += theirs > mine || (theirs == mine && q < p);
        }
    }
    for (int i = 0; i < count; i++) {
        all[i].part = rank[all[i].part] < top ? all[i].part : 4;
    }
}

static int compare_intervals(const void *left, const void *right)
{
    const interval *x = left, *y = right;

    if (x->customer != y->customer) {
        return x->customer - y->customer;
    }
    if (x->began != y->began) {
        return x->began < y->began ? -1 : 1;
    }
    if (x->part != y->part) {
        return x->part - y->part;
    }
    return x->length != y->length ? (x->length < y->length ? -1 : 1) : x->open - y->open;
}

/* What is expected. */

static const char *part_name(int part)
{
    static const char *const names[] = {"x", "y", "z", "-", "other"};

    return names[part];
}

static void put_people(const table *t, const interval *all, int count, log_text *out)
{
    for (int i = 0; i < count; i++) {
        log_put(out, "c%d|", all[i].customer);
        if (t->by) {
            log_put(out, "%s|", part_name(all[i].part));
        }
        log_put_time(out, all[i].began);
        log_put(out, "|");
        if (all[i].open) {
            log_put(out, "-");
        } else {
            log_put_time(out, all[i].ended);
        }
        log_put(out, "|");
        log_put_time(out, all[i].began + all[i].length);
        log_put(out, "|%lld|%s\n", (long long)all[i].length, all[i].open ? "true" : "false");
    }
}

/* The least length that at least the share q of those that ended is not greater than. */
static void put_quantile(const interval *all, int count, int part, double q, log_text *out)
{
    int ended = 0;
    int64_t best = INT64_MAX;

    for (int i = 0; i < count; i++) {
        ended += all[i].part == part && !all[i].open;
    }
    for (int i = 0; i < count; i++) {
        int below = 0;
        for (int k = 0; k < count; k++) {
            below += all[k].part == part && !all[k].open && all[k].length <= all[i].length;
        }
        if (all[i].part == part && !all[i].open && below >= q * ended && all[i].length < best) {
            best = all[i].length;
        }
    }
    if (ended == 0) {
        log_put(out, "|-");
    } else {
        log_put(out, "|%lld", (long long)best);
    }
}

/* The product over all times up to so many days. */
static void put_share(const interval *all, int count, int part, int days, log_text *out)
{
    double left = 1;
    bool known = false;

    for (int64_t t = 0; t <= days * 86400LL; t += 3600) {
        int risk = 0, gone = 0;
        for (int i = 0; i < count; i++) {
            risk += all[i].part == part && all[i].length >= t;
            gone += all[i].part == part && all[i].length == t && !all[i].open;
        }
        left *= gone > 0 ? 1 - (double)gone / risk : 1;
    }
    for (int i = 0; i < count; i++) {
        known |= all[i].part == part && all[i].length >= days * 86400LL;
    }
    if (known || left < 1e-12) {
        log_put(out, "|%lld", llround((1 - left) * 1e9));
    } else {
        log_put(out, "|-");
    }
}

static void put_report(const table *t, const interval *all, int count, log_text *out)
{
    static const int order[] = {4, 0, 1, 2, 3}; /* "other" is before "x" */

    for (size_t p = 0; p < MU_COUNT(order); p++) {
        const int part = order[p];
        const int customers = customers_of(all, count, part);
        int open = 0, ended = 0;
        for (int i = 0; i < count; i++) {
            open += all[i].part == part && all[i].open;
            ended += all[i].part == part && !all[i].open;
        }
        if (t->by ? customers == 0 : part != 0) {
            continue;
        }
        if (t->by) {
            log_put(out, "%s|", part_name(part));
        }
        log_put(out, "%d|%d|%d", customers, ended, open);
        put_quantile(all, count, part, 0.25, out);
        put_quantile(all, count, part, 0.9, out);
        for (int c = 0; c < CURVE; c++) {
            put_share(all, count, part, curve_days[c], out);
        }
        log_put(out, "\n");
    }
}

/* What is asked. */

static void put_where(const table *t, log_text *sql)
{
    static const char *const tests[] = {"channel = 'x'", "channel = 'y'", "channel = 'z'",
                                        "channel IS NULL"};

    for (int p = 0; t->where && p < 4; p++) {
        if (t->where >> p & 1) {
            log_put(sql, "%s%s", t->where & ((1U << p) - 1) ? " OR " : ", where => ", tests[p]);
        }
    }
}

static void put_call(const table *t, const char *name, log_text *sql)
{
    log_put(sql, "%s(events, start => ", name);
    log_put_condition(sql, t->start);
    if (t->next) {
        log_put(sql, ", next => ");
        log_put_condition(sql, t->next);
    }
    log_put(sql, "%s", t->same == 1 ? ", same => channel" : t->same == 2 ? ", same => event" : "");
    log_put(sql, "%s%s", t->distinct ? ", distinct_on => channel" : "",
            t->by ? ", by => channel" : "");
    if (t->top) {
        log_put(sql, ", top => %d", t->top);
    }
    if (t->bounded) {
        log_put(sql, ", since => '");
        log_put_time(sql, t->since);
        log_put(sql, "', until => '");
        log_put_time(sql, t->until);
        log_put(sql, "'");
    }
    if (t->as_of_given) {
        log_put(sql, ", as_of => '");
        log_put_time(sql, t->as_of);
        log_put(sql, "'");
    }
    put_where(t, sql);
    log_put(sql, "%s", t->vips ? ", among => has_tag('vip')" : "");
}

static void put_report_query(const table *t, log_text *sql)
{
    log_put(sql,
            "SELECT %scustomers, intervals, open, CAST(round(p25 * 86400) AS BIGINT), "
            "CAST(round(p90 * 86400) AS BIGINT)",
            t->by ? "channel, " : "");
    for (int c = 0; c < CURVE; c++) {
        log_put(sql, ", CAST(round(back_%d * 1e9) AS BIGINT)", curve_days[c]);
    }
    log_put(sql, " FROM ");
    put_call(t, "intervals", sql);
    log_put(sql, ", quantiles => [0.25, 0.9], curve => [0, 3, 20])");
}

static void put_people_query(const table *t, log_text *sql)
{
    log_put(sql,
            "SELECT customer, %sbegan, ended, began + length, "
            "CAST(round(days * 86400) AS BIGINT) AS seconds, open FROM ",
            t->by ? "channel, " : "");
    put_call(t, "intervals_customers", sql);
    log_put(sql, ") ORDER BY customer, began, %s, seconds, open",
            t->by ? "coalesce(channel = 'other', FALSE), channel" : "customer");
}

static void make_table(const event_log *log, table *t, unsigned vips, uint64_t *random)
{
    const log_event *some = &log->events[test_random_below(random, (uint64_t)log->count)];
    const bool by = test_random_below(random, 2) == 0;

    *t = (table){
        .start = 1 + (unsigned)test_random_below(random, 15),
        .next = test_random_below(random, 2) ? 1 + (unsigned)test_random_below(random, 15) : 0,
        .distinct = test_random_below(random, 2) == 0,
        .by = by,
        .same = test_random_below(random, 3) ? 0 : 1 + (int)test_random_below(random, 2),
        .top = by && test_random_below(random, 3) == 0 ? 1 + (int)test_random_below(random, 3) : 0,
        .bounded = test_random_below(random, 3) == 0,
        .since = log->events[0].seconds,
        .until = log->events[0].seconds + log->grid_seconds * 5,
        .as_of_given = test_random_below(random, 3) == 0,
        .as_of = some->seconds + (int64_t)test_random_below(random, 3) * log->grid_seconds,
        .where = test_random_below(random, 4) ? 0 : 1 + (unsigned)test_random_below(random, 15),
        .vips = test_random_below(random, 4) ? 0 : vips,
    };
    if (!t->as_of_given) {
        t->as_of = INT64_MIN;
        for (int i = 0; i < log->count; i++) {
            const int64_t seconds = log->events[i].seconds;
            t->as_of = seconds > t->as_of ? seconds : t->as_of;
        }
    }
}

static void expect_table(muster *db, const event_log *log, const table *t)
{
    static log_text sql, expected;
    static interval all[2 * LOG_MOST];
    int count = list_intervals(log, t, all);

    if (t->top) {
        keep_top(all, count, t->top);
    }
    qsort(all, (size_t)count, sizeof *all, compare_intervals);
    sql.size = expected.size = 0;
    expected.text[0] = 0;
    put_people_query(t, &sql);
    put_people(t, all, count, &expected);
    log_expect(db, sql.text, expected.text);
    sql.size = expected.size = 0;
    put_report_query(t, &sql);
    expected.text[0] = 0;
    put_report(t, all, count, &expected);
    log_expect(db, sql.text, expected.text);
}

TEST(intervals_agree_with_looking_for_the_next_of_each_event)
{
    uint64_t random = test_seed();
    event_log log;
    table t;

    for (int i = 0; i < CASES; i++) {
        const unsigned vips = 1 + (unsigned)test_random_below(&random, 127);
        log_make(&log, &random);
        log_move(&log, 0, &random);
        muster *db = log_load(&log, vips, &random);
        log_settle(db, &log, &random);
        assert_ok(muster_set_threads(db, i % 2 ? 1 : 4, &test_error));
        for (int n = 0; n < TABLES && log.count > 0; n++) {
            make_table(&log, &t, vips, &random);
            expect_table(db, &log, &t);
        }
        muster_close(db);
    }
}
