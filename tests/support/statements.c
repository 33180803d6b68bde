/* statements.c - the database and the statements of statements.h. */
#include "tests/support/statements.h"

#include "storage/base/env.h"
#include "storage/db.h"
#include "tests/support/ask.h"
#include "tests/support/test.h"

#include <stdlib.h>

const char statements_set_up[] =
    "CREATE TABLE events (id TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT EVENT, n BIGINT);"
    "INSERT INTO events VALUES ('ann', '2024-01-05', 'view', 1), ('bob', '2024-02-05', 'pay', 2),"
    " ('bob', '2024-02-08', 'pay', 4), (NULL, '2024-02-06', 'pay', 3);"
    "CREATE TAG vip AS SELECT customer FROM events WHERE event = 'pay';"
    "CREATE AUDIENCE viewers AS SELECT customer FROM events WHERE event = 'view' OR n > 5;"
    "CREATE AUDIENCE vips AS SELECT customer FROM customers WHERE has_tag('vip');"
    "REFRESH AUDIENCE vips;"
    "INSERT INTO events VALUES ('fay', '2024-02-07', 'pay', 6);"
    "ALTER TABLE customers ADD COLUMN city TEXT;"
    "ALTER TABLE customers ADD COLUMN tier BIGINT;"
    "INSERT INTO customers VALUES ('ann', 'Rom', 1), ('dan', NULL, 2);"
    "CREATE TABLE products (sku TEXT, price BIGINT);"
    "CREATE VIEW shown AS FROM products;"
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
    "CREATE TABLE sums AS SELECT event, count(*) AS n FROM events GROUP BY event",
    "CREATE OR REPLACE TABLE products AS SELECT sku, price * 2 AS price FROM products",
    "INSERT INTO events SELECT * FROM events",
    "CREATE OR REPLACE VIEW shown AS SELECT sku FROM products",
    "DROP VIEW shown",
};

static const char *const questions[] = {
    "SHOW TABLES",
    "SHOW TAGS",
    "FROM audience_versions SELECT name, version, customers, definition, refreshed_at",
    "SELECT customer FROM customers WHERE in_audience('vips') ORDER BY 1",
    "DESCRIBE events",
    "SELECT event, count(*), sum(n), count(DISTINCT customer) FROM events GROUP BY ALL ORDER BY 1",
    "SELECT * FROM events WHERE customer IN ('ann', 'bob') OR customer IS NULL ORDER BY ALL",
    "SELECT count(*), min(customer), max(customer) FROM customers WHERE has_tag('vip')",
    "SELECT count(*), sum(n) FROM visits",
    "SELECT customer, city, first_seen FROM customers WHERE city > '' ORDER BY 1",
    "SELECT count(*), sum(tier) FROM customers",
    "FROM products",
    "FROM views",
    "SELECT count(*), sum(n) FROM sums",
};

static const char *the_file;

void statements_write_files(uint32_t rows)
{
    char *text = malloc((size_t)rows * 64 + 64);
    size_t size = (size_t)snprintf(text, 64, "id,ts,event,n\n");

    for (unsigned i = 0; i < rows; i++) {
        size +=
            (size_t)snprintf(text + size, 64, "c%u,2024-0%u-%02u 10:00:00,%s,%u\n", i * 7 % 1000,
                             1 + i % 3, 1 + i % 28, i % 5 == 0 ? "pay" : "view", i);
    }
    the_file = test_path("log.csv");
    test_write_file(the_file, text, size);
    size = (size_t)snprintf(text, 64, "customer,tag,value\n");
    for (unsigned i = 0; i < rows / 8; i++) {
        size += (size_t)snprintf(text + size, 64, "c%u,tier,%u\nc%u,vip,\n", i, i % 3, i * 2);
    }
    test_write_file(test_path("log.csv.tags"), text, size);
    size = (size_t)snprintf(text, 64, "tier,customer\n");
    for (unsigned i = 0; i < rows / 13; i++) {
        size += (size_t)snprintf(text + size, 64, "%u,c%u\n", i, i * 3);
    }
    test_write_file(test_path("log.csv.profiles"), text, size);
    free(text);
}

const char *statements_change(size_t i)
{
    static char sql[2048];

    if (i >= MU_COUNT(changes)) {
        return NULL;
    }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(sql, sizeof sql, changes[i], the_file, the_file);
#pragma GCC diagnostic pop
    return sql;
}

muster *statements_open(const char *path)
{
    muster *db;

    assert_ok(muster_open(path, NULL, &db, &test_error));
    assert_ok(muster_set_threads(db, 1, &test_error));
    return db;
}

void statements_describe(muster *db, char state[STATE_ROOM])
{
    state[0] = '\0';
    for (size_t i = 0; i < MU_COUNT(questions); i++) {
        const size_t used = strlen(state);
        muster_error error;
        if (ask(db, questions[i], state + used, STATE_ROOM - used, &error) != MUSTER_OK) {
            (void)snprintf(state + used, STATE_ROOM - used, "%s\n", error.message);
        }
    }
    assert_true(strlen(state) + 1 < STATE_ROOM);
}

static muster_status count_file(void *context, const char *name, muster_error *err)
{
    (void)name;
    (void)err;
    ++*(uint32_t *)context;
    return MUSTER_OK;
}

void statements_close(muster *db, const char *path)
{
    mu_db *same;
    mu_snapshot *snapshot;
    mu_arena arena = {0};
    mu_file_info *files;
    uint32_t named, found = 0;

    assert_ok(ask_only(db, "COMPACT", &test_error));
    assert_ok(ask_only(db, "CREATE TABLE one_more (a TEXT)", &test_error));
    muster_close(db);
    assert_ok(mu_db_open(path, &same, &test_error));
    assert_ok(mu_db_check(same, &test_error));
    assert_ok(mu_db_snapshot(same, &snapshot, &test_error));
    assert_ok(mu_snapshot_files(snapshot, &arena, &files, &named, &test_error));
    assert_ok(mu_env_list(path, count_file, &found, &test_error));
    assert_int_equal(found, named + 1); /* the lock */
    mu_arena_deinit(&arena);
    mu_snapshot_release(snapshot);
    mu_db_close(same);
}
