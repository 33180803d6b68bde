/*
 * eval_node.h - the state of one expression in one thread; shared by the files of the evaluator.
 *
 * There is a node for each expression of the tree, with room for its results, taken once. A run
 * is told which rows count (`live`); AND, OR, CASE and coalesce run their arguments on fewer.
 * Rows that do not count are computed on where that is cheaper, but are never an error.
 */
#ifndef MU_EVAL_NODE_H
#define MU_EVAL_NODE_H

#include "query/eval.h"
#include "query/func.h"
#include "query/lookup.h"
#include "query/set.h"

typedef struct mu_eval_node mu_eval_node;
typedef struct mu_eval_tables mu_eval_tables;

struct mu_eval_node {
    const mu_expr *expr;
    mu_eval_node *args; /* mu_eval_arg_count() of them */
    mu_vector *vectors; /* what the arguments gave; the vector of a constant, which has room for it
                           once it was asked for: most are read by kernels from the expression */
    bool takes_months;  /* of a constant: the call above finds its months in the expression */
    mu_value *values;   /* room for the arguments of one row */
    void *data;         /* of the result: MU_BATCH_ROWS values */
    uint64_t *valid;
    mu_dict_builder texts;  /* of the result, if that is TEXT */
    void *state;            /* of the function */
    mu_set_runner *runner;  /* IN_SET */
    mu_lookup_probe *probe; /* LOOKUP */
    const mu_lookup_table *table;
    uint64_t **set_bits;    /* by stripe; NULL: not run yet */
    mu_eval_tables *tables; /* NULL: the node is run on rows, never on dictionaries */
};

/* The arguments that are run: the constants of an IN need no room for a batch of each. */
static inline uint32_t mu_eval_arg_count(const mu_expr *expr)
{
    return expr->kind == MU_EXPR_CALL && (expr->func->flags & MU_FUNC_LIST) ? 1 : expr->arg_count;
}

struct mu_eval {
    mu_exec *exec;
    mu_func_context context;
    mu_arena arena;
    uint32_t count;
    mu_eval_node *roots;
};

/* Of eval.c: */

/* The values of the node for the rows of `live`, which has bits of batch->live only. */
muster_status mu_eval_node_run(mu_eval *eval, mu_eval_node *node, const mu_batch *batch,
                               const uint64_t *live, mu_vector *out, muster_error *err);
/* Clears the bits of `live` where the node is false or NULL. */
muster_status mu_eval_node_filter(mu_eval *eval, mu_eval_node *node, const mu_batch *batch,
                                  uint64_t *live, muster_error *err);
/* The node's result is in its own room. */
mu_vector mu_eval_node_result(mu_eval_node *node);

/* Of eval_call.c: */

muster_status mu_eval_call(mu_eval *eval, mu_eval_node *node, const mu_batch *batch,
                           const uint64_t *live, mu_vector *out, muster_error *err);
/* Puts a value into the node's room; a NULL clears its bit of `valid`. */
muster_status mu_eval_store(mu_eval_node *node, uint32_t row, const mu_value *value,
                            muster_error *err);
/* Empties the room for the results of a run over `live`: all of them valid, no text. */
void mu_eval_clear(mu_eval_node *node, const uint64_t *live);

/* Of eval_logic.c: */

muster_status mu_eval_and_or(mu_eval *eval, mu_eval_node *node, const mu_batch *batch,
                             const uint64_t *live, mu_vector *out, muster_error *err);
muster_status mu_eval_not(mu_eval *eval, mu_eval_node *node, const mu_batch *batch,
                          const uint64_t *live, mu_vector *out, muster_error *err);
muster_status mu_eval_case(mu_eval *eval, mu_eval_node *node, const mu_batch *batch,
                           const uint64_t *live, mu_vector *out, muster_error *err);
muster_status mu_eval_coalesce(mu_eval *eval, mu_eval_node *node, const mu_batch *batch,
                               const uint64_t *live, mu_vector *out, muster_error *err);
muster_status mu_eval_in_set(mu_eval *eval, mu_eval_node *node, const mu_batch *batch,
                             const uint64_t *live, mu_vector *out, muster_error *err);

/* Of eval_lookup.c: */

muster_status mu_eval_lookup_open(mu_eval *eval, mu_eval_node *node, muster_error *err);
muster_status mu_eval_lookup(mu_eval *eval, mu_eval_node *node, const mu_batch *batch,
                             const uint64_t *live, mu_vector *out, muster_error *err);

/* Of eval_dict.c: */

/* The TEXT column that the expression is a function of, and so of its codes; MU_NO_COLUMN if it is
 * none of one column. */
uint32_t mu_eval_text_column(const mu_expr *expr);
muster_status mu_eval_tables_open(mu_eval_node *node, mu_eval_tables **out, muster_error *err);
void mu_eval_tables_close(mu_eval_tables *tables);
/* *done: the node was run by looking codes up; else it is to be run on rows. */
muster_status mu_eval_tables_run(mu_eval *eval, mu_eval_node *node, const mu_batch *batch,
                                 const uint64_t *live, bool *done, mu_vector *out,
                                 muster_error *err);
muster_status mu_eval_tables_filter(mu_eval *eval, mu_eval_node *node, const mu_batch *batch,
                                    uint64_t *live, bool *done, muster_error *err);
/* Runs the node on rows, whether or not it has tables. */
muster_status mu_eval_node_run_rows(mu_eval *eval, mu_eval_node *node, const mu_batch *batch,
                                    const uint64_t *live, mu_vector *out, muster_error *err);

#endif
