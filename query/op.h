/*
 * op.h - an operator: what runs a plan node in one thread, a unit of work at a time.
 *
 * Streaming nodes have one each. The result of a node that needs all of its input is a rowset,
 * which an operator of its own reads. Units are the stripes of a scan (scan.h) or the batches of a
 * rowset. Operators of different threads share nothing but the plan and the exec.
 */
#ifndef MU_OP_H
#define MU_OP_H

#include "query/exec.h"
#include "query/plan.h"

typedef struct mu_op_class {
    const char *name;
    muster_status (*start)(mu_op *op, uint32_t unit, muster_error *err);
    /* The next batch of the unit; it may have no live row; rows == 0: the unit has ended. The batch
     * is the operator's own, good until its next call. */
    muster_status (*next)(mu_op *op, mu_batch **batch, muster_error *err);
    void (*close)(mu_op *op); /* closes what it holds, its inputs, and frees it */
} mu_op_class;

struct mu_op {
    const mu_op_class *class;
    mu_op *input; /* NULL: a source */
    mu_exec *exec;
    const mu_plan *plan;
    uint32_t unit_count;   /* set when it is opened */
    uint32_t stripe_count; /* of the units, those that are stripes of customers: unit u <
                              stripe_count is stripe u */
};

/* Opens the operators of a plan, for one thread. Nodes that need all of their input must have been
 * run (mu_exec_rowset()). */
muster_status mu_op_open(mu_exec *exec, const mu_plan *plan, mu_op **out, muster_error *err);

static inline muster_status mu_op_start(mu_op *op, uint32_t unit, muster_error *err)
{
    return op->class->start(op, unit, err);
}

static inline muster_status mu_op_next(mu_op *op, mu_batch **batch, muster_error *err)
{
    return op->class->next(op, batch, err);
}

static inline void mu_op_close(mu_op *op)
{
    if (op) {
        op->class->close(op);
    }
}

/* Rows whose value of the column finds none in the table, when a unit is started, need not be
 * given: a scan then does not read the rest of them. Who cannot make use of it does nothing. */
muster_status mu_op_reduce(mu_op *op, uint32_t column, const mu_join_table *const *table,
                           muster_error *err);
muster_status mu_op_scan_reduce(mu_op *op, uint32_t column, const mu_join_table *const *table,
                                muster_error *err);

/* How far back the first rows of an order lie, while they are being found: a row that comes behind
 * `value` under the key alone is not wanted. `key.column` is of what `op` gives. */
typedef struct mu_op_bound {
    bool set;
    mu_sort_key key;
    mu_value value;
} mu_op_bound;

/* The operator need not compute what is behind the bound, which stays where it is, and is looked at
 * for each batch. Nothing happens where it is no projection that only passes the key on. */
void mu_op_set_bound(mu_op *op, const mu_op_bound *bound);
void mu_op_project_set_bound(mu_op *op, const mu_op_bound *bound);
/* Clears the rows of a batch that are behind it, as far as a kernel knows how. `column` is the
 * key's. */
void mu_op_bound_drop(const mu_op_bound *bound, const mu_vector *column, uint64_t *live,
                      size_t words);
typedef muster_status mu_opener(mu_exec *exec, const mu_plan *plan, mu_op **out, muster_error *err);

/* Opens the operator behind one that measures it (meter.h). */
muster_status mu_op_probe_open(mu_exec *exec, const mu_plan *plan, mu_opener *opener, mu_op **out,
                               muster_error *err);
mu_op *mu_op_behind(mu_op *op); /* what is measured; itself, if nothing stands before it */

/* Each kind of streaming node has an opener; mu_op_open() has the table of them. */
muster_status mu_op_scan_open(mu_exec *exec, const mu_plan *plan, mu_op **out, muster_error *err);
muster_status mu_op_filter_open(mu_exec *exec, const mu_plan *plan, mu_op **out, muster_error *err);
muster_status mu_op_project_open(mu_exec *exec, const mu_plan *plan, mu_op **out,
                                 muster_error *err);
/* A group streams if it is by the row's customer and was not run. */
muster_status mu_op_group_open(mu_exec *exec, const mu_plan *plan, mu_op **out, muster_error *err);
muster_status mu_op_join_open(mu_exec *exec, const mu_plan *plan, mu_op **out, muster_error *err);
muster_status mu_op_rowset_open(mu_exec *exec, const mu_plan *plan, mu_op **out, muster_error *err);
muster_status mu_op_union_open(mu_exec *exec, const mu_plan *plan, mu_op **out, muster_error *err);
muster_status mu_op_repeat_open(mu_exec *exec, const mu_plan *plan, mu_op **out, muster_error *err);
muster_status mu_op_series_open(mu_exec *exec, const mu_plan *plan, mu_op **out, muster_error *err);
muster_status mu_op_funnel_customers_open(mu_exec *exec, const mu_plan *plan, mu_op **out,
                                          muster_error *err);

muster_status mu_op_behaviour_open(mu_exec *exec, const mu_plan *plan, mu_op **out,
                                   muster_error *err);

/* Reads the second input of a JOIN into a table; the inputs have been run. */
muster_status mu_run_join_table(mu_exec *exec, const mu_plan *plan, mu_join_table *table,
                                muster_error *err);

/* Each kind of node that needs all of its input has a runner, which fills the rowset; inputs have
 * been run. mu_exec has the table. */
muster_status mu_run_values(mu_exec *exec, const mu_plan *plan, mu_rowset *out, muster_error *err);
muster_status mu_run_group(mu_exec *exec, const mu_plan *plan, mu_rowset *out, muster_error *err);
muster_status mu_run_sort(mu_exec *exec, const mu_plan *plan, mu_rowset *out, muster_error *err);
muster_status mu_run_limit(mu_exec *exec, const mu_plan *plan, mu_rowset *out, muster_error *err);
muster_status mu_run_window(mu_exec *exec, const mu_plan *plan, mu_rowset *out, muster_error *err);
muster_status mu_run_funnel(mu_exec *exec, const mu_plan *plan, mu_rowset *out, muster_error *err);
muster_status mu_run_behaviour(mu_exec *exec, const mu_plan *plan, mu_rowset *out,
                               muster_error *err);

#endif
