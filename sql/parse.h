/*
 * parse.h - the first statement of a text, as a tree.
 */
#ifndef MU_PARSE_H
#define MU_PARSE_H

#include "sql/ast.h"
#include "storage/base/arena.h"
#include "storage/base/status.h"

/* Reads the first statement of `text`. *rest, if rest is not NULL, is set to what follows it,
 * past its ';'; on failure to what follows the next ';', or to the end. *statement is NULL where
 * only blanks and comments are left. Offsets count from `text`. Fails with SYNTAX or NOMEM. */
muster_status mu_parse(mu_arena *arena, const char *text, const char **rest,
                       mu_ast_statement **statement, muster_error *err);

#endif
