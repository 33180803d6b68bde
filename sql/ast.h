/*
 * ast.h - the tree of a statement, as it was written.
 *
 * Nothing here knows what a name stands for: that is the binder's work. Every node remembers
 * where it came from, in bytes from the start of the text, so that an error points at the very
 * word. All memory is the arena's. A tree is no deeper than MU_MAX_DEPTH, so that whoever walks
 * it may recurse; chains of AND, and of OR, are one node with many operands.
 */
#ifndef MU_AST_H
#define MU_AST_H

#include <stdbool.h>
#include <stdint.h>

typedef struct mu_ast_expr mu_ast_expr;
typedef struct mu_ast_select mu_ast_select;
typedef struct mu_ast_window mu_ast_window;

typedef struct mu_ast_name {
    const char *text; /* without its quotes; NULL where there is no name */
    int32_t offset;
} mu_ast_name;

/* A type as written: DECIMAL(12, 2) has two parameters; DOUBLE PRECISION is one name. */
typedef struct mu_ast_type {
    mu_ast_name name;
    uint32_t parameter_count;
    const char *parameters[2]; /* digits */
} mu_ast_type;

typedef enum mu_ast_kind {
    MU_AST_NULL,
    MU_AST_BOOLEAN,   /* text: "true" or "false" */
    MU_AST_INTEGER,   /* text: digits, perhaps with a '-' */
    MU_AST_DECIMAL,   /* text: digits with a point */
    MU_AST_DOUBLE,    /* text: digits with an exponent */
    MU_AST_TEXT,      /* text: what was between the quotes */
    MU_AST_TYPED,     /* DATE 'x', INTERVAL 7 DAYS: type and text */
    MU_AST_PARAMETER, /* text: as written; parameter: its number */
    MU_AST_COLUMN,    /* [qualifier.]text */
    MU_AST_STAR,      /* [qualifier.]* with names to leave out, and operands that stand in place of
                         the columns they are named after; in a call's argument, count(*) */
    MU_AST_UNARY,     /* op, one operand */
    MU_AST_BINARY,    /* op, two operands */
    MU_AST_AND,       /* two operands or more */
    MU_AST_OR,        /* two operands or more */
    MU_AST_NOT,       /* one operand */
    MU_AST_IS_NULL,   /* one operand; negated */
    MU_AST_DISTINCT,  /* IS [NOT] DISTINCT FROM: two operands; negated */
    MU_AST_BETWEEN,   /* value, low, high; negated */
    MU_AST_IN_LIST,   /* value, then the list; negated */
    MU_AST_IN_QUERY,  /* value and query; negated */
    MU_AST_SCALAR,    /* (query), for its one value */
    MU_AST_EXISTS,    /* query */
    MU_AST_ANY,       /* value op ANY (query) */
    MU_AST_ALL,       /* value op ALL (query) */
    MU_AST_LIKE,      /* value, pattern [, escape]; negated; fold_case for ILIKE */
    MU_AST_CASE, /* [operand,] then pairs of when and then [, else]; see has_operand, has_else */
    MU_AST_CAST, /* one operand, to type */
    MU_AST_CALL, /* text(operands, named ones too [ORDER BY orders]) [FILTER (WHERE filter)]
                    [OVER over] */
    MU_AST_LIST, /* [a, b, c] */
    MU_AST_ROW,  /* (a, b) */
} mu_ast_kind;

typedef enum mu_ast_operator {
    MU_AST_ADD,
    MU_AST_SUBTRACT,
    MU_AST_MULTIPLY,
    MU_AST_DIVIDE,
    MU_AST_REMAINDER,
    MU_AST_CONCATENATE,
    MU_AST_EQ,
    MU_AST_NE,
    MU_AST_LT,
    MU_AST_LE,
    MU_AST_GT,
    MU_AST_GE,
    MU_AST_NEGATE,  /* unary */
    MU_AST_BIT_NOT, /* unary */
    MU_AST_BIT_AND,
    MU_AST_BIT_OR,
    MU_AST_BIT_XOR,
    MU_AST_SHIFT_LEFT,
    MU_AST_SHIFT_RIGHT,
    MU_AST_MATCHES,      /* ~, a regular expression; !~ if negated */
    MU_AST_MATCHES_CASE, /* ~*, without regard to case */
} mu_ast_operator;

/* An expression with the name given to it: an argument's `name =>`, a select item's alias. */
typedef struct mu_ast_item {
    mu_ast_expr *expr;
    mu_ast_name name;
} mu_ast_item;

typedef struct mu_ast_items {
    mu_ast_item *data;
    uint32_t count;
    uint32_t capacity;
} mu_ast_items;

typedef struct mu_ast_names {
    mu_ast_name *data;
    uint32_t count;
    uint32_t capacity;
} mu_ast_names;

typedef enum mu_ast_nulls {
    MU_AST_NULLS_DEFAULT, /* as if larger than any value */
    MU_AST_NULLS_FIRST,
    MU_AST_NULLS_LAST,
} mu_ast_nulls;

typedef struct mu_ast_order {
    mu_ast_expr *expr; /* NULL with ALL */
    bool descending;
    mu_ast_nulls nulls;
    int32_t offset;
} mu_ast_order;

typedef struct mu_ast_orders {
    mu_ast_order *data;
    uint32_t count;
    uint32_t capacity;
} mu_ast_orders;

struct mu_ast_expr {
    mu_ast_kind kind;
    mu_ast_operator op;
    int32_t offset;     /* where an error points: the operator, or the first word */
    int32_t start, end; /* the bytes it was written in */
    uint32_t depth;     /* 1 for a leaf */
    bool negated;       /* NOT IN, NOT LIKE, IS NOT NULL, ... */
    bool fold_case;     /* ILIKE */
    bool attempt;       /* TRY_CAST */
    bool truth;         /* IS UNKNOWN, which is IS NULL of a condition */
    bool within;        /* a call's orders stand in WITHIN GROUP */
    bool distinct;      /* count(DISTINCT x) */
    bool has_operand;   /* CASE x WHEN */
    bool has_else;
    const char *text;
    uint32_t parameter; /* from 1 */
    mu_ast_name qualifier;
    mu_ast_items operands;
    mu_ast_names excluded; /* of a star */
    mu_ast_orders orders;  /* of an aggregate */
    mu_ast_expr *filter;
    mu_ast_window *over; /* NULL: no call of a window */
    bool ignore_nulls;
    mu_ast_select *query;
    mu_ast_type type;
};

typedef enum mu_ast_join_kind {
    MU_AST_NO_JOIN,
    MU_AST_CROSS, /* and the comma */
    MU_AST_INNER,
    MU_AST_LEFT,
    MU_AST_RIGHT,
    MU_AST_FULL,
    MU_AST_SEMI,
    MU_AST_ANTI,
} mu_ast_join_kind;

/* What stands after FROM: a table, a table function, a query in parentheses, or a join of two of
 * them. A join in parentheses that has an alias is a source around the join, with nothing but
 * `left`. */
typedef struct mu_ast_source mu_ast_source;
struct mu_ast_source {
    mu_ast_name name;      /* of the table or function; text is NULL for a query */
    bool called;           /* a function */
    mu_ast_items operands; /* of the function */
    mu_ast_select *query;
    mu_ast_name alias;
    mu_ast_names columns; /* AS alias(a, b): other names of the first columns */
    mu_ast_join_kind join;
    mu_ast_source *left, *right;
    bool natural;
    mu_ast_expr *on;    /* NULL: none */
    mu_ast_names names; /* of USING */
    int32_t offset;     /* of a join: where an error points */
    int32_t start, end;
    uint32_t depth;
};

typedef enum mu_ast_frame_unit {
    MU_AST_FRAME_DEFAULT,
    MU_AST_FRAME_ROWS,
    MU_AST_FRAME_RANGE,
    MU_AST_FRAME_GROUPS,
} mu_ast_frame_unit;

typedef enum mu_ast_edge {
    MU_AST_UNBOUNDED_PRECEDING,
    MU_AST_PRECEDING, /* offset PRECEDING */
    MU_AST_CURRENT_ROW,
    MU_AST_FOLLOWING,
    MU_AST_UNBOUNDED_FOLLOWING,
} mu_ast_edge;

typedef struct mu_ast_bound {
    mu_ast_edge edge;
    mu_ast_expr *offset;
} mu_ast_bound;

typedef enum mu_ast_exclusion {
    MU_AST_EXCLUDE_NOTHING,
    MU_AST_EXCLUDE_ROW,
    MU_AST_EXCLUDE_GROUP,
    MU_AST_EXCLUDE_TIES,
} mu_ast_exclusion;

/* OVER (name PARTITION BY partitions ORDER BY orders frame); OVER name. */
struct mu_ast_window {
    int32_t offset;
    uint32_t depth;
    mu_ast_name name; /* of the window it builds on; text is NULL if there is none */
    mu_ast_items partitions;
    mu_ast_orders orders;
    mu_ast_frame_unit unit;
    mu_ast_bound from, to;
    mu_ast_exclusion exclusion;
};

typedef struct mu_ast_named_window { /* WINDOW name AS (window) */
    mu_ast_name name;
    mu_ast_window *window;
} mu_ast_named_window;

typedef struct mu_ast_windows {
    mu_ast_named_window *data;
    uint32_t count;
    uint32_t capacity;
} mu_ast_windows;

typedef struct mu_ast_common { /* WITH name(columns) AS (query) */
    mu_ast_name name;
    mu_ast_names columns;
    mu_ast_select *query;
} mu_ast_common;

typedef struct mu_ast_commons {
    mu_ast_common *data;
    uint32_t count;
    uint32_t capacity;
} mu_ast_commons;

typedef struct mu_ast_rows {
    mu_ast_items *data;
    uint32_t count;
    uint32_t capacity;
} mu_ast_rows;

typedef struct mu_ast_selects {
    mu_ast_select **data;
    uint32_t count;
    uint32_t capacity;
} mu_ast_selects;

typedef enum mu_ast_query_kind {
    MU_AST_PLAIN,     /* SELECT ... FROM ... */
    MU_AST_VALUES,    /* VALUES rows */
    MU_AST_UNION,     /* all members; none is deeper in the tree for standing later */
    MU_AST_INTERSECT, /* what all members have */
    MU_AST_EXCEPT,    /* the first member without the others */
} mu_ast_query_kind;

/* Of queries that are not plain, only ORDER BY and LIMIT are set beside what their kind says. */
struct mu_ast_select {
    mu_ast_query_kind kind;
    int32_t start, end;
    uint32_t depth;
    mu_ast_commons commons;
    mu_ast_rows rows;
    mu_ast_selects members; /* one alone: a query in parentheses, with an ORDER BY around */
    bool all;               /* UNION ALL */
    bool distinct;
    mu_ast_items distinct_on; /* DISTINCT ON (...) */
    mu_ast_items items;       /* empty: FROM t without a SELECT, which means * */
    mu_ast_source *from;
    mu_ast_expr *where;
    bool group_all;
    mu_ast_items groups;
    mu_ast_expr *having;
    mu_ast_windows windows;
    mu_ast_expr *qualify;
    bool order_all; /* orders then holds one, with its direction */
    mu_ast_orders orders;
    mu_ast_expr *limit;
    mu_ast_expr *offset;
};

/* Bits of mu_ast_column.roles. */
enum {
    MU_AST_ROLE_CUSTOMER = 1,
    MU_AST_ROLE_TIME = 2,
    MU_AST_ROLE_EVENT = 4,
    MU_AST_ROLE_INDEXED = 8,
    MU_AST_NOT_NULL = 16, /* no role, but written among them */
    MU_AST_KEY = 32       /* likewise: PRIMARY KEY */
};

typedef struct mu_ast_column {
    mu_ast_name name;
    mu_ast_type type; /* name.text is NULL where none was written */
    unsigned roles;
    mu_ast_expr *preset; /* DEFAULT; or NULL */
} mu_ast_column;

typedef struct mu_ast_columns {
    mu_ast_column *data;
    uint32_t count;
    uint32_t capacity;
    mu_ast_names key; /* PRIMARY KEY (...), written among them */
} mu_ast_columns;

/* FORMAT csv, HEADER, DELIMITER ';', COLUMNS (a, b) */
typedef struct mu_ast_option {
    mu_ast_name name;
    const char *value; /* NULL: none was given */
    int32_t value_offset;
    mu_ast_names list; /* empty unless the value is a list */

    const mu_ast_expr *parameter; /* that stands for the value; NULL: none does */
} mu_ast_option;

typedef struct mu_ast_options {
    mu_ast_option *data;
    uint32_t count;
    uint32_t capacity;
} mu_ast_options;

typedef enum mu_ast_statement_kind {
    MU_AST_SELECT,           /* query */
    MU_AST_EXPLAIN,          /* explained, analyzes */
    MU_AST_CREATE_TABLE,     /* name, columns, partition; path and options with FROM 'file', query
                                with AS */
    MU_AST_DROP_TABLE,       /* names */
    MU_AST_COPY_FROM,        /* name, path, options */
    MU_AST_COPY_TO,          /* query, path, options */
    MU_AST_INSERT,           /* name, names, rows or query, conflict */
    MU_AST_CREATE_TAG,       /* name, query */
    MU_AST_REFRESH_TAG,      /* name */
    MU_AST_DROP_TAG,         /* name */
    MU_AST_CREATE_AUDIENCE,  /* name, query */
    MU_AST_REFRESH_AUDIENCE, /* name */
    MU_AST_DROP_AUDIENCE,    /* name, version */
    MU_AST_DESCRIBE,         /* name, or query, or path and options */
    MU_AST_BACKUP,           /* path */
    MU_AST_SHOW_TABLES,
    MU_AST_SHOW_TAGS,
    MU_AST_SHOW_AUDIENCES,
    MU_AST_CHECKPOINT,
    MU_AST_COMPACT,
    MU_AST_SET,           /* name; what it is set to is in path */
    MU_AST_RESET,         /* name, or ALL */
    MU_AST_SHOW_SETTING,  /* name, or SETTINGS */
    MU_AST_ADD_COLUMN,    /* name, one of columns */
    MU_AST_DROP_COLUMN,   /* name, names: the column */
    MU_AST_RENAME_COLUMN, /* name, names: the column, its new name */
    MU_AST_RENAME_TABLE,  /* name, names: the new name */
    MU_AST_UPDATE,        /* name, alias, items: expressions named by their columns, from, where */
    MU_AST_DELETE,        /* name, alias, where */
    MU_AST_CREATE_VIEW,   /* name, names, query */
    MU_AST_DROP_VIEW,     /* names */
    MU_AST_SUMMARIZE,     /* name, or query */
    MU_AST_SHOW_CREATE,   /* name */
} mu_ast_statement_kind;

/* ON CONFLICT DO ... */
typedef enum mu_ast_conflict {
    MU_AST_CONFLICT_REFUSE, /* nothing was said */
    MU_AST_CONFLICT_NOTHING,
    MU_AST_CONFLICT_UPDATE, /* items, where */
} mu_ast_conflict;

typedef struct mu_ast_statement {
    mu_ast_statement_kind kind;
    bool if_exists; /* or IF NOT EXISTS */
    bool replaces;  /* OR REPLACE */
    mu_ast_name name;
    mu_ast_name alias;     /* of the table; text is NULL if not given */
    mu_ast_name partition; /* PARTITION BY this; text is NULL if not given */
    mu_ast_name path;      /* a file; "-" for STDIN and STDOUT */
    mu_ast_columns columns;
    mu_ast_names names;
    mu_ast_options options;
    mu_ast_rows rows; /* one of no values: DEFAULT VALUES */
    mu_ast_conflict conflict;
    mu_ast_names conflict_key; /* may be left out */
    mu_ast_items items;
    mu_ast_source *from;  /* UPDATE: NULL if there is none */
    mu_ast_expr *where;   /* NULL: every row */
    mu_ast_expr *version; /* a literal or a parameter; NULL: all of them */
    mu_ast_expr *value;   /* SET: a parameter; NULL: what stands in `path` */
    mu_ast_select *query;
    struct mu_ast_statement *explained;
    bool analyzes; /* EXPLAIN ANALYZE */

    mu_ast_names parameters; /* by number, the first is 1; text is NULL for one without a name, the
                                offset where it stands first, -1 if it stands nowhere */
    bool by_place;           /* they are written ?, so that the same words mean different ones */
} mu_ast_statement;

#endif
