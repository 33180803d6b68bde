/*
 * enc.c - the table of encodings, and reading a chunk whatever its encoding.
 *
 * A chunk is its NULLs, one byte that names the encoding, and the payload (one file each). Where
 * NULLs are apart, the encoding knows only the other rows; here they are put in their places.
 *
 * Encodings either read any stretch of values, or one vector of 1,024. Of the latter the vector
 * read last is kept, so that reading on within it costs a copy.
 */
#include "storage/enc.h"

#include "storage/base/bits.h"
#include "storage/base/limits.h"
#include "storage/base/mem.h"
#include "storage/enc_decoder.h"
#include "storage/kernels/kernels.h"

#include <assert.h>
#include <string.h>

static muster_status const_open(mu_decoder *decoder, mu_reader *in, muster_error *err)
{
    decoder->constant = mu_read_i64(in);
    if (in->overrun) {
        return mu_fail(err, MUSTER_CORRUPT, "ends within its one value");
    }
    return MUSTER_OK;
}

/* A constant is one run. */
static void const_read_i64(mu_decoder *decoder, uint32_t first, uint32_t count, int64_t *out)
{
    (void)first;
    mu_k()->expand_runs_i64(&decoder->constant, &count, 0, count, out);
}

static muster_status const_read_u32(mu_decoder *decoder, uint32_t first, uint32_t count,
                                    uint32_t *out, muster_error *err)
{
    const uint32_t value = (uint32_t)decoder->constant;

    (void)first;
    (void)err;
    mu_k()->expand_runs_u32(&value, &count, 0, count, out);
    return MUSTER_OK;
}

static muster_status for_open(mu_decoder *decoder, mu_reader *in, muster_error *err)
{
    return mu_for_open(&decoder->packed, in, decoder->rows, err);
}

static void for_read_i64(mu_decoder *decoder, uint32_t first, uint32_t count, int64_t *out)
{
    mu_for_read_i64(&decoder->packed, first, count, out);
}

static muster_status for_read_u32(mu_decoder *decoder, uint32_t first, uint32_t count,
                                  uint32_t *out, muster_error *err)
{
    return mu_for_read_u32(&decoder->packed, first, count, out, err);
}

static size_t for_estimate(mu_enc_input *input)
{
    return mu_for_bytes(&input->plan);
}

static void for_write(mu_writer *out, const mu_enc_input *input)
{
    mu_for_write(out, &input->plan, input->values);
}

static const mu_encoding encoding_const = {.enc = MU_ENC_CONST,
                                           .name = "constant",
                                           .open = const_open,
                                           .read_i64 = const_read_i64,
                                           .read_u32 = const_read_u32};
const mu_encoding mu_encoding_for = {.enc = MU_ENC_FOR,
                                     .name = "bit-packed",
                                     .estimate = for_estimate,
                                     .write = for_write,
                                     .open = for_open,
                                     .read_i64 = for_read_i64,
                                     .read_u32 = for_read_u32};

/* NULL where there is no such encoding: the number may come from a damaged file. */
static const mu_encoding *encoding_of(unsigned enc)
{
    static const mu_encoding *const all[] = {
        &encoding_const,      &mu_encoding_rle,    &mu_encoding_for,      &mu_encoding_raw,
        &mu_encoding_lz4,     &mu_encoding_text,   &mu_encoding_customer, &mu_encoding_delta,
        &mu_encoding_patched, &mu_encoding_ranked, &mu_encoding_repeat,   &mu_encoding_alp,
        &mu_encoding_pattern,
    };

    for (size_t i = 0; i < MU_COUNT(all); i++) {
        if (enc == (unsigned)all[i]->enc) {
            return all[i];
        }
    }
    return NULL;
}

const char *mu_enc_name(mu_enc enc)
{
    const mu_encoding *encoding = encoding_of(enc);

    return encoding ? encoding->name : "unknown";
}

mu_decoder *mu_decoder_new(void)
{
    return mu_mem_zalloc(sizeof(mu_decoder));
}

void mu_decoder_free(mu_decoder *decoder)
{
    if (!decoder) {
        return;
    }
    mu_enc_map_deinit(&decoder->present);
    mu_enc_map_deinit(&decoder->map);
    mu_mem_free(decoder->ends);
    mu_mem_free(decoder->run_values);
    mu_mem_free(decoder->run_narrow);
    mu_mem_free(decoder->rare_starts);
    mu_mem_free(decoder->table);
    mu_mem_free(decoder->offsets);
    mu_mem_free(decoder->scratch);
    mu_mem_free(decoder);
}

/* The NULLs, at the beginning of a chunk that has some. */
static muster_status open_nulls(mu_decoder *decoder, mu_reader *in, uint32_t null_count,
                                muster_error *err)
{
    const uint32_t rows = decoder->chunk_rows;
    const uint8_t apart = mu_read_u8(in);

    if (in->overrun || apart > 1) {
        return mu_fail(err, MUSTER_CORRUPT, "NULLs are stored in a form %u", apart);
    }
    MU_TRY(mu_enc_map_open(&decoder->present, in, rows, err));
    if (decoder->present.ones != rows - null_count) {
        return mu_fail(err, MUSTER_CORRUPT, "%u of %u rows are not NULL, expected %u",
                       decoder->present.ones, rows, rows - null_count);
    }
    decoder->has_nulls = true;
    decoder->apart = apart == 1;
    decoder->rows = apart == 1 ? decoder->present.ones : rows;
    return MUSTER_OK;
}

static muster_status open_values(mu_decoder *decoder, mu_reader *in, muster_error *err)
{
    const uint8_t enc = mu_read_u8(in);
    const mu_encoding *encoding = encoding_of(enc);

    if (in->overrun) {
        return mu_fail(err, MUSTER_CORRUPT, "a chunk of %zu bytes for %u rows", in->size,
                       decoder->chunk_rows);
    }
    if (!encoding) {
        return mu_fail(err, MUSTER_CORRUPT, "there is no encoding %u", enc);
    }
    muster_status status = encoding->open(decoder, in, err);
    if (status == MUSTER_OK && in->at != in->size) {
        status = mu_fail(err, MUSTER_CORRUPT, "%zu bytes follow the values", in->size - in->at);
    }
    if (status != MUSTER_OK) {
        mu_where(err, "%s chunk of %u rows", encoding->name, decoder->chunk_rows);
        return status;
    }
    decoder->encoding = encoding;
    return MUSTER_OK;
}

muster_status mu_decoder_open(mu_decoder *decoder, const uint8_t *data, size_t size, uint32_t rows,
                              uint32_t null_count, muster_error *err)
{
    mu_reader in = mu_reader_of(data, size);

    decoder->encoding = NULL;
    if (size == 0 || rows == 0 || null_count >= rows) {
        return mu_fail(err, MUSTER_CORRUPT, "a chunk of %zu bytes for %u rows", size, rows);
    }
    decoder->chunk_rows = decoder->rows = rows;
    decoder->has_nulls = decoder->apart = false;
    decoder->run_count = 0;
    decoder->run = 0;
    decoder->cached = MU_CACHED_NOTHING;
    if (null_count > 0) {
        MU_TRY(open_nulls(decoder, &in, null_count, err));
    }
    return open_values(decoder, &in, err);
}

const uint64_t *mu_decoder_valid(const mu_decoder *decoder)
{
    assert(decoder->encoding);
    return decoder->has_nulls ? decoder->present.words : NULL;
}

mu_enc mu_decoder_enc(const mu_decoder *decoder)
{
    assert(decoder->encoding);
    return decoder->encoding->enc;
}

static void check_rows(const mu_decoder *decoder, uint32_t first, uint32_t count)
{
    (void)decoder;
    (void)first;
    (void)count;
    assert(decoder->encoding);
    assert(first % MU_BATCH_ROWS == 0);
    assert(count > 0 && count <= decoder->chunk_rows);
    assert(first <= decoder->chunk_rows - count);
}

static muster_status fail_kind(const mu_decoder *decoder, const char *wanted, muster_error *err)
{
    return mu_fail(err, MUSTER_CORRUPT, "a %s chunk does not hold %s", decoder->encoding->name,
                   wanted);
}

/* Kernels read whole words of 64 values; what is behind the last one is 0. */
static void clear_tail(void *out, uint32_t count, size_t size)
{
    const size_t end = mu_bits_words(count) * 64;

    memset((uint8_t *)out + count * size, 0, (end - count) * size);
}

/* Stored values, vector by vector. */

static uint32_t vector_rows(const mu_decoder *decoder, uint32_t vector)
{
    const uint32_t left = decoder->rows - vector * MU_VECTOR_ROWS;

    return left < MU_VECTOR_ROWS ? left : MU_VECTOR_ROWS;
}

void mu_decoder_read_i64(mu_decoder *decoder, uint32_t first, uint32_t count, int64_t *out)
{
    if (decoder->encoding->read_i64) {
        decoder->encoding->read_i64(decoder, first, count, out);
        return;
    }
    while (count > 0) {
        const uint32_t vector = first / MU_VECTOR_ROWS, within = first % MU_VECTOR_ROWS;
        const uint32_t rows = vector_rows(decoder, vector);
        const uint32_t part = count < rows - within ? count : rows - within;

        if (part == rows) {
            decoder->encoding->vector_i64(decoder, vector, rows, out);
        } else {
            if (decoder->cached != MU_CACHED_I64 || decoder->cached_vector != vector) {
                decoder->encoding->vector_i64(decoder, vector, rows, decoder->cache.i64);
                decoder->cached = MU_CACHED_I64;
                decoder->cached_vector = vector;
            }
            memcpy(out, decoder->cache.i64 + within, part * sizeof *out);
        }
        first += part;
        count -= part;
        out += part;
    }
}

muster_status mu_decoder_read_u32(mu_decoder *decoder, uint32_t first, uint32_t count,
                                  uint32_t *out, muster_error *err)
{
    if (decoder->encoding->read_u32) {
        return decoder->encoding->read_u32(decoder, first, count, out, err);
    }
    while (count > 0) {
        const uint32_t vector = first / MU_VECTOR_ROWS, within = first % MU_VECTOR_ROWS;
        const uint32_t rows = vector_rows(decoder, vector);
        const uint32_t part = count < rows - within ? count : rows - within;

        if (part == rows) {
            MU_TRY(decoder->encoding->vector_u32(decoder, vector, rows, out, err));
        } else {
            if (decoder->cached != MU_CACHED_U32 || decoder->cached_vector != vector) {
                decoder->cached = MU_CACHED_NOTHING;
                MU_TRY(
                    decoder->encoding->vector_u32(decoder, vector, rows, decoder->cache.u32, err));
                decoder->cached = MU_CACHED_U32;
                decoder->cached_vector = vector;
            }
            memcpy(out, decoder->cache.u32 + within, part * sizeof *out);
        }
        first += part;
        count -= part;
        out += part;
    }
    return MUSTER_OK;
}

/* Rows, NULLs among them. */

/* Some rows of one vector, and the stored values that they have. */
typedef struct stretch {
    uint64_t map[MU_VECTOR_ROWS / 64]; /* the rows that are not NULL */
    size_t words;
    uint32_t rows;
    uint32_t before; /* values to read although they are those of earlier rows */
    uint32_t from;   /* the first value to read, a multiple of 64 */
    uint32_t values; /* how many, with those */
} stretch;

static stretch stretch_of(const mu_decoder *decoder, uint32_t first, uint32_t count)
{
    const uint32_t left = MU_VECTOR_ROWS - first % MU_VECTOR_ROWS;
    stretch s = {.rows = count < left ? count : left};

    s.words = mu_bits_words(s.rows);
    memcpy(s.map, &decoder->present.words[first / 64], s.words * sizeof s.map[0]);
    if (s.rows % 64 != 0) {
        s.map[s.words - 1] &= (UINT64_C(1) << s.rows % 64) - 1;
    }
    const uint32_t rank = mu_enc_map_rank(&decoder->present, first);
    s.before = rank % 64;
    s.from = rank - s.before;
    s.values = s.before + (uint32_t)mu_k()->count_bits(s.map, s.words);
    return s;
}

/* A constant fills the NULLs as well: who asks for all rows at once may keep it. */
static bool nulls_are_apart(const mu_decoder *decoder)
{
    return decoder->apart && decoder->encoding->enc != MU_ENC_CONST;
}

static void read_i64(mu_decoder *decoder, uint32_t first, uint32_t count, int64_t *out)
{
    if (!nulls_are_apart(decoder)) {
        mu_decoder_read_i64(decoder, first, count, out);
        return;
    }
    memset(out, 0, count * sizeof *out);
    while (count > 0) {
        const stretch s = stretch_of(decoder, first, count);

        if (s.values > s.before) {
            mu_decoder_read_i64(decoder, s.from, s.values, decoder->placed.i64);
            mu_k()->place_i64(s.map, s.words, decoder->placed.i64 + s.before, out);
        }
        first += s.rows;
        count -= s.rows;
        out += s.rows;
    }
}

static muster_status read_u32(mu_decoder *decoder, uint32_t first, uint32_t count, uint32_t *out,
                              muster_error *err)
{
    if (!nulls_are_apart(decoder)) {
        return mu_decoder_read_u32(decoder, first, count, out, err);
    }
    memset(out, 0, count * sizeof *out);
    while (count > 0) {
        const stretch s = stretch_of(decoder, first, count);

        if (s.values > s.before) {
            MU_TRY(mu_decoder_read_u32(decoder, s.from, s.values, decoder->placed.u32, err));
            mu_k()->place_u32(s.map, s.words, decoder->placed.u32 + s.before, out);
        }
        first += s.rows;
        count -= s.rows;
        out += s.rows;
    }
    return MUSTER_OK;
}

static bool holds_i64(const mu_decoder *decoder)
{
    return decoder->encoding->read_i64 || decoder->encoding->vector_i64;
}

muster_status mu_decode_i64(mu_decoder *decoder, uint32_t first, uint32_t count, int64_t *out,
                            muster_error *err)
{
    check_rows(decoder, first, count);
    if (!holds_i64(decoder) || decoder->encoding->doubles) {
        return fail_kind(decoder, "64-bit integers", err);
    }
    read_i64(decoder, first, count, out);
    clear_tail(out, count, sizeof *out);
    return MUSTER_OK;
}

muster_status mu_decode_u32(mu_decoder *decoder, uint32_t first, uint32_t count, uint32_t *out,
                            muster_error *err)
{
    const mu_encoding *encoding = decoder->encoding;

    check_rows(decoder, first, count);
    if ((!encoding->read_u32 && !encoding->vector_u32) || encoding->enc == MU_ENC_CUSTOMER) {
        return fail_kind(decoder, "32-bit integers", err);
    }
    MU_TRY(read_u32(decoder, first, count, out, err));
    clear_tail(out, count, sizeof *out);
    return MUSTER_OK;
}

muster_status mu_decode_f64(mu_decoder *decoder, uint32_t first, uint32_t count, double *out,
                            muster_error *err)
{
    int64_t bits[MU_BATCH_ROWS]; /* `out` is no place for integers */

    check_rows(decoder, first, count);
    if (!holds_i64(decoder)) {
        return fail_kind(decoder, "doubles", err);
    }
    for (uint32_t done = 0; done < count; done += MU_BATCH_ROWS) {
        const uint32_t left = count - done, part = left < MU_BATCH_ROWS ? left : MU_BATCH_ROWS;

        read_i64(decoder, first + done, part, bits);
        memcpy(&out[done], bits, part * sizeof *bits);
    }
    clear_tail(out, count, sizeof *out);
    return MUSTER_OK;
}

muster_status mu_decode_customer(mu_decoder *decoder, uint32_t first, uint32_t count, uint32_t *out,
                                 muster_error *err)
{
    check_rows(decoder, first, count);
    if (decoder->encoding->enc != MU_ENC_CUSTOMER) {
        return fail_kind(decoder, "customers", err);
    }
    MU_TRY(read_u32(decoder, first, count, out, err));
    clear_tail(out, count, sizeof *out);
    return MUSTER_OK;
}

muster_status mu_decode_text(mu_decoder *decoder, const mu_dict **out, muster_error *err)
{
    *out = NULL;
    assert(decoder->encoding);
    if (!decoder->encoding->texts) {
        return fail_kind(decoder, "text", err);
    }
    *out = &decoder->dict;
    return MUSTER_OK;
}

muster_status mu_decode_runs(mu_decoder *decoder, uint32_t *run_count, const uint32_t **ordinals,
                             const uint32_t **ends, muster_error *err)
{
    *ordinals = *ends = NULL;
    assert(decoder->encoding);
    if (decoder->encoding->enc != MU_ENC_CUSTOMER) {
        return fail_kind(decoder, "customers", err);
    }
    *run_count = decoder->run_count;
    *ordinals = decoder->run_narrow;
    *ends = decoder->ends;
    return MUSTER_OK;
}

bool mu_decoder_constant(const mu_decoder *decoder, int64_t *value)
{
    assert(decoder->encoding);
    switch (decoder->encoding->enc) {
    case MU_ENC_CONST:
        *value = decoder->constant;
        return true;
    case MU_ENC_RLE:
        *value = decoder->run_values[0];
        return decoder->run_count == 1 && !decoder->apart;
    case MU_ENC_FOR:
        *value = decoder->packed.base;
        return decoder->packed.width == 0 && !decoder->apart;
    case MU_ENC_RAW:
    case MU_ENC_LZ4:
    case MU_ENC_TEXT:
    case MU_ENC_CUSTOMER:
    case MU_ENC_DELTA:
    case MU_ENC_PATCHED:
    case MU_ENC_RANKED:
    case MU_ENC_REPEAT:
    case MU_ENC_ALP:
    case MU_ENC_PATTERN:
        break;
    }
    return false;
}
