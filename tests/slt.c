/*
 * slt.c - runs tests/sql (and the examples of docs) through muster.h alone.
 *
 *     slt [--threads N] [--restart-every-statement] [--here] FILE...
 *
 * Each file runs on a new database, in an empty directory of its own, or with --here in the
 * working directory, beside the files that are there, and leaves `database` there. A .test file
 * is records with an empty line between them, after the manner of sqllogictest:
 *
 *     # a comment
 *     statement ok                    then SQL
 *     statement error TEXT            then SQL; the message is TEXT, where "..." stands for
 *                                     anything
 *     query TYPES [rowsort]           then SQL, a line of ----, and the rows; a letter a column:
 *                                     T text, I integer, R number with a point, B boolean, D date,
 *                                     S timestamp, V interval
 *     file NAME                       then its lines, up to a line of ----
 *     content NAME                    then the lines a file must have, up to a line of ----
 *     notes                           then what the statement before it had to say
 *     now TIME                        what time it is
 *     restart                         closes the database and opens it
 *
 * Values of a row have two blanks or more between them. NULL is written NULL, empty text (empty).
 */
#include "tests/slt.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

void slt_die(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)fputs("slt: ", stderr);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
    exit(2);
}

void slt_add(slt_text *text, const char *bytes, size_t size)
{
    if (!text->bytes || text->size + size + 1 > text->capacity) {
        const size_t capacity = (text->size + size + 1) * 2;
        char *larger = realloc(text->bytes, capacity);
        if (!larger) {
            slt_die("out of memory");
        }
        text->bytes = larger;
        text->capacity = capacity;
    }
    memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
    text->bytes[text->size] = '\0';
}

void slt_add_text(slt_text *text, const char *bytes)
{
    slt_add(text, bytes, strlen(bytes));
}

void slt_clear(slt_text *text)
{
    free(text->bytes);
    text->bytes = NULL;
    text->size = text->capacity = 0;
}

const char *slt_bytes(const slt_text *text)
{
    return text->bytes ? text->bytes : "";
}

const char *slt_next_line(slt_file *file)
{
    static slt_text line;

    if (*file->at == '\0') {
        return NULL;
    }
    const char *end = strchr(file->at, '\n');
    const size_t size = end ? (size_t)(end - file->at) : strlen(file->at);
    line.size = 0;
    slt_add(&line, file->at, size);
    file->at += size + (end != NULL);
    file->line++;
    return line.bytes;
}

void slt_normalize(slt_text *text)
{
    size_t used = 0;

    for (size_t i = 0; i < text->size; i++) {
        const char c = text->bytes[i];
        if (c == '\n') {
            while (used > 0 && text->bytes[used - 1] == ' ') {
                used--;
            }
        } else if (c == ' ' && used > 1 && text->bytes[used - 1] == ' ' &&
                   text->bytes[used - 2] == ' ') {
            continue;
        }
        text->bytes[used++] = c;
    }
    if (text->bytes) {
        text->size = used;
        text->bytes[used] = '\0';
    }
}

void slt_check_text(slt_file *file, unsigned line, const char *what, const char *wanted,
                    const char *found)
{
    if (strcmp(wanted, found) == 0) {
        file->passed++;
        return;
    }
    file->missed++;
    (void)printf("%s:%u: %s differs\n  wanted: %s\n  found:  %s\n", file->path, line, what, wanted,
                 found);
}

static void close_database(slt_file *file)
{
    muster_disconnect(file->connection);
    muster_close(file->db);
    file->connection = NULL;
    file->db = NULL;
}

void slt_restart(slt_file *file)
{
    muster_error err;

    const muster_options options = {.size = sizeof options, .threads = file->threads};

    close_database(file);
    if (muster_open("database", &options, &file->db, &err) != MUSTER_OK ||
        muster_connect(file->db, &file->connection, &err) != MUSTER_OK) {
        slt_die("%s:%u: %s", file->path, file->line, err.message);
    }
    for (const char *sql = slt_bytes(&file->settings); *sql;) {
        muster_statement *statement = NULL;
        bool row;
        if (muster_prepare(file->connection, sql, &sql, &statement, &err) != MUSTER_OK ||
            (statement && muster_step(statement, &row, &err) != MUSTER_OK)) {
            slt_die("%s:%u: %s", file->path, file->line, err.message);
        }
        muster_finish(statement);
    }
}

/* A restart is not to be seen, and a connection's settings end with it. */
static void keep_setting(slt_file *file, const char *sql, const char *rest)
{
    sql += strspn(sql, " \t\r\n");
    if (strncasecmp(sql, "SET ", 4) == 0 || strncasecmp(sql, "RESET ", 6) == 0) {
        slt_add(&file->settings, sql, (size_t)(rest - sql));
        slt_add_text(&file->settings, ";");
    }
}

static void add_row(muster_statement *statement, slt_text *rows)
{
    for (uint32_t c = 0; c < muster_column_count(statement); c++) {
        size_t size;
        const char *text = muster_text(statement, c, &size);

        slt_add_text(rows, c > 0 ? "  " : "");
        slt_add_text(rows, muster_is_null(statement, c) ? "NULL" : size == 0 ? "(empty)" : text);
    }
    slt_add_text(rows, "\n");
}

void slt_result_clear(slt_result *result)
{
    slt_clear(&result->header);
    slt_clear(&result->rows);
    slt_clear(&result->notes);
    *result = (slt_result){0};
}

static char type_letter(muster_type type)
{
    switch (type) {
    case MUSTER_TYPE_BOOLEAN:
        return 'B';
    case MUSTER_TYPE_BIGINT:
        return 'I';
    case MUSTER_TYPE_DOUBLE:
    case MUSTER_TYPE_DECIMAL:
        return 'R';
    case MUSTER_TYPE_TEXT:
        return 'T';
    case MUSTER_TYPE_DATE:
        return 'D';
    case MUSTER_TYPE_TIMESTAMP:
        return 'S';
    case MUSTER_TYPE_INTERVAL:
        return 'V';
    case MUSTER_TYPE_BITMAP:
        return 'M';
    }
    return '?';
}

/* One statement; *rest is what follows it. False where nothing but blanks was left. */
static bool run_one(slt_file *file, const char *sql, const char **rest, slt_result *result,
                    char *types, size_t types_size)
{
    muster_statement *statement;
    bool row = true;

    slt_result_clear(result);
    result->error.status = muster_prepare(file->connection, sql, rest, &statement, &result->error);
    if (result->error.status != MUSTER_OK || !statement) {
        return result->error.status != MUSTER_OK;
    }
    result->columns = muster_column_count(statement);
    for (uint32_t c = 0; c < result->columns; c++) {
        slt_add_text(&result->header, c > 0 ? "  " : "");
        slt_add_text(&result->header, muster_column_name(statement, c));
        if (c + 1 < types_size) {
            types[c] = type_letter(muster_column_type(statement, c));
            types[c + 1] = '\0';
        }
    }
    while (row) {
        result->error.status = muster_step(statement, &row, &result->error);
        if (result->error.status != MUSTER_OK) {
            break;
        }
        if (row) {
            add_row(statement, &result->rows);
        }
    }
    slt_add_text(&result->notes, muster_notes(statement));
    muster_finish(statement);
    if (result->error.status == MUSTER_OK) {
        keep_setting(file, sql, *rest);
    }
    return true;
}

static char last_types[256];

void slt_run(slt_file *file, const char *sql, slt_result *result)
{
    slt_result next = {0};

    slt_result_clear(result);
    last_types[0] = '\0';
    while (*sql && run_one(file, sql, &sql, &next, last_types, sizeof last_types)) {
        slt_result_clear(result);
        *result = next;
        next = (slt_result){0};
        if (file->restart_always) {
            slt_restart(file);
        }
        if (result->error.status != MUSTER_OK) {
            break;
        }
    }
    slt_result_clear(&next);
}

static int compare_lines(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static void sort_lines(slt_text *text)
{
    const char *whole = slt_bytes(text);
    slt_text sorted = {0}, copy = {0};
    size_t count = 0, n = 0;

    for (const char *c = whole; *c; c++) {
        count += *c == '\n';
    }
    char **lines = calloc(count + 1, sizeof *lines);
    if (!lines) {
        slt_die("out of memory");
    }
    slt_add_text(&copy, whole);
    for (char *line = copy.bytes; *line && n < count; n++) {
        char *end = strchr(line, '\n');
        *end = '\0';
        lines[n] = line;
        line = end + 1;
    }
    qsort(lines, count, sizeof *lines, compare_lines);
    for (size_t i = 0; i < count; i++) {
        slt_add_text(&sorted, lines[i]);
        slt_add_text(&sorted, "\n");
    }
    free(lines);
    slt_clear(&copy);
    slt_clear(text);
    *text = sorted;
}

/* The lines up to an empty one, or to a line of ---- ; true if it was that. */
static bool read_block(slt_file *file, bool through_blanks, slt_text *block)
{
    const char *line;

    while ((line = slt_next_line(file)) != NULL && (through_blanks || *line != '\0')) {
        if (strcmp(line, "----") == 0) {
            return true;
        }
        slt_add_text(block, line);
        slt_add_text(block, "\n");
    }
    return false;
}

/* Is the message what the test says, which may leave out parts with "..." ? */
static bool message_fits(const char *message, const char *wanted)
{
    const char *gap = strstr(wanted, "...");

    if (!gap) {
        return strcmp(message, wanted) == 0;
    }
    if (strncmp(message, wanted, (size_t)(gap - wanted)) != 0) {
        return false;
    }
    message += gap - wanted;
    for (wanted = gap + 3; (gap = strstr(wanted, "...")) != NULL; wanted = gap + 3) {
        const size_t size = (size_t)(gap - wanted);
        while (*message && strncmp(message, wanted, size) != 0) {
            message++;
        }
        if (!*message) {
            return false;
        }
        message += size;
    }
    return strlen(message) >= strlen(wanted) &&
           strcmp(message + strlen(message) - strlen(wanted), wanted) == 0;
}

static void run_statement(slt_file *file, const char *wanted, slt_result *result)
{
    const unsigned line = file->line;
    slt_text sql = {0};

    (void)read_block(file, false, &sql);
    slt_run(file, slt_bytes(&sql), result);
    const muster_error *error = &result->error;
    if (strcmp(wanted, "ok") == 0) {
        slt_check_text(file, line, "the outcome", "ok",
                       error->status == MUSTER_OK ? "ok" : error->message);
    } else if (strncmp(wanted, "error ", 6) == 0) {
        const bool fits = error->status != MUSTER_OK && message_fits(error->message, wanted + 6);
        slt_check_text(file, line, "the message", wanted + 6,
                       fits                         ? wanted + 6
                       : error->status == MUSTER_OK ? "ok"
                                                    : error->message);
    } else {
        slt_die("%s:%u: a statement is \"ok\" or \"error TEXT\"", file->path, line);
    }
    slt_clear(&sql);
}

static void run_query(slt_file *file, const char *arguments, slt_result *result)
{
    const unsigned line = file->line;
    const size_t types_size = strcspn(arguments, " ");
    const bool sort = strstr(arguments, "rowsort") != NULL;
    slt_text sql = {0}, rows = {0}, types = {0};

    slt_add(&types, arguments, types_size);
    if (!read_block(file, false, &sql)) {
        slt_die("%s:%u: the query has no line of ----", file->path, line);
    }
    (void)read_block(file, false, &rows);
    slt_normalize(&rows);
    slt_run(file, slt_bytes(&sql), result);
    slt_normalize(&result->rows);
    if (sort) {
        sort_lines(&rows);
        sort_lines(&result->rows);
    }
    if (result->error.status != MUSTER_OK) {
        slt_check_text(file, line, "the outcome", "ok", result->error.message);
    } else if (strcmp(types.bytes, last_types) != 0) {
        slt_check_text(file, line, "the types", types.bytes, last_types);
    } else {
        slt_check_text(file, line, "the result", slt_bytes(&rows), slt_bytes(&result->rows));
    }
    slt_clear(&sql);
    slt_clear(&rows);
    slt_clear(&types);
}

void slt_write_file(const char *name, const slt_text *content)
{
    FILE *out = fopen(name, "wb");

    if (!out || fwrite(slt_bytes(content), 1, content->size, out) != content->size ||
        fclose(out) != 0) {
        slt_die("%s: %s", name, strerror(errno));
    }
}

static void read_whole(const char *path, slt_text *out)
{
    FILE *in = fopen(path, "rb");
    char buffer[4096];
    size_t size;

    if (!in) {
        slt_die("%s: %s", path, strerror(errno));
    }
    while ((size = fread(buffer, 1, sizeof buffer, in)) > 0) {
        slt_add(out, buffer, size);
    }
    (void)fclose(in);
}

static void check_content(slt_file *file, const char *name)
{
    const unsigned line = file->line;
    slt_text path = {0}, wanted = {0}, found = {0};

    slt_add_text(&path, name);
    (void)read_block(file, true, &wanted);
    read_whole(slt_bytes(&path), &found);
    slt_check_text(file, line, "the file", slt_bytes(&wanted), slt_bytes(&found));
    slt_clear(&path);
    slt_clear(&wanted);
    slt_clear(&found);
}

static void check_notes(slt_file *file, slt_result *before)
{
    const unsigned line = file->line;
    slt_text wanted = {0};

    (void)read_block(file, false, &wanted);
    slt_add_text(&before->notes, before->notes.size > 0 ? "\n" : "");
    slt_check_text(file, line, "the notes", slt_bytes(&wanted), slt_bytes(&before->notes));
    slt_clear(&wanted);
}

/* What follows a word and a blank at the start of a line; NULL if the line begins otherwise. */
static const char *after(const char *line, const char *word)
{
    const size_t size = strlen(word);

    if (strncmp(line, word, size) != 0 || (line[size] != '\0' && line[size] != ' ')) {
        return NULL;
    }
    return line + size + (line[size] == ' ');
}

static void run_record(slt_file *file, const char *line, slt_result *result)
{
    slt_text kept = {0}, content = {0};
    const char *rest;

    slt_add_text(&kept, line);
    line = kept.bytes;
    if ((rest = after(line, "statement")) != NULL) {
        run_statement(file, rest, result);
    } else if ((rest = after(line, "query")) != NULL) {
        run_query(file, rest, result);
    } else if ((rest = after(line, "file")) != NULL) {
        (void)read_block(file, true, &content);
        slt_write_file(rest, &content);
    } else if ((rest = after(line, "content")) != NULL) {
        check_content(file, rest);
    } else if (after(line, "notes") != NULL) {
        check_notes(file, result);
    } else if ((rest = after(line, "now")) != NULL) {
        (void)setenv("MUSTER_NOW", rest, 1);
    } else if (after(line, "restart") != NULL) {
        slt_restart(file);
    } else {
        slt_die("%s:%u: \"%s\" begins no record", file->path, file->line, line);
    }
    slt_clear(&kept);
    slt_clear(&content);
}

static void run_records(slt_file *file)
{
    slt_result result = {0};
    const char *line;

    while ((line = slt_next_line(file)) != NULL) {
        if (*line != '\0' && *line != '#') {
            run_record(file, line, &result);
        }
    }
    slt_result_clear(&result);
}

static void remove_directory(const char *path)
{
    DIR *directory = opendir(path);
    struct dirent *entry;

    while (directory && (entry = readdir(directory)) != NULL) {
        slt_text inner = {0};
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            slt_add_text(&inner, path);
            slt_add_text(&inner, "/");
            slt_add_text(&inner, entry->d_name);
            if (unlink(inner.bytes) != 0) {
                remove_directory(inner.bytes);
            }
        }
        slt_clear(&inner);
    }
    if (directory) {
        (void)closedir(directory);
    }
    (void)rmdir(path);
}

static bool ends_in(const char *path, const char *ending)
{
    const size_t size = strlen(path), wanted = strlen(ending);

    return size >= wanted && strcmp(path + size - wanted, ending) == 0;
}

/* Runs a file in the working directory; true if it passed. */
static bool run_file(slt_file file, const slt_text *text)
{
    file.text = file.at = slt_bytes(text);
    (void)setenv("MUSTER_NOW", "2024-06-30 12:00:00", 1);
    slt_restart(&file);
    if (ends_in(file.path, ".md")) {
        slt_run_page(&file);
    } else {
        run_records(&file);
    }
    close_database(&file);
    (void)printf("%s: %u of %u checks passed\n", file.path, file.passed, file.passed + file.missed);
    slt_clear(&file.settings);
    return file.missed == 0;
}

/* The same in an empty directory, which is gone afterwards. */
static bool run_file_elsewhere(slt_file file, const slt_text *text)
{
    const char *base = getenv("TMPDIR");
    slt_text directory = {0};
    char here[4096];

    slt_add_text(&directory, base ? base : "/tmp");
    slt_add_text(&directory, "/slt-XXXXXX");
    if (!getcwd(here, sizeof here) || !mkdtemp(directory.bytes) || chdir(directory.bytes) != 0) {
        slt_die("%s: %s", directory.bytes, strerror(errno));
    }
    const bool passed = run_file(file, text);
    if (chdir(here) != 0) {
        slt_die("%s: %s", here, strerror(errno));
    }
    remove_directory(directory.bytes);
    slt_clear(&directory);
    return passed;
}

int main(int argc, char **argv)
{
    slt_file file = {.threads = 1};
    unsigned files = 0, missed = 0;
    bool here = false;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--threads") == 0 && i + 1 < argc) {
            file.threads = (unsigned)strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--restart-every-statement") == 0) {
            file.restart_always = true;
        } else if (strcmp(argv[i], "--here") == 0) {
            here = true;
        } else if (argv[i][0] == '-') {
            slt_die("no option \"%s\"; there are --threads N, --restart-every-statement and --here",
                    argv[i]);
        } else {
            slt_text text = {0};

            file.path = argv[i];
            files++;
            read_whole(file.path, &text);
            missed += !(here ? run_file(file, &text) : run_file_elsewhere(file, &text));
            slt_clear(&text);
        }
    }
    if (files == 0) {
        slt_die("no file to run");
    }
    return missed > 0;
}
