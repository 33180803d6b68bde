/*
 * computed.h - the columns that a scan computes (plan.h): once for a block, where its least and its
 * greatest value say that all rows have the same, else row by row.
 */
#ifndef MU_COMPUTED_H
#define MU_COMPUTED_H

#include "query/plan.h"

typedef struct mu_computed mu_computed;
typedef struct mu_exec mu_exec;

/* For one thread. `plan` is a scan with computed columns. */
muster_status mu_computed_open(mu_exec *exec, const mu_plan *plan, mu_computed **out,
                               muster_error *err);
void mu_computed_close(mu_computed *computed); /* NULL is fine */

/* The current batch of the scan, with the computed columns behind its own; good until the next
 * call. What has to be read for them is loaded. */
muster_status mu_computed_run(mu_computed *computed, mu_scan *scan, mu_batch *batch, mu_batch **out,
                              muster_error *err);

#endif
