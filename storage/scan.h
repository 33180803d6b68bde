/*
 * scan.h - the rows of a table as batches, a unit of work at a time, columns on demand.
 *
 * Units 0 ... stripes - 1 are the stripes of customers; the units after them are the rows of
 * nobody, one unit for each segment that has such rows. A scan belongs to one thread; each thread
 * has its own over the same snapshot, and takes units from a common counter. Within a unit,
 * segments come in order of (period, file), and a segment's rows in theirs: one customer's events
 * are in time order as long as segments do not overlap (gather.h sorts the rest).
 *
 * A batch comes with no column loaded: load those a filter needs, clear bits of `live`, load the
 * rest only if some are left.
 *
 * A counted scan need not give every row by itself: its batches have one column more, which says
 * how many rows each stands for. Segments whose postings know that are not read at all; their
 * values come in units after all others, one for each such segment.
 */
#ifndef MU_SCAN_H
#define MU_SCAN_H

#include <stdatomic.h>

#include "storage/batch.h"
#include "storage/db.h"

/* Only rows whose value lies in [min, max] matter (a row whose value is NULL does not). Blocks that
 * have none are skipped; rows of the others are NOT filtered by this. For i64 forms. */
typedef struct mu_scan_range {
    uint32_t column; /* the table's index */
    int64_t min, max;
} mu_scan_range;

/* Of the rows with a value of an indexed column, only some matter. Blocks whose customers have none
 * of them are skipped; rows of the others are NOT filtered by this. */
typedef struct mu_scan_values {
    uint32_t column; /* the table's index */
    /* By segment of the table: a byte for each value of its dictionary, by code, and one for NULL,
     * not 0 where rows matter; NULL where that is not known. */
    const uint8_t *const *wanted;
} mu_scan_values;

/* What scans look at, and what they need not. `customers` are one block a stripe. */
typedef struct mu_scan_seen {
    atomic_uint_fast64_t blocks, rows; /* that are looked at */
    atomic_uint_fast64_t by_postings;  /* blocks that are not, since postings know better; */
    atomic_uint_fast64_t by_limits;    /* since their least and greatest values do */
    atomic_uint_fast64_t counted;      /* segments of which only counts are read */
} mu_scan_seen;

typedef struct mu_scan_options {
    const mu_table *table;   /* an event or lookup table, or `customers` (whose batches have all
                                ordinals, no segments) */
    const uint32_t *columns; /* the table's indexes of the batch's columns */
    uint32_t column_count;
    bool bounded; /* only events in [since_us, until_us); these rows are filtered by the scan */
    int64_t since_us, until_us;
    bool skip_nobody; /* units after the stripes are left out */
    const mu_scan_range *ranges;
    uint32_t range_count;
    const mu_scan_values *values;
    uint32_t value_count;
    const uint64_t *left_out; /* bits of the table's segments that are not read; NULL: none */
    bool counted;             /* at most one column, an indexed one; of `customers`, none */
    atomic_uint_fast64_t *bytes_read; /* grows by the chunks that are read; NULL: no one counts */
    mu_scan_seen *seen;               /* grows; NULL: no one counts */
} mu_scan_options;

typedef struct mu_scan mu_scan;

/* The options and what they point to, and the snapshot, must stay. */
muster_status mu_scan_open(mu_snapshot *snapshot, const mu_scan_options *options, mu_scan **out,
                           muster_error *err);
void mu_scan_close(mu_scan *scan); /* NULL is fine */

uint32_t mu_scan_units(const mu_scan *scan);
uint32_t mu_scan_stripes(const mu_scan *scan); /* of the units, those that are stripes */
muster_status mu_scan_start(mu_scan *scan, uint32_t unit, muster_error *err);

/* The next batch of the unit that has live rows; *batch is the scan's own, good until the next
 * call; rows == 0: the unit has ended. */
muster_status mu_scan_next(mu_scan *scan, mu_batch **batch, muster_error *err);

/* Which block of the scan the current batch is from: batches of one follow each other, and have the
 * same dictionaries. */
uint64_t mu_scan_block(const mu_scan *scan);

/* The least and the greatest value of column `i`, of an i64 form, in the current batch's block;
 * false where they are not known or some may be NULL. */
bool mu_scan_limits(const mu_scan *scan, uint32_t i, int64_t *min, int64_t *max);

/* Fills column `i` of the current batch (once; again costs nothing). A column its segment does not
 * have is all NULL. The CUSTOMER column is never in a valid bitmap's hands: nobody is
 * MU_NO_CUSTOMER, with `valid` all clear. */
muster_status mu_scan_load(mu_scan *scan, uint32_t i, muster_error *err);

/* Sets the bits, of the stripe, of the customers of the live rows. Column `i` is the CUSTOMER
 * column, which need not be loaded: only the live rows' customers are looked for. */
muster_status mu_scan_mark(mu_scan *scan, uint32_t i, uint64_t bits[MU_STRIPE_WORDS],
                           muster_error *err);

#endif
