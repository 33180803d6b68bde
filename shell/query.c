/*
 * query.c - the shell's own questions: short results as text, held in memory.
 */
#include "shell/shell.h"

#include <stdlib.h>
#include <string.h>

static void keep_cells(mu_shell_rows *rows, muster_statement *statement)
{
    const size_t first = rows->rows * rows->columns;

    rows->cells =
        mu_shell_need(realloc(rows->cells, (first + rows->columns) * sizeof *rows->cells));
    for (uint32_t i = 0; i < rows->columns; i++) {
        const char *text = muster_text(statement, i, NULL);

        rows->cells[first + i] = mu_shell_need(strdup(text ? text : ""));
    }
    rows->rows++;
}

bool mu_shell_query(mu_shell *shell, const char *sql, mu_shell_rows *out)
{
    muster_statement *statement = NULL;
    muster_error err = {.offset = -1};
    muster_status status = muster_prepare(shell->connection, sql, NULL, &statement, &err);
    bool row = false;

    *out = (mu_shell_rows){0};
    if (status == MUSTER_OK) {
        out->columns = muster_column_count(statement);
    }
    while (status == MUSTER_OK && (status = muster_step(statement, &row, &err)) == MUSTER_OK &&
           row) {
        keep_cells(out, statement);
    }
    muster_finish(statement);
    if (status != MUSTER_OK) {
        (void)fprintf(stderr, "muster: %s\n", err.message);
        mu_shell_rows_deinit(out);
        return false;
    }
    return true;
}

void mu_shell_rows_deinit(mu_shell_rows *rows)
{
    for (size_t i = 0; i < rows->rows * rows->columns; i++) {
        free(rows->cells[i]);
    }
    free(rows->cells);
    *rows = (mu_shell_rows){0};
}

/* The columns. */
