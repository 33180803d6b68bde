/*
 * window_bucket.c - value_bucket(value, n): which of n buckets of as equal a size as can be a value
 * falls in, the least in the first; equal values in the bucket of the first of them.
 *
 * Nothing is put in order for it: a value is in bucket b + 1 if it is greater than the last value
 * of bucket b, and there are but n - 1 of those. They are selected: all values are counted by their
 * topmost bits, and only those that share these with one of the values wanted are looked at again,
 * by their next ones. A column of days or small numbers is done with the first count.
 */
#include "query/sort.h"
#include "query/window_call.h"
#include "storage/base/mem.h"

enum {
    BINS = 1 << 10, /* as many as are counted in the nearest cache */
    FEW = 64        /* keys that are sorted instead */
};

/* Keys are in the order of the values; NULL has none, and is less than all. */
typedef struct bucket_run {
    mu_window_task *task;
    const mu_rowset_column *column; /* of the values */
    uint64_t first, end;            /* the partition */
    uint64_t *keys;                 /* of the values that are not NULL; where the results will be */
    uint64_t key_count;
    uint64_t *lasts; /* of each bucket but the last, ascending; those that are NULL left out */
    uint64_t last_count;
    uint64_t null_count; /* how many these are */
    uint64_t half;       /* of the places in `lasts`, which are a power of two */
} bucket_run;

static muster_status fail_memory(muster_error *err)
{
    return mu_fail_memory(err, "running a window");
}

static uint64_t key_of(const mu_rowset_column *column, uint64_t row)
{
    return column->form == MU_FORM_F64
               ? mu_sort_number_f64(((const double *)column->data)[row])
               : (uint64_t)((const int64_t *)column->data)[row] ^ UINT64_C(1) << 63;
}

static muster_status list_keys(bucket_run *run, muster_error *err)
{
    const mu_rowset_column *column = run->column;

    for (uint64_t row = run->first; row < run->end; row++) {
        if (mu_stopped_at(row)) {
            return mu_exec_check(run->task->windowed->exec, err);
        }
        run->keys[run->key_count] = key_of(column, row);
        run->key_count += mu_bits_test(column->valid, row);
    }
    return MUSTER_OK;
}

/* Selecting. */

/* Keys of which those of some ranks are wanted; `ranks` ascend, and become these keys. `spare` has
 * room for all keys; NULL: it is taken as it is needed, for the few that are looked at again. */
typedef struct selection {
    uint64_t *keys, *spare;
    uint64_t count;
    uint64_t *ranks;
    uint64_t rank_count;
} selection;

static void sort_few(const selection *s)
{
    for (uint64_t i = 1; i < s->count; i++) {
        const uint64_t key = s->keys[i];
        uint64_t at = i;
        for (; at > 0 && s->keys[at - 1] > key; at--) {
            s->keys[at] = s->keys[at - 1];
        }
        s->keys[at] = key;
    }
    for (uint64_t r = 0; r < s->rank_count; r++) {
        s->ranks[r] = s->keys[s->ranks[r]];
    }
}

/* By how much to shift what is above the least, so that there is a bin for it. */
static unsigned choose_shift(const selection *s, uint64_t *least)
{
    uint64_t most = s->keys[0];
    unsigned shift = 0;

    *least = s->keys[0];
    for (uint64_t i = 1; i < s->count && !mu_stopped_at(i); i++) {
        *least = s->keys[i] < *least ? s->keys[i] : *least;
        most = s->keys[i] > most ? s->keys[i] : most;
    }
    while ((most - *least) >> shift >= BINS) {
        shift++;
    }
    return shift;
}

static bool select_keys(selection *s);

/* The ranks that fall in one bin become ranks within it, and are sought there. Its keys are in
 * `spare`, from `first` on; what is not wanted any more of `keys` is room for the next ones. */
static bool select_within(const selection *s, uint64_t first, uint64_t count, uint64_t before,
                          uint64_t rank, uint64_t rank_count)
{
    selection inner = {.keys = s->spare + first,
                       .spare = s->keys + first,
                       .count = count,
                       .ranks = s->ranks + rank,
                       .rank_count = rank_count};

    for (uint64_t r = 0; r < rank_count; r++) {
        inner.ranks[r] -= before;
    }
    return select_keys(&inner);
}

/* A bin with ranks in it. */
typedef struct wanted_bin {
    uint32_t bin;
    uint64_t first;  /* of its keys in `spare` */
    uint64_t before; /* keys in the bins before it */
    uint64_t rank, rank_count;
} wanted_bin;

static uint32_t find_bins(const selection *s, const uint64_t *counts, wanted_bin *bins)
{
    uint64_t before = 0, first = 0, rank = 0;
    uint32_t count = 0;

    for (uint32_t bin = 0; bin < BINS && rank < s->rank_count; bin++) {
        const uint64_t from = rank;
        while (rank < s->rank_count && s->ranks[rank] < before + counts[bin]) {
            rank++;
        }
        if (rank > from) {
            bins[count++] = (wanted_bin){bin, first, before, from, rank - from};
            first += counts[bin];
        }
        before += counts[bin];
    }
    return count;
}

/* Puts the keys of the bins aside, bin by bin. False when out of memory. */
static bool put_aside(selection *s, uint64_t least, unsigned shift, const wanted_bin *bins,
                      uint32_t bin_count, uint64_t wanted)
{
    uint64_t *next[BINS] = {NULL};

    s->spare = s->spare ? s->spare : mu_mem_alloc_array(wanted, sizeof *s->spare);
    if (!s->spare) {
        return false;
    }
    for (uint32_t b = 0; b < bin_count; b++) {
        next[bins[b].bin] = s->spare + bins[b].first;
    }
    for (uint64_t i = 0; i < s->count && !mu_stopped_at(i); i++) {
        uint64_t **to = &next[(s->keys[i] - least) >> shift];
        if (*to) {
            *(*to)++ = s->keys[i];
        }
    }
    return true;
}

/* Of all bins with ranks in them: the keys of these ranks. False when out of memory. */
static bool select_in_bins(selection *s, uint64_t least, unsigned shift, const uint64_t *counts)
{
    wanted_bin bins[BINS];
    const uint32_t bin_count = find_bins(s, counts, bins);
    const wanted_bin *last = &bins[bin_count - 1];

    if (shift > 0 &&
        !put_aside(s, least, shift, bins, bin_count, last->first + counts[last->bin])) {
        return false;
    }
    for (uint32_t b = 0; b < bin_count && !mu_stopped(); b++) {
        const wanted_bin *w = &bins[b];
        for (uint64_t r = 0; shift == 0 && r < w->rank_count; r++) {
            s->ranks[w->rank + r] = least + w->bin;
        }
        if (shift > 0 &&
            !select_within(s, w->first, counts[w->bin], w->before, w->rank, w->rank_count)) {
            return false;
        }
    }
    return true;
}

/* As deep as there are times log2(BINS) bits in a key. After a stop the ranks are of no use. */
static bool select_keys(selection *s)
{
    uint64_t counts[BINS] = {0}, least;

    if (s->count <= FEW) {
        sort_few(s);
        return true;
    }
    const unsigned shift = choose_shift(s, &least);
    if (mu_stopped()) {
        return true;
    }
    for (uint64_t i = 0; i < s->count && !mu_stopped_at(i); i++) {
        counts[(s->keys[i] - least) >> shift]++;
    }
    return mu_stopped() || select_in_bins(s, least, shift, counts);
}

/* The last value of each bucket but the last. The first ones have one more than the others, if
 * there is a rest. */
static muster_status find_lasts(bucket_run *run, uint64_t buckets, muster_error *err)
{
    const uint64_t rows = run->end - run->first, nulls = rows - run->key_count;
    const uint64_t most = (buckets < rows ? buckets : rows) - 1;
    selection s = {.keys = run->keys, .count = run->key_count};
    bool selected = true;
    uint64_t power = 1;

    while (power <= most) {
        power *= 2;
    }
    run->lasts = mu_mem_alloc_array(power, sizeof *run->lasts);
    if (!run->lasts) {
        return fail_memory(err);
    }
    for (uint64_t b = 1; b <= most; b++) {
        const uint64_t upto = b * (rows / buckets) + (b < rows % buckets ? b : rows % buckets);
        if (upto > nulls) {
            run->lasts[run->last_count++] = upto - nulls - 1;
        }
    }
    run->null_count = most - run->last_count;
    s.ranks = run->lasts;
    s.rank_count = run->last_count;
    if (s.rank_count > 0) {
        selected = select_keys(&s);
        mu_mem_free(s.spare);
    }
    for (uint64_t i = run->last_count; i < power; i++) {
        run->lasts[i] = UINT64_MAX; /* nothing is greater */
    }
    run->half = power / 2;
    return selected ? mu_exec_check(run->task->windowed->exec, err) : fail_memory(err);
}

/* How many of the lasts are less than the key; without a branch, as no one can foretell it. */
static uint64_t count_less(const bucket_run *run, uint64_t key)
{
    uint64_t count = 0;

    for (uint64_t step = run->half; step > 0; step /= 2) {
        count += run->lasts[count + step - 1] < key ? step : 0;
    }
    return count;
}

static muster_status put_buckets(bucket_run *run, muster_error *err)
{
    const mu_rowset_column *column = run->column;
    int64_t *out = run->task->out->data;

    for (uint64_t row = run->first; row < run->end; row++) {
        if (mu_stopped_at(row)) {
            return mu_exec_check(run->task->windowed->exec, err);
        }
        out[row] = mu_bits_test(column->valid, row)
                       ? (int64_t)(1 + run->null_count + count_less(run, key_of(column, row)))
                       : 1;
    }
    return MUSTER_OK;
}

static muster_status run_partition(bucket_run *run, uint64_t buckets, muster_error *err)
{
    muster_status status;

    run->keys = (uint64_t *)run->task->out->data + run->first;
    MU_TRY_GOTO(list_keys(run, err));
    MU_TRY_GOTO(find_lasts(run, buckets, err));
    status = put_buckets(run, err);
fail:
    mu_mem_free(run->lasts);
    return status;
}

muster_status mu_window_run_bucket(mu_window_task *task, muster_error *err)
{
    const uint32_t values = task->call->columns[0];

    for (uint64_t first = task->first, end; first < task->end; first = end) {
        const mu_value buckets = mu_window_arg(task, 1, first);
        end = mu_window_partition_end(task, first);
        if (!buckets.null && buckets.i64 < 1) {
            return mu_fail_at(
                err, MUSTER_INVALID, task->call->args[1]->offset,
                "value_bucket() takes a number of buckets that is at least 1, not %lld",
                (long long)buckets.i64);
        }
        bucket_run run = {.task = task, .first = first, .end = end};
        if (values != MU_NO_COLUMN && !buckets.null) {
            run.column = &task->windowed->rows->columns[values];
            MU_TRY(run_partition(&run, (uint64_t)buckets.i64, err));
            continue;
        }
        for (uint64_t row = first; row < end; row++) { /* all are equal, or in no bucket */
            if (buckets.null) {
                mu_window_put_null(task, row);
            } else {
                ((int64_t *)task->out->data)[row] = 1;
            }
            MU_TRY(mu_window_check(task, 1, err));
        }
    }
    return MUSTER_OK;
}
