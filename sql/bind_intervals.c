/*
 * bind_intervals.c - intervals(events, start => ... [, next => ...] [, distinct_on => order_id]
 * ...): the time from one event to the next, and intervals_customers(), a row for each of them.
 */
#include "sql/bind_breakdown.h"

#include "query/func.h"
#include "query/intervals.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    EVENTS,
    START,
    NEXT,
    DISTINCT_ON,
    SAME,
    BY,
    TOP,
    AS_OF,
    ROWS_COMMON,
    QUANTILES = ROWS_COMMON + MU_COMMON_ARGUMENTS,
    CURVE,
    ARGUMENTS
};
#define ROW_NAMES                                                                             \
    {"events", NULL}, {"start", NULL}, {"next", NULL}, {"distinct_on", NULL}, {"same", NULL}, \
        {"by", NULL}, {"top", NULL}, {"as_of", NULL}, MU_COMMON_NAMES

enum {
    MOST_DAYS = 10000 * 366 /* more than the years 1 to 9999 have */
};

/* SQL: microseconds as days. */
#define IN_DAYS(us) "CAST(" us " AS DOUBLE) / CAST('86400000000' AS DOUBLE)"

static const mu_type bigint = {.kind = MU_BIGINT, .bits = 64}, real = {.kind = MU_DOUBLE};

/* What is read of the events: the values, and the columns of the rows. */
static muster_status bind_rows(const mu_behaviour_call *call, const mu_argument *given,
                               const mu_breakdown *breakdown, bool times, mu_behaviour_plan *plan,
                               muster_error *err)
{
    static const mu_behaviour_column own[MU_INTERVAL_COLUMNS] = {
        [MU_INTERVAL_CUSTOMER] = {.name = "customer", .type.kind = MU_CUSTOMER},
        [MU_INTERVAL_US] = {.name = "us", .type = {.kind = MU_BIGINT, .bits = 64}},
        [MU_INTERVAL_OPEN] = {.name = "open", .type.kind = MU_BOOLEAN},
        [MU_INTERVAL_BEGAN] = {.name = "began", .type.kind = MU_TIMESTAMP},
        [MU_INTERVAL_ENDED] = {.name = "ended", .type.kind = MU_TIMESTAMP},
        [MU_INTERVAL_LENGTH] = {.name = "length", .type.kind = MU_INTERVAL},
    };
    mu_arena *arena = call->binder->scope.arena;
    mu_behaviour_column *columns;
    const mu_expr **values;
    mu_intervals *options;

    MU_ARENA_TRY(options, arena, 1, err);
    MU_ARENA_TRY(values, arena, 3, err);
    MU_ARENA_TRY(columns, arena, MU_INTERVAL_COLUMNS + 1, err);
    *options = (mu_intervals){.by = breakdown->by,
                              .distinct = given[DISTINCT_ON].value,
                              .same = given[SAME].value,
                              .times = times};
    memcpy(columns, own, sizeof own);
    plan->column_count = times ? MU_INTERVAL_COLUMNS : MU_INTERVAL_BEGAN;
    if (breakdown->by) {
        values[plan->value_count++] = breakdown->by;
        columns[plan->column_count++] =
            (mu_behaviour_column){.name = "part", .type = breakdown->by->type};
    }
    for (uint32_t a = DISTINCT_ON; a <= SAME; a++) {
        if (given[a].value) {
            MU_TRY(mu_bind_expr(&call->place, given[a].value, &values[plan->value_count++], err));
        }
    }
    plan->options = options;
    plan->values = values;
    plan->own_values = plan->value_count;
    plan->columns = columns;
    plan->own_columns = plan->column_count;
    return MUSTER_OK;
}

/* The rows of both relations. */
static muster_status bind_intervals(mu_behaviour_call *call, const mu_argument *given, bool times,
                                    mu_breakdown *breakdown, const mu_plan **out, muster_error *err)
{
    static const char *const titles[] = {"start", "next"};
    mu_behaviour_plan plan = {.class = &mu_intervals_class, .titles = titles};
    const mu_expr **conditions;

    MU_TRY(mu_behaviour_events(call, given[EVENTS].value, err));
    MU_ARENA_TRY(conditions, call->binder->scope.arena, 2, err);
    MU_TRY(mu_behaviour_condition(call, given[START].value, "start", &conditions[0], err));
    if (given[NEXT].value) {
        MU_TRY(mu_behaviour_condition(call, given[NEXT].value, "next", &conditions[1], err));
    }
    plan.conditions = conditions;
    plan.condition_count =
        given[NEXT].value && !mu_expr_equal(conditions[0], conditions[1]) ? 2 : 1;
    MU_TRY(mu_breakdown_bind(call, given[BY].value, given[TOP].value, breakdown, err));
    MU_TRY(bind_rows(call, given, breakdown, times, &plan, err));
    MU_TRY(mu_behaviour_common(call, given + ROWS_COMMON, &plan.source, err));
    MU_TRY(mu_behaviour_as_of(call, given[AS_OF].value, &plan.as_of_given, &plan.as_of_us, err));
    MU_TRY(mu_plan_behaviour(&call->binder->scope, &plan, out, err));
    return mu_breakdown_keep(call, breakdown, "count(DISTINCT customer)", *out, out, err);
}

muster_status mu_bind_intervals_customers(mu_behaviour_call *call, const mu_ast_items *operands,
                                          const mu_plan **out, muster_error *err)
{
    mu_argument given[] = {ROW_NAMES};
    mu_breakdown breakdown;

    MU_TRY(mu_bind_arguments(call->name, operands, given, MU_COUNT(given), 1, err));
    MU_TRY(bind_intervals(call, given, true, &breakdown, out, err));
    const char *item = mu_breakdown_item(call, &breakdown);
    const char *sql = item ? mu_arena_printf(call->binder->scope.arena,
                                             "SELECT customer, %sbegan, ended, length, " IN_DAYS(
                                                 "us") " AS days, open FROM it",
                                             item)
                           : NULL;
    return sql ? mu_bind_report(call, sql, *out, out, err)
               : mu_fail_memory(err, "running a statement");
}

/* The report. */

/* p50, p99_9. */
static void put_quantile(double share, mu_writer *sql)
{
    char name[32];
    char item[256];

    (void)snprintf(name, sizeof name, "p%.12g", share * 100);
    for (char *c = name; *c; c++) {
        *c = (*c >= '0' && *c <= '9') || *c == 'p' ? *c : '_';
    }
    (void)snprintf(
        item, sizeof item,
        ", " IN_DAYS("quantile_disc(us, CAST('%.17g' AS DOUBLE)) FILTER (WHERE NOT open)") " AS %s",
        share, name);
    mu_write_bytes(sql, item, strlen(item));
}

/* No item may be there twice, or their columns would have one name. */
static muster_status check_once(const mu_ast_expr *list, const mu_value *values, uint32_t count,
                                const char *what, muster_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < i; k++) {
            if (mu_value_compare(&values[k], &values[i]) == 0) {
                return mu_fail_at(err, MUSTER_INVALID, list->operands.data[i].expr->offset,
                                  "%s has a value twice", what);
            }
        }
    }
    return MUSTER_OK;
}

static muster_status check_quantiles(const mu_ast_expr *list, const mu_value *values,
                                     uint32_t count, muster_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!(values[i].f64 >= 0) || !(values[i].f64 <= 1)) {
            return mu_fail_at(err, MUSTER_INVALID, list->operands.data[i].expr->offset,
                              "quantiles are from 0 to 1, as in quantiles => [0.25, 0.5, 0.75]");
        }
    }
    return check_once(list, values, count, "quantiles", err);
}

static muster_status check_curve(const mu_ast_expr *list, const mu_value *values, uint32_t count,
                                 muster_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        if (values[i].i64 < 0 || values[i].i64 > MOST_DAYS) {
            return mu_fail_at(err, MUSTER_INVALID, list->operands.data[i].expr->offset,
                              "curve takes numbers of days, not %" PRId64, values[i].i64);
        }
    }
    return check_once(list, values, count, "curve", err);
}

static muster_status put_quantiles(const mu_behaviour_call *call, const mu_ast_expr *list,
                                   mu_writer *sql, muster_error *err)
{
    static const mu_value usual[] = {{.type.kind = MU_DOUBLE, .f64 = 0.25},
                                     {.type.kind = MU_DOUBLE, .f64 = 0.5},
                                     {.type.kind = MU_DOUBLE, .f64 = 0.75}};
    const uint32_t unknown = call->binder->unknown;
    const mu_value *values;
    uint32_t count;

    MU_TRY(mu_behaviour_list(call, list, real, "quantiles", &values, &count, err));
    if (!list) {
        values = usual;
        count = MU_COUNT(usual);
    } else if (call->binder->unknown == unknown) {
        MU_TRY(check_quantiles(list, values, count, err));
    }
    for (uint32_t i = 0; i < count; i++) {
        put_quantile(values[i].f64, sql);
    }
    return MUSTER_OK;
}

static muster_status put_curve(const mu_behaviour_call *call, const mu_ast_expr *list,
                               mu_writer *sql, muster_error *err)
{
    static const mu_value usual[] = {
        {.type.kind = MU_BIGINT, .i64 = 30},
        {.type.kind = MU_BIGINT, .i64 = 90},
        {.type.kind = MU_BIGINT, .i64 = 180},
        {.type.kind = MU_BIGINT, .i64 = 365},
    };
    const uint32_t unknown = call->binder->unknown;
    const mu_value *values;
    uint32_t count;
    char item[256];

    MU_TRY(mu_behaviour_list(call, list, bigint, "curve", &values, &count, err));
    if (!list) {
        values = usual;
        count = MU_COUNT(usual);
    } else if (call->binder->unknown == unknown) {
        MU_TRY(check_curve(list, values, count, err));
    }
    for (uint32_t i = 0; i < count; i++) {
        const int64_t days = values[i].i64;
        (void)snprintf(item, sizeof item,
                       ", kaplan_meier(us, NOT open, %" PRId64 ") AS back_%" PRId64,
                       days * MU_DAY_US, days);
        mu_write_bytes(sql, item, strlen(item));
    }
    return MUSTER_OK;
}

static muster_status write_report(const mu_behaviour_call *call, const mu_argument *given,
                                  const mu_breakdown *breakdown, mu_writer *sql, muster_error *err)
{
    static const char counts[] = "count(DISTINCT customer) AS customers, "
                                 "count(*) FILTER (WHERE NOT open) AS intervals, "
                                 "count(*) FILTER (WHERE open) AS open";
    const char *item = mu_breakdown_item(call, breakdown);
    const char *column = mu_breakdown_column(breakdown);
    const char *end = "";

    if (breakdown->by) {
        end = mu_arena_printf(call->binder->scope.arena,
                              " GROUP BY it.%s ORDER BY it.%s NULLS LAST", column, column);
    }
    if (!item || !end) {
        return mu_fail_memory(err, "running a statement");
    }
    mu_write_bytes(sql, "SELECT ", strlen("SELECT "));
    mu_write_bytes(sql, item, strlen(item));
    mu_write_bytes(sql, counts, strlen(counts));
    MU_TRY(put_quantiles(call, given[QUANTILES].value, sql, err));
    MU_TRY(put_curve(call, given[CURVE].value, sql, err));
    mu_write_bytes(sql, " FROM it", strlen(" FROM it"));
    mu_write_bytes(sql, end, strlen(end) + 1);
    return MUSTER_OK;
}

static muster_status bind_report(const mu_behaviour_call *call, const mu_argument *given,
                                 const mu_breakdown *breakdown, const mu_plan *rows,
                                 const mu_plan **out, muster_error *err)
{
    mu_writer sql = {0};
    const char *text;
    muster_status status = write_report(call, given, breakdown, &sql, err);

    if (status == MUSTER_OK) {
        text = sql.failed ? NULL
                          : mu_arena_text(call->binder->scope.arena, (const char *)sql.data,
                                          (uint32_t)sql.size);
        status = text ? mu_bind_report(call, text, rows, out, err)
                      : mu_fail_memory(err, "running a statement");
    }
    mu_writer_deinit(&sql);
    return status;
}

muster_status mu_bind_intervals(mu_behaviour_call *call, const mu_ast_items *operands,
                                const mu_plan **out, muster_error *err)
{
    mu_argument given[ARGUMENTS] = {ROW_NAMES, {"quantiles", NULL}, {"curve", NULL}};
    mu_breakdown breakdown;
    const mu_plan *rows;

    MU_TRY(mu_bind_arguments(call->name, operands, given, MU_COUNT(given), 1, err));
    MU_TRY(bind_intervals(call, given, false, &breakdown, &rows, err));
    return bind_report(call, given, &breakdown, rows, out, err);
}
