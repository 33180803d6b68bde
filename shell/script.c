/*
 * script.c - statements from a file or a pipe, run one by one as they become whole, so that a
 * script of any length takes no more memory than its longest statement, and one that is piped in
 * slowly runs as it comes. The first error ends it.
 */
#include "shell/shell.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A dot command takes a line of its own, where no statement has begun. */
static bool is_dot_command(const mu_shell_pending *pending, const char *line)
{
    return line[0] == '.' && mu_shell_pending_blank(pending);
}

static bool run_pending(mu_shell *shell, mu_shell_pending *pending, const char *name,
                        uint32_t *line)
{
    const mu_shell_source source = {name, *line};
    const bool ok = mu_shell_run(shell, pending->text, &source);

    *line += pending->lines;
    mu_shell_pending_clear(pending);
    return ok;
}

bool mu_shell_script(mu_shell *shell, FILE *file, const char *name)
{
    mu_shell_pending pending = {0};
    char *line = NULL;
    size_t room = 0;
    uint32_t line_number = 1; /* of the first line that is pending */
    bool ok = true;
    ssize_t size;

    while (ok && !shell->quit && !mu_shell_ended() && (size = getline(&line, &room, file)) >= 0) {
        /* A byte order mark is not part of the text. */
        const size_t mark = line_number == 1 && pending.size == 0 && size >= 3 &&
                                    memcmp(line, "\xef\xbb\xbf", 3) == 0
                                ? 3
                                : 0;

        if (is_dot_command(&pending, line + mark)) {
            line_number += pending.lines + 1;
            mu_shell_pending_clear(&pending);
            ok = mu_shell_dot(shell, line + mark);
            continue;
        }
        mu_shell_pending_add(&pending, line + mark, (size_t)size - mark);
        if (mu_shell_pending_whole(&pending)) {
            ok = run_pending(shell, &pending, name, &line_number);
        }
    }
    if (ok && (mu_shell_interrupted() || mu_shell_ended())) {
        (void)fputs("muster: interrupted\n", stderr);
        ok = false;
    }
    if (ok && ferror(file)) {
        (void)fprintf(stderr, "muster: cannot read \"%s\": %s\n", name, strerror(errno));
        ok = false;
    }
    if (ok && !shell->quit && !mu_shell_pending_blank(&pending)) {
        ok = run_pending(shell, &pending, name, &line_number); /* the last ; may be left out */
    }
    free(line);
    mu_shell_pending_deinit(&pending);
    return ok;
}

bool mu_shell_read(mu_shell *shell, const char *path)
{
    if (strcmp(path, "-") == 0) {
        return mu_shell_script(shell, stdin, "stdin");
    }
    FILE *file = fopen(path, "re");
    if (!file) {
        (void)fprintf(stderr, "muster: cannot open \"%s\": %s\n", path, strerror(errno));
        return false;
    }
    const bool ok = mu_shell_script(shell, file, path);
    (void)fclose(file); /* it was only read */
    return ok;
}
