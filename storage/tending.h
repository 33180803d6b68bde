/*
 * tending.h - files of a database made into better ones beside those who change it.
 *
 * What takes long, reading a snapshot and writing files that no one knows of yet, is done without
 * the turn. It is taken for the commit alone, in which each new segment takes the place of those it
 * was made of, if all of these are still part of the database and no more of their rows are masked
 * than were when it was made. Otherwise it is given up. What is altered of a table meanwhile does
 * not matter: segments know their columns by ids, which are never given again.
 *
 * One tends at a time: two would take the same segments.
 */
#ifndef MU_TENDING_H
#define MU_TENDING_H

#include "storage/change_state.h"

/* A segment that was made, and of which. */
typedef struct mu_tended_segment {
    mu_segment_info info;
    mu_map bytes; /* if it is in memory; owned */
    size_t first_source, source_count;
} mu_tended_segment;

typedef struct mu_tending {
    mu_db *db;           /* borrowed */
    mu_change *change;   /* NULL: others have the turn */
    mu_snapshot *from;   /* what is read; a reference is owned */
    uint64_t first_file; /* commits since have numbers from here on */
    const atomic_bool *cancel;
    mu_tended_segment *segments; /* owned */
    size_t segment_count, segment_capacity;
    mu_segment_info *sources; /* of all of them; owned */
    size_t source_count, source_capacity;
    mu_customer_part_info part;   /* takes the place of those in the log; count 0: none does */
    bool leaves_log;              /* the log ends: what is left of it goes to the next one */
    void (*pause)(void *context); /* as in merge.h; NULL: nothing is */
    void *pause_context;
    uint64_t paused_at; /* the version then */
    size_t given_up;    /* what others have changed meanwhile */
} mu_tending;

/* Waits until no one tends, and keeps others from it. BUSY if this thread has the turn. */
muster_status mu_db_begin_tending(mu_db *db, muster_error *err);
void mu_db_end_tending(mu_db *db);

/* Begins with the last state there is. With `alone` no one else changes it until the end. The rest
 * of *tending is zero; it may be filled in. */
muster_status mu_tending_begin(mu_tending *tending, mu_db *db, bool alone,
                               const atomic_bool *cancel, muster_error *err);

/* Makes one segment, in memory if `held`, of `count` of the snapshot's: those of one table and
 * period at these places of its manifest. */
muster_status mu_tending_merge(mu_tending *tending, const uint32_t *places, uint32_t count,
                               bool held, muster_error *err);

/* Makes a file of what the log has of the registry. */
muster_status mu_tending_write_customers(mu_tending *tending, muster_error *err);

/* Commits what was made, but for `given_up` of it. Frees all, whatever came of it; the counts stay.
 */
muster_status mu_tending_commit(mu_tending *tending, muster_error *err);
void mu_tending_abort(mu_tending *tending);

#endif
