/*
 * timeline.h - calendar periods, days to years of a zone's clocks, from one time to another.
 *
 * Which period a time lies in is looked up by its day, so that asking it of every event is cheap.
 */
#ifndef MU_TIMELINE_H
#define MU_TIMELINE_H

#include "storage/zone.h"

#include <assert.h>

typedef struct mu_timeline {
    const mu_zone *zone; /* whose days these are; NULL: UTC */
    mu_unit unit;
    int64_t first_day, last_day;
    int64_t first_period; /* mu_unit_number() of the first */
    uint32_t period_count;
    uint32_t *period_of_day; /* day - first_day -> period - first_period; owned */
} mu_timeline;

/* All periods that have times from the oldest to the newest. */
muster_status mu_timeline_init(mu_timeline *line, const mu_zone *zone, mu_unit unit,
                               int64_t oldest_us, int64_t newest_us, muster_error *err);
void mu_timeline_deinit(mu_timeline *line); /* zeroed is fine */

/* The period, from 0, that a time lies in, which is one of them; *span is where the last one was
 * looked up, zeroed at first. */
static inline uint32_t mu_timeline_period(const mu_timeline *line, mu_zone_span *span,
                                          int64_t time_us)
{
    const int64_t day = mu_days_of_us(mu_zone_localize(line->zone, span, time_us));

    assert(day >= line->first_day && day <= line->last_day);
    return line->period_of_day[day - line->first_day];
}

/* When a period begins; `number` is as that of first_period. */
int64_t mu_timeline_start(const mu_timeline *line, int64_t number);

#endif
