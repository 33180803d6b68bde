/*
 * agg_sort.c - the items of lists in order of (group, value), as far as someone looks.
 *
 * A quantile looks at one place, or two. So many items are first put into buckets by one digit, the
 * highest in which any of them differ: of the groups, or of the values if there is but one group.
 * Then each item is in the bucket where it belongs, and a bucket is sorted when something in it is
 * asked for: by digits from the lowest to the highest, those of the group being above those of the
 * value; digits that are the same in all items are passed over. A few items are not worth counting
 * digits for, nor are they worth buckets.
 */
#include "query/agg_states.h"
#include "storage/base/mem.h"

#include <assert.h>

enum {
    INSERTED = 16, /* items that are put in order one by one */
    WIDE = 11,     /* bits of a digit, of many items */
    NARROW = 8,    /* and of few */
    MOST_DIGITS = 1 << WIDE,
    MANY = 4 * MOST_DIGITS
};

struct mu_agg_buckets {
    size_t ends[MOST_DIGITS];
    bool sorted[MOST_DIGITS];
};

void mu_agg_forget_order(mu_agg_states *states)
{
    mu_mem_free(states->starts);
    mu_mem_free(states->buckets);
    states->starts = NULL;
    states->buckets = NULL;
}

static muster_status fail_memory(muster_error *err)
{
    return mu_fail_memory(err, "sorting the values of an aggregate");
}

/* Where items belong, by the digit that begins at the bit `shift`. */
typedef struct digit {
    bool of_group;
    unsigned shift, width;
} digit;

/* The value as a number without a sign. */
static uint64_t rank_of(const mu_agg_item *item)
{
    return (uint64_t)item->bits ^ UINT64_C(1) << 63;
}

static size_t digit_of(const mu_agg_item *item, digit d)
{
    return ((d.of_group ? item->group : rank_of(item)) >> d.shift) & ((UINT64_C(1) << d.width) - 1);
}

/* Puts the items to `to`, by one digit, otherwise as they are; ends[v] is where those with the
 * digit v end. */
static void put_by_digit(const mu_agg_item *items, mu_agg_item *to, size_t count, digit d,
                         size_t ends[MOST_DIGITS])
{
    size_t place = 0;

    memset(ends, 0, (sizeof *ends) << d.width);
    for (size_t i = 0; i < count && !mu_stopped_at(i); i++) {
        ends[digit_of(&items[i], d)]++;
    }
    for (size_t v = 0; v < (size_t)1 << d.width; v++) {
        const size_t here = ends[v];
        ends[v] = place;
        place += here;
    }
    for (size_t i = 0; i < count && !mu_stopped_at(i); i++) {
        to[ends[digit_of(&items[i], d)]++] = items[i];
    }
}

/* The bits in which items differ. */
typedef struct differing {
    uint64_t values, groups;
} differing;

static differing find_differing(const mu_agg_item *items, size_t count)
{
    differing d = {0};

    for (size_t i = 1; i < count; i++) {
        d.values |= (uint64_t)(items[i].bits ^ items[0].bits);
        d.groups |= items[i].group ^ items[0].group;
    }
    return d;
}

/* By all digits that have some of the bits; the sorted items and the others change places. */
static void sort_by_digits(mu_agg_item **items, mu_agg_item **spare, size_t count, bool of_group,
                           uint64_t bits)
{
    digit d = {.of_group = of_group, .width = count < MANY ? NARROW : WIDE};
    size_t ends[MOST_DIGITS];

    while (bits != 0 && !mu_stopped()) {
        d.shift = mu_bits_lowest(bits);
        put_by_digit(*items, *spare, count, d, ends);
        mu_agg_item *const sorted = *spare;
        *spare = *items;
        *items = sorted;
        bits = d.shift + d.width < 64 ? bits >> (d.shift + d.width) << (d.shift + d.width) : 0;
    }
}

static void insert_each(mu_agg_item *items, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const mu_agg_item item = items[i];
        size_t at = i;
        for (; at > 0 && (items[at - 1].group > item.group ||
                          (items[at - 1].group == item.group && items[at - 1].bits > item.bits));
             at--) {
            items[at] = items[at - 1];
        }
        items[at] = item;
    }
}

/* False where it was stopped, or out of memory. */
static bool put_in_order(mu_agg_item *items, size_t count)
{
    mu_agg_item *sorted = items;

    if (count <= INSERTED) {
        insert_each(items, count);
        return true;
    }
    mu_agg_item *const room = mu_mem_alloc_array(count, sizeof *room);
    mu_agg_item *spare = room;
    if (!room) {
        return false;
    }
    const differing d = find_differing(items, count);
    sort_by_digits(&sorted, &spare, count, false, d.values);
    sort_by_digits(&sorted, &spare, count, true, d.groups);
    if (sorted != items) {
        memcpy(items, sorted, count * sizeof *items);
    }
    mu_mem_free(room);
    return !mu_stopped();
}

bool mu_agg_make_buckets(mu_agg_states *states)
{
    const size_t count = states->item_count;
    const differing differ = find_differing(states->items, count);
    const uint64_t bits = differ.groups ? differ.groups : differ.values;
    digit d = {.of_group = differ.groups != 0, .width = WIDE};

    assert(!states->buckets);
    if (count < MANY || bits == 0) {
        return put_in_order(states->items, count);
    }
    const unsigned used = 64 - (unsigned)__builtin_clzll(bits);
    d.shift = used > WIDE ? used - WIDE : 0;
    mu_agg_item *items = mu_mem_alloc_array(count, sizeof *items);
    states->buckets = mu_mem_zalloc(sizeof *states->buckets);
    if (!items || !states->buckets) {
        mu_mem_free(items);
        mu_agg_forget_order(states);
        return false;
    }
    put_by_digit(states->items, items, count, d, states->buckets->ends);
    mu_mem_free(states->items);
    states->items = items;
    states->item_capacity = count;
    return !mu_stopped();
}

/* The bucket that a place lies in. */
static size_t find_bucket(const mu_agg_buckets *buckets, size_t place)
{
    size_t low = 0, high = MOST_DIGITS;

    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (buckets->ends[middle] <= place) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

muster_status mu_agg_sort_between(mu_agg_states *states, size_t first, size_t end,
                                  muster_error *err)
{
    mu_agg_buckets *buckets = states->buckets;

    assert(states->starts && end <= states->item_count);
    if (!buckets || first == end) {
        return MUSTER_OK;
    }
    for (size_t v = find_bucket(buckets, first); v < MOST_DIGITS; v++) {
        const size_t from = v > 0 ? buckets->ends[v - 1] : 0;
        if (from >= end) {
            break;
        }
        if (buckets->sorted[v]) {
            continue;
        }
        if (!put_in_order(&states->items[from], buckets->ends[v] - from)) {
            return fail_memory(err);
        }
        buckets->sorted[v] = true;
    }
    return MUSTER_OK;
}
