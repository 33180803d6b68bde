/*
 * random.c - see random.h.
 */
#include "tests/diff/random.h"

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

diff_random diff_random_of(uint64_t seed, uint64_t number)
{
    return (diff_random){.state = mix(mix(seed + 1) + number)};
}

diff_random diff_random_of_bytes(const uint8_t *bytes, size_t size)
{
    return (diff_random){.bytes = bytes, .size = size};
}

unsigned diff_below(diff_random *random, unsigned bound)
{
    if (!random->bytes) {
        random->state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
        return (unsigned)(mix(random->state) % bound);
    }
    unsigned value = random->at < random->size ? random->bytes[random->at++] : 0;
    if (bound > 256) {
        value = value << 8 | (random->at < random->size ? random->bytes[random->at++] : 0);
    }
    return value % bound;
}

bool diff_chance(diff_random *random, unsigned percent)
{
    return diff_below(random, 100) >= 100 - percent;
}
