/*
 * group_keys_test.c - rows with equal keys, and only those, are in one group.
 */
#include "query/group_keys.h"
#include "tests/support/test.h"

#include <math.h>

enum {
    ROWS = 50
};

static mu_batch batch_of(uint64_t *live, uint32_t rows)
{
    mu_bits_fill(live, rows, MU_BATCH_WORDS);
    return (mu_batch){.rows = rows, .live = live};
}

TEST(texts_of_different_dictionaries_meet)
{
    static const uint64_t first_offsets[] = {0, 1, 2}, second_offsets[] = {0, 1, 3, 4};
    const mu_dict first = {mu_dict_next_id(), 2, true, first_offsets, "ab"};
    const mu_dict second = {mu_dict_next_id(), 3, false, second_offsets, "bxxa"};
    const uint32_t codes[MU_BATCH_ROWS] = {0, 1, 1, 0}, other[MU_BATCH_ROWS] = {2, 0, 1, 2};
    uint64_t live[MU_BATCH_WORDS];
    const mu_batch batch = batch_of(live, 4);
    const mu_type text = {.kind = MU_TEXT};
    mu_vector values = {.type = text, .data = codes, .dict = &first};
    uint32_t groups[MU_BATCH_ROWS];
    mu_group_keys *keys;

    assert_ok(mu_group_keys_open(&text, 1, false, &keys, &test_error));
    assert_ok(mu_group_keys_find(keys, &values, &batch, groups, &test_error));
    assert_memory_equal(groups, ((uint32_t[]){0, 1, 1, 0}), 4 * sizeof *groups);
    values.data = other;
    values.dict = &second;
    assert_ok(mu_group_keys_find(keys, &values, &batch, groups, &test_error));
    assert_memory_equal(groups, ((uint32_t[]){0, 1, 2, 0}), 4 * sizeof *groups);
    assert_true(mu_text_equal(mu_group_keys_value(keys, 2, 0).text, MU_TEXT_OF("xx")));
    mu_group_keys_close(keys);
}

/* Two keys, a number and a double, with NULLs: groups against a comparison of all pairs of rows. */
TEST(rows_are_in_one_group_exactly_if_their_keys_are_equal)
{
    const mu_type types[] = {{.kind = MU_BIGINT, .bits = 64}, {.kind = MU_DOUBLE}};
    int64_t numbers[MU_BATCH_ROWS];
    double reals[MU_BATCH_ROWS];
    uint64_t valid[2][MU_BATCH_WORDS] = {{0}}, live[MU_BATCH_WORDS];
    uint32_t groups[MU_BATCH_ROWS];
    uint64_t random = test_seed();
    mu_group_keys *keys;
    const mu_batch batch = batch_of(live, ROWS);

    for (uint32_t r = 0; r < ROWS; r++) {
        static const double some[] = {0.0, -0.0, (double)NAN, 1.5};
        numbers[r] = (int64_t)test_random_below(&random, 3) - 1;
        reals[r] = some[test_random_below(&random, 4)];
        for (int k = 0; k < 2; k++) {
            if (test_random_below(&random, 4) > 0) {
                mu_bits_set(valid[k], r);
            }
        }
    }
    const mu_vector values[] = {{.type = types[0], .data = numbers, .valid = valid[0]},
                                {.type = types[1], .data = reals, .valid = valid[1]}};
    assert_ok(mu_group_keys_open(types, 2, false, &keys, &test_error));
    assert_ok(mu_group_keys_find(keys, values, &batch, groups, &test_error));
    for (uint32_t a = 0; a < ROWS; a++) {
        for (uint32_t b = 0; b < ROWS; b++) {
            const bool null_a = !mu_bits_test(valid[0], a), null_b = !mu_bits_test(valid[0], b);
            const bool real_a = mu_bits_test(valid[1], a), real_b = mu_bits_test(valid[1], b);
            const bool numbers_equal = null_a == null_b && (null_a || numbers[a] == numbers[b]);
            const bool reals_equal = real_a == real_b && (!real_a || reals[a] == reals[b] ||
                                                          (isnan(reals[a]) && isnan(reals[b])));
            assert_int_equal(groups[a] == groups[b], numbers_equal && reals_equal);
        }
    }
    mu_group_keys_close(keys);
}

TEST(tables_of_two_threads_become_one)
{
    const mu_type type = {.kind = MU_BIGINT, .bits = 64};
    const int64_t left[MU_BATCH_ROWS] = {1, 2, 3}, right[MU_BATCH_ROWS] = {3, 4, 1};
    uint64_t live[MU_BATCH_WORDS];
    const mu_batch batch = batch_of(live, 3);
    mu_vector values = {.type = type, .data = left};
    uint32_t groups[MU_BATCH_ROWS], map[3];
    mu_group_keys *a, *b;

    assert_ok(mu_group_keys_open(&type, 1, false, &a, &test_error));
    assert_ok(mu_group_keys_open(&type, 1, false, &b, &test_error));
    assert_ok(mu_group_keys_find(a, &values, &batch, groups, &test_error));
    values.data = right;
    assert_ok(mu_group_keys_find(b, &values, &batch, groups, &test_error));
    assert_ok(mu_group_keys_merge(a, b, map, &test_error));
    assert_memory_equal(map, ((uint32_t[]){2, 3, 0}), sizeof map);
    assert_int_equal(mu_group_keys_count(a), 4);
    mu_group_keys_close(a);
    mu_group_keys_close(b);
}

TEST(customers_of_a_stripe_find_their_groups_in_an_array)
{
    const mu_type type = {.kind = MU_CUSTOMER};
    uint32_t ordinals[MU_BATCH_ROWS], groups[MU_BATCH_ROWS];
    uint64_t live[MU_BATCH_WORDS];
    const mu_batch batch = batch_of(live, ROWS);
    const mu_vector values = {.type = type, .data = ordinals};
    mu_group_keys *keys;

    assert_ok(mu_group_keys_open(&type, 1, true, &keys, &test_error));
    for (uint32_t stripe = 0; stripe < 3; stripe++) {
        for (uint32_t r = 0; r < ROWS; r++) {
            ordinals[r] = stripe * MU_STRIPE_ROWS + MU_STRIPE_ROWS - 1 - r / 2;
        }
        assert_ok(mu_group_keys_find(keys, &values, &batch, groups, &test_error));
        assert_int_equal(mu_group_keys_count(keys), ROWS / 2);
        for (uint32_t r = 0; r < ROWS; r++) {
            assert_int_equal(mu_group_keys_value(keys, groups[r], 0).ordinal, ordinals[r]);
        }
        mu_group_keys_reset(keys);
    }
    mu_group_keys_close(keys);
}

/* Keys of a batch lie within a few of one another, or far apart; batches meet again. */
TEST(keys_that_lie_close_together_find_the_groups_of_those_that_did_not)
{
    enum {
        BATCHES = 200,
        CENTRES = 5
    };
    static const int64_t centres[CENTRES] = {INT64_MIN, -2, 30, 1000, INT64_MAX - 3};
    const mu_type types[] = {{.kind = MU_BIGINT, .bits = 64}, {.kind = MU_BIGINT, .bits = 64}};
    int64_t numbers[2][MU_BATCH_ROWS];
    uint64_t live[MU_BATCH_WORDS], random = test_seed();
    uint32_t groups[MU_BATCH_ROWS];
    const mu_batch batch = batch_of(live, ROWS);
    const mu_vector values[] = {{.type = types[0], .data = numbers[0]},
                                {.type = types[1], .data = numbers[1]}};
    bool seen[CENTRES][4][CENTRES][4] = {{{{false}}}};
    uint32_t distinct = 0;
    mu_group_keys *keys;

    assert_ok(mu_group_keys_open(types, 2, false, &keys, &test_error));
    for (uint32_t b = 0; b < BATCHES; b++) {
        const bool far = b % 5 == 0;
        uint64_t c[2] = {test_random_below(&random, CENTRES), test_random_below(&random, CENTRES)};
        if (b == BATCHES / 2) {
            mu_group_keys_reset(keys);
            memset(seen, 0, sizeof seen);
            distinct = 0;
        }
        for (uint32_t r = 0; r < ROWS; r++) {
            const uint64_t off[2] = {test_random_below(&random, 4), test_random_below(&random, 4)};
            c[0] = far ? test_random_below(&random, CENTRES) : c[0];
            numbers[0][r] = centres[c[0]] + (int64_t)off[0];
            numbers[1][r] = centres[c[1]] + (int64_t)off[1];
            distinct += !seen[c[0]][off[0]][c[1]][off[1]];
            seen[c[0]][off[0]][c[1]][off[1]] = true;
        }
        assert_ok(mu_group_keys_find(keys, values, &batch, groups, &test_error));
        assert_int_equal(mu_group_keys_count(keys), distinct);
        for (uint32_t r = 0; r < ROWS; r++) {
            assert_true(mu_group_keys_value(keys, groups[r], 0).i64 == numbers[0][r]);
            assert_true(mu_group_keys_value(keys, groups[r], 1).i64 == numbers[1][r]);
        }
    }
    mu_group_keys_close(keys);
}
