/*
 * func_compare.c - comparisons, IS NULL, IS DISTINCT FROM, IN.
 *
 * Text compares by bytes, so by code point; false is below true; a customer can only be equal to
 * another one, or not. Doubles compare as IEEE 754 says.
 */
#include "query/func.h"

#include "storage/base/mem.h"
#include "storage/kernels/kernels.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool holds(mu_comparison how, int order)
{
    switch (how) {
    case MU_EQUAL:
        return order == 0;
    case MU_UNEQUAL:
        return order != 0;
    case MU_LESS:
        return order < 0;
    case MU_LESS_EQUAL:
        return order <= 0;
    case MU_GREATER:
        return order > 0;
    case MU_GREATER_EQUAL:
        return order >= 0;
    }
    return false;
}

static bool holds_f64(mu_comparison how, double a, double b)
{
    switch (how) {
    case MU_EQUAL:
        return a == b;
    case MU_UNEQUAL:
        return a != b;
    case MU_LESS:
        return a < b;
    case MU_LESS_EQUAL:
        return a <= b;
    case MU_GREATER:
        return a > b;
    case MU_GREATER_EQUAL:
        return a >= b;
    }
    return false;
}

static bool values_hold(mu_comparison how, const mu_value *a, const mu_value *b)
{
    return mu_type_form(a->type) == MU_FORM_F64 ? holds_f64(how, a->f64, b->f64)
                                                : holds(how, mu_value_compare(a, b));
}

/* Types. */

/* Customers beside constants: the id is looked up once, here. Beside anything else, and where it
 * is about order, a customer is its id. */
static muster_status bind_customers(const mu_scope *scope, bool ordered, const mu_expr **args,
                                    uint32_t arg_count, muster_error *err)
{
    bool all = true, any = false, constants = true;

    for (uint32_t i = 0; i < arg_count; i++) {
        const bool is_customer = args[i]->type.kind == MU_CUSTOMER;
        any |= is_customer;
        all &= is_customer;
        constants &= is_customer || args[i]->kind == MU_EXPR_CONST;
    }
    if (!any || (all && !ordered)) {
        return MUSTER_OK;
    }
    for (uint32_t i = 0; i < arg_count; i++) {
        const bool is_customer = args[i]->type.kind == MU_CUSTOMER;
        if (is_customer && (ordered || !constants)) {
            MU_TRY(mu_expr_cast(scope, args[i], mu_scope_id_type(scope), false, args[i]->offset,
                                &args[i], err));
        } else if (!is_customer && constants && !ordered) {
            MU_TRY(mu_expr_find_customer(scope, args[i], &args[i], err));
        }
    }
    return MUSTER_OK;
}

static muster_status bind_compare(const mu_scope *scope, const mu_func *func, const mu_expr **args,
                                  uint32_t arg_count, int32_t offset, mu_type *result,
                                  muster_error *err)
{
    const bool ordered = func->variant != MU_EQUAL && func->variant != MU_UNEQUAL;
    char what[48];
    mu_type unified;

    (void)snprintf(what, sizeof what, "\"%s\"", func->name);
    MU_TRY(bind_customers(scope, ordered, args, arg_count, err));
    MU_TRY(mu_expr_unify(scope, args, arg_count, what, offset, &unified, err));
    *result = (mu_type){.kind = MU_BOOLEAN};
    return ordered ? mu_type_check_order(unified, what, offset, err) : MUSTER_OK;
}

/* = <> < <= > >=. */

static muster_status compare_scalar(mu_func_context *context, const mu_expr *expr,
                                    const mu_value *args, mu_value *out, muster_error *err)
{
    (void)context;
    (void)err;
    out->i64 = values_hold((mu_comparison)expr->func->variant, &args[0], &args[1]);
    return MUSTER_OK;
}

static void filter_i64(mu_comparison how, const int64_t *values, int64_t bound, uint64_t *live,
                       size_t words)
{
    switch (how) {
    case MU_EQUAL:
        mu_k()->filter_eq_i64(values, bound, live, words);
        break;
    case MU_UNEQUAL:
        mu_k()->filter_ne_i64(values, bound, live, words);
        break;
    case MU_LESS:
        mu_k()->filter_lt_i64(values, bound, live, words);
        break;
    case MU_LESS_EQUAL:
        mu_k()->filter_le_i64(values, bound, live, words);
        break;
    case MU_GREATER:
        mu_k()->filter_gt_i64(values, bound, live, words);
        break;
    case MU_GREATER_EQUAL:
        mu_k()->filter_ge_i64(values, bound, live, words);
        break;
    }
}

static bool filter_f64(mu_comparison how, const double *values, double bound, uint64_t *live,
                       size_t words)
{
    switch (how) {
    case MU_EQUAL:
        mu_k()->filter_eq_f64(values, bound, live, words);
        return true;
    case MU_UNEQUAL:
        return false;
    case MU_LESS:
        mu_k()->filter_lt_f64(values, bound, live, words);
        return true;
    case MU_LESS_EQUAL:
        mu_k()->filter_le_f64(values, bound, live, words);
        return true;
    case MU_GREATER:
        mu_k()->filter_gt_f64(values, bound, live, words);
        return true;
    case MU_GREATER_EQUAL:
        mu_k()->filter_ge_f64(values, bound, live, words);
        return true;
    }
    return false;
}

static bool compare_filter(const mu_expr *expr, const mu_vector *column, uint32_t rows,
                           uint64_t *live)
{
    const mu_comparison how = (mu_comparison)expr->func->variant;
    const mu_value *bound = &expr->args[1]->value;
    const size_t words = mu_bits_words(rows);

    switch (mu_type_form(column->type)) {
    case MU_FORM_I64:
        filter_i64(how, column->data, bound->i64, live, words);
        return true;
    case MU_FORM_F64:
        return filter_f64(how, column->data, bound->f64, live, words);
    case MU_FORM_ORDINAL:
        if (how == MU_EQUAL) {
            mu_k()->filter_eq_u32(column->data, bound->ordinal, live, words);
        }
        return how == MU_EQUAL;
    case MU_FORM_BITS:
    case MU_FORM_CODE:
        break;
    }
    return false;
}

/* Every comparison of two columns is made of "equal" and "less". */
static void kernel(const void *a, const void *b, uint64_t *out, size_t words, bool f64, bool less)
{
    if (f64) {
        (less ? mu_k()->compare_lt_f64 : mu_k()->compare_eq_f64)(a, b, out, words);
    } else {
        (less ? mu_k()->compare_lt_i64 : mu_k()->compare_eq_i64)(a, b, out, words);
    }
}

static void invert(uint64_t *map, size_t words)
{
    for (size_t w = 0; w < words; w++) {
        map[w] = ~map[w];
    }
}

static void compare_columns(mu_comparison how, const mu_func_call *call, bool f64)
{
    const void *a = call->args[0].data, *b = call->args[1].data;
    const size_t words = mu_bits_words(call->rows);
    uint64_t equal[MU_BATCH_WORDS];
    uint64_t *out = call->data;

    switch (how) {
    case MU_EQUAL:
    case MU_UNEQUAL:
        kernel(a, b, out, words, f64, false);
        break;
    case MU_LESS:
    case MU_LESS_EQUAL:
        kernel(a, b, out, words, f64, true);
        break;
    case MU_GREATER:
    case MU_GREATER_EQUAL:
        kernel(b, a, out, words, f64, true);
        break;
    }
    if (how == MU_UNEQUAL) {
        invert(out, words);
    } else if (how == MU_LESS_EQUAL || how == MU_GREATER_EQUAL) {
        kernel(a, b, equal, words, f64, false);
        mu_k()->or_bits(out, equal, words);
    }
}

static void compare_rows(mu_comparison how, const mu_func_call *call)
{
    const mu_vector *a = &call->args[0], *b = &call->args[1];
    const bool codes =
        mu_type_form(a->type) == MU_FORM_CODE && a->dict && a->dict == b->dict && a->dict->sorted;
    const mu_rows reached = {call->rows, call->live};
    uint64_t *out = call->data;

    MU_FOR_EACH_LIVE(row, &reached) {
        bool truth;
        if (codes) {
            const uint32_t x = ((const uint32_t *)a->data)[row];
            const uint32_t y = ((const uint32_t *)b->data)[row];
            truth = holds(how, (x > y) - (x < y));
        } else {
            const mu_value x = mu_vector_value(a, row), y = mu_vector_value(b, row);
            truth = values_hold(how, &x, &y);
        }
        if (truth) {
            mu_bits_set(out, row);
        }
    }
}

static muster_status compare_vector(const mu_func_call *call, muster_error *err)
{
    const mu_comparison how = (mu_comparison)call->expr->func->variant;
    const mu_form form = mu_type_form(call->args[0].type);
    uint64_t *out = call->data;

    (void)err;
    if (call->expr->args[1]->kind == MU_EXPR_CONST) {
        memcpy(out, call->live, mu_bits_words(call->rows) * sizeof *out);
        if (compare_filter(call->expr, &call->args[0], call->rows, out)) {
            return MUSTER_OK;
        }
        memset(out, 0, mu_bits_words(call->rows) * sizeof *out);
    }
    if (form == MU_FORM_I64 || form == MU_FORM_F64) {
        compare_columns(how, call, form == MU_FORM_F64);
    } else {
        compare_rows(how, call);
    }
    return MUSTER_OK;
}

/* IS NULL, IS DISTINCT FROM. */

enum {
    IS_NULL,
    IS_NOT_NULL
};

static muster_status null_scalar(mu_func_context *context, const mu_expr *expr,
                                 const mu_value *args, mu_value *out, muster_error *err)
{
    (void)context;
    (void)err;
    out->i64 = args[0].null == (expr->func->variant == IS_NULL);
    return MUSTER_OK;
}

static muster_status null_vector(const mu_func_call *call, muster_error *err)
{
    const uint64_t *valid = call->args[0].valid;
    uint64_t *out = call->data;

    (void)err;
    for (size_t w = 0; w < mu_bits_words(call->rows); w++) {
        const uint64_t known = valid ? valid[w] : UINT64_MAX;
        out[w] = call->expr->func->variant == IS_NULL ? ~known : known;
    }
    return MUSTER_OK;
}

static muster_status distinct_scalar(mu_func_context *context, const mu_expr *expr,
                                     const mu_value *args, mu_value *out, muster_error *err)
{
    const bool equal = args[0].null || args[1].null ? args[0].null == args[1].null
                                                    : mu_value_compare(&args[0], &args[1]) == 0;

    (void)context;
    (void)err;
    out->i64 = equal == (expr->func->variant == MU_EQUAL);
    return MUSTER_OK;
}

/* IN. */

/* The constants of the list that are not NULL, in order. */
typedef struct value_list {
    uint32_t count;
    bool has_null;
    mu_value values[];
} value_list;

static int compare_values(const void *a, const void *b)
{
    return mu_value_compare(a, b);
}

static value_list *list_new(const mu_expr *expr)
{
    value_list *list = mu_mem_zalloc(sizeof *list + expr->arg_count * sizeof(mu_value));

    if (!list) {
        return NULL;
    }
    for (uint32_t i = 1; i < expr->arg_count; i++) {
        assert(expr->args[i]->kind == MU_EXPR_CONST);
        const mu_value *value = &expr->args[i]->value;
        if (value->null) {
            list->has_null = true;
        } else if (values_hold(MU_EQUAL, value, value)) { /* NaN equals nothing */
            list->values[list->count] = *value;
            list->values[list->count++].type = expr->args[0]->type;
        }
    }
    qsort(list->values, list->count, sizeof(mu_value), compare_values);
    return list;
}

static muster_status in_scalar(mu_func_context *context, const mu_expr *expr, const mu_value *args,
                               mu_value *out, muster_error *err)
{
    (void)context;
    (void)err;
    out->null = args[0].null;
    for (uint32_t i = 1; i < expr->arg_count && !args[0].null; i++) {
        if (args[i].null) {
            out->null = true;
        } else if (values_hold(MU_EQUAL, &args[0], &args[i])) {
            out->null = false;
            out->i64 = 1;
            break;
        }
    }
    return MUSTER_OK;
}

enum {
    FEW_CONSTANTS = 8
}; /* up to here one pass of a kernel for each beats a search for a row */

static void find_few(const mu_func_call *call, const value_list *list)
{
    const size_t words = mu_bits_words(call->rows);
    uint64_t found[MU_BATCH_WORDS];

    for (uint32_t i = 0; i < list->count; i++) {
        memcpy(found, call->valid, words * sizeof *found);
        mu_k()->filter_eq_i64(call->args[0].data, list->values[i].i64, found, words);
        mu_k()->or_bits(call->data, found, words);
    }
}

static muster_status in_vector(const mu_func_call *call, muster_error *err)
{
    const mu_vector *values = &call->args[0];
    const size_t words = mu_bits_words(call->rows);
    uint64_t *out = call->data;

    if (!*call->state) {
        *call->state = list_new(call->expr);
    }
    const value_list *list = *call->state;
    if (!list) {
        return mu_fail_memory(err, "reading a list of constants");
    }
    if (values->valid) {
        mu_k()->and_bits(call->valid, values->valid, words);
    }
    if (mu_type_form(values->type) == MU_FORM_I64 && list->count <= FEW_CONSTANTS) {
        find_few(call, list);
    } else {
        const mu_rows reached = {call->rows, call->valid};
        MU_FOR_EACH_LIVE(row, &reached) {
            const mu_value value = mu_vector_value(values, row);
            if (bsearch(&value, list->values, list->count, sizeof value, compare_values)) {
                mu_bits_set(out, row);
            }
        }
    }
    if (list->has_null) {
        mu_k()->and_bits(call->valid, out, words); /* what is not found might be the NULL */
    }
    return MUSTER_OK;
}

#define COMPARISON(text, how)                                                                  \
    {                                                                                          \
        .name = (text), .params = "aa", .result = ' ', .variant = (how), .bind = bind_compare, \
        .scalar = compare_scalar, .vector = compare_vector, .filter = compare_filter           \
    }

/* The first six stand in the order of mu_comparison. */
static const mu_func funcs[] = {
    COMPARISON("=", MU_EQUAL),
    COMPARISON("<>", MU_UNEQUAL),
    COMPARISON("<", MU_LESS),
    COMPARISON("<=", MU_LESS_EQUAL),
    COMPARISON(">", MU_GREATER),
    COMPARISON(">=", MU_GREATER_EQUAL),
    {.name = "is distinct from",
     .params = "aa",
     .result = ' ',
     .flags = MU_FUNC_NULLS,
     .variant = MU_UNEQUAL,
     .bind = bind_compare,
     .scalar = distinct_scalar},
    {.name = "is not distinct from",
     .params = "aa",
     .result = ' ',
     .flags = MU_FUNC_NULLS,
     .variant = MU_EQUAL,
     .bind = bind_compare,
     .scalar = distinct_scalar},
    {.name = "is null",
     .params = "a",
     .result = 'b',
     .flags = MU_FUNC_NULLS,
     .variant = IS_NULL,
     .scalar = null_scalar,
     .vector = null_vector},
    {.name = "is not null",
     .params = "a",
     .result = 'b',
     .flags = MU_FUNC_NULLS,
     .variant = IS_NOT_NULL,
     .scalar = null_scalar,
     .vector = null_vector},
    {.name = "in",
     .params = "aa*",
     .result = ' ',
     .flags = MU_FUNC_NULLS | MU_FUNC_LIST,
     .variant = MU_EQUAL,
     .bind = bind_compare,
     .scalar = in_scalar,
     .vector = in_vector},
};

const mu_func_family mu_func_compare = {funcs, MU_COUNT(funcs)};
