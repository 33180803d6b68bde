/*
 * tree.h - a query as a tree: what the generator makes, print.c writes in each dialect, and
 * shrink.c takes apart.
 *
 * Every part is a node of one kind, with children at places that the kind fixes (NULL where there
 * is nothing), or any number of them in a list. That is all that shrink.c needs to know.
 */
#ifndef MU_DIFF_TREE_H
#define MU_DIFF_TREE_H

#include "storage/base/arena.h"
#include "tests/diff/feature.h"

typedef enum diff_type {
    TYPE_BOOLEAN,
    TYPE_BIGINT,
    TYPE_DECIMAL,
    TYPE_DOUBLE,
    TYPE_TEXT,
    TYPE_DATE,
    TYPE_TIMESTAMP,
    TYPE_COUNT
} diff_type;

typedef enum diff_kind {
    /* Expressions. */
    NODE_COLUMN,    /* name, of the source `text`, or bare if that is NULL */
    NODE_LITERAL,   /* text: the value as people write it, or NULL */
    NODE_CALL,      /* op; children: its arguments */
    NODE_AGGREGATE, /* op; children: the arguments, then at `flags` the FILTER or NULL */
    NODE_WINDOW,    /* children: WINDOW_...; text: the frame, or NULL */
    NODE_SCALAR,    /* (query) */
    NODE_EXISTS,    /* EXISTS (query); flags: NOT */
    NODE_IN_QUERY,  /* children: value, query; flags: NOT */
    NODE_ANY_QUERY, /* children: value, query; text: "= ANY", "<> ALL", ... */
    NODE_DID,       /* children: DID_...; name: the table of events; text: its customers */
    /* Sources. */
    NODE_TABLE,   /* name, and `text` as its alias */
    NODE_DERIVED, /* (query) alias `text`; named by WITH if `name` is not NULL, then no child */
    NODE_JOIN,    /* children: JOIN_...; text: "JOIN", "LEFT JOIN", ",", ... */
    /* Queries. */
    NODE_SELECT, /* children: SELECT_...; flags: DISTINCT; place: 1 if ordered totally; text:
                    "FROM" if that comes first */
    NODE_SETOP,  /* children: SETOP_...; text: "UNION ALL", ... */
    NODE_VALUES, /* children: the first row as a list of items, the others as lists */
    /* Their parts. */
    NODE_LIST,
    NODE_STAR,  /* children: the columns of the source; it leaves out the last `flags` of them */
    NODE_ITEM,  /* children: expression; name: alias */
    NODE_KEY,   /* of GROUP BY or ORDER BY; flags: KEY_...; children: expression */
    NODE_CTE,   /* name AS (query) */
    NODE_NAMES, /* USING: children are columns */
    /* Statements. */
    NODE_VIEW,   /* name; children: query */
    NODE_CTAS,   /* name; children: query */
    NODE_INSERT, /* name; children: query */
    NODE_UPDATE, /* name; children: list of items (column = value), condition or NULL */
    NODE_DELETE, /* name; children: condition or NULL */
    NODE_SET,    /* name; children: query, of customers; text: "TAG" or "AUDIENCE" */
} diff_kind;

enum {
    SELECT_WITH,
    SELECT_ITEMS,
    SELECT_FROM,
    SELECT_WHERE,
    SELECT_GROUP,
    SELECT_HAVING,
    SELECT_QUALIFY,
    SELECT_ORDER,
    SELECT_LIMIT,
    SELECT_OFFSET,
    SELECT_CHILDREN
};

enum {
    SETOP_LEFT,
    SETOP_RIGHT,
    SETOP_ORDER,
    SETOP_LIMIT,
    SETOP_CHILDREN
};

enum {
    JOIN_LEFT,
    JOIN_RIGHT,
    JOIN_ON, /* a condition, or NODE_NAMES for USING */
    JOIN_CHILDREN
};

enum {
    WINDOW_CALL,
    WINDOW_PARTITION,
    WINDOW_ORDER,
    WINDOW_DISTANCE, /* of a frame: what stands for each $ in its text, or NULL */
    WINDOW_CHILDREN
};

/* customer IN (who did what meets the condition so often); flags: at least, place: at most, or
 * 0. Without a condition: is in the set `name`; text: "has_tag" or "in_audience". */
enum {
    DID_CUSTOMER,
    DID_CONDITION,
    DID_CHILDREN
};

/* Of a column, a literal. */
enum {
    COLUMN_OUTER = 1, /* of a query around this one */
    LITERAL_BARE = 1, /* a small count or a pattern, without a type */
};

/* How a key is written. */
enum {
    KEY_DESC = 1,
    KEY_NULLS_FIRST = 2, /* always as it is meant; left out where the dialect means it anyway */
    KEY_AS_ALIAS = 4,    /* by the `name` of the item that it is */
    KEY_AS_PLACE = 8,    /* by the number of that item */
    KEY_AS_ALL = 16,     /* all keys as ALL, if the first has this */
};

enum {
    BOUND_MOST = 64
};

/* The constants of a query that are given to it as $1, $2, ... */
typedef struct diff_bound {
    const struct diff_node *value[BOUND_MOST];
    int count;
} diff_bound;

typedef struct diff_op diff_op;
typedef struct diff_node diff_node;
typedef struct diff_column diff_column;

struct diff_node {
    diff_kind kind;
    diff_type type; /* of an expression */
    int scale;      /* DECIMAL: digits behind the point; DOUBLE: bits there */
    double most;    /* no number is farther from 0, no text longer; of a query: rows, about */
    bool inexact;   /* a DOUBLE whose last digits depend on who computes */
    const diff_op *op;
    const diff_column *origin; /* of a column: where constants for it come from; may be NULL */
    const char *name;
    const char *text;
    unsigned flags;
    int place;
    int count, room;
    diff_node **child;
};

/* A node with `count` children, all NULL. Memory that runs out ends the program. */
diff_node *diff_node_new(mu_arena *arena, diff_kind kind, int count);
diff_node *diff_list_new(mu_arena *arena);
void diff_list_add(mu_arena *arena, diff_node *list, diff_node *node);
diff_node *diff_clone(mu_arena *arena, const diff_node *node); /* deep; NULL of NULL */
int diff_size(const diff_node *node);

bool diff_is_expression(const diff_node *node);
bool diff_is_query(const diff_node *node);
bool diff_is_source(const diff_node *node);

/* Whether such a node is in it, but for queries within it. */
bool diff_has_kind(const diff_node *node, diff_kind kind);

/* What the tree is made of. */
diff_features diff_features_in(const diff_node *node);

/* The items of a query: those of the first SELECT in it; a list of NODE_ITEM and NODE_STAR. */
const diff_node *diff_items(const diff_node *query);

/* Its columns, one by one: those of a star too. At most `most` of them are given. */
int diff_columns(const diff_node *query, const diff_node **columns, int most);

/* How many arguments a call has. */
int diff_argument_count(const diff_node *call);

/* A query whose rows have one order. */
bool diff_is_ordered(const diff_node *query);

const char *diff_text(mu_arena *arena, const char *format, ...) MU_PRINTF(2, 3);

#endif
