/*
 * explain.c - a plan in words: a line for each node, its input below it and further in.
 */
#include "query/lookup.h"
#include "query/set.h"
#include "query/walk.h"
#include "storage/base/mem.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* A set or a lookup whose plan was shown: it is run once, and shown once. */
typedef struct shown_query {
    const void *query;
    struct shown_query *next;
} shown_query;

typedef struct printer {
    const mu_scope *scope;
    mu_writer *out;
    shown_query *shown; /* so far */
} printer;

static void put(mu_writer *out, const char *text)
{
    mu_write_bytes(out, text, strlen(text));
}

static void MU_PRINTF(2, 3) putf(mu_writer *out, const char *format, ...)
{
    char line[256];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    put(out, line);
}

static void put_indent(mu_writer *out, uint32_t depth)
{
    for (uint32_t i = 0; i < depth; i++) {
        put(out, "  ");
    }
}

/* The names of a plan's columns, for printing expressions over them. */
static muster_status names_of(const mu_scope *scope, const mu_plan *plan, const char *const **out,
                              muster_error *err)
{
    const char **names;

    MU_ARENA_TRY(names, scope->arena, plan->column_count, err);
    for (uint32_t c = 0; c < plan->column_count; c++) {
        names[c] = plan->columns[c].name;
    }
    *out = names;
    return MUSTER_OK;
}

static muster_status names_of_table(const mu_scope *scope, const mu_table *table,
                                    const char *const **out, muster_error *err)
{
    const char **names;

    MU_ARENA_TRY(names, scope->arena, table->column_count, err);
    for (uint32_t c = 0; c < table->column_count; c++) {
        names[c] = table->columns[c].name;
    }
    *out = names;
    return MUSTER_OK;
}

/* In UTC, as constants in expressions are shown. */
static void put_time(mu_writer *out, int64_t time_us)
{
    const mu_value value = {.type.kind = MU_TIMESTAMP, .i64 = time_us};

    put(out, "'");
    mu_value_format(&value, out);
    put(out, "'");
}

static void put_range(mu_writer *out, int64_t since_us, int64_t until_us)
{
    put(out, "; time");
    if (since_us > MU_TIME_MIN) {
        put(out, " from ");
        put_time(out, since_us);
    }
    if (until_us <= MU_TIME_MAX) {
        put(out, " until before ");
        put_time(out, until_us);
    }
}

/* How many segments of the table the range leaves. */
static void put_segments(const printer *p, const mu_table *table, bool bounded, int64_t since_us,
                         int64_t until_us)
{
    const uint32_t count = mu_snapshot_segment_count(p->scope->snapshot, table->id);
    uint32_t kept = 0;

    for (uint32_t i = 0; i < count; i++) {
        const mu_segment_info *info = mu_snapshot_segment_info(p->scope->snapshot, table->id, i);
        kept += !bounded || (info->max_time_us >= since_us && info->min_time_us < until_us);
    }
    putf(p->out, "; %" PRIu32 " of %" PRIu32 " segments", kept, count);
}

static muster_status put_scan(const printer *p, const mu_plan *plan, muster_error *err)
{
    const char *const *names;

    putf(p->out, "scan %s", plan->scan.table->name);
    for (uint32_t c = 0; c < plan->column_count; c++) {
        put(p->out, c == 0 ? ": " : ", ");
        put(p->out, plan->columns[c].name);
    }
    if (plan->scan.counted) {
        put(p->out, "; counted, where that is known");
    }
    if (plan->scan.bounded) {
        put_range(p->out, plan->scan.since_us, plan->scan.until_us);
    }
    if (plan->scan.set) {
        put(p->out, "; customers: ");
        mu_set_print(plan->scan.set, p->out);
    }
    if (plan->scan.filter) {
        MU_TRY(names_of(p->scope, plan, &names, err));
        put(p->out, "; where ");
        mu_expr_print(plan->scan.filter, names, p->out);
    }
    if (plan->scan.table->id != MU_CUSTOMERS_TABLE) {
        put_segments(p, plan->scan.table, plan->scan.bounded, plan->scan.since_us,
                     plan->scan.until_us);
    }
    return MUSTER_OK;
}

static muster_status put_exprs(const printer *p, const mu_plan *input, const char *what,
                               const mu_expr *const *exprs, uint32_t count, muster_error *err)
{
    const char *const *names;

    MU_TRY(names_of(p->scope, input, &names, err));
    put(p->out, what);
    for (uint32_t i = 0; i < count; i++) {
        put(p->out, i == 0 ? " " : ", ");
        mu_expr_print(exprs[i], names, p->out);
    }
    return MUSTER_OK;
}

static void put_call(mu_writer *out, const mu_agg_call *call, const char *const *names)
{
    putf(out, "%s(%s", mu_agg_name(call->agg), call->distinct ? "distinct " : "");
    for (uint32_t i = 0; i < call->arg_count; i++) {
        put(out, i == 0 ? "" : ", ");
        mu_expr_print(call->args[i], names, out);
    }
    if (call->order && mu_agg_may_order(mu_agg_name(call->agg))) {
        put(out, " by ");
        mu_expr_print(call->order, names, out);
        put(out, call->descending ? " descending" : "");
    }
    put(out, call->arg_count == 0 ? "*)" : ")");
    if (call->filter) {
        put(out, " where ");
        mu_expr_print(call->filter, names, out);
    }
}

static muster_status put_group(const printer *p, const mu_plan *plan, muster_error *err)
{
    const char *const *names;

    MU_TRY(names_of(p->scope, plan->input, &names, err));
    if (plan->group.key_count > 0) {
        MU_TRY(put_exprs(p, plan->input, "group by", plan->group.keys, plan->group.key_count, err));
    } else {
        put(p->out, "aggregate");
    }
    for (uint32_t i = 0; i < plan->group.call_count; i++) {
        put(p->out, i == 0 ? ": " : ", ");
        put_call(p->out, &plan->group.calls[i], names);
    }
    return MUSTER_OK;
}

static void put_sort(const printer *p, const mu_plan *plan)
{
    put(p->out, "sort by");
    for (uint32_t i = 0; i < plan->sort.key_count; i++) {
        const mu_sort_key *key = &plan->sort.keys[i];
        putf(p->out, "%s %s%s%s", i == 0 ? "" : ",", plan->columns[key->column].name,
             key->descending ? " descending" : "", key->nulls_first ? ", nulls first" : "");
    }
    if (plan->sort.limit != UINT64_MAX) {
        putf(p->out, "; the first %" PRIu64 " only", plan->sort.limit);
    }
}

static void put_window_call(mu_writer *out, const mu_plan *plan, const mu_window_call *call)
{
    putf(out, "%s(%s", mu_window_name(call),
         call->kind == MU_WINDOW_AGGREGATE && call->agg.distinct ? "distinct " : "");
    for (uint32_t i = 0; i < call->arg_count; i++) {
        put(out, i == 0 ? "" : ", ");
        if (call->columns[i] == MU_NO_COLUMN) {
            mu_expr_print(call->args[i], NULL, out);
        } else {
            put(out, plan->columns[call->columns[i]].name);
        }
    }
    put(out, ")");
}

static void put_window(const printer *p, const mu_plan *plan)
{
    put(p->out, "window");
    for (uint32_t i = 0; i < plan->window.partition_count; i++) {
        putf(p->out, "%s%s", i == 0 ? " for each " : ", ",
             plan->columns[plan->window.partitions[i]].name);
    }
    for (uint32_t i = 0; i < plan->window.key_count; i++) {
        const mu_sort_key *key = &plan->window.keys[i];
        putf(p->out, "%s%s%s%s", i == 0 ? " by " : ", ", plan->columns[key->column].name,
             key->descending ? " descending" : "", key->nulls_first ? ", nulls first" : "");
    }
    for (uint32_t i = 0; i < plan->window.call_count; i++) {
        put(p->out, i == 0 ? ": " : ", ");
        put_window_call(p->out, plan, &plan->window.calls[i]);
    }
}

static void put_source(const printer *p, const mu_event_source *source, const char *const *names)
{
    putf(p->out, " over %s", source->table->name);
    if (source->where) {
        put(p->out, "; where ");
        mu_expr_print(source->where, names, p->out);
    }
    if (source->among) {
        put(p->out, "; among ");
        mu_set_print(source->among, p->out);
    }
    if (source->bounded) {
        put_range(p->out, source->since_us, source->until_us);
    }
}

static muster_status put_funnel(const printer *p, const mu_plan *plan, muster_error *err)
{
    const mu_funnel_plan *funnel = plan->funnel;
    const char *const *names;

    MU_TRY(names_of_table(p->scope, funnel->source.table, &names, err));
    put(p->out, plan->kind == MU_PLAN_FUNNEL ? "funnel" : "customers of a funnel");
    put_source(p, &funnel->source, names);
    for (uint32_t i = 0; i < funnel->step_count; i++) {
        putf(p->out, "; step %" PRIu32 ": ", i + 1);
        mu_expr_print(funnel->steps[i], names, p->out);
    }
    if (funnel->within_us != INT64_MAX) {
        const mu_value within = {.type.kind = MU_INTERVAL, .i64 = funnel->within_us};
        put(p->out, "; within ");
        mu_value_format(&within, p->out);
    }
    if (funnel->by) {
        put(p->out, "; by ");
        mu_expr_print(funnel->by, names, p->out);
    }
    return MUSTER_OK;
}

static muster_status put_retention(const printer *p, const mu_retention_plan *retention,
                                   muster_error *err)
{
    const char *const *names;

    MU_TRY(names_of_table(p->scope, retention->source.table, &names, err));
    put(p->out, "retention");
    put_source(p, &retention->source, names);
    put(p->out, "; start: ");
    mu_expr_print(retention->start, names, p->out);
    put(p->out, "; back: ");
    mu_expr_print(retention->back, names, p->out);
    putf(p->out, "; %" PRIu32 " periods", retention->periods);
    return MUSTER_OK;
}

/* The names of a pair's columns. */
static muster_status names_of_pair(const printer *p, const mu_plan *plan, const char *const **out,
                                   muster_error *err)
{
    const uint32_t inputs = plan->input->column_count;
    const char **names;

    MU_ARENA_TRY(names, p->scope->arena, inputs + plan->other->column_count, err);
    for (uint32_t c = 0; c < inputs + plan->other->column_count; c++) {
        names[c] =
            c < inputs ? plan->input->columns[c].name : plan->other->columns[c - inputs].name;
    }
    *out = names;
    return MUSTER_OK;
}

/* The first input streams, the second is looked up. */
static muster_status put_join(const printer *p, const mu_plan *plan, muster_error *err)
{
    static const char *const kinds[] = {[MU_JOIN_INNER] = "join",
                                        [MU_JOIN_LEFT] = "left join",
                                        [MU_JOIN_FULL] = "full join",
                                        [MU_JOIN_SEMI] = "semi join",
                                        [MU_JOIN_ANTI] = "anti join"};
    const char *const *names, *const *pair = NULL;

    put(p->out, kinds[plan->join.kind]);
    put(p->out, plan->join.key_count == 0 ? " of every pair" : "");
    MU_TRY(names_of_pair(p, plan, &pair, err));
    MU_TRY(names_of(p->scope, plan->other, &names, err));
    for (uint32_t k = 0; k < plan->join.key_count; k++) {
        put(p->out, k == 0 ? " on " : " and ");
        mu_expr_print(plan->join.keys[k], pair, p->out);
        put(p->out, " = ");
        mu_expr_print(plan->join.other_keys[k], names, p->out);
    }
    put(p->out, plan->join.by_customer ? ", customer by customer" : "");
    if (plan->join.residual) {
        put(p->out, "; where ");
        mu_expr_print(plan->join.residual, pair, p->out);
    }
    return MUSTER_OK;
}

static muster_status put_node(const printer *p, const mu_plan *plan, muster_error *err)
{
    switch (plan->kind) {
    case MU_PLAN_SCAN:
        return put_scan(p, plan, err);
    case MU_PLAN_VALUES:
        putf(p->out, "%" PRIu32 " rows of values", plan->values.row_count);
        return MUSTER_OK;
    case MU_PLAN_FILTER:
        return put_exprs(p, plan->input, "filter", &plan->filter.condition, 1, err);
    case MU_PLAN_PROJECT:
        return put_exprs(p, plan->input, "compute", plan->project.exprs, plan->column_count, err);
    case MU_PLAN_GROUP:
        return put_group(p, plan, err);
    case MU_PLAN_SORT:
        put_sort(p, plan);
        return MUSTER_OK;
    case MU_PLAN_WINDOW:
        put_window(p, plan);
        return MUSTER_OK;
    case MU_PLAN_LIMIT:
        if (plan->limit.limit != UINT64_MAX) {
            putf(p->out, "the first %" PRIu64 " rows", plan->limit.limit);
        } else {
            put(p->out, "all rows");
        }
        if (plan->limit.offset > 0) {
            putf(p->out, " after %" PRIu64, plan->limit.offset);
        }
        return MUSTER_OK;
    case MU_PLAN_UNION:
        put(p->out, "the rows of both");
        return MUSTER_OK;
    case MU_PLAN_REPEAT:
        putf(p->out, "each row as often as %s says", plan->input->columns[plan->column_count].name);
        return MUSTER_OK;
    case MU_PLAN_SERIES:
        putf(p->out, "a series of %" PRIu64, plan->series.count);
        return MUSTER_OK;
    case MU_PLAN_FUNNEL:
    case MU_PLAN_FUNNEL_CUSTOMERS:
        return put_funnel(p, plan, err);
    case MU_PLAN_JOIN:
        return put_join(p, plan, err);
    case MU_PLAN_RETENTION:
        return put_retention(p, plan->retention, err);
    }
    assert(false && "a plan that is not in the list");
    return MUSTER_OK;
}

/* Subqueries: a branch under the node that is the first to use one. */

typedef struct branches {
    printer *printer;
    uint32_t depth;
} branches;

static muster_status put_tree(printer *p, const mu_plan *plan, uint32_t depth, muster_error *err);

/* *first: it was not shown yet. */
static muster_status show(printer *p, const void *query, bool *first, muster_error *err)
{
    shown_query *shown;

    *first = true;
    for (shown = p->shown; shown; shown = shown->next) {
        *first = *first && shown->query != query;
    }
    MU_ARENA_TRY(shown, p->scope->arena, 1, err);
    *shown = (shown_query){query, p->shown};
    p->shown = shown;
    return MUSTER_OK;
}

static muster_status put_set_branch(void *context, const mu_set *set, muster_error *err)
{
    const branches *b = context;
    bool first = set->kind == MU_SET_QUERY;

    if (first) {
        MU_TRY(show(b->printer, set, &first, err));
    }
    if (!first) {
        return MUSTER_OK;
    }
    put_indent(b->printer->out, b->depth);
    put(b->printer->out, "subquery, a set of customers\n");
    return put_tree(b->printer, set->query.plan, b->depth + 1, err);
}

/* The node that only keeps the rows says nothing. */
static muster_status put_lookup_branch(void *context, const mu_lookup *lookup, muster_error *err)
{
    const branches *b = context;
    mu_writer *out = b->printer->out;
    bool first;

    MU_TRY(show(b->printer, lookup, &first, err));
    if (!first) {
        return MUSTER_OK;
    }
    put_indent(out, b->depth);
    putf(out, "subquery %" PRIu32 "%s\n", lookup->number,
         lookup->key_count > 0 ? ", for all keys at once" : "");
    return put_tree(b->printer, lookup->plan, b->depth + 1, err);
}

static muster_status put_tree(printer *p, const mu_plan *plan, uint32_t depth, muster_error *err)
{
    branches under = {p, depth + 1};
    const mu_walk_visit visit = {put_set_branch, put_lookup_branch, &under};

    put_indent(p->out, depth);
    MU_TRY(put_node(p, plan, err));
    put(p->out, "\n");
    MU_TRY(mu_walk_queries(plan, &visit, err));
    if (plan->input) {
        MU_TRY(put_tree(p, plan->input, depth + 1, err));
    }
    return plan->other ? put_tree(p, plan->other, depth + 1, err) : MUSTER_OK;
}

muster_status mu_plan_explain(const mu_scope *scope, const mu_plan *plan, mu_writer *out,
                              muster_error *err)
{
    printer p = {.scope = scope, .out = out};

    MU_TRY(put_tree(&p, plan, 0, err));
    return out->failed ? mu_fail_memory(err, "explaining a plan") : MUSTER_OK;
}

static void put_did(const mu_set *set, mu_writer *out)
{
    const mu_event_source *source = &set->did.source;
    const uint32_t count = source->table->column_count;
    const char **names = mu_mem_alloc_array(count, sizeof *names);

    if (!names) {
        out->failed = true;
        return;
    }
    for (uint32_t c = 0; c < count; c++) {
        names[c] = source->table->columns[c].name;
    }
    putf(out, "those with %" PRIu64, set->did.at_least);
    if (set->did.at_most == UINT64_MAX) {
        put(out, " or more");
    } else if (set->did.at_most != set->did.at_least) {
        putf(out, " to %" PRIu64, set->did.at_most);
    }
    putf(out, " events in %s where ", source->table->name);
    mu_expr_print(source->where, names, out);
    if (source->bounded) {
        put_range(out, source->since_us, source->until_us);
    }
    mu_mem_free(names);
}

void mu_set_print(const mu_set *set, mu_writer *out)
{
    switch (set->kind) {
    case MU_SET_LIST:
        putf(out, "a list of %" PRIu32, set->list.count);
        return;
    case MU_SET_TAG:
        putf(out, "%s \"%.*s\"", set->tag.tag->kind == MU_AUDIENCE ? "audience" : "tag",
             (int)set->tag.tag->name.size, set->tag.tag->name.data);
        if (set->tag.tag->kind == MU_AUDIENCE) {
            putf(out, ", version %" PRIu32, set->tag.tag->version);
        } else if (set->tag.count != set->tag.tag->value_count) {
            putf(out, " with %" PRIu32 " of its %" PRIu32 " values", set->tag.count,
                 set->tag.tag->value_count);
        }
        return;
    case MU_SET_DID:
        put_did(set, out);
        return;
    case MU_SET_QUERY:
        put(out, "those of a subquery");
        return;
    case MU_SET_NOT:
        put(out, "not ");
        mu_set_print(set->args[0], out);
        return;
    case MU_SET_AND:
    case MU_SET_OR:
        for (uint32_t i = 0; i < set->arg_count; i++) {
            put(out, i == 0 ? "(" : set->kind == MU_SET_AND ? " and " : " or ");
            mu_set_print(set->args[i], out);
        }
        put(out, ")");
        return;
    }
}
