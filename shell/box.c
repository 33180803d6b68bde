/*
 * box.c - a result as a table to look at.
 *
 *     ┌──────┬───────────┐
 *     │ step │ customers │
 *     ├──────┼───────────┤
 *     │ 浏览 │    149223 │
 *     └──────┴───────────┘
 *
 * The widths come from the first rows, which are kept until they are known; a result that is
 * longer streams through after them, and a cell that turns out wider pushes its own row only.
 * On a terminal the widest columns give way until a row fits, and their cells are cut with an
 * ellipsis; a single column that does not fit, such as a plan, goes without a frame instead.
 * Elsewhere nothing is ever cut. A DOUBLE is shown with six decimals at most, since
 * people look at boxes; csv and json have all of its digits.
 */
#include "shell/shell.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ROWS_KEPT = 10000,
    BYTES_KEPT = 16 << 20,
    DECIMALS = 6,       /* shown of a DOUBLE */
    NARROWEST = 6,      /* columns give way down to this */
    WIDEST_PADDED = 200 /* without a terminal: padding every row to a huge cell helps nobody */
};

typedef struct box {
    muster_statement *statement;
    uint32_t columns;
    size_t *widths;     /* of each column */
    bool *right;        /* each column: numbers stand at the right */
    mu_shell_text text; /* the cells of the rows kept, one after the other */
    size_t *ends;       /* of each cell in `text`, row by row; the first row is the header */
    size_t rows, rows_room;
    size_t terminal;  /* columns it has; 0: no terminal */
    bool framed;      /* else the lines of one column too wide for that, as they are */
    bool top_printed; /* the widths are final */
} box;

static bool is_number(muster_type type)
{
    return type == MUSTER_TYPE_BIGINT || type == MUSTER_TYPE_DOUBLE || type == MUSTER_TYPE_DECIMAL;
}

static size_t cell_start(const box *b, size_t row, uint32_t column)
{
    const size_t cell = row * b->columns + column;

    return cell == 0 ? 0 : b->ends[cell - 1];
}

/* The current value of a column as it is shown; `room` holds it if it is not the library's. */
static const char *shown_value(const box *b, uint32_t column, char room[32], size_t *size)
{
    const char *text = muster_text(b->statement, column, size);

    if (muster_column_type(b->statement, column) == MUSTER_TYPE_DOUBLE) {
        const double value = muster_double(b->statement, column);
        const char *point = strchr(text, '.');
        const bool long_tail = point && strlen(point) > DECIMALS + 1 && !strchr(text, 'e');

        if (long_tail && fabs(value) >= 1e-4 && fabs(value) < 1e15) {
            *size = (size_t)snprintf(room, 32, "%.*f", DECIMALS, value);
            return room;
        }
    }
    return text;
}

/* Keeps the current row of the result, or the names of the columns. */
static void keep_row(box *b, bool header)
{
    if (b->rows == b->rows_room) {
        b->rows_room = b->rows_room ? b->rows_room * 2 : 64;
        b->ends = mu_shell_need(realloc(b->ends, b->rows_room * b->columns * sizeof *b->ends));
    }
    for (uint32_t i = 0; i < b->columns; i++) {
        const size_t start = b->text.size;
        char room[32];
        size_t size;
        const char *text;

        if (header) {
            text = muster_column_name(b->statement, i);
            size = strlen(text);
        } else if (muster_is_null(b->statement, i)) {
            text = "NULL";
            size = 4;
        } else {
            text = shown_value(b, i, room, &size);
        }
        mu_shell_text_add_visible(&b->text, text, size);
        b->ends[b->rows * b->columns + i] = b->text.size;

        if (!b->top_printed) {
            const size_t width = mu_shell_width(b->text.bytes + start, b->text.size - start);
            b->widths[i] = width > b->widths[i] ? width : b->widths[i];
        }
    }
    b->rows++;
}

/* The widest column that may still give way, or the number of columns if there is none. */
static uint32_t widest_column(const box *b, bool texts_only)
{
    uint32_t widest = b->columns;

    for (uint32_t i = 0; i < b->columns; i++) {
        const bool text = muster_column_type(b->statement, i) == MUSTER_TYPE_TEXT;

        if (b->widths[i] > NARROWEST && (text || !texts_only) &&
            (widest == b->columns || b->widths[i] > b->widths[widest])) {
            widest = i;
        }
    }
    return widest;
}

/* Lets the widest columns give way until a row fits the terminal, as far as that is possible: at
 * first texts, since half a number or time is of less use than half a text. */
static void fit_widths(box *b)
{
    const size_t most = b->terminal ? b->terminal : WIDEST_PADDED;
    bool texts_only = true;
    size_t total = 1;

    for (uint32_t i = 0; i < b->columns; i++) {
        b->widths[i] = b->widths[i] < most ? b->widths[i] : most;
        total += b->widths[i] + 3;
    }
    if (b->columns == 1 && b->terminal && total > b->terminal) {
        b->framed = false;
    }
    while (b->terminal && b->framed && total > b->terminal) {
        const uint32_t widest = widest_column(b, texts_only);

        if (widest < b->columns) {
            b->widths[widest]--;
            total--;
        } else if (texts_only) {
            texts_only = false;
        } else {
            return;
        }
    }
}

static void put_times(const char *text, size_t times)
{
    while (times-- > 0) {
        (void)fputs(text, stdout);
    }
}

static void put_rule(const box *b, const char *left, const char *middle, const char *right)
{
    if (!b->framed) {
        return;
    }
    for (uint32_t i = 0; i < b->columns; i++) {
        (void)fputs(i == 0 ? left : middle, stdout);
        put_times("─", b->widths[i] + 2);
    }
    (void)fputs(right, stdout);
    (void)putchar('\n');
}

static void put_cell(const box *b, size_t row, uint32_t column)
{
    const size_t start = cell_start(b, row, column);
    const char *text = b->text.bytes + start;
    size_t size = b->ends[row * b->columns + column] - start;
    size_t width = mu_shell_width(text, size);
    const bool cut = b->terminal && width > b->widths[column];

    if (cut) {
        size = mu_shell_fit(text, size, b->widths[column] - 1);
        width = mu_shell_width(text, size) + 1;
    }
    const size_t blanks = width < b->widths[column] ? b->widths[column] - width : 0;

    (void)fputs("│ ", stdout);
    put_times(" ", b->right[column] ? blanks : 0);
    (void)fwrite(text, 1, size, stdout);
    (void)fputs(cut ? "…" : "", stdout);
    put_times(" ", b->right[column] ? 1 : blanks + 1);
}

static void put_row(const box *b, size_t row)
{
    if (!b->framed) {
        const size_t start = cell_start(b, row, 0);

        (void)fwrite(b->text.bytes + start, 1, b->ends[row] - start, stdout);
        (void)putchar('\n');
        return;
    }
    for (uint32_t i = 0; i < b->columns; i++) {
        put_cell(b, row, i);
    }
    (void)fputs("│\n", stdout);
}

static void put_kept_rows(const box *b, size_t from)
{
    for (size_t row = from; row < b->rows; row++) {
        put_row(b, row);
    }
}

static void put_top(box *b)
{
    fit_widths(b);
    b->top_printed = true;
    put_rule(b, "┌", "┬", "┐");
    put_row(b, 0);
    put_rule(b, "├", "┼", "┤");
    put_kept_rows(b, 1);
}

/* Rows past those that were kept: each is printed as it comes. */
static muster_status stream_rows(box *b, uint64_t *rows, muster_error *err)
{
    muster_status status;
    bool row;

    while ((status = mu_shell_next(b->statement, &row, err)) == MUSTER_OK && row) {
        b->rows = 0;
        b->text.size = 0;
        keep_row(b, false);
        put_kept_rows(b, 0);
        (*rows)++;
    }
    return status;
}

muster_status mu_shell_print_box(muster_statement *statement, uint64_t *rows, muster_error *err)
{
    const uint32_t columns = muster_column_count(statement);
    box b = {.statement = statement,
             .columns = columns,
             .widths = mu_shell_need(calloc(columns, sizeof *b.widths)),
             .right = mu_shell_need(calloc(columns, sizeof *b.right)),
             .framed = true,
             .terminal = mu_shell_terminal_width(STDOUT_FILENO)};
    muster_status status = MUSTER_OK;
    bool row = true;

    *rows = 0;
    for (uint32_t i = 0; i < columns; i++) {
        b.right[i] = is_number(muster_column_type(statement, i));
    }
    keep_row(&b, true);
    while (row && b.rows <= ROWS_KEPT && b.text.size < BYTES_KEPT) {
        status = mu_shell_next(statement, &row, err);
        if (status != MUSTER_OK) {
            goto done; /* nothing is printed */
        }
        if (row) {
            keep_row(&b, false);
            (*rows)++;
        }
    }
    put_top(&b);
    if (row) {
        status = stream_rows(&b, rows, err);
    }
    if (status == MUSTER_OK) {
        put_rule(&b, "└", "┴", "┘");
    }

done:
    free(b.widths);
    free(b.right);
    free(b.ends);
    mu_shell_text_deinit(&b.text);
    return status;
}
