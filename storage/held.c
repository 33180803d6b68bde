/*
 * held.c - the list of files that are in memory.
 */
#include "storage/held.h"

#include "storage/base/mem.h"

#include <assert.h>
#include <string.h>

const mu_map *mu_held_find(const mu_held_files *held, uint64_t file)
{
    size_t low = 0, high = held ? held->count : 0;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (held->list[middle].file < file) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return held && low < held->count && held->list[low].file == file ? &held->list[low].bytes
                                                                     : NULL;
}

/* Most numbers are above all that are there: those of merges are given before others are done. */
bool mu_held_add(mu_held_files *held, uint64_t file, const mu_map *bytes)
{
    size_t at = held->count;

    if (!mu_mem_reserve(&held->list, &held->capacity, held->count + 1, sizeof *held->list)) {
        return false;
    }
    for (; at > 0 && held->list[at - 1].file > file; at--) {
        held->list[at] = held->list[at - 1];
    }
    assert(at == 0 || held->list[at - 1].file < file);
    held->list[at] = (mu_held_file){.file = file, .bytes = mu_env_map_part(bytes, 0, bytes->size)};
    held->count++;
    return true;
}

bool mu_held_remove(mu_held_files *held, uint64_t file)
{
    for (size_t i = 0; i < held->count; i++) {
        if (held->list[i].file == file) {
            mu_env_unmap(&held->list[i].bytes);
            held->count--;
            memmove(&held->list[i], &held->list[i + 1], (held->count - i) * sizeof *held->list);
            return true;
        }
    }
    return false;
}

muster_status mu_held_open_segment(const mu_held_files *held, const char *directory, uint64_t file,
                                   mu_segment **out, muster_error *err)
{
    const mu_map *bytes = mu_held_find(held, file);
    char name[MU_SEGMENT_NAME_BYTES];

    mu_segment_name(file, name);
    if (!bytes) {
        return mu_segment_open(directory, name, out, err);
    }
    mu_map map = mu_env_map_part(bytes, 0, bytes->size);
    return mu_segment_open_map(&map, name, out, err);
}

void mu_held_deinit(mu_held_files *held)
{
    for (size_t i = 0; i < held->count; i++) {
        mu_env_unmap(&held->list[i].bytes);
    }
    mu_mem_free(held->list);
    *held = (mu_held_files){0};
}
