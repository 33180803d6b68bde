/*
 * posting.c - collects the postings of a column while its segment is written.
 *
 *   head   for each value of the dictionary, in its order, and then for NULL:
 *            varint rows with a customer, varint rows of nobody, varint bytes of the set (0: none);
 *            with a set: varint customers, u64 checksum of the set and its padding
 *   sets   of those that have one, in the same order: Roaring, as of a tag (tag_set.c)
 *
 * Head and sets are each padded with zeros to 8 bytes. Rows come sorted by customer, so it is
 * enough to know the latest customer of each value to keep each pair of both once; the pairs of a
 * stripe, counting-sorted by value, are the sorted ordinals of each value: a list that becomes one
 * container. Sets that grow so large that they could never be kept are dropped on the way.
 */
#include "storage/posting.h"

#include "storage/base/bits.h"
#include "storage/base/hash.h"
#include "storage/base/limits.h"
#include "storage/base/mem.h"
#include "storage/segment_format.h"
#include "storage/tag_set.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

enum {
#ifdef MU_TINY
    MOST_BYTES = 1 << 10,
#else
    /* Of all sets while they are collected, so that memory does not grow with the segment. */
    MOST_BYTES = 64 << 20,
#endif
    CHECKSUM_BYTES = 8,
};

typedef struct collected {
    uint64_t rows, nobody_rows;
    uint64_t latest; /* the last customer's ordinal and 1; 0: there was none */
    bool dropped;    /* its set will not be written */
    mu_tag_set_writer set;
} collected;

/* A customer of the stripe at hand who has a value. */
typedef struct pair {
    uint32_t value;
    uint16_t low; /* the ordinal within the stripe */
} pair;

struct mu_posting_writer {
    uint32_t count; /* with the one for NULL */
    collected *values;
    uint32_t stripe; /* of the pairs */
    pair *pairs;
    size_t pair_count, pair_capacity;
    uint32_t *starts; /* by value, and the end: where its ordinals begin */
    uint16_t *lows;   /* the pairs' ordinals by value */
    size_t low_capacity;
    uint64_t set_bytes; /* of all sets */
};

mu_posting_writer *mu_posting_writer_open(uint32_t values)
{
    mu_posting_writer *writer = mu_mem_zalloc(sizeof *writer);

    if (!writer) {
        return NULL;
    }
    writer->values = mu_mem_zalloc_array((size_t)values + 1, sizeof *writer->values);
    writer->starts = mu_mem_zalloc_array((size_t)values + 2, sizeof *writer->starts);
    if (!writer->values || !writer->starts) {
        mu_posting_writer_close(writer);
        return NULL;
    }
    writer->count = values + 1;
    return writer;
}

void mu_posting_writer_close(mu_posting_writer *writer)
{
    if (!writer) {
        return;
    }
    for (uint32_t i = 0; i < writer->count; i++) {
        mu_tag_set_writer_deinit(&writer->values[i].set);
    }
    mu_mem_free(writer->values);
    mu_mem_free(writer->pairs);
    mu_mem_free(writer->starts);
    mu_mem_free(writer->lows);
    mu_mem_free(writer);
}

/* Sorts the ordinals of the stripe by value; within one they stay in order. */
static void sort_pairs(mu_posting_writer *writer)
{
    uint32_t *starts = writer->starts;
    uint32_t at = 0;

    memset(starts, 0, ((size_t)writer->count + 1) * sizeof *starts);
    for (size_t i = 0; i < writer->pair_count; i++) {
        starts[writer->pairs[i].value]++;
    }
    for (uint32_t value = 0; value < writer->count; value++) {
        const uint32_t rows = starts[value];
        starts[value] = at;
        at += rows;
    }
    for (size_t i = 0; i < writer->pair_count; i++) {
        writer->lows[starts[writer->pairs[i].value]++] = writer->pairs[i].low;
    }
    for (uint32_t value = writer->count; value > 0; value--) {
        starts[value] = starts[value - 1]; /* each had moved on to the next one's start */
    }
    starts[0] = 0;
}

static void drop(mu_posting_writer *writer, collected *value)
{
    writer->set_bytes -= mu_tag_set_bytes(&value->set);
    mu_tag_set_writer_deinit(&value->set);
    value->dropped = true;
}

/* Drops the largest sets until they all fit. */
static void drop_largest(mu_posting_writer *writer)
{
    while (writer->set_bytes > MOST_BYTES) {
        collected *largest = NULL;
        for (uint32_t i = 0; i < writer->count; i++) {
            collected *value = &writer->values[i];
            if (!value->dropped && value->rows > 0 &&
                (!largest || mu_tag_set_bytes(&value->set) > mu_tag_set_bytes(&largest->set))) {
                largest = value;
            }
        }
        assert(largest);
        drop(writer, largest);
    }
}

/* Adds the stripe at hand to the sets. False when out of memory. */
static bool end_stripe(mu_posting_writer *writer)
{
    if (writer->pair_count == 0) {
        return true;
    }
    if (!mu_mem_reserve(&writer->lows, &writer->low_capacity, writer->pair_count,
                        sizeof *writer->lows)) {
        return false;
    }
    sort_pairs(writer);
    for (uint32_t i = 0; i < writer->count; i++) {
        collected *value = &writer->values[i];
        const uint32_t first = writer->starts[i], count = writer->starts[i + 1] - first;
        if (count == 0 || value->dropped) {
            continue;
        }
        const uint64_t before = value->set.stripe_count > 0 ? mu_tag_set_bytes(&value->set) : 0;
        mu_tag_set_add_list(&value->set, writer->stripe, &writer->lows[first], count);
        if (value->set.heads.failed || value->set.bodies.failed) {
            return false;
        }
        writer->set_bytes += mu_tag_set_bytes(&value->set) - before;
    }
    writer->pair_count = 0;
    drop_largest(writer);
    return true;
}

static bool add_pair(mu_posting_writer *writer, uint32_t value, uint32_t ordinal)
{
    collected *of = &writer->values[value];

    of->rows++;
    if (of->dropped || of->latest == (uint64_t)ordinal + 1) {
        return true;
    }
    of->latest = (uint64_t)ordinal + 1;
    if (!mu_mem_reserve(&writer->pairs, &writer->pair_capacity, writer->pair_count + 1,
                        sizeof *writer->pairs)) {
        return false;
    }
    writer->pairs[writer->pair_count++] = (pair){value, (uint16_t)ordinal};
    return true;
}

bool mu_posting_writer_add(mu_posting_writer *writer, uint32_t stripe, uint32_t rows,
                           const uint32_t *ordinals, const uint32_t *codes, const uint64_t *valid)
{
    const uint32_t null = writer->count - 1;

    if (stripe != writer->stripe && !end_stripe(writer)) {
        return false;
    }
    writer->stripe = stripe;
    for (uint32_t i = 0; i < rows; i++) {
        const uint32_t value = codes && (!valid || mu_bits_test(valid, i)) ? codes[i] : null;
        assert(value < writer->count);
        if (!ordinals) {
            writer->values[value].nobody_rows++;
        } else if (!add_pair(writer, value, ordinals[i])) {
            return false;
        }
    }
    return true;
}

/* The end. */

typedef struct priced {
    uint64_t bytes;
    uint32_t value;
} priced;

static int compare_priced(const void *a, const void *b)
{
    const priced *x = a, *y = b;

    if (x->bytes != y->bytes) {
        return x->bytes < y->bytes ? -1 : 1;
    }
    return x->value < y->value ? -1 : x->value > y->value;
}

static uint64_t varint_bytes(uint64_t value)
{
    const unsigned bits = mu_bits_width(value);

    return bits == 0 ? 1 : (bits + 6) / 7;
}

/* What it costs to keep a set: more than without it. */
static uint64_t price(const collected *value)
{
    const uint64_t size = mu_tag_set_bytes(&value->set);

    return mu_segment_padded(size) + varint_bytes(size) - 1 + varint_bytes(value->set.customers) +
           CHECKSUM_BYTES;
}

/* Drops the sets that the budget has no room for, largest first; *fits is false if there is not
 * even room for the counts. False when out of memory. */
static bool choose(mu_posting_writer *writer, uint64_t budget, bool *fits)
{
    priced *list = mu_mem_alloc_array(writer->count, sizeof *list);
    uint64_t used = MU_SEGMENT_ALIGNMENT; /* at most so much padding behind the head */
    uint32_t listed = 0;

    if (!list) {
        return false;
    }
    for (uint32_t i = 0; i < writer->count; i++) {
        const collected *value = &writer->values[i];
        used += varint_bytes(value->rows) + varint_bytes(value->nobody_rows) + 1;
        if (value->rows > 0 && !value->dropped) {
            list[listed++] = (priced){price(value), i};
        }
    }
    *fits = used <= budget && used <= UINT32_MAX;
    if (listed > 0) {
        qsort(list, listed, sizeof *list, compare_priced);
    }
    for (uint32_t i = 0; i < listed; i++) {
        used += list[i].bytes;
        if (used > budget) {
            drop(writer, &writer->values[list[i].value]);
        }
    }
    mu_mem_free(list);
    return true;
}

static bool write_all(mu_posting_writer *writer, mu_writer *sets, mu_writer *head)
{
    for (uint32_t i = 0; i < writer->count; i++) {
        collected *value = &writer->values[i];
        const size_t start = sets->size;
        mu_write_varint(head, value->rows);
        mu_write_varint(head, value->nobody_rows);
        if (value->rows == 0 || value->dropped) {
            mu_write_varint(head, 0);
            continue;
        }
        if (!mu_tag_set_finish(&value->set, sets)) {
            return false;
        }
        const size_t size = sets->size - start;
        assert(size == mu_tag_set_bytes(&value->set));
        mu_write_align(sets, MU_SEGMENT_ALIGNMENT);
        if (sets->failed) {
            return false;
        }
        mu_write_varint(head, size);
        mu_write_varint(head, value->set.customers);
        mu_write_u64(head, mu_checksum(&sets->data[start], sets->size - start));
    }
    return !head->failed;
}

bool mu_posting_writer_finish(mu_posting_writer *writer, uint64_t budget, mu_writer *out,
                              mu_posting_place *place)
{
    mu_writer sets = {0};

    assert(out->size == 0);
    *place = (mu_posting_place){0};
    if (!end_stripe(writer) || !choose(writer, budget, &place->there)) {
        return false;
    }
    if (!place->there) {
        return true;
    }
    bool written = write_all(writer, &sets, out);
    place->head_size = (uint32_t)out->size;
    mu_write_align(out, MU_SEGMENT_ALIGNMENT);
    written = written && !out->failed;
    if (written) {
        place->head_checksum = mu_checksum(out->data, out->size);
        place->sets_size = sets.size;
        mu_write_bytes(out, sets.data, sets.size);
        written = !out->failed;
    }
    mu_writer_deinit(&sets);
    return written;
}

/* Comparing. */

/* Whether two sets have the same stripes and customers, in whatever containers. */
static muster_status same_sets(const mu_tag_set *a, const mu_tag_set *b, bool *same,
                               muster_error *err)
{
    uint64_t bits_a[MU_STRIPE_WORDS], bits_b[MU_STRIPE_WORDS], size;
    uint32_t count_a, count_b, stripe;

    MU_TRY(mu_tag_set_stripes(a, &count_a, err));
    MU_TRY(mu_tag_set_stripes(b, &count_b, err));
    *same = count_a == count_b;
    for (uint32_t i = 0; *same && i < count_a; i++) {
        memset(bits_a, 0, sizeof bits_a);
        memset(bits_b, 0, sizeof bits_b);
        MU_TRY(mu_tag_set_stripe(a, i, &stripe, err));
        MU_TRY(mu_tag_set_read(a, stripe, bits_a, &size, err));
        MU_TRY(mu_tag_set_read(b, stripe, bits_b, &size, err));
        *same = memcmp(bits_a, bits_b, sizeof bits_a) == 0;
    }
    return MUSTER_OK;
}

static muster_status compare_value(mu_posting_writer *writer, uint32_t i, const mu_posting *found,
                                   const uint8_t *file, mu_writer *bytes, muster_error *err)
{
    collected *value = &writer->values[i];
    const mu_tag_set stored = {.memory = file + found->offset, .size = found->size};
    uint64_t customers;
    uint32_t last;
    bool same = true;

    if (value->rows != found->rows || value->nobody_rows != found->nobody_rows) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "postings count %" PRIu64 " rows and %" PRIu64
                       " of nobody, expected %" PRIu64 " and %" PRIu64,
                       found->rows, found->nobody_rows, value->rows, value->nobody_rows);
    }
    if (found->size == 0) {
        return MUSTER_OK;
    }
    if (mu_checksum(stored.memory, mu_segment_padded(found->size)) != found->checksum) {
        return mu_fail(err, MUSTER_CORRUPT, "the checksum of its set of customers is another");
    }
    MU_TRY(mu_tag_set_check(&stored, &customers, &last, err));
    mu_writer_reset(bytes);
    if (!value->dropped) {
        if (!mu_tag_set_finish(&value->set, bytes)) {
            return mu_fail_memory(err, "checking postings");
        }
        const mu_tag_set expected = {.memory = bytes->data, .size = bytes->size};
        MU_TRY(same_sets(&expected, &stored, &same, err));
    }
    if (!same || customers != found->customers) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "its set of %" PRIu64 " customers is not that of its rows", customers);
    }
    return MUSTER_OK;
}

muster_status mu_posting_writer_compare(mu_posting_writer *writer, const mu_postings *postings,
                                        const uint8_t *file, muster_error *err)
{
    muster_status status = MUSTER_OK;
    mu_writer bytes = {0};

    assert(writer->count == postings->count);
    if (!end_stripe(writer)) {
        return mu_fail_memory(err, "checking postings");
    }
    for (uint32_t i = 0; i < writer->count && status == MUSTER_OK; i++) {
        status = compare_value(writer, i, &postings->values[i], file, &bytes, err);
        if (status != MUSTER_OK) {
            mu_where(err, "value %" PRIu32 " of %" PRIu32, i + 1, writer->count);
        }
    }
    mu_writer_deinit(&bytes);
    return status;
}
