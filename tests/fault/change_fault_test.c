/*
 * change_fault_test.c - any one write, sync, rename or allocation may fail while a database is
 * changed: the failure is told, nothing leaks, what was there before is still there, and the next
 * change works (once the database was opened again, where a sync of the directory failed).
 */
#include "storage/base/env.h"
#include "storage/base/mem.h"
#include "tests/support/shop.h"
#include "tests/support/test.h"

#include <errno.h>

typedef struct fault {
    uint32_t operations, failing; /* the number of the one that fails */
    int error;
    bool failed;
    bool renamed;          /* before it failed: the new manifest was in place */
    bool directory_failed; /* it was a sync of the directory */
    const char *directory;
} fault;

static int before(void *context, const char *operation, const char *path)
{
    fault *f = context;

    if (f->operations++ == f->failing) {
        f->failed = true;
        f->directory_failed = strcmp(operation, "sync") == 0 && strcmp(path, f->directory) == 0;
        return f->error;
    }
    f->renamed |= !f->failed && strcmp(operation, "rename") == 0;
    return 0;
}

/* The turns there are must be 1, or 2 if the change went through. */
static void check_after(const char *path, muster_status status, const fault *f)
{
    mu_db *db;

    assert_ok(mu_db_open(path, &db, &test_error));
    const uint32_t turns = shop_turns(db);
    assert_int_equal(turns, status == MUSTER_OK || f->renamed ? 2 : 1);
    assert_ok(shop_change(db, turns, &test_error));
    assert_int_equal(shop_turns(db), turns + 1);
    mu_db_close(db);
}

/* Makes a change in which operation `failing` fails; false if there was none of that number. */
static bool change_with_fault(uint32_t failing, int error)
{
    char path[512];
    mu_db *db;

    snprintf(path, sizeof path, "%s/db", test_temp_dir());
    fault f = {.failing = failing, .error = error, .directory = path};
    assert_ok(mu_db_open(path, &db, &test_error));
    assert_ok(shop_create(db, &test_error));
    assert_ok(shop_change(db, 0, &test_error));
    mu_env_set_hook(before, &f);
    const muster_status status = shop_change(db, 1, &test_error);
    mu_env_set_hook(NULL, NULL);
    if (status != MUSTER_OK) {
        assert_int_equal(status, error == ENOMEM ? MUSTER_NOMEM : MUSTER_IO);
        assert_true(f.failed);
        if (error == ENOSPC) {
            assert_message_has("the disk is full");
        }
        if (f.directory_failed) {
            assert_status(MUSTER_IO, shop_change(db, 1, &test_error));
            assert_message_has("takes no more changes");
        } else {
            assert_false(f.renamed);
            assert_int_equal(shop_turns(db), 1);
            assert_ok(shop_change(db, 1, &test_error)); /* in the same process, at once */
            assert_int_equal(shop_turns(db), 2);
            mu_db_close(db);
            return f.failed;
        }
    }
    mu_db_close(db);
    check_after(path, status, &f);
    return f.failed;
}

TEST(a_disk_that_fills_up_anywhere_loses_nothing)
{
    uint32_t failing = 0;

    shop_use_fast_disk();
    while (change_with_fault(failing, ENOSPC)) {
        failing++;
    }
    assert_true(failing > 15);
}

TEST(a_disk_that_fails_anywhere_loses_nothing)
{
    uint32_t failing = 0;

    shop_use_fast_disk();
    while (change_with_fault(failing, EIO)) {
        failing++;
    }
    assert_true(failing > 15);
}

TEST(a_database_cannot_be_created_where_any_operation_fails)
{
    shop_use_fast_disk();
    for (uint32_t failing = 0;; failing++) {
        char path[512];
        mu_db *db;
        snprintf(path, sizeof path, "%s/db", test_temp_dir());
        fault f = {.failing = failing, .error = EACCES, .directory = path};
        mu_env_set_hook(before, &f);
        const muster_status status = mu_db_open(path, &db, &test_error);
        mu_env_set_hook(NULL, NULL);
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
static muster_status run_short_of_memory(const char *path, bool *changed)
{
    mu_db *db = NULL;
    mu_snapshot *snapshot = NULL;

    *changed = false;
    muster_status status = mu_db_open(path, &db, &test_error);
    if (status == MUSTER_OK) {
        status = shop_change(db, 1, &test_error);
        *changed = status == MUSTER_OK;
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
    bool changed;

    snprintf(path, sizeof path, "%s/db", test_temp_dir());
    assert_ok(mu_db_open(path, &db, &test_error));
    assert_ok(shop_create(db, &test_error));
    assert_ok(shop_change(db, 0, &test_error));
    mu_db_close(db);
    mu_mem_fail_at(allocation, forever);
    const muster_status status = run_short_of_memory(path, &changed);
    mu_mem_fail_at(UINT64_MAX, false);
    assert_true(status == MUSTER_OK || status == MUSTER_NOMEM);
    assert_ok(mu_db_open(path, &db, &test_error));
    assert_int_equal(shop_turns(db), 1 + changed);
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
