/*
 * audience_oracle_test.c - random audiences against a look at every event of every customer.
 *
 * An audience is a random tree of AND, OR, NOT over what one can say of a customer; its members
 * by SQL must be those for whom a row-at-a-time evaluation of the same tree is true.
 */
#include <inttypes.h>

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
    char *sql; /* where the text of the tree is written */
} audience_case;

static unsigned below(audience_case *a, unsigned bound)
{
    return (unsigned)test_random_below(a->random, bound);
}

static void put(audience_case *a, const char *text)
{
    a->sql += sprintf(a->sql, "%s", text);
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

/* did(event IN (...) [AND channel = 'x'] [, at_least => n, at_most => m] [, since, until]) */
static unsigned put_did(audience_case *a)
{
    const unsigned names = 1 + below(a, 15);
    const int channel = below(a, 3) == 0 ? (int)below(a, 3) : -1;
    const unsigned at_most = below(a, 2) ? 1000 : below(a, 5);
    const bool says_least = below(a, 2) == 0;
    /* Left out, it is 1; but "at most n" alone has those who never did in it. */
    const unsigned at_least = says_least ? below(a, 4) : at_most == 1000 ? 1 : 0;
    const bool bounded = below(a, 2) == 0;
    const int64_t since = a->log->events[below(a, (unsigned)a->log->count)].seconds;
    const int64_t until = since + a->log->grid_seconds * below(a, 15);
    int counts[LOG_CUSTOMERS] = {0};
    char text[64];
    unsigned members = 0;

    log_condition(names, text);
    a->sql += sprintf(a->sql, "did(%s", text);
    if (channel >= 0) {
        a->sql += sprintf(a->sql, " AND channel = '%c'", 'x' + channel);
    }
    if (says_least) {
        a->sql += sprintf(a->sql, ", at_least => %u", at_least);
    }
    if (at_most != 1000) {
        a->sql += sprintf(a->sql, ", at_most => %u", at_most);
    }
    if (bounded) {
        log_time(since, text);
        a->sql += sprintf(a->sql, ", since => '%s'", text);
        log_time(until, text);
        a->sql += sprintf(a->sql, ", until => '%s'", text);
    }
    put(a, ")");
    for (int i = 0; i < a->log->count; i++) {
        const log_event *e = &a->log->events[i];
        if (e->customer >= 0 && (names >> e->event & 1) && (channel < 0 || e->channel == channel) &&
            (!bounded || (e->seconds >= since && e->seconds < until))) {
            counts[e->customer]++;
        }
    }
    for (int c = 0; c < LOG_CUSTOMERS; c++) {
        members |= (unsigned)counts[c] >= at_least && (unsigned)counts[c] <= at_most ? 1u << c : 0;
    }
    return members & everyone(a->log);
}

/* customer IN (SELECT customer FROM events WHERE ...) */
static unsigned put_subquery(audience_case *a)
{
    const unsigned names = 1 + below(a, 15);
    const bool no_channel = below(a, 2) == 0;
    char text[64];
    unsigned members = 0;

    log_condition(names, text);
    a->sql += sprintf(a->sql, "customer IN (SELECT customer FROM events WHERE %s%s)", text,
                      no_channel ? " AND channel IS NULL" : "");
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
        put(a, "has_tag('vip')");
        return a->vips & everyone(a->log);
    case 1:
        a->sql += sprintf(a->sql, "customer IN ('c%u', 'c0', 'unknown')", one);
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
        put(a, "NOT (");
        left = put_tree(a, depth - 1);
        put(a, ")");
        return everyone(a->log) & ~left;
    }
    put(a, "(");
    left = put_tree(a, depth - 1);
    put(a, what ? " AND " : " OR ");
    right = put_tree(a, depth - 1);
    put(a, ")");
    return what ? left & right : left | right;
}

static void expect_members(unsigned members, char *out)
{
    out[0] = 0;
    for (int c = 0; c < LOG_CUSTOMERS; c++) {
        if (members >> c & 1) {
            out += sprintf(out, "c%d\n", c);
        }
    }
}

/* The same people by name, by number, and by the rows of their events. */
static void check_audience(const event_log *log, muster *db, const char *condition,
                           unsigned members)
{
    static char sql[8192], found[4096], expected[4096];
    int rows = 0;

    snprintf(sql, sizeof sql, "SELECT customer FROM customers WHERE %s ORDER BY customer",
             condition);
    expect_members(members, expected);
    log_ask(db, sql, found, sizeof found);
    if (strcmp(found, expected) != 0) {
        fail_msg("%s\n--- expected\n%s--- found\n%s", sql, expected, found);
    }
    for (int i = 0; i < log->count; i++) {
        rows += log->events[i].customer >= 0 && (members >> log->events[i].customer & 1);
    }
    snprintf(sql, sizeof sql, "SELECT count(*), count(DISTINCT customer) FROM events WHERE %s",
             condition);
    snprintf(expected, sizeof expected, "%d|%d\n", rows, __builtin_popcount(members));
    log_ask(db, sql, found, sizeof found);
    if (strcmp(found, expected) != 0) {
        fail_msg("%s\n--- expected\n%s--- found\n%s", sql, expected, found);
    }
}

TEST(audiences_agree_with_a_look_at_every_event)
{
    static char condition[4096];
    uint64_t random = test_seed();
    event_log log;

    for (int i = 0; i < CASES; i++) {
        log_make(&log, &random);
        const unsigned vips = (unsigned)test_random_below(&random, 1 << LOG_CUSTOMERS);
        muster *db = log_load(&log, vips, &random);
        assert_ok(muster_set_threads(db, i % 2 ? 1 : 4, &test_error));
        for (int n = 0; n < AUDIENCES; n++) {
            audience_case a = {&log, vips, &random, condition};
            const unsigned members = put_tree(&a, (unsigned)test_random_below(&random, 4));
            check_audience(&log, db, condition, members);
        }
        muster_close(db);
    }
}
