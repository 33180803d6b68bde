/*
 * segment_check.c - reads a whole segment and holds it against what its directory says.
 *
 * Reading verifies checksums, encodings, codes and ordinals. What is left is what readers rely on
 * without looking: minima and maxima (scans skip blocks by them), and that each customer's events
 * are in the order of time.
 */
#include "storage/segment_format.h"

#include "storage/base/bits.h"
#include "storage/base/mem.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

typedef struct checker {
    mu_segment *segment;
    mu_decoder *decoder; /* owned */
    uint32_t *ordinals;  /* of the block at hand; owned */
    int64_t *times;      /* likewise */
    uint32_t last_ordinal;
    int64_t last_time_us;
    int64_t min, max; /* of the values seen of the chunk at hand */
    bool any;
} checker;

static void see(checker *c, int64_t value)
{
    c->min = !c->any || value < c->min ? value : c->min;
    c->max = !c->any || value > c->max ? value : c->max;
    c->any = true;
}

static void see_f64(checker *c, double value)
{
    double min, max;

    memcpy(&min, &c->min, sizeof min);
    memcpy(&max, &c->max, sizeof max);
    min = !c->any || mu_segment_f64_less(value, min) ? value : min;
    max = !c->any || mu_segment_f64_less(max, value) ? value : max;
    memcpy(&c->min, &min, sizeof min);
    memcpy(&c->max, &max, sizeof max);
    c->any = true;
}

static bool is_valid(const uint64_t *valid, uint32_t row)
{
    return !valid || mu_bits_test(valid, row);
}

/* Looks at values [first, first + rows) of the chunk the decoder is open on. */
static muster_status see_batch(checker *c, uint32_t column, uint32_t first, uint32_t rows,
                               const uint64_t *valid, muster_error *err)
{
    union {
        int64_t i64[MU_BATCH_ROWS];
        double f64[MU_BATCH_ROWS];
        uint32_t u32[MU_BATCH_ROWS];
    } values;
    const mu_segment_column_info *info = &c->segment->columns[column];

    switch (mu_type_form(info->type)) {
    case MU_FORM_BITS:
    case MU_FORM_I64:
        MU_TRY(mu_decode_i64(c->decoder, first, rows, values.i64, err));
        for (uint32_t i = 0; i < rows; i++) {
            if (is_valid(valid, first + i)) {
                see(c, values.i64[i]);
            }
        }
        if (column == c->segment->time_column) {
            memcpy(&c->times[first], values.i64, rows * sizeof values.i64[0]);
        }
        break;
    case MU_FORM_F64:
        MU_TRY(mu_decode_f64(c->decoder, first, rows, values.f64, err));
        for (uint32_t i = 0; i < rows; i++) {
            if (is_valid(valid, first + i)) {
                see_f64(c, values.f64[i]);
            }
        }
        break;
    case MU_FORM_CODE:
        MU_TRY(mu_decode_u32(c->decoder, first, rows, values.u32, err));
        for (uint32_t i = 0; i < rows; i++) {
            if (is_valid(valid, first + i)) {
                see(c, values.u32[i]);
            }
        }
        break;
    case MU_FORM_ORDINAL:
        MU_TRY(mu_decode_customer(c->decoder, first, rows, values.u32, err));
        for (uint32_t i = 0; i < rows; i++) {
            see(c, values.u32[i]);
        }
        memcpy(&c->ordinals[first], values.u32, rows * sizeof values.u32[0]);
        break;
    }
    return MUSTER_OK;
}

static muster_status check_text(checker *c, const mu_chunk_info *chunk, uint32_t rows,
                                muster_error *err)
{
    const mu_dict *texts;

    MU_TRY(mu_decode_text(c->decoder, &texts, err));
    if (texts->count != rows || chunk->min != 0 || chunk->max != 0) {
        return mu_fail(err, MUSTER_CORRUPT, "%u texts in %u rows", texts->count, rows);
    }
    return MUSTER_OK;
}

static muster_status check_chunk(checker *c, uint32_t block, uint32_t column, const uint64_t *valid,
                                 muster_error *err)
{
    const mu_segment *segment = c->segment;
    const mu_chunk_info *chunk = mu_segment_chunk(segment, block, column);
    const uint32_t rows = segment->blocks[block].rows;

    if (segment->columns[column].type.kind == MU_TEXT && !chunk->by_code) {
        return check_text(c, chunk, rows, err);
    }
    c->any = false;
    c->min = c->max = 0;
    for (uint32_t first = 0; first < rows; first += MU_BATCH_ROWS) {
        const uint32_t left = rows - first;
        MU_TRY(
            see_batch(c, column, first, left < MU_BATCH_ROWS ? left : MU_BATCH_ROWS, valid, err));
    }
    if (c->min != chunk->min || c->max != chunk->max) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "values are from %" PRId64 " to %" PRId64 ", expected %" PRId64
                       " to %" PRId64,
                       c->min, c->max, chunk->min, chunk->max);
    }
    return MUSTER_OK;
}

/* The rows of the block are sorted by customer and time, and come after those of the one before. */
static muster_status check_order(checker *c, uint32_t block, muster_error *err)
{
    const mu_block *place = &c->segment->blocks[block];
    const bool nobody = place->stripe == MU_NOBODY;

    for (uint32_t i = 0; i < place->rows; i++) {
        const uint32_t ordinal = nobody ? MU_NO_CUSTOMER : c->ordinals[i];
        const bool first = block == 0 && i == 0;
        if (!first && (ordinal < c->last_ordinal ||
                       (ordinal == c->last_ordinal && c->times[i] < c->last_time_us))) {
            return mu_fail(err, MUSTER_CORRUPT, "row %u of %u is out of order", i + 1, place->rows);
        }
        c->last_ordinal = ordinal;
        c->last_time_us = c->times[i];
    }
    return MUSTER_OK;
}

static muster_status check_block(checker *c, uint32_t block, muster_error *err)
{
    mu_segment *segment = c->segment;

    for (uint32_t column = 0; column < segment->column_count; column++) {
        const uint64_t *valid;
        if (mu_segment_chunk(segment, block, column)->size == 0) {
            continue;
        }
        MU_TRY(mu_segment_read(segment, block, column, c->decoder, &valid, err));
        const muster_status status = check_chunk(c, block, column, valid, err);
        if (status != MUSTER_OK) {
            mu_segment_where(segment, block, column, err);
            return status;
        }
    }
    if (segment->customer_column != MU_NO_COLUMN) {
        const muster_status status = check_order(c, block, err);
        if (status != MUSTER_OK) {
            mu_segment_where(segment, block, segment->customer_column, err);
        }
        return status;
    }
    return MUSTER_OK;
}

/* The directory's times are those of some rows, not only around them. */
static muster_status check_totals(const mu_segment *segment, muster_error *err)
{
    int64_t min = 0, max = 0;

    for (uint32_t i = 0; segment->time_column != MU_NO_COLUMN && i < segment->block_count; i++) {
        const mu_chunk_info *chunk = mu_segment_chunk(segment, i, segment->time_column);
        min = i == 0 || chunk->min < min ? chunk->min : min;
        max = i == 0 || chunk->max > max ? chunk->max : max;
    }
    if (min != segment->info.min_time_us || max != segment->info.max_time_us) {
        return mu_fail(
            err, MUSTER_CORRUPT,
            "%s: times are from %" PRId64 " to %" PRId64 ", expected %" PRId64 " to %" PRId64,
            segment->name, min, max, segment->info.min_time_us, segment->info.max_time_us);
    }
    return MUSTER_OK;
}

static muster_status check_all(checker *c, muster_error *err)
{
    mu_segment *segment = c->segment;

    for (uint32_t column = 0; column < segment->column_count; column++) {
        const mu_dict *dict;
        MU_TRY(mu_segment_dict(segment, column, &dict, err));
    }
    for (uint32_t block = 0; block < segment->block_count; block++) {
        MU_TRY(check_block(c, block, err));
    }
    MU_TRY(check_totals(segment, err));
    return mu_segment_check_postings(segment, err);
}

muster_status mu_segment_check(mu_segment *segment, muster_error *err)
{
    checker c = {.segment = segment};
    muster_status status;

    c.decoder = mu_decoder_new();
    c.ordinals = mu_mem_alloc_array(MU_SEGMENT_BLOCK_ROWS, sizeof *c.ordinals);
    c.times = mu_mem_zalloc_array(MU_SEGMENT_BLOCK_ROWS, sizeof *c.times);
    if (c.decoder && c.ordinals && c.times) {
        status = check_all(&c, err);
    } else {
        status = mu_fail_memory(err, "checking a segment");
    }
    mu_decoder_free(c.decoder);
    mu_mem_free(c.ordinals);
    mu_mem_free(c.times);
    return status;
}
