/*
 * grouper.c - the groups of one thread.
 *
 * The expressions of all keys and calls are one list, so that one evaluator runs them.
 */
#include "query/grouper.h"

#include "query/eval.h"
#include "storage/base/mem.h"

enum {
    GROUPS_PER_CHECK = 1024
};

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

static uint32_t first_alike(const mu_plan *plan, uint32_t call)
{
    uint32_t i = 0;

    while (i < call && !mu_agg_alike(&plan->group.calls[i], &plan->group.calls[call])) {
        i++;
    }
    return i;
}

/* Whether the call has states of its own. */
static bool has_states(const mu_group_task *task, uint32_t call)
{
    return !task->by_bits[call] && task->like[call] == call;
}

static void list_exprs(mu_group_task *task)
{
    const mu_plan *plan = task->plan;
    uint32_t at = plan->group.key_count;

    for (uint32_t k = 0; k < plan->group.key_count; k++) {
        task->exprs[k] = plan->group.keys[k];
        task->key_types[k] = plan->group.keys[k]->type;
    }
    for (uint32_t i = 0; i < plan->group.call_count; i++) {
        const mu_agg_call *call = &plan->group.calls[i];
        task->first_expr[i] = at;
        task->like[i] = first_alike(plan, i);
        task->by_bits[i] = task->stripes > 0 && counts_customers(plan->input, call);
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

muster_status mu_group_task_init(mu_group_task *task, mu_arena *arena, mu_exec *exec,
                                 const mu_plan *plan, muster_error *err)
{
    *task = (mu_group_task){.exec = exec, .plan = plan, .expr_count = plan->group.key_count};
    task->stripes = mu_exec_stripes(exec, plan->input);
    task->by_stripe = mu_group_by_stripe(exec, plan);
    for (uint32_t i = 0; i < plan->group.call_count; i++) {
        task->expr_count += call_exprs(&plan->group.calls[i]);
    }
    MU_ARENA_TRY(task->exprs, arena, task->expr_count, err);
    MU_ARENA_TRY(task->key_types, arena, plan->group.key_count, err);
    MU_ARENA_TRY(task->first_expr, arena, plan->group.call_count, err);
    MU_ARENA_TRY(task->by_bits, arena, plan->group.call_count, err);
    MU_ARENA_TRY(task->like, arena, plan->group.call_count, err);
    list_exprs(task);
    return MUSTER_OK;
}

bool mu_group_by_stripe(const mu_exec *exec, const mu_plan *plan)
{
    for (uint32_t k = 0; k < plan->group.key_count; k++) {
        const mu_expr *key = plan->group.keys[k];
        if (key->kind == MU_EXPR_COLUMN && mu_plan_is_customer(plan->input, key->column)) {
            return mu_exec_stripes(exec, plan->input) > 0;
        }
    }
    return false;
}

/* one thread: */

static void close_states(mu_grouper *g)
{
    for (uint32_t i = 0; g->states && i < g->task->plan->group.call_count; i++) {
        mu_agg_close(g->states[i]);
        g->states[i] = NULL;
    }
}

void mu_grouper_deinit(mu_grouper *g)
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
    mu_mem_free(g->states);
    mu_mem_free(g->distinct);
    mu_mem_free(g->key_values);
    mu_mem_free(g->args);
}

uint32_t mu_grouper_count(const mu_grouper *g)
{
    return g->keys ? mu_group_keys_count(g->keys) : 1;
}

static muster_status open_states(mu_grouper *g, muster_error *err)
{
    const mu_plan *plan = g->task->plan;

    for (uint32_t i = 0; i < plan->group.call_count; i++) {
        if (has_states(g->task, i)) {
            MU_TRY(mu_agg_open(&plan->group.calls[i], &g->states[i], err));
            MU_TRY(mu_agg_grow(g->states[i], mu_grouper_count(g), err));
        } else if (g->task->by_bits[i]) {
            g->distinct[i] = mu_stripe_distinct_open();
            if (!g->distinct[i]) {
                return mu_fail_memory(err, "grouping");
            }
        }
    }
    return MUSTER_OK;
}

muster_status mu_grouper_init(mu_grouper *g, const mu_group_task *task, muster_error *err)
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
        MU_TRY(mu_group_keys_open(task->key_types, key_count, task->by_stripe, &g->keys, err));
    }
    return open_states(g, err);
}

/* Gives one call the rows of a batch. */
static muster_status update_call(mu_grouper *g, uint32_t i, const mu_batch *batch,
                                 muster_error *err)
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
    if (g->task->by_bits[i]) {
        return mu_stripe_distinct_add(g->distinct[i], &g->args[0], live, batch->rows, groups, err);
    }
    mu_vector order;
    if (call->order) {
        expr += call->arg_count + (call->filter ? 1 : 0);
        MU_TRY(mu_eval_run(g->eval, expr, &filtered, &order, err));
    }
    MU_TRY(mu_agg_grow(g->states[i], mu_grouper_count(g), err));
    return mu_agg_update(g->states[i], g->args, call->order ? &order : NULL, live, batch->rows,
                         groups, err);
}

muster_status mu_grouper_add(mu_grouper *g, const mu_batch *batch, muster_error *err)
{
    const mu_plan *plan = g->task->plan;

    for (uint32_t k = 0; k < plan->group.key_count; k++) {
        MU_TRY(mu_eval_run(g->eval, k, batch, &g->key_values[k], err));
    }
    if (g->keys) {
        MU_TRY(mu_group_keys_find(g->keys, g->key_values, batch, g->groups, err));
    }
    for (uint32_t i = 0; i < plan->group.call_count; i++) {
        if (g->task->like[i] == i) {
            MU_TRY(update_call(g, i, batch, err));
        }
    }
    return MUSTER_OK;
}

muster_status mu_grouper_write(mu_grouper *g, mu_rowset *out, muster_error *err)
{
    const mu_plan *plan = g->task->plan;
    const uint32_t key_count = plan->group.key_count;
    muster_status status = MUSTER_OK;
    mu_value *values = mu_mem_alloc_array(plan->column_count, sizeof *values);

    if (!values) {
        return mu_fail_memory(err, "grouping");
    }
    for (uint32_t group = 0; group < mu_grouper_count(g); group++) {
        if (group % GROUPS_PER_CHECK == 0) {
            MU_TRY_GOTO(mu_exec_check(g->task->exec, err));
        }
        for (uint32_t k = 0; k < key_count; k++) {
            values[k] = mu_group_keys_value(g->keys, group, k);
        }
        for (uint32_t i = 0; i < plan->group.call_count; i++) {
            if (g->task->by_bits[i]) {
                values[key_count + i] =
                    (mu_value){.type = plan->group.calls[i].type,
                               .i64 = (int64_t)mu_stripe_distinct_count(g->distinct[i], group)};
            } else {
                MU_TRY_GOTO(mu_agg_result_of(g->states[g->task->like[i]], &plan->group.calls[i],
                                             group, &values[key_count + i], err));
            }
        }
        MU_TRY_GOTO(mu_rowset_add(out, values, err));
    }
fail:
    mu_mem_free(values);
    return status;
}

void mu_grouper_end_unit(mu_grouper *g)
{
    for (uint32_t i = 0; i < g->task->plan->group.call_count; i++) {
        if (g->task->by_bits[i]) {
            mu_stripe_distinct_end(g->distinct[i]);
        }
    }
}

void mu_grouper_reset(mu_grouper *g)
{
    mu_group_keys_reset(g->keys);
    for (uint32_t i = 0; i < g->task->plan->group.call_count; i++) {
        if (g->task->by_bits[i]) {
            mu_stripe_distinct_reset(g->distinct[i]);
        } else if (g->states[i]) {
            mu_agg_reset(g->states[i]);
        }
    }
}

muster_status mu_grouper_merge(mu_grouper *into, mu_grouper *from, muster_error *err)
{
    const uint32_t groups = mu_grouper_count(from);
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
        if (into->task->by_bits[i]) {
            MU_TRY_GOTO(
                mu_stripe_distinct_merge(into->distinct[i], from->distinct[i], map, groups, err));
            continue;
        }
        if (!into->states[i]) {
            continue;
        }
        MU_TRY_GOTO(mu_agg_grow(into->states[i], mu_grouper_count(into), err));
        MU_TRY_GOTO(mu_agg_merge(into->states[i], from->states[i], map, groups, err));
    }
fail:
    mu_mem_free(map);
    return status;
}
