/*
 * change_commit.c - how a change becomes the database.
 *
 * A small change is a record at the end of the log: one write, and one sync that several changes
 * may share. What the log has no words for (tables, tags, erasure), and what is large, is new files
 * and then a manifest that names them all. The numbered invariants are in storage/README.md.
 */
#include "storage/change_state.h"

#include "storage/base/mem.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
#ifdef MU_TINY
    MOST_LOGGED_CUSTOMERS = 40,
#else
    MOST_LOGGED_CUSTOMERS = 1 << 16, /* new ones; with their ids a few megabytes at the most */
#endif
};

static int compare_files(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static bool is_removed(const mu_change *change, uint64_t file)
{
    return change->removed_count > 0 &&
           bsearch(&file, change->removed, change->removed_count, sizeof file, compare_files);
}

/* A manifest. */

/* The segments of the base and the new ones, without those that go and those of tables that are
 * gone. */
static muster_status list_segments(mu_change *change, mu_manifest *next, muster_error *err)
{
    const mu_manifest *base = &change->base->manifest;
    const size_t most = base->segment_count + change->segment_count;
    uint32_t count = 0;

    next->segments = MU_NEW_ARRAY(&change->arena, mu_segment_info, most);
    if (!next->segments) {
        return mu_fail_memory(err, "committing");
    }
    for (size_t i = 0; i < most; i++) {
        const mu_segment_info *info = i < base->segment_count
                                          ? &base->segments[i]
                                          : &change->segments[i - base->segment_count];
        const bool stays = i >= base->segment_count || !is_removed(change, info->file);
        if (stays && mu_catalog_table(&change->catalog, info->table_id)) {
            next->segments[count++] = *info;
        }
    }
    next->segment_count = count;
    mu_manifest_sort_segments(next->segments, count);
    return MUSTER_OK;
}

/* Writes the new customers, and those of parts that may not stay, and lists the parts there are
 * then. */
static muster_status write_customers(mu_change *change, mu_manifest *next, muster_error *err)
{
    const mu_manifest *base = &change->base->manifest;
    uint32_t keep;

    next->parts = change->parts ? change->parts : base->parts;
    next->part_count = change->parts ? change->part_count : base->part_count;
    if (mu_customer_adder_new_count(change->customers) == 0 &&
        change->clean_parts >= base->part_count) {
        return MUSTER_OK;
    }
    assert(!change->parts);
    mu_customer_part_info *parts =
        MU_NEW_ARRAY(&change->arena, mu_customer_part_info, (size_t)base->part_count + 1);
    mu_customer_part_info fresh;
    if (!parts) {
        return mu_fail_memory(err, "committing");
    }
    const mu_customer_writing how = {.directory = change->db->path,
                                     .file = mu_change_next_file(change),
                                     .most = change->clean_parts,
                                     .cancel = change->cancel};
    MU_TRY(mu_customer_adder_write(change->customers, &how, &keep, &fresh, NULL, err));
    if (keep > 0) {
        memcpy(parts, base->parts, keep * sizeof *parts);
    }
    parts[keep] = fresh;
    next->parts = parts;
    next->part_count = keep + 1;
    return MUSTER_OK;
}

static muster_status write_tags(mu_change *change, mu_manifest *next, muster_error *err)
{
    next->tags = change->base->manifest.tags;
    if (!mu_tag_edits_any(change->tags)) {
        return MUSTER_OK;
    }
    const uint64_t sets = mu_change_next_file(change), directory = mu_change_next_file(change);
    return mu_tag_edits_write(change->tags, change->db->path, sets, directory, &change->arena,
                              &next->tags, err);
}

/* Segments that were held in memory, as files. */
static muster_status write_held(const mu_change *change, muster_error *err)
{
    for (size_t i = 0; i < change->held.count; i++) {
        const mu_held_file *held = &change->held.list[i];
        char name[MU_SEGMENT_NAME_BYTES];

        mu_segment_name(held->file, name);
        char *path = mu_file_path(change->db->path, name);
        if (!path) {
            return mu_fail_memory(err, "committing");
        }
        const muster_status status = /* I1 */
            mu_env_write_file(path, held->bytes.data, held->bytes.size, err);
        mu_mem_free(path);
        MU_TRY(status);
    }
    return MUSTER_OK;
}

/* Takes the file of this number from a list of files in memory (or does nothing). */
static bool keep_held(mu_held_files *kept, const mu_held_files *held, uint64_t file)
{
    const mu_map *bytes = mu_held_find(held, file);

    return !bytes || mu_held_add(kept, file, bytes);
}

/* The log ends. What it has that the next manifest names, since it came while the rest was made
 * into files, is the first record of another: one that adds nothing, but has the bytes. */
static muster_status change_logs(mu_change *change, mu_manifest *next, muster_error *err)
{
    mu_held_files kept = {0};
    bool fits = true;
    muster_status status = MUSTER_OK;

    for (uint32_t i = 0; i < next->segment_count && fits; i++) {
        fits = keep_held(&kept, &change->base->held, next->segments[i].file);
    }
    for (uint32_t i = 0; i < next->part_count && fits; i++) {
        fits = keep_held(&kept, &change->base->held, next->parts[i].file) &&
               keep_held(&kept, &change->rest, next->parts[i].file);
    }
    next->wal = kept.count > 0 ? mu_change_next_file(change) : 0;
    if (!fits) {
        status = mu_fail_memory(err, "committing");
    } else if (next->wal != 0) {
        const mu_wal_commit first = {.version = next->version,
                                     .next_file = atomic_load(&change->db->next_file),
                                     .files = &kept};
        status = mu_wal_create(change->db->path, next->wal, &first, err);
    }
    mu_held_deinit(&kept);
    return status;
}

/* Writes everything, and the manifest. */
static muster_status write_all(mu_change *change, mu_manifest *next, muster_error *err)
{
    const mu_manifest *base = &change->base->manifest;

    *next =
        (mu_manifest){.version = base->version + 1, .wal = base->wal, .catalog = change->catalog};
    MU_TRY(write_held(change, err));
    MU_TRY(list_segments(change, next, err));
    MU_TRY(write_customers(change, next, err)); /* I1: each file is synced as it is closed */
    MU_TRY(write_tags(change, next, err));
    MU_TRY(mu_change_write_erased(change, next, err));
    if (change->leaves_log) {
        MU_TRY(change_logs(change, next, err));
    }
    /* I1: files of the log, too */
    MU_TRY(mu_db_sync_log(change->db, change->db->log_number, change->db->log_end, err));
    next->next_file = atomic_load(&change->db->next_file);
    /* I2: the names of the files, before the manifest's */
    MU_TRY(mu_db_sync_directory(change->db, err));
    return mu_manifest_write(change->db->path, next, err);
}

/* I6: snapshots of this process may not have opened all of theirs yet; once mapped, a file stays
 * readable. One that cannot be opened is no loss: its readers would have been told the same. */
static void open_old_segments(mu_snapshot *base, const mu_manifest *next)
{
    for (uint32_t i = 0; i < base->segment_count; i++) {
        mu_segment *segment;
        if (!mu_manifest_find_segment(next, &base->manifest.segments[i])) {
            (void)mu_snapshot_open_segment(base, i, &segment, NULL);
        }
    }
}

/* Opens the log for appending. What stands behind its last whole record is cut off: no one was told
 * of it. */
static muster_status open_log(mu_db *db, const mu_snapshot *base, muster_error *err)
{
    char name[MU_FILE_NAME_BYTES];
    mu_log *log;

    mu_wal_name(base->manifest.wal, name);
    char *path = mu_file_path(db->path, name);
    if (!path) {
        return mu_fail_memory(err, "opening the log");
    }
    muster_status status = mu_env_open_log(path, &log, err);
    mu_mem_free(path);
    MU_TRY(status);
    status = mu_log_truncate(log, base->log_size, err);
    pthread_mutex_lock(&db->mutex);
    if (status == MUSTER_OK) {
        db->log = log;
        db->log_number = base->manifest.wal;
        db->log_end = db->log_synced = base->log_size;
    } else {
        db->unsure = true; /* a later sync may succeed without the bytes that were lost */
        mu_log_close(log);
    }
    pthread_mutex_unlock(&db->mutex);
    return status;
}

/* Commits by a manifest; the change is not freed. *made is false if the database is as it was. */
static muster_status commit_manifest(mu_change *change, bool *made, muster_error *err)
{
    mu_db *db = change->db;
    const mu_manifest *base = &change->base->manifest;
    mu_manifest next;

    *made = false;
    /* I1: what another process left in the log may not be synced */
    if (base->wal != 0 && !change->leaves_log && !db->log) {
        MU_TRY(open_log(db, change->base, err));
    }
    MU_TRY(write_all(change, &next, err));
    *made = true;
    MU_TRY(mu_db_sync_directory(db, err)); /* I5: before anyone is told */
    pthread_mutex_lock(&db->mutex);
    mu_snapshot_release(db->tail); /* the next snapshot is of the new manifest */
    db->tail = NULL;
    mu_log *old = NULL;
    if (next.wal != base->wal) {
        old = db->log;
        db->log = NULL;
        db->log_number = db->log_end = db->log_synced = 0;
    }
    pthread_mutex_unlock(&db->mutex);
    mu_log_close(old);
    open_old_segments(change->base, &next);
    mu_db_remove_leftovers(db); /* I6: now that the manifest without them is in place */
    mu_db_wake_keeper(db, &next, &change->base->held, 0);
    return MUSTER_OK;
}

/* The log. */

/* What only a manifest can say. */
static bool needs_manifest(const mu_change *change)
{
    return change->edited || change->leaves_log || change->erasing.added > 0 ||
           mu_tag_edits_any(change->tags) ||
           change->clean_parts < change->base->manifest.part_count;
}

static bool fits_log(const mu_change *change)
{
    return !needs_manifest(change) && change->held.count == change->segment_count &&
           mu_customer_adder_new_count(change->customers) <= MOST_LOGGED_CUSTOMERS;
}

/* Sees to it that the manifest names a log, and that it is open. */
static muster_status begin_log(mu_change *change, muster_error *err)
{
    mu_db *db = change->db;

    if (change->base->manifest.wal == 0) {
        mu_manifest next = change->base->manifest;
        mu_snapshot *base;
        next.version++;
        next.wal = mu_change_next_file(change);
        next.next_file = atomic_load(&db->next_file);
        MU_TRY(mu_wal_create(db->path, next.wal, NULL, err));
        MU_TRY(mu_db_sync_directory(db, err)); /* I2 */
        MU_TRY(mu_manifest_write(db->path, &next, err));
        MU_TRY(mu_db_sync_directory(db, err)); /* I5 */
        MU_TRY(mu_db_base(db, &base, err));
        change->replaced = change->base; /* customers and catalog are its */
        change->base = base;
    }
    return db->log ? MUSTER_OK : open_log(db, change->base, err);
}

/* The new customers as a part in memory, together with what the log has already. */
static muster_status hold_customers(mu_change *change, mu_wal_commit *commit,
                                    mu_customer_part_info *part, muster_error *err)
{
    const mu_snapshot *base = change->base;
    mu_map bytes;

    commit->keep_parts = base->manifest.part_count;
    if (mu_customer_adder_new_count(change->customers) == 0) {
        return MUSTER_OK;
    }
    const mu_customer_writing how = {.file = mu_change_next_file(change),
                                     .least = mu_snapshot_parts_before_log(base),
                                     .most = UINT32_MAX};
    MU_TRY(
        mu_customer_adder_write(change->customers, &how, &commit->keep_parts, part, &bytes, err));
    const bool held = mu_held_add(&change->held, part->file, &bytes);
    mu_env_unmap(&bytes);
    if (!held) {
        return mu_fail_memory(err, "committing");
    }
    commit->parts = part;
    commit->part_count = 1;
    return MUSTER_OK;
}

/* Appends the record; *end is where the log ends then. */
static muster_status append(mu_db *db, const mu_wal_commit *commit, uint64_t *end,
                            muster_error *err)
{
    mu_writer bytes = {0};
    muster_status status = MUSTER_OK;

    if (!mu_wal_encode(commit, &bytes)) {
        status = mu_fail_memory(err, "committing");
    }
    if (status == MUSTER_OK) {
        status = mu_log_append(db->log, bytes.data, bytes.size, err);
    }
    *end = db->log_end + bytes.size;
    mu_writer_deinit(&bytes);
    return status;
}

/* Makes `next` what the next change is made to; and, where commits do not wait for the disk, what
 * readers see: then it returns true. */
static bool publish(mu_db *db, mu_snapshot *next, uint64_t end)
{
    const bool lazy = atomic_load(&db->lazy);

    pthread_mutex_lock(&db->mutex);
    mu_snapshot_release(db->tail);
    db->tail = next;
    db->log_end = end;
    if (lazy) {
        mu_snapshot_release(db->current);
        db->current = mu_snapshot_retain(next);
    }
    pthread_mutex_unlock(&db->mutex);
    return lazy;
}

/* *seen is whether readers see it; else it is to be synced up to *end. */
static muster_status log_change(mu_change *change, uint64_t *end, bool *seen, muster_error *err)
{
    mu_db *db = change->db;
    mu_customer_part_info part;
    mu_snapshot *next;

    MU_TRY(begin_log(change, err));
    mu_wal_commit commit = {.version = change->base->manifest.version + 1,
                            .removed_count = (uint32_t)change->removed_count,
                            .removed = change->removed,
                            .segment_count = (uint32_t)change->segment_count,
                            .segments = change->segments,
                            .files = &change->held};
    MU_TRY(hold_customers(change, &commit, &part, err));
    commit.next_file = atomic_load(&db->next_file);
    pthread_mutex_lock(&db->mutex);
    commit.synced = db->log_synced;
    pthread_mutex_unlock(&db->mutex);
    /* All that can fail for want of memory comes before the record is written. */
    MU_TRY(mu_snapshot_after(change->base, &commit, 0, &next, err));
    const muster_status status = append(db, &commit, end, err);
    if (status != MUSTER_OK) {
        mu_snapshot_release(next);
        return status;
    }
    next->log_size = *end;
    if (change->removed_count > 0) {
        open_old_segments(change->base, &next->manifest); /* a later manifest removes the files */
    }
    *seen = publish(db, next, *end);
    mu_db_wake_keeper(db, &next->manifest, &next->held, *end);
    return MUSTER_OK;
}

static muster_status commit_to_log(mu_change *change, muster_error *err)
{
    mu_db *db = change->db;
    uint64_t end = 0;
    bool seen = false;
    muster_status status = log_change(change, &end, &seen, err);

    if (status != MUSTER_OK) {
        /* Not aborted: what it made on the disk is at most a log, which the manifest may name. */
        mu_change_free(change);
        return status;
    }
    const uint64_t log = db->log_number;
    mu_change_free(change); /* others may append while this one waits for the disk */
    status = seen ? MUSTER_OK : mu_db_sync_log(db, log, end, err);
    if (status != MUSTER_OK) {
        mu_where(err, "whether the change is made is seen when the database is opened again");
    }
    return status;
}

muster_status mu_change_commit(mu_change *change, muster_error *err)
{
    bool made = false;

    if (!needs_manifest(change) && change->segment_count == 0 && change->removed_count == 0 &&
        mu_customer_adder_new_count(change->customers) == 0) {
        if (atomic_load(&change->db->next_file) == change->first_file) {
            mu_change_free(change); /* it has no files to remove */
        } else {
            mu_change_abort(change);
        }
        return MUSTER_OK;
    }
    muster_status status = mu_change_mask_rows(change, err);
    if (status == MUSTER_OK && change->removed_count > 1) {
        qsort(change->removed, change->removed_count, sizeof *change->removed, compare_files);
    }
    if (status == MUSTER_OK && fits_log(change)) {
        return commit_to_log(change, err);
    }
    if (status == MUSTER_OK) {
        status = commit_manifest(change, &made, err);
    }
    if (status != MUSTER_OK && !made) {
        mu_change_abort(change);
        return status;
    }
    if (status != MUSTER_OK) {
        mu_where(err, "the change is made, but may not outlive a loss of power");
    }
    mu_change_free(change); /* where it may yet be lost, what the manifest names is kept */
    return status;
}
