/*
 * explain.c - a plan as a tree in words: a line for each node, its inputs below it and further in.
 *
 * Of one that has run, the figures stand in columns before the words:
 *
 *          rows      own time        read    memory  what
 *             5       0.02 ms           -    4.1 KB  sort by c descending
 *       1200000      10.31 ms      3.1 MB  120.0 KB    scan events: ...
 */
#include "query/explain.h"

#include "query/lookup.h"
#include "query/set.h"
#include "query/walk.h"

#include <inttypes.h>
#include <stdio.h>

/* A set or a lookup whose plan was shown: it is run once, and shown once. */
typedef struct shown_query {
    const void *query;
    struct shown_query *next;
} shown_query;

typedef struct tree {
    mu_explainer words; /* first: of the nodes */
    const mu_meters *meters;
    shown_query *shown; /* so far */
} tree;

static void put(tree *t, const char *text)
{
    mu_write_bytes(t->words.out, text, strlen(text));
}

static void put_figures(tree *t, const char *rows, const char *time, const char *bytes,
                        const char *memory)
{
    char line[160];

    (void)snprintf(line, sizeof line, "%12s %13s %11s %9s  ", rows, time, bytes, memory);
    put(t, line);
}

/* What the node took; `plan` is NULL for a line that is no node's. */
static void put_measures(tree *t, const mu_plan *plan)
{
    const mu_meter *meter = plan ? mu_meters_find(t->meters, plan) : NULL;
    char rows[32], time[32], bytes[32], memory[32];

    if (!meter) {
        put_figures(t, "", "", "", "");
        return;
    }
    (void)snprintf(rows, sizeof rows, "%" PRIu64, atomic_load(&meter->rows));
    (void)snprintf(time, sizeof time, "%.2f ms", (double)atomic_load(&meter->time_ns) / 1e6);
    const uint64_t read = atomic_load(&meter->bytes);
    put_figures(t, rows, time, read == 0 ? "-" : mu_mem_format(read, bytes),
                mu_mem_format(mu_account_peak(meter->account), memory));
}

static void begin_line(tree *t, const mu_plan *plan, uint32_t depth)
{
    if (t->meters) {
        put_measures(t, plan);
    }
    for (uint32_t i = 0; i < depth; i++) {
        put(t, "  ");
    }
}

static void put_number(tree *t, const char *before, uint64_t number, const char *after)
{
    char text[96];

    (void)snprintf(text, sizeof text, "%s%" PRIu64 "%s", before, number, after);
    put(t, text);
}

/* "; looked at 1 row" */
static void put_count(tree *t, const char *before, uint64_t number, const char *what)
{
    put_number(t, before, number, what);
    put(t, number == 1 ? "" : "s");
}

/* What scans of the node looked at. */
static void put_seen(tree *t, const mu_plan *plan)
{
    const mu_meter *meter = t->meters ? mu_meters_find(t->meters, plan) : NULL;

    if (!meter) {
        return;
    }
    const mu_scan_seen *seen = &meter->seen;
    const uint64_t blocks = atomic_load(&seen->blocks), counted = atomic_load(&seen->counted);
    const uint64_t by_postings = atomic_load(&seen->by_postings);
    const uint64_t by_limits = atomic_load(&seen->by_limits);
    const uint64_t units = atomic_load(&meter->units), all = atomic_load(&meter->all);
    if (blocks > 0) {
        put_count(t, "; looked at ", atomic_load(&seen->rows), " row");
        put_count(t, " in ", blocks, " block");
    }
    if (counted > 0) {
        put_count(t, "; took counts of ", counted, " segment");
    }
    if (by_postings > 0) {
        put_count(t, "; skipped ", by_postings, " block");
        put(t, " by postings");
    }
    if (by_limits > 0) {
        put_count(t, "; skipped ", by_limits, " block");
        put(t, " by min and max");
    }
    if (units > all) {
        put_number(t, "; run ", (units + all - 1) / all, " times");
    }
}

/* Subqueries: a branch under the node that is the first to use one. */

typedef struct branches {
    tree *tree;
    uint32_t depth;
} branches;

static muster_status put_tree(tree *t, const mu_plan *plan, uint32_t depth, const char *role,
                              muster_error *err);

/* *first: it was not shown yet. */
static muster_status show(tree *t, const void *query, bool *first, muster_error *err)
{
    shown_query *shown;

    *first = true;
    for (shown = t->shown; shown; shown = shown->next) {
        *first = *first && shown->query != query;
    }
    MU_ARENA_TRY(shown, t->words.scope->arena, 1, err);
    *shown = (shown_query){query, t->shown};
    t->shown = shown;
    return MUSTER_OK;
}

static muster_status put_set_branch(void *context, const mu_set *set, muster_error *err)
{
    const branches *b = context;
    bool first = set->kind == MU_SET_QUERY;

    if (first) {
        MU_TRY(show(b->tree, set, &first, err));
    }
    if (!first) {
        return MUSTER_OK;
    }
    begin_line(b->tree, NULL, b->depth);
    put(b->tree, "subquery, a set of customers\n");
    return put_tree(b->tree, set->query.plan, b->depth + 1, "", err);
}

/* The node that only keeps the rows has no line of its own. */
static muster_status put_lookup_branch(void *context, const mu_lookup *lookup, muster_error *err)
{
    const branches *b = context;
    bool first;

    MU_TRY(show(b->tree, lookup, &first, err));
    if (!first) {
        return MUSTER_OK;
    }
    begin_line(b->tree, NULL, b->depth);
    put_number(b->tree, "subquery ", lookup->number,
               lookup->key_count > 0 ? ", for all keys at once\n" : "\n");
    return put_tree(b->tree, lookup->plan, b->depth + 1, "", err);
}

/* What the second input of a node is to it. */
static const char *role_of_other(const mu_plan *plan)
{
    if (plan->kind != MU_PLAN_JOIN || plan->join.by_customer) {
        return "";
    }
    return plan->join.kind == MU_JOIN_INNER ? "kept, as the smaller: " : "kept: ";
}

static muster_status put_tree(tree *t, const mu_plan *plan, uint32_t depth, const char *role,
                              muster_error *err)
{
    branches under = {t, depth + 1};
    const mu_walk_visit visit = {put_set_branch, put_lookup_branch, &under};

    begin_line(t, plan, depth);
    put(t, role);
    MU_TRY(mu_explain_node(&t->words, plan, err));
    put_seen(t, plan);
    put(t, "\n");
    MU_TRY(mu_walk_queries(plan, &visit, err));
    if (plan->input) {
        MU_TRY(put_tree(t, plan->input, depth + 1, "", err));
    }
    return plan->other ? put_tree(t, plan->other, depth + 1, role_of_other(plan), err) : MUSTER_OK;
}

muster_status mu_plan_explain(const mu_scope *scope, const mu_plan *plan, const mu_meters *meters,
                              mu_writer *out, muster_error *err)
{
    tree t = {.words = {scope, out}, .meters = meters};

    if (meters) {
        put_figures(&t, "rows", "own time", "read", "memory");
        put(&t, "what\n");
    }
    MU_TRY(put_tree(&t, plan, 0, "", err));
    return out->failed ? mu_fail_memory(err, "explaining a plan") : MUSTER_OK;
}
