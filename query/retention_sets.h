/*
 * retention_sets.h - cohorts counted as sets of people, where files say who did what in each
 * period.
 */
#ifndef MU_RETENTION_SETS_H
#define MU_RETENTION_SETS_H

#include "query/returns.h"

typedef struct mu_retention_sets mu_retention_sets;

/* *out is NULL where files have more than one period, or sets do not say enough. b->state is a
 * mu_returns that is open. */
muster_status mu_retention_sets_open(mu_behaviour *b, mu_retention_sets **out, muster_error *err);
void mu_retention_sets_close(mu_retention_sets *sets); /* NULL is fine */

/* Calls `count` with each cohort that has members in the stripe: how many there are, and how many
 * of them came in each cell. */
typedef muster_status mu_cohort_fn(mu_behaviour *b, int64_t cohort, uint64_t members,
                                   const uint64_t *came, muster_error *err);
muster_status mu_retention_sets_count(mu_retention_sets *sets, mu_behaviour *b, uint32_t stripe,
                                      mu_cohort_fn *count, muster_error *err);

#endif
