/*
 * customer_pack.c - ids in as many bits as they need.
 *
 *   u32  places: bytes of the longest id, at most 64; 0 for BIGINT
 *   u32  bits of a packed id
 *   i64  BIGINT: the smallest id; else 0
 *   u64  bit j: some id ends before place j
 *   then for each place 32 bytes: bit c % 8 of byte c / 8 is 1 if some id has the character c there
 *
 * The characters of a place, in order, are its digits, from 0; where an id may end, that comes
 * first. Digits of neighbouring places make one number as long as it fits 64 bits: the first place
 * has the highest digit. A packed id is its numbers one after another, each in as many bits as the
 * largest needs, from the lowest bit up.
 */
#include "storage/customer_pack.h"

#include "storage/base/bits.h"
#include "storage/base/mem.h"

#include <assert.h>
#include <string.h>

enum {
    PLACES = MU_PACKED_ID_BYTES,
    HEAD_BYTES = 4 + 4 + 8 + 8,
    PLACE_BYTES = 32,
    NO_DIGIT = 0xffff,
    END = 0, /* the digit of a place behind the end, where an id may end */
};

typedef struct place {
    uint64_t seen[4];     /* characters, as bits */
    uint16_t digits[256]; /* of each character, or NO_DIGIT */
    uint8_t characters[257];
    uint16_t count; /* of digits: characters, and perhaps the end */
} place;

/* Neighbouring places that are one number. */
typedef struct number {
    uint32_t first, end; /* places */
    uint32_t bits;
} number;

struct mu_id_packing {
    mu_kind kind;
    uint32_t longest;
    uint32_t bits;
    uint32_t number_count;
    uint64_t ends;
    int64_t min, max; /* BIGINT */
    bool any, too_long;
    number numbers[MU_PACK_MOST_NUMBERS];
    place places[PLACES];
};

mu_id_packing *mu_id_packing_new(mu_kind kind)
{
    mu_id_packing *packing = mu_mem_zalloc(sizeof *packing);

    if (packing) {
        packing->kind = kind;
    }
    return packing;
}

void mu_id_packing_free(mu_id_packing *packing)
{
    mu_mem_free(packing);
}

void mu_id_packing_see(mu_id_packing *packing, mu_customer_id id)
{
    if (packing->kind == MU_BIGINT) {
        packing->min = !packing->any || id.number < packing->min ? id.number : packing->min;
        packing->max = !packing->any || id.number > packing->max ? id.number : packing->max;
        packing->any = true;
        return;
    }
    if (id.text.size > PLACES) {
        packing->too_long = true;
        return;
    }
    packing->longest = id.text.size > packing->longest ? id.text.size : packing->longest;
    for (uint32_t i = 0; i < id.text.size; i++) {
        const uint8_t c = (uint8_t)id.text.data[i];
        packing->places[i].seen[c / 64] |= UINT64_C(1) << c % 64;
    }
    if (id.text.size < PLACES) {
        packing->ends |= UINT64_C(1) << id.text.size;
    }
}

static bool may_be_over(const mu_id_packing *packing, uint32_t at)
{
    return (packing->ends & (UINT64_MAX >> (63 - at))) != 0; /* it ends here or earlier */
}

static void number_digits(const mu_id_packing *packing, uint32_t at, place *p)
{
    p->count = may_be_over(packing, at);
    for (uint32_t c = 0; c < 256; c++) {
        p->digits[c] = NO_DIGIT;
        if (p->seen[c / 64] >> c % 64 & 1) {
            p->characters[p->count] = (uint8_t)c;
            p->digits[c] = p->count++;
        }
    }
}

/* Puts places together as long as their number fits 64 bits. */
static void settle_text(mu_id_packing *packing)
{
    number *now = packing->numbers;
    uint64_t largest = 0; /* of the number at hand */

    packing->number_count = packing->longest > 0;
    for (uint32_t i = 0; i < packing->longest; i++) {
        place *p = &packing->places[i];
        number_digits(packing, i, p);
        assert(p->count > 0);
        if (largest > (UINT64_MAX - (p->count - 1u)) / p->count) {
            *++now = (number){.first = i};
            packing->number_count++;
            largest = 0;
        }
        largest = largest * p->count + (p->count - 1u);
        now->end = i + 1;
        now->bits = mu_bits_width(largest);
    }
    for (uint32_t n = 0; n < packing->number_count; n++) {
        packing->bits += packing->numbers[n].bits;
    }
}

bool mu_id_packing_settle(mu_id_packing *packing)
{
    packing->bits = 0;
    if (packing->kind == MU_BIGINT) {
        packing->number_count = 1;
        packing->bits = mu_bits_width((uint64_t)packing->max - (uint64_t)packing->min);
        packing->numbers[0].bits = packing->bits;
        return true;
    }
    if (packing->too_long) {
        return false;
    }
    settle_text(packing);
    return true;
}

uint64_t mu_id_packing_bytes(const mu_id_packing *packing, uint32_t count)
{
    return ((uint64_t)packing->bits * count + 7) / 8 + MU_PACK_SLACK;
}

size_t mu_id_packing_size(const mu_id_packing *packing)
{
    return HEAD_BYTES + (size_t)packing->longest * PLACE_BYTES;
}

void mu_id_packing_write(const mu_id_packing *packing, mu_writer *out)
{
    mu_write_u32(out, packing->longest);
    mu_write_u32(out, packing->bits);
    mu_write_i64(out, packing->min);
    mu_write_u64(out, packing->ends);
    for (uint32_t i = 0; i < packing->longest; i++) {
        for (size_t w = 0; w < 4; w++) {
            mu_write_u64(out, packing->places[i].seen[w]);
        }
    }
}

bool mu_id_packing_head(const uint8_t *head, size_t *size)
{
    const uint32_t longest = mu_load_u32(head);

    *size = HEAD_BYTES + (size_t)longest * PLACE_BYTES;
    return longest <= PLACES;
}

static bool read_text(mu_id_packing *packing, mu_reader *in, uint32_t bits)
{
    for (uint32_t i = 0; i < packing->longest; i++) {
        place *p = &packing->places[i];
        for (size_t w = 0; w < 4; w++) {
            p->seen[w] = mu_read_u64(in);
        }
        if ((p->seen[0] | p->seen[1] | p->seen[2] | p->seen[3]) == 0) {
            return false;
        }
    }
    settle_text(packing);
    return packing->bits == bits;
}

muster_status mu_id_packing_open(mu_kind kind, const uint8_t *data, size_t size,
                                 mu_id_packing **out, muster_error *err)
{
    mu_id_packing *packing = mu_id_packing_new(kind);
    mu_reader in = mu_reader_of(data, size);

    *out = NULL;
    if (!packing) {
        return mu_fail_memory(err, "opening the customers");
    }
    packing->longest = mu_read_u32(&in);
    const uint32_t bits = mu_read_u32(&in);
    packing->min = mu_read_i64(&in);
    packing->ends = mu_read_u64(&in);
    assert(packing->longest <= PLACES); /* the caller asked mu_id_packing_head() */
    bool sane = !in.overrun;
    if (kind == MU_BIGINT) {
        sane = sane && packing->longest == 0 && bits <= 64;
        packing->number_count = 1;
        packing->bits = packing->numbers[0].bits = bits;
    } else {
        sane = sane && read_text(packing, &in, bits);
    }
    if (!sane || in.overrun) {
        mu_id_packing_free(packing);
        return mu_fail(err, MUSTER_CORRUPT, "ids are packed in a way that makes no sense");
    }
    *out = packing;
    return MUSTER_OK;
}

/* One id. */

static bool pack_number(const mu_id_packing *packing, const number *n, mu_text text, uint64_t *out)
{
    uint64_t sum = 0;

    for (uint32_t i = n->first; i < n->end; i++) {
        const place *p = &packing->places[i];
        uint16_t digit = END;
        if (i < text.size) {
            digit = p->digits[(uint8_t)text.data[i]];
        } else if (!may_be_over(packing, i)) {
            digit = NO_DIGIT;
        }
        if (digit == NO_DIGIT) {
            return false;
        }
        sum = sum * p->count + digit;
    }
    *out = sum;
    return true;
}

bool mu_id_pack(const mu_id_packing *packing, mu_customer_id id, mu_packed_id *out)
{
    if (packing->kind == MU_BIGINT) {
        out->numbers[0] = (uint64_t)id.number - (uint64_t)packing->min;
        return id.number >= packing->min && mu_bits_width(out->numbers[0]) <= packing->bits;
    }
    if (id.text.size > packing->longest) {
        return false;
    }
    for (uint32_t n = 0; n < packing->number_count; n++) {
        if (!pack_number(packing, &packing->numbers[n], id.text, &out->numbers[n])) {
            return false;
        }
    }
    return true;
}

mu_customer_id mu_id_unpack(const mu_id_packing *packing, const mu_packed_id *id,
                            char room[MU_PACKED_ID_BYTES])
{
    uint32_t size = packing->longest;

    if (packing->kind == MU_BIGINT) {
        return (mu_customer_id){.number = (int64_t)((uint64_t)packing->min + id->numbers[0])};
    }
    for (uint32_t n = 0; n < packing->number_count; n++) {
        uint64_t rest = id->numbers[n];
        for (uint32_t i = packing->numbers[n].end; i-- > packing->numbers[n].first;) {
            const place *p = &packing->places[i];
            const uint64_t digit = rest % p->count;
            rest /= p->count;
            room[i] = (char)p->characters[digit];
            if (digit == END && may_be_over(packing, i) && i < size) {
                size = i;
            }
        }
    }
    return (mu_customer_id){.text = {room, size}};
}

/* Many of them. */

void mu_id_packing_put(const mu_id_packing *packing, const mu_packed_id *id, uint32_t i,
                       uint8_t *data)
{
    uint64_t bit = (uint64_t)packing->bits * i;

    for (uint32_t n = 0; n < packing->number_count; n++) {
        const uint32_t bits = packing->numbers[n].bits;
        uint64_t left = id->numbers[n];
        for (uint32_t done = 0; done < bits;) {
            const uint32_t shift = (uint32_t)(bit % 8), room = 8 - shift;
            data[bit / 8] |= (uint8_t)(left << shift);
            left >>= room;
            const uint32_t step = bits - done < room ? bits - done : room;
            done += step;
            bit += step;
        }
    }
}

void mu_id_packing_place(const mu_id_packing *packing, uint32_t i, uint64_t *offset, uint32_t *size)
{
    const uint64_t bit = (uint64_t)packing->bits * i;

    *offset = bit / 8;
    *size = (uint32_t)((bit % 8 + packing->bits + 7) / 8) + MU_PACK_SLACK;
}

void mu_id_packing_take(const mu_id_packing *packing, uint32_t i, const uint8_t *bytes,
                        mu_packed_id *out)
{
    uint64_t bit = (uint64_t)packing->bits * i % 8;

    for (uint32_t n = 0; n < packing->number_count; n++) {
        const uint32_t bits = packing->numbers[n].bits, shift = (uint32_t)(bit % 8);
        const uint8_t *at = bytes + bit / 8;

        out->numbers[n] = 0;
        if (bits > 0) { /* so that its 9 bytes are there */
            const uint64_t low = mu_load_u64(at) >> shift;
            const uint64_t high = shift == 0 ? 0 : (uint64_t)at[8] << (64 - shift);
            out->numbers[n] = (low | high) & (UINT64_MAX >> (64 - bits));
        }
        bit += bits;
    }
}

bool mu_packed_id_equal(const mu_id_packing *packing, const mu_packed_id *a, const mu_packed_id *b)
{
    return memcmp(a->numbers, b->numbers, packing->number_count * sizeof a->numbers[0]) == 0;
}
