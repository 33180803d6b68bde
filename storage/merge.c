/*
 * merge.c - segments of one table and period become one.
 *
 * They are read side by side, a block of each at a time, and the least row by (customer, time,
 * segment) goes out next; segments are in order of arrival, so ties stay in it. Rows go out in
 * stretches: as many of one segment as come before the next row of all others. Where a segment has
 * dictionaries, its codes are mapped to those of the union, which is made first. A column that a
 * segment does not have is NULL in its rows.
 *
 * Memory is a block of each segment.
 */
#include "storage/merge.h"

#include "storage/base/bits.h"
#include "storage/base/mem.h"

#include <assert.h>
#include <string.h>

enum {
#ifdef MU_TINY
    MAX_DICT_BYTES = 1 << 10,
#else
    MAX_DICT_BYTES = 16 << 20,
#endif
};

/* A column of a run's current block. */
typedef struct cursor_column {
    mu_decoder *decoder;
    void *values;          /* int64_t, double, or uint32_t codes */
    const uint64_t *valid; /* NULL: no nulls */
    bool absent;           /* all NULL */
    const mu_dict *texts;  /* what the codes stand for */
    bool transient;        /* the texts are the decoder's, and go with the block */
    const mu_dict *dict;   /* the segment's; NULL if it has none */
    uint32_t *map;         /* its codes to those of the union */
} cursor_column;

/* A segment being read. */
typedef struct run_cursor {
    mu_segment *segment; /* borrowed */
    uint32_t next_block;
    uint32_t stripe;
    uint32_t rows, at; /* of the current block; at == rows: it has ended */
    uint64_t first;    /* the number in the segment of its first row */
    uint32_t *ordinals;
    const int64_t *times; /* NULL in a lookup table */
    cursor_column *columns;
} run_cursor;

/* A column of the block being put together. */
typedef struct out_column {
    void *values; /* int64_t, double, uint32_t codes, or mu_text */
    uint64_t *valid;
    uint32_t null_count;
    bool has_dict;
    mu_dict dict; /* the union */
    uint64_t *offsets;
    char *bytes;
} out_column;

typedef struct run_merger {
    const mu_merge *merge;
    const mu_table *table;
    uint32_t cursor_count;
    run_cursor *cursors;
    out_column *columns;
    const mu_dict **dicts;
    mu_block_column *block;
    uint32_t *ordinals;
    uint32_t rows, stripe;
    mu_arena texts; /* of the block being put together */
    mu_segment_writer *writer;
} run_merger;

static mu_form form_of(const mu_table *table, uint32_t column)
{
    return mu_type_form(table->columns[column].type);
}

/* Dictionaries. */

static muster_status out_of_memory(muster_error *err)
{
    return mu_fail_memory(err, "merging segments");
}

/* Whether a segment has text in the column that is not in a dictionary. */
static bool has_plain_text(const mu_segment *segment, uint32_t column)
{
    for (uint32_t block = 0; block < mu_segment_block_count(segment); block++) {
        const mu_chunk_info *chunk = mu_segment_chunk(segment, block, column);
        if (chunk->size > 0 && !chunk->by_code) {
            return true;
        }
    }
    return false;
}

/* The union as a sorted dictionary, and each segment's map to it. */
static muster_status map_dicts(run_merger *merger, uint32_t i, const mu_dict_builder *builder,
                               const uint32_t *order, const uint32_t *rank, muster_error *err)
{
    out_column *out = &merger->columns[i];
    const uint32_t count = builder->dict.count;
    uint64_t size = 0;

    out->offsets = mu_mem_alloc_array(count + (size_t)1, sizeof *out->offsets);
    out->bytes = mu_mem_alloc(builder->dict.offsets[count] + 1);
    if (!out->offsets || !out->bytes) {
        return out_of_memory(err);
    }
    for (uint32_t k = 0; k < count; k++) {
        const mu_text text = mu_dict_text(&builder->dict, order[k]);
        out->offsets[k] = size;
        memcpy(&out->bytes[size], text.data, text.size);
        size += text.size;
    }
    out->offsets[count] = size;
    out->dict = (mu_dict){.id = mu_dict_next_id(),
                          .count = count,
                          .sorted = true,
                          .offsets = out->offsets,
                          .bytes = out->bytes};
    for (uint32_t c = 0; c < merger->cursor_count; c++) {
        cursor_column *column = &merger->cursors[c].columns[i];
        const uint32_t n = column->dict ? column->dict->count : 0;
        column->map = mu_mem_alloc_array(n + (size_t)1, sizeof *column->map);
        if (!column->map) {
            return out_of_memory(err);
        }
        for (uint32_t code = 0; code < n; code++) {
            const uint32_t found = mu_dict_builder_find(builder, mu_dict_text(column->dict, code));
            column->map[code] = found == MU_NO_CODE ? MU_NO_CODE : rank[found];
        }
    }
    out->has_dict = true;
    return MUSTER_OK;
}

/* What finding codes in use takes. */
typedef struct code_reader {
    mu_segment *segment;
    uint32_t index, customer;      /* of the columns in it; no customer in a lookup table */
    uint64_t first;                /* the number of the block's first row */
    mu_decoder *codes, *customers; /* owned */
    uint32_t code[MU_BATCH_ROWS], ordinal[MU_BATCH_ROWS];
} code_reader;

static muster_status mark_block(code_reader *r, uint32_t block, const mu_merge *merge,
                                uint8_t *used, muster_error *err)
{
    const mu_erased *erased = merge->erased;
    const mu_block *place = mu_segment_block(r->segment, block);
    const bool some =
        erased && place->stripe != MU_NOBODY && mu_erased_stripe(erased, place->stripe);
    const uint64_t *valid, *none;

    if (mu_segment_chunk(r->segment, block, r->index)->size == 0) {
        return MUSTER_OK;
    }
    MU_TRY(mu_segment_read(r->segment, block, r->index, r->codes, &valid, err));
    if (some) {
        MU_TRY(mu_segment_read(r->segment, block, r->customer, r->customers, &none, err));
    }
    for (uint32_t first = 0; first < place->rows; first += MU_BATCH_ROWS) {
        const uint32_t left = place->rows - first;
        const uint32_t rows = left < MU_BATCH_ROWS ? left : MU_BATCH_ROWS;
        MU_TRY(mu_decode_u32(r->codes, first, rows, r->code, err));
        if (some) {
            MU_TRY(mu_decode_customer(r->customers, first, rows, r->ordinal, err));
        }
        for (uint32_t row = 0; row < rows; row++) {
            if ((!valid || mu_bits_test(valid, first + row)) &&
                !(some && mu_erased_has(erased, r->ordinal[row])) &&
                !(merge->gone && mu_bits_test(merge->gone, r->first + first + row))) {
                used[r->code[row]] = 1;
            }
        }
    }
    return MUSTER_OK;
}

/* Finds the codes in rows that are kept: texts that only others had go with them. */
static muster_status find_used(const run_merger *merger, uint32_t c, uint32_t index, uint8_t *used,
                               muster_error *err)
{
    mu_segment *segment = merger->cursors[c].segment;
    const mu_table *table = merger->table;
    code_reader r = {.segment = segment,
                     .index = index,
                     .customer = MU_NO_COLUMN,
                     .codes = mu_decoder_new(),
                     .customers = mu_decoder_new()};
    muster_status status = r.codes && r.customers ? MUSTER_OK : out_of_memory(err);

    if (table->customer_column != MU_NO_COLUMN) {
        r.customer = mu_segment_column(segment, table->columns[table->customer_column].id);
    }
    for (uint32_t b = 0; status == MUSTER_OK && b < mu_segment_block_count(segment); b++) {
        status = mark_block(&r, b, merger->merge, used, err);
        r.first += mu_segment_block(segment, b)->rows;
    }
    mu_decoder_free(r.codes);
    mu_decoder_free(r.customers);
    return status;
}

/* Adds the texts of the i-th column's dictionary in one segment to the union. */
static muster_status add_dict(const run_merger *merger, uint32_t c, uint32_t i, uint32_t index,
                              mu_dict_builder *builder, muster_error *err)
{
    const mu_dict *dict = merger->cursors[c].columns[i].dict;
    const uint32_t count = dict ? dict->count : 0;
    uint8_t *used = NULL;
    muster_status status = MUSTER_OK;
    uint32_t ignored;

    if ((merger->merge->erased || merger->merge->gone) && count > 0) {
        used = mu_mem_zalloc(count);
        status = used ? find_used(merger, c, index, used, err) : out_of_memory(err);
    }
    for (uint32_t code = 0; status == MUSTER_OK && code < count; code++) {
        if ((!used || used[code]) &&
            !mu_dict_builder_add(builder, mu_dict_text(dict, code), &ignored)) {
            status = out_of_memory(err);
        }
    }
    mu_mem_free(used);
    return status;
}

/* Makes the union of a column's dictionaries, unless some segment has none or it would not pay. */
static muster_status unite_dicts(run_merger *merger, uint32_t i, muster_error *err)
{
    mu_dict_builder builder = {0};
    uint32_t *order = NULL, *rank = NULL;
    uint64_t rows = 0;
    bool plain = false;
    muster_status status = MUSTER_OK;

    for (uint32_t c = 0; c < merger->cursor_count && status == MUSTER_OK; c++) {
        mu_segment *segment = merger->cursors[c].segment;
        cursor_column *column = &merger->cursors[c].columns[i];
        const uint32_t index = mu_segment_column(segment, merger->table->columns[i].id);
        rows += mu_segment_rows(segment);
        if (index == MU_NO_COLUMN) {
            continue;
        }
        status = mu_segment_dict(segment, index, &column->dict, err);
        plain = plain || has_plain_text(segment, index);
        if (status == MUSTER_OK && !plain) {
            status = add_dict(merger, c, i, index, &builder, err);
        }
    }
    const uint32_t count = builder.dict.count;
    const bool pays = !plain && count > 0 && builder.dict.offsets[count] <= MAX_DICT_BYTES &&
                      (count <= 256 || count <= rows / 2);
    if (status == MUSTER_OK && pays) {
        status = mu_dict_builder_sort(&builder, &order, &rank)
                     ? map_dicts(merger, i, &builder, order, rank, err)
                     : out_of_memory(err);
    }
    mu_mem_free(order);
    mu_mem_free(rank);
    mu_dict_builder_deinit(&builder);
    return status;
}

/* Reading. */

static muster_status decode_codes(cursor_column *column, uint32_t rows, bool by_code,
                                  muster_error *err)
{
    uint32_t *codes = column->values;

    column->transient = !by_code;
    if (by_code) {
        column->texts = column->dict;
        return mu_decode_u32(column->decoder, 0, rows, codes, err);
    }
    for (uint32_t row = 0; row < rows; row++) {
        codes[row] = row;
    }
    return mu_decode_text(column->decoder, &column->texts, err);
}

static muster_status decode_column(const run_merger *merger, run_cursor *cursor, uint32_t block,
                                   uint32_t i, muster_error *err)
{
    cursor_column *column = &cursor->columns[i];
    const mu_form form = form_of(merger->table, i);
    const uint32_t index = mu_segment_column(cursor->segment, merger->table->columns[i].id);
    const mu_chunk_info *chunk =
        index == MU_NO_COLUMN ? NULL : mu_segment_chunk(cursor->segment, block, index);

    column->valid = NULL;
    column->absent = !chunk || chunk->size == 0;
    if (form == MU_FORM_ORDINAL && cursor->stripe == MU_NOBODY) {
        memset(cursor->ordinals, 0xff, cursor->rows * sizeof *cursor->ordinals);
        return MUSTER_OK;
    }
    if (column->absent) {
        return MUSTER_OK;
    }
    MU_TRY(mu_segment_read(cursor->segment, block, index, column->decoder, &column->valid, err));
    if (form == MU_FORM_CODE) {
        return decode_codes(column, cursor->rows, chunk->by_code, err);
    }
    for (uint32_t first = 0; first < cursor->rows; first += MU_BATCH_ROWS) {
        const uint32_t left = cursor->rows - first;
        const uint32_t n = left < MU_BATCH_ROWS ? left : MU_BATCH_ROWS;
        if (form == MU_FORM_ORDINAL) {
            MU_TRY(mu_decode_customer(column->decoder, first, n, &cursor->ordinals[first], err));
        } else if (form == MU_FORM_F64) {
            MU_TRY(mu_decode_f64(column->decoder, first, n, (double *)column->values + first, err));
        } else {
            MU_TRY(
                mu_decode_i64(column->decoder, first, n, (int64_t *)column->values + first, err));
        }
    }
    return MUSTER_OK;
}

static muster_status read_block(const run_merger *merger, run_cursor *cursor, muster_error *err)
{
    const uint32_t block = cursor->next_block++;

    cursor->first += cursor->rows;
    cursor->rows = 0;
    cursor->at = 0;
    if (block >= mu_segment_block_count(cursor->segment)) {
        return MUSTER_OK;
    }
    if (merger->merge->cancel &&
        atomic_load_explicit(merger->merge->cancel, memory_order_relaxed)) {
        return mu_fail(err, MUSTER_CANCELLED, "cancelled while merging segments");
    }
    if (merger->merge->pause) {
        merger->merge->pause(merger->merge->pause_context);
    }
    const mu_block *info = mu_segment_block(cursor->segment, block);
    cursor->rows = info->rows;
    cursor->stripe = info->stripe;
    assert(cursor->rows <= merger->merge->block_rows);
    if (merger->table->customer_column == MU_NO_COLUMN) {
        memset(cursor->ordinals, 0xff, cursor->rows * sizeof *cursor->ordinals);
    }
    for (uint32_t i = 0; i < merger->table->column_count; i++) {
        MU_TRY(decode_column(merger, cursor, block, i, err));
    }
    return MUSTER_OK;
}

static bool is_dropped(const run_merger *merger, const run_cursor *cursor, uint32_t row)
{
    const mu_merge *merge = merger->merge;

    return (merge->erased && mu_erased_has(merge->erased, cursor->ordinals[row])) ||
           (merge->gone && mu_bits_test(merge->gone, cursor->first + row));
}

/* Where the rows of the block from `first` on end that are kept. */
static uint32_t kept_until(const run_merger *merger, const run_cursor *cursor, uint32_t first,
                           uint32_t end)
{
    if (!merger->merge->erased && !merger->merge->gone) {
        return end;
    }
    while (first < end && !is_dropped(merger, cursor, first)) {
        first++;
    }
    return first;
}

/* Goes on to the next row that is kept, in the block at hand or a later one. */
static muster_status settle(run_merger *merger, run_cursor *cursor, muster_error *err)
{
    for (;;) {
        while (cursor->at < cursor->rows && is_dropped(merger, cursor, cursor->at)) {
            cursor->at++;
        }
        if (cursor->at < cursor->rows ||
            cursor->next_block >= mu_segment_block_count(cursor->segment)) {
            return MUSTER_OK;
        }
        MU_TRY(read_block(merger, cursor, err));
    }
}

/* Writing. */

static muster_status flush(run_merger *merger, muster_error *err)
{
    const uint32_t rows = merger->rows;

    if (rows == 0) {
        return MUSTER_OK;
    }
    for (uint32_t i = 0; i < merger->table->column_count; i++) {
        const out_column *out = &merger->columns[i];
        mu_block_column *block = &merger->block[i];
        const mu_form form = form_of(merger->table, i);

        *block = (mu_block_column){0};
        if (form == MU_FORM_ORDINAL || out->null_count == rows) {
            continue;
        }
        block->valid = out->null_count > 0 ? out->valid : NULL;
        if (form == MU_FORM_F64) {
            block->f64 = out->values;
        } else if (form != MU_FORM_CODE) {
            block->i64 = out->values;
        } else if (out->has_dict) {
            block->codes = out->values;
        } else {
            block->text = out->values;
        }
    }
    MU_TRY(mu_segment_writer_add(merger->writer, merger->stripe, rows,
                                 merger->stripe == MU_NOBODY ? NULL : merger->ordinals,
                                 merger->block, err));
    for (uint32_t i = 0; i < merger->table->column_count; i++) {
        merger->columns[i].null_count = 0;
    }
    merger->rows = 0;
    mu_arena_reset(&merger->texts);
    return MUSTER_OK;
}

static muster_status append_texts(run_merger *merger, out_column *out, const cursor_column *column,
                                  uint32_t from, uint32_t count, muster_error *err)
{
    const uint32_t *codes = (const uint32_t *)column->values + from;

    if (out->has_dict) {
        uint32_t *mapped = (uint32_t *)out->values + merger->rows;
        for (uint32_t i = 0; i < count; i++) {
            const bool valid = !column->valid || mu_bits_test(column->valid, from + i);
            mapped[i] = valid ? column->map[codes[i]] : 0;
        }
        return MUSTER_OK;
    }
    mu_text *texts = (mu_text *)out->values + merger->rows;
    for (uint32_t i = 0; i < count; i++) {
        const bool valid = !column->valid || mu_bits_test(column->valid, from + i);
        texts[i] = valid ? mu_dict_text(column->texts, codes[i]) : MU_TEXT_OF("");
        if (column->transient && texts[i].size > 0) {
            texts[i].data = mu_arena_text(&merger->texts, texts[i].data, texts[i].size);
            if (!texts[i].data) {
                return out_of_memory(err);
            }
        }
    }
    return MUSTER_OK;
}

/* Appends rows of the cursor's block to the block being put together. */
static muster_status append_column(run_merger *merger, const run_cursor *cursor, uint32_t i,
                                   uint32_t count, muster_error *err)
{
    const mu_form form = form_of(merger->table, i);
    const cursor_column *column = &cursor->columns[i];
    out_column *out = &merger->columns[i];

    if (form == MU_FORM_ORDINAL) {
        return MUSTER_OK;
    }
    for (uint32_t k = 0; k < count; k++) {
        const bool valid =
            !column->absent && (!column->valid || mu_bits_test(column->valid, cursor->at + k));
        if (valid) {
            mu_bits_set(out->valid, merger->rows + k);
        } else {
            mu_bits_clear(out->valid, merger->rows + k);
            out->null_count++;
        }
    }
    if (column->absent) { /* nulls may be anything, but texts must be readable */
        const size_t size = form == MU_FORM_CODE && out->has_dict ? sizeof(uint32_t)
                            : form == MU_FORM_CODE                ? sizeof(mu_text)
                                                                  : sizeof(int64_t);
        memset((char *)out->values + merger->rows * size, 0, count * size);
    } else if (form == MU_FORM_CODE) {
        return append_texts(merger, out, column, cursor->at, count, err);
    } else {
        memcpy((char *)out->values + merger->rows * sizeof(int64_t),
               (const char *)column->values + cursor->at * sizeof(int64_t),
               count * sizeof(int64_t));
    }
    return MUSTER_OK;
}

static muster_status append(run_merger *merger, run_cursor *cursor, uint32_t count,
                            muster_error *err)
{
    while (count > 0) {
        if (merger->rows > 0 &&
            (merger->stripe != cursor->stripe || merger->rows == merger->merge->block_rows)) {
            MU_TRY(flush(merger, err));
        }
        const uint32_t room = merger->merge->block_rows - merger->rows;
        const uint32_t n = count < room ? count : room;
        merger->stripe = cursor->stripe;
        memcpy(&merger->ordinals[merger->rows], &cursor->ordinals[cursor->at],
               n * sizeof *cursor->ordinals);
        for (uint32_t i = 0; i < merger->table->column_count; i++) {
            MU_TRY(append_column(merger, cursor, i, n, err));
        }
        merger->rows += n;
        cursor->at += n;
        count -= n;
    }
    return settle(merger, cursor, err);
}

/* The merge. */

/* Whether row `row` of a comes before the next row of b; with equal ones, `first` decides. */
static bool before(const run_cursor *a, uint32_t row, const run_cursor *b, bool first)
{
    if (a->ordinals[row] != b->ordinals[b->at]) {
        return a->ordinals[row] < b->ordinals[b->at];
    }
    if (a->times && a->times[row] != b->times[b->at]) {
        return a->times[row] < b->times[b->at];
    }
    return first;
}

/* The segment whose next row is least, and the one that comes after it; NULL where there is none.
 */
static run_cursor *least(run_merger *merger, run_cursor **second)
{
    run_cursor *best = NULL;

    *second = NULL;
    for (uint32_t c = 0; c < merger->cursor_count; c++) {
        run_cursor *one = &merger->cursors[c];
        if (one->at == one->rows) {
            continue;
        }
        if (!best) {
            best = one;
        } else if (before(one, one->at, best, false)) { /* best is the earlier one */
            *second = best;
            best = one;
        } else if (!*second || before(one, one->at, *second, one < *second)) {
            *second = one;
        }
    }
    return best;
}

static muster_status merge_rows(run_merger *merger, muster_error *err)
{
    run_cursor *best, *second;

    while ((best = least(merger, &second))) {
        uint32_t end = best->at + 1;
        const uint32_t kept = kept_until(merger, best, end, best->rows);
        if (!second) {
            end = kept;
        }
        while (end < kept && before(best, end, second, best < second)) {
            end++;
        }
        MU_TRY(append(merger, best, end - best->at, err));
    }
    return flush(merger, err);
}

static muster_status open_cursor(run_merger *merger, run_cursor *cursor, mu_segment *segment,
                                 muster_error *err)
{
    const uint32_t columns = merger->table->column_count;
    const size_t rows = mu_bits_words(merger->merge->block_rows) * 64; /* decoders fill words */

    cursor->segment = segment;
    cursor->ordinals = mu_mem_alloc_array(rows, sizeof *cursor->ordinals);
    cursor->columns = mu_mem_zalloc_array(columns, sizeof *cursor->columns);
    if (!cursor->ordinals || !cursor->columns) {
        return out_of_memory(err);
    }
    for (uint32_t i = 0; i < columns; i++) {
        cursor->columns[i].decoder = mu_decoder_new();
        cursor->columns[i].values = mu_mem_alloc_array(rows, sizeof(int64_t));
        if (!cursor->columns[i].decoder || !cursor->columns[i].values) {
            return out_of_memory(err);
        }
    }
    if (merger->table->time_column != MU_NO_COLUMN) {
        cursor->times = cursor->columns[merger->table->time_column].values;
    }
    return MUSTER_OK;
}

static muster_status open_merger(run_merger *merger, muster_error *err)
{
    const uint32_t columns = merger->table->column_count;
    const uint32_t rows = merger->merge->block_rows;

    merger->cursors = mu_mem_zalloc_array(merger->cursor_count, sizeof *merger->cursors);
    merger->columns = mu_mem_zalloc_array(columns, sizeof *merger->columns);
    merger->dicts = mu_mem_zalloc_array(columns, sizeof *merger->dicts);
    merger->block = mu_mem_zalloc_array(columns, sizeof *merger->block);
    merger->ordinals = mu_mem_alloc_array(rows, sizeof *merger->ordinals);
    if (!merger->cursors || !merger->columns || !merger->dicts || !merger->block ||
        !merger->ordinals) {
        return out_of_memory(err);
    }
    for (uint32_t c = 0; c < merger->cursor_count; c++) {
        MU_TRY(open_cursor(merger, &merger->cursors[c], merger->merge->segments[c], err));
    }
    for (uint32_t i = 0; i < columns; i++) {
        merger->columns[i].values = mu_mem_zalloc_array(rows, sizeof(mu_text));
        merger->columns[i].valid = mu_mem_zalloc_array(mu_bits_words(rows), sizeof(uint64_t));
        if (!merger->columns[i].values || !merger->columns[i].valid) {
            return out_of_memory(err);
        }
        if (form_of(merger->table, i) == MU_FORM_CODE) {
            MU_TRY(unite_dicts(merger, i, err));
            merger->dicts[i] = merger->columns[i].has_dict ? &merger->columns[i].dict : NULL;
        }
    }
    for (uint32_t c = 0; c < merger->cursor_count; c++) {
        MU_TRY(settle(merger, &merger->cursors[c], err));
    }
    return MUSTER_OK;
}

static void close_merger(run_merger *merger)
{
    const uint32_t columns = merger->table->column_count;

    for (uint32_t c = 0; merger->cursors && c < merger->cursor_count; c++) {
        run_cursor *cursor = &merger->cursors[c];
        for (uint32_t i = 0; cursor->columns && i < columns; i++) {
            mu_decoder_free(cursor->columns[i].decoder);
            mu_mem_free(cursor->columns[i].values);
            mu_mem_free(cursor->columns[i].map);
        }
        mu_mem_free(cursor->columns);
        mu_mem_free(cursor->ordinals);
    }
    for (uint32_t i = 0; merger->columns && i < columns; i++) {
        mu_mem_free(merger->columns[i].values);
        mu_mem_free(merger->columns[i].valid);
        mu_mem_free(merger->columns[i].offsets);
        mu_mem_free(merger->columns[i].bytes);
    }
    mu_mem_free(merger->cursors);
    mu_mem_free(merger->columns);
    mu_mem_free(merger->dicts);
    mu_mem_free(merger->block);
    mu_mem_free(merger->ordinals);
    mu_arena_deinit(&merger->texts);
    mu_segment_writer_abort(merger->writer);
}

muster_status mu_merge_segments(const mu_merge *merge, mu_segment_info *info, mu_map *bytes,
                                muster_error *err)
{
    run_merger merger = {
        .merge = merge, .table = merge->table, .cursor_count = merge->segment_count};
    muster_status status;

    assert(!merge->gone || merge->segment_count == 1);
    MU_TRY_GOTO(open_merger(&merger, err));
    MU_TRY_GOTO(mu_segment_writer_open(merge->directory, merge->file, merge->table, merge->period,
                                       merger.dicts, &merger.writer, err));
    MU_TRY_GOTO(merge_rows(&merger, err));
    mu_segment_writer *const writer = merger.writer;
    merger.writer = NULL;
    status = merge->directory ? mu_segment_writer_finish(writer, merge->temporary, info, err)
                              : mu_segment_writer_take(writer, info, bytes, err);
fail:
    close_merger(&merger);
    return status;
}
