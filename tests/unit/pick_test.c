/*
 * pick_test.c - rows of a vector in another order, twice, and not at all.
 */
#include "query/pick.h"
#include "tests/support/test.h"

static uint64_t room[MU_BATCH_ROWS], valid[MU_BATCH_WORDS];

TEST(rows_come_in_the_order_of_the_list)
{
    const int64_t values[] = {10, 20, 30};
    const uint64_t valid_from[] = {5}; /* the second is NULL */
    const mu_vector from = {
        .type = {.kind = MU_BIGINT, .bits = 64}, .data = values, .valid = valid_from};
    const uint32_t list[] = {2, 0, 2, MU_NO_ROW, 1};
    mu_vector out;

    mu_pick(&from, list, 5, room, valid, &out);
    assert_int_equal(mu_vector_value(&out, 0).i64, 30);
    assert_int_equal(mu_vector_value(&out, 1).i64, 10);
    assert_int_equal(mu_vector_value(&out, 2).i64, 30);
    assert_true(mu_vector_value(&out, 3).null);
    assert_true(mu_vector_value(&out, 4).null);
    mu_pick(&from, list, 3, room, valid, &out);
    assert_null(out.valid);
}

TEST(every_form_is_copied)
{
    const uint64_t bits[] = {6};
    const double doubles[] = {0.5, 1.5, 2.5};
    const uint32_t ordinals[] = {7, 8, 9};
    const uint32_t list[] = {1, MU_NO_ROW, 0};
    mu_vector out;

    const mu_vector flags = {.type = {.kind = MU_BOOLEAN}, .data = bits};
    mu_pick(&flags, list, 3, room, valid, &out);
    assert_int_equal(mu_vector_value(&out, 0).i64, 1);
    assert_true(mu_vector_value(&out, 1).null);
    assert_int_equal(mu_vector_value(&out, 2).i64, 0);

    const mu_vector numbers = {.type = {.kind = MU_DOUBLE}, .data = doubles};
    mu_pick(&numbers, list, 3, room, valid, &out);
    assert_true(mu_vector_value(&out, 0).f64 == 1.5 && mu_vector_value(&out, 2).f64 == 0.5);

    const mu_vector people = {.type = {.kind = MU_CUSTOMER}, .data = ordinals};
    mu_pick(&people, list, 3, room, valid, &out);
    assert_int_equal(((const uint32_t *)out.data)[0], 8);
    assert_int_equal(((const uint32_t *)out.data)[1], MU_NO_CUSTOMER);
    assert_true(mu_vector_value(&out, 1).null);
}

TEST(codes_past_the_rows_are_codes_of_the_dictionary)
{
    mu_dict_builder texts = {0};
    uint32_t codes[2];
    mu_vector out;

    assert_true(mu_dict_builder_add(&texts, MU_TEXT_OF("a"), &codes[0]));
    assert_true(mu_dict_builder_add(&texts, MU_TEXT_OF("b"), &codes[1]));
    const mu_vector from = {.type = {.kind = MU_TEXT}, .data = codes, .dict = &texts.dict};
    const uint32_t list[] = {1, MU_NO_ROW};
    uint64_t live[MU_BATCH_WORDS];

    memset(room, 0xff, sizeof room);
    mu_pick(&from, list, 2, room, valid, &out);
    assert_true(mu_text_equal(mu_vector_value(&out, 0).text, MU_TEXT_OF("b")));
    for (uint32_t i = 1; i < MU_BATCH_ROWS; i++) {
        assert_int_equal(((const uint32_t *)out.data)[i], 0);
    }
    mu_bits_fill(live, 2, MU_BATCH_WORDS);
    const mu_batch batch = {.rows = 2, .column_count = 1, .live = live, .columns = &out};
    assert_true(mu_batch_check(&batch, &test_error));
    mu_dict_builder_deinit(&texts);
}
