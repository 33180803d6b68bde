/*
 * lookup.h - subqueries where an expression stands: run once, then looked up by key.
 *
 * `(SELECT max(n) FROM t WHERE t.k = o.k)` is a plan that gives the greatest n for every k, and a
 * key to look it up by: o.k, over the row at hand. The plan is run before the node whose
 * expressions use it, as sets that are queries are, and its rows are put into a hash table. So a
 * subquery is an expression like others: it may stand anywhere, sinks into scans, and is
 * evaluated by any number of threads. Without keys there is one answer for all rows.
 *
 * A key that is NULL equals nothing. The columns of the plan are the values or the member, then the
 * keys.
 */
#ifndef MU_LOOKUP_H
#define MU_LOOKUP_H

#include "query/exec.h"

typedef enum mu_lookup_kind {
    MU_LOOKUP_VALUE,  /* a column of the one row that has the keys */
    MU_LOOKUP_EXISTS, /* some row has the keys */
    MU_LOOKUP_IN,     /* some row that has the keys has the member: the last argument; NULL if none
                         has it, and it or one they have is NULL */
} mu_lookup_kind;

/* A set that was made of a lookup (lookup_set.c). */
typedef struct mu_lookup_asked mu_lookup_asked;

struct mu_lookup {
    mu_lookup_kind kind;
    uint32_t number; /* in the statement, for EXPLAIN; from 1 */
    uint32_t key_count;
    bool first_only;     /* VALUE: of several rows with the keys the first counts; else they are an
                            error */
    bool strict;         /* VALUE: a key that is NULL has a NULL, whatever there is otherwise */
    const mu_plan *plan; /* optimized */
    const mu_plan *otherwise; /* VALUE: the one row for keys that no row has; NULL: NULLs */
    /* VALUE: the plan before it was optimized, if it is a projection of the value and of one key, a
     * customer that no two rows have: a condition on the value may be asked of its rows instead. */
    const mu_plan *given;
    const mu_lookup_asked **asked; /* the sets that were made so; the maker's */
};

/* Optimizes the plans. `given` has them, and what is to be known of them. */
muster_status mu_lookup_make(const mu_scope *scope, const mu_lookup *given, const mu_lookup **out,
                             muster_error *err);

/* The table of one that was run; read-only. */
typedef struct mu_lookup_table mu_lookup_table;
muster_status mu_lookup_table_open(mu_exec *exec, const mu_lookup *lookup, mu_lookup_table **out,
                                   muster_error *err);
void mu_lookup_table_close(mu_lookup_table *table); /* NULL is fine */

/* Evaluation, in one thread. */
typedef struct mu_lookup_probe mu_lookup_probe;
muster_status mu_lookup_probe_open(const mu_lookup_table *table, mu_lookup_probe **out,
                                   muster_error *err);
void mu_lookup_probe_close(mu_lookup_probe *probe); /* NULL is fine */

/* What was found for a row. */
enum {
    MU_LOOKUP_NONE = 0 /* rows[r]: no row has the keys; else the number of the first, and 1 */
};

typedef struct mu_lookup_found {
    uint32_t rows[MU_BATCH_ROWS];
    uint64_t several[MU_BATCH_WORDS]; /* and others have them too */
    uint64_t member[MU_BATCH_WORDS];  /* IN: it was found */
    uint64_t unknown[MU_BATCH_WORDS]; /* IN: it was not, but who knows */
} mu_lookup_found;

/* Looks up the rows of `live`; `args` as in the expression. Good until the next run. */
muster_status mu_lookup_run(mu_lookup_probe *probe, const mu_vector *args, uint32_t rows,
                            const uint64_t *live, const mu_lookup_found **out, muster_error *err);

/* Column `column` of row `row` of the plan, and of the row there is otherwise. */
mu_value mu_lookup_value(const mu_lookup_table *table, uint32_t column, uint32_t row);
mu_value mu_lookup_otherwise(const mu_lookup_table *table, uint32_t column, mu_type type);
/* All values of a column: row r is at r. */
mu_vector mu_lookup_column(const mu_lookup_table *table, uint32_t column);

/* The expression with values in place of the lookups without keys, if there are any; the exec has
 * run them. One that has several rows stays: it is an error where it is reached. */
muster_status mu_lookup_settle(mu_exec *exec, mu_arena *arena, const mu_expr *expr,
                               const mu_expr **out, muster_error *err);

#endif
