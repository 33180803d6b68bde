/*
 * row_key.c - keys that memcmp compares.
 *
 * A value is one byte, before or after all values for NULL, then: integers big-endian with the
 * sign bit turned; doubles likewise, negative ones inverted, NaN last; text with each 0 byte
 * written as 0 1 and an end of 0 0, so that no text's key begins another's. Descending order
 * inverts the bytes.
 */
#include "query/row_key.h"

static void put_big_endian(uint64_t bits, mu_writer *out)
{
    uint8_t bytes[8];

    for (int i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(bits >> (56 - 8 * i));
    }
    mu_write_bytes(out, bytes, sizeof bytes);
}

static uint64_t double_order(double value)
{
    uint64_t bits;

    if (value == 0) {
        value = 0; /* -0.0 equals 0.0 */
    }
    memcpy(&bits, &value, sizeof bits);
    if (value != value) {
        return UINT64_MAX;
    }
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static void put_text(mu_text text, mu_writer *out)
{
    static const uint8_t zero[] = {0, 1};
    static const uint8_t end[] = {0, 0};

    for (const char *at = text.data, *stop = text.data + text.size; at < stop;) {
        const char *nul = memchr(at, 0, (size_t)(stop - at));
        mu_write_bytes(out, at, (size_t)((nul ? nul : stop) - at));
        if (!nul) {
            break;
        }
        mu_write_bytes(out, zero, sizeof zero);
        at = nul + 1;
    }
    mu_write_bytes(out, end, sizeof end);
}

static void put_value(const mu_value *value, mu_writer *out)
{
    switch (mu_type_form(value->type)) {
    case MU_FORM_BITS:
    case MU_FORM_I64:
        put_big_endian((uint64_t)value->i64 ^ UINT64_C(1) << 63, out);
        break;
    case MU_FORM_F64:
        put_big_endian(double_order(value->f64), out);
        break;
    case MU_FORM_ORDINAL:
        put_big_endian(value->ordinal, out);
        break;
    case MU_FORM_CODE:
        put_text(value->text, out);
        break;
    }
}

static void put_key(const mu_rowset *rows, uint64_t row, mu_sort_key key, mu_writer *out)
{
    const mu_value value = mu_rowset_value(rows, row, key.column);

    mu_write_u8(out, value.null == key.nulls_first ? 0 : 1);
    const size_t begin = out->size;
    if (!value.null) {
        put_value(&value, out);
    }
    for (size_t i = begin; key.descending && i < out->size; i++) {
        out->data[i] = (uint8_t)~out->data[i];
    }
}

static bool sorted_by(const mu_plan *sort, uint32_t column)
{
    for (uint32_t i = 0; i < sort->sort.key_count; i++) {
        if (sort->sort.keys[i].column == column) {
            return true;
        }
    }
    return false;
}

void mu_row_key(const mu_plan *sort, const mu_rowset *rows, uint64_t row, mu_writer *out)
{
    for (uint32_t i = 0; i < sort->sort.key_count; i++) {
        put_key(rows, row, sort->sort.keys[i], out);
    }
    for (uint32_t c = 0; c < sort->column_count; c++) {
        if (!sorted_by(sort, c)) {
            put_key(rows, row, (mu_sort_key){.column = c}, out);
        }
    }
}
