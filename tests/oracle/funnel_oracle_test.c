/*
 * funnel_oracle_test.c - funnels against the definition: try every chain of distinct events.
 */
#include "tests/support/event_log.h"

#include <inttypes.h>

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
static void put_funnel(const funnel *f, log_text *sql)
{
    log_put(sql, "(events, steps => [");
    for (int s = 0; s < f->steps; s++) {
        log_put(sql, s ? ", step(" : "step(");
        log_put_condition(sql, f->names[s]);
        log_put(sql, ", 'step %d')", s + 1);
    }
    log_put(sql, "]");
    if (f->within >= 0) {
        log_put(sql, ", within => INTERVAL '%" PRId64 " seconds'", f->within);
    }
    if (f->bounded) {
        log_put(sql, ", since => TIMESTAMP '");
        log_put_time(sql, f->since);
        log_put(sql, "', until => '");
        log_put_time(sql, f->until);
        log_put(sql, "'");
    }
    if (f->among != ~0u) {
        log_put(sql, ", among => has_tag('vip')");
    }
    log_put(sql, f->by ? ", by => channel)" : ")");
}

static const char *const channels[] = {"x", "y", "z", "-"};

/* What the oracle says of each customer. */
static void put_customers(const event_log *log, const funnel *f, log_text *out)
{
    for (int c = 0; c < LOG_CUSTOMERS; c++) {
        const chain best = chain_of(log, f, c);
        if (best.depth == 0) {
            continue;
        }
        log_put(out, "c%d|%d|%s|", c, best.depth, best.open ? "true" : "false");
        log_put_time(out, best.first);
        log_put(out, "|");
        log_put_time(out, best.last);
        log_put(out, "|%s\n", f->by ? channels[best.channel] : "all");
    }
}

/* What it says of the steps: for each channel, or all together. */
static void put_steps(const event_log *log, const funnel *f, log_text *out)
{
    int reached[4][STEPS_MOST + 2] = {0};
    int open[4][STEPS_MOST + 2] = {0};

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
            log_put(out, "%s|%d|step %d|%d|%d|%d\n", f->by ? channels[g] : "all", s, s,
                    reached[g][s], reached[g][s] - next - still, still);
        }
    }
}

static void check_funnel(const event_log *log, muster *db, const funnel *f)
{
    static log_text sql, expected;

    sql.size = expected.size = 0;
    expected.text[0] = 0;
    log_put(&sql,
            "SELECT customer, depth, still_open, started, last_step, %s FROM funnel_customers",
            f->by ? "channel" : "'all'");
    put_funnel(f, &sql);
    log_put(&sql, " ORDER BY customer");
    put_customers(log, f, &expected);
    log_expect(db, sql.text, expected.text);

    sql.size = expected.size = 0;
    expected.text[0] = 0;
    log_put(&sql, "SELECT %s AS g, step, label, customers, dropped, still_open FROM funnel",
            f->by ? "channel" : "'all'");
    put_funnel(f, &sql);
    log_put(&sql, " ORDER BY g NULLS LAST, step");
    put_steps(log, f, &expected);
    log_expect(db, sql.text, expected.text);
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
