/*
 * sql_fuzz.c - statements over a small database. All are prepared; those with a result are run,
 * the others might write files.
 */
#include "include/muster.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_BYTES = 4000
};

static const char setup[] =
    "CREATE TABLE events (customer TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT EVENT, channel "
    "TEXT INDEXED, amount DECIMAL(12,2), n BIGINT, x DOUBLE, ok BOOLEAN, day DATE);"
    "INSERT INTO events VALUES ('a', '2024-01-01', 'view', 'web', 1.5, 1, 0.5, true, "
    "'2024-01-01'), ('b', '2024-01-02 10:00:00', 'pay', NULL, NULL, -3, NULL, false, NULL), "
    "('a', '2024-02-03', 'pay', 'app', 20, NULL, 1e300, NULL, '1999-12-31'), "
    "(NULL, '2024-02-04', NULL, 'web', -1, 9223372036854775807, -0.25, true, '2024-02-29');"
    "CREATE TABLE goods (id BIGINT, name TEXT, price DECIMAL(8,2), since DATE);"
    "INSERT INTO goods VALUES (1, 'web', 2.50, '2023-12-31'), (2, 'app', NULL, NULL);"
    "CREATE VIEW paid AS SELECT customer, ts, amount, channel AS name FROM events WHERE event = "
    "'pay';"
    "CREATE TAG vip AS SELECT customer FROM customers WHERE customer = 'a';"
    "CREATE AUDIENCE payers AS SELECT customer FROM events WHERE event = 'pay';"
    "REFRESH AUDIENCE payers";

static muster *database; /* of all calls */
static muster_connection *connection;

static void open_database(void)
{
    const muster_options options = {.size = sizeof options, .threads = 1};
    muster_error err = {0};

    (void)mu_fuzz_directory();
    if (!freopen("/dev/null", "r", stdin) ||
        muster_open(NULL, &options, &database, &err) != MUSTER_OK ||
        muster_connect(database, &connection, &err) != MUSTER_OK) {
        abort();
    }
    mu_fuzz_run_sql(connection, setup, true);
}

static void close_database(void)
{
    muster_disconnect(connection);
    muster_close(database);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char sql[MOST_BYTES + 1];

    if (!database) {
        open_database();
        (void)atexit(close_database);
    }
    if (size <= MOST_BYTES) {
        memcpy(sql, data, size);
        sql[size] = '\0';
        mu_fuzz_run_sql(connection, sql, false);
    }
    return 0;
}
