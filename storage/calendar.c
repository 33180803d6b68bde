/*
 * calendar.c - days to year, month, day and back.
 *
 * A year is taken to begin on the first of March, so that the leap day is its last; 400 such years,
 * an era, always have 146,097 days. All divisions round down, so that times before 1970, and years
 * before 1, need no cases of their own. Results that no int64_t holds stop at its ends, where the
 * caller's check against MU_TIME_MIN and MU_TIME_MAX finds them.
 */
#include "storage/calendar.h"

#include <assert.h>

enum {
    ERA_YEARS = 400,
    ERA_DAYS = 146097,
    EPOCH_DAYS = 719468, /* from 0000-03-01 to 1970-01-01 */
    WEEK_SHIFT = 3,      /* from Monday 1969-12-29 to Thursday 1970-01-01 */
};

static int64_t floor_div(int64_t a, int64_t b)
{
    assert(b > 0);
    return a / b - (a % b < 0);
}

static int64_t saturated_mul(int64_t a, int64_t b)
{
    int64_t product;

    if (__builtin_mul_overflow(a, b, &product)) {
        return (a < 0) == (b < 0) ? INT64_MAX : INT64_MIN;
    }
    return product;
}

static int64_t saturated_add(int64_t a, int64_t b)
{
    int64_t sum;

    if (__builtin_add_overflow(a, b, &sum)) {
        return a < 0 ? INT64_MIN : INT64_MAX;
    }
    return sum;
}

/* As mu_days_of_civil(), for years beyond an int32_t; `month` counts from 0 and is below 12. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    assert(month >= 0 && month < 12);
    year -= month < 2;
    const int64_t era = floor_div(year, ERA_YEARS);
    const int64_t year_of_era = year - era * ERA_YEARS;
    const int64_t day_of_year = (153 * (month >= 2 ? month - 2 : month + 10) + 2) / 5 + day - 1;
    const int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * ERA_DAYS + day_of_era - EPOCH_DAYS;
}

int64_t mu_days_of_civil(int32_t year, int32_t month, int32_t day)
{
    assert(month >= 1 && month <= 12);
    assert(day >= 1 && day <= 31);
    return days_of(year, month - 1, day);
}

mu_civil mu_civil_of_days(int64_t days)
{
    const int64_t shifted = days + EPOCH_DAYS;
    const int64_t era = floor_div(shifted, ERA_DAYS);
    const int64_t day_of_era = shifted - era * ERA_DAYS;
    const int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / (ERA_DAYS - 1)) / 365;
    const int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t month = (5 * day_of_year + 2) / 153; /* 0 is March */
    const int64_t day = day_of_year - (153 * month + 2) / 5 + 1;

    assert(month >= 0 && month < 12);
    assert(day >= 1 && day <= 31);
    return (mu_civil){
        .year = (int32_t)(era * ERA_YEARS + year_of_era + (month >= 10)),
        .month = (int32_t)(month < 10 ? month + 3 : month - 9),
        .day = (int32_t)day,
    };
}

int32_t mu_month_days(int32_t year, int32_t month)
{
    static const int8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    assert(month >= 1 && month <= 12);
    const int leap = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return lengths[month - 1] + leap;
}

int64_t mu_days_of_us(int64_t time_us)
{
    return floor_div(time_us, MU_DAY_US);
}

static int64_t months_of_days(int64_t days)
{
    const mu_civil date = mu_civil_of_days(days);

    return (int64_t)(date.year - 1970) * 12 + date.month - 1;
}

static int64_t us_of_months(int64_t months)
{
    /* Past this no int64_t of microseconds can be reached, and the arithmetic of days is safe. */
    const int64_t limit = INT64_C(1) << 32;
    if (months > limit || months < -limit) {
        return months < 0 ? INT64_MIN : INT64_MAX;
    }
    const int64_t years = floor_div(months, 12);
    return saturated_mul(days_of(1970 + years, months - years * 12, 1), MU_DAY_US);
}

/* The start of the year that is `first` years into a run of so many. */
static int64_t us_of_year(int64_t number, int64_t years, int64_t first)
{
    const int64_t year = saturated_add(saturated_mul(number, years), first - 1970);

    return us_of_months(saturated_mul(year, 12));
}

int64_t mu_unit_width(mu_unit unit)
{
    switch (unit) {
    case MU_UNIT_MICROSECOND:
        return 1;
    case MU_UNIT_MILLISECOND:
        return 1000;
    case MU_UNIT_SECOND:
        return MU_SECOND_US;
    case MU_UNIT_MINUTE:
        return MU_MINUTE_US;
    case MU_UNIT_HOUR:
        return MU_HOUR_US;
    case MU_UNIT_DAY:
        return MU_DAY_US;
    case MU_UNIT_WEEK:
        return 7 * MU_DAY_US;
    case MU_UNIT_MONTH:
    case MU_UNIT_QUARTER:
    case MU_UNIT_YEAR:
    case MU_UNIT_DECADE:
    case MU_UNIT_CENTURY:
    case MU_UNIT_MILLENNIUM:
        break; /* of no fixed width */
    }
    return 0;
}

int64_t mu_unit_number(int64_t time_us, mu_unit unit)
{
    assert(unit >= MU_UNIT_DAY && unit <= MU_UNIT_MILLENNIUM);
    const int64_t days = mu_days_of_us(time_us);
    switch (unit) {
    case MU_UNIT_MONTH:
        return months_of_days(days);
    case MU_UNIT_QUARTER:
        return floor_div(months_of_days(days), 3);
    case MU_UNIT_YEAR:
        return floor_div(months_of_days(days), 12);
    case MU_UNIT_DECADE:
        return floor_div(mu_civil_of_days(days).year, 10);
    case MU_UNIT_CENTURY:
        return floor_div(mu_civil_of_days(days).year - 1, 100);
    case MU_UNIT_MILLENNIUM:
        return floor_div(mu_civil_of_days(days).year - 1, 1000);
    case MU_UNIT_WEEK:
        return floor_div(days + WEEK_SHIFT, 7);
    case MU_UNIT_MICROSECOND:
    case MU_UNIT_MILLISECOND:
    case MU_UNIT_SECOND:
    case MU_UNIT_MINUTE:
    case MU_UNIT_HOUR:
    case MU_UNIT_DAY:
        break;
    }
    return days;
}

int64_t mu_unit_start(int64_t number, mu_unit unit)
{
    assert(unit >= MU_UNIT_DAY && unit <= MU_UNIT_MILLENNIUM);
    switch (unit) {
    case MU_UNIT_MONTH:
        return us_of_months(number);
    case MU_UNIT_QUARTER:
        return us_of_months(saturated_mul(number, 3));
    case MU_UNIT_YEAR:
        return us_of_months(saturated_mul(number, 12));
    case MU_UNIT_DECADE:
        return us_of_year(number, 10, 0);
    case MU_UNIT_CENTURY:
        return us_of_year(number, 100, 1);
    case MU_UNIT_MILLENNIUM:
        return us_of_year(number, 1000, 1);
    case MU_UNIT_WEEK:
        return saturated_mul(saturated_add(saturated_mul(number, 7), -WEEK_SHIFT), MU_DAY_US);
    case MU_UNIT_MICROSECOND:
    case MU_UNIT_MILLISECOND:
    case MU_UNIT_SECOND:
    case MU_UNIT_MINUTE:
    case MU_UNIT_HOUR:
    case MU_UNIT_DAY:
        break;
    }
    return saturated_mul(number, MU_DAY_US);
}

int64_t mu_time_truncate(int64_t time_us, mu_unit unit)
{
    if (unit >= MU_UNIT_DAY) {
        return mu_unit_start(mu_unit_number(time_us, unit), unit);
    }
    const int64_t width = mu_unit_width(unit);
    return saturated_mul(floor_div(time_us, width), width);
}

int64_t mu_time_add_months(int64_t time_us, int32_t months)
{
    const int64_t days = mu_days_of_us(time_us);
    const int64_t time_of_day = time_us - days * MU_DAY_US;
    const mu_civil date = mu_civil_of_days(days);
    const int64_t count = (int64_t)(date.year - 1970) * 12 + date.month - 1 + months;
    const int64_t years = floor_div(count, 12);
    const int32_t month = (int32_t)(count - years * 12);
    const int32_t length = mu_month_days((int32_t)(1970 + years), month + 1);
    const int64_t day = date.day < length ? date.day : length;

    assert(time_of_day >= 0 && time_of_day < MU_DAY_US);
    return saturated_add(saturated_mul(days_of(1970 + years, month, day), MU_DAY_US), time_of_day);
}
