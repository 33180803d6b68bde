/*
 * func_regex.c - functions of regular expressions: regexp_matches, regexp_replace, regexp_extract,
 * and ~, ~*, which are regexp_matches by sign.
 */
#include "query/regex.h"

#include <inttypes.h>
#include <string.h>

enum {
    ANYWHERE,
    ANY_CASE, /* anywhere, without regard to case */
    WHOLE
};

static const mu_text no_flags = {"", 0};

/* Whether the pattern matches: a part of the text, or all of it. */
MU_SCALAR(matches_scalar)
{
    mu_text flags = expr->arg_count > 2 ? args[2].text : no_flags;
    const mu_text text = args[0].text;
    mu_text pattern = args[1].text;
    mu_regex *regex;
    bool found;

    if (expr->func->variant == ANY_CASE) {
        flags = MU_TEXT_OF("i");
    }
    if (expr->func->variant == WHOLE) {
        mu_write_bytes(&context->text, "\\A(?:", 5);
        mu_write_bytes(&context->text, pattern.data, pattern.size);
        if (memchr(flags.data, 'x', flags.size)) {
            mu_write_u8(&context->text, '\n'); /* the end of a comment */
        }
        mu_write_bytes(&context->text, ")\\z", 3);
        MU_TRY(mu_func_written(context, out, err));
        pattern = out->text;
    }
    MU_TRY(mu_regex_find(context, pattern, flags, &regex, err));
    MU_TRY(mu_regex_match(context, regex, text, 0, &found, err));
    out->i64 = found;
    return MUSTER_OK;
}

static mu_text part(mu_text text, uint32_t start, uint32_t end)
{
    return (mu_text){text.data + start, end - start};
}

/* Where to look next: behind the match, or a character on where that was empty. */
static uint32_t after_match(mu_text text, mu_regex_group match)
{
    if (match.end > match.start) {
        return match.end;
    }
    return match.end < text.size ? match.end + mu_text_step(text, match.end) : text.size + 1;
}

/* The replacement, in which \1 to \9 stand for groups, \0 and \& for all that was matched. */
static void write_replacement(mu_func_context *context, const mu_regex *regex, mu_text text,
                              mu_text with)
{
    for (uint32_t i = 0; i < with.size; i++) {
        const char next = i + 1 < with.size ? with.data[i + 1] : '\0';
        if (with.data[i] != '\\' || (next != '&' && next != '\\' && (next < '0' || next > '9'))) {
            mu_write_u8(&context->text, (uint8_t)with.data[i]);
            continue;
        }
        i++;
        const uint32_t number = next == '&' ? 0 : (uint32_t)(next - '0');
        if (next == '\\') {
            mu_write_u8(&context->text, '\\');
        } else if (number <= mu_regex_group_count(regex)) {
            const mu_regex_group group = mu_regex_group_at(regex, number);
            if (group.start <= group.end) {
                mu_write_bytes(&context->text, text.data + group.start, group.end - group.start);
            }
        }
    }
}

/* regexp_replace(text, pattern, with [, flags]): the first match, or with g every one. */
MU_SCALAR(replace_scalar)
{
    const mu_text text = args[0].text, flags = expr->arg_count > 3 ? args[3].text : no_flags;
    const bool all = memchr(flags.data, 'g', flags.size) != NULL;
    uint32_t from = 0, copied = 0;
    mu_regex *regex;
    bool found;

    MU_TRY(mu_regex_find(context, args[1].text, flags, &regex, err));
    do {
        MU_TRY(mu_regex_match(context, regex, text, from, &found, err));
        if (found) {
            const mu_regex_group match = mu_regex_group_at(regex, 0);
            mu_write_bytes(&context->text, text.data + copied, match.start - copied);
            write_replacement(context, regex, text, args[2].text);
            copied = match.end;
            from = after_match(text, match);
        }
    } while (found && all && from <= text.size && context->text.size <= MU_MAX_TEXT_BYTES);
    mu_write_bytes(&context->text, text.data + copied, text.size - copied);
    return mu_func_written(context, out, err);
}

enum {
    EMPTY,
    NONE
};

/* What was matched, or its group of that number; if nothing was, regexp_substr gives NULL and
 * regexp_extract, as in DuckDB, an empty text. */
MU_SCALAR(extract_scalar)
{
    const int64_t number = expr->arg_count > 2 ? args[2].i64 : 0;
    mu_regex *regex;
    bool found;

    MU_TRY(mu_regex_find(context, args[1].text, no_flags, &regex, err));
    if (number < 0 || number > mu_regex_group_count(regex)) {
        return mu_fail(err, MUSTER_INVALID,
                       "the regular expression has %u groups, and none of number %" PRId64,
                       mu_regex_group_count(regex), number);
    }
    MU_TRY(mu_regex_match(context, regex, args[0].text, 0, &found, err));
    mu_regex_group group = {1, 0};
    if (found) {
        group = mu_regex_group_at(regex, (uint32_t)number);
    }
    out->null = group.start > group.end && expr->func->variant == NONE;
    out->text = group.start > group.end ? no_flags : part(args[0].text, group.start, group.end);
    return MUSTER_OK;
}

MU_SCALAR(count_scalar)
{
    const mu_text text = args[0].text, flags = expr->arg_count > 2 ? args[2].text : no_flags;
    uint32_t from = 0;
    mu_regex *regex;
    bool found = true;

    MU_TRY(mu_regex_find(context, args[1].text, flags, &regex, err));
    while (found && from <= text.size) {
        MU_TRY(mu_regex_match(context, regex, text, from, &found, err));
        if (found) {
            from = after_match(text, mu_regex_group_at(regex, 0));
            out->i64++;
        }
    }
    return MUSTER_OK;
}

#define REGEX(text, types, gives, how, function)                                \
    {                                                                           \
        .name = (text), .params = (types), .result = (gives), .variant = (how), \
        .scalar = (function)                                                    \
    }

static const mu_func funcs[] = {
    REGEX("~", "tt", 'b', ANYWHERE, matches_scalar),
    REGEX("~*", "tt", 'b', ANY_CASE, matches_scalar),
    REGEX("regexp_matches", "tt", 'b', ANYWHERE, matches_scalar),
    REGEX("regexp_matches", "ttt", 'b', ANYWHERE, matches_scalar),
    REGEX("regexp_like", "tt", 'b', ANYWHERE, matches_scalar),
    REGEX("regexp_like", "ttt", 'b', ANYWHERE, matches_scalar),
    REGEX("regexp_full_match", "tt", 'b', WHOLE, matches_scalar),
    REGEX("regexp_full_match", "ttt", 'b', WHOLE, matches_scalar),
    REGEX("regexp_replace", "ttt", 't', 0, replace_scalar),
    REGEX("regexp_replace", "tttt", 't', 0, replace_scalar),
    REGEX("regexp_extract", "tt", 't', EMPTY, extract_scalar),
    REGEX("regexp_extract", "tti", 't', EMPTY, extract_scalar),
    REGEX("regexp_substr", "tt", 't', NONE, extract_scalar),
    REGEX("regexp_count", "tt", 'i', 0, count_scalar),
    REGEX("regexp_count", "ttt", 'i', 0, count_scalar),
};

const mu_func_family mu_func_regex = {funcs, MU_COUNT(funcs)};
