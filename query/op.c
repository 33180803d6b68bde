/*
 * op.c - which operator runs which plan node in one thread.
 */
#include "query/op.h"

#include "storage/kernels/kernels.h"

static mu_opener *opener_of(mu_plan_kind kind)
{
    switch (kind) {
    case MU_PLAN_SCAN:
        return mu_op_scan_open;
    case MU_PLAN_FILTER:
        return mu_op_filter_open;
    case MU_PLAN_PROJECT:
        return mu_op_project_open;
    case MU_PLAN_UNION:
        return mu_op_union_open;
    case MU_PLAN_REPEAT:
        return mu_op_repeat_open;
    case MU_PLAN_SERIES:
        return mu_op_series_open;
    case MU_PLAN_JOIN:
        return mu_op_join_open;
    case MU_PLAN_FUNNEL_CUSTOMERS:
        return mu_op_funnel_customers_open;
    case MU_PLAN_BEHAVIOUR:
        return mu_op_behaviour_open;
    case MU_PLAN_GROUP:
        return mu_op_group_open;
    case MU_PLAN_VALUES:
    case MU_PLAN_SORT:
    case MU_PLAN_LIMIT:
    case MU_PLAN_FUNNEL:
    case MU_PLAN_WINDOW:
        return mu_op_rowset_open; /* what they made when they were run */
    }
    assert(false && "a plan that is not in the list");
    return NULL;
}

muster_status mu_op_open(mu_exec *exec, const mu_plan *plan, mu_op **out, muster_error *err)
{
    mu_opener *opener = opener_of(plan->kind);

    *out = NULL;
    return mu_exec_meter(exec, plan) ? mu_op_probe_open(exec, plan, opener, out, err)
                                     : opener(exec, plan, out, err);
}

void mu_op_set_bound(mu_op *op, const mu_op_bound *bound)
{
    const mu_plan *plan = op->plan;

    if (plan->kind == MU_PLAN_PROJECT &&
        plan->project.exprs[bound->key.column]->kind == MU_EXPR_COLUMN) {
        mu_op_project_set_bound(mu_op_behind(op), bound);
    }
}

void mu_op_bound_drop(const mu_op_bound *bound, const mu_vector *column, uint64_t *live,
                      size_t words)
{
    uint64_t nulls[MU_BATCH_WORDS] = {0};

    if (!bound->set || bound->value.null || mu_type_form(column->type) != MU_FORM_I64) {
        return;
    }
    for (size_t w = 0; column->valid && w < words; w++) {
        nulls[w] = bound->key.nulls_first ? live[w] & ~column->valid[w] : 0;
        live[w] &= column->valid[w];
    }
    if (bound->key.descending) {
        mu_k()->filter_ge_i64(column->data, bound->value.i64, live, words);
    } else {
        mu_k()->filter_le_i64(column->data, bound->value.i64, live, words);
    }
    for (size_t w = 0; w < words; w++) {
        live[w] |= nulls[w];
    }
}

muster_status mu_op_reduce(mu_op *op, uint32_t column, const mu_join_table *const *table,
                           muster_error *err)
{
    op = mu_op_behind(op);
    const mu_plan *plan = op->plan;

    if (plan->kind == MU_PLAN_SCAN) {
        return mu_op_scan_reduce(op, column, table, err);
    }
    if (plan->kind == MU_PLAN_FILTER) {
        return mu_op_reduce(op->input, column, table, err);
    }
    if (plan->kind == MU_PLAN_PROJECT && plan->project.exprs[column]->kind == MU_EXPR_COLUMN) {
        return mu_op_reduce(op->input, plan->project.exprs[column]->column, table, err);
    }
    if (plan->kind == MU_PLAN_JOIN && plan->join.kind != MU_JOIN_FULL &&
        plan->join.columns[column] < plan->input->column_count) {
        return mu_op_reduce(op->input, plan->join.columns[column], table, err);
    }
    return MUSTER_OK;
}
