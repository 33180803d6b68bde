/*
 * value_time.c - dates, timestamps and intervals as ISO 8601 and PostgreSQL write them.
 *
 *   2024-05-01   2024-05-01 09:00   2024-05-01T09:00:00.123456Z   2024-5-1 9:00:00+08:00
 *   30 minutes   1 year 2 months   1 day 02:03:04.5   -7 days
 *
 * The layouts with two digits everywhere are read by position; whatever is not one of them goes to
 * the general reader, which also words the faults.
 */
#include "storage/value.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

const char *const mu_weekday_names[7] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                         "Friday", "Saturday", "Sunday"};

const char *const mu_month_names[12] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};

/* Reads 1 to `most` digits. */
static bool read_digits(const char **at, const char *end, int most, int32_t *out)
{
    const char *start = *at;
    int32_t value = 0;

    while (*at < end && *at - start < most && mu_value_is_digit(**at)) {
        value = value * 10 + (**at - '0');
        (*at)++;
    }
    *out = value;
    return *at > start;
}

static bool skip(const char **at, const char *end, char wanted)
{
    if (*at == end || **at != wanted) {
        return false;
    }
    (*at)++;
    return true;
}

bool mu_value_read_fraction(const char **at, const char *end, int64_t *us)
{
    const char *start = *at;
    int64_t value = 0;

    for (; *at < end && mu_value_is_digit(**at); (*at)++) {
        const int digit = **at - '0';
        if (*at - start < 6) {
            value = value * 10 + digit;
        } else if (*at - start == 6) {
            value += digit >= 5;
        }
    }
    for (int64_t digits = *at - start; digits < 6; digits++) {
        value *= 10;
    }
    *us = value;
    return *at > start;
}

bool mu_value_read_zone(const char **at, const char *end, int32_t *offset_seconds)
{
    int32_t hours, minutes = 0, seconds = 0;

    *offset_seconds = 0;
    if (*at < end && (**at == 'Z' || **at == 'z')) {
        (*at)++;
        return true;
    }
    if (end - *at == 3 && (mu_value_is_word((mu_text){*at, 3}, "utc") ||
                           mu_value_is_word((mu_text){*at, 3}, "gmt"))) {
        *at = end;
        return true;
    }
    if (*at == end || (**at != '+' && **at != '-')) {
        return false;
    }
    const bool west = *(*at)++ == '-';
    if (!read_digits(at, end, 2, &hours)) {
        return false;
    }
    if (skip(at, end, ':')) {
        if (!read_digits(at, end, 2, &minutes) ||
            (skip(at, end, ':') && !read_digits(at, end, 2, &seconds))) {
            return false;
        }
    } else if (*at < end && mu_value_is_digit(**at) && !read_digits(at, end, 2, &minutes)) {
        return false;
    }
    *offset_seconds = (hours * 60 + minutes) * 60 + seconds;
    *offset_seconds = west ? -*offset_seconds : *offset_seconds;
    return hours < 16 && minutes < 60 && seconds < 60; /* as far as any zone has ever been */
}

static muster_status fail_date(const mu_value_clock *clock, mu_text text, const char *what,
                               muster_error *err)
{
    if (clock->year < 1 || clock->year > 9999) {
        return mu_fail(err, MUSTER_INVALID,
                       "\"%.*s\" is not a %s: years from 1 to 9999 are possible, not %" PRId32,
                       MU_SHOWN(text), what, clock->year);
    }
    if (clock->month < 1 || clock->month > 12) {
        return mu_fail(err, MUSTER_INVALID, "\"%.*s\" is not a %s: there is no month %" PRId32,
                       MU_SHOWN(text), what, clock->month);
    }
    return mu_fail(err, MUSTER_INVALID, "\"%.*s\" is not a %s: %s %" PRId32 " has %" PRId32 " days",
                   MU_SHOWN(text), what, mu_month_names[clock->month - 1], clock->year,
                   mu_month_days(clock->year, clock->month));
}

muster_status mu_value_clock_to_time(const mu_value_clock *clock, mu_text text, const char *what,
                                     mu_value_time *out, muster_error *err)
{
    if (clock->year < 1 || clock->year > 9999 || clock->month < 1 || clock->month > 12 ||
        clock->day < 1 ||
        (clock->day > 28 && clock->day > mu_month_days(clock->year, clock->month))) {
        return fail_date(clock, text, what, err);
    }
    const int64_t seconds = (clock->hour * 60 + clock->minute) * 60 + clock->second;
    const int64_t us_of_day = seconds * MU_SECOND_US + clock->fraction_us;
    /* As in PostgreSQL, a day may end at 24:00:00, and a minute may have a leap second. */
    if (clock->hour > 24 || clock->minute > 59 || clock->second > 60 ||
        (clock->hour == 24 && us_of_day > MU_DAY_US)) {
        return mu_fail(err, MUSTER_INVALID,
                       "\"%.*s\" is not a %s: there is no time %02" PRId32 ":%02" PRId32
                       ":%02" PRId32,
                       MU_SHOWN(text), what, clock->hour, clock->minute, clock->second);
    }
    out->us = mu_days_of_civil(clock->year, clock->month, clock->day) * MU_DAY_US + us_of_day -
              clock->offset_seconds * MU_SECOND_US;
    out->in_utc = clock->has_offset;
    return MUSTER_OK;
}

/* Reads year-month-day, or with slashes. */
static bool read_date(const char **at, const char *end, mu_value_clock *clock)
{
    const char *start = *at;

    if (!read_digits(at, end, 4, &clock->year) || *at - start != 4 || *at == end) {
        return false;
    }
    const char separator = **at;
    return (separator == '-' || separator == '/') && skip(at, end, separator) &&
           read_digits(at, end, 2, &clock->month) && skip(at, end, separator) &&
           read_digits(at, end, 2, &clock->day);
}

/* Reads hour:minute[:second[.fraction]]. */
static bool read_clock(const char **at, const char *end, mu_value_clock *clock)
{
    if (!read_digits(at, end, 2, &clock->hour) || !skip(at, end, ':') ||
        !read_digits(at, end, 2, &clock->minute)) {
        return false;
    }
    if (!skip(at, end, ':')) {
        return true;
    }
    return read_digits(at, end, 2, &clock->second) &&
           (!skip(at, end, '.') || mu_value_read_fraction(at, end, &clock->fraction_us));
}

/* Two digits at `at`, or a value above 99. */
static unsigned two_digits(const char *at)
{
    const unsigned tens = (unsigned)(unsigned char)at[0] - '0';
    const unsigned ones = (unsigned)(unsigned char)at[1] - '0';

    return tens > 9 || ones > 9 ? 100 : tens * 10 + ones;
}

/* The layouts YYYY-MM-DD and YYYY-MM-DD hh:mm:ss[.ffffff], read by position. False if it is none,
 * or a part of it is out of range. */
static bool read_fixed(mu_text text, int64_t *time_us)
{
    const char *at = text.data;
    int64_t us = 0;

    if ((text.size != 10 && text.size != 19 && text.size != 26) || at[4] != '-' || at[7] != '-') {
        return false;
    }
    const unsigned century = two_digits(at), year = two_digits(at + 2);
    const unsigned month = two_digits(at + 5), day = two_digits(at + 8);
    if (century > 99 || year > 99 || century + year == 0 || month - 1 > 11 || day - 1 > 27) {
        return false; /* days past the 28th depend on the month */
    }
    if (text.size > 10) {
        const unsigned hour = two_digits(at + 11), minute = two_digits(at + 14);
        const unsigned second = two_digits(at + 17);
        if ((at[10] != ' ' && at[10] != 'T') || at[13] != ':' || at[16] != ':' || hour > 23 ||
            minute > 59 || second > 59) {
            return false;
        }
        us = (int64_t)((hour * 60 + minute) * 60 + second) * MU_SECOND_US;
    }
    if (text.size == 26) {
        const unsigned a = two_digits(at + 20), b = two_digits(at + 22), c = two_digits(at + 24);
        if (at[19] != '.' || a > 99 || b > 99 || c > 99) {
            return false;
        }
        us += (a * 100 + b) * 100 + c;
    }
    *time_us = us + MU_DAY_US * mu_days_of_civil((int32_t)(century * 100 + year), (int32_t)month,
                                                 (int32_t)day);
    return true;
}

/* Whether the text is a word that PostgreSQL has for a time; "now" and its like have functions. */
static muster_status fail_shape(mu_text text, const char *what, muster_error *err)
{
    if (mu_value_is_word(text, "infinity") || mu_value_is_word(text, "-infinity")) {
        return mu_fail(err, MUSTER_INVALID,
                       "\"%.*s\" is not a %s: times lie in the years 1 to 9999; use NULL for none",
                       MU_SHOWN(text), what);
    }
    return mu_fail(err, MUSTER_INVALID, "\"%.*s\" is not a %s; write %s", MU_SHOWN(text), what,
                   strcmp(what, "date") == 0 ? "2024-05-01" : "2024-05-01 09:00:00");
}

static void skip_blanks(const char **at, const char *end)
{
    while (*at < end && mu_value_is_blank(**at)) {
        (*at)++;
    }
}

muster_status mu_value_parse_time(mu_text text, const char *what, mu_value_time *out,
                                  muster_error *err)
{
    mu_value_clock clock = {0};
    const char *at = text.data;
    const char *end = text.data + text.size;

    out->in_utc = false;
    if (read_fixed(text, &out->us)) {
        return MUSTER_OK;
    }
    if (!read_date(&at, end, &clock)) {
        return fail_shape(text, what, err);
    }
    if (at < end) {
        if (*at != 'T' && *at != 't' && !mu_value_is_blank(*at)) {
            return fail_shape(text, what, err);
        }
        at++;
        skip_blanks(&at, end);
        if (!read_clock(&at, end, &clock)) {
            return fail_shape(text, what, err);
        }
        skip_blanks(&at, end);
        clock.has_offset = at < end;
        if (at < end && (!mu_value_read_zone(&at, end, &clock.offset_seconds) || at < end)) {
            return fail_shape(text, what, err);
        }
    }
    return mu_value_clock_to_time(&clock, text, what, out, err);
}

/* Intervals. */

typedef struct unit_word {
    const char *word; /* also with an s behind it */
    int64_t us;       /* 0 for calendar units */
    int32_t months;
} unit_word;

static const unit_word *find_unit(mu_text word)
{
    static const unit_word units[] = {
        {"microsecond", 1, 0},
        {"us", 1, 0},
        {"millisecond", 1000, 0},
        {"ms", 1000, 0},
        {"second", MU_SECOND_US, 0},
        {"sec", MU_SECOND_US, 0},
        {"s", MU_SECOND_US, 0},
        {"minute", MU_MINUTE_US, 0},
        {"min", MU_MINUTE_US, 0},
        {"m", MU_MINUTE_US, 0},
        {"hour", MU_HOUR_US, 0},
        {"hr", MU_HOUR_US, 0},
        {"h", MU_HOUR_US, 0},
        {"day", MU_DAY_US, 0},
        {"d", MU_DAY_US, 0},
        {"week", 7 * MU_DAY_US, 0},
        {"w", 7 * MU_DAY_US, 0},
        {"month", 0, 1},
        {"mon", 0, 1},
        {"quarter", 0, 3},
        {"year", 0, 12},
        {"yr", 0, 12},
        {"y", 0, 12},
        {"decade", 0, 120},
        {"century", 0, 1200},
        {"millennium", 0, 12000},
    };

    for (size_t i = 0; i < MU_COUNT(units); i++) {
        const size_t size = strlen(units[i].word);
        const bool plural =
            size > 2 && word.size == size + 1 && (word.data[size] == 's' || word.data[size] == 'S');
        if (mu_value_is_word((mu_text){word.data, word.size - plural}, units[i].word)) {
            return &units[i];
        }
    }
    return NULL;
}

/* One number and its unit, or a time such as 02:03:04.5. */
typedef struct interval_part {
    bool negative;
    int64_t whole, fraction_us; /* the number, and its fraction in millionths */
    const unit_word *unit;      /* NULL: a time, in fraction_us */
} interval_part;

static bool read_clock_part(const char **at, const char *end, interval_part *part)
{
    mu_value_clock clock = {0};
    const char *start = *at;

    while (*at < end && mu_value_is_digit(**at)) {
        (*at)++;
    }
    const bool is_clock = *at < end && **at == ':';
    *at = start;
    if (!is_clock || !read_clock(at, end, &clock) || clock.minute > 59 || clock.second > 59) {
        *at = start;
        return false;
    }
    part->fraction_us =
        ((clock.hour * 60 + clock.minute) * 60 + clock.second) * MU_SECOND_US + clock.fraction_us;
    return true;
}

/* Reads 1-2: years and months. */
static bool read_years(const char **at, const char *end, interval_part *part)
{
    static const unit_word month = {"month", 0, 1};
    const char *start = *at;
    int32_t years, months;

    if (!read_digits(at, end, 6, &years) || !skip(at, end, '-') ||
        !read_digits(at, end, 2, &months) || months > 11 ||
        (*at < end && !mu_value_is_blank(**at))) {
        *at = start;
        return false;
    }
    part->whole = (int64_t)years * 12 + months;
    part->unit = &month;
    return true;
}

static bool read_number(const char **at, const char *end, interval_part *part)
{
    const char *start = *at;

    for (; *at < end && mu_value_is_digit(**at); (*at)++) {
        if (__builtin_mul_overflow(part->whole, 10, &part->whole) ||
            __builtin_add_overflow(part->whole, **at - '0', &part->whole)) {
            return false;
        }
    }
    const bool whole = *at > start;
    if (skip(at, end, '.')) {
        return mu_value_read_fraction(at, end, &part->fraction_us);
    }
    return whole;
}

/* A number and the letter behind it, after P or, of the day, after the T in P1Y2M3DT4H5M6S. */
static bool read_iso_part(const char **at, const char *end, bool of_day, interval_part *part)
{
    static const char letters[] = "YMWDHMS";
    static const unit_word units[] = {
        {"year", 0, 12},
        {"month", 0, 1},
        {"week", 7 * MU_DAY_US, 0},
        {"day", MU_DAY_US, 0},
        {"hour", MU_HOUR_US, 0},
        {"minute", MU_MINUTE_US, 0},
        {"second", MU_SECOND_US, 0},
    };

    *part = (interval_part){.negative = skip(at, end, '-')};
    if (!read_number(at, end, part) || *at == end) {
        return false;
    }
    const char *found = strchr(of_day ? letters + 4 : letters, **at & ~0x20);
    if (!found || (!of_day && found - letters > 3)) {
        return false;
    }
    (*at)++;
    part->unit = &units[found - letters];
    return true;
}

static bool read_part(const char **at, const char *end, interval_part *part)
{
    *part = (interval_part){.negative = *at < end && **at == '-'};
    if (*at < end && (**at == '-' || **at == '+')) {
        (*at)++;
    }
    if (read_clock_part(at, end, part) || read_years(at, end, part)) {
        return true;
    }
    if (!read_number(at, end, part)) {
        return false;
    }
    skip_blanks(at, end);
    const char *word = *at;
    while (*at < end && ((**at >= 'a' && **at <= 'z') || (**at >= 'A' && **at <= 'Z'))) {
        (*at)++;
    }
    part->unit = find_unit((mu_text){word, (uint32_t)(*at - word)});
    return part->unit != NULL;
}

/* False if the sum does not fit, or a part of a month is asked for. */
static bool add_part(const interval_part *part, int64_t *months, int64_t *us)
{
    const int64_t sign = part->negative ? -1 : 1;
    int64_t whole = 0, fraction = sign * part->fraction_us;

    if (part->unit && part->unit->months > 0) {
        const int64_t millionths = part->fraction_us * part->unit->months;
        return millionths % 1000000 == 0 &&
               !__builtin_mul_overflow(part->whole, sign * part->unit->months, &whole) &&
               !__builtin_add_overflow(*months, whole, months) &&
               !__builtin_add_overflow(*months, sign * (millionths / 1000000), months);
    }
    if (part->unit) {
        /* At most 10^6 times a week of microseconds, which an int64_t holds. */
        fraction = sign * (part->fraction_us * part->unit->us / 1000000);
        if (__builtin_mul_overflow(part->whole, sign * part->unit->us, &whole)) {
            return false;
        }
    }
    return !__builtin_add_overflow(*us, whole, us) && !__builtin_add_overflow(*us, fraction, us);
}

/* The parts of an interval as they are read. */
typedef struct interval_sum {
    mu_text text;
    int64_t months, us;
    bool any;
} interval_sum;

static muster_status fail_interval(mu_text text, muster_error *err)
{
    return mu_fail(err, MUSTER_INVALID,
                   "\"%.*s\" is not an interval; write '30 minutes', '7 days', '1 month'",
                   MU_SHOWN(text));
}

static muster_status take_part(interval_sum *sum, const interval_part *part, muster_error *err)
{
    if (!add_part(part, &sum->months, &sum->us) || sum->months > INT32_MAX ||
        sum->months < -INT32_MAX) {
        return mu_fail(err, MUSTER_INVALID, "\"%.*s\" is not an interval: %s", MU_SHOWN(sum->text),
                       part->unit && part->unit->months > 0 && part->fraction_us != 0
                           ? "months and longer are taken whole"
                           : "it is too long");
    }
    sum->any = true;
    return MUSTER_OK;
}

static muster_status read_iso(interval_sum *sum, const char *at, const char *end, muster_error *err)
{
    bool of_day = false;
    interval_part part;

    while (at < end) {
        if (!of_day && (*at == 'T' || *at == 't')) {
            of_day = true;
            at++;
        }
        if (!read_iso_part(&at, end, of_day, &part)) {
            return fail_interval(sum->text, err);
        }
        MU_TRY(take_part(sum, &part, err));
    }
    return sum->any ? MUSTER_OK : fail_interval(sum->text, err);
}

static muster_status read_words(interval_sum *sum, const char *at, const char *end,
                                muster_error *err)
{
    while (at < end) {
        interval_part part;
        if (!read_part(&at, end, &part)) {
            return fail_interval(sum->text, err);
        }
        MU_TRY(take_part(sum, &part, err));
        skip_blanks(&at, end);
    }
    return sum->any ? MUSTER_OK : fail_interval(sum->text, err);
}

muster_status mu_value_parse_interval(mu_text text, int32_t *months, int64_t *us, muster_error *err)
{
    interval_sum sum = {.text = text};
    mu_text rest = text;
    const bool ago =
        rest.size > 4 && mu_value_is_word((mu_text){rest.data + rest.size - 4, 4}, " ago");

    if (ago) {
        rest.size -= 4;
        rest = mu_value_trim(rest);
    }
    const char *at = rest.data, *end = rest.data + rest.size;
    if (at < end && (*at == 'P' || *at == 'p')) {
        MU_TRY(read_iso(&sum, at + 1, end, err));
    } else {
        MU_TRY(read_words(&sum, at, end, err));
    }
    if (ago && sum.us == INT64_MIN) {
        return mu_fail(err, MUSTER_INVALID, "\"%.*s\" is not an interval: it is too long",
                       MU_SHOWN(text));
    }
    *months = (int32_t)(ago ? -sum.months : sum.months);
    *us = ago ? -sum.us : sum.us;
    return MUSTER_OK;
}
