/*
 * unexpected.h - words the parser does not take, and what is said of them.
 */
#ifndef MU_UNEXPECTED_H
#define MU_UNEXPECTED_H

#include "sql/lexer.h"

typedef struct mu_unexpected {
    const void *parser;    /* in the state before the token */
    const mu_lexer *lexer; /* behind the token */
    mu_token token;        /* that is not taken; its kind is 0 at the end of the statement */
    mu_token before;       /* the one before it, and the one before that; of no size if none */
    mu_token earlier;
} mu_unexpected;

/* SYNTAX: what is wrong with the token, and what to write. */
muster_status mu_unexpected_fail(const mu_unexpected *place, muster_error *err);

#endif
