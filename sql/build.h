/*
 * build.h - what the actions of the grammar are made of: each makes a node of the tree.
 *
 * The first failure (out of memory, nested too deeply) is kept and stops the parser after the
 * token it was found at; until then the functions take the NULL of a node that was not made.
 */
#ifndef MU_BUILD_H
#define MU_BUILD_H

#include "sql/ast.h"
#include "sql/lexer.h"
#include "storage/base/arena.h"
#include "storage/dict.h"

typedef struct mu_build {
    mu_arena *arena;
    const char *text;
    int32_t end; /* of the last token taken: where the node that is being made ends */
    mu_ast_statement *statement;
    mu_ast_names parameters; /* of the statement, as in ast.h */
    char style;              /* of them: '?', '1' for $1, ':' for names; 0: none yet */
    mu_dict_builder names;   /* of them, where they have any: codes are their numbers, less 1 */
    muster_status status;
    muster_error *err;
} mu_build;

/* Parts of a query, while it is read. */
typedef struct mu_build_limits {
    mu_ast_expr *limit, *offset;
} mu_build_limits;

typedef struct mu_build_groups {
    bool all;
    mu_ast_items items;
} mu_build_groups;

typedef struct mu_build_distinct {
    bool all;
    mu_ast_items on;
} mu_build_distinct;

typedef struct mu_build_orders {
    bool all;
    mu_ast_orders items;
} mu_build_orders;

typedef struct mu_build_tail { /* what may follow any query */
    mu_build_orders order;
    mu_build_limits limit;
} mu_build_tail;

typedef struct mu_build_alias {
    mu_ast_name name;
    mu_ast_names columns;
} mu_build_alias;

/* Notes a failure, unless there is one already. */
void mu_build_fail_memory(mu_build *b);
void mu_build_fail_depth(mu_build *b, int32_t offset);

/* A token's text as a name: quotes undone. */
mu_ast_name mu_build_name(mu_build *b, mu_token token);
const char *mu_build_text(mu_build *b, mu_token token);
const char *mu_build_escaped(mu_build *b, mu_token token); /* of E'a\tb' */
/* DOUBLE PRECISION and its like: the type must be `first`, for `rest` to follow it. */
mu_ast_name mu_build_two_words(mu_build *b, mu_ast_name type, const char *first, const char *rest);

mu_ast_expr *mu_build_literal(mu_build *b, mu_ast_kind kind, mu_token token);
mu_ast_expr *mu_build_parameter(mu_build *b, mu_token token);
mu_ast_expr *mu_build_typed(mu_build *b, mu_token type, mu_token text);
mu_ast_expr *mu_build_interval(mu_build *b, mu_token type, mu_token number, mu_ast_name unit);
/* The same of a parameter: so many times one of the unit. */
mu_ast_expr *mu_build_intervals(mu_build *b, mu_token type, mu_token number, mu_ast_name unit);
mu_ast_expr *mu_build_column(mu_build *b, mu_ast_name qualifier, mu_ast_name name);
mu_ast_expr *mu_build_star(mu_build *b, mu_ast_name qualifier, mu_token star, mu_ast_names excluded,
                           mu_ast_items replaced);

/* A node with operands; `offset` is where errors point, `start` where it begins. */
mu_ast_expr *mu_build_node(mu_build *b, mu_ast_kind kind, int32_t start, int32_t offset);
/* Makes the node's depth more than that of what it holds. */
void mu_build_deepen(mu_build *b, mu_ast_expr *node, uint32_t depth);
mu_ast_expr *mu_build_operand(mu_build *b, mu_ast_expr *node, mu_ast_expr *operand);
mu_ast_expr *mu_build_operands(mu_build *b, mu_ast_expr *node, mu_ast_items operands);
mu_ast_expr *mu_build_unary(mu_build *b, mu_ast_kind kind, mu_token op, mu_ast_expr *operand);
mu_ast_expr *mu_build_binary(mu_build *b, mu_ast_operator op, mu_token at, mu_ast_expr *left,
                             mu_ast_expr *right);
mu_ast_expr *mu_build_logic(mu_build *b, mu_ast_kind kind, mu_token at, mu_ast_expr *left,
                            mu_ast_expr *right);
/* kind(left [, right]), negated or not: IS NULL, LIKE, ... */
mu_ast_expr *mu_build_test(mu_build *b, mu_ast_kind kind, mu_token at, bool negated,
                           mu_ast_expr *left, mu_ast_expr *right);
mu_ast_expr *mu_build_between(mu_build *b, mu_token at, bool negated, mu_ast_expr *value,
                              mu_ast_expr *low, mu_ast_expr *high);
mu_ast_expr *mu_build_in_query(mu_build *b, mu_token at, bool negated, mu_ast_expr *value,
                               mu_ast_select *query);
/* SCALAR and EXISTS; ANY and ALL. */
mu_ast_expr *mu_build_subquery(mu_build *b, mu_ast_kind kind, mu_token at, mu_ast_select *query);
mu_ast_expr *mu_build_scalar(mu_build *b, mu_ast_select *query);
mu_ast_expr *mu_build_quantified(mu_build *b, mu_ast_operator op, mu_token at, mu_ast_kind kind,
                                 mu_ast_expr *value, mu_ast_select *query);
mu_ast_expr *mu_build_case(mu_build *b, mu_token at, mu_ast_expr *operand, mu_ast_items branches,
                           mu_ast_expr *otherwise);
mu_ast_expr *mu_build_cast(mu_build *b, int32_t start, int32_t offset, mu_ast_expr *operand,
                           mu_ast_type type);
mu_ast_expr *mu_build_call(mu_build *b, mu_ast_name name, bool distinct, mu_ast_items operands,
                           mu_ast_expr *filter);
/* The call over a window; NULL: none. */
mu_ast_expr *mu_build_over(mu_build *b, mu_ast_expr *call, bool ignore_nulls, mu_ast_window *over);
mu_ast_window *mu_build_window(mu_build *b, int32_t offset);
/* Takes up the depth of what the window holds, once it is whole. */
mu_ast_window *mu_build_finish_window(mu_build *b, mu_ast_window *window);
/* Gives a call the ORDER BY within its parentheses, or of its WITHIN GROUP. */
mu_ast_expr *mu_build_ordered(mu_build *b, mu_ast_expr *call, mu_ast_orders orders, bool within);
/* A call whose arguments had words between them, if it is one of `functions`: TRIM('x' FROM y) is
 * trim(y, 'x'), and POSITION(a IN b) position(a, b). */
mu_ast_expr *mu_build_worded(mu_build *b, mu_ast_name name, const char *functions, mu_ast_expr *a,
                             mu_ast_expr *first, mu_ast_expr *second, mu_ast_expr *third);
/* TRIM as the function of the side that is trimmed. */
mu_ast_name mu_build_side(mu_build *b, mu_ast_name name, const char *side);
/* A whole number that was not written, for the place of the token. */
mu_ast_expr *mu_build_number(mu_build *b, mu_token at, const char *digits);
/* EXTRACT(unit FROM operand) is the call extract('unit', operand). */
/* time AT TIME ZONE zone */
mu_ast_expr *mu_build_at_zone(mu_build *b, mu_token at, mu_ast_expr *time, mu_ast_expr *zone);
mu_ast_expr *mu_build_extract(mu_build *b, mu_token at, mu_ast_name unit, mu_ast_expr *operand);
/* Parentheses around an expression leave no node, but belong to its text. */
mu_ast_expr *mu_build_parenthesis(mu_build *b, mu_token open, mu_ast_expr *inner);

mu_ast_source *mu_build_source(mu_build *b, int32_t start);
mu_ast_source *mu_build_join(mu_build *b, mu_ast_join_kind kind, mu_token at, mu_ast_source *left,
                             mu_ast_source *right);
/* A join in parentheses, with an alias. */
mu_ast_source *mu_build_named(mu_build *b, int32_t start, mu_ast_source *join, mu_ast_name alias);
mu_ast_select *mu_build_select(mu_build *b, int32_t start);
mu_ast_select *mu_build_values(mu_build *b, int32_t start, mu_ast_rows rows);
/* left UNION [ALL] right: a chain of the same operator is one query of many members. */
mu_ast_select *mu_build_members(mu_build *b, mu_ast_query_kind kind, bool all, mu_ast_select *left,
                                mu_ast_select *right);
/* Parentheses belong to the text of the query in them. */
mu_ast_select *mu_build_closed_select(mu_build *b, mu_token open, mu_ast_select *query);
/* The query with what follows it, or one around it if it has a WITH, an ORDER BY or a LIMIT of its
 * own. */
mu_ast_select *mu_build_tail_of(mu_build *b, mu_ast_select *query, const mu_build_tail *tail);
/* The same with WITH; `tail` may be NULL. */
mu_ast_select *mu_build_with(mu_build *b, mu_token with, mu_ast_commons commons,
                             mu_ast_select *query, const mu_build_tail *tail);
/* Takes up the depth of what the query holds, once it is whole. */
mu_ast_select *mu_build_finish_select(mu_build *b, mu_ast_select *query);
mu_ast_statement *mu_build_statement(mu_build *b, mu_ast_statement_kind kind);
/* EXPLAIN of the statement that was read, which may have an ANALYZE. */
void mu_build_explain(mu_build *b, bool analyzes);
/* VALUES alone are rows of the statement itself, any other query is one. */
void mu_build_insert(mu_ast_statement *statement, mu_ast_select *query);
/* What is SQL, and is not done here. */
void mu_build_refuse(mu_build *b, mu_token token, const char *message);

/* list with an item more */
mu_ast_selects mu_build_add_query(mu_build *b, mu_ast_selects list, mu_ast_select *query);
mu_ast_items mu_build_add_item(mu_build *b, mu_ast_items list, mu_ast_expr *expr, mu_ast_name name);
mu_ast_names mu_build_add_name(mu_build *b, mu_ast_names list, mu_ast_name name);
mu_ast_orders mu_build_add_order(mu_build *b, mu_ast_orders list, mu_ast_order order);
mu_ast_commons mu_build_add_common(mu_build *b, mu_ast_commons list, mu_ast_common common);
mu_ast_windows mu_build_add_window(mu_build *b, mu_ast_windows list, mu_ast_named_window window);
mu_ast_columns mu_build_add_column(mu_build *b, mu_ast_columns list, mu_ast_column column);
/* PRIMARY KEY (...) among the columns. */
mu_ast_columns mu_build_key(mu_build *b, mu_ast_columns list, mu_token at, mu_ast_names key);
mu_ast_options mu_build_add_option(mu_build *b, mu_ast_options list, mu_ast_option option);
mu_ast_rows mu_build_add_row(mu_build *b, mu_ast_rows list, mu_ast_items row);

#endif
