/*
 * op.h - operators, functions and aggregates: their types, and how each dialect writes them.
 *
 * A signature is the type of the result, then those of the arguments:
 *
 *   b i d f t D T   BOOLEAN BIGINT DECIMAL DOUBLE TEXT DATE TIMESTAMP
 *   n               numbers that are made of one type; the result n is of that type
 *   x               values of any type, all made of one; c: the same without BOOLEAN
 *   o               of any type
 *   F               a number as a DOUBLE; q: a DECIMAL or a DOUBLE as a DOUBLE
 *   k K             a small constant, from 0 or from 1; p: a pattern of LIKE
 *   u               the column that no two rows share
 *   *               one to three more of the last
 *
 * In a template $0 is the first argument, and $1... all from the second on, with commas between;
 * $f is where FILTER and OVER stand, if that is not the end, and $s how many digits the result has
 * behind the point.
 */
#ifndef MU_DIFF_OP_H
#define MU_DIFF_OP_H

#include "tests/diff/tree.h"

typedef enum diff_dialect {
    DIALECT_MUSTER,
    DIALECT_SQLITE,
    DIALECT_DUCKDB,
    DIALECT_COUNT
} diff_dialect;

typedef enum diff_use {
    USE_SCALAR,
    USE_AGGREGATE,
    USE_RANK,     /* a window function that rows with equal keys share */
    USE_POSITION, /* one whose answer needs all rows to have an order */
} diff_use;

/* What is known of the size of a result, if it is not a number itself. */
enum {
    MOST_KEPT = 0, /* that of the largest argument */
    MOST_SUM = -1,
    MOST_PRODUCT = -2,
    MOST_TOTAL = -3, /* of a sum over all rows */
};

struct diff_op {
    diff_feature feature;
    diff_use use;
    const char *signature;
    double most;
    const char *text[DIALECT_COUNT]; /* NULL: as muster has it; "-": there is no such thing */
    int scale;                       /* of a DECIMAL result, if it is not that of arguments */
    bool inexact;
};

extern const diff_op diff_ops[];
extern const int diff_op_count;

/* The template; NULL if the dialect has no such thing. */
const char *diff_op_template(const diff_op *op, diff_dialect dialect);

/* The code of the argument at `index`. */
char diff_op_argument(const diff_op *op, int index);

/* The type that all those arguments are made of whose code is n, x or c; TYPE_COUNT: none has. */
diff_type diff_common_type(const diff_node *call, int *scale);

#endif
