/*
 * options.h - what stands in parentheses after COPY and CREATE TABLE ... FROM.
 */
#ifndef MU_OPTIONS_H
#define MU_OPTIONS_H

#include "sql/bind.h"
#include "storage/copy.h"

/* Reads options of loading: FORMAT, HEADER, DELIMITER, QUOTE, ESCAPE, NULL, TIMESTAMPFORMAT,
 * DATEFORMAT, COLUMNS, REJECTS, IGNORE_EXTRA. An unknown one is INVALID, with the nearest named. */
muster_status mu_options_load(const mu_binder *binder, const mu_ast_options *options,
                              mu_copy_options *out, muster_error *err);

typedef enum mu_write_format {
    MU_WRITE_CSV,
    MU_WRITE_TSV,
    MU_WRITE_JSONL,
} mu_write_format;

typedef struct mu_write_options {
    mu_write_format format;
    bool header;
    char delimiter;
} mu_write_options;

/* Options of writing to a file: FORMAT (else by the path's ending), HEADER, DELIMITER. */
muster_status mu_options_write(const mu_binder *binder, const mu_ast_options *options,
                               const char *path, mu_write_options *out, muster_error *err);

#endif
