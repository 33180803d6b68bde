/*
 * then.h - the set of those who did one thing and another soon after it, or did not.
 */
#ifndef MU_THEN_H
#define MU_THEN_H

#include "query/set.h"

typedef struct mu_then mu_then;

/* For one thread; `set` is a MU_SET_THEN. */
muster_status mu_then_open(mu_exec *exec, const mu_set *set, mu_then **out, muster_error *err);
void mu_then_close(mu_then *then); /* NULL is fine */
/* Sets the bits of the members in the stripe. */
muster_status mu_then_run(mu_then *then, uint32_t stripe, uint64_t bits[MU_STRIPE_WORDS],
                          muster_error *err);

#endif
