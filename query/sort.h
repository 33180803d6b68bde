/*
 * sort.h - rows of rowsets in order: what ORDER BY, LIMIT and windows are made of.
 *
 * A row's key is a string of bits, compared from the left: for each column of the order whether it
 * is NULL, then its value as a number that rises with it and is as narrow as the values that there
 * are allow. The first 64 bits travel with the row (mu_sort_item), so that most comparisons look at
 * nothing else; the rest is found where two rows are equal so far. Texts are numbers by their rank
 * where there are few, else eight bytes of them and, among equals, the texts.
 *
 * Pieces of the rows are sorted (sort_run.c) and then merged, all by all threads. Equal rows come
 * in the order of the remaining columns, so that the result does not depend on which thread read
 * what.
 */
#ifndef MU_SORT_H
#define MU_SORT_H

#include "query/rowset.h"

typedef struct mu_sort mu_sort;

/* The order: its keys, then all other columns, ascending. A CUSTOMER goes by ordinal; the planner
 * casts it to its id where people ask for an order. Sets may be NULL; they and `keys` must stay. */
muster_status mu_sort_open(mu_exec *exec, bool alone, const mu_sort_key *keys, uint32_t key_count,
                           mu_rowset *const *sets, uint32_t set_count, mu_sort **out,
                           muster_error *err);
void mu_sort_close(mu_sort *sort); /* NULL is fine */

/* All rows of the sets in order; good until the sort is closed. */
muster_status mu_sort_run(mu_sort *sort, const mu_sort_item **items, uint64_t *count,
                          muster_error *err);

/* A value as a number that rises with it, NULL aside: -0 is 0, NaN is the largest. */
uint64_t mu_sort_number(int64_t value);
uint64_t mu_sort_number_f64(double value);

#endif
