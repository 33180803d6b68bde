/*
 * answer.h - what an engine says to a statement, as text, and whether two say the same.
 */
#ifndef MU_DIFF_ANSWER_H
#define MU_DIFF_ANSWER_H

#include "tests/diff/tree.h"

#include <stdio.h>

enum {
    ANSWER_ROWS = 300000, /* who gives more is not asked on */
    ANSWER_COLUMNS = 128
};

typedef enum diff_outcome {
    OUTCOME_ROWS,
    OUTCOME_ERROR,
    OUTCOME_NOT_ASKED, /* the dialect has no words for it */
    OUTCOME_TOO_LONG,  /* it took more time or had more rows than there is patience for */
} diff_outcome;

typedef struct diff_answer {
    diff_outcome outcome;
    const char *message; /* of an error */
    int columns;         /* to be set before cells are added */
    int rows, used, room;
    const char **cells; /* row by row; NULL is NULL */
    mu_arena arena;
} diff_answer;

void diff_answer_clear(diff_answer *answer, diff_outcome outcome);
void diff_answer_fail(diff_answer *answer, const char *message);
void diff_answer_add(diff_answer *answer, const char *cell); /* the next cell; copied */
void diff_answer_deinit(diff_answer *answer);

/* `text` as every engine writes a value of that column: decimals without zeros at their end. */
const char *diff_answer_normal(mu_arena *arena, const diff_node *column, const char *text);

/* Whether the rows are the same: in the same order if `ordered`, else in any (they are sorted
 * then); doubles to nine digits. *first is the first row that is not. */
bool diff_answer_same(diff_answer *a, diff_answer *b, const diff_node *const *columns, bool ordered,
                      int *first);

void diff_answer_show(FILE *out, const char *who, const diff_answer *answer, int from);

#endif
