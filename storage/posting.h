/*
 * posting.h - postings: who has which value of an indexed column, and how many rows there are of
 * each, so that no row has to be read for it.
 *
 * A segment has them for its EVENT column and for INDEXED ones, if they have a dictionary there. An
 * entry exists for each value of the dictionary, and one more for NULL. Counts are always there; a
 * set of customers is there where it pays: all sets of a segment take a share of its bytes, and the
 * smallest come first, since each spares reading the same rows.
 */
#ifndef MU_POSTING_H
#define MU_POSTING_H

#include <stdatomic.h>

#include "storage/base/bytes.h"
#include "storage/base/status.h"

/* Reading; mu_segment_postings() gives them. */

typedef struct mu_posting {
    uint64_t rows;        /* with a customer */
    uint64_t nobody_rows; /* without one */
    uint64_t customers;   /* in the set */
    uint64_t offset;      /* of the set in the file */
    uint64_t size;        /* of it; 0: there is none */
    uint64_t checksum;
    atomic_bool verified;
} mu_posting;

typedef struct mu_postings {
    uint32_t count;     /* values of the dictionary, and one for NULL, which is the last */
    mu_posting *values; /* only `verified` ever changes */
} mu_postings;

/* Whether the customers who have the value are known: there is a set, or no one has it. */
static inline bool mu_posting_known(const mu_posting *posting)
{
    return posting->rows == 0 || posting->size > 0;
}

/* Where the postings of a column are, as the directory says. */
typedef struct mu_posting_place {
    bool there;
    uint64_t offset;
    uint32_t head_size; /* without its padding; the sets come behind it */
    uint64_t head_checksum;
    uint64_t sets_size; /* with all padding */
} mu_posting_place;

/* Writing, for the writer of segments. */

typedef struct mu_posting_writer mu_posting_writer;

/* For a dictionary of so many values. NULL when out of memory. */
mu_posting_writer *mu_posting_writer_open(uint32_t values);
void mu_posting_writer_close(mu_posting_writer *writer); /* NULL is fine */

/* Rows of one stripe, stripes ascending, `ordinals` too (NULL: nobody). `codes` is NULL where all
 * are NULL; `valid` as in a block. False when out of memory. */
bool mu_posting_writer_add(mu_posting_writer *writer, uint32_t stripe, uint32_t rows,
                           const uint32_t *ordinals, const uint32_t *codes, const uint64_t *valid);

/* Writes to `out`, which is empty, what takes no more than `budget` bytes; if that is not enough
 * for the counts, nothing, and place->there is false. All of *place but the offset is set. False
 * when out of memory. */
bool mu_posting_writer_finish(mu_posting_writer *writer, uint64_t budget, mu_writer *out,
                              mu_posting_place *place);

/* For checks: all stripes have been added. Compares the counts and the sets that are there with
 * what has been collected; `file` is where offsets begin. */
muster_status mu_posting_writer_compare(mu_posting_writer *writer, const mu_postings *postings,
                                        const uint8_t *file, muster_error *err);

#endif
