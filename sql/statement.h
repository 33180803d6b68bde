/*
 * statement.h - what is behind a `muster_statement`; for the files that implement muster.h.
 */
#ifndef MU_STATEMENT_H
#define MU_STATEMENT_H

#include "query/exec.h"
#include "sql/act.h"
#include "sql/explain.h"
#include "sql/owner.h"

/* Where the text of an id may be put. */
typedef struct mu_id_room {
    char text[MU_PACKED_ID_BYTES];
} mu_id_room;

/* How the rows of an execution are read: one way to its end. */
typedef enum mu_reading {
    MU_READ_ROWS,
    MU_READ_BATCHES,
    MU_READ_STREAM,
} mu_reading;

struct muster_statement {
    muster_connection *connection;
    uint32_t holders;       /* the caller until it finishes it, and streams */
    mu_zone *zone;          /* of the connection when it was made; counted */
    muster_statement *next; /* of the connection; by its lock */
    mu_account *account;    /* what it holds */
    mu_arena arena;         /* what stays: tree, text, parameters */
    mu_ast_statement *tree;
    const char *text;
    mu_value *values; /* of the parameters; their texts are of mu_mem */
    bool *given;

    mu_arena plans;        /* what is made anew for each execution: plan, notes */
    mu_snapshot *snapshot; /* it was bound over, and runs over; NULL: it is to be bound again */
    mu_binder binder;
    const mu_plan *plan; /* optimized; NULL: a statement that does something */
    mu_act act;
    mu_analysis analysis; /* of EXPLAIN ANALYZE, until it has run */
    uint32_t column_count;
    const mu_plan_column *columns;
    mu_kind id_kind; /* of columns that are customers */

    bool begun, done;
    uint64_t reset_count; /* what a stream knows its execution by */
    atomic_bool running;  /* begun, and not done */
    atomic_bool cancel;
    bool deadline_set; /* for this statement, else that of the connection counts */
    uint32_t deadline_ms;
    mu_deadline deadline;
    atomic_uint_fast64_t bytes_read;
    mu_progress progress;
    double began, reported; /* seconds */

    mu_exec *exec;
    mu_batch *batch;      /* the exec's; NULL before the first row */
    uint32_t row;         /* of the batch; the current one */
    mu_customer_id *ids;  /* of the current row, by column; where the type is CUSTOMER */
    mu_id_room *id_rooms; /* their texts */
    mu_arena texts;       /* of the current row or batch */

    mu_reading reading; /* of this execution */
    muster_batch rows;
    muster_vector *vectors; /* of the batch */
};

/* A statement is one of the connection's from now on, or no longer. */
void mu_connection_add(muster_connection *connection, muster_statement *statement);
void mu_connection_remove(muster_connection *connection, muster_statement *statement);

/* The batch that was run to, as muster.h gives it. */
muster_status mu_statement_share_batch(muster_statement *statement, const mu_batch *batch,
                                       muster_error *err);

/* Begins an execution whose batches a stream takes, so that the columns are known before there are
 * rows. */
muster_status mu_statement_begin_stream(muster_statement *statement, muster_error *err);
/* Its next batch; NULL when there are no more. */
muster_status mu_statement_stream(muster_statement *statement, const muster_batch **batch,
                                  muster_error *err);
/* One holder less; it goes with the last. */
void mu_statement_release(muster_statement *statement);

/* INVALID where a parameter has no value yet; the message names it. */
muster_status mu_statement_check_given(const muster_statement *statement, muster_error *err);

#endif
