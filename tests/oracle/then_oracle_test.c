/*
 * then_oracle_test.c - random did_then() and did_without() against every pair of events there is.
 *
 * The definition, word by word: someone did one thing and then another if some event meets the
 * first condition, in the range, and some other event meets the second, no earlier and no more than
 * `within` later, with an equal value where one is asked for. Someone did without if some event
 * meets the first, in the range, no other event is like that, and its time was over at `as_of`.
 */
#include "tests/support/ask.h"
#include "tests/support/event_log.h"

enum {
    CASES = 250,
    QUESTIONS = 20
};

/* What one side asks of an event. */
typedef struct condition {
    unsigned names;
    int channel; /* -1: any */
} condition;

typedef struct question {
    condition first, second;
    bool without, bounded, same, as_of_given;
    int64_t since, until, within, as_of;
} question;

typedef struct asked {
    event_log log;
    uint64_t *random;
    bool newest_erased; /* then the newest event is no one's who is still there */
} asked;

static unsigned below(asked *a, unsigned bound)
{
    return (unsigned)test_random_below(a->random, bound);
}

static bool meets(const condition *c, const log_event *e)
{
    return (c->names >> e->event & 1) && (c->channel < 0 || e->channel == c->channel);
}

static bool answers(const question *q, const log_event *a, const log_event *b)
{
    return a != b && a->customer == b->customer && meets(&q->second, b) &&
           b->seconds >= a->seconds && b->seconds <= a->seconds + q->within &&
           (!q->same || (a->channel >= 0 && a->channel == b->channel));
}

static bool counts(const event_log *log, const question *q, const log_event *a)
{
    bool answered = false;

    if (a->customer < 0 || !meets(&q->first, a) ||
        (q->bounded && (a->seconds < q->since || a->seconds >= q->until))) {
        return false;
    }
    for (int i = 0; i < log->count; i++) {
        answered |= answers(q, a, &log->events[i]);
    }
    return q->without ? !answered && a->seconds + q->within <= q->as_of : answered;
}

static unsigned find_members(const event_log *log, const question *q)
{
    unsigned members = 0;

    for (int i = 0; i < log->count; i++) {
        if (counts(log, q, &log->events[i])) {
            members |= 1u << log->events[i].customer;
        }
    }
    return members;
}

static int64_t newest(const event_log *log)
{
    int64_t seconds = INT64_MIN;

    for (int i = 0; i < log->count; i++) {
        seconds = log->events[i].seconds > seconds ? log->events[i].seconds : seconds;
    }
    return seconds;
}

/* A time at or near one of the events. */
static int64_t some_time(asked *a)
{
    return a->log.events[below(a, (unsigned)a->log.count)].seconds + (int64_t)below(a, 3) - 1;
}

static void make_question(asked *a, question *q)
{
    *q = (question){
        .first = {1 + below(a, 15), below(a, 4) == 0 ? (int)below(a, 3) : -1},
        .second = {1 + below(a, 15), below(a, 4) == 0 ? (int)below(a, 3) : -1},
        .without = below(a, 2) == 0,
        .bounded = below(a, 2) == 0,
        .same = below(a, 2) == 0,
        .as_of_given = a->newest_erased || below(a, 2) == 0,
        .since = some_time(a),
        .within = a->log.grid_seconds * below(a, 6) + (int64_t)below(a, 3) - 1,
        .as_of = newest(&a->log),
    };
    if (below(a, 4) == 0) {
        q->second = q->first;
    }
    q->within = q->within < 0 ? 0 : q->within;
    q->until = q->since + a->log.grid_seconds * below(a, 15);
    q->as_of_given = q->as_of_given && q->without;
    if (q->as_of_given) {
        q->as_of = some_time(a) + q->within;
    }
}

static void put_condition(const condition *c, log_text *sql)
{
    log_put_condition(sql, c->names);
    if (c->channel >= 0) {
        log_put(sql, " AND channel = '%c'", 'x' + c->channel);
    }
}

static void put_question(const question *q, log_text *sql)
{
    log_put(sql, "%s(", q->without ? "did_without" : "did_then");
    put_condition(&q->first, sql);
    log_put(sql, ", ");
    put_condition(&q->second, sql);
    log_put(sql, ", within => INTERVAL '%lld seconds'", (long long)q->within);
    log_put(sql, q->same ? ", same => channel" : "");
    if (q->bounded) {
        log_put(sql, ", since => '");
        log_put_time(sql, q->since);
        log_put(sql, "', until => '");
        log_put_time(sql, q->until);
        log_put(sql, "'");
    }
    if (q->as_of_given) {
        log_put(sql, ", as_of => '");
        log_put_time(sql, q->as_of);
        log_put(sql, "'");
    }
    log_put(sql, ")");
}

static void check_question(asked *a, muster *db)
{
    static log_text sql, expected;
    question q;

    make_question(a, &q);
    const unsigned members = find_members(&a->log, &q);
    sql.size = expected.size = 0;
    expected.text[0] = 0;
    log_put(&sql, "SELECT customer FROM customers WHERE ");
    put_question(&q, &sql);
    log_put(&sql, " ORDER BY customer");
    for (int c = 0; c < LOG_CUSTOMERS; c++) {
        if (members >> c & 1) {
            log_put(&expected, "c%d\n", c);
        }
    }
    log_expect(db, sql.text, expected.text);
}

/* Erases someone, whose events are then in no answer. */
static void erase(asked *a, muster *db)
{
    const int customer = (int)below(a, LOG_CUSTOMERS);
    const int64_t before = newest(&a->log);
    char sql[80];
    int kept = 0;

    (void)snprintf(sql, sizeof sql, "DELETE FROM customers WHERE customer = 'c%d'", customer);
    ask_run(db, sql);
    for (int i = 0; i < a->log.count; i++) {
        if (a->log.events[i].customer != customer) {
            a->log.events[kept++] = a->log.events[i];
        }
    }
    a->log.count = kept;
    a->newest_erased |= kept > 0 && newest(&a->log) != before;
}

TEST(did_then_and_did_without_agree_with_a_look_at_every_pair)
{
    uint64_t random = test_seed();
    asked a = {.random = &random};

    for (int i = 0; i < CASES; i++) {
        log_make(&a.log, &random);
        a.newest_erased = false;
        muster *db = log_load(&a.log, 0, &random);
        assert_ok(muster_set_threads(db, i % 2 ? 1 : 4, &test_error));
        for (int n = 0; n < QUESTIONS && a.log.count > 0; n++) {
            if (below(&a, 40) == 0) {
                erase(&a, db);
            } else if (below(&a, 40) == 0) {
                ask_run(db, "CHECKPOINT");
            } else {
                check_question(&a, db);
            }
        }
        muster_close(db);
    }
}
