/*
 * posting_filter.c - looks at the postings of the values that are meant, one by one. Values that no
 * row of a customer has are left out from the beginning, so that a condition that most values meet
 * costs no more than those that are there. As soon as it is seen that not all customers are known,
 * the sets are of no use: every stripe may have such rows.
 */
#include "storage/posting_filter.h"

#include <assert.h>

muster_status mu_posting_filter_init(mu_posting_filter *filter, mu_segment *segment,
                                     uint32_t column, const uint8_t *wanted, mu_arena *arena,
                                     muster_error *err)
{
    const mu_postings *postings;

    MU_TRY(mu_segment_postings(segment, column, &postings, err));
    assert(postings);
    *filter = (mu_posting_filter){.segment = segment, .column = column, .known = true};
    MU_ARENA_TRY(filter->list, arena, MU_POSTING_FILTER_SETS, err);
    for (uint32_t i = 0; i < postings->count; i++) {
        mu_posting *posting = &postings->values[i];
        if (!wanted[i]) {
            continue;
        }
        filter->nobody_rows += posting->nobody_rows;
        filter->known = filter->known && mu_posting_known(posting) &&
                        (posting->rows == 0 || filter->count < MU_POSTING_FILTER_SETS);
        if (filter->known && posting->rows > 0) {
            filter->list[filter->count++] = posting;
        }
    }
    return MUSTER_OK;
}

muster_status mu_posting_filter_any(const mu_posting_filter *filter, uint32_t stripe, bool *any,
                                    muster_error *err)
{
    *any = stripe == MU_NOBODY ? filter->nobody_rows > 0 : !filter->known;
    if (stripe == MU_NOBODY) {
        return MUSTER_OK;
    }
    for (uint32_t i = 0; i < filter->count && !*any; i++) {
        MU_TRY(mu_segment_posting_has(filter->segment, filter->column, filter->list[i], stripe, any,
                                      err));
    }
    return MUSTER_OK;
}

muster_status mu_posting_filter_read(const mu_posting_filter *filter, uint32_t stripe,
                                     uint64_t into[MU_STRIPE_WORDS], uint64_t *bytes,
                                     muster_error *err)
{
    uint64_t part;

    assert(filter->known && stripe != MU_NOBODY);
    *bytes = 0;
    for (uint32_t i = 0; i < filter->count; i++) {
        MU_TRY(mu_segment_posting_read(filter->segment, filter->column, filter->list[i], stripe,
                                       into, &part, err));
        *bytes += part;
    }
    return MUSTER_OK;
}
