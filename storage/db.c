/*
 * db.c - opening a directory as a database, and the snapshot that is current.
 *
 * A directory without a manifest becomes a database if it is empty. Two processes may try that at
 * once, and one of them may already have committed to it; so the first manifest is written under
 * the lock of the writer, and only if there is still none.
 */
#include "storage/db.h"

#include "storage/base/mem.h"
#include "storage/db_state.h"

#include <assert.h>
#include <string.h>

static char *copy_text(const char *text)
{
    const size_t size = strlen(text) + 1;
    char *copy = mu_mem_alloc(size);

    if (copy) {
        memcpy(copy, text, size);
    }
    return copy;
}

/* An entry that is not left over from an attempt to create a database here. */
static muster_status refuse_entry(void *context, const char *name, muster_error *err)
{
    const mu_db *db = context;

    if (strcmp(name, "lock") == 0 || strcmp(name, "manifest.tmp") == 0) {
        return MUSTER_OK;
    }
    return mu_fail(err, MUSTER_INVALID,
                   "\"%s\" is not a muster database: it has no manifest, but holds \"%s\"; name "
                   "another directory, or an empty one",
                   db->path, name);
}

static muster_status write_first_manifest(const mu_db *db, muster_error *err)
{
    mu_arena arena = {0};
    mu_manifest manifest;
    muster_status status = MUSTER_OK;

    if (!mu_manifest_init(&manifest, &arena)) {
        status = mu_fail_memory(err, "creating a database");
    }
    if (status == MUSTER_OK) {
        status = mu_manifest_write(db->path, &manifest, err);
    }
    if (status == MUSTER_OK) {
        status = mu_env_sync_dir(db->path, err);
    }
    mu_arena_deinit(&arena);
    return status;
}

static muster_status create_manifest(mu_db *db, muster_error *err)
{
    mu_lock *lock;
    char *lock_path = mu_file_path(db->path, "lock");

    if (!lock_path) {
        return mu_fail_memory(err, "creating a database");
    }
    muster_status status = mu_env_lock(lock_path, &lock, err);
    mu_mem_free(lock_path);
    if (status == MUSTER_BUSY && mu_env_exists(db->manifest_path)) {
        return MUSTER_OK; /* another process was faster */
    }
    MU_TRY(status);
    if (!mu_env_exists(db->manifest_path)) {
        status = write_first_manifest(db, err);
    }
    mu_env_unlock(lock);
    return status;
}

/* Creates the directory, saying what is wrong where the one above it is missing. */
static muster_status create_directory(const char *path, muster_error *err)
{
    size_t size = strlen(path);

    while (size > 1 && path[size - 1] == '/') {
        size--;
    }
    while (size > 0 && path[size - 1] != '/') {
        size--;
    }
    if (size > 1) {
        char *parent = copy_text(path);
        if (!parent) {
            return mu_fail_memory(err, "creating a database");
        }
        parent[size - 1] = '\0';
        const bool missing = !mu_env_exists(parent);
        mu_mem_free(parent);
        if (missing) {
            return mu_fail(err, MUSTER_IO,
                           "cannot create \"%s\": there is no directory \"%.*s\"; create it first",
                           path, (int)(size - 1), path);
        }
    }
    return mu_env_make_dir(path, err);
}

static muster_status open_directory(mu_db *db, muster_error *err)
{
    if (!mu_env_exists(db->path)) {
        MU_TRY(create_directory(db->path, err));
    } else if (!mu_env_is_dir(db->path)) {
        return mu_fail(err, MUSTER_INVALID,
                       "\"%s\" is a file; a muster database is a directory: name another",
                       db->path);
    }
    if (!mu_env_exists(db->manifest_path)) {
        MU_TRY(mu_env_list(db->path, refuse_entry, db, err));
        MU_TRY(create_manifest(db, err));
    }
    return MUSTER_OK;
}

static muster_status set_path(mu_db *db, const char *path, muster_error *err)
{
    char directory[4096];

    if (!path || strcmp(path, ":memory:") == 0) {
        MU_TRY(mu_env_make_temp_dir(directory, sizeof directory, err));
        db->temporary = true;
        path = directory;
    }
    db->path = copy_text(path[0] == '\0' ? "." : path);
    if (!db->path && db->temporary) {
        (void)mu_env_remove_tree(path, NULL); /* it is empty, and memory is the fault to tell of */
    }
    db->manifest_path = db->path ? mu_file_path(db->path, "manifest") : NULL;
    return db->manifest_path ? MUSTER_OK : mu_fail_memory(err, "opening a database");
}

muster_status mu_db_open(const char *path, mu_db **out, muster_error *err)
{
    muster_status status;
    mu_snapshot *first;
    mu_db *db = mu_mem_zalloc(sizeof *db);

    *out = NULL;
    if (!db) {
        return mu_fail_memory(err, "opening a database");
    }
    pthread_mutex_init(&db->mutex, NULL);
    pthread_cond_init(&db->idle, NULL);
    pthread_cond_init(&db->synced, NULL);
    pthread_cond_init(&db->rested, NULL);
    MU_TRY_GOTO(set_path(db, path, err));
    MU_TRY_GOTO(open_directory(db, err));
    MU_TRY_GOTO(mu_db_snapshot(db, &first, err));
    mu_snapshot_release(first); /* the database keeps a reference of its own */
    *out = db;
    return MUSTER_OK;

fail:
    mu_db_close(db);
    return status;
}

void mu_db_close(mu_db *db)
{
    if (!db) {
        return;
    }
    mu_db_stop_keeper(db);
    if (db->lock && !db->unsure && !db->temporary) {
        (void)mu_db_checkpoint(db, NULL); /* a close never fails; what is in the log stays there */
    }
    assert(!db->changing && !db->syncing && db->unfinished_count == 0);
    mu_snapshot_release(db->tail);
    assert(!db->current || atomic_load(&db->current->references) == 1);
    mu_snapshot_release(db->current);
    if (db->temporary && db->path) {
        (void)mu_env_remove_tree(db->path, NULL); /* a close never fails; the system cleans /tmp */
    }
    mu_env_unlock(db->lock);
    mu_log_close(db->log);
    pthread_cond_destroy(&db->rested);
    pthread_cond_destroy(&db->synced);
    pthread_cond_destroy(&db->idle);
    pthread_mutex_destroy(&db->mutex);
    mu_mem_free(db->unfinished);
    mu_mem_free(db->manifest_path);
    mu_mem_free(db->path);
    mu_mem_free(db);
}

void mu_db_set_synchronous(mu_db *db, bool wanted)
{
    atomic_store(&db->lazy, !wanted);
}

bool mu_db_is_synchronous(const mu_db *db)
{
    return !atomic_load(&db->lazy);
}

const char *mu_db_path(const mu_db *db)
{
    return db->path;
}

/* Makes `current` what is committed now. By the mutex. */
static muster_status refresh(mu_db *db, muster_error *err)
{
    mu_snapshot *fresh;

    if (!db->current || !mu_snapshot_is_rooted(db->current)) {
        MU_TRY(mu_snapshot_open(db, db->current, &fresh, err));
    } else if (db->log || db->current->manifest.wal == 0) {
        return MUSTER_OK; /* commits of the log are this process's own, and known */
    } else {
        const muster_status status = mu_snapshot_follow(db->current, &fresh, err);
        if (status == MUSTER_NOMEM || (status != MUSTER_OK && mu_snapshot_is_rooted(db->current))) {
            return status;
        }
        if (status != MUSTER_OK) { /* another process has ended the log just now */
            MU_TRY(mu_snapshot_open(db, db->current, &fresh, err));
        }
    }
    mu_snapshot_release(db->current);
    db->current = fresh;
    return MUSTER_OK;
}

muster_status mu_db_snapshot(mu_db *db, mu_snapshot **out, muster_error *err)
{
    *out = NULL;
    pthread_mutex_lock(&db->mutex);
    const muster_status status = refresh(db, err);
    if (status == MUSTER_OK) {
        *out = mu_snapshot_retain(db->current);
    }
    pthread_mutex_unlock(&db->mutex);
    return status;
}

muster_status mu_db_base(mu_db *db, mu_snapshot **out, muster_error *err)
{
    muster_status status = MUSTER_OK;

    *out = NULL;
    pthread_mutex_lock(&db->mutex);
    if (!db->tail) {
        status = refresh(db, err);
    }
    if (status == MUSTER_OK) {
        *out = mu_snapshot_retain(db->tail ? db->tail : db->current);
    }
    pthread_mutex_unlock(&db->mutex);
    return status;
}

/* Syncs what has been appended so far, for all that wait for it. By the mutex, which is let go
 * meanwhile. */
static muster_status sync_tail(mu_db *db, muster_error *err)
{
    const uint64_t end = db->log_end;
    mu_snapshot *tail = mu_snapshot_retain(db->tail);

    db->syncing = true;
    pthread_mutex_unlock(&db->mutex);
    const muster_status status = mu_log_sync(db->log, err);
    pthread_mutex_lock(&db->mutex);
    db->syncing = false;
    if (status == MUSTER_OK) {
        db->log_synced = end;
        if (db->tail == tail) {
            mu_snapshot_release(db->tail);
            db->tail = NULL;
        }
        /* A commit that did not wait may have shown more meanwhile. */
        const bool newer = mu_snapshot_version(tail) > mu_snapshot_version(db->current);
        mu_snapshot *other = newer ? db->current : tail;
        db->current = newer ? tail : db->current;
        mu_snapshot_release(other);
    } else {
        db->unsure = true; /* a later sync may succeed without the bytes that were lost */
        mu_snapshot_release(tail);
    }
    pthread_cond_broadcast(&db->synced);
    return status;
}

muster_status mu_db_sync_log(mu_db *db, uint64_t number, uint64_t size, muster_error *err)
{
    muster_status status = MUSTER_OK;

    pthread_mutex_lock(&db->mutex);
    while (status == MUSTER_OK && db->log_number == number && db->log_synced < size) {
        if (db->unsure) {
            status = mu_fail(err, MUSTER_IO,
                             "the system could not write the log of \"%s\" to the disk; close the "
                             "database and open it again",
                             db->path);
        } else if (db->syncing) {
            pthread_cond_wait(&db->synced, &db->mutex);
        } else {
            status = sync_tail(db, err);
        }
    }
    pthread_mutex_unlock(&db->mutex);
    return status;
}

muster_status mu_db_sync_directory(mu_db *db, muster_error *err)
{
    const muster_status status = mu_env_sync_dir(db->path, err);

    if (status != MUSTER_OK) {
        pthread_mutex_lock(&db->mutex);
        db->unsure = true;
        pthread_mutex_unlock(&db->mutex);
    }
    return status;
}

muster_status mu_db_sync_appended(mu_db *db, muster_error *err)
{
    pthread_mutex_lock(&db->mutex);
    const uint64_t number = db->log_number, end = db->log_end;
    pthread_mutex_unlock(&db->mutex);
    return mu_db_sync_log(db, number, end, err);
}

static bool is_unfinished(mu_db *db, const char *name)
{
    bool found = false;

    pthread_mutex_lock(&db->mutex);
    for (size_t i = 0; i < db->unfinished_count && !found; i++) {
        found = strcmp(db->unfinished[i].name, name) == 0;
    }
    pthread_mutex_unlock(&db->mutex);
    return found;
}

typedef struct leftovers {
    mu_db *db;
    const mu_manifest *manifest;
} leftovers;

static muster_status remove_leftover(void *context, const char *name, muster_error *err)
{
    const leftovers *l = context;

    if (!mu_manifest_is_leftover(l->manifest, name) || is_unfinished(l->db, name)) {
        return MUSTER_OK;
    }
    char *path = mu_file_path(l->db->path, name);
    if (!path) {
        return mu_fail_memory(err, "removing files");
    }
    const muster_status status = mu_env_remove(path, err);
    mu_mem_free(path);
    return status;
}

void mu_db_remove_leftovers(mu_db *db)
{
    mu_arena arena = {0};
    mu_manifest manifest;
    mu_map map = {0};
    leftovers context = {.db = db, .manifest = &manifest};

    if (mu_manifest_read(db->path, &arena, &manifest, &map, NULL) == MUSTER_OK) {
        (void)mu_env_list(db->path, remove_leftover, &context, NULL);
    }
    mu_env_unmap(&map);
    mu_arena_deinit(&arena);
}
