/* connection_test.c - opening with options, connections, and errors as programs see them. */
#include "include/muster.h"

#include "tests/support/ask.h"
#include "tests/support/test.h"

TEST(options_of_another_version_of_the_header_do_what_they_can)
{
    struct {
        muster_options known;
        uint64_t later[2];
    } newer = {.known = {.size = sizeof newer, .threads = 3}};
    struct {
        size_t size;
        bool read_only;
    } older = {.size = sizeof older};
    muster *db;

    assert_ok(muster_open(NULL, &newer.known, &db, &test_error));
    muster_close(db);
    newer.later[1] = 1;
    assert_status(MUSTER_INVALID, muster_open(NULL, &newer.known, &db, &test_error));
    assert_message_has("an option that muster " MUSTER_VERSION " does not know");
    assert_null(db);
    assert_ok(muster_open(NULL, (const muster_options *)(const void *)&older, &db, &test_error));
    muster_close(db);
    older.size = 0;
    assert_status(MUSTER_INVALID, muster_open(NULL, (const muster_options *)(const void *)&older,
                                              &db, &test_error));
    assert_message_has("set it to sizeof(muster_options)");
    assert_status(MUSTER_INVALID, muster_open(NULL,
                                              &(muster_options){.size = sizeof(muster_options),
                                                                .time_zone = "Atlantis"},
                                              &db, &test_error));
    assert_message_has("no time zone \"Atlantis\"");
}

TEST(a_memory_limit_leaves_room_to_ask_for_more)
{
    muster_options options = {.size = sizeof options, .memory_limit = 999999};
    muster *db;

    assert_status(MUSTER_INVALID, muster_open(NULL, &options, &db, &test_error));
    assert_message_has("muster_options.memory_limit is 999999 bytes; it takes 1000000 or more");
    assert_null(db);
    options.memory_limit = 1000000;
    assert_ok(muster_open(NULL, &options, &db, &test_error));
    ask_expect(db, "SET memory_limit = '64MB'; SELECT 1", "1\n");
    muster_close(db);
}

TEST(a_null_that_may_not_be_is_refused_where_it_is_appended)
{
    const uint64_t second = 2;
    const int64_t numbers[] = {5, 6};
    const uint32_t sizes[] = {1, 1};
    muster_appender *a;
    muster *db;

    assert_ok(muster_open(NULL, NULL, &db, &test_error));
    muster_connection *c = ask_connect(db);
    ask_run(db, "CREATE TABLE t (n BIGINT PRIMARY KEY, v TEXT NOT NULL)");
    assert_ok(muster_appender_open(c, "t", &a, &test_error));
    assert_status(MUSTER_INVALID, muster_append_null(a, &test_error));
    assert_message_has("the NOT NULL column \"n\" may not be NULL");
    assert_ok(muster_append_int64(a, 1, &test_error));
    assert_status(MUSTER_INVALID, muster_append_null(a, &test_error));
    assert_status(MUSTER_INVALID, muster_appender_commit(a, &test_error));
    assert_message_has("a row has 1 of 2 values");
    assert_ok(muster_append_text(a, "one", 3, &test_error));
    assert_ok(muster_append_row(a, &test_error));
    const muster_values columns[2] = {
        {.int64 = numbers},
        {.text = (const char *const[]){"x", "y"}, .text_sizes = sizes, .valid = &second}};
    assert_status(MUSTER_INVALID, muster_append_columns(a, 2, columns, &test_error));
    assert_ok(muster_appender_commit(a, &test_error));
    ask_expect(db, "FROM t", "1|one\n");
    muster_appender_close(a);
    muster_disconnect(c);
    muster_close(db);
}

TEST(what_is_opened_to_be_read_is_not_changed)
{
    static const char *const changes[] = {
        "INSERT INTO t VALUES (2)",
        "CREATE TABLE u (a TEXT)",
        "DELETE FROM t",
        "CHECKPOINT",
        "COMPACT",
    };
    const muster_options options = {.size = sizeof options, .read_only = true};
    const char *path = test_path("db");
    muster *writer, *db;
    muster_appender *a;

    assert_status(MUSTER_INVALID, muster_open(path, &options, &db, &test_error));
    assert_message_has("without read_only it is made");
    assert_status(MUSTER_INVALID, muster_open(NULL, &options, &db, &test_error));
    assert_ok(muster_open(path, NULL, &writer, &test_error));
    ask_run(writer, "CREATE TABLE t (a BIGINT); INSERT INTO t VALUES (1)");
    assert_ok(muster_open(path, &options, &db, &test_error));
    muster_connection *c = ask_connect(db);
    ask_expect(db, "SELECT count(*) FROM t", "1\n");
    for (size_t i = 0; i < MU_COUNT(changes); i++) {
        assert_status(MUSTER_INVALID, ask_only(db, changes[i], &test_error));
        assert_message_has("to be read only; open it without read_only");
    }
    assert_status(MUSTER_INVALID, muster_appender_open(c, "t", &a, &test_error));
    ask_run(db, "COPY t TO '/dev/null'; SET statement_timeout = 0");
    ask_run(writer, "INSERT INTO t VALUES (2)"); /* nobody holds the lock but the writer */
    ask_expect(db, "SELECT count(*) FROM t", "2\n");
    muster_disconnect(c);
    muster_close(db);
    muster_close(writer);
}

TEST(an_error_has_a_place_and_a_hint)
{
    static const struct {
        const char *sql, *hint;
        int offset, line, column;
    } cases[] = {
        {"SELECT nn FROM t", "did you mean \"n\"?", 7, 1, 8},
        {"SELECT n\nFROM t\nWHERE nn > 1", "did you mean \"n\"?", 22, 3, 7},
        {"SELECT '\xc3\xa9\xe4\xb8\xad', nn FROM t", "did you mean \"n\"?", 16, 1, 14},
        {"SELECT n FROM", "expected \"(\" or a name", 13, 1, 14},
    };
    muster_error other = {.message = "no \"a; b\" here; look elsewhere"};
    muster *db;
    muster_statement *s;

    assert_ok(muster_open(NULL, NULL, &db, &test_error));
    muster_connection *c = ask_connect(db);
    ask_run(db, "CREATE TABLE t (n BIGINT, amount BIGINT)");
    for (size_t i = 0; i < MU_COUNT(cases); i++) {
        assert_true(muster_prepare(c, cases[i].sql, NULL, &s, &test_error) != MUSTER_OK);
        assert_int_equal(test_error.offset, cases[i].offset);
        assert_int_equal(test_error.line, cases[i].line);
        assert_int_equal(test_error.column, cases[i].column);
        if (i < 3) {
            assert_string_equal(muster_error_hint(&test_error), cases[i].hint);
        }
    }
    assert_string_equal(muster_error_hint(&other), "look elsewhere");
    (void)snprintf(other.message, sizeof other.message, "unexpected 'a; b' of a tag's; expected x");
    assert_string_equal(muster_error_hint(&other), "expected x");
    (void)snprintf(other.message, sizeof other.message, "no more");
    assert_string_equal(muster_error_hint(&other), "");
    assert_status(MUSTER_INVALID,
                  muster_appender_open(c, "u", &(muster_appender *){0}, &test_error));
    assert_int_equal(test_error.offset, -1);
    assert_int_equal(test_error.line, 0);
    muster_disconnect(c);
    muster_close(db);
}

TEST(a_statement_says_whether_it_writes)
{
    static const struct {
        const char *sql;
        bool writes;
    } cases[] = {
        {"SELECT 1", false}, {"INSERT INTO t VALUES (1)", true}, {"SET synchronous = on", false},
        {"COMPACT", true},   {"COPY t TO '/dev/null'", false},   {"SHOW SETTINGS", false},
    };
    muster *db;
    muster_statement *s;

    assert_ok(muster_open(NULL, NULL, &db, &test_error));
    muster_connection *c = ask_connect(db);
    ask_run(db, "CREATE TABLE t (n BIGINT)");
    for (size_t i = 0; i < MU_COUNT(cases); i++) {
        assert_ok(muster_prepare(c, cases[i].sql, NULL, &s, &test_error));
        assert_int_equal(muster_statement_writes(s), cases[i].writes);
        muster_finish(s);
    }
    muster_disconnect(c);
    muster_close(db);
}
