/*
 * func_test.c - every function on values worked out by hand: folded from constants, and run over
 * columns.
 */
#include "query/func.h"

#include "query/exec.h"
#include "storage/base/mem.h"
#include "tests/support/expr.h"
#include "tests/support/test.h"

typedef struct example {
    const char *name;
    const char *args[4]; /* up to the first NULL pointer */
    const char *result;  /* or "! " and part of the message */
} example;

static uint32_t count_args(const example *e)
{
    uint32_t count = 0;

    while (count < 4 && e->args[count]) {
        count++;
    }
    return count;
}

static void assert_result(const example *e, const char *how, muster_status status,
                          const mu_value *value)
{
    const bool wants_error = e->result[0] == '!';

    if (wants_error ? status != MUSTER_INVALID : status != MUSTER_OK) {
        fail_msg("%s (%s): status %d, \"%s\"", e->name, how, (int)status, test_error.message);
    }
    if (wants_error) {
        if (!strstr(test_error.message, e->result + 2)) {
            fail_msg("%s (%s) says \"%s\", not \"%s\"", e->name, how, test_error.message,
                     e->result + 2);
        }
    } else if (strcmp(test_show(value), e->result) != 0) {
        fail_msg("%s(%s, ...) (%s) is %s, not %s", e->name, e->args[0] ? e->args[0] : "", how,
                 test_show(value), e->result);
    }
}

/* Runs an expression over three rows: the values, NULLs (or the same again), the values. */
static muster_status run(const mu_expr *expr, mu_vector *columns, uint32_t column_count,
                         mu_value *first, mu_value *last)
{
    uint64_t live[MU_BATCH_WORDS];
    mu_batch batch = {.rows = 3, .column_count = column_count, .live = live, .columns = columns};
    mu_eval *eval;
    mu_vector out;

    mu_bits_fill(live, 3, MU_BATCH_WORDS);
    mu_bits_clear(live, 1);
    assert_ok(mu_eval_open(NULL, &expr, 1, &eval, &test_error));
    const muster_status status = mu_eval_run(eval, 0, &batch, &out, &test_error);
    if (status == MUSTER_OK) {
        *first = mu_vector_valid(&out, 0) ? mu_vector_value(&out, 0) : mu_value_null(expr->type);
        *last = mu_vector_valid(&out, 2) ? mu_vector_value(&out, 2) : mu_value_null(expr->type);
        first->type = last->type = expr->type;
        test_show(first);
        if (mu_type_form(expr->type) == MU_FORM_CODE && !first->null) {
            first->text.data =
                mu_arena_text(test_scope()->arena, first->text.data, first->text.size);
            last->text.data = mu_arena_text(test_scope()->arena, last->text.data, last->text.size);
        }
    }
    mu_eval_close(eval);
    return status;
}

static void check_folded(const example *e)
{
    const uint32_t count = count_args(e);
    const mu_expr *args[4];
    const mu_expr *expr;
    mu_value value = {0}, last;

    for (uint32_t i = 0; i < count; i++) {
        args[i] = test_const(e->args[i]);
    }
    test_error = (muster_error){0};
    muster_status status = mu_expr_call(test_scope(), e->name, args, count, 7, &expr, &test_error);
    if (status == MUSTER_OK && expr->kind == MU_EXPR_CONST) {
        value = expr->value;
    } else if (status == MUSTER_OK) {
        status = run(expr, NULL, 0, &value, &last); /* it fails only when it is run */
        assert_int_equal(status, MUSTER_INVALID);
    }
    assert_result(e, "folded", status, &value);
}

static void check_columns(const example *e, bool sorted)
{
    const uint32_t count = count_args(e);
    mu_vector columns[4];
    const mu_expr *args[4];
    const mu_expr *expr;
    mu_value first = {0}, last = {0};

    for (uint32_t i = 0; i < count; i++) {
        const mu_value value = test_value(e->args[i]);
        test_vector vector = test_vector_new(value.type);
        test_vector_set(&vector, 0, &value);
        test_vector_set(&vector, 2, &value);
        columns[i] = test_vector_done(&vector, 3, sorted);
        args[i] = test_column(i, value.type);
    }
    test_error = (muster_error){0};
    muster_status status = mu_expr_call(test_scope(), e->name, args, count, 7, &expr, &test_error);
    if (status == MUSTER_OK) {
        status = run(expr, columns, count, &first, &last);
    }
    assert_result(e, sorted ? "by dictionary" : "by rows", status, &first);
    if (status == MUSTER_OK) {
        assert_result(e, "in the last row", status, &last);
    } else if (test_error.offset != 7) {
        fail_msg("%s fails at offset %d", e->name, test_error.offset);
    }
}

static void check(const example *examples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_folded(&examples[i]);
        check_columns(&examples[i], false);
        check_columns(&examples[i], true);
        test_scope_end();
    }
}

TEST(arithmetic_is_exact_or_an_error)
{
    static const example examples[] = {
        {"+", {"i 2", "i 3"}, "i 5"},
        {"+", {"i 9223372036854775807", "i 1"}, "! 9223372036854775807 + 1 does not fit BIGINT"},
        {"+", {"i 9223372036854775806", "i 1"}, "i 9223372036854775807"},
        {"+", {"i -9223372036854775807", "i -1"}, "i -9223372036854775808"},
        {"+", {"i NULL", "i 1"}, "i NULL"},
        {"+", {"n2 1.25", "n1 0.5"}, "n2 1.75"},
        {"+", {"n2 1.25", "i 2"}, "n2 3.25"},
        {"+", {"n2 1.25", "f 0.5"}, "f 1.75"},
        {"+", {"n0 999999999999999999", "n0 1"}, "! does not fit DECIMAL"},
        {"+", {"f 1e308", "f 1e308"}, "! does not fit DOUBLE"},
        {"+", {"i 5"}, "i 5"},
        {"-", {"i 2", "i 3"}, "i -1"},
        {"-", {"i -9223372036854775808", "i 1"}, "! does not fit BIGINT"},
        {"-", {"n2 1.25", "n2 0.30"}, "n2 0.95"},
        {"-", {"i -9223372036854775808"}, "! does not fit BIGINT"},
        {"-", {"i 5"}, "i -5"},
        {"-", {"n2 5.25"}, "n2 -5.25"},
        {"*", {"i 4611686018427387904", "i 2"}, "! does not fit BIGINT"},
        {"*", {"i -4611686018427387904", "i 2"}, "i -9223372036854775808"},
        {"*", {"n2 1.25", "n2 1.25"}, "n4 1.5625"},
        {"*", {"n2 19.99", "i 3"}, "n2 59.97"},
        {"*", {"n9 1000000.0", "n9 1000000.0"}, "! does not fit"},
        {"*", {"n9 1.0", "n10 1.0"}, "! 18 are the limit"},
        {"*", {"f 1.5", "i 2"}, "f 3"},
        {"/", {"i 7", "i 2"}, "i 3"},
        {"/", {"i -7", "i 2"}, "i -3"},
        {"/", {"i 7", "i 0"}, "! division by zero"},
        {"/", {"i -9223372036854775808", "i -1"}, "! does not fit BIGINT"},
        {"/", {"n2 0.30", "n2 0.10"}, "f 3"},
        {"/", {"n1 0.3", "n2 0.10"}, "f 3"},
        {"/", {"n2 100.00", "i 8"}, "f 12.5"},
        {"/", {"i 1", "n1 0.0"}, "! division by zero"},
        {"/", {"f 1", "f 0"}, "! division by zero"},
        {"%", {"i 7", "i 3"}, "i 1"},
        {"%", {"i -7", "i 3"}, "i -1"},
        {"%", {"i -9223372036854775808", "i -1"}, "i 0"},
        {"%", {"n2 7.50", "i 2"}, "n2 1.50"},
        {"%", {"i 7", "i 0"}, "! division by zero"},
        {"mod", {"i 7", "i 4"}, "i 3"},
    };
    check(examples, MU_COUNT(examples));
}

TEST(numbers_round_away_from_zero)
{
    static const example examples[] = {
        {"abs", {"i -3"}, "i 3"},
        {"abs", {"i -9223372036854775808"}, "! does not fit BIGINT"},
        {"abs", {"n2 -3.25"}, "n2 3.25"},
        {"abs", {"f -0.5"}, "f 0.5"},
        {"sign", {"n2 -3.25"}, "i -1"},
        {"sign", {"i 0"}, "i 0"},
        {"round", {"n2 2.50"}, "n0 3"},
        {"round", {"n2 -2.50"}, "n0 -3"},
        {"round", {"n2 2.49"}, "n0 2"},
        {"round", {"f 2.5"}, "f 3"},
        {"round", {"f -2.5"}, "f -3"},
        {"round", {"i 5"}, "i 5"},
        {"floor", {"n2 -0.01"}, "n0 -1"},
        {"floor", {"n2 0.99"}, "n0 0"},
        {"floor", {"f -0.5"}, "f -1"},
        {"ceil", {"n2 0.01"}, "n0 1"},
        {"ceil", {"n2 -0.99"}, "n0 0"},
        {"ceiling", {"i 3"}, "i 3"},
        {"trunc", {"n2 -1.99"}, "n0 -1"},
        {"sqrt", {"i 16"}, "f 4"},
        {"sqrt", {"i -1"}, "! sqrt(-1) is not a number"},
        {"power", {"i 2", "i 10"}, "f 1024"},
        {"power", {"i 0", "i -1"}, "! is not a number"},
        {"ln", {"i 0"}, "! is not a number"},
        {"ln", {"i 1"}, "f 0"},
        {"exp", {"i 0"}, "f 1"},
        {"exp", {"i 1000"}, "! does not fit DOUBLE"},
        {"log10", {"i 1000"}, "f 3"},
    };
    check(examples, MU_COUNT(examples));
}

/* Digits as a constant decide the scale, as a column they do not; so not for check(). */
TEST(round_to_digits_takes_their_scale)
{
    static const example examples[] = {
        {"round", {"n3 2.345", "i 2"}, "n2 2.35"},  {"round", {"n3 -2.345", "i 2"}, "n2 -2.35"},
        {"round", {"n3 2.345", "i 5"}, "n3 2.345"}, {"round", {"n1 1254.5", "i -2"}, "n0 1300"},
        {"round", {"i 1250", "i -2"}, "i 1300"},    {"round", {"i 1250", "i -19"}, "i 0"},
        {"round", {"f 2.345", "i 1"}, "f 2.3"},     {"round", {"f 1250", "i -2"}, "f 1300"},
        {"trunc", {"n3 2.349", "i 2"}, "n2 2.34"},
    };

    for (size_t i = 0; i < MU_COUNT(examples); i++) {
        check_folded(&examples[i]);
        test_scope_end();
    }
}

TEST(comparisons_are_of_any_type)
{
    static const example examples[] = {
        {"=", {"i 1", "i 1"}, "b true"},
        {"<>", {"i 1", "i 1"}, "b false"},
        {"<", {"i 1", "n1 1.5"}, "b true"},
        {"<=", {"n2 1.50", "n1 1.5"}, "b true"},
        {">", {"f 1.5", "i 1"}, "b true"},
        {">=", {"f 1.5", "n1 1.6"}, "b false"},
        {"=", {"t a", "t a"}, "b true"},
        {"<", {"t a", "t ab"}, "b true"},
        {"<", {"t b", "t ab"}, "b false"},
        {">", {"t \xe4\xba\xba", "t z"}, "b true"},
        {"=", {"b true", "b false"}, "b false"},
        {"<", {"b false", "b true"}, "b true"},
        {"<", {"d 2024-05-01", "s 2024-05-01 00:00:01"}, "b true"},
        {"=", {"d 2024-05-01", "s 2024-05-01 00:00:00"}, "b true"},
        {"=", {"i NULL", "i NULL"}, "b NULL"},
        {"=", {"t NULL", "t a"}, "b NULL"},
        {"is distinct from", {"i NULL", "i NULL"}, "b false"},
        {"is distinct from", {"i NULL", "i 1"}, "b true"},
        {"is not distinct from", {"t a", "t a"}, "b true"},
        {"is null", {"t NULL"}, "b true"},
        {"is not null", {"t NULL"}, "b false"},
        {"is null", {"i 0"}, "b false"},
        {"=", {"c 5", "c 5"}, "b true"},
        {"<>", {"c 5", "c 6"}, "b true"},
        {"=", {"i 1", "b true"}, "! not BIGINT and BOOLEAN"},
        {"between", {"i 5", "i 1", "i 5"}, "b true"},
        {"between", {"i 6", "i 1", "i 5"}, "b false"},
        {"not between", {"i 6", "i 1", "i 5"}, "b true"},
        {"in", {"i 5", "i 1", "i 5"}, "b true"},
        {"in", {"i 5", "i 1", "i 2"}, "b false"},
        {"in", {"i 5", "i 1", "i NULL"}, "b NULL"},
        {"in", {"i 1", "i 1", "i NULL"}, "b true"},
        {"not in", {"t x", "t y", "t z"}, "b true"},
        {"not in", {"t x", "t y", "t NULL"}, "b NULL"},
    };
    check(examples, MU_COUNT(examples));
}

TEST(text_is_counted_in_characters)
{
    static const example examples[] = {
        {"length", {"t "}, "i 0"},
        {"length", {"t \xe4\xba\xba\xe4\xba\xba"}, "i 2"},
        {"octet_length", {"t \xe4\xba\xba"}, "i 3"},
        {"lower", {"t ABC-\xc3\x84\xce\xa9\xd0\x96"}, "t abc-\xc3\xa4\xcf\x89\xd0\xb6"},
        {"upper", {"t abc-\xc3\xa4\xcf\x89\xd0\xb6"}, "t ABC-\xc3\x84\xce\xa9\xd0\x96"},
        {"trim", {"t   a b  "}, "t a b"},
        {"trim", {"t xxaxx", "t x"}, "t a"},
        {"ltrim", {"t   a "}, "t a "},
        {"rtrim", {"t  a  "}, "t  a"},
        {"rtrim", {"t a\xe4\xba\xba\xe4\xba\xba", "t \xe4\xba\xba"}, "t a"},
        {"trim", {"t    "}, "t "},
        {"substr", {"t abcdef", "i 2", "i 3"}, "t bcd"},
        {"substr", {"t abcdef", "i 2"}, "t bcdef"},
        {"substr", {"t abcdef", "i 0", "i 3"}, "t ab"},
        {"substr", {"t abcdef", "i -5", "i 3"}, "t "},
        {"substr", {"t abcdef", "i 9", "i 3"}, "t "},
        {"substr", {"t abcdef", "i 2", "i 9223372036854775807"}, "t bcdef"},
        {"substr", {"t abc", "i 1", "i -1"}, "! negative length"},
        {"left",
         {"t \xe4\xba\xba"
          "bc",
          "i 2"},
         "t \xe4\xba\xba"
         "b"},
        {"left", {"t abc", "i -1"}, "t ab"},
        {"left", {"t abc", "i -9"}, "t "},
        {"right", {"t abc", "i 2"}, "t bc"},
        {"right", {"t abc", "i -1"}, "t bc"},
        {"right", {"t abc", "i 9"}, "t abc"},
        {"replace", {"t aXbXX", "t X", "t yz"}, "t ayzbyzyz"},
        {"replace", {"t abc", "t ", "t z"}, "t abc"},
        {"starts_with", {"t abc", "t ab"}, "b true"},
        {"ends_with", {"t abc", "t bc"}, "b true"},
        {"contains", {"t abc", "t bc"}, "b true"},
        {"contains", {"t abc", "t x"}, "b false"},
        {"strpos",
         {"t \xe4\xba\xba"
          "bc",
          "t c"},
         "i 3"},
        {"strpos", {"t abc", "t x"}, "i 0"},
        {"position", {"t c", "t abc"}, "i 3"},
        {"||", {"t ab", "t cd"}, "t abcd"},
        {"||", {"t ab", "i 5"}, "t ab5"},
        {"||", {"t ab", "t NULL"}, "t NULL"},
        {"concat", {"t ab", "t NULL", "i 5"}, "t ab5"},
        {"split_part", {"t a,b,c", "t ,", "i 2"}, "t b"},
        {"split_part", {"t a,b,c", "t ,", "i -1"}, "t c"},
        {"split_part", {"t a,b,c", "t ,", "i 4"}, "t "},
        {"repeat", {"t ab", "i 3"}, "t ababab"},
        {"repeat", {"t ab", "i -1"}, "t "},
        {"reverse",
         {"t a\xe4\xba\xba"},
         "t \xe4\xba\xba"
         "a"},
        {"lpad", {"t 5", "i 3", "t 0"}, "t 005"},
        {"lpad", {"t 12345", "i 3", "t 0"}, "t 123"},
        {"rpad", {"t 5", "i 3"}, "t 5  "},
        {"length", {"i 5"}, "! \"length\" takes (TEXT), not (BIGINT)"},
    };
    check(examples, MU_COUNT(examples));
}

TEST(like_matches_as_in_postgresql)
{
    static const example examples[] = {
        {"like", {"t add_to_cart", "t add%"}, "b true"},
        {"like", {"t add_to_cart", "t %cart"}, "b true"},
        {"like", {"t add_to_cart", "t a%_%t"}, "b true"},
        {"like", {"t abc", "t a_c"}, "b true"},
        {"like", {"t abc", "t a_"}, "b false"},
        {"like",
         {"t a\xe4\xba\xba"
          "c",
          "t a_c"},
         "b true"},
        {"like", {"t ", "t %"}, "b true"},
        {"like", {"t ", "t "}, "b true"},
        {"like", {"t abc", "t "}, "b false"},
        {"like", {"t a%c", "t a\\%c"}, "b true"},
        {"like", {"t abc", "t a\\%c"}, "b false"},
        {"like", {"t a\\c", "t a\\\\c"}, "b true"},
        {"like", {"t a%c", "t a#%c", "t #"}, "b true"},
        {"like", {"t abc", "t a\\"}, "! ends in its escape"},
        {"like", {"t aaaaaaaaaaaaaaaaaaab", "t %a%a%a%a%c"}, "b false"},
        {"like", {"t mississippi", "t %iss%ip%"}, "b true"},
        {"ilike", {"t ADD", "t a%"}, "b true"},
        {"not like", {"t abc", "t a%"}, "b false"},
        {"not ilike", {"t ABC", "t x%"}, "b true"},
        {"like", {"t NULL", "t a%"}, "b NULL"},
    };
    check(examples, MU_COUNT(examples));
}

TEST(times_follow_the_calendar)
{
    static const example examples[] = {
        {"date_trunc", {"t month", "s 2024-05-17 10:11:12"}, "s 2024-05-01 00:00:00"},
        {"date_trunc", {"t week", "s 2024-05-17 10:11:12"}, "s 2024-05-13 00:00:00"},
        {"date_trunc", {"t quarter", "s 2024-05-17 10:11:12"}, "s 2024-04-01 00:00:00"},
        {"date_trunc", {"t YEAR", "d 2024-05-17"}, "s 2024-01-01 00:00:00"},
        {"date_trunc", {"t hour", "s 1969-12-31 23:59:59"}, "s 1969-12-31 23:00:00"},
        {"date_trunc", {"t eon", "s 2024-05-17 10:11:12"}, "! no unit of time \"eon\""},
        {"month", {"d 2024-05-17"}, "i 5"},
        {"quarter", {"d 2024-05-17"}, "i 2"},
        {"day", {"s 1969-12-31 10:00:00"}, "i 31"},
        {"hour", {"s 1969-12-31 10:00:00"}, "i 10"},
        {"date_diff", {"t day", "s 2024-05-17 23:59:00", "s 2024-05-18 00:01:00"}, "i 1"},
        {"date_diff", {"t month", "d 2024-05-31", "d 2024-06-01"}, "i 1"},
        {"date_diff", {"t year", "d 2025-01-01", "d 2024-12-31"}, "i -1"},
        {"date_diff", {"t hour", "s 1969-12-31 23:30:00", "s 1970-01-01 00:10:00"}, "i 1"},
        {"+", {"d 2024-02-28", "i 2"}, "d 2024-03-01"},
        {"-", {"d 2024-03-01", "i 1"}, "d 2024-02-29"},
        {"-", {"d 2024-03-01", "d 2024-02-01"}, "i 29"},
        {"-", {"s 2024-03-01 01:00:00", "s 2024-03-01 00:00:00"}, "v 01:00:00"},
        {"+", {"s 2024-03-01 01:00:00", "v 00:30:00"}, "s 2024-03-01 01:30:00"},
        {"+", {"v 00:30:00", "s 2024-03-01 01:00:00"}, "s 2024-03-01 01:30:00"},
        {"-", {"s 2024-03-01 01:00:00", "v 02:00:00"}, "s 2024-02-29 23:00:00"},
        {"+", {"d 9999-12-31", "i 1"}, "! years 1 to 9999"},
        {"*", {"v 00:30:00", "i 3"}, "v 01:30:00"},
        {"make_date", {"i 2024", "i 2", "i 29"}, "d 2024-02-29"},
        {"make_date", {"i 2023", "i 2", "i 29"}, "! no day 29 of month 2 of year 2023"},
        {"to_timestamp", {"i 1"}, "s 1970-01-01 00:00:01"},
        {"to_timestamp", {"n1 1.5"}, "s 1970-01-01 00:00:01.5"},
        {"to_timestamp", {"f 1.5"}, "s 1970-01-01 00:00:01.5"},
        {"to_timestamp", {"f 1e30"}, "! years 1 to 9999"},
        {"last_day", {"d 2024-02-03"}, "d 2024-02-29"},
    };
    check(examples, MU_COUNT(examples));
}

/* Whose type depends on the part, which is constant here. */
TEST(parts_have_the_fraction_they_are_made_of)
{
    static const example examples[] = {
        {"extract", {"t year", "s 2024-05-17 10:11:12"}, "i 2024"},
        {"extract", {"t dow", "d 2024-05-19"}, "i 0"},
        {"extract", {"t isodow", "d 2024-05-19"}, "i 7"},
        {"extract", {"t week", "d 2021-01-03"}, "i 53"},
        {"extract", {"t isoyear", "d 2021-01-03"}, "i 2020"},
        {"extract", {"t week", "d 2024-12-30"}, "i 1"},
        {"extract", {"t doy", "d 2024-12-31"}, "i 366"},
        {"extract", {"t epoch", "s 1969-12-31 23:59:59.5"}, "n6 -0.500000"},
        {"extract", {"t second", "s 2024-05-17 10:11:12.75"}, "n6 12.750000"},
        {"extract", {"t milliseconds", "s 2024-05-17 10:11:12.75"}, "n3 12750.000"},
        {"extract", {"t hour", "v 50:30:00"}, "i 2"},
        {"extract", {"t epoch", "v -00:00:01.5"}, "n6 -1.500000"},
        {"extract", {"t century", "d 2000-12-31"}, "i 20"},
        {"extract", {"t millennium", "d 2001-01-01"}, "i 3"},
        {"extract", {"t timezone", "s 2024-05-17 10:11:12"}, "i 0"},
        {"extract", {"t moon", "d 2024-05-17"}, "! no part \"moon\""},
    };

    for (size_t i = 0; i < MU_COUNT(examples); i++) {
        check_folded(&examples[i]);
    }
    test_scope_end();
}

/* A part that is only known with the row has room for any. */
TEST(parts_by_column_are_decimals)
{
    static const example examples[] = {
        {"extract", {"t year", "s 2024-05-17 10:11:12.75"}, "n6 2024.000000"},
        {"extract", {"t seconds", "s 2024-05-17 10:11:12.75"}, "n6 12.750000"},
        {"extract", {"t milliseconds", "s 2024-05-17 10:11:12.75"}, "n6 12750.000000"},
        {"extract", {"t epoch", "d 1970-01-02"}, "n6 86400.000000"},
        {"extract", {"t moon", "d 2024-05-17"}, "! no part \"moon\""},
    };

    for (size_t i = 0; i < MU_COUNT(examples); i++) {
        check_columns(&examples[i], false);
    }
    test_scope_end();
}

TEST(the_statement_has_one_now)
{
    static const example examples[] = {
        {"now", {NULL}, "s 2024-05-17 12:34:56"},
        {"today", {NULL}, "d 2024-05-17"},
        {"current_date", {NULL}, "d 2024-05-17"},
    };

    for (size_t i = 0; i < MU_COUNT(examples); i++) {
        check_folded(&examples[i]);
        test_scope_end();
    }
}

TEST(nulls_are_chosen_around)
{
    static const example examples[] = {
        {"coalesce", {"i NULL", "i 2", "i 3"}, "i 2"},
        {"coalesce", {"t NULL", "t NULL"}, "t NULL"},
        {"coalesce", {"t NULL", "t x"}, "t x"},
        {"coalesce", {"i NULL", "n1 1.5"}, "n1 1.5"},
        {"ifnull", {"i NULL", "i 2"}, "i 2"},
        {"nullif", {"i 2", "i 2"}, "i NULL"},
        {"nullif", {"i 2", "i 3"}, "i 2"},
        {"nullif", {"t a", "t NULL"}, "t a"},
        {"greatest", {"i 1", "i NULL", "i 3"}, "i 3"},
        {"least", {"t b", "t a"}, "t a"},
        {"greatest", {"i NULL", "i NULL"}, "i NULL"},
        {"least", {"i 1", "f 0.5"}, "f 0.5"},
    };
    check(examples, MU_COUNT(examples));
}

TEST(casts_keep_the_value_or_fail)
{
    static const struct {
        const char *value;
        const char *to; /* a value of the type */
        const char *result;
    } casts[] = {
        {"t  12 ", "i 0", "i 12"},
        {"t 12x", "i 0", "! \"12x\" is not a number"},
        {"f 2.5", "i 0", "i 2"},
        {"f 3.5", "i 0", "i 4"},
        {"f 1e19", "i 0", "! does not fit"},
        {"n2 2.50", "i 0", "i 3"},
        {"n2 -2.50", "i 0", "i -3"},
        {"n3 2.345", "n2 0", "n2 2.35"},
        {"i 5", "n2 0", "n2 5.00"},
        {"i 9223372036854775807", "n2 0", "! does not fit DECIMAL(18,2)"},
        {"f 2.675", "n2 0", "n2 2.68"},
        {"n2 2.50", "f 0", "f 2.5"},
        {"i 5", "t x", "t 5"},
        {"b true", "t x", "t true"},
        {"b true", "i 0", "i 1"},
        {"i 2", "b true", "b true"},
        {"t yes", "b true", "b true"},
        {"d 2024-05-01", "t x", "t 2024-05-01"},
        {"d 2024-05-01", "s 2024-01-01", "s 2024-05-01 00:00:00"},
        {"s 1969-12-31 23:00:00", "d 2024-01-01", "d 1969-12-31"},
        {"t 2024-05-01 10:00", "s 2024-01-01", "s 2024-05-01 10:00:00"},
        {"t 2024-02-30", "d 2024-01-01", "! February 2024 has 29 days"},
        {"i NULL", "t x", "t NULL"},
    };

    for (size_t i = 0; i < MU_COUNT(casts); i++) {
        for (unsigned attempt = 0; attempt < 2; attempt++) {
            const mu_value value = test_value(casts[i].value);
            const mu_type to = test_value(casts[i].to).type;
            const bool fails = casts[i].result[0] == '!';
            const char *wanted = fails ? attempt ? "NULL" : casts[i].result : casts[i].result;
            test_vector vector = test_vector_new(value.type);
            const mu_expr *expr;
            mu_value first = {0}, last = {0};

            test_vector_set(&vector, 0, &value);
            test_vector_set(&vector, 2, &value);
            mu_vector column = test_vector_done(&vector, 3, i % 2);
            assert_ok(mu_expr_cast(test_scope(), test_column(0, value.type), to, attempt, 7, &expr,
                                   &test_error));
            const muster_status status = run(expr, &column, 1, &first, &last);
            if (fails && attempt) {
                assert_int_equal(status, MUSTER_OK);
                assert_true(first.null && last.null);
            } else {
                const example e = {"cast", {casts[i].value}, wanted};
                assert_result(&e, attempt ? "try_cast" : "cast", status, &first);
            }
            test_scope_end();
        }
    }
}
