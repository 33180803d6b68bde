/*
 * gather.h - a stripe's events laid out by customer: counting-sorted, in time order, in contiguous
 * arrays.
 *
 * Rows are pushed as a scan finds them, the few that matter with the few columns that matter; then
 * mu_gather_finish() counting-sorts them by customer. Rows of one customer that came from several
 * segments are put in time order (stable: equal times stay as they came). No hash table, and no
 * comparison sort where segments do not overlap. Memory is proportional to the rows pushed, taken
 * once and used again for the next stripe.
 */
#ifndef MU_GATHER_H
#define MU_GATHER_H

#include "storage/batch.h"

typedef struct mu_gather mu_gather;

/* What a stripe's events are, once gathered. Arrays are the gather's own, until the next start. */
typedef struct mu_events {
    uint32_t first_ordinal;    /* of the stripe */
    uint32_t customer_count;   /* customers that have any */
    const uint16_t *customers; /* ordinal - first_ordinal, ascending */
    const uint32_t
        *starts; /* customer_count + 1: customer i has rows starts[i] ... starts[i + 1] - 1 */
    uint32_t rows;
    const int64_t *time_us;        /* ascending within a customer */
    const uint64_t *mask;          /* as it was pushed */
    const int64_t *const *columns; /* each of 8 bytes: i64, bits of a double, or a code of the
                                      gather's own dictionary (text); MU_GATHER_NULL */
} mu_events;

#define MU_GATHER_NULL                                                                          \
    INT64_MIN /* NULL in a gathered column; no DECIMAL, DATE or TIMESTAMP has this value, and a \
                 BIGINT that does is an error */

/* `types` of the extra columns; copied. */
muster_status mu_gather_open(const mu_type *types, uint32_t column_count, mu_gather **out,
                             muster_error *err);
void mu_gather_close(mu_gather *gather); /* NULL is fine */
const mu_dict *mu_gather_dict(const mu_gather *gather,
                              uint32_t column); /* what a text column's codes stand for; grows from
                                                   stripe to stripe, codes stay */

void mu_gather_start(mu_gather *gather, uint32_t stripe);

/* Adds the live rows of the batch: their customer (column index; all of this stripe), time, mask
 * (one word a row of the batch; NULL: all ones) and extra columns (indexes into the batch, loaded).
 */
muster_status mu_gather_add(mu_gather *gather, const mu_batch *batch, uint32_t customer_column,
                            uint32_t time_column, const uint64_t *masks, const uint32_t *columns,
                            muster_error *err);

muster_status mu_gather_finish(mu_gather *gather, mu_events *out, muster_error *err);

#endif
