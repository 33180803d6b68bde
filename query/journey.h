/*
 * journey.h - how far a customer came, whatever may be asked of it: the funnel of funnel.h with
 * limits between steps, exclusions, and other orders.
 *
 * A chain of depth k is k distinct events e1 ... ek, of which each meets its step, such that
 *
 *   in order     they are at ascending times; equal ones are in any order, or with `strict_ties` do
 *                not ascend; e1 lies in the range; ek is at most `within` after e1, and each at
 *                most `step_within` after the one before;
 *                for each exclusion (i, j) with j <= k there is no event of its condition at a time
 *                strictly between those of ei and ej;
 *   in any order the earliest of them lies in the range, and the latest at most `within` after it.
 *
 * The chain that counts is the deepest; then the first to finish; then the latest start, and so on
 * from the last step back: each is as late as those after it allow. The time of a step is that of
 * its event; in any order, when all steps up to it were first done by events since the start.
 *
 * What is looked at is a list of rows of one customer, a lane: those that meet steps, or those of
 * them that have the same values held.
 */
#ifndef MU_JOURNEY_H
#define MU_JOURNEY_H

#include "query/events.h"
#include "query/exec.h"
#include "query/ties.h"
#include "query/within.h"

/* No event of the condition between two steps, which are counted from 1. */
typedef struct mu_without {
    uint32_t from, to;
    uint32_t condition; /* of the exclusions' */
} mu_without;

typedef struct mu_journey_options {
    uint32_t step_count; /* the first bits of the masks of events */
    mu_within within, step_within;
    bool any_order; /* then there is no step_within, and no exclusion */
    bool strict_ties;
    uint32_t without_count;
    const mu_without *withouts;
    uint32_t excluded_count; /* their conditions: the bits that follow those of the steps */
} mu_journey_options;

/* The chain that counts. */
typedef struct mu_trip {
    uint32_t depth;
    bool still_open; /* not full, and events later than as_of could make a chain that is */
    int64_t start_us, last_us;
    int64_t times[MU_MAX_STEPS]; /* depth of them */
} mu_trip;

/* A search; for one thread. */
typedef struct mu_journey {
    const mu_journey_options *options;
    const mu_event_source *source;
    mu_exec *exec;
    const mu_zone *zone;
    int64_t as_of_us;
    uint64_t rows_since_check; /* whether the statement is to stop */
    /* The customer at hand: */
    const mu_events *events;
    uint32_t begin, count; /* rows */
    int64_t *barriers; /* exclusion by exclusion, row by row: the last such event before its time */
    size_t barrier_capacity;
    int64_t newest[MU_MAX_STEPS]; /* exclusion by exclusion: the last such event up to as_of */
    /* The lane at hand: */
    const uint32_t *lane; /* rows, in order of time */
    uint32_t lane_count;
    mu_ties ties; /* in order: of a group of equal times; else of the whole lane */
    /* The search at hand: */
    int64_t *best; /* in order: of each depth, the times of the latest chain; step_count each */
    bool reached[MU_MAX_STEPS + 1]; /* whether there is one */
    mu_trip trip;                   /* what was found */
    uint32_t first, end;            /* the rows of the lane that its step 1 may be among */
    bool *firsts;                   /* kind by kind: whether it may be one of that kind */
    size_t first_capacity;
    bool start_meets_others; /* those at the start meet more steps of it than the first */
} mu_journey;

muster_status mu_journey_init(mu_journey *j, const mu_journey_options *options,
                              const mu_event_source *source, mu_exec *exec, int64_t as_of_us,
                              muster_error *err);
void mu_journey_deinit(mu_journey *j); /* zeroed is fine */

/* Customer i of the stripe; then one lane of theirs, whose rows must stay; then the chain that
 * counts of rows at ... end - 1 of the lane, which begin and end with a group of equal times. */
muster_status mu_journey_customer(mu_journey *j, const mu_events *events, uint32_t i,
                                  muster_error *err);
muster_status mu_journey_lane(mu_journey *j, const uint32_t *rows, uint32_t count,
                              muster_error *err);
muster_status mu_journey_find(mu_journey *j, uint32_t at, uint32_t end, muster_error *err);

/* Whether a row of the lane, one of first ... end - 1, could be step 1 of the chain just found, the
 * rest of which stays as it is or changes places. */
muster_status mu_journey_firsts(mu_journey *j, muster_error *err); /* before it is asked */
bool mu_journey_may_be_first(const mu_journey *j, uint32_t at);

/* Whether a chain could begin with row `at` of the lane. */
bool mu_journey_begins(const mu_journey *j, uint32_t at);

/* The end of the group of equal times that begins at row `at` of the lane. */
uint32_t mu_journey_group(const mu_journey *j, uint32_t at, uint32_t end);

/* The search in any order, and what it needs of the lane. */
muster_status mu_journey_find_any(mu_journey *j, uint32_t at, uint32_t end, muster_error *err);

enum {
    MU_JOURNEY_CHECKED = 1 << 16 /* rows between two looks at whether the statement is to stop */
};

/* To be called for rows that are gone through. */
static inline muster_status mu_journey_check(mu_journey *j, uint32_t rows, muster_error *err)
{
    j->rows_since_check += rows;
    if (j->rows_since_check < MU_JOURNEY_CHECKED) {
        return MUSTER_OK;
    }
    j->rows_since_check = 0;
    return mu_exec_check(j->exec, err);
}

static inline int64_t mu_journey_time(const mu_journey *j, uint32_t at)
{
    return j->events->time_us[j->lane[at]];
}

static inline uint64_t mu_journey_steps(const mu_journey *j)
{
    return UINT64_MAX >> (64 - j->options->step_count);
}

/* The steps that a row of the lane meets. */
static inline uint64_t mu_journey_mask(const mu_journey *j, uint32_t at)
{
    return j->events->mask[j->lane[at]] & mu_journey_steps(j);
}

/* The last time that a chain may have an event at if it began at a time: it is within the one
 * limit, and each step within the other. */
int64_t mu_journey_window_end(const mu_journey_options *options, const mu_zone *zone,
                              int64_t begins_us);

#endif
