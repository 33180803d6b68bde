/*
 * grammar_use.h - the functions of the parser that lemon makes of grammar.y.
 */
#ifndef MU_GRAMMAR_USE_H
#define MU_GRAMMAR_USE_H

#include "sql/build.h"

#include <stdbool.h>
#include <stddef.h>

void *mu_grammarAlloc(void *(*alloc)(size_t), mu_build *b);
void mu_grammarFree(void *parser, void (*release)(void *));
void mu_grammar(void *parser, int kind, mu_token token);

/* Would the parser take a token of this kind now? With `itself`, a keyword counts as a keyword
 * only, not as the name it may also be. */
bool mu_grammar_accepts(const void *parser, int kind, bool itself);

#endif
