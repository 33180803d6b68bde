/*
 * json.h - JSON Lines: one object a line, cut into the fields of named columns.
 *
 * Records come out as those of CSV do (mu_csv_record), so that all that stands above a parser
 * knows one kind. A field of JSON becomes one of CSV like this:
 *
 *   "text"           a quoted field, its escapes taken out
 *   12.50, true      an unquoted field, as it is written
 *   null, no such    an empty unquoted field: NULL
 *   key
 *   {"b": 1}         the key a: the field of column a.b
 *   [1, 2], and      an unquoted field with the JSON text, as it is written
 *   objects below
 *
 * An object is taken apart unless its key names a column itself. Names are compared without regard
 * to ASCII case, as everywhere.
 */
#ifndef MU_JSON_H
#define MU_JSON_H

#include "storage/base/arena.h"
#include "storage/csv.h"

typedef struct mu_json_set { /* texts in a hash table; in an arena */
    mu_text *texts;
    uint32_t *slots; /* open addressing: index + 1, or 0 */
    uint32_t count, capacity, slot_count;
} mu_json_set;

/* The columns that keys are looked up among. In an arena; zeroed: none. */
struct mu_json_names {
    mu_arena *arena;
    mu_json_set folded;   /* the columns' names, in lower case */
    mu_json_set prefixes; /* what stands before a point in them */
    const char **names;   /* as they are written; folded.count of them */
    uint32_t name_capacity;
    mu_text alias; /* in lower case: another key for the column below. Empty: there is none */
    uint32_t alias_column;
    bool growing;         /* a key that is unknown is a new column; for one thread */
    bool full;            /* while it grew, there came one more than there may be columns */
    mu_json_names *nulls; /* keys that were null whenever they came, while it grows: it is not known
                             yet whether they are columns, or objects to be taken apart */
    bool ignore_extra;    /* a key that is unknown is left out; else the record is at fault */
};

muster_status mu_json_names_add(mu_json_names *names, const char *name, muster_error *err);
static inline uint32_t mu_json_names_count(const mu_json_names *names)
{
    return names->folded.count;
}
/* Makes columns of the keys that were never anything but null; it grows no more. */
muster_status mu_json_names_settle(mu_json_names *names, muster_error *err);
/* The column of a key, or MU_NO_COLUMN. */
uint32_t mu_json_names_find(const mu_json_names *names, mu_text key);
/* Whether there are columns key.x. */
bool mu_json_names_is_prefix(const mu_json_names *names, mu_text key);

typedef struct mu_json_parser mu_json_parser;

mu_json_parser *mu_json_parser_new(void);         /* NULL when out of memory */
void mu_json_parser_free(mu_json_parser *parser); /* NULL is fine */
/* What mu_csv_parser_start() and mu_csv_parser_next() do for a dialect with names. */
void mu_json_parser_start(mu_json_parser *parser, mu_json_names *names, const char *data,
                          size_t size);
bool mu_json_parser_next(mu_json_parser *parser, mu_csv_record *record, bool *out_of_memory);
/* Where it stands, and the lines before that. */
const char *mu_json_parser_at(const mu_json_parser *parser);
uint64_t mu_json_parser_line(const mu_json_parser *parser);

/* What the first bytes of a file say: does it hold objects, one a line or in an array? */
bool mu_json_looks_like(const char *data, size_t size);

#endif
