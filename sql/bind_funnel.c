/*
 * bind_funnel.c - funnel(events, steps => [step(...), ...], ...), funnel_customers(events, ...).
 *
 * What is asked for most, steps in their order within a time, by a breakdown, is run by funnel.c;
 * all else by journeys.c, with the report as SQL over its rows (bind_funnel_report.c).
 */
#include "sql/bind_funnel.h"

#include <inttypes.h>
#include <stdio.h>

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
    STEP_WITHIN,
    ORDER,
    WITHOUT,
    HOLD,
    BY,
    TOP,
    QUANTILES,
    COUNT,
    TIES,
    AS_OF,
    FUNNEL_COMMON
};

enum {
    LOOSE,
    STRICT,
    ANY
};

static muster_status fail_memory(muster_error *err)
{
    return mu_fail_memory(err, "running a statement");
}

/* A word of `given`; 0, the first, where it is not given. */
static muster_status bind_word(const mu_behaviour_call *call, const mu_argument *given,
                               const char *const *words, uint32_t count, uint32_t *out,
                               muster_error *err)
{
    *out = 0;
    return given->value ? mu_behaviour_word(call, given->value, given->name, words, count, out, err)
                        : MUSTER_OK;
}

/* Exclusions. */

/* Where an exclusion is bound to. */
typedef struct exclusions {
    uint32_t step_count;
    const mu_expr **conditions; /* behind those of the steps */
    const char **titles;
    mu_without *withouts;
    uint32_t count;
} exclusions;

/* without(condition, i, j) */
static muster_status bind_without(const mu_behaviour_call *call, const mu_ast_expr *without,
                                  exclusions *out, muster_error *err)
{
    const uint32_t unknown = call->binder->unknown;
    mu_argument given[] = {{"condition", NULL}, {"i", NULL}, {"j", NULL}};
    uint64_t from, to;

    if (without->kind != MU_AST_CALL || !mu_name_equal(without->text, "without")) {
        return mu_fail_at(err, MUSTER_INVALID, without->start,
                          "without => takes a list of without(condition, i, j)");
    }
    MU_TRY(mu_bind_arguments("without", &without->operands, given, MU_COUNT(given), 3, err));
    if (!given[0].value || !given[1].value || !given[2].value) {
        return mu_fail_at(err, MUSTER_INVALID, without->offset,
                          "without() takes a condition on events and two steps that none of them "
                          "is between, as in without(event = 'refund', 2, 3)");
    }
    MU_TRY(mu_bind_condition(&call->place, given[0].value, "without()",
                             &out->conditions[out->step_count + out->count], err));
    MU_TRY(mu_bind_count_of(call->binder, given[1].value, "a step of without()", 1, out->step_count,
                            &from, err));
    MU_TRY(mu_bind_count_of(call->binder, given[2].value, "a step of without()", 1, out->step_count,
                            &to, err));
    if (from >= to && call->binder->unknown == unknown) {
        return mu_fail_at(err, MUSTER_INVALID, given[1].value->offset,
                          "without() takes the earlier step first; nothing is between %" PRIu64
                          " and %" PRIu64,
                          from, to);
    }
    out->titles[out->step_count + out->count] = mu_arena_printf(
        call->binder->scope.arena, "none between %" PRIu64 " and %" PRIu64, from, to);
    out->withouts[out->count] =
        (mu_without){.from = (uint32_t)from, .to = (uint32_t)to, .condition = out->count};
    return out->titles[out->step_count + out->count++] ? MUSTER_OK : fail_memory(err);
}

/* In strict order no event at all is between two steps. */
static muster_status add_strict(const mu_behaviour_call *call, exclusions *out, uint32_t listed,
                                muster_error *err)
{
    const mu_value truth = {.type.kind = MU_BOOLEAN, .i64 = 1};
    const uint32_t at = out->step_count + listed;

    for (uint32_t k = 1; k < out->step_count; k++) {
        out->withouts[out->count++] = (mu_without){.from = k, .to = k + 1, .condition = listed};
    }
    out->titles[at] = "none between steps";
    return mu_expr_const(&call->binder->scope, truth, call->offset, &out->conditions[at], err);
}

/* The conditions of steps and exclusions, and what these exclude. */
static muster_status bind_exclusions(const mu_behaviour_call *call, const mu_ast_expr *list,
                                     bool strict, mu_funnel_call *funnel, muster_error *err)
{
    mu_arena *arena = call->binder->scope.arena;
    const uint32_t steps = funnel->funnel.step_count;
    const uint32_t listed = list ? list->operands.count : 0;
    exclusions made = {.step_count = steps};

    if (list && (list->kind != MU_AST_LIST || listed == 0)) {
        return mu_fail_at(err, MUSTER_INVALID, list->start,
                          "without => takes a list in brackets: [without(event = 'refund', 2, 3)]");
    }
    if (steps + listed + strict > MU_MAX_STEPS) {
        return mu_fail_at(err, MUSTER_INVALID, list ? list->start : call->offset,
                          "%" PRIu32 " steps and exclusions; a funnel has 1 to %d of both, and "
                          "order => 'strict' is one of them",
                          steps + listed + strict, MU_MAX_STEPS);
    }
    MU_ARENA_TRY(made.conditions, arena, steps + listed + 1, err);
    MU_ARENA_TRY(made.titles, arena, steps + listed + 1, err);
    MU_ARENA_TRY(made.withouts, arena, listed + steps, err);
    for (uint32_t k = 0; k < steps; k++) {
        made.conditions[k] = funnel->funnel.steps[k];
        made.titles[k] = mu_arena_printf(arena, "step %" PRIu32, k + 1);
        if (!made.titles[k]) {
            return fail_memory(err);
        }
    }
    for (uint32_t i = 0; i < listed; i++) {
        MU_TRY(bind_without(call, list->operands.data[i].expr, &made, err));
    }
    if (strict) {
        MU_TRY(add_strict(call, &made, listed, err));
    }
    funnel->conditions = made.conditions;
    funnel->titles = made.titles;
    funnel->options.journey.withouts = made.withouts;
    funnel->options.journey.without_count = made.count;
    funnel->options.journey.excluded_count = listed + strict;
    return MUSTER_OK;
}

/* Other options. */

static muster_status bind_hold(const mu_behaviour_call *call, const mu_ast_expr *list,
                               mu_funnel_call *funnel, muster_error *err)
{
    const mu_expr **held;

    if (!list) {
        return MUSTER_OK;
    }
    if (list->kind != MU_AST_LIST || list->operands.count == 0) {
        return mu_fail_at(err, MUSTER_INVALID, list->start,
                          "hold => takes a list of columns in brackets: [sku]");
    }
    MU_ARENA_TRY(held, call->binder->scope.arena, list->operands.count, err);
    for (uint32_t i = 0; i < list->operands.count; i++) {
        MU_TRY(mu_bind_expr(&call->place, list->operands.data[i].expr, &held[i], err));
    }
    funnel->held = held;
    funnel->options.hold_count = list->operands.count;
    return MUSTER_OK;
}

/* p50, p99_9 */
static muster_status name_quantile(mu_arena *arena, double quantile, const char **out,
                                   muster_error *err)
{
    char *name = mu_arena_printf(arena, "p%.12g", quantile * 100);

    *out = name;
    if (!name) {
        return fail_memory(err);
    }
    for (char *c = name + 1; *c; c++) {
        *c = *c >= '0' && *c <= '9' ? *c : '_';
    }
    return MUSTER_OK;
}

static muster_status bind_quantiles(const mu_behaviour_call *call, const mu_ast_expr *list,
                                    mu_funnel_call *funnel, muster_error *err)
{
    const mu_type real = {.kind = MU_DOUBLE};
    const uint32_t unknown = call->binder->unknown;
    const mu_value *values;
    const char **names;
    uint32_t count;

    MU_TRY(mu_behaviour_list(call, list, real, "quantiles", &values, &count, err));
    MU_ARENA_TRY(names, call->binder->scope.arena, count, err);
    for (uint32_t i = 0; i < count; i++) {
        const int32_t offset = list->operands.data[i].expr->offset;
        if (!(values[i].f64 >= 0) || !(values[i].f64 <= 1)) {
            return mu_fail_at(err, MUSTER_INVALID, offset,
                              "quantiles are from 0 to 1, as in quantiles => [0.5, 0.9]");
        }
        for (uint32_t k = 0; k < i && call->binder->unknown == unknown; k++) {
            if (values[k].f64 == values[i].f64) {
                return mu_fail_at(err, MUSTER_INVALID, offset, "quantiles has %.10g twice",
                                  values[i].f64);
            }
        }
        MU_TRY(name_quantile(call->binder->scope.arena, values[i].f64, &names[i], err));
    }
    funnel->quantiles = values;
    funnel->quantile_names = names;
    funnel->quantile_count = count;
    funnel->options.times = count > 0;
    return MUSTER_OK;
}

/* What any order cannot mean. */
static muster_status check_any_order(const mu_argument *given, bool strict_ties, muster_error *err)
{
    if (given[STEP_WITHIN].value) {
        return mu_fail_at(err, MUSTER_INVALID, given[STEP_WITHIN].value->offset,
                          "step_within is from one step to the next, and in any order no step is "
                          "the next; within => bounds the whole");
    }
    if (given[WITHOUT].value) {
        return mu_fail_at(err, MUSTER_INVALID, given[WITHOUT].value->start,
                          "without() is about what comes after one step and before another, and in "
                          "any order no step is before another");
    }
    if (strict_ties) {
        return mu_fail_at(err, MUSTER_INVALID, given[TIES].value->offset,
                          "ties => 'strict' asks for steps at ascending times, which order => "
                          "'any' does not");
    }
    return MUSTER_OK;
}

/* A length of time, or calendar(n, 'day'): to the end of so many days. */
static muster_status bind_within(const mu_behaviour_call *call, const mu_argument *given,
                                 mu_within *out, muster_error *err)
{
    const mu_ast_expr *expr = given->value;
    mu_argument parts[] = {{"count", NULL}, {"unit", NULL}};
    uint64_t count;

    *out = (mu_within){.us = INT64_MAX};
    if (!expr || expr->kind != MU_AST_CALL || !mu_name_equal(expr->text, "calendar")) {
        return mu_behaviour_interval(call, expr, given->name, &out->us, err);
    }
    MU_TRY(mu_bind_arguments("calendar", &expr->operands, parts, MU_COUNT(parts), 2, err));
    if (!parts[0].value || !parts[1].value) {
        return mu_fail_at(err, MUSTER_INVALID, expr->offset,
                          "calendar() takes how many periods, and of what, as in calendar(1, "
                          "'day'), which is until the day is over");
    }
    MU_TRY(mu_bind_count_of(call->binder, parts[0].value, "calendar()", 1, MU_WITHIN_MOST, &count,
                            err));
    out->count = (uint32_t)count;
    return mu_behaviour_unit(call, parts[1].value, &out->unit, err);
}

static muster_status bind_options(const mu_behaviour_call *call, const mu_argument *given,
                                  mu_funnel_call *funnel, muster_error *err)
{
    static const char *const orders[] = {"loose", "strict", "any"};
    static const char *const ties[] = {"any", "strict"};
    static const char *const counts[] = {"customers", "attempts"};
    mu_journey_options *o = &funnel->options.journey;
    uint32_t order, tie, count;

    o->step_count = funnel->funnel.step_count;
    MU_TRY(bind_within(call, &given[WITHIN], &o->within, err));
    MU_TRY(bind_within(call, &given[STEP_WITHIN], &o->step_within, err));
    MU_TRY(bind_word(call, &given[ORDER], orders, MU_COUNT(orders), &order, err));
    MU_TRY(bind_word(call, &given[TIES], ties, MU_COUNT(ties), &tie, err));
    MU_TRY(bind_word(call, &given[COUNT], counts, MU_COUNT(counts), &count, err));
    if (order == ANY) {
        MU_TRY(check_any_order(given, tie == 1, err));
    }
    MU_TRY(bind_exclusions(call, given[WITHOUT].value, order == STRICT, funnel, err));
    MU_TRY(bind_hold(call, given[HOLD].value, funnel, err));
    MU_TRY(bind_quantiles(call, given[QUANTILES].value, funnel, err));
    o->any_order = order == ANY;
    o->strict_ties = tie == 1;
    funnel->options.attempts = count == 1;
    funnel->options.by = funnel->breakdown.by != NULL;
    return MUSTER_OK;
}

/* Rows. */

static void put_within(mu_writer *note, const char *what, const mu_within *within)
{
    static const char *const units[] = {"day", "week", "month", "quarter", "year"};
    const mu_value interval = {.type.kind = MU_INTERVAL, .i64 = within->us};
    char text[64];

    if (mu_within_any(within)) {
        return;
    }
    mu_write_bytes(note, what, strlen(what));
    if (within->count == 0) {
        mu_value_format(&interval, note);
    } else {
        (void)snprintf(text, sizeof text, "calendar(%" PRIu32 ", '%s')", within->count,
                       units[within->unit - MU_UNIT_DAY]);
        mu_write_bytes(note, text, strlen(text));
    }
    mu_write_bytes(note, "; ", 2);
}

static void put_words(mu_writer *note, bool given, const char *words)
{
    if (given) {
        mu_write_bytes(note, words, strlen(words));
        mu_write_bytes(note, "; ", 2);
    }
}

static muster_status put_expr(const mu_behaviour_call *call, mu_writer *note, const char *what,
                              const mu_expr *expr, muster_error *err)
{
    const char *name;

    MU_TRY(mu_plan_name_of(&call->binder->scope, call->events.plan, expr, &name, err));
    mu_write_bytes(note, what, strlen(what));
    put_words(note, true, name);
    return MUSTER_OK;
}

static muster_status put_note(const mu_behaviour_call *call, const mu_funnel_call *funnel,
                              mu_writer *note, muster_error *err)
{
    const mu_journeys *options = &funnel->options;

    put_within(note, "within ", &options->journey.within);
    put_within(note, "each step within ", &options->journey.step_within);
    put_words(note, options->journey.any_order, "in any order");
    put_words(note, options->journey.strict_ties, "at ascending times");
    for (uint32_t h = 0; h < options->hold_count; h++) {
        MU_TRY(put_expr(call, note, "with the same ", funnel->held[h], err));
    }
    if (funnel->breakdown.by) {
        MU_TRY(put_expr(call, note, "by ", funnel->breakdown.by, err));
    }
    put_words(note, options->attempts, "all attempts");
    return MUSTER_OK;
}

/* For EXPLAIN: "within 7 days; in any order". */
static muster_status make_note(const mu_behaviour_call *call, const mu_funnel_call *funnel,
                               const char **out, muster_error *err)
{
    mu_writer note = {0};
    muster_status status = put_note(call, funnel, &note, err);

    *out = NULL;
    if (status == MUSTER_OK && !note.failed && note.size > 0) {
        *out = mu_arena_text(call->binder->scope.arena, (const char *)note.data, note.size - 2);
    }
    if (status == MUSTER_OK && !*out && (note.failed || note.size > 0)) {
        status = fail_memory(err);
    }
    mu_writer_deinit(&note);
    return status;
}

static muster_status make_columns(const mu_behaviour_call *call, const mu_funnel_call *funnel,
                                  mu_behaviour_plan *plan, muster_error *err)
{
    static const mu_behaviour_column own[MU_JOURNEY_COLUMNS] = {
        {.name = "customer", .type = {.kind = MU_CUSTOMER}},
        {.name = "depth", .type = {.kind = MU_BIGINT, .bits = 64}},
        {.name = "still_open", .type = {.kind = MU_BOOLEAN}},
        {.name = "started", .type = {.kind = MU_TIMESTAMP}},
        {.name = "last_step", .type = {.kind = MU_TIMESTAMP}},
    };
    mu_arena *arena = call->binder->scope.arena;
    const uint32_t steps = funnel->funnel.step_count;
    mu_behaviour_column *columns;
    uint32_t count = 0;

    MU_ARENA_TRY(columns, arena, 1 + MU_COUNT(own) + steps, err);
    if (funnel->breakdown.by) {
        columns[count++] =
            (mu_behaviour_column){.name = "part", .type = funnel->breakdown.by->type};
    }
    memcpy(&columns[count], own, sizeof own);
    count += MU_COUNT(own);
    for (uint32_t k = 0; funnel->options.times && k < steps; k++) {
        columns[count].type = own[MU_JOURNEY_STARTED].type;
        columns[count].name = mu_arena_printf(arena, "at_%" PRIu32, k + 1);
        if (!columns[count++].name) {
            return fail_memory(err);
        }
    }
    plan->columns = columns;
    plan->column_count = count;
    plan->own_columns = count;
    return MUSTER_OK;
}

static muster_status make_values(const mu_behaviour_call *call, const mu_funnel_call *funnel,
                                 mu_behaviour_plan *plan, muster_error *err)
{
    const mu_expr **values;

    MU_ARENA_TRY(values, call->binder->scope.arena, 1 + funnel->options.hold_count, err);
    if (funnel->breakdown.by) {
        values[plan->value_count++] = funnel->breakdown.by;
    }
    for (uint32_t h = 0; h < funnel->options.hold_count; h++) {
        values[plan->value_count++] = funnel->held[h];
    }
    plan->values = values;
    plan->own_values = plan->value_count;
    return MUSTER_OK;
}

static muster_status make_journeys(const mu_behaviour_call *call, const mu_funnel_call *funnel,
                                   const mu_plan **out, muster_error *err)
{
    mu_behaviour_plan plan = {
        .class = &mu_journeys_class,
        .source = funnel->funnel.source,
        .condition_count = funnel->funnel.step_count + funnel->options.journey.excluded_count,
        .conditions = funnel->conditions,
        .titles = funnel->titles,
        .as_of_given = funnel->funnel.as_of_given,
        .as_of_us = funnel->funnel.as_of_us,
    };
    mu_journeys *options;

    MU_ARENA_TRY(options, call->binder->scope.arena, 1, err);
    *options = funnel->options;
    plan.options = options;
    MU_TRY(make_columns(call, funnel, &plan, err));
    MU_TRY(make_values(call, funnel, &plan, err));
    MU_TRY(make_note(call, funnel, &plan.note, err));
    return mu_plan_behaviour(&call->binder->scope, &plan, out, err);
}

/* Whether funnel.c can do it. */
static bool is_plain(const mu_funnel_call *funnel)
{
    const mu_journeys *o = &funnel->options;

    return o->journey.within.count == 0 && mu_within_any(&o->journey.step_within) &&
           !o->journey.any_order && !o->journey.strict_ties && o->journey.without_count == 0 &&
           o->hold_count == 0 && !o->attempts && !o->times;
}

static muster_status bind_arguments(mu_behaviour_call *call, const mu_argument *given,
                                    mu_funnel_call *out, muster_error *err)
{
    mu_funnel_plan *funnel = &out->funnel;

    MU_TRY(mu_behaviour_events(call, given[EVENTS].value, err));
    MU_TRY(bind_steps(call, given[STEPS].value, funnel, err));
    MU_TRY(mu_breakdown_bind(call, given[BY].value, given[TOP].value, &out->breakdown, err));
    MU_TRY(bind_options(call, given, out, err));
    funnel->by = out->breakdown.by;
    funnel->within_us = out->options.journey.within.us;
    MU_TRY(mu_behaviour_common(call, given + FUNNEL_COMMON, &funnel->source, err));
    return mu_behaviour_as_of(call, given[AS_OF].value, &funnel->as_of_given, &funnel->as_of_us,
                              err);
}

static muster_status bind_funnel(mu_behaviour_call *call, const mu_ast_items *operands,
                                 bool customers, const mu_plan **out, muster_error *err)
{
    mu_argument given[FUNNEL_COMMON + MU_COMMON_ARGUMENTS] = {
        {"events", NULL}, {"steps", NULL},     {"within", NULL}, {"step_within", NULL},
        {"order", NULL},  {"without", NULL},   {"hold", NULL},   {"by", NULL},
        {"top", NULL},    {"quantiles", NULL}, {"count", NULL},  {"ties", NULL},
        {"as_of", NULL},  MU_COMMON_NAMES};
    const mu_scope *scope = &call->binder->scope;
    mu_funnel_call funnel = {0};

    MU_TRY(mu_bind_arguments(call->name, operands, given, MU_COUNT(given), 1, err));
    MU_TRY(bind_arguments(call, given, &funnel, err));
    if (is_plain(&funnel) && funnel.breakdown.top == 0) {
        if (funnel.breakdown.by) {
            MU_TRY(mu_plan_name_of(scope, call->events.plan, funnel.breakdown.by,
                                   &funnel.funnel.by_name, err));
        }
        return mu_plan_funnel(scope, &funnel.funnel, customers, out, err);
    }
    funnel.funnel.by_name = "part";
    const mu_plan *rows;
    MU_TRY(is_plain(&funnel) ? mu_plan_funnel(scope, &funnel.funnel, true, &rows, err)
                             : make_journeys(call, &funnel, &rows, err));
    return customers ? mu_funnel_people(call, &funnel, rows, out, err)
                     : mu_funnel_report(call, &funnel, rows, out, err);
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
