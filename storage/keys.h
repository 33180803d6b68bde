/*
 * keys.h - which rows of a table with a PRIMARY KEY have the same one.
 *
 * Rows are added, a segment after the other, and rows are looked for among them. Memory is for
 * those that were added: some 40 bytes, and the key.
 */
#ifndef MU_KEYS_H
#define MU_KEYS_H

#include <stdatomic.h>

#include "storage/base/bytes.h"
#include "storage/segment.h"

typedef struct mu_keys mu_keys;

/* Room for so many rows. The table is borrowed; `cancel` may be NULL. */
muster_status mu_keys_open(const mu_table *table, uint64_t rows, const atomic_bool *cancel,
                           mu_keys **out, muster_error *err);
void mu_keys_close(mu_keys *keys); /* NULL is fine */

/* Told of a row whose key an added row, number `other`, has. Where a row is being added, its key is
 * its own from then on, unless *stays is set. */
typedef muster_status mu_keys_met_fn(void *context, uint64_t row, uint64_t other, bool *stays,
                                     muster_error *err);

/* Adds the rows of a segment, numbered after those that were added before. */
muster_status mu_keys_add(mu_keys *keys, mu_segment *segment, mu_keys_met_fn *met, void *context,
                          muster_error *err);
/* Looks for the rows of a segment, numbered from 0. Blocks without any of the keys need not be
 * read. */
muster_status mu_keys_find(mu_keys *keys, mu_segment *segment, mu_keys_met_fn *met, void *context,
                           muster_error *err);

/* Of the row that is told of: "(sku) = ('a')", with a NUL. */
muster_status mu_keys_tell(const mu_keys *keys, mu_writer *out, muster_error *err);

#endif
