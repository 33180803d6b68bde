/*
 * bandwidth.h - how fast memory can be read.
 */
#ifndef MU_BANDWIDTH_H
#define MU_BANDWIDTH_H

#include "storage/base/pool.h"

/* Bytes a second that the threads of the pool (NULL: this one) read together, more than 0. It takes
 * a fraction of a second. */
muster_status mu_bandwidth_measure(mu_pool *pool, const atomic_bool *cancel, uint64_t *out,
                                   muster_error *err);

#endif
