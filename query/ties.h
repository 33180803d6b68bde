/*
 * ties.h - which steps a heap of events can fill, one event each.
 *
 * Events of equal time may be taken in any order, and so may all events of a window where order
 * does not matter: what counts is which steps each of them meets. Those that meet the same steps
 * are one kind with a number, so that many events cost no more than few.
 */
#ifndef MU_TIES_H
#define MU_TIES_H

#include "storage/base/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Events that meet the same steps. */
typedef struct mu_tie {
    uint64_t mask;
    uint32_t count;
} mu_tie;

typedef struct mu_ties {
    mu_tie *kinds;
    uint32_t kind_count;
    size_t kind_capacity;
    uint32_t *slots; /* open addressing by mask: kind + 1, or 0 */
    uint32_t slot_count;
    size_t slot_capacity;
    /* Of the matching at hand: */
    uint32_t match[MU_MAX_STEPS]; /* step -> kind */
    uint32_t *taken;              /* kind by kind: how many of it are matched */
    uint8_t *seen;                /* kind by kind: visited by the search at hand */
    size_t taken_capacity, seen_capacity;
} mu_ties;

void mu_ties_deinit(mu_ties *ties); /* zeroed is fine */

void mu_ties_clear(mu_ties *ties);
/* One more event of a kind, or a kind without events yet: `count` is 1 or 0. False when out of
 * memory. */
bool mu_ties_add(mu_ties *ties, uint64_t mask, uint32_t count);
/* The number of a kind that was added. */
uint32_t mu_ties_find(const mu_ties *ties, uint64_t mask);
/* All steps that any event meets. */
uint64_t mu_ties_met(const mu_ties *ties);

/* The largest j, at most `steps`, such that steps k + 1 ... j (counted from 1) can all be given
 * events of their own. */
uint32_t mu_ties_reach(mu_ties *ties, uint32_t k, uint32_t steps);

#endif
