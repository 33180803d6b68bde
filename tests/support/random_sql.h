/*
 * random_sql.h - random queries, each written twice: as muster reads it and as sqlite3 does.
 *
 * sqlite3 has neither decimals, dates nor times. There a DECIMAL is the integer without its point,
 * a DATE and a TIMESTAMP are texts as people write them, and a customer is its id. Everything that
 * is made has the same answer in both: quotients go through nullif(), and every number comes with
 * the most it can be, so that nothing overflows. Doubles are multiples of small powers of two, so
 * that sums of them are exact in any order; what is not exact is only shown, never compared.
 */
#ifndef MU_RANDOM_SQL_H
#define MU_RANDOM_SQL_H

#include "tests/support/test.h"

typedef enum sql_kind {
    SQL_BOOLEAN,
    SQL_BIGINT,
    SQL_DECIMAL,
    SQL_DOUBLE,
    SQL_TEXT,
    SQL_DATE,
    SQL_TIMESTAMP,
    SQL_CUSTOMER,
    SQL_KINDS
} sql_kind;

typedef struct sql_expr {
    const char *ours;
    const char *theirs;
    sql_kind kind;
    int scale;     /* DECIMAL: digits behind the point; DOUBLE: bits there */
    double most;   /* no number is farther from 0; of a DECIMAL, without its point */
    bool constant; /* reads no column */
    bool inexact;  /* a DOUBLE whose last digits depend on who computes */
} sql_expr;

enum {
    SQL_COLUMNS = 16
};

/* What can be selected from: columns by name, or keys and aggregates of groups. */
typedef struct sql_relation {
    sql_expr columns[SQL_COLUMNS];
    int count;
} sql_relation;

typedef struct sql_query {
    const char *ours;
    const char *theirs;
    sql_relation result;
    bool ordered; /* by all columns: the rows have one order */
} sql_query;

/* Makes queries; texts are good until the next sql_start(). */
typedef struct sql_maker {
    uint64_t *random;
    sql_kind id_kind; /* of customers: SQL_TEXT or SQL_BIGINT */
    int names;        /* aliases given so far */
    bool nested;      /* queries stand where expressions do: sqlite3 runs them once for each row */
    bool few_rows;    /* of events: all pairs of them are not too many */
    bool many_customers; /* who have no events: joins leave them out */
    size_t used;
    char room[1 << 21];
} sql_maker;

void sql_start(sql_maker *maker);
unsigned sql_below(sql_maker *maker, unsigned bound);
bool sql_chance(sql_maker *maker, unsigned percent);
const char *sql_text(sql_maker *maker, const char *format, ...) MU_PRINTF(2, 3);

/* What stands after FROM, and the columns of it that have one name only. */
typedef struct sql_join {
    const char *ours;
    const char *theirs;
    sql_relation result;
} sql_join;

/* Two or three of events, customers, `items` and queries of `depth`. */
void sql_make_join(sql_maker *maker, int depth, sql_join *out);

/* The table `events` of the oracle; its columns can be NULL but ts. */
const sql_relation *sql_events(void);

/* An expression over the relation; depth 0 is a column, a constant or one comparison of them. */
sql_expr sql_make_expr(sql_maker *maker, const sql_relation *from, sql_kind kind, int depth);

/* Queries where an expression stands: for a value of the kind, false if there is none; and for a
 * condition. */
bool sql_make_scalar(sql_maker *maker, const sql_relation *from, sql_kind kind, sql_expr *out);
sql_expr sql_make_predicate(sql_maker *maker, const sql_relation *from);

/* The same value as a number that `other` can be compared with; false if it might not fit. */
bool sql_align(sql_maker *maker, sql_expr *a, sql_expr *b);

/* A call over a window of the relation's rows. Its order leaves no choice where the answer depends
 * on it, but among rows that are the same. `inexact`: it may be. */
sql_expr sql_make_window(sql_maker *maker, const sql_relation *from, bool inexact);

/* A query with `depth` queries in one another's FROM; only one at the top shows what is inexact. */
void sql_make_query(sql_maker *maker, int depth, bool top, sql_query *out);

#endif
