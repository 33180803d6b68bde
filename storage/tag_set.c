/*
 * tag_set.c - sets of customers in the portable format of Roaring bitmaps
 * (github.com/RoaringBitmap/RoaringFormatSpec), so that other systems read them.
 *
 *   without runs: u32 12346, u32 stripes
 *   with runs:    u16 12347, u16 stripes - 1, then a bit for each stripe that is runs, in bytes
 *   then for each stripe:  u16 its number   u16 customers - 1
 *   then, but not with runs in fewer than 4 stripes, for each:  u32 where its container begins
 *   containers:  array   u16 for each customer, ascending; up to 4096
 *                bitmap  u64[1024]; past 4096
 *                runs    u16 number of runs, then for each: u16 first, u16 length - 1
 *
 * A stripe is exactly the key space of a container, so reading one stripe of a tag is finding its
 * number and setting bits, without deserialising the rest. It is done here rather than by CRoaring
 * because that takes its memory from malloc and does not notice when there is none, and because
 * its deserialiser believes what it reads; the tests hold the bytes against it.
 */
#include "storage/tag_set.h"

#include "storage/base/bits.h"
#include "storage/base/mem.h"
#include "storage/kernels/kernels.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

enum {
    COOKIE = 12346,
    COOKIE_RUNS = 12347,
    ARRAY_MOST = 4096, /* customers of a container that is an array */
    OFFSETS_FROM = 4,  /* stripes from which on a set with runs has offsets */
    BITMAP_BYTES = MU_STRIPE_ROWS / 8,
    HEAD_BYTES = 2 + 2 + 4 + 1,
};

static_assert(MU_STRIPE_ROWS == 1 << 16, "a stripe is a container");
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "lists are written as they are");

/* What the beginning of a set says. */
typedef struct layout {
    uint32_t stripes;
    const uint8_t *runs; /* a bit for each stripe; NULL: none is runs */
    uint64_t keys_at;
    uint64_t offsets_at; /* 0: there are none */
    uint64_t containers_at;
} layout;

typedef struct container {
    uint32_t count; /* of customers */
    bool runs;
    uint64_t at, size;
    const uint8_t *data;
} container;

static uint32_t load_u16(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8;
}

static muster_status fetch(const mu_tag_set *set, uint64_t at, uint64_t size, const uint8_t **data,
                           muster_error *err)
{
    if (at > set->size || size > set->size - at) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "%" PRIu64 " bytes at %" PRIu64 " are past the end of a set of %" PRIu64,
                       size, at, set->size);
    }
    if (set->memory) {
        *data = set->memory + at;
        return MUSTER_OK;
    }
    return mu_paged_read(set->file, set->offset + at, size, data, err);
}

static muster_status read_layout(const mu_tag_set *set, layout *out, muster_error *err)
{
    const uint8_t *data;

    *out = (layout){0};
    MU_TRY(fetch(set, 0, 4, &data, err));
    const uint32_t cookie = mu_load_u32(data);
    if ((cookie & 0xffff) == COOKIE_RUNS) {
        out->stripes = (cookie >> 16) + 1;
        const uint32_t flag_bytes = (out->stripes + 7) / 8;
        MU_TRY(fetch(set, 4, flag_bytes, &out->runs, err));
        out->keys_at = 4 + (uint64_t)flag_bytes;
    } else if (cookie == COOKIE) {
        MU_TRY(fetch(set, 4, 4, &data, err));
        out->stripes = mu_load_u32(data);
        out->keys_at = 8;
    } else {
        return mu_fail(err, MUSTER_CORRUPT, "a set begins with %" PRIu32, cookie);
    }
    if (out->stripes > MU_STRIPE_ROWS) {
        return mu_fail(err, MUSTER_CORRUPT, "a set has %u stripes", out->stripes);
    }
    out->containers_at = out->keys_at + (uint64_t)4 * out->stripes;
    if (!out->runs || out->stripes >= OFFSETS_FROM) {
        out->offsets_at = out->containers_at;
        out->containers_at += (uint64_t)4 * out->stripes;
    }
    return MUSTER_OK;
}

/* The container of the i-th stripe, at `at`. */
static muster_status fetch_container(const mu_tag_set *set, const layout *l, uint32_t i,
                                     uint64_t at, container *out, muster_error *err)
{
    const uint8_t *key;

    MU_TRY(fetch(set, l->keys_at + (uint64_t)4 * i, 4, &key, err));
    *out = (container){.count = load_u16(key + 2) + 1, .at = at};
    out->runs = l->runs && (l->runs[i / 8] >> (i % 8) & 1) != 0;
    if (out->runs) {
        const uint8_t *head;
        MU_TRY(fetch(set, at, 2, &head, err));
        out->size = 2 + (uint64_t)4 * load_u16(head);
    } else {
        out->size = out->count <= ARRAY_MOST ? (uint64_t)2 * out->count : (uint64_t)BITMAP_BYTES;
    }
    return fetch(set, at, out->size, &out->data, err);
}

static muster_status find_container(const mu_tag_set *set, const layout *l, uint32_t i,
                                    container *out, muster_error *err)
{
    const uint8_t *offset;
    uint64_t at = l->containers_at;

    assert(i < l->stripes);
    if (l->offsets_at != 0) {
        MU_TRY(fetch(set, l->offsets_at + (uint64_t)4 * i, 4, &offset, err));
        return fetch_container(set, l, i, mu_load_u32(offset), out, err);
    }
    for (uint32_t before = 0; before < i; before++) { /* at most three */
        MU_TRY(fetch_container(set, l, before, at, out, err));
        at += out->size;
    }
    return fetch_container(set, l, i, at, out, err);
}

/* Sets the bits from `first` to `last`. */
static void set_range(uint64_t *into, uint32_t first, uint32_t last)
{
    const uint64_t from = UINT64_MAX << (first % 64);
    const uint64_t to = UINT64_MAX >> (63 - last % 64);

    if (first / 64 == last / 64) {
        into[first / 64] |= from & to;
        return;
    }
    into[first / 64] |= from;
    for (uint32_t word = first / 64 + 1; word < last / 64; word++) {
        into[word] = UINT64_MAX;
    }
    into[last / 64] |= to;
}

static muster_status add_container(const container *c, uint64_t into[MU_STRIPE_WORDS],
                                   muster_error *err)
{
    if (c->runs) {
        const uint32_t runs = load_u16(c->data);
        for (uint32_t run = 0; run < runs; run++) {
            const uint8_t *at = c->data + 2 + (size_t)4 * run;
            const uint32_t first = load_u16(at), last = first + load_u16(at + 2);
            if (last >= MU_STRIPE_ROWS) {
                return mu_fail(err, MUSTER_CORRUPT, "run %u of %u goes from %u to %u", run + 1,
                               runs, first, last);
            }
            set_range(into, first, last);
        }
    } else if (c->count <= ARRAY_MOST) {
        for (uint32_t i = 0; i < c->count; i++) {
            mu_bits_set(into, load_u16(c->data + (size_t)2 * i));
        }
    } else {
        for (uint32_t word = 0; word < MU_STRIPE_WORDS; word++) {
            into[word] |= mu_load_u64(c->data + (size_t)8 * word);
        }
    }
    return MUSTER_OK;
}

static muster_status read_key(const mu_tag_set *set, const layout *l, uint32_t i, uint32_t *key,
                              muster_error *err)
{
    const uint8_t *data;

    MU_TRY(fetch(set, l->keys_at + (uint64_t)4 * i, 4, &data, err));
    *key = load_u16(data);
    return MUSTER_OK;
}

/* The place of a stripe among those that have customers; *found is false if it has none. */
static muster_status find_stripe(const mu_tag_set *set, const layout *l, uint32_t stripe,
                                 uint32_t *place, bool *found, muster_error *err)
{
    uint32_t low = 0, high = l->stripes, key = 0;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        MU_TRY(read_key(set, l, middle, &key, err));
        if (key < stripe) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *place = low;
    *found = false;
    if (low < l->stripes) {
        MU_TRY(read_key(set, l, low, &key, err));
        *found = key == stripe;
    }
    return MUSTER_OK;
}

muster_status mu_tag_set_has(const mu_tag_set *set, uint32_t stripe, bool *has, muster_error *err)
{
    uint32_t place;
    layout l;

    MU_TRY(read_layout(set, &l, err));
    return find_stripe(set, &l, stripe, &place, has, err);
}

muster_status mu_tag_set_read(const mu_tag_set *set, uint32_t stripe,
                              uint64_t into[MU_STRIPE_WORDS], uint64_t *size, muster_error *err)
{
    uint32_t place;
    layout l;
    container c;
    bool found;

    *size = 0;
    MU_TRY(read_layout(set, &l, err));
    MU_TRY(find_stripe(set, &l, stripe, &place, &found, err));
    if (!found) {
        return MUSTER_OK;
    }
    MU_TRY(find_container(set, &l, place, &c, err));
    *size = c.size;
    return add_container(&c, into, err);
}

muster_status mu_tag_set_stripes(const mu_tag_set *set, uint32_t *count, muster_error *err)
{
    layout l;

    MU_TRY(read_layout(set, &l, err));
    *count = l.stripes;
    return MUSTER_OK;
}

muster_status mu_tag_set_stripe(const mu_tag_set *set, uint32_t i, uint32_t *stripe,
                                muster_error *err)
{
    layout l;

    MU_TRY(read_layout(set, &l, err));
    assert(i < l.stripes);
    return read_key(set, &l, i, stripe, err);
}

muster_status mu_tag_set_count(const mu_tag_set *set, uint64_t *customers, muster_error *err)
{
    const uint8_t *key;
    layout l;

    *customers = 0;
    MU_TRY(read_layout(set, &l, err));
    for (uint32_t i = 0; i < l.stripes; i++) {
        MU_TRY(fetch(set, l.keys_at + (uint64_t)4 * i, 4, &key, err));
        *customers += load_u16(key + 2) + 1;
    }
    return MUSTER_OK;
}

/* How many of `count` numbers, `step` bytes apart and ascending, are not above `wanted`. */
static uint32_t rank_of(const uint8_t *data, uint32_t count, uint32_t step, uint32_t wanted)
{
    uint32_t low = 0, high = count;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (load_u16(data + (size_t)step * middle) <= wanted) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool container_has(const container *c, uint32_t wanted)
{
    if (c->runs) {
        const uint32_t rank = rank_of(c->data + 2, load_u16(c->data), 4, wanted);
        const uint8_t *run = c->data + 2 + (size_t)4 * (rank - 1);
        return rank > 0 && wanted - load_u16(run) <= load_u16(run + 2);
    }
    if (c->count <= ARRAY_MOST) {
        const uint32_t rank = rank_of(c->data, c->count, 2, wanted);
        return rank > 0 && load_u16(c->data + (size_t)2 * (rank - 1)) == wanted;
    }
    return (c->data[wanted / 8] >> (wanted % 8) & 1) != 0;
}

muster_status mu_tag_set_contains(const mu_tag_set *set, uint32_t ordinal, bool *found,
                                  muster_error *err)
{
    uint32_t place;
    layout l;
    container c;

    MU_TRY(read_layout(set, &l, err));
    MU_TRY(find_stripe(set, &l, ordinal / MU_STRIPE_ROWS, &place, found, err));
    if (*found) {
        MU_TRY(find_container(set, &l, place, &c, err));
        *found = container_has(&c, ordinal % MU_STRIPE_ROWS);
    }
    return MUSTER_OK;
}

static uint32_t highest_bit(const uint64_t *bits)
{
    for (uint32_t word = MU_STRIPE_WORDS; word-- > 0;) {
        if (bits[word] != 0) {
            return word * 64 + 63 - (uint32_t)__builtin_clzll(bits[word]);
        }
    }
    return 0;
}

muster_status mu_tag_set_check(const mu_tag_set *set, uint64_t *customers, uint32_t *last,
                               muster_error *err)
{
    uint64_t bits[MU_STRIPE_WORDS];
    layout l;
    uint32_t key, previous = 0;

    *customers = 0;
    *last = 0;
    MU_TRY(read_layout(set, &l, err));
    uint64_t end = l.containers_at;
    for (uint32_t i = 0; i < l.stripes; i++) {
        container c;
        MU_TRY(read_key(set, &l, i, &key, err));
        MU_TRY(find_container(set, &l, i, &c, err));
        if ((i > 0 && key <= previous) || c.at != end) {
            return mu_fail(err, MUSTER_CORRUPT,
                           "stripe %u follows stripe %u, its container is at %" PRIu64
                           " and not at %" PRIu64,
                           key, previous, c.at, end);
        }
        memset(bits, 0, sizeof bits);
        MU_TRY(add_container(&c, bits, err));
        const uint64_t count = mu_k()->count_bits(bits, MU_STRIPE_WORDS);
        if (count != c.count) {
            return mu_fail(err, MUSTER_CORRUPT, "stripe %u has %" PRIu64 " customers, and says %u",
                           key, count, c.count);
        }
        previous = key;
        end += c.size;
        *customers += c.count;
        *last = key * MU_STRIPE_ROWS + highest_bit(bits);
    }
    if (end != set->size) {
        return mu_fail(err, MUSTER_CORRUPT, "a set of %" PRIu64 " bytes ends at %" PRIu64,
                       set->size, end);
    }
    return MUSTER_OK;
}

/* Writing. */

static uint32_t count_runs(const uint64_t *bits)
{
    uint64_t before = 0; /* the highest bit of the word before */
    uint32_t runs = 0;

    for (uint32_t word = 0; word < MU_STRIPE_WORDS; word++) {
        runs += (uint32_t)__builtin_popcountll(bits[word] & ~(bits[word] << 1 | before));
        before = bits[word] >> 63;
    }
    return runs;
}

static void write_runs(mu_writer *out, const uint64_t *bits, uint32_t runs)
{
    bool inside = false;
    uint32_t first = 0;

    mu_write_u16(out, (uint16_t)runs);
    for (uint32_t i = 0; i <= MU_STRIPE_ROWS; i++) {
        if (!inside && i % 64 == 0 && i < MU_STRIPE_ROWS && bits[i / 64] == 0) {
            i += 63; /* nothing begins in this word */
            continue;
        }
        const bool there = i < MU_STRIPE_ROWS && mu_bits_test(bits, i);
        if (there && !inside) {
            first = i;
        } else if (!there && inside) {
            mu_write_u16(out, (uint16_t)first);
            mu_write_u16(out, (uint16_t)(i - 1 - first));
        }
        inside = there;
    }
}

static void write_array(mu_writer *out, const uint64_t *bits)
{
    for (uint32_t word = 0; word < MU_STRIPE_WORDS; word++) {
        for (uint64_t left = bits[word]; left != 0; left &= left - 1) {
            mu_write_u16(out, (uint16_t)(word * 64 + mu_bits_lowest(left)));
        }
    }
}

static void add_head(mu_tag_set_writer *writer, uint32_t stripe, uint32_t count, bool as_runs)
{
    mu_write_u16(&writer->heads, (uint16_t)stripe);
    mu_write_u16(&writer->heads, (uint16_t)(count - 1));
    mu_write_u32(&writer->heads, (uint32_t)writer->bodies.size);
    mu_write_u8(&writer->heads, as_runs);
    writer->stripe_count++;
    writer->customers += count;
    writer->has_runs |= as_runs;
}

void mu_tag_set_add(mu_tag_set_writer *writer, uint32_t stripe,
                    const uint64_t bits[MU_STRIPE_WORDS])
{
    const uint32_t count = (uint32_t)mu_k()->count_bits(bits, MU_STRIPE_WORDS);
    const uint32_t runs = count_runs(bits);
    const uint32_t plain = count <= ARRAY_MOST ? 2 * count : (uint32_t)BITMAP_BYTES;
    const bool as_runs = 2 + 4 * runs < plain;

    assert(stripe < MU_STRIPE_ROWS);
    if (count == 0) {
        return;
    }
    add_head(writer, stripe, count, as_runs);
    if (as_runs) {
        write_runs(&writer->bodies, bits, runs);
    } else if (count <= ARRAY_MOST) {
        write_array(&writer->bodies, bits);
    } else {
        for (uint32_t word = 0; word < MU_STRIPE_WORDS; word++) {
            mu_write_u64(&writer->bodies, bits[word]);
        }
    }
}

/* Where each run of a list begins. */
static bool begins_run(const uint16_t *ordinals, uint32_t i)
{
    return i == 0 || ordinals[i] != ordinals[i - 1] + 1;
}

static void write_list_runs(mu_writer *out, const uint16_t *ordinals, uint32_t count, uint32_t runs)
{
    uint32_t first = 0;

    mu_write_u16(out, (uint16_t)runs);
    for (uint32_t i = 1; i <= count; i++) {
        if (i == count || begins_run(ordinals, i)) {
            mu_write_u16(out, ordinals[first]);
            mu_write_u16(out, (uint16_t)(i - 1 - first));
            first = i;
        }
    }
}

void mu_tag_set_add_list(mu_tag_set_writer *writer, uint32_t stripe, const uint16_t *ordinals,
                         uint32_t count)
{
    uint64_t bits[MU_STRIPE_WORDS];
    uint32_t runs = 0;

    if (count > ARRAY_MOST) {
        memset(bits, 0, sizeof bits);
        for (uint32_t i = 0; i < count; i++) {
            mu_bits_set(bits, ordinals[i]);
        }
        mu_tag_set_add(writer, stripe, bits);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        runs += begins_run(ordinals, i);
    }
    if (count == 0) {
        return;
    }
    const bool as_runs = 2 + 4 * runs < 2 * count;
    add_head(writer, stripe, count, as_runs);
    if (as_runs) {
        write_list_runs(&writer->bodies, ordinals, count, runs);
        return;
    }
    mu_write_bytes(&writer->bodies, ordinals, count * sizeof *ordinals);
}

uint64_t mu_tag_set_bytes(const mu_tag_set_writer *writer)
{
    const uint64_t count = writer->stripe_count;
    const uint64_t flags_or_count = writer->has_runs ? (count + 7) / 8 : 4;
    const bool offsets = !writer->has_runs || count >= OFFSETS_FROM;

    return 4 + flags_or_count + 4 * count + (offsets ? 4 * count : 0) + writer->bodies.size;
}

static void write_flags(const mu_tag_set_writer *writer, mu_writer *out)
{
    uint8_t byte = 0;

    for (uint32_t i = 0; i < writer->stripe_count; i++) {
        byte |= (uint8_t)(writer->heads.data[(size_t)i * HEAD_BYTES + 8] << (i % 8));
        if (i % 8 == 7 || i + 1 == writer->stripe_count) {
            mu_write_u8(out, byte);
            byte = 0;
        }
    }
}

bool mu_tag_set_finish(mu_tag_set_writer *writer, mu_writer *out)
{
    const uint32_t count = writer->stripe_count;
    const size_t start = out->size;

    if (writer->heads.failed || writer->bodies.failed) {
        return false;
    }
    if (writer->has_runs) {
        mu_write_u32(out, COOKIE_RUNS | (count - 1) << 16);
        write_flags(writer, out);
    } else {
        mu_write_u32(out, COOKIE);
        mu_write_u32(out, count);
    }
    const bool offsets = !writer->has_runs || count >= OFFSETS_FROM;
    for (uint32_t i = 0; i < count; i++) {
        mu_write_bytes(out, &writer->heads.data[(size_t)i * HEAD_BYTES], 4);
    }
    const size_t containers_at = out->size - start + (offsets ? (size_t)4 * count : 0);
    for (uint32_t i = 0; i < count && offsets; i++) {
        const uint32_t offset = mu_load_u32(&writer->heads.data[(size_t)i * HEAD_BYTES + 4]);
        mu_write_u32(out, (uint32_t)(containers_at + offset));
    }
    mu_write_bytes(out, writer->bodies.data, writer->bodies.size);
    return !out->failed;
}

void mu_tag_set_writer_deinit(mu_tag_set_writer *writer)
{
    mu_writer_deinit(&writer->heads);
    mu_writer_deinit(&writer->bodies);
    *writer = (mu_tag_set_writer){0};
}
