/*
 * enc_rle.c - run-length encoding, for columns that repeat: plan tiers, the city of a customer.
 *
 *   u32   number of runs, 1 to rows
 *   list  their lengths (enc_list.c), none 0, together as many as there are rows
 *   list  their values (enc_for.c)
 *
 * Opening a chunk unpacks both and turns lengths into ends, so that any row is found by bisection,
 * and mostly just after the last one read. Codes and ordinals are read by a bitmap of the rows
 * where runs begin: eight rows at a time, however short runs are.
 */
#include "storage/base/bits.h"
#include "storage/base/mem.h"
#include "storage/enc_decoder.h"
#include "storage/enc_list.h"
#include "storage/kernels/kernels.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

void mu_runs_write(mu_writer *out, const int64_t *lengths, uint32_t run_count)
{
    mu_write_u32(out, run_count);
    mu_enc_list_write(out, lengths, run_count);
}

muster_status mu_runs_open(mu_decoder *decoder, mu_reader *in, muster_error *err)
{
    const uint32_t run_count = mu_read_u32(in);
    uint64_t filled = 0;
    uint32_t empty = 0;

    if (in->overrun || run_count == 0 || run_count > decoder->rows) {
        return mu_fail(err, MUSTER_CORRUPT, "%u runs for %u rows", run_count, decoder->rows);
    }
    if (!mu_mem_reserve(&decoder->ends, &decoder->end_capacity, (size_t)run_count + 63,
                        sizeof *decoder->ends)) {
        return mu_fail_memory(err, "opening a chunk of runs");
    }
    MU_TRY(mu_enc_list_read_u32(in, run_count, decoder->ends, err));
    /* Nothing in the loop depends on what is found: a sum of 2^32 lengths cannot wrap, and if the
     * last end is right and no run is empty, all ends before it rise towards it. */
    for (uint32_t run = 0; run < run_count; run++) {
        const uint32_t length = decoder->ends[run];

        empty += length == 0;
        filled += length;
        decoder->ends[run] = (uint32_t)filled;
    }
    if (empty > 0 || filled != decoder->rows) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "%u runs, %u of them empty, hold %" PRIu64 " rows, not %u", run_count, empty,
                       filled, decoder->rows);
    }
    decoder->run_count = run_count;
    decoder->run = 0;
    decoder->narrowed = decoder->indexed = false;
    return MUSTER_OK;
}

/* The run that has the row. */
static uint32_t seek(const mu_decoder *decoder, uint32_t row)
{
    const uint32_t *ends = decoder->ends;
    uint32_t low = decoder->run, high = decoder->run_count;

    assert(row < decoder->rows);
    if (row < ends[low] && (low == 0 || row >= ends[low - 1])) {
        return low;
    }
    if (row < ends[low]) {
        high = low;
        low = 0;
    }
    while (low < high) { /* the first run that ends behind the row */
        const uint32_t middle = low + (high - low) / 2;
        if (ends[middle] > row) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    assert(low < decoder->run_count);
    return low;
}

/* Marks the rows where runs begin: done when the first rows are asked for, for many readers only
 * want the runs themselves. */
static muster_status index_runs(mu_decoder *decoder, muster_error *err)
{
    mu_enc_map *map = &decoder->map;
    uint64_t word = 1; /* row 0 begins a run */
    size_t at = 0;

    if (!mu_enc_map_clear(map, decoder->rows)) {
        return mu_fail_memory(err, "reading a chunk of runs");
    }
    /* Without a branch: how many runs begin in a word is not foreseen. */
    map->words[0] = word;
    for (uint32_t run = 0; run + 1 < decoder->run_count; run++) {
        const uint32_t row = decoder->ends[run];
        word = (row / 64 == at ? word : 0) | UINT64_C(1) << row % 64;
        at = row / 64;
        map->words[at] = word;
    }
    mu_enc_map_count(map);
    assert(map->ones == decoder->run_count);
    decoder->indexed = true;
    return MUSTER_OK;
}

muster_status mu_runs_read_u32(mu_decoder *decoder, uint32_t first, uint32_t count, uint32_t *out,
                               muster_error *err)
{
    uint64_t map[MU_VECTOR_ROWS / 64];

    if (!decoder->indexed) {
        MU_TRY(index_runs(decoder, err));
    }
    for (uint32_t done = 0; done < count; done += MU_VECTOR_ROWS) {
        const uint32_t left = count - done, row = first + done;
        const size_t words = mu_bits_words(left < MU_VECTOR_ROWS ? left : MU_VECTOR_ROWS);

        memcpy(map, &decoder->map.words[row / 64], words * sizeof *map);
        const uint32_t run = mu_enc_map_rank(&decoder->map, row) - ((map[0] & 1) == 0);
        map[0] |= 1;
        mu_k()->repeat_u32(map, words, decoder->run_narrow + run, out + done);
    }
    return MUSTER_OK;
}

static size_t rle_estimate(mu_enc_input *input)
{
    const mu_for lengths = {.width =
                                (uint8_t)mu_bits_width(input->longest_run - input->shortest_run),
                            .count = input->run_count};
    const mu_for values = {.width = input->plan.width, .count = input->run_count};

    if (input->run_count > input->rows / 2) {
        return SIZE_MAX;
    }
    return sizeof input->run_count + mu_for_bytes(&lengths) + mu_for_bytes(&values);
}

static void rle_write(mu_writer *out, const mu_enc_input *input)
{
    const int64_t *values = input->values;
    int64_t *lengths = mu_mem_alloc_array(input->run_count, 2 * sizeof *lengths);
    uint32_t runs = 0;

    if (!lengths) {
        out->failed = true;
        return;
    }
    int64_t *run_values = lengths + input->run_count;
    for (uint32_t start = 0; start < input->rows; runs++) {
        uint32_t end = start + 1;
        while (end < input->rows && values[end] == values[start]) {
            end++;
        }
        lengths[runs] = end - start;
        run_values[runs] = values[start];
        start = end;
    }
    assert(runs == input->run_count);
    const mu_for plan = mu_for_plan_list(run_values, runs);
    mu_runs_write(out, lengths, runs);
    mu_for_write(out, &plan, run_values);
    mu_mem_free(lengths);
}

static muster_status rle_open(mu_decoder *decoder, mu_reader *in, muster_error *err)
{
    mu_for values;

    MU_TRY(mu_runs_open(decoder, in, err));
    MU_TRY(mu_for_open(&values, in, decoder->run_count, err));
    if (!mu_mem_reserve(&decoder->run_values, &decoder->run_value_capacity,
                        (size_t)decoder->run_count + 63, sizeof *decoder->run_values)) {
        return mu_fail_memory(err, "opening a chunk of runs");
    }
    mu_for_read_i64(&values, 0, decoder->run_count, decoder->run_values);
    return MUSTER_OK;
}

static void rle_read_i64(mu_decoder *decoder, uint32_t first, uint32_t count, int64_t *out)
{
    const uint32_t run = seek(decoder, first);

    decoder->run =
        run - 1 +
        mu_k()->expand_runs_i64(decoder->run_values + run, decoder->ends + run, first, count, out);
}

static muster_status rle_read_u32(mu_decoder *decoder, uint32_t first, uint32_t count,
                                  uint32_t *out, muster_error *err)
{
    if (!decoder->narrowed) {
        if (!mu_mem_reserve(&decoder->run_narrow, &decoder->run_narrow_capacity,
                            (size_t)decoder->run_count + 8, sizeof *decoder->run_narrow)) {
            return mu_fail_memory(err, "reading a chunk of runs");
        }
        for (uint32_t run = 0; run < decoder->run_count; run++) {
            decoder->run_narrow[run] = (uint32_t)decoder->run_values[run];
        }
        decoder->narrowed = true;
    }
    return mu_runs_read_u32(decoder, first, count, out, err);
}

const mu_encoding mu_encoding_rle = {.enc = MU_ENC_RLE,
                                     .name = "run-length",
                                     .estimate = rle_estimate,
                                     .write = rle_write,
                                     .open = rle_open,
                                     .read_i64 = rle_read_i64,
                                     .read_u32 = rle_read_u32};
