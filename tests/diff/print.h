/*
 * print.h - trees as SQL, in the dialect of each engine. The generator knows none of them.
 */
#ifndef MU_DIFF_PRINT_H
#define MU_DIFF_PRINT_H

#include "tests/diff/catalog.h"
#include "tests/diff/op.h"

/* Text that grows, in an arena; a zeroed one with its arena and dialect set is empty. */
typedef struct diff_out {
    mu_arena *arena;
    diff_dialect dialect;
    char *text;
    size_t size, room;
    bool lacks;             /* the dialect has no words for something in it */
    const diff_node *items; /* of the query at hand: what aliases and places stand for */
    diff_bound *bound;      /* not NULL: constants go here instead */
} diff_out;

void diff_put(diff_out *out, const char *format, ...) MU_PRINTF(2, 3);

/* A query or a statement, without a semicolon. NULL if the dialect has no words for it. */
const char *diff_print(mu_arena *arena, diff_dialect dialect, const diff_node *tree);

/* A query for muster with parameters in the place of its constants; equal ones are one. */
const char *diff_print_bound(mu_arena *arena, const diff_node *query, diff_bound *bound);

void diff_print_expr(diff_out *out, const diff_node *node);
void diff_print_query(diff_out *out, const diff_node *node);
void diff_print_value(diff_out *out, diff_type type, int scale, const char *text);
void diff_print_cell(diff_out *out, const diff_column *column, const char *text); /* of VALUES */
const char *diff_type_name(mu_arena *arena, diff_dialect dialect, diff_type type, int scale);

/* What makes a table, or the view that stands for one that muster has by itself (NULL there), and
 * what puts rows from `first` on in it, `count` of them. */
const char *diff_print_create(mu_arena *arena, diff_dialect dialect, const diff_relation *relation);
const char *diff_print_rows(mu_arena *arena, diff_dialect dialect, const diff_relation *relation,
                            int first, int count);

#endif
