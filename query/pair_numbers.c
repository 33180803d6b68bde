/*
 * pair_numbers.c - a hash table whose entries are numbered.
 */
#include "query/pair_numbers.h"

#include "storage/base/hash.h"
#include "storage/base/mem.h"

#include <string.h>

enum {
    FIRST_SLOTS = 64
};

void mu_pair_numbers_deinit(mu_pair_numbers *numbers)
{
    mu_mem_free(numbers->pairs);
    mu_mem_free(numbers->slots);
}

/* Where the pair is, or would be. */
static size_t slot_of(const mu_pair_numbers *numbers, mu_pair pair)
{
    size_t at = mu_hash_combine((uint64_t)pair.a, (uint64_t)pair.b) & (numbers->slot_count - 1);

    for (uint32_t n = numbers->slots[at]; n != 0; n = numbers->slots[at]) {
        if (numbers->pairs[n - 1].a == pair.a && numbers->pairs[n - 1].b == pair.b) {
            break;
        }
        at = (at + 1) & (numbers->slot_count - 1);
    }
    return at;
}

/* Of many slots, only those that are taken are cleared: each pair's, while those that were numbered
 * before it are still found. */
void mu_pair_numbers_reset(mu_pair_numbers *numbers)
{
    if (numbers->count > numbers->slot_count / 16) {
        memset(numbers->slots, 0, numbers->slot_count * sizeof *numbers->slots);
        numbers->count = 0;
    }
    while (numbers->count > 0) {
        numbers->slots[slot_of(numbers, numbers->pairs[numbers->count - 1])] = 0;
        numbers->count--;
    }
    numbers->last = 0;
}

static bool grow(mu_pair_numbers *numbers)
{
    const size_t count = numbers->slot_count == 0 ? FIRST_SLOTS : numbers->slot_count * 2;
    uint32_t *slots = mu_mem_zalloc_array(count, sizeof *slots);

    if (!slots) {
        return false;
    }
    mu_mem_free(numbers->slots);
    numbers->slots = slots;
    numbers->slot_count = count;
    for (uint32_t i = 0; i < numbers->count; i++) {
        slots[slot_of(numbers, numbers->pairs[i])] = i + 1;
    }
    return true;
}

bool mu_pair_numbers_look_up(mu_pair_numbers *numbers, mu_pair pair, uint32_t *number)
{
    if ((size_t)numbers->count * 2 >= numbers->slot_count && !grow(numbers)) {
        return false;
    }
    const size_t at = slot_of(numbers, pair);
    if (numbers->slots[at] == 0) {
        if (!mu_mem_reserve(&numbers->pairs, &numbers->pair_capacity, (size_t)numbers->count + 1,
                            sizeof *numbers->pairs)) {
            return false;
        }
        numbers->pairs[numbers->count++] = pair;
        numbers->slots[at] = numbers->count;
    }
    *number = numbers->slots[at] - 1;
    numbers->last = *number;
    return true;
}
