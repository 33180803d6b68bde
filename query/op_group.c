/*
 * op_group.c - GROUP BY, aggregates without it, and DISTINCT (a group of all columns).
 *
 * Each thread has groups of its own; they are merged at the end. Where a key is the row's customer
 * no merge is needed, nor all of the input: the groups of a stripe are complete when it ends, and
 * stream on, a unit of work at a time. Those of nobody, whose events may lie in several units, come
 * last, as one.
 */
#include "query/grouper.h"
#include "query/op.h"
#include "query/rowset.h"
#include "storage/base/mem.h"

/* Groups that stream. */

typedef struct group_op {
    mu_op op; /* first, so that a mu_op * is a group_op * */
    mu_arena arena;
    mu_group_task task;
    mu_grouper grouper;
    mu_rowset *rows; /* of the unit */
    uint32_t next_batch;
    uint64_t live[MU_BATCH_WORDS];
    mu_batch batch;
} group_op;

static void group_close(mu_op *op)
{
    group_op *g = (group_op *)op;

    mu_op_close(op->input);
    mu_grouper_deinit(&g->grouper);
    mu_rowset_close(g->rows);
    mu_arena_deinit(&g->arena);
    mu_mem_free(g);
}

static muster_status add_unit(group_op *g, uint32_t unit, muster_error *err)
{
    mu_batch *batch;

    MU_TRY(mu_op_start(g->op.input, unit, err));
    for (;;) {
        MU_TRY(mu_op_next(g->op.input, &batch, err));
        if (batch->rows == 0) {
            break;
        }
        MU_TRY(mu_grouper_add(&g->grouper, batch, err));
    }
    mu_grouper_end_unit(&g->grouper);
    return MUSTER_OK;
}

static muster_status group_start(mu_op *op, uint32_t unit, muster_error *err)
{
    group_op *g = (group_op *)op;
    const uint32_t end = unit < op->stripe_count ? unit + 1 : op->input->unit_count;

    for (uint32_t u = unit; u < end; u++) {
        MU_TRY(add_unit(g, u, err));
    }
    mu_rowset_reset(g->rows);
    MU_TRY(mu_grouper_write(&g->grouper, g->rows, err));
    mu_grouper_reset(&g->grouper);
    g->next_batch = 0;
    return mu_rowset_finish(g->rows, err);
}

static muster_status group_next(mu_op *op, mu_batch **batch, muster_error *err)
{
    group_op *g = (group_op *)op;

    MU_TRY(mu_exec_check(op->exec, err));
    *batch = &g->batch;
    if (g->next_batch == mu_rowset_batches(g->rows)) {
        g->batch.rows = 0;
        return MUSTER_OK;
    }
    mu_rowset_batch(g->rows, g->next_batch++, g->live, &g->batch);
    return MUSTER_OK;
}

static const mu_op_class group_class = {"group", group_start, group_next, group_close};

muster_status mu_op_group_open(mu_exec *exec, const mu_plan *plan, mu_op **out, muster_error *err)
{
    muster_status status;
    group_op *g;

    if (mu_exec_has_rowset(exec, plan)) {
        return mu_op_rowset_open(exec, plan, out, err);
    }
    g = mu_mem_zalloc(sizeof *g);
    if (!g) {
        return mu_fail_memory(err, "grouping");
    }
    g->op = (mu_op){.class = &group_class, .exec = exec, .plan = plan};
    MU_TRY_GOTO(mu_group_task_init(&g->task, &g->arena, exec, plan, err));
    MU_TRY_GOTO(mu_grouper_init(&g->grouper, &g->task, err));
    MU_TRY_GOTO(mu_rowset_open(plan->columns, plan->column_count, &g->rows, err));
    MU_TRY_GOTO(mu_op_open(exec, plan->input, &g->op.input, err));
    g->op.stripe_count = g->task.stripes;
    g->op.unit_count = g->task.stripes + (g->op.input->unit_count > g->task.stripes);
    *out = &g->op;
    return MUSTER_OK;

fail:
    group_close(&g->op);
    return status;
}

/* Groups that are merged. */

static muster_status group_consume(void *context, uint32_t unit, const mu_batch *batch,
                                   muster_error *err)
{
    (void)unit;
    return mu_grouper_add(context, batch, err);
}

static muster_status group_unit_end(void *context, uint32_t unit, muster_error *err)
{
    (void)unit;
    (void)err;
    mu_grouper_end_unit(context);
    return MUSTER_OK;
}

static muster_status group_all(const mu_group_task *task, mu_grouper *groupers, void *const *states,
                               mu_rowset *out, muster_error *err)
{
    static const mu_sink sink = {.consume = group_consume, .unit_end = group_unit_end};
    const uint32_t workers = mu_exec_workers(task->exec);

    for (uint32_t w = 0; w < workers; w++) {
        MU_TRY(mu_grouper_init(&groupers[w], task, err));
    }
    MU_TRY(mu_exec_each(task->exec, task->plan->input, &sink, states, err));
    for (uint32_t w = 1; w < workers; w++) {
        MU_TRY(mu_grouper_merge(&groupers[0], &groupers[w], err));
    }
    return mu_grouper_write(&groupers[0], out, err);
}

muster_status mu_run_group(mu_exec *exec, const mu_plan *plan, mu_rowset *out, muster_error *err)
{
    const uint32_t workers = mu_exec_workers(exec);
    muster_status status;
    mu_arena arena = {0};
    mu_group_task task;

    if (mu_group_by_stripe(exec, plan)) {
        return mu_exec_keep(exec, plan, false, out, err); /* what follows is one thread */
    }
    mu_grouper *groupers = mu_mem_zalloc_array(workers, sizeof *groupers);
    void **states = mu_mem_zalloc_array(workers, sizeof *states);
    if (!groupers || !states) {
        status = mu_fail_memory(err, "grouping");
        goto fail;
    }
    for (uint32_t w = 0; w < workers; w++) {
        states[w] = &groupers[w];
    }
    MU_TRY_GOTO(mu_group_task_init(&task, &arena, exec, plan, err));
    status = group_all(&task, groupers, states, out, err);
fail:
    for (uint32_t w = 0; groupers && w < workers; w++) {
        mu_grouper_deinit(&groupers[w]);
    }
    mu_mem_free(groupers);
    mu_mem_free(states);
    mu_arena_deinit(&arena);
    return status;
}
