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
    MU_AST_BOOLEAN,  /* text: "true" or "false" */
    MU_AST_INTEGER,  /* text: digits, perhaps with a '-' */
    MU_AST_DECIMAL,  /* text: digits with a point */
    MU_AST_DOUBLE,   /* text: digits with an exponent */
    MU_AST_TEXT,     /* text: what was between the quotes */
    MU_AST_TYPED,    /* DATE 'x', INTERVAL 7 DAYS: type and text */
    MU_AST_COLUMN,   /* [qualifier.]text */
    MU_AST_STAR,     /* [qualifier.]* with names to leave out; in a call's argument, count(*) */
    MU_AST_UNARY,    /* op, one operand */
    MU_AST_BINARY,   /* op, two operands */
    MU_AST_AND,      /* two operands or more */
    MU_AST_OR,       /* two operands or more */
    MU_AST_NOT,      /* one operand */
    MU_AST_IS_NULL,  /* one operand; negated */
    MU_AST_DISTINCT, /* IS [NOT] DISTINCT FROM: two operands; negated */
    MU_AST_BETWEEN,  /* value, low, high; negated */
    MU_AST_IN_LIST,  /* value, then the list; negated */
    MU_AST_IN_QUERY, /* value and query; negated */
    MU_AST_LIKE,     /* value, pattern [, escape]; negated; fold_case for ILIKE */
    MU_AST_CASE, /* [operand,] then pairs of when and then [, else]; see has_operand, has_else */
    MU_AST_CAST, /* one operand, to type */
    MU_AST_CALL, /* text(operands, named ones too [ORDER BY orders]) [FILTER (WHERE filter)] */
    MU_AST_LIST, /* [a, b, c] */
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
    mu_ast_name qualifier;
    mu_ast_items operands;
    mu_ast_names excluded; /* of a star */
    mu_ast_orders orders;  /* of an aggregate */
    mu_ast_expr *filter;
    mu_ast_select *query;
    mu_ast_type type;
};

/* What stands after FROM: a table, a table function, or a query in parentheses. */
typedef struct mu_ast_source {
    mu_ast_name name;      /* of the table or function; text is NULL for a query */
    bool called;           /* a function */
    mu_ast_items operands; /* of the function */
    mu_ast_select *query;
    mu_ast_name alias;
    int32_t start, end;
} mu_ast_source;

typedef struct mu_ast_common { /* WITH name AS (query) */
    mu_ast_name name;
    mu_ast_select *query;
} mu_ast_common;

typedef struct mu_ast_commons {
    mu_ast_common *data;
    uint32_t count;
    uint32_t capacity;
} mu_ast_commons;

struct mu_ast_select {
    int32_t start, end;
    uint32_t depth;
    mu_ast_commons commons;
    bool distinct;
    mu_ast_items items; /* empty: FROM t without a SELECT, which means * */
    mu_ast_source *from;
    mu_ast_expr *where;
    bool group_all;
    mu_ast_items groups;
    mu_ast_expr *having;
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
    MU_AST_ROLE_INDEXED = 8
};

typedef struct mu_ast_column {
    mu_ast_name name;
    mu_ast_type type; /* name.text is NULL where none was written */
    unsigned roles;
} mu_ast_column;

typedef struct mu_ast_columns {
    mu_ast_column *data;
    uint32_t count;
    uint32_t capacity;
} mu_ast_columns;

/* FORMAT csv, HEADER, DELIMITER ';', COLUMNS (a, b) */
typedef struct mu_ast_option {
    mu_ast_name name;
    const char *value; /* NULL: none was given */
    int32_t value_offset;
    mu_ast_names list; /* empty unless the value is a list */
} mu_ast_option;

typedef struct mu_ast_options {
    mu_ast_option *data;
    uint32_t count;
    uint32_t capacity;
} mu_ast_options;

typedef struct mu_ast_rows {
    mu_ast_items *data;
    uint32_t count;
    uint32_t capacity;
} mu_ast_rows;

typedef enum mu_ast_statement_kind {
    MU_AST_SELECT,           /* query */
    MU_AST_EXPLAIN,          /* query */
    MU_AST_CREATE_TABLE,     /* name, columns, partition; path and options with FROM 'file' */
    MU_AST_DROP_TABLE,       /* name */
    MU_AST_COPY_FROM,        /* name, path, options */
    MU_AST_COPY_TO,          /* query, path, options */
    MU_AST_INSERT,           /* name, names, rows */
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
    MU_AST_ADD_COLUMN,    /* name, one of columns */
    MU_AST_DROP_COLUMN,   /* name, names: the column */
    MU_AST_RENAME_COLUMN, /* name, names: the column, its new name */
    MU_AST_RENAME_TABLE,  /* name, names: the new name */
    MU_AST_UPDATE,        /* name, items: expressions named by their columns, where */
    MU_AST_DELETE,        /* name, where */
} mu_ast_statement_kind;

typedef struct mu_ast_statement {
    mu_ast_statement_kind kind;
    bool if_exists; /* or IF NOT EXISTS */
    bool replaces;  /* OR REPLACE */
    mu_ast_name name;
    mu_ast_name partition; /* PARTITION BY this; text is NULL if not given */
    mu_ast_name path;      /* a file; "-" for STDIN and STDOUT */
    mu_ast_columns columns;
    mu_ast_names names;
    mu_ast_options options;
    mu_ast_rows rows;
    mu_ast_items items;
    mu_ast_expr *where;   /* NULL: every row */
    mu_ast_expr *version; /* a literal; NULL: all of them */
    mu_ast_select *query;
} mu_ast_statement;

#endif
