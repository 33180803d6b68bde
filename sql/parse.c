/*
 * parse.c - feeds tokens to the parser, and words what it does not take.
 *
 * Before a token is handed over the parser is asked whether it would take it. Where it would not,
 * its state is still that of the word before, and asking about every other token gives what was
 * expected there: the message needs no list kept by hand.
 */
#include "sql/parse.h"

#include "query/nearest.h"
#include "sql/build.h"
#include "sql/grammar.h"
#include "sql/grammar_use.h"
#include "storage/base/limits.h"
#include "storage/base/mem.h"

#include <assert.h>
#include <string.h>

enum {
    MOST_EXPECTED = 20, /* words listed in a message; more are no help */
};

typedef struct expected {
    char text[320];
    size_t used;
    uint32_t count;
    const char *last; /* not written yet: "or" may have to stand before it */
} expected;

static void write_expected(expected *e, const char *before, const char *word)
{
    const size_t before_size = strlen(before), size = strlen(word);

    if (e->used + before_size + size < sizeof e->text) {
        memcpy(e->text + e->used, before, before_size);
        memcpy(e->text + e->used + before_size, word, size + 1);
        e->used += before_size + size;
    }
}

static void expect(expected *e, const char *word)
{
    if (e->last) {
        write_expected(e, e->count > 1 ? ", " : "", e->last);
    }
    e->last = word;
    e->count++;
}

static void expect_if(expected *e, const void *parser, int kind, const char *word)
{
    if (mu_grammar_accepts(parser, kind, true)) {
        expect(e, word);
    }
}

/* The word for a keyword, with the one that always follows it. */
static const char *keyword_phrase(int kind, const char *word)
{
    return kind == MU_TOKEN_GROUP ? "GROUP BY" : kind == MU_TOKEN_ORDER ? "ORDER BY" : word;
}

/* Words that begin an expression, or go on with one, are summed up. */
static bool begins_expression(int kind)
{
    static const int kinds[] = {MU_TOKEN_CASE, MU_TOKEN_CAST,   MU_TOKEN_TRY_CAST,
                                MU_TOKEN_NOT,  MU_TOKEN_EXISTS, MU_TOKEN_EXTRACT,
                                MU_TOKEN_NULL, MU_TOKEN_FALSE,  MU_TOKEN_TRUE,
                                MU_TOKEN_LEFT, MU_TOKEN_RIGHT};

    for (size_t i = 0; i < MU_COUNT(kinds); i++) {
        if (kinds[i] == kind) {
            return true;
        }
    }
    return false;
}

static bool joins_expressions(int kind)
{
    static const int kinds[] = {MU_TOKEN_AND,   MU_TOKEN_OR, MU_TOKEN_NOT,  MU_TOKEN_IS,
                                MU_TOKEN_ILIKE, MU_TOKEN_IN, MU_TOKEN_LIKE, MU_TOKEN_BETWEEN};

    for (size_t i = 0; i < MU_COUNT(kinds); i++) {
        if (kinds[i] == kind) {
            return true;
        }
    }
    return false;
}

/* What may stand before JOIN, which sums it up. */
static bool precedes_join(int kind)
{
    static const int kinds[] = {MU_TOKEN_ANTI, MU_TOKEN_CROSS,   MU_TOKEN_FULL,  MU_TOKEN_INNER,
                                MU_TOKEN_LEFT, MU_TOKEN_NATURAL, MU_TOKEN_RIGHT, MU_TOKEN_SEMI};

    for (size_t i = 0; i < MU_COUNT(kinds); i++) {
        if (kinds[i] == kind) {
            return true;
        }
    }
    return false;
}

/* Words that are known only to say why they are not possible. */
static bool only_refused(int kind)
{
    static const int kinds[] = {MU_TOKEN_LATERAL, MU_TOKEN_PIVOT, MU_TOKEN_TEMP, MU_TOKEN_TEMPORARY,
                                MU_TOKEN_UNPIVOT};

    for (size_t i = 0; i < MU_COUNT(kinds); i++) {
        if (kinds[i] == kind) {
            return true;
        }
    }
    return false;
}

/* "a name, FROM or the end of the statement". */
static void list_expected(const void *parser, expected *e)
{
    static const struct {
        const char *word;
        int kind;
        bool begins_expression, joins_expressions; /* summed up */
    } signs[] = {
        {"\"*\"", MU_TOKEN_STAR, false, true},   {"\"(\"", MU_TOKEN_LP, true, true},
        {"\")\"", MU_TOKEN_RP, false, false},    {"\"[\"", MU_TOKEN_LB, true, false},
        {"\"]\"", MU_TOKEN_RB, false, false},    {"\".\"", MU_TOKEN_DOT, false, true},
        {"\",\"", MU_TOKEN_COMMA, false, false}, {"\"=>\"", MU_TOKEN_ARROW, false, false},
        {"\"=\"", MU_TOKEN_EQ, false, true},     {"\"::\"", MU_TOKEN_COLONS, false, true},
    };
    const bool value = mu_grammar_accepts(parser, MU_TOKEN_CASE, true);
    const bool between = mu_grammar_accepts(parser, MU_TOKEN_CONCAT, true);
    const bool join = mu_grammar_accepts(parser, MU_TOKEN_JOIN, true);
    const char *word;
    int kind = 0;

    if (value) {
        expect(e, "an expression");
    } else {
        expect_if(e, parser, MU_TOKEN_ID, "a name");
        expect_if(e, parser, MU_TOKEN_STRING, "a text between single quotes");
        expect_if(e, parser, MU_TOKEN_INTEGER, "a number");
    }
    if (between) {
        expect(e, "an operator");
    }
    for (size_t i = 0; i < MU_COUNT(signs); i++) {
        if (!(value && signs[i].begins_expression) && !(between && signs[i].joins_expressions)) {
            expect_if(e, parser, signs[i].kind, signs[i].word);
        }
    }
    for (uint32_t i = 0; (word = mu_keyword(i, &kind)) != NULL; i++) {
        if (!(value && begins_expression(kind)) && !(between && joins_expressions(kind)) &&
            !(join && precedes_join(kind)) && !only_refused(kind)) {
            expect_if(e, parser, kind, keyword_phrase(kind, word));
        }
    }
    expect_if(e, parser, 0, "the end of the statement");
    if (e->last) {
        write_expected(e, e->count > 1 ? " or " : "", e->last);
    }
}

/* The keyword expected here that the word is a slip of. */
static mu_nearest near_keyword(const void *parser, const char *text, mu_token word)
{
    mu_nearest nearest = mu_nearest_of((mu_text){text + word.offset, word.size});
    const char *keyword;
    int kind = 0;

    /* A keyword is no slip of another, and two letters are near to anything. */
    for (uint32_t i = 0; word.kind == MU_TOKEN_ID && word.size > 2; i++) {
        keyword = mu_keyword(i, &kind);
        if (!keyword) {
            break;
        }
        if (mu_grammar_accepts(parser, kind, true)) {
            mu_nearest_try(&nearest, (mu_text){keyword, (uint32_t)strlen(keyword)});
        }
    }
    return nearest;
}

static muster_status fail_token(const void *parser, const char *text, mu_token before,
                                mu_token token, muster_error *err)
{
    enum {
        MOST_SHOWN = 60
    }; /* bytes of a long text or name */
    const int shown = token.size > MOST_SHOWN ? MOST_SHOWN : (int)token.size;
    mu_nearest meant = near_keyword(parser, text, token);
    mu_token slip = token;
    expected e = {0};

    if (!meant.found && before.kind == MU_TOKEN_ID) {
        meant = near_keyword(parser, text, before);
        slip = before;
    }
    if (meant.found) {
        return mu_fail_at(err, MUSTER_SYNTAX, slip.offset,
                          "unexpected \"%.*s\"; did you mean %.*s?", (int)slip.size,
                          text + slip.offset, (int)meant.best.size, meant.best.data);
    }
    list_expected(parser, &e);
    if (e.count == 0 || e.count > MOST_EXPECTED) {
        memcpy(e.text, "something else", sizeof "something else");
    }
    if (token.kind == 0) {
        return mu_fail_at(err, MUSTER_SYNTAX, token.offset,
                          "the statement ends too early; expected %s", e.text);
    }
    if (token.kind == MU_TOKEN_STRING || token.kind == MU_TOKEN_QUOTED) {
        return mu_fail_at(err, MUSTER_SYNTAX, token.offset, "unexpected %.*s; expected %s", shown,
                          text + token.offset, e.text);
    }
    return mu_fail_at(err, MUSTER_SYNTAX, token.offset, "unexpected \"%.*s\"; expected %s", shown,
                      text + token.offset, e.text);
}

/* Where the statement after the one that could not be read begins. */
static const char *skip_statement(mu_lexer *lexer, mu_token token)
{
    while (token.kind != MU_TOKEN_SEMICOLON && lexer->text[lexer->offset] != '\0') {
        if (mu_lexer_next(lexer, &token, NULL) != MUSTER_OK) {
            token.kind = MU_TOKEN_ID; /* what cannot be read is passed over as well */
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
    mu_token before = {0};
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
            return fail_token(parser, lexer->text, before, fed, err);
        }
        mu_grammar(parser, fed.kind, fed);
        MU_TRY(b->status);
        if (fed.kind == 0) {
            return MUSTER_OK;
        }
        b->end = fed.offset + (int32_t)fed.size;
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
