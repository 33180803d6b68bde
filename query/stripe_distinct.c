/*
 * stripe_distinct.c - count(DISTINCT customer) by group, a stripe at a time.
 *
 * Bits of the first BIT_GROUPS groups lie one after the other, 8 KiB each: 32 MiB in all, enough
 * for the days of eleven years. Few of them are in use at a time, since a stripe's events come
 * period by period; and of a group that few customers are in, only the cache lines that they
 * touched are cleared at the end of the stripe. Groups beyond them share one hash set, emptied
 * likewise.
 */
#include "query/stripe_distinct.h"

#include "storage/base/hash.h"
#include "storage/base/mem.h"

enum {
#ifdef MU_TINY
    BIT_GROUPS = 64,
#else
    BIT_GROUPS = 4096,
#endif
    LINE_WORDS = 8, /* of 64 bits: a cache line */
    LINES = MU_STRIPE_WORDS / LINE_WORDS,
};

/* Which cache lines of a group's bits are not all clear. */
typedef struct touched {
    uint64_t lines[LINES / 64];
} touched;

static_assert(LINES % 64 == 0, "lines of a group fill words");

struct mu_stripe_distinct {
    uint64_t *counts; /* by group */
    size_t count_capacity, group_count;
    uint64_t *bits; /* by group */
    size_t bit_capacity, bit_groups;
    touched *touched; /* by group */
    size_t touched_capacity;
    uint64_t *set; /* open addressing: (group << 16 | customer) + 1, or 0 */
    size_t set_slots, set_count;
};

mu_stripe_distinct *mu_stripe_distinct_open(void)
{
    return mu_mem_zalloc(sizeof(mu_stripe_distinct));
}

void mu_stripe_distinct_close(mu_stripe_distinct *distinct)
{
    if (distinct) {
        mu_mem_free(distinct->counts);
        mu_mem_free(distinct->bits);
        mu_mem_free(distinct->touched);
        mu_mem_free(distinct->set);
        mu_mem_free(distinct);
    }
}

/* Makes room for the counts and bits of `group`. */
static bool reserve(mu_stripe_distinct *d, uint32_t group)
{
    const size_t wanted = (size_t)group + 1;
    const size_t with_bits = wanted < BIT_GROUPS ? wanted : BIT_GROUPS;

    if (wanted > d->group_count) {
        if (!mu_mem_reserve(&d->counts, &d->count_capacity, wanted, sizeof *d->counts)) {
            return false;
        }
        memset(&d->counts[d->group_count], 0, (wanted - d->group_count) * sizeof *d->counts);
        d->group_count = wanted;
    }
    if (with_bits > d->bit_groups) {
        if (!mu_mem_reserve(&d->bits, &d->bit_capacity, with_bits * MU_STRIPE_WORDS,
                            sizeof *d->bits) ||
            !mu_mem_reserve(&d->touched, &d->touched_capacity, with_bits, sizeof *d->touched)) {
            return false;
        }
        memset(&d->touched[d->bit_groups], 0, (with_bits - d->bit_groups) * sizeof *d->touched);
        memset(&d->bits[d->bit_groups * MU_STRIPE_WORDS], 0,
               (with_bits - d->bit_groups) * MU_STRIPE_WORDS * sizeof *d->bits);
        d->bit_groups = with_bits;
    }
    return true;
}

static uint64_t *find_slot(uint64_t *set, size_t slots, uint64_t entry)
{
    size_t at = mu_hash_u64(entry) & (slots - 1);

    while (set[at] != 0 && set[at] != entry) {
        at = (at + 1) & (slots - 1);
    }
    return &set[at];
}

static bool grow_set(mu_stripe_distinct *d)
{
    const size_t slots = d->set_slots ? 2 * d->set_slots : 4096;
    uint64_t *set = mu_mem_zalloc_array(slots, sizeof *set);

    if (!set) {
        return false;
    }
    for (size_t i = 0; i < d->set_slots; i++) {
        if (d->set[i] != 0) {
            *find_slot(set, slots, d->set[i]) = d->set[i];
        }
    }
    mu_mem_free(d->set);
    d->set = set;
    d->set_slots = slots;
    return true;
}

static bool add_to_set(mu_stripe_distinct *d, uint32_t group, uint32_t customer)
{
    const uint64_t entry = ((uint64_t)group << 16 | customer) + 1;

    if (2 * (d->set_count + 1) > d->set_slots && !grow_set(d)) {
        return false;
    }
    uint64_t *slot = find_slot(d->set, d->set_slots, entry);
    if (*slot == 0) {
        d->set_count++;
        d->counts[group]++;
        *slot = entry;
    }
    return true;
}

static void add_to_bits(mu_stripe_distinct *d, uint32_t group, uint32_t customer)
{
    const uint32_t word_index = customer / 64;
    uint64_t *word = &d->bits[(size_t)group * MU_STRIPE_WORDS + word_index];
    const uint64_t bit = UINT64_C(1) << customer % 64;

    d->counts[group] += (*word & bit) == 0;
    *word |= bit;
    mu_bits_set(d->touched[group].lines, word_index / LINE_WORDS);
}

muster_status mu_stripe_distinct_add(mu_stripe_distinct *d, const mu_vector *customers,
                                     const uint64_t *live, uint32_t rows, const uint32_t *groups,
                                     muster_error *err)
{
    const uint32_t *ordinals = customers->data;

    assert(mu_type_form(customers->type) == MU_FORM_ORDINAL);
    for (size_t w = 0; w < mu_bits_words(rows); w++) {
        const uint64_t valid = customers->valid ? customers->valid[w] : UINT64_MAX;
        for (uint64_t left = live[w] & valid; left != 0; left &= left - 1) {
            const size_t row = w * 64 + mu_bits_lowest(left);
            const uint32_t group = groups ? groups[row] : 0;
            const uint32_t customer = ordinals[row] % MU_STRIPE_ROWS;
            if (ordinals[row] == MU_NO_CUSTOMER) {
                continue;
            }
            if (group >= d->group_count && !reserve(d, group)) {
                return mu_fail_memory(err, "counting customers");
            }
            if (group < BIT_GROUPS) {
                add_to_bits(d, group, customer);
            } else if (!add_to_set(d, group, customer)) {
                return mu_fail_memory(err, "counting customers");
            }
        }
    }
    return MUSTER_OK;
}

static void clear_touched(uint64_t *bits, touched *group)
{
    for (size_t w = 0; w < MU_COUNT(group->lines); w++) {
        for (uint64_t left = group->lines[w]; left != 0; left &= left - 1) {
            const size_t line = w * 64 + mu_bits_lowest(left);
            memset(&bits[line * LINE_WORDS], 0, LINE_WORDS * sizeof *bits);
        }
        group->lines[w] = 0;
    }
}

void mu_stripe_distinct_end(mu_stripe_distinct *d)
{
    for (size_t g = 0; g < d->bit_groups; g++) {
        clear_touched(&d->bits[g * MU_STRIPE_WORDS], &d->touched[g]);
    }
    if (d->set_count > 0) {
        memset(d->set, 0, d->set_slots * sizeof *d->set);
        d->set_count = 0;
    }
}

uint64_t mu_stripe_distinct_count(const mu_stripe_distinct *d, uint32_t group)
{
    return group < d->group_count ? d->counts[group] : 0;
}

muster_status mu_stripe_distinct_merge(mu_stripe_distinct *d, const mu_stripe_distinct *from,
                                       const uint32_t *map, uint32_t groups, muster_error *err)
{
    for (uint32_t g = 0; g < groups; g++) {
        if (mu_stopped_at(g) || !reserve(d, map[g])) {
            return mu_fail_memory(err, "counting customers");
        }
        d->counts[map[g]] += mu_stripe_distinct_count(from, g);
    }
    return MUSTER_OK;
}

void mu_stripe_distinct_reset(mu_stripe_distinct *d)
{
    assert(d->set_count == 0); /* the stripe has ended, so the bits are clear too */
    if (d->group_count > 0) {  /* else there is no memory yet */
        memset(d->counts, 0, d->group_count * sizeof *d->counts);
    }
}
