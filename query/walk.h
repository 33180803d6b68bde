/*
 * walk.h - visiting what hangs on a plan node: its expressions, and the sets in them.
 */
#ifndef MU_WALK_H
#define MU_WALK_H

#include "query/set.h"

typedef muster_status mu_walk_set_fn(void *context, const mu_set *set, muster_error *err);
typedef muster_status mu_walk_expr_fn(void *context, const mu_expr *expr, muster_error *err);

/* Calls visit for every set of this node (not of its inputs, nor of plans inside sets), sets in
 * sets first. */
muster_status mu_walk_sets(const mu_plan *plan, mu_walk_set_fn *visit, void *context,
                           muster_error *err);

/* Calls visit for every expression the node has (not for their arguments). */
muster_status mu_walk_exprs(const mu_plan *plan, mu_walk_expr_fn *visit, void *context,
                            muster_error *err);

#endif
