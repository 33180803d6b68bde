/*
 * distance.c - the optimal string alignment distance, over bytes, three rows at a time.
 *
 * Bytes instead of characters make a slip in a Chinese name count up to three times, but names
 * in Chinese are short and a slip there is another word, so that this hides nothing of use.
 */
#include "sql/distance.h"

#include <string.h>

enum {
    MOST_BYTES = 64
};

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

uint32_t mu_distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
    uint32_t rows[3][MOST_BYTES + 1];

    if (a_size > MOST_BYTES || b_size > MOST_BYTES) {
        return UINT32_MAX;
    }
    for (size_t j = 0; j <= b_size; j++) {
        rows[0][j] = (uint32_t)j;
    }
    for (size_t i = 1; i <= a_size; i++) {
        uint32_t *row = rows[i % 3];
        const uint32_t *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];

        row[0] = (uint32_t)i;
        for (size_t j = 1; j <= b_size; j++) {
            const uint32_t changed = lower(a[i - 1]) != lower(b[j - 1]);
            row[j] = least(above[j - 1] + changed, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1])) {
                row[j] = least(row[j], two_above[j - 2] + 1);
            }
        }
    }
    return rows[a_size % 3][b_size];
}

mu_nearest mu_nearest_to(const char *wanted)
{
    /* A third of the name may be wrong, and one letter always: more is another name. */
    const size_t size = strlen(wanted);
    return (mu_nearest){.wanted = wanted, .distance = (uint32_t)(size < 6 ? 2 : size / 3 + 1)};
}

void mu_nearest_offer(mu_nearest *nearest, const char *name)
{
    const uint32_t distance =
        mu_distance(nearest->wanted, strlen(nearest->wanted), name, strlen(name));

    if (distance < nearest->distance && distance < strlen(nearest->wanted)) {
        nearest->best = name;
        nearest->distance = distance;
    }
}
