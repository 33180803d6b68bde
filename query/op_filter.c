/*
 * op_filter.c - drops the rows of its input for which the condition is not true.
 */
#include "query/op.h"

#include "query/eval.h"
#include "storage/base/mem.h"

typedef struct filter_op {
    mu_op op; /* first, so that a mu_op * is a filter_op * */
    mu_eval *eval;
} filter_op;

static void filter_close(mu_op *op)
{
    filter_op *f = (filter_op *)op;

    mu_op_close(op->input);
    mu_eval_close(f->eval);
    mu_mem_free(f);
}

static muster_status filter_start(mu_op *op, uint32_t unit, muster_error *err)
{
    return mu_op_start(op->input, unit, err);
}

static muster_status filter_next(mu_op *op, mu_batch **batch, muster_error *err)
{
    filter_op *f = (filter_op *)op;

    MU_TRY(mu_op_next(op->input, batch, err));
    if ((*batch)->rows == 0) {
        return MUSTER_OK;
    }
    return mu_eval_filter(f->eval, 0, *batch, (*batch)->live, err);
}

static const mu_op_class filter_class = {"filter", filter_start, filter_next, filter_close};

muster_status mu_op_filter_open(mu_exec *exec, const mu_plan *plan, mu_op **out, muster_error *err)
{
    muster_status status;
    filter_op *f = mu_mem_zalloc(sizeof *f);

    if (!f) {
        return mu_fail_memory(err, "opening a filter");
    }
    f->op = (mu_op){.class = &filter_class, .exec = exec, .plan = plan};
    MU_TRY_GOTO(mu_op_open(exec, plan->input, &f->op.input, err));
    MU_TRY_GOTO(mu_eval_open(exec, &plan->filter.condition, 1, &f->eval, err));
    f->op.unit_count = f->op.input->unit_count;
    f->op.stripe_count = f->op.input->stripe_count;
    *out = &f->op;
    return MUSTER_OK;

fail:
    filter_close(&f->op);
    return status;
}
