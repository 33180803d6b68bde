/*
 * mutants.c - slips of the pen: statements of tests/sql with a word dropped, written twice, moved
 * or taken from elsewhere. Whatever is wrong with one, its message has a place and can be read.
 *
 *     mutants COUNT FILE.test...
 *
 * COUNT slips are made in all, the same ones each time; MUSTER_SEED makes others. The statements
 * of a file run in order, so that there are tables for the slips to be about. Of the slips only
 * those that have rows are run; the others might change what the next ones need.
 */
#include "include/muster.h"

#include <ctype.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MOST_WORDS = 512,
    MOST_SQL = 8192,
    MOST_STATEMENTS = 8192,
    MOST_ROWS = 100,
    LONGEST_MESSAGE = 240 /* bytes; more than two lines are not read */
};

typedef struct word {
    const char *text;
    int size;
} word;

static char *statements[MOST_STATEMENTS]; /* of the file at hand */
static size_t statement_count;
static muster_connection *connection;
static uint64_t state;
static unsigned complaints, made, wrong;

/* xorshift64*: the same everywhere. */
static uint32_t random_below(uint32_t bound)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)((state * 0x2545f4914f6cdd1dULL) >> 32) % bound;
}

/* The statements of a .test file: what stands behind "statement ok" and "query", up to an empty
 * line or one of "----". */
static void read_statements(const char *path)
{
    FILE *file = fopen(path, "rbe");
    char line[4096], sql[MOST_SQL] = "";
    bool inside = false;

    statement_count = 0;
    while (file && fgets(line, sizeof line, file)) {
        const bool ends = line[0] == '\n' || strcmp(line, "----\n") == 0;
        if (inside && ends && sql[0] && statement_count < MOST_STATEMENTS) {
            statements[statement_count++] = strdup(sql);
        } else if (inside && !ends) {
            const size_t used = strlen(sql);
            (void)snprintf(sql + used, sizeof sql - used, "%s", line);
        }
        if (ends || !inside) {
            inside = strncmp(line, "statement ok", 12) == 0 || strncmp(line, "query", 5) == 0;
            sql[0] = '\0';
        }
    }
    if (inside && sql[0] && statement_count < MOST_STATEMENTS) {
        statements[statement_count++] = strdup(sql);
    }
    if (file) {
        (void)fclose(file);
    }
}

static int word_size(const char *text)
{
    const unsigned char c = (unsigned char)text[0];
    int size = 1;

    if (c == '\'' || c == '"') {
        while (text[size] && text[size] != (char)c) {
            size++;
        }
        return size + (text[size] != '\0');
    }
    if (isalnum(c) || c == '_' || c >= 0x80) {
        while (isalnum((unsigned char)text[size]) || text[size] == '_' ||
               (unsigned char)text[size] >= 0x80) {
            size++;
        }
    }
    return size;
}

static unsigned split(const char *sql, word *words)
{
    unsigned count = 0;

    while (*(sql += strspn(sql, " \t\n")) && count < MOST_WORDS) {
        words[count] = (word){sql, word_size(sql)};
        sql += words[count++].size;
    }
    return count;
}

static void add(char *sql, word w, bool apart)
{
    const size_t used = strlen(sql);

    (void)snprintf(sql + used, MOST_SQL - used, "%s%.*s", apart ? " " : "", w.size, w.text);
}

/* Writes the words with a slip. */
static void slip(const word *words, unsigned count, char *sql)
{
    word elsewhere[MOST_WORDS];
    const unsigned at = random_below(count), kind = random_below(4);
    const unsigned other_count =
        split(statements[random_below((uint32_t)statement_count)], elsewhere);

    sql[0] = '\0';
    for (unsigned i = 0; i < count; i++) {
        word w = words[i];
        if (i == at && kind == 0) {
            continue;
        }
        if (i == at && kind == 1) {
            add(sql, w, true);
        } else if (kind == 2 && i == at && at + 1 < count) {
            w = words[at + 1];
        } else if (kind == 2 && i == at + 1) {
            w = words[at];
        } else if (kind == 3 && i == at && other_count > 0) {
            w = elsewhere[random_below(other_count)];
        }
        add(sql, w,
            i == 0 || w.text != words[i].text ||
                words[i - 1].text + words[i - 1].size != words[i].text);
    }
}

/* What is wrong with a message; NULL: nothing. */
static const char *fault_of(const char *sql, const muster_error *err)
{
    const size_t size = strlen(err->message);
    const bool about_sql = err->status == MUSTER_SYNTAX || err->status == MUSTER_INVALID;

    if (about_sql && (err->offset < 0 || err->line < 1 || err->column < 1)) {
        return "there is no place";
    }
    if (err->offset > (int32_t)strlen(sql)) {
        return "the place is behind the statement";
    }
    if (size == 0 || size > LONGEST_MESSAGE) {
        return "the message is empty, or too long to be read";
    }
    if (err->message[size - 1] == '.' || strpbrk(err->message, "\n\r\t")) {
        return "the message is not one line without a full stop";
    }
    if (strstr(err->message, "mu_") || strstr(err->message, "(null)") ||
        strstr(err->message, "syntax error") || strstr(err->message, "something else") ||
        strstr(err->message, "expected ;") || strcmp(err->message + size - 1, " ") == 0) {
        return "the message speaks of nothing, or of what is inside";
    }
    return NULL;
}

static void try_statement(const char *sql)
{
    muster_error err = {0};
    muster_statement *statement;
    bool row = true;
    muster_status status = muster_prepare(connection, sql, NULL, &statement, &err);

    if (statement && muster_column_count(statement) > 0) {
        for (int i = 0; i < MOST_ROWS && row && status == MUSTER_OK; i++) {
            status = muster_step(statement, &row, &err);
        }
    }
    made++;
    wrong += status != MUSTER_OK;
    const char *fault = status == MUSTER_OK ? NULL : fault_of(sql, &err);
    if (fault) {
        (void)fprintf(stderr, "%s: %s\n  %s\n", fault, sql, err.message);
        complaints++;
    }
    muster_finish(statement);
}

/* Runs a statement as it is; whether it works is the concern of other tests. */
static void run(const char *sql)
{
    muster_statement *statement;
    bool row = true;

    if (muster_prepare(connection, sql, NULL, &statement, NULL) == MUSTER_OK && statement) {
        while (row && muster_step(statement, &row, NULL) == MUSTER_OK) {
        }
    }
    muster_finish(statement);
}

static void run_file(const char *path, unsigned slips)
{
    word words[MOST_WORDS];
    char sql[MOST_SQL];
    muster *db;
    muster_error err;

    read_statements(path);
    if (muster_open(NULL, NULL, &db, &err) != MUSTER_OK ||
        muster_connect(db, &connection, &err) != MUSTER_OK) {
        (void)fprintf(stderr, "mutants: %s\n", err.message);
        exit(2);
    }
    for (size_t s = 0; s < statement_count; s++) {
        const unsigned count = split(statements[s], words);
        run(statements[s]);
        for (unsigned i = 0; count > 0 && i < slips / statement_count + 1; i++) {
            slip(words, count, sql);
            try_statement(sql);
        }
    }
    muster_disconnect(connection);
    muster_close(db);
    for (size_t s = 0; s < statement_count; s++) {
        free(statements[s]);
    }
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)kind;
    (void)where;
    return remove(path);
}

int main(int argc, char **argv)
{
    const char *const seed = getenv("MUSTER_SEED"), *const temporary = getenv("TMPDIR");
    const unsigned count = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
    char directory[512];

    state = seed ? strtoull(seed, NULL, 10) + 1 : 1;
    (void)snprintf(directory, sizeof directory, "%s/muster-mutants.XXXXXX",
                   temporary ? temporary : "/tmp");
    if (!freopen("/dev/null", "r", stdin) || !mkdtemp(directory) || chdir(directory) != 0) {
        return 2;
    }
    for (int i = 2; i < argc; i++) {
        run_file(argv[i], count / (unsigned)(argc - 2));
    }
    (void)chdir("/");
    (void)nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    (void)printf("%u slips, %u of them errors, %u messages to be mended\n", made, wrong,
                 complaints);
    return complaints > 0;
}
