/*
 * print_ast.h - a tree as text that the parser reads back as the same tree, every operation in
 * parentheses of its own, so that a test sees which operand went where.
 */
#ifndef MU_PRINT_AST_H
#define MU_PRINT_AST_H

#include "sql/ast.h"
#include "storage/base/bytes.h"

void test_print_statement(const mu_ast_statement *statement, mu_writer *out);

#endif
