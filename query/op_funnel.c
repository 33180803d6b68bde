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
#include "storage/base/hash.h"
#include "storage/base/mem.h"

#include <stdlib.h>

/* Counts of one breakdown value. */
typedef struct tally {
    int64_t by;      /* as one thread's gather keeps it */
    mu_value value;  /* what it stands for: filled in for the merge */
    uint64_t *ended; /* [2 * depth + still_open], for depths 1 ... steps */
} tally;

/* What one thread counts. */
typedef struct counter {
    mu_exec *exec;
    const mu_funnel_plan *plan;
    mu_funnel *funnel;
    tally *tallies;
    size_t tally_count, tally_capacity;
    uint32_t *slots; /* open addressing by `by`: index + 1, or 0 */
    size_t slot_count;
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
    mu_mem_free(c->slots);
}

static uint32_t *find_slot(const counter *c, int64_t by)
{
    size_t at = mu_hash_u64((uint64_t)by) & (c->slot_count - 1);

    while (c->slots[at] && c->tallies[c->slots[at] - 1].by != by) {
        at = (at + 1) & (c->slot_count - 1);
    }
    return &c->slots[at];
}

static bool grow_slots(counter *c)
{
    const size_t wanted = c->slot_count ? 2 * c->slot_count : 64;
    uint32_t *slots = mu_mem_zalloc_array(wanted, sizeof *slots);

    if (!slots) {
        return false;
    }
    mu_mem_free(c->slots);
    c->slots = slots;
    c->slot_count = wanted;
    for (size_t i = 0; i < c->tally_count; i++) {
        *find_slot(c, c->tallies[i].by) = (uint32_t)i + 1;
    }
    return true;
}

/* The tally of a breakdown value; NULL when out of memory. */
static tally *find_tally(counter *c, int64_t by)
{
    if (2 * (c->tally_count + 1) > c->slot_count && !grow_slots(c)) {
        return NULL;
    }
    uint32_t *slot = find_slot(c, by);
    if (*slot) {
        return &c->tallies[*slot - 1];
    }
    if (!mu_mem_reserve(&c->tallies, &c->tally_capacity, c->tally_count + 1, sizeof(tally))) {
        return NULL;
    }
    tally *t = &c->tallies[c->tally_count];
    *t = (tally){.by = by, .ended = mu_mem_zalloc_array(ended_words(c->plan), sizeof(uint64_t))};
    if (!t->ended) {
        return NULL;
    }
    *slot = (uint32_t)++c->tally_count;
    return t;
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

/* NULL is the largest. */
static int compare_values(const mu_value *a, const mu_value *b)
{
    return a->null || b->null ? a->null - b->null : mu_value_compare(a, b);
}

static int compare_tallies(const void *left, const void *right)
{
    return compare_values(&((const tally *)left)->value, &((const tally *)right)->value);
}

/* Tallies of all threads, by value, one for each. They borrow the counts of the first thread that
 * had the value, to which the others' are added. */
static muster_status merge(counter *counters, uint32_t workers, tally **out, size_t *out_count,
                           muster_error *err)
{
    size_t total = 0;
    size_t count = 0;

    for (uint32_t w = 0; w < workers; w++) {
        total += counters[w].tally_count;
    }
    tally *all = mu_mem_alloc_array(total, sizeof *all);
    if (!all) {
        return mu_fail_memory(err, "counting a funnel");
    }
    for (uint32_t w = 0; w < workers; w++) {
        for (size_t i = 0; i < counters[w].tally_count; i++) {
            all[count] = counters[w].tallies[i];
            if (counters[w].plan->by) {
                all[count].value = mu_funnel_by(counters[w].funnel, all[count].by);
            }
            count++;
        }
    }
    qsort(all, count, sizeof *all, compare_tallies);
    *out_count = 0;
    for (size_t i = 0; i < count; i++) {
        tally *last = *out_count ? &all[*out_count - 1] : NULL;
        if (!last || compare_values(&last->value, &all[i].value) != 0) {
            all[(*out_count)++] = all[i];
            continue;
        }
        for (size_t k = 0; k < ended_words(counters->plan); k++) {
            last->ended[k] += all[i].ended[k];
        }
    }
    *out = all;
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
static muster_status add_steps(const mu_funnel_plan *plan, const tally *t, mu_rowset *out,
                               muster_error *err)
{
    uint64_t reached[MU_MAX_STEPS + 2] = {0};

    for (uint32_t k = plan->step_count; k >= 1; k--) {
        reached[k] = reached[k + 1] + t->ended[2 * k] + t->ended[2 * k + 1];
    }
    for (uint32_t k = 1; k <= plan->step_count; k++) {
        const bool last = k == plan->step_count;
        const char *label = plan->labels[k - 1];
        const mu_value values[] = {
            t->value,
            count_value(k),
            {.type.kind = MU_TEXT, .text = {label, (uint32_t)strlen(label)}},
            count_value(reached[k]),
            share_value(reached[k], reached[1]),
            share_value(reached[k], reached[k == 1 ? 1 : k - 1]),
            count_value(last ? 0 : t->ended[2 * k]),
            count_value(last ? 0 : t->ended[2 * k + 1]),
        };
        MU_TRY(mu_rowset_add(out, plan->by ? values : &values[1], err));
    }
    return MUSTER_OK;
}

static muster_status add_rows(counter *counters, uint32_t workers, mu_rowset *out,
                              muster_error *err)
{
    const mu_funnel_plan *plan = counters->plan;
    uint64_t nobody[2 * (MU_MAX_STEPS + 1)] = {0};
    const tally empty = {.ended = nobody};
    muster_status status = MUSTER_OK;
    tally *tallies = NULL;
    size_t count = 0;

    MU_TRY(merge(counters, workers, &tallies, &count, err));
    for (size_t i = 0; i < count; i++) {
        MU_TRY_GOTO(add_steps(plan, &tallies[i], out, err));
    }
    if (count == 0 && !plan->by) { /* a funnel that nobody entered has its steps all the same */
        status = add_steps(plan, &empty, out, err);
    }
fail:
    mu_mem_free(tallies);
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
