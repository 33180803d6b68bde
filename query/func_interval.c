/*
 * func_interval.c - sums of dates, times and intervals.
 *
 * DATE + BIGINT is a date, DATE - DATE a number of days, TIMESTAMP - TIMESTAMP an interval, time +
 * interval a timestamp. Months are added first, by the calendar of the session's zone, then the
 * rest: to a DATE on the clock, to a TIMESTAMP as time that passes.
 *
 * A month has no fixed length, and an INTERVAL in a batch is microseconds. So an interval with
 * months that are not constant is kept as two expressions, to_months(m) + rest, and the makers
 * below take it apart again where it meets a time: `ts + n * INTERVAL '1 month 2 days'` becomes
 * (ts plus n months) + n * INTERVAL '2 days'. Anywhere else to_months() is an error once its months
 * are not 0.
 */
#include "query/func_time.h"
#include "storage/value.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>

typedef enum sum {
    ADD,
    SUBTRACT,
    MULTIPLY,
    DIVIDE,
    NEGATE,
    PLUS
} sum;

enum {
    MOST_MONTHS = 120000 /* more than the years 1 to 9999 have */
};

static muster_status fail_fit(const mu_expr *expr, muster_error *err)
{
    char name[32];

    return mu_fail(err, MUSTER_INVALID, "the result of \"%s\" does not fit %s", expr->func->name,
                   mu_type_name(expr->type, name));
}

/* Times. */

static muster_status shift_time(const mu_func_context *context, const mu_value *time,
                                int64_t months, int64_t shift_us, bool back, int64_t *out,
                                muster_error *err)
{
    const bool date = time->type.kind == MU_DATE;
    int64_t time_us = date ? time->i64 * MU_DAY_US : time->i64;

    if (months > MOST_MONTHS || months < -MOST_MONTHS) {
        return mu_time_check(INT64_MAX, err);
    }
    if (months != 0) {
        const int32_t count = (int32_t)(back ? -months : months);
        time_us = mu_zone_add_months(date ? NULL : context->zone, time_us, count);
    }
    if (back ? __builtin_sub_overflow(time_us, shift_us, out)
             : __builtin_add_overflow(time_us, shift_us, out)) {
        *out = INT64_MAX;
    }
    if (date) {
        *out = mu_zone_to_utc(context->zone, *out);
    }
    return mu_time_check(*out, err);
}

/* time + interval, interval + time, time - interval */
MU_SCALAR(shift_scalar)
{
    const bool swapped = expr->args[0]->type.kind == MU_INTERVAL;
    const mu_value *time = &args[swapped], *shift = &args[!swapped];

    return shift_time(context, time, shift->months, shift->i64, expr->func->variant == SUBTRACT,
                      &out->i64, err);
}

static muster_status shift_vector(const mu_func_call *call, muster_error *err)
{
    const mu_expr *expr = call->expr;
    const bool swapped = expr->args[0]->type.kind == MU_INTERVAL;
    const mu_expr *shift = expr->args[!swapped];
    const int32_t months = shift->kind == MU_EXPR_CONST ? shift->value.months : 0;
    const int64_t *times = call->args[swapped].data, *shifts = call->args[!swapped].data;
    const mu_rows reached = {call->rows, call->live};
    mu_value time = {.type = call->args[swapped].type};
    int64_t *out = call->data;

    MU_FOR_EACH_LIVE(row, &reached) {
        time.i64 = times[row];
        MU_TRY(shift_time(call->context, &time, months, shifts[row],
                          expr->func->variant == SUBTRACT, &out[row], err));
    }
    return MUSTER_OK;
}

/* A time and a number of months. */
MU_SCALAR(add_months_scalar)
{
    (void)expr;
    return shift_time(context, &args[0], args[1].i64, 0, false, &out->i64, err);
}

/* DATE + BIGINT and back, DATE - BIGINT */
MU_SCALAR(date_scalar)
{
    const bool overflow = expr->func->variant == ADD
                              ? __builtin_add_overflow(args[0].i64, args[1].i64, &out->i64)
                              : __builtin_sub_overflow(args[0].i64, args[1].i64, &out->i64);

    (void)context;
    const int64_t first = MU_TIME_MIN / MU_DAY_US, last = MU_TIME_MAX / MU_DAY_US;
    return mu_time_check(overflow || out->i64 < first || out->i64 > last ? INT64_MAX : 0, err);
}

/* DATE - DATE, TIMESTAMP - TIMESTAMP */
MU_SCALAR(span_scalar)
{
    (void)context;
    return __builtin_sub_overflow(args[0].i64, args[1].i64, &out->i64) ? fail_fit(expr, err)
                                                                       : MUSTER_OK;
}

/* Sums and differences of what has no months. */
static muster_status pair_vector(const mu_func_call *call, muster_error *err)
{
    const bool minus = call->expr->func->variant == SUBTRACT;
    const int64_t *a = call->args[0].data, *b = call->args[1].data;
    const mu_rows reached = {call->rows, call->live};
    int64_t *out = call->data;

    MU_FOR_EACH_LIVE(row, &reached) {
        if (minus ? __builtin_sub_overflow(a[row], b[row], &out[row])
                  : __builtin_add_overflow(a[row], b[row], &out[row])) {
            return fail_fit(call->expr, err);
        }
    }
    return MUSTER_OK;
}

static bool is_pair(const mu_expr *expr)
{
    return expr->arg_count == 2;
}

/* Intervals. */

static bool fits_months(int64_t months)
{
    return months >= -INT32_MAX && months <= INT32_MAX;
}

/* a + b, a - b, -a, +a: months and the rest beside each other. */
MU_SCALAR(interval_scalar)
{
    const bool two = expr->arg_count == 2;
    const mu_value a = two ? args[0] : (mu_value){.months = 0};
    const mu_value b = two ? args[1] : args[0];
    const bool minus = expr->func->variant == SUBTRACT || expr->func->variant == NEGATE;
    const int64_t months = minus ? (int64_t)a.months - b.months : (int64_t)a.months + b.months;

    (void)context;
    if ((minus ? __builtin_sub_overflow(a.i64, b.i64, &out->i64)
               : __builtin_add_overflow(a.i64, b.i64, &out->i64)) ||
        !fits_months(months)) {
        return fail_fit(expr, err);
    }
    out->months = (int32_t)months;
    return MUSTER_OK;
}

/* interval * number and back, interval / number */
MU_SCALAR(scale_scalar)
{
    const bool swapped = expr->args[0]->type.kind != MU_INTERVAL;
    const mu_value *interval = &args[swapped], *factor = &args[!swapped];
    int64_t months = 0;

    (void)context;
    if (expr->func->variant == DIVIDE) {
        if (interval->months % (factor->i64 == 0 ? 1 : factor->i64) != 0) {
            return mu_fail(err, MUSTER_INVALID,
                           "an interval of calendar months cannot be divided by that");
        }
        if (factor->i64 == 0 || (factor->i64 == -1 && interval->i64 == INT64_MIN)) {
            return factor->i64 == 0 ? mu_fail(err, MUSTER_INVALID, "division by zero")
                                    : fail_fit(expr, err);
        }
        out->i64 = interval->i64 / factor->i64;
        months = interval->months / factor->i64;
    } else if (__builtin_mul_overflow(interval->i64, factor->i64, &out->i64) ||
               __builtin_mul_overflow((int64_t)interval->months, factor->i64, &months)) {
        return fail_fit(expr, err);
    }
    if (!fits_months(months)) {
        return fail_fit(expr, err);
    }
    out->months = (int32_t)months;
    return MUSTER_OK;
}

/* The same with a DOUBLE: to the nearest microsecond, and whole months only. */
MU_SCALAR(scale_f64_scalar)
{
    const bool swapped = expr->args[0]->type.kind != MU_INTERVAL;
    const mu_value *interval = &args[swapped];
    const double factor = args[!swapped].f64;
    const bool divide = expr->func->variant == DIVIDE;

    (void)context;
    if (divide && factor == 0) {
        return mu_fail(err, MUSTER_INVALID, "division by zero");
    }
    const double us =
        nearbyint(divide ? (double)interval->i64 / factor : (double)interval->i64 * factor);
    const double months = divide ? interval->months / factor : interval->months * factor;
    if (!(us >= -0x1p63 && us < 0x1p63 && fabs(months) <= INT32_MAX)) {
        return fail_fit(expr, err);
    }
    if (months != nearbyint(months)) {
        return mu_fail(err, MUSTER_INVALID, "months are taken whole, and this would be %g of them",
                       months);
    }
    out->i64 = (int64_t)us;
    out->months = (int32_t)months;
    return MUSTER_OK;
}

/* to_days(n) and its like */
MU_SCALAR(of_units_scalar)
{
    const int64_t width_us = mu_unit_width((mu_unit)expr->func->variant);

    (void)context;
    return __builtin_mul_overflow(args[0].i64, width_us, &out->i64) ? fail_fit(expr, err)
                                                                    : MUSTER_OK;
}

MU_SCALAR(to_months_scalar)
{
    (void)context;
    if (!fits_months(args[0].i64)) {
        return fail_fit(expr, err);
    }
    out->i64 = 0;
    out->months = (int32_t)args[0].i64;
    return MUSTER_OK;
}

/* Makers. */

/* An interval as a number of months, and the rest; NULL: none. */
typedef struct parts {
    const mu_expr *months, *rest;
} parts;

static muster_status number_of(const mu_scope *scope, int64_t number, const mu_expr **out,
                               muster_error *err)
{
    const mu_value value = {.type = mu_type_of_letter('i'), .i64 = number};

    return mu_expr_const(scope, value, -1, out, err);
}

static bool is_months(const mu_expr *expr)
{
    return expr->kind == MU_EXPR_CALL && expr->func->scalar == to_months_scalar;
}

static muster_status split_constant(const mu_scope *scope, const mu_expr *expr, parts *out,
                                    muster_error *err)
{
    mu_value rest = expr->value;

    if (rest.null || rest.months == 0) {
        return MUSTER_OK;
    }
    MU_TRY(number_of(scope, rest.months, &out->months, err));
    rest.months = 0;
    out->rest = NULL;
    return rest.i64 == 0 ? MUSTER_OK : mu_expr_const(scope, rest, expr->offset, &out->rest, err);
}

static muster_status split(const mu_scope *scope, const mu_expr *expr, parts *out,
                           muster_error *err)
{
    *out = (parts){NULL, expr};
    if (expr->type.kind != MU_INTERVAL) {
        return MUSTER_OK;
    }
    if (expr->kind == MU_EXPR_CONST) {
        return split_constant(scope, expr, out, err);
    }
    if (is_months(expr)) {
        *out = (parts){expr->args[0], NULL};
    } else if (expr->kind == MU_EXPR_CALL && expr->func->scalar == interval_scalar &&
               is_months(expr->args[0])) {
        *out = (parts){expr->args[0]->args[0], expr->args[1]};
    }
    return MUSTER_OK;
}

static muster_status join(const mu_scope *scope, parts both, int32_t offset, const mu_expr **out,
                          muster_error *err)
{
    const mu_expr *sides[2];

    MU_TRY(mu_expr_call(scope, "to_months", &both.months, 1, offset, &sides[0], err));
    sides[1] = both.rest;
    if (!both.rest) {
        *out = sides[0];
        return MUSTER_OK;
    }
    return mu_expr_call(scope, "+", sides, 2, offset, out, err);
}

/* a + b, a - b, -b, where what is missing is nothing. */
static muster_status combine(const mu_scope *scope, const char *op, const mu_expr *a,
                             const mu_expr *b, int32_t offset, const mu_expr **out,
                             muster_error *err)
{
    const mu_expr *const sides[] = {a, b};

    if (!b) {
        *out = a;
        return MUSTER_OK;
    }
    return mu_expr_call(scope, op, a ? sides : &sides[1], a ? 2 : 1, offset, out, err);
}

/* interval + interval and so on. What is in the form of join() already stays. */
static muster_status make_sum(const mu_scope *scope, const mu_func *func, const mu_expr **args,
                              uint32_t arg_count, int32_t offset, const mu_expr **out,
                              muster_error *err)
{
    parts a = {NULL, NULL}, b, both;

    if (arg_count == 2) {
        MU_TRY(split(scope, args[0], &a, err));
    }
    MU_TRY(split(scope, args[arg_count - 1], &b, err));
    const bool joined = arg_count == 2 && !a.rest && !b.months && func->variant == ADD;
    if ((!a.months && !b.months) || joined) {
        return MUSTER_OK;
    }
    MU_TRY(combine(scope, func->name, a.months, b.months, offset, &both.months, err));
    MU_TRY(combine(scope, func->name, a.rest, b.rest, offset, &both.rest, err));
    return join(scope, both, offset, out, err);
}

/* interval * number and back */
static muster_status make_product(const mu_scope *scope, const mu_func *func, const mu_expr **args,
                                  uint32_t arg_count, int32_t offset, const mu_expr **out,
                                  muster_error *err)
{
    const uint32_t interval = args[0]->type.kind == MU_INTERVAL ? 0 : 1;
    const mu_expr *factors[2];
    parts both;

    assert(arg_count == 2);
    MU_TRY(split(scope, args[interval], &both, err));
    if (!both.months) {
        return MUSTER_OK;
    }
    factors[0] = both.months;
    factors[1] = args[1 - interval];
    MU_TRY(mu_expr_call(scope, func->name, factors, arg_count, offset, &both.months, err));
    if (both.rest) {
        factors[0] = both.rest;
        MU_TRY(mu_expr_call(scope, func->name, factors, arg_count, offset, &both.rest, err));
    }
    return join(scope, both, offset, out, err);
}

/* Months that are constant are added by the call itself. */
static muster_status make_shift(const mu_scope *scope, const mu_func *func, const mu_expr **args,
                                uint32_t arg_count, int32_t offset, const mu_expr **out,
                                muster_error *err)
{
    const uint32_t interval = args[0]->type.kind == MU_INTERVAL ? 0 : 1;
    const mu_expr *pair[2] = {args[1 - interval], NULL};
    parts both;

    assert(arg_count == 2);
    MU_TRY(split(scope, args[interval], &both, err));
    if (!both.months || args[interval]->kind == MU_EXPR_CONST) {
        return MUSTER_OK;
    }
    if (func->variant == SUBTRACT) {
        MU_TRY(combine(scope, "-", NULL, both.months, offset, &both.months, err));
    }
    pair[1] = both.months;
    MU_TRY(mu_expr_call(scope, "add_months", pair, 2, offset, out, err));
    if (!both.rest) {
        return MUSTER_OK;
    }
    pair[0] = *out;
    pair[1] = both.rest;
    return mu_expr_call(scope, func->name, pair, 2, offset, out, err);
}

/* to_years(n) */
static muster_status make_years(const mu_scope *scope, const mu_func *func, const mu_expr **args,
                                uint32_t arg_count, int32_t offset, const mu_expr **out,
                                muster_error *err)
{
    const mu_expr *factors[2] = {args[0], NULL}, *months;

    assert(arg_count == 1);
    MU_TRY(number_of(scope, func->variant, &factors[1], err));
    MU_TRY(mu_expr_call(scope, "*", factors, 2, offset, &months, err));
    return mu_expr_call(scope, "to_months", &months, 1, offset, out, err);
}

/* age(a, b): whole months from b to a, and the time that is left; age(b): until this day began. */
static muster_status make_age(const mu_scope *scope, const mu_func *func, const mu_expr **args,
                              uint32_t arg_count, int32_t offset, const mu_expr **out,
                              muster_error *err)
{
    const mu_value month = {.type = {.kind = MU_TEXT}, .text = MU_TEXT_OF("month")};
    const mu_expr *from = args[arg_count - 1], *to = args[0], *after, *pair[3];
    parts both;

    (void)func;
    if (arg_count == 1) {
        MU_TRY(mu_expr_call(scope, "today", NULL, 0, offset, &to, err));
        MU_TRY(mu_expr_coerce(scope, to, from->type, &to, err));
    }
    MU_TRY(mu_expr_const(scope, month, offset, &pair[0], err));
    pair[1] = from;
    pair[2] = to;
    MU_TRY(mu_expr_call(scope, "date_sub", pair, 3, offset, &both.months, err));
    pair[0] = from;
    pair[1] = both.months;
    MU_TRY(mu_expr_call(scope, "add_months", pair, 2, offset, &after, err));
    pair[0] = to;
    pair[1] = after;
    MU_TRY(mu_expr_call(scope, "-", pair, 2, offset, &both.rest, err));
    return join(scope, both, offset, out, err);
}

/* extract(year FROM age(...)): of the months; other parts are of the rest. */
muster_status mu_interval_part(const mu_scope *scope, const mu_func *func, const mu_expr **args,
                               uint32_t arg_count, int32_t offset, const mu_expr **out,
                               muster_error *err)
{
    const mu_expr *pair[2];
    mu_unit unit;
    parts both;

    assert(arg_count == 2);
    MU_TRY(split(scope, args[1], &both, err));
    if (!both.months || args[0]->kind != MU_EXPR_CONST || args[0]->value.null ||
        !mu_unit_parse(args[0]->value.text, &unit)) {
        return MUSTER_OK;
    }
    if (unit != MU_UNIT_MONTH && unit != MU_UNIT_YEAR) {
        const mu_value none = {.type = {.kind = MU_INTERVAL}};
        pair[0] = args[0];
        pair[1] = both.rest;
        if (!both.rest) {
            MU_TRY(mu_expr_const(scope, none, offset, &pair[1], err));
        }
        return mu_expr_call(scope, func->name, pair, 2, offset, out, err);
    }
    pair[0] = both.months;
    MU_TRY(number_of(scope, 12, &pair[1], err));
    return mu_expr_call(scope, unit == MU_UNIT_YEAR ? "/" : "%", pair, 2, offset, out, err);
}

#define SHIFT(text, types, op)                                                              \
    {                                                                                       \
        .name = (text), .params = (types), .result = 's', .flags = MU_FUNC_MONTHS,          \
        .variant = (op), .make = make_shift, .scalar = shift_scalar, .vector = shift_vector \
    }
#define DATE(text, types, op)                                                                    \
    {                                                                                            \
        .name = (text), .params = (types), .result = 'd', .variant = (op), .scalar = date_scalar \
    }
#define SPAN(types, gives)                                                      \
    {                                                                           \
        .name = "-", .params = (types), .result = (gives), .variant = SUBTRACT, \
        .scalar = span_scalar, .vector = pair_vector                            \
    }
#define INTERVAL(text, types, op)                                                            \
    {                                                                                        \
        .name = (text), .params = (types), .result = 'v', .variant = (op), .make = make_sum, \
        .scalar = interval_scalar, .vector = pair_vector, .has_vector = is_pair              \
    }
#define SCALED(text, types, op, maker, function)                                        \
    {                                                                                   \
        .name = (text), .params = (types), .result = 'v', .flags = MU_FUNC_STRICT_FOLD, \
        .variant = (op), .make = (maker), .scalar = (function)                          \
    }
#define OF_UNITS(text, unit)                                                                       \
    {                                                                                              \
        .name = (text), .params = "i", .result = 'v', .variant = (unit), .scalar = of_units_scalar \
    }
#define OF_MONTHS(text, months)                                                               \
    {                                                                                         \
        .name = (text), .params = "i", .result = 'v', .variant = (months), .make = make_years \
    }

static const mu_func funcs[] = {
    INTERVAL("+", "vv", ADD),
    SHIFT("+", "sv", ADD),
    SHIFT("+", "vs", ADD),
    SHIFT("+", "dv", ADD),
    SHIFT("+", "vd", ADD),
    DATE("+", "di", ADD),
    DATE("+", "id", ADD),
    INTERVAL("+", "v", PLUS),
    SPAN("dd", 'i'),
    SPAN("ss", 'v'),
    INTERVAL("-", "vv", SUBTRACT),
    SHIFT("-", "sv", SUBTRACT),
    SHIFT("-", "dv", SUBTRACT),
    DATE("-", "di", SUBTRACT),
    INTERVAL("-", "v", NEGATE),
    SCALED("*", "vi", MULTIPLY, make_product, scale_scalar),
    SCALED("*", "iv", MULTIPLY, make_product, scale_scalar),
    SCALED("*", "vf", MULTIPLY, NULL, scale_f64_scalar),
    SCALED("*", "fv", MULTIPLY, NULL, scale_f64_scalar),
    SCALED("/", "vi", DIVIDE, NULL, scale_scalar),
    SCALED("/", "vf", DIVIDE, NULL, scale_f64_scalar),
    SHIFT("date_add", "sv", ADD),
    SHIFT("date_add", "dv", ADD),
    SHIFT("date_sub", "sv", SUBTRACT),
    SHIFT("date_sub", "dv", SUBTRACT),
    {.name = "add_months", .params = "si", .result = 's', .scalar = add_months_scalar},
    {.name = "add_months", .params = "di", .result = 's', .scalar = add_months_scalar},
    {.name = "age", .params = "ss", .result = 'v', .make = make_age},
    {.name = "age", .params = "s", .result = 'v', .make = make_age},
    {.name = "to_months", .params = "i", .result = 'v', .scalar = to_months_scalar},
    OF_MONTHS("to_years", 12),
    OF_UNITS("to_weeks", MU_UNIT_WEEK),
    OF_UNITS("to_days", MU_UNIT_DAY),
    OF_UNITS("to_hours", MU_UNIT_HOUR),
    OF_UNITS("to_minutes", MU_UNIT_MINUTE),
    OF_UNITS("to_seconds", MU_UNIT_SECOND),
    OF_UNITS("to_milliseconds", MU_UNIT_MILLISECOND),
    OF_UNITS("to_microseconds", MU_UNIT_MICROSECOND),
};

const mu_func_family mu_func_interval = {funcs, MU_COUNT(funcs)};
