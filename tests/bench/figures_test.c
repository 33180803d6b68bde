/* figures_test.c - quantiles by hand, and figures as people read them. */
#include "bench/figures.h"

#include "tests/support/test.h"

TEST(a_quantile_is_a_value_that_was_measured)
{
    double values[] = {5, 1, 4, 2, 3};
    double two[] = {1, 2};
    double hundred[100];

    assert_true(mu_bench_quantile(values, 5, 0.5) == 3);
    assert_true(mu_bench_quantile(values, 5, 0) == 1);
    assert_true(mu_bench_quantile(values, 5, 1) == 5);
    assert_true(mu_bench_quantile(values, 1, 0.99) == 1);
    for (int i = 0; i < 100; i++) {
        hundred[i] = 100 - i;
    }
    assert_true(mu_bench_quantile(hundred, 100, 0.95) == 95);
    assert_true(mu_bench_quantile(hundred, 100, 0.99) == 99);
    /* But for the median of an even count. */
    assert_true(mu_bench_quantile(two, 2, 0.5) == 1.5);
}

TEST(figures_have_three_digits_and_a_unit)
{
    assert_string_equal(mu_bench_seconds(0.0000123), "12.3 µs");
    assert_string_equal(mu_bench_seconds(0.00123), "1.23 ms");
    assert_string_equal(mu_bench_seconds(0.9999), "1.00 s");
    assert_string_equal(mu_bench_seconds(0.1), "100 ms");
    assert_string_equal(mu_bench_seconds(123), "123 s");
    assert_string_equal(mu_bench_bytes(0), "0.00 B");
    assert_string_equal(mu_bench_bytes(864e6), "864 MB");
    assert_string_equal(mu_bench_bytes(9.996e6), "10.0 MB");
    assert_string_equal(mu_bench_count(0), "0");
    assert_string_equal(mu_bench_count(999), "999");
    assert_string_equal(mu_bench_count(60000000), "60,000,000");
}
