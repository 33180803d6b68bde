/*
 * enc_text.c - text with so many values that a dictionary would not pay: lengths and bytes.
 *
 *   list  the length of each text in bytes (enc_for.c)
 *   then the bytes of all texts, one after another, cut into pieces of 256 KiB (the last is what is
 *   left), each:
 *     u32   bytes stored
 *     those bytes: an LZ4 block, or, if as many as the piece has, the piece as it is
 *
 * A piece is four times as far as LZ4 looks back, so cutting costs next to nothing, and no text is
 * too large for it. Opening a chunk decompresses all of it into a dictionary with one entry a row.
 */
#include "storage/base/bits.h"
#include "storage/base/limits.h"
#include "storage/base/mem.h"
#include "storage/enc_decoder.h"

#include <assert.h>
#include <inttypes.h>
#include <lz4.h>
#include <string.h>

enum {
    PIECE_BYTES = 256 << 10,
};

static void write_piece(mu_writer *out, const char *piece, size_t size)
{
    const size_t size_at = mu_write_u32(out, (uint32_t)size);
    const size_t start = out->size;
    uint8_t *room = mu_write_room(out, size);

    if (!room) {
        return;
    }
    const int packed = LZ4_compress_default(piece, (char *)room, (int)size, (int)size - 1);
    if (packed > 0) {
        out->size = start + (size_t)packed;
        mu_patch_u32(out, size_at, (uint32_t)packed);
    } else {
        memcpy(room, piece, size);
    }
}

static void write_bytes(mu_writer *out, const mu_text *values, const uint64_t *valid, uint32_t rows)
{
    char *piece = mu_mem_alloc(PIECE_BYTES);
    size_t filled = 0;

    if (!piece) {
        out->failed = true;
        return;
    }
    for (uint32_t i = 0; i < rows; i++) {
        const size_t whole = !valid || mu_bits_test(valid, i) ? values[i].size : 0;
        for (size_t done = 0; done < whole;) {
            const size_t left = whole - done, room = PIECE_BYTES - filled;
            const size_t size = left < room ? left : room;

            memcpy(piece + filled, values[i].data + done, size);
            done += size;
            filled += size;
            if (filled == PIECE_BYTES) {
                write_piece(out, piece, filled);
                filled = 0;
            }
        }
    }
    if (filled > 0) {
        write_piece(out, piece, filled);
    }
    mu_mem_free(piece);
}

void mu_enc_text_write(mu_writer *out, const mu_text *values, const uint64_t *valid, uint32_t rows)
{
    int64_t *lengths = mu_mem_alloc_array(rows, sizeof *lengths);

    if (!lengths) {
        out->failed = true;
        return;
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < rows; i++) {
        if (!valid || mu_bits_test(valid, i)) {
            assert(values[i].size <= MU_MAX_TEXT_BYTES);
            lengths[count++] = values[i].size;
        }
    }
    assert(count > 0);
    const mu_for plan = mu_for_plan_list(lengths, count);
    mu_write_u8(out, MU_ENC_TEXT);
    mu_for_write(out, &plan, lengths);
    mu_mem_free(lengths);
    write_bytes(out, values, valid, rows);
}

/* Fills `offsets` from the list of lengths, one for each row that is not NULL, or for all. */
static muster_status read_offsets(mu_decoder *decoder, mu_reader *in, muster_error *err)
{
    const uint64_t *valid = decoder->apart ? decoder->present.words : NULL;
    mu_for lengths;
    uint32_t part[MU_VECTOR_ROWS], next = 0;
    uint64_t offset = 0;

    MU_TRY(mu_for_open(&lengths, in, decoder->rows, err));
    if (!mu_mem_reserve(&decoder->offsets, &decoder->offset_capacity,
                        (size_t)decoder->chunk_rows + 1, sizeof *decoder->offsets)) {
        return mu_fail_memory(err, "opening a chunk of text");
    }
    for (uint32_t row = 0; row < decoder->chunk_rows; row++) {
        decoder->offsets[row] = offset;
        if (valid && !mu_bits_test(valid, row)) {
            continue;
        }
        if (next % MU_VECTOR_ROWS == 0) {
            const uint32_t left = decoder->rows - next;
            MU_TRY(mu_for_read_u32(&lengths, next, left < MU_VECTOR_ROWS ? left : MU_VECTOR_ROWS,
                                   part, err));
        }
        const uint32_t length = part[next++ % MU_VECTOR_ROWS];
        if (length > MU_MAX_TEXT_BYTES) {
            return mu_fail(err, MUSTER_CORRUPT, "row %u: text of %u bytes, more than %d", row,
                           length, MU_MAX_TEXT_BYTES);
        }
        offset += length;
    }
    assert(next == decoder->rows);
    decoder->offsets[decoder->chunk_rows] = offset;
    return MUSTER_OK;
}

static muster_status read_piece(mu_reader *in, uint8_t *out, size_t size, muster_error *err)
{
    const uint32_t stored = mu_read_u32(in);
    const uint8_t *bytes = mu_read_bytes(in, stored);

    if (in->overrun || !bytes || stored > size) {
        return mu_fail(err, MUSTER_CORRUPT, "a piece of %zu bytes of text is stored in %u", size,
                       stored);
    }
    if (stored == size) {
        memcpy(out, bytes, size);
        return MUSTER_OK;
    }
    const int got = LZ4_decompress_safe((const char *)bytes, (char *)out, (int)stored, (int)size);
    if (got < 0 || (size_t)got != size) {
        return mu_fail(err, MUSTER_CORRUPT, "%u bytes of LZ4 do not hold %zu bytes of text", stored,
                       size);
    }
    return MUSTER_OK;
}

static muster_status text_open(mu_decoder *decoder, mu_reader *in, muster_error *err)
{
    MU_TRY(read_offsets(decoder, in, err));
    const uint64_t size = decoder->offsets[decoder->chunk_rows];

    /* LZ4 makes at most 255 bytes of one: a larger claim is not worth the memory. */
    if (size / 256 > in->size - in->at) {
        return mu_fail(err, MUSTER_CORRUPT, "%zu bytes do not hold %" PRIu64 " bytes of text",
                       in->size - in->at, size);
    }
    if (!mu_mem_reserve(&decoder->scratch, &decoder->scratch_capacity, (size_t)size + 1, 1)) {
        return mu_fail_memory(err, "opening a chunk of text");
    }
    for (uint64_t done = 0; done < size; done += PIECE_BYTES) {
        const uint64_t left = size - done;

        MU_TRY(read_piece(in, decoder->scratch + done,
                          left < PIECE_BYTES ? (size_t)left : PIECE_BYTES, err));
    }
    mu_decoder_take_texts(decoder);
    return MUSTER_OK;
}

void mu_decoder_take_texts(mu_decoder *decoder)
{
    decoder->dict = (mu_dict){.id = mu_dict_next_id(),
                              .count = decoder->chunk_rows,
                              .offsets = decoder->offsets,
                              .bytes = (const char *)decoder->scratch};
}

const mu_encoding mu_encoding_text = {
    .enc = MU_ENC_TEXT, .name = "text", .texts = true, .open = text_open};
