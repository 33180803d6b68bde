/*
 * lexer.h - SQL text cut into tokens.
 */
#ifndef MU_LEXER_H
#define MU_LEXER_H

#include "storage/base/status.h"

#include <stdint.h>

/* `kind` is a number that lemon gave, MU_TOKEN_SELECT; 0 is the end of the text. */
typedef struct mu_token {
    int kind;
    int32_t offset;
    uint32_t size;
} mu_token;

/* A position in a text that ends in NUL. */
typedef struct mu_lexer {
    const char *text;
    int32_t offset;
} mu_lexer;

/* Reads the next token. On failure (SYNTAX) the lexer stands after what it could not read. */
muster_status mu_lexer_next(mu_lexer *lexer, mu_token *token, muster_error *err);

/* The keywords, one for each index from 0; NULL past the last. */
const char *mu_keyword(uint32_t index, int *kind);

#endif
