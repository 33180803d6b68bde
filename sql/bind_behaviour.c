/*
 * bind_behaviour.c - behaviours after FROM: the table of them, and the arguments they share.
 */
#include "sql/bind_behaviour.h"

#include "query/foreign.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    mu_behaviour_binder *bind;
} behaviours[] = {
    {"attribution", mu_bind_attribution},
    {"attribution_customers", mu_bind_attribution_customers},
    {"funnel", mu_bind_funnel},
    {"funnel_customers", mu_bind_funnel_customers},
    {"intervals", mu_bind_intervals},
    {"intervals_customers", mu_bind_intervals_customers},
    {"lifecycle", mu_bind_lifecycle},
    {"lifecycle_customers", mu_bind_lifecycle_customers},
    {"lookalike", mu_bind_lookalike},
    {"paths", mu_bind_paths},
    {"paths_customers", mu_bind_paths_customers},
    {"profile", mu_bind_profile},
    {"retention", mu_bind_retention},
    {"retention_customers", mu_bind_retention_customers},
    {"rfm", mu_bind_rfm},
    {"sessions", mu_bind_sessions},
};

muster_status mu_behaviour_events(mu_behaviour_call *call, const mu_ast_expr *table,
                                  muster_error *err)
{
    const mu_table *found;

    if (!table || table->kind != MU_AST_COLUMN || table->qualifier.text) {
        return mu_fail_at(err, MUSTER_INVALID, table ? table->start : call->offset,
                          "the first argument of %s() is the name of a table of events",
                          call->name);
    }
    MU_TRY(mu_bind_table(call->binder, (mu_ast_name){table->text, table->offset}, &found, err));
    if (!mu_table_has_events(found)) {
        return mu_fail_at(err, MUSTER_INVALID, table->offset,
                          "\"%s\" is not a table of events: it has no CUSTOMER and TIME column",
                          found->name);
    }
    MU_TRY(mu_bind_scan(call->binder, found, &call->events, err));
    call->place =
        (mu_place){.binder = call->binder, .relation = &call->events, .clause = call->name};
    return MUSTER_OK;
}

muster_status mu_behaviour_fail_missing(const mu_behaviour_call *call, const char *example,
                                        muster_error *err)
{
    return mu_fail_at(err, MUSTER_INVALID, call->offset, "%s() needs %s", call->name, example);
}

muster_status mu_behaviour_common(const mu_behaviour_call *call, const mu_argument *given,
                                  mu_event_source *source, muster_error *err)
{
    source->table = call->events.table;
    MU_TRY(mu_bind_range(call->binder, given[MU_SINCE].value, given[MU_UNTIL].value, NULL, source,
                         err));
    if (given[MU_WHERE].value) {
        MU_TRY(
            mu_bind_condition(&call->place, given[MU_WHERE].value, "where", &source->where, err));
    }
    return given[MU_AMONG].value
               ? mu_bind_set(call->binder, given[MU_AMONG].value, &source->among, err)
               : MUSTER_OK;
}

muster_status mu_behaviour_as_of(const mu_behaviour_call *call, const mu_ast_expr *as_of,
                                 bool *given, int64_t *as_of_us, muster_error *err)
{
    const mu_type timestamp = {.kind = MU_TIMESTAMP};
    mu_value value;

    *given = as_of != NULL;
    if (!as_of) {
        return MUSTER_OK;
    }
    MU_TRY(mu_bind_constant(call->binder, as_of, timestamp, "as_of", &value, err));
    if (value.null) {
        return mu_fail_at(err, MUSTER_INVALID, as_of->offset, "as_of takes a time, not NULL");
    }
    *as_of_us = value.i64;
    return MUSTER_OK;
}

muster_status mu_behaviour_condition(const mu_behaviour_call *call, const mu_ast_expr *expr,
                                     const char *what, const mu_expr **out, muster_error *err)
{
    if (!expr) {
        return mu_fail_at(err, MUSTER_INVALID, call->offset,
                          "%s() needs %s => a condition on events, as in %s => event = 'pay'",
                          call->name, what, what);
    }
    return mu_bind_condition(&call->place, expr, what, out, err);
}

/* Words. */

static muster_status fail_word(const mu_ast_expr *expr, const char *what, const char *const *words,
                               uint32_t count, muster_error *err)
{
    char list[160];
    int used = 0;

    for (uint32_t i = 0; i < count && used < (int)sizeof list; i++) {
        used += snprintf(list + used, sizeof list - (size_t)used, "%s'%s'",
                         i == 0           ? ""
                         : i + 1 == count ? " or "
                                          : ", ",
                         words[i]);
    }
    return mu_fail_at(err, MUSTER_INVALID, expr->offset, "%s takes %s", what, list);
}

muster_status mu_behaviour_word(const mu_behaviour_call *call, const mu_ast_expr *expr,
                                const char *what, const char *const *words, uint32_t count,
                                uint32_t *out, muster_error *err)
{
    const uint32_t unknown = call->binder->unknown;
    const char *word = expr->kind == MU_AST_TEXT || expr->kind == MU_AST_COLUMN ? expr->text : NULL;
    mu_value value;

    *out = 0;
    if (expr->kind == MU_AST_PARAMETER) {
        MU_TRY(mu_bind_constant(call->binder, expr, (mu_type){.kind = MU_TEXT}, what, &value, err));
        if (call->binder->unknown > unknown) {
            return MUSTER_OK;
        }
        word = mu_arena_text(call->binder->scope.arena, value.null ? "" : value.text.data,
                             value.null ? 0 : value.text.size);
        if (!word) {
            return mu_fail_memory(err, "running a statement");
        }
    }
    while (word && *out < count && !mu_name_equal(word, words[*out])) {
        ++*out;
    }
    return word && *out < count ? MUSTER_OK : fail_word(expr, what, words, count, err);
}

static const char *const units[] = {"day", "week", "month", "quarter", "year"};

bool mu_bind_unit(const char *name, mu_unit *out)
{
    for (uint32_t i = 0; i < MU_COUNT(units); i++) {
        if (mu_name_equal(name, units[i])) {
            *out = (mu_unit)(MU_UNIT_DAY + i);
            return true;
        }
    }
    return false;
}

muster_status mu_behaviour_unit(const mu_behaviour_call *call, const mu_ast_expr *unit,
                                mu_unit *out, muster_error *err)
{
    uint32_t number;

    if (!unit) {
        return mu_behaviour_fail_missing(
            call, "unit => 'month' (or 'day', 'week', 'quarter', 'year')", err);
    }
    MU_TRY(mu_behaviour_word(call, unit, "unit", units, MU_COUNT(units), &number, err));
    *out = (mu_unit)(MU_UNIT_DAY + number);
    return MUSTER_OK;
}

/* Constants. */

muster_status mu_behaviour_interval(const mu_behaviour_call *call, const mu_ast_expr *expr,
                                    const char *what, int64_t *out, muster_error *err)
{
    const mu_type interval = {.kind = MU_INTERVAL};
    mu_value value;

    *out = INT64_MAX;
    if (!expr) {
        return MUSTER_OK;
    }
    MU_TRY(mu_bind_constant(call->binder, expr, interval, what, &value, err));
    if (value.null || value.i64 < 0) {
        return mu_fail_at(err, MUSTER_INVALID, expr->offset,
                          "%s takes an interval that is not negative", what);
    }
    if (value.months != 0) {
        return mu_fail_at(err, MUSTER_INVALID, expr->offset,
                          "%s takes a fixed length of time, and months differ: write INTERVAL '30 "
                          "days'",
                          what);
    }
    *out = value.i64;
    return MUSTER_OK;
}

muster_status mu_behaviour_list(const mu_behaviour_call *call, const mu_ast_expr *list,
                                mu_type type, const char *what, const mu_value **out,
                                uint32_t *count, muster_error *err)
{
    mu_value *values;

    *count = 0;
    *out = NULL;
    if (!list) {
        return MUSTER_OK;
    }
    if (list->kind != MU_AST_LIST || list->operands.count == 0) {
        return mu_fail_at(err, MUSTER_INVALID, list->start, "%s takes a list in brackets: [1, 2]",
                          what);
    }
    MU_ARENA_TRY(values, call->binder->scope.arena, list->operands.count, err);
    for (uint32_t i = 0; i < list->operands.count; i++) {
        const mu_ast_expr *item = list->operands.data[i].expr;
        MU_TRY(mu_bind_constant(call->binder, item, type, what, &values[i], err));
        if (values[i].null) {
            return mu_fail_at(err, MUSTER_INVALID, item->offset, "%s takes no NULL", what);
        }
    }
    *out = values;
    *count = list->operands.count;
    return MUSTER_OK;
}

/* The table. */

muster_status mu_bind_behaviour(mu_binder *binder, const mu_ast_source *source, mu_relation *out,
                                muster_error *err)
{
    const char *name = source->name.text;
    mu_behaviour_call call = {
        .binder = binder, .name = name, .offset = source->name.offset, .time_column = MU_NO_COLUMN};
    mu_nearest nearest = mu_nearest_of(mu_bind_text(name));
    char advice[160];

    for (size_t i = 0; i < MU_COUNT(behaviours); i++) {
        if (mu_name_equal(name, behaviours[i].name)) {
            const mu_plan *plan;
            MU_TRY(behaviours[i].bind(&call, &source->operands, &plan, err));
            mu_bind_relation_of(plan, out);
            out->time_column = call.time_column;
            return MUSTER_OK;
        }
        mu_nearest_try(&nearest, mu_bind_text(behaviours[i].name));
    }
    if (*mu_foreign_hint(MU_FOREIGN_FUNCTION, name, advice, sizeof advice)) {
        return mu_fail_at(err, MUSTER_INVALID, source->name.offset, "no table function \"%s\"%s",
                          name, advice);
    }
    return mu_fail_at(err, MUSTER_INVALID, source->name.offset, "no table function \"%s\"%s", name,
                      mu_bind_advice(&nearest, "; docs/sql.md lists those that there are", advice,
                                     sizeof advice));
}
