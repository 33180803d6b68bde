/* calendar_test.c - the calendar, day by day against one that counts days on its fingers. */
#include "storage/calendar.h"

#include "tests/support/test.h"

static bool is_leap(int32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

TEST(every_day_of_the_accepted_years_has_the_next_date)
{
    mu_civil date = {1, 1, 1};
    static const int32_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    for (int64_t day = MU_TIME_MIN / MU_DAY_US; day <= MU_TIME_MAX / MU_DAY_US; day++) {
        const mu_civil found = mu_civil_of_days(day);
        if (found.year != date.year || found.month != date.month || found.day != date.day ||
            mu_days_of_civil(date.year, date.month, date.day) != day) {
            fail_msg("day %lld is not %d-%d-%d", (long long)day, date.year, date.month, date.day);
        }
        const int32_t length = lengths[date.month - 1] + (date.month == 2 && is_leap(date.year));
        assert_int_equal(mu_month_days(date.year, date.month), length);
        if (date.day++ == length) {
            date.day = 1;
            if (date.month++ == 12) {
                date.month = 1;
                date.year++;
            }
        }
    }
    assert_int_equal(date.year, 10000);
}

TEST(a_unit_begins_where_its_number_changes)
{
    const mu_unit units[] = {MU_UNIT_DAY, MU_UNIT_WEEK, MU_UNIT_MONTH, MU_UNIT_QUARTER,
                             MU_UNIT_YEAR};
    uint64_t state = test_seed();

    for (size_t u = 0; u < MU_COUNT(units); u++) {
        for (int turn = 0; turn < 20000; turn++) {
            const uint64_t range = (uint64_t)(MU_TIME_MAX - MU_TIME_MIN);
            const int64_t time_us = MU_TIME_MIN + (int64_t)test_random_below(&state, range);
            const int64_t number = mu_unit_number(time_us, units[u]);
            const int64_t start = mu_unit_start(number, units[u]);
            assert_true(start <= time_us);
            assert_true(mu_unit_start(number + 1, units[u]) > time_us);
            assert_int_equal(mu_unit_number(start, units[u]), number);
            assert_int_equal(mu_unit_number(start - 1, units[u]), number - 1);
            assert_int_equal(mu_time_truncate(time_us, units[u]), start);
        }
    }
}

static int32_t floor_to(int32_t year, int32_t years, int32_t first)
{
    int32_t start = first - 4 * 12000; /* before all that are asked for */

    while (start + years <= year) {
        start += years;
    }
    return start;
}

/* Where the unit of a date begins, told without the arithmetic of calendar.c. */
static mu_civil start_of(mu_civil date, mu_unit unit)
{
    switch (unit) {
    case MU_UNIT_MONTH:
        return (mu_civil){date.year, date.month, 1};
    case MU_UNIT_QUARTER:
        return (mu_civil){date.year,
                          date.month <= 3   ? 1
                          : date.month <= 6 ? 4
                          : date.month <= 9 ? 7
                                            : 10,
                          1};
    case MU_UNIT_YEAR:
        return (mu_civil){date.year, 1, 1};
    case MU_UNIT_DECADE:
        return (mu_civil){floor_to(date.year, 10, 0), 1, 1};
    case MU_UNIT_CENTURY:
        return (mu_civil){floor_to(date.year, 100, 1), 1, 1};
    case MU_UNIT_MILLENNIUM:
        return (mu_civil){floor_to(date.year, 1000, 1), 1, 1};
    case MU_UNIT_MICROSECOND:
    case MU_UNIT_MILLISECOND:
    case MU_UNIT_SECOND:
    case MU_UNIT_MINUTE:
    case MU_UNIT_HOUR:
    case MU_UNIT_DAY:
    case MU_UNIT_WEEK:
        break;
    }
    return date;
}

TEST(units_of_4000_years_begin_where_they_do_by_hand)
{
    const int64_t last = mu_days_of_civil(3000, 12, 31);
    const int64_t monday = mu_days_of_civil(2024, 5, 13);
    int64_t week = monday - 7 * 200000;

    for (int64_t day = mu_days_of_civil(-1000, 1, 1); day <= last; day++) {
        const int64_t noon_us = day * MU_DAY_US + MU_DAY_US / 2;
        const mu_civil date = mu_civil_of_days(day);
        for (mu_unit unit = MU_UNIT_MONTH; unit <= MU_UNIT_MILLENNIUM; unit++) {
            const bool yearly = unit > MU_UNIT_YEAR;
            if (yearly && (date.month != 1 || date.day != 1) &&
                (date.month != 12 || date.day != 31)) {
                continue; /* the slow ones at both ends of a year */
            }
            const mu_civil start = start_of(date, unit);
            const int64_t wanted = mu_days_of_civil(start.year, start.month, start.day) * MU_DAY_US;
            if (mu_time_truncate(noon_us, unit) != wanted) {
                fail_msg("unit %d of %d-%d-%d", (int)unit, date.year, date.month, date.day);
            }
        }
        while (week + 7 <= day) {
            week += 7;
        }
        assert_int_equal(mu_time_truncate(noon_us, MU_UNIT_WEEK), week * MU_DAY_US);
    }
}

TEST(numbers_count_from_1970_and_weeks_begin_on_monday)
{
    assert_int_equal(mu_unit_number(0, MU_UNIT_DAY), 0);
    assert_int_equal(mu_unit_number(0, MU_UNIT_MONTH), 0);
    assert_int_equal(mu_unit_number(-1, MU_UNIT_MONTH), -1);
    assert_int_equal(mu_unit_number(-1, MU_UNIT_YEAR), -1);
    assert_int_equal(mu_unit_start(0, MU_UNIT_WEEK), -3 * MU_DAY_US);
    /* 2024-05-01 was a Wednesday. */
    const int64_t wednesday = mu_days_of_civil(2024, 5, 1) * MU_DAY_US + MU_HOUR_US;
    assert_int_equal(mu_time_truncate(wednesday, MU_UNIT_WEEK),
                     mu_days_of_civil(2024, 4, 29) * MU_DAY_US);
    assert_int_equal(mu_time_truncate(wednesday, MU_UNIT_QUARTER),
                     mu_days_of_civil(2024, 4, 1) * MU_DAY_US);
}

TEST(short_units_round_down_before_1970_too)
{
    assert_int_equal(mu_time_truncate(-1, MU_UNIT_SECOND), -MU_SECOND_US);
    assert_int_equal(mu_time_truncate(-MU_HOUR_US, MU_UNIT_HOUR), -MU_HOUR_US);
    assert_int_equal(mu_time_truncate(-MU_HOUR_US - 1, MU_UNIT_HOUR), -2 * MU_HOUR_US);
    assert_int_equal(mu_time_truncate(1999, MU_UNIT_MILLISECOND), 1000);
    assert_int_equal(mu_time_truncate(-7, MU_UNIT_MICROSECOND), -7);
    assert_int_equal(mu_time_truncate(61 * MU_SECOND_US, MU_UNIT_MINUTE), MU_MINUTE_US);
}

static int64_t noon(int32_t year, int32_t month, int32_t day)
{
    return mu_days_of_civil(year, month, day) * MU_DAY_US + 12 * MU_HOUR_US + 7;
}

TEST(adding_months_keeps_the_day_or_takes_the_last)
{
    assert_int_equal(mu_time_add_months(noon(2024, 1, 31), 1), noon(2024, 2, 29));
    assert_int_equal(mu_time_add_months(noon(2023, 1, 31), 1), noon(2023, 2, 28));
    assert_int_equal(mu_time_add_months(noon(2024, 3, 31), -1), noon(2024, 2, 29));
    assert_int_equal(mu_time_add_months(noon(2024, 2, 29), 12), noon(2025, 2, 28));
    assert_int_equal(mu_time_add_months(noon(2024, 2, 29), -12 * 2023 - 1), noon(1, 1, 29));
    assert_int_equal(mu_time_add_months(noon(1969, 12, 31), 2), noon(1970, 2, 28));
    assert_int_equal(mu_time_add_months(noon(2024, 11, 15), 2), noon(2025, 1, 15));
}

TEST(what_no_integer_holds_stops_at_the_ends)
{
    assert_int_equal(mu_time_add_months(0, INT32_MAX), INT64_MAX);
    assert_int_equal(mu_time_add_months(0, INT32_MIN), INT64_MIN);
    assert_int_equal(mu_time_truncate(INT64_MIN, MU_UNIT_HOUR), INT64_MIN);
    assert_int_equal(mu_unit_start(INT64_MAX, MU_UNIT_YEAR), INT64_MAX);
    assert_int_equal(mu_unit_start(INT64_MIN, MU_UNIT_WEEK), INT64_MIN);
    assert_true(mu_unit_number(INT64_MAX, MU_UNIT_MONTH) > 0);
    assert_true(mu_unit_number(INT64_MIN, MU_UNIT_MONTH) < 0);
}
