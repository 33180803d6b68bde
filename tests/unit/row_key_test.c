/*
 * row_key_test.c - sort keys compare as the rows should.
 */
#include "query/row_key.h"
#include "tests/support/test.h"

#include <math.h>

static const mu_type types[] = {
    {.kind = MU_BIGINT, .bits = 64}, {.kind = MU_DOUBLE}, {.kind = MU_TEXT}};

/* The key of one value of one type under one order. */
static void key_of(mu_value value, bool descending, bool nulls_first, mu_writer *out)
{
    const mu_plan_column column = {"x", value.type};
    const mu_sort_key key = {.descending = descending, .nulls_first = nulls_first};
    const mu_plan sort = {.kind = MU_PLAN_SORT,
                          .column_count = 1,
                          .columns = &column,
                          .sort = {.key_count = 1, .keys = &key}};
    mu_rowset *rows;

    assert_ok(mu_rowset_open(&column, 1, &rows, &test_error));
    assert_ok(mu_rowset_add(rows, &value, &test_error));
    mu_row_key(&sort, rows, 0, out);
    mu_rowset_close(rows);
}

/* < 0, 0 or > 0, as the keys of two values compare. */
static int compare(mu_value a, mu_value b, bool descending, bool nulls_first)
{
    mu_writer x = {0}, y = {0};

    key_of(a, descending, nulls_first, &x);
    key_of(b, descending, nulls_first, &y);
    const size_t shorter = x.size < y.size ? x.size : y.size;
    const int bytes = memcmp(x.data, y.data, shorter);
    const int order = bytes ? bytes : (x.size > y.size) - (x.size < y.size);
    mu_writer_deinit(&x);
    mu_writer_deinit(&y);
    return order;
}

/* Each value is below the next. */
static void check_ascending(const mu_value *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            const int wanted = (i > j) - (i < j);
            const int up = compare(values[i], values[j], false, false);
            const int down = compare(values[i], values[j], true, false);
            assert_int_equal((up > 0) - (up < 0), wanted);
            assert_int_equal((down > 0) - (down < 0), -wanted);
        }
    }
}

TEST(integers_are_in_order_with_their_signs)
{
    static const int64_t numbers[] = {INT64_MIN, -256, -1, 0, 1, 255, 256, INT64_MAX};
    mu_value values[MU_COUNT(numbers)];

    for (size_t i = 0; i < MU_COUNT(numbers); i++) {
        values[i] = (mu_value){.type = types[0], .i64 = numbers[i]};
    }
    check_ascending(values, MU_COUNT(values));
}

TEST(doubles_are_in_order_and_nan_is_last)
{
    const double numbers[] = {-HUGE_VAL, -1e300, -1,    -1e-300,  0,
                              1e-300,    1,      1e300, HUGE_VAL, (double)NAN};
    mu_value values[MU_COUNT(numbers)];

    for (size_t i = 0; i < MU_COUNT(numbers); i++) {
        values[i] = (mu_value){.type = types[1], .f64 = numbers[i]};
    }
    check_ascending(values, MU_COUNT(values));
    values[0].f64 = -0.0;
    values[1].f64 = 0.0;
    assert_int_equal(compare(values[0], values[1], false, false), 0);
}

TEST(texts_are_in_order_of_their_bytes)
{
    static const mu_text texts[] = {{"", 0},    {"\0", 1}, {"\0\0", 2}, {"\0a", 2},     {"a", 1},
                                    {"a\0", 2}, {"aa", 2}, {"b", 1},    {"\xe9\x87", 2}};
    mu_value values[MU_COUNT(texts)];

    for (size_t i = 0; i < MU_COUNT(texts); i++) {
        values[i] = (mu_value){.type = types[2], .text = texts[i]};
    }
    check_ascending(values, MU_COUNT(values));
}

TEST(nulls_go_where_they_are_told)
{
    for (size_t t = 0; t < MU_COUNT(types); t++) {
        const mu_value null = {.type = types[t], .null = true};
        const mu_value zero = {.type = types[t], .text = {"", 0}};
        for (int descending = 0; descending < 2; descending++) {
            assert_true(compare(null, zero, descending, true) < 0);
            assert_true(compare(null, zero, descending, false) > 0);
        }
    }
}
