/*
 * bind_retention.c - retention(events, start => ..., back => ..., unit => 'month', periods => n).
 */
#include "sql/bind_behaviour.h"

enum {
    MOST_PERIODS = 100000 /* more days than there are in 270 years */
};

enum {
    EVENTS,
    START,
    BACK,
    UNIT,
    PERIODS,
    AS_OF,
    COMMON
};

muster_status mu_bind_retention(mu_behaviour_call *call, const mu_ast_items *operands,
                                const mu_plan **out, muster_error *err)
{
    mu_argument given[COMMON + MU_COMMON_ARGUMENTS] = {
        {"events", NULL},  {"start", NULL}, {"back", NULL}, {"unit", NULL},
        {"periods", NULL}, {"as_of", NULL}, MU_COMMON_NAMES};
    mu_retention_plan retention = {0};
    uint64_t periods;

    MU_TRY(mu_bind_arguments(call->name, operands, given, MU_COUNT(given), 1, err));
    MU_TRY(mu_behaviour_events(call, given[EVENTS].value, err));
    MU_TRY(mu_behaviour_condition(call, given[START].value, "start", &retention.start, err));
    MU_TRY(mu_behaviour_condition(call, given[BACK].value, "back", &retention.back, err));
    MU_TRY(mu_behaviour_unit(call, given[UNIT].value, &retention.unit, err));
    if (!given[PERIODS].value) {
        return mu_behaviour_fail_missing(call, "periods => 12, how many to look at after the first",
                                         err);
    }
    MU_TRY(mu_bind_count_of(call->binder, given[PERIODS].value, "periods", 0, MOST_PERIODS,
                            &periods, err));
    retention.periods = (uint32_t)periods;
    MU_TRY(mu_behaviour_common(call, given + COMMON, &retention.source, err));
    MU_TRY(mu_behaviour_as_of(call, given[AS_OF].value, &retention.as_of_given, &retention.as_of_us,
                              err));
    return mu_plan_retention(&call->binder->scope, &retention, out, err);
}
