/*
 * plan_stripe.c - which columns hold the customers of the stripe that a unit of work is.
 *
 * Scans go by stripes, and so does what streams above them. A node that keeps its rows gives them
 * in units of its own; so of those only groups count, which stream where they are by customer.
 */
#include "query/behaviour.h"

bool mu_plan_is_customer(const mu_plan *plan, uint32_t column)
{
    const mu_expr *expr;

    switch (plan->kind) {
    case MU_PLAN_BEHAVIOUR:
        return !plan->behaviour->class->whole && plan->columns[column].type.kind == MU_CUSTOMER;
    case MU_PLAN_SCAN:
    case MU_PLAN_FUNNEL_CUSTOMERS:
        return plan->columns[column].type.kind == MU_CUSTOMER;
    case MU_PLAN_FILTER:
    case MU_PLAN_REPEAT:
        return mu_plan_is_customer(plan->input, column);
    case MU_PLAN_UNION:
        return mu_plan_is_customer(plan->input, column) && mu_plan_is_customer(plan->other, column);
    case MU_PLAN_PROJECT:
        expr = plan->project.exprs[column];
        return expr->kind == MU_EXPR_COLUMN && mu_plan_is_customer(plan->input, expr->column);
    case MU_PLAN_GROUP:
        expr = column < plan->group.key_count ? plan->group.keys[column] : NULL;
        return expr && expr->kind == MU_EXPR_COLUMN &&
               mu_plan_is_customer(plan->input, expr->column);
    case MU_PLAN_JOIN: {
        const uint32_t from = plan->join.columns[column];
        const uint32_t inputs = plan->input->column_count;
        if (plan->join.kind == MU_JOIN_FULL) {
            return false;
        }
        if (from < inputs) {
            return mu_plan_is_customer(plan->input, from);
        }
        return plan->join.kind == MU_JOIN_INNER && plan->join.by_customer &&
               plan->join.other_keys[0]->column == from - inputs;
    }
    case MU_PLAN_VALUES:
    case MU_PLAN_SERIES:
    case MU_PLAN_SORT:
    case MU_PLAN_LIMIT:
    case MU_PLAN_WINDOW:
    case MU_PLAN_FUNNEL:
        return false;
    }
    assert(false && "a plan that is not in the list");
    return false;
}

static bool expr_in_stripe(const mu_plan *input, const mu_expr *expr)
{
    if (expr->kind == MU_EXPR_COLUMN && expr->type.kind == MU_CUSTOMER) {
        return mu_plan_in_stripe(input, expr->column);
    }
    if (expr->kind == MU_EXPR_LOOKUP && expr->type.kind == MU_CUSTOMER) {
        return false;
    }
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        if (!expr_in_stripe(input, expr->args[i])) {
            return false;
        }
    }
    return true;
}

bool mu_plan_in_stripe(const mu_plan *plan, uint32_t column)
{
    if (plan->kind == MU_PLAN_JOIN) {
        const uint32_t from = plan->join.columns[column];
        const uint32_t inputs = plan->input->column_count;
        return from < inputs
                   ? mu_plan_in_stripe(plan->input, from)
                   : plan->join.by_customer && mu_plan_in_stripe(plan->other, from - inputs);
    }
    if (plan->kind == MU_PLAN_FILTER || plan->kind == MU_PLAN_REPEAT) {
        return mu_plan_in_stripe(plan->input, column);
    }
    if (plan->kind == MU_PLAN_UNION) {
        return mu_plan_in_stripe(plan->input, column) && mu_plan_in_stripe(plan->other, column);
    }
    if (plan->kind == MU_PLAN_PROJECT) {
        return expr_in_stripe(plan->input, plan->project.exprs[column]);
    }
    if (plan->kind == MU_PLAN_GROUP && column < plan->group.key_count) {
        return expr_in_stripe(plan->input, plan->group.keys[column]);
    }
    return mu_plan_is_customer(plan, column);
}
