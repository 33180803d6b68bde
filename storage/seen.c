/*
 * seen.c - first_seen and last_seen, found in the events themselves.
 *
 * Nothing is kept: whatever was loaded, in whatever order, deleted or compacted, the answer is that
 * of the events there are. In a block a customer's rows lie together in order of time, so each run
 * of the CUSTOMER column has its first and last time at its ends; of the block nothing but these
 * runs and the TIME column is decoded. All 65,536 customers of a stripe cost about a millisecond
 * for each million of their events, and one customer costs no more than that.
 */
#include "storage/seen.h"

#include "storage/base/bits.h"
#include "storage/base/limits.h"
#include "storage/base/mem.h"

#include <assert.h>

muster_status mu_seen_open(mu_snapshot *snapshot, mu_seen **out, muster_error *err)
{
    mu_seen *seen = mu_mem_zalloc(sizeof *seen);

    *out = NULL;
    if (!seen) {
        return mu_fail_memory(err, "opening a scan");
    }
    seen->snapshot = snapshot;
    seen->stripe = MU_NO_STRIPE;
    seen->first = mu_mem_alloc_array(MU_STRIPE_ROWS, sizeof *seen->first);
    seen->last = mu_mem_alloc_array(MU_STRIPE_ROWS, sizeof *seen->last);
    seen->valid = mu_mem_alloc_array(MU_STRIPE_WORDS, sizeof *seen->valid);
    seen->times = mu_mem_alloc_array(MU_STRIPE_ROWS, sizeof *seen->times);
    seen->runs = mu_decoder_new();
    seen->time = mu_decoder_new();
    if (!seen->first || !seen->last || !seen->valid || !seen->times || !seen->runs || !seen->time) {
        mu_seen_close(seen);
        return mu_fail_memory(err, "opening a scan");
    }
    *out = seen;
    return MUSTER_OK;
}

void mu_seen_close(mu_seen *seen)
{
    if (seen) {
        mu_mem_free(seen->first);
        mu_mem_free(seen->last);
        mu_mem_free(seen->valid);
        mu_mem_free(seen->times);
        mu_decoder_free(seen->runs);
        mu_decoder_free(seen->time);
        mu_mem_free(seen);
    }
}

/* Takes the runs of a block whose decoders are open. */
static muster_status take_runs(mu_seen *seen, uint32_t rows, muster_error *err)
{
    const uint32_t base = seen->stripe * MU_STRIPE_ROWS;
    const uint32_t customers = mu_customers_count(mu_snapshot_customers(seen->snapshot));
    const uint32_t *ordinals, *ends;
    uint32_t count, start = 0;

    MU_TRY(mu_decode_runs(seen->runs, &count, &ordinals, &ends, err));
    MU_TRY(mu_decode_i64(seen->time, 0, rows, seen->times, err));
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t at = ordinals[i] - base;
        const int64_t first = seen->times[start], last = seen->times[ends[i] - 1];
        if (at >= MU_STRIPE_ROWS || ordinals[i] >= customers) {
            return mu_fail(err, MUSTER_CORRUPT, "run %u is of customer %u, not of stripe %u", i + 1,
                           ordinals[i], seen->stripe);
        }
        if (!mu_bits_test(seen->valid, at)) {
            mu_bits_set(seen->valid, at);
            seen->first[at] = first;
            seen->last[at] = last;
        } else {
            seen->first[at] = first < seen->first[at] ? first : seen->first[at];
            seen->last[at] = last > seen->last[at] ? last : seen->last[at];
        }
        start = ends[i];
    }
    return MUSTER_OK;
}

static muster_status read_block(mu_seen *seen, const mu_segment *segment, uint32_t block,
                                const uint32_t columns[2], uint64_t *bytes, muster_error *err)
{
    const uint64_t *ignored;

    MU_TRY(mu_segment_read(segment, block, columns[0], seen->runs, &ignored, err));
    MU_TRY(mu_segment_read(segment, block, columns[1], seen->time, &ignored, err));
    *bytes += mu_segment_chunk(segment, block, columns[0])->size +
              (uint64_t)mu_segment_chunk(segment, block, columns[1])->size;
    const muster_status status = take_runs(seen, mu_segment_block(segment, block)->rows, err);
    if (status != MUSTER_OK) {
        mu_segment_where(segment, block, columns[0], err);
    }
    return status;
}

static muster_status read_segment(mu_seen *seen, const mu_table *table, const mu_segment *segment,
                                  uint64_t *bytes, muster_error *err)
{
    const uint32_t columns[2] = {
        mu_segment_column(segment, table->columns[table->customer_column].id),
        mu_segment_column(segment, table->columns[table->time_column].id)};
    uint32_t first, end;

    if (columns[0] == MU_NO_COLUMN || columns[1] == MU_NO_COLUMN) {
        return mu_fail(err, MUSTER_CORRUPT, "a segment of table \"%s\" lacks customers or times",
                       table->name);
    }
    mu_segment_stripe(segment, seen->stripe, &first, &end);
    for (uint32_t block = first; block < end; block++) {
        MU_TRY(read_block(seen, segment, block, columns, bytes, err));
    }
    return MUSTER_OK;
}

muster_status mu_seen_run(mu_seen *seen, uint32_t stripe, uint64_t *bytes, muster_error *err)
{
    const mu_catalog *catalog = mu_snapshot_catalog(seen->snapshot);

    assert(stripe != MU_NO_STRIPE);
    if (seen->stripe == stripe) {
        return MUSTER_OK;
    }
    seen->stripe = stripe;
    mu_bits_fill(seen->valid, 0, MU_STRIPE_WORDS);
    for (uint32_t t = 0; t < catalog->table_count; t++) {
        const mu_table *table = &catalog->tables[t];
        const uint32_t count =
            mu_table_has_events(table) ? mu_snapshot_segment_count(seen->snapshot, table->id) : 0;
        for (uint32_t i = 0; i < count; i++) {
            mu_segment *segment;
            muster_status status = mu_snapshot_segment(seen->snapshot, table->id, i, &segment, err);
            if (status == MUSTER_OK) {
                status = read_segment(seen, table, segment, bytes, err);
            }
            if (status != MUSTER_OK) {
                seen->stripe = MU_NO_STRIPE; /* the arrays are of no stripe now */
                return status;
            }
        }
    }
    return MUSTER_OK;
}
