/*
 * distance.h - how far one name is from another, to say which one was meant.
 */
#ifndef MU_DISTANCE_H
#define MU_DISTANCE_H

#include <stddef.h>
#include <stdint.h>

/* Characters to insert, drop, change or swap with their neighbour to make `a` of `b`, ASCII case
 * aside. Names longer than 64 bytes are UINT32_MAX from all others. */
uint32_t mu_distance(const char *a, size_t a_size, const char *b, size_t b_size);

/* The nearest of what is offered so far to a name that was not found. */
typedef struct mu_nearest {
    const char *wanted;
    const char *best; /* borrowed from who offered it; NULL if none is near */
    uint32_t distance;
} mu_nearest;

mu_nearest mu_nearest_to(const char *wanted);
void mu_nearest_offer(mu_nearest *nearest, const char *name);

#endif
