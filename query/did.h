/*
 * did.h - the set of those who did something, so many times.
 */
#ifndef MU_DID_H
#define MU_DID_H

#include "query/set.h"

typedef struct mu_did mu_did;

/* For one thread; `set` is a MU_SET_DID. */
muster_status mu_did_open(mu_exec *exec, const mu_set *set, mu_did **out, muster_error *err);
void mu_did_close(mu_did *did);       /* NULL is fine */
bool mu_did_known(const mu_did *did); /* no event is read for it: postings know all */
muster_status mu_did_run(mu_did *did, uint32_t stripe, uint64_t bits[MU_STRIPE_WORDS],
                         muster_error *err);

#endif
