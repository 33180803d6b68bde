/*
 * large_sql_test.c - statements of many parts, or very deep ones: an answer, or an error that says
 * what is too much.
 */
#include "storage/base/bytes.h"
#include "tests/support/ask.h"
#include "tests/support/test.h"

#include <stdlib.h>

/* `before`, then `count` parts with `between` them, then `after`; to be freed. */
static char *repeat(const char *before, const char *part, const char *between, size_t count,
                    const char *after)
{
    const size_t size = strlen(before) + count * (strlen(part) + strlen(between)) + strlen(after);
    char *text = malloc(size + 1);
    size_t used = strlen(before);

    assert_non_null(text);
    memcpy(text, before, used);
    for (size_t i = 0; i < count; i++) {
        const char *const pieces[] = {i > 0 ? between : "", part};
        for (size_t p = 0; p < MU_COUNT(pieces); p++) {
            memcpy(&text[used], pieces[p], strlen(pieces[p]));
            used += strlen(pieces[p]);
        }
    }
    memcpy(&text[used], after, strlen(after) + 1);
    return text;
}

TEST(a_statement_may_have_many_parts)
{
    static const struct {
        const char *before, *part, *between;
        size_t count;
        const char *after, *answer;
    } cases[] = {
        {"SELECT count(*) FROM t WHERE ", "n > 0", " AND ", 10000, "", "1\n"},
        {"SELECT count(*) FROM t WHERE ", "n = 7", " OR ", 10000, "", "0\n"},
        {"SELECT count(*) FROM t WHERE n IN (", "1", ", ", 50000, ")", "1\n"},
        {"SELECT count(*) FROM (VALUES ", "(1, 'a')", ", ", 20000, ") AS v", "20000\n"},
        {"SELECT count(*) FROM (", "SELECT n FROM t", " UNION ALL ", 2000, ")", "2000\n"},
        {"SELECT ", "n", " + ", 900, " FROM t", "900\n"},
        {"SELECT length('", "0123456789", "", 100000, "')", "1000000\n"},
        {"SELECT CASE ", "WHEN n = 7 THEN 0", " ", 10000, " ELSE 3 END FROM t", "3\n"},
    };
    muster *db;

    assert_ok(muster_open(NULL, NULL, &db, &test_error));
    ask_run(db, "CREATE TABLE t (n BIGINT); INSERT INTO t VALUES (1)");
    for (size_t i = 0; i < MU_COUNT(cases); i++) {
        char *sql = repeat(cases[i].before, cases[i].part, cases[i].between, cases[i].count,
                           cases[i].after);
        ask_expect(db, sql, cases[i].answer);
        free(sql);
    }
    muster_close(db);
}

TEST(what_is_nested_too_deep_is_refused_however_deep_it_is)
{
    static const struct {
        const char *before, *part, *between, *after;
    } cases[] = {
        {"SELECT ", "1", " + ", ""},
        {"SELECT ", "NOT ", "", "true"},
        {"SELECT ", "(", "", ""},
        {"SELECT ", "- ", "", "1"},
        {"SELECT ", "'a'", " || ", ""},
        {"SELECT ", "abs(", "", ""},
        {"SELECT * FROM ", "(SELECT * FROM ", "", ""},
        {"SELECT * FROM ", "t", ", ", ""},
    };
    muster *db;

    assert_ok(muster_open(NULL, NULL, &db, &test_error));
    ask_run(db, "CREATE TABLE t (n BIGINT)");
    for (size_t i = 0; i < MU_COUNT(cases); i++) {
        char *sql = repeat(cases[i].before, cases[i].part, cases[i].between, 20000, cases[i].after);
        assert_true(ask_only(db, sql, &test_error) != MUSTER_OK);
        assert_message_has("nested more than 1000 deep");
        free(sql);
    }
    muster_close(db);
}

TEST(the_reason_is_told_however_many_views_lead_to_it)
{
    muster_status status = MUSTER_OK;
    char sql[100];
    muster *db;

    assert_ok(muster_open(NULL, NULL, &db, &test_error));
    ask_run(db, "CREATE TABLE t (n BIGINT); CREATE VIEW v0 AS SELECT n FROM t");
    for (int i = 1; status == MUSTER_OK; i++) {
        assert_true(i < 2000);
        (void)snprintf(sql, sizeof sql, "CREATE VIEW v%d AS SELECT n FROM v%d", i, i - 1);
        status = ask_only(db, sql, &test_error);
    }
    assert_message_has("the statement is too large");
    muster_close(db);
}
