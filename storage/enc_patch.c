/*
 * enc_patch.c - packed numbers with a few values that are far from the rest.
 *
 *   list  numbers as wide as most values need; where one is the largest of its width, the value is
 *         a rare one
 *   rare values:
 *     u32   how many; the rest is there only if there are any
 *     list  how many each vector of 1,024 has
 *     list  these values
 *
 * A mark inside the numbers costs nothing where there is none, and is found 64 rows at a time. The
 * rare values of RANKED and ALP are stored by the same functions.
 */
#include "storage/base/bits.h"
#include "storage/base/mem.h"
#include "storage/enc_decoder.h"
#include "storage/kernels/kernels.h"

#include <assert.h>
#include <string.h>

/* Rare values. */

size_t mu_rare_bytes(uint32_t count, uint32_t width, uint32_t all_rows)
{
    const mu_for counts = {.width = 10, .count = mu_enc_vectors(all_rows)};
    const mu_for values = {.width = (uint8_t)width, .count = count};

    return sizeof count + (count > 0 ? mu_for_bytes(&counts) + mu_for_bytes(&values) : 0);
}

void mu_rare_write(mu_writer *out, const int64_t *values, const uint32_t *rows, uint32_t count,
                   uint32_t all_rows)
{
    const uint32_t vectors = mu_enc_vectors(all_rows);

    mu_write_u32(out, count);
    if (count == 0) {
        return;
    }
    int64_t *counts = mu_mem_zalloc_array(vectors, sizeof *counts);
    if (!counts) {
        out->failed = true;
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        counts[rows[i] / MU_VECTOR_ROWS]++;
    }
    mu_for plan = mu_for_plan_list(counts, vectors);
    mu_for_write(out, &plan, counts);
    mu_mem_free(counts);
    plan = mu_for_plan_list(values, count);
    mu_for_write(out, &plan, values);
}

muster_status mu_rare_open(mu_decoder *decoder, mu_reader *in, muster_error *err)
{
    const uint32_t count = mu_read_u32(in), vectors = mu_enc_vectors(decoder->rows);
    uint64_t sum = 0;
    mu_for counts;

    decoder->rare = (mu_for){0};
    if (in->overrun || count > decoder->rows) {
        return mu_fail(err, MUSTER_CORRUPT, "%u rare values for %u rows", count, decoder->rows);
    }
    if (count == 0) {
        return MUSTER_OK;
    }
    MU_TRY(mu_for_open(&counts, in, vectors, err));
    if (!mu_mem_reserve(&decoder->rare_starts, &decoder->rare_start_capacity, (size_t)vectors + 64,
                        sizeof *decoder->rare_starts)) {
        return mu_fail_memory(err, "opening a chunk");
    }
    MU_TRY(mu_for_read_u32(&counts, 0, vectors, decoder->rare_starts, err));
    for (uint32_t v = 0; v < vectors; v++) {
        const uint32_t here = decoder->rare_starts[v];
        decoder->rare_starts[v] = (uint32_t)sum;
        sum += here;
        if (here > MU_VECTOR_ROWS || sum > count) {
            return mu_fail(err, MUSTER_CORRUPT, "vectors have more than %u rare values", count);
        }
    }
    if (sum != count) {
        return mu_fail(err, MUSTER_CORRUPT, "vectors have %u rare values of %u", (uint32_t)sum,
                       count);
    }
    decoder->rare_starts[vectors] = count;
    return mu_for_open(&decoder->rare, in, count, err);
}

/* How many rare values the vector has; 0 if it has more marks or fewer: then someone has made a
 * file that a writer would not, and its values mean nothing, but nothing must be read beyond. */
static uint32_t marked(const mu_decoder *decoder, uint32_t vector, uint32_t rows,
                       const uint64_t *hits)
{
    const uint32_t stored = decoder->rare_starts[vector + 1] - decoder->rare_starts[vector];

    return mu_k()->count_bits(hits, mu_bits_words(rows)) == stored ? stored : 0;
}

/* What the number that stands for rare values is decoded as. */
static uint64_t mark_in(const mu_for *packed)
{
    return (uint64_t)packed->base + mu_bits_below(packed->width) * packed->divisor;
}

bool mu_rare_find_i64(const mu_decoder *decoder, const int64_t *numbers, uint32_t rows,
                      uint64_t hits[MU_VECTOR_ROWS / 64])
{
    if (decoder->rare.count == 0) {
        return false;
    }
    mu_bits_fill(hits, rows, MU_VECTOR_ROWS / 64);
    mu_k()->filter_eq_i64(numbers, (int64_t)mark_in(&decoder->packed), hits, mu_bits_words(rows));
    return true;
}

void mu_rare_place_i64(mu_decoder *decoder, uint32_t vector, uint32_t rows, const uint64_t *hits,
                       int64_t *out)
{
    const uint32_t count = marked(decoder, vector, rows, hits);

    if (count > 0) {
        const int64_t *values = mu_for_slice_i64(&decoder->rare, decoder->rare_starts[vector],
                                                 count, decoder->far_room.i64);
        mu_k()->place_i64(hits, mu_bits_words(rows), values, out);
    }
}

muster_status mu_rare_place_u32(mu_decoder *decoder, uint32_t vector, uint32_t rows,
                                const uint64_t *hits, uint32_t *out, muster_error *err)
{
    const uint32_t count = marked(decoder, vector, rows, hits);
    const uint32_t *values;

    if (count > 0) {
        MU_TRY(mu_for_slice_u32(&decoder->rare, decoder->rare_starts[vector], count,
                                decoder->far_room.u32, &values, err));
        mu_k()->place_u32(hits, mu_bits_words(rows), values, out);
    }
    return MUSTER_OK;
}

/* PATCHED. */

/* The width at which marks and rare values take the fewest bits together. */
static uint32_t best_width(const mu_enc_input *input, size_t *bytes)
{
    uint32_t by_width[65] = {0}, rare = input->rows, best = 0;

    for (uint32_t i = 0; i < input->rows; i++) {
        by_width[mu_bits_width(input->numbers[i] + 1)]++; /* one more: the largest is the mark */
    }
    *bytes = SIZE_MAX;
    for (uint32_t width = 0; width < input->plan.width; width++) {
        const mu_for packed = {.width = (uint8_t)width, .count = input->rows};
        rare -= by_width[width];
        const size_t all =
            mu_for_bytes(&packed) + mu_rare_bytes(rare, input->plan.width, input->rows);
        if (width > 0 && rare <= input->rows / 4 && all < *bytes) {
            *bytes = all;
            best = width;
        }
    }
    return best;
}

static size_t patched_estimate(mu_enc_input *input)
{
    size_t bytes = SIZE_MAX;

    if (input->plan.width < 64) {
        (void)best_width(input, &bytes);
    }
    return bytes;
}

static void patched_write(mu_writer *out, const mu_enc_input *input)
{
    const uint32_t rows = input->rows;
    int64_t *packed = mu_mem_alloc_array((size_t)rows * 2, sizeof *packed);
    uint32_t *rare_rows = mu_mem_alloc_array(rows, sizeof *rare_rows);
    mu_for plan = input->plan;
    size_t bytes;

    plan.width = (uint8_t)best_width(input, &bytes);
    if (packed && rare_rows) {
        int64_t *rare = packed + rows;
        const uint64_t mark = mu_bits_below(plan.width);
        const int64_t marked_value = (int64_t)((uint64_t)plan.base + mark * plan.divisor);
        uint32_t count = 0;
        for (uint32_t i = 0; i < rows; i++) {
            packed[i] = input->values[i];
            if (input->numbers[i] >= mark) {
                packed[i] = marked_value;
                rare[count] = input->values[i];
                rare_rows[count++] = i;
            }
        }
        mu_for_write(out, &plan, packed);
        mu_rare_write(out, rare, rare_rows, count, rows);
    } else {
        out->failed = true;
    }
    mu_mem_free(packed);
    mu_mem_free(rare_rows);
}

static muster_status patched_open(mu_decoder *decoder, mu_reader *in, muster_error *err)
{
    MU_TRY(mu_for_open(&decoder->packed, in, decoder->rows, err));
    return mu_rare_open(decoder, in, err);
}

static void patched_vector_i64(mu_decoder *decoder, uint32_t vector, uint32_t rows, int64_t *out)
{
    uint64_t hits[MU_VECTOR_ROWS / 64];

    mu_for_read_i64(&decoder->packed, vector * MU_VECTOR_ROWS, rows, out);
    if (mu_rare_find_i64(decoder, out, rows, hits)) {
        mu_rare_place_i64(decoder, vector, rows, hits, out);
    }
}

static muster_status patched_vector_u32(mu_decoder *decoder, uint32_t vector, uint32_t rows,
                                        uint32_t *out, muster_error *err)
{
    const mu_for *packed = &decoder->packed;
    uint64_t hits[MU_VECTOR_ROWS / 64];

    MU_TRY(mu_for_read_u32(packed, vector * MU_VECTOR_ROWS, rows, out, err));
    if (decoder->rare.count > 0) {
        mu_bits_fill(hits, rows, MU_COUNT(hits));
        mu_k()->filter_eq_u32(out, (uint32_t)mark_in(packed), hits, mu_bits_words(rows));
        MU_TRY(mu_rare_place_u32(decoder, vector, rows, hits, out, err));
    }
    return MUSTER_OK;
}

const mu_encoding mu_encoding_patched = {.enc = MU_ENC_PATCHED,
                                         .name = "patched",
                                         .estimate = patched_estimate,
                                         .write = patched_write,
                                         .open = patched_open,
                                         .vector_i64 = patched_vector_i64,
                                         .vector_u32 = patched_vector_u32};
