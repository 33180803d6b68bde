/*
 * act_alter.c - ALTER TABLE: a column more, one less, or another name. Only the manifest changes,
 * unless the column has a DEFAULT: then all rows are written anew, with it.
 */
#include "sql/act_rows.h"

/* What is said of a new column has to suit the rows that there are. */
static muster_status check_rows(const mu_act *act, const mu_table *table, const mu_column *column,
                                int32_t offset, muster_error *err)
{
    if (table->id == MU_CUSTOMERS_TABLE && (column->required || column->preset)) {
        return mu_fail_at(err, MUSTER_INVALID, offset,
                          "an attribute of customers is NULL until it is set; leave out NOT NULL "
                          "and DEFAULT");
    }
    if (column->required && !column->preset &&
        mu_snapshot_rows(act->binder->scope.snapshot, table->id) > 0) {
        return mu_fail_at(err, MUSTER_INVALID, offset,
                          "column \"%s\" would be NULL in the rows that there are; give it a "
                          "DEFAULT, or leave out NOT NULL",
                          column->name);
    }
    return MUSTER_OK;
}

/* The edit that the statement asks for; *skip: what IF [NOT] EXISTS says nothing is to be done
 * for. */
static muster_status bind_edit(const mu_act *act, const mu_table *table, mu_table_edit *edit,
                               mu_ast_name *at, bool *skip, muster_error *err)
{
    const mu_ast_statement *s = act->statement;
    mu_relation relation;

    *skip = false;
    if (s->kind == MU_AST_ADD_COLUMN) {
        const mu_ast_column *column = &s->columns.data[0];
        *at = column->name;
        *skip = s->if_exists && mu_table_column(table, column->name.text) != MU_NO_COLUMN;
        if (!column->type.name.text) {
            return mu_fail_at(err, MUSTER_INVALID, column->name.offset,
                              "column \"%s\" needs a type, such as TEXT", column->name.text);
        }
        edit->kind = MU_EDIT_ADD_COLUMN;
        edit->column.name = column->name.text;
        edit->column.key = column->roles & MU_AST_KEY ? 1 : 0;
        MU_TRY(mu_bind_type(&column->type, &edit->column.type, err));
        MU_TRY(mu_act_bind_column(act, column, &edit->column, err));
        return *skip ? MUSTER_OK : check_rows(act, table, &edit->column, at->offset, err);
    }
    *at = s->names.data[0];
    if (s->kind == MU_AST_RENAME_TABLE) {
        edit->kind = MU_EDIT_RENAME_TABLE;
        edit->column.name = at->text;
        return MUSTER_OK;
    }
    edit->kind = MU_EDIT_DROP_COLUMN;
    if (s->kind == MU_AST_DROP_COLUMN && s->if_exists &&
        mu_table_column(table, at->text) == MU_NO_COLUMN) {
        *skip = true;
        return MUSTER_OK;
    }
    MU_TRY(mu_bind_scan(act->binder, table, &relation, err));
    MU_TRY(mu_bind_column(&relation, (mu_ast_name){0}, at->text, at->offset, &edit->index, err));
    if (s->kind == MU_AST_RENAME_COLUMN) {
        *at = s->names.data[1];
        edit->kind = MU_EDIT_RENAME_COLUMN;
        edit->column.name = at->text;
    }
    return MUSTER_OK;
}

/* All rows of the base, the last column being its DEFAULT. */
static muster_status plan_rows(const mu_act *act, const mu_table *table, const mu_plan **out,
                               muster_error *err)
{
    const mu_scope *scope = &act->binder->scope;
    const uint32_t last = table->column_count - 1;
    mu_relation relation;
    const mu_expr **exprs;
    const char **names;
    mu_value preset;

    MU_TRY(mu_bind_scan(act->binder, table, &relation, err));
    MU_ARENA_TRY(exprs, scope->arena, table->column_count, err);
    MU_ARENA_TRY(names, scope->arena, table->column_count, err);
    for (uint32_t c = 0; c < table->column_count; c++) {
        names[c] = table->columns[c].name;
        MU_TRY(mu_expr_column(scope, c, table->columns[c].type, -1, &exprs[c], err));
    }
    MU_TRY(mu_act_preset(&table->columns[last], &preset, err));
    MU_TRY(mu_expr_const(scope, preset, -1, &exprs[last], err));
    return mu_plan_project(scope, relation.plan, exprs, names, table->column_count, out, err);
}

/* Writes the rows anew, with the column that was added. */
static muster_status fill_column(mu_act *act, const mu_table *table, muster_error *err)
{
    mu_act_rows rows = {0};
    const mu_plan *plan;
    muster_status status;

    MU_TRY(plan_rows(act, table, &plan, err));
    MU_TRY_GOTO(mu_act_rows_open(act, table, plan, MU_CONFLICT_NONE, &rows, err));
    MU_TRY_GOTO(mu_act_each_batch(act, plan, mu_act_rows_take, &rows, err));
    status = mu_act_rows_replace(act, table->id, &rows, err);

fail:
    mu_act_rows_close(&rows);
    return status;
}

muster_status mu_act_alter(mu_act *act, muster_error *err)
{
    mu_table_edit edit = {0};
    mu_ast_name at = {0};
    mu_catalog ignored;
    const mu_table *table;
    muster_status status;
    bool skip;

    MU_TRY(mu_bind_table(act->binder, act->statement->name, &table, err));
    MU_TRY(bind_edit(act, table, &edit, &at, &skip, err));
    if (skip) {
        return MUSTER_OK;
    }
    status = act->running ? mu_change_edit_table(act->change, table->id, &edit, err)
                          : mu_catalog_edit(act->binder->catalog, table, &edit,
                                            act->binder->scope.arena, &ignored, err);
    if (status == MUSTER_INVALID && err && err->offset < 0) {
        err->offset = at.offset;
    }
    if (status == MUSTER_OK && act->running && edit.column.preset) {
        status = fill_column(act, mu_catalog_table(mu_change_catalog(act->change), table->id), err);
    }
    return status;
}
