/*
 * op_repeat.c - each row of the input as often as its last column says.
 *
 * Output batches are full but for the last of a unit's input batch: a row that comes more often
 * than a batch has room for goes on in the next.
 */
#include "query/op.h"

#include "query/pick.h"
#include "storage/base/mem.h"

typedef struct repeat_op {
    mu_op op;       /* first, so that a mu_op * is a repeat_op * */
    mu_batch *from; /* being repeated; NULL: the next one is to be asked for */
    uint32_t row;   /* of it */
    int64_t done;   /* times that row has come */
    mu_batch batch;
    uint64_t live[MU_BATCH_WORDS];
    uint64_t *valid;              /* MU_BATCH_WORDS for each column */
    uint64_t *data;               /* MU_BATCH_ROWS for each column: room for any form */
    uint32_t rows[MU_BATCH_ROWS]; /* of the input, for each of the output */
} repeat_op;

static void repeat_close(mu_op *op)
{
    repeat_op *r = (repeat_op *)op;

    mu_op_close(op->input);
    mu_mem_free(r->batch.columns);
    mu_mem_free(r->valid);
    mu_mem_free(r->data);
    mu_mem_free(r);
}

static muster_status repeat_start(mu_op *op, uint32_t unit, muster_error *err)
{
    ((repeat_op *)op)->from = NULL;
    return mu_op_start(op->input, unit, err);
}

/* Finds the rows of the next output batch. */
static uint32_t choose_rows(repeat_op *r)
{
    const mu_vector *times = &r->from->columns[r->from->column_count - 1];
    uint32_t count = 0;

    for (; r->row < r->from->rows; r->row++, r->done = 0) {
        if (!mu_bits_test(r->from->live, r->row) || !mu_vector_valid(times, r->row)) {
            continue;
        }
        const int64_t wanted = ((const int64_t *)times->data)[r->row];
        for (; r->done < wanted; r->done++) {
            if (count == MU_BATCH_ROWS) {
                return count;
            }
            r->rows[count++] = r->row;
        }
    }
    return count;
}

static void fill(repeat_op *r, uint32_t count)
{
    mu_bits_fill(r->live, count, MU_BATCH_WORDS);
    r->batch.rows = count;
    for (uint32_t c = 0; c < r->batch.column_count; c++) {
        mu_pick(&r->from->columns[c], r->rows, count, r->data + (size_t)c * MU_BATCH_ROWS,
                r->valid + (size_t)c * MU_BATCH_WORDS, &r->batch.columns[c]);
    }
}

static muster_status repeat_next(mu_op *op, mu_batch **batch, muster_error *err)
{
    repeat_op *r = (repeat_op *)op;
    uint32_t count = 0;

    *batch = &r->batch;
    while (count == 0) {
        MU_TRY(mu_exec_check(op->exec, err));
        if (!r->from) {
            MU_TRY(mu_op_next(op->input, &r->from, err));
            r->row = 0;
            r->done = 0;
        }
        if (r->from->rows == 0) {
            r->batch.rows = 0;
            return MUSTER_OK;
        }
        count = choose_rows(r);
        if (count == 0) {
            r->from = NULL;
        }
    }
    fill(r, count);
    return MUSTER_OK;
}

static const mu_op_class repeat_class = {"repeat", repeat_start, repeat_next, repeat_close};

muster_status mu_op_repeat_open(mu_exec *exec, const mu_plan *plan, mu_op **out, muster_error *err)
{
    muster_status status;
    repeat_op *r = mu_mem_zalloc(sizeof *r);

    if (!r) {
        return mu_fail_memory(err, "repeating rows");
    }
    r->op = (mu_op){.class = &repeat_class, .exec = exec, .plan = plan};
    r->batch.column_count = plan->column_count;
    r->batch.live = r->live;
    r->batch.columns = mu_mem_zalloc_array(plan->column_count, sizeof *r->batch.columns);
    r->valid = mu_mem_zalloc_array(plan->column_count, MU_BATCH_WORDS * sizeof *r->valid);
    r->data = mu_mem_zalloc_array(plan->column_count, MU_BATCH_ROWS * sizeof *r->data);
    if (!r->batch.columns || !r->valid || !r->data) {
        status = mu_fail_memory(err, "repeating rows");
        goto fail;
    }
    MU_TRY_GOTO(mu_op_open(exec, plan->input, &r->op.input, err));
    r->op.unit_count = r->op.input->unit_count;
    r->op.stripe_count = r->op.input->stripe_count;
    *out = &r->op;
    return MUSTER_OK;

fail:
    repeat_close(&r->op);
    return status;
}
