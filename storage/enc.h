/*
 * enc.h - encodings: how the values of one chunk (a column of one block) become bytes.
 *
 * The encoder tries what fits the values and keeps what takes the fewest bytes. A chunk is one
 * byte of encoding and its payload; number of values, type and nulls are the directory's business.
 *
 *   CONST     one value
 *   RLE       runs of (length, value)
 *   FOR       (value - base) / divisor, bit-packed
 *   RAW       8 bytes a value: doubles that nothing else shortens
 *   LZ4       the 8-byte values cut into byte planes, through LZ4: doubles
 *   TEXT      the lengths bit-packed, then the bytes through LZ4
 *   CUSTOMER  ordinals ascending: runs of (ordinal, number of rows)
 *
 * Dictionary codes are integers: CONST, RLE or FOR; so are doubles where that is shorter. Reading
 * is in any order of batches, cheap in rising order. The bytes are fixed by docs/format.md.
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
} mu_enc;

const char *mu_enc_name(mu_enc enc); /* "constant", "run-length", ...; "unknown" */

/* Appends the shortest encoding of `rows` >= 1 values. Memory failures are remembered by the
 * writer. */
mu_enc mu_enc_i64(mu_writer *out, const int64_t *values, uint32_t rows);
mu_enc mu_enc_u32(mu_writer *out, const uint32_t *values, uint32_t rows);
mu_enc mu_enc_f64(mu_writer *out, const double *values, uint32_t rows);
mu_enc mu_enc_text(mu_writer *out, const mu_text *values, uint32_t rows);
mu_enc mu_enc_customer(mu_writer *out, const uint32_t *ordinals, uint32_t rows); /* ascending */

/* A chunk being read. Zeroed: closed. Owns scratch memory, kept for the next chunk opened in it. */
typedef struct mu_decoder mu_decoder;
mu_decoder *mu_decoder_new(void); /* NULL when out of memory */
void mu_decoder_free(mu_decoder *decoder);

/* Points the decoder at a chunk of `rows` values; checks everything that can be wrong with it
 * (CORRUPT), so that reading cannot overrun; text is decompressed here. `data` must stay. */
muster_status mu_decoder_open(mu_decoder *decoder, const uint8_t *data, size_t size, uint32_t rows,
                              muster_error *err);
mu_enc mu_decoder_enc(const mu_decoder *decoder);

/* Values [first, first + count): first a multiple of MU_BATCH_ROWS, count <= MU_BATCH_ROWS (or any
 * count, for first + count <= rows, in mu_decode_u32 and _i64). `out` has room for count rounded up
 * to 64; what is past count is set to 0. Calling the one that does not fit the
 * chunk's kind is CORRUPT. */
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
