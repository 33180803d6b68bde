/*
 * exec.h - running a plan: nodes that need all of their input bottom up, each over all threads;
 * then the root, batch by batch.
 *
 * mu_exec_each() is the one place where a query becomes parallel: every worker opens operators of
 * its own for the input, takes units from a common counter, and hands each batch to the sink with
 * the worker's own state. What the sinks collected is merged by the caller. Cancel is looked at
 * once per batch.
 */
#ifndef MU_EXEC_H
#define MU_EXEC_H

#include <stdatomic.h>

#include "query/plan.h"
#include "storage/base/pool.h"
#include "storage/load.h"

typedef struct mu_exec mu_exec;
typedef struct mu_op mu_op;
typedef struct mu_rowset mu_rowset;
typedef struct mu_indexed mu_indexed;
typedef struct mu_lookup_table mu_lookup_table;
typedef struct mu_join_table mu_join_table;
typedef struct mu_meter mu_meter;
typedef struct mu_meters mu_meters;

typedef struct mu_exec_options {
    mu_snapshot *snapshot;
    mu_pool *pool;                    /* NULL: one thread */
    const atomic_bool *cancel;        /* NULL: never */
    const mu_progress *progress;      /* NULL: none */
    atomic_uint_fast64_t *bytes_read; /* grows by what is read of chunks and sets; NULL: no one
                                         counts */
    int64_t now_us;
    const mu_zone *zone; /* NULL: UTC */
    mu_meters *meters;   /* measures each node, and then counts what is read; NULL: nothing does */
} mu_exec_options;

/* Runs what has to be run before the first row: sets that are queries, and all nodes that need
 * their input whole. `plan` must stay; it is optimized already. */
muster_status mu_exec_open(const mu_exec_options *options, const mu_plan *plan, mu_exec **out,
                           muster_error *err);
void mu_exec_close(mu_exec *exec); /* NULL is fine */

/* The next batch of the result; rows == 0: the end. Batches have at least one live row. */
muster_status mu_exec_next(mu_exec *exec, mu_batch **batch, muster_error *err);

/* For operators. */

mu_snapshot *mu_exec_snapshot(const mu_exec *exec);
uint32_t mu_exec_workers(const mu_exec *exec);
int64_t mu_exec_now(const mu_exec *exec);
const mu_zone *mu_exec_zone(const mu_exec *exec);
/* Where what is read is counted: of the options, or of the node at work. */
atomic_uint_fast64_t *mu_exec_bytes_read(const mu_exec *exec);
mu_meter *mu_exec_meter(const mu_exec *exec, const mu_plan *plan); /* NULL: it is not measured */
mu_indexed *mu_exec_indexed(const mu_exec *exec);                  /* for indexed.c */
muster_status
mu_exec_check(const mu_exec *exec,
              muster_error *err); /* CANCELLED if the flag is up; call once per batch */
const uint64_t *
mu_exec_query_set(const mu_exec *exec, const mu_set *set,
                  uint32_t stripe); /* bits of a MU_SET_QUERY; MU_STRIPE_WORDS words */

const mu_lookup_table *mu_exec_lookup(const mu_exec *exec, const mu_lookup *lookup);

/* `consume` gets each batch that has live rows; `unit_end` (may be NULL) is called after the last
 * batch of a unit. Called with states[worker]. */
typedef struct mu_sink {
    /* NULL, or called once per worker, before its first unit, with the operator it pulls. */
    void (*opened)(void *state, mu_op *op);
    muster_status (*consume)(void *state, uint32_t unit, const mu_batch *batch, muster_error *err);
    muster_status (*unit_end)(void *state, uint32_t unit, muster_error *err);
} mu_sink;
muster_status mu_exec_each(mu_exec *exec, const mu_plan *input, const mu_sink *sink,
                           void *const *states, muster_error *err);

/* Runs a node that streams, and keeps its rows: in the order of its units, in this thread, or in
 * any order, over all threads. */
muster_status mu_exec_keep(mu_exec *exec, const mu_plan *plan, bool in_order, mu_rowset *out,
                           muster_error *err);

/* Calls work for every stripe of customers, over all threads, worker < mu_exec_workers(). */
muster_status mu_exec_stripes_each(mu_exec *exec, mu_pool_fn *work, void *context,
                                   muster_error *err);

/* Calls work for items 0 ... count - 1, over all threads, or in this one, `alone`. */
muster_status mu_exec_run(mu_exec *exec, bool alone, uint64_t count, mu_pool_fn *work,
                          void *context, muster_error *err);

/* How many of the units that mu_exec_each() would give for `input` are stripes of customers: unit
 * u < mu_exec_stripes() has only customers of stripe u, and no other unit has any of them. 0 where
 * the units are batches of a rowset, or of a lookup table. */
uint32_t mu_exec_stripes(const mu_exec *exec, const mu_plan *input);

/* The result of a node that needed all of its input; built by mu_exec_open(). */
const mu_rowset *mu_exec_rowset(const mu_exec *exec, const mu_plan *plan);
bool mu_exec_has_rowset(const mu_exec *exec, const mu_plan *plan);

/* What was made of the second input of a join, but for joins by customer; by mu_exec_open(). */
const mu_join_table *mu_exec_join_table(const mu_exec *exec, const mu_plan *plan);

/* Rowsets: rows kept in memory, as batches. */

muster_status mu_rowset_open(const mu_plan_column *columns, uint32_t column_count, mu_rowset **out,
                             muster_error *err);
void mu_rowset_close(mu_rowset *rows);
/* No rows, memory kept; and rows may be added again. */
void mu_rowset_reset(mu_rowset *rows);
/* Copies the live rows, densely. */
muster_status mu_rowset_add_batch(mu_rowset *rows, const mu_batch *batch, muster_error *err);
/* One row; values of the columns' types. */
muster_status mu_rowset_add(mu_rowset *rows, const mu_value *values, muster_error *err);
/* No more rows come: makes ready for reading by batch. mu_exec calls it after a runner. */
muster_status mu_rowset_finish(mu_rowset *rows, muster_error *err);
uint64_t mu_rowset_rows(const mu_rowset *rows);
uint32_t mu_rowset_batches(const mu_rowset *rows);
/* Batch i, for reading by any thread; every row is live. `live` is the caller's, and filled here,
 * so that a filter above may clear bits; out->columns points into the rowset. */
void mu_rowset_batch(const mu_rowset *rows, uint32_t i, uint64_t live[MU_BATCH_WORDS],
                     mu_batch *out);
/* A whole column, row r at r; and the dictionary of one of TEXT. */
mu_vector mu_rowset_vector(const mu_rowset *rows, uint32_t column);
const mu_dict_builder *mu_rowset_texts(const mu_rowset *rows, uint32_t column);
mu_value mu_rowset_value(const mu_rowset *rows, uint64_t row, uint32_t column);

#endif
