/*
 * type.c - what there is to know of a type without its values, and comparing pieces of text.
 */
#include "storage/type.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

mu_form mu_type_form(mu_type type)
{
    switch (type.kind) {
    case MU_BOOLEAN:
        return MU_FORM_BITS;
    case MU_DOUBLE:
        return MU_FORM_F64;
    case MU_TEXT:
    case MU_BITMAP:
        return MU_FORM_CODE;
    case MU_CUSTOMER:
        return MU_FORM_ORDINAL;
    case MU_BIGINT:
    case MU_DECIMAL:
    case MU_DATE:
    case MU_TIMESTAMP:
    case MU_INTERVAL:
    case MU_NULL:
        break;
    }
    return MU_FORM_I64;
}

bool mu_type_equal(mu_type a, mu_type b)
{
    if (a.kind != b.kind) {
        return false;
    }
    if (a.kind == MU_BIGINT) {
        return a.bits == b.bits;
    }
    if (a.kind == MU_TEXT) {
        return a.length == b.length;
    }
    return a.kind != MU_DECIMAL || (a.precision == b.precision && a.scale == b.scale);
}

static const char *plain_name(mu_type type)
{
    switch (type.kind) {
    case MU_BOOLEAN:
        return "BOOLEAN";
    case MU_BIGINT:
        return type.bits == 16 ? "SMALLINT" : type.bits == 32 ? "INTEGER" : "BIGINT";
    case MU_DOUBLE:
        return "DOUBLE";
    case MU_DECIMAL:
        return "DECIMAL";
    case MU_TEXT:
        return "TEXT";
    case MU_DATE:
        return "DATE";
    case MU_TIMESTAMP:
        return "TIMESTAMP";
    case MU_INTERVAL:
        return "INTERVAL";
    case MU_CUSTOMER:
        return "CUSTOMER";
    case MU_NULL:
        return "NULL";
    case MU_BITMAP:
        return "BITMAP";
    }
    return "unknown";
}

const char *mu_type_name(mu_type type, char name[32])
{
    if (type.kind == MU_DECIMAL) {
        (void)snprintf(name, 32, "DECIMAL(%u,%u)", type.precision, type.scale);
    } else if (type.kind == MU_TEXT && type.length > 0) {
        (void)snprintf(name, 32, "VARCHAR(%u)", type.length);
    } else {
        (void)snprintf(name, 32, "%s", plain_name(type));
    }
    return name;
}

bool mu_text_equal(mu_text a, mu_text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

int mu_text_compare(mu_text a, mu_text b)
{
    const uint32_t common = a.size < b.size ? a.size : b.size;
    const int order = common == 0 ? 0 : memcmp(a.data, b.data, common);

    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}
