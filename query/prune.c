/*
 * prune.c - leaves out the columns that no one reads.
 *
 * From the root down, each node is told which of its columns are used, hands on which of its
 * input's it then needs, and gets back a smaller input and a map from the old numbers of columns to
 * the new ones, by which its expressions are rewritten. Keys of groups and sorts are always needed.
 */
#include "query/optimize.h"

static muster_status prune(const mu_scope *scope, const mu_plan *plan, const uint64_t *used,
                           const mu_plan **out, uint32_t **map, muster_error *err);

static muster_status new_bits(const mu_scope *scope, uint32_t count, uint64_t **out,
                              muster_error *err)
{
    MU_ARENA_TRY(*out, scope->arena, mu_bits_words(count), err);
    return MUSTER_OK;
}

/* A copy of the node with only the used columns, and where they went. */
static muster_status narrow(const mu_scope *scope, const mu_plan *plan, const uint64_t *used,
                            mu_plan **out, uint32_t **map, muster_error *err)
{
    mu_plan_column *columns;
    uint32_t count = 0;

    MU_ARENA_TRY(*out, scope->arena, 1, err);
    MU_ARENA_TRY(*map, scope->arena, plan->column_count, err);
    MU_ARENA_TRY(columns, scope->arena, plan->column_count, err);
    for (uint32_t c = 0; c < plan->column_count; c++) {
        if (mu_bits_test(used, c)) {
            columns[count] = plan->columns[c];
            (*map)[c] = count++;
        }
    }
    **out = *plan;
    (*out)->columns = columns;
    (*out)->column_count = count;
    return MUSTER_OK;
}

static muster_status remap(const mu_scope *scope, const mu_expr **expr, const uint32_t *map,
                           muster_error *err)
{
    return *expr ? mu_expr_remap(scope, *expr, map, expr, err) : MUSTER_OK;
}

static muster_status remap_list(const mu_scope *scope, const mu_expr *const *exprs, uint32_t count,
                                const uint32_t *map, const mu_expr *const **out, muster_error *err)
{
    const mu_expr **list;

    MU_ARENA_TRY(list, scope->arena, count, err);
    for (uint32_t i = 0; i < count; i++) {
        list[i] = exprs[i];
        MU_TRY(remap(scope, &list[i], map, err));
    }
    *out = list;
    return MUSTER_OK;
}

/* Everything may be left out but what the filter reads, and the customers where a set chooses among
 * them. */
static muster_status prune_scan(const mu_scope *scope, const mu_plan *plan, uint64_t *used,
                                const mu_plan **out, uint32_t **map, muster_error *err)
{
    mu_plan *scan;
    uint32_t *columns;

    if (plan->scan.filter) {
        mu_expr_columns(plan->scan.filter, used);
    }
    for (uint32_t c = 0; plan->scan.set && c < plan->column_count; c++) {
        if (plan->columns[c].type.kind == MU_CUSTOMER) {
            mu_bits_set(used, c);
        }
    }
    MU_TRY(narrow(scope, plan, used, &scan, map, err));
    MU_ARENA_TRY(columns, scope->arena, plan->column_count, err);
    for (uint32_t c = 0; c < plan->column_count; c++) {
        if (mu_bits_test(used, c)) {
            columns[(*map)[c]] = plan->scan.columns[c];
        }
    }
    scan->scan.columns = columns;
    *out = scan;
    return remap(scope, &scan->scan.filter, *map, err);
}

/* FILTER, SORT, LIMIT: the columns are the input's. */
static muster_status prune_passing(const mu_scope *scope, const mu_plan *plan, uint64_t *used,
                                   const mu_plan **out, uint32_t **map, muster_error *err)
{
    mu_plan *copy;

    if (plan->kind == MU_PLAN_FILTER) {
        mu_expr_columns(plan->filter.condition, used);
    }
    for (uint32_t i = 0; plan->kind == MU_PLAN_SORT && i < plan->sort.key_count; i++) {
        mu_bits_set(used, plan->sort.keys[i].column);
    }
    MU_ARENA_TRY(copy, scope->arena, 1, err);
    *copy = *plan;
    MU_TRY(prune(scope, plan->input, used, &copy->input, map, err));
    copy->columns = copy->input->columns;
    copy->column_count = copy->input->column_count;
    if (plan->kind == MU_PLAN_FILTER) {
        MU_TRY(remap(scope, &copy->filter.condition, *map, err));
    }
    if (plan->kind == MU_PLAN_SORT) {
        mu_sort_key *keys;
        MU_ARENA_TRY(keys, scope->arena, plan->sort.key_count, err);
        for (uint32_t i = 0; i < plan->sort.key_count; i++) {
            keys[i] = plan->sort.keys[i];
            keys[i].column = (*map)[keys[i].column];
        }
        copy->sort.keys = keys;
    }
    *out = copy;
    return MUSTER_OK;
}

static muster_status prune_project(const mu_scope *scope, const mu_plan *plan, const uint64_t *used,
                                   const mu_plan **out, uint32_t **map, muster_error *err)
{
    mu_plan *project;
    const mu_expr **exprs;
    uint64_t *needed;
    uint32_t *below;

    MU_TRY(narrow(scope, plan, used, &project, map, err));
    MU_TRY(new_bits(scope, plan->input->column_count, &needed, err));
    MU_ARENA_TRY(exprs, scope->arena, project->column_count, err);
    for (uint32_t c = 0; c < plan->column_count; c++) {
        if (mu_bits_test(used, c)) {
            exprs[(*map)[c]] = plan->project.exprs[c];
            mu_expr_columns(plan->project.exprs[c], needed);
        }
    }
    MU_TRY(prune(scope, plan->input, needed, &project->input, &below, err));
    *out = project;
    return remap_list(scope, exprs, project->column_count, below, &project->project.exprs, err);
}

static muster_status remap_call(const mu_scope *scope, mu_agg_call *call, const uint32_t *map,
                                muster_error *err)
{
    MU_TRY(remap_list(scope, call->args, call->arg_count, map, &call->args, err));
    MU_TRY(remap(scope, &call->filter, map, err));
    return remap(scope, &call->order, map, err);
}

static muster_status prune_group(const mu_scope *scope, const mu_plan *plan, uint64_t *used,
                                 const mu_plan **out, uint32_t **map, muster_error *err)
{
    const uint32_t key_count = plan->group.key_count;
    mu_plan *group;
    mu_agg_call *calls;
    uint64_t *needed;
    uint32_t *below;
    uint32_t count = 0;

    MU_TRY(new_bits(scope, plan->input->column_count, &needed, err));
    for (uint32_t k = 0; k < key_count; k++) {
        mu_bits_set(used, k);
        mu_expr_columns(plan->group.keys[k], needed);
    }
    MU_ARENA_TRY(calls, scope->arena, plan->group.call_count, err);
    for (uint32_t i = 0; i < plan->group.call_count; i++) {
        if (mu_bits_test(used, key_count + i)) {
            calls[count++] = plan->group.calls[i];
            mu_agg_call_columns(&plan->group.calls[i], needed);
        }
    }
    MU_TRY(narrow(scope, plan, used, &group, map, err));
    MU_TRY(prune(scope, plan->input, needed, &group->input, &below, err));
    for (uint32_t i = 0; i < count; i++) {
        MU_TRY(remap_call(scope, &calls[i], below, err));
    }
    group->group.calls = calls;
    group->group.call_count = count;
    *out = group;
    return remap_list(scope, plan->group.keys, key_count, below, &group->group.keys, err);
}

/* An input, with the used columns alone, and in their order. */
static muster_status prune_side(const mu_scope *scope, const mu_plan *side, const uint64_t *used,
                                const mu_plan **out, muster_error *err)
{
    const mu_expr **exprs;
    const char **names;
    uint32_t *map, count = 0;
    bool same = true;

    MU_TRY(prune(scope, side, used, out, &map, err));
    MU_ARENA_TRY(exprs, scope->arena, side->column_count, err);
    MU_ARENA_TRY(names, scope->arena, side->column_count, err);
    for (uint32_t c = 0; c < side->column_count; c++) {
        if (mu_bits_test(used, c)) {
            same = same && map[c] == count;
            names[count] = side->columns[c].name;
            MU_TRY(mu_expr_column(scope, map[c], side->columns[c].type, -1, &exprs[count++], err));
        }
    }
    return same && (*out)->column_count == count
               ? MUSTER_OK
               : mu_plan_project(scope, *out, exprs, names, count, out, err);
}

static muster_status prune_union(const mu_scope *scope, const mu_plan *plan, const uint64_t *used,
                                 const mu_plan **out, uint32_t **map, muster_error *err)
{
    mu_plan *both;

    MU_TRY(narrow(scope, plan, used, &both, map, err));
    MU_TRY(prune_side(scope, plan->input, used, &both->input, err));
    MU_TRY(prune_side(scope, plan->other, used, &both->other, err));
    *out = both;
    return MUSTER_OK;
}

/* The last column of the input is always read. */
static muster_status prune_repeat(const mu_scope *scope, const mu_plan *plan, const uint64_t *used,
                                  const mu_plan **out, uint32_t **map, muster_error *err)
{
    const mu_plan *input = plan->input;
    mu_plan *repeat;
    uint64_t *needed;

    MU_TRY(narrow(scope, plan, used, &repeat, map, err));
    MU_TRY(new_bits(scope, input->column_count, &needed, err));
    for (uint32_t c = 0; c < plan->column_count; c++) {
        if (mu_bits_test(used, c)) {
            mu_bits_set(needed, c);
        }
    }
    mu_bits_set(needed, plan->column_count);
    MU_TRY(prune_side(scope, input, needed, &repeat->input, err));
    *out = repeat;
    return MUSTER_OK;
}

/* Marks the columns that a call of a window reads. */
static void mark_window_call(const mu_window_call *call, uint64_t *needed)
{
    for (uint32_t a = 0; a < call->arg_count; a++) {
        if (call->columns[a] != MU_NO_COLUMN) {
            mu_bits_set(needed, call->columns[a]);
        }
    }
    if (call->filter != MU_NO_COLUMN) {
        mu_bits_set(needed, call->filter);
    }
    if (call->order != MU_NO_COLUMN) {
        mu_bits_set(needed, call->order);
    }
}

static muster_status remap_window_call(const mu_scope *scope, mu_window_call *call,
                                       const uint32_t *map, muster_error *err)
{
    uint32_t *columns;

    MU_ARENA_TRY(columns, scope->arena, call->arg_count, err);
    for (uint32_t a = 0; a < call->arg_count; a++) {
        const uint32_t column = call->columns[a];
        columns[a] = column == MU_NO_COLUMN ? MU_NO_COLUMN : map[column];
    }
    call->columns = columns;
    call->filter = call->filter == MU_NO_COLUMN ? MU_NO_COLUMN : map[call->filter];
    call->order = call->order == MU_NO_COLUMN ? MU_NO_COLUMN : map[call->order];
    return MUSTER_OK;
}

static muster_status remap_window_order(const mu_scope *scope, const mu_plan *plan,
                                        const uint32_t *map, mu_plan *window, muster_error *err)
{
    uint32_t *partitions;
    mu_sort_key *keys;

    MU_ARENA_TRY(partitions, scope->arena, plan->window.partition_count, err);
    MU_ARENA_TRY(keys, scope->arena, plan->window.key_count, err);
    for (uint32_t i = 0; i < plan->window.partition_count; i++) {
        partitions[i] = map[plan->window.partitions[i]];
    }
    for (uint32_t i = 0; i < plan->window.key_count; i++) {
        keys[i] = plan->window.keys[i];
        keys[i].column = map[keys[i].column];
    }
    window->window.partitions = partitions;
    window->window.keys = keys;
    return MUSTER_OK;
}

/* Calls that no one reads go, with what they alone read; if none is left, so does the window. */
static muster_status prune_window(const mu_scope *scope, const mu_plan *plan, const uint64_t *used,
                                  const mu_plan **out, uint32_t **map, muster_error *err)
{
    const uint32_t before = plan->input->column_count;
    uint32_t count = 0, *below;
    const mu_plan *input;
    mu_window_call *calls;
    const char **names;
    uint64_t *needed;
    mu_plan window = *plan;

    MU_TRY(new_bits(scope, before, &needed, err));
    MU_ARENA_TRY(calls, scope->arena, plan->window.call_count, err);
    MU_ARENA_TRY(names, scope->arena, plan->window.call_count, err);
    MU_ARENA_TRY(*map, scope->arena, plan->column_count, err);
    for (uint32_t c = 0; c < before; c++) {
        if (mu_bits_test(used, c)) {
            mu_bits_set(needed, c);
        }
    }
    for (uint32_t i = 0; i < plan->window.call_count; i++) {
        if (mu_bits_test(used, before + i)) {
            names[count] = plan->columns[before + i].name;
            calls[count++] = plan->window.calls[i];
            mark_window_call(&plan->window.calls[i], needed);
        }
    }
    for (uint32_t i = 0; count > 0 && i < plan->window.partition_count; i++) {
        mu_bits_set(needed, plan->window.partitions[i]);
    }
    for (uint32_t i = 0; count > 0 && i < plan->window.key_count; i++) {
        mu_bits_set(needed, plan->window.keys[i].column);
    }
    MU_TRY(prune(scope, plan->input, needed, &input, &below, err));
    memcpy(*map, below, before * sizeof *below);
    for (uint32_t i = 0, at = 0; i < plan->window.call_count; i++) {
        (*map)[before + i] = input->column_count + at;
        at += mu_bits_test(used, before + i);
    }
    *out = input;
    if (count == 0) {
        return MUSTER_OK;
    }
    for (uint32_t i = 0; i < count; i++) {
        MU_TRY(remap_window_call(scope, &calls[i], below, err));
    }
    MU_TRY(remap_window_order(scope, plan, below, &window, err));
    return mu_plan_window(scope, input, window.window.partitions, plan->window.partition_count,
                          window.window.keys, plan->window.key_count, calls, count, names, out,
                          err);
}

/* Of each side what the keys and the residual read, beside what comes out. */
static muster_status prune_join(const mu_scope *scope, const mu_plan *plan, const uint64_t *used,
                                const mu_plan **out, uint32_t **map, muster_error *err)
{
    const uint32_t inputs = plan->input->column_count;
    const uint32_t columns = inputs + plan->other->column_count;
    uint64_t *pair, *needed, *other_needed;
    uint32_t *below, *other_below, *places, *kept;
    mu_plan *join;

    MU_TRY(narrow(scope, plan, used, &join, map, err));
    MU_TRY(new_bits(scope, columns, &pair, err));
    MU_TRY(new_bits(scope, inputs, &needed, err));
    MU_TRY(new_bits(scope, plan->other->column_count, &other_needed, err));
    MU_ARENA_TRY(places, scope->arena, columns, err);
    MU_ARENA_TRY(kept, scope->arena, join->column_count, err);
    for (uint32_t c = 0; c < plan->column_count; c++) {
        if (mu_bits_test(used, c)) {
            mu_bits_set(pair, plan->join.columns[c]);
        }
    }
    if (plan->join.residual) {
        mu_expr_columns(plan->join.residual, pair);
    }
    for (uint32_t c = 0; c < columns; c++) {
        if (mu_bits_test(pair, c)) {
            mu_bits_set(c < inputs ? needed : other_needed, c < inputs ? c : c - inputs);
        }
    }
    for (uint32_t k = 0; k < plan->join.key_count; k++) {
        mu_expr_columns(plan->join.keys[k], needed);
        mu_expr_columns(plan->join.other_keys[k], other_needed);
    }
    MU_TRY(prune(scope, plan->input, needed, &join->input, &below, err));
    MU_TRY(prune(scope, plan->other, other_needed, &join->other, &other_below, err));
    for (uint32_t c = 0; c < columns; c++) {
        places[c] = c < inputs ? below[c] : join->input->column_count + other_below[c - inputs];
    }
    for (uint32_t c = 0; c < plan->column_count; c++) {
        if (mu_bits_test(used, c)) {
            kept[(*map)[c]] = places[plan->join.columns[c]];
        }
    }
    join->join.columns = kept;
    *out = join;
    MU_TRY(remap_list(scope, plan->join.keys, plan->join.key_count, below, &join->join.keys, err));
    MU_TRY(remap_list(scope, plan->join.other_keys, plan->join.key_count, other_below,
                      &join->join.other_keys, err));
    return remap(scope, &join->join.residual, places, err);
}

/* Relations whose columns are fixed: all of them stay. */
static muster_status keep_all(const mu_scope *scope, const mu_plan *plan, const mu_plan **out,
                              uint32_t **map, muster_error *err)
{
    MU_ARENA_TRY(*map, scope->arena, plan->column_count, err);
    for (uint32_t c = 0; c < plan->column_count; c++) {
        (*map)[c] = c;
    }
    *out = plan;
    return MUSTER_OK;
}

/* Columns that only hand values on, and what they hand on, may be left out. */
static muster_status prune_behaviour(const mu_scope *scope, const mu_plan *plan, uint64_t *used,
                                     const mu_plan **out, uint32_t **map, muster_error *err)
{
    const mu_behaviour_plan *old = plan->behaviour;
    mu_behaviour_plan *behaviour;
    mu_behaviour_column *columns;
    const mu_expr **values;
    mu_plan *narrowed;

    for (uint32_t c = 0; c < old->own_columns; c++) {
        mu_bits_set(used, c);
    }
    MU_TRY(narrow(scope, plan, used, &narrowed, map, err));
    MU_ARENA_TRY(behaviour, scope->arena, 1, err);
    MU_ARENA_TRY(columns, scope->arena, narrowed->column_count, err);
    MU_ARENA_TRY(values, scope->arena, (size_t)old->own_values + narrowed->column_count, err);
    *behaviour = *old;
    behaviour->column_count = narrowed->column_count;
    behaviour->columns = columns;
    behaviour->values = values;
    behaviour->value_count = old->own_values;
    for (uint32_t v = 0; v < old->own_values; v++) {
        values[v] = old->values[v];
    }
    for (uint32_t c = 0; c < old->column_count; c++) {
        if (!mu_bits_test(used, c)) {
            continue;
        }
        mu_behaviour_column *column = &columns[(*map)[c]];
        *column = old->columns[c];
        if (c >= old->own_columns && column->value >= old->own_values) {
            values[behaviour->value_count] = old->values[column->value];
            column->value = behaviour->value_count++;
        }
    }
    narrowed->behaviour = behaviour;
    *out = narrowed;
    return MUSTER_OK;
}

/* The plan with only the columns in `used`, which the callee may add to; (*map)[c] is where column
 * c went. */
static muster_status prune(const mu_scope *scope, const mu_plan *plan, const uint64_t *wanted,
                           const mu_plan **out, uint32_t **map, muster_error *err)
{
    uint64_t *used;

    MU_TRY(new_bits(scope, plan->column_count, &used, err));
    memcpy(used, wanted, mu_bits_words(plan->column_count) * sizeof *used);
    switch (plan->kind) {
    case MU_PLAN_SCAN:
        return prune_scan(scope, plan, used, out, map, err);
    case MU_PLAN_FILTER:
    case MU_PLAN_SORT:
    case MU_PLAN_LIMIT:
        return prune_passing(scope, plan, used, out, map, err);
    case MU_PLAN_PROJECT:
        return prune_project(scope, plan, used, out, map, err);
    case MU_PLAN_GROUP:
        return prune_group(scope, plan, used, out, map, err);
    case MU_PLAN_UNION:
        return prune_union(scope, plan, used, out, map, err);
    case MU_PLAN_REPEAT:
        return prune_repeat(scope, plan, used, out, map, err);
    case MU_PLAN_WINDOW:
        return prune_window(scope, plan, used, out, map, err);
    case MU_PLAN_JOIN:
        return prune_join(scope, plan, used, out, map, err);
    case MU_PLAN_BEHAVIOUR:
        return prune_behaviour(scope, plan, used, out, map, err);
    case MU_PLAN_VALUES:
    case MU_PLAN_SERIES:
    case MU_PLAN_FUNNEL:
    case MU_PLAN_FUNNEL_CUSTOMERS:
        return keep_all(scope, plan, out, map, err);
    }
    assert(false && "a plan that is not in the list");
    return MUSTER_OK;
}

/* All columns of the root are read, in their order. A filter or a sort at the root may have read
 * more: there is none, since all were wanted. */
muster_status mu_plan_prune(const mu_scope *scope, const mu_plan *plan, const mu_plan **out,
                            muster_error *err)
{
    uint64_t *all;
    uint32_t *map;

    MU_TRY(new_bits(scope, plan->column_count, &all, err));
    for (uint32_t c = 0; c < plan->column_count; c++) {
        mu_bits_set(all, c);
    }
    MU_TRY(prune(scope, plan, all, out, &map, err));
    assert((*out)->column_count == plan->column_count);
    return MUSTER_OK;
}
