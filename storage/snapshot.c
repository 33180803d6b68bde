/*
 * snapshot.c - what a reader sees: one manifest, and the files it names.
 *
 * A manifest is the root of a snapshot; each commit of the log makes another snapshot of the same
 * root. Snapshots are counted, and so are the parts of customers, the tags and the segments, which
 * one snapshot takes over from the one before it; so a commit costs a reader what is new in it. All
 * but the segments is opened together with the snapshot. A segment is opened at its first use, so
 * that one that is damaged does not keep the others from being read.
 */
#include "storage/db_state.h"

#include "storage/base/limits.h"
#include "storage/base/mem.h"
#include "storage/customer_part.h"
#include "storage/tag_file.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void release_segment(mu_shared_segment *shared)
{
    if (atomic_fetch_sub_explicit(&shared->references, 1, memory_order_acq_rel) == 1) {
        mu_segment_close(atomic_load(&shared->segment));
        mu_env_unmap(&shared->bytes);
        mu_mem_free(shared);
    }
}

static void release_root(mu_snapshot_root *root)
{
    if (root && atomic_fetch_sub_explicit(&root->references, 1, memory_order_acq_rel) == 1) {
        mu_tags_release(root->tags);
        mu_env_unmap(&root->mark);
        mu_arena_deinit(&root->arena);
        mu_mem_free(root);
    }
}

static void close_snapshot(mu_snapshot *snapshot)
{
    if (!snapshot) {
        return;
    }
    for (uint32_t i = 0; i < snapshot->segment_count; i++) {
        release_segment(snapshot->segments[i]);
    }
    mu_mem_free(snapshot->segments);
    mu_customers_close(snapshot->customers);
    mu_erased_release(snapshot->erased);
    mu_held_deinit(&snapshot->held);
    mu_arena_deinit(&snapshot->arena);
    release_root(snapshot->root);
    mu_mem_free(snapshot);
}

mu_snapshot *mu_snapshot_retain(mu_snapshot *snapshot)
{
    atomic_fetch_add_explicit(&snapshot->references, 1, memory_order_relaxed);
    return snapshot;
}

void mu_snapshot_release(mu_snapshot *snapshot)
{
    if (snapshot &&
        atomic_fetch_sub_explicit(&snapshot->references, 1, memory_order_acq_rel) == 1) {
        close_snapshot(snapshot);
    }
}

/* Merges of the process that writes remove files at any time, so others map theirs at once: a
 * statement that has begun ends. One that is missing though the manifest names it is told of when
 * it is read. */
static muster_status keep_file(const mu_snapshot *snapshot, mu_shared_segment *shared,
                               muster_error *err)
{
    char name[MU_SEGMENT_NAME_BYTES];

    if (snapshot->db->lock || mu_held_find(&snapshot->held, shared->file)) {
        return MUSTER_OK;
    }
    mu_segment_name(shared->file, name);
    char *path = mu_file_path(snapshot->db->path, name);
    if (!path) {
        return mu_fail_memory(err, "opening the database");
    }
    const muster_status status = mu_env_map(path, &shared->bytes, err);
    mu_mem_free(path);
    return status == MUSTER_IO && mu_snapshot_is_rooted(snapshot) ? MUSTER_OK : status;
}

/* Takes the segments over from the snapshot before, or prepares new ones. Both have them in the
 * same order, so that they are gone through side by side. */
static muster_status share_segments(mu_snapshot *snapshot, const mu_snapshot *previous,
                                    muster_error *err)
{
    const mu_manifest *manifest = &snapshot->manifest;
    uint32_t old = 0;

    snapshot->segments = mu_mem_zalloc_array(manifest->segment_count, sizeof(mu_shared_segment *));
    if (!snapshot->segments) {
        return mu_fail_memory(err, "opening the database");
    }
    for (uint32_t i = 0; i < manifest->segment_count; i++) {
        const mu_segment_info *info = &manifest->segments[i];
        while (previous && old < previous->segment_count &&
               mu_manifest_compare_segments(&previous->manifest.segments[old], info) < 0) {
            old++;
        }
        mu_shared_segment *shared;
        bool fresh = false;
        if (previous && old < previous->segment_count &&
            mu_manifest_compare_segments(&previous->manifest.segments[old], info) == 0) {
            shared = previous->segments[old];
            atomic_fetch_add_explicit(&shared->references, 1, memory_order_relaxed);
        } else {
            shared = mu_mem_zalloc(sizeof *shared);
            if (!shared) {
                return mu_fail_memory(err, "opening the database");
            }
            atomic_init(&shared->references, 1);
            shared->file = info->file;
            fresh = true;
        }
        snapshot->segments[snapshot->segment_count++] = shared;
        if (fresh) {
            MU_TRY(keep_file(snapshot, shared, err));
        }
    }
    return MUSTER_OK;
}

static mu_snapshot *new_snapshot(mu_db *db)
{
    mu_snapshot *snapshot = mu_mem_zalloc(sizeof *snapshot);

    if (snapshot) {
        atomic_init(&snapshot->references, 1);
        snapshot->db = db;
    }
    return snapshot;
}

/* The manifest is settled: opens what it names, sharing what `previous` has open. */
static muster_status open_named(mu_snapshot *snapshot, mu_snapshot *previous, muster_error *err)
{
    const mu_manifest *manifest = &snapshot->manifest;

    MU_TRY(mu_customers_open(snapshot->db->path, &snapshot->held, manifest->parts,
                             manifest->part_count, manifest->catalog.customer_kind,
                             previous ? previous->customers : NULL, &snapshot->customers, err));
    MU_TRY(mu_erased_open(snapshot->db->path, &manifest->erased,
                          mu_customers_count(snapshot->customers),
                          previous ? previous->erased : NULL, &snapshot->erased, err));
    mu_customers_hide(snapshot->customers, snapshot->erased);
    return share_segments(snapshot, previous, err);
}

/* The log. */

static int compare_numbers(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* The numbers of the files that the manifest names, from `least` on, ascending. */
static muster_status list_named(const mu_manifest *manifest, uint64_t least, uint64_t **out,
                                size_t *count, muster_error *err)
{
    uint64_t *files =
        mu_mem_alloc_array((size_t)manifest->segment_count + manifest->part_count, sizeof *files);

    *count = 0;
    *out = files;
    if (!files) {
        return mu_fail_memory(err, "keeping files of the log");
    }
    for (uint32_t i = 0; i < manifest->segment_count; i++) {
        files[*count] = manifest->segments[i].file;
        *count += files[*count] >= least;
    }
    for (uint32_t i = 0; i < manifest->part_count; i++) {
        files[*count] = manifest->parts[i].file;
        *count += files[*count] >= least;
    }
    qsort(files, *count, sizeof *files, compare_numbers);
    return MUSTER_OK;
}

/* Of the files in `known` (NULL: none) and `more` keeps those that the manifest names. */
static muster_status hold_named(mu_snapshot *snapshot, const mu_held_files *known,
                                const mu_held_files *more, muster_error *err)
{
    const mu_held_files none = {0}, *const lists[] = {known ? known : &none, more};
    uint64_t *files, least = UINT64_MAX;
    size_t count;
    muster_status status = MUSTER_OK;

    for (size_t l = 0; l < MU_COUNT(lists); l++) {
        least =
            lists[l]->count > 0 && lists[l]->list[0].file < least ? lists[l]->list[0].file : least;
    }
    if (least == UINT64_MAX) {
        return MUSTER_OK;
    }
    MU_TRY(list_named(&snapshot->manifest, least, &files, &count, err));
    for (size_t l = 0; l < MU_COUNT(lists) && status == MUSTER_OK; l++) {
        for (size_t i = 0; i < lists[l]->count && status == MUSTER_OK; i++) {
            const mu_held_file *file = &lists[l]->list[i];
            if (bsearch(&file->file, files, count, sizeof *files, compare_numbers) &&
                !mu_held_find(&snapshot->held, file->file) &&
                !mu_held_add(&snapshot->held, file->file, &file->bytes)) {
                status = mu_fail_memory(err, "keeping files of the log");
            }
        }
    }
    mu_mem_free(files);
    return status;
}

/* Reads the log of the snapshot's manifest. What `previous` knows of the same log is not read
 * again. */
static muster_status read_log(mu_snapshot *snapshot, const mu_snapshot *previous, muster_error *err)
{
    const bool known = previous && previous->manifest.wal == snapshot->manifest.wal;
    mu_held_files files = {0};

    if (snapshot->manifest.wal == 0) {
        return MUSTER_OK;
    }
    snapshot->log_size = known ? previous->log_size : 0;
    muster_status status = mu_wal_read(snapshot->db->path, &snapshot->manifest, &snapshot->arena,
                                       &snapshot->log_size, &files, err);
    if (status == MUSTER_OK) {
        status = hold_named(snapshot, known ? &previous->held : NULL, &files, err);
    }
    mu_held_deinit(&files);
    return status;
}

/* Opening. */

static muster_status read_root(mu_snapshot *snapshot, const mu_snapshot *previous,
                               muster_error *err)
{
    mu_snapshot_root *root = mu_mem_zalloc(sizeof *root);
    mu_manifest *manifest = &snapshot->manifest;

    if (!root) {
        return mu_fail_memory(err, "opening the database");
    }
    atomic_init(&root->references, 1);
    snapshot->root = root;
    MU_TRY(mu_manifest_read(snapshot->db->path, &root->arena, manifest, &root->mark, err));
    MU_TRY(mu_tags_open(snapshot->db->path, &manifest->tags, previous ? previous->root->tags : NULL,
                        &root->tags, err));
    snapshot->tags = root->tags;
    return MUSTER_OK;
}

muster_status mu_snapshot_open(mu_db *db, mu_snapshot *previous, mu_snapshot **out,
                               muster_error *err)
{
    muster_status status;
    mu_snapshot *snapshot = new_snapshot(db);

    *out = NULL;
    if (!snapshot) {
        return mu_fail_memory(err, "opening the database");
    }
    MU_TRY_GOTO(read_root(snapshot, previous, err));
    MU_TRY_GOTO(read_log(snapshot, previous, err));
    MU_TRY_GOTO(open_named(snapshot, previous, err));
    *out = snapshot;
    return MUSTER_OK;

fail:
    /* Another process may have replaced the manifest, and removed what this one names. */
    if (status != MUSTER_NOMEM && snapshot->root && snapshot->root->mark.data &&
        !mu_snapshot_is_rooted(snapshot)) {
        close_snapshot(snapshot);
        return mu_snapshot_open(db, previous, out, err);
    }
    close_snapshot(snapshot);
    return status;
}

bool mu_snapshot_is_rooted(const mu_snapshot *snapshot)
{
    return mu_env_is_mapped(snapshot->db->manifest_path, &snapshot->root->mark);
}

/* A snapshot of the same root, with the manifest of `base` and nothing opened yet. */
static mu_snapshot *branch(mu_snapshot *base)
{
    mu_snapshot *snapshot = new_snapshot(base->db);

    if (snapshot) {
        atomic_fetch_add_explicit(&base->root->references, 1, memory_order_relaxed);
        snapshot->root = base->root;
        snapshot->tags = base->tags;
        snapshot->manifest = base->manifest;
        snapshot->log_size = base->log_size;
    }
    return snapshot;
}

muster_status mu_snapshot_after(mu_snapshot *base, const mu_wal_commit *commit, uint64_t log_size,
                                mu_snapshot **out, muster_error *err)
{
    muster_status status;
    mu_snapshot *snapshot = branch(base);

    *out = NULL;
    if (!snapshot) {
        return mu_fail_memory(err, "committing");
    }
    MU_TRY_GOTO(mu_wal_apply(&base->manifest, commit, &snapshot->arena, &snapshot->manifest, err));
    MU_TRY_GOTO(mu_manifest_check(&snapshot->manifest, err));
    MU_TRY_GOTO(hold_named(snapshot, &base->held, commit->files, err));
    MU_TRY_GOTO(open_named(snapshot, base, err));
    snapshot->log_size = log_size;
    *out = snapshot;
    return MUSTER_OK;

fail:
    close_snapshot(snapshot);
    return status;
}

muster_status mu_snapshot_follow(mu_snapshot *base, mu_snapshot **out, muster_error *err)
{
    muster_status status;
    mu_snapshot *snapshot = branch(base);

    *out = NULL;
    if (!snapshot) {
        return mu_fail_memory(err, "reading the log");
    }
    MU_TRY_GOTO(read_log(snapshot, base, err));
    if (snapshot->log_size == base->log_size) {
        close_snapshot(snapshot);
        *out = mu_snapshot_retain(base);
        return MUSTER_OK;
    }
    MU_TRY_GOTO(open_named(snapshot, base, err));
    *out = snapshot;
    return MUSTER_OK;

fail:
    close_snapshot(snapshot);
    return status;
}

const mu_catalog *mu_snapshot_catalog(const mu_snapshot *snapshot)
{
    return &snapshot->manifest.catalog;
}

const mu_customers *mu_snapshot_customers(const mu_snapshot *snapshot)
{
    return snapshot->customers;
}

const mu_erased *mu_snapshot_erased(const mu_snapshot *snapshot)
{
    return snapshot->erased;
}

const mu_tags *mu_snapshot_tags(const mu_snapshot *snapshot)
{
    return snapshot->tags;
}

uint32_t mu_snapshot_stripes(const mu_snapshot *snapshot)
{
    const uint64_t customers = mu_customers_count(snapshot->customers);

    return (uint32_t)((customers + MU_STRIPE_ROWS - 1) / MU_STRIPE_ROWS);
}

uint32_t mu_snapshot_parts_before_log(const mu_snapshot *snapshot)
{
    uint32_t count = 0;

    while (count < snapshot->manifest.part_count &&
           !mu_held_find(&snapshot->held, snapshot->manifest.parts[count].file)) {
        count++;
    }
    return count;
}

uint64_t mu_snapshot_version(const mu_snapshot *snapshot)
{
    return snapshot->manifest.version;
}

/* The first segment of a table at or past `table_id`. */
static uint32_t first_segment(const mu_snapshot *snapshot, uint64_t table_id)
{
    uint32_t low = 0, high = snapshot->segment_count;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (snapshot->manifest.segments[middle].table_id < table_id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void mu_snapshot_range(const mu_snapshot *snapshot, uint32_t table_id, uint32_t *first,
                       uint32_t *end)
{
    *first = first_segment(snapshot, table_id);
    *end = first_segment(snapshot, (uint64_t)table_id + 1);
}

uint32_t mu_snapshot_segment_count(const mu_snapshot *snapshot, uint32_t table_id)
{
    uint32_t first, end;

    mu_snapshot_range(snapshot, table_id, &first, &end);
    return end - first;
}

const mu_segment_info *mu_snapshot_segment_info(const mu_snapshot *snapshot, uint32_t table_id,
                                                uint32_t i)
{
    uint32_t first, end;

    mu_snapshot_range(snapshot, table_id, &first, &end);
    assert(i < end - first);
    return &snapshot->manifest.segments[first + i];
}

/* What the segment's own file says has to be what the manifest says, or another file has come in
 * its place. Where rows are masked, the manifest has the times of the others. */
muster_status mu_snapshot_compare_segment(const mu_segment_info *found,
                                          const mu_segment_info *expected, muster_error *err)
{
    const struct {
        const char *what;
        int64_t found, expected;
    } facts[] = {
        {"table", found->table_id, expected->table_id},
        {"period", found->period, expected->period},
        {"rows", (int64_t)found->rows, (int64_t)expected->rows},
        {"rows without a customer", (int64_t)found->nobody_rows, (int64_t)expected->nobody_rows},
        {"bytes", (int64_t)found->size_bytes, (int64_t)expected->size_bytes},
        {"first time", found->min_time_us, expected->min_time_us},
        {"last time", found->max_time_us, expected->max_time_us},
    };
    const size_t count = MU_COUNT(facts) - (expected->masked_rows > 0 ? 2 : 0);

    for (size_t i = 0; i < count; i++) {
        if (facts[i].found != facts[i].expected) {
            return mu_fail(err, MUSTER_CORRUPT,
                           "it is not what the manifest says: %s is %" PRId64 ", expected %" PRId64,
                           facts[i].what, facts[i].found, facts[i].expected);
        }
    }
    return MUSTER_OK;
}

static muster_status open_segment(mu_snapshot *snapshot, uint32_t i, mu_segment **out,
                                  muster_error *err)
{
    const mu_segment_info *info = &snapshot->manifest.segments[i];
    mu_map *mapped = &snapshot->segments[i]->bytes;
    char name[MU_SEGMENT_NAME_BYTES];

    mu_segment_name(info->file, name);
    const muster_status status =
        mapped->data
            ? mu_segment_open_map(mapped, name, out, err)
            : mu_held_open_segment(&snapshot->held, snapshot->db->path, info->file, out, err);
    if (status == MUSTER_IO && !mu_snapshot_is_rooted(snapshot)) {
        return mu_fail(err, MUSTER_IO,
                       "another process has changed the database since the statement began, and "
                       "removed %s; run it again",
                       name);
    }
    MU_TRY(status);
    mu_segment_info found;
    mu_segment_describe(*out, &found);
    const muster_status same = mu_snapshot_compare_segment(&found, info, err);
    if (same != MUSTER_OK) {
        mu_where(err, "%s", name);
        mu_segment_close(*out);
        *out = NULL;
    }
    return same;
}

muster_status mu_snapshot_open_segment(mu_snapshot *snapshot, uint32_t i, mu_segment **out,
                                       muster_error *err)
{
    muster_status status = MUSTER_OK;
    mu_shared_segment *shared = snapshot->segments[i];

    *out = atomic_load_explicit(&shared->segment, memory_order_acquire);
    if (*out) {
        return MUSTER_OK;
    }
    pthread_mutex_lock(&snapshot->db->mutex);
    *out = atomic_load_explicit(&shared->segment, memory_order_acquire);
    if (!*out) {                                      /* else another thread was faster */
        mu_account *account = mu_account_enter(NULL); /* it outlives who asks first */
        status = open_segment(snapshot, i, out, err);
        mu_account_enter(account);
        if (status == MUSTER_OK) {
            atomic_store_explicit(&shared->segment, *out, memory_order_release);
        }
    }
    pthread_mutex_unlock(&snapshot->db->mutex);
    return status;
}

muster_status mu_snapshot_segment(mu_snapshot *snapshot, uint32_t table_id, uint32_t i,
                                  mu_segment **out, muster_error *err)
{
    uint32_t first, end;

    mu_snapshot_range(snapshot, table_id, &first, &end);
    assert(i < end - first);
    return mu_snapshot_open_segment(snapshot, first + i, out, err);
}

uint64_t mu_snapshot_rows(const mu_snapshot *snapshot, uint32_t table_id)
{
    uint32_t first, end;
    uint64_t rows = 0;

    if (table_id == MU_CUSTOMERS_TABLE) {
        return mu_customers_count(snapshot->customers) - mu_erased_count(snapshot->erased);
    }
    mu_snapshot_range(snapshot, table_id, &first, &end);
    for (uint32_t i = first; i < end; i++) {
        rows += snapshot->manifest.segments[i].rows - snapshot->manifest.segments[i].masked_rows;
    }
    return rows;
}

muster_status mu_snapshot_tag_customers(const mu_snapshot *snapshot, const mu_tag *tag, uint32_t i,
                                        uint64_t *out, muster_error *err)
{
    uint64_t bits[MU_STRIPE_WORDS], size;

    *out = tag->values[i].customers;
    for (uint32_t stripe = 0; stripe < mu_snapshot_stripes(snapshot); stripe++) {
        const uint64_t *erased = mu_erased_stripe(snapshot->erased, stripe);
        if (!erased) {
            continue;
        }
        memset(bits, 0, sizeof bits);
        MU_TRY(mu_tag_read_stripe(snapshot->tags, tag, i, stripe, bits, &size, err));
        for (size_t w = 0; w < MU_STRIPE_WORDS; w++) {
            *out -= (uint64_t)__builtin_popcountll(bits[w] & erased[w]);
        }
    }
    return MUSTER_OK;
}

bool mu_snapshot_times(const mu_snapshot *snapshot, uint32_t table_id, int64_t *min_us,
                       int64_t *max_us)
{
    const mu_table *table = mu_catalog_table(&snapshot->manifest.catalog, table_id);
    uint32_t first, end;

    mu_snapshot_range(snapshot, table_id, &first, &end);
    if (first == end || !table || !mu_table_has_events(table)) {
        return false;
    }
    *min_us = INT64_MAX;
    *max_us = INT64_MIN;
    for (uint32_t i = first; i < end; i++) {
        const mu_segment_info *info = &snapshot->manifest.segments[i];
        *min_us = info->min_time_us < *min_us ? info->min_time_us : *min_us;
        *max_us = info->max_time_us > *max_us ? info->max_time_us : *max_us;
    }
    return true;
}
