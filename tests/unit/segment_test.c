/*
 * segment_test.c - segments against the rows they were made from, whole and damaged.
 */
#include "storage/segment.h"

#include "storage/base/bits.h"
#include "storage/base/hash.h"
#include "storage/base/mem.h"
#include "storage/base/pool.h"
#include "tests/support/rows.h"
#include "tests/support/test.h"

#include <errno.h>

enum {
    FOOTER_BYTES = 48,
};

/* The reader as plain as can be. */

/* The value of a row of a chunk, decoding all of the batch it is in. */
static muster_status read_cell(mu_segment *segment, uint32_t block, uint32_t column, uint32_t row,
                               mu_decoder *decoder, mu_arena *arena, mu_value *out)
{
    const mu_chunk_info *chunk = mu_segment_chunk(segment, block, column);
    const uint32_t rows = mu_segment_block(segment, block)->rows;
    const uint32_t first = row / MU_BATCH_ROWS * MU_BATCH_ROWS;
    const uint32_t count = rows - first < MU_BATCH_ROWS ? rows - first : MU_BATCH_ROWS;
    const mu_type type = mu_segment_column_type(segment, column);
    const uint64_t *valid;
    const mu_dict *dict = NULL;
    int64_t values[MU_BATCH_ROWS];
    double doubles[MU_BATCH_ROWS];
    uint32_t codes[MU_BATCH_ROWS] = {0};

    *out = (mu_value){.type = type, .null = true, .ordinal = MU_NO_CUSTOMER};
    if (chunk->size == 0) {
        return MUSTER_OK;
    }
    MU_TRY(mu_segment_read(segment, block, column, decoder, &valid, &test_error));
    if (valid && !mu_bits_test(valid, row)) {
        return MUSTER_OK;
    }
    out->null = false;
    switch (mu_type_form(type)) {
    case MU_FORM_BITS:
    case MU_FORM_I64:
        MU_TRY(mu_decode_i64(decoder, first, count, values, &test_error));
        out->i64 = values[row - first];
        break;
    case MU_FORM_F64:
        MU_TRY(mu_decode_f64(decoder, first, count, doubles, &test_error));
        out->f64 = doubles[row - first];
        break;
    case MU_FORM_CODE:
        if (chunk->by_code) {
            MU_TRY(mu_segment_dict(segment, column, &dict, &test_error));
            MU_TRY(mu_decode_u32(decoder, first, count, codes, &test_error));
        } else {
            MU_TRY(mu_decode_text(decoder, &dict, &test_error));
            codes[row - first] = row;
        }
        assert_true(codes[row - first] < dict->count);
        out->text = mu_dict_text(dict, codes[row - first]);
        out->text.data = mu_arena_text(arena, out->text.data, out->text.size);
        break;
    case MU_FORM_ORDINAL:
        MU_TRY(mu_decode_customer(decoder, first, count, codes, &test_error));
        out->ordinal = codes[row - first];
        break;
    }
    return MUSTER_OK;
}

/* Every value of the segment is that of the rows, or a failure is returned. */
static muster_status compare(mu_segment *segment, const test_row *rows, mu_decoder *decoder,
                             mu_arena *arena)
{
    uint32_t at = 0;

    for (uint32_t block = 0; block < mu_segment_block_count(segment); block++) {
        const uint32_t count = mu_segment_block(segment, block)->rows;
        for (uint32_t column = 0; column < TEST_COLUMNS; column++) {
            const uint32_t index = mu_segment_column(segment, test_table.columns[column].id);
            for (uint32_t row = 0; index != MU_NO_COLUMN && row < count; row++) {
                mu_value found;
                MU_TRY(read_cell(segment, block, index, row, decoder, arena, &found));
                assert_true(test_value_equal(&rows[at + row].cells[column], &found));
            }
        }
        at += count;
    }
    assert_int_equal(at, mu_segment_rows(segment));
    return MUSTER_OK;
}

static muster_status open_and_compare(const char *directory, const char *name, const test_row *rows)
{
    mu_segment *segment;
    mu_arena arena = {0};

    MU_TRY(mu_segment_open(directory, name, &segment, &test_error));
    mu_decoder *decoder = mu_decoder_new();
    assert_non_null(decoder);
    const muster_status status = compare(segment, rows, decoder, &arena);
    mu_decoder_free(decoder);
    mu_arena_deinit(&arena);
    mu_segment_close(segment);
    return status;
}

static muster_status open_and_check(const char *directory, const char *name)
{
    mu_segment *segment;

    MU_TRY(mu_segment_open(directory, name, &segment, &test_error));
    const muster_status status = mu_segment_check(segment, &test_error);
    mu_segment_close(segment);
    return status;
}

/* Whole segments. */

TEST(a_segment_gives_back_the_rows_it_was_made_from)
{
    static const test_shape shapes[] = {
        {.rows = 1, .customers = 1, .times = 1},
        {.rows = 1, .customers = 1, .nobody_percent = 100, .times = 1},
        {.rows = 300, .customers = 40, .nobody_percent = 20, .null_percent = 30, .times = 50},
        {.rows = 2500, .customers = 3, .null_percent = 100, .times = 100000},
        {.rows = 1500, .customers = 200000, .nobody_percent = 5, .null_percent = 1, .times = 9},
    };
    const uint32_t block_rows[] = {1, 64, 65, MU_BLOCK_ROWS};
    uint64_t state = test_seed();

    for (size_t i = 0; i < MU_COUNT(shapes) * MU_COUNT(block_rows); i++) {
        const test_shape *shape = &shapes[i / MU_COUNT(block_rows)];
        const char *directory = test_temp_dir();
        mu_arena arena = {0};
        mu_segment_info info;
        const test_row *rows = test_rows(&arena, &state, shape);

        assert_ok(test_write_segment(directory, i, TEST_COLUMNS, rows, shape->rows,
                                     block_rows[i % MU_COUNT(block_rows)], &info, &test_error));
        char name[MU_SEGMENT_NAME_BYTES];
        mu_segment_name(i, name);
        assert_int_equal(info.rows, shape->rows);
        assert_ok(open_and_compare(directory, name, rows));
        assert_ok(open_and_check(directory, name));
        mu_arena_deinit(&arena);
    }
}

TEST(what_the_writer_says_is_what_the_file_says)
{
    const test_shape shape = {
        .rows = 700, .customers = 30, .nobody_percent = 10, .min_us = -5000, .times = 900};
    const char *directory = test_temp_dir();
    mu_arena arena = {0};
    mu_segment_info written, read = {.file = 7};
    mu_segment *segment;
    uint64_t state = test_seed();
    const test_row *rows = test_rows(&arena, &state, &shape);
    uint64_t nobody = 0;
    int64_t min = INT64_MAX, max = INT64_MIN;

    for (uint32_t i = 0; i < shape.rows; i++) {
        const int64_t time = rows[i].cells[TEST_TS].i64;
        nobody += rows[i].cells[TEST_CUSTOMER].null;
        min = time < min ? time : min;
        max = time > max ? time : max;
    }
    assert_ok(test_write_segment(directory, 7, TEST_COLUMNS, rows, shape.rows, 100, &written,
                                 &test_error));
    assert_ok(mu_segment_open(directory, "events-000007.seg", &segment, &test_error));
    mu_segment_describe(segment, &read);
    assert_memory_equal(&written, &read, sizeof read);
    assert_int_equal(written.table_id, test_table.id);
    assert_int_equal(written.nobody_rows, nobody);
    assert_int_equal(written.min_time_us, min);
    assert_int_equal(written.max_time_us, max);
    mu_segment_close(segment);
    mu_arena_deinit(&arena);
}

TEST(blocks_are_found_by_stripe)
{
    const test_shape shape = {.rows = 900, .customers = 400000, .nobody_percent = 10, .times = 5};
    const char *directory = test_temp_dir();
    mu_arena arena = {0};
    mu_segment_info info;
    mu_segment *segment;
    uint64_t state = test_seed();
    const test_row *rows = test_rows(&arena, &state, &shape);

    assert_ok(
        test_write_segment(directory, 1, TEST_COLUMNS, rows, shape.rows, 50, &info, &test_error));
    assert_ok(mu_segment_open(directory, "events-000001.seg", &segment, &test_error));
    for (uint32_t stripe = 0; stripe <= MU_NOBODY; stripe = stripe == 8 ? MU_NOBODY : stripe + 1) {
        uint32_t first, end, wanted = 0;
        mu_segment_stripe(segment, stripe, &first, &end);
        for (uint32_t i = 0; i < mu_segment_block_count(segment); i++) {
            const bool of_stripe = mu_segment_block(segment, i)->stripe == stripe;
            assert_int_equal(of_stripe, i >= first && i < end);
            wanted += of_stripe;
        }
        assert_int_equal(end - first, wanted);
        if (stripe == MU_NOBODY) {
            break;
        }
    }
    mu_segment_close(segment);
    mu_arena_deinit(&arena);
}

TEST(a_column_the_segment_does_not_have_is_not_found)
{
    const test_shape shape = {.rows = 10, .customers = 4, .times = 5};
    const char *directory = test_temp_dir();
    mu_arena arena = {0};
    mu_segment_info info;
    mu_segment *segment;
    uint64_t state = test_seed();
    const test_row *rows = test_rows(&arena, &state, &shape);

    assert_ok(
        test_write_segment(directory, 1, TEST_NOTE, rows, shape.rows, 50, &info, &test_error));
    assert_ok(mu_segment_open(directory, "events-000001.seg", &segment, &test_error));
    assert_int_equal(mu_segment_column(segment, test_table.columns[TEST_PAID].id), TEST_PAID);
    assert_int_equal(mu_segment_column(segment, test_table.columns[TEST_NOTE].id), MU_NO_COLUMN);
    mu_segment_close(segment);
    mu_arena_deinit(&arena);
}

TEST(a_segment_without_rows_opens)
{
    const char *directory = test_temp_dir();
    mu_segment_info info;

    assert_ok(test_write_segment(directory, 1, TEST_COLUMNS, NULL, 0, 50, &info, &test_error));
    assert_int_equal(info.rows, 0);
    assert_ok(open_and_check(directory, "events-000001.seg"));
}

/* A table of one column, text without a dictionary. */
static const mu_column sku_column[] = {{"sku", 1, {.kind = MU_TEXT}, MU_ROLE_NONE, false, 0, NULL}};
static const mu_table products = {.name = "products",
                                  .id = 5,
                                  .column_count = 1,
                                  .columns = sku_column,
                                  .customer_column = MU_NO_COLUMN,
                                  .time_column = MU_NO_COLUMN,
                                  .event_column = MU_NO_COLUMN};

TEST(a_lookup_table_has_its_rows_in_order_of_arrival)
{
    const mu_text texts[] = {MU_TEXT_OF("z"), MU_TEXT_OF(""), MU_TEXT_OF("a")};
    const mu_block_column column = {.text = texts};
    const mu_dict *dicts[] = {NULL};
    const char *directory = test_temp_dir();
    mu_segment_writer *writer;
    mu_segment_info info;
    mu_segment *segment;
    const uint64_t *valid;
    const mu_dict *found;

    assert_ok(mu_segment_writer_open(directory, 2, &products, 0, dicts, &writer, &test_error));
    assert_ok(mu_segment_writer_add(writer, MU_NOBODY, 3, NULL, &column, &test_error));
    assert_ok(mu_segment_writer_finish(writer, true, &info, &test_error));
    assert_int_equal(info.nobody_rows, 3);
    assert_ok(open_and_check(directory, "events-000002.seg"));

    mu_decoder *decoder = mu_decoder_new();
    assert_ok(mu_segment_open(directory, "events-000002.seg", &segment, &test_error));
    assert_ok(mu_segment_read(segment, 0, 0, decoder, &valid, &test_error));
    assert_null(valid);
    assert_ok(mu_decode_text(decoder, &found, &test_error));
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(mu_text_equal(texts[i], mu_dict_text(found, i)));
    }
    mu_decoder_free(decoder);
    mu_segment_close(segment);
}

TEST(a_block_with_very_much_text_becomes_several)
{
    enum {
        ROWS = 200,
        SIZE = 1 << 20,
    };
    const char *directory = test_temp_dir();
    const mu_dict *dicts[] = {NULL};
    char *long_text = mu_mem_zalloc(SIZE);
    mu_text texts[ROWS];
    uint64_t valid[(ROWS + 63) / 64] = {0};
    const mu_block_column column = {.text = texts, .valid = valid};
    mu_segment_writer *writer;
    mu_segment_info info;
    mu_segment *segment;
    uint32_t row = 0;

    for (uint32_t i = 0; i < ROWS; i++) {
        texts[i] = (mu_text){long_text, i % 2 == 0 ? SIZE : i};
        if (i % 5 != 0) {
            mu_bits_set(valid, i);
        }
    }
    assert_ok(mu_segment_writer_open(directory, 2, &products, 0, dicts, &writer, &test_error));
    assert_ok(mu_segment_writer_add(writer, MU_NOBODY, ROWS, NULL, &column, &test_error));
    assert_ok(mu_segment_writer_finish(writer, true, &info, &test_error));
    assert_int_equal(info.rows, ROWS);
    assert_ok(open_and_check(directory, "events-000002.seg"));

    mu_decoder *decoder = mu_decoder_new();
    assert_ok(mu_segment_open(directory, "events-000002.seg", &segment, &test_error));
    assert_true(mu_segment_block_count(segment) > 1);
    for (uint32_t block = 0; block < mu_segment_block_count(segment); block++) {
        const uint64_t *found_valid;
        const mu_dict *found;
        assert_ok(mu_segment_read(segment, block, 0, decoder, &found_valid, &test_error));
        assert_ok(mu_decode_text(decoder, &found, &test_error));
        for (uint32_t i = 0; i < found->count; i++, row++) {
            const bool is_valid = row % 5 != 0;
            assert_int_equal(mu_bits_test(found_valid, i), is_valid);
            assert_int_equal(mu_dict_text(found, i).size, is_valid ? texts[row].size : 0);
        }
    }
    assert_int_equal(row, ROWS);
    mu_decoder_free(decoder);
    mu_segment_close(segment);
    mu_mem_free(long_text);
}

/* Reads every chunk and dictionary, as a thread among others. */
static muster_status read_all(void *context, uint32_t worker, uint64_t item, muster_error *err)
{
    mu_segment *segment = context;
    mu_decoder *decoder = mu_decoder_new();
    muster_status status = decoder ? MUSTER_OK : mu_fail_memory(err, "testing");
    const uint64_t *valid;
    const mu_dict *dict;

    (void)worker;
    (void)item;
    for (uint32_t block = 0; block < mu_segment_block_count(segment); block++) {
        for (uint32_t column = 0; column < TEST_COLUMNS && status == MUSTER_OK; column++) {
            status = mu_segment_dict(segment, column, &dict, err);
            if (status == MUSTER_OK && mu_segment_chunk(segment, block, column)->size > 0) {
                status = mu_segment_read(segment, block, column, decoder, &valid, err);
            }
        }
    }
    mu_decoder_free(decoder);
    return status;
}

TEST(threads_share_a_segment)
{
    const test_shape shape = {.rows = 500, .customers = 40, .null_percent = 10, .times = 50};
    const char *directory = test_temp_dir();
    mu_arena arena = {0};
    uint64_t state = test_seed();
    mu_segment_info info;
    mu_segment *segment;
    mu_pool *pool;
    const test_row *rows = test_rows(&arena, &state, &shape);

    assert_ok(mu_pool_open(4, &pool, &test_error));
    assert_ok(
        test_write_segment(directory, 1, TEST_COLUMNS, rows, shape.rows, 64, &info, &test_error));
    for (int i = 0; i < 20; i++) {
        assert_ok(mu_segment_open(directory, "events-000001.seg", &segment, &test_error));
        assert_ok(mu_pool_run(pool, 8, read_all, segment, NULL, &test_error));
        mu_segment_close(segment);
    }
    mu_pool_close(pool);
    mu_arena_deinit(&arena);
}

/* Fails the operation on the disk that `left` counts down to. */
static int fail_later(void *context, const char *operation, const char *path)
{
    uint32_t *left = context;

    (void)path;
    if (strcmp(operation, "remove") == 0) {
        return 0;
    }
    return (*left)-- == 0 ? ENOSPC : 0;
}

TEST(a_disk_that_is_full_leaves_no_file)
{
    const test_shape shape = {.rows = 300, .customers = 40, .null_percent = 10, .times = 50};
    const char *directory = test_temp_dir();
    mu_arena arena = {0};
    uint64_t state = test_seed();
    mu_segment_info info;
    char path[4096];
    muster_status status = MUSTER_IO;
    const test_row *rows = test_rows(&arena, &state, &shape);

    (void)snprintf(path, sizeof path, "%s/events-000001.seg", directory);
    for (uint32_t n = 0; status != MUSTER_OK; n++) {
        uint32_t left = n;
        mu_env_set_hook(fail_later, &left);
        status = test_write_segment(directory, 1, TEST_COLUMNS, rows, shape.rows, 64, &info,
                                    &test_error);
        mu_env_set_hook(NULL, NULL);
        assert_int_equal(status == MUSTER_OK, mu_env_exists(path));
        assert_true(status == MUSTER_OK || status == MUSTER_IO);
        assert_true(n > 2 || status == MUSTER_IO); /* to create, to write, to sync */
    }
    assert_ok(open_and_check(directory, "events-000001.seg"));
    mu_arena_deinit(&arena);
}

TEST(an_aborted_segment_leaves_no_file)
{
    const mu_dict *dicts[TEST_COLUMNS] = {0};
    const char *directory = test_temp_dir();
    mu_segment_writer *writer;
    char path[4096];

    assert_ok(mu_segment_writer_open(directory, 3, &test_table, 0, dicts, &writer, &test_error));
    (void)snprintf(path, sizeof path, "%s/events-000003.seg", directory);
    assert_true(mu_env_exists(path));
    mu_segment_writer_abort(writer);
    assert_false(mu_env_exists(path));
}

/* Damage. */

typedef struct specimen {
    mu_arena arena;
    const test_row *rows;
    const char *directory;
    char path[4096];
    char *bytes; /* of the file as it was written */
    size_t size;
} specimen;

/* Some hundred rows in small blocks: every kind of chunk, and a dictionary. */
static void make(specimen *s, uint32_t rows)
{
    const test_shape shape = {
        .rows = rows, .customers = 9, .nobody_percent = 20, .null_percent = 20, .times = 50};
    uint64_t state = test_seed();
    mu_segment_info info;

    *s = (specimen){.directory = test_temp_dir()};
    s->rows = test_rows(&s->arena, &state, &shape);
    assert_ok(
        test_write_segment(s->directory, 1, TEST_COLUMNS, s->rows, rows, 64, &info, &test_error));
    (void)snprintf(s->path, sizeof s->path, "%s/events-000001.seg", s->directory);
    s->bytes = test_read_file(s->path, &s->size);
}

TEST(every_truncation_is_found)
{
    specimen s;

    make(&s, 40);
    for (size_t size = 0; size < s.size; size++) {
        test_write_file(s.path, s.bytes, size);
        assert_status(MUSTER_CORRUPT, open_and_compare(s.directory, "events-000001.seg", s.rows));
        assert_message_has("events-000001.seg");
    }
    mu_arena_deinit(&s.arena);
}

TEST(a_flipped_bit_is_found_by_the_check_and_never_gives_a_wrong_answer)
{
    specimen s;
    uint64_t state = test_seed();

    make(&s, 150);
    for (size_t i = 0; i < s.size; i++) {
        const char bit = (char)(1 << test_random_below(&state, 8));
        s.bytes[i] = (char)(s.bytes[i] ^ bit);
        test_write_file(s.path, s.bytes, s.size);
        s.bytes[i] = (char)(s.bytes[i] ^ bit);
        assert_status(MUSTER_CORRUPT, open_and_check(s.directory, "events-000001.seg"));
        assert_message_has("events-000001.seg");
        /* Padding behind values and dictionaries is no answer, but all else is. */
        const muster_status status = open_and_compare(s.directory, "events-000001.seg", s.rows);
        assert_true(status == MUSTER_OK || status == MUSTER_CORRUPT);
    }
    mu_arena_deinit(&s.arena);
}

TEST(a_damaged_chunk_is_named_by_file_column_and_offset)
{
    specimen s;
    mu_segment *segment;

    make(&s, 150);
    assert_ok(mu_segment_open(s.directory, "events-000001.seg", &segment, &test_error));
    const uint64_t offset = mu_segment_chunk(segment, 1, TEST_AMOUNT)->offset;
    mu_segment_close(segment);
    s.bytes[offset + 3] ^= 1;
    test_write_file(s.path, s.bytes, s.size);
    assert_status(MUSTER_CORRUPT, open_and_check(s.directory, "events-000001.seg"));
    char wanted[128];
    (void)snprintf(wanted, sizeof wanted,
                   "events-000001.seg, column \"amount\", offset %llu: checksum is 0x",
                   (unsigned long long)offset);
    assert_message_has(wanted);
    assert_message_has(", expected 0x");
    mu_arena_deinit(&s.arena);
}

static void patch_u64(char *at, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++) {
        at[i] = (char)(value >> 8 * i);
    }
}

static uint64_t load_u64(const char *at)
{
    return mu_load_u64(at);
}

/* Makes the checksums of directory and footer right again. */
static void sign(char *bytes, size_t size)
{
    char *footer = &bytes[size - FOOTER_BYTES];
    const uint64_t offset = load_u64(footer + 8), directory_size = load_u64(footer + 16);

    patch_u64(footer + 24, mu_checksum(&bytes[offset], directory_size));
    patch_u64(footer + 32, mu_checksum(footer, 32));
}

TEST(a_directory_that_lies_under_a_right_checksum_is_no_danger)
{
    specimen s;
    uint64_t state = test_seed();

    make(&s, 150);
    const char *footer = &s.bytes[s.size - FOOTER_BYTES];
    const size_t start = load_u64(footer + 8), size = load_u64(footer + 16);
    for (size_t i = 0; i < 4 * size; i++) {
        char *at = &s.bytes[start + i % size];
        const char before = *at;
        *at = (char)(i < size ? *at ^ (1 << i % 8) : (int)test_random_below(&state, 256));
        sign(s.bytes, s.size);
        test_write_file(s.path, s.bytes, s.size);
        *at = before;
        mu_segment *segment;
        muster_status status =
            mu_segment_open(s.directory, "events-000001.seg", &segment, &test_error);
        if (status == MUSTER_OK) {
            status = mu_segment_check(segment, &test_error);
            mu_segment_close(segment);
        }
        assert_true(status == MUSTER_OK || status == MUSTER_CORRUPT);
    }
    mu_arena_deinit(&s.arena);
}

/* Makes the checksum of a damaged chunk right, wherever the directory has it. */
static void sign_chunk(char *bytes, size_t size, uint64_t before, uint64_t after)
{
    char *footer = &bytes[size - FOOTER_BYTES];
    const uint64_t offset = load_u64(footer + 8), directory_size = load_u64(footer + 16);

    for (uint64_t i = 0; i + 8 <= directory_size; i++) {
        if (load_u64(&bytes[offset + i]) == before) {
            patch_u64(&bytes[offset + i], after);
        }
    }
    sign(bytes, size);
}

/* Reads all there is; what is read does not matter, but codes must be in their dictionary. */
static void read_whatever_is_there(const specimen *s)
{
    mu_segment *segment;
    mu_arena arena = {0};
    mu_value found;

    if (mu_segment_open(s->directory, "events-000001.seg", &segment, NULL) != MUSTER_OK) {
        return;
    }
    mu_decoder *decoder = mu_decoder_new();
    for (uint32_t block = 0; block < mu_segment_block_count(segment); block++) {
        for (uint32_t column = 0; column < TEST_COLUMNS; column++) {
            for (uint32_t row = 0; row < mu_segment_block(segment, block)->rows; row++) {
                if (read_cell(segment, block, column, row, decoder, &arena, &found) != MUSTER_OK) {
                    break;
                }
            }
        }
    }
    const muster_status status = mu_segment_check(segment, &test_error);
    assert_true(status == MUSTER_OK || status == MUSTER_CORRUPT);
    mu_decoder_free(decoder);
    mu_arena_deinit(&arena);
    mu_segment_close(segment);
}

TEST(a_chunk_that_lies_under_a_right_checksum_is_no_danger)
{
    specimen s;
    mu_segment *segment;
    uint64_t state = test_seed();

    make(&s, 150);
    assert_ok(mu_segment_open(s.directory, "events-000001.seg", &segment, &test_error));
    for (uint32_t column = 0; column < TEST_COLUMNS; column++) {
        const mu_chunk_info chunk = *mu_segment_chunk(segment, 0, column);
        const uint64_t end = chunk.size == 0 ? 0 : (chunk.offset + chunk.size + 7) / 8 * 8;
        for (uint64_t at = chunk.offset; at < end; at++) {
            char *copy = memcpy(mu_mem_alloc(s.size), s.bytes, s.size);
            const uint64_t before = mu_checksum(&copy[chunk.offset], end - chunk.offset);
            copy[at] = (char)test_random(&state);
            const uint64_t after = mu_checksum(&copy[chunk.offset], end - chunk.offset);
            sign_chunk(copy, s.size, before, after);
            test_write_file(s.path, copy, s.size);
            mu_mem_free(copy);
            read_whatever_is_there(&s);
        }
    }
    mu_segment_close(segment);
    mu_arena_deinit(&s.arena);
}

TEST(memory_that_runs_out_is_an_error_and_leaks_nothing)
{
    const test_shape shape = {
        .rows = 100, .customers = 9, .nobody_percent = 20, .null_percent = 20, .times = 50};
    const char *directory = test_temp_dir();
    mu_arena arena = {0};
    uint64_t state = test_seed();
    mu_segment_info info;
    muster_status status = MUSTER_NOMEM;
    const test_row *rows = test_rows(&arena, &state, &shape);

    assert_ok(
        test_write_segment(directory, 1, TEST_COLUMNS, rows, shape.rows, 64, &info, &test_error));
    for (uint64_t n = 0; status != MUSTER_OK; n++) {
        mu_mem_fail_at(n, true);
        status = open_and_check(directory, "events-000001.seg");
        mu_mem_fail_at(UINT64_MAX, false);
        assert_true(status == MUSTER_OK || status == MUSTER_NOMEM);
    }
    mu_arena_deinit(&arena);
}
