/*
 * db_state.h - what is behind a database, a snapshot and a change; shared by db.c, snapshot.c,
 * change.c and check.c.
 */
#ifndef MU_DB_STATE_H
#define MU_DB_STATE_H

#include "storage/db.h"
#include "storage/manifest.h"

#include <pthread.h>
#include <stdatomic.h>

struct mu_db {
    char *path;          /* of the directory; owned */
    char *manifest_path; /* owned */
    bool temporary;      /* the directory goes at close */

    pthread_mutex_t mutex;
    pthread_cond_t idle;  /* `changing` became false */
    mu_snapshot *current; /* by mutex; a reference is owned; NULL before the first */
    bool changing;        /* by mutex: a change has begun and not ended */
    bool unsure;          /* by mutex: a sync failed, and what the disk has is not known */
    mu_lock *lock;        /* of the one who is changing; NULL before the first change */
};

/* A segment that several snapshots may name. */
typedef struct mu_shared_segment {
    atomic_uint references;
    uint64_t file;
    _Atomic(mu_segment *) segment; /* NULL before its first use; set by the mutex of the database */
} mu_shared_segment;

struct mu_snapshot {
    atomic_uint references;
    mu_db *db;      /* borrowed */
    mu_arena arena; /* of the manifest */
    mu_manifest manifest;
    mu_map mark;                  /* the manifest's file: as long as it is mapped, no other can
                                     pass for it */
    mu_customers *customers;      /* owned */
    mu_tags *tags;                /* owned */
    mu_erased *erased;            /* a reference is owned */
    mu_shared_segment **segments; /* one for each of the manifest's; owned, and a reference each */
    uint32_t segment_count;       /* of those that are filled in */
};

/* Reads the manifest and opens what it names. What `previous` (NULL: none) has open is shared. */
muster_status mu_snapshot_open(mu_db *db, const mu_snapshot *previous, mu_snapshot **out,
                               muster_error *err);

/* Opens the i-th of all segments, if it is not yet. */
muster_status mu_snapshot_open_segment(mu_snapshot *snapshot, uint32_t i, mu_segment **out,
                                       muster_error *err);

/* The segments of a table are those from *first up to *end. */
void mu_snapshot_range(const mu_snapshot *snapshot, uint32_t table_id, uint32_t *first,
                       uint32_t *end);

/* Removes the files of the database that the manifest does not name, as far as that is possible:
 * one that stays is tried again by the next writer. */
void mu_db_remove_leftovers(mu_db *db, const mu_manifest *manifest);

#endif
