/*
 * enc.c - the table of encodings, and the choice between them.
 *
 * A chunk is one byte that names the encoding, and its payload (one file each). The choice is by
 * bytes: a constant first, since nothing is shorter; then packed numbers, whose size is known
 * before they are written; then whatever else can beat that. Ties go to packed numbers, which read
 * fastest. Doubles are tried as the integers that their bits are: whole numbers and halves have
 * long tails of zero bits, and the common divisor takes these out.
 */
#include "storage/enc.h"

#include "storage/base/bits.h"
#include "storage/base/limits.h"
#include "storage/base/mem.h"
#include "storage/enc_decoder.h"
#include "storage/kernels/kernels.h"

enum {
    /* LZ4 reads 20 times slower than packed numbers, so it must save one byte in four of theirs. */
    LZ4_SAVES = 4,
};

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

static const mu_encoding encoding_const = {.enc = MU_ENC_CONST,
                                           .name = "constant",
                                           .open = const_open,
                                           .read_i64 = const_read_i64,
                                           .read_u32 = const_read_u32};
static const mu_encoding encoding_for = {.enc = MU_ENC_FOR,
                                         .name = "bit-packed",
                                         .open = for_open,
                                         .read_i64 = for_read_i64,
                                         .read_u32 = for_read_u32};

/* NULL where there is no such encoding: the number may come from a damaged file. */
static const mu_encoding *encoding_of(unsigned enc)
{
    static const mu_encoding *const all[] = {
        &encoding_const,  &mu_encoding_rle,  &encoding_for,         &mu_encoding_raw,
        &mu_encoding_lz4, &mu_encoding_text, &mu_encoding_customer,
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

/* Writes the values as CONST, RLE or FOR, whichever takes the fewest bytes, if these are below
 * `limit`; 0 if not. */
static unsigned write_integers(mu_writer *out, const int64_t *values, uint32_t rows, size_t limit)
{
    int64_t min = values[0], max = values[0];
    uint32_t run_count = 1;

    for (uint32_t i = 1; i < rows; i++) {
        min = values[i] < min ? values[i] : min;
        max = values[i] > max ? values[i] : max;
        run_count += values[i] != values[i - 1];
    }
    if (run_count == 1 && 1 + sizeof min < limit) {
        mu_write_u8(out, MU_ENC_CONST);
        mu_write_i64(out, min);
        return MU_ENC_CONST;
    }
    const mu_for plan = mu_for_plan(values, rows, min, max);
    const size_t packed_bytes = 1 + mu_for_bytes(&plan);
    const size_t best = packed_bytes < limit ? packed_bytes : limit;

    if (run_count <= rows / 2 && mu_enc_rle_write(out, values, rows, run_count, best)) {
        return MU_ENC_RLE;
    }
    if (packed_bytes >= limit) {
        return 0;
    }
    mu_write_u8(out, MU_ENC_FOR);
    mu_for_write(out, &plan, values);
    return MU_ENC_FOR;
}

mu_enc mu_enc_i64(mu_writer *out, const int64_t *values, uint32_t rows)
{
    assert(rows > 0);
    return (mu_enc)write_integers(out, values, rows, SIZE_MAX);
}

mu_enc mu_enc_u32(mu_writer *out, const uint32_t *values, uint32_t rows)
{
    int64_t *wide = mu_mem_alloc_array(rows, sizeof *wide);

    assert(rows > 0);
    if (!wide) {
        out->failed = true;
        return MU_ENC_CONST;
    }
    for (uint32_t i = 0; i < rows; i++) {
        wide[i] = values[i];
    }
    const mu_enc enc = mu_enc_i64(out, wide, rows);
    mu_mem_free(wide);
    return enc;
}

mu_enc mu_enc_f64(mu_writer *out, const double *values, uint32_t rows)
{
    const size_t raw_bytes = 1 + (size_t)rows * 8;
    int64_t *bits = mu_mem_alloc_array(rows, sizeof *bits);
    mu_writer integers = {0};

    assert(rows > 0);
    if (!bits) {
        out->failed = true;
        return MU_ENC_RAW;
    }
    memcpy(bits, values, (size_t)rows * sizeof *bits);
    unsigned enc = write_integers(&integers, bits, rows, raw_bytes);
    const size_t lz4_limit = enc == 0 ? raw_bytes : integers.size - integers.size / LZ4_SAVES;
    mu_mem_free(bits);
    out->failed |= integers.failed;
    if (out->failed) {
        enc = MU_ENC_RAW; /* of no meaning */
    } else if (enc != MU_ENC_CONST && mu_enc_lz4_write(out, values, rows, lz4_limit)) {
        enc = MU_ENC_LZ4;
    } else if (enc != 0) {
        mu_write_bytes(out, integers.data, integers.size);
    } else {
        enc = MU_ENC_RAW;
        mu_write_u8(out, MU_ENC_RAW);
        mu_write_bytes(out, values, (size_t)rows * 8);
    }
    mu_writer_deinit(&integers);
    return (mu_enc)enc;
}

mu_enc mu_enc_text(mu_writer *out, const mu_text *values, uint32_t rows)
{
    assert(rows > 0);
    mu_enc_text_write(out, values, rows);
    return MU_ENC_TEXT;
}

mu_enc mu_enc_customer(mu_writer *out, const uint32_t *ordinals, uint32_t rows)
{
    assert(rows > 0);
    mu_enc_customer_write(out, ordinals, rows);
    return MU_ENC_CUSTOMER;
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
    mu_mem_free(decoder->ends);
    mu_mem_free(decoder->run_values);
    mu_mem_free(decoder->run_narrow);
    mu_mem_free(decoder->offsets);
    mu_mem_free(decoder->scratch);
    mu_mem_free(decoder);
}

muster_status mu_decoder_open(mu_decoder *decoder, const uint8_t *data, size_t size, uint32_t rows,
                              muster_error *err)
{
    mu_reader in = mu_reader_of(data, size);
    const uint8_t enc = mu_read_u8(&in);
    const mu_encoding *encoding = encoding_of(enc);

    decoder->encoding = NULL;
    if (in.overrun || rows == 0) {
        return mu_fail(err, MUSTER_CORRUPT, "a chunk of %zu bytes for %u rows", size, rows);
    }
    if (!encoding) {
        return mu_fail(err, MUSTER_CORRUPT, "there is no encoding %u", enc);
    }
    decoder->rows = rows;
    decoder->run_count = 0;
    decoder->run = 0;
    muster_status status = encoding->open(decoder, &in, err);
    if (status == MUSTER_OK && in.at != in.size) {
        status = mu_fail(err, MUSTER_CORRUPT, "%zu bytes follow the values", in.size - in.at);
    }
    if (status != MUSTER_OK) {
        mu_where(err, "%s chunk of %u rows", encoding->name, rows);
        return status;
    }
    decoder->encoding = encoding;
    return MUSTER_OK;
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
    assert(count > 0 && count <= decoder->rows);
    assert(first <= decoder->rows - count);
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

muster_status mu_decode_i64(mu_decoder *decoder, uint32_t first, uint32_t count, int64_t *out,
                            muster_error *err)
{
    check_rows(decoder, first, count);
    if (!decoder->encoding->read_i64) {
        return fail_kind(decoder, "64-bit integers", err);
    }
    decoder->encoding->read_i64(decoder, first, count, out);
    clear_tail(out, count, sizeof *out);
    return MUSTER_OK;
}

muster_status mu_decode_u32(mu_decoder *decoder, uint32_t first, uint32_t count, uint32_t *out,
                            muster_error *err)
{
    check_rows(decoder, first, count);
    if (!decoder->encoding->read_u32 || decoder->encoding->enc == MU_ENC_CUSTOMER) {
        return fail_kind(decoder, "32-bit integers", err);
    }
    MU_TRY(decoder->encoding->read_u32(decoder, first, count, out, err));
    clear_tail(out, count, sizeof *out);
    return MUSTER_OK;
}

/* Doubles stored as integers; `out` is no place for these. */
static void read_bits(mu_decoder *decoder, uint32_t first, uint32_t count, double *out)
{
    int64_t bits[MU_BATCH_ROWS];

    for (uint32_t done = 0; done < count; done += MU_BATCH_ROWS) {
        const uint32_t left = count - done, part = left < MU_BATCH_ROWS ? left : MU_BATCH_ROWS;

        decoder->encoding->read_i64(decoder, first + done, part, bits);
        memcpy(&out[done], bits, part * sizeof *bits);
    }
}

muster_status mu_decode_f64(mu_decoder *decoder, uint32_t first, uint32_t count, double *out,
                            muster_error *err)
{
    check_rows(decoder, first, count);
    if (decoder->encoding->read_f64) {
        decoder->encoding->read_f64(decoder, first, count, out);
    } else if (decoder->encoding->read_i64) {
        read_bits(decoder, first, count, out);
    } else {
        return fail_kind(decoder, "doubles", err);
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
    MU_TRY(decoder->encoding->read_u32(decoder, first, count, out, err));
    clear_tail(out, count, sizeof *out);
    return MUSTER_OK;
}

muster_status mu_decode_text(mu_decoder *decoder, const mu_dict **out, muster_error *err)
{
    *out = NULL;
    assert(decoder->encoding);
    if (decoder->encoding->enc != MU_ENC_TEXT) {
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
        return decoder->run_count == 1;
    case MU_ENC_FOR:
        *value = decoder->packed.base;
        return decoder->packed.width == 0;
    case MU_ENC_RAW:
    case MU_ENC_LZ4:
    case MU_ENC_TEXT:
    case MU_ENC_CUSTOMER:
        break;
    }
    return false;
}
