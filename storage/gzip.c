/*
 * gzip.c - one gzip member, written as it grows.
 */
#include "storage/gzip.h"

#include "storage/base/limits.h"
#include "storage/base/mem.h"

#include <zlib.h>

enum {
    OUTPUT_BYTES = 1 << 16,
    GZIP_WINDOW = 15 + 16, /* the largest window, in the form of gzip */
    MEMORY_LEVEL = 8,      /* zlib's own choice */
};

struct mu_gzip {
    mu_file *file;
    z_stream deflater;
    bool open;
    uint8_t output[OUTPUT_BYTES];
};

static void *allocate(void *opaque, uInt count, uInt size)
{
    (void)opaque;
    return mu_mem_alloc_array(count, size);
}

static void release(void *opaque, void *memory)
{
    (void)opaque;
    mu_mem_free(memory);
}

muster_status mu_gzip_open(mu_file *file, mu_gzip **out, muster_error *err)
{
    mu_gzip *gzip = mu_mem_zalloc(sizeof *gzip);

    *out = gzip;
    if (gzip) {
        gzip->file = file;
        gzip->deflater.zalloc = allocate;
        gzip->deflater.zfree = release;
        gzip->open = deflateInit2(&gzip->deflater, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW,
                                  MEMORY_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK;
    }
    if (!gzip || !gzip->open) {
        mu_gzip_close(gzip);
        *out = NULL;
        return mu_fail_memory(err, "compressing");
    }
    return MUSTER_OK;
}

void mu_gzip_close(mu_gzip *gzip)
{
    if (gzip && gzip->open) {
        (void)deflateEnd(&gzip->deflater);
    }
    mu_mem_free(gzip);
}

/* Deflates what there is to read, and writes what came of it. */
static muster_status run(mu_gzip *gzip, int flush, muster_error *err)
{
    z_stream *deflater = &gzip->deflater;

    do { /* until there was room left, so that nothing is held back for want of it */
        deflater->next_out = gzip->output;
        deflater->avail_out = sizeof gzip->output;
        (void)deflate(deflater, flush);
        MU_TRY(mu_file_write(gzip->file, gzip->output, sizeof gzip->output - deflater->avail_out,
                             err));
    } while (deflater->avail_out == 0);
    return MUSTER_OK;
}

muster_status mu_gzip_write(mu_gzip *gzip, const void *data, size_t size, muster_error *err)
{
    const uint8_t *at = data;

    while (size > 0) {
        const uInt part = size < UINT32_MAX ? (uInt)size : UINT32_MAX;
        gzip->deflater.next_in = (z_const Bytef *)(uintptr_t)at;
        gzip->deflater.avail_in = part;
        MU_TRY(run(gzip, Z_NO_FLUSH, err));
        at += part;
        size -= part;
    }
    return MUSTER_OK;
}

muster_status mu_gzip_finish(mu_gzip *gzip, muster_error *err)
{
    return run(gzip, Z_FINISH, err);
}
