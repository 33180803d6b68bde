/*
 * pack_test.c - random rows packed from sparse batches are the live rows, in their order.
 */
#include "query/pack.h"

#include "tests/support/expr.h"
#include "tests/support/rows.h"
#include "tests/support/test.h"

enum {
    COLUMNS = 6,
    BATCHES = 3,
    LIVE = MU_BATCH_ROWS / 4 /* at most, in a batch: all of them fit a pack */
};

static const char *const types[COLUMNS] = {"i", "f", "t", "b", "i", "t"};
static uint64_t seed;

/* NULLs are in the last three columns only, and in the last one everywhere. */
static mu_value random_cell(uint32_t column, uint32_t row)
{
    mu_value value = {.type = mu_type_of_letter(types[column][0])};

    value.null = column == COLUMNS - 1 || (column >= 3 && row % 3 == 0);
    switch (mu_type_form(value.type)) {
    case MU_FORM_BITS:
        value.i64 = (int64_t)test_random_below(&seed, 2);
        break;
    case MU_FORM_F64:
        value.f64 = (double)test_random_below(&seed, 1000) / 8;
        break;
    case MU_FORM_CODE:
        value.text = row % 2 == 0 ? (mu_text){.data = "even", .size = 4}
                                  : (mu_text){.data = "odd", .size = 3};
        break;
    case MU_FORM_I64:
    case MU_FORM_ORDINAL:
        value.i64 = (int64_t)test_random_below(&seed, 1000);
        break;
    }
    return value;
}

static void fill_live(uint64_t *live)
{
    memset(live, 0, MU_BATCH_WORDS * sizeof *live);
    for (uint32_t i = 0; i < LIVE; i++) {
        mu_bits_set(live, test_random_below(&seed, MU_BATCH_ROWS));
    }
}

TEST(a_pack_has_the_live_rows_of_its_batches)
{
    static mu_value expected[COLUMNS][MU_BATCH_ROWS];
    mu_plan_column plan_columns[COLUMNS];
    test_vector made[COLUMNS];
    mu_vector columns[COLUMNS];
    uint64_t live[MU_BATCH_WORDS];
    uint32_t rows = 0;
    mu_pack *pack;

    seed = test_seed();
    for (uint32_t c = 0; c < COLUMNS; c++) {
        plan_columns[c] = (mu_plan_column){"column", mu_type_of_letter(types[c][0])};
        made[c] = test_vector_new(plan_columns[c].type);
        for (uint32_t row = 0; row < MU_BATCH_ROWS; row++) {
            const mu_value cell = random_cell(c, row);
            test_vector_set(&made[c], row, &cell);
        }
        columns[c] = test_vector_done(&made[c], MU_BATCH_ROWS, true);
    }
    columns[1].data = NULL; /* not loaded */
    const mu_batch batch = {
        .rows = MU_BATCH_ROWS, .column_count = COLUMNS, .live = live, .columns = columns};
    assert_ok(mu_pack_open(plan_columns, COLUMNS, &pack, &test_error));
    for (uint32_t turn = 0; turn < 2;
         turn++, rows = 0) { /* the second time without NULLs at first */
        for (uint32_t b = 0; b < BATCHES; b++) {
            fill_live(live);
            for (uint32_t row = 0; turn == 1 && b == 0 && row < MU_BATCH_ROWS; row += 3) {
                mu_bits_clear(live, row);
            }
            MU_FOR_EACH_LIVE(row, &batch) {
                for (uint32_t c = 0; c < COLUMNS; c++) {
                    expected[c][rows] = c == 1 ? (mu_value){0} : mu_vector_value(&columns[c], row);
                }
                rows++;
            }
            mu_pack_add(pack, &batch);
            assert_int_equal(mu_pack_rows(pack), rows);
        }
        const mu_batch *packed = mu_pack_take(pack);
        assert_ok(mu_batch_check(packed, &test_error) ? MUSTER_OK : MUSTER_CORRUPT);
        assert_int_equal(packed->rows, rows);
        assert_null(packed->columns[1].data);
        assert_null(packed->columns[0].valid);
        for (uint32_t row = 0; row < rows; row++) {
            for (uint32_t c = 0; c < COLUMNS; c += 1 + (c == 0)) {
                const mu_value found = mu_batch_value(packed, c, row);
                assert_true(test_value_equal(&found, &expected[c][row]));
            }
        }
        assert_int_equal(mu_pack_rows(pack), 0);
    }
    mu_pack_close(pack);
    test_scope_end();
}
