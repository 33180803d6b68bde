/*
 * paged.c - pages with checksums, verified once each.
 *
 *   the bytes that were written, in pages of 64 KiB; the last may be shorter
 *   zeros up to a multiple of 8
 *   u64 checksum of each page
 *   footer: u8[8] kind   u32 format   u32 bytes of a page   u64 bytes in the pages
 *           u64 checksum of the checksums   u64 checksum of the footer up to here
 *
 * 64 KiB: checking one costs a few microseconds, less than reading it from a disk, and the
 * checksums of a gigabyte are 128 KiB.
 */
#include "storage/paged.h"

#include "storage/base/bits.h"
#include "storage/base/bytes.h"
#include "storage/base/hash.h"
#include "storage/base/mem.h"

#include <assert.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum {
    PAGED_FORMAT = 1,
    KIND_BYTES = 8,
    FOOTER_BYTES = KIND_BYTES + 4 + 4 + 8 + 8 + 8,
#ifdef MU_TINY
    PAGE_BYTES = 256,
#else
    PAGE_BYTES = 64 << 10,
#endif
};

void mu_file_name(const char *prefix, uint64_t file, char name[MU_FILE_NAME_BYTES])
{
    const int size = snprintf(name, MU_FILE_NAME_BYTES, "%s-%06" PRIu64, prefix, file);

    assert(size > 0 && size < MU_FILE_NAME_BYTES);
    (void)size;
}

char *mu_file_path(const char *directory, const char *name)
{
    const size_t size = strlen(directory) + strlen(name) + 2;
    char *path = mu_mem_alloc(size);

    if (path) {
        snprintf(path, size, "%s/%s", directory, name);
    }
    return path;
}

/* Writing. */

struct mu_paged_writer {
    mu_file *file; /* owned */
    char kind[KIND_BYTES];
    uint64_t size;
    mu_writer checksums;
    size_t used;
    uint8_t page[PAGE_BYTES]; /* the one being filled */
};

static void free_writer(mu_paged_writer *writer)
{
    mu_writer_deinit(&writer->checksums);
    mu_mem_free(writer);
}

void mu_paged_abort(mu_paged_writer *writer)
{
    if (writer) {
        mu_file_abort(writer->file);
        free_writer(writer);
    }
}

muster_status mu_paged_create(const char *directory, const char *name, const char kind[8],
                              mu_paged_writer **out, muster_error *err)
{
    char *path = directory ? mu_file_path(directory, name) : NULL;
    mu_paged_writer *writer = mu_mem_zalloc(sizeof *writer);
    muster_status status = MUSTER_OK;

    *out = NULL;
    if ((directory && !path) || !writer) {
        status = mu_fail_memory(err, "creating a file");
    } else {
        status = directory ? mu_env_create(path, &writer->file, err)
                           : mu_env_create_in_memory(&writer->file, err);
    }
    mu_mem_free(path);
    if (status != MUSTER_OK) {
        mu_paged_abort(writer);
        return status;
    }
    memcpy(writer->kind, kind, KIND_BYTES);
    *out = writer;
    return MUSTER_OK;
}

static muster_status end_page(mu_paged_writer *writer, muster_error *err)
{
    mu_write_u64(&writer->checksums, mu_checksum(writer->page, writer->used));
    if (writer->checksums.failed) {
        return mu_fail_memory(err, "writing a file");
    }
    MU_TRY(mu_file_write(writer->file, writer->page, writer->used, err));
    writer->used = 0;
    return MUSTER_OK;
}

muster_status mu_paged_write(mu_paged_writer *writer, const void *data, size_t size,
                             muster_error *err)
{
    const uint8_t *bytes = data;

    writer->size += size;
    while (size > 0) {
        const size_t room = PAGE_BYTES - writer->used;
        const size_t part = size < room ? size : room;
        memcpy(&writer->page[writer->used], bytes, part);
        writer->used += part;
        bytes += part;
        size -= part;
        if (writer->used == PAGE_BYTES) {
            MU_TRY(end_page(writer, err));
        }
    }
    assert(writer->used < PAGE_BYTES);
    return MUSTER_OK;
}

muster_status mu_paged_align(mu_paged_writer *writer, size_t alignment, muster_error *err)
{
    static const uint8_t zeros[64];

    assert(alignment > 0 && alignment <= sizeof zeros);
    return mu_paged_write(writer, zeros, (alignment - writer->size % alignment) % alignment, err);
}

uint64_t mu_paged_offset(const mu_paged_writer *writer)
{
    return writer->size;
}

/* The padding, the checksums of the pages, and the footer. */
static muster_status write_end(mu_paged_writer *writer, muster_error *err)
{
    const mu_writer *checksums = &writer->checksums;
    mu_writer footer = {0};

    mu_write_zeros(&footer, (8 - writer->size % 8) % 8);
    mu_write_bytes(&footer, checksums->data, checksums->size);
    const size_t start = footer.size;
    mu_write_bytes(&footer, writer->kind, KIND_BYTES);
    mu_write_u32(&footer, PAGED_FORMAT);
    mu_write_u32(&footer, PAGE_BYTES);
    mu_write_u64(&footer, writer->size);
    mu_write_u64(&footer, mu_checksum(checksums->data, checksums->size));
    if (!footer.failed) {
        mu_write_u64(&footer, mu_checksum(footer.data + start, footer.size - start));
    }
    const muster_status status = footer.failed
                                     ? mu_fail_memory(err, "writing a file")
                                     : mu_file_write(writer->file, footer.data, footer.size, err);
    mu_writer_deinit(&footer);
    return status;
}

/* Frees the writer if it fails. */
static muster_status end_file(mu_paged_writer *writer, uint64_t *size_bytes, muster_error *err)
{
    muster_status status = writer->used > 0 ? end_page(writer, err) : MUSTER_OK;

    if (status == MUSTER_OK) {
        status = write_end(writer, err);
    }
    if (status != MUSTER_OK) {
        mu_paged_abort(writer);
        return status;
    }
    *size_bytes = mu_file_size(writer->file);
    return MUSTER_OK;
}

muster_status mu_paged_take(mu_paged_writer *writer, mu_map *bytes, muster_error *err)
{
    uint64_t size;

    *bytes = (mu_map){0};
    MU_TRY(end_file(writer, &size, err));
    const muster_status status = mu_file_take(writer->file, bytes, err);
    free_writer(writer);
    return status;
}

muster_status mu_paged_commit(mu_paged_writer *writer, uint64_t *size_bytes, muster_error *err)
{
    muster_status status;

    MU_TRY(end_file(writer, size_bytes, err));
    status = mu_file_commit(writer->file, err); /* I1: synced before a manifest names it */
    free_writer(writer);
    return status;
}

/* Reading. */

struct mu_paged {
    mu_map map;
    char *name; /* owned */
    uint64_t size;
    uint64_t page_count;
    uint32_t page_bytes;
    const uint8_t *checksums;  /* in the map */
    _Atomic uint64_t *checked; /* a bit for each page; owned */
};

void mu_paged_close(mu_paged *paged)
{
    if (paged) {
        mu_env_unmap(&paged->map);
        mu_mem_free(paged->checked);
        mu_mem_free(paged->name);
        mu_mem_free(paged);
    }
}

static muster_status read_footer(mu_paged *paged, const char kind[8], uint64_t size_bytes,
                                 muster_error *err)
{
    const mu_map *map = &paged->map;

    if ((size_bytes != 0 && map->size != size_bytes) || map->size < FOOTER_BYTES) {
        return mu_fail(err, MUSTER_CORRUPT, "it has %zu bytes, and %" PRIu64 " belong there",
                       map->size, size_bytes != 0 ? size_bytes : (uint64_t)FOOTER_BYTES);
    }
    const uint8_t *start = map->data + map->size - FOOTER_BYTES;
    mu_reader footer = mu_reader_of(start, FOOTER_BYTES);
    const uint8_t *found_kind = mu_read_bytes(&footer, KIND_BYTES);
    const uint32_t format = mu_read_u32(&footer);
    paged->page_bytes = mu_read_u32(&footer);
    paged->size = mu_read_u64(&footer);
    const uint64_t checksums_checksum = mu_read_u64(&footer);
    if (mu_read_u64(&footer) != mu_checksum(start, FOOTER_BYTES - 8)) {
        return mu_fail(err, MUSTER_CORRUPT, "offset %zu: the checksum of the footer is wrong",
                       map->size - FOOTER_BYTES);
    }
    if (memcmp(found_kind, kind, KIND_BYTES) != 0) {
        return mu_fail(err, MUSTER_CORRUPT, "it is a file of another kind, \"%.8s\"",
                       (const char *)found_kind);
    }
    if (format > PAGED_FORMAT) {
        return mu_fail(err, MUSTER_INVALID, "it has format %u; this version reads up to %d", format,
                       (int)PAGED_FORMAT);
    }
    const uint64_t room = map->size - FOOTER_BYTES;
    if (paged->page_bytes == 0 || paged->size > room) {
        return mu_fail(err, MUSTER_CORRUPT, "it has %" PRIu64 " bytes in pages of %u", paged->size,
                       paged->page_bytes);
    }
    const uint64_t table_at = (paged->size + 7) / 8 * 8;
    paged->page_count = (paged->size + paged->page_bytes - 1) / paged->page_bytes;
    if (table_at > room || (room - table_at) / 8 != paged->page_count ||
        (room - table_at) % 8 != 0) {
        return mu_fail(err, MUSTER_CORRUPT, "%" PRIu64 " pages do not fit a file of %zu bytes",
                       paged->page_count, map->size);
    }
    for (uint64_t at = paged->size; at < table_at; at++) {
        if (map->data[at] != 0) {
            return mu_fail(err, MUSTER_CORRUPT, "offset %" PRIu64 ": the byte is %u, expected 0",
                           at, map->data[at]);
        }
    }
    paged->checksums = map->data + table_at;
    if (mu_checksum(paged->checksums, (size_t)paged->page_count * 8) != checksums_checksum) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "offset %" PRIu64 ": the checksum of the checksums is wrong", table_at);
    }
    return MUSTER_OK;
}

/* From the bytes that `map` has, which are taken over. */
static muster_status open_map(mu_map *map, const char *name, const char kind[8],
                              uint64_t size_bytes, mu_paged **out, muster_error *err)
{
    muster_status status;
    const size_t room = strlen(name) + 1;
    mu_paged *paged = mu_mem_zalloc(sizeof *paged);

    *out = NULL;
    if (!paged) {
        mu_env_unmap(map);
        return mu_fail_memory(err, "opening a file");
    }
    paged->map = *map;
    *map = (mu_map){0};
    paged->name = mu_mem_alloc(room);
    if (!paged->name) {
        status = mu_fail_memory(err, "opening a file");
        goto fail;
    }
    memcpy(paged->name, name, room);
    status = read_footer(paged, kind, size_bytes, err);
    if (status != MUSTER_OK) {
        mu_where(err, "%s", name);
        goto fail;
    }
    paged->checked =
        mu_mem_zalloc_array(mu_bits_words((size_t)paged->page_count), sizeof *paged->checked);
    if (!paged->checked) {
        status = mu_fail_memory(err, "opening a file");
        goto fail;
    }
    *out = paged;
    return MUSTER_OK;

fail:
    mu_paged_close(paged);
    return status;
}

muster_status mu_paged_open_map(mu_map *map, const char *name, const char kind[8], mu_paged **out,
                                muster_error *err)
{
    return open_map(map, name, kind, 0, out, err);
}

muster_status mu_paged_open(const char *directory, const char *name, const char kind[8],
                            uint64_t size_bytes, mu_paged **out, muster_error *err)
{
    char *path = mu_file_path(directory, name);
    mu_map map;

    *out = NULL;
    if (!path) {
        return mu_fail_memory(err, "opening a file");
    }
    const muster_status status = mu_env_map(path, &map, err);
    mu_mem_free(path);
    MU_TRY(status);
    return open_map(&map, name, kind, size_bytes, out, err);
}

const char *mu_paged_name(const mu_paged *paged)
{
    return paged->name;
}

uint64_t mu_paged_size(const mu_paged *paged)
{
    return paged->size;
}

static muster_status check_page(const mu_paged *paged, uint64_t page, muster_error *err)
{
    const uint64_t start = page * paged->page_bytes;
    const uint64_t left = paged->size - start;
    const size_t size = left < paged->page_bytes ? (size_t)left : paged->page_bytes;

    if (mu_checksum(paged->map.data + start, size) != mu_load_u64(paged->checksums + page * 8)) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "%s, offset %" PRIu64 ": the checksum of %zu bytes is wrong", paged->name,
                       start, size);
    }
    atomic_fetch_or_explicit(&paged->checked[page / 64], UINT64_C(1) << (page % 64),
                             memory_order_relaxed);
    return MUSTER_OK;
}

muster_status mu_paged_read(const mu_paged *paged, uint64_t offset, uint64_t size,
                            const uint8_t **data, muster_error *err)
{
    if (offset > paged->size || size > paged->size - offset) {
        return mu_fail(err, MUSTER_CORRUPT,
                       "%s: %" PRIu64 " bytes at offset %" PRIu64 " are past its end, %" PRIu64,
                       paged->name, size, offset, paged->size);
    }
    *data = paged->map.data + offset;
    if (size > 0) {
        const uint64_t last = (offset + size - 1) / paged->page_bytes;
        for (uint64_t page = offset / paged->page_bytes; page <= last; page++) {
            /* Relaxed is enough: the bytes never change, and checking them twice does no harm. */
            const uint64_t word =
                atomic_load_explicit(&paged->checked[page / 64], memory_order_relaxed);
            if ((word >> (page % 64) & 1) == 0) {
                MU_TRY(check_page(paged, page, err));
            }
        }
    }
    return MUSTER_OK;
}

void mu_paged_prefetch(const mu_paged *paged, uint64_t offset)
{
    if (offset < paged->size) {
        __builtin_prefetch(paged->map.data + offset);
    }
}

muster_status mu_paged_check(const mu_paged *paged, muster_error *err)
{
    for (uint64_t page = 0; page < paged->page_count; page++) {
        MU_TRY(check_page(paged, page, err));
    }
    return MUSTER_OK;
}
