/*
 * lookup_set.h - conditions on what is looked up of a customer, as sets.
 *
 * `measure(sum(amount)) >= 500` need not be asked of each customer, by looking the sum up: the rows
 * of the lookup are the sums there are, and who they are of, so that those which meet the condition
 * are a query whose customers are the set. As one it goes together with other sets, and is planned
 * anew for their members alone.
 */
#ifndef MU_LOOKUP_SET_H
#define MU_LOOKUP_SET_H

#include "query/optimize.h"

/* The set of those for whom the condition is true, if it speaks of one lookup by the customer, and
 * of nothing else of the row, and is not true where the customer is nobody; else *out is NULL. */
muster_status mu_lookup_set(const mu_scope *scope, const mu_expr *condition, const mu_set **out,
                            muster_error *err);
/* Makes one of all conjuncts that such a set can be made of if they are about the same lookup. */
muster_status mu_lookup_set_join(const mu_scope *scope, mu_conjuncts *all, muster_error *err);

#endif
