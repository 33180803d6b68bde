/* db_test.c - opening, snapshots and changes of a database. */
#include "storage/db.h"

#include "storage/base/env.h"
#include "tests/support/shop.h"
#include "tests/support/test.h"

#include <pthread.h>
#include <stdatomic.h>

static mu_db *open_shop(const char *path)
{
    mu_db *db;

    assert_ok(mu_db_open(path, &db, &test_error));
    assert_ok(shop_create(db, &test_error));
    return db;
}

static muster_status count_entry(void *context, const char *name, muster_error *err)
{
    (void)name;
    (void)err;
    (*(uint32_t *)context)++;
    return MUSTER_OK;
}

static uint32_t count_files(const char *path)
{
    uint32_t count = 0;

    assert_ok(mu_env_list(path, count_entry, &count, &test_error));
    return count;
}

static mu_snapshot *snapshot_of(mu_db *db)
{
    mu_snapshot *snapshot;

    assert_ok(mu_db_snapshot(db, &snapshot, &test_error));
    return snapshot;
}

TEST(a_new_database_is_empty_and_opens_again)
{
    const char *path = test_path("new");

    for (int turn = 0; turn < 2; turn++) {
        mu_db *db;
        assert_ok(mu_db_open(path, &db, &test_error));
        assert_string_equal(mu_db_path(db), path);
        mu_snapshot *snapshot = snapshot_of(db);
        assert_int_equal(mu_snapshot_version(snapshot), 0);
        assert_int_equal(mu_snapshot_catalog(snapshot)->table_count, 1);
        assert_int_equal(mu_snapshot_catalog(snapshot)->customer_kind, MU_NULL);
        assert_int_equal(mu_snapshot_stripes(snapshot), 0);
        assert_int_equal(mu_tags_count(mu_snapshot_tags(snapshot)), 0);
        mu_snapshot_release(snapshot);
        assert_ok(mu_db_check(db, &test_error));
        mu_db_close(db);
    }
}

TEST(a_temporary_database_goes_at_close)
{
    mu_db *db;
    char path[4096];

    assert_ok(mu_db_open(NULL, &db, &test_error));
    snprintf(path, sizeof path, "%s", mu_db_path(db));
    assert_ok(shop_create(db, &test_error));
    assert_ok(shop_change(db, 0, &test_error));
    assert_true(mu_env_is_dir(path));
    mu_db_close(db);
    assert_false(mu_env_exists(path));
}

TEST(what_is_no_database_is_refused_with_the_reason)
{
    mu_db *db;
    const char *file = test_path("file");
    const char *full = test_path("full");

    test_write_file(file, "x", 1);
    assert_status(MUSTER_INVALID, mu_db_open(file, &db, &test_error));
    assert_message_has("is a file; a muster database is a directory: name another");
    assert_null(db);
    assert_status(MUSTER_IO, mu_db_open(test_path("none/db"), &db, &test_error));
    assert_message_has("/none\"; create it first");
    assert_ok(mu_env_make_dir(full, &test_error));
    test_write_file(test_path("full/photo.jpg"), "x", 1);
    assert_status(MUSTER_INVALID, mu_db_open(full, &db, &test_error));
    assert_message_has("is not a muster database: it has no manifest, but holds \"photo.jpg\"");
    assert_int_equal(count_files(full), 1);
}

TEST(changes_are_seen_when_they_are_committed)
{
    mu_db *db = open_shop(test_path("db"));
    mu_snapshot *before = snapshot_of(db);

    assert_int_equal(shop_turns(db), 0);
    for (uint32_t turn = 0; turn < 6; turn++) {
        assert_ok(shop_change(db, turn, &test_error));
        assert_int_equal(shop_turns(db), turn + 1);
    }
    assert_int_equal(mu_customers_count(mu_snapshot_customers(before)), 0);
    assert_int_equal(mu_snapshot_version(before), 1);
    mu_snapshot_release(before);
    mu_snapshot *after = snapshot_of(db);
    assert_int_equal(mu_snapshot_version(after), 8); /* one more began the log */
    mu_snapshot_release(after);
    mu_db_close(db);
    assert_ok(mu_db_open(test_path("db"), &db, &test_error));
    assert_int_equal(shop_turns(db), 6);
    mu_db_close(db);
}

TEST(an_aborted_change_leaves_nothing)
{
    mu_db *db = open_shop(test_path("db"));
    mu_change *change;
    uint32_t ordinal;

    assert_ok(shop_change(db, 0, &test_error));
    const uint32_t files = count_files(test_path("db"));
    assert_ok(mu_change_begin(db, &change, &test_error));
    assert_ok(mu_customer_adder_add(mu_change_customers(change),
                                    (mu_customer_id){.text = MU_TEXT_OF("new")}, &ordinal,
                                    &test_error));
    assert_int_equal(ordinal, SHOP_CUSTOMERS);
    mu_change_abort(change);
    assert_int_equal(shop_turns(db), 1);
    assert_int_equal(count_files(test_path("db")), files);
    assert_ok(mu_change_begin(db, &change, &test_error));
    assert_ok(mu_change_commit(change, &test_error)); /* with nothing in it */
    mu_snapshot *snapshot = snapshot_of(db);
    assert_int_equal(mu_snapshot_version(snapshot), 2);
    mu_snapshot_release(snapshot);
    mu_change_abort(NULL);
    mu_db_close(db);
}

typedef struct reading {
    mu_db *db;
    atomic_bool *done;
    uint32_t faults;
} reading;

/* What a snapshot says of segments, customers and tags belongs together, whenever it is taken. */
static void *read_until_done(void *context)
{
    reading *r = context;

    while (!atomic_load(r->done)) {
        mu_snapshot *snapshot;
        if (mu_db_snapshot(r->db, &snapshot, NULL) != MUSTER_OK) {
            r->faults++;
            continue;
        }
        const mu_table *table = mu_catalog_find(mu_snapshot_catalog(snapshot), "events");
        const uint32_t count = mu_snapshot_segment_count(snapshot, table->id);
        r->faults += mu_customers_count(mu_snapshot_customers(snapshot)) != count * SHOP_CUSTOMERS;
        for (uint32_t i = 0; i < count; i++) {
            mu_segment *segment;
            r->faults += mu_snapshot_segment(snapshot, table->id, i, &segment, NULL) != MUSTER_OK ||
                         mu_segment_rows(segment) != SHOP_CUSTOMERS;
        }
        mu_snapshot_release(snapshot);
    }
    return NULL;
}

TEST(threads_read_while_another_changes)
{
    enum {
        THREADS = 3
    };
    mu_db *db = open_shop(test_path("db"));
    atomic_bool done = false;
    pthread_t threads[THREADS];
    reading readings[THREADS];

    for (int i = 0; i < THREADS; i++) {
        readings[i] = (reading){.db = db, .done = &done};
        assert_int_equal(pthread_create(&threads[i], NULL, read_until_done, &readings[i]), 0);
    }
    for (uint32_t turn = 0; turn < 12; turn++) {
        assert_ok(shop_change(db, turn, &test_error));
    }
    atomic_store(&done, true);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(readings[i].faults, 0);
    }
    assert_int_equal(shop_turns(db), 12);
    mu_db_close(db);
}

TEST(another_process_is_seen_and_kept_from_writing)
{
    const char *path = test_path("db");
    mu_db *db = open_shop(path);
    mu_db *reader;

    mu_db_close(db);
    assert_ok(mu_db_open(path, &db, &test_error));
    assert_ok(mu_db_open(path, &reader, &test_error));
    for (uint32_t turn = 0; turn < 3; turn++) {
        assert_ok(shop_change(db, turn, &test_error));
        assert_int_equal(shop_turns(reader), turn + 1);
    }
    assert_status(MUSTER_BUSY, shop_change(reader, 3, &test_error));
    mu_db_close(db);
    assert_ok(shop_change(reader, 3, &test_error));
    assert_int_equal(shop_turns(reader), 4);
    mu_db_close(reader);
}

TEST(a_dropped_table_stays_readable_where_it_is_in_use)
{
    mu_db *db = open_shop(test_path("db"));
    mu_change *change;
    mu_segment *segment;

    assert_ok(shop_change(db, 0, &test_error));
    mu_snapshot *before = snapshot_of(db);
    const uint32_t table = mu_catalog_find(mu_snapshot_catalog(before), "events")->id;
    const uint32_t files = count_files(test_path("db"));
    assert_ok(mu_change_begin(db, &change, &test_error));
    assert_status(MUSTER_INVALID, mu_change_drop_table(change, MU_CUSTOMERS_TABLE, &test_error));
    assert_message("\"customers\" cannot be dropped");
    assert_ok(mu_change_drop_table(change, table, &test_error));
    assert_null(mu_catalog_find(mu_change_catalog(change), "events"));
    assert_ok(mu_change_commit(change, &test_error));
    assert_int_equal(count_files(test_path("db")), files - 1);
    assert_ok(mu_snapshot_segment(before, table, 0, &segment, &test_error));
    assert_int_equal(mu_segment_rows(segment), SHOP_CUSTOMERS);
    mu_snapshot_release(before);

    mu_snapshot *after = snapshot_of(db);
    assert_null(mu_catalog_find(mu_snapshot_catalog(after), "events"));
    assert_int_equal(mu_customers_count(mu_snapshot_customers(after)), SHOP_CUSTOMERS);
    mu_snapshot_release(after);
    assert_ok(mu_db_check(db, &test_error));
    assert_ok(shop_create(db, &test_error)); /* under a new id, and empty */
    after = snapshot_of(db);
    const mu_table *again = mu_catalog_find(mu_snapshot_catalog(after), "events");
    assert_true(again->id > table);
    assert_int_equal(mu_snapshot_rows(after, again->id), 0);
    mu_snapshot_release(after);
    mu_db_close(db);
}

TEST(tables_are_created_with_ids_of_one_type)
{
    static const mu_column columns[] = {
        {.name = "id", .type = {.kind = MU_BIGINT, .bits = 64}, .role = MU_ROLE_CUSTOMER},
        {.name = "ts", .type = {.kind = MU_TIMESTAMP}, .role = MU_ROLE_TIME},
    };
    const mu_table orders = {
        .name = "orders", .period = MU_UNIT_DAY, .column_count = 2, .columns = columns};
    mu_db *db = open_shop(test_path("db"));
    mu_change *change;
    const mu_table *table;

    assert_ok(mu_change_begin(db, &change, &test_error));
    assert_status(MUSTER_INVALID, mu_change_create_table(change, &orders, &table, &test_error));
    assert_message_has("but the customers of this database have TEXT ids");
    mu_change_abort(change);
    mu_db_close(db);

    assert_ok(mu_db_open(NULL, &db, &test_error));
    assert_ok(mu_change_begin(db, &change, &test_error));
    uint32_t ordinal;
    assert_status(MUSTER_INVALID,
                  mu_customer_adder_add(mu_change_customers(change), (mu_customer_id){.number = 1},
                                        &ordinal, &test_error));
    assert_message_has("create an event table first");
    assert_ok(mu_change_create_table(change, &orders, &table, &test_error));
    assert_int_equal(table->columns[0].type.kind, MU_CUSTOMER);
    assert_int_equal(table->customer_column, 0);
    assert_int_equal(table->time_column, 1);
    assert_int_equal(mu_change_catalog(change)->customer_kind, MU_BIGINT);
    assert_ok(mu_customer_adder_add(mu_change_customers(change), (mu_customer_id){.number = -7},
                                    &ordinal, &test_error));
    assert_ok(mu_change_commit(change, &test_error));
    mu_snapshot *snapshot = snapshot_of(db);
    char room[MU_PACKED_ID_BYTES];
    mu_customer_id id;
    assert_ok(mu_customers_id(mu_snapshot_customers(snapshot), 0, room, &id, &test_error));
    assert_int_equal(id.number, -7);
    mu_snapshot_release(snapshot);
    assert_ok(mu_db_check(db, &test_error));
    mu_db_close(db);
}

TEST(leftovers_of_a_crash_go_and_other_files_stay)
{
    const char *path = test_path("db");
    mu_db *db = open_shop(path);

    assert_ok(shop_change(db, 0, &test_error));
    mu_db_close(db);
    const uint32_t files = count_files(path);
    test_write_file(test_path("db/events-000099.seg"), "x", 1);
    test_write_file(test_path("db/customers-000098"), "x", 1);
    test_write_file(test_path("db/tags-000097"), "x", 1);
    test_write_file(test_path("db/manifest.tmp"), "x", 1);
    test_write_file(test_path("db/notes-000097.txt"), "x", 1);
    test_write_file(test_path("db/events-000099.seg.bak"), "x", 1);
    assert_ok(mu_db_open(path, &db, &test_error));
    assert_int_equal(count_files(path), files + 6); /* reading removes nothing */
    assert_ok(shop_change(db, 1, &test_error));
    assert_true(mu_env_exists(test_path("db/notes-000097.txt")));
    assert_true(mu_env_exists(test_path("db/events-000099.seg.bak")));
    assert_false(mu_env_exists(test_path("db/events-000099.seg")));
    assert_false(mu_env_exists(test_path("db/manifest.tmp")));
    assert_int_equal(shop_turns(db), 2);
    mu_db_close(db);
}

/* Flips a bit at a time, or cuts the file there; how often opening or checking said so. */
static uint32_t damage_file(const char *path, const char *name)
{
    char file[600];
    uint64_t state = test_seed();
    size_t size;
    uint32_t seen = 0;

    snprintf(file, sizeof file, "%s/%s", path, name);
    char *bytes = test_read_file(file, &size);
    for (uint32_t turn = 0; turn < 40; turn++) {
        const size_t at = (size_t)test_random_below(&state, size);
        mu_db *db;
        const char was = bytes[at];
        bytes[at] = (char)(was ^ 1 << test_random_below(&state, 8));
        test_write_file(file, bytes, turn % 8 == 0 ? at : size);
        bytes[at] = was;
        muster_status status = mu_db_open(path, &db, &test_error);
        if (status == MUSTER_OK) {
            status = mu_db_check(db, &test_error);
            mu_db_close(db);
        }
        assert_true(status == MUSTER_OK || status == MUSTER_CORRUPT);
        if (status == MUSTER_CORRUPT) {
            assert_message_has(name); /* the message names the file */
            seen++;
        }
    }
    test_write_file(file, bytes, size);
    return seen;
}

TEST(the_check_names_the_file_that_is_damaged)
{
    const char *path = test_path("db");
    mu_db *db = open_shop(path);

    assert_ok(shop_change(db, 0, &test_error));
    mu_db_close(db);
    /* A few bytes are padding, and say nothing. */
    assert_in_range(damage_file(path, "events-000001.seg"), 30, 40);
    assert_in_range(damage_file(path, "events-000003.seg"), 30, 40); /* of attributes */
    assert_in_range(damage_file(path, "customers-000004"), 38, 40);
    assert_in_range(damage_file(path, "sets-000005"), 38, 40);
    assert_in_range(damage_file(path, "tags-000006"), 38, 40);
    assert_in_range(damage_file(path, "manifest"), 40, 40);
    assert_ok(mu_db_open(path, &db, &test_error));
    assert_int_equal(shop_turns(db), 1);
    mu_db_close(db);
}
