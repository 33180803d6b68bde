/*
 * gather_test.c - a gather against a stable sort of the same rows.
 */
#include "storage/gather.h"

#include "storage/base/mem.h"
#include "tests/support/test.h"

#include <stdlib.h>

enum {
    STRIPE = 3,
    CUSTOMER = 0, /* columns of the batches that are added */
    TIME,
    FIRST_EXTRA,
    EXTRAS = 5,
    COLUMNS = FIRST_EXTRA + EXTRAS,
};

static const mu_type types[COLUMNS] = {
    {.kind = MU_CUSTOMER}, {.kind = MU_TIMESTAMP}, {.kind = MU_BIGINT, .bits = 64},
    {.kind = MU_DOUBLE},   {.kind = MU_BOOLEAN},   {.kind = MU_TEXT},
    {.kind = MU_CUSTOMER},
};
static const uint32_t extra_columns[EXTRAS] = {2, 3, 4, 5, 6};

/* A row as it should come out. Text is the number of a word. */
typedef struct event {
    uint32_t ordinal;
    uint32_t arrival;
    int64_t time_us;
    uint64_t mask;
    int64_t extras[EXTRAS];
} event;

static const char *const words[] = {"view", "cart", "pay", "", "refund", "open"};

typedef struct pusher {
    mu_gather *gather;
    mu_batch batch;
    mu_vector columns[COLUMNS];
    uint64_t live[MU_BATCH_WORDS];
    uint64_t values[COLUMNS][MU_BATCH_ROWS];
    uint64_t valid[COLUMNS][MU_BATCH_WORDS];
    uint64_t masks[MU_BATCH_ROWS];
    mu_dict_builder dicts[2]; /* the words in two orders */
} pusher;

static void init(pusher *p)
{
    uint32_t code;

    memset(p, 0, sizeof *p);
    for (size_t i = 0; i < MU_COUNT(words); i++) {
        const char *last = words[MU_COUNT(words) - 1 - i];
        assert_true(mu_dict_builder_add(&p->dicts[0],
                                        (mu_text){words[i], (uint32_t)strlen(words[i])}, &code));
        assert_true(
            mu_dict_builder_add(&p->dicts[1], (mu_text){last, (uint32_t)strlen(last)}, &code));
    }
    p->dicts[0].dict.id = mu_dict_next_id();
    p->dicts[1].dict.id = mu_dict_next_id();
    p->batch = (mu_batch){.column_count = COLUMNS, .live = p->live, .columns = p->columns};
    assert_ok(mu_gather_open(types + FIRST_EXTRA, EXTRAS, &p->gather, &test_error));
}

static void deinit(pusher *p)
{
    mu_gather_close(p->gather);
    mu_dict_builder_deinit(&p->dicts[0]);
    mu_dict_builder_deinit(&p->dicts[1]);
}

static void put_cell(pusher *p, uint32_t column, uint32_t row, int64_t value, uint32_t dict)
{
    if (value == MU_GATHER_NULL) {
        return; /* valid stays clear, the value whatever the row before left there */
    }
    mu_bits_set(p->valid[column], row);
    switch (mu_type_form(types[column])) {
    case MU_FORM_BITS:
        if (value) {
            mu_bits_set(p->values[column], row);
        } else {
            mu_bits_clear(p->values[column], row);
        }
        break;
    case MU_FORM_I64:
    case MU_FORM_F64:
        memcpy(&p->values[column][row], &value, sizeof value);
        break;
    case MU_FORM_CODE:
    case MU_FORM_ORDINAL: {
        const bool reversed = mu_type_form(types[column]) == MU_FORM_CODE && dict == 1;
        const uint32_t code =
            reversed ? (uint32_t)MU_COUNT(words) - 1 - (uint32_t)value : (uint32_t)value;
        memcpy((uint8_t *)p->values[column] + row * sizeof code, &code, sizeof code);
        break;
    }
    }
}

/* Adds the events as batches, with rows between them that are not live. */
static void push(pusher *p, uint64_t *state, const event *events, uint32_t count, bool with_masks)
{
    uint32_t at = 0;

    while (at < count) {
        const uint32_t dict = (uint32_t)test_random_below(state, 2);
        uint32_t row = 0;
        memset(p->live, 0, sizeof p->live);
        memset(p->valid, 0, sizeof p->valid);
        while (at < count && row < MU_BATCH_ROWS) {
            if (test_random_below(state, 4) > 0) {
                mu_bits_set(p->live, row);
                put_cell(p, CUSTOMER, row, events[at].ordinal, 0);
                put_cell(p, TIME, row, events[at].time_us, 0);
                for (uint32_t i = 0; i < EXTRAS; i++) {
                    put_cell(p, FIRST_EXTRA + i, row, events[at].extras[i], dict);
                }
                p->masks[row] = events[at].mask;
                at++;
            }
            row++;
        }
        p->batch.rows = row;
        for (uint32_t i = 0; i < COLUMNS; i++) {
            p->columns[i] = (mu_vector){types[i], p->values[i], p->valid[i],
                                        i == 5 ? &p->dicts[dict].dict : NULL};
        }
        assert_ok(mu_gather_add(p->gather, &p->batch, CUSTOMER, TIME, with_masks ? p->masks : NULL,
                                extra_columns, &test_error));
    }
}

static int compare_events(const void *a, const void *b)
{
    const event *x = a, *y = b;

    if (x->ordinal != y->ordinal) {
        return x->ordinal < y->ordinal ? -1 : 1;
    }
    if (x->time_us != y->time_us) {
        return x->time_us < y->time_us ? -1 : 1;
    }
    return x->arrival < y->arrival ? -1 : x->arrival > y->arrival;
}

static void check_event(const pusher *p, const mu_events *found, uint32_t row, const event *wanted,
                        bool with_masks)
{
    assert_int_equal(found->time_us[row], wanted->time_us);
    assert_true(found->mask[row] == (with_masks ? wanted->mask : UINT64_MAX));
    for (uint32_t i = 0; i < EXTRAS; i++) {
        const int64_t value = found->columns[i][row];
        if (types[FIRST_EXTRA + i].kind == MU_TEXT && value != MU_GATHER_NULL) {
            const mu_text text = mu_dict_text(mu_gather_dict(p->gather, i), (uint32_t)value);
            const char *word = words[wanted->extras[i]];
            assert_true(mu_text_equal(text, (mu_text){word, (uint32_t)strlen(word)}));
        } else {
            assert_int_equal(value, wanted->extras[i]);
        }
    }
}

/* Pushes the events as they are, and compares what comes with a sort of them. */
static void gather_and_compare(pusher *p, uint64_t *state, event *events, uint32_t count,
                               bool with_masks)
{
    mu_events found;
    uint32_t customer = 0;

    mu_gather_start(p->gather, STRIPE);
    push(p, state, events, count, with_masks);
    assert_ok(mu_gather_finish(p->gather, &found, &test_error));
    qsort(events, count, sizeof *events, compare_events);
    assert_int_equal(found.rows, count);
    assert_int_equal(found.first_ordinal, STRIPE * MU_STRIPE_ROWS);
    for (uint32_t i = 0; i < count; i++) {
        const bool first = i == 0 || events[i].ordinal != events[i - 1].ordinal;
        if (first) {
            assert_int_equal(found.customers[customer], events[i].ordinal % MU_STRIPE_ROWS);
            assert_int_equal(found.starts[customer], i);
            customer++;
        }
        check_event(p, &found, i, &events[i], with_masks);
    }
    assert_int_equal(found.customer_count, customer);
    assert_int_equal(found.starts[customer], count);
}

static void random_extras(uint64_t *state, event *out)
{
    const double number = (double)test_random_below(state, 100) / 8;

    out->mask = test_random(state);
    out->extras[0] = (int64_t)test_random(state) | 1;
    memcpy(&out->extras[1], &number, sizeof number);
    out->extras[2] = (int64_t)test_random_below(state, 2);
    out->extras[3] = (int64_t)test_random_below(state, MU_COUNT(words));
    out->extras[4] = (int64_t)test_random_below(state, UINT32_MAX);
    for (uint32_t i = 0; i < EXTRAS; i++) {
        if (test_random_below(state, 5) == 0) {
            out->extras[i] = MU_GATHER_NULL;
        }
    }
}

/* `runs` stretches that are each sorted by customer and time, as if of so many segments. */
static void random_events(uint64_t *state, event *events, uint32_t count, uint32_t customers,
                          uint64_t times, uint32_t runs)
{
    for (uint32_t i = 0; i < count; i++) {
        events[i] = (event){.ordinal = STRIPE * MU_STRIPE_ROWS + MU_STRIPE_ROWS - customers +
                                       (uint32_t)test_random_below(state, customers),
                            .time_us = (int64_t)test_random_below(state, times) - 50,
                            .arrival = i};
        random_extras(state, &events[i]);
    }
    for (uint32_t run = 0; run < runs; run++) {
        const uint32_t first = (uint32_t)((uint64_t)count * run / runs);
        const uint32_t end = (uint32_t)((uint64_t)count * (run + 1) / runs);
        qsort(events + first, end - first, sizeof *events, compare_events);
    }
    for (uint32_t i = 0; i < count; i++) {
        events[i].arrival = i;
    }
}

TEST(events_come_out_by_customer_and_time_and_equal_times_as_they_came)
{
    enum {
        MOST = 3000
    };
    static const uint32_t counts[] = {0, 1, 63, 64, 500, MOST};
    static const uint32_t customers[] = {1, 2, 40, 5000, MU_STRIPE_ROWS};
    static const uint32_t runs[] = {1, 2, 7, MOST};
    event *events = mu_mem_alloc_array(MOST, sizeof *events);
    uint64_t state = test_seed();
    static pusher p;

    init(&p); /* one for all: what a stripe leaves behind must not be seen in the next */
    for (size_t i = 0; i < MU_COUNT(counts); i++) {
        for (size_t j = 0; j < MU_COUNT(customers); j++) {
            for (size_t k = 0; k < MU_COUNT(runs); k++) {
                const uint64_t times = test_random(&state) % 2 ? 5 : 100000;
                random_events(&state, events, counts[i], customers[j], times, runs[k]);
                gather_and_compare(&p, &state, events, counts[i], test_random(&state) % 2);
            }
        }
    }
    deinit(&p);
    mu_mem_free(events);
}

TEST(a_customer_with_very_many_events_in_the_wrong_order_is_no_trouble)
{
    enum {
        COUNT = 200000 /* squared, this would take a minute */
    };
    event *events = mu_mem_alloc_array(COUNT, sizeof *events);
    uint64_t state = test_seed();
    static pusher p;

    init(&p);
    for (uint32_t shape = 0; shape < 2; shape++) {
        random_events(&state, events, COUNT, 1, 1000, 1);
        for (uint32_t i = 0; i < COUNT; i++) {
            events[i].time_us = shape == 0 ? COUNT - i : (int64_t)test_random_below(&state, 90000);
        }
        gather_and_compare(&p, &state, events, COUNT, true);
    }
    deinit(&p);
    mu_mem_free(events);
}

TEST(a_negative_zero_is_not_null)
{
    const double zero = -0.0;
    event events[1] = {{.ordinal = STRIPE * MU_STRIPE_ROWS}};
    uint64_t state = test_seed();
    mu_events found;
    static pusher p;

    init(&p);
    mu_gather_start(p.gather, STRIPE);
    random_extras(&state, events);
    memcpy(&events[0].extras[1], &zero, sizeof zero);
    assert_true(events[0].extras[1] == MU_GATHER_NULL);
    events[0].extras[1] = 1; /* so that it is pushed at all */
    push(&p, &state, events, 1, false);
    mu_bits_set(p.valid[3], 0);
    for (uint32_t row = 0; row < p.batch.rows; row++) {
        memcpy(&p.values[3][row], &zero, sizeof zero);
    }
    mu_gather_start(p.gather, STRIPE);
    assert_ok(mu_gather_add(p.gather, &p.batch, CUSTOMER, TIME, NULL, extra_columns, &test_error));
    assert_ok(mu_gather_finish(p.gather, &found, &test_error));
    assert_int_equal(found.rows, 1);
    assert_int_equal(found.columns[1][0], 0);
    deinit(&p);
}

TEST(a_bigint_that_looks_like_null_is_refused)
{
    event events[1] = {{.ordinal = STRIPE * MU_STRIPE_ROWS}};
    uint64_t state = test_seed();
    static pusher p;

    init(&p);
    mu_gather_start(p.gather, STRIPE);
    events[0].extras[0] = 1;
    push(&p, &state, events, 1, false);
    for (uint32_t row = 0; row < p.batch.rows; row++) {
        p.values[2][row] = (uint64_t)INT64_MIN;
    }
    assert_status(MUSTER_INVALID, mu_gather_add(p.gather, &p.batch, CUSTOMER, TIME, NULL,
                                                extra_columns, &test_error));
    memset(p.valid[2], 0, sizeof p.valid[2]);
    assert_ok(mu_gather_add(p.gather, &p.batch, CUSTOMER, TIME, NULL, extra_columns, &test_error));
    deinit(&p);
}

TEST(memory_that_runs_out_leaks_nothing)
{
    event events[500];
    uint64_t state = test_seed();
    muster_status status = MUSTER_NOMEM;
    mu_events found;
    static pusher p;

    init(&p);
    mu_gather_start(p.gather, STRIPE);
    random_events(&state, events, 500, 20, 100, 3);
    push(&p, &state, events, MU_BATCH_ROWS / 2 < 500 ? MU_BATCH_ROWS / 2 : 500, true);
    for (uint64_t n = 0; status != MUSTER_OK; n++) {
        mu_gather *gather = NULL;
        mu_mem_fail_at(n, true);
        status = mu_gather_open(types + FIRST_EXTRA, EXTRAS, &gather, &test_error);
        if (status == MUSTER_OK) {
            mu_gather_start(gather, STRIPE);
            status = mu_gather_add(gather, &p.batch, CUSTOMER, TIME, p.masks, extra_columns,
                                   &test_error);
        }
        if (status == MUSTER_OK) {
            status = mu_gather_finish(gather, &found, &test_error);
        }
        mu_mem_fail_at(UINT64_MAX, false);
        assert_true(status == MUSTER_OK || status == MUSTER_NOMEM);
        mu_gather_close(gather);
    }
    deinit(&p);
}
