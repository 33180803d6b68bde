/*
 * type.h - the types of SQL, and the few forms their values take in memory and on disk.
 *
 *   kind        SQL                          in a batch        on disk
 *   BOOLEAN     BOOLEAN                      bits              i64, 0 or 1
 *   BIGINT      BIGINT, INTEGER, SMALLINT    i64               i64; `bits` bounds what may go in
 *   DOUBLE      DOUBLE                       f64               f64
 *   DECIMAL     DECIMAL(p <= 18, s)          i64 times 10^s    i64
 *   TEXT        TEXT, VARCHAR(n): UTF-8      u32 codes + dict  codes, or lengths and bytes
 *                                                              (`length` bounds what may go in)
 *   DATE        DATE                         i64 days          i64, since 1970-01-01
 *   TIMESTAMP   TIMESTAMP                    i64 microseconds  i64, since 1970-01-01 00:00 UTC
 *   INTERVAL    INTERVAL                     i64 microseconds  i64; months exist in constants only
 *   CUSTOMER    the CUSTOMER column          u32 ordinals      runs of ordinals
 *   NULL        the type of a bare NULL      i64, never valid  never
 *   BITMAP      a set of customers           u32 codes + dict  never; what the codes stand for is a
 *                                                              set as tag_set.h writes it, so that
 *                                                              equal sets are equal bytes
 */
#ifndef MU_TYPE_H
#define MU_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/bytes.h"
#include "storage/base/status.h"

typedef enum mu_kind {
    MU_BOOLEAN = 0, /* numbers are part of the format */
    MU_BIGINT = 1,
    MU_DOUBLE = 2,
    MU_DECIMAL = 3,
    MU_TEXT = 4,
    MU_DATE = 5,
    MU_TIMESTAMP = 6,
    MU_INTERVAL = 7,
    MU_CUSTOMER = 8,
    MU_NULL = 9,
    MU_BITMAP = 10, /* of no column on disk */
} mu_kind;

typedef struct mu_type {
    mu_kind kind;
    uint8_t bits;      /* BIGINT: 16, 32 or 64 */
    uint8_t precision; /* DECIMAL: digits, 1 to 18 */
    uint8_t scale;     /* DECIMAL: of them behind the point */
    uint32_t length;   /* TEXT, and ids that are text: characters, at most; 0: any number */
} mu_type;

/* What a vector's data points to. */
typedef enum mu_form {
    MU_FORM_BITS,    /* uint64_t words */
    MU_FORM_I64,     /* int64_t */
    MU_FORM_F64,     /* double */
    MU_FORM_CODE,    /* uint32_t, into the vector's dictionary */
    MU_FORM_ORDINAL, /* uint32_t; MU_NO_CUSTOMER where NULL */
} mu_form;

mu_form mu_type_form(mu_type type);
bool mu_type_equal(mu_type a, mu_type b);
const char *mu_type_name(mu_type type, char name[32]); /* "DECIMAL(12,2)", written into `name` */

/* A piece of text that someone else owns; not NUL-terminated. */
typedef struct mu_text {
    const char *data;
    uint32_t size;
} mu_text;

#define MU_TEXT_OF(literal) ((mu_text){(literal), sizeof(literal) - 1})
bool mu_text_equal(mu_text a, mu_text b);
int mu_text_compare(mu_text a, mu_text b); /* by bytes, which for UTF-8 is by code point */

/* One value, of any type. */
typedef struct mu_value {
    mu_type type;
    bool null;
    union {
        int64_t i64; /* BOOLEAN 0/1, BIGINT, DECIMAL, DATE, TIMESTAMP, INTERVAL's microseconds */
        double f64;
        mu_text text;     /* TEXT, BITMAP; owned by whoever made the value */
        uint32_t ordinal; /* CUSTOMER */
    };
    int32_t months; /* INTERVAL constants: calendar months beside the microseconds */
} mu_value;

typedef struct mu_zone mu_zone; /* zone.h; NULL is UTC */

/* How text becomes dates where the default (ISO 8601, as PostgreSQL reads it) does not fit; as
 * strftime writes them. NULL: the default. */
typedef struct mu_value_formats {
    const char *timestamp; /* '%Y%m%d', '%d/%m/%Y %H:%M', ... and 'epoch', 'epoch_ms' for seconds
                              and milliseconds since 1970 */
    const char *date;
    const mu_zone *zone; /* of times without an offset of their own */
} mu_value_formats;

/* Reads `text` as a value of `type` (any but CUSTOMER and NULL). Blanks around numbers, dates and
 * booleans are ignored. Text values point into `text`. INVALID with a message such as `"12x" is not
 * a number`, `"2024-02-30" is not a date: February 2024 has 29 days`, `99999 does not fit SMALLINT
 * (-32768 to 32767)`, `text is not UTF-8 at byte 3`. */
muster_status mu_value_parse(mu_type type, mu_text text, const mu_value_formats *formats,
                             mu_value *out, muster_error *err);

/* Appends the value as people write it: '2024-05-01 09:00:00', '12.50', 'true', shortest round-trip
 * doubles. NULL appends nothing. Not for CUSTOMER, whose names are in the registry. */
void mu_value_format(const mu_value *value, mu_writer *out);
/* The same with a TIMESTAMP as the zone's clock shows it. */
void mu_value_format_in(const mu_value *value, const mu_zone *zone, mu_writer *out);

#endif
