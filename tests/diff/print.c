/*
 * print.c - queries and statements in each dialect.
 */
#include "tests/diff/print.h"

#include <stdlib.h>
#include <string.h>

static void put_source(diff_out *out, const diff_node *source);

/* The item with the key's name, and its number; NULL if there is none any more. */
static const diff_node *item_of(const diff_out *out, const diff_node *key, int *place)
{
    for (int i = 0; key->name && out->items && i < out->items->count; i++) {
        const diff_node *item = out->items->child[i];
        if (item->name && strcmp(item->name, key->name) == 0) {
            *place = i + 1;
            return item;
        }
    }
    return NULL;
}

static void put_key(diff_out *out, const diff_node *key)
{
    int place = 0;
    const diff_node *item = item_of(out, key, &place);

    if (item && key->flags & KEY_AS_PLACE) {
        diff_put(out, "%d", place);
    } else if (item && key->flags & KEY_AS_ALIAS) {
        diff_put(out, "%s", item->name);
    } else {
        diff_print_expr(out, key->child[0]);
    }
}

/* GROUP BY ALL, for who has it not, or takes what HAVING speaks of for keys too, as DuckDB does. */
static void put_all_keys(diff_out *out)
{
    const char *between = " GROUP BY ";

    for (int i = 0; i < out->items->count; i++) {
        const diff_node *item = out->items->child[i];
        if (item->kind == NODE_ITEM && !diff_has_kind(item, NODE_AGGREGATE)) {
            diff_put(out, "%s", between);
            diff_print_expr(out, item->child[0]);
            between = ", ";
        }
    }
}

static void put_group(diff_out *out, const diff_node *group)
{
    if (!group || group->count == 0) {
        return;
    }
    if (group->child[0]->flags & KEY_AS_ALL) {
        if (out->dialect != DIALECT_MUSTER) {
            put_all_keys(out);
        } else {
            diff_put(out, " GROUP BY ALL");
        }
        return;
    }
    for (int i = 0; i < group->count; i++) {
        diff_put(out, i == 0 ? " GROUP BY " : ", ");
        put_key(out, group->child[i]);
    }
}

/* ALL means every item; shrink.c may have taken some away, on either side. */
static bool is_all(const diff_out *out, const diff_node *order)
{
    return order && order->count > 0 && order->child[0]->flags & KEY_AS_ALL &&
           out->dialect != DIALECT_SQLITE && out->items->count == order->count;
}

static void put_order(diff_out *out, const diff_node *order)
{
    if (is_all(out, order)) {
        diff_put(out, " ORDER BY ALL%s NULLS %s", order->child[0]->flags & KEY_DESC ? " DESC" : "",
                 order->child[0]->flags & KEY_NULLS_FIRST ? "FIRST" : "LAST");
        return;
    }
    for (int i = 0; order && i < order->count; i++) {
        const diff_node *key = order->child[i];
        const bool descends = key->flags & KEY_DESC, nulls_first = key->flags & KEY_NULLS_FIRST;
        diff_put(out, i == 0 ? " ORDER BY " : ", ");
        put_key(out, key);
        diff_put(out, descends ? " DESC" : "");
        if (out->dialect != DIALECT_MUSTER || descends != nulls_first) {
            diff_put(out, nulls_first ? " NULLS FIRST" : " NULLS LAST");
        }
    }
}

static void put_limit(diff_out *out, const diff_node *limit, const diff_node *offset)
{
    if (limit) {
        diff_put(out, " LIMIT %s", limit->text);
    } else if (offset && out->dialect == DIALECT_SQLITE) {
        diff_put(out, " LIMIT -1");
    }
    if (offset) {
        diff_put(out, " OFFSET %s", offset->text);
    }
}

static void put_star(diff_out *out, const diff_node *star)
{
    const int kept = star->count - (int)star->flags;

    if (star->flags == 0) {
        diff_put(out, "*");
    } else if (out->dialect == DIALECT_SQLITE) {
        for (int i = 0; i < kept; i++) {
            diff_put(out, i == 0 ? "" : ", ");
            diff_print_expr(out, star->child[i]);
        }
    } else {
        diff_put(out, "* EXCLUDE (");
        for (int i = kept; i < star->count; i++) {
            diff_put(out, "%s%s", i == kept ? "" : ", ", star->child[i]->name);
        }
        diff_put(out, ")");
    }
}

static void put_items(diff_out *out, const diff_node *items)
{
    for (int i = 0; i < items->count; i++) {
        const diff_node *item = items->child[i];
        diff_put(out, i == 0 ? "" : ", ");
        if (item->kind == NODE_STAR) {
            put_star(out, item);
            continue;
        }
        diff_print_expr(out, item->child[0]);
        diff_put(out, " AS %s", item->name);
    }
}

static void put_clause(diff_out *out, const char *words, const diff_node *condition)
{
    if (condition) {
        diff_put(out, "%s", words);
        diff_print_expr(out, condition);
    }
}

static void put_with(diff_out *out, const diff_node *with)
{
    for (int i = 0; with && i < with->count; i++) {
        diff_put(out, "%s%s AS (", i == 0 ? "WITH " : ", ", with->child[i]->name);
        diff_print_query(out, with->child[i]->child[0]);
        diff_put(out, ")%s", i + 1 == with->count ? " " : "");
    }
}

static void put_from(diff_out *out, const char *words, const diff_node *source)
{
    if (source) {
        diff_put(out, "%s", words);
        put_source(out, source);
    }
}

static void put_select(diff_out *out, const diff_node *select)
{
    diff_node *const *child = select->child;
    const bool from_first = select->text && child[SELECT_FROM] && out->dialect != DIALECT_SQLITE;

    put_with(out, child[SELECT_WITH]);
    if (from_first) {
        put_from(out, "FROM ", child[SELECT_FROM]);
    }
    diff_put(out, "%sSELECT %s", from_first ? " " : "", select->flags ? "DISTINCT " : "");
    put_items(out, child[SELECT_ITEMS]);
    if (!from_first) {
        put_from(out, " FROM ", child[SELECT_FROM]);
    }
    out->items = child[SELECT_ITEMS]; /* the queries in it have had theirs */
    put_clause(out, " WHERE ", child[SELECT_WHERE]);
    out->items = child[SELECT_ITEMS];
    put_group(out, child[SELECT_GROUP]);
    put_clause(out, " HAVING ", child[SELECT_HAVING]);
    put_clause(out, " QUALIFY ", child[SELECT_QUALIFY]);
    out->lacks |= child[SELECT_QUALIFY] && out->dialect == DIALECT_SQLITE;
    out->items = child[SELECT_ITEMS];
    put_order(out, child[SELECT_ORDER]);
    put_limit(out, child[SELECT_LIMIT], child[SELECT_OFFSET]);
}

static bool is_plain(const diff_node *query)
{
    return query->kind == NODE_SELECT && !query->child[SELECT_WITH] &&
           !query->child[SELECT_ORDER] && !query->child[SELECT_LIMIT] &&
           !query->child[SELECT_OFFSET];
}

/* One side of a set operation. INTERSECT binds more tightly, all others go from left to right. */
static void put_side(diff_out *out, const diff_node *setop, int side)
{
    const diff_node *query = setop->child[side];
    const bool tight = strncmp(setop->text, "INTERSECT", 9) == 0;
    const bool flat = query->kind == NODE_SETOP && !query->child[SETOP_ORDER] &&
                      !query->child[SETOP_LIMIT] && side == SETOP_LEFT &&
                      (!tight || strncmp(query->text, "INTERSECT", 9) == 0);

    if (is_plain(query) || (flat && out->dialect != DIALECT_SQLITE)) {
        diff_print_query(out, query);
    } else {
        diff_put(out, out->dialect == DIALECT_SQLITE ? "SELECT * FROM (" : "(");
        diff_print_query(out, query);
        diff_put(out, ")");
    }
}

static void put_setop(diff_out *out, const diff_node *setop)
{
    put_side(out, setop, SETOP_LEFT);
    diff_put(out, " %s ", setop->text);
    put_side(out, setop, SETOP_RIGHT);
    out->lacks |= out->dialect == DIALECT_SQLITE && strstr(setop->text, "ALL") &&
                  strncmp(setop->text, "UNION", 5) != 0;
    out->items = diff_items(setop);
    put_order(out, setop->child[SETOP_ORDER]);
    put_limit(out, setop->child[SETOP_LIMIT], NULL);
}

static void put_values(diff_out *out, const diff_node *values)
{
    const bool unions = out->dialect == DIALECT_SQLITE;

    diff_put(out, unions ? "" : "VALUES ");
    for (int i = 0; i < values->count; i++) {
        const diff_node *row = values->child[i];
        diff_put(out, unions ? "%sSELECT " : "%s(", i == 0 ? "" : unions ? " UNION ALL " : ", ");
        for (int c = 0; c < row->count; c++) {
            const diff_node *value = row->child[c];
            diff_put(out, c == 0 ? "" : ", ");
            diff_print_expr(out, value->kind == NODE_ITEM ? value->child[0] : value);
            if (unions && value->kind == NODE_ITEM) {
                diff_put(out, " AS %s", value->name);
            }
        }
        diff_put(out, unions ? "" : ")");
    }
}

void diff_print_query(diff_out *out, const diff_node *node)
{
    const diff_node *items = out->items;

    switch ((int)node->kind) {
    case NODE_SELECT:
        put_select(out, node);
        break;
    case NODE_SETOP:
        put_setop(out, node);
        break;
    default:
        put_values(out, node);
        break;
    }
    out->items = items;
}

static void put_derived(diff_out *out, const diff_node *source)
{
    if (source->name) {
        diff_put(out, "%s AS %s", source->name, source->text);
        return;
    }
    const diff_node *query = source->child[0];
    diff_put(out, "(");
    diff_print_query(out, query);
    diff_put(out, ") AS %s", source->text);
    if (query->kind == NODE_VALUES && out->dialect != DIALECT_SQLITE) {
        for (int i = 0; i < query->child[0]->count; i++) {
            diff_put(out, "%s%s", i == 0 ? "(" : ", ", query->child[0]->child[i]->name);
        }
        diff_put(out, ")");
    }
}

/* sqlite3 before 3.41 may lose rows of a RIGHT or FULL JOIN to the right of another join, where a
 * constant stands in ON. */
static bool may_lose_rows(const diff_out *out, const diff_node *join)
{
    return out->dialect == DIALECT_SQLITE && join->child[JOIN_LEFT]->kind == NODE_JOIN &&
           (strstr(join->text, "RIGHT") || strstr(join->text, "FULL"));
}

static void put_join(diff_out *out, const diff_node *join)
{
    const diff_node *on = join->child[JOIN_ON], *right = join->child[JOIN_RIGHT];
    const bool nested = right->kind == NODE_JOIN;

    out->lacks |= may_lose_rows(out, join);
    put_source(out, join->child[JOIN_LEFT]);
    diff_put(out, join->text[0] == ',' ? ", " : " %s ", join->text);
    diff_put(out, nested ? "(" : "");
    put_source(out, right);
    diff_put(out, nested ? ")" : "");
    if (on && on->kind == NODE_NAMES) {
        for (int i = 0; i < on->count; i++) {
            diff_put(out, "%s%s", i == 0 ? " USING (" : ", ", on->child[i]->name);
        }
        diff_put(out, ")");
    } else {
        put_clause(out, " ON ", on);
    }
}

static void put_source(diff_out *out, const diff_node *source)
{
    switch ((int)source->kind) {
    case NODE_TABLE:
        diff_put(out, "%s AS %s", source->name, source->text);
        break;
    case NODE_DERIVED:
        put_derived(out, source);
        break;
    default:
        put_join(out, source);
        break;
    }
}

static void put_statement(diff_out *out, const diff_node *tree)
{
    static const char *const words[][2] = {
        [NODE_VIEW] = {"CREATE VIEW", " AS "}, [NODE_CTAS] = {"CREATE TABLE", " AS "},
        [NODE_INSERT] = {"INSERT INTO", " "},  [NODE_UPDATE] = {"UPDATE", " SET "},
        [NODE_DELETE] = {"DELETE FROM", ""},
    };

    if (tree->kind == NODE_SET) {
        diff_put(out, "CREATE %s %s AS ", out->dialect == DIALECT_MUSTER ? tree->text : "TABLE",
                 tree->name);
        diff_print_query(out, tree->child[0]);
        return;
    }
    diff_put(out, "%s %s%s", words[tree->kind][0], tree->name, words[tree->kind][1]);
    if (tree->kind == NODE_DELETE) {
        put_clause(out, " WHERE ", tree->child[0]);
        return;
    }
    if (tree->kind != NODE_UPDATE) {
        diff_print_query(out, tree->child[0]);
        return;
    }
    for (int i = 0; i < tree->child[0]->count; i++) {
        const diff_node *item = tree->child[0]->child[i];
        diff_put(out, "%s%s = ", i == 0 ? "" : ", ", item->name);
        diff_print_expr(out, item->child[0]);
    }
    put_clause(out, " WHERE ", tree->child[1]);
}

const char *diff_print(mu_arena *arena, diff_dialect dialect, const diff_node *tree)
{
    diff_out out = {.arena = arena, .dialect = dialect};

    if (diff_is_query(tree)) {
        diff_print_query(&out, tree);
    } else {
        put_statement(&out, tree);
    }
    return out.lacks ? NULL : out.text;
}

const char *diff_print_bound(mu_arena *arena, const diff_node *query, diff_bound *bound)
{
    diff_out out = {.arena = arena, .dialect = DIALECT_MUSTER, .bound = bound};

    bound->count = 0;
    diff_print_query(&out, query);
    return out.text;
}

const char *diff_print_create(mu_arena *arena, diff_dialect dialect, const diff_relation *relation)
{
    diff_out out = {.arena = arena, .dialect = dialect};

    if (relation->elsewhere) {
        return dialect == DIALECT_MUSTER
                   ? NULL
                   : diff_text(arena, "CREATE VIEW %s AS %s", relation->name, relation->elsewhere);
    }
    diff_put(&out, "CREATE TABLE %s (", relation->name);
    for (int i = 0; i < relation->count; i++) {
        const diff_column *column = &relation->columns[i];
        diff_put(&out, "%s%s %s", i == 0 ? "" : ", ", column->name,
                 diff_type_name(arena, dialect, column->type, column->scale));
        if (column->role && dialect == DIALECT_MUSTER) {
            diff_put(&out, " %s", column->role);
        }
    }
    diff_put(&out, ")");
    if (relation->partition && dialect == DIALECT_MUSTER) {
        diff_put(&out, " PARTITION BY %s", relation->partition);
    }
    return out.text;
}

const char *diff_print_rows(mu_arena *arena, diff_dialect dialect, const diff_relation *relation,
                            int first, int count)
{
    diff_out out = {.arena = arena, .dialect = dialect};

    diff_put(&out, "INSERT INTO %s VALUES ", relation->name);
    for (int i = first; i < first + count; i++) {
        diff_put(&out, i == first ? "(" : ", (");
        for (int c = 0; c < relation->count; c++) {
            const diff_column *column = &relation->columns[c];
            const char *value = relation->rows[i][c];
            diff_put(&out, c == 0 ? "" : ", ");
            diff_print_cell(&out, column, value);
        }
        diff_put(&out, ")");
    }
    return out.text;
}
