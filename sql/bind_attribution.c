/*
 * bind_attribution.c - attribution(events, convert => ..., touch => ..., channel => ..., lookback
 * => ...), and attribution_customers(events, ...).
 */
#include "sql/bind_breakdown.h"

#include "query/attribution.h"

#include <stdio.h>

enum {
    EVENTS,
    CONVERT,
    TOUCH,
    CHANNEL,
    VALUE,
    LOOKBACK,
    MODELS,
    HALF_LIFE,
    BY,
    TOP,
    COMMON
};

static const char *const model_names[] = {"first", "last", "linear", "position", "time_decay"};
static_assert(MU_COUNT(model_names) == MU_ATTRIBUTION_MODELS, "each model has a name");

static const int64_t usual_half_life_us = INT64_C(7) * 24 * 3600 * 1000000;

/* What a call comes to: the behaviour, and what a report says of it. */
typedef struct attributed {
    mu_behaviour_plan plan;
    mu_attribution options;
    const char **labels; /* of the models */
    const char *by;      /* the name of the breakdown, in quotes */
    uint64_t top;        /* 0: all values are kept */
} attributed;

static muster_status bind_models(const mu_behaviour_call *call, const mu_ast_expr *list,
                                 attributed *a, muster_error *err)
{
    const uint32_t count = list ? list->operands.count : MU_ATTRIBUTION_MODELS;
    const uint32_t unknown = call->binder->unknown;
    mu_attribution_model *models;

    if (list && (list->kind != MU_AST_LIST || count == 0)) {
        return mu_fail_at(err, MUSTER_INVALID, list->start,
                          "models takes a list in brackets: ['first', 'last']");
    }
    MU_ARENA_TRY(models, call->binder->scope.arena, count, err);
    MU_ARENA_TRY(a->labels, call->binder->scope.arena, count, err);
    for (uint32_t i = 0; i < count; i++) {
        const mu_ast_expr *item = list ? list->operands.data[i].expr : NULL;
        uint32_t model = i;
        if (item) {
            MU_TRY(mu_behaviour_word(call, item, "models", model_names, MU_COUNT(model_names),
                                     &model, err));
        }
        for (uint32_t k = 0; item && k < i && call->binder->unknown == unknown; k++) {
            if (models[k] == model) {
                return mu_fail_at(err, MUSTER_INVALID, item->offset,
                                  "the model '%s' is there twice", model_names[model]);
            }
        }
        models[i] = (mu_attribution_model)model;
        a->labels[i] = model_names[model];
    }
    a->options.models = models;
    a->options.model_count = count;
    return MUSTER_OK;
}

static muster_status bind_half_life(const mu_behaviour_call *call, const mu_ast_expr *expr,
                                    attributed *a, muster_error *err)
{
    const uint32_t unknown = call->binder->unknown;
    bool used = false;

    a->options.half_life_us = usual_half_life_us;
    if (!expr) {
        return MUSTER_OK;
    }
    MU_TRY(mu_behaviour_interval(call, expr, "half_life", &a->options.half_life_us, err));
    if (a->options.half_life_us == 0) {
        return mu_fail_at(err, MUSTER_INVALID, expr->offset,
                          "half_life takes a length of time that is not 0");
    }
    for (uint32_t i = 0; i < a->options.model_count; i++) {
        used |= a->options.models[i] == MU_MODEL_TIME_DECAY;
    }
    if (!used && call->binder->unknown == unknown) {
        return mu_fail_at(err, MUSTER_INVALID, expr->offset,
                          "half_life belongs to the model 'time_decay', which is not among those "
                          "asked for");
    }
    return MUSTER_OK;
}

static muster_status bind_lookback(const mu_behaviour_call *call, const mu_ast_expr *expr,
                                   attributed *a, muster_error *err)
{
    if (!expr) {
        return mu_behaviour_fail_missing(
            call, "lookback => INTERVAL '30 days', how long a touch counts", err);
    }
    MU_TRY(mu_behaviour_interval(call, expr, "lookback", &a->options.lookback_us, err));
    if (a->options.lookback_us == 0) {
        return mu_fail_at(err, MUSTER_INVALID, expr->offset,
                          "lookback takes a length of time that is not 0: a touch at the time of "
                          "the conversion counts, one a lookback earlier does not");
    }
    return MUSTER_OK;
}

/* An expression over the events; a NULL, or a customer if it is not to be one, becomes a text. */
static muster_status bind_word(const mu_behaviour_call *call, const mu_ast_expr *expr,
                               bool customer, const mu_expr **out, muster_error *err)
{
    const mu_type text = {.kind = MU_TEXT};

    MU_TRY(mu_bind_expr(&call->place, expr, out, err));
    if ((*out)->type.kind == MU_NULL || ((*out)->type.kind == MU_CUSTOMER && !customer)) {
        return mu_expr_cast(&call->binder->scope, *out, text, false, expr->offset, out, err);
    }
    return MUSTER_OK;
}

static muster_status bind_value(const mu_behaviour_call *call, const mu_ast_expr *expr,
                                const mu_expr **out, muster_error *err)
{
    const mu_type bigint = {.kind = MU_BIGINT, .bits = 64};
    char name[32];

    MU_TRY(mu_bind_expr(&call->place, expr, out, err));
    switch ((*out)->type.kind) {
    case MU_BIGINT:
    case MU_DECIMAL:
    case MU_DOUBLE:
        return MUSTER_OK;
    case MU_NULL:
        return mu_expr_cast(&call->binder->scope, *out, bigint, false, expr->offset, out, err);
    case MU_BOOLEAN:
    case MU_TEXT:
    case MU_DATE:
    case MU_TIMESTAMP:
    case MU_INTERVAL:
    case MU_CUSTOMER:
    case MU_BITMAP:
        break;
    }
    return mu_fail_at(err, MUSTER_INVALID, expr->offset, "value takes a number, not %s",
                      mu_type_name((*out)->type, name));
}

/* The breakdown's column is called as the table's is, unless the report has one of that name. */
static muster_status name_breakdown(const mu_behaviour_call *call, const mu_expr *by,
                                    const char **out, muster_error *err)
{
    static const char *const taken[] = {"customer", "converted",   "model",
                                        "channel",  "conversions", "value"};
    const char *name =
        by->kind == MU_EXPR_COLUMN ? call->events.table->columns[by->column].name : "breakdown";

    for (size_t i = 0; i < MU_COUNT(taken); i++) {
        name = mu_name_equal(name, taken[i]) ? "breakdown" : name;
    }
    *out = mu_breakdown_quote(call->binder->scope.arena, name);
    return *out ? MUSTER_OK : mu_fail_memory(err, "planning");
}

/* The values that are kept of each event: channel, value, breakdown. */
static muster_status bind_values(const mu_behaviour_call *call, const mu_argument *given,
                                 attributed *a, muster_error *err)
{
    const mu_expr **values;
    uint32_t count = 1;

    if (!given[CHANNEL].value) {
        return mu_behaviour_fail_missing(call, "channel => what a touch is credited to", err);
    }
    MU_ARENA_TRY(values, call->binder->scope.arena, 3, err);
    MU_TRY(bind_word(call, given[CHANNEL].value, false, &values[0], err));
    a->options.value_type = (mu_type){.kind = MU_BIGINT, .bits = 64};
    if (given[VALUE].value) {
        MU_TRY(bind_value(call, given[VALUE].value, &values[count], err));
        a->options.value_type = values[count++]->type;
        if (a->options.value_type.kind == MU_DECIMAL) {
            a->options.value_type.precision = 18; /* as of a sum */
        }
        a->options.has_value = true;
    }
    if (given[BY].value) {
        MU_TRY(bind_word(call, given[BY].value, true, &values[count], err));
        MU_TRY(name_breakdown(call, values[count++], &a->by, err));
        a->options.has_by = true;
    }
    a->plan.values = values;
    a->plan.value_count = a->plan.own_values = count;
    if (given[TOP].value) {
        if (!given[BY].value) {
            return mu_fail_at(err, MUSTER_INVALID, given[TOP].value->offset,
                              "top is how many values of by are kept, and there is no by");
        }
        return mu_bind_count_of(call->binder, given[TOP].value, "top", 1, UINT32_MAX, &a->top, err);
    }
    return MUSTER_OK;
}

/* The columns of the class; a report without a row for each conversion has fewer. */
static muster_status make_columns(const mu_behaviour_call *call, attributed *a, muster_error *err)
{
    const mu_type bigint = {.kind = MU_BIGINT, .bits = 64};
    const mu_type credit = {.kind = MU_DECIMAL, .precision = 18, .scale = MU_CREDIT_DIGITS};
    const uint32_t by = mu_attribution_by(&a->options);
    mu_behaviour_column *columns;

    MU_ARENA_TRY(columns, call->binder->scope.arena, MU_ATTRIBUTION_COLUMNS, err);
    columns[MU_ATTRIBUTED_MODEL] = (mu_behaviour_column){.name = "model",
                                                         .type.kind = MU_TEXT,
                                                         .label_count = a->options.model_count,
                                                         .labels = a->labels};
    columns[MU_ATTRIBUTED_CHANNEL] =
        (mu_behaviour_column){.name = "channel", .type = a->plan.values[0]->type, .value = 0};
    columns[MU_ATTRIBUTED_CONVERSIONS] =
        (mu_behaviour_column){.name = "conversions", .type = credit};
    columns[MU_ATTRIBUTED_VALUE] =
        (mu_behaviour_column){.name = "value", .type = a->options.value_type};
    columns[MU_ATTRIBUTED_BY] =
        (mu_behaviour_column){.name = "breakdown",
                              .type = a->options.has_by ? a->plan.values[by]->type : bigint,
                              .value = by};
    columns[MU_ATTRIBUTED_CUSTOMER] =
        (mu_behaviour_column){.name = "customer", .type.kind = MU_CUSTOMER};
    columns[MU_ATTRIBUTED_TIME] =
        (mu_behaviour_column){.name = "converted", .type.kind = MU_TIMESTAMP};
    a->plan.columns = columns;
    return MUSTER_OK;
}

static muster_status bind_call(mu_behaviour_call *call, const mu_ast_items *operands, attributed *a,
                               muster_error *err)
{
    static const char *const titles[] = {"convert", "touch"};
    mu_argument given[COMMON + MU_COMMON_ARGUMENTS] = {
        {"events", NULL}, {"convert", NULL},  {"touch", NULL},  {"channel", NULL},
        {"value", NULL},  {"lookback", NULL}, {"models", NULL}, {"half_life", NULL},
        {"by", NULL},     {"top", NULL},      MU_COMMON_NAMES};
    const mu_expr **conditions;

    MU_TRY(mu_bind_arguments(call->name, operands, given, MU_COUNT(given), 1, err));
    MU_TRY(mu_behaviour_events(call, given[EVENTS].value, err));
    MU_ARENA_TRY(conditions, call->binder->scope.arena, MU_ATTRIBUTION_CONDITIONS, err);
    MU_TRY(mu_behaviour_condition(call, given[CONVERT].value, titles[0],
                                  &conditions[MU_ATTRIBUTION_CONVERT], err));
    MU_TRY(mu_behaviour_condition(call, given[TOUCH].value, titles[1],
                                  &conditions[MU_ATTRIBUTION_TOUCH], err));
    a->plan.conditions = conditions;
    a->plan.condition_count = MU_ATTRIBUTION_CONDITIONS;
    a->plan.titles = titles;
    MU_TRY(bind_values(call, given, a, err));
    MU_TRY(bind_lookback(call, given[LOOKBACK].value, a, err));
    MU_TRY(bind_models(call, given[MODELS].value, a, err));
    MU_TRY(bind_half_life(call, given[HALF_LIFE].value, a, err));
    MU_TRY(mu_behaviour_common(call, given + COMMON, &a->plan.source, err));
    return make_columns(call, a, err);
}

/* The rows of a class. */
static muster_status plan_rows(const mu_behaviour_call *call, const attributed *a,
                               const mu_behaviour_class *class, uint32_t columns,
                               const mu_plan **out, muster_error *err)
{
    mu_behaviour_plan plan = a->plan;
    mu_attribution *options;

    MU_ARENA_TRY(options, call->binder->scope.arena, 1, err);
    *options = a->options;
    plan.options = options;
    plan.class = class;
    plan.column_count = plan.own_columns = columns;
    return mu_plan_behaviour(&call->binder->scope, &plan, out, err);
}

/* What is counted within a stripe, added up. */
static muster_status report(const mu_behaviour_call *call, const attributed *a,
                            const char *breakdown, const mu_plan *it, const mu_plan **out,
                            muster_error *err)
{
    const char *sql = mu_arena_printf(
        call->binder->scope.arena,
        "SELECT model, channel%s%s%s%s, sum(conversions) AS conversions%s FROM it "
        "GROUP BY model, channel%s%s ORDER BY model, channel%s%s",
        a->by ? ", " : "", a->by ? breakdown : "", a->by ? " AS " : "", a->by ? a->by : "",
        a->options.has_value ? ", sum(value) AS value" : "", a->by ? ", " : "",
        a->by ? breakdown : "", a->by ? ", " : "", a->by ? breakdown : "");

    return sql ? mu_bind_report(call, sql, it, out, err) : mu_fail_memory(err, "planning");
}

/* A row for each conversion, model and channel. */
static muster_status people(const mu_behaviour_call *call, const attributed *a, const mu_plan **out,
                            muster_error *err)
{
    static const char kept[] =
        "CASE WHEN breakdown IS NULL OR breakdown IN (SELECT breakdown FROM it "
        "WHERE breakdown IS NOT NULL GROUP BY breakdown "
        "ORDER BY count(DISTINCT customer) DESC, breakdown LIMIT %llu) "
        "THEN CAST(breakdown AS TEXT) ELSE 'other' END";
    const mu_plan *it = NULL;
    char breakdown[sizeof kept + 24] = "breakdown";

    MU_TRY(plan_rows(call, a, &mu_attribution_customers_class, MU_ATTRIBUTION_COLUMNS, &it, err));
    if (a->top > 0) {
        (void)snprintf(breakdown, sizeof breakdown, kept, (unsigned long long)a->top);
    }
    const char *sql =
        mu_arena_printf(call->binder->scope.arena,
                        "SELECT customer, converted, model, channel%s%s%s%s, conversions%s FROM it",
                        a->by ? ", " : "", a->by ? breakdown : "", a->by ? " AS " : "",
                        a->by ? a->by : "", a->options.has_value ? ", value" : "");
    return sql ? mu_bind_report(call, sql, it, out, err) : mu_fail_memory(err, "planning");
}

muster_status mu_bind_attribution(mu_behaviour_call *call, const mu_ast_items *operands,
                                  const mu_plan **out, muster_error *err)
{
    attributed a = {0};
    const mu_plan *it = NULL;

    MU_TRY(bind_call(call, operands, &a, err));
    if (a.top > 0) {
        MU_TRY(people(call, &a, &it, err));
        return report(call, &a, a.by, it, out, err);
    }
    MU_TRY(plan_rows(call, &a, &mu_attribution_class, MU_ATTRIBUTION_SUM_COLUMNS, &it, err));
    return report(call, &a, "breakdown", it, out, err);
}

muster_status mu_bind_attribution_customers(mu_behaviour_call *call, const mu_ast_items *operands,
                                            const mu_plan **out, muster_error *err)
{
    attributed a = {0};

    MU_TRY(bind_call(call, operands, &a, err));
    return people(call, &a, out, err);
}
