/*
 * backup_fault_test.c - a copy of a database is whole or none, whatever fails; and a database that
 * can only be read can be copied.
 */
#include "storage/base/env.h"
#include "storage/base/mem.h"
#include "tests/support/fault.h"
#include "tests/support/shop.h"

#include <errno.h>
#include <unistd.h>

static mu_db *open_shop(void)
{
    mu_db *db;

    assert_ok(mu_db_open(test_path("shop"), &db, &test_error));
    assert_ok(shop_create(db, &test_error));
    assert_ok(shop_change(db, 0, &test_error));
    assert_ok(shop_change(db, 1, &test_error));
    return db;
}

static muster_status count_entry(void *context, const char *name, muster_error *err)
{
    (void)name;
    (void)err;
    (*(uint32_t *)context)++;
    return MUSTER_OK;
}

/* A copy that succeeded opens, is whole, and has all that was committed; one that failed has left
 * nothing, and may be tried again. */
static void look_at(const char *path, muster_status status)
{
    uint32_t entries = 0;
    mu_db *copy;

    if (status == MUSTER_OK) {
        assert_ok(mu_db_open(path, &copy, &test_error));
        assert_int_equal(shop_turns(copy), 2);
        mu_db_close(copy);
    } else if (mu_env_exists(path)) {
        assert_ok(mu_env_list(path, count_entry, &entries, &test_error));
        assert_int_equal(entries, 0);
    }
}

TEST(a_backup_is_whole_or_leaves_nothing)
{
    shop_use_fast_disk();
    mu_db *db = open_shop();
    for (uint32_t failing = 0;; failing++) {
        char path[512];
        mu_backup_info info;
        fault f = {.failing = failing, .error = ENOSPC};
        snprintf(path, sizeof path, "%s/copy", test_temp_dir());
        fault_begin(&f);
        const muster_status status = mu_db_backup(db, path, &info, &test_error);
        fault_end();
        if (f.failed && status == MUSTER_OK) {
            continue; /* it was the removal of something that was not there */
        }
        assert_int_equal(status, f.failed ? MUSTER_IO : MUSTER_OK);
        look_at(path, status);
        if (!f.failed) {
            assert_true(failing > 10);
            break;
        }
    }
    mu_db_close(db);
}

TEST(a_backup_survives_running_out_of_memory)
{
    shop_use_fast_disk();
    mu_db *db = open_shop();
    muster_status status = MUSTER_NOMEM;

    for (uint64_t allocation = 0; status == MUSTER_NOMEM; allocation++) {
        char path[512];
        mu_backup_info info;
        snprintf(path, sizeof path, "%s/copy", test_temp_dir());
        mu_mem_fail_at(allocation, true);
        status = mu_db_backup(db, path, &info, &test_error);
        mu_mem_fail_at(UINT64_MAX, false);
        assert_true(status == MUSTER_OK || status == MUSTER_NOMEM);
        if (status == MUSTER_OK) {
            look_at(path, status);
        }
    }
    mu_db_close(db);
}

TEST(what_can_only_be_read_is_read_and_copied)
{
    shop_use_fast_disk();
    const char *path = test_path("shop"), *copy = test_path("copy");
    mu_db *db = open_shop();
    fault f = {.extent = FAULT_ALL, .error = EROFS, .within = path};
    mu_backup_info info;

    fault_begin(&f);
    mu_db_close(db); /* which cannot make files of the log */
    assert_true(f.failed);
    assert_int_equal(unlink(test_path("shop/lock")), 0);
    assert_ok(mu_db_open(path, &db, &test_error));
    assert_int_equal(shop_turns(db), 2);
    assert_status(MUSTER_IO, shop_change(db, 2, &test_error));
    assert_message_has("\" can be read, but not changed: cannot lock \"");
    assert_message_has("read-only file system");
    assert_int_equal(shop_turns(db), 2);
    assert_ok(mu_db_backup(db, copy, &info, &test_error));
    look_at(copy, MUSTER_OK);
    mu_db_close(db);
    fault_end();
    assert_ok(mu_db_open(path, &db, &test_error));
    assert_ok(shop_change(db, 2, &test_error));
    assert_int_equal(shop_turns(db), 3);
    mu_db_close(db);
}
