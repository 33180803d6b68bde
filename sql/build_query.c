/*
 * build_query.c - the nodes of queries and of what they read, for the actions of grammar_query.y.
 */
#include "sql/build.h"
#include "storage/base/limits.h"

mu_ast_source *mu_build_source(mu_build *b, int32_t start)
{
    mu_ast_source *source = MU_NEW(b->arena, mu_ast_source);

    if (!source) {
        mu_build_fail_memory(b);
        return NULL;
    }
    source->start = start;
    source->end = b->end;
    source->depth = 1;
    return source;
}

mu_ast_source *mu_build_join(mu_build *b, mu_ast_join_kind kind, mu_token at, mu_ast_source *left,
                             mu_ast_source *right)
{
    mu_ast_source *join = left && right ? mu_build_source(b, left->start) : NULL;

    if (!join) {
        return NULL;
    }
    join->join = kind;
    join->left = left;
    join->right = right;
    join->offset = at.offset;
    join->depth = 1 + (left->depth > right->depth ? left->depth : right->depth);
    if (join->depth > MU_MAX_DEPTH) {
        mu_build_fail_depth(b, at.offset);
    }
    return join;
}

mu_ast_source *mu_build_named(mu_build *b, int32_t start, mu_ast_source *join, mu_ast_name alias)
{
    mu_ast_source *source = mu_build_source(b, start);

    if (source) {
        source->left = join;
        source->alias = alias;
        source->depth = join->depth + 1;
    }
    return source;
}

mu_ast_select *mu_build_select(mu_build *b, int32_t start)
{
    mu_ast_select *query = MU_NEW(b->arena, mu_ast_select);

    if (!query) {
        mu_build_fail_memory(b);
        return NULL;
    }
    query->start = start;
    query->depth = 1;
    return query;
}

mu_ast_select *mu_build_values(mu_build *b, int32_t start, mu_ast_rows rows)
{
    mu_ast_select *query = mu_build_select(b, start);

    if (query) {
        query->kind = MU_AST_VALUES;
        query->rows = rows;
    }
    return query;
}

mu_ast_select *mu_build_closed_select(mu_build *b, mu_token open, mu_ast_select *query)
{
    if (query) {
        query->start = open.offset;
        query->end = b->end;
    }
    return query;
}

static void deepen_query(mu_ast_select *query, uint32_t depth)
{
    if (depth >= query->depth) {
        query->depth = depth + 1;
    }
}

static void deepen_by_items(mu_ast_select *query, const mu_ast_items *items)
{
    for (uint32_t i = 0; i < items->count; i++) {
        if (items->data[i].expr) {
            deepen_query(query, items->data[i].expr->depth);
        }
    }
}

static void deepen_by_source(mu_ast_select *query, const mu_ast_source *source)
{
    if (!source) {
        return;
    }
    deepen_query(query, source->depth);
    deepen_query(query, source->query ? source->query->depth : 0);
    deepen_query(query, source->on ? source->on->depth : 0);
    deepen_by_items(query, &source->operands);
    deepen_by_source(query, source->left);
    deepen_by_source(query, source->right);
}

mu_ast_select *mu_build_finish_select(mu_build *b, mu_ast_select *query)
{
    if (!query || b->status != MUSTER_OK) {
        return NULL;
    }
    query->end = b->end;
    deepen_by_items(query, &query->items);
    deepen_by_items(query, &query->groups);
    for (uint32_t i = 0; i < query->orders.count; i++) {
        deepen_query(query, query->orders.data[i].expr ? query->orders.data[i].expr->depth : 0);
    }
    /* Each query of a WITH may use the one before it, and is put in place where it is used. */
    for (uint32_t i = 0; i < query->commons.count; i++) {
        query->depth += query->commons.data[i].query->depth;
    }
    deepen_query(query, query->where ? query->where->depth : 0);
    deepen_query(query, query->having ? query->having->depth : 0);
    for (uint32_t i = 0; i < query->windows.count; i++) {
        deepen_query(query, query->windows.data[i].window->depth);
    }
    deepen_query(query, query->qualify ? query->qualify->depth : 0);
    deepen_by_source(query, query->from);
    for (uint32_t i = 0; i < query->rows.count; i++) {
        deepen_by_items(query, &query->rows.data[i]);
    }
    for (uint32_t i = 0; i < query->members.count; i++) {
        deepen_query(query, query->members.data[i]->depth);
    }
    if (query->depth > MU_MAX_DEPTH) {
        mu_build_fail_depth(b, query->start);
    }
    return query;
}

/* Has the query something of its own around it, so that it cannot be part of what is around? */
static bool is_closed(const mu_ast_select *query)
{
    return query->commons.count > 0 || query->orders.count > 0 || query->limit || query->offset;
}

static mu_ast_select *new_members(mu_build *b, mu_ast_query_kind kind, mu_ast_select *first)
{
    mu_ast_select *query = mu_build_select(b, first->start);

    if (query) {
        query->kind = kind;
        query->members = mu_build_add_query(b, query->members, first);
    }
    return query;
}

mu_ast_select *mu_build_members(mu_build *b, mu_ast_query_kind kind, bool all, mu_ast_select *left,
                                mu_ast_select *right)
{
    mu_ast_select *query = left;

    if (!left || !right) {
        return NULL;
    }
    if (left->kind != kind || left->all != all || is_closed(left)) {
        query = new_members(b, kind, left);
    }
    if (!query) {
        return NULL;
    }
    query->all = all;
    query->end = b->end;
    query->members = mu_build_add_query(b, query->members, right);
    deepen_query(query, left == query ? 0 : left->depth); /* what is there has been counted */
    deepen_query(query, right->depth);
    if (query->depth > MU_MAX_DEPTH) {
        mu_build_fail_depth(b, query->start);
    }
    return query;
}

static mu_ast_select *open_select(mu_build *b, mu_ast_select *query)
{
    return query && is_closed(query) ? new_members(b, MU_AST_UNION, query) : query;
}

static mu_ast_select *put_tail(mu_build *b, mu_ast_select *query, const mu_build_tail *tail)
{
    if (query && tail) {
        query->order_all = tail->order.all;
        query->orders = tail->order.items;
        query->limit = tail->limit.limit;
        query->offset = tail->limit.offset;
    }
    return mu_build_finish_select(b, query);
}

mu_ast_select *mu_build_tail_of(mu_build *b, mu_ast_select *query, const mu_build_tail *tail)
{
    return put_tail(b, open_select(b, query), tail);
}

mu_ast_select *mu_build_with(mu_build *b, mu_token with, mu_ast_commons commons,
                             mu_ast_select *query, const mu_build_tail *tail)
{
    query = open_select(b, query);
    if (query) {
        query->commons = commons;
        query->start = with.offset;
    }
    return put_tail(b, query, tail);
}

void mu_build_insert(mu_ast_statement *statement, mu_ast_select *query)
{
    if (query && query->kind == MU_AST_VALUES && !is_closed(query)) {
        statement->rows = query->rows;
    } else {
        statement->query = query;
    }
}
