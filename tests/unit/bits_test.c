/* bits_test.c - bitmaps, bit by bit against arrays of bool. */
#include "storage/base/bits.h"

#include "tests/support/test.h"

TEST(fill_sets_the_first_bits_and_clears_the_rest)
{
    for (size_t count = 0; count <= 256; count++) {
        uint64_t map[5];

        memset(map, 0xa5, sizeof map);
        mu_bits_fill(map, count, 4);
        for (size_t i = 0; i < 256; i++) {
            assert_int_equal(mu_bits_test(map, i), i < count);
        }
        assert_int_equal(map[4], UINT64_C(0xa5a5a5a5a5a5a5a5)); /* past the words it was given */
    }
}

TEST(set_and_clear_touch_one_bit)
{
    bool expected[192] = {false};
    uint64_t map[3] = {0};
    uint64_t state = test_seed();

    for (unsigned turn = 0; turn < 2000; turn++) {
        const size_t i = (size_t)test_random_below(&state, 192);
        expected[i] = test_random(&state) & 1;
        if (expected[i]) {
            mu_bits_set(map, i);
        } else {
            mu_bits_clear(map, i);
        }
        for (size_t bit = 0; bit < 192; bit++) {
            assert_int_equal(mu_bits_test(map, bit), expected[bit]);
        }
    }
}

TEST(words_round_up)
{
    assert_int_equal(mu_bits_words(0), 0);
    assert_int_equal(mu_bits_words(1), 1);
    assert_int_equal(mu_bits_words(64), 1);
    assert_int_equal(mu_bits_words(65), 2);
}

TEST(width_is_the_number_of_bits_needed)
{
    assert_int_equal(mu_bits_width(0), 0);
    for (unsigned width = 1; width <= 64; width++) {
        const uint64_t smallest = UINT64_C(1) << (width - 1);
        assert_int_equal(mu_bits_width(smallest), width);
        assert_int_equal(mu_bits_width(smallest | (smallest - 1)), width);
        assert_int_equal(mu_bits_lowest(smallest), width - 1);
        assert_int_equal(mu_bits_lowest(~(smallest - 1)), width - 1);
    }
}
