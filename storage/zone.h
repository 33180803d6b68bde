/*
 * zone.h - time zones: what clocks on the wall show, and when they were changed.
 *
 * A zone is read once, by GLib from the system's tzdata, into a table of the moments at which its
 * offset changed; from then on it is read-only and counted, and any number of threads may use it.
 * NULL is UTC everywhere, which costs nothing. "Local" times are microseconds as if the zone's
 * clock were UTC's.
 *
 * A local time that was skipped when clocks went forward stands for the time as much later, as if
 * they had not; one that there was twice stands for the first. So a day begins with its first
 * moment, and a time truncated to its day is never later than the time.
 */
#ifndef MU_ZONE_H
#define MU_ZONE_H

#include "storage/calendar.h"
#include "storage/type.h"

/* By name ('Europe/Berlin', case as tzdata has it) or by a fixed offset ('+08:00', east is
 * positive). *out is NULL for UTC, by any of its names. INVALID if there is no such zone. */
muster_status mu_zone_open(mu_text name, mu_zone **out, muster_error *err);
mu_zone *mu_zone_retain(mu_zone *zone);
void mu_zone_release(mu_zone *zone); /* NULL is fine */
const char *mu_zone_name(const mu_zone *zone);

/* Calls `visit` with the name of each zone that tzdata has; stops once it returns false. */
muster_status mu_zone_each(bool (*visit)(void *context, const char *name), void *context,
                           muster_error *err);

/* A stretch of time over which the offset stays: since_us <= time < until_us. */
typedef struct mu_zone_span {
    int64_t since_us, until_us;
    int64_t offset_us; /* east of UTC: local = UTC + offset */
} mu_zone_span;
mu_zone_span mu_zone_span_at(const mu_zone *zone, int64_t time_us);

int64_t mu_zone_to_local(const mu_zone *zone, int64_t time_us);
int64_t mu_zone_to_utc(const mu_zone *zone, int64_t local_us);

/* The same for many times, of which neighbours mostly lie in one span: *span is where the last one
 * was looked up, zeroed at first. */
static inline int64_t mu_zone_localize(const mu_zone *zone, mu_zone_span *span, int64_t time_us)
{
    if (time_us < span->since_us || time_us >= span->until_us) {
        *span = mu_zone_span_at(zone, time_us);
    }
    return time_us + span->offset_us;
}

/* As mu_time_truncate() and mu_time_add_months() have it on the zone's clock. Units shorter than a
 * day keep the offset of the time. */
int64_t mu_zone_truncate(const mu_zone *zone, int64_t time_us, mu_unit unit);
int64_t mu_zone_add_months(const mu_zone *zone, int64_t time_us, int32_t months);

/* Whether truncation to the unit never gives less for more. Where clocks went back over midnight a
 * day is come to twice. */
bool mu_zone_rises(const mu_zone *zone, mu_unit unit);

#endif
