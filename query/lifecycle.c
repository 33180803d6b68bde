/*
 * lifecycle.c - the state of each customer in each period from their first active one on.
 *
 *   new          the first active period there is in the data
 *   returning    active, and so in the period before
 *   resurrected  active, and not in the period before
 *   dormant      not active, and silent for fewer than lost_after periods by now
 *   lost         silent for lost_after periods or more
 *
 * Everyone who has come is in exactly one of them, so the customers of a period are all who have
 * come by then. The last period is the one that as_of lies in; what came after as_of has not
 * happened.
 *
 * Customers can be listed, a row for each and period, or counted. To count, a stripe has an array
 * of periods for each state, to which a customer adds one where a state begins and takes one away
 * behind its end, so that years of silence cost two additions; the states of those who are active
 * last one period, and are counted as such. Where customers are told apart by a value, those of one
 * value are counted after those of another, in the same arrays.
 */
#include "query/lifecycle.h"

#include "query/timeline.h"
#include "storage/base/mem.h"

#include <stdlib.h>

/* A customer of the stripe, to be counted. */
typedef struct person {
    int64_t part; /* the word of `by`, or 0 */
    uint32_t number;
} person;

typedef struct lives {
    mu_timeline line;
    mu_zone_span span; /* where the last event lay */
    uint32_t last;     /* period */
    uint32_t complete; /* how many periods are over */
    uint32_t *active;  /* of the customer at hand: periods, ascending */
    uint32_t active_count;
    size_t active_capacity;
    person *people; /* of the stripe */
    size_t person_count, person_capacity;
    int64_t *changes[MU_STATES]; /* of the counts, by period; all 0 between stripes */
} lives;

/* Where clocks went back over midnight, the latest day was come to before. */
static uint32_t last_period(const lives *l, int64_t oldest_us, int64_t as_of_us)
{
    mu_zone_span span = mu_zone_span_at(l->line.zone, as_of_us), before = {0};
    uint32_t last = mu_timeline_period(&l->line, &span, as_of_us);

    if (span.since_us > oldest_us && !mu_zone_rises(l->line.zone, MU_UNIT_DAY)) {
        const uint32_t earlier = mu_timeline_period(&l->line, &before, span.since_us - 1);
        last = earlier > last ? earlier : last;
    }
    return last;
}

/* Someone is new once, however early: only what comes after as_of does not matter. */
static void read_lives(const mu_behaviour_plan *plan, const mu_zone *zone, int64_t as_of_us,
                       mu_event_options *reading)
{
    (void)zone;
    reading->bounded = plan->as_of_given;
    reading->since_us = MU_TIME_MIN;
    reading->until_us = mu_time_add(as_of_us, 1);
}

static muster_status open_lives(mu_behaviour *b, muster_error *err)
{
    const mu_lifecycle *options = b->plan->options;
    lives *l = b->state;
    int64_t oldest_us, newest_us;

    if (!mu_snapshot_times(mu_exec_snapshot(b->exec), b->plan->source.table->id, &oldest_us,
                           &newest_us) ||
        oldest_us > b->as_of_us) {
        oldest_us = b->as_of_us; /* nothing has happened */
    }
    MU_TRY(mu_timeline_init(&l->line, mu_exec_zone(b->exec), options->unit, oldest_us, b->as_of_us,
                            err));
    l->last = last_period(l, oldest_us, b->as_of_us);
    l->complete = l->last + 1;
    while (l->complete > 0 &&
           mu_timeline_start(&l->line, l->line.first_period + l->complete) > b->as_of_us) {
        l->complete--;
    }
    for (uint32_t s = 0; options->counted && s < MU_STATES; s++) {
        l->changes[s] = mu_mem_zalloc_array((size_t)l->last + 2, sizeof **l->changes);
        if (!l->changes[s]) {
            return mu_behaviour_fail_memory(b, err);
        }
    }
    return MUSTER_OK;
}

static void close_lives(mu_behaviour *b)
{
    lives *l = b->state;

    mu_timeline_deinit(&l->line);
    mu_mem_free(l->active);
    mu_mem_free(l->people);
    for (uint32_t s = 0; s < MU_STATES; s++) {
        mu_mem_free(l->changes[s]);
    }
}

/* Periods of a customer. */

/* Puts the period among the active ones. It mostly is the last of them, or comes behind. */
static void add_active(lives *l, uint32_t period)
{
    uint32_t at = l->active_count;

    while (at > 0 && l->active[at - 1] > period) {
        at--;
    }
    if (at > 0 && l->active[at - 1] == period) {
        return;
    }
    memmove(&l->active[at + 1], &l->active[at], (l->active_count - at) * sizeof *l->active);
    l->active[at] = period;
    l->active_count++;
}

static muster_status list_active(mu_behaviour *b, uint32_t i, muster_error *err)
{
    const mu_events *events = &b->events;
    lives *l = b->state;
    const uint32_t begin = events->starts[i], end = events->starts[i + 1];
    const uint32_t most = end - begin < l->line.period_count ? end - begin : l->line.period_count;

    if (!mu_mem_reserve(&l->active, &l->active_capacity, most, sizeof *l->active)) {
        return mu_behaviour_fail_memory(b, err);
    }
    l->active_count = 0;
    for (uint32_t row = begin; row < end; row++) {
        if (mu_stopped_at(row + 1 - begin)) {
            return mu_behaviour_fail_memory(b, err);
        }
        add_active(l, mu_timeline_period(&l->line, &l->span, events->time_us[row]));
    }
    assert(l->active_count > 0 && l->active[l->active_count - 1] <= l->last);
    return MUSTER_OK;
}

static mu_lifecycle_state active_state(const lives *l, uint32_t k)
{
    if (k == 0) {
        return MU_STATE_NEW;
    }
    return l->active[k] == l->active[k - 1] + 1 ? MU_STATE_RETURNING : MU_STATE_RESURRECTED;
}

/* The period behind the silence that follows active period k. */
static uint32_t silent_until(const lives *l, uint32_t k)
{
    return k + 1 < l->active_count ? l->active[k + 1] : l->last + 1;
}

/* The value that a customer is told apart by: that of the first event; of several at that time, the
 * smallest. */
static int64_t part_of(const mu_behaviour *b, uint32_t i)
{
    const mu_lifecycle *options = b->plan->options;
    const mu_events *events = &b->events;
    const uint32_t begin = events->starts[i], end = events->starts[i + 1];

    if (!options->by) {
        return 0;
    }
    int64_t part = events->columns[0][begin];
    for (uint32_t row = begin + 1; row < end && events->time_us[row] == events->time_us[begin];
         row++) {
        const int64_t other = events->columns[0][row];
        part = mu_event_compare(b->reader, 0, other, part) < 0 ? other : part;
    }
    return part;
}

/* Rows. */

static int64_t *add_row(mu_behaviour *b, uint32_t period, mu_lifecycle_state state, int64_t part,
                        uint32_t event)
{
    const mu_lifecycle *options = b->plan->options;
    const lives *l = b->state;
    const int64_t start_us = mu_unit_start(l->line.first_period + period, options->unit);
    int64_t *words = mu_behaviour_add(b, event);

    if (!words) {
        return NULL;
    }
    words[MU_LIFECYCLE_CUSTOMER] = MU_GATHER_NULL;
    words[MU_LIFECYCLE_PERIOD] = mu_days_of_us(start_us);
    words[MU_LIFECYCLE_STATE] = state;
    words[MU_LIFECYCLE_COMPLETE] = period < l->complete;
    words[MU_LIFECYCLE_CUSTOMERS] = 0;
    words[MU_LIFECYCLE_IS_EVENT] = event != MU_NO_EVENT;
    if (options->by) {
        words[MU_LIFECYCLE_PART] = part;
    }
    return words;
}

/* A row for each active event of customer i. */
static muster_status list_events(mu_behaviour *b, uint32_t i, int64_t part, muster_error *err)
{
    lives *l = b->state;
    uint32_t k = 0;

    for (uint32_t row = b->events.starts[i]; row < b->events.starts[i + 1]; row++) {
        const uint32_t period = mu_timeline_period(&l->line, &l->span, b->events.time_us[row]);
        while (l->active[k] < period) {
            k++;
        }
        while (l->active[k] > period) {
            k--;
        }
        int64_t *words = add_row(b, period, active_state(l, k), part, row);
        if (!words || mu_stopped_at(row)) {
            return mu_behaviour_fail_memory(b, err);
        }
        words[MU_LIFECYCLE_CUSTOMER] = mu_behaviour_ordinal(b, i);
    }
    return MUSTER_OK;
}

/* A row for each period of customer i, but, where there are rows of events, for the active ones. */
static muster_status list_periods(mu_behaviour *b, uint32_t i, int64_t part, muster_error *err)
{
    const mu_lifecycle *options = b->plan->options;
    const lives *l = b->state;

    for (uint32_t k = 0; k < l->active_count; k++) {
        const uint32_t active = l->active[k], end = silent_until(l, k);
        for (uint32_t p = options->events ? active + 1 : active; p < end; p++) {
            const mu_lifecycle_state state = p == active                        ? active_state(l, k)
                                             : p - active < options->lost_after ? MU_STATE_DORMANT
                                                                                : MU_STATE_LOST;
            int64_t *words = add_row(b, p, state, part, MU_NO_EVENT);
            if (!words || mu_stopped_at(p)) {
                return mu_behaviour_fail_memory(b, err);
            }
            words[MU_LIFECYCLE_CUSTOMER] = mu_behaviour_ordinal(b, i);
        }
    }
    return MUSTER_OK;
}

static muster_status add_person(mu_behaviour *b, uint32_t i, int64_t part, muster_error *err)
{
    lives *l = b->state;

    if (!mu_mem_reserve(&l->people, &l->person_capacity, l->person_count + 1, sizeof(person))) {
        return mu_behaviour_fail_memory(b, err);
    }
    l->people[l->person_count++] = (person){.part = part, .number = i};
    return MUSTER_OK;
}

static muster_status live(mu_behaviour *b, uint32_t i, muster_error *err)
{
    const mu_lifecycle *options = b->plan->options;

    if (!mu_behaviour_may_start(b, b->events.time_us[b->events.starts[i]])) {
        return MUSTER_OK;
    }
    const int64_t part = part_of(b, i);
    if (options->events || !options->counted) {
        MU_TRY(list_active(b, i, err));
    }
    if (options->events) {
        MU_TRY(list_events(b, i, part, err));
    }
    return options->counted ? add_person(b, i, part, err) : list_periods(b, i, part, err);
}

/* Counting. */

static void count_between(lives *l, mu_lifecycle_state state, int64_t first, int64_t end)
{
    if (first < end) {
        l->changes[state][first]++;
        l->changes[state][end]--;
    }
}

/* Counts the customer whose active periods are at hand. */
static void count_person(lives *l, int64_t lost_after)
{
    for (uint32_t k = 0; k < l->active_count; k++) {
        const int64_t active = l->active[k], end = silent_until(l, k);
        const int64_t lost = lost_after < end - active ? active + lost_after : end;
        l->changes[active_state(l, k)][active]++;
        count_between(l, MU_STATE_DORMANT, active + 1, lost);
        count_between(l, MU_STATE_LOST, lost, end);
    }
}

/* Gives what was counted from period `first` on, and counts from 0 again. */
static muster_status give_counts(mu_behaviour *b, uint32_t first, int64_t part, muster_error *err)
{
    lives *l = b->state;
    int64_t silent[MU_STATES] = {0};

    for (uint32_t p = first; p <= l->last; p++) {
        for (uint32_t s = 0; s < MU_STATES; s++) {
            const bool lasts = s == MU_STATE_DORMANT || s == MU_STATE_LOST;
            silent[s] = (lasts ? silent[s] : 0) + l->changes[s][p];
            l->changes[s][p] = 0;
            if (silent[s] == 0) {
                continue;
            }
            int64_t *words = add_row(b, p, (mu_lifecycle_state)s, part, MU_NO_EVENT);
            if (!words || mu_stopped_at(p)) {
                return mu_behaviour_fail_memory(b, err);
            }
            words[MU_LIFECYCLE_CUSTOMERS] = silent[s];
        }
    }
    for (uint32_t s = 0; s < MU_STATES; s++) {
        l->changes[s][l->last + 1] = 0;
    }
    return MUSTER_OK;
}

static int by_part(const void *left, const void *right)
{
    const person *x = left, *y = right;

    return (x->part > y->part) - (x->part < y->part);
}

static muster_status count_stripe(mu_behaviour *b, muster_error *err)
{
    const mu_lifecycle *options = b->plan->options;
    lives *l = b->state;

    if (!options->counted || b->events.customer_count == 0) {
        return MUSTER_OK;
    }
    if (options->by && l->person_count > 0) {
        qsort(l->people, l->person_count, sizeof *l->people, by_part);
    }
    for (size_t i = 0, end; i < l->person_count; i = end) {
        uint32_t first = l->last;
        for (end = i; end < l->person_count && l->people[end].part == l->people[i].part; end++) {
            MU_TRY(list_active(b, l->people[end].number, err));
            count_person(l, options->lost_after);
            first = l->active[0] < first ? l->active[0] : first;
        }
        MU_TRY(give_counts(b, first, l->people[i].part, err));
    }
    l->person_count = 0;
    return MUSTER_OK;
}

const mu_behaviour_class mu_lifecycle_class = {.name = "lifecycle",
                                               .state_size = sizeof(lives),
                                               .reading = read_lives,
                                               .open = open_lives,
                                               .customer = live,
                                               .stripe = count_stripe,
                                               .close = close_lives};
