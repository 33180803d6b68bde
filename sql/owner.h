/*
 * owner.h - what is behind a `muster` and its connections; for the files that implement muster.h.
 */
#ifndef MU_OWNER_H
#define MU_OWNER_H

#include <stdatomic.h>
#include <stdbool.h>

#include "include/muster.h"
#include "sql/deadline.h"
#include "sql/settings.h"
#include "storage/base/mem.h"
#include "storage/base/pool.h"
#include "storage/db.h"
#include "storage/zone.h"

struct muster {
    mu_db *db;
    mu_pool *pool; /* NULL: one thread */
    bool read_only;
    mu_account *account; /* of all its statements */
    size_t memory_limit; /* of it, as the database was opened */
    mu_zone *zone;       /* that connections begin with; NULL: UTC */
    mu_deadlines deadlines;
    atomic_uint_fast64_t bandwidth; /* of memory, bytes a second, for its threads; 0: not measured
                                       yet */
    atomic_uint connection_count;   /* that are open */
    atomic_uint statement_count;    /* the same, of all connections, and appenders */
};

struct muster_connection {
    muster *owner;
    mu_settings settings;
    unsigned appender_count; /* that are open */
    pthread_mutex_t lock;    /* interrupts come from other threads */
    muster_statement *first; /* of those that are open; by lock */
    muster_progress_fn *report;
    void *report_context;
};

/* INVALID where the database was opened to be read only. */
muster_status mu_connection_check_writable(const muster_connection *connection, muster_error *err);

/* An appender begins, or ends. */
void mu_connection_take(muster_connection *connection);
void mu_connection_give(muster_connection *connection);

#endif
