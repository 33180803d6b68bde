/*
 * segment_dict.c - the dictionary of a text column, as it lies in a segment's file.
 *
 * One stream, the sizes of all texts as varints and then their bytes, cut into pieces that go
 * through LZ4 one by one, so that no piece reaches LZ4's limits and little memory is needed:
 *
 *   u32 raw size, 1 to 1 MiB;  u32 stored size;  the bytes, as they are if the sizes are equal
 */
#include "storage/segment_format.h"

#include "storage/base/hash.h"
#include "storage/base/mem.h"

#include <assert.h>
#include <inttypes.h>
#include <lz4.h>
#include <string.h>

enum {
    /* Long enough for LZ4's window of 64 KiB not to matter, short enough for any cache. */
    PIECE_BYTES = 1 << 20,
    /* LZ4 makes at most 255 bytes of one; a size that claims more is not believed. */
    LARGEST_RATIO = 256,
};

static void encode_piece(const uint8_t *raw, uint32_t size, mu_writer *out)
{
    mu_write_u32(out, size);
    const size_t stored_at = mu_write_u32(out, size); /* patched if it becomes shorter */
    uint8_t *room = mu_write_room(out, size);

    if (!room) {
        return;
    }
    const int stored = LZ4_compress_default((const char *)raw, (char *)room, (int)size, (int)size);
    if (stored > 0 && (uint32_t)stored < size) {
        mu_patch_u32(out, stored_at, (uint32_t)stored);
        out->size -= size - (uint32_t)stored;
    } else {
        memcpy(room, raw, size);
    }
}

static void encode_stream(const uint8_t *raw, size_t size, mu_writer *out)
{
    for (size_t at = 0; at < size; at += PIECE_BYTES) {
        const size_t left = size - at;
        encode_piece(&raw[at], left < PIECE_BYTES ? (uint32_t)left : PIECE_BYTES, out);
    }
}

bool mu_segment_dict_encode(const mu_dict *dict, mu_writer *out, mu_segment_dict_place *place)
{
    mu_writer raw = {0};

    assert(out->size == 0);
    for (uint32_t code = 0; code < dict->count; code++) {
        mu_write_varint(&raw, mu_dict_text(dict, code).size);
    }
    if (dict->count > 0) {
        const uint64_t first = dict->offsets[0];
        mu_write_bytes(&raw, &dict->bytes[first], dict->offsets[dict->count] - first);
    }
    encode_stream(raw.data, raw.size, out);
    *place = (mu_segment_dict_place){
        .stored_size = out->size,
        .raw_size = raw.size,
        .count = dict->count,
    };
    mu_write_align(out, MU_SEGMENT_ALIGNMENT);
    const bool written = !raw.failed && !out->failed;
    if (written) {
        place->checksum = mu_checksum(out->data, out->size);
    }
    mu_writer_deinit(&raw);
    return written;
}

/* Reading. */

static muster_status decode_piece(mu_reader *in, uint8_t *out, uint64_t room, uint32_t *got,
                                  muster_error *err)
{
    const uint32_t raw = mu_read_u32(in);
    const uint32_t stored = mu_read_u32(in);
    const uint8_t *data = mu_read_bytes(in, stored);

    if (!data || raw == 0 || raw > PIECE_BYTES || raw > room || stored > raw) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "a piece of the dictionary has %u of %u bytes where %" PRIu64 " are due",
                       stored, raw, room);
    }
    if (stored == raw) {
        memcpy(out, data, raw);
    } else if (LZ4_decompress_safe((const char *)data, (char *)out, (int)stored, (int)raw) !=
               (int)raw) {
        return mu_fail(err, MUSTER_CORRUPT, "a piece of the dictionary is not %u bytes in LZ4",
                       raw);
    }
    *got = raw;
    return MUSTER_OK;
}

static muster_status decode_stream(const uint8_t *data, const mu_segment_dict_place *place,
                                   uint8_t *raw, muster_error *err)
{
    mu_reader in = mu_reader_of(data, place->stored_size);
    uint32_t got = 0;

    for (uint64_t at = 0; at < place->raw_size; at += got) {
        MU_TRY(decode_piece(&in, &raw[at], place->raw_size - at, &got, err));
    }
    if (in.at != in.size) {
        return mu_fail(err, MUSTER_CORRUPT, "the dictionary has %zu bytes, and %zu more", in.at,
                       in.size - in.at);
    }
    return MUSTER_OK;
}

/* Fills the offsets of the dictionary from the raw stream, and finds its bytes. */
static muster_status read_texts(mu_segment_dict_memory *memory, uint64_t raw_size,
                                muster_error *err)
{
    mu_reader in = mu_reader_of(memory->raw, raw_size);
    mu_dict *dict = &memory->dict;
    uint64_t end = 0;

    for (uint32_t code = 0; code < dict->count; code++) {
        const uint64_t size = mu_read_varint(&in);
        memory->offsets[code] = end;
        if (in.overrun || size > MU_MAX_TEXT_BYTES) {
            return mu_fail(err, MUSTER_CORRUPT, "text %u of %u in the dictionary has no size",
                           code + 1, dict->count);
        }
        end += size;
    }
    memory->offsets[dict->count] = end;
    if (end != in.size - in.at) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "the texts of the dictionary are %zu bytes, expected %" PRIu64,
                       in.size - in.at, end);
    }
    dict->bytes = (const char *)&memory->raw[in.at];
    return MUSTER_OK;
}

static muster_status check_sorted(const mu_dict *dict, muster_error *err)
{
    for (uint32_t code = 1; code < dict->count; code++) {
        if (mu_text_compare(mu_dict_text(dict, code - 1), mu_dict_text(dict, code)) >= 0) {
            return mu_fail(err, MUSTER_CORRUPT, "text %u of %u in the dictionary is out of order",
                           code + 1, dict->count);
        }
    }
    return MUSTER_OK;
}

void mu_segment_dict_free(mu_segment_dict_memory *memory)
{
    if (memory) {
        mu_mem_free(memory->offsets);
        mu_mem_free(memory->raw);
        mu_mem_free(memory);
    }
}

muster_status mu_segment_dict_decode(const uint8_t *data, const mu_segment_dict_place *place,
                                     mu_segment_dict_memory **out, muster_error *err)
{
    muster_status status;
    mu_segment_dict_memory *memory;

    *out = NULL;
    if (place->raw_size / LARGEST_RATIO > place->stored_size || place->count > place->raw_size) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "a dictionary of %u texts cannot be %" PRIu64 " bytes, %" PRIu64 " stored",
                       place->count, place->raw_size, place->stored_size);
    }
    memory = mu_mem_zalloc(sizeof *memory);
    if (!memory) {
        return mu_fail_memory(err, "reading a dictionary");
    }
    memory->offsets = mu_mem_alloc_array((size_t)place->count + 1, sizeof *memory->offsets);
    memory->raw = mu_mem_alloc(place->raw_size);
    if (!memory->offsets || !memory->raw) {
        status = mu_fail_memory(err, "reading a dictionary");
        goto fail;
    }
    memory->dict = (mu_dict){
        .id = mu_dict_next_id(), .count = place->count, .sorted = true, .offsets = memory->offsets};
    MU_TRY_GOTO(decode_stream(data, place, memory->raw, err));
    MU_TRY_GOTO(read_texts(memory, place->raw_size, err));
    MU_TRY_GOTO(check_sorted(&memory->dict, err));
    *out = memory;
    return MUSTER_OK;

fail:
    mu_segment_dict_free(memory);
    return status;
}
