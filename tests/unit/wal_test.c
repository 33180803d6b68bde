/*
 * wal_test.c - records of the log go out and come back; what is torn or damaged is told apart.
 */
#include "storage/wal.h"

#include "storage/base/mem.h"
#include "tests/support/test.h"

#include <string.h>

enum {
    RECORDS = 5
};

/* Record `i` makes version i + 1, and adds file 10 * (i + 1) of i bytes; i * 100 bytes were synced
 * before it. */
static void add_record(mu_writer *log, uint32_t i, uint64_t synced)
{
    mu_held_files files = {0};
    mu_map bytes;
    uint8_t *data = mu_mem_zalloc(i + 1);
    const mu_segment_info segment = {
        .file = 10 * (i + 1), .table_id = 1, .period = 600 - i, .rows = 1};
    const uint64_t removed = 10 * i;
    const mu_customer_part_info part = {.file = 10 * (i + 1) + 5, .first = i, .count = 1};

    memset(data, (int)i + 1, i + 1);
    assert_ok(mu_env_map_memory(data, i, &bytes, &test_error));
    assert_true(mu_held_add(&files, segment.file, &bytes));
    const mu_wal_commit commit = {.version = i + 1,
                                  .next_file = 10 * (i + 1) + 6,
                                  .synced = synced,
                                  .keep_parts = i,
                                  .part_count = 1,
                                  .parts = &part,
                                  .removed_count = i > 0,
                                  .removed = &removed,
                                  .segment_count = 1,
                                  .segments = &segment,
                                  .files = &files};
    assert_true(mu_wal_encode(&commit, log));
    mu_held_deinit(&files);
    mu_env_unmap(&bytes);
}

static size_t make_log(mu_writer *log, size_t starts[RECORDS + 1])
{
    for (uint32_t i = 0; i < RECORDS; i++) {
        starts[i] = log->size;
        add_record(log, i, starts[i]);
    }
    starts[RECORDS] = log->size;
    return log->size;
}

/* Reads `size` bytes as a log and applies what there is; returns how many records that were. */
static muster_status read_log(const uint8_t *data, size_t size, uint32_t *count,
                              mu_manifest *manifest, mu_arena *arena)
{
    mu_map log;
    mu_held_files files = {0};
    size_t at = 0;
    bool end = false;
    muster_status status = MUSTER_OK;
    uint8_t *copy = mu_mem_alloc(size + 1);

    memcpy(copy, data, size);
    assert_ok(mu_env_map_memory(copy, size, &log, &test_error));
    assert_true(mu_manifest_init(manifest, arena));
    *count = 0;
    while (status == MUSTER_OK && !end) {
        mu_wal_commit commit;
        mu_manifest next;
        status = mu_wal_decode(&log, 0, &at, arena, &commit, &files, &end, &test_error);
        if (status == MUSTER_OK && !end) {
            assert_int_equal(files.count, *count + 1);
            const mu_map *bytes = mu_held_find(&files, 10 * (*count + 1));
            assert_non_null(bytes);
            assert_int_equal(bytes->size, *count);
            assert_ok(mu_wal_apply(manifest, &commit, arena, &next, &test_error));
            *manifest = next;
            ++*count;
        }
    }
    mu_held_deinit(&files);
    mu_env_unmap(&log);
    return status;
}

TEST(what_is_written_is_read_and_applied)
{
    mu_writer log = {0};
    mu_arena arena = {0};
    size_t starts[RECORDS + 1];
    mu_manifest manifest;
    uint32_t count;
    const size_t size = make_log(&log, starts);

    assert_ok(read_log(log.data, size, &count, &manifest, &arena));
    assert_int_equal(count, RECORDS);
    assert_int_equal(manifest.version, RECORDS);
    assert_int_equal(manifest.segment_count, 1); /* each record removes that of the one before */
    assert_int_equal(manifest.segments[0].file, 10 * RECORDS);
    assert_int_equal(manifest.part_count, RECORDS);
    assert_int_equal(mu_manifest_customers(&manifest), RECORDS);
    mu_arena_deinit(&arena);
    mu_writer_deinit(&log);
}

TEST(a_log_that_is_cut_off_ends_with_its_last_whole_record)
{
    mu_writer log = {0};
    size_t starts[RECORDS + 1];
    const size_t size = make_log(&log, starts);

    for (size_t cut = 0; cut <= size; cut++) {
        mu_arena arena = {0};
        mu_manifest manifest;
        uint32_t count, expected = 0;
        while (expected < RECORDS && starts[expected + 1] <= cut) {
            expected++;
        }
        assert_ok(read_log(log.data, cut, &count, &manifest, &arena));
        assert_int_equal(count, expected);
        mu_arena_deinit(&arena);
    }
    mu_writer_deinit(&log);
}

/* Every record but the last is known to have been synced by the one after it. */
TEST(damage_of_what_was_synced_is_told)
{
    mu_writer log = {0};
    size_t starts[RECORDS + 1];
    const size_t size = make_log(&log, starts);

    for (size_t at = 0; at < size; at++) {
        mu_arena arena = {0};
        mu_manifest manifest;
        uint32_t count;
        log.data[at] ^= 1;
        const muster_status status = read_log(log.data, size, &count, &manifest, &arena);
        log.data[at] ^= 1;
        if (at < starts[RECORDS - 1]) {
            assert_int_equal(status, MUSTER_CORRUPT);
            assert_message_has("a record of the log is damaged");
        } else {
            assert_int_equal(status, MUSTER_OK);
            assert_int_equal(count, RECORDS - 1);
        }
        mu_arena_deinit(&arena);
    }
    mu_writer_deinit(&log);
}

TEST(damage_of_what_was_not_synced_ends_the_log)
{
    mu_writer log = {0};
    mu_arena arena = {0};
    mu_manifest manifest;
    uint32_t count;

    add_record(&log, 0, 0);
    const size_t second = log.size;
    add_record(&log, 1, second);
    add_record(&log, 2, second); /* appended before the sync of the second was through */
    log.data[second + 40] ^= 1;
    assert_ok(read_log(log.data, log.size, &count, &manifest, &arena));
    assert_int_equal(count, 1);
    mu_arena_deinit(&arena);
    mu_writer_deinit(&log);
}

TEST(a_record_that_does_not_fit_the_manifest_is_corruption)
{
    mu_writer log = {0};
    mu_arena arena = {0};
    mu_held_files files = {0};
    mu_manifest manifest, next;
    mu_wal_commit commit;
    mu_map map;
    size_t at = 0;
    bool end;

    add_record(&log, 1, 0); /* makes version 2, removes a segment that is not, keeps a part */
    assert_ok(mu_env_map_memory(log.data, log.size, &map, &test_error));
    assert_true(mu_manifest_init(&manifest, &arena));
    assert_ok(mu_wal_decode(&map, 0, &at, &arena, &commit, &files, &end, &test_error));
    assert_status(MUSTER_CORRUPT, mu_wal_apply(&manifest, &commit, &arena, &next, &test_error));
    assert_message_has("makes version 2");
    manifest.version = 1;
    commit.keep_parts = 0;
    assert_status(MUSTER_CORRUPT, mu_wal_apply(&manifest, &commit, &arena, &next, &test_error));
    assert_message_has("removes a segment that is not");
    mu_held_deinit(&files);
    mu_env_unmap(&map);
    mu_arena_deinit(&arena);
}
