/*
 * merge_sort.h - a stable sort that can be stopped.
 */
#ifndef MU_MERGE_SORT_H
#define MU_MERGE_SORT_H

#include <stdbool.h>
#include <stddef.h>

/* Less than 0, 0 or more, as for qsort(). */
typedef int mu_compare(const void *context, const void *left, const void *right);

/* Puts items of `size` bytes in order; equal ones stay as they were. `spare` has room for as many.
 * Once the statement is to stop (mu_stopped()) it ends soon, and returns false: then the order is
 * any. */
bool mu_merge_sort(void *items, void *spare, size_t count, size_t size, mu_compare *compare,
                   const void *context);

#endif
