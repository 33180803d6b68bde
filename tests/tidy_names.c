/*
 * tidy_names.c - the rules about words: prefixes of shared names, and how failures are worded.
 *
 * A declaration is looked at as text: what stands between two ends at the top level.
 */
#include "tests/tidy.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has_prefix(const source *file, const char *name)
{
    return starts(name, "mu_") || starts(name, "MU_") ||
           ((file->layer == PUBLIC || file->layer == SQL) &&
            (starts(name, "muster") || starts(name, "MUSTER_"))) ||
           (file->layer == PUBLIC && (starts(name, "Arrow") || starts(name, "ARROW_")));
}

static bool is_macro(const char *name)
{
    const size_t size = word_size(name);

    for (size_t i = 0; i < size; i++) {
        if (islower((unsigned char)name[i])) {
            return false;
        }
    }
    return true;
}

/* The word that ends at or before `end`. */
static const char *word_before(const char *start, const char *end)
{
    while (end > start && !is_word(end[-1])) {
        end--;
    }
    while (end > start && is_word(end[-1])) {
        end--;
    }
    return end;
}

/* The name that a declaration without body declares: before its arguments, or its last word. */
static const char *declared_name(const char *text)
{
    const char *attribute = strstr(text, "__attribute__");
    const char *open = strchr(text, '(');

    if (attribute && attribute <= text) {
        return "";
    }
    if (open && starts(open, "(*")) {
        return open + 2;
    }
    return word_before(text, open && open != attribute ? open : text + strcspn(text, "=[;"));
}

static void check_enum(const source *file, const char *open)
{
    bool expects_name = true;
    int depth = 0;

    for (const char *at = open + 1; *at && *at != '}';) {
        if (is_word(*at)) {
            if (expects_name && !has_prefix(file, at)) {
                report(file, file->text + (at - file->code), "%.*s: shared names begin with MU_",
                       (int)word_size(at), at);
            }
            expects_name = false;
            at += word_size(at);
            continue;
        }
        depth += (*at == '(') - (*at == ')');
        if (*at == '#') {
            at = line_end(at);
            continue;
        }
        expects_name |= *at == ',' && depth == 0;
        at++;
    }
}

/* `text` is a copy of what stands at `at`, up to a '{', or to the ';' that ends it. */
static void check_declaration(const source *file, const char *text, const char *at, char end)
{
    const char *in_file = file->text + (at - file->code);
    const bool is_type = find_word(text, "typedef") == text || find_word(text, "struct") == text ||
                         find_word(text, "enum") == text || find_word(text, "union") == text;
    const bool has_list = strchr(text, '(') != NULL;
    const char *name;

    if (text[0] == '\0' || starts(text, "extern \"") || starts(text, "static_assert") ||
        starts(text, "_Static_assert")) {
        return;
    }
    if (is_type && (end == '{' || starts(text, "typedef")) && !(has_list && end == '{')) {
        name = end == '{' ? word_before(text, text + strlen(text)) : declared_name(text);
        if (file->is_header && !starts(name, "enum") && !starts(name, "struct") &&
            !starts(name, "union") && !has_prefix(file, name)) {
            report(file, in_file, "type %.*s: shared names begin with mu_", (int)word_size(name),
                   name);
        }
        return;
    }
    if (is_type && !has_list && end == ';' && !strchr(text, '=') && strchr(text, ' ') &&
        !strchr(strchr(text, ' ') + 1, ' ')) {
        return; /* struct x; */
    }
    name = declared_name(text);
    /* INLINE is how the kernels say static inline. */
    const bool is_static = starts(text, "static ") || starts(text, "INLINE ");
    if (is_macro(name)) {
        return;
    }
    if (is_static && !file->is_header && has_list && has_prefix(file, name)) {
        report(file, in_file, "%.*s is static: the prefix is for shared names",
               (int)word_size(name), name);
    }
    if ((!is_static || file->is_header) && !has_prefix(file, name)) {
        report(file, in_file, "%.*s: shared names begin with mu_", (int)word_size(name), name);
    }
}

/* A name behind the body of a type: the typedef's, or a variable's. */
static void check_trailing_name(const source *file, const char *text, const char *at)
{
    if (file->is_header && is_word(text[0]) && !has_prefix(file, text)) {
        report(file, file->text + (at - file->code), "type %.*s: shared names begin with mu_",
               (int)word_size(text), text);
    }
}

static const char *skip_braces(const char *open)
{
    int depth = 0;

    for (const char *at = open; *at; at++) {
        depth += (*at == '{') - (*at == '}');
        if (depth == 0) {
            return at + 1;
        }
    }
    return open + strlen(open);
}

static const char *skip_directive(const source *file, const char *at)
{
    static const char define[] = "#define ";

    if (file->is_header && starts(at, define)) {
        const char *name = at + strlen(define);
        if (!has_prefix(file, name)) {
            report(file, file->text + (at - file->code), "%.*s: shared names begin with MU_",
                   (int)word_size(name), name);
        }
    }
    for (const char *end = line_end(at);; end = line_end(end + 1)) {
        if (*end == '\0' || end[-1] != '\\') {
            return end;
        }
    }
}

void check_names(const source *file)
{
    char *text = room(strlen(file->code) + 1);
    const char *at = file->code;
    bool after_body = false;

    while (*at) {
        if (isspace((unsigned char)*at) || *at == '}' || *at == ';') {
            after_body &= *at != ';';
            at++;
        } else if (*at == '#') {
            at = skip_directive(file, at);
        } else {
            /* An initialiser is skipped with the braces, as is the body of a function. */
            const size_t size = strcspn(at, "{;#");
            memcpy(text, at, size);
            for (text[size] = '\0'; text[0] && isspace((unsigned char)text[strlen(text) - 1]);) {
                text[strlen(text) - 1] = '\0';
            }
            if (after_body) {
                check_trailing_name(file, text, at);
            } else {
                check_declaration(file, text, at, at[size]);
            }
            after_body = false;
            if (at[size] == '{' && !starts(text, "extern \"")) {
                if (file->is_header && (starts(text, "enum") || starts(text, "typedef enum"))) {
                    check_enum(file, at + size);
                }
                after_body = !strchr(text, '(') || starts(text, "typedef");
                at = skip_braces(at + size);
            } else {
                at += size + (at[size] == '{' || at[size] == ';');
            }
        }
    }
    free(text);
}

/* Wording of failures: one line, lower case, no full stop, no empty words. */

void check_wording(const source *file)
{
    static const char *const banned[] = {"failed", "bad", "illegal", "invalid", "error"};

    for (const char *call = file->code; (call = strstr(call, "mu_fail")); call++) {
        const char *open = call + word_size(call);
        int depth = *open == '(' ? 1 : 0;
        bool first = true;
        for (const char *at = open + 1; depth > 0 && *at; at++) {
            depth += (*at == '(') - (*at == ')');
            if (*at != '"') {
                continue;
            }
            char words[512];
            const char *string = file->text + (at - file->code);
            const size_t size = quoted_size(string);
            (void)snprintf(words, sizeof words, "%.*s", (int)(size - 2), string + 1);
            for (size_t i = 0; i < COUNT(banned); i++) {
                if (find_word(words, banned[i])) {
                    report(file, string, "a message says what is wrong, not \"%s\"", banned[i]);
                }
            }
            if (first && isupper((unsigned char)words[0]) && islower((unsigned char)words[1])) {
                report(file, string, "a message begins in lower case");
            }
            if (ends(words, ".") && !ends(words, "..") && at[size + 0] == ')') {
                report(file, string, "a message has no full stop");
            }
            first = false;
            at += size - 1;
        }
    }
}
