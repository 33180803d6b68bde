/*
 * statement_fault_test.c - any one operation on the disk may fail while a statement changes a
 * database.
 *
 * For each statement, of a database with a log and of one without, and each operation in turn, the
 * operation fails as on a disk that is full or broken. The statement then says so, or did not need
 * the operation; the database, opened again, is as before it or as after it, which it may also be
 * if only the last sync failed; and the statement works where it had not. (change_fault_test.c does
 * the same to a change of every kind of file below SQL, and for memory.)
 */
#include "storage/base/env.h"
#include "storage/db.h"
#include "tests/support/ask.h"
#include "tests/support/shop.h"
#include "tests/support/test.h"

#include <errno.h>
#include <stdlib.h>

enum {
    ROOM = 4096, /* of a state's text */
};

static const char set_up[] =
    "CREATE TABLE events (id TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT EVENT, n BIGINT);"
    "INSERT INTO events VALUES ('ann', '2024-01-05', 'view', 1), ('bob', '2024-02-05', 'pay', 2),"
    " ('bob', '2024-02-08', 'pay', 4), (NULL, '2024-02-06', 'pay', 3);"
    "CREATE TAG vip AS SELECT customer FROM events WHERE event = 'pay';"
    "CREATE AUDIENCE payers AS SELECT customer FROM events WHERE event = 'pay';"
    "REFRESH AUDIENCE payers;"
    "INSERT INTO events VALUES ('fay', '2024-02-09', 'pay', 5);"
    "ALTER TABLE customers ADD COLUMN city TEXT;"
    "ALTER TABLE customers ADD COLUMN tier BIGINT;"
    "INSERT INTO customers VALUES ('ann', 'Rom', 1), ('dan', NULL, 2);"
    "CREATE TABLE products (sku TEXT, price BIGINT);"
    "INSERT INTO products VALUES ('a', 1), ('b', NULL)";

static const char *const changes[] = {
    "INSERT INTO events VALUES ('ann', '2024-03-05', 'view', 1), ('eve', '2024-02-05', 'pay', 2)",
    "ALTER TABLE events ADD COLUMN extra TEXT",
    "INSERT INTO customers VALUES ('ann', 'Ulm', NULL), ('eve', 'Bonn', 3)",
    "UPDATE customers SET tier = coalesce(tier, 0) + 1, city = 'x' WHERE NOT has_tag('vip')",
    "UPDATE products SET price = 7 WHERE sku = 'b'",
    "DELETE FROM products WHERE price = 1",
    "DELETE FROM events WHERE ts < '2024-02-06'",
    "DELETE FROM customers WHERE customer = 'ann' OR tier = 2",
    "CREATE AUDIENCE vips AS SELECT customer FROM customers WHERE has_tag('vip') OR tier = 2",
    "REFRESH AUDIENCE payers",
    "REFRESH TAG vip",
    "DROP AUDIENCE payers VERSION 1",
    "DROP TAG vip",
};

static const char *const questions[] = {
    "SHOW TABLES",
    "SHOW TAGS",
    "FROM audience_versions",
    "DESCRIBE events",
    "SELECT id, ts, event, n FROM events ORDER BY ts",
    "SELECT * FROM customers ORDER BY customer",
    "FROM products",
};

typedef struct fault {
    uint32_t operations, failing; /* the number of the one that fails */
    int error;
    bool failed;
} fault;

static int before(void *context, const char *operation, const char *path)
{
    fault *f = context;

    (void)operation;
    (void)path;
    if (f->operations++ == f->failing) {
        f->failed = true;
        return f->error;
    }
    return 0;
}

static muster *open_one(const char *path)
{
    muster *db;

    assert_ok(muster_open(path, &db, &test_error));
    assert_ok(muster_set_threads(db, 1, &test_error));
    return db;
}

static void describe(muster *db, char state[ROOM])
{
    state[0] = '\0';
    for (size_t i = 0; i < MU_COUNT(questions); i++) {
        const size_t used = strlen(state);
        assert_ok(ask(db, questions[i], state + used, ROOM - used, &test_error));
    }
    assert_true(strlen(state) + 1 < ROOM);
}

static void check(const char *path)
{
    mu_db *db;

    assert_ok(mu_db_open(path, &db, &test_error));
    assert_ok(mu_db_check(db, &test_error));
    mu_db_close(db);
}

/* Lets operation `failing` of the statement fail; false if there was none of that number. With
 * `reopened` the statement is the first since the database was opened, which then has no log. */
static bool change_with_fault(const char *sql, bool reopened, uint32_t failing, int error,
                              const char *after)
{
    char path[512], old[ROOM], now[ROOM];
    fault f = {.failing = failing, .error = error};

    (void)snprintf(path, sizeof path, "%s/db", test_temp_dir());
    muster *db = open_one(path);
    assert_ok(ask_only(db, set_up, &test_error));
    describe(db, old);
    if (reopened) {
        muster_close(db);
        db = open_one(path);
    }
    mu_env_set_hook(before, &f);
    const muster_status status = ask_only(db, sql, &test_error);
    mu_env_set_hook(NULL, NULL);
    if (status != MUSTER_OK) {
        assert_true(f.failed);
        assert_int_equal(status, error == ENOMEM ? MUSTER_NOMEM : MUSTER_IO);
    }
    muster_close(db);
    check(path);
    db = open_one(path);
    describe(db, now);
    const bool done = status == MUSTER_OK || strcmp(now, after) == 0;
    assert_string_equal(now, done ? after : old);
    if (!done) {
        assert_ok(ask_only(db, sql, &test_error));
        describe(db, now);
        assert_string_equal(now, after);
    }
    muster_close(db);
    return f.failed;
}

TEST(a_statement_whose_disk_fails_says_so_and_has_happened_or_has_not)
{
    static const int errors[] = {EIO, ENOSPC};

    shop_use_fast_disk();
    assert_int_equal(setenv("MUSTER_NOW", "2024-05-01 09:00:00", 1), 0); /* tags are stamped */
    for (size_t i = 0; i < MU_COUNT(changes); i++) {
        char after[ROOM];
        muster *db = open_one(test_temp_dir());
        assert_ok(ask_only(db, set_up, &test_error));
        assert_ok(ask_only(db, changes[i], &test_error));
        describe(db, after);
        muster_close(db);
        for (size_t e = 0; e < 2 * MU_COUNT(errors); e++) {
            uint32_t failing = 0;
            while (change_with_fault(changes[i], e % 2 == 0, failing, errors[e / 2], after)) {
                failing++;
            }
            assert_true(failing > 1);
        }
    }
}
