/*
 * csv_guess.c - which type the values of a column are of.
 *
 * A guess begins with every type possible, and each value strikes out those it does not fit. Rules
 * beyond that, made for what people mean rather than for what could be parsed:
 *
 *   - `00001` is a text: a number would lose the zeros. So is a whole number too large for BIGINT.
 *   - 11.77 is DECIMAL(18, s), with the most decimals seen, up to 6; longer ones, and exponents,
 *     are DOUBLE. `17850.0` and `9e+05` in a column whose name ends in `id` are text: keys that
 *     went through a spreadsheet.
 *   - Whole numbers are days (19970112) or moments since 1970 (in seconds or milliseconds) only if
 *     the column's name speaks of time (or, for days, says nothing) and all of them lie in 1900 to
 *     2100, or 1990 to 2100.
 *   - 03/04/2024 is a date only if other values tell days from months.
 *   - Booleans are the words true and false, not 0 and 1.
 */
#include "storage/csv.h"

#include "storage/calendar.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum {
    FIT_BOOLEAN = 1 << 0,
    FIT_INTEGER = 1 << 1,
    FIT_DECIMAL = 1 << 2,
    FIT_DOUBLE = 1 << 3,
    FIT_DATE = 1 << 4,
    FIT_TIMESTAMP = 1 << 5,
    FIT_FORMATS = 6, /* the first bit of the formats below */
    FIT_NUMBER = FIT_INTEGER | FIT_DECIMAL | FIT_DOUBLE,
    MAX_DECIMALS = 6,
    DECIMAL_DIGITS = 18,
};

typedef struct format {
    const char *text;
    mu_kind kind;
    char separator; /* between days, months and years, 0 if there is none */
} format;

static const format formats[] = {
    {"%Y%m%d", MU_DATE, 0},
    {"%Y/%m/%d", MU_DATE, '/'},
    {"%d/%m/%Y", MU_DATE, '/'},
    {"%m/%d/%Y", MU_DATE, '/'},
    {"%d.%m.%Y", MU_DATE, '.'},
    {"%Y%m%d%H%M%S", MU_TIMESTAMP, 0},
    {"%Y/%m/%d %H:%M", MU_TIMESTAMP, '/'},
    {"%Y/%m/%d %H:%M:%S", MU_TIMESTAMP, '/'},
    {"%d/%m/%Y %H:%M", MU_TIMESTAMP, '/'},
    {"%d/%m/%Y %H:%M:%S", MU_TIMESTAMP, '/'},
    {"%m/%d/%Y %H:%M", MU_TIMESTAMP, '/'},
    {"%m/%d/%Y %H:%M:%S", MU_TIMESTAMP, '/'},
    {"%d.%m.%Y %H:%M", MU_TIMESTAMP, '.'},
    {"%d.%m.%Y %H:%M:%S", MU_TIMESTAMP, '.'},
};
static_assert(FIT_FORMATS + sizeof formats / sizeof formats[0] <= 32, "a bit for each format");

static const int64_t epoch_min = INT64_C(631152000);  /* 1990-01-01 */
static const int64_t epoch_max = INT64_C(4102444800); /* 2100-01-01 */

void mu_csv_guess_init(mu_csv_guess *guess)
{
    *guess = (mu_csv_guess){.fits = UINT32_MAX, .min = INT64_MAX, .max = INT64_MIN};
}

typedef struct number {
    uint32_t digits, decimals;
    bool negative, pointed, leading_zero, zero_decimals;
} number;

/* Whether the text is [+-]digits[.digits][e[+-]digits]; the types it fits. */
static uint32_t scan_number(mu_text text, number *out)
{
    uint32_t i = 0;
    bool exponent = false;

    *out = (number){.zero_decimals = true};
    if (i < text.size && (text.data[i] == '-' || text.data[i] == '+')) {
        out->negative = text.data[i++] == '-';
    }
    out->leading_zero =
        i + 1 < text.size && text.data[i] == '0' && isdigit((unsigned char)text.data[i + 1]);
    for (; i < text.size && isdigit((unsigned char)text.data[i]); i++) {
        out->digits++;
    }
    if (i < text.size && text.data[i] == '.') {
        out->pointed = true;
        for (i++; i < text.size && isdigit((unsigned char)text.data[i]); i++) {
            out->decimals++;
            out->zero_decimals = out->zero_decimals && text.data[i] == '0';
        }
    }
    if (out->digits + out->decimals == 0 || out->leading_zero) {
        return 0;
    }
    if (i < text.size && (text.data[i] == 'e' || text.data[i] == 'E')) {
        uint32_t digits = 0;
        exponent = true;
        i++;
        i += i < text.size && (text.data[i] == '-' || text.data[i] == '+');
        for (; i < text.size && isdigit((unsigned char)text.data[i]); i++) {
            digits++;
        }
        if (digits == 0) {
            return 0;
        }
    }
    if (i < text.size) {
        return 0;
    }
    return exponent || text.data[0] == '+' ? FIT_DOUBLE
           : out->pointed                  ? FIT_DECIMAL | FIT_DOUBLE
                                           : FIT_NUMBER;
}

static bool parses(mu_kind kind, mu_text text, const char *timestamp, const char *date,
                   mu_value *out)
{
    const mu_value_formats how = {.timestamp = timestamp, .date = date};

    return mu_value_parse((mu_type){.kind = kind, .bits = 64}, text, &how, out, NULL) == MUSTER_OK;
}

static bool is_word(mu_text text, const char *word)
{
    return text.size == strlen(word) && strncasecmp(text.data, word, text.size) == 0;
}

/* Numbers: what the column's largest ones need. */
static uint32_t fit_number(mu_csv_guess *guess, mu_text value)
{
    number n;
    uint32_t fits = scan_number(value, &n);

    if (fits & FIT_INTEGER) {
        mu_value parsed;
        if (parses(MU_BIGINT, value, NULL, NULL, &parsed)) {
            guess->min = parsed.i64 < guess->min ? parsed.i64 : guess->min;
            guess->max = parsed.i64 > guess->max ? parsed.i64 : guess->max;
        } else {
            fits = 0; /* an id that no number holds */
        }
    }
    if (fits & FIT_DECIMAL) {
        guess->digits = n.digits > guess->digits ? n.digits : guess->digits;
        guess->decimals = n.decimals > guess->decimals ? n.decimals : guess->decimals;
        guess->pointed += n.pointed;
        guess->all_zero += n.pointed && n.zero_decimals;
    }
    return fits;
}

/* Days and moments; `alive` are the bits worth trying. */
static uint32_t fit_times(mu_text value, uint32_t alive)
{
    uint32_t fits = 0;
    mu_value parsed;
    const bool dashed = value.size >= 8 && memchr(value.data, '-', 6);

    if (dashed && alive & FIT_DATE && value.size <= 10 &&
        parses(MU_DATE, value, NULL, NULL, &parsed)) {
        fits |= FIT_DATE;
    }
    if (dashed && alive & FIT_TIMESTAMP && parses(MU_TIMESTAMP, value, NULL, NULL, &parsed)) {
        fits |= FIT_TIMESTAMP;
    }
    for (size_t i = 0; i < MU_COUNT(formats) && value.size >= 8; i++) {
        const uint32_t bit = UINT32_C(1) << (FIT_FORMATS + i);
        if (!(alive & bit) ||
            (formats[i].separator && !memchr(value.data, formats[i].separator, 5))) {
            continue;
        }
        if (parses(MU_TIMESTAMP, value, formats[i].text, NULL, &parsed)) {
            const mu_civil civil = mu_civil_of_days(mu_days_of_us(parsed.i64));
            fits |= civil.year >= 1900 && civil.year < 2100 ? bit : 0;
        }
    }
    return fits;
}

void mu_csv_guess_add(mu_csv_guess *guess, mu_text value, bool quoted)
{
    uint32_t fits = 0;

    if (guess->values++ == 0) {
        size_t n = value.size < sizeof guess->example ? value.size : sizeof guess->example - 1;
        while (n > 0 && n < value.size && ((unsigned char)value.data[n] & 0xc0) == 0x80) {
            n--; /* not within a character */
        }
        memcpy(guess->example, value.data, n);
        guess->example[n] = '\0';
    }
    guess->quoted += quoted;
    while (value.size > 0 && value.data[0] == ' ') {
        value = (mu_text){value.data + 1, value.size - 1};
    }
    while (value.size > 0 && value.data[value.size - 1] == ' ') {
        value.size--;
    }
    if (guess->fits == 0 || value.size == 0) {
        guess->fits = 0;
        return;
    }
    if (guess->fits & FIT_BOOLEAN && (is_word(value, "true") || is_word(value, "false"))) {
        fits |= FIT_BOOLEAN;
    }
    if (guess->fits & FIT_NUMBER) {
        fits |= fit_number(guess, value);
    }
    if (guess->fits >> FIT_FORMATS || guess->fits & (FIT_DATE | FIT_TIMESTAMP)) {
        fits |= fit_times(value, guess->fits);
    }
    guess->fits &= fits;
}

static bool contains(const char *name, const char *word)
{
    return strcasestr(name, word) != NULL;
}

static bool ends_with(const char *name, const char *end)
{
    const size_t size = strlen(name), n = strlen(end);

    return size >= n && strcmp(name + size - n, end) == 0;
}

/* "ts", "created_at", "createdAt", "InvoiceDate", "timestamp", "day", "dt" ... */
static bool names_time(const char *name)
{
    return contains(name, "time") || contains(name, "date") || strcasecmp(name, "ts") == 0 ||
           ends_with(name, "_ts") || ends_with(name, "Ts") || strcasecmp(name, "at") == 0 ||
           ends_with(name, "_at") || ends_with(name, "At") || strcasecmp(name, "day") == 0 ||
           ends_with(name, "_day") || ends_with(name, "Day") || strcasecmp(name, "dt") == 0 ||
           ends_with(name, "_dt") || contains(name, "\xe6\x97\xb6\xe9\x97\xb4") /* time */ ||
           contains(name, "\xe6\x97\xa5\xe6\x9c\x9f") /* date */;
}

/* The name of a column in a file without a header says nothing. */
static bool has_no_name(const char *name)
{
    return strncmp(name, "column", 6) == 0 && isdigit((unsigned char)name[6]);
}

static bool names_id(const char *name)
{
    return strcasecmp(name, "id") == 0 || ends_with(name, "_id") || ends_with(name, "Id") ||
           ends_with(name, "ID");
}

static const char *epoch_format(const mu_csv_guess *guess)
{
    if (guess->min >= epoch_min && guess->max < epoch_max) {
        return "epoch";
    }
    if (guess->min >= epoch_min * 1000 && guess->max / 1000 < epoch_max) {
        return "epoch_ms";
    }
    return NULL;
}

/* The one format that all values fit, or NULL if there is none or more than one. */
static const format *only_format(const mu_csv_guess *guess)
{
    const format *found = NULL;

    for (size_t i = 0; i < MU_COUNT(formats); i++) {
        if (guess->fits >> (FIT_FORMATS + i) & 1) {
            if (found) {
                return NULL;
            }
            found = &formats[i];
        }
    }
    return found;
}

static mu_type type_of(mu_kind kind)
{
    return (mu_type){.kind = kind, .bits = kind == MU_BIGINT ? 64 : 0};
}

static mu_type number_type(const mu_csv_guess *guess, const char *name)
{
    if (names_id(name) && guess->all_zero == guess->pointed) {
        return type_of(MU_TEXT); /* 17850.0, 9e+05 */
    }
    if (!(guess->fits & FIT_DECIMAL)) {
        return type_of(MU_DOUBLE);
    }
    if (guess->decimals > MAX_DECIMALS || guess->digits + guess->decimals > DECIMAL_DIGITS) {
        return type_of(MU_DOUBLE);
    }
    return (mu_type){
        .kind = MU_DECIMAL, .precision = DECIMAL_DIGITS, .scale = (uint8_t)guess->decimals};
}

mu_type mu_csv_guess_type(const mu_csv_guess *guess, const char *name, const char **format_text)
{
    const uint32_t fits = guess->values > 0 ? guess->fits : 0;
    const format *only = only_format(guess);

    *format_text = NULL;
    if (fits & FIT_BOOLEAN) {
        return type_of(MU_BOOLEAN);
    }
    if (fits & FIT_INTEGER) {
        const char *epoch = epoch_format(guess);
        if (names_time(name) && epoch) {
            *format_text = epoch;
            return type_of(MU_TIMESTAMP);
        }
        if (!only || !(names_time(name) || has_no_name(name))) {
            return type_of(MU_BIGINT);
        }
    } else if (fits & FIT_NUMBER) {
        return number_type(guess, name);
    }
    if (fits & FIT_DATE) {
        return type_of(MU_DATE);
    }
    if (fits & FIT_TIMESTAMP) {
        return type_of(MU_TIMESTAMP);
    }
    if (fits && only) {
        *format_text = only->text;
        return type_of(only->kind);
    }
    return type_of(MU_TEXT);
}

const char *mu_csv_guess_format(const mu_csv_guess *guess, mu_kind kind)
{
    const format *only = only_format(guess);

    if (guess->values == 0 || guess->fits & (kind == MU_DATE ? FIT_DATE : FIT_TIMESTAMP)) {
        return NULL;
    }
    if (guess->fits & FIT_INTEGER && kind == MU_TIMESTAMP && epoch_format(guess)) {
        return epoch_format(guess);
    }
    return only && (kind == MU_TIMESTAMP || only->kind == MU_DATE) ? only->text : NULL;
}
