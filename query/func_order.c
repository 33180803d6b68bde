/*
 * func_order.c - several keys as one: a text that sorts, by its bytes, as they do one after the
 * other.
 *
 * Each key is two arguments, a value and which way it goes (MU_KEY_...). Of it a byte says whether
 * it is NULL; then comes the value, every bit of it turned over where the order is descending:
 *
 *   numbers, times, booleans    8 bytes that rise with the value, the highest first
 *   texts                       its bytes, each 0 followed by 255, and at the end 0 0
 *
 * So no text runs on into the key behind it, and of two texts the one that ends comes first.
 */
#include "query/func.h"
#include "query/sort.h"

#include <string.h>

enum {
    NULL_FIRST = 0,
    NO_NULL = 1,
    NULL_LAST = 2
};

static void put_number(uint64_t number, mu_writer *out)
{
    for (int shift = 56; shift >= 0; shift -= 8) {
        mu_write_u8(out, (uint8_t)(number >> shift));
    }
}

static void put_text(mu_text text, mu_writer *out)
{
    const char *zero;

    while (text.size > 0 && (zero = memchr(text.data, 0, text.size)) != NULL) {
        const uint32_t size = (uint32_t)(zero - text.data) + 1;
        mu_write_bytes(out, text.data, size);
        mu_write_u8(out, 0xff);
        text = (mu_text){text.data + size, text.size - size};
    }
    mu_write_bytes(out, text.data, text.size);
    mu_write_bytes(out, "\0\0", 2);
}

static void put_value(const mu_value *value, mu_writer *out)
{
    switch (mu_type_form(value->type)) {
    case MU_FORM_CODE:
        put_text(value->text, out);
        return;
    case MU_FORM_F64:
        put_number(mu_sort_number_f64(value->f64), out);
        return;
    case MU_FORM_ORDINAL:
        put_number(value->ordinal, out);
        return;
    case MU_FORM_BITS:
    case MU_FORM_I64:
        put_number(mu_sort_number(value->i64), out);
        return;
    }
}

MU_SCALAR(order_scalar)
{
    mu_writer *key = &context->text;

    for (uint32_t i = 0; i < expr->arg_count; i += 2) {
        const int64_t way = args[i + 1].i64;
        if (args[i].null) {
            mu_write_u8(key, way & MU_KEY_NULLS_FIRST ? NULL_FIRST : NULL_LAST);
            continue;
        }
        mu_write_u8(key, NO_NULL);
        const size_t first = key->size;
        put_value(&args[i], key);
        for (size_t at = first; (way & MU_KEY_DESCENDING) && at < key->size; at++) {
            key->data[at] ^= 0xff;
        }
    }
    out->text = (mu_text){(const char *)key->data, (uint32_t)key->size};
    return key->failed ? mu_fail_memory(err, "putting values in order") : MUSTER_OK;
}

const mu_func mu_func_order = {
    .name = "order", .params = "a*", .result = ' ', .flags = MU_FUNC_NULLS, .scalar = order_scalar};
const mu_func mu_func_order_strict = {
    .name = "order", .params = "a*", .result = ' ', .scalar = order_scalar};
