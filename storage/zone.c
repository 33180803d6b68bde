/*
 * zone.c - the table of a zone, and the way back from local times.
 *
 * GLib says which interval of a zone a time lies in; where one ends is found by bisection, since
 * their numbers rise with time. The table goes to the end of 2128: by then a zone follows its
 * recurring rule alone, and the last 28 years hold every kind of year there is (by the weekday that
 * it begins with, leap or not). A later year is like the one of them that is of its kind. One zone
 * is known to be read wrongly: GLib (2.74) takes a summer offset of 0 for none, and so has Dublin,
 * whose rule is written with winter as the exception, an hour ahead once its table ends (2037).
 */
#include "storage/zone.h"

#include "storage/base/env.h"
#include "storage/base/mem.h"
#include "storage/value.h"

#include <assert.h>
#include <glib.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LAST_YEAR = 2128,
    KINDS_YEARS = 28, /* that hold every kind */
    MOST_NAME = 64,
    MOST_NESTED = 3, /* folders of tzdata: America/Argentina/Salta */
};

/* Times further than this from those there are have no zone: sums with them are left alone. Any
 * offset is less than half of it. */
#define FAR_US (4 * MU_DAY_US)

typedef struct change {
    int64_t at_us; /* from here on; INT64_MIN: since ever */
    int64_t offset_us;
} change;

struct mu_zone {
    atomic_uint references;
    uint32_t rises; /* bits of units, DAY standing for all that are longer */
    char name[MOST_NAME];
    uint32_t count;
    change changes[];
};

/* Reading. */

static mu_zone *zone_new(mu_text name, uint32_t count)
{
    mu_zone *zone = mu_mem_zalloc(sizeof *zone + count * sizeof *zone->changes);

    if (zone) {
        atomic_init(&zone->references, 1);
        zone->count = count;
        assert(name.size < sizeof zone->name);
        memcpy(zone->name, name.data, name.size);
    }
    return zone;
}

static int64_t seconds_of_year(int32_t year)
{
    return mu_days_of_civil(year, 1, 1) * (MU_DAY_US / MU_SECOND_US);
}

static int interval_at(GTimeZone *source, int64_t second)
{
    return g_time_zone_find_interval(source, G_TIME_TYPE_UNIVERSAL, second);
}

/* The first second after `second` that is of a later interval, or `end`. */
static int64_t end_of_interval(GTimeZone *source, int64_t second, int64_t end)
{
    const int interval = interval_at(source, second);
    int64_t later = end;

    while (later - second > 1) {
        const int64_t middle = second + (later - second) / 2;
        if (interval_at(source, middle) == interval) {
            second = middle;
        } else {
            later = middle;
        }
    }
    return later;
}

/* Writes the changes; with NULL counts them. */
static uint32_t list_changes(GTimeZone *source, change *out)
{
    const int64_t end = seconds_of_year(LAST_YEAR + 1);
    int64_t second = MU_TIME_MIN / MU_SECOND_US;
    int64_t last_us = 0;
    uint32_t count = 0;

    while (second < end) {
        const int64_t offset_us =
            g_time_zone_get_offset(source, interval_at(source, second)) * MU_SECOND_US;
        if (count == 0 || offset_us != last_us) {
            if (out) {
                out[count] = (change){count == 0 ? INT64_MIN : second * MU_SECOND_US, offset_us};
            }
            count++;
        }
        last_us = offset_us;
        second = end_of_interval(source, second, end);
    }
    return count;
}

static void find_rising(mu_zone *zone)
{
    for (mu_unit unit = MU_UNIT_MICROSECOND; unit <= MU_UNIT_DAY; unit++) {
        bool rises = true;
        for (uint32_t i = 1; rises && i < zone->count; i++) {
            const int64_t at_us = zone->changes[i].at_us;
            rises = mu_zone_truncate(zone, at_us - 1, unit) <= mu_zone_truncate(zone, at_us, unit);
        }
        zone->rises |= (uint32_t)rises << unit;
    }
}

static muster_status fail_unknown(mu_text name, muster_error *err)
{
    return mu_fail(err, MUSTER_INVALID, "there is no time zone \"%.*s\"", MU_SHOWN(name));
}

/* Names are paths below a folder; nothing else of the disk is read for them. */
static bool is_name(mu_text name)
{
    if (name.size == 0 || name.size >= MOST_NAME || name.data[0] < 'A' || name.data[0] > 'Z') {
        return false;
    }
    for (uint32_t i = 0; i < name.size; i++) {
        const char c = name.data[i];
        if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && !mu_value_is_digit(c) &&
            c != '/' && c != '_' && c != '-' && c != '+') {
            return false;
        }
    }
    return true;
}

static muster_status open_named(mu_text name, mu_zone **out, muster_error *err)
{
    char text[MOST_NAME] = "";

    if (!is_name(name)) {
        return fail_unknown(name, err);
    }
    memcpy(text, name.data, name.size);
    GTimeZone *source = g_time_zone_new_identifier(text);
    if (!source) {
        return fail_unknown(name, err);
    }
    mu_zone *zone = zone_new(name, list_changes(source, NULL));
    if (zone) {
        (void)list_changes(source, zone->changes);
        find_rising(zone);
    }
    g_time_zone_unref(source);
    *out = zone;
    return zone ? MUSTER_OK : mu_fail_memory(err, "reading a time zone");
}

static muster_status open_fixed(mu_text name, int32_t offset_seconds, mu_zone **out,
                                muster_error *err)
{
    mu_zone *zone = zone_new(name, 1);

    if (!zone) {
        return mu_fail_memory(err, "reading a time zone");
    }
    zone->changes[0] = (change){INT64_MIN, offset_seconds * MU_SECOND_US};
    find_rising(zone);
    *out = zone;
    return MUSTER_OK;
}

muster_status mu_zone_open(mu_text name, mu_zone **out, muster_error *err)
{
    const char *at = name.data;
    const char *end = name.data + name.size;
    int32_t offset_seconds;

    *out = NULL;
    if (mu_value_read_zone(&at, end, &offset_seconds) && at == end) {
        MU_TRY(open_fixed(name, offset_seconds, out, err));
    } else {
        MU_TRY(open_named(name, out, err));
    }
    assert(*out);
    if ((*out)->count == 1 && (*out)->changes[0].offset_us == 0) {
        mu_zone_release(*out);
        *out = NULL; /* it is UTC */
    }
    return MUSTER_OK;
}

mu_zone *mu_zone_retain(mu_zone *zone)
{
    if (zone) {
        atomic_fetch_add(&zone->references, 1);
    }
    return zone;
}

void mu_zone_release(mu_zone *zone)
{
    if (zone && atomic_fetch_sub(&zone->references, 1) == 1) {
        mu_mem_free(zone);
    }
}

const char *mu_zone_name(const mu_zone *zone)
{
    return zone ? zone->name : "UTC";
}

/* Names. */

typedef struct walk {
    bool (*visit)(void *context, const char *name);
    void *context;
    const char *folder;                     /* of tzdata */
    char names[MOST_NESTED + 1][MOST_NAME]; /* of what is being looked at, by depth */
    int depth;
    bool stopped;
} walk;

static muster_status walk_folder(walk *w, muster_error *err);

static muster_status walk_entry(void *context, const char *entry, muster_error *err)
{
    walk *w = context;
    char path[4096];
    char *name = w->names[w->depth];
    const char *above = w->depth > 0 ? w->names[w->depth - 1] : "";

    const int size = snprintf(name, MOST_NAME, "%s%s%s", above, *above ? "/" : "", entry);
    if (w->stopped || size >= MOST_NAME || !is_name((mu_text){name, (uint32_t)size})) {
        return MUSTER_OK; /* tables and the like */
    }
    (void)snprintf(path, sizeof path, "%s/%s", w->folder, name);
    if (!mu_env_is_dir(path)) {
        w->stopped = !w->visit(w->context, name);
        return MUSTER_OK;
    }
    if (w->depth == MOST_NESTED) {
        return MUSTER_OK;
    }
    w->depth++;
    const muster_status status = walk_folder(w, err);
    w->depth--;
    return status;
}

static muster_status walk_folder(walk *w, muster_error *err)
{
    char path[4096];

    (void)snprintf(path, sizeof path, "%s/%s", w->folder,
                   w->depth > 0 ? w->names[w->depth - 1] : "");
    return mu_env_list(path, walk_entry, w, err);
}

muster_status mu_zone_each(bool (*visit)(void *context, const char *name), void *context,
                           muster_error *err)
{
    const char *folder = getenv("TZDIR"); /* as GLib has it */
    walk w = {
        .visit = visit, .context = context, .folder = folder ? folder : "/usr/share/zoneinfo"};

    return mu_env_is_dir(w.folder) ? walk_folder(&w, err) : MUSTER_OK;
}

/* Looking up. */

static mu_zone_span span_in_table(const mu_zone *zone, int64_t time_us)
{
    uint32_t low = 0, high = zone->count; /* changes[low].at_us <= time_us < changes[high].at_us */

    while (high - low > 1) {
        const uint32_t middle = low + (high - low) / 2;
        if (zone->changes[middle].at_us <= time_us) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return (mu_zone_span){.since_us = zone->changes[low].at_us,
                          .until_us = high < zone->count ? zone->changes[high].at_us : INT64_MAX,
                          .offset_us = zone->changes[low].offset_us};
}

static int64_t year_start_us(int32_t year)
{
    return mu_days_of_civil(year, 1, 1) * MU_DAY_US;
}

/* A year of the table that begins on the same weekday, and is as long. */
static int32_t year_like(int32_t year)
{
    const int64_t days = mu_days_of_civil(year, 1, 1);
    const int64_t length = mu_days_of_civil(year + 1, 1, 1) - days;

    int32_t like = LAST_YEAR - KINDS_YEARS + 1;

    for (; like < LAST_YEAR; like++) {
        const int64_t start = mu_days_of_civil(like, 1, 1);
        if ((days - start) % 7 == 0 && mu_days_of_civil(like + 1, 1, 1) - start == length) {
            break;
        }
    }
    return like;
}

static mu_zone_span span_beyond_table(const mu_zone *zone, int64_t time_us)
{
    const int32_t year = mu_civil_of_days(mu_days_of_us(time_us)).year;
    const int64_t start_us = year_start_us(year), end_us = year_start_us(year + 1);
    const int64_t shift_us = start_us - year_start_us(year_like(year));
    mu_zone_span span = span_in_table(zone, time_us - shift_us);

    span.since_us += shift_us;
    span.since_us = span.since_us > start_us ? span.since_us : start_us;
    span.until_us = span.until_us < end_us - shift_us ? span.until_us + shift_us : end_us;
    return span;
}

mu_zone_span mu_zone_span_at(const mu_zone *zone, int64_t time_us)
{
    const int64_t table_end_us = year_start_us(LAST_YEAR + 1);

    if (!zone || time_us < MU_TIME_MIN - FAR_US || time_us > MU_TIME_MAX + FAR_US) {
        return (mu_zone_span){INT64_MIN, INT64_MAX, 0}; /* nor can sums overflow out there */
    }
    if (zone->count > 1 && time_us >= table_end_us) {
        return span_beyond_table(zone, time_us);
    }
    mu_zone_span span = span_in_table(zone, time_us);
    if (span.until_us == INT64_MAX && zone->count > 1) {
        span.until_us = table_end_us;
    }
    return span;
}

int64_t mu_zone_to_local(const mu_zone *zone, int64_t time_us)
{
    return zone ? time_us + mu_zone_span_at(zone, time_us).offset_us : time_us;
}

int64_t mu_zone_to_utc(const mu_zone *zone, int64_t local_us)
{
    if (!zone || local_us < MU_TIME_MIN - FAR_US / 2 || local_us > MU_TIME_MAX + FAR_US / 2) {
        return local_us;
    }
    mu_zone_span span = mu_zone_span_at(zone, local_us - MU_DAY_US);
    int64_t before_us = span.offset_us;
    while (local_us - span.offset_us >= span.until_us) {
        before_us = span.offset_us;
        span = mu_zone_span_at(zone, span.until_us);
    }
    const bool skipped = local_us - span.offset_us < span.since_us;
    return local_us - (skipped ? before_us : span.offset_us);
}

int64_t mu_zone_truncate(const mu_zone *zone, int64_t time_us, mu_unit unit)
{
    const int64_t local_us = mu_zone_to_local(zone, time_us);
    const int64_t start_us = mu_time_truncate(local_us, unit);

    return unit < MU_UNIT_DAY ? time_us - (local_us - start_us) : mu_zone_to_utc(zone, start_us);
}

int64_t mu_zone_add_months(const mu_zone *zone, int64_t time_us, int32_t months)
{
    return mu_zone_to_utc(zone, mu_time_add_months(mu_zone_to_local(zone, time_us), months));
}

bool mu_zone_rises(const mu_zone *zone, mu_unit unit)
{
    return !zone || (zone->rises >> (unit < MU_UNIT_DAY ? unit : MU_UNIT_DAY) & 1) != 0;
}
