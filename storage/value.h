/*
 * value.h - what the files of value share among themselves; type.h has what others use.
 *
 *   value.c          the choice by type; booleans and text
 *   value_number.c   whole numbers, decimals, doubles
 *   value_time.c     dates, timestamps, intervals as ISO 8601 and PostgreSQL have them
 *   value_pattern.c  dates and timestamps by a pattern of strptime
 *   value_format.c   values to text
 */
#ifndef MU_VALUE_H
#define MU_VALUE_H

#include "storage/calendar.h"
#include "storage/type.h"

/* For messages: printf("\"%.*s\"", MU_SHOWN(text)) shows no more than its first bytes. */
enum {
    MU_SHOWN_BYTES = 100
};
#define MU_SHOWN(text) \
    (int)((text).size < MU_SHOWN_BYTES ? (text).size : (uint32_t)MU_SHOWN_BYTES), (text).data

static inline bool mu_value_is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline bool mu_value_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Without the blanks at its ends. */
static inline mu_text mu_value_trim(mu_text text)
{
    while (text.size > 0 && mu_value_is_blank(text.data[0])) {
        text.data++;
        text.size--;
    }
    while (text.size > 0 && mu_value_is_blank(text.data[text.size - 1])) {
        text.size--;
    }
    return text;
}

/* Text as people compare words: without regard to ASCII case. `word` is in lower case. */
bool mu_value_is_word(mu_text text, const char *word);

extern const int64_t mu_ten_to[19]; /* powers of ten: 10^0 to 10^18 */

/* INVALID if the text has more characters than the type lets it. */
muster_status mu_value_check_characters(mu_type type, mu_text text, muster_error *err);

/* Refuses an interval of calendar months, which is so many microseconds only beside a date: where
 * values are kept or compared. `offset` as in mu_fail_at(). */
muster_status mu_value_check_length(const mu_value *value, int32_t offset, muster_error *err);

/* What integers a value of the type may be: false if any. */
bool mu_value_integer_range(mu_type type, int64_t *least, int64_t *most);

/* The rest take trimmed text. */
muster_status mu_value_parse_bigint(mu_type type, mu_text text, int64_t *out, muster_error *err);
muster_status mu_value_parse_decimal(mu_type type, mu_text text, int64_t *out, muster_error *err);
muster_status mu_value_parse_double(mu_text text, double *out, muster_error *err);

/* The double nearest to digits * 10^exponent; infinite where it is too large. 1 to 801 digits. Does
 * not depend on the locale. */
double mu_value_double_of_digits(const char *digits, size_t count, int64_t exponent);

muster_status mu_value_parse_timestamp(mu_text text, int64_t *out, muster_error *err);
muster_status mu_value_parse_date(mu_text text, int64_t *out, muster_error *err);
muster_status mu_value_parse_interval(mu_text text, int32_t *months, int64_t *us,
                                      muster_error *err);

/* By a pattern as strftime has them, or 'epoch', 'epoch_ms'. The check is of the pattern alone. */
muster_status mu_value_check_pattern(const char *pattern, muster_error *err);
muster_status mu_value_parse_pattern(mu_text text, const char *pattern, int64_t *time_us,
                                     muster_error *err);

/* What the two ways to read a time have in common. `what` is "timestamp" or "date". */
typedef struct mu_value_clock {
    int32_t year, month, day;
    int32_t hour, minute, second;
    int64_t fraction_us;    /* 0 to 1,000,000 (rounded up from more digits) */
    int32_t offset_seconds; /* of the zone, east of UTC */
} mu_value_clock;
muster_status mu_value_clock_to_us(const mu_value_clock *clock, mu_text text, const char *what,
                                   int64_t *out, muster_error *err);

/* Reads digits behind a decimal point as microseconds, rounding what is finer; *at moves past
 * them. False if there is none. */
bool mu_value_read_fraction(const char **at, const char *end, int64_t *us);

/* Reads 'Z' or an offset such as +08, +0800, +08:00, +08:00:00; false if there is none. */
bool mu_value_read_zone(const char **at, const char *end, int32_t *offset_seconds);

#endif
