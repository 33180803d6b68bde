/*
 * op_funnel.c - the relations `funnel`, a row for each step (and breakdown value), and
 * `funnel_customers`, a row for each customer who did step 1. Both ask funnel.c how far each
 * customer came, so that their counts agree.
 *
 * Of those who reached a step, some reached the next, some are still open, and the rest dropped:
 * customers = next step's customers + dropped + still_open. At the last step nobody dropped.
 */
#include "query/op.h"

#include "query/func.h"
#include "query/funnel.h"
#include "query/pair_numbers.h"
#include "query/sort.h"
#include "storage/base/mem.h"

/* Counts of one breakdown value. */
typedef struct tally {
    int64_t by;      /* as one thread's gather keeps it */
    uint64_t *ended; /* [2 * depth + still_open], for depths 1 ... steps */
} tally;

/* What one thread counts. */
typedef struct counter {
    mu_exec *exec;
    const mu_funnel_plan *plan;
    mu_funnel *funnel;
    tally *tallies;
    size_t tally_count, tally_capacity;
    mu_pair_numbers numbers; /* of the values; a tally is by the number of its value */
} counter;

static size_t ended_words(const mu_funnel_plan *plan)
{
    return 2 * ((size_t)plan->step_count + 1);
}

static void counter_deinit(counter *c)
{
    mu_funnel_close(c->funnel);
    for (size_t i = 0; i < c->tally_count; i++) {
        mu_mem_free(c->tallies[i].ended);
    }
    mu_mem_free(c->tallies);
    mu_pair_numbers_deinit(&c->numbers);
}

/* The tally of a breakdown value; NULL when out of memory. */
static tally *find_tally(counter *c, int64_t by)
{
    uint32_t number;

    if (!mu_pair_numbers_find(&c->numbers, (mu_pair){by, MU_NO_WORD}, &number) ||
        !mu_mem_reserve(&c->tallies, &c->tally_capacity, c->numbers.count, sizeof(tally))) {
        return NULL;
    }
    tally *t = &c->tallies[number];
    if (number == c->tally_count) {
        *t =
            (tally){.by = by, .ended = mu_mem_zalloc_array(ended_words(c->plan), sizeof(uint64_t))};
        c->tally_count++;
    }
    return t->ended ? t : NULL;
}

static muster_status count_stripe(void *context, uint32_t worker, uint64_t stripe,
                                  muster_error *err)
{
    counter *c = &((counter *)context)[worker];
    const mu_events *events;
    mu_chain chain;

    if (!c->funnel) {
        MU_TRY(mu_funnel_open(c->exec, c->plan, &c->funnel, err));
    }
    MU_TRY(mu_funnel_start(c->funnel, (uint32_t)stripe, &events, err));
    for (uint32_t i = 0; i < events->customer_count; i++) {
        MU_TRY(mu_funnel_chain(c->funnel, i, &chain, err));
        if (chain.depth == 0) {
            continue;
        }
        tally *t = find_tally(c, chain.by);
        if (!t) {
            return mu_fail_memory(err, "counting a funnel");
        }
        t->ended[2 * chain.depth + chain.still_open]++;
    }
    return MUSTER_OK;
}

/* From counts to rows. */

static mu_value by_value(const counter *c, const tally *t)
{
    return c->plan->by ? mu_funnel_by(c->funnel, t->by) : mu_value_null((mu_type){.kind = MU_NULL});
}

enum {
    VALUE,
    WORKER,
    TALLY,
    LISTED_COLUMNS
};

/* The tallies of all threads as rows: the value, the thread and its number there. */
static muster_status list_tallies(const counter *counters, uint32_t workers, mu_rowset *out,
                                  muster_error *err)
{
    const mu_type number = {.kind = MU_BIGINT, .bits = 64};

    for (uint32_t w = 0; w < workers; w++) {
        for (size_t i = 0; i < counters[w].tally_count; i++) {
            const mu_value row[LISTED_COLUMNS] = {by_value(&counters[w], &counters[w].tallies[i]),
                                                  {.type = number, .i64 = w},
                                                  {.type = number, .i64 = (int64_t)i}};
            if (mu_stopped_at(i)) {
                return mu_fail_memory(err, "counting a funnel");
            }
            MU_TRY(mu_rowset_add(out, row, err));
        }
    }
    return MUSTER_OK;
}

static mu_value count_value(uint64_t count)
{
    return (mu_value){.type = {.kind = MU_BIGINT, .bits = 64}, .i64 = (int64_t)count};
}

static mu_value share_value(uint64_t part, uint64_t whole)
{
    return (mu_value){.type.kind = MU_DOUBLE,
                      .null = whole == 0,
                      .f64 = whole ? (double)part / (double)whole : 0};
}

/* The rows of one breakdown value. */
static muster_status add_steps(const mu_funnel_plan *plan, const mu_value *by,
                               const uint64_t *ended, mu_rowset *out, muster_error *err)
{
    uint64_t reached[MU_MAX_STEPS + 2] = {0};

    for (uint32_t k = plan->step_count; k >= 1; k--) {
        reached[k] = reached[k + 1] + ended[2 * k] + ended[2 * k + 1];
    }
    for (uint32_t k = 1; k <= plan->step_count; k++) {
        const bool last = k == plan->step_count;
        const char *label = plan->labels[k - 1];
        const mu_value values[] = {
            *by,
            count_value(k),
            {.type.kind = MU_TEXT, .text = {label, (uint32_t)strlen(label)}},
            count_value(reached[k]),
            share_value(reached[k], reached[1]),
            share_value(reached[k], reached[k == 1 ? 1 : k - 1]),
            count_value(last ? 0 : ended[2 * k]),
            count_value(last ? 0 : ended[2 * k + 1]),
        };
        MU_TRY(mu_rowset_add(out, plan->by ? values : &values[1], err));
    }
    return MUSTER_OK;
}

/* NULL equals NULL. */
static bool same_value(const mu_value *a, const mu_value *b)
{
    return a->null || b->null ? a->null == b->null : mu_value_compare(a, b) == 0;
}

/* The rows of all values, from the tallies in order. Those of one value follow each other. */
static muster_status add_sorted(const counter *counters, const mu_rowset *listed,
                                const mu_sort_item *items, uint64_t count, mu_rowset *out,
                                muster_error *err)
{
    const mu_funnel_plan *plan = counters->plan;
    uint64_t ended[2 * (MU_MAX_STEPS + 1)] = {0};

    for (uint64_t i = 0; i < count; i++) {
        if (mu_stopped_at(i)) {
            return mu_fail_memory(err, "counting a funnel");
        }
        const uint64_t row = MU_PLACE_ROW(items[i].place);
        const mu_value by = mu_rowset_value(listed, row, VALUE);
        const counter *c = &counters[mu_rowset_value(listed, row, WORKER).i64];
        const tally *t = &c->tallies[mu_rowset_value(listed, row, TALLY).i64];
        for (size_t k = 0; k < ended_words(plan); k++) {
            ended[k] += t->ended[k];
        }
        if (i + 1 < count) {
            const mu_value next = mu_rowset_value(listed, MU_PLACE_ROW(items[i + 1].place), VALUE);
            if (same_value(&by, &next)) {
                continue;
            }
        }
        MU_TRY(add_steps(plan, &by, ended, out, err));
        memset(ended, 0, sizeof ended);
    }
    return MUSTER_OK;
}

static muster_status add_rows(const counter *counters, uint32_t workers, mu_rowset *out,
                              muster_error *err)
{
    static const mu_sort_key by_value_order = {.column = VALUE};
    const mu_funnel_plan *plan = counters->plan;
    const mu_type number = {.kind = MU_BIGINT, .bits = 64};
    const mu_value none = mu_value_null((mu_type){.kind = MU_NULL});
    const mu_plan_column columns[LISTED_COLUMNS] = {
        {"value", plan->by ? plan->by->type : none.type}, {"worker", number}, {"tally", number}};
    const uint64_t nobody[2 * (MU_MAX_STEPS + 1)] = {0};
    const mu_sort_item *items;
    muster_status status;
    mu_rowset *listed;
    mu_sort *sort = NULL;
    uint64_t count;

    MU_TRY(mu_rowset_open(columns, LISTED_COLUMNS, &listed, err));
    MU_TRY_GOTO(list_tallies(counters, workers, listed, err));
    MU_TRY_GOTO(mu_sort_open(counters->exec, false, &by_value_order, 1, &listed, 1, &sort, err));
    MU_TRY_GOTO(mu_sort_run(sort, &items, &count, err));
    status = count == 0 && !plan->by /* a funnel that nobody entered has its steps all the same */
                 ? add_steps(plan, &none, nobody, out, err)
                 : add_sorted(counters, listed, items, count, out, err);
fail:
    mu_sort_close(sort);
    mu_rowset_close(listed);
    return status;
}

muster_status mu_run_funnel(mu_exec *exec, const mu_plan *plan, mu_rowset *out, muster_error *err)
{
    const uint32_t workers = mu_exec_workers(exec);
    muster_status status;
    counter *counters = mu_mem_zalloc_array(workers, sizeof *counters);

    if (!counters) {
        return mu_fail_memory(err, "counting a funnel");
    }
    for (uint32_t w = 0; w < workers; w++) {
        counters[w].exec = exec;
        counters[w].plan = plan->funnel;
    }
    MU_TRY_GOTO(mu_exec_stripes_each(exec, count_stripe, counters, err));
    status = add_rows(counters, workers, out, err);
fail:
    for (uint32_t w = 0; w < workers; w++) {
        counter_deinit(&counters[w]);
    }
    mu_mem_free(counters);
    return status;
}
