/*
 * act_fill.c - the rows of a query into a table: for INSERT INTO ... SELECT and CREATE TABLE ...
 * AS.
 *
 * The query reads the state that the change is based on, so a table may be filled from itself. Rows
 * go from batch to load, whose memory is bounded; nobody sees any before all are there.
 */
#include "sql/act_rows.h"
#include "storage/value.h"

/* The column of the query as one of the table; customers stay what they are, other ids are looked
 * up, or added, by the load. */
static muster_status fit(const mu_act *act, const mu_column *column, const mu_expr **expr,
                         muster_error *err)
{
    const mu_scope *scope = &act->binder->scope;
    mu_type type = column->type;

    if (type.kind == MU_CUSTOMER) {
        type = (*expr)->type.kind == MU_CUSTOMER
                   ? (*expr)->type
                   : (mu_type){.kind = act->binder->catalog->customer_kind, .bits = 64};
    }
    if (mu_type_equal((*expr)->type, type)) {
        return MUSTER_OK;
    }
    const muster_status status =
        mu_expr_cast(scope, *expr, type, false, (*expr)->offset, expr, err);
    if (status != MUSTER_OK) {
        mu_where(err, "column \"%s\"", column->name);
    }
    return status;
}

muster_status mu_act_preset(const mu_column *column, mu_value *out, muster_error *err)
{
    *out = (mu_value){.type = {.kind = MU_NULL}, .null = true};
    return column->preset ? mu_value_parse(column->type, mu_column_preset(column), NULL, out, err)
                          : MUSTER_OK;
}

/* A projection on the columns of the table, those that the query has not being their
 * DEFAULT, or NULL. */
static muster_status project(const mu_act *act, const mu_table *table, const uint32_t *targets,
                             uint32_t count, const mu_plan *query, int32_t offset,
                             const mu_plan **out, muster_error *err)
{
    const mu_scope *scope = &act->binder->scope;
    const mu_expr **exprs;
    const char **names;

    MU_ARENA_TRY(exprs, scope->arena, table->column_count, err);
    MU_ARENA_TRY(names, scope->arena, table->column_count, err);
    for (uint32_t i = 0; i < count; i++) {
        MU_TRY(mu_expr_column(scope, i, query->columns[i].type, offset, &exprs[targets[i]], err));
    }
    for (uint32_t c = 0; c < table->column_count; c++) {
        names[c] = table->columns[c].name;
        if (!exprs[c]) {
            mu_value value;
            MU_TRY(mu_act_preset(&table->columns[c], &value, err));
            MU_TRY(mu_expr_const(scope, value, offset, &exprs[c], err));
        }
        MU_TRY(fit(act, &table->columns[c], &exprs[c], err));
    }
    return mu_plan_project(scope, query, exprs, names, table->column_count, out, err);
}

muster_status mu_act_fill(mu_act *act, const mu_table *table, const uint32_t *targets,
                          uint32_t count, const mu_plan *query, int32_t offset, muster_error *err)
{
    mu_act_rows rows = {0};
    mu_conflict conflict;
    const mu_plan *plan;
    muster_status status;

    MU_TRY(mu_act_bind_conflict(act, table, &conflict, err));
    MU_TRY(project(act, table, targets, count, query, offset, &plan, err));
    if (conflict == MU_CONFLICT_UPDATE) {
        MU_TRY(mu_act_plan_conflict(act, table, plan, &plan, err));
    }
    act->reads = plan;
    if (!act->running) {
        return MUSTER_OK;
    }
    MU_TRY_GOTO(mu_act_rows_open(act, table, plan, conflict, &rows, err));
    MU_TRY_GOTO(mu_act_each_batch(act, plan, mu_act_rows_take, &rows, err));
    if (rows.rows > 0) {
        status = mu_load_finish(rows.load, err);
    }
    act->rows = rows.count - mu_load_conflicts_of(rows.load).left_out;

fail:
    mu_act_rows_close(&rows);
    return status;
}
