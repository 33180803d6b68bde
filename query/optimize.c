/*
 * optimize.c - the plain tree that sql builds, made cheaper without changing its answer.
 *
 *   1. Filters sink as far as they can: through projections and sorts, past a group or a window
 *      where they speak of its keys or partitions only, into the scan.
 *   2. What a scan is asked is sorted by how it can be answered: conditions on TIME become its
 *      range, conditions on people become a set, comparisons with constants also skip blocks by
 *      minimum and maximum.
 *   3. Joins are taken in an order that keeps what is held in memory small (join_order.c).
 *   4. A sort under a limit keeps the first rows only.
 *   5. Columns that no one reads are not produced (prune.c).
 *   6. Counts come from postings and sets, not from rows, where these know them (count.c).
 *   7. A group's key that is the same for a whole block is found without reading it (compute.c).
 */
#include "query/optimize.h"

#include "query/func.h"
#include "query/lookup_set.h"

static uint32_t count_conjuncts(const mu_expr *condition)
{
    uint32_t count = 0;

    if (condition->kind != MU_EXPR_AND) {
        return 1;
    }
    for (uint32_t i = 0; i < condition->arg_count; i++) {
        count += count_conjuncts(condition->args[i]);
    }
    return count;
}

static void append_conjuncts(mu_conjuncts *all, const mu_expr *condition)
{
    if (condition->kind != MU_EXPR_AND) {
        all->list[all->count++] = condition;
        return;
    }
    for (uint32_t i = 0; i < condition->arg_count; i++) {
        append_conjuncts(all, condition->args[i]);
    }
}

muster_status mu_conjuncts_add(const mu_scope *scope, mu_conjuncts *all, const mu_expr *condition,
                               muster_error *err)
{
    const uint32_t wanted = all->count + count_conjuncts(condition);
    const mu_expr *const *old = all->list;

    if (wanted > all->capacity) {
        all->capacity = wanted > 2 * all->count ? wanted : 2 * all->count;
        MU_ARENA_TRY(all->list, scope->arena, all->capacity, err);
        for (uint32_t i = 0; i < all->count; i++) {
            all->list[i] = old[i];
        }
    }
    append_conjuncts(all, condition);
    return MUSTER_OK;
}

muster_status mu_conjuncts_condition(const mu_scope *scope, const mu_conjuncts *all,
                                     const mu_expr **out, muster_error *err)
{
    *out = all->count ? all->list[0] : NULL;
    return all->count < 2 ? MUSTER_OK
                          : mu_expr_logic(scope, MU_EXPR_AND, all->list, all->count,
                                          all->list[0]->offset, out, err);
}

bool mu_tells_zeros(const mu_expr *expr)
{
    bool tells = false;

    for (uint32_t i = 0; !tells && i < expr->arg_count; i++) {
        const bool shown = expr->type.kind == MU_TEXT ||
                           (expr->kind == MU_EXPR_CALL && strcmp(expr->func->name, "atan2") == 0);
        tells = (shown && expr->args[i]->type.kind == MU_DOUBLE) || mu_tells_zeros(expr->args[i]);
    }
    return tells;
}

muster_status mu_plan_filter_all(const mu_scope *scope, const mu_plan *plan,
                                 const mu_conjuncts *all, const mu_plan **out, muster_error *err)
{
    const mu_expr *condition;

    *out = plan;
    if (all->count == 0) {
        return MUSTER_OK;
    }
    MU_TRY(mu_conjuncts_condition(scope, all, &condition, err));
    return mu_plan_filter(scope, plan, condition, out, err);
}

static muster_status copy_plan(const mu_scope *scope, const mu_plan *plan, mu_plan **out,
                               muster_error *err)
{
    MU_ARENA_TRY(*out, scope->arena, 1, err);
    **out = *plan;
    return MUSTER_OK;
}

/* What a scan can be asked. */

static bool is_customer_column(const mu_expr *expr)
{
    return expr->kind == MU_EXPR_COLUMN && expr->type.kind == MU_CUSTOMER;
}

static bool is_customer_const(const mu_expr *expr)
{
    return expr->kind == MU_EXPR_CONST && expr->type.kind == MU_CUSTOMER && !expr->value.null;
}

static bool is_call(const mu_expr *expr, const char *name)
{
    return expr->kind == MU_EXPR_CALL && mu_name_equal(expr->func->name, name);
}

static muster_status as_set(const mu_scope *scope, const mu_expr *expr, bool turned,
                            const mu_set **out, muster_error *err);

static muster_status logic_as_set(const mu_scope *scope, const mu_expr *const *terms,
                                  uint32_t count, mu_set_kind kind, bool turned, const mu_set **out,
                                  muster_error *err)
{
    const mu_set **args;

    MU_ARENA_TRY(args, scope->arena, count, err);
    for (uint32_t i = 0; i < count; i++) {
        MU_TRY(as_set(scope, terms[i], turned, &args[i], err));
        if (!args[i]) {
            return MUSTER_OK;
        }
    }
    return mu_set_combine(scope, kind, args, count, out, err);
}

/* `customer IN (...)` with ids that were looked up already. */
static muster_status list_as_set(const mu_scope *scope, const mu_expr *expr, const mu_set **out,
                                 muster_error *err)
{
    uint32_t *ordinals;

    MU_ARENA_TRY(ordinals, scope->arena, expr->arg_count, err);
    for (uint32_t i = 1; i < expr->arg_count; i++) {
        if (!is_customer_const(expr->args[i])) {
            return MUSTER_OK;
        }
        ordinals[i - 1] = expr->args[i]->value.ordinal;
    }
    return mu_set_list(scope, ordinals, expr->arg_count - 1, out, err);
}

/* EXISTS of customers: false, not NULL, where the customer is nobody. */
static bool is_exists(const mu_expr *expr)
{
    return is_call(expr, "coalesce") && expr->arg_count == 2 &&
           expr->args[0]->kind == MU_EXPR_IN_SET && is_customer_column(expr->args[0]->args[0]) &&
           expr->args[1]->kind == MU_EXPR_CONST && !expr->args[1]->value.null &&
           expr->args[1]->value.i64 == 0;
}

/* The set of customers for whom the expression is true, if it is about nothing else; else *out is
 * NULL. Where the customer is nobody, such an expression is NULL, and a set has no nobody; or
 * false, which is the same unless it is `turned` by a NOT; what is looked up of a customer may be
 * NULL, too. */
static muster_status as_set(const mu_scope *scope, const mu_expr *expr, bool turned,
                            const mu_set **out, muster_error *err)
{
    *out = NULL;
    if (!turned) {
        MU_TRY(mu_lookup_set(scope, expr, out, err));
    }
    if (*out) {
        return MUSTER_OK;
    }
    if (expr->kind == MU_EXPR_IN_SET && is_customer_column(expr->args[0])) {
        *out = expr->set;
        return MUSTER_OK;
    }
    if (is_exists(expr) && !turned) {
        *out = expr->args[0]->set;
        return MUSTER_OK;
    }
    if (expr->kind == MU_EXPR_AND) {
        mu_conjuncts all = {0};
        MU_TRY(mu_conjuncts_add(scope, &all, expr, err));
        MU_TRY(mu_lookup_set_join(scope, &all, err));
        if (all.count == 1) {
            return MUSTER_OK; /* the expression, of which no set can be made */
        }
        return logic_as_set(scope, all.list, all.count, MU_SET_AND, turned, out, err);
    }
    if (expr->kind == MU_EXPR_OR) {
        return logic_as_set(scope, expr->args, expr->arg_count, MU_SET_OR, turned, out, err);
    }
    if (expr->kind == MU_EXPR_NOT) {
        return logic_as_set(scope, expr->args, 1, MU_SET_NOT, !turned, out, err);
    }
    if ((is_call(expr, "=") || is_call(expr, "in")) && is_customer_column(expr->args[0])) {
        return list_as_set(scope, expr, out, err);
    }
    return MUSTER_OK;
}

/* `column <op> constant`: the values the column may have. */
typedef struct interval {
    uint32_t column; /* of the expression's input */
    int64_t min, max;
} interval;

static bool as_interval(const mu_expr *expr, interval *out)
{
    static const char *const operators[] = {"=", "<", "<=", ">", ">="};

    if (expr->kind != MU_EXPR_CALL || expr->arg_count != 2) {
        return false;
    }
    const mu_expr *column = expr->args[0];
    const mu_expr *constant = expr->args[1];
    if (column->kind != MU_EXPR_COLUMN || constant->kind != MU_EXPR_CONST || constant->value.null ||
        mu_type_form(column->type) != MU_FORM_I64 || !mu_type_equal(column->type, constant->type)) {
        return false;
    }
    const int64_t value = constant->value.i64;
    *out = (interval){.column = column->column, .min = INT64_MIN, .max = INT64_MAX};
    for (size_t i = 0; i < MU_COUNT(operators); i++) {
        if (!is_call(expr, operators[i])) {
            continue;
        }
        switch (operators[i][0]) {
        case '=':
            out->min = value;
            out->max = value;
            break;
        case '<':
            out->max = operators[i][1] || value == INT64_MIN ? value : value - 1;
            break;
        case '>':
            out->min = operators[i][1] || value == INT64_MAX ? value : value + 1;
            break;
        }
        return true;
    }
    return false;
}

/* The scan's range of time, cut down to the interval. */
static void bound_time(mu_plan *scan, const interval *times)
{
    const int64_t until = times->max == INT64_MAX ? INT64_MAX : times->max + 1;

    if (!scan->scan.bounded) {
        scan->scan.bounded = true;
        scan->scan.since_us = INT64_MIN;
        scan->scan.until_us = INT64_MAX;
    }
    if (times->min > scan->scan.since_us) {
        scan->scan.since_us = times->min;
    }
    if (until < scan->scan.until_us) {
        scan->scan.until_us = until;
    }
}

static bool is_time(const mu_plan *scan, uint32_t column)
{
    const mu_table *table = scan->scan.table;

    return mu_table_has_events(table) && scan->scan.columns[column] == table->time_column &&
           scan->columns[column].type.kind == MU_TIMESTAMP;
}

/* Gives the scan a conjunct that is about no set in the cheapest way there is; true where rows must
 * be looked at for it. */
static bool ask_scan(mu_plan *scan, mu_scan_range *ranges, const mu_expr *conjunct)
{
    interval values;

    if (!as_interval(conjunct, &values)) {
        return true;
    }
    if (is_time(scan, values.column)) {
        bound_time(scan, &values);
        return false;
    }
    ranges[scan->scan.range_count++] = (mu_scan_range){
        .column = scan->scan.columns[values.column], .min = values.min, .max = values.max};
    return true;
}

/* Gives the scan the conjuncts. Their sets are combined all at once, as mu_set_combine() asks. */
static muster_status sink_into_scan(const mu_scope *scope, const mu_plan *plan, mu_conjuncts all,
                                    const mu_plan **out, muster_error *err)
{
    mu_plan *scan;
    mu_scan_range *ranges;
    const mu_set **sets;
    uint32_t set_count = 0;
    mu_conjuncts left = {0};

    assert(!plan->scan.filter && !plan->scan.set && !plan->scan.ranges);
    MU_TRY(mu_lookup_set_join(scope, &all, err));
    MU_TRY(copy_plan(scope, plan, &scan, err));
    MU_ARENA_TRY(ranges, scope->arena, all.count, err);
    MU_ARENA_TRY(sets, scope->arena, all.count, err);
    MU_ARENA_TRY(left.list, scope->arena, all.count, err);
    for (uint32_t i = 0; i < all.count; i++) {
        MU_TRY(as_set(scope, all.list[i], false, &sets[set_count], err));
        if (sets[set_count]) {
            set_count++;
        } else if (ask_scan(scan, ranges, all.list[i])) {
            left.list[left.count++] = all.list[i];
        }
    }
    scan->scan.ranges = ranges;
    scan->scan.set = set_count == 1 ? sets[0] : NULL;
    if (set_count > 1) {
        MU_TRY(mu_set_combine(scope, MU_SET_AND, sets, set_count, &scan->scan.set, err));
    }
    *out = scan;
    return mu_conjuncts_condition(scope, &left, &scan->scan.filter, err);
}

muster_status mu_plan_narrow(const mu_scope *scope, const mu_plan *plan, const mu_expr *filter,
                             const mu_plan **out, muster_error *err)
{
    mu_conjuncts all = {0}, left = {0};
    mu_scan_range *ranges;
    mu_plan *scan;

    MU_TRY(mu_conjuncts_add(scope, &all, filter, err));
    MU_TRY(copy_plan(scope, plan, &scan, err));
    MU_ARENA_TRY(ranges, scope->arena, plan->scan.range_count + all.count, err);
    MU_ARENA_TRY(left.list, scope->arena, all.count, err);
    for (uint32_t i = 0; i < plan->scan.range_count; i++) {
        ranges[i] = plan->scan.ranges[i];
    }
    for (uint32_t i = 0; i < all.count; i++) {
        if (ask_scan(scan, ranges, all.list[i])) {
            left.list[left.count++] = all.list[i];
        }
    }
    scan->scan.ranges = ranges;
    *out = scan;
    return mu_conjuncts_condition(scope, &left, &scan->scan.filter, err);
}

/* Filters sink. */

/* A copy of the node above its input, to which the conjuncts were handed. */
static muster_status sink_past(const mu_scope *scope, const mu_plan *plan, mu_conjuncts all,
                               const mu_plan **out, muster_error *err)
{
    mu_plan *copy;

    MU_TRY(copy_plan(scope, plan, &copy, err));
    MU_TRY(mu_plan_sink(scope, plan->input, all, &copy->input, err));
    *out = copy;
    return MUSTER_OK;
}

static muster_status substitute_all(const mu_scope *scope, mu_conjuncts *all,
                                    const mu_expr *const *exprs, muster_error *err)
{
    mu_conjuncts below = {0};

    for (uint32_t i = 0; i < all->count; i++) {
        const mu_expr *expr;
        MU_TRY(mu_expr_substitute(scope, all->list[i], exprs, &expr, err));
        MU_TRY(mu_conjuncts_add(scope, &below, expr, err));
    }
    *all = below;
    return MUSTER_OK;
}

/* Whether the expression reads no column at or past `end`, and at least one. */
static muster_status reads_below(const mu_scope *scope, const mu_expr *expr, uint32_t columns,
                                 uint32_t end, bool *out, muster_error *err)
{
    uint64_t *used;
    bool any = false;

    MU_ARENA_TRY(used, scope->arena, mu_bits_words(columns), err);
    mu_expr_columns(expr, used);
    *out = true;
    for (uint32_t c = 0; c < columns; c++) {
        any |= mu_bits_test(used, c);
        *out &= c < end || !mu_bits_test(used, c);
    }
    *out &= any;
    return MUSTER_OK;
}

static muster_status sink_past_group(const mu_scope *scope, const mu_plan *plan, mu_conjuncts all,
                                     const mu_plan **out, muster_error *err)
{
    mu_conjuncts above = {0};
    mu_conjuncts below = {0};
    const mu_plan *group;

    for (uint32_t i = 0; i < all.count; i++) {
        bool keys_only = false;
        MU_TRY(reads_below(scope, all.list[i], plan->column_count, plan->group.key_count,
                           &keys_only, err));
        const bool sinks = keys_only && !mu_tells_zeros(all.list[i]);
        MU_TRY(mu_conjuncts_add(scope, sinks ? &below : &above, all.list[i], err));
    }
    MU_TRY(substitute_all(scope, &below, plan->group.keys, err));
    MU_TRY(sink_past(scope, plan, below, &group, err));
    return mu_plan_filter_all(scope, group, &above, out, err);
}

static muster_status sink_past_union(const mu_scope *scope, const mu_plan *plan, mu_conjuncts all,
                                     const mu_plan **out, muster_error *err)
{
    mu_plan *copy;

    MU_TRY(copy_plan(scope, plan, &copy, err));
    MU_TRY(mu_plan_sink(scope, plan->input, all, &copy->input, err));
    MU_TRY(mu_plan_sink(scope, plan->other, all, &copy->other, err));
    *out = copy;
    return MUSTER_OK;
}

/* Conjuncts that speak of whole partitions only. */
static muster_status reads_partitions(const mu_scope *scope, const mu_expr *expr,
                                      const mu_plan *window, bool *out, muster_error *err)
{
    uint64_t *used;
    uint32_t reads = 0;

    MU_ARENA_TRY(used, scope->arena, mu_bits_words(window->column_count), err);
    mu_expr_columns(expr, used);
    for (uint32_t c = 0; c < window->column_count; c++) {
        reads += mu_bits_test(used, c);
    }
    *out = reads > 0;
    for (uint32_t i = 0; i < window->window.partition_count; i++) {
        const uint32_t column = window->window.partitions[i];
        reads -= mu_bits_test(used, column);
        mu_bits_clear(used, column); /* it may be named twice */
    }
    *out &= reads == 0;
    return MUSTER_OK;
}

static muster_status sink_past_window(const mu_scope *scope, const mu_plan *plan, mu_conjuncts all,
                                      const mu_plan **out, muster_error *err)
{
    mu_conjuncts above = {0};
    mu_conjuncts below = {0};
    const mu_plan *window;

    for (uint32_t i = 0; i < all.count; i++) {
        bool whole = false;
        MU_TRY(reads_partitions(scope, all.list[i], plan, &whole, err));
        const bool sinks = whole && !mu_tells_zeros(all.list[i]);
        MU_TRY(mu_conjuncts_add(scope, sinks ? &below : &above, all.list[i], err));
    }
    MU_TRY(sink_past(scope, plan, below, &window, err));
    return mu_plan_filter_all(scope, window, &above, out, err);
}

static muster_status sink_past_limit(const mu_scope *scope, const mu_plan *plan, mu_conjuncts all,
                                     const mu_plan **out, muster_error *err)
{
    const mu_conjuncts nothing = {0};
    const uint64_t limit = plan->limit.limit;
    const uint64_t offset = plan->limit.offset;
    const mu_plan *kept;

    MU_TRY(sink_past(scope, plan, nothing, &kept, err));
    if (kept->input->kind == MU_PLAN_SORT) {
        mu_plan *sort;
        mu_plan *top;
        MU_TRY(copy_plan(scope, kept->input, &sort, err));
        MU_TRY(copy_plan(scope, kept, &top, err));
        sort->sort.limit = limit > UINT64_MAX - offset ? UINT64_MAX : limit + offset;
        top->input = sort;
        kept = top;
    }
    return mu_plan_filter_all(scope, kept, &all, out, err);
}

muster_status mu_plan_sink(const mu_scope *scope, const mu_plan *plan, mu_conjuncts all,
                           const mu_plan **out, muster_error *err)
{
    switch (plan->kind) {
    case MU_PLAN_FILTER: {
        mu_conjuncts more = {0};
        MU_TRY(mu_conjuncts_add(scope, &more, plan->filter.condition, err)); /* evaluated first */
        for (uint32_t i = 0; i < all.count; i++) {
            MU_TRY(mu_conjuncts_add(scope, &more, all.list[i], err));
        }
        return mu_plan_sink(scope, plan->input, more, out, err);
    }
    case MU_PLAN_PROJECT:
        MU_TRY(substitute_all(scope, &all, plan->project.exprs, err));
        return sink_past(scope, plan, all, out, err);
    case MU_PLAN_SORT:
    case MU_PLAN_REPEAT:
        return sink_past(scope, plan, all, out, err);
    case MU_PLAN_SCAN:
        return sink_into_scan(scope, plan, all, out, err);
    case MU_PLAN_GROUP:
        return sink_past_group(scope, plan, all, out, err);
    case MU_PLAN_UNION:
        return sink_past_union(scope, plan, all, out, err);
    case MU_PLAN_WINDOW:
        return sink_past_window(scope, plan, all, out, err);
    case MU_PLAN_LIMIT:
        return sink_past_limit(scope, plan, all, out, err);
    case MU_PLAN_JOIN:
        return mu_plan_sink_join(scope, plan, all, out, err);
    case MU_PLAN_VALUES:
    case MU_PLAN_SERIES:
    case MU_PLAN_FUNNEL:
    case MU_PLAN_FUNNEL_CUSTOMERS:
    case MU_PLAN_BEHAVIOUR:
        return mu_plan_filter_all(scope, plan, &all, out, err);
    }
    assert(false && "a plan that is not in the list");
    return MUSTER_OK;
}

muster_status mu_plan_optimize(const mu_scope *scope, const mu_plan *plan, const mu_plan **out,
                               muster_error *err)
{
    const mu_conjuncts nothing = {0};
    const mu_plan *sunk = NULL, *pruned = NULL, *counted = NULL;

    MU_TRY(mu_plan_sink(scope, plan, nothing, &sunk, err));
    MU_TRY(mu_plan_prune(scope, sunk, &pruned, err));
    MU_TRY(mu_plan_count(scope, pruned, &counted, err));
    return mu_plan_compute(scope, counted, out, err);
}
