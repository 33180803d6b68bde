/*
 * explain.h - a plan in words a person understands: EXPLAIN, and EXPLAIN ANALYZE with what each
 * node took.
 */
#ifndef MU_PLAN_EXPLAIN_H
#define MU_PLAN_EXPLAIN_H

#include "query/meter.h"

/* A line for each node, its inputs below it and further in; each ends with a line feed. `meters` of
 * the plan after it has run stand before them; NULL: it has not. */
muster_status mu_plan_explain(const mu_scope *scope, const mu_plan *plan, const mu_meters *meters,
                              mu_writer *out, muster_error *err);

/* Between the files of it. */

typedef struct mu_explainer {
    const mu_scope *scope;
    mu_writer *out;
} mu_explainer;

muster_status mu_explain_node(const mu_explainer *p, const mu_plan *plan, muster_error *err);

/* What the columns of a node are called, or those of a pair of rows; `other` may be NULL. Of
 * several with one name each stands behind the name of the table it is from, or is the call that it
 * is the result of. */
muster_status mu_explain_names(const mu_scope *scope, const mu_plan *plan, const mu_plan *other,
                               const char *const **out, muster_error *err);
/* sum(amount) */
void mu_explain_call(const mu_scope *scope, const mu_agg_call *call, const char *const *names,
                     mu_writer *out);
muster_status mu_explain_table_names(const mu_scope *scope, const mu_table *table,
                                     const char *const **out, muster_error *err);

#endif
