/*
 * agg_distinct.c - DISTINCT: each value of a group counts once.
 *
 * The pairs (group, value) that were seen are a hash table; a text is its code in the states' own
 * dictionary. Nothing is aggregated before all pairs are known, since the same value may come in
 * several threads; then each pair is given to the aggregate as a row.
 */
#include "query/agg_states.h"
#include "storage/base/hash.h"
#include "storage/base/mem.h"

#include <assert.h>
#include <string.h>

struct mu_agg_distinct {
    size_t slot_count; /* a power of two, or 0 */
    size_t count;
    mu_agg_item *slots;
    uint8_t *used;
    bool finished;
};

static muster_status fail_memory(muster_error *err)
{
    return mu_fail_memory(err, "finding distinct values");
}

muster_status mu_agg_distinct_open(mu_agg_states *states, muster_error *err)
{
    states->distinct = mu_mem_zalloc(sizeof *states->distinct);
    return states->distinct ? MUSTER_OK : fail_memory(err);
}

void mu_agg_distinct_close(mu_agg_distinct *distinct)
{
    if (!distinct) {
        return;
    }
    mu_mem_free(distinct->slots);
    mu_mem_free(distinct->used);
    mu_mem_free(distinct);
}

/* A table far too large for what was in it goes: emptying it each time would cost more than that.
 */
void mu_agg_distinct_reset(mu_agg_distinct *distinct)
{
    if (distinct->count < distinct->slot_count / 16) {
        mu_mem_free(distinct->slots);
        mu_mem_free(distinct->used);
        *distinct = (mu_agg_distinct){0};
    } else if (distinct->slot_count > 0) {
        memset(distinct->used, 0, distinct->slot_count);
    }
    distinct->count = 0;
    distinct->finished = false;
}

/* The slot of the pair, or the free one it belongs in. */
static size_t find_slot(const mu_agg_distinct *set, uint32_t group, int64_t bits)
{
    size_t slot = (size_t)mu_hash_combine(group, (uint64_t)bits) & (set->slot_count - 1);

    while (set->used[slot] && (set->slots[slot].group != group || set->slots[slot].bits != bits)) {
        slot = (slot + 1) & (set->slot_count - 1);
    }
    return slot;
}

static bool grow(mu_agg_distinct *set)
{
    mu_agg_distinct bigger = {.slot_count = set->slot_count > 0 ? 2 * set->slot_count : 64,
                              .count = set->count};

    bigger.slots = mu_mem_alloc_array(bigger.slot_count, sizeof *bigger.slots);
    bigger.used = mu_mem_zalloc(bigger.slot_count);
    if (!bigger.slots || !bigger.used) {
        mu_mem_free(bigger.slots);
        mu_mem_free(bigger.used);
        return false;
    }
    for (size_t i = 0; i < set->slot_count; i++) {
        if (mu_stopped_at(i)) {
            mu_mem_free(bigger.slots);
            mu_mem_free(bigger.used);
            return false;
        }
        if (set->used[i]) {
            const size_t slot = find_slot(&bigger, set->slots[i].group, set->slots[i].bits);
            bigger.slots[slot] = set->slots[i];
            bigger.used[slot] = 1;
        }
    }
    mu_mem_free(set->slots);
    mu_mem_free(set->used);
    *set = bigger;
    return true;
}

static muster_status add_pair(mu_agg_distinct *set, uint32_t group, int64_t bits, muster_error *err)
{
    if (2 * (set->count + 1) > set->slot_count && !grow(set)) {
        return fail_memory(err);
    }
    const size_t slot = find_slot(set, group, bits);
    if (!set->used[slot]) {
        set->used[slot] = 1;
        set->slots[slot] = (mu_agg_item){.bits = bits, .group = group};
        set->count++;
    }
    return MUSTER_OK;
}

muster_status mu_agg_distinct_update(mu_agg_states *states, const mu_agg_rows *rows,
                                     muster_error *err)
{
    assert(!states->distinct->finished);
    MU_FOR_EACH_LIVE(row, rows) {
        const mu_value value = mu_vector_value(&rows->args[0], row);
        int64_t bits;
        MU_TRY(mu_agg_bits(states, &value, &bits, err));
        MU_TRY(add_pair(states->distinct, mu_agg_group(rows, row), bits, err));
    }
    return MUSTER_OK;
}

muster_status mu_agg_distinct_merge(mu_agg_states *states, const mu_agg_states *from,
                                    const uint32_t *map, muster_error *err)
{
    const mu_agg_distinct *set = from->distinct;

    assert(!states->distinct->finished && !set->finished);
    for (size_t i = 0; i < set->slot_count; i++) {
        int64_t bits;
        if (mu_stopped_at(i)) {
            return fail_memory(err);
        }
        if (set->used[i]) {
            MU_TRY(mu_agg_move(states, from, states->arg_type, set->slots[i].bits, &bits, err));
            MU_TRY(add_pair(states->distinct, map[set->slots[i].group], bits, err));
        }
    }
    return MUSTER_OK;
}

/* A batch of pairs as rows. */
typedef struct pairs {
    uint32_t rows;
    uint32_t groups[MU_BATCH_ROWS];
    int64_t values[MU_BATCH_ROWS]; /* or doubles, codes, ordinals, bits, by the type's form */
} pairs;

static void add_row(pairs *batch, mu_form form, const mu_agg_item *item)
{
    const uint32_t row = batch->rows++;

    batch->groups[row] = item->group;
    if (form == MU_FORM_CODE || form == MU_FORM_ORDINAL) {
        ((uint32_t *)(void *)batch->values)[row] = (uint32_t)item->bits;
    } else if (form == MU_FORM_BITS) {
        uint64_t *bits = (uint64_t *)(void *)batch->values;
        if (item->bits != 0) {
            mu_bits_set(bits, row);
        } else {
            mu_bits_clear(bits, row);
        }
    } else {
        batch->values[row] = item->bits;
    }
}

static muster_status flush(mu_agg_states *states, pairs *batch, muster_error *err)
{
    const mu_vector values = {
        .type = states->arg_type,
        .data = batch->values,
        .dict = mu_type_form(states->arg_type) == MU_FORM_CODE ? &states->texts.dict : NULL};
    uint64_t live[MU_BATCH_WORDS];
    const mu_agg_rows rows = {batch->rows, live, &values, NULL, batch->groups};

    mu_bits_fill(live, batch->rows, MU_BATCH_WORDS);
    batch->rows = 0;
    return states->call->agg->update(states, &rows, err);
}

muster_status mu_agg_distinct_finish(mu_agg_states *states, muster_error *err)
{
    mu_agg_distinct *set = states->distinct;
    const mu_form form = mu_type_form(states->arg_type);
    muster_status status = MUSTER_OK;

    if (set->finished) {
        return MUSTER_OK;
    }
    set->finished = true;
    pairs *batch = mu_mem_zalloc(sizeof *batch);
    if (!batch) {
        return fail_memory(err);
    }
    for (size_t i = 0; i < set->slot_count && status == MUSTER_OK; i++) {
        status = mu_stopped_at(i) ? fail_memory(err) : MUSTER_OK;
        if (set->used[i]) {
            add_row(batch, form, &set->slots[i]);
            if (batch->rows == MU_BATCH_ROWS) {
                status = flush(states, batch, err);
            }
        }
    }
    if (status == MUSTER_OK) {
        status = flush(states, batch, err);
    }
    mu_mem_free(batch);
    return status;
}
