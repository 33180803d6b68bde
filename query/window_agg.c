/*
 * window_agg.c - aggregates over frames.
 *
 *   1. Where the frame is the whole partition, each partition is a group.
 *   2. Where frames begin where their partition does, rows are given to one state as they come in.
 *      With DISTINCT only those are whose value is new to the partition.
 *   3. Where what was given can be taken back exactly, rows are as they leave.
 *   4. Else rows are merged ahead, 64 to a state, two states to one, and so on (a tree); a frame is
 *      then a few states and the rows at its ends.
 *   5. What has no state that could be merged (lists, DISTINCT), and short frames, are computed
 *      anew.
 */
#include "query/window_call.h"

#include "query/group_keys.h"
#include "storage/base/mem.h"

enum {
    LEAF_ROWS = 64,
    SHORT_ROWS = 4 * LEAF_ROWS /* frames for which no tree is asked */
};

typedef struct aggregation {
    mu_window_task *task;
    mu_frames frames;
    mu_agg_call call;      /* without DISTINCT where that is seen to here */
    mu_agg_states *states; /* of one frame; or one for each partition */
    mu_agg_states *tree;   /* node 1 is above 2 and 3, and so on; NULL: never used */
    uint64_t tree_first;   /* row of the first leaf; UINT64_MAX: not made for this partition */
    uint32_t leaves;
    mu_vector *args; /* of MU_BATCH_ROWS rows, or fewer, of the columns */
    mu_vector order;
    mu_group_keys *seen;    /* with DISTINCT */
    uint64_t *news;         /* with DISTINCT, bits of the task's rows whose value is new */
    uint64_t first, end;    /* the partition */
    mu_frame_range last[3]; /* the frame whose result was put last: */
    uint32_t last_count;
    uint64_t last_row; /* for this row, */
    mu_value value;    /* and what it is; a text is no longer there */
    bool any_last;
} aggregation;

static muster_status fail_memory(muster_error *err)
{
    return mu_fail_memory(err, "running a window");
}

/* The rows of a column from `first` on, a multiple of 64. */
static mu_vector vector_at(const mu_rowset_column *column, uint64_t first)
{
    return (mu_vector){
        .type = column->type,
        .data = (const uint8_t *)column->data + mu_rowset_bytes(column->form, first),
        .valid = column->has_nulls ? &column->valid[first / 64] : NULL,
        .dict = column->form == MU_FORM_CODE ? &column->texts.dict : NULL,
    };
}

/* Bits of rows from ... to - 1 that FILTER leaves, the first bit being row `first`. */
static void find_live(const aggregation *a, uint64_t first, uint64_t from, uint64_t to,
                      uint64_t *live)
{
    const uint32_t filter = a->task->call->filter;
    const size_t words = mu_bits_words(to - first);

    mu_bits_fill(live, to - first, words);
    live[0] &= ~mu_bits_below((unsigned)(from - first));
    for (size_t w = 0; filter != MU_NO_COLUMN && w < words; w++) {
        const mu_rowset_column *column = &a->task->windowed->rows->columns[filter];
        live[w] &= ((const uint64_t *)column->data)[first / 64 + w] & column->valid[first / 64 + w];
    }
    for (size_t w = 0; a->news && w < words; w++) {
        live[w] &= a->news[(first - a->task->first / 64 * 64) / 64 + w];
    }
}

static void read_args(aggregation *a, uint64_t first)
{
    const mu_window_call *call = a->task->call;
    const mu_rowset_column *columns = a->task->windowed->rows->columns;

    for (uint32_t i = 0; i < call->arg_count; i++) {
        a->args[i] = vector_at(&columns[call->columns[i]], first);
    }
    if (call->order != MU_NO_COLUMN) {
        a->order = vector_at(&columns[call->order], first);
    }
}

typedef enum change {
    ADD,
    REMOVE
} change;

/* Gives rows to group 0 of states, or takes them back. */
static muster_status change_rows(aggregation *a, mu_agg_states *states, change what, uint64_t from,
                                 uint64_t to, muster_error *err)
{
    const mu_vector *order = a->task->call->order == MU_NO_COLUMN ? NULL : &a->order;
    uint64_t live[MU_BATCH_WORDS];

    while (from < to) {
        const uint64_t first = from / 64 * 64;
        const uint64_t end = to - first < MU_BATCH_ROWS ? to : first + MU_BATCH_ROWS;
        const uint32_t rows = (uint32_t)(end - first);
        find_live(a, first, from, end, live);
        read_args(a, first);
        if (what == ADD) {
            MU_TRY(mu_agg_update(states, a->args, order, live, rows, NULL, err));
        } else {
            MU_TRY(mu_agg_remove(states, a->args, order, live, rows, err));
        }
        MU_TRY(mu_window_check(a->task, rows, err));
        from = end;
    }
    return MUSTER_OK;
}

static muster_status empty_states(mu_agg_states *states, uint32_t groups, muster_error *err)
{
    mu_agg_reset(states);
    return mu_agg_grow(states, groups, err);
}

/* 1: whole partitions. */

/* Gives all rows from ... to - 1 to the groups they are in: one more than the row before where its
 * bit is set. */
static muster_status add_grouped(aggregation *a, mu_agg_states *states, const uint64_t *starts,
                                 uint32_t group_of_first, uint64_t from, uint64_t to,
                                 uint32_t *group_count, muster_error *err)
{
    const mu_vector *order = a->task->call->order == MU_NO_COLUMN ? NULL : &a->order;
    uint64_t live[MU_BATCH_WORDS];
    uint32_t groups[MU_BATCH_ROWS];
    uint32_t group = group_of_first;
    bool begun = false;

    while (from < to) {
        const uint64_t first = from / 64 * 64;
        const uint64_t end = to - first < MU_BATCH_ROWS ? to : first + MU_BATCH_ROWS;
        for (uint64_t row = from; row < end; row++) {
            group += begun && (starts ? mu_bits_test(starts, row) : row % LEAF_ROWS == 0);
            begun = true;
            groups[row - first] = group;
        }
        find_live(a, first, from, end, live);
        read_args(a, first);
        MU_TRY(mu_agg_grow(states, group + 1, err));
        MU_TRY(mu_agg_update(states, a->args, order, live, (uint32_t)(end - first), groups, err));
        MU_TRY(mu_window_check(a->task, end - from, err));
        from = end;
    }
    *group_count = group + 1;
    return MUSTER_OK;
}

/* Puts the result of a group of the states. */
static muster_status put_new(aggregation *a, uint64_t row, uint32_t group, muster_error *err)
{
    a->last_row = row;
    MU_TRY(mu_agg_result(a->states, group, &a->value, err));
    return mu_window_put(a->task, row, &a->value, err);
}

/* Puts the result that was put last once more. */
static muster_status put_again(aggregation *a, uint64_t row, muster_error *err)
{
    uint32_t *codes = a->task->out->data;

    if (a->value.null || a->task->out->form != MU_FORM_CODE) {
        return mu_window_put(a->task, row, &a->value, err);
    }
    codes[row] = codes[a->last_row];
    return MUSTER_OK;
}

static muster_status run_whole(aggregation *a, muster_error *err)
{
    mu_window_task *task = a->task;
    uint32_t group = 0, count;

    MU_TRY(add_grouped(a, a->states, task->windowed->partition_starts, 0, task->first, task->end,
                       &count, err));
    for (uint64_t first = task->first; first < task->end; group++) {
        const uint64_t end = mu_window_partition_end(task, first);
        MU_TRY(put_new(a, first, group, err));
        for (uint64_t row = first + 1; row < end; row++) {
            MU_TRY(put_again(a, row, err));
            MU_TRY(mu_window_check(task, 1, err));
        }
        first = end;
    }
    assert(group == count);
    return MUSTER_OK;
}

/* 4: the tree. */

static muster_status make_tree(aggregation *a, muster_error *err)
{
    uint32_t count;

    if (!a->tree) {
        MU_TRY(mu_agg_open(&a->call, &a->tree, err));
    }
    a->tree_first = a->first / LEAF_ROWS * LEAF_ROWS;
    a->leaves = (uint32_t)((a->end - a->tree_first + LEAF_ROWS - 1) / LEAF_ROWS);
    MU_TRY(empty_states(a->tree, 2 * a->leaves, err));
    MU_TRY(add_grouped(a, a->tree, NULL, a->leaves, a->first, a->end, &count, err));
    for (uint32_t node = a->leaves - 1; node > 0; node--) {
        MU_TRY(mu_agg_merge_group(a->tree, node, a->tree, 2 * node, err));
        MU_TRY(mu_agg_merge_group(a->tree, node, a->tree, 2 * node + 1, err));
        MU_TRY(mu_window_check(a->task, 1, err));
    }
    return MUSTER_OK;
}

/* Adds leaves from ... to - 1. */
static muster_status add_leaves(aggregation *a, uint32_t from, uint32_t to, muster_error *err)
{
    from += a->leaves;
    to += a->leaves;
    for (; from < to; from /= 2, to /= 2) {
        if (from % 2 == 1) {
            MU_TRY(mu_agg_merge_group(a->states, 0, a->tree, from++, err));
        }
        if (to % 2 == 1) {
            MU_TRY(mu_agg_merge_group(a->states, 0, a->tree, --to, err));
        }
    }
    return MUSTER_OK;
}

/* Adds rows by the tree, if that is shorter. */
static muster_status add_range(aggregation *a, const mu_frame_range *range, muster_error *err)
{
    if (range->to - range->from <= SHORT_ROWS || !mu_agg_is_small(&a->call)) {
        return change_rows(a, a->states, ADD, range->from, range->to, err);
    }
    if (a->tree_first == UINT64_MAX) {
        MU_TRY(make_tree(a, err));
    }
    const uint64_t from = (range->from + LEAF_ROWS - 1) / LEAF_ROWS * LEAF_ROWS;
    const uint64_t to = range->to / LEAF_ROWS * LEAF_ROWS;
    MU_TRY(change_rows(a, a->states, ADD, range->from, from, err));
    MU_TRY(add_leaves(a, (uint32_t)((from - a->tree_first) / LEAF_ROWS),
                      (uint32_t)((to - a->tree_first) / LEAF_ROWS), err));
    return change_rows(a, a->states, ADD, to, range->to, err);
}

static muster_status put_frame(aggregation *a, uint64_t row, muster_error *err)
{
    mu_frame_range ranges[3];
    const uint32_t count = mu_frames_ranges(&a->frames, row, ranges);
    const bool same = a->any_last && count == a->last_count &&
                      memcmp(ranges, a->last, count * sizeof *ranges) == 0;

    if (!same) {
        MU_TRY(empty_states(a->states, 1, err));
        for (uint32_t i = 0; i < count; i++) {
            MU_TRY(add_range(a, &ranges[i], err));
        }
        memcpy(a->last, ranges, count * sizeof *ranges);
        a->last_count = count;
        a->any_last = true;
    }
    return same ? put_again(a, row, err) : put_new(a, row, 0, err);
}

static muster_status run_frames(aggregation *a, muster_error *err)
{
    for (uint64_t row = a->first; row < a->end; row++) {
        MU_TRY(mu_window_check(a->task, 1, err));
        mu_frames_next(&a->frames, row);
        MU_TRY(put_frame(a, row, err));
    }
    return MUSTER_OK;
}

/* 2 and 3: rows come, and go. */

static muster_status run_moving(aggregation *a, muster_error *err)
{
    uint64_t from = a->first, to = a->first;

    MU_TRY(empty_states(a->states, 1, err));
    for (uint64_t row = a->first; row < a->end; row++) {
        MU_TRY(mu_window_check(a->task, 1, err));
        mu_frames_next(&a->frames, row);
        const uint64_t next_from = a->frames.from;
        const uint64_t next_to = a->frames.to < next_from ? next_from : a->frames.to;
        const bool same = row > a->first && next_from == from && next_to == to;
        const bool back = next_from < from || next_to < to;
        if (next_from >= to || back) {
            MU_TRY(to > from ? empty_states(a->states, 1, err) : MUSTER_OK);
            to = next_from;
        } else if (next_from > from) {
            MU_TRY(change_rows(a, a->states, REMOVE, from, next_from, err));
        }
        MU_TRY(change_rows(a, a->states, ADD, to, next_to, err));
        from = next_from;
        to = next_to;
        MU_TRY(same ? put_again(a, row, err) : put_new(a, row, 0, err));
    }
    return MUSTER_OK;
}

/* DISTINCT, where frames begin with their partition: the rows whose value is new. */
static muster_status find_news(aggregation *a, muster_error *err)
{
    const uint64_t task_first = a->task->first / 64 * 64;
    uint64_t live[MU_BATCH_WORDS];
    uint32_t groups[MU_BATCH_ROWS];
    uint32_t known = 0;

    mu_group_keys_reset(a->seen);
    for (uint64_t row = a->first; row < a->end; row++) {
        mu_bits_set(a->news, row - task_first); /* none is left out yet */
    }
    for (uint64_t from = a->first; from < a->end;) {
        const uint64_t first = from / 64 * 64;
        const uint64_t end = a->end - first < MU_BATCH_ROWS ? a->end : first + MU_BATCH_ROWS;
        const mu_batch batch = {.rows = (uint32_t)(end - first), .live = live};
        find_live(a, first, from, end, live);
        read_args(a, first);
        MU_TRY(mu_group_keys_find(a->seen, a->args, &batch, groups, err));
        MU_FOR_EACH_LIVE(row, &batch) {
            if (groups[row] < known) {
                mu_bits_clear(a->news, first + row - task_first);
            } else {
                known = groups[row] + 1;
            }
        }
        MU_TRY(mu_window_check(a->task, end - from, err));
        from = end;
    }
    return MUSTER_OK;
}

static bool is_unbounded(const mu_frame *frame)
{
    return frame->from.edge == MU_EDGE_UNBOUNDED_PRECEDING &&
           frame->exclusion == MU_EXCLUDE_NOTHING;
}

/* Without an order, all rows of a partition are equal. */
static bool is_whole(const mu_windowed *windowed, const mu_frame *frame)
{
    return is_unbounded(frame) &&
           (frame->to.edge == MU_EDGE_UNBOUNDED_FOLLOWING ||
            (frame->to.edge == MU_EDGE_CURRENT_ROW && frame->unit != MU_FRAME_ROWS &&
             windowed->plan->window.key_count == 0));
}

static muster_status run_partition(aggregation *a, muster_error *err)
{
    const mu_frame *frame = &a->task->call->frame;

    a->tree_first = UINT64_MAX;
    a->any_last = false;
    MU_TRY(mu_frames_start(&a->frames, a->task, a->first, a->end, err));
    if (a->news) {
        MU_TRY(find_news(a, err));
    }
    return is_unbounded(frame) ||
                   (frame->exclusion == MU_EXCLUDE_NOTHING && mu_agg_can_remove(&a->call))
               ? run_moving(a, err)
               : run_frames(a, err);
}

static muster_status open_aggregation(aggregation *a, bool whole, muster_error *err)
{
    const mu_window_call *call = a->task->call;

    a->call = call->agg;
    a->args = mu_mem_zalloc_array(call->arg_count, sizeof *a->args);
    if (!a->args) {
        return fail_memory(err);
    }
    if (a->call.distinct && !whole && is_unbounded(&call->frame)) {
        const uint64_t rows = a->task->end - a->task->first / 64 * 64;
        a->call.distinct = false;
        a->news = mu_mem_zalloc_array(mu_bits_words(rows), sizeof *a->news);
        if (!a->news) {
            return fail_memory(err);
        }
        MU_TRY(mu_group_keys_open(&call->args[0]->type, 1, false, &a->seen, err));
    }
    return mu_agg_open(&a->call, &a->states, err);
}

muster_status mu_window_run_agg(mu_window_task *task, muster_error *err)
{
    const bool whole = is_whole(task->windowed, &task->call->frame);
    muster_status status;
    aggregation a = {.task = task};

    MU_TRY_GOTO(open_aggregation(&a, whole, err));
    if (whole) {
        status = run_whole(&a, err);
        goto fail;
    }
    for (a.first = task->first; a.first < task->end; a.first = a.end) {
        a.end = mu_window_partition_end(task, a.first);
        MU_TRY_GOTO(run_partition(&a, err));
    }
fail:
    mu_agg_close(a.states);
    mu_agg_close(a.tree);
    mu_group_keys_close(a.seen);
    mu_frames_deinit(&a.frames);
    mu_mem_free(a.args);
    mu_mem_free(a.news);
    return status;
}
