/*
 * func_time.c - dates and timestamps cut, counted and made.
 *
 * Days, and all that is longer, are those of the session's zone; weeks begin on Monday. date_trunc
 * gives a timestamp. date_diff counts the borders of the unit that lie between its two times: from
 * 23:59 to 00:01 it is one day; date_sub counts how many whole units have passed.
 */
#include "query/func_time.h"
#include "storage/value.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Units. */

static const struct {
    const char *name;
    mu_unit unit;
} units[] = {
    {"microsecond", MU_UNIT_MICROSECOND},
    {"millisecond", MU_UNIT_MILLISECOND},
    {"second", MU_UNIT_SECOND},
    {"minute", MU_UNIT_MINUTE},
    {"hour", MU_UNIT_HOUR},
    {"day", MU_UNIT_DAY},
    {"week", MU_UNIT_WEEK},
    {"month", MU_UNIT_MONTH},
    {"quarter", MU_UNIT_QUARTER},
    {"year", MU_UNIT_YEAR},
    {"decade", MU_UNIT_DECADE},
    {"century", MU_UNIT_CENTURY},
    {"millennium", MU_UNIT_MILLENNIUM},
};

bool mu_time_word(mu_text text, const char *name)
{
    const size_t size = strlen(name);

    if (text.size != size && !(text.size == size + 1 && (text.data[size] | 0x20) == 's')) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        const char c = text.data[i];
        if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != name[i]) {
            return false;
        }
    }
    return true;
}

bool mu_unit_parse(mu_text text, mu_unit *out)
{
    for (size_t i = 0; i < MU_COUNT(units); i++) {
        if (mu_time_word(text, units[i].name)) {
            *out = units[i].unit;
            return true;
        }
    }
    return false;
}

const char *mu_unit_name(mu_unit unit)
{
    for (size_t i = 0; i < MU_COUNT(units); i++) {
        if (units[i].unit == unit) {
            return units[i].name;
        }
    }
    assert(false && "a unit that is not in the list");
    return "";
}

muster_status mu_time_unit(mu_text text, mu_unit *out, muster_error *err)
{
    if (mu_unit_parse(text, out)) {
        return MUSTER_OK;
    }
    return mu_fail(err, MUSTER_INVALID,
                   "no unit of time \"%.*s\"; there are microsecond, millisecond, second, minute, "
                   "hour, day, week, month, quarter, year, decade, century and millennium",
                   MU_SHOWN(text));
}

int64_t mu_time_local(const mu_func_context *context, const mu_value *time)
{
    return time->type.kind == MU_DATE ? time->i64 * MU_DAY_US
                                      : mu_zone_to_local(context->zone, time->i64);
}

const int64_t *mu_time_locals(const mu_func_call *call, uint32_t arg)
{
    const mu_rows reached = {call->rows, call->live};
    const int64_t *values = call->args[arg].data;
    const bool days = call->args[arg].type.kind == MU_DATE;
    mu_zone_span span = {0};
    int64_t *out = call->data;

    if (!days && !call->context->zone) {
        return values;
    }
    MU_FOR_EACH_LIVE(row, &reached) {
        out[row] = days ? values[row] * MU_DAY_US
                        : mu_zone_localize(call->context->zone, &span, values[row]);
    }
    return out;
}

muster_status mu_time_check(int64_t time_us, muster_error *err)
{
    if (time_us < MU_TIME_MIN || time_us > MU_TIME_MAX) {
        return mu_fail(err, MUSTER_INVALID,
                       "a time lies in the years 1 to 9999, and this one does not");
    }
    return MUSTER_OK;
}

/* Date_trunc. */

MU_SCALAR(trunc_scalar)
{
    mu_unit unit = MU_UNIT_DAY;

    (void)expr;
    MU_TRY(mu_time_unit(args[0].text, &unit, err));
    out->i64 = mu_zone_truncate(context->zone, args[1].i64, unit);
    return mu_time_check(out->i64, err);
}

static bool has_constant_unit(const mu_expr *expr)
{
    return expr->args[0]->kind == MU_EXPR_CONST;
}

static bool trunc_rises(const mu_scope *scope, const mu_expr *expr)
{
    mu_unit unit;

    return !scope->zone ||
           (has_constant_unit(expr) && !expr->args[0]->value.null &&
            mu_unit_parse(expr->args[0]->value.text, &unit) && mu_zone_rises(scope->zone, unit));
}

/* Days that every unit of the kind has. */
static int64_t least_days(mu_unit unit)
{
    return unit >= MU_UNIT_YEAR      ? 365
           : unit == MU_UNIT_QUARTER ? 90
           : unit == MU_UNIT_MONTH   ? 28
           : unit == MU_UNIT_WEEK    ? 7
           : unit == MU_UNIT_DAY     ? 1
                                     : 0;
}

/* Times that follow one another often lie in one unit, and then need no calendar. */
static muster_status trunc_vector(const mu_func_call *call, muster_error *err)
{
    const mu_zone *zone = call->context->zone;
    const int64_t *times = call->args[1].data, *locals;
    const mu_rows reached = {call->rows, call->live};
    int64_t *out = call->data;
    int64_t start = 0, end = 0; /* of the unit last seen, and a time up to which it surely lasts */
    int64_t start_utc = 0;
    mu_unit unit = MU_UNIT_DAY;

    MU_TRY(mu_time_unit(call->expr->args[0]->value.text, &unit, err));
    locals = mu_time_locals(call, 1);
    MU_FOR_EACH_LIVE(row, &reached) {
        const int64_t local = locals[row];
        if (local < start || local >= end) {
            start = mu_time_truncate(local, unit);
            end = start + least_days(unit) * MU_DAY_US;
            start_utc =
                unit < MU_UNIT_DAY ? times[row] - (local - start) : mu_zone_to_utc(zone, start);
            MU_TRY(mu_time_check(start_utc, err));
        }
        out[row] = start_utc;
    }
    return MUSTER_OK;
}

/* Differences. */

/* Units shorter than a day are counted in time that passes: no hour is counted that clocks skip. */
MU_SCALAR(diff_scalar)
{
    mu_unit unit = MU_UNIT_DAY;

    (void)expr;
    MU_TRY(mu_time_unit(args[0].text, &unit, err));
    if (unit >= MU_UNIT_DAY) {
        out->i64 = mu_unit_number(mu_time_local(context, &args[2]), unit) -
                   mu_unit_number(mu_time_local(context, &args[1]), unit);
    } else if (args[1].type.kind == MU_DATE) {
        out->i64 = (args[2].i64 - args[1].i64) * (MU_DAY_US / mu_unit_width(unit));
    } else {
        out->i64 = mu_floor_divide(mu_zone_truncate(context->zone, args[2].i64, unit) -
                                       mu_zone_truncate(context->zone, args[1].i64, unit),
                                   mu_unit_width(unit));
    }
    return MUSTER_OK;
}

/* Months that have passed from one local time to another. */
static int64_t whole_months(int64_t from_us, int64_t to_us)
{
    int64_t months = mu_unit_number(to_us, MU_UNIT_MONTH) - mu_unit_number(from_us, MU_UNIT_MONTH);
    const int64_t reached_us = mu_time_add_months(from_us, (int32_t)months);

    months -= months > 0 && reached_us > to_us;
    months += months < 0 && reached_us < to_us;
    return months;
}

static int64_t months_of(mu_unit unit)
{
    return unit == MU_UNIT_MONTH     ? 1
           : unit == MU_UNIT_QUARTER ? 3
           : unit == MU_UNIT_YEAR    ? 12
           : unit == MU_UNIT_DECADE  ? 120
           : unit == MU_UNIT_CENTURY ? 1200
                                     : 12000;
}

MU_SCALAR(whole_scalar)
{
    mu_unit unit = MU_UNIT_DAY;

    (void)expr;
    MU_TRY(mu_time_unit(args[0].text, &unit, err));
    const int64_t from_us = mu_time_local(context, &args[1]);
    const int64_t to_us = mu_time_local(context, &args[2]);
    if (unit >= MU_UNIT_MONTH) {
        out->i64 = whole_months(from_us, to_us) / months_of(unit);
    } else if (unit >= MU_UNIT_DAY || args[1].type.kind == MU_DATE) {
        out->i64 = (to_us - from_us) / mu_unit_width(unit);
    } else {
        out->i64 = (args[2].i64 - args[1].i64) / mu_unit_width(unit);
    }
    return MUSTER_OK;
}

/* Time_bucket. */

/* Widths in months count from 2000-01-01, others from Monday 2000-01-03, as in DuckDB. */
MU_SCALAR(bucket_scalar)
{
    const int64_t local_us = mu_time_local(context, &args[1]);
    const int64_t origin_us = mu_days_of_civil(2000, 1, 3) * MU_DAY_US;
    const int64_t width_us = args[0].i64, months = args[0].months;

    (void)expr;
    if (width_us < 0 || months < 0 || (months == 0) == (width_us == 0)) {
        return mu_fail(err, MUSTER_INVALID,
                       "time_bucket takes a width that is longer than nothing, in months or in "
                       "days and what is shorter, not both");
    }
    if (months > 0) {
        const int64_t first = mu_unit_number(origin_us, MU_UNIT_MONTH);
        const int64_t since = mu_unit_number(local_us, MU_UNIT_MONTH) - first;
        const int64_t number = first + mu_floor_divide(since, months) * months;
        out->i64 = mu_zone_to_utc(context->zone, mu_unit_start(number, MU_UNIT_MONTH));
        return mu_time_check(out->i64, err);
    }
    const int64_t since_us = local_us - origin_us;
    const int64_t inside_us = since_us - mu_floor_divide(since_us, width_us) * width_us;
    out->i64 = width_us % MU_DAY_US == 0 ? mu_zone_to_utc(context->zone, local_us - inside_us)
                                         : args[1].i64 - inside_us;
    return mu_time_check(out->i64, err);
}

/* Now, and times made of numbers. */

MU_SCALAR(now_scalar)
{
    (void)err;
    (void)args;
    out->i64 = expr->type.kind == MU_DATE
                   ? mu_days_of_us(mu_zone_to_local(context->zone, context->now_us))
                   : context->now_us;
    return MUSTER_OK;
}

bool mu_time_is_now(const mu_func *func)
{
    return func->scalar == now_scalar;
}

static muster_status make_days(const mu_value *args, int64_t *days, muster_error *err)
{
    const int64_t year = args[0].i64, month = args[1].i64, day = args[2].i64;

    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 ||
        day > mu_month_days((int32_t)year, (int32_t)month)) {
        return mu_fail(err, MUSTER_INVALID,
                       "there is no day %" PRId64 " of month %" PRId64 " of year %" PRId64, day,
                       month, year);
    }
    *days = mu_days_of_civil((int32_t)year, (int32_t)month, (int32_t)day);
    return MUSTER_OK;
}

MU_SCALAR(make_date_scalar)
{
    (void)context;
    (void)expr;
    return make_days(args, &out->i64, err);
}

/* make_timestamp(year, month, day, hour, minute, second) */
MU_SCALAR(make_time_scalar)
{
    const int64_t hour = args[3].i64, minute = args[4].i64;
    const double second = args[5].f64;
    int64_t days = 0; /* for gcc, which does not see that a failure returns */

    (void)expr;
    MU_TRY(make_days(args, &days, err));
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || !(second >= 0 && second < 60)) {
        return mu_fail(err, MUSTER_INVALID, "there is no time of day %" PRId64 ":%" PRId64 ":%g",
                       hour, minute, second);
    }
    out->i64 =
        mu_zone_to_utc(context->zone, days * MU_DAY_US + hour * MU_HOUR_US + minute * MU_MINUTE_US +
                                          llround(second * (double)MU_SECOND_US));
    return mu_time_check(out->i64, err);
}

/* make_timestamp(microseconds), epoch_ms(milliseconds) */
MU_SCALAR(from_epoch_scalar)
{
    (void)context;
    if (__builtin_mul_overflow(args[0].i64, expr->func->variant == 0 ? 1 : 1000, &out->i64)) {
        out->i64 = INT64_MAX;
    }
    return mu_time_check(out->i64, err);
}

/* Seconds since 1970 as BIGINT, DECIMAL or DOUBLE. */
MU_SCALAR(epoch_scalar)
{
    const mu_type type = args[0].type;
    double time_us;

    (void)context;
    (void)expr;
    if (type.kind == MU_DOUBLE) {
        time_us = nearbyint(args[0].f64 * (double)MU_SECOND_US);
    } else {
        time_us = (double)args[0].i64 / (double)mu_ten_to[type.scale] * (double)MU_SECOND_US;
    }
    if (!(time_us >= (double)MU_TIME_MIN && time_us <= (double)MU_TIME_MAX)) {
        return mu_fail(err, MUSTER_INVALID, "to_timestamp: that is not in the years 1 to 9999");
    }
    if (type.kind == MU_DOUBLE) {
        out->i64 = (int64_t)time_us;
    } else if (type.scale <= 6) {
        out->i64 = args[0].i64 * mu_ten_to[6 - type.scale];
    } else {
        out->i64 = mu_divide_rounded(args[0].i64, type.scale - 6u);
    }
    return MUSTER_OK;
}

MU_SCALAR(last_day_scalar)
{
    const mu_civil civil = mu_civil_of_days(mu_days_of_us(mu_time_local(context, &args[0])));

    (void)expr;
    (void)err;
    out->i64 = mu_days_of_civil(civil.year, civil.month, mu_month_days(civil.year, civil.month));
    return MUSTER_OK;
}

#define SIMPLE(text, types, gives, function)                                       \
    {                                                                              \
        .name = (text), .params = (types), .result = (gives), .scalar = (function) \
    }
static const mu_func funcs[] = {
    {.name = "date_trunc",
     .params = "ts",
     .result = 's',
     .flags = MU_FUNC_RISES,
     .scalar = trunc_scalar,
     .vector = trunc_vector,
     .has_vector = has_constant_unit,
     .rises = trunc_rises},
    {.name = "datetrunc",
     .params = "ts",
     .result = 's',
     .flags = MU_FUNC_RISES,
     .scalar = trunc_scalar,
     .vector = trunc_vector,
     .has_vector = has_constant_unit,
     .rises = trunc_rises},
    SIMPLE("date_diff", "tss", 'i', diff_scalar),
    SIMPLE("date_diff", "tdd", 'i', diff_scalar),
    SIMPLE("datediff", "tss", 'i', diff_scalar),
    SIMPLE("datediff", "tdd", 'i', diff_scalar),
    SIMPLE("date_sub", "tss", 'i', whole_scalar),
    SIMPLE("date_sub", "tdd", 'i', whole_scalar),
    SIMPLE("datesub", "tss", 'i', whole_scalar),
    SIMPLE("datesub", "tdd", 'i', whole_scalar),
    {.name = "time_bucket",
     .params = "vs",
     .result = 's',
     .flags = MU_FUNC_MONTHS,
     .scalar = bucket_scalar},
    SIMPLE("now", "", 's', now_scalar),
    SIMPLE("current_timestamp", "", 's', now_scalar),
    SIMPLE("today", "", 'd', now_scalar),
    SIMPLE("current_date", "", 'd', now_scalar),
    SIMPLE("make_date", "iii", 'd', make_date_scalar),
    SIMPLE("to_timestamp", "i", 's', epoch_scalar),
    SIMPLE("to_timestamp", "n", 's', epoch_scalar),
    SIMPLE("to_timestamp", "f", 's', epoch_scalar),
    SIMPLE("make_timestamp", "iiiiif", 's', make_time_scalar),
    {.name = "make_timestamp", .params = "i", .result = 's', .scalar = from_epoch_scalar},
    {.name = "epoch_ms", .params = "i", .result = 's', .variant = 1, .scalar = from_epoch_scalar},
    SIMPLE("last_day", "s", 'd', last_day_scalar),
    SIMPLE("last_day", "d", 'd', last_day_scalar),
};

const mu_func_family mu_func_time = {funcs, MU_COUNT(funcs)};
