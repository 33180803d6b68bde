/*
 * value_format.c - values as people write them, in the form that mu_value_parse() reads back.
 *
 * A double is printed with the fewest digits that give the same double again, found by trying 15,
 * 16 and 17; laid out as PostgreSQL does: 0.0001 and 123456789 as they are, 1e-05 and 1e+15 with
 * an exponent. Nothing depends on the locale.
 */
#include "storage/value.h"

#include "storage/tag_set.h"
#include "storage/zone.h"

#include <assert.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_unsigned(mu_writer *out, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    mu_write_bytes(out, &digits[at], sizeof digits - at);
}

static void write_padded(mu_writer *out, uint64_t value, unsigned width)
{
    char digits[20];

    assert(width <= sizeof digits);
    for (unsigned i = width; i-- > 0; value /= 10) {
        digits[i] = (char)('0' + value % 10);
    }
    assert(value == 0);
    mu_write_bytes(out, digits, width);
}

/* Writes the minus, and gives the rest as an unsigned number: -INT64_MIN is one. */
static uint64_t write_sign(mu_writer *out, int64_t value)
{
    if (value < 0) {
        mu_write_u8(out, '-');
        return -(uint64_t)value;
    }
    return (uint64_t)value;
}

static void write_decimal(mu_writer *out, int64_t value, uint8_t scale)
{
    const uint64_t unit = (uint64_t)mu_ten_to[scale];
    const uint64_t rest = write_sign(out, value);

    write_unsigned(out, rest / unit);
    if (scale > 0) {
        mu_write_u8(out, '.');
        write_padded(out, rest % unit, scale);
    }
}

/* The fewest significant digits that read back as `value` (> 0, finite), without zeros at their
 * end, and the exponent of ten of the first of them. */
static size_t shortest_digits(double value, char digits[18], int *exponent)
{
    size_t count = 0;

    /* Every decimal of 15 digits survives a double, but for those too small for all their bits. */
    for (int precision = value < DBL_MIN ? 1 : 15; precision <= 17; precision++) {
        char text[32];
        snprintf(text, sizeof text, "%.*e", precision - 1, value);
        const char *mark = strchr(text, 'e');
        assert(mark);
        count = 0;
        for (const char *c = text; c < mark; c++) {
            if (mu_value_is_digit(*c)) { /* and not the point, or what the locale has for it */
                digits[count++] = *c;
            }
        }
        *exponent = (int)strtol(mark + 1, NULL, 10);
        const double back =
            mu_value_double_of_digits(digits, count, *exponent - (int64_t)count + 1);
        if (memcmp(&back, &value, sizeof value) == 0) {
            break;
        }
    }
    while (count > 1 && digits[count - 1] == '0') {
        count--;
    }
    return count;
}

static void write_digits(mu_writer *out, const char *digits, size_t count, int exponent)
{
    if (exponent < -4 || exponent >= 15) {
        mu_write_u8(out, (uint8_t)digits[0]);
        if (count > 1) {
            mu_write_u8(out, '.');
            mu_write_bytes(out, digits + 1, count - 1);
        }
        mu_write_u8(out, 'e');
        mu_write_u8(out, exponent < 0 ? '-' : '+');
        const unsigned size = (unsigned)abs(exponent);
        write_padded(out, size, size < 100 ? 2 : 3);
        return;
    }
    if (exponent < 0) {
        mu_write_bytes(out, "0.000", (size_t)(1 - exponent));
        mu_write_bytes(out, digits, count);
        return;
    }
    const size_t whole = (size_t)exponent + 1;
    for (size_t i = 0; i < whole || i < count; i++) {
        if (i == whole) {
            mu_write_u8(out, '.');
        }
        mu_write_u8(out, i < count ? (uint8_t)digits[i] : '0');
    }
}

static void write_double(mu_writer *out, double value)
{
    char digits[18];
    int exponent;

    if (isnan(value)) {
        mu_write_bytes(out, "NaN", 3);
        return;
    }
    if (signbit(value)) {
        mu_write_u8(out, '-');
        value = -value;
    }
    if (isinf(value)) {
        mu_write_bytes(out, "Infinity", 8);
    } else if (value < 1e15 && value == trunc(value)) {
        write_unsigned(out, (uint64_t)value);
    } else {
        const size_t count = shortest_digits(value, digits, &exponent);
        write_digits(out, digits, count, exponent);
    }
}

static void write_date(mu_writer *out, int64_t days)
{
    const mu_civil date = mu_civil_of_days(days);

    if (date.year < 0) { /* sums of dates may lie before the year 1 */
        mu_write_u8(out, '-');
    }
    const uint64_t year = (uint64_t)abs(date.year);
    write_padded(out, year, year < 10000 ? 4 : year < 100000 ? 5 : 10);
    mu_write_u8(out, '-');
    write_padded(out, (uint64_t)date.month, 2);
    mu_write_u8(out, '-');
    write_padded(out, (uint64_t)date.day, 2);
}

/* hh:mm:ss, and the fraction without zeros at its end. */
static void write_clock(mu_writer *out, uint64_t us)
{
    const uint64_t seconds = us / (uint64_t)MU_SECOND_US;
    uint64_t fraction = us % (uint64_t)MU_SECOND_US;
    const uint64_t hours = seconds / 3600;
    unsigned width = 6;

    if (hours < 10) {
        mu_write_u8(out, '0');
    }
    write_unsigned(out, hours);
    mu_write_u8(out, ':');
    write_padded(out, seconds / 60 % 60, 2);
    mu_write_u8(out, ':');
    write_padded(out, seconds % 60, 2);
    if (fraction > 0) {
        mu_write_u8(out, '.');
        while (fraction % 10 == 0) {
            fraction /= 10;
            width--;
        }
        write_padded(out, fraction, width);
    }
}

static void write_timestamp(mu_writer *out, int64_t time_us)
{
    const int64_t days = mu_days_of_us(time_us);

    write_date(out, days);
    mu_write_u8(out, ' ');
    /* Unsigned, since the start of the first day there is may not be an int64_t. */
    write_clock(out, (uint64_t)time_us - (uint64_t)days * (uint64_t)MU_DAY_US);
}

/* "2 years"; a blank before it if something stands there. */
static void write_units(mu_writer *out, size_t start, int64_t count, const char *unit)
{
    if (count == 0) {
        return;
    }
    if (out->size > start) {
        mu_write_u8(out, ' ');
    }
    write_unsigned(out, write_sign(out, count));
    mu_write_u8(out, ' ');
    mu_write_bytes(out, unit, strlen(unit));
    if (count != 1) {
        mu_write_u8(out, 's');
    }
}

/* As PostgreSQL: 1 year 2 months 3 days 04:05:06. */
static void write_interval(mu_writer *out, int32_t months, int64_t us)
{
    const size_t start = out->size;

    write_units(out, start, months / 12, "year");
    write_units(out, start, months % 12, "month");
    write_units(out, start, us / MU_DAY_US, "day");
    if (us % MU_DAY_US != 0 || out->size == start) {
        if (out->size > start) {
            mu_write_u8(out, ' ');
        }
        write_clock(out, write_sign(out, us % MU_DAY_US));
    }
}

void mu_value_format_in(const mu_value *value, const mu_zone *zone, mu_writer *out)
{
    mu_value local = *value;

    if (local.type.kind == MU_TIMESTAMP && !local.null) {
        local.i64 = mu_zone_to_local(zone, local.i64);
    }
    mu_value_format(&local, out);
}

/* {1,234 customers} */
static void write_set(mu_writer *out, mu_text set)
{
    const mu_tag_set bytes = mu_tag_set_of(set);
    const char *const noun = " customers}";
    uint64_t customers = 0;
    char digits[32];

    /* The bytes were made here: were they not, there would be no one in them. */
    (void)!mu_tag_set_count(&bytes, &customers, NULL);
    const int size = snprintf(digits, sizeof digits, "%" PRIu64, customers);
    mu_write_u8(out, '{');
    for (int i = 0; i < size; i++) {
        if (i > 0 && (size - i) % 3 == 0) {
            mu_write_u8(out, ',');
        }
        mu_write_u8(out, (uint8_t)digits[i]);
    }
    mu_write_bytes(out, customers == 1 ? " customer}" : noun, strlen(noun) - (customers == 1));
}

void mu_value_format(const mu_value *value, mu_writer *out)
{
    if (value->null) {
        return;
    }
    switch (value->type.kind) {
    case MU_BOOLEAN:
        mu_write_bytes(out, value->i64 ? "true" : "false", value->i64 ? 4 : 5);
        return;
    case MU_BIGINT:
        write_unsigned(out, write_sign(out, value->i64));
        return;
    case MU_DOUBLE:
        write_double(out, value->f64);
        return;
    case MU_DECIMAL:
        write_decimal(out, value->i64, value->type.scale);
        return;
    case MU_TEXT:
        mu_write_bytes(out, value->text.data, value->text.size);
        return;
    case MU_DATE:
        write_date(out, value->i64);
        return;
    case MU_TIMESTAMP:
        write_timestamp(out, value->i64);
        return;
    case MU_INTERVAL:
        write_interval(out, value->months, value->i64);
        return;
    case MU_BITMAP:
        write_set(out, value->text);
        return;
    case MU_CUSTOMER:
    case MU_NULL:
        assert(value->null); /* neither has values to be written */
        return;
    }
}
