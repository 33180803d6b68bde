/*
 * enc_rank.c - few values that come often and many that seldom do: names of events, goods.
 *
 *   list   of each row the rank of its value, base 0 and divisor 1, at most 12 bits wide; where
 *          there are rare values, the largest number of the width marks one (enc_patch.c)
 *   u32    how many values have a rank, at least 1
 *   list   these values, rising
 *   rare values
 *
 * Dictionaries are sorted, so frequent codes lie anywhere in them; a few bits tell them apart all
 * the same. Three hundred names of events take six bits instead of nine. Codes are still those of
 * the sorted dictionary when they have been read.
 */
#include "storage/base/bits.h"
#include "storage/base/mem.h"
#include "storage/enc_decoder.h"
#include "storage/kernels/kernels.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

enum {
    MOST_WIDTH = 12,       /* a table of 4,096 codes: half of an L1 cache, and as far as it pays */
    MOST_NUMBER = 1 << 20, /* numbers are counted in an array */
    LEAST_ENTRIES = 32,    /* what the kernel may read of a table */
};

/* How often each number of the input comes, and from how often on it gets a rank. */
typedef struct ranking {
    uint32_t *counts; /* by number; owned */
    uint32_t distinct;
    uint32_t width;
    uint32_t ranked;       /* values that get a rank */
    uint32_t threshold;    /* those more frequent than this do, */
    uint32_t at_threshold; /* and of those that are exactly so frequent the first ones */
    uint32_t rare;         /* rows whose value has none */
    size_t bytes;
} ranking;

static bool count_numbers(const mu_enc_input *input, ranking *r, uint32_t *most_frequent)
{
    const uint64_t range =
        ((uint64_t)input->max - (uint64_t)input->plan.base) / input->plan.divisor;

    *most_frequent = 0;
    r->counts = mu_mem_zalloc_array((size_t)range + 1, sizeof *r->counts);
    for (uint32_t i = 0; r->counts && i < input->rows; i++) {
        const uint32_t count = ++r->counts[input->numbers[i]];
        r->distinct += count == 1;
        *most_frequent = count > *most_frequent ? count : *most_frequent;
    }
    return r->counts != NULL;
}

/* Considers giving a rank to the `ranked` most frequent values, which are in all but `rare` rows.
 */
static void consider(const mu_enc_input *input, ranking *r, uint32_t width, uint32_t ranked,
                     uint32_t rare, uint32_t threshold, uint32_t at_threshold)
{
    const mu_for ranks = {.width = (uint8_t)width, .count = input->rows};
    const mu_for table = {.width = input->plan.width, .count = ranked};
    const size_t bytes = sizeof ranked + mu_for_bytes(&ranks) + mu_for_bytes(&table) +
                         mu_rare_bytes(rare, input->plan.width, input->rows);

    if (bytes < r->bytes) {
        r->bytes = bytes;
        r->width = width;
        r->ranked = ranked;
        r->rare = rare;
        r->threshold = threshold;
        r->at_threshold = at_threshold;
    }
}

/* Walks over the values from the most frequent on. Of `by_count[n]` values that come n times each,
 * whole widths' worth get a rank. */
static void choose_width(const mu_enc_input *input, ranking *r, const uint32_t *by_count,
                         uint32_t most_frequent)
{
    uint32_t ranked = 0, covered = 0, width = 1;

    for (uint32_t n = most_frequent; n > 0 && width <= MOST_WIDTH; n--) {
        uint32_t left = by_count[n], taken = 0;
        while (left > 0 && width <= MOST_WIDTH) {
            const uint32_t room = (UINT32_C(1) << width) - 1 - ranked; /* one number is the mark */
            const uint32_t step = left < room ? left : room;
            ranked += step;
            covered += step * n;
            taken += step;
            left -= step;
            if (ranked == (UINT32_C(1) << width) - 1) {
                consider(input, r, width, ranked, input->rows - covered, n, taken);
                width++;
            }
        }
    }
    width = mu_bits_width(r->distinct - 1u);
    if (width > 0 && width <= MOST_WIDTH) { /* all of them; no mark */
        consider(input, r, width, r->distinct, 0, 0, 0);
    }
}

/* The caller frees r->counts. r->bytes is SIZE_MAX if nothing fits. False when out of memory. */
static bool rank(const mu_enc_input *input, ranking *r)
{
    const uint64_t range =
        ((uint64_t)input->max - (uint64_t)input->plan.base) / input->plan.divisor;
    uint32_t most_frequent;

    *r = (ranking){.bytes = SIZE_MAX};
    if (range >= MOST_NUMBER || range / 8 > input->rows || input->min < 0 ||
        input->max > UINT32_MAX || input->plan.width < 2) {
        return true;
    }
    if (!count_numbers(input, r, &most_frequent)) {
        return false;
    }
    uint32_t *by_count = mu_mem_zalloc_array((size_t)most_frequent + 1, sizeof *by_count);
    if (!by_count) {
        return false;
    }
    for (size_t i = 0; i <= range; i++) {
        by_count[r->counts[i]]++;
    }
    choose_width(input, r, by_count, most_frequent);
    mu_mem_free(by_count);
    return true;
}

static size_t ranked_estimate(mu_enc_input *input)
{
    ranking r;
    const bool ok = rank(input, &r);

    mu_mem_free(r.counts);
    input->failed |= !ok;
    return ok ? r.bytes : SIZE_MAX;
}

/* Fills the table with the values that have a rank; counts become the ranks, or the mark. */
static void give_ranks(const mu_enc_input *input, ranking *r, int64_t *table)
{
    const uint64_t range =
        ((uint64_t)input->max - (uint64_t)input->plan.base) / input->plan.divisor;
    const uint32_t mark = (UINT32_C(1) << r->width) - 1;
    uint32_t given = 0, left = r->at_threshold;

    for (uint64_t number = 0; number <= range; number++) {
        const uint32_t count = r->counts[number];
        const bool border = count == r->threshold && count > 0 && left > 0;
        left -= border;
        r->counts[number] = mark;
        if (count > r->threshold || border) {
            table[given] = (int64_t)((uint64_t)input->plan.base + number * input->plan.divisor);
            r->counts[number] = given++;
        }
    }
    assert(given == r->ranked);
}

static void write_ranks(mu_writer *out, const mu_enc_input *input, ranking *r, int64_t *ranks,
                        int64_t *rare, uint32_t *rare_rows)
{
    const mu_for plan = {.width = (uint8_t)r->width, .divisor = 1, .count = input->rows};
    const bool marks = r->rare > 0;
    uint32_t rare_count = 0;

    for (uint32_t i = 0; i < input->rows; i++) {
        const uint32_t given = r->counts[input->numbers[i]];
        ranks[i] = given;
        if (marks && given == (UINT32_C(1) << r->width) - 1) {
            rare[rare_count] = input->values[i];
            rare_rows[rare_count++] = i;
        }
    }
    assert(rare_count == r->rare);
    mu_for_write(out, &plan, ranks);
}

static void ranked_write(mu_writer *out, const mu_enc_input *input)
{
    const uint32_t rows = input->rows;
    ranking r;
    const bool ok = rank(input, &r);
    int64_t *ranks = mu_mem_alloc_array((size_t)rows * 2 + (1 << MOST_WIDTH), sizeof *ranks);
    uint32_t *rare_rows = mu_mem_alloc_array(rows, sizeof *rare_rows);

    if (ok && ranks && rare_rows) {
        int64_t *rare = ranks + rows, *table = rare + rows;
        give_ranks(input, &r, table);
        write_ranks(out, input, &r, ranks, rare, rare_rows);
        const mu_for plan = mu_for_plan_list(table, r.ranked);
        mu_write_u32(out, r.ranked);
        mu_for_write(out, &plan, table);
        mu_rare_write(out, rare, rare_rows, r.rare, rows);
    } else {
        out->failed = true;
    }
    mu_mem_free(r.counts);
    mu_mem_free(ranks);
    mu_mem_free(rare_rows);
}

static muster_status ranked_open(mu_decoder *decoder, mu_reader *in, muster_error *err)
{
    mu_for *ranks = &decoder->packed, table;

    MU_TRY(mu_for_open(ranks, in, decoder->rows, err));
    if (ranks->width > MOST_WIDTH || ranks->base != 0 || ranks->divisor != 1) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "ranks are %u bits wide, from %" PRId64 " by %" PRIu64
                       ", not at most %d from 0 by 1",
                       ranks->width, ranks->base, ranks->divisor, MOST_WIDTH);
    }
    const uint32_t count = mu_read_u32(in), room = UINT32_C(1) << ranks->width;
    if (in->overrun || count == 0 || count > room) {
        return mu_fail(err, MUSTER_CORRUPT, "%u values have ranks of %u bits", count, ranks->width);
    }
    MU_TRY(mu_for_open(&table, in, count, err));
    if (!mu_mem_reserve(&decoder->table, &decoder->table_capacity, (size_t)room + 64,
                        sizeof *decoder->table)) {
        return mu_fail_memory(err, "opening a chunk");
    }
    MU_TRY(mu_for_read_u32(&table, 0, count, decoder->table, err));
    for (uint32_t i = count; i < room || i < LEAST_ENTRIES; i++) {
        decoder->table[i] = decoder->table[0]; /* marks, until the rare values are put there */
    }
    return mu_rare_open(decoder, in, err);
}

static muster_status ranked_vector_u32(mu_decoder *decoder, uint32_t vector, uint32_t rows,
                                       uint32_t *out, muster_error *err)
{
    const uint32_t entries = UINT32_C(1) << decoder->packed.width;
    const uint32_t *rare;

    MU_TRY(mu_for_read_u32(&decoder->packed, vector * MU_VECTOR_ROWS, rows, out, err));
    if (decoder->rare.count == 0) {
        mu_k()->lookup_u32(decoder->table, entries, out, rows);
        return MUSTER_OK;
    }
    const uint32_t first = decoder->rare_starts[vector];
    const uint32_t count = decoder->rare_starts[vector + 1] - first;
    MU_TRY(mu_for_slice_u32(&decoder->rare, first, count, decoder->far_room.u32, &rare, err));
    if (mu_k()->unrank_u32(decoder->table, entries, rare, out, rows) != count) {
        /* No writer makes such a file. It always reads as the same, so that what has been checked
         * once stays true. */
        for (uint32_t i = 0; i < rows; i++) {
            out[i] = decoder->table[0];
        }
    }
    return MUSTER_OK;
}

static void ranked_vector_i64(mu_decoder *decoder, uint32_t vector, uint32_t rows, int64_t *out)
{
    uint32_t *narrow = decoder->near_room.u32;

    if (ranked_vector_u32(decoder, vector, rows, narrow, NULL) != MUSTER_OK) {
        memset(narrow, 0, rows * sizeof *narrow); /* rare values of more than 32 bits: not ours */
    }
    for (uint32_t i = 0; i < rows; i++) {
        out[i] = narrow[i];
    }
}

const mu_encoding mu_encoding_ranked = {.enc = MU_ENC_RANKED,
                                        .name = "ranked",
                                        .estimate = ranked_estimate,
                                        .write = ranked_write,
                                        .open = ranked_open,
                                        .vector_i64 = ranked_vector_i64,
                                        .vector_u32 = ranked_vector_u32};
