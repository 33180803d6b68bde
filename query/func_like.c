/*
 * func_like.c - LIKE and ILIKE: `%` stands for any characters, `_` for one, and the escape
 * character (a backslash, or the one named) makes the next one mean itself.
 *
 * Matching goes back to the last `%` only: what stands between two of them is best matched at its
 * first place, so the time is at most text times pattern.
 */
#include "query/func.h"

#include <string.h>

typedef struct pattern {
    mu_text text;
    mu_text escape; /* one character, or empty: none */
} pattern;

typedef enum token {
    ANY,
    ONE,
    LITERAL,
    END
} token;

/* The token at `*at`, and its character; moves *at past it. */
static token next_token(const pattern *wanted, uint32_t *at, mu_text *character)
{
    if (*at >= wanted->text.size) {
        return END;
    }
    *character = (mu_text){&wanted->text.data[*at], mu_text_step(wanted->text, *at)};
    *at += character->size;
    if (wanted->escape.size > 0 && mu_text_equal(*character, wanted->escape)) {
        if (*at < wanted->text.size) {
            *character = (mu_text){&wanted->text.data[*at], mu_text_step(wanted->text, *at)};
            *at += character->size;
        }
        return LITERAL;
    }
    if (character->size == 1 && character->data[0] == '%') {
        return ANY;
    }
    return character->size == 1 && character->data[0] == '_' ? ONE : LITERAL;
}

static muster_status match(const mu_func_context *context, mu_text text, const pattern *wanted,
                           bool *found, muster_error *err)
{
    uint64_t steps = 0;
    uint32_t at = 0, in_pattern = 0;
    uint32_t retry_at = 0, retry_pattern = 0;
    bool can_retry = false;

    for (*found = false;;) {
        MU_TRY(mu_func_work(context, &steps, 1, err));
        uint32_t after = in_pattern;
        mu_text character = {"", 0};
        const token next = next_token(wanted, &after, &character);

        if (next == ANY) {
            can_retry = true;
            retry_at = at;
            retry_pattern = in_pattern = after;
            continue;
        }
        if (next == END && at == text.size) {
            *found = true;
            return MUSTER_OK;
        }
        const uint32_t step = at < text.size ? mu_text_step(text, at) : 0;
        if (next != END && step > 0 &&
            (next == ONE || mu_text_equal((mu_text){&text.data[at], step}, character))) {
            at += step;
            in_pattern = after;
            continue;
        }
        if (!can_retry || retry_at >= text.size) {
            return MUSTER_OK;
        }
        retry_at += mu_text_step(text, retry_at);
        at = retry_at;
        in_pattern = retry_pattern;
    }
}

/* The pattern must not end in an escape that escapes nothing. */
static muster_status check_pattern(const pattern *wanted, muster_error *err)
{
    for (uint32_t at = 0; at < wanted->text.size;) {
        const uint32_t first = at;
        mu_text character = {"", 0};
        if (next_token(wanted, &at, &character) == LITERAL &&
            (const char *)&wanted->text.data[first] == character.data && at == wanted->text.size &&
            wanted->escape.size > 0 && mu_text_equal(character, wanted->escape)) {
            return mu_fail(err, MUSTER_INVALID, "the pattern ends in its escape character");
        }
    }
    return MUSTER_OK;
}

static muster_status like_scalar(mu_func_context *context, const mu_expr *expr,
                                 const mu_value *args, mu_value *out, muster_error *err)
{
    pattern wanted = {args[1].text, MU_TEXT_OF("\\")};
    bool found;

    if (expr->arg_count > 2) {
        wanted.escape = args[2].text;
        if (mu_text_length(wanted.escape) > 1) {
            return mu_fail(err, MUSTER_INVALID, "ESCAPE takes one character, not \"%.*s\"",
                           (int)wanted.escape.size, wanted.escape.data);
        }
    }
    MU_TRY(check_pattern(&wanted, err));
    MU_TRY(match(context, args[0].text, &wanted, &found, err));
    out->i64 = found;
    return MUSTER_OK;
}

/* Both sides in small letters, one behind the other in the writer. */
static muster_status ilike_scalar(mu_func_context *context, const mu_expr *expr,
                                  const mu_value *args, mu_value *out, muster_error *err)
{
    mu_value small[3] = {args[0], args[1], expr->arg_count > 2 ? args[2] : args[1]};
    size_t ends[3];

    for (uint32_t i = 0; i < expr->arg_count; i++) {
        mu_text_fold(args[i].text, false, &context->text);
        ends[i] = context->text.size;
    }
    if (context->text.failed) {
        return mu_fail_memory(err, "matching a pattern");
    }
    const char *folded = context->text.data ? (const char *)context->text.data : "";
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        const size_t start = i > 0 ? ends[i - 1] : 0;
        small[i].text = (mu_text){folded + start, (uint32_t)(ends[i] - start)};
    }
    return like_scalar(context, expr, small, out, err);
}

static const mu_func funcs[] = {
    {.name = "like", .params = "tt", .result = 'b', .scalar = like_scalar},
    {.name = "like", .params = "ttt", .result = 'b', .scalar = like_scalar},
    {.name = "ilike", .params = "tt", .result = 'b', .scalar = ilike_scalar},
    {.name = "ilike", .params = "ttt", .result = 'b', .scalar = ilike_scalar},
};

const mu_func_family mu_func_like = {funcs, MU_COUNT(funcs)};
