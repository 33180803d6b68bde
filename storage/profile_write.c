/*
 * profile_write.c - rows of attributes become a segment of whole stripes.
 *
 * A change names some columns and some customers. Every stripe with one of them is written anew,
 * with these columns only: a column of a stripe is a chunk of some 10 to 500 KB, so that a single
 * change is done at once, and readers find each value at its place, without merging anything. What
 * the new segment covers takes the place of what older ones have there.
 *
 * To keep the segments few, the new one takes over what is still in use of those just before it, as
 * long as that is not more than itself (profile_cover.c decides), like the runs of a log-structured
 * merge: a value is written again about log2(n) times in its life.
 *
 * A stripe is put together block by block, twice: first the texts, to find out which columns get a
 * dictionary of the new segment and what is in it, then all of it.
 */
#include "storage/profile_write.h"

#include "storage/base/bits.h"
#include "storage/base/mem.h"
#include "storage/change_state.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

enum {
#ifdef MU_TINY
    MAX_DICT_BYTES = 1 << 9,
    BLOCK_TEXT_BYTES = 1 << 9,
#else
    MAX_DICT_BYTES = 16 << 20,
    BLOCK_TEXT_BYTES = 16 << 20, /* of a column, in a block of more than one batch */
#endif
    SMALL_DICT = 256,       /* texts that are a dictionary, however few the rows */
    BLOCK_BYTES = 64 << 20, /* that a block being put together may take */
};

/* A column being written. */
typedef struct out_column {
    mu_form form;
    uint32_t edited; /* the column of the rows; MU_NO_COLUMN: none, all is taken over */
    void *values;    /* of a block: int64_t, double, or uint32_t codes of the union */
    uint64_t *valid;
    mu_text *texts; /* of a block, where the column has no dictionary: */
    bool plain;
    mu_dict_union *all; /* texts seen so far; NULL once it is plain */
    uint64_t *used;     /* codes that are in the new segment */
    size_t used_capacity;
    uint32_t *rank; /* of each code, in the dictionary */
    mu_dict dict;   /* the used ones, sorted */
    uint64_t *offsets;
    char *bytes;
} out_column;

/* Where the reading of the edited rows is. */
typedef struct edit_cursor {
    mu_segment *segment;
    uint32_t block, block_end; /* of the stripe; the next one to read */
    mu_scan_place place;       /* the batch at hand */
    uint32_t at;               /* the next of its rows */
    mu_scan_column customer;
    mu_scan_column *columns; /* by column of the table of rows */
    const uint32_t *ordinals;
} edit_cursor;

typedef struct profile_writer {
    mu_change *change;
    const mu_table *rows_table;
    mu_table table; /* what is written: CUSTOMER, then the columns */
    mu_profile *old;
    mu_profile_cover cover;
    edit_cursor edits;
    out_column *columns; /* of table.columns[1] on */
    uint32_t column_count;
    uint32_t customers; /* with the new ones */
    uint32_t block_rows;
    uint32_t *ordinals;
    mu_block_column *block;
    const mu_dict **dicts;
    uint64_t total_rows;
    uint64_t bytes_read;
    const uint64_t *erased; /* of the stripe at hand; NULL: no one */
    mu_arena arena;
    mu_arena texts; /* of the block at hand, those of plain columns */
    mu_segment_writer *file;
} profile_writer;

static muster_status out_of_memory(muster_error *err)
{
    return mu_fail_memory(err, "writing attributes of customers");
}

/* The rows that are edited. */

static muster_status open_edits(profile_writer *w, const mu_segment_info *rows, muster_error *err)
{
    edit_cursor *edits = &w->edits;
    char name[MU_SEGMENT_NAME_BYTES];

    mu_segment_name(rows->file, name);
    MU_TRY(mu_segment_open(mu_change_directory(w->change), name, &edits->segment, err));
    MU_ARENA_TRY(edits->columns, &w->arena, w->rows_table->column_count, err);
    for (uint32_t i = 0; i < w->rows_table->column_count; i++) {
        MU_TRY(mu_scan_column_init(&edits->columns[i], w->rows_table->columns[i].type, &w->arena,
                                   err));
    }
    return MUSTER_OK;
}

static void start_edits(profile_writer *w, uint32_t stripe)
{
    edit_cursor *edits = &w->edits;

    if (edits->segment) {
        mu_segment_stripe(edits->segment, stripe, &edits->block, &edits->block_end);
    }
    edits->place = (mu_scan_place){.segment = edits->segment};
    edits->at = 0;
}

/* Goes to the next batch of the stripe's rows; place.rows is 0 if there is none. */
static muster_status next_edits(profile_writer *w, muster_error *err)
{
    edit_cursor *edits = &w->edits;
    mu_scan_place *place = &edits->place;
    mu_vector vector;

    edits->at = 0;
    place->first += place->rows;
    if (place->rows == 0 || place->first == mu_segment_block(edits->segment, place->block)->rows) {
        place->rows = 0;
        if (edits->block == edits->block_end) {
            return MUSTER_OK;
        }
        place->block = edits->block++;
        place->first = 0;
        for (uint32_t i = 0; i < w->rows_table->column_count; i++) {
            edits->columns[i].state = MU_SCAN_CLOSED;
        }
    }
    const uint32_t left = mu_segment_block(edits->segment, place->block)->rows - place->first;
    place->rows = left < MU_BATCH_ROWS ? left : MU_BATCH_ROWS;
    const uint32_t customer = w->rows_table->customer_column;
    MU_TRY(mu_scan_column_load(&edits->columns[customer], place, customer, &vector, &w->bytes_read,
                               err));
    edits->ordinals = vector.data;
    return MUSTER_OK;
}

/* A block. */

static bool is_text(const out_column *column)
{
    return column->form == MU_FORM_CODE;
}

/* Copies row `from` of a vector to row `to` of the block. A text comes as a code of the union, or,
 * in a column without a dictionary, is copied: it may go with the chunk it is in. False when out of
 * memory. */
static bool copy_value(profile_writer *w, out_column *column, const mu_vector *vector,
                       const uint32_t *codes, uint32_t from, uint32_t to)
{
    if (!mu_vector_valid(vector, from)) {
        mu_bits_clear(column->valid, to);
        return true;
    }
    mu_bits_set(column->valid, to);
    switch (column->form) {
    case MU_FORM_BITS:
        ((int64_t *)column->values)[to] = mu_bits_test(vector->data, from);
        break;
    case MU_FORM_I64:
        ((int64_t *)column->values)[to] = ((const int64_t *)vector->data)[from];
        break;
    case MU_FORM_F64:
        ((double *)column->values)[to] = ((const double *)vector->data)[from];
        break;
    case MU_FORM_CODE:
        if (column->plain) {
            mu_text text = mu_dict_text(vector->dict, ((const uint32_t *)vector->data)[from]);
            text.data = mu_arena_text(&w->texts, text.data, text.size);
            column->texts[to] = text;
            return text.data != NULL;
        }
        ((uint32_t *)column->values)[to] = codes[from];
        break;
    case MU_FORM_ORDINAL:
        break;
    }
    return true;
}

static muster_status map_texts(out_column *column, const mu_vector *vector, uint32_t rows,
                               uint32_t codes[MU_BATCH_ROWS], muster_error *err)
{
    if (is_text(column) && !column->plain &&
        !mu_dict_union_map(column->all, vector->dict, vector->data, vector->valid, NULL, rows,
                           codes)) {
        return out_of_memory(err);
    }
    return MUSTER_OK;
}

/* What the columns have now, for customers [first, first + rows) of the stripe. */
static muster_status take_over(profile_writer *w, uint32_t i, uint32_t first, uint32_t rows,
                               muster_error *err)
{
    out_column *column = &w->columns[i];
    uint32_t codes[MU_BATCH_ROWS];
    mu_vector vector;

    for (uint32_t at = 0; at < rows; at += MU_BATCH_ROWS) {
        const uint32_t n = rows - at < MU_BATCH_ROWS ? rows - at : MU_BATCH_ROWS;
        MU_TRY(mu_profile_load(w->old, i, first + at, n, &vector, &w->bytes_read, err));
        MU_TRY(map_texts(column, &vector, n, codes, err));
        for (uint32_t row = 0; row < n; row++) {
            if (!copy_value(w, column, &vector, codes, row, at + row)) {
                return out_of_memory(err);
            }
        }
    }
    for (size_t i64 = 0; w->erased && i64 < mu_bits_words(rows); i64++) {
        column->valid[i64] &=
            ~w->erased[first / 64 + i64]; /* their bytes go at the next occasion */
    }
    return MUSTER_OK;
}

static muster_status check_length(const profile_writer *w, uint32_t i, const mu_vector *vector,
                                  muster_error *err)
{
    for (uint32_t row = 0; row < w->edits.place.rows; row++) {
        if (mu_vector_valid(vector, row)) {
            const mu_text text = mu_dict_text(vector->dict, ((const uint32_t *)vector->data)[row]);
            if (text.size > MU_MAX_ATTRIBUTE_BYTES) {
                return mu_fail(err, MUSTER_INVALID,
                               "a value of \"%s\" has %u bytes; an attribute of a customer has at "
                               "most %d",
                               w->table.columns[i + 1].name, text.size,
                               (int)MU_MAX_ATTRIBUTE_BYTES);
            }
        }
    }
    return MUSTER_OK;
}

/* Puts the next `count` edited rows in their places. */
static muster_status apply_edits(profile_writer *w, uint32_t i, uint32_t first, uint32_t count,
                                 muster_error *err)
{
    out_column *column = &w->columns[i];
    edit_cursor *edits = &w->edits;
    uint32_t codes[MU_BATCH_ROWS];
    mu_vector vector;

    MU_TRY(mu_scan_column_load(&edits->columns[column->edited], &edits->place, column->edited,
                               &vector, &w->bytes_read, err));
    if (is_text(column)) {
        MU_TRY(check_length(w, i, &vector, err));
    }
    MU_TRY(map_texts(column, &vector, edits->place.rows, codes, err));
    for (uint32_t k = edits->at; k < edits->at + count; k++) {
        const uint32_t to = edits->ordinals[k] % MU_STRIPE_ROWS - first;
        if (!copy_value(w, column, &vector, codes, k, to)) {
            return out_of_memory(err);
        }
    }
    return MUSTER_OK;
}

/* Is the column of interest in this pass? */
static bool wanted(const out_column *column, bool texts_only)
{
    return !texts_only || (is_text(column) && !column->plain);
}

/* Puts the edits of customers [first, first + rows) of the stripe over what was taken over. */
static muster_status overlay(profile_writer *w, uint32_t first, uint32_t rows, bool texts_only,
                             muster_error *err)
{
    edit_cursor *edits = &w->edits;

    for (;;) {
        uint32_t count = 0;
        if (edits->at == edits->place.rows) {
            MU_TRY(next_edits(w, err));
            if (edits->place.rows == 0) {
                return MUSTER_OK;
            }
        }
        while (edits->at + count < edits->place.rows &&
               edits->ordinals[edits->at + count] % MU_STRIPE_ROWS - first < rows) {
            count++;
        }
        for (uint32_t i = 0; i < w->column_count && count > 0; i++) {
            if (w->columns[i].edited != MU_NO_COLUMN && wanted(&w->columns[i], texts_only)) {
                MU_TRY(apply_edits(w, i, first, count, err));
            }
        }
        edits->at += count;
        if (edits->at < edits->place.rows) {
            return MUSTER_OK;
        }
    }
}

static muster_status fill_block(profile_writer *w, uint32_t first, uint32_t rows, bool texts_only,
                                muster_error *err)
{
    mu_arena_reset(&w->texts);
    for (uint32_t i = 0; i < w->column_count; i++) {
        if (wanted(&w->columns[i], texts_only)) {
            MU_TRY(take_over(w, i, first, rows, err));
        }
    }
    return overlay(w, first, rows, texts_only, err);
}

/* The stripes. */

typedef muster_status block_fn(profile_writer *w, uint32_t stripe, uint32_t first, uint32_t rows,
                               muster_error *err);

/* Fills each block of each stripe that the cover has, and hands it on. */
static muster_status each_block(profile_writer *w, bool texts_only, block_fn *take,
                                muster_error *err)
{
    for (uint32_t s = 0; s < w->cover.stripe_count; s++) {
        const uint32_t stripe = w->cover.stripes[s];
        const uint32_t left = w->customers - stripe * MU_STRIPE_ROWS;
        const uint32_t all = left < MU_STRIPE_ROWS ? left : MU_STRIPE_ROWS;
        mu_profile_start(w->old, stripe);
        w->erased = mu_erased_stripe(mu_snapshot_erased(mu_change_base(w->change)), stripe);
        start_edits(w, stripe);
        for (uint32_t first = 0; first < all; first += w->block_rows) {
            const uint32_t rows = all - first < w->block_rows ? all - first : w->block_rows;
            MU_TRY(mu_change_check_cancel(w->change, err));
            MU_TRY(fill_block(w, first, rows, texts_only, err));
            MU_TRY(take(w, stripe, first, rows, err));
        }
    }
    return MUSTER_OK;
}

/* Dictionaries. */

static bool dict_pays(const profile_writer *w, const out_column *column)
{
    const mu_dict_builder *builder = mu_dict_union_builder(column->all);
    const uint32_t count = builder->dict.count;

    return count == 0 || (builder->dict.offsets[count] <= MAX_DICT_BYTES &&
                          (count <= SMALL_DICT || count <= w->total_rows / 2));
}

/* Notes which texts are in the block; a column with too many goes without a dictionary. */
static muster_status collect_texts(profile_writer *w, uint32_t stripe, uint32_t first,
                                   uint32_t rows, muster_error *err)
{
    (void)stripe;
    (void)first;
    for (uint32_t i = 0; i < w->column_count; i++) {
        out_column *column = &w->columns[i];
        if (!wanted(column, true)) {
            continue;
        }
        if (!dict_pays(w, column)) {
            column->plain = true;
            mu_dict_union_close(column->all);
            column->all = NULL;
            continue;
        }
        const size_t words =
            mu_bits_words(mu_dict_union_builder(column->all)->dict.count + (size_t)1);
        const size_t before = column->used_capacity;
        if (!mu_mem_reserve(&column->used, &column->used_capacity, words, sizeof(uint64_t))) {
            return out_of_memory(err);
        }
        memset(column->used + before, 0, (column->used_capacity - before) * sizeof(uint64_t));
        for (uint32_t row = 0; row < rows; row++) {
            if (mu_bits_test(column->valid, row)) {
                mu_bits_set(column->used, ((const uint32_t *)column->values)[row]);
            }
        }
    }
    return MUSTER_OK;
}

/* The texts in use, sorted; rank[code of the union] is where each is. */
static muster_status sort_texts(out_column *column, const mu_dict *texts, uint32_t *order,
                                uint32_t *rank, muster_error *err)
{
    uint32_t count = 0;
    uint64_t size = 0;

    column->offsets = mu_mem_alloc_array(texts->count + (size_t)1, sizeof *column->offsets);
    column->bytes = mu_mem_alloc((texts->count > 0 ? texts->offsets[texts->count] : 0) + 1);
    if (!column->offsets || !column->bytes) {
        return out_of_memory(err);
    }
    for (uint32_t i = 0; i < texts->count; i++) {
        if (!mu_bits_test(column->used, order[i])) {
            continue;
        }
        const mu_text text = mu_dict_text(texts, order[i]);
        rank[order[i]] = count;
        column->offsets[count++] = size;
        memcpy(&column->bytes[size], text.data, text.size);
        size += text.size;
    }
    column->offsets[count] = size;
    column->dict = (mu_dict){.id = mu_dict_next_id(),
                             .count = count,
                             .sorted = true,
                             .offsets = column->offsets,
                             .bytes = column->bytes};
    return MUSTER_OK;
}

static muster_status make_dict(out_column *column, muster_error *err)
{
    const mu_dict_builder *builder = mu_dict_union_builder(column->all);
    uint32_t *order = NULL;

    if (!mu_dict_builder_sort(builder, &order, &column->rank)) {
        return out_of_memory(err);
    }
    const muster_status status = sort_texts(column, &builder->dict, order, column->rank, err);
    mu_mem_free(order);
    return status;
}

static muster_status choose_dicts(profile_writer *w, muster_error *err)
{
    bool any = false;

    for (uint32_t i = 0; i < w->column_count; i++) {
        if (is_text(&w->columns[i])) {
            any = true;
            w->columns[i].all = mu_dict_union_open();
            if (!w->columns[i].all) {
                return out_of_memory(err);
            }
        }
    }
    if (!any) {
        return MUSTER_OK;
    }
    MU_TRY(each_block(w, true, collect_texts, err));
    for (uint32_t i = 0; i < w->column_count; i++) {
        out_column *column = &w->columns[i];
        if (is_text(column) && !column->plain) {
            MU_TRY(make_dict(column, err));
            w->dicts[i + 1] = column->dict.count > 0 ? &column->dict : NULL;
        }
    }
    return MUSTER_OK;
}

/* Writing. */

/* Turns codes of the union into codes of the dictionary; what is NULL has no text. */
static void settle_texts(out_column *column, uint32_t rows)
{
    uint32_t *codes = column->values;

    for (uint32_t row = 0; row < rows; row++) {
        const bool valid = mu_bits_test(column->valid, row);
        if (!column->plain) {
            codes[row] = valid ? column->rank[codes[row]] : 0;
        } else if (!valid) {
            column->texts[row] = MU_TEXT_OF("");
        }
    }
}

static mu_block_column block_column(const out_column *column, uint32_t first, uint32_t rows)
{
    mu_block_column block = {.valid = column->valid + first / 64};

    if (mu_bits_none(block.valid, mu_bits_words(rows))) {
        return (mu_block_column){0};
    }
    switch (column->form) {
    case MU_FORM_BITS:
    case MU_FORM_I64:
        block.i64 = (const int64_t *)column->values + first;
        break;
    case MU_FORM_F64:
        block.f64 = (const double *)column->values + first;
        break;
    case MU_FORM_CODE:
        block.codes = column->plain ? NULL : (const uint32_t *)column->values + first;
        block.text = column->plain ? column->texts + first : NULL;
        break;
    case MU_FORM_ORDINAL:
        break;
    }
    return block;
}

/* How many rows from `first` on go into one block of the file: whole batches, with so little text
 * that the writer of segments does not cut them further. */
static uint32_t rows_of_part(const profile_writer *w, uint32_t first, uint32_t rows)
{
    uint32_t part = rows - first;

    for (uint32_t i = 0; i < w->column_count; i++) {
        const out_column *column = &w->columns[i];
        uint64_t bytes = 0;
        for (uint32_t row = 0; is_text(column) && column->plain && row < part; row++) {
            bytes += column->texts[first + row].size;
            if (bytes > BLOCK_TEXT_BYTES && row >= MU_BATCH_ROWS) {
                part = row / MU_BATCH_ROWS * MU_BATCH_ROWS;
            }
        }
    }
    return part;
}

static muster_status write_block(profile_writer *w, uint32_t stripe, uint32_t first, uint32_t rows,
                                 muster_error *err)
{
    uint32_t part;

    for (uint32_t row = 0; row < rows; row++) {
        w->ordinals[row] = stripe * MU_STRIPE_ROWS + first + row;
    }
    for (uint32_t i = 0; i < w->column_count; i++) {
        if (is_text(&w->columns[i])) {
            settle_texts(&w->columns[i], rows);
        }
    }
    for (uint32_t at = 0; at < rows; at += part) {
        part = rows_of_part(w, at, rows);
        for (uint32_t i = 0; i < w->column_count; i++) {
            w->block[i + 1] = block_column(&w->columns[i], at, part);
        }
        MU_TRY(mu_segment_writer_add(w->file, stripe, part, w->ordinals + at, w->block, err));
    }
    return MUSTER_OK;
}

static muster_status write_file(profile_writer *w, muster_error *err)
{
    mu_segment_info info;

    MU_TRY(mu_segment_writer_open(mu_change_directory(w->change), mu_change_next_file(w->change),
                                  &w->table, 0, w->dicts, &w->file, err));
    MU_TRY(each_block(w, false, write_block, err));
    mu_segment_writer *file = w->file;
    w->file = NULL; /* it is closed whatever happens */
    MU_TRY(mu_segment_writer_finish(file, false, &info, err));
    return mu_change_add_segment(w->change, &info, err);
}

/* Opening. */

static bool open_column(profile_writer *w, uint32_t i)
{
    out_column *column = &w->columns[i];
    const mu_column *written = &w->table.columns[i + 1];
    const uint32_t rows = w->block_rows;

    column->form = mu_type_form(written->type);
    column->edited = MU_NO_COLUMN;
    for (uint32_t c = 0; c < w->rows_table->column_count; c++) {
        if (w->rows_table->columns[c].id == written->id) {
            column->edited = c;
        }
    }
    column->values = MU_NEW_ARRAY(&w->arena, int64_t, rows);
    column->valid = MU_NEW_ARRAY(&w->arena, uint64_t, mu_bits_words(rows));
    column->texts = is_text(column) ? MU_NEW_ARRAY(&w->arena, mu_text, rows) : NULL;
    return column->values && column->valid && (column->texts || !is_text(column));
}

/* The table that is written: CUSTOMER, and the columns of the cover. */
static muster_status make_table(profile_writer *w, const mu_table *customers, muster_error *err)
{
    const mu_profile_cover *cover = &w->cover;
    mu_column *columns;

    MU_ARENA_TRY(columns, &w->arena, cover->column_count + 1, err);
    columns[0] = customers->columns[customers->customer_column];
    for (uint32_t i = 0; i < cover->column_count; i++) {
        columns[i + 1] = customers->columns[cover->columns[i]];
    }
    w->table = *customers;
    w->table.columns = columns;
    w->table.column_count = cover->column_count + 1;
    mu_table_find_roles(&w->table);
    w->column_count = cover->column_count;
    const size_t row_bytes = w->table.column_count * sizeof(mu_text);
    const size_t fitting = BLOCK_BYTES / row_bytes / MU_BATCH_ROWS * MU_BATCH_ROWS;
    w->block_rows = fitting < MU_BATCH_ROWS   ? MU_BATCH_ROWS
                    : fitting > MU_BLOCK_ROWS ? MU_BLOCK_ROWS
                                              : (uint32_t)fitting;
    for (uint32_t s = 0; s < cover->stripe_count; s++) {
        const uint32_t left = w->customers - cover->stripes[s] * MU_STRIPE_ROWS;
        w->total_rows += left < MU_STRIPE_ROWS ? left : MU_STRIPE_ROWS;
    }
    return MUSTER_OK;
}

static muster_status open_writer(profile_writer *w, const mu_segment_info *rows, muster_error *err)
{
    const mu_table *customers = mu_catalog_table(mu_change_catalog(w->change), MU_CUSTOMERS_TABLE);
    mu_snapshot *base = mu_change_base(w->change);

    if (rows) {
        MU_TRY(open_edits(w, rows, err));
    }
    const uint32_t stripes =
        (uint32_t)((w->customers + (uint64_t)MU_STRIPE_ROWS - 1) / MU_STRIPE_ROWS);
    MU_TRY(mu_profile_cover_make(base, stripes, customers, w->rows_table, w->edits.segment,
                                 &w->arena, &w->cover, err));
    MU_TRY(make_table(w, customers, err));
    MU_TRY(mu_profile_open(base, customers, w->cover.columns, w->cover.column_count, &w->old, err));
    MU_ARENA_TRY(w->columns, &w->arena, w->column_count, err);
    MU_ARENA_TRY(w->ordinals, &w->arena, w->block_rows, err);
    MU_ARENA_TRY(w->block, &w->arena, w->table.column_count, err);
    MU_ARENA_TRY(w->dicts, &w->arena, w->table.column_count, err);
    for (uint32_t i = 0; i < w->column_count; i++) {
        if (!open_column(w, i)) {
            return out_of_memory(err);
        }
    }
    return MUSTER_OK;
}

static void close_writer(profile_writer *w)
{
    for (uint32_t i = 0; w->columns && i < w->column_count; i++) {
        mu_dict_union_close(w->columns[i].all);
        mu_mem_free(w->columns[i].used);
        mu_mem_free(w->columns[i].rank);
        mu_mem_free(w->columns[i].offsets);
        mu_mem_free(w->columns[i].bytes);
    }
    for (uint32_t i = 0; w->edits.columns && i < w->rows_table->column_count; i++) {
        mu_scan_column_deinit(&w->edits.columns[i]);
    }
    mu_segment_writer_abort(w->file);
    mu_profile_close(w->old);
    mu_segment_close(w->edits.segment);
    mu_arena_deinit(&w->texts);
    mu_arena_deinit(&w->arena);
}

/* Writes what the cover says, with the edits, and removes what it makes obsolete. */
static muster_status write_cover(profile_writer *w, const mu_segment_info *rows, muster_error *err)
{
    MU_TRY(open_writer(w, rows, err));
    if (w->total_rows > 0) {
        MU_TRY(choose_dicts(w, err));
        MU_TRY(write_file(w, err));
    }
    for (uint32_t i = 0; i < w->cover.obsolete_count; i++) {
        MU_TRY(mu_change_remove_segment(w->change, w->cover.obsolete[i], err));
    }
    return MUSTER_OK;
}

muster_status mu_profile_put(mu_change *change, const mu_table *table, const mu_segment_info *rows,
                             muster_error *err)
{
    profile_writer w = {.change = change,
                        .rows_table = table,
                        .customers = mu_customer_adder_count(mu_change_customers(change))};

    if (rows->nobody_rows > 0) {
        return mu_fail(err, MUSTER_INVALID, "a row of attributes has no customer");
    }
    if (table->column_count == 1) {
        return MUSTER_OK; /* ids alone: they are registered, and there is nothing to keep */
    }
    const muster_status status = write_cover(&w, rows, err);
    close_writer(&w);
    return status;
}

muster_status mu_profile_compact(mu_change *change, muster_error *err)
{
    static const mu_table nothing;
    const mu_table *customers = mu_catalog_table(mu_change_catalog(change), MU_CUSTOMERS_TABLE);
    profile_writer w = {.change = change,
                        .rows_table = &nothing,
                        .customers = mu_customer_adder_count(mu_change_customers(change))};
    bool is;

    MU_TRY(mu_profile_is_compact(mu_change_base(change), customers, &is, err));
    if (is) {
        return MUSTER_OK;
    }
    const muster_status status = write_cover(&w, NULL, err);
    close_writer(&w);
    return status;
}
