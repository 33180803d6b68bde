/* fault.c - the disk of fault.h. */
#include "tests/support/fault.h"

#include "storage/base/env.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* databases have threads of their own */

static bool takes_space(const char *operation)
{
    static const char *const all[] = {"create", "write", "mkdir", "lock", "sync", "rename"};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(operation, all[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool fails(const fault *f, const char *operation)
{
    if (f->operations == f->failing) {
        return f->extent != FAULT_FULL || takes_space(operation);
    }
    return f->operations > f->failing &&
           (f->extent == FAULT_ALL || (f->extent == FAULT_FULL && takes_space(operation)));
}

/* A disk takes what there is room for. */
static void write_in_part(const char *operation, const char *path)
{
    static const char part[] = "mwal";
    const int fd = strcmp(operation, "write") == 0 && strstr(path, "/wal-")
                       ? open(path, O_WRONLY | O_APPEND)
                       : -1;

    if (fd >= 0) {
        (void)!write(fd, part, sizeof part - 1);
        close(fd);
    }
}

static int answer(fault *f, const char *operation, const char *path)
{
    if (f->within && strncmp(path, f->within, strlen(f->within)) != 0) {
        return 0;
    }
    const bool now = fails(f, operation);
    f->unsure |= now && (strcmp(operation, "sync") == 0 || strcmp(operation, "truncate") == 0);
    f->failed |= now;
    f->operations++;
    if (now && f->extent == FAULT_FULL) {
        write_in_part(operation, path);
    }
    return now ? f->error : 0;
}

static int before(void *context, const char *operation, const char *path)
{
    pthread_mutex_lock(&mutex);
    const int error = answer(context, operation, path);
    pthread_mutex_unlock(&mutex);
    return error;
}

void fault_begin(fault *f)
{
    mu_env_set_hook(before, f);
}

void fault_end(void)
{
    mu_env_set_hook(NULL, NULL);
}
