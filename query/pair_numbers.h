/*
 * pair_numbers.h - pairs of words, numbered from 0 in the order in which they are first met.
 *
 * A word alone goes with MU_NO_WORD. Those that are small and stand alone, as the codes of most
 * texts are, need no hash: they are looked up in an array.
 *
 * Emptying it costs as much as what was in it, so one serves a stripe after the other, or a
 * customer after the other, and keeps its memory.
 */
#ifndef MU_PAIR_NUMBERS_H
#define MU_PAIR_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MU_NO_WORD INT64_MIN

enum {
    MU_SMALL_WORDS = 1024
};

typedef struct mu_pair {
    int64_t a, b;
} mu_pair;

typedef struct mu_pair_numbers {
    mu_pair *pairs; /* by number */
    size_t pair_capacity;
    uint32_t count;
    uint32_t small[MU_SMALL_WORDS + 1]; /* by word + 1, none is 0: number + 1, or 0 */
    uint32_t *slots;                    /* open addressing, at most half full: number + 1, or 0 */
    size_t slot_count;
} mu_pair_numbers; /* zeroed: empty */

void mu_pair_numbers_deinit(mu_pair_numbers *numbers);
void mu_pair_numbers_reset(mu_pair_numbers *numbers);

/* Where a small word is in the array; MU_SMALL_WORDS + 1 for other pairs. */
static inline size_t mu_pair_place(mu_pair pair)
{
    if (pair.b != MU_NO_WORD) {
        return MU_SMALL_WORDS + 1;
    }
    return pair.a == MU_NO_WORD                ? 0
           : (uint64_t)pair.a < MU_SMALL_WORDS ? (size_t)pair.a + 1
                                               : MU_SMALL_WORDS + 1;
}

/* One that is not in the array. */
bool mu_pair_numbers_look_up(mu_pair_numbers *numbers, mu_pair pair, uint32_t *number);

/* The number of the pair, which is the next one if it is new. False when out of memory. */
static inline bool mu_pair_numbers_find(mu_pair_numbers *numbers, mu_pair pair, uint32_t *number)
{
    const size_t place = mu_pair_place(pair);

    if (place <= MU_SMALL_WORDS && numbers->small[place] != 0) {
        *number = numbers->small[place] - 1;
        return true;
    }
    return mu_pair_numbers_look_up(numbers, pair, number);
}

#endif
