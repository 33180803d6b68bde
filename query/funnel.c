/*
 * funnel.c - how far each customer came.
 *
 * Events are taken in order of time. For each number of steps k, best[k] is the latest start of a
 * chain of k steps that has been found so far: a chain with a later start can do all that one with
 * an earlier start can, and more. An event of a time of its own that meets step k + 1 makes a chain
 * of k steps one of k + 1; steps are tried from the last to the first, so that the event fills one
 * step only. That is exact, and O(steps) memory.
 *
 * Events of equal time are one group, and any order of them will do. From k steps, a group reaches
 * the largest j such that steps k + 1 ... j can each be given an event of their own (ties.h).
 *
 * This is the funnel that is asked for most, steps in their order within a time; journey.h has all
 * that may be asked.
 */
#include "query/funnel.h"

#include "query/exec.h"
#include "query/ties.h"
#include "storage/base/mem.h"

#define NEVER INT64_MIN

/* Whether the chain could begin with an event of the mask. */
typedef struct beginning {
    uint64_t mask;
    bool can;
} beginning;

struct mu_funnel {
    mu_exec *exec;
    const mu_funnel_plan *plan;
    mu_event_options options;
    mu_event_reader *reader;
    mu_events events;
    int64_t as_of_us;
    /* Of the customer at hand: */
    int64_t best[MU_MAX_STEPS + 1]; /* best[k]: the latest start of a chain of k steps; NEVER */
    mu_chain chain;
    mu_ties ties;          /* the group of equal times at hand */
    beginning *beginnings; /* of the masks at the start of the chain that were tried */
    size_t beginning_count, beginning_capacity;
    uint64_t rows; /* that were gone through since the statement was last looked at */
};

enum {
    ROWS_PER_CHECK = 1 << 16
};

mu_event_options mu_funnel_events(const mu_funnel_plan *plan)
{
    return (mu_event_options){
        .source = &plan->source,
        .condition_count = plan->step_count,
        .conditions = plan->steps,
        .value_count = plan->by ? 1 : 0,
        .values = &plan->by,
        .bounded = plan->source.bounded,
        .since_us = plan->source.since_us,
        /* The last step may come at until - 1 + within. */
        .until_us = mu_time_add(plan->source.until_us, plan->within_us),
    };
}

muster_status mu_funnel_open(mu_exec *exec, const mu_funnel_plan *plan, mu_funnel **out,
                             muster_error *err)
{
    mu_funnel *funnel = mu_mem_zalloc(sizeof *funnel);

    *out = NULL;
    if (!funnel) {
        return mu_fail_memory(err, "running a funnel");
    }
    assert(plan->step_count >= 1 && plan->step_count <= MU_MAX_STEPS && plan->within_us >= 0);
    funnel->exec = exec;
    funnel->plan = plan;
    funnel->options = mu_funnel_events(plan);
    funnel->as_of_us = plan->as_of_us;
    if (!plan->as_of_given && !mu_event_newest(exec, &plan->source, &funnel->as_of_us)) {
        funnel->as_of_us = 0; /* there are no events: nobody is asked */
    }
    const muster_status status = mu_event_open(exec, &funnel->options, &funnel->reader, err);
    if (status != MUSTER_OK) {
        mu_funnel_close(funnel);
        return status;
    }
    *out = funnel;
    return MUSTER_OK;
}

void mu_funnel_close(mu_funnel *funnel)
{
    if (!funnel) {
        return;
    }
    mu_event_close(funnel->reader);
    mu_ties_deinit(&funnel->ties);
    mu_mem_free(funnel->beginnings);
    mu_mem_free(funnel);
}

muster_status mu_funnel_start(mu_funnel *funnel, uint32_t stripe, const mu_events **events,
                              muster_error *err)
{
    *events = &funnel->events;
    return mu_event_gather(funnel->reader, stripe, &funnel->events, err);
}

const mu_event_reader *mu_funnel_reader(const mu_funnel *funnel)
{
    return funnel->reader;
}

static bool may_start(const mu_funnel *funnel, int64_t time_us)
{
    const mu_event_source *source = &funnel->plan->source;

    return !source->bounded || (time_us >= source->since_us && time_us < source->until_us);
}

/* Whether a chain that began at `start_us` may still have an event at `time_us`. */
static bool in_window(const mu_funnel *funnel, int64_t start_us, int64_t time_us)
{
    assert(time_us >= start_us);
    return (uint64_t)time_us - (uint64_t)start_us <= (uint64_t)funnel->plan->within_us;
}

/* A chain of `depth` steps ends at `time_us`. The first of its depth is the one that counts. */
static void record(mu_chain *chain, uint32_t depth, int64_t start_us, int64_t time_us)
{
    if (depth > chain->depth) {
        chain->depth = depth;
        chain->start_us = start_us;
        chain->last_us = time_us;
    }
}

/* An event of a time of its own. */
static void take_event(mu_funnel *funnel, int64_t time_us, uint64_t mask)
{
    int64_t *best = funnel->best;

    while (mask != 0) {
        const uint32_t k = 63 - (uint32_t)__builtin_clzll(mask); /* it meets step k + 1 */
        const int64_t start = k == 0 ? time_us : best[k];
        mask &= ~(UINT64_C(1) << k);
        if (k == 0 ? !may_start(funnel, time_us)
                   : start == NEVER || !in_window(funnel, start, time_us)) {
            continue;
        }
        if (start > best[k + 1]) {
            best[k + 1] = start;
        }
        record(&funnel->chain, k + 1, start, time_us);
    }
}

/* Takes rows as a group. */
static muster_status take_rows(mu_funnel *funnel, uint32_t first, uint32_t end, muster_error *err)
{
    mu_ties_clear(&funnel->ties);
    for (uint32_t row = first; row < end; row++) {
        if (!mu_ties_add(&funnel->ties, funnel->events.mask[row], 1)) {
            return mu_fail_memory(err, "running a funnel");
        }
    }
    return MUSTER_OK;
}

/* A group of events of the same time. Chains are lengthened from the fewest steps up: those have
 * the latest starts. */
static void take_group(mu_funnel *funnel, int64_t time_us)
{
    const uint32_t steps = funnel->plan->step_count;
    const uint64_t met = mu_ties_met(&funnel->ties);
    int64_t before[MU_MAX_STEPS + 1];
    uint32_t done = 0; /* chains of up to so many steps have been given their latest start */

    memcpy(before, funnel->best, (steps + 1) * sizeof *before);
    before[0] = may_start(funnel, time_us) ? time_us : NEVER;
    for (uint32_t k = 0; k < steps; k++) {
        if (!(met >> k & 1) || before[k] == NEVER || !in_window(funnel, before[k], time_us)) {
            continue;
        }
        const uint32_t j = mu_ties_reach(&funnel->ties, k, steps);
        for (uint32_t n = done > k ? done + 1 : k + 1; n <= j; n++) {
            if (before[k] > funnel->best[n]) {
                funnel->best[n] = before[k];
            }
            record(&funnel->chain, n, before[k], time_us);
        }
        done = j > done ? j : done;
    }
}

/* The end of the group of equal times that begins at row `first`. */
static uint32_t group_end(const mu_events *events, uint32_t first, uint32_t end)
{
    uint32_t row = first + 1;

    while (row < end && events->time_us[row] == events->time_us[first]) {
        row++;
    }
    return row;
}

/* The first row of the customer that is not before `time_us`. */
static uint32_t find_time(const mu_events *events, uint32_t first, uint32_t end, int64_t time_us)
{
    while (first < end) {
        const uint32_t middle = first + (end - first) / 2;
        if (events->time_us[middle] < time_us) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    return first;
}

mu_value mu_funnel_by(const mu_funnel *funnel, int64_t by)
{
    return mu_event_value(funnel->reader, 0, by);
}

/* Whether the customer's chain could begin with an event of this mask at row `first`, the first of
 * its time: from there, going as far as each group allows is as good as anything. */
static muster_status find_beginning(mu_funnel *funnel, uint32_t first, uint32_t end, uint64_t mask,
                                    bool *can, muster_error *err)
{
    const mu_events *events = &funnel->events;
    uint32_t depth = 1;

    for (uint32_t row = first; row < end && events->time_us[row] <= funnel->chain.last_us;) {
        const uint32_t next = group_end(events, row, end);
        MU_TRY(take_rows(funnel, row, next, err));
        if (row == first) {
            funnel->ties.kinds[mu_ties_find(&funnel->ties, mask)].count--;
        }
        depth = mu_ties_reach(&funnel->ties, depth, funnel->plan->step_count);
        row = next;
    }
    *can = depth >= funnel->chain.depth;
    return MUSTER_OK;
}

static muster_status can_begin(mu_funnel *funnel, uint32_t first, uint32_t end, uint64_t mask,
                               bool *can, muster_error *err)
{
    for (size_t i = 0; i < funnel->beginning_count; i++) {
        if (funnel->beginnings[i].mask == mask) {
            *can = funnel->beginnings[i].can;
            return MUSTER_OK;
        }
    }
    if (!mu_mem_reserve(&funnel->beginnings, &funnel->beginning_capacity,
                        funnel->beginning_count + 1, sizeof *funnel->beginnings)) {
        return mu_fail_memory(err, "running a funnel");
    }
    MU_TRY(mu_exec_check(funnel->exec, err));
    MU_TRY(find_beginning(funnel, first, end, mask, can, err));
    funnel->beginnings[funnel->beginning_count++] = (beginning){mask, *can};
    return MUSTER_OK;
}

/* The breakdown value of the chain: the smallest of the events that can be its first. */
static muster_status find_by(mu_funnel *funnel, uint32_t begin, uint32_t end, muster_error *err)
{
    const mu_events *events = &funnel->events;
    const int64_t *by = events->columns[0];
    const uint32_t first = find_time(events, begin, end, funnel->chain.start_us);
    const uint32_t next = group_end(events, first, end);
    bool found = false, can = true; /* where there is no other */

    funnel->beginning_count = 0;
    for (uint32_t row = first; row < next; row++) {
        if (!(events->mask[row] & 1) ||
            (found && mu_event_compare(funnel->reader, 0, by[row], funnel->chain.by) >= 0)) {
            continue;
        }
        if (next > first + 1) {
            MU_TRY(can_begin(funnel, first, end, events->mask[row], &can, err));
        }
        if (can) {
            funnel->chain.by = by[row];
            found = true;
        }
    }
    assert(found);
    return MUSTER_OK;
}

muster_status mu_funnel_chain(mu_funnel *funnel, uint32_t i, mu_chain *out, muster_error *err)
{
    const mu_events *events = &funnel->events;
    const uint32_t begin = events->starts[i];
    const uint32_t end = events->starts[i + 1];
    const uint32_t steps = funnel->plan->step_count;

    funnel->rows += end - begin;
    if (funnel->rows >= ROWS_PER_CHECK) {
        funnel->rows = 0;
        MU_TRY(mu_exec_check(funnel->exec, err));
    }
    for (uint32_t k = 0; k <= steps; k++) {
        funnel->best[k] = NEVER;
    }
    funnel->chain = (mu_chain){0};
    for (uint32_t row = begin; row < end && funnel->chain.depth < steps;) {
        const int64_t time_us = events->time_us[row];
        if (row + 1 == end || events->time_us[row + 1] != time_us) {
            take_event(funnel, time_us, events->mask[row]);
            row++;
        } else {
            const uint32_t next = group_end(events, row, end);
            MU_TRY(take_rows(funnel, row, next, err));
            take_group(funnel, time_us);
            row = next;
        }
    }
    mu_chain *chain = &funnel->chain;
    if (chain->depth > 0 && chain->depth < steps) {
        chain->still_open =
            mu_time_add(funnel->best[1], funnel->plan->within_us) > funnel->as_of_us;
    }
    if (chain->depth > 0 && funnel->plan->by) {
        MU_TRY(find_by(funnel, begin, end, err));
    }
    *out = *chain;
    return MUSTER_OK;
}
