/*
 * explain_node.c - one node of a plan in words.
 */
#include "query/explain.h"

#include "query/behaviour.h"
#include "query/funnel.h"
#include "query/indexed.h"
#include "query/optimize.h"
#include "query/set.h"
#include "storage/base/mem.h"
#include "storage/segment.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

static void put(mu_writer *out, const char *text)
{
    mu_write_bytes(out, text, strlen(text));
}

static void MU_PRINTF(2, 3) putf(mu_writer *out, const char *format, ...)
{
    va_list args, again;

    va_start(args, format);
    va_copy(again, args);
    const size_t size = (size_t)vsnprintf(NULL, 0, format, args) + 1; /* with the NUL */
    char *room = (char *)mu_write_room(out, size);
    if (room) {
        vsnprintf(room, size, format, again);
        out->size--;
    }
    va_end(again);
    va_end(args);
}

static void put_count(mu_writer *out, uint64_t count, const char *what)
{
    putf(out, "%" PRIu64 " %s%s", count, what, count == 1 ? "" : "s");
}

static void put_time(mu_writer *out, const mu_zone *zone, int64_t time_us)
{
    const mu_value value = {.type.kind = MU_TIMESTAMP, .i64 = time_us};

    put(out, "'");
    mu_value_format_in(&value, zone, out);
    put(out, "'");
}

static void put_range(mu_writer *out, const mu_zone *zone, int64_t since_us, int64_t until_us)
{
    put(out, "; time");
    if (since_us > MU_TIME_MIN) {
        put(out, " from ");
        put_time(out, zone, since_us);
    }
    if (until_us <= MU_TIME_MAX) {
        put(out, " until before ");
        put_time(out, zone, until_us);
    }
}

/* How many rows of how many segments of the table the range leaves. */
static void put_segments(const mu_explainer *p, const mu_table *table, bool bounded,
                         int64_t since_us, int64_t until_us)
{
    const mu_snapshot *snapshot = p->scope->snapshot;
    const uint32_t count = mu_snapshot_segment_count(snapshot, table->id);
    uint32_t kept = 0;
    uint64_t rows = 0;

    for (uint32_t i = 0; i < count; i++) {
        const mu_segment_info *info = mu_snapshot_segment_info(snapshot, table->id, i);
        if (!bounded || mu_times_meet(info->min_time_us, info->max_time_us, since_us, until_us)) {
            kept++;
            rows += info->rows - info->masked_rows;
        }
    }
    put(p->out, "; ");
    put_count(p->out, rows, "row");
    putf(p->out, " in %" PRIu32 " of ", kept);
    put_count(p->out, count, "segment");
}

/* How many rows there are, and what the planner thinks comes of them. */
static void put_size(const mu_explainer *p, const mu_plan *plan)
{
    const mu_table *table = plan->scan.table;

    if (table->id == MU_CUSTOMERS_TABLE) {
        put(p->out, "; ");
        put_count(p->out, mu_snapshot_rows(p->scope->snapshot, table->id), "customer");
    } else {
        put_segments(p, table, plan->scan.bounded, plan->scan.since_us, plan->scan.until_us);
    }
    if (plan->scan.set || plan->scan.filter) {
        putf(p->out, ", about %.0f expected", ceil(mu_plan_rows(p->scope, plan)));
    }
}

/* The columns of the table that are marked, behind `before`. */
static void put_marked(const mu_explainer *p, const mu_table *table, const uint64_t *marked,
                       const char *before)
{
    for (uint32_t c = 0; c < table->column_count; c++) {
        if (mu_bits_test(marked, c)) {
            put(p->out, before);
            put(p->out, table->columns[c].name);
            before = ", ";
        }
    }
}

/* Of which columns postings tell blocks that no row of can matter, for one of two lists of
 * conditions. */
static muster_status put_postings(const mu_explainer *p, const mu_indexed_options *a,
                                  const mu_indexed_options *b, muster_error *err)
{
    uint64_t *indexed;

    MU_ARENA_TRY(indexed, p->scope->arena, mu_bits_words(a->table->column_count), err);
    for (uint32_t c = 0; c < a->table->column_count; c++) {
        if (mu_indexed_column(a, c) || mu_indexed_column(b, c)) {
            mu_bits_set(indexed, c);
        }
    }
    put_marked(p, a->table, indexed, "; skips by postings of ");
    return MUSTER_OK;
}

/* By what blocks are left out that no row of can matter: postings of indexed columns, or the least
 * and the greatest value. */
static muster_status put_skips(const mu_explainer *p, const mu_plan *plan, muster_error *err)
{
    const mu_table *table = plan->scan.table;
    const mu_indexed_options indexed = {.table = table,
                                        .columns = plan->scan.columns,
                                        .conditions = &plan->scan.filter,
                                        .condition_count = 1};
    uint64_t *ranged;

    MU_TRY(put_postings(p, &indexed, &indexed, err));
    MU_ARENA_TRY(ranged, p->scope->arena, mu_bits_words(table->column_count), err);
    for (uint32_t i = 0; i < plan->scan.range_count; i++) {
        mu_bits_set(ranged, plan->scan.ranges[i].column);
    }
    put_marked(p, table, ranged, "; skips by min and max of ");
    return MUSTER_OK;
}

static muster_status put_scan(const mu_explainer *p, const mu_plan *plan, muster_error *err)
{
    const char *table = plan->scan.table->name;
    const char *const *names;

    put(p->out, "scan ");
    put(p->out, table);
    if (plan->name && strcmp(plan->name, table) != 0) {
        put(p->out, " as ");
        put(p->out, plan->name);
    }
    for (uint32_t c = 0; c < plan->column_count; c++) {
        put(p->out, c == 0 ? ": " : ", ");
        put(p->out, plan->columns[c].name);
    }
    if (plan->scan.counted) {
        put(p->out, "; counted, where that is known");
    }
    if (plan->scan.bounded) {
        put_range(p->out, p->scope->zone, plan->scan.since_us, plan->scan.until_us);
    }
    if (plan->scan.set) {
        put(p->out, "; customers: ");
        mu_set_print(plan->scan.set, p->scope->zone, p->out);
    }
    if (plan->scan.filter) {
        MU_TRY(mu_explain_names(p->scope, plan, NULL, &names, err));
        put(p->out, "; where ");
        mu_expr_print(plan->scan.filter, names, p->scope->zone, p->out);
        MU_TRY(put_skips(p, plan, err));
    }
    put_size(p, plan);
    return MUSTER_OK;
}

static muster_status put_exprs(const mu_explainer *p, const mu_plan *input, const char *what,
                               const mu_expr *const *exprs, uint32_t count, muster_error *err)
{
    const char *const *names;

    MU_TRY(mu_explain_names(p->scope, input, NULL, &names, err));
    put(p->out, what);
    for (uint32_t i = 0; i < count; i++) {
        put(p->out, i == 0 ? " " : ", ");
        mu_expr_print(exprs[i], names, p->scope->zone, p->out);
    }
    return MUSTER_OK;
}

static muster_status put_group(const mu_explainer *p, const mu_plan *plan, muster_error *err)
{
    const char *const *names;

    MU_TRY(mu_explain_names(p->scope, plan->input, NULL, &names, err));
    if (plan->group.key_count > 0) {
        MU_TRY(put_exprs(p, plan->input, "group by", plan->group.keys, plan->group.key_count, err));
    } else {
        put(p->out, "aggregate");
    }
    for (uint32_t i = 0; i < plan->group.call_count; i++) {
        put(p->out, i == 0 ? ": " : ", ");
        mu_explain_call(p->scope, &plan->group.calls[i], names, p->out);
    }
    return MUSTER_OK;
}

static void put_sort(const mu_explainer *p, const mu_plan *plan)
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

static void put_window_call(mu_writer *out, const mu_plan *plan, const mu_window_call *call,
                            const mu_zone *zone)
{
    putf(out, "%s(%s", mu_window_name(call),
         call->kind == MU_WINDOW_AGGREGATE && call->agg.distinct ? "distinct " : "");
    for (uint32_t i = 0; i < call->arg_count; i++) {
        put(out, i == 0 ? "" : ", ");
        if (call->columns[i] == MU_NO_COLUMN) {
            mu_expr_print(call->args[i], NULL, zone, out);
        } else {
            put(out, plan->columns[call->columns[i]].name);
        }
    }
    if (call->order != MU_NO_COLUMN) {
        put(out, " by ");
        put(out, plan->columns[call->order].name);
        put(out, call->agg.descending ? " descending" : "");
    }
    put(out, ")");
    if (call->filter != MU_NO_COLUMN) {
        put(out, " where ");
        put(out, plan->columns[call->filter].name);
    }
}

static void put_window(const mu_explainer *p, const mu_plan *plan)
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
        put_window_call(p->out, plan, &plan->window.calls[i], p->scope->zone);
    }
}

/* Which columns of which events a behaviour reads, and what it asks of all of them. */
static muster_status put_events(const mu_explainer *p, const mu_event_options *events,
                                const char *const *names, muster_error *err)
{
    const mu_event_source *source = events->source;
    const mu_table *table = source->table;
    uint64_t *used;

    MU_ARENA_TRY(used, p->scope->arena, mu_bits_words(table->column_count), err);
    mu_bits_set(used, table->customer_column);
    mu_bits_set(used, table->time_column);
    for (uint32_t i = 0; i < events->condition_count; i++) {
        mu_expr_columns(events->conditions[i], used);
    }
    for (uint32_t i = 0; i < events->value_count; i++) {
        mu_expr_columns(events->values[i], used);
    }
    if (source->where) {
        mu_expr_columns(source->where, used);
    }
    putf(p->out, " over %s", table->name);
    put_marked(p, table, used, ": ");
    if (source->where) {
        put(p->out, "; where ");
        mu_expr_print(source->where, names, p->scope->zone, p->out);
    }
    if (source->among) {
        put(p->out, "; among ");
        mu_set_print(source->among, p->scope->zone, p->out);
    }
    if (source->bounded) {
        put_range(p->out, p->scope->zone, source->since_us, source->until_us);
    }
    return MUSTER_OK;
}

/* What of them need not be looked at. */
static muster_status put_events_size(const mu_explainer *p, const mu_event_options *events,
                                     muster_error *err)
{
    const mu_table *table = events->source->table;
    const mu_indexed_options where = {.table = table,
                                      .conditions = &events->source->where,
                                      .condition_count = events->source->where ? 1 : 0};
    const mu_indexed_options any = {.table = table,
                                    .conditions = events->conditions,
                                    .condition_count = events->condition_count};

    MU_TRY(put_postings(p, &where, &any, err));
    put_segments(p, table, events->bounded, events->since_us, events->until_us);
    return MUSTER_OK;
}

static void put_as_of(const mu_explainer *p, bool given, int64_t as_of_us)
{
    if (given) {
        put(p->out, "; as of ");
        put_time(p->out, p->scope->zone, as_of_us);
    }
}

static muster_status put_funnel(const mu_explainer *p, const mu_plan *plan, muster_error *err)
{
    const mu_funnel_plan *funnel = plan->funnel;
    const mu_event_options events = mu_funnel_events(funnel);
    const char *const *names;

    MU_TRY(mu_explain_table_names(p->scope, funnel->source.table, &names, err));
    put(p->out, plan->kind == MU_PLAN_FUNNEL ? "funnel" : "customers of a funnel");
    MU_TRY(put_events(p, &events, names, err));
    for (uint32_t i = 0; i < funnel->step_count; i++) {
        putf(p->out, "; step %" PRIu32 ": ", i + 1);
        mu_expr_print(funnel->steps[i], names, p->scope->zone, p->out);
    }
    if (funnel->within_us != INT64_MAX) {
        const mu_value within = {.type = {.kind = MU_INTERVAL}, .i64 = funnel->within_us};
        put(p->out, "; within ");
        mu_value_format(&within, p->out);
    }
    if (funnel->by) {
        put(p->out, "; by ");
        mu_expr_print(funnel->by, names, p->scope->zone, p->out);
    }
    put_as_of(p, funnel->as_of_given, funnel->as_of_us);
    return put_events_size(p, &events, err);
}

/* One over `customers`. */
static muster_status put_whole(const mu_explainer *p, const mu_behaviour_plan *behaviour,
                               muster_error *err)
{
    const char *const *names;

    MU_TRY(mu_explain_table_names(p->scope, behaviour->source.table, &names, err));
    put(p->out, behaviour->class->name);
    for (uint32_t i = 0; i < behaviour->condition_count; i++) {
        putf(p->out, "%s %s: ", i == 0 ? "" : ";", behaviour->titles[i]);
        mu_expr_print(behaviour->conditions[i], names, p->scope->zone, p->out);
    }
    putf(p->out, "; %s", behaviour->note);
    return MUSTER_OK;
}

static muster_status put_behaviour(const mu_explainer *p, const mu_behaviour_plan *behaviour,
                                   muster_error *err)
{
    const mu_event_source *source = &behaviour->source;
    int64_t oldest_us, as_of_us = behaviour->as_of_us;
    const char *const *names;

    if (behaviour->class->whole) {
        return put_whole(p, behaviour, err);
    }
    if (!behaviour->as_of_given &&
        !mu_snapshot_times(p->scope->snapshot, source->table->id, &oldest_us, &as_of_us)) {
        as_of_us = 0;
    }
    const mu_event_options events = mu_behaviour_reading(behaviour, p->scope->zone, as_of_us);
    MU_TRY(mu_explain_table_names(p->scope, source->table, &names, err));
    put(p->out, behaviour->class->name);
    MU_TRY(put_events(p, &events, names, err));
    for (uint32_t i = 0; i < behaviour->condition_count; i++) {
        putf(p->out, "; %s: ", behaviour->titles[i]);
        mu_expr_print(behaviour->conditions[i], names, p->scope->zone, p->out);
    }
    if (behaviour->note) {
        putf(p->out, "; %s", behaviour->note);
    }
    put_as_of(p, behaviour->as_of_given, behaviour->as_of_us);
    return put_events_size(p, &events, err);
}

/* The first input streams, the second is looked up. */
static muster_status put_join(const mu_explainer *p, const mu_plan *plan, muster_error *err)
{
    static const char *const kinds[] = {[MU_JOIN_INNER] = "join",
                                        [MU_JOIN_LEFT] = "left join",
                                        [MU_JOIN_FULL] = "full join",
                                        [MU_JOIN_SEMI] = "semi join",
                                        [MU_JOIN_ANTI] = "anti join"};
    const mu_zone *zone = p->scope->zone;
    const char *const *pair;

    put(p->out, kinds[plan->join.kind]);
    put(p->out, plan->join.key_count == 0 ? " of every pair" : "");
    MU_TRY(mu_explain_names(p->scope, plan->input, plan->other, &pair, err));
    for (uint32_t k = 0; k < plan->join.key_count; k++) {
        put(p->out, k == 0 ? " on " : " and ");
        mu_expr_print(plan->join.keys[k], pair, zone, p->out);
        put(p->out, " = ");
        mu_expr_print(plan->join.other_keys[k], pair + plan->input->column_count, zone, p->out);
    }
    put(p->out, plan->join.by_customer ? ", customer by customer" : "");
    if (plan->join.residual) {
        put(p->out, "; where ");
        mu_expr_print(plan->join.residual, pair, zone, p->out);
    }
    return MUSTER_OK;
}

muster_status mu_explain_node(const mu_explainer *p, const mu_plan *plan, muster_error *err)
{
    switch (plan->kind) {
    case MU_PLAN_SCAN:
        return put_scan(p, plan, err);
    case MU_PLAN_VALUES:
        put_count(p->out, plan->values.row_count, "row");
        put(p->out, " of values");
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
            put(p->out, "the first ");
            put_count(p->out, plan->limit.limit, "row");
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
    case MU_PLAN_BEHAVIOUR:
        return put_behaviour(p, plan->behaviour, err);
    }
    assert(false && "a plan that is not in the list");
    return MUSTER_OK;
}

/* Whose events these are; *names is to be freed. False when out of memory. */
static bool open_names(const mu_table *table, const char ***names, mu_writer *out)
{
    *names = mu_mem_alloc_array(table->column_count, sizeof **names);
    if (!*names) {
        out->failed = true;
        return false;
    }
    for (uint32_t c = 0; c < table->column_count; c++) {
        (*names)[c] = table->columns[c].name;
    }
    return true;
}

static void put_did(const mu_set *set, const mu_zone *zone, mu_writer *out)
{
    const mu_event_source *source = &set->did.source;
    const char **names;

    if (!open_names(source->table, &names, out)) {
        return;
    }
    putf(out, "those with %" PRIu64, set->did.at_least);
    if (set->did.at_most == UINT64_MAX) {
        put(out, " or more");
    } else if (set->did.at_most != set->did.at_least) {
        putf(out, " to %" PRIu64, set->did.at_most);
    }
    putf(out, " events in %s where ", source->table->name);
    mu_expr_print(source->where, names, zone, out);
    if (source->bounded) {
        put_range(out, zone, source->since_us, source->until_us);
    }
    mu_mem_free(names);
}

static void put_then(const mu_then_terms *then, const mu_zone *zone, mu_writer *out)
{
    const mu_value within = {.type.kind = MU_INTERVAL, .i64 = then->within_us};
    const mu_event_source *source = &then->source;
    const char **names;

    if (!open_names(source->table, &names, out)) {
        return;
    }
    putf(out, "those with an event in %s where ", source->table->name);
    mu_expr_print(then->first, names, zone, out);
    if (source->bounded) {
        put_range(out, zone, source->since_us, source->until_us);
        put(out, ";");
    }
    put(out, " and within ");
    mu_value_format(&within, out);
    put(out, then->without ? " none where " : " another where ");
    mu_expr_print(then->second, names, zone, out);
    if (then->same) {
        put(out, " of the same ");
        mu_expr_print(then->same, names, zone, out);
    }
    if (then->as_of_given) {
        put(out, "; as of ");
        put_time(out, zone, then->as_of_us);
    }
    mu_mem_free(names);
}

void mu_set_print(const mu_set *set, const mu_zone *zone, mu_writer *out)
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
        put_did(set, zone, out);
        return;
    case MU_SET_THEN:
        put_then(&set->then, zone, out);
        return;
    case MU_SET_QUERY:
        put(out, "those of a subquery");
        return;
    case MU_SET_NOT:
        put(out, "not ");
        mu_set_print(set->args[0], zone, out);
        return;
    case MU_SET_AND:
    case MU_SET_OR:
        for (uint32_t i = 0; i < set->arg_count; i++) {
            put(out, i == 0 ? "(" : set->kind == MU_SET_AND ? " and " : " or ");
            mu_set_print(set->args[i], zone, out);
        }
        put(out, ")");
        return;
    }
}
