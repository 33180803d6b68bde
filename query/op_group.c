/*
 * op_group.c - GROUP BY, aggregates without it, and DISTINCT (a group of all columns).
 *
 * Each thread has its own table of groups and its own states of the aggregates; they are merged at
 * the end. Two shortcuts come from stripes. Where a key is the row's customer, no other stripe can
 * add to a group, so a thread writes the results of a stripe as soon as it has ended, and starts
 * afresh: memory is that of a stripe. And distinct customers are counted by bits, stripe by stripe,
 * never by a table of all of them.
 */
#include "query/eval.h"
#include "query/group_keys.h"
#include "query/op.h"
#include "query/stripe_distinct.h"
#include "storage/base/mem.h"
#include "storage/kernels/kernels.h"

/* What all threads know. */
typedef struct group_task {
    mu_exec *exec;
    const mu_plan *plan;
    uint32_t stripes;    /* units below this are stripes */
    bool flush;          /* the groups of a stripe are complete when it ends */
    uint32_t expr_count; /* keys, then of each call: arguments, filter, order */
    const mu_expr **exprs;
    uint32_t *first_expr; /* of each call */
    bool *by_stripe;      /* of each call: count(DISTINCT customer), by stripe_distinct */
    mu_type *key_types;
} group_task;

/* What one thread has. */
typedef struct grouper {
    const group_task *task;
    mu_eval *eval;
    mu_group_keys *keys;           /* NULL: there are none, and one group */
    mu_agg_states **states;        /* by call; NULL where it is counted by stripe */
    mu_stripe_distinct **distinct; /* by call; NULL where it is not */
    mu_vector *key_values;
    mu_vector *args;
    uint32_t groups[MU_BATCH_ROWS];
    mu_rowset *rows; /* results of stripes that have ended */
} grouper;

/* the task: */

static bool is_customer_column(const mu_expr *expr)
{
    return expr->kind == MU_EXPR_COLUMN && expr->type.kind == MU_CUSTOMER;
}

static bool counts_customers(const mu_plan *input, const mu_agg_call *call)
{
    return call->distinct && call->arg_count == 1 && is_customer_column(call->args[0]) &&
           mu_plan_in_stripe(input, call->args[0]->column) &&
           mu_name_equal(mu_agg_name(call->agg), "count");
}

static uint32_t call_exprs(const mu_agg_call *call)
{
    return call->arg_count + (call->filter ? 1 : 0) + (call->order ? 1 : 0);
}

static void list_exprs(group_task *task)
{
    const mu_plan *plan = task->plan;
    uint32_t at = plan->group.key_count;

    for (uint32_t k = 0; k < plan->group.key_count; k++) {
        task->exprs[k] = plan->group.keys[k];
        task->key_types[k] = plan->group.keys[k]->type;
        const mu_expr *key = plan->group.keys[k];
        task->flush |= task->stripes > 0 && is_customer_column(key) &&
                       mu_plan_is_customer(plan->input, key->column);
    }
    for (uint32_t i = 0; i < plan->group.call_count; i++) {
        const mu_agg_call *call = &plan->group.calls[i];
        task->first_expr[i] = at;
        task->by_stripe[i] = task->stripes > 0 && counts_customers(plan->input, call);
        for (uint32_t a = 0; a < call->arg_count; a++) {
            task->exprs[at++] = call->args[a];
        }
        if (call->filter) {
            task->exprs[at++] = call->filter;
        }
        if (call->order) {
            task->exprs[at++] = call->order;
        }
    }
}

static muster_status task_init(group_task *task, mu_arena *arena, mu_exec *exec,
                               const mu_plan *plan, muster_error *err)
{
    *task = (group_task){.exec = exec, .plan = plan, .expr_count = plan->group.key_count};
    task->stripes = mu_exec_stripes(exec, plan->input);
    for (uint32_t i = 0; i < plan->group.call_count; i++) {
        task->expr_count += call_exprs(&plan->group.calls[i]);
    }
    MU_ARENA_TRY(task->exprs, arena, task->expr_count, err);
    MU_ARENA_TRY(task->key_types, arena, plan->group.key_count, err);
    MU_ARENA_TRY(task->first_expr, arena, plan->group.call_count, err);
    MU_ARENA_TRY(task->by_stripe, arena, plan->group.call_count, err);
    list_exprs(task);
    return MUSTER_OK;
}

/* one thread: */

static void close_states(grouper *g)
{
    for (uint32_t i = 0; g->states && i < g->task->plan->group.call_count; i++) {
        mu_agg_close(g->states[i]);
        g->states[i] = NULL;
    }
}

static void grouper_deinit(grouper *g)
{
    if (!g->task) {
        return;
    }
    close_states(g);
    for (uint32_t i = 0; g->distinct && i < g->task->plan->group.call_count; i++) {
        mu_stripe_distinct_close(g->distinct[i]);
    }
    mu_eval_close(g->eval);
    mu_group_keys_close(g->keys);
    mu_rowset_close(g->rows);
    mu_mem_free(g->states);
    mu_mem_free(g->distinct);
    mu_mem_free(g->key_values);
    mu_mem_free(g->args);
}

static uint32_t group_count(const grouper *g)
{
    return g->keys ? mu_group_keys_count(g->keys) : 1;
}

static muster_status open_states(grouper *g, muster_error *err)
{
    const mu_plan *plan = g->task->plan;

    for (uint32_t i = 0; i < plan->group.call_count; i++) {
        if (!g->task->by_stripe[i]) {
            MU_TRY(mu_agg_open(&plan->group.calls[i], &g->states[i], err));
            MU_TRY(mu_agg_grow(g->states[i], group_count(g), err));
        } else {
            g->distinct[i] = mu_stripe_distinct_open();
            if (!g->distinct[i]) {
                return mu_fail_memory(err, "grouping");
            }
        }
    }
    return MUSTER_OK;
}

static muster_status grouper_init(grouper *g, const group_task *task, muster_error *err)
{
    const mu_plan *plan = task->plan;
    const uint32_t key_count = plan->group.key_count;

    g->task = task;
    g->states = mu_mem_zalloc_array(plan->group.call_count, sizeof(mu_agg_states *));
    g->distinct = mu_mem_zalloc_array(plan->group.call_count, sizeof(mu_stripe_distinct *));
    g->key_values = mu_mem_zalloc_array(key_count, sizeof *g->key_values);
    g->args = mu_mem_zalloc_array(task->expr_count, sizeof *g->args);
    if (!g->states || !g->distinct || !g->key_values || !g->args) {
        return mu_fail_memory(err, "grouping");
    }
    MU_TRY(mu_eval_open(task->exec, task->exprs, task->expr_count, &g->eval, err));
    if (key_count > 0) {
        MU_TRY(mu_group_keys_open(task->key_types, key_count, task->flush, &g->keys, err));
    }
    if (task->flush) {
        MU_TRY(mu_rowset_open(plan->columns, plan->column_count, &g->rows, err));
    }
    return open_states(g, err);
}

/* Gives one call the rows of a batch. */
static muster_status update_call(grouper *g, uint32_t i, const mu_batch *batch, muster_error *err)
{
    const mu_agg_call *call = &g->task->plan->group.calls[i];
    const uint32_t *groups = g->keys ? g->groups : NULL;
    uint32_t expr = g->task->first_expr[i];
    uint64_t live[MU_BATCH_WORDS];

    memcpy(live, batch->live, sizeof live);
    if (call->filter) {
        MU_TRY(mu_eval_filter(g->eval, expr + call->arg_count, batch, live, err));
    }
    mu_batch filtered = *batch;
    filtered.live = live;
    for (uint32_t a = 0; a < call->arg_count; a++) {
        MU_TRY(mu_eval_run(g->eval, expr + a, &filtered, &g->args[a], err));
    }
    if (g->task->by_stripe[i]) {
        return mu_stripe_distinct_add(g->distinct[i], &g->args[0], live, batch->rows, groups, err);
    }
    mu_vector order;
    if (call->order) {
        expr += call->arg_count + (call->filter ? 1 : 0);
        MU_TRY(mu_eval_run(g->eval, expr, &filtered, &order, err));
    }
    MU_TRY(mu_agg_grow(g->states[i], group_count(g), err));
    return mu_agg_update(g->states[i], g->args, call->order ? &order : NULL, live, batch->rows,
                         groups, err);
}

static muster_status group_consume(void *context, uint32_t unit, const mu_batch *batch,
                                   muster_error *err)
{
    grouper *g = context;
    const mu_plan *plan = g->task->plan;

    (void)unit;
    for (uint32_t k = 0; k < plan->group.key_count; k++) {
        MU_TRY(mu_eval_run(g->eval, k, batch, &g->key_values[k], err));
    }
    if (g->keys) {
        MU_TRY(mu_group_keys_find(g->keys, g->key_values, batch, g->groups, err));
    }
    for (uint32_t i = 0; i < plan->group.call_count; i++) {
        MU_TRY(update_call(g, i, batch, err));
    }
    return MUSTER_OK;
}

/* Appends the results of all groups. */
static muster_status write_groups(grouper *g, mu_rowset *out, muster_error *err)
{
    const mu_plan *plan = g->task->plan;
    const uint32_t key_count = plan->group.key_count;
    muster_status status = MUSTER_OK;
    mu_value *values = mu_mem_alloc_array(plan->column_count, sizeof *values);

    if (!values) {
        return mu_fail_memory(err, "grouping");
    }
    for (uint32_t group = 0; group < group_count(g); group++) {
        for (uint32_t k = 0; k < key_count; k++) {
            values[k] = mu_group_keys_value(g->keys, group, k);
        }
        for (uint32_t i = 0; i < plan->group.call_count; i++) {
            if (g->task->by_stripe[i]) {
                values[key_count + i] =
                    (mu_value){.type = plan->group.calls[i].type,
                               .i64 = (int64_t)mu_stripe_distinct_count(g->distinct[i], group)};
            } else {
                MU_TRY_GOTO(mu_agg_result(g->states[i], group, &values[key_count + i], err));
            }
        }
        MU_TRY_GOTO(mu_rowset_add(out, values, err));
    }
fail:
    mu_mem_free(values);
    return status;
}

static muster_status group_unit_end(void *context, uint32_t unit, muster_error *err)
{
    grouper *g = context;
    const uint32_t calls = g->task->plan->group.call_count;

    (void)unit;
    for (uint32_t i = 0; i < calls; i++) {
        if (g->task->by_stripe[i]) {
            mu_stripe_distinct_end(g->distinct[i]);
        }
    }
    if (!g->task->flush || group_count(g) == 0 || unit >= g->task->stripes) {
        return MUSTER_OK; /* nobody's groups wait for the merge: other units may have them too */
    }
    MU_TRY(write_groups(g, g->rows, err));
    mu_group_keys_reset(g->keys);
    for (uint32_t i = 0; i < calls; i++) {
        if (g->task->by_stripe[i]) {
            mu_stripe_distinct_reset(g->distinct[i]);
        } else {
            mu_agg_reset(g->states[i]);
        }
    }
    return MUSTER_OK;
}

/* all threads: */

/* Adds the groups of one thread to those of another. */
static muster_status merge(grouper *into, grouper *from, muster_error *err)
{
    const uint32_t groups = group_count(from);
    const uint32_t calls = into->task->plan->group.call_count;
    muster_status status = MUSTER_OK;
    uint32_t *map = mu_mem_zalloc_array(groups, sizeof *map);

    if (!map) {
        return mu_fail_memory(err, "grouping");
    }
    if (into->keys) {
        MU_TRY_GOTO(mu_group_keys_merge(into->keys, from->keys, map, err));
    }
    for (uint32_t i = 0; i < calls; i++) {
        if (into->task->by_stripe[i]) {
            MU_TRY_GOTO(
                mu_stripe_distinct_merge(into->distinct[i], from->distinct[i], map, groups, err));
            continue;
        }
        MU_TRY_GOTO(mu_agg_grow(into->states[i], group_count(into), err));
        MU_TRY_GOTO(mu_agg_merge(into->states[i], from->states[i], map, groups, err));
    }
fail:
    mu_mem_free(map);
    return status;
}

/* Copies the rows of stripes that have ended. */
static muster_status add_rows(mu_rowset *from, mu_rowset *out, muster_error *err)
{
    uint64_t live[MU_BATCH_WORDS];
    mu_batch batch;

    MU_TRY(mu_rowset_finish(from, err));
    for (uint32_t b = 0; b < mu_rowset_batches(from); b++) {
        mu_rowset_batch(from, b, live, &batch);
        MU_TRY(mu_rowset_add_batch(out, &batch, err));
    }
    return MUSTER_OK;
}

static muster_status group_all(const group_task *task, grouper *groupers, void *const *states,
                               mu_rowset *out, muster_error *err)
{
    static const mu_sink sink = {.consume = group_consume, .unit_end = group_unit_end};
    const uint32_t workers = mu_exec_workers(task->exec);

    for (uint32_t w = 0; w < workers; w++) {
        MU_TRY(grouper_init(&groupers[w], task, err));
    }
    MU_TRY(mu_exec_each(task->exec, task->plan->input, &sink, states, err));
    for (uint32_t w = 0; w < workers; w++) {
        if (w > 0) {
            MU_TRY(merge(&groupers[0], &groupers[w], err));
        }
        if (groupers[w].rows) {
            MU_TRY(add_rows(groupers[w].rows, out, err));
        }
    }
    return write_groups(&groupers[0], out, err);
}

muster_status mu_run_group(mu_exec *exec, const mu_plan *plan, mu_rowset *out, muster_error *err)
{
    const uint32_t workers = mu_exec_workers(exec);
    muster_status status;
    mu_arena arena = {0};
    group_task task;
    grouper *groupers = mu_mem_zalloc_array(workers, sizeof *groupers);
    void **states = mu_mem_zalloc_array(workers, sizeof *states);

    if (!groupers || !states) {
        status = mu_fail_memory(err, "grouping");
        goto fail;
    }
    for (uint32_t w = 0; w < workers; w++) {
        states[w] = &groupers[w];
    }
    MU_TRY_GOTO(task_init(&task, &arena, exec, plan, err));
    status = group_all(&task, groupers, states, out, err);
fail:
    for (uint32_t w = 0; groupers && w < workers; w++) {
        grouper_deinit(&groupers[w]);
    }
    mu_mem_free(groupers);
    mu_mem_free(states);
    mu_arena_deinit(&arena);
    return status;
}
