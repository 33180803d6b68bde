/*
 * compute.c - keys of groups that a scan computes, because it may know them for a whole block.
 *
 * The month of a time is the same for all rows of a block whose least and greatest time are of that
 * month. Segments of one month each have no other blocks, so grouping by month (quarter, year) does
 * not read the times at all. It is the same with any function that never falls where its argument
 * rises.
 */
#include "query/func.h"
#include "query/optimize.h"

/* The column that the expression is such a function of; MU_NO_COLUMN if it is none. */
static uint32_t rising_column(const mu_scope *scope, const mu_expr *expr)
{
    uint32_t column = MU_NO_COLUMN;

    if (mu_type_form(expr->type) != MU_FORM_I64) {
        return MU_NO_COLUMN;
    }
    if (expr->kind == MU_EXPR_COLUMN) {
        return expr->column;
    }
    if (expr->kind != MU_EXPR_CALL || !(expr->func->flags & MU_FUNC_RISES) ||
        (expr->func->rises && !expr->func->rises(scope, expr))) {
        return MU_NO_COLUMN;
    }
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        if (expr->args[i]->kind == MU_EXPR_CONST) {
            continue;
        }
        if (column != MU_NO_COLUMN) {
            return MU_NO_COLUMN;
        }
        column = rising_column(scope, expr->args[i]);
        if (column == MU_NO_COLUMN) {
            return MU_NO_COLUMN;
        }
    }
    return column;
}

static bool can_compute(const mu_scope *scope, const mu_expr *key)
{
    return key->kind != MU_EXPR_COLUMN && rising_column(scope, key) != MU_NO_COLUMN;
}

/* Bits of the columns that only computed keys read. */
static muster_status find_unread(const mu_scope *scope, const mu_plan *group, const uint64_t **out,
                                 muster_error *err)
{
    const mu_plan *scan = group->input;
    uint64_t *used, *unread;

    MU_ARENA_TRY(used, scope->arena, mu_bits_words(scan->column_count), err);
    MU_ARENA_TRY(unread, scope->arena, mu_bits_words(scan->column_count), err);
    for (uint32_t k = 0; k < group->group.key_count; k++) {
        if (!can_compute(scope, group->group.keys[k])) {
            mu_expr_columns(group->group.keys[k], used);
        }
    }
    for (uint32_t i = 0; i < group->group.call_count; i++) {
        mu_agg_call_columns(&group->group.calls[i], used);
    }
    for (uint32_t k = 0; k < group->group.key_count; k++) {
        const mu_expr *key = group->group.keys[k];
        if (can_compute(scope, key) && !mu_bits_test(used, rising_column(scope, key))) {
            mu_bits_set(unread, rising_column(scope, key));
        }
    }
    *out = unread;
    return MUSTER_OK;
}

/* The group over a scan with `count` more columns, for as many of its keys. */
static muster_status compute_keys(const mu_scope *scope, const mu_plan *group, uint32_t count,
                                  const mu_plan **out, muster_error *err)
{
    const mu_plan *given = group->input;
    mu_plan *scan, *copy;
    mu_plan_column *columns;
    const mu_expr **computed, **keys;
    uint32_t at = given->column_count;

    MU_ARENA_TRY(scan, scope->arena, 1, err);
    MU_ARENA_TRY(copy, scope->arena, 1, err);
    MU_ARENA_TRY(columns, scope->arena, at + count, err);
    MU_ARENA_TRY(computed, scope->arena, count, err);
    MU_ARENA_TRY(keys, scope->arena, group->group.key_count, err);
    *scan = *given;
    *copy = *group;
    for (uint32_t c = 0; c < at; c++) {
        columns[c] = given->columns[c];
    }
    for (uint32_t k = 0; k < group->group.key_count; k++) {
        const mu_expr *key = group->group.keys[k];
        keys[k] = key;
        if (can_compute(scope, key)) {
            computed[at - given->column_count] = key;
            columns[at].type = key->type;
            MU_TRY(mu_plan_name_of(scope, given, key, &columns[at].name, err));
            MU_TRY(mu_expr_column(scope, at++, key->type, key->offset, &keys[k], err));
        }
    }
    MU_TRY(find_unread(scope, group, &scan->scan.unread, err));
    scan->columns = columns;
    scan->column_count = at;
    scan->scan.computed = computed;
    scan->scan.computed_count = count;
    copy->group.keys = keys;
    copy->input = scan;
    *out = copy;
    return MUSTER_OK;
}

muster_status mu_plan_compute(const mu_scope *scope, const mu_plan *plan, const mu_plan **out,
                              muster_error *err)
{
    uint32_t count = 0;
    mu_plan *copy;

    *out = plan;
    if (!plan->input) {
        return MUSTER_OK;
    }
    if (plan->kind == MU_PLAN_GROUP && plan->input->kind == MU_PLAN_SCAN) {
        const mu_plan *scan = plan->input;
        for (uint32_t k = 0; k < plan->group.key_count; k++) {
            count += can_compute(scope, plan->group.keys[k]);
        }
        return count == 0 || scan->scan.counted || scan->scan.table->id == MU_CUSTOMERS_TABLE
                   ? MUSTER_OK
                   : compute_keys(scope, plan, count, out, err);
    }
    MU_ARENA_TRY(copy, scope->arena, 1, err);
    *copy = *plan;
    MU_TRY(mu_plan_compute(scope, plan->input, &copy->input, err));
    if (plan->other) {
        MU_TRY(mu_plan_compute(scope, plan->other, &copy->other, err));
    }
    *out = copy;
    return MUSTER_OK;
}
