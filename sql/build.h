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

typedef struct mu_build {
    mu_arena *arena;
    const char *text;
    int32_t end; /* of the last token taken: where the node that is being made ends */
    mu_ast_statement *statement;
    muster_status status;
    muster_error *err;
} mu_build;

/* A token's text as a name: quotes undone. */
mu_ast_name mu_build_name(mu_build *b, mu_token token);
const char *mu_build_text(mu_build *b, mu_token token);
mu_ast_name mu_build_precision(mu_build *b, mu_ast_name type); /* DOUBLE PRECISION */

mu_ast_expr *mu_build_literal(mu_build *b, mu_ast_kind kind, mu_token token);
mu_ast_expr *mu_build_typed(mu_build *b, mu_token type, mu_token text);
mu_ast_expr *mu_build_interval(mu_build *b, mu_token type, mu_token number, mu_ast_name unit);
mu_ast_expr *mu_build_column(mu_build *b, mu_ast_name qualifier, mu_ast_name name);
mu_ast_expr *mu_build_star(mu_build *b, mu_ast_name qualifier, mu_token star,
                           mu_ast_names excluded);

/* A node with operands; `offset` is where errors point, `start` where it begins. */
mu_ast_expr *mu_build_node(mu_build *b, mu_ast_kind kind, int32_t start, int32_t offset);
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
mu_ast_expr *mu_build_case(mu_build *b, mu_token at, mu_ast_expr *operand, mu_ast_items branches,
                           mu_ast_expr *otherwise);
mu_ast_expr *mu_build_cast(mu_build *b, int32_t start, int32_t offset, mu_ast_expr *operand,
                           mu_ast_type type);
mu_ast_expr *mu_build_call(mu_build *b, mu_ast_name name, bool distinct, mu_ast_items operands,
                           mu_ast_expr *filter);
/* EXTRACT(unit FROM operand) is the call extract('unit', operand). */
/* time AT TIME ZONE zone */
mu_ast_expr *mu_build_at_zone(mu_build *b, mu_token at, mu_ast_expr *time, mu_ast_expr *zone);
mu_ast_expr *mu_build_extract(mu_build *b, mu_token at, mu_ast_name unit, mu_ast_expr *operand);
/* Parentheses around an expression leave no node, but belong to its text. */
mu_ast_expr *mu_build_parenthesis(mu_build *b, mu_token open, mu_ast_expr *inner);

mu_ast_source *mu_build_source(mu_build *b, int32_t start);
mu_ast_select *mu_build_select(mu_build *b, int32_t start);
/* Takes up the depth of what the query holds, once it is whole. */
mu_ast_select *mu_build_finish_select(mu_build *b, mu_ast_select *query);
mu_ast_statement *mu_build_statement(mu_build *b, mu_ast_statement_kind kind);

/* list with an item more */
mu_ast_items mu_build_add_item(mu_build *b, mu_ast_items list, mu_ast_expr *expr, mu_ast_name name);
mu_ast_names mu_build_add_name(mu_build *b, mu_ast_names list, mu_ast_name name);
mu_ast_orders mu_build_add_order(mu_build *b, mu_ast_orders list, mu_ast_order order);
mu_ast_commons mu_build_add_common(mu_build *b, mu_ast_commons list, mu_ast_common common);
mu_ast_columns mu_build_add_column(mu_build *b, mu_ast_columns list, mu_ast_column column);
mu_ast_options mu_build_add_option(mu_build *b, mu_ast_options list, mu_ast_option option);
mu_ast_rows mu_build_add_row(mu_build *b, mu_ast_rows list, mu_ast_items row);

#endif
