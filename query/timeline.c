/*
 * timeline.c - a table of days.
 */
#include "query/timeline.h"

#include "storage/base/mem.h"

void mu_timeline_deinit(mu_timeline *line)
{
    mu_mem_free(line->period_of_day);
}

muster_status mu_timeline_init(mu_timeline *line, const mu_zone *zone, mu_unit unit,
                               int64_t oldest_us, int64_t newest_us, muster_error *err)
{
    /* Where clocks went back over midnight an older event may be of a later day. */
    const int64_t slack = mu_zone_rises(zone, MU_UNIT_DAY) ? 0 : 1;

    *line = (mu_timeline){.zone = zone, .unit = unit};
    line->first_day = mu_days_of_us(mu_zone_to_local(zone, oldest_us)) - slack;
    line->last_day = mu_days_of_us(mu_zone_to_local(zone, newest_us)) + slack;
    line->first_period = mu_unit_number(line->first_day * MU_DAY_US, unit);
    const size_t days = (size_t)(line->last_day - line->first_day + 1);
    line->period_of_day = mu_mem_alloc_array(days, sizeof *line->period_of_day);
    if (!line->period_of_day) {
        return mu_fail_memory(err, "counting periods");
    }
    for (size_t d = 0; d < days; d++) {
        if (mu_stopped_at(d)) {
            return mu_fail_memory(err, "counting periods");
        }
        const int64_t time_us = (line->first_day + (int64_t)d) * MU_DAY_US;
        line->period_of_day[d] = (uint32_t)(mu_unit_number(time_us, unit) - line->first_period);
    }
    line->period_count = line->period_of_day[days - 1] + 1;
    return MUSTER_OK;
}

int64_t mu_timeline_start(const mu_timeline *line, int64_t number)
{
    return mu_zone_to_utc(line->zone, mu_unit_start(number, line->unit));
}
