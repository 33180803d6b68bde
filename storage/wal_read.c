/*
 * wal_read.c - what a manifest is after the records of its log.
 *
 * Each record makes a manifest of the one before it. Two arenas take turns, so that only the last
 * one stays.
 */
#include "storage/wal.h"

#include "storage/base/mem.h"

#include <string.h>

typedef struct replay {
    uint64_t version; /* of the manifest that was read: what it has is not applied again */
    mu_map log;       /* from `offset` on */
    uint64_t offset;
    mu_held_files *files;
    mu_arena arenas[2];
    mu_manifest manifest;
    uint32_t turn;
} replay;

static muster_status replay_record(replay *r, size_t *at, bool *end, muster_error *err)
{
    mu_arena *arena = &r->arenas[r->turn % 2];
    mu_wal_commit commit;
    mu_manifest next;

    MU_TRY(mu_wal_decode(&r->log, r->offset, at, arena, &commit, r->files, end, err));
    if (*end || commit.version <= r->version) {
        return MUSTER_OK; /* its files may be named */
    }
    MU_TRY(mu_wal_apply(&r->manifest, &commit, arena, &next, err));
    r->manifest = next;
    r->turn++;
    mu_arena_reset(&r->arenas[r->turn % 2]);
    return MUSTER_OK;
}

/* The lists that records have made, in the caller's arena. */
static muster_status keep_manifest(const mu_manifest *manifest, mu_arena *arena, mu_manifest *out,
                                   muster_error *err)
{
    mu_customer_part_info *parts;
    mu_segment_info *segments;

    MU_ARENA_TRY(parts, arena, manifest->part_count, err);
    MU_ARENA_TRY(segments, arena, manifest->segment_count, err);
    if (manifest->part_count > 0) {
        memcpy(parts, manifest->parts, manifest->part_count * sizeof *parts);
    }
    if (manifest->segment_count > 0) {
        memcpy(segments, manifest->segments, manifest->segment_count * sizeof *segments);
    }
    *out = *manifest;
    out->parts = parts;
    out->segments = segments;
    return mu_manifest_check(out, err);
}

static muster_status replay_all(replay *r, uint64_t *size, muster_error *err)
{
    size_t at = 0;
    bool end = false;

    if (r->offset == 0) {
        MU_TRY(mu_wal_check_header(&r->log, err));
        at = MU_WAL_HEADER_BYTES;
    }
    while (!end) {
        MU_TRY(replay_record(r, &at, &end, err));
    }
    *size = r->offset + at;
    return MUSTER_OK;
}

muster_status mu_wal_read(const char *directory, mu_manifest *manifest, mu_arena *arena,
                          uint64_t *size, mu_held_files *files, muster_error *err)
{
    replay r = {
        .version = manifest->version, .offset = *size, .files = files, .manifest = *manifest};
    char name[MU_FILE_NAME_BYTES];

    mu_wal_name(manifest->wal, name);
    char *path = mu_file_path(directory, name);
    muster_status status =
        path ? mu_env_read_from(path, r.offset, &r.log, err) : mu_fail_memory(err, "reading a log");
    mu_mem_free(path);
    if (status == MUSTER_OK) {
        status = replay_all(&r, size, err);
        if (status == MUSTER_OK) {
            status = keep_manifest(&r.manifest, arena, manifest, err);
        }
        if (status == MUSTER_CORRUPT) {
            mu_where(err, "%s", name);
        }
    }
    mu_env_unmap(&r.log);
    mu_arena_deinit(&r.arenas[0]);
    mu_arena_deinit(&r.arenas[1]);
    return status;
}
