/*
 * enc_list.c - lists of numbers of which a few are large.
 *
 *   list  (enc_for.c) divisor 1; as wide as most numbers need; the largest number of its width
 *         stands for a large one, if there are any
 *   u32   how many large ones there are
 *   list  these, in order; absent if there are none
 */
#include "storage/enc_list.h"

#include "storage/base/bits.h"
#include "storage/base/limits.h"
#include "storage/base/mem.h"
#include "storage/enc_for.h"
#include "storage/kernels/kernels.h"

#include <assert.h>

void mu_enc_spread_add(mu_enc_spread *spread, uint64_t number)
{
    spread->by_width[mu_bits_width(number)]++;
    spread->count++;
}

/* The width that costs least: of a mark for each large number, and the number itself. */
static uint32_t best_width(const mu_enc_spread *spread, size_t *bytes)
{
    uint32_t widest = 64, large = spread->count, best;

    while (widest > 0 && spread->by_width[widest] == 0) {
        widest--;
    }
    mu_for packed = {.width = (uint8_t)widest, .count = spread->count};
    *bytes = mu_for_bytes(&packed);
    best = widest;
    for (uint32_t width = 0; width < widest; width++) {
        large -= spread->by_width[width];
        packed.width = (uint8_t)width;
        const mu_for apart = {.width = (uint8_t)widest, .count = large};
        const size_t all = mu_for_bytes(&packed) + mu_for_bytes(&apart);
        if (width > 0 && all < *bytes) {
            *bytes = all;
            best = width;
        }
    }
    *bytes += sizeof large;
    return best;
}

size_t mu_enc_list_bytes(const mu_enc_spread *spread)
{
    size_t bytes;

    (void)best_width(spread, &bytes);
    return bytes;
}

/* How the numbers are packed: less the smallest, as wide as pays. */
static mu_for plan_of(const int64_t *numbers, uint32_t count)
{
    mu_enc_spread spread = {0};
    int64_t min = numbers[0];
    size_t bytes;

    for (uint32_t i = 1; i < count; i++) {
        min = numbers[i] < min ? numbers[i] : min;
    }
    assert(min >= 0);
    for (uint32_t i = 0; i < count; i++) {
        mu_enc_spread_add(&spread, (uint64_t)(numbers[i] - min));
    }
    return (mu_for){
        .width = (uint8_t)best_width(&spread, &bytes), .base = min, .divisor = 1, .count = count};
}

void mu_enc_list_write(mu_writer *out, const int64_t *numbers, uint32_t count)
{
    int64_t *packed = mu_mem_alloc_array(count, 2 * sizeof *packed);

    assert(count > 0);
    if (!packed) {
        out->failed = true;
        return;
    }
    const mu_for plan = plan_of(numbers, count);
    const int64_t mark = plan.base + (int64_t)mu_bits_below(plan.width);
    int64_t *large = packed + count;
    uint32_t large_count = 0;
    bool any = false; /* beyond the mark; else it is a number like others */
    for (uint32_t i = 0; i < count; i++) {
        any |= numbers[i] > mark;
    }
    for (uint32_t i = 0; i < count; i++) {
        packed[i] = any && numbers[i] >= mark ? mark : numbers[i];
        if (any && numbers[i] >= mark) {
            large[large_count++] = numbers[i];
        }
    }
    mu_for_write(out, &plan, packed);
    mu_write_u32(out, large_count);
    if (large_count > 0) {
        const mu_for apart = mu_for_plan_list(large, large_count);
        mu_for_write(out, &apart, large);
    }
    mu_mem_free(packed);
}

/* Puts the large numbers where the marks are, which must be as many. */
static muster_status put_large(const mu_for *large, uint32_t mark, uint32_t *out, uint32_t count,
                               muster_error *err)
{
    uint32_t part[MU_VECTOR_ROWS], next = 0;

    for (uint32_t first = 0; first < count; first += 64) {
        uint64_t marked = UINT64_MAX >> (count - first < 64 ? 64 - (count - first) : 0);
        mu_k()->filter_eq_u32(out + first, mark, &marked, 1);
        for (; marked != 0; marked &= marked - 1) {
            if (next == large->count) {
                return mu_fail(err, MUSTER_CORRUPT, "more than %u numbers of a list are marked",
                               next);
            }
            if (next % MU_VECTOR_ROWS == 0) {
                const uint32_t left = large->count - next;
                MU_TRY(mu_for_read_u32(large, next, left < MU_VECTOR_ROWS ? left : MU_VECTOR_ROWS,
                                       part, err));
            }
            out[first + mu_bits_lowest(marked)] = part[next++ % MU_VECTOR_ROWS];
        }
    }
    if (next != large->count) {
        return mu_fail(err, MUSTER_CORRUPT, "%u numbers of a list are marked, not %u", next,
                       large->count);
    }
    return MUSTER_OK;
}

muster_status mu_enc_list_read_u32(mu_reader *in, uint32_t count, uint32_t *out, muster_error *err)
{
    mu_for packed, large;

    MU_TRY(mu_for_open(&packed, in, count, err));
    const uint32_t large_count = mu_read_u32(in);
    if (in->overrun || large_count > count || packed.divisor != 1) {
        return mu_fail(err, MUSTER_CORRUPT, "%u large numbers in a list of %u", large_count, count);
    }
    MU_TRY(mu_for_read_u32(&packed, 0, count, out, err));
    if (large_count == 0) {
        return MUSTER_OK;
    }
    MU_TRY(mu_for_open(&large, in, large_count, err));
    const uint32_t mark = packed.width == 0 ? 0 : UINT32_MAX >> (32 - packed.width);
    return put_large(&large, (uint32_t)packed.base + mark, out, count, err);
}
