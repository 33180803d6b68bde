/*
 * csv.h - delimited text: bytes of a file, cut into records, cut into fields.
 *
 * Four steps, each usable alone:
 *
 *   source   the bytes of a file, decompressed, without a byte order mark
 *   block    a buffer of them, cut into pieces that begin and end where records do. Only quotes
 *            are looked at for this, so it costs next to nothing, and pieces can then be parsed by
 *            several threads.
 *   parser   the records of one piece
 *   reader   all of it, in one loop on one thread
 *
 * JSON Lines go the same ways; only the parser is another one (json.h), and pieces end where lines
 * do.
 *
 * The grammar is RFC 4180, read generously: a record ends with LF, CR or CR LF; a quote opens a
 * quoted field only where a field begins, anywhere else it is a character like others; lines
 * without any character are no records. Line numbers are physical lines: LFs, and the bare CRs
 * that end a record.
 */
#ifndef MU_CSV_H
#define MU_CSV_H

#include "storage/base/arena.h"
#include "storage/base/limits.h"
#include "storage/copy.h"

enum {
#ifdef MU_TINY
    MU_CSV_BLOCK_BYTES = 512,
    MU_CSV_PIECE_BYTES = 64,
#else
    /* A piece with its columns fits the L2 cache; a block has enough of them for every thread. */
    MU_CSV_BLOCK_BYTES = 8 << 20,
    MU_CSV_PIECE_BYTES = 256 << 10,
#endif
    MU_CSV_MAX_RECORD_BYTES = 256 << 20, /* past it, a quote was forgotten */
    MU_CSV_PADDING = 64,                 /* bytes behind a block that may be read */
};
static_assert((int)MU_CSV_MAX_RECORD_BYTES > (int)MU_MAX_TEXT_BYTES,
              "the longest text fits a record");

typedef struct mu_json_names mu_json_names;
typedef struct mu_json_parser mu_json_parser;

typedef struct mu_csv_dialect {
    char delimiter; /* ' ': runs of blanks and tabs, those at the ends of a line ignored */
    char quote;
    char escape;          /* the quote itself: doubled */
    mu_json_names *names; /* JSON Lines, see json.h: what keys are looked up among. Read only,
                             unless it grows. NULL: CSV */
} mu_csv_dialect;

mu_csv_dialect mu_csv_dialect_of(const mu_csv_options *options); /* with the defaults filled in */

/* Parser. */

typedef struct mu_csv_field {
    const char *data; /* in the piece, or in the parser's arena if escapes had to be taken out; NULL
                         for a key of JSON that is not there */
    uint32_t size;
    bool quoted;
} mu_csv_field;

typedef struct mu_csv_record {
    uint64_t line;    /* where it begins, counted from the piece's first, which is 0 */
    const char *text; /* as it stands in the piece, without its line end */
    size_t size;
    uint32_t field_count;
    uint32_t fault_field; /* from 1: the first whose closing quote is followed by text; 0: none */
    const char *fault;    /* why a line is not an object, if it is to be one; else NULL */
    const mu_csv_field *fields; /* good until the next record */
} mu_csv_record;

/* Whether the record is in order, with so many fields. INVALID if not, saying why. */
muster_status mu_csv_record_check(const mu_csv_record *record, uint32_t field_count,
                                  muster_error *err);

typedef struct mu_csv_parser { /* zeroed: closed */
    mu_csv_dialect dialect;
    const char *at, *end;
    const char *window; /* the 64 bytes that `mask` is of */
    uint64_t mask;      /* delimiters and line ends in them, from `at` on */
    uint64_t line;
    mu_csv_field *fields;
    size_t capacity;
    mu_arena unquoted; /* of all records since the start */
    mu_json_parser *json;
} mu_csv_parser;

/* `data`: whole records, followed by MU_CSV_PADDING readable bytes. */
void mu_csv_parser_start(mu_csv_parser *parser, mu_csv_dialect dialect, const char *data,
                         size_t size);
/* The next record; false at the end, or when out of memory (*out_of_memory). After the end,
 * parser->line is the number of lines in the piece. */
bool mu_csv_parser_next(mu_csv_parser *parser, mu_csv_record *record, bool *out_of_memory);
void mu_csv_parser_deinit(mu_csv_parser *parser);

/* The quote that closes a field whose text begins at `from`, or NULL if it is not before `end`;
 * *escaped says whether there is something to take out. A quote that is the last byte counts as
 * closing if `last`, and as not found otherwise. */
const char *mu_csv_quote_end(mu_csv_dialect dialect, const char *from, const char *end, bool last,
                             bool *escaped);

/* Source. */

typedef struct mu_csv_source mu_csv_source;

/* "-" is standard input. Gzip is known by its first bytes. UTF-16 is refused (INVALID). */
muster_status mu_csv_source_open(const char *path, mu_csv_source **out, muster_error *err);
void mu_csv_source_close(mu_csv_source *source);             /* NULL is fine */
const char *mu_csv_source_path(const mu_csv_source *source); /* as messages name it */
/* *got < size only at the end. */
muster_status mu_csv_source_read(mu_csv_source *source, char *data, size_t size, size_t *got,
                                 muster_error *err);
uint64_t mu_csv_source_done(const mu_csv_source *source);  /* bytes of the file read so far */
uint64_t mu_csv_source_total(const mu_csv_source *source); /* its size; 0 if not known */

/* Block. */

typedef struct mu_csv_block { /* zeroed: empty */
    char *data;
    size_t size;     /* bytes there are, with what follows the last cut */
    size_t capacity; /* without the padding */
    bool last;       /* the file ends with it */
    uint64_t line;   /* of its first byte, from 1; kept by who reads blocks in order */
    size_t *cuts;    /* piece i is [cuts[i], cuts[i + 1]) */
    uint32_t bytes;  /* to read at once, at least 2; a piece has an eighth. 0: see above */
    size_t cut_capacity;
    uint32_t piece_count;
} mu_csv_block;

/* Replaces what the block holds by the `carried` bytes and as much of the source as fits. */
muster_status mu_csv_block_fill(mu_csv_block *block, mu_csv_source *source, const char *carried,
                                size_t carried_size, muster_error *err);
/* Finds the pieces, reading on where not even one record fits. What is left behind the last cut is
 * the beginning of the next block. INVALID, with `file:line:` in front: NUL bytes, a
 * quote that is never closed, a record without end. block->line must be set. */
muster_status mu_csv_block_split(mu_csv_block *block, mu_csv_dialect dialect, mu_csv_source *source,
                                 muster_error *err);
void mu_csv_block_deinit(mu_csv_block *block);

/* Reader. */

typedef struct mu_csv_reader mu_csv_reader;

/* Opens the file and reads its first block. */
muster_status mu_csv_reader_open(const char *path, mu_csv_reader **out, muster_error *err);
void mu_csv_reader_close(mu_csv_reader *reader); /* NULL is fine */
const mu_csv_block *mu_csv_reader_block(const mu_csv_reader *reader);
mu_csv_source *mu_csv_reader_source(mu_csv_reader *reader);
void mu_csv_reader_start(mu_csv_reader *reader, mu_csv_dialect dialect);
/* The next record, its line counted from 1; *more is false at the end. The record is good until the
 * next call. Messages begin with `file:line:`. */
muster_status mu_csv_reader_next(mu_csv_reader *reader, mu_csv_record *record, bool *more,
                                 muster_error *err);

/* What the fields are. */

/* The types that the values of one column still allow. */
typedef struct mu_csv_guess {
    uint64_t values;   /* that are not null */
    uint32_t fits;     /* bit of each type or format that all of them fit; set by init */
    uint32_t digits;   /* before the point, at most */
    uint32_t decimals; /* behind it, at most */
    uint64_t all_zero; /* of the numbers with a point, those with only zeros behind it */
    uint64_t pointed;  /* numbers with a point */
    uint64_t quoted;   /* values in quotes */
    int64_t min, max;  /* of the whole numbers */
    char example[64];  /* the first value, cut */
} mu_csv_guess;

void mu_csv_guess_init(mu_csv_guess *guess);
void mu_csv_guess_add(mu_csv_guess *guess, mu_text value, bool quoted);
/* The type, and the format a DATE or TIMESTAMP is written in (NULL: the default). */
mu_type mu_csv_guess_type(const mu_csv_guess *guess, const char *name, const char **format);
/* The format that suits the values of a column known to be a DATE or TIMESTAMP. */
const char *mu_csv_guess_format(const mu_csv_guess *guess, mu_kind kind);

/* What the first records of a file say. In an arena. */
typedef struct mu_csv_head {
    mu_csv_options options; /* with format, delimiter, quote, escape, header (1 or -1) filled in */
    uint32_t column_count;  /* 0: the file is empty */
    const char **names;     /* of the header, or as given, or column1, column2 ... */
    mu_csv_guess *guesses;  /* of the values below the header, in the first block at most */
    mu_json_names *keys; /* JSON Lines: the names, first those of the table's columns, then others
                            that were found; NULL: CSV */
    bool *present;       /* JSON Lines: whether the key was found, by name */
    const char *unseen; /* JSON Lines: if none of the first records is in order, why; all names then
                           count as present */
} mu_csv_head;

mu_csv_dialect mu_csv_head_dialect(const mu_csv_head *head);

/* `table` may be NULL; a first record that names one of its columns is a header. `ignore_extra`:
 * keys of JSON that the table does not have are no columns. INVALID where the names given do not
 * suit. Messages begin with the path. */
muster_status mu_csv_read_head(const char *path, const mu_csv_options *options,
                               const mu_csv_block *block, const mu_table *table, bool ignore_extra,
                               mu_arena *arena, mu_csv_head *out, muster_error *err);
/* The same for JSON Lines; what json_detect.c does. */
muster_status mu_json_read_head(const char *path, const mu_csv_block *block, const mu_table *table,
                                bool ignore_extra, mu_arena *arena, mu_csv_head *head,
                                muster_error *err);
/* Adds the record's fields to the guesses. New keys are new columns. */
muster_status mu_json_guess_record(const char *path, mu_csv_head *head, const mu_csv_record *record,
                                   muster_error *err);
muster_status mu_json_end_head(mu_csv_head *head, muster_error *err); /* after the last record */
/* Adds the record's fields to the guesses. */
void mu_csv_guess_record(const mu_csv_head *head, const mu_csv_record *record);
bool mu_csv_is_null_text(const mu_csv_options *options, const mu_csv_field *field);
static inline bool mu_csv_is_null(const mu_csv_options *options, const mu_csv_field *field)
{
    return !field->quoted &&
           (options->null_text ? mu_csv_is_null_text(options, field) : field->size == 0);
}
/* "comma-separated, with a header, 9 columns" */
const char *mu_csv_summary(const mu_csv_head *head, mu_arena *arena);

#endif
