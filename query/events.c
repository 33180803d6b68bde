/*
 * events.c - scan, sieve, and find out which conditions each event meets.
 *
 * Columns are decoded when they are first needed: those of `where`, then those of the conditions,
 * one after the other; the customer only where an event is left, and the time only for those who
 * ask for it. With dictionary codes for event names most rows cost a compare of a small integer.
 */
#include "query/events.h"

#include "query/did.h"
#include "query/func.h"
#include "query/indexed.h"
#include "query/meter.h"
#include "query/op.h"
#include "storage/base/mem.h"
#include "storage/kernels/kernels.h"

/* Where an expression of the reader stands in its evaluator: where first, then conditions, then
 * values. */
typedef struct needed {
    const mu_expr *expr;  /* over the batch's columns */
    const uint64_t *used; /* bits of the batch's columns it reads */
} needed;

struct mu_event_reader {
    mu_exec *exec;
    mu_event_options options;
    mu_arena arena;
    mu_scan_options scan_options;
    mu_scan *scan;
    uint32_t customer_column, time_column; /* of the batch */
    mu_set_runner *among;                  /* NULL: everyone */
    mu_did *starters;                      /* likewise */
    uint64_t *members;                     /* of the stripe; where there is one of both */
    uint32_t where_count;                  /* 0 or 1 */
    uint32_t expr_count;
    needed *exprs;
    mu_eval *eval;
    uint64_t *masks; /* MU_BATCH_ROWS words */
    uint64_t *met;   /* MU_BATCH_WORDS words of bits for each condition: the rows that meet it */
    mu_vector *values;
    mu_gather *gather;         /* opened by the first gather */
    mu_vector *gather_columns; /* customer, time, values */
    uint32_t *gather_list;     /* 2, 3, ...: where the values are in them */
};

void mu_event_close(mu_event_reader *reader)
{
    if (!reader) {
        return;
    }
    mu_gather_close(reader->gather);
    mu_eval_close(reader->eval);
    mu_set_close(reader->among);
    mu_did_close(reader->starters);
    mu_scan_close(reader->scan);
    mu_arena_deinit(&reader->arena);
    mu_mem_free(reader);
}

/* Lists the expressions of the options: where first, then conditions, then values. */
static muster_status list_exprs(mu_event_reader *reader, muster_error *err)
{
    const mu_event_options *options = &reader->options;
    const mu_expr *where = options->source->where;
    uint32_t at = 0;

    reader->where_count = where ? 1 : 0;
    reader->expr_count = reader->where_count + options->condition_count + options->value_count;
    MU_ARENA_TRY(reader->exprs, &reader->arena, reader->expr_count, err);
    if (where) {
        reader->exprs[at++].expr = where;
    }
    for (uint32_t i = 0; i < options->condition_count; i++) {
        reader->exprs[at++].expr = options->conditions[i];
    }
    for (uint32_t i = 0; i < options->value_count; i++) {
        reader->exprs[at++].expr = options->values[i];
    }
    return MUSTER_OK;
}

/* Chooses the columns to scan, and makes the expressions look for them where they now are. */
static muster_status choose_columns(mu_event_reader *reader, muster_error *err)
{
    const mu_table *table = reader->options.source->table;
    const mu_scope scope = {.arena = &reader->arena,
                            .snapshot = mu_exec_snapshot(reader->exec),
                            .now_us = mu_exec_now(reader->exec),
                            .zone = mu_exec_zone(reader->exec)};
    uint64_t *used;
    uint32_t *map;
    uint32_t *columns;
    uint32_t count = 0;

    MU_ARENA_TRY(used, &reader->arena, mu_bits_words(table->column_count), err);
    MU_ARENA_TRY(map, &reader->arena, table->column_count, err);
    MU_ARENA_TRY(columns, &reader->arena, table->column_count, err);
    for (uint32_t i = 0; i < reader->expr_count; i++) {
        mu_expr_columns(reader->exprs[i].expr, used);
    }
    mu_bits_set(used, table->customer_column);
    mu_bits_set(used, table->time_column);
    for (uint32_t c = 0; c < table->column_count; c++) {
        if (mu_bits_test(used, c)) {
            map[c] = count;
            columns[count++] = c;
        }
    }
    for (uint32_t i = 0; i < reader->expr_count; i++) {
        needed *n = &reader->exprs[i];
        uint64_t *bits;
        MU_TRY(mu_expr_remap(&scope, n->expr, map, &n->expr, err));
        MU_ARENA_TRY(bits, &reader->arena, mu_bits_words(count), err);
        mu_expr_columns(n->expr, bits);
        n->used = bits;
    }
    reader->customer_column = map[table->customer_column];
    reader->time_column = map[table->time_column];
    reader->scan_options = (mu_scan_options){
        .table = table,
        .columns = columns,
        .column_count = count,
        .bounded = reader->options.bounded,
        .since_us = reader->options.since_us,
        .until_us = reader->options.until_us,
        .skip_nobody = true,
        .left_out = reader->options.left_out,
        .bytes_read = mu_exec_bytes_read(reader->exec),
        .seen = mu_meter_seen(),
    };
    return MUSTER_OK;
}

/* Events can be skipped that meet no condition, or not the `where`. */
static muster_status choose_values(mu_event_reader *reader, muster_error *err)
{
    const mu_event_options *options = &reader->options;
    const mu_scan_values *first = NULL, *second = NULL;
    mu_scan_values *all;
    uint32_t first_count = 0, second_count = 0;
    /* The expressions as they were given, over the columns of the table: those are the same in all
     * threads. */
    mu_indexed_options indexed = {.table = options->source->table,
                                  .conditions = &options->source->where,
                                  .condition_count = reader->where_count,
                                  .bounded = options->bounded,
                                  .since_us = options->since_us,
                                  .until_us = options->until_us};

    MU_TRY(mu_indexed_values(reader->exec, &indexed, &first, &first_count, err));
    indexed.conditions = options->conditions;
    indexed.condition_count = options->condition_count;
    MU_TRY(mu_indexed_values(reader->exec, &indexed, &second, &second_count, err));
    MU_ARENA_TRY(all, &reader->arena, first_count + second_count, err);
    for (uint32_t i = 0; i < first_count + second_count; i++) {
        all[i] = i < first_count ? first[i] : second[i - first_count];
    }
    reader->scan_options.values = all;
    reader->scan_options.value_count = first_count + second_count;
    return MUSTER_OK;
}

static muster_status open_eval(mu_event_reader *reader, muster_error *err)
{
    const mu_expr **list;

    MU_ARENA_TRY(list, &reader->arena, reader->expr_count, err);
    for (uint32_t i = 0; i < reader->expr_count; i++) {
        list[i] = reader->exprs[i].expr;
    }
    return mu_eval_open(reader->exec, list, reader->expr_count, &reader->eval, err);
}

static muster_status take_memory(mu_event_reader *reader, muster_error *err)
{
    const uint32_t values = reader->options.value_count;

    MU_ARENA_TRY(reader->masks, &reader->arena, MU_BATCH_ROWS, err);
    for (uint32_t i = 0; i < MU_BATCH_ROWS; i++) {
        reader->masks[i] = 1;
    }
    MU_ARENA_TRY(reader->met, &reader->arena,
                 (size_t)reader->options.condition_count * MU_BATCH_WORDS, err);
    MU_ARENA_TRY(reader->values, &reader->arena, values, err);
    MU_ARENA_TRY(reader->members, &reader->arena, MU_STRIPE_WORDS, err);
    MU_ARENA_TRY(reader->gather_columns, &reader->arena, values + 2, err);
    MU_ARENA_TRY(reader->gather_list, &reader->arena, values, err);
    for (uint32_t i = 0; i < values; i++) {
        reader->gather_list[i] = i + 2;
    }
    return MUSTER_OK;
}

muster_status mu_event_open(mu_exec *exec, const mu_event_options *options, mu_event_reader **out,
                            muster_error *err)
{
    muster_status status;
    mu_event_reader *reader = mu_mem_zalloc(sizeof *reader);

    *out = NULL;
    if (!reader) {
        return mu_fail_memory(err, "reading events");
    }
    assert(options->condition_count >= 1 && options->condition_count <= MU_MAX_STEPS);
    reader->exec = exec;
    reader->options = *options;
    MU_TRY_GOTO(list_exprs(reader, err));
    MU_TRY_GOTO(choose_columns(reader, err));
    MU_TRY_GOTO(choose_values(reader, err));
    MU_TRY_GOTO(take_memory(reader, err));
    MU_TRY_GOTO(mu_scan_open(mu_exec_snapshot(exec), &reader->scan_options, &reader->scan, err));
    MU_TRY_GOTO(open_eval(reader, err));
    if (options->source->among) {
        MU_TRY_GOTO(mu_set_open(exec, options->source->among, &reader->among, err));
    }
    if (options->starters) {
        MU_TRY_GOTO(mu_did_open(exec, options->starters, &reader->starters, err));
        if (!mu_did_known(reader->starters)) {
            mu_did_close(reader->starters);
            reader->starters = NULL;
        }
    }
    *out = reader;
    return MUSTER_OK;

fail:
    mu_event_close(reader);
    return status;
}

/* Widens a range to the ends of the files that it meets, so that their postings can answer for it.
 */
static void widen(const mu_exec *exec, mu_event_source *source)
{
    mu_snapshot *snapshot = mu_exec_snapshot(exec);
    const int64_t since_us = source->since_us, until_us = source->until_us;
    const uint32_t files = mu_snapshot_segment_count(snapshot, source->table->id);

    for (uint32_t i = 0; source->bounded && i < files; i++) {
        const mu_segment_info *info = mu_snapshot_segment_info(snapshot, source->table->id, i);
        const int64_t min = info->min_time_us, max = info->max_time_us;
        if (mu_times_meet(min, max, since_us, until_us)) {
            source->since_us = min < source->since_us ? min : source->since_us;
            source->until_us = max >= source->until_us ? max + 1 : source->until_us;
        }
    }
}

bool mu_event_starters(mu_exec *exec, const mu_event_source *source, const mu_expr *where,
                       mu_set *out)
{
    if (!mu_indexed_only(source->table, NULL, where)) {
        return false;
    }
    *out = (mu_set){.kind = MU_SET_DID};
    out->did.source = *source;
    out->did.source.where = where;
    out->did.source.among = NULL;
    out->did.at_least = 1;
    out->did.at_most = UINT64_MAX;
    widen(exec, &out->did.source);
    return true;
}

muster_status mu_event_start(mu_event_reader *reader, uint32_t stripe, muster_error *err)
{
    uint64_t starters[MU_STRIPE_WORDS];

    if (reader->among) {
        MU_TRY(mu_set_run(reader->among, stripe, reader->members, err));
    }
    if (reader->starters) {
        memset(starters, 0, sizeof starters);
        MU_TRY(mu_did_run(reader->starters, stripe, starters, err));
        if (reader->among) {
            mu_k()->and_bits(reader->members, starters, MU_STRIPE_WORDS);
        } else {
            memcpy(reader->members, starters, sizeof starters);
        }
    }
    return mu_scan_start(reader->scan, stripe, err);
}

static muster_status load_used(mu_event_reader *reader, uint32_t expr, muster_error *err)
{
    const uint64_t *used = reader->exprs[expr].used;

    for (size_t w = 0; w < mu_bits_words(reader->scan_options.column_count); w++) {
        for (uint64_t bits = used[w]; bits != 0; bits &= bits - 1) {
            MU_TRY(mu_scan_load(reader->scan, (uint32_t)w * 64 + mu_bits_lowest(bits), err));
        }
    }
    return MUSTER_OK;
}

/* Finds which conditions the live rows meet, and drops those that meet none. */
static muster_status find_conditions(mu_event_reader *reader, mu_batch *batch, muster_error *err)
{
    const size_t words = mu_bits_words(batch->rows);
    uint64_t any[MU_BATCH_WORDS] = {0};

    if (reader->options.condition_count == 1) { /* whose mask all rows have already */
        MU_TRY(load_used(reader, reader->where_count, err));
        return mu_eval_filter(reader->eval, reader->where_count, batch, batch->live, err);
    }
    for (uint32_t i = 0; i < reader->options.condition_count; i++) {
        const uint32_t expr = reader->where_count + i;
        uint64_t *met = reader->met + (size_t)i * MU_BATCH_WORDS;
        memcpy(met, batch->live, words * sizeof *met);
        MU_TRY(load_used(reader, expr, err));
        MU_TRY(mu_eval_filter(reader->eval, expr, batch, met, err));
        for (size_t w = 0; w < words; w++) {
            any[w] |= met[w];
        }
    }
    memcpy(batch->live, any, words * sizeof *any);
    return MUSTER_OK;
}

/* Sets in the masks of the live rows which conditions they meet: of those alone, who may be few. */
static void set_masks(mu_event_reader *reader, const mu_batch *batch)
{
    if (reader->options.condition_count == 1) {
        return;
    }
    for (size_t w = 0; w < mu_bits_words(batch->rows); w++) {
        uint64_t *masks = reader->masks + w * 64;
        if (batch->live[w] == 0) {
            continue;
        }
        memset(masks, 0, 64 * sizeof *masks);
        for (uint32_t i = 0; i < reader->options.condition_count; i++) {
            const uint64_t met = reader->met[(size_t)i * MU_BATCH_WORDS + w] & batch->live[w];
            for (uint64_t bits = met; bits != 0; bits &= bits - 1) {
                masks[mu_bits_lowest(bits)] |= UINT64_C(1) << i;
            }
        }
    }
}

/* Drops rows by where and conditions. */
static muster_status sieve_events(mu_event_reader *reader, mu_batch *batch, muster_error *err)
{
    const size_t words = mu_bits_words(batch->rows);

    if (reader->where_count > 0) {
        MU_TRY(load_used(reader, 0, err));
        MU_TRY(mu_eval_filter(reader->eval, 0, batch, batch->live, err));
        if (mu_bits_none(batch->live, words)) {
            return MUSTER_OK;
        }
    }
    return find_conditions(reader, batch, err);
}

/* Drops rows by where, conditions and people, in this order: what is cheapest to decode comes
 * first. */
static muster_status sieve(mu_event_reader *reader, mu_batch *batch, muster_error *err)
{
    const size_t words = mu_bits_words(batch->rows);

    MU_TRY(sieve_events(reader, batch, err));
    if (mu_bits_none(batch->live, words)) {
        return MUSTER_OK;
    }
    MU_TRY(mu_scan_load(reader->scan, reader->customer_column, err));
    if (reader->among || reader->starters) {
        mu_k()->filter_stripe_set(batch->columns[reader->customer_column].data, reader->members,
                                  batch->live, words);
    }
    set_masks(reader, batch);
    return MUSTER_OK;
}

static muster_status run_values(mu_event_reader *reader, const mu_batch *batch, muster_error *err)
{
    for (uint32_t i = 0; i < reader->options.value_count; i++) {
        const uint32_t expr = reader->where_count + reader->options.condition_count + i;
        MU_TRY(load_used(reader, expr, err));
        MU_TRY(mu_eval_run(reader->eval, expr, batch, &reader->values[i], err));
    }
    return MUSTER_OK;
}

muster_status mu_event_next(mu_event_reader *reader, bool with_time, mu_event_batch *out,
                            muster_error *err)
{
    mu_batch *batch;

    *out = (mu_event_batch){0};
    do {
        MU_TRY(mu_exec_check(reader->exec, err));
        MU_TRY(mu_scan_next(reader->scan, &batch, err));
        if (batch->rows == 0) {
            return MUSTER_OK;
        }
        MU_TRY(sieve(reader, batch, err));
    } while (mu_bits_none(batch->live, mu_bits_words(batch->rows)));
    if (with_time) {
        MU_TRY(mu_scan_load(reader->scan, reader->time_column, err));
        out->time_us = batch->columns[reader->time_column].data;
    }
    MU_TRY(run_values(reader, batch, err));
    out->rows = batch->rows;
    out->live = batch->live;
    out->ordinals = batch->columns[reader->customer_column].data;
    out->masks = reader->masks;
    out->values = reader->values;
    return MUSTER_OK;
}

/* The time of an event of the batch's file: the least of the block, where that is not of someone
 * who was erased. */
static muster_status find_time(mu_event_reader *reader, const mu_batch *batch, int64_t *out,
                               muster_error *err)
{
    int64_t max;

    if (!mu_snapshot_erased(mu_exec_snapshot(reader->exec)) &&
        mu_scan_limits(reader->scan, reader->time_column, out, &max)) {
        return MUSTER_OK;
    }
    MU_TRY(mu_scan_load(reader->scan, reader->time_column, err));
    const int64_t *time_us = batch->columns[reader->time_column].data;
    MU_FOR_EACH_LIVE(row, batch) {
        *out = time_us[row];
        break;
    }
    return MUSTER_OK;
}

/* `context` is the bits where there is nothing to choose. */
static muster_status mark(mu_event_reader *reader, uint32_t stripe, mu_event_choose *choose,
                          void *context, muster_error *err)
{
    mu_batch *batch;
    int64_t time_us;

    assert(!reader->among && !reader->starters);
    MU_TRY(mu_event_start(reader, stripe, err));
    for (;;) {
        uint64_t *bits = context;
        MU_TRY(mu_exec_check(reader->exec, err));
        MU_TRY(mu_scan_next(reader->scan, &batch, err));
        if (batch->rows == 0) {
            return MUSTER_OK;
        }
        MU_TRY(sieve_events(reader, batch, err));
        if (mu_bits_none(batch->live, mu_bits_words(batch->rows))) {
            continue;
        }
        if (choose) {
            MU_TRY(find_time(reader, batch, &time_us, err));
            bits = choose(context, time_us);
        }
        MU_TRY(mu_scan_mark(reader->scan, reader->customer_column, bits, err));
    }
}

muster_status mu_event_mark(mu_event_reader *reader, uint32_t stripe,
                            uint64_t bits[MU_STRIPE_WORDS], muster_error *err)
{
    return mark(reader, stripe, NULL, bits, err);
}

muster_status mu_event_mark_by(mu_event_reader *reader, uint32_t stripe, mu_event_choose *choose,
                               void *context, muster_error *err)
{
    return mark(reader, stripe, choose, context, err);
}

static muster_status open_gather(mu_event_reader *reader, muster_error *err)
{
    const uint32_t count = reader->options.value_count;
    mu_type *types;

    MU_ARENA_TRY(types, &reader->arena, count, err);
    for (uint32_t i = 0; i < count; i++) {
        types[i] = reader->options.values[i]->type;
    }
    return mu_gather_open(types, count, &reader->gather, err);
}

/* Hands a batch to the gather as one of customer, time and the values. */
static muster_status add_to_gather(mu_event_reader *reader, const mu_event_batch *events,
                                   muster_error *err)
{
    uint64_t live[MU_BATCH_WORDS] = {0};
    mu_batch batch = {.rows = events->rows,
                      .column_count = reader->options.value_count + 2,
                      .live = live,
                      .columns = reader->gather_columns};

    memcpy(live, events->live, mu_bits_words(events->rows) * sizeof *live);
    batch.columns[0] = (mu_vector){.type.kind = MU_CUSTOMER, .data = events->ordinals};
    batch.columns[1] = (mu_vector){.type.kind = MU_TIMESTAMP, .data = events->time_us};
    for (uint32_t i = 0; i < reader->options.value_count; i++) {
        batch.columns[i + 2] = events->values[i];
    }
    return mu_gather_add(reader->gather, &batch, 0, 1, events->masks, reader->gather_list, err);
}

muster_status mu_event_gather(mu_event_reader *reader, uint32_t stripe, mu_events *out,
                              muster_error *err)
{
    mu_event_batch batch;

    if (!reader->gather) {
        MU_TRY(open_gather(reader, err));
    }
    MU_TRY(mu_event_start(reader, stripe, err));
    mu_gather_start(reader->gather, stripe);
    for (;;) {
        MU_TRY(mu_event_next(reader, true, &batch, err));
        if (batch.rows == 0) {
            return mu_gather_finish(reader->gather, out, err);
        }
        MU_TRY(add_to_gather(reader, &batch, err));
    }
}

const mu_dict *mu_event_dict(const mu_event_reader *reader, uint32_t value)
{
    return mu_gather_dict(reader->gather, value);
}

mu_value mu_event_value(const mu_event_reader *reader, uint32_t value, int64_t word)
{
    mu_value out = {.type = reader->options.values[value]->type, .null = word == MU_GATHER_NULL};

    if (out.null) {
        return out;
    }
    switch (mu_type_form(out.type)) {
    case MU_FORM_CODE:
        out.text = mu_dict_text(mu_event_dict(reader, value), (uint32_t)word);
        break;
    case MU_FORM_F64:
        memcpy(&out.f64, &word, sizeof word);
        break;
    case MU_FORM_ORDINAL:
        out.ordinal = (uint32_t)word;
        break;
    case MU_FORM_BITS:
    case MU_FORM_I64:
        out.i64 = word;
        break;
    }
    return out;
}

int mu_event_compare(const mu_event_reader *reader, uint32_t value, int64_t x, int64_t y)
{
    if (x == y || x == MU_GATHER_NULL || y == MU_GATHER_NULL) {
        return (x == MU_GATHER_NULL) - (y == MU_GATHER_NULL);
    }
    const mu_form form = mu_type_form(reader->options.values[value]->type);
    if (form == MU_FORM_CODE || form == MU_FORM_F64) {
        const mu_value a = mu_event_value(reader, value, x), b = mu_event_value(reader, value, y);
        return mu_value_compare(&a, &b);
    }
    return (x > y) - (x < y);
}

bool mu_event_newest(mu_exec *exec, const mu_event_source *source, int64_t *time_us)
{
    int64_t oldest;

    return mu_snapshot_times(mu_exec_snapshot(exec), source->table->id, &oldest, time_us);
}
