/*
 * pick.h - some rows of a vector, in any order and as often as asked, as a vector of their own.
 */
#ifndef MU_PICK_H
#define MU_PICK_H

#include "storage/batch.h"

#define MU_NO_ROW UINT32_MAX /* in a list of rows: NULL */

/* Row i of *out is row list[i] of `from`, which may be longer than a batch. `values` has room for
 * MU_BATCH_ROWS values of 8 bytes, `valid` MU_BATCH_WORDS; count <= MU_BATCH_ROWS. */
void mu_pick(const mu_vector *from, const uint32_t *list, uint32_t count, void *values,
             uint64_t *valid, mu_vector *out);

#endif
