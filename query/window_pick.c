/*
 * window_pick.c - the value of another row: lag, lead, first_value, last_value, nth_value.
 *
 * With IGNORE NULLS only rows that have a value count; they are listed once for each partition.
 */
#include "query/window_call.h"

#include "storage/base/mem.h"

enum {
    NOWHERE = -1
};

typedef struct picking {
    mu_window_task *task;
    const mu_rowset_column *column; /* NULL: the argument is a constant */
    mu_frames frames;
    uint64_t first, end; /* the partition */
    uint64_t *full;      /* its rows that are not NULL, with IGNORE NULLS */
    size_t full_count, full_capacity;
} picking;

static bool is_full(const picking *p, uint64_t row)
{
    return p->column ? mu_bits_test(p->column->valid, row) : !p->task->call->args[0]->value.null;
}

static muster_status list_full(picking *p, muster_error *err)
{
    p->full_count = 0;
    for (uint64_t row = p->first; row < p->end; row++) {
        MU_TRY(mu_window_check(p->task, 1, err));
        if (!is_full(p, row)) {
            continue;
        }
        if (!mu_mem_reserve(&p->full, &p->full_capacity, p->full_count + 1, sizeof *p->full)) {
            return mu_fail_memory(err, "running a window");
        }
        p->full[p->full_count++] = row;
    }
    return MUSTER_OK;
}

/* How many of the full rows are before `row`. */
static uint64_t full_before(const picking *p, uint64_t row)
{
    size_t low = 0, high = p->full_count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (p->full[middle] < row) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The row so many behind, or before if negative. */
static int64_t row_beside(const picking *p, uint64_t row, int64_t steps)
{
    const bool back = steps < 0;
    const uint64_t distance = back ? 0 - (uint64_t)steps : (uint64_t)steps;

    if (!p->task->call->ignore_nulls || distance == 0) {
        return back ? (row - p->first < distance ? NOWHERE : (int64_t)(row - distance))
                    : (p->end - 1 - row < distance ? NOWHERE : (int64_t)(row + distance));
    }
    const uint64_t before = full_before(p, back ? row : row + 1);
    if (back) {
        return before < distance ? NOWHERE : (int64_t)p->full[before - distance];
    }
    return p->full_count - before < distance ? NOWHERE : (int64_t)p->full[before + distance - 1];
}

/* Row number n, from 0, of the frame; of its end with `last`. */
static int64_t row_of_frame(picking *p, uint64_t row, uint64_t n, bool last)
{
    mu_frame_range ranges[3];

    mu_frames_next(&p->frames, row);
    const uint32_t count = mu_frames_ranges(&p->frames, row, ranges);
    for (uint32_t i = 0; i < count; i++) {
        const mu_frame_range *range = &ranges[last ? count - 1 - i : i];
        uint64_t from = range->from, to = range->to;
        if (p->task->call->ignore_nulls) {
            from = full_before(p, range->from);
            to = full_before(p, range->to);
        }
        if (n < to - from) {
            const uint64_t at = last ? to - 1 - n : from + n;
            return (int64_t)(p->task->call->ignore_nulls ? p->full[at] : at);
        }
        n -= to - from;
    }
    return NOWHERE;
}

/* What lag and lead give where there is no such row. */
static muster_status put_default(picking *p, uint64_t row, muster_error *err)
{
    if (p->task->call->arg_count < 3) {
        mu_window_put_null(p->task, row);
        return MUSTER_OK;
    }
    const mu_value value = mu_window_arg(p->task, 2, row);
    return mu_window_put(p->task, row, &value, err);
}

static muster_status put_picked(picking *p, uint64_t row, int64_t from, muster_error *err)
{
    if (from == NOWHERE) {
        mu_window_put_null(p->task, row);
        return MUSTER_OK;
    }
    if (p->column) {
        return mu_window_copy(p->task, row, p->column, (uint64_t)from, err);
    }
    return mu_window_put(p->task, row, &p->task->call->args[0]->value, err);
}

static muster_status put_beside(picking *p, uint64_t row, bool back, muster_error *err)
{
    int64_t steps = back ? -1 : 1;

    if (p->task->call->arg_count > 1) {
        const mu_value given = mu_window_arg(p->task, 1, row);
        if (given.null) {
            mu_window_put_null(p->task, row);
            return MUSTER_OK;
        }
        /* The distance of any two rows is less than that. */
        steps = given.i64 == INT64_MIN ? INT64_MAX : back ? -given.i64 : given.i64;
    }
    const int64_t from = row_beside(p, row, steps);
    return from == NOWHERE ? put_default(p, row, err) : put_picked(p, row, from, err);
}

static muster_status put_nth(picking *p, uint64_t row, muster_error *err)
{
    const mu_value given = mu_window_arg(p->task, 1, row);

    if (!given.null && given.i64 < 1) {
        return mu_fail_at(err, MUSTER_INVALID, p->task->call->args[1]->offset,
                          "nth_value() takes a number that is at least 1, not %lld",
                          (long long)given.i64);
    }
    const int64_t from = row_of_frame(p, row, given.null ? 0 : (uint64_t)given.i64 - 1, false);
    return put_picked(p, row, given.null ? NOWHERE : from, err);
}

static muster_status put_row(picking *p, uint64_t row, muster_error *err)
{
    switch (p->task->call->kind) {
    case MU_WINDOW_LAG:
        return put_beside(p, row, true, err);
    case MU_WINDOW_LEAD:
        return put_beside(p, row, false, err);
    case MU_WINDOW_FIRST_VALUE:
        return put_picked(p, row, row_of_frame(p, row, 0, false), err);
    case MU_WINDOW_LAST_VALUE:
        return put_picked(p, row, row_of_frame(p, row, 0, true), err);
    case MU_WINDOW_NTH_VALUE:
        return put_nth(p, row, err);
    case MU_WINDOW_AGGREGATE:
    case MU_WINDOW_ROW_NUMBER:
    case MU_WINDOW_RANK:
    case MU_WINDOW_DENSE_RANK:
    case MU_WINDOW_PERCENT_RANK:
    case MU_WINDOW_CUME_DIST:
    case MU_WINDOW_NTILE:
    case MU_WINDOW_BUCKET:
        break;
    }
    assert(false && "a call that picks no value");
    return MUSTER_OK;
}

static muster_status run_partition(picking *p, muster_error *err)
{
    if (p->task->call->ignore_nulls) {
        MU_TRY(list_full(p, err));
    }
    MU_TRY(mu_frames_start(&p->frames, p->task, p->first, p->end, err));
    for (uint64_t row = p->first; row < p->end; row++) {
        MU_TRY(mu_window_check(p->task, 1, err));
        MU_TRY(put_row(p, row, err));
    }
    return MUSTER_OK;
}

muster_status mu_window_run_pick(mu_window_task *task, muster_error *err)
{
    const uint32_t column = task->call->columns[0];
    muster_status status = MUSTER_OK;
    picking p = {.task = task};

    p.column = column == MU_NO_COLUMN ? NULL : &task->windowed->rows->columns[column];
    for (p.first = task->first; p.first < task->end; p.first = p.end) {
        p.end = mu_window_partition_end(task, p.first);
        MU_TRY_GOTO(run_partition(&p, err));
    }
fail:
    mu_frames_deinit(&p.frames);
    mu_mem_free(p.full);
    return status;
}
