/*
 * op_retention.c - the relation `retention`: who came back, period by period, after their first
 * time.
 *
 * A customer's cohort is the calendar period of the first start event there is in the data; they
 * are in period p of it if they had a `back` event in the p-th period after. Period 0 is the cohort
 * itself. A cell is there as soon as its period has begun at as_of, and complete once it has ended.
 * Nothing is sorted: the gather gives each customer's events in order, and a day is looked up in a
 * table to find its period. Where postings know who ever starts, no one else's events are gathered.
 */
#include "query/op.h"

#include "query/events.h"
#include "query/indexed.h"
#include "query/timeline.h"
#include "storage/base/mem.h"

enum {
    START = 1,
    BACK = 2
};

typedef struct counter {
    mu_exec *exec;
    const mu_retention_plan *plan;
    const mu_timeline *line;
    mu_zone_span span; /* where the last event lay */
    mu_event_reader *reader;
    const mu_expr *conditions[2]; /* START, BACK */
    uint64_t back;                /* the mask of `back`: START's, if it is the same event */
    mu_set starters;              /* who has an event that meets `start` */
    mu_event_options options;
    uint64_t *came;    /* of the customer at hand: bits of periods */
    uint64_t **counts; /* cohort -> customers by period; NULL until someone is in it */
    uint64_t rows;     /* that were gone through since the statement was last looked at */
} counter;

enum {
    ROWS_PER_CHECK = 1 << 16
};

static muster_status counter_open(counter *c, muster_error *err)
{
    const mu_retention_plan *plan = c->plan;

    c->conditions[0] = plan->start;
    c->conditions[1] = plan->back;
    c->back = mu_expr_equal(plan->start, plan->back) ? START : BACK;
    c->options = (mu_event_options){.source = &plan->source,
                                    .condition_count = c->back == START ? 1 : 2,
                                    .conditions = c->conditions};
    if (c->back != START && mu_indexed_only(plan->source.table, NULL, plan->start)) {
        c->starters.kind = MU_SET_DID;
        c->starters.did.source = plan->source;
        c->starters.did.source.where = plan->start;
        c->starters.did.source.among = NULL;
        c->starters.did.at_least = 1;
        c->starters.did.at_most = UINT64_MAX;
        c->options.starters = &c->starters;
    }
    c->came = mu_mem_zalloc_array(mu_bits_words((size_t)plan->periods + 1), sizeof *c->came);
    c->counts = mu_mem_zalloc_array(c->line->period_count, sizeof(uint64_t *));
    if (!c->came || !c->counts) {
        return mu_fail_memory(err, "counting cohorts");
    }
    return mu_event_open(c->exec, &c->options, &c->reader, err);
}

static void counter_deinit(counter *c)
{
    for (uint32_t i = 0; c->counts && i < c->line->period_count; i++) {
        mu_mem_free(c->counts[i]);
    }
    mu_event_close(c->reader);
    mu_mem_free(c->counts);
    mu_mem_free(c->came);
}

/* The first row at or after `row` that meets the condition, or `end`. */
static uint32_t find_mask(const mu_events *events, uint32_t row, uint32_t end, uint64_t mask)
{
    while (row < end && !(events->mask[row] & mask)) {
        row++;
    }
    return row;
}

/* The periods of the cohort, those it has in common with the timeline. */
static uint32_t cells_of(const counter *c, uint32_t cohort)
{
    const uint32_t after = c->line->period_count - 1 - cohort;

    return (after < c->plan->periods ? after : c->plan->periods) + 1;
}

static muster_status count_customer(counter *c, const mu_events *events, uint32_t begin,
                                    uint32_t end, muster_error *err)
{
    const mu_event_source *source = &c->plan->source;
    const uint32_t first = find_mask(events, begin, end, START);

    c->rows += end - begin;
    if (c->rows >= ROWS_PER_CHECK) {
        c->rows = 0;
        MU_TRY(mu_exec_check(c->exec, err));
    }
    if (first == end) {
        return MUSTER_OK;
    }
    const int64_t began = events->time_us[first];
    if (source->bounded && (began < source->since_us || began >= source->until_us)) {
        return MUSTER_OK;
    }
    const uint32_t cohort = mu_timeline_period(c->line, &c->span, began);
    const uint32_t cells = cells_of(c, cohort);
    if (!c->counts[cohort]) {
        c->counts[cohort] = mu_mem_zalloc_array(cells, sizeof **c->counts);
        if (!c->counts[cohort]) {
            return mu_fail_memory(err, "counting cohorts");
        }
    }
    memset(c->came, 0, mu_bits_words(cells) * sizeof *c->came);
    mu_bits_set(c->came, 0);
    for (uint32_t row = first; row < end; row++) {
        const uint32_t period =
            events->mask[row] & c->back
                ? mu_timeline_period(c->line, &c->span, events->time_us[row]) - cohort
                : 0;
        if (period < cells) {
            mu_bits_set(c->came, period);
        }
    }
    for (size_t w = 0; w < mu_bits_words(cells); w++) {
        for (uint64_t bits = c->came[w]; bits != 0; bits &= bits - 1) {
            c->counts[cohort][w * 64 + mu_bits_lowest(bits)]++;
        }
    }
    return MUSTER_OK;
}

static muster_status count_stripe(void *context, uint32_t worker, uint64_t stripe,
                                  muster_error *err)
{
    counter *c = &((counter *)context)[worker];
    mu_events events;

    if (!c->reader) {
        MU_TRY(counter_open(c, err));
    }
    MU_TRY(mu_event_gather(c->reader, (uint32_t)stripe, &events, err));
    for (uint32_t i = 0; i < events.customer_count; i++) {
        MU_TRY(count_customer(c, &events, events.starts[i], events.starts[i + 1], err));
    }
    return MUSTER_OK;
}

/* Adds up what the threads counted of a cell. */
static uint64_t sum_cell(const counter *counters, uint32_t workers, uint32_t cohort, uint32_t cell)
{
    uint64_t sum = 0;

    for (uint32_t w = 0; w < workers; w++) {
        if (counters[w].counts && counters[w].counts[cohort]) {
            sum += counters[w].counts[cohort][cell];
        }
    }
    return sum;
}

static muster_status add_cohort(const counter *counters, uint32_t workers, uint32_t cohort,
                                int64_t as_of_us, mu_rowset *out, muster_error *err)
{
    const mu_retention_plan *plan = counters->plan;
    const mu_type bigint = {.kind = MU_BIGINT, .bits = 64};
    const int64_t number = counters->line->first_period + cohort;
    const uint64_t size = sum_cell(counters, workers, cohort, 0);
    const uint32_t cells = cells_of(counters, cohort);

    for (uint32_t p = 0; size > 0 && p <= plan->periods; p++) {
        if (mu_timeline_start(counters->line, number + p) > as_of_us) {
            break; /* it has not begun */
        }
        if (mu_stopped_at(p)) {
            return mu_fail_memory(err, "counting cohorts");
        }
        const uint64_t customers = p < cells ? sum_cell(counters, workers, cohort, p) : 0;
        const mu_value values[] = {
            {.type.kind = MU_DATE, .i64 = mu_days_of_us(mu_unit_start(number, plan->unit))},
            {.type = bigint, .i64 = p},
            {.type = bigint, .i64 = (int64_t)size},
            {.type = bigint, .i64 = (int64_t)customers},
            {.type.kind = MU_DOUBLE, .f64 = (double)customers / (double)size},
            {.type.kind = MU_BOOLEAN,
             .i64 = mu_timeline_start(counters->line, number + p + 1) <= as_of_us},
        };
        MU_TRY(mu_rowset_add(out, values, err));
    }
    return MUSTER_OK;
}

static muster_status run(mu_exec *exec, counter *counters, uint32_t workers, int64_t as_of_us,
                         mu_rowset *out, muster_error *err)
{
    MU_TRY(mu_exec_stripes_each(exec, count_stripe, counters, err));
    for (uint32_t cohort = 0; cohort < counters->line->period_count; cohort++) {
        MU_TRY(add_cohort(counters, workers, cohort, as_of_us, out, err));
    }
    return MUSTER_OK;
}

muster_status mu_run_retention(mu_exec *exec, const mu_plan *plan, mu_rowset *out,
                               muster_error *err)
{
    const mu_retention_plan *retention = plan->retention;
    const uint32_t workers = mu_exec_workers(exec);
    muster_status status;
    mu_timeline line = {0};
    int64_t oldest_us;
    int64_t newest_us;

    if (!mu_snapshot_times(mu_exec_snapshot(exec), retention->source.table->id, &oldest_us,
                           &newest_us)) {
        return MUSTER_OK; /* there are no events */
    }
    counter *counters = mu_mem_zalloc_array(workers, sizeof *counters);
    if (!counters) {
        return mu_fail_memory(err, "counting cohorts");
    }
    MU_TRY_GOTO(
        mu_timeline_init(&line, mu_exec_zone(exec), retention->unit, oldest_us, newest_us, err));
    for (uint32_t w = 0; w < workers; w++) {
        counters[w] = (counter){.exec = exec, .plan = retention, .line = &line};
    }
    status = run(exec, counters, workers, retention->as_of_given ? retention->as_of_us : newest_us,
                 out, err);
fail:
    for (uint32_t w = 0; w < workers; w++) {
        counter_deinit(&counters[w]);
    }
    mu_mem_free(counters);
    mu_timeline_deinit(&line);
    return status;
}
