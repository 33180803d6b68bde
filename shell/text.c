/*
 * text.c - what text looks like on a terminal.
 *
 * A CJK character takes two columns, a combining one none; utf8proc knows. Cells of a result may
 * hold anything, so control characters are spelled out before they reach a terminal: a cell
 * takes one line, and cannot move the cursor.
 */
#include "shell/shell.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utf8proc.h>

void *mu_shell_need(void *memory)
{
    if (!memory) {
        (void)fputs("muster: out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

static void make_room(mu_shell_text *text, size_t more)
{
    if (text->room - text->size < more) {
        text->room = (text->room + more) * 2;
        text->bytes = mu_shell_need(realloc(text->bytes, text->room));
    }
}

void mu_shell_text_add(mu_shell_text *text, const char *bytes, size_t size)
{
    make_room(text, size + 1);
    memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
    text->bytes[text->size] = '\0';
}

void mu_shell_text_format(mu_shell_text *text, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    const int size = vsnprintf(NULL, 0, format, list);
    va_end(list);
    make_room(text, (size_t)size + 1);
    va_start(list, format);
    (void)vsnprintf(text->bytes + text->size, (size_t)size + 1, format, list);
    va_end(list);
    text->size += (size_t)size;
}

void mu_shell_text_deinit(mu_shell_text *text)
{
    free(text->bytes);
    *text = (mu_shell_text){0};
}

/* The character at `bytes`; returns how many bytes it takes. -1 for what is not UTF-8. */
static size_t read_character(const char *bytes, size_t size, utf8proc_int32_t *character)
{
    const utf8proc_ssize_t taken =
        utf8proc_iterate((const utf8proc_uint8_t *)bytes, (utf8proc_ssize_t)size, character);

    if (taken <= 0) {
        *character = -1;
        return 1;
    }
    return (size_t)taken;
}

static size_t character_width(utf8proc_int32_t character)
{
    if (character < 0) {
        return 1;
    }
    const int width = utf8proc_charwidth(character);
    return width > 0 ? (size_t)width : 0;
}

/* C0, C1 and the marks that turn the direction of what follows. */
static bool is_control(utf8proc_int32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

void mu_shell_text_add_visible(mu_shell_text *text, const char *bytes, size_t size)
{
    size_t plain = 0; /* up to here it is in `text` */

    for (size_t i = 0; i < size;) {
        utf8proc_int32_t character;
        const size_t taken = read_character(bytes + i, size - i, &character);

        if (character >= 0 && !is_control(character)) {
            i += taken;
            continue;
        }
        mu_shell_text_add(text, bytes + plain, i - plain);
        i += taken;
        plain = i;
        if (character == '\n') {
            mu_shell_text_add(text, "\\n", 2);
        } else if (character == '\t') {
            mu_shell_text_add(text, "\\t", 2);
        } else if (character == '\r') {
            mu_shell_text_add(text, "\\r", 2);
        } else if (character < 0) {
            mu_shell_text_format(text, "\\x%02x", (unsigned)(unsigned char)bytes[i - 1]);
        } else {
            mu_shell_text_format(text, "\\u%04x", (unsigned)character);
        }
    }
    mu_shell_text_add(text, bytes + plain, size - plain);
}

size_t mu_shell_fit(const char *bytes, size_t size, size_t width)
{
    size_t i = 0;

    while (i < size) {
        utf8proc_int32_t character;
        const size_t taken = read_character(bytes + i, size - i, &character);
        const size_t columns = character_width(character);

        if (columns > width) {
            return i;
        }
        width -= columns;
        i += taken;
    }
    return size;
}

size_t mu_shell_width(const char *bytes, size_t size)
{
    size_t width = 0;

    for (size_t i = 0; i < size;) {
        utf8proc_int32_t character;

        if ((unsigned char)bytes[i] < 0x80) { /* most text, without a look-up */
            width += bytes[i] >= 0x20 && bytes[i] != 0x7f;
            i++;
            continue;
        }
        i += read_character(bytes + i, size - i, &character);
        width += character_width(character);
    }
    return width;
}

size_t mu_shell_terminal_width(int file)
{
    struct winsize size;

    if (!isatty(file)) {
        return 0;
    }
    return ioctl(file, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

const char *mu_shell_thousands(uint64_t number)
{
    static char text[32];
    char *at = text + sizeof text - 1;
    int digits = 0;

    *at = '\0';
    do {
        if (digits > 0 && digits % 3 == 0) {
            *--at = ',';
        }
        *--at = (char)('0' + number % 10);
        number /= 10;
        digits++;
    } while (number > 0);
    return at;
}

/* How many letters must be changed, added, left out or swapped with the next; 3 means 3 or more. */
static size_t distance(const char *a, const char *b)
{
    enum {
        MOST = 24
    };
    size_t rows[3][MOST + 1];
    const size_t m = strlen(a), n = strlen(b);

    if (m > MOST || n > MOST) {
        return 3;
    }
    for (size_t j = 0; j <= n; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= m; i++) {
        size_t *now = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3], *higher = rows[(i + 1) % 3];

        now[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);

            best = above[j] + 1 < best ? above[j] + 1 : best;
            best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                best = higher[j - 2] + 1 < best ? higher[j - 2] + 1 : best;
            }
            now[j] = best;
        }
    }
    return rows[m % 3][n];
}

const char *mu_shell_nearest(const char *name, const char *const *names, size_t count)
{
    const char *nearest = NULL;
    size_t least = strlen(name) < 3 ? 2 : 3;

    for (size_t i = 0; i < count; i++) {
        const size_t d = distance(name, names[i]);

        if (d < least) {
            least = d;
            nearest = names[i];
        }
    }
    return nearest;
}
