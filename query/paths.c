/*
 * paths.c - the ways of customers from their first start, or back from their first goal.
 *
 * Events are taken by time, those of one time by node, as bytes order texts and NULL last. The
 * order they were loaded in is never seen: equal events are as good as one another, and where only
 * some of them meet the start, the first of these comes before all that are equal to it.
 *
 * Going back is going forward in the mirror. A walk has the group of events of one time that it is
 * in, as a heap by node, so that it costs no more than is taken of it: a path of four nodes that
 * begins among a million events of one day does not sort them.
 */
#include "query/paths.h"

#include "query/indexed.h"
#include "storage/base/hash.h"
#include "storage/base/mem.h"

enum {
    START = 1,         /* the mask of the first condition */
    CHECKED = 1 << 10, /* events, between two looks at whether the statement is to stop */
    FIRST_SLOTS = 1 << 8
};

/* How many customers of the stripe took a step. */
typedef struct tally {
    int64_t from, to;
    uint32_t step;
    bool ended;
    int64_t customers; /* 0: free */
} tally;

typedef struct walk {
    const mu_dict *nodes;
    uint32_t *heap; /* the rows of the group that are left, the next one first */
    size_t heap_capacity;
    uint32_t heap_count;
    uint32_t low, high; /* the rows between which the group is, and those behind it are not yet */
    tally *tallies;     /* open addressing */
    size_t slot_count, tally_count;
} walk;

/* The way goes on behind the range, or comes from before it. */
static void read_the_way(const mu_behaviour_plan *plan, const mu_zone *zone, int64_t as_of_us,
                         mu_event_options *reading)
{
    const mu_paths *options = plan->options;

    (void)zone;
    (void)as_of_us;
    if (options->backward) {
        const bool ends =
            reading->since_us > MU_TIME_MIN && options->within_us < reading->since_us - MU_TIME_MIN;
        reading->since_us = ends ? reading->since_us - options->within_us : MU_TIME_MIN;
    } else {
        reading->until_us = mu_time_add(reading->until_us, options->within_us);
    }
}

static muster_status open_walk(mu_behaviour *b, muster_error *err)
{
    (void)err;
    mu_behaviour_require(b, 0);
    return MUSTER_OK;
}

static void close_walk(mu_behaviour *b)
{
    walk *w = b->state;

    mu_mem_free(w->heap);
    mu_mem_free(w->tallies);
}

/* The order of events of one time. */

static int compare_nodes(const mu_dict *nodes, int64_t a, int64_t b)
{
    if (a == b) {
        return 0;
    }
    if (a == MU_GATHER_NULL || b == MU_GATHER_NULL) {
        return a == MU_GATHER_NULL ? 1 : -1;
    }
    return mu_text_compare(mu_dict_text(nodes, (uint32_t)a), mu_dict_text(nodes, (uint32_t)b));
}

/* Whether the row is taken before the other, of one time. */
static bool before(const mu_behaviour *b, uint32_t row, uint32_t other)
{
    const mu_paths *options = b->plan->options;
    const int64_t *nodes = b->events.columns[0];
    const int order = compare_nodes(((const walk *)b->state)->nodes, nodes[row], nodes[other]);

    return options->backward ? order > 0 : order < 0;
}

static void sift_down(const mu_behaviour *b, uint32_t *heap, uint32_t count, uint32_t at)
{
    const uint32_t row = heap[at];

    for (size_t child = 2 * (size_t)at + 1; child < count; child = 2 * (size_t)at + 1) {
        child += child + 1 < count && before(b, heap[child + 1], heap[child]);
        if (!before(b, heap[child], row)) {
            break;
        }
        heap[at] = heap[child];
        at = (uint32_t)child;
    }
    heap[at] = row;
}

static muster_status make_heap(const mu_behaviour *b, walk *w, muster_error *err)
{
    for (uint32_t i = w->heap_count / 2; i > 0; i--) {
        if (mu_stopped_at(i)) {
            return mu_exec_check(b->exec, err);
        }
        sift_down(b, w->heap, w->heap_count, i - 1);
    }
    return MUSTER_OK;
}

/* Moves to the group of the row, which stands at its edge: of the rows first ... end - 1 of the
 * customer, those that have its time. */
static muster_status enter_group(mu_behaviour *b, uint32_t first, uint32_t end, uint32_t row,
                                 muster_error *err)
{
    const int64_t *times = b->events.time_us;
    walk *w = b->state;

    for (w->low = row; w->low > first && times[w->low - 1] == times[row];) {
        w->low--;
    }
    for (w->high = row + 1; w->high < end && times[w->high] == times[row];) {
        w->high++;
    }
    w->heap_count = 0;
    return mu_mem_reserve(&w->heap, &w->heap_capacity, w->high - w->low, sizeof *w->heap)
               ? MUSTER_OK
               : mu_behaviour_fail_memory(b, err);
}

/* The next row of the walk; UINT32_MAX: there is none. */
static muster_status next_row(mu_behaviour *b, uint32_t first, uint32_t end, uint32_t *row,
                              muster_error *err)
{
    const mu_paths *options = b->plan->options;
    walk *w = b->state;

    *row = UINT32_MAX;
    if (w->heap_count == 0) {
        if (options->backward ? w->low == first : w->high == end) {
            return MUSTER_OK;
        }
        MU_TRY(enter_group(b, first, end, options->backward ? w->low - 1 : w->high, err));
        for (uint32_t i = w->low; i < w->high; i++) {
            w->heap[w->heap_count++] = i;
        }
        MU_TRY(make_heap(b, w, err));
    }
    *row = w->heap[0];
    w->heap[0] = w->heap[--w->heap_count];
    if (w->heap_count > 1) {
        sift_down(b, w->heap, w->heap_count, 0);
    }
    return MUSTER_OK;
}

/* The event that the customer's path begins with, and of its group what follows; UINT32_MAX: there
 * is no path. */
static muster_status find_start(mu_behaviour *b, uint32_t first, uint32_t end, uint32_t *start,
                                muster_error *err)
{
    const mu_paths *options = b->plan->options;
    const mu_events *events = &b->events;
    const int64_t *nodes = events->columns[0];
    walk *w = b->state;
    uint32_t row = first;

    while (row < end && !mu_stopped_at(row) &&
           !(events->mask[row] & START && mu_behaviour_may_start(b, events->time_us[row]))) {
        row++;
    }
    MU_TRY(mu_stopped() ? mu_exec_check(b->exec, err) : MUSTER_OK);
    *start = row < end ? row : UINT32_MAX;
    if (row == end) {
        return MUSTER_OK;
    }
    MU_TRY(enter_group(b, first, end, row, err));
    for (uint32_t i = row + 1; i < w->high; i++) {
        if (events->mask[i] & START && compare_nodes(w->nodes, nodes[i], nodes[*start]) < 0) {
            *start = i;
        }
    }
    for (uint32_t i = w->low; i < w->high; i++) {
        const int order = compare_nodes(w->nodes, nodes[i], nodes[*start]);
        if (i != *start && (options->backward ? order < 0 : order >= 0)) {
            w->heap[w->heap_count++] = i;
        }
    }
    return make_heap(b, w, err);
}

/* Counting. */

static tally *find_tally(const walk *w, const tally *step)
{
    const uint64_t key = mu_hash_combine((uint64_t)step->from, (uint64_t)step->to) +
                         2 * (uint64_t)step->step + step->ended;
    size_t at = mu_hash_u64(key) & (w->slot_count - 1);
    const tally *t = &w->tallies[at];

    while (t->customers > 0 && (t->from != step->from || t->to != step->to ||
                                t->step != step->step || t->ended != step->ended)) {
        at = (at + 1) & (w->slot_count - 1);
        t = &w->tallies[at];
    }
    return &w->tallies[at];
}

/* Room for one more. */
static bool grow_tallies(walk *w)
{
    walk larger = *w;

    if (w->tally_count * 2 < w->slot_count) {
        return true;
    }
    larger.slot_count = w->slot_count == 0 ? FIRST_SLOTS : 2 * w->slot_count;
    larger.tallies = mu_mem_zalloc_array(larger.slot_count, sizeof *larger.tallies);
    if (!larger.tallies) {
        return false;
    }
    for (size_t i = 0; i < w->slot_count; i++) {
        if (w->tallies[i].customers > 0) {
            *find_tally(&larger, &w->tallies[i]) = w->tallies[i];
        }
    }
    mu_mem_free(w->tallies);
    w->tallies = larger.tallies;
    w->slot_count = larger.slot_count;
    return true;
}

static muster_status count_step(mu_behaviour *b, const tally *step, muster_error *err)
{
    walk *w = b->state;

    if (!grow_tallies(w)) {
        return mu_behaviour_fail_memory(b, err);
    }
    tally *t = find_tally(w, step);
    if (t->customers == 0) {
        *t = *step;
        w->tally_count++;
    }
    t->customers++;
    return MUSTER_OK;
}

static void put_step(const mu_behaviour *b, const tally *step, int64_t *words)
{
    const mu_paths *options = b->plan->options;

    words[MU_PATH_STEP] = step->step;
    words[MU_PATH_FROM] = step->from;
    words[MU_PATH_TO] = step->to;
    words[MU_PATH_ENTRY] = step->ended && options->backward;
    words[MU_PATH_EXIT] = step->ended && !options->backward;
}

static muster_status give_tallies(mu_behaviour *b, muster_error *err)
{
    walk *w = b->state;

    for (size_t i = 0; i < w->slot_count; i++) {
        tally *t = &w->tallies[i];
        if (t->customers == 0) {
            continue;
        }
        int64_t *words = mu_behaviour_add(b, 0);
        if (!words) {
            return mu_behaviour_fail_memory(b, err);
        }
        put_step(b, t, words);
        words[MU_PATH_CUSTOMERS] = t->customers;
        t->customers = 0;
    }
    w->tally_count = 0;
    return MUSTER_OK;
}

/* Steps. */

/* From the event `row` to `next`, in the direction of the walk; UINT32_MAX: the path ends. */
static muster_status give_step(mu_behaviour *b, uint32_t i, uint32_t step, uint32_t row,
                               uint32_t next, muster_error *err)
{
    const mu_paths *options = b->plan->options;
    const int64_t *nodes = b->events.columns[0], *times = b->events.time_us;
    const bool ended = next == UINT32_MAX;
    const int64_t next_node = ended ? MU_GATHER_NULL : nodes[next];
    const int64_t next_time = ended ? MU_GATHER_NULL : times[next];
    const tally taken = {.from = options->backward ? next_node : nodes[row],
                         .to = options->backward ? nodes[row] : next_node,
                         .step = step,
                         .ended = ended};

    if (options->counted) {
        return count_step(b, &taken, err);
    }
    int64_t *words = mu_behaviour_add(b, row);
    if (!words) {
        return mu_behaviour_fail_memory(b, err);
    }
    put_step(b, &taken, words);
    words[MU_PATH_CUSTOMER] = mu_behaviour_ordinal(b, i);
    words[MU_PATH_FROM_TIME] = options->backward ? next_time : times[row];
    words[MU_PATH_TO_TIME] = options->backward ? times[row] : next_time;
    return MUSTER_OK;
}

/* Whether the time lies within the limit of that of the first event; no matter which is later. */
static bool is_within(const mu_paths *options, int64_t time_us, int64_t first_us)
{
    const uint64_t apart = time_us > first_us ? (uint64_t)time_us - (uint64_t)first_us
                                              : (uint64_t)first_us - (uint64_t)time_us;

    return options->within_us == INT64_MAX || apart <= (uint64_t)options->within_us;
}

static muster_status follow_customer(mu_behaviour *b, uint32_t i, muster_error *err)
{
    const mu_paths *options = b->plan->options;
    const mu_events *events = &b->events;
    const int64_t *nodes = events->columns[0];
    const uint32_t first = events->starts[i], end = events->starts[i + 1];
    uint32_t row, next;

    ((walk *)b->state)->nodes = mu_event_dict(b->reader, 0);
    MU_TRY(find_start(b, first, end, &row, err));
    if (row == UINT32_MAX) {
        return MUSTER_OK;
    }
    const int64_t first_us = events->time_us[row];
    uint32_t looked = 0;
    for (uint32_t step = 1; step <= options->steps; looked++) {
        if (looked % CHECKED == CHECKED - 1) {
            MU_TRY(mu_exec_check(b->exec, err));
        }
        MU_TRY(next_row(b, first, end, &next, err));
        if (next == UINT32_MAX || !is_within(options, events->time_us[next], first_us)) {
            return give_step(b, i, step, row, UINT32_MAX, err);
        }
        if (!options->collapse || nodes[next] != nodes[row]) {
            MU_TRY(give_step(b, i, step++, row, next, err));
            row = next;
        }
    }
    return MUSTER_OK;
}

const mu_behaviour_class mu_paths_class = {.name = "paths",
                                           .state_size = sizeof(walk),
                                           .reading = read_the_way,
                                           .open = open_walk,
                                           .customer = follow_customer,
                                           .stripe = give_tallies,
                                           .close = close_walk};
