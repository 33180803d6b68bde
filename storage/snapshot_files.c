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

/* One of which the manifest does not say how long it is. */
static muster_status add_unsized(mu_snapshot *snapshot, mu_file_info *files, uint32_t *count,
                                 const char *name, const char *kind, uint64_t number,
                                 muster_error *err)
{
    char *path = mu_file_path(snapshot->db->path, name);
    mu_map map;

    if (!path) {
        return mu_fail_memory(err, "listing files");
    }
    const muster_status status = mu_env_map(path, &map, err);
    mu_mem_free(path);
    MU_TRY(status);
    add_file(snapshot, files, count, name, kind, number, map.size);
    mu_env_unmap(&map);
    return MUSTER_OK;
}

/* A file of tags has many of them. */
static muster_status add_tags(mu_snapshot *snapshot, mu_file_info *files, uint32_t *count,
                              muster_error *err)
{
    const mu_manifest *manifest = &snapshot->manifest;
    const uint32_t first = *count;
    char name[MU_FILE_NAME_BYTES];

    for (uint32_t i = 0; i < manifest->tag_count; i++) {
        bool known = false;
        mu_file_name("tags", manifest->tags[i].file, name);
        for (uint32_t f = first; f < *count; f++) {
            known |= strcmp(files[f].name, name) == 0;
        }
        if (known) {
            continue;
        }
        MU_TRY(add_unsized(snapshot, files, count, name, "tags", manifest->tags[i].file, err));
    }
    return MUSTER_OK;
}

muster_status mu_snapshot_files(mu_snapshot *snapshot, mu_arena *arena, mu_file_info **out,
                                uint32_t *count, muster_error *err)
{
    const mu_manifest *manifest = &snapshot->manifest;
    const size_t most =
        (size_t)2 + manifest->part_count + manifest->tag_count + manifest->segment_count;
    char name[MU_FILE_NAME_BYTES];

    *count = 0;
    MU_ARENA_TRY(*out, arena, most, err);
    add_file(snapshot, *out, count, "manifest", "manifest", 0, snapshot->root->mark.size);
    for (uint32_t i = 0; i < manifest->part_count; i++) {
        mu_file_name("customers", manifest->parts[i].file, name);
        add_file(snapshot, *out, count, name, "customers", manifest->parts[i].file,
                 manifest->parts[i].size_bytes);
    }
    MU_TRY(add_tags(snapshot, *out, count, err));
    if (manifest->erased.file != 0) {
        mu_file_name("erased", manifest->erased.file, name);
        MU_TRY(add_unsized(snapshot, *out, count, name, "erased", manifest->erased.file, err));
    }
    for (uint32_t i = 0; i < manifest->segment_count; i++) {
        mu_segment_name(manifest->segments[i].file, name);
        add_file(snapshot, *out, count, name, "events", manifest->segments[i].file,
                 manifest->segments[i].size_bytes);
    }
    return MUSTER_OK;
}
