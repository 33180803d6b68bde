/*
 * func_string.c - functions that make a text of others, character by character: initcap, translate,
 * overlay, concat_ws, chr, ascii, to_hex.
 */
#include "query/func.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

static void append(mu_func_context *context, mu_text text)
{
    mu_write_bytes(&context->text, text.data, text.size);
}

static mu_text character_at(mu_text text, uint32_t at)
{
    return (mu_text){text.data + at, mu_text_step(text, at)};
}

/* Capitals at the beginnings of words, which are runs of letters and digits. */
MU_SCALAR(initcap_scalar)
{
    const mu_text text = args[0].text;
    bool within = false;

    (void)expr;
    for (uint32_t at = 0; at < text.size;) {
        const mu_text character = character_at(text, at);
        utf8proc_int32_t code;
        utf8proc_iterate((const utf8proc_uint8_t *)character.data, (utf8proc_ssize_t)character.size,
                         &code);
        const utf8proc_category_t kind = utf8proc_category(code);
        mu_text_fold(character, !within, &context->text);
        within = (kind >= UTF8PROC_CATEGORY_LU && kind <= UTF8PROC_CATEGORY_LO) ||
                 kind == UTF8PROC_CATEGORY_ND ||
                 (within && kind >= UTF8PROC_CATEGORY_MN && kind <= UTF8PROC_CATEGORY_ME);
        at += character.size;
    }
    return mu_func_written(context, out, err);
}

/* Each character that is in the second text becomes the one at the same place in the third, or
 * nothing where that is shorter. */
MU_SCALAR(translate_scalar)
{
    const mu_text text = args[0].text, from = args[1].text, to = args[2].text;
    uint64_t steps = 0;

    (void)expr;
    for (uint32_t at = 0; at < text.size;) {
        const mu_text character = character_at(text, at);
        uint32_t i = 0, twin = 0;
        while (i < from.size && !mu_text_equal(character_at(from, i), character)) {
            twin += twin < to.size ? mu_text_step(to, twin) : 0;
            i += mu_text_step(from, i);
        }
        MU_TRY(mu_func_work(context, &steps, i + 1, err));
        if (i == from.size) {
            append(context, character);
        } else if (twin < to.size) {
            append(context, character_at(to, twin));
        }
        at += character.size;
    }
    return mu_func_written(context, out, err);
}

/* overlay(text, new, from [, count]): `count` characters, or as many as the new ones, replaced. */
MU_SCALAR(overlay_scalar)
{
    const mu_text text = args[0].text;
    const int64_t from = args[2].i64;
    const int64_t count = expr->arg_count > 3 ? args[3].i64 : mu_text_length(args[1].text);
    int64_t after;

    if (from < 1 || count < 0 || __builtin_add_overflow(from - 1, count, &after)) {
        return mu_fail(err, MUSTER_INVALID,
                       "overlay() replaces characters from 1 on, and not fewer than none");
    }
    append(context, (mu_text){text.data, mu_text_at(text, from - 1)});
    append(context, args[1].text);
    const uint32_t rest = mu_text_at(text, after);
    append(context, (mu_text){text.data + rest, text.size - rest});
    return mu_func_written(context, out, err);
}

/* The texts that are not NULL, with the first between them; NULL if that is. */
MU_SCALAR(join_scalar)
{
    bool any = false;

    out->null = args[0].null;
    for (uint32_t i = 1; i < expr->arg_count && !out->null; i++) {
        if (args[i].null) {
            continue;
        }
        if (any) {
            append(context, args[0].text);
        }
        append(context, args[i].text);
        any = true;
    }
    return mu_func_written(context, out, err);
}

/* The number of the first character; 0 of no text. */
MU_SCALAR(ascii_scalar)
{
    utf8proc_int32_t code = 0;

    (void)context;
    (void)expr;
    (void)err;
    if (args[0].text.size > 0) {
        utf8proc_iterate((const utf8proc_uint8_t *)args[0].text.data, args[0].text.size, &code);
    }
    out->i64 = code;
    return MUSTER_OK;
}

MU_SCALAR(chr_scalar)
{
    const int64_t code = args[0].i64;
    utf8proc_uint8_t bytes[4];

    (void)expr;
    if (code < 1 || code > 0x10ffff || !utf8proc_codepoint_valid((utf8proc_int32_t)code)) {
        return mu_fail(err, MUSTER_INVALID, "there is no character of number %" PRId64, code);
    }
    const utf8proc_ssize_t size = utf8proc_encode_char((utf8proc_int32_t)code, bytes);
    mu_write_bytes(&context->text, bytes, (size_t)size);
    return mu_func_written(context, out, err);
}

MU_SCALAR(hex_scalar)
{
    char digits[24];

    (void)expr;
    const int size = snprintf(digits, sizeof digits, "%" PRIx64, (uint64_t)args[0].i64);
    mu_write_bytes(&context->text, digits, (size_t)size);
    return mu_func_written(context, out, err);
}

MU_SCALAR(bit_length_scalar)
{
    (void)context;
    (void)expr;
    (void)err;
    out->i64 = (int64_t)args[0].text.size * 8;
    return MUSTER_OK;
}

#define TEXT(text, types, gives, function)                                         \
    {                                                                              \
        .name = (text), .params = (types), .result = (gives), .scalar = (function) \
    }

static const mu_func funcs[] = {
    TEXT("initcap", "t", 't', initcap_scalar),
    TEXT("translate", "ttt", 't', translate_scalar),
    TEXT("overlay", "tti", 't', overlay_scalar),
    TEXT("overlay", "ttii", 't', overlay_scalar),
    TEXT("ascii", "t", 'i', ascii_scalar),
    TEXT("unicode", "t", 'i', ascii_scalar),
    TEXT("chr", "i", 't', chr_scalar),
    TEXT("to_hex", "i", 't', hex_scalar),
    TEXT("hex", "i", 't', hex_scalar),
    TEXT("bit_length", "t", 'i', bit_length_scalar),
    {.name = "concat_ws",
     .params = "ta*",
     .result = ' ',
     .flags = MU_FUNC_NULLS,
     .bind = mu_func_bind_texts,
     .scalar = join_scalar},
};

const mu_func_family mu_func_string = {funcs, MU_COUNT(funcs)};
