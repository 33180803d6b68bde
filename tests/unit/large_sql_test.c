/*
 * large_sql_test.c - statements that no one writes by hand: lists of many thousands, chains, a
 * megabyte of text. Each has an answer or a clear error.
 */
#include "include/muster.h"

#include "storage/base/bytes.h"
#include "storage/base/mem.h"
#include "tests/support/ask.h"
#include "tests/support/test.h"

#include <string.h>

enum {
    MANY = 10000,
    ROWS = 1000
};

static void put(mu_writer *out, const char *text)
{
    mu_write_bytes(out, text, strlen(text));
}

/* `before`, then `term` for each number below `count` with `separator` between, then `after`. Each
 * # of the term is the number. */
static char *statement_of(const char *before, const char *term, const char *separator, int count,
                          const char *after)
{
    mu_writer out = {0};

    put(&out, before);
    for (int i = 0; i < count; i++) {
        put(&out, i > 0 ? separator : "");
        for (const char *c = term; *c; c++) {
            char digits[16];
            (void)snprintf(digits, sizeof digits, "%d", i);
            if (*c == '#') {
                put(&out, digits);
            } else {
                mu_write_u8(&out, (uint8_t)*c);
            }
        }
    }
    put(&out, after);
    mu_write_u8(&out, 0);
    assert_false(out.failed);
    return (char *)out.data;
}

static muster_status run(muster *db, const char *sql, int64_t *answer)
{
    muster_connection *connection = ask_connect(db);
    muster_statement *statement;
    bool row = false;

    muster_status status = muster_prepare(connection, sql, NULL, &statement, &test_error);
    if (status == MUSTER_OK) {
        status = muster_step(statement, &row, &test_error);
    }
    if (status == MUSTER_OK && row) {
        *answer = muster_int64(statement, 0);
    }
    muster_finish(statement);
    muster_disconnect(connection);
    return status;
}

static muster *open_rows(void)
{
    char *insert = statement_of("INSERT INTO t VALUES ", "(#, 'v#')", ", ", ROWS, "");
    int64_t unused;
    muster *db;

    assert_ok(muster_open(NULL, NULL, &db, &test_error));
    assert_ok(run(db, "CREATE TABLE t (n BIGINT, v TEXT)", &unused));
    assert_ok(run(db, insert, &unused));
    mu_mem_free(insert);
    return db;
}

TEST(long_lists_and_chains_have_an_answer)
{
    static const struct {
        const char *before, *term, *separator, *after;
        int count;
        int64_t answer;
    } shapes[] = {
        {"SELECT count(*) FROM t WHERE v IN (", "'v#'", ",", ")", 10 * MANY, ROWS},
        {"SELECT count(*) FROM t WHERE n NOT IN (", "#", ",", ")", 10 * MANY, 0},
        {"SELECT count(*) FROM t WHERE ", "n = #", " OR ", "", MANY, ROWS},
        {"SELECT count(*) FROM t WHERE ", "n <> #", " AND ", "", MANY, 0},
        {"SELECT max(CASE ", "WHEN n = # THEN #", " ", " END) FROM t", MANY, ROWS - 1},
        {"SELECT length(concat(", "n", ", ", ")) FROM t WHERE n = 7", MANY, MANY},
        {"SELECT greatest(", "n + #", ", ", ") FROM t WHERE n = 1", MANY, MANY},
        {"SELECT ", "n + #", " + ", " FROM t WHERE n = 1", 400, 400 + 400 * 399 / 2},
        {"SELECT ", "n * # AS c#", ", ", " FROM t WHERE n = 1", 2000, 0},
        {"SELECT ", "n AS c#", ", ", " FROM t WHERE n = 1", 10 * MANY, 1},
        {"SELECT count(*) FROM (SELECT ", "n * # AS c#", ", ", " FROM t) GROUP BY ALL", 2000, ROWS},
        {"SELECT count(*) FROM (VALUES ", "(#, 'a')", ", ", ") AS v", MANY, MANY},
        {"SELECT count(*) FROM (", "SELECT n FROM t WHERE n = 7", " UNION ALL ", ")", 2000, 2000},
        {"SELECT length('", "xxxxxxxxxx", "", "')", 10 * MANY, 100 * MANY},
    };
    muster *db = open_rows();

    for (size_t i = 0; i < MU_COUNT(shapes); i++) {
        int64_t answer = -1;
        char *sql = statement_of(shapes[i].before, shapes[i].term, shapes[i].separator,
                                 shapes[i].count, shapes[i].after);
        assert_ok(run(db, sql, &answer));
        assert_int_equal(answer, shapes[i].answer);
        mu_mem_free(sql);
    }
    muster_close(db);
}

/* Conditions on their way down are listed again at each node: once, not once for each of them. */
TEST(many_conditions_above_a_query_need_little_memory)
{
    char *sql = statement_of("SELECT count(*) FROM (SELECT n + 1 AS m FROM t) AS q WHERE ",
                             "m <> #", " AND ", MANY, "");
    int64_t answer = -1;
    muster *db = open_rows();

    assert_ok(muster_set_threads(db, 1, &test_error));
    assert_ok(run(db, "SET memory_limit = '300MB'", &answer));
    assert_ok(run(db, sql, &answer));
    assert_int_equal(answer, 0);
    mu_mem_free(sql);
    muster_close(db);
}

TEST(what_is_too_large_is_a_clear_error)
{
    static const struct {
        const char *before, *term, *separator, *after, *message;
    } shapes[] = {
        {"SELECT ", "n", " + ", " FROM t",
         "expressions and queries are nested more than 1000 deep"},
        {"SELECT ", "v", " || ", " FROM t",
         "expressions and queries are nested more than 1000 deep"},
        {"SELECT ", "NOT", " ", " true", "expressions and queries are nested more than 1000 deep"},
        {"SELECT ", "lower(", "", "v", "expressions and queries are nested more than 1000 deep"},
        {"SELECT ", "- ", "", "1", "expressions and queries are nested more than 1000 deep"},
        {"SELECT * FROM ", "(SELECT * FROM ", "", "t",
         "expressions and queries are nested more than 1000 deep"},
        {"SELECT * FROM ", "t AS t#", ", ", "",
         "expressions and queries are nested more than 1000 deep"},
    };
    muster *db = open_rows();
    int64_t unused;

    for (size_t i = 0; i < MU_COUNT(shapes); i++) {
        char *sql = statement_of(shapes[i].before, shapes[i].term, shapes[i].separator, 20 * MANY,
                                 shapes[i].after);
        assert_status(MUSTER_SYNTAX, run(db, sql, &unused));
        assert_message(shapes[i].message);
        mu_mem_free(sql);
    }
    muster_close(db);
}

TEST(the_reason_is_told_however_many_views_lead_to_it)
{
    muster_status status = MUSTER_OK;
    int64_t unused;
    char sql[100];
    muster *db = open_rows();

    assert_ok(run(db, "CREATE VIEW v0 AS SELECT n FROM t", &unused));
    for (int i = 1; status == MUSTER_OK; i++) {
        assert_true(i < 2000);
        (void)snprintf(sql, sizeof sql, "CREATE VIEW v%d AS SELECT n FROM v%d", i, i - 1);
        status = run(db, sql, &unused);
    }
    assert_message_has("the statement is too large");
    muster_close(db);
}
