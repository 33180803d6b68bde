/*
 * pair_numbers_test.c - pairs numbered in the order in which they come, and forgotten again.
 */
#include "query/pair_numbers.h"

#include "tests/support/test.h"

static mu_pair random_pair(uint64_t *random, uint64_t most)
{
    return (mu_pair){.a = (int64_t)test_random_below(random, most) - 5,
                     .b = test_random_below(random, 2) ? MU_NO_WORD
                                                       : (int64_t)test_random_below(random, 3)};
}

TEST(a_pair_keeps_the_number_that_it_got_first)
{
    mu_pair_numbers numbers = {0};
    uint64_t random = test_seed();
    uint32_t number;

    for (uint64_t most = 1; most < 5000; most = most * 3 + 1) {
        mu_pair_numbers_reset(&numbers);
        assert_int_equal(numbers.count, 0);
        for (int i = 0; i < 3000; i++) {
            const mu_pair pair = random_pair(&random, most);
            uint32_t seen = 0;
            while (seen < numbers.count &&
                   (numbers.pairs[seen].a != pair.a || numbers.pairs[seen].b != pair.b)) {
                seen++;
            }
            assert_true(mu_pair_numbers_find(&numbers, pair, &number));
            assert_int_equal(number, seen);
            assert_true(number < numbers.count);
        }
    }
    mu_pair_numbers_deinit(&numbers);
}

TEST(few_pairs_are_forgotten_one_by_one_after_many)
{
    mu_pair_numbers numbers = {0};
    uint32_t number;

    for (int64_t i = 0; i < 10000; i++) {
        assert_true(mu_pair_numbers_find(&numbers, (mu_pair){i, i % 2 ? 0 : MU_NO_WORD}, &number));
    }
    for (int round = 0; round < 100; round++) {
        mu_pair_numbers_reset(&numbers);
        for (int64_t i = 0; i < round; i++) {
            assert_true(mu_pair_numbers_find(&numbers, (mu_pair){i * 7, round}, &number));
            assert_int_equal(number, i);
        }
    }
    mu_pair_numbers_deinit(&numbers);
}
