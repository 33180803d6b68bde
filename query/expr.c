/*
 * expr.c - walks over expressions: equality, the columns they read, copies with other columns.
 */
#include "query/expr.h"

#include "query/func.h"

#include <assert.h>
#include <string.h>

static bool value_equal(const mu_value *a, const mu_value *b)
{
    if (!mu_type_equal(a->type, b->type) || a->null != b->null) {
        return false;
    }
    if (a->null) {
        return true;
    }
    if (a->type.kind == MU_INTERVAL && a->months != b->months) {
        return false;
    }
    return mu_value_compare(a, b) == 0;
}

bool mu_expr_equal(const mu_expr *a, const mu_expr *b)
{
    if (a == b) {
        return true;
    }
    if (a->kind != b->kind || !mu_type_equal(a->type, b->type) || a->arg_count != b->arg_count ||
        a->column != b->column || a->func != b->func || a->set != b->set ||
        a->lookup != b->lookup || a->outer != b->outer) {
        return false;
    }
    if (a->kind == MU_EXPR_CONST && !value_equal(&a->value, &b->value)) {
        return false;
    }
    for (uint32_t i = 0; i < a->arg_count; i++) {
        if (!mu_expr_equal(a->args[i], b->args[i])) {
            return false;
        }
    }
    return true;
}

void mu_expr_columns(const mu_expr *expr, uint64_t *used)
{
    if (expr->kind == MU_EXPR_COLUMN) {
        mu_bits_set(used, expr->column);
    }
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        mu_expr_columns(expr->args[i], used);
    }
}

/* A copy with other columns: `map` where that is not NULL, else `exprs`. What has no columns is
 * shared, not copied. */
static muster_status rewrite(const mu_scope *scope, const mu_expr *expr, const uint32_t *map,
                             const mu_expr *const *exprs, const mu_expr **out, muster_error *err)
{
    const mu_expr **args;
    mu_expr *copy;

    *out = expr;
    if (expr->kind == MU_EXPR_COLUMN && !map) {
        *out = exprs[expr->column];
        assert(mu_type_form((*out)->type) == mu_type_form(expr->type));
        return MUSTER_OK;
    }
    if (expr->kind != MU_EXPR_COLUMN && expr->arg_count == 0) {
        return MUSTER_OK;
    }
    MU_ARENA_TRY(copy, scope->arena, 1, err);
    *copy = *expr;
    if (expr->kind == MU_EXPR_COLUMN) {
        copy->column = map[expr->column];
    }
    MU_ARENA_TRY(args, scope->arena, expr->arg_count, err);
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        MU_TRY(rewrite(scope, expr->args[i], map, exprs, &args[i], err));
    }
    copy->args = args;
    *out = copy;
    return MUSTER_OK;
}

muster_status mu_expr_remap(const mu_scope *scope, const mu_expr *expr, const uint32_t *map,
                            const mu_expr **out, muster_error *err)
{
    return rewrite(scope, expr, map, NULL, out, err);
}

muster_status mu_expr_substitute(const mu_scope *scope, const mu_expr *expr,
                                 const mu_expr *const *exprs, const mu_expr **out,
                                 muster_error *err)
{
    return rewrite(scope, expr, NULL, exprs, out, err);
}
