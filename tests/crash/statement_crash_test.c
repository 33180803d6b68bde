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
#include "tests/support/test.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    ROWS = 4000, /* of the file: so many that the tiny build sorts and merges several runs */
    ROOM = 8192, /* of a state's text */
    /* How a child ends: before it was told that the statement is done, and after. */
    ENDED_BEFORE = 7,
    ENDED_AFTER = 8,
};

static const char set_up[] =
    "CREATE TABLE events (id TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT EVENT, n BIGINT);"
    "INSERT INTO events VALUES ('ann', '2024-01-05', 'view', 1), ('bob', '2024-02-05', 'pay', 2),"
    " (NULL, '2024-02-06', 'pay', 3);"
    "CREATE TAG vip AS SELECT customer FROM events WHERE event = 'pay';"
    "CREATE AUDIENCE viewers AS SELECT customer FROM events WHERE event = 'view' OR n > 5;"
    "CREATE AUDIENCE vips AS SELECT customer FROM customers WHERE has_tag('vip');"
    "REFRESH AUDIENCE vips;"
    "INSERT INTO events VALUES ('fay', '2024-02-07', 'pay', 6);"
    "ALTER TABLE customers ADD COLUMN city TEXT;"
    "ALTER TABLE customers ADD COLUMN tier BIGINT;"
    "INSERT INTO customers VALUES ('ann', 'Rom', 1), ('dan', NULL, 2);"
    "CREATE TABLE products (sku TEXT, price BIGINT);"
    "INSERT INTO products VALUES ('a', 1), ('b', NULL)";

/* %s: the file. */
static const char *const changes[] = {
    "COPY events FROM '%s'",
    "COPY events FROM '%s' (REJECTS '%s.rejects')",
    "COPY tags FROM '%s.tags'",
    "CREATE TABLE visits FROM '%s' (id CUSTOMER, ts TIME)",
    "INSERT INTO events VALUES ('cyd', '2024-01-05', 'view', 1), ('ann', '2025-01-05', 'view', 1)",
    "CREATE TAG tier AS SELECT customer, event FROM events WHERE customer IS NOT NULL",
    "CREATE TABLE plain (a TEXT, b DATE)",
    "ALTER TABLE events ADD COLUMN extra TEXT",
    "ALTER TABLE customers DROP COLUMN tier",
    "ALTER TABLE events RENAME COLUMN n TO m",
    "INSERT INTO customers VALUES ('ann', 'Ulm', NULL), ('eve', 'Bonn', 3)",
    "COPY customers FROM '%s.profiles'",
    "UPDATE customers SET tier = coalesce(tier, 0) + 1, city = 'x' WHERE NOT has_tag('vip')",
    "UPDATE products SET price = 7 WHERE sku = 'b'",
    "DELETE FROM products WHERE price = 1",
    "DELETE FROM events WHERE ts < '2024-02-06'",
    "DELETE FROM customers WHERE customer = 'ann' OR tier = 2",
    "CREATE AUDIENCE payers AS SELECT customer FROM events WHERE event = 'pay'",
    "CREATE OR REPLACE AUDIENCE vips AS SELECT customer FROM events WHERE n < 3",
    "REFRESH AUDIENCE viewers",
    "REFRESH TAG vip",
    "DROP AUDIENCE vips VERSION 1",
    "DROP AUDIENCE vips",
    "DROP TAG vip",
    "DROP TABLE events",
};

/* These change nothing that can be seen; there are a log and someone erased when they begin. */
static const char *const keeping[] = {"CHECKPOINT", "COMPACT"};
static const char logged[] = "DELETE FROM customers WHERE customer = 'bob';"
                             "DROP AUDIENCE vips VERSION 1;"
                             "INSERT INTO events VALUES ('dan', '2024-01-06', 'view', 9);"
                             "INSERT INTO events VALUES ('ann', '2024-01-07', 'pay', 4)";

static const char *const questions[] = {
    "SHOW TABLES",
    "SHOW TAGS",
    "FROM audience_versions SELECT name, version, customers, definition, refreshed_at",
    "SELECT customer FROM customers WHERE in_audience('vips') ORDER BY 1",
    "SELECT event, count(*), sum(n), count(DISTINCT customer) FROM events GROUP BY ALL ORDER BY 1",
    "SELECT * FROM events WHERE customer IN ('ann', 'bob') OR customer IS NULL ORDER BY ALL",
    "SELECT count(*), min(customer), max(customer) FROM customers WHERE has_tag('vip')",
    "SELECT count(*), sum(n) FROM visits",
    "SELECT customer, city, first_seen FROM customers WHERE city > '' ORDER BY 1",
    "SELECT count(*), sum(tier) FROM customers",
    "FROM products",
};

static const char *the_file, *base;

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

static void write_files(void)
{
    char *text = malloc(ROWS * 64);
    size_t size = (size_t)snprintf(text, 64, "id,ts,event,n\n");

    for (unsigned i = 0; i < ROWS; i++) {
        size +=
            (size_t)snprintf(text + size, 64, "c%u,2024-0%u-%02u 10:00:00,%s,%u\n", i * 7 % 1000,
                             1 + i % 3, 1 + i % 28, i % 5 == 0 ? "pay" : "view", i);
    }
    the_file = test_path("log.csv");
    test_write_file(the_file, text, size);
    size = (size_t)snprintf(text, 64, "customer,tag,value\n");
    for (unsigned i = 0; i < 500; i++) {
        size += (size_t)snprintf(text + size, 64, "c%u,tier,%u\nc%u,vip,\n", i, i % 3, i * 2);
    }
    test_write_file(test_path("log.csv.tags"), text, size);
    size = (size_t)snprintf(text, 64, "tier,customer\n");
    for (unsigned i = 0; i < 300; i++) {
        size += (size_t)snprintf(text + size, 64, "%u,c%u\n", i, i * 3);
    }
    test_write_file(test_path("log.csv.profiles"), text, size);
    free(text);
}

static const char *sql_of(const char *change)
{
    static char sql[2048];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(sql, sizeof sql, change, the_file, the_file);
#pragma GCC diagnostic pop
    return sql;
}

static muster *open_one(const char *path)
{
    muster *db;

    assert_ok(muster_open(path, &db, &test_error));
    assert_ok(muster_set_threads(db, 1, &test_error));
    return db;
}

/* All that can be seen of a database: answers, and why there are none. */
static void describe(muster *db, char *state)
{
    state[0] = '\0';
    for (size_t i = 0; i < MU_COUNT(questions); i++) {
        const size_t used = strlen(state);
        muster_error error;
        if (ask(db, questions[i], state + used, ROOM - used, &error) != MUSTER_OK) {
            (void)snprintf(state + used, ROOM - used, "%s\n", error.message);
        }
    }
    assert_true(strlen(state) + 1 < ROOM);
}

static muster_status count_file(void *context, const char *name, muster_error *err)
{
    (void)name;
    (void)err;
    ++*(uint32_t *)context;
    return MUSTER_OK;
}

/* The number of files after one more change, and with all that the log has in files. */
static uint32_t count_files(muster *db, const char *path)
{
    uint32_t count = 0;

    assert_ok(ask_only(db, "COMPACT", &test_error));
    assert_ok(ask_only(db, "CREATE TABLE one_more (a TEXT)", &test_error));
    assert_ok(mu_env_list(path, count_file, &count, &test_error));
    return count;
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
    if (muster_open(path, &db, &test_error) != MUSTER_OK ||
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

/* What the database is before and after the change, and its files after one more. */
typedef struct expected {
    char before[ROOM], after[ROOM];
    uint32_t files;
} expected;

static void check_one(const char *path, const char *sql, int ended, const expected *wanted)
{
    char state[ROOM];
    muster *db = open_one(path);

    describe(db, state);
    if (ended != ENDED_BEFORE) {
        assert_string_equal(state, wanted->after);
    } else if (strcmp(state, wanted->after) != 0) {
        assert_string_equal(state, wanted->before);
        assert_ok(ask_only(db, sql, &test_error));
        describe(db, state);
        assert_string_equal(state, wanted->after);
    }
    assert_int_equal(count_files(db, path), wanted->files);
    muster_close(db);
}

static void end_everywhere(const char *change, bool seen)
{
    const char *sql = sql_of(change), *path = test_temp_dir();
    expected wanted;

    assert_ok(mu_env_list(base, copy_file, (void *)(uintptr_t)path, &test_error));
    muster *db = open_one(path);
    describe(db, wanted.before);
    assert_ok(ask_only(db, sql, &test_error));
    describe(db, wanted.after);
    assert_true((strcmp(wanted.before, wanted.after) != 0) == seen);
    wanted.files = count_files(db, path);
    muster_close(db);

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
    write_files();
    base = test_temp_dir();
    muster *db = open_one(base);
    assert_ok(ask_only(db, set_up, &test_error));
    muster_close(db);
    for (size_t i = 0; i < MU_COUNT(changes); i++) {
        end_everywhere(changes[i], true);
    }
}

/* A copy of a database that is open has a log. */
TEST(what_ends_while_the_log_becomes_files_loses_nothing)
{
    char ignored[ROOM];

    shop_use_fast_disk();
    assert_int_equal(setenv("MUSTER_NOW", "2024-05-01 09:00:00", 1), 0);
    write_files();
    base = test_temp_dir();
    muster *db = open_one(base);
    assert_ok(ask_only(db, set_up, &test_error));
    assert_ok(ask_only(db, logged, &test_error));
    describe(db, ignored);
    for (size_t i = 0; i < MU_COUNT(keeping); i++) {
        end_everywhere(keeping[i], false);
    }
    end_everywhere(changes[0], true);
    end_everywhere("INSERT INTO events VALUES ('eve', '2024-01-09', 'pay', 7)", true);
    muster_close(db);
}
