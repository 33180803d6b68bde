/*
 * expr_type.c - which types go together: unification, implicit casts, the looking up of customers.
 *
 * A constant text takes the type of what it stands beside, as in PostgreSQL: `ts >= '2024-01-01'`.
 * A cast that changes the name of a type but no value (SMALLINT to BIGINT, DECIMAL(5,2) to
 * DECIMAL(12,2)) is not inserted: kernels look at the form alone.
 */
#include "query/func.h"
#include "storage/value.h"

#include <assert.h>
#include <stdio.h>

int64_t mu_divide_rounded(int64_t value, unsigned digits)
{
    assert(digits <= 18);
    const int64_t divisor = mu_ten_to[digits];
    const int64_t quotient = value / divisor;
    const int64_t rest = value % divisor;

    if (digits > 0 && (rest >= divisor / 2 || rest <= -(divisor / 2))) {
        return quotient + (value < 0 ? -1 : 1);
    }
    return quotient;
}

bool mu_fits_decimal(int64_t value, unsigned precision)
{
    assert(precision >= 1 && precision <= 18);
    return value > -mu_ten_to[precision] && value < mu_ten_to[precision];
}

mu_type mu_type_decimal(unsigned precision, unsigned scale)
{
    assert(scale <= 18);
    const unsigned digits = precision > 18 ? 18 : precision < scale ? scale : precision;

    return (mu_type){.kind = MU_DECIMAL,
                     .precision = (uint8_t)(digits > 0 ? digits : 1),
                     .scale = (uint8_t)scale};
}

mu_type mu_type_as_decimal(mu_type type)
{
    if (type.kind != MU_BIGINT) {
        return type;
    }
    return mu_type_decimal(type.bits <= 16 ? 5 : type.bits <= 32 ? 10 : 18, 0);
}

mu_type mu_type_of_letter(char letter)
{
    static const struct {
        char letter;
        mu_type type;
    } letters[] = {
        {'b', {.kind = MU_BOOLEAN}},   {'i', {.kind = MU_BIGINT, .bits = 64}},
        {'f', {.kind = MU_DOUBLE}},    {'n', {.kind = MU_DECIMAL, .precision = 18}},
        {'t', {.kind = MU_TEXT}},      {'d', {.kind = MU_DATE}},
        {'s', {.kind = MU_TIMESTAMP}}, {'v', {.kind = MU_INTERVAL}},
        {'m', {.kind = MU_BITMAP}},    {'c', {.kind = MU_CUSTOMER}},
    };

    for (size_t i = 0; i < MU_COUNT(letters); i++) {
        if (letters[i].letter == letter) {
            return letters[i].type;
        }
    }
    return (mu_type){.kind = MU_NULL};
}

static bool is_number(mu_type type)
{
    return type.kind == MU_BIGINT || type.kind == MU_DECIMAL || type.kind == MU_DOUBLE;
}

static mu_type unify_decimals(mu_type a, mu_type b)
{
    const unsigned scale = a.scale > b.scale ? a.scale : b.scale;
    const unsigned whole_a = (unsigned)a.precision - a.scale;
    const unsigned whole_b = (unsigned)b.precision - b.scale;

    return mu_type_decimal((whole_a > whole_b ? whole_a : whole_b) + scale, scale);
}

static bool unify_kinds(mu_type a, mu_type b, mu_type *out)
{
    if (is_number(a) && is_number(b)) {
        if (a.kind == MU_DOUBLE || b.kind == MU_DOUBLE) {
            *out = (mu_type){.kind = MU_DOUBLE};
        } else {
            *out = unify_decimals(mu_type_as_decimal(a), mu_type_as_decimal(b));
        }
        return true;
    }
    if (a.kind == MU_DATE && b.kind == MU_TIMESTAMP) {
        *out = b;
        return true;
    }
    if (a.kind == MU_CUSTOMER && (b.kind == MU_TEXT || b.kind == MU_BIGINT)) {
        *out = b; /* a customer is its id */
        return true;
    }
    return false;
}

bool mu_type_unify(mu_type a, mu_type b, mu_type *out)
{
    if (b.kind == MU_NULL) {
        *out = a;
        return true;
    }
    if (a.kind == MU_NULL) {
        *out = b;
        return true;
    }
    if (a.kind == b.kind) {
        *out = a;
        if (a.kind == MU_BIGINT && b.bits > a.bits) {
            *out = b;
        } else if (a.kind == MU_DECIMAL) {
            *out = unify_decimals(a, b);
        } else if (a.length != b.length) {
            out->length = 0;
        }
        return true;
    }
    return unify_kinds(a, b, out) || unify_kinds(b, a, out);
}

/* A BIGINT constant counts as no wider than it is, so that `amount = 5` stays DECIMAL(12,2). */
static mu_type type_among(const mu_expr *expr)
{
    mu_type type = expr->type;

    if (expr->kind == MU_EXPR_CONST && type.kind == MU_BIGINT && !expr->value.null) {
        const int64_t value = expr->value.i64;
        type.bits = value >= INT16_MIN && value <= INT16_MAX   ? 16
                    : value >= INT32_MIN && value <= INT32_MAX ? 32
                                                               : 64;
    }
    return type;
}

static bool is_text_constant(const mu_expr *expr)
{
    return expr->kind == MU_EXPR_CONST && expr->type.kind == MU_TEXT;
}

/* Whether a value of type `from` is one of type `to` as it stands. */
static bool is_same_form(mu_type from, mu_type to)
{
    if (from.kind != to.kind) {
        return false;
    }
    return from.kind != MU_DECIMAL || from.scale == to.scale;
}

muster_status mu_expr_coerce(const mu_scope *scope, const mu_expr *expr, mu_type type,
                             const mu_expr **out, muster_error *err)
{
    *out = expr;
    if (is_same_form(expr->type, type)) {
        return MUSTER_OK;
    }
    if (type.kind == MU_CUSTOMER && expr->kind == MU_EXPR_CONST) {
        return mu_expr_find_customer(scope, expr, out, err);
    }
    return mu_expr_cast(scope, expr, type, false, expr->offset, out, err);
}

muster_status mu_expr_unify(const mu_scope *scope, const mu_expr **args, uint32_t arg_count,
                            const char *what, int32_t offset, mu_type *out, muster_error *err)
{
    mu_type type = {.kind = MU_NULL};
    char name_a[32], name_b[32];
    const mu_expr *before = NULL;
    bool has_text_constant = false;

    for (uint32_t i = 0; i < arg_count; i++) {
        if (is_text_constant(args[i])) {
            has_text_constant = true;
            continue;
        }
        if (!mu_type_unify(type, type_among(args[i]), &type)) {
            return mu_fail_at(err, MUSTER_INVALID, args[i]->offset >= 0 ? args[i]->offset : offset,
                              "%s takes values of one type, not %s and %s", what,
                              mu_type_name(before ? before->type : type, name_a),
                              mu_type_name(args[i]->type, name_b));
        }
        before = args[i];
    }
    if (has_text_constant && (type.kind == MU_NULL || type.kind == MU_CUSTOMER)) {
        type = (mu_type){.kind = MU_TEXT};
    }
    for (uint32_t i = 0; i < arg_count; i++) {
        MU_TRY(mu_expr_coerce(scope, args[i], type, &args[i], err));
    }
    *out = type;
    return MUSTER_OK;
}

muster_status mu_type_check_order(mu_type type, const char *what, int32_t offset, muster_error *err)
{
    return type.kind != MU_BITMAP
               ? MUSTER_OK
               : mu_fail_at(err, MUSTER_INVALID, offset,
                            "%s goes by the order of values, and sets of customers have none; "
                            "bitmap_count() says how many are in one",
                            what);
}

mu_type mu_scope_id_type(const mu_scope *scope)
{
    const mu_catalog *catalog = scope->snapshot ? mu_snapshot_catalog(scope->snapshot) : NULL;

    return mu_type_of_letter(catalog && catalog->customer_kind == MU_BIGINT ? 'i' : 't');
}

muster_status mu_expr_find_customer(const mu_scope *scope, const mu_expr *id, const mu_expr **out,
                                    muster_error *err)
{
    mu_value value = {.type = {.kind = MU_CUSTOMER}, .ordinal = MU_NO_CUSTOMER};

    assert(id->kind == MU_EXPR_CONST);
    if (id->value.null) {
        value.null = true;
        return mu_expr_const(scope, value, id->offset, out, err);
    }
    MU_TRY(mu_expr_cast(scope, id, mu_scope_id_type(scope), false, id->offset, &id, err));
    if (scope->snapshot) {
        const mu_customer_id wanted = {.text = id->type.kind == MU_TEXT ? id->value.text
                                                                        : (mu_text){"", 0},
                                       .number = id->type.kind == MU_BIGINT ? id->value.i64 : 0};
        MU_TRY(
            mu_customers_find(mu_snapshot_customers(scope->snapshot), wanted, &value.ordinal, err));
    }
    return mu_expr_const(scope, value, id->offset, out, err);
}

uint64_t mu_double_word(double value)
{
    uint64_t word;

    if (value == 0 || value != value) {
        return value == 0 ? 0 : UINT64_C(0x7ff8000000000000);
    }
    memcpy(&word, &value, sizeof word);
    return word;
}

mu_value mu_value_null(mu_type type)
{
    return (mu_value){.type = type, .null = true};
}

static int compare_f64(double a, double b)
{
    const bool a_is_nan = a != a, b_is_nan = b != b;

    if (a_is_nan || b_is_nan) {
        return a_is_nan - b_is_nan;
    }
    return (a > b) - (a < b);
}

int mu_value_compare(const mu_value *a, const mu_value *b)
{
    assert(a->type.kind == b->type.kind);
    switch (mu_type_form(a->type)) {
    case MU_FORM_F64:
        return compare_f64(a->f64, b->f64);
    case MU_FORM_CODE:
        return mu_text_compare(a->text, b->text);
    case MU_FORM_ORDINAL:
        return (a->ordinal > b->ordinal) - (a->ordinal < b->ordinal);
    case MU_FORM_BITS:
    case MU_FORM_I64:
        break;
    }
    return (a->i64 > b->i64) - (a->i64 < b->i64);
}
