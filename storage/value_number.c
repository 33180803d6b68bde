/*
 * value_number.c - text to whole numbers, decimals and doubles.
 *
 * A number is first taken apart into at most 19 significant digits, which a uint64_t holds, and a
 * power of ten. Whole numbers and decimals are then that integer, shifted to their scale, without
 * rounding ever: what does not fit is said. A double is exact when the integer has at most 53 bits
 * and the power of ten is a double itself (Clinger's fast path); the rest goes to strtod(), as
 * digits and an exponent without a point, which no locale reads differently.
 */
#include "storage/value.h"

#include "storage/base/limits.h"

#include <assert.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEPT_DIGITS = 19,             /* 10^19 - 1 fits a uint64_t */
    LARGEST_EXPONENT = 100000000, /* what is written larger counts as ten times this, more than a
                                     text has digits to make up for */

    /* Digits from which on a double's value is decided: halfway points between two doubles have
     * up to 767; of what follows, it only matters whether it is all zeros. */
    DECISIVE_DIGITS = 800,
};

typedef struct number {
    uint64_t digits;        /* the first KEPT_DIGITS significant ones */
    int64_t exponent;       /* of ten, for `digits` */
    int64_t integer_digits; /* before the point; can be below 0: 0.001 has -2 */
    bool negative;
    bool cut; /* digits other than 0 follow those kept */
    bool zero;
} number;

const int64_t mu_ten_to[19] = {1,
                               10,
                               100,
                               1000,
                               10000,
                               100000,
                               1000000,
                               10000000,
                               100000000,
                               1000000000,
                               10000000000,
                               100000000000,
                               1000000000000,
                               10000000000000,
                               100000000000000,
                               1000000000000000,
                               10000000000000000,
                               100000000000000000,
                               1000000000000000000};

/* Reads an exponent such as e-7 up to the end; false if it is none. */
static bool read_exponent(const char *at, const char *end, int64_t *exponent)
{
    const bool negative = at < end && *at == '-';
    int64_t value = 0;

    if (at < end && (*at == '-' || *at == '+')) {
        at++;
    }
    if (at == end) {
        return false;
    }
    for (; at < end; at++) {
        if (!mu_value_is_digit(*at)) {
            return false;
        }
        value = value < LARGEST_EXPONENT ? value * 10 + (*at - '0') : value;
    }
    *exponent = negative ? -value : value;
    return true;
}

/* Takes a number apart: [+-] digits [. digits] [e [+-] digits], a digit at least before the e. */
static bool read_number(mu_text text, number *out)
{
    const char *at = text.data;
    const char *end = text.data + text.size;
    int kept = 0;
    bool point = false, digit_seen = false;
    int64_t behind_point = 0, dropped = 0, exponent = 0;

    *out = (number){.negative = at < end && *at == '-'};
    if (at < end && (*at == '-' || *at == '+')) {
        at++;
    }
    for (; at < end; at++) {
        const unsigned digit = (unsigned)(unsigned char)*at - '0';
        if (digit <= 9) {
            digit_seen = true;
            behind_point += point;
            if (kept < KEPT_DIGITS) {
                out->digits = out->digits * 10 + digit;
                kept += out->digits != 0;
            } else {
                dropped++;
                out->cut |= digit != 0;
            }
        } else if (*at == '.' && !point) {
            point = true;
        } else {
            break;
        }
    }
    if (!digit_seen) {
        return false;
    }
    if (at < end && ((*at != 'e' && *at != 'E') || !read_exponent(at + 1, end, &exponent))) {
        return false;
    }
    out->exponent = exponent - behind_point + dropped;
    out->integer_digits = kept + out->exponent;
    out->zero = out->digits == 0;
    return true;
}

/* The number times 10^scale as an integer. False, with the reason in *too_fine, if it is none or
 * does not fit. */
static bool shift_number(const number *n, unsigned scale, int64_t *out, bool *too_fine)
{
    const int64_t shift = n->exponent + scale;
    uint64_t value = n->digits;

    *too_fine = false;
    if (n->zero) {
        *out = 0;
        return true;
    }
    if (n->integer_digits + scale > KEPT_DIGITS) {
        return false;
    }
    if (shift < 0) {
        const uint64_t power = shift >= -18 ? (uint64_t)mu_ten_to[-shift] : 0;
        *too_fine = n->cut || power == 0 || value % power != 0;
        if (*too_fine) {
            return false;
        }
        value /= power;
    } else if (n->cut) {
        *too_fine = true;
        return false;
    } else if (__builtin_mul_overflow(value, (uint64_t)mu_ten_to[shift], &value)) {
        return false;
    }
    if (value > (uint64_t)INT64_MAX + n->negative) {
        return false;
    }
    *out = (int64_t)(n->negative ? -value : value);
    return true;
}

/* Up to 18 digits with a sign, nothing else: how whole numbers nearly always look. */
static bool read_plain(mu_text text, int64_t *out)
{
    const bool negative = text.size > 0 && text.data[0] == '-';
    int64_t value = 0;

    if (text.size <= negative || text.size > 18) {
        return false;
    }
    for (uint32_t i = negative; i < text.size; i++) {
        const unsigned digit = (unsigned)(unsigned char)text.data[i] - '0';
        if (digit > 9) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out = negative ? -value : value;
    return true;
}

muster_status mu_value_parse_bigint(mu_type type, mu_text text, int64_t *out, muster_error *err)
{
    const int64_t max = type.bits == 16 ? INT16_MAX : type.bits == 32 ? INT32_MAX : INT64_MAX;
    number n;
    bool fits = true, too_fine = false;
    char name[32];

    if (!read_plain(text, out)) {
        if (!read_number(text, &n)) {
            return mu_fail(err, MUSTER_INVALID, "\"%.*s\" is not a number", MU_SHOWN(text));
        }
        fits = shift_number(&n, 0, out, &too_fine);
        if (too_fine) {
            return mu_fail(err, MUSTER_INVALID, "%.*s is not a whole number", MU_SHOWN(text));
        }
    }
    if (!fits || *out > max || *out < -max - 1) {
        return mu_fail(err, MUSTER_INVALID, "%.*s does not fit %s (%" PRId64 " to %" PRId64 ")",
                       MU_SHOWN(text), mu_type_name(type, name), -max - 1, max);
    }
    return MUSTER_OK;
}

static muster_status fail_decimal(mu_type type, mu_text text, bool too_fine, muster_error *err)
{
    char name[32];
    const char *point = memchr(text.data, '.', text.size);

    mu_type_name(type, name);
    if (!too_fine) {
        return mu_fail(err, MUSTER_INVALID,
                       "%.*s does not fit %s, which takes %d digits before the point",
                       MU_SHOWN(text), name, type.precision - type.scale);
    }
    if (!point || memchr(text.data, 'e', text.size) || memchr(text.data, 'E', text.size)) {
        return mu_fail(err, MUSTER_INVALID,
                       "%.*s has more digits behind the point than the %d that %s takes",
                       MU_SHOWN(text), type.scale, name);
    }
    return mu_fail(err, MUSTER_INVALID, "%.*s has %td digits behind the point, %s takes %d",
                   MU_SHOWN(text), text.data + text.size - point - 1, name, type.scale);
}

muster_status mu_value_parse_decimal(mu_type type, mu_text text, int64_t *out, muster_error *err)
{
    const int64_t bound = mu_ten_to[type.precision];
    number n;
    bool too_fine;

    assert(type.precision >= 1 && type.precision <= 18);
    assert(type.scale <= type.precision);
    if (!read_number(text, &n)) {
        return mu_fail(err, MUSTER_INVALID, "\"%.*s\" is not a number", MU_SHOWN(text));
    }
    if (!shift_number(&n, type.scale, out, &too_fine) || *out >= bound || *out <= -bound) {
        return fail_decimal(type, text, too_fine, err);
    }
    return MUSTER_OK;
}

double mu_value_double_of_digits(const char *digits, size_t count, int64_t exponent)
{
    char copy[DECISIVE_DIGITS + 32];

    assert(count > 0 && count <= DECISIVE_DIGITS + 1);
    memcpy(copy, digits, count);
    snprintf(&copy[count], sizeof copy - count, "e%" PRId64, exponent);
    return strtod(copy, NULL);
}

/* For numbers whose significant digits a uint64_t does not hold, or whose power of ten is not a
 * double. */
static double slow_double(mu_text text, const number *n)
{
    char digits[DECISIVE_DIGITS + 1];
    size_t size = 0;
    bool significant = false, cut = false;

    if (!n->cut) {
        const int length = snprintf(digits, sizeof digits, "%" PRIu64, n->digits);
        return mu_value_double_of_digits(digits, (size_t)length, n->exponent);
    }
    for (uint32_t i = 0; i < text.size && text.data[i] != 'e' && text.data[i] != 'E'; i++) {
        const char c = text.data[i];
        significant |= c >= '1' && c <= '9';
        if (significant && mu_value_is_digit(c)) {
            if (size < DECISIVE_DIGITS) {
                digits[size++] = c;
            } else {
                cut |= c != '0';
            }
        }
    }
    if (cut) { /* the rest is as if it were ...1 */
        digits[size++] = '1';
    }
    /* The digits that n holds are the first of these. */
    return mu_value_double_of_digits(digits, size, n->exponent - (int64_t)size + KEPT_DIGITS);
}

static bool read_special_double(mu_text text, double *out)
{
    const bool negative = text.size > 0 && text.data[0] == '-';

    if (text.size > 0 && (text.data[0] == '-' || text.data[0] == '+')) {
        text.data++;
        text.size--;
    }
    if (mu_value_is_word(text, "inf") || mu_value_is_word(text, "infinity")) {
        *out = negative ? -HUGE_VAL : HUGE_VAL;
        return true;
    }
    *out = (double)NAN;
    return mu_value_is_word(text, "nan");
}

muster_status mu_value_parse_double(mu_text text, double *out, muster_error *err)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const int64_t largest = MU_COUNT(powers) - 1; /* a larger power of ten is not exact */
    number n;
    double value;

    if (!read_number(text, &n)) {
        if (read_special_double(text, out)) {
            return MUSTER_OK;
        }
        return mu_fail(err, MUSTER_INVALID, "\"%.*s\" is not a number", MU_SHOWN(text));
    }
    if (n.zero) {
        value = 0;
    } else if (!n.cut && n.digits <= UINT64_C(1) << DBL_MANT_DIG && n.exponent >= -largest &&
               n.exponent <= largest) {
        value = (double)n.digits;
        value = n.exponent < 0 ? value / powers[-n.exponent] : value * powers[n.exponent];
    } else {
        value = slow_double(text, &n);
    }
    *out = n.negative ? -value : value;
    if (isinf(value)) {
        return mu_fail(err, MUSTER_INVALID, "%.*s does not fit DOUBLE (up to 1.8e308)",
                       MU_SHOWN(text));
    }
    return MUSTER_OK;
}
