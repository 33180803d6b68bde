/*
 * nearest_test.c - which name someone may have meant.
 */
#include "query/nearest.h"

#include "tests/support/test.h"

static mu_text text_of(const char *text)
{
    return (mu_text){text, (uint32_t)strlen(text)};
}

/* The nearest of the candidates, or "" if none is near. */
static void check(const char *wanted, const char *const *candidates, size_t count,
                  const char *expected)
{
    mu_nearest nearest = mu_nearest_of(text_of(wanted));

    for (size_t i = 0; i < count; i++) {
        mu_nearest_try(&nearest, text_of(candidates[i]));
    }
    assert_int_equal(nearest.found, expected[0] != 0);
    if (nearest.found) {
        assert_true(mu_text_equal(nearest.best, text_of(expected)));
    }
}

TEST(the_name_with_the_fewest_edits_is_meant)
{
    static const char *const columns[] = {"customer", "ts", "channel", "city", "amount", "金额"};

    check("custmer", columns, MU_COUNT(columns), "customer");   /* one left out */
    check("cusstomer", columns, MU_COUNT(columns), "customer"); /* one too many */
    check("chennel", columns, MU_COUNT(columns), "channel");    /* one other */
    check("cahnnel", columns, MU_COUNT(columns), "channel");    /* two swapped */
    check("AMOUNT", columns, MU_COUNT(columns), "amount");      /* case does not count */
    check("ctiy", columns, MU_COUNT(columns), "city");
}

TEST(one_letter_is_not_another)
{
    static const char *const letters[] = {"a", "bb"};

    check("b", letters, MU_COUNT(letters), "");
    check("A", letters, MU_COUNT(letters), "a");
    check("ab", letters, MU_COUNT(letters), "a");
}

TEST(a_name_that_is_far_from_all_is_not_guessed)
{
    static const char *const columns[] = {"customer", "ts", "channel", "string"};

    check("nothing", columns, MU_COUNT(columns), "");
    check("price", columns, MU_COUNT(columns), "");
    check("x", columns, MU_COUNT(columns), "");
    check("", columns, MU_COUNT(columns), "");
}

TEST(the_first_of_equally_near_names_wins)
{
    static const char *const names[] = {"cat", "car"};

    check("cas", names, MU_COUNT(names), "cat");
}

TEST(names_past_the_limit_are_left_alone)
{
    char huge[400];
    const char *const names[] = {huge};

    memset(huge, 'a', sizeof huge - 1);
    huge[sizeof huge - 1] = 0;
    check("aaaa", names, 1, "");
    check(huge, names, 1, "");
}
