/*
 * bind_values.c - rows that no table has: VALUES (...), (...), whose columns get one type each.
 */
#include "query/func.h"
#include "sql/bind.h"

/* The expressions of VALUES, column by column. */
typedef struct grid {
    uint32_t row_count, column_count;
    const mu_expr **exprs;
    mu_plan_column *columns;
} grid;

static const mu_expr **cell(const grid *g, uint32_t row, uint32_t column)
{
    return &g->exprs[(size_t)column * g->row_count + row];
}

static muster_status bind_row(mu_binder *binder, const mu_ast_items *items, const grid *g,
                              uint32_t row, muster_error *err)
{
    static const mu_plan nothing = {0};
    const mu_relation none = {
        .plan = &nothing, .customer_column = MU_NO_COLUMN, .time_column = MU_NO_COLUMN};
    const mu_place place = {.binder = binder, .relation = &none, .clause = "VALUES"};

    if (items->count != g->column_count) {
        return mu_fail_at(err, MUSTER_INVALID, items->data[0].expr->start,
                          "row %u has %u values; the first has %u", row + 1, items->count,
                          g->column_count);
    }
    for (uint32_t c = 0; c < items->count; c++) {
        binder->work = 0; /* nothing in it is put in place of names */
        MU_TRY(mu_bind_expr(&place, items->data[c].expr, cell(g, row, c), err));
    }
    return MUSTER_OK;
}

static muster_status unify_columns(const mu_binder *binder, const grid *g, int32_t offset,
                                   muster_error *err)
{
    for (uint32_t c = 0; c < g->column_count; c++) {
        mu_type type;
        g->columns[c].name = mu_arena_printf(binder->scope.arena, "column%u", c + 1);
        if (!g->columns[c].name) {
            return mu_fail_memory(err, "running a statement");
        }
        MU_TRY(mu_expr_unify(&binder->scope, cell(g, 0, c), g->row_count, "VALUES", offset, &type,
                             err));
        g->columns[c].type = type;
    }
    return MUSTER_OK;
}

/* Rows that are computed: each is a projection of one row of nothing. */
static muster_status plan_computed(mu_binder *binder, const grid *g, const mu_plan **out,
                                   muster_error *err)
{
    const mu_scope *scope = &binder->scope;
    const mu_plan **plans;

    MU_ARENA_TRY(plans, scope->arena, g->row_count, err);
    for (uint32_t row = 0; row < g->row_count; row++) {
        const mu_expr **exprs;
        const char **names;
        MU_ARENA_TRY(exprs, scope->arena, g->column_count, err);
        MU_ARENA_TRY(names, scope->arena, g->column_count, err);
        for (uint32_t c = 0; c < g->column_count; c++) {
            exprs[c] = *cell(g, row, c);
            names[c] = g->columns[c].name;
        }
        MU_TRY(mu_bind_nothing(binder, &plans[row], err));
        MU_TRY(mu_plan_project(scope, plans[row], exprs, names, g->column_count, &plans[row], err));
    }
    return mu_bind_union_all(binder, plans, g->row_count, out, err);
}

static muster_status plan_constants(const mu_binder *binder, const grid *g, const mu_plan **out,
                                    muster_error *err)
{
    mu_value *values;

    MU_ARENA_TRY(values, binder->scope.arena, (size_t)g->row_count * g->column_count, err);
    for (uint32_t row = 0; row < g->row_count; row++) {
        for (uint32_t c = 0; c < g->column_count; c++) {
            mu_value *value = &values[(size_t)row * g->column_count + c];
            *value = (*cell(g, row, c))->value;
            value->type = g->columns[c].type;
        }
    }
    return mu_plan_values(&binder->scope, g->columns, g->column_count, values, g->row_count, out,
                          err);
}

muster_status mu_bind_values(mu_binder *binder, const mu_ast_select *query, mu_relation *out,
                             muster_error *err)
{
    const mu_ast_rows *rows = &query->rows;
    grid g = {.row_count = rows->count, .column_count = rows->data[0].count};
    const mu_plan *plan;
    bool constant = true;

    MU_ARENA_TRY(g.exprs, binder->scope.arena, (size_t)g.row_count * g.column_count, err);
    MU_ARENA_TRY(g.columns, binder->scope.arena, g.column_count, err);
    for (uint32_t row = 0; row < g.row_count; row++) {
        MU_TRY(bind_row(binder, &rows->data[row], &g, row, err));
    }
    MU_TRY(unify_columns(binder, &g, query->start, err));
    for (size_t i = 0; i < (size_t)g.row_count * g.column_count; i++) {
        constant = constant && g.exprs[i]->kind == MU_EXPR_CONST;
    }
    MU_TRY(constant ? plan_constants(binder, &g, &plan, err)
                    : plan_computed(binder, &g, &plan, err));
    mu_bind_relation_of(plan, out);
    return MUSTER_OK;
}

muster_status mu_bind_nothing(const mu_binder *binder, const mu_plan **out, muster_error *err)
{
    static const mu_plan_column column = {"", {.kind = MU_BIGINT, .bits = 64}};
    mu_value *zero;

    MU_ARENA_TRY(zero, binder->scope.arena, 1, err);
    zero->type = column.type;
    return mu_plan_values(&binder->scope, &column, 1, zero, 1, out, err);
}
