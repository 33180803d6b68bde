/*
 * bind_plan.c - a query as a plan:
 *
 *   source -> filter (WHERE) -> group -> filter (HAVING) -> windows -> filter (QUALIFY) ->
 *   window, filter (DISTINCT ON) -> project (items, and what ORDER BY needs beside them) ->
 *   group (DISTINCT) -> sort -> limit -> project (items alone)
 *
 * with only those nodes that the query asks for. All expressions were bound over the source first,
 * aggregate call i being column n + i; with grouping they are turned over (regroup) to the output
 * of the group node, where whatever equals a key is that key's column.
 */
#include "sql/bind_select.h"

#include <assert.h>
#include <string.h>

/* An expression over the source as one over the output of the group node. A constant stays one,
 * even if it is a key: functions rely on it. */
static muster_status regroup(const mu_bind_select *q, const mu_expr *expr, const mu_expr **out,
                             muster_error *err)
{
    const uint32_t columns = q->source.plan->column_count;
    const mu_scope *scope = &q->binder->scope;
    mu_expr *copy;
    const mu_expr **args;

    if (expr->kind == MU_EXPR_CONST ||
        (expr->kind == MU_EXPR_COLUMN && expr->column >= MU_WINDOW_BASE)) {
        *out = expr;
        return MUSTER_OK;
    }
    if (expr->kind == MU_EXPR_COLUMN && expr->column >= columns) {
        const uint32_t column = q->key_count + expr->column - columns;
        return mu_expr_column(scope, column, expr->type, expr->offset, out, err);
    }
    for (uint32_t k = 0; k < q->key_count; k++) {
        if (q->keys[k] == expr || mu_expr_equal(q->keys[k], expr)) {
            return mu_expr_column(scope, k, expr->type, expr->offset, out, err);
        }
    }
    if (expr->kind == MU_EXPR_COLUMN) {
        const char *name = q->source.plan->columns[expr->column].name;
        return mu_fail_at(err, MUSTER_INVALID, expr->offset,
                          "column \"%s\" differs within a group; add it to GROUP BY, or say which "
                          "value is meant, as in max(%s)",
                          name, name);
    }
    MU_ARENA_TRY(copy, scope->arena, 1, err);
    MU_ARENA_TRY(args, scope->arena, expr->arg_count, err);
    *copy = *expr;
    copy->args = args;
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        MU_TRY(regroup(q, expr->args[i], &args[i], err));
    }
    *out = copy;
    return MUSTER_OK;
}

static muster_status regroup_list(const mu_bind_select *q, const mu_expr **exprs, uint32_t count,
                                  muster_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        if (exprs[i]) {
            MU_TRY(regroup(q, exprs[i], &exprs[i], err));
        }
    }
    return MUSTER_OK;
}

static muster_status regroup_window(const mu_bind_select *q, mu_bound_window *window,
                                    muster_error *err)
{
    mu_window_call *call = &window->call;
    const mu_expr **args, *more[] = {call->agg.filter, call->agg.order};

    MU_ARENA_TRY(args, q->binder->scope.arena, call->arg_count, err);
    for (uint32_t i = 0; i < call->arg_count; i++) {
        args[i] = call->args[i];
    }
    MU_TRY(regroup_list(q, args, call->arg_count, err));
    MU_TRY(regroup_list(q, more, 2, err));
    call->args = call->agg.args = args;
    call->agg.filter = more[0];
    call->agg.order = more[1];
    MU_TRY(regroup_list(q, window->partitions, window->partition_count, err));
    return regroup_list(q, window->orders, window->order_count, err);
}

/* The group node; all that stands above it is turned over to its output. */
static muster_status plan_group(mu_bind_select *q, const mu_plan **plan, muster_error *err)
{
    const mu_scope *scope = &q->binder->scope;
    const char **names;

    MU_TRY(regroup_list(q, q->exprs, q->items.count, err));
    MU_TRY(regroup_list(q, q->orders, q->order_count, err));
    MU_TRY(regroup_list(q, q->ons, q->on_count, err));
    MU_TRY(regroup_list(q, &q->qualify, 1, err));
    for (uint32_t i = 0; i < q->windows.count; i++) {
        MU_TRY(regroup_window(q, &q->windows.data[i], err));
    }
    MU_ARENA_TRY(names, scope->arena, q->key_count + q->calls.count, err);
    for (uint32_t i = 0; i < q->key_count; i++) {
        names[i] = q->key_names[i];
    }
    for (uint32_t i = 0; i < q->calls.count; i++) {
        names[q->key_count + i] = mu_agg_name(q->calls.data[i].agg);
    }
    MU_TRY(mu_plan_group(scope, *plan, q->keys, q->key_count, q->calls.data, q->calls.count, names,
                         plan, err));
    if (q->having) {
        MU_TRY(regroup(q, q->having, &q->having, err));
        return mu_plan_filter(scope, *plan, q->having, plan, err);
    }
    return MUSTER_OK;
}

static muster_status place_list(const mu_bind_select *q, const mu_expr **exprs, uint32_t count,
                                const uint32_t *columns, muster_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        if (exprs[i]) {
            MU_TRY(mu_bind_place_windows(&q->binder->scope, exprs[i], columns, &exprs[i], err));
        }
    }
    return MUSTER_OK;
}

/* The windows, and QUALIFY. */
static muster_status plan_windows(mu_bind_select *q, const mu_plan **plan, muster_error *err)
{
    const uint32_t *columns;

    if (q->windows.count == 0) {
        return q->query->qualify
                   ? mu_fail_at(err, MUSTER_INVALID, q->query->qualify->offset,
                                "QUALIFY filters by calls over windows, and there is none here; "
                                "conditions on rows stand in WHERE, those on groups in HAVING")
                   : MUSTER_OK;
    }
    MU_TRY(mu_bind_plan_windows(q->binder, &q->windows, plan, &columns, err));
    MU_TRY(place_list(q, q->exprs, q->items.count, columns, err));
    MU_TRY(place_list(q, q->orders, q->order_count, columns, err));
    MU_TRY(place_list(q, q->ons, q->on_count, columns, err));
    MU_TRY(place_list(q, &q->qualify, 1, columns, err));
    return q->qualify ? mu_plan_filter(&q->binder->scope, *plan, q->qualify, plan, err) : MUSTER_OK;
}

/* DISTINCT ON: the first row of each partition, in the order of the query. */
static muster_status plan_first(mu_bind_select *q, const mu_plan **plan, muster_error *err)
{
    const mu_scope *scope = &q->binder->scope;
    const mu_value one = {.type = {.kind = MU_BIGINT, .bits = 64}, .i64 = 1};
    mu_bound_window first = {
        .partition_count = q->on_count, .partitions = q->ons, .order_count = q->order_count};
    mu_windows windows = {.data = &first, .count = 1, .capacity = 1};
    const mu_expr *pair[2], *condition;
    const uint32_t *columns;

    MU_ARENA_TRY(first.orders, scope->arena, q->order_count, err);
    MU_ARENA_TRY(first.keys, scope->arena, q->order_count, err);
    for (uint32_t i = 0; i < q->order_count; i++) {
        const mu_expr *order = q->orders[i] ? q->orders[i] : q->exprs[q->sort_keys[i].column];
        const mu_type id = {.kind = q->binder->catalog->customer_kind, .bits = 64};
        if (order->type.kind == MU_CUSTOMER && id.kind != MU_NULL) { /* as plan_sort() has it */
            MU_TRY(mu_expr_cast(scope, order, id, false, -1, &order, err));
        }
        first.orders[i] = order;
        first.keys[i] = q->sort_keys[i];
    }
    MU_TRY(mu_window_call_make(scope, "row_number", NULL, 0, false, -1, &first.call, err));
    first.call.frame = (mu_frame){.unit = MU_FRAME_RANGE, .to.edge = MU_EDGE_CURRENT_ROW};
    MU_TRY(mu_bind_plan_windows(q->binder, &windows, plan, &columns, err));
    MU_TRY(mu_expr_column(scope, columns[0], one.type, -1, &pair[0], err));
    MU_TRY(mu_expr_const(scope, one, -1, &pair[1], err));
    MU_TRY(mu_expr_call(scope, "=", pair, 2, -1, &condition, err));
    return mu_plan_filter(scope, *plan, condition, plan, err);
}

/* Are the items just the columns of the plan, under their names? */
static bool projects_nothing(const mu_bind_select *q, const mu_plan *plan)
{
    if (q->items.count != plan->column_count || q->extra_count > 0) {
        return false;
    }
    for (uint32_t i = 0; i < q->items.count; i++) {
        if (q->exprs[i]->kind != MU_EXPR_COLUMN || q->exprs[i]->column != i ||
            strcmp(q->names[i], plan->columns[i].name) != 0) {
            return false;
        }
    }
    return true;
}

static muster_status plan_project(mu_bind_select *q, const mu_plan **plan, muster_error *err)
{
    const mu_scope *scope = &q->binder->scope;
    const uint32_t count = q->items.count + q->extra_count;
    const mu_expr **exprs;
    const char **names;

    if (projects_nothing(q, *plan)) {
        return MUSTER_OK;
    }
    MU_ARENA_TRY(exprs, scope->arena, count, err);
    MU_ARENA_TRY(names, scope->arena, count, err);
    for (uint32_t i = 0; i < q->items.count; i++) {
        exprs[i] = q->exprs[i];
        names[i] = q->names[i];
    }
    for (uint32_t i = 0; i < q->order_count; i++) {
        if (q->orders[i]) {
            exprs[q->sort_keys[i].column] = q->orders[i];
            names[q->sort_keys[i].column] = "order";
        }
    }
    return mu_plan_project(scope, *plan, exprs, names, count, plan, err);
}

/* The first `count` columns of the plan, with room for `more` expressions. */
static muster_status first_columns(const mu_bind_select *q, const mu_plan *plan, uint32_t count,
                                   uint32_t more, const mu_expr ***out, muster_error *err)
{
    MU_ARENA_TRY(*out, q->binder->scope.arena, count + more, err);
    for (uint32_t i = 0; i < count; i++) {
        MU_TRY(mu_expr_column(&q->binder->scope, i, plan->columns[i].type, -1, &(*out)[i], err));
    }
    return MUSTER_OK;
}

/* A sort node. Customers are ordered by their ids, not by when they came: a column with the id is
 * put beside each such key, and *extra counts them. */
static muster_status plan_sort(const mu_bind_select *q, const mu_plan **plan, uint32_t *extra,
                               muster_error *err)
{
    const mu_scope *scope = &q->binder->scope;
    const mu_type id = {.kind = q->binder->catalog->customer_kind, .bits = 64};
    const uint32_t count = (*plan)->column_count;
    const mu_expr **exprs;
    const char **names;

    MU_TRY(first_columns(q, *plan, count, q->order_count, &exprs, err));
    MU_ARENA_TRY(names, scope->arena, count + q->order_count, err);
    for (uint32_t i = 0; i < count; i++) {
        names[i] = (*plan)->columns[i].name;
    }
    *extra = 0;
    for (uint32_t i = 0; i < q->order_count; i++) {
        mu_sort_key *key = &q->sort_keys[i];
        if (exprs[key->column]->type.kind == MU_CUSTOMER && id.kind != MU_NULL) {
            MU_TRY(mu_expr_cast(scope, exprs[key->column], id, false, -1, &exprs[count + *extra],
                                err));
            names[count + *extra] = names[key->column];
            key->column = count + (*extra)++;
        }
    }
    if (*extra > 0) {
        MU_TRY(mu_plan_project(scope, *plan, exprs, names, count + *extra, plan, err));
    }
    return mu_plan_sort(scope, *plan, q->sort_keys, q->order_count, plan, err);
}

bool mu_bind_is_correlated(const mu_bind_select *q)
{
    return q->nested && q->nested->key_count > 0;
}

/* Has the query an aggregate, or something else that makes groups? */
static bool is_grouped(const mu_bind_select *q)
{
    return q->calls.count > 0 || q->query->group_all || q->query->groups.count > 0 ||
           q->query->having != NULL;
}

static muster_status bind_limit(const mu_bind_select *q, uint64_t *limit, uint64_t *offset,
                                muster_error *err)
{
    *limit = UINT64_MAX;
    *offset = 0;
    if (q->query->limit) {
        MU_TRY(mu_bind_count_of(q->binder, q->query->limit, "LIMIT", 0, INT64_MAX, limit, err));
    }
    if (q->query->offset) {
        MU_TRY(mu_bind_count_of(q->binder, q->query->offset, "OFFSET", 0, INT64_MAX, offset, err));
    }
    return MUSTER_OK;
}

static muster_status plan_limit(const mu_bind_select *q, const mu_plan **plan, muster_error *err)
{
    uint64_t limit, offset;

    if (mu_bind_is_correlated(q)) { /* it would be one for all keys together */
        return MUSTER_OK;
    }
    MU_TRY(bind_limit(q, &limit, &offset, err));
    return q->query->limit || q->query->offset
               ? mu_plan_limit(&q->binder->scope, *plan, limit, offset, plan, err)
               : MUSTER_OK;
}

static muster_status plan_query(mu_bind_select *q, const mu_plan **plan, muster_error *err)
{
    const mu_scope *scope = &q->binder->scope;
    const uint32_t count = q->items.count;
    const mu_expr **columns;
    uint32_t ids = 0;

    *plan = q->source.plan;
    if (is_grouped(q)) {
        MU_TRY(plan_group(q, plan, err));
    }
    MU_TRY(plan_windows(q, plan, err));
    if (q->on_count > 0) {
        MU_TRY(plan_first(q, plan, err));
    }
    MU_TRY(plan_project(q, plan, err));
    if (q->query->distinct) {
        MU_TRY(first_columns(q, *plan, count, 0, &columns, err));
        MU_TRY(mu_plan_group(scope, *plan, columns, count, NULL, 0, q->names, plan, err));
    }
    if (q->order_count > 0) {
        MU_TRY(plan_sort(q, plan, &ids, err));
    }
    MU_TRY(plan_limit(q, plan, err));
    if (q->extra_count > 0 || ids > 0) {
        MU_TRY(first_columns(q, *plan, count, 0, &columns, err));
        MU_TRY(mu_plan_project(scope, *plan, columns, q->names, count, plan, err));
    }
    return MUSTER_OK;
}

/* An item more; names of their own are not for people. */
static void add_item(mu_bind_select *q, const mu_expr *expr, const char *name)
{
    q->exprs[q->items.count] = expr;
    q->names[q->items.count] = name;
    q->items.data[q->items.count++] = (mu_ast_item){NULL, {0}};
}

/* Calls over windows of our own, each with room for `more` partitions. */
static muster_status widen_windows(mu_bind_select *q, uint32_t more, muster_error *err)
{
    mu_arena *arena = q->binder->scope.arena;
    const mu_windows old = q->windows;

    MU_ARENA_TRY(q->windows.data, arena, old.count, err);
    q->windows.capacity = old.count;
    for (uint32_t i = 0; i < old.count; i++) {
        const mu_bound_window *from = &old.data[i];
        mu_bound_window *window = &q->windows.data[i];
        *window = *from;
        MU_ARENA_TRY(window->partitions, arena, from->partition_count + more, err);
        MU_ARENA_TRY(window->orders, arena, from->order_count, err);
        for (uint32_t k = 0; k < from->partition_count; k++) {
            window->partitions[k] = from->partitions[k];
        }
        for (uint32_t k = 0; k < from->order_count; k++) {
            window->orders[k] = from->orders[k];
        }
    }
    return MUSTER_OK;
}

/* Room for `more` items, keys and partitions of windows. */
static muster_status widen(mu_bind_select *q, uint32_t more, muster_error *err)
{
    mu_arena *arena = q->binder->scope.arena;
    const mu_bind_select old = *q;

    MU_ARENA_TRY(q->items.data, arena, old.items.count + more, err);
    MU_ARENA_TRY(q->exprs, arena, old.items.count + more, err);
    MU_ARENA_TRY(q->names, arena, old.items.count + more, err);
    MU_ARENA_TRY(q->keys, arena, old.key_count + more, err);
    MU_ARENA_TRY(q->key_names, arena, old.key_count + more, err);
    q->items.count = 0;
    for (uint32_t i = 0; i < old.items.count; i++) {
        add_item(q, old.exprs[i], old.names[i]);
    }
    for (uint32_t k = 0; k < old.key_count; k++) {
        q->keys[k] = old.keys[k];
        q->key_names[k] = old.key_names[k];
    }
    return widen_windows(q, more, err);
}

/* All keys have their rows in one plan, so a limit is none on it. What is to come of one row or of
 * whether there is any needs none. */
static muster_status check_limit(mu_bind_select *q, muster_error *err)
{
    mu_nested *nested = q->nested;
    uint64_t limit, offset;

    MU_TRY(bind_limit(q, &limit, &offset, err));
    nested->first_only = nested->kind == MU_LOOKUP_VALUE && limit == 1;
    if (limit > 0 && offset == 0 &&
        (limit == UINT64_MAX || nested->kind != MU_LOOKUP_IN || nested->lone)) {
        return MUSTER_OK;
    }
    return mu_fail_at(err, MUSTER_INVALID,
                      q->query->limit ? q->query->limit->offset : q->query->offset->offset,
                      "a subquery that refers to the query around it takes no %s",
                      offset > 0                     ? "OFFSET"
                      : nested->kind == MU_LOOKUP_IN ? "LIMIT after IN, ANY and ALL"
                                                     : "LIMIT 0");
}

/* Makes of HAVING a value, as a row that does not pass is unlike one that is not there. */
static muster_status keep_lone(mu_bind_select *q, muster_error *err)
{
    const mu_scope *scope = &q->binder->scope;
    const mu_value truth = {.type = {.kind = MU_BOOLEAN}, .i64 = 1};
    const mu_value null = {.type = {.kind = MU_NULL}, .null = true};
    const mu_expr *passes[2], *kept, *item[3];

    MU_TRY(mu_expr_const(scope, truth, -1, &passes[1], err));
    MU_TRY(mu_expr_const(scope, null, -1, &item[2], err));
    passes[0] = q->having ? q->having : passes[1];
    if (q->nested->kind == MU_LOOKUP_VALUE) {
        item[0] = passes[0];
        item[1] = q->exprs[0];
        q->having = NULL;
        return mu_expr_case(scope, item, MU_COUNT(item), -1, &q->exprs[0], err);
    }
    MU_TRY(mu_expr_call(scope, "is not distinct from", passes, 2, -1, &kept, err));
    q->items.count = q->nested->width;
    add_item(q, kept, "passes");
    q->having = NULL;
    return MUSTER_OK;
}

/* What an aggregate without GROUP BY gives over no rows. */
static muster_status plan_otherwise(const mu_bind_select *q, muster_error *err)
{
    mu_bind_select empty = *q;

    MU_TRY(widen(&empty, 0, err)); /* its expressions are turned over, ours still as they were */
    MU_TRY(mu_plan_values(&q->binder->scope, q->source.plan->columns, q->source.plan->column_count,
                          NULL, 0, &empty.source.plan, err));
    return plan_query(&empty, &q->nested->otherwise, err);
}

/* The keys come out behind the items, make groups if there are any, and keep the windows of one key
 * from the rows of another. */
static muster_status plan_correlated(mu_bind_select *q, const mu_plan **plan, muster_error *err)
{
    mu_nested *nested = q->nested;

    nested->lone = is_grouped(q) && q->key_count == 0;
    MU_TRY(check_limit(q, err));
    if (q->on_count > 0) {
        return mu_fail_at(err, MUSTER_INVALID, q->query->distinct_on.data[0].expr->start,
                          "a subquery that refers to the query around it takes no DISTINCT ON");
    }
    MU_TRY(widen(q, nested->key_count + 1, err));
    if (!nested->first_only || nested->lone) {
        q->order_count = 0;
        q->extra_count = 0;
    }
    if (nested->lone) {
        MU_TRY(keep_lone(q, err));
        MU_TRY(plan_otherwise(q, err));
    } else if (nested->kind == MU_LOOKUP_EXISTS) {
        q->items.count = 0;
    }
    for (uint32_t i = 0; i < q->order_count; i++) {
        q->sort_keys[i].column += q->orders[i] ? nested->key_count : 0;
    }
    for (uint32_t k = 0; k < nested->key_count; k++) {
        add_item(q, nested->inner[k], "key");
        q->keys[q->key_count + k] = nested->inner[k];
        q->key_names[q->key_count + k] = "key";
        for (uint32_t i = 0; i < q->windows.count; i++) {
            mu_bound_window *window = &q->windows.data[i];
            window->partitions[window->partition_count++] = nested->inner[k];
        }
    }
    q->key_count += nested->key_count;
    return plan_query(q, plan, err);
}

muster_status mu_bind_plan(mu_bind_select *q, const mu_plan **plan, muster_error *err)
{
    return mu_bind_is_correlated(q) ? plan_correlated(q, plan, err) : plan_query(q, plan, err);
}
