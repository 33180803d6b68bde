/*
 * bind_lifecycle.c - lifecycle(events, active => ..., unit => 'month', lost_after => n): how many
 * customers are in which state, and lifecycle_customers(), who they are.
 */
#include "sql/bind_breakdown.h"
#include "sql/bind_period_value.h"

#include "query/lifecycle.h"

enum {
    EVENTS,
    ACTIVE,
    UNIT,
    LOST_AFTER,
    VALUE,
    BY,
    TOP,
    AS_OF,
    COMMON
};

/* What is bound of a call. */
typedef struct lifecycle {
    mu_breakdown breakdown;
    mu_period_value value;
    mu_behaviour_plan plan;
    mu_lifecycle *options;
} lifecycle;

static muster_status make_columns(const mu_scope *scope, lifecycle *l, muster_error *err)
{
    static const char *const states[MU_STATES] = {"new", "returning", "resurrected", "dormant",
                                                  "lost"};
    static const mu_behaviour_column own[] = {
        [MU_LIFECYCLE_CUSTOMER] = {.name = "customer", .type.kind = MU_CUSTOMER},
        [MU_LIFECYCLE_PERIOD] = {.name = "period", .type.kind = MU_DATE},
        [MU_LIFECYCLE_STATE] = {.name = "state",
                                .type.kind = MU_TEXT,
                                .labels = states,
                                .label_count = MU_STATES},
        [MU_LIFECYCLE_COMPLETE] = {.name = "complete", .type.kind = MU_BOOLEAN},
        [MU_LIFECYCLE_CUSTOMERS] = {.name = "customers", .type = {.kind = MU_BIGINT, .bits = 64}},
        [MU_LIFECYCLE_IS_EVENT] = {.name = "is_event", .type.kind = MU_BOOLEAN},
        [MU_LIFECYCLE_PART] = {.name = "part"},
    };
    const mu_expr **values;
    mu_behaviour_column *columns;

    MU_ARENA_TRY(columns, scope->arena, MU_LIFECYCLE_COLUMNS, err);
    MU_ARENA_TRY(values, scope->arena, 1, err);
    memcpy(columns, own, sizeof own);
    l->plan.columns = columns;
    l->plan.column_count = MU_LIFECYCLE_PART;
    if (l->breakdown.by) {
        columns[MU_LIFECYCLE_PART].type = l->breakdown.by->type;
        values[l->plan.value_count++] = l->breakdown.by;
        l->plan.column_count++;
    }
    l->plan.values = values;
    l->plan.own_values = l->plan.value_count;
    l->plan.own_columns = l->plan.column_count;
    return mu_period_value_add(scope, &l->value, &l->plan, err);
}

static muster_status bind_arguments(mu_behaviour_call *call, const mu_ast_items *operands,
                                    lifecycle *l, muster_error *err)
{
    static const char *const titles[] = {"active"};
    mu_argument given[COMMON + MU_COMMON_ARGUMENTS] = {
        {"events", NULL}, {"active", NULL}, {"unit", NULL},  {"lost_after", NULL}, {"value", NULL},
        {"by", NULL},     {"top", NULL},    {"as_of", NULL}, MU_COMMON_NAMES};
    mu_arena *arena = call->binder->scope.arena;
    const mu_expr **conditions;
    uint64_t lost_after;

    MU_TRY(mu_bind_arguments(call->name, operands, given, MU_COUNT(given), 1, err));
    MU_TRY(mu_behaviour_events(call, given[EVENTS].value, err));
    MU_ARENA_TRY(conditions, arena, 1, err);
    MU_ARENA_TRY(l->options, arena, 1, err);
    MU_TRY(mu_behaviour_condition(call, given[ACTIVE].value, "active", &conditions[0], err));
    MU_TRY(mu_behaviour_unit(call, given[UNIT].value, &l->options->unit, err));
    if (!given[LOST_AFTER].value) {
        return mu_behaviour_fail_missing(
            call, "lost_after => 3, after how many silent periods someone is lost", err);
    }
    MU_TRY(mu_bind_count_of(call->binder, given[LOST_AFTER].value, "lost_after", 1, UINT32_MAX,
                            &lost_after, err));
    MU_TRY(mu_breakdown_bind(call, given[BY].value, given[TOP].value, &l->breakdown, err));
    MU_TRY(mu_period_value_bind(call, given[VALUE].value, &l->value, err));
    MU_TRY(mu_behaviour_common(call, given + COMMON, &l->plan.source, err));
    MU_TRY(
        mu_behaviour_as_of(call, given[AS_OF].value, &l->plan.as_of_given, &l->plan.as_of_us, err));
    l->options->lost_after = (int64_t)lost_after;
    l->options->by = l->breakdown.by;
    l->options->events = l->value.expr;
    l->plan.class = &mu_lifecycle_class;
    l->plan.options = l->options;
    l->plan.conditions = conditions;
    l->plan.condition_count = 1;
    l->plan.titles = titles;
    return make_columns(&call->binder->scope, l, err);
}

/* The rows by `keys`, of which there is room for one more, with the breakdown and the value. */
static muster_status group_rows(const mu_behaviour_call *call, const lifecycle *l,
                                const mu_plan *rows, mu_period_group *group, uint32_t *keys,
                                const mu_plan **out, muster_error *err)
{
    if (l->breakdown.by) { /* what is shown stands last */
        keys[group->key_count++] =
            l->breakdown.top > 0 ? rows->column_count - 1 : MU_LIFECYCLE_PART;
    }
    group->keys = keys;
    group->first = l->plan.own_columns;
    group->is_event = MU_LIFECYCLE_IS_EVENT;
    return mu_period_value_group(&call->binder->scope, &l->value, rows, group, out, err);
}

/* The columns as they are shown; `who` and `order` are SQL. */
static muster_status show(const mu_behaviour_call *call, const lifecycle *l, const char *who,
                          const char *counts, const char *order, const mu_plan *it,
                          const mu_plan **out, muster_error *err)
{
    const char *item = mu_breakdown_item(call, &l->breakdown);
    const char *sql = item && order
                          ? mu_arena_printf(call->binder->scope.arena,
                                            "SELECT %s%speriod, state, %s%scomplete FROM it%s", who,
                                            item, counts, l->value.expr ? "value, " : "", order)
                          : NULL;

    return sql ? mu_bind_report(call, sql, it, out, err)
               : mu_fail_memory(err, "running a statement");
}

muster_status mu_bind_lifecycle(mu_behaviour_call *call, const mu_ast_items *operands,
                                const mu_plan **out, muster_error *err)
{
    static const char *const names[] = {"customers"};
    const mu_scope *scope = &call->binder->scope;
    uint32_t keys[4] = {MU_LIFECYCLE_PERIOD, MU_LIFECYCLE_STATE, MU_LIFECYCLE_COMPLETE};
    const mu_expr *customers;
    mu_agg_call *sum;
    mu_period_group group = {.key_count = 3, .more_count = 1, .more_names = names};
    lifecycle l = {0};

    MU_TRY(bind_arguments(call, operands, &l, err));
    l.options->counted = true;
    MU_TRY(mu_plan_behaviour(scope, &l.plan, out, err));
    MU_TRY(mu_breakdown_keep(call, &l.breakdown, "sum(customers) FILTER (WHERE state = 'new')",
                             *out, out, err));
    MU_ARENA_TRY(sum, scope->arena, 1, err);
    MU_TRY(mu_expr_column(scope, MU_LIFECYCLE_CUSTOMERS,
                          (*out)->columns[MU_LIFECYCLE_CUSTOMERS].type, call->offset, &customers,
                          err));
    MU_TRY(
        mu_agg_call_make(scope, "sum", &customers, 1, false, NULL, NULL, call->offset, sum, err));
    group.more = sum;
    MU_TRY(group_rows(call, &l, *out, &group, keys, out, err));
    const char *order = mu_arena_printf(
        scope->arena,
        " ORDER BY it.%s NULLS LAST, it.period, CASE it.state WHEN 'new' THEN 1 WHEN 'returning' "
        "THEN 2 WHEN 'resurrected' THEN 3 WHEN 'dormant' THEN 4 ELSE 5 END",
        l.breakdown.by ? mu_breakdown_column(&l.breakdown) : "period");
    return show(call, &l, "", "customers, ", order, *out, out, err);
}

muster_status mu_bind_lifecycle_customers(mu_behaviour_call *call, const mu_ast_items *operands,
                                          const mu_plan **out, muster_error *err)
{
    const mu_scope *scope = &call->binder->scope;
    uint32_t keys[5] = {MU_LIFECYCLE_CUSTOMER, MU_LIFECYCLE_PERIOD, MU_LIFECYCLE_STATE,
                        MU_LIFECYCLE_COMPLETE};
    mu_period_group group = {.key_count = 4};
    lifecycle l = {0};

    MU_TRY(bind_arguments(call, operands, &l, err));
    MU_TRY(mu_plan_behaviour(scope, &l.plan, out, err));
    MU_TRY(mu_breakdown_keep(call, &l.breakdown, "count(DISTINCT customer)", *out, out, err));
    if (l.value.expr) {
        MU_TRY(group_rows(call, &l, *out, &group, keys, out, err));
    }
    return show(call, &l, "customer, ", "", "", *out, out, err);
}
