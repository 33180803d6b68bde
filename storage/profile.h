/*
 * profile.h - the attributes of customers: columns of the table `customers`, by ordinal.
 *
 * They lie in segments of that table: a block has every customer of a stretch of a stripe, one row
 * each, so that a customer's place in a chunk is known from the ordinal. A commit that changes
 * attributes writes a segment with the columns and stripes it touches, and the newest segment that
 * has a column of a stripe has all of it. `first_seen` and `last_seen` are not stored (seen.h).
 */
#ifndef MU_PROFILE_H
#define MU_PROFILE_H

#include "storage/batch.h"
#include "storage/db.h"

/* The reader of some columns of `customers`; one thread's. */
typedef struct mu_profile mu_profile;

/* `columns` are indexes of the table's, none of them that of the CUSTOMER column; they are copied.
 * Snapshot and table must stay. */
muster_status mu_profile_open(mu_snapshot *snapshot, const mu_table *customers,
                              const uint32_t *columns, uint32_t column_count, mu_profile **out,
                              muster_error *err);
void mu_profile_close(mu_profile *profile); /* NULL is fine */

void mu_profile_start(mu_profile *profile, uint32_t stripe);

/* Points `out` at the values of the i-th column for customers [first, first + rows) of the stripe,
 * good until the column's next call. `first` is a multiple of MU_BATCH_ROWS, rows at most as many.
 * What is read is added to *bytes. */
muster_status mu_profile_load(mu_profile *profile, uint32_t i, uint32_t first, uint32_t rows,
                              mu_vector *out, uint64_t *bytes, muster_error *err);

/* Whether any customer of the stripe may have a value of the i-th column in [min, max]. */
muster_status mu_profile_may_have(mu_profile *profile, uint32_t i, int64_t min, int64_t max,
                                  bool *out, muster_error *err);

/* The blocks of a stripe lie one behind the other, a row for each customer (CORRUPT if not). */
muster_status mu_profile_check_blocks(const mu_segment *segment, uint32_t first, uint32_t end,
                                      muster_error *err);

/* Ends a load into `customers`, or some of its columns: `rows` is a segment that was written by it,
 * with `table` the columns that it had; a customer's last row counts. What the change puts in its
 * place is a segment of whole stripes, which takes the place of older ones as profile_write.c
 * says. */
muster_status mu_profile_put(mu_change *change, const mu_table *table, const mu_segment_info *rows,
                             muster_error *err);

/* Makes one segment of all, which has nothing of who was erased, nor of columns that are gone; if
 * it is one already, and neither has it, nothing is done. */
muster_status mu_profile_compact(mu_change *change, muster_error *err);

#endif
