/*
 * bind_row.c - rows of values in comparisons: (a, b) = (c, d), (a, b) < (c, d), (a, b) IN (...).
 *
 * They are what standard SQL makes of them: equal if all values are; less if the first values that
 * differ are.
 */
#include "sql/bind.h"

#include <assert.h>

/* The values of both sides, which are as many. */
typedef struct pairing {
    const mu_scope *scope;
    uint32_t count;
    const mu_expr *const *left, *const *right;
    int32_t offset;
} pairing;

static muster_status bind_side(const mu_place *place, const mu_ast_expr *row, uint32_t count,
                               const mu_expr *const **out, muster_error *err)
{
    if (row->kind != MU_AST_ROW || row->operands.count != count) {
        return mu_fail_at(err, MUSTER_INVALID, row->start,
                          "a row of %u values is compared with another of as many, as in (a, b) = "
                          "(c, d)",
                          count);
    }
    return mu_bind_operands(place, &row->operands, out, err);
}

static muster_status compare(const pairing *p, uint32_t i, const char *op, const mu_expr **out,
                             muster_error *err)
{
    const mu_expr *const pair[2] = {p->left[i], p->right[i]};

    return mu_expr_call(p->scope, op, pair, 2, p->offset, out, err);
}

static muster_status all_equal(const pairing *p, const mu_expr **out, muster_error *err)
{
    const mu_expr **equal;

    MU_ARENA_TRY(equal, p->scope->arena, p->count, err);
    for (uint32_t i = 0; i < p->count; i++) {
        MU_TRY(compare(p, i, "=", &equal[i], err));
    }
    return mu_expr_logic(p->scope, MU_EXPR_AND, equal, p->count, p->offset, out, err);
}

/* From the last pair to the first: this one is less, or equal and the rest is. Each is two deep. */
static muster_status in_order(const pairing *p, const char *strict, const char *last,
                              const mu_expr **out, muster_error *err)
{
    if (p->count > MU_MAX_DEPTH / 2) {
        return mu_fail_at(err, MUSTER_INVALID, p->offset,
                          "rows of %u values are compared by order; at most %d are possible",
                          p->count, MU_MAX_DEPTH / 2);
    }
    MU_TRY(compare(p, p->count - 1, last, out, err));
    for (uint32_t i = p->count - 1; i-- > 0;) {
        const mu_expr *both[2], *either[2];
        MU_TRY(compare(p, i, "=", &both[0], err));
        both[1] = *out;
        MU_TRY(compare(p, i, strict, &either[0], err));
        MU_TRY(mu_expr_logic(p->scope, MU_EXPR_AND, both, 2, p->offset, &either[1], err));
        MU_TRY(mu_expr_logic(p->scope, MU_EXPR_OR, either, 2, p->offset, out, err));
    }
    return MUSTER_OK;
}

static muster_status bind_comparison(const mu_place *place, const mu_ast_expr *expr, pairing *p,
                                     const mu_expr **out, muster_error *err)
{
    const mu_expr *equal;

    MU_TRY(bind_side(place, expr->operands.data[1].expr, p->count, &p->right, err));
    switch ((int)expr->op) {
    case MU_AST_EQ:
        return all_equal(p, out, err);
    case MU_AST_NE:
        MU_TRY(all_equal(p, &equal, err));
        return mu_expr_logic(p->scope, MU_EXPR_NOT, &equal, 1, p->offset, out, err);
    case MU_AST_LT:
        return in_order(p, "<", "<", out, err);
    case MU_AST_LE:
        return in_order(p, "<", "<=", out, err);
    case MU_AST_GT:
        return in_order(p, ">", ">", out, err);
    case MU_AST_GE:
        return in_order(p, ">", ">=", out, err);
    default:
        return mu_bind_fail_row(expr->operands.data[0].expr, err);
    }
}

static muster_status bind_list(const mu_place *place, const mu_ast_expr *expr, pairing *p,
                               const mu_expr **out, muster_error *err)
{
    const uint32_t count = expr->operands.count - 1;
    const mu_expr **equal, *any;

    MU_ARENA_TRY(equal, p->scope->arena, count, err);
    for (uint32_t i = 0; i < count; i++) {
        MU_TRY(bind_side(place, expr->operands.data[i + 1].expr, p->count, &p->right, err));
        MU_TRY(all_equal(p, &equal[i], err));
    }
    any = equal[0];
    if (count > 1) {
        MU_TRY(mu_expr_logic(p->scope, MU_EXPR_OR, equal, count, p->offset, &any, err));
    }
    *out = any;
    return expr->negated ? mu_expr_logic(p->scope, MU_EXPR_NOT, &any, 1, p->offset, out, err)
                         : MUSTER_OK;
}

muster_status mu_bind_fail_row(const mu_ast_expr *row, muster_error *err)
{
    return mu_fail_at(err, MUSTER_INVALID, row->start,
                      "a row of values stands only where it is compared with others: (a, b) = (c, "
                      "d), (a, b) < (c, d), (a, b) IN ((c, d), ...), (a, b) IN (SELECT ...)");
}

muster_status mu_bind_rows(const mu_place *place, const mu_ast_expr *expr, const mu_expr **out,
                           muster_error *err)
{
    const mu_ast_expr *left = expr->operands.data[0].expr;
    pairing p = {
        .scope = &place->binder->scope, .count = left->operands.count, .offset = expr->offset};

    assert(left->kind == MU_AST_ROW);
    if (expr->kind != MU_AST_BINARY && expr->kind != MU_AST_IN_LIST) {
        return mu_bind_fail_row(left, err);
    }
    MU_TRY(mu_bind_operands(place, &left->operands, &p.left, err));
    return expr->kind == MU_AST_BINARY ? bind_comparison(place, expr, &p, out, err)
                                       : bind_list(place, expr, &p, out, err);
}
