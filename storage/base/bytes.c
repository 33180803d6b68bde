/*
 * bytes.c - little-endian bytes in and out.
 *
 * A read past the end gives zeros, moves to the end and sets `overrun`, so every later read fails
 * as well; a write that finds no memory sets `failed`, and the writer stays as it was. Callers
 * look once, at the end.
 */
#include "storage/base/bytes.h"

#include "storage/base/mem.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

static bool take(mu_reader *in, void *value, size_t size)
{
    assert(in->at <= in->size);
    if (size > in->size - in->at) {
        in->overrun = true;
        in->at = in->size;
        return false;
    }
    memcpy(value, in->data + in->at, size);
    in->at += size;
    return true;
}

uint8_t mu_read_u8(mu_reader *in)
{
    uint8_t value = 0;

    return take(in, &value, sizeof value) ? value : 0;
}

uint16_t mu_read_u16(mu_reader *in)
{
    uint16_t value = 0;

    return take(in, &value, sizeof value) ? le16toh(value) : 0;
}

uint32_t mu_read_u32(mu_reader *in)
{
    uint32_t value = 0;

    return take(in, &value, sizeof value) ? le32toh(value) : 0;
}

uint64_t mu_read_u64(mu_reader *in)
{
    uint64_t value = 0;

    return take(in, &value, sizeof value) ? le64toh(value) : 0;
}

int64_t mu_read_i64(mu_reader *in)
{
    return (int64_t)mu_read_u64(in);
}

double mu_read_f64(mu_reader *in)
{
    const uint64_t bits = mu_read_u64(in);
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

uint64_t mu_read_varint(mu_reader *in)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        const uint8_t byte = mu_read_u8(in);
        if (shift == 63 && byte > 1) {
            break; /* more than 64 bits */
        }
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            return in->overrun ? 0 : value;
        }
    }
    in->overrun = true;
    in->at = in->size;
    return 0;
}

const uint8_t *mu_read_bytes(mu_reader *in, size_t size)
{
    static const uint8_t nothing[1];

    assert(in->at <= in->size);
    if (size > in->size - in->at) {
        in->overrun = true;
        in->at = in->size;
        return NULL;
    }
    const uint8_t *bytes = in->data ? in->data + in->at : nothing;
    in->at += size;
    return bytes;
}

const char *mu_read_text(mu_reader *in, uint32_t *size)
{
    const uint32_t wanted = mu_read_u32(in);
    const char *text = in->overrun ? NULL : (const char *)mu_read_bytes(in, wanted);

    *size = text ? wanted : 0;
    return text;
}

uint8_t *mu_write_room(mu_writer *out, size_t size)
{
    assert(out->size <= out->capacity);
    if (!out->failed && (size > out->capacity - out->size || !out->data)) {
        /* A byte at least: room for nothing is not NULL, which says out of memory. */
        const size_t wanted = size == 0 ? 1 : out->size + size;
        out->failed =
            size > SIZE_MAX - out->size || !mu_mem_reserve(&out->data, &out->capacity, wanted, 1);
    }
    if (out->failed) {
        return NULL;
    }
    uint8_t *room = out->data + out->size;
    out->size += size;
    return room;
}

size_t mu_write_bytes(mu_writer *out, const void *data, size_t size)
{
    const size_t at = out->size;
    uint8_t *room = size == 0 ? NULL : mu_write_room(out, size);

    if (room) {
        memcpy(room, data, size);
    }
    return at;
}

size_t mu_write_u8(mu_writer *out, uint8_t value)
{
    return mu_write_bytes(out, &value, sizeof value);
}

size_t mu_write_u16(mu_writer *out, uint16_t value)
{
    const uint16_t little = htole16(value);

    return mu_write_bytes(out, &little, sizeof little);
}

size_t mu_write_u32(mu_writer *out, uint32_t value)
{
    const uint32_t little = htole32(value);

    return mu_write_bytes(out, &little, sizeof little);
}

size_t mu_write_u64(mu_writer *out, uint64_t value)
{
    const uint64_t little = htole64(value);

    return mu_write_bytes(out, &little, sizeof little);
}

size_t mu_write_i64(mu_writer *out, int64_t value)
{
    return mu_write_u64(out, (uint64_t)value);
}

size_t mu_write_f64(mu_writer *out, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    return mu_write_u64(out, bits);
}

size_t mu_write_varint(mu_writer *out, uint64_t value)
{
    uint8_t bytes[10];
    size_t size = 0;

    while (value >= 0x80) {
        bytes[size++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    bytes[size++] = (uint8_t)value;
    return mu_write_bytes(out, bytes, size);
}

size_t mu_write_text(mu_writer *out, const char *text, size_t size)
{
    assert(size <= UINT32_MAX);
    const size_t at = mu_write_u32(out, (uint32_t)size);
    mu_write_bytes(out, text, size);
    return at;
}

size_t mu_write_zeros(mu_writer *out, size_t size)
{
    const size_t at = out->size;
    uint8_t *room = size == 0 ? NULL : mu_write_room(out, size);

    if (room) {
        memset(room, 0, size);
    }
    return at;
}

void mu_write_align(mu_writer *out, size_t alignment)
{
    assert(alignment > 0);
    mu_write_zeros(out, (alignment - out->size % alignment) % alignment);
}

void mu_patch_u32(mu_writer *out, size_t at, uint32_t value)
{
    const uint32_t little = htole32(value);

    if (!out->failed) { /* else what was to be patched may not be there */
        assert(at <= out->size && sizeof little <= out->size - at);
        memcpy(out->data + at, &little, sizeof little);
    }
}

void mu_patch_u64(mu_writer *out, size_t at, uint64_t value)
{
    const uint64_t little = htole64(value);

    if (!out->failed) {
        assert(at <= out->size && sizeof little <= out->size - at);
        memcpy(out->data + at, &little, sizeof little);
    }
}

void mu_writer_reset(mu_writer *out)
{
    out->size = 0;
    out->failed = false;
}

void mu_writer_deinit(mu_writer *out)
{
    mu_mem_free(out->data);
    *out = (mu_writer){0};
}

uint32_t mu_load_u32(const void *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof value);
    return le32toh(value);
}

uint64_t mu_load_u64(const void *at)
{
    uint64_t value;

    memcpy(&value, at, sizeof value);
    return le64toh(value);
}
