/*
 * funnel.h - how far each customer came: the one loop that funnel and funnel_customers share.
 *
 * Depth is by existence: the largest k for which distinct events e1 ... ek exist that meet steps 1
 * ... k, in an order their times allow (equal times in either order), the last no later than
 * `within` after the first, and e1 in [since, until). The chain that times and breakdown come from
 * is the deepest; then the first to finish; then the latest start. Of several events that could be
 * its first at the same time, the one with the smallest breakdown value counts, so that load order
 * never matters.
 */
#ifndef MU_FUNNEL_H
#define MU_FUNNEL_H

#include "query/events.h"

typedef struct mu_funnel mu_funnel;

typedef struct mu_chain {
    uint32_t depth; /* 0: not even step 1 */
    bool
        still_open; /* not converted, and the window of their latest step 1 was not over at as_of */
    int64_t start_us, last_us;
    int64_t by; /* as gather keeps it; MU_GATHER_NULL; 0 where there is no breakdown */
} mu_chain;

/* What events are read for it; the options point into the plan. */
mu_event_options mu_funnel_events(const mu_funnel_plan *plan);

/* For one thread. */
muster_status mu_funnel_open(mu_exec *exec, const mu_funnel_plan *plan, mu_funnel **out,
                             muster_error *err);
void mu_funnel_close(mu_funnel *funnel); /* NULL is fine */

/* Reads a stripe; then mu_funnel_chain() is asked for each of its events->customer_count customers.
 */
muster_status mu_funnel_start(mu_funnel *funnel, uint32_t stripe, const mu_events **events,
                              muster_error *err);
muster_status mu_funnel_chain(mu_funnel *funnel, uint32_t i, mu_chain *out, muster_error *err);

const mu_event_reader *mu_funnel_reader(const mu_funnel *funnel);

/* What a chain's `by` stands for; text is good as long as the funnel is. */
mu_value mu_funnel_by(const mu_funnel *funnel, int64_t by);

#endif
