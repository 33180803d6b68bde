/*
 * explain_names.c - what the columns of a plan's nodes are called.
 */
#include "query/explain.h"

static void put(mu_writer *out, const char *text)
{
    mu_write_bytes(out, text, strlen(text));
}

/* What the statement calls the rows that the column is from; NULL: it is computed. */
static const char *owner_of(const mu_plan *plan, uint32_t column)
{
    const mu_expr *expr = NULL;

    if (plan->name) {
        return plan->name;
    }
    switch (plan->kind) {
    case MU_PLAN_SCAN:
        return plan->scan.table->name;
    case MU_PLAN_FILTER:
    case MU_PLAN_SORT:
    case MU_PLAN_LIMIT:
    case MU_PLAN_REPEAT:
        return owner_of(plan->input, column);
    case MU_PLAN_WINDOW:
        return column < plan->input->column_count ? owner_of(plan->input, column) : NULL;
    case MU_PLAN_PROJECT:
        expr = plan->project.exprs[column];
        break;
    case MU_PLAN_GROUP:
        expr = column < plan->group.key_count ? plan->group.keys[column] : NULL;
        break;
    case MU_PLAN_JOIN:
        column = plan->join.columns[column];
        return column < plan->input->column_count
                   ? owner_of(plan->input, column)
                   : owner_of(plan->other, column - plan->input->column_count);
    case MU_PLAN_VALUES:
    case MU_PLAN_UNION:
    case MU_PLAN_SERIES:
    case MU_PLAN_FUNNEL:
    case MU_PLAN_FUNNEL_CUSTOMERS:
    case MU_PLAN_BEHAVIOUR:
        break;
    }
    return expr && expr->kind == MU_EXPR_COLUMN ? owner_of(plan->input, expr->column) : NULL;
}

void mu_explain_call(const mu_scope *scope, const mu_agg_call *call, const char *const *names,
                     mu_writer *out)
{
    put(out, mu_agg_name(call->agg));
    put(out, call->distinct ? "(distinct " : "(");
    for (uint32_t i = 0; i < call->arg_count; i++) {
        put(out, i == 0 ? "" : ", ");
        mu_expr_print(call->args[i], names, scope->zone, out);
    }
    if (call->order && mu_agg_may_order(mu_agg_name(call->agg))) {
        put(out, " by ");
        mu_expr_print(call->order, names, scope->zone, out);
        put(out, call->descending ? " descending" : "");
    }
    put(out, call->arg_count == 0 ? "*)" : ")");
    if (call->filter) {
        put(out, " where ");
        mu_expr_print(call->filter, names, scope->zone, out);
    }
}

/* The aggregate that the column is; NULL in *out: it is none. */
static muster_status name_call(const mu_scope *scope, const mu_plan *plan, uint32_t column,
                               const char **out, muster_error *err)
{
    const char *const *names;
    mu_writer text = {0};

    *out = NULL;
    while (plan->kind == MU_PLAN_FILTER || plan->kind == MU_PLAN_SORT) {
        plan = plan->input;
    }
    if (plan->kind != MU_PLAN_GROUP || column < plan->group.key_count) {
        return MUSTER_OK;
    }
    MU_TRY(mu_explain_names(scope, plan->input, NULL, &names, err));
    mu_explain_call(scope, &plan->group.calls[column - plan->group.key_count], names, &text);
    if (!text.failed) {
        *out = mu_arena_text(scope->arena, (const char *)text.data, text.size);
    }
    mu_writer_deinit(&text);
    return *out ? MUSTER_OK : mu_fail_memory(err, "explaining a plan");
}

/* One of several columns with the name. */
static muster_status name_apart(const mu_scope *scope, const mu_plan *plan, uint32_t column,
                                const char **out, muster_error *err)
{
    const char *owner = owner_of(plan, column);

    if (!owner) {
        MU_TRY(name_call(scope, plan, column, out, err));
        *out = *out ? *out : plan->columns[column].name;
        return MUSTER_OK;
    }
    *out = mu_arena_printf(scope->arena, "%s.%s", owner, plan->columns[column].name);
    return *out ? MUSTER_OK : mu_fail_memory(err, "explaining a plan");
}

/* Two columns of one name. */
static bool is_taken(const char *const *names, uint32_t count, uint32_t column)
{
    for (uint32_t c = 0; c < count; c++) {
        if (c != column && strcmp(names[c], names[column]) == 0) {
            return true;
        }
    }
    return false;
}

muster_status mu_explain_names(const mu_scope *scope, const mu_plan *plan, const mu_plan *other,
                               const char *const **out, muster_error *err)
{
    const uint32_t inputs = plan->column_count;
    const uint32_t count = inputs + (other ? other->column_count : 0);
    const char **plain, **names;

    MU_ARENA_TRY(plain, scope->arena, count, err);
    MU_ARENA_TRY(names, scope->arena, count, err);
    for (uint32_t c = 0; c < count; c++) {
        plain[c] = c < inputs ? plan->columns[c].name : other->columns[c - inputs].name;
    }
    for (uint32_t c = 0; c < count; c++) {
        names[c] = plain[c];
        if (is_taken(plain, count, c)) {
            MU_TRY(name_apart(scope, c < inputs ? plan : other, c < inputs ? c : c - inputs,
                              &names[c], err));
        }
    }
    *out = names;
    return MUSTER_OK;
}

muster_status mu_explain_table_names(const mu_scope *scope, const mu_table *table,
                                     const char *const **out, muster_error *err)
{
    const char **names;

    MU_ARENA_TRY(names, scope->arena, table->column_count, err);
    for (uint32_t c = 0; c < table->column_count; c++) {
        names[c] = table->columns[c].name;
    }
    *out = names;
    return MUSTER_OK;
}
