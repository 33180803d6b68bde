/*
 * statement.h - what is behind a `muster_statement`; for the files that implement muster.h.
 */
#ifndef MU_STATEMENT_H
#define MU_STATEMENT_H

#include "query/exec.h"
#include "sql/act.h"
#include "sql/owner.h"

/* Where the text of an id may be put. */
typedef struct mu_id_room {
    char text[MU_PACKED_ID_BYTES];
} mu_id_room;

struct muster_statement {
    muster_connection *connection;
    mu_arena arena; /* what stays: tree, text, parameters */
    mu_ast_statement *tree;
    const char *text;
    mu_value *values; /* of the parameters; their texts are of mu_mem */
    bool *given;

    mu_arena plans;        /* what is made anew for each execution: plan, notes */
    mu_snapshot *snapshot; /* it was bound over, and runs over; NULL: it is to be bound again */
    mu_binder binder;
    const mu_plan *plan; /* optimized; NULL: a statement that does something */
    mu_act act;
    uint32_t column_count;
    const mu_plan_column *columns;
    mu_kind id_kind; /* of columns that are customers */

    bool begun, done;
    atomic_bool cancel;
    atomic_uint_fast64_t bytes_read;
    mu_progress progress;
    double began, reported; /* seconds */

    mu_exec *exec;
    mu_batch *batch;      /* the exec's; NULL before the first row */
    uint32_t row;         /* of the batch; the current one */
    mu_customer_id *ids;  /* of the current row, by column; where the type is CUSTOMER */
    mu_id_room *id_rooms; /* their texts */
    mu_arena texts;       /* of the current row */
};

/* INVALID where a parameter has no value yet; the message names it. */
muster_status mu_statement_check_given(const muster_statement *statement, muster_error *err);

#endif
