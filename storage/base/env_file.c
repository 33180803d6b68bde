/*
 * env_file.c - the bytes in files: maps of immutable ones, new ones being written, and streams
 * read once.
 *
 * A failed write or sync is not tried again: the system may have thrown the bytes away, and a
 * second fsync would then succeed without them. The file remembers that it failed, and every later
 * call on it fails too. What was not committed is removed.
 */
#include "storage/base/env.h"

#include "storage/base/bytes.h"
#include "storage/base/env_os.h"
#include "storage/base/mem.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
#ifdef MU_TINY
    BUFFER_BYTES = 64,
#else
    BUFFER_BYTES = 256 << 10, /* fewer calls than the disk has time for; fits the L2 cache */
#endif
    WAIT_MS = 10, /* between two looks at whether the statement is stopped */
};

static char *copy_path(const char *path)
{
    const size_t size = strlen(path) + 1;
    char *copy = mu_mem_alloc(size);

    if (copy) {
        memcpy(copy, path, size);
    }
    return copy;
}

static muster_status map_open_file(int fd, const char *path, mu_map *out, muster_error *err)
{
    struct stat file;

    if (fstat(fd, &file) != 0) {
        return mu_env_fail(err, errno, "read", path);
    }
    if (!S_ISREG(file.st_mode)) {
        return mu_fail(err, MUSTER_IO, "\"%s\" is not a file%s", path,
                       S_ISDIR(file.st_mode) ? " but a directory" : " with bytes of its own");
    }
    if (file.st_size > 0) {
        void *data = mmap(NULL, (size_t)file.st_size, PROT_READ, MAP_SHARED, fd, 0);
        if (data == MAP_FAILED) {
            return mu_env_fail(err, errno, "map", path);
        }
        *out = (mu_map){.data = data, .size = (size_t)file.st_size};
    }
    out->device = (uint64_t)file.st_dev;
    out->inode = (uint64_t)file.st_ino;
    return MUSTER_OK;
}

muster_status mu_env_map(const char *path, mu_map *out, muster_error *err)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);

    *out = (mu_map){0};
    if (fd < 0) {
        return mu_env_fail(err, errno, "open", path);
    }
    const muster_status status = map_open_file(fd, path, out, err);
    close(fd); /* the map keeps the file */
    return status;
}

/* Bytes that several maps share. */
typedef struct mu_held {
    atomic_uint references;
    uint8_t *data; /* owned */
} mu_held;

muster_status mu_env_map_memory(uint8_t *data, size_t size, mu_map *out, muster_error *err)
{
    mu_held *held = mu_mem_alloc(sizeof *held);

    *out = (mu_map){0};
    if (!held) {
        mu_mem_free(data);
        return mu_fail_memory(err, "keeping a file in memory");
    }
    atomic_init(&held->references, 1);
    held->data = data;
    *out = (mu_map){.data = data, .size = size, .held = held};
    return MUSTER_OK;
}

mu_map mu_env_map_part(const mu_map *map, size_t offset, size_t size)
{
    assert(map->held);
    assert(offset <= map->size && size <= map->size - offset);
    atomic_fetch_add_explicit(&map->held->references, 1, memory_order_relaxed);
    return (mu_map){.data = map->data + offset, .size = size, .held = map->held};
}

static void release_held(mu_held *held)
{
    if (atomic_fetch_sub_explicit(&held->references, 1, memory_order_acq_rel) == 1) {
        mu_mem_free(held->data);
        mu_mem_free(held);
    }
}

void mu_env_unmap(mu_map *map)
{
    if (map->held) {
        release_held(map->held);
    } else if (map->data) {
        const union {
            const uint8_t *borrowed;
            void *owned;
        } data = {.borrowed = map->data};
        const int result = munmap(data.owned, map->size);
        assert(result == 0);
        (void)result;
    }
    *map = (mu_map){0};
}

bool mu_env_is_mapped(const char *path, const mu_map *map)
{
    struct stat file;

    return stat(path, &file) == 0 && (uint64_t)file.st_dev == map->device &&
           (uint64_t)file.st_ino == map->inode;
}

struct mu_file {
    int fd;          /* -1: closed */
    int error;       /* the errno of the failure; 0 if there was none */
    bool regular;    /* else a pipe, a device or standard output: neither synced nor removed */
    uint64_t size;   /* written, buffered bytes included */
    size_t used;     /* of buffer */
    char *path;      /* owned; what messages name, and what the file is called once it is whole */
    char *part;      /* owned; what it is called until then; NULL: the same */
    uint8_t *buffer; /* owned */
    bool in_memory;  /* what is written goes to `memory`; there is no path, and no buffer */
    mu_writer memory;
};

static void free_file(mu_file *file)
{
    if (file->fd >= 0) {
        close(file->fd);
    }
    mu_writer_deinit(&file->memory);
    mu_mem_free(file->path);
    mu_mem_free(file->part);
    mu_mem_free(file->buffer);
    mu_mem_free(file);
}

/* What the file is called while it is written. */
static const char *name_now(const mu_file *file)
{
    return file->part ? file->part : file->path;
}

/* The usual reason is a directory that is not there; the system does not say which. */
static muster_status fail_to_create(const char *path, int error, muster_error *err)
{
    const char *end = strrchr(path, '/');

    if (error == ENOENT && end && end > path) {
        return mu_fail(err, MUSTER_IO,
                       "cannot create \"%s\": there is no directory \"%.*s\"; create it first",
                       path, (int)(end - path), path);
    }
    return mu_env_fail(err, error, "create", path);
}

static muster_status create(const char *path, const char *part, mu_file **out, muster_error *err)
{
    struct stat found;
    const bool standard = strcmp(path, "-") == 0;
    mu_file *file = mu_mem_zalloc(sizeof *file);

    *out = NULL;
    if (!file) {
        return mu_fail_memory(err, "creating a file");
    }
    file->fd = -1;
    file->path = copy_path(standard ? "standard output" : path);
    file->part = part ? copy_path(part) : NULL;
    file->buffer = mu_mem_alloc(BUFFER_BYTES);
    if (!file->path || (part && !file->part) || !file->buffer) {
        free_file(file);
        return mu_fail_memory(err, "creating a file");
    }
    int error = mu_env_before("create", path);
    if (error == 0) {
        file->fd = standard ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
                            : open(name_now(file), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        error = file->fd < 0 || fstat(file->fd, &found) != 0 ? errno : 0;
    }
    if (error != 0) {
        free_file(file);
        return fail_to_create(path, error, err);
    }
    file->regular = !standard && S_ISREG(found.st_mode);
    *out = file;
    return MUSTER_OK;
}

muster_status mu_env_create(const char *path, mu_file **out, muster_error *err)
{
    return create(path, NULL, out, err);
}

muster_status mu_env_replace(const char *path, mu_file **out, muster_error *err)
{
    struct stat found;

    *out = NULL;
    if (strcmp(path, "-") == 0 || (lstat(path, &found) == 0 && !S_ISREG(found.st_mode))) {
        return create(path, NULL, out, err);
    }
    const size_t size = strlen(path) + sizeof ".part";
    char *part = mu_mem_alloc(size);
    if (!part) {
        return mu_fail_memory(err, "creating a file");
    }
    (void)snprintf(part, size, "%s.part", path);
    const muster_status status = create(path, part, out, err);
    mu_mem_free(part);
    return status;
}

muster_status mu_env_create_in_memory(mu_file **out, muster_error *err)
{
    *out = mu_mem_zalloc(sizeof **out);
    if (!*out) {
        return mu_fail_memory(err, "creating a file");
    }
    (*out)->fd = -1;
    (*out)->in_memory = true;
    return MUSTER_OK;
}

muster_status mu_file_take(mu_file *file, mu_map *out, muster_error *err)
{
    assert(file->in_memory);
    const mu_writer bytes = file->memory;

    *out = (mu_map){0};
    file->memory = (mu_writer){0};
    free_file(file);
    return mu_env_map_memory(bytes.data, bytes.size, out, err);
}

static muster_status write_to_memory(mu_file *file, const void *data, size_t size,
                                     muster_error *err)
{
    mu_write_bytes(&file->memory, data, size);
    file->size = file->memory.size;
    return file->memory.failed ? mu_fail_memory(err, "writing a file in memory") : MUSTER_OK;
}

static muster_status write_through(mu_file *file, const uint8_t *data, size_t size,
                                   muster_error *err)
{
    if (file->error == 0 && size > 0) {
        file->error = mu_env_before("write", file->path);
    }
    while (file->error == 0 && size > 0) {
        const ssize_t written = write(file->fd, data, size);
        if (written > 0) {
            data += written;
            size -= (size_t)written;
        } else if (errno != EINTR) { /* a signal came before anything was written */
            file->error = written == 0 ? EIO : errno;
        }
    }
    return file->error == 0 ? MUSTER_OK : mu_env_fail(err, file->error, "write", file->path);
}

static muster_status flush(mu_file *file, muster_error *err)
{
    const size_t size = file->used;

    file->used = 0;
    return write_through(file, file->buffer, size, err);
}

muster_status mu_file_write(mu_file *file, const void *data, size_t size, muster_error *err)
{
    if (file->in_memory) {
        return write_to_memory(file, data, size, err);
    }
    if (file->error != 0) {
        return mu_env_fail(err, file->error, "write", file->path);
    }
    file->size += size;
    if (size >= BUFFER_BYTES - file->used) {
        MU_TRY(flush(file, err));
        if (size >= BUFFER_BYTES) {
            return write_through(file, data, size, err);
        }
    }
    if (size > 0) {
        memcpy(file->buffer + file->used, data, size);
        file->used += size;
    }
    assert(file->used < BUFFER_BYTES);
    return MUSTER_OK;
}

uint64_t mu_file_size(const mu_file *file)
{
    return file->size;
}

static muster_status finish(mu_file *file, bool sync, muster_error *err)
{
    assert(!file->in_memory); /* mu_file_take() ends those */
    muster_status status = flush(file, err);

    if (status == MUSTER_OK && sync && file->regular) {
        file->error = mu_env_before("sync", file->path);
        if (file->error == 0 && fsync(file->fd) != 0) {
            file->error = errno;
        }
        if (file->error != 0) {
            status = mu_env_fail(err, file->error, "sync", file->path);
        }
    }
    if (status == MUSTER_OK) {
        const int fd = file->fd;
        file->fd = -1;
        if (close(fd) != 0) {
            status = mu_env_fail(err, errno, "close", file->path);
        }
    }
    if (status == MUSTER_OK && file->part) {
        status = mu_env_rename(file->part, file->path, err);
    }
    if (status != MUSTER_OK) {
        mu_file_abort(file);
        return status;
    }
    free_file(file);
    return MUSTER_OK;
}

muster_status mu_file_commit(mu_file *file, muster_error *err)
{
    return finish(file, true, err);
}

muster_status mu_file_close(mu_file *file, muster_error *err)
{
    return finish(file, false, err);
}

void mu_file_abort(mu_file *file)
{
    if (file) {
        if (file->regular && mu_env_before("remove", file->path) == 0) {
            unlink(name_now(file));
        }
        free_file(file);
    }
}

muster_status mu_env_write_file(const char *path, const void *data, size_t size, muster_error *err)
{
    mu_file *file;

    MU_TRY(mu_env_create(path, &file, err));
    const muster_status status = mu_file_write(file, data, size, err);
    if (status != MUSTER_OK) {
        mu_file_abort(file);
        return status;
    }
    return mu_file_commit(file, err);
}

struct mu_stream {
    int fd;
    bool owned; /* standard input is not */
    uint64_t size;
    char *path; /* as messages show it; owned */
};

/* Refuses a directory, and finds out how much there is to read. */
static muster_status examine(mu_stream *stream, muster_error *err)
{
    struct stat file;

    if (fstat(stream->fd, &file) != 0) {
        return mu_env_fail(err, errno, "read", stream->path);
    }
    if (S_ISDIR(file.st_mode)) {
        return mu_fail(err, MUSTER_IO, "\"%s\" is a directory; name a file in it", stream->path);
    }
    if (S_ISREG(file.st_mode)) {
        const off_t at = lseek(stream->fd, 0, SEEK_CUR);
        stream->size = at >= 0 && file.st_size > at ? (uint64_t)(file.st_size - at) : 0;
        (void)posix_fadvise(stream->fd, 0, 0, POSIX_FADV_SEQUENTIAL); /* advice may be refused */
    }
    return MUSTER_OK;
}

muster_status mu_env_open_stream(const char *path, mu_stream **out, muster_error *err)
{
    muster_status status;
    const bool standard = strcmp(path, "-") == 0;
    mu_stream *stream = mu_mem_zalloc(sizeof *stream);

    *out = NULL;
    if (!stream) {
        return mu_fail_memory(err, "opening a file");
    }
    stream->owned = !standard;
    stream->fd = standard ? STDIN_FILENO : -1;
    stream->path = copy_path(standard ? "standard input" : path);
    if (!stream->path) {
        status = mu_fail_memory(err, "opening a file");
        goto fail;
    }
    if (!standard) {
        stream->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* not to wait for a writer */
        if (stream->fd < 0) {
            status = mu_env_fail(err, errno, "open", path);
            goto fail;
        }
    }
    MU_TRY_GOTO(examine(stream, err));
    *out = stream;
    return MUSTER_OK;

fail:
    mu_stream_close(stream);
    return status;
}

/* Who writes into a pipe may take any time, and a statement can be stopped meanwhile. */
static muster_status wait_for_bytes(const mu_stream *stream, muster_error *err)
{
    struct pollfd waiting = {.fd = stream->fd, .events = POLLIN};

    while (!mu_stopped()) {
        const int ready = poll(&waiting, 1, WAIT_MS);
        if (ready > 0 || (ready < 0 && errno != EINTR)) {
            return MUSTER_OK; /* what is wrong is seen by reading */
        }
    }
    return mu_fail(err, MUSTER_CANCELLED, "cancelled while it waited for more of \"%s\"",
                   stream->path);
}

muster_status mu_stream_read(mu_stream *stream, void *data, size_t size, size_t *got,
                             muster_error *err)
{
    ssize_t count;

    *got = 0;
    do {
        MU_TRY(wait_for_bytes(stream, err));
        count = read(stream->fd, data, size);
    } while (count < 0 && (errno == EINTR || errno == EAGAIN));
    if (count < 0) {
        return mu_env_fail(err, errno, "read", stream->path);
    }
    *got = (size_t)count;
    return MUSTER_OK;
}

uint64_t mu_stream_size(const mu_stream *stream)
{
    return stream->size;
}

void mu_stream_close(mu_stream *stream)
{
    if (stream) {
        if (stream->owned && stream->fd >= 0) {
            close(stream->fd);
        }
        mu_mem_free(stream->path);
        mu_mem_free(stream);
    }
}
