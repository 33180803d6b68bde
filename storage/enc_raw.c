/*
 * enc_raw.c - doubles that are no multiples of anything: as they are, or cut into byte planes.
 *
 *   RAW   8 bytes a value, little-endian
 *   LZ4   one LZ4 block; decompressed, the lowest byte of all values, then the next byte of all,
 *         to the highest: signs and exponents repeat, and LZ4 sees them side by side
 *
 * Opening an LZ4 chunk decompresses the planes; reading puts values together again.
 */
#include "storage/base/mem.h"
#include "storage/enc_decoder.h"

#include <assert.h>
#include <lz4.h>
#include <string.h>

bool mu_enc_lz4_write(mu_writer *out, const int64_t *bits, uint32_t rows, size_t limit)
{
    const size_t size = (size_t)rows * 8;
    const size_t room = limit - 2; /* below the limit, with the byte that names the encoding */
    uint8_t *planes = mu_mem_alloc(size + room);

    assert(size < LZ4_MAX_INPUT_SIZE);
    assert(limit > 2 && limit <= size + 1);
    if (!planes) {
        out->failed = true;
        return false;
    }
    for (uint32_t i = 0; i < rows; i++) {
        for (size_t plane = 0; plane < 8; plane++) {
            planes[plane * rows + i] = (uint8_t)((uint64_t)bits[i] >> (8 * plane));
        }
    }
    const int packed = LZ4_compress_default((const char *)planes, (char *)planes + size, (int)size,
                                            (int)room); /* 0: it takes more than the room */
    if (packed > 0) {
        mu_write_u8(out, MU_ENC_LZ4);
        mu_write_bytes(out, planes + size, (size_t)packed);
    }
    mu_mem_free(planes);
    return packed > 0;
}

static muster_status raw_open(mu_decoder *decoder, mu_reader *in, muster_error *err)
{
    const size_t size = (size_t)decoder->rows * 8, left = in->size - in->at;

    decoder->bytes = mu_read_bytes(in, size);
    if (!decoder->bytes) {
        return mu_fail(err, MUSTER_CORRUPT, "%u doubles take %zu bytes, but %zu are left",
                       decoder->rows, size, left);
    }
    return MUSTER_OK;
}

static muster_status lz4_open(mu_decoder *decoder, mu_reader *in, muster_error *err)
{
    const size_t size = (size_t)decoder->rows * 8, packed = in->size - in->at;
    const uint8_t *block = mu_read_bytes(in, packed);

    /* LZ4 makes at most 255 bytes of one: a larger claim is not worth the memory. */
    if (!block || packed > LZ4_MAX_INPUT_SIZE || size > LZ4_MAX_INPUT_SIZE || packed < size / 256) {
        return mu_fail(err, MUSTER_CORRUPT, "%zu bytes of LZ4 do not hold %u doubles", packed,
                       decoder->rows);
    }
    if (!mu_mem_reserve(&decoder->scratch, &decoder->scratch_capacity, size, 1)) {
        return mu_fail_memory(err, "opening a chunk of doubles");
    }
    const int got =
        LZ4_decompress_safe((const char *)block, (char *)decoder->scratch, (int)packed, (int)size);
    if (got < 0 || (size_t)got != size) {
        return mu_fail(err, MUSTER_CORRUPT, "%zu bytes of LZ4 do not hold %u doubles", packed,
                       decoder->rows);
    }
    decoder->bytes = decoder->scratch;
    return MUSTER_OK;
}

static void raw_read(mu_decoder *decoder, uint32_t first, uint32_t count, int64_t *out)
{
    /* Little-endian on disk and in memory: isa.c sees to it that muster runs nowhere else. */
    memcpy(out, decoder->bytes + (size_t)first * 8, (size_t)count * 8);
}

static void lz4_read(mu_decoder *decoder, uint32_t first, uint32_t count, int64_t *out)
{
    const uint8_t *at = decoder->bytes + first;

    for (uint32_t i = 0; i < count; i++) {
        uint64_t bits = 0;
        for (size_t plane = 0; plane < 8; plane++) {
            bits |= (uint64_t)at[plane * decoder->rows + i] << (8 * plane);
        }
        out[i] = (int64_t)bits;
    }
}

const mu_encoding mu_encoding_raw = {
    .enc = MU_ENC_RAW, .name = "raw", .doubles = true, .open = raw_open, .read_i64 = raw_read};
const mu_encoding mu_encoding_lz4 = {
    .enc = MU_ENC_LZ4, .name = "lz4", .doubles = true, .open = lz4_open, .read_i64 = lz4_read};
