/*
 * act.h - statements that do something instead of answering: tables, rows, tags, files.
 *
 * Each is bound twice: when it is prepared, so that a slip is told at once, and when it runs,
 * over the state that its change is based on. What changes the database is one commit.
 *
 *   act_table.c  CREATE TABLE, DROP TABLE
 *   act_alter.c  ALTER TABLE
 *   act_insert.c INSERT
 *   act_fill.c   rows of a query into a table
 *   act_conflict.c  ON CONFLICT
 *   act_copy.c   COPY FROM
 *   act_update.c UPDATE
 *   act_delete.c DELETE
 *   act_write.c  COPY TO
 *   act_tag.c    CREATE, REFRESH and DROP of TAG and AUDIENCE
 *   act_view.c   CREATE VIEW, DROP VIEW
 *   act_backup.c BACKUP TO
 */
#ifndef MU_ACT_H
#define MU_ACT_H

#include "query/exec.h"
#include "sql/bind.h"
#include "storage/copy.h"

typedef struct mu_act {
    mu_db *db;
    muster_connection *connection;
    const mu_ast_statement *statement;
    mu_binder *binder; /* over the newest state, or that of `change` */
    mu_change *change; /* NULL while the statement is prepared, and for one that makes none */
    bool running;      /* false: names and types are looked up, nothing is done */
    mu_pool *pool;     /* NULL: one thread */
    const atomic_bool *cancel;
    atomic_uint_fast64_t *bytes_read;
    const mu_progress *progress;
    const mu_plan *reads; /* the query it runs, known once it is prepared; NULL: none */
    uint64_t rows;        /* loaded, inserted, written */
    const char *notes;    /* what is to be said, in the arena; NULL: nothing */
} mu_act;

/* Is the statement one of these? */
bool mu_act_is(const mu_ast_statement *statement);

/* And one that needs the lock of the database? */
bool mu_act_writes(const mu_ast_statement *statement);

/* Looks up names and types. */
muster_status mu_act_prepare(mu_act *act, muster_error *err);
/* Does it, and commits. act->rows and act->notes say what was done. */
muster_status mu_act_run(mu_act *act, muster_error *err);

/* Each does its statement, or, unless act->running, only looks whether it could. */
muster_status mu_act_create_table(mu_act *act, muster_error *err);
muster_status mu_act_drop_table(mu_act *act, muster_error *err);
muster_status mu_act_alter(mu_act *act, muster_error *err);
muster_status mu_act_insert(mu_act *act, muster_error *err);
muster_status mu_act_update(mu_act *act, muster_error *err);
muster_status mu_act_delete(mu_act *act, muster_error *err);
muster_status mu_act_copy_from(mu_act *act, muster_error *err);
muster_status mu_act_copy_to(mu_act *act, muster_error *err);
muster_status mu_act_create_tag(mu_act *act, muster_error *err);
muster_status mu_act_refresh_tag(mu_act *act, muster_error *err);
muster_status mu_act_drop_tag(mu_act *act, muster_error *err);
muster_status mu_act_create_audience(mu_act *act, muster_error *err);
muster_status mu_act_refresh_audience(mu_act *act, muster_error *err);
muster_status mu_act_drop_audience(mu_act *act, muster_error *err);
muster_status mu_act_create_view(mu_act *act, muster_error *err);
muster_status mu_act_drop_view(mu_act *act, muster_error *err);
muster_status mu_act_checkpoint(mu_act *act, muster_error *err);
muster_status mu_act_compact(mu_act *act, muster_error *err);
muster_status mu_act_set(mu_act *act, muster_error *err);
muster_status mu_act_reset(mu_act *act, muster_error *err);
muster_status mu_act_backup(mu_act *act, muster_error *err);

/* What they share. */

/* Runs a query, and hands each live row's batch to `take`. */
muster_status mu_act_each_batch(mu_act *act, const mu_plan *plan,
                                muster_status (*take)(void *context, const mu_batch *batch,
                                                      muster_error *err),
                                void *context, muster_error *err);
/* Loads the statement's file into the table, with its notes. */
muster_status mu_act_load_file(mu_act *act, const mu_table *table, mu_copy_options *options,
                               muster_error *err);
/* Fails with INVALID where the table exists already; *skip: it does, and IF NOT EXISTS was said.
 * One that is to be replaced may exist. */
muster_status mu_act_check_new(const mu_act *act, bool *skip, muster_error *err);
/* Refuses `customers` as long as it is not known of which type ids are. */
muster_status mu_act_check_loadable(const mu_act *act, const mu_table *table, muster_error *err);
/* `customers` as rows are written to it: with the columns that the names say, in their order, or
 * with the id and all attributes. */
muster_status mu_act_profile_table(const mu_act *act, const mu_ast_names *names,
                                   const mu_table **out, muster_error *err);
/* Adds a line to the notes; NOMEM without a message if there is no room. */
muster_status mu_act_note(mu_act *act, const char *format, ...) MU_PRINTF(2, 3);

/* A value as text, as people write it in the scope's zone; a customer by its id. */
muster_status mu_act_format(const mu_scope *scope, const mu_value *value, mu_writer *out,
                            muster_error *err);

#endif
