/*
 * expr_make.c - the makers: check types, insert casts, fold constants.
 *
 * What the language has several words for becomes one thing here: BETWEEN is an AND of two
 * comparisons, `x NOT IN (...)` a NOT of an IN, and in comparisons a constant stands on the right,
 * so that the optimizer and the kernels look for one shape.
 *
 * Folding computes a call whose arguments are all constant. A call that cannot be computed (1 / 0)
 * stays as it is and fails when a row reaches it; only casts fail at once, since a date that is no
 * date is a slip of the pen and not a matter of rows.
 */
#include "query/func.h"

#include "query/func_time.h"
#include "query/lookup.h"
#include "query/regex.h"
#include "storage/value.h"

#include <assert.h>
#include <string.h>

static muster_status expr_new(const mu_scope *scope, mu_expr_kind kind, mu_type type,
                              const mu_expr *const *args, uint32_t arg_count, int32_t offset,
                              mu_expr **out, muster_error *err)
{
    const mu_expr **copy;
    mu_expr *expr;

    *out = NULL;
    MU_ARENA_TRY(expr, scope->arena, 1, err);
    MU_ARENA_TRY(copy, scope->arena, arg_count, err);
    if (arg_count > 0) {
        memcpy(copy, args, arg_count * sizeof(const mu_expr *));
    }
    *expr = (mu_expr){.kind = kind,
                      .type = type,
                      .offset = mu_scope_place(scope, offset),
                      .arg_count = arg_count,
                      .args = copy};
    *out = expr;
    return MUSTER_OK;
}

muster_status mu_expr_const(const mu_scope *scope, mu_value value, int32_t offset,
                            const mu_expr **out, muster_error *err)
{
    mu_expr *expr;

    *out = NULL;
    MU_TRY(expr_new(scope, MU_EXPR_CONST, value.type, NULL, 0, offset, &expr, err));
    assert(expr);
    if (value.type.kind == MU_NULL) {
        value.null = true;
    }
    if (mu_type_form(value.type) == MU_FORM_CODE && !value.null) {
        value.text.data = mu_arena_text(scope->arena, value.text.data, value.text.size);
        if (!value.text.data) {
            return mu_fail_memory(err, "reading a statement");
        }
    }
    expr->value = value;
    *out = expr;
    return MUSTER_OK;
}

muster_status mu_expr_column(const mu_scope *scope, uint32_t column, mu_type type, int32_t offset,
                             const mu_expr **out, muster_error *err)
{
    mu_expr *expr;

    *out = NULL;
    MU_TRY(expr_new(scope, MU_EXPR_COLUMN, type, NULL, 0, offset, &expr, err));
    assert(expr);
    expr->column = column;
    *out = expr;
    return MUSTER_OK;
}

/* Folding. */

static bool all_constant(const mu_expr *expr)
{
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        if (expr->args[i]->kind != MU_EXPR_CONST) {
            return false;
        }
    }
    return true;
}

static muster_status compute(const mu_scope *scope, const mu_expr *expr, mu_value *values,
                             const mu_expr **out, muster_error *err)
{
    mu_func_context context = {
        .snapshot = scope->snapshot, .now_us = scope->now_us, .zone = scope->zone};
    mu_value result = {.type = expr->type};
    muster_status status = MUSTER_OK;

    for (uint32_t i = 0; i < expr->arg_count; i++) {
        values[i] = expr->args[i]->value;
        if (values[i].null && !(expr->func->flags & MU_FUNC_NULLS)) {
            result.null = true;
        }
    }
    if (!result.null) {
        status = expr->func->scalar(&context, expr, values, &result, err);
    }
    if (status == MUSTER_OK) {
        result.type = expr->type;
        status = mu_expr_const(scope, result, expr->offset, out, err);
    }
    mu_regex_cache_close(context.regexes);
    mu_writer_deinit(&context.text);
    return status;
}

/* *out becomes a constant, if the call is one; else stays what it is. */
static muster_status fold(const mu_scope *scope, const mu_expr *expr, const mu_expr **out,
                          muster_error *err)
{
    muster_error found = {0};
    mu_value *values;

    *out = expr;
    if (!all_constant(expr) || (scope->lasting && mu_time_is_now(expr->func))) {
        return MUSTER_OK;
    }
    MU_ARENA_TRY(values, scope->arena, expr->arg_count, err);
    const muster_status status = compute(scope, expr, values, out, &found);
    if (status == MUSTER_OK) {
        return MUSTER_OK;
    }
    *out = expr;
    if (status == MUSTER_INVALID && !(expr->func->flags & MU_FUNC_STRICT_FOLD)) {
        return MUSTER_OK; /* it fails when a row reaches it */
    }
    if (err) {
        *err = found;
        err->offset = expr->offset;
    }
    return status;
}

/* Calls. */

/* An interval of months is so many microseconds only beside a date. */
static muster_status check_months(const mu_expr *expr, muster_error *err)
{
    if (expr->func->flags & MU_FUNC_MONTHS) {
        return MUSTER_OK;
    }
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        const mu_expr *arg = expr->args[i];
        if (arg->kind == MU_EXPR_CONST) {
            MU_TRY(mu_value_check_length(&arg->value, arg->offset, err));
        }
    }
    return MUSTER_OK;
}

static muster_status make_call(const mu_scope *scope, const mu_func *func,
                               const mu_expr *const *args, uint32_t arg_count, mu_type type,
                               int32_t offset, const mu_expr **out, muster_error *err)
{
    mu_expr *expr;

    *out = NULL;
    MU_TRY(expr_new(scope, MU_EXPR_CALL, type, args, arg_count, offset, &expr, err));
    assert(expr);
    expr->func = func;
    if (type.kind != MU_INTERVAL) {
        MU_TRY(check_months(expr, err));
    }
    MU_TRY(fold(scope, expr, out, err)); /* months go on from constant intervals to their sum */
    return *out == expr ? check_months(expr, err) : MUSTER_OK;
}

static muster_status cast_params(const mu_scope *scope, const mu_func *func, const mu_expr **args,
                                 uint32_t arg_count, muster_error *err)
{
    for (uint32_t i = 0; i < arg_count; i++) {
        const char letter = mu_func_param(func, i);
        mu_type wanted = mu_type_of_letter(letter);

        if (letter == 'a') {
            continue;
        }
        if (letter == 'n') {
            wanted = args[i]->type.kind == MU_DECIMAL  ? args[i]->type
                     : args[i]->type.kind == MU_BIGINT ? mu_type_as_decimal(args[i]->type)
                                                       : wanted;
        }
        MU_TRY(mu_expr_coerce(scope, args[i], wanted, &args[i], err));
    }
    return MUSTER_OK;
}

static mu_comparison mirrored(mu_comparison how)
{
    switch (how) {
    case MU_LESS:
        return MU_GREATER;
    case MU_LESS_EQUAL:
        return MU_GREATER_EQUAL;
    case MU_GREATER:
        return MU_LESS;
    case MU_GREATER_EQUAL:
        return MU_LESS_EQUAL;
    case MU_EQUAL:
    case MU_UNEQUAL:
        break;
    }
    return how;
}

/* Is it the same for all rows? A subquery that refers to none is so once it was run. */
static bool is_settled(const mu_expr *expr)
{
    return expr->kind == MU_EXPR_CONST || (expr->kind == MU_EXPR_LOOKUP && expr->arg_count == 0);
}

/* `5 < x` becomes `x > 5`. */
static void constant_to_the_right(const mu_func **func, const mu_expr **args)
{
    const mu_func *first = mu_func_compare.funcs;

    if (*func < first || *func > &first[MU_GREATER_EQUAL] || !is_settled(args[0]) ||
        is_settled(args[1])) {
        return;
    }
    const mu_expr *constant = args[0];
    args[0] = args[1];
    args[1] = constant;
    *func = &first[mirrored((mu_comparison)(*func - first))];
}

static muster_status call_plain(const mu_scope *scope, const char *name, const mu_expr *const *args,
                                uint32_t arg_count, int32_t offset, const mu_expr **out,
                                muster_error *err)
{
    const mu_func *func;
    const mu_expr **cast;

    MU_TRY(mu_func_find(scope, name, args, arg_count, offset, &func, err));
    MU_ARENA_TRY(cast, scope->arena, arg_count, err);
    if (arg_count > 0) {
        memcpy(cast, args, arg_count * sizeof(const mu_expr *));
    }
    MU_TRY(cast_params(scope, func, cast, arg_count, err));
    if (func->make) {
        *out = NULL;
        MU_TRY(func->make(scope, func, cast, arg_count, offset, out, err));
        if (*out) {
            return MUSTER_OK;
        }
    }
    mu_type type = func->result == '0' ? cast[0]->type : mu_type_of_letter(func->result);
    if (func->bind) {
        MU_TRY(func->bind(scope, func, cast, arg_count, offset, &type, err));
    }
    if (arg_count == 2) {
        constant_to_the_right(&func, cast);
    }
    return make_call(scope, func, cast, arg_count, type, offset, out, err);
}

static muster_status call_between(const mu_scope *scope, const mu_expr *const *args,
                                  uint32_t arg_count, int32_t offset, const mu_expr **out,
                                  muster_error *err)
{
    const mu_expr *both[2];

    if (arg_count != 3) {
        return mu_fail_at(err, MUSTER_INVALID, offset, "\"between\" takes 3 values, not %u",
                          arg_count);
    }
    const mu_expr *const low[2] = {args[0], args[1]};
    const mu_expr *const high[2] = {args[0], args[2]};
    MU_TRY(call_plain(scope, ">=", low, 2, offset, &both[0], err));
    MU_TRY(call_plain(scope, "<=", high, 2, offset, &both[1], err));
    return mu_expr_logic(scope, MU_EXPR_AND, both, 2, offset, out, err);
}

static bool all_constant_from(const mu_expr *const *args, uint32_t first, uint32_t arg_count)
{
    for (uint32_t i = first; i < arg_count; i++) {
        if (args[i]->kind != MU_EXPR_CONST) {
            return false;
        }
    }
    return true;
}

/* A list that is not constant is an OR of equalities. */
static muster_status call_in(const mu_scope *scope, const mu_expr *const *args, uint32_t arg_count,
                             int32_t offset, const mu_expr **out, muster_error *err)
{
    const mu_expr **terms;

    if (arg_count < 2) {
        return mu_fail_at(err, MUSTER_INVALID, offset, "the list of \"in\" is empty");
    }
    if (all_constant_from(args, 1, arg_count) && arg_count > 2) {
        return call_plain(scope, "in", args, arg_count, offset, out, err);
    }
    MU_ARENA_TRY(terms, scope->arena, arg_count - 1, err);
    for (uint32_t i = 1; i < arg_count; i++) {
        const mu_expr *const pair[2] = {args[0], args[i]};
        MU_TRY(call_plain(scope, "=", pair, 2, offset, &terms[i - 1], err));
    }
    if (arg_count == 2) {
        *out = terms[0];
        return MUSTER_OK;
    }
    return mu_expr_logic(scope, MU_EXPR_OR, terms, arg_count - 1, offset, out, err);
}

muster_status mu_expr_call(const mu_scope *scope, const char *name, const mu_expr *const *args,
                           uint32_t arg_count, int32_t offset, const mu_expr **out,
                           muster_error *err)
{
    static const char *const negated[][2] = {
        {"not like", "like"}, {"not ilike", "ilike"}, {"not in", "in"}, {"not between", "between"}};

    *out = NULL;
    for (size_t i = 0; i < MU_COUNT(negated); i++) {
        if (mu_name_equal(name, negated[i][0])) {
            const mu_expr *positive;
            MU_TRY(mu_expr_call(scope, negated[i][1], args, arg_count, offset, &positive, err));
            return mu_expr_logic(scope, MU_EXPR_NOT, &positive, 1, offset, out, err);
        }
    }
    if (mu_name_equal(name, "between")) {
        return call_between(scope, args, arg_count, offset, out, err);
    }
    if (mu_name_equal(name, "in")) {
        return call_in(scope, args, arg_count, offset, out, err);
    }
    if (arg_count == 3 && (mu_name_equal(name, "if") || mu_name_equal(name, "iff"))) {
        return mu_expr_case(scope, args, arg_count, offset, out, err);
    }
    return call_plain(scope, name, args, arg_count, offset, out, err);
}

muster_status mu_expr_tuple(const mu_scope *scope, const mu_expr *const *args, uint32_t arg_count,
                            int32_t offset, const mu_expr **out, muster_error *err)
{
    return make_call(scope, &mu_func_tuple, args, arg_count, (mu_type){.kind = MU_TEXT}, offset,
                     out, err);
}

muster_status mu_expr_order(const mu_scope *scope, const mu_expr_key *keys, uint32_t key_count,
                            bool strict, int32_t offset, const mu_expr **out, muster_error *err)
{
    const mu_expr **args;

    MU_ARENA_TRY(args, scope->arena, 2 * (size_t)key_count, err);
    for (uint32_t i = 0; i < key_count; i++) {
        const mu_expr *key = keys[i].expr;
        const mu_value way = {.type = mu_type_of_letter('i'),
                              .i64 = (keys[i].descending ? MU_KEY_DESCENDING : 0) |
                                     (keys[i].nulls_first ? MU_KEY_NULLS_FIRST : 0)};
        MU_TRY(mu_type_check_order(key->type, "ORDER BY", key->offset, err));
        if (key->type.kind == MU_CUSTOMER) {
            MU_TRY(mu_expr_coerce(scope, key, mu_scope_id_type(scope), &key, err));
        }
        args[2 * i] = key;
        MU_TRY(mu_expr_const(scope, way, key->offset, &args[2 * i + 1], err));
    }
    return make_call(scope, strict ? &mu_func_order_strict : &mu_func_order, args, 2 * key_count,
                     (mu_type){.kind = MU_TEXT}, offset, out, err);
}

/* Casts. */

bool mu_cast_exists(mu_type from, mu_type to)
{
    const bool number = from.kind == MU_BIGINT || from.kind == MU_DECIMAL || from.kind == MU_DOUBLE;

    switch (to.kind) {
    case MU_BOOLEAN:
        return from.kind == MU_BOOLEAN || from.kind == MU_TEXT || from.kind == MU_BIGINT;
    case MU_BIGINT:
        return from.kind == MU_BOOLEAN || number || from.kind == MU_TEXT ||
               from.kind == MU_CUSTOMER;
    case MU_DOUBLE:
    case MU_DECIMAL:
        return number || from.kind == MU_TEXT || from.kind == MU_CUSTOMER;
    case MU_TEXT:
        return from.kind != MU_BITMAP;
    case MU_DATE:
    case MU_TIMESTAMP:
        return from.kind == MU_TEXT || from.kind == MU_DATE || from.kind == MU_TIMESTAMP;
    case MU_INTERVAL:
        return from.kind == MU_TEXT || from.kind == MU_INTERVAL;
    case MU_CUSTOMER:
        return from.kind == MU_CUSTOMER;
    case MU_NULL:
    case MU_BITMAP:
        break;
    }
    return false;
}

/* A customer that is to be a number or a date goes by its id. */
static muster_status cast_customer(const mu_scope *scope, const mu_expr *value, mu_type type,
                                   int32_t offset, const mu_expr **out, muster_error *err)
{
    const mu_type id = mu_scope_id_type(scope);

    *out = value;
    if (value->type.kind != MU_CUSTOMER || type.kind == id.kind || type.kind == MU_TEXT) {
        return MUSTER_OK;
    }
    return make_call(scope, &mu_func_cast, &value, 1, id, offset, out, err);
}

/* What to write instead: 2024-05-01 without quotes is a number, and so are seconds since 1970. */
static const char *cast_hint(mu_type from, mu_type to)
{
    if (to.kind == MU_INTERVAL) {
        return "; write INTERVAL '7 days'";
    }
    if (from.kind == MU_BITMAP || to.kind == MU_BITMAP) {
        return to.kind == MU_BITMAP ? "; bitmap_agg(customer) makes one"
                                    : "; bitmap_count() says how many are in it";
    }
    if (from.kind != MU_BIGINT) {
        return "";
    }
    return to.kind == MU_DATE        ? "; a date stands between single quotes: '2024-05-01'"
           : to.kind == MU_TIMESTAMP ? "; a time stands between single quotes: '2024-05-01 09:00', "
                                       "and to_timestamp() makes one of seconds"
                                     : "";
}

muster_status mu_expr_cast(const mu_scope *scope, const mu_expr *value, mu_type type, bool attempt,
                           int32_t offset, const mu_expr **out, muster_error *err)
{
    char from[32], to[32];

    *out = value;
    if (mu_type_equal(value->type, type)) {
        return MUSTER_OK;
    }
    if (value->type.kind == MU_NULL) {
        return mu_expr_const(scope, mu_value_null(type), offset, out, err);
    }
    if (type.kind == MU_TEXT && value->type.kind == MU_TEXT && type.length == 0) {
        return MUSTER_OK; /* any text is one */
    }
    if (type.kind == MU_CUSTOMER && value->kind == MU_EXPR_CONST) {
        return mu_expr_find_customer(scope, value, out, err);
    }
    if (!mu_cast_exists(value->type, type)) {
        *out = NULL;
        return mu_fail_at(err, MUSTER_INVALID, offset, "a %s cannot be cast to %s%s",
                          mu_type_name(value->type, from), mu_type_name(type, to),
                          cast_hint(value->type, type));
    }
    MU_TRY(cast_customer(scope, value, type, offset, &value, err));
    return make_call(scope, attempt ? &mu_func_try_cast : &mu_func_cast, &value, 1, type, offset,
                     out, err);
}

/* Logic. */

static muster_status as_boolean(const mu_scope *scope, const mu_expr *expr, const char *what,
                                const mu_expr **out, muster_error *err)
{
    const mu_type boolean = {.kind = MU_BOOLEAN};
    char name[32];

    if (expr->type.kind != MU_BOOLEAN && expr->type.kind != MU_NULL) {
        return mu_fail_at(err, MUSTER_INVALID, expr->offset, "%s takes a condition, not %s", what,
                          mu_type_name(expr->type, name));
    }
    return mu_expr_coerce(scope, expr, boolean, out, err);
}

static muster_status boolean_const(const mu_scope *scope, bool truth, int32_t offset,
                                   const mu_expr **out, muster_error *err)
{
    const mu_value value = {.type = {.kind = MU_BOOLEAN}, .i64 = truth};

    return mu_expr_const(scope, value, offset, out, err);
}

static bool is_constant_truth(const mu_expr *expr, bool truth)
{
    return expr->kind == MU_EXPR_CONST && !expr->value.null && (expr->value.i64 != 0) == truth;
}

static muster_status make_not(const mu_scope *scope, const mu_expr *arg, int32_t offset,
                              const mu_expr **out, muster_error *err)
{
    const mu_type boolean = {.kind = MU_BOOLEAN};
    mu_expr *expr;

    *out = NULL;
    MU_TRY(as_boolean(scope, arg, "NOT", &arg, err));
    if (arg->kind == MU_EXPR_CONST) {
        mu_value value = arg->value;
        value.i64 = !value.i64;
        return mu_expr_const(scope, value, offset, out, err);
    }
    MU_TRY(expr_new(scope, MU_EXPR_NOT, boolean, &arg, 1, offset, &expr, err));
    *out = expr;
    return MUSTER_OK;
}

muster_status mu_expr_logic(const mu_scope *scope, mu_expr_kind kind, const mu_expr *const *args,
                            uint32_t arg_count, int32_t offset, const mu_expr **out,
                            muster_error *err)
{
    const mu_type boolean = {.kind = MU_BOOLEAN};
    const char *what = kind == MU_EXPR_AND ? "AND" : "OR";
    uint32_t count = 0;
    const mu_expr **terms;
    mu_expr *expr;

    assert(kind == MU_EXPR_AND || kind == MU_EXPR_OR || kind == MU_EXPR_NOT);
    *out = NULL;
    if (kind == MU_EXPR_NOT) {
        return make_not(scope, args[0], offset, out, err);
    }
    MU_ARENA_TRY(terms, scope->arena, arg_count, err);
    for (uint32_t i = 0; i < arg_count; i++) {
        const mu_expr *arg;
        MU_TRY(as_boolean(scope, args[i], what, &arg, err));
        if (is_constant_truth(arg, kind == MU_EXPR_OR)) {
            /* Errors of terms before it are not worth keeping it for. */
            return boolean_const(scope, kind == MU_EXPR_OR, offset, out, err);
        }
        if (!is_constant_truth(arg, kind == MU_EXPR_AND)) {
            terms[count++] = arg;
        }
    }
    if (count == 0) {
        return boolean_const(scope, kind == MU_EXPR_AND, offset, out, err);
    }
    if (count == 1) {
        *out = terms[0];
        return MUSTER_OK;
    }
    MU_TRY(expr_new(scope, kind, boolean, terms, count, offset, &expr, err));
    *out = expr;
    return MUSTER_OK;
}

/* Unifies the results of a CASE, which stand at 1, 3, ... and last. */
static muster_status unify_results(const mu_scope *scope, const mu_expr **args, uint32_t count,
                                   int32_t offset, mu_type *type, muster_error *err)
{
    const uint32_t branches = count / 2;
    const mu_expr **results;

    MU_ARENA_TRY(results, scope->arena, branches + 1, err);
    for (uint32_t i = 0; i < branches; i++) {
        results[i] = args[2 * i + 1];
    }
    results[branches] = args[count - 1];
    MU_TRY(mu_expr_unify(scope, results, branches + 1, "CASE", offset, type, err));
    for (uint32_t i = 0; i < branches; i++) {
        args[2 * i + 1] = results[i];
    }
    args[count - 1] = results[branches];
    return MUSTER_OK;
}

muster_status mu_expr_case(const mu_scope *scope, const mu_expr *const *args, uint32_t arg_count,
                           int32_t offset, const mu_expr **out, muster_error *err)
{
    const mu_expr **kept;
    uint32_t count = 0;
    mu_type type;
    mu_expr *expr;

    assert(arg_count % 2 == 1);
    *out = NULL;
    MU_ARENA_TRY(kept, scope->arena, arg_count, err);
    for (uint32_t i = 0; i + 1 < arg_count; i += 2) {
        MU_TRY(as_boolean(scope, args[i], "CASE WHEN", &kept[i], err));
        kept[i + 1] = args[i + 1];
    }
    kept[arg_count - 1] = args[arg_count - 1];
    MU_TRY(unify_results(scope, kept, arg_count, offset, &type, err));
    for (uint32_t i = 0; i < arg_count; i++) {
        const mu_expr *arg = kept[i];
        const bool is_condition = i % 2 == 0 && i + 1 < arg_count;
        if (!is_condition || arg->kind != MU_EXPR_CONST) {
            kept[count++] = arg;
        } else if (is_constant_truth(arg, true)) {
            kept[count++] = kept[i + 1]; /* nothing after it is reached */
            break;
        } else {
            i++; /* this branch is never taken */
        }
    }
    if (count == 1) {
        *out = kept[0];
        return MUSTER_OK;
    }
    MU_TRY(expr_new(scope, MU_EXPR_CASE, type, kept, count, offset, &expr, err));
    *out = expr;
    return MUSTER_OK;
}

muster_status mu_expr_in_set(const mu_scope *scope, const mu_expr *customer, const mu_set *set,
                             int32_t offset, const mu_expr **out, muster_error *err)
{
    const mu_type boolean = {.kind = MU_BOOLEAN};
    char name[32];
    mu_expr *expr;

    *out = NULL;
    if (customer->type.kind != MU_CUSTOMER) {
        return mu_fail_at(err, MUSTER_INVALID, customer->offset,
                          "a set of customers has customers in it, not %s",
                          mu_type_name(customer->type, name));
    }
    MU_TRY(expr_new(scope, MU_EXPR_IN_SET, boolean, &customer, 1, offset, &expr, err));
    assert(expr);
    expr->set = set;
    *out = expr;
    return MUSTER_OK;
}

muster_status mu_expr_lookup(const mu_scope *scope, const mu_lookup *lookup,
                             const mu_expr *const *args, uint32_t arg_count, uint32_t column,
                             int32_t offset, const mu_expr **out, muster_error *err)
{
    const mu_type boolean = {.kind = MU_BOOLEAN};
    const mu_type type =
        lookup->kind == MU_LOOKUP_VALUE ? lookup->plan->columns[column].type : boolean;
    mu_expr *expr;

    *out = NULL;
    assert(arg_count == lookup->key_count + (lookup->kind == MU_LOOKUP_IN));
    MU_TRY(expr_new(scope, MU_EXPR_LOOKUP, type, args, arg_count, offset, &expr, err));
    assert(expr);
    expr->lookup = lookup;
    expr->column = column;
    *out = expr;
    return MUSTER_OK;
}

muster_status mu_expr_outer(const mu_scope *scope, const mu_expr *outer, int32_t offset,
                            const mu_expr **out, muster_error *err)
{
    mu_expr *expr;

    *out = NULL;
    MU_TRY(expr_new(scope, MU_EXPR_OUTER, outer->type, NULL, 0, offset, &expr, err));
    assert(expr);
    expr->outer = outer;
    *out = expr;
    return MUSTER_OK;
}

/* AND and OR of constants, none of which decides it alone but a FALSE of AND. */
static muster_status fold_logic(const mu_scope *scope, const mu_expr *expr, const mu_expr **out,
                                muster_error *err)
{
    mu_value value = {.type = {.kind = MU_BOOLEAN}};
    bool any_false = false, any_null = false;

    *out = expr;
    if ((expr->kind != MU_EXPR_AND && expr->kind != MU_EXPR_OR) || !all_constant(expr)) {
        return MUSTER_OK;
    }
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        any_null |= expr->args[i]->value.null;
        any_false |= is_constant_truth(expr->args[i], false);
    }
    value.null = any_null && !(expr->kind == MU_EXPR_AND && any_false);
    return mu_expr_const(scope, value, expr->offset, out, err);
}

/* Once more, over other arguments. */
static muster_status fold_args(const mu_scope *scope, const mu_expr *expr, const mu_expr **args,
                               const mu_expr **out, muster_error *err)
{
    mu_expr *copy;

    switch (expr->kind) {
    case MU_EXPR_AND:
    case MU_EXPR_OR:
    case MU_EXPR_NOT:
        MU_TRY(mu_expr_logic(scope, expr->kind, args, expr->arg_count, expr->offset, out, err));
        return fold_logic(scope, *out, out, err);
    case MU_EXPR_CASE:
        return mu_expr_case(scope, args, expr->arg_count, expr->offset, out, err);
    case MU_EXPR_CONST:
    case MU_EXPR_COLUMN:
    case MU_EXPR_CALL:
    case MU_EXPR_IN_SET:
    case MU_EXPR_LOOKUP:
    case MU_EXPR_OUTER:
        break;
    }
    MU_ARENA_TRY(copy, scope->arena, 1, err);
    *copy = *expr;
    copy->args = args;
    *out = copy;
    return expr->kind == MU_EXPR_CALL ? fold(scope, copy, out, err) : MUSTER_OK;
}

muster_status mu_expr_fold(const mu_scope *scope, const mu_expr *expr, const mu_expr **out,
                           muster_error *err)
{
    const mu_expr **args;

    *out = expr;
    if (expr->arg_count == 0) {
        return MUSTER_OK;
    }
    MU_ARENA_TRY(args, scope->arena, expr->arg_count, err);
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        MU_TRY(mu_expr_fold(scope, expr->args[i], &args[i], err));
    }
    return fold_args(scope, expr, args, out, err);
}
