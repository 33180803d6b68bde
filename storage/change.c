/*
 * change.c - one change of a database, from its beginning to its commit.
 *
 * A change collects: tables created and dropped, segments that are written already or held in
 * memory, customers and tags in memory. What it becomes in the end is decided at the commit
 * (change_commit.c). Before that nothing that others see is touched, so to abort is to remove what
 * is new.
 */
#include "storage/change_state.h"

#include "storage/base/mem.h"
#include "storage/base/pool.h"

#include <assert.h>
#include <string.h>

muster_status mu_db_refuse_own_change(const mu_db *db, muster_error *err)
{
    if (db->changing && pthread_equal(db->changer, pthread_self())) {
        return mu_fail(err, MUSTER_BUSY,
                       "this thread is in the middle of a change of \"%s\" itself: an appender has "
                       "more rows than it keeps; commit it, or close it, first",
                       db->path);
    }
    return MUSTER_OK;
}

/* Waits until no other change is under way in this process, and begins one. */
static muster_status take_turn(mu_db *db, muster_error *err)
{
    pthread_mutex_lock(&db->mutex);
    muster_status status = mu_db_refuse_own_change(db, err);
    while (status == MUSTER_OK && db->changing) {
        status = mu_stopped() ? mu_fail(err, MUSTER_CANCELLED,
                                        "cancelled while it waited for another change to end")
                              : MUSTER_OK;
        if (status == MUSTER_OK) {
            mu_thread_wait(&db->idle, &db->mutex);
        }
    }
    if (status == MUSTER_OK && db->unsure) {
        status = mu_fail(err, MUSTER_IO,
                         "\"%s\" takes no more changes, since the system could not say whether the "
                         "last one is on the disk; close the database and open it again",
                         db->path);
    } else if (status == MUSTER_OK) {
        db->changing = true;
        db->changer = pthread_self();
    }
    pthread_mutex_unlock(&db->mutex);
    return status;
}

static void end_turn(mu_db *db)
{
    pthread_mutex_lock(&db->mutex);
    assert(db->changing);
    db->changing = false;
    pthread_cond_broadcast(&db->idle); /* one that gives up would not hand a signal on */
    pthread_mutex_unlock(&db->mutex);
}

void mu_change_free(mu_change *change)
{
    mu_db *db = change->db;

    mu_held_deinit(&change->held);
    mu_held_deinit(&change->rest);
    pthread_mutex_destroy(&change->mutex);
    mu_mem_free(change->removed);
    mu_customer_adder_free(change->customers);
    mu_tag_edits_free(change->tags);
    mu_snapshot_release(change->base);
    mu_snapshot_release(change->replaced);
    mu_mem_free(change->segments);
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
    mu_lock *lock;
    const muster_status status = mu_env_lock(path, &lock, err);
    mu_mem_free(path);
    if (status == MUSTER_OK) {
        pthread_mutex_lock(&db->mutex);
        db->lock = lock;
        pthread_mutex_unlock(&db->mutex);
    } else if (status == MUSTER_IO) {
        mu_where(err, "\"%s\" can be read, but not changed", db->path);
    }
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
    pthread_mutex_init(&change->mutex, NULL);
    MU_TRY_GOTO(take_lock(db, &lock_is_new, err));
    if (lock_is_new) { /* I5: who made the manifest may have ended before that */
        MU_TRY_GOTO(mu_db_sync_directory(db, err));
        mu_db_remove_leftovers(db);
    }
    MU_TRY_GOTO(mu_db_base(db, &change->base, err)); /* after the lock: it is the last one */
    const mu_manifest *manifest = &change->base->manifest;
    change->catalog = manifest->catalog;
    if (atomic_load(&db->next_file) < manifest->next_file) { /* the first change after the lock */
        atomic_store(&db->next_file, manifest->next_file);
    }
    change->first_file = atomic_load(&db->next_file);
    change->clean_parts = UINT32_MAX;
    change->customers =
        mu_customer_adder_new(change->base->customers, &change->catalog.customer_kind);
    change->tags = mu_tag_edits_new(change->base->tags, change->base->erased);
    if (!change->customers || !change->tags) {
        status = mu_fail_memory(err, "changing the database");
        goto fail;
    }
    *out = change;
    return MUSTER_OK;

fail:
    mu_change_free(change);
    return status;
}

void mu_change_abort(mu_change *change)
{
    if (change) {
        mu_db_remove_leftovers(change->db);
        mu_change_free(change);
    }
}

const char *mu_change_directory(const mu_change *change)
{
    return change->db->path;
}

muster_status mu_change_check_cancel(const mu_change *change, muster_error *err)
{
    return change->cancel && atomic_load_explicit(change->cancel, memory_order_relaxed)
               ? mu_fail(err, MUSTER_CANCELLED, "cancelled; nothing was changed")
               : MUSTER_OK;
}

uint64_t mu_change_next_file(mu_change *change)
{
    return atomic_fetch_add(&change->db->next_file, 1);
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
    table->next_column_id = table->column_count;
    for (uint32_t i = 0; i < table->column_count; i++) {
        columns[i].id = i;
        if (columns[i].role == MU_ROLE_CUSTOMER) {
            columns[i].type = (mu_type){.kind = MU_CUSTOMER, .length = columns[i].type.length};
        }
    }
    mu_table_find_roles(table);
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
    change->edited = true;
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
    change->edited = true;
    return MUSTER_OK;
}

/* The views but the one of that name, with room for one more. */
static muster_status copy_views(mu_change *change, const char *but, mu_view **out, uint32_t *count,
                                muster_error *err)
{
    const mu_catalog *catalog = &change->catalog;

    *count = 0;
    *out = MU_NEW_ARRAY(&change->arena, mu_view, (size_t)catalog->view_count + 1);
    if (!*out) {
        return mu_fail_memory(err, "changing views");
    }
    for (uint32_t i = 0; i < catalog->view_count; i++) {
        if (!mu_name_equal(catalog->views[i].name, but)) {
            (*out)[(*count)++] = catalog->views[i];
        }
    }
    return MUSTER_OK;
}

muster_status mu_change_put_view(mu_change *change, const char *name, const char *definition,
                                 muster_error *err)
{
    mu_catalog *catalog = &change->catalog;
    mu_view *views;
    uint32_t count;

    if (!mu_catalog_find_view(catalog, name)) {
        MU_TRY(mu_table_check_name(catalog, name, err));
    }
    MU_TRY(copy_views(change, name, &views, &count, err));
    views[count].name = mu_arena_text(&change->arena, name, strlen(name));
    views[count].definition = mu_arena_text(&change->arena, definition, strlen(definition));
    if (!views[count].name || !views[count].definition) {
        return mu_fail_memory(err, "creating a view");
    }
    catalog->views = views;
    catalog->view_count = count + 1;
    change->edited = true;
    return MUSTER_OK;
}

muster_status mu_change_drop_view(mu_change *change, const char *name, muster_error *err)
{
    mu_view *views;
    uint32_t count;

    MU_TRY(copy_views(change, name, &views, &count, err));
    change->catalog.views = views;
    change->catalog.view_count = count;
    change->edited = true;
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
    change->edited = true;
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
    return MUSTER_OK;
}

muster_status mu_change_hold_segment(mu_change *change, const mu_segment_info *info,
                                     const mu_map *bytes, muster_error *err)
{
    pthread_mutex_lock(&change->mutex);
    const bool held = mu_held_add(&change->held, info->file, bytes);
    pthread_mutex_unlock(&change->mutex);
    return held ? MUSTER_OK : mu_fail_memory(err, "adding a segment");
}

bool mu_change_forget_held(mu_change *change, uint64_t file)
{
    return mu_held_remove(&change->held, file);
}

muster_status mu_change_remove_segment(mu_change *change, uint64_t file, muster_error *err)
{
    if (!mu_mem_reserve(&change->removed, &change->removed_capacity, change->removed_count + 1,
                        sizeof *change->removed)) {
        return mu_fail_memory(err, "removing a segment");
    }
    change->removed[change->removed_count++] = file;
    return MUSTER_OK;
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

/* Tags and audiences. */

muster_status mu_change_put_tag(mu_change *change, mu_text name, mu_text definition,
                                const mu_tag_builder *builder, muster_error *err)
{
    return mu_tag_edits_put(change->tags, name, definition, builder, err);
}

muster_status mu_change_add_to_tag(mu_change *change, mu_text name, const mu_tag_builder *builder,
                                   muster_error *err)
{
    return mu_tag_edits_extend(change->tags, name, builder, err);
}

muster_status mu_change_drop_tag(mu_change *change, mu_text name, muster_error *err)
{
    return mu_tag_edits_drop(change->tags, name, err);
}

muster_status mu_change_put_audience(mu_change *change, mu_text name, mu_text definition,
                                     const mu_tag_builder *builder, muster_error *err)
{
    return mu_tag_edits_put_audience(change->tags, name, definition, builder, err);
}

muster_status mu_change_drop_audience(mu_change *change, mu_text name, uint32_t version,
                                      muster_error *err)
{
    return mu_tag_edits_drop_audience(change->tags, name, version, err);
}

muster_status mu_change_purge_sets(mu_change *change, muster_error *err)
{
    return mu_tag_edits_purge(change->tags, err);
}
