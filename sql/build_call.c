/*
 * build_call.c - calls as standard SQL writes some of them, with words between the arguments, and
 * texts with escapes: E'a\tb'.
 */
#include "sql/build.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

mu_ast_name mu_build_two_words(mu_build *b, mu_ast_name type, const char *first, const char *rest)
{
    const bool varchar = strcmp(first, "CHARACTER") == 0 && type.text &&
                         (strcasecmp(type.text, "char") == 0 || strcasecmp(type.text, first) == 0);

    if (type.text && !varchar && strcasecmp(type.text, first) != 0 && b->status == MUSTER_OK) {
        b->status =
            mu_fail_at(b->err, MUSTER_SYNTAX, type.offset, "no type \"%s %s\"; did you mean %s %s?",
                       type.text, rest, first, rest);
    }
    return varchar ? (mu_ast_name){"varchar", type.offset} : type;
}

mu_ast_expr *mu_build_ordered(mu_build *b, mu_ast_expr *call, mu_ast_orders orders, bool within)
{
    if (!call) {
        return NULL;
    }
    call->orders = orders;
    call->within = within;
    for (uint32_t i = 0; i < orders.count; i++) {
        const mu_ast_expr *key = orders.data[i].expr;
        mu_build_deepen(b, call, key ? key->depth : 0);
    }
    return call;
}

mu_ast_expr *mu_build_number(mu_build *b, mu_token at, const char *digits)
{
    mu_ast_expr *node = mu_build_node(b, MU_AST_INTEGER, at.offset, at.offset);

    if (node) {
        node->text = digits;
    }
    return node;
}

mu_ast_name mu_build_side(mu_build *b, mu_ast_name name, const char *side)
{
    if (name.text && strcasecmp(name.text, "trim") != 0 && b->status == MUSTER_OK) {
        b->status =
            mu_fail_at(b->err, MUSTER_SYNTAX, name.offset,
                       "BOTH, LEADING and TRAILING belong to trim(), not to %s()", name.text);
    }
    return (mu_ast_name){side, name.offset};
}

/* Whether the name is one of those in the list, which have blanks between them. */
static bool is_one_of(const char *name, const char *list)
{
    const size_t size = strlen(name);

    for (const char *at = list; *at;) {
        const size_t length = strcspn(at, " ");
        if (length == size && strncasecmp(at, name, size) == 0) {
            return true;
        }
        at += length + (at[length] == ' ');
    }
    return false;
}

mu_ast_expr *mu_build_worded(mu_build *b, mu_ast_name name, const char *functions, mu_ast_expr *a,
                             mu_ast_expr *first, mu_ast_expr *second, mu_ast_expr *third)
{
    mu_ast_expr *const args[] = {a, first, second, third};
    const mu_ast_name none = {0};
    mu_ast_items operands = {0};

    if (!name.text || !a) {
        return NULL;
    }
    if (functions && !is_one_of(name.text, functions) && b->status == MUSTER_OK) {
        b->status = mu_fail_at(b->err, MUSTER_SYNTAX, name.offset,
                               "%s() takes its arguments with commas between them, not with words",
                               name.text);
        return NULL;
    }
    if (functions && first && strcasecmp(name.text, "trim") == 0) { /* TRIM(set FROM text) */
        operands = mu_build_add_item(b, operands, first, none);
        return mu_build_call(b, name, false, mu_build_add_item(b, operands, a, none), NULL);
    }
    for (size_t i = 0; i < sizeof args / sizeof args[0] && args[i]; i++) {
        operands = mu_build_add_item(b, operands, args[i], none);
    }
    return mu_build_call(b, name, false, operands, NULL);
}

/* Escapes. */

static size_t put_character(uint32_t code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    const size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    out[0] = (char)((0xf00u >> size & 0xf0u) | code);
    return size;
}

/* Up to `most` digits of base 8 or 16 from *at on. */
static uint32_t read_digits(const char **at, const char *end, unsigned base, unsigned most,
                            unsigned *count)
{
    uint32_t value = 0;

    for (*count = 0; *count < most && *at < end; (*at)++, (*count)++) {
        const char c = **at;
        const unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                               : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                               : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
                                                      : 99;
        if (digit >= base) {
            break;
        }
        value = value * base + digit;
    }
    return value;
}

/* One escape, *at behind its backslash; false if it is none. `out` has room for four bytes. */
static bool read_escape(const char **at, const char *end, char *out, size_t *size)
{
    static const char letters[] = "bfnrt", meant[] = "\b\f\n\r\t";
    const char letter = **at;
    const char *found = strchr(letters, letter);
    unsigned count, wanted = 0;
    uint32_t value;

    if (letter >= '0' && letter <= '7') { /* a byte, and so is \x */
        value = read_digits(at, end, 8, 3, &count);
        out[0] = (char)value;
        *size = 1;
        return value > 0 && value < 256;
    }
    (*at)++;
    *size = 1;
    out[0] = found ? meant[found - letters] : letter;
    if (letter == 'x') {
        value = read_digits(at, end, 16, 2, &count);
        out[0] = (char)value;
        return count > 0 && value > 0;
    }
    if (letter == 'u' || letter == 'U') {
        wanted = letter == 'u' ? 4 : 8;
        value = read_digits(at, end, 16, wanted, &count);
        if (count != wanted || value == 0 || value > 0x10ffff ||
            (value >= 0xd800 && value < 0xe000)) {
            return false;
        }
        *size = put_character(value, out);
    }
    return true;
}

const char *mu_build_escaped(mu_build *b, mu_token token)
{
    const char *at = b->text + token.offset + 2, *const end = at + token.size - 3;
    char *text = mu_arena_alloc(b->arena, token.size), *out = text;

    assert(token.size >= 3 && *end == '\'');
    if (!text && b->status == MUSTER_OK) {
        b->status = mu_fail_memory(b->err, "reading a statement");
    }
    while (text && at < end) {
        const char *start = at;
        size_t size = 1;
        if (*at == '\\') {
            at++;
            if (!read_escape(&at, end, out, &size) && b->status == MUSTER_OK) {
                b->status =
                    mu_fail_at(b->err, MUSTER_SYNTAX, (int32_t)(start - b->text),
                               "no escape is written like this; there are \\n, \\t, \\r, "
                               "\\b, \\f, \\\\, \\', \\x41, \\101, \\u00e9 and \\U0001f600");
            }
        } else {
            at += *at == '\'' ? 2 : 1; /* a doubled quote stands for one */
            *out = *start;
        }
        out += size;
    }
    if (text) {
        *out = '\0';
    }
    return text;
}
