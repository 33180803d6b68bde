/*
 * distance_test.c - how far names are apart, and which one is nearest.
 */
#include "sql/distance.h"

#include "tests/support/test.h"

static uint32_t apart(const char *a, const char *b)
{
    return mu_distance(a, strlen(a), b, strlen(b));
}

TEST(each_slip_of_the_keyboard_counts_one)
{
    assert_int_equal(apart("customer", "customer"), 0);
    assert_int_equal(apart("customer", "CUSTOMER"), 0);
    assert_int_equal(apart("custmer", "customer"), 1);
    assert_int_equal(apart("custoomer", "customer"), 1);
    assert_int_equal(apart("custonmr", "customer"), 2);
    assert_int_equal(apart("cutsomer", "customer"), 1);
    assert_int_equal(apart("", "abc"), 3);
    assert_int_equal(apart("abc", ""), 3);
    assert_int_equal(apart("kitten", "sitting"), 3);
}

TEST(the_distance_is_the_same_both_ways)
{
    uint64_t state = test_seed();

    for (int round = 0; round < 1000; round++) {
        char texts[2][8] = {{0}};
        for (int t = 0; t < 2; t++) {
            const uint64_t size = test_random_below(&state, 8);
            for (uint64_t i = 0; i < size; i++) {
                texts[t][i] = (char)('a' + test_random_below(&state, 3));
            }
        }
        assert_int_equal(apart(texts[0], texts[1]), apart(texts[1], texts[0]));
    }
}

TEST(long_names_are_far_from_all_others)
{
    char text[80];

    memset(text, 'a', sizeof text);
    assert_int_equal(mu_distance(text, 64, text, 64), 0);
    assert_int_equal(mu_distance(text, 65, text, 65), UINT32_MAX);
}

TEST(the_nearest_name_is_offered_only_if_it_is_near)
{
    mu_nearest nearest = mu_nearest_to("custmer");

    mu_nearest_offer(&nearest, "channel");
    assert_null(nearest.best);
    mu_nearest_offer(&nearest, "customs");
    mu_nearest_offer(&nearest, "customer");
    mu_nearest_offer(&nearest, "cluster");
    assert_string_equal(nearest.best, "customer");

    nearest = mu_nearest_to("a");
    mu_nearest_offer(&nearest, "b");
    assert_null(nearest.best);
}
