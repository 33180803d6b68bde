/*
 * segment.h - a segment: an immutable file with the events of one table and one period, sorted by
 * (customer, time, arrival).
 *
 * Rows are cut by stripe, and a long stripe into blocks of at most MU_BLOCK_ROWS rows. A block has
 * one chunk per column. Events without a customer are in stripe MU_NOBODY, after all others, sorted
 * by (time, arrival). The rows of a lookup table are all in MU_NOBODY, in order of arrival. Text is
 * codes into a sorted dictionary of the segment, or, where a dictionary would not pay, lengths and
 * bytes in each chunk. The layout of the file is in docs/format.md and on top of segment_format.h.
 */
#ifndef MU_SEGMENT_H
#define MU_SEGMENT_H

#include "storage/base/env.h"
#include "storage/base/limits.h"
#include "storage/catalog.h"
#include "storage/dict.h"
#include "storage/enc.h"
#include "storage/posting.h"

#define MU_NOBODY 65536u /* the stripe of events without a customer */

enum {
    MU_SEGMENT_NAME_BYTES = 32, /* room for the name of a segment's file, with its NUL */
};

/* What the manifest says of a segment. */
typedef struct mu_segment_info {
    uint64_t file; /* "events-000042.seg": the number */
    uint32_t table_id;
    int64_t period; /* mu_unit_number() of its events; 0 for a lookup table */
    uint64_t rows, nobody_rows, size_bytes;
    int64_t min_time_us, max_time_us; /* 0 and 0 for a lookup table */
    uint64_t masked_rows; /* of customers who were erased: not in the times, but in the rows */
} mu_segment_info;

/* Whether some of the times from min_us to max_us may lie in [since_us, until_us), or all of them
 * do. */
static inline bool mu_times_meet(int64_t min_us, int64_t max_us, int64_t since_us, int64_t until_us)
{
    return max_us >= since_us && min_us < until_us && since_us < until_us;
}

static inline bool mu_times_within(int64_t min_us, int64_t max_us, int64_t since_us,
                                   int64_t until_us)
{
    return min_us >= since_us && max_us < until_us;
}

/* The name of a segment's file: "events-000042.seg". */
void mu_segment_name(uint64_t file, char name[MU_SEGMENT_NAME_BYTES]);

/* Writing. */

/* The values of one column of a block, as the column's type has them on disk. Exactly one of the
 * first four is set, or none if all are NULL. */
typedef struct mu_block_column {
    const int64_t *i64;
    const double *f64;
    const uint32_t *codes; /* into the dictionary given for the column */
    const mu_text *text;   /* where the column has no dictionary */
    const uint64_t *valid; /* NULL: no nulls. Values at nulls may be anything (codes: below the
                              count, or anything if the dictionary is empty). */
} mu_block_column;

typedef struct mu_segment_writer mu_segment_writer;

/* In `directory`, or in memory if that is NULL. `dicts[i]` is the sorted dictionary of the i-th
 * column, NULL for columns that are not text or have none. Table and dictionaries are borrowed
 * until the writer is closed. */
muster_status mu_segment_writer_open(const char *directory, uint64_t file, const mu_table *table,
                                     int64_t period, const mu_dict *const *dicts,
                                     mu_segment_writer **out, muster_error *err);

/* A block: rows <= MU_BLOCK_ROWS of one stripe, stripes ascending, blocks of a stripe in order;
 * `ordinals` ascending (NULL for MU_NOBODY); columns as in the table, the one of the CUSTOMER
 * column being ignored. The writer does not sort. */
muster_status mu_segment_writer_add(mu_segment_writer *writer, uint32_t stripe, uint32_t rows,
                                    const uint32_t *ordinals, const mu_block_column *columns,
                                    muster_error *err);

/* Writes dictionaries, directory and footer, syncs, and says what to put in the manifest. The
 * writer is closed whatever happens; on failure the file is removed. `temporary` leaves out the
 * sync. */
muster_status mu_segment_writer_finish(mu_segment_writer *writer, bool temporary,
                                       mu_segment_info *info, muster_error *err);
/* The same for one in memory: its bytes are the caller's. */
muster_status mu_segment_writer_take(mu_segment_writer *writer, mu_segment_info *info,
                                     mu_map *bytes, muster_error *err);
void mu_segment_writer_abort(mu_segment_writer *writer); /* removes the file; NULL is fine */

/* Reading. */

typedef struct mu_segment mu_segment; /* immutable, shared by threads */

/* Checks size, footer and directory; chunks and dictionaries are checked on first use. Messages
 * name the file. */
muster_status mu_segment_open(const char *directory, const char *name, mu_segment **out,
                              muster_error *err);
/* The same from bytes in memory; the map is taken over, whatever happens. */
muster_status mu_segment_open_map(mu_map *map, const char *name, mu_segment **out,
                                  muster_error *err);
void mu_segment_close(mu_segment *segment); /* NULL is fine */
uint64_t mu_segment_rows(const mu_segment *segment);
/* What the file says of itself, for comparison with the manifest: all but info->file. */
void mu_segment_describe(const mu_segment *segment, mu_segment_info *info);

typedef struct mu_chunk_info {
    uint64_t offset;
    uint32_t size; /* 0: all NULL, nothing stored */
    uint32_t null_count;
    bool by_code;     /* text as codes of the segment's dictionary */
    int64_t min, max; /* of the non-null values: i64 forms and codes; doubles as their bits; 0 for
                         text without a dictionary */
} mu_chunk_info;

typedef struct mu_block {
    uint32_t stripe;
    uint32_t rows;
    uint32_t first_ordinal, last_ordinal; /* MU_NO_CUSTOMER in MU_NOBODY */
} mu_block;

uint32_t mu_segment_block_count(const mu_segment *segment);
const mu_block *mu_segment_block(const mu_segment *segment, uint32_t block);
/* Blocks of a stripe: [*first, *end); empty if there are none. */
void mu_segment_stripe(const mu_segment *segment, uint32_t stripe, uint32_t *first, uint32_t *end);

/* The segment's index of a column, MU_NO_COLUMN if it was written before the column was there. */
uint32_t mu_segment_column(const mu_segment *segment, uint32_t column_id);
/* Whether it has a column that the table has no more. */
bool mu_segment_has_dropped(const mu_segment *segment, const mu_table *table);
mu_type mu_segment_column_type(const mu_segment *segment, uint32_t column);
const mu_chunk_info *mu_segment_chunk(const mu_segment *segment, uint32_t block, uint32_t column);

/* Points `decoder` at a chunk whose size is not 0, verifying its checksum on first use; *valid is
 * its bitmap of non-null rows (the decoder's: mu_decoder_valid()) or NULL. Messages name file,
 * column and offset. */
muster_status mu_segment_read(const mu_segment *segment, uint32_t block, uint32_t column,
                              mu_decoder *decoder, const uint64_t **valid, muster_error *err);

/* Puts file, column and offset of a chunk in front of the message. */
void mu_segment_where(const mu_segment *segment, uint32_t block, uint32_t column,
                      muster_error *err);

/* The dictionary of a text column, decompressed and checked on first use; NULL in *out if it has
 * none. Lives as long as the segment. */
muster_status mu_segment_dict(mu_segment *segment, uint32_t column, const mu_dict **out,
                              muster_error *err);

/* The postings of a column, read and checked on first use; NULL in *out if there are none. They
 * live as long as the segment. */
muster_status mu_segment_postings(mu_segment *segment, uint32_t column, const mu_postings **out,
                                  muster_error *err);
uint64_t mu_segment_posting_bytes(const mu_segment *segment, uint32_t column); /* 0: none */
/* Of a posting that is known: whether anyone of the stripe is in it; and into |= those who are,
 * *bytes being what was read for it. */
muster_status mu_segment_posting_has(const mu_segment *segment, uint32_t column,
                                     mu_posting *posting, uint32_t stripe, bool *has,
                                     muster_error *err);
muster_status mu_segment_posting_read(const mu_segment *segment, uint32_t column,
                                      mu_posting *posting, uint32_t stripe,
                                      uint64_t into[MU_STRIPE_WORDS], uint64_t *bytes,
                                      muster_error *err);

/* What a column takes in the file, and how. */
typedef struct mu_segment_usage {
    uint64_t rows, nulls;
    uint64_t chunk_bytes, dict_bytes, posting_bytes;
    uint64_t raw_bytes; /* the values without any encoding, but text as it is counted below */
    uint32_t encodings; /* a bit for each mu_enc that a chunk has */
    bool with_dict;
} mu_segment_usage;

/* Adds a column to *usage. A value is 8 bytes raw, a BOOLEAN 1, an ordinal 4, and a text its bytes
 * and 4; with a dictionary, 4 and the dictionary once, with the lengths of its texts. Reads nothing
 * but the directory and a byte of each chunk, but for text without a dictionary, which is decoded.
 */
muster_status mu_segment_use(mu_segment *segment, uint32_t column, mu_segment_usage *usage,
                             muster_error *err);

/* Reads and verifies everything: checksums, order of rows, minima and maxima, codes. */
muster_status mu_segment_check(mu_segment *segment, muster_error *err);

#endif
