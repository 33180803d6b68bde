/*
 * window_call.h - rows in the order of a window, and what calls over them share.
 *
 * Rows of all partitions are in one rowset, partition after partition; the columns of the calls are
 * the last ones. A task is some whole partitions; each call of each task is run by itself, by any
 * thread: it reads all columns and writes its own rows of its own column.
 */
#ifndef MU_WINDOW_CALL_H
#define MU_WINDOW_CALL_H

#include "query/plan.h"
#include "query/rowset.h"

typedef struct mu_windowed {
    mu_exec *exec;
    const mu_plan *plan;
    mu_rowset *rows;
    uint64_t *partition_starts; /* bits of the rows that begin a partition; */
    uint64_t *peer_starts;      /* or differ from the row before in the order */
} mu_windowed;

/* One call of one task. */
typedef struct mu_window_task {
    const mu_windowed *windowed;
    const mu_window_call *call;
    uint64_t first, end; /* the rows */
    mu_rowset_column *out;
    mu_dict_builder texts; /* what the codes of TEXT results are for */
    uint32_t *remap;       /* codes of the column that is copied from -> those of `texts` */
    uint64_t work;         /* rows looked at since the last check for a cancel */
} mu_window_task;

/* The first row from `row` on whose bit is set; `end` if none is before it. */
uint64_t mu_window_next_start(const uint64_t *starts, uint64_t row, uint64_t end);
/* The next partition, from `first` on: rows up to the one returned. */
uint64_t mu_window_partition_end(const mu_window_task *task, uint64_t first);

/* CANCELLED if the flag is up; to be called with the rows that were looked at. */
static inline muster_status mu_window_check(mu_window_task *task, uint64_t rows, muster_error *err)
{
    enum {
        ROWS_PER_CHECK = 1 << 16
    };

    task->work += rows;
    if (task->work < ROWS_PER_CHECK) {
        return MUSTER_OK;
    }
    task->work = 0;
    return mu_exec_check(task->windowed->exec, err);
}

/* The result of a row. NULL is `put_null`; of each row at most one is called, and without any it
 * is 0. */
void mu_window_put_null(mu_window_task *task, uint64_t row);
muster_status mu_window_put(mu_window_task *task, uint64_t row, const mu_value *value,
                            muster_error *err);
/* The value that the column has in row `from`. All calls are for the same column. */
muster_status mu_window_copy(mu_window_task *task, uint64_t row, const mu_rowset_column *column,
                             uint64_t from, muster_error *err);
/* Argument `arg` of the call in a row. */
mu_value mu_window_arg(const mu_window_task *task, uint32_t arg, uint64_t row);

/* The frames of the rows of a partition, which are asked for in turn. */
typedef struct mu_frames {
    const mu_windowed *windowed;
    const mu_frame *frame;
    uint64_t first, end;           /* the partition */
    uint64_t peer_first, peer_end; /* rows that are equal to the current one */
    uint64_t from, to;             /* of the current row; from > to: there are none */
    uint64_t near, far;            /* with distances in RANGE: as far as these were followed */
    uint64_t *groups;              /* with GROUPS: where each begins, and the end of the last */
    size_t group_count, group_capacity;
    uint64_t group; /* of the current row */
} mu_frames;

muster_status mu_frames_start(mu_frames *frames, const mu_window_task *task, uint64_t first,
                              uint64_t end, muster_error *err);
void mu_frames_next(mu_frames *frames, uint64_t row); /* rows in order, each once */
void mu_frames_deinit(mu_frames *frames);

typedef struct mu_frame_range {
    uint64_t from, to; /* from < to */
} mu_frame_range;

/* What is left of the current row's frame once rows are excluded: 0 to 3 ranges, in order. */
uint32_t mu_frames_ranges(const mu_frames *frames, uint64_t row, mu_frame_range ranges[3]);

/* Each kind of call has a runner. */
muster_status mu_window_run_rank(mu_window_task *task, muster_error *err);
muster_status mu_window_run_bucket(mu_window_task *task, muster_error *err);
muster_status mu_window_run_pick(mu_window_task *task, muster_error *err);
muster_status mu_window_run_agg(mu_window_task *task, muster_error *err);

#endif
