/*
 * enc_test.c - one suite for all encodings: whatever goes in comes out, in any order of reading,
 * and bytes that are damaged are refused or read as something else, but never past their end.
 */
#include "storage/enc.h"

#include "storage/base/bits.h"
#include "storage/base/hash.h"
#include "storage/base/limits.h"
#include "storage/base/mem.h"
#include "tests/support/chunks.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>

static const uint32_t shapes[] = {1, 2, 31, 32, 33, 63, 64, 65, 1023, 1024, 1025, 2048, 65536};

enum {
    MOST_ROWS = 65536,
    ROOM = MOST_ROWS + 64,
};

static int64_t *new_i64(void)
{
    return mu_mem_zalloc_array(ROOM, sizeof(int64_t));
}

/* Reads all values at once, then batch by batch upwards and downwards, and compares. */
static void check_i64(mu_decoder *decoder, const int64_t *wanted, uint32_t rows)
{
    int64_t *found = new_i64();
    int64_t batch[MU_BATCH_ROWS];
    const uint32_t batches = (rows + MU_BATCH_ROWS - 1) / MU_BATCH_ROWS;

    assert_ok(mu_decode_i64(decoder, 0, rows, found, &test_error));
    assert_memory_equal(found, wanted, rows * sizeof *found);
    for (uint32_t i = 0; i < 2 * batches; i++) {
        const uint32_t first = (i < batches ? i : 2 * batches - 1 - i) * MU_BATCH_ROWS;
        const uint32_t left = rows - first, count = left < MU_BATCH_ROWS ? left : MU_BATCH_ROWS;

        memset(batch, 0xee, sizeof batch);
        assert_ok(mu_decode_i64(decoder, first, count, batch, &test_error));
        assert_memory_equal(batch, wanted + first, count * sizeof *batch);
        for (uint32_t tail = count; tail < mu_bits_words(count) * 64; tail++) {
            assert_int_equal(batch[tail], 0);
        }
    }
    mu_mem_free(found);
}

static mu_enc round_trip(const int64_t *values, uint32_t rows)
{
    mu_writer chunk = {0};
    mu_decoder *decoder = mu_decoder_new();
    uint64_t state = test_seed();
    int64_t constant = 0;
    const mu_enc enc = mu_enc_i64(&chunk, values, NULL, rows);

    assert_false(chunk.failed);
    assert_ok(mu_decoder_open(decoder, chunk.data, chunk.size, rows, 0, &test_error));
    assert_int_equal(mu_decoder_enc(decoder), enc);
    check_i64(decoder, values, rows);
    assert_int_equal(mu_decoder_constant(decoder, &constant), enc == MU_ENC_CONST);
    if (enc == MU_ENC_CONST) {
        assert_int_equal(constant, values[0]);
    }
    assert_status(MUSTER_CORRUPT, mu_decode_text(decoder, &(const mu_dict *){0}, &test_error));
    mu_decoder_free(decoder);
    test_cut_chunk(&chunk, rows, 0);
    for (int i = 0; i < 20; i++) {
        test_damaged_chunk(&chunk, rows, 0, &state);
    }
    mu_writer_deinit(&chunk);
    return enc;
}

TEST(integers_of_every_width_come_back)
{
    int64_t *values = new_i64();
    uint64_t state = test_seed();

    for (unsigned width = 0; width <= 64; width++) {
        for (size_t shape = 0; shape < MU_COUNT(shapes); shape++) {
            const uint32_t rows = shapes[shape];
            const uint64_t base = test_random(&state);

            if (rows == MOST_ROWS && width % 9 != 0) {
                continue;
            }
            for (uint32_t i = 0; i < rows; i++) {
                const uint64_t number = width == 0 ? 0 : test_random(&state) >> (64 - width);
                values[i] = (int64_t)(base + number);
            }
            round_trip(values, rows);
        }
    }
    mu_mem_free(values);
}

TEST(common_divisors_are_taken_out_and_put_back)
{
    static const uint64_t divisors[] = {2,
                                        3,
                                        7,
                                        60,
                                        1000000,
                                        86400000000,
                                        UINT64_C(1) << 32,
                                        (UINT64_C(1) << 32) + 1,
                                        UINT64_C(1) << 62};
    int64_t *values = new_i64();
    uint64_t state = test_seed();

    for (size_t i = 0; i < MU_COUNT(divisors); i++) {
        mu_writer chunk = {0};
        const uint64_t most = UINT64_MAX / divisors[i];
        const uint64_t bound = most < 1000 ? most : 1000;
        const uint32_t rows = 3000;

        for (uint32_t row = 0; row < rows; row++) {
            values[row] =
                (int64_t)((uint64_t)INT64_MIN + 5 + test_random_below(&state, bound) * divisors[i]);
        }
        assert_int_equal(round_trip(values, rows), MU_ENC_FOR);
        assert_int_equal(mu_enc_i64(&chunk, values, NULL, rows), MU_ENC_FOR);
        /* Three vectors of at most ten bits, however far apart the values are. */
        assert_in_range(chunk.size, 1, 18 + 3 * 1280);
        mu_writer_deinit(&chunk);
    }
    mu_mem_free(values);
}

TEST(the_extremes_of_integers_come_back)
{
    static const int64_t extremes[] = {INT64_MIN,     INT64_MAX,    0, -1, 1,
                                       INT64_MIN + 1, INT64_MAX - 1};
    int64_t *values = new_i64();
    uint64_t state = test_seed();

    for (size_t shape = 0; shape < MU_COUNT(shapes); shape++) {
        for (size_t i = 0; i < shapes[shape]; i++) {
            values[i] = extremes[test_random_below(&state, MU_COUNT(extremes))];
        }
        round_trip(values, shapes[shape]);
    }
    mu_mem_free(values);
}

TEST(runs_of_every_length_come_back)
{
    static const uint32_t longest[] = {1, 2, 3, 64, 1000, 5000, 100000};
    int64_t *values = new_i64();
    uint64_t state = test_seed();

    for (size_t i = 0; i < MU_COUNT(longest); i++) {
        for (size_t shape = 0; shape < MU_COUNT(shapes); shape++) {
            const uint32_t rows = shapes[shape];
            for (uint32_t row = 0; row < rows;) {
                uint64_t length = 1 + test_random_below(&state, longest[i]);
                const int64_t value = (int64_t)test_random(&state);
                for (; length > 0 && row < rows; length--) {
                    values[row++] = value;
                }
            }
            const mu_enc enc = round_trip(values, rows);
            if (longest[i] == 64 && rows > 1000) {
                assert_int_equal(enc, MU_ENC_RLE);
            }
        }
    }
    mu_mem_free(values);
}

/* Columns that each encoding is for. */

static int64_t time_of_visit(uint64_t *state, int64_t before)
{
    const uint64_t kind = test_random_below(state, 10);

    return kind < 6 ? before + (int64_t)test_random_below(state, 200) * 1000000
                    : (int64_t)test_random_below(state, 2592000) * 1000000;
}

static int64_t shaped(uint64_t *state, mu_enc enc, uint32_t row, int64_t before)
{
    if (enc == MU_ENC_DELTA) {
        return row == 0 ? 0 : time_of_visit(state, before);
    }
    if (enc == MU_ENC_PATCHED) {
        return (int64_t)(test_random_below(state, 50) == 0 ? test_random(state) >> 2
                                                           : test_random_below(state, 1000));
    }
    if (enc == MU_ENC_RANKED) { /* one row in two, one in four ... has the same */
        return (int64_t)(mu_hash_u64((uint64_t)__builtin_ctzll(test_random(state) | 1 << 11)) %
                         997);
    }
    if (enc == MU_ENC_REPEAT) {
        return row > 0 && test_random_below(state, 100) < 77 ? before
                                                             : (int64_t)test_random_below(state, 9);
    }
    return 0;
}

TEST(columns_come_back_from_the_encoding_that_is_for_them)
{
    static const mu_enc encodings[] = {MU_ENC_DELTA, MU_ENC_PATCHED, MU_ENC_RANKED, MU_ENC_REPEAT};
    int64_t *values = new_i64();
    uint64_t state = test_seed();

    for (size_t i = 0; i < MU_COUNT(encodings); i++) {
        for (size_t shape = 0; shape < MU_COUNT(shapes); shape++) {
            const uint32_t rows = shapes[shape];
            for (uint32_t row = 0; row < rows; row++) {
                values[row] = shaped(&state, encodings[i], row, row > 0 ? values[row - 1] : 0);
            }
            const mu_enc enc = round_trip(values, rows);
            if (rows >= 2048) {
                assert_int_equal(enc, encodings[i]);
            }
        }
    }
    mu_mem_free(values);
}

TEST(distances_of_any_size_come_back)
{
    int64_t *values = new_i64();
    uint64_t state = test_seed();
    uint32_t deltas = 0;

    for (unsigned width = 0; width < 61; width++) {
        const uint32_t rows = 3000;
        for (uint32_t row = 1; row < rows; row++) { /* back and forth; now and then a leap */
            const uint64_t step = test_random(&state) >> (63 - width);
            const uint64_t sign = test_random_below(&state, 2);
            values[row] = (int64_t)((uint64_t)values[row - 1] + (sign ? step : 0 - step));
            if (test_random_below(&state, 30) == 0) {
                values[row] = (int64_t)test_random(&state) >> 3;
            }
        }
        deltas += round_trip(values, rows) == MU_ENC_DELTA;
    }
    assert_true(deltas > 20);
    mu_mem_free(values);
}

/* What stands at NULLs must not matter, so each copy has something else there. */
static void check_nulls(const int64_t *values, const uint64_t *valid, uint32_t rows,
                        uint64_t *state)
{
    int64_t *noisy = new_i64(), *found = new_i64();
    mu_decoder *decoder = mu_decoder_new();
    mu_writer chunk = {0};
    uint32_t nulls = 0;

    for (uint32_t row = 0; row < rows; row++) {
        const bool is_null = !mu_bits_test(valid, row);
        noisy[row] = is_null ? (int64_t)test_random(state) : values[row];
        nulls += is_null;
    }
    mu_enc_i64(&chunk, noisy, valid, rows);
    assert_ok(mu_decoder_open(decoder, chunk.data, chunk.size, rows, nulls, &test_error));
    if (nulls == 0) {
        assert_null(mu_decoder_valid(decoder));
    }
    for (uint32_t row = 0; row < rows && nulls > 0; row++) {
        assert_int_equal(mu_bits_test(mu_decoder_valid(decoder), row), mu_bits_test(valid, row));
    }
    for (uint32_t first = 0; first < rows; first += MU_BATCH_ROWS) {
        const uint32_t left = rows - first, count = left < MU_BATCH_ROWS ? left : MU_BATCH_ROWS;
        assert_ok(mu_decode_i64(decoder, first, count, found, &test_error));
        for (uint32_t i = 0; i < count; i++) {
            assert_true(!mu_bits_test(valid, first + i) || found[i] == values[first + i]);
        }
    }
    assert_ok(mu_decode_i64(decoder, 0, rows, found, &test_error));
    for (uint32_t i = 0; i < rows; i++) {
        assert_true(!mu_bits_test(valid, i) || found[i] == values[i]);
    }
    if (nulls > 0) {
        assert_status(MUSTER_CORRUPT, mu_decoder_open(decoder, chunk.data, chunk.size, rows,
                                                      nulls - 1, &test_error));
    }
    mu_decoder_free(decoder);
    test_cut_chunk(&chunk, rows, nulls);
    for (int i = 0; i < 10; i++) {
        test_damaged_chunk(&chunk, rows, nulls, state);
    }
    mu_writer_deinit(&chunk);
    mu_mem_free(noisy);
    mu_mem_free(found);
}

TEST(values_come_back_beside_any_number_of_nulls)
{
    static const uint32_t per_thousand[] = {0, 1, 10, 200, 500, 900, 990, 999, 1000};
    static const mu_enc encodings[] = {MU_ENC_CONST, MU_ENC_DELTA, MU_ENC_PATCHED, MU_ENC_RANKED,
                                       MU_ENC_REPEAT};
    int64_t *values = new_i64();
    uint64_t *valid = mu_mem_zalloc_array(ROOM / 64, sizeof *valid);
    uint64_t state = test_seed();

    for (size_t i = 0; i < MU_COUNT(per_thousand) * MU_COUNT(encodings) * MU_COUNT(shapes); i++) {
        const uint32_t rows = shapes[i % MU_COUNT(shapes)];
        const size_t kind = i / MU_COUNT(shapes);
        const uint32_t nulls = per_thousand[kind % MU_COUNT(per_thousand)];

        if (rows == MOST_ROWS && kind % 4 != 0) {
            continue;
        }
        memset(valid, 0, mu_bits_words(rows) * sizeof *valid);
        for (uint32_t row = 0; row < rows; row++) {
            values[row] = shaped(&state, encodings[kind / MU_COUNT(per_thousand)], row,
                                 row > 0 ? values[row - 1] : 0);
            if (test_random_below(&state, 1000) >= nulls) {
                mu_bits_set(valid, row);
            }
        }
        mu_bits_set(valid, test_random_below(&state, rows)); /* at least one is there */
        check_nulls(values, valid, rows, &state);
    }
    mu_mem_free(values);
    mu_mem_free(valid);
}

TEST(rare_values_take_few_bytes_where_most_are_null)
{
    int64_t *values = new_i64();
    uint64_t *valid = mu_mem_zalloc_array(ROOM / 64, sizeof *valid);
    uint64_t state = test_seed();
    mu_writer chunk = {0};

    for (uint32_t i = 0; i < 200; i++) {
        const uint64_t row = test_random_below(&state, MOST_ROWS);
        mu_bits_set(valid, row);
        values[row] = (int64_t)test_random_below(&state, 1 << 16);
    }
    mu_enc_i64(&chunk, values, valid, MOST_ROWS);
    assert_in_range(chunk.size, 1, 1100); /* 200 places of 12 bits or so, 200 values of 16 */
    mu_writer_deinit(&chunk);
    mu_mem_free(values);
    mu_mem_free(valid);
}

TEST(codes_come_back_as_32_bits)
{
    uint32_t *codes = mu_mem_zalloc_array(ROOM, sizeof *codes);
    uint32_t *found = mu_mem_zalloc_array(ROOM, sizeof *found);
    uint64_t state = test_seed();

    for (unsigned width = 0; width <= 32; width++) {
        for (size_t shape = 0; shape < MU_COUNT(shapes); shape++) {
            const uint32_t rows = shapes[shape], step = width % 3 == 0 && width < 30 ? 3 : 1;
            const uint32_t run = width % 4 == 1 ? 50 : 1;
            mu_decoder *decoder = mu_decoder_new();
            mu_writer chunk = {0};

            for (uint32_t i = 0; i < rows; i++) {
                codes[i] = i % run != 0 ? codes[i - 1]
                           : width == 0 ? UINT32_MAX
                           : width % 5 == 2 && test_random_below(&state, 9) > 0
                               ? (uint32_t)shaped(&state, MU_ENC_RANKED, i, 0)
                           : width % 5 == 3 && i > 0 && test_random_below(&state, 9) > 2
                               ? codes[i - 1]
                               : (uint32_t)(test_random(&state) >> (64 - width)) * step;
            }
            mu_enc_u32(&chunk, codes, NULL, rows);
            assert_ok(mu_decoder_open(decoder, chunk.data, chunk.size, rows, 0, &test_error));
            assert_ok(mu_decode_u32(decoder, 0, rows, found, &test_error));
            assert_memory_equal(found, codes, rows * sizeof *codes);
            for (uint32_t first = 0; first < rows; first += MU_BATCH_ROWS) {
                const uint32_t left = rows - first;
                const uint32_t count = left < MU_BATCH_ROWS ? left : MU_BATCH_ROWS;
                assert_ok(mu_decode_u32(decoder, first, count, found, &test_error));
                assert_memory_equal(found, codes + first, count * sizeof *codes);
            }
            mu_decoder_free(decoder);
            mu_writer_deinit(&chunk);
        }
    }
    mu_mem_free(codes);
    mu_mem_free(found);
}

TEST(wide_integers_are_not_read_as_codes)
{
    const int64_t values[] = {0, INT64_C(1) << 40, 5};
    uint32_t codes[64];
    mu_writer chunk = {0};
    mu_decoder *decoder = mu_decoder_new();

    mu_enc_i64(&chunk, values, NULL, 3);
    assert_ok(mu_decoder_open(decoder, chunk.data, chunk.size, 3, 0, &test_error));
    assert_status(MUSTER_CORRUPT, mu_decode_u32(decoder, 0, 3, codes, &test_error));
    assert_message_has("41 bits wide");
    mu_decoder_free(decoder);
    mu_writer_deinit(&chunk);
}

static double double_of(uint64_t *state, unsigned kind)
{
    const uint64_t random = test_random(state);
    double value;

    switch (kind) {
    case 0: /* any bits: NaN and infinities among them */
        memcpy(&value, &random, sizeof value);
        return value;
    case 1: /* whole numbers: few bits, the rest zeros */
        return (double)(random % 1000);
    case 2: /* money */
        return (double)(random % 100000) / 100;
    case 3:
        return random % 2 == 0 ? -0.0 : 0.0;
    case 4: /* nearly always the same */
        return random % 50 == 0 ? (double)random : 0.1;
    case 5: /* money, and something else here and there */
        return random % 50 == 0 ? sqrt((double)(random >> 40)) : (double)(random % 100000) / 100;
    default: /* filled by noise_of() */
        return 0;
    }
}

/* Noise that comes again, which only LZ4 can see. */
static double noise_of(uint32_t row)
{
    const uint64_t bits = mu_hash_u64(row % 53);
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

/* However few the rows are. */
TEST(doubles_that_are_all_alike_are_a_constant)
{
    const double values[3] = {0.1, 0.1, 0.1};
    const uint64_t valid = 2;

    for (uint32_t rows = 1; rows <= 3; rows++) {
        mu_writer chunk = {0};
        assert_int_equal(mu_enc_f64(&chunk, values, NULL, rows), MU_ENC_CONST);
        mu_writer_deinit(&chunk);
    }
    mu_writer chunk = {0};
    assert_int_equal(mu_enc_f64(&chunk, values, &valid, 3), MU_ENC_CONST);
    mu_writer_deinit(&chunk);
}

TEST(doubles_come_back_to_the_bit)
{
    double *values = mu_mem_zalloc_array(ROOM, sizeof *values);
    double *found = mu_mem_zalloc_array(ROOM, sizeof *found);
    uint64_t state = test_seed();
    unsigned seen = 0;

    for (unsigned kind = 0; kind < 7; kind++) {
        for (size_t shape = 0; shape < MU_COUNT(shapes); shape++) {
            const uint32_t rows = shapes[shape];
            mu_decoder *decoder = mu_decoder_new();
            mu_writer chunk = {0};

            for (uint32_t i = 0; i < rows; i++) {
                values[i] = kind == 6 ? noise_of(i) : double_of(&state, kind);
            }
            seen |= 1u << mu_enc_f64(&chunk, values, NULL, rows);
            assert_true(chunk.size <= 1 + 8 * (size_t)rows);
            assert_ok(mu_decoder_open(decoder, chunk.data, chunk.size, rows, 0, &test_error));
            assert_ok(mu_decode_f64(decoder, 0, rows, found, &test_error));
            assert_memory_equal(found, values, rows * sizeof *values);
            for (uint32_t first = 0; first < rows; first += MU_BATCH_ROWS) {
                const uint32_t left = rows - first;
                const uint32_t count = left < MU_BATCH_ROWS ? left : MU_BATCH_ROWS;
                assert_ok(mu_decode_f64(decoder, first, count, found, &test_error));
                assert_memory_equal(found, values + first, count * sizeof *values);
            }
            mu_decoder_free(decoder);
            test_cut_chunk(&chunk, rows, 0);
            for (int i = 0; i < 20; i++) {
                test_damaged_chunk(&chunk, rows, 0, &state);
            }
            mu_writer_deinit(&chunk);
        }
    }
    const unsigned wanted = 1u << MU_ENC_CONST | 1u << MU_ENC_FOR | 1u << MU_ENC_RAW |
                            1u << MU_ENC_LZ4 | 1u << MU_ENC_ALP | 1u << MU_ENC_PATCHED;
    assert_int_equal(seen & wanted, wanted);
    mu_mem_free(values);
    mu_mem_free(found);
}

TEST(customers_come_back_with_their_runs)
{
    static const uint32_t longest[] = {1, 3, 100, 100000};
    uint32_t *ordinals = mu_mem_zalloc_array(ROOM, sizeof *ordinals);
    uint32_t *found = mu_mem_zalloc_array(ROOM, sizeof *found);
    uint64_t state = test_seed();

    for (size_t i = 0; i < MU_COUNT(longest) * MU_COUNT(shapes); i++) {
        const uint32_t rows = shapes[i / MU_COUNT(longest)], most = longest[i % MU_COUNT(longest)];
        const uint32_t *run_ordinals, *ends;
        uint32_t ordinal = rows == 1 ? MU_NO_CUSTOMER : 70000, run_count = 0, runs = 0;
        mu_decoder *decoder = mu_decoder_new();
        mu_writer chunk = {0};

        for (uint32_t row = 0; row < rows; runs++) {
            uint64_t length = 1 + test_random_below(&state, most);
            for (; length > 0 && row < rows; length--) {
                ordinals[row++] = ordinal;
            }
            ordinal += 1 + (uint32_t)test_random_below(&state, 60);
        }
        assert_int_equal(mu_enc_customer(&chunk, ordinals, rows), MU_ENC_CUSTOMER);
        assert_ok(mu_decoder_open(decoder, chunk.data, chunk.size, rows, 0, &test_error));
        assert_ok(mu_decode_runs(decoder, &run_count, &run_ordinals, &ends, &test_error));
        assert_int_equal(run_count, runs);
        assert_int_equal(ends[runs - 1], rows);
        for (uint32_t run = 0; run < runs; run++) {
            assert_int_equal(run_ordinals[run], ordinals[ends[run] - 1]);
        }
        assert_ok(mu_decode_customer(decoder, 0, rows, found, &test_error));
        assert_memory_equal(found, ordinals, rows * sizeof *found);
        for (uint32_t batch = (rows - 1) / MU_BATCH_ROWS + 1; batch-- > 0;) {
            const uint32_t first = batch * MU_BATCH_ROWS, left = rows - first;
            const uint32_t count = left < MU_BATCH_ROWS ? left : MU_BATCH_ROWS;
            assert_ok(mu_decode_customer(decoder, first, count, found, &test_error));
            assert_memory_equal(found, ordinals + first, count * sizeof *found);
        }
        assert_status(MUSTER_CORRUPT, mu_decode_u32(decoder, 0, rows, found, &test_error));
        mu_decoder_free(decoder);
        test_cut_chunk(&chunk, rows, 0);
        for (int damage = 0; damage < 20; damage++) {
            test_damaged_chunk(&chunk, rows, 0, &state);
        }
        mu_writer_deinit(&chunk);
    }
    mu_mem_free(ordinals);
    mu_mem_free(found);
}

TEST(what_is_wrong_with_a_chunk_is_said)
{
    static const uint8_t unknown[] = {99, 0, 0};
    static const uint8_t wide[18] = {MU_ENC_FOR, 65};
    static const uint8_t no_divisor[18] = {MU_ENC_FOR, 3};
    static const uint8_t no_runs[5] = {MU_ENC_RLE};
    /* Lists of width 0: base and divisor alone. The lengths begin at byte 5, what follows at 26. */
    static const uint8_t two_runs[43] = {MU_ENC_RLE, 2, [6] = 3, [14] = 1, [35] = 1};
    static const uint8_t empty_runs[43] = {MU_ENC_RLE, 2, [14] = 1, [35] = 1};
    static const uint8_t no_distance[51] = {
        MU_ENC_CUSTOMER, 2, [6] = 4, [14] = 1, [26] = 5, [39] = 1};
    static const uint8_t too_far[51] = {
        MU_ENC_CUSTOMER, 2, [6] = 4, [14] = 1, [26] = 255, 255, 255, 255, [31] = 1, [39] = 1};
    static const uint8_t marked[43] = {MU_ENC_RLE, 2, [6] = 3, [14] = 1, [22] = 1, [35] = 1};
    mu_decoder *decoder = mu_decoder_new();

    assert_status(MUSTER_CORRUPT, mu_decoder_open(decoder, unknown, 3, 1, 0, &test_error));
    assert_message("there is no encoding 99");
    assert_status(MUSTER_CORRUPT, mu_decoder_open(decoder, wide, 18, 7, 0, &test_error));
    assert_message("bit-packed chunk of 7 rows: packed numbers are 65 bits wide, more than 64");
    assert_status(MUSTER_CORRUPT, mu_decoder_open(decoder, no_divisor, 18, 7, 0, &test_error));
    assert_message("bit-packed chunk of 7 rows: packed numbers have the divisor 0");
    assert_status(MUSTER_CORRUPT, mu_decoder_open(decoder, no_runs, 5, 7, 0, &test_error));
    assert_message("run-length chunk of 7 rows: 0 runs for 7 rows");
    assert_status(MUSTER_CORRUPT, mu_decoder_open(decoder, two_runs, 43, 7, 0, &test_error));
    assert_message("run-length chunk of 7 rows: 2 runs, 0 of them empty, hold 6 rows, not 7");
    assert_status(MUSTER_CORRUPT, mu_decoder_open(decoder, empty_runs, 43, 7, 0, &test_error));
    assert_message("run-length chunk of 7 rows: 2 runs, 2 of them empty, hold 0 rows, not 7");
    assert_status(MUSTER_CORRUPT, mu_decoder_open(decoder, marked, 43, 7, 0, &test_error));
    assert_message_has("more than 1 numbers of a list are marked");
    assert_status(MUSTER_CORRUPT, mu_decoder_open(decoder, no_distance, 51, 8, 0, &test_error));
    assert_message_has("2 ordinals, 1 of them like the one before, end at 5");
    assert_status(MUSTER_CORRUPT, mu_decoder_open(decoder, too_far, 51, 8, 0, &test_error));
    assert_message_has("2 ordinals, 0 of them like the one before, end at 4294967296");
    assert_status(MUSTER_CORRUPT, mu_decoder_open(decoder, unknown, 3, 0, 0, &test_error));
    mu_decoder_free(decoder);
}

typedef struct wrong {
    const char *message;
    uint32_t nulls;
    size_t size;
    uint8_t bytes[150];
} wrong;

TEST(what_is_wrong_with_values_apart_is_said)
{
    static const wrong all[] = {
        {"delta chunk of 7 rows: distances between numbers of 40 bits", 0, 2, {MU_ENC_DELTA, 40}},
        {"patched chunk of 7 rows: 8 rare values for 7 rows",
         0,
         22,
         {MU_ENC_PATCHED, [10] = 1, [18] = 8}},
        {"patched chunk of 7 rows: vectors have 1 rare values of 2",
         0,
         39,
         {MU_ENC_PATCHED, [10] = 1, [18] = 2, [23] = 1, [31] = 1}},
        {"ranked chunk of 7 rows: ranks are 13 bits wide, from 0 by 1, not at most 12 from 0 by 1",
         0,
         146,
         {MU_ENC_RANKED, 13, [10] = 1}},
        {"ranked chunk of 7 rows: 3 values have ranks of 1 bits",
         0,
         150,
         {MU_ENC_RANKED, 1, [10] = 1, [146] = 3}},
        {"repeat chunk of 7 rows: the first row repeats one before it",
         0,
         10,
         {MU_ENC_REPEAT, 0, 2}},
        {"repeat chunk of 7 rows: a bitmap has bits past its 7 rows",
         0,
         10,
         {MU_ENC_REPEAT, 0, 255}},
        {"repeat chunk of 7 rows: a bitmap has the form 3", 0, 2, {MU_ENC_REPEAT, 3}},
        {"decimal chunk of 7 rows: decimals have 19 digits, more than 18", 0, 2, {MU_ENC_ALP, 19}},
        {"NULLs are stored in a form 2", 1, 2, {2, 0}},
        {"7 of 7 rows are not NULL, expected 6", 1, 10, {1, 0, 127}},
    };
    mu_decoder *decoder = mu_decoder_new();

    for (size_t i = 0; i < MU_COUNT(all); i++) {
        assert_status(MUSTER_CORRUPT, mu_decoder_open(decoder, all[i].bytes, all[i].size, 7,
                                                      all[i].nulls, &test_error));
        assert_message(all[i].message);
    }
    mu_decoder_free(decoder);
}

/* By hand from docs/format.md: encoder and decoder might agree on another layout. */
TEST(chunks_are_laid_out_as_the_format_says)
{
    static const uint8_t constant[] = {1, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    static const uint8_t packed_head[] = {3,                         /* FOR */
                                          4,                         /* width */
                                          100, 0, 0, 0, 0, 0, 0, 0,  /* base */
                                          10,  0, 0, 0, 0, 0, 0, 0}; /* divisor */
    static const uint8_t runs[] = {
        2, 2,    0, 0, 0,                                     /* RLE, 2 runs */
        0, 0xe8, 3, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, /* of 1,000 */
        0, 0,    0, 0,                                        /* none of them large */
        1, 0,    0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
        0, 0,    0, 0, 1}; /* lane 0: value 0, lane 1: value 1 */
    int64_t values[2000];
    mu_writer chunk = {0};

    for (size_t i = 0; i < 120; i++) {
        values[i] = -2;
    }
    mu_enc_i64(&chunk, values, NULL, 120);
    assert_int_equal(chunk.size, sizeof constant);
    assert_memory_equal(chunk.data, constant, sizeof constant);

    mu_writer_reset(&chunk);
    for (size_t i = 0; i < 40; i++) {
        values[i] = 100 + 10 * (int64_t)(i % 11);
    }
    mu_enc_i64(&chunk, values, NULL, 40);
    assert_int_equal(chunk.size, 18 + 128);
    assert_memory_equal(chunk.data, packed_head, sizeof packed_head);
    for (size_t i = 0; i < 32; i++) { /* number i in the low bits of lane i, i + 32 above it */
        const uint32_t above = i + 32 < 40 ? (uint32_t)(i + 32) % 11 : 0;
        assert_int_equal(mu_load_u32(chunk.data + 18 + 4 * i), i % 11 | above << 4);
    }

    mu_writer_reset(&chunk);
    for (size_t i = 0; i < 2000; i++) {
        values[i] = i < 1000 ? 0 : 1;
    }
    mu_enc_i64(&chunk, values, NULL, 2000);
    assert_int_equal(chunk.size, 5 + 17 + 4 + 17 + 128);
    assert_memory_equal(chunk.data, runs, sizeof runs);
    mu_writer_deinit(&chunk);
}
