/*
 * eval.h - running expressions over batches. An evaluator belongs to one thread.
 *
 * Rows that are not live are computed on but cannot fail: a division by zero counts only where the
 * row lives (and, in AND, OR and CASE, where it is reached). A predicate on dictionary text is
 * evaluated once per entry of the dictionary, then by code.
 */
#ifndef MU_EVAL_H
#define MU_EVAL_H

#include "query/expr.h"

typedef struct mu_eval mu_eval;
typedef struct mu_exec mu_exec;

/* `exprs` must stay. `exec` supplies sets and the snapshot (exec.h). */
muster_status mu_eval_open(mu_exec *exec, const mu_expr *const *exprs, uint32_t count,
                           mu_eval **out, muster_error *err);
void mu_eval_close(mu_eval *eval); /* NULL is fine */

/* The value of expression `i` for each live row. The columns it reads must be loaded. *out is good
 * until the next run of the same expression. */
muster_status mu_eval_run(mu_eval *eval, uint32_t i, const mu_batch *batch, mu_vector *out,
                          muster_error *err);

/* Clears the bits of `live` (MU_BATCH_WORDS words, at first no more than batch->live) where BOOLEAN
 * expression `i` is false or NULL. */
muster_status mu_eval_filter(mu_eval *eval, uint32_t i, const mu_batch *batch, uint64_t *live,
                             muster_error *err);

/* Sets (MU_EXPR_IN_SET) are looked at by stripe: which one the batches that follow belong to is
 * found from their ordinals. */

#endif
