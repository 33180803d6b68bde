/*
 * change_state.h - what is behind a change; shared by change.c, which collects, and
 * change_commit.c, which commits.
 */
#ifndef MU_CHANGE_STATE_H
#define MU_CHANGE_STATE_H

#include "storage/customer_part.h"
#include "storage/db_state.h"
#include "storage/tag_edit.h"

struct mu_change {
    mu_db *db;             /* borrowed */
    mu_snapshot *base;     /* a reference is owned */
    mu_snapshot *replaced; /* the base at the beginning, if it is another; likewise */
    mu_arena arena;
    mu_catalog catalog; /* its tables are in the arena, or the base's */
    mu_customer_adder *customers;
    mu_tag_edits *tags;
    mu_segment_info *segments; /* the new ones; owned */
    size_t segment_count, segment_capacity;
    uint64_t *removed; /* segments of the base that go, by file; owned */
    size_t removed_count, removed_capacity;
    pthread_mutex_t mutex;
    mu_held_files held;        /* by mutex: of the new segments, those in memory */
    uint64_t first_file;       /* the next number when it began */
    bool edited;               /* tables: what the log has no words for */
    mu_erasing erasing;        /* the same */
    uint32_t clean_parts;      /* of the customers: later ones go, and the ids of the erased */
    const atomic_bool *cancel; /* of attributes and ids that are written anew; NULL: never */

    /* What was tended to, tending.c. */
    bool leaves_log;              /* the log ends; of its files those stay that are still named */
    mu_customer_part_info *parts; /* of the registry; in the arena; NULL: those of the base */
    uint32_t part_count;
    mu_held_files rest; /* of these parts, those that were not in the base's log */
};

void mu_change_free(mu_change *change); /* and ends its turn */

/* CANCELLED once it is to be given up. */
muster_status mu_change_check_cancel(const mu_change *change, muster_error *err);

/* Sees to it that ids of who was erased are in no file any more. */
muster_status mu_change_purge_ids(mu_change *change, muster_error *err);
/* Leaves nothing in the files of sets that no answer shows: neither who was erased, nor sets that
 * were replaced or dropped. A file that has none of it stays as it is. */
muster_status mu_change_purge_sets(mu_change *change, muster_error *err);

/* Erasure, in two steps of the commit: segments with rows of who is erased are removed, and added
 * again (the same files) with what the manifest is to say of them; and the set is written. */
muster_status mu_change_mask_rows(mu_change *change, muster_error *err);
muster_status mu_change_write_erased(mu_change *change, mu_manifest *next, muster_error *err);

#endif
