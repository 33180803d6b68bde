/*
 * plan.c - the makers of plan nodes. Each fills in the names and types of what comes out.
 */
#include "query/plan.h"

static muster_status new_node(const mu_scope *scope, mu_plan_kind kind, const mu_plan *input,
                              uint32_t column_count, mu_plan **node, mu_plan_column **columns,
                              muster_error *err)
{
    MU_ARENA_TRY(*node, scope->arena, 1, err);
    MU_ARENA_TRY(*columns, scope->arena, column_count, err);
    (*node)->kind = kind;
    (*node)->input = input;
    (*node)->column_count = column_count;
    (*node)->columns = *columns;
    return MUSTER_OK;
}

/* A node that hands on the columns of its input. */
static muster_status new_passing_node(const mu_scope *scope, mu_plan_kind kind,
                                      const mu_plan *input, mu_plan **node, muster_error *err)
{
    MU_ARENA_TRY(*node, scope->arena, 1, err);
    (*node)->kind = kind;
    (*node)->input = input;
    (*node)->column_count = input->column_count;
    (*node)->columns = input->columns;
    return MUSTER_OK;
}

muster_status mu_plan_scan(const mu_scope *scope, const mu_table *table, const mu_plan **out,
                           muster_error *err)
{
    mu_plan *node;
    mu_plan_column *columns;
    uint32_t *indexes;

    MU_TRY(new_node(scope, MU_PLAN_SCAN, NULL, table->column_count, &node, &columns, err));
    MU_ARENA_TRY(indexes, scope->arena, table->column_count, err);
    for (uint32_t i = 0; i < table->column_count; i++) {
        columns[i].name = table->columns[i].name;
        columns[i].type = table->columns[i].type;
        indexes[i] = i;
    }
    node->scan.table = table;
    node->scan.columns = indexes;
    *out = node;
    return MUSTER_OK;
}

muster_status mu_plan_values(const mu_scope *scope, const mu_plan_column *names,
                             uint32_t column_count, const mu_value *values, uint32_t row_count,
                             const mu_plan **out, muster_error *err)
{
    mu_plan *node;
    mu_plan_column *columns;

    MU_TRY(new_node(scope, MU_PLAN_VALUES, NULL, column_count, &node, &columns, err));
    for (uint32_t i = 0; i < column_count; i++) {
        columns[i] = names[i];
    }
    node->values.row_count = row_count;
    node->values.values = values;
    *out = node;
    return MUSTER_OK;
}

muster_status mu_plan_filter(const mu_scope *scope, const mu_plan *input, const mu_expr *condition,
                             const mu_plan **out, muster_error *err)
{
    mu_plan *node;

    assert(condition->type.kind == MU_BOOLEAN);
    MU_TRY(new_passing_node(scope, MU_PLAN_FILTER, input, &node, err));
    node->filter.condition = condition;
    *out = node;
    return MUSTER_OK;
}

muster_status mu_plan_project(const mu_scope *scope, const mu_plan *input,
                              const mu_expr *const *exprs, const char *const *names, uint32_t count,
                              const mu_plan **out, muster_error *err)
{
    mu_plan *node;
    mu_plan_column *columns;

    MU_TRY(new_node(scope, MU_PLAN_PROJECT, input, count, &node, &columns, err));
    for (uint32_t i = 0; i < count; i++) {
        columns[i].name = names[i];
        columns[i].type = exprs[i]->type;
    }
    node->project.exprs = exprs;
    *out = node;
    return MUSTER_OK;
}

muster_status mu_plan_group(const mu_scope *scope, const mu_plan *input, const mu_expr *const *keys,
                            uint32_t key_count, const mu_agg_call *calls, uint32_t call_count,
                            const char *const *names, const mu_plan **out, muster_error *err)
{
    mu_plan *node;
    mu_plan_column *columns;

    MU_TRY(new_node(scope, MU_PLAN_GROUP, input, key_count + call_count, &node, &columns, err));
    for (uint32_t i = 0; i < key_count + call_count; i++) {
        columns[i].name = names[i];
        columns[i].type = i < key_count ? keys[i]->type : calls[i - key_count].type;
    }
    node->group.keys = keys;
    node->group.key_count = key_count;
    node->group.calls = calls;
    node->group.call_count = call_count;
    *out = node;
    return MUSTER_OK;
}

muster_status mu_plan_sort(const mu_scope *scope, const mu_plan *input, const mu_sort_key *keys,
                           uint32_t key_count, const mu_plan **out, muster_error *err)
{
    mu_plan *node;

    MU_TRY(new_passing_node(scope, MU_PLAN_SORT, input, &node, err));
    node->sort.keys = keys;
    node->sort.key_count = key_count;
    node->sort.limit = UINT64_MAX;
    *out = node;
    return MUSTER_OK;
}

muster_status mu_plan_limit(const mu_scope *scope, const mu_plan *input, uint64_t limit,
                            uint64_t offset, const mu_plan **out, muster_error *err)
{
    mu_plan *node;

    MU_TRY(new_passing_node(scope, MU_PLAN_LIMIT, input, &node, err));
    node->limit.limit = limit;
    node->limit.offset = offset;
    *out = node;
    return MUSTER_OK;
}

muster_status mu_plan_union(const mu_scope *scope, const mu_plan *left, const mu_plan *right,
                            const mu_plan **out, muster_error *err)
{
    mu_plan *node;

    assert(left->column_count == right->column_count);
    MU_TRY(new_passing_node(scope, MU_PLAN_UNION, left, &node, err));
    node->other = right;
    *out = node;
    return MUSTER_OK;
}

muster_status mu_plan_repeat(const mu_scope *scope, const mu_plan *input, const mu_plan **out,
                             muster_error *err)
{
    mu_plan *node;

    assert(input->columns[input->column_count - 1].type.kind == MU_BIGINT);
    MU_TRY(new_passing_node(scope, MU_PLAN_REPEAT, input, &node, err));
    node->column_count--;
    *out = node;
    return MUSTER_OK;
}

muster_status mu_plan_series(const mu_scope *scope, const char *name, mu_type type, int64_t first,
                             int64_t step, uint64_t count, const mu_plan **out, muster_error *err)
{
    mu_plan *node;
    mu_plan_column *columns;

    MU_TRY(new_node(scope, MU_PLAN_SERIES, NULL, 1, &node, &columns, err));
    columns[0] = (mu_plan_column){name, type};
    node->series.first = first;
    node->series.step = step;
    node->series.count = count;
    *out = node;
    return MUSTER_OK;
}

muster_status mu_plan_window(const mu_scope *scope, const mu_plan *input,
                             const uint32_t *partitions, uint32_t partition_count,
                             const mu_sort_key *keys, uint32_t key_count,
                             const mu_window_call *calls, uint32_t call_count,
                             const char *const *names, const mu_plan **out, muster_error *err)
{
    const uint32_t before = input->column_count;
    mu_plan *node;
    mu_plan_column *columns;

    MU_TRY(new_node(scope, MU_PLAN_WINDOW, input, before + call_count, &node, &columns, err));
    for (uint32_t c = 0; c < before; c++) {
        columns[c] = input->columns[c];
    }
    for (uint32_t i = 0; i < call_count; i++) {
        columns[before + i] = (mu_plan_column){names[i], calls[i].type};
    }
    node->window.partitions = partitions;
    node->window.partition_count = partition_count;
    node->window.keys = keys;
    node->window.key_count = key_count;
    node->window.calls = calls;
    node->window.call_count = call_count;
    *out = node;
    return MUSTER_OK;
}

muster_status mu_plan_call(const mu_scope *scope, const mu_plan *plan, const char *name,
                           const mu_plan **out, muster_error *err)
{
    mu_plan *copy;

    MU_ARENA_TRY(copy, scope->arena, 1, err);
    *copy = *plan;
    copy->name = name;
    *out = copy;
    return MUSTER_OK;
}

muster_status mu_plan_name_of(const mu_scope *scope, const mu_plan *input, const mu_expr *expr,
                              const char **out, muster_error *err)
{
    mu_writer text = {0};
    const char **names;
    char *name;

    MU_ARENA_TRY(names, scope->arena, input->column_count, err);
    for (uint32_t c = 0; c < input->column_count; c++) {
        names[c] = input->columns[c].name;
    }
    mu_expr_print(expr, names, NULL, &text);
    mu_write_u8(&text, 0);
    name = text.failed ? NULL : mu_arena_alloc(scope->arena, text.size);
    if (name) {
        memcpy(name, text.data, text.size);
    }
    mu_writer_deinit(&text);
    *out = name;
    return name ? MUSTER_OK : mu_fail_memory(err, "planning");
}

#define BOOLEAN            \
    {                      \
        .kind = MU_BOOLEAN \
    }
#define BIGINT                        \
    {                                 \
        .kind = MU_BIGINT, .bits = 64 \
    }
#define REAL              \
    {                     \
        .kind = MU_DOUBLE \
    }
#define TEXT            \
    {                   \
        .kind = MU_TEXT \
    }
#define TIMESTAMP            \
    {                        \
        .kind = MU_TIMESTAMP \
    }

/* A node whose columns are fixed, after the breakdown column if there is one. */
static muster_status new_relation(const mu_scope *scope, mu_plan_kind kind, const mu_expr *by,
                                  const char *by_name, const mu_plan_column *fixed,
                                  uint32_t fixed_count, mu_plan **node, muster_error *err)
{
    mu_plan_column *columns;
    const uint32_t before = by ? 1 : 0;

    MU_TRY(new_node(scope, kind, NULL, before + fixed_count, node, &columns, err));
    if (by) {
        columns[0] = (mu_plan_column){.name = by_name, .type = by->type};
    }
    for (uint32_t i = 0; i < fixed_count; i++) {
        columns[before + i] = fixed[i];
    }
    return MUSTER_OK;
}

muster_status mu_plan_funnel(const mu_scope *scope, const mu_funnel_plan *funnel, bool customers,
                             const mu_plan **out, muster_error *err)
{
    static const mu_plan_column steps[] = {
        {"step", BIGINT},      {"label", TEXT},     {"customers", BIGINT},  {"of_start", REAL},
        {"of_previous", REAL}, {"dropped", BIGINT}, {"still_open", BIGINT},
    };
    static const mu_plan_column people[] = {
        {"customer", {.kind = MU_CUSTOMER}},
        {"depth", BIGINT},
        {"still_open", BOOLEAN},
        {"started", TIMESTAMP},
        {"last_step", TIMESTAMP},
    };
    mu_funnel_plan *copy;
    mu_plan *node;

    MU_ARENA_TRY(copy, scope->arena, 1, err);
    *copy = *funnel;
    MU_TRY(new_relation(scope, customers ? MU_PLAN_FUNNEL_CUSTOMERS : MU_PLAN_FUNNEL, funnel->by,
                        funnel->by_name, customers ? people : steps,
                        customers ? MU_COUNT(people) : MU_COUNT(steps), &node, err));
    node->funnel = copy;
    *out = node;
    return MUSTER_OK;
}

muster_status mu_plan_behaviour(const mu_scope *scope, const mu_behaviour_plan *behaviour,
                                const mu_plan **out, muster_error *err)
{
    mu_plan_column *columns;
    mu_behaviour_plan *copy;
    mu_plan *node;

    MU_ARENA_TRY(copy, scope->arena, 1, err);
    *copy = *behaviour;
    MU_TRY(new_node(scope, MU_PLAN_BEHAVIOUR, NULL, behaviour->column_count, &node, &columns, err));
    for (uint32_t c = 0; c < behaviour->column_count; c++) {
        columns[c] = (mu_plan_column){.name = behaviour->columns[c].name,
                                      .type = behaviour->columns[c].type};
    }
    node->behaviour = copy;
    *out = node;
    return MUSTER_OK;
}
