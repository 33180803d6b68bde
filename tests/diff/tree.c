/*
 * tree.c - see tree.h.
 */
#include "tests/diff/tree.h"

#include "tests/diff/op.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *need(void *memory)
{
    if (!memory) {
        (void)fprintf(stderr, "out of memory\n");
        exit(2);
    }
    return memory;
}

diff_node *diff_node_new(mu_arena *arena, diff_kind kind, int count)
{
    diff_node *node = need(MU_NEW(arena, diff_node));

    node->kind = kind;
    node->count = node->room = count;
    node->child = need(MU_NEW_ARRAY(arena, diff_node *, (size_t)count));
    return node;
}

diff_node *diff_list_new(mu_arena *arena)
{
    return diff_node_new(arena, NODE_LIST, 0);
}

void diff_list_add(mu_arena *arena, diff_node *list, diff_node *node)
{
    if (list->count == list->room) {
        const int room = list->room * 2 + 4;
        diff_node **child = need(MU_NEW_ARRAY(arena, diff_node *, (size_t)room));
        if (list->count > 0) {
            memcpy(child, list->child, (size_t)list->count * sizeof *child);
        }
        list->child = child;
        list->room = room;
    }
    list->child[list->count++] = node;
}

diff_node *diff_clone(mu_arena *arena, const diff_node *node)
{
    if (!node) {
        return NULL;
    }
    diff_node *copy = diff_node_new(arena, node->kind, node->count);
    diff_node **child = copy->child;
    *copy = *node;
    copy->child = child;
    copy->room = node->count;
    for (int i = 0; i < node->count; i++) {
        copy->child[i] = diff_clone(arena, node->child[i]);
    }
    return copy;
}

int diff_size(const diff_node *node)
{
    int size = node != NULL;

    for (int i = 0; node && i < node->count; i++) {
        size += diff_size(node->child[i]);
    }
    return size;
}

bool diff_is_expression(const diff_node *node)
{
    return node->kind <= NODE_DID;
}

bool diff_is_query(const diff_node *node)
{
    return node->kind >= NODE_SELECT && node->kind <= NODE_VALUES;
}

bool diff_is_source(const diff_node *node)
{
    return node->kind >= NODE_TABLE && node->kind <= NODE_JOIN;
}

static diff_features if_set(bool set, diff_feature feature)
{
    return set ? diff_bit(feature) : 0;
}

static diff_features of_join(const diff_node *join)
{
    const diff_node *on = join->child[JOIN_ON];
    const bool natural = strncmp(join->text, "NATURAL", 7) == 0;
    const bool outer =
        strstr(join->text, "LEFT") || strstr(join->text, "RIGHT") || strstr(join->text, "FULL");

    return diff_bit(DIFF_JOINS) | if_set(outer, DIFF_OUTER_JOINS) | if_set(natural, DIFF_NATURAL) |
           if_set(on && on->kind == NODE_NAMES, DIFF_USING);
}

static bool by_all(const diff_node *keys)
{
    return keys && keys->count > 0 && keys->child[0]->flags & KEY_AS_ALL;
}

static diff_features of_frame(const char *frame)
{
    return diff_bit(DIFF_FRAMES) | if_set(frame[0] == 'G', DIFF_GROUP_FRAMES) |
           if_set(strstr(frame, "$") || strstr(frame, "INTERVAL"), DIFF_RANGE_FRAMES) |
           if_set(strstr(frame, "EXCLUDE"), DIFF_EXCLUDE);
}

static diff_features of_select(const diff_node *select)
{
    diff_node *const *child = select->child;
    const diff_node *group = child[SELECT_GROUP];
    const unsigned keys = group && group->count > 0 ? group->child[0]->flags : 0;

    return if_set(child[SELECT_WITH], DIFF_WITH) | if_set(group, DIFF_GROUPS) |
           if_set(child[SELECT_HAVING], DIFF_HAVING) | if_set(child[SELECT_ORDER], DIFF_ORDER) |
           if_set(child[SELECT_QUALIFY], DIFF_QUALIFY) | if_set(child[SELECT_LIMIT], DIFF_LIMIT) |
           if_set(child[SELECT_OFFSET], DIFF_LIMIT) | if_set(keys & KEY_AS_ALL, DIFF_GROUP_ALL) |
           if_set(keys & KEY_AS_ALIAS, DIFF_ALIASES) | if_set(select->flags, DIFF_DISTINCT) |
           if_set(by_all(child[SELECT_ORDER]), DIFF_ORDER_ALL) |
           if_set(select->text, DIFF_FROM_FIRST);
}

static diff_features of_setop(const diff_node *setop)
{
    const bool all = strstr(setop->text, "ALL") && strncmp(setop->text, "UNION", 5) != 0;

    return diff_bit(DIFF_SETOPS) | if_set(all, DIFF_SETOPS_ALL) |
           if_set(setop->child[SETOP_ORDER], DIFF_ORDER) |
           if_set(by_all(setop->child[SETOP_ORDER]), DIFF_ORDER_ALL) |
           if_set(setop->child[SETOP_LIMIT], DIFF_LIMIT);
}

static diff_features of_node(const diff_node *node)
{
    static const diff_feature features[] = {
        [NODE_SCALAR] = DIFF_SCALAR_QUERY,
        [NODE_EXISTS] = DIFF_EXISTS,
        [NODE_IN_QUERY] = DIFF_IN_QUERY,
        [NODE_ANY_QUERY] = DIFF_ANY_QUERY,
        [NODE_DID] = DIFF_DID,
        [NODE_WINDOW] = DIFF_WINDOWS,
        [NODE_DERIVED] = DIFF_DERIVED,
        [NODE_VALUES] = DIFF_VALUES,
        [NODE_STAR] = DIFF_STAR,
        [NODE_VIEW] = DIFF_VIEWS,
        [NODE_CTAS] = DIFF_CTAS,
        [NODE_INSERT] = DIFF_INSERT_QUERY,
        [NODE_UPDATE] = DIFF_UPDATE,
        [NODE_DELETE] = DIFF_DELETE,
        [NODE_SET] = DIFF_SETS,
    };
    const diff_features own = diff_bit(features[node->kind]);

    if (node->op) {
        return own | diff_bit(node->op->feature) |
               if_set(node->kind == NODE_AGGREGATE && node->child[node->count - 1], DIFF_FILTER);
    }
    return node->kind == NODE_TABLE
               ? own | if_set(strcmp(node->name, "customers") == 0, DIFF_CUSTOMERS)
           : node->kind == NODE_DID    ? own | if_set(!node->child[DID_CONDITION], DIFF_SETS)
           : node->kind == NODE_JOIN   ? of_join(node)
           : node->kind == NODE_SELECT ? of_select(node)
           : node->kind == NODE_SETOP  ? of_setop(node)
           : node->kind == NODE_COLUMN ? own | if_set(node->flags & COLUMN_OUTER, DIFF_CORRELATED)
           : node->kind == NODE_WINDOW ? own | (node->text ? of_frame(node->text) : 0)
                                       : own;
}

diff_features diff_features_in(const diff_node *node)
{
    diff_features features = diff_bit(DIFF_CORE);

    if (node) {
        features |= of_node(node);
        for (int i = 0; i < node->count; i++) {
            features |= diff_features_in(node->child[i]);
        }
    }
    return features;
}

const diff_node *diff_items(const diff_node *query)
{
    while (query->kind == NODE_SETOP) {
        query = query->child[SETOP_LEFT];
    }
    return query->kind == NODE_SELECT ? query->child[SELECT_ITEMS] : query->child[0];
}

bool diff_has_kind(const diff_node *node, diff_kind kind)
{
    if (!node || diff_is_query(node)) {
        return false;
    }
    if (node->kind == kind) {
        return true;
    }
    for (int i = 0; i < node->count; i++) {
        if (diff_has_kind(node->child[i], kind)) {
            return true;
        }
    }
    return false;
}

int diff_columns(const diff_node *query, const diff_node **columns, int most)
{
    const diff_node *items = diff_items(query);
    int count = 0;

    for (int i = 0; i < items->count; i++) {
        const diff_node *item = items->child[i];
        const int of_item = item->kind == NODE_STAR ? item->count - (int)item->flags : 1;
        for (int c = 0; c < of_item && count < most; c++) {
            columns[count++] = item->child[c];
        }
    }
    return count;
}

int diff_argument_count(const diff_node *call)
{
    return call->kind == NODE_AGGREGATE ? call->count - 1 : call->count;
}

bool diff_is_ordered(const diff_node *query)
{
    return query->kind == NODE_SELECT  ? query->child[SELECT_ORDER] && query->place > 0
           : query->kind == NODE_SETOP ? query->child[SETOP_ORDER] && query->place > 0
                                       : false;
}

const char *diff_text(mu_arena *arena, const char *format, ...)
{
    char small[4096];
    va_list arguments;

    va_start(arguments, format);
    const int size = vsnprintf(small, sizeof small, format, arguments);
    va_end(arguments);
    if (size < 0 || (size_t)size >= sizeof small) {
        return need(NULL);
    }
    return need(mu_arena_text(arena, small, (size_t)size));
}
