/*
 * journey.c - chains whose steps are in order.
 *
 * Of each depth one chain is kept: the last that was found. It is the latest of them in all of its
 * steps, for if a chain of k steps ends at a time, one that ends later is at least as late, step by
 * step. (It came of a chain of fewer steps, the last of its depth, which by the same argument is as
 * late as the beginning of any other, and of events at its own time.) Whatever limits a chain,
 * `within`, `step_within`, an event that must not lie after its step i, is kept by the latest chain
 * if it is by any. So nothing but the latest chain matters, and the search is exact in one pass:
 * O(steps) memory, and O(steps) chains to look at for an event.
 *
 * A group of equal times lengthens the chains from before it, by as many steps as it can fill with
 * distinct events (ties.h); of several chains that it makes as deep, the one with the fewest steps
 * before the group is the latest. With strict_ties a group is one event that meets all that any of
 * its events does.
 *
 * An exclusion (i, j) forbids that a chain comes to step j at a time if there is such an event
 * before that time, yet after its step i. "The last such event before this time", the barrier, is
 * found for all rows at once. Where j is not reached, it forbids nothing.
 */
#include "query/journey.h"

#include "storage/base/mem.h"

#define NEVER INT64_MIN

static muster_status fail_memory(muster_error *err)
{
    return mu_fail_memory(err, "running funnel()");
}

muster_status mu_journey_init(mu_journey *j, const mu_journey_options *options,
                              const mu_event_source *source, mu_exec *exec, int64_t as_of_us,
                              muster_error *err)
{
    const uint32_t steps = options->step_count;

    assert(steps >= 1 && steps <= MU_MAX_STEPS);
    j->options = options;
    j->source = source;
    j->exec = exec;
    j->zone = mu_exec_zone(exec);
    j->as_of_us = as_of_us;
    j->best = mu_mem_zalloc_array((size_t)(steps + 1) * steps, sizeof *j->best);
    return j->best ? MUSTER_OK : fail_memory(err);
}

void mu_journey_deinit(mu_journey *j)
{
    mu_ties_deinit(&j->ties);
    mu_mem_free(j->barriers);
    mu_mem_free(j->best);
    mu_mem_free(j->firsts);
}

int64_t mu_journey_window_end(const mu_journey_options *options, const mu_zone *zone,
                              int64_t begins_us)
{
    const int64_t whole_us = mu_within_last(&options->within, zone, begins_us);
    int64_t step_us = begins_us;

    for (uint32_t k = 1; k < options->step_count; k++) {
        step_us = mu_within_last(&options->step_within, zone, step_us);
    }
    return step_us < whole_us ? step_us : whole_us;
}

/* For each row, when the last event of an exclusion was before its time. */
static muster_status find_barriers(mu_journey *j, uint32_t x, muster_error *err)
{
    const mu_events *events = j->events;
    const uint32_t condition = j->options->step_count + x;
    int64_t *barriers = &j->barriers[(size_t)x * j->count];
    int64_t before = NEVER, latest = NEVER;

    j->newest[x] = NEVER;
    for (uint32_t i = 0; i < j->count; i++) {
        const uint32_t row = j->begin + i;
        if (i > 0 && events->time_us[row] > events->time_us[row - 1]) {
            before = latest;
        }
        if (events->mask[row] >> condition & 1) {
            latest = events->time_us[row];
            j->newest[x] = latest <= j->as_of_us ? latest : j->newest[x];
        }
        barriers[i] = before;
        MU_TRY(mu_journey_check(j, 1, err));
    }
    return MUSTER_OK;
}

muster_status mu_journey_customer(mu_journey *j, const mu_events *events, uint32_t i,
                                  muster_error *err)
{
    const size_t excluded = j->options->excluded_count;

    j->events = events;
    j->begin = events->starts[i];
    j->count = events->starts[i + 1] - j->begin;
    if (!mu_mem_reserve(&j->barriers, &j->barrier_capacity, excluded * j->count,
                        sizeof *j->barriers)) {
        return fail_memory(err);
    }
    for (uint32_t x = 0; x < excluded; x++) {
        MU_TRY(find_barriers(j, x, err));
    }
    return MUSTER_OK;
}

muster_status mu_journey_lane(mu_journey *j, const uint32_t *rows, uint32_t count,
                              muster_error *err)
{
    j->lane = rows;
    j->lane_count = count;
    if (!j->options->any_order) {
        return MUSTER_OK;
    }
    mu_ties_clear(&j->ties);
    for (uint32_t at = 0; at < count; at++) {
        if (!mu_ties_add(&j->ties, mu_journey_mask(j, at), 0)) {
            return fail_memory(err);
        }
        MU_TRY(mu_journey_check(j, 1, err));
    }
    return MUSTER_OK;
}

static bool in_range(const mu_journey *j, int64_t time_us)
{
    const mu_event_source *source = j->source;

    return !source->bounded || (time_us >= source->since_us && time_us < source->until_us);
}

bool mu_journey_begins(const mu_journey *j, uint32_t at)
{
    return (j->options->any_order || (mu_journey_mask(j, at) & 1)) &&
           in_range(j, mu_journey_time(j, at));
}

uint32_t mu_journey_group(const mu_journey *j, uint32_t at, uint32_t end)
{
    uint32_t next = at + 1;

    while (next < end && mu_journey_time(j, next) == mu_journey_time(j, at)) {
        next++;
    }
    return next;
}

/* The times of the latest chain of `depth` steps. */
static int64_t *chain_of(const mu_journey *j, uint32_t depth)
{
    return &j->best[(size_t)depth * j->options->step_count];
}

/* When the last event of an exclusion was before the time of a row. */
static int64_t barrier(const mu_journey *j, uint32_t x, uint32_t row)
{
    return j->barriers[(size_t)x * j->count + (row - j->begin)];
}

/* Whether it may come from `from` steps to `to` of them at the time of a row. */
static bool may_go_on(const mu_journey *j, uint32_t from, uint32_t to, uint32_t row)
{
    const mu_journey_options *o = j->options;
    const int64_t time_us = j->events->time_us[row];
    const int64_t *times = chain_of(j, from);

    if (from == 0) {
        return in_range(j, time_us); /* all its steps are at this time: nothing is between them */
    }
    if (!j->reached[from] || !mu_within_reaches(&o->within, j->zone, times[0], time_us) ||
        !mu_within_reaches(&o->step_within, j->zone, times[from - 1], time_us)) {
        return false;
    }
    for (uint32_t w = 0; w < o->without_count; w++) {
        const mu_without *without = &o->withouts[w];
        if (without->from <= from && from < without->to && without->to <= to &&
            barrier(j, without->condition, row) > times[without->from - 1]) {
            return false;
        }
    }
    return true;
}

/* The chain of `from` steps becomes one of `to` steps. The first of its depth is the one that
 * counts. */
static void go_on(mu_journey *j, uint32_t from, uint32_t to, int64_t time_us)
{
    int64_t *times = chain_of(j, to);

    memcpy(times, chain_of(j, from), from * sizeof *times);
    for (uint32_t k = from; k < to; k++) {
        times[k] = time_us;
    }
    j->reached[to] = true;
    if (to > j->trip.depth) {
        j->trip.depth = to;
        j->trip.start_us = times[0];
        j->trip.last_us = time_us;
        memcpy(j->trip.times, times, to * sizeof *times);
    }
}

/* An event of a time of its own, or events at one time of which only one may be chosen. From the
 * last step to the first, so that it fills one step only. */
static void take_event(mu_journey *j, uint32_t row, uint64_t mask)
{
    while (mask != 0) {
        const uint32_t k = 63 - (uint32_t)__builtin_clzll(mask); /* it meets step k + 1 */
        mask &= ~(UINT64_C(1) << k);
        if (may_go_on(j, k, k + 1, row)) {
            go_on(j, k, k + 1, j->events->time_us[row]);
        }
    }
}

static muster_status fill_ties(mu_journey *j, uint32_t at, uint32_t end, muster_error *err)
{
    mu_ties_clear(&j->ties);
    for (; at < end; at++) {
        if (!mu_ties_add(&j->ties, mu_journey_mask(j, at), 1)) {
            return fail_memory(err);
        }
        MU_TRY(mu_journey_check(j, 1, err));
    }
    return MUSTER_OK;
}

/* A group of equal times. The deepest first: what they are made of is then still as it was before
 * the group. */
static muster_status take_group(mu_journey *j, uint32_t at, uint32_t end, muster_error *err)
{
    const uint32_t steps = j->options->step_count;
    const uint32_t row = j->lane[at];
    uint32_t reach[MU_MAX_STEPS];

    MU_TRY(fill_ties(j, at, end, err));
    const uint64_t met = mu_ties_met(&j->ties);
    for (uint32_t from = 0; from < steps; from++) {
        const bool goes_on = (met >> from & 1) && may_go_on(j, from, from, row);
        reach[from] = goes_on ? mu_ties_reach(&j->ties, from, steps) : from;
    }
    for (uint32_t to = steps; to > 0; to--) {
        for (uint32_t from = 0; from < to; from++) {
            if (reach[from] >= to && may_go_on(j, from, to, row)) {
                go_on(j, from, to, j->events->time_us[row]);
                break;
            }
        }
    }
    return MUSTER_OK;
}

/* Whether an event later than as_of could make one of the chains longer, and others make it full.
 */
static bool is_open(const mu_journey *j)
{
    const mu_journey_options *o = j->options;

    for (uint32_t k = 1; k < o->step_count; k++) {
        const int64_t *times = chain_of(j, k);
        bool open = j->reached[k] && mu_within_last(&o->within, j->zone, times[0]) > j->as_of_us &&
                    mu_within_last(&o->step_within, j->zone, times[k - 1]) > j->as_of_us;
        for (uint32_t w = 0; open && w < o->without_count; w++) {
            const mu_without *without = &o->withouts[w];
            open = without->from > k || k >= without->to ||
                   j->newest[without->condition] <= times[without->from - 1];
        }
        if (open) {
            return true;
        }
    }
    return false;
}

static uint64_t met_by(const mu_journey *j, uint32_t at, uint32_t end)
{
    uint64_t met = 0;

    for (; at < end; at++) {
        met |= mu_journey_mask(j, at);
    }
    return met;
}

static muster_status find_in_order(mu_journey *j, uint32_t at, uint32_t end, muster_error *err)
{
    const uint32_t steps = j->options->step_count;

    memset(j->reached, 0, sizeof j->reached);
    for (uint32_t next; at < end && j->trip.depth < steps; at = next) {
        next = mu_journey_group(j, at, end);
        if (next == at + 1 || j->options->strict_ties) {
            take_event(j, j->lane[at], met_by(j, at, next));
        } else {
            MU_TRY(take_group(j, at, next, err));
        }
        MU_TRY(mu_journey_check(j, next - at, err));
    }
    j->trip.still_open = j->trip.depth < steps && is_open(j);
    return MUSTER_OK;
}

/* The first row of the lane, of at ... end - 1, that is not before a time. */
static uint32_t find_time(const mu_journey *j, uint32_t at, uint32_t end, int64_t time_us)
{
    while (at < end) {
        const uint32_t middle = at + (end - at) / 2;
        if (mu_journey_time(j, middle) < time_us) {
            at = middle + 1;
        } else {
            end = middle;
        }
    }
    return at;
}

muster_status mu_journey_find(mu_journey *j, uint32_t at, uint32_t end, muster_error *err)
{
    j->trip = (mu_trip){0};
    if (j->options->any_order) {
        return mu_journey_find_any(j, at, end, err);
    }
    MU_TRY(find_in_order(j, at, end, err));
    if (j->trip.depth > 0) {
        j->first = find_time(j, at, end, j->trip.start_us);
        j->end = mu_journey_group(j, j->first, end);
    }
    return MUSTER_OK;
}

/* Which kinds of a group, or of a window, may be step 1: those without which the steps after it
 * that are in there too can be filled. */
muster_status mu_journey_firsts(mu_journey *j, muster_error *err)
{
    const mu_trip *trip = &j->trip;
    uint32_t steps = 1;

    if (j->options->any_order) {
        steps = trip->depth;
    } else {
        MU_TRY(fill_ties(j, j->first, j->end, err));
        while (!j->options->strict_ties && steps < trip->depth &&
               trip->times[steps] == trip->start_us) {
            steps++;
        }
    }
    const uint64_t others = met_by(j, j->first, mu_journey_group(j, j->first, j->end));
    j->start_meets_others = (others & (UINT64_MAX >> (64 - steps)) & ~UINT64_C(1)) != 0;
    if (!mu_mem_reserve(&j->firsts, &j->first_capacity, j->ties.kind_count, sizeof *j->firsts)) {
        return fail_memory(err);
    }
    for (uint32_t i = 0; i < j->ties.kind_count; i++) {
        mu_tie *kind = &j->ties.kinds[i];
        j->firsts[i] = false;
        if ((kind->mask & 1) && kind->count > 0) {
            kind->count--;
            j->firsts[i] = mu_ties_reach(&j->ties, 1, steps) == steps;
            kind->count++;
        }
    }
    return MUSTER_OK;
}

/* In any order the window must begin with an event of the chain: this one, or one that takes
 * another step of it. */
bool mu_journey_may_be_first(const mu_journey *j, uint32_t at)
{
    return (mu_journey_mask(j, at) & 1) &&
           j->firsts[mu_ties_find(&j->ties, mu_journey_mask(j, at))] &&
           (mu_journey_time(j, at) == j->trip.start_us || j->start_meets_others);
}
