/*
 * explain.h - EXPLAIN and EXPLAIN ANALYZE: lines about a plan, as a plan of values.
 */
#ifndef MU_EXPLAIN_H
#define MU_EXPLAIN_H

#include "query/exec.h"
#include "sql/bind.h"

/* What EXPLAIN ANALYZE is to run. */
typedef struct mu_analysis {
    const mu_plan *plan; /* optimized; NULL: nothing */
    double planning;     /* seconds */
} mu_analysis;

/* How the plan would be run. */
muster_status mu_explain(const mu_binder *binder, const mu_plan *plan, const mu_plan **out,
                         muster_error *err);
/* The columns of what mu_analyze() gives, and no rows. */
muster_status mu_explain_nothing(const mu_binder *binder, const mu_plan **out, muster_error *err);
/* Runs it, and says what that took. `bandwidth` is that of memory, in bytes a second, measured
 * where it is needed; 0: not yet. */
muster_status mu_analyze(const mu_binder *binder, const mu_analysis *analysis,
                         const mu_exec_options *options, atomic_uint_fast64_t *bandwidth,
                         const mu_plan **out, muster_error *err);

#endif
