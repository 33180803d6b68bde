/*
 * db.h - a database: a directory, its one commit point, what a reader sees, and how it changes.
 *
 * The manifest names every file that is the database, and holds the catalog. A commit writes new
 * files, syncs them and the directory, replaces the manifest by a rename, and syncs again; a small
 * one is a record at the end of the log that the manifest names. A crash leaves the database before
 * it or after it. Files that no manifest names are leftovers of a crash; the next writer removes
 * them.
 *
 * A snapshot pins one such state and the files it names. Readers take one per statement. Other
 * processes may read beside one writer: a reader whose files went between reading the manifest and
 * opening them reads the manifest again.
 */
#ifndef MU_DB_H
#define MU_DB_H

#include <stdatomic.h>

#include "storage/catalog.h"
#include "storage/customer.h"
#include "storage/erased.h"
#include "storage/paged.h"
#include "storage/segment.h"
#include "storage/tag.h"

typedef struct mu_db mu_db;
typedef struct mu_snapshot mu_snapshot;
typedef struct mu_change mu_change;

/* Creates the directory and an empty manifest if there is none (a directory that is not empty and
 * holds no manifest is refused); a NULL path makes a temporary database, removed at close. */
muster_status mu_db_open(const char *path, mu_db **out, muster_error *err);
void mu_db_close(mu_db *db); /* no snapshot may be held; NULL is fine */
const char *mu_db_path(const mu_db *db);

/* What a reader sees. */

/* The last committed state, also of another process's commits. The caller releases it. Threads may
 * share it. */
muster_status mu_db_snapshot(mu_db *db, mu_snapshot **out, muster_error *err);
mu_snapshot *mu_snapshot_retain(mu_snapshot *snapshot);
void mu_snapshot_release(mu_snapshot *snapshot); /* NULL is fine */

const mu_catalog *mu_snapshot_catalog(const mu_snapshot *snapshot);
const mu_customers *mu_snapshot_customers(const mu_snapshot *snapshot);
const mu_tags *mu_snapshot_tags(const mu_snapshot *snapshot);
/* Who was erased: whoever reads bytes by ordinal leaves them out; NULL: no one. */
const mu_erased *mu_snapshot_erased(const mu_snapshot *snapshot);
/* How many bear the i-th value of the tag, and were not erased. */
muster_status mu_snapshot_tag_customers(const mu_snapshot *snapshot, const mu_tag *tag, uint32_t i,
                                        uint64_t *out, muster_error *err);
uint32_t
mu_snapshot_stripes(const mu_snapshot *snapshot); /* stripes that customers fill: 0 to 65,536 */
/* Grows with each commit. */
uint64_t mu_snapshot_version(const mu_snapshot *snapshot);

/* The segments of a table, by (period, file). */
uint32_t mu_snapshot_segment_count(const mu_snapshot *snapshot, uint32_t table_id);
const mu_segment_info *mu_snapshot_segment_info(const mu_snapshot *snapshot, uint32_t table_id,
                                                uint32_t i);
/* Opened at first use, kept open as long as any snapshot names it. */
muster_status mu_snapshot_segment(mu_snapshot *snapshot, uint32_t table_id, uint32_t i,
                                  mu_segment **out, muster_error *err);
/* Without those of customers who were erased. */
uint64_t mu_snapshot_rows(const mu_snapshot *snapshot, uint32_t table_id);
bool mu_snapshot_times(const mu_snapshot *snapshot, uint32_t table_id, int64_t *min_us,
                       int64_t *max_us); /* false if it has no events */

/* Changing it. */

/* One at a time in a process (others wait), one process at a time (BUSY). Nothing is seen by anyone
 * before the commit. */
muster_status mu_change_begin(mu_db *db, mu_change **out, muster_error *err);
/* The change is freed whatever happens; on failure nothing has changed, unless the message says
 * that only the last sync failed. */
muster_status mu_change_commit(mu_change *change, muster_error *err);
void mu_change_abort(mu_change *change); /* removes what was written; NULL is fine */

const char *mu_change_directory(const mu_change *change);
uint64_t mu_change_next_file(mu_change *change); /* a number for a new file */
mu_snapshot *mu_change_base(mu_change *change);  /* what the change is based on; borrowed */
const mu_catalog *
mu_change_catalog(const mu_change *change); /* with what has been created so far */
mu_customer_adder *mu_change_customers(mu_change *change);

/* `table`: ids are ignored and given. If it has a CUSTOMER column whose type is TEXT or BIGINT,
 * that fixes the type of the ids. *out lives as long as the change. */
muster_status mu_change_create_table(mu_change *change, const mu_table *table, const mu_table **out,
                                     muster_error *err);
muster_status mu_change_drop_table(mu_change *change, uint32_t table_id, muster_error *err);
/* A view of that name takes the place of one that is there. */
muster_status mu_change_put_view(mu_change *change, const char *name, const char *definition,
                                 muster_error *err);
muster_status mu_change_drop_view(mu_change *change, const char *name, muster_error *err);
/* A segment that has been written. */
muster_status mu_change_add_segment(mu_change *change, const mu_segment_info *info,
                                    muster_error *err);
/* Keeps the bytes of a segment that is in memory, and is to be added; any thread. The commit puts
 * them into the log, or into a file. */
muster_status mu_change_hold_segment(mu_change *change, const mu_segment_info *info,
                                     const mu_map *bytes, muster_error *err);
/* A segment that was held is not to be added after all. False if it was not held. */
bool mu_change_forget_held(mu_change *change, uint64_t file);
/* A segment of the base, by the number of its file, is no longer part of the database. */
muster_status mu_change_remove_segment(mu_change *change, uint64_t file, muster_error *err);
/* Adds, drops or renames a column, or renames the table: no file is touched. */
muster_status mu_change_edit_table(mu_change *change, uint32_t table_id, const mu_table_edit *edit,
                                   muster_error *err);
/* From the commit on these customers of the base are in no answer; see erased.h. Nothing else is
 * changed together with it. */
muster_status mu_change_erase(mu_change *change, const uint32_t *ordinals, uint32_t count,
                              muster_error *err);
uint64_t mu_change_erased(const mu_change *change); /* how many that are new */
/* Creates the tag or replaces it; the builder stays the caller's. `definition` is the query that
 * found its customers. */
muster_status mu_change_put_tag(mu_change *change, mu_text name, mu_text definition,
                                const mu_tag_builder *builder, muster_error *err);
/* The builder's sets are added to those that are there, and the tag has no definition any more: no
 * query would find them again. */
muster_status mu_change_add_to_tag(mu_change *change, mu_text name, const mu_tag_builder *builder,
                                   muster_error *err);
muster_status mu_change_drop_tag(mu_change *change, mu_text name,
                                 muster_error *err); /* INVALID if there is none */
/* Adds a version to the audience, the first if there is none. */
muster_status mu_change_put_audience(mu_change *change, mu_text name, mu_text definition,
                                     const mu_tag_builder *builder, muster_error *err);
/* One version, or all with 0; INVALID if it is not there, or is the newest, whose number must not
 * be given again. */
muster_status mu_change_drop_audience(mu_change *change, mu_text name, uint32_t version,
                                      muster_error *err);

/* Moves what the log has into files, one for each period, and ends the log. */
muster_status mu_db_checkpoint(mu_db *db, muster_error *err);

/* Leaves one segment of each table and period, in a file. `cancel` may be NULL. */
muster_status mu_db_compact(mu_db *db, const atomic_bool *cancel, muster_error *err);

/* Merges the segments that are due, as the background does by itself; which it does not from now on
 * unless `wanted`: so tests know when it happens. */
muster_status mu_db_tend(mu_db *db, muster_error *err);
void mu_db_set_kept(mu_db *db, bool wanted);

/* Whether a commit waits until it is on the disk, which it does if nothing is said. */
void mu_db_set_synchronous(mu_db *db, bool wanted);
bool mu_db_is_synchronous(const mu_db *db);

/* Verifies everything: every file the manifest names, checksums, order, counts, ids both ways. A
 * file that is damaged does not keep the others from being checked. CORRUPT, with the first
 * problem, if there is one; `tell` (may be NULL) gets them all. A database that is too damaged to
 * be opened can be checked by its path. */
typedef void mu_db_problem_fn(void *context, const char *problem);
muster_status mu_db_check_each(const char *path, mu_db_problem_fn *tell, void *context,
                               muster_error *err);
muster_status mu_db_check(mu_db *db, muster_error *err);

/* The files that the snapshot names, the manifest first. */
typedef struct mu_file_info {
    char name[MU_FILE_NAME_BYTES];
    const char *kind; /* "manifest", "customers", "tags", "sets", "erased", "events" */
    uint64_t number;  /* 0: the manifest */
    bool held;        /* its bytes are in the log */
    uint64_t bytes;
} mu_file_info;
muster_status mu_snapshot_files(mu_snapshot *snapshot, mu_arena *arena, mu_file_info **out,
                                uint32_t *count, muster_error *err);

/* Writes the last committed state to a directory that is empty, or not there yet, as a database of
 * its own. Others may go on reading and writing meanwhile. */
typedef struct mu_backup_info {
    uint64_t files, bytes;
} mu_backup_info;
muster_status mu_db_backup(mu_db *db, const char *path, mu_backup_info *info, muster_error *err);

#endif
