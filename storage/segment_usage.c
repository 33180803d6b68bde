/*
 * segment_usage.c - what the columns of a segment take, and in which encodings.
 */
#include "storage/segment_format.h"

#include <assert.h>

static uint64_t value_bytes(mu_type type)
{
    switch (mu_type_form(type)) {
    case MU_FORM_BITS:
        return 1;
    case MU_FORM_CODE:
    case MU_FORM_ORDINAL:
        return sizeof(uint32_t);
    case MU_FORM_I64:
    case MU_FORM_F64:
        break;
    }
    return sizeof(int64_t);
}

/* The encoding is the first byte of a chunk unless NULLs come before it; texts without a dictionary
 * have to be decoded to know their bytes. */
static muster_status add_values(mu_segment *segment, uint32_t block, uint32_t column,
                                mu_decoder *decoder, mu_segment_usage *usage, muster_error *err)
{
    const mu_chunk_info *chunk = mu_segment_chunk(segment, block, column);
    const bool texts =
        segment->columns[column].type.kind == MU_TEXT && !segment->columns[column].has_dict;
    mu_enc enc = segment->map.data[chunk->offset];
    const uint64_t *valid;

    if (chunk->null_count > 0 || texts) {
        MU_TRY(mu_segment_read(segment, block, column, decoder, &valid, err));
        enc = mu_decoder_enc(decoder);
    }
    usage->encodings |= UINT32_C(1) << enc % 32;
    if (texts) {
        const mu_dict *dict;
        MU_TRY(mu_decode_text(decoder, &dict, err));
        usage->raw_bytes += dict->count > 0 ? dict->offsets[dict->count] - dict->offsets[0] : 0;
    }
    return MUSTER_OK;
}

static muster_status add_chunk(mu_segment *segment, uint32_t block, uint32_t column,
                               mu_decoder *decoder, mu_segment_usage *usage, muster_error *err)
{
    const mu_chunk_info *chunk = mu_segment_chunk(segment, block, column);
    const uint32_t rows = segment->blocks[block].rows;

    usage->rows += rows;
    usage->nulls += chunk->null_count;
    usage->raw_bytes += rows * value_bytes(segment->columns[column].type);
    usage->chunk_bytes += mu_segment_padded(chunk->size);
    return chunk->size > 0 ? add_values(segment, block, column, decoder, usage, err) : MUSTER_OK;
}

muster_status mu_segment_use(mu_segment *segment, uint32_t column, mu_segment_usage *usage,
                             muster_error *err)
{
    const mu_segment_column_info *info = &segment->columns[column];
    mu_decoder *decoder = mu_decoder_new();
    muster_status status = MUSTER_OK;

    assert(column < segment->column_count);
    if (!decoder) {
        return mu_fail_memory(err, "measuring a segment");
    }
    for (uint32_t block = 0; block < segment->block_count && status == MUSTER_OK; block++) {
        status = add_chunk(segment, block, column, decoder, usage, err);
    }
    if (info->has_dict) {
        usage->with_dict = true;
        usage->dict_bytes += mu_segment_padded(info->place.stored_size);
        usage->raw_bytes += info->place.raw_size;
    }
    usage->posting_bytes += mu_segment_posting_bytes(segment, column);
    mu_decoder_free(decoder);
    return status;
}
