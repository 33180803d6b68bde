/*
 * status.c - wording failures.
 *
 * A message is one line whatever is quoted in it: control characters become blanks, and one that
 * is too long is cut between two characters of UTF-8, never inside one.
 */
#include "storage/base/status.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

size_t mu_whole_characters(const char *text, size_t size)
{
    size_t start = size;

    while (start > 0 && size - start < 4 && ((unsigned char)text[start - 1] & 0xc0) == 0x80) {
        start--;
    }
    if (start == 0 || (unsigned char)text[start - 1] < 0xc0) {
        return size; /* it ends in ASCII, or is no UTF-8 at all */
    }
    const unsigned char lead = (unsigned char)text[start - 1];
    const size_t wanted = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    return size - start + 1 == wanted ? size : start - 1;
}

static void set_message(muster_error *err, const char *text)
{
    const size_t room = sizeof err->message - 1;
    size_t size = strlen(text);

    if (size >= room) {
        size = mu_whole_characters(text, room); /* it may have been cut anywhere */
    }
    memcpy(err->message, text, size);
    err->message[size] = '\0';
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)err->message[i] < ' ' || err->message[i] == 0x7f) {
            err->message[i] = ' ';
        }
    }
}

static void fail_with(muster_error *err, muster_status status, int32_t offset, const char *format,
                      va_list arguments) MU_PRINTF(4, 0);

static void fail_with(muster_error *err, muster_status status, int32_t offset, const char *format,
                      va_list arguments)
{
    char text[sizeof err->message]; /* apart, since an argument may be the old message */

    assert(status != MUSTER_OK);
    if (err) {
        (void)vsnprintf(text, sizeof text, format, arguments);
        set_message(err, text);
        err->status = status;
        err->offset = offset;
        err->line = err->column = 0;
    }
}

muster_status mu_fail(muster_error *err, muster_status status, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fail_with(err, status, -1, format, arguments);
    va_end(arguments);
    return status;
}

muster_status mu_fail_at(muster_error *err, muster_status status, int32_t offset,
                         const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fail_with(err, status, offset, format, arguments);
    va_end(arguments);
    return status;
}

void mu_locate(muster_error *err, const char *sql)
{
    if (!err || err->offset < 0) {
        return;
    }
    err->line = err->column = 1;
    for (int32_t i = 0; i < err->offset && sql[i]; i++) {
        if (sql[i] == '\n') {
            err->line++;
            err->column = 1;
        } else {
            err->column += ((unsigned char)sql[i] & 0xc0) != 0x80; /* a character begins */
        }
    }
}

void mu_where(muster_error *err, const char *format, ...)
{
    char text[2 * sizeof err->message];
    va_list arguments;

    if (!err) {
        return;
    }
    va_start(arguments, format);
    const int written = vsnprintf(text, sizeof err->message, format, arguments);
    va_end(arguments);
    assert(written >= 0);
    const size_t place =
        (size_t)written < sizeof err->message ? (size_t)written : sizeof err->message - 1;
    (void)snprintf(&text[place], sizeof text - place, ": %s", err->message);
    set_message(err, text);
}
