/*
 * rowset.c - rows kept in memory, as dense batches of MU_BATCH_ROWS (but the last).
 *
 * A column is one growing array in the form of its type, so row r of the rowset is row
 * r % MU_BATCH_ROWS of batch r / MU_BATCH_ROWS. Text is kept once for each distinct value of a
 * column, in a dictionary of the column; codes of a batch's dictionary are mapped to it once per
 * distinct value as long as batches keep coming with the same one. Any thread may read once
 * mu_rowset_finish() was called.
 */
#include "query/rowset.h"

#include "storage/base/mem.h"
#include "storage/kernels/kernels.h"

/* A dictionary larger than this is not mapped as a whole: clearing the map would cost more than
 * hashing the rows. */
enum {
    REMAP_MOST = 65536,
    BATCH_BYTES = 8 * MU_BATCH_ROWS /* of most columns */
};

size_t mu_rowset_bytes(mu_form form, uint64_t rows)
{
    switch (form) {
    case MU_FORM_BITS:
        return (size_t)rows / 8;
    case MU_FORM_I64:
    case MU_FORM_F64:
        return (size_t)rows * 8;
    case MU_FORM_CODE:
    case MU_FORM_ORDINAL:
        return (size_t)rows * 4;
    }
    assert(false && "a form that is not in the list");
    return 0;
}

muster_status mu_rowset_open(const mu_plan_column *columns, uint32_t column_count, mu_rowset **out,
                             muster_error *err)
{
    mu_rowset *rows = mu_mem_zalloc(sizeof *rows);

    *out = NULL;
    if (rows) {
        rows->columns = mu_mem_zalloc_array(column_count, sizeof *rows->columns);
    }
    if (!rows || !rows->columns) {
        mu_rowset_close(rows);
        return mu_fail_memory(err, "keeping rows");
    }
    rows->column_count = column_count;
    for (uint32_t c = 0; c < column_count; c++) {
        rows->columns[c].type = columns[c].type;
        rows->columns[c].form = mu_type_form(columns[c].type);
    }
    mu_bits_fill(rows->full, MU_BATCH_ROWS, MU_BATCH_WORDS);
    *out = rows;
    return MUSTER_OK;
}

void mu_rowset_close(mu_rowset *rows)
{
    if (!rows) {
        return;
    }
    for (uint32_t c = 0; rows->columns && c < rows->column_count; c++) {
        mu_rowset_column *col = &rows->columns[c];
        mu_mem_free(col->data);
        mu_mem_free(col->valid);
        mu_mem_free(col->remap);
        mu_dict_builder_deinit(&col->texts);
    }
    mu_mem_free(rows->columns);
    mu_mem_free(rows->views);
    mu_mem_free(rows);
}

void mu_rowset_reset(mu_rowset *rows)
{
    const uint64_t used = (rows->rows + MU_BATCH_ROWS - 1) / MU_BATCH_ROWS * MU_BATCH_ROWS;

    for (uint32_t c = 0; c < rows->column_count; c++) {
        mu_rowset_column *col = &rows->columns[c];
        if (used > 0) { /* else there may be no memory yet */
            memset(col->data, 0, mu_rowset_bytes(col->form, used));
            memset(col->valid, 0, mu_rowset_bytes(MU_FORM_BITS, used));
        }
        col->has_nulls = false;
        col->remap_id = 0;
        mu_dict_builder_reset(&col->texts);
    }
    rows->rows = 0;
    rows->finished = false;
}

static bool grow_array(void *array_pointer, size_t size)
{
    void **array = array_pointer;
    void *grown = mu_mem_zrealloc(*array, size);

    *array = grown ? grown : *array;
    return grown != NULL;
}

muster_status mu_rowset_reserve(mu_rowset *rows, uint64_t more, muster_error *err)
{
    uint64_t capacity = rows->capacity ? rows->capacity : MU_BATCH_ROWS;

    if (rows->rows + more <= rows->capacity) {
        return MUSTER_OK;
    }
    while (capacity < rows->rows + more) {
        capacity = mu_mem_next_capacity(capacity / MU_BATCH_ROWS, BATCH_BYTES) * MU_BATCH_ROWS;
    }
    for (uint32_t c = 0; c < rows->column_count; c++) {
        mu_rowset_column *col = &rows->columns[c];
        if (!grow_array(&col->data, mu_rowset_bytes(col->form, capacity)) ||
            !grow_array(&col->valid, (size_t)capacity / 8)) {
            return mu_fail_memory(err, "keeping rows");
        }
    }
    rows->capacity = capacity;
    return MUSTER_OK;
}

/* Gets the map from a dictionary's codes to ours ready. It may have grown since it was last seen.
 */
static bool prepare_remap(mu_rowset_column *col, const mu_dict *dict)
{
    if (col->remap_id != dict->id) {
        col->remap_id = 0;
        col->remap_count = 0;
    }
    if (dict->count > REMAP_MOST) {
        col->remap_id = 0;
        return true;
    }
    if (dict->count <= col->remap_count) {
        return true;
    }
    if (!mu_mem_reserve(&col->remap, &col->remap_capacity, dict->count, sizeof *col->remap)) {
        return false;
    }
    memset(col->remap + col->remap_count, 0xff,
           (dict->count - col->remap_count) * sizeof *col->remap);
    col->remap_count = dict->count;
    col->remap_id = dict->id;
    return true;
}

static bool add_text(mu_rowset_column *col, const mu_dict *dict, uint32_t code, uint32_t *out)
{
    if (col->remap_id != dict->id) {
        return mu_dict_builder_add(&col->texts, mu_dict_text(dict, code), out);
    }
    if (col->remap[code] == MU_NO_CODE &&
        !mu_dict_builder_add(&col->texts, mu_dict_text(dict, code), &col->remap[code])) {
        return false;
    }
    *out = col->remap[code];
    return true;
}

/* Copies the listed rows of a vector's values to the end of the column; nulls as whatever they
 * hold, codes as 0. */
static bool copy_values(mu_rowset_column *col, uint64_t at, const mu_vector *vector,
                        const uint32_t *list, uint32_t count)
{
    switch (col->form) {
    case MU_FORM_BITS:
        for (uint32_t i = 0; i < count; i++) {
            if (mu_bits_test(vector->data, list[i])) {
                mu_bits_set(col->data, at + i);
            }
        }
        return true;
    case MU_FORM_I64:
    case MU_FORM_F64: {
        const uint64_t *from = vector->data;
        uint64_t *to = (uint64_t *)col->data + at;
        for (uint32_t i = 0; i < count; i++) {
            to[i] = from[list[i]];
        }
        return true;
    }
    case MU_FORM_ORDINAL: {
        const uint32_t *from = vector->data;
        uint32_t *to = (uint32_t *)col->data + at;
        for (uint32_t i = 0; i < count; i++) {
            to[i] = from[list[i]];
        }
        return true;
    }
    case MU_FORM_CODE: {
        const uint32_t *from = vector->data;
        uint32_t *to = (uint32_t *)col->data + at;
        if (!prepare_remap(col, vector->dict)) {
            return false;
        }
        for (uint32_t i = 0; i < count; i++) {
            if (mu_vector_valid(vector, list[i]) &&
                !add_text(col, vector->dict, from[list[i]], &to[i])) {
                return false;
            }
        }
        return true;
    }
    }
    assert(false && "a form that is not in the list");
    return false;
}

static void copy_valid(mu_rowset_column *col, uint64_t at, const mu_vector *vector,
                       const uint32_t *list, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (mu_vector_valid(vector, list[i])) {
            mu_bits_set(col->valid, at + i);
        } else {
            col->has_nulls = true;
        }
    }
}

muster_status mu_rowset_add_batch(mu_rowset *rows, const mu_batch *batch, muster_error *err)
{
    uint32_t list[MU_BATCH_ROWS];

    assert(batch->column_count == rows->column_count);
    const uint32_t count = mu_k()->list_bits(batch->live, mu_bits_words(batch->rows), list);
    if (count == 0) {
        return MUSTER_OK; /* and there may be no room yet to point into */
    }
    MU_TRY(mu_rowset_reserve(rows, count, err));
    for (uint32_t c = 0; c < rows->column_count; c++) {
        mu_rowset_column *col = &rows->columns[c];
        if (!copy_values(col, rows->rows, &batch->columns[c], list, count)) {
            return mu_fail_memory(err, "keeping rows");
        }
        copy_valid(col, rows->rows, &batch->columns[c], list, count);
    }
    rows->rows += count;
    return MUSTER_OK;
}

static bool add_value(mu_rowset_column *col, uint64_t row, const mu_value *value)
{
    if (value->null) {
        col->has_nulls = true;
        return true;
    }
    mu_bits_set(col->valid, row);
    switch (col->form) {
    case MU_FORM_BITS:
        if (value->i64) {
            mu_bits_set(col->data, row);
        }
        return true;
    case MU_FORM_I64:
        ((int64_t *)col->data)[row] = value->i64;
        return true;
    case MU_FORM_F64:
        ((double *)col->data)[row] = value->f64;
        return true;
    case MU_FORM_ORDINAL:
        ((uint32_t *)col->data)[row] = value->ordinal;
        return true;
    case MU_FORM_CODE:
        return mu_dict_builder_add(&col->texts, value->text, &((uint32_t *)col->data)[row]);
    }
    assert(false && "a form that is not in the list");
    return false;
}

muster_status mu_rowset_add(mu_rowset *rows, const mu_value *values, muster_error *err)
{
    MU_TRY(mu_rowset_reserve(rows, 1, err));
    for (uint32_t c = 0; c < rows->column_count; c++) {
        if (!add_value(&rows->columns[c], rows->rows, &values[c])) {
            return mu_fail_memory(err, "keeping rows");
        }
    }
    rows->rows++;
    return MUSTER_OK;
}

static mu_vector column_from(const mu_rowset_column *col, uint64_t first)
{
    return (mu_vector){
        .type = col->type,
        .data = col->data ? (const uint8_t *)col->data + mu_rowset_bytes(col->form, first) : NULL,
        .valid = col->has_nulls ? &col->valid[first / 64] : NULL,
        .dict = col->form == MU_FORM_CODE ? &col->texts.dict : NULL,
    };
}

muster_status mu_rowset_finish(mu_rowset *rows, muster_error *err)
{
    const uint32_t batches = mu_rowset_batches(rows);

    assert(!rows->finished);
    if (!mu_mem_reserve(&rows->views, &rows->view_capacity, (size_t)batches * rows->column_count,
                        sizeof *rows->views)) {
        return mu_fail_memory(err, "keeping rows");
    }
    rows->finished = true;
    for (uint32_t b = 0; b < batches; b++) {
        if (mu_stopped_at(b)) {
            return mu_fail_memory(err, "keeping rows");
        }
        for (uint32_t c = 0; c < rows->column_count; c++) {
            rows->views[(size_t)b * rows->column_count + c] =
                column_from(&rows->columns[c], (uint64_t)b * MU_BATCH_ROWS);
        }
    }
    const uint64_t in_last = batches ? rows->rows - (uint64_t)(batches - 1) * MU_BATCH_ROWS : 0;
    mu_bits_fill(rows->last, (size_t)in_last, MU_BATCH_WORDS);
    return MUSTER_OK;
}

mu_vector mu_rowset_vector(const mu_rowset *rows, uint32_t c)
{
    return column_from(&rows->columns[c], 0);
}

uint64_t mu_rowset_rows(const mu_rowset *rows)
{
    return rows->rows;
}

uint32_t mu_rowset_batches(const mu_rowset *rows)
{
    return (uint32_t)((rows->rows + MU_BATCH_ROWS - 1) / MU_BATCH_ROWS);
}

void mu_rowset_batch(const mu_rowset *rows, uint32_t i, uint64_t live[MU_BATCH_WORDS],
                     mu_batch *out)
{
    const bool last = i + 1 == mu_rowset_batches(rows);

    assert(rows->finished && i < mu_rowset_batches(rows));
    memcpy(live, last ? rows->last : rows->full, sizeof rows->full);
    out->rows = last ? (uint32_t)(rows->rows - (uint64_t)i * MU_BATCH_ROWS) : MU_BATCH_ROWS;
    out->column_count = rows->column_count;
    out->live = live;
    out->columns = rows->column_count > 0 ? &rows->views[(size_t)i * rows->column_count] : NULL;
}

const mu_dict_builder *mu_rowset_texts(const mu_rowset *rows, uint32_t c)
{
    return &rows->columns[c].texts;
}

mu_value mu_rowset_value(const mu_rowset *rows, uint64_t row, uint32_t c)
{
    const mu_rowset_column *col = &rows->columns[c];
    mu_value value = {.type = col->type, .null = !mu_bits_test(col->valid, row)};

    if (value.null) {
        return value;
    }
    switch (col->form) {
    case MU_FORM_BITS:
        value.i64 = mu_bits_test(col->data, row);
        break;
    case MU_FORM_I64:
        value.i64 = ((const int64_t *)col->data)[row];
        break;
    case MU_FORM_F64:
        value.f64 = ((const double *)col->data)[row];
        break;
    case MU_FORM_ORDINAL:
        value.ordinal = ((const uint32_t *)col->data)[row];
        break;
    case MU_FORM_CODE:
        value.text = mu_dict_text(&col->texts.dict, ((const uint32_t *)col->data)[row]);
        break;
    }
    return value;
}
