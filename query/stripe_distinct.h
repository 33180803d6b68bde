/*
 * stripe_distinct.h - count(DISTINCT customer) by group, a stripe at a time, in one thread.
 *
 * Customers of different stripes are different, so the counts of stripes add up, and so do those of
 * threads. Within a stripe a group is 8 KiB of bits; where there are so many groups that this would
 * be too much, a hash set of (group, customer).
 */
#ifndef MU_STRIPE_DISTINCT_H
#define MU_STRIPE_DISTINCT_H

#include "storage/batch.h"

typedef struct mu_stripe_distinct mu_stripe_distinct;

mu_stripe_distinct *mu_stripe_distinct_open(void);           /* NULL when out of memory */
void mu_stripe_distinct_close(mu_stripe_distinct *distinct); /* NULL is fine */

/* The customer of each live row is in groups[row] (NULL: all in group 0). NULL and nobody do not
 * count. */
muster_status mu_stripe_distinct_add(mu_stripe_distinct *distinct, const mu_vector *customers,
                                     const uint64_t *live, uint32_t rows, const uint32_t *groups,
                                     muster_error *err);
/* The stripe has ended. */
void mu_stripe_distinct_end(mu_stripe_distinct *distinct);
uint64_t mu_stripe_distinct_count(const mu_stripe_distinct *distinct, uint32_t group);
/* Group g of `from` is added to group map[g]. */
muster_status mu_stripe_distinct_merge(mu_stripe_distinct *distinct, const mu_stripe_distinct *from,
                                       const uint32_t *map, uint32_t groups, muster_error *err);
void mu_stripe_distinct_reset(mu_stripe_distinct *distinct); /* all counts are 0 again */

#endif
