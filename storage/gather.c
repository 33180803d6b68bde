/*
 * gather.c - a counting sort by the 16 bits that tell a stripe's customers apart.
 *
 * What is pushed is appended to lanes: the low bits of the ordinals, and 8 bytes each for time,
 * mask and every extra column. At the end there are three cases, cheapest first:
 *
 *   the rows came by customer and time (one segment, or few matches): the lanes are the answer;
 *   they came as stretches of that kind, each later than the one before (segments of one month
 *   after another): they are counted per customer, and `order` lists them customer by customer,
 *   each one's as they came;
 *   else the same, and then the rows of customers whose times do not ascend are sorted.
 *
 * Where rows move at all, `order` is made final first (times travel with it), and each lane is
 * copied through it once. A customer's rows are runs that ascend, one for each segment, so they
 * are merged, not sorted: n log(segments) steps for any n, and equal times stay as they came.
 *
 * Which case it is, and how many rows each customer has, is noted while a batch is added and still
 * in the cache.
 *
 * All memory is kept for the next stripe: the first touch of fresh pages costs more than all of
 * the above. Of `counts` only what was counted is cleared.
 */
#include "storage/gather.h"

#include "storage/base/mem.h"
#include "storage/gather_time.h"
#include "storage/kernels/kernels.h"

#include <assert.h>
#include <string.h>

enum {
    TIME_LANE,
    MASK_LANE,
    FIRST_COLUMN_LANE,
};

typedef struct gather_lane {
    int64_t *pushed; /* as they came; owned */
    int64_t *laid;   /* by customer and time; owned */
    size_t pushed_capacity, laid_capacity;
} gather_lane;

/* How the rows came so far. */
typedef struct arrival {
    bool by_customer; /* ordinals ascend */
    bool by_time;     /* each customer's times do: the rows are stretches by customer and time, and
                         no time of a stretch is before one of the stretches before it */
    uint16_t low;     /* of the last row */
    int64_t time_us;  /* likewise */
    int64_t floor_us; /* the latest time of the stretches before */
    int64_t max_us;   /* of all rows */
} arrival;

struct mu_gather {
    uint32_t stripe;
    size_t rows;
    uint32_t column_count;
    mu_type *types;
    mu_dict_union **texts; /* of text columns, else NULL */
    gather_lane *lanes;
    const int64_t **columns; /* what mu_events points to */

    uint16_t *low; /* of the ordinals, as they came */
    size_t low_capacity;
    uint32_t *order; /* place -> row as it came */
    size_t order_capacity;
    uint32_t *spare_order; /* for merging */
    int64_t *spare_times;
    size_t spare_order_capacity, spare_times_capacity;

    arrival came;
    uint32_t *counts;           /* rows of each of the stripe's customers */
    bool seen[MU_STRIPE_WORDS]; /* whether any of 64 customers has rows */
    uint16_t *customers;
    uint32_t *starts;
    uint32_t customer_count;

    uint32_t picked[MU_BATCH_ROWS]; /* rows of the batch being added */
    uint32_t codes[MU_BATCH_ROWS];  /* of those rows */
    uint64_t valid[MU_BATCH_WORDS]; /* likewise */
};

static muster_status out_of_memory(muster_error *err)
{
    return mu_fail_memory(err, "gathering the events of a stripe");
}

muster_status mu_gather_open(const mu_type *types, uint32_t column_count, mu_gather **out,
                             muster_error *err)
{
    mu_gather *gather = mu_mem_zalloc(sizeof *gather);

    *out = NULL;
    if (!gather) {
        return out_of_memory(err);
    }
    gather->types = mu_mem_zalloc_array(column_count, sizeof *gather->types);
    gather->texts = mu_mem_zalloc_array(column_count, sizeof(mu_dict_union *));
    gather->columns = mu_mem_zalloc_array(column_count, sizeof *gather->columns);
    gather->lanes =
        mu_mem_zalloc_array((size_t)column_count + FIRST_COLUMN_LANE, sizeof *gather->lanes);
    gather->counts = mu_mem_zalloc_array(MU_STRIPE_ROWS, sizeof *gather->counts);
    gather->customers = mu_mem_alloc_array(MU_STRIPE_ROWS, sizeof *gather->customers);
    gather->starts = mu_mem_alloc_array(MU_STRIPE_ROWS + 1, sizeof *gather->starts);
    if (!gather->types || !gather->texts || !gather->columns || !gather->lanes || !gather->counts ||
        !gather->customers || !gather->starts) {
        goto fail;
    }
    gather->column_count = column_count;
    for (uint32_t i = 0; i < column_count; i++) {
        gather->types[i] = types[i];
        if (mu_type_form(types[i]) == MU_FORM_CODE) {
            gather->texts[i] = mu_dict_union_open();
            if (!gather->texts[i]) {
                goto fail;
            }
        }
    }
    *out = gather;
    return MUSTER_OK;

fail:
    mu_gather_close(gather);
    return out_of_memory(err);
}

void mu_gather_close(mu_gather *gather)
{
    if (!gather) {
        return;
    }
    for (uint32_t i = 0; i < gather->column_count; i++) {
        mu_dict_union_close(gather->texts[i]);
    }
    for (uint32_t i = 0; gather->lanes && i < gather->column_count + FIRST_COLUMN_LANE; i++) {
        mu_mem_free(gather->lanes[i].pushed);
        mu_mem_free(gather->lanes[i].laid);
    }
    mu_mem_free(gather->types);
    mu_mem_free(gather->texts);
    mu_mem_free(gather->columns);
    mu_mem_free(gather->lanes);
    mu_mem_free(gather->low);
    mu_mem_free(gather->order);
    mu_mem_free(gather->spare_order);
    mu_mem_free(gather->spare_times);
    mu_mem_free(gather->counts);
    mu_mem_free(gather->customers);
    mu_mem_free(gather->starts);
    mu_mem_free(gather);
}

const mu_dict *mu_gather_dict(const mu_gather *gather, uint32_t column)
{
    assert(column < gather->column_count);
    return gather->texts[column] ? &mu_dict_union_builder(gather->texts[column])->dict : NULL;
}

void mu_gather_start(mu_gather *gather, uint32_t stripe)
{
    gather->stripe = stripe;
    gather->rows = 0;
    gather->came = (arrival){.by_customer = true,
                             .by_time = true,
                             .time_us = INT64_MIN,
                             .floor_us = INT64_MIN,
                             .max_us = INT64_MIN};
    for (size_t w = 0; w < MU_STRIPE_WORDS; w++) {
        if (gather->seen[w]) {
            memset(gather->counts + w * 64, 0, 64 * sizeof *gather->counts);
            gather->seen[w] = false;
        }
    }
}

/* Adding. */

static muster_status reserve_lanes(mu_gather *gather, size_t rows, muster_error *err)
{
    if (rows >= UINT32_MAX) {
        return mu_fail(err, MUSTER_INVALID,
                       "more than %u events of 65536 customers match; narrow them by WHERE, "
                       "since or until",
                       UINT32_MAX - 1);
    }
    if (!mu_mem_reserve(&gather->low, &gather->low_capacity, rows, sizeof *gather->low)) {
        return out_of_memory(err);
    }
    for (uint32_t i = 0; i < gather->column_count + FIRST_COLUMN_LANE; i++) {
        gather_lane *lane = &gather->lanes[i];
        if (!mu_mem_reserve(&lane->pushed, &lane->pushed_capacity, rows, sizeof *lane->pushed)) {
            return out_of_memory(err);
        }
    }
    return MUSTER_OK;
}

static void pick_i64(const int64_t *values, const uint32_t *picked, uint32_t count, int64_t *out)
{
    for (uint32_t i = 0; i < count; i++) {
        out[i] = values[picked[i]];
    }
}

/* No DECIMAL, DATE or TIMESTAMP is MU_GATHER_NULL, but a BIGINT may be. */
static muster_status refuse_null_value(const mu_vector *vector, const uint32_t *picked,
                                       uint32_t count, muster_error *err)
{
    const int64_t *values = vector->data;
    bool clash = false;

    if (vector->type.kind != MU_BIGINT && vector->type.kind != MU_INTERVAL) {
        return MUSTER_OK;
    }
    for (uint32_t i = 0; i < count; i++) {
        clash |= values[picked[i]] == MU_GATHER_NULL && mu_vector_valid(vector, picked[i]);
    }
    if (clash) {
        return mu_fail(err, MUSTER_INVALID,
                       "a %s of -9223372036854775808 cannot be told from NULL here; leave such "
                       "rows out by WHERE",
                       vector->type.kind == MU_BIGINT ? "BIGINT" : "value");
    }
    return MUSTER_OK;
}

static void put_f64(const double *values, const uint32_t *picked, uint32_t count, int64_t *out)
{
    for (uint32_t i = 0; i < count; i++) {
        const double value = values[picked[i]] + 0.0; /* -0.0 has the bits of MU_GATHER_NULL */
        memcpy(&out[i], &value, sizeof value);
    }
}

static void put_bits(const uint64_t *bits, const uint32_t *picked, uint32_t count, int64_t *out)
{
    for (uint32_t i = 0; i < count; i++) {
        out[i] = mu_bits_test(bits, picked[i]);
    }
}

static void put_ordinals(const uint32_t *ordinals, const uint32_t *picked, uint32_t count,
                         int64_t *out)
{
    for (uint32_t i = 0; i < count; i++) {
        out[i] = ordinals[picked[i]];
    }
}

/* Only codes that were picked are mapped: their texts may have to be hashed. */
static muster_status put_codes(mu_gather *gather, uint32_t column, const mu_vector *vector,
                               uint32_t count, int64_t *out, muster_error *err)
{
    const uint32_t *codes = vector->data;
    const uint64_t *valid = NULL;

    for (uint32_t i = 0; i < count; i++) {
        gather->codes[i] = codes[gather->picked[i]];
    }
    if (vector->valid) {
        memset(gather->valid, 0, sizeof gather->valid);
        for (uint32_t i = 0; i < count; i++) {
            gather->valid[i / 64] |= (uint64_t)mu_bits_test(vector->valid, gather->picked[i])
                                     << (i % 64);
        }
        valid = gather->valid;
    }
    if (!mu_dict_union_map(gather->texts[column], vector->dict, gather->codes, valid, NULL, count,
                           gather->codes)) {
        return out_of_memory(err);
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t code = gather->codes[i];
        out[i] = code == MU_NO_CODE ? MU_GATHER_NULL : (int64_t)code;
    }
    return MUSTER_OK;
}

static muster_status put_column(mu_gather *gather, uint32_t column, const mu_vector *vector,
                                uint32_t count, int64_t *out, muster_error *err)
{
    const uint32_t *picked = gather->picked;

    assert(vector->data);
    assert(mu_type_form(vector->type) == mu_type_form(gather->types[column]));
    switch (mu_type_form(vector->type)) {
    case MU_FORM_CODE:
        return put_codes(gather, column, vector, count, out, err);
    case MU_FORM_BITS:
        put_bits(vector->data, picked, count, out);
        break;
    case MU_FORM_I64:
        MU_TRY(refuse_null_value(vector, picked, count, err));
        pick_i64(vector->data, picked, count, out);
        break;
    case MU_FORM_F64:
        put_f64(vector->data, picked, count, out);
        break;
    case MU_FORM_ORDINAL:
        put_ordinals(vector->data, picked, count, out);
        break;
    }
    for (uint32_t i = 0; vector->valid && i < count; i++) { /* a branch would be a guess */
        const int64_t valid = -(int64_t)mu_bits_test(vector->valid, picked[i]);
        out[i] = (out[i] & valid) | (MU_GATHER_NULL & ~valid);
    }
    return MUSTER_OK;
}

static void put_masks(const uint64_t *masks, const uint32_t *picked, uint32_t count, int64_t *out)
{
    if (!masks) {
        memset(out, 0xff, count * sizeof *out);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        out[i] = (int64_t)masks[picked[i]];
    }
}

/* Notes how the rows from `at` on came, and counts them. */
static void note_rows(mu_gather *gather, size_t at, uint32_t count)
{
    const uint16_t *low = gather->low + at;
    const int64_t *times = gather->lanes[TIME_LANE].pushed + at;
    uint32_t *counts = gather->counts;
    arrival came = gather->came;
    bool late = false;

    for (uint32_t i = 0; i < count; i++) {
        if (low[i] < came.low) {
            came.by_customer = false;
            came.floor_us = came.max_us; /* a new stretch begins */
        }
        late |= (times[i] < came.floor_us) | ((low[i] == came.low) & (times[i] < came.time_us));
        came.low = low[i];
        came.time_us = times[i];
        came.max_us = times[i] > came.max_us ? times[i] : came.max_us;
        counts[low[i]]++;
        gather->seen[low[i] / 64] = true;
    }
    came.by_time = came.by_time && !late;
    gather->came = came;
}

muster_status mu_gather_add(mu_gather *gather, const mu_batch *batch, uint32_t customer_column,
                            uint32_t time_column, const uint64_t *masks, const uint32_t *columns,
                            muster_error *err)
{
    const size_t words = mu_bits_words(batch->rows);
    const uint32_t count = mu_k()->list_bits(batch->live, words, gather->picked);
    const uint32_t *ordinals = batch->columns[customer_column].data;
    const size_t at = gather->rows;

    if (count == 0) {
        return MUSTER_OK;
    }
    assert(batch->columns[customer_column].type.kind == MU_CUSTOMER && ordinals);
    assert(batch->columns[time_column].type.kind == MU_TIMESTAMP);
    assert(ordinals[gather->picked[0]] / MU_STRIPE_ROWS == gather->stripe);
    MU_TRY(reserve_lanes(gather, at + count, err));
    for (uint32_t i = 0; i < count; i++) {
        gather->low[at + i] = (uint16_t)ordinals[gather->picked[i]];
    }
    pick_i64(batch->columns[time_column].data, gather->picked, count,
             gather->lanes[TIME_LANE].pushed + at);
    put_masks(masks, gather->picked, count, gather->lanes[MASK_LANE].pushed + at);
    for (uint32_t i = 0; i < gather->column_count; i++) {
        MU_TRY(put_column(gather, i, &batch->columns[columns[i]], count,
                          gather->lanes[FIRST_COLUMN_LANE + i].pushed + at, err));
    }
    note_rows(gather, at, count);
    gather->rows += count;
    return MUSTER_OK;
}

/* By customer. */

/* Customers and starts from the counts, which become the places where each customer's next row
 * goes. */
static void list_customers(mu_gather *gather)
{
    uint32_t *counts = gather->counts;
    uint32_t customers = 0, start = 0;

    for (uint32_t w = 0; w < MU_STRIPE_WORDS; w++) {
        uint64_t absent = UINT64_MAX;
        if (!gather->seen[w]) {
            continue;
        }
        mu_k()->filter_eq_u32(counts + (size_t)w * 64, 0, &absent, 1);
        for (uint64_t bits = ~absent; bits != 0; bits &= bits - 1) {
            const uint32_t customer = w * 64 + mu_bits_lowest(bits);
            const uint32_t count = counts[customer];
            gather->customers[customers] = (uint16_t)customer;
            gather->starts[customers] = start;
            customers++;
            counts[customer] = start;
            start += count;
        }
    }
    assert(start == gather->rows);
    gather->starts[customers] = start;
    gather->customer_count = customers;
}

static void order_by_customer(mu_gather *gather)
{
    uint32_t *next = gather->counts;

    for (size_t i = 0; i < gather->rows; i++) {
        gather->order[next[gather->low[i]]++] = (uint32_t)i;
    }
}

/* By time. */

static bool times_ascend(const int64_t *times, uint32_t rows)
{
    for (uint32_t i = 1; i < rows; i++) {
        if (times[i] < times[i - 1]) {
            return false;
        }
    }
    return true;
}

static muster_status sort_times(mu_gather *gather, int64_t *times, muster_error *err)
{
    for (uint32_t i = 0; i < gather->customer_count; i++) {
        const uint32_t start = gather->starts[i];
        const uint32_t rows = gather->starts[i + 1] - start;

        if (times_ascend(times + start, rows)) {
            continue;
        }
        if (!mu_mem_reserve(&gather->spare_times, &gather->spare_times_capacity, rows,
                            sizeof *gather->spare_times) ||
            !mu_mem_reserve(&gather->spare_order, &gather->spare_order_capacity, rows,
                            sizeof *gather->spare_order)) {
            return out_of_memory(err);
        }
        mu_gather_sort_times(times + start, gather->order + start, rows, gather->spare_times,
                             gather->spare_order);
    }
    return MUSTER_OK;
}

/* The end of a stripe. */

static muster_status reserve_laid(mu_gather *gather, muster_error *err)
{
    if (!mu_mem_reserve(&gather->order, &gather->order_capacity, gather->rows,
                        sizeof *gather->order)) {
        return out_of_memory(err);
    }
    for (uint32_t i = 0; i < gather->column_count + FIRST_COLUMN_LANE; i++) {
        gather_lane *lane = &gather->lanes[i];
        if (!mu_mem_reserve(&lane->laid, &lane->laid_capacity, gather->rows, sizeof *lane->laid)) {
            return out_of_memory(err);
        }
    }
    return MUSTER_OK;
}

static void lay(const int64_t *pushed, const uint32_t *order, size_t rows, int64_t *laid)
{
    for (size_t i = 0; i < rows; i++) {
        laid[i] = pushed[order[i]];
    }
}

/* Lays the rows out by customer and time; *moved says whether in `laid` or where they were pushed.
 */
static muster_status lay_out(mu_gather *gather, bool *moved, muster_error *err)
{
    gather_lane *time = &gather->lanes[TIME_LANE];
    const arrival *came = &gather->came;

    list_customers(gather);
    *moved = !came->by_customer || !came->by_time;
    if (!*moved) {
        return MUSTER_OK;
    }
    MU_TRY(reserve_laid(gather, err));
    order_by_customer(gather);
    lay(time->pushed, gather->order, gather->rows, time->laid);
    if (!came->by_time) {
        MU_TRY(sort_times(gather, time->laid, err));
    }
    for (uint32_t i = MASK_LANE; i < gather->column_count + FIRST_COLUMN_LANE; i++) {
        lay(gather->lanes[i].pushed, gather->order, gather->rows, gather->lanes[i].laid);
    }
    return MUSTER_OK;
}

muster_status mu_gather_finish(mu_gather *gather, mu_events *out, muster_error *err)
{
    bool moved;

    MU_TRY(lay_out(gather, &moved, err));
    for (uint32_t i = 0; i < gather->column_count; i++) {
        const gather_lane *lane = &gather->lanes[FIRST_COLUMN_LANE + i];
        gather->columns[i] = moved ? lane->laid : lane->pushed;
    }
    const gather_lane *time = &gather->lanes[TIME_LANE], *mask = &gather->lanes[MASK_LANE];
    *out = (mu_events){
        .first_ordinal = gather->stripe * MU_STRIPE_ROWS,
        .customer_count = gather->customer_count,
        .customers = gather->customers,
        .starts = gather->starts,
        .rows = (uint32_t)gather->rows,
        .time_us = moved ? time->laid : time->pushed,
        .mask = (const uint64_t *)(moved ? mask->laid : mask->pushed),
        .columns = gather->columns,
    };
    return MUSTER_OK;
}
