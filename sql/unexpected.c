/*
 * unexpected.c - what is said of a word that the parser does not take.
 *
 * The parser's state is still that of the word before it, and asking about every other token gives
 * what was expected there: that list is never out of date. It comes last: where the word is a slip
 * of one that would do, or the slip is one that people make, the message says what to write.
 */
#include "sql/unexpected.h"

#include "query/foreign.h"
#include "query/nearest.h"
#include "sql/grammar.h"
#include "sql/grammar_use.h"
#include "storage/base/limits.h"

#include <stdio.h>
#include <string.h>

enum {
    MOST_EXPECTED = 64, /* words that can be collected */
    MOST_LISTED = 12,   /* words listed in a message; more are no help */
    MANY_CLAUSES = 4,   /* are summed up */
    MOST_SHOWN = 60     /* bytes of a long text or name */
};

typedef struct expected {
    const char *words[MOST_EXPECTED];
    uint32_t count;
} expected;

static bool accepts(const mu_unexpected *u, int kind)
{
    return mu_grammar_accepts(u->parser, kind, true);
}

static bool is_one_of(int kind, const int *kinds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (kinds[i] == kind) {
            return true;
        }
    }
    return false;
}

/* Words that begin an expression, or go on with one, are summed up. */
static bool begins_expression(int kind)
{
    static const int kinds[] = {MU_TOKEN_CASE, MU_TOKEN_CAST,   MU_TOKEN_TRY_CAST,
                                MU_TOKEN_NOT,  MU_TOKEN_EXISTS, MU_TOKEN_EXTRACT,
                                MU_TOKEN_NULL, MU_TOKEN_FALSE,  MU_TOKEN_TRUE,
                                MU_TOKEN_LEFT, MU_TOKEN_RIGHT};

    return is_one_of(kind, kinds, MU_COUNT(kinds));
}

static bool joins_expressions(int kind)
{
    static const int kinds[] = {MU_TOKEN_AND,   MU_TOKEN_OR, MU_TOKEN_NOT,  MU_TOKEN_IS,
                                MU_TOKEN_ILIKE, MU_TOKEN_IN, MU_TOKEN_LIKE, MU_TOKEN_BETWEEN};

    return is_one_of(kind, kinds, MU_COUNT(kinds));
}

/* Words that are known only to say why they are not possible. */
static bool only_refused(int kind)
{
    static const int kinds[] = {MU_TOKEN_LATERAL, MU_TOKEN_PIVOT, MU_TOKEN_TEMP, MU_TOKEN_TEMPORARY,
                                MU_TOKEN_UNPIVOT};

    return is_one_of(kind, kinds, MU_COUNT(kinds));
}

/* What may stand before JOIN, which sums it up. */
static bool precedes_join(int kind)
{
    static const int kinds[] = {MU_TOKEN_ANTI, MU_TOKEN_CROSS,   MU_TOKEN_FULL,  MU_TOKEN_INNER,
                                MU_TOKEN_LEFT, MU_TOKEN_NATURAL, MU_TOKEN_RIGHT, MU_TOKEN_SEMI};

    return is_one_of(kind, kinds, MU_COUNT(kinds));
}

/* What begins a clause of a query, those first that are said where there are many. */
static const struct {
    int kind;
    const char *word;
} clauses[] = {
    {MU_TOKEN_FROM, "FROM"},           {MU_TOKEN_WHERE, "WHERE"},   {MU_TOKEN_GROUP, "GROUP BY"},
    {MU_TOKEN_ORDER, "ORDER BY"},      {MU_TOKEN_LIMIT, "LIMIT"},   {MU_TOKEN_HAVING, "HAVING"},
    {MU_TOKEN_JOIN, "JOIN"},           {MU_TOKEN_UNION, "UNION"},   {MU_TOKEN_EXCEPT, "EXCEPT"},
    {MU_TOKEN_INTERSECT, "INTERSECT"}, {MU_TOKEN_WINDOW, "WINDOW"}, {MU_TOKEN_QUALIFY, "QUALIFY"},
    {MU_TOKEN_OFFSET, "OFFSET"},       {MU_TOKEN_FETCH, "FETCH"},
};

static bool begins_clause(int kind)
{
    for (size_t i = 0; i < MU_COUNT(clauses); i++) {
        if (clauses[i].kind == kind) {
            return true;
        }
    }
    return false;
}

static void expect(expected *e, const char *word)
{
    if (e->count < MOST_EXPECTED) {
        e->words[e->count++] = word;
    }
}

static void expect_if(expected *e, const mu_unexpected *u, int kind, const char *word)
{
    if (accepts(u, kind)) {
        expect(e, word);
    }
}

static uint32_t count_clauses(const mu_unexpected *u)
{
    uint32_t count = 0;

    for (size_t i = 0; i < MU_COUNT(clauses); i++) {
        count += accepts(u, clauses[i].kind);
    }
    return count;
}

/* Some clauses stand for many. */
static void expect_clauses(expected *e, const mu_unexpected *u)
{
    enum {
        LISTED = 3
    };
    uint32_t listed = 0;

    for (size_t i = 0; i < MU_COUNT(clauses) && listed < LISTED; i++) {
        if (accepts(u, clauses[i].kind)) {
            expect(e, clauses[i].word);
            listed++;
        }
    }
    expect(e, "another clause");
}

/* The word for a keyword, with the one that always follows it. */
static const char *keyword_phrase(int kind, const char *word)
{
    return kind == MU_TOKEN_GROUP ? "GROUP BY" : kind == MU_TOKEN_ORDER ? "ORDER BY" : word;
}

static void expect_signs(expected *e, const mu_unexpected *u, bool value, bool between)
{
    static const struct {
        const char *word;
        int kind;
        bool begins_expression, joins_expressions; /* summed up */
    } signs[] = {
        {"\"*\"", MU_TOKEN_STAR, false, true},
        {"\"(\"", MU_TOKEN_LP, true, true},
        {"\")\"", MU_TOKEN_RP, false, false},
        {"\"[\"", MU_TOKEN_LB, true, false},
        {"\"]\"", MU_TOKEN_RB, false, false},
        {"\".\"", MU_TOKEN_DOT, false, true},
        {"\",\"", MU_TOKEN_COMMA, false, false},
        {"\"=>\"", MU_TOKEN_ARROW, false, false},
        {"TIME ZONE", MU_TOKEN_TIME_ZONE, false, false},
        {"\"=\"", MU_TOKEN_EQ, false, true},
        {"\"::\"", MU_TOKEN_COLONS, false, true},
    };

    for (size_t i = 0; i < MU_COUNT(signs); i++) {
        if (!(value && signs[i].begins_expression) && !(between && signs[i].joins_expressions)) {
            expect_if(e, u, signs[i].kind, signs[i].word);
        }
    }
}

static void collect_expected(expected *e, const mu_unexpected *u)
{
    const bool value = accepts(u, MU_TOKEN_CASE), between = accepts(u, MU_TOKEN_CONCAT);
    const bool join = accepts(u, MU_TOKEN_JOIN), many = count_clauses(u) > MANY_CLAUSES;
    const char *word;
    int kind = 0;

    if (value) {
        expect(e, "an expression");
    } else {
        expect_if(e, u, MU_TOKEN_ID, "a name");
        expect_if(e, u, MU_TOKEN_STRING, "a text between single quotes");
        expect_if(e, u, MU_TOKEN_INTEGER, "a number");
    }
    if (between) {
        expect(e, "an operator");
    }
    expect_signs(e, u, value, between);
    for (uint32_t i = 0; (word = mu_keyword(i, &kind)) != NULL; i++) {
        if (!(value && begins_expression(kind)) && !(between && joins_expressions(kind)) &&
            !(join && precedes_join(kind)) && !only_refused(kind) &&
            !(many && begins_clause(kind))) {
            expect_if(e, u, kind, keyword_phrase(kind, word));
        }
    }
    if (many) {
        expect_clauses(e, u);
    }
    expect_if(e, u, 0, "the end of the statement");
    if (between && e->count == 1) {
        expect(e, "AND"); /* only what BETWEEN has to have can be missing */
    }
}

/* "a name, FROM or the end of the statement". */
static void list_expected(const mu_unexpected *u, char *buffer, size_t size)
{
    expected e = {0};
    size_t used = 0;

    collect_expected(&e, u);
    const bool many = e.count > MOST_LISTED;
    const uint32_t listed = many ? MOST_LISTED : e.count;
    for (uint32_t i = 0; i < listed && used < size; i++) {
        const char *between = i == 0 ? "" : i + 1 == e.count ? " or " : ", ";
        used += (size_t)snprintf(buffer + used, size - used, "%s%s", between, e.words[i]);
    }
    if (many && used < size) {
        (void)snprintf(buffer + used, size - used, ", among others");
    }
}

/* The keyword expected here that the word is a slip of. */
static mu_nearest near_keyword(const mu_unexpected *u, mu_token word)
{
    mu_nearest nearest = mu_nearest_of((mu_text){u->lexer->text + word.offset, word.size});
    const char *keyword;
    int kind = 0;

    /* A keyword is no slip of another, and two letters are near to anything. */
    for (uint32_t i = 0; word.kind == MU_TOKEN_ID && word.size > 2; i++) {
        keyword = mu_keyword(i, &kind);
        if (!keyword) {
            break;
        }
        if (accepts(u, kind)) {
            mu_nearest_try(&nearest, (mu_text){keyword, (uint32_t)strlen(keyword)});
        }
    }
    return nearest;
}

/* What follows the token. */
static mu_token next_token(const mu_unexpected *u)
{
    mu_lexer lexer = *u->lexer;
    mu_token next = {0};

    if (u->token.kind != 0 && mu_lexer_next(&lexer, &next, NULL) != MUSTER_OK) {
        next.kind = MU_TOKEN_ID; /* whatever it is */
    }
    return next;
}

static bool adjacent(mu_token left, mu_token right)
{
    return left.size > 0 && left.offset + (int32_t)left.size == right.offset;
}

/* Signs as other languages have them. */
static const char *advise_sign(const mu_unexpected *u)
{
    const int kind = u->token.kind;

    if (kind == MU_TOKEN_ARROW) {
        return "at least is written >=";
    }
    if (kind == MU_TOKEN_LT && u->before.kind == MU_TOKEN_EQ) {
        return "at most is written <=";
    }
    if (kind == MU_TOKEN_GT && u->before.kind == MU_TOKEN_EQ) {
        return "at least is written >=";
    }
    if (kind == MU_TOKEN_AMPERSAND && u->before.kind == kind) {
        return "write AND";
    }
    if ((kind == MU_TOKEN_GT || kind == MU_TOKEN_SHIFT_RIGHT) && adjacent(u->before, u->token) &&
        u->before.kind == MU_TOKEN_MINUS) {
        return "values have no parts and there are no functions as values, so there is no ->";
    }
    if ((kind == MU_TOKEN_STRING || kind == MU_TOKEN_INTEGER) &&
        (u->before.kind == MU_TOKEN_IS || u->before.kind == MU_TOKEN_NOT)) {
        return u->before.kind == MU_TOKEN_IS ? "values are compared by ="
                                             : "values that differ are found by <>";
    }
    if (kind == MU_TOKEN_LB) {
        return "there are no lists as values, and a name stands between double quotes";
    }
    if (kind == MU_TOKEN_DOT && accepts(u, MU_TOKEN_JOIN)) {
        return "a table has no schema or database before its name";
    }
    if (kind == MU_TOKEN_LP && u->before.kind == MU_TOKEN_RP) {
        return accepts(u, MU_TOKEN_CONCAT)
                   ? "a call has one pair of parentheses, as in quantile(x, 0.5)"
                   : "a \",\" stands between rows";
    }
    if (kind == MU_TOKEN_LP && next_token(u).kind == MU_TOKEN_PLUS) {
        return "write LEFT JOIN ... ON";
    }
    if (kind == MU_TOKEN_RP && accepts(u, 0)) {
        return "there is no \"(\" that it could close";
    }
    return NULL;
}

/* Clauses in another order, more than once, or after a comma. */
static const char *advise_clause(const mu_unexpected *u)
{
    const int kind = u->token.kind;
    const bool ended =
        (accepts(u, 0) || accepts(u, MU_TOKEN_RP)) &&
        (accepts(u, MU_TOKEN_LIMIT) || accepts(u, MU_TOKEN_OFFSET) || accepts(u, MU_TOKEN_UNION));

    if (u->before.kind == MU_TOKEN_COMMA && (begins_clause(kind) || kind == MU_TOKEN_RP)) {
        return "leave out the \",\" before it";
    }
    if (kind == MU_TOKEN_COMMA && accepts(u, MU_TOKEN_OFFSET) && !accepts(u, MU_TOKEN_ORDER)) {
        return "LIMIT 10 OFFSET 5 leaves out 5 rows and gives the next 10";
    }
    if ((kind == MU_TOKEN_ON || kind == MU_TOKEN_USING) && accepts(u, MU_TOKEN_JOIN)) {
        return "ON and USING stand once behind a JOIN, and not behind a CROSS JOIN";
    }
    if (kind == MU_TOKEN_INSERT && u->before.kind == MU_TOKEN_RP && accepts(u, MU_TOKEN_SELECT)) {
        return "WITH stands behind it, as in INSERT INTO t WITH x AS (...) SELECT ... FROM x";
    }
    if ((kind == MU_TOKEN_IGNORE || kind == MU_TOKEN_RESPECT) && accepts(u, MU_TOKEN_RP)) {
        return "it stands behind the parentheses, as in lag(x) IGNORE NULLS OVER (ORDER BY y)";
    }
    if (kind == MU_TOKEN_USING && accepts(u, MU_TOKEN_WHERE)) {
        return "DELETE goes by a condition: WHERE EXISTS (SELECT 1 FROM other WHERE ...)";
    }
    if (kind == MU_TOKEN_ALTER && accepts(u, MU_TOKEN_RENAME)) {
        return "a column stays what it is; CREATE OR REPLACE TABLE t AS SELECT ... FROM t makes "
               "the table anew";
    }
    if (kind == MU_TOKEN_LP && u->earlier.kind == MU_TOKEN_COPY) {
        return "COPY (SELECT a, b FROM t) TO writes some columns, and COLUMNS (a, b) behind the "
               "file names those that are read";
    }
    if (kind == MU_TOKEN_SELECT && (accepts(u, MU_TOKEN_CASE) || accepts(u, MU_TOKEN_LP))) {
        return "a query within another stands between parentheses";
    }
    if (!ended) {
        return NULL;
    }
    if (kind == MU_TOKEN_UNION || kind == MU_TOKEN_EXCEPT || kind == MU_TOKEN_INTERSECT) {
        return "ORDER BY and LIMIT stand behind the last of the queries, or in parentheses with "
               "one of them";
    }
    if (begins_clause(kind) || kind == MU_TOKEN_SELECT) {
        return "the clauses of a query stand once each, in this order: SELECT, FROM, JOIN, WHERE, "
               "GROUP BY, HAVING, WINDOW, QUALIFY, ORDER BY, LIMIT";
    }
    return NULL;
}

/* A word of SQL where only a name is of use. */
static bool is_meant_as_name(const mu_unexpected *u)
{
    static const int not_names[] = {MU_TOKEN_END,  MU_TOKEN_WHEN, MU_TOKEN_THEN, MU_TOKEN_ELSE,
                                    MU_TOKEN_AND,  MU_TOKEN_OR,   MU_TOKEN_AS,   MU_TOKEN_ON,
                                    MU_TOKEN_FROM, MU_TOKEN_WHERE};
    static const int after_names[] = {
        0,           MU_TOKEN_COMMA, MU_TOKEN_FROM, MU_TOKEN_DOT, MU_TOKEN_RP,
        MU_TOKEN_EQ, MU_TOKEN_NE,    MU_TOKEN_LT,   MU_TOKEN_GT,  MU_TOKEN_LE,
        MU_TOKEN_GE, MU_TOKEN_AS,    MU_TOKEN_WHERE};
    const char first = u->lexer->text[u->token.offset];

    if (u->token.kind == 0 || !((first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z')) ||
        u->token.kind == MU_TOKEN_ID || u->token.kind == MU_TOKEN_STRING ||
        !accepts(u, MU_TOKEN_ID) || accepts(u, MU_TOKEN_COMMA) || accepts(u, 0)) {
        return false;
    }
    if (!accepts(u, MU_TOKEN_CASE) && !accepts(u, MU_TOKEN_LP)) {
        return true;
    }
    return !is_one_of(u->token.kind, not_names, MU_COUNT(not_names)) &&
           is_one_of(next_token(u).kind, after_names, MU_COUNT(after_names));
}

/* The word of another language, which may have been taken for a name; NULL if there is none. */
static const char *advise_foreign(const mu_unexpected *u, mu_token *slip)
{
    const mu_token next = u->token.kind == MU_TOKEN_ON ? next_token(u) : (mu_token){0};
    const mu_token words[] = {u->token, u->before, u->earlier, next};
    const char *advice = NULL;

    for (size_t i = 0; i < MU_COUNT(words) && !advice; i++) {
        if (i == 0 || words[i].kind == MU_TOKEN_ID) {
            advice = mu_foreign_advice(MU_FOREIGN_WORD,
                                       (mu_text){u->lexer->text + words[i].offset, words[i].size});
            *slip = advice ? words[i] : u->token;
        }
    }
    return advice;
}

static bool begins_apart(mu_token text, mu_token word)
{
    return text.kind == MU_TOKEN_STRING && word.kind == MU_TOKEN_ID && adjacent(text, word);
}

/* What to write instead; NULL where only the list of what was expected helps. */
static const char *advise(const mu_unexpected *u, mu_token *slip)
{
    const char *advice;

    if (begins_apart(u->before, u->token) || begins_apart(u->earlier, u->before)) {
        *slip = begins_apart(u->before, u->token) ? u->token : u->before;
        return "a quote within a text is written twice, as in 'it''s'";
    }
    if ((advice = advise_foreign(u, slip)) != NULL || (advice = advise_sign(u)) != NULL) {
        return advice;
    }
    if (u->earlier.kind == MU_TOKEN_EXCEPT && u->before.kind == MU_TOKEN_LP) {
        return "columns are left out by EXCLUDE, as in * EXCLUDE (a, b)";
    }
    if (u->token.kind == MU_TOKEN_STRING && accepts(u, MU_TOKEN_LP) && accepts(u, MU_TOKEN_ID) &&
        !accepts(u, MU_TOKEN_CASE) && !accepts(u, MU_TOKEN_AS)) {
        return mu_foreign_advice(MU_FOREIGN_FUNCTION, MU_TEXT_OF("read_csv"));
    }
    return advise_clause(u);
}

/* The keyword that was meant, and the word that is a slip of it. */
static bool find_slip(const mu_unexpected *u, mu_token *slip, mu_nearest *meant)
{
    *slip = u->token;
    *meant = near_keyword(u, *slip);
    if (!meant->found && u->before.kind == MU_TOKEN_ID && u->before.size > 3) {
        *slip = u->before;
        *meant = near_keyword(u, *slip);
    }
    return meant->found;
}

/* The list of what was expected; at the begin of a statement, of what is most in use. */
static void write_expected(const mu_unexpected *u, char *buffer, size_t size)
{
    if (accepts(u, MU_TOKEN_CREATE) && accepts(u, MU_TOKEN_SELECT)) {
        (void)snprintf(buffer, size, "%s",
                       "a statement begins with SELECT, FROM, WITH, INSERT, UPDATE, DELETE, "
                       "CREATE, ALTER, DROP, COPY, SHOW, DESCRIBE or EXPLAIN, among others");
        return;
    }
    const int written = snprintf(buffer, size, "expected ");
    list_expected(u, buffer + written, size - (size_t)written);
}

/* The token as it is shown, with the quotes that it does not have. */
static muster_status fail_with(const mu_unexpected *u, mu_token slip, const char *advice,
                               muster_error *err)
{
    const char *const word = u->lexer->text + slip.offset;
    const bool quoted = slip.kind == MU_TOKEN_STRING || slip.kind == MU_TOKEN_QUOTED;
    const bool cut = slip.size > MOST_SHOWN;
    const int shown = (int)(cut ? mu_whole_characters(word, MOST_SHOWN) : slip.size);

    return mu_fail_at(err, MUSTER_SYNTAX, slip.offset, "unexpected %s%.*s%s%s; %s",
                      quoted ? "" : "\"", shown, word, cut ? "…" : "", quoted ? "" : "\"", advice);
}

muster_status mu_unexpected_fail(const mu_unexpected *u, muster_error *err)
{
    const char *const text = u->lexer->text;
    mu_token slip = u->token;
    mu_nearest meant;
    char list[400];

    const char *advice = advise(u, &slip);
    if (advice && slip.size > 0) {
        return fail_with(u, slip, advice, err);
    }
    if (find_slip(u, &slip, &meant)) {
        return mu_fail_at(err, MUSTER_SYNTAX, slip.offset,
                          "unexpected \"%.*s\"; did you mean %.*s?", (int)slip.size,
                          text + slip.offset, (int)meant.best.size, meant.best.data);
    }
    if (is_meant_as_name(u)) {
        (void)snprintf(list, sizeof list,
                       "a word of SQL is a name only between double quotes: \"%.*s\"",
                       (int)u->token.size, text + u->token.offset);
        return fail_with(u, u->token, list, err);
    }
    write_expected(u, list, sizeof list);
    if (u->token.kind != 0) {
        return fail_with(u, u->token, list, err);
    }
    /* Right behind the last word, and not on a line below it. */
    const bool at_end = text[u->token.offset] == '\0';
    const int32_t end = u->before.offset + (int32_t)u->before.size;
    return mu_fail_at(err, MUSTER_SYNTAX, at_end ? end : u->token.offset,
                      "the statement ends too early; %s", list);
}
