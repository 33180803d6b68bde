/*
 * lexer.re - SQL text cut into tokens, by re2c.
 *
 * The text is UTF-8 and ends in NUL. A name is any run of letters, digits and '_' that does not
 * begin with a digit, where everything beyond ASCII counts as a letter, but for the punctuation
 * and blanks of other scripts: a full-width comma is a slip of the keyboard and gets an error
 * that says so. Which names are keywords is looked up in a table, which also words the errors.
 */
#include "sql/lexer.h"

#include "query/expr.h"
#include "sql/grammar.h"

#include <stddef.h>
#include <string.h>

#define KEYWORDS(X) \
    X(ADD) X(ALL) X(ALTER) X(ANALYZE) X(AND) X(ANTI) X(ANY) X(AS) X(ASC) X(AUDIENCE) \
    X(AUDIENCES) X(BACKUP) X(BEGIN) X(BETWEEN) X(BOTH) X(BY) X(CASE) X(CAST) X(CHECKPOINT) \
    X(COLUMN) X(COMMIT) X(COMPACT) X(CONFLICT) X(COPY) X(CREATE) X(CROSS) X(CURRENT) \
    X(CUSTOMER) X(DEFAULT) X(DELETE) X(DESC) X(DESCRIBE) X(DISTINCT) X(DO) X(DROP) X(ELSE) \
    X(END) X(ESCAPE) X(EVENT) X(EXCEPT) X(EXCLUDE) X(EXISTS) X(EXPLAIN) X(EXTRACT) X(FALSE) \
    X(FETCH) X(FILTER) X(FIRST) X(FOLLOWING) X(FOR) X(FROM) X(FULL) X(GROUP) X(GROUPS) \
    X(HAVING) X(IF) X(IGNORE) X(ILIKE) X(IN) X(INDEXED) X(INNER) X(INSERT) X(INTERSECT) X(INTO) \
    X(IS) X(JOIN) X(KEY) X(LAST) X(LATERAL) X(LEADING) X(LEFT) X(LIKE) X(LIMIT) X(NATURAL) \
    X(NEXT) X(NO) X(NOT) X(NOTHING) X(NULL) X(NULLS) X(OFFSET) X(ON) X(ONLY) X(OR) X(ORDER) \
    X(OTHERS) X(OUTER) X(OVER) X(PARTITION) X(PIVOT) X(PLACING) X(PRECEDING) X(PRECISION) \
    X(PRIMARY) X(QUALIFY) X(RANGE) X(RECURSIVE) X(REFRESH) X(RENAME) X(REPLACE) X(RESET) \
    X(RESPECT) X(RIGHT) X(ROLLBACK) X(ROW) X(ROWS) X(SELECT) X(SEMI) X(SET) X(SHOW) X(SOME) \
    X(STDIN) X(STDOUT) X(SUMMARIZE) X(TABLE) X(TABLES) X(TAG) X(TAGS) X(TEMP) X(TEMPORARY) \
    X(THEN) X(TIES) X(TIME) X(TO) X(TRAILING) X(TRUE) X(TRUNCATE) X(TRY_CAST) X(UNBOUNDED) \
    X(UNION) X(UNKNOWN) X(UNPIVOT) X(UPDATE) X(USING) X(VALUES) X(VARYING) X(VERSION) X(VIEW) \
    X(WHEN) X(WHERE) X(WINDOW) X(WITH) X(WITHIN) X(WITHOUT)

#define KEYWORD_ENTRY(word) {#word, MU_TOKEN_##word},

/* Sorted, so that a word is found by halving. */
static const struct {
    const char *word;
    int kind;
} keywords[] = {KEYWORDS(KEYWORD_ENTRY)};

/* Less than, equal to or greater than 0, as the word stands to the keyword, case aside. */
static int compare_word(const char *text, size_t size, const char *keyword)
{
    for (size_t i = 0; i < size; i++) {
        const char upper = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 32) : text[i];
        if (upper != keyword[i]) {
            return (unsigned char)upper < (unsigned char)keyword[i] ? -1 : 1;
        }
    }
    return keyword[size] == '\0' ? 0 : -1;
}

static int word_kind(const char *text, size_t size)
{
    size_t low = 0, high = MU_COUNT(keywords);

    while (low < high) {
        const size_t middle = (low + high) / 2;
        const int order = compare_word(text, size, keywords[middle].word);
        if (order == 0) {
            return keywords[middle].kind;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    mu_unit unit;
    return mu_unit_parse((mu_text){text, (uint32_t)size}, &unit) ? MU_TOKEN_UNIT : MU_TOKEN_ID;
}

/* The names of types of times are names like others, so that a column may be called "date", but for
 * where a literal follows: DATE '2024-05-01', INTERVAL 7 DAYS, INTERVAL ? DAYS. */
static bool begins_literal(const char *text, size_t size)
{
    static const char *const words[] = {"DATE", "TIMESTAMP", "TIMESTAMPTZ", "DATETIME"};
    const bool interval = compare_word(text, size, "INTERVAL") == 0;
    const char *after = text + size;
    bool found = interval;

    for (size_t i = 0; i < MU_COUNT(words) && !found; i++) {
        found = compare_word(text, size, words[i]) == 0;
    }
    if (!found) {
        return false;
    }
    after += strspn(after, " \t\r\n\f");
    return *after == '\'' || (interval && ((*after >= '0' && *after <= '9') || *after == '?' ||
                                          *after == '$' || (*after == ':' && after[1] != ':')));
}

const char *mu_keyword(uint32_t index, int *kind)
{
    if (index >= MU_COUNT(keywords)) {
        return NULL;
    }
    *kind = keywords[index].kind;
    return keywords[index].word;
}

/* The ASCII sign that was meant by a full-width or curly one; NULL if there is none. */
static const char *plain_sign(const char *at, size_t size)
{
    static const char *const pairs[][2] = {
        {"，", ","}, {"、", ","}, {"；", ";"}, {"（", "("}, {"）", ")"}, {"＝", "="}, {"＞", ">"},
        {"＜", "<"}, {"。", "."}, {"‘", "'"}, {"’", "'"}, {"“", "\""}, {"”", "\""}, {"＂", "\""},
        {"＇", "'"}, {"＊", "*"}, {"＋", "+"}, {"－", "-"}, {"／", "/"}, {"［", "["}, {"］", "]"},
        {"【", "["}, {"】", "]"},
        {"≥", ">="}, {"≤", "<="}, {"≠", "<>"}, {"–", "-"}, {"—", "-"}, {"−", "-"}, {"×", "*"},
        {"÷", "/"},
    };

    for (size_t i = 0; i < MU_COUNT(pairs); i++) {
        if (strlen(pairs[i][0]) == size && memcmp(pairs[i][0], at, size) == 0) {
            return pairs[i][1];
        }
    }
    return NULL;
}

/* Signs of other languages. */
static const struct {
    char sign;
    const char *advice;
} strange[] = {
    {'`', "a name stands between double quotes"},
    {'#', "a comment begins with --"},
    {'!', "write NOT"},
    {'@', "parameters are written ?, $1 or :name"},
    {'$', "parameters are written ?, $1 or :name"},
    {'\\', "DESCRIBE t describes a table; commands of the shell begin with a dot: .help"},
    {'{', "values have no parts: a column holds a number, a text or a time"},
};

static muster_status fail_character(const char *text, int32_t from, int32_t to, muster_error *err)
{
    const char *plain = plain_sign(text + from, (size_t)(to - from));

    if (plain) {
        return mu_fail_at(err, MUSTER_SYNTAX, from, "unexpected character \"%.*s\"; write %s",
                          to - from, text + from, plain);
    }
    for (size_t i = 0; i < MU_COUNT(strange); i++) {
        if (strange[i].sign == text[from]) {
            return mu_fail_at(err, MUSTER_SYNTAX, from, "unexpected character \"%c\"; %s",
                              text[from], strange[i].advice);
        }
    }
    if ((unsigned char)text[from] < 0x20 || text[from] == 0x7f) {
        return mu_fail_at(err, MUSTER_SYNTAX, from, "unexpected character 0x%02x",
                          (unsigned)(unsigned char)text[from]);
    }
    return mu_fail_at(err, MUSTER_SYNTAX, from, "unexpected character \"%.*s\"", to - from,
                      text + from);
}

/* Ends a token, or the reading of what is none, at `to`. */
static muster_status take(mu_lexer *lexer, int kind, int32_t from, const unsigned char *to,
                          mu_token *token, muster_error *err)
{
    const ptrdiff_t end = to - (const unsigned char *)lexer->text;

    if (end > INT32_MAX) {
        return mu_fail(err, MUSTER_SYNTAX, "a statement is longer than %d bytes", INT32_MAX);
    }
    lexer->offset = (int32_t)end;
    *token = (mu_token){kind, from, (uint32_t)(lexer->offset - from)};
    return MUSTER_OK;
}

#define TAKE(kind) return take(lexer, (kind), from, cursor, token, err)
#define REFUSE(at, ...)                                                      \
    do {                                                                     \
        MU_TRY(take(lexer, 0, from, cursor, token, err));                    \
        return mu_fail_at(err, MUSTER_SYNTAX, (at), __VA_ARGS__);            \
    } while (0)
#define PLACE(pointer) ((int32_t)((pointer) - (const unsigned char *)lexer->text))

/* The rest of a text or a name, whose opening quote, or the E before it, stands at `from`. */
static muster_status finish_quoted(mu_lexer *lexer, int32_t from, mu_token *token,
                                   muster_error *err)
{
    const bool name = lexer->text[from] == '"';
    const bool escaped = !name && lexer->text[from] != '\'';
    const unsigned char *cursor = (const unsigned char *)lexer->text + from + 1 + escaped;
    const unsigned char *marker = NULL;
    const unsigned char *start;

again:
    start = cursor;
    /*!re2c
    re2c:define:YYCTYPE = "unsigned char";
    re2c:define:YYCURSOR = cursor;
    re2c:define:YYMARKER = marker;
    re2c:yyfill:enable = 0;
    re2c:encoding:utf8 = 1;
    re2c:encoding-policy = fail;

    end = [\x00];
    any = [^\x00];

    [']['] { if (name) { cursor = start + 1; } goto again; }
    ["]["] { if (!name) { cursor = start + 1; } goto again; }
    ['] { if (name) { goto again; } TAKE(MU_TOKEN_STRING); }
    ["] {
        if (!name) {
            goto again;
        }
        if (PLACE(cursor) - from == 2) {
            REFUSE(from, "a name is empty; text stands between single quotes: ''");
        }
        TAKE(MU_TOKEN_QUOTED);
    }
    "\\" any { if (!escaped) { cursor = start + 1; } goto again; }
    end { cursor = start; REFUSE(from, "the quote %c is never closed", name ? '"' : '\''); }
    any { goto again; }
    * { cursor = start + 1; REFUSE(PLACE(start), "the text is not UTF-8: byte 0x%02x", *start); }
    */
}

muster_status mu_lexer_next(mu_lexer *lexer, mu_token *token, muster_error *err)
{
    const unsigned char *cursor = (const unsigned char *)lexer->text + lexer->offset;
    const unsigned char *start, *marker = NULL;
    int32_t from;

again:
    start = cursor;
    from = PLACE(start);
    /*!re2c
    blank = [ \t\r\n\f\u00a0\u3000\ufeff];
    digit = [0-9];
    wide_sign = [\u0080-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7] |
        [\u2000-\u206f\u2190-\u22ff] |
        [\u3000-\u3004\u3008-\u3020\u3030\ufe30-\ufe4f\ufeff\uff00-\uff0f\uff1a-\uff20] |
        [\uff3b-\uff40\uff5b-\uff65];
    letter = [a-zA-Z_] | ([^\x00-\x7f] \ wide_sign);
    name = letter (letter | digit | "$")*;
    integer = digit+;
    decimal = digit+ "." digit* | "." digit+;
    double = (integer | decimal) [eE] [+-]? digit+;

    end { cursor = start; TAKE(0); }
    blank+ { goto again; }
    "--" [^\x00\n]* { goto again; }
    "/" "*" { goto comment; }

    /* Not keywords, so that a column may be called "at" or "zone". */
    'time' blank+ 'zone' { TAKE(MU_TOKEN_TIME_ZONE); }
    'at' blank+ 'time' blank+ 'zone' { TAKE(MU_TOKEN_AT_TIME_ZONE); }

    name {
        const size_t size = (size_t)(cursor - start);
        const bool literal = begins_literal((const char *)start, size);
        TAKE(literal ? MU_TOKEN_TYPED : word_kind((const char *)start, size));
    }
    ['"] { return finish_quoted(lexer, from, token, err); }
    [eE] ['] { return finish_quoted(lexer, from, token, err); }

    "?" | "$" digit+ | [:$] name { TAKE(MU_TOKEN_PARAMETER); }
    integer { TAKE(MU_TOKEN_INTEGER); }
    decimal { TAKE(MU_TOKEN_DECIMAL); }
    double { TAKE(MU_TOKEN_DOUBLE); }
    (integer | decimal | double) name {
        REFUSE(from, "\"%.*s\" is neither a number nor a name; a name that begins with a digit "
               "stands between double quotes", (int)(cursor - start), (const char *)start);
    }

    "(" { TAKE(MU_TOKEN_LP); }
    ")" { TAKE(MU_TOKEN_RP); }
    "[" { TAKE(MU_TOKEN_LB); }
    "]" { TAKE(MU_TOKEN_RB); }
    "," { TAKE(MU_TOKEN_COMMA); }
    "." { TAKE(MU_TOKEN_DOT); }
    ";" { TAKE(MU_TOKEN_SEMICOLON); }
    "+" { TAKE(MU_TOKEN_PLUS); }
    "-" { TAKE(MU_TOKEN_MINUS); }
    "*" { TAKE(MU_TOKEN_STAR); }
    "/" { TAKE(MU_TOKEN_SLASH); }
    "%" { TAKE(MU_TOKEN_PERCENT); }
    "||" { TAKE(MU_TOKEN_CONCAT); }
    "=" | "==" { TAKE(MU_TOKEN_EQ); }
    "<>" | "!=" { TAKE(MU_TOKEN_NE); }
    "<" { TAKE(MU_TOKEN_LT); }
    "<=" { TAKE(MU_TOKEN_LE); }
    ">" { TAKE(MU_TOKEN_GT); }
    ">=" { TAKE(MU_TOKEN_GE); }
    "&" { TAKE(MU_TOKEN_AMPERSAND); }
    "|" { TAKE(MU_TOKEN_BAR); }
    "^" { TAKE(MU_TOKEN_CARET); }
    "<<" { TAKE(MU_TOKEN_SHIFT_LEFT); }
    ">>" { TAKE(MU_TOKEN_SHIFT_RIGHT); }
    "~" { TAKE(MU_TOKEN_TILDE); }
    "!~" { TAKE(MU_TOKEN_NOT_TILDE); }
    "~*" { TAKE(MU_TOKEN_TILDE_STAR); }
    "!~*" { TAKE(MU_TOKEN_NOT_TILDE_STAR); }
    "::" { TAKE(MU_TOKEN_COLONS); }
    "=>" { TAKE(MU_TOKEN_ARROW); }

    any {
        MU_TRY(take(lexer, 0, from, cursor, token, err));
        return fail_character(lexer->text, from, lexer->offset, err);
    }
    * { cursor = start + 1; REFUSE(from, "the text is not UTF-8: byte 0x%02x", *start); }
    */

    /* Between the signs of a comment any byte may stand, UTF-8 or not. Comments do not nest. */
comment:
    for (; *cursor != '\0'; cursor++) {
        if (cursor[0] == '*' && cursor[1] == '/') {
            cursor += 2;
            goto again;
        }
    }
    REFUSE(from, "the comment is never closed");
}
