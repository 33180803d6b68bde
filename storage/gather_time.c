/*
 * gather_time.c - a merge sort that does next to nothing where rows are in order already.
 *
 * A customer's rows come as runs that ascend, one for each segment. Neighbours are merged only
 * where the border between them is out of order, so a run costs no more than looking at it. One
 * customer may have many millions of rows; nothing here is quadratic in them.
 */
#include "storage/gather_time.h"

#include <string.h>

enum {
    SHORT_SPAN = 24, /* rows that are sorted by insertion: about where merging begins to win */
};

/* The places of one customer, or a part of them: times, and the rows they belong to. */
typedef struct span {
    int64_t *times;
    uint32_t *order;
    uint32_t rows;
} span;

static void insert(span s)
{
    for (uint32_t i = 1; i < s.rows; i++) {
        const int64_t time = s.times[i];
        const uint32_t row = s.order[i];
        uint32_t to = i;
        for (; to > 0 && s.times[to - 1] > time; to--) {
            s.times[to] = s.times[to - 1];
            s.order[to] = s.order[to - 1];
        }
        s.times[to] = time;
        s.order[to] = row;
    }
}

/* Merges the rows before and from `middle` on, each in order; of equal times, those before come
 * first. `spare` has room for the rows before. */
static void merge(span s, uint32_t middle, span spare)
{
    uint32_t left = 0, right = middle, to = 0;

    memcpy(spare.times, s.times, middle * sizeof *s.times);
    memcpy(spare.order, s.order, middle * sizeof *s.order);
    while (left < middle && right < s.rows) {
        if (s.times[right] < spare.times[left]) {
            s.times[to] = s.times[right];
            s.order[to++] = s.order[right++];
        } else {
            s.times[to] = spare.times[left];
            s.order[to++] = spare.order[left++];
        }
    }
    memcpy(&s.times[to], &spare.times[left], (middle - left) * sizeof *s.times);
    memcpy(&s.order[to], &spare.order[left], (middle - left) * sizeof *s.order);
}

static span part_of(span s, uint64_t first, uint64_t rows)
{
    const uint64_t left = s.rows - first;

    return (span){s.times + first, s.order + first, (uint32_t)(rows < left ? rows : left)};
}

void mu_gather_sort_times(int64_t *times, uint32_t *order, uint32_t rows, int64_t *spare_times,
                          uint32_t *spare_order)
{
    const span all = {times, order, rows}, spare = {spare_times, spare_order, rows};

    for (uint64_t first = 0; first < rows; first += SHORT_SPAN) {
        insert(part_of(all, first, SHORT_SPAN));
    }
    for (uint64_t size = SHORT_SPAN; size < rows; size *= 2) {
        for (uint64_t first = 0; first + size < rows; first += 2 * size) {
            if (times[first + size] < times[first + size - 1]) {
                merge(part_of(all, first, 2 * size), (uint32_t)size, spare);
            }
        }
    }
}
