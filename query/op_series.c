/*
 * op_series.c - generate_series(): numbers, days or times at equal distances, made as they are
 * read. A unit is a run of them.
 */
#include "query/op.h"

#include "storage/base/mem.h"

enum {
    UNIT_ROWS = 64 * MU_BATCH_ROWS,
};

typedef struct series_op {
    mu_op op; /* first, so that a mu_op * is a series_op * */
    uint64_t unit_rows;
    uint64_t next, end; /* of the unit, counted from the first value of all */
    mu_batch batch;
    mu_vector column;
    uint64_t live[MU_BATCH_WORDS];
    int64_t values[MU_BATCH_ROWS];
} series_op;

static void series_close(mu_op *op)
{
    mu_mem_free(op);
}

static muster_status series_start(mu_op *op, uint32_t unit, muster_error *err)
{
    series_op *s = (series_op *)op;
    const uint64_t count = op->plan->series.count;

    (void)err;
    s->next = unit * s->unit_rows;
    s->end = count - s->next < s->unit_rows ? count : s->next + s->unit_rows;
    return MUSTER_OK;
}

static muster_status series_next(mu_op *op, mu_batch **batch, muster_error *err)
{
    series_op *s = (series_op *)op;
    const uint64_t left = s->end - s->next;
    const uint32_t rows = left < MU_BATCH_ROWS ? (uint32_t)left : MU_BATCH_ROWS;
    const uint64_t first = (uint64_t)op->plan->series.first;
    const uint64_t step = (uint64_t)op->plan->series.step;

    MU_TRY(mu_exec_check(op->exec, err));
    for (uint32_t i = 0; i < rows; i++) { /* none is past the last value, so it wraps back */
        s->values[i] = (int64_t)(first + step * (s->next + i));
    }
    s->next += rows;
    mu_bits_fill(s->live, rows, MU_BATCH_WORDS);
    s->batch.rows = rows;
    *batch = &s->batch;
    return MUSTER_OK;
}

static const mu_op_class series_class = {"series", series_start, series_next, series_close};

muster_status mu_op_series_open(mu_exec *exec, const mu_plan *plan, mu_op **out, muster_error *err)
{
    const uint64_t count = plan->series.count;
    series_op *s = mu_mem_zalloc(sizeof *s);

    if (!s) {
        return mu_fail_memory(err, "making a series");
    }
    s->op = (mu_op){.class = &series_class, .exec = exec, .plan = plan};
    s->unit_rows = count / UINT32_MAX < UNIT_ROWS ? UNIT_ROWS : count / UINT32_MAX + 1;
    s->op.unit_count = (uint32_t)(count / s->unit_rows + (count % s->unit_rows > 0));
    s->column = (mu_vector){.type = plan->columns[0].type, .data = s->values};
    s->batch = (mu_batch){.live = s->live, .columns = &s->column, .column_count = 1};
    *out = &s->op;
    return MUSTER_OK;
}
