/*
 * window_rank.c - the place of a row among those of its partition: row_number, rank, dense_rank,
 * percent_rank, cume_dist, ntile.
 */
#include "query/window_call.h"

static muster_status put_number(mu_window_task *task, uint64_t row, uint64_t number)
{
    ((int64_t *)task->out->data)[row] = (int64_t)number;
    return MUSTER_OK;
}

static muster_status put_share(mu_window_task *task, uint64_t row, uint64_t part, uint64_t whole)
{
    ((double *)task->out->data)[row] = whole == 0 ? 0 : (double)part / (double)whole;
    return MUSTER_OK;
}

/* Buckets of as equal a size as can be, the larger ones first. */
static muster_status put_ntile(mu_window_task *task, uint64_t first, uint64_t end, uint64_t row,
                               muster_error *err)
{
    const mu_value given = mu_window_arg(task, 0, first);
    const uint64_t rows = end - first, at = row - first;

    if (given.null) {
        mu_window_put_null(task, row);
        return MUSTER_OK;
    }
    if (given.i64 < 1) {
        return mu_fail_at(err, MUSTER_INVALID, task->call->args[0]->offset,
                          "ntile() takes a number that is at least 1, not %lld",
                          (long long)given.i64);
    }
    const uint64_t buckets = (uint64_t)given.i64;
    const uint64_t small = rows / buckets, larger = rows % buckets;
    const uint64_t in_larger = larger * (small + 1);
    return put_number(
        task, row, at < in_larger ? at / (small + 1) + 1 : larger + (at - in_larger) / small + 1);
}

/* A partition, and where its current row is. */
typedef struct place {
    uint64_t first, end;
    uint64_t row;
    uint64_t peer_first, peer_end; /* rows equal to it */
    uint64_t group;                /* of such rows, from 1 */
} place;

static muster_status put_place(mu_window_task *task, const place *p, muster_error *err)
{
    const uint64_t rows = p->end - p->first;

    switch (task->call->kind) {
    case MU_WINDOW_ROW_NUMBER:
        return put_number(task, p->row, p->row - p->first + 1);
    case MU_WINDOW_RANK:
        return put_number(task, p->row, p->peer_first - p->first + 1);
    case MU_WINDOW_DENSE_RANK:
        return put_number(task, p->row, p->group);
    case MU_WINDOW_PERCENT_RANK:
        return put_share(task, p->row, p->peer_first - p->first, rows - 1);
    case MU_WINDOW_CUME_DIST:
        return put_share(task, p->row, p->peer_end - p->first, rows);
    case MU_WINDOW_NTILE:
        return put_ntile(task, p->first, p->end, p->row, err);
    case MU_WINDOW_AGGREGATE:
    case MU_WINDOW_BUCKET:
    case MU_WINDOW_LAG:
    case MU_WINDOW_LEAD:
    case MU_WINDOW_FIRST_VALUE:
    case MU_WINDOW_LAST_VALUE:
    case MU_WINDOW_NTH_VALUE:
        break;
    }
    assert(false && "a call that has no rank");
    return MUSTER_OK;
}

muster_status mu_window_run_rank(mu_window_task *task, muster_error *err)
{
    place p = {.end = task->first};

    for (p.row = task->first; p.row < task->end; p.row++) {
        MU_TRY(mu_window_check(task, 1, err));
        if (p.row == p.end) {
            p.first = p.row;
            p.end = mu_window_partition_end(task, p.row);
            p.peer_end = p.row;
            p.group = 0;
        }
        if (p.row == p.peer_end) {
            p.peer_first = p.row;
            p.peer_end = mu_window_next_start(task->windowed->peer_starts, p.row + 1, p.end);
            p.group++;
        }
        MU_TRY(put_place(task, &p, err));
    }
    return MUSTER_OK;
}
