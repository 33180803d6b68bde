/*
 * make_query.c - random queries, clause by clause.
 */
#include "tests/diff/make.h"

#include <string.h>

enum {
    ITEMS_MOST = 4,
    KEYS_MOST = 3,
    LIMIT_MOST = 20
};

diff_node *diff_make_item(diff_maker *m, diff_node *expr)
{
    diff_node *item = diff_node_new(m->arena, NODE_ITEM, 1);

    item->name = diff_new_name(m, "c");
    item->child[0] = expr;
    return item;
}

diff_node *diff_make_key(diff_maker *m, diff_node *expr)
{
    diff_node *key = diff_node_new(m->arena, NODE_KEY, 1);

    key->child[0] = expr;
    key->flags = (diff_chance(m->random, 40) ? KEY_DESC : 0) |
                 (diff_chance(m->random, 40) ? KEY_NULLS_FIRST : 0);
    return key;
}

static bool has_column(const diff_node *node)
{
    if (node->kind == NODE_COLUMN) {
        return true;
    }
    for (int i = 0; i < node->count; i++) {
        if (node->child[i] && has_column(node->child[i])) {
            return true;
        }
    }
    return false;
}

static bool any_inexact(const diff_node *query)
{
    const diff_node *columns[SCOPE_COLUMNS];
    const int count = diff_columns(query, columns, SCOPE_COLUMNS);

    for (int i = 0; i < count; i++) {
        if (columns[i]->inexact) {
            return true;
        }
    }
    return false;
}

/* Grouping: the keys, and the scope of what can be said of a group. */
static void make_group(diff_maker *m, diff_node *select, const diff_scope *rows, diff_scope *groups)
{
    const int wanted = (int)diff_below(m->random, KEYS_MOST + 1);
    diff_node *keys = diff_list_new(m->arena);

    *groups = (diff_scope){.rows = rows, .unique = true, .row_count = wanted ? 50 : 1};
    for (int i = 0; i < wanted && rows->count > 0; i++) {
        const diff_node *column = rows->columns[diff_below(m->random, (unsigned)rows->count)];
        diff_node *expr = diff_chance(m->random, 75)
                              ? diff_clone(m->arena, column)
                              : diff_make_expr(m, rows, diff_some_type(m, rows), 2, false);
        if (!has_column(expr)) {
            continue; /* a number would be a place */
        }
        diff_list_add(m->arena, keys, diff_make_key(m, expr));
        groups->columns[groups->count++] = expr;
        groups->order[groups->order_count++] = expr;
    }
    select->child[SELECT_GROUP] = keys->count > 0 ? keys : NULL;
}

/* The keys as items, so that they can be written by name, by place or as ALL. */
static void show_keys(diff_maker *m, diff_node *select, diff_node *items)
{
    const diff_node *keys = select->child[SELECT_GROUP];
    unsigned flags = 0;

    if (diff_has(m, DIFF_ALIASES)) {
        flags = diff_chance(m->random, 40) ? KEY_AS_ALIAS
                                           : (diff_chance(m->random, 40) ? KEY_AS_PLACE : 0);
    }
    for (int i = 0; i < keys->count; i++) {
        diff_node *item = diff_make_item(m, diff_clone(m->arena, keys->child[i]->child[0]));
        diff_list_add(m->arena, items, item);
        keys->child[i]->name = item->name;
        keys->child[i]->flags = flags;
    }
}

static diff_node *make_grouped_items(diff_maker *m, diff_node *select, const diff_scope *scope,
                                     int depth, bool top)
{
    diff_node *items = diff_list_new(m->arena);
    const diff_node *keys = select->child[SELECT_GROUP];
    const bool all = keys && diff_has(m, DIFF_GROUP_ALL) && diff_chance(m->random, 15);
    const int more = (int)diff_below(m->random, ITEMS_MOST);

    if (keys && (all || diff_chance(m->random, 70))) {
        show_keys(m, select, items);
        keys->child[0]->flags |= all ? KEY_AS_ALL : 0;
    }
    if (!keys ||
        all) { /* what is no aggregate would be a key of ALL; and without one is no group */
        const diff_op *op = diff_some_op(m, 1u << USE_AGGREGATE, TYPE_BIGINT, false);
        diff_node *call = diff_make_call(m, op, scope->rows, TYPE_BIGINT, 1);
        if (!call) {
            call = diff_make_aggregate(m, scope->rows, TYPE_BIGINT, 0, false);
        }
        for (int i = 0; !call && i < 20; i++) {
            call = diff_make_aggregate(m, scope->rows, TYPE_BIGINT, 0, false);
        }
        if (call) {
            diff_list_add(m->arena, items, diff_make_item(m, call));
        }
    }
    for (int i = 0; i < more || items->count == 0; i++) {
        const bool inexact = top && diff_chance(m->random, 20);
        const diff_type type = inexact ? TYPE_DOUBLE : diff_some_type(m, scope->rows);
        diff_node *expr = all || inexact ? diff_make_aggregate(m, scope->rows, type, depth, top)
                                         : diff_make_expr(m, scope, type, depth, top);
        if (expr) {
            diff_list_add(m->arena, items, diff_make_item(m, expr));
        }
    }
    return items;
}

static diff_node *make_star(diff_maker *m, const diff_scope *scope)
{
    diff_node *star = diff_node_new(m->arena, NODE_STAR, 0);

    for (int i = 0; i < scope->count; i++) {
        diff_list_add(m->arena, star, diff_clone(m->arena, scope->columns[i]));
    }
    if (scope->count > 2 && diff_chance(m->random, 40)) {
        const int left_out = (int)diff_below(m->random, (unsigned)scope->count);
        diff_node *column = star->child[left_out];
        star->child[left_out] = star->child[scope->count - 1];
        memmove(&star->child[left_out], &scope->columns[left_out + 1],
                (size_t)(scope->count - left_out - 1) * sizeof column);
        star->child[scope->count - 1] = column;
        star->flags = 1;
    }
    return star;
}

static diff_node *make_items(diff_maker *m, const diff_node *from, const diff_scope *scope,
                             int depth, bool top)
{
    diff_node *items = diff_list_new(m->arena);
    const int count = 1 + (int)diff_below(m->random, ITEMS_MOST);

    if (from && from->kind != NODE_JOIN && diff_has(m, DIFF_STAR) && diff_chance(m->random, 12)) {
        diff_list_add(m->arena, items, make_star(m, scope));
        return items;
    }
    for (int i = 0; i < count; i++) {
        diff_list_add(
            m->arena, items,
            diff_make_item(m, diff_make_expr(m, scope, diff_some_type(m, scope), depth, top)));
    }
    return items;
}

static diff_node *items_like(diff_maker *m, const diff_node *like, const diff_scope *scope,
                             int depth)
{
    const diff_node *columns[SCOPE_COLUMNS];
    const int count = diff_columns(like, columns, SCOPE_COLUMNS);
    diff_node *items = diff_list_new(m->arena);

    for (int i = 0; i < count; i++) {
        diff_list_add(m->arena, items,
                      diff_make_item(m, diff_make_scaled(m, scope, columns[i], depth)));
    }
    return items;
}

/* Orders by every column, so that rows that are left equal are the same. */
static diff_node *make_total_order(diff_maker *m, const diff_node *query, diff_node *order)
{
    const diff_node *items = diff_items(query);

    for (int i = 0; i < items->count; i++) {
        const diff_node *item = items->child[i];
        for (int c = 0; c < item->count - (item->kind == NODE_STAR ? (int)item->flags : 0); c++) {
            diff_node *key = diff_make_key(m, diff_clone(m->arena, item->child[c]));
            if (item->kind == NODE_ITEM) {
                key->name = item->name;
                key->flags |= query->kind == NODE_SETOP || diff_chance(m->random, 70)
                                  ? KEY_AS_ALIAS
                                  : KEY_AS_PLACE;
            }
            diff_list_add(m->arena, order, key);
        }
    }
    return order;
}

/* One direction for all of its keys, if these are the items and nothing before them. */
static void order_by_all(diff_maker *m, const diff_node *query, diff_node *order)
{
    const diff_node *items = diff_items(query);

    if (!diff_has(m, DIFF_ORDER_ALL) || order->count != items->count ||
        items->child[0]->kind != NODE_ITEM || !diff_chance(m->random, 20)) {
        return;
    }
    for (int i = 0; i < order->count; i++) {
        order->child[i]->flags = KEY_AS_ALL | KEY_AS_ALIAS | (order->child[0]->flags & KEY_DESC) |
                                 (order->child[0]->flags & KEY_NULLS_FIRST);
    }
}

/* A set operation over columns of one name each can be ordered; others cannot. */
static bool can_order(const diff_node *query)
{
    return query->kind == NODE_SELECT || diff_items(query)->child[0]->kind == NODE_ITEM;
}

static void make_order(diff_maker *m, diff_node *query, const diff_scope *scope, bool top)
{
    const bool exact = !any_inexact(query) && can_order(query);
    const bool limit =
        exact && diff_has(m, DIFF_LIMIT) && diff_has(m, DIFF_ORDER) && diff_chance(m->random, 22);
    const int order_at = query->kind == NODE_SELECT ? (int)SELECT_ORDER : (int)SETOP_ORDER;
    diff_node *order = diff_list_new(m->arena);

    if (!limit && !(top && exact && diff_has(m, DIFF_ORDER) && diff_chance(m->random, 40))) {
        return;
    }
    if (scope && query->flags == 0 && diff_chance(m->random, 30)) {
        const bool windows = m->windows;
        m->windows = false;
        diff_node *expr = diff_make_expr(m, scope, diff_some_type(m, scope), 1, false);
        m->windows = windows;
        if (has_column(expr)) {
            diff_list_add(m->arena, order, diff_make_key(m, expr));
        }
    }
    query->child[order_at] = make_total_order(m, query, order);
    order_by_all(m, query, query->child[order_at]);
    query->place = 1;
    if (limit) {
        diff_node *count = diff_node_new(m->arena, NODE_LITERAL, 0);
        count->text = diff_text(
            m->arena, "%u", diff_chance(m->random, 2) ? 0 : 1 + diff_below(m->random, LIMIT_MOST));
        count->type = TYPE_BIGINT;
        query->child[query->kind == NODE_SELECT ? (int)SELECT_LIMIT : (int)SETOP_LIMIT] = count;
        if (query->kind == NODE_SELECT && diff_chance(m->random, 30)) {
            query->child[SELECT_OFFSET] = diff_clone(m->arena, count);
            query->child[SELECT_OFFSET]->text =
                diff_text(m->arena, "%u", 1 + diff_below(m->random, 4));
        }
    }
}

static void make_ctes(diff_maker *m, diff_node *select, int depth)
{
    const int count = 1 + (int)diff_below(m->random, 2);

    select->child[SELECT_WITH] = diff_list_new(m->arena);
    for (int i = 0; i < count; i++) {
        diff_node *cte = diff_node_new(m->arena, NODE_CTE, 1);
        cte->child[0] = diff_make_query(m, depth - 1, false);
        cte->name = diff_new_name(m, "w");
        diff_list_add(m->arena, select->child[SELECT_WITH], cte);
        m->ctes[m->cte_count++] = cte;
    }
}

/* An item is spoken of by its name in WHERE, if it is about rows. */
static void use_alias(diff_maker *m, diff_node *select)
{
    const diff_node *item = select->child[SELECT_ITEMS]->child[0];

    if (item->kind != NODE_ITEM || select->child[SELECT_GROUP] || item->child[0]->inexact ||
        item->child[0]->kind != NODE_CALL || !diff_has(m, DIFF_ALIASES) ||
        !diff_chance(m->random, 25) || (diff_features_in(item) & diff_bit(DIFF_WINDOWS))) {
        return;
    }
    diff_node *alias = diff_node_new(m->arena, NODE_COLUMN, 0);
    *alias = (diff_node){.kind = NODE_COLUMN, .name = item->name, .type = item->child[0]->type};
    alias->scale = item->child[0]->scale;
    diff_node *literal = diff_make_literal(m, alias->type, alias->scale, NULL);
    select->child[SELECT_WHERE] =
        diff_make_both(m, select->child[SELECT_WHERE], diff_make_equal(m, alias, literal));
}

static void make_qualify(diff_maker *m, diff_node *select, const diff_scope *scope)
{
    diff_node *window = diff_make_window(m, scope, TYPE_BIGINT, 1, false);

    if (window) {
        const diff_op *op = diff_some_op(m, 1u << USE_SCALAR, TYPE_BOOLEAN, false);
        diff_node *condition =
            diff_make_equal(m, window, diff_make_literal(m, TYPE_BIGINT, 0, NULL));
        if (strcmp(op->signature, "bxx") == 0) {
            condition->op = op;
        }
        select->child[SELECT_QUALIFY] = condition;
    }
}

/* What follows the source, over it or over groups of it. */
static void make_rest(diff_maker *m, diff_node *select, const diff_scope *rows,
                      const diff_node *like, int depth, bool top)
{
    diff_node *const from = select->child[SELECT_FROM];
    const bool grouped = from && diff_has(m, DIFF_GROUPS) && diff_chance(m->random, 38);
    diff_scope groups;
    const diff_scope *scope = rows;

    if (grouped) {
        make_group(m, select, rows, &groups);
        scope = &groups;
    }
    m->windows = diff_has(m, DIFF_WINDOWS) && from && diff_chance(m->random, 50);
    select->child[SELECT_ITEMS] = like      ? items_like(m, like, scope, depth)
                                  : grouped ? make_grouped_items(m, select, scope, depth, top)
                                            : make_items(m, from, scope, depth, top);
    if (m->windows && !m->portable && diff_has(m, DIFF_QUALIFY) && diff_chance(m->random, 20)) {
        make_qualify(m, select, scope);
    }
    m->windows = false;
    if (grouped && select->child[SELECT_GROUP] && diff_has(m, DIFF_HAVING) &&
        diff_chance(m->random, 30)) {
        select->child[SELECT_HAVING] = diff_make_condition(m, scope, 1);
    }
    if (!grouped && !like) {
        use_alias(m, select);
    }
    select->flags =
        diff_has(m, DIFF_DISTINCT) && !any_inexact(select) && diff_chance(m->random, 12);
    select->text =
        from && diff_has(m, DIFF_FROM_FIRST) && diff_chance(m->random, 8) ? "FROM" : NULL;
    select->most = scope->row_count;
    make_order(m, select, scope, top);
}

diff_node *diff_make_select(diff_maker *m, const diff_node *like, int depth, bool top)
{
    diff_node *select = diff_node_new(m->arena, NODE_SELECT, SELECT_CHILDREN);
    diff_scope rows = {0};
    const bool windows = m->windows;
    const int positions = m->positions;

    m->windows = false;
    m->positions = 0;
    if (top && diff_has(m, DIFF_WITH) && depth > 1 && diff_chance(m->random, 12)) {
        make_ctes(m, select, depth);
    }
    if (!diff_chance(m->random, 3)) {
        select->child[SELECT_FROM] = diff_make_source(m, depth, &rows);
        if (diff_chance(m->random, top ? 50 : 30)) {
            select->child[SELECT_WHERE] =
                diff_make_condition(m, &rows, (int)diff_below(m->random, 3));
        }
    }
    make_rest(m, select, &rows, like, depth, top);
    m->windows = windows;
    m->positions = positions;
    return select;
}

static diff_node *make_setop(diff_maker *m, const diff_node *like, int depth, bool top)
{
    static const char *const words[] = {"UNION ALL", "UNION",         "INTERSECT",
                                        "EXCEPT",    "INTERSECT ALL", "EXCEPT ALL"};
    diff_node *setop = diff_node_new(m->arena, NODE_SETOP, SETOP_CHILDREN);
    const bool nested = diff_chance(m->random, 25);
    diff_node *left = nested && depth > 1 ? make_setop(m, like, depth - 1, false)
                                          : diff_make_select(m, like, depth - 1, false);

    setop->text =
        words[diff_below(m->random, diff_has(m, DIFF_SETOPS_ALL) && !m->portable ? 6 : 4)];
    setop->child[SETOP_LEFT] = left;
    setop->child[SETOP_RIGHT] = diff_chance(m->random, 12) && depth > 1
                                    ? make_setop(m, left, depth - 1, false)
                                    : diff_make_select(m, left, depth - 1, false);
    setop->most = left->most + setop->child[SETOP_RIGHT]->most;
    make_order(m, setop, NULL, top);
    return setop;
}

diff_node *diff_make_query(diff_maker *m, int depth, bool top)
{
    if (depth > 0 && m->budget > 0 && diff_has(m, DIFF_SETOPS) && diff_chance(m->random, 18)) {
        return make_setop(m, NULL, depth, top);
    }
    return diff_make_select(m, NULL, depth > 0 ? depth : 1, top);
}
