/*
 * bind_funnel.c - funnel(events, steps => [step(...), ...], ...), funnel_customers(events, ...).
 */
#include "sql/bind_behaviour.h"

/* step(condition [, 'label']) */
static muster_status bind_step(const mu_behaviour_call *call, const mu_ast_expr *step,
                               uint32_t number, const mu_expr **condition, const char **label,
                               muster_error *err)
{
    mu_argument given[] = {{"condition", NULL}, {"label", NULL}};
    mu_value value;

    if (step->kind != MU_AST_CALL || !mu_name_equal(step->text, "step")) {
        return mu_fail_at(err, MUSTER_INVALID, step->start,
                          "steps => takes a list of step(condition, 'label')");
    }
    MU_TRY(mu_bind_arguments("step", &step->operands, given, MU_COUNT(given), 2, err));
    if (!given[0].value) {
        return mu_fail_at(err, MUSTER_INVALID, step->offset,
                          "step() takes a condition on events, as in step(event = 'view')");
    }
    MU_TRY(mu_bind_condition(&call->place, given[0].value, "step()", condition, err));
    if (given[1].value) {
        MU_TRY(mu_bind_constant(call->binder, given[1].value, (mu_type){.kind = MU_TEXT},
                                "the label of a step", &value, err));
        if (value.null) {
            return mu_fail_at(err, MUSTER_INVALID, given[1].value->offset,
                              "the label of a step is a text, not NULL");
        }
        *label = mu_arena_text(call->binder->scope.arena, value.text.data, value.text.size);
    } else {
        *label = mu_arena_printf(call->binder->scope.arena, "step %u", number);
    }
    return *label ? MUSTER_OK : mu_fail_memory(err, "running a statement");
}

static muster_status bind_steps(const mu_behaviour_call *call, const mu_ast_expr *steps,
                                mu_funnel_plan *funnel, muster_error *err)
{
    const mu_expr **conditions;
    const char **labels;

    if (!steps) {
        return mu_behaviour_fail_missing(
            call, "steps => [step(event = 'view'), step(event = 'pay')]", err);
    }
    if (steps->kind != MU_AST_LIST) {
        return mu_fail_at(err, MUSTER_INVALID, steps->start,
                          "steps => takes a list in brackets: [step(...), step(...)]");
    }
    const uint32_t count = steps->operands.count;
    if (count == 0 || count > MU_MAX_STEPS) {
        return mu_fail_at(err, MUSTER_INVALID, steps->start,
                          "%u steps; a funnel has 1 to %d of them", count, MU_MAX_STEPS);
    }
    MU_ARENA_TRY(conditions, call->binder->scope.arena, count, err);
    MU_ARENA_TRY(labels, call->binder->scope.arena, count, err);
    for (uint32_t i = 0; i < count; i++) {
        MU_TRY(
            bind_step(call, steps->operands.data[i].expr, i + 1, &conditions[i], &labels[i], err));
    }
    funnel->step_count = count;
    funnel->steps = conditions;
    funnel->labels = labels;
    return MUSTER_OK;
}

enum {
    EVENTS,
    STEPS,
    WITHIN,
    BY,
    TOP,
    AS_OF,
    FUNNEL_COMMON
};

static muster_status bind_funnel(mu_behaviour_call *call, const mu_ast_items *operands,
                                 bool customers, const mu_plan **out, muster_error *err)
{
    mu_argument given[FUNNEL_COMMON + MU_COMMON_ARGUMENTS] = {
        {"events", NULL}, {"steps", NULL}, {"within", NULL}, {"by", NULL},
        {"top", NULL},    {"as_of", NULL}, MU_COMMON_NAMES};
    mu_funnel_plan funnel = {0};

    MU_TRY(mu_bind_arguments(call->name, operands, given, MU_COUNT(given), 1, err));
    MU_TRY(mu_behaviour_events(call, given[EVENTS].value, err));
    MU_TRY(bind_steps(call, given[STEPS].value, &funnel, err));
    MU_TRY(mu_behaviour_interval(call, given[WITHIN].value, "within", &funnel.within_us, err));
    if (given[BY].value) {
        MU_TRY(mu_bind_expr(&call->place, given[BY].value, &funnel.by, err));
    }
    MU_TRY(mu_behaviour_common(call, given + FUNNEL_COMMON, &funnel.source, err));
    MU_TRY(
        mu_behaviour_as_of(call, given[AS_OF].value, &funnel.as_of_given, &funnel.as_of_us, err));
    return mu_plan_funnel(&call->binder->scope, &funnel, customers, out, err);
}

muster_status mu_bind_funnel(mu_behaviour_call *call, const mu_ast_items *operands,
                             const mu_plan **out, muster_error *err)
{
    return bind_funnel(call, operands, false, out, err);
}

muster_status mu_bind_funnel_customers(mu_behaviour_call *call, const mu_ast_items *operands,
                                       const mu_plan **out, muster_error *err)
{
    return bind_funnel(call, operands, true, out, err);
}
