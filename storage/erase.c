/*
 * erase.c - counts and times of a segment, without the rows of those who were erased.
 *
 * Only blocks of stripes with someone erased are read, and of these the CUSTOMER and the TIME
 * column; of the others the directory says enough.
 */
#include "storage/erase.h"

#include "storage/base/bits.h"
#include "storage/base/mem.h"

typedef struct census {
    const mu_segment *segment;
    uint32_t customer, time; /* columns of the segment */
    mu_decoder *runs, *times;
    int64_t *values; /* times of a block */
    uint64_t masked, kept;
    int64_t min_us, max_us; /* of the kept */
} census;

static void note_times(census *c, int64_t min_us, int64_t max_us)
{
    c->min_us = min_us < c->min_us ? min_us : c->min_us;
    c->max_us = max_us > c->max_us ? max_us : c->max_us;
}

/* Counts the runs of a block whose decoders are open. */
static muster_status count_runs(census *c, uint32_t rows, const uint64_t *erased, muster_error *err)
{
    const uint32_t *ordinals, *ends;
    uint32_t count, start = 0;

    MU_TRY(mu_decode_runs(c->runs, &count, &ordinals, &ends, err));
    MU_TRY(mu_decode_i64(c->times, 0, rows, c->values, err));
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t n = ends[i] - start;
        if (mu_bits_test(erased, ordinals[i] % MU_STRIPE_ROWS)) {
            c->masked += n;
        } else {
            c->kept += n;
            note_times(c, c->values[start], c->values[ends[i] - 1]);
        }
        start = ends[i];
    }
    return MUSTER_OK;
}

static muster_status count_block(census *c, uint32_t block, const uint64_t *erased,
                                 muster_error *err)
{
    const uint64_t *ignored;

    MU_TRY(mu_segment_read(c->segment, block, c->customer, c->runs, &ignored, err));
    MU_TRY(mu_segment_read(c->segment, block, c->time, c->times, &ignored, err));
    const muster_status status =
        count_runs(c, mu_segment_block(c->segment, block)->rows, erased, err);
    if (status != MUSTER_OK) {
        mu_segment_where(c->segment, block, c->customer, err);
    }
    return status;
}

static muster_status count_blocks(census *c, const mu_erased *erased, muster_error *err)
{
    for (uint32_t block = 0; block < mu_segment_block_count(c->segment); block++) {
        const mu_block *info = mu_segment_block(c->segment, block);
        const uint64_t *bits =
            info->stripe == MU_NOBODY ? NULL : mu_erased_stripe(erased, info->stripe);
        if (!bits) {
            const mu_chunk_info *time = mu_segment_chunk(c->segment, block, c->time);
            c->kept += info->rows;
            note_times(c, time->min, time->max);
            continue;
        }
        MU_TRY(count_block(c, block, bits, err));
    }
    return MUSTER_OK;
}

muster_status mu_erase_describe(const mu_segment *segment, const mu_table *table,
                                const mu_erased *erased, mu_segment_info *info, muster_error *err)
{
    census c = {.segment = segment,
                .customer = mu_segment_column(segment, table->columns[table->customer_column].id),
                .time = mu_segment_column(segment, table->columns[table->time_column].id),
                .min_us = INT64_MAX,
                .max_us = INT64_MIN};
    muster_status status;

    if (c.customer == MU_NO_COLUMN || c.time == MU_NO_COLUMN) {
        return mu_fail(err, MUSTER_CORRUPT, "a segment of table \"%s\" lacks customers or times",
                       table->name);
    }
    c.runs = mu_decoder_new();
    c.times = mu_decoder_new();
    c.values = mu_mem_alloc_array(MU_STRIPE_ROWS, sizeof *c.values);
    if (!c.runs || !c.times || !c.values) {
        status = mu_fail_memory(err, "erasing customers");
        goto fail;
    }
    MU_TRY_GOTO(count_blocks(&c, erased, err));
    info->masked_rows = c.masked;
    info->min_time_us = c.kept > 0 ? c.min_us : 0;
    info->max_time_us = c.kept > 0 ? c.max_us : 0;

fail:
    mu_decoder_free(c.runs);
    mu_decoder_free(c.times);
    mu_mem_free(c.values);
    return status;
}
