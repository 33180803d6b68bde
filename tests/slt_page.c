/*
 * slt_page.c - runs the examples of a page of docs, so that the page stays true.
 *
 * Blocks between lines of ``` are taken in order. ```sql is run; if ```text follows it, that is
 * the result of its last statement: the names of the columns and the rows, two blanks or more
 * between them, or the notes of a statement without rows, or "error: " and the message. ```csv
 * NAME and ```json NAME are written to a file of that name. Other blocks are passed over, and so is
 * ```sql that is followed by words: ```sql not run.
 */
#include "tests/slt.h"

#include <stdio.h>
#include <string.h>

static void read_fence(slt_file *file, slt_text *block)
{
    const char *line;

    slt_clear(block);
    while ((line = slt_next_line(file)) != NULL && strncmp(line, "```", 3) != 0) {
        slt_add_text(block, line);
        slt_add_text(block, "\n");
    }
}

/* What a ```text block after the statement has to say. */
static void tell(const slt_result *result, slt_text *out)
{
    if (result->error.status != MUSTER_OK) {
        slt_add_text(out, "error: ");
        slt_add_text(out, result->error.message);
        slt_add_text(out, "\n");
    } else if (result->columns > 0) {
        slt_add_text(out, slt_bytes(&result->header));
        slt_add_text(out, "\n");
        slt_add_text(out, slt_bytes(&result->rows));
    } else {
        slt_add_text(out, slt_bytes(&result->notes));
        slt_add_text(out, result->notes.size > 0 ? "\n" : "");
    }
    slt_normalize(out);
}

void slt_run_page(slt_file *file)
{
    slt_text block = {0}, found = {0};
    slt_result result = {0};
    bool error_told = true;
    unsigned sql_line = 0;
    const char *line;

    while ((line = slt_next_line(file)) != NULL) {
        if (strncmp(line, "```", 3) != 0) {
            continue;
        }
        const bool sql = strcmp(line, "```sql") == 0, text = strcmp(line, "```text") == 0;
        slt_text name = {0};
        if (strncmp(line, "```csv ", 7) == 0 || strncmp(line, "```json ", 8) == 0) {
            slt_add_text(&name, strchr(line, ' ') + 1);
        }
        const unsigned at = file->line;
        read_fence(file, &block);
        if (name.size > 0) {
            slt_write_file(name.bytes, &block);
        } else if (sql || text) {
            if (sql && !error_told) {
                slt_check_text(file, sql_line, "the outcome", "ok", result.error.message);
            }
            if (sql) {
                slt_run(file, slt_bytes(&block), &result);
                error_told = result.error.status == MUSTER_OK;
                sql_line = at;
            } else {
                slt_clear(&found);
                tell(&result, &found);
                slt_normalize(&block);
                slt_check_text(file, at, "the example", slt_bytes(&block), slt_bytes(&found));
                error_told = true;
            }
        }
        slt_clear(&name);
    }
    if (!error_told) {
        slt_check_text(file, sql_line, "the outcome", "ok", result.error.message);
    }
    slt_result_clear(&result);
    slt_clear(&block);
    slt_clear(&found);
}
