/*
 * env_log.c - a file that grows at its end.
 *
 * A write that failed may have left some of its bytes. The file is cut off where it ended before;
 * if that fails too, the next append tries it again, and appends nothing until it works: that would
 * stand behind what nobody can read.
 */
#include "storage/base/env.h"

#include "storage/base/env_os.h"
#include "storage/base/mem.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct mu_log {
    int fd;
    uint64_t size; /* of what is whole */
    bool torn;     /* there may be more in the file */
    char *path;    /* owned */
};

muster_status mu_env_open_log(const char *path, mu_log **out, muster_error *err)
{
    struct stat found;
    mu_log *log = mu_mem_zalloc(sizeof *log);
    const size_t room = strlen(path) + 1;

    *out = NULL;
    if (!log) {
        return mu_fail_memory(err, "opening a log");
    }
    log->fd = -1;
    log->path = mu_mem_alloc(room);
    if (!log->path) {
        mu_log_close(log);
        return mu_fail_memory(err, "opening a log");
    }
    memcpy(log->path, path, room);
    int error = access(path, F_OK) == 0 ? 0 : mu_env_before("create", path);
    if (error == 0) {
        log->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
        error = log->fd < 0 || fstat(log->fd, &found) != 0 ? errno : 0;
    }
    if (error != 0) {
        mu_log_close(log);
        return mu_env_fail(err, error, "open", path);
    }
    log->size = (uint64_t)found.st_size;
    *out = log;
    return MUSTER_OK;
}

static int write_all(const mu_log *log, const uint8_t *data, size_t size)
{
    int error = mu_env_before("write", log->path);

    while (error == 0 && size > 0) {
        const ssize_t written = write(log->fd, data, size);
        if (written > 0) {
            data += written;
            size -= (size_t)written;
        } else if (errno != EINTR) {
            error = written == 0 ? EIO : errno;
        }
    }
    return error;
}

/* Cuts off what a write has left; an errno or 0. */
static int mend(mu_log *log)
{
    int error = mu_env_before("truncate", log->path);

    if (error == 0 && ftruncate(log->fd, (off_t)log->size) != 0) {
        error = errno;
    }
    log->torn = error != 0;
    return error;
}

muster_status mu_log_append(mu_log *log, const void *data, size_t size, muster_error *err)
{
    int error = log->torn ? mend(log) : 0;

    if (error != 0) {
        return mu_env_fail(err, error, "write", log->path);
    }
    error = write_all(log, data, size);
    if (error != 0) {
        (void)mend(log); /* or the next append does */
        return mu_env_fail(err, error, "write", log->path);
    }
    log->size += size;
    return MUSTER_OK;
}

muster_status mu_log_sync(mu_log *log, muster_error *err)
{
    int error = mu_env_before("sync", log->path);

    if (error == 0 && fdatasync(log->fd) != 0) {
        error = errno;
    }
    return error == 0 ? MUSTER_OK : mu_env_fail(err, error, "sync", log->path);
}

muster_status mu_log_truncate(mu_log *log, uint64_t size, muster_error *err)
{
    int error = mu_env_before("truncate", log->path);

    if (error == 0 && (ftruncate(log->fd, (off_t)size) != 0 || fsync(log->fd) != 0)) {
        error = errno;
    }
    if (error != 0) {
        return mu_env_fail(err, error, "cut off", log->path);
    }
    log->size = size;
    return MUSTER_OK;
}

void mu_log_close(mu_log *log)
{
    if (log) {
        if (log->fd >= 0) {
            close(log->fd);
        }
        mu_mem_free(log->path);
        mu_mem_free(log);
    }
}

static muster_status read_all(int fd, const char *path, uint64_t offset, uint8_t *data,
                              size_t *size, muster_error *err)
{
    size_t got = 0;

    while (got < *size) {
        const ssize_t count = pread(fd, data + got, *size - got, (off_t)(offset + got));
        if (count < 0 && errno != EINTR) {
            return mu_env_fail(err, errno, "read", path);
        }
        if (count == 0) {
            break; /* it was cut off meanwhile */
        }
        got += count > 0 ? (size_t)count : 0;
    }
    *size = got;
    return MUSTER_OK;
}

muster_status mu_env_read_from(const char *path, uint64_t offset, mu_map *out, muster_error *err)
{
    struct stat found;
    muster_status status = MUSTER_OK;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);

    *out = (mu_map){0};
    if (fd < 0) {
        return mu_env_fail(err, errno, "open", path);
    }
    if (fstat(fd, &found) != 0) {
        status = mu_env_fail(err, errno, "read", path);
    } else if ((uint64_t)found.st_size > offset) {
        size_t size = (size_t)((uint64_t)found.st_size - offset);
        uint8_t *data = mu_mem_alloc(size);
        status = data ? read_all(fd, path, offset, data, &size, err)
                      : mu_fail_memory(err, "reading a log");
        if (status == MUSTER_OK) {
            status = mu_env_map_memory(data, size, out, err);
        } else {
            mu_mem_free(data);
        }
    }
    close(fd);
    return status;
}
