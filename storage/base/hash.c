/*
 * hash.c - XXH3 of 64 bits with seed 0, from the system's xxHash.
 *
 * Hashes of bytes and checksums are the same function today. They have two names because a
 * checksum is part of the format and may never change, while a hash of bytes that is only kept in
 * memory may.
 */
#include "storage/base/hash.h"

#include <stdbool.h>
#include <xxhash.h>

uint64_t mu_hash_bytes(const void *data, size_t size)
{
    return XXH3_64bits(data, size);
}

static bool checksums_off; /* set before anything else is done, or never */

void mu_checksum_turn_off(void)
{
    checksums_off = true;
}

uint64_t mu_checksum(const void *data, size_t size)
{
    return checksums_off ? 0 : XXH3_64bits(data, size);
}
