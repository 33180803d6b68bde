/*
 * walk.h - visiting what hangs on a plan node: its expressions, and the sets and lookups in them.
 */
#ifndef MU_WALK_H
#define MU_WALK_H

#include "query/set.h"

typedef muster_status mu_walk_expr_fn(void *context, const mu_expr *expr, muster_error *err);

/* What is called for the sets and the lookups of expressions. */
typedef struct mu_walk_visit {
    muster_status (*set)(void *context, const mu_set *set, muster_error *err);
    muster_status (*lookup)(void *context, const mu_lookup *lookup, muster_error *err);
    void *context;
} mu_walk_visit;

/* Visits every set and lookup of this node (not of its inputs, nor of plans inside them), those
 * within others first. */
muster_status mu_walk_queries(const mu_plan *plan, const mu_walk_visit *visit, muster_error *err);

/* Calls visit for every expression the node has (not for their arguments). */
muster_status mu_walk_exprs(const mu_plan *plan, mu_walk_expr_fn *visit, void *context,
                            muster_error *err);

#endif
