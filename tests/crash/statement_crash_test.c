/*
 * statement_crash_test.c - a process may end before any operation on the disk.
 *
 * For each kind of statement that changes a database, and each such operation in turn, a child runs
 * the statement and ends there, as if it was killed. Opened again, the database must be as before
 * the statement or as after it, and as after it if the child was told so; run again where it is as
 * before, the statement must work; and the next change removes what the child has left.
 * (commit_crash_test.c is about what a loss of power leaves of the files.)
 */
#include "storage/base/env.h"
#include "tests/support/ask.h"
#include "tests/support/shop.h"
#include "tests/support/statements.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    ROWS = 4000, /* of the file: so many that the tiny build sorts and merges several runs */
    /* How a child ends: before it was told that the statement is done, and after. */
    ENDED_BEFORE = 7,
    ENDED_AFTER = 8,
};

/* These change nothing that can be seen; there are a log and someone erased when they begin. */
static const char *const keeping[] = {"CHECKPOINT", "COMPACT"};
static const char logged[] = "DELETE FROM customers WHERE customer = 'bob';"
                             "DROP AUDIENCE vips VERSION 1;"
                             "INSERT INTO events VALUES ('dan', '2024-01-06', 'view', 9);"
                             "INSERT INTO events VALUES ('ann', '2024-01-07', 'pay', 4)";

static const char *base;

/* Of a child. */
static uint32_t operations, last_operation;
static bool done;

static int end_at_last(void *context, const char *operation, const char *path)
{
    (void)context;
    (void)operation;
    (void)path;
    if (operations++ == last_operation) {
        _exit(done ? ENDED_AFTER : ENDED_BEFORE);
    }
    return 0;
}

/* A file of the database that each child gets a copy of. */
static muster_status copy_file(void *context, const char *name, muster_error *err)
{
    char from[600], to[600];
    size_t size;

    (void)err;
    (void)snprintf(from, sizeof from, "%s/%s", base, name);
    (void)snprintf(to, sizeof to, "%s/%s", (const char *)context, name);
    const char *bytes = test_read_file(from, &size);
    test_write_file(to, bytes, size);
    return MUSTER_OK;
}

static void run_child(const char *path, const char *sql)
{
    muster *db;

    mu_env_set_hook(end_at_last, NULL);
    if (muster_open(path, NULL, &db, &test_error) != MUSTER_OK ||
        muster_set_threads(db, 1, &test_error) != MUSTER_OK ||
        ask_only(db, sql, &test_error) != MUSTER_OK) {
        print_error("%s\n", test_error.message);
        _exit(1);
    }
    done = true;
    muster_close(db);
    _exit(0);
}

/* How the child that ends at the operation did end: 0 if there is no such operation. */
static int end_at(uint32_t operation, const char *path, const char *sql)
{
    int ended;

    last_operation = operation;
    const pid_t child = fork();
    if (child == 0) {
        run_child(path, sql);
    }
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_true(WIFEXITED(ended));
    assert_int_not_equal(WEXITSTATUS(ended), 1);
    return WEXITSTATUS(ended);
}

/* What the database is before and after the change. */
typedef struct expected {
    char before[STATE_ROOM], after[STATE_ROOM];
} expected;

static void check_one(const char *path, const char *sql, int ended, const expected *wanted)
{
    char state[STATE_ROOM];
    muster *db = statements_open(path);

    statements_describe(db, state);
    if (ended != ENDED_BEFORE) {
        assert_string_equal(state, wanted->after);
    } else if (strcmp(state, wanted->after) != 0) {
        assert_string_equal(state, wanted->before);
        assert_ok(ask_only(db, sql, &test_error));
        statements_describe(db, state);
        assert_string_equal(state, wanted->after);
    }
    statements_close(db, path);
}

static void end_everywhere(const char *sql, bool seen)
{
    const char *path = test_temp_dir();
    expected wanted;

    assert_ok(mu_env_list(base, copy_file, (void *)(uintptr_t)path, &test_error));
    muster *db = statements_open(path);
    statements_describe(db, wanted.before);
    assert_ok(ask_only(db, sql, &test_error));
    statements_describe(db, wanted.after);
    assert_true((strcmp(wanted.before, wanted.after) != 0) == seen);
    statements_close(db, path);

    int ended = ENDED_BEFORE;
    for (uint32_t operation = 0; ended != 0; operation++) {
        path = test_temp_dir();
        assert_ok(mu_env_list(base, copy_file, (void *)(uintptr_t)path, &test_error));
        ended = end_at(operation, path, sql);
        check_one(path, sql, ended, &wanted);
        assert_true(ended != 0 || operation > 4);
        assert_ok(mu_env_remove_tree(path, &test_error));
    }
}

TEST(a_statement_that_ends_at_any_operation_has_happened_or_has_not)
{
    shop_use_fast_disk();
    assert_int_equal(setenv("MUSTER_NOW", "2024-05-01 09:00:00", 1), 0); /* tags are stamped */
    statements_write_files(ROWS);
    base = test_temp_dir();
    muster *db = statements_open(base);
    assert_ok(ask_only(db, statements_set_up, &test_error));
    muster_close(db);
    for (size_t i = 0; statements_change(i); i++) {
        end_everywhere(statements_change(i), true);
    }
}

/* A copy of a database that is open has a log. */
TEST(what_ends_while_the_log_becomes_files_loses_nothing)
{
    char ignored[STATE_ROOM];

    shop_use_fast_disk();
    assert_int_equal(setenv("MUSTER_NOW", "2024-05-01 09:00:00", 1), 0);
    statements_write_files(ROWS);
    base = test_temp_dir();
    muster *db = statements_open(base);
    assert_ok(ask_only(db, statements_set_up, &test_error));
    assert_ok(ask_only(db, logged, &test_error));
    statements_describe(db, ignored);
    for (size_t i = 0; i < MU_COUNT(keeping); i++) {
        end_everywhere(keeping[i], false);
    }
    end_everywhere(statements_change(0), true);
    end_everywhere("INSERT INTO events VALUES ('eve', '2024-01-09', 'pay', 7)", true);
    muster_close(db);
}
