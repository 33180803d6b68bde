/*
 * indexed.h - conditions on indexed columns, as the values of each segment that meet them: what the
 * scan needs to skip by postings, and did() to read nothing else.
 */
#ifndef MU_INDEXED_H
#define MU_INDEXED_H

#include "query/eval.h"
#include "storage/scan.h"

typedef struct mu_indexed_options {
    const mu_table *table;
    const uint32_t *columns; /* the table's indexes of the columns in the conditions; NULL: the same
                                ones */
    const mu_expr *const *conditions; /* rows that meet none of them do not matter */
    uint32_t condition_count;
    bool bounded; /* segments out of these bounds are of no interest, nor are those left out */
    int64_t since_us, until_us;
    const uint64_t *left_out;
} mu_indexed_options;

/* The values that can meet a condition, for each indexed column that all of them speak of; in
 * *count how many of these there are. All memory is the arena's. */
muster_status mu_indexed_values(mu_exec *exec, const mu_indexed_options *options, mu_arena *arena,
                                const mu_scan_values **out, uint32_t *count, muster_error *err);

/* Whether the condition speaks of nothing but one indexed column. */
bool mu_indexed_only(const mu_table *table, const uint32_t *columns, const mu_expr *condition);

#endif
