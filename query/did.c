/*
 * did.c - the set of those who did something, so many times: one bit for each event where once is
 * enough, else a count for each customer of the stripe. Times and rows are never sorted for it.
 *
 * Where once is enough and the condition speaks of an indexed column alone, segments that lie
 * within the time asked for are not read: their postings know who it is. What is left to read are
 * the segments at the borders, and those that keep no set for such a value.
 */
#include "query/did.h"

#include "query/events.h"
#include "query/exec.h"
#include "query/indexed.h"
#include "storage/base/mem.h"
#include "storage/kernels/kernels.h"
#include "storage/posting_filter.h"

struct mu_did {
    const mu_set *set;
    mu_event_source source; /* the set's, whose condition is not a `where` but what is looked for */
    mu_event_reader *reader;
    uint64_t customers;         /* how many there are */
    uint32_t *counts;           /* NULL where one event decides */
    mu_arena arena;             /* of what follows */
    mu_posting_filter *filters; /* of the segments that are not read */
    uint32_t filter_count;
    uint64_t *left_out; /* bits of these segments */
    bool known;         /* there are no others in the bounds */
    atomic_uint_fast64_t *bytes_read;
};

/* Makes a filter of the segment's postings if they can answer for it. */
static muster_status add_filter(mu_did *did, mu_snapshot *snapshot, uint32_t i,
                                const mu_scan_values *values, muster_error *err)
{
    const mu_event_source *source = &did->source;
    const mu_table *table = source->table;
    const mu_segment_info *info = mu_snapshot_segment_info(snapshot, table->id, i);
    const int64_t min = info->min_time_us, max = info->max_time_us;
    const bool within =
        !source->bounded || mu_times_within(min, max, source->since_us, source->until_us);
    const bool meets =
        !source->bounded || mu_times_meet(min, max, source->since_us, source->until_us);
    mu_posting_filter *filter = &did->filters[did->filter_count];
    mu_segment *segment;

    if (!within || !values->wanted[i]) {
        did->known = did->known && !meets;
        return MUSTER_OK;
    }
    MU_TRY(mu_snapshot_segment(snapshot, table->id, i, &segment, err));
    const uint32_t column = mu_segment_column(segment, table->columns[values->column].id);
    MU_TRY(mu_posting_filter_init(filter, segment, column, values->wanted[i], &did->arena, err));
    did->known = did->known && filter->known;
    if (filter->known) {
        did->filter_count++;
        mu_bits_set(did->left_out, i);
    }
    return MUSTER_OK;
}

static muster_status open_filters(mu_did *did, mu_exec *exec, muster_error *err)
{
    mu_snapshot *snapshot = mu_exec_snapshot(exec);
    const mu_event_source *source = &did->set->did.source;
    const uint32_t segments = mu_snapshot_segment_count(snapshot, source->table->id);
    const mu_indexed_options options = {.table = source->table,
                                        .conditions = &source->where,
                                        .condition_count = 1,
                                        .bounded = source->bounded,
                                        .since_us = source->since_us,
                                        .until_us = source->until_us};
    const mu_scan_values *values;
    uint32_t count;

    if (did->counts || !mu_indexed_only(source->table, NULL, source->where)) {
        return MUSTER_OK;
    }
    MU_TRY(mu_indexed_values(exec, &options, &values, &count, err));
    if (count == 0) {
        return MUSTER_OK;
    }
    assert(count == 1);
    did->known = true;
    MU_ARENA_TRY(did->filters, &did->arena, segments, err);
    MU_ARENA_TRY(did->left_out, &did->arena, mu_bits_words(segments), err);
    for (uint32_t i = 0; i < segments; i++) {
        MU_TRY(add_filter(did, snapshot, i, values, err));
    }
    return MUSTER_OK;
}

muster_status mu_did_open(mu_exec *exec, const mu_set *set, mu_did **out, muster_error *err)
{
    muster_status status;
    mu_did *did = mu_mem_zalloc(sizeof *did);

    *out = NULL;
    if (!did) {
        return mu_fail_memory(err, "reading events");
    }
    did->set = set;
    did->source = set->did.source;
    did->source.where = NULL;
    did->customers = mu_customers_count(mu_snapshot_customers(mu_exec_snapshot(exec)));
    if (set->did.at_least != 1 || set->did.at_most != UINT64_MAX) {
        did->counts = mu_mem_alloc_array(MU_STRIPE_ROWS, sizeof *did->counts);
        if (!did->counts) {
            status = mu_fail_memory(err, "counting events");
            goto fail;
        }
    }
    did->bytes_read = mu_exec_bytes_read(exec);
    MU_TRY_GOTO(open_filters(did, exec, err));
    const mu_event_options options = {
        .source = &did->source,
        .condition_count = 1,
        .conditions = &set->did.source.where,
        .bounded = did->source.bounded,
        .since_us = did->source.since_us,
        .until_us = did->source.until_us,
        .left_out = did->left_out,
    };
    MU_TRY_GOTO(mu_event_open(exec, &options, &did->reader, err));
    *out = did;
    return MUSTER_OK;

fail:
    mu_did_close(did);
    return status;
}

bool mu_did_known(const mu_did *did)
{
    return did->known;
}

void mu_did_close(mu_did *did)
{
    if (!did) {
        return;
    }
    mu_event_close(did->reader);
    mu_mem_free(did->counts);
    mu_arena_deinit(&did->arena);
    mu_mem_free(did);
}

static void count(const mu_event_batch *events, uint32_t *counts)
{
    MU_FOR_EACH_LIVE(row, events) {
        uint32_t *c = &counts[events->ordinals[row] % MU_STRIPE_ROWS];
        *c += *c < UINT32_MAX; /* more than that is as good as that */
    }
}

/* Those of the stripe whose count is in the range that was asked for. */
static void choose(const mu_did *did, uint32_t stripe, uint64_t *bits)
{
    const uint64_t first = (uint64_t)stripe * MU_STRIPE_ROWS;
    const uint64_t end =
        did->customers - first < MU_STRIPE_ROWS ? did->customers - first : MU_STRIPE_ROWS;

    for (uint64_t i = 0; i < end; i++) {
        if (did->counts[i] >= did->set->did.at_least && did->counts[i] <= did->set->did.at_most) {
            mu_bits_set(bits, i);
        }
    }
}

/* Those of the segments that are not read. */
static muster_status read_postings(const mu_did *did, uint32_t stripe, uint64_t *bits,
                                   muster_error *err)
{
    const uint64_t first = (uint64_t)stripe * MU_STRIPE_ROWS;
    uint64_t bytes, total = 0, exist[MU_STRIPE_WORDS];

    for (uint32_t i = 0; i < did->filter_count; i++) {
        MU_TRY(mu_posting_filter_read(&did->filters[i], stripe, bits, &bytes, err));
        total += bytes;
    }
    if (did->bytes_read) {
        atomic_fetch_add_explicit(did->bytes_read, total, memory_order_relaxed);
    }
    if (did->filter_count > 0 && did->customers - first < MU_STRIPE_ROWS) {
        mu_bits_fill(exist, (size_t)(did->customers - first), MU_STRIPE_WORDS);
        mu_k()->and_bits(bits, exist, MU_STRIPE_WORDS);
    }
    return MUSTER_OK;
}

muster_status mu_did_run(mu_did *did, uint32_t stripe, uint64_t bits[MU_STRIPE_WORDS],
                         muster_error *err)
{
    mu_event_batch events;

    if (!did->counts) {
        MU_TRY(read_postings(did, stripe, bits, err));
        return mu_event_mark(did->reader, stripe, bits, err);
    }
    memset(did->counts, 0, MU_STRIPE_ROWS * sizeof *did->counts);
    MU_TRY(mu_event_start(did->reader, stripe, err));
    for (;;) {
        MU_TRY(mu_event_next(did->reader, false, &events, err));
        if (events.rows == 0) {
            choose(did, stripe, bits);
            return MUSTER_OK;
        }
        count(&events, did->counts);
    }
}
