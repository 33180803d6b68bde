/*
 * enc_decoder.h - what the files of the encodings share: a decoder's state, and the table of what
 * each encoding can do. For enc*.c only.
 *
 * To add an encoding: its number in enc.h, a file with its functions, a line in the table of
 * enc.c, its bytes in docs/format.md.
 */
#ifndef MU_ENC_DECODER_H
#define MU_ENC_DECODER_H

#include "storage/dict.h"
#include "storage/enc.h"
#include "storage/enc_for.h"

/* `open` takes the payload, checks it and leaves the reader behind it. The others read values
 * [first, first + count), which are there; NULL where the chunk holds no such thing. */
typedef struct mu_encoding {
    mu_enc enc;
    const char *name;
    muster_status (*open)(mu_decoder *decoder, mu_reader *in, muster_error *err);
    void (*read_i64)(mu_decoder *decoder, uint32_t first, uint32_t count, int64_t *out);
    muster_status (*read_u32)(mu_decoder *decoder, uint32_t first, uint32_t count, uint32_t *out,
                              muster_error *err);
    void (*read_f64)(const mu_decoder *decoder, uint32_t first, uint32_t count, double *out);
} mu_encoding;

struct mu_decoder {
    const mu_encoding *encoding; /* NULL: no chunk is open */
    uint32_t rows;
    int64_t constant;     /* CONST */
    mu_for packed;        /* FOR */
    const uint8_t *bytes; /* RAW: the values; LZ4: their byte planes, in `scratch` */
    uint32_t run_count;   /* RLE and CUSTOMER */
    uint32_t run;         /* where the last read ended; the next one mostly goes on there */
    bool narrowed;        /* RLE: run_narrow is filled */
    mu_dict dict;         /* TEXT; points to `offsets` and `scratch` */

    /* Memory, kept from chunk to chunk. */
    uint32_t *ends; /* of runs: the row behind each; rising, the last is `rows` */
    int64_t *run_values;
    uint32_t *run_narrow; /* CUSTOMER: ordinals; RLE: the values as 32 bits, once asked for */
    uint64_t *offsets;
    uint8_t *scratch;
    size_t end_capacity, run_value_capacity, run_narrow_capacity, offset_capacity, scratch_capacity;
};

/* RLE and CUSTOMER begin alike, with the lengths of runs: both use these. */
void mu_runs_write(mu_writer *out, const int64_t *lengths, uint32_t run_count);
size_t mu_runs_bytes(const int64_t *lengths, uint32_t run_count);
muster_status mu_runs_open(mu_decoder *decoder, mu_reader *in, muster_error *err);
void mu_runs_read_u32(mu_decoder *decoder, uint32_t first, uint32_t count, uint32_t *out);

/* Writes a payload, or false and nothing if it would not be below `limit` bytes (or memory is out:
 * then the writer has failed). */
bool mu_enc_rle_write(mu_writer *out, const int64_t *values, uint32_t rows, uint32_t run_count,
                      size_t limit);
bool mu_enc_lz4_write(mu_writer *out, const double *values, uint32_t rows, size_t limit);
void mu_enc_text_write(mu_writer *out, const mu_text *values, uint32_t rows);
void mu_enc_customer_write(mu_writer *out, const uint32_t *ordinals, uint32_t rows);

extern const mu_encoding mu_encoding_rle;
extern const mu_encoding mu_encoding_raw;
extern const mu_encoding mu_encoding_lz4;
extern const mu_encoding mu_encoding_text;
extern const mu_encoding mu_encoding_customer;

#endif
