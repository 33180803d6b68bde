/*
 * op_sort.c - puts all rows of its input in order; or, under a LIMIT, the first n of them.
 *
 * Every worker keeps its rows in a rowset of its own. Each row then gets a sort key of bytes that
 * compare as the rows should (memcmp order): fixed 9 bytes for numbers, the bytes themselves for
 * text. Keys are sorted, rows are copied once, in the end. Where only the first n are wanted, a
 * worker that holds more than twice as many (and more than a few batches) throws the rest away.
 * Equal rows come in the order of the remaining columns, so that the result does not depend on
 * which thread read what.
 */
#include "query/op.h"

#include "query/row_key.h"
#include "storage/base/mem.h"

#include <stdlib.h>

/* Rows kept beyond twice the limit before the rest is thrown away; so that sorting is rare. */
enum {
    TOP_SLACK_ROWS = 16 * MU_BATCH_ROWS
};

typedef struct sort_state {
    const mu_plan *plan;
    mu_rowset *rows;
} sort_state;

/* A row and its key. */
typedef struct keyed_row {
    const uint8_t *key;
    size_t size;
    const mu_rowset *rows;
    uint64_t row;
} keyed_row;

static int compare_rows(const void *left, const void *right)
{
    const keyed_row *a = left;
    const keyed_row *b = right;
    const size_t shorter = a->size < b->size ? a->size : b->size;
    const int order = memcmp(a->key, b->key, shorter);

    return order ? order : (a->size > b->size) - (a->size < b->size);
}

/* All rows of some rowsets, with their keys, in order. The caller frees *sorted and the writer. */
static muster_status sort_rows(const mu_plan *plan, mu_rowset *const *sets, uint32_t set_count,
                               mu_writer *keys, keyed_row **sorted, size_t *count,
                               muster_error *err)
{
    size_t total = 0;
    size_t at = 0;

    for (uint32_t s = 0; s < set_count; s++) {
        total += sets[s] ? mu_rowset_rows(sets[s]) : 0;
    }
    keyed_row *all = mu_mem_alloc_array(total, sizeof *all);
    *sorted = all;
    *count = total;
    if (!all) {
        return mu_fail_memory(err, "sorting");
    }
    for (uint32_t s = 0; s < set_count; s++) {
        for (uint64_t row = 0; sets[s] && row < mu_rowset_rows(sets[s]); row++) {
            const size_t begin = keys->size;
            mu_row_key(plan, sets[s], row, keys);
            all[at++] = (keyed_row){.size = keys->size - begin, .rows = sets[s], .row = row};
        }
    }
    if (keys->failed) {
        return mu_fail_memory(err, "sorting");
    }
    const uint8_t *key = keys->data; /* set last: the writer moved while it grew */
    for (size_t i = 0; i < total; i++) {
        all[i].key = key;
        key += all[i].size;
    }
    qsort(all, total, sizeof *all, compare_rows);
    return MUSTER_OK;
}

/* Appends the first `most` rows of the sets, in order, to `out`. */
static muster_status take_sorted(const mu_plan *plan, mu_rowset *const *sets, uint32_t set_count,
                                 uint64_t most, mu_rowset *out, muster_error *err)
{
    mu_writer keys = {0};
    keyed_row *sorted = NULL;
    size_t count = 0;
    muster_status status;
    mu_value *values = mu_mem_alloc_array(plan->column_count, sizeof *values);

    if (!values) {
        status = mu_fail_memory(err, "sorting");
        goto fail;
    }
    MU_TRY_GOTO(sort_rows(plan, sets, set_count, &keys, &sorted, &count, err));
    for (size_t i = 0; i < count && i < most; i++) {
        for (uint32_t c = 0; c < plan->column_count; c++) {
            values[c] = mu_rowset_value(sorted[i].rows, sorted[i].row, c);
        }
        MU_TRY_GOTO(mu_rowset_add(out, values, err));
    }
fail:
    mu_mem_free(sorted);
    mu_mem_free(values);
    mu_writer_deinit(&keys);
    return status;
}

static muster_status open_rows(const mu_plan *plan, mu_rowset **out, muster_error *err)
{
    return mu_rowset_open(plan->columns, plan->column_count, out, err);
}

static muster_status keep_top(sort_state *state, muster_error *err)
{
    mu_rowset *kept;

    MU_TRY(open_rows(state->plan, &kept, err));
    const muster_status status =
        take_sorted(state->plan, &state->rows, 1, state->plan->sort.limit, kept, err);
    if (status != MUSTER_OK) {
        mu_rowset_close(kept);
        return status;
    }
    mu_rowset_close(state->rows);
    state->rows = kept;
    return MUSTER_OK;
}

static muster_status sort_consume(void *context, uint32_t unit, const mu_batch *batch,
                                  muster_error *err)
{
    sort_state *state = context;

    (void)unit;
    if (!state->rows) {
        MU_TRY(open_rows(state->plan, &state->rows, err));
    }
    MU_TRY(mu_rowset_add_batch(state->rows, batch, err));
    const uint64_t rows = mu_rowset_rows(state->rows);
    return rows > TOP_SLACK_ROWS && (rows - TOP_SLACK_ROWS) / 2 > state->plan->sort.limit
               ? keep_top(state, err)
               : MUSTER_OK;
}

muster_status mu_run_sort(mu_exec *exec, const mu_plan *plan, mu_rowset *out, muster_error *err)
{
    static const mu_sink sink = {.consume = sort_consume};
    const uint32_t workers = mu_exec_workers(exec);
    muster_status status;
    sort_state *states = mu_mem_zalloc_array(workers, sizeof *states);
    void **pointers = mu_mem_zalloc_array(workers, sizeof *pointers);
    mu_rowset **sets = mu_mem_zalloc_array(workers, sizeof(mu_rowset *));

    if (!states || !pointers || !sets) {
        status = mu_fail_memory(err, "sorting");
        goto fail;
    }
    for (uint32_t i = 0; i < workers; i++) {
        states[i].plan = plan;
        pointers[i] = &states[i];
    }
    MU_TRY_GOTO(mu_exec_each(exec, plan->input, &sink, pointers, err));
    for (uint32_t i = 0; i < workers; i++) {
        sets[i] = states[i].rows;
    }
    status = take_sorted(plan, sets, workers, plan->sort.limit, out, err);
fail:
    for (uint32_t i = 0; states && i < workers; i++) {
        mu_rowset_close(states[i].rows);
    }
    mu_mem_free(states);
    mu_mem_free(pointers);
    mu_mem_free(sets);
    return status;
}
