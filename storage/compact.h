/*
 * compact.h - what of a database should become fewer and larger segments, and the merges that do.
 */
#ifndef MU_COMPACT_H
#define MU_COMPACT_H

#include "storage/db_state.h"

typedef enum mu_due {
    MU_DUE_NOTHING,
    MU_DUE_LONG_LOG, /* the log is to become files */
    MU_DUE_IN_LOG,   /* segments in the log are to become one there */
    MU_DUE_IN_FILES, /* files of a period are to become one */
} mu_due;

/* What is to be done first in the state that these describe. */
mu_due mu_compact_due(const mu_manifest *manifest, const mu_held_files *held, uint64_t log_size);

/* Does it; the caller has begun to tend. *done: something was, so that there may be more. */
muster_status mu_compact_step(mu_db *db, mu_due due, const atomic_bool *cancel, bool *done,
                              muster_error *err);

#endif
