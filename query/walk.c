/*
 * walk.c - visiting what hangs on a plan node.
 */
#include "query/walk.h"

static muster_status walk_expr(void *context, const mu_expr *expr, muster_error *err);

static muster_status walk_source(const mu_walk_visit *visit, const mu_event_source *source,
                                 muster_error *err);

static muster_status walk_list(const mu_expr *const *exprs, uint32_t count, mu_walk_expr_fn *visit,
                               void *context, muster_error *err);

static muster_status walk_set(const mu_walk_visit *visit, const mu_set *set, muster_error *err)
{
    for (uint32_t i = 0; i < set->arg_count; i++) {
        MU_TRY(walk_set(visit, set->args[i], err));
    }
    if (set->kind == MU_SET_DID) {
        MU_TRY(walk_source(visit, &set->did.source, err));
    }
    if (set->kind == MU_SET_THEN) {
        const mu_expr *const all[] = {set->then.first, set->then.second, set->then.same};
        mu_walk_visit copy = *visit;
        MU_TRY(walk_list(all, MU_COUNT(all), walk_expr, &copy, err));
        MU_TRY(walk_source(visit, &set->then.source, err));
    }
    return visit->set(visit->context, set, err);
}

static muster_status walk_expr(void *context, const mu_expr *expr, muster_error *err)
{
    const mu_walk_visit *visit = context;

    for (uint32_t i = 0; i < expr->arg_count; i++) {
        MU_TRY(walk_expr(context, expr->args[i], err));
    }
    if (expr->kind == MU_EXPR_LOOKUP) {
        return visit->lookup(visit->context, expr->lookup, err);
    }
    return expr->kind == MU_EXPR_IN_SET ? walk_set(visit, expr->set, err) : MUSTER_OK;
}

static muster_status walk_source(const mu_walk_visit *visit, const mu_event_source *source,
                                 muster_error *err)
{
    mu_walk_visit copy = *visit;

    if (source->where) {
        MU_TRY(walk_expr(&copy, source->where, err));
    }
    return source->among ? walk_set(visit, source->among, err) : MUSTER_OK;
}

muster_status mu_walk_queries(const mu_plan *plan, const mu_walk_visit *visit, muster_error *err)
{
    mu_walk_visit copy = *visit;

    MU_TRY(mu_walk_exprs(plan, walk_expr, &copy, err));
    switch (plan->kind) {
    case MU_PLAN_SCAN:
        return plan->scan.set ? walk_set(visit, plan->scan.set, err) : MUSTER_OK;
    case MU_PLAN_FUNNEL:
    case MU_PLAN_FUNNEL_CUSTOMERS:
        return plan->funnel->source.among ? walk_set(visit, plan->funnel->source.among, err)
                                          : MUSTER_OK;
    case MU_PLAN_BEHAVIOUR:
        return plan->behaviour->source.among ? walk_set(visit, plan->behaviour->source.among, err)
                                             : MUSTER_OK;
    case MU_PLAN_VALUES:
    case MU_PLAN_FILTER:
    case MU_PLAN_PROJECT:
    case MU_PLAN_GROUP:
    case MU_PLAN_SORT:
    case MU_PLAN_LIMIT:
    case MU_PLAN_UNION:
    case MU_PLAN_REPEAT:
    case MU_PLAN_SERIES:
    case MU_PLAN_WINDOW: /* it reads columns */
    case MU_PLAN_JOIN:
        return MUSTER_OK;
    }
    assert(false && "a plan that is not in the list");
    return MUSTER_OK;
}

static muster_status walk_list(const mu_expr *const *exprs, uint32_t count, mu_walk_expr_fn *visit,
                               void *context, muster_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        if (exprs[i]) {
            MU_TRY(visit(context, exprs[i], err));
        }
    }
    return MUSTER_OK;
}

static muster_status walk_calls(const mu_agg_call *calls, uint32_t count, mu_walk_expr_fn *visit,
                                void *context, muster_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        const mu_expr *const more[] = {calls[i].filter, calls[i].order};
        MU_TRY(walk_list(calls[i].args, calls[i].arg_count, visit, context, err));
        MU_TRY(walk_list(more, MU_COUNT(more), visit, context, err));
    }
    return MUSTER_OK;
}

muster_status mu_walk_exprs(const mu_plan *plan, mu_walk_expr_fn *visit, void *context,
                            muster_error *err)
{
    switch (plan->kind) {
    case MU_PLAN_SCAN:
        return walk_list(&plan->scan.filter, 1, visit, context, err);
    case MU_PLAN_FILTER:
        return walk_list(&plan->filter.condition, 1, visit, context, err);
    case MU_PLAN_PROJECT:
        return walk_list(plan->project.exprs, plan->column_count, visit, context, err);
    case MU_PLAN_JOIN:
        MU_TRY(walk_list(plan->join.keys, plan->join.key_count, visit, context, err));
        MU_TRY(walk_list(plan->join.other_keys, plan->join.key_count, visit, context, err));
        return walk_list(&plan->join.residual, 1, visit, context, err);
    case MU_PLAN_GROUP:
        MU_TRY(walk_list(plan->group.keys, plan->group.key_count, visit, context, err));
        return walk_calls(plan->group.calls, plan->group.call_count, visit, context, err);
    case MU_PLAN_FUNNEL:
    case MU_PLAN_FUNNEL_CUSTOMERS: {
        const mu_expr *const more[] = {plan->funnel->source.where, plan->funnel->by};
        MU_TRY(walk_list(more, MU_COUNT(more), visit, context, err));
        return walk_list(plan->funnel->steps, plan->funnel->step_count, visit, context, err);
    }
    case MU_PLAN_BEHAVIOUR: {
        const mu_behaviour_plan *b = plan->behaviour;
        MU_TRY(walk_list(&b->source.where, 1, visit, context, err));
        MU_TRY(walk_list(b->conditions, b->condition_count, visit, context, err));
        return walk_list(b->values, b->value_count, visit, context, err);
    }
    case MU_PLAN_VALUES:
    case MU_PLAN_SORT:
    case MU_PLAN_LIMIT:
    case MU_PLAN_UNION:
    case MU_PLAN_REPEAT:
    case MU_PLAN_SERIES:
    case MU_PLAN_WINDOW: /* it reads columns */
        return MUSTER_OK;
    }
    assert(false && "a plan that is not in the list");
    return MUSTER_OK;
}
