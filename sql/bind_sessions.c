/*
 * bind_sessions.c - sessions(events, gap => INTERVAL '30 minutes'): the events, each with its
 * session.
 */
#include "sql/bind_behaviour.h"

#include "query/sessions.h"

enum {
    EVENTS,
    GAP,
    COMMON
};

static const int64_t usual_gap_us = 30 * 60 * INT64_C(1000000);

/* The columns of the rows: the class's own, then those of the table. */
static muster_status make_columns(const mu_behaviour_call *call, mu_behaviour_plan *sessions,
                                  muster_error *err)
{
    const mu_table *table = call->events.table;
    const mu_type bigint = {.kind = MU_BIGINT, .bits = 64};
    mu_behaviour_column *columns;
    const mu_expr **values;
    uint32_t count = MU_SESSION_COLUMNS;

    MU_ARENA_TRY(columns, call->binder->scope.arena, count + (size_t)table->column_count, err);
    MU_ARENA_TRY(values, call->binder->scope.arena, table->column_count, err);
    columns[MU_SESSION_CUSTOMER] = (mu_behaviour_column){
        .name = table->columns[table->customer_column].name, .type.kind = MU_CUSTOMER};
    columns[MU_SESSION_TIME] = (mu_behaviour_column){
        .name = table->columns[table->time_column].name, .type.kind = MU_TIMESTAMP};
    columns[MU_SESSION_NUMBER] = (mu_behaviour_column){.name = "session_no", .type = bigint};
    for (uint32_t c = 0; c < table->column_count; c++) {
        if (c == table->customer_column || c == table->time_column) {
            continue;
        }
        columns[count++] = (mu_behaviour_column){.name = table->columns[c].name,
                                                 .type = table->columns[c].type,
                                                 .value = sessions->value_count};
        MU_TRY(mu_expr_column(&call->binder->scope, c, table->columns[c].type, -1,
                              &values[sessions->value_count++], err));
    }
    sessions->own_columns = MU_SESSION_COLUMNS;
    sessions->columns = columns;
    sessions->column_count = count;
    sessions->values = values;
    return MUSTER_OK;
}

/* The rows with the table's columns in its order, then session_id and session_no. An id is that of
 * the customer and the number, so that it is the same however the events were loaded. */
static muster_status put_in_order(const mu_behaviour_call *call, const mu_plan *rows,
                                  const mu_plan **out, muster_error *err)
{
    const mu_scope *scope = &call->binder->scope;
    const mu_table *table = call->events.table;
    const mu_value dash = {.type.kind = MU_TEXT, .text = mu_bind_text("-")};
    const uint32_t count = table->column_count + 2;
    const mu_expr **exprs, *parts[3];
    const char **names;
    uint32_t next = MU_SESSION_COLUMNS;

    MU_ARENA_TRY(exprs, scope->arena, count, err);
    MU_ARENA_TRY(names, scope->arena, count, err);
    for (uint32_t c = 0; c < table->column_count; c++) {
        const uint32_t from = c == table->customer_column ? MU_SESSION_CUSTOMER
                              : c == table->time_column   ? MU_SESSION_TIME
                                                          : next++;
        names[c] = table->columns[c].name;
        MU_TRY(mu_expr_column(scope, from, rows->columns[from].type, call->offset, &exprs[c], err));
    }
    MU_TRY(mu_expr_column(scope, MU_SESSION_NUMBER, rows->columns[MU_SESSION_NUMBER].type,
                          call->offset, &exprs[count - 1], err));
    MU_TRY(mu_expr_cast(scope, exprs[table->customer_column], dash.type, false, call->offset,
                        &parts[0], err));
    MU_TRY(mu_expr_const(scope, dash, call->offset, &parts[1], err));
    MU_TRY(mu_expr_cast(scope, exprs[count - 1], dash.type, false, call->offset, &parts[2], err));
    MU_TRY(mu_expr_call(scope, "concat", parts, 3, call->offset, &exprs[count - 2], err));
    names[count - 2] = "session_id";
    names[count - 1] = "session_no";
    return mu_plan_project(scope, rows, exprs, names, count, out, err);
}

muster_status mu_bind_sessions(mu_behaviour_call *call, const mu_ast_items *operands,
                               const mu_plan **out, muster_error *err)
{
    static const char *const titles[] = {"all"};
    const mu_value truth = {.type.kind = MU_BOOLEAN, .i64 = 1};
    mu_argument given[COMMON + MU_COMMON_ARGUMENTS] = {
        {"events", NULL}, {"gap", NULL}, MU_COMMON_NAMES};
    mu_behaviour_plan sessions = {
        .class = &mu_sessions_class, .condition_count = 1, .titles = titles};
    mu_sessions *options;
    const mu_expr **all;

    MU_TRY(mu_bind_arguments(call->name, operands, given, MU_COUNT(given), 1, err));
    MU_TRY(mu_behaviour_events(call, given[EVENTS].value, err));
    MU_ARENA_TRY(options, call->binder->scope.arena, 1, err);
    MU_ARENA_TRY(all, call->binder->scope.arena, 1, err);
    options->gap_us = usual_gap_us;
    if (given[GAP].value) {
        MU_TRY(mu_behaviour_interval(call, given[GAP].value, "gap", &options->gap_us, err));
    }
    MU_TRY(mu_expr_const(&call->binder->scope, truth, call->offset, &all[0], err));
    MU_TRY(make_columns(call, &sessions, err));
    sessions.conditions = all;
    sessions.options = options;
    MU_TRY(mu_behaviour_common(call, given + COMMON, &sessions.source, err));
    const mu_plan *rows;
    MU_TRY(mu_plan_behaviour(&call->binder->scope, &sessions, &rows, err));
    call->time_column = call->events.table->time_column;
    return put_in_order(call, rows, out, err);
}
