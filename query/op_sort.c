/*
 * op_sort.c - puts all rows of its input in order; or, under a LIMIT, the first n of them.
 *
 * Every worker keeps its rows in a rowset of its own; all of them are then sorted (sort.h) and
 * moved to the result column by column. Where only the first n are wanted, a worker that holds more
 * than twice as many (and more than a few batches) throws the rest away; from then on, rows that
 * come behind the last of those it kept are not even looked at twice, and a projection below
 * computes nothing of them.
 */
#include "query/op.h"

#include "query/func.h"
#include "query/sort.h"
#include "storage/base/mem.h"

/* Rows kept beyond twice the limit before the rest is thrown away; so that sorting is rare. */
enum {
    TOP_SLACK_ROWS = 16 * MU_BATCH_ROWS
};

typedef struct sort_state {
    mu_exec *exec;
    const mu_plan *plan;
    const mu_sort_key *order; /* the keys, and the columns that break ties */
    uint32_t order_count;
    mu_rowset *rows;
    bool full;      /* the first n rows of `rows` are as many as are wanted, in order: */
    uint64_t worst; /* the last of them */
    mu_op_bound bound;
} sort_state;

static muster_status open_rows(const mu_plan *plan, mu_rowset **out, muster_error *err)
{
    return mu_rowset_open(plan->columns, plan->column_count, out, err);
}

/* Moves the first rows of the sets, as many as are wanted, in order, to `out`. */
static muster_status take_sorted(mu_exec *exec, bool alone, const mu_plan *plan,
                                 mu_rowset *const *sets, uint32_t set_count, mu_rowset *out,
                                 muster_error *err)
{
    const mu_sort_item *items;
    uint64_t count;
    muster_status status;
    mu_sort *sort;

    MU_TRY(mu_sort_open(exec, alone, plan->sort.keys, plan->sort.key_count, sets, set_count, &sort,
                        err));
    MU_TRY_GOTO(mu_sort_run(sort, &items, &count, err));
    count = count < plan->sort.limit ? count : plan->sort.limit;
    status = mu_rowset_gather(exec, alone, sets, set_count, items, count, out, err);
fail:
    mu_sort_close(sort);
    return status;
}

static muster_status keep_top(sort_state *state, muster_error *err)
{
    mu_rowset *kept;

    MU_TRY(open_rows(state->plan, &kept, err));
    const muster_status status =
        take_sorted(state->exec, true, state->plan, &state->rows, 1, kept, err);
    if (status != MUSTER_OK) {
        mu_rowset_close(kept);
        return status;
    }
    mu_rowset_close(state->rows);
    state->rows = kept;
    state->full = true;
    state->worst = state->plan->sort.limit - 1;
    state->bound =
        (mu_op_bound){.set = true,
                      .key = state->order[0],
                      .value = mu_rowset_value(state->rows, state->worst, state->order[0].column)};
    return MUSTER_OK;
}

/* < 0, 0 or > 0, as a value stands to another under a key. */
static int compare_values(const mu_value *a, const mu_value *b, const mu_sort_key *key)
{
    if (a->null || b->null) {
        return a->null == b->null ? 0 : a->null == key->nulls_first ? -1 : 1;
    }
    const int order = mu_value_compare(a, b);
    return key->descending ? -order : order;
}

static bool comes_behind(const sort_state *state, const mu_batch *batch, uint32_t row)
{
    for (uint32_t k = 0; k < state->order_count; k++) {
        const mu_sort_key *key = &state->order[k];
        const mu_value value = mu_vector_value(&batch->columns[key->column], row);
        const mu_value worst = mu_rowset_value(state->rows, state->worst, key->column);
        const int order = compare_values(&value, &worst, key);
        if (order != 0) {
            return order > 0;
        }
    }
    return true; /* one like it is there already */
}

/* Clears the rows of which there are enough that come before them. */
static void drop_late(const sort_state *state, const mu_batch *batch, uint64_t *live)
{
    mu_op_bound_drop(&state->bound, &batch->columns[state->order[0].column], live,
                     mu_bits_words(batch->rows));
    MU_FOR_EACH_LIVE(row, batch) {
        if (mu_bits_test(live, row) && comes_behind(state, batch, row)) {
            mu_bits_clear(live, row);
        }
    }
}

/* What stands below need not compute what would be thrown away here. */
static void sort_opened(void *context, mu_op *op)
{
    sort_state *state = context;

    if (state->plan->sort.limit != UINT64_MAX) {
        state->bound.key = state->order[0];
        mu_op_set_bound(op, &state->bound);
    }
}

static muster_status sort_consume(void *context, uint32_t unit, const mu_batch *batch,
                                  muster_error *err)
{
    sort_state *state = context;
    uint64_t live[MU_BATCH_WORDS];
    mu_batch some = *batch;

    (void)unit;
    if (state->plan->sort.limit == 0) {
        return MUSTER_OK;
    }
    if (!state->rows) {
        MU_TRY(open_rows(state->plan, &state->rows, err));
    }
    memcpy(live, batch->live, mu_bits_words(batch->rows) * sizeof *live);
    some.live = live;
    if (state->full) {
        drop_late(state, &some, live);
    }
    MU_TRY(mu_rowset_add_batch(state->rows, &some, err));
    const uint64_t rows = mu_rowset_rows(state->rows);
    return rows > TOP_SLACK_ROWS && (rows - TOP_SLACK_ROWS) / 2 > state->plan->sort.limit
               ? keep_top(state, err)
               : MUSTER_OK;
}

/* The keys, and then the columns that are none. */
static mu_sort_key *full_order(const mu_plan *plan, uint32_t *count)
{
    const uint32_t key_count = plan->sort.key_count;
    mu_sort_key *order = mu_mem_zalloc_array(key_count + plan->column_count, sizeof *order);

    *count = 0;
    for (uint32_t k = 0; order && k < key_count; k++) {
        order[(*count)++] = plan->sort.keys[k];
    }
    for (uint32_t c = 0; order && c < plan->column_count; c++) {
        order[(*count)++] = (mu_sort_key){.column = c};
    }
    return order;
}

muster_status mu_run_sort(mu_exec *exec, const mu_plan *plan, mu_rowset *out, muster_error *err)
{
    static const mu_sink sink = {.opened = sort_opened, .consume = sort_consume};
    const uint32_t workers = mu_exec_workers(exec);
    uint32_t order_count;
    muster_status status;
    sort_state *states = mu_mem_zalloc_array(workers, sizeof *states);
    void **pointers = mu_mem_zalloc_array(workers, sizeof *pointers);
    mu_rowset **sets = mu_mem_zalloc_array(workers, sizeof(mu_rowset *));
    mu_sort_key *order = full_order(plan, &order_count);

    if (!states || !pointers || !sets || !order) {
        status = mu_fail_memory(err, "sorting");
        goto fail;
    }
    for (uint32_t i = 0; i < workers; i++) {
        states[i] =
            (sort_state){.exec = exec, .plan = plan, .order = order, .order_count = order_count};
        pointers[i] = &states[i];
    }
    MU_TRY_GOTO(mu_exec_each(exec, plan->input, &sink, pointers, err));
    for (uint32_t i = 0; i < workers; i++) {
        sets[i] = states[i].rows;
    }
    status = take_sorted(exec, false, plan, sets, workers, out, err);
fail:
    for (uint32_t i = 0; states && i < workers; i++) {
        mu_rowset_close(states[i].rows);
    }
    mu_mem_free(states);
    mu_mem_free(pointers);
    mu_mem_free(sets);
    mu_mem_free(order);
    return status;
}
