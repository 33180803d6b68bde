/*
 * csv_source.c - the bytes of a file of text: decompressed if its first bytes are gzip's, without a
 * byte order mark.
 *
 * Gzip files may have several members one after the other, as parallel compressors write them;
 * zeros behind the last one are padding.
 */
#include "storage/csv.h"

#include "storage/base/env.h"
#include "storage/base/mem.h"

#include <assert.h>
#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

enum {
#ifdef MU_TINY
    INPUT_BYTES = 64,
#else
    INPUT_BYTES = 256 << 10,
#endif
    FIRST_BYTES = 4, /* what is looked at to know what the file is */
};

struct mu_csv_source {
    mu_stream *stream;
    char *path; /* as messages name it */
    uint64_t done;
    char first[FIRST_BYTES]; /* of the text; given out before anything else */
    size_t first_size, first_at;
    bool gzip;
    bool ended; /* the stream has no more */
    bool in_member;
    z_stream inflater;
    bool inflater_open;
    size_t input_at, input_size;
    uint8_t input[INPUT_BYTES];
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

static muster_status read_raw(mu_csv_source *source, void *data, size_t size, size_t *got,
                              muster_error *err)
{
    *got = 0;
    if (!source->ended) {
        MU_TRY(mu_stream_read(source->stream, data, size, got, err));
        source->ended = *got == 0;
        source->done += *got;
    }
    return MUSTER_OK;
}

static muster_status fill_input(mu_csv_source *source, muster_error *err)
{
    if (source->input_at == source->input_size) {
        source->input_at = 0;
        MU_TRY(read_raw(source, source->input, INPUT_BYTES, &source->input_size, err));
    }
    return MUSTER_OK;
}

/* Between members: begins the next one, or ends at the end of the file or its padding. */
static muster_status begin_member(mu_csv_source *source, muster_error *err)
{
    for (;;) {
        MU_TRY(fill_input(source, err));
        if (source->input_at == source->input_size) {
            return MUSTER_OK;
        }
        if (source->input[source->input_at] != 0) {
            break;
        }
        source->input_at++;
    }
    if (inflateReset(&source->inflater) != Z_OK) {
        return mu_fail_memory(err, "decompressing a file");
    }
    source->in_member = true;
    return MUSTER_OK;
}

static muster_status inflate_some(mu_csv_source *source, char *data, size_t size, size_t *got,
                                  muster_error *err)
{
    z_stream *z = &source->inflater;

    *got = 0;
    while (*got == 0) {
        if (!source->in_member) {
            MU_TRY(begin_member(source, err));
            if (!source->in_member) {
                return MUSTER_OK;
            }
        }
        MU_TRY(fill_input(source, err));
        if (source->input_at == source->input_size) {
            return mu_fail(err, MUSTER_INVALID,
                           "\"%s\": the gzip data ends early; is the file whole?", source->path);
        }
        const uInt room = size > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uInt)size;
        z->next_in = &source->input[source->input_at];
        z->avail_in = (uInt)(source->input_size - source->input_at);
        z->next_out = (Bytef *)data;
        z->avail_out = room;
        const int result = inflate(z, Z_NO_FLUSH);
        source->input_at = source->input_size - z->avail_in;
        *got = room - z->avail_out;
        if (result == Z_STREAM_END) {
            source->in_member = false;
        } else if (result == Z_MEM_ERROR) {
            return mu_fail_memory(err, "decompressing a file");
        } else if (result != Z_OK && result != Z_BUF_ERROR) {
            return mu_fail(err, MUSTER_INVALID, "\"%s\": the gzip data is damaged: %s",
                           source->path, z->msg ? z->msg : "unknown");
        }
    }
    return MUSTER_OK;
}

static muster_status read_some(mu_csv_source *source, char *data, size_t size, size_t *got,
                               muster_error *err)
{
    if (source->first_at < source->first_size) {
        const size_t left = source->first_size - source->first_at;
        *got = left < size ? left : size;
        memcpy(data, &source->first[source->first_at], *got);
        source->first_at += *got;
        return MUSTER_OK;
    }
    if (source->gzip) {
        return inflate_some(source, data, size, got, err);
    }
    if (source->input_at < source->input_size) { /* what was looked at for gzip's first bytes */
        const size_t left = source->input_size - source->input_at;
        *got = left < size ? left : size;
        memcpy(data, &source->input[source->input_at], *got);
        source->input_at += *got;
        return MUSTER_OK;
    }
    return read_raw(source, data, size, got, err);
}

muster_status mu_csv_source_read(mu_csv_source *source, char *data, size_t size, size_t *got,
                                 muster_error *err)
{
    size_t n = 0;

    while (n < size) {
        size_t some = 0;
        MU_TRY(read_some(source, data + n, size - n, &some, err));
        if (some == 0) {
            break;
        }
        n += some;
    }
    *got = n;
    return MUSTER_OK;
}

/* At least two bytes of input, unless the file is shorter. */
static muster_status look_at_input(mu_csv_source *source, muster_error *err)
{
    while (source->input_size < 2 && !source->ended) {
        size_t got = 0;
        MU_TRY(read_raw(source, &source->input[source->input_size],
                        INPUT_BYTES - source->input_size, &got, err));
        source->input_size += got;
    }
    return MUSTER_OK;
}

static muster_status look_at_text(mu_csv_source *source, muster_error *err)
{
    const uint8_t *first = (const uint8_t *)source->first;
    size_t got = 0;

    MU_TRY(mu_csv_source_read(source, source->first, FIRST_BYTES, &got, err));
    source->first_size = got;
    if (got >= 2 &&
        ((first[0] == 0xff && first[1] == 0xfe) || (first[0] == 0xfe && first[1] == 0xff))) {
        return mu_fail(err, MUSTER_INVALID,
                       "\"%s\" is UTF-16; convert it to UTF-8 first (iconv -f UTF-16 -t UTF-8)",
                       source->path);
    }
    if (got >= 3 && first[0] == 0xef && first[1] == 0xbb && first[2] == 0xbf) {
        source->first_at = 3;
    }
    return MUSTER_OK;
}

muster_status mu_csv_source_open(const char *path, mu_csv_source **out, muster_error *err)
{
    muster_status status;
    mu_csv_source *source = mu_mem_zalloc(sizeof *source);

    *out = NULL;
    if (!source) {
        return mu_fail_memory(err, "opening a file");
    }
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    source->path = mu_mem_alloc(strlen(name) + 1);
    if (!source->path) {
        status = mu_fail_memory(err, "opening a file");
        goto fail;
    }
    memcpy(source->path, name, strlen(name) + 1);
    MU_TRY_GOTO(mu_env_open_stream(path, &source->stream, err));
    MU_TRY_GOTO(look_at_input(source, err));
    if (source->input_size >= 2 && source->input[0] == 0x1f && source->input[1] == 0x8b) {
        source->inflater.zalloc = allocate;
        source->inflater.zfree = release;
        if (inflateInit2(&source->inflater, 15 + 16) != Z_OK) {
            status = mu_fail_memory(err, "decompressing a file");
            goto fail;
        }
        source->inflater_open = true;
        source->gzip = true;
    }
    MU_TRY_GOTO(look_at_text(source, err));
    *out = source;
    return MUSTER_OK;

fail:
    mu_csv_source_close(source);
    return status;
}

void mu_csv_source_close(mu_csv_source *source)
{
    if (!source) {
        return;
    }
    if (source->inflater_open) {
        (void)inflateEnd(&source->inflater);
    }
    mu_stream_close(source->stream);
    mu_mem_free(source->path);
    mu_mem_free(source);
}

const char *mu_csv_source_path(const mu_csv_source *source)
{
    return source->path;
}

uint64_t mu_csv_source_done(const mu_csv_source *source)
{
    return source->done;
}

uint64_t mu_csv_source_total(const mu_csv_source *source)
{
    return mu_stream_size(source->stream);
}
