/*
 * group_keys.h - from the values of GROUP BY to numbers of groups, in one thread.
 *
 * A key becomes a word: an integer itself, the bits of a double, an ordinal, or a code of a
 * dictionary that grows with the texts that come. One key of text or of customers of one stripe
 * finds its group in an array; anything else in a hash table of whole tuples. NULL is a group like
 * any other.
 */
#ifndef MU_GROUP_KEYS_H
#define MU_GROUP_KEYS_H

#include "storage/batch.h"

typedef struct mu_group_keys mu_group_keys;

/* `types` are copied. With `per_stripe`, an ordinal is looked up by its place in the stripe: all
 * rows between two resets are of one. */
muster_status mu_group_keys_open(const mu_type *types, uint32_t key_count, bool per_stripe,
                                 mu_group_keys **out, muster_error *err);
void mu_group_keys_close(mu_group_keys *keys); /* NULL is fine */

/* groups[r] = the group of row r, for each live row; new groups get the next number. */
muster_status mu_group_keys_find(mu_group_keys *keys, const mu_vector *values,
                                 const mu_batch *batch, uint32_t *groups, muster_error *err);
uint32_t mu_group_keys_count(const mu_group_keys *keys);

/* Key k of a group; text is good until the next find. */
mu_value mu_group_keys_value(const mu_group_keys *keys, uint32_t group, uint32_t k);

/* map[g] = the group of `keys` that has the key of group g of `from`, new or old. */
muster_status mu_group_keys_merge(mu_group_keys *keys, const mu_group_keys *from, uint32_t *map,
                                  muster_error *err);

/* Forgets all groups, keeping the memory. */
void mu_group_keys_reset(mu_group_keys *keys);

#endif
