/*
 * repl.c - a person at a terminal: reads lines with libedit, which nothing else here knows.
 *
 * Lines are collected until they make whole statements, and a statement is one item of the
 * history however many lines it has. Ctrl-C gives up what was typed so far, Ctrl-D leaves. The
 * history is kept in $MUSTER_HISTORY, else ~/.muster_history.
 */
#include "shell/shell.h"

#include <errno.h>
#include <histedit.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    HISTORY_ITEMS = 1000
};

typedef struct repl {
    mu_shell *shell;
    EditLine *edit;
    History *history;
    char *history_path; /* NULL: nowhere to keep it */
    mu_shell_pending pending;
} repl;

static char *prompt_of(EditLine *edit)
{
    static char first[] = "muster> ", further[] = "   ...> ";
    repl *r = NULL;

    (void)el_get(edit, EL_CLIENTDATA, &r);
    return mu_shell_pending_blank(&r->pending) && r->pending.size == 0 ? first : further;
}

static char *history_path(void)
{
    const char *path = getenv("MUSTER_HISTORY"), *home = getenv("HOME");
    mu_shell_text text = {0};

    if (path) {
        return *path ? mu_shell_need(strdup(path)) : NULL;
    }
    if (!home || !*home) {
        return NULL;
    }
    mu_shell_text_format(&text, "%s/.muster_history", home);
    return text.bytes;
}

static bool repl_open(repl *r)
{
    HistEvent event;

    r->edit = el_init("muster", stdin, stdout, stderr);
    r->history = history_init();
    if (!r->edit || !r->history) {
        (void)fputs("muster: cannot set up the terminal\n", stderr);
        return false;
    }
    (void)history(r->history, &event, H_SETSIZE, HISTORY_ITEMS);
    (void)history(r->history, &event, H_SETUNIQUE, 1);
    r->history_path = history_path();
    if (r->history_path) {
        (void)history(r->history, &event, H_LOAD, r->history_path); /* there may be none yet */
    }
    (void)el_set(r->edit, EL_CLIENTDATA, r);
    (void)el_set(r->edit, EL_PROMPT, prompt_of);
    (void)el_set(r->edit, EL_EDITOR, "emacs");
    (void)el_set(r->edit, EL_HIST, history, r->history);
    (void)el_set(r->edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
    (void)el_set(r->edit, EL_BIND, "^I", "ed-insert", NULL); /* pasted text may hold tabs */
    (void)el_set(r->edit, EL_BIND, "\033[1;5C", "em-next-word", NULL);
    (void)el_set(r->edit, EL_BIND, "\033[1;5D", "ed-prev-word", NULL);
    (void)el_source(r->edit, NULL); /* the user's ~/.editrc, if any */
    return true;
}

static void repl_close(repl *r)
{
    if (r->history) {
        history_end(r->history);
    }
    if (r->edit) {
        el_end(r->edit);
    }
    free(r->history_path);
    mu_shell_pending_deinit(&r->pending);
}

/* Adds to the history and saves it at once, so that a killed terminal loses nothing. */
static void remember(repl *r, const char *text, size_t size)
{
    mu_shell_text item = {0};
    HistEvent event;

    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == ' ')) {
        size--;
    }
    mu_shell_text_add(&item, text, size);
    (void)history(r->history, &event, H_ENTER, item.bytes);
    mu_shell_text_deinit(&item);
    if (r->history_path && history(r->history, &event, H_SAVE, r->history_path) >= 0) {
        (void)chmod(r->history_path, 0600); /* questions may name customers */
    }
}

static void take_line(repl *r, const char *line, size_t size)
{
    static const mu_shell_source typed = {NULL, 1};

    if (r->pending.size == 0 && line[strspn(line, " \t\n")] == '\0') {
        return;
    }
    if (r->pending.size == 0 && line[0] == '.') {
        remember(r, line, size);
        (void)mu_shell_dot(r->shell, line);
        return;
    }
    mu_shell_pending_add(&r->pending, line, size);
    if (mu_shell_pending_blank(&r->pending)) {
        mu_shell_pending_clear(&r->pending); /* a comment */
    } else if (mu_shell_pending_whole(&r->pending)) {
        remember(r, r->pending.text, r->pending.size);
        (void)mu_shell_run(r->shell, r->pending.text, &typed);
        mu_shell_pending_clear(&r->pending);
    }
}

void mu_shell_repl(mu_shell *shell, const char *greeting)
{
    repl r = {.shell = shell};

    if (!repl_open(&r)) {
        repl_close(&r);
        return;
    }
    (void)fputs(greeting, stdout);
    while (!shell->quit) {
        int size = 0;
        const char *line = el_gets(r.edit, &size);

        if (mu_shell_ended()) {
            break;
        }
        if (mu_shell_interrupted() || (!line && size < 0 && errno == EINTR)) {
            (void)fputs("^C\n", stdout);
            mu_shell_pending_clear(&r.pending);
            (void)el_set(r.edit, EL_UNBUFFERED, 0); /* drops what was typed of the line */
            continue;
        }
        if (!line || size <= 0) {
            (void)fputc('\n', stdout);
            break;
        }
        take_line(&r, line, (size_t)size);
    }
    repl_close(&r);
}
