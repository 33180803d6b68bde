/*
 * catalog.h - the tables that queries are asked of, and their rows.
 */
#ifndef MU_DIFF_CATALOG_H
#define MU_DIFF_CATALOG_H

#include "tests/diff/random.h"
#include "tests/diff/tree.h"

enum {
    CATALOG_COLUMNS = 24,
    CATALOG_RELATIONS = 16,
    CATALOG_SETS = 8
};

typedef struct diff_relation diff_relation;

/* A column. `k` and `name` are in every table, so that there is something to join by; all other
 * names are of one table only. */
struct diff_column {
    const char *name;
    const char *role; /* "CUSTOMER", "INDEXED", ... or NULL */
    diff_type type;
    int scale;
    double most;
    bool unique; /* no two rows have the same, none has NULL */
    const diff_relation *relation;
    int index;
};

/* A table, a table made of a query, or a view. */
struct diff_relation {
    const char *name;
    const char *partition; /* of a table of events, else NULL */
    const char *elsewhere; /* muster has it by itself; the query that others make a view of */
    bool stored;           /* not a view */
    diff_column columns[CATALOG_COLUMNS];
    int count;
    const char ***rows; /* values as people write them, or NULL; NULL if it is made of a query */
    int row_count;      /* then about */
};

typedef struct diff_catalog {
    diff_relation *relations[CATALOG_RELATIONS];
    int count;
    int base; /* of them are made with their rows; the others by statements */
    const diff_node *sets[CATALOG_SETS]; /* tags and audiences */
    int set_count;
} diff_catalog;

void diff_catalog_make(diff_catalog *catalog, mu_arena *arena, diff_random *random,
                       bool with_customers);

/* The value of some row in that column; NULL where there is none. */
const char *diff_catalog_value(const diff_column *column, diff_random *random);

/* A value of the type, as people write it. */
const char *diff_value(mu_arena *arena, diff_random *random, diff_type type, int scale);

#endif
