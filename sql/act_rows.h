/*
 * act_rows.h - rows of a query into a load: for UPDATE and DELETE, which write rows anew.
 */
#ifndef MU_ACT_ROWS_H
#define MU_ACT_ROWS_H

#include "sql/act.h"

/* Where rows go. The batches have a column for each of the table's, in its order, of its types; and
 * perhaps one more, BOOLEAN, which says which rows count. */
typedef struct mu_act_rows {
    mu_load *load;
    uint32_t column_count;
    mu_input_column *inputs;
    uint64_t rows;  /* that were taken */
    uint64_t count; /* of them, those whose last column is true */
} mu_act_rows;

muster_status mu_act_rows_open(const mu_act *act, const mu_table *table, mu_act_rows *out,
                               muster_error *err);
/* For mu_act_each_batch(), with the mu_act_rows as its context. */
muster_status mu_act_rows_take(void *context, const mu_batch *batch, muster_error *err);
void mu_act_rows_close(mu_act_rows *rows); /* removes what was not finished; zeroed is fine */

/* The expression as a value of the column. */
muster_status mu_act_bind_value(const mu_place *place, const mu_ast_expr *expr,
                                const mu_column *column, const mu_expr **out, muster_error *err);

#endif
