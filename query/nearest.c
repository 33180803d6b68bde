/*
 * nearest.c - optimal string alignment distance, with an end as soon as it cannot win.
 */
#include "query/nearest.h"

#include "storage/base/limits.h"

static uint8_t lower(char c)
{
    return (uint8_t)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* The distance of two names of at most MU_MAX_NAME_BYTES; three rows of the table are enough. */
static uint32_t distance(mu_text a, mu_text b)
{
    uint32_t rows[3][MU_MAX_NAME_BYTES + 1];

    for (uint32_t j = 0; j <= b.size; j++) {
        rows[0][j] = j;
    }
    for (uint32_t i = 1; i <= a.size; i++) {
        uint32_t *row = rows[i % 3];
        const uint32_t *above = rows[(i + 2) % 3];
        const uint32_t *two_above = rows[(i + 1) % 3];
        row[0] = i;
        for (uint32_t j = 1; j <= b.size; j++) {
            const uint8_t x = lower(a.data[i - 1]);
            const uint8_t y = lower(b.data[j - 1]);
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == lower(b.data[j - 2]) && lower(a.data[i - 2]) == y) {
                row[j] = least(row[j], two_above[j - 2] + 1);
            }
        }
    }
    return rows[a.size % 3][b.size];
}

mu_nearest mu_nearest_of(mu_text wanted)
{
    return (mu_nearest){.wanted = wanted, .distance = UINT32_MAX};
}

void mu_nearest_try(mu_nearest *nearest, mu_text candidate)
{
    if (nearest->wanted.size > MU_MAX_NAME_BYTES || candidate.size > MU_MAX_NAME_BYTES) {
        return;
    }
    const uint32_t edits = distance(nearest->wanted, candidate);
    /* More than a slip in four letters is another name, and so is another letter. */
    if (edits < nearest->distance && (edits == 0 || edits < nearest->wanted.size) &&
        edits <= (nearest->wanted.size + 3) / 4) {
        nearest->best = candidate;
        nearest->distance = edits;
        nearest->found = true;
    }
}
