/*
 * row_key.h - a row's place in an order, as bytes that memcmp compares.
 */
#ifndef MU_ROW_KEY_H
#define MU_ROW_KEY_H

#include "query/exec.h"

/* Appends the key of a row under the plan's SORT: its sort columns, then all columns, ascending, to
 * break ties. A CUSTOMER goes by ordinal; the planner casts it to its id where people ask for an
 * order. */
void mu_row_key(const mu_plan *sort, const mu_rowset *rows, uint64_t row, mu_writer *out);

#endif
