/*
 * indexed.h - conditions on indexed columns, as the values of each segment that meet them: what the
 * scan needs to skip by postings, and did() to read nothing else.
 */
#ifndef MU_INDEXED_H
#define MU_INDEXED_H

#include "query/exec.h"
#include "storage/scan.h"

typedef struct mu_indexed_options {
    const mu_table *table;
    const uint32_t *columns; /* the table's indexes of the columns in the conditions; NULL: the same
                                ones */
    const mu_expr *const *conditions; /* rows that meet none of them do not matter */
    uint32_t condition_count;
    bool bounded; /* segments out of these bounds are of no interest */
    int64_t since_us, until_us;
    bool counted; /* nor are those that a counted scan need not read (scan.h) */
} mu_indexed_options;

/* The values that can meet a condition, for each indexed column that all of them speak of; in
 * *count how many of these there are. They are the execution's, which finds them once for all of
 * its threads: what is asked is told by the expressions, the table and the columns, each of which
 * must stay. */
muster_status mu_indexed_values(mu_exec *exec, const mu_indexed_options *options,
                                const mu_scan_values **out, uint32_t *count, muster_error *err);

/* What one execution has found; exec.c keeps it. */
mu_indexed *mu_indexed_open(void);        /* NULL when out of memory */
void mu_indexed_close(mu_indexed *found); /* NULL is fine */

/* Whether mu_indexed_values() looks for values of the table's column: it is indexed, and each
 * condition says something of it alone. */
bool mu_indexed_column(const mu_indexed_options *options, uint32_t column);

/* Whether the condition speaks of nothing but one indexed column. */
bool mu_indexed_only(const mu_table *table, const uint32_t *columns, const mu_expr *condition);

#endif
