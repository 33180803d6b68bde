/*
 * slt.h - what the two readers of tests share: slt.c reads tests/sql, slt_page.c pages of docs.
 */
#ifndef MU_SLT_H
#define MU_SLT_H

#include <stdbool.h>
#include <stddef.h>

#include "include/muster.h"

/* Growing text, always NUL-terminated once something was added. */
typedef struct slt_text {
    char *bytes;
    size_t size, capacity;
} slt_text;

void slt_add(slt_text *text, const char *bytes, size_t size);
void slt_add_text(slt_text *text, const char *bytes);
void slt_clear(slt_text *text);
const char *slt_bytes(const slt_text *text); /* "" if nothing was added */

/* A file being run. */
typedef struct slt_file {
    const char *path;
    const char *text, *at; /* what is left */
    unsigned line;         /* of `at`, from 1 */
    muster *db;
    unsigned threads;
    bool restart_always;
    slt_text zone; /* the last SET time_zone, which a restart would forget */
    unsigned passed, missed;
} slt_file;

/* The next line, without its end, in a buffer that is good until the next call; NULL at the end. */
const char *slt_next_line(slt_file *file);

void slt_restart(slt_file *file);

/* What a statement gave. */
typedef struct slt_result {
    muster_error error; /* MUSTER_OK where there is none */
    unsigned columns;
    slt_text header; /* names of the columns, two blanks between */
    slt_text rows;   /* a line each, likewise */
    slt_text notes;
} slt_result;

/* Runs the statements of `sql`; the result is that of the last. Restarts after each if asked to. */
void slt_run(slt_file *file, const char *sql, slt_result *result);
void slt_result_clear(slt_result *result);

/* The lines with every run of two blanks or more made two, and none at their ends. */
void slt_normalize(slt_text *text);

/* Counts a check; on a difference prints both. `line` is where the check stands. */
void slt_check_text(slt_file *file, unsigned line, const char *what, const char *wanted,
                    const char *found);

void slt_write_file(const char *name, const slt_text *content);
void slt_die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

void slt_run_page(slt_file *file); /* slt_page.c */

#endif
