/*
 * enc_write.c - the choice between encodings.
 *
 * The choice is by bytes. A constant comes first, since nothing is shorter; then every encoding of
 * integers says what it would take, and the one that takes least is written. Packed numbers read
 * fastest, so that others must save something worth their time: one byte in eight, and LZ4, which
 * reads ten times slower, one in four. Doubles are tried as the integers that their bits are: whole
 * numbers and halves have long tails of zero bits, and the common divisor takes these out. Texts
 * that look alike are tried both ways: LZ4 may find more than a pattern says.
 *
 * NULLs: where they are many, the values of the other rows are stored alone. Where they are few,
 * each gets the value of the row before it, which widens no range and breaks no run, and reading
 * need not put values in their places.
 */
#include "storage/base/bits.h"
#include "storage/base/limits.h"
#include "storage/base/mem.h"
#include "storage/enc_decoder.h"
#include "storage/kernels/kernels.h"

#include <assert.h>
#include <string.h>

enum {
    LZ4_SAVES = 4,    /* one byte in four, at least */
    SLOWER_SAVES = 8, /* likewise everything that is not FOR */
    APART_NULLS = 8,  /* NULLs are apart if one row in eight is */
};

/* The values of a chunk without the NULLs, or with NULLs filled. */
typedef struct stored {
    int64_t *values; /* owned */
    uint32_t rows;
} stored;

static uint32_t count_present(const uint64_t *valid, uint32_t rows)
{
    const size_t whole = rows / 64;
    const uint64_t rest = rows % 64 == 0 ? 0 : valid[whole] & mu_bits_below(rows % 64);

    return (uint32_t)(mu_k()->count_bits(valid, whole) + mu_k()->count_bits(&rest, 1));
}

/* Writes which rows are NULL; true if their values are left out. */
static bool write_nulls(mu_writer *out, const uint64_t *valid, uint32_t rows, bool always_apart)
{
    const uint32_t present = valid ? count_present(valid, rows) : rows;
    const bool apart = always_apart || rows - present >= rows / APART_NULLS;

    assert(present > 0);
    if (present == rows) {
        return false;
    }
    mu_write_u8(out, apart);
    mu_enc_map_write(out, valid, rows);
    return apart;
}

/* Values of one kind, as 64 bits. */
typedef struct source { /* all but one are NULL */
    const int64_t *wide;
    const uint32_t *narrow;
    const double *doubles;
} source;

static int64_t value_of(source from, uint32_t row)
{
    int64_t bits;

    if (!from.doubles) {
        return from.wide ? from.wide[row] : from.narrow[row];
    }
    memcpy(&bits, &from.doubles[row], sizeof bits);
    return bits;
}

static bool take_stored(source from, const uint64_t *valid, uint32_t rows, bool apart, stored *out)
{
    uint32_t last = 0;

    *out = (stored){.values = mu_mem_alloc_array(rows, sizeof *out->values)};
    if (!out->values) {
        return false;
    }
    while (valid && !mu_bits_test(valid, last)) {
        last++;
    }
    for (uint32_t row = 0; row < rows; row++) {
        const bool present = !valid || mu_bits_test(valid, row);
        last = present ? row : last;
        if (present || !apart) {
            out->values[out->rows++] = value_of(from, last);
        }
    }
    return true;
}

/* Integers. */

static void end_run(mu_enc_input *input, uint32_t length)
{
    input->shortest_run = length < input->shortest_run ? length : input->shortest_run;
    input->longest_run = length > input->longest_run ? length : input->longest_run;
}

static mu_enc_input survey(const int64_t *values, uint32_t rows)
{
    mu_enc_input input = {.values = values, .rows = rows, .min = values[0], .max = values[0]};
    uint32_t start = 0;

    input.run_count = 1;
    input.shortest_run = rows;
    for (uint32_t i = 1; i < rows; i++) {
        input.min = values[i] < input.min ? values[i] : input.min;
        input.max = values[i] > input.max ? values[i] : input.max;
        if (values[i] != values[i - 1]) {
            input.run_count++;
            end_run(&input, i - start);
            start = i;
        }
    }
    end_run(&input, rows - start);
    return input;
}

/* Writes the encoding that takes fewest bytes, if they are fewer than `limit`; NULL if not. */
static const mu_encoding *write_shortest(mu_writer *out, mu_enc_input *input, size_t limit)
{
    static const mu_encoding *const all[] = {&mu_encoding_rle, &mu_encoding_repeat,
                                             &mu_encoding_delta, &mu_encoding_patched,
                                             &mu_encoding_ranked};
    const size_t packed = mu_encoding_for.estimate(input), start = out->size;
    size_t least = packed - packed / SLOWER_SAVES;
    const mu_encoding *best = NULL;

    for (size_t i = 0; i < MU_COUNT(all); i++) {
        const size_t bytes = all[i]->estimate(input);
        if (bytes < least) {
            least = bytes;
            best = all[i];
        }
    }
    out->failed |= input->failed;
    if (best) {
        mu_write_u8(out, (uint8_t)best->enc);
        best->write(out, input);
        if (out->failed || out->size - start < (packed < limit ? packed : limit)) {
            return best;
        }
        out->size = start; /* the estimate was wrong */
    }
    if (1 + packed >= limit) {
        return NULL;
    }
    mu_write_u8(out, MU_ENC_FOR);
    mu_encoding_for.write(out, input);
    return &mu_encoding_for;
}

/* Writes the values as integers, if that takes fewer than `limit` bytes, or they are a constant; 0
 * if not. */
static unsigned write_integers(mu_writer *out, const int64_t *values, uint32_t rows, bool codes,
                               size_t limit)
{
    mu_enc_input input = survey(values, rows);

    input.codes = codes;
    if (input.run_count == 1) {
        mu_write_u8(out, MU_ENC_CONST);
        mu_write_i64(out, input.min);
        return MU_ENC_CONST;
    }
    input.plan = mu_for_plan(values, rows, input.min, input.max);
    uint64_t *numbers = mu_mem_alloc_array(rows, sizeof *numbers);
    if (!numbers) {
        out->failed = true;
        return MU_ENC_FOR;
    }
    mu_for_numbers(&input.plan, values, numbers);
    input.numbers = numbers;
    const mu_encoding *written = write_shortest(out, &input, limit);
    mu_mem_free(numbers);
    return written ? (unsigned)written->enc : 0;
}

/* Doubles. */

static unsigned write_doubles(mu_writer *out, const int64_t *bits, uint32_t rows)
{
    const size_t raw_bytes = 1 + (size_t)rows * 8;
    mu_writer best = {0}, decimals = {0};
    unsigned enc = write_integers(&best, bits, rows, false, raw_bytes);

    if (enc != MU_ENC_CONST) {
        const size_t limit = enc == 0 ? raw_bytes : best.size - best.size / SLOWER_SAVES;
        if (mu_enc_alp_write(&decimals, bits, rows, limit)) {
            const mu_writer swapped = best;
            best = decimals;
            decimals = swapped;
            enc = MU_ENC_ALP;
        }
        out->failed |= best.failed | decimals.failed;
        const size_t lz4_limit = enc == 0 ? raw_bytes : best.size - best.size / LZ4_SAVES;
        if (!out->failed && mu_enc_lz4_write(out, bits, rows, lz4_limit)) {
            enc = MU_ENC_LZ4;
            mu_writer_reset(&best);
        }
    }
    out->failed |= best.failed;
    if (enc == 0) {
        enc = MU_ENC_RAW;
        mu_write_u8(out, MU_ENC_RAW);
        mu_write_bytes(out, bits, (size_t)rows * 8);
    } else if (!out->failed) {
        mu_write_bytes(out, best.data, best.size);
    }
    mu_writer_deinit(&best);
    mu_writer_deinit(&decimals);
    return enc;
}

/* Chunks. */

static mu_enc write_chunk(mu_writer *out, source from, const uint64_t *valid, uint32_t rows)
{
    const bool apart = write_nulls(out, valid, rows, false);
    unsigned enc = MU_ENC_CONST;
    stored kept;

    assert(rows > 0);
    if (!take_stored(from, valid, rows, apart, &kept)) {
        out->failed = true;
    } else if (from.doubles) {
        enc = write_doubles(out, kept.values, kept.rows);
    } else {
        enc = write_integers(out, kept.values, kept.rows, from.narrow != NULL, SIZE_MAX);
    }
    mu_mem_free(kept.values);
    return (mu_enc)enc;
}

mu_enc mu_enc_i64(mu_writer *out, const int64_t *values, const uint64_t *valid, uint32_t rows)
{
    assert(rows > 0);
    return valid ? write_chunk(out, (source){.wide = values}, valid, rows)
                 : (mu_enc)write_integers(out, values, rows, false, SIZE_MAX);
}

mu_enc mu_enc_u32(mu_writer *out, const uint32_t *values, const uint64_t *valid, uint32_t rows)
{
    return write_chunk(out, (source){.narrow = values}, valid, rows);
}

mu_enc mu_enc_f64(mu_writer *out, const double *values, const uint64_t *valid, uint32_t rows)
{
    return write_chunk(out, (source){.doubles = values}, valid, rows);
}

mu_enc mu_enc_text(mu_writer *out, const mu_text *values, const uint64_t *valid, uint32_t rows)
{
    assert(rows > 0);
    (void)write_nulls(out, valid, rows, true);
    const size_t start = out->size;
    if (!mu_enc_pattern_write(out, values, valid, rows)) {
        mu_enc_text_write(out, values, valid, rows);
        return MU_ENC_TEXT;
    }
    mu_writer text = {0};
    mu_enc_text_write(&text, values, valid, rows);
    const bool shorter = text.size <= out->size - start;
    out->failed |= text.failed;
    if (shorter && !out->failed) {
        out->size = start;
        mu_write_bytes(out, text.data, text.size);
    }
    mu_writer_deinit(&text);
    return shorter ? MU_ENC_TEXT : MU_ENC_PATTERN;
}

mu_enc mu_enc_customer(mu_writer *out, const uint32_t *ordinals, uint32_t rows)
{
    assert(rows > 0);
    mu_enc_customer_write(out, ordinals, rows);
    return MU_ENC_CUSTOMER;
}
