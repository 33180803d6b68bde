/*
 * make_from.c - what a query selects from: tables, views, queries, VALUES, and joins of them.
 */
#include "tests/diff/make.h"

#include <math.h>
#include <string.h>

enum {
    PAIRS_MOST = 60000, /* that a join without equality may look at */
    ROWS_MOST = 100000, /* that a join may have */
    KEYS = 8,           /* how many values a key of a join has, about */
    VALUES_ROWS = 5
};

static void add_column(diff_scope *scope, diff_node *column)
{
    if (scope->count < SCOPE_COLUMNS) {
        scope->columns[scope->count++] = column;
    }
}

static void add_order(diff_scope *scope, diff_node *column)
{
    if (scope->order_count < SCOPE_COLUMNS) {
        scope->order[scope->order_count++] = column;
    }
}

static diff_node *column_of(diff_maker *m, const char *alias, const char *name,
                            const diff_node *like, const diff_column *origin)
{
    diff_node *column = diff_node_new(m->arena, NODE_COLUMN, 0);

    column->type = like->type;
    column->scale = like->scale;
    column->most = like->most;
    column->inexact = like->inexact;
    column->text = alias;
    column->name = name;
    column->origin = origin;
    return column;
}

static diff_node *make_table(diff_maker *m, const diff_relation *relation, diff_scope *scope)
{
    diff_node *table = diff_node_new(m->arena, NODE_TABLE, 0);
    bool unique = false;

    table->name = relation->name;
    table->text = diff_new_name(m, "r");
    for (int i = 0; i < relation->count; i++) {
        const diff_column *c = &relation->columns[i];
        const diff_node like = {.type = c->type, .scale = c->scale, .most = c->most};
        add_column(scope, column_of(m, table->text, c->name, &like, c));
        unique = unique || c->unique;
    }
    for (int i = 0; i < relation->count; i++) {
        if (!unique || relation->columns[i].unique) {
            add_order(scope, scope->columns[i]);
        }
    }
    scope->unique = unique;
    scope->row_count = relation->row_count;
    return table;
}

void diff_make_rows(diff_maker *m, const diff_relation *relation, diff_scope *scope)
{
    *scope = (diff_scope){0};
    for (int i = 0; i < relation->count; i++) {
        const diff_column *c = &relation->columns[i];
        diff_node *column = diff_node_new(m->arena, NODE_COLUMN, 0);
        column->type = c->type;
        column->scale = c->scale;
        column->most = c->most;
        column->name = c->name;
        column->origin = c;
        scope->columns[scope->count++] = column;
    }
}

/* How far from 0 a value of that column may be: of either side, if there are two. */
static double most_of(const diff_node *query, int index)
{
    const diff_node *columns[SCOPE_COLUMNS];

    if (query->kind == NODE_SETOP) {
        return fmax(most_of(query->child[SETOP_LEFT], index),
                    most_of(query->child[SETOP_RIGHT], index));
    }
    return index < diff_columns(query, columns, SCOPE_COLUMNS) ? columns[index]->most : 0;
}

/* The columns of a query that is a source by this alias. */
static void add_columns_of(diff_maker *m, const diff_node *query, const char *alias,
                           diff_scope *scope)
{
    const diff_node *items = diff_items(query);

    for (int i = 0; i < items->count; i++) {
        const diff_node *item = items->child[i];
        const bool star = item->kind == NODE_STAR;
        for (int c = 0; c < item->count - (star ? (int)item->flags : 0); c++) {
            const diff_node *of = item->child[c];
            diff_node *column = column_of(m, alias, star ? of->name : item->name, of, of->origin);
            column->most = most_of(query, scope->count);
            add_column(scope, column);
            add_order(scope, column);
        }
    }
    scope->row_count = query->most;
}

static diff_node *make_cte_source(diff_maker *m, diff_scope *scope)
{
    const diff_node *cte = m->ctes[diff_below(m->random, (unsigned)m->cte_count)];
    diff_node *source = diff_node_new(m->arena, NODE_DERIVED, 0);

    source->name = cte->name;
    source->text = diff_new_name(m, "r");
    add_columns_of(m, cte->child[0], source->text, scope);
    return source;
}

static diff_node *make_values(diff_maker *m)
{
    const int rows = 1 + (int)diff_below(m->random, VALUES_ROWS);
    const int columns = 1 + (int)diff_below(m->random, 3);
    diff_node *values = diff_node_new(m->arena, NODE_VALUES, rows);

    values->most = rows;
    for (int r = 0; r < rows; r++) {
        values->child[r] = diff_list_new(m->arena);
        for (int c = 0; c < columns; c++) {
            const diff_type type = r == 0 ? (diff_type)diff_below(m->random, TYPE_COUNT)
                                          : values->child[0]->child[c]->child[0]->type;
            const int scale = type == TYPE_DECIMAL ? 2 : type == TYPE_DOUBLE ? 3 : 0;
            diff_node *value = diff_make_literal(m, type, scale, NULL);
            diff_list_add(m->arena, values->child[r], r == 0 ? diff_make_item(m, value) : value);
        }
    }
    return values;
}

static diff_node *make_derived(diff_maker *m, int depth, diff_scope *scope)
{
    diff_node *source = diff_node_new(m->arena, NODE_DERIVED, 1);
    const bool windows = m->windows;
    const bool values = diff_has(m, DIFF_VALUES) && diff_chance(m->random, 25);

    m->windows = false;
    source->child[0] = values ? make_values(m) : diff_make_query(m, depth - 1, false);
    source->text = diff_new_name(m, "r");
    add_columns_of(m, source->child[0], source->text, scope);
    m->windows = windows;
    return source;
}

diff_node *diff_make_leaf_source(diff_maker *m, int depth, diff_scope *scope)
{
    *scope = (diff_scope){0};
    if (m->cte_count > 0 && diff_chance(m->random, 40)) {
        return make_cte_source(m, scope);
    }
    if (depth > 0 && m->budget > 0 && diff_has(m, DIFF_DERIVED) && diff_chance(m->random, 20)) {
        return make_derived(m, depth, scope);
    }
    return make_table(m, m->catalog->relations[diff_below(m->random, (unsigned)m->catalog->count)],
                      scope);
}

/* Joins. */

static void merge(diff_scope *left, const diff_scope *right)
{
    left->unique = left->unique && right->unique;
    for (int i = 0; i < right->count; i++) {
        add_column(left, right->columns[i]);
    }
    for (int i = 0; i < right->order_count; i++) {
        add_order(left, right->order[i]);
    }
}

/* Keys go by one name in all tables, but for the ids of customers in `customers`. */
static bool same_name(const char *a, const char *b)
{
    const bool ids = strcmp(a, "customer") == 0 && (strcmp(b, "k") == 0 || strcmp(b, "name") == 0);

    return ids || strcmp(a, b) == 0;
}

/* Two columns of one type, if there are: rather those of one name. */
static bool find_pair(diff_maker *m, const diff_scope *left, const diff_scope *right, diff_node **a,
                      diff_node **b)
{
    const bool by_name = !diff_chance(m->random, 30);
    unsigned seen = 0;

    for (int l = 0; l < left->count; l++) {
        for (int r = 0; r < right->count; r++) {
            const diff_node *one = left->columns[l], *other = right->columns[r];
            const bool same =
                same_name(one->name, other->name) || same_name(other->name, one->name);
            const unsigned weight = by_name && same ? 50 : 1;
            if (one->type != other->type || one->scale != other->scale ||
                one->type == TYPE_BOOLEAN) {
                continue;
            }
            seen += weight;
            if (diff_below(m->random, seen) < weight) {
                *a = diff_clone(m->arena, one);
                *b = diff_clone(m->arena, other);
            }
        }
    }
    return seen > 0;
}

static const char *join_words(diff_maker *m)
{
    static const char *const words[] = {"JOIN",       "LEFT JOIN", "INNER JOIN",
                                        "RIGHT JOIN", "FULL JOIN", "LEFT OUTER JOIN"};

    return words[diff_has(m, DIFF_OUTER_JOINS) ? diff_below(m->random, 6) : 0];
}

static const diff_node *column_named(const diff_scope *scope, const char *name)
{
    const diff_node *found = NULL;

    for (int i = 0; i < scope->count; i++) {
        if (strcmp(scope->columns[i]->name, name) == 0) {
            if (found) {
                return NULL; /* of several sources */
            }
            found = scope->columns[i];
        }
    }
    return found;
}

/* The columns of both sides under one name: written bare from here on. */
static void merge_by_name(diff_maker *m, diff_scope *left, const diff_scope *right,
                          const char *const *names, int count)
{
    const diff_scope before = *left;
    diff_scope both = *left;

    merge(&both, right);
    left->unique = both.unique;
    left->count = 0;
    for (int n = 0; n < count; n++) {
        const diff_node *column = column_named(right, names[n]);
        const diff_node *other = column_named(&before, names[n]);
        diff_node *merged = column_of(m, NULL, names[n], column, column->origin);
        merged->most = other ? fmax(other->most, merged->most) : merged->most;
        add_column(left, merged);
    }
    for (int i = 0; i < both.count; i++) {
        bool named = false;
        for (int n = 0; n < count; n++) {
            named = named || strcmp(both.columns[i]->name, names[n]) == 0;
        }
        if (!named) {
            add_column(left, both.columns[i]);
        }
    }
    memcpy(left->order, left->columns, sizeof left->order);
    left->order_count = left->count;
    left->merged = true;
}

/* Joins two tables by the columns of one name, if they are two tables; false if not. */
static bool join_by_name(diff_maker *m, diff_node *join, diff_scope *left, const diff_scope *right)
{
    static const char *const names[] = {"k", "name"};
    const bool natural = diff_has(m, DIFF_NATURAL) && diff_chance(m->random, 40);
    const diff_node *l = join->child[JOIN_LEFT], *r = join->child[JOIN_RIGHT];
    const bool chain = left->merged && !natural;
    const int first = natural ? 0 : (int)diff_below(m->random, 2);
    const int count = natural ? 2 : 1 + (first == 0 && diff_chance(m->random, 30));

    if ((l->kind != NODE_TABLE && !chain) || r->kind != NODE_TABLE ||
        (l->kind == NODE_TABLE && strcmp(l->name, r->name) == 0)) {
        return false;
    }
    if (chain && column_named(left, names[1 - first]) &&
        !column_named(left, names[1 - first])->text && count == 1) {
        return false; /* bare, it would be one of two from here on */
    }
    for (int i = first; i < first + count; i++) {
        if (!column_named(left, names[i]) || !column_named(right, names[i])) {
            return false;
        }
    }
    if (natural) {
        join->text = diff_text(m->arena, "NATURAL %s", join->text);
    } else {
        join->child[JOIN_ON] = diff_node_new(m->arena, NODE_NAMES, count);
        for (int i = 0; i < count; i++) {
            join->child[JOIN_ON]->child[i] =
                diff_clone(m->arena, column_named(right, names[first + i]));
        }
    }
    merge_by_name(m, left, right, names + first, count);
    return true;
}

/* False if the rows would be too many. */
static bool join_on(diff_maker *m, diff_node *join, diff_scope *left, const diff_scope *right)
{
    diff_node *a, *b, *on = NULL;
    const bool found = find_pair(m, left, right, &a, &b);
    const bool inner = strstr(join->text, "JOIN") == join->text || join->text[0] == 'I';
    const bool any = inner && left->row_count * right->row_count < PAIRS_MOST;

    if (!found || (any && diff_chance(m->random, 10))) {
        if (!any && left->row_count * right->row_count > PAIRS_MOST) {
            return false;
        }
        join->text = diff_chance(m->random, 50) ? "CROSS JOIN" : ",";
        left->row_count *= right->row_count;
        merge(left, right);
        return true;
    }
    merge(left, right);
    if (any && diff_chance(m->random, 12)) {
        on = diff_make_condition(m, left, 0);
    } else {
        on = diff_chance(m->random, 80) ? diff_make_equal(m, a, b) : diff_make_equal(m, b, a);
        left->row_count = left->row_count * right->row_count / KEYS + 1;
        if (diff_chance(m->random, 15)) {
            on = diff_make_both(m, on, diff_make_condition(m, left, 1));
        }
    }
    join->child[JOIN_ON] = on;
    return true;
}

/* One more join to the right; a comma binds loosely, so nothing is joined to it. */
static diff_node *join_one(diff_maker *m, diff_node *left, int depth, diff_scope *scope)
{
    diff_node *join = diff_node_new(m->arena, NODE_JOIN, JOIN_CHILDREN);
    diff_scope right;

    join->child[JOIN_LEFT] = left;
    join->child[JOIN_RIGHT] = diff_make_leaf_source(m, depth - 1, &right);
    join->text = join_words(m);
    if (scope->row_count * right.row_count / KEYS > ROWS_MOST) {
        return left;
    }
    if (diff_has(m, DIFF_USING) && (scope->merged || diff_chance(m->random, 20)) &&
        join_by_name(m, join, scope, &right)) {
        scope->row_count = scope->row_count * right.row_count / KEYS + 1;
        return join;
    }
    if (scope->merged) {
        return left; /* its bare names may be those of one more table too */
    }
    return join_on(m, join, scope, &right) ? join : left;
}

diff_node *diff_make_source(diff_maker *m, int depth, diff_scope *scope)
{
    const bool windows = m->windows;
    diff_node *source;
    int joins = 0;

    m->windows = false;
    source = diff_make_leaf_source(m, depth, scope);
    if (diff_has(m, DIFF_JOINS)) {
        joins = diff_chance(m->random, 10) ? 2 + (int)diff_below(m->random, 3)
                                           : (int)diff_below(m->random, 4) - 1;
    }
    for (int i = 0; i < joins; i++) {
        source = join_one(m, source, depth, scope);
        if (source->kind == NODE_JOIN && source->text[0] == ',') {
            break;
        }
    }
    for (int i = 0; i < scope->count; i++) {
        diff_node *column = scope->columns[i];
        if (column->text && diff_chance(m->random, 25) && column_named(scope, column->name) &&
            strcmp(column->name, "customer") != 0) { /* it is a name for ids in any table */
            scope->columns[i] = column_of(m, NULL, column->name, column, column->origin);
        }
    }
    m->windows = windows;
    return source;
}
