/*
 * optimize.h - the parts of mu_plan_optimize() (plan.h).
 */
#ifndef MU_OPTIMIZE_H
#define MU_OPTIMIZE_H

#include "query/set.h"

/* The same output, from nodes that produce only the columns someone reads. */
muster_status mu_plan_prune(const mu_scope *scope, const mu_plan *plan, const mu_plan **out,
                            muster_error *err);

/* The same output, from counts instead of rows where postings or sets have them. */
muster_status mu_plan_count(const mu_scope *scope, const mu_plan *plan, const mu_plan **out,
                            muster_error *err);

/* The same output, from scans that compute the keys of groups where these need not look at every
 * row. */
muster_status mu_plan_compute(const mu_scope *scope, const mu_plan *plan, const mu_plan **out,
                              muster_error *err);

/* A scan whose filter, in which subqueries became constants, is asked anew: these skip periods and
 * blocks as others do. */
muster_status mu_plan_narrow(const mu_scope *scope, const mu_plan *scan, const mu_expr *filter,
                             const mu_plan **out, muster_error *err);

#endif
