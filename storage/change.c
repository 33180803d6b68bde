/*
 * change.c - one change of a database, from its beginning to its commit.
 *
 * A change collects: tables created and dropped, segments that are written already, customers and
 * tags in memory. The commit writes what is in memory as new files and then the manifest that names
 * them all; the numbered invariants are in storage/README.md. Before that moment nothing that
 * others see is touched, so to abort is to remove what is new.
 */
#include "storage/db.h"

#include "storage/base/mem.h"
#include "storage/customer_part.h"
#include "storage/db_state.h"
#include "storage/erase.h"
#include "storage/tag_file.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct mu_change {
    mu_db *db;         /* borrowed */
    mu_snapshot *base; /* a reference is owned */
    mu_arena arena;
    mu_catalog catalog; /* its tables are in the arena, or the base's */
    mu_customer_adder *customers;
    mu_tag_edits *tags;
    mu_segment_info *segments; /* the new ones; owned */
    size_t segment_count, segment_capacity;
    uint64_t *dropped; /* files of the base's segments that go; owned; sorted by the commit */
    size_t dropped_count, dropped_capacity;
    mu_erasing erasing;
    _Atomic uint64_t next_file; /* several threads may write segments */
    bool changed;               /* tables or segments */
};

/* Waits until no other change is under way in this process, and begins one. */
static muster_status take_turn(mu_db *db, muster_error *err)
{
    muster_status status = MUSTER_OK;

    pthread_mutex_lock(&db->mutex);
    while (db->changing) {
        pthread_cond_wait(&db->idle, &db->mutex);
    }
    if (db->unsure) {
        status = mu_fail(err, MUSTER_IO,
                         "\"%s\" takes no more changes, since the system could not say whether the "
                         "last one is on the disk; close the database and open it again",
                         db->path);
    } else {
        db->changing = true;
    }
    pthread_mutex_unlock(&db->mutex);
    return status;
}

static void end_turn(mu_db *db)
{
    pthread_mutex_lock(&db->mutex);
    assert(db->changing);
    db->changing = false;
    pthread_cond_signal(&db->idle);
    pthread_mutex_unlock(&db->mutex);
}

static void free_change(mu_change *change)
{
    mu_db *db = change->db;

    mu_customer_adder_free(change->customers);
    mu_tag_edits_free(change->tags);
    mu_snapshot_release(change->base);
    mu_mem_free(change->segments);
    mu_mem_free(change->dropped);
    mu_erasing_deinit(&change->erasing);
    mu_arena_deinit(&change->arena);
    mu_mem_free(change);
    end_turn(db);
}

/* I7: only the process that holds the lock writes, from its first change until it closes the
 * database. *taken says that it was taken just now. */
static muster_status take_lock(mu_db *db, bool *taken, muster_error *err)
{
    *taken = !db->lock;
    if (db->lock) {
        return MUSTER_OK;
    }
    char *path = mu_file_path(db->path, "lock");
    if (!path) {
        return mu_fail_memory(err, "changing the database");
    }
    const muster_status status = mu_env_lock(path, &db->lock, err);
    mu_mem_free(path);
    return status;
}

muster_status mu_change_begin(mu_db *db, mu_change **out, muster_error *err)
{
    muster_status status;
    bool lock_is_new;
    mu_change *change = mu_mem_zalloc(sizeof *change);

    *out = NULL;
    if (!change) {
        return mu_fail_memory(err, "changing the database");
    }
    change->db = db;
    status = take_turn(db, err);
    if (status != MUSTER_OK) {
        mu_mem_free(change);
        return status;
    }
    MU_TRY_GOTO(take_lock(db, &lock_is_new, err));
    MU_TRY_GOTO(mu_db_snapshot(db, &change->base, err)); /* after the lock: it is the last one */
    const mu_manifest *manifest = &change->base->manifest;
    if (lock_is_new) {
        mu_db_remove_leftovers(db, manifest);
    }
    change->catalog = manifest->catalog;
    atomic_init(&change->next_file, manifest->next_file);
    change->customers =
        mu_customer_adder_new(change->base->customers, &change->catalog.customer_kind);
    change->tags = mu_tag_edits_new(change->base->tags);
    if (!change->customers || !change->tags) {
        status = mu_fail_memory(err, "changing the database");
        goto fail;
    }
    *out = change;
    return MUSTER_OK;

fail:
    free_change(change);
    return status;
}

void mu_change_abort(mu_change *change)
{
    if (change) {
        mu_db_remove_leftovers(change->db, &change->base->manifest);
        free_change(change);
    }
}

const char *mu_change_directory(const mu_change *change)
{
    return change->db->path;
}

uint64_t mu_change_next_file(mu_change *change)
{
    return atomic_fetch_add(&change->next_file, 1);
}

mu_snapshot *mu_change_base(mu_change *change)
{
    return change->base;
}

const mu_catalog *mu_change_catalog(const mu_change *change)
{
    return &change->catalog;
}

mu_customer_adder *mu_change_customers(mu_change *change)
{
    return change->customers;
}

/* Tables. */

/* Gives the columns their ids, and finds those that have roles. */
static void settle_columns(mu_table *table, mu_column *columns)
{
    table->columns = columns;
    table->customer_column = table->time_column = table->event_column = MU_NO_COLUMN;
    table->next_column_id = table->column_count;
    for (uint32_t i = 0; i < table->column_count; i++) {
        columns[i].id = i;
        switch (columns[i].role) {
        case MU_ROLE_CUSTOMER:
            table->customer_column = i;
            columns[i].type = (mu_type){.kind = MU_CUSTOMER};
            break;
        case MU_ROLE_TIME:
            table->time_column = i;
            break;
        case MU_ROLE_EVENT:
            table->event_column = i;
            break;
        case MU_ROLE_NONE:
            break;
        }
    }
}

/* The kind of the ids once the table is there. */
static muster_status find_customer_kind(const mu_change *change, const mu_table *table,
                                        mu_kind *kind, muster_error *err)
{
    *kind = change->catalog.customer_kind;
    for (uint32_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].role != MU_ROLE_CUSTOMER) {
            continue;
        }
        if (table->columns[i].type.kind != MU_CUSTOMER) {
            *kind = table->columns[i].type.kind;
        } else if (*kind == MU_NULL) {
            return mu_fail(err, MUSTER_INVALID,
                           "column \"%s\": it is not known yet whether ids of customers are TEXT "
                           "or BIGINT; say which",
                           table->columns[i].name);
        }
    }
    return MUSTER_OK;
}

muster_status mu_change_create_table(mu_change *change, const mu_table *table, const mu_table **out,
                                     muster_error *err)
{
    mu_catalog *catalog = &change->catalog;
    const uint32_t count = catalog->table_count;
    mu_kind kind;

    *out = NULL;
    MU_TRY(mu_table_check(catalog, table, err));
    MU_TRY(find_customer_kind(change, table, &kind, err));
    mu_table *tables = MU_NEW_ARRAY(&change->arena, mu_table, (size_t)count + 1);
    if (!tables || !mu_manifest_copy_table(table, &change->arena, &tables[count])) {
        return mu_fail_memory(err, "creating a table");
    }
    memcpy(tables, catalog->tables, count * sizeof *tables);
    mu_column *columns = MU_NEW_ARRAY(&change->arena, mu_column, table->column_count);
    if (!columns) {
        return mu_fail_memory(err, "creating a table");
    }
    memcpy(columns, tables[count].columns, table->column_count * sizeof *columns);
    settle_columns(&tables[count], columns);
    tables[count].id = catalog->next_table_id++;
    if (!mu_table_has_events(&tables[count])) {
        tables[count].period = MU_UNIT_MONTH; /* of no meaning, but always the same */
    }
    catalog->customer_kind = kind;
    catalog->tables = tables;
    catalog->table_count = count + 1;
    change->changed = true;
    *out = &tables[count];
    return MUSTER_OK;
}

muster_status mu_change_drop_table(mu_change *change, uint32_t table_id, muster_error *err)
{
    mu_catalog *catalog = &change->catalog;
    const mu_table *table = mu_catalog_table(catalog, table_id);
    uint32_t kept = 0;

    if (!table || table_id == MU_CUSTOMERS_TABLE) {
        return mu_fail(err, MUSTER_INVALID, "\"%s\" cannot be dropped",
                       table ? table->name : "a table that is not there");
    }
    mu_table *tables = MU_NEW_ARRAY(&change->arena, mu_table, catalog->table_count);
    if (!tables) {
        return mu_fail_memory(err, "dropping a table");
    }
    for (uint32_t i = 0; i < catalog->table_count; i++) {
        if (catalog->tables[i].id != table_id) {
            tables[kept++] = catalog->tables[i];
        }
    }
    catalog->tables = tables;
    catalog->table_count = kept;
    change->changed = true;
    return MUSTER_OK;
}

muster_status mu_change_edit_table(mu_change *change, uint32_t table_id, const mu_table_edit *edit,
                                   muster_error *err)
{
    const mu_table *table = mu_catalog_table(&change->catalog, table_id);
    mu_catalog next;

    assert(table);
    MU_TRY(mu_catalog_edit(&change->catalog, table, edit, &change->arena, &next, err));
    change->catalog = next;
    change->changed = true;
    return MUSTER_OK;
}

muster_status mu_change_add_segment(mu_change *change, const mu_segment_info *info,
                                    muster_error *err)
{
    assert(info->rows > 0);
    assert(mu_catalog_table(&change->catalog, info->table_id));
    if (!mu_mem_reserve(&change->segments, &change->segment_capacity, change->segment_count + 1,
                        sizeof *change->segments)) {
        return mu_fail_memory(err, "adding a segment");
    }
    change->segments[change->segment_count++] = *info;
    change->changed = true;
    return MUSTER_OK;
}

muster_status mu_change_drop_segment(mu_change *change, uint64_t file, muster_error *err)
{
    if (!mu_mem_reserve(&change->dropped, &change->dropped_capacity, change->dropped_count + 1,
                        sizeof *change->dropped)) {
        return mu_fail_memory(err, "dropping a segment");
    }
    change->dropped[change->dropped_count++] = file;
    change->changed = true;
    return MUSTER_OK;
}

static int compare_files(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* Whether a segment is one of the database after the change. `dropped` is sorted by then. */
static bool stays(const mu_change *change, const mu_segment_info *info)
{
    return mu_catalog_table(&change->catalog, info->table_id) &&
           (change->dropped_count == 0 ||
            !bsearch(&info->file, change->dropped, change->dropped_count, sizeof *change->dropped,
                     compare_files));
}

/* Erasure. */

muster_status mu_change_erase(mu_change *change, const uint32_t *ordinals, uint32_t count,
                              muster_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        MU_TRY(mu_erasing_add(&change->erasing, change->base->erased, ordinals[i], err));
    }
    return MUSTER_OK;
}

uint64_t mu_change_erased(const mu_change *change)
{
    return change->erasing.added;
}

/* What the manifest says of the i-th segment of the base changes with who is erased. */
static muster_status mask_segment(mu_change *change, uint32_t i, muster_error *err)
{
    const mu_segment_info *before = &change->base->manifest.segments[i];
    const mu_table *table = mu_catalog_table(&change->catalog, before->table_id);
    mu_segment_info info = *before;
    mu_segment *segment;

    if (!table || !mu_table_has_events(table)) {
        return MUSTER_OK;
    }
    MU_TRY(mu_snapshot_open_segment(change->base, i, &segment, err));
    MU_TRY(mu_erase_more(segment, table, change->base->erased, change->erasing.set, &info, err));
    if (info.masked_rows == before->masked_rows) {
        return MUSTER_OK;
    }
    MU_TRY(mu_change_drop_segment(change, before->file, err));
    return info.masked_rows < info.rows ? mu_change_add_segment(change, &info, err) : MUSTER_OK;
}

/* Writes who is erased, and masks their rows; the old set stays where there is no one new. */
static muster_status write_erased(mu_change *change, mu_manifest *next, muster_error *err)
{
    next->erased = change->base->manifest.erased;
    if (change->erasing.added == 0) {
        return MUSTER_OK;
    }
    for (uint32_t i = 0; i < change->base->segment_count; i++) {
        MU_TRY(mask_segment(change, i, err));
    }
    return mu_erasing_write(&change->erasing, change->db->path, mu_change_next_file(change),
                            &next->erased, err);
}

/* Tags. */

muster_status mu_change_put_tag(mu_change *change, mu_text name, mu_tag_builder *builder,
                                muster_error *err)
{
    return mu_tag_edits_put(change->tags, name, builder, false, err);
}

muster_status mu_change_add_to_tag(mu_change *change, mu_text name, mu_tag_builder *builder,
                                   muster_error *err)
{
    return mu_tag_edits_put(change->tags, name, builder, true, err);
}

muster_status mu_change_drop_tag(mu_change *change, mu_text name, muster_error *err)
{
    return mu_tag_edits_drop(change->tags, name, err);
}

/* Commit. */

static int compare_segments(const void *a, const void *b)
{
    return mu_manifest_compare_segments(a, b);
}

/* The segments of the base and the new ones, without those that are gone. */
static muster_status list_segments(mu_change *change, mu_manifest *next, muster_error *err)
{
    const mu_manifest *base = &change->base->manifest;
    const size_t most = base->segment_count + change->segment_count;
    uint32_t count = 0;

    next->segments = MU_NEW_ARRAY(&change->arena, mu_segment_info, most);
    if (!next->segments) {
        return mu_fail_memory(err, "committing");
    }
    if (change->dropped_count > 0) {
        qsort(change->dropped, change->dropped_count, sizeof *change->dropped, compare_files);
    }
    for (size_t i = 0; i < most; i++) {
        const mu_segment_info *info = i < base->segment_count
                                          ? &base->segments[i]
                                          : &change->segments[i - base->segment_count];
        if (i >= base->segment_count || stays(change, info)) {
            next->segments[count++] = *info;
        }
    }
    next->segment_count = count;
    qsort(next->segments, count, sizeof *next->segments, compare_segments);
    return MUSTER_OK;
}

/* Writes the new customers, if there are any, and lists the parts there are then. */
static muster_status write_customers(mu_change *change, mu_manifest *next, muster_error *err)
{
    const mu_manifest *base = &change->base->manifest;
    uint32_t keep;

    next->parts = base->parts;
    next->part_count = base->part_count;
    if (mu_customer_adder_new_count(change->customers) == 0) {
        return MUSTER_OK;
    }
    mu_customer_part_info *parts =
        MU_NEW_ARRAY(&change->arena, mu_customer_part_info, (size_t)base->part_count + 1);
    mu_customer_part_info fresh;
    if (!parts) {
        return mu_fail_memory(err, "committing");
    }
    MU_TRY(mu_customer_adder_write(change->customers, change->db->path, mu_change_next_file(change),
                                   &keep, &fresh, err));
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
    next->tag_count = change->base->manifest.tag_count;
    if (!mu_tag_edits_any(change->tags)) {
        return MUSTER_OK;
    }
    return mu_tag_edits_write(change->tags, change->db->path, mu_change_next_file(change),
                              &change->arena, &next->tags, &next->tag_count, err);
}

/* After a sync that failed, a later one may succeed without the bytes that were lost; so nothing
 * more is written until the database is opened again. */
static muster_status sync_directory(mu_db *db, muster_error *err)
{
    const muster_status status = mu_env_sync_dir(db->path, err);

    if (status != MUSTER_OK) {
        pthread_mutex_lock(&db->mutex);
        db->unsure = true;
        pthread_mutex_unlock(&db->mutex);
    }
    return status;
}

static muster_status write_all(mu_change *change, mu_manifest *next, muster_error *err)
{
    *next =
        (mu_manifest){.version = change->base->manifest.version + 1, .catalog = change->catalog};
    MU_TRY(write_erased(change, next, err));
    MU_TRY(list_segments(change, next, err));
    MU_TRY(write_customers(change, next, err)); /* I1: each file is synced as it is closed */
    MU_TRY(write_tags(change, next, err));
    next->next_file = atomic_load(&change->next_file);
    MU_TRY(sync_directory(change->db, err)); /* I2: the names of the files, before the manifest's */
    return mu_manifest_write(change->db->path, next, err);
}

/* I6: files go only when the manifest without them is in place. Snapshots of this process may not
 * have opened all of theirs yet; once mapped, a file stays readable. One that cannot be opened is
 * no loss: its readers would have been told the same. */
static void remove_old_files(mu_change *change, const mu_manifest *next)
{
    mu_snapshot *base = change->base;

    for (uint32_t i = 0; i < base->segment_count; i++) {
        mu_segment *segment;
        if (!stays(change, &base->manifest.segments[i])) {
            (void)mu_snapshot_open_segment(base, i, &segment, NULL);
        }
    }
    mu_db_remove_leftovers(change->db, next);
}

muster_status mu_change_commit(mu_change *change, muster_error *err)
{
    mu_manifest next;

    if (!change->changed && mu_customer_adder_new_count(change->customers) == 0 &&
        !mu_tag_edits_any(change->tags) && change->erasing.added == 0) {
        mu_change_abort(change);
        return MUSTER_OK;
    }
    muster_status status = write_all(change, &next, err);
    if (status != MUSTER_OK) {
        mu_change_abort(change);
        return status;
    }
    status = sync_directory(change->db, err); /* I5: before anyone is told */
    if (status != MUSTER_OK) {
        mu_where(err, "the change is made, but may not outlive a loss of power");
        free_change(change); /* the manifest names the new files, and may yet be lost: keep all */
        return status;
    }
    remove_old_files(change, &next);
    free_change(change);
    return MUSTER_OK;
}
