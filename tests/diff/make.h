/*
 * make.h - random queries and statements over a catalog, as trees.
 *
 * Everything that is made has one answer. What several rows may share is never decided by chance:
 * LIMIT and the window functions that count rows come with an order of all rows, divisors go
 * through nullif(), and every number comes with the most it can be, so that nothing overflows.
 * Doubles are multiples of small powers of two, so that sums of them are exact in any order; what
 * is not exact (`inexact`) is only shown by the query itself, never compared, grouped or ordered.
 *
 *   make_expr.c    expressions of a type over a scope
 *   make_query.c   queries, clause by clause
 *   make_from.c    sources and joins
 *   make_sub.c     queries within expressions
 *   make_window.c  window functions
 *   make_statement.c  views, tables made of queries, changes
 */
#ifndef MU_DIFF_MAKE_H
#define MU_DIFF_MAKE_H

#include "tests/diff/catalog.h"
#include "tests/diff/op.h"

enum {
    SCOPE_COLUMNS = 128,
    MAKER_CTES = 4
};

/* What an expression can be made of. */
typedef struct diff_scope {
    diff_node *columns[SCOPE_COLUMNS];
    int count;
    diff_node *order[SCOPE_COLUMNS]; /* rows that are equal in these are equal in all */
    int order_count;
    bool unique;                   /* and no two rows are equal in these */
    const struct diff_scope *rows; /* of groups: what aggregates are made of; else NULL */
    double row_count;              /* about */
    bool merged;                   /* by USING: some columns belong to no side */
} diff_scope;

typedef struct diff_maker {
    mu_arena *arena;
    diff_random *random;
    const diff_catalog *catalog;
    diff_features features;
    int names;     /* given so far */
    int budget;    /* nodes that may yet be made; then only leaves are */
    bool portable; /* of what every dialect has words for */
    bool windows;  /* may stand where the expression does */
    int positions; /* functions in this SELECT so far that say which of equal rows comes first */
    const diff_node *ctes[MAKER_CTES];
    int cte_count;
} diff_maker;

/* A query, `top` if its rows are shown. */
diff_node *diff_make_query(diff_maker *maker, int depth, bool top);

/* A change of the catalog: what it makes or changes is entered there. NULL: none came to mind. */
diff_node *diff_make_statement(diff_maker *maker, diff_catalog *catalog);

/* The rest is shared by the files of the generator. */

diff_node *diff_make_source(diff_maker *maker, int depth, diff_scope *scope);
diff_node *diff_make_condition(diff_maker *maker, const diff_scope *scope, int depth);

bool diff_has(const diff_maker *maker, diff_feature feature);
const char *diff_new_name(diff_maker *maker, const char *prefix);

/* An expression of the type; `shown`: it may be inexact. */
diff_node *diff_make_expr(diff_maker *maker, const diff_scope *scope, diff_type type, int depth,
                          bool shown);
diff_node *diff_make_scaled(diff_maker *maker, const diff_scope *scope, const diff_node *like,
                            int depth);
diff_node *diff_make_literal(diff_maker *maker, diff_type type, int scale, const diff_node *for_it);
diff_node *diff_make_call(diff_maker *maker, const diff_op *op, const diff_scope *scope,
                          diff_type type, int depth);
diff_node *diff_make_aggregate(diff_maker *maker, const diff_scope *rows, diff_type type, int depth,
                               bool shown);
diff_node *diff_make_both(diff_maker *maker, diff_node *a, diff_node *b); /* a AND b */
diff_node *diff_make_equal(diff_maker *maker, diff_node *a, diff_node *b);
diff_type diff_some_type(diff_maker *maker, const diff_scope *scope);
const diff_op *diff_some_op(diff_maker *maker, unsigned uses, diff_type type, bool shown);

/* What is known of a call from its arguments; false if it may be too large. */
bool diff_settle(diff_node *call);

diff_node *diff_make_key(diff_maker *maker, diff_node *expr);
diff_node *diff_make_item(diff_maker *maker, diff_node *expr);
diff_node *diff_make_select(diff_maker *maker, const diff_node *like, int depth, bool top);
diff_node *diff_make_window(diff_maker *maker, const diff_scope *scope, diff_type type, int depth,
                            bool shown);
diff_node *diff_make_leaf_source(diff_maker *maker, int depth, diff_scope *scope);

/* A table of events; there always is one. */
const diff_relation *diff_some_events(diff_maker *maker);
const char *diff_customer_name(const diff_relation *events);

/* The rows of a table, with its columns written bare. */
void diff_make_rows(diff_maker *maker, const diff_relation *relation, diff_scope *scope);

/* With a query in it; NULL if there is no feature for it. */
diff_node *diff_make_query_condition(diff_maker *maker, const diff_scope *scope, int depth);
diff_node *diff_make_scalar_query(diff_maker *maker, const diff_scope *scope, diff_type type,
                                  int depth);

#endif
