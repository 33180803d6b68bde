/*
 * pack.h - the rows that are left of sparse batches, laid out as one dense batch.
 *
 * Whatever is computed on a batch costs a little for the batch and, where few rows are live, more
 * for finding them than for the work itself. Batches of the same block can be put together: their
 * texts are codes of the same dictionary.
 */
#ifndef MU_PACK_H
#define MU_PACK_H

#include "query/plan.h"

enum {
    MU_PACK_BELOW = MU_BATCH_ROWS / 4 /* a batch with fewer live rows is worth packing */
};

typedef struct mu_pack mu_pack;

muster_status mu_pack_open(const mu_plan_column *columns, uint32_t column_count, mu_pack **out,
                           muster_error *err);
void mu_pack_close(mu_pack *pack); /* NULL is fine */

uint32_t mu_pack_rows(const mu_pack *pack);
void mu_pack_reset(mu_pack *pack); /* forgets what is there */

/* Copies the live rows of a batch behind those that are there; together they are no more than
 * MU_BATCH_ROWS. A column that is not loaded in one is not loaded in any of them. */
void mu_pack_add(mu_pack *pack, const mu_batch *batch);

/* The batch of what was added, good until the next is added. The pack is then empty. */
mu_batch *mu_pack_take(mu_pack *pack);

#endif
