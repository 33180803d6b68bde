/*
 * explain_names.c - what the columns of a plan's nodes are called.
 */
#include "query/explain.h"

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
    case MU_PLAN_RETENTION:
        break;
    }
    return expr && expr->kind == MU_EXPR_COLUMN ? owner_of(plan->input, expr->column) : NULL;
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
        const char *owner = NULL;
        if (is_taken(plain, count, c)) {
            owner = c < inputs ? owner_of(plan, c) : owner_of(other, c - inputs);
        }
        names[c] = owner ? mu_arena_printf(scope->arena, "%s.%s", owner, plain[c]) : plain[c];
        if (!names[c]) {
            return mu_fail_memory(err, "explaining a plan");
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
