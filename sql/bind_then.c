/*
 * bind_then.c - did_then(a, b, within => i) and did_without(a, b, within => i): sets of those who
 * did one thing, and then, or then not, another.
 */
#include "sql/bind_behaviour.h"

enum {
    FIRST,
    SECOND,
    WITHIN,
    SAME,
    LAST,
    SINCE,
    UNTIL,
    TABLE,
    THEN_ARGUMENTS,
    AS_OF = THEN_ARGUMENTS, /* of did_without() alone */
    WITHOUT_ARGUMENTS
};

/* Both conditions, over the columns of the table. */
static muster_status bind_conditions(mu_behaviour_call *call, const mu_argument *given,
                                     mu_then_terms *terms, muster_error *err)
{
    if (!given[FIRST].value || !given[SECOND].value) {
        return mu_fail_at(err, MUSTER_INVALID, call->offset,
                          "%s() takes two conditions on events first, as in %s(event = "
                          "'add_to_cart', event = 'pay', within => INTERVAL '12 hours')",
                          call->name, call->name);
    }
    MU_TRY(
        mu_bind_events(call->binder, given[TABLE].value, call->offset, &terms->source.table, err));
    MU_TRY(mu_bind_scan(call->binder, terms->source.table, &call->events, err));
    call->place =
        (mu_place){.binder = call->binder, .relation = &call->events, .clause = call->name};
    MU_TRY(mu_bind_condition(&call->place, given[FIRST].value, call->name, &terms->first, err));
    MU_TRY(mu_bind_condition(&call->place, given[SECOND].value, call->name, &terms->second, err));
    return given[SAME].value ? mu_bind_expr(&call->place, given[SAME].value, &terms->same, err)
                             : MUSTER_OK;
}

static muster_status bind_terms(mu_behaviour_call *call, const mu_argument *given,
                                mu_then_terms *terms, muster_error *err)
{
    MU_TRY(bind_conditions(call, given, terms, err));
    if (!given[WITHIN].value) {
        return mu_behaviour_fail_missing(
            call,
            "within => INTERVAL '12 hours': how long after the first event the second may come",
            err);
    }
    MU_TRY(mu_behaviour_interval(call, given[WITHIN].value, "within", &terms->within_us, err));
    return mu_bind_range(call->binder, given[SINCE].value, given[UNTIL].value, given[LAST].value,
                         &terms->source, err);
}

static mu_behaviour_call make_call(const mu_place *place, const mu_ast_expr *call)
{
    return (mu_behaviour_call){.binder = place->binder, .name = call->text, .offset = call->offset};
}

muster_status mu_bind_did_then(const mu_place *place, const mu_ast_expr *expr, const mu_set **out,
                               muster_error *err)
{
    mu_argument given[] = {{"first", NULL}, {"second", NULL}, {"within", NULL}, {"same", NULL},
                           {"last", NULL},  {"since", NULL},  {"until", NULL},  {"table", NULL}};
    mu_behaviour_call call = make_call(place, expr);
    mu_then_terms terms = {0};

    static_assert(MU_COUNT(given) == THEN_ARGUMENTS, "the names are those of the numbers");
    MU_TRY(mu_bind_arguments(call.name, &expr->operands, given, MU_COUNT(given), 2, err));
    MU_TRY(bind_terms(&call, given, &terms, err));
    return mu_set_then(&call.binder->scope, &terms, out, err);
}

muster_status mu_bind_did_without(const mu_place *place, const mu_ast_expr *expr,
                                  const mu_set **out, muster_error *err)
{
    mu_argument given[] = {{"first", NULL}, {"second", NULL}, {"within", NULL},
                           {"same", NULL},  {"last", NULL},   {"since", NULL},
                           {"until", NULL}, {"table", NULL},  {"as_of", NULL}};
    mu_behaviour_call call = make_call(place, expr);
    mu_then_terms terms = {.without = true};

    static_assert(MU_COUNT(given) == WITHOUT_ARGUMENTS, "the names are those of the numbers");
    MU_TRY(mu_bind_arguments(call.name, &expr->operands, given, MU_COUNT(given), 2, err));
    MU_TRY(bind_terms(&call, given, &terms, err));
    MU_TRY(mu_behaviour_as_of(&call, given[AS_OF].value, &terms.as_of_given, &terms.as_of_us, err));
    return mu_set_then(&call.binder->scope, &terms, out, err);
}
