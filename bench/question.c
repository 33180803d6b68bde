/*
 * question.c - reads the folders of questions.
 */
#include "bench/question.h"

#include "bench/files.h"
#include "bench/stop.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Goes through the lines of `sql`: comments to one side, the rest to the other. */
static char *lines_of(const char *sql, bool comments)
{
    char *text;
    size_t size;
    FILE *out = mu_bench_need(open_memstream(&text, &size));

    while (*sql) {
        const size_t line = strcspn(sql, "\n");
        const char *start = sql + strspn(sql, " \t");
        const bool is_comment = strncmp(start, "--", 2) == 0 && start < sql + line;
        if (is_comment && comments) {
            start += 2 + strspn(start + 2, " ");
            (void)fprintf(out, "%.*s\n", (int)(sql + line - start), start);
        } else if (!is_comment && !comments) {
            (void)fprintf(out, "%.*s\n", (int)line, sql);
        }
        sql += line + (sql[line] == '\n');
    }
    (void)fclose(out);
    return text;
}

char *mu_bench_comments(const char *sql)
{
    return lines_of(sql, true);
}

char *mu_bench_without_comments(const char *sql)
{
    return lines_of(sql, false);
}

char *mu_bench_fill_in(const char *text, const char *const names[], const char *const values[])
{
    char *filled;
    size_t size;
    FILE *out = mu_bench_need(open_memstream(&filled, &size));

    while (*text) {
        size_t skip = 0;
        for (size_t i = 0; names[i] && *text == '{'; i++) {
            const size_t length = strlen(names[i]);
            if (strncmp(text + 1, names[i], length) == 0 && text[1 + length] == '}') {
                (void)fputs(values[i], out);
                skip = length + 2;
            }
        }
        if (skip == 0) {
            (void)fputc(*text, out);
            skip = 1;
        }
        text += skip;
    }
    (void)fclose(out);
    return filled;
}

/* Cuts blanks and a ';' off the end. */
static char *trimmed(char *sql)
{
    size_t size = strlen(sql);

    while (size > 0 && strchr(" \t\n;", sql[size - 1])) {
        sql[--size] = 0;
    }
    return sql;
}

static void add_form(mu_bench_question *question, const char *directory, const char *file)
{
    const size_t engine = strcspn(file, "-."), name = strcspn(file, ".");
    char *path = mu_bench_text("%s/%s/%s", directory, question->name, file);
    char *text = mu_bench_read(path);

    if (!text) {
        mu_bench_stop("\"%s\" cannot be read", path);
    }
    question->forms = mu_bench_need(
        realloc(question->forms, (question->form_count + 1) * sizeof *question->forms));
    question->forms[question->form_count++] = (mu_bench_form){
        .engine = mu_bench_text("%.*s", (int)engine, file),
        .name = mu_bench_text("%.*s", (int)(name > engine ? name - engine - 1 : 0),
                              file + engine + (file[engine] == '-')),
        .sql = trimmed(mu_bench_without_comments(text)),
    };
    free(text);
    free(path);
}

/* Title, meaning and what is missing, from the comments of muster.sql. */
static void read_comments(mu_bench_question *question, const char *directory)
{
    char *path = mu_bench_text("%s/%s/muster.sql", directory, question->name);
    char *text = mu_bench_read(path);
    size_t size;

    if (!text) {
        mu_bench_stop("there is no \"%s\", which says what the answer means", path);
    }
    char *comments = mu_bench_comments(text);
    FILE *meaning = mu_bench_need(open_memstream(&question->meaning, &size));
    for (char *rest = comments, *line; (line = strsep(&rest, "\n")) && rest;) {
        if (!question->title) {
            question->title = mu_bench_text("%s", line);
        } else if (strncmp(line, "not yet:", 8) == 0) {
            question->not_yet = mu_bench_text("%s", line + 8 + strspn(line + 8, " "));
        } else {
            (void)fprintf(meaning, "%s%s", ftell(meaning) > 0 ? " " : "", line);
        }
    }
    (void)fclose(meaning);
    if (!question->title || !*question->meaning) {
        mu_bench_stop("\"%s\" begins with no title and meaning", path);
    }
    free(comments);
    free(text);
    free(path);
}

static bool is_listed(const mu_bench_questions *questions, const char *name)
{
    for (size_t i = 0; i < questions->count; i++) {
        if (strcmp(questions->list[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void read_question(mu_bench_questions *questions, const char *directory, const char *name)
{
    questions->list =
        mu_bench_need(realloc(questions->list, (questions->count + 1) * sizeof *questions->list));
    mu_bench_question *question = &questions->list[questions->count++];
    *question = (mu_bench_question){.name = mu_bench_text("%s", name)};
    read_comments(question, directory);

    char *folder = mu_bench_text("%s/%s", directory, name);
    char **files = mu_bench_list(folder, "sql");
    for (size_t i = 0; files[i]; i++) {
        add_form(question, directory, files[i]);
    }
    mu_bench_list_free(files);
    free(folder);
}

mu_bench_questions mu_bench_questions_read(const char *directory)
{
    mu_bench_questions questions = {0};
    char *path = mu_bench_text("%s/list", directory);
    char *names = mu_bench_read(path);
    char **folders = mu_bench_list(directory, NULL);

    if (!names) {
        mu_bench_stop("there is no \"%s\", which names the questions", path);
    }
    for (char *rest = names, *name = strsep(&rest, "\n"); name; name = strsep(&rest, "\n")) {
        if (*name) {
            read_question(&questions, directory, name);
        }
    }
    for (size_t i = 0; folders[i]; i++) {
        if (strcmp(folders[i], "list") != 0 && !is_listed(&questions, folders[i])) {
            mu_bench_stop("\"%s\" does not name the question \"%s\"", path, folders[i]);
        }
    }
    mu_bench_list_free(folders);
    free(names);
    free(path);
    return questions;
}

void mu_bench_questions_free(mu_bench_questions *questions)
{
    for (size_t i = 0; i < questions->count; i++) {
        mu_bench_question *question = &questions->list[i];
        for (size_t f = 0; f < question->form_count; f++) {
            free(question->forms[f].engine);
            free(question->forms[f].name);
            free(question->forms[f].sql);
        }
        free(question->forms);
        free(question->name);
        free(question->title);
        free(question->meaning);
        free(question->not_yet);
    }
    free(questions->list);
    *questions = (mu_bench_questions){0};
}
