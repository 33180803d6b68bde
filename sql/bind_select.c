/*
 * bind_select.c - a query as a plan:
 *
 *   source -> filter (WHERE) -> group -> filter (HAVING) -> windows -> filter (QUALIFY) ->
 *   project (items, and what ORDER BY needs beside them) -> group (DISTINCT) -> sort -> limit ->
 *   project (items alone)
 *
 * with only those nodes that the query asks for. All expressions are bound over the source first,
 * aggregate call i being column n + i; with grouping they are then turned over (regroup) to the
 * output of the group node, where whatever equals a key is that key's column.
 */
#include "sql/bind.h"

#include <assert.h>
#include <string.h>

/* A query while it is bound. Arrays are in the arena. */
typedef struct query_state {
    mu_binder *binder;
    const mu_ast_select *query;
    mu_nested *nested; /* NULL: it stands in no expression */
    mu_relation source;
    mu_calls calls;
    mu_windows windows;

    mu_ast_items items; /* of SELECT, with the stars unfolded */
    const mu_expr **exprs;
    const char **names;

    uint32_t key_count;
    const mu_expr **keys;
    const char **key_names;

    const mu_expr *having;
    const mu_expr *qualify;
    const mu_expr **orders; /* NULL where the key is an item */
    mu_sort_key *sort_keys; /* columns of the projection */
    uint32_t order_count;
    uint32_t extra_count; /* orders that are no items */
} query_state;

static mu_place place_of(query_state *q, const char *clause, bool aggregates)
{
    return (mu_place){.binder = q->binder,
                      .relation = &q->source,
                      .items = &q->items,
                      .item_count = q->items.count,
                      .calls = aggregates ? &q->calls : NULL,
                      .windows = aggregates ? &q->windows : NULL,
                      .clause = clause,
                      .outer = q->nested ? q->nested->outer : NULL};
}

/* Without FROM there is one row of nothing. A query of others reads them. */
static muster_status bind_from(query_state *q, muster_error *err)
{
    if (q->query->kind == MU_AST_VALUES) {
        return mu_bind_values(q->binder, q->query, &q->source, err);
    }
    if (q->query->kind != MU_AST_PLAIN) {
        return mu_bind_members(q->binder, q->query, &q->source, err);
    }
    if (q->query->from) {
        return mu_bind_source(q->binder, q->query->from, &q->source, err);
    }
    q->source = (mu_relation){.customer_column = MU_NO_COLUMN, .time_column = MU_NO_COLUMN};
    return mu_bind_nothing(q->binder, &q->source.plan, err);
}

/* An expression as it was written, with runs of blanks as one: the name of a column without
 * an alias. */
static const char *written(const mu_binder *binder, const mu_ast_expr *expr)
{
    const size_t size = (size_t)(expr->end - expr->start);
    char *text = mu_arena_text(binder->scope.arena, binder->text + expr->start, size);
    size_t used = 0;

    for (size_t i = 0; text && i < size; i++) {
        const bool blank = strchr(" \t\r\n", text[i]) != NULL;
        if (!blank || (used > 0 && text[used - 1] != ' ')) {
            text[used++] = text[i];
            if (blank) {
                text[used - 1] = ' ';
            }
        }
    }
    if (text) {
        text[used] = '\0';
    }
    return text;
}

/* Takes out of the columns of a star those that have this name, or else the one it means. */
static muster_status exclude(const mu_relation *source, mu_ast_name name, uint32_t *columns,
                             uint32_t *count, muster_error *err)
{
    uint32_t kept = 0, meant = MU_NO_COLUMN;
    bool named = false;

    for (uint32_t i = 0; i < *count; i++) {
        named |= mu_name_equal(source->plan->columns[columns[i]].name, name.text);
    }
    if (!named) {
        MU_TRY(mu_bind_column(source, (mu_ast_name){0}, name.text, name.offset, &meant, err));
    }
    for (uint32_t i = 0; i < *count; i++) {
        const char *column = source->plan->columns[columns[i]].name;
        if (named ? !mu_name_equal(column, name.text) : columns[i] != meant) {
            columns[kept++] = columns[i];
        }
    }
    if (kept == *count) {
        return mu_fail_at(err, MUSTER_INVALID, name.offset,
                          "column \"%s\" is none of those that \"*\" stands for here", name.text);
    }
    *count = kept;
    return MUSTER_OK;
}

/* What stands in place of a column; NULL: itself. */
static const mu_ast_expr *replaced(const mu_ast_expr *star, const char *name)
{
    for (uint32_t i = 0; i < star->operands.count; i++) {
        if (mu_name_equal(star->operands.data[i].name.text, name)) {
            return star->operands.data[i].expr;
        }
    }
    return NULL;
}

/* What REPLACE names has to be among the columns, once. */
static muster_status check_replaced(const mu_relation *source, const mu_ast_expr *star,
                                    const uint32_t *columns, uint32_t count, muster_error *err)
{
    uint32_t ignored;

    for (uint32_t i = 0; i < star->operands.count; i++) {
        const mu_ast_name name = star->operands.data[i].name;
        bool found = false;
        for (uint32_t c = 0; c < count; c++) {
            found |= mu_name_equal(source->plan->columns[columns[c]].name, name.text);
        }
        if (replaced(star, name.text) != star->operands.data[i].expr) {
            return mu_fail_at(err, MUSTER_INVALID, name.offset,
                              "column \"%s\" is named twice after \"*\"", name.text);
        }
        if (!found) {
            MU_TRY(mu_bind_column(source, (mu_ast_name){0}, name.text, name.offset, &ignored, err));
            return mu_fail_at(err, MUSTER_INVALID, name.offset,
                              "column \"%s\" is none of those that \"*\" stands for here",
                              name.text);
        }
    }
    return MUSTER_OK;
}

/* "*" as the columns it stands for. */
static muster_status unfold_star(query_state *q, const mu_ast_expr *star, muster_error *err)
{
    const mu_relation *source = &q->source;
    const mu_place place = place_of(q, "SELECT", true);
    const uint32_t before = q->items.count;
    uint32_t *columns, count = 0;

    if (source->column_count == 0) {
        return mu_fail_at(err, MUSTER_INVALID, star->offset,
                          "\"*\" without FROM stands for nothing");
    }
    MU_ARENA_TRY(columns, q->binder->scope.arena, source->column_count, err);
    MU_TRY(mu_bind_star(source, star->qualifier, columns, &count, err));
    for (uint32_t i = 0; i < star->excluded.count; i++) {
        MU_TRY(exclude(source, star->excluded.data[i], columns, &count, err));
    }
    MU_TRY(check_replaced(source, star, columns, count, err));
    for (uint32_t i = 0; i < count; i++) {
        const mu_plan_column *column = &source->plan->columns[columns[i]];
        const mu_ast_expr *instead = replaced(star, column->name);
        if (instead) {
            MU_TRY(mu_bind_expr(&place, instead, &q->exprs[q->items.count], err));
        } else {
            MU_TRY(mu_expr_column(&q->binder->scope, columns[i], column->type, star->offset,
                                  &q->exprs[q->items.count], err));
        }
        q->names[q->items.count] = column->name;
        q->items.data[q->items.count++] = (mu_ast_item){NULL, {0}};
    }
    if (q->items.count == before) {
        return mu_fail_at(err, MUSTER_INVALID, star->offset, "\"*\" leaves no column");
    }
    return MUSTER_OK;
}

static muster_status bind_item(query_state *q, const mu_ast_item *item, muster_error *err)
{
    const uint32_t i = q->items.count;
    mu_place place = place_of(q, "SELECT", true);

    if (item->expr->kind == MU_AST_STAR) {
        return unfold_star(q, item->expr, err);
    }
    MU_TRY(mu_bind_expr(&place, item->expr, &q->exprs[i], err));
    q->names[i] = item->name.text                     ? item->name.text
                  : item->expr->kind == MU_AST_COLUMN ? item->expr->text
                                                      : written(q->binder, item->expr);
    if (!q->names[i]) {
        return mu_fail_memory(err, "running a statement");
    }
    q->items.data[q->items.count++] = *item;
    return MUSTER_OK;
}

static muster_status bind_items(query_state *q, muster_error *err)
{
    mu_ast_expr star = {.kind = MU_AST_STAR};
    const mu_ast_item all = {.expr = &star};
    const mu_ast_items *items = &q->query->items;
    uint32_t room = 1;

    for (uint32_t i = 0; i < items->count; i++) {
        room += items->data[i].expr->kind == MU_AST_STAR ? 0 : 1;
        room += items->data[i].expr->kind == MU_AST_STAR ? q->source.column_count : 0;
    }
    room += items->count == 0 ? q->source.column_count : 0;
    MU_ARENA_TRY(q->items.data, q->binder->scope.arena, room, err);
    MU_ARENA_TRY(q->exprs, q->binder->scope.arena, room, err);
    MU_ARENA_TRY(q->names, q->binder->scope.arena, room, err);
    for (uint32_t i = 0; i < items->count; i++) {
        MU_TRY(bind_item(q, &items->data[i], err));
    }
    return items->count == 0 ? bind_item(q, &all, err) : MUSTER_OK;
}

/* WHERE may use the aliases of items, though they are not bound yet. */
static muster_status bind_where(query_state *q, muster_error *err)
{
    mu_place place = place_of(q, "WHERE", false);
    const mu_expr *condition;

    place.items = &q->query->items;
    place.item_count = q->query->items.count;
    place.correlates = q->nested;
    if (!q->query->where) {
        return MUSTER_OK;
    }
    MU_TRY(mu_bind_condition(&place, q->query->where, "WHERE", &condition, err));
    if (q->nested) {
        MU_TRY(mu_bind_correlation(q->binder, q->nested, condition, &condition, err));
    }
    return condition
               ? mu_plan_filter(&q->binder->scope, q->source.plan, condition, &q->source.plan, err)
               : MUSTER_OK;
}

/* Has the expression an aggregate in it? */
static bool aggregates(const query_state *q, const mu_expr *expr)
{
    if (expr->kind == MU_EXPR_COLUMN) {
        return expr->column >= q->source.plan->column_count;
    }
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        if (aggregates(q, expr->args[i])) {
            return true;
        }
    }
    return false;
}

static bool over_window(const mu_expr *expr)
{
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        if (over_window(expr->args[i])) {
            return true;
        }
    }
    return expr->kind == MU_EXPR_COLUMN && expr->column >= MU_WINDOW_BASE;
}

/* The item that an integer stands for in GROUP BY and ORDER BY: 1 is the first. */
static muster_status bind_ordinal(query_state *q, const mu_ast_expr *expr, const char *clause,
                                  uint32_t *item, muster_error *err)
{
    uint64_t number;

    MU_TRY(mu_bind_count_of(q->binder, expr, clause, 1, q->items.count, &number, err));
    *item = (uint32_t)(number - 1);
    return MUSTER_OK;
}

/* The item whose alias the name is, unless it is a column too; else items.count. */
static uint32_t find_alias(const query_state *q, const mu_ast_expr *expr, bool columns_first)
{
    uint32_t column;

    if (expr->kind != MU_AST_COLUMN || expr->qualifier.text ||
        (columns_first && mu_bind_column(&q->source, (mu_ast_name){0}, expr->text, expr->offset,
                                         &column, NULL) == MUSTER_OK)) {
        return q->items.count;
    }
    for (uint32_t i = 0; i < q->items.count; i++) {
        if (mu_name_equal(q->names[i], expr->text)) {
            return i;
        }
    }
    return q->items.count;
}

static muster_status bind_key(query_state *q, const mu_ast_expr *expr, muster_error *err)
{
    const mu_place place = place_of(q, "GROUP BY", false);
    const uint32_t k = q->key_count;
    uint32_t item;

    if (expr->kind == MU_AST_INTEGER) {
        MU_TRY(bind_ordinal(q, expr, "GROUP BY", &item, err));
    } else {
        item = find_alias(q, expr, true);
    }
    if (item == q->items.count) {
        MU_TRY(mu_bind_expr(&place, expr, &q->keys[k], err));
        q->key_names[k] = expr->kind == MU_AST_COLUMN ? expr->text : written(q->binder, expr);
    } else if (over_window(q->exprs[item])) {
        return mu_fail_at(err, MUSTER_INVALID, expr->offset,
                          "\"%s\" is computed over a window, after groups are made; make it a "
                          "column of a query in FROM",
                          q->names[item]);
    } else if (aggregates(q, q->exprs[item])) {
        return mu_fail_at(err, MUSTER_INVALID, expr->offset,
                          "\"%s\" is an aggregate; groups are made before aggregates",
                          q->names[item]);
    } else {
        q->keys[k] = q->exprs[item];
        q->key_names[k] = q->names[item];
    }
    q->key_count++;
    return q->key_names[k] ? MUSTER_OK : mu_fail_memory(err, "running a statement");
}

static muster_status bind_keys(query_state *q, muster_error *err)
{
    const mu_ast_items *groups = &q->query->groups;
    const uint32_t room = groups->count + (q->query->group_all ? q->items.count : 0);

    MU_ARENA_TRY(q->keys, q->binder->scope.arena, room, err);
    MU_ARENA_TRY(q->key_names, q->binder->scope.arena, room, err);
    for (uint32_t i = 0; i < groups->count; i++) {
        MU_TRY(bind_key(q, groups->data[i].expr, err));
    }
    for (uint32_t i = 0; q->query->group_all && i < q->items.count; i++) {
        if (!aggregates(q, q->exprs[i])) {
            q->keys[q->key_count] = q->exprs[i];
            q->key_names[q->key_count++] = q->names[i];
        }
    }
    return MUSTER_OK;
}

/* An expression over the source as one over the output of the group node. A constant stays one,
 * even if it is a key: functions rely on it. */
static muster_status regroup(const query_state *q, const mu_expr *expr, const mu_expr **out,
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

static muster_status regroup_list(const query_state *q, const mu_expr **exprs, uint32_t count,
                                  muster_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        if (exprs[i]) {
            MU_TRY(regroup(q, exprs[i], &exprs[i], err));
        }
    }
    return MUSTER_OK;
}

static muster_status regroup_window(const query_state *q, mu_bound_window *window,
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
static muster_status plan_group(query_state *q, const mu_plan **plan, muster_error *err)
{
    const mu_scope *scope = &q->binder->scope;
    const char **names;

    MU_TRY(regroup_list(q, q->exprs, q->items.count, err));
    MU_TRY(regroup_list(q, q->orders, q->order_count, err));
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

static muster_status place_list(const query_state *q, const mu_expr **exprs, uint32_t count,
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
static muster_status plan_windows(query_state *q, const mu_plan **plan, muster_error *err)
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
    MU_TRY(place_list(q, &q->qualify, 1, columns, err));
    return q->qualify ? mu_plan_filter(&q->binder->scope, *plan, q->qualify, plan, err) : MUSTER_OK;
}

static void set_direction(mu_sort_key *key, const mu_ast_order *order)
{
    key->descending = order->descending;
    key->nulls_first = order->nulls == MU_AST_NULLS_DEFAULT ? order->descending
                                                            : order->nulls == MU_AST_NULLS_FIRST;
}

/* An item by its number, its name or its expression; else an expression of its own. */
static muster_status bind_order(query_state *q, const mu_ast_order *order, muster_error *err)
{
    const mu_place place = place_of(q, "ORDER BY", true);
    const uint32_t i = q->order_count;
    const mu_expr *expr = NULL;
    uint32_t item;

    if (order->expr->kind == MU_AST_INTEGER) {
        MU_TRY(bind_ordinal(q, order->expr, "ORDER BY", &item, err));
    } else {
        item = find_alias(q, order->expr, false);
    }
    if (item == q->items.count) {
        MU_TRY(mu_bind_expr(&place, order->expr, &expr, err));
        for (item = 0; item < q->items.count && !mu_expr_equal(q->exprs[item], expr); item++) {
        }
    }
    if (item == q->items.count) {
        if (q->query->distinct) {
            return mu_fail_at(err, MUSTER_INVALID, order->offset,
                              "with SELECT DISTINCT, rows are ordered by what is selected");
        }
        q->orders[i] = expr;
        item += q->extra_count++;
    }
    q->sort_keys[i].column = item;
    set_direction(&q->sort_keys[i], order);
    q->order_count++;
    return MUSTER_OK;
}

static muster_status bind_orders(query_state *q, muster_error *err)
{
    const mu_ast_orders *orders = &q->query->orders;
    const uint32_t room = q->query->order_all ? q->items.count : orders->count;

    MU_ARENA_TRY(q->orders, q->binder->scope.arena, room, err);
    MU_ARENA_TRY(q->sort_keys, q->binder->scope.arena, room, err);
    if (q->query->order_all) {
        for (uint32_t i = 0; i < q->items.count; i++) {
            q->sort_keys[i].column = i;
            set_direction(&q->sort_keys[i], &orders->data[0]);
        }
        q->order_count = q->items.count;
        return MUSTER_OK;
    }
    for (uint32_t i = 0; i < orders->count; i++) {
        MU_TRY(bind_order(q, &orders->data[i], err));
    }
    return MUSTER_OK;
}

/* Are the items just the columns of the plan, under their names? */
static bool projects_nothing(const query_state *q, const mu_plan *plan)
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

static muster_status plan_project(query_state *q, const mu_plan **plan, muster_error *err)
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
static muster_status first_columns(const query_state *q, const mu_plan *plan, uint32_t count,
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
static muster_status plan_sort(const query_state *q, const mu_plan **plan, uint32_t *extra,
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

static bool is_correlated(const query_state *q)
{
    return q->nested && q->nested->key_count > 0;
}

/* Has the query an aggregate, or something else that makes groups? */
static bool is_grouped(const query_state *q)
{
    return q->calls.count > 0 || q->query->group_all || q->query->groups.count > 0 ||
           q->query->having != NULL;
}

static muster_status bind_limit(const query_state *q, uint64_t *limit, uint64_t *offset,
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

static muster_status plan_limit(const query_state *q, const mu_plan **plan, muster_error *err)
{
    uint64_t limit, offset;

    if (is_correlated(q)) { /* it would be one for all keys together */
        return MUSTER_OK;
    }
    MU_TRY(bind_limit(q, &limit, &offset, err));
    return q->query->limit || q->query->offset
               ? mu_plan_limit(&q->binder->scope, *plan, limit, offset, plan, err)
               : MUSTER_OK;
}

static muster_status plan_query(query_state *q, const mu_plan **plan, muster_error *err)
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

/* Where the TIME column of the source comes out, for first() and last() of a query around. */
static uint32_t find_time(const query_state *q)
{
    for (uint32_t i = 0; i < q->items.count && q->source.time_column != MU_NO_COLUMN; i++) {
        if (q->exprs[i]->kind == MU_EXPR_COLUMN && q->exprs[i]->column == q->source.time_column) {
            return i;
        }
    }
    return MU_NO_COLUMN;
}

/* Queries that are looked up by keys. */

/* An item more; names of their own are not for people. */
static void add_item(query_state *q, const mu_expr *expr, const char *name)
{
    q->exprs[q->items.count] = expr;
    q->names[q->items.count] = name;
    q->items.data[q->items.count++] = (mu_ast_item){NULL, {0}};
}

/* Room for `more` items and keys. */
static muster_status widen(query_state *q, uint32_t more, muster_error *err)
{
    mu_arena *arena = q->binder->scope.arena;
    const query_state old = *q;

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
    return MUSTER_OK;
}

/* All keys have their rows in one plan, so a limit is none on it. What is to come of one row or of
 * whether there is any needs none. */
static muster_status check_limit(query_state *q, muster_error *err)
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
static muster_status keep_lone(query_state *q, muster_error *err)
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
    q->items.count = q->nested->kind == MU_LOOKUP_EXISTS ? 0 : 1;
    add_item(q, kept, "passes");
    q->having = NULL;
    return MUSTER_OK;
}

/* What an aggregate without GROUP BY gives over no rows. */
static muster_status plan_otherwise(const query_state *q, muster_error *err)
{
    query_state empty = *q;

    MU_TRY(widen(&empty, 0, err)); /* its expressions are turned over, ours still as they were */
    MU_TRY(mu_plan_values(&q->binder->scope, q->source.plan->columns, q->source.plan->column_count,
                          NULL, 0, &empty.source.plan, err));
    return plan_query(&empty, &q->nested->otherwise, err);
}

/* The keys come out behind the items, and make groups if there are any. */
static muster_status plan_correlated(query_state *q, const mu_plan **plan, muster_error *err)
{
    mu_nested *nested = q->nested;

    nested->lone = is_grouped(q) && q->key_count == 0;
    MU_TRY(check_limit(q, err));
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
    }
    q->key_count += nested->key_count;
    return plan_query(q, plan, err);
}

static muster_status check_columns(const query_state *q, muster_error *err)
{
    if (!q->nested || q->nested->kind == MU_LOOKUP_EXISTS || q->items.count == 1) {
        return MUSTER_OK;
    }
    return mu_fail_at(err, MUSTER_INVALID, q->query->start, "%s gives %u columns, not one",
                      q->nested->what, q->items.count);
}

static muster_status bind_clauses(query_state *q, mu_relation *out, muster_error *err)
{
    const mu_plan *plan;

    MU_TRY(bind_from(q, err));
    MU_TRY(bind_where(q, err));
    MU_TRY(bind_items(q, err));
    MU_TRY(check_columns(q, err));
    MU_TRY(bind_keys(q, err));
    if (q->query->having) {
        mu_place place = place_of(q, "HAVING", true);
        place.windows = NULL;
        MU_TRY(mu_bind_condition(&place, q->query->having, "HAVING", &q->having, err));
    }
    if (q->query->qualify) {
        const mu_place place = place_of(q, "QUALIFY", true);
        MU_TRY(mu_bind_condition(&place, q->query->qualify, "QUALIFY", &q->qualify, err));
    }
    MU_TRY(bind_orders(q, err));
    const uint32_t time_column = find_time(q);
    MU_TRY(is_correlated(q) ? plan_correlated(q, &plan, err) : plan_query(q, &plan, err));
    mu_bind_relation_of(plan, out);
    if (q->query->kind != MU_AST_PLAIN && !q->query->limit && !q->query->offset) {
        out->set = q->source.set;
    }
    out->time_column = plan->kind == MU_PLAN_GROUP || q->key_count > 0 || q->calls.count > 0
                           ? MU_NO_COLUMN
                           : time_column;
    return MUSTER_OK;
}

muster_status mu_bind_query(mu_binder *binder, const mu_ast_select *query, mu_relation *out,
                            muster_error *err)
{
    return mu_bind_nested(binder, query, NULL, out, err);
}

muster_status mu_bind_nested(mu_binder *binder, const mu_ast_select *query, mu_nested *nested,
                             mu_relation *out, muster_error *err)
{
    const mu_common_scope *outer = binder->common;
    const mu_common_scope here = {&query->commons, query->commons.count, outer};
    query_state q = {
        .binder = binder, .query = query, .nested = nested, .windows.named = &query->windows};

    MU_TRY(mu_bind_enter(binder, query->start, err));
    binder->common = query->commons.count > 0 ? &here : outer;
    MU_TRY(bind_clauses(&q, out, err));
    binder->common = outer;
    mu_bind_leave(binder);
    return MUSTER_OK;
}
