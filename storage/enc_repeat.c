/*
 * enc_repeat.c - columns that often repeat the row before, in short runs: channels, cities.
 *
 *   bitmap  (enc_map.c) the rows that differ from the one before; the first row is among them
 *   list    the values of these rows
 *
 * Run lengths say the same in fewer bytes where runs are long; where they are short, a bit a row is
 * less, and reading goes row by row without a branch.
 */
#include "storage/base/bits.h"
#include "storage/base/mem.h"
#include "storage/enc_decoder.h"
#include "storage/kernels/kernels.h"

#include <assert.h>
#include <string.h>

static size_t repeat_estimate(mu_enc_input *input)
{
    const mu_for values = {.width = input->plan.width, .count = input->run_count};

    if (input->run_count < input->rows / 16) {
        return SIZE_MAX; /* runs are so long that RLE is less */
    }
    return 1 + mu_bits_words(input->rows) * 8 + mu_for_bytes(&values);
}

static void repeat_write(mu_writer *out, const mu_enc_input *input)
{
    uint64_t *map = mu_mem_zalloc_array(mu_bits_words(input->rows), sizeof *map);
    int64_t *values = mu_mem_alloc_array(input->run_count, sizeof *values);
    uint32_t count = 0;

    if (map && values) {
        for (uint32_t i = 0; i < input->rows; i++) {
            if (i == 0 || input->values[i] != input->values[i - 1]) {
                mu_bits_set(map, i);
                values[count++] = input->values[i];
            }
        }
        assert(count == input->run_count);
        const mu_for plan = mu_for_plan_list(values, count);
        mu_enc_map_write(out, map, input->rows);
        mu_for_write(out, &plan, values);
    } else {
        out->failed = true;
    }
    mu_mem_free(map);
    mu_mem_free(values);
}

static muster_status repeat_open(mu_decoder *decoder, mu_reader *in, muster_error *err)
{
    MU_TRY(mu_enc_map_open(&decoder->map, in, decoder->rows, err));
    if ((decoder->map.words[0] & 1) == 0) {
        return mu_fail(err, MUSTER_CORRUPT, "the first row repeats one before it");
    }
    return mu_for_open(&decoder->packed, in, decoder->map.ones, err);
}

/* Copies the vector's part of the bitmap, its first bit set; returns which value that row has. */
static uint32_t first_value(const mu_decoder *decoder, uint32_t vector, uint32_t rows,
                            uint64_t *map)
{
    const size_t words = mu_bits_words(rows);

    memcpy(map, &decoder->map.words[(size_t)vector * (MU_VECTOR_ROWS / 64)], words * sizeof *map);
    const uint32_t first = decoder->map.ranks[vector] - ((map[0] & 1) == 0);
    map[0] |= 1;
    return first;
}

static void repeat_vector_i64(mu_decoder *decoder, uint32_t vector, uint32_t rows, int64_t *out)
{
    const size_t words = mu_bits_words(rows);
    uint64_t map[MU_VECTOR_ROWS / 64];
    const uint32_t first = first_value(decoder, vector, rows, map);
    const uint32_t count = (uint32_t)mu_k()->count_bits(map, words);
    const int64_t *values =
        mu_for_slice_i64(&decoder->packed, first, count, decoder->near_room.i64);

    mu_k()->repeat_i64(map, words, values, out);
}

static muster_status repeat_vector_u32(mu_decoder *decoder, uint32_t vector, uint32_t rows,
                                       uint32_t *out, muster_error *err)
{
    const size_t words = mu_bits_words(rows);
    uint64_t map[MU_VECTOR_ROWS / 64];
    const uint32_t first = first_value(decoder, vector, rows, map);
    const uint32_t count = (uint32_t)mu_k()->count_bits(map, words);
    const uint32_t *values;

    MU_TRY(mu_for_slice_u32(&decoder->packed, first, count, decoder->near_room.u32, &values, err));
    mu_k()->repeat_u32(map, words, values, out);
    return MUSTER_OK;
}

const mu_encoding mu_encoding_repeat = {.enc = MU_ENC_REPEAT,
                                        .name = "repeat",
                                        .estimate = repeat_estimate,
                                        .write = repeat_write,
                                        .open = repeat_open,
                                        .vector_i64 = repeat_vector_i64,
                                        .vector_u32 = repeat_vector_u32};
