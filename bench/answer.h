/*
 * answer.h - answers as text, and whether two of them are the same.
 *
 * A cell is followed by a tab, the last of a row by a newline; NULL is \N; tab, newline and
 * backslash within a text are \t, \n and \\ (what ClickHouse calls TabSeparated).
 */
#ifndef MU_BENCH_ANSWER_H
#define MU_BENCH_ANSWER_H

#include <stdbool.h>
#include <stdio.h>

void mu_bench_answer_write(FILE *out, const char *cell, bool last); /* cell NULL: NULL */

/* True if both have the same cells in the same order. Numbers are compared as numbers: 12.50 is
 * 12.5, and where either has a fraction, one part in 10^9 may be lost. Otherwise *difference says
 * where they part, for people to read; the caller frees it. */
bool mu_bench_answer_equal(const char *a, const char *b, char **difference);

/* How many rows there are. */
unsigned long mu_bench_answer_rows(const char *answer);

#endif
