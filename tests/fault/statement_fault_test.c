/*
 * statement_fault_test.c - the disk may fail at any one operation, or from it on, while a statement
 * changes a database.
 *
 * For each statement, of a database with a log and of one without, and each operation in turn, the
 * operation fails as on a disk that is broken; or it and all later ones as on one that is full, or
 * can only be read. The statement then says so, or did not need the operation; and what was there
 * is read on. When the disk is as it should be again, the same process goes on with the statement,
 * or says that the database is to be opened again; it is as before the statement or as after it;
 * and after the next change no file is left over. (change_fault_test.c does the same to a change of
 * every kind of file below SQL, and for memory.)
 */
#include "storage/base/env.h"
#include "tests/support/ask.h"
#include "tests/support/fault.h"
#include "tests/support/shop.h"
#include "tests/support/statements.h"
#include "tests/support/test.h"

#include <errno.h>
#include <stdlib.h>

enum {
    ROWS = 400, /* of the file */
};

/* How the disk fails, and what is said of it. */
typedef struct trouble {
    fault_extent extent;
    int error;
    const char *words;
} trouble;

static const trouble troubles[] = {
    {FAULT_ONCE, EIO, "input/output error"},
    {FAULT_FULL, ENOSPC, "the disk is full; free some space"},
    {FAULT_ALL, EROFS, "read-only file system"},
};

/* What the database is before and after the statement. */
typedef struct expected {
    char before[STATE_ROOM], after[STATE_ROOM];
} expected;

/* The database is as before the statement or as after it; returns which. */
static bool is_done(muster *db, const expected *wanted)
{
    char now[STATE_ROOM];

    statements_describe(db, now);
    if (strcmp(now, wanted->after) == 0) {
        return true;
    }
    assert_string_equal(now, wanted->before);
    return false;
}

/* The disk is as it should be again: the next statement works, in this process or, if that says so,
 * in one that opens the database again; it is the same one, unless that is done. Returns the
 * database. */
static muster *go_on(muster *db, const char *path, const char *sql, const fault *f,
                     const expected *wanted)
{
    if (ask_only(db, is_done(db, wanted) ? "CHECKPOINT" : sql, &test_error) != MUSTER_OK) {
        assert_true(f->unsure);
        assert_message_has("close the database and open it again");
        muster_close(db);
        db = statements_open(path);
        if (!is_done(db, wanted)) {
            assert_ok(ask_only(db, sql, &test_error));
        }
    }
    assert_true(is_done(db, wanted));
    return db;
}

/* Runs the statement in trouble from operation `failing` on; false if there was none of that
 * number. With `reopened` the statement is the first since the database was opened, which then has
 * no log. */
static bool change_in_trouble(const char *sql, const trouble *kind, bool reopened, uint32_t failing,
                              const expected *wanted)
{
    char path[512];
    fault f = {.extent = kind->extent, .error = kind->error, .failing = failing};

    (void)snprintf(path, sizeof path, "%s/db", test_temp_dir());
    muster *db = statements_open(path);
    assert_ok(ask_only(db, statements_set_up, &test_error));
    if (reopened) {
        muster_close(db);
        db = statements_open(path);
    }
    fault_begin(&f);
    const muster_status status = ask_only(db, sql, &test_error);
    if (status != MUSTER_OK) {
        assert_true(f.failed);
        assert_int_equal(status, MUSTER_IO);
        assert_message_has("cannot ");
        assert_message_has(kind->words);
    }
    assert_true(is_done(db, wanted) || status != MUSTER_OK);
    if (failing % 2 == 1) { /* it gives up, and another only reads */
        muster_close(db);
        db = statements_open(path);
        assert_true(is_done(db, wanted) || status != MUSTER_OK);
    }
    fault_end();
    db = go_on(db, path, sql, &f, wanted);
    statements_close(db, path);
    assert_ok(mu_env_remove_tree(path, &test_error));
    return f.failed;
}

/* Each operation, but few of those that there are so many of because buffers are tiny. */
static uint32_t after(uint32_t failing)
{
    return failing + 1 + (failing > 40 ? failing / 4 : 0);
}

TEST(a_statement_in_trouble_with_the_disk_says_so_and_has_happened_or_has_not)
{
    shop_use_fast_disk();
    assert_int_equal(setenv("MUSTER_NOW", "2024-05-01 09:00:00", 1), 0); /* tags are stamped */
    statements_write_files(ROWS);
    for (size_t i = 0; statements_change(i); i++) {
        const char *sql = statements_change(i), *path = test_temp_dir();
        expected wanted;
        muster *db = statements_open(path);
        assert_ok(ask_only(db, statements_set_up, &test_error));
        statements_describe(db, wanted.before);
        assert_ok(ask_only(db, sql, &test_error));
        statements_describe(db, wanted.after);
        statements_close(db, path);
        for (size_t t = 0; t < 2 * MU_COUNT(troubles); t++) {
            uint32_t failing = 0;
            while (change_in_trouble(sql, &troubles[t / 2], t % 2 == 0, failing, &wanted)) {
                failing = after(failing);
            }
            assert_true(failing > 1);
        }
    }
}
