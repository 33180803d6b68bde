/*
 * tag_set.h - a set of customers as bytes: the portable format of Roaring bitmaps, read and written
 * a stripe at a time.
 */
#ifndef MU_TAG_SET_H
#define MU_TAG_SET_H

#include "storage/base/bytes.h"
#include "storage/base/limits.h"
#include "storage/paged.h"
#include "storage/type.h"

/* Where the bytes are: in memory, or in a paged file that checks them as they are touched. */
typedef struct mu_tag_set {
    const uint8_t *memory; /* NULL: in the file */
    const mu_paged *file;
    uint64_t offset, size;
} mu_tag_set;

/* The set that a value of type BITMAP is. */
static inline mu_tag_set mu_tag_set_of(mu_text bytes)
{
    return (mu_tag_set){.memory = (const uint8_t *)bytes.data, .size = bytes.size};
}

/* into |= the customers of the stripe; *size is of the bytes that hold them. */
muster_status mu_tag_set_read(const mu_tag_set *set, uint32_t stripe,
                              uint64_t into[MU_STRIPE_WORDS], uint64_t *size, muster_error *err);

/* Whether anyone is in the stripe. */
muster_status mu_tag_set_has(const mu_tag_set *set, uint32_t stripe, bool *has, muster_error *err);

/* How many stripes have customers, and which is the i-th of them, ascending. */
muster_status mu_tag_set_stripes(const mu_tag_set *set, uint32_t *count, muster_error *err);
muster_status mu_tag_set_stripe(const mu_tag_set *set, uint32_t i, uint32_t *stripe,
                                muster_error *err);

/* How many customers there are, as the set says: containers are not looked into. */
muster_status mu_tag_set_count(const mu_tag_set *set, uint64_t *customers, muster_error *err);
/* Whether the customer is in it, without reading the rest of the stripe. */
muster_status mu_tag_set_contains(const mu_tag_set *set, uint32_t ordinal, bool *found,
                                  muster_error *err);

/* Everything: order, sizes, counts; *customers is how many there are, *last the highest ordinal
 * (of no meaning if there are none). */
muster_status mu_tag_set_check(const mu_tag_set *set, uint64_t *customers, uint32_t *last,
                               muster_error *err);

/* Collects stripes, ascending, and becomes bytes. A zeroed one is empty. */
typedef struct mu_tag_set_writer {
    mu_writer heads; /* u16 key, u16 count - 1, u32 offset in the bodies, u8 whether it is runs */
    mu_writer bodies;
    uint32_t stripe_count;
    bool has_runs;
    uint64_t customers;
} mu_tag_set_writer;

void mu_tag_set_add(mu_tag_set_writer *writer, uint32_t stripe,
                    const uint64_t bits[MU_STRIPE_WORDS]); /* nothing if there are no bits */
/* The same for a list of ordinals within the stripe, ascending, without doubles. */
void mu_tag_set_add_list(mu_tag_set_writer *writer, uint32_t stripe, const uint16_t *ordinals,
                         uint32_t count);
uint64_t mu_tag_set_bytes(const mu_tag_set_writer *writer); /* what the set will take */
/* Appends the set. False when out of memory, now or before. */
bool mu_tag_set_finish(mu_tag_set_writer *writer, mu_writer *out);
void mu_tag_set_writer_deinit(mu_tag_set_writer *writer);

#endif
