/*
 * scan_counts.h - the batches of a counted scan that stand for a whole segment: for scan.c.
 */
#ifndef MU_SCAN_COUNTS_H
#define MU_SCAN_COUNTS_H

#include "storage/base/arena.h"
#include "storage/batch.h"
#include "storage/segment.h"

/* A segment of which no row is read. */
typedef struct mu_scan_whole {
    const mu_segment_info *info;
    const mu_dict *dict;         /* of the one column; NULL: there is no column */
    const mu_postings *postings; /* the same */
} mu_scan_whole;

/* The vectors of such batches. */
typedef struct mu_scan_counts {
    uint32_t *codes;
    int64_t *counts;
    int64_t *ones; /* what each row stands for where rows are read */
    uint64_t *valid;
} mu_scan_counts;

muster_status mu_scan_counts_init(mu_scan_counts *counts, mu_arena *arena, muster_error *err);

/* Fills the batch, whose columns are the values (if there is a column) and how many rows have each,
 * from entry *next on, and moves *next on; rows == 0: there are no more. `no_text` is for a NULL
 * where the dictionary is empty. */
void mu_scan_counts_next(mu_scan_counts *counts, const mu_scan_whole *whole, bool with_nobody,
                         const mu_dict *no_text, uint32_t *next, mu_batch *batch);

#endif
