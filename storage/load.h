/*
 * load.h - rows into a table: collected, sorted, written as segments, merged where memory did not
 * suffice.
 *
 * Rows are kept column by column, with a dictionary for each text column, until they reach the
 * memory budget; then each period's rows are sorted by (customer, time, arrival) and written as a
 * run, a temporary segment. At the end, periods with one run are done, the others are merged stripe
 * by stripe. Memory is bounded by the budget, whatever the size and order of the input.
 */
#ifndef MU_LOAD_H
#define MU_LOAD_H

#include <stdatomic.h>

#include "storage/base/pool.h"
#include "storage/db.h"

/* One column of rows that come in. Exactly one of the first three is set, or none if all are the
 * column's DEFAULT, or NULL where it has none.
 * The CUSTOMER column is text or i64, as the ids are, or ordinals of customers that are there. */
typedef struct mu_input_column {
    const int64_t *i64;
    const double *f64;
    const mu_text *text;      /* UTF-8, checked by who made it */
    const uint64_t *valid;    /* NULL: no nulls */
    const uint32_t *ordinals; /* if set, nothing else is; MU_NO_CUSTOMER for nobody */
} mu_input_column;

/* How far something is; see muster_progress. */
typedef struct mu_progress {
    void (*report)(void *context, const char *what, uint64_t done, uint64_t total, uint64_t rows);
    void *context;
} mu_progress;

/* What becomes of a row whose key (of a lookup table) is that of one that came before it. */
typedef enum mu_conflict {
    MU_CONFLICT_REFUSE,  /* INVALID */
    MU_CONFLICT_KEEP,    /* it is left out */
    MU_CONFLICT_UPDATE,  /* it takes the place of one that is there; two that come are refused */
    MU_CONFLICT_REPLACE, /* it takes the place of the other one */
    MU_CONFLICT_NONE,    /* there is none: keys are known to differ, and are not compared */
} mu_conflict;

typedef struct mu_load_options {
    size_t memory_bytes;         /* the budget; 0: one that suits the machine (at most 1 GiB) */
    mu_pool *pool;               /* NULL: one thread */
    const atomic_bool *cancel;   /* NULL: never */
    const mu_progress *progress; /* NULL: none */
    mu_conflict conflict;
} mu_load_options;

typedef struct mu_load mu_load;

muster_status mu_load_open(mu_change *change, const mu_table *table, const mu_load_options *options,
                           mu_load **out, muster_error *err);

/* `columns`: one for each of the table's, in its order. TIME must not be NULL (INVALID, row named).
 * Any number of rows. */
muster_status mu_load_rows(mu_load *load, uint32_t rows, const mu_input_column *columns,
                           muster_error *err);

/* The same for several batches at once, which keeps more threads busy. */
typedef struct mu_load_batch {
    uint32_t rows;
    const mu_input_column *columns;
} mu_load_batch;

muster_status mu_load_batches(mu_load *load, uint32_t count, const mu_load_batch *batches,
                              muster_error *err);

/* The same in parts, for who has other work for the pool at the same time: begin; then every item,
 * once, on any threads; then end. The batches must stay until then. */
muster_status mu_load_begin(mu_load *load, uint32_t count, const mu_load_batch *batches,
                            muster_error *err);
uint32_t mu_load_item_count(const mu_load *load); /* the dearest ones come first */
muster_status mu_load_item(mu_load *load, uint32_t item, muster_error *err);
muster_status mu_load_end(mu_load *load, muster_error *err);

muster_status mu_load_cancel(muster_error *err); /* CANCELLED, worded */

/* Sorts, writes, and adds the segments to the change. */
muster_status mu_load_finish(mu_load *load, muster_error *err);
/* Of one that was finished: rows that were there and were replaced, and rows that were left out,
 * as others that came have their keys, or (KEEP) are there. */
typedef struct mu_load_conflicts {
    uint64_t replaced, left_out;
} mu_load_conflicts;
mu_load_conflicts mu_load_conflicts_of(const mu_load *load);
void mu_load_close(
    mu_load *load); /* frees it, and removes its files unless it was finished; NULL is fine */

#endif
