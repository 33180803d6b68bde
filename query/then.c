/*
 * then.c - the sets of did_then() and did_without(): who has a first event that another one
 * answers within some time, and who has one that none answers.
 *
 * An event answers another if it meets the second condition, comes no earlier and no more than
 * `within` later, and has the same value, where one is asked for; it is never its own answer. The
 * stripe's events that meet either condition are gathered by customer and looked at backwards,
 * those of one time together, so that all that can answer is known: for each value, when its
 * earliest second event is, how many are at that time, and when the next is after it. Values are
 * found by hashing; so a customer takes time in proportion to their events.
 *
 * Without an answer a first event counts once its time to be answered is over, at `as_of`: later
 * ones are not read, nor is anything that could not answer the others.
 */
#include "query/then.h"

#include "query/events.h"
#include "query/exec.h"
#include "storage/base/hash.h"
#include "storage/base/mem.h"

enum {
    FIRST = 1, /* masks of events */
    SECOND = 2,
    LEAST_PLACES = 8,
    CHECKED = 1 << 16 /* events, between two looks at whether the statement is to stop */
};

/* The second events of one value that were looked at so far. */
typedef struct answers {
    int64_t value;
    int64_t earliest_us;
    int64_t next_us; /* the earliest that is later than that; INT64_MAX: there is none */
    uint32_t count;  /* how many there are at the earliest time; 0: the place is free */
} answers;

struct mu_then {
    const mu_set *set;
    mu_exec *exec;
    const mu_expr *conditions[2];
    uint64_t second; /* the mask of the second: FIRST's, if the condition is the same */
    mu_set starters; /* who has a first event */
    mu_event_options options;
    mu_event_reader *reader;
    int64_t since_us, until_us; /* in which first events count */
    mu_events events;           /* of the stripe */
    uint64_t unchecked;         /* events since the last look at whether to stop */
    /* Of the customer at hand; */
    answers only;       /* where no value is asked for, */
    answers *places;    /* else a table, which is owned, */
    size_t place_count; /* a power of two */
    size_t place_capacity;
    size_t value_count; /* at most half of that */
    answers *spare;     /* and what it was before it grew, which will be the next; owned */
    size_t spare_capacity;
};

void mu_then_close(mu_then *then)
{
    if (!then) {
        return;
    }
    mu_event_close(then->reader);
    mu_mem_free(then->places);
    mu_mem_free(then->spare);
    mu_mem_free(then);
}

/* Finds out when first events count, and what is read for them. */
static void bound(mu_then *then)
{
    const mu_then_terms *terms = &then->set->then;
    const mu_event_source *source = &terms->source;

    then->since_us = source->bounded ? source->since_us : INT64_MIN;
    then->until_us = source->bounded ? source->until_us : INT64_MAX;
    if (terms->without) {
        int64_t as_of_us = terms->as_of_us;
        if (!terms->as_of_given && !mu_event_newest(then->exec, source, &as_of_us)) {
            as_of_us = 0; /* there are no events: nobody is asked */
        }
        const int64_t closed_us = mu_time_subtract(as_of_us, terms->within_us);
        then->until_us = closed_us < then->until_us ? closed_us + 1 : then->until_us;
    }
    then->options.bounded = source->bounded || terms->without;
    then->options.since_us = then->since_us;
    then->options.until_us = mu_time_add(then->until_us, terms->within_us);
}

/* Postings may know who has a first event: then no one else's events matter. */
static void choose_starters(mu_then *then)
{
    const mu_then_terms *terms = &then->set->then;
    mu_event_source source = terms->source;

    source.bounded = then->options.bounded;
    source.since_us = then->since_us;
    source.until_us = then->until_us;
    if (mu_event_starters(then->exec, &source, terms->first, &then->starters)) {
        then->options.starters = &then->starters;
    }
}

muster_status mu_then_open(mu_exec *exec, const mu_set *set, mu_then **out, muster_error *err)
{
    const mu_then_terms *terms = &set->then;
    mu_then *then = mu_mem_zalloc(sizeof *then);

    *out = NULL;
    if (!then) {
        return mu_fail_memory(err, "reading events");
    }
    assert(set->kind == MU_SET_THEN && terms->within_us >= 0);
    then->set = set;
    then->exec = exec;
    then->conditions[0] = terms->first;
    then->conditions[1] = terms->second;
    then->second = mu_expr_equal(terms->first, terms->second) ? FIRST : SECOND;
    then->options = (mu_event_options){.source = &terms->source,
                                       .condition_count = then->second == FIRST ? 1 : 2,
                                       .conditions = then->conditions,
                                       .value_count = terms->same ? 1 : 0,
                                       .values = &terms->same};
    bound(then);
    choose_starters(then);
    const muster_status status = mu_event_open(exec, &then->options, &then->reader, err);
    if (status != MUSTER_OK) {
        mu_then_close(then);
        return status;
    }
    *out = then;
    return MUSTER_OK;
}

/* One customer. */

static muster_status out_of_memory(muster_error *err)
{
    return mu_fail_memory(err, "looking at the events of a customer");
}

/* Where the answers of the value are, or are to be. */
static answers *find_answers(mu_then *then, int64_t value)
{
    if (!then->set->then.same) {
        return &then->only;
    }
    size_t at = mu_hash_u64((uint64_t)value) & (then->place_count - 1);
    while (then->places[at].count > 0 && then->places[at].value != value) {
        at = (at + 1) & (then->place_count - 1);
    }
    return &then->places[at];
}

static muster_status start_customer(mu_then *then, muster_error *err)
{
    then->only.count = 0;
    then->value_count = 0;
    then->place_count = LEAST_PLACES;
    if (!then->set->then.same) {
        return MUSTER_OK;
    }
    if (!mu_mem_reserve(&then->places, &then->place_capacity, LEAST_PLACES, sizeof *then->places)) {
        return out_of_memory(err);
    }
    memset(then->places, 0, LEAST_PLACES * sizeof *then->places);
    return MUSTER_OK;
}

/* Makes the table twice as large. */
static muster_status grow(mu_then *then, muster_error *err)
{
    const size_t count = then->place_count, capacity = then->place_capacity;
    answers *old = then->places;

    if (!mu_mem_reserve(&then->spare, &then->spare_capacity, count * 2, sizeof *then->spare)) {
        return out_of_memory(err);
    }
    then->places = then->spare;
    then->place_capacity = then->spare_capacity;
    then->place_count = count * 2;
    then->spare = old;
    then->spare_capacity = capacity;
    memset(then->places, 0, then->place_count * sizeof *then->places);
    for (size_t i = 0; i < count; i++) {
        if (old[i].count > 0) {
            *find_answers(then, old[i].value) = old[i];
        }
    }
    return MUSTER_OK;
}

/* What has to be the same of an event; false: nothing is, as it is NULL. */
static bool value_of(const mu_then *then, uint32_t event, int64_t *value)
{
    *value = then->set->then.same ? then->events.columns[0][event] : 0;
    return *value != MU_GATHER_NULL;
}

/* Adds the second events among some of one time, before all that were added. */
static muster_status add_answers(mu_then *then, uint32_t start, uint32_t end, muster_error *err)
{
    const int64_t time_us = then->events.time_us[start];
    int64_t value;

    for (uint32_t i = start; i < end; i++) {
        if (!(then->events.mask[i] & then->second) || !value_of(then, i, &value)) {
            continue;
        }
        answers *a = find_answers(then, value);
        if (a->count == 0) {
            *a = (answers){.value = value, .earliest_us = time_us, .next_us = INT64_MAX};
            then->value_count++;
        } else if (a->earliest_us > time_us) {
            a->next_us = a->earliest_us;
            a->earliest_us = time_us;
            a->count = 0;
        }
        a->count++;
        if (then->value_count * 2 > then->place_count) {
            MU_TRY(grow(then, err));
        }
    }
    return MUSTER_OK;
}

/* Whether an event is answered by one of those that were added. */
static bool is_answered(mu_then *then, uint32_t event)
{
    const int64_t time_us = then->events.time_us[event];
    int64_t value;

    if (!value_of(then, event, &value)) {
        return false;
    }
    const answers *a = find_answers(then, value);
    if (a->count == 0) {
        return false;
    }
    const bool itself = (then->events.mask[event] & then->second) != 0;
    const int64_t answer_us = itself && a->count == 1 ? a->next_us : a->earliest_us;
    return answer_us <= mu_time_add(time_us, then->set->then.within_us) && answer_us != INT64_MAX;
}

static bool is_first(const mu_then *then, uint32_t event)
{
    const int64_t time_us = then->events.time_us[event];

    return (then->events.mask[event] & FIRST) && time_us >= then->since_us &&
           time_us < then->until_us;
}

/* Whether the events at hand are enough to look at them one by one. */
static bool may_be_member(const mu_then *then, uint32_t begin, uint32_t end)
{
    const uint64_t wanted = then->set->then.without ? FIRST : FIRST | then->second;
    uint64_t met = 0;

    for (uint32_t i = begin; i < end; i++) {
        met |= then->events.mask[i];
    }
    return (met & wanted) == wanted;
}

/* *out: whether the customer of these events is a member. */
static muster_status look_at(mu_then *then, uint32_t begin, uint32_t end, bool *out,
                             muster_error *err)
{
    const int64_t *times = then->events.time_us;

    *out = false;
    MU_TRY(start_customer(then, err));
    while (end > begin) {
        uint32_t start = end - 1;
        while (start > begin && times[start - 1] == times[end - 1]) {
            start--;
        }
        MU_TRY(add_answers(then, start, end, err));
        for (uint32_t i = start; i < end; i++) {
            if (is_first(then, i) && is_answered(then, i) != then->set->then.without) {
                *out = true;
                return MUSTER_OK;
            }
        }
        then->unchecked += end - start;
        if (then->unchecked > CHECKED) {
            then->unchecked = 0;
            MU_TRY(mu_exec_check(then->exec, err));
        }
        end = start;
    }
    return MUSTER_OK;
}

muster_status mu_then_run(mu_then *then, uint32_t stripe, uint64_t bits[MU_STRIPE_WORDS],
                          muster_error *err)
{
    const mu_events *events = &then->events;

    MU_TRY(mu_event_gather(then->reader, stripe, &then->events, err));
    for (uint32_t i = 0; i < events->customer_count; i++) {
        const uint32_t begin = events->starts[i], end = events->starts[i + 1];
        bool member = false;
        if (!then->set->then.same || may_be_member(then, begin, end)) {
            MU_TRY(look_at(then, begin, end, &member, err));
        }
        if (member) {
            mu_bits_set(bits, events->customers[i]);
        }
    }
    return MUSTER_OK;
}
