/*
 * parse.c - feeds tokens to the parser.
 *
 * Before a token is handed over the parser is asked whether it would take it. Where it would not,
 * its state is still that of the word before, which unexpected.c asks what it did expect.
 */
#include "sql/parse.h"

#include "sql/build.h"
#include "sql/grammar.h"
#include "sql/grammar_use.h"
#include "sql/unexpected.h"
#include "storage/base/limits.h"
#include "storage/base/mem.h"

#include <assert.h>
#include <string.h>

/* Where the statement after the one that could not be read begins. */
static const char *skip_statement(mu_lexer *lexer, mu_token token)
{
    while (token.kind != MU_TOKEN_SEMICOLON && lexer->text[lexer->offset] != '\0') {
        const int32_t before = lexer->offset;
        if (mu_lexer_next(lexer, &token, NULL) != MUSTER_OK) {
            token.kind = MU_TOKEN_ID; /* what cannot be read is passed over as well */
        }
        if (lexer->offset == before) { /* but for what has no end within 2 GB */
            return lexer->text + before + strlen(lexer->text + before);
        }
    }
    return lexer->text + lexer->offset;
}

/* Parentheses that are open after the token. An expression in n of them is n deep for the
 * parser, though its tree may be flat. */
static muster_status count_open(mu_token token, uint32_t *open, muster_error *err)
{
    switch (token.kind) {
    case MU_TOKEN_LP:
    case MU_TOKEN_LB:
    case MU_TOKEN_CASE:
        if (++*open > MU_MAX_DEPTH) {
            return mu_fail_at(err, MUSTER_SYNTAX, token.offset,
                              "expressions and queries are nested more than %d deep", MU_MAX_DEPTH);
        }
        break;
    case MU_TOKEN_RP:
    case MU_TOKEN_RB:
    case MU_TOKEN_END:
        *open -= *open > 0;
        break;
    }
    return MUSTER_OK;
}

static muster_status read_statement(void *parser, mu_build *b, mu_lexer *lexer, mu_token *token,
                                    muster_error *err)
{
    mu_token before = {0}, earlier = {0};
    uint32_t open = 0;

    do { /* statements of nothing, as in ";;", are blanks */
        MU_TRY(mu_lexer_next(lexer, token, err));
    } while (token->kind == MU_TOKEN_SEMICOLON);
    if (token->kind == 0) {
        return MUSTER_OK;
    }
    for (;;) {
        mu_token fed = *token;
        if (fed.kind == MU_TOKEN_SEMICOLON) {
            fed.kind = 0;
        }
        MU_TRY(count_open(fed, &open, err));
        if (!mu_grammar_accepts(parser, fed.kind, false)) {
            const mu_unexpected place = {parser, lexer, fed, before, earlier};
            return mu_unexpected_fail(&place, err);
        }
        mu_grammar(parser, fed.kind, fed);
        MU_TRY(b->status);
        if (fed.kind == 0) {
            return MUSTER_OK;
        }
        b->end = fed.offset + (int32_t)fed.size;
        earlier = before;
        before = fed;
        MU_TRY(mu_lexer_next(lexer, token, err));
    }
}

muster_status mu_parse(mu_arena *arena, const char *text, const char **rest,
                       mu_ast_statement **statement, muster_error *err)
{
    mu_build b = {.arena = arena, .text = text, .err = err};
    mu_lexer lexer = {.text = text};
    mu_token token = {0};
    void *parser = mu_grammarAlloc(mu_mem_alloc, &b);
    muster_status status;

    *statement = NULL;
    if (parser) {
        status = read_statement(parser, &b, &lexer, &token, err);
        mu_grammarFree(parser, mu_mem_free);
    } else {
        status = mu_fail_memory(err, "reading a statement");
    }
    mu_dict_builder_deinit(&b.names);
    if (status == MUSTER_OK) {
        *statement = b.statement;
        if (b.statement) {
            b.statement->parameters = b.parameters;
            b.statement->by_place = b.style == '?';
        }
    }
    if (rest) {
        *rest = status == MUSTER_OK ? text + lexer.offset : skip_statement(&lexer, token);
    }
    return status;
}
