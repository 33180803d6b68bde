/*
 * scan_counts.c - a whole segment as its values and how many rows have each. The last entry is
 * NULL; entries without rows are not live.
 */
#include "storage/scan_counts.h"

#include "storage/base/bits.h"

#include <assert.h>

muster_status mu_scan_counts_init(mu_scan_counts *counts, mu_arena *arena, muster_error *err)
{
    MU_ARENA_TRY(counts->codes, arena, MU_BATCH_ROWS, err);
    MU_ARENA_TRY(counts->counts, arena, MU_BATCH_ROWS, err);
    MU_ARENA_TRY(counts->ones, arena, MU_BATCH_ROWS, err);
    MU_ARENA_TRY(counts->valid, arena, MU_BATCH_WORDS, err);
    for (uint32_t i = 0; i < MU_BATCH_ROWS; i++) {
        counts->ones[i] = 1;
    }
    return MUSTER_OK;
}

/* Without a column: all rows at once. */
static void count_all(mu_scan_counts *counts, const mu_scan_whole *whole, bool with_nobody,
                      uint32_t *next, mu_batch *batch)
{
    const mu_segment_info *info = whole->info;

    counts->counts[0] = (int64_t)(with_nobody ? info->rows : info->rows - info->nobody_rows);
    batch->rows = *next == 0 && counts->counts[0] > 0 ? 1 : 0;
    *next = 1;
    mu_bits_fill(batch->live, batch->rows, MU_BATCH_WORDS);
}

static void count_values(mu_scan_counts *counts, const mu_scan_whole *whole, bool with_nobody,
                         const mu_dict *no_text, uint32_t *next, mu_batch *batch)
{
    const uint32_t null = whole->postings->count - 1;
    const uint32_t left = whole->postings->count - *next;
    mu_vector *values = &batch->columns[0];

    assert(whole->dict->count == null);
    batch->rows = left < MU_BATCH_ROWS ? left : MU_BATCH_ROWS;
    mu_bits_fill(batch->live, 0, MU_BATCH_WORDS);
    mu_bits_fill(counts->valid, batch->rows, MU_BATCH_WORDS);
    for (uint32_t row = 0; row < batch->rows; row++) {
        const uint32_t value = *next + row;
        const mu_posting *posting = &whole->postings->values[value];
        const uint64_t rows = posting->rows + (with_nobody ? posting->nobody_rows : 0);
        counts->codes[row] = value == null ? 0 : value;
        counts->counts[row] = (int64_t)rows;
        if (rows > 0) {
            mu_bits_set(batch->live, row);
        }
        if (value == null) {
            mu_bits_clear(counts->valid, row);
        }
    }
    for (uint32_t row = batch->rows; row < MU_BATCH_ROWS; row++) {
        counts->codes[row] = 0;
        counts->counts[row] = 0;
    }
    values->data = counts->codes;
    values->valid = *next + batch->rows > null ? counts->valid : NULL;
    values->dict = null > 0 ? whole->dict : no_text;
    *next += batch->rows;
}

void mu_scan_counts_next(mu_scan_counts *counts, const mu_scan_whole *whole, bool with_nobody,
                         const mu_dict *no_text, uint32_t *next, mu_batch *batch)
{
    if (!whole->postings) {
        count_all(counts, whole, with_nobody, next, batch);
    } else {
        do {
            count_values(counts, whole, with_nobody, no_text, next, batch);
        } while (batch->rows > 0 && mu_bits_none(batch->live, MU_BATCH_WORDS));
    }
    batch->columns[batch->column_count - 1].data = counts->counts;
}
