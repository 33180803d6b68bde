/*
 * value.c - text to values: the choice by type, and what needs no arithmetic.
 *
 * Loading a file calls this once for every field, so each type has a straight path for the way its
 * values are nearly always written, and leaves the rest to slower code. Text is checked to be UTF-8
 * here, and nowhere after. A NUL is refused, since results are handed out as C strings.
 */
#include "storage/value.h"

#include "storage/base/limits.h"
#include "storage/calendar.h"
#include "storage/type.h"
#include "storage/zone.h"

#include <assert.h>
#include <string.h>

bool mu_value_is_word(mu_text text, const char *word)
{
    for (uint32_t i = 0; i < text.size; i++) {
        const char c = text.data[i];
        const char lower = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
        if (lower != word[i] || word[i] == '\0') {
            return false;
        }
    }
    return word[text.size] == '\0';
}

static muster_status parse_boolean(mu_text text, int64_t *out, muster_error *err)
{
    static const char *const words[2][6] = {{"false", "f", "0", "no", "n", "off"},
                                            {"true", "t", "1", "yes", "y", "on"}};

    for (int64_t truth = 0; truth < 2; truth++) {
        for (size_t i = 0; i < MU_COUNT(words[truth]); i++) {
            if (mu_value_is_word(text, words[truth][i])) {
                *out = truth;
                return MUSTER_OK;
            }
        }
    }
    return mu_fail(err, MUSTER_INVALID, "\"%.*s\" is not a boolean; write true or false",
                   MU_SHOWN(text));
}

/* Bytes of ASCII without NUL that the text begins with, in steps of 8, then of 1. */
static size_t plain_prefix(const uint8_t *data, size_t size)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    size_t at = 0;

    for (; at + 8 <= size; at += 8) {
        uint64_t word;
        memcpy(&word, data + at, sizeof word);
        /* A high bit is set in the word, or appears where 1 is taken from a zero byte. */
        if (((word | (word - ones)) & ones << 7) != 0) {
            break;
        }
    }
    while (at < size && data[at] - 1u < 0x7f) {
        at++;
    }
    return at;
}

/* The length of the UTF-8 sequence at `data`, 0 if it is none: table 3-7 of the Unicode Standard,
 * which leaves out overlong forms, surrogates, and what lies past U+10FFFF. */
static size_t sequence_size(const uint8_t *data, size_t size)
{
    const uint8_t lead = data[0];
    const uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    const size_t wanted = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xc2 || lead > 0xf4 || size < wanted || data[1] < low || data[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < wanted; i++) {
        if ((data[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return wanted;
}

static muster_status check_text(mu_text text, muster_error *err)
{
    const uint8_t *data = (const uint8_t *)text.data;
    size_t at = 0;

    if (text.size > MU_MAX_TEXT_BYTES) {
        return mu_fail(err, MUSTER_INVALID, "text has %u bytes; at most %d are possible", text.size,
                       (int)MU_MAX_TEXT_BYTES);
    }
    for (;;) {
        at += plain_prefix(data + at, text.size - at);
        if (at == text.size) {
            return MUSTER_OK;
        }
        const size_t size = sequence_size(data + at, text.size - at);
        if (size == 0) {
            return mu_fail(err, MUSTER_INVALID,
                           "text is not UTF-8 at byte %zu (value 0x%02x); if the file has another "
                           "encoding, convert it first, as with iconv -f GBK -t UTF-8",
                           at + 1, data[at]);
        }
        if (size == 1) { /* the only one that is not plain */
            return mu_fail(err, MUSTER_INVALID, "text holds a NUL at byte %zu", at + 1);
        }
        at += size;
    }
}

static muster_status parse_time(mu_text text, const mu_value_formats *formats, int64_t *out,
                                muster_error *err)
{
    mu_value_time time;

    if (formats && formats->timestamp) {
        MU_TRY(mu_value_parse_pattern(text, formats->timestamp, &time, err));
    } else {
        MU_TRY(mu_value_parse_time(text, "timestamp", &time, err));
    }
    *out = time.in_utc || !formats ? time.us : mu_zone_to_utc(formats->zone, time.us);
    if (*out < MU_TIME_MIN || *out > MU_TIME_MAX) {
        return mu_fail(err, MUSTER_INVALID,
                       "\"%.*s\" is not a timestamp: in UTC it lies outside the years 1 to 9999",
                       MU_SHOWN(text));
    }
    return MUSTER_OK;
}

static muster_status parse_date(mu_text text, const mu_value_formats *formats, int64_t *out,
                                muster_error *err)
{
    mu_value_time time;

    if (formats && formats->date) {
        MU_TRY(mu_value_parse_pattern(text, formats->date, &time, err));
    } else {
        MU_TRY(mu_value_parse_time(text, "date", &time, err));
    }
    if (time.in_utc && formats) {
        time.us = mu_zone_to_local(formats->zone, time.us);
    }
    if (time.us < MU_TIME_MIN || time.us > MU_TIME_MAX) {
        return mu_fail(err, MUSTER_INVALID,
                       "\"%.*s\" is not a date: it lies outside the years 1 to 9999",
                       MU_SHOWN(text));
    }
    *out = mu_days_of_us(time.us);
    if (*out * MU_DAY_US != time.us) {
        return mu_fail(err, MUSTER_INVALID,
                       "\"%.*s\" is not a date: it has a time of day; make the column a TIMESTAMP",
                       MU_SHOWN(text));
    }
    return MUSTER_OK;
}

muster_status mu_value_parse(mu_type type, mu_text text, const mu_value_formats *formats,
                             mu_value *out, muster_error *err)
{
    assert(type.kind != MU_CUSTOMER && type.kind != MU_NULL);
    if (text.size == 0) {
        text.data = ""; /* it may be NULL, with which no arithmetic is allowed */
    }
    *out = (mu_value){.type = type};
    switch (type.kind) {
    case MU_BOOLEAN:
        return parse_boolean(mu_value_trim(text), &out->i64, err);
    case MU_BIGINT:
        return mu_value_parse_bigint(type, mu_value_trim(text), &out->i64, err);
    case MU_DOUBLE:
        return mu_value_parse_double(mu_value_trim(text), &out->f64, err);
    case MU_DECIMAL:
        return mu_value_parse_decimal(type, mu_value_trim(text), &out->i64, err);
    case MU_TEXT:
        out->text = text;
        MU_TRY(check_text(text, err));
        return mu_value_check_characters(type, text, err);
    case MU_DATE:
        return parse_date(mu_value_trim(text), formats, &out->i64, err);
    case MU_TIMESTAMP:
        return parse_time(mu_value_trim(text), formats, &out->i64, err);
    case MU_INTERVAL:
        return mu_value_parse_interval(mu_value_trim(text), &out->months, &out->i64, err);
    case MU_CUSTOMER:
    case MU_NULL:
    case MU_BITMAP:
        break; /* columns of these are made, not read */
    }
    return mu_fail(err, MUSTER_INVALID, "text is not read as a customer or a set of them");
}

muster_status mu_value_check_characters(mu_type type, mu_text text, muster_error *err)
{
    uint32_t characters = 0;
    char name[32];

    assert(type.kind == MU_TEXT);
    if (type.length == 0 || text.size <= type.length) {
        return MUSTER_OK;
    }
    for (uint32_t i = 0; i < text.size; i++) {
        characters += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    }
    if (characters > type.length) {
        return mu_fail(err, MUSTER_INVALID, "\"%.*s\" has %u characters, too many for %s",
                       MU_SHOWN(text), characters, mu_type_name(type, name));
    }
    return MUSTER_OK;
}

muster_status mu_value_check_length(const mu_value *value, int32_t offset, muster_error *err)
{
    if (value->type.kind == MU_INTERVAL && !value->null && value->months != 0) {
        return mu_fail_at(err, MUSTER_INVALID, offset,
                          "an interval of calendar months has no fixed length; it can be added to "
                          "a time or taken from one");
    }
    return MUSTER_OK;
}

bool mu_value_integer_range(mu_type type, int64_t *least, int64_t *most)
{
    switch (type.kind) {
    case MU_BOOLEAN:
        *least = 0;
        *most = 1;
        return true;
    case MU_BIGINT:
        *most = type.bits == 16 ? INT16_MAX : type.bits == 32 ? INT32_MAX : INT64_MAX;
        *least = -*most - 1;
        return true;
    case MU_DECIMAL:
        *most = mu_ten_to[type.precision] - 1;
        *least = -*most;
        return true;
    case MU_DATE:
        *least = MU_TIME_MIN / MU_DAY_US;
        *most = (MU_TIME_MAX + 1) / MU_DAY_US - 1;
        return true;
    case MU_TIMESTAMP:
        *least = MU_TIME_MIN;
        *most = MU_TIME_MAX;
        return true;
    case MU_DOUBLE:
    case MU_TEXT:
    case MU_INTERVAL:
    case MU_CUSTOMER:
    case MU_NULL:
    case MU_BITMAP:
        break;
    }
    return false;
}
