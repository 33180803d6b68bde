/*
 * intervals.c - from each event that starts an interval to the next that ends it.
 *
 * A customer's events are put in order of time. Of those at the same time, the ones that only start
 * come first, then those that do both, then those that only end; those that are alike come by the
 * value they are told apart by. So the order in which they were loaded does not matter, and
 * intervals are as short as the times allow. Each that starts is joined to the first behind it that
 * ends: an event never ends its own interval, and where start and next are the same the intervals
 * join neighbours. Without one behind it an interval is open, and as long as it has been so far.
 *
 * Where events are told to be one by a value (the lines of an order), the first that starts stands
 * for all that start, and the first that ends for all that end; both are one event if a line is
 * both. NULL is not the value of another NULL.
 *
 * Where both ends are to have the same value (a category), each value is looked at by itself; NULL
 * is the same as nothing, so what starts there stays open.
 *
 * What came after as_of has not happened.
 */
#include "query/intervals.h"

#include "storage/base/mem.h"
#include "storage/base/merge_sort.h"

enum {
    START = 1,
    NEXT = 2
};

/* An event, or several that are one. */
typedef struct moment {
    int64_t time_us;
    int64_t part; /* the word of `by`, or 0 */
    int64_t unit; /* the word that says which events are one, or 0 */
    int64_t same; /* the word that is to be equal at both ends, or 0 */
    uint32_t kind;
} moment;

typedef struct finder {
    moment *moments, *spare;
    size_t capacity, spare_capacity;
} finder;

/* The first line of an order may lie before the range; its next, behind it. */
static void read_orders(const mu_behaviour_plan *plan, const mu_zone *zone, int64_t as_of_us,
                        mu_event_options *reading)
{
    const mu_intervals *options = plan->options;

    (void)zone;
    reading->since_us =
        plan->source.bounded && !options->distinct ? plan->source.since_us : MU_TIME_MIN;
    reading->until_us =
        plan->as_of_given && as_of_us <= MU_TIME_MAX ? as_of_us + 1 : MU_TIME_MAX + 1;
    reading->bounded = plan->source.bounded || plan->as_of_given;
}

static void close_finder(mu_behaviour *b)
{
    finder *f = b->state;

    mu_mem_free(f->moments);
    mu_mem_free(f->spare);
}

/* Orders. Of `same` and `unit` words are as good as values: equal ones are to stand side by side.
 */

static int by_time(const void *context, const void *left, const void *right)
{
    const mu_behaviour *b = context;
    const moment *x = left, *y = right;
    static const int place[] = {[START] = 0, [START | NEXT] = 1, [NEXT] = 2};

    if (x->same != y->same) {
        return x->same < y->same ? -1 : 1;
    }
    if (x->time_us != y->time_us) {
        return x->time_us < y->time_us ? -1 : 1;
    }
    return x->kind != y->kind ? place[x->kind] - place[y->kind]
                              : mu_event_compare(b->reader, 0, x->part, y->part);
}

static int by_unit(const void *context, const void *left, const void *right)
{
    const mu_behaviour *b = context;
    const moment *x = left, *y = right;
    if (x->same != y->same) {
        return x->same < y->same ? -1 : 1;
    }
    if (x->unit != y->unit) {
        return x->unit < y->unit ? -1 : 1;
    }
    return x->time_us != y->time_us ? (x->time_us < y->time_us ? -1 : 1)
                                    : mu_event_compare(b->reader, 0, x->part, y->part);
}

static bool in_order(const mu_behaviour *b, mu_compare *order, const moment *moments, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (order(b, &moments[i], &moments[i - 1]) < 0 || mu_stopped_at(i)) {
            return false;
        }
    }
    return true;
}

static muster_status put_in_order(mu_behaviour *b, mu_compare *order, size_t count,
                                  muster_error *err)
{
    finder *f = b->state;

    if (in_order(b, order, f->moments, count)) {
        return MUSTER_OK;
    }
    if (!mu_mem_reserve(&f->spare, &f->spare_capacity, count, sizeof *f->spare)) {
        return mu_behaviour_fail_memory(b, err);
    }
    return mu_merge_sort(f->moments, f->spare, count, sizeof *f->moments, order, b)
               ? MUSTER_OK
               : mu_behaviour_fail_memory(b, err);
}

/* Moments. */

static muster_status list_moments(mu_behaviour *b, uint32_t begin, uint32_t end, muster_error *err)
{
    const mu_intervals *options = b->plan->options;
    const mu_events *events = &b->events;
    const int64_t *parts = options->by ? events->columns[0] : NULL;
    const int64_t *units = options->distinct ? events->columns[options->by] : NULL;
    const int64_t *sames = options->same ? events->columns[options->by + options->distinct] : NULL;
    const bool alike = b->plan->condition_count == 1;
    finder *f = b->state;

    if (!mu_mem_reserve(&f->moments, &f->capacity, end - begin, sizeof *f->moments)) {
        return mu_behaviour_fail_memory(b, err);
    }
    for (uint32_t row = begin; row < end; row++) {
        if (mu_stopped_at(row + 1 - begin)) {
            return mu_behaviour_fail_memory(b, err);
        }
        f->moments[row - begin] =
            (moment){.time_us = events->time_us[row],
                     .part = parts ? parts[row] : 0,
                     .unit = units ? units[row] : 0,
                     .same = sames ? sames[row] : 0,
                     .kind = alike ? START | NEXT : (uint32_t)events->mask[row]};
    }
    return MUSTER_OK;
}

/* What the moments from `first` to `end`, which are one and in order, are put to `to`: one that
 * starts, one that ends, or one that does both; how many. */
static size_t unite(const moment *first, const moment *end, moment to[2])
{
    const moment *start = NULL, *next = NULL, *both = NULL;
    moment made[2];
    size_t count = 0;

    for (const moment *m = first; m < end; m++) {
        start = !start && (m->kind & START) ? m : start;
        next = !next && (m->kind & NEXT) ? m : next;
        both = !both && m->kind == (START | NEXT) ? m : both;
    }
    const bool same = both && both->time_us == start->time_us && both->time_us == next->time_us;
    if (start) {
        made[count] = *start;
        made[count++].kind = same ? START | NEXT : START;
    }
    if (next && !same) {
        made[count] = *next;
        made[count++].kind = NEXT;
    }
    memcpy(to, made, count * sizeof *made);
    return count;
}

/* Makes those one that are. */
static size_t unite_all(moment *moments, size_t count)
{
    size_t kept = 0;

    for (size_t first = 0, end; first < count; first = end) {
        for (end = first + 1;
             end < count && moments[first].unit != MU_GATHER_NULL &&
             moments[end].unit == moments[first].unit && moments[end].same == moments[first].same;
             end++) {
        }
        if (end == first + 1) {
            moments[kept++] = moments[first];
        } else {
            kept += unite(&moments[first], &moments[end], &moments[kept]);
        }
    }
    return kept;
}

static muster_status add_interval(mu_behaviour *b, uint32_t i, const moment *start,
                                  const moment *next, muster_error *err)
{
    const mu_intervals *options = b->plan->options;
    int64_t *words = mu_behaviour_add(b, MU_NO_EVENT);

    if (!words) {
        return mu_behaviour_fail_memory(b, err);
    }
    const int64_t length_us = (next ? next->time_us : b->as_of_us) - start->time_us;
    words[MU_INTERVAL_CUSTOMER] = mu_behaviour_ordinal(b, i);
    words[MU_INTERVAL_US] = length_us;
    words[MU_INTERVAL_OPEN] = !next;
    if (options->times) {
        words[MU_INTERVAL_BEGAN] = start->time_us;
        words[MU_INTERVAL_ENDED] = next ? next->time_us : MU_GATHER_NULL;
        words[MU_INTERVAL_LENGTH] = length_us;
    }
    if (options->by) {
        words[b->plan->column_count - 1] = start->part;
    }
    return MUSTER_OK;
}

static bool joins(const moment *start, const moment *next)
{
    return next->same == start->same && start->same != MU_GATHER_NULL;
}

static muster_status find_intervals(mu_behaviour *b, uint32_t i, muster_error *err)
{
    const mu_intervals *options = b->plan->options;
    const finder *f = b->state;
    size_t count = b->events.starts[i + 1] - b->events.starts[i];

    MU_TRY(list_moments(b, b->events.starts[i], b->events.starts[i + 1], err));
    if (options->distinct) {
        MU_TRY(put_in_order(b, by_unit, count, err));
        count = unite_all(f->moments, count);
    }
    MU_TRY(put_in_order(b, by_time, count, err));
    for (size_t at = 0, next = 0; at < count; at++) {
        const moment *start = &f->moments[at];
        if (mu_stopped_at(at + 1)) {
            return mu_behaviour_fail_memory(b, err);
        }
        if (!(start->kind & START) || !mu_behaviour_may_start(b, start->time_us)) {
            continue;
        }
        next = next > at ? next : at + 1;
        while (next < count && !(f->moments[next].kind & NEXT)) {
            next++;
        }
        const bool ends = next < count && joins(start, &f->moments[next]);
        MU_TRY(add_interval(b, i, start, ends ? &f->moments[next] : NULL, err));
    }
    return MUSTER_OK;
}

const mu_behaviour_class mu_intervals_class = {.name = "intervals",
                                               .state_size = sizeof(finder),
                                               .reading = read_orders,
                                               .customer = find_intervals,
                                               .close = close_finder};
