/*
 * batch.c - the check of a batch's invariants, and single values of it.
 */
#include "storage/batch.h"

#include <assert.h>

/* Is any of the bits at and past `rows` set? */
static bool bits_past(const uint64_t *map, uint32_t rows)
{
    for (uint32_t w = rows / 64; w < MU_BATCH_WORDS; w++) {
        const uint64_t inside = w == rows / 64 ? (UINT64_C(1) << rows % 64) - 1 : 0;
        if ((map[w] & ~inside) != 0) {
            return true;
        }
    }
    return false;
}

static bool check_codes(const mu_vector *vector, uint32_t rows, uint32_t column, muster_error *err)
{
    const uint32_t *codes = vector->data;

    if (!vector->dict) {
        (void)mu_fail(err, MUSTER_CORRUPT, "column %u has codes, but no dictionary", column);
        return false;
    }
    for (uint32_t row = 0; row < rows; row++) {
        const bool matters = vector->dict->count > 0 || mu_vector_valid(vector, row);
        if (matters && codes[row] >= vector->dict->count) {
            (void)mu_fail(err, MUSTER_CORRUPT, "column %u, row %u: code %u of %u", column, row,
                          codes[row], vector->dict->count);
            return false;
        }
    }
    return true;
}

static bool check_vector(const mu_vector *vector, uint32_t rows, uint32_t column, muster_error *err)
{
    if (vector->valid && bits_past(vector->valid, rows)) {
        (void)mu_fail(err, MUSTER_CORRUPT, "column %u is valid past row %u", column, rows);
        return false;
    }
    if (!vector->data) {
        return true; /* not loaded */
    }
    return mu_type_form(vector->type) != MU_FORM_CODE || check_codes(vector, rows, column, err);
}

bool mu_batch_check(const mu_batch *batch, muster_error *err)
{
    if (batch->rows > MU_BATCH_ROWS) {
        (void)mu_fail(err, MUSTER_CORRUPT, "a batch of %u rows, more than %d", batch->rows,
                      MU_BATCH_ROWS);
        return false;
    }
    if (!batch->live || bits_past(batch->live, batch->rows)) {
        (void)mu_fail(err, MUSTER_CORRUPT, "rows past %u are live", batch->rows);
        return false;
    }
    for (uint32_t column = 0; column < batch->column_count; column++) {
        if (!check_vector(&batch->columns[column], batch->rows, column, err)) {
            return false;
        }
    }
    return true;
}

mu_value mu_vector_value(const mu_vector *vector, uint32_t row)
{
    mu_value value = {.type = vector->type};

    if (!mu_vector_valid(vector, row) || vector->type.kind == MU_NULL) {
        value.null = true;
        return value;
    }
    assert(vector->data);
    switch (mu_type_form(vector->type)) {
    case MU_FORM_BITS:
        value.i64 = mu_bits_test(vector->data, row);
        break;
    case MU_FORM_I64:
        value.i64 = ((const int64_t *)vector->data)[row];
        break;
    case MU_FORM_F64:
        value.f64 = ((const double *)vector->data)[row];
        break;
    case MU_FORM_CODE:
        value.text = mu_dict_text(vector->dict, ((const uint32_t *)vector->data)[row]);
        break;
    case MU_FORM_ORDINAL:
        value.ordinal = ((const uint32_t *)vector->data)[row];
        value.null = value.ordinal == MU_NO_CUSTOMER;
        break;
    }
    return value;
}

mu_value mu_batch_value(const mu_batch *batch, uint32_t column, uint32_t row)
{
    assert(column < batch->column_count);
    assert(row < batch->rows);
    return mu_vector_value(&batch->columns[column], row);
}
