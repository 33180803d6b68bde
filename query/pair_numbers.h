/*
 * pair_numbers.h - pairs of words, numbered from 0 in the order in which they are first met.
 *
 * Emptying it costs as much as what was in it, so one serves a stripe after the other, or a
 * customer after the other, and keeps its memory.
 */
#ifndef MU_PAIR_NUMBERS_H
#define MU_PAIR_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mu_pair {
    int64_t a, b;
} mu_pair;

typedef struct mu_pair_numbers {
    mu_pair *pairs; /* by number */
    size_t pair_capacity;
    uint32_t count;
    uint32_t last;   /* that was found: often it is wanted again */
    uint32_t *slots; /* open addressing, at most half full: number + 1, or 0 */
    size_t slot_count;
} mu_pair_numbers; /* zeroed: empty */

void mu_pair_numbers_deinit(mu_pair_numbers *numbers);
void mu_pair_numbers_reset(mu_pair_numbers *numbers);

/* By way of the table; mu_pair_numbers_find() asks for it. */
bool mu_pair_numbers_look_up(mu_pair_numbers *numbers, mu_pair pair, uint32_t *number);

/* The number of the pair, which is the next one if it is new. False when out of memory. */
static inline bool mu_pair_numbers_find(mu_pair_numbers *numbers, mu_pair pair, uint32_t *number)
{
    if (numbers->count > 0 && numbers->pairs[numbers->last].a == pair.a &&
        numbers->pairs[numbers->last].b == pair.b) {
        *number = numbers->last;
        return true;
    }
    return mu_pair_numbers_look_up(numbers, pair, number);
}

#endif
