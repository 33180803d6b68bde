/*
 * audience_oracle_test.c - random audiences against a look at every event of every customer.
 *
 * An audience is a random tree of AND, OR, NOT over what one can say of a customer; its members
 * by SQL must be those for whom a row-at-a-time evaluation of the same tree is true.
 */
#include "tests/support/event_log.h"

enum {
    CASES = 250,
    AUDIENCES = 20,
    DEPTH_MOST = 3
};

typedef struct audience_case {
    const event_log *log;
    unsigned vips;
    uint64_t *random;
    log_text *sql; /* where the tree is written */
} audience_case;

static unsigned below(audience_case *a, unsigned bound)
{
    return (unsigned)test_random_below(a->random, bound);
}

/* Customers that exist are those with an event. */
static unsigned everyone(const event_log *log)
{
    unsigned all = 0;

    for (int i = 0; i < log->count; i++) {
        all |= log->events[i].customer >= 0 ? 1u << log->events[i].customer : 0;
    }
    return all;
}

/* What a did() asks for. */
typedef struct deed {
    unsigned names;
    int channel; /* -1: any */
    bool says_least, says_most, bounded;
    unsigned at_least, at_most;
    int64_t since, until;
} deed;

static void make_deed(audience_case *a, deed *d)
{
    *d = (deed){.names = 1 + below(a, 15),
                .channel = below(a, 3) == 0 ? (int)below(a, 3) : -1,
                .says_least = below(a, 2) == 0,
                .says_most = below(a, 2) == 0,
                .bounded = below(a, 2) == 0,
                .at_most = UINT32_MAX,
                .since = a->log->events[below(a, (unsigned)a->log->count)].seconds};
    d->until = d->since + a->log->grid_seconds * below(a, 15);
    d->at_most = d->says_most ? below(a, 5) : UINT32_MAX;
    /* Left out, it is 1; but "at most n" alone has those who never did in it. */
    d->at_least = d->says_least ? below(a, 4) : d->says_most ? 0 : 1;
}

static void put_deed(const deed *d, log_text *sql)
{
    log_put(sql, "did(");
    log_put_condition(sql, d->names);
    if (d->channel >= 0) {
        log_put(sql, " AND channel = '%c'", 'x' + d->channel);
    }
    if (d->says_least) {
        log_put(sql, ", at_least => %u", d->at_least);
    }
    if (d->says_most) {
        log_put(sql, ", at_most => %u", d->at_most);
    }
    if (d->bounded) {
        log_put(sql, ", since => '");
        log_put_time(sql, d->since);
        log_put(sql, "', until => '");
        log_put_time(sql, d->until);
        log_put(sql, "'");
    }
    log_put(sql, ")");
}

static unsigned put_did(audience_case *a)
{
    unsigned counts[LOG_CUSTOMERS] = {0};
    unsigned members = 0;
    deed d;

    make_deed(a, &d);
    put_deed(&d, a->sql);
    for (int i = 0; i < a->log->count; i++) {
        const log_event *e = &a->log->events[i];
        if (e->customer >= 0 && (d.names >> e->event & 1) &&
            (d.channel < 0 || e->channel == d.channel) &&
            (!d.bounded || (e->seconds >= d.since && e->seconds < d.until))) {
            counts[e->customer]++;
        }
    }
    for (int c = 0; c < LOG_CUSTOMERS; c++) {
        members |= counts[c] >= d.at_least && counts[c] <= d.at_most ? 1u << c : 0;
    }
    return members & everyone(a->log);
}

/* customer IN (SELECT customer FROM events WHERE ...) */
static unsigned put_subquery(audience_case *a)
{
    const unsigned names = 1 + below(a, 15);
    const bool no_channel = below(a, 2) == 0;
    unsigned members = 0;

    log_put(a->sql, "customer IN (SELECT customer FROM events WHERE ");
    log_put_condition(a->sql, names);
    log_put(a->sql, no_channel ? " AND channel IS NULL)" : ")");
    for (int i = 0; i < a->log->count; i++) {
        const log_event *e = &a->log->events[i];
        if (e->customer >= 0 && (names >> e->event & 1) && (!no_channel || e->channel < 0)) {
            members |= 1u << e->customer;
        }
    }
    return members;
}

static unsigned put_leaf(audience_case *a)
{
    const unsigned one = below(a, LOG_CUSTOMERS);

    switch (below(a, 5)) {
    case 0:
        log_put(a->sql, "has_tag('vip')");
        return a->vips & everyone(a->log);
    case 1:
        log_put(a->sql, "customer IN ('c%u', 'c0', 'unknown')", one);
        return (1u << one | 1u) & everyone(a->log);
    case 2:
        return put_subquery(a);
    default:
        return put_did(a);
    }
}

static unsigned put_tree(audience_case *a, unsigned depth)
{
    const unsigned what = depth == 0 ? 3 : below(a, 4);
    unsigned left, right;

    if (what == 3) {
        return put_leaf(a);
    }
    if (what == 2) {
        log_put(a->sql, "NOT (");
        left = put_tree(a, depth - 1);
        log_put(a->sql, ")");
        return everyone(a->log) & ~left;
    }
    log_put(a->sql, "(");
    left = put_tree(a, depth - 1);
    log_put(a->sql, what ? " AND " : " OR ");
    right = put_tree(a, depth - 1);
    log_put(a->sql, ")");
    return what ? left & right : left | right;
}

/* The same people by name, by number, and by the rows of their events. */
static void check_audience(const event_log *log, muster *db, const char *condition,
                           unsigned members)
{
    static log_text sql, expected;
    int rows = 0;

    sql.size = expected.size = 0;
    expected.text[0] = 0;
    log_put(&sql, "SELECT customer FROM customers WHERE %s ORDER BY customer", condition);
    for (int c = 0; c < LOG_CUSTOMERS; c++) {
        if (members >> c & 1) {
            log_put(&expected, "c%d\n", c);
        }
    }
    log_expect(db, sql.text, expected.text);

    sql.size = expected.size = 0;
    for (int i = 0; i < log->count; i++) {
        rows += log->events[i].customer >= 0 && (members >> log->events[i].customer & 1);
    }
    log_put(&sql, "SELECT count(*), count(DISTINCT customer) FROM events WHERE %s", condition);
    log_put(&expected, "%d|%d\n", rows, __builtin_popcount(members));
    log_expect(db, sql.text, expected.text);
}

TEST(audiences_agree_with_a_look_at_every_event)
{
    static log_text condition;
    uint64_t random = test_seed();
    event_log log;

    for (int i = 0; i < CASES; i++) {
        log_make(&log, &random);
        const unsigned vips = (unsigned)test_random_below(&random, 1 << LOG_CUSTOMERS);
        muster *db = log_load(&log, vips, &random);
        assert_ok(muster_set_threads(db, i % 2 ? 1 : 4, &test_error));
        for (int n = 0; n < AUDIENCES; n++) {
            audience_case a = {&log, vips, &random, &condition};
            condition.size = 0;
            const unsigned members = put_tree(&a, (unsigned)test_random_below(&random, 4));
            check_audience(&log, db, condition.text, members);
        }
        muster_close(db);
    }
}
