/*
 * funnel_oracle_test.c - funnels against the definition: try every chain of distinct events.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "tests/support/event_log.h"

enum {
    STEPS_MOST = 4,
    CASES = 250,
    FUNNELS = 12
};

typedef struct funnel {
    int steps;
    unsigned names[STEPS_MOST];
    int64_t within; /* seconds; -1: no limit */
    bool bounded;
    int64_t since, until;
    bool by;
    unsigned among; /* customers; ~0: all */
} funnel;

/* The chain that counts, so far. */
typedef struct chain {
    int depth;
    int64_t first, last;
    int channel; /* of its first event; 3 stands for NULL, which is the largest */
    bool open;
} chain;

static bool better(const chain *a, const chain *b)
{
    if (a->depth != b->depth) {
        return a->depth > b->depth;
    }
    if (a->last != b->last) {
        return a->last < b->last;
    }
    if (a->first != b->first) {
        return a->first > b->first;
    }
    return a->channel < b->channel;
}

/* All ways to lengthen the chain of `depth` events in `used`. */
static void extend(const event_log *log, const funnel *f, int customer, bool *used, chain at,
                   chain *best)
{
    if (at.depth > 0 && better(&at, best)) {
        *best = at;
    }
    for (int i = 0; at.depth < f->steps && i < log->count; i++) {
        const log_event *e = &log->events[i];
        if (used[i] || e->customer != customer || !(f->names[at.depth] >> e->event & 1)) {
            continue;
        }
        chain longer = at;
        longer.depth++;
        longer.last = e->seconds;
        if (at.depth == 0) {
            if (f->bounded && (e->seconds < f->since || e->seconds >= f->until)) {
                continue;
            }
            longer.first = e->seconds;
            longer.channel = e->channel < 0 ? 3 : e->channel;
        } else if (e->seconds < at.last || (f->within >= 0 && e->seconds - at.first > f->within)) {
            continue;
        }
        used[i] = true;
        extend(log, f, customer, used, longer, best);
        used[i] = false;
    }
}

/* Could the customer still convert? The window of a first step is not over at the newest event. */
static bool is_open(const event_log *log, const funnel *f, int customer)
{
    int64_t newest = INT64_MIN;
    bool open = false;

    for (int i = 0; i < log->count; i++) {
        newest = log->events[i].seconds > newest ? log->events[i].seconds : newest;
    }
    for (int i = 0; i < log->count; i++) {
        const log_event *e = &log->events[i];
        if (e->customer == customer && (f->names[0] >> e->event & 1) &&
            (!f->bounded || (e->seconds >= f->since && e->seconds < f->until))) {
            open |= f->within < 0 || e->seconds + f->within > newest;
        }
    }
    return open;
}

static chain chain_of(const event_log *log, const funnel *f, int customer)
{
    bool used[LOG_MOST] = {0};
    chain best = {0};

    if (f->among >> customer & 1) {
        extend(log, f, customer, used, (chain){0}, &best);
    }
    best.open = best.depth > 0 && best.depth < f->steps && is_open(log, f, customer);
    return best;
}

static void make_funnel(const event_log *log, funnel *f, uint64_t *random)
{
    *f = (funnel){.steps = 1 + (int)test_random_below(random, STEPS_MOST), .among = ~0u};
    for (int s = 0; s < f->steps; s++) {
        f->names[s] = 1 + (unsigned)test_random_below(random, 15);
    }
    f->within = test_random_below(random, 4) == 0
                    ? -1
                    : log->grid_seconds * (int64_t)test_random_below(random, 12);
    f->bounded = test_random_below(random, 2) == 0;
    f->since = log->events[test_random_below(random, (uint64_t)log->count)].seconds;
    f->until = f->since + log->grid_seconds * (int64_t)test_random_below(random, 12);
    f->by = test_random_below(random, 2) == 0;
}

/* The arguments of the funnel in SQL. */
static void print_funnel(const funnel *f, char *sql)
{
    char condition[64];
    int at = sprintf(sql, "(events, steps => [");

    for (int s = 0; s < f->steps; s++) {
        log_condition(f->names[s], condition);
        at += sprintf(&sql[at], "%sstep(%s, 'step %d')", s ? ", " : "", condition, s + 1);
    }
    at += sprintf(&sql[at], "]");
    if (f->within >= 0) {
        at += sprintf(&sql[at], ", within => INTERVAL '%" PRId64 " seconds'", f->within);
    }
    if (f->bounded) {
        char since[32], until[32];
        log_time(f->since, since);
        log_time(f->until, until);
        at += sprintf(&sql[at], ", since => TIMESTAMP '%s', until => TIMESTAMP '%s'", since, until);
    }
    if (f->among != ~0u) {
        at += sprintf(&sql[at], ", among => has_tag('vip')");
    }
    sprintf(&sql[at], "%s)", f->by ? ", by => channel" : "");
}

static const char *const channels[] = {"x", "y", "z", "-"};

/* What the oracle says of each customer, as log_ask() writes it. */
static void expect_customers(const event_log *log, const funnel *f, char *out)
{
    char first[32], last[32];

    out[0] = 0;
    for (int c = 0; c < LOG_CUSTOMERS; c++) {
        const chain best = chain_of(log, f, c);
        if (best.depth == 0) {
            continue;
        }
        log_time(best.first, first);
        log_time(best.last, last);
        out += sprintf(out, "c%d|%d|%s|%s|%s", c, best.depth, best.open ? "true" : "false", first,
                       last);
        out += f->by ? sprintf(out, "|%s\n", channels[best.channel]) : sprintf(out, "\n");
    }
}

/* What it says of the steps: for each channel, or all together. */
static void expect_steps(const event_log *log, const funnel *f, char *out)
{
    int reached[4][STEPS_MOST + 2] = {0};
    int open[4][STEPS_MOST + 2] = {0};

    out[0] = 0;
    for (int c = 0; c < LOG_CUSTOMERS; c++) {
        const chain best = chain_of(log, f, c);
        for (int s = 1; s <= best.depth; s++) {
            reached[f->by ? best.channel : 0][s]++;
        }
        open[f->by ? best.channel : 0][best.depth] += best.open;
    }
    for (int g = 0; g < (f->by ? 4 : 1); g++) {
        for (int s = 1; s <= f->steps && (!f->by || reached[g][1] > 0); s++) {
            const int next = s == f->steps ? reached[g][s] : reached[g][s + 1];
            const int still = s == f->steps ? 0 : open[g][s];
            if (f->by) {
                out += sprintf(out, "%s|", channels[g]);
            }
            out += sprintf(out, "%d|step %d|%d|%d|%d\n", s, s, reached[g][s],
                           reached[g][s] - next - still, still);
        }
    }
}

static void compare(muster *db, const char *sql, const char *expected)
{
    static char found[65536];

    log_ask(db, sql, found, sizeof found);
    if (strcmp(found, expected) != 0) {
        fail_msg("%s\n--- expected\n%s--- found\n%s", sql, expected, found);
    }
}

static void check_funnel(const event_log *log, muster *db, const funnel *f)
{
    char arguments[1024];
    char sql[2048];
    char expected[8192];

    print_funnel(f, arguments);
    snprintf(sql, sizeof sql,
             "SELECT customer, depth, still_open, started, last_step%s FROM funnel_customers%s "
             "ORDER BY customer",
             f->by ? ", channel" : "", arguments);
    expect_customers(log, f, expected);
    compare(db, sql, expected);
    snprintf(sql, sizeof sql,
             "SELECT %sstep, label, customers, dropped, still_open FROM funnel%s ORDER BY %sstep",
             f->by ? "channel, " : "", arguments, f->by ? "channel NULLS LAST, " : "");
    expect_steps(log, f, expected);
    compare(db, sql, expected);
}

TEST(funnels_agree_with_trying_every_chain)
{
    uint64_t random = test_seed();
    event_log log;
    funnel f;

    for (int i = 0; i < CASES; i++) {
        log_make(&log, &random);
        const unsigned vips = (unsigned)test_random_below(&random, 1 << LOG_CUSTOMERS);
        muster *db = log_load(&log, vips, &random);
        assert_ok(muster_set_threads(db, i % 2 ? 1 : 4, &test_error));
        for (int n = 0; n < FUNNELS; n++) {
            make_funnel(&log, &f, &random);
            f.among = n % 3 == 0 ? vips : ~0u;
            check_funnel(&log, db, &f);
        }
        muster_close(db);
    }
}
