/*
 * enc.h - encodings: how the values of one chunk (a column of one block) become bytes.
 *
 * The encoder looks at the values, asks each encoding that fits them how many bytes it would take,
 * and keeps the fewest. A chunk is its NULLs, if it has some, one byte of encoding and its payload;
 * number of values, type and number of nulls are the directory's business.
 *
 *   CONST     one value
 *   RLE       runs of (length, value)
 *   FOR       (value - base) / divisor, bit-packed
 *   RAW       8 bytes a value: doubles that nothing else shortens
 *   LZ4       the 8-byte values cut into byte planes, through LZ4: doubles
 *   TEXT      the lengths bit-packed, then the bytes through LZ4
 *   PATTERN   texts that look alike: the numbers in them, bit-packed
 *   CUSTOMER  ordinals ascending: runs of (ordinal, number of rows)
 *   DELTA     distances to the row before, near and far ones apart
 *   PATCHED   bit-packed, values far from the rest apart
 *   RANKED    frequent values by a rank of few bits, others apart
 *   REPEAT    a bit for "as the row before", and the other values
 *   ALP       doubles that are decimals, as integers
 *
 * Dictionary codes are integers (all but DELTA); so are doubles where that is shorter. Where many
 * rows are NULL, only the values of the others are stored. Reading is in any order of batches,
 * cheap in rising order. The bytes are fixed by docs/format.md.
 */
#ifndef MU_ENC_H
#define MU_ENC_H

#include "storage/base/arena.h"
#include "storage/base/bytes.h"
#include "storage/dict.h"

typedef enum mu_enc {
    MU_ENC_CONST = 1, /* numbers are part of the format */
    MU_ENC_RLE = 2,
    MU_ENC_FOR = 3,
    MU_ENC_RAW = 4,
    MU_ENC_LZ4 = 5,
    MU_ENC_TEXT = 6,
    MU_ENC_CUSTOMER = 7,
    MU_ENC_DELTA = 8,
    MU_ENC_PATCHED = 9,
    MU_ENC_RANKED = 10,
    MU_ENC_REPEAT = 11,
    MU_ENC_ALP = 12,
    MU_ENC_PATTERN = 13,
} mu_enc;

const char *mu_enc_name(mu_enc enc); /* "constant", "run-length", ...; "unknown" */

/* Appends the shortest encoding of `rows` >= 1 values, and which of them are NULL: those without a
 * bit in `valid` (NULL: none are; at least one is not). Values at NULLs may be anything. Memory
 * failures are remembered by the writer. */
mu_enc mu_enc_i64(mu_writer *out, const int64_t *values, const uint64_t *valid, uint32_t rows);
mu_enc mu_enc_u32(mu_writer *out, const uint32_t *values, const uint64_t *valid, uint32_t rows);
mu_enc mu_enc_f64(mu_writer *out, const double *values, const uint64_t *valid, uint32_t rows);
mu_enc mu_enc_text(mu_writer *out, const mu_text *values, const uint64_t *valid, uint32_t rows);
mu_enc mu_enc_customer(mu_writer *out, const uint32_t *ordinals, uint32_t rows); /* ascending */

/* A chunk being read. Zeroed: closed. Owns scratch memory, kept for the next chunk opened in it. */
typedef struct mu_decoder mu_decoder;
mu_decoder *mu_decoder_new(void); /* NULL when out of memory */
void mu_decoder_free(mu_decoder *decoder);

/* Points the decoder at a chunk of `rows` values, `null_count` of them NULL; checks everything that
 * can be wrong with it (CORRUPT), so that reading cannot overrun; text is decompressed here. `data`
 * must stay. */
muster_status mu_decoder_open(mu_decoder *decoder, const uint8_t *data, size_t size, uint32_t rows,
                              uint32_t null_count, muster_error *err);
mu_enc mu_decoder_enc(const mu_decoder *decoder);

/* The bitmap of rows that are not NULL, padded to whole words, bits past the rows clear; NULL if
 * no row is. Good until the next chunk is opened. */
const uint64_t *mu_decoder_valid(const mu_decoder *decoder);

/* Values [first, first + count): first a multiple of MU_BATCH_ROWS, count <= MU_BATCH_ROWS (or any
 * count, for first + count <= rows, in mu_decode_u32 and _i64). `out` has room for count rounded up
 * to 64; what is past count is set to 0; at a NULL is any value, but as a code it is one of the
 * chunk's, or 0. Calling the one that does not fit the chunk's kind is CORRUPT. */
muster_status mu_decode_i64(mu_decoder *decoder, uint32_t first, uint32_t count, int64_t *out,
                            muster_error *err);
muster_status mu_decode_u32(mu_decoder *decoder, uint32_t first, uint32_t count, uint32_t *out,
                            muster_error *err);
muster_status mu_decode_f64(mu_decoder *decoder, uint32_t first, uint32_t count, double *out,
                            muster_error *err);
muster_status mu_decode_customer(mu_decoder *decoder, uint32_t first, uint32_t count, uint32_t *out,
                                 muster_error *err);

/* The texts of the whole chunk as a dictionary with one entry a row (code == row in the chunk);
 * owned by the decoder. */
muster_status mu_decode_text(mu_decoder *decoder, const mu_dict **out, muster_error *err);

/* Of a CUSTOMER chunk: its runs, decoded once; owned by the decoder. */
muster_status mu_decode_runs(mu_decoder *decoder, uint32_t *run_count, const uint32_t **ordinals,
                             const uint32_t **ends, muster_error *err);

/* If every value of the chunk is the same: true, and that value (i64 and u32 chunks). */
bool mu_decoder_constant(const mu_decoder *decoder, int64_t *value);

#endif
