/*
 * random.h - where the generator's decisions come from: a seed, or bytes that a fuzzer chooses.
 *
 * Bytes that have run out are zeros, for which chance() is always false; whoever asks puts what
 * ends soonest there.
 */
#ifndef MU_DIFF_RANDOM_H
#define MU_DIFF_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct diff_random {
    uint64_t state;
    const uint8_t *bytes; /* not NULL: decisions are these instead */
    size_t size, at;
} diff_random;

/* A stream of its own for each pair of numbers. */
diff_random diff_random_of(uint64_t seed, uint64_t number);
diff_random diff_random_of_bytes(const uint8_t *bytes, size_t size);

unsigned diff_below(diff_random *random, unsigned bound); /* bound > 0 */
bool diff_chance(diff_random *random, unsigned percent);

#endif
