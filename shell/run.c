/*
 * run.c - runs statements, and says what becomes of them.
 *
 * Ctrl-C cancels the statement that runs: the signal handler calls muster_cancel(), which is made
 * for that, and the step returns CANCELLED. It runs on this thread only (the library's own
 * threads take no signals), so `running` cannot be finished under it. A statement that does not
 * listen can be killed with two more. SIGTERM and SIGHUP cancel as well, and then end the shell in
 * good order, so that no temporary database is left behind.
 *
 * On a terminal, a statement that takes longer than half a second shows how far it is, on
 * standard error, in a line that is erased before anything else is written.
 */
#include "shell/shell.h"

#include <ctype.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum {
    TAB_COLUMNS = 4,
    CARET_COLUMNS = 100,
    BAR_COLUMNS = 24,
    PATIENCE = 3
};
static const double PROGRESS_AFTER_SECONDS = 0.5;
static const double ESTIMATE_AFTER_SHARE = 0.02; /* before, it would jump about */

static muster_statement *volatile running;
static volatile sig_atomic_t interrupts;
static volatile sig_atomic_t ended; /* the system or the terminal wants us gone */
static bool progress_shown;

static void on_signal(int signal_number)
{
    if (signal_number == SIGINT) {
        interrupts = interrupts + 1;
    } else {
        ended = 1;
    }
    if (running) {
        muster_cancel(running);
        if (interrupts >= PATIENCE) {
            _exit(130);
        }
    }
}

bool mu_shell_interrupted(void)
{
    const bool interrupted = interrupts > 0;

    interrupts = 0;
    return interrupted;
}

FILE *mu_shell_notes(const mu_shell *shell)
{
    return shell->format == MU_SHELL_BOX && !shell->data_out ? stdout : stderr;
}

/* COPY ... TO STDOUT: what is on standard output must be the rows and nothing else. */
static bool writes_stdout(const char *start, const char *end)
{
    static const char wanted[] = "stdout";
    const size_t size = sizeof wanted - 1;
    char quote = 0;

    if ((size_t)(end - start) < size || strncasecmp(start, "copy", 4) != 0) {
        return false;
    }
    for (const char *at = start; at + size <= end; at++) {
        if (*at == '\'' || *at == '"') {
            quote = (char)(quote == 0 ? *at : quote == *at ? 0 : quote);
        } else if (quote == 0 && strncasecmp(at, wanted, size) == 0) {
            return true;
        }
    }
    return false;
}

bool mu_shell_ended(void)
{
    return ended != 0;
}

/* Progress. */

static void erase_progress(void)
{
    if (progress_shown) {
        (void)fputs("\r\033[K", stderr);
        progress_shown = false;
    }
}

static void show_progress(void *context, const muster_progress *progress)
{
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    const uint64_t total = progress->total;
    const double share = total ? (double)progress->done / (double)total : 0;
    const double rows_per_second = (double)progress->rows / progress->seconds;

    (void)context;
    if (progress->seconds < PROGRESS_AFTER_SECONDS) {
        return;
    }
    (void)fprintf(stderr, "\r%-9s", progress->what);
    if (total) {
        const unsigned filled = (unsigned)((share < 1 ? share : 1) * BAR_COLUMNS * 8);

        (void)fputs(" ▕", stderr);
        for (unsigned i = 0; i < filled / 8; i++) {
            (void)fputs("█", stderr);
        }
        (void)fprintf(stderr, "%s%*s▏%3.0f %%", eighths[filled % 8],
                      (int)(BAR_COLUMNS - (filled + 7) / 8), "", (share < 1 ? share : 1) * 100);
    }
    if (progress->rows) {
        (void)fprintf(stderr, "  %s rows, %.1f million/s", mu_shell_thousands(progress->rows),
                      rows_per_second / 1e6);
    }
    (void)fprintf(stderr, "  %.0f s", progress->seconds);
    if (share > ESTIMATE_AFTER_SHARE && share < 1) {
        (void)fprintf(stderr, ", about %.0f s left", progress->seconds * (1 - share) / share);
    }
    (void)fputs("\033[K", stderr);
    (void)fflush(stderr);
    progress_shown = true;
}

void mu_shell_watch(mu_shell *shell)
{
    struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART: a read ends */
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGHUP, &action, NULL);
    (void)sigaction(SIGPIPE, &ignore,
                    NULL); /* so that a temporary database is removed in any case */
    if (isatty(STDERR_FILENO)) {
        muster_set_progress(shell->connection, show_progress, NULL);
    }
}

/* Errors. */

/* Text as it is shown, a tab as blanks, so that each character has its width. */
static void add_shown(mu_shell_text *out, const char *text, const char *end)
{
    while (text < end) {
        const char *tab = memchr(text, '\t', (size_t)(end - text));
        mu_shell_text_add_visible(out, text, (size_t)((tab ? tab : end) - text));
        if (tab) {
            mu_shell_text_format(out, "%*s", TAB_COLUMNS, "");
        }
        text = tab ? tab + 1 : end;
    }
}

/* Shows the line around `at`, cut on both sides to what fits, and a caret below that place. */
static void show_place(const char *sql, const char *at)
{
    const char *start = at, *end = at;
    mu_shell_text before = {0}, after = {0};
    size_t cut = 0;

    while (start > sql && start[-1] != '\n') {
        start--;
    }
    while (*end && *end != '\n' && *end != '\r') {
        end++;
    }
    add_shown(&before, start, at);
    add_shown(&after, at, end);
    size_t width = mu_shell_width(before.bytes, before.size);
    while (width > CARET_COLUMNS / 2) {
        const size_t size = mu_shell_fit(before.bytes + cut, before.size - cut, 2);
        width -= mu_shell_width(before.bytes + cut, size);
        cut += size;
    }
    const size_t fits = mu_shell_fit(after.bytes, after.size, CARET_COLUMNS - width);
    (void)fprintf(stderr, "  %s%.*s%.*s%s\n  %*s^\n", cut ? "…" : "", (int)(before.size - cut),
                  before.bytes ? before.bytes + cut : "", (int)fits, after.bytes ? after.bytes : "",
                  fits < after.size ? "…" : "", (int)width + (cut > 0), "");
    mu_shell_text_deinit(&before);
    mu_shell_text_deinit(&after);
}

static uint32_t line_of(const mu_shell_source *source, const char *sql, const char *at)
{
    uint32_t line = source->line;

    for (const char *c = sql; c < at; c++) {
        line += *c == '\n';
    }
    return line;
}

/* In characters, from 1. */
static uint32_t column_of(const char *sql, const char *at)
{
    uint32_t column = 1;

    for (const char *c = at; c > sql && c[-1] != '\n'; c--) {
        column += ((unsigned char)c[-1] & 0xc0) != 0x80; /* not within a character */
    }
    return column;
}

void mu_shell_complain(const mu_shell_source *source, const char *sql, const char *at,
                       const char *message)
{
    (void)fflush(stdout);
    erase_progress();
    if (source->name) {
        (void)fprintf(stderr, "%s:%u:", source->name, line_of(source, sql, at ? at : sql));
        if (at) {
            (void)fprintf(stderr, "%u:", column_of(sql, at));
        }
        (void)fprintf(stderr, " %s\n", message);
    } else if (at && strchr(sql, '\n') && sql + strlen(sql) - strchr(sql, '\n') > 1) {
        (void)fprintf(stderr, "line %u, column %u: %s\n", line_of(source, sql, at),
                      column_of(sql, at), message);
    } else {
        (void)fprintf(stderr, at ? "error: %s\n" : "%s\n", message);
    }
    if (at) {
        show_place(sql, at);
    }
}

/* Statements. */

static double now_seconds(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

muster_status mu_shell_next(muster_statement *statement, bool *row, muster_error *err)
{
    const muster_status status = muster_step(statement, row, err);

    if (status == MUSTER_OK && *row && (interrupts > 0 || ended)) {
        *err = (muster_error){.status = MUSTER_CANCELLED, .offset = -1};
        (void)snprintf(err->message, sizeof err->message, "cancelled");
        return MUSTER_CANCELLED;
    }
    if (status == MUSTER_OK && ferror(stdout)) {
        *err = (muster_error){.status = MUSTER_IO, .offset = -1};
        (void)snprintf(err->message, sizeof err->message, "cannot write to standard output");
        return MUSTER_IO;
    }
    if (progress_shown && (status != MUSTER_OK || !*row)) {
        erase_progress();
    }
    return status;
}

/* Nobody reads on: `muster ... | head` has what it wanted, and no message is due. */
static bool reader_left(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO};

    return poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

/* What people are told below a result: how many rows, and how long it took. */
static void say_result(const mu_shell *shell, const muster_statement *statement, uint64_t rows,
                       double seconds)
{
    const bool has_rows = muster_column_count(statement) > 0;
    const uint64_t count = has_rows ? rows : muster_rows_changed(statement);
    FILE *const to = mu_shell_notes(shell);
    const char *notes = muster_notes(statement);

    if (notes[0]) {
        (void)fprintf(to, "%s%s", notes, notes[strlen(notes) - 1] == '\n' ? "" : "\n");
    }
    if (!shell->timer || shell->format != MU_SHELL_BOX) {
        return;
    }
    if (has_rows || count > 0) {
        (void)fprintf(to, "%s row%s, ", mu_shell_thousands(count), count == 1 ? "" : "s");
    } else {
        (void)fputs("done, ", to);
    }
    (void)fprintf(to, "%.1f %s\n", seconds < 1 ? seconds * 1000 : seconds,
                  seconds < 1 ? "ms" : "s");
    if (has_rows || shell->echo) {
        (void)fputc('\n', to);
    }
}

static bool run_statement(mu_shell *shell, muster_statement *statement,
                          const mu_shell_source *source, const char *sql, const char *start,
                          double begin)
{
    muster_error err = {.offset = -1};
    muster_status status;
    uint64_t rows = 0;

    interrupts = 0;
    running = statement;
    if (muster_column_count(statement) > 0) {
        status = mu_shell_print(shell, statement, &rows, &err);
    } else {
        bool row;
        status = muster_step(statement, &row, &err);
    }
    running = NULL;
    interrupts = 0;
    erase_progress();
    if (status == MUSTER_OK) {
        say_result(shell, statement, rows, now_seconds() - begin);
    }
    if (fflush(stdout) != 0 && status == MUSTER_OK) {
        status = MUSTER_IO;
        (void)snprintf(err.message, sizeof err.message, "cannot write to standard output");
    }
    if (status != MUSTER_OK && !(status == MUSTER_IO && reader_left())) {
        mu_shell_complain(source, sql, err.offset >= 0 ? start + err.offset : NULL, err.message);
    }
    return status == MUSTER_OK;
}

/* The statement as it was typed, without the blanks around it. */
static void echo_statement(const mu_shell *shell, const char *start, const char *end)
{
    FILE *const to = mu_shell_notes(shell);

    while (start < end && isspace((unsigned char)*start)) {
        start++;
    }
    while (end > start && isspace((unsigned char)end[-1])) {
        end--;
    }
    (void)fprintf(to, "%.*s\n", (int)(end - start), start);
    (void)fflush(to);
}

bool mu_shell_run(mu_shell *shell, const char *sql, const mu_shell_source *source)
{
    const char *rest = sql;

    for (;;) {
        const char *const start = rest;
        const double begin = now_seconds(); /* DESCRIBE reads its file when it is prepared */
        muster_statement *statement;
        muster_error err = {.offset = -1};

        if (muster_prepare(shell->connection, start, &rest, &statement, &err) != MUSTER_OK) {
            if (shell->echo) {
                echo_statement(shell, start, rest);
            }
            mu_shell_complain(source, sql, err.offset >= 0 ? start + err.offset : NULL,
                              err.message);
            return false;
        }
        if (!statement) {
            return true;
        }
        shell->data_out = writes_stdout(start + strspn(start, " \t\r\n"), rest);
        if (shell->echo) {
            echo_statement(shell, start, rest);
        }
        const bool ok = run_statement(shell, statement, source, sql, start, begin);
        shell->data_out = false;
        muster_finish(statement);
        if (!ok) {
            return false;
        }
    }
}
