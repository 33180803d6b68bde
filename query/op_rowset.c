/*
 * op_rowset.c - reads the rowset that a node made when it was run; a unit is one of its batches.
 * With it, the simplest of those nodes: VALUES, whose rows stand in the plan, and LIMIT, which
 * takes rows in order, in one thread, and stops reading as soon as it has enough.
 */
#include "query/op.h"

#include "storage/base/mem.h"

typedef struct rowset_op {
    mu_op op; /* first, so that a mu_op * is a rowset_op * */
    const mu_rowset *rows;
    mu_batch batch;
    uint64_t live[MU_BATCH_WORDS];
    uint32_t unit;
    bool done;
} rowset_op;

static void rowset_close(mu_op *op)
{
    mu_mem_free(op);
}

static muster_status rowset_start(mu_op *op, uint32_t unit, muster_error *err)
{
    rowset_op *r = (rowset_op *)op;

    (void)err;
    r->unit = unit;
    r->done = false;
    return MUSTER_OK;
}

static muster_status rowset_next(mu_op *op, mu_batch **batch, muster_error *err)
{
    rowset_op *r = (rowset_op *)op;

    MU_TRY(mu_exec_check(op->exec, err));
    *batch = &r->batch;
    if (r->done) {
        r->batch.rows = 0;
        return MUSTER_OK;
    }
    mu_rowset_batch(r->rows, r->unit, r->live, &r->batch);
    r->done = true;
    return MUSTER_OK;
}

static const mu_op_class rowset_class = {"rowset", rowset_start, rowset_next, rowset_close};

muster_status mu_op_rowset_open(mu_exec *exec, const mu_plan *plan, mu_op **out, muster_error *err)
{
    rowset_op *r = mu_mem_zalloc(sizeof *r);

    if (!r) {
        return mu_fail_memory(err, "reading rows");
    }
    r->op = (mu_op){.class = &rowset_class, .exec = exec, .plan = plan};
    r->rows = mu_exec_rowset(exec, plan);
    r->op.unit_count = mu_rowset_batches(r->rows);
    *out = &r->op;
    return MUSTER_OK;
}

muster_status mu_run_values(mu_exec *exec, const mu_plan *plan, mu_rowset *out, muster_error *err)
{
    for (uint32_t row = 0; row < plan->values.row_count; row++) {
        MU_TRY(mu_exec_check(exec, err));
        MU_TRY(mu_rowset_add(out, &plan->values.values[(size_t)row * plan->column_count], err));
    }
    return MUSTER_OK;
}

/* Clears the live rows of a batch before the first that is wanted and after the last. */
static void cut(mu_batch *batch, uint64_t *skip, uint64_t *take)
{
    MU_FOR_EACH_LIVE(row, batch) {
        if (*skip > 0) {
            (*skip)--;
            mu_bits_clear(batch->live, row);
        } else if (*take > 0) {
            (*take)--;
        } else {
            mu_bits_clear(batch->live, row);
        }
    }
}

static muster_status limit_unit(mu_op *input, uint64_t *skip, uint64_t *take, mu_rowset *out,
                                muster_error *err)
{
    mu_batch *batch;

    while (*take > 0) {
        MU_TRY(mu_op_next(input, &batch, err));
        if (batch->rows == 0) {
            return MUSTER_OK;
        }
        cut(batch, skip, take);
        MU_TRY(mu_rowset_add_batch(out, batch, err));
    }
    return MUSTER_OK;
}

muster_status mu_run_limit(mu_exec *exec, const mu_plan *plan, mu_rowset *out, muster_error *err)
{
    muster_status status = MUSTER_OK;
    mu_op *input;
    uint64_t skip = plan->limit.offset;
    uint64_t take = plan->limit.limit;

    MU_TRY(mu_op_open(exec, plan->input, &input, err));
    for (uint32_t unit = 0; unit < input->unit_count && take > 0; unit++) {
        MU_TRY_GOTO(mu_op_start(input, unit, err));
        MU_TRY_GOTO(limit_unit(input, &skip, &take, out, err));
    }
fail:
    mu_op_close(input);
    return status;
}
