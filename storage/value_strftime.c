/*
 * value_strftime.c - times written by a pattern: what value_pattern.c reads, and a few letters
 * more.
 */
#include "storage/value.h"

#include <assert.h>
#include <string.h>

typedef struct writing {
    const mu_value_moment *moment;
    mu_writer *out;
} writing;

static void put_text(const writing *w, const char *text)
{
    mu_write_bytes(w->out, text, strlen(text));
}

/* At least `width` digits, with zeros or blanks before them. */
static void put_number(const writing *w, int64_t value, int width, char fill)
{
    const mu_value number = {.type = {.kind = MU_BIGINT, .bits = 64}, .i64 = value};

    for (int64_t limit = 10; width > 1; width--, limit *= 10) {
        if (value < limit) {
            mu_write_u8(w->out, (uint8_t)fill);
        }
    }
    mu_value_format(&number, w->out);
}

void mu_value_moment_of(int64_t local_us, int64_t offset_us, mu_value_moment *out)
{
    const int64_t days = mu_days_of_us(local_us);
    const int64_t in_day = local_us - days * MU_DAY_US;
    const int64_t monday = mu_days_of_us(mu_time_truncate(local_us, MU_UNIT_WEEK));
    const int32_t week_year = mu_civil_of_days(monday + 3).year; /* of its Thursday */

    *out = (mu_value_moment){
        .date = mu_civil_of_days(days),
        .weekday = (int32_t)(days - monday),
        .week_year = week_year,
        .week = (int32_t)((monday + 3 - mu_days_of_civil(week_year, 1, 1)) / 7 + 1),
        .hour = (int32_t)(in_day / MU_HOUR_US),
        .minute = (int32_t)(in_day / MU_MINUTE_US % 60),
        .second = (int32_t)(in_day / MU_SECOND_US % 60),
        .fraction_us = (int32_t)(in_day % MU_SECOND_US),
        .offset_seconds = (int32_t)(offset_us / MU_SECOND_US),
        .epoch_us = local_us - offset_us,
    };
    out->day_of_year = (int32_t)(days - mu_days_of_civil(out->date.year, 1, 1) + 1);
}

void mu_value_write_offset(int32_t seconds, const char *separator, mu_writer *out)
{
    const writing w = {NULL, out};
    const int32_t size = seconds < 0 ? -seconds : seconds;

    mu_write_u8(out, seconds < 0 ? '-' : '+');
    put_number(&w, size / 3600, 2, '0');
    put_text(&w, separator);
    put_number(&w, size / 60 % 60, 2, '0');
    if (size % 60 != 0) {
        put_text(&w, separator);
        put_number(&w, size % 60, 2, '0');
    }
}

static void put_name(const writing *w, const char *name, bool in_full)
{
    mu_write_bytes(w->out, name, in_full ? strlen(name) : 3);
}

static int64_t hour12(int32_t hour)
{
    return hour % 12 == 0 ? 12 : hour % 12;
}

static bool put_by(const writing *w, mu_text pattern, char *unknown);

/* Parts of the day. False if the letter is none of them. */
static bool put_clock(const writing *w, char letter)
{
    const mu_value_moment *m = w->moment;

    switch (letter) {
    case 'H':
    case 'k':
        put_number(w, m->hour, 2, letter == 'H' ? '0' : ' ');
        return true;
    case 'I':
    case 'l':
        put_number(w, hour12(m->hour), 2, letter == 'I' ? '0' : ' ');
        return true;
    case 'p':
        put_text(w, m->hour < 12 ? "AM" : "PM");
        return true;
    case 'M':
        put_number(w, m->minute, 2, '0');
        return true;
    case 'S':
        put_number(w, m->second, 2, '0');
        return true;
    case 'f':
        put_number(w, m->fraction_us, 6, '0');
        return true;
    case 'z':
        mu_value_write_offset(m->offset_seconds, "", w->out);
        return true;
    case 's':
        put_number(w, (m->epoch_us - m->fraction_us) / MU_SECOND_US, 1, '0');
        return true;
    default: /* not an enum: any character may stand here */
        return false;
    }
}

static bool put_date(const writing *w, char letter)
{
    const mu_value_moment *m = w->moment;

    switch (letter) {
    case 'Y':
    case 'G':
        put_number(w, letter == 'Y' ? m->date.year : m->week_year, 4, '0');
        return true;
    case 'y':
        put_number(w, m->date.year % 100, 2, '0');
        return true;
    case 'm':
        put_number(w, m->date.month, 2, '0');
        return true;
    case 'd':
    case 'e':
        put_number(w, m->date.day, 2, letter == 'd' ? '0' : ' ');
        return true;
    case 'j':
        put_number(w, m->day_of_year, 3, '0');
        return true;
    case 'V':
        put_number(w, m->week, 2, '0');
        return true;
    case 'u':
    case 'w':
        put_number(w, letter == 'u' ? m->weekday + 1 : (m->weekday + 1) % 7, 1, '0');
        return true;
    case 'b':
    case 'h':
    case 'B':
        put_name(w, mu_month_names[m->date.month - 1], letter == 'B');
        return true;
    case 'a':
    case 'A':
        put_name(w, mu_weekday_names[m->weekday], letter == 'A');
        return true;
    default:
        return false;
    }
}

static bool put_conversion(const writing *w, char letter, char *unknown)
{
    switch (letter) {
    case 'F':
        return put_by(w, MU_TEXT_OF("%Y-%m-%d"), unknown);
    case 'T':
        return put_by(w, MU_TEXT_OF("%H:%M:%S"), unknown);
    case 'D':
        return put_by(w, MU_TEXT_OF("%m/%d/%y"), unknown);
    case 'R':
        return put_by(w, MU_TEXT_OF("%H:%M"), unknown);
    case 'n':
    case 't':
    case '%':
        mu_write_u8(w->out, letter == 'n' ? '\n' : letter == 't' ? '\t' : '%');
        return true;
    default:
        break;
    }
    if (put_date(w, letter) || put_clock(w, letter)) {
        return true;
    }
    *unknown = letter;
    return false;
}

static bool put_by(const writing *w, mu_text pattern, char *unknown)
{
    for (uint32_t i = 0; i < pattern.size; i++) {
        if (pattern.data[i] != '%') {
            mu_write_u8(w->out, (uint8_t)pattern.data[i]);
        } else if (++i == pattern.size) {
            *unknown = '%';
            return false;
        } else if (!put_conversion(w, pattern.data[i], unknown)) {
            return false;
        }
    }
    return true;
}

muster_status mu_value_strftime(const mu_value_moment *moment, mu_text pattern, mu_writer *out,
                                muster_error *err)
{
    const writing w = {moment, out};
    char unknown = '\0';

    if (!put_by(&w, pattern, &unknown)) {
        return mu_fail(err, MUSTER_INVALID,
                       "no \"%%%.1s\" in the format '%.*s'; there are %%Y %%y %%m %%d %%e %%j %%G "
                       "%%V %%u %%w %%H %%I %%p %%M %%S %%f %%z %%s %%b %%B %%a %%A %%F %%T %%D "
                       "%%R %%%%",
                       &unknown, MU_SHOWN(pattern));
    }
    return MUSTER_OK;
}
