/*
 * copy_reject.c - rows that do not fit: into the rejects file, or the end of the load.
 *
 * The file is CSV: line,reason,record, the record being the original text.
 */
#include "storage/copy_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

muster_status mu_copy_rejects_open(mu_copy_rejects *rejects, const char *path,
                                   const char *source_path, muster_error *err)
{
    static const char header[] = "line,reason,record\n";

    if (!path) {
        return MUSTER_OK;
    }
    if (strcmp(path, source_path) == 0) {
        return mu_fail(err, MUSTER_INVALID, "REJECTS would overwrite \"%s\", which is being loaded",
                       path);
    }
    MU_TRY(mu_env_create(path, &rejects->file, err));
    return mu_file_write(rejects->file, header, sizeof header - 1, err);
}

static void write_quoted(mu_writer *out, const char *text, size_t size)
{
    mu_write_u8(out, '"');
    while (size > 0) {
        const char *quote = memchr(text, '"', size);
        const size_t n = quote ? (size_t)(quote - text) + 1 : size;
        mu_write_bytes(out, text, n);
        if (quote) {
            mu_write_u8(out, '"');
        }
        text += n;
        size -= n;
    }
    mu_write_u8(out, '"');
}

/* A message cut to the room there is must not end within a character. */
static void trim_utf8(char *text)
{
    const size_t size = strlen(text);
    size_t tail = 0; /* continuation bytes at the end */

    while (tail < size && tail < 4 && ((unsigned char)text[size - 1 - tail] & 0xc0) == 0x80) {
        tail++;
    }
    if (tail == size) {
        return;
    }
    const unsigned char lead = (unsigned char)text[size - 1 - tail];
    const size_t wanted = lead < 0xc0 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (tail < wanted) {
        text[size - 1 - tail] = '\0';
    }
}

muster_status mu_copy_rejects_add(mu_copy_rejects *rejects, const char *path, uint64_t line,
                                  const char *reason, mu_text record, muster_error *err)
{
    mu_copy_result *result = rejects->result;
    char number[24];

    if (!rejects->file) {
        return mu_fail(err, MUSTER_INVALID,
                       "%s:%" PRIu64 ": %s; REJECTS 'file' sets such rows aside", path, line,
                       reason);
    }
    if (result->rows_rejected++ == 0) {
        snprintf(result->first_reject, sizeof result->first_reject, "line %" PRIu64 ": %s", line,
                 reason);
        trim_utf8(result->first_reject);
    }
    mu_writer_reset(&rejects->line);
    const int size = snprintf(number, sizeof number, "%" PRIu64 ",", line);
    mu_write_bytes(&rejects->line, number, (size_t)size);
    write_quoted(&rejects->line, reason, strlen(reason));
    mu_write_u8(&rejects->line, ',');
    write_quoted(&rejects->line, record.data, record.size);
    mu_write_u8(&rejects->line, '\n');
    if (rejects->line.failed) {
        return mu_fail_memory(err, "writing rejects");
    }
    return mu_file_write(rejects->file, rejects->line.data, rejects->line.size, err);
}

muster_status mu_copy_rejects_commit(mu_copy_rejects *rejects, muster_error *err)
{
    mu_file *const file = rejects->file;

    rejects->file = NULL;
    return file ? mu_file_commit(file, err) : MUSTER_OK;
}

void mu_copy_rejects_abort(mu_copy_rejects *rejects)
{
    mu_file_abort(rejects->file);
    rejects->file = NULL;
    mu_writer_deinit(&rejects->line);
}
