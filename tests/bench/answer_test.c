/* answer_test.c - which answers are the same, and what is said where they are not. */
#include "bench/answer.h"

#include "tests/support/test.h"

#include <stdlib.h>

static bool equal(const char *a, const char *b)
{
    char *difference;
    const bool same = mu_bench_answer_equal(a, b, &difference);

    assert_true(same == (difference == NULL));
    free(difference);
    return same;
}

static void assert_differs(const char *a, const char *b, const char *expected)
{
    char *difference;

    assert_false(mu_bench_answer_equal(a, b, &difference));
    assert_string_equal(difference, expected);
    free(difference);
}

TEST(numbers_are_compared_as_numbers)
{
    assert_true(equal("12.50\n", "12.5\n"));
    assert_true(equal("3\n", "3.00\n"));
    assert_true(equal("111.20403100775194\n", "111.2040310077519\n"));
    assert_true(equal("-0.1\t1e3\n", "-0.10\t1000.0\n"));
    assert_false(equal("12.5\n", "12.51\n"));
    assert_false(equal("1\n", "2\n"));
    assert_false(equal("1\n", "-1\n"));
    /* A double holds neither. */
    assert_false(equal("9007199254740993\n", "9007199254740992\n"));
}

TEST(texts_are_compared_to_the_letter)
{
    assert_true(equal("view\t\\N\n", "view\t\\N\n"));
    assert_false(equal("view\n", "View\n"));
    assert_false(equal("view\n", "view \n"));
    assert_false(equal("\\N\n", "\n"));
    assert_false(equal("nan\n", "0\n"));
    assert_false(equal("0x10\n", "16.0\n"));
    assert_false(equal("2022-01-01\n", "2022.01.01\n"));
}

TEST(a_difference_is_told_with_its_place)
{
    assert_differs("a\t1\nb\t2\n", "a\t1\nb\t3\n", "row 2, column 2: \"2\" and \"3\"");
    assert_differs("a\t1\n", "a\n", "row 1 has more columns in one of them");
    assert_differs("a\n", "a\nb\nc\n", "one ends after 1 rows, the other has 2 more");
    assert_differs("", "a\n", "one ends after 0 rows, the other has 1 more");
}

TEST(cells_are_written_so_that_they_can_be_told_apart)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    mu_bench_answer_write(out, "a\tb\nc\\d", false);
    mu_bench_answer_write(out, NULL, false);
    mu_bench_answer_write(out, "", true);
    (void)fclose(out);
    assert_string_equal(text, "a\\tb\\nc\\\\d\t\\N\t\n");
    assert_int_equal(mu_bench_answer_rows(text), 1);
    free(text);
}
