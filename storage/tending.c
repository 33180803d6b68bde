/*
 * tending.c - segments and parts of the registry that take the place of others.
 *
 * The files it writes without the turn are listed with the database as unfinished, so that no one
 * takes them for leftovers (I7), until the change that commits has taken them over. What it does
 * not take over is removed here.
 */
#include "storage/tending.h"

#include "storage/base/mem.h"
#include "storage/base/pool.h"
#include "storage/merge.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* One tends at a time; the keeper after all others. */

muster_status mu_db_begin_tending(mu_db *db, muster_error *err)
{
    pthread_mutex_lock(&db->mutex);
    muster_status status = mu_db_refuse_own_change(db, err);
    if (status == MUSTER_OK) {
        db->waiting++;
        atomic_store(&db->hurry, true);
        while (db->tending && !mu_stopped()) {
            mu_thread_wait(&db->rested, &db->mutex);
        }
        if (db->tending) {
            status = mu_fail(err, MUSTER_CANCELLED,
                             "cancelled while it waited for a merge of files to end");
        } else {
            db->tending = true;
        }
        atomic_store(&db->hurry, --db->waiting > 0 || db->closing);
    }
    pthread_mutex_unlock(&db->mutex);
    return status;
}

void mu_db_end_tending(mu_db *db)
{
    pthread_mutex_lock(&db->mutex);
    assert(db->tending);
    db->tending = false;
    pthread_cond_broadcast(&db->rested);
    pthread_mutex_unlock(&db->mutex);
}

/* Unfinished files. */

static muster_status list_unfinished(mu_db *db, const char *name, muster_error *err)
{
    pthread_mutex_lock(&db->mutex);
    const bool listed = mu_mem_reserve(&db->unfinished, &db->unfinished_capacity,
                                       db->unfinished_count + 1, sizeof *db->unfinished);
    if (listed) {
        mu_unfinished *one = &db->unfinished[db->unfinished_count++];
        (void)snprintf(one->name, sizeof one->name, "%s", name);
    }
    pthread_mutex_unlock(&db->mutex);
    return listed ? MUSTER_OK : mu_fail_memory(err, "merging segments");
}

static void unlist(mu_db *db, const char *name)
{
    pthread_mutex_lock(&db->mutex);
    for (size_t i = 0; i < db->unfinished_count; i++) {
        if (strcmp(db->unfinished[i].name, name) == 0) {
            db->unfinished[i] = db->unfinished[--db->unfinished_count];
            break;
        }
    }
    pthread_mutex_unlock(&db->mutex);
}

/* Removes a file that did not become part of the database; what cannot be removed now is a leftover
 * for the next writer. */
static void forget_file(mu_db *db, const char *name)
{
    char *path = mu_file_path(db->path, name);

    if (path) {
        (void)mu_env_remove(path, NULL);
    }
    mu_mem_free(path);
    unlist(db, name);
}

/* Making. */

muster_status mu_tending_begin(mu_tending *tending, mu_db *db, bool alone,
                               const atomic_bool *cancel, muster_error *err)
{
    *tending = (mu_tending){.db = db, .cancel = cancel};
    MU_TRY(mu_change_begin(db, &tending->change, err));
    tending->from = mu_snapshot_retain(tending->change->base);
    tending->first_file = tending->change->first_file;
    if (!alone) {
        mu_change_free(tending->change);
        tending->change = NULL;
    }
    return MUSTER_OK;
}

/* Remembers the sources of a segment that is being made. */
static muster_status note_sources(mu_tending *tending, const uint32_t *places, uint32_t count,
                                  muster_error *err)
{
    if (!mu_mem_reserve(&tending->segments, &tending->segment_capacity, tending->segment_count + 1,
                        sizeof *tending->segments) ||
        !mu_mem_reserve(&tending->sources, &tending->source_capacity, tending->source_count + count,
                        sizeof *tending->sources)) {
        return mu_fail_memory(err, "merging segments");
    }
    tending->segments[tending->segment_count] =
        (mu_tended_segment){.first_source = tending->source_count, .source_count = count};
    for (uint32_t i = 0; i < count; i++) {
        tending->sources[tending->source_count + i] = tending->from->manifest.segments[places[i]];
    }
    return MUSTER_OK;
}

static muster_status merge(const mu_tending *tending, const uint32_t *places, uint32_t count,
                           uint64_t file, mu_tended_segment *made, bool held, muster_error *err)
{
    const mu_segment_info *infos = tending->from->manifest.segments;
    mu_segment **segments = mu_mem_alloc_array(count, sizeof(mu_segment *));
    uint64_t rows = 0, masked = 0;
    muster_status status = segments ? MUSTER_OK : mu_fail_memory(err, "merging segments");

    for (uint32_t i = 0; i < count && status == MUSTER_OK; i++) {
        status = mu_snapshot_open_segment(tending->from, places[i], &segments[i], err);
        rows += infos[places[i]].rows;
        masked += infos[places[i]].masked_rows;
    }
    const mu_merge how = {
        .table = mu_catalog_table(&tending->from->manifest.catalog, infos[places[0]].table_id),
        .period = infos[places[0]].period,
        .segments = segments,
        .segment_count = count,
        .block_rows = rows < MU_BLOCK_ROWS ? (uint32_t)rows : MU_BLOCK_ROWS,
        .directory = held ? NULL : tending->db->path,
        .file = file,
        .erased = masked > 0 ? tending->from->erased : NULL,
        .cancel = tending->cancel,
        .pause = tending->pause,
        .pause_context = tending->pause_context};
    if (status == MUSTER_OK) {
        status = mu_merge_segments(&how, &made->info, &made->bytes, err);
    }
    mu_mem_free(segments);
    return status;
}

muster_status mu_tending_merge(mu_tending *tending, const uint32_t *places, uint32_t count,
                               bool held, muster_error *err)
{
    char name[MU_SEGMENT_NAME_BYTES];
    const uint64_t file = atomic_fetch_add(&tending->db->next_file, 1);

    assert(count > 0);
    mu_segment_name(file, name);
    MU_TRY(note_sources(tending, places, count, err));
    if (!held) {
        MU_TRY(list_unfinished(tending->db, name, err));
    }
    const muster_status status =
        merge(tending, places, count, file, &tending->segments[tending->segment_count], held, err);
    if (status != MUSTER_OK) {
        if (!held) {
            forget_file(tending->db, name);
        }
        return status;
    }
    tending->segment_count++;
    tending->source_count += count;
    return MUSTER_OK;
}

muster_status mu_tending_write_customers(mu_tending *tending, muster_error *err)
{
    char name[MU_FILE_NAME_BYTES];
    const mu_snapshot *from = tending->from;
    const mu_customer_writing how = {.directory = tending->db->path,
                                     .file = atomic_fetch_add(&tending->db->next_file, 1),
                                     .most = mu_snapshot_parts_before_log(from),
                                     .cancel = tending->cancel};
    uint32_t keep;

    if (how.most == from->manifest.part_count) {
        return MUSTER_OK;
    }
    mu_file_name("customers", how.file, name);
    mu_customer_adder *adder =
        mu_customer_adder_new(from->customers, &from->manifest.catalog.customer_kind);
    if (!adder) {
        return mu_fail_memory(err, "writing the customers");
    }
    muster_status status = list_unfinished(tending->db, name, err);
    if (status == MUSTER_OK) {
        status = mu_customer_adder_write(adder, &how, &keep, &tending->part, NULL, err);
        if (status != MUSTER_OK) {
            tending->part.count = 0;
            forget_file(tending->db, name);
        }
    }
    mu_customer_adder_free(adder);
    return status;
}

/* The commit. */

/* I9 */
static bool are_unchanged(const mu_tending *tending, const mu_tended_segment *made)
{
    const mu_manifest *base = &tending->change->base->manifest;

    for (size_t i = 0; i < made->source_count; i++) {
        const mu_segment_info *source = &tending->sources[made->first_source + i];
        const mu_segment_info *now = mu_manifest_find_segment(base, source);
        if (!now || now->masked_rows != source->masked_rows) {
            return false;
        }
    }
    return true;
}

/* The change is the one who removes the file from here on, should it fail. */
static void hand_over(const mu_tending *tending, mu_tended_segment *made)
{
    char name[MU_SEGMENT_NAME_BYTES];

    mu_segment_name(made->info.file, name);
    unlist(tending->db, name);
    mu_env_unmap(&made->bytes);
    made->info.file = 0;
}

static muster_status replace_segments(mu_tending *tending, muster_error *err)
{
    mu_change *change = tending->change;

    for (size_t i = 0; i < tending->segment_count; i++) {
        mu_tended_segment *made = &tending->segments[i];
        if (!are_unchanged(tending, made)) {
            tending->given_up++;
            continue;
        }
        for (size_t s = 0; s < made->source_count; s++) {
            MU_TRY(mu_change_remove_segment(change, tending->sources[made->first_source + s].file,
                                            err));
        }
        if (made->bytes.data) {
            MU_TRY(mu_change_hold_segment(change, &made->info, &made->bytes, err));
        }
        MU_TRY(mu_change_add_segment(change, &made->info, err));
        hand_over(tending, made);
    }
    return MUSTER_OK;
}

/* Where the new part and those of the base meet. */
typedef struct part_place {
    uint32_t first, end; /* parts of the base whose place it takes */
    bool cut;            /* of the last one, only the beginning */
} part_place;

/* False if parts of the base were merged meanwhile over where it begins or, in a file, over where
 * it ends. */
static bool find_place(const mu_tending *tending, part_place *out)
{
    const mu_snapshot *base = tending->change->base;
    const mu_customer_part_info *part = &tending->part, *parts = base->manifest.parts;
    const uint32_t count = base->manifest.part_count, end = part->first + part->count;

    *out = (part_place){0};
    while (out->first < count && parts[out->first].first < part->first) {
        out->first++;
    }
    out->end = out->first;
    while (out->end < count && parts[out->end].first < end) {
        out->end++;
    }
    if (out->first == out->end || parts[out->first].first != part->first) {
        return false;
    }
    const mu_customer_part_info *last = &parts[out->end - 1];
    out->cut = last->first + last->count > end;
    return !out->cut || mu_held_find(&base->held, last->file);
}

typedef struct base_ids {
    const mu_customers *customers;
    uint32_t first;
    char room[MU_PACKED_ID_BYTES];
} base_ids;

static muster_status base_id(void *context, uint32_t i, mu_customer_id *id, muster_error *err)
{
    base_ids *ids = context;

    return mu_customers_id(ids->customers, ids->first + i, ids->room, id, err);
}

/* Those customers from `first` up to `end` who came while the part was written are one of their
 * own, in the log. */
static muster_status hold_rest(mu_change *change, uint32_t first, uint32_t end,
                               mu_customer_part_info *out, muster_error *err)
{
    base_ids ids = {.customers = change->base->customers, .first = first};
    mu_map bytes;

    *out = (mu_customer_part_info){
        .file = mu_change_next_file(change), .first = first, .count = end - first};
    MU_TRY(mu_customer_part_write(NULL, change->catalog.customer_kind, change->base->erased,
                                  base_id, &ids, out, &bytes, err));
    const bool held = mu_held_add(&change->rest, out->file, &bytes);
    mu_env_unmap(&bytes);
    return held ? MUSTER_OK : mu_fail_memory(err, "committing");
}

static muster_status replace_parts(mu_tending *tending, muster_error *err)
{
    mu_change *change = tending->change;
    const mu_manifest *base = &change->base->manifest;
    mu_customer_part_info *parts;
    part_place place;
    uint32_t count;

    if (!find_place(tending, &place)) {
        tending->given_up++;
        return MUSTER_OK;
    }
    MU_ARENA_TRY(parts, &change->arena, (size_t)base->part_count + 2, err);
    for (count = 0; count < place.first; count++) {
        parts[count] = base->parts[count];
    }
    parts[count++] = tending->part;
    if (place.cut) {
        const mu_customer_part_info *last = &base->parts[place.end - 1];
        MU_TRY(hold_rest(change, tending->part.first + tending->part.count,
                         last->first + last->count, &parts[count++], err));
    }
    for (uint32_t i = place.end; i < base->part_count; i++) {
        parts[count++] = base->parts[i];
    }
    char name[MU_FILE_NAME_BYTES];
    mu_file_name("customers", tending->part.file, name);
    unlist(tending->db, name);
    tending->part.count = 0;
    change->parts = parts;
    change->part_count = count;
    return MUSTER_OK;
}

static void deinit(mu_tending *tending)
{
    for (size_t i = 0; i < tending->segment_count; i++) {
        mu_tended_segment *made = &tending->segments[i];
        if (made->info.file != 0 && !made->bytes.data) {
            char name[MU_SEGMENT_NAME_BYTES];
            mu_segment_name(made->info.file, name);
            forget_file(tending->db, name);
        }
        mu_env_unmap(&made->bytes);
    }
    if (tending->part.count > 0) {
        char name[MU_FILE_NAME_BYTES];
        mu_file_name("customers", tending->part.file, name);
        forget_file(tending->db, name);
    }
    mu_mem_free(tending->segments);
    mu_mem_free(tending->sources);
    mu_snapshot_release(tending->from);
}

muster_status mu_tending_commit(mu_tending *tending, muster_error *err)
{
    muster_status status = MUSTER_OK;

    if (!tending->change) {
        MU_TRY_GOTO(mu_db_sync_appended(tending->db, err)); /* so that the commit has less to do */
        MU_TRY_GOTO(mu_change_begin(tending->db, &tending->change, err));
    }
    MU_TRY_GOTO(replace_segments(tending, err));
    if (tending->part.count > 0) {
        MU_TRY_GOTO(replace_parts(tending, err));
    }
    tending->change->leaves_log = tending->leaves_log && tending->change->base->manifest.wal != 0;
    status = mu_change_commit(tending->change, err);
    tending->change = NULL;

fail:
    mu_tending_abort(tending);
    return status;
}

void mu_tending_abort(mu_tending *tending)
{
    mu_change_abort(tending->change);
    deinit(tending);
}
