/*
 * copy.h - CSV files in: what is in them, and their rows into tables and tags.
 *
 * A load never guesses silently and never loses a row silently: detection is reported, a row that
 * does not fit is counted and goes, with its line and reason, to the rejects file; without one, the
 * first stops the load and nothing is loaded.
 */
#ifndef MU_COPY_H
#define MU_COPY_H

#include "storage/load.h"

typedef enum mu_csv_format {
    MU_CSV_ANY,   /* found out: by the ending .jsonl, .ndjson or .json, before .gz, else by how the
                     file begins */
    MU_CSV_TEXT,  /* delimited text */
    MU_CSV_JSONL, /* JSON Lines: none of the options for delimited text applies */
} mu_csv_format;

typedef struct mu_csv_options { /* zeroed: the defaults */
    mu_csv_format format;
    char delimiter; /* 0: found out (, ; tab |); ' ': columns are separated by runs of blanks or
                       tabs, those at the ends of a line are ignored */
    char quote;     /* 0: '"' */
    char escape;    /* 0: the quote, doubled */
    int8_t header;  /* -1: no, 1: yes, 0: found out; without one, columns are named column1, column2
                       ... or matched to the table by position */
    const char *null_text; /* NULL: an empty field without quotes is NULL */
    mu_value_formats formats;
    uint32_t name_count;
    const char *const *names; /* COLUMNS (a, b, c): names of the file's columns, in order */
} mu_csv_options;

typedef struct mu_copy_options {
    mu_csv_options csv;
    const char *rejects_path; /* NULL: the first row that does not fit stops the load */
    uint32_t block_bytes; /* of the file, read at once; 0: as many as suit the machine. Tests make
                             it small, so that every byte comes to lie at a border */
    bool ignore_extra; /* columns of the file that the table does not have are left out; else they
                          are an error */
    mu_load_options load;
} mu_copy_options;

/* What a file looks like. Allocated in the arena. */
typedef struct mu_csv_column {
    const char *name;
    mu_type type;
    const char *timestamp_format; /* for a TIMESTAMP or DATE in another format than the default,
                                     else NULL */
    const char *example;          /* the first value that is not NULL, or "" */
} mu_csv_column;

typedef struct mu_csv_shape {
    mu_csv_options options; /* with everything found out filled in */
    uint32_t column_count;
    mu_csv_column *columns;
    const char *summary; /* "comma-separated, with a header, 9 columns" */
} mu_csv_shape;

/* Reads the beginning (some 10,000 rows; all of it if it is small). .gz by its first bytes; "-"
 * (standard input) cannot be looked at twice and is INVALID here. */
muster_status mu_csv_detect(const char *path, const mu_csv_options *options, mu_arena *arena,
                            mu_csv_shape *out, muster_error *err);

typedef struct mu_copy_result {
    uint64_t rows_loaded, rows_rejected;
    mu_load_conflicts conflicts;
    char first_reject[256]; /* "line 7: column "amount": "12x" is not a number", or "" */
    char summary[512];      /* what was found out about the file */
} mu_copy_result;

/* Columns are matched by the header's names, in any order (without a header, by position); a column
 * of the table that the file lacks is NULL (not TIME, nor CUSTOMER: INVALID); messages begin with
 * `file:line:`. Nothing is in the change's tables unless this succeeds. */
muster_status mu_copy_from(mu_change *change, const mu_table *table, const char *path,
                           const mu_copy_options *options, mu_copy_result *result,
                           muster_error *err);

/* Rows (customer, tag[, value]) into tags, adding to the sets that are there; customers that are
 * new are registered. */
muster_status mu_copy_tags(mu_change *change, const char *path, const mu_copy_options *options,
                           mu_copy_result *result, muster_error *err);

#endif
