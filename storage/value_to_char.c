/*
 * value_to_char.c - times written by a pattern of PostgreSQL's to_char().
 *
 * The pattern is cut into the longest of the words below; text between double quotes, and every
 * other character, stands for itself. FM before a word leaves out the blanks and zeros around it.
 */
#include "storage/value.h"

#include <string.h>

typedef enum word {
    YEAR,
    SHORT_YEAR,
    WEEK_YEAR,
    CENTURY,
    QUARTER,
    MONTH,
    MONTH_NAME,
    MONTH_SHORT,
    WEEK,
    WEEK_OF_YEAR,
    DAY,
    DAY_OF_YEAR,
    DAY_NAME,
    DAY_SHORT,
    DAY_OF_WEEK,
    ISO_DAY,
    HOUR,
    HOUR12,
    MINUTE,
    SECOND,
    MILLISECOND,
    MICROSECOND,
    HALF,
    OFFSET
} word;

typedef enum letters {
    AS_IT_IS,
    UPPER,
    LOWER
} letters;

static const struct {
    const char *text; /* those that begin with another come before it */
    word word;
    int width;
    letters letters;
} words[] = {
    {"YYYY", YEAR, 4, AS_IT_IS},
    {"yyyy", YEAR, 4, AS_IT_IS},
    {"YY", SHORT_YEAR, 2, AS_IT_IS},
    {"yy", SHORT_YEAR, 2, AS_IT_IS},
    {"IYYY", WEEK_YEAR, 4, AS_IT_IS},
    {"CC", CENTURY, 2, AS_IT_IS},
    {"Q", QUARTER, 1, AS_IT_IS},
    {"MONTH", MONTH_NAME, 9, UPPER},
    {"Month", MONTH_NAME, 9, AS_IT_IS},
    {"month", MONTH_NAME, 9, LOWER},
    {"MON", MONTH_SHORT, 3, UPPER},
    {"Mon", MONTH_SHORT, 3, AS_IT_IS},
    {"mon", MONTH_SHORT, 3, LOWER},
    {"MM", MONTH, 2, AS_IT_IS},
    {"mm", MONTH, 2, AS_IT_IS},
    {"IW", WEEK, 2, AS_IT_IS},
    {"WW", WEEK_OF_YEAR, 2, AS_IT_IS},
    {"DAY", DAY_NAME, 9, UPPER},
    {"Day", DAY_NAME, 9, AS_IT_IS},
    {"day", DAY_NAME, 9, LOWER},
    {"DY", DAY_SHORT, 3, UPPER},
    {"Dy", DAY_SHORT, 3, AS_IT_IS},
    {"dy", DAY_SHORT, 3, LOWER},
    {"DDD", DAY_OF_YEAR, 3, AS_IT_IS},
    {"DD", DAY, 2, AS_IT_IS},
    {"dd", DAY, 2, AS_IT_IS},
    {"D", DAY_OF_WEEK, 1, AS_IT_IS},
    {"ID", ISO_DAY, 1, AS_IT_IS},
    {"HH24", HOUR, 2, AS_IT_IS},
    {"hh24", HOUR, 2, AS_IT_IS},
    {"HH12", HOUR12, 2, AS_IT_IS},
    {"hh12", HOUR12, 2, AS_IT_IS},
    {"HH", HOUR12, 2, AS_IT_IS},
    {"hh", HOUR12, 2, AS_IT_IS},
    {"MI", MINUTE, 2, AS_IT_IS},
    {"mi", MINUTE, 2, AS_IT_IS},
    {"SS", SECOND, 2, AS_IT_IS},
    {"ss", SECOND, 2, AS_IT_IS},
    {"MS", MILLISECOND, 3, AS_IT_IS},
    {"ms", MILLISECOND, 3, AS_IT_IS},
    {"US", MICROSECOND, 6, AS_IT_IS},
    {"us", MICROSECOND, 6, AS_IT_IS},
    {"AM", HALF, 2, AS_IT_IS},
    {"PM", HALF, 2, AS_IT_IS},
    {"am", HALF, 2, LOWER},
    {"pm", HALF, 2, LOWER},
    {"OF", OFFSET, 0, AS_IT_IS},
};

static const char *name_of(const mu_value_moment *m, word which)
{
    return which == HALF                                 ? (m->hour < 12 ? "AM" : "PM")
           : which == MONTH_NAME || which == MONTH_SHORT ? mu_month_names[m->date.month - 1]
           : which == DAY_NAME || which == DAY_SHORT     ? mu_weekday_names[m->weekday]
                                                         : NULL;
}

static int64_t number_of(const mu_value_moment *m, word which)
{
    switch (which) {
    case YEAR:
        return m->date.year;
    case SHORT_YEAR:
        return m->date.year % 100;
    case WEEK_YEAR:
        return m->week_year;
    case CENTURY:
        return (m->date.year + 99) / 100;
    case QUARTER:
        return (m->date.month + 2) / 3;
    case MONTH:
        return m->date.month;
    case WEEK:
        return m->week;
    case WEEK_OF_YEAR:
        return (m->day_of_year + 6) / 7;
    case DAY:
        return m->date.day;
    case DAY_OF_YEAR:
        return m->day_of_year;
    case DAY_OF_WEEK: /* from Sunday, which is 1 */
        return (m->weekday + 1) % 7 + 1;
    case ISO_DAY:
        return m->weekday + 1;
    case HOUR:
        return m->hour;
    case HOUR12:
        return m->hour % 12 == 0 ? 12 : m->hour % 12;
    case MINUTE:
        return m->minute;
    case SECOND:
        return m->second;
    case MILLISECOND:
        return m->fraction_us / 1000;
    case MICROSECOND:
        return m->fraction_us;
    case MONTH_NAME:
    case MONTH_SHORT:
    case DAY_NAME:
    case DAY_SHORT:
    case HALF:
    case OFFSET:
        break; /* are no numbers */
    }
    return 0;
}

static void put_name(const char *name, int width, letters how, bool plain, mu_writer *out)
{
    const int size = width == 9 ? (int)strlen(name) : width;

    for (int i = 0; i < size; i++) {
        const char c = name[i];
        const bool small = c >= 'a' && c <= 'z', capital = c >= 'A' && c <= 'Z';
        mu_write_u8(out, (uint8_t)(how == UPPER && small     ? c - 32
                                   : how == LOWER && capital ? c + 32
                                                             : c));
    }
    for (int i = size; i < width && !plain; i++) {
        mu_write_u8(out, ' ');
    }
}

static void put_number(int64_t value, int width, bool plain, mu_writer *out)
{
    const mu_value number = {.type = {.kind = MU_BIGINT, .bits = 64}, .i64 = value};

    for (int64_t limit = 10; width > 1 && !plain; width--, limit *= 10) {
        if (value < limit) {
            mu_write_u8(out, '0');
        }
    }
    mu_value_format(&number, out);
}

/* Writes the word that the pattern begins with, and gives its length; 0 if there is none. */
static uint32_t put_word(const mu_value_moment *moment, mu_text pattern, bool plain, mu_writer *out)
{
    for (size_t i = 0; i < MU_COUNT(words); i++) {
        const uint32_t size = (uint32_t)strlen(words[i].text);
        if (size > pattern.size || memcmp(words[i].text, pattern.data, size) != 0) {
            continue;
        }
        const char *name = name_of(moment, words[i].word);
        if (name) {
            put_name(name, words[i].width, words[i].letters, plain, out);
        } else if (words[i].word == OFFSET) {
            mu_value_write_offset(moment->offset_seconds, ":", out);
        } else {
            put_number(number_of(moment, words[i].word), words[i].width, plain, out);
        }
        return size;
    }
    return 0;
}

void mu_value_to_char(const mu_value_moment *moment, mu_text pattern, mu_writer *out)
{
    bool plain = false, quoted = false;
    uint32_t at = 0;

    while (at < pattern.size) {
        const mu_text rest = {pattern.data + at, pattern.size - at};
        if (rest.data[0] == '"') {
            quoted = !quoted;
            at++;
            continue;
        }
        if (!quoted && rest.size > 1 && memcmp(rest.data, "FM", 2) == 0) {
            plain = true;
            at += 2;
            continue;
        }
        const uint32_t size = quoted ? 0 : put_word(moment, rest, plain, out);
        if (size == 0) {
            mu_write_u8(out, (uint8_t)rest.data[0]);
        }
        plain = false;
        at += size > 0 ? size : 1;
    }
}
