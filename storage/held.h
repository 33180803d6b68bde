/*
 * held.h - files of a database that are in memory, because their bytes are in its log.
 *
 * A list by the number of the file. What names a file looks here first, and in the directory then.
 */
#ifndef MU_HELD_H
#define MU_HELD_H

#include "storage/base/env.h"
#include "storage/segment.h"

typedef struct mu_held_file {
    uint64_t file;
    mu_map bytes; /* in memory; owned by the list */
} mu_held_file;

typedef struct mu_held_files {
    mu_held_file *list; /* ascending by file; owned */
    size_t count, capacity;
} mu_held_files;

/* NULL if the file is not held. */
const mu_map *mu_held_find(const mu_held_files *held, uint64_t file);

/* Adds a file whose number is not there, shared with who has the map. False when out of memory. */
bool mu_held_add(mu_held_files *held, uint64_t file, const mu_map *bytes);

/* Takes a file off the list; false if it is not held. */
bool mu_held_remove(mu_held_files *held, uint64_t file);

/* Opens a segment: from the list (which may be NULL) if it is there, else from the directory. */
muster_status mu_held_open_segment(const mu_held_files *held, const char *directory, uint64_t file,
                                   mu_segment **out, muster_error *err);

void mu_held_deinit(mu_held_files *held); /* a zeroed list is an empty one */

#endif
