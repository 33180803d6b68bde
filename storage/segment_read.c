/*
 * segment_read.c - chunks and dictionaries of an open segment.
 *
 * A chunk is checked once, by whoever reads it first: its checksum, then what could make a reader
 * go astray although every byte is as it was written (codes beyond the dictionary, ordinals of
 * another stripe). Threads that come at once check it twice, and agree.
 */
#include "storage/base/mem.h"
#include "storage/segment_format.h"

#include "storage/base/hash.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

uint64_t mu_segment_rows(const mu_segment *segment)
{
    return segment->info.rows;
}

void mu_segment_describe(const mu_segment *segment, mu_segment_info *info)
{
    const uint64_t file = info->file;

    *info = segment->info;
    info->file = file;
}

uint32_t mu_segment_block_count(const mu_segment *segment)
{
    return segment->block_count;
}

const mu_block *mu_segment_block(const mu_segment *segment, uint32_t block)
{
    assert(block < segment->block_count);
    return &segment->blocks[block];
}

/* The first block whose stripe is `stripe` or a later one. */
static uint32_t first_block(const mu_segment *segment, uint32_t stripe)
{
    uint32_t low = 0, high = segment->block_count;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (segment->blocks[middle].stripe < stripe) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void mu_segment_stripe(const mu_segment *segment, uint32_t stripe, uint32_t *first, uint32_t *end)
{
    assert(stripe <= MU_NOBODY);
    *first = first_block(segment, stripe);
    *end = first_block(segment, stripe + 1);
}

uint32_t mu_segment_column(const mu_segment *segment, uint32_t column_id)
{
    for (uint32_t i = 0; i < segment->column_count; i++) {
        if (segment->columns[i].id == column_id) {
            return i;
        }
    }
    return MU_NO_COLUMN;
}

bool mu_segment_has_dropped(const mu_segment *segment, const mu_table *table)
{
    for (uint32_t i = 0; i < segment->column_count; i++) {
        bool there = false;
        for (uint32_t c = 0; c < table->column_count && !there; c++) {
            there = table->columns[c].id == segment->columns[i].id;
        }
        if (!there) {
            return true;
        }
    }
    return false;
}

mu_type mu_segment_column_type(const mu_segment *segment, uint32_t column)
{
    assert(column < segment->column_count);
    return segment->columns[column].type;
}

const mu_chunk_info *mu_segment_chunk(const mu_segment *segment, uint32_t block, uint32_t column)
{
    return &mu_segment_entry(segment, block, column)->info;
}

/* The first use of a chunk. */

muster_status mu_segment_verify(const mu_segment *segment, uint64_t offset, uint64_t size,
                                uint64_t expected, muster_error *err)
{
    const uint64_t found = mu_checksum(segment->map.data + offset, (size_t)mu_segment_padded(size));

    if (found != expected) {
        return mu_fail(err, MUSTER_CORRUPT, "checksum is 0x%016" PRIx64 ", expected 0x%016" PRIx64,
                       found, expected);
    }
    return MUSTER_OK;
}

static muster_status check_codes(mu_decoder *decoder, uint32_t rows, uint32_t count,
                                 muster_error *err)
{
    uint32_t codes[MU_BATCH_ROWS];

    for (uint32_t first = 0; first < rows; first += MU_BATCH_ROWS) {
        const uint32_t left = rows - first;
        const uint32_t part = left < MU_BATCH_ROWS ? left : MU_BATCH_ROWS;
        uint32_t max = 0;
        MU_TRY(mu_decode_u32(decoder, first, part, codes, err));
        for (uint32_t i = 0; i < part; i++) {
            max = codes[i] > max ? codes[i] : max;
        }
        if (max >= count) {
            return mu_fail(err, MUSTER_CORRUPT, "code %u is beyond the dictionary of %u texts", max,
                           count);
        }
    }
    return MUSTER_OK;
}

static muster_status check_ordinals(mu_decoder *decoder, const mu_block *block, muster_error *err)
{
    const uint32_t *ordinals, *ends;
    uint32_t runs;

    MU_TRY(mu_decode_runs(decoder, &runs, &ordinals, &ends, err));
    bool fits = runs > 0 && ordinals[0] == block->first_ordinal &&
                ordinals[runs - 1] == block->last_ordinal && ends[runs - 1] == block->rows;
    for (uint32_t run = 1; run < runs; run++) {
        fits = fits && ordinals[run - 1] < ordinals[run] && ends[run - 1] < ends[run];
    }
    if (!fits) {
        return mu_fail(err, MUSTER_CORRUPT, "customers do not ascend from %u to %u in %u rows",
                       block->first_ordinal, block->last_ordinal, block->rows);
    }
    return MUSTER_OK;
}

/* The encoding holds what the column has, so that decoding it later cannot find something else. */
static muster_status check_encoding(const mu_segment_column_info *column, const mu_decoder *decoder,
                                    muster_error *err)
{
    const mu_enc enc = mu_decoder_enc(decoder);
    bool fits = enc == MU_ENC_CONST || enc == MU_ENC_RLE || enc == MU_ENC_FOR ||
                enc == MU_ENC_PATCHED || enc == MU_ENC_RANKED || enc == MU_ENC_REPEAT;

    switch (mu_type_form(column->type)) {
    case MU_FORM_BITS:
    case MU_FORM_I64:
        fits = fits || enc == MU_ENC_DELTA;
        break;
    case MU_FORM_F64:
        fits = fits || enc == MU_ENC_DELTA || enc == MU_ENC_RAW || enc == MU_ENC_LZ4 ||
               enc == MU_ENC_ALP;
        break;
    case MU_FORM_CODE:
        fits = column->has_dict ? fits : (enc == MU_ENC_TEXT || enc == MU_ENC_PATTERN);
        break;
    case MU_FORM_ORDINAL:
        fits = enc == MU_ENC_CUSTOMER;
        break;
    }
    if (!fits) {
        char name[32];
        return mu_fail(err, MUSTER_CORRUPT, "a chunk in %s encoding cannot hold %s",
                       mu_enc_name(enc), mu_type_name(column->type, name));
    }
    return MUSTER_OK;
}

static muster_status check_values(const mu_segment *segment, uint32_t block, uint32_t column,
                                  mu_decoder *decoder, muster_error *err)
{
    const mu_segment_column_info *info = &segment->columns[column];
    const mu_block *place = &segment->blocks[block];

    MU_TRY(check_encoding(info, decoder, err));
    if (info->has_dict) {
        return check_codes(decoder, place->rows, info->place.count, err);
    }
    if (info->type.kind == MU_CUSTOMER) {
        return check_ordinals(decoder, place, err);
    }
    return MUSTER_OK;
}

static muster_status read_chunk(const mu_segment *segment, uint32_t block, uint32_t column,
                                mu_decoder *decoder, const uint64_t **valid, muster_error *err)
{
    mu_segment_chunk_entry *entry = mu_segment_entry(segment, block, column);
    const mu_chunk_info *chunk = &entry->info;
    const uint32_t rows = segment->blocks[block].rows;
    const bool verified = atomic_load_explicit(&entry->verified, memory_order_relaxed);

    *valid = NULL;
    if (!verified) {
        MU_TRY(mu_segment_verify(segment, chunk->offset, chunk->size, entry->checksum, err));
    }
    MU_TRY(mu_decoder_open(decoder, segment->map.data + chunk->offset, chunk->size, rows,
                           chunk->null_count, err));
    *valid = mu_decoder_valid(decoder);
    if (!verified) {
        MU_TRY(check_values(segment, block, column, decoder, err));
        atomic_store_explicit(&entry->verified, true, memory_order_relaxed);
    }
    return MUSTER_OK;
}

muster_status mu_segment_read(const mu_segment *segment, uint32_t block, uint32_t column,
                              mu_decoder *decoder, const uint64_t **valid, muster_error *err)
{
    assert(mu_segment_chunk(segment, block, column)->size > 0);
    const muster_status status = read_chunk(segment, block, column, decoder, valid, err);

    if (status != MUSTER_OK) {
        mu_segment_where(segment, block, column, err);
    }
    return status;
}

void mu_segment_where(const mu_segment *segment, uint32_t block, uint32_t column, muster_error *err)
{
    mu_where(err, "%s, column \"%s\", offset %" PRIu64, segment->name,
             segment->columns[column].name, mu_segment_chunk(segment, block, column)->offset);
}

/* Dictionaries. */

static muster_status read_dict(const mu_segment *segment, const mu_segment_column_info *column,
                               mu_segment_dict_memory **out, muster_error *err)
{
    const mu_segment_dict_place *place = &column->place;
    muster_status status =
        mu_segment_verify(segment, place->offset, place->stored_size, place->checksum, err);

    *out = NULL;
    if (status == MUSTER_OK) {
        status = mu_segment_dict_decode(segment->map.data + place->offset, place, out, err);
    }
    if (status != MUSTER_OK) {
        mu_where(err, "%s, column \"%s\", offset %" PRIu64, segment->name, column->name,
                 place->offset);
    }
    return status;
}

muster_status mu_segment_dict(mu_segment *segment, uint32_t column, const mu_dict **out,
                              muster_error *err)
{
    assert(column < segment->column_count);
    mu_segment_column_info *info = &segment->columns[column];
    mu_segment_dict_memory *memory = atomic_load_explicit(&info->dict, memory_order_acquire);

    *out = NULL;
    if (!info->has_dict) {
        return MUSTER_OK;
    }
    if (!memory) {
        mu_segment_dict_memory *first = NULL;
        mu_account *account = mu_account_enter(NULL); /* it outlives who asks first */
        const muster_status status = read_dict(segment, info, &memory, err);
        mu_account_enter(account);
        MU_TRY(status);
        if (!atomic_compare_exchange_strong(&info->dict, &first, memory)) {
            mu_segment_dict_free(memory); /* another thread was faster */
            memory = first;
        }
    }
    *out = &memory->dict;
    return MUSTER_OK;
}
