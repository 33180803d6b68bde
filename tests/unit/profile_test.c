/*
 * profile_test.c - the segments of attributes: what a change writes, which older ones it makes
 * obsolete, and that they stay few.
 */
#include "storage/profile.h"

#include "storage/base/bits.h"
#include "storage/base/limits.h"
#include "storage/load.h"
#include "tests/support/shop.h"
#include "tests/support/test.h"

enum {
    CUSTOMERS = 65536 + 500,
    ATTRIBUTES = 3,
};

typedef struct profile_db {
    mu_db *db;
    mu_snapshot *snapshot;
} profile_db;

static void see_again(profile_db *p)
{
    mu_snapshot_release(p->snapshot);
    assert_ok(mu_db_snapshot(p->db, &p->snapshot, &test_error));
}

static const mu_table *customers_of(const profile_db *p)
{
    return mu_catalog_table(mu_snapshot_catalog(p->snapshot), MU_CUSTOMERS_TABLE);
}

/* Loads BIGINT attributes of customers given by number; `columns` are indexes past the built-in
 * ones. value = base + number. */
static void put(profile_db *p, const uint32_t *columns, uint32_t column_count,
                const int64_t *numbers, uint32_t count, int64_t base)
{
    mu_column list[1 + ATTRIBUTES];
    mu_table table = *customers_of(p);
    mu_input_column inputs[1 + ATTRIBUTES] = {{.i64 = numbers}};
    static int64_t values[CUSTOMERS];
    mu_change *change;
    mu_load *load;

    list[0] = table.columns[0];
    for (uint32_t i = 0; i < count; i++) {
        values[i] = base + numbers[i];
    }
    for (uint32_t i = 0; i < column_count; i++) {
        list[i + 1] = table.columns[MU_CUSTOMERS_BUILT_IN + columns[i]];
        inputs[i + 1].i64 = values;
    }
    table.columns = list;
    table.column_count = column_count + 1;
    mu_table_find_roles(&table);
    assert_ok(mu_change_begin(p->db, &change, &test_error));
    assert_ok(mu_load_open(change, &table, NULL, &load, &test_error));
    assert_ok(mu_load_rows(load, count, inputs, &test_error));
    assert_ok(mu_load_finish(load, &test_error));
    mu_load_close(load);
    assert_ok(mu_change_commit(change, &test_error));
    see_again(p);
}

static profile_db open_profile_db(void)
{
    static const mu_column columns[] = {
        {"id", 0, {.kind = MU_BIGINT, .bits = 64}, MU_ROLE_CUSTOMER, false, 0, NULL},
        {"ts", 0, {.kind = MU_TIMESTAMP}, MU_ROLE_TIME, false, 0, NULL}};
    static const char *const names[ATTRIBUTES] = {"a", "b", "c"};
    static int64_t numbers[CUSTOMERS];
    const mu_table events = {
        .name = "events", .period = MU_UNIT_MONTH, .column_count = 2, .columns = columns};
    const mu_table *created;
    profile_db p = {0};
    mu_change *change;

    shop_use_fast_disk();
    assert_ok(mu_db_open(test_temp_dir(), &p.db, &test_error));
    assert_ok(mu_change_begin(p.db, &change, &test_error));
    assert_ok(mu_change_create_table(change, &events, &created, &test_error));
    for (uint32_t i = 0; i < ATTRIBUTES; i++) {
        const mu_table_edit edit = {.kind = MU_EDIT_ADD_COLUMN,
                                    .column = {.name = names[i],
                                               .type = {.kind = MU_BIGINT, .bits = 64},
                                               .role = MU_ROLE_NONE}};
        assert_ok(mu_change_edit_table(change, MU_CUSTOMERS_TABLE, &edit, &test_error));
    }
    assert_ok(mu_change_commit(change, &test_error));
    see_again(&p);
    for (uint32_t i = 0; i < CUSTOMERS; i++) {
        numbers[i] = i; /* the number of a customer is its ordinal */
    }
    put(&p, NULL, 0, numbers, CUSTOMERS, 0);
    return p;
}

static void close_profile_db(profile_db *p)
{
    assert_ok(mu_db_check(p->db, &test_error));
    mu_snapshot_release(p->snapshot);
    mu_db_close(p->db);
}

static uint32_t segments(const profile_db *p)
{
    return mu_snapshot_segment_count(p->snapshot, MU_CUSTOMERS_TABLE);
}

/* The value of an attribute; INT64_MIN where it is NULL. */
static int64_t value_of(const profile_db *p, uint32_t attribute, uint32_t ordinal)
{
    const uint32_t column = MU_CUSTOMERS_BUILT_IN + attribute;
    const uint32_t place = ordinal % MU_STRIPE_ROWS, first = place / MU_BATCH_ROWS * MU_BATCH_ROWS;
    mu_profile *profile;
    mu_vector vector;
    uint64_t bytes = 0;

    assert_ok(mu_profile_open(p->snapshot, customers_of(p), &column, 1, &profile, &test_error));
    mu_profile_start(profile, ordinal / MU_STRIPE_ROWS);
    const uint32_t left = CUSTOMERS - ordinal / MU_STRIPE_ROWS * MU_STRIPE_ROWS - first;
    assert_ok(mu_profile_load(profile, 0, first, left < MU_BATCH_ROWS ? left : MU_BATCH_ROWS,
                              &vector, &bytes, &test_error));
    const int64_t value = mu_vector_valid(&vector, place - first)
                              ? ((const int64_t *)vector.data)[place - first]
                              : INT64_MIN;
    mu_profile_close(profile);
    return value;
}

TEST(ids_without_attributes_write_no_segment)
{
    profile_db p = open_profile_db();

    assert_int_equal(segments(&p), 0);
    assert_int_equal(value_of(&p, 0, 65535), INT64_MIN);
    close_profile_db(&p);
}

TEST(a_change_writes_the_columns_and_stripes_it_touches)
{
    static const uint32_t all[] = {0, 1, 2}, b = 1;
    static int64_t numbers[CUSTOMERS];
    const int64_t one = 65536 + 7;
    profile_db p = open_profile_db();

    for (uint32_t i = 0; i < CUSTOMERS; i++) {
        numbers[i] = i;
    }
    put(&p, all, 3, numbers, CUSTOMERS, 1000);
    assert_int_equal(segments(&p), 1);
    put(&p, &b, 1, &one, 1, 5);
    assert_int_equal(segments(&p), 2);
    const mu_segment_info *info = mu_snapshot_segment_info(p.snapshot, MU_CUSTOMERS_TABLE, 1);
    assert_int_equal(info->rows, 500); /* the second stripe, and no more */
    mu_segment *segment;
    assert_ok(mu_snapshot_segment(p.snapshot, MU_CUSTOMERS_TABLE, 1, &segment, &test_error));
    assert_int_equal(mu_segment_column(segment, MU_CUSTOMERS_BUILT_IN), MU_NO_COLUMN);
    assert_int_equal(value_of(&p, 1, 65536 + 7), 65536 + 12);
    assert_int_equal(value_of(&p, 1, 65536 + 8), 66536 + 8);
    assert_int_equal(value_of(&p, 0, 65536 + 7), 66536 + 7);
    assert_int_equal(value_of(&p, 1, 7), 1007);
    close_profile_db(&p);
}

TEST(what_nobody_needs_any_more_goes)
{
    static const uint32_t all[] = {0, 1, 2}, a = 0;
    static int64_t numbers[CUSTOMERS];
    profile_db p = open_profile_db();

    for (uint32_t i = 0; i < CUSTOMERS; i++) {
        numbers[i] = i;
    }
    put(&p, &a, 1, numbers, 3, 1);
    put(&p, &a, 1, numbers, CUSTOMERS, 2);
    assert_int_equal(segments(&p), 1);
    put(&p, all, 3, numbers, CUSTOMERS, 3);
    assert_int_equal(segments(&p), 1);
    assert_int_equal(value_of(&p, 0, 1), 4);
    close_profile_db(&p);
}

TEST(segments_stay_few_and_right_whatever_is_changed)
{
    profile_db p = open_profile_db();
    uint64_t random = test_seed();
    static int64_t expected[ATTRIBUTES][CUSTOMERS];
    uint32_t most = 0;

    for (uint32_t i = 0; i < ATTRIBUTES * CUSTOMERS; i++) {
        expected[i / CUSTOMERS][i % CUSTOMERS] = INT64_MIN;
    }
    for (int turn = 0; turn < 60; turn++) {
        uint32_t columns[ATTRIBUTES];
        int64_t numbers[4];
        const uint32_t first = (uint32_t)test_random_below(&random, ATTRIBUTES);
        const uint32_t count = 1 + (uint32_t)test_random_below(&random, ATTRIBUTES - first);
        for (uint32_t i = 0; i < count; i++) {
            columns[i] = first + i;
        }
        for (uint32_t i = 0; i < 4; i++) {
            numbers[i] = (int64_t)test_random_below(&random, turn % 2 ? CUSTOMERS : 300);
            for (uint32_t k = 0; k < count; k++) {
                expected[columns[k]][numbers[i]] = turn * 100000 + numbers[i];
            }
        }
        put(&p, columns, count, numbers, 4, turn * 100000);
        most = segments(&p) > most ? segments(&p) : most;
        for (uint32_t i = 0; i < 4; i++) {
            for (uint32_t k = 0; k < ATTRIBUTES; k++) {
                assert_int_equal(value_of(&p, k, (uint32_t)numbers[i]), expected[k][numbers[i]]);
            }
        }
    }
    assert_in_range(most, 1, 6); /* two stripes of three columns */
    close_profile_db(&p);
}

/* A segment whose only block is not where the attributes of a stripe begin. */
static void add_misplaced(profile_db *p)
{
    mu_table table = *customers_of(p);
    const mu_column columns[] = {table.columns[0], table.columns[MU_CUSTOMERS_BUILT_IN]};
    const mu_dict *dicts[MU_COUNT(columns)] = {NULL};
    static int64_t values[MU_BATCH_ROWS];
    uint32_t ordinals[MU_BATCH_ROWS];
    const mu_block_column block[] = {{0}, {.i64 = values}};
    mu_segment_writer *writer;
    mu_segment_info info;
    mu_change *change;

    table.columns = columns;
    table.column_count = MU_COUNT(columns);
    mu_table_find_roles(&table);
    for (uint32_t i = 0; i < MU_BATCH_ROWS; i++) {
        ordinals[i] = MU_BATCH_ROWS + i;
    }
    assert_ok(mu_change_begin(p->db, &change, &test_error));
    assert_ok(mu_segment_writer_open(mu_change_directory(change), mu_change_next_file(change),
                                     &table, 0, dicts, &writer, &test_error));
    assert_ok(mu_segment_writer_add(writer, 0, MU_BATCH_ROWS, ordinals, block, &test_error));
    assert_ok(mu_segment_writer_finish(writer, false, &info, &test_error));
    assert_ok(mu_change_add_segment(change, &info, &test_error));
    assert_ok(mu_change_commit(change, &test_error));
}

TEST(a_segment_that_has_them_in_other_places_is_refused_by_compact)
{
    const uint32_t erased = MU_BATCH_ROWS + 5;
    profile_db p = open_profile_db();
    mu_change *change;

    add_misplaced(&p);
    assert_ok(mu_change_begin(p.db, &change, &test_error));
    assert_ok(mu_change_erase(change, &erased, 1, &test_error));
    assert_ok(mu_change_commit(change, &test_error));
    assert_status(MUSTER_CORRUPT, mu_db_compact(p.db, NULL, &test_error));
    assert_message_has("customer 0 of the stripe comes next");
    mu_snapshot_release(p.snapshot);
    mu_db_close(p.db);
}
