/*
 * make_sub.c - queries within expressions: alone, or tied to the rows around them by equality.
 */
#include "tests/diff/make.h"

#include <string.h>

/* inner.column = outer.column, of columns that the outer query names by their source; NULL if there
 * is no such pair, or no such feature. */
static diff_node *tie(diff_maker *m, const diff_scope *outer, const diff_scope *inner)
{
    diff_node *a = NULL, *b = NULL;
    unsigned seen = 0;

    if (outer->rows || !diff_has(m, DIFF_CORRELATED) || !diff_chance(m->random, 55)) {
        return NULL;
    }
    for (int i = 0; i < inner->count; i++) {
        for (int o = 0; o < outer->count; o++) {
            const diff_node *one = inner->columns[i], *other = outer->columns[o];
            if (other->text && one->type == other->type && one->scale == other->scale &&
                diff_below(m->random, ++seen) == 0) {
                a = diff_clone(m->arena, one);
                b = diff_clone(m->arena, other);
                b->flags = COLUMN_OUTER;
            }
        }
    }
    return !a                           ? NULL
           : diff_chance(m->random, 50) ? diff_make_equal(m, a, b)
                                        : diff_make_equal(m, b, a);
}

/* A SELECT without items yet, of a source that is tied to the outer rows or not. */
static diff_node *make_inner(diff_maker *m, const diff_scope *outer, int depth, diff_scope *scope)
{
    diff_node *select = diff_node_new(m->arena, NODE_SELECT, SELECT_CHILDREN);
    const bool joined = depth > 1 && diff_chance(m->random, 20);

    select->child[SELECT_FROM] =
        joined ? diff_make_source(m, 1, scope) : diff_make_leaf_source(m, depth - 1, scope);
    select->child[SELECT_WHERE] = tie(m, outer, scope);
    if (diff_chance(m->random, 60)) {
        select->child[SELECT_WHERE] =
            diff_make_both(m, select->child[SELECT_WHERE], diff_make_condition(m, scope, 0));
    }
    select->child[SELECT_ITEMS] = diff_list_new(m->arena);
    return select;
}

static diff_node *make_exists(diff_maker *m, const diff_scope *outer, int depth)
{
    diff_node *exists = diff_node_new(m->arena, NODE_EXISTS, 1);
    diff_scope scope;

    exists->child[0] = make_inner(m, outer, depth, &scope);
    exists->flags = diff_chance(m->random, 40);
    diff_list_add(m->arena, exists->child[0]->child[SELECT_ITEMS],
                  diff_make_item(m, diff_make_literal(m, TYPE_BIGINT, 0, NULL)));
    return exists;
}

/* value IN (query), or = ANY and the like; NULL if there is nothing of its type to look among. */
static diff_node *make_in(diff_maker *m, const diff_scope *outer, int depth, bool any)
{
    static const char *const words[] = {"= ANY", "<> ALL", "< ANY", ">= ALL", "> ANY", "<= ALL"};
    const diff_type type = diff_some_type(m, outer);
    diff_node *in = diff_node_new(m->arena, any ? NODE_ANY_QUERY : NODE_IN_QUERY, 2);
    diff_scope scope;

    in->child[0] = diff_make_expr(m, outer, type, depth - 1, false);
    in->child[1] = make_inner(m, outer, depth, &scope);
    in->flags = !any && diff_chance(m->random, 40);
    in->text = any ? words[diff_below(m->random, m->portable ? 2 : 6)] : NULL;
    diff_list_add(m->arena, in->child[1]->child[SELECT_ITEMS],
                  diff_make_item(m, diff_make_scaled(m, &scope, in->child[0], depth > 1 ? 1 : 0)));
    return in;
}

/* The first column is of customers as the table has it: then it is whom did() asks. */
static bool has_customer(const diff_scope *scope)
{
    const diff_column *origin = scope->count > 0 ? scope->columns[0]->origin : NULL;

    return origin && !scope->rows && !scope->merged && origin->relation && origin->role &&
           strcmp(origin->role, "CUSTOMER") == 0 && origin->index == 0 &&
           strcmp(origin->name, scope->columns[0]->name) == 0;
}

const diff_relation *diff_some_events(diff_maker *m)
{
    const diff_relation *found = NULL;
    unsigned seen = 0;

    for (int i = 0; i < m->catalog->base; i++) {
        const diff_relation *relation = m->catalog->relations[i];
        if (relation->partition && diff_below(m->random, ++seen) == 0) {
            found = relation;
        }
    }
    return found;
}

const char *diff_customer_name(const diff_relation *events)
{
    int at = 0;

    while (!events->columns[at].role || strcmp(events->columns[at].role, "CUSTOMER") != 0) {
        at++;
    }
    return events->columns[at].name;
}

static diff_node *make_did(diff_maker *m, const diff_scope *outer)
{
    diff_node *did = diff_node_new(m->arena, NODE_DID, DID_CHILDREN);
    const diff_relation *events = diff_some_events(m);
    const diff_features features = m->features;
    diff_scope scope;

    if (!has_customer(outer)) {
        return NULL;
    }
    did->child[DID_CUSTOMER] = diff_clone(m->arena, outer->columns[0]);
    if (m->catalog->set_count > 0 && diff_has(m, DIFF_SETS) && diff_chance(m->random, 60)) {
        const unsigned count = (unsigned)m->catalog->set_count;
        const diff_node *set = m->catalog->sets[diff_below(m->random, count)];
        did->name = set->name;
        did->text = set->text[0] == 'T' ? "has_tag" : "in_audience";
        return did;
    }
    diff_make_rows(m, events, &scope);
    m->features &= ~(diff_bit(DIFF_EXISTS) | diff_bit(DIFF_IN_QUERY) | diff_bit(DIFF_ANY_QUERY) |
                     diff_bit(DIFF_DID) | diff_bit(DIFF_SCALAR_QUERY));
    did->child[DID_CONDITION] = diff_make_condition(m, &scope, (int)diff_below(m->random, 2));
    m->features = features;
    did->name = events->name;
    did->text = diff_customer_name(events);
    did->flags = diff_chance(m->random, 75) ? 1 + diff_below(m->random, 3) : 0;
    if (!did->flags || diff_chance(m->random, 20)) {
        did->place = (int)did->flags + 1 + (int)diff_below(m->random, 3);
    }
    return did;
}

diff_node *diff_make_query_condition(diff_maker *m, const diff_scope *scope, int depth)
{
    diff_node *made = NULL;

    m->budget -= 5;
    if (m->budget <= 0) {
        return NULL;
    }
    switch (has_customer(scope) && diff_chance(m->random, 40) ? 3 : diff_below(m->random, 5)) {
    case 0:
        made = diff_has(m, DIFF_ANY_QUERY) ? make_in(m, scope, depth, true) : NULL;
        break;
    case 1:
    case 2:
        made = diff_has(m, DIFF_IN_QUERY) ? make_in(m, scope, depth, false) : NULL;
        break;
    case 3:
        made = diff_has(m, DIFF_DID) ? make_did(m, scope) : NULL;
        break;
    default:
        made = diff_has(m, DIFF_EXISTS) ? make_exists(m, scope, depth) : NULL;
        break;
    }
    if (made) {
        made->type = TYPE_BOOLEAN;
        made->most = 1;
    }
    return made;
}

/* An aggregate of all rows of the inner query, so that there is one. */
diff_node *diff_make_scalar_query(diff_maker *m, const diff_scope *scope, diff_type type, int depth)
{
    diff_scope inner;

    if (!diff_has(m, DIFF_SCALAR_QUERY) || !diff_has(m, DIFF_GROUPS) || m->budget <= 0) {
        return NULL;
    }
    diff_node *select = make_inner(m, scope, depth, &inner);
    diff_node *aggregate = diff_make_aggregate(m, &inner, type, 1, false);
    if (!aggregate) {
        return NULL;
    }
    diff_list_add(m->arena, select->child[SELECT_ITEMS], diff_make_item(m, aggregate));
    diff_node *scalar = diff_node_new(m->arena, NODE_SCALAR, 1);
    scalar->child[0] = select;
    scalar->type = type;
    scalar->scale = aggregate->scale;
    scalar->most = aggregate->most;
    return scalar;
}
