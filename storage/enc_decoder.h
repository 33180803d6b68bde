/*
 * enc_decoder.h - what the files of the encodings share: a decoder's state, and the table of what
 * each encoding can do. For enc*.c only.
 *
 * To add an encoding: its number in enc.h, a file with its functions, a line in the table of
 * enc.c, a line in the choice of enc_write.c, its bytes in docs/format.md.
 */
#ifndef MU_ENC_DECODER_H
#define MU_ENC_DECODER_H

#include "storage/base/limits.h"
#include "storage/dict.h"
#include "storage/enc.h"
#include "storage/enc_for.h"
#include "storage/enc_map.h"

/* Integers to be stored, and what the choice has found out about them. */
typedef struct mu_enc_input {
    const int64_t *values;
    uint32_t rows;
    int64_t min, max;
    uint32_t run_count;
    uint32_t shortest_run, longest_run;
    mu_for plan;             /* how FOR packs them: at least one bit wide */
    const uint64_t *numbers; /* what FOR would pack: (value - base) / divisor */
    bool codes;              /* 32-bit numbers, read by mu_decode_u32() */
    bool failed;             /* memory was short for an estimate */
} mu_enc_input;

/* `estimate` says what the input will about take in bytes, SIZE_MAX if it cannot be stored so;
 * `write` appends the payload. Both are NULL where enc_write.c does not choose by them.
 *
 * `open` takes the payload, checks it and leaves the reader behind it. `read` gives values
 * [first, first + count), first a multiple of 64; `vector` gives those of one vector, all `rows`
 * that it has; both may write up to the next multiple of 64. NULL where the chunk holds no such
 * thing; doubles are read as the integers that their bits are. */
typedef struct mu_encoding {
    mu_enc enc;
    const char *name;
    bool doubles; /* it holds nothing else */
    bool texts;   /* likewise */
    size_t (*estimate)(mu_enc_input *input);
    void (*write)(mu_writer *out, const mu_enc_input *input);
    muster_status (*open)(mu_decoder *decoder, mu_reader *in, muster_error *err);
    void (*read_i64)(mu_decoder *decoder, uint32_t first, uint32_t count, int64_t *out);
    muster_status (*read_u32)(mu_decoder *decoder, uint32_t first, uint32_t count, uint32_t *out,
                              muster_error *err);
    void (*vector_i64)(mu_decoder *decoder, uint32_t vector, uint32_t rows, int64_t *out);
    muster_status (*vector_u32)(mu_decoder *decoder, uint32_t vector, uint32_t rows, uint32_t *out,
                                muster_error *err);
} mu_encoding;

/* Which form of a vector is at hand in `cache`. */
typedef enum mu_cached {
    MU_CACHED_NOTHING,
    MU_CACHED_I64,
    MU_CACHED_U32,
} mu_cached;

struct mu_decoder {
    const mu_encoding *encoding; /* NULL: no chunk is open */
    uint32_t chunk_rows;         /* as everyone else counts them */
    uint32_t rows;               /* as the encoding does: without the NULLs, if these are apart */
    bool has_nulls, apart;
    mu_enc_map present; /* has_nulls: the rows that are not NULL */

    int64_t constant; /* CONST */
    mu_for packed;    /* FOR; what most rows have in others */
    mu_for rare;      /* what the other rows have; count 0: there are none */
    bool narrow;      /* DELTA: numbers are of 32 bits; values are base + number * divisor */
    uint32_t mask;    /* DELTA: of a narrow number */
    int64_t base;
    uint64_t divisor;
    mu_for starts;        /* DELTA: of each vector, its first value */
    mu_enc_map map;       /* DELTA: rows in `rare`; REPEAT, RLE, CUSTOMER: rows that differ from the
                             one before */
    uint8_t digits;       /* ALP: after the point */
    const uint8_t *bytes; /* RAW: the values; LZ4: their byte planes, in `scratch` */
    uint32_t run_count;   /* RLE and CUSTOMER */
    uint32_t run;         /* where the last read ended; the next one mostly goes on there */
    bool narrowed;        /* RLE: run_narrow is filled */
    bool indexed;         /* RLE and CUSTOMER: `map` has the rows where runs begin */
    mu_dict dict;         /* TEXT and PATTERN; points to `offsets` and `scratch` */
    mu_cached cached;
    uint32_t cached_vector;

    /* Memory, kept from chunk to chunk. */
    uint32_t *ends; /* of runs: the row behind each; rising, the last is `rows` */
    int64_t *run_values;
    uint32_t *run_narrow;  /* CUSTOMER: ordinals; RLE: the values as 32 bits, once asked for */
    uint32_t *rare_starts; /* PATCHED, RANKED, ALP: the rare values before each vector, and all */
    uint32_t *table;       /* RANKED: the code of each rank */
    uint64_t *offsets;
    uint8_t *scratch;
    size_t end_capacity, run_value_capacity, run_narrow_capacity, rare_start_capacity,
        table_capacity, offset_capacity, scratch_capacity;

    union {
        int64_t i64[MU_VECTOR_ROWS];
        uint32_t u32[MU_VECTOR_ROWS];
    } cache;
    union {
        int64_t i64[MU_FOR_ROOM(MU_VECTOR_ROWS)];
        uint32_t u32[MU_FOR_ROOM(MU_VECTOR_ROWS)];
    } near_room, far_room, placed; /* what is unpacked on the way */
};

/* Vectors that so many values take, the last of them perhaps in part. */
static inline uint32_t mu_enc_vectors(uint32_t rows)
{
    return (rows + MU_VECTOR_ROWS - 1) / MU_VECTOR_ROWS;
}

/* Values [first, first + count), first a multiple of 64, whatever the encoding; of the values that
 * are stored. The encoding must have such values. */
void mu_decoder_read_i64(mu_decoder *decoder, uint32_t first, uint32_t count, int64_t *out);
muster_status mu_decoder_read_u32(mu_decoder *decoder, uint32_t first, uint32_t count,
                                  uint32_t *out, muster_error *err);

/* RLE and CUSTOMER begin alike, with the lengths of runs: both use these. */
void mu_runs_write(mu_writer *out, const int64_t *lengths, uint32_t run_count);
muster_status mu_runs_open(mu_decoder *decoder, mu_reader *in, muster_error *err);
muster_status mu_runs_read_u32(mu_decoder *decoder, uint32_t first, uint32_t count, uint32_t *out,
                               muster_error *err);

/* PATCHED, RANKED and ALP: where the packed number is the largest that its width allows, the value
 * is a rare one, kept apart (enc_patch.c). */
void mu_rare_write(mu_writer *out, const int64_t *values, const uint32_t *rows, uint32_t count,
                   uint32_t all_rows);
size_t mu_rare_bytes(uint32_t count, uint32_t width, uint32_t all_rows); /* about */
muster_status mu_rare_open(mu_decoder *decoder, mu_reader *in, muster_error *err);
/* Which of the numbers of a vector stand for rare values; false if there are none in the chunk. */
bool mu_rare_find_i64(const mu_decoder *decoder, const int64_t *numbers, uint32_t rows,
                      uint64_t hits[MU_VECTOR_ROWS / 64]);
/* Puts them where `hits`, of the whole vector, has bits. */
void mu_rare_place_i64(mu_decoder *decoder, uint32_t vector, uint32_t rows, const uint64_t *hits,
                       int64_t *out);
muster_status mu_rare_place_u32(mu_decoder *decoder, uint32_t vector, uint32_t rows,
                                const uint64_t *hits, uint32_t *out, muster_error *err);

/* Doubles, as the integers that their bits are; false if they take `limit` bytes or more. */
bool mu_enc_lz4_write(mu_writer *out, const int64_t *bits, uint32_t rows, size_t limit);
bool mu_enc_alp_write(mu_writer *out, const int64_t *bits, uint32_t rows, size_t limit);

void mu_enc_text_write(mu_writer *out, const mu_text *values, const uint64_t *valid, uint32_t rows);
/* False, and nothing written, if the texts do not look alike. */
bool mu_enc_pattern_write(mu_writer *out, const mu_text *values, const uint64_t *valid,
                          uint32_t rows);
/* TEXT and PATTERN end with this: what is in `offsets` and `scratch` is the chunk's. */
void mu_decoder_take_texts(mu_decoder *decoder);
void mu_enc_customer_write(mu_writer *out, const uint32_t *ordinals, uint32_t rows);

extern const mu_encoding mu_encoding_for;
extern const mu_encoding mu_encoding_rle;
extern const mu_encoding mu_encoding_raw;
extern const mu_encoding mu_encoding_lz4;
extern const mu_encoding mu_encoding_text;
extern const mu_encoding mu_encoding_customer;
extern const mu_encoding mu_encoding_delta;
extern const mu_encoding mu_encoding_patched;
extern const mu_encoding mu_encoding_ranked;
extern const mu_encoding mu_encoding_repeat;
extern const mu_encoding mu_encoding_alp;
extern const mu_encoding mu_encoding_pattern;

#endif
