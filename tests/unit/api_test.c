/*
 * api_test.c - muster.h as its callers see it: rows, values, scripts, cancelling, no memory.
 */
#include "include/muster.h"

#include "storage/base/mem.h"
#include "tests/support/ask.h"
#include "tests/support/test.h"

static muster *open_database(void)
{
    muster *db;

    assert_ok(muster_open(NULL, NULL, &db, &test_error));
    assert_ok(muster_set_threads(db, 1, &test_error));
    return db;
}

static muster_status run(muster_connection *c, const char *sql, muster_error *err)
{
    char answer[16];

    return ask_on(c, sql, answer, sizeof answer, err);
}

static muster_statement *first_row(muster_connection *c, const char *sql)
{
    muster_statement *statement;
    bool row;

    assert_ok(muster_prepare(c, sql, NULL, &statement, &test_error));
    assert_ok(muster_step(statement, &row, &test_error));
    assert_true(row);
    return statement;
}

TEST(a_value_is_read_as_a_number_or_as_text)
{
    muster *db = open_database();
    muster_connection *c = ask_connect(db);
    muster_statement *s = first_row(
        c, "SELECT 7, 1.25, 2.5e0, 'x''y', DATE '1970-01-03', TIMESTAMP '1970-01-01 00:00:01', "
           "true, NULL, INTERVAL '2 hours', -1e300, ''");
    static const struct {
        muster_type type;
        int64_t number;
        double real;
        const char *text;
    } wanted[] = {
        {MUSTER_TYPE_BIGINT, 7, 7, "7"},
        {MUSTER_TYPE_DECIMAL, 125, 1.25, "1.25"},
        {MUSTER_TYPE_DOUBLE, 2, 2.5, "2.5"},
        {MUSTER_TYPE_TEXT, 0, 0, "x'y"},
        {MUSTER_TYPE_DATE, 2, 2, "1970-01-03"},
        {MUSTER_TYPE_TIMESTAMP, 1000000, 1000000, "1970-01-01 00:00:01"},
        {MUSTER_TYPE_BOOLEAN, 1, 1, "true"},
        {MUSTER_TYPE_TEXT, 0, 0, NULL},
        {MUSTER_TYPE_INTERVAL, INT64_C(7200000000), 7200000000.0, "02:00:00"},
        {MUSTER_TYPE_DOUBLE, INT64_MIN, -1e300, "-1e+300"},
        {MUSTER_TYPE_TEXT, 0, 0, ""},
    };

    assert_int_equal(muster_column_count(s), MU_COUNT(wanted));
    for (uint32_t i = 0; i < MU_COUNT(wanted); i++) {
        size_t size = 99;
        const char *text = muster_text(s, i, &size);
        assert_int_equal(muster_column_type(s, i), wanted[i].type);
        assert_int_equal(muster_int64(s, i), wanted[i].number);
        assert_true(muster_double(s, i) == wanted[i].real);
        assert_int_equal(muster_is_null(s, i), wanted[i].text == NULL);
        if (wanted[i].text) {
            assert_string_equal(text, wanted[i].text);
        } else {
            assert_null(text);
        }
        assert_int_equal(size, wanted[i].text ? strlen(wanted[i].text) : 0);
    }
    assert_int_equal(muster_column_scale(s, 1), 2);
    assert_string_equal(muster_column_name(s, 1), "1.25");
    muster_finish(s);
    muster_disconnect(c);
    muster_close(db);
}

TEST(after_the_last_row_there_is_none_however_often_one_asks)
{
    muster *db = open_database();
    muster_connection *c = ask_connect(db);
    muster_statement *s = first_row(c, "SELECT 1");
    bool row = true;

    for (int i = 0; i < 3; i++) {
        assert_ok(muster_step(s, &row, &test_error));
        assert_false(row);
    }
    assert_true(muster_is_null(s, 0));
    muster_finish(s);
    muster_disconnect(c);
    muster_close(db);
}

TEST(ids_are_text_or_numbers_as_the_table_says)
{
    muster *db = open_database();
    muster_connection *c = ask_connect(db);

    assert_ok(run(c,
                  "CREATE TABLE e (id BIGINT CUSTOMER, ts TIMESTAMP TIME);"
                  "INSERT INTO e VALUES (-12, '2024-01-01')",
                  &test_error));
    muster_statement *s = first_row(c, "SELECT customer FROM e");
    assert_int_equal(muster_column_type(s, 0), MUSTER_TYPE_BIGINT);
    assert_int_equal(muster_int64(s, 0), -12);
    assert_string_equal(muster_text(s, 0, NULL), "-12");
    muster_finish(s);
    muster_disconnect(c);
    muster_close(db);
}

TEST(a_set_of_customers_is_its_bytes_and_as_text_how_many_there_are)
{
    muster *db = open_database();
    muster_connection *c = ask_connect(db);
    const uint8_t three[] = {0x3a, 0x30, 0, 0, 1, 0, 0, 0, 0, 0, 2,
                             0,    16,   0, 0, 0, 0, 0, 2, 0, 4, 0};
    const muster_batch *batch;
    size_t size;

    assert_ok(run(c,
                  "CREATE TABLE e (id TEXT CUSTOMER, ts TIMESTAMP TIME, n BIGINT);"
                  "INSERT INTO e SELECT 'c' || i, '2024-01-01', i FROM generate_series(0, 5) AS "
                  "s(i)",
                  &test_error));
    muster_statement *s =
        first_row(c, "SELECT bitmap_agg(customer) FILTER (WHERE n % 2 = 0), 'x', min(n) FROM e");
    assert_int_equal(muster_column_type(s, 0), MUSTER_TYPE_BITMAP);
    assert_string_equal(muster_text(s, 0, NULL), "{3 customers}");
    assert_int_equal(muster_int64(s, 0), 0);
    const void *bytes = muster_bytes(s, 0, &size);
    assert_int_equal(size, sizeof three);
    assert_memory_equal(bytes, three, sizeof three);
    assert_memory_equal(muster_bytes(s, 1, &size), "x", 1);
    assert_int_equal(size, 1);
    assert_null(muster_bytes(s, 2, &size));
    muster_finish(s);
    assert_ok(muster_prepare(c, "SELECT bitmap_agg(customer) FROM e", NULL, &s, &test_error));
    assert_ok(muster_step_batch(s, &batch, &test_error));
    assert_int_equal(batch->columns[0].type, MUSTER_TYPE_BITMAP);
    const uint32_t code = ((const uint32_t *)batch->columns[0].data)[0];
    assert_true(code < batch->columns[0].text_count);
    assert_memory_equal(batch->columns[0].bytes + batch->columns[0].offsets[code], "\x3b\x30", 2);
    muster_finish(s);
    muster_disconnect(c);
    muster_close(db);
}

TEST(a_script_goes_on_after_what_could_not_be_read)
{
    const char *sql = "SELECT 1; SELCT 2; SELECT nothing; -- the end";
    muster *db = open_database();
    muster_connection *c = ask_connect(db);
    muster_statement *s;

    assert_ok(muster_prepare(c, sql, &sql, &s, &test_error));
    muster_finish(s);
    assert_status(MUSTER_SYNTAX, muster_prepare(c, sql, &sql, &s, &test_error));
    assert_null(s);
    assert_int_equal(test_error.offset, 1);
    assert_status(MUSTER_INVALID, muster_prepare(c, sql, &sql, &s, &test_error));
    assert_int_equal(test_error.offset, 8);
    assert_string_equal(sql, " -- the end");
    assert_ok(muster_prepare(c, sql, &sql, &s, &test_error));
    assert_null(s);
    assert_string_equal(sql, "");
    muster_disconnect(c);
    muster_close(db);
}

TEST(what_is_wrong_about_an_audience_is_pointed_at)
{
    static const struct {
        const char *sql;
        int32_t offset; /* of the name, or of its version */
    } wrong[] = {
        {"DROP AUDIENCE b VERSION 2", 14},
        {"DROP AUDIENCE a VERSION 2", 24},
        {"FROM customers WHERE in_audience('b', 2)", 33},
        {"FROM customers WHERE in_audience('a', 2)", 38},
    };
    muster *db = open_database();
    muster_connection *c = ask_connect(db);
    muster_statement *s;

    assert_ok(run(c,
                  "CREATE TABLE e (id TEXT CUSTOMER, ts TIMESTAMP TIME);"
                  "CREATE AUDIENCE a AS SELECT customer FROM e",
                  &test_error));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_status(MUSTER_INVALID, muster_prepare(c, wrong[i].sql, NULL, &s, &test_error));
        assert_int_equal(test_error.offset, wrong[i].offset);
    }
    muster_disconnect(c);
    muster_close(db);
}

TEST(the_number_of_threads_stays_while_a_statement_is_open)
{
    muster *db = open_database();
    muster_connection *c = ask_connect(db);
    muster_statement *s = first_row(c, "SELECT 1");

    assert_status(MUSTER_INVALID, muster_set_threads(db, 4, &test_error));
    assert_message_has("1 statements are open");
    muster_finish(s);
    assert_ok(muster_set_threads(db, 4, &test_error));
    muster_disconnect(c);
    muster_close(db);
}

TEST(a_statement_sees_the_state_it_was_prepared_on)
{
    muster *db = open_database();
    muster_connection *c = ask_connect(db);
    muster_statement *s;
    bool row;

    assert_ok(run(c, "CREATE TABLE t (a BIGINT); INSERT INTO t VALUES (1)", &test_error));
    assert_ok(muster_prepare(c, "SELECT count(*) FROM t", NULL, &s, &test_error));
    assert_ok(run(c, "INSERT INTO t VALUES (2); DROP TABLE t", &test_error));
    assert_ok(muster_step(s, &row, &test_error));
    assert_int_equal(muster_int64(s, 0), 1);
    muster_finish(s);
    muster_disconnect(c);
    muster_close(db);
}

TEST(a_statement_that_changes_things_is_bound_to_the_state_it_changes)
{
    muster *db = open_database();
    muster_connection *c = ask_connect(db);
    muster_statement *s;
    bool row;

    assert_ok(run(c, "CREATE TABLE t (a BIGINT)", &test_error));
    assert_ok(muster_prepare(c, "INSERT INTO t VALUES (1)", NULL, &s, &test_error));
    assert_ok(run(c, "DROP TABLE t", &test_error));
    assert_status(MUSTER_INVALID, muster_step(s, &row, &test_error));
    assert_message_has("no table \"t\"");
    muster_finish(s);
    muster_disconnect(c);
    muster_close(db);
}

TEST(a_set_of_people_is_that_of_the_state_that_a_statement_changes)
{
    muster *db = open_database();
    muster_connection *c = ask_connect(db);
    muster_statement *s;
    bool row;

    assert_ok(run(c,
                  "CREATE TABLE e (id BIGINT CUSTOMER, ts TIMESTAMP TIME);"
                  "INSERT INTO e VALUES (1, '2024-01-01'), (2, '2024-01-02'), (3, '2024-01-03');"
                  "CREATE TAG t AS SELECT id FROM e WHERE id = 1",
                  &test_error));
    assert_ok(muster_prepare(c, "CREATE TAG u AS SELECT customer FROM customers WHERE has_tag('t')",
                             NULL, &s, &test_error));
    assert_ok(run(c, "CREATE OR REPLACE TAG t AS SELECT id FROM e WHERE id > 1", &test_error));
    assert_ok(muster_step(s, &row, &test_error));
    muster_finish(s);
    s = first_row(c, "SELECT count(*), min(customer) FROM customers WHERE has_tag('u')");
    assert_int_equal(muster_int64(s, 0), 2);
    assert_int_equal(muster_int64(s, 1), 2);
    muster_finish(s);
    muster_disconnect(c);
    muster_close(db);
}

TEST(a_subquery_is_one_over_the_state_that_a_statement_changes)
{
    muster *db = open_database();
    muster_connection *c = ask_connect(db);
    muster_statement *s;
    bool row;

    assert_ok(run(c,
                  "CREATE TABLE t (a BIGINT, b BIGINT); INSERT INTO t VALUES (1, 2);"
                  "CREATE TABLE u (n BIGINT); CREATE TABLE v (n BIGINT)",
                  &test_error));
    assert_ok(
        muster_prepare(c, "INSERT INTO u SELECT (SELECT max(b) FROM t)", NULL, &s, &test_error));
    assert_ok(run(c, "ALTER TABLE t DROP COLUMN a", &test_error));
    assert_ok(muster_step(s, &row, &test_error));
    muster_finish(s);
    assert_ok(
        muster_prepare(c, "INSERT INTO v VALUES ((SELECT max(b) FROM t))", NULL, &s, &test_error));
    assert_ok(run(c, "CREATE OR REPLACE TABLE t (z TEXT, b BIGINT); INSERT INTO t VALUES ('z', 3)",
                  &test_error));
    assert_ok(muster_step(s, &row, &test_error));
    muster_finish(s);
    s = first_row(c, "SELECT u.n, v.n FROM u, v");
    assert_int_equal(muster_int64(s, 0), 2);
    assert_int_equal(muster_int64(s, 1), 3);
    muster_finish(s);
    muster_disconnect(c);
    muster_close(db);
}

TEST(a_call_that_succeeds_writes_no_error)
{
    static const char *const fine[] = {"SHOW TABLES",
                                       "DROP AUDIENCE IF EXISTS nobody",
                                       "DROP TAG IF EXISTS none",
                                       "DROP TABLE IF EXISTS nothing",
                                       "DROP VIEW IF EXISTS nothing",
                                       "SELECT b AS c FROM t GROUP BY c ORDER BY c"};
    muster *db = open_database();
    muster_connection *c = ask_connect(db);
    char answer[256];

    assert_ok(run(c, "CREATE TABLE t (a BIGINT, b BIGINT); CREATE VIEW v AS SELECT a FROM t",
                  &test_error));
    assert_ok(run(c, "ALTER TABLE t DROP COLUMN a", &test_error));
    for (size_t i = 0; i < MU_COUNT(fine); i++) {
        muster_error err = {.message = "as it was"};
        assert_ok(ask_on(c, fine[i], answer, sizeof answer, &err));
        assert_string_equal(err.message, "as it was");
    }
    muster_disconnect(c);
    muster_close(db);
}

TEST(a_cancelled_statement_changes_nothing)
{
    muster *db = open_database();
    muster_connection *c = ask_connect(db);
    muster_statement *s;
    bool row;

    assert_ok(run(c,
                  "CREATE TABLE e (id TEXT CUSTOMER, ts TIMESTAMP TIME);"
                  "INSERT INTO e VALUES ('a', '2024-01-01')",
                  &test_error));
    assert_ok(muster_prepare(c, "SELECT count(*) FROM e", NULL, &s, &test_error));
    muster_cancel(s);
    assert_status(MUSTER_CANCELLED, muster_step(s, &row, &test_error));
    assert_false(row);
    muster_finish(s);
    assert_ok(muster_prepare(c, "CREATE TAG t AS SELECT id FROM e", NULL, &s, &test_error));
    muster_cancel(s);
    assert_status(MUSTER_CANCELLED, muster_step(s, &row, &test_error));
    muster_finish(s);
    s = first_row(c, "SELECT count(*) FROM e");
    assert_int_equal(muster_int64(s, 0), 1);
    muster_finish(s);
    assert_ok(run(c, "CREATE TAG t AS SELECT id FROM e", &test_error));
    muster_disconnect(c);
    muster_close(db);
}

TEST(rows_changed_and_notes_say_what_was_done)
{
    muster *db = open_database();
    muster_connection *c = ask_connect(db);
    muster_statement *s;
    bool row;

    assert_ok(run(c, "CREATE TABLE t (a BIGINT)", &test_error));
    assert_ok(muster_prepare(c, "INSERT INTO t VALUES (1), (2)", NULL, &s, &test_error));
    assert_int_equal(muster_rows_changed(s), 0);
    assert_string_equal(muster_notes(s), "");
    assert_ok(muster_step(s, &row, &test_error));
    assert_false(row);
    assert_int_equal(muster_rows_changed(s), 2);
    muster_finish(s);
    muster_disconnect(c);
    muster_close(db);
}

static uint64_t bytes_read_by(muster_connection *c, const char *sql)
{
    muster_statement *s = first_row(c, sql);
    const uint64_t bytes = muster_bytes_read(s);

    muster_finish(s);
    return bytes;
}

TEST(bytes_read_grow_with_what_a_statement_looks_at)
{
    muster *db = open_database();
    muster_connection *c = ask_connect(db);
    muster_statement *s;

    assert_ok(run(c, "CREATE TABLE e (id TEXT CUSTOMER, at TIMESTAMP TIME, a BIGINT, b BIGINT)",
                  &test_error));
    assert_ok(run(c,
                  "INSERT INTO e VALUES ('ada', '2024-05-01', 1, 7), ('bob', '2024-05-02', 5, 3)",
                  &test_error));
    assert_ok(run(c, "CREATE TAG t AS SELECT id FROM e", &test_error));
    assert_ok(muster_prepare(c, "SELECT sum(a) FROM e", NULL, &s, &test_error));
    assert_int_equal(muster_bytes_read(s), 0);
    muster_finish(s);

    const uint64_t one = bytes_read_by(c, "SELECT sum(a) FROM e");
    assert_true(one > 0);
    assert_true(bytes_read_by(c, "SELECT sum(a), sum(b) FROM e") > one);
    assert_true(bytes_read_by(c, "SELECT count(*) FROM customers WHERE did(a > 0)") > 0);
    /* Two customers in a container of Roaring: two bytes each. */
    assert_int_equal(bytes_read_by(c, "SELECT count(*) FROM customers WHERE has_tag('t')"), 4);
    assert_int_equal(bytes_read_by(c, "SELECT 1"), 0);
    muster_disconnect(c);
    muster_close(db);
}

/* Aliases and queries of WITH are put in place where they are used; a few lines can so ask for
 * more than there are atoms. */
TEST(a_statement_that_unfolds_without_end_is_refused)
{
    muster *db = open_database();
    muster_connection *c = ask_connect(db);
    char text[4096];
    int used = snprintf(text, sizeof text, "SELECT 1 AS a0");

    for (int i = 1; i < 60; i++) {
        used += snprintf(text + used, sizeof text - (size_t)used, ", a%d + a%d AS a%d", i - 1,
                         i - 1, i);
    }
    assert_status(MUSTER_INVALID, run(c, text, &test_error));
    assert_message_has("the statement is too large");

    used = snprintf(text, sizeof text, "WITH q0 AS (SELECT customer FROM customers)");
    for (int i = 1; i < 40; i++) {
        used += snprintf(text + used, sizeof text - (size_t)used,
                         ", q%d AS (SELECT customer FROM q%d WHERE customer IN (FROM q%d))", i,
                         i - 1, i - 1);
    }
    /* Sets made of the same words are one, so this does not unfold. */
    (void)snprintf(text + used, sizeof text - (size_t)used, " FROM q39");
    assert_ok(run(c, text, &test_error));
    muster_disconnect(c);
    muster_close(db);
}

/* Runs the statement with the n-th allocation and all after it refused, for every n. */
static void refuse_memory(muster_connection *c, const char *sql)
{
    muster_status status = MUSTER_NOMEM;

    for (uint64_t n = 0; status != MUSTER_OK; n++) {
        mu_mem_fail_at(n, true);
        status = run(c, sql, &test_error);
        mu_mem_fail_at(UINT64_MAX, true);
        if (status != MUSTER_OK) {
            assert_int_equal(status, MUSTER_NOMEM);
        }
    }
}

static const char sample[] =
    "CREATE TABLE e (id TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT EVENT, n BIGINT);"
    "INSERT INTO e VALUES ('x', '2024-01-01', 'a', 1), ('y', '2024-02-01', 'b', 2);"
    "CREATE TAG t AS SELECT id FROM e WHERE n = 1;"
    "CREATE AUDIENCE a AS SELECT id FROM e WHERE n = 2";

static const char *const questions[] = {
    "SELECT event, count(*), sum(n) AS s FROM e WHERE n > 0 GROUP BY ALL HAVING s > 0 "
    "ORDER BY s DESC LIMIT 2",
    "SELECT customer FROM customers WHERE did(event = 'a') AND NOT has_tag('t') ORDER BY 1",
    "SELECT lag(event, 1, 'none') IGNORE NULLS OVER w, sum(n) OVER (w ROWS 1 PRECEDING), "
    "count(DISTINCT event) OVER w, max(event) OVER (PARTITION BY n ORDER BY ts GROUPS 1 "
    "PRECEDING EXCLUDE TIES) FROM e WINDOW w AS (PARTITION BY customer ORDER BY ts) "
    "QUALIFY row_number() OVER (ORDER BY event || 'x') < 3",
    "FROM funnel(e, steps => [step(event = 'a', 'x'), step(event = 'b')], by => n)",
    "FROM funnel(e, steps => [step(true), step(n > 1)], without => [without(n = 3, 1, 2)], "
    "hold => [event, n], by => n, top => 1, quantiles => [0.5])",
    "FROM funnel_customers(e, steps => [step(true), step(n > 1)], order => 'any', by => n, "
    "count => 'attempts')",
    "FROM retention(e, start => event = 'a', back => true, unit => 'month', periods => 2)",
    "FROM attribution(e, convert => true, touch => n > 0, channel => event, value => n, "
    "lookback => INTERVAL '90 days', by => n)",
    "FROM attribution(e, convert => true, touch => true, channel => n, lookback => INTERVAL "
    "'90 days', by => event, top => 1)",
    "FROM paths(e, start => event = 'a', node => event || n, steps => 3, top => 1)",
    "FROM paths_customers(e, goal => n > 0, node => event, steps => 2, collapse => true)",
    "FROM rfm(e, true, value => n)",
    "EXPLAIN SELECT DISTINCT n FROM (SELECT n + 1 AS n FROM e WHERE customer IN (SELECT "
    "customer FROM customers))",
    "EXPLAIN SELECT customer FROM customers WHERE did(event = 'a')",
    "EXPLAIN ANALYZE SELECT e.event, count(*), (SELECT max(n) FROM e) FROM e JOIN e AS f ON "
    "e.n = f.n WHERE e.customer IN (SELECT customer FROM customers) GROUP BY 1 ORDER BY 2",
    "SELECT n, (SELECT max(i.event) FROM e AS i WHERE i.n = o.n) FROM e AS o WHERE event IN "
    "(SELECT event FROM e) AND n <= (SELECT max(n) FROM e) AND EXISTS (SELECT 1 FROM e AS i "
    "WHERE i.event = o.event AND i.n < 9) AND n < ALL (SELECT n + 5 FROM e AS i WHERE i.ts = "
    "o.ts)",
    "EXPLAIN SELECT (SELECT count(*) FROM e AS i WHERE i.n = o.n HAVING max(event) = 'a') FROM "
    "e AS o WHERE EXISTS (SELECT 1 FROM e AS i WHERE i.customer = o.customer)",
    "SHOW TABLES",
    "SHOW TAGS",
    "SHOW AUDIENCES",
    "SELECT name, version, definition FROM audience_versions WHERE customers > 0",
    "SELECT sum(bytes) FROM tags",
    "SELECT a.members - t.members, bitmap_count(a.members ^ t.members), bitmap_union(a.members "
    "| t.members), bitmap_contains(a.members, 'x') FROM audiences AS a, tags AS t GROUP BY "
    "a.members, t.members",
    "SELECT bitmap_agg(customer) FROM e GROUP BY event",
    "FROM profile('a', against => 't', top => 1)",
    "FROM lookalike(has_tag('t'), size => 2, exclude => (SELECT customer FROM e WHERE n = 1))",
    "SELECT count(*) FROM customers WHERE in_audience('a', 1)",
    "DESCRIBE e",
    "SELECT n, event FROM e EXCEPT ALL VALUES (1, 'a'), (3, NULL) ORDER BY 1",
    "WITH w(c) AS (SELECT customer FROM e) SELECT c FROM w INTERSECT SELECT customer FROM e",
    "SELECT * REPLACE (n + 1 AS n) FROM generate_series(1, 3) AS t(n) UNION SELECT 2",
    "SUMMARIZE e",
    "SHOW CREATE TABLE e",
    "SELECT regexp_replace(event, '(a|x)', '[\\1]', 'g'), event ~ (event || '+'), "
    "initcap(event) "
    "FROM e WHERE event IN ('a', 'b', 'c') AND n & 3 > 0 AND event LIKE 'a!%' ESCAPE '!' IS "
    "NOT "
    "UNKNOWN",
    "SELECT j.customer FROM (e NATURAL JOIN customers c) AS j",
    "FROM generate_series(DATE '2024-01-01', DATE '2024-04-01', INTERVAL '1 month')",
    "SELECT string_agg(event, ',' ORDER BY n DESC), first(n ORDER BY event), corr(n, n), "
    "count(DISTINCT event, n), mode(event), quantile_disc(event, 0.5), bit_or(n) FROM e",
};

/* Whatever runs out of memory says so, leaks nothing, and leaves a database that works. */
TEST(every_allocation_of_a_question_may_be_refused)
{
    muster *db = open_database();
    muster_connection *c = ask_connect(db);

    assert_ok(run(c, sample, &test_error));
    assert_ok(
        run(c,
            "ALTER TABLE customers ADD COLUMN c TEXT; ALTER TABLE customers ADD COLUMN d DOUBLE;"
            "INSERT INTO customers (customer, c, d) VALUES ('x', 'u', 1.5), ('z', 'v', NULL)",
            &test_error));
    for (size_t i = 0; i < MU_COUNT(questions); i++) {
        refuse_memory(c, questions[i]);
    }
    muster_disconnect(c);
    muster_close(db);
}

TEST(every_allocation_of_a_change_may_be_refused_and_nothing_has_changed_then)
{
    static const char *const statements[] = {
        "CREATE TABLE x (a BIGINT, b TEXT)",
        "INSERT INTO x VALUES (1, 'x'), (2, NULL)",
        "INSERT INTO e VALUES ('z', '2024-01-01', 'a', 1), ('y', '2024-02-01', 'b', 2)",
        "CREATE TAG u AS SELECT id, n AS v FROM e",
        "REFRESH TAG u",
        "CREATE AUDIENCE b AS SELECT id FROM e WHERE in_audience('a') OR has_tag('u', '2')",
        "REFRESH AUDIENCE b",
        "REFRESH AUDIENCE a",
        "DROP AUDIENCE a VERSION 1",
        "ALTER TABLE x ADD COLUMN c DATE",
        "ALTER TABLE x RENAME COLUMN c TO d",
        "ALTER TABLE x DROP COLUMN d",
        "ALTER TABLE customers ADD COLUMN city TEXT",
        "ALTER TABLE customers ADD COLUMN tier BIGINT",
        "INSERT INTO customers VALUES ('x', 'Rom', 1), ('w', NULL, 2)",
        "UPDATE customers SET city = city || '!', tier = 3 WHERE tier = 1 OR has_tag('t')",
        "UPDATE x SET b = 'y' WHERE a = 1",
        "UPDATE x SET b = f.k FROM (SELECT 1 AS n, 'z' AS k) AS f WHERE x.a = f.n",
        "UPDATE customers SET tier = 4 FROM (SELECT DISTINCT id FROM e) WHERE id = customer",
        "DELETE FROM x AS y WHERE y.a = 1",
        "DELETE FROM e WHERE id IS NULL AND n = 5",
        "INSERT INTO e VALUES (NULL, '2024-01-03', 'b', 5)",
        "DELETE FROM e WHERE ts >= '2024-01-02' AND ts < '2024-01-20'",
        "DELETE FROM customers WHERE customer = 'w'",
        "CREATE TABLE made (k CUSTOMER, at TIME) AS SELECT id AS k, ts AS at FROM e",
        "CREATE OR REPLACE TABLE made AS SELECT k || '!' AS k FROM made",
        "INSERT INTO made SELECT k FROM made",
        "CREATE TABLE held (a TEXT NOT NULL, b BIGINT DEFAULT 7)",
        "INSERT INTO held (a) VALUES ('x')",
        "INSERT INTO held (a) SELECT k FROM made",
        "CREATE VIEW v(k) AS FROM made",
        "CREATE OR REPLACE VIEW v AS SELECT k FROM made",
        "SELECT count(*) FROM v WHERE k > ''",
        "SHOW TABLES",
        "DROP VIEW v",
        "DROP TABLE made",
        "COMPACT",
        "DROP AUDIENCE b",
        "SELECT customer, city, first_seen FROM customers WHERE tier >= 1 ORDER BY 1",
        "SHOW TAGS",
        "DROP TAG u",
        "DROP TABLE x",
        "COPY (FROM e) TO '%s.gz'",
        "COPY (FROM e) TO '%s'",
        "CREATE TABLE f FROM '%s' (id CUSTOMER, ts TIME)",
        "COPY e FROM '%s'",
        "DESCRIBE '%s'",
    };
    muster *db = open_database();
    muster_connection *c = ask_connect(db);

    assert_ok(run(c, sample, &test_error));
    for (size_t i = 0; i < MU_COUNT(statements); i++) {
        const char *gap = strstr(statements[i], "%s");
        char text[1024];
        (void)snprintf(text, sizeof text, "%.*s%s%s",
                       gap ? (int)(gap - statements[i]) : (int)strlen(statements[i]), statements[i],
                       gap ? test_path("e.csv") : "", gap ? gap + 2 : "");
        refuse_memory(c, text);
    }
    muster_statement *s = first_row(c, "SELECT count(*), count(DISTINCT customer) FROM e");
    assert_int_equal(muster_int64(s, 0), 8);
    assert_int_equal(muster_int64(s, 1), 3);
    muster_finish(s);
    muster_disconnect(c);
    muster_close(db);
}

TEST(every_allocation_of_a_change_of_a_table_with_a_key_may_be_refused)
{
    static const char *const statements[] = {
        "CREATE TABLE keyed (a BIGINT, b TEXT, n BIGINT, PRIMARY KEY (b, a))",
        "INSERT INTO keyed VALUES (1, 'x', 1), (2, (SELECT 'y'), 2)",
        "INSERT INTO keyed VALUES (2, 'y', 0), (3, 'z', 3) ON CONFLICT DO NOTHING",
        "INSERT INTO keyed VALUES (3, 'z', 0) ON CONFLICT DO UPDATE SET n = keyed.n + 1",
        "INSERT INTO keyed SELECT * FROM keyed ON CONFLICT (a, b) DO UPDATE SET n = excluded.n + 7",
        "UPDATE keyed SET a = a + 1",
        "ALTER TABLE keyed ADD COLUMN more TEXT NOT NULL DEFAULT 'x'",
        "SHOW CREATE TABLE keyed",
        "DROP TABLE keyed",
    };
    muster *db = open_database();
    muster_connection *c = ask_connect(db);

    for (size_t i = 0; i < MU_COUNT(statements); i++) {
        refuse_memory(c, statements[i]);
    }
    muster_disconnect(c);
    muster_close(db);
}

/* The words of statements that work, one '|' after each. */
static const char script[] =
    "SELECT|customer|,|event|AS|x|,|count(*)|FROM|e|WHERE|n|+|1|>|0|AND|did(|event|=|'a'|,|"
    "at_least|=>|2|)|GROUP BY|ALL|HAVING|sum(|n|)|>=|1.5|ORDER BY|1|DESC|LIMIT|3|;|"
    "FROM|funnel(|e|,|steps|=>|[|step(|event|=|'a'|,|'label'|)|,|step(|n|IS NOT NULL|)|]|,|"
    "within|=>|INTERVAL '1 day'|,|by|=>|n|)|;|"
    "SELECT DISTINCT|n|FROM|(|SELECT|CASE WHEN|n|<|2|THEN|NULL|ELSE|n|END|AS|n|FROM|e|)|WHERE|"
    "customer|IN|(|FROM|customers|)|ORDER BY|ALL|;|"
    "SELECT|max(|ts|::|date|)|,|first(|event|)|FROM|e|GROUP BY|customer|;|"
    "SELECT|(|SELECT|max(|i.n|)|FROM|e|AS|i|WHERE|i.event|=|o.event|LIMIT|1|)|,|n|<|ANY|(|SELECT|n|"
    "FROM|e|)|FROM|e|AS|o|WHERE|EXISTS|(|SELECT|1|FROM|e|AS|i|WHERE|i.customer|=|o.customer|AND|"
    "o.n|=|1|)|OR|NOT|event|IN|(|SELECT|i.event|FROM|e|AS|i|WHERE|o.n|=|i.n|GROUP BY|ALL|HAVING|"
    "count(*)|>|0|)|;|"
    "INSERT INTO|e|VALUES|(|'z'|,|'2024-01-01'|,|NULL|,|-|7|)|;|";

enum {
    SCRIPT_WORDS = 200,
    MOST_CHANGES = 3,
};

/* Word number i of the script, and its size. */
static const char *script_word(uint64_t i, size_t *size)
{
    const char *word = script;

    for (; i > 0; i--) {
        word = strchr(word, '|') + 1;
    }
    *size = strcspn(word, "|");
    return word;
}

/* The script with up to MOST_CHANGES words taken out, or others in their places. */
static void change_script(uint64_t *state, char *text, size_t room)
{
    const uint64_t changes = test_random_below(state, MOST_CHANGES + 1);
    uint64_t changed[MOST_CHANGES];
    size_t used = 0;

    for (uint64_t i = 0; i < MOST_CHANGES; i++) {
        changed[i] = i < changes ? test_random_below(state, SCRIPT_WORDS) : SCRIPT_WORDS;
    }
    for (uint64_t w = 0; w < SCRIPT_WORDS; w++) {
        const bool change = changed[0] == w || changed[1] == w || changed[2] == w;
        const uint64_t other = test_random_below(state, SCRIPT_WORDS);
        size_t size;
        const char *word = script_word(change ? other : w, &size);
        if (!change || other % 3 > 0) {
            used += (size_t)snprintf(text + used, room - used, "%.*s ", (int)size, word);
        }
    }
}

TEST(any_words_in_any_order_end_in_an_answer_or_an_error)
{
    muster *db = open_database();
    muster_connection *c = ask_connect(db);
    uint64_t state = test_seed();
    unsigned answered = 0;
    size_t size;

    assert_string_equal(script_word(SCRIPT_WORDS, &size), "");
    assert_ok(run(c, sample, &test_error));
    for (int round = 0; round < 300; round++) {
        char text[4096];
        const char *rest = text;
        change_script(&state, text, sizeof text);
        while (*rest) {
            muster_statement *statement;
            bool row = true;
            muster_status status = muster_prepare(c, rest, &rest, &statement, &test_error);
            while (status == MUSTER_OK && statement && row) {
                status = muster_step(statement, &row, &test_error);
            }
            muster_finish(statement);
            assert_true(status == MUSTER_OK || status == MUSTER_SYNTAX || status == MUSTER_INVALID);
            answered += status == MUSTER_OK;
        }
    }
    assert_true(answered > 600);
    muster_disconnect(c);
    muster_close(db);
}
