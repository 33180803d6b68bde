/*
 * merge.h - segments of one table and period become one, stripe by stripe.
 */
#ifndef MU_MERGE_H
#define MU_MERGE_H

#include <stdatomic.h>

#include "storage/erased.h"
#include "storage/segment.h"

typedef struct mu_merge {
    const mu_table *table;
    int64_t period;
    mu_segment *const *segments; /* in order of arrival; borrowed */
    uint32_t segment_count;
    uint32_t block_rows;          /* of the blocks written; none that is read has more */
    const char *directory;        /* of what is written; NULL: in memory */
    uint64_t file;                /* its number */
    bool temporary;               /* it is not synced */
    const mu_erased *erased;      /* whose rows are dropped; NULL: no one's */
    const uint64_t *gone;         /* bits of rows of the only segment that are dropped; or NULL */
    const atomic_bool *cancel;    /* NULL: never */
    void (*pause)(void *context); /* called again and again meanwhile; NULL: nothing is */
    void *pause_context;
} mu_merge;

/* Writes one segment with the rows of all, which must not be none; `bytes` is for one in memory,
 * and may else be NULL. */
muster_status mu_merge_segments(const mu_merge *merge, mu_segment_info *info, mu_map *bytes,
                                muster_error *err);

#endif
