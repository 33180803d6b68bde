/*
 * did.c - the set of those who did something, so many times: one bit for each event where once is
 * enough, else a count for each customer of the stripe. Times and rows are never sorted for it.
 */
#include "query/did.h"

#include "query/events.h"
#include "query/exec.h"
#include "storage/base/mem.h"

struct mu_did {
    const mu_set *set;
    mu_event_source source; /* the set's, whose condition is not a `where` but what is looked for */
    mu_event_reader *reader;
    uint64_t customers; /* how many there are */
    uint32_t *counts;   /* NULL where one event decides */
};

muster_status mu_did_open(mu_exec *exec, const mu_set *set, mu_did **out, muster_error *err)
{
    muster_status status;
    mu_did *did = mu_mem_zalloc(sizeof *did);

    *out = NULL;
    if (!did) {
        return mu_fail_memory(err, "reading events");
    }
    did->set = set;
    did->source = set->did.source;
    did->source.where = NULL;
    did->customers = mu_customers_count(mu_snapshot_customers(mu_exec_snapshot(exec)));
    if (set->did.at_least != 1 || set->did.at_most != UINT64_MAX) {
        did->counts = mu_mem_alloc_array(MU_STRIPE_ROWS, sizeof *did->counts);
        if (!did->counts) {
            status = mu_fail_memory(err, "counting events");
            goto fail;
        }
    }
    const mu_event_options options = {
        .source = &did->source,
        .condition_count = 1,
        .conditions = &set->did.source.where,
        .bounded = did->source.bounded,
        .since_us = did->source.since_us,
        .until_us = did->source.until_us,
    };
    MU_TRY_GOTO(mu_event_open(exec, &options, &did->reader, err));
    *out = did;
    return MUSTER_OK;

fail:
    mu_did_close(did);
    return status;
}

void mu_did_close(mu_did *did)
{
    if (!did) {
        return;
    }
    mu_event_close(did->reader);
    mu_mem_free(did->counts);
    mu_mem_free(did);
}

static void mark(const mu_event_batch *events, uint64_t *bits)
{
    MU_FOR_EACH_LIVE(row, events) {
        mu_bits_set(bits, events->ordinals[row] % MU_STRIPE_ROWS);
    }
}

static void count(const mu_event_batch *events, uint32_t *counts)
{
    MU_FOR_EACH_LIVE(row, events) {
        uint32_t *c = &counts[events->ordinals[row] % MU_STRIPE_ROWS];
        *c += *c < UINT32_MAX; /* more than that is as good as that */
    }
}

/* Those of the stripe whose count is in the range that was asked for. */
static void choose(const mu_did *did, uint32_t stripe, uint64_t *bits)
{
    const uint64_t first = (uint64_t)stripe * MU_STRIPE_ROWS;
    const uint64_t end =
        did->customers - first < MU_STRIPE_ROWS ? did->customers - first : MU_STRIPE_ROWS;

    for (uint64_t i = 0; i < end; i++) {
        if (did->counts[i] >= did->set->did.at_least && did->counts[i] <= did->set->did.at_most) {
            mu_bits_set(bits, i);
        }
    }
}

muster_status mu_did_run(mu_did *did, uint32_t stripe, uint64_t bits[MU_STRIPE_WORDS],
                         muster_error *err)
{
    mu_event_batch events;

    if (did->counts) {
        memset(did->counts, 0, MU_STRIPE_ROWS * sizeof *did->counts);
    }
    MU_TRY(mu_event_start(did->reader, stripe, err));
    for (;;) {
        MU_TRY(mu_event_next(did->reader, false, &events, err));
        if (events.rows == 0) {
            break;
        }
        if (did->counts) {
            count(&events, did->counts);
        } else {
            mark(&events, bits);
        }
    }
    if (did->counts) {
        choose(did, stripe, bits);
    }
    return MUSTER_OK;
}
