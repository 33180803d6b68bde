/*
 * act_rows.h - rows of a query into a load: for those who write rows anew, or the first time.
 */
#ifndef MU_ACT_ROWS_H
#define MU_ACT_ROWS_H

#include "sql/act.h"

/* Where rows go. The batches have a column for each of the table's, in its order, of its types (ids
 * may be customers or not yet); and perhaps one more, BOOLEAN, which says which rows count. */
typedef struct mu_act_rows {
    mu_load *load;
    uint32_t column_count;
    uint32_t id_column; /* that may not be NULL; MU_NO_COLUMN if there is none */
    mu_input_column *inputs;
    uint64_t rows;  /* that were taken */
    uint64_t count; /* of them, those whose last column is true; all if there is none more */
} mu_act_rows;

/* `plan` gives the rows. */
muster_status mu_act_rows_open(const mu_act *act, const mu_table *table, const mu_plan *plan,
                               mu_conflict conflict, mu_act_rows *out, muster_error *err);
/* For mu_act_each_batch(), with the mu_act_rows as its context. */
muster_status mu_act_rows_take(void *context, const mu_batch *batch, muster_error *err);
/* The rows that were taken are those of the table from now on, in place of all that it had. */
muster_status mu_act_rows_replace(const mu_act *act, uint32_t table_id, const mu_act_rows *rows,
                                  muster_error *err);
void mu_act_rows_close(mu_act_rows *rows); /* removes what was not finished; zeroed is fine */

/* What the statement says is to become of rows whose keys are there; whether it can be said. */
muster_status mu_act_bind_conflict(const mu_act *act, const mu_table *table, mu_conflict *out,
                                   muster_error *err);
/* DO UPDATE: of a plan that gives rows of the table, one that gives what these become. */
muster_status mu_act_plan_conflict(const mu_act *act, const mu_table *table, const mu_plan *coming,
                                   const mu_plan **out, muster_error *err);

/* Loads the rows of a query into the table; query column i goes to column targets[i]. Unless
 * act->running it only looks whether types fit; `offset` is where they are said not to. */
muster_status mu_act_fill(mu_act *act, const mu_table *table, const uint32_t *targets,
                          uint32_t count, const mu_plan *query, int32_t offset, muster_error *err);

/* What was written after the type of a column, once this is known. */
muster_status mu_act_bind_column(const mu_act *act, const mu_ast_column *written, mu_column *column,
                                 muster_error *err);

/* The DEFAULT of the column; a bare NULL if it has none. */
muster_status mu_act_preset(const mu_column *column, mu_value *out, muster_error *err);

/* DEFAULT in place of a value. */
bool mu_act_is_default(const mu_ast_expr *expr);

/* The expression, or its DEFAULT, as a value of the column. */
muster_status mu_act_bind_value(const mu_place *place, const mu_ast_expr *expr,
                                const mu_column *column, const mu_expr **out, muster_error *err);

#endif
