/* shop.c - the small database of shop.h. */
#include "tests/support/shop.h"

#include "storage/base/env.h"
#include "storage/calendar.h"
#include "storage/load.h"
#include "storage/profile.h"

#include <stdlib.h>

static const mu_column columns[] = {
    {.name = "user_id", .type = {.kind = MU_TEXT}, .role = MU_ROLE_CUSTOMER},
    {.name = "ts", .type = {.kind = MU_TIMESTAMP}, .role = MU_ROLE_TIME},
    {.name = "event", .type = {.kind = MU_TEXT}, .role = MU_ROLE_EVENT},
};

/* The attribute of customers that says which change they came with, if it was not a logged one. */
static const mu_table_edit add_turn = {
    .kind = MU_EDIT_ADD_COLUMN,
    .column = {.name = "turn", .type = {.kind = MU_BIGINT, .bits = 64}},
};

void shop_use_fast_disk(void)
{
    if (!getenv("TMPDIR") && mu_env_is_dir("/dev/shm")) {
        assert_int_equal(setenv("TMPDIR", "/dev/shm", 1), 0);
    }
}

muster_status shop_create(mu_db *db, muster_error *err)
{
    const mu_table wanted = {.name = "events",
                             .period = MU_UNIT_MONTH,
                             .column_count = MU_COUNT(columns),
                             .columns = columns};
    const mu_table *table;
    mu_change *change;

    MU_TRY(mu_change_begin(db, &change, err));
    muster_status status = mu_change_create_table(change, &wanted, &table, err);
    const mu_table *customers = mu_catalog_find(mu_change_catalog(change), "customers");
    if (status == MUSTER_OK && mu_table_column(customers, "turn") == MU_NO_COLUMN) {
        status = mu_change_edit_table(change, MU_CUSTOMERS_TABLE, &add_turn, err);
    }
    if (status != MUSTER_OK) {
        mu_change_abort(change);
        return status;
    }
    return mu_change_commit(change, err);
}

static mu_text id_text(uint32_t turn, uint32_t i, char text[32])
{
    const int size = snprintf(text, 32, "c%u-%u", turn, i);

    return (mu_text){text, (uint32_t)size};
}

static mu_text turn_text(uint32_t turn, char text[32])
{
    const int size = snprintf(text, 32, "%06u", turn);

    return (mu_text){text, (uint32_t)size};
}

static muster_status add_customers(mu_change *change, uint32_t turn, uint32_t *ordinals,
                                   muster_error *err)
{
    for (uint32_t i = 0; i < SHOP_CUSTOMERS; i++) {
        char text[32];
        const mu_customer_id id = {.text = id_text(turn, i, text)};
        MU_TRY(mu_customer_adder_add(mu_change_customers(change), id, &ordinals[i], err));
    }
    return MUSTER_OK;
}

/* Odd changes are what the log takes: customers, and a segment in memory. */
static bool is_logged(uint32_t turn)
{
    return turn % 2 == 1;
}

static muster_status hold_segment(mu_change *change, mu_segment_writer *writer,
                                  mu_segment_info *info, muster_error *err)
{
    mu_map bytes;

    MU_TRY(mu_segment_writer_take(writer, info, &bytes, err));
    const muster_status status = mu_change_hold_segment(change, info, &bytes, err);
    mu_env_unmap(&bytes);
    return status;
}

static muster_status write_segment(mu_change *change, const mu_table *table, uint32_t turn,
                                   const uint32_t *ordinals, muster_error *err)
{
    static const uint64_t offsets[] = {0, 3};
    const mu_dict dict = {
        .id = mu_dict_next_id(), .count = 1, .sorted = true, .offsets = offsets, .bytes = "pay"};
    const mu_dict *dicts[] = {NULL, NULL, &dict};
    int64_t times[SHOP_CUSTOMERS];
    uint32_t codes[SHOP_CUSTOMERS] = {0};
    mu_block_column blocks[] = {{0}, {.i64 = times}, {.codes = codes}};
    mu_segment_writer *writer;
    mu_segment_info info;

    for (uint32_t i = 0; i < SHOP_CUSTOMERS; i++) {
        times[i] = mu_unit_start(turn, MU_UNIT_MONTH) + i;
    }
    MU_TRY(mu_segment_writer_open(is_logged(turn) ? NULL : mu_change_directory(change),
                                  mu_change_next_file(change), table, turn, dicts, &writer, err));
    const muster_status status =
        mu_segment_writer_add(writer, 0, SHOP_CUSTOMERS, ordinals, blocks, err);
    if (status != MUSTER_OK) {
        mu_segment_writer_abort(writer);
        return status;
    }
    MU_TRY(is_logged(turn) ? hold_segment(change, writer, &info, err)
                           : mu_segment_writer_finish(writer, false, &info, err));
    return mu_change_add_segment(change, &info, err);
}

static muster_status add_tag(mu_change *change, uint32_t turn, const uint32_t *ordinals,
                             muster_error *err)
{
    char text[32];
    const mu_text value = turn_text(turn, text);
    mu_tag_builder *builder = mu_tag_builder_new();
    muster_status status = MUSTER_OK;

    for (uint32_t i = 0; i < SHOP_CUSTOMERS && status == MUSTER_OK; i++) {
        if (!builder || !mu_tag_builder_add(builder, value, ordinals[i])) {
            status = mu_fail_memory(err, "building a tag");
        }
    }
    if (status == MUSTER_OK) {
        status = mu_change_add_to_tag(change, MU_TEXT_OF("seen"), builder, err);
    }
    mu_tag_builder_free(builder);
    return status;
}

static muster_status set_attribute(mu_change *change, uint32_t turn, muster_error *err)
{
    const mu_table *customers = mu_catalog_find(mu_change_catalog(change), "customers");
    const mu_column written[] = {customers->columns[0], customers->columns[MU_CUSTOMERS_BUILT_IN]};
    mu_table table = *customers;
    char texts[SHOP_CUSTOMERS][32];
    mu_text ids[SHOP_CUSTOMERS];
    int64_t turns[SHOP_CUSTOMERS];
    const mu_input_column inputs[] = {{.text = ids}, {.i64 = turns}};
    mu_load *load;

    for (uint32_t i = 0; i < SHOP_CUSTOMERS; i++) {
        ids[i] = id_text(turn, i, texts[i]);
        turns[i] = turn;
    }
    table.columns = written;
    table.column_count = MU_COUNT(written);
    MU_TRY(mu_load_open(change, &table, NULL, &load, err));
    muster_status status = mu_load_rows(load, SHOP_CUSTOMERS, inputs, err);
    if (status == MUSTER_OK) {
        status = mu_load_finish(load, err);
    }
    mu_load_close(load);
    return status;
}

/* The first customer of the change before. */
static muster_status erase_one(mu_change *change, uint32_t turn, muster_error *err)
{
    const uint32_t ordinal = (turn - 1) * SHOP_CUSTOMERS;

    return turn == 0 ? MUSTER_OK : mu_change_erase(change, &ordinal, 1, err);
}

static muster_status fill_change(mu_change *change, uint32_t turn, muster_error *err)
{
    const mu_table *table = mu_catalog_find(mu_change_catalog(change), "events");
    uint32_t ordinals[SHOP_CUSTOMERS];

    if (!table) {
        return mu_fail(err, MUSTER_INVALID, "there is no table \"events\"");
    }
    MU_TRY(add_customers(change, turn, ordinals, err));
    MU_TRY(write_segment(change, table, turn, ordinals, err));
    if (is_logged(turn)) {
        return MUSTER_OK;
    }
    MU_TRY(add_tag(change, turn, ordinals, err));
    MU_TRY(set_attribute(change, turn, err));
    return erase_one(change, turn, err);
}

muster_status shop_change(mu_db *db, uint32_t turn, muster_error *err)
{
    mu_change *change;

    MU_TRY(mu_change_begin(db, &change, err));
    const muster_status status = fill_change(change, turn, err);
    if (status != MUSTER_OK) {
        mu_change_abort(change);
        return status;
    }
    return mu_change_commit(change, err);
}

static void check_attributes(mu_snapshot *snapshot)
{
    const mu_table *customers = mu_catalog_find(mu_snapshot_catalog(snapshot), "customers");
    const uint32_t column = MU_CUSTOMERS_BUILT_IN;
    const uint32_t count = mu_customers_count(mu_snapshot_customers(snapshot));
    mu_profile *profile;
    mu_vector vector;
    uint64_t bytes = 0;

    assert_true(count <= MU_BATCH_ROWS);
    assert_ok(mu_profile_open(snapshot, customers, &column, 1, &profile, &test_error));
    mu_profile_start(profile, 0);
    assert_ok(mu_profile_load(profile, 0, 0, count, &vector, &bytes, &test_error));
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t turn = i / SHOP_CUSTOMERS;
        if (!mu_erased_has(mu_snapshot_erased(snapshot), i)) {
            assert_int_equal(mu_vector_valid(&vector, i), !is_logged(turn));
            assert_true(is_logged(turn) || ((const int64_t *)vector.data)[i] == turn);
        }
    }
    mu_profile_close(profile);
}

/* Whether the change after this one has erased its i-th customer. */
static bool is_gone(uint32_t turn, uint32_t i, uint32_t turns)
{
    return i == 0 && turn + 1 < turns && !is_logged(turn + 1);
}

static void check_customers(mu_snapshot *snapshot, uint32_t turn, uint32_t turns)
{
    for (uint32_t i = 0; i < SHOP_CUSTOMERS; i++) {
        char text[32];
        const mu_customer_id id = {.text = id_text(turn, i, text)};
        uint32_t ordinal;
        assert_ok(mu_customers_find(mu_snapshot_customers(snapshot), id, &ordinal, &test_error));
        const uint32_t expected = turn * SHOP_CUSTOMERS + i;
        const bool erased = is_gone(turn, i, turns);
        assert_int_equal(mu_erased_has(mu_snapshot_erased(snapshot), expected), erased);
        assert_int_equal(ordinal, erased ? MU_NO_CUSTOMER : expected);
    }
}

static void check_tag(mu_snapshot *snapshot, const mu_tag *tag, uint32_t turn, uint32_t turns)
{
    uint64_t bits[MU_STRIPE_WORDS] = {0}, size;
    const uint32_t value = turn / 2; /* logged ones have none */
    uint32_t bearers = 0;
    char text[32];

    assert_true(mu_text_equal(tag->values[value].value, turn_text(turn, text)));
    assert_ok(
        mu_tag_read_stripe(mu_snapshot_tags(snapshot), tag, value, 0, bits, &size, &test_error));
    for (uint32_t i = 0; i < SHOP_CUSTOMERS; i++) {
        const uint32_t expected = turn * SHOP_CUSTOMERS + i;
        const bool bears = bits[expected / 64] >> (expected % 64) & 1;
        assert_true(bears || is_gone(turn, i, turns)); /* who leaves when the set is written anew */
        bearers += bears;
    }
    assert_int_equal(tag->values[value].customers, bearers);
}

static void check_turn(mu_snapshot *snapshot, const mu_table *table, const mu_tag *tag,
                       uint32_t turn, uint32_t turns)
{
    mu_segment *segment;

    assert_ok(mu_snapshot_segment(snapshot, table->id, turn, &segment, &test_error));
    assert_int_equal(mu_snapshot_segment_info(snapshot, table->id, turn)->period, turn);
    check_customers(snapshot, turn, turns);
    if (!is_logged(turn)) {
        check_tag(snapshot, tag, turn, turns);
    }
}

uint32_t shop_turns(mu_db *db)
{
    mu_snapshot *snapshot;

    assert_ok(mu_db_snapshot(db, &snapshot, &test_error));
    const mu_table *table = mu_catalog_find(mu_snapshot_catalog(snapshot), "events");
    const uint32_t customers = mu_customers_count(mu_snapshot_customers(snapshot));
    const uint32_t turns = customers / SHOP_CUSTOMERS;
    const mu_tag *tag = mu_tags_find(mu_snapshot_tags(snapshot), MU_TEXT_OF("seen"));
    assert_int_equal(customers, turns * SHOP_CUSTOMERS);
    assert_int_equal(tag ? tag->value_count : 0, (turns + 1) / 2);
    if (table) {
        assert_int_equal(mu_snapshot_segment_count(snapshot, table->id), turns);
        assert_int_equal(mu_snapshot_rows(snapshot, table->id),
                         turns == 0 ? 0 : customers - (turns - 1) / 2);
    }
    if (turns > 0) {
        check_attributes(snapshot);
    }
    for (uint32_t turn = 0; turn < turns; turn++) {
        check_turn(snapshot, table, tag, turn, turns);
    }
    mu_snapshot_release(snapshot);
    assert_ok(mu_db_check(db, &test_error));
    return turns;
}
