/*
 * window_frame.c - which rows the frame of a row has.
 *
 * Hardly ever does an end of a frame move back while its row moves on, so each is followed from
 * where it was. (A distance in months may: the months before March 30 and 31 both begin on the last
 * of February, so the time of day decides.) RANGE with a distance compares keys: a row whose key is
 * NULL has those that are NULL as well in its frame, and is in no other's for its key.
 */
#include "query/window_call.h"

#include "query/agg_states.h"
#include "query/sort.h"
#include "storage/base/mem.h"
#include "storage/zone.h"

/* A key, or a key and a distance. */
typedef struct range_key {
    bool null;
    mu_i128 number;
} range_key;

uint64_t mu_window_next_start(const uint64_t *starts, uint64_t row, uint64_t end)
{
    while (row < end && !mu_bits_test(starts, row)) {
        row += row % 64 == 0 && starts[row / 64] == 0 ? 64 : 1;
    }
    return row < end ? row : end;
}

uint64_t mu_window_partition_end(const mu_window_task *task, uint64_t first)
{
    return mu_window_next_start(task->windowed->partition_starts, first + 1, task->end);
}

static bool has_distance(const mu_frame_bound *bound)
{
    return bound->edge == MU_EDGE_PRECEDING || bound->edge == MU_EDGE_FOLLOWING;
}

static muster_status list_groups(mu_frames *frames, muster_error *err)
{
    frames->group_count = 0;
    for (uint64_t row = frames->first; row < frames->end;) {
        if (mu_stopped_at(frames->group_count) ||
            !mu_mem_reserve(&frames->groups, &frames->group_capacity, frames->group_count + 2,
                            sizeof *frames->groups)) {
            return mu_fail_memory(err, "running a window");
        }
        frames->groups[frames->group_count++] = row;
        row = mu_window_next_start(frames->windowed->peer_starts, row + 1, frames->end);
    }
    frames->groups[frames->group_count] = frames->end;
    return MUSTER_OK;
}

muster_status mu_frames_start(mu_frames *frames, const mu_window_task *task, uint64_t first,
                              uint64_t end, muster_error *err)
{
    frames->windowed = task->windowed;
    frames->frame = &task->call->frame;
    frames->first = first;
    frames->end = end;
    frames->peer_first = frames->peer_end = first;
    frames->near = frames->far = first;
    frames->group = UINT64_MAX; /* the next is 0 */
    return frames->frame->unit == MU_FRAME_GROUPS ? list_groups(frames, err) : MUSTER_OK;
}

void mu_frames_deinit(mu_frames *frames)
{
    mu_mem_free(frames->groups);
}

/* Rows and groups: n of them before or behind number `at`, kept within [first, end]. */
static uint64_t step(uint64_t at, const mu_frame_bound *bound, uint64_t first, uint64_t end)
{
    const uint64_t distance = (uint64_t)bound->offset.i64;

    if (bound->edge == MU_EDGE_PRECEDING) {
        return at - first < distance ? first : at - distance;
    }
    return end - at < distance ? end : at + distance;
}

/* The end of a frame that begins, or (`to`) ends, so many rows or groups away. One of rows that
 * ends before the partition begins has `first` for both ends. */
static uint64_t row_edge(const mu_frames *frames, uint64_t row, const mu_frame_bound *bound,
                         bool to)
{
    if (to && bound->edge == MU_EDGE_PRECEDING &&
        row - frames->first < (uint64_t)bound->offset.i64) {
        return frames->first;
    }
    const uint64_t at = step(row, bound, frames->first, frames->end);
    return to && at < frames->end ? at + 1 : at;
}

static uint64_t group_edge(const mu_frames *frames, const mu_frame_bound *bound, bool to)
{
    if (to && bound->edge == MU_EDGE_PRECEDING && frames->group < (uint64_t)bound->offset.i64) {
        return frames->first;
    }
    const uint64_t at = step(frames->group, bound, 0, frames->group_count);
    return frames->groups[to && at < frames->group_count ? at + 1 : at];
}

/* RANGE with a distance. Doubles are numbers by their order, dates are microseconds where the
 * distance is. */

static range_key key_number(const mu_rowset_column *column, uint64_t row)
{
    range_key key = {.null = !mu_bits_test(column->valid, row)};

    if (key.null) {
        return key;
    }
    if (column->form == MU_FORM_F64) {
        key.number = mu_sort_number_f64(((const double *)column->data)[row]);
    } else {
        key.number = ((const int64_t *)column->data)[row];
        key.number *= column->type.kind == MU_DATE ? MU_DAY_US : 1;
    }
    return key;
}

/* The key of a row moved by the distance: down or up. */
static mu_i128 moved_key(const mu_frames *frames, const mu_rowset_column *column, uint64_t row,
                         const mu_value *distance, bool down)
{
    const mu_zone *zone =
        column->type.kind == MU_TIMESTAMP ? mu_exec_zone(frames->windowed->exec) : NULL;

    if (column->form == MU_FORM_F64) {
        const double value = ((const double *)column->data)[row];
        return mu_sort_number_f64(down ? value - distance->f64 : value + distance->f64);
    }
    mu_i128 number = key_number(column, row).number;
    if (distance->months != 0) {
        number =
            mu_zone_add_months(zone, (int64_t)number, down ? -distance->months : distance->months);
    }
    return down ? number - distance->i64 : number + distance->i64;
}

/* Whether a row is before the bound or, with `to`, not behind it. */
static bool is_before(const mu_frames *frames, uint64_t row, mu_i128 limit, bool to)
{
    const mu_sort_key *order = &frames->windowed->plan->window.keys[0];
    const range_key key = key_number(&frames->windowed->rows->columns[order->column], row);

    return key.null                    ? order->nulls_first
           : to && key.number == limit ? true
           : order->descending         ? key.number > limit
                                       : key.number < limit;
}

/* Follows an end: to the first row that is not before the bound or, with `to`, behind it. */
static uint64_t follow(const mu_frames *frames, uint64_t at, uint64_t row,
                       const mu_frame_bound *bound, bool to)
{
    const mu_sort_key *order = &frames->windowed->plan->window.keys[0];
    const mu_rowset_column *column = &frames->windowed->rows->columns[order->column];
    const bool down = (bound->edge == MU_EDGE_PRECEDING) != order->descending;
    const mu_i128 limit = moved_key(frames, column, row, &bound->offset, down);

    while (at > frames->first && !is_before(frames, at - 1, limit, to)) {
        at--;
    }
    while (at < frames->end && is_before(frames, at, limit, to) && !mu_stopped_at(at)) {
        at++;
    }
    return at;
}

static uint64_t range_edge(mu_frames *frames, uint64_t row, const mu_frame_bound *bound, bool to)
{
    const mu_sort_key *order = &frames->windowed->plan->window.keys[0];
    uint64_t *at = to ? &frames->far : &frames->near;

    if (!mu_bits_test(frames->windowed->rows->columns[order->column].valid, row)) {
        return to ? frames->peer_end : frames->peer_first;
    }
    *at = follow(frames, *at, row, bound, to);
    return *at;
}

static uint64_t edge(mu_frames *frames, uint64_t row, const mu_frame_bound *bound, bool to)
{
    switch (bound->edge) {
    case MU_EDGE_UNBOUNDED_PRECEDING:
        return frames->first;
    case MU_EDGE_UNBOUNDED_FOLLOWING:
        return frames->end;
    case MU_EDGE_CURRENT_ROW:
        if (frames->frame->unit == MU_FRAME_ROWS) {
            return to ? row + 1 : row;
        }
        return to ? frames->peer_end : frames->peer_first;
    case MU_EDGE_PRECEDING:
    case MU_EDGE_FOLLOWING:
        break;
    }
    assert(has_distance(bound));
    return frames->frame->unit == MU_FRAME_ROWS    ? row_edge(frames, row, bound, to)
           : frames->frame->unit == MU_FRAME_RANGE ? range_edge(frames, row, bound, to)
                                                   : group_edge(frames, bound, to);
}

void mu_frames_next(mu_frames *frames, uint64_t row)
{
    if (row >= frames->peer_end) {
        frames->peer_first = row;
        frames->peer_end =
            mu_window_next_start(frames->windowed->peer_starts, row + 1, frames->end);
        frames->group++;
    }
    frames->from = edge(frames, row, &frames->frame->from, false);
    frames->to = edge(frames, row, &frames->frame->to, true);
}

static void add_range(mu_frame_range *ranges, uint32_t *count, uint64_t from, uint64_t to)
{
    if (from < to) {
        ranges[(*count)++] = (mu_frame_range){from, to};
    }
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

uint32_t mu_frames_ranges(const mu_frames *frames, uint64_t row, mu_frame_range ranges[3])
{
    const mu_frame_exclusion exclusion = frames->frame->exclusion;
    const uint64_t from = frames->from, to = frames->to;
    uint32_t count = 0;

    if (exclusion == MU_EXCLUDE_NOTHING) {
        add_range(ranges, &count, from, to);
        return count;
    }
    const uint64_t out_from = exclusion == MU_EXCLUDE_ROW ? row : frames->peer_first;
    const uint64_t out_to = exclusion == MU_EXCLUDE_ROW ? row + 1 : frames->peer_end;
    add_range(ranges, &count, from, least(to, out_from));
    if (exclusion == MU_EXCLUDE_TIES) {
        add_range(ranges, &count, most(from, row), least(to, row + 1));
    }
    add_range(ranges, &count, most(from, out_to), to);
    return count;
}
