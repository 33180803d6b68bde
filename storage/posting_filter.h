/*
 * posting_filter.h - some values of an indexed column, in one segment: how many rows have them, and
 * which customers.
 */
#ifndef MU_POSTING_FILTER_H
#define MU_POSTING_FILTER_H

#include "storage/base/arena.h"
#include "storage/segment.h"

enum {
#ifdef MU_TINY
    MU_POSTING_FILTER_SETS = 4,
#else
    /* With more sets than this, finding the stripe in each of them takes as long as reading the
     * stripe's rows. */
    MU_POSTING_FILTER_SETS = 256,
#endif
};

typedef struct mu_posting_filter {
    mu_segment *segment;
    uint32_t column; /* the segment's index */
    mu_posting **list;
    uint32_t count;       /* of the list: those of the values that a customer has, where known */
    uint64_t nobody_rows; /* with such a value */
    bool known;           /* the customers of all of them, which are not too many values */
} mu_posting_filter;

/* `wanted` has a byte for each value of the column's dictionary and one for NULL, not 0 where the
 * value is meant. Only for columns that have postings. */
muster_status mu_posting_filter_init(mu_posting_filter *filter, mu_segment *segment,
                                     uint32_t column, const uint8_t *wanted, mu_arena *arena,
                                     muster_error *err);

/* Whether the stripe, which may be MU_NOBODY, can have such rows. */
muster_status mu_posting_filter_any(const mu_posting_filter *filter, uint32_t stripe, bool *any,
                                    muster_error *err);

/* into |= the stripe's customers with such a row; they must be known. *bytes is what was read. */
muster_status mu_posting_filter_read(const mu_posting_filter *filter, uint32_t stripe,
                                     uint64_t into[MU_STRIPE_WORDS], uint64_t *bytes,
                                     muster_error *err);

#endif
