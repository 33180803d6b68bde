/*
 * within.h - how long after an event another may be: a fixed length of time, or to the end of a
 * calendar period.
 *
 * Later events may always be followed at least as late as earlier ones: also where clocks went back
 * over midnight, and a day is come to twice. A period begins once, when its number is first shown
 * for good.
 */
#ifndef MU_WITHIN_H
#define MU_WITHIN_H

#include "storage/zone.h"

typedef struct mu_within {
    int64_t us;     /* the end included; INT64_MAX: no limit */
    uint32_t count; /* not 0: instead, to the end of so many periods, of which the first is the one
                       that the event lies in */
    mu_unit unit;   /* DAY or longer */
} mu_within;

enum {
    MU_WITHIN_MOST = 10000 /* periods: no time is as late as that many years */
};

/* The last time that is near enough to `time_us`; INT64_MAX if all later ones are. */
int64_t mu_within_last(const mu_within *within, const mu_zone *zone, int64_t time_us);

static inline bool mu_within_reaches(const mu_within *within, const mu_zone *zone, int64_t earlier,
                                     int64_t later)
{
    return within->count == 0 ? (uint64_t)later - (uint64_t)earlier <= (uint64_t)within->us
                              : later <= mu_within_last(within, zone, earlier);
}

static inline bool mu_within_any(const mu_within *within)
{
    return within->count == 0 && within->us == INT64_MAX;
}

#endif
