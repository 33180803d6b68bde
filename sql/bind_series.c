/*
 * bind_series.c - generate_series(from, to [, step]), and range(), which ends before `to`.
 *
 * Numbers, and days and times at steps that have a length, are made as they are read. Steps of
 * months differ in length: their values are found here, each from the one before, so that a month
 * after 31 January is the last of February, and the next one 28 March, as PostgreSQL has it.
 */
#include "query/func.h"
#include "sql/bind.h"
#include "storage/zone.h"

typedef struct series {
    const char *name;
    bool half_open; /* `to` is not part of it */
    mu_type type;
    int64_t from, to;
    int64_t step;        /* numbers, days or microseconds */
    int32_t step_months; /* beside `step` */
    bool empty;          /* something is NULL */
} series;

static muster_status bind_arguments(mu_binder *binder, const mu_ast_source *source,
                                    const mu_expr *args[3], muster_error *err)
{
    static const mu_plan nothing = {0};
    const mu_relation none = {
        .plan = &nothing, .customer_column = MU_NO_COLUMN, .time_column = MU_NO_COLUMN};
    const mu_place place = {.binder = binder, .relation = &none, .clause = source->name.text};

    if (source->operands.count < 2 || source->operands.count > 3) {
        return mu_fail_at(err, MUSTER_INVALID, source->start,
                          "%s takes where to begin, where to end and, if you like, a step",
                          source->name.text);
    }
    for (uint32_t i = 0; i < source->operands.count; i++) {
        const mu_ast_item *item = &source->operands.data[i];
        if (item->name.text) {
            return mu_fail_at(err, MUSTER_INVALID, item->name.offset,
                              "%s takes its arguments in order, without names", source->name.text);
        }
        MU_TRY(mu_bind_expr(&place, item->expr, &args[i], err));
        if (args[i]->kind != MU_EXPR_CONST) {
            return mu_fail_at(err, MUSTER_INVALID, item->expr->start, "%s takes constants",
                              source->name.text);
        }
    }
    return MUSTER_OK;
}

/* The step, of the type that suits the ends. */
static muster_status bind_step(const mu_scope *scope, const mu_expr *step, series *s,
                               muster_error *err)
{
    const bool numbers = s->type.kind == MU_BIGINT;
    const mu_type type = numbers ? s->type : (mu_type){.kind = MU_INTERVAL};

    s->step = numbers ? 1 : MU_DAY_US;
    if (step) {
        MU_TRY(mu_expr_cast(scope, step, type, false, step->offset, &step, err));
        s->step = step->value.i64;
        s->step_months = numbers ? 0 : step->value.months;
        s->empty = s->empty || step->value.null;
    }
    if (s->step == 0 && s->step_months == 0 && !s->empty) {
        return mu_fail_at(err, MUSTER_INVALID, step->offset, "the step of %s is not 0", s->name);
    }
    if ((s->step > 0 && s->step_months < 0) || (s->step < 0 && s->step_months > 0)) {
        return mu_fail_at(err, MUSTER_INVALID, step->offset,
                          "the step of %s goes forward and back at once; make it months alone, or "
                          "days",
                          s->name);
    }
    return MUSTER_OK;
}

/* Dates stay dates where every step is one of whole days. */
static muster_status fit_dates(const mu_scope *scope, const mu_expr *args[3], series *s,
                               muster_error *err)
{
    const mu_type timestamp = {.kind = MU_TIMESTAMP};

    if (s->type.kind == MU_DATE && s->step % MU_DAY_US == 0) {
        s->step /= MU_DAY_US;
        return MUSTER_OK;
    }
    s->type = timestamp;
    for (uint32_t i = 0; i < 2; i++) {
        MU_TRY(mu_expr_cast(scope, args[i], timestamp, false, args[i]->offset, &args[i], err));
    }
    return MUSTER_OK;
}

static muster_status bind_series(mu_binder *binder, const mu_ast_source *source, series *s,
                                 muster_error *err)
{
    const mu_type bigint = {.kind = MU_BIGINT, .bits = 64};
    const mu_scope *scope = &binder->scope;
    const mu_expr *args[3] = {0};
    char type[32];

    MU_TRY(bind_arguments(binder, source, args, err));
    MU_TRY(mu_expr_unify(scope, args, 2, s->name, source->start, &s->type, err));
    if (s->type.kind == MU_BIGINT || s->type.kind == MU_NULL) {
        s->type = bigint;
    } else if (s->type.kind != MU_DATE && s->type.kind != MU_TIMESTAMP) {
        return mu_fail_at(err, MUSTER_INVALID, source->start,
                          "%s makes whole numbers, dates or timestamps, not %s", s->name,
                          mu_type_name(s->type, type));
    }
    s->empty = args[0]->value.null || args[1]->value.null;
    MU_TRY(bind_step(scope, args[2], s, err));
    if (s->type.kind != MU_BIGINT) {
        MU_TRY(fit_dates(scope, args, s, err));
    }
    s->from = args[0]->value.i64;
    s->to = args[1]->value.i64;
    return MUSTER_OK;
}

static bool is_within(const series *s, int64_t value)
{
    const bool rises = s->step_months != 0 ? s->step_months > 0 : s->step > 0;

    return (rises ? value < s->to : value > s->to) || (value == s->to && !s->half_open);
}

/* How many steps of one length there are. */
static uint64_t count_steps(const series *s)
{
    const uint64_t from = (uint64_t)s->from, to = (uint64_t)s->to, step = (uint64_t)s->step;

    if (s->empty || !is_within(s, s->from)) {
        return 0;
    }
    const uint64_t span = s->step > 0 ? to - from : from - to;
    const uint64_t length = s->step > 0 ? step : 0 - step;
    return s->half_open ? (span - 1) / length + 1 : span / length + 1;
}

/* Goes on to the next value; false behind the last. Months are those of the session's clocks. */
static bool step_on(const mu_zone *zone, const series *s, int64_t *at)
{
    const int64_t month = s->type.kind == MU_DATE
                              ? mu_time_add_months(*at * MU_DAY_US, s->step_months) / MU_DAY_US
                              : mu_zone_add_months(zone, *at, s->step_months);

    return !__builtin_add_overflow(month, s->step, at) && is_within(s, *at);
}

static muster_status plan_months(const mu_scope *scope, const series *s, const mu_plan **out,
                                 muster_error *err)
{
    const mu_plan_column column = {s->name, s->type};
    uint32_t count = !s->empty && is_within(s, s->from);
    int64_t at = s->from;
    mu_value *values;

    while (count > 0 && step_on(scope->zone, s, &at)) {
        count++;
    }
    MU_ARENA_TRY(values, scope->arena, count, err);
    at = s->from;
    for (uint32_t i = 0; i < count; i++) {
        values[i] = (mu_value){.type = s->type, .i64 = at};
        (void)step_on(scope->zone, s, &at);
    }
    return mu_plan_values(scope, &column, 1, values, count, out, err);
}

muster_status mu_bind_series(mu_binder *binder, const mu_ast_source *source, const mu_plan **out,
                             muster_error *err)
{
    series s = {.name = source->name.text, .half_open = mu_name_equal(source->name.text, "range")};

    *out = NULL;
    if (!s.half_open && !mu_name_equal(s.name, "generate_series")) {
        return MUSTER_OK;
    }
    MU_TRY(bind_series(binder, source, &s, err));
    if (source->alias.text) { /* AS n: its only column is called so too */
        s.name = source->alias.text;
    }
    return s.step_months != 0 ? plan_months(&binder->scope, &s, out, err)
                              : mu_plan_series(&binder->scope, s.name, s.type, s.from, s.step,
                                               count_steps(&s), out, err);
}
