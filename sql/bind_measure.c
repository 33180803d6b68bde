/*
 * bind_measure.c - measure(aggregate, condition, ...): a value for each customer, of their events.
 *
 * It is a subquery written short: the events that meet the condition, grouped by customer, are a
 * plan whose rows are looked up by the customer of the row at hand (query/lookup.h). Who has no
 * such event has what the aggregates give over nothing: NULL, and 0 of a count.
 */
#include "sql/bind.h"

#include <assert.h>

enum {
    AGGREGATE,
    CONDITION,
    LAST,
    SINCE,
    UNTIL,
    TABLE,
    ARGUMENTS
};

typedef struct measure {
    mu_binder *binder;
    const mu_ast_expr *call;
    mu_relation events;
    const mu_expr *condition; /* NULL: all events */
    mu_calls calls;
    const mu_expr *value; /* over the customer, then the calls */
} measure;

/* Adds a condition to those that there are. */
static muster_status add_condition(measure *m, const mu_expr *condition, muster_error *err)
{
    const mu_expr *both[] = {m->condition, condition};

    if (!m->condition) {
        m->condition = condition;
        return MUSTER_OK;
    }
    return mu_expr_logic(&m->binder->scope, MU_EXPR_AND, both, 2, m->call->offset, &m->condition,
                         err);
}

/* TIME op a time. */
static muster_status bound_time(measure *m, const char *op, int64_t time_us, muster_error *err)
{
    const mu_scope *scope = &m->binder->scope;
    const uint32_t column = m->events.time_column;
    const mu_value value = {.type = {.kind = MU_TIMESTAMP}, .i64 = time_us};
    const mu_expr *args[2], *condition;

    MU_TRY(mu_expr_column(scope, column, m->events.plan->columns[column].type, m->call->offset,
                          &args[0], err));
    MU_TRY(mu_expr_const(scope, value, m->call->offset, &args[1], err));
    MU_TRY(mu_expr_call(scope, op, args, 2, m->call->offset, &condition, err));
    return add_condition(m, condition, err);
}

/* Which events are looked at. */
static muster_status bind_events(measure *m, const mu_argument *given, muster_error *err)
{
    mu_event_source source = {0};
    const mu_expr *condition;

    MU_TRY(mu_bind_events(m->binder, given[TABLE].value, m->call->offset, &source.table, err));
    MU_TRY(mu_bind_scan(m->binder, source.table, &m->events, err));
    MU_TRY(mu_bind_range(m->binder, given[SINCE].value, given[UNTIL].value, given[LAST].value,
                         &source, err));
    if (given[CONDITION].value) {
        const mu_place place = {
            .binder = m->binder, .relation = &m->events, .clause = "the condition of measure()"};
        MU_TRY(mu_bind_condition(&place, given[CONDITION].value, "measure()", &condition, err));
        MU_TRY(add_condition(m, condition, err));
    }
    if (source.bounded && source.since_us > MU_TIME_MIN) {
        MU_TRY(bound_time(m, ">=", source.since_us, err));
    }
    return source.bounded && source.until_us <= MU_TIME_MAX
               ? bound_time(m, "<", source.until_us, err)
               : MUSTER_OK;
}

/* The aggregate, or what is computed of several; of an event itself there is nothing. */
static muster_status bind_value(measure *m, const mu_ast_expr *aggregate, muster_error *err)
{
    const mu_scope *scope = &m->binder->scope;
    const mu_plan *events = m->events.plan;
    const mu_place place = {
        .binder = m->binder, .relation = &m->events, .calls = &m->calls, .clause = "measure()"};
    const mu_expr *value;
    uint64_t *used;
    uint32_t *map;

    MU_TRY(mu_bind_expr(&place, aggregate, &value, err));
    MU_ARENA_TRY(map, scope->arena, events->column_count + m->calls.count, err);
    MU_ARENA_TRY(used, scope->arena, mu_bits_words(events->column_count + m->calls.count), err);
    mu_expr_columns(value, used);
    for (uint32_t c = 0; c < events->column_count; c++) {
        if (mu_bits_test(used, c)) {
            return mu_fail_at(err, MUSTER_INVALID, aggregate->start,
                              "\"%s\" has a value for each event, and measure() gives one for each "
                              "customer: put it into an aggregate, as in max(%s)",
                              events->columns[c].name, events->columns[c].name);
        }
    }
    if (m->calls.count == 0) {
        return mu_fail_at(err, MUSTER_INVALID, aggregate->start,
                          "the first argument of measure() is an aggregate, as in "
                          "measure(sum(amount), event = 'pay')");
    }
    for (uint32_t i = 0; i < m->calls.count; i++) {
        map[events->column_count + i] = 1 + i;
    }
    return mu_expr_remap(scope, value, map, &m->value, err);
}

/* The values of all customers who have such events, and who they are; or, without `keyed`, the
 * value of what the plan gives. */
static muster_status plan_values(const measure *m, const mu_plan *plan, bool keyed,
                                 const mu_plan **out, muster_error *err)
{
    static const char *const titles[] = {"measure", "customer"};
    const mu_scope *scope = &m->binder->scope;
    const uint32_t customer = m->events.customer_column;
    const mu_expr **key, **exprs;
    const char **names;
    uint32_t *map;

    MU_ARENA_TRY(key, scope->arena, 1, err);
    MU_ARENA_TRY(exprs, scope->arena, 2, err);
    MU_TRY(mu_expr_column(scope, customer, plan->columns[customer].type, -1, key, err));
    MU_ARENA_TRY(names, scope->arena, 1 + (size_t)m->calls.count, err);
    MU_ARENA_TRY(map, scope->arena, 1 + (size_t)m->calls.count, err);
    for (uint32_t i = 0; i <= m->calls.count; i++) {
        names[i] = i == 0 ? "customer" : mu_agg_name(m->calls.data[i - 1].agg);
        map[i] = keyed || i == 0 ? i : i - 1;
    }
    MU_TRY(mu_plan_group(scope, plan, key, keyed ? 1 : 0, m->calls.data, m->calls.count,
                         names + (keyed ? 0 : 1), &plan, err));
    MU_TRY(mu_expr_remap(scope, m->value, map, &exprs[0], err));
    MU_TRY(mu_expr_column(scope, 0, plan->columns[0].type, -1, &exprs[1], err));
    return mu_plan_project(scope, plan, exprs, titles, keyed ? 2 : 1, out, err);
}

/* What an aggregate gives over no rows. */
static muster_status empty_value(const mu_scope *scope, const mu_agg_call *call,
                                 const mu_expr **out, muster_error *err)
{
    muster_status status;
    mu_agg_states *states;
    mu_value value;

    MU_TRY(mu_agg_open(call, &states, err));
    MU_TRY_GOTO(mu_agg_grow(states, 1, err));
    MU_TRY_GOTO(mu_agg_result(states, 0, &value, err));
    value.type = call->type;
    status = mu_expr_const(scope, value, call->offset, out, err);
fail:
    mu_agg_close(states);
    return status;
}

/* The row of who has no such event; NULL where that is a NULL. What cannot be computed yet fails
 * when it is. */
static muster_status plan_otherwise(const measure *m, const mu_plan **out, muster_error *err)
{
    const mu_scope *scope = &m->binder->scope;
    const mu_value nobody = {.type = {.kind = MU_CUSTOMER}, .null = true};
    const mu_plan *events = m->events.plan, *nothing;
    const mu_expr **values, *value;

    *out = NULL;
    MU_ARENA_TRY(values, scope->arena, 1 + (size_t)m->calls.count, err);
    MU_TRY(mu_expr_const(scope, nobody, -1, &values[0], err));
    for (uint32_t i = 0; i < m->calls.count; i++) {
        MU_TRY(empty_value(scope, &m->calls.data[i], &values[1 + i], err));
    }
    MU_TRY(mu_expr_substitute(scope, m->value, values, &value, err));
    MU_TRY(mu_expr_fold(scope, value, &value, err));
    if (value->kind == MU_EXPR_CONST) {
        const mu_plan_column column = {"measure", value->type};
        return value->value.null ? MUSTER_OK
                                 : mu_plan_values(scope, &column, 1, &value->value, 1, out, err);
    }
    MU_TRY(mu_plan_values(scope, events->columns, events->column_count, NULL, 0, &nothing, err));
    return plan_values(m, nothing, false, out, err);
}

static muster_status make_lookup(measure *m, const mu_lookup **out, muster_error *err)
{
    const mu_scope *scope = &m->binder->scope;
    const mu_plan *plan = m->events.plan;
    mu_lookup lookup = {.kind = MU_LOOKUP_VALUE, .key_count = 1, .strict = true};

    if (m->condition) {
        MU_TRY(mu_plan_filter(scope, plan, m->condition, &plan, err));
    }
    MU_TRY(plan_values(m, plan, true, &lookup.plan, err));
    MU_TRY(plan_otherwise(m, &lookup.otherwise, err));
    lookup.given = lookup.plan;
    lookup.number = ++m->binder->lookup_count;
    return mu_lookup_make(scope, &lookup, out, err);
}

muster_status mu_bind_measure(const mu_place *place, const mu_ast_expr *call, const mu_lookup **out,
                              muster_error *err)
{
    mu_argument given[ARGUMENTS] = {{"aggregate", NULL}, {"condition", NULL}, {"last", NULL},
                                    {"since", NULL},     {"until", NULL},     {"table", NULL}};
    measure m = {.binder = place->binder, .call = call};

    MU_TRY(mu_bind_arguments("measure", &call->operands, given, MU_COUNT(given), 2, err));
    if (!given[AGGREGATE].value) {
        return mu_fail_at(err, MUSTER_INVALID, call->offset,
                          "measure() takes an aggregate first, as in measure(sum(amount), event = "
                          "'pay')");
    }
    MU_TRY(bind_events(&m, given, err));
    MU_TRY(bind_value(&m, given[AGGREGATE].value, err));
    return make_lookup(&m, out, err);
}
