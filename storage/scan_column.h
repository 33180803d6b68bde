/*
 * scan_column.h - one column of a scan: the chunk it is in, and the batch's part of it.
 *
 * For scan.c. A chunk is opened when the first batch asks for it, so columns that no live row
 * needs are never touched. All memory of a column is taken when the scan is opened, but for the
 * decoder's, which it keeps from chunk to chunk.
 */
#ifndef MU_SCAN_COLUMN_H
#define MU_SCAN_COLUMN_H

#include "storage/base/arena.h"
#include "storage/batch.h"
#include "storage/segment.h"

typedef enum mu_scan_state {
    MU_SCAN_CLOSED,  /* the block's chunk has not been asked for */
    MU_SCAN_ABSENT,  /* all NULL */
    MU_SCAN_FILLED,  /* one value; it fills the batch already */
    MU_SCAN_TEXTS,   /* a dictionary of the chunk: codes are rows */
    MU_SCAN_ENCODED, /* to be decoded batch by batch */
} mu_scan_state;

typedef struct mu_scan_column {
    mu_scan_state state;
    mu_type type;
    mu_decoder *decoder;         /* owned; NULL until first use */
    void *values;                /* of the batch, MU_BATCH_ROWS of 8 bytes */
    uint64_t *bits;              /* BOOLEAN: the values as bits */
    uint64_t *valid;             /* of a batch that ends within a bitmap of the file */
    const void *nulls;           /* values where all are NULL */
    const mu_dict *no_text;      /* one empty text, for codes of NULLs */
    const uint64_t *chunk_valid; /* of the chunk; NULL: no nulls */
    const mu_dict *dict;         /* of the chunk's codes */
    uint32_t run;                /* of a CUSTOMER chunk, where the last mark ended */
} mu_scan_column;

muster_status mu_scan_column_init(mu_scan_column *column, mu_type type, mu_arena *arena,
                                  muster_error *err);
void mu_scan_column_deinit(mu_scan_column *column); /* a zeroed one is fine */

/* Where the batch is: rows [first, first + rows) of a block. */
typedef struct mu_scan_place {
    mu_segment *segment;
    uint32_t block, first, rows;
} mu_scan_place;

/* Points `out` at the batch's values of the segment's column `index` (MU_NO_COLUMN: all NULL). What
 * is read from the file is added to *bytes. */
muster_status mu_scan_column_load(mu_scan_column *column, const mu_scan_place *place,
                                  uint32_t index, mu_vector *out, uint64_t *bytes,
                                  muster_error *err);

/* Of a CUSTOMER column: sets the bits, of the stripe, of the batch's live rows. */
muster_status mu_scan_column_mark(mu_scan_column *column, const mu_scan_place *place,
                                  uint32_t index, const uint64_t *live,
                                  uint64_t bits[MU_STRIPE_WORDS], uint64_t *bytes,
                                  muster_error *err);

#endif
