/* manifest_test.c - the manifest comes back as it was written, or is refused. */
#include "storage/manifest.h"

#include "storage/base/hash.h"
#include "tests/support/test.h"

static const mu_column columns[] = {
    {"id", 0, {.kind = MU_CUSTOMER}, MU_ROLE_CUSTOMER, false, 0, NULL},
    {"ts", 3, {.kind = MU_TIMESTAMP}, MU_ROLE_TIME, false, 0, NULL},
    {"金额", 4, {.kind = MU_DECIMAL, .precision = 12, .scale = 2}, MU_ROLE_NONE, false, 0, NULL},
};

/* A manifest with some of everything; in the arena. */
static void fill(mu_manifest *m, mu_arena *arena)
{
    static mu_customer_part_info parts[] = {{4, 0, 70000, 1234}, {9, 70000, 1, 99}};
    static mu_segment_info segments[] = {{5, 2, -3, 10, 0, 100, -9, -5, 0},
                                         {6, 2, 7, 11, 11, 101, 0, 0, 0},
                                         {8, 2, 7, 12, 3, 102, -1, INT64_MAX, 4}};
    static const mu_sets_file sets[] = {{2, 500}, {7, 88}};

    static const mu_view views[] = {{"v", "v AS SELECT 1"}, {"w", "w(a) AS FROM v"}};

    assert_true(mu_manifest_init(m, arena));
    mu_table *tables = MU_NEW_ARRAY(arena, mu_table, 2);
    const mu_table events = {"events", 2, MU_UNIT_WEEK, 3, columns, 0, 1, MU_NO_COLUMN, 5};
    tables[0] = m->catalog.tables[0];
    assert_true(mu_manifest_copy_table(&events, arena, &tables[1]));
    m->version = 41;
    m->next_file = 10;
    m->catalog = (mu_catalog){MU_TEXT, 2, tables, 3, MU_COUNT(views), views};
    m->parts = parts;
    m->part_count = MU_COUNT(parts);
    m->segments = segments;
    m->segment_count = MU_COUNT(segments);
    m->tags = (mu_tags_info){1, 99, MU_COUNT(sets), sets};
    m->erased = (mu_erased_info){3, 20, 2};
}

static muster_status read_back(const char *directory, mu_arena *arena, mu_manifest *out)
{
    mu_map map;
    const muster_status status = mu_manifest_read(directory, arena, out, &map, &test_error);

    mu_env_unmap(&map);
    return status;
}

TEST(what_is_written_is_read)
{
    const char *directory = test_temp_dir();
    mu_arena arena = {0};
    mu_manifest wrote, found;

    fill(&wrote, &arena);
    assert_ok(mu_manifest_write(directory, &wrote, &test_error));
    assert_ok(read_back(directory, &arena, &found));
    assert_int_equal(found.version, 41);
    assert_int_equal(found.next_file, 10);
    assert_int_equal(found.catalog.customer_kind, MU_TEXT);
    assert_int_equal(found.catalog.next_table_id, 3);
    assert_int_equal(found.catalog.table_count, 2);
    const mu_table *table = mu_catalog_find(&found.catalog, "events");
    assert_int_equal(table->period, MU_UNIT_WEEK);
    assert_int_equal(table->time_column, 1);
    assert_int_equal(table->event_column, MU_NO_COLUMN);
    assert_int_equal(table->next_column_id, 5);
    assert_string_equal(table->columns[2].name, "金额");
    assert_int_equal(table->columns[2].id, 4);
    assert_true(mu_type_equal(table->columns[2].type, columns[2].type));
    assert_int_equal(mu_manifest_customers(&found), 70001);
    assert_memory_equal(found.segments, wrote.segments, 3 * sizeof *found.segments);
    assert_int_equal(found.tags.file, 1);
    assert_int_equal(found.tags.size_bytes, 99);
    assert_int_equal(found.tags.sets_count, 2);
    assert_memory_equal(found.tags.sets, wrote.tags.sets, 2 * sizeof *found.tags.sets);
    assert_false(mu_manifest_is_leftover(&found, "events-000005.seg"));
    assert_true(mu_manifest_is_leftover(&found, "events-000007.seg"));
    assert_false(mu_manifest_is_leftover(&found, "tags-000001"));
    assert_true(mu_manifest_is_leftover(&found, "tags-000007"));
    assert_false(mu_manifest_is_leftover(&found, "sets-000007"));
    assert_true(mu_manifest_is_leftover(&found, "sets-000001"));
    assert_true(mu_manifest_is_leftover(&found, "customers-000005"));
    assert_false(mu_manifest_is_leftover(&found, "customers-5"));
    assert_false(mu_manifest_is_leftover(&found, "erased-000003"));
    assert_true(mu_manifest_is_leftover(&found, "erased-000005"));
    assert_int_equal(found.erased.customers, 2);
    assert_int_equal(found.erased.size, 20);
    assert_false(mu_manifest_is_leftover(&found, "manifest"));
    assert_false(mu_manifest_is_leftover(&found, "lock"));
    mu_arena_deinit(&arena);
}

TEST(every_cut_and_every_flipped_bit_is_refused)
{
    const char *directory = test_temp_dir();
    mu_arena arena = {0};
    mu_manifest manifest;
    size_t size;

    fill(&manifest, &arena);
    assert_ok(mu_manifest_write(directory, &manifest, &test_error));
    char *path = mu_arena_printf(&arena, "%s/manifest", directory);
    char *bytes = test_read_file(path, &size);
    for (size_t cut = 0; cut < size; cut++) {
        test_write_file(path, bytes, cut);
        assert_status(MUSTER_CORRUPT, read_back(directory, &arena, &manifest));
        assert_message_has("/manifest\": it was cut off: it has");
    }
    for (size_t at = 0; at < size; at++) {
        bytes[at] = (char)(bytes[at] ^ 1 << at % 8);
        test_write_file(path, bytes, size);
        assert_status(MUSTER_CORRUPT, read_back(directory, &arena, &manifest));
        bytes[at] = (char)(bytes[at] ^ 1 << at % 8);
    }
    mu_arena_deinit(&arena);
}

/* Bytes that were changed together with their checksum: nothing may go wrong but the reading. */
TEST(nonsense_with_a_good_checksum_is_refused_or_read)
{
    const char *directory = test_temp_dir();
    mu_arena arena = {0};
    mu_manifest manifest;
    uint64_t state = test_seed();
    size_t size;
    uint32_t refused = 0;

    fill(&manifest, &arena);
    assert_ok(mu_manifest_write(directory, &manifest, &test_error));
    char *path = mu_arena_printf(&arena, "%s/manifest", directory);
    char *bytes = test_read_file(path, &size);
    for (uint32_t turn = 0; turn < 2000; turn++) {
        const size_t at = 16 + (size_t)test_random_below(&state, size - 16);
        const char was = bytes[at];
        bytes[at] = (char)test_random(&state);
        const uint64_t checksum = mu_checksum(bytes + 16, size - 16);
        for (size_t i = 0; i < 8; i++) {
            bytes[8 + i] = (char)(checksum >> (8 * i));
        }
        test_write_file(path, bytes, size);
        mu_arena scratch = {0};
        const muster_status status = read_back(directory, &scratch, &manifest);
        assert_true(status == MUSTER_OK || status == MUSTER_CORRUPT || status == MUSTER_INVALID);
        refused += status != MUSTER_OK;
        mu_arena_deinit(&scratch);
        bytes[at] = was;
    }
    assert_true(refused > 500);
    mu_arena_deinit(&arena);
}

TEST(what_contradicts_itself_is_corrupt)
{
    mu_arena arena = {0};
    mu_manifest m;

    fill(&m, &arena);
    assert_ok(mu_manifest_check(&m, &test_error));
    m.next_file = 9;
    assert_status(MUSTER_CORRUPT, mu_manifest_check(&m, &test_error));
    assert_message_has("part 2 of the customers");
    fill(&m, &arena);
    m.catalog.customer_kind = MU_NULL;
    assert_status(MUSTER_CORRUPT, mu_manifest_check(&m, &test_error));
    fill(&m, &arena);
    m.catalog.table_count = 1;
    assert_status(MUSTER_CORRUPT, mu_manifest_check(&m, &test_error));
    assert_message_has("segment 5 is of table 2, which is not");
    mu_arena_deinit(&arena);
}
