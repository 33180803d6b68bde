/*
 * shell.h - what the parts of the shell share.
 *
 *   main.c     the arguments, and what is done in which order
 *   repl.c     a person at a terminal: lines, history
 *   script.c   statements from a file or a pipe
 *   run.c      runs statements; errors with their place, Ctrl-C, progress
 *   print.c    results as CSV and JSON; box.c as a table to look at
 *   dot.c      commands such as .help
 *   import.c   --import: looks at a file, loads it; roles.c guesses what its columns are;
 *              questions.c asks the first questions
 *   query.c    the shell's own questions
 *   command.c  `muster info DB`, `muster check DB`
 *   pending.c  knows where a statement ends; text.c what text looks like on a terminal
 *
 * A program like any other: it knows muster.h and nothing else of the library.
 */
#ifndef MU_SHELL_H
#define MU_SHELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "include/muster.h"

typedef enum mu_shell_format {
    MU_SHELL_BOX,
    MU_SHELL_CSV,
    MU_SHELL_JSON,
} mu_shell_format;

typedef struct mu_shell {
    muster *db;
    muster_connection *connection;
    mu_shell_format format;
    bool interactive; /* someone types: errors do not end it, and it asks */
    bool timer;       /* say how many rows and how long, below a box */
    bool echo;        /* show each statement before its result */
    bool data_out;    /* standard output has the rows of COPY TO STDOUT: notes go elsewhere */
    bool quit;
} mu_shell;

/* Where statements come from, for the messages about them. */
typedef struct mu_shell_source {
    const char *name; /* a file, "stdin", "-c"; NULL: typed at the prompt */
    uint32_t line;    /* of the first byte of the text, from 1 */
} mu_shell_source;

/* Run.c. */

/* Ctrl-C cancels the statement that runs from now on, and no longer ends the program. */
void mu_shell_watch(mu_shell *shell);

/* Where everything that is no result goes: beside boxes, but never into a CSV or JSON. */
FILE *mu_shell_notes(const mu_shell *shell);

bool mu_shell_interrupted(void); /* true once after each Ctrl-C */
bool mu_shell_ended(void);       /* true from SIGTERM or SIGHUP on */

/* Runs the statements of `sql`, up to the first that fails; says why it did, and returns false. */
bool mu_shell_run(mu_shell *shell, const char *sql, const mu_shell_source *source);

/* Says what is wrong, where, and shows the place: `offset` bytes into `sql`, or -1. */
void mu_shell_complain(const mu_shell_source *source, const char *sql, const char *at,
                       const char *message);

/* Script.c: both return false after an error, which they have told. */

bool mu_shell_script(mu_shell *shell, FILE *file, const char *name);
bool mu_shell_read(mu_shell *shell, const char *path); /* a script; "-" is the standard input */

/* Command.c: `info DB` or `check DB`, and the exit status of the program. */
int mu_shell_command(int argc, char **argv);

/* Print.c, box.c. */

/* Steps through a statement and prints its rows on standard output in the shell's format; *rows
 * is their number. CANCELLED also where Ctrl-C came while they were printed, IO where standard
 * output does not take them. */
muster_status mu_shell_print(mu_shell *shell, muster_statement *statement, uint64_t *rows,
                             muster_error *err);
bool mu_shell_format_of(const char *name, mu_shell_format *format); /* false: no such format */
muster_status mu_shell_print_box(muster_statement *statement, uint64_t *rows, muster_error *err);

/* The next row for a printer, with the two further reasons to stop. */
muster_status mu_shell_next(muster_statement *statement, bool *row, muster_error *err);

/* Repl.c, dot.c, import.c. */

void mu_shell_repl(mu_shell *shell, const char *greeting);

/* Runs a line that begins with a dot. False if it fails, which it has told. */
bool mu_shell_dot(mu_shell *shell, const char *line);

/* query.c: rows of text, one after the other; NULL reads as "". */
typedef struct mu_shell_rows {
    char **cells;
    size_t columns, rows;
} mu_shell_rows;

bool mu_shell_query(mu_shell *shell, const char *sql, mu_shell_rows *out); /* tells its errors */
void mu_shell_rows_deinit(mu_shell_rows *rows);

typedef struct mu_shell_import {
    const char *path;
    const char *table;                   /* "events" unless said otherwise */
    const char *time_format, *rejects;   /* NULL: found out, and none */
    const char *customer, *time, *event; /* columns, as the user says; NULL: found out */
} mu_shell_import;

bool mu_shell_import_file(mu_shell *shell, const mu_shell_import *import);

/* Pending.c: text that is not a whole statement yet. */

typedef struct mu_shell_pending {
    char *text; /* NUL-terminated once there is any */
    size_t size, room;
    size_t scanned; /* how much of it the state below speaks of */
    uint32_t lines; /* in it */
    char inside;    /* ' or " : in such quotes; - or * : in such a comment; 0 : in none */
    char last;      /* the last byte that is neither blank nor comment; 0: there is none */
} mu_shell_pending;

void mu_shell_pending_add(mu_shell_pending *pending, const char *line, size_t size);
bool mu_shell_pending_whole(const mu_shell_pending *pending); /* ends with a ; that counts */
bool mu_shell_pending_blank(const mu_shell_pending *pending); /* blanks and comments only */
void mu_shell_pending_clear(mu_shell_pending *pending);
void mu_shell_pending_deinit(mu_shell_pending *pending);

/* Text.c. */

typedef struct mu_shell_text {
    char *bytes;
    size_t size, room;
} mu_shell_text;

void *mu_shell_need(void *memory); /* ends the program if it is NULL */
void mu_shell_text_add(mu_shell_text *text, const char *bytes, size_t size);
void mu_shell_text_format(mu_shell_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Adds it with control characters spelled out and broken UTF-8 replaced, so that it takes one
 * line and does nothing to the terminal. */
void mu_shell_text_add_visible(mu_shell_text *text, const char *bytes, size_t size);
void mu_shell_text_deinit(mu_shell_text *text);

size_t mu_shell_width(const char *bytes, size_t size); /* columns on a terminal */
/* The bytes of the longest beginning that is at most `width` columns wide. */
size_t mu_shell_fit(const char *bytes, size_t size, size_t width);
size_t mu_shell_terminal_width(int file); /* 0 if it is no terminal */
/* 1234567 as 1,234,567, in a static buffer. */
const char *mu_shell_thousands(uint64_t number);
/* The one of `names` that was probably meant by `name`, or NULL. */
const char *mu_shell_nearest(const char *name, const char *const *names, size_t count);

#endif
