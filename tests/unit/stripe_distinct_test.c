/*
 * stripe_distinct_test.c - distinct customers by group, against a matrix of who was in which.
 */
#include "query/stripe_distinct.h"
#include "storage/base/mem.h"
#include "tests/support/test.h"

enum {
    GROUPS = 4500,
    PEOPLE = 50,
    STRIPES = 3,
    BATCHES = 40
}; /* more groups than have bits */

TEST(every_customer_counts_once_in_a_group)
{
    const mu_type type = {.kind = MU_CUSTOMER};
    mu_stripe_distinct *distinct = mu_stripe_distinct_open();
    mu_stripe_distinct *sum = mu_stripe_distinct_open();
    uint8_t *seen = mu_mem_zalloc((size_t)GROUPS * PEOPLE * STRIPES);
    uint32_t ordinals[MU_BATCH_ROWS], groups[MU_BATCH_ROWS], map[GROUPS];
    uint64_t live[MU_BATCH_WORDS], valid[MU_BATCH_WORDS];
    uint64_t random = test_seed();
    const mu_vector customers = {.type = type, .data = ordinals, .valid = valid};

    for (uint32_t stripe = 0; stripe < STRIPES; stripe++) {
        for (int b = 0; b < BATCHES; b++) {
            mu_bits_fill(live, MU_BATCH_ROWS, MU_BATCH_WORDS);
            mu_bits_fill(valid, MU_BATCH_ROWS, MU_BATCH_WORDS);
            for (uint32_t r = 0; r < MU_BATCH_ROWS; r++) {
                const uint32_t person = (uint32_t)test_random_below(&random, PEOPLE);
                const uint32_t what = (uint32_t)test_random_below(&random, 10);
                ordinals[r] = stripe * MU_STRIPE_ROWS + person * 1300;
                groups[r] = (uint32_t)test_random_below(&random, GROUPS);
                if (what == 0) {
                    mu_bits_clear(live, r);
                } else if (what == 1) {
                    mu_bits_clear(valid, r);
                } else if (what == 2) {
                    ordinals[r] = MU_NO_CUSTOMER;
                } else {
                    seen[(groups[r] * STRIPES + stripe) * PEOPLE + person] = 1;
                }
            }
            assert_ok(mu_stripe_distinct_add(distinct, &customers, live, MU_BATCH_ROWS, groups,
                                             &test_error));
        }
        mu_stripe_distinct_end(distinct);
    }
    for (uint32_t g = 0; g < GROUPS; g++) {
        map[g] = GROUPS - 1 - g;
    }
    assert_ok(mu_stripe_distinct_merge(sum, distinct, map, GROUPS, &test_error));
    for (uint32_t g = 0; g < GROUPS; g++) {
        uint64_t expected = 0;
        for (uint32_t i = 0; i < STRIPES * PEOPLE; i++) {
            expected += seen[g * STRIPES * PEOPLE + i];
        }
        assert_int_equal(mu_stripe_distinct_count(distinct, g), expected);
        assert_int_equal(mu_stripe_distinct_count(sum, map[g]), expected);
    }
    mu_mem_free(seen);
    mu_stripe_distinct_close(distinct);
    mu_stripe_distinct_close(sum);
}

TEST(a_stripe_without_anyone_can_be_forgotten)
{
    mu_stripe_distinct *distinct = mu_stripe_distinct_open();

    mu_stripe_distinct_end(distinct);
    mu_stripe_distinct_reset(distinct);
    assert_int_equal(mu_stripe_distinct_count(distinct, 3), 0);
    mu_stripe_distinct_close(distinct);
}
