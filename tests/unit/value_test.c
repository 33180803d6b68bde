/* value_test.c - text to values and back; numbers against the C library and long arithmetic. */
#include "storage/type.h"

#include "storage/base/limits.h"
#include "storage/base/mem.h"
#include "storage/calendar.h"
#include "tests/support/test.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

static const mu_type boolean_type = {.kind = MU_BOOLEAN};
static const mu_type smallint_type = {.kind = MU_BIGINT, .bits = 16};
static const mu_type integer_type = {.kind = MU_BIGINT, .bits = 32};
static const mu_type bigint_type = {.kind = MU_BIGINT, .bits = 64};
static const mu_type double_type = {.kind = MU_DOUBLE};
static const mu_type decimal_type = {.kind = MU_DECIMAL, .precision = 12, .scale = 2};
static const mu_type text_type = {.kind = MU_TEXT};
static const mu_type date_type = {.kind = MU_DATE};
static const mu_type timestamp_type = {.kind = MU_TIMESTAMP};
static const mu_type interval_type = {.kind = MU_INTERVAL};

static mu_text text_of(const char *text)
{
    return (mu_text){text, (uint32_t)strlen(text)};
}

static mu_value parse(mu_type type, const char *text)
{
    mu_value value;

    assert_ok(mu_value_parse(type, text_of(text), NULL, &value, &test_error));
    return value;
}

static void assert_refused(mu_type type, const char *text, const char *message)
{
    mu_value value;

    assert_status(MUSTER_INVALID, mu_value_parse(type, text_of(text), NULL, &value, &test_error));
    assert_message(message);
}

static int64_t us(int32_t year, int32_t month, int32_t day, int64_t time_of_day_us)
{
    return mu_days_of_civil(year, month, day) * MU_DAY_US + time_of_day_us;
}

static int64_t by_pattern(const char *pattern, const char *text)
{
    const mu_value_formats formats = {.timestamp = pattern};
    mu_value value;

    assert_ok(mu_value_parse(timestamp_type, text_of(text), &formats, &value, &test_error));
    return value.i64;
}

static void assert_pattern_refused(const char *pattern, const char *text, const char *message)
{
    const mu_value_formats formats = {.timestamp = pattern, .date = pattern};
    mu_value value;

    assert_status(MUSTER_INVALID,
                  mu_value_parse(timestamp_type, text_of(text), &formats, &value, &test_error));
    assert_message(message);
}

/* The value as text; good until the next call. */
static const char *shown(const mu_value *value)
{
    static char text[512];
    mu_writer out = {0};

    mu_value_format(value, &out);
    assert_false(out.failed);
    assert_true(out.size < sizeof text);
    memcpy(text, out.size > 0 ? (const char *)out.data : "", out.size);
    text[out.size] = '\0';
    mu_writer_deinit(&out);
    return text;
}

static void assert_shown(mu_type type, const char *text, const char *wanted)
{
    const mu_value value = parse(type, text);

    assert_string_equal(shown(&value), wanted);
}

TEST(booleans_are_read_in_any_case)
{
    const char *const yes[] = {"true", "TRUE", "t", "T", "yes", "Y", "on", "1", "  True "};
    const char *const no[] = {"false", "False", "f", "no", "N", "oFF", "0"};

    for (size_t i = 0; i < MU_COUNT(yes); i++) {
        assert_int_equal(parse(boolean_type, yes[i]).i64, 1);
    }
    for (size_t i = 0; i < MU_COUNT(no); i++) {
        assert_int_equal(parse(boolean_type, no[i]).i64, 0);
    }
    assert_refused(boolean_type, "maybe", "\"maybe\" is not a boolean; write true or false");
    assert_refused(boolean_type, "", "\"\" is not a boolean; write true or false");
    assert_refused(boolean_type, "tr", "\"tr\" is not a boolean; write true or false");
    assert_refused(boolean_type, "truer", "\"truer\" is not a boolean; write true or false");
}

TEST(whole_numbers_of_every_size_come_back)
{
    uint64_t state = test_seed();
    char text[32];

    for (int turn = 0; turn < 100000; turn++) {
        const int64_t value = (int64_t)(test_random(&state) >> test_random_below(&state, 64));
        const int64_t signed_value =
            test_random(&state) & 1 ? value : (int64_t)(0 - (uint64_t)value);
        snprintf(text, sizeof text, "%" PRId64, signed_value);
        const mu_value parsed = parse(bigint_type, text);
        assert_int_equal(parsed.i64, signed_value);
        assert_string_equal(shown(&parsed), text);
    }
    assert_int_equal(parse(bigint_type, "-9223372036854775808").i64, INT64_MIN);
    assert_int_equal(parse(bigint_type, "9223372036854775807").i64, INT64_MAX);
    assert_int_equal(parse(bigint_type, " +00000000000000000000000000042 ").i64, 42);
    assert_int_equal(parse(bigint_type, "12.000").i64, 12);
    assert_int_equal(parse(bigint_type, "12.").i64, 12);
    assert_int_equal(parse(bigint_type, "-1.5e3").i64, -1500);
    assert_int_equal(parse(bigint_type, "0e999999999999").i64, 0);
    assert_int_equal(parse(bigint_type, "120000e-4").i64, 12);
}

TEST(what_is_no_whole_number_is_refused_by_name)
{
    assert_refused(bigint_type, "12x", "\"12x\" is not a number");
    assert_refused(bigint_type, "", "\"\" is not a number");
    assert_refused(bigint_type, "-", "\"-\" is not a number");
    assert_refused(bigint_type, ".", "\".\" is not a number");
    assert_refused(bigint_type, "1 2", "\"1 2\" is not a number");
    assert_refused(bigint_type, "1e", "\"1e\" is not a number");
    assert_refused(bigint_type, "1e+", "\"1e+\" is not a number");
    assert_refused(bigint_type, "0x10", "\"0x10\" is not a number");
    assert_refused(bigint_type, "--1", "\"--1\" is not a number");
    assert_refused(bigint_type, "1.2.3", "\"1.2.3\" is not a number");
    assert_refused(bigint_type, "1.5", "1.5 is not a whole number");
    assert_refused(bigint_type, "1.00000000000000000000001",
                   "1.00000000000000000000001 is not a whole number");
    assert_refused(bigint_type, "1e-400", "1e-400 is not a whole number");
    assert_refused(smallint_type, "99999", "99999 does not fit SMALLINT (-32768 to 32767)");
    assert_refused(integer_type, "-2147483649",
                   "-2147483649 does not fit INTEGER (-2147483648 to 2147483647)");
    assert_int_equal(parse(smallint_type, "-32768").i64, -32768);
    const char *const large[] = {"9223372036854775808",   "-9223372036854775809",
                                 "100000000000000000000", "1e19",
                                 "1e9999999999999999999", "18446744073709551616"};
    for (size_t i = 0; i < MU_COUNT(large); i++) {
        mu_value value;
        assert_status(MUSTER_INVALID,
                      mu_value_parse(bigint_type, text_of(large[i]), NULL, &value, &test_error));
        assert_message_has("does not fit BIGINT (-9223372036854775808 to 9223372036854775807)");
    }
}

TEST(decimals_are_never_rounded)
{
    assert_int_equal(parse(decimal_type, "12.5").i64, 1250);
    assert_int_equal(parse(decimal_type, "-0.01").i64, -1);
    assert_int_equal(parse(decimal_type, ".5").i64, 50);
    assert_int_equal(parse(decimal_type, "12.34000000000000000000000").i64, 1234);
    assert_int_equal(parse(decimal_type, "9999999999.99").i64, INT64_C(999999999999));
    assert_int_equal(parse(decimal_type, "1e-2").i64, 1);
    assert_refused(decimal_type, "12.345",
                   "12.345 has 3 digits behind the point, DECIMAL(12,2) takes 2");
    assert_refused(decimal_type, "1.005",
                   "1.005 has 3 digits behind the point, DECIMAL(12,2) takes 2");
    assert_refused(decimal_type, "1e-3",
                   "1e-3 has more digits behind the point than the 2 that DECIMAL(12,2) takes");
    assert_refused(
        decimal_type, "10000000000",
        "10000000000 does not fit DECIMAL(12,2), which takes 10 digits before the point");
    assert_refused(decimal_type, "1e30",
                   "1e30 does not fit DECIMAL(12,2), which takes 10 digits before the point");
    assert_refused(decimal_type, "ten", "\"ten\" is not a number");
    assert_shown(decimal_type, "12.5", "12.50");
    assert_shown(decimal_type, "-0.07", "-0.07");
    assert_shown((mu_type){.kind = MU_DECIMAL, .precision = 18, .scale = 18},
                 "-0.123456789012345678", "-0.123456789012345678");
    assert_shown((mu_type){.kind = MU_DECIMAL, .precision = 18, .scale = 0}, "9999999999999999",
                 "9999999999999999");
}

static void assert_double(const char *text)
{
    const double wanted = strtod(text, NULL);
    const double found = parse(double_type, text).f64;

    if (memcmp(&wanted, &found, sizeof wanted) != 0) {
        fail_msg("\"%s\" reads as %a, not %a", text, found, wanted);
    }
}

TEST(doubles_are_read_as_the_nearest_one)
{
    static const char *const hard[] = {
        "0",
        "-0",
        "0.1",
        "1e22",
        "1e23",
        "9007199254740993",
        "9007199254740992.5",
        "1.7976931348623157e308",
        "4.9e-324",
        "2.4703282292062327e-324",
        "1e-400",
        "2.5e-324",
        "0.000000000000000000000000000000000000000000000000000000000000001e63",
        "123456789012345678901234567890",
        "1.00000000000000011102230246251565404236316680908203125",
        "1.00000000000000011102230246251565404236316680908203124",
        "1.000000000000000111022302462515654042363166809082031250000000000000000000000000000001",
        "8.5e15",
        "123456.789",
        "1.e5",
        ".5e-1",
        "179769313486231570000000000000000000000",
        "17976931348623157e292",
        "999999999999999999e-20",
    };
    uint64_t state = test_seed();
    char text[64];

    for (size_t i = 0; i < MU_COUNT(hard); i++) {
        assert_double(hard[i]);
    }
    for (int turn = 0; turn < 200000; turn++) {
        const int digits = (int)test_random_below(&state, 25);
        int size = snprintf(text, sizeof text, "%" PRIu64, test_random(&state));
        for (int i = 0; i < digits - 12; i++) {
            size += snprintf(&text[size], sizeof text - (size_t)size, "%u",
                             (unsigned)test_random_below(&state, 10));
        }
        const int point = (int)test_random_below(&state, (uint64_t)size);
        memmove(&text[point + 1], &text[point], (size_t)(size - point) + 1);
        text[point] = '.';
        snprintf(&text[size + 1], sizeof text - (size_t)size - 1, "e%d",
                 (int)test_random_below(&state, 640) - 330 - size);
        assert_double(text);
    }
}

TEST(halfway_doubles_with_hundreds_of_digits_are_decided_by_their_last)
{
    static char text[2000];

    snprintf(text, sizeof text, "%.1100f", 0x1p-1074 * 3);
    assert_double(text);
    for (size_t digits = 790; digits < 1200; digits += 37) {
        memset(text, '0', digits);
        memcpy(text, "9007199254740993.", 17);
        text[digits] = '\0';
        assert_double(text); /* a tie, to even */
        text[digits - 1] = '1';
        assert_double(text); /* just above it */
    }
}

TEST(doubles_have_their_odd_values_and_their_limits)
{
    assert_true(isnan(parse(double_type, "NaN").f64));
    assert_true(parse(double_type, "inf").f64 > 1e308);
    assert_true(parse(double_type, "-Infinity").f64 < -1e308);
    assert_refused(double_type, "1e309", "1e309 does not fit DOUBLE (up to 1.8e308)");
    assert_refused(double_type, "1,5", "\"1,5\" is not a number");
    assert_refused(double_type, "0x1p3", "\"0x1p3\" is not a number");
    assert_refused(double_type, "nano", "\"nano\" is not a number");
}

/* Digits between the first and the last that is not 0, without the exponent. */
static int significant_digits(const char *text)
{
    int count = 0, significant = 0;

    for (; *text != '\0' && *text != 'e'; text++) {
        if (*text >= '0' && *text <= '9') {
            count += count > 0 || *text != '0';
            significant = *text != '0' ? count : significant;
        }
    }
    return significant;
}

TEST(doubles_print_with_the_fewest_digits_that_read_back)
{
    uint64_t state = test_seed();

    for (int turn = 0; turn < 100000; turn++) {
        mu_value value = {.type = double_type};
        const uint64_t bits = test_random(&state);
        if (turn % 2 == 0) {
            memcpy(&value.f64, &bits, sizeof value.f64);
        } else {
            value.f64 = (double)(int64_t)(bits >> 40) / 100;
        }
        if (!isfinite(value.f64)) {
            continue;
        }
        const char *text = shown(&value);
        const double back = strtod(text, NULL);
        assert_memory_equal(&back, &value.f64, sizeof back);
        char shorter[64];
        int precision = 0;
        do {
            snprintf(shorter, sizeof shorter, "%.*e", precision++, value.f64);
        } while (strtod(shorter, NULL) != value.f64);
        assert_int_equal(significant_digits(text), significant_digits(shorter));
    }
    assert_shown(double_type, "0.1", "0.1");
    assert_shown(double_type, "1", "1");
    assert_shown(double_type, "-0", "-0");
    assert_shown(double_type, "1e15", "1e+15");
    assert_shown(double_type, "123456789012345", "123456789012345");
    assert_shown(double_type, "0.0001", "0.0001");
    assert_shown(double_type, "0.00001234", "1.234e-05");
    assert_shown(double_type, "1234.5", "1234.5");
    assert_shown(double_type, "1e-300", "1e-300");
    assert_shown(double_type, "12345678901234.5", "12345678901234.5");
    assert_shown(double_type, "nan", "NaN");
    assert_shown(double_type, "-inf", "-Infinity");
}

/* UTF-8 by its definition: decode, and see that it could not be written otherwise. */
static bool is_utf8(const uint8_t *bytes, size_t size)
{
    size_t at = 0;

    while (at < size) {
        const uint8_t lead = bytes[at];
        const size_t wanted = lead < 0x80   ? 1
                              : lead < 0xc0 ? 0
                              : lead < 0xe0 ? 2
                              : lead < 0xf0 ? 3
                              : lead < 0xf8 ? 4
                                            : 0;
        static const uint32_t smallest[] = {0, 1, 0x80, 0x800, 0x10000};
        if (wanted == 0 || wanted > size - at) {
            return false;
        }
        uint32_t code = wanted == 1 ? lead : lead & (0x7fu >> wanted);
        for (size_t i = 1; i < wanted; i++) {
            if ((bytes[at + i] & 0xc0) != 0x80) {
                return false;
            }
            code = code << 6 | (bytes[at + i] & 0x3f);
        }
        if (code < smallest[wanted] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
            return false; /* code 0 is refused with the others */
        }
        at += wanted;
    }
    return true;
}

static void check_utf8(const uint8_t *bytes, uint32_t size)
{
    mu_value value;
    const mu_text text = {(const char *)bytes, size};
    const muster_status status = mu_value_parse(text_type, text, NULL, &value, &test_error);

    if ((status == MUSTER_OK) != is_utf8(bytes, size)) {
        fail_msg("%u bytes from 0x%02x%02x%02x%02x: status %d", size, bytes[0], bytes[1], bytes[2],
                 bytes[3], (int)status);
    }
}

TEST(text_is_utf8_or_refused)
{
    static const uint8_t edges[] = {0x00, 0x01, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0,
                                    0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed,
                                    0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff};
    uint8_t bytes[32];

    /* Every pair and every combination of the borders, alone and behind and before plain text. */
    for (uint32_t pair = 0; pair < 65536; pair++) {
        memset(bytes, 'x', sizeof bytes);
        bytes[0] = (uint8_t)(pair >> 8);
        bytes[1] = (uint8_t)pair;
        check_utf8(bytes, 2);
        check_utf8(bytes, 20);
    }
    for (uint32_t n = 0; n < 26 * 26 * 26 * 26; n++) {
        const uint32_t before = n % 11;
        memset(bytes, 'x', sizeof bytes);
        for (uint32_t i = 0, rest = n; i < 4; i++, rest /= 26) {
            bytes[before + i] = edges[rest % 26];
        }
        check_utf8(bytes, before + 4);
        check_utf8(bytes, before + 13);
    }
}

TEST(text_says_where_it_is_not_utf8)
{
    mu_value value;

#define REMEDY "; if the file has another encoding, convert it first, as with iconv -f GBK -t UTF-8"
    assert_refused(text_type, "ab\xff", "text is not UTF-8 at byte 3 (value 0xff)" REMEDY);
    assert_refused(text_type, "12345678901\xe4\xb8",
                   "text is not UTF-8 at byte 12 (value 0xe4)" REMEDY);
    assert_status(MUSTER_INVALID,
                  mu_value_parse(text_type, (mu_text){"ab\0c", 4}, NULL, &value, &test_error));
    assert_message("text holds a NUL at byte 3");
    assert_ok(mu_value_parse(text_type, (mu_text){NULL, 0}, NULL, &value, &test_error));
    assert_int_equal(value.text.size, 0);
    assert_string_equal(parse(text_type, " 会员 ").text.data, " 会员 ");

    const uint32_t size = MU_MAX_TEXT_BYTES + 1;
    char *large = mu_mem_alloc(size);
    assert_non_null(large);
    memset(large, 'a', size);
    assert_ok(mu_value_parse(text_type, (mu_text){large, size - 1}, NULL, &value, &test_error));
    assert_status(MUSTER_INVALID,
                  mu_value_parse(text_type, (mu_text){large, size}, NULL, &value, &test_error));
    assert_message("text has 16777217 bytes; at most 16777216 are possible");
    mu_mem_free(large);
}

TEST(timestamps_are_read_as_iso_8601_has_them)
{
    const int64_t nine = us(2024, 5, 1, 9 * MU_HOUR_US);
    static const char *const same[] = {
        "2024-05-01 09:00",           "2024-05-01 09:00:00",       "2024-05-01T09:00:00Z",
        "2024-05-01 9:00:00",         "2024-5-1 09:00:00.000000",  "2024-05-01T09:00:00.000Z",
        "2024/05/01 09:00",           "2024-05-01 17:00:00+08:00", "2024-05-01 17:00:00 +08",
        "2024-05-01T17:00+0800",      "2024-05-01 03:30:00-05:30", " 2024-05-01 09:00:00 ",
        "2024-05-01t09:00:00z",       "2024-05-01   09:00:00 UTC", "2024-05-01 08:59:60",
        "2024-05-01 08:59:59.9999996"};

    for (size_t i = 0; i < MU_COUNT(same); i++) {
        const int64_t found = parse(timestamp_type, same[i]).i64;
        if (found != nine) {
            fail_msg("\"%s\" reads as %" PRId64, same[i], found);
        }
    }
    assert_int_equal(parse(timestamp_type, "2024-05-01").i64, us(2024, 5, 1, 0));
    assert_int_equal(parse(timestamp_type, "2024-05-01 09:00:00.123456").i64, nine + 123456);
    assert_int_equal(parse(timestamp_type, "2024-05-01 09:00:00.5").i64, nine + 500000);
    assert_int_equal(parse(timestamp_type, "2024-04-30 24:00:00").i64, us(2024, 5, 1, 0));
    assert_int_equal(parse(timestamp_type, "0001-01-01").i64, MU_TIME_MIN);
    assert_int_equal(parse(timestamp_type, "9999-12-31 23:59:59.999999").i64, MU_TIME_MAX);
    assert_int_equal(parse(timestamp_type, "1969-12-31 23:59:59").i64, -MU_SECOND_US);
}

TEST(what_is_no_timestamp_is_refused_with_the_reason)
{
    assert_refused(timestamp_type, "2024-02-30 10:00",
                   "\"2024-02-30 10:00\" is not a timestamp: February 2024 has 29 days");
    assert_refused(timestamp_type, "2024-13-01 10:00:00",
                   "\"2024-13-01 10:00:00\" is not a timestamp: there is no month 13");
    assert_refused(timestamp_type, "0000-01-01",
                   "\"0000-01-01\" is not a timestamp: years from 1 to 9999 are possible, not 0");
    assert_refused(timestamp_type, "2024-05-01 24:00:01",
                   "\"2024-05-01 24:00:01\" is not a timestamp: there is no time 24:00:01");
    assert_refused(timestamp_type, "2024-05-01 09:60:00",
                   "\"2024-05-01 09:60:00\" is not a timestamp: there is no time 09:60:00");
    assert_refused(timestamp_type, "0001-01-01 00:00:00+01",
                   "\"0001-01-01 00:00:00+01\" is not a timestamp: in UTC it lies outside the "
                   "years 1 to 9999");
    static const char *const shapeless[] = {"",
                                            "yesterday",
                                            "2024-05",
                                            "2024-05-01 09",
                                            "24-05-01",
                                            "2024-05-01 09:00:00x",
                                            "2024-05-01 09:00:00+16",
                                            "2024-05-01x",
                                            "2024-05-01 x",
                                            "2024.05.01",
                                            "2024-05/01",
                                            "2024-05-01 09:00:00.",
                                            "20240501",
                                            "2024-05-01 09:00:00 +",
                                            "2024-05-01 09:00:00+08:",
                                            "-2024-05-01",
                                            "2024-05-01 -9:00:00"};
    for (size_t i = 0; i < MU_COUNT(shapeless); i++) {
        mu_value value;
        assert_status(MUSTER_INVALID, mu_value_parse(timestamp_type, text_of(shapeless[i]), NULL,
                                                     &value, &test_error));
        assert_message_has("is not a timestamp; write 2024-05-01 09:00:00");
    }
}

TEST(times_read_by_position_and_in_general_agree)
{
    uint64_t state = test_seed();
    char fixed[64], loose[64];

    for (int turn = 0; turn < 50000; turn++) {
        const uint64_t range = (uint64_t)(MU_TIME_MAX - MU_TIME_MIN);
        const mu_value value = {.type = timestamp_type,
                                .i64 = MU_TIME_MIN + (int64_t)test_random_below(&state, range)};
        const char *text = shown(&value);
        snprintf(fixed, sizeof fixed, "%s", text);
        snprintf(loose, sizeof loose, "%s+00", text);
        assert_int_equal(parse(timestamp_type, fixed).i64, value.i64);
        assert_int_equal(parse(timestamp_type, loose).i64, value.i64);
        fixed[19] = '\0';
        assert_int_equal(parse(timestamp_type, fixed).i64,
                         mu_time_truncate(value.i64, MU_UNIT_SECOND));
        fixed[10] = '\0';
        assert_int_equal(parse(date_type, fixed).i64, mu_days_of_us(value.i64));
        /* Any one byte changed is refused or read alike by both. */
        const size_t at = test_random_below(&state, strlen(loose) - 3);
        const char was = loose[at];
        loose[at] = (char)('+' + test_random_below(&state, 20));
        snprintf(fixed, sizeof fixed, "%.*s", (int)strlen(loose) - 3, loose);
        mu_value a, b;
        const muster_status status = mu_value_parse(timestamp_type, text_of(fixed), NULL, &a, NULL);
        if (loose[at] != '+' && loose[at] != '-' && was != '.') {
            assert_int_equal(mu_value_parse(timestamp_type, text_of(loose), NULL, &b, NULL),
                             status);
            assert_true(status != MUSTER_OK || a.i64 == b.i64);
        }
    }
}

TEST(dates_have_no_time_of_day)
{
    assert_int_equal(parse(date_type, "2024-05-01").i64, mu_days_of_civil(2024, 5, 1));
    assert_int_equal(parse(date_type, "2024/5/1").i64, mu_days_of_civil(2024, 5, 1));
    assert_int_equal(parse(date_type, "1900-03-01 00:00:00").i64, mu_days_of_civil(1900, 3, 1));
    assert_refused(date_type, "2024-02-30",
                   "\"2024-02-30\" is not a date: February 2024 has 29 days");
    assert_refused(date_type, "2023-02-29",
                   "\"2023-02-29\" is not a date: February 2023 has 28 days");
    assert_refused(date_type, "May 1", "\"May 1\" is not a date; write 2024-05-01");
    assert_refused(date_type, "2024-05-01 09:00",
                   "\"2024-05-01 09:00\" is not a date: it has a time of day; make the column a "
                   "TIMESTAMP");
    assert_shown(date_type, "0009-01-02", "0009-01-02");
}

TEST(patterns_read_what_strptime_reads)
{
    const int64_t day = us(2024, 5, 1, 0);
    const int64_t nine = day + 9 * MU_HOUR_US + 5 * MU_MINUTE_US + 7 * MU_SECOND_US;

    assert_int_equal(by_pattern("%Y%m%d", "20240501"), day);
    assert_int_equal(by_pattern("%d/%m/%Y %H:%M", "1/5/2024 9:05"), nine - 7 * MU_SECOND_US);
    assert_int_equal(by_pattern("%m/%d/%y %I:%M:%S %p", "05/01/24 09:05:07 AM"), nine);
    assert_int_equal(by_pattern("%m/%d/%y %l:%M:%S%p", "05/01/24  9:05:07pm"),
                     nine + 12 * MU_HOUR_US);
    assert_int_equal(by_pattern("%I %p", "12 am") - by_pattern("%I %p", "12 pm"), -12 * MU_HOUR_US);
    assert_int_equal(by_pattern("%d %b %Y", "1 May 2024"), day);
    assert_int_equal(by_pattern("%d %B %Y", "01 MAY 2024"), day);
    assert_int_equal(by_pattern("%a, %d %b %Y %T %z", "Wed, 01 May 2024 17:05:07 +0800"), nine);
    assert_int_equal(by_pattern("%A %e %B %Y", "Wednesday  1 May 2024"), day);
    assert_int_equal(by_pattern("%FT%T.%f%z", "2024-05-01T09:05:07.25Z"), nine + 250000);
    assert_int_equal(by_pattern("%Y-%j", "2024-122"), day);
    assert_int_equal(by_pattern("%D %R", "05/01/24 09:05"), nine - 7 * MU_SECOND_US);
    assert_int_equal(by_pattern("%y%m%d", "690501"), us(1969, 5, 1, 0));
    assert_int_equal(by_pattern("%d.%m.%Y 100%%", "01.05.2024 100%"), day);
    assert_int_equal(by_pattern("%d %b %Y", "5 September 2024"), us(2024, 9, 5, 0));
    assert_int_equal(by_pattern("epoch", "1714554307"), nine);
    assert_int_equal(by_pattern("epoch", "1714554307.5"), nine + 500000);
    assert_int_equal(by_pattern("epoch_ms", "1714554307123"), nine + 123000);
    assert_int_equal(by_pattern("epoch", "-1"), -MU_SECOND_US);
    assert_int_equal(by_pattern("%s", "0"), 0);
}

TEST(patterns_refuse_what_does_not_match)
{
    assert_pattern_refused("%Y%m%d", "202405", "\"202405\" is not a time written as '%Y%m%d'");
    assert_pattern_refused("%Y%m%d", "20240500",
                           "\"20240500\" is not a timestamp: May 2024 has 31 days");
    assert_pattern_refused("%Y%m%d", "2024-05-01",
                           "\"2024-05-01\" is not a time written as '%Y%m%d'");
    assert_pattern_refused("%Y%m%d", "20240230",
                           "\"20240230\" is not a timestamp: February 2024 has 29 days");
    assert_pattern_refused("%Y%m%d", "202405011",
                           "\"202405011\" is not a time written as '%Y%m%d'");
    assert_pattern_refused("%I", "13", "\"13\" is not a time written as '%I'");
    assert_pattern_refused("%Y-%j", "2023-366", "\"2023-366\" is not a time written as '%Y-%j'");
    assert_pattern_refused("%d %b", "1 Mayday", "\"1 Mayday\" is not a time written as '%d %b'");
    assert_pattern_refused("%a %F", "Thu 2024-05-01",
                           "\"Thu 2024-05-01\" is not a timestamp: that date is another day of "
                           "the week");
    assert_pattern_refused("epoch", "999999999999",
                           "\"999999999999\" is not a timestamp: it lies outside the years 1 to "
                           "9999");
    assert_pattern_refused("epoch", "9e3", "\"9e3\" is not a time written as 'epoch'");
    assert_pattern_refused("%Q", "1",
                           "no \"%Q\" in the format '%Q'; there are %Y %y %m %d %e %j %H %I %p %M "
                           "%S %f %z %s %b %B %a %A %F %T %D %R %%");
}

TEST(intervals_are_numbers_with_units)
{
    assert_int_equal(parse(interval_type, "30 minutes").i64, 30 * MU_MINUTE_US);
    assert_int_equal(parse(interval_type, "7days").i64, 7 * MU_DAY_US);
    assert_int_equal(parse(interval_type, "1.5 hours").i64, 90 * MU_MINUTE_US);
    assert_int_equal(parse(interval_type, "-1 day").i64, -MU_DAY_US);
    assert_int_equal(parse(interval_type, "1 day 02:03:04.5").i64,
                     MU_DAY_US + 2 * MU_HOUR_US + 3 * MU_MINUTE_US + 4500000);
    assert_int_equal(parse(interval_type, "1 day -00:00:01").i64, MU_DAY_US - MU_SECOND_US);
    assert_int_equal(parse(interval_type, "2 Weeks 3 ms").i64, 14 * MU_DAY_US + 3000);
    assert_int_equal(parse(interval_type, "1 year 2 months").months, 14);
    assert_int_equal(parse(interval_type, "-1 quarter").months, -3);
    assert_shown(interval_type, "13 months 36 hours", "1 year 1 month 1 day 12:00:00");
    assert_shown(interval_type, "0 seconds", "00:00:00");
    assert_shown(interval_type, "-90 minutes", "-01:30:00");
    assert_shown(interval_type, "30 days", "30 days");
    assert_shown(interval_type, "1500 ms", "00:00:01.5");
    assert_refused(interval_type, "soon",
                   "\"soon\" is not an interval; write '30 minutes', '7 days', '1 month'");
    assert_refused(interval_type, "7",
                   "\"7\" is not an interval; write '30 minutes', '7 days', '1 month'");
    assert_refused(interval_type, "",
                   "\"\" is not an interval; write '30 minutes', '7 days', '1 month'");
    assert_refused(interval_type, "0.5 months",
                   "\"0.5 months\" is not an interval: months and longer are taken whole");
    assert_refused(interval_type, "9999999999999 days",
                   "\"9999999999999 days\" is not an interval: it is too long");
    assert_refused(interval_type, "3 parsecs",
                   "\"3 parsecs\" is not an interval; write '30 minutes', '7 days', '1 month'");
}

TEST(null_is_nothing_and_the_rest_as_sql_writes_it)
{
    const mu_value null = {.type = bigint_type, .null = true, .i64 = 7};

    assert_string_equal(shown(&null), "");
    assert_shown(boolean_type, "1", "true");
    assert_shown(boolean_type, "f", "false");
    assert_shown(text_type, "a b", "a b");
    assert_shown(timestamp_type, "2024-05-01T09:00:00.120Z", "2024-05-01 09:00:00.12");
    assert_shown(timestamp_type, "1969-12-31 23:59:59.999999", "1969-12-31 23:59:59.999999");
}
