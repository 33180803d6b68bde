/*
 * count.c - counts that need not look at every row.
 *
 *   1. Customers with an event of some kind are the members of a set: count(DISTINCT customer) over
 *      a filter on an indexed column becomes the size of what did() gives.
 *   2. The size of a set is the sum of what its stripes have.
 *   3. Counts by an indexed column, or of all rows, are sums over a counted scan (scan.h), of which
 *      most rows are known without being read.
 *
 * In each case count(*) of rows becomes count(*) of rows that stand for many. Aggregates to which
 * it is the same how often a value comes stay as they are.
 */
#include "query/optimize.h"

#include "query/func.h"
#include "query/indexed.h"

static bool is_agg(const mu_agg_call *call, const char *name)
{
    return mu_name_equal(mu_agg_name(call->agg), name);
}

/* count(DISTINCT customer) */
static bool counts_people(const mu_agg_call *call)
{
    return is_agg(call, "count") && call->distinct && !call->filter && call->arg_count == 1 &&
           call->args[0]->kind == MU_EXPR_COLUMN && call->args[0]->type.kind == MU_CUSTOMER;
}

/* count(*) */
static bool counts_rows(const mu_agg_call *call)
{
    return is_agg(call, "count") && !call->distinct && !call->filter && call->arg_count == 0;
}

/* It is the same whether rows come one by one or one for many. */
static bool allows_counts(const mu_agg_call *call)
{
    return !call->order &&
           (is_agg(call, "count") || call->distinct || is_agg(call, "min") || is_agg(call, "max"));
}

static bool all_calls(const mu_plan *group, bool (*are)(const mu_agg_call *call))
{
    for (uint32_t i = 0; i < group->group.call_count; i++) {
        if (!are(&group->group.calls[i])) {
            return false;
        }
    }
    return true;
}

/* The scan with a last column that says how many rows each stands for, after `kept` of its own. */
static muster_status make_counted(const mu_scope *scope, const mu_plan *scan, uint32_t kept,
                                  mu_plan **out, muster_error *err)
{
    mu_plan_column *columns;

    MU_ARENA_TRY(*out, scope->arena, 1, err);
    MU_ARENA_TRY(columns, scope->arena, kept + 1, err);
    for (uint32_t c = 0; c < kept; c++) {
        columns[c] = scan->columns[c];
    }
    columns[kept] = (mu_plan_column){"rows", {.kind = MU_BIGINT, .bits = 64}};
    **out = *scan;
    (*out)->columns = columns;
    (*out)->column_count = kept + 1;
    (*out)->scan.counted = true;
    return MUSTER_OK;
}

/* The group over a counted scan; counts of people become counts of rows, for these are people. */
static muster_status group_counted(const mu_scope *scope, const mu_plan *group,
                                   const mu_plan *counted, const mu_plan **out, muster_error *err)
{
    const uint32_t last = counted->column_count - 1;
    const mu_expr *rows;
    mu_agg_call *calls;
    mu_plan *copy;

    MU_ARENA_TRY(copy, scope->arena, 1, err);
    MU_ARENA_TRY(calls, scope->arena, group->group.call_count, err);
    MU_TRY(mu_expr_column(scope, last, counted->columns[last].type, -1, &rows, err));
    for (uint32_t i = 0; i < group->group.call_count; i++) {
        calls[i] = group->group.calls[i];
        if (counts_people(&calls[i])) {
            MU_TRY(
                mu_agg_call_make(scope, "count", NULL, 0, false, NULL, NULL, -1, &calls[i], err));
        }
        if (is_agg(&calls[i], "count") && !calls[i].distinct) {
            calls[i].order = rows;
        }
    }
    *copy = *group;
    copy->input = counted;
    copy->group.calls = calls;
    *out = copy;
    return MUSTER_OK;
}

/* Whether the filter of the scan has a conjunct on an indexed column; where blocks can be skipped
 * by other columns too, only if it is about nothing else. */
static bool counts_by_sets(const mu_plan *scan)
{
    const mu_expr *filter = scan->scan.filter;
    bool found = false;

    if (!filter) {
        return false;
    }
    for (uint32_t i = 0; filter->kind == MU_EXPR_AND && i < filter->arg_count; i++) {
        found |= mu_indexed_only(scan->scan.table, scan->scan.columns, filter->args[i]);
    }
    return (found && scan->scan.range_count == 0) ||
           mu_indexed_only(scan->scan.table, scan->scan.columns, filter);
}

/* 1: the scan of customers in the set of those whom the scan of events would give. */
static muster_status scan_people(const mu_scope *scope, const mu_plan *scan, const mu_plan **out,
                                 muster_error *err)
{
    const mu_table *customers =
        mu_catalog_table(mu_snapshot_catalog(scope->snapshot), MU_CUSTOMERS_TABLE);
    mu_event_source source = {.table = scan->scan.table,
                              .bounded = scan->scan.bounded,
                              .since_us = scan->scan.since_us,
                              .until_us = scan->scan.until_us};
    const mu_plan *all;
    const mu_set *set;
    mu_plan *some;

    MU_TRY(mu_expr_remap(scope, scan->scan.filter, scan->scan.columns, &source.where, err));
    MU_TRY(mu_set_did(scope, &source, 1, UINT64_MAX, &set, err));
    if (scan->scan.set) {
        const mu_set **both;
        MU_ARENA_TRY(both, scope->arena, 2, err);
        both[0] = scan->scan.set;
        both[1] = set;
        MU_TRY(mu_set_combine(scope, MU_SET_AND, both, 2, &set, err));
    }
    MU_TRY(mu_plan_scan(scope, customers, &all, err));
    MU_TRY(make_counted(scope, all, 0, &some, err));
    some->scan.set = set;
    *out = some;
    return MUSTER_OK;
}

/* 3: a scan of nothing but an indexed column. */
static bool can_be_counted(const mu_plan *scan)
{
    const mu_table *table = scan->scan.table;

    return !scan->scan.set && scan->column_count <= 1 && table->id != MU_CUSTOMERS_TABLE &&
           (scan->column_count == 0 ||
            mu_role_is_indexed(table->columns[scan->scan.columns[0]].role));
}

static muster_status count_scan(const mu_scope *scope, const mu_plan *group, const mu_plan **out,
                                muster_error *err)
{
    const mu_plan *scan = group->input;
    const bool one_row = group->group.key_count == 0 && group->group.call_count > 0;
    const mu_plan *people = NULL;
    mu_plan *counted;

    *out = group;
    if (one_row && all_calls(group, counts_people) && mu_table_has_events(scan->scan.table) &&
        counts_by_sets(scan)) {
        MU_TRY(scan_people(scope, scan, &people, err));
        return group_counted(scope, group, people, out, err);
    }
    if (scan->scan.table->id == MU_CUSTOMERS_TABLE) {
        if (one_row && all_calls(group, counts_rows) && !scan->scan.filter) {
            MU_TRY(make_counted(scope, scan, 0, &counted, err));
            return group_counted(scope, group, counted, out, err);
        }
        return MUSTER_OK;
    }
    if (can_be_counted(scan) && all_calls(group, allows_counts)) {
        MU_TRY(make_counted(scope, scan, scan->column_count, &counted, err));
        return group_counted(scope, group, counted, out, err);
    }
    return MUSTER_OK;
}

muster_status mu_plan_count(const mu_scope *scope, const mu_plan *plan, const mu_plan **out,
                            muster_error *err)
{
    mu_plan *copy;

    *out = plan;
    if (!plan->input) {
        return MUSTER_OK;
    }
    if (plan->kind == MU_PLAN_GROUP && plan->input->kind == MU_PLAN_SCAN) {
        return count_scan(scope, plan, out, err);
    }
    MU_ARENA_TRY(copy, scope->arena, 1, err);
    *copy = *plan;
    MU_TRY(mu_plan_count(scope, plan->input, &copy->input, err));
    if (plan->other) {
        MU_TRY(mu_plan_count(scope, plan->other, &copy->other, err));
    }
    *out = copy;
    return MUSTER_OK;
}
