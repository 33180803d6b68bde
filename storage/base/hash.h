/*
 * hash.h - hashes for tables in memory and on disk, and checksums of bytes on disk: XXH3 of 64
 * bits.
 */
#ifndef MU_HASH_H
#define MU_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t mu_hash_bytes(const void *data, size_t size);
uint64_t mu_checksum(const void *data, size_t size); /* part of the format: XXH3-64, seed 0 */
/* For fuzzers: from now on every checksum is 0, so that what is behind them is reached. */
void mu_checksum_turn_off(void);

/* A full mix of one word (the finaliser of splitmix64). Part of the format of BIGINT customers. */
static inline uint64_t mu_hash_u64(uint64_t x)
{
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static inline uint64_t mu_hash_combine(uint64_t a, uint64_t b)
{
    return mu_hash_u64(a + UINT64_C(0x9e3779b97f4a7c15) + b * UINT64_C(0xff51afd7ed558ccd));
}

#endif
