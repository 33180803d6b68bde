/*
 * journey_any.c - chains whose steps may come in any order.
 *
 * A window ends with each group of equal times, and holds what came at most `within` before. As the
 * order does not matter, steps 1 ... k can be done in it if they can be given distinct events of it
 * (ties.h). The first window to have a deeper chain than those before it is the one that counts so
 * far; at the end it is made as short as it can be.
 *
 * The earliest event of a chain lies in the range. If steps 1 ... k can be done in a window, and an
 * event of it meets any of these, then they can be done with that event: it takes the place of the
 * one that had its step. So it is enough to know when the last event of each step in the range was.
 */
#include "query/journey.h"

#include "storage/base/mem.h"

#define NEVER INT64_MIN

/* Events of each kind in the window. */
static void empty_window(mu_journey *j)
{
    for (uint32_t i = 0; i < j->ties.kind_count; i++) {
        j->ties.kinds[i].count = 0;
    }
}

static void put_in_window(mu_journey *j, uint32_t at, uint32_t end)
{
    for (; at < end; at++) {
        j->ties.kinds[mu_ties_find(&j->ties, mu_journey_mask(j, at))].count++;
    }
}

static void take_from_window(mu_journey *j, uint32_t at)
{
    j->ties.kinds[mu_ties_find(&j->ties, mu_journey_mask(j, at))].count--;
}

/* When the last event of each step was that a chain may begin with. */
static void note_beginnings(const mu_journey *j, uint32_t at, uint32_t end, int64_t *latest)
{
    for (; at < end; at++) {
        const uint64_t mask = mu_journey_begins(j, at) ? mu_journey_mask(j, at) : 0;
        for (uint64_t left = mask; left != 0; left &= left - 1) {
            latest[__builtin_ctzll(left)] = mu_journey_time(j, at);
        }
    }
}

/* The last of the first `depth` of them. */
static int64_t last_beginning(const int64_t *latest, uint32_t depth)
{
    int64_t last = NEVER;

    for (uint32_t k = 0; k < depth; k++) {
        last = latest[k] > last ? latest[k] : last;
    }
    return last;
}

/* Where the window of the chain is in the lane, as far as it is known, and when it may begin. */
typedef struct window {
    uint32_t first, end;
    int64_t beginning;
} window;

static muster_status find_window(mu_journey *j, uint32_t at, uint32_t end, window *out,
                                 muster_error *err)
{
    const uint32_t steps = j->options->step_count;
    const mu_within *within = &j->options->within;
    int64_t latest[MU_MAX_STEPS];
    uint32_t first = at;

    for (uint32_t k = 0; k < steps; k++) {
        latest[k] = NEVER;
    }
    empty_window(j);
    for (uint32_t next; at < end && j->trip.depth < steps; at = next) {
        const int64_t time_us = mu_journey_time(j, at);
        next = mu_journey_group(j, at, end);
        MU_TRY(mu_journey_check(j, next - at, err));
        note_beginnings(j, at, next, latest);
        put_in_window(j, at, next);
        while (!mu_within_reaches(within, j->zone, mu_journey_time(j, first), time_us)) {
            take_from_window(j, first++);
        }
        const uint32_t depth = mu_ties_reach(&j->ties, 0, steps);
        const int64_t beginning = last_beginning(latest, depth);
        if (depth > j->trip.depth && beginning != NEVER &&
            mu_within_reaches(within, j->zone, beginning, time_us)) {
            j->trip.depth = depth;
            j->trip.last_us = time_us;
            *out = (window){first, next, beginning};
        }
    }
    const int64_t last = last_beginning(latest, steps);
    j->trip.still_open = j->trip.depth > 0 && j->trip.depth < steps &&
                         mu_within_last(within, j->zone, last) > j->as_of_us;
    return MUSTER_OK;
}

/* The latest start of a chain as deep, of rows of the window. */
static muster_status shorten(mu_journey *j, const window *w, muster_error *err)
{
    uint32_t first = w->first,
             end = w->end; /* the chain is in [first, ...), and not in [end, ...) */

    while (end - first > 1) {
        const uint32_t middle = first + (end - first) / 2;
        MU_TRY(mu_journey_check(j, w->end - middle, err));
        empty_window(j);
        put_in_window(j, middle, w->end);
        if (mu_ties_reach(&j->ties, 0, j->trip.depth) == j->trip.depth) {
            first = middle;
        } else {
            end = middle;
        }
    }
    const int64_t start = mu_journey_time(j, first);
    j->trip.start_us = start < w->beginning ? start : w->beginning;
    return MUSTER_OK;
}

/* When steps up to each were done by events since the start; leaves the window as the chain's. */
static muster_status find_times(mu_journey *j, const window *w, muster_error *err)
{
    uint32_t done = 0;

    j->end = w->end;
    for (j->first = w->first; mu_journey_time(j, j->first) < j->trip.start_us;) {
        j->first++;
    }
    empty_window(j);
    for (uint32_t at = j->first, next; at < j->end; at = next) {
        next = mu_journey_group(j, at, j->end);
        MU_TRY(mu_journey_check(j, next - at, err));
        put_in_window(j, at, next);
        const uint32_t depth =
            done < j->trip.depth ? mu_ties_reach(&j->ties, 0, j->trip.depth) : done;
        while (done < depth) {
            j->trip.times[done++] = mu_journey_time(j, at);
        }
    }
    assert(done == j->trip.depth);
    return MUSTER_OK;
}

muster_status mu_journey_find_any(mu_journey *j, uint32_t at, uint32_t end, muster_error *err)
{
    window found = {0};

    MU_TRY(find_window(j, at, end, &found, err));
    if (j->trip.depth > 0) {
        MU_TRY(shorten(j, &found, err));
        MU_TRY(find_times(j, &found, err));
    }
    return MUSTER_OK;
}
