/*
 * join_fault_test.c - memory may run out at any allocation of a join.
 *
 * For each kind of join and each allocation in turn, that one fails, or it and all after it: the
 * statement says that memory is out and leaves nothing behind; and asked again it answers.
 */
#include "storage/base/mem.h"
#include "tests/support/ask.h"
#include "tests/support/test.h"

#include <string.h>

enum {
    ALLOCATIONS = 1000, /* more than any of them makes */
};

static const char *const queries[] = {
    "SELECT count(*), max(p.name) FROM events e JOIN products p ON e.sku = p.sku",
    "SELECT count(*), max(p.name) FROM events e FULL JOIN products p USING (sku) WHERE p.n + 1 > 0 "
    "OR e.n IS NULL",
    "SELECT count(*), max(b.sku) FROM events a FULL JOIN events b ON a.customer = b.customer AND "
    "a.n < b.n",
    "SELECT count(*), max(p.name) FROM events e LEFT JOIN products p ON e.n < p.n",
    "SELECT count(*) FROM events e ANTI JOIN products p ON e.sku = p.sku AND e.n < p.n",
};

/* False if the statement answers all the same: there are no so many, or it can do without. */
static bool fails_at(muster *db, const char *sql, uint64_t allocation, bool forever)
{
    const size_t before = mu_mem_used();

    mu_mem_fail_at(allocation, forever);
    const muster_status status = ask_only(db, sql, &test_error);
    mu_mem_fail_at(UINT64_MAX, false);
    if (status == MUSTER_OK) {
        return false;
    }
    assert_int_equal(status, MUSTER_NOMEM);
    assert_true(mu_mem_used() <= before);
    return true;
}

TEST(a_join_without_memory_says_so_and_leaves_nothing_behind)
{
    char wanted[200];
    muster *db;

    assert_ok(muster_open(test_path("db"), NULL, &db, &test_error));
    assert_ok(muster_set_threads(db, 1, &test_error));
    ask_run(db,
            "CREATE TABLE events (customer TEXT CUSTOMER, ts TIMESTAMP TIME, sku TEXT, n BIGINT);"
            "CREATE TABLE products (sku TEXT, name TEXT, n BIGINT);"
            "INSERT INTO events VALUES ('ada', '2024-05-01', 's1', 1), ('ada', '2024-05-02', "
            "'s2', 2), ('bob', '2024-05-02', NULL, 3), (NULL, '2024-05-02', 's1', 4);"
            "INSERT INTO products VALUES ('s1', 'pen', 1), ('s1', 'ink', 2), (NULL, 'pad', 3)");
    for (size_t q = 0; q < MU_COUNT(queries); q++) {
        assert_ok(ask(db, queries[q], wanted, sizeof wanted, &test_error));
        for (int forever = 0; forever < 2; forever++) {
            uint32_t failed = 0;
            for (uint64_t allocation = 0; allocation < ALLOCATIONS; allocation++) {
                failed += fails_at(db, queries[q], allocation, forever);
            }
            assert_in_range(failed, 40, ALLOCATIONS - 1); /* the last ones were not reached */
            ask_expect(db, queries[q], wanted);
        }
    }
    muster_close(db);
}
