/*
 * segment_check_posting.c - holds the postings of a segment against its rows: they are collected
 * once more, as when the segment was written, and compared.
 */
#include "storage/segment_format.h"

#include "storage/base/mem.h"

#include <inttypes.h>

/* What reading a block takes. */
typedef struct block_rows {
    mu_decoder *codes, *customers; /* owned */
    uint32_t code[MU_BATCH_ROWS], ordinal[MU_BATCH_ROWS];
} block_rows;

static muster_status add_block(mu_segment *segment, uint32_t column, uint32_t block, block_rows *b,
                               mu_posting_writer *writer, muster_error *err)
{
    const mu_block *place = &segment->blocks[block];
    const bool nobody = place->stripe == MU_NOBODY;
    const bool all_null = mu_segment_chunk(segment, block, column)->size == 0;
    const uint64_t *valid = NULL, *none;

    if (!all_null) {
        MU_TRY(mu_segment_read(segment, block, column, b->codes, &valid, err));
    }
    if (!nobody) {
        MU_TRY(mu_segment_read(segment, block, segment->customer_column, b->customers, &none, err));
    }
    for (uint32_t first = 0; first < place->rows; first += MU_BATCH_ROWS) {
        const uint32_t left = place->rows - first;
        const uint32_t rows = left < MU_BATCH_ROWS ? left : MU_BATCH_ROWS;
        if (!all_null) {
            MU_TRY(mu_decode_u32(b->codes, first, rows, b->code, err));
        }
        if (!nobody) {
            MU_TRY(mu_decode_customer(b->customers, first, rows, b->ordinal, err));
        }
        if (!mu_posting_writer_add(writer, place->stripe, rows, nobody ? NULL : b->ordinal,
                                   all_null ? NULL : b->code, valid ? valid + first / 64 : NULL)) {
            return mu_fail_memory(err, "checking postings");
        }
    }
    return MUSTER_OK;
}

static muster_status check_column(mu_segment *segment, uint32_t column, block_rows *b,
                                  muster_error *err)
{
    mu_posting_writer *writer = NULL;
    const mu_postings *postings;
    muster_status status = MUSTER_OK;

    MU_TRY(mu_segment_postings(segment, column, &postings, err));
    if (!postings) {
        return MUSTER_OK;
    }
    writer = mu_posting_writer_open(postings->count - 1);
    if (!writer) {
        return mu_fail_memory(err, "checking postings");
    }
    for (uint32_t block = 0; block < segment->block_count && status == MUSTER_OK; block++) {
        status = add_block(segment, column, block, b, writer, err);
    }
    if (status == MUSTER_OK) {
        status = mu_posting_writer_compare(writer, postings, segment->map.data, err);
        if (status != MUSTER_OK) {
            mu_where(err, "%s, column \"%s\", offset %" PRIu64, segment->name,
                     segment->columns[column].name, segment->columns[column].posting.offset);
        }
    }
    mu_posting_writer_close(writer);
    return status;
}

muster_status mu_segment_check_postings(mu_segment *segment, muster_error *err)
{
    block_rows b = {.codes = mu_decoder_new(), .customers = mu_decoder_new()};
    muster_status status = MUSTER_OK;

    if (!b.codes || !b.customers) {
        status = mu_fail_memory(err, "checking postings");
    }
    for (uint32_t i = 0; i < segment->column_count && status == MUSTER_OK; i++) {
        status = check_column(segment, i, &b, err);
    }
    mu_decoder_free(b.codes);
    mu_decoder_free(b.customers);
    return status;
}
