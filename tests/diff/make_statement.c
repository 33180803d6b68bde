/*
 * make_statement.c - views, tables made of queries, and changes of tables without roles.
 */
#include "tests/diff/make.h"

#include <string.h>

enum {
    DEPTH = 2
};

/* The decimals of a table made of a query have as many digits as the engine thought were needed:
 * what is put there might not fit. */
static bool has_own_types(const diff_relation *relation)
{
    for (int i = 0; i < relation->count && !relation->rows; i++) {
        if (relation->columns[i].type == TYPE_DECIMAL) {
            return false;
        }
    }
    return relation->stored && !relation->partition;
}

static diff_relation *find_lookup(diff_maker *m, diff_catalog *catalog)
{
    diff_relation *found = NULL;
    unsigned seen = 0;

    for (int i = 0; i < catalog->count; i++) {
        diff_relation *relation = catalog->relations[i];
        if (has_own_types(relation) && diff_below(m->random, ++seen) == 0) {
            found = relation;
        }
    }
    return found;
}

static diff_node *statement_of(diff_maker *m, diff_kind kind, const char *name, int count)
{
    diff_node *statement = diff_node_new(m->arena, kind, count);

    statement->name = name;
    return statement;
}

/* No number larger than there were may come: views that are there may add them up. */
static void keep_within(diff_maker *m, diff_column *column, diff_node *item)
{
    if (item->child[0]->most <= column->most) {
        return;
    }
    if (column->type == TYPE_TEXT) {
        column->most = item->child[0]->most;
    } else {
        item->child[0] = diff_make_literal(m, column->type, column->scale, NULL);
    }
}

static diff_node *make_update(diff_maker *m, diff_relation *relation)
{
    diff_node *update = statement_of(m, NODE_UPDATE, relation->name, 2);
    const int wanted = 1 + (int)diff_below(m->random, 2);
    diff_scope scope;

    diff_make_rows(m, relation, &scope);
    if (m->portable) { /* sqlite3 runs a query in it when some rows are changed already */
        m->features &= ~(diff_bit(DIFF_SCALAR_QUERY) | diff_bit(DIFF_EXISTS) |
                         diff_bit(DIFF_IN_QUERY) | diff_bit(DIFF_ANY_QUERY));
    }
    update->child[0] = diff_list_new(m->arena);
    for (int i = 0; i < wanted; i++) {
        const int at = (int)diff_below(m->random, (unsigned)relation->count);
        diff_column *column = &relation->columns[at];
        const bool again = update->child[0]->count > 0 &&
                           strcmp(update->child[0]->child[0]->name, column->name) == 0;
        if (column->unique || again) {
            continue;
        }
        diff_node *item = diff_make_item(m, diff_make_scaled(m, &scope, scope.columns[at], 2));
        item->name = column->name;
        keep_within(m, column, item);
        diff_list_add(m->arena, update->child[0], item);
    }
    if (!diff_chance(m->random, 15)) {
        update->child[1] = diff_make_condition(m, &scope, 1);
    }
    return update->child[0]->count > 0 ? update : NULL;
}

static diff_node *make_delete(diff_maker *m, const diff_relation *relation)
{
    diff_node *statement = statement_of(m, NODE_DELETE, relation->name, 1);
    diff_scope scope;

    diff_make_rows(m, relation, &scope);
    statement->child[0] = diff_make_condition(m, &scope, 1);
    if (diff_chance(m->random, 60)) { /* leave most rows */
        statement->child[0] =
            diff_make_both(m, statement->child[0], diff_make_condition(m, &scope, 0));
    }
    return statement;
}

static diff_node *make_insert(diff_maker *m, diff_relation *relation)
{
    diff_node *insert = statement_of(m, NODE_INSERT, relation->name, 1);
    diff_node *row = diff_node_new(m->arena, NODE_SELECT, SELECT_CHILDREN);
    diff_scope scope;

    /* Its columns, as items to make others like. */
    diff_make_rows(m, relation, &scope);
    row->child[SELECT_ITEMS] = diff_list_new(m->arena);
    for (int i = 0; i < scope.count; i++) {
        diff_list_add(m->arena, row->child[SELECT_ITEMS], diff_make_item(m, scope.columns[i]));
    }
    m->features &= ~diff_bit(DIFF_JOINS); /* or there would soon be too many rows */
    insert->child[0] = diff_make_select(m, row, 1, false);
    for (int i = 0; i < relation->count; i++) {
        relation->columns[i].unique = false;
        keep_within(m, &relation->columns[i], insert->child[0]->child[SELECT_ITEMS]->child[i]);
    }
    return insert;
}

/* Gives the item another name, wherever it is spoken of. */
static void rename_item(diff_node *node, const char *from, const char *to)
{
    if (node->name && strcmp(node->name, from) == 0) {
        node->name = to;
    }
    for (int i = 0; i < node->count; i++) {
        if (node->child[i]) {
            rename_item(node->child[i], from, to);
        }
    }
}

/* A table or a view of a query; NULL if there are enough of them. */
static diff_node *make_relation(diff_maker *m, diff_catalog *catalog, diff_kind kind)
{
    diff_relation *relation = MU_NEW(m->arena, diff_relation);
    const diff_node *columns[CATALOG_COLUMNS];

    if (catalog->count == CATALOG_RELATIONS) {
        return NULL;
    }
    relation->name =
        diff_text(m->arena, "%s_%c", kind == NODE_VIEW ? "view" : "made", 'a' + catalog->count);
    relation->stored = kind == NODE_CTAS;
    m->features &= kind == NODE_CTAS ? ~diff_bit(DIFF_JOINS) : diff_features_all();
    diff_node *statement = statement_of(m, kind, relation->name, 1);
    diff_node *query = diff_make_select(m, NULL, DEPTH, false);
    statement->child[0] = query;
    if (diff_items(query)->child[0]->kind == NODE_STAR) {
        return NULL;
    }
    relation->row_count = (int)query->most;
    relation->count = diff_columns(query, columns, CATALOG_COLUMNS);
    for (int i = 0; i < relation->count; i++) {
        const char *name = diff_text(m->arena, "%s_%d", relation->name, i + 1);
        rename_item(query, query->child[SELECT_ITEMS]->child[i]->name, name);
        relation->columns[i] = (diff_column){.name = name,
                                             .type = columns[i]->type,
                                             .scale = columns[i]->scale,
                                             .most = columns[i]->most,
                                             .relation = relation,
                                             .index = i};
    }
    catalog->relations[catalog->count++] = relation;
    return statement;
}

/* A tag or an audience: of those whose events meet a condition. */
static diff_node *make_set(diff_maker *m, diff_catalog *catalog)
{
    const diff_relation *events = diff_some_events(m);
    diff_node *select = diff_node_new(m->arena, NODE_SELECT, SELECT_CHILDREN);
    diff_node *table = diff_node_new(m->arena, NODE_TABLE, 0);
    diff_node *customer = diff_node_new(m->arena, NODE_COLUMN, 0);
    diff_scope scope;

    if (catalog->set_count == CATALOG_SETS) {
        return NULL;
    }
    diff_make_rows(m, events, &scope);
    table->name = events->name;
    table->text = diff_new_name(m, "r");
    customer->name = diff_customer_name(events);
    select->child[SELECT_ITEMS] = diff_list_new(m->arena);
    diff_list_add(m->arena, select->child[SELECT_ITEMS], diff_make_item(m, customer));
    select->child[SELECT_ITEMS]->child[0]->name = "customer";
    select->child[SELECT_FROM] = table;
    select->child[SELECT_WHERE] = diff_make_condition(m, &scope, 1);
    diff_node *set =
        statement_of(m, NODE_SET, diff_text(m->arena, "set_%d", catalog->set_count), 1);
    set->text = diff_chance(m->random, 50) ? "TAG" : "AUDIENCE";
    set->child[0] = select;
    catalog->sets[catalog->set_count++] = set;
    return set;
}

static diff_node *make_statement(diff_maker *m, diff_catalog *catalog)
{
    static const diff_feature features[] = {DIFF_UPDATE, DIFF_DELETE, DIFF_INSERT_QUERY,
                                            DIFF_VIEWS,  DIFF_CTAS,   DIFF_SETS};
    const diff_feature feature = features[diff_below(m->random, 6)];
    diff_relation *lookup = find_lookup(m, catalog);

    const bool changes =
        feature == DIFF_UPDATE || feature == DIFF_DELETE || feature == DIFF_INSERT_QUERY;

    if (!diff_has(m, feature) || (!lookup && changes)) {
        return NULL;
    }
    switch ((int)feature) {
    case DIFF_UPDATE:
        return make_update(m, lookup);
    case DIFF_DELETE:
        return make_delete(m, lookup);
    case DIFF_INSERT_QUERY:
        return make_insert(m, lookup);
    case DIFF_SETS:
        return make_set(m, catalog);
    case DIFF_VIEWS:
        return make_relation(m, catalog, NODE_VIEW);
    default:
        return make_relation(m, catalog, NODE_CTAS);
    }
}

diff_node *diff_make_statement(diff_maker *m, diff_catalog *catalog)
{
    const diff_features features = m->features;
    diff_node *made = make_statement(m, catalog);

    m->features = features;
    return made;
}
