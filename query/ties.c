/*
 * ties.c - a bipartite matching of steps and kinds of events, grown step by step along augmenting
 * paths (Kuhn's method).
 */
#include "query/ties.h"

#include "storage/base/hash.h"
#include "storage/base/mem.h"

#include <assert.h>
#include <string.h>

enum {
    FEWEST_SLOTS = 16
};

void mu_ties_deinit(mu_ties *ties)
{
    mu_mem_free(ties->kinds);
    mu_mem_free(ties->slots);
    mu_mem_free(ties->taken);
    mu_mem_free(ties->seen);
}

/* Slots are cleared when the first kind comes, as few as will do. */
void mu_ties_clear(mu_ties *ties)
{
    ties->kind_count = 0;
    ties->slot_count = 0;
}

static uint32_t *find_slot(const mu_ties *ties, uint64_t mask)
{
    size_t at = mu_hash_u64(mask) & (ties->slot_count - 1);

    while (ties->slots[at] && ties->kinds[ties->slots[at] - 1].mask != mask) {
        at = (at + 1) & (ties->slot_count - 1);
    }
    return &ties->slots[at];
}

static bool grow_slots(mu_ties *ties)
{
    const uint32_t wanted = ties->slot_count ? 2 * ties->slot_count : FEWEST_SLOTS;

    if (!mu_mem_reserve(&ties->slots, &ties->slot_capacity, wanted, sizeof *ties->slots)) {
        return false;
    }
    memset(ties->slots, 0, wanted * sizeof *ties->slots);
    ties->slot_count = wanted;
    for (uint32_t i = 0; i < ties->kind_count; i++) {
        *find_slot(ties, ties->kinds[i].mask) = i + 1;
    }
    return true;
}

bool mu_ties_add(mu_ties *ties, uint64_t mask, uint32_t count)
{
    const uint32_t kinds = ties->kind_count + 1;

    if (2 * kinds > ties->slot_count && !grow_slots(ties)) {
        return false;
    }
    uint32_t *slot = find_slot(ties, mask);
    if (*slot) {
        ties->kinds[*slot - 1].count += count;
        return true;
    }
    if (!mu_mem_reserve(&ties->kinds, &ties->kind_capacity, kinds, sizeof *ties->kinds) ||
        !mu_mem_reserve(&ties->taken, &ties->taken_capacity, kinds, sizeof *ties->taken) ||
        !mu_mem_reserve(&ties->seen, &ties->seen_capacity, kinds, sizeof *ties->seen)) {
        return false;
    }
    ties->kinds[ties->kind_count] = (mu_tie){.mask = mask, .count = count};
    *slot = ++ties->kind_count;
    return true;
}

uint32_t mu_ties_find(const mu_ties *ties, uint64_t mask)
{
    const uint32_t kind = *find_slot(ties, mask);

    assert(kind > 0);
    return kind - 1;
}

uint64_t mu_ties_met(const mu_ties *ties)
{
    uint64_t all = 0;

    for (uint32_t i = 0; i < ties->kind_count; i++) {
        all |= ties->kinds[i].mask;
    }
    return all;
}

/* Gives `step` an event, moving those of steps lowest ... end - 1, which have theirs. */
static bool match_step(mu_ties *ties, uint32_t step, uint32_t lowest, uint32_t end)
{
    for (uint32_t i = 0; i < ties->kind_count; i++) {
        if (ties->seen[i] || !(ties->kinds[i].mask >> step & 1)) {
            continue;
        }
        ties->seen[i] = 1;
        if (ties->taken[i] < ties->kinds[i].count) {
            ties->taken[i]++;
            ties->match[step] = i;
            return true;
        }
        for (uint32_t other = lowest; other < end; other++) {
            if (ties->match[other] == i && match_step(ties, other, lowest, end)) {
                ties->match[step] = i;
                return true;
            }
        }
    }
    return false;
}

uint32_t mu_ties_reach(mu_ties *ties, uint32_t k, uint32_t steps)
{
    uint32_t j = k;

    memset(ties->taken, 0, ties->kind_count * sizeof *ties->taken);
    while (j < steps) {
        memset(ties->seen, 0, ties->kind_count * sizeof *ties->seen);
        if (!match_step(ties, j, k, j)) {
            break;
        }
        j++;
    }
    return j;
}
