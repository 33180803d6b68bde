/*
 * op.c - which operator runs which plan node in one thread.
 */
#include "query/op.h"

typedef muster_status opener(mu_exec *exec, const mu_plan *plan, mu_op **out, muster_error *err);

static opener *opener_of(mu_plan_kind kind)
{
    switch (kind) {
    case MU_PLAN_SCAN:
        return mu_op_scan_open;
    case MU_PLAN_FILTER:
        return mu_op_filter_open;
    case MU_PLAN_PROJECT:
        return mu_op_project_open;
    case MU_PLAN_JOIN:
        return mu_op_join_open;
    case MU_PLAN_FUNNEL_CUSTOMERS:
        return mu_op_funnel_customers_open;
    case MU_PLAN_VALUES:
    case MU_PLAN_GROUP:
    case MU_PLAN_SORT:
    case MU_PLAN_LIMIT:
    case MU_PLAN_FUNNEL:
    case MU_PLAN_RETENTION:
        return mu_op_rowset_open; /* what they made when they were run */
    }
    assert(false && "a plan that is not in the list");
    return NULL;
}

muster_status mu_op_open(mu_exec *exec, const mu_plan *plan, mu_op **out, muster_error *err)
{
    *out = NULL;
    return opener_of(plan->kind)(exec, plan, out, err);
}
