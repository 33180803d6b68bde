/*
 * seen.h - when each customer of a stripe was first and last seen in any table of events.
 */
#ifndef MU_SEEN_H
#define MU_SEEN_H

#include "storage/db.h"

typedef struct mu_seen {
    mu_snapshot *snapshot;
    uint32_t stripe; /* that the arrays are of; MU_NO_STRIPE: none */
    int64_t *first, *last;
    uint64_t *valid; /* who was seen at all; the same for both */
    int64_t *times;  /* of a block */
    mu_decoder *runs, *time;
} mu_seen;

#define MU_NO_STRIPE UINT32_MAX

/* One thread's; the snapshot must stay. */
muster_status mu_seen_open(mu_snapshot *snapshot, mu_seen **out, muster_error *err);
void mu_seen_close(mu_seen *seen); /* NULL is fine */

/* Fills the arrays for the stripe, unless they are of it already. What is read is added to
 * *bytes. */
muster_status mu_seen_run(mu_seen *seen, uint32_t stripe, uint64_t *bytes, muster_error *err);

#endif
