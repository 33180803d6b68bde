/*
 * profile_compact.c - whether the attributes are as small as they can be.
 *
 * A segment has nothing of those who had been erased when it was written. What it has of others
 * who were erased since is found by looking, so that nothing need be noted with each erasure.
 */
#include "storage/profile_write.h"

#include "storage/base/bits.h"
#include "storage/base/mem.h"
#include "storage/seen.h"

/* Whether the chunk has a value of one of the erased of its stripe. */
static muster_status chunk_has_any(const mu_segment *segment, uint32_t block, uint32_t column,
                                   mu_decoder *decoder, const uint64_t *erased, bool *has,
                                   muster_error *err)
{
    const mu_block *info = mu_segment_block(segment, block);
    const uint32_t first = info->first_ordinal % MU_STRIPE_ROWS;
    const uint64_t *valid;

    if (mu_segment_chunk(segment, block, column)->size == 0) {
        return MUSTER_OK;
    }
    MU_TRY(mu_segment_read(segment, block, column, decoder, &valid, err));
    for (uint32_t row = 0; row < info->rows && !*has; row++) {
        *has = mu_bits_test(erased, first + row) && (!valid || mu_bits_test(valid, row));
    }
    return MUSTER_OK;
}

/* Whether the segment has a value of someone erased: it was written before. */
static muster_status has_any_erased(const mu_segment *segment, const mu_table *customers,
                                    const mu_erased *erased, mu_decoder *decoder, bool *has,
                                    muster_error *err)
{
    for (uint32_t block = 0; block < mu_segment_block_count(segment) && !*has; block++) {
        const uint32_t stripe = mu_segment_block(segment, block)->stripe;
        const uint64_t *bits = mu_erased_stripe(erased, stripe);
        uint32_t first, end;
        mu_segment_stripe(segment, stripe, &first, &end);
        if (bits && block == first) {
            MU_TRY(mu_profile_check_blocks(segment, first, end, err));
        }
        for (uint32_t i = MU_CUSTOMERS_BUILT_IN; bits && !*has && i < customers->column_count;
             i++) {
            const uint32_t column = mu_segment_column(segment, customers->columns[i].id);
            if (column != MU_NO_COLUMN) {
                MU_TRY(chunk_has_any(segment, block, column, decoder, bits, has, err));
            }
        }
    }
    return MUSTER_OK;
}

muster_status mu_profile_is_compact(mu_snapshot *base, const mu_table *customers, bool *is,
                                    muster_error *err)
{
    const uint32_t count = mu_snapshot_segment_count(base, MU_CUSTOMERS_TABLE);
    bool has = false;
    mu_segment *segment;

    *is = count == 0;
    if (count != 1) {
        return MUSTER_OK;
    }
    MU_TRY(mu_snapshot_segment(base, MU_CUSTOMERS_TABLE, 0, &segment, err));
    mu_decoder *decoder = mu_decoder_new();
    const muster_status status =
        decoder ? has_any_erased(segment, customers, mu_snapshot_erased(base), decoder, &has, err)
                : mu_fail_memory(err, "looking at attributes of customers");
    mu_decoder_free(decoder);
    *is = !has && !mu_segment_has_dropped(segment, customers);
    return status;
}
