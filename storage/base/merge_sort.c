/*
 * merge_sort.c - stretches of a few items are put in order one by one, then merged two by two.
 */
#include "storage/base/merge_sort.h"

#include "storage/base/mem.h"

#include <string.h>

enum {
    INSERTED = 8 /* items of a first stretch */
};

typedef struct sorting {
    size_t count, size;
    mu_compare *compare;
    const void *context;
} sorting;

static bool before(const sorting *s, const char *left, const char *right)
{
    return s->compare(s->context, left, right) < 0;
}

/* Puts items first ... end - 1 in order; `one` has room for an item. */
static void insert_each(const sorting *s, char *items, size_t first, size_t end, char *one)
{
    for (size_t i = first + 1; i < end; i++) {
        size_t at = i;
        memcpy(one, items + i * s->size, s->size);
        while (at > first && before(s, one, items + (at - 1) * s->size)) {
            at--;
        }
        memmove(items + (at + 1) * s->size, items + at * s->size, (i - at) * s->size);
        memcpy(items + at * s->size, one, s->size);
    }
}

/* Merges stretches of that length two by two. */
static void merge(const sorting *s, const char *from, char *to, size_t stretch)
{
    for (size_t first = 0; first < s->count; first += 2 * stretch) {
        const size_t middle = first + stretch < s->count ? first + stretch : s->count;
        const size_t end = middle + stretch < s->count ? middle + stretch : s->count;
        size_t left = first, right = middle;
        for (size_t i = first; i < end; i++) {
            if (mu_stopped_at(i)) {
                return;
            }
            const bool from_right =
                left == middle ||
                (right < end && before(s, from + right * s->size, from + left * s->size));
            memcpy(to + i * s->size, from + (from_right ? right++ : left++) * s->size, s->size);
        }
    }
}

bool mu_merge_sort(void *items, void *spare, size_t count, size_t size, mu_compare *compare,
                   const void *context)
{
    const sorting s = {count, size, compare, context};
    char *from = items, *to = spare;

    for (size_t first = 0; first < count && !mu_stopped_at(first); first += INSERTED) {
        insert_each(&s, items, first, first + INSERTED < count ? first + INSERTED : count, spare);
    }
    for (size_t stretch = INSERTED; stretch < count && !mu_stopped(); stretch *= 2) {
        merge(&s, from, to, stretch);
        char *const merged = to;
        to = from;
        from = merged;
    }
    if (from != items) {
        memcpy(items, from, count * size);
    }
    return !mu_stopped();
}
