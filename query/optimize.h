/*
 * optimize.h - the parts of mu_plan_optimize() (plan.h).
 */
#ifndef MU_OPTIMIZE_H
#define MU_OPTIMIZE_H

#include "query/set.h"

/* Conditions on their way down, over the output of the node they are handed to. */
typedef struct mu_conjuncts {
    uint32_t count, capacity;
    const mu_expr **list;
} mu_conjuncts;

/* Takes the condition apart at every AND, however they are nested. */
muster_status mu_conjuncts_add(const mu_scope *scope, mu_conjuncts *all, const mu_expr *condition,
                               muster_error *err);
/* The conjuncts as one condition; NULL if there are none. */
muster_status mu_conjuncts_condition(const mu_scope *scope, const mu_conjuncts *all,
                                     const mu_expr **out, muster_error *err);
/* Whether what it gives may differ for equal values: of zeros, only texts and angles show the sign.
 * Such a condition on a key is about the key's own side, and about rows, not groups of them. */
bool mu_tells_zeros(const mu_expr *expr);
/* A filter by all of them; the plan itself if there are none. */
muster_status mu_plan_filter_all(const mu_scope *scope, const mu_plan *plan,
                                 const mu_conjuncts *all, const mu_plan **out, muster_error *err);
/* The plan with the conjuncts applied to its output, as deep down as they can be. */
muster_status mu_plan_sink(const mu_scope *scope, const mu_plan *plan, mu_conjuncts all,
                           const mu_plan **out, muster_error *err);
muster_status mu_plan_sink_join(const mu_scope *scope, const mu_plan *plan, mu_conjuncts all,
                                const mu_plan **out, muster_error *err);
/* The same pairs from inner joins in a better order; `leaves` were sunk into already, and the
 * conjuncts are over all of their columns, one leaf after the other. At least two leaves. */
muster_status mu_plan_order_joins(const mu_scope *scope, const mu_plan *const *leaves,
                                  uint32_t leaf_count, const mu_conjuncts *all, const mu_plan **out,
                                  muster_error *err);
/* About how many rows come out. */
double mu_plan_rows(const mu_scope *scope, const mu_plan *plan);

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
