/*
 * act_alter.c - ALTER TABLE: a column more, one less, or another name. Only the manifest changes.
 */
#include "sql/act.h"

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
        if (column->preset || column->roles & MU_AST_NOT_NULL) {
            return mu_fail_at(
                err, MUSTER_INVALID, column->name.offset,
                "column \"%s\" is NULL in all rows that there are; leave out NOT NULL "
                "and DEFAULT",
                column->name.text);
        }
        if (!column->type.name.text) {
            return mu_fail_at(err, MUSTER_INVALID, column->name.offset,
                              "column \"%s\" needs a type, such as TEXT", column->name.text);
        }
        edit->kind = MU_EDIT_ADD_COLUMN;
        edit->column.name = column->name.text;
        /* Whichever it is, one that is added has none. */
        edit->column.key = column->roles & MU_AST_KEY ? 1 : 0;
        edit->column.role = column->roles & ~(unsigned)MU_AST_KEY ? MU_ROLE_EVENT : MU_ROLE_NONE;
        return mu_bind_type(&column->type, &edit->column.type, err);
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
    return status;
}
