/*
 * bind_select.c - the clauses of a query, bound over what it reads. bind_plan.c draws the plan.
 */
#include "sql/bind_select.h"

#include <assert.h>
#include <string.h>

static mu_place place_of(mu_bind_select *q, const char *clause, bool aggregates)
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
static muster_status bind_from(mu_bind_select *q, muster_error *err)
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
static muster_status unfold_star(mu_bind_select *q, const mu_ast_expr *star, muster_error *err)
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

static muster_status bind_item(mu_bind_select *q, const mu_ast_item *item, muster_error *err)
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

static muster_status bind_items(mu_bind_select *q, muster_error *err)
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
static muster_status bind_where(mu_bind_select *q, muster_error *err)
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
static bool aggregates(const mu_bind_select *q, const mu_expr *expr)
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
static muster_status bind_ordinal(mu_bind_select *q, const mu_ast_expr *expr, const char *clause,
                                  uint32_t *item, muster_error *err)
{
    uint64_t number;

    const muster_status status =
        mu_bind_count_of(q->binder, expr, clause, 1, q->items.count, &number, err);
    if (status == MUSTER_INVALID) {
        if (q->items.count == 1) {
            return mu_fail_at(err, status, expr->offset,
                              "%s takes the number of a column, and there is only column 1",
                              clause);
        }
        return mu_fail_at(err, status, expr->offset,
                          "%s takes the number of a column, and there are columns 1 to %u", clause,
                          q->items.count);
    }
    MU_TRY(status);
    *item = (uint32_t)(number - 1);
    return MUSTER_OK;
}

/* The item whose alias the name is, unless it is a column too; else items.count. */
static uint32_t find_alias(const mu_bind_select *q, const mu_ast_expr *expr, bool columns_first)
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

static muster_status bind_key(mu_bind_select *q, const mu_ast_expr *expr, muster_error *err)
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

static muster_status bind_keys(mu_bind_select *q, muster_error *err)
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

static void set_direction(mu_sort_key *key, const mu_ast_order *order)
{
    key->descending = order->descending;
    key->nulls_first = order->nulls == MU_AST_NULLS_DEFAULT ? order->descending
                                                            : order->nulls == MU_AST_NULLS_FIRST;
}

/* An item by its number, its name or its expression; else an expression of its own. */
static muster_status bind_order(mu_bind_select *q, const mu_ast_order *order, muster_error *err)
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
    MU_TRY(mu_type_check_order((q->orders[i] ? expr : q->exprs[item])->type, "ORDER BY",
                               order->offset, err));
    q->sort_keys[i].column = item;
    set_direction(&q->sort_keys[i], order);
    q->order_count++;
    return MUSTER_OK;
}

/* DISTINCT ON: as in ORDER BY, items by number or name too. */
static muster_status bind_on(mu_bind_select *q, const mu_ast_expr *expr, const mu_expr **out,
                             muster_error *err)
{
    const mu_place place = place_of(q, "DISTINCT ON", true);
    uint32_t item;

    if (expr->kind == MU_AST_INTEGER) {
        MU_TRY(bind_ordinal(q, expr, "DISTINCT ON", &item, err));
    } else {
        item = find_alias(q, expr, false);
    }
    if (item == q->items.count) {
        return mu_bind_expr(&place, expr, out, err);
    }
    *out = q->exprs[item];
    return MUSTER_OK;
}

static bool is_on(const mu_bind_select *q, const mu_expr *expr)
{
    for (uint32_t i = 0; i < q->on_count; i++) {
        if (mu_expr_equal(q->ons[i], expr)) {
            return true;
        }
    }
    return false;
}

/* Once the order is known: it decides which row is the first, and begins with these. */
static muster_status bind_ons(mu_bind_select *q, muster_error *err)
{
    const mu_ast_items *ons = &q->query->distinct_on;

    MU_ARENA_TRY(q->ons, q->binder->scope.arena, ons->count, err);
    for (uint32_t i = 0; i < ons->count; i++) {
        MU_TRY(bind_on(q, ons->data[i].expr, &q->ons[i], err));
    }
    q->on_count = ons->count;
    for (uint32_t i = 0; i < q->on_count && i < q->order_count; i++) {
        const mu_expr *order = q->orders[i] ? q->orders[i] : q->exprs[q->sort_keys[i].column];
        if (!is_on(q, order)) {
            return mu_fail_at(
                err, MUSTER_INVALID, ons->data[0].expr->start,
                "what stands in DISTINCT ON has to come first in ORDER BY, which then "
                "says which row of each is kept");
        }
    }
    return MUSTER_OK;
}

static muster_status bind_orders(mu_bind_select *q, muster_error *err)
{
    const mu_ast_orders *orders = &q->query->orders;
    const uint32_t room = q->query->order_all ? q->items.count : orders->count;

    MU_ARENA_TRY(q->orders, q->binder->scope.arena, room, err);
    MU_ARENA_TRY(q->sort_keys, q->binder->scope.arena, room, err);
    if (q->query->order_all) {
        for (uint32_t i = 0; i < q->items.count; i++) {
            MU_TRY(mu_type_check_order(q->exprs[i]->type, "ORDER BY", orders->data[0].offset, err));
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

/* Where the TIME column of the source comes out, for first() and last() of a query around. */
static uint32_t find_time(const mu_bind_select *q)
{
    for (uint32_t i = 0; i < q->items.count && q->source.time_column != MU_NO_COLUMN; i++) {
        if (q->exprs[i]->kind == MU_EXPR_COLUMN && q->exprs[i]->column == q->source.time_column) {
            return i;
        }
    }
    return MU_NO_COLUMN;
}

/* Queries that are looked up by keys. */

static muster_status check_columns(const mu_bind_select *q, muster_error *err)
{
    if (!q->nested || q->nested->width == 0 || q->nested->width == q->items.count) {
        return MUSTER_OK;
    }
    return mu_fail_at(err, MUSTER_INVALID, q->query->start, "%s gives %u column%s, not %u",
                      q->nested->what, q->items.count, q->items.count == 1 ? "" : "s",
                      q->nested->width);
}

static muster_status bind_clauses(mu_bind_select *q, mu_relation *out, muster_error *err)
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
    MU_TRY(bind_ons(q, err));
    const uint32_t time_column = find_time(q);
    MU_TRY(mu_bind_plan(q, &plan, err));
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
    mu_bind_select q = {
        .binder = binder, .query = query, .nested = nested, .windows.named = &query->windows};

    MU_TRY(mu_bind_enter(binder, query->start, err));
    binder->common = query->commons.count > 0 ? &here : outer;
    MU_TRY(bind_clauses(&q, out, err));
    binder->common = outer;
    mu_bind_leave(binder);
    return MUSTER_OK;
}
