/*
 * rowset_test.c - rows that go in come out, by batch and by number, in every type.
 */
#include "query/exec.h"
#include "tests/support/test.h"

enum {
    ROWS = 3 * MU_BATCH_ROWS + 7,
    COLUMNS = 5
};

static const mu_plan_column columns[COLUMNS] = {
    {"flag", {.kind = MU_BOOLEAN}},      {"number", {.kind = MU_BIGINT, .bits = 64}},
    {"real", {.kind = MU_DOUBLE}},       {"text", {.kind = MU_TEXT}},
    {"customer", {.kind = MU_CUSTOMER}},
};

/* Some row, always the same for a number; about a fifth of its values are NULL. */
static void make_row(uint64_t row, mu_value values[COLUMNS])
{
    static const char *const words[] = {"", "a", "金卡", "a longer text"};
    uint64_t random = row * 77 + 1;

    for (uint32_t c = 0; c < COLUMNS; c++) {
        values[c] = (mu_value){.type = columns[c].type, .null = test_random_below(&random, 5) == 0};
    }
    values[0].i64 = row % 3 == 0;
    values[1].i64 = row % 2 ? INT64_MIN + (int64_t)row : (int64_t)row;
    values[2].f64 = (double)row / 3;
    const char *word = words[test_random_below(&random, 4)];
    values[3].text = (mu_text){word, (uint32_t)strlen(word)};
    values[4].ordinal = (uint32_t)row;
}

static void check_value(const mu_value *expected, const mu_value *found)
{
    assert_int_equal(expected->null, found->null);
    if (expected->null) {
        return;
    }
    if (expected->type.kind == MU_TEXT) {
        assert_true(mu_text_equal(expected->text, found->text));
    } else if (expected->type.kind == MU_CUSTOMER) {
        assert_int_equal(expected->ordinal, found->ordinal);
    } else if (expected->type.kind == MU_DOUBLE) {
        assert_true(expected->f64 == found->f64);
    } else {
        assert_true(expected->i64 == found->i64);
    }
}

static mu_rowset *make_rowset(uint64_t rows)
{
    mu_rowset *set;
    mu_value values[COLUMNS];

    assert_ok(mu_rowset_open(columns, COLUMNS, &set, &test_error));
    for (uint64_t row = 0; row < rows; row++) {
        make_row(row, values);
        assert_ok(mu_rowset_add(set, values, &test_error));
    }
    assert_ok(mu_rowset_finish(set, &test_error));
    return set;
}

TEST(rows_come_out_by_number_as_they_went_in)
{
    mu_rowset *set = make_rowset(ROWS);
    mu_value expected[COLUMNS];

    assert_int_equal(mu_rowset_rows(set), ROWS);
    for (uint64_t row = 0; row < ROWS; row++) {
        make_row(row, expected);
        for (uint32_t c = 0; c < COLUMNS; c++) {
            const mu_value found = mu_rowset_value(set, row, c);
            check_value(&expected[c], &found);
        }
    }
    mu_rowset_close(set);
}

TEST(rows_come_out_by_batch_as_they_went_in)
{
    mu_rowset *set = make_rowset(ROWS);
    mu_value expected[COLUMNS];
    uint64_t live[MU_BATCH_WORDS];
    mu_batch batch;
    uint64_t row = 0;

    for (uint32_t b = 0; b < mu_rowset_batches(set); b++) {
        mu_rowset_batch(set, b, live, &batch);
        assert_true(mu_batch_check(&batch, &test_error));
        MU_FOR_EACH_LIVE(r, &batch) {
            make_row(row++, expected);
            for (uint32_t c = 0; c < COLUMNS; c++) {
                const mu_value found = mu_batch_value(&batch, c, r);
                check_value(&expected[c], &found);
            }
        }
    }
    assert_int_equal(row, ROWS);
    mu_rowset_close(set);
}

TEST(only_the_live_rows_of_a_batch_are_kept)
{
    mu_rowset *from = make_rowset(ROWS);
    mu_rowset *set;
    mu_value expected[COLUMNS];
    uint64_t live[MU_BATCH_WORDS];
    mu_batch batch;
    uint64_t kept = 0;

    assert_ok(mu_rowset_open(columns, COLUMNS, &set, &test_error));
    for (uint32_t b = 0; b < mu_rowset_batches(from); b++) {
        mu_rowset_batch(from, b, live, &batch);
        for (uint32_t r = 0; r < batch.rows; r++) {
            if ((b * MU_BATCH_ROWS + r) % 3 != 0) {
                mu_bits_clear(live, r);
            }
        }
        assert_ok(mu_rowset_add_batch(set, &batch, &test_error));
    }
    for (uint64_t row = 0; row < ROWS; row += 3, kept++) {
        make_row(row, expected);
        for (uint32_t c = 0; c < COLUMNS; c++) {
            const mu_value found = mu_rowset_value(set, kept, c);
            check_value(&expected[c], &found);
        }
    }
    assert_int_equal(mu_rowset_rows(set), kept);
    mu_rowset_close(set);
    mu_rowset_close(from);
}

/* The codes of a dictionary that is still being made stay what they are, but there are more. */
TEST(a_dictionary_may_grow_from_batch_to_batch)
{
    enum {
        TEXTS = 3 * MU_BATCH_ROWS
    };
    static const mu_plan_column text = {"text", {.kind = MU_TEXT}};
    mu_dict_builder builder = {0};
    uint32_t codes[MU_BATCH_ROWS];
    uint64_t live[MU_BATCH_WORDS];
    mu_vector column = {.type = text.type, .data = codes, .dict = &builder.dict};
    mu_rowset *set;
    char word[16];

    assert_ok(mu_rowset_open(&text, 1, &set, &test_error));
    for (uint32_t i = 0; i < TEXTS; i++) {
        (void)snprintf(word, sizeof word, "text %u", i);
        const mu_text added = {word, (uint32_t)strlen(word)};
        assert_true(mu_dict_builder_add(&builder, added, &codes[i % MU_BATCH_ROWS]));
        if (i == 0 || (i + 1) % MU_BATCH_ROWS == 0) {
            const uint32_t rows = i == 0 ? 1 : MU_BATCH_ROWS;
            const mu_batch batch = {
                .rows = rows, .column_count = 1, .live = live, .columns = &column};
            mu_bits_fill(live, rows, MU_BATCH_WORDS);
            assert_ok(mu_rowset_add_batch(set, &batch, &test_error));
        }
    }
    for (uint32_t row = 0; row <= TEXTS; row++) {
        const mu_value found = mu_rowset_value(set, row, 0);
        (void)snprintf(word, sizeof word, "text %u", row == 0 ? 0 : row - 1);
        assert_true(mu_text_equal(found.text, (mu_text){word, (uint32_t)strlen(word)}));
    }
    mu_rowset_close(set);
    mu_dict_builder_deinit(&builder);
}

TEST(a_rowset_may_be_empty)
{
    mu_rowset *set = make_rowset(0);

    assert_int_equal(mu_rowset_rows(set), 0);
    assert_int_equal(mu_rowset_batches(set), 0);
    mu_rowset_close(set);
}
