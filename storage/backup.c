/*
 * backup.c - a copy of the last committed state, while others read and write.
 *
 * Files never change once a manifest names them, so a copy needs no lock: every file of one
 * manifest is mapped first, which keeps its bytes even if a later commit removes its name, and then
 * written and synced one by one. The manifest comes last, so that a copy is a whole database or
 * none (I1 to I5 of README.md). If a commit of another process removed a file before it was mapped,
 * the state that was to be copied is no longer the last one, and it all begins anew.
 */
#include "storage/db_state.h"

#include "storage/base/mem.h"

typedef struct backup {
    mu_db *db;
    const char *path; /* of the copy */
    mu_snapshot *snapshot;
    mu_arena arena;
    mu_file_info *files; /* the manifest first */
    mu_map *maps;        /* of the files but the manifest */
    uint32_t count;      /* of files */
    uint32_t mapped;     /* of them, from the first on, the manifest counted */
    uint32_t begun;      /* of them, those that the copy may have */
} backup;

static muster_status map_files(backup *b, muster_error *err)
{
    MU_TRY(mu_snapshot_files(b->snapshot, &b->arena, &b->files, &b->count, err));
    MU_ARENA_TRY(b->maps, &b->arena, b->count, err);
    for (b->mapped = 1; b->mapped < b->count; b->mapped++) {
        const mu_map *held = mu_held_find(&b->snapshot->held, b->files[b->mapped].number);
        if (held) { /* what the log has becomes a file of the copy */
            b->maps[b->mapped] = mu_env_map_part(held, 0, held->size);
            continue;
        }
        char *path = mu_file_path(b->db->path, b->files[b->mapped].name);
        if (!path) {
            return mu_fail_memory(err, "copying the database");
        }
        const muster_status status = mu_env_map(path, &b->maps[b->mapped], err);
        mu_mem_free(path);
        MU_TRY(status);
    }
    return MUSTER_OK;
}

static void forget_files(backup *b)
{
    for (uint32_t i = 1; i < b->mapped; i++) {
        mu_env_unmap(&b->maps[i]);
    }
    b->mapped = 0;
    mu_arena_deinit(&b->arena);
    mu_snapshot_release(b->snapshot);
    b->snapshot = NULL;
}

/* Pins the last committed state with all of its files. */
static muster_status pin(backup *b, muster_error *err)
{
    for (;;) {
        MU_TRY(mu_db_snapshot(b->db, &b->snapshot, err));
        const muster_status status = map_files(b, err);
        if (status != MUSTER_IO || mu_snapshot_is_rooted(b->snapshot)) {
            return status;
        }
        forget_files(b);
    }
}

static muster_status refuse_entry(void *context, const char *name, muster_error *err)
{
    const backup *b = context;

    return mu_fail(err, MUSTER_INVALID,
                   "a backup goes to an empty directory, and \"%s\" holds \"%s\"", b->path, name);
}

static muster_status make_place(backup *b, muster_error *err)
{
    if (mu_env_exists(b->path) && !mu_env_is_dir(b->path)) {
        return mu_fail(err, MUSTER_INVALID, "a backup goes to a directory, and \"%s\" is a file",
                       b->path);
    }
    MU_TRY(mu_env_make_dir(b->path, err));
    return mu_env_list(b->path, refuse_entry, b, err);
}

static muster_status write_file(const backup *b, uint32_t i, muster_error *err)
{
    char *path = mu_file_path(b->path, b->files[i].name);

    if (!path) {
        return mu_fail_memory(err, "copying the database");
    }
    const muster_status status = mu_env_write_file(path, b->maps[i].data, b->maps[i].size, err);
    mu_mem_free(path);
    return status;
}

static muster_status write_all(backup *b, mu_backup_info *info, muster_error *err)
{
    b->begun = 1;
    for (uint32_t i = 1; i < b->count; i++) {
        b->begun++;
        MU_TRY(write_file(b, i, err));
        info->bytes += b->maps[i].size;
    }
    info->files = b->count;
    info->bytes += b->files[0].bytes;
    MU_TRY(mu_env_sync_dir(b->path, err));
    mu_manifest manifest = b->snapshot->manifest;
    manifest.wal = 0;
    MU_TRY(mu_manifest_write(b->path, &manifest, err));
    return mu_env_sync_dir(b->path, err);
}

static void remove_file(const backup *b, const char *name)
{
    char *path = mu_file_path(b->path, name);

    if (path) {
        (void)mu_env_remove(path, NULL);
    }
    mu_mem_free(path);
}

/* After a failure: leaves the directory as empty as it was, as far as that goes. */
static void remove_written(const backup *b)
{
    remove_file(b, "manifest.tmp");
    for (uint32_t i = 0; i < b->begun; i++) {
        remove_file(b, b->files[i].name);
    }
}

muster_status mu_db_backup(mu_db *db, const char *path, mu_backup_info *info, muster_error *err)
{
    backup b = {.db = db, .path = path};

    *info = (mu_backup_info){0};
    MU_TRY(make_place(&b, err));
    muster_status status = pin(&b, err);
    if (status == MUSTER_OK) {
        status = write_all(&b, info, err);
        if (status != MUSTER_OK) {
            remove_written(&b);
        }
    }
    forget_files(&b);
    return status;
}
