/*
 * env.h - the only door to the operating system: files, directories, clock, random numbers.
 *
 * Paths are relative to the process, or absolute. Messages name the path, say what the system
 * said, and what to do where that helps ("the disk is full"). A failed write or sync is never
 * retried.
 */
#ifndef MU_ENV_H
#define MU_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/status.h"

/* An immutable file, mapped; or bytes in memory that stand for one. */
typedef struct mu_map {
    const uint8_t *data; /* NULL if the file is empty */
    size_t size;
    uint64_t device, inode; /* no other file has both while this one is mapped; 0 in memory */
    struct mu_held *held;   /* what keeps the bytes, counted; NULL: a file that is mapped */
} mu_map;

muster_status mu_env_map(const char *path, mu_map *out, muster_error *err);
void mu_env_unmap(mu_map *map); /* a zeroed map is fine; the map is zero afterwards */

/* Takes over `data` (of mu_mem), whatever happens; it is freed with the last map of it. */
muster_status mu_env_map_memory(uint8_t *data, size_t size, mu_map *out, muster_error *err);
/* A map in memory again, or a part of it: the bytes are shared. */
mu_map mu_env_map_part(const mu_map *map, size_t offset, size_t size);
/* Whether the path still leads to the mapped file, and not to another that replaced it. */
bool mu_env_is_mapped(const char *path, const mu_map *map);

/* A new file being written, from its start to its end, buffered; "-" is standard output. It, and a
 * pipe or a device that is there already, is written to, but neither synced nor removed. */
typedef struct mu_file mu_file;
muster_status mu_env_create(const char *path, mu_file **out,
                            muster_error *err); /* truncates an old one */
/* The same, but the file takes its name at the commit only: what was called so stays until then,
 * and after an abort. What a link leads to, a pipe or a device, is written to as it is. */
muster_status mu_env_replace(const char *path, mu_file **out, muster_error *err);
/* The same, but in memory only: mu_file_take() hands its bytes over, and ends it. */
muster_status mu_env_create_in_memory(mu_file **out, muster_error *err);
muster_status mu_file_take(mu_file *file, mu_map *out, muster_error *err);
muster_status mu_file_write(mu_file *file, const void *data, size_t size, muster_error *err);
uint64_t mu_file_size(const mu_file *file); /* bytes written so far */
/* Flushes, syncs to the disk and closes; the file is freed whatever happens, and removed where that
 * fails. */
muster_status mu_file_commit(mu_file *file, muster_error *err);
/* Flushes without a sync, for temporary files, and closes. */
muster_status mu_file_close(mu_file *file, muster_error *err);
void mu_file_abort(mu_file *file); /* closes and removes it; NULL is fine */
/* All of a file at once: from its creation to its commit. */
muster_status mu_env_write_file(const char *path, const void *data, size_t size, muster_error *err);

/* A file that grows at its end, made if it is not there; for one writer. What was appended may be
 * lost or torn until it is synced. */
typedef struct mu_log mu_log;
muster_status mu_env_open_log(const char *path, mu_log **out, muster_error *err);
muster_status mu_log_append(mu_log *log, const void *data, size_t size, muster_error *err);
muster_status mu_log_sync(mu_log *log, muster_error *err); /* beside an append of another thread */
/* Cuts it off behind `size` bytes, and syncs that. */
muster_status mu_log_truncate(mu_log *log, uint64_t size, muster_error *err);
void mu_log_close(mu_log *log); /* NULL is fine */

/* Reads what a file has from `offset` on, as it is now, into memory. Past its end is nothing. */
muster_status mu_env_read_from(const char *path, uint64_t offset, mu_map *out, muster_error *err);

/* An existing file read once, from its start; "-" is standard input; pipes are fine. A directory is
 * refused by name. */
typedef struct mu_stream mu_stream;
muster_status mu_env_open_stream(const char *path, mu_stream **out, muster_error *err);
muster_status mu_stream_read(mu_stream *stream, void *data, size_t size, size_t *got,
                             muster_error *err);  /* *got 0: the end */
uint64_t mu_stream_size(const mu_stream *stream); /* 0 if not known */
void mu_stream_close(mu_stream *stream);

muster_status mu_env_make_dir(const char *path, muster_error *err); /* fine if it is there */
muster_status mu_env_make_temp_dir(char *path, size_t size,
                                   muster_error *err); /* in $TMPDIR or /tmp; path is set */
muster_status mu_env_remove_tree(const char *path, muster_error *err);
muster_status mu_env_sync_file(const char *path,
                               muster_error *err); /* one written without a sync */
muster_status mu_env_sync_dir(const char *path, muster_error *err);
muster_status mu_env_rename(const char *from, const char *to, muster_error *err);
muster_status mu_env_remove(const char *path, muster_error *err); /* fine if it is not there */
bool mu_env_exists(const char *path);
bool mu_env_is_dir(const char *path);

/* Calls visit with the name of each entry but "." and ".."; stops at the first failure. */
muster_status mu_env_list(const char *path,
                          muster_status (*visit)(void *context, const char *name,
                                                 muster_error *err),
                          void *context, muster_error *err);

/* Holds an exclusive lock on the file, creating it. BUSY if another process (or an open database in
 * this one) has it. */
typedef struct mu_lock mu_lock;
muster_status mu_env_lock(const char *path, mu_lock **out, muster_error *err);
void mu_env_unlock(mu_lock *lock); /* NULL is fine */

int64_t mu_env_now_us(void); /* wall clock, microseconds since 1970 UTC; MUSTER_NOW (as '2024-05-01
                                09:00:00') overrides it for tests */
double mu_env_seconds(void); /* monotonic */
uint64_t mu_env_random(void);
uint32_t mu_env_processors(void);
uint64_t mu_env_memory(void); /* bytes of the machine, or what its control group leaves it */

/* For tests: called before every operation that changes the disk ("create", "write", "sync",
 * "truncate", "rename", "remove", "mkdir", "lock"); what it returns is an errno to fail with, or 0.
 * It may also end the process. */
typedef int mu_env_hook_fn(void *context, const char *operation, const char *path);
void mu_env_set_hook(mu_env_hook_fn *hook, void *context);

#endif
