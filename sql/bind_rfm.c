/*
 * bind_rfm.c - rfm(events, condition, value => expression, as_of => time, ...): how recently, how
 * often and for how much each customer did it, and how they stand among all.
 *
 * It is a query over the events that count. What has not happened at `as_of` does not. Days are
 * those of the calendar, in the session's time zone.
 */
#include "sql/bind_behaviour.h"

#include "storage/zone.h"

enum {
    EVENTS,
    CONDITION,
    VALUE,
    AS_OF,
    BUCKETS,
    COMMON
};

/* Leaves only the rows that meet the condition, if there is one. */
static muster_status narrow(const mu_scope *scope, const mu_expr *condition, const mu_plan **plan,
                            muster_error *err)
{
    return condition ? mu_plan_filter(scope, *plan, condition, plan, err) : MUSTER_OK;
}

/* Leaves only events of a time that compares so to another. */
static muster_status narrow_time(const mu_behaviour_call *call, const char *op, int64_t time_us,
                                 const mu_plan **plan, muster_error *err)
{
    const mu_scope *scope = &call->binder->scope;
    const mu_value value = {.type.kind = MU_TIMESTAMP, .i64 = time_us};
    const uint32_t column = call->events.table->time_column;
    const mu_expr *sides[2], *condition;

    MU_TRY(mu_expr_column(scope, column, value.type, call->offset, &sides[0], err));
    MU_TRY(mu_expr_const(scope, value, call->offset, &sides[1], err));
    MU_TRY(mu_expr_call(scope, op, sides, 2, call->offset, &condition, err));
    return narrow(scope, condition, plan, err);
}

static muster_status narrow_customers(const mu_behaviour_call *call, const mu_set *among,
                                      const mu_plan **plan, muster_error *err)
{
    const mu_scope *scope = &call->binder->scope;
    const mu_table *table = call->events.table;
    const mu_expr *customer, *condition;

    MU_TRY(mu_expr_column(scope, table->customer_column,
                          table->columns[table->customer_column].type, call->offset, &customer,
                          err));
    MU_TRY(mu_expr_in_set(scope, customer, among, call->offset, &condition, err));
    return narrow(scope, condition, plan, err);
}

/* The events that count: their customer, time and value. */
static muster_status plan_events(const mu_behaviour_call *call, const mu_event_source *source,
                                 const mu_expr *condition, const mu_expr *value, int64_t as_of_us,
                                 const mu_plan **out, muster_error *err)
{
    static const char *const names[] = {"customer", "ts", "v"};
    const mu_scope *scope = &call->binder->scope;
    const mu_table *table = call->events.table;
    const mu_plan *plan = call->events.plan;
    const mu_expr **exprs;

    MU_ARENA_TRY(exprs, scope->arena, MU_COUNT(names), err);
    MU_TRY(mu_expr_column(scope, table->customer_column,
                          table->columns[table->customer_column].type, call->offset, &exprs[0],
                          err));
    MU_TRY(mu_expr_column(scope, table->time_column, table->columns[table->time_column].type,
                          call->offset, &exprs[1], err));
    exprs[2] = value;
    MU_TRY(narrow(scope, condition, &plan, err));
    MU_TRY(narrow(scope, source->where, &plan, err));
    MU_TRY(narrow_time(call, "<=", as_of_us, &plan, err));
    if (source->bounded) {
        MU_TRY(narrow_time(call, ">=", source->since_us, &plan, err));
        MU_TRY(narrow_time(call, "<", source->until_us, &plan, err));
    }
    if (source->among) {
        MU_TRY(narrow_customers(call, source->among, &plan, err));
    }
    return mu_plan_project(scope, plan, exprs, names, MU_COUNT(names), out, err);
}

static muster_status bind_value(const mu_behaviour_call *call, const mu_ast_expr *value,
                                const mu_expr **out, muster_error *err)
{
    char name[32];

    if (!value) {
        return mu_behaviour_fail_missing(call, "value => amount, what is summed up", err);
    }
    MU_TRY(mu_bind_expr(&call->place, value, out, err));
    const mu_kind kind = (*out)->type.kind;
    if (kind != MU_BIGINT && kind != MU_DECIMAL && kind != MU_DOUBLE && kind != MU_NULL) {
        return mu_fail_at(err, MUSTER_INVALID, value->start, "value takes a number, not %s",
                          mu_type_name((*out)->type, name));
    }
    return MUSTER_OK;
}

/* `as_of`, or the newest event there is. */
static muster_status bind_as_of(const mu_behaviour_call *call, const mu_ast_expr *as_of,
                                int64_t *out, muster_error *err)
{
    bool given;
    int64_t oldest_us;

    MU_TRY(mu_behaviour_as_of(call, as_of, &given, out, err));
    if (!given &&
        !mu_snapshot_times(call->binder->scope.snapshot, call->events.table->id, &oldest_us, out)) {
        *out = 0; /* there are no events */
    }
    return MUSTER_OK;
}

muster_status mu_bind_rfm(mu_behaviour_call *call, const mu_ast_items *operands,
                          const mu_plan **out, muster_error *err)
{
    mu_argument given[COMMON + MU_COMMON_ARGUMENTS] = {{"events", NULL},  {"condition", NULL},
                                                       {"value", NULL},   {"as_of", NULL},
                                                       {"buckets", NULL}, MU_COMMON_NAMES};
    mu_binder *binder = call->binder;
    mu_event_source source = {0};
    const mu_expr *condition, *value;
    const mu_plan *events;
    uint64_t buckets = 5;
    mu_zone_span span = {0};
    int64_t as_of_us;

    MU_TRY(mu_bind_arguments(call->name, operands, given, MU_COUNT(given), 2, err));
    MU_TRY(mu_behaviour_events(call, given[EVENTS].value, err));
    if (!given[CONDITION].value) {
        return mu_behaviour_fail_missing(call,
                                         "a condition on events, as in rfm(events, event = "
                                         "'pay', value => amount)",
                                         err);
    }
    MU_TRY(mu_bind_condition(&call->place, given[CONDITION].value, "rfm()", &condition, err));
    MU_TRY(bind_value(call, given[VALUE].value, &value, err));
    MU_TRY(bind_as_of(call, given[AS_OF].value, &as_of_us, err));
    if (given[BUCKETS].value) {
        MU_TRY(
            mu_bind_count_of(binder, given[BUCKETS].value, "buckets", 1, INT64_MAX, &buckets, err));
    }
    MU_TRY(mu_behaviour_common(call, given + COMMON, &source, err));
    MU_TRY(plan_events(call, &source, condition, value, as_of_us, &events, err));
    const int64_t day = mu_days_of_us(mu_zone_localize(binder->scope.zone, &span, as_of_us));
    const char *sql = mu_arena_printf(
        binder->scope.arena,
        "WITH people AS (SELECT customer, %lld - (max(ts)::date - DATE '1970-01-01') AS "
        "recency_days, count(*) AS frequency, sum(v) AS monetary FROM it "
        "WHERE customer IS NOT NULL GROUP BY customer) "
        "SELECT *, value_bucket(-recency_days, %llu) OVER () AS r, "
        "value_bucket(frequency, %llu) OVER () AS f, "
        "value_bucket(monetary, %llu) OVER () AS m FROM people",
        (long long)day, (unsigned long long)buckets, (unsigned long long)buckets,
        (unsigned long long)buckets);
    return sql ? mu_bind_report(call, sql, events, out, err)
               : mu_fail_memory(err, "running a statement");
}
