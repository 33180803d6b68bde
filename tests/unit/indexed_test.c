/*
 * indexed_test.c - conditions on indexed columns, as an execution finds their values.
 */
#include "query/indexed.h"

#include "include/muster.h"
#include "tests/support/ask.h"
#include "tests/support/expr.h"
#include "tests/support/test.h"

typedef struct shop {
    mu_db *db;
    mu_snapshot *snapshot;
    mu_exec *exec;
    atomic_bool cancelled;
    const mu_table *events;
    const mu_expr *condition; /* event LIKE 'p%' */
} shop;

static void shop_open(shop *s)
{
    const char *path = test_temp_dir();
    const mu_scope *scope = test_scope();
    const mu_plan *plan;
    muster *db;

    assert_ok(muster_open(path, NULL, &db, &test_error));
    assert_ok(ask_only(db,
                       "CREATE TABLE events (customer TEXT CUSTOMER, ts TIMESTAMP TIME,"
                       "  event TEXT EVENT);"
                       "INSERT INTO events VALUES ('ada', '2024-05-01', 'pay'),"
                       "  ('bob', '2024-05-02', 'view'), ('bob', '2024-07-02', 'pay')",
                       &test_error));
    muster_close(db);
    assert_ok(mu_db_open(path, &s->db, &test_error));
    assert_ok(mu_db_snapshot(s->db, &s->snapshot, &test_error));
    s->events = mu_catalog_find(mu_snapshot_catalog(s->snapshot), "events");
    assert_non_null(s->events);
    const mu_expr *const args[] = {test_column(2, mu_type_of_letter('t')), test_const("t p%")};
    assert_ok(mu_expr_call(scope, "like", args, 2, -1, &s->condition, &test_error));
    assert_ok(mu_plan_scan(scope, s->events, &plan, &test_error));
    atomic_init(&s->cancelled, false);
    const mu_exec_options options = {.snapshot = s->snapshot, .cancel = &s->cancelled};
    assert_ok(mu_exec_open(&options, plan, &s->exec, &test_error));
}

static void shop_close(shop *s)
{
    mu_exec_close(s->exec);
    mu_snapshot_release(s->snapshot);
    mu_db_close(s->db);
    test_scope_end();
}

static mu_indexed_options ask_for(const shop *s, const mu_expr *const *condition)
{
    return (mu_indexed_options){.table = s->events, .conditions = condition, .condition_count = 1};
}

/* How many segments' values are known. */
static uint32_t count_known(const shop *s, const mu_scan_values *values)
{
    uint32_t known = 0;

    for (uint32_t i = 0; i < mu_snapshot_segment_count(s->snapshot, s->events->id); i++) {
        known += values->wanted[i] != NULL;
    }
    return known;
}

TEST(values_of_a_condition_are_found_once_in_an_execution)
{
    const mu_scan_values *first, *again, *other;
    uint32_t count;
    shop s;

    shop_open(&s);
    const mu_expr *list[] = {s.condition};
    mu_indexed_options options = ask_for(&s, &s.condition);
    assert_ok(mu_indexed_values(s.exec, &options, &first, &count, &test_error));
    assert_int_equal(count, 1);
    options.conditions = list; /* another thread's list of the same conditions */
    assert_ok(mu_indexed_values(s.exec, &options, &again, &count, &test_error));
    assert_int_equal(count, 1);
    assert_ptr_equal(first, again);
    options.bounded = true;
    assert_ok(mu_indexed_values(s.exec, &options, &other, &count, &test_error));
    assert_int_equal(count, 1);
    assert_ptr_not_equal(first, other);
    assert_true(count_known(&s, first) > 0);
    assert_int_equal(count_known(&s, other), 0); /* no time is in [0, 0) */
    shop_close(&s);
}

TEST(a_cancelled_execution_looks_at_no_more_values_and_keeps_nothing_of_those_it_did)
{
    const mu_scan_values *values;
    uint32_t count;
    shop s;

    shop_open(&s);
    const mu_indexed_options options = ask_for(&s, &s.condition);
    atomic_store(&s.cancelled, true);
    assert_status(MUSTER_CANCELLED,
                  mu_indexed_values(s.exec, &options, &values, &count, &test_error));
    atomic_store(&s.cancelled, false);
    assert_ok(mu_indexed_values(s.exec, &options, &values, &count, &test_error));
    assert_int_equal(count, 1);
    assert_true(count_known(&s, values) > 0);
    shop_close(&s);
}

TEST(a_counted_scan_needs_no_values_of_segments_that_it_takes_whole)
{
    const mu_scan_values *values;
    uint32_t count;
    shop s;

    shop_open(&s);
    mu_indexed_options options = ask_for(&s, &s.condition);
    options.counted = true;
    assert_ok(mu_indexed_values(s.exec, &options, &values, &count, &test_error));
    assert_int_equal(count, 1);
    assert_int_equal(count_known(&s, values), 0);
    shop_close(&s);
}
