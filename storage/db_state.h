/*
 * db_state.h - what is behind a database, a snapshot and a change; shared by db.c, snapshot.c,
 * change.c and check.c.
 */
#ifndef MU_DB_STATE_H
#define MU_DB_STATE_H

#include "storage/db.h"
#include "storage/manifest.h"
#include "storage/wal.h"

#include <pthread.h>
#include <stdatomic.h>

/* A file that no manifest names yet, which someone writes who has not the turn. */
typedef struct mu_unfinished {
    char name[MU_FILE_NAME_BYTES];
} mu_unfinished;

struct mu_db {
    char *path;          /* of the directory; owned */
    char *manifest_path; /* owned */
    bool temporary;      /* the directory goes at close */

    pthread_mutex_t mutex;
    pthread_cond_t idle;        /* `changing` became false */
    mu_snapshot *current;       /* by mutex; a reference is owned; NULL before the first */
    bool changing;              /* by mutex: a change has begun and not ended */
    pthread_t changer;          /* by mutex, while `changing`: who began it */
    bool unsure;                /* by mutex: a sync failed, and what the disk has is not known */
    mu_lock *lock;              /* by mutex; NULL before the first change */
    _Atomic uint64_t next_file; /* I8: above every number given, once the lock is held */

    /* The log, of the process that writes. */
    mu_log *log;         /* of the one who is changing, but for mu_log_sync(); NULL: none is open */
    mu_snapshot *tail;   /* by mutex: after all that was appended; a reference is owned; NULL: that
                            is `current` */
    uint64_t log_number; /* by mutex: its file's; 0: none is open */
    uint64_t log_end;    /* by mutex: bytes appended */
    uint64_t log_synced; /* by mutex: of these, known to be on the disk */
    bool syncing;        /* by mutex: a thread syncs the log, for all that wait */
    pthread_cond_t synced; /* it has */
    atomic_bool lazy;      /* commits of the log do not wait for the disk */

    /* Merging segments beside those who change the database: tending.h, keeper.c. */
    pthread_cond_t rested;     /* no one tends any more, or the keeper has something to do */
    bool tending;              /* by mutex: someone does */
    uint32_t waiting;          /* by mutex: others who want to, before the keeper */
    atomic_bool hurry;         /* the keeper gives up what it is at */
    mu_unfinished *unfinished; /* by mutex: owned */
    size_t unfinished_count, unfinished_capacity;
    pthread_t keeper;
    bool has_keeper, unkept, closing; /* by mutex */
    uint32_t untidy; /* by mutex: commits after which there was something to do, since the last */
};

/* A segment that several snapshots may name. */
typedef struct mu_shared_segment {
    atomic_uint references;
    uint64_t file;
    mu_map bytes; /* by mutex: of a file that another process may remove, until it is opened */
    _Atomic(mu_segment *) segment; /* NULL before its first use; set by the mutex of the database */
} mu_shared_segment;

/* A manifest that was read: what the snapshots of its log's commits share. */
typedef struct mu_snapshot_root {
    atomic_uint references;
    mu_arena arena; /* of the manifest */
    mu_map mark;    /* its file: as long as it is mapped, no other can pass for it */
    mu_tags *tags;  /* a reference is owned */
} mu_snapshot_root;

struct mu_snapshot {
    atomic_uint references;
    mu_db *db;              /* borrowed */
    mu_snapshot_root *root; /* a reference is owned */
    mu_arena arena;         /* of what commits of the log have changed in the manifest */
    mu_manifest manifest;
    uint64_t log_size;            /* how far the log is in it */
    mu_held_files held;           /* files of the log that the manifest names */
    mu_customers *customers;      /* owned */
    const mu_tags *tags;          /* the root's */
    mu_erased *erased;            /* a reference is owned */
    mu_shared_segment **segments; /* one for each of the manifest's; owned, and a reference each */
    uint32_t segment_count;       /* of those that are filled in */
};

/* Reads the manifest and opens what it names. What `previous` (NULL: none) has open is shared. */
muster_status mu_snapshot_open(mu_db *db, mu_snapshot *previous, mu_snapshot **out,
                               muster_error *err);

/* What `base` is after a commit that ends at `log_size` of the log. */
muster_status mu_snapshot_after(mu_snapshot *base, const mu_wal_commit *commit, uint64_t log_size,
                                mu_snapshot **out, muster_error *err);

/* What `base` is after all that its log has got since; `base` itself, retained, if that is nothing.
 */
muster_status mu_snapshot_follow(mu_snapshot *base, mu_snapshot **out, muster_error *err);

/* Whether the manifest that it began with is still the database's. */
bool mu_snapshot_is_rooted(const mu_snapshot *snapshot);

/* How many parts of the registry come before the first one that is in the log. Behind that one
 * there may be files again: large commits write them while the log goes on. */
uint32_t mu_snapshot_parts_before_log(const mu_snapshot *snapshot);

/* The last state there is, also what is not synced yet: what the next change is made to. The caller
 * releases it. */
muster_status mu_db_base(mu_db *db, mu_snapshot **out, muster_error *err);

/* BUSY if this thread has the turn, and would wait for itself. By the mutex. */
muster_status mu_db_refuse_own_change(const mu_db *db, muster_error *err);

/* Waits until the log `number` is on the disk up to `size`, and what it holds is what readers see.
 * So it is when that log has ended: a manifest took over what it held. */
muster_status mu_db_sync_log(mu_db *db, uint64_t number, uint64_t size, muster_error *err);

/* Waits until all that was appended to the log so far is on the disk. */
muster_status mu_db_sync_appended(mu_db *db, muster_error *err);

/* keeper.c: tells the keeper what a commit has left. */
void mu_db_wake_keeper(mu_db *db, const mu_manifest *manifest, const mu_held_files *held,
                       uint64_t log_size);
void mu_db_stop_keeper(mu_db *db);

/* What a segment's own file says has to be what the manifest says. */
muster_status mu_snapshot_compare_segment(const mu_segment_info *found,
                                          const mu_segment_info *expected, muster_error *err);

/* Opens the i-th of all segments, if it is not yet. */
muster_status mu_snapshot_open_segment(mu_snapshot *snapshot, uint32_t i, mu_segment **out,
                                       muster_error *err);

/* The segments of a table are those from *first up to *end. */
void mu_snapshot_range(const mu_snapshot *snapshot, uint32_t table_id, uint32_t *first,
                       uint32_t *end);

/* After a failure the database takes no more changes: a later sync may succeed without what was
 * lost.
 */
muster_status mu_db_sync_directory(mu_db *db, muster_error *err);

/* Removes the files of the database that the manifest in the directory does not name and no one is
 * writing, as far as that is possible: one that stays is tried again by the next writer. What the
 * log says is no matter: it may be lost as long as it is not synced, and files in it have no name
 * in the directory. The caller has the turn.
 */
void mu_db_remove_leftovers(mu_db *db);

#endif
