/*
 * join_table.h - the rows of one side of a join, found by the keys of the other.
 *
 * A key becomes a word (an integer itself, the bits of a double, an ordinal, a code), and rows with
 * the same words are a chain. One key whose words lie close together (codes, ids, dates, customers
 * of a stripe) finds its chain in an array; anything else in a hash table. NULL equals nothing: a
 * row with one in a key is in no chain. Once built, a table is read by any number of threads, each
 * with a probe of its own.
 */
#ifndef MU_JOIN_TABLE_H
#define MU_JOIN_TABLE_H

#include "query/exec.h"

typedef struct mu_join_table mu_join_table;

/* For `plan`, a JOIN. Rows are added to mu_join_table_rows(), before it is built. */
muster_status mu_join_table_open(mu_exec *exec, const mu_plan *plan, mu_join_table **out,
                                 muster_error *err);
void mu_join_table_close(mu_join_table *table); /* NULL is fine */
mu_rowset *mu_join_table_rows(const mu_join_table *table);
/* With by_customer, the rows are of this stripe, or of nobody. */
muster_status mu_join_table_build(mu_join_table *table, uint32_t stripe, muster_error *err);
/* No rows, memory kept. */
void mu_join_table_reset(mu_join_table *table);

bool mu_join_table_unique(const mu_join_table *table); /* no chain has two rows */
/* The row after this one in its chain, plus 1; 0: none. */
uint32_t mu_join_table_next(const mu_join_table *table, uint32_t row);

/* For full joins: which rows have met a partner. Any thread may mark. */
void mu_join_table_mark(const mu_join_table *table, uint32_t row);
bool mu_join_table_marked(const mu_join_table *table, uint32_t row);

typedef struct mu_join_probe mu_join_probe;
/* `keys` are over the batches, for the keys of the table. */
muster_status mu_join_probe_open(mu_exec *exec, const mu_expr *const *keys, uint32_t key_count,
                                 mu_join_probe **out, muster_error *err);
void mu_join_probe_close(mu_join_probe *probe); /* NULL is fine */
/* first[r] = the first row of the chain of row r's keys, plus 1; 0: none, or r is not live. */
muster_status mu_join_probe_run(mu_join_probe *probe, const mu_join_table *table,
                                const mu_batch *batch, uint32_t *first, muster_error *err);

#endif
