/*
 * explain_test.c - EXPLAIN ANALYZE: what it says of each node is what the node did.
 *
 * A line has the node's rows, its own time, bytes read and memory in columns of fixed width, and
 * then the words. The last lines are about all of it.
 */
#include "include/muster.h"

#include "query/bandwidth.h"
#include "tests/support/ask.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

enum {
    ROWS_END = 12,
    TIME_END = ROWS_END + 14,
    READ_END = TIME_END + 12,
    WORDS = READ_END + 12,
    LINES = 64,
    LINE = 512,
};

/* An answer, line by line. */
typedef struct answer {
    char lines[LINES][LINE];
    uint32_t count;
    uint64_t bytes_read;
} answer;

static muster *open_shop(uint32_t threads, uint32_t customers, uint32_t events)
{
    muster *db;
    char sql[512];

    assert_ok(muster_open(NULL, NULL, &db, &test_error));
    assert_ok(muster_set_threads(db, threads, &test_error));
    ask_run(db,
            "CREATE TABLE events (customer BIGINT CUSTOMER, ts TIMESTAMP TIME, event TEXT EVENT, "
            "sku BIGINT)");
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO events SELECT n %% %u, TIMESTAMP '2024-01-01' + n * INTERVAL '1 "
                   "hour', CASE WHEN n %% 3 = 0 THEN 'pay' ELSE 'view' END, n %% 7 FROM "
                   "generate_series(1, %u) AS g(n)",
                   customers, events);
    ask_run(db, sql);
    ask_run(db, "CREATE TABLE products (sku BIGINT, name TEXT)");
    ask_run(db, "INSERT INTO products VALUES (1, 'pen'), (2, 'ink'), (9, 'pad')");
    ask_run(db, "CREATE TAG payers AS SELECT customer FROM events WHERE event = 'pay'");
    return db;
}

static void explain(muster_connection *c, const char *query, answer *out)
{
    char sql[1024];
    muster_statement *s;
    bool row;

    (void)snprintf(sql, sizeof sql, "EXPLAIN ANALYZE %s", query);
    assert_ok(muster_prepare(c, sql, NULL, &s, &test_error));
    out->count = 0;
    for (;;) {
        assert_ok(muster_step(s, &row, &test_error));
        if (!row) {
            break;
        }
        assert_true(out->count < LINES);
        (void)snprintf(out->lines[out->count++], LINE, "%s", muster_text(s, 0, NULL));
    }
    out->bytes_read = muster_bytes_read(s);
    muster_finish(s);
}

/* Of a node: those about all of it begin at once. */
static bool is_figures(const char *line)
{
    return line[0] == ' ' && strlen(line) > WORDS;
}

/* A number between two columns; 0 where there is none. `unit` stands behind it. */
static double figure(const char *line, uint32_t from, uint32_t end, const char *unit)
{
    char text[32] = "", *rest;

    memcpy(text, line + from, end - from);
    const double number = strtod(text, &rest);
    if (rest != text && *unit) {
        assert_non_null(strstr(rest, unit));
    }
    return number;
}

static const char *const queries[] = {
    "SELECT event, count(*) FROM events GROUP BY event ORDER BY 2 DESC",
    "SELECT count(*) FROM events",
    "SELECT customer, count(DISTINCT event) FROM events GROUP BY customer",
    "SELECT customer, ts FROM events ORDER BY ts DESC LIMIT 5",
    "SELECT * FROM events JOIN products USING (sku)",
    "SELECT * FROM events LEFT JOIN products USING (sku)",
    "SELECT * FROM events FULL JOIN products USING (sku)",
    "SELECT count(*) FROM events e JOIN customers c USING (customer)",
    "SELECT name FROM products p SEMI JOIN events e ON p.sku = e.sku",
    "SELECT customer FROM customers WHERE did(event = 'pay', at_least => 2) AND has_tag('payers')",
    "SELECT customer FROM customers WHERE did_without(event = 'view', event = 'pay', within => "
    "INTERVAL '1 day')",
    "SELECT customer FROM customers WHERE measure(count(*), event = 'pay') > 1 AND "
    "has_tag('payers')",
    "SELECT measure(max(ts)) FROM customers",
    "SELECT sku FROM events WHERE sku > (SELECT min(sku) FROM products)",
    "SELECT sku FROM events WHERE customer IN (SELECT customer FROM events WHERE sku = 2)",
    "SELECT name, (SELECT count(*) FROM events e WHERE e.sku = p.sku) FROM products p",
    "SELECT customer, row_number() OVER (PARTITION BY customer ORDER BY ts) FROM events",
    "SELECT sku FROM events UNION SELECT sku FROM products",
    "SELECT sku FROM products EXCEPT ALL SELECT sku FROM events",
    "FROM funnel(events, steps => [step(event = 'view'), step(event = 'pay')])",
    "FROM retention(events, start => event = 'view', back => true, unit => 'month', periods => 3)",
    "FROM intervals(events, start => event = 'view', next => event = 'pay', by => event)",
    "FROM lifecycle(events, active => event = 'view', unit => 'month', lost_after => 3)",
    "VALUES (1), (2)",
};

static bool says(const answer *a, const char *words)
{
    bool found = false;

    for (uint32_t i = 0; i < a->count; i++) {
        found = found || strstr(a->lines[i], words);
    }
    return found;
}

static void check_query(muster_connection *c, const char *query)
{
    char sql[1024], count[32];
    static answer a;
    double bytes = 0;

    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM (%s) AS counted", query);
    assert_ok(ask_on(c, sql, count, sizeof count, &test_error));
    explain(c, query, &a);
    assert_true(a.count >= 3);
    assert_int_equal(figure(a.lines[1], 0, ROWS_END, ""), strtol(count, NULL, 10));
    for (uint32_t i = 1; i < a.count && is_figures(a.lines[i]); i++) {
        bytes += figure(a.lines[i], TIME_END, READ_END, "bytes");
    }
    assert_int_equal(bytes, a.bytes_read);
    assert_int_equal(says(&a, "run 2 times"), strstr(query, "FULL JOIN") != NULL);
    assert_int_equal(strtoull(a.lines[a.count - 2], NULL, 10), strtol(count, NULL, 10));
}

/* So few that all bytes are told exactly. */
TEST(the_rows_and_bytes_of_nodes_are_those_of_the_query)
{
    for (uint32_t threads = 1; threads <= 4; threads += 3) {
        muster *db = open_shop(threads, 20, 60);
        muster_connection *c = ask_connect(db);
        for (size_t i = 0; i < MU_COUNT(queries); i++) {
            check_query(c, queries[i]);
        }
        muster_disconnect(c);
        muster_close(db);
    }
}

/* "1000 rows in 12.34 ms, 4 threads; ..." */
static double wall_of(const answer *a)
{
    for (uint32_t i = 1; i < a->count; i++) {
        const char *in = is_figures(a->lines[i]) ? NULL : strstr(a->lines[i], " in ");
        if (in) {
            return strtod(in + 4, NULL);
        }
    }
    fail_msg("no line says how long it took");
    return 0;
}

/* Customers of several stripes, so that threads share the work. */
TEST(own_times_are_no_more_than_all_threads_had)
{
    static answer a;
    const uint32_t threads = 4;
    muster *db = open_shop(threads, 150000, 150000);
    muster_connection *c = ask_connect(db);

    for (size_t i = 0; i < MU_COUNT(queries); i++) {
        double own = 0;
        explain(c, queries[i], &a);
        for (uint32_t l = 1; l < a.count && is_figures(a.lines[l]); l++) {
            own += figure(a.lines[l], ROWS_END, TIME_END, "ms");
        }
        assert_true(own <= wall_of(&a) * threads + 0.01 * a.count); /* each is rounded */
    }
    muster_disconnect(c);
    muster_close(db);
}

/* Every node's rows, then its words up to the first detail. */
static void check_shape(muster_connection *c, const char *query, const char *const *wanted)
{
    static answer a;

    explain(c, query, &a);
    for (uint32_t i = 0; wanted[i]; i++) {
        char found[LINE];
        const char *line = a.lines[i + 1];
        const char *words = line + WORDS;
        (void)snprintf(found, sizeof found, "%.0f%.*s", figure(line, 0, ROWS_END, ""),
                       (int)strcspn(words, ";"), words);
        assert_string_equal(found, wanted[i]);
    }
}

TEST(every_node_says_how_many_rows_came_out)
{
    static const char *const joined[] = {"3compute name, count",
                                         "3  group by name: count(*)",
                                         "19    left join on p.sku = e.sku",
                                         "3      scan products as p: sku, name",
                                         "60      kept: scan events as e: sku",
                                         NULL};
    static const char *const nested[] = {"1compute count",
                                         "1  aggregate: count(*)",
                                         "16    scan events: sku",
                                         "0      subquery 1",
                                         "1        compute max",
                                         "1          aggregate: max(sku)",
                                         "2            scan products: sku, name",
                                         NULL};
    muster *db = open_shop(1, 20, 60);
    muster_connection *c = ask_connect(db);

    check_shape(c,
                "SELECT p.name, count(*) FROM products p LEFT JOIN events e ON p.sku = e.sku GROUP "
                "BY p.name",
                joined);
    check_shape(c,
                "SELECT count(*) FROM events WHERE sku > 4 AND sku < (SELECT max(sku) FROM "
                "products WHERE name <> 'ink')",
                nested);
    muster_disconnect(c);
    muster_close(db);
}

/* Rows in an order of their own come to every stripe of customers in every batch. */
TEST(a_set_of_customers_is_found_once_for_rows_in_any_order)
{
    static answer few, many;
    muster *db = open_shop(1, 150000, 150000);
    muster_connection *c = ask_connect(db);

    explain(c,
            "SELECT count(*) FROM (SELECT customer FROM events ORDER BY customer * 7919 % 150001 "
            "LIMIT 1000) AS q WHERE did(sku = 2, table => events)",
            &few);
    explain(c,
            "SELECT count(*) FROM (SELECT customer FROM events ORDER BY customer * 7919 % 150001 "
            "LIMIT 20000) AS q WHERE did(sku = 2, table => events)",
            &many);
    assert_int_equal(few.bytes_read, many.bytes_read);
    muster_disconnect(c);
    muster_close(db);
}

TEST(memory_is_read_at_some_speed)
{
    uint64_t rate = 0;
    mu_pool *pool;
    const atomic_bool cancel = true;

    assert_ok(mu_pool_open(2, &pool, &test_error));
    assert_ok(mu_bandwidth_measure(pool, NULL, &rate, &test_error));
    assert_true(rate > 0);
    assert_ok(mu_bandwidth_measure(NULL, NULL, &rate, &test_error));
    assert_status(MUSTER_CANCELLED, mu_bandwidth_measure(pool, &cancel, &rate, &test_error));
    mu_pool_close(pool);
}
