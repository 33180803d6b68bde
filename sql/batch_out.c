/*
 * batch_out.c - muster.h: rows by the batch, lent out as the operators left them.
 *
 * Inside, a batch has bits that say which rows live, customers are ordinals, and a bare NULL has a
 * type of its own. Outside all rows count, and ids are what the table says: those rows that live
 * are gathered first if others do not, and ids are looked up into memory of the batch.
 */
#include "sql/statement.h"

#include "storage/base/mem.h"

#include <assert.h>
#include <string.h>

/* Which rows of the batch inside are those outside; NULL: the same. */
typedef struct gathering {
    muster_statement *s;
    const mu_batch *batch;
    uint32_t rows;
    const uint32_t *from;
} gathering;

static uint32_t row_of(const gathering *g, uint32_t i)
{
    return g->from ? g->from[i] : i;
}

static muster_status find_live(gathering *g, muster_error *err)
{
    uint32_t *from, count = 0;

    for (uint32_t w = 0; w < mu_bits_words(g->batch->rows); w++) {
        g->rows += (uint32_t)__builtin_popcountll(g->batch->live[w]);
    }
    if (g->rows == g->batch->rows) {
        return MUSTER_OK;
    }
    MU_ARENA_TRY(from, &g->s->texts, g->rows, err);
    MU_FOR_EACH_LIVE(row, g->batch) {
        from[count++] = row;
    }
    g->from = from;
    return MUSTER_OK;
}

static muster_status gather_bits(const gathering *g, const uint64_t *bits, const uint64_t **out,
                                 muster_error *err)
{
    uint64_t *dense;

    MU_ARENA_TRY(dense, &g->s->texts, mu_bits_words(g->rows), err);
    for (uint32_t i = 0; i < g->rows; i++) {
        if (mu_bits_test(bits, g->from[i])) {
            mu_bits_set(dense, i);
        }
    }
    *out = dense;
    return MUSTER_OK;
}

static muster_status gather_words(const gathering *g, const uint64_t *values, const void **out,
                                  muster_error *err)
{
    uint64_t *dense;

    MU_ARENA_TRY(dense, &g->s->texts, g->rows, err);
    for (uint32_t i = 0; i < g->rows; i++) {
        memcpy(&dense[i], &values[g->from[i]], sizeof *dense);
    }
    *out = dense;
    return MUSTER_OK;
}

static muster_status gather_codes(const gathering *g, const uint32_t *codes, const void **out,
                                  muster_error *err)
{
    uint32_t *dense;

    MU_ARENA_TRY(dense, &g->s->texts, g->rows, err);
    for (uint32_t i = 0; i < g->rows; i++) {
        dense[i] = codes[g->from[i]];
    }
    *out = dense;
    return MUSTER_OK;
}

/* One text, the empty one: what a code may stand for where no row has a text. */
static muster_status set_no_texts(const gathering *g, muster_vector *out, muster_error *err)
{
    static const uint64_t offsets[2];
    uint32_t *codes;
    uint64_t *valid;

    MU_ARENA_TRY(codes, &g->s->texts, g->rows, err);
    MU_ARENA_TRY(valid, &g->s->texts, mu_bits_words(g->rows), err);
    *out = (muster_vector){.type = out->type,
                           .data = codes,
                           .valid = valid,
                           .text_count = 1,
                           .offsets = offsets,
                           .bytes = ""};
    return MUSTER_OK;
}

/* The customer in row i outside; nobody where it is NULL in either of the two ways. */
static uint32_t customer_of(const gathering *g, const mu_vector *column, uint32_t i)
{
    const uint32_t row = row_of(g, i);

    return mu_vector_valid(column, row) ? ((const uint32_t *)column->data)[row] : MU_NO_CUSTOMER;
}

/* Ids that are numbers. */
static muster_status find_numbers(const gathering *g, const mu_vector *column, uint64_t *valid,
                                  muster_vector *out, muster_error *err)
{
    const mu_customers *customers = mu_snapshot_customers(g->s->snapshot);
    int64_t *numbers;
    mu_customer_id id;
    mu_id_room room;

    MU_ARENA_TRY(numbers, &g->s->texts, g->rows, err);
    for (uint32_t i = 0; i < g->rows; i++) {
        const uint32_t ordinal = customer_of(g, column, i);
        if (ordinal != MU_NO_CUSTOMER) {
            MU_TRY(mu_customers_id(customers, ordinal, room.text, &id, err));
            numbers[i] = id.number;
            mu_bits_set(valid, i);
        }
    }
    out->data = numbers;
    return MUSTER_OK;
}

/* Ids that are texts: each row has one of its own in the dictionary. */
static muster_status find_texts(const gathering *g, const mu_vector *column, uint64_t *valid,
                                muster_vector *out, muster_error *err)
{
    const mu_customers *customers = mu_snapshot_customers(g->s->snapshot);
    uint32_t *codes;
    uint64_t *offsets;
    mu_writer bytes = {0};
    muster_status status = MUSTER_OK;

    MU_ARENA_TRY(codes, &g->s->texts, g->rows, err);
    MU_ARENA_TRY(offsets, &g->s->texts, g->rows + 1, err);
    for (uint32_t i = 0; i < g->rows && status == MUSTER_OK; i++) {
        const uint32_t ordinal = customer_of(g, column, i);
        mu_customer_id id = {0};
        mu_id_room room;
        codes[i] = i;
        if (ordinal != MU_NO_CUSTOMER) {
            status = mu_customers_id(customers, ordinal, room.text, &id, err);
            mu_bits_set(valid, i);
        }
        if (status == MUSTER_OK && ordinal != MU_NO_CUSTOMER) {
            mu_write_bytes(&bytes, id.text.data, id.text.size);
        }
        offsets[i + 1] = bytes.size;
    }
    out->data = codes;
    out->text_count = g->rows;
    out->offsets = offsets;
    if (status == MUSTER_OK) {
        out->bytes =
            bytes.failed ? NULL : mu_arena_text(&g->s->texts, (const char *)bytes.data, bytes.size);
        status = out->bytes ? MUSTER_OK : mu_fail_memory(err, "writing the ids of customers");
    }
    mu_writer_deinit(&bytes);
    return status;
}

static muster_status find_ids(const gathering *g, const mu_vector *column, muster_vector *out,
                              muster_error *err)
{
    uint64_t *valid;

    MU_ARENA_TRY(valid, &g->s->texts, mu_bits_words(g->rows), err);
    out->valid = valid;
    return out->type == MUSTER_TYPE_TEXT ? find_texts(g, column, valid, out, err)
                                         : find_numbers(g, column, valid, out, err);
}

static muster_status share_values(const gathering *g, const mu_vector *column, muster_vector *out,
                                  muster_error *err)
{
    out->data = column->data;
    if (!g->from) {
        return MUSTER_OK;
    }
    switch (mu_type_form(column->type)) {
    case MU_FORM_BITS: {
        const uint64_t *bits;
        MU_TRY(gather_bits(g, column->data, &bits, err));
        out->data = bits;
        return MUSTER_OK;
    }
    case MU_FORM_I64:
    case MU_FORM_F64:
        return gather_words(g, column->data, &out->data, err);
    case MU_FORM_CODE:
    case MU_FORM_ORDINAL:
        break;
    }
    return gather_codes(g, column->data, &out->data, err);
}

static muster_status share_column(const gathering *g, uint32_t c, muster_vector *out,
                                  muster_error *err)
{
    const mu_vector *column = &g->batch->columns[c];

    *out = (muster_vector){.type = muster_column_type(g->s, c), .valid = column->valid};
    if (column->type.kind == MU_CUSTOMER) {
        return find_ids(g, column, out, err);
    }
    if (column->type.kind == MU_NULL ||
        (mu_type_form(column->type) == MU_FORM_CODE && column->dict->count == 0)) {
        return set_no_texts(g, out, err);
    }
    if (mu_type_form(column->type) == MU_FORM_CODE) {
        out->text_count = column->dict->count;
        out->offsets = column->dict->offsets;
        out->bytes = column->dict->bytes;
    }
    if (g->from && column->valid) {
        MU_TRY(gather_bits(g, column->valid, &out->valid, err));
    }
    return share_values(g, column, out, err);
}

muster_status mu_statement_share_batch(muster_statement *statement, const mu_batch *batch,
                                       muster_error *err)
{
    gathering g = {.s = statement, .batch = batch};

    assert(batch->column_count >= statement->column_count);
    MU_TRY(find_live(&g, err));
    for (uint32_t c = 0; c < statement->column_count; c++) {
        MU_TRY(share_column(&g, c, &statement->vectors[c], err));
    }
    statement->rows = (muster_batch){
        .rows = g.rows, .column_count = statement->column_count, .columns = statement->vectors};
    return MUSTER_OK;
}
