/*
 * bits.h - bitmaps as arrays of 64-bit words, bit i of word i / 64 first.
 */
#ifndef MU_BITS_H
#define MU_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

__extension__ typedef __int128 mu_i128; /* sums and products that 64 bits are too few for */

static inline size_t mu_bits_words(size_t bits)
{
    return (bits + 63) / 64;
}

static inline bool mu_bits_test(const uint64_t *map, size_t i)
{
    return map[i / 64] >> (i % 64) & 1;
}

static inline void mu_bits_set(uint64_t *map, size_t i)
{
    map[i / 64] |= UINT64_C(1) << (i % 64);
}

static inline void mu_bits_clear(uint64_t *map, size_t i)
{
    map[i / 64] &= ~(UINT64_C(1) << (i % 64));
}

/* Sets the first `count` bits of `words` words and clears the rest. */
static inline void mu_bits_fill(uint64_t *map, size_t count, size_t words)
{
    for (size_t w = 0; w < words; w++) {
        const size_t first = w * 64;
        map[w] = count >= first + 64 ? UINT64_MAX
                 : count > first     ? (UINT64_C(1) << (count - first)) - 1
                                     : 0;
    }
}

static inline bool mu_bits_none(const uint64_t *map, size_t words)
{
    uint64_t any = 0;

    for (size_t w = 0; w < words; w++) {
        any |= map[w];
    }
    return any == 0;
}

static inline unsigned mu_bits_lowest(uint64_t word) /* word != 0 */
{
    return (unsigned)__builtin_ctzll(word);
}

/* A word with its lowest `bits` bits set, 0 to 64 of them. */
static inline uint64_t mu_bits_below(unsigned bits)
{
    return bits == 0 ? 0 : UINT64_MAX >> (64 - bits);
}

/* Bits needed to write `value`: 0 for 0, 64 for the largest. */
static inline unsigned mu_bits_width(uint64_t value)
{
    return value == 0 ? 0 : 64 - (unsigned)__builtin_clzll(value);
}

#endif
