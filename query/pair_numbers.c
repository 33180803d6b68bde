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
    while (numbers->count > 0) {
        const mu_pair pair = numbers->pairs[numbers->count - 1];
        const size_t place = mu_pair_place(pair);
        if (place <= MU_SMALL_WORDS) {
            numbers->small[place] = 0;
        } else {
            numbers->slots[slot_of(numbers, pair)] = 0;
        }
        numbers->count--;
    }
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
        if (mu_pair_place(numbers->pairs[i]) > MU_SMALL_WORDS) {
            slots[slot_of(numbers, numbers->pairs[i])] = i + 1;
        }
    }
    return true;
}

bool mu_pair_numbers_look_up(mu_pair_numbers *numbers, mu_pair pair, uint32_t *number)
{
    const size_t place = mu_pair_place(pair);
    uint32_t *slot;

    if (!mu_mem_reserve(&numbers->pairs, &numbers->pair_capacity, (size_t)numbers->count + 1,
                        sizeof *numbers->pairs)) {
        return false;
    }
    if (place <= MU_SMALL_WORDS) {
        slot = &numbers->small[place];
    } else {
        if ((size_t)numbers->count * 2 >= numbers->slot_count && !grow(numbers)) {
            return false;
        }
        slot = &numbers->slots[slot_of(numbers, pair)];
    }
    if (*slot == 0) {
        numbers->pairs[numbers->count++] = pair;
        *slot = numbers->count;
    }
    *number = *slot - 1;
    return true;
}
