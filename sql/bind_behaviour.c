/*
 * bind_behaviour.c - the behaviours after FROM: funnel(events, ...), funnel_customers(events, ...),
 * retention(events, ...).
 *
 * Their arguments have names and mean the same everywhere; conditions and the breakdown are
 * expressions over the columns of the table of events.
 */
#include "sql/bind.h"

#include "query/foreign.h"

#include <string.h>

enum {
    MOST_PERIODS = 100000
}; /* more days than there are in 270 years */

typedef struct behaviour {
    mu_binder *binder;
    const char *name;
    int32_t offset;
    mu_relation events;
    mu_place place; /* of conditions: over the columns of events */
} behaviour;

/* The table that is the first argument of every behaviour. */
static muster_status bind_events(behaviour *b, const mu_ast_expr *table, muster_error *err)
{
    const mu_table *found;

    if (!table || table->kind != MU_AST_COLUMN || table->qualifier.text) {
        return mu_fail_at(err, MUSTER_INVALID, table ? table->start : b->offset,
                          "the first argument of %s() is the name of a table of events", b->name);
    }
    MU_TRY(mu_bind_table(b->binder, (mu_ast_name){table->text, table->offset}, &found, err));
    if (!mu_table_has_events(found)) {
        return mu_fail_at(err, MUSTER_INVALID, table->offset,
                          "\"%s\" is not a table of events: it has no CUSTOMER and TIME column",
                          found->name);
    }
    MU_TRY(mu_bind_scan(b->binder, found, &b->events, err));
    b->place = (mu_place){.binder = b->binder, .relation = &b->events, .clause = b->name};
    return MUSTER_OK;
}

static muster_status fail_missing(const behaviour *b, const char *example, muster_error *err)
{
    return mu_fail_at(err, MUSTER_INVALID, b->offset, "%s() needs %s", b->name, example);
}

/* Arguments that all behaviours take, at the end of each list. */
enum {
    AMONG,
    ONLY,
    SINCE,
    UNTIL,
    AS_OF,
    COMMON_COUNT
};
#define COMMON_ARGUMENTS                                                \
    {"among", NULL}, {"where", NULL}, {"since", NULL}, {"until", NULL}, \
    {                                                                   \
        "as_of", NULL                                                   \
    }

static muster_status bind_common(const behaviour *b, const mu_argument *given,
                                 mu_event_source *source, bool *as_of_given, int64_t *as_of_us,
                                 muster_error *err)
{
    const mu_type timestamp = {.kind = MU_TIMESTAMP};
    mu_value value;

    source->table = b->events.table;
    MU_TRY(mu_bind_range(b->binder, given[SINCE].value, given[UNTIL].value, NULL, source, err));
    if (given[ONLY].value) {
        MU_TRY(mu_bind_condition(&b->place, given[ONLY].value, "where", &source->where, err));
    }
    if (given[AMONG].value) {
        MU_TRY(mu_bind_set(b->binder, given[AMONG].value, &source->among, err));
    }
    *as_of_given = given[AS_OF].value != NULL;
    if (*as_of_given) {
        MU_TRY(mu_bind_constant(b->binder, given[AS_OF].value, timestamp, "as_of", &value, err));
        if (value.null) {
            return mu_fail_at(err, MUSTER_INVALID, given[AS_OF].value->offset,
                              "as_of takes a time, not NULL");
        }
        *as_of_us = value.i64;
    }
    return MUSTER_OK;
}

/* step(condition [, 'label']) */
static muster_status bind_step(const behaviour *b, const mu_ast_expr *step, uint32_t number,
                               const mu_expr **condition, const char **label, muster_error *err)
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
    MU_TRY(mu_bind_condition(&b->place, given[0].value, "step()", condition, err));
    if (given[1].value) {
        MU_TRY(mu_bind_constant(b->binder, given[1].value, (mu_type){.kind = MU_TEXT},
                                "the label of a step", &value, err));
        if (value.null) {
            return mu_fail_at(err, MUSTER_INVALID, given[1].value->offset,
                              "the label of a step is a text, not NULL");
        }
        *label = mu_arena_text(b->binder->scope.arena, value.text.data, value.text.size);
    } else {
        *label = mu_arena_printf(b->binder->scope.arena, "step %u", number);
    }
    return *label ? MUSTER_OK : mu_fail_memory(err, "running a statement");
}

static muster_status bind_steps(const behaviour *b, const mu_ast_expr *steps,
                                mu_funnel_plan *funnel, muster_error *err)
{
    const mu_expr **conditions;
    const char **labels;

    if (!steps) {
        return fail_missing(b, "steps => [step(event = 'view'), step(event = 'pay')]", err);
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
    MU_ARENA_TRY(conditions, b->binder->scope.arena, count, err);
    MU_ARENA_TRY(labels, b->binder->scope.arena, count, err);
    for (uint32_t i = 0; i < count; i++) {
        MU_TRY(bind_step(b, steps->operands.data[i].expr, i + 1, &conditions[i], &labels[i], err));
    }
    funnel->step_count = count;
    funnel->steps = conditions;
    funnel->labels = labels;
    return MUSTER_OK;
}

static muster_status bind_within(const behaviour *b, const mu_ast_expr *within,
                                 mu_funnel_plan *funnel, muster_error *err)
{
    const mu_type interval = {.kind = MU_INTERVAL};
    mu_value value;

    funnel->within_us = INT64_MAX;
    if (!within) {
        return MUSTER_OK;
    }
    MU_TRY(mu_bind_constant(b->binder, within, interval, "within", &value, err));
    if (value.null || value.i64 < 0) {
        return mu_fail_at(err, MUSTER_INVALID, within->offset,
                          "within takes an interval that is not negative");
    }
    if (value.months != 0) {
        return mu_fail_at(err, MUSTER_INVALID, within->offset,
                          "within takes a fixed length of time, and months differ: write "
                          "INTERVAL '30 days'");
    }
    funnel->within_us = value.i64;
    return MUSTER_OK;
}

enum {
    EVENTS,
    STEPS,
    WITHIN,
    BY,
    FUNNEL_COMMON
};

static muster_status bind_funnel(behaviour *b, const mu_ast_items *operands, bool customers,
                                 const mu_plan **out, muster_error *err)
{
    mu_argument given[FUNNEL_COMMON + COMMON_COUNT] = {
        {"events", NULL}, {"steps", NULL}, {"within", NULL}, {"by", NULL}, COMMON_ARGUMENTS};
    mu_funnel_plan funnel = {0};

    MU_TRY(mu_bind_arguments(b->name, operands, given, MU_COUNT(given), 1, err));
    MU_TRY(bind_events(b, given[EVENTS].value, err));
    MU_TRY(bind_steps(b, given[STEPS].value, &funnel, err));
    MU_TRY(bind_within(b, given[WITHIN].value, &funnel, err));
    if (given[BY].value) {
        MU_TRY(mu_bind_expr(&b->place, given[BY].value, &funnel.by, err));
    }
    MU_TRY(bind_common(b, given + FUNNEL_COMMON, &funnel.source, &funnel.as_of_given,
                       &funnel.as_of_us, err));
    return mu_plan_funnel(&b->binder->scope, &funnel, customers, out, err);
}

/* 'day' to 'year', in quotes or without. */
static muster_status bind_unit(const behaviour *b, const mu_ast_expr *unit, mu_unit *out,
                               muster_error *err)
{
    if (!unit) {
        return fail_missing(b, "unit => 'month' (or 'day', 'week', 'quarter', 'year')", err);
    }
    if (unit->kind == MU_AST_PARAMETER) {
        const uint32_t unknown = b->binder->unknown;
        mu_value value;
        MU_TRY(mu_bind_constant(b->binder, unit, (mu_type){.kind = MU_TEXT}, "unit", &value, err));
        *out = MU_UNIT_DAY;
        if (b->binder->unknown > unknown) {
            return MUSTER_OK;
        }
        const char *name = mu_arena_text(b->binder->scope.arena, value.null ? "" : value.text.data,
                                         value.null ? 0 : value.text.size);
        if (!name) {
            return mu_fail_memory(err, "running a statement");
        }
        if (mu_bind_unit(name, out)) {
            return MUSTER_OK;
        }
    }
    if ((unit->kind == MU_AST_TEXT || unit->kind == MU_AST_COLUMN) &&
        mu_bind_unit(unit->text, out)) {
        return MUSTER_OK;
    }
    return mu_fail_at(err, MUSTER_INVALID, unit->offset,
                      "unit takes 'day', 'week', 'month', 'quarter' or 'year'");
}

bool mu_bind_unit(const char *name, mu_unit *out)
{
    static const char *const names[] = {"day", "week", "month", "quarter", "year"};

    for (uint32_t i = 0; i < MU_COUNT(names); i++) {
        if (mu_name_equal(name, names[i])) {
            *out = (mu_unit)(MU_UNIT_DAY + i);
            return true;
        }
    }
    return false;
}

enum {
    RETENTION_EVENTS,
    START,
    BACK,
    UNIT,
    PERIODS,
    RETENTION_COMMON
};

static muster_status bind_retention(behaviour *b, const mu_ast_items *operands, const mu_plan **out,
                                    muster_error *err)
{
    mu_argument given[RETENTION_COMMON + COMMON_COUNT] = {{"events", NULL},  {"start", NULL},
                                                          {"back", NULL},    {"unit", NULL},
                                                          {"periods", NULL}, COMMON_ARGUMENTS};
    mu_retention_plan retention = {0};
    uint64_t periods;

    MU_TRY(mu_bind_arguments(b->name, operands, given, MU_COUNT(given), 1, err));
    MU_TRY(bind_events(b, given[RETENTION_EVENTS].value, err));
    if (!given[START].value || !given[BACK].value) {
        return fail_missing(b,
                            "start => condition and back => condition, as in start => event = "
                            "'pay', back => event = 'pay'",
                            err);
    }
    MU_TRY(mu_bind_condition(&b->place, given[START].value, "start", &retention.start, err));
    MU_TRY(mu_bind_condition(&b->place, given[BACK].value, "back", &retention.back, err));
    MU_TRY(bind_unit(b, given[UNIT].value, &retention.unit, err));
    if (!given[PERIODS].value) {
        return fail_missing(b, "periods => 12, how many to look at after the first", err);
    }
    MU_TRY(mu_bind_count_of(b->binder, given[PERIODS].value, "periods", 0, MOST_PERIODS, &periods,
                            err));
    retention.periods = (uint32_t)periods;
    MU_TRY(bind_common(b, given + RETENTION_COMMON, &retention.source, &retention.as_of_given,
                       &retention.as_of_us, err));
    return mu_plan_retention(&b->binder->scope, &retention, out, err);
}

muster_status mu_bind_behaviour(mu_binder *binder, const mu_ast_source *source, const mu_plan **out,
                                muster_error *err)
{
    static const char *const names[] = {"funnel", "funnel_customers", "retention"};
    const char *name = source->name.text;
    behaviour b = {.binder = binder, .name = name, .offset = source->name.offset};
    mu_nearest nearest = mu_nearest_of(mu_bind_text(name));
    char advice[160];

    if (mu_name_equal(name, names[0]) || mu_name_equal(name, names[1])) {
        return bind_funnel(&b, &source->operands, mu_name_equal(name, names[1]), out, err);
    }
    if (mu_name_equal(name, names[2])) {
        return bind_retention(&b, &source->operands, out, err);
    }
    if (*mu_foreign_hint(MU_FOREIGN_FUNCTION, name, advice, sizeof advice)) {
        return mu_fail_at(err, MUSTER_INVALID, source->name.offset, "no table function \"%s\"%s",
                          name, advice);
    }
    for (size_t i = 0; i < MU_COUNT(names); i++) {
        mu_nearest_try(&nearest, mu_bind_text(names[i]));
    }
    return mu_fail_at(err, MUSTER_INVALID, source->name.offset, "no table function \"%s\"%s", name,
                      mu_bind_advice(&nearest,
                                     "; there are funnel, funnel_customers, generate_series and "
                                     "retention",
                                     advice, sizeof advice));
}
