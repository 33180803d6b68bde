/*
 * scan.c - which blocks of which segments, batch after batch.
 *
 * Opening a scan drops the segments whose times lie outside the bounds and finds the columns in
 * the others. A unit is then a walk over the segments' blocks of one stripe. Directories alone
 * decide whether a block matters; the time column is only decoded in blocks that a bound cuts.
 *
 * Postings help twice: a stripe of a segment in which no customer has a wanted value is passed
 * over, and a counted scan takes segments that lie within the bounds as values and their counts,
 * unless they have rows of customers who were erased.
 *
 * The batches of `customers` are counted up from the snapshot's number of customers; their
 * attributes are read by profile.c.
 */
#include "storage/scan.h"

#include "storage/base/mem.h"
#include "storage/kernels/kernels.h"
#include "storage/posting_filter.h"
#include "storage/profile.h"
#include "storage/scan_column.h"
#include "storage/scan_counts.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

typedef struct segment_source {
    mu_segment *segment;
    const mu_segment_info *info;
    uint32_t *columns; /* the segment's index of each of the scan's columns, or MU_NO_COLUMN */
    uint32_t *ranges;  /* the same of each range's */
    uint32_t time;     /* the same of the TIME column's */
    uint32_t customer; /* the same of the CUSTOMER column's */
    mu_posting_filter *filters; /* those of the options' values that are known in this segment */
    uint32_t filter_count;
} segment_source;

struct mu_scan {
    mu_arena arena; /* has everything but the decoders */
    const mu_scan_options *options;
    mu_snapshot *snapshot;
    uint32_t customer_count;
    uint32_t stripe_count;
    segment_source *sources;
    uint32_t source_count;
    uint32_t *nobody; /* the sources that have rows of nobody: a unit each */
    uint32_t nobody_count;
    mu_scan_whole *whole; /* segments that are counted: a unit each, after nobody's */
    uint32_t whole_count;
    mu_scan_counts counts;
    mu_profile *profile;      /* `customers`: reads the attributes, and then those of the ranges */
    uint32_t *profile_places; /* where each of the columns is in it; MU_NO_COLUMN: the ordinal */

    /* The columns of the options, that of the counts, and behind them those that only the scan
     * needs: TIME for the bounds, CUSTOMER for those who were erased. */
    mu_scan_column *columns;
    uint32_t column_count, time_column, customer_column;
    uint64_t *alive;  /* who of the stripe was not erased; room is taken if anyone was */
    bool some_erased; /* of the stripe at hand, someone was */
    mu_batch batch;

    /* Where the scan is. */
    uint32_t stripe;
    uint32_t source, source_end; /* the next sources of the unit are [source, source_end) */
    uint32_t block, block_end;   /* the next blocks of the source before `source` */
    uint64_t
        *members; /* of the stripe in that source, those whose rows may matter; only `sieved` */
    bool sieved;
    const mu_scan_whole *counting; /* the unit is this segment; else NULL */
    uint32_t next_value;           /* of it */
    bool block_cut;                /* some rows of the block at hand are outside the bounds */
    uint32_t block_rows, next_row;
    mu_scan_place place; /* of the batch at hand */
    uint64_t entered;    /* how many blocks the scan has come to */
};

/* Opening. */

static bool is_customers(const mu_scan *scan)
{
    return scan->options->table->id == MU_CUSTOMERS_TABLE;
}

static bool in_bounds(const mu_scan_options *options, int64_t min_us, int64_t max_us)
{
    return !options->bounded || mu_times_meet(min_us, max_us, options->since_us, options->until_us);
}

/* The segment's index of a column of the table, whose type must not have changed. */
static muster_status find_column(const mu_scan *scan, const mu_segment *segment, uint32_t column,
                                 uint32_t *out, muster_error *err)
{
    const mu_column *wanted = &scan->options->table->columns[column];
    const uint32_t index = mu_segment_column(segment, wanted->id);

    *out = index;
    if (index != MU_NO_COLUMN) {
        const mu_type found = mu_segment_column_type(segment, index);
        char found_name[32], wanted_name[32];
        if (found.kind != wanted->type.kind || found.scale != wanted->type.scale) {
            return mu_fail(err, MUSTER_CORRUPT,
                           "a segment of table \"%s\" has column \"%s\" as %s, expected %s",
                           scan->options->table->name, wanted->name,
                           mu_type_name(found, found_name),
                           mu_type_name(wanted->type, wanted_name));
        }
    }
    return MUSTER_OK;
}

static muster_status open_source(mu_scan *scan, uint32_t i, segment_source *out, muster_error *err)
{
    const mu_scan_options *options = scan->options;
    const mu_table *table = options->table;

    MU_TRY(mu_snapshot_segment(scan->snapshot, table->id, i, &out->segment, err));
    MU_ARENA_TRY(out->columns, &scan->arena, options->column_count, err);
    MU_ARENA_TRY(out->ranges, &scan->arena, options->range_count, err);
    for (uint32_t c = 0; c < options->column_count; c++) {
        MU_TRY(find_column(scan, out->segment, options->columns[c], &out->columns[c], err));
    }
    for (uint32_t r = 0; r < options->range_count; r++) {
        MU_TRY(find_column(scan, out->segment, options->ranges[r].column, &out->ranges[r], err));
    }
    out->time = out->customer = MU_NO_COLUMN;
    if (table->customer_column != MU_NO_COLUMN) {
        MU_TRY(find_column(scan, out->segment, table->customer_column, &out->customer, err));
    }
    if (table->time_column != MU_NO_COLUMN) {
        MU_TRY(find_column(scan, out->segment, table->time_column, &out->time, err));
        if (out->time == MU_NO_COLUMN) {
            return mu_fail(err, MUSTER_CORRUPT, "a segment of table \"%s\" has no column \"%s\"",
                           table->name, table->columns[table->time_column].name);
        }
    }
    return MUSTER_OK;
}

/* Finds the postings of the wanted values; without them the values are of no use. */
static muster_status open_filters(mu_scan *scan, uint32_t i, segment_source *out, muster_error *err)
{
    const mu_scan_options *options = scan->options;
    const mu_postings *postings;
    uint32_t column;

    MU_ARENA_TRY(out->filters, &scan->arena, options->value_count, err);
    for (uint32_t v = 0; v < options->value_count; v++) {
        const mu_scan_values *values = &options->values[v];
        MU_TRY(find_column(scan, out->segment, values->column, &column, err));
        if (!values->wanted[i] || column == MU_NO_COLUMN) {
            continue;
        }
        MU_TRY(mu_segment_postings(out->segment, column, &postings, err));
        if (postings) {
            MU_TRY(mu_posting_filter_init(&out->filters[out->filter_count++], out->segment, column,
                                          values->wanted[i], &scan->arena, err));
        }
    }
    return MUSTER_OK;
}

/* Whether the segment can be counted without reading it; then *out is filled. */
static muster_status open_whole(mu_scan *scan, uint32_t i, const mu_segment_info *info,
                                mu_scan_whole *out, bool *whole, muster_error *err)
{
    const mu_scan_options *options = scan->options;
    mu_segment *segment;
    uint32_t column;

    *out = (mu_scan_whole){.info = info};
    *whole = options->counted && info->masked_rows == 0 &&
             (!options->bounded || mu_times_within(info->min_time_us, info->max_time_us,
                                                   options->since_us, options->until_us));
    if (!*whole || options->column_count == 0) {
        return MUSTER_OK;
    }
    MU_TRY(mu_snapshot_segment(scan->snapshot, options->table->id, i, &segment, err));
    MU_TRY(find_column(scan, segment, options->columns[0], &column, err));
    if (column != MU_NO_COLUMN) {
        MU_TRY(mu_segment_dict(segment, column, &out->dict, err));
        MU_TRY(mu_segment_postings(segment, column, &out->postings, err));
    }
    *whole = out->postings != NULL;
    return MUSTER_OK;
}

static muster_status open_sources(mu_scan *scan, muster_error *err)
{
    const mu_scan_options *options = scan->options;
    const uint32_t table_id = options->table->id;
    const uint32_t count = mu_snapshot_segment_count(scan->snapshot, table_id);

    MU_ARENA_TRY(scan->sources, &scan->arena, count, err);
    MU_ARENA_TRY(scan->nobody, &scan->arena, count, err);
    MU_ARENA_TRY(scan->whole, &scan->arena, options->counted ? count : 0, err);
    for (uint32_t i = 0; i < count; i++) {
        const mu_segment_info *info = mu_snapshot_segment_info(scan->snapshot, table_id, i);
        bool whole;
        if (!in_bounds(options, info->min_time_us, info->max_time_us) ||
            (options->left_out && mu_bits_test(options->left_out, i))) {
            continue;
        }
        if (options->counted) {
            MU_TRY(open_whole(scan, i, info, &scan->whole[scan->whole_count], &whole, err));
            if (whole) {
                scan->whole_count++;
                continue;
            }
        }
        segment_source *source = &scan->sources[scan->source_count];
        source->info = info;
        MU_TRY(open_source(scan, i, source, err));
        MU_TRY(open_filters(scan, i, source, err));
        if (info->nobody_rows > 0 && !options->skip_nobody) {
            scan->nobody[scan->nobody_count++] = scan->source_count;
        }
        scan->source_count++;
    }
    return MUSTER_OK;
}

/* Where a column of the table is among the scan's. If it is not there, but needed, it is put behind
 * them. */
static uint32_t place_column(const mu_scan *scan, uint32_t column, bool needed, uint32_t *count)
{
    for (uint32_t i = 0; i < scan->options->column_count; i++) {
        if (scan->options->columns[i] == column) {
            return i;
        }
    }
    return needed ? (*count)++ : MU_NO_COLUMN;
}

/* The type of the i-th of the scan's own columns. */
static mu_type type_of(const mu_scan *scan, uint32_t i)
{
    const mu_scan_options *options = scan->options;
    const mu_table *table = options->table;

    if (i >= options->column_count && i < scan->batch.column_count) {
        return (mu_type){.kind = MU_BIGINT, .bits = 64}; /* the counts */
    }
    return table
        ->columns[i < options->column_count ? options->columns[i]
                  : i == scan->time_column  ? table->time_column
                                            : table->customer_column]
        .type;
}

static muster_status open_columns(mu_scan *scan, muster_error *err)
{
    const mu_scan_options *options = scan->options;
    const mu_table *table = options->table;
    const bool masked =
        mu_snapshot_erased(scan->snapshot) && table->customer_column != MU_NO_COLUMN;
    uint32_t count = options->column_count + (options->counted ? 1 : 0);

    assert(!options->counted || options->column_count <= 1);
    scan->time_column = place_column(scan, table->time_column, options->bounded, &count);
    scan->customer_column = place_column(scan, table->customer_column, masked, &count);
    if (masked) {
        MU_ARENA_TRY(scan->alive, &scan->arena, MU_STRIPE_WORDS, err);
    }
    MU_ARENA_TRY(scan->columns, &scan->arena, count, err);
    MU_ARENA_TRY(scan->batch.columns, &scan->arena, count, err);
    MU_ARENA_TRY(scan->batch.live, &scan->arena, MU_BATCH_WORDS, err);
    scan->batch.column_count = options->column_count + (options->counted ? 1 : 0);
    for (uint32_t i = 0; i < count; i++) {
        const mu_type type = type_of(scan, i);
        scan->column_count++;
        MU_TRY(mu_scan_column_init(&scan->columns[i], type, &scan->arena, err));
        scan->batch.columns[i].type = type;
    }
    MU_ARENA_TRY(scan->members, &scan->arena, options->value_count > 0 ? MU_STRIPE_WORDS : 0, err);
    return options->counted ? mu_scan_counts_init(&scan->counts, &scan->arena, err) : MUSTER_OK;
}

/* Opens a reader of the attributes among the columns, and of those that ranges are about. */
static muster_status open_profile(mu_scan *scan, muster_error *err)
{
    const mu_scan_options *options = scan->options;
    uint32_t *wanted;
    uint32_t count = 0;

    MU_ARENA_TRY(wanted, &scan->arena, options->column_count + options->range_count, err);
    MU_ARENA_TRY(scan->profile_places, &scan->arena, options->column_count + options->range_count,
                 err);
    for (uint32_t i = 0; i < options->column_count + options->range_count; i++) {
        const uint32_t column = i < options->column_count
                                    ? options->columns[i]
                                    : options->ranges[i - options->column_count].column;
        scan->profile_places[i] = MU_NO_COLUMN;
        if (column != options->table->customer_column) {
            scan->profile_places[i] = count;
            wanted[count++] = column;
        }
    }
    return mu_profile_open(scan->snapshot, options->table, wanted, count, &scan->profile, err);
}

muster_status mu_scan_open(mu_snapshot *snapshot, const mu_scan_options *options, mu_scan **out,
                           muster_error *err)
{
    muster_status status;
    mu_scan *scan = mu_mem_zalloc(sizeof *scan);

    assert(!options->bounded || options->table->time_column != MU_NO_COLUMN);
    *out = NULL;
    if (!scan) {
        return mu_fail_memory(err, "opening a scan");
    }
    scan->options = options;
    scan->snapshot = snapshot;
    scan->customer_count = mu_customers_count(mu_snapshot_customers(snapshot));
    if (is_customers(scan) || mu_table_has_events(options->table)) {
        scan->stripe_count = mu_snapshot_stripes(snapshot);
    }
    MU_TRY_GOTO(open_columns(scan, err));
    if (is_customers(scan)) {
        MU_TRY_GOTO(open_profile(scan, err));
    } else {
        MU_TRY_GOTO(open_sources(scan, err));
    }
    *out = scan;
    return MUSTER_OK;

fail:
    mu_scan_close(scan);
    return status;
}

void mu_scan_close(mu_scan *scan)
{
    if (scan) {
        for (uint32_t i = 0; i < scan->column_count; i++) {
            mu_scan_column_deinit(&scan->columns[i]);
        }
        mu_profile_close(scan->profile);
        mu_arena_deinit(&scan->arena);
        mu_mem_free(scan);
    }
}

uint32_t mu_scan_units(const mu_scan *scan)
{
    return scan->stripe_count + scan->nobody_count + scan->whole_count;
}

uint32_t mu_scan_stripes(const mu_scan *scan)
{
    return scan->stripe_count;
}

/* Units and blocks. */

static void count(atomic_uint_fast64_t *counter, uint64_t by)
{
    atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

static void see_block(const mu_scan *scan)
{
    mu_scan_seen *seen = scan->options->seen;

    if (seen) {
        count(&seen->blocks, 1);
        count(&seen->rows, scan->block_rows);
    }
}

/* Blocks that do not matter, by what is said of them. */
static void skip_blocks(const mu_scan *scan, uint64_t blocks, bool by_postings)
{
    mu_scan_seen *seen = scan->options->seen;

    if (seen) {
        count(by_postings ? &seen->by_postings : &seen->by_limits, blocks);
    }
}

/* A stripe of `customers`: all of it, or nothing where nobody's attributes are in the ranges. */
static muster_status start_customers(mu_scan *scan, muster_error *err)
{
    const mu_scan_options *options = scan->options;
    const uint32_t first = scan->stripe * MU_STRIPE_ROWS;
    const uint32_t left = scan->customer_count - first;
    bool matters = true;

    assert(scan->customer_count > first);
    mu_profile_start(scan->profile, scan->stripe);
    for (uint32_t i = 0; i < options->range_count && matters; i++) {
        const mu_scan_range *range = &options->ranges[i];
        const uint32_t place = scan->profile_places[options->column_count + i];
        if (place != MU_NO_COLUMN) {
            MU_TRY(
                mu_profile_may_have(scan->profile, place, range->min, range->max, &matters, err));
        }
    }
    scan->block_rows = !matters ? 0 : left < MU_STRIPE_ROWS ? left : MU_STRIPE_ROWS;
    if (matters) {
        see_block(scan);
    } else {
        skip_blocks(scan, 1, false);
    }
    return MUSTER_OK;
}

/* Who of the stripe may be seen. */
static void find_alive(mu_scan *scan)
{
    const uint64_t *erased =
        scan->alive ? mu_erased_stripe(mu_snapshot_erased(scan->snapshot), scan->stripe) : NULL;

    scan->some_erased = erased != NULL;
    for (size_t w = 0; erased && w < MU_STRIPE_WORDS; w++) {
        scan->alive[w] = ~erased[w];
    }
}

static void count_bytes(const mu_scan *scan, uint64_t bytes)
{
    if (bytes > 0 && scan->options->bytes_read) {
        count(scan->options->bytes_read, bytes);
    }
}

muster_status mu_scan_start(mu_scan *scan, uint32_t unit, muster_error *err)
{
    assert(unit < mu_scan_units(scan));
    scan->counting = NULL;
    if (unit >= scan->stripe_count + scan->nobody_count) {
        scan->counting = &scan->whole[unit - scan->stripe_count - scan->nobody_count];
        scan->next_value = 0;
        if (scan->options->seen) {
            count(&scan->options->seen->counted, 1);
        }
        return MUSTER_OK;
    }
    if (unit < scan->stripe_count) {
        scan->stripe = unit;
        scan->source = 0;
        scan->source_end = scan->source_count;
    } else {
        scan->stripe = MU_NOBODY;
        scan->source = scan->nobody[unit - scan->stripe_count];
        scan->source_end = scan->source + 1;
    }
    scan->block = scan->block_end = 0;
    scan->block_rows = scan->next_row = 0;
    scan->block_cut = false;
    find_alive(scan);
    return is_customers(scan) ? start_customers(scan, err) : MUSTER_OK;
}

/* Whether the stripe's rows in this segment may matter, by the postings; where it has several
 * blocks, also whose. */
static muster_status enter_stripe(mu_scan *scan, const segment_source *source, bool *matters,
                                  muster_error *err)
{
    uint64_t bits[MU_STRIPE_WORDS], bytes;

    *matters = scan->block < scan->block_end;
    scan->sieved = false;
    for (uint32_t i = 0; i < source->filter_count && *matters; i++) {
        MU_TRY(mu_posting_filter_any(&source->filters[i], scan->stripe, matters, err));
    }
    if (!*matters || scan->block_end - scan->block < 2 || scan->stripe == MU_NOBODY) {
        return MUSTER_OK;
    }
    for (uint32_t i = 0; i < source->filter_count; i++) {
        if (!source->filters[i].known) {
            continue;
        }
        memset(bits, 0, sizeof bits);
        MU_TRY(mu_posting_filter_read(&source->filters[i], scan->stripe, bits, &bytes, err));
        count_bytes(scan, bytes);
        if (scan->sieved) {
            mu_k()->and_bits(scan->members, bits, MU_STRIPE_WORDS);
        } else {
            memcpy(scan->members, bits, sizeof bits);
        }
        scan->sieved = true;
    }
    return MUSTER_OK;
}

/* Whether any of the customers of the block is a member. */
static bool has_members(const mu_scan *scan, const mu_block *block)
{
    const uint32_t first = block->first_ordinal % MU_STRIPE_ROWS;
    const uint32_t last = block->last_ordinal % MU_STRIPE_ROWS;
    const uint64_t from = UINT64_MAX << (first % 64), to = UINT64_MAX >> (63 - last % 64);
    uint64_t any = 0;

    for (uint32_t w = first / 64; w <= last / 64; w++) {
        any |= scan->members[w] & (w == first / 64 ? from : UINT64_MAX) &
               (w == last / 64 ? to : UINT64_MAX);
    }
    return any != 0;
}

/* Whether any row of the block may be in the bounds and the ranges. */
static bool block_matters(const mu_scan *scan, const segment_source *source, uint32_t block)
{
    const mu_scan_options *options = scan->options;

    if (options->bounded) {
        const mu_chunk_info *time = mu_segment_chunk(source->segment, block, source->time);
        if (!in_bounds(options, time->min, time->max)) {
            skip_blocks(scan, 1, false);
            return false;
        }
    }
    if (scan->sieved && !has_members(scan, mu_segment_block(source->segment, block))) {
        skip_blocks(scan, 1, true);
        return false;
    }
    for (uint32_t i = 0; i < options->range_count; i++) {
        const mu_scan_range *range = &options->ranges[i];
        const mu_chunk_info *chunk =
            source->ranges[i] == MU_NO_COLUMN
                ? NULL
                : mu_segment_chunk(source->segment, block, source->ranges[i]);
        if (!chunk || chunk->size == 0 || chunk->max < range->min || chunk->min > range->max) {
            skip_blocks(scan, 1, false);
            return false;
        }
    }
    return true;
}

static muster_status enter_block(mu_scan *scan, const segment_source *source, uint32_t block,
                                 muster_error *err)
{
    const mu_scan_options *options = scan->options;
    const mu_block *info = mu_segment_block(source->segment, block);

    if (info->stripe != MU_NOBODY && info->last_ordinal >= scan->customer_count) {
        (void)mu_fail(err, MUSTER_CORRUPT, "there is no customer %u of %u", info->last_ordinal,
                      scan->customer_count);
        mu_segment_where(source->segment, block, 0, err);
        return MUSTER_CORRUPT;
    }
    for (uint32_t i = 0; i < scan->column_count; i++) {
        scan->columns[i].state = MU_SCAN_CLOSED;
    }
    if (options->bounded) {
        const mu_chunk_info *time = mu_segment_chunk(source->segment, block, source->time);
        scan->block_cut = time->min < options->since_us || time->max >= options->until_us;
    }
    scan->entered++;
    scan->place.segment = source->segment;
    scan->place.block = block;
    scan->block_rows = info->rows;
    scan->next_row = 0;
    see_block(scan);
    return MUSTER_OK;
}

/* Goes to the unit's next block that matters; *found is false if there is none. */
static muster_status next_block(mu_scan *scan, bool *found, muster_error *err)
{
    *found = false;
    for (;;) {
        while (scan->block < scan->block_end) {
            const segment_source *source = &scan->sources[scan->source - 1];
            const uint32_t block = scan->block++;
            if (block_matters(scan, source, block)) {
                *found = true;
                return enter_block(scan, source, block, err);
            }
        }
        if (scan->source == scan->source_end) {
            return MUSTER_OK;
        }
        const segment_source *source = &scan->sources[scan->source++];
        bool matters;
        mu_segment_stripe(source->segment, scan->stripe, &scan->block, &scan->block_end);
        MU_TRY(enter_stripe(scan, source, &matters, err));
        if (!matters) {
            skip_blocks(scan, scan->block_end - scan->block, true);
            scan->block = scan->block_end;
        }
    }
}

/* Batches. */

static bool any_live(const mu_batch *batch)
{
    return !mu_bits_none(batch->live, mu_bits_words(batch->rows));
}

static muster_status load_column(mu_scan *scan, uint32_t i, muster_error *err)
{
    const segment_source *source = &scan->sources[scan->source - 1];
    const uint32_t index = i < scan->options->column_count ? source->columns[i]
                           : i == scan->time_column        ? source->time
                                                           : source->customer;
    uint64_t bytes = 0;

    MU_TRY(mu_scan_column_load(&scan->columns[i], &scan->place, index, &scan->batch.columns[i],
                               &bytes, err));
    count_bytes(scan, bytes);
    return MUSTER_OK;
}

static muster_status drop_outside_bounds(mu_scan *scan, muster_error *err)
{
    const mu_scan_options *options = scan->options;
    mu_batch *batch = &scan->batch;

    MU_TRY(load_column(scan, scan->time_column, err));
    const int64_t *times = batch->columns[scan->time_column].data;
    assert(options->until_us > options->since_us); /* else no block would matter */
    mu_k()->filter_range_i64(times, options->since_us, options->until_us - 1, batch->live,
                             mu_bits_words(batch->rows));
    return MUSTER_OK;
}

static muster_status drop_erased(mu_scan *scan, muster_error *err)
{
    mu_batch *batch = &scan->batch;
    const size_t words = mu_bits_words(batch->rows);

    if (is_customers(scan)) {
        mu_k()->and_bits(batch->live, scan->alive + scan->place.first / 64, words);
        return MUSTER_OK;
    }
    MU_TRY(load_column(scan, scan->customer_column, err));
    mu_k()->filter_stripe_set(batch->columns[scan->customer_column].data, scan->alive, batch->live,
                              words);
    return MUSTER_OK;
}

/* The next rows of the block at hand, none of their columns loaded. */
static void begin_batch(mu_scan *scan)
{
    const uint32_t left = scan->block_rows - scan->next_row;
    mu_batch *batch = &scan->batch;

    batch->rows = left < MU_BATCH_ROWS ? left : MU_BATCH_ROWS;
    mu_bits_fill(batch->live, batch->rows, MU_BATCH_WORDS);
    for (uint32_t i = 0; i < scan->column_count; i++) {
        batch->columns[i] = (mu_vector){.type = batch->columns[i].type};
    }
    if (scan->options->counted) {
        batch->columns[batch->column_count - 1].data = scan->counts.ones;
    }
    scan->place.first = scan->next_row;
    scan->place.rows = batch->rows;
    scan->next_row += batch->rows;
}

/* All customers of the stripe as one row; no more after it. */
static void count_customers(mu_scan *scan)
{
    mu_batch *batch = &scan->batch;
    int64_t count = scan->block_rows;

    for (size_t w = 0; scan->some_erased && w < MU_STRIPE_WORDS; w++) {
        count -= __builtin_popcountll(~scan->alive[w]); /* those past the end are alive */
    }
    batch->rows = scan->next_row < scan->block_rows;
    mu_bits_fill(batch->live, batch->rows, MU_BATCH_WORDS);
    scan->counts.counts[0] = count;
    scan->next_row = scan->block_rows;
    batch->columns[0].data = scan->counts.counts;
}

muster_status mu_scan_next(mu_scan *scan, mu_batch **batch, muster_error *err)
{
    *batch = &scan->batch;
    if (scan->counting) {
        mu_scan_counts_next(&scan->counts, scan->counting, !scan->options->skip_nobody,
                            scan->columns[0].no_text, &scan->next_value, &scan->batch);
        return MUSTER_OK;
    }
    if (scan->options->counted && is_customers(scan)) {
        count_customers(scan);
        return MUSTER_OK;
    }
    for (;;) {
        if (scan->next_row == scan->block_rows) {
            bool found;
            MU_TRY(next_block(scan, &found, err));
            if (!found) {
                scan->batch.rows = 0;
                return MUSTER_OK;
            }
        }
        begin_batch(scan);
        if (!scan->block_cut && !scan->some_erased) {
            return MUSTER_OK;
        }
        if (scan->block_cut) {
            MU_TRY(drop_outside_bounds(scan, err));
        }
        if (scan->some_erased && any_live(&scan->batch)) {
            MU_TRY(drop_erased(scan, err));
        }
        if (any_live(&scan->batch)) {
            return MUSTER_OK;
        }
    }
}

uint64_t mu_scan_block(const mu_scan *scan)
{
    return scan->entered;
}

bool mu_scan_limits(const mu_scan *scan, uint32_t i, int64_t *min, int64_t *max)
{
    const segment_source *source = &scan->sources[scan->source - 1];

    assert(i < scan->options->column_count && !is_customers(scan) && !scan->counting);
    assert(mu_type_form(scan->batch.columns[i].type) == MU_FORM_I64);
    if (source->columns[i] == MU_NO_COLUMN) {
        return false;
    }
    const mu_chunk_info *chunk =
        mu_segment_chunk(source->segment, scan->place.block, source->columns[i]);
    *min = chunk->min;
    *max = chunk->max;
    return chunk->size > 0 && chunk->null_count == 0;
}

/* A batch of `customers`: its ordinals. */
static void count_up(mu_scan *scan, uint32_t i)
{
    uint32_t *ordinals = scan->columns[i].values;
    const uint32_t first = scan->stripe * MU_STRIPE_ROWS + scan->place.first;

    for (uint32_t row = 0; row < MU_BATCH_ROWS; row++) {
        ordinals[row] = first + row;
    }
    scan->batch.columns[i].data = ordinals;
    scan->batch.columns[i].valid = NULL;
}

muster_status mu_scan_load(mu_scan *scan, uint32_t i, muster_error *err)
{
    assert(i < scan->batch.column_count && scan->batch.rows > 0);
    if (scan->batch.columns[i].data) {
        return MUSTER_OK;
    }
    if (!is_customers(scan)) {
        return load_column(scan, i, err);
    }
    if (scan->profile_places[i] == MU_NO_COLUMN) {
        count_up(scan, i);
        return MUSTER_OK;
    }
    uint64_t bytes = 0;
    MU_TRY(mu_profile_load(scan->profile, scan->profile_places[i], scan->place.first,
                           scan->place.rows, &scan->batch.columns[i], &bytes, err));
    count_bytes(scan, bytes);
    return MUSTER_OK;
}

muster_status mu_scan_mark(mu_scan *scan, uint32_t i, uint64_t bits[MU_STRIPE_WORDS],
                           muster_error *err)
{
    const mu_batch *batch = &scan->batch;
    const segment_source *source = &scan->sources[scan->source - 1];
    uint64_t bytes = 0;

    assert(batch->columns[i].type.kind == MU_CUSTOMER && !is_customers(scan));
    if (!any_live(batch)) {
        return MUSTER_OK;
    }
    MU_TRY(mu_scan_column_mark(&scan->columns[i], &scan->place, source->columns[i], batch->live,
                               bits, &bytes, err));
    count_bytes(scan, bytes);
    return MUSTER_OK;
}
