/*
 * bytes.h - little-endian bytes: a bounds-checked reader and a growing writer. Each remembers
 * its failure, so that a run of reads or writes is checked once, at its end.
 */
#ifndef MU_BYTES_H
#define MU_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mu_reader {
    const uint8_t *data;
    size_t size;
    size_t at;
    bool overrun; /* something was read past the end; it was given as zeros */
} mu_reader;

static inline mu_reader mu_reader_of(const void *data, size_t size)
{
    return (mu_reader){.data = (const uint8_t *)data, .size = size};
}

uint8_t mu_read_u8(mu_reader *in);
uint16_t mu_read_u16(mu_reader *in);
uint32_t mu_read_u32(mu_reader *in);
uint64_t mu_read_u64(mu_reader *in);
int64_t mu_read_i64(mu_reader *in);
double mu_read_f64(mu_reader *in);
uint64_t mu_read_varint(mu_reader *in);                   /* LEB128 */
const uint8_t *mu_read_bytes(mu_reader *in, size_t size); /* NULL past the end */
const char *
mu_read_text(mu_reader *in,
             uint32_t *size); /* u32 size, bytes; not NUL-terminated; NULL past the end */

/* The caller owns `data`, to be freed by mu_writer_deinit(). A zeroed writer is an empty one. */
typedef struct mu_writer {
    uint8_t *data;
    size_t size;
    size_t capacity;
    bool failed; /* out of memory; all further writes do nothing */
} mu_writer;

/* Each returns the offset it wrote at. */
size_t mu_write_u8(mu_writer *out, uint8_t value);
size_t mu_write_u16(mu_writer *out, uint16_t value);
size_t mu_write_u32(mu_writer *out, uint32_t value);
size_t mu_write_u64(mu_writer *out, uint64_t value);
size_t mu_write_i64(mu_writer *out, int64_t value);
size_t mu_write_f64(mu_writer *out, double value);
size_t mu_write_varint(mu_writer *out, uint64_t value);
size_t mu_write_bytes(mu_writer *out, const void *data, size_t size);
size_t mu_write_text(mu_writer *out, const char *text, size_t size); /* u32 size, bytes */
size_t mu_write_zeros(mu_writer *out, size_t size);
void mu_write_align(mu_writer *out, size_t alignment); /* zeros up to a multiple of it */
uint8_t *mu_write_room(mu_writer *out,
                       size_t size); /* `size` uninitialised bytes to fill, or NULL */

void mu_patch_u32(mu_writer *out, size_t at, uint32_t value); /* overwrites what stands there */
void mu_patch_u64(mu_writer *out, size_t at, uint64_t value);
void mu_writer_reset(mu_writer *out); /* empty, memory kept */
void mu_writer_deinit(mu_writer *out);

/* Unaligned little-endian loads from memory known to be there. */
uint32_t mu_load_u32(const void *at);
uint64_t mu_load_u64(const void *at);

#endif
