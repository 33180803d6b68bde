/*
 * scan_column.c - from a chunk in the file to the vector of a batch.
 *
 * The vectors keep the promises of batch.h even where the file has less: a bitmap that ends inside
 * a batch is copied and cleared to its end, values past the rows are 0, and the codes of a column
 * that is all NULL have a dictionary to be in.
 */
#include "storage/scan_column.h"

#include "storage/kernels/kernels.h"

#include <assert.h>
#include <string.h>

static const uint64_t no_rows[MU_BATCH_WORDS]; /* the bitmap where all are NULL */

static const mu_dict *make_no_text(mu_arena *arena)
{
    uint64_t *offsets = MU_NEW_ARRAY(arena, uint64_t, 2);
    mu_dict *dict = MU_NEW(arena, mu_dict);

    if (!offsets || !dict) {
        return NULL;
    }
    *dict = (mu_dict){
        .id = mu_dict_next_id(), .count = 1, .sorted = true, .offsets = offsets, .bytes = ""};
    return dict;
}

muster_status mu_scan_column_init(mu_scan_column *column, mu_type type, mu_arena *arena,
                                  muster_error *err)
{
    uint64_t *nulls;

    *column = (mu_scan_column){.type = type};
    column->values = MU_NEW_ARRAY(arena, uint64_t, MU_BATCH_ROWS);
    column->bits = MU_NEW_ARRAY(arena, uint64_t, MU_BATCH_WORDS);
    column->valid = MU_NEW_ARRAY(arena, uint64_t, MU_BATCH_WORDS);
    column->no_text = make_no_text(arena);
    nulls = MU_NEW_ARRAY(arena, uint64_t, MU_BATCH_ROWS);
    if (!column->values || !column->bits || !column->valid || !column->no_text || !nulls) {
        return mu_fail_memory(err, "opening a scan");
    }
    if (mu_type_form(type) == MU_FORM_ORDINAL) {
        memset(nulls, 0xff, MU_BATCH_ROWS * sizeof *nulls); /* MU_NO_CUSTOMER */
    }
    column->nulls = nulls;
    return MUSTER_OK;
}

void mu_scan_column_deinit(mu_scan_column *column)
{
    mu_decoder_free(column->decoder);
    *column = (mu_scan_column){0};
}

/* A chunk. */

static muster_status open_text(mu_scan_column *column, const mu_scan_place *place, uint32_t index,
                               muster_error *err)
{
    const mu_segment *segment = place->segment;
    const mu_dict *texts;

    MU_TRY(mu_decode_text(column->decoder, &texts, err));
    if (texts->count != mu_segment_block(segment, place->block)->rows) {
        (void)mu_fail(err, MUSTER_CORRUPT, "%u texts in %u rows", texts->count,
                      mu_segment_block(segment, place->block)->rows);
        mu_segment_where(segment, place->block, index, err);
        return MUSTER_CORRUPT;
    }
    column->dict = texts;
    column->state = MU_SCAN_TEXTS;
    return MUSTER_OK;
}

/* A chunk with nothing stored, or of a column the segment does not have. */
static muster_status open_absent(mu_scan_column *column, const mu_scan_place *place, uint32_t index,
                                 muster_error *err)
{
    column->dict = NULL;
    if (index != MU_NO_COLUMN && column->type.kind == MU_TEXT) {
        /* The dictionary of the blocks around this one, for those who cache by dictionary. */
        MU_TRY(mu_segment_dict(place->segment, index, &column->dict, err));
    }
    if (!column->dict || column->dict->count == 0) {
        column->dict = column->type.kind == MU_TEXT ? column->no_text : NULL;
    }
    column->chunk_valid = no_rows;
    column->state = MU_SCAN_ABSENT;
    return MUSTER_OK;
}

static muster_status open_chunk(mu_scan_column *column, const mu_scan_place *place, uint32_t index,
                                uint64_t *bytes, muster_error *err)
{
    const mu_chunk_info *chunk =
        index == MU_NO_COLUMN ? NULL : mu_segment_chunk(place->segment, place->block, index);

    if (!chunk || chunk->size == 0) {
        return open_absent(column, place, index, err);
    }
    if (!column->decoder) {
        column->decoder = mu_decoder_new();
        if (!column->decoder) {
            return mu_fail_memory(err, "reading a column");
        }
    }
    MU_TRY(mu_segment_read(place->segment, place->block, index, column->decoder,
                           &column->chunk_valid, err));
    *bytes += chunk->size;
    column->dict = NULL;
    column->run = 0;
    if (column->type.kind == MU_TEXT && !chunk->by_code) {
        return open_text(column, place, index, err);
    }
    if (chunk->by_code) {
        MU_TRY(mu_segment_dict(place->segment, index, &column->dict, err));
    }
    column->state = MU_SCAN_ENCODED;
    return MUSTER_OK;
}

/* A batch of it. */

static muster_status decode(mu_scan_column *column, const mu_scan_place *place, muster_error *err)
{
    const size_t words = mu_bits_words(place->rows);

    switch (mu_type_form(column->type)) {
    case MU_FORM_BITS:
        MU_TRY(mu_decode_i64(column->decoder, place->first, place->rows, column->values, err));
        mu_bits_fill(column->bits, place->rows, MU_BATCH_WORDS);
        mu_k()->filter_ne_i64(column->values, 0, column->bits, words);
        return MUSTER_OK;
    case MU_FORM_I64:
        return mu_decode_i64(column->decoder, place->first, place->rows, column->values, err);
    case MU_FORM_F64:
        return mu_decode_f64(column->decoder, place->first, place->rows, column->values, err);
    case MU_FORM_CODE:
        return mu_decode_u32(column->decoder, place->first, place->rows, column->values, err);
    case MU_FORM_ORDINAL:
        break;
    }
    return mu_decode_customer(column->decoder, place->first, place->rows, column->values, err);
}

/* Makes what is past the rows 0: no kernel may follow a code of an earlier chunk there. */
static void clear_tail(mu_scan_column *column, uint32_t rows)
{
    const mu_form form = mu_type_form(column->type);
    const size_t size = form == MU_FORM_CODE || form == MU_FORM_ORDINAL ? 4 : 8;

    memset((uint8_t *)column->values + rows * size, 0, (MU_BATCH_ROWS - rows) * size);
}

static muster_status fill(mu_scan_column *column, const mu_scan_place *place, muster_error *err)
{
    int64_t constant;

    if (column->state == MU_SCAN_TEXTS) {
        uint32_t *codes = column->values;
        for (uint32_t i = 0; i < place->rows; i++) {
            codes[i] = place->first + i;
        }
    } else {
        MU_TRY(decode(column, place, err));
        if (mu_decoder_constant(column->decoder, &constant)) {
            column->state = MU_SCAN_FILLED;
        }
    }
    if (place->rows < MU_BATCH_ROWS) {
        clear_tail(column, place->rows);
    }
    return MUSTER_OK;
}

static const uint64_t *slice_valid(mu_scan_column *column, const mu_scan_place *place)
{
    const size_t words = mu_bits_words(place->rows);

    if (!column->chunk_valid || column->chunk_valid == no_rows) {
        return column->chunk_valid;
    }
    assert(place->first % 64 == 0);
    const uint64_t *from = column->chunk_valid + place->first / 64;
    if (words == MU_BATCH_WORDS) {
        return from;
    }
    memcpy(column->valid, from, words * sizeof *from);
    memset(column->valid + words, 0, (MU_BATCH_WORDS - words) * sizeof *from);
    return column->valid;
}

muster_status mu_scan_column_load(mu_scan_column *column, const mu_scan_place *place,
                                  uint32_t index, mu_vector *out, uint64_t *bytes,
                                  muster_error *err)
{
    if (column->state == MU_SCAN_CLOSED) {
        MU_TRY(open_chunk(column, place, index, bytes, err));
    }
    if (column->state == MU_SCAN_TEXTS || column->state == MU_SCAN_ENCODED) {
        const muster_status status = fill(column, place, err);
        if (status != MUSTER_OK) {
            mu_segment_where(place->segment, place->block, index, err);
            return status;
        }
    }
    const void *values = column->type.kind == MU_BOOLEAN ? column->bits : column->values;
    *out = (mu_vector){
        .type = column->type,
        .data = column->state == MU_SCAN_ABSENT ? column->nulls : values,
        .valid = slice_valid(column, place),
        .dict = column->dict,
    };
    return MUSTER_OK;
}

muster_status mu_scan_column_mark(mu_scan_column *column, const mu_scan_place *place,
                                  uint32_t index, const uint64_t *live,
                                  uint64_t bits[MU_STRIPE_WORDS], uint64_t *bytes,
                                  muster_error *err)
{
    const uint32_t *ordinals, *ends;
    uint32_t count;

    if (column->state == MU_SCAN_CLOSED) {
        MU_TRY(open_chunk(column, place, index, bytes, err));
    }
    if (column->state == MU_SCAN_ABSENT) {
        return MUSTER_OK; /* nobody's */
    }
    MU_TRY(mu_decode_runs(column->decoder, &count, &ordinals, &ends, err));
    if (column->run > 0 && ends[column->run - 1] > place->first) {
        column->run = 0; /* batches may come in any order */
    }
    for (uint32_t w = 0; w < mu_bits_words(place->rows); w++) {
        for (uint64_t left = live[w]; left != 0; left &= left - 1) {
            const uint32_t row = place->first + w * 64 + mu_bits_lowest(left);
            column->run = mu_k()->find_run_u32(ends, count, column->run, row);
            mu_bits_set(bits, ordinals[column->run] % MU_STRIPE_ROWS);
        }
    }
    return MUSTER_OK;
}
