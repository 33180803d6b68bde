/*
 * parse_test.c - statements into trees, and what is said of those that are none.
 */
#include "sql/parse.h"

#include "storage/base/limits.h"
#include "storage/base/mem.h"
#include "tests/support/print_ast.h"
#include "tests/support/test.h"

#include <string.h>

/* The tree of `text`, printed; "" where there is none. Freed by the caller. */
static char *printed(const char *text)
{
    mu_arena arena = {0};
    mu_ast_statement *statement;
    mu_writer out = {0};

    assert_ok(mu_parse(&arena, text, NULL, &statement, &test_error));
    if (statement) {
        test_print_statement(statement, &out);
    }
    mu_write_u8(&out, 0);
    mu_arena_deinit(&arena);
    return (char *)out.data;
}

/* Two columns: what is written, and its tree. */
static void check_trees(const char *const (*pairs)[2], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *once = printed(pairs[i][0]);
        char *twice = printed(once);
        assert_string_equal(once, pairs[i][1]);
        assert_string_equal(twice, once);
        mu_mem_free(once);
        mu_mem_free(twice);
    }
}

TEST(operators_bind_as_in_postgresql)
{
    static const char *const pairs[][2] = {
        {"SELECT 1 + 2 * 3 - 4", "SELECT ((1 + (2 * 3)) - 4)"},
        {"SELECT a OR b AND NOT c = 1 + 2",
         "SELECT (\"a\" OR (\"b\" AND (NOT (\"c\" = (1 + 2)))))"},
        {"SELECT a AND b AND c OR d OR e",
         "SELECT ((\"a\" AND \"b\" AND \"c\") OR \"d\" OR \"e\")"},
        {"SELECT -a::text", "SELECT (- CAST(\"a\" AS \"text\"))"},
        {"SELECT -2 * +3 - -1.5", "SELECT ((-2 * 3) - -1.5)"},
        {"SELECT - -2", "SELECT (- -2)"},
        {"SELECT a BETWEEN 1 AND 2 AND b", "SELECT ((\"a\" BETWEEN 1 AND 2) AND \"b\")"},
        {"SELECT a NOT BETWEEN 1 + 1 AND 2 OR b",
         "SELECT ((\"a\" NOT BETWEEN (1 + 1) AND 2) OR \"b\")"},
        {"SELECT NOT a IS NULL", "SELECT (NOT (\"a\" IS NULL))"},
        {"SELECT a = 1 IS NOT DISTINCT FROM b", "SELECT ((\"a\" = 1) IS NOT DISTINCT FROM \"b\")"},
        {"SELECT a IS NOT TRUE, a IS FALSE",
         "SELECT (\"a\" IS DISTINCT FROM TRUE), (\"a\" IS NOT DISTINCT FROM FALSE)"},
        {"SELECT a || b LIKE '%x' AND c NOT ILIKE d",
         "SELECT (((\"a\" || \"b\") LIKE '%x') AND (\"c\" NOT ILIKE \"d\"))"},
        {"SELECT a NOT IN (1, 2), b in ('x')", "SELECT (\"a\" NOT IN (1, 2)), (\"b\" IN ('x'))"},
        {"SELECT a != 1, b == 2, c <> 3", "SELECT (\"a\" <> 1), (\"b\" = 2), (\"c\" <> 3)"},
        {"SELECT CASE WHEN a THEN 1 ELSE 2 END, CASE x WHEN 1 THEN 'a' WHEN 2 THEN 'b' END",
         "SELECT CASE  WHEN \"a\" THEN 1 ELSE 2 END, CASE \"x\" WHEN 1 THEN 'a' WHEN 2 THEN 'b' "
         "END"},
        {"SELECT x::decimal(12,2)::double precision",
         "SELECT CAST(CAST(\"x\" AS \"decimal\"(12, 2)) AS \"double\")"},
    };
    check_trees(pairs, MU_COUNT(pairs));
}

TEST(queries_have_all_their_clauses)
{
    static const char *const pairs[][2] = {
        {"select distinct a, b as x, c y, * exclude (d, e), t.* from t as u where a group by all "
         "having b order by all desc nulls last limit 10 offset 20",
         "SELECT DISTINCT \"a\", \"b\" AS \"x\", \"c\" AS \"y\", * EXCLUDE (\"d\", \"e\"), \"t\".* "
         "FROM \"t\" AS \"u\" WHERE \"a\" GROUP BY ALL HAVING \"b\" ORDER BY ALL DESC NULLS LAST "
         "LIMIT 10 OFFSET 20"},
        {"FROM t", "FROM \"t\""},
        {"FROM t SELECT a WHERE b", "SELECT \"a\" FROM \"t\" WHERE \"b\""},
        {"FROM t WHERE b ORDER BY 1, c DESC, d ASC NULLS FIRST",
         "FROM \"t\" WHERE \"b\" ORDER BY 1, \"c\" DESC, \"d\" NULLS FIRST"},
        {"SELECT count(*), count(DISTINCT a), sum(b) FILTER (WHERE c > 1) total FROM (SELECT 1) s",
         "SELECT \"count\"(*), \"count\"(DISTINCT \"a\"), \"sum\"(\"b\") FILTER (WHERE (\"c\" > "
         "1)) "
         "AS \"total\" FROM (SELECT 1) AS \"s\""},
        {"SELECT sum(a) FILTER (WHERE b) OVER w, lag(c, 2) IGNORE NULLS OVER (w ROWS a PRECEDING), "
         "count(*) OVER (PARTITION BY a, b ORDER BY c DESC RANGE BETWEEN INTERVAL 7 DAYS PRECEDING "
         "AND UNBOUNDED FOLLOWING EXCLUDE TIES), rank() OVER (GROUPS CURRENT ROW) FROM t "
         "WINDOW w AS (PARTITION BY a), v AS () QUALIFY x = 1 ORDER BY a",
         "SELECT \"sum\"(\"a\") FILTER (WHERE \"b\") OVER (\"w\"), \"lag\"(\"c\", 2) IGNORE NULLS "
         "OVER (\"w\" ROWS BETWEEN \"a\" PRECEDING AND CURRENT ROW), \"count\"(*) OVER ( PARTITION "
         "BY \"a\", \"b\" ORDER BY \"c\" DESC RANGE BETWEEN INTERVAL '7 DAYS' PRECEDING AND "
         "UNBOUNDED FOLLOWING EXCLUDE TIES), \"rank\"() OVER ( GROUPS BETWEEN CURRENT ROW AND "
         "CURRENT ROW) FROM \"t\" WINDOW \"w\" AS ( PARTITION BY \"a\"), \"v\" AS () QUALIFY "
         "(\"x\" "
         "= 1) ORDER BY \"a\""},
        {"SELECT rows, range, groups, current, row, no, ties, following, ignore FROM t AS "
         "preceding",
         "SELECT \"rows\", \"range\", \"groups\", \"current\", \"row\", \"no\", \"ties\", "
         "\"following\", \"ignore\" FROM \"t\" AS \"preceding\""},
        {"WITH a AS (SELECT 1), b AS (FROM a) FROM b",
         "WITH \"a\" AS (SELECT 1), \"b\" AS (FROM \"a\") FROM \"b\""},
        {"FROM funnel(events, steps => [step(event = 'view', 'l'), step(event='pay')], within => "
         "INTERVAL '7 days', by => channel)",
         "FROM \"funnel\"(\"events\", \"steps\" => [\"step\"((\"event\" = 'view'), 'l'), "
         "\"step\"((\"event\" = 'pay'))], \"within\" => INTERVAL '7 days', \"by\" => \"channel\")"},
        {"SELECT customer FROM customers WHERE customer IN (SELECT customer FROM e) LIMIT 5",
         "SELECT \"customer\" FROM \"customers\" WHERE (\"customer\" IN (SELECT \"customer\" FROM "
         "\"e\")) LIMIT 5"},
        {"SELECT (SELECT 1) + 2, NOT EXISTS (FROM e), a = any (SELECT b), a <> SOME (FROM b), a < "
         "ALL (SELECT 1)",
         "SELECT ((SELECT 1) + 2), (NOT EXISTS (FROM \"e\")), (\"a\" = ANY (SELECT \"b\")), "
         "(\"a\" <> ANY (FROM \"b\")), (\"a\" < ALL (SELECT 1))"},
        {"SELECT INTERVAL 7 DAYS, date '2024-01-01', TIMESTAMP'2024-01-01 10:00:00'",
         "SELECT INTERVAL '7 DAYS', date '2024-01-01', TIMESTAMP '2024-01-01 10:00:00'"},
        {"SELECT a At Time Zone 'UTC' + INTERVAL '7' DAY, at, day day FROM t",
         "SELECT (\"timezone\"('UTC', \"a\") + INTERVAL '7 DAY'), \"at\", \"day\" AS \"day\" FROM "
         "\"t\""},
        {"SELECT TRY_CAST(a AS bigint), extract(month FROM ts)",
         "SELECT TRY_CAST(\"a\" AS \"bigint\"), \"extract\"('month', \"ts\")"},
        {"explain select []", "EXPLAIN SELECT []"},
        {"SELECT 1 UNION SELECT 2 UNION SELECT 3 EXCEPT ALL FROM t",
         "((SELECT 1) UNION (SELECT 2) UNION (SELECT 3)) EXCEPT ALL (FROM \"t\")"},
        {"SELECT 1 UNION ALL SELECT 2 INTERSECT SELECT 3 ORDER BY 1 LIMIT 1",
         "(SELECT 1) UNION ALL ((SELECT 2) INTERSECT (SELECT 3)) ORDER BY 1 LIMIT 1"},
        {"(SELECT 1 LIMIT 1) ORDER BY 1", "(SELECT 1 LIMIT 1) ORDER BY 1"},
        {"((SELECT 1))", "SELECT 1"},
        {"values (1, 'a'), (2, null) fetch first 1 rows only",
         "VALUES (1, 'a'), (2, null) LIMIT 1"},
        {"WITH x(a) AS (VALUES (1)) SELECT * EXCLUDE b REPLACE (a + 1 AS a) FROM (FROM x) AS t(c)",
         "WITH \"x\"(\"a\") AS (VALUES (1)) SELECT * EXCLUDE (\"b\") REPLACE ((\"a\" + 1) AS "
         "\"a\") FROM (FROM \"x\") AS \"t\"(\"c\")"},
        {"SELECT a LIMIT ALL OFFSET 2 ROWS", "SELECT \"a\" OFFSET 2"},
        {"SELECT ?, a = ? LIMIT ?", "SELECT ?, (\"a\" = ?) LIMIT ?"},
        {"SELECT $2::text, $1", "SELECT CAST($2 AS \"text\"), $1"},
        {"SELECT :since, $until, :day_1", "SELECT :since, $until, :day_1"},
    };
    check_trees(pairs, MU_COUNT(pairs));
}

TEST(joins_are_read_from_left_to_right)
{
    static const char *const pairs[][2] = {
        {"FROM a, b c JOIN d USING (x, y), e",
         "FROM \"a\" CROSS JOIN (\"b\" AS \"c\" JOIN \"d\" USING (\"x\", \"y\")) CROSS JOIN \"e\""},
        {"from a inner join b on x = y left outer join (select 1) c on true cross join d",
         "FROM \"a\" JOIN \"b\" ON (\"x\" = \"y\") LEFT JOIN (SELECT 1) AS \"c\" ON true CROSS "
         "JOIN "
         "\"d\""},
        {"FROM a RIGHT JOIN b ON c FULL OUTER JOIN d ON e SEMI JOIN f ON g ANTI JOIN h ON i",
         "FROM \"a\" RIGHT JOIN \"b\" ON \"c\" FULL JOIN \"d\" ON \"e\" SEMI JOIN \"f\" ON \"g\" "
         "ANTI "
         "JOIN \"h\" ON \"i\""},
        {"FROM a NATURAL LEFT JOIN (b JOIN (c, d) ON x) NATURAL JOIN (e JOIN f ON y) AS g",
         "FROM \"a\" NATURAL LEFT JOIN (\"b\" JOIN (\"c\" CROSS JOIN \"d\") ON \"x\") NATURAL JOIN "
         "(\"e\" JOIN \"f\" ON \"y\") AS \"g\""},
        {"SELECT left(a, 1), right(a, 1) FROM f(x) AS l JOIN g(y => 1) ON a",
         "SELECT \"left\"(\"a\", 1), \"right\"(\"a\", 1) FROM \"f\"(\"x\") AS \"l\" JOIN "
         "\"g\"(\"y\" => "
         "1) ON \"a\""},
    };
    check_trees(pairs, MU_COUNT(pairs));
}

TEST(queries_are_kept_and_summarized)
{
    static const char *const pairs[][2] = {
        {"CREATE TABLE t (a CUSTOMER, b TIME) PARTITION BY day AS SELECT 1",
         "CREATE TABLE \"t\" (\"a\" CUSTOMER, \"b\" TIME) PARTITION BY \"day\" AS SELECT 1"},
        {"create or replace table t as from u", "CREATE OR REPLACE TABLE \"t\" AS FROM \"u\""},
        {"INSERT INTO t (a) SELECT 1", "INSERT INTO \"t\" (\"a\") SELECT 1"},
        {"drop table if exists a, b", "DROP TABLE IF EXISTS \"a\", \"b\""},
        {"SELECT (a, 1 + b) IN ((1, 2), (c, d)) FROM t",
         "SELECT ((\"a\", (1 + \"b\")) IN ((1, 2), (\"c\", \"d\"))) FROM \"t\""},
        {"truncate table t", "DELETE FROM \"t\""},
        {"SELECT DISTINCT ON (a, 2) a, b FROM t",
         "SELECT DISTINCT ON (\"a\", 2) \"a\", \"b\" FROM \"t\""},
        {"insert into t default values", "INSERT INTO \"t\" DEFAULT VALUES"},
        {"INSERT INTO t SELECT a FROM u ON CONFLICT (a, b) DO NOTHING",
         "INSERT INTO \"t\" SELECT \"a\" FROM \"u\" ON CONFLICT (\"a\", \"b\") DO NOTHING"},
        {"INSERT INTO t VALUES (1) ON CONFLICT DO UPDATE SET a = excluded.a WHERE true",
         "INSERT INTO \"t\" VALUES (1) ON CONFLICT  DO UPDATE SET \"a\" = \"excluded\".\"a\" "
         "WHERE true"},
        {"CREATE TABLE t (a INT PRIMARY KEY)", "CREATE TABLE \"t\" (\"a\" \"INT\" PRIMARY KEY)"},
        {"CREATE TABLE t (a INT, PRIMARY KEY (a)) AS SELECT 1",
         "CREATE TABLE \"t\" (\"a\" \"INT\", PRIMARY KEY (\"a\")) AS SELECT 1"},
        {"INSERT INTO t (VALUES (1) LIMIT 1)", "INSERT INTO \"t\" VALUES (1) LIMIT 1"},
        {"CREATE VIEW IF NOT EXISTS v(a) AS FROM t",
         "CREATE VIEW IF NOT EXISTS \"v\"(\"a\") AS FROM \"t\""},
        {"CREATE OR REPLACE VIEW v AS FROM t", "CREATE OR REPLACE VIEW \"v\" AS FROM \"t\""},
        {"DROP VIEW IF EXISTS v", "DROP VIEW IF EXISTS \"v\""},
        {"CREATE TABLE t (a TEXT NOT NULL DEFAULT 'x', b INT DEFAULT -1)",
         "CREATE TABLE \"t\" (\"a\" \"TEXT\" NOT NULL DEFAULT ('x'), \"b\" \"INT\" DEFAULT (-1))"},
        {"show create table t", "SHOW CREATE TABLE \"t\""},
        {"summarize t", "SUMMARIZE \"t\""},
        {"SUMMARIZE SELECT 1", "SUMMARIZE SELECT 1"},
    };
    check_trees(pairs, MU_COUNT(pairs));
}

TEST(statements_that_change_things_are_read)
{
    static const char *const pairs[][2] = {
        {"create table events (user_id text customer, ts timestamp time, event text event, amount "
         "decimal(12,2), time time, v varchar(20)) partition by month",
         "CREATE TABLE \"events\" (\"user_id\" \"text\" CUSTOMER, \"ts\" \"timestamp\" TIME, "
         "\"event\" \"text\" EVENT, \"amount\" \"decimal\"(12, 2), \"time\" TIME, \"v\" "
         "\"varchar\"(20)) PARTITION BY \"month\""},
        {"CREATE TABLE IF NOT EXISTS e FROM 'e.csv' (user_id CUSTOMER, ts BIGINT TIME, event "
         "EVENT, "
         "n BIGINT) WITH (HEADER false, DELIMITER ';', COLUMNS (a, b), NULL 'x') PARTITION BY day",
         "CREATE TABLE IF NOT EXISTS \"e\" FROM 'e.csv' (\"user_id\" CUSTOMER, \"ts\" \"BIGINT\" "
         "TIME, \"event\" EVENT, \"n\" \"BIGINT\") WITH (\"HEADER\" 'false', \"DELIMITER\" ';', "
         "\"COLUMNS\" (\"a\", \"b\"), \"NULL\" 'x') PARTITION BY \"day\""},
        {"CREATE TABLE e FROM 'e.csv'", "CREATE TABLE \"e\" FROM 'e.csv'"},
        {"DROP TABLE IF EXISTS e", "DROP TABLE IF EXISTS \"e\""},
        {"COPY tags FROM 'tags.csv' (FORMAT csv, HEADER)",
         "COPY \"tags\" FROM 'tags.csv' WITH (\"FORMAT\" 'csv', \"HEADER\")"},
        {"copy e from stdin", "COPY \"e\" FROM STDIN"},
        {"copy e to stdout", "COPY \"e\" TO STDOUT"},
        {"COPY (SELECT 1) TO 'x' WITH (FORMAT jsonl)",
         "COPY (SELECT 1) TO 'x' WITH (\"FORMAT\" 'jsonl')"},
        {"COPY e TO 'e.csv'", "COPY \"e\" TO 'e.csv'"},
        {"COPY e TO 'e.csv' (HEADER ?)", "COPY \"e\" TO 'e.csv' WITH (\"HEADER\" ?)"},
        {"SET memory_limit = '4GB'", "SET \"memory_limit\" = '4GB'"},
        {"set statement_timeout to 500", "SET \"statement_timeout\" = '500'"},
        {"RESET ALL", "RESET \"ALL\""},
        {"show settings", "SHOW \"settings\""},
        {"INSERT INTO e (a, b) VALUES (1, 'x'), (NULL, '')",
         "INSERT INTO \"e\" (\"a\", \"b\") VALUES (1, 'x'), (NULL, '')"},
        {"CREATE TAG vip AS SELECT customer FROM e", "CREATE TAG \"vip\" AS SELECT \"customer\" "
                                                     "FROM \"e\""},
        {"DROP TAG 会员等级", "DROP TAG \"会员等级\""},
        {"CREATE OR REPLACE TAG t AS FROM e", "CREATE OR REPLACE TAG \"t\" AS FROM \"e\""},
        {"CREATE TAG IF NOT EXISTS t AS FROM e", "CREATE TAG IF NOT EXISTS \"t\" AS FROM \"e\""},
        {"REFRESH TAG t", "REFRESH TAG \"t\""},
        {"create audience if not exists a as from e",
         "CREATE AUDIENCE IF NOT EXISTS \"a\" AS FROM \"e\""},
        {"CREATE OR REPLACE AUDIENCE audience AS FROM e",
         "CREATE OR REPLACE AUDIENCE \"audience\" AS FROM \"e\""},
        {"REFRESH AUDIENCE version", "REFRESH AUDIENCE \"version\""},
        {"DROP AUDIENCE IF EXISTS a", "DROP AUDIENCE IF EXISTS \"a\""},
        {"DROP AUDIENCE version VERSION 3", "DROP AUDIENCE \"version\" VERSION 3"},
        {"SHOW AUDIENCES", "SHOW AUDIENCES"},
        {"SELECT replace, refresh, version FROM audiences",
         "SELECT \"replace\", \"refresh\", \"version\" FROM \"audiences\""},
        {"alter table t add column a decimal(8, 2)",
         "ALTER TABLE \"t\" ADD COLUMN \"a\" \"decimal\"(8, 2)"},
        {"alter table t add column if not exists add text",
         "ALTER TABLE \"t\" ADD COLUMN IF NOT EXISTS \"add\" \"text\""},
        {"alter table t drop column if exists a", "ALTER TABLE \"t\" DROP COLUMN IF EXISTS \"a\""},
        {"alter table alter rename column column to rename",
         "ALTER TABLE \"alter\" RENAME COLUMN \"column\" TO \"rename\""},
        {"alter table t rename to \"u v\"", "ALTER TABLE \"t\" RENAME TO \"u v\""},
        {"update t set a = b = 1, set = 2 where update and delete",
         "UPDATE \"t\" SET \"a\" = (\"b\" = 1), \"set\" = 2 WHERE (\"update\" AND \"delete\")"},
        {"update t x set a = b from u, v as w where x.a = w.a",
         "UPDATE \"t\" AS \"x\" SET \"a\" = \"b\" FROM \"u\" CROSS JOIN \"v\" AS \"w\" WHERE "
         "(\"x\".\"a\" = \"w\".\"a\")"},
        {"delete from t as x where x.a", "DELETE FROM \"t\" AS \"x\" WHERE \"x\".\"a\""},
        {"delete from t where a is null", "DELETE FROM \"t\" WHERE (\"a\" IS NULL)"},
        {"delete from update", "DELETE FROM \"update\""},
        {"DESCRIBE e", "DESCRIBE \"e\""},
        {"DESCRIBE 'e.csv' (HEADER)", "DESCRIBE 'e.csv' WITH (\"HEADER\")"},
        {"DESCRIBE SELECT 1", "DESCRIBE SELECT 1"},
        {"show tables", "SHOW TABLES"},
        {"SHOW TAGS", "SHOW TAGS"},
        {"backup to 'x'", "BACKUP TO 'x'"},
    };
    check_trees(pairs, MU_COUNT(pairs));
}

TEST(names_are_of_any_script_and_keywords_are_names_where_they_can_be)
{
    static const char *const pairs[][2] = {
        {"SELECT date, time, tag, first, last, filter, tables FROM customer",
         "SELECT \"date\", \"time\", \"tag\", \"first\", \"last\", \"filter\", \"tables\" FROM "
         "\"customer\""},
        {"SELECT event event, first(tag) AS by FROM events values",
         "SELECT \"event\" AS \"event\", \"first\"(\"tag\") AS \"by\" FROM \"events\" AS "
         "\"values\""},
        {"SELECT 客单价 AS größe, имя FROM événements", "SELECT \"客单价\" AS \"größe\", \"имя\" "
                                                        "FROM \"événements\""},
        {"SELECT \"a\"\"b\", \"select\", 'it''s', '\"', \"'\"",
         "SELECT \"a\"\"b\", \"select\", 'it''s', '\"', \"'\""},
        {"SELECT/* a ' comment -- */1 -- the 'rest'\n+2", "SELECT (1 + 2)"},
        {"SELECT\xc2\xa0"
         "1,\xe3\x80\x80"
         "2",
         "SELECT 1, 2"},
    };
    check_trees(pairs, MU_COUNT(pairs));
}

TEST(the_rest_of_a_script_follows_the_semicolon)
{
    const char *rest = " ;; SELECT ';' ; SELECT 'x;' FORM ';' \"a;\"; -- ;\n SHOW TAGS";
    mu_arena arena = {0};
    mu_ast_statement *statement;

    assert_ok(mu_parse(&arena, rest, &rest, &statement, &test_error));
    assert_string_equal(rest, " SELECT 'x;' FORM ';' \"a;\"; -- ;\n SHOW TAGS");
    assert_status(MUSTER_SYNTAX, mu_parse(&arena, rest, &rest, &statement, &test_error));
    assert_null(statement);
    assert_string_equal(rest, " -- ;\n SHOW TAGS");
    assert_ok(mu_parse(&arena, rest, &rest, &statement, &test_error));
    assert_int_equal(statement->kind, MU_AST_SHOW_TAGS);
    assert_string_equal(rest, "");
    assert_ok(mu_parse(&arena, rest, &rest, &statement, &test_error));
    assert_null(statement);
    mu_arena_deinit(&arena);
}

TEST(an_error_says_where_what_and_what_was_expected)
{
    static const struct {
        const char *text;
        int32_t offset;
        const char *message;
    } cases[] = {
        {"SELECT a FORM events", 9, "unexpected \"FORM\"; did you mean FROM?"},
        {"SELCT 1", 0, "unexpected \"SELCT\"; did you mean SELECT?"},
        {"SELECT a FROM events WEHRE a", 21, "unexpected \"WEHRE\"; did you mean WHERE?"},
        {"SELECT a FROM", 13, "the statement ends too early; expected a name or \"(\""},
        {"SELECT", 6, "the statement ends too early; expected an expression, \"*\" or DISTINCT"},
        {"SELECT a FROM a JOIN b", 22,
         "the statement ends too early; expected a name, \"(\", AS, ON or USING"},
        {"SELECT a FROM a LEFT b", 21, "unexpected \"b\"; expected JOIN or OUTER"},
        {"SELECT (1 + 2 FROM t", 14, "unexpected \"FROM\"; expected an operator, \")\" or \",\""},
        {"SELECT 1 +", 10, "the statement ends too early; expected an expression"},
        {"SELECT sum(a) OVER ORDER BY b", 19, "unexpected \"ORDER\"; expected a name or \"(\""},
        {"SELECT sum(a) OVER (ROWS b)", 26,
         "unexpected \")\"; expected an operator, FOLLOWING or PRECEDING"},
        {"CREATE TABLE t (a TEXT CUSTOMR)", 23, "unexpected \"CUSTOMR\"; did you mean CUSTOMER?"},
        {"CREATE TABLE t (a TEXT UNUSUAL)", 23,
         "unexpected \"UNUSUAL\"; expected \"(\", \")\", \",\", CUSTOMER, DEFAULT, EVENT, INDEXED, "
         "NOT, NULL, PRECISION, PRIMARY, TIME, among others"},
        {"CREATE IDX i", 7, "unexpected \"IDX\"; expected AUDIENCE, OR, TABLE, TAG or VIEW"},
        {"HELLO t", 0,
         "unexpected \"HELLO\"; a statement begins with SELECT, FROM, WITH, INSERT, UPDATE, "
         "DELETE, "
         "CREATE, ALTER, DROP, COPY, SHOW, DESCRIBE or EXPLAIN, among others"},
        {"COPY t FROM events.csv", 12,
         "unexpected \"events\"; expected a text between single quotes or STDIN"},
        {"SELECT 'abc", 7, "the quote ' is never closed"},
        {"SELECT \"abc", 7, "the quote \" is never closed"},
        {"SELECT \"\"", 7, "a name is empty; text stands between single quotes: ''"},
        {"SELECT 1 /* x", 9, "the comment is never closed"},
        {"SELECT 12abc", 7,
         "\"12abc\" is neither a number nor a name; a name that begins with a digit stands between "
         "double quotes"},
        {"SELECT a，b", 8, "unexpected character \"，\"; write ,"},
        {"SELECT a # b", 9, "unexpected character \"#\"; a comment begins with --"},
        {"SELECT 'a\xff'", 9, "the text is not UTF-8: byte 0xff"},
        {"SELECT \x80", 7, "the text is not UTF-8: byte 0x80"},
        {"SELECT 1;SELECT 2 3", 0, ""},
        {"SELECT ?, $1", 10,
         "parameter $1 among others of another kind; write all of a statement as ?, or as $1, or "
         "as :name"},
        {"SELECT $0", 7, "parameter $0; their numbers go from 1 to 65535"},
        {"SELECT $99999999999", 7, "parameter $99999999999; their numbers go from 1 to 65535"},
        {"SELECT x PRECISION FROM t WHERE a::char precision", 35,
         "no type \"char PRECISION\"; did you mean DOUBLE PRECISION?"},
        {"SELECT a = b = c", 13,
         "unexpected \"=\"; expected a name, an operator, \",\", AS, FROM, WHERE, GROUP BY, "
         "another "
         "clause or the end of the statement"},
    };
    mu_arena arena = {0};

    for (size_t i = 0; i < MU_COUNT(cases); i++) {
        mu_ast_statement *statement;
        test_error = (muster_error){0};
        const muster_status status = mu_parse(&arena, cases[i].text, NULL, &statement, &test_error);
        assert_string_equal(test_error.message, cases[i].message);
        assert_int_equal(status, cases[i].message[0] ? MUSTER_SYNTAX : MUSTER_OK);
        if (status != MUSTER_OK) {
            assert_int_equal(test_error.offset, cases[i].offset);
        }
    }
    mu_arena_deinit(&arena);
}

/* `count` times `before`, then `middle`, then `count` times `after`. */
static char *nested(const char *start, const char *before, const char *middle, const char *after,
                    size_t count)
{
    mu_writer out = {0};

    mu_write_bytes(&out, start, strlen(start));
    for (size_t i = 0; i < count; i++) {
        mu_write_bytes(&out, before, strlen(before));
    }
    mu_write_bytes(&out, middle, strlen(middle));
    for (size_t i = 0; i < count; i++) {
        mu_write_bytes(&out, after, strlen(after));
    }
    mu_write_u8(&out, 0);
    return (char *)out.data;
}

TEST(what_is_nested_too_deeply_is_refused)
{
    static const char *const shapes[][3] = {
        {"(", "1", ")"},
        {"[", "", "]"},
        {"CASE WHEN ", "1", " THEN 1 END"},
        {"NOT ", "1", ""},
        {"- ", "a", ""},
        {"", "1", "+1"},
        {"f(", "1", ")"},
        {"a IN (SELECT ", "1", ")"},
        {"1 + (2 * (", "1", "))"},
        {"", "1", "::text"},
    };

    for (size_t i = 0; i < MU_COUNT(shapes); i++) {
        mu_arena arena = {0};
        mu_ast_statement *statement;
        char *text = nested("SELECT ", shapes[i][0], shapes[i][1], shapes[i][2], 10000);
        assert_status(MUSTER_SYNTAX, mu_parse(&arena, text, NULL, &statement, &test_error));
        assert_message("expressions and queries are nested more than 1000 deep");
        mu_mem_free(text);
        mu_arena_deinit(&arena);
    }
}

TEST(long_chains_of_and_and_or_are_one_node)
{
    mu_arena arena = {0};
    mu_ast_statement *statement;
    char *text = nested("SELECT ", "a = 1 OR ", "b", " OR c = 2", 20000);

    assert_ok(mu_parse(&arena, text, NULL, &statement, &test_error));
    assert_int_equal(statement->query->items.data[0].expr->operands.count, 40001);
    mu_mem_free(text);
    mu_arena_deinit(&arena);
}

TEST(running_out_of_memory_is_an_ordinary_error)
{
    static const char text[] = "WITH a AS (SELECT 1) SELECT CASE WHEN a IN (1, 2) THEN 'x' END, "
                               "f(y => [1, 2]) FROM a WHERE b AND c AND d ORDER BY 1";
    muster_status status = MUSTER_NOMEM;

    for (uint64_t n = 0; status != MUSTER_OK; n++) {
        mu_arena arena = {0};
        mu_ast_statement *statement;
        mu_mem_fail_at(n, true);
        status = mu_parse(&arena, text, NULL, &statement, &test_error);
        mu_mem_fail_at(UINT64_MAX, false);
        assert_true(status == MUSTER_OK || status == MUSTER_NOMEM);
        mu_arena_deinit(&arena);
    }
}
