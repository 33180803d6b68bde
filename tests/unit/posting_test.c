/*
 * posting_test.c - the postings of random segments against their rows, and damaged.
 */
#include "storage/posting_filter.h"

#include "storage/base/bits.h"
#include "storage/base/mem.h"
#include "tests/support/rows.h"
#include "tests/support/test.h"

enum {
    ROWS = 3000,
    CUSTOMERS = 3 * MU_STRIPE_ROWS
};

static const test_shape shape = {.rows = ROWS,
                                 .customers = CUSTOMERS,
                                 .nobody_percent = 10,
                                 .null_percent = 10,
                                 .min_us = 1700000000000000,
                                 .times = 100000};

/* The rows of the test's segment, which is written to `directory` and opened. */
static mu_segment *open_random(const char *directory, mu_arena *arena, const test_row **rows)
{
    uint64_t state = test_seed();
    mu_segment_info info;
    mu_segment *segment;
    char name[MU_SEGMENT_NAME_BYTES];

    *rows = test_rows(arena, &state, &shape);
    assert_ok(test_write_segment(directory, 7, TEST_COLUMNS, *rows, ROWS, MU_BLOCK_ROWS, &info,
                                 &test_error));
    mu_segment_name(7, name);
    assert_ok(mu_segment_open(directory, name, &segment, &test_error));
    return segment;
}

static bool has_value(const test_row *row, const mu_dict *dict, uint32_t value)
{
    const mu_value *cell = &row->cells[TEST_EVENT];

    return value == dict->count
               ? cell->null
               : !cell->null && mu_text_equal(cell->text, mu_dict_text(dict, value));
}

/* Counts and sets of one value are those of the rows. */
static void compare_value(mu_segment *segment, const test_row *rows, const mu_dict *dict,
                          const mu_postings *postings, uint32_t value)
{
    static uint64_t expected[CUSTOMERS / 64], found[CUSTOMERS / 64];
    mu_posting *posting = &postings->values[value];
    uint64_t with = 0, nobody = 0, bytes;
    bool has;

    memset(expected, 0, sizeof expected);
    memset(found, 0, sizeof found);
    for (uint32_t i = 0; i < ROWS; i++) {
        const mu_value *customer = &rows[i].cells[TEST_CUSTOMER];
        if (has_value(&rows[i], dict, value)) {
            with += !customer->null;
            nobody += customer->null;
            if (!customer->null) {
                mu_bits_set(expected, customer->ordinal);
            }
        }
    }
    assert_int_equal(posting->rows, with);
    assert_int_equal(posting->nobody_rows, nobody);
    if (!mu_posting_known(posting)) {
        return;
    }
    for (uint32_t stripe = 0; stripe < CUSTOMERS / MU_STRIPE_ROWS; stripe++) {
        uint64_t *bits = &found[(size_t)stripe * MU_STRIPE_WORDS];
        assert_ok(mu_segment_posting_read(segment, TEST_EVENT, posting, stripe, bits, &bytes,
                                          &test_error));
        assert_ok(mu_segment_posting_has(segment, TEST_EVENT, posting, stripe, &has, &test_error));
        assert_int_equal(has, !mu_bits_none(bits, MU_STRIPE_WORDS));
    }
    assert_memory_equal(found, expected, sizeof found);
}

TEST(postings_say_what_the_rows_say)
{
    mu_arena arena = {0};
    const test_row *rows;
    mu_segment *segment = open_random(test_temp_dir(), &arena, &rows);
    const mu_postings *postings;
    const mu_dict *dict;
    uint32_t known = 0;

    assert_ok(mu_segment_dict(segment, TEST_EVENT, &dict, &test_error));
    assert_ok(mu_segment_postings(segment, TEST_EVENT, &postings, &test_error));
    assert_non_null(postings);
    assert_int_equal(postings->count, dict->count + 1);
    for (uint32_t value = 0; value < postings->count; value++) {
        compare_value(segment, rows, dict, postings, value);
        known += mu_posting_known(&postings->values[value]);
    }
    assert_true(known > 0);
    assert_true(mu_segment_posting_bytes(segment, TEST_EVENT) > 0);
    assert_int_equal(mu_segment_posting_bytes(segment, TEST_COUPON), 0); /* it is not indexed */
    assert_ok(mu_segment_check(segment, &test_error));
    mu_segment_close(segment);
    mu_arena_deinit(&arena);
}

/* Every byte of head and sets is under a checksum. */
TEST(damaged_postings_are_noticed)
{
    const char *directory = test_temp_dir();
    mu_arena arena = {0};
    const test_row *rows;
    mu_segment *segment = open_random(directory, &arena, &rows);
    const mu_postings *postings;
    char path[256];
    size_t size;

    assert_ok(mu_segment_postings(segment, TEST_EVENT, &postings, &test_error));
    uint64_t offset = UINT64_MAX;
    for (uint32_t i = 0; i < postings->count; i++) {
        const mu_posting *posting = &postings->values[i];
        offset = posting->size > 0 && posting->offset < offset ? posting->offset : offset;
    }
    assert_true(offset != UINT64_MAX);
    const uint64_t bytes = mu_segment_posting_bytes(segment, TEST_EVENT);
    mu_segment_close(segment);

    (void)snprintf(path, sizeof path, "%s/events-000007.seg", directory);
    char *whole = test_read_file(path, &size);
    for (uint64_t at = offset - 16; at < offset + 16 && at < offset + bytes; at++) {
        whole[at] ^= 0x10;
        test_write_file(path, whole, size);
        assert_ok(mu_segment_open(directory, "events-000007.seg", &segment, &test_error));
        assert_status(MUSTER_CORRUPT, mu_segment_check(segment, &test_error));
        assert_message_has("events-000007.seg, column \"event\"");
        mu_segment_close(segment);
        whole[at] ^= 0x10;
    }
    mu_arena_deinit(&arena);
}

/* Values no one has, and sets that are dropped: what a filter says of a stripe. */
TEST(a_filter_knows_which_stripes_have_rows)
{
    mu_arena arena = {0};
    const test_row *rows;
    mu_segment *segment = open_random(test_temp_dir(), &arena, &rows);
    const mu_postings *postings;
    mu_posting_filter filter;
    uint8_t *wanted;
    bool any;

    assert_ok(mu_segment_postings(segment, TEST_EVENT, &postings, &test_error));
    wanted = MU_NEW_ARRAY(&arena, uint8_t, postings->count);
    assert_ok(mu_posting_filter_init(&filter, segment, TEST_EVENT, wanted, &arena, &test_error));
    assert_ok(mu_posting_filter_any(&filter, 0, &any, &test_error));
    assert_false(any);
    assert_ok(mu_posting_filter_any(&filter, MU_NOBODY, &any, &test_error));
    assert_false(any);
    memset(wanted, 1, postings->count);
    assert_ok(mu_posting_filter_init(&filter, segment, TEST_EVENT, wanted, &arena, &test_error));
    assert_ok(mu_posting_filter_any(&filter, 0, &any, &test_error));
    assert_true(any);
    assert_ok(mu_posting_filter_any(&filter, MU_NOBODY, &any, &test_error));
    assert_true(any);
    mu_segment_close(segment);
    mu_arena_deinit(&arena);
}

TEST(a_budget_keeps_the_smallest_sets)
{
    enum {
        COMMON = 0,
        RARE = 1,
        VALUES = 2,
        COUNT = 4000
    };
    static uint32_t ordinals[COUNT], codes[COUNT];
    mu_posting_writer *writer = mu_posting_writer_open(VALUES);
    mu_posting_place place;
    mu_writer out = {0};

    assert_non_null(writer);
    for (uint32_t i = 0; i < COUNT; i++) {
        ordinals[i] = i / 2 * 3;
        codes[i] = i % 100 == 0 ? RARE : COMMON;
    }
    assert_true(mu_posting_writer_add(writer, 0, COUNT / 2, ordinals, codes, NULL));
    assert_true(
        mu_posting_writer_add(writer, 0, COUNT / 2, ordinals + COUNT / 2, codes + COUNT / 2, NULL));
    assert_true(mu_posting_writer_finish(writer, 200, &out, &place));
    assert_true(place.there);
    assert_true(out.size <= 200);
    assert_int_equal(out.size, (place.head_size + 7) / 8 * 8 + place.sets_size);
    assert_int_equal(place.sets_size, 8 + 8 + 2 * COUNT / 100); /* that of RARE alone */
    mu_posting_writer_close(writer);

    mu_writer_reset(&out);
    writer = mu_posting_writer_open(VALUES);
    assert_non_null(writer);
    assert_true(mu_posting_writer_add(writer, 0, COUNT, ordinals, codes, NULL));
    assert_true(mu_posting_writer_finish(writer, 8, &out, &place)); /* not even the counts fit */
    assert_false(place.there);
    assert_int_equal(out.size, 0);
    mu_posting_writer_close(writer);
    mu_writer_deinit(&out);
}

TEST(rows_of_the_same_customer_and_value_take_no_memory_again)
{
    enum {
        VALUES = 2,
        COUNT = 1000,
        TIMES = 200
    };
    static uint32_t ordinals[COUNT], codes[COUNT];
    mu_posting_writer *writer = mu_posting_writer_open(VALUES);
    const size_t before = mu_mem_used();

    assert_non_null(writer);
    for (uint32_t i = 0; i < COUNT; i++) {
        codes[i] = i % VALUES;
    }
    for (uint32_t i = 0; i < TIMES; i++) {
        assert_true(mu_posting_writer_add(writer, 0, COUNT, ordinals, codes, NULL));
    }
    assert_true(mu_mem_used() - before < 1024);
    mu_posting_writer_close(writer);
}

/* Where many values are meant, looking at each one's set in each stripe costs more than reading. */
TEST(a_filter_of_very_many_values_knows_nothing)
{
    enum {
        VALUES = MU_POSTING_FILTER_SETS + 1
    };
    const char *directory = test_temp_dir();
    uint64_t state = test_seed();
    mu_arena arena = {0};
    test_row *rows = test_rows(&arena, &state, &shape);
    uint8_t wanted[VALUES + 2] = {0};
    mu_posting_filter filter;
    mu_segment_info info;
    mu_segment *segment;
    bool any;

    for (uint32_t i = 0; i < ROWS; i++) { /* a row for each value, and the rest for one more */
        char *text = mu_arena_alloc(&arena, 8);
        const int size = snprintf(text, 8, "e%05u", i < VALUES ? i : VALUES);
        rows[i].cells[TEST_EVENT] =
            (mu_value){.type.kind = MU_TEXT, .text = {.data = text, .size = (uint32_t)size}};
    }
    assert_ok(test_write_segment(directory, 7, TEST_COLUMNS, rows, ROWS, MU_BLOCK_ROWS, &info,
                                 &test_error));
    assert_ok(mu_segment_open(directory, "events-000007.seg", &segment, &test_error));
    memset(wanted, 1, VALUES);
    assert_ok(mu_posting_filter_init(&filter, segment, TEST_EVENT, wanted, &arena, &test_error));
    assert_false(filter.known);
    assert_ok(mu_posting_filter_any(&filter, CUSTOMERS / MU_STRIPE_ROWS, &any, &test_error));
    assert_true(any);
    wanted[0] = 0;
    assert_ok(mu_posting_filter_init(&filter, segment, TEST_EVENT, wanted, &arena, &test_error));
    assert_true(filter.known);
    assert_ok(mu_posting_filter_any(&filter, CUSTOMERS / MU_STRIPE_ROWS, &any, &test_error));
    assert_false(any); /* no one is in that stripe */
    mu_segment_close(segment);
    mu_arena_deinit(&arena);
}
