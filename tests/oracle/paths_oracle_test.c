/*
 * paths_oracle_test.c - paths against the definition: all events of a customer that count put in
 * order, cut at the first start or goal, and read off one by one.
 */
#include "tests/support/ask.h"
#include "tests/support/event_log.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
    CASES = 80,
    PATHS = 12,
    STEPS_MOST = 6,
    NAMES = 6, /* of nodes: numbers in names[], the last one NULL */
    ROWS_MOST = LOG_CUSTOMERS * STEPS_MOST
};

/* By bytes, as nodes of one time are taken; NULL is the last. Some are called as what is none. */
static const char *const names[NAMES] = {"exit", "other", "x", "y", "z", NULL};

typedef struct paths {
    bool backward, collapse;
    unsigned names;  /* events that the start or the goal may be */
    int channel;     /* and its channel, or -1: any */
    bool by_channel; /* the node is the channel; else it is made of both */
    int steps, top;  /* top 0: all */
    int64_t within;  /* seconds; -1: no limit */
    unsigned where;  /* events that are looked at */
    bool bounded;
    int64_t since, until;
    unsigned among; /* customers; ~0: all */
} paths;

typedef enum kind {
    ENTRY,
    EXIT,
    NODE,
    OTHER
} kind;

static const char *const kinds[] = {"entry", "exit", "node", "other"};

/* A step of a customer. */
typedef struct row {
    int customer, step;
    int from, to; /* nodes */
    kind from_kind, to_kind;
    int64_t from_time, to_time;
} row;

static int node_of(const paths *p, const log_event *e)
{
    if (!p->by_channel && e->event < 2) {
        return e->event == 0 ? 1 : 0;
    }
    return e->channel < 0 ? NAMES - 1 : e->channel + 2;
}

static bool meets(const paths *p, const log_event *e)
{
    return (p->names >> e->event & 1) && (p->channel < 0 || e->channel == p->channel);
}

/* The order of all events: by time, then node, then those that meet the condition. */
static const paths *ordered_by;

static int compare_events(const void *left, const void *right)
{
    const log_event *a = left, *b = right;
    const int nodes = node_of(ordered_by, a) - node_of(ordered_by, b);

    if (a->seconds != b->seconds) {
        return a->seconds < b->seconds ? -1 : 1;
    }
    return nodes != 0 ? nodes : meets(ordered_by, b) - meets(ordered_by, a);
}

static int list_events(const event_log *log, const paths *p, int customer, log_event *out)
{
    int count = 0;

    for (int i = 0; i < log->count; i++) {
        if (log->events[i].customer == customer && (p->where >> log->events[i].event & 1)) {
            out[count++] = log->events[i];
        }
    }
    ordered_by = p;
    qsort(out, (size_t)count, sizeof *out, compare_events);
    return count;
}

/* The events on the customer's path, the start or the goal first; 0: there is none. */
static int list_path(const event_log *log, const paths *p, int customer, log_event *path)
{
    log_event all[LOG_MOST];
    const int count = list_events(log, p, customer, all);
    int first = 0, length = 0;

    while (first < count &&
           !(meets(p, &all[first]) &&
             (!p->bounded || (all[first].seconds >= p->since && all[first].seconds < p->until)))) {
        first++;
    }
    for (int i = first; i >= 0 && i < count && length <= p->steps; i += p->backward ? -1 : 1) {
        const int64_t apart = llabs(all[i].seconds - all[first].seconds);
        if (p->within >= 0 && apart > p->within) {
            break;
        }
        if (!p->collapse || length == 0 || node_of(p, &all[i]) != node_of(p, &path[length - 1])) {
            path[length++] = all[i];
        }
    }
    return length;
}

static int list_steps(const event_log *log, const paths *p, row *rows)
{
    log_event path[LOG_MOST];
    int count = 0;

    for (int c = 0; c < LOG_CUSTOMERS; c++) {
        const int length = p->among >> c & 1 ? list_path(log, p, c, path) : 0;
        for (int step = 1; step <= length && step <= p->steps; step++) {
            row *r = &rows[count++];
            const int node = node_of(p, &path[step - 1]);
            const bool last = step == length;
            const int next = last ? NAMES - 1 : node_of(p, &path[step]);
            const int64_t time = path[step - 1].seconds, next_time = last ? -1 : path[step].seconds;
            *r = (row){c, step, node, next, NODE, last ? EXIT : NODE, time, next_time};
            if (p->backward) {
                *r = (row){c, step, next, node, last ? ENTRY : NODE, NODE, next_time, time};
            }
        }
    }
    return count;
}

/* How many customers are at the node after so many steps. */
static int count_at(const row *rows, int count, const paths *p, int place, int node)
{
    int customers = 0;

    for (int i = 0; i < count; i++) {
        const row *r = &rows[i];
        const int near = p->backward ? r->to : r->from, far = p->backward ? r->from : r->to;
        const kind far_kind = p->backward ? r->from_kind : r->to_kind;
        customers += place == 0 ? r->step == 1 && near == node
                                : r->step == place && far == node && far_kind == NODE;
    }
    return customers;
}

static bool is_among_top(const row *rows, int count, const paths *p, int place, int node)
{
    const int customers = count_at(rows, count, p, place, node);
    int before = 0;

    for (int n = 0; n < NAMES; n++) {
        const int more = count_at(rows, count, p, place, n);
        before += more > customers || (more == customers && n < node && more > 0);
    }
    return before < p->top;
}

static void name_others(row *rows, int count, const paths *p)
{
    static row before[ROWS_MOST];

    memcpy(before, rows, (size_t)count * sizeof *rows);
    for (int i = 0; i < count && p->top > 0; i++) {
        row *r = &rows[i];
        const int from_place = p->backward ? r->step : r->step - 1;
        const int to_place = p->backward ? r->step - 1 : r->step;
        if (r->from_kind == NODE && !is_among_top(before, count, p, from_place, r->from)) {
            r->from_kind = OTHER;
        }
        if (r->to_kind == NODE && !is_among_top(before, count, p, to_place, r->to)) {
            r->to_kind = OTHER;
        }
    }
    for (int i = 0; i < count; i++) { /* whatever stood there */
        rows[i].from = rows[i].from_kind == NODE ? rows[i].from : -1;
        rows[i].to = rows[i].to_kind == NODE ? rows[i].to : -1;
    }
}

static void put_node(log_text *out, int node, kind k)
{
    const char *name = k == NODE ? names[node] : kinds[k];

    log_put(out, "%s|", name ? name : "-");
}

static void put_time(log_text *out, int64_t seconds)
{
    if (seconds < 0) {
        log_put(out, "-|");
        return;
    }
    log_put_time(out, seconds);
    log_put(out, "|");
}

static void put_people(const row *rows, int count, log_text *out)
{
    for (int i = 0; i < count; i++) {
        const row *r = &rows[i];
        log_put(out, "c%d|%d|", r->customer, r->step);
        put_node(out, r->from, r->from_kind);
        put_node(out, r->to, r->to_kind);
        put_time(out, r->from_time);
        put_time(out, r->to_time);
        log_put(out, "%s|%s\n", kinds[r->from_kind], kinds[r->to_kind]);
    }
}

/* As the report is asked for: kinds are in the order of their names, and so are nodes. */
static int compare_rows(const void *left, const void *right)
{
    const row *a = left, *b = right;
    const int differences[] = {a->step - b->step, (int)a->from_kind - (int)b->from_kind,
                               a->from - b->from, (int)a->to_kind - (int)b->to_kind, a->to - b->to};

    for (size_t i = 0; i < MU_COUNT(differences); i++) {
        if (differences[i] != 0) {
            return differences[i];
        }
    }
    return 0;
}

static void put_report(row *rows, int count, log_text *out)
{
    qsort(rows, (size_t)count, sizeof *rows, compare_rows);
    for (int i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && compare_rows(&rows[i], &rows[end]) == 0; end++) {
        }
        log_put(out, "%d|", rows[i].step);
        put_node(out, rows[i].from, rows[i].from_kind);
        put_node(out, rows[i].to, rows[i].to_kind);
        log_put(out, "%d|%s|%s\n", end - i, kinds[rows[i].from_kind], kinds[rows[i].to_kind]);
    }
}

static void put_call(const paths *p, const char *relation, log_text *sql)
{
    log_put(sql, "FROM %s(events, %s => ", relation, p->backward ? "goal" : "start");
    log_put_condition(sql, p->names);
    if (p->channel >= 0) {
        log_put(sql, " AND channel = '%c'", 'x' + p->channel);
    }
    log_put(sql, ", node => %s, steps => %d",
            p->by_channel
                ? "channel"
                : "CASE event WHEN 'a' THEN 'other' WHEN 'b' THEN 'exit' ELSE channel END",
            p->steps);
    if (p->where != 15) {
        log_put(sql, ", where => ");
        log_put_condition(sql, p->where);
    }
    if (p->top > 0) {
        log_put(sql, ", top => %d", p->top);
    }
    log_put(sql, "%s", p->collapse ? ", collapse => true" : "");
    if (p->within >= 0) {
        log_put(sql, ", within => INTERVAL '%" PRId64 " seconds'", p->within);
    }
    if (p->bounded) {
        log_put(sql, ", since => '");
        log_put_time(sql, p->since);
        log_put(sql, "', until => TIMESTAMP '");
        log_put_time(sql, p->until);
        log_put(sql, "'");
    }
    log_put(sql, "%s)", p->among != ~0u ? ", among => has_tag('vip')" : "");
}

static void make_paths(const event_log *log, unsigned vips, paths *p, uint64_t *random)
{
    const int64_t grid = log->grid_seconds, first = log->events[0].seconds;

    *p = (paths){
        .backward = test_random_below(random, 2) == 0,
        .collapse = test_random_below(random, 3) == 0,
        .names = 1 + (unsigned)test_random_below(random, 15),
        .channel = (int)test_random_below(random, 6) - 3,
        .by_channel = test_random_below(random, 2) == 0,
        .steps = 1 + (int)test_random_below(random, STEPS_MOST),
        .top = (int)test_random_below(random, 4),
        .within = test_random_below(random, 3) ? -1 : (int64_t)test_random_below(random, 9) * grid,
        .where = test_random_below(random, 3) ? 15 : 1 + (unsigned)test_random_below(random, 15),
        .bounded = test_random_below(random, 2) == 0,
        .since = first - (int64_t)test_random_below(random, 4) * grid,
        .until = first + (int64_t)test_random_below(random, 9) * grid,
        .among = test_random_below(random, 4) ? ~0u : vips,
    };
}

/* The customers who come to a node by a step are those who leave it by the next. */
static void expect_balance(muster *db, const char *call, const paths *p)
{
    static log_text sql;
    const char *near = p->backward ? "to" : "from", *far = p->backward ? "from" : "to";

    sql.size = 0;
    log_put(&sql,
            "WITH p AS (%s), came AS (SELECT step + 1, \"%s\", %s_kind, sum(customers) FROM p "
            "WHERE %s_kind IN ('node', 'other') AND step < %d GROUP BY ALL), "
            "went AS (SELECT step, \"%s\", %s_kind, sum(customers) FROM p WHERE step > 1 "
            "GROUP BY ALL) SELECT count(*) FROM ((FROM came EXCEPT FROM went) UNION ALL "
            "(FROM went EXCEPT FROM came))",
            call, far, far, far, p->steps, near, near);
    log_expect(db, sql.text, "0\n");
}

static void check_paths(muster *db, const event_log *log, const paths *p)
{
    static log_text call, sql, expected;
    static row rows[ROWS_MOST];
    const int count = list_steps(log, p, rows);

    name_others(rows, count, p);
    sql.size = expected.size = 0;
    expected.text[0] = 0;
    put_call(p, "paths_customers", &sql);
    log_put(&sql, " ORDER BY customer, step");
    put_people(rows, count, &expected);
    log_expect(db, sql.text, expected.text);

    call.size = sql.size = expected.size = 0;
    expected.text[0] = 0;
    put_call(p, "paths", &call);
    log_put(&sql, "%s ORDER BY step, from_kind, \"from\", to_kind, \"to\"", call.text);
    put_report(rows, count, &expected);
    log_expect(db, sql.text, expected.text);
    expect_balance(db, call.text, p);
}

/* One of them is erased, or nobody. */
static void erase(muster *db, event_log *log, uint64_t *random)
{
    char sql[80];
    const int customer = (int)test_random_below(random, 3 * LOG_CUSTOMERS);

    (void)snprintf(sql, sizeof sql, "DELETE FROM customers WHERE customer = 'c%d'", customer);
    ask_run(db, sql);
    for (int i = 0; i < log->count; i++) {
        if (log->events[i].customer == customer) {
            log->events[i].customer = -1;
        }
    }
}

TEST(paths_agree_with_reading_off_every_event)
{
    uint64_t random = test_seed();
    event_log log;
    paths p;

    for (int i = 0; i < CASES; i++) {
        const unsigned vips = (unsigned)test_random_below(&random, 1u << LOG_CUSTOMERS);
        log_make(&log, &random);
        muster *db = log_load(&log, vips, &random);
        assert_ok(muster_set_threads(db, i % 2 ? 1 : 4, &test_error));
        erase(db, &log, &random);
        for (int n = 0; n < PATHS; n++) {
            make_paths(&log, vips, &p, &random);
            check_paths(db, &log, &p);
        }
        muster_close(db);
    }
}
