/*
 * pack.c - rows are listed once for a batch, then each column is copied through the list.
 */
#include "query/pack.h"

#include "storage/base/arena.h"
#include "storage/base/mem.h"
#include "storage/kernels/kernels.h"

#include <assert.h>
#include <string.h>

/* Where the values of one column are put. */
typedef struct lane {
    void *values;    /* MU_BATCH_ROWS of 8 bytes */
    uint64_t *valid; /* MU_BATCH_WORDS */
    bool nulls;      /* `valid` is in use: some row was NULL */
} lane;

struct mu_pack {
    mu_arena arena;
    uint32_t rows, column_count;
    lane *lanes;
    mu_batch batch;
    uint32_t picked[MU_BATCH_ROWS]; /* rows of the batch at hand */
};

muster_status mu_pack_open(const mu_plan_column *columns, uint32_t column_count, mu_pack **out,
                           muster_error *err)
{
    mu_pack *pack = mu_mem_zalloc(sizeof *pack);

    *out = NULL;
    if (!pack) {
        return mu_fail_memory(err, "packing rows");
    }
    pack->column_count = pack->batch.column_count = column_count;
    pack->lanes = MU_NEW_ARRAY(&pack->arena, lane, column_count);
    pack->batch.columns = MU_NEW_ARRAY(&pack->arena, mu_vector, column_count);
    pack->batch.live = MU_NEW_ARRAY(&pack->arena, uint64_t, MU_BATCH_WORDS);
    if (!pack->lanes || !pack->batch.columns || !pack->batch.live) {
        goto fail;
    }
    for (uint32_t c = 0; c < column_count; c++) {
        pack->lanes[c].values = MU_NEW_ARRAY(&pack->arena, uint64_t, MU_BATCH_ROWS);
        pack->lanes[c].valid = MU_NEW_ARRAY(&pack->arena, uint64_t, MU_BATCH_WORDS);
        pack->batch.columns[c].type = columns[c].type;
        if (!pack->lanes[c].values || !pack->lanes[c].valid) {
            goto fail;
        }
    }
    *out = pack;
    return MUSTER_OK;

fail:
    mu_pack_close(pack);
    return mu_fail_memory(err, "packing rows");
}

void mu_pack_close(mu_pack *pack)
{
    if (pack) {
        mu_arena_deinit(&pack->arena);
        mu_mem_free(pack);
    }
}

uint32_t mu_pack_rows(const mu_pack *pack)
{
    return pack->rows;
}

void mu_pack_reset(mu_pack *pack)
{
    pack->rows = 0;
}

/* Copies bits of `from` to those from `at` on; NULL is all ones. */
static void put_bits(const uint64_t *from, const uint32_t *picked, uint32_t count, uint64_t *into,
                     uint32_t at)
{
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t bit = from ? mu_bits_test(from, picked[i]) : 1;
        const uint32_t place = at + i;
        into[place / 64] = (into[place / 64] & ~(UINT64_C(1) << place % 64)) | bit << place % 64;
    }
}

static void put_values(const mu_vector *from, const uint32_t *picked, uint32_t count, void *into,
                       uint32_t at)
{
    switch (mu_type_form(from->type)) {
    case MU_FORM_BITS:
        put_bits(from->data, picked, count, into, at);
        break;
    case MU_FORM_I64:
    case MU_FORM_F64: { /* a double is copied as it is */
        const uint64_t *values = from->data;
        uint64_t *out = (uint64_t *)into + at;
        for (uint32_t i = 0; i < count; i++) {
            out[i] = values[picked[i]];
        }
        break;
    }
    case MU_FORM_CODE:
    case MU_FORM_ORDINAL: {
        const uint32_t *values = from->data;
        uint32_t *out = (uint32_t *)into + at;
        for (uint32_t i = 0; i < count; i++) {
            out[i] = values[picked[i]];
        }
        break;
    }
    }
}

static bool has_nulls(const mu_vector *column, const mu_batch *batch)
{
    uint64_t nulls = 0;

    for (size_t w = 0; column->valid && w < mu_bits_words(batch->rows); w++) {
        nulls |= batch->live[w] & ~column->valid[w];
    }
    return nulls != 0;
}

void mu_pack_add(mu_pack *pack, const mu_batch *batch)
{
    const uint32_t count = mu_k()->list_bits(batch->live, mu_bits_words(batch->rows), pack->picked);

    assert(pack->rows + count <= MU_BATCH_ROWS && batch->column_count == pack->column_count);
    for (uint32_t c = 0; c < pack->column_count; c++) {
        const mu_vector *from = &batch->columns[c];
        mu_vector *out = &pack->batch.columns[c];
        lane *l = &pack->lanes[c];
        assert(pack->rows == 0 ||
               (from->dict == out->dict && (from->data != NULL) == (out->data != NULL)));
        out->dict = from->dict;
        out->data = from->data ? l->values : NULL;
        if (!from->data) {
            continue;
        }
        put_values(from, pack->picked, count, l->values, pack->rows);
        if (pack->rows == 0) {
            l->nulls = false;
        }
        if (!l->nulls && has_nulls(from, batch)) {
            mu_bits_fill(l->valid, pack->rows, MU_BATCH_WORDS);
            l->nulls = true;
        }
        if (l->nulls) {
            put_bits(from->valid, pack->picked, count, l->valid, pack->rows);
        }
    }
    pack->rows += count;
}

/* No kernel may follow a code of an earlier dictionary past the rows. */
static void clear_tail(const mu_pack *pack, const mu_vector *column, void *values)
{
    const mu_form form = mu_type_form(column->type);
    const size_t size = form == MU_FORM_CODE || form == MU_FORM_ORDINAL ? 4 : 8;

    if (form != MU_FORM_BITS) {
        memset((uint8_t *)values + pack->rows * size, 0, (MU_BATCH_ROWS - pack->rows) * size);
    }
}

mu_batch *mu_pack_take(mu_pack *pack)
{
    mu_batch *batch = &pack->batch;

    assert(pack->rows > 0);
    for (uint32_t c = 0; c < pack->column_count; c++) {
        clear_tail(pack, &batch->columns[c], pack->lanes[c].values);
        batch->columns[c].valid = pack->lanes[c].nulls ? pack->lanes[c].valid : NULL;
    }
    batch->rows = pack->rows;
    mu_bits_fill(batch->live, batch->rows, MU_BATCH_WORDS);
    pack->rows = 0;
    return batch;
}
