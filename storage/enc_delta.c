/*
 * enc_delta.c - distances to the row before: times by customer, counters, anything that mostly goes
 * on from where it was.
 *
 *   u8      bits of a number: 1 to 32, or 64
 *   i64     base     } only up to 32: value = base + number * divisor, as in a list (enc_for.c);
 *   u64     divisor  } else the values are the numbers
 *   list    the first number of each vector of 1,024
 *   bitmap  (enc_map.c) which rows are far from the one before
 *   list    the distances of the other rows; absent if there are none
 *   list    the distances of the far rows; absent if there are none
 *
 * A distance is number less the number before, modulo 2^bits. The row that begins a vector has one
 * too, of no meaning: so the list that it is in can be found by counting bits alone.
 *
 * In a log by customer, the next event follows within minutes, or is another visit, or another
 * customer's: anywhere within the month, before or after. That is why there are two lists: one
 * width for both would be that of the month. Distances of far rows are modulo what a number needs,
 * so that those back take no bit more than those ahead. A vector is decoded in one pass that adds,
 * eight rows at a time.
 */
#include "storage/base/bits.h"
#include "storage/base/mem.h"
#include "storage/enc_decoder.h"
#include "storage/kernels/kernels.h"

#include <assert.h>
#include <string.h>

enum {
    LIST_BYTES = 17, /* the head of a list */
};

/* The distances that are near: from - to, in units of the divisor. */
typedef struct window {
    int64_t least;
    unsigned width; /* bits of a distance less the least */
    uint64_t cost;  /* bits, about */
} window;

/* About what a bitmap takes, in bits: 1 for each row, or some for each place. */
static uint64_t map_bits(uint32_t ones, uint32_t rows)
{
    const uint64_t plain = rows;

    if (ones > rows / 8) {
        return plain;
    }
    const uint64_t places =
        (uint64_t)ones * (mu_bits_width(rows / (ones + 1)) + 3) + 8 * LIST_BYTES;
    return places < plain ? places : plain;
}

/* Rows by the bits that their distance needs: ahead of the row before, and behind. */
typedef struct spread {
    uint32_t ahead[65], behind[65];
} spread;

static spread spread_of(const mu_enc_input *input)
{
    spread s = {0};

    for (uint32_t i = 1; i < input->rows; i++) {
        const uint64_t now = input->numbers[i], before = input->numbers[i - 1];

        if (i % MU_VECTOR_ROWS == 0) {
            s.ahead[0]++;
        } else if (now >= before) {
            s.ahead[mu_bits_width(now - before)]++;
        } else {
            s.behind[mu_bits_width(before - now)]++;
        }
    }
    s.ahead[0]++;
    return s;
}

static bool is_narrow(const mu_enc_input *input)
{
    return input->plan.width <= 32;
}

/* The cheapest of [0, 2^n) and [-2^n, 2^n), for all n below the width of the values. */
static window best_window(const mu_enc_input *input)
{
    const spread s = spread_of(input);
    const unsigned far_width = is_narrow(input) ? input->plan.width : input->plan.width + 1u;
    window best = {.cost = UINT64_MAX};
    uint32_t ahead = 0, behind = 0;

    for (unsigned n = 0; n < input->plan.width && n < 62; n++) {
        ahead += s.ahead[n];
        behind += s.behind[n];
        for (unsigned both = 0; both < 2; both++) {
            const uint32_t near = ahead + both * behind, far = input->rows - near;
            const uint64_t cost = (uint64_t)near * (n + both) + (uint64_t)far * far_width +
                                  map_bits(far, input->rows);
            if (cost < best.cost) {
                best.least = both ? -((INT64_C(1) << n) - 1) : 0;
                best.width = n + both;
                best.cost = cost;
            }
        }
    }
    return best;
}

static size_t delta_estimate(mu_enc_input *input)
{
    if (input->codes || input->plan.width > 62 || input->rows < 2) {
        return SIZE_MAX;
    }
    const window w = best_window(input);
    const uint64_t starts = (uint64_t)mu_enc_vectors(input->rows) * input->plan.width;

    return w.cost == UINT64_MAX ? SIZE_MAX : (w.cost + starts) / 8 + 4 * LIST_BYTES + 3 * 64;
}

static void write_list(mu_writer *out, const int64_t *values, uint32_t count)
{
    if (count > 0) {
        const mu_for plan = mu_for_plan_list(values, count);
        mu_for_write(out, &plan, values);
    }
}

static int64_t number_of(const mu_enc_input *input, uint32_t row)
{
    return is_narrow(input) ? (int64_t)input->numbers[row] : input->values[row];
}

/* Deals the distances out to `near` and `far`, and notes which rows are far; returns how many. */
static uint32_t deal_out(const mu_enc_input *input, uint64_t *map, int64_t *near, int64_t *far)
{
    const window w = best_window(input);
    const uint64_t most = (UINT64_C(1) << w.width) - 1;
    const uint64_t mask = is_narrow(input) ? mu_bits_below(input->plan.width) : UINT64_MAX;
    uint32_t near_count = 0, far_count = 0;

    for (uint32_t i = 0; i < input->rows; i++) {
        if (i % MU_VECTOR_ROWS == 0) {
            near[near_count++] = 0;
            continue;
        }
        const uint64_t units = input->numbers[i] - input->numbers[i - 1] - (uint64_t)w.least;
        const uint64_t distance = (uint64_t)number_of(input, i) - (uint64_t)number_of(input, i - 1);
        if (units <= most) {
            near[near_count++] = (int64_t)distance;
        } else {
            far[far_count++] = (int64_t)(distance & mask);
            mu_bits_set(map, i);
        }
    }
    assert(near_count + far_count == input->rows);
    return far_count;
}

static void delta_write(mu_writer *out, const mu_enc_input *input)
{
    const uint32_t rows = input->rows, vectors = mu_enc_vectors(rows);
    int64_t *near = mu_mem_alloc_array((size_t)rows * 2 + vectors, sizeof *near);
    uint64_t *map = mu_mem_zalloc_array(mu_bits_words(rows), sizeof *map);

    if (near && map) {
        int64_t *far = near + rows, *starts = far + rows;
        const uint32_t far_count = deal_out(input, map, near, far);
        for (uint32_t i = 0; i < vectors; i++) {
            starts[i] = number_of(input, i * MU_VECTOR_ROWS);
        }
        mu_write_u8(out, is_narrow(input) ? input->plan.width : 64);
        if (is_narrow(input)) {
            mu_write_i64(out, input->plan.base);
            mu_write_u64(out, input->plan.divisor);
        }
        write_list(out, starts, vectors);
        mu_enc_map_write(out, map, rows);
        write_list(out, near, rows - far_count);
        write_list(out, far, far_count);
    } else {
        out->failed = true;
    }
    mu_mem_free(near);
    mu_mem_free(map);
}

static muster_status open_list(const mu_decoder *decoder, mu_for *list, mu_reader *in,
                               uint32_t count, muster_error *err)
{
    *list = (mu_for){0};
    if (count > 0) {
        MU_TRY(mu_for_open(list, in, count, err));
    }
    if (decoder->narrow && list->width > 32) {
        return mu_fail(err, MUSTER_CORRUPT, "distances are %u bits wide, more than 32",
                       list->width);
    }
    return MUSTER_OK;
}

static muster_status delta_open(mu_decoder *decoder, mu_reader *in, muster_error *err)
{
    const uint8_t bits = mu_read_u8(in);

    decoder->narrow = bits <= 32;
    if (decoder->narrow) {
        decoder->base = mu_read_i64(in);
        decoder->divisor = mu_read_u64(in);
    }
    if (in->overrun || bits == 0 || (bits > 32 && bits != 64)) {
        return mu_fail(err, MUSTER_CORRUPT, "distances between numbers of %u bits", bits);
    }
    decoder->mask = UINT32_MAX >> (decoder->narrow ? 32 - bits : 0);
    MU_TRY(open_list(decoder, &decoder->starts, in, mu_enc_vectors(decoder->rows), err));
    MU_TRY(mu_enc_map_open(&decoder->map, in, decoder->rows, err));
    MU_TRY(open_list(decoder, &decoder->packed, in, decoder->rows - decoder->map.ones, err));
    return open_list(decoder, &decoder->rare, in, decoder->map.ones, err);
}

/* Where the distances of a vector's rows are. */
typedef struct vector_place {
    const uint64_t *map;
    size_t words;
    uint32_t near_first, near_count, far_first, far_count;
} vector_place;

static vector_place place_of(const mu_decoder *decoder, uint32_t vector, uint32_t rows)
{
    vector_place p = {.map = &decoder->map.words[(size_t)vector * (MU_VECTOR_ROWS / 64)],
                      .words = mu_bits_words(rows),
                      .far_first = decoder->map.ranks[vector]};

    p.far_count = (uint32_t)mu_k()->count_bits(p.map, p.words);
    p.near_first = vector * MU_VECTOR_ROWS - p.far_first;
    p.near_count = rows - p.far_count;
    return p;
}

static void read_wide(mu_decoder *decoder, uint32_t vector, uint32_t rows, int64_t *out)
{
    const vector_place p = place_of(decoder, vector, rows);
    const int64_t *near =
        mu_for_slice_i64(&decoder->packed, p.near_first, p.near_count, decoder->near_room.i64);
    const int64_t *far =
        mu_for_slice_i64(&decoder->rare, p.far_first, p.far_count, decoder->far_room.i64);
    const uint64_t distance = (uint64_t)((p.map[0] & 1) != 0 ? far[0] : near[0]);
    int64_t room[64];
    const uint64_t start = (uint64_t)*mu_for_slice_i64(&decoder->starts, vector, 1, room);

    mu_k()->sum_i64_differences(p.map, p.words, near, far, (int64_t)(start - distance), out);
}

/* False if a list turns out too wide, which opening has seen. */
static bool read_narrow(mu_decoder *decoder, uint32_t vector, uint32_t rows, int64_t *out)
{
    const vector_place p = place_of(decoder, vector, rows);
    const uint32_t *near, *far, *start;
    uint32_t room[64];

    if (mu_for_slice_u32(&decoder->packed, p.near_first, p.near_count, decoder->near_room.u32,
                         &near, NULL) != MUSTER_OK ||
        mu_for_slice_u32(&decoder->rare, p.far_first, p.far_count, decoder->far_room.u32, &far,
                         NULL) != MUSTER_OK ||
        mu_for_slice_u32(&decoder->starts, vector, 1, room, &start, NULL) != MUSTER_OK) {
        return false;
    }
    const uint32_t distance = (p.map[0] & 1) != 0 ? far[0] : near[0];
    mu_k()->sum_u32_differences(p.map, p.words, near, far, *start - distance, decoder->mask,
                                decoder->base, decoder->divisor, out);
    return true;
}

static void delta_vector(mu_decoder *decoder, uint32_t vector, uint32_t rows, int64_t *out)
{
    if (!decoder->narrow) {
        read_wide(decoder, vector, rows, out);
    } else if (!read_narrow(decoder, vector, rows, out)) {
        memset(out, 0, rows * sizeof *out);
    }
}

const mu_encoding mu_encoding_delta = {.enc = MU_ENC_DELTA,
                                       .name = "delta",
                                       .estimate = delta_estimate,
                                       .write = delta_write,
                                       .open = delta_open,
                                       .vector_i64 = delta_vector};
