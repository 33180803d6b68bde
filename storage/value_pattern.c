/*
 * value_pattern.c - dates and timestamps by a pattern, as strptime() has it.
 *
 * The C library's strptime() depends on the locale, knows no fraction of a second and reads a text
 * that must end in a NUL; so the pattern is walked here. A blank in the pattern stands for any
 * number of blanks, none included; every other character for itself. What is not in the pattern is
 * 1900-01-01 00:00:00. A weekday has to agree with the date.
 *
 *   %Y %y %m %d %e %j   %H %k %I %l %p %M %S %f   %z %s   %b %B %h %a %A   %F %T %D %R %n %t %%
 */
#include "storage/value.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

enum {
    LONGEST_NAME = 9 /* of a month or a day: September, Wednesday */
};

typedef struct pattern_state {
    const char *at, *end;
    mu_value_clock clock;
    int32_t hour12;      /* of %I, or -1 */
    int32_t half;        /* of %p: 0 before noon, 1 after, -1 not said */
    int32_t day_of_year; /* of %j, or -1 */
    int32_t weekday;     /* 0 Monday, or -1 */
    int64_t epoch_us;    /* of %s */
    bool has_epoch;
} pattern_state;

/* Reads at most `most` digits, after a blank where a number may be padded with one. */
static bool read_number(pattern_state *s, int most, int32_t *out)
{
    const char *start = s->at;
    int32_t value = 0;

    while (s->at < s->end && s->at - start < most && mu_value_is_digit(*s->at)) {
        value = value * 10 + (*s->at++ - '0');
    }
    *out = value;
    return s->at > start;
}

static void skip_blanks(pattern_state *s)
{
    while (s->at < s->end && mu_value_is_blank(*s->at)) {
        s->at++;
    }
}

/* Reads one of the names, in full or its first three letters; its index goes to *out. */
static bool read_name(pattern_state *s, const char *const *names, int32_t count, int32_t *out)
{
    for (int32_t i = 0; i < count; i++) {
        const uint32_t sizes[] = {(uint32_t)strlen(names[i]), 3};
        for (size_t length = 0; length < MU_COUNT(sizes); length++) {
            const uint32_t size = sizes[length];
            char name[LONGEST_NAME + 1] = {0};
            assert(size <= LONGEST_NAME);
            memcpy(name, names[i], size);
            name[0] = (char)(name[0] | 0x20); /* words are compared with small letters */
            if (s->end - s->at >= (ptrdiff_t)size &&
                mu_value_is_word((mu_text){s->at, size}, name)) {
                s->at += size;
                *out = i;
                return true;
            }
        }
    }
    return false;
}

static bool read_month_name(pattern_state *s)
{
    if (!read_name(s, mu_month_names, MU_COUNT(mu_month_names), &s->clock.month)) {
        return false;
    }
    s->clock.month++;
    return true;
}

static bool read_weekday(pattern_state *s)
{
    return read_name(s, mu_weekday_names, MU_COUNT(mu_weekday_names), &s->weekday);
}

static bool read_half(pattern_state *s)
{
    if (s->end - s->at < 2 || (s->at[1] != 'm' && s->at[1] != 'M')) {
        return false;
    }
    const char c = s->at[0];
    s->half = c == 'p' || c == 'P';
    s->at += 2;
    return s->half == 1 || c == 'a' || c == 'A';
}

static bool read_short_year(pattern_state *s)
{
    if (!read_number(s, 2, &s->clock.year)) {
        return false;
    }
    s->clock.year += s->clock.year < 69 ? 2000 : 1900; /* as POSIX says */
    return true;
}

/* Seconds (or, with scale 1000, milliseconds) since 1970, with a fraction. */
static bool read_epoch(pattern_state *s, int64_t unit_us)
{
    const bool negative = s->at < s->end && *s->at == '-';
    int64_t value = 0, fraction = 0;

    s->at += negative;
    const char *start = s->at;
    for (; s->at < s->end && mu_value_is_digit(*s->at); s->at++) {
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, *s->at - '0', &value)) {
            return false;
        }
    }
    if (s->at == start || __builtin_mul_overflow(value, unit_us, &value)) {
        return false;
    }
    if (s->at < s->end && *s->at == '.') {
        s->at++;
        if (!mu_value_read_fraction(&s->at, s->end, &fraction)) {
            return false;
        }
    }
    fraction = fraction * unit_us / MU_SECOND_US;
    if (__builtin_add_overflow(value, fraction, &value)) {
        return false;
    }
    s->epoch_us = negative ? -value : value;
    s->has_epoch = true;
    return true;
}

static bool read_by(pattern_state *s, const char *pattern, const char *pattern_end, char *unknown);

/* One conversion; *unknown is set to its letter if there is no such. */
static bool read_conversion(pattern_state *s, char letter, char *unknown)
{
    static const char iso_date[] = "%Y-%m-%d", time[] = "%H:%M:%S", us_date[] = "%m/%d/%y",
                      short_time[] = "%H:%M";

    switch (letter) {
    case 'Y':
        return read_number(s, 4, &s->clock.year);
    case 'y':
        return read_short_year(s);
    case 'm':
        return read_number(s, 2, &s->clock.month);
    case 'e':
        skip_blanks(s);
        return read_number(s, 2, &s->clock.day);
    case 'd':
        return read_number(s, 2, &s->clock.day);
    case 'j':
        return read_number(s, 3, &s->day_of_year);
    case 'k':
        skip_blanks(s);
        return read_number(s, 2, &s->clock.hour);
    case 'H':
        return read_number(s, 2, &s->clock.hour);
    case 'l':
        skip_blanks(s);
        return read_number(s, 2, &s->hour12);
    case 'I':
        return read_number(s, 2, &s->hour12);
    case 'p':
        return read_half(s);
    case 'M':
        return read_number(s, 2, &s->clock.minute);
    case 'S':
        return read_number(s, 2, &s->clock.second);
    case 'f':
        return mu_value_read_fraction(&s->at, s->end, &s->clock.fraction_us);
    case 'z':
        s->clock.has_offset = true;
        return mu_value_read_zone(&s->at, s->end, &s->clock.offset_seconds);
    case 's':
        return read_epoch(s, MU_SECOND_US);
    case 'b':
    case 'B':
    case 'h':
        return read_month_name(s);
    case 'a':
    case 'A':
        return read_weekday(s);
    case 'F':
        return read_by(s, iso_date, &iso_date[sizeof iso_date - 1], unknown);
    case 'T':
        return read_by(s, time, &time[sizeof time - 1], unknown);
    case 'D':
        return read_by(s, us_date, &us_date[sizeof us_date - 1], unknown);
    case 'R':
        return read_by(s, short_time, &short_time[sizeof short_time - 1], unknown);
    case 'n':
    case 't':
        skip_blanks(s);
        return true;
    case '%':
        return s->at < s->end && *s->at++ == '%';
    default: /* not an enum: any character may stand here */
        *unknown = letter;
        return false;
    }
}

static bool read_by(pattern_state *s, const char *pattern, const char *pattern_end, char *unknown)
{
    while (pattern < pattern_end) {
        const char c = *pattern++;
        if (c == '%') {
            if (pattern == pattern_end) {
                *unknown = '%';
                return false;
            }
            if (!read_conversion(s, *pattern++, unknown)) {
                return false;
            }
        } else if (mu_value_is_blank(c)) {
            skip_blanks(s);
        } else if (s->at == s->end || *s->at++ != c) {
            return false;
        }
    }
    return true;
}

/* Puts together what was read in pieces. False if pieces contradict. */
static bool settle(pattern_state *s)
{
    if (s->hour12 >= 0) {
        if (s->hour12 < 1 || s->hour12 > 12) {
            return false;
        }
        s->clock.hour = s->hour12 % 12 + (s->half == 1 ? 12 : 0);
    }
    if (s->day_of_year >= 0) {
        const int32_t leap = s->clock.year > 0 ? mu_month_days(s->clock.year, 2) - 28 : 0;
        if (s->day_of_year < 1 || s->day_of_year > 365 + leap) {
            return false;
        }
        const mu_civil date =
            mu_civil_of_days(mu_days_of_civil(s->clock.year, 1, 1) + s->day_of_year - 1);
        s->clock.month = date.month;
        s->clock.day = date.day;
    }
    return true;
}

static muster_status fail_pattern(mu_text text, const char *pattern, muster_error *err)
{
    return mu_fail(err, MUSTER_INVALID, "\"%.*s\" is not a time written as '%s'", MU_SHOWN(text),
                   pattern);
}

static muster_status finish(pattern_state *s, mu_text text, const char *pattern, mu_value_time *out,
                            muster_error *err)
{
    if (s->has_epoch) {
        *out = (mu_value_time){s->epoch_us, true};
        if (s->epoch_us < MU_TIME_MIN || s->epoch_us > MU_TIME_MAX) {
            return mu_fail(err, MUSTER_INVALID,
                           "\"%.*s\" is not a timestamp: it lies outside the years 1 to 9999",
                           MU_SHOWN(text));
        }
        return MUSTER_OK;
    }
    if (!settle(s)) {
        return fail_pattern(text, pattern, err);
    }
    MU_TRY(mu_value_clock_to_time(&s->clock, text, "timestamp", out, err));
    if (s->weekday >= 0) {
        const int64_t local = out->us + s->clock.offset_seconds * MU_SECOND_US;
        const int64_t monday = mu_days_of_us(mu_time_truncate(local, MU_UNIT_WEEK));
        if (mu_days_of_us(local) - monday != s->weekday) {
            return mu_fail(err, MUSTER_INVALID,
                           "\"%.*s\" is not a timestamp: that date is another day of the week",
                           MU_SHOWN(text));
        }
    }
    return MUSTER_OK;
}

static muster_status fail_letter(const char *pattern, char letter, muster_error *err)
{
    return mu_fail(
        err, MUSTER_INVALID,
        "no \"%%%.1s\" in the format '%s'; there are %%Y %%y %%m %%d %%e %%j %%H %%I %%p "
        "%%M %%S %%f %%z %%s %%b %%B %%a %%A %%F %%T %%D %%R %%%%",
        &letter, pattern);
}

muster_status mu_value_check_pattern(const char *pattern, muster_error *err)
{
    for (const char *at = strchr(pattern, '%'); at; at = strchr(at + 2, '%')) {
        if (at[1] == '\0' || !strchr("YymedjkHlIpMSfzsbBhaAFTDRnt%", at[1])) {
            return fail_letter(pattern, at[1], err);
        }
    }
    return MUSTER_OK;
}

muster_status mu_value_parse_pattern(mu_text text, const char *pattern, mu_value_time *out,
                                     muster_error *err)
{
    pattern_state s = {
        .at = text.data,
        .end = text.data + text.size,
        .clock = {.year = 1900, .month = 1, .day = 1},
        .hour12 = -1,
        .half = -1,
        .day_of_year = -1,
        .weekday = -1,
    };
    char unknown = '\0';
    bool matched;

    if (strcmp(pattern, "epoch") == 0) {
        matched = read_epoch(&s, MU_SECOND_US);
    } else if (strcmp(pattern, "epoch_ms") == 0) {
        matched = read_epoch(&s, 1000);
    } else {
        matched = read_by(&s, pattern, pattern + strlen(pattern), &unknown);
    }
    if (unknown != '\0') {
        return fail_letter(pattern, unknown, err);
    }
    if (!matched || s.at < s.end) {
        return fail_pattern(text, pattern, err);
    }
    return finish(&s, text, pattern, out, err);
}
