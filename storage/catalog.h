/*
 * catalog.h - which tables there are. Read-only once built; a change makes a new one.
 *
 * An event table has a CUSTOMER and a TIME column and a period; a lookup table has neither.
 * `customers` is always there: it is table 0, with the columns `customer`, which is the registry,
 * `first_seen`, `last_seen`, and the attributes someone added. Columns have numbers that are never
 * reused, so a segment written before a column was added reads as NULL there, and one that was
 * dropped is not found. Names are compared without regard to ASCII case.
 */
#ifndef MU_CATALOG_H
#define MU_CATALOG_H

#include "storage/base/arena.h"
#include "storage/calendar.h"
#include "storage/type.h"

typedef enum mu_role {
    MU_ROLE_NONE = 0, /* numbers are part of the format */
    MU_ROLE_CUSTOMER = 1,
    MU_ROLE_TIME = 2,
    MU_ROLE_EVENT = 3,
    MU_ROLE_INDEXED = 4, /* any number of columns, of an event table */
} mu_role;

/* Whether segments keep postings of a column (posting.h): EVENT has them by itself. */
static inline bool mu_role_is_indexed(mu_role role)
{
    return role == MU_ROLE_EVENT || role == MU_ROLE_INDEXED;
}

#define MU_CUSTOMERS_TABLE 0   /* the id of `customers` */
#define MU_FIRST_SEEN_COLUMN 1 /* ids, and indexes, of columns it always has: see seen.h */
#define MU_LAST_SEEN_COLUMN 2
#define MU_CUSTOMERS_BUILT_IN 3 /* columns it always has; attributes follow */
#define MU_NO_COLUMN UINT32_MAX
#define MU_CUSTOMER_ALIAS "customer" /* another name of the CUSTOMER column of any table */

typedef struct mu_column {
    const char *name;
    uint32_t id;
    mu_type type; /* of the CUSTOMER column: MU_CUSTOMER */
    mu_role role;
    bool required;      /* NOT NULL */
    uint32_t key;       /* its place in the PRIMARY KEY, from 1; 0: it is not in it */
    const char *preset; /* DEFAULT, as text; NULL: there is none */
} mu_column;

typedef struct mu_table {
    const char *name;
    uint32_t id;
    mu_unit period; /* DAY to YEAR; of no meaning in a lookup table */
    uint32_t column_count;
    const mu_column *columns;
    uint32_t customer_column, time_column, event_column; /* indexes, or MU_NO_COLUMN */
    uint32_t next_column_id;                             /* above every id ever given */
} mu_table;

/* A query with a name. */
typedef struct mu_view {
    const char *name;
    const char *definition; /* what stands after CREATE VIEW, the name first */
} mu_view;

typedef struct mu_catalog {
    mu_kind customer_kind; /* MU_TEXT or MU_BIGINT; MU_NULL until the first event table says */
    uint32_t table_count;
    const mu_table *tables; /* `customers` first */
    uint32_t next_table_id;
    uint32_t view_count;
    const mu_view *views; /* by the order in which they came; no view has the name of a table */
} mu_catalog;

static inline bool mu_table_has_events(const mu_table *table)
{
    return table->customer_column != MU_NO_COLUMN && table->time_column != MU_NO_COLUMN;
}

/* The columns of the PRIMARY KEY, in its order, and how many they are: 0 if there is none.
 * `columns` has room for all. */
uint32_t mu_table_key(const mu_table *table, uint32_t *columns);
bool mu_table_has_key(const mu_table *table);

/* Of a column that has one. */
mu_text mu_column_preset(const mu_column *column);

bool mu_name_equal(const char *a, const char *b);
const mu_table *mu_catalog_find(const mu_catalog *catalog,
                                const char *name); /* NULL if there is none */
const mu_view *mu_catalog_find_view(const mu_catalog *catalog, const char *name); /* likewise */
const mu_table *mu_catalog_table(const mu_catalog *catalog, uint32_t id);
/* Of that name, or the CUSTOMER column by its alias; MU_NO_COLUMN if there is none. */
uint32_t mu_table_column(const mu_table *table, const char *name);

/* What can be wrong with a table someone wants to create (INVALID): no or double names, a name that
 * is too long, a role twice or on the wrong type, one of CUSTOMER and TIME without the other, EVENT
 * or INDEXED without them, too many columns, a key of events, customer ids of another type than the
 * database's. */
muster_status mu_table_check(const mu_catalog *catalog, const mu_table *table, muster_error *err);
/* The same, whatever it is to be named. */
muster_status mu_table_check_shape(const mu_catalog *catalog, const mu_table *table,
                                   muster_error *err);

/* A change of a table that is there. */
typedef enum mu_table_edit_kind {
    MU_EDIT_ADD_COLUMN,    /* column: name and type */
    MU_EDIT_DROP_COLUMN,   /* index */
    MU_EDIT_RENAME_COLUMN, /* index, column.name */
    MU_EDIT_RENAME_TABLE,  /* column.name */
} mu_table_edit_kind;

typedef struct mu_table_edit {
    mu_table_edit_kind kind;
    uint32_t index;
    mu_column column;
} mu_table_edit;

/* Puts into `out`, in the arena, the catalog in which the table is changed; names are copied.
 * INVALID where that may not be: a name that is taken, a column the table cannot be without. */
muster_status mu_catalog_edit(const mu_catalog *catalog, const mu_table *table,
                              const mu_table_edit *edit, mu_arena *arena, mu_catalog *out,
                              muster_error *err);

/* Of mu_table_check(), what is said of the name a table is to have, and of its columns. */
muster_status mu_table_check_name(const mu_catalog *catalog, const char *name, muster_error *err);
muster_status mu_table_check_columns(const mu_catalog *catalog, const mu_table *table,
                                     muster_error *err);

/* Fills in which columns have the roles. */
void mu_table_find_roles(mu_table *table);

#endif
