/*
 * change_fault_test.c - any one write, sync, rename or allocation may fail while a database is
 * changed: the failure is told, nothing leaks, what was there before is still there, and the next
 * change works (once the database was opened again, where a sync of the directory failed).
 */
#include "storage/base/env.h"
#include "storage/base/mem.h"
#include "tests/support/fault.h"
#include "tests/support/shop.h"
#include "tests/support/test.h"

#include <errno.h>

/* Makes change `turn`, in which operation `failing` fails, and then the next; false if there was no
 * operation of that number. */
static bool change_with_fault(uint32_t turn, uint32_t failing, int error)
{
    char path[512];
    mu_db *db;
    fault f = {.failing = failing, .error = error};

    snprintf(path, sizeof path, "%s/db", test_temp_dir());
    assert_ok(mu_db_open(path, &db, &test_error));
    assert_ok(shop_create(db, &test_error));
    for (uint32_t i = 0; i < turn; i++) {
        assert_ok(shop_change(db, i, &test_error));
    }
    fault_begin(&f);
    muster_status status = shop_change(db, turn, &test_error);
    fault_end();
    if (status != MUSTER_OK) {
        assert_int_equal(status, MUSTER_IO);
        assert_true(f.failed);
        assert_message_has(path);
        assert_message_has(error == ENOSPC ? "the disk is full" : "input/output error");
        status = shop_change(db, turn, &test_error); /* in the same process, at once */
    }
    if (status != MUSTER_OK) {
        assert_true(f.unsure);
        assert_int_equal(status, MUSTER_IO);
        assert_message_has("takes no more changes");
    }
    mu_db_close(db);
    assert_ok(mu_db_open(path, &db, &test_error));
    const uint32_t turns = shop_turns(db);
    assert_in_range(turns, status == MUSTER_OK ? turn + 1 : turn, turn + 1);
    assert_ok(shop_change(db, turns, &test_error));
    assert_int_equal(shop_turns(db), turns + 1);
    mu_db_close(db);
    return f.failed;
}

/* The first change of the log, one by a manifest while there is one, and another of the log. */
static void fail_everywhere(int error)
{
    shop_use_fast_disk();
    for (uint32_t turn = 1; turn <= 3; turn++) {
        uint32_t failing = 0;
        while (change_with_fault(turn, failing, error)) {
            failing++;
        }
        assert_true(failing > (turn == 2 ? 15 : 1));
    }
}

TEST(a_disk_that_fills_up_anywhere_loses_nothing)
{
    fail_everywhere(ENOSPC);
}

TEST(a_disk_that_fails_anywhere_loses_nothing)
{
    fail_everywhere(EIO);
}

TEST(a_database_cannot_be_created_where_any_operation_fails)
{
    shop_use_fast_disk();
    for (uint32_t failing = 0;; failing++) {
        char path[512];
        mu_db *db;
        snprintf(path, sizeof path, "%s/db", test_temp_dir());
        fault f = {.failing = failing, .error = EACCES};
        fault_begin(&f);
        const muster_status status = mu_db_open(path, &db, &test_error);
        fault_end();
        if (status == MUSTER_OK) {
            mu_db_close(db);
        } else {
            assert_null(db);
            assert_int_equal(status, MUSTER_IO);
            assert_message_has("permission denied");
        }
        assert_ok(mu_db_open(path, &db, &test_error));
        assert_int_equal(shop_turns(db), 0);
        mu_db_close(db);
        if (!f.failed) {
            assert_true(failing > 4);
            break;
        }
    }
}

/* Opens, changes, reads and checks a database, in which an allocation fails. */
static muster_status run_short_of_memory(const char *path, uint32_t *turns)
{
    mu_db *db = NULL;
    mu_snapshot *snapshot = NULL;

    muster_status status = mu_db_open(path, &db, &test_error);
    for (*turns = 1; *turns < 3 && status == MUSTER_OK; *turns += status == MUSTER_OK) {
        status = shop_change(db, *turns, &test_error);
    }
    if (status == MUSTER_OK) {
        status = mu_db_snapshot(db, &snapshot, &test_error);
    }
    if (status == MUSTER_OK) {
        mu_snapshot_release(snapshot);
        status = mu_db_check(db, &test_error);
    }
    mu_db_close(db);
    return status;
}

/* False if there was no allocation of that number to fail. */
static bool lose_memory_at(uint64_t allocation, bool forever)
{
    char path[512];
    mu_db *db;
    uint32_t turns;

    snprintf(path, sizeof path, "%s/db", test_temp_dir());
    assert_ok(mu_db_open(path, &db, &test_error));
    assert_ok(shop_create(db, &test_error));
    assert_ok(shop_change(db, 0, &test_error));
    mu_db_close(db);
    mu_mem_fail_at(allocation, forever);
    const muster_status status = run_short_of_memory(path, &turns);
    mu_mem_fail_at(UINT64_MAX, false);
    assert_true(status == MUSTER_OK || status == MUSTER_NOMEM);
    assert_ok(mu_db_open(path, &db, &test_error));
    assert_int_equal(shop_turns(db), turns);
    mu_db_close(db);
    return status != MUSTER_OK;
}

TEST(memory_that_runs_out_anywhere_loses_nothing)
{
    shop_use_fast_disk();
    for (int forever = 0; forever < 2; forever++) {
        uint64_t allocation = 0;
        uint32_t fine = 0;
        /* Removing leftovers does without memory, so some failures are not told. */
        while (fine < 20) {
            fine = lose_memory_at(allocation++, forever == 1) ? 0 : fine + 1;
        }
        assert_true(allocation > 100);
    }
}
