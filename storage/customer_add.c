/*
 * customer_add.c - gives ordinals to ids while rows are loaded.
 *
 * What is new since the base is kept in memory: the ids one after the other, where each begins, and
 * an open-addressing table of (32 bits of hash, number + 1), at most three quarters full. Eight
 * million ids of nine bytes take some 250 MB. A lookup in it waits for memory three times (slot,
 * beginning, bytes), each time for the one before; so many ids are looked up in steps, each of
 * which asks for what the next will need: an id then costs a tenth of the time.
 */
#include "storage/customer_part.h"

#include "storage/base/limits.h"
#include "storage/base/mem.h"

#include <assert.h>
#include <string.h>

enum {
#ifdef MU_TINY
    FIRST_SLOTS = 4,
    TOGETHER = 3,
    BLOCK_BITS = 3,
#else
    FIRST_SLOTS = 1 << 12,
    TOGETHER = 32,   /* about as many loads as a processor keeps under way, twice over */
    BLOCK_BITS = 16, /* 65,536 ids of at most 1 KiB: places in them fit 32 bits */
#endif
};

static_assert(((uint64_t)MU_MAX_ID_BYTES << BLOCK_BITS) <= UINT32_MAX, "a place fits 32 bits");

struct mu_customer_adder {
    const mu_customers *base; /* borrowed */
    const mu_kind *kind;      /* borrowed */
    uint32_t count;           /* of the new ones */

    uint64_t *slots; /* hash in the high half, number + 1 in the low one; 0: free */
    size_t slot_count;

    int64_t *numbers; /* BIGINT ids, by number */
    size_t number_capacity;
    uint8_t *bytes; /* TEXT ids */
    size_t byte_count, byte_capacity;
    uint32_t *starts; /* where each begins, less the start of its block */
    size_t start_capacity;
    uint64_t *blocks; /* where every 2^BLOCK_BITS-th begins */
    size_t block_capacity;
};

mu_customer_adder *mu_customer_adder_new(const mu_customers *base, const mu_kind *kind)
{
    mu_customer_adder *adder = mu_mem_zalloc(sizeof *adder);

    if (adder) {
        adder->base = base;
        adder->kind = kind;
    }
    return adder;
}

void mu_customer_adder_free(mu_customer_adder *adder)
{
    if (adder) {
        mu_mem_free(adder->slots);
        mu_mem_free(adder->numbers);
        mu_mem_free(adder->bytes);
        mu_mem_free(adder->starts);
        mu_mem_free(adder->blocks);
        mu_mem_free(adder);
    }
}

uint32_t mu_customer_adder_count(const mu_customer_adder *adder)
{
    return mu_customers_count(adder->base) + adder->count;
}

uint32_t mu_customer_adder_new_count(const mu_customer_adder *adder)
{
    return adder->count;
}

static uint64_t start_of(const mu_customer_adder *adder, uint32_t i)
{
    return i == adder->count ? adder->byte_count
                             : adder->blocks[i >> BLOCK_BITS] + adder->starts[i];
}

static mu_customer_id new_id(const mu_customer_adder *adder, uint32_t i)
{
    assert(i < adder->count);
    if (*adder->kind == MU_BIGINT) {
        return (mu_customer_id){.number = adder->numbers[i]};
    }
    const uint64_t start = start_of(adder, i);
    return (mu_customer_id){
        .text = {(const char *)adder->bytes + start, (uint32_t)(start_of(adder, i + 1) - start)}};
}

/* The slot to begin at: of the 32 bits that slots keep, so that a larger table can be filled
 * without hashing again. */
static size_t first_slot(uint32_t hash, size_t slot_count)
{
    return (size_t)((uint64_t)hash * slot_count >> 32);
}

static size_t next_slot(const mu_customer_adder *adder, size_t slot)
{
    return slot + 1 == adder->slot_count ? 0 : slot + 1;
}

static void put_slot(uint64_t *slots, size_t slot_count, uint64_t entry)
{
    size_t slot = first_slot((uint32_t)(entry >> 32), slot_count);

    while (slots[slot] != 0) {
        slot = slot + 1 == slot_count ? 0 : slot + 1;
    }
    slots[slot] = entry;
}

/* Makes room for one more. */
static bool reserve_slots(mu_customer_adder *adder)
{
    if (((uint64_t)adder->count + 1) * 4 <= (uint64_t)adder->slot_count * 3) {
        return true;
    }
    const size_t wanted = adder->slot_count == 0 ? FIRST_SLOTS : adder->slot_count * 2;
    uint64_t *slots = mu_mem_zalloc_array(wanted, sizeof *slots);
    if (!slots) {
        return false;
    }
    /* In order of the slots, which is that of the hashes: both tables are gone through once. */
    for (size_t i = 0; i < adder->slot_count; i++) {
        if (adder->slots[i] != 0) {
            put_slot(slots, wanted, adder->slots[i]);
        }
    }
    mu_mem_free(adder->slots);
    adder->slots = slots;
    adder->slot_count = wanted;
    return true;
}

/* Keeps the id as the next new one. Nothing has changed where memory is short. */
static bool keep_id(mu_customer_adder *adder, mu_customer_id id)
{
    const uint32_t i = adder->count;

    if (*adder->kind == MU_BIGINT) {
        if (!mu_mem_reserve(&adder->numbers, &adder->number_capacity, (size_t)i + 1,
                            sizeof *adder->numbers)) {
            return false;
        }
        adder->numbers[i] = id.number;
        return true;
    }
    const size_t block = i >> BLOCK_BITS;
    if (!mu_mem_reserve(&adder->bytes, &adder->byte_capacity, adder->byte_count + id.text.size + 1,
                        1) ||
        !mu_mem_reserve(&adder->starts, &adder->start_capacity, (size_t)i + 1,
                        sizeof *adder->starts) ||
        !mu_mem_reserve(&adder->blocks, &adder->block_capacity, block + 1, sizeof *adder->blocks)) {
        return false;
    }
    if (i == (uint32_t)block << BLOCK_BITS) {
        adder->blocks[block] = adder->byte_count;
    }
    adder->starts[i] = (uint32_t)(adder->byte_count - adder->blocks[block]);
    if (id.text.size > 0) {
        memcpy(adder->bytes + adder->byte_count, id.text.data, id.text.size);
    }
    adder->byte_count += id.text.size;
    return true;
}

/* The number of the id among the new ones, or MU_NO_CUSTOMER. */
static uint32_t find_new(const mu_customer_adder *adder, mu_customer_id id, uint64_t hash)
{
    if (adder->slot_count == 0) {
        return MU_NO_CUSTOMER;
    }
    const uint32_t wanted = (uint32_t)(hash >> 32);
    for (size_t slot = first_slot(wanted, adder->slot_count); adder->slots[slot] != 0;
         slot = next_slot(adder, slot)) {
        const uint64_t entry = adder->slots[slot];
        if ((uint32_t)(entry >> 32) == wanted) {
            const uint32_t i = (uint32_t)entry - 1;
            if (mu_customer_id_equal(*adder->kind, new_id(adder, i), id)) {
                return i;
            }
        }
    }
    return MU_NO_CUSTOMER;
}

static muster_status check_id(const mu_customer_adder *adder, mu_customer_id id, muster_error *err)
{
    if (*adder->kind == MU_TEXT) {
        if (id.text.size > MU_MAX_ID_BYTES) {
            return mu_fail(err, MUSTER_INVALID,
                           "the customer \"%.40s...\" has an id of %u bytes; at most %d are "
                           "possible",
                           id.text.data, id.text.size, (int)MU_MAX_ID_BYTES);
        }
        return MUSTER_OK;
    }
    if (*adder->kind != MU_BIGINT) {
        return mu_fail(err, MUSTER_INVALID,
                       "it is not known yet whether ids of customers are TEXT or BIGINT; create "
                       "an event table first");
    }
    return MUSTER_OK;
}

static muster_status add_hashed(mu_customer_adder *adder, mu_customer_id id, uint64_t hash,
                                uint32_t *ordinal, muster_error *err)
{
    const uint32_t base_count = mu_customers_count(adder->base);
    const uint32_t i = find_new(adder, id, hash);

    if (i != MU_NO_CUSTOMER) {
        *ordinal = base_count + i;
        return MUSTER_OK;
    }
    *ordinal = MU_NO_CUSTOMER;
    for (uint32_t part = 0; part < mu_customers_part_count(adder->base); part++) {
        MU_TRY(mu_customer_part_find(mu_customers_part(adder->base, part), id, hash,
                                     mu_customers_hidden(adder->base), ordinal, err));
        if (*ordinal != MU_NO_CUSTOMER) {
            return MUSTER_OK;
        }
    }
    if (base_count + adder->count == MU_NO_CUSTOMER) {
        return mu_fail(err, MUSTER_INVALID, "the database has %u customers; it cannot hold more",
                       base_count + adder->count);
    }
    if (!reserve_slots(adder) || !keep_id(adder, id)) {
        return mu_fail_memory(err, "adding customers");
    }
    *ordinal = base_count + adder->count++;
    put_slot(adder->slots, adder->slot_count, hash >> 32 << 32 | adder->count);
    return MUSTER_OK;
}

muster_status mu_customer_adder_add(mu_customer_adder *adder, mu_customer_id id, uint32_t *ordinal,
                                    muster_error *err)
{
    MU_TRY(check_id(adder, id, err));
    return add_hashed(adder, id, mu_customer_hash(*adder->kind, id), ordinal, err);
}

/* Fetches what looking for the hash will touch: first the slots and lines, then (of the first slot
 * that matches) the place of the id, then its bytes. */
static void fetch_slots(const mu_customer_adder *adder, uint64_t hash)
{
    if (adder->slot_count > 0) {
        __builtin_prefetch(&adder->slots[first_slot((uint32_t)(hash >> 32), adder->slot_count)]);
    }
    for (uint32_t part = 0; part < mu_customers_part_count(adder->base); part++) {
        mu_customer_part_prefetch(mu_customers_part(adder->base, part), hash);
    }
}

/* The number in the first slot with this hash, or MU_NO_CUSTOMER. */
static uint32_t likely_number(const mu_customer_adder *adder, uint64_t hash)
{
    const uint32_t wanted = (uint32_t)(hash >> 32);

    if (adder->slot_count == 0) {
        return MU_NO_CUSTOMER;
    }
    for (size_t slot = first_slot(wanted, adder->slot_count); adder->slots[slot] != 0;
         slot = next_slot(adder, slot)) {
        if ((uint32_t)(adder->slots[slot] >> 32) == wanted) {
            return (uint32_t)adder->slots[slot] - 1;
        }
    }
    return MU_NO_CUSTOMER;
}

static muster_status add_together(mu_customer_adder *adder, uint32_t count,
                                  const mu_customer_id *ids, uint32_t *ordinals, muster_error *err)
{
    const bool text = *adder->kind == MU_TEXT;
    uint64_t hashes[TOGETHER];
    uint32_t numbers[TOGETHER];

    for (uint32_t i = 0; i < count; i++) {
        MU_TRY(check_id(adder, ids[i], err));
        hashes[i] = mu_customer_hash(*adder->kind, ids[i]);
        fetch_slots(adder, hashes[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        numbers[i] = likely_number(adder, hashes[i]);
        if (numbers[i] != MU_NO_CUSTOMER) {
            __builtin_prefetch(text ? (const void *)&adder->starts[numbers[i]]
                                    : (const void *)&adder->numbers[numbers[i]]);
        }
    }
    for (uint32_t i = 0; i < count && text; i++) {
        if (numbers[i] != MU_NO_CUSTOMER) {
            __builtin_prefetch(adder->bytes + start_of(adder, numbers[i]));
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        MU_TRY(add_hashed(adder, ids[i], hashes[i], &ordinals[i], err));
    }
    return MUSTER_OK;
}

muster_status mu_customer_adder_add_many(mu_customer_adder *adder, uint32_t count,
                                         const mu_customer_id *ids, uint32_t *ordinals,
                                         muster_error *err)
{
    for (uint32_t at = 0; at < count; at += TOGETHER) {
        const uint32_t part = count - at < TOGETHER ? count - at : TOGETHER;
        MU_TRY(add_together(adder, part, &ids[at], &ordinals[at], err));
    }
    return MUSTER_OK;
}

/* Writing. */

typedef struct merged {
    const mu_customer_adder *adder;
    uint32_t first; /* the ordinal of the 0th */
    const atomic_bool *cancel;
    char room[MU_PACKED_ID_BYTES];
} merged;

static muster_status merged_id(void *context, uint32_t i, mu_customer_id *id, muster_error *err)
{
    merged *m = context;
    const uint32_t ordinal = m->first + i;
    const uint32_t base_count = mu_customers_count(m->adder->base);

    if (m->cancel && atomic_load_explicit(m->cancel, memory_order_relaxed)) {
        return mu_fail(err, MUSTER_CANCELLED, "cancelled while writing the customers");
    }
    if (ordinal < base_count) {
        return mu_customers_id(m->adder->base, ordinal, m->room, id, err);
    }
    *id = new_id(m->adder, ordinal - base_count);
    return MUSTER_OK;
}

muster_status mu_customer_adder_write(mu_customer_adder *adder, const mu_customer_writing *how,
                                      uint32_t *keep, mu_customer_part_info *info, mu_map *bytes,
                                      muster_error *err)
{
    uint32_t count = adder->count;

    *keep = mu_customers_part_count(adder->base);
    assert(count > 0 || *keep > how->most);
    mu_mem_free(adder->slots); /* it is the largest piece, and no more lookups come */
    adder->slots = NULL;
    adder->slot_count = 0;
    while (*keep > how->least &&
           (*keep > how->most || mu_customers_part(adder->base, *keep - 1)->info.count <= count)) {
        count += mu_customers_part(adder->base, --*keep)->info.count;
    }
    merged context = {
        .adder = adder, .first = mu_customer_adder_count(adder) - count, .cancel = how->cancel};
    *info = (mu_customer_part_info){.file = how->file, .first = context.first, .count = count};
    return mu_customer_part_write(how->directory, *adder->kind, mu_customers_hidden(adder->base),
                                  merged_id, &context, info, bytes, err);
}
