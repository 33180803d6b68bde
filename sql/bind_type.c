/*
 * bind_type.c - the names of types, and literals as values.
 */
#include "sql/bind.h"

#include "query/foreign.h"

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

#define TEXT_OF         \
    {                   \
        .kind = MU_TEXT \
    }
#define DECIMAL_OF                                      \
    {                                                   \
        .kind = MU_DECIMAL, .precision = 18, .scale = 3 \
    }

/* The usual synonyms. Numbers with a binary point are of 64 bits, whatever they are called, and
 * CHAR is not filled up with blanks. */
static const type_name type_names[] = {
    {"BOOLEAN", {.kind = MU_BOOLEAN}, 0},
    {"BOOL", {.kind = MU_BOOLEAN}, 0},
    {"LOGICAL", {.kind = MU_BOOLEAN}, 0},
    {"BIGINT", INTEGER_OF(64), 0},
    {"INT8", INTEGER_OF(64), 0},
    {"LONG", INTEGER_OF(64), 0},
    {"INTEGER", INTEGER_OF(32), 0},
    {"INT", INTEGER_OF(32), 0},
    {"INT4", INTEGER_OF(32), 0},
    {"SIGNED", INTEGER_OF(32), 0},
    {"SMALLINT", INTEGER_OF(16), 0},
    {"INT2", INTEGER_OF(16), 0},
    {"SHORT", INTEGER_OF(16), 0},
    {"TINYINT", INTEGER_OF(16), 0},
    {"INT1", INTEGER_OF(16), 0},
    {"DOUBLE", {.kind = MU_DOUBLE}, 0},
    {"FLOAT8", {.kind = MU_DOUBLE}, 0},
    {"FLOAT4", {.kind = MU_DOUBLE}, 0},
    {"FLOAT", {.kind = MU_DOUBLE}, 1},
    {"REAL", {.kind = MU_DOUBLE}, 0},
    {"DECIMAL", DECIMAL_OF, 2},
    {"NUMERIC", DECIMAL_OF, 2},
    {"DEC", DECIMAL_OF, 2},
    {"TEXT", TEXT_OF, 1},
    {"STRING", TEXT_OF, 1},
    {"VARCHAR", TEXT_OF, 1},
    {"CHAR", TEXT_OF, 1},
    {"CHARACTER", TEXT_OF, 1},
    {"BPCHAR", TEXT_OF, 1},
    {"NVARCHAR", TEXT_OF, 1},
    {"DATE", {.kind = MU_DATE}, 0},
    {"TIMESTAMP", {.kind = MU_TIMESTAMP}, 0},
    {"TIMESTAMPTZ", {.kind = MU_TIMESTAMP}, 0},
    {"DATETIME", {.kind = MU_TIMESTAMP}, 0},
    {"INTERVAL", {.kind = MU_INTERVAL}, 0},
};

static muster_status fail_type(const mu_ast_type *type, muster_error *err)
{
    mu_nearest nearest = mu_nearest_of(mu_bind_text(type->name.text));
    char advice[160];

    if (*mu_foreign_hint(MU_FOREIGN_TYPE, type->name.text, advice, sizeof advice)) {
        return mu_fail_at(err, MUSTER_INVALID, type->name.offset, "no type \"%s\"%s",
                          type->name.text, advice);
    }
    for (size_t i = 0; i < MU_COUNT(type_names); i++) {
        mu_nearest_try(&nearest, mu_bind_text(type_names[i].name));
    }
    return mu_fail_at(err, MUSTER_INVALID, type->name.offset, "no type \"%s\"%s", type->name.text,
                      mu_bind_advice(&nearest,
                                     "; there are BOOLEAN, SMALLINT, INTEGER, BIGINT, DOUBLE, "
                                     "DECIMAL(p, s), TEXT, DATE, TIMESTAMP and INTERVAL",
                                     advice, sizeof advice));
}

/* A parameter as a number; `most` if it is larger. */
static unsigned parameter(const mu_ast_type *type, uint32_t i, unsigned most)
{
    unsigned long number = 0;

    for (const char *digit = type->parameters[i]; *digit && number < most; digit++) {
        number = number * 10 + (unsigned long)(*digit - '0');
    }
    return number < most ? (unsigned)number : most;
}

/* VARCHAR(n): n characters at the most. FLOAT(n): n bits at the least. */
static muster_status bind_size(const mu_ast_type *type, mu_type *out, muster_error *err)
{
    const unsigned most = out->kind == MU_TEXT ? MU_MAX_TEXT_BYTES : 53;
    const unsigned size = type->parameter_count > 0 ? parameter(type, 0, most + 1) : 1;

    if (size < 1 || size > most) {
        return mu_fail_at(err, MUSTER_INVALID, type->name.offset,
                          "%s(%s): from 1 to %u %s are possible", type->name.text,
                          type->parameters[0], most, out->kind == MU_TEXT ? "characters" : "bits");
    }
    if (out->kind == MU_TEXT && type->parameter_count > 0) {
        out->length = size;
    }
    return MUSTER_OK;
}

/* DECIMAL(p, s): p digits, s of them behind the point. */
static muster_status bind_decimal(const mu_ast_type *type, mu_type *out, muster_error *err)
{
    unsigned numbers[2] = {18, 0};

    for (uint32_t i = 0; i < type->parameter_count; i++) {
        numbers[i] = parameter(type, i, 99);
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
            return out->kind == MU_DECIMAL ? bind_decimal(type, out, err)
                                           : bind_size(type, out, err);
        }
        return type_names[i].parameters > 0
                   ? mu_fail_at(err, MUSTER_INVALID, type->name.offset,
                                "type %s takes one number in parentheses", type->name.text)
                   : mu_fail_at(err, MUSTER_INVALID, type->name.offset,
                                "type %s takes no number in parentheses; leave it out",
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
