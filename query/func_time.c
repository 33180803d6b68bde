/*
 * func_time.c - functions of dates and timestamps.
 *
 * All in UTC; weeks begin on Monday and are numbered as ISO 8601 does. date_trunc gives a
 * timestamp. date_diff counts the borders of the unit that lie between its two times: from 23:59 to
 * 00:01 it is one day. Parts of a time are whole numbers (BIGINT).
 */
#include "query/func.h"
#include "storage/value.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define SCALAR(name)                                                                               \
    static muster_status name(mu_func_context *context, const mu_expr *expr, const mu_value *args, \
                              mu_value *out, muster_error *err)

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
};

/* `name`, or `name` with an "s", in any case. */
static bool is_word(mu_text text, const char *name)
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
        if (is_word(text, units[i].name)) {
            *out = units[i].unit;
            return true;
        }
    }
    return false;
}

static muster_status read_unit(mu_text text, mu_unit *out, muster_error *err)
{
    if (mu_unit_parse(text, out)) {
        return MUSTER_OK;
    }
    return mu_fail(err, MUSTER_INVALID,
                   "no unit of time \"%.*s\"; there are second, minute, hour, day, week, month, "
                   "quarter and year",
                   (int)text.size, text.data);
}

/* Date_trunc. */

SCALAR(trunc_scalar)
{
    mu_unit unit = MU_UNIT_DAY;

    (void)context;
    (void)expr;
    MU_TRY(read_unit(args[0].text, &unit, err));
    out->i64 = mu_time_truncate(args[1].i64, unit);
    return MUSTER_OK;
}

static bool has_constant_unit(const mu_expr *expr)
{
    return expr->args[0]->kind == MU_EXPR_CONST;
}

/* Times that follow one another often lie in one unit, and then need no calendar. */
static muster_status trunc_vector(const mu_func_call *call, muster_error *err)
{
    const int64_t *times = call->args[1].data;
    const mu_rows reached = {call->rows, call->live};
    int64_t *out = call->data;
    int64_t start = 0, end = 0; /* of the unit last seen, and a time up to which it surely lasts */
    mu_unit unit = MU_UNIT_DAY;

    MU_TRY(read_unit(call->expr->args[0]->value.text, &unit, err));
    const int64_t days = unit == MU_UNIT_YEAR      ? 365
                         : unit == MU_UNIT_QUARTER ? 90
                         : unit == MU_UNIT_MONTH   ? 28
                         : unit == MU_UNIT_WEEK    ? 7
                         : unit == MU_UNIT_DAY     ? 1
                                                   : 0;
    MU_FOR_EACH_LIVE(row, &reached) {
        if (times[row] < start || times[row] >= end) {
            start = mu_time_truncate(times[row], unit);
            end = start + days * MU_DAY_US;
        }
        out[row] = start;
    }
    return MUSTER_OK;
}

/* Parts. */

typedef enum time_part {
    YEAR,
    QUARTER,
    MONTH,
    WEEK,
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    MILLISECOND,
    MICROSECOND,
    DAY_OF_WEEK,
    ISO_DAY_OF_WEEK,
    DAY_OF_YEAR,
    ISO_YEAR,
    EPOCH,
} time_part;

static const struct {
    const char *name;
    time_part part;
} parts[] = {
    {"year", YEAR},
    {"quarter", QUARTER},
    {"month", MONTH},
    {"week", WEEK},
    {"day", DAY},
    {"hour", HOUR},
    {"minute", MINUTE},
    {"second", SECOND},
    {"millisecond", MILLISECOND},
    {"microsecond", MICROSECOND},
    {"dow", DAY_OF_WEEK},
    {"dayofweek", DAY_OF_WEEK},
    {"isodow", ISO_DAY_OF_WEEK},
    {"doy", DAY_OF_YEAR},
    {"dayofyear", DAY_OF_YEAR},
    {"isoyear", ISO_YEAR},
    {"epoch", EPOCH},
};

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* 1970-01-01 was a Thursday. Monday is 1. */
static int64_t iso_weekday(int64_t days)
{
    const int64_t since_monday = (days + 3) % 7;

    return (since_monday < 0 ? since_monday + 7 : since_monday) + 1;
}

/* The Thursday of a day's week lies in the year the week belongs to. */
static int64_t week_thursday(int64_t days)
{
    return days - iso_weekday(days) + 4;
}

static int64_t day_of_year(int64_t days)
{
    return days - mu_days_of_civil(mu_civil_of_days(days).year, 1, 1) + 1;
}

static int64_t date_part(int64_t days, time_part part)
{
    switch (part) {
    case YEAR:
        return mu_civil_of_days(days).year;
    case QUARTER:
        return (mu_civil_of_days(days).month + 2) / 3;
    case MONTH:
        return mu_civil_of_days(days).month;
    case WEEK:
        return (day_of_year(week_thursday(days)) + 6) / 7;
    case DAY:
        return mu_civil_of_days(days).day;
    case DAY_OF_WEEK:
        return iso_weekday(days) % 7;
    case ISO_DAY_OF_WEEK:
        return iso_weekday(days);
    case DAY_OF_YEAR:
        return day_of_year(days);
    case ISO_YEAR:
        return mu_civil_of_days(week_thursday(days)).year;
    case HOUR:
    case MINUTE:
    case SECOND:
    case MILLISECOND:
    case MICROSECOND:
    case EPOCH:
        break; /* of the day, which has nothing to say about its parts */
    }
    return 0;
}

static int64_t part_of(int64_t time_us, time_part part)
{
    const int64_t days = mu_days_of_us(time_us);
    const int64_t in_day = time_us - days * MU_DAY_US;

    switch (part) {
    case HOUR:
        return in_day / MU_HOUR_US;
    case MINUTE:
        return in_day / MU_MINUTE_US % 60;
    case SECOND:
        return in_day / MU_SECOND_US % 60;
    case MILLISECOND:
        return in_day % MU_MINUTE_US / 1000;
    case MICROSECOND:
        return in_day % MU_MINUTE_US;
    case EPOCH:
        return floor_divide(time_us, MU_SECOND_US);
    case YEAR:
    case QUARTER:
    case MONTH:
    case WEEK:
    case DAY:
    case DAY_OF_WEEK:
    case ISO_DAY_OF_WEEK:
    case DAY_OF_YEAR:
    case ISO_YEAR:
        break;
    }
    return date_part(days, part);
}

static muster_status read_part(mu_text text, time_part *out, muster_error *err)
{
    for (size_t i = 0; i < MU_COUNT(parts); i++) {
        if (is_word(text, parts[i].name)) {
            *out = parts[i].part;
            return MUSTER_OK;
        }
    }
    return mu_fail(err, MUSTER_INVALID,
                   "a time has no part \"%.*s\"; there are year, quarter, "
                   "month, week, day, dow, doy, hour, minute, second and epoch",
                   (int)text.size, text.data);
}

/* date_part('month', ts) */
SCALAR(part_scalar)
{
    time_part part;

    (void)context;
    (void)expr;
    MU_TRY(read_part(args[0].text, &part, err));
    out->i64 = part_of(args[1].i64, part);
    return MUSTER_OK;
}

/* The parts of an interval, as if it were a time of day with as many days as it takes. */
SCALAR(interval_part_scalar)
{
    const int64_t span = args[1].i64;
    time_part part;

    (void)context;
    (void)expr;
    MU_TRY(read_part(args[0].text, &part, err));
    if (part == DAY) {
        out->i64 = span / MU_DAY_US;
    } else if (part == EPOCH) {
        out->i64 = span / MU_SECOND_US;
    } else if (part >= HOUR && part <= MICROSECOND) {
        const int64_t rest = span % MU_DAY_US; /* its sign is the interval's */
        out->i64 = rest < 0 ? -part_of(-rest, part) : part_of(rest, part);
    } else {
        return mu_fail(err, MUSTER_INVALID,
                       "an interval has no part \"%.*s\"; there are day, "
                       "hour, minute, second and epoch",
                       (int)args[0].text.size, args[0].text.data);
    }
    return MUSTER_OK;
}

/* month(ts) */
SCALAR(named_part_scalar)
{
    (void)context;
    (void)err;
    out->i64 = part_of(args[0].i64, (time_part)expr->func->variant);
    return MUSTER_OK;
}

static void part_loop(const mu_func_call *call, const int64_t *times, time_part part)
{
    const mu_rows reached = {call->rows, call->live};
    int64_t *out = call->data;

    MU_FOR_EACH_LIVE(row, &reached) {
        out[row] = part_of(times[row], part);
    }
}

static muster_status part_vector(const mu_func_call *call, muster_error *err)
{
    time_part part;

    MU_TRY(read_part(call->expr->args[0]->value.text, &part, err));
    part_loop(call, call->args[1].data, part);
    return MUSTER_OK;
}

static muster_status named_part_vector(const mu_func_call *call, muster_error *err)
{
    (void)err;
    part_loop(call, call->args[0].data, (time_part)call->expr->func->variant);
    return MUSTER_OK;
}

/* Differences, and times made of numbers. */

static int64_t unit_number(int64_t time_us, mu_unit unit)
{
    switch (unit) {
    case MU_UNIT_MICROSECOND:
        return time_us;
    case MU_UNIT_MILLISECOND:
        return floor_divide(time_us, 1000);
    case MU_UNIT_SECOND:
        return floor_divide(time_us, MU_SECOND_US);
    case MU_UNIT_MINUTE:
        return floor_divide(time_us, MU_MINUTE_US);
    case MU_UNIT_HOUR:
        return floor_divide(time_us, MU_HOUR_US);
    case MU_UNIT_DAY:
    case MU_UNIT_WEEK:
    case MU_UNIT_MONTH:
    case MU_UNIT_QUARTER:
    case MU_UNIT_YEAR:
        break;
    }
    return mu_unit_number(time_us, unit);
}

SCALAR(diff_scalar)
{
    mu_unit unit = MU_UNIT_DAY;

    (void)context;
    (void)expr;
    MU_TRY(read_unit(args[0].text, &unit, err));
    out->i64 = unit_number(args[2].i64, unit) - unit_number(args[1].i64, unit);
    return MUSTER_OK;
}

SCALAR(now_scalar)
{
    (void)err;
    (void)args;
    out->i64 = expr->type.kind == MU_DATE ? mu_days_of_us(context->now_us) : context->now_us;
    return MUSTER_OK;
}

SCALAR(make_date_scalar)
{
    const int64_t year = args[0].i64, month = args[1].i64, day = args[2].i64;

    (void)context;
    (void)expr;
    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 ||
        day > mu_month_days((int32_t)year, (int32_t)month)) {
        return mu_fail(err, MUSTER_INVALID,
                       "there is no day %" PRId64 " of month %" PRId64 " of year %" PRId64, day,
                       month, year);
    }
    out->i64 = mu_days_of_civil((int32_t)year, (int32_t)month, (int32_t)day);
    return MUSTER_OK;
}

/* Seconds since 1970 as BIGINT, DECIMAL or DOUBLE. */
SCALAR(epoch_scalar)
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

SCALAR(last_day_scalar)
{
    const mu_civil civil = mu_civil_of_days(mu_days_of_us(args[0].i64));

    (void)context;
    (void)expr;
    (void)err;
    out->i64 = mu_days_of_civil(civil.year, civil.month, mu_month_days(civil.year, civil.month));
    return MUSTER_OK;
}

#define SIMPLE(text, types, gives, function)                                       \
    {                                                                              \
        .name = (text), .params = (types), .result = (gives), .scalar = (function) \
    }
#define PART(text, which)                                                 \
    {                                                                     \
        .name = (text), .params = "s", .result = 'i', .variant = (which), \
        .scalar = named_part_scalar, .vector = named_part_vector          \
    }
#define EXTRACT(text)                                                         \
    {                                                                         \
        .name = (text), .params = "ts", .result = 'i', .scalar = part_scalar, \
        .vector = part_vector, .has_vector = has_constant_unit                \
    }

static const mu_func funcs[] = {
    {.name = "date_trunc",
     .params = "ts",
     .result = 's',
     .flags = MU_FUNC_RISES,
     .scalar = trunc_scalar,
     .vector = trunc_vector,
     .has_vector = has_constant_unit},
    EXTRACT("date_part"),
    EXTRACT("extract"),
    SIMPLE("date_part", "tv", 'i', interval_part_scalar),
    SIMPLE("extract", "tv", 'i', interval_part_scalar),
    PART("year", YEAR),
    PART("quarter", QUARTER),
    PART("month", MONTH),
    PART("week", WEEK),
    PART("day", DAY),
    PART("hour", HOUR),
    PART("minute", MINUTE),
    PART("second", SECOND),
    PART("dayofweek", DAY_OF_WEEK),
    PART("isodow", ISO_DAY_OF_WEEK),
    PART("dayofyear", DAY_OF_YEAR),
    PART("epoch", EPOCH),
    SIMPLE("date_diff", "tss", 'i', diff_scalar),
    SIMPLE("datediff", "tss", 'i', diff_scalar),
    SIMPLE("now", "", 's', now_scalar),
    SIMPLE("current_timestamp", "", 's', now_scalar),
    SIMPLE("today", "", 'd', now_scalar),
    SIMPLE("current_date", "", 'd', now_scalar),
    SIMPLE("make_date", "iii", 'd', make_date_scalar),
    SIMPLE("to_timestamp", "i", 's', epoch_scalar),
    SIMPLE("to_timestamp", "n", 's', epoch_scalar),
    SIMPLE("to_timestamp", "f", 's', epoch_scalar),
    SIMPLE("last_day", "s", 'd', last_day_scalar),
};

const mu_func_family mu_func_time = {funcs, MU_COUNT(funcs)};
