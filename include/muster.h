/*
 * muster.h - the public interface of muster, an embedded columnar database for customer events.
 *
 *     muster *db;
 *     muster_connection *connection;
 *     muster_statement *statement;
 *     bool row;
 *
 *     muster_open("shop.muster", NULL, &db, &err);
 *     muster_connect(db, &connection, &err);
 *     muster_prepare(connection, "SELECT count(*) FROM customers", NULL, &statement, &err);
 *     while (muster_step(statement, &row, &err) == MUSTER_OK && row) {
 *         printf("%s\n", muster_text(statement, 0, NULL));
 *     }
 *     muster_finish(statement);
 *     muster_disconnect(connection);
 *     muster_close(db);
 *
 * Threads share a database. Each works through a connection of its own: a connection, with its
 * statements and appenders, is used by one thread at a time, but for muster_cancel() and
 * muster_interrupt(), which any thread may call. docs/embedding.md explains all this in the order
 * in which a program needs it.
 */
#ifndef MUSTER_H
#define MUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MUSTER_API __attribute__((visibility("default")))

#ifdef __clang__
#define MUSTER_CHECKED __attribute__((warn_unused_result))
#else
#define MUSTER_CHECKED
#endif

/* Part of the ABI: append, never renumber. MUSTER_CHECKED: clang warns where one is ignored. */
typedef enum MUSTER_CHECKED muster_status {
    MUSTER_OK = 0,
    MUSTER_NOMEM = 1,     /* the memory limit was reached, or the system refused */
    MUSTER_IO = 2,        /* the operating system reported an error */
    MUSTER_CORRUPT = 3,   /* a file is not what muster wrote */
    MUSTER_SYNTAX = 4,    /* not SQL; error.offset says where it stops being so */
    MUSTER_INVALID = 5,   /* SQL, but it asks for something that cannot be */
    MUSTER_BUSY = 6,      /* another process is writing to the database, or an appender of this
                             thread */
    MUSTER_CANCELLED = 7, /* muster_cancel() or muster_interrupt() was called */
    MUSTER_DEADLINE = 8,  /* the statement took longer than it may */
} muster_status;

/* Why the last call failed. The caller owns it; pass NULL if you do not care. It is written by a
 * call that fails, and by no other. */
typedef struct muster_error {
    muster_status status;
    int32_t offset;    /* byte in the SQL text, from 0; -1: it is not about a place in it */
    int32_t line;      /* the same place, from 1; 0: none */
    int32_t column;    /* in characters, from 1; 0: none */
    char message[496]; /* UTF-8, one line, no full stop, never a function's name */
} muster_error;

/* What to try, where the message says so: the part of it behind its "; ". "" where there is none.
 * Good as long as the error is. */
MUSTER_API const char *muster_error_hint(const muster_error *error);

/* "OK", "NOMEM" ...: for logs. */
MUSTER_API const char *muster_status_name(muster_status status);

/* The type of a result column. Append, never renumber. */
typedef enum muster_type {
    MUSTER_TYPE_BOOLEAN = 0,
    MUSTER_TYPE_BIGINT = 1,
    MUSTER_TYPE_DOUBLE = 2,
    MUSTER_TYPE_DECIMAL = 3,   /* an integer with a scale; see muster_column_scale() */
    MUSTER_TYPE_TEXT = 4,      /* UTF-8 */
    MUSTER_TYPE_DATE = 5,      /* days since 1970-01-01 */
    MUSTER_TYPE_TIMESTAMP = 6, /* microseconds since 1970-01-01 00:00:00 UTC */
    MUSTER_TYPE_INTERVAL = 7,  /* microseconds */
    MUSTER_TYPE_BITMAP = 8,    /* a set of customers, as muster_bytes() says */
} muster_type;

typedef struct muster muster;                       /* an open database; threads share it */
typedef struct muster_connection muster_connection; /* what one thread works through */
typedef struct muster_statement muster_statement;   /* one statement, run once or many times */

/* The version of the library, as "0.1.0". */
MUSTER_API const char *muster_version(void);

/* How a database is opened; a field that is 0 or NULL has its default. `size` is what makes the
 * struct safe to grow: set it to sizeof, and a library that knows more fields than the program was
 * compiled with takes the defaults for those. A program that sets a field which the library at hand
 * does not know gets INVALID. */
typedef struct muster_options {
    size_t size;           /* sizeof(muster_options) */
    bool read_only;        /* nothing is created or written, nor the lock of the database taken */
    uint32_t threads;      /* that a statement may use, the caller's included; 0: all processors */
    uint64_t memory_limit; /* bytes that all statements together may hold, a million or more; 0:
                              three quarters of the machine's, UINT64_MAX: no limit. SET
                              memory_limit changes it */
    const char *time_zone; /* that connections begin with, as SET time_zone does; NULL: UTC */
} muster_options;

/* Opens the database in directory `path`, creating it if there is none, unless `options` says
 * read_only. NULL, or ":memory:" as elsewhere, opens a temporary database, which is on disk like
 * others and goes when it is closed. `options` may be NULL; what they point to is copied.
 * On success the caller owns *db; on failure (BUSY, CORRUPT, IO, INVALID, NOMEM) *db is NULL. The
 * first statement that writes takes the lock of the database and holds it until the close; BUSY
 * if another process has it. */
MUSTER_API muster_status muster_open(const char *path, const muster_options *options, muster **db,
                                     muster_error *err);

/* Frees everything. All connections must be closed before. NULL is fine. */
MUSTER_API void muster_close(muster *db);

/* How many threads a statement may use, as in muster_options. Fails (INVALID) while a statement is
 * open. */
MUSTER_API muster_status muster_set_threads(muster *db, uint32_t threads, muster_error *err);

/* A connection: what the statements of one thread have in common, such as what SET said. Any number
 * may be open, and run statements at once. Making one costs next to nothing. The caller owns it. */
MUSTER_API muster_status muster_connect(muster *db, muster_connection **connection,
                                        muster_error *err);

/* All its statements must be finished, and its appenders closed, before. NULL is fine. */
MUSTER_API void muster_disconnect(muster_connection *connection);

/* Reads and verifies every file of the last committed state of the database in directory `path`,
 * which need not be whole enough to be opened. `problem` (may be NULL) is called for each that is
 * found, with file, column and offset as far as they are known; a damaged file does not keep the
 * others from being checked. CORRUPT, with the first of them, if there is one. */
typedef void muster_problem_fn(void *context, const char *problem);
MUSTER_API muster_status muster_check(const char *path, muster_problem_fn *problem, void *context,
                                      muster_error *err);

/* How far a statement is. Called on the thread that steps it, a few times a second. */
typedef struct muster_progress {
    const char *what;     /* "loading", "sorting", "writing", "scanning" */
    uint64_t done, total; /* bytes; total 0 where it is not known */
    uint64_t rows;
    double seconds; /* since the statement began */
} muster_progress;
typedef void muster_progress_fn(void *context, const muster_progress *progress);

/* Has `report` called with `context` while statements of the connection run; NULL stops that. It
 * may call muster_cancel() and muster_interrupt(), and no other function with this connection. */
MUSTER_API void muster_set_progress(muster_connection *connection, muster_progress_fn *report,
                                    void *context);

/* Reads the first statement of `sql`. If `rest` is not NULL, *rest is set to what follows it
 * (past its ';'), also on failure, where it is past the next ';' or at the end. Where only blanks
 * and comments are left *statement is NULL. Names and types are looked up now; data is touched by
 * muster_step() only. */
MUSTER_API muster_status muster_prepare(muster_connection *connection, const char *sql,
                                        const char **rest, muster_statement **statement,
                                        muster_error *err);

/* Parameters: ?, $1 or :name ($name is the same) may stand wherever a value may, in one of these
 * three ways in a statement. Each has a number from 1: that of its "?" among the others, the one
 * that is written, or that of its name, in the order in which names appear first. */
MUSTER_API uint32_t muster_parameter_count(const muster_statement *statement);
/* Without its ':'. NULL if it has no name, or is not there. Good until the statement is finished.
 */
MUSTER_API const char *muster_parameter_name(const muster_statement *statement, uint32_t number);
/* The number of the parameter of that name (given without ':'; case matters); 0: there is none. */
MUSTER_API uint32_t muster_parameter_index(const muster_statement *statement, const char *name);

/* Gives a parameter its value, before the first muster_step() or after muster_reset(); INVALID
 * else, or where there is no such parameter. It stays until it is given another. Where a parameter
 * stands, the value counts as a constant that was written there: a text is read as what the place
 * takes, as '2024-05-01' is. Whether it fits is found at the first step. Texts are UTF-8, and
 * copied. Units are those of muster_int64(): days since 1970-01-01, microseconds since then (UTC),
 * microseconds; a decimal is value / 10^scale; an interval is calendar months and, beside them,
 * microseconds. */
MUSTER_API muster_status muster_bind_null(muster_statement *statement, uint32_t number,
                                          muster_error *err);
MUSTER_API muster_status muster_bind_boolean(muster_statement *statement, uint32_t number,
                                             bool value, muster_error *err);
MUSTER_API muster_status muster_bind_int64(muster_statement *statement, uint32_t number,
                                           int64_t value, muster_error *err);
MUSTER_API muster_status muster_bind_double(muster_statement *statement, uint32_t number,
                                            double value, muster_error *err);
MUSTER_API muster_status muster_bind_decimal(muster_statement *statement, uint32_t number,
                                             int64_t value, uint32_t scale, muster_error *err);
MUSTER_API muster_status muster_bind_text(muster_statement *statement, uint32_t number,
                                          const char *text, size_t size, muster_error *err);
MUSTER_API muster_status muster_bind_date(muster_statement *statement, uint32_t number,
                                          int64_t days, muster_error *err);
MUSTER_API muster_status muster_bind_timestamp(muster_statement *statement, uint32_t number,
                                               int64_t microseconds, muster_error *err);
MUSTER_API muster_status muster_bind_interval(muster_statement *statement, uint32_t number,
                                              int32_t months, int64_t microseconds,
                                              muster_error *err);
/* muster_reset(), and no parameter has a value any more. */
MUSTER_API void muster_clear_bindings(muster_statement *statement);

/* Runs to the next row. *row is false when there are no more, and for statements without a
 * result. After a failure or the last row, only muster_reset() and muster_finish() are of use.
 * A statement without parameters sees the database as it was when it was prepared; one with them,
 * and one that was reset, as it is at the first step. */
MUSTER_API muster_status muster_step(muster_statement *statement, bool *row, muster_error *err);

/* Makes the statement ready to be run again, with the values that are bound, over the database as
 * it is by then. Its rows, notes and counts are gone, and so is a muster_cancel(). */
MUSTER_API void muster_reset(muster_statement *statement);

/* Frees the statement, wherever it is. NULL is fine. */
MUSTER_API void muster_finish(muster_statement *statement);

/* The columns of the result; 0 for a statement that has none. Known once it is prepared; where a
 * type follows from that of a parameter, it is known at the first step. */
MUSTER_API uint32_t muster_column_count(const muster_statement *statement);
MUSTER_API const char *muster_column_name(const muster_statement *statement, uint32_t column);
MUSTER_API muster_type muster_column_type(const muster_statement *statement, uint32_t column);
/* Of a DECIMAL: its digits, and how many of them are behind the point. 0 for other types. */
MUSTER_API uint32_t muster_column_precision(const muster_statement *statement, uint32_t column);
MUSTER_API uint32_t muster_column_scale(const muster_statement *statement, uint32_t column);

/* Whether it changes the database, and so takes its lock. */
MUSTER_API bool muster_statement_writes(const muster_statement *statement);

/* The current row. A number read as an integer is the stored one: days, microseconds, a decimal
 * without its point. muster_text() gives any type as people write it, NUL-terminated, good until
 * the next step; its size, without the NUL, goes to *size if that is not NULL. For the NUL it
 * copies the text, at each call: who reads many takes batches, where texts are lent as they lie.
 * NULL reads as 0, 0.0, NULL; muster_text() is NULL also when there is no memory for it. */
MUSTER_API bool muster_is_null(const muster_statement *statement, uint32_t column);
MUSTER_API int64_t muster_int64(const muster_statement *statement, uint32_t column);
MUSTER_API double muster_double(const muster_statement *statement, uint32_t column);
MUSTER_API const char *muster_text(muster_statement *statement, uint32_t column, size_t *size);

/* The bytes of a TEXT or a BITMAP in the current row as they lie, not copied, without a NUL; good
 * until the next step. NULL where the value is, and of other types. A BITMAP's are a Roaring bitmap
 * in its portable format (github.com/RoaringBitmap/RoaringFormatSpec) of the ordinals of customers:
 * numbers inside this database, which may be others once customers were erased. As text it is
 * "{1,234 customers}". */
MUSTER_API const void *muster_bytes(const muster_statement *statement, uint32_t column,
                                    size_t *size);

/* The rows of the result by the batch, as they lie in memory: nothing is copied but where rows had
 * to be left out, or ids of customers looked up. All is owned by the statement, read-only, and good
 * until its next step, reset or end. */
typedef struct muster_vector {
    muster_type type;
    /* The values, by type:
     *   BOOLEAN                    uint64_t: bit i % 64 of word i / 64 is value i
     *   BIGINT, DECIMAL, DATE,
     *   TIMESTAMP, INTERVAL        int64_t, as muster_int64() gives them
     *   DOUBLE                     double
     *   TEXT                       uint32_t: which text of the dictionary */
    const void *data;
    const uint64_t *valid; /* bit i % 64 of word i / 64: value i is not NULL; NULL: none is. A value
                              that is NULL may be anything, but a TEXT's is in the dictionary */
    uint32_t text_count;   /* TEXT, BITMAP: texts of the dictionary; may be more than are in use */
    const uint64_t *offsets; /* text i is bytes[offsets[i]] to bytes[offsets[i + 1]], without NUL */
    const char *bytes;
} muster_vector;

typedef struct muster_batch {
    uint32_t rows;         /* 1 or more; a few thousand at most */
    uint32_t column_count; /* that of the statement */
    const muster_vector *columns;
} muster_batch;

/* Runs to the next batch of rows; *batch is NULL when there are no more. One execution is read in
 * one way, by rows, by batches or as an Arrow stream: another is INVALID, and it goes on. */
MUSTER_API muster_status muster_step_batch(muster_statement *statement, const muster_batch **batch,
                                           muster_error *err);

/* The rows as a stream of Arrow's C interface, whose structs are in muster_arrow.h or come with
 * what reads them: pyarrow, DuckDB, polars, nanoarrow. The execution begins here, its deadline with
 * it, and goes on as the stream is read; an error of it is that of get_next(), as an errno (ENOMEM,
 * ECANCELED, ETIMEDOUT, EIO, EINVAL) with its message in get_last_error(). muster_reset() ends it.
 * The stream holds the statement, which may be finished at once: it is freed with the last of the
 * two. Like a statement it is used by one thread at a time, and released before the connection is
 * closed. Schemas and batches are their reader's, wholly: they outlive the stream, the statement
 * and the database, count against no limit, and may be released by any thread.
 *   BOOLEAN bool; SMALLINT int16, INTEGER int32, BIGINT int64; DOUBLE double; DECIMAL decimal128;
 *   TEXT utf8; DATE date32; TIMESTAMP timestamp[us] in the zone of the connection ("UTC" unless SET
 *   time_zone said another); INTERVAL duration[us]; ids of customers as what they are.
 * INVALID for a statement without rows, or in the midst of an execution. On failure *out is
 * released. */
struct ArrowArrayStream;
MUSTER_API muster_status muster_arrow_stream(muster_statement *statement,
                                             struct ArrowArrayStream *out, muster_error *err);

/* What a statement without rows did: rows loaded, inserted or deleted, and what it has to say
 * (columns detected, rows rejected), lines separated by '\n', "" if nothing. Good until the
 * statement is reset or finished. */
MUSTER_API uint64_t muster_rows_changed(const muster_statement *statement);
MUSTER_API const char *muster_notes(const muster_statement *statement);

/* Bytes of stored columns and sets that the statement has read so far, encoded, as they lie in the
 * files: at the least so much had to come from memory or from the disk. */
MUSTER_API uint64_t muster_bytes_read(const muster_statement *statement);

/* The most bytes of memory that the statement has held at a time so far. */
MUSTER_API uint64_t muster_memory_peak(const muster_statement *statement);

/* Limits. What goes beyond one ends with an error (NOMEM, DEADLINE, CANCELLED) that says so; all
 * that the statement held is freed, nothing is changed, and the database goes on. */

/* Stops the statement at its next look at the flag, which is a matter of milliseconds: the
 * running muster_step(), or the next one, returns CANCELLED. Any thread or signal handler may call
 * it, as long as the statement is not being finished. */
MUSTER_API void muster_cancel(muster_statement *statement);

/* The same for all statements of the connection that have been stepped and are not at their end;
 * others are left alone. Any thread may call it, but no signal handler, as long as the connection
 * is not being closed. */
MUSTER_API void muster_interrupt(muster_connection *connection);

/* How long each further execution of the statement may take, from its first muster_step() to its
 * last row, in milliseconds; 0: any time. It is DEADLINE after that. Where it is not called, what
 * SET statement_timeout says counts, and that is any time unless it was said. */
MUSTER_API void muster_set_deadline(muster_statement *statement, uint32_t milliseconds);

/* The customers of a version of an audience (0: the newest), or who bear a tag (with this value;
 * NULL: with any), as a Roaring bitmap in its portable format, which other systems read. The
 * numbers in it are those that the database gave its customers in the order in which it met them:
 * they mean the same in all sets of one database, as long as it lives. *bytes is the caller's, to
 * be freed by muster_free(); NULL on failure. INVALID where there is no such set. */
MUSTER_API muster_status muster_audience(muster_connection *connection, const char *name,
                                         uint32_t version, void **bytes, size_t *size,
                                         muster_error *err);
MUSTER_API muster_status muster_tag(muster_connection *connection, const char *name,
                                    const char *value, void **bytes, size_t *size,
                                    muster_error *err);
MUSTER_API void muster_free(void *bytes); /* NULL is fine */

/* Adding rows without SQL. An appender belongs to its connection, and so to one thread; any number
 * may be open at once, also on one table. What one holds counts against memory_limit: a value for
 * which there is no room is NOMEM, and its row may be begun anew. Rows are kept until
 * muster_appender_commit(), which makes them part of the database all at once: when it returns OK
 * they are on the disk, and every statement that begins afterwards sees them. Commits of several
 * threads share what has to be waited for. After 65,536 rows without a commit the appender begins
 * to write them, and has the database to itself until its commit: other threads wait with their
 * changes, and changes of its own thread are BUSY. */
typedef struct muster_appender muster_appender;

/* To a table of events or a lookup table; INVALID if there is none. */
MUSTER_API muster_status muster_appender_open(muster_connection *connection, const char *table,
                                              muster_appender **appender, muster_error *err);

/* The next value of the row at hand, in the order of the table's columns. An integer is what
 * muster_int64() gives: days, microseconds, a decimal without its point, 0 or 1. Text (UTF-8; it is
 * copied) goes into columns of any type, and is read as a field of a CSV file is. INVALID where the
 * value does not fit the column: give another, or begin the row anew with muster_append_restart().
 */
MUSTER_API muster_status muster_append_null(muster_appender *appender, muster_error *err);
MUSTER_API muster_status muster_append_int64(muster_appender *appender, int64_t value,
                                             muster_error *err);
MUSTER_API muster_status muster_append_double(muster_appender *appender, double value,
                                              muster_error *err);
MUSTER_API muster_status muster_append_text(muster_appender *appender, const char *text,
                                            size_t size, muster_error *err);

/* Ends the row, whose columns must all have got a value. */
MUSTER_API muster_status muster_append_row(muster_appender *appender, muster_error *err);
/* Forgets the values of the row at hand. */
MUSTER_API void muster_append_restart(muster_appender *appender);

/* The values of many rows of one column. Exactly one of the first three is set, int64 or real as
 * the column's type has it, or text, which is read as by muster_append_text(); or none if all are
 * NULL. */
typedef struct muster_values {
    const int64_t *int64;
    const double *real;
    const char *const *text; /* `text_sizes[i]` bytes each, not NUL-terminated; copied */
    const uint32_t *text_sizes;
    const uint64_t *valid; /* bit i % 64 of word i / 64: value i is not NULL; NULL: none is */
} muster_values;

/* `rows` rows at once; one muster_values for each column of the table. No row may be at hand.
 * Either all are taken or none is. */
MUSTER_API muster_status muster_append_columns(muster_appender *appender, uint32_t rows,
                                               const muster_values *columns, muster_error *err);

/* The rows of a record batch of Arrow's C interface: a struct array, whose columns are found by
 * their names. A column of the table that it has not gets its DEFAULT, or NULL; one that the table
 * has not is INVALID. Taken are integers, floats, decimals up to 128 bits, bool, date32, timestamps
 * (without a zone: times of the connection's), durations, utf8, large_utf8, utf8_view, and
 * dictionaries of these, where they fit the column without loss (but nanoseconds are cut to
 * microseconds); texts fit any column, as in muster_append_text(). Either all rows are taken or
 * none is. The array is released, whatever happens; the schema, which may describe further batches,
 * is not. */
struct ArrowArray;
struct ArrowSchema;
MUSTER_API muster_status muster_append_arrow(muster_appender *appender, struct ArrowArray *array,
                                             const struct ArrowSchema *schema, muster_error *err);

/* Commits the rows that have been appended since the last commit. On failure none of them is in the
 * database, and they are forgotten; but a row at hand that has not been ended is INVALID, and they
 * stay. INVALID also where the table has been dropped or its columns have changed meanwhile. */
MUSTER_API muster_status muster_appender_commit(muster_appender *appender, muster_error *err);

/* Forgets what was not committed, and frees the appender. NULL is fine. */
MUSTER_API void muster_appender_close(muster_appender *appender);

#ifdef __cplusplus
}
#endif
#endif
