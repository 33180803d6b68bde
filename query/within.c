/*
 * within.c - the ends of calendar periods.
 */
#include "query/within.h"

static int64_t period_begin(const mu_within *within, const mu_zone *zone, int64_t number)
{
    return mu_zone_to_utc(zone, mu_unit_start(number, within->unit));
}

int64_t mu_within_last(const mu_within *within, const mu_zone *zone, int64_t time_us)
{
    if (within->count == 0) {
        return time_us > INT64_MAX - within->us ? INT64_MAX : time_us + within->us;
    }
    if (time_us > MU_TIME_MAX) {
        return INT64_MAX;
    }
    int64_t number = mu_unit_number(mu_zone_to_local(zone, time_us), within->unit);
    while (period_begin(within, zone, number) > time_us) {
        number--;
    }
    while (period_begin(within, zone, number + 1) <= time_us) {
        number++;
    }
    return period_begin(within, zone, number + within->count) - 1;
}
