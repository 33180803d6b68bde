/*
 * question.h - the questions: folders of SQL, one file for each engine and form.
 *
 *     bench/queries/funnel_quarter/muster.sql            says in comments what the answer means
 *                                  duckdb-asof-ect.sql   the form "asof-ect" of DuckDB
 *
 * The first comment of muster.sql is the title; a comment "not yet: ..." says why muster cannot
 * answer; the other comments are the meaning.
 */
#ifndef MU_BENCH_QUESTION_H
#define MU_BENCH_QUESTION_H

#include <stddef.h>

typedef struct mu_bench_form {
    char *engine; /* "duckdb" */
    char *name;   /* "asof-ect"; "" where the file has none */
    char *sql;    /* without comments, without a ';' at the end */
} mu_bench_form;

typedef struct mu_bench_question {
    char *name; /* of the folder */
    char *title;
    char *meaning;
    char *not_yet; /* what muster lacks; NULL: nothing */
    mu_bench_form *forms;
    size_t form_count;
} mu_bench_question;

typedef struct mu_bench_questions {
    mu_bench_question *list; /* in the order of the file "list" of their directory */
    size_t count;
} mu_bench_questions;

/* All that are in `directory`, in the order of its file "list", which names each of them; stops the
 * program where something is not as it should be. */
mu_bench_questions mu_bench_questions_read(const char *directory);
void mu_bench_questions_free(mu_bench_questions *questions);

/* The text of the file, each "{name}" of `names` replaced by the value beside it; both end with a
 * NULL. The caller frees it. */
char *mu_bench_fill_in(const char *text, const char *const names[], const char *const values[]);

/* The comment lines of `sql`, without their dashes, and what is left without them; the caller frees
 * both. */
char *mu_bench_comments(const char *sql);
char *mu_bench_without_comments(const char *sql);

#endif
