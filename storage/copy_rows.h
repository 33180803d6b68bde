/*
 * copy_rows.h - the inside of COPY, shared by copy.c (the rounds, and tables), copy_tags.c,
 * copy_plan.c (which field goes into which column) and copy_convert.c (fields into values).
 */
#ifndef MU_COPY_ROWS_H
#define MU_COPY_ROWS_H

#include "storage/base/bytes.h"
#include "storage/base/env.h"
#include "storage/csv.h"

/* How long a text may be. */
typedef struct mu_copy_bytes {
    const char *what; /* the text is: "an id"; NULL: as long as any text */
    uint32_t least, most;
} mu_copy_bytes;

/* A column of the table, and where its values come from. */
typedef struct mu_copy_column {
    const char *name;
    mu_type type;       /* what the field is read as: the customer is TEXT or BIGINT */
    uint32_t field;     /* of a record; MU_NO_COLUMN: the file lacks it, all is NULL */
    const char *needed; /* a row without it is rejected, for this reason: "; an event needs a time";
                           NULL: it may be NULL */
    mu_copy_bytes bytes;
    mu_value_formats formats;
} mu_copy_column;

/* Read-only once made; in an arena. */
typedef struct mu_copy_plan {
    mu_csv_head head;
    mu_csv_dialect dialect;
    uint32_t column_count;
    mu_copy_column *columns; /* as the table has them */
    uint32_t late_count;     /* those that may not come: the first rows had nothing for them, */
    mu_copy_column *late;    /* so the table was narrowed without them */
    bool stop_at_reject;
} mu_copy_plan;

/* Matches the file's columns with the table's, whose first `least` columns a file without a header
 * must have. INVALID, beginning with the path: a column that is missing, unknown, or there twice.
 */
muster_status mu_copy_plan_make(const char *path, const mu_table *table, uint32_t least,
                                mu_kind id_kind, const mu_copy_options *options,
                                const mu_csv_block *block, mu_arena *arena, mu_copy_plan *out,
                                muster_error *err);
/* Whether the file, as far as it is known, has nothing for a column. */
bool mu_copy_plan_lacks(const mu_copy_plan *plan, uint32_t column);
/* `customers`: leaves the columns alone that the file lacks. *out, in the arena, is the table
 * without them. INVALID, beginning with the path, if nothing says what the file lacks. */
muster_status mu_copy_plan_narrow(const char *path, mu_copy_plan *plan, const mu_table *table,
                                  mu_arena *arena, const mu_table **out, muster_error *err);
/* What was found out, as one line. */
void mu_copy_plan_describe(const mu_copy_plan *plan, const char *path, char *text, size_t size);
/* The name among `names` that differs the least from `wanted`, or NULL if none is close. */
const char *mu_copy_nearest(const char *wanted, const char *const *names, uint32_t count);

/* A record that did not fit. */
typedef struct mu_copy_reject {
    uint64_t line; /* counted from the piece's first, which is 0 */
    const char *reason;
    mu_text record;
} mu_copy_reject;

/* Where they go: a file, or, without one, the first ends the load. Zeroed but for `result`: without
 * a file. */
typedef struct mu_copy_rejects {
    mu_copy_result *result;
    mu_file *file;
    mu_writer line; /* being written */
} mu_copy_rejects;

muster_status mu_copy_rejects_open(mu_copy_rejects *rejects, const char *path,
                                   const char *source_path, muster_error *err);
muster_status mu_copy_rejects_add(mu_copy_rejects *rejects, const char *path, uint64_t line,
                                  const char *reason, mu_text record, muster_error *err);
muster_status mu_copy_rejects_commit(mu_copy_rejects *rejects, muster_error *err);
void mu_copy_rejects_abort(mu_copy_rejects *rejects); /* fine after a commit, too */

/* The rows of a piece, column by column; memory is used again for the next. */
typedef struct mu_copy_piece {
    mu_csv_parser parser;
    uint32_t rows;
    size_t capacity; /* rows there is room for */
    void **values;   /* int64_t, double or mu_text, by column */
    uint64_t **valid;
    bool *has_nulls;
    mu_input_column *inputs; /* what they are for the load, once converted */
    mu_arena arena;          /* reasons */
    mu_copy_reject *rejects;
    size_t reject_capacity;
    uint32_t reject_count;
    uint64_t lines;    /* physical lines in the piece */
    int64_t day_us;    /* the day last read in a timestamp ... */
    char day_text[10]; /* ... and how it was written */
} mu_copy_piece;

/* Parses the piece and converts its fields. `header`: its first record is left out. */
muster_status mu_copy_convert(const mu_copy_plan *plan, mu_copy_piece *piece, const char *data,
                              size_t size, bool header, const atomic_bool *cancel,
                              muster_error *err);
void mu_copy_piece_deinit(mu_copy_piece *piece, uint32_t column_count);

/* The rounds. */

/* What takes the rows of a block. Between begin and end, every item is called once, on any thread,
 * beside the others and beside the conversion of the next block. */
typedef struct mu_copy_sink {
    void *context;
    uint32_t item_count; /* at least 1; the dearest should come first */
    muster_status (*begin)(void *context, uint32_t count, const mu_load_batch *batches,
                           muster_error *err);
    muster_status (*item)(void *context, uint32_t item, muster_error *err);
    muster_status (*end)(void *context, muster_error *err);
} mu_copy_sink;

typedef struct mu_copying mu_copying;

/* Opens the file and reads its first block, which a plan is to be made of. Clears the result. */
muster_status mu_copy_open(const char *path, const mu_copy_options *options, mu_copy_result *result,
                           mu_copying **out, muster_error *err);
const char *mu_copy_path(const mu_copying *copy); /* as messages name it */
const mu_csv_block *mu_copy_first_block(const mu_copying *copy);
/* Hands all rows that fit to the sink, and the others to the rejects file. */
muster_status mu_copy_run(mu_copying *copy, const mu_copy_plan *plan, const mu_copy_sink *sink,
                          muster_error *err);
void mu_copy_close(mu_copying *copy); /* NULL is fine; the plan must still be there */

#endif
