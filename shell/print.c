/*
 * print.c - results for other programs: CSV and JSON.
 *
 * CSV is RFC 4180 with lines that end in \n: a header, then the rows; a field is quoted where it
 * must be. NULL is an empty field, empty text is "". That is what COPY reads.
 *
 * JSON is one array of objects for each result. Numbers stay numbers, but those a reader with
 * doubles would change are written as text: integers beyond 2^53, decimals of more than 15
 * digits, and doubles that are not finite.
 */
#include "shell/shell.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static void put_csv(const char *text, size_t size)
{
    if (size > 0 && !memchr(text, ',', size) && !memchr(text, '"', size) &&
        !memchr(text, '\n', size) && !memchr(text, '\r', size)) {
        (void)fwrite(text, 1, size, stdout);
        return;
    }
    (void)putchar_unlocked('"');
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '"') {
            (void)putchar_unlocked('"');
        }
        (void)putchar_unlocked(text[i]);
    }
    (void)putchar_unlocked('"');
}

static muster_status print_csv(muster_statement *statement, uint64_t *rows, muster_error *err)
{
    const uint32_t columns = muster_column_count(statement);
    muster_status status;
    bool row;

    for (*rows = 0; (status = mu_shell_next(statement, &row, err)) == MUSTER_OK; (*rows)++) {
        for (uint32_t i = 0; *rows == 0 && i < columns; i++) {
            const char *name = muster_column_name(statement, i);

            put_csv(name, strlen(name));
            (void)putchar_unlocked(i + 1 < columns ? ',' : '\n');
        }
        if (!row) {
            break;
        }
        for (uint32_t i = 0; i < columns; i++) {
            if (!muster_is_null(statement, i)) {
                size_t size;
                const char *text = muster_text(statement, i, &size);

                put_csv(text, size);
            }
            (void)putchar_unlocked(i + 1 < columns ? ',' : '\n');
        }
    }
    return status;
}

static void put_json_text(const char *text, size_t size)
{
    (void)putchar_unlocked('"');
    for (size_t i = 0; i < size; i++) {
        const unsigned char c = (unsigned char)text[i];

        if (c == '"' || c == '\\') {
            (void)putchar_unlocked('\\');
            (void)putchar_unlocked(c);
        } else if (c == '\n') {
            (void)fputs("\\n", stdout);
        } else if (c == '\t') {
            (void)fputs("\\t", stdout);
        } else if (c < 0x20) {
            (void)printf("\\u%04x", c);
        } else {
            (void)putchar_unlocked(c);
        }
    }
    (void)putchar_unlocked('"');
}

/* Whether a reader that has only doubles gets this number as it is. */
static bool survives_as_double(const muster_statement *statement, uint32_t column)
{
    const int64_t value = muster_int64(statement, column);

    switch (muster_column_type(statement, column)) {
    case MUSTER_TYPE_BIGINT:
        return value >= -(INT64_C(1) << 53) && value <= INT64_C(1) << 53;
    case MUSTER_TYPE_DECIMAL:
        return value > -INT64_C(1000000000000000) && value < INT64_C(1000000000000000);
    case MUSTER_TYPE_DOUBLE:
        return isfinite(muster_double(statement, column));
    case MUSTER_TYPE_BOOLEAN:
    case MUSTER_TYPE_TEXT:
    case MUSTER_TYPE_DATE:
    case MUSTER_TYPE_TIMESTAMP:
    case MUSTER_TYPE_INTERVAL:
    case MUSTER_TYPE_BITMAP:
        break;
    }
    return false;
}

static void put_json_value(muster_statement *statement, uint32_t column)
{
    size_t size;

    if (muster_is_null(statement, column)) {
        (void)fputs("null", stdout);
    } else if (muster_column_type(statement, column) == MUSTER_TYPE_BOOLEAN) {
        (void)fputs(muster_int64(statement, column) ? "true" : "false", stdout);
    } else if (survives_as_double(statement, column)) {
        (void)fputs(muster_text(statement, column, NULL), stdout);
    } else {
        const char *text = muster_text(statement, column, &size);

        put_json_text(text, size);
    }
}

static muster_status print_json(muster_statement *statement, uint64_t *rows, muster_error *err)
{
    const uint32_t columns = muster_column_count(statement);
    muster_status status;
    bool row;

    for (*rows = 0; (status = mu_shell_next(statement, &row, err)) == MUSTER_OK; (*rows)++) {
        if (!row) {
            (void)fputs(*rows == 0 ? "[]\n" : "\n]\n", stdout);
            break;
        }
        (void)fputs(*rows == 0 ? "[\n{" : ",\n{", stdout);
        for (uint32_t i = 0; i < columns; i++) {
            const char *name = muster_column_name(statement, i);

            if (i > 0) {
                (void)putchar_unlocked(',');
            }
            put_json_text(name, strlen(name));
            (void)putchar_unlocked(':');
            put_json_value(statement, i);
        }
        (void)putchar_unlocked('}');
    }
    return status; /* after a failure the array stays open, so that no reader takes it for whole */
}

muster_status mu_shell_print(mu_shell *shell, muster_statement *statement, uint64_t *rows,
                             muster_error *err)
{
    switch (shell->format) {
    case MU_SHELL_CSV:
        return print_csv(statement, rows, err);
    case MU_SHELL_JSON:
        return print_json(statement, rows, err);
    case MU_SHELL_BOX:
        break;
    }
    return mu_shell_print_box(statement, rows, err);
}

bool mu_shell_format_of(const char *name, mu_shell_format *format)
{
    static const char *const names[] = {"box", "csv", "json"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            *format = (mu_shell_format)i;
            return true;
        }
    }
    return false;
}
