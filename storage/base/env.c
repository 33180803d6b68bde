/*
 * env.c - directories, names, the lock, the clock: everything of env.h but the bytes in files,
 * which are in env_file.c.
 */
#include "storage/base/env.h"

#include "storage/base/env_os.h"
#include "storage/base/hash.h"
#include "storage/base/mem.h"

#include <assert.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Set by tests while no other thread runs. */
static mu_env_hook_fn *hook;
static void *hook_context;

void mu_env_set_hook(mu_env_hook_fn *wanted, void *context)
{
    hook = wanted;
    hook_context = context;
}

int mu_env_before(const char *operation, const char *path)
{
    return hook ? hook(hook_context, operation, path) : 0;
}

muster_status mu_env_fail(muster_error *err, int error, const char *doing, const char *path)
{
    char buffer[128];
    char reason[128];

    assert(error != 0);
    if (error == ENOMEM) {
        return mu_fail(err, MUSTER_NOMEM, "cannot %s \"%s\": the system is out of memory", doing,
                       path);
    }
    if (error == ENOSPC || error == EDQUOT) {
        return mu_fail(err, MUSTER_IO, "cannot %s \"%s\": the disk is full; free some space", doing,
                       path);
    }
    (void)snprintf(reason, sizeof reason, "%s", strerror_r(error, buffer, sizeof buffer));
    if (isupper((unsigned char)reason[0]) && !isupper((unsigned char)reason[1])) {
        reason[0] = (char)tolower((unsigned char)reason[0]);
    }
    return mu_fail(err, MUSTER_IO, "cannot %s \"%s\": %s", doing, path, reason);
}

char *mu_env_join(const char *directory, const char *name)
{
    const size_t size = strlen(directory) + strlen(name) + 2;
    char *path = mu_mem_alloc(size);

    if (path) {
        (void)snprintf(path, size, "%s/%s", directory, name);
    }
    return path;
}

bool mu_env_exists(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0;
}

bool mu_env_is_dir(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

muster_status mu_env_make_dir(const char *path, muster_error *err)
{
    int error = mu_env_before("mkdir", path);

    if (error == 0 && mkdir(path, 0777) != 0) {
        error = errno;
    }
    if (error == EEXIST) {
        if (mu_env_is_dir(path)) {
            return MUSTER_OK;
        }
        return mu_fail(err, MUSTER_IO, "\"%s\" is a file, not a directory", path);
    }
    return error == 0 ? MUSTER_OK : mu_env_fail(err, error, "create directory", path);
}

muster_status mu_env_make_temp_dir(char *path, size_t size, muster_error *err)
{
    const char *parent = getenv("TMPDIR");

    if (!parent || parent[0] == '\0') {
        parent = "/tmp";
    }
    const int written = snprintf(path, size, "%s/muster-XXXXXX", parent);
    assert(written > 0);
    if ((size_t)written >= size) {
        return mu_fail(err, MUSTER_IO, "the path of TMPDIR has %zu bytes, more than %zu",
                       strlen(parent), size - ((size_t)written - strlen(parent)) - 1);
    }
    int error = mu_env_before("mkdir", path);
    if (error == 0 && !mkdtemp(path)) {
        error = errno;
    }
    return error == 0 ? MUSTER_OK : mu_env_fail(err, error, "create a directory in", parent);
}

static muster_status sync_path(const char *path, int flags, const char *what, muster_error *err)
{
    int error = mu_env_before("sync", path);
    const int fd = error == 0 ? open(path, O_RDONLY | O_CLOEXEC | flags) : -1;

    if (error == 0 && (fd < 0 || fsync(fd) != 0)) {
        error = errno;
    }
    if (fd >= 0) {
        close(fd);
    }
    return error == 0 ? MUSTER_OK : mu_env_fail(err, error, what, path);
}

muster_status mu_env_sync_file(const char *path, muster_error *err)
{
    return sync_path(path, 0, "sync", err);
}

muster_status mu_env_sync_dir(const char *path, muster_error *err)
{
    return sync_path(path, O_DIRECTORY, "sync directory", err);
}

muster_status mu_env_rename(const char *from, const char *to, muster_error *err)
{
    int error = mu_env_before("rename", to);

    if (error == 0 && rename(from, to) != 0) {
        error = errno;
    }
    return error == 0 ? MUSTER_OK : mu_env_fail(err, error, "replace", to);
}

muster_status mu_env_remove(const char *path, muster_error *err)
{
    int error = mu_env_before("remove", path);

    if (error == 0 && unlink(path) != 0) {
        error = errno;
    }
    return error == 0 || error == ENOENT ? MUSTER_OK : mu_env_fail(err, error, "remove", path);
}

muster_status mu_env_list(const char *path,
                          muster_status (*visit)(void *context, const char *name,
                                                 muster_error *err),
                          void *context, muster_error *err)
{
    muster_status status = MUSTER_OK;
    DIR *dir = opendir(path);

    if (!dir) {
        return mu_env_fail(err, errno, "list directory", path);
    }
    while (status == MUSTER_OK) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (!entry) {
            if (errno != 0) {
                status = mu_env_fail(err, errno, "list directory", path);
            }
            break;
        }
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            status = visit(context, entry->d_name, err);
        }
    }
    closedir(dir);
    return status;
}

static muster_status remove_entry(void *context, const char *name, muster_error *err)
{
    const char *directory = context;
    struct stat entry;
    char *path = mu_env_join(directory, name);

    if (!path) {
        return mu_fail_memory(err, "removing a directory");
    }
    /* A link to a directory is removed itself, not what it leads to. */
    const bool is_dir = lstat(path, &entry) == 0 && S_ISDIR(entry.st_mode);
    const muster_status status = is_dir ? mu_env_remove_tree(path, err) : mu_env_remove(path, err);
    mu_mem_free(path);
    return status;
}

muster_status mu_env_remove_tree(const char *path, muster_error *err)
{
    char *directory = mu_env_join(path, ".");

    if (!directory) {
        return mu_fail_memory(err, "removing a directory");
    }
    directory[strlen(path)] = '\0';
    muster_status status =
        mu_env_exists(path) ? mu_env_list(path, remove_entry, directory, err) : MUSTER_OK;
    mu_mem_free(directory);
    MU_TRY(status);
    int error = mu_env_before("remove", path);
    if (error == 0 && rmdir(path) != 0) {
        error = errno;
    }
    return error == 0 || error == ENOENT ? MUSTER_OK
                                         : mu_env_fail(err, error, "remove directory", path);
}

struct mu_lock {
    int fd;
};

/* Says who holds the lock: its process wrote its number there. */
static muster_status fail_busy(muster_error *err, int fd, const char *path)
{
    char text[32] = "";
    const char *slash = strrchr(path, '/');
    const int shown = slash ? (int)(slash - path) : (int)strlen(path);
    const ssize_t size = pread(fd, text, sizeof text - 1, 0);
    const long pid = size > 0 ? strtol(text, NULL, 10) : 0;

    if (pid == (long)getpid()) {
        return mu_fail(err, MUSTER_BUSY,
                       "\"%.*s\" is being written through another connection of this process; "
                       "close that one first",
                       shown, path);
    }
    if (pid > 0) {
        return mu_fail(err, MUSTER_BUSY,
                       "\"%.*s\" is being written by another process (pid %ld); "
                       "wait for it to end, or only read",
                       shown, path, pid);
    }
    return mu_fail(err, MUSTER_BUSY,
                   "\"%.*s\" is being written by another process; wait for it to end, or only read",
                   shown, path);
}

static int write_owner(int fd)
{
    char text[32];
    const int size = snprintf(text, sizeof text, "%ld\n", (long)getpid());

    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)size, 0) < 0) {
        return errno;
    }
    return 0;
}

/* The lock belongs to the open file, not to the process as those of POSIX do, so a second open in
 * the same process is refused too. */
muster_status mu_env_lock(const char *path, mu_lock **out, muster_error *err)
{
    muster_status status = MUSTER_OK;
    int error = mu_env_before("lock", path);
    int fd = -1;

    *out = NULL;
    if (error == 0) {
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        error = fd < 0 ? errno : 0;
    }
    if (error == 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        error = errno;
    }
    if (error == EWOULDBLOCK && fd >= 0) {
        status = fail_busy(err, fd, path);
        goto fail;
    }
    error = error == 0 ? write_owner(fd) : error;
    if (error != 0) {
        status = mu_env_fail(err, error, "lock", path);
        goto fail;
    }
    *out = mu_mem_zalloc(sizeof **out);
    if (!*out) {
        status = mu_fail_memory(err, "locking a database");
        goto fail;
    }
    (*out)->fd = fd;
    return MUSTER_OK;

fail:
    if (fd >= 0) {
        close(fd);
    }
    return status;
}

void mu_env_unlock(mu_lock *lock)
{
    if (lock) {
        close(lock->fd);
        mu_mem_free(lock);
    }
}

/* The time of MUSTER_NOW, or false where it says no time. */
static bool pinned_now(int64_t *now_us)
{
    const char *text = getenv("MUSTER_NOW");
    struct tm parts = {0};
    const char *end = text ? strptime(text, "%Y-%m-%d %H:%M:%S", &parts) : NULL;

    if (!end || *end != '\0') {
        return false;
    }
    *now_us = (int64_t)timegm(&parts) * 1000000;
    return true;
}

int64_t mu_env_now_us(void)
{
    int64_t now_us;
    struct timespec now;

    if (pinned_now(&now_us)) {
        return now_us;
    }
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

double mu_env_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

uint64_t mu_env_random(void)
{
    uint64_t value;
    struct timespec now;

    if (getrandom(&value, sizeof value, 0) == (ssize_t)sizeof value) {
        return value;
    }
    /* Only a kernel without getrandom() comes here; unlike numbers are all that is asked for. */
    clock_gettime(CLOCK_MONOTONIC, &now);
    return mu_hash_combine((uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 32, (uint64_t)getpid());
}

uint32_t mu_env_processors(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) {
        return (uint32_t)CPU_COUNT(&set); /* what this process may use, not what there is */
    }
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (uint32_t)online : 1;
}

/* The number that a file begins with; UINT64_MAX if it has none. */
static uint64_t read_number(const char *path)
{
    uint64_t number = UINT64_MAX;
    FILE *file = fopen(path, "re");

    if (file) {
        if (fscanf(file, "%" SCNu64, &number) != 1) { /* "max" */
            number = UINT64_MAX;
        }
        (void)fclose(file);
    }
    return number;
}

/* What the control group of the process, and those above it, may have of memory. */
static uint64_t group_memory(void)
{
    char line[512], path[600];
    uint64_t least = UINT64_MAX;
    FILE *file = fopen("/proc/self/cgroup", "re");

    while (file && fgets(line, sizeof line, file)) {
        char *end = strncmp(line, "0::/", 4) == 0 ? line + strcspn(line, "\n") : NULL;
        while (end) { /* the group, then the one above */
            *end = 0;
            (void)snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.max", line + 3);
            const uint64_t limit = read_number(path);
            least = limit < least ? limit : least;
            end = strrchr(line + 3, '/');
        }
    }
    if (file) {
        (void)fclose(file);
    }
    return least;
}

uint64_t mu_env_memory(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);
    const uint64_t limit = group_memory();
    const uint64_t machine =
        pages > 0 && bytes > 0 ? (uint64_t)pages * (uint64_t)bytes : UINT64_MAX;

    return limit < machine ? limit : machine;
}
