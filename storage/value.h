/*
 * value.h - what the files of value share among themselves; type.h has what others use.
 *
 *   value.c          the choice by type; booleans and text
 *   value_number.c   whole numbers, decimals, doubles
 *   value_time.c     dates, timestamps, intervals as ISO 8601 and PostgreSQL have them
 *   value_pattern.c  dates and timestamps by a pattern of strptime
 *   value_format.c   values to text
 *   value_strftime.c, value_to_char.c   times to text by a pattern
 */
#ifndef MU_VALUE_H
#define MU_VALUE_H

#include "storage/calendar.h"
#include "storage/type.h"

/* For messages: printf("\"%.*s\"", MU_SHOWN(text)) shows no more than its first bytes. */
enum {
    MU_SHOWN_BYTES = 100
};
#define MU_SHOWN(text)                                                                       \
    (int)((text).size <= MU_SHOWN_BYTES ? (text).size                                        \
                                        : mu_whole_characters((text).data, MU_SHOWN_BYTES)), \
        (text).data

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

/* A time that was read: with an offset it is one of UTC, without one of a clock on some wall. */
typedef struct mu_value_time {
    int64_t us;
    bool in_utc;
} mu_value_time;
/* `what` is "timestamp" or "date". */
muster_status mu_value_parse_time(mu_text text, const char *what, mu_value_time *out,
                                  muster_error *err);
muster_status mu_value_parse_interval(mu_text text, int32_t *months, int64_t *us,
                                      muster_error *err);

/* By a pattern as strftime has them, or 'epoch', 'epoch_ms'. The check is of the pattern alone. */
muster_status mu_value_check_pattern(const char *pattern, muster_error *err);
muster_status mu_value_parse_pattern(mu_text text, const char *pattern, mu_value_time *out,
                                     muster_error *err);

/* What the two ways to read a time have in common. */
typedef struct mu_value_clock {
    int32_t year, month, day;
    int32_t hour, minute, second;
    int64_t fraction_us;    /* 0 to 1,000,000 (rounded up from more digits) */
    int32_t offset_seconds; /* east of UTC */
    bool has_offset;
} mu_value_clock;
muster_status mu_value_clock_to_time(const mu_value_clock *clock, mu_text text, const char *what,
                                     mu_value_time *out, muster_error *err);

extern const char *const mu_month_names[12];
extern const char *const mu_weekday_names[7]; /* from Monday */

/* What a clock and a calendar show of a time. */
typedef struct mu_value_moment {
    mu_civil date;
    int32_t weekday; /* 0 is Monday */
    int32_t day_of_year;
    int32_t week_year, week; /* as ISO 8601 numbers them */
    int32_t hour, minute, second, fraction_us;
    int32_t offset_seconds; /* east of UTC */
    int64_t epoch_us;
} mu_value_moment;
void mu_value_moment_of(int64_t local_us, int64_t offset_us, mu_value_moment *out);
/* As strftime() has it; INVALID if the pattern has a letter that is not known. */
muster_status mu_value_strftime(const mu_value_moment *moment, mu_text pattern, mu_writer *out,
                                muster_error *err);
/* As PostgreSQL's to_char() has it. */
void mu_value_to_char(const mu_value_moment *moment, mu_text pattern, mu_writer *out);
/* +08:00; seconds only if there are any. */
void mu_value_write_offset(int32_t seconds, const char *separator, mu_writer *out);

/* Reads digits behind a decimal point as microseconds, rounding what is finer; *at moves past
 * them. False if there is none. */
bool mu_value_read_fraction(const char **at, const char *end, int64_t *us);

/* Reads 'Z' or an offset such as +08, +0800, +08:00, +08:00:00; false if there is none. */
bool mu_value_read_zone(const char **at, const char *end, int32_t *offset_seconds);

#endif
