/* keys_test.c - tables with a PRIMARY KEY: loads against a model, and what the check of a database
 * finds. */
#include "storage/db.h"
#include "storage/load.h"
#include "storage/scan.h"
#include "tests/support/test.h"

#include <string.h>

enum {
    KEYS = 400, /* more than rows that stay in memory, in the tiny build */
};

static const mu_column columns[] = {
    {.name = "a", .type = {.kind = MU_TEXT}, .required = true, .key = 2},
    {.name = "value", .type = {.kind = MU_BIGINT, .bits = 64}},
    {.name = "b", .type = {.kind = MU_BIGINT, .bits = 64}, .required = true, .key = 1},
};

static const mu_table table = {.name = "pairs",
                               .column_count = MU_COUNT(columns),
                               .columns = columns,
                               .customer_column = MU_NO_COLUMN,
                               .time_column = MU_NO_COLUMN,
                               .event_column = MU_NO_COLUMN};

/* Key i is (i % 20, text of i / 20). */
static const char *const texts[] = {"",  "a", "b", "c", "d", "e", "f", "g", "h", "i",
                                    "j", "k", "l", "m", "n", "o", "p", "q", "r", "s"};

static mu_db *open_pairs(void)
{
    const mu_table *created;
    mu_change *change;
    mu_db *db;

    assert_ok(mu_db_open(NULL, &db, &test_error));
    mu_db_set_kept(db, false);
    assert_ok(mu_change_begin(db, &change, &test_error));
    assert_ok(mu_change_create_table(change, &table, &created, &test_error));
    assert_ok(mu_change_commit(change, &test_error));
    return db;
}

/* Loads rows with these keys, whose values are `first`, `first` + 1, ... */
static muster_status load_keys(mu_db *db, const uint32_t *keys, uint32_t count, int64_t first,
                               mu_conflict conflict, mu_load_conflicts *out)
{
    static int64_t b[4 * KEYS], values[4 * KEYS];
    static mu_text a[4 * KEYS];
    const mu_load_options options = {.conflict = conflict};
    const mu_input_column inputs[] = {{.text = a}, {.i64 = values}, {.i64 = b}};
    mu_change *change;
    mu_load *load;

    assert_true(count <= MU_COUNT(b));
    for (uint32_t i = 0; i < count; i++) {
        const char *text = texts[keys[i] / 20];
        a[i] = (mu_text){text, (uint32_t)strlen(text)};
        b[i] = keys[i] % 20;
        values[i] = first + i;
    }
    assert_ok(mu_change_begin(db, &change, &test_error));
    const mu_table *there = mu_catalog_find(mu_change_catalog(change), "pairs");
    assert_ok(mu_load_open(change, there, &options, &load, &test_error));
    assert_ok(mu_load_rows(load, count, inputs, &test_error));
    muster_status status = mu_load_finish(load, &test_error);
    *out = mu_load_conflicts_of(load);
    mu_load_close(load);
    if (status == MUSTER_OK) {
        status = mu_change_commit(change, &test_error);
    } else {
        mu_change_abort(change);
    }
    return status;
}

/* What is in the table has to be the model: by key, its value; -1 where there is none. */
static void assert_rows(mu_db *db, const int64_t *model)
{
    static const uint32_t wanted[] = {0, 1, 2};
    bool seen[KEYS] = {false};
    mu_snapshot *snapshot;
    mu_batch *batch;
    mu_scan *scan;

    assert_ok(mu_db_check(db, &test_error));
    assert_ok(mu_db_snapshot(db, &snapshot, &test_error));
    const mu_scan_options options = {.table =
                                         mu_catalog_find(mu_snapshot_catalog(snapshot), "pairs"),
                                     .columns = wanted,
                                     .column_count = MU_COUNT(wanted)};
    assert_ok(mu_scan_open(snapshot, &options, &scan, &test_error));
    for (uint32_t unit = 0; unit < mu_scan_units(scan); unit++) {
        assert_ok(mu_scan_start(scan, unit, &test_error));
        for (;;) {
            assert_ok(mu_scan_next(scan, &batch, &test_error));
            if (batch->rows == 0) {
                break;
            }
            for (uint32_t c = 0; c < MU_COUNT(wanted); c++) {
                assert_ok(mu_scan_load(scan, c, &test_error));
            }
            for (uint32_t row = 0; row < batch->rows; row++) {
                const mu_text a = mu_batch_value(batch, 0, row).text;
                const int64_t rest = mu_batch_value(batch, 2, row).i64;
                const uint32_t key =
                    (uint32_t)(a.size == 0 ? 0 : (a.data[0] - 'a' + 1) * 20) + (uint32_t)rest;
                assert_true(key < KEYS);
                assert_false(seen[key]);
                seen[key] = true;
                assert_int_equal(mu_batch_value(batch, 1, row).i64, model[key]);
            }
        }
    }
    for (uint32_t key = 0; key < KEYS; key++) {
        assert_int_equal(seen[key], model[key] >= 0);
    }
    mu_scan_close(scan);
    mu_snapshot_release(snapshot);
}

/* What a load makes of the model; false where it has to be refused. */
static bool expect(const uint32_t *keys, uint32_t count, int64_t first, mu_conflict conflict,
                   int64_t *model, mu_load_conflicts *out)
{
    int64_t next[KEYS];
    bool came[KEYS] = {false};

    memcpy(next, model, sizeof next);
    *out = (mu_load_conflicts){0};
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t key = keys[i];
        const bool there = model[key] >= 0;
        if (conflict == MU_CONFLICT_REFUSE ? came[key] || there
                                           : conflict == MU_CONFLICT_UPDATE && came[key]) {
            return false;
        }
        if (conflict == MU_CONFLICT_KEEP && (came[key] || there)) {
            out->left_out++;
        } else {
            out->left_out += came[key];
            out->replaced += there && !came[key];
            next[key] = first + i;
        }
        came[key] = true;
    }
    memcpy(model, next, sizeof next);
    return true;
}

TEST(loads_leave_one_row_of_each_key_the_one_that_is_wanted)
{
    uint64_t state = test_seed();
    int64_t model[KEYS];
    uint32_t keys[2 * KEYS];
    mu_db *db = open_pairs();

    memset(model, 0xff, sizeof model);
    for (int64_t turn = 0; turn < 60; turn++) {
        const mu_conflict conflict = (mu_conflict)test_random_below(&state, MU_CONFLICT_NONE);
        const bool many = test_random_below(&state, 4) == 0;
        const uint32_t count = 1 + (uint32_t)test_random_below(&state, many ? 2 * KEYS : 8);
        mu_load_conflicts wanted, found;
        for (uint32_t i = 0; i < count; i++) {
            keys[i] = (uint32_t)test_random_below(&state, KEYS);
        }
        if (expect(keys, count, turn * 1000, conflict, model, &wanted)) {
            assert_ok(load_keys(db, keys, count, turn * 1000, conflict, &found));
            assert_int_equal(found.replaced, wanted.replaced);
            assert_int_equal(found.left_out, wanted.left_out);
        } else {
            assert_int_equal(load_keys(db, keys, count, turn * 1000, conflict, &found),
                             MUSTER_INVALID);
        }
        if (test_random_below(&state, 8) == 0) {
            assert_ok(mu_db_compact(db, NULL, &test_error));
        }
        assert_rows(db, model);
    }
    mu_db_close(db);
}

TEST(the_check_of_a_database_finds_a_key_that_two_rows_have)
{
    const uint32_t keys[] = {1, 45, 7};
    mu_load_conflicts ignored;
    mu_db *db = open_pairs();

    assert_ok(load_keys(db, keys, 3, 0, MU_CONFLICT_NONE, &ignored));
    assert_ok(mu_db_check(db, &test_error));
    assert_ok(load_keys(db, &keys[1], 1, 0, MU_CONFLICT_NONE, &ignored));
    assert_int_equal(mu_db_check(db, &test_error), MUSTER_CORRUPT);
    assert_string_equal(test_error.message,
                        "table \"pairs\": rows 1 and 3 have the same key, (b, a) = (5, 'b')");
    mu_db_close(db);
}
