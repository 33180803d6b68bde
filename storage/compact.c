/*
 * compact.c - fewer and larger segments: what the log has becomes files, and many become one.
 *
 * Small commits leave small segments in the log. As soon as some of a period are about equally
 * large, they become one, in the log (like the runs of a log-structured merge: a row is written
 * again log(n) times). At a size, on demand and at the close, a checkpoint merges those of each
 * period into a file, and the log ends. COMPACT leaves one segment of each period.
 *
 * The rows of customers who were erased are dropped on the way: what is merged has none. Each
 * segment has others, or the manifest would not name it.
 *
 * All of this is a change like any other: readers see the state before or the one after.
 */
#include "storage/change_state.h"

#include "storage/base/pool.h"
#include "storage/merge.h"

#include <assert.h>

enum {
#ifdef MU_TINY
    MERGE_AT = 3,
    MAX_FAN_IN = 3,
    MOST_LOG_BYTES = 1 << 15,
#else
    MERGE_AT = 8,    /* segments of a size, before they become one */
    MAX_FAN_IN = 64, /* merged at once: a block of each is in memory */
    MOST_LOG_BYTES = 64 << 20,
#endif
};

/* Neighbours in the manifest: the segments of a table and period. */
typedef struct segment_group {
    const mu_table *table;
    const mu_segment_info *infos;
    uint32_t first, count; /* in the manifest */
} segment_group;

/* The group that begins at `first`. */
static segment_group group_at(const mu_snapshot *base, uint32_t first)
{
    const mu_manifest *manifest = &base->manifest;
    const mu_segment_info *infos = &manifest->segments[first];
    uint32_t count = 1;

    while (first + count < manifest->segment_count && infos[count].table_id == infos->table_id &&
           infos[count].period == infos->period) {
        count++;
    }
    return (segment_group){.table = mu_catalog_table(&manifest->catalog, infos->table_id),
                           .infos = infos,
                           .first = first,
                           .count = count};
}

static bool is_held(const mu_snapshot *base, const mu_segment_info *info)
{
    return mu_held_find(&base->held, info->file) != NULL;
}

/* Merges some of a group, given by their places in it, into one; in memory if `held`. */
static muster_status merge_some(mu_change *change, const segment_group *group,
                                const uint32_t *places, uint32_t count, bool held,
                                muster_error *err)
{
    mu_segment *segments[MAX_FAN_IN];
    mu_segment_info info;
    mu_map bytes = {0};
    uint64_t rows = 0, masked = 0;

    assert(count > 0 && count <= MAX_FAN_IN);
    for (uint32_t i = 0; i < count; i++) {
        MU_TRY(mu_snapshot_open_segment(change->base, group->first + places[i], &segments[i], err));
        rows += group->infos[places[i]].rows;
        masked += group->infos[places[i]].masked_rows;
    }
    const mu_merge merge = {.table = group->table,
                            .period = group->infos->period,
                            .segments = segments,
                            .segment_count = count,
                            .block_rows = rows < MU_BLOCK_ROWS ? (uint32_t)rows : MU_BLOCK_ROWS,
                            .directory = held ? NULL : mu_change_directory(change),
                            .file = mu_change_next_file(change),
                            .erased = masked > 0 ? mu_snapshot_erased(change->base) : NULL,
                            .cancel = change->cancel};
    MU_TRY(mu_merge_segments(&merge, &info, &bytes, err));
    muster_status status = held ? mu_change_hold_segment(change, &info, &bytes, err) : MUSTER_OK;
    mu_env_unmap(&bytes);
    for (uint32_t i = 0; i < count && status == MUSTER_OK; i++) {
        status = mu_change_remove_segment(change, group->infos[places[i]].file, err);
    }
    return status == MUSTER_OK ? mu_change_add_segment(change, &info, err) : status;
}

/* How often a number can be divided by what becomes one: segments of one level are about equally
 * large. */
static uint32_t level_of(const mu_segment_info *info)
{
    uint32_t level = 0;

    for (uint64_t rows = info->rows; rows >= MERGE_AT; rows /= MERGE_AT) {
        level++;
    }
    return level;
}

/* Merges the segments in the log that are of the lowest level which has enough of them. */
static muster_status merge_level(mu_change *change, const segment_group *group, muster_error *err)
{
    enum {
        LEVELS = 64
    };
    uint32_t counts[LEVELS] = {0}, places[MAX_FAN_IN];
    uint32_t count = 0, level = 0;

    for (uint32_t i = 0; i < group->count; i++) {
        counts[level_of(&group->infos[i])] += is_held(change->base, &group->infos[i]);
    }
    while (level < LEVELS && counts[level] < MERGE_AT) {
        level++;
    }
    for (uint32_t i = 0; level < LEVELS && i < group->count && count < MAX_FAN_IN; i++) {
        if (is_held(change->base, &group->infos[i]) && level_of(&group->infos[i]) == level) {
            places[count++] = i;
        }
    }
    return count > 0 ? merge_some(change, group, places, count, true, err) : MUSTER_OK;
}

/* Makes a file of what the log has of the group, and of all of it if `whole`. */
static muster_status merge_to_file(mu_change *change, const segment_group *group, bool whole,
                                   muster_error *err)
{
    uint32_t places[MAX_FAN_IN];
    uint32_t count = 0;

    if (whole && group->count == 1 && !is_held(change->base, group->infos) &&
        group->infos->masked_rows == 0) {
        return MUSTER_OK;
    }
    for (uint32_t i = 0; i < group->count; i++) {
        if (whole || is_held(change->base, &group->infos[i])) {
            places[count++] = i;
        }
        if (count == MAX_FAN_IN || (count > 0 && i + 1 == group->count)) {
            MU_TRY(merge_some(change, group, places, count, false, err));
            count = 0;
        }
    }
    return MUSTER_OK;
}

typedef muster_status tend_group(mu_change *change, const segment_group *group, muster_error *err);

static muster_status checkpoint_group(mu_change *change, const segment_group *group,
                                      muster_error *err)
{
    return merge_to_file(change, group, false, err);
}

static muster_status compact_group(mu_change *change, const segment_group *group, muster_error *err)
{
    return merge_to_file(change, group, true, err);
}

/* What came of tending. */
typedef struct tended {
    bool any;      /* something was merged */
    bool too_many; /* a group had more than can be merged at once */
} tended;

/* Does so to each group, and commits; with `leave_log`, the log ends. */
static muster_status tend(mu_db *db, tend_group *one, bool leave_log, const atomic_bool *cancel,
                          tended *done, muster_error *err)
{
    mu_change *change;
    muster_status status;

    *done = (tended){0};
    MU_TRY(mu_change_begin(db, &change, err));
    const mu_snapshot *base = change->base;
    change->cancel = cancel;
    for (uint32_t first = 0; first < base->manifest.segment_count;) {
        const segment_group group = group_at(base, first);
        if (group.table->id != MU_CUSTOMERS_TABLE) { /* attributes: profile_write.c */
            MU_TRY_GOTO(one(change, &group, err));
            done->too_many |= group.count > MAX_FAN_IN;
        }
        first += group.count;
    }
    if (one == compact_group) {
        MU_TRY_GOTO(mu_change_purge_sets(change, err));
    }
    change->leaves_log = leave_log && base->manifest.wal != 0;
    done->any = change->removed_count > 0;
    return mu_change_commit(change, err);

fail:
    mu_change_abort(change);
    return status;
}

muster_status mu_db_checkpoint(mu_db *db, muster_error *err)
{
    tended done;

    return tend(db, checkpoint_group, true, NULL, &done, err);
}

muster_status mu_db_compact(mu_db *db, const atomic_bool *cancel, muster_error *err)
{
    tended done;

    do { /* not until there is nothing: others may commit all the time */
        MU_TRY(tend(db, compact_group, true, cancel, &done, err));
    } while (done.too_many);
    return MUSTER_OK;
}

/* The background. */

/* Whether the log has become long, or some of its segments should become one. */
static bool needs_tending(const mu_snapshot *tail, bool *long_log)
{
    *long_log = tail->log_size > MOST_LOG_BYTES;
    return *long_log || tail->held.count >= MERGE_AT;
}

muster_status mu_db_tend(mu_db *db, muster_error *err)
{
    mu_snapshot *tail;
    tended done = {.any = true};
    bool long_log;

    while (done.any) {
        MU_TRY(mu_db_base(db, &tail, err));
        const bool needed = needs_tending(tail, &long_log);
        mu_snapshot_release(tail);
        if (!needed) {
            return MUSTER_OK;
        }
        MU_TRY(long_log ? tend(db, checkpoint_group, true, NULL, &done, err)
                        : tend(db, merge_level, false, NULL, &done, err));
    }
    return MUSTER_OK;
}

/* Waits for commits, and tends to what they leave. What fails is tried again after the next one:
 * nothing is lost meanwhile. */
static void *run_keeper(void *context)
{
    mu_db *db = context;

    pthread_mutex_lock(&db->mutex);
    while (!db->closing) {
        if (!db->untidy) {
            pthread_cond_wait(&db->wake, &db->mutex);
            continue;
        }
        db->untidy = false;
        pthread_mutex_unlock(&db->mutex);
        (void)mu_db_tend(db, NULL);
        pthread_mutex_lock(&db->mutex);
    }
    pthread_mutex_unlock(&db->mutex);
    return NULL;
}

void mu_db_wake_keeper(mu_db *db, const mu_snapshot *tail)
{
    bool long_log;

    if (!needs_tending(tail, &long_log)) {
        return;
    }
    pthread_mutex_lock(&db->mutex);
    if (!db->has_keeper && !db->closing) {
        db->has_keeper = mu_thread_start(&db->keeper, run_keeper, db) == 0;
    }
    db->untidy = true;
    pthread_cond_signal(&db->wake);
    pthread_mutex_unlock(&db->mutex);
}

void mu_db_stop_keeper(mu_db *db)
{
    pthread_mutex_lock(&db->mutex);
    db->closing = true;
    pthread_cond_signal(&db->wake);
    pthread_mutex_unlock(&db->mutex);
    if (db->has_keeper) {
        (void)pthread_join(db->keeper, NULL);
    }
}
