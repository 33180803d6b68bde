/*
 * batch_test.c - every invariant of a batch, broken once; and single values of every form.
 */
#include "storage/batch.h"

#include "tests/support/test.h"

static const uint64_t offsets[] = {0, 3, 3};
static const mu_dict dict = {.id = 1, .count = 2, .offsets = offsets, .bytes = "buy"};
static const mu_dict no_texts = {.id = 2, .offsets = offsets, .bytes = ""};

typedef struct sample {
    uint64_t live[MU_BATCH_WORDS], valid[MU_BATCH_WORDS], bits[MU_BATCH_WORDS];
    int64_t numbers[MU_BATCH_ROWS];
    double doubles[MU_BATCH_ROWS];
    uint32_t codes[MU_BATCH_ROWS], ordinals[MU_BATCH_ROWS];
    mu_vector columns[6];
    mu_batch batch;
} sample;

/* Five rows; row 1 is null, row 2 not live. */
static void fill(sample *s)
{
    *s = (sample){.live = {0x1b}, .valid = {0x1d}, .bits = {0x19}};
    for (uint32_t row = 0; row < 5; row++) {
        s->numbers[row] = INT64_C(10) * row;
        s->doubles[row] = row / 2.0;
        s->codes[row] = row % 2;
        s->ordinals[row] = row == 3 ? MU_NO_CUSTOMER : row;
    }
    s->columns[0] = (mu_vector){{.kind = MU_BOOLEAN}, s->bits, s->valid, NULL};
    s->columns[1] = (mu_vector){{.kind = MU_BIGINT, .bits = 64}, s->numbers, s->valid, NULL};
    s->columns[2] = (mu_vector){{.kind = MU_DOUBLE}, s->doubles, NULL, NULL};
    s->columns[3] = (mu_vector){{.kind = MU_TEXT}, s->codes, s->valid, &dict};
    s->columns[4] = (mu_vector){{.kind = MU_CUSTOMER}, s->ordinals, NULL, NULL};
    s->columns[5] = (mu_vector){{.kind = MU_DATE}, NULL, NULL, NULL};
    s->batch = (mu_batch){5, 6, s->live, s->columns};
}

static void assert_broken(const sample *s, const char *message)
{
    test_error = (muster_error){0};
    assert_false(mu_batch_check(&s->batch, &test_error));
    assert_message(message);
}

TEST(a_check_finds_every_broken_invariant)
{
    sample s;

    fill(&s);
    assert_true(mu_batch_check(&s.batch, NULL));
    s.live[0] |= 0x20;
    assert_broken(&s, "rows past 5 are live");
    fill(&s);
    s.valid[MU_BATCH_WORDS - 1] |= UINT64_C(1) << 63;
    assert_broken(&s, "column 0 is valid past row 5");
    fill(&s);
    s.codes[2] = 2; /* not live, but valid */
    assert_broken(&s, "column 3, row 2: code 2 of 2");
    fill(&s);
    s.codes[1] = 9; /* null, but the dictionary has texts that it could be */
    assert_broken(&s, "column 3, row 1: code 9 of 2");
    fill(&s);
    s.columns[3].dict = NULL;
    assert_broken(&s, "column 3 has codes, but no dictionary");
    fill(&s);
    s.batch.live = NULL;
    assert_broken(&s, "rows past 5 are live");
    fill(&s);
    s.batch.rows = MU_BATCH_ROWS + 1;
    assert_false(mu_batch_check(&s.batch, &test_error));
    assert_message_has("more than");
}

TEST(a_column_of_nulls_needs_no_texts)
{
    sample s;

    fill(&s);
    memset(s.valid, 0, sizeof s.valid);
    s.columns[3].dict = &no_texts;
    assert_true(mu_batch_check(&s.batch, NULL));
    assert_true(mu_batch_value(&s.batch, 3, 0).null);
}

TEST(a_full_batch_may_have_every_bit_set)
{
    sample s;

    fill(&s);
    memset(s.live, 0xff, sizeof s.live);
    memset(s.valid, 0xff, sizeof s.valid);
    s.batch.rows = MU_BATCH_ROWS;
    assert_true(mu_batch_check(&s.batch, NULL));
}

TEST(a_value_is_read_in_the_form_of_its_type)
{
    sample s;

    fill(&s);
    assert_int_equal(mu_batch_value(&s.batch, 0, 3).i64, 1);
    assert_int_equal(mu_batch_value(&s.batch, 0, 2).i64, 0);
    assert_true(mu_batch_value(&s.batch, 0, 1).null);
    assert_int_equal(mu_batch_value(&s.batch, 1, 4).i64, 40);
    assert_true(mu_batch_value(&s.batch, 2, 3).f64 == 1.5);
    assert_true(mu_text_equal(mu_batch_value(&s.batch, 3, 0).text, MU_TEXT_OF("buy")));
    assert_int_equal(mu_batch_value(&s.batch, 3, 3).text.size, 0);
    assert_false(mu_batch_value(&s.batch, 3, 3).null);
    assert_int_equal(mu_batch_value(&s.batch, 4, 2).ordinal, 2);
    assert_true(mu_batch_value(&s.batch, 4, 3).null);
}

TEST(every_live_row_is_visited_once_in_order)
{
    static const uint32_t wanted[] = {0, 1, 3, 4};
    sample s;
    size_t seen = 0;

    fill(&s);
    MU_FOR_EACH_LIVE(row, &s.batch) {
        assert_true(seen < MU_COUNT(wanted));
        assert_int_equal(row, wanted[seen]);
        seen++;
    }
    assert_int_equal(seen, MU_COUNT(wanted));
}
