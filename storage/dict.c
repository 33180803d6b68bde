/*
 * dict.c - building dictionaries, sorting them, and joining many into one.
 *
 * A builder is an open-addressing hash table of codes beside the texts themselves. Slots are kept
 * at most half full; each code's hash is kept too, so that growing touches no text and a miss
 * rarely does. Sorting compares the first eight bytes as one number and looks further only at ties.
 */
#include "storage/dict.h"

#include "storage/base/bits.h"
#include "storage/base/hash.h"
#include "storage/base/mem.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

enum {
    FIRST_SLOTS = 64,
    MOST_TEXTS = 1 << 30, /* half of the most slots that a uint32_t can count as a power of 2 */
};

uint64_t mu_dict_next_id(void)
{
    static atomic_uint_least64_t last;

    return atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1;
}

uint32_t mu_dict_find(const mu_dict *dict, mu_text text)
{
    uint32_t low = 0, high = dict->count;

    assert(dict->sorted);
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const int order = mu_text_compare(mu_dict_text(dict, middle), text);

        if (order == 0) {
            return middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return MU_NO_CODE;
}

static uint32_t hash_of(mu_text text)
{
    return (uint32_t)mu_hash_bytes(text.data, text.size);
}

/* The slot that has the text, or the free one where it belongs. */
static uint32_t find_slot(const mu_dict_builder *builder, mu_text text, uint32_t hash)
{
    const uint32_t mask = builder->slot_count - 1;
    uint32_t slot = hash & mask;

    assert(builder->dict.count < builder->slot_count);
    while (builder->slots[slot] != 0) {
        const uint32_t code = builder->slots[slot] - 1;
        if (builder->hashes[code] == hash &&
            mu_text_equal(mu_dict_text(&builder->dict, code), text)) {
            break;
        }
        slot = (slot + 1) & mask;
    }
    return slot;
}

static bool grow_slots(mu_dict_builder *builder)
{
    const uint32_t slot_count = builder->slot_count == 0 ? FIRST_SLOTS : builder->slot_count * 2;
    uint32_t *slots = mu_mem_zalloc_array(slot_count, sizeof *slots);

    if (!slots) {
        return false;
    }
    for (uint32_t code = 0; code < builder->dict.count; code++) {
        if (mu_stopped_at(code)) {
            mu_mem_free(slots);
            return false;
        }
        uint32_t slot = builder->hashes[code] & (slot_count - 1);
        while (slots[slot] != 0) {
            slot = (slot + 1) & (slot_count - 1);
        }
        slots[slot] = code + 1;
    }
    mu_mem_free(builder->slots);
    builder->slots = slots;
    builder->slot_count = slot_count;
    return true;
}

/* Room for one more text of `size` bytes. */
static bool make_room(mu_dict_builder *builder, uint32_t size)
{
    const size_t count = builder->dict.count;
    const size_t used = count == 0 ? 0 : builder->offsets[count];
    const bool room =
        mu_mem_reserve(&builder->offsets, &builder->offset_capacity, count + 2,
                       sizeof *builder->offsets) &&
        mu_mem_reserve(&builder->bytes, &builder->byte_capacity, used + size + 1, 1) &&
        mu_mem_reserve(&builder->hashes, &builder->hash_capacity, count + 1,
                       sizeof *builder->hashes);

    builder->dict.offsets = builder->offsets;
    builder->dict.bytes = builder->bytes;
    return room;
}

bool mu_dict_builder_add(mu_dict_builder *builder, mu_text text, uint32_t *code)
{
    const uint32_t count = builder->dict.count;
    const uint32_t hash = hash_of(text);

    if (builder->slot_count < 2 * ((uint64_t)count + 1) && !grow_slots(builder)) {
        return false;
    }
    const uint32_t slot = find_slot(builder, text, hash);
    if (builder->slots[slot] != 0) {
        *code = builder->slots[slot] - 1;
        return true;
    }
    if (count == MOST_TEXTS || !make_room(builder, text.size)) {
        return false;
    }
    if (count == 0) {
        builder->offsets[0] = 0;
    }
    if (text.size > 0) {
        memcpy(builder->bytes + builder->offsets[count], text.data, text.size);
    }
    builder->offsets[count + 1] = builder->offsets[count] + text.size;
    builder->hashes[count] = hash;
    builder->slots[slot] = count + 1;
    builder->dict.count = count + 1;
    if (builder->dict.id == 0) {
        builder->dict.id = mu_dict_next_id();
    }
    *code = count;
    return true;
}

uint32_t mu_dict_builder_find(const mu_dict_builder *builder, mu_text text)
{
    if (builder->dict.count == 0) {
        return MU_NO_CODE;
    }
    const uint32_t slot = find_slot(builder, text, hash_of(text));
    return builder->slots[slot] == 0 ? MU_NO_CODE : builder->slots[slot] - 1;
}

size_t mu_dict_builder_bytes(const mu_dict_builder *builder)
{
    return builder->offset_capacity * sizeof *builder->offsets + builder->byte_capacity +
           builder->slot_count * sizeof *builder->slots +
           builder->hash_capacity * sizeof *builder->hashes;
}

void mu_dict_builder_reset(mu_dict_builder *builder)
{
    if (builder->slots) {
        memset(builder->slots, 0, builder->slot_count * sizeof *builder->slots);
    }
    builder->dict.count = 0;
    builder->dict.id = 0; /* the next text makes it another dictionary */
}

void mu_dict_builder_deinit(mu_dict_builder *builder)
{
    mu_mem_free(builder->offsets);
    mu_mem_free(builder->bytes);
    mu_mem_free(builder->slots);
    mu_mem_free(builder->hashes);
    *builder = (mu_dict_builder){0};
}

typedef struct sort_key {
    uint64_t prefix; /* the first eight bytes, the first highest; zeros behind a shorter text */
    uint32_t code;
} sort_key;

static uint64_t prefix_of(mu_text text)
{
    uint64_t prefix = 0;

    for (uint32_t i = 0; i < 8; i++) {
        prefix = prefix << 8 | (i < text.size ? (uint8_t)text.data[i] : 0);
    }
    return prefix;
}

static bool comes_before(const mu_dict *dict, sort_key a, sort_key b)
{
    if (a.prefix != b.prefix) {
        return a.prefix < b.prefix;
    }
    return mu_text_compare(mu_dict_text(dict, a.code), mu_dict_text(dict, b.code)) < 0;
}

/* Merges sorted stretches of 1, 2, 4 ... keys until one is left; returns the array it is in, which
 * is `keys` or `other`, or NULL where the statement is stopped. */
static const sort_key *sort_keys(const mu_dict *dict, sort_key *keys, sort_key *other)
{
    const size_t count = dict->count;

    for (size_t stretch = 1; stretch < count; stretch *= 2) {
        for (size_t start = 0; start < count; start += 2 * stretch) {
            const size_t middle = start + stretch < count ? start + stretch : count;
            const size_t end = middle + stretch < count ? middle + stretch : count;
            size_t left = start, right = middle;

            for (size_t i = start; i < end; i++) {
                if (mu_stopped_at(i)) {
                    return NULL;
                }
                const bool from_right =
                    left == middle || (right < end && comes_before(dict, keys[right], keys[left]));
                other[i] = from_right ? keys[right++] : keys[left++];
            }
        }
        sort_key *sorted = other;
        other = keys;
        keys = sorted;
    }
    return keys;
}

/* False where the statement is stopped. */
static bool fill_keys(const mu_dict *dict, sort_key *keys)
{
    for (uint32_t code = 0; code < dict->count; code++) {
        if (mu_stopped_at(code)) {
            return false;
        }
        keys[code] = (sort_key){prefix_of(mu_dict_text(dict, code)), code};
    }
    return true;
}

bool mu_dict_builder_sort(const mu_dict_builder *builder, uint32_t **order, uint32_t **rank)
{
    const mu_dict *dict = &builder->dict;
    sort_key *keys = mu_mem_alloc_array(dict->count, 2 * sizeof *keys);

    *order = mu_mem_alloc_array(dict->count, sizeof **order);
    *rank = mu_mem_alloc_array(dict->count, sizeof **rank);
    const sort_key *sorted = NULL;
    if (keys && *order && *rank && fill_keys(dict, keys)) {
        sorted = sort_keys(dict, keys, keys + dict->count);
    }
    if (!sorted) {
        mu_mem_free(keys);
        mu_mem_free(*order);
        mu_mem_free(*rank);
        *order = *rank = NULL;
        return false;
    }
    for (uint32_t i = 0; i < dict->count; i++) {
        (*order)[i] = sorted[i].code;
        (*rank)[sorted[i].code] = i;
    }
    mu_mem_free(keys);
    return true;
}
