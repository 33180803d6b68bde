/*
 * journeys.c - funnels with all options.
 *
 * A customer's events that meet steps are one lane, or, where values are held, a lane for each of
 * them: what is chosen is of one lane. journey.c finds the chain that counts of a lane. The one of
 * all lanes is the customer's, or each lane is cut into attempts.
 *
 * An attempt begins with the first event that may begin a chain (in order, one that meets step 1),
 * and converts if the first full chain of what is left to finish begins while its window is not
 * over; it ends where that chain does. Otherwise it failed, and lasts until the next begins: with
 * the first such event after its window. Nothing that is full is in an attempt that failed, so
 * there are as many attempts that convert as there are full chains that do not overlap; and no
 * event is in two attempts.
 */
#include "query/journeys.h"

#include "storage/base/hash.h"
#include "storage/base/mem.h"

/* Rows of one lane. */
typedef struct lane {
    uint32_t first_row; /* whose held values are those of the lane */
    uint32_t start;     /* of its rows in the list; while they are counted, how many there are */
} lane;

typedef struct journeys {
    mu_journey search;
    uint64_t steps; /* bits of the steps */
    uint32_t *rows; /* of the customer, that meet steps and have all values that are held */
    uint32_t row_count;
    size_t row_capacity;
    /* Where values are held: */
    lane *lanes;
    uint32_t lane_count;
    size_t lane_capacity;
    uint32_t *lane_of; /* row by row of the list */
    uint32_t *sorted;  /* the list, lane by lane */
    uint32_t *slots;   /* open addressing by held values: lane + 1, or 0 */
    size_t lane_of_capacity, sorted_capacity, slot_capacity;
} journeys;

/* The last step may come as late as if step 1 were the last to do. */
static void read_journeys(const mu_behaviour_plan *plan, const mu_zone *zone, int64_t as_of_us,
                          mu_event_options *reading)
{
    const mu_journeys *options = plan->options;

    (void)as_of_us;
    if (reading->bounded) {
        reading->until_us = mu_time_add(
            mu_journey_window_end(&options->journey, zone, plan->source.until_us - 1), 1);
    }
}

static muster_status open_journeys(mu_behaviour *b, muster_error *err)
{
    const mu_journeys *options = b->plan->options;
    journeys *s = b->state;

    if (!options->journey.any_order) {
        mu_behaviour_require(b, 0);
    }
    MU_TRY(mu_journey_init(&s->search, &options->journey, &b->plan->source, b->exec, b->as_of_us,
                           err));
    s->steps = mu_journey_steps(&s->search);
    return MUSTER_OK;
}

static void close_journeys(mu_behaviour *b)
{
    journeys *s = b->state;

    mu_journey_deinit(&s->search);
    mu_mem_free(s->rows);
    mu_mem_free(s->lanes);
    mu_mem_free(s->lane_of);
    mu_mem_free(s->sorted);
    mu_mem_free(s->slots);
}

/* Lanes. */

/* What is held are the values after that of the breakdown. */
static const int64_t *held_column(const mu_behaviour *b, uint32_t h)
{
    const mu_journeys *options = b->plan->options;

    return b->events.columns[options->by + h];
}

static bool holds_all(const mu_behaviour *b, uint32_t row)
{
    const mu_journeys *options = b->plan->options;

    for (uint32_t h = 0; h < options->hold_count; h++) {
        if (held_column(b, h)[row] == MU_GATHER_NULL) {
            return false;
        }
    }
    return true;
}

static bool holds_same(const mu_behaviour *b, uint32_t x, uint32_t y)
{
    const mu_journeys *options = b->plan->options;

    for (uint32_t h = 0; h < options->hold_count; h++) {
        if (held_column(b, h)[x] != held_column(b, h)[y]) {
            return false;
        }
    }
    return true;
}

static uint64_t hash_held(const mu_behaviour *b, uint32_t row)
{
    const mu_journeys *options = b->plan->options;
    uint64_t hash = 0;

    for (uint32_t h = 0; h < options->hold_count; h++) {
        hash = mu_hash_u64(hash ^ (uint64_t)held_column(b, h)[row]);
    }
    return hash;
}

static muster_status list_rows(mu_behaviour *b, uint32_t i, muster_error *err)
{
    journeys *s = b->state;
    const uint32_t begin = b->events.starts[i];
    const uint32_t end = b->events.starts[i + 1];

    if (!mu_mem_reserve(&s->rows, &s->row_capacity, end - begin, sizeof *s->rows)) {
        return mu_behaviour_fail_memory(b, err);
    }
    s->row_count = 0;
    for (uint32_t row = begin; row < end; row++) {
        if ((b->events.mask[row] & s->steps) && holds_all(b, row)) {
            s->rows[s->row_count++] = row;
        }
        MU_TRY(mu_journey_check(&s->search, 1, err));
    }
    return MUSTER_OK;
}

/* Which lane a row is of, by its values. */
static void find_lane(mu_behaviour *b, uint32_t i, size_t slot_count)
{
    journeys *s = b->state;
    const uint32_t row = s->rows[i];
    size_t at = hash_held(b, row) & (slot_count - 1);

    while (s->slots[at] && !holds_same(b, s->lanes[s->slots[at] - 1].first_row, row)) {
        at = (at + 1) & (slot_count - 1);
    }
    if (!s->slots[at]) {
        s->lanes[s->lane_count] = (lane){.first_row = row};
        s->slots[at] = ++s->lane_count;
    }
    s->lane_of[i] = s->slots[at] - 1;
    s->lanes[s->lane_of[i]].start++;
}

/* The rows lane by lane, each in order of time as before. */
static muster_status sort_lanes(mu_behaviour *b, muster_error *err)
{
    journeys *s = b->state;
    const uint32_t count = s->row_count;
    size_t slot_count = 16;
    uint32_t start = 0;

    while (slot_count < 2 * (size_t)count) {
        slot_count *= 2;
    }
    if (!mu_mem_reserve(&s->lanes, &s->lane_capacity, count, sizeof *s->lanes) ||
        !mu_mem_reserve(&s->lane_of, &s->lane_of_capacity, count, sizeof *s->lane_of) ||
        !mu_mem_reserve(&s->sorted, &s->sorted_capacity, count, sizeof *s->sorted) ||
        !mu_mem_reserve(&s->slots, &s->slot_capacity, slot_count, sizeof *s->slots)) {
        return mu_behaviour_fail_memory(b, err);
    }
    memset(s->slots, 0, slot_count * sizeof *s->slots);
    s->lane_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        find_lane(b, i, slot_count);
        MU_TRY(mu_journey_check(&s->search, 1, err));
    }
    for (uint32_t l = 0; l < s->lane_count; l++) {
        const uint32_t rows = s->lanes[l].start;
        s->lanes[l].start = start;
        start += rows;
    }
    for (uint32_t i = 0; i < count; i++) { /* `start` becomes the lane's end */
        s->sorted[s->lanes[s->lane_of[i]].start++] = s->rows[i];
        MU_TRY(mu_journey_check(&s->search, 1, err));
    }
    return MUSTER_OK;
}

/* The breakdown value of the chain just found: the smallest of those of events that could be its
 * step 1. */
static muster_status find_by(mu_behaviour *b, int64_t *out, muster_error *err)
{
    const mu_journeys *options = b->plan->options;
    mu_journey *search = &((journeys *)b->state)->search;
    bool found = false;

    *out = 0;
    if (!options->by) {
        return MUSTER_OK;
    }
    MU_TRY(mu_journey_firsts(search, err));
    for (uint32_t at = search->first; at < search->end; at++) {
        const int64_t by = b->events.columns[0][search->lane[at]];
        if ((!found || mu_event_compare(b->reader, 0, by, *out) < 0) &&
            mu_journey_may_be_first(search, at)) {
            *out = by;
            found = true;
        }
        MU_TRY(mu_journey_check(search, 1, err));
    }
    assert(found);
    return MUSTER_OK;
}

static muster_status give(mu_behaviour *b, uint32_t i, const mu_trip *trip, int64_t by,
                          muster_error *err)
{
    const mu_journeys *options = b->plan->options;
    int64_t *words = mu_behaviour_add(b, 0);

    if (!words) {
        return mu_behaviour_fail_memory(b, err);
    }
    if (options->by) {
        *words++ = by;
    }
    words[MU_JOURNEY_CUSTOMER] = mu_behaviour_ordinal(b, i);
    words[MU_JOURNEY_DEPTH] = trip->depth;
    words[MU_JOURNEY_OPEN] = trip->still_open;
    words[MU_JOURNEY_STARTED] = trip->start_us;
    words[MU_JOURNEY_LAST] = trip->last_us;
    for (uint32_t k = 0; options->times && k < options->journey.step_count; k++) {
        words[MU_JOURNEY_COLUMNS + k] = k < trip->depth ? trip->times[k] : MU_GATHER_NULL;
    }
    return MUSTER_OK;
}

/* Customers. */

/* Whether chain a counts before b, its value of the breakdown aside; 0: as much. */
static int compare_trips(const mu_trip *a, const mu_trip *b)
{
    if (a->depth != b->depth) {
        return a->depth > b->depth ? -1 : 1;
    }
    if (a->last_us != b->last_us) {
        return a->last_us < b->last_us ? -1 : 1;
    }
    if (a->start_us != b->start_us) {
        return a->start_us > b->start_us ? -1 : 1;
    }
    for (uint32_t k = a->depth; k > 0; k--) {
        if (a->times[k - 1] != b->times[k - 1]) {
            return a->times[k - 1] > b->times[k - 1] ? -1 : 1;
        }
    }
    return 0;
}

/* What was found of a customer so far. */
typedef struct best {
    mu_trip trip;
    int64_t by;
    bool open; /* in any lane */
} best;

static muster_status look_at_lane(mu_behaviour *b, best *out, muster_error *err)
{
    mu_journey *search = &((journeys *)b->state)->search;
    int64_t by;

    MU_TRY(mu_journey_find(search, 0, search->lane_count, err));
    out->open |= search->trip.still_open;
    const int order = compare_trips(&search->trip, &out->trip);
    if (search->trip.depth == 0 || order > 0) {
        return MUSTER_OK;
    }
    MU_TRY(find_by(b, &by, err));
    if (order < 0 || (((const mu_journeys *)b->plan->options)->by &&
                      mu_event_compare(b->reader, 0, by, out->by) < 0)) {
        out->trip = search->trip;
        out->by = by;
    }
    return MUSTER_OK;
}

/* Attempts. */

/* The first row, from `at` on, of the first group of equal times after a time that has one which
 * may begin a chain; the lane's end if there is none. */
static uint32_t next_beginning(const mu_journey *search, uint32_t at, int64_t after_us)
{
    uint32_t group = at;

    for (; at < search->lane_count; at++) {
        const int64_t time_us = mu_journey_time(search, at);
        if (time_us > mu_journey_time(search, group)) {
            group = at;
        }
        if (time_us > after_us && mu_journey_begins(search, at)) {
            return group;
        }
    }
    return search->lane_count;
}

/* When the window is over of an attempt that begins at a row. */
static int64_t window_end(const mu_behaviour *b, int64_t begins_us)
{
    const mu_journeys *options = b->plan->options;

    return mu_journey_window_end(&options->journey, mu_exec_zone(b->exec), begins_us);
}

/* Attempts that failed, from `at` on, until one whose window is not over when the next full chain
 * starts, or the lane ends. */
static muster_status give_failed(mu_behaviour *b, uint32_t i, const mu_trip *full, uint32_t *at,
                                 muster_error *err)
{
    mu_journey *search = &((journeys *)b->state)->search;
    int64_t by;

    while (*at < search->lane_count) {
        const int64_t over_us = window_end(b, mu_journey_time(search, *at));
        if (full && over_us >= full->start_us) {
            return MUSTER_OK;
        }
        const uint32_t next = next_beginning(search, *at, over_us);
        MU_TRY(mu_journey_find(search, *at, next, err));
        if (search->trip.depth > 0) {
            search->trip.still_open &= next == search->lane_count;
            MU_TRY(find_by(b, &by, err));
            MU_TRY(give(b, i, &search->trip, by, err));
        }
        *at = next;
    }
    return MUSTER_OK;
}

static muster_status give_attempts(mu_behaviour *b, uint32_t i, muster_error *err)
{
    const mu_journeys *options = b->plan->options;
    mu_journey *search = &((journeys *)b->state)->search;
    int64_t by;

    for (uint32_t at = next_beginning(search, 0, INT64_MIN); at < search->lane_count;) {
        MU_TRY(mu_journey_find(search, at, search->lane_count, err));
        if (search->trip.depth < options->journey.step_count) {
            return give_failed(b, i, NULL, &at, err);
        }
        const mu_trip full = search->trip;
        MU_TRY(find_by(b, &by, err));
        MU_TRY(give_failed(b, i, &full, &at, err));
        MU_TRY(give(b, i, &full, by, err));
        at = next_beginning(search, at, full.last_us);
    }
    return MUSTER_OK;
}

/* Both. */

static muster_status take_lane(mu_behaviour *b, uint32_t i, const uint32_t *rows, uint32_t count,
                               best *out, muster_error *err)
{
    const mu_journeys *options = b->plan->options;

    MU_TRY(mu_journey_lane(&((journeys *)b->state)->search, rows, count, err));
    return options->attempts ? give_attempts(b, i, err) : look_at_lane(b, out, err);
}

static muster_status look_at_customer(mu_behaviour *b, uint32_t i, muster_error *err)
{
    const mu_journeys *options = b->plan->options;
    journeys *s = b->state;
    best found = {0};

    MU_TRY(list_rows(b, i, err));
    MU_TRY(mu_journey_customer(&s->search, &b->events, i, err));
    if (options->hold_count == 0) {
        MU_TRY(take_lane(b, i, s->rows, s->row_count, &found, err));
    } else {
        MU_TRY(sort_lanes(b, err));
        for (uint32_t l = 0, start = 0; l < s->lane_count; start = s->lanes[l++].start) {
            MU_TRY(take_lane(b, i, &s->sorted[start], s->lanes[l].start - start, &found, err));
        }
    }
    if (found.trip.depth == 0) {
        return MUSTER_OK;
    }
    found.trip.still_open = found.open && found.trip.depth < options->journey.step_count;
    return give(b, i, &found.trip, found.by, err);
}

const mu_behaviour_class mu_journeys_class = {.name = "funnel",
                                              .state_size = sizeof(journeys),
                                              .reading = read_journeys,
                                              .open = open_journeys,
                                              .customer = look_at_customer,
                                              .close = close_journeys};
