/*
 * op_project.c - computes the columns of its output from those of its input, row by row.
 */
#include "query/op.h"

#include "query/eval.h"
#include "storage/base/mem.h"

typedef struct project_op {
    mu_op op; /* first, so that a mu_op * is a project_op * */
    mu_eval *eval;
    mu_batch batch;
    const mu_op_bound *bound; /* NULL: all rows are wanted */
} project_op;

static void project_close(mu_op *op)
{
    project_op *p = (project_op *)op;

    mu_op_close(op->input);
    mu_eval_close(p->eval);
    mu_mem_free(p->batch.columns);
    mu_mem_free(p);
}

static muster_status project_start(mu_op *op, uint32_t unit, muster_error *err)
{
    return mu_op_start(op->input, unit, err);
}

static muster_status project_next(mu_op *op, mu_batch **batch, muster_error *err)
{
    project_op *p = (project_op *)op;
    mu_batch *from;

    MU_TRY(mu_op_next(op->input, &from, err));
    if (p->bound && from->rows > 0) {
        const uint32_t column = op->plan->project.exprs[p->bound->key.column]->column;
        mu_op_bound_drop(p->bound, &from->columns[column], from->live, mu_bits_words(from->rows));
    }
    p->batch.rows = from->rows;
    p->batch.live = from->live;
    *batch = &p->batch;
    for (uint32_t c = 0; from->rows > 0 && c < p->batch.column_count; c++) {
        MU_TRY(mu_eval_run(p->eval, c, from, &p->batch.columns[c], err));
    }
    return MUSTER_OK;
}

static const mu_op_class project_class = {"project", project_start, project_next, project_close};

muster_status mu_op_project_open(mu_exec *exec, const mu_plan *plan, mu_op **out, muster_error *err)
{
    muster_status status;
    project_op *p = mu_mem_zalloc(sizeof *p);

    if (!p) {
        return mu_fail_memory(err, "opening a projection");
    }
    p->op = (mu_op){.class = &project_class, .exec = exec, .plan = plan};
    p->batch.column_count = plan->column_count;
    p->batch.columns = mu_mem_zalloc_array(plan->column_count, sizeof *p->batch.columns);
    if (!p->batch.columns) {
        status = mu_fail_memory(err, "opening a projection");
        goto fail;
    }
    MU_TRY_GOTO(mu_op_open(exec, plan->input, &p->op.input, err));
    MU_TRY_GOTO(mu_eval_open(exec, plan->project.exprs, plan->column_count, &p->eval, err));
    p->op.unit_count = p->op.input->unit_count;
    p->op.stripe_count = p->op.input->stripe_count;
    *out = &p->op;
    return MUSTER_OK;

fail:
    project_close(&p->op);
    return status;
}

void mu_op_project_set_bound(mu_op *op, const mu_op_bound *bound)
{
    ((project_op *)op)->bound = bound;
}
