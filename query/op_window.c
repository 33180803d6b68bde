/*
 * op_window.c - the rows of its input with the results of calls over windows.
 *
 * Every worker keeps its rows in a rowset of its own. All of them are sorted by partition and order
 * (sort.h) and moved to the result; then whole partitions, so many that they are worth a task, are
 * given to the calls, by all threads (window_call.h).
 *
 * Where the input comes by stripes of customers, and these are a key of the partitions, no
 * partition goes beyond a stripe: each is sorted and worked on by the thread that read it, as soon
 * as it has ended. Only the rows of nobody wait for the end.
 */
#include "query/op.h"

#include "query/sort.h"
#include "query/window_call.h"
#include "storage/base/mem.h"

#ifdef MU_TINY
enum {
    TASK_ROWS = 128
};
#else
enum {
    TASK_ROWS = 1 << 16
};
#endif

typedef struct window_run {
    mu_exec *exec;
    const mu_plan *plan;
    mu_sort_key *keys;   /* partitions, then the order */
    uint32_t stripes;    /* units that are worked on by themselves; 0: all rows at once */
    mu_rowset **results; /* stripe by stripe, and behind them the rest; NULL where there are none */
} window_run;

/* What one thread has. */
typedef struct window_state {
    window_run *run;
    mu_rowset *rows; /* of the current stripe */
    mu_rowset *rest; /* what is of no stripe */
} window_state;

static muster_status fail_memory(muster_error *err)
{
    return mu_fail_memory(err, "running a window");
}

/* What window_call.h promises. */

/* Tasks may meet within a word. */
static void clear_bit(uint64_t *bits, uint64_t i)
{
    __atomic_fetch_and(&bits[i / 64], ~(UINT64_C(1) << (i % 64)), __ATOMIC_RELAXED);
}

static void set_bit(uint64_t *bits, uint64_t i)
{
    __atomic_fetch_or(&bits[i / 64], UINT64_C(1) << (i % 64), __ATOMIC_RELAXED);
}

void mu_window_put_null(mu_window_task *task, uint64_t row)
{
    clear_bit(task->out->valid, row);
}

muster_status mu_window_put(mu_window_task *task, uint64_t row, const mu_value *value,
                            muster_error *err)
{
    void *data = task->out->data;

    if (value->null) {
        mu_window_put_null(task, row);
        return MUSTER_OK;
    }
    switch (task->out->form) {
    case MU_FORM_BITS:
        if (value->i64) {
            set_bit(data, row);
        }
        break;
    case MU_FORM_I64:
        ((int64_t *)data)[row] = value->i64;
        break;
    case MU_FORM_F64:
        ((double *)data)[row] = value->f64;
        break;
    case MU_FORM_ORDINAL:
        ((uint32_t *)data)[row] = value->ordinal;
        break;
    case MU_FORM_CODE:
        return mu_dict_builder_add(&task->texts, value->text, &((uint32_t *)data)[row])
                   ? MUSTER_OK
                   : fail_memory(err);
    }
    return MUSTER_OK;
}

/* Texts are looked up once each, but where there are many more than rows that want them. */
static muster_status copy_text(mu_window_task *task, uint64_t row, const mu_rowset_column *column,
                               uint64_t from, muster_error *err)
{
    const mu_dict *dict = &column->texts.dict;
    const uint32_t code = ((const uint32_t *)column->data)[from];
    uint32_t *out = &((uint32_t *)task->out->data)[row];
    const mu_text text = mu_dict_text(dict, code);

    if (dict->count > task->end - task->first) {
        return mu_dict_builder_add(&task->texts, text, out) ? MUSTER_OK : fail_memory(err);
    }
    if (!task->remap) {
        task->remap = mu_mem_alloc_array(dict->count, sizeof *task->remap);
        if (!task->remap) {
            return fail_memory(err);
        }
        memset(task->remap, 0xff, dict->count * sizeof *task->remap);
    }
    if (task->remap[code] == MU_NO_CODE &&
        !mu_dict_builder_add(&task->texts, text, &task->remap[code])) {
        return fail_memory(err);
    }
    *out = task->remap[code];
    return MUSTER_OK;
}

muster_status mu_window_copy(mu_window_task *task, uint64_t row, const mu_rowset_column *column,
                             uint64_t from, muster_error *err)
{
    void *data = task->out->data;

    if (!mu_bits_test(column->valid, from)) {
        mu_window_put_null(task, row);
        return MUSTER_OK;
    }
    switch (column->form) {
    case MU_FORM_BITS:
        if (mu_bits_test(column->data, from)) {
            set_bit(data, row);
        }
        return MUSTER_OK;
    case MU_FORM_I64:
    case MU_FORM_F64:
        ((uint64_t *)data)[row] = ((const uint64_t *)column->data)[from];
        return MUSTER_OK;
    case MU_FORM_ORDINAL:
        ((uint32_t *)data)[row] = ((const uint32_t *)column->data)[from];
        return MUSTER_OK;
    case MU_FORM_CODE:
        return copy_text(task, row, column, from, err);
    }
    assert(false && "a form that is not in the list");
    return MUSTER_OK;
}

mu_value mu_window_arg(const mu_window_task *task, uint32_t arg, uint64_t row)
{
    const uint32_t column = task->call->columns[arg];

    return column == MU_NO_COLUMN ? task->call->args[arg]->value
                                  : mu_rowset_value(task->windowed->rows, row, column);
}

/* Where partitions and equal rows begin. */

static bool same_value(const mu_rowset_column *column, uint64_t a, uint64_t b)
{
    const bool null = !mu_bits_test(column->valid, a);

    if (null || !mu_bits_test(column->valid, b)) {
        return null == !mu_bits_test(column->valid, b);
    }
    switch (column->form) {
    case MU_FORM_BITS:
        return mu_bits_test(column->data, a) == mu_bits_test(column->data, b);
    case MU_FORM_I64:
        return ((const int64_t *)column->data)[a] == ((const int64_t *)column->data)[b];
    case MU_FORM_F64:
        return mu_sort_number_f64(((const double *)column->data)[a]) ==
               mu_sort_number_f64(((const double *)column->data)[b]);
    case MU_FORM_CODE:
    case MU_FORM_ORDINAL:
        return ((const uint32_t *)column->data)[a] == ((const uint32_t *)column->data)[b];
    }
    assert(false && "a form that is not in the list");
    return false;
}

/* Bits of one task's rows; TASK_ROWS is a multiple of 64, so that no word is another's. */
static muster_status find_starts(void *context, uint32_t worker, uint64_t piece, muster_error *err)
{
    const mu_windowed *w = context;
    const mu_plan *plan = w->plan;
    const uint64_t first = piece * TASK_ROWS;
    const uint64_t end = first + TASK_ROWS < w->rows->rows ? first + TASK_ROWS : w->rows->rows;

    (void)worker;
    (void)err;
    for (uint64_t row = first; row < end; row++) {
        bool same = row > 0;
        for (uint32_t i = 0; same && i < plan->window.partition_count; i++) {
            same = same_value(&w->rows->columns[plan->window.partitions[i]], row - 1, row);
        }
        if (!same) {
            mu_bits_set(w->partition_starts, row);
        }
        for (uint32_t i = 0; same && i < plan->window.key_count; i++) {
            same = same_value(&w->rows->columns[plan->window.keys[i].column], row - 1, row);
        }
        if (!same) {
            mu_bits_set(w->peer_starts, row);
        }
    }
    return MUSTER_OK;
}

/* Tasks. */

typedef struct task_list {
    mu_windowed windowed;
    uint64_t *ends; /* of the rows of each stretch of partitions */
    size_t count, capacity;
    mu_window_task *tasks; /* call by call, stretch by stretch */
} task_list;

static muster_status list_stretches(task_list *list, muster_error *err)
{
    const uint64_t rows = list->windowed.rows->rows;

    for (uint64_t end = 0; end < rows;) {
        end = rows - end < TASK_ROWS ? rows : end + TASK_ROWS;
        end = mu_window_next_start(list->windowed.partition_starts, end, rows);
        if (!mu_mem_reserve(&list->ends, &list->capacity, list->count + 1, sizeof *list->ends)) {
            return fail_memory(err);
        }
        list->ends[list->count++] = end;
    }
    return MUSTER_OK;
}

static muster_status run_task(void *context, uint32_t worker, uint64_t item, muster_error *err)
{
    task_list *list = context;
    mu_window_task *task = &list->tasks[item];
    muster_status status = MUSTER_OK;

    (void)worker;
    switch (task->call->kind) {
    case MU_WINDOW_AGGREGATE:
        status = mu_window_run_agg(task, err);
        break;
    case MU_WINDOW_ROW_NUMBER:
    case MU_WINDOW_RANK:
    case MU_WINDOW_DENSE_RANK:
    case MU_WINDOW_PERCENT_RANK:
    case MU_WINDOW_CUME_DIST:
    case MU_WINDOW_NTILE:
        status = mu_window_run_rank(task, err);
        break;
    case MU_WINDOW_BUCKET:
        status = mu_window_run_bucket(task, err);
        break;
    case MU_WINDOW_LAG:
    case MU_WINDOW_LEAD:
    case MU_WINDOW_FIRST_VALUE:
    case MU_WINDOW_LAST_VALUE:
    case MU_WINDOW_NTH_VALUE:
        status = mu_window_run_pick(task, err);
        break;
    }
    mu_mem_free(task->remap);
    task->remap = NULL;
    return status;
}

/* The task's texts become the column's. */
static muster_status merge_texts(mu_window_task *task, muster_error *err)
{
    uint32_t *codes = task->out->data;
    mu_dict_builder *texts = &task->out->texts;
    muster_status status = MUSTER_OK;
    uint32_t *map = NULL;

    if (texts->dict.count == 0) {
        *texts = task->texts;
        task->texts = (mu_dict_builder){0};
        return MUSTER_OK;
    }
    map = mu_mem_alloc_array(task->texts.dict.count, sizeof *map);
    if (!map) {
        return fail_memory(err);
    }
    for (uint32_t code = 0; code < task->texts.dict.count; code++) {
        if (mu_stopped_at(code) ||
            !mu_dict_builder_add(texts, mu_dict_text(&task->texts.dict, code), &map[code])) {
            status = fail_memory(err);
            goto fail;
        }
    }
    for (uint64_t row = task->first; row < task->end && !mu_stopped_at(row); row++) {
        if (mu_bits_test(task->out->valid, row)) {
            codes[row] = map[codes[row]];
        }
    }
    status = mu_exec_check(task->windowed->exec, err);
fail:
    mu_mem_free(map);
    return status;
}

static muster_status run_tasks(task_list *list, bool alone, muster_error *err)
{
    const mu_plan *plan = list->windowed.plan;
    mu_rowset *rows = list->windowed.rows;
    const uint32_t before = plan->column_count - plan->window.call_count;
    const size_t count = list->count * plan->window.call_count;

    list->tasks = mu_mem_zalloc_array(count, sizeof *list->tasks);
    if (!list->tasks) {
        return fail_memory(err);
    }
    for (size_t i = 0; i < count; i++) {
        const size_t call = i / list->count, stretch = i % list->count;
        list->tasks[i] = (mu_window_task){.windowed = &list->windowed,
                                          .call = &plan->window.calls[call],
                                          .first = stretch > 0 ? list->ends[stretch - 1] : 0,
                                          .end = list->ends[stretch],
                                          .out = &rows->columns[before + call]};
    }
    MU_TRY(mu_exec_run(list->windowed.exec, alone, count, run_task, list, err));
    for (size_t i = 0; i < count; i++) {
        if (list->tasks[i].out->form == MU_FORM_CODE) {
            MU_TRY(merge_texts(&list->tasks[i], err));
        }
    }
    return MUSTER_OK;
}

static void close_tasks(task_list *list)
{
    const size_t count = list->count * list->windowed.plan->window.call_count;

    for (size_t i = 0; list->tasks && i < count; i++) {
        mu_dict_builder_deinit(&list->tasks[i].texts);
        mu_mem_free(list->tasks[i].remap);
    }
    mu_mem_free(list->tasks);
    mu_mem_free(list->ends);
    mu_mem_free(list->windowed.partition_starts);
    mu_mem_free(list->windowed.peer_starts);
}

/* Fills the columns of the calls of rows that are in order. */
static muster_status run_calls(const window_run *run, bool alone, mu_rowset *rows,
                               muster_error *err)
{
    const mu_plan *plan = run->plan;
    muster_status status;
    task_list list = {.windowed = {.exec = run->exec, .plan = plan, .rows = rows}};

    list.windowed.partition_starts =
        mu_mem_zalloc_array(mu_bits_words(rows->rows), sizeof(uint64_t));
    list.windowed.peer_starts = mu_mem_zalloc_array(mu_bits_words(rows->rows), sizeof(uint64_t));
    if (!list.windowed.partition_starts || !list.windowed.peer_starts) {
        status = fail_memory(err);
        goto fail;
    }
    for (uint32_t c = plan->column_count - plan->window.call_count; c < plan->column_count; c++) {
        rows->columns[c].has_nulls = true; /* perhaps: until one is put, there are none */
        mu_bits_fill(rows->columns[c].valid, rows->rows, (size_t)rows->capacity / 64);
    }
    MU_TRY_GOTO(mu_exec_run(run->exec, alone, (rows->rows + TASK_ROWS - 1) / TASK_ROWS, find_starts,
                            &list.windowed, err));
    MU_TRY_GOTO(list_stretches(&list, err));
    status = run_tasks(&list, alone, err);
fail:
    close_tasks(&list);
    return status;
}

/* The rows of the sets, in order and with the results of the calls. */
static muster_status run_sets(const window_run *run, bool alone, mu_rowset *const *sets,
                              uint32_t set_count, mu_rowset *out, muster_error *err)
{
    const uint32_t keys = run->plan->window.partition_count + run->plan->window.key_count;
    const mu_sort_item *items;
    uint64_t count;
    muster_status status;
    mu_sort *sort;

    if (keys == 0) { /* any order will do */
        assert(!alone && "no partitions are no stripes either");
        MU_TRY(mu_rowset_concat(run->exec, sets, set_count, out, err));
        return out->rows > 0 ? run_calls(run, alone, out, err) : MUSTER_OK;
    }
    MU_TRY(mu_sort_open(run->exec, alone, run->keys, keys, sets, set_count, &sort, err));
    MU_TRY_GOTO(mu_sort_run(sort, &items, &count, err));
    MU_TRY_GOTO(mu_rowset_gather(run->exec, alone, sets, set_count, items, count, out, err));
fail:
    mu_sort_close(sort);
    return status == MUSTER_OK && count > 0 ? run_calls(run, alone, out, err) : status;
}

/* The input. */

static muster_status window_consume(void *context, uint32_t unit, const mu_batch *batch,
                                    muster_error *err)
{
    window_state *state = context;
    const mu_plan *input = state->run->plan->input;
    mu_rowset **rows = unit < state->run->stripes ? &state->rows : &state->rest;

    if (!*rows) {
        MU_TRY(mu_rowset_open(input->columns, input->column_count, rows, err));
    }
    return mu_rowset_add_batch(*rows, batch, err);
}

static muster_status window_unit_end(void *context, uint32_t unit, muster_error *err)
{
    window_state *state = context;
    window_run *run = state->run;

    if (unit >= run->stripes || !state->rows) {
        return MUSTER_OK;
    }
    MU_TRY(mu_rowset_open(run->plan->columns, run->plan->column_count, &run->results[unit], err));
    const muster_status status = run_sets(run, true, &state->rows, 1, run->results[unit], err);
    mu_rowset_close(state->rows);
    state->rows = NULL;
    return status;
}

/* What is of no stripe, and then all results as one. */
static muster_status finish(const window_run *run, window_state *states, mu_rowset *out,
                            muster_error *err)
{
    const uint32_t workers = mu_exec_workers(run->exec);
    mu_rowset **rests = mu_mem_zalloc_array(workers, sizeof(mu_rowset *));
    muster_status status = MUSTER_OK;
    mu_rowset *rest = out;

    if (!rests) {
        return fail_memory(err);
    }
    for (uint32_t w = 0; w < workers; w++) {
        rests[w] = states[w].rest;
    }
    if (run->stripes > 0) {
        MU_TRY_GOTO(mu_rowset_open(run->plan->columns, run->plan->column_count,
                                   &run->results[run->stripes], err));
        rest = run->results[run->stripes];
    }
    MU_TRY_GOTO(run_sets(run, false, rests, workers, rest, err));
    if (run->stripes > 0) {
        status = mu_rowset_concat(run->exec, run->results, run->stripes + 1, out, err);
    }
fail:
    mu_mem_free(rests);
    return status;
}

static muster_status open_run(window_run *run, muster_error *err)
{
    const mu_plan *plan = run->plan;
    const uint32_t partitions = plan->window.partition_count;

    run->keys = mu_mem_zalloc_array(partitions + plan->window.key_count, sizeof *run->keys);
    if (!run->keys) {
        return fail_memory(err);
    }
    for (uint32_t i = 0; i < partitions; i++) {
        const uint32_t column = plan->window.partitions[i];
        run->keys[i].column = column;
        if (mu_plan_is_customer(plan->input, column)) {
            run->stripes = mu_exec_stripes(run->exec, plan->input);
        }
    }
    for (uint32_t i = 0; i < plan->window.key_count; i++) {
        run->keys[partitions + i] = plan->window.keys[i];
    }
    run->results = mu_mem_zalloc_array((size_t)run->stripes + 1, sizeof(mu_rowset *));
    return run->results ? MUSTER_OK : fail_memory(err);
}

muster_status mu_run_window(mu_exec *exec, const mu_plan *plan, mu_rowset *out, muster_error *err)
{
    static const mu_sink sink = {.consume = window_consume, .unit_end = window_unit_end};
    const uint32_t workers = mu_exec_workers(exec);
    window_run run = {.exec = exec, .plan = plan};
    muster_status status;
    window_state *states = mu_mem_zalloc_array(workers, sizeof *states);
    void **pointers = mu_mem_zalloc_array(workers, sizeof *pointers);

    if (!states || !pointers) {
        status = fail_memory(err);
        goto fail;
    }
    for (uint32_t w = 0; w < workers; w++) {
        states[w].run = &run;
        pointers[w] = &states[w];
    }
    MU_TRY_GOTO(open_run(&run, err));
    MU_TRY_GOTO(mu_exec_each(exec, plan->input, &sink, pointers, err));
    status = finish(&run, states, out, err);
fail:
    for (uint32_t w = 0; states && w < workers; w++) {
        mu_rowset_close(states[w].rows);
        mu_rowset_close(states[w].rest);
    }
    for (uint32_t s = 0; run.results && s <= run.stripes; s++) {
        mu_rowset_close(run.results[s]);
    }
    mu_mem_free(run.results);
    mu_mem_free(run.keys);
    mu_mem_free(states);
    mu_mem_free(pointers);
    return status;
}
