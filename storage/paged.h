/*
 * paged.h - an immutable file whose bytes are checked page by page, when they are first touched.
 *
 * For large files of which a reader wants a few bytes here and there: opening one reads its end
 * only, and a lookup checks the pages it touches, each once. Customers and tags are such files.
 */
#ifndef MU_PAGED_H
#define MU_PAGED_H

#include "storage/base/env.h"

enum {
    MU_FILE_NAME_BYTES = 40
};

/* "customers-000003", "tags-000019" into `name`; for segments there is mu_segment_name(). */
void mu_file_name(const char *prefix, uint64_t file, char name[MU_FILE_NAME_BYTES]);

/* "directory/name", the caller's (mu_mem_free); NULL when out of memory. */
char *mu_file_path(const char *directory, const char *name);

/* Writing. */

typedef struct mu_paged_writer mu_paged_writer;

/* `kind` is eight characters that say what the file holds. In memory if `directory` is NULL. */
muster_status mu_paged_create(const char *directory, const char *name, const char kind[8],
                              mu_paged_writer **out, muster_error *err);
muster_status mu_paged_write(mu_paged_writer *writer, const void *data, size_t size,
                             muster_error *err);
muster_status mu_paged_align(mu_paged_writer *writer, size_t alignment, muster_error *err);
uint64_t mu_paged_offset(const mu_paged_writer *writer); /* of what is written next */

/* Writes the checksums, syncs and closes. The writer is freed whatever happens; on failure the file
 * is removed. */
muster_status mu_paged_commit(mu_paged_writer *writer, uint64_t *size_bytes, muster_error *err);
/* The same for one in memory: its bytes are the caller's. */
muster_status mu_paged_take(mu_paged_writer *writer, mu_map *bytes, muster_error *err);
void mu_paged_abort(mu_paged_writer *writer); /* removes the file; NULL is fine */

/* Reading. */

typedef struct mu_paged mu_paged; /* immutable; threads may share it */

/* CORRUPT unless the file is of this kind, whole, and `size_bytes` long (0: any size). Messages
 * name the file. */
muster_status mu_paged_open(const char *directory, const char *name, const char kind[8],
                            uint64_t size_bytes, mu_paged **out, muster_error *err);
/* The same from bytes in memory; the map is taken over, whatever happens. */
muster_status mu_paged_open_map(mu_map *map, const char *name, const char kind[8], mu_paged **out,
                                muster_error *err);
void mu_paged_close(mu_paged *paged); /* NULL is fine */

const char *mu_paged_name(const mu_paged *paged);
uint64_t mu_paged_size(const mu_paged *paged); /* of what was written */

/* *data points to `size` bytes at `offset`, checked; CORRUPT if they are not there, or not what was
 * written. */
muster_status mu_paged_read(const mu_paged *paged, uint64_t offset, uint64_t size,
                            const uint8_t **data, muster_error *err);

/* Asks the processor to fetch the bytes at `offset`, if they are there. */
void mu_paged_prefetch(const mu_paged *paged, uint64_t offset);

/* Checks every page. */
muster_status mu_paged_check(const mu_paged *paged, muster_error *err);

#endif
