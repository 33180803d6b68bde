/*
 * calendar.h - the proleptic Gregorian calendar over days and microseconds, before 1970 too.
 *
 * On a clock without zones (zone.h has those); weeks begin on Monday. Source of the day
 * arithmetic: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
 */
#ifndef MU_CALENDAR_H
#define MU_CALENDAR_H

#include <stdint.h>

#define MU_SECOND_US INT64_C(1000000)
#define MU_MINUTE_US (60 * MU_SECOND_US)
#define MU_HOUR_US (60 * MU_MINUTE_US)
#define MU_DAY_US (24 * MU_HOUR_US)

/* Timestamps and dates that are accepted: years 1 to 9999. */
#define MU_TIME_MIN (INT64_C(-719162) * MU_DAY_US)
#define MU_TIME_MAX (INT64_C(2932897) * MU_DAY_US - 1)

typedef enum mu_unit {
    MU_UNIT_MICROSECOND,
    MU_UNIT_MILLISECOND,
    MU_UNIT_SECOND,
    MU_UNIT_MINUTE,
    MU_UNIT_HOUR,
    MU_UNIT_DAY,
    MU_UNIT_WEEK,
    MU_UNIT_MONTH,
    MU_UNIT_QUARTER,
    MU_UNIT_YEAR,
    MU_UNIT_DECADE,     /* 2020 to 2029 */
    MU_UNIT_CENTURY,    /* 2001 to 2100 */
    MU_UNIT_MILLENNIUM, /* 2001 to 3000 */
} mu_unit;

typedef struct mu_civil {
    int32_t year;
    int32_t month; /* 1 to 12 */
    int32_t day;   /* 1 to 31 */
} mu_civil;

mu_civil mu_civil_of_days(int64_t days);
int64_t mu_days_of_civil(int32_t year, int32_t month, int32_t day);
int32_t mu_month_days(int32_t year, int32_t month);
int64_t mu_days_of_us(int64_t time_us); /* floor */

/* The start of the unit that the time lies in. */
int64_t mu_time_truncate(int64_t time_us, mu_unit unit);

/* Units counted from a fixed origin, so that consecutive units have consecutive numbers: months
 * since 1970-01, weeks since Monday 1969-12-29, days since 1970-01-01 ...; and the start of unit
 * number n. DAY and longer. */
int64_t mu_unit_number(int64_t time_us, mu_unit unit);
int64_t mu_unit_start(int64_t number, mu_unit unit);

/* Microseconds of a unit; 0 for those that are not all equally long: MONTH and longer. */
int64_t mu_unit_width(mu_unit unit);

/* Adds months, keeping the time of day and the day of the month, or the month's last day where it
 * is shorter. */
int64_t mu_time_add_months(int64_t time_us, int32_t months);

#endif
