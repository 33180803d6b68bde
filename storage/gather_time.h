/*
 * gather_time.h - one customer's events put in the order of time; for gather.c.
 */
#ifndef MU_GATHER_TIME_H
#define MU_GATHER_TIME_H

#include <stdint.h>

/* Sorts `times`, and `order` along with them; equal times stay as they are. `spare_times` and
 * `spare_order` have room for as many. Rows that are runs in order, one after another, take
 * rows * log(runs) steps. */
void mu_gather_sort_times(int64_t *times, uint32_t *order, uint32_t rows, int64_t *spare_times,
                          uint32_t *spare_order);

#endif
