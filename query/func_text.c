/*
 * func_text.c - functions of text. Positions and lengths are in characters, from 1.
 *
 * Each is a `scalar` alone: the evaluator runs them once per entry of a dictionary, where there is
 * one, so a loop of their own would gain little.
 */
#include "query/func.h"

#include <assert.h>
#include <string.h>

static mu_text part(mu_text text, uint32_t first, uint32_t end)
{
    assert(first <= end && end <= text.size);
    return (mu_text){text.data + first, end - first};
}

muster_status mu_func_written(mu_func_context *context, mu_value *out, muster_error *err)
{
    if (context->text.failed) {
        return mu_fail_memory(err, "building a text");
    }
    if (context->text.size > MU_MAX_TEXT_BYTES) {
        return mu_fail(err, MUSTER_INVALID, "the text has %zu bytes, and %d are the limit",
                       context->text.size, MU_MAX_TEXT_BYTES);
    }
    out->text = (mu_text){context->text.data ? (const char *)context->text.data : "",
                          (uint32_t)context->text.size};
    return MUSTER_OK;
}

static void append(mu_func_context *context, mu_text text)
{
    mu_write_bytes(&context->text, text.data, text.size);
}

MU_SCALAR(length_scalar)
{
    (void)context;
    (void)err;
    out->i64 = expr->func->variant ? args[0].text.size : mu_text_length(args[0].text);
    return MUSTER_OK;
}

MU_SCALAR(case_scalar)
{
    mu_text_fold(args[0].text, expr->func->variant, &context->text);
    return mu_func_written(context, out, err);
}

/* Trim. */

enum {
    LEFT = 1,
    RIGHT = 2
};

static bool has_character(mu_text set, mu_text character)
{
    for (uint32_t at = 0; at < set.size; at += mu_text_step(set, at)) {
        if (mu_text_equal(part(set, at, at + mu_text_step(set, at)), character)) {
            return true;
        }
    }
    return false;
}

MU_SCALAR(trim_scalar)
{
    const mu_text set = expr->arg_count > 1 ? args[1].text : MU_TEXT_OF(" ");
    const mu_text text = args[0].text;
    uint32_t first = 0, end = text.size;
    uint64_t steps = 0;

    while ((expr->func->variant & LEFT) && first < end &&
           has_character(set, part(text, first, first + mu_text_step(text, first)))) {
        first += mu_text_step(text, first);
        MU_TRY(mu_func_work(context, &steps, set.size, err));
    }
    while ((expr->func->variant & RIGHT) && first < end) {
        uint32_t start = end - 1;
        while (start > first && ((unsigned char)text.data[start] & 0xc0) == 0x80) {
            start--;
        }
        if (!has_character(set, part(text, start, end))) {
            break;
        }
        end = start;
        MU_TRY(mu_func_work(context, &steps, set.size, err));
    }
    out->text = part(text, first, end);
    return MUSTER_OK;
}

/* Parts. */

/* Characters from `start` (counted from 1, and perhaps before it) up to `count` of them. */
MU_SCALAR(substr_scalar)
{
    const mu_text text = args[0].text;
    const int64_t start = args[1].i64;
    int64_t end = INT64_MAX;

    (void)context;
    if (expr->arg_count > 2) {
        if (args[2].i64 < 0) {
            return mu_fail(err, MUSTER_INVALID, "a part of a text cannot have a negative length");
        }
        if (__builtin_add_overflow(start, args[2].i64, &end)) {
            end = INT64_MAX;
        }
    }
    const uint32_t first_byte = mu_text_at(text, start > 1 ? start - 1 : 0);
    const uint32_t end_byte =
        end == INT64_MAX ? text.size : mu_text_at(text, end > 1 ? end - 1 : 0);
    out->text = part(text, first_byte, end_byte > first_byte ? end_byte : first_byte);
    return MUSTER_OK;
}

/* left, right: of a negative number, all but so many. */
MU_SCALAR(side_scalar)
{
    const mu_text text = args[0].text;
    const int64_t length = mu_text_length(text);
    int64_t count = args[1].i64;

    (void)context;
    (void)err;
    if (count < 0) {
        count = count < -length ? 0 : length + count;
    }
    count = count > length ? length : count;
    if (expr->func->variant == LEFT) {
        out->text = part(text, 0, mu_text_at(text, count));
    } else {
        out->text = part(text, mu_text_at(text, length - count), text.size);
    }
    return MUSTER_OK;
}

/* Search. */

static const char *find(mu_text text, mu_text wanted)
{
    return wanted.size == 0 ? text.data : memmem(text.data, text.size, wanted.data, wanted.size);
}

typedef enum search {
    STARTS,
    ENDS,
    CONTAINS
} search;

MU_SCALAR(search_scalar)
{
    const mu_text text = args[0].text, wanted = args[1].text;

    (void)context;
    (void)err;
    if (wanted.size > text.size) {
        return MUSTER_OK;
    }
    switch ((search)expr->func->variant) {
    case STARTS:
        out->i64 = memcmp(text.data, wanted.data, wanted.size) == 0;
        break;
    case ENDS:
        out->i64 = memcmp(text.data + text.size - wanted.size, wanted.data, wanted.size) == 0;
        break;
    case CONTAINS:
        out->i64 = find(text, wanted) != NULL;
        break;
    }
    return MUSTER_OK;
}

/* strpos(text, wanted); position(wanted, text), as POSITION(wanted IN text) is passed. */
MU_SCALAR(position_scalar)
{
    const mu_text text = args[expr->func->variant].text;
    const mu_text wanted = args[!expr->func->variant].text;
    const char *at = find(text, wanted);

    (void)context;
    (void)err;
    out->i64 = at ? mu_text_length(part(text, 0, (uint32_t)(at - text.data))) + 1 : 0;
    return MUSTER_OK;
}

MU_SCALAR(replace_scalar)
{
    const mu_text wanted = args[1].text;
    mu_text rest = args[0].text;
    const char *at;

    (void)expr;
    while (wanted.size > 0 && (at = find(rest, wanted)) != NULL &&
           context->text.size <= MU_MAX_TEXT_BYTES) {
        const uint32_t before = (uint32_t)(at - rest.data);
        append(context, part(rest, 0, before));
        append(context, args[2].text);
        rest = part(rest, before + wanted.size, rest.size);
    }
    append(context, rest);
    return mu_func_written(context, out, err);
}

/* Field n of the text, counted from 1, or from the end if n is negative. */
MU_SCALAR(split_scalar)
{
    const mu_text text = args[0].text, separator = args[1].text;
    int64_t wanted = args[2].i64, fields = 1;
    mu_text rest = text;
    const char *at;

    (void)context;
    (void)expr;
    if (wanted == 0) {
        return mu_fail(err, MUSTER_INVALID, "fields are counted from 1, or from -1 at the end");
    }
    out->text = part(text, 0, 0);
    while (separator.size > 0 && (at = find(rest, separator)) != NULL) {
        rest = part(rest, (uint32_t)(at - rest.data) + separator.size, rest.size);
        fields++;
    }
    wanted = wanted < 0 ? fields + wanted + 1 : wanted;
    if (wanted < 1 || wanted > fields) {
        return MUSTER_OK;
    }
    rest = text;
    for (; wanted > 1; wanted--) {
        at = find(rest, separator);
        rest = part(rest, (uint32_t)(at - rest.data) + separator.size, rest.size);
    }
    at = separator.size > 0 ? find(rest, separator) : NULL;
    out->text = at ? part(rest, 0, (uint32_t)(at - rest.data)) : rest;
    return MUSTER_OK;
}

/* Building. */

/* concat leaves NULLs out; || is NULL if an argument is. */
MU_SCALAR(concat_scalar)
{
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        if (!args[i].null) {
            append(context, args[i].text);
        }
    }
    return mu_func_written(context, out, err);
}

MU_SCALAR(repeat_scalar)
{
    const uint64_t times = args[1].i64 < 0 ? 0 : (uint64_t)args[1].i64;

    (void)expr;
    if (args[0].text.size > 0 && times > MU_MAX_TEXT_BYTES / args[0].text.size) {
        return mu_fail(err, MUSTER_INVALID, "the repeated text has more than %d bytes",
                       MU_MAX_TEXT_BYTES);
    }
    for (uint64_t i = 0; i < times && args[0].text.size > 0; i++) {
        append(context, args[0].text);
    }
    return mu_func_written(context, out, err);
}

MU_SCALAR(reverse_scalar)
{
    const mu_text text = args[0].text;
    uint8_t *room = mu_write_room(&context->text, text.size);

    (void)expr;
    for (uint32_t at = 0, size; room && at < text.size; at += size) {
        size = mu_text_step(text, at);
        memcpy(&room[text.size - at - size], &text.data[at], size);
    }
    return mu_func_written(context, out, err);
}

static void append_filling(mu_func_context *context, mu_text fill, int64_t count)
{
    for (uint32_t at = 0; count > 0; count--) {
        const uint32_t size = mu_text_step(fill, at);
        append(context, part(fill, at, at + size));
        at = at + size < fill.size ? at + size : 0;
    }
}

MU_SCALAR(pad_scalar)
{
    const mu_text fill = expr->arg_count > 2 ? args[2].text : MU_TEXT_OF(" ");
    const int64_t wanted = args[1].i64 < 0 ? 0 : args[1].i64;
    const int64_t length = mu_text_length(args[0].text);

    if (wanted > MU_MAX_TEXT_BYTES) {
        return mu_fail(err, MUSTER_INVALID, "the padded text has more than %d bytes",
                       MU_MAX_TEXT_BYTES);
    }
    if (wanted <= length || fill.size == 0) {
        out->text = part(args[0].text, 0, mu_text_at(args[0].text, wanted));
        return MUSTER_OK;
    }
    if (expr->func->variant == LEFT) {
        append_filling(context, fill, wanted - length);
    }
    append(context, args[0].text);
    if (expr->func->variant == RIGHT) {
        append_filling(context, fill, wanted - length);
    }
    return mu_func_written(context, out, err);
}

#define TEXT(text, types, gives, kind, function)                                 \
    {                                                                            \
        .name = (text), .params = (types), .result = (gives), .variant = (kind), \
        .scalar = (function)                                                     \
    }

static const mu_func funcs[] = {
    TEXT("length", "t", 'i', 0, length_scalar),
    TEXT("char_length", "t", 'i', 0, length_scalar),
    TEXT("character_length", "t", 'i', 0, length_scalar),
    TEXT("octet_length", "t", 'i', 1, length_scalar),
    TEXT("lower", "t", 't', false, case_scalar),
    TEXT("lcase", "t", 't', false, case_scalar),
    TEXT("upper", "t", 't', true, case_scalar),
    TEXT("ucase", "t", 't', true, case_scalar),
    TEXT("trim", "t", 't', LEFT | RIGHT, trim_scalar),
    TEXT("trim", "tt", 't', LEFT | RIGHT, trim_scalar),
    TEXT("btrim", "t", 't', LEFT | RIGHT, trim_scalar),
    TEXT("btrim", "tt", 't', LEFT | RIGHT, trim_scalar),
    TEXT("ltrim", "t", 't', LEFT, trim_scalar),
    TEXT("ltrim", "tt", 't', LEFT, trim_scalar),
    TEXT("rtrim", "t", 't', RIGHT, trim_scalar),
    TEXT("rtrim", "tt", 't', RIGHT, trim_scalar),
    TEXT("substr", "ti", 't', 0, substr_scalar),
    TEXT("substr", "tii", 't', 0, substr_scalar),
    TEXT("substring", "ti", 't', 0, substr_scalar),
    TEXT("substring", "tii", 't', 0, substr_scalar),
    TEXT("left", "ti", 't', LEFT, side_scalar),
    TEXT("right", "ti", 't', RIGHT, side_scalar),
    TEXT("starts_with", "tt", 'b', STARTS, search_scalar),
    TEXT("prefix", "tt", 'b', STARTS, search_scalar),
    TEXT("ends_with", "tt", 'b', ENDS, search_scalar),
    TEXT("suffix", "tt", 'b', ENDS, search_scalar),
    TEXT("contains", "tt", 'b', CONTAINS, search_scalar),
    TEXT("strpos", "tt", 'i', 0, position_scalar),
    TEXT("instr", "tt", 'i', 0, position_scalar),
    TEXT("position", "tt", 'i', 1, position_scalar),
    TEXT("replace", "ttt", 't', 0, replace_scalar),
    TEXT("split_part", "tti", 't', 0, split_scalar),
    TEXT("repeat", "ti", 't', 0, repeat_scalar),
    TEXT("reverse", "t", 't', 0, reverse_scalar),
    TEXT("lpad", "ti", 't', LEFT, pad_scalar),
    TEXT("lpad", "tit", 't', LEFT, pad_scalar),
    TEXT("rpad", "ti", 't', RIGHT, pad_scalar),
    TEXT("rpad", "tit", 't', RIGHT, pad_scalar),
    {.name = "||",
     .params = "aa",
     .result = ' ',
     .bind = mu_func_bind_texts,
     .scalar = concat_scalar},
    {.name = "concat",
     .params = "a*",
     .result = ' ',
     .flags = MU_FUNC_NULLS,
     .bind = mu_func_bind_texts,
     .scalar = concat_scalar},
};

const mu_func_family mu_func_text = {funcs, MU_COUNT(funcs)};
