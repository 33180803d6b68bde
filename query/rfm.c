/*
 * rfm.c - a stripe's events counted and summed up for each customer, as they come: no order
 * matters, so nothing is gathered.
 *
 * The customers of the stripe who have any are numbered as they are met; what is kept of them lies
 * close together, and is as much as there are of them.
 */
#include "query/rfm.h"

#include "storage/base/mem.h"
#include "storage/kernels/kernels.h"
#include "storage/zone.h"

typedef struct person {
    uint32_t ordinal;
    int64_t last_us;
    int64_t events;
} person;

typedef struct counter {
    uint64_t met[MU_STRIPE_WORDS]; /* bits of the stripe's customers */
    uint32_t *numbers;             /* of each of them, if met */
    person *people;
    uint32_t count;
    mu_agg_states *sums;
    int64_t today; /* the day of as_of, in the zone of the session */
    mu_zone_span span;
    uint32_t rows[MU_BATCH_ROWS];   /* the live ones of the batch at hand */
    uint32_t groups[MU_BATCH_ROWS]; /* row -> number of the customer */
} counter;

static int64_t day_of(const mu_behaviour *b, counter *c, int64_t time_us)
{
    return mu_days_of_us(mu_zone_localize(mu_exec_zone(b->exec), &c->span, time_us));
}

/* What comes after as_of has not happened yet. */
static void read_until_now(const mu_behaviour_plan *plan, const mu_zone *zone, int64_t as_of_us,
                           mu_event_options *reading)
{
    (void)plan;
    (void)zone;
    reading->since_us = reading->bounded ? reading->since_us : MU_TIME_MIN;
    if (!reading->bounded || reading->until_us > as_of_us) {
        reading->until_us = mu_time_add(as_of_us, 1);
    }
    reading->bounded = true;
}

static muster_status open_counter(mu_behaviour *b, muster_error *err)
{
    const mu_rfm *options = b->plan->options;
    counter *c = b->state;

    c->today = day_of(b, c, b->as_of_us);
    c->numbers = mu_mem_alloc_array(MU_STRIPE_ROWS, sizeof *c->numbers);
    c->people = mu_mem_alloc_array(MU_STRIPE_ROWS, sizeof *c->people);
    if (!c->numbers || !c->people) {
        return mu_behaviour_fail_memory(b, err);
    }
    return mu_agg_open(&options->sum, &c->sums, err);
}

static void close_counter(mu_behaviour *b)
{
    counter *c = b->state;

    mu_agg_close(c->sums);
    mu_mem_free(c->numbers);
    mu_mem_free(c->people);
}

/* The customer's number: the next one, if it is the first event. */
static uint32_t number_of(counter *c, uint32_t ordinal)
{
    const uint32_t low = ordinal % MU_STRIPE_ROWS;

    if (!mu_bits_test(c->met, low)) {
        mu_bits_set(c->met, low);
        c->people[c->count] = (person){.ordinal = ordinal, .last_us = INT64_MIN};
        c->numbers[low] = c->count++;
    }
    return c->numbers[low];
}

static muster_status count_events(mu_behaviour *b, const mu_event_batch *batch, muster_error *err)
{
    counter *c = b->state;
    const uint32_t count = mu_k()->list_bits(batch->live, mu_bits_words(batch->rows), c->rows);

    for (uint32_t i = 0; i < count; i++) {
        const uint32_t row = c->rows[i], number = number_of(c, batch->ordinals[row]);
        person *p = &c->people[number];
        p->last_us = batch->time_us[row] > p->last_us ? batch->time_us[row] : p->last_us;
        p->events++;
        c->groups[row] = number;
    }
    MU_TRY(mu_agg_grow(c->sums, c->count, err));
    return mu_agg_update(c->sums, batch->values, NULL, batch->live, batch->rows, c->groups, err);
}

/* The sum in the form of a gathered column. */
static muster_status put_sum(const mu_value *sum, int64_t *word, muster_error *err)
{
    const double number = sum->f64 + 0.0; /* -0.0 has the bits of MU_GATHER_NULL */

    if (sum->null) {
        *word = MU_GATHER_NULL;
    } else if (sum->type.kind == MU_DOUBLE) {
        memcpy(word, &number, sizeof *word);
    } else if (sum->i64 == MU_GATHER_NULL) {
        return mu_fail(err, MUSTER_INVALID,
                       "a sum of -9223372036854775808 cannot be told from NULL here");
    } else {
        *word = sum->i64;
    }
    return MUSTER_OK;
}

static muster_status give_people(mu_behaviour *b, muster_error *err)
{
    counter *c = b->state;
    mu_value sum = {0};

    for (uint32_t i = 0; i < c->count; i++) {
        const person *p = &c->people[i];
        int64_t *words = mu_behaviour_add(b, 0);
        if (!words) {
            return mu_behaviour_fail_memory(b, err);
        }
        MU_TRY(mu_agg_result(c->sums, i, &sum, err));
        words[MU_RFM_CUSTOMER] = p->ordinal;
        words[MU_RFM_RECENCY_DAYS] = c->today - day_of(b, c, p->last_us);
        words[MU_RFM_FREQUENCY] = p->events;
        MU_TRY(put_sum(&sum, &words[MU_RFM_MONETARY], err));
    }
    memset(c->met, 0, sizeof c->met);
    c->count = 0;
    mu_agg_reset(c->sums);
    return MUSTER_OK;
}

const mu_behaviour_class mu_rfm_class = {.name = "rfm",
                                         .state_size = sizeof(counter),
                                         .reading = read_until_now,
                                         .open = open_counter,
                                         .take = count_events,
                                         .stripe = give_people,
                                         .close = close_counter};
