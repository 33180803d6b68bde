/*
 * snapshot_files.c - which files a database is, and how large they are.
 */
#include "storage/db_state.h"

#include "storage/base/mem.h"

#include <stdio.h>
#include <string.h>

static void add_file(const mu_snapshot *snapshot, mu_file_info *files, uint32_t *count,
                     const char *name, const char *kind, uint64_t number, uint64_t bytes)
{
    mu_file_info *file = &files[(*count)++];

    *file = (mu_file_info){.kind = kind,
                           .number = number,
                           .held = mu_held_find(&snapshot->held, number) != NULL,
                           .bytes = bytes};
    (void)snprintf(file->name, sizeof file->name, "%s", name);
}

/* The manifest does not say how long it is. */
static muster_status add_erased(mu_snapshot *snapshot, mu_file_info *files, uint32_t *count,
                                muster_error *err)
{
    const uint64_t number = snapshot->manifest.erased.file;
    char name[MU_FILE_NAME_BYTES];

    if (number == 0) {
        return MUSTER_OK;
    }
    mu_file_name("erased", number, name);
    char *path = mu_file_path(snapshot->db->path, name);
    mu_map map;

    if (!path) {
        return mu_fail_memory(err, "listing files");
    }
    const muster_status status = mu_env_map(path, &map, err);
    mu_mem_free(path);
    MU_TRY(status);
    add_file(snapshot, files, count, name, "erased", number, map.size);
    mu_env_unmap(&map);
    return MUSTER_OK;
}

static void add_tags(const mu_snapshot *snapshot, mu_file_info *files, uint32_t *count)
{
    const mu_tags_info *tags = &snapshot->manifest.tags;
    char name[MU_FILE_NAME_BYTES];

    if (tags->file != 0) {
        mu_file_name("tags", tags->file, name);
        add_file(snapshot, files, count, name, "tags", tags->file, tags->size_bytes);
    }
    for (uint32_t i = 0; i < tags->sets_count; i++) {
        mu_file_name("sets", tags->sets[i].file, name);
        add_file(snapshot, files, count, name, "sets", tags->sets[i].file,
                 tags->sets[i].size_bytes);
    }
}

muster_status mu_snapshot_files(mu_snapshot *snapshot, mu_arena *arena, mu_file_info **out,
                                uint32_t *count, muster_error *err)
{
    const mu_manifest *manifest = &snapshot->manifest;
    const size_t most =
        (size_t)3 + manifest->part_count + manifest->tags.sets_count + manifest->segment_count;
    char name[MU_FILE_NAME_BYTES];

    *count = 0;
    MU_ARENA_TRY(*out, arena, most, err);
    add_file(snapshot, *out, count, "manifest", "manifest", 0, snapshot->root->mark.size);
    for (uint32_t i = 0; i < manifest->part_count; i++) {
        mu_file_name("customers", manifest->parts[i].file, name);
        add_file(snapshot, *out, count, name, "customers", manifest->parts[i].file,
                 manifest->parts[i].size_bytes);
    }
    add_tags(snapshot, *out, count);
    MU_TRY(add_erased(snapshot, *out, count, err));
    for (uint32_t i = 0; i < manifest->segment_count; i++) {
        mu_segment_name(manifest->segments[i].file, name);
        add_file(snapshot, *out, count, name, "events", manifest->segments[i].file,
                 manifest->segments[i].size_bytes);
    }
    return MUSTER_OK;
}
