/*
 * bind_rfm.c - rfm(events, condition, value => expression, as_of => time, ...): how recently, how
 * often and for how much each customer did it, and how they stand among all.
 *
 * The figures are the rows of the class; what buckets they fall in is a query over them.
 */
#include "sql/bind_behaviour.h"

#include "query/rfm.h"

enum {
    EVENTS,
    CONDITION,
    VALUE,
    AS_OF,
    BUCKETS,
    COMMON
};

/* How the value is summed up. */
static muster_status bind_sum(const mu_behaviour_call *call, const mu_ast_expr *value,
                              mu_agg_call *sum, muster_error *err)
{
    const mu_scope *scope = &call->binder->scope;
    const mu_expr *expr;
    char name[32];

    if (!value) {
        return mu_behaviour_fail_missing(call, "value => amount, what is summed up", err);
    }
    MU_TRY(mu_bind_expr(&call->place, value, &expr, err));
    const mu_kind kind = expr->type.kind;
    if (kind != MU_BIGINT && kind != MU_DECIMAL && kind != MU_DOUBLE && kind != MU_NULL) {
        return mu_fail_at(err, MUSTER_INVALID, value->start, "value takes a number, not %s",
                          mu_type_name(expr->type, name));
    }
    return mu_agg_call_make(scope, "sum", &expr, 1, false, NULL, NULL, call->offset, sum, err);
}

static muster_status plan_people(const mu_behaviour_call *call, mu_behaviour_plan *rfm,
                                 const mu_agg_call *sum, const mu_plan **out, muster_error *err)
{
    const mu_type bigint = {.kind = MU_BIGINT, .bits = 64};
    mu_behaviour_column *columns;
    mu_rfm *options;

    MU_ARENA_TRY(columns, call->binder->scope.arena, MU_RFM_COLUMNS, err);
    MU_ARENA_TRY(options, call->binder->scope.arena, 1, err);
    columns[MU_RFM_CUSTOMER] = (mu_behaviour_column){.name = "customer", .type.kind = MU_CUSTOMER};
    columns[MU_RFM_RECENCY_DAYS] = (mu_behaviour_column){.name = "recency_days", .type = bigint};
    columns[MU_RFM_FREQUENCY] = (mu_behaviour_column){.name = "frequency", .type = bigint};
    columns[MU_RFM_MONETARY] = (mu_behaviour_column){.name = "monetary", .type = sum->type};
    options->sum = *sum;
    rfm->options = options;
    rfm->values = sum->args;
    rfm->value_count = 1;
    rfm->own_values = 1;
    rfm->columns = columns;
    rfm->column_count = MU_RFM_COLUMNS;
    rfm->own_columns = MU_RFM_COLUMNS;
    return mu_plan_behaviour(&call->binder->scope, rfm, out, err);
}

muster_status mu_bind_rfm(mu_behaviour_call *call, const mu_ast_items *operands,
                          const mu_plan **out, muster_error *err)
{
    static const char *const titles[] = {"condition"};
    mu_argument given[COMMON + MU_COMMON_ARGUMENTS] = {{"events", NULL},  {"condition", NULL},
                                                       {"value", NULL},   {"as_of", NULL},
                                                       {"buckets", NULL}, MU_COMMON_NAMES};
    mu_binder *binder = call->binder;
    mu_behaviour_plan rfm = {.class = &mu_rfm_class, .condition_count = 1, .titles = titles};
    unsigned long long n;
    const mu_expr **condition;
    const mu_plan *people;
    mu_agg_call sum;
    uint64_t buckets = 5;

    MU_TRY(mu_bind_arguments(call->name, operands, given, MU_COUNT(given), 2, err));
    MU_TRY(mu_behaviour_events(call, given[EVENTS].value, err));
    if (!given[CONDITION].value) {
        return mu_behaviour_fail_missing(
            call, "a condition on events, as in rfm(events, event = 'pay', value => amount)", err);
    }
    MU_ARENA_TRY(condition, binder->scope.arena, 1, err);
    MU_TRY(mu_bind_condition(&call->place, given[CONDITION].value, "rfm()", condition, err));
    rfm.conditions = condition;
    MU_TRY(bind_sum(call, given[VALUE].value, &sum, err));
    MU_TRY(mu_behaviour_as_of(call, given[AS_OF].value, &rfm.as_of_given, &rfm.as_of_us, err));
    if (given[BUCKETS].value) {
        MU_TRY(
            mu_bind_count_of(binder, given[BUCKETS].value, "buckets", 1, INT64_MAX, &buckets, err));
    }
    MU_TRY(mu_behaviour_common(call, given + COMMON, &rfm.source, err));
    MU_TRY(plan_people(call, &rfm, &sum, &people, err));
    n = buckets;
    const char *sql = mu_arena_printf(binder->scope.arena,
                                      "SELECT *, value_bucket(-recency_days, %llu) OVER () AS r, "
                                      "value_bucket(frequency, %llu) OVER () AS f, "
                                      "value_bucket(monetary, %llu) OVER () AS m FROM it",
                                      n, n, n);
    return sql ? mu_bind_report(call, sql, people, out, err)
               : mu_fail_memory(err, "running a statement");
}
