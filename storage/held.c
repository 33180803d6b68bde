/*
 * held.c - the list of files that are in memory.
 */
#include "storage/held.h"

#include "storage/base/mem.h"

#include <assert.h>

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

bool mu_held_add(mu_held_files *held, uint64_t file, const mu_map *bytes)
{
    assert(held->count == 0 || held->list[held->count - 1].file < file);
    if (!mu_mem_reserve(&held->list, &held->capacity, held->count + 1, sizeof *held->list)) {
        return false;
    }
    held->list[held->count++] =
        (mu_held_file){.file = file, .bytes = mu_env_map_part(bytes, 0, bytes->size)};
    return true;
}

bool mu_held_put(mu_held_files *held, uint64_t file, const mu_map *bytes)
{
    size_t at = held->count;

    if (!mu_mem_reserve(&held->list, &held->capacity, held->count + 1, sizeof *held->list)) {
        return false;
    }
    for (; at > 0 && held->list[at - 1].file > file; at--) {
        held->list[at] = held->list[at - 1];
    }
    held->list[at] = (mu_held_file){.file = file, .bytes = mu_env_map_part(bytes, 0, bytes->size)};
    held->count++;
    return true;
}

void mu_held_deinit(mu_held_files *held)
{
    for (size_t i = 0; i < held->count; i++) {
        mu_env_unmap(&held->list[i].bytes);
    }
    mu_mem_free(held->list);
    *held = (mu_held_files){0};
}
