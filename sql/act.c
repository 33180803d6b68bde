/*
 * act.c - which statement does what, and the one place where a change begins and is committed.
 */
#include "sql/act.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef muster_status act_fn(mu_act *act, muster_error *err);

/* NULL: the statement answers, it does nothing. */
static act_fn *find_act(mu_ast_statement_kind kind)
{
    switch (kind) {
    case MU_AST_CREATE_TABLE:
        return mu_act_create_table;
    case MU_AST_DROP_TABLE:
        return mu_act_drop_table;
    case MU_AST_COPY_FROM:
        return mu_act_copy_from;
    case MU_AST_COPY_TO:
        return mu_act_copy_to;
    case MU_AST_INSERT:
        return mu_act_insert;
    case MU_AST_CREATE_TAG:
        return mu_act_create_tag;
    case MU_AST_REFRESH_TAG:
        return mu_act_refresh_tag;
    case MU_AST_DROP_TAG:
        return mu_act_drop_tag;
    case MU_AST_CREATE_AUDIENCE:
        return mu_act_create_audience;
    case MU_AST_REFRESH_AUDIENCE:
        return mu_act_refresh_audience;
    case MU_AST_DROP_AUDIENCE:
        return mu_act_drop_audience;
    case MU_AST_CREATE_VIEW:
        return mu_act_create_view;
    case MU_AST_DROP_VIEW:
        return mu_act_drop_view;
    case MU_AST_CHECKPOINT:
        return mu_act_checkpoint;
    case MU_AST_COMPACT:
        return mu_act_compact;
    case MU_AST_SET:
        return mu_act_set;
    case MU_AST_RESET:
        return mu_act_reset;
    case MU_AST_BACKUP:
        return mu_act_backup;
    case MU_AST_ADD_COLUMN:
    case MU_AST_DROP_COLUMN:
    case MU_AST_RENAME_COLUMN:
    case MU_AST_RENAME_TABLE:
        return mu_act_alter;
    case MU_AST_UPDATE:
        return mu_act_update;
    case MU_AST_DELETE:
        return mu_act_delete;
    case MU_AST_SELECT:
    case MU_AST_EXPLAIN:
    case MU_AST_DESCRIBE:
    case MU_AST_SUMMARIZE:
    case MU_AST_SHOW_CREATE:
    case MU_AST_SHOW_TABLES:
    case MU_AST_SHOW_TAGS:
    case MU_AST_SHOW_AUDIENCES:
    case MU_AST_SHOW_SETTING:
        break;
    }
    return NULL;
}

/* Whether the statement is one change of the database; the others see to themselves. */
static bool makes_change(mu_ast_statement_kind kind)
{
    return kind != MU_AST_COPY_TO && kind != MU_AST_BACKUP && kind != MU_AST_CHECKPOINT &&
           kind != MU_AST_COMPACT && kind != MU_AST_SET && kind != MU_AST_RESET;
}

bool mu_act_is(const mu_ast_statement *statement)
{
    return find_act(statement->kind) != NULL;
}

bool mu_act_writes(const mu_ast_statement *statement)
{
    return mu_act_is(statement) &&
           (makes_change(statement->kind) || statement->kind == MU_AST_CHECKPOINT ||
            statement->kind == MU_AST_COMPACT);
}

/* Storage knows no place in a statement: it is the file that the message names, or the table. */
static muster_status locate(const mu_act *act, muster_status status, muster_error *err)
{
    const mu_ast_name file = act->statement->path, table = act->statement->name;

    if (!err || err->offset >= 0) {
        return status;
    }
    if ((status == MUSTER_INVALID || status == MUSTER_IO) && file.text &&
        strstr(err->message, file.text)) {
        err->offset = file.offset;
    } else if (status == MUSTER_INVALID && table.text) {
        err->offset = table.offset;
    }
    return status;
}

muster_status mu_act_prepare(mu_act *act, muster_error *err)
{
    assert(!act->running && !act->change);
    return locate(act, find_act(act->statement->kind)(act, err), err);
}

muster_status mu_act_run(mu_act *act, muster_error *err)
{
    act_fn *run = find_act(act->statement->kind);
    mu_binder *binder = act->binder;
    muster_status status;

    act->running = true;
    act->rows = 0;
    act->notes = NULL;
    if (!makes_change(act->statement->kind)) {
        return locate(act, run(act, err), err);
    }
    MU_TRY(mu_change_begin(act->db, &act->change, err));
    binder->scope.snapshot = mu_change_base(act->change);
    binder->catalog = mu_change_catalog(act->change);
    binder->common = NULL;
    binder->defined = NULL;
    binder->sets = NULL; /* they are of the state it was prepared on, and so are these */
    binder->subqueries = NULL;
    binder->work = binder->depth = 0;
    status = locate(act, run(act, err), err);
    if (status != MUSTER_OK) {
        mu_change_abort(act->change);
    } else {
        status = mu_change_commit(act->change, err);
    }
    act->change = NULL;
    return status;
}

muster_status mu_act_each_batch(mu_act *act, const mu_plan *plan,
                                muster_status (*take)(void *context, const mu_batch *batch,
                                                      muster_error *err),
                                void *context, muster_error *err)
{
    const mu_exec_options options = {.snapshot = act->binder->scope.snapshot,
                                     .pool = act->pool,
                                     .cancel = act->cancel,
                                     .progress = act->progress,
                                     .bytes_read = act->bytes_read,
                                     .now_us = act->binder->scope.now_us,
                                     .zone = act->binder->scope.zone};
    mu_exec *exec = NULL;
    mu_batch *batch;
    muster_status status;

    MU_TRY(mu_plan_optimize(&act->binder->scope, plan, &plan, err));
    MU_TRY_GOTO(mu_exec_open(&options, plan, &exec, err));
    for (;;) {
        MU_TRY_GOTO(mu_exec_next(exec, &batch, err));
        if (batch->rows == 0) {
            break;
        }
        MU_TRY_GOTO(take(context, batch, err));
    }

fail:
    mu_exec_close(exec);
    return status;
}

muster_status mu_act_note(mu_act *act, const char *format, ...)
{
    char line[1024];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    act->notes = act->notes ? mu_arena_printf(act->binder->scope.arena, "%s\n%s", act->notes, line)
                            : mu_arena_printf(act->binder->scope.arena, "%s", line);
    return act->notes ? MUSTER_OK : mu_fail_memory(NULL, "telling what was done");
}

muster_status mu_act_format(const mu_scope *scope, const mu_value *value, mu_writer *out,
                            muster_error *err)
{
    if (value->type.kind == MU_CUSTOMER && value->ordinal != MU_NO_CUSTOMER) {
        MU_TRY(
            mu_customers_format(mu_snapshot_customers(scope->snapshot), value->ordinal, out, err));
    } else if (value->type.kind != MU_CUSTOMER) {
        mu_value_format_in(value, scope->zone, out);
    }
    return out->failed ? mu_fail_memory(err, "writing a value as text") : MUSTER_OK;
}
