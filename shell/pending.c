/*
 * pending.c - collects lines until they make whole statements.
 *
 * A statement ends with a ; outside of quotes and comments. Each byte is looked at once, however
 * many lines a statement has, so that a script with one huge INSERT is read in linear time.
 */
#include "shell/shell.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Moves the state over the byte at `i` and, for the two-byte marks of comments, over the next;
 * returns how many bytes that were. A quote within quotes is written twice, which reads here as
 * the end of one text and the begin of another: it comes out the same. */
static size_t scan_one(mu_shell_pending *p, size_t i)
{
    const char c = p->text[i], next = p->text[i + 1]; /* NUL-terminated */

    switch (p->inside) {
    case '-':
        if (c == '\n') {
            p->inside = 0;
        }
        return 1;
    case '*':
        if (c == '*' && next == '/') {
            p->inside = 0;
            return 2;
        }
        return 1;
    case '\'':
    case '"':
        if (c == p->inside) {
            p->inside = 0;
        }
        return 1;
    default:
        break;
    }
    if (c == '-' && next == '-') {
        p->inside = '-';
        return 2;
    }
    if (c == '/' && next == '*') {
        p->inside = '*';
        return 2;
    }
    if (c == '\'' || c == '"') {
        p->inside = c;
    }
    if (!isspace((unsigned char)c)) {
        p->last = c;
    }
    return 1;
}

void mu_shell_pending_add(mu_shell_pending *p, const char *line, size_t size)
{
    if (p->room - p->size < size + 1) {
        p->room = (p->room + size + 1) * 2;
        p->text = mu_shell_need(realloc(p->text, p->room));
    }
    memcpy(p->text + p->size, line, size);
    p->size += size;
    p->text[p->size] = '\0';
    while (p->scanned < p->size) {
        p->lines += p->text[p->scanned] == '\n';
        p->scanned += scan_one(p, p->scanned);
    }
}

bool mu_shell_pending_whole(const mu_shell_pending *p)
{
    return p->last == ';' && (p->inside == 0 || p->inside == '-');
}

bool mu_shell_pending_blank(const mu_shell_pending *p)
{
    return p->last == 0 && p->inside != '*';
}

void mu_shell_pending_clear(mu_shell_pending *p)
{
    p->size = p->scanned = 0;
    p->lines = 0;
    p->inside = p->last = 0;
    if (p->text) {
        p->text[0] = '\0';
    }
}

void mu_shell_pending_deinit(mu_shell_pending *p)
{
    free(p->text);
    *p = (mu_shell_pending){0};
}
