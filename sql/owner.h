/*
 * owner.h - what is behind a `muster`; for the files that implement muster.h.
 */
#ifndef MU_OWNER_H
#define MU_OWNER_H

#include <stdatomic.h>

#include "include/muster.h"
#include "storage/base/pool.h"
#include "storage/db.h"
#include "storage/zone.h"

struct muster {
    mu_db *db;
    mu_pool *pool;               /* NULL: one thread */
    atomic_uint statement_count; /* that are open, and appenders */
    muster_progress_fn *report;
    void *report_context;
    mu_zone *zone; /* NULL: UTC; a statement keeps the one it was made in */
};

#endif
