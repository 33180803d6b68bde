/*
 * bind_type.c - the names of types, and literals as values.
 */
#include "sql/bind.h"

#include <string.h>

typedef struct type_name {
    const char *name;
    mu_type type;
    uint32_t parameters; /* how many may follow in parentheses */
} type_name;

#define INTEGER_OF(width)                  \
    {                                      \
        .kind = MU_BIGINT, .bits = (width) \
    }

/* The usual synonyms. The length of VARCHAR(n) is refused rather than ignored. */
static const type_name type_names[] = {
    {"BOOLEAN", {.kind = MU_BOOLEAN}, 0},
    {"BOOL", {.kind = MU_BOOLEAN}, 0},
    {"BIGINT", INTEGER_OF(64), 0},
    {"INT8", INTEGER_OF(64), 0},
    {"LONG", INTEGER_OF(64), 0},
    {"INTEGER", INTEGER_OF(32), 0},
    {"INT", INTEGER_OF(32), 0},
    {"INT4", INTEGER_OF(32), 0},
    {"SMALLINT", INTEGER_OF(16), 0},
    {"INT2", INTEGER_OF(16), 0},
    {"DOUBLE", {.kind = MU_DOUBLE}, 0},
    {"FLOAT8", {.kind = MU_DOUBLE}, 0},
    {"FLOAT", {.kind = MU_DOUBLE}, 0},
    {"REAL", {.kind = MU_DOUBLE}, 0},
    {"DECIMAL", {.kind = MU_DECIMAL, .precision = 18, .scale = 3}, 2},
    {"NUMERIC", {.kind = MU_DECIMAL, .precision = 18, .scale = 3}, 2},
    {"TEXT", {.kind = MU_TEXT}, 0},
    {"STRING", {.kind = MU_TEXT}, 0},
    {"VARCHAR", {.kind = MU_TEXT}, 0},
    {"CHAR", {.kind = MU_TEXT}, 0},
    {"DATE", {.kind = MU_DATE}, 0},
    {"TIMESTAMP", {.kind = MU_TIMESTAMP}, 0},
    {"DATETIME", {.kind = MU_TIMESTAMP}, 0},
    {"TIMESTAMPTZ", {.kind = MU_TIMESTAMP}, 0},
    {"INTERVAL", {.kind = MU_INTERVAL}, 0},
};

static muster_status fail_type(const mu_ast_type *type, muster_error *err)
{
    mu_nearest nearest = mu_nearest_of(mu_bind_text(type->name.text));
    char advice[160];

    for (size_t i = 0; i < MU_COUNT(type_names); i++) {
        mu_nearest_try(&nearest, mu_bind_text(type_names[i].name));
    }
    return mu_fail_at(err, MUSTER_INVALID, type->name.offset, "no type \"%s\"%s", type->name.text,
                      mu_bind_advice(&nearest,
                                     "; there are BOOLEAN, SMALLINT, INTEGER, BIGINT, DOUBLE, "
                                     "DECIMAL(p, s), TEXT, DATE, TIMESTAMP and INTERVAL",
                                     advice, sizeof advice));
}

/* DECIMAL(p, s): p digits, s of them behind the point. */
static muster_status bind_decimal(const mu_ast_type *type, mu_type *out, muster_error *err)
{
    unsigned numbers[2] = {18, 0};

    for (uint32_t i = 0; i < type->parameter_count; i++) {
        const char *digits = type->parameters[i];
        numbers[i] = strlen(digits) > 2 ? 99 : 0;
        for (; numbers[i] < 99 && *digits; digits++) {
            numbers[i] = numbers[i] * 10 + (unsigned)(*digits - '0');
        }
    }
    if (type->parameter_count == 0) {
        return MUSTER_OK;
    }
    if (numbers[0] < 1 || numbers[0] > 18 || numbers[1] > numbers[0]) {
        return mu_fail_at(err, MUSTER_INVALID, type->name.offset,
                          "%s(%s, %s): a decimal has 1 to 18 digits, and no more than that behind "
                          "the point",
                          type->name.text, type->parameters[0],
                          type->parameter_count > 1 ? type->parameters[1] : "0");
    }
    out->precision = (uint8_t)numbers[0];
    out->scale = (uint8_t)numbers[1];
    return MUSTER_OK;
}

muster_status mu_bind_type(const mu_ast_type *type, mu_type *out, muster_error *err)
{
    for (size_t i = 0; i < MU_COUNT(type_names); i++) {
        if (!mu_name_equal(type_names[i].name, type->name.text)) {
            continue;
        }
        *out = type_names[i].type;
        if (type->parameter_count <= type_names[i].parameters) {
            return out->kind == MU_DECIMAL ? bind_decimal(type, out, err) : MUSTER_OK;
        }
        if (out->kind == MU_TEXT) {
            return mu_fail_at(err, MUSTER_INVALID, type->name.offset,
                              "texts have no length of their own; write TEXT instead of %s(%s)",
                              type->name.text, type->parameters[0]);
        }
        return mu_fail_at(err, MUSTER_INVALID, type->name.offset, "type %s takes no parameters",
                          type->name.text);
    }
    return fail_type(type, err);
}

/* The type of a number with a point: as many digits as it has, or DOUBLE beyond 18 of them. */
static mu_type decimal_type(const char *text)
{
    const char *point = strchr(text, '.');
    const char *first = text + (*text == '-');
    const size_t whole = (size_t)(point - first), fraction = strlen(point + 1);
    const size_t digits = whole + fraction;

    if (digits > 18) {
        return (mu_type){.kind = MU_DOUBLE};
    }
    return (mu_type){.kind = MU_DECIMAL,
                     .precision = (uint8_t)(digits > 0 ? digits : 1),
                     .scale = (uint8_t)fraction};
}

muster_status mu_bind_literal(const mu_binder *binder, const mu_ast_expr *expr, const mu_expr **out,
                              muster_error *err)
{
    mu_value value = {.null = true};
    mu_type type = {.kind = MU_NULL};

    if (expr->kind == MU_AST_BOOLEAN) {
        type.kind = MU_BOOLEAN;
    } else if (expr->kind == MU_AST_INTEGER) {
        type = (mu_type)INTEGER_OF(64);
    } else if (expr->kind == MU_AST_DECIMAL) {
        type = decimal_type(expr->text);
    } else if (expr->kind == MU_AST_DOUBLE) {
        type.kind = MU_DOUBLE;
    } else if (expr->kind == MU_AST_TEXT) {
        type.kind = MU_TEXT;
    } else if (expr->kind == MU_AST_TYPED) {
        MU_TRY(mu_bind_type(&expr->type, &type, err));
    }
    value.type = type;
    if (type.kind != MU_NULL) {
        const mu_value_formats formats = {.zone = binder->scope.zone};
        const muster_status status =
            mu_value_parse(type, mu_bind_text(expr->text), &formats, &value, err);
        if (status != MUSTER_OK) {
            if (err) {
                err->offset = expr->offset;
            }
            return status;
        }
    }
    return mu_expr_const(&binder->scope, value, expr->offset, out, err);
}
