/*
 * erase.c - counts and times of a segment, without the rows of those who were erased.
 *
 * Only blocks of stripes with someone erased are read, and of these the CUSTOMER and the TIME
 * column; of the others the directory says enough. Where it is known how things were before, only
 * the stripes with someone new are: one person's erasure then costs a stripe of each segment.
 */
#include "storage/erase.h"

#include "storage/base/bits.h"
#include "storage/base/mem.h"

/* Rows, and their times. */
typedef struct tally {
    uint64_t rows;
    int64_t min_us, max_us;
} tally;

typedef struct census {
    const mu_segment *segment;
    uint32_t customer, time; /* columns of the segment */
    mu_decoder *runs, *times;
    int64_t *values;  /* times of a block */
    tally gone, kept; /* of the blocks that were read, or known by the directory */
} census;

static void add_rows(tally *to, uint64_t rows, int64_t min_us, int64_t max_us)
{
    to->rows += rows;
    to->min_us = min_us < to->min_us ? min_us : to->min_us;
    to->max_us = max_us > to->max_us ? max_us : to->max_us;
}

static void census_close(census *c)
{
    mu_decoder_free(c->runs);
    mu_decoder_free(c->times);
    mu_mem_free(c->values);
}

static muster_status census_open(census *c, const mu_segment *segment, const mu_table *table,
                                 muster_error *err)
{
    const tally nothing = {0, INT64_MAX, INT64_MIN};

    *c = (census){.segment = segment,
                  .customer = mu_segment_column(segment, table->columns[table->customer_column].id),
                  .time = mu_segment_column(segment, table->columns[table->time_column].id),
                  .gone = nothing,
                  .kept = nothing};
    if (c->customer == MU_NO_COLUMN || c->time == MU_NO_COLUMN) {
        return mu_fail(err, MUSTER_CORRUPT, "a segment of table \"%s\" lacks customers or times",
                       table->name);
    }
    c->runs = mu_decoder_new();
    c->times = mu_decoder_new();
    c->values = mu_mem_alloc_array(MU_STRIPE_ROWS, sizeof *c->values);
    return c->runs && c->times && c->values ? MUSTER_OK : mu_fail_memory(err, "erasing customers");
}

/* Counts the runs of a block whose decoders are open: those of `erased`, less those of `before`
 * (NULL: no one), and all others. */
static muster_status count_runs(census *c, uint32_t rows, const uint64_t *erased,
                                const uint64_t *before, muster_error *err)
{
    const uint32_t *ordinals, *ends;
    uint32_t count, start = 0;

    MU_TRY(mu_decode_runs(c->runs, &count, &ordinals, &ends, err));
    MU_TRY(mu_decode_i64(c->times, 0, rows, c->values, err));
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t at = ordinals[i] % MU_STRIPE_ROWS;
        const bool gone = mu_bits_test(erased, at) && !(before && mu_bits_test(before, at));
        add_rows(gone ? &c->gone : &c->kept, ends[i] - start, c->values[start],
                 c->values[ends[i] - 1]);
        start = ends[i];
    }
    return MUSTER_OK;
}

static muster_status count_block(census *c, uint32_t block, const uint64_t *erased,
                                 const uint64_t *before, muster_error *err)
{
    const uint64_t *ignored;

    MU_TRY(mu_segment_read(c->segment, block, c->customer, c->runs, &ignored, err));
    MU_TRY(mu_segment_read(c->segment, block, c->time, c->times, &ignored, err));
    const muster_status status =
        count_runs(c, mu_segment_block(c->segment, block)->rows, erased, before, err);
    if (status != MUSTER_OK) {
        mu_segment_where(c->segment, block, c->customer, err);
    }
    return status;
}

static const uint64_t *erased_of(const mu_erased *erased, const mu_block *block)
{
    return block->stripe == MU_NOBODY ? NULL : mu_erased_stripe(erased, block->stripe);
}

static muster_status count_all(census *c, const mu_erased *erased, muster_error *err)
{
    for (uint32_t block = 0; block < mu_segment_block_count(c->segment); block++) {
        const mu_block *info = mu_segment_block(c->segment, block);
        const uint64_t *bits = erased_of(erased, info);
        if (bits) {
            MU_TRY(count_block(c, block, bits, NULL, err));
        } else {
            const mu_chunk_info *time = mu_segment_chunk(c->segment, block, c->time);
            add_rows(&c->kept, info->rows, time->min, time->max);
        }
    }
    return MUSTER_OK;
}

/* Whether the stripe has someone who was not erased before. */
static bool someone_new(const uint64_t *erased, const uint64_t *before)
{
    for (size_t w = 0; erased && w < MU_STRIPE_WORDS; w++) {
        if (erased[w] & ~(before ? before[w] : 0)) {
            return true;
        }
    }
    return false;
}

static muster_status count_new(census *c, const mu_erased *before, const mu_erased *erased,
                               muster_error *err)
{
    uint32_t stripe = MU_NOBODY; /* that `anyone` is about */
    bool anyone = false;

    for (uint32_t block = 0; block < mu_segment_block_count(c->segment); block++) {
        const mu_block *info = mu_segment_block(c->segment, block);
        const uint64_t *now = erased_of(erased, info), *then = erased_of(before, info);
        if (info->stripe != stripe) {
            stripe = info->stripe;
            anyone = someone_new(now, then);
        }
        if (anyone) {
            MU_TRY(count_block(c, block, now, then, err));
        }
    }
    return MUSTER_OK;
}

muster_status mu_erase_describe(const mu_segment *segment, const mu_table *table,
                                const mu_erased *erased, mu_segment_info *info, muster_error *err)
{
    muster_status status;
    census c;

    MU_TRY_GOTO(census_open(&c, segment, table, err));
    MU_TRY_GOTO(count_all(&c, erased, err));
    info->masked_rows = c.gone.rows;
    info->min_time_us = c.kept.rows > 0 ? c.kept.min_us : 0;
    info->max_time_us = c.kept.rows > 0 ? c.kept.max_us : 0;

fail:
    census_close(&c);
    return status;
}

muster_status mu_erase_more(const mu_segment *segment, const mu_table *table,
                            const mu_erased *before, const mu_erased *erased, mu_segment_info *info,
                            muster_error *err)
{
    muster_status status;
    bool at_end = false; /* a row that goes may be the first or the last */
    census c;

    MU_TRY_GOTO(census_open(&c, segment, table, err));
    MU_TRY_GOTO(count_new(&c, before, erased, err));
    info->masked_rows += c.gone.rows;
    at_end = c.gone.rows > 0 &&
             (c.gone.min_us <= info->min_time_us || c.gone.max_us >= info->max_time_us);

fail:
    census_close(&c);
    return status == MUSTER_OK && at_end ? mu_erase_describe(segment, table, erased, info, err)
                                         : status;
}
