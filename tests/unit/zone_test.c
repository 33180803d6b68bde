/* zone_test.c - zones, against what was decided about them and against themselves. */
#include "storage/zone.h"

#include "storage/value.h"
#include "tests/support/test.h"

#include <stdio.h>

static mu_zone *open_zone(const char *name)
{
    mu_zone *zone = NULL;

    assert_ok(mu_zone_open((mu_text){name, (uint32_t)strlen(name)}, &zone, &test_error));
    return zone;
}

static int64_t utc(const char *text)
{
    mu_value value;

    assert_ok(mu_value_parse((mu_type){.kind = MU_TIMESTAMP},
                             (mu_text){text, (uint32_t)strlen(text)}, NULL, &value, &test_error));
    return value.i64;
}

/* A local time as the zone reads it, in UTC. */
static void assert_read(const char *zone_name, const char *local, const char *wanted)
{
    mu_zone *zone = open_zone(zone_name);
    const int64_t found = mu_zone_to_utc(zone, utc(local));

    if (found != utc(wanted)) {
        fail_msg("%s in %s is %lld us away from %s", local, zone_name,
                 (long long)(found - utc(wanted)), wanted);
    }
    mu_zone_release(zone);
}

TEST(zones_are_known_by_name_and_by_offset)
{
    static const char *const of_utc[] = {"UTC", "utc", "Z", "GMT", "Etc/UTC", "+00:00", "-0000"};
    static const char *const unknown[] = {
        "",       "Europe",        "europe/berlin", "Mars/Olympus",
        "+99:00", "../etc/passwd", "zone.tab",      "Europe/../UTC"};

    for (size_t i = 0; i < MU_COUNT(of_utc); i++) {
        assert_null(open_zone(of_utc[i]));
    }
    for (size_t i = 0; i < MU_COUNT(unknown); i++) {
        mu_zone *zone;
        const mu_text name = {unknown[i], (uint32_t)strlen(unknown[i])};
        assert_status(MUSTER_INVALID, mu_zone_open(name, &zone, &test_error));
        assert_null(zone);
    }
    assert_read("+08:00", "2024-05-01 09:00:00", "2024-05-01 01:00:00");
    assert_read("-0330", "2024-05-01 09:00:00", "2024-05-01 12:30:00");
    assert_string_equal(mu_zone_name(NULL), "UTC");
}

TEST(skipped_times_go_on_and_times_that_come_twice_are_the_first)
{
    assert_read("Europe/Berlin", "2024-03-31 01:59:59", "2024-03-31 00:59:59");
    assert_read("Europe/Berlin", "2024-03-31 02:30:00", "2024-03-31 01:30:00");
    assert_read("Europe/Berlin", "2024-03-31 03:00:00", "2024-03-31 01:00:00");
    assert_read("Europe/Berlin", "2024-10-27 02:30:00", "2024-10-27 00:30:00");
    assert_read("Europe/Berlin", "2024-10-27 03:00:00", "2024-10-27 02:00:00");
    assert_read("America/Sao_Paulo", "2018-11-04 00:00:00", "2018-11-04 03:00:00");
    assert_read("America/Havana", "2024-11-03 00:00:00", "2024-11-03 04:00:00");
    assert_read("Pacific/Apia", "2011-12-30 12:00:00", "2011-12-30 22:00:00");
    assert_read("Asia/Shanghai", "1988-07-01 12:00:00", "1988-07-01 03:00:00");
    assert_read("Australia/Lord_Howe", "2024-10-06 02:15:00", "2024-10-05 15:45:00");
}

TEST(the_rule_goes_on_for_ever_and_the_first_clocks_were_the_suns)
{
    assert_read("Europe/Berlin", "2500-07-01 12:00:00", "2500-07-01 10:00:00");
    assert_read("Europe/Berlin", "9999-12-31 12:00:00", "9999-12-31 11:00:00");
    assert_read("America/New_York", "2400-03-12 02:30:00", "2400-03-12 07:30:00");
    assert_read("Australia/Sydney", "3001-01-01 00:00:00", "3000-12-31 13:00:00");
    assert_read("Europe/Berlin", "1800-01-01 00:53:28", "1800-01-01 00:00:00");
    assert_read("Asia/Shanghai", "1900-01-01 08:05:43", "1900-01-01 00:00:00");
}

static void check_times(const mu_zone *zone)
{
    uint64_t state = test_seed();
    mu_zone_span span = {0};

    for (int turn = 0; turn < 20000; turn++) {
        const uint64_t range = (uint64_t)(MU_TIME_MAX - MU_TIME_MIN);
        const int64_t time_us = MU_TIME_MIN + (int64_t)test_random_below(&state, range);
        const mu_zone_span around = mu_zone_span_at(zone, time_us);
        assert_true(around.since_us <= time_us && time_us < around.until_us);
        const int64_t local_us = mu_zone_to_local(zone, time_us);
        assert_int_equal(local_us, mu_zone_localize(zone, &span, time_us));
        const int64_t first_us = mu_zone_to_utc(zone, local_us);
        assert_true(first_us <= time_us);
        assert_int_equal(mu_zone_to_local(zone, first_us), local_us);
        for (mu_unit unit = MU_UNIT_MICROSECOND; unit <= MU_UNIT_YEAR; unit++) {
            assert_true(mu_zone_truncate(zone, time_us, unit) <= time_us);
        }
    }
}

/* Around each change of 50 years, second by second where it matters. */
static void check_rises(const mu_zone *zone, mu_unit unit)
{
    int64_t at_us = utc("1980-01-01");
    const int64_t end_us = utc("2030-01-01");
    bool rises = true;

    while (at_us < end_us) {
        at_us = mu_zone_span_at(zone, at_us).until_us;
        int64_t last_us = INT64_MIN;
        for (int64_t t = at_us - 90 * MU_MINUTE_US; at_us < end_us && t < at_us + 90 * MU_MINUTE_US;
             t += 30 * MU_SECOND_US) {
            const int64_t start_us = mu_zone_truncate(zone, t, unit);
            rises &= start_us >= last_us;
            last_us = start_us;
        }
    }
    if (!rises) {
        assert_false(mu_zone_rises(zone, unit));
    }
}

TEST(spans_hold_their_times_and_truncation_looks_back)
{
    static const char *const names[] = {"Europe/Berlin",    "America/St_Johns",  "America/Havana",
                                        "Pacific/Apia",     "Africa/Casablanca", "Asia/Shanghai",
                                        "America/Santiago", "Antarctica/Troll",  "+05:45"};

    check_times(NULL);
    for (size_t i = 0; i < MU_COUNT(names); i++) {
        mu_zone *zone = open_zone(names[i]);
        check_times(zone);
        for (mu_unit unit = MU_UNIT_HOUR; unit <= MU_UNIT_YEAR; unit++) {
            check_rises(zone, unit);
        }
        mu_zone_release(zone);
    }
}

/* In Newfoundland clocks went back at one minute past midnight. */
TEST(a_day_that_comes_twice_does_not_rise)
{
    mu_zone *johns = open_zone("America/St_Johns"), *berlin = open_zone("Europe/Berlin");
    mu_zone *fixed = open_zone("+05:45");

    assert_false(mu_zone_rises(johns, MU_UNIT_DAY));
    assert_false(mu_zone_rises(johns, MU_UNIT_MONTH));
    assert_true(mu_zone_rises(berlin, MU_UNIT_DAY));
    assert_true(mu_zone_rises(berlin, MU_UNIT_YEAR));
    assert_true(mu_zone_rises(fixed, MU_UNIT_HOUR));
    assert_true(mu_zone_rises(NULL, MU_UNIT_MICROSECOND));
    mu_zone_release(johns);
    mu_zone_release(berlin);
    mu_zone_release(fixed);
}

static bool count_name(void *context, const char *name)
{
    uint32_t *count = context;
    mu_zone *zone;

    if (*count % 16 == 0) { /* each takes some milliseconds */
        assert_ok(mu_zone_open((mu_text){name, (uint32_t)strlen(name)}, &zone, &test_error));
        mu_zone_release(zone);
    }
    (*count)++;
    return true;
}

TEST(every_name_that_is_listed_opens)
{
    uint32_t count = 0;

    assert_ok(mu_zone_each(count_name, &count, &test_error));
    assert_true(count > 300);
}
