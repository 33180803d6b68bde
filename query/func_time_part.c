/*
 * func_time_part.c - the parts of a time: its year, its weekday, its second.
 *
 * Weeks begin on Monday and are numbered as ISO 8601 does. Parts are whole numbers, but for those
 * that have a fraction, which are exact DECIMALs: of seconds and epoch six digits, of milliseconds
 * three. A part whose name is not constant is a DECIMAL(18,6).
 */
#include "query/func_time.h"
#include "storage/value.h"

#include <string.h>

typedef enum time_part {
    MILLENNIUM,
    CENTURY,
    DECADE,
    YEAR,
    QUARTER,
    MONTH,
    WEEK,
    DAY,
    DAY_OF_WEEK,
    ISO_DAY_OF_WEEK,
    DAY_OF_YEAR,
    ISO_YEAR,
    HOUR,
    MINUTE,
    SECOND,
    MILLISECOND,
    MICROSECOND,
    EPOCH,
    OFFSET,
} time_part;

static const struct {
    const char *name;
    time_part part;
} parts[] = {
    {"millennium", MILLENNIUM},
    {"century", CENTURY},
    {"decade", DECADE},
    {"year", YEAR},
    {"quarter", QUARTER},
    {"month", MONTH},
    {"week", WEEK},
    {"weekofyear", WEEK},
    {"day", DAY},
    {"dayofmonth", DAY},
    {"hour", HOUR},
    {"minute", MINUTE},
    {"second", SECOND},
    {"millisecond", MILLISECOND},
    {"microsecond", MICROSECOND},
    {"dow", DAY_OF_WEEK},
    {"dayofweek", DAY_OF_WEEK},
    {"weekday", DAY_OF_WEEK},
    {"isodow", ISO_DAY_OF_WEEK},
    {"doy", DAY_OF_YEAR},
    {"dayofyear", DAY_OF_YEAR},
    {"isoyear", ISO_YEAR},
    {"epoch", EPOCH},
    {"timezone", OFFSET},
};

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
    case MILLENNIUM:
        return (mu_civil_of_days(days).year + 999) / 1000;
    case CENTURY:
        return (mu_civil_of_days(days).year + 99) / 100;
    case DECADE:
        return mu_civil_of_days(days).year / 10;
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
    case OFFSET:
        break; /* of the day, which has nothing to say about its parts */
    }
    return 0;
}

/* Of a local time. SECOND, MILLISECOND and MICROSECOND are all microseconds of the minute: they
 * have more or fewer of them behind the point. */
static int64_t part_of(int64_t local_us, time_part part)
{
    const int64_t days = mu_days_of_us(local_us);
    const int64_t in_day = local_us - days * MU_DAY_US;

    if (part == HOUR) {
        return in_day / MU_HOUR_US;
    }
    if (part == MINUTE) {
        return in_day / MU_MINUTE_US % 60;
    }
    return part < HOUR ? date_part(days, part) : in_day % MU_MINUTE_US;
}

/* Of a time in UTC, which local times have lost. */
static int64_t part_of_utc(const mu_zone *zone, int64_t time_us, time_part part)
{
    return part == EPOCH ? time_us : mu_zone_span_at(zone, time_us).offset_us / MU_SECOND_US;
}

static bool is_of_utc(time_part part)
{
    return part == EPOCH || part == OFFSET;
}

/* Digits behind the point that are in what part_of() gives. */
static unsigned scale_of(time_part part)
{
    return part == SECOND || part == EPOCH ? 6 : part == MILLISECOND ? 3 : 0;
}

static muster_status read_part(mu_text text, time_part *out, muster_error *err)
{
    for (size_t i = 0; i < MU_COUNT(parts); i++) {
        if (mu_time_word(text, parts[i].name)) {
            *out = parts[i].part;
            return MUSTER_OK;
        }
    }
    return mu_fail(err, MUSTER_INVALID,
                   "a time has no part \"%.*s\"; there are year, quarter, "
                   "month, week, day, dow, doy, hour, minute, second and epoch",
                   MU_SHOWN(text));
}

/* The type is that of the part, if it is known by now. */
static muster_status bind_part(const mu_scope *scope, const mu_func *func, const mu_expr **args,
                               uint32_t arg_count, int32_t offset, mu_type *result,
                               muster_error *err)
{
    unsigned scale = 6;

    (void)scope;
    (void)func;
    (void)arg_count;
    (void)offset;
    if (args[0]->kind == MU_EXPR_CONST && !args[0]->value.null) {
        time_part part = YEAR;
        const muster_status status = read_part(args[0]->value.text, &part, err);
        if (status != MUSTER_OK) {
            if (err) {
                err->offset = args[0]->offset;
            }
            return status;
        }
        scale = scale_of(part);
    }
    *result = scale > 0 ? mu_type_decimal(18, scale) : mu_type_of_letter('i');
    return MUSTER_OK;
}

/* What part_of() gives, times this, is a value of the call's type. */
static int64_t factor_of(const mu_expr *expr, time_part part)
{
    const unsigned scale = expr->type.kind == MU_DECIMAL ? expr->type.scale : 0;

    return mu_ten_to[scale - scale_of(part)];
}

static int64_t scaled(const mu_expr *expr, time_part part, int64_t value)
{
    return value * factor_of(expr, part);
}

/* date_part('month', ts) */
MU_SCALAR(part_scalar)
{
    const mu_value *time = &args[1];
    time_part part = YEAR;

    MU_TRY(read_part(args[0].text, &part, err));
    if (!is_of_utc(part)) {
        out->i64 = scaled(expr, part, part_of(mu_time_local(context, time), part));
    } else if (time->type.kind == MU_DATE) { /* as if days were those of UTC */
        out->i64 = part == EPOCH ? scaled(expr, part, time->i64 * MU_DAY_US) : 0;
    } else {
        out->i64 = scaled(expr, part, part_of_utc(context->zone, time->i64, part));
    }
    return MUSTER_OK;
}

/* The parts of an interval, as if it were a time of day with as many days as it takes. */
MU_SCALAR(interval_part_scalar)
{
    const int64_t span = args[1].i64;
    time_part part = YEAR;

    (void)context;
    MU_TRY(read_part(args[0].text, &part, err));
    if (part == DAY) {
        out->i64 = scaled(expr, part, span / MU_DAY_US);
    } else if (part == EPOCH) {
        out->i64 = scaled(expr, part, span);
    } else if (part >= HOUR && part <= MICROSECOND) {
        const int64_t rest = span % MU_DAY_US; /* its sign is the interval's */
        const int64_t value = rest < 0 ? -part_of(-rest, part) : part_of(rest, part);
        out->i64 = scaled(expr, part, value);
    } else {
        return mu_fail(err, MUSTER_INVALID,
                       "an interval has no part \"%.*s\"; there are day, "
                       "hour, minute, second and epoch",
                       MU_SHOWN(args[0].text));
    }
    return MUSTER_OK;
}

/* second(ts) is whole. */
static int64_t whole_part(int64_t value, time_part part)
{
    return scale_of(part) == 0 ? value : mu_floor_divide(value, mu_ten_to[scale_of(part)]);
}

/* month(ts) */
MU_SCALAR(named_part_scalar)
{
    const time_part part = (time_part)expr->func->variant;

    (void)err;
    out->i64 = whole_part(part_of(mu_time_local(context, &args[0]), part), part);
    return MUSTER_OK;
}

static muster_status part_vector(const mu_func_call *call, muster_error *err)
{
    const mu_rows reached = {call->rows, call->live};
    const int64_t *times = call->args[1].data;
    int64_t *out = call->data;
    time_part part = YEAR;

    MU_TRY(read_part(call->expr->args[0]->value.text, &part, err));
    const int64_t factor = factor_of(call->expr, part);
    if (is_of_utc(part)) {
        MU_FOR_EACH_LIVE(row, &reached) {
            out[row] = factor * part_of_utc(call->context->zone, times[row], part);
        }
        return MUSTER_OK;
    }
    times = mu_time_locals(call, 1);
    MU_FOR_EACH_LIVE(row, &reached) {
        out[row] = factor * part_of(times[row], part);
    }
    return MUSTER_OK;
}

static muster_status named_part_vector(const mu_func_call *call, muster_error *err)
{
    const time_part part = (time_part)call->expr->func->variant;
    const mu_rows reached = {call->rows, call->live};
    const int64_t *times = mu_time_locals(call, 0);
    int64_t *out = call->data;

    (void)err;
    MU_FOR_EACH_LIVE(row, &reached) {
        out[row] = whole_part(part_of(times[row], part), part);
    }
    return MUSTER_OK;
}

static bool is_vector(const mu_expr *expr)
{
    return expr->args[0]->kind == MU_EXPR_CONST && expr->args[1]->type.kind == MU_TIMESTAMP;
}

/* epoch(ts), epoch_ms(ts), epoch_us(ts): since 1970, whole; of an interval, how long it is. */
MU_SCALAR(units_scalar)
{
    static const int64_t units[] = {MU_SECOND_US, 1000, 1};

    (void)context;
    (void)err;
    out->i64 = mu_floor_divide(args[0].i64, units[expr->func->variant]);
    return MUSTER_OK;
}

static muster_status units_vector(const mu_func_call *call, muster_error *err)
{
    const mu_rows reached = {call->rows, call->live};
    const int64_t *times = call->args[0].data;
    int64_t *out = call->data;

    MU_FOR_EACH_LIVE(row, &reached) {
        const mu_value time = {.i64 = times[row]};
        mu_value value;
        MU_TRY(units_scalar(call->context, call->expr, &time, &value, err));
        out[row] = value.i64;
    }
    return MUSTER_OK;
}

#define NAMED(text, types, which)                                             \
    {                                                                         \
        .name = (text), .params = (types), .result = 'i', .variant = (which), \
        .scalar = named_part_scalar, .vector = named_part_vector              \
    }
#define PART(text, which) NAMED(text, "s", which), NAMED(text, "d", which)
#define EXTRACT(text, types)                                                  \
    {                                                                         \
        .name = (text), .params = (types), .result = ' ', .bind = bind_part,  \
        .scalar = part_scalar, .vector = part_vector, .has_vector = is_vector \
    }
#define OF_INTERVAL(text)                                                 \
    {                                                                     \
        .name = (text), .params = "tv", .result = ' ', .bind = bind_part, \
        .make = mu_interval_part, .scalar = interval_part_scalar          \
    }
#define UNITS(text, types, which)                                             \
    {                                                                         \
        .name = (text), .params = (types), .result = 'i', .variant = (which), \
        .scalar = units_scalar, .vector = units_vector                        \
    }
#define SINCE_EPOCH(text, which) UNITS(text, "s", which), UNITS(text, "v", which)

static const mu_func funcs[] = {
    EXTRACT("date_part", "ts"),
    EXTRACT("date_part", "td"),
    OF_INTERVAL("date_part"),
    EXTRACT("extract", "ts"),
    EXTRACT("extract", "td"),
    OF_INTERVAL("extract"),
    EXTRACT("datepart", "ts"),
    EXTRACT("datepart", "td"),
    OF_INTERVAL("datepart"),
    PART("millennium", MILLENNIUM),
    PART("century", CENTURY),
    PART("decade", DECADE),
    PART("year", YEAR),
    PART("isoyear", ISO_YEAR),
    PART("quarter", QUARTER),
    PART("month", MONTH),
    PART("week", WEEK),
    PART("weekofyear", WEEK),
    PART("day", DAY),
    PART("dayofmonth", DAY),
    PART("hour", HOUR),
    PART("minute", MINUTE),
    PART("second", SECOND),
    PART("millisecond", MILLISECOND),
    PART("microsecond", MICROSECOND),
    PART("dayofweek", DAY_OF_WEEK),
    PART("weekday", DAY_OF_WEEK),
    PART("isodow", ISO_DAY_OF_WEEK),
    PART("dayofyear", DAY_OF_YEAR),
    SINCE_EPOCH("epoch", 0),
    SINCE_EPOCH("epoch_ms", 1),
    SINCE_EPOCH("epoch_us", 2),
};

const mu_func_family mu_func_time_part = {funcs, MU_COUNT(funcs)};
