/*
 * errors.c - what people are told of wrong statements, and where the caret stands.
 *
 *     errors SETUP FILE...
 *
 * Each FILE is blocks with an empty line between them, over a new database in which SETUP was
 * run. It is a page to be read as a user would, statement, caret and message:
 *
 *     # A heading.
 *
 *     SELECT custmer FROM events
 *            ^
 *     error 1:8: no column "custmer" in table "events"; did you mean "customer"?
 *
 * The numbers are line and column; "error:" alone is about no place in the statement. A block may
 * also begin with one of these lines:
 *
 *     run                 then statements that work
 *     file NAME           then the lines of a file
 *     with VALUE, VALUE   then a statement with parameters, to which these texts are bound
 *     open read-only      the database is opened again, so that it cannot be written
 *
 * With MUSTER_UPDATE=1 the files are written anew, for a reviewer to see what changed.
 */
#include "include/muster.h"

#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MOST_BLOCK_LINES = 64
};

/* A page being run. */
typedef struct page {
    const char *path;
    muster *db;
    muster_connection *connection;
    FILE *out; /* the page as it should be, by what was found */
    unsigned differences;
    unsigned questions;
} page;

typedef struct block {
    char *lines[MOST_BLOCK_LINES];
    unsigned count;
    unsigned number; /* of the first line, from 1 */
} block;

static void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

static void die(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)fputs("errors: ", stderr);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
    exit(2);
}

static void *need(void *memory)
{
    if (!memory) {
        die("out of memory");
    }
    return memory;
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rbe");
    char *text;
    size_t size;
    int c;

    if (!file) {
        die("cannot open \"%s\"", path);
    }
    FILE *copy = need(open_memstream(&text, &size));
    while ((c = fgetc(file)) != EOF) {
        (void)fputc(c, copy);
    }
    (void)fclose(file);
    (void)fclose(copy);
    return text;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "wbe");

    if (!file || fputs(text, file) < 0 || fclose(file) != 0) {
        die("cannot write \"%s\"", path);
    }
}

/* Runs all statements of the text. */
static muster_status run(page *p, const char *sql, muster_error *err)
{
    while (*sql) {
        muster_statement *statement;
        bool row = true;
        muster_status status = muster_prepare(p->connection, sql, &sql, &statement, err);
        while (status == MUSTER_OK && statement && row) {
            status = muster_step(statement, &row, err);
        }
        muster_finish(statement);
        if (status != MUSTER_OK) {
            return status;
        }
    }
    return MUSTER_OK;
}

static void run_well(page *p, const char *sql)
{
    muster_error err;

    if (run(p, sql, &err) != MUSTER_OK) {
        die("%s: \"%s\": %s", p->path, sql, err.message);
    }
}

static void open_database(page *p, bool read_only)
{
    const muster_options options = {.size = sizeof options, .read_only = read_only, .threads = 1};
    muster_error err;

    muster_disconnect(p->connection);
    muster_close(p->db);
    if (muster_open("db", &options, &p->db, &err) != MUSTER_OK ||
        muster_connect(p->db, &p->connection, &err) != MUSTER_OK) {
        die("%s", err.message);
    }
}

/* Binds "a, b" to the parameters of the statement. */
static muster_status bind(muster_statement *statement, const char *values, muster_error *err)
{
    muster_status status = MUSTER_OK;

    for (uint32_t number = 1; *values && status == MUSTER_OK; number++) {
        const size_t size = strcspn(values, ",");
        status = muster_bind_text(statement, number, values, size, err);
        values += size;
        values += strspn(values, ", ");
    }
    return status;
}

static muster_status ask(page *p, const char *sql, const char *values, muster_error *err)
{
    muster_statement *statement;
    bool row = true;
    muster_status status = muster_prepare(p->connection, sql, NULL, &statement, err);

    if (status == MUSTER_OK && values) {
        status = bind(statement, values, err);
    }
    while (status == MUSTER_OK && statement && row) {
        status = muster_step(statement, &row, err);
    }
    muster_finish(statement);
    return status;
}

/* A line of blanks below one of the statement, with a caret under the character of that number.
 * What is written in squares takes two columns. */
static void write_caret(FILE *out, const char *line, int32_t column)
{
    for (int32_t at = 1; at < column; line += *line != '\0') {
        const unsigned char c = (unsigned char)*line;
        if (c == '\t') {
            (void)fputc('\t', out);
        } else if ((c & 0xc0) != 0x80) {
            (void)fputs(c >= 0xe3 ? "  " : " ", out);
        }
        at += (line[0] == '\0' || ((unsigned char)line[1] & 0xc0) != 0x80);
    }
    (void)fputs("^\n", out);
}

/* The rules that every message keeps. */
static void check_message(page *p, const block *b, const muster_error *err)
{
    const size_t size = strlen(err->message);

    if (size == 0 || err->message[size - 1] == '.' || strchr(err->message, '\n') ||
        (err->line > 0) != (err->offset >= 0)) {
        (void)fprintf(stderr, "%s:%u: no message that people can read: \"%s\"\n", p->path,
                      b->number, err->message);
        p->differences++;
    }
}

static bool is_caret(const char *line)
{
    const char *at = line + strspn(line, " \t");

    return at[0] == '^' && at[1] == '\0';
}

static bool is_answer(const char *line)
{
    return strncmp(line, "error:", 6) == 0 || strcmp(line, "no error") == 0 ||
           (strncmp(line, "error ", 6) == 0 && line[6] >= '1' && line[6] <= '9');
}

static void answer(page *p, const block *b, FILE *out)
{
    const bool bound = strncmp(b->lines[0], "with ", 5) == 0;
    muster_error err = {0};
    char *sql;
    size_t size;
    FILE *text = need(open_memstream(&sql, &size));
    int32_t line = 0;

    for (unsigned i = bound; i < b->count; i++) {
        if (!is_caret(b->lines[i]) && !is_answer(b->lines[i])) {
            (void)fprintf(text, "%s%s", ftell(text) > 0 ? "\n" : "", b->lines[i]);
        }
    }
    (void)fclose(text);
    const muster_status status = ask(p, sql, bound ? b->lines[0] + 5 : NULL, &err);
    if (bound) {
        (void)fprintf(out, "%s\n", b->lines[0]);
    }
    for (unsigned i = bound; i < b->count; i++) {
        if (!is_caret(b->lines[i]) && !is_answer(b->lines[i])) {
            (void)fprintf(out, "%s\n", b->lines[i]);
            if (status != MUSTER_OK && ++line == err.line) {
                write_caret(out, b->lines[i], err.column);
            }
        }
    }
    if (status == MUSTER_OK) {
        (void)fputs("no error\n", out);
    } else {
        check_message(p, b, &err);
        (void)fprintf(out, err.line ? "error %d:%d: " : "error: ", err.line, err.column);
        (void)fprintf(out, "%s\n", err.message);
    }
    free(sql);
}

/* The lines of the block from `first` on, as one text of the caller's. */
static char *join(const block *b, unsigned first)
{
    char *text;
    size_t size;
    FILE *out = need(open_memstream(&text, &size));

    for (unsigned i = first; i < b->count; i++) {
        (void)fprintf(out, "%s\n", b->lines[i]);
    }
    (void)fclose(out);
    return text;
}

static void run_block(page *p, const block *b)
{
    char *wanted = join(b, 0), *found;
    size_t size;

    if (strncmp(b->lines[0], "# ", 2) == 0) {
        found = join(b, 0);
    } else if (strcmp(b->lines[0], "run") == 0) {
        found = join(b, 1);
        run_well(p, found);
        free(found);
        found = join(b, 0);
    } else if (strncmp(b->lines[0], "file ", 5) == 0) {
        found = join(b, 1);
        write_file(b->lines[0] + 5, found);
        free(found);
        found = join(b, 0);
    } else if (strcmp(b->lines[0], "open read-only") == 0) {
        open_database(p, true);
        found = join(b, 0);
    } else {
        FILE *out = need(open_memstream(&found, &size));
        p->questions++;
        answer(p, b, out);
        (void)fclose(out);
    }
    if (strcmp(wanted, found) != 0) {
        (void)fprintf(stderr, "%s:%u: expected\n%sbut found\n%s\n", p->path, b->number, wanted,
                      found);
        p->differences++;
    }
    (void)fprintf(p->out, "%s%s", ftell(p->out) > 0 ? "\n" : "", found);
    free(wanted);
    free(found);
}

static void run_blocks(page *p, char *text)
{
    block b = {.number = 1};
    unsigned number = 0;

    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next) {
            *next++ = '\0';
        }
        number++;
        if (*line && b.count < MOST_BLOCK_LINES) {
            b.number = b.count ? b.number : number;
            b.lines[b.count++] = line;
        } else if (*line) {
            die("%s:%u: a block is longer than %d lines", p->path, number, MOST_BLOCK_LINES);
        } else if (b.count) {
            run_block(p, &b);
            b.count = 0;
        }
    }
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)kind;
    (void)where;
    return remove(path);
}

/* Runs the page at `path`, which is absolute, in a directory of its own. */
static unsigned run_page(const char *setup, const char *path)
{
    const char *const temporary = getenv("TMPDIR");
    page p = {.path = path};
    char directory[512], *text = read_file(path), *found;
    size_t size;

    (void)snprintf(directory, sizeof directory, "%s/muster-errors.XXXXXX",
                   temporary ? temporary : "/tmp");
    if (!mkdtemp(directory) || chdir(directory) != 0) {
        die("cannot make a directory \"%s\"", directory);
    }
    p.out = need(open_memstream(&found, &size));
    open_database(&p, false);
    run_well(&p, setup);
    run_blocks(&p, text);
    muster_disconnect(p.connection);
    muster_close(p.db);
    (void)fclose(p.out);
    if (getenv("MUSTER_UPDATE")) {
        write_file(path, found);
    }
    (void)chdir("/");
    (void)nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    (void)printf("%s: %u statements\n", path, p.questions);
    free(found);
    free(text);
    return p.differences;
}

int main(int argc, char **argv)
{
    char *setup = argc > 1 ? read_file(argv[1]) : NULL;
    unsigned differences = 0;

    for (int i = 2; i < argc; i++) { /* which may be relative, and pages run elsewhere */
        argv[i] = realpath(argv[i], NULL);
        if (!argv[i]) {
            die("there is no page %d", i - 1);
        }
    }
    for (int i = 2; i < argc; i++) {
        differences += run_page(setup, argv[i]);
        free(argv[i]);
    }
    free(setup);
    return differences > 0;
}
