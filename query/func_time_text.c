/*
 * func_time_text.c - times as text by a pattern, and back; names of days and months.
 *
 * strftime() and strptime() know the patterns that files are loaded by, to_char() those of
 * PostgreSQL. Times are written and read in the session's zone.
 */
#include "query/func_time.h"
#include "storage/value.h"

#include <string.h>

/* The result, which the writer holds from `start` on. */
static muster_status finish(mu_func_context *context, size_t start, mu_value *out,
                            muster_error *err)
{
    if (context->text.failed) {
        return mu_fail_memory(err, "writing a time");
    }
    out->text =
        (mu_text){(const char *)context->text.data + start, (uint32_t)(context->text.size - start)};
    return MUSTER_OK;
}

static mu_value_moment moment_of(const mu_func_context *context, const mu_value *time)
{
    const int64_t local_us = mu_time_local(context, time);
    mu_value_moment moment;

    mu_value_moment_of(local_us, time->type.kind == MU_DATE ? 0 : local_us - time->i64, &moment);
    return moment;
}

/* strftime(time, pattern), strftime(pattern, time) */
MU_SCALAR(strftime_scalar)
{
    const bool swapped = expr->args[0]->type.kind == MU_TEXT;
    const mu_value_moment moment = moment_of(context, &args[swapped]);
    const size_t start = context->text.size;

    MU_TRY(mu_value_strftime(&moment, args[!swapped].text, &context->text, err));
    return finish(context, start, out, err);
}

MU_SCALAR(to_char_scalar)
{
    const mu_value_moment moment = moment_of(context, &args[0]);
    const size_t start = context->text.size;

    (void)expr;
    mu_value_to_char(&moment, args[1].text, &context->text);
    return finish(context, start, out, err);
}

/* strptime(text, pattern): the pattern ends in a NUL for its reader. */
MU_SCALAR(strptime_scalar)
{
    const mu_text pattern = args[1].text;

    mu_write_bytes(&context->text, pattern.data, pattern.size);
    mu_write_u8(&context->text, '\0');
    if (context->text.failed) {
        return mu_fail_memory(err, "reading a time");
    }
    const mu_value_formats formats = {.timestamp = (const char *)context->text.data,
                                      .zone = context->zone};
    MU_TRY(mu_value_check_pattern(formats.timestamp, err));
    return mu_value_parse(expr->type, args[0].text, &formats, out, err);
}

MU_SCALAR(name_scalar)
{
    const mu_value_moment moment = moment_of(context, &args[0]);
    const char *name = expr->func->variant == 0 ? mu_weekday_names[moment.weekday]
                                                : mu_month_names[moment.date.month - 1];

    (void)err;
    out->text = (mu_text){name, (uint32_t)strlen(name)};
    return MUSTER_OK;
}

#define TEXT(text, types, function, which)                                                         \
    {                                                                                              \
        .name = (text), .params = (types), .result = 't', .variant = (which), .scalar = (function) \
    }

static const mu_func funcs[] = {
    TEXT("strftime", "st", strftime_scalar, 0),
    TEXT("strftime", "dt", strftime_scalar, 0),
    TEXT("strftime", "ts", strftime_scalar, 0),
    TEXT("strftime", "td", strftime_scalar, 0),
    TEXT("to_char", "st", to_char_scalar, 0),
    TEXT("to_char", "dt", to_char_scalar, 0),
    {.name = "strptime", .params = "tt", .result = 's', .scalar = strptime_scalar},
    TEXT("dayname", "s", name_scalar, 0),
    TEXT("dayname", "d", name_scalar, 0),
    TEXT("monthname", "s", name_scalar, 1),
    TEXT("monthname", "d", name_scalar, 1),
};

const mu_func_family mu_func_time_text = {funcs, MU_COUNT(funcs)};
