/*
 * rows.c - random rows, and the plainest way to a segment from them.
 */
#include "tests/support/rows.h"

#include "storage/base/bits.h"
#include "storage/base/mem.h"
#include "tests/support/test.h"

#include <stdlib.h>

static const mu_column columns[TEST_COLUMNS] = {
    {"customer", 0, {.kind = MU_CUSTOMER}, MU_ROLE_CUSTOMER, false, 0, NULL},
    {"ts", 1, {.kind = MU_TIMESTAMP}, MU_ROLE_TIME, false, 0, NULL},
    {"event", 2, {.kind = MU_TEXT}, MU_ROLE_EVENT, false, 0, NULL},
    {"quantity", 3, {.kind = MU_BIGINT, .bits = 64}, MU_ROLE_NONE, false, 0, NULL},
    {"amount", 5, {.kind = MU_DECIMAL, .precision = 12, .scale = 2}, MU_ROLE_NONE, false, 0, NULL},
    {"price", 6, {.kind = MU_DOUBLE}, MU_ROLE_NONE, false, 0, NULL},
    {"paid", 7, {.kind = MU_BOOLEAN}, MU_ROLE_NONE, false, 0, NULL},
    {"note", 8, {.kind = MU_TEXT}, MU_ROLE_NONE, false, 0, NULL},
    {"coupon", 9, {.kind = MU_TEXT}, MU_ROLE_NONE, false, 0, NULL},
    {"day", 12, {.kind = MU_DATE}, MU_ROLE_NONE, false, 0, NULL},
};

const mu_table test_table = {
    .name = "events",
    .id = 3,
    .period = MU_UNIT_MONTH,
    .column_count = TEST_COLUMNS,
    .columns = columns,
    .customer_column = TEST_CUSTOMER,
    .time_column = TEST_TS,
    .event_column = TEST_EVENT,
};

/* Rows. */

static mu_value number(uint32_t column, int64_t value)
{
    return (mu_value){.type = columns[column].type, .i64 = value};
}

static mu_value text(mu_arena *arena, uint32_t column, const char *prefix, uint64_t number_in_it)
{
    char *data = mu_arena_printf(arena, "%s%llu", prefix, (unsigned long long)number_in_it);

    return (mu_value){.type = columns[column].type,
                      .text = {data ? data : "", data ? (uint32_t)strlen(data) : 0}};
}

static mu_value random_cell(mu_arena *arena, uint64_t *state, uint32_t column)
{
    static const double prices[] = {0.0, 0.5, 19.99, 1e300, 4.0, 12.25};
    mu_value price = {.type = columns[TEST_PRICE].type};

    switch (column) {
    case TEST_EVENT:
        return text(arena, column, "event ", test_random_below(state, 7));
    case TEST_QUANTITY:
        return number(column,
                      (int64_t)(test_random(state) >> 1 >> test_random_below(state, 60)) - 1000);
    case TEST_AMOUNT:
        return number(column, (int64_t)test_random_below(state, 100) * 50);
    case TEST_PRICE:
        price.f64 = prices[test_random_below(state, MU_COUNT(prices))];
        return price;
    case TEST_PAID:
        return number(column, (int64_t)test_random_below(state, 2));
    case TEST_NOTE:
        return text(arena, column, test_random(state) % 2 ? "note " : "", test_random(state));
    case TEST_COUPON:
        return text(arena, column, "c", test_random_below(state, 300));
    default:
        return number(column, 19000 + (int64_t)test_random_below(state, 40));
    }
}

static void fill_row(mu_arena *arena, uint64_t *state, const test_shape *shape, test_row *row)
{
    const bool nobody = test_random_below(state, 100) < shape->nobody_percent;
    const uint64_t customer = test_random_below(state, shape->customers);

    row->cells[TEST_CUSTOMER] = (mu_value){.type = columns[TEST_CUSTOMER].type,
                                           .null = nobody,
                                           .ordinal = nobody ? MU_NO_CUSTOMER : (uint32_t)customer};
    row->cells[TEST_TS] =
        number(TEST_TS, shape->min_us + (int64_t)test_random_below(state, shape->times) * 1000);
    for (uint32_t i = TEST_EVENT; i < TEST_COLUMNS; i++) {
        const uint32_t percent =
            i == TEST_COUPON && shape->null_percent > 0 ? 95 : shape->null_percent;
        row->cells[i] = random_cell(arena, state, i);
        if (test_random_below(state, 100) < percent) {
            row->cells[i] = (mu_value){.type = columns[i].type, .null = true};
        }
    }
}

int test_row_compare(const void *a, const void *b)
{
    const test_row *x = a, *y = b;
    const uint32_t x_ordinal = x->cells[TEST_CUSTOMER].ordinal;
    const uint32_t y_ordinal = y->cells[TEST_CUSTOMER].ordinal;
    const int64_t x_time = x->cells[TEST_TS].i64, y_time = y->cells[TEST_TS].i64;

    if (x_ordinal != y_ordinal) {
        return x_ordinal < y_ordinal ? -1 : 1;
    }
    if (x_time != y_time) {
        return x_time < y_time ? -1 : 1;
    }
    return x->arrival < y->arrival ? -1 : x->arrival > y->arrival;
}

test_row *test_rows(mu_arena *arena, uint64_t *state, const test_shape *shape)
{
    test_row *rows = MU_NEW_ARRAY(arena, test_row, shape->rows);

    assert_non_null(rows);
    for (uint32_t i = 0; i < shape->rows; i++) {
        fill_row(arena, state, shape, &rows[i]);
        rows[i].arrival = i;
    }
    qsort(rows, shape->rows, sizeof *rows, test_row_compare);
    return rows;
}

bool test_value_equal(const mu_value *a, const mu_value *b)
{
    if (a->null || b->null) {
        return a->null == b->null;
    }
    switch (mu_type_form(a->type)) {
    case MU_FORM_CODE:
        return mu_text_equal(a->text, b->text);
    case MU_FORM_ORDINAL:
        return a->ordinal == b->ordinal;
    case MU_FORM_F64:
    case MU_FORM_BITS:
    case MU_FORM_I64:
        break;
    }
    return a->i64 == b->i64; /* which for doubles are their bits */
}

/* A segment of them. */

/* Everything of a segment being written; the arena frees it. */
typedef struct sink {
    mu_arena arena;
    mu_table table;
    mu_dict_builder texts[TEST_COLUMNS];
    const mu_dict *dicts[TEST_COLUMNS];
    uint32_t *ordinals;
    mu_block_column columns[TEST_COLUMNS];
    mu_segment_writer *writer;
} sink;

/* The sorted dictionary of a column's texts. */
static const mu_dict *make_dict(sink *s, uint32_t column, const test_row *rows, uint32_t row_count)
{
    mu_dict_builder all = {0};
    uint32_t *order, *rank, code;

    for (uint32_t i = 0; i < row_count; i++) {
        if (!rows[i].cells[column].null) {
            assert_true(mu_dict_builder_add(&all, rows[i].cells[column].text, &code));
        }
    }
    assert_true(mu_dict_builder_sort(&all, &order, &rank));
    for (uint32_t i = 0; i < all.dict.count; i++) {
        assert_true(
            mu_dict_builder_add(&s->texts[column], mu_dict_text(&all.dict, order[i]), &code));
    }
    mu_mem_free(order);
    mu_mem_free(rank);
    mu_dict_builder_deinit(&all);
    s->texts[column].dict.sorted = true;
    return &s->texts[column].dict;
}

/* Values at nulls are nonsense on purpose: the writer must not look at them. */
static void fill_column(sink *s, uint32_t column, const test_row *rows, uint32_t count)
{
    int64_t *i64 = MU_NEW_ARRAY(&s->arena, int64_t, count);
    double *f64 = MU_NEW_ARRAY(&s->arena, double, count);
    uint32_t *codes = MU_NEW_ARRAY(&s->arena, uint32_t, count);
    mu_text *texts = MU_NEW_ARRAY(&s->arena, mu_text, count);
    uint64_t *valid = MU_NEW_ARRAY(&s->arena, uint64_t, mu_bits_words(count));
    const mu_form form = mu_type_form(columns[column].type);
    const bool has_dict = s->dicts[column] != NULL;

    for (uint32_t i = 0; i < count; i++) {
        const mu_value *cell = &rows[i].cells[column];
        i64[i] = cell->null ? INT64_MAX - i : cell->i64;
        f64[i] = cell->null ? -1e9 : cell->f64;
        texts[i] = cell->null || form != MU_FORM_CODE ? MU_TEXT_OF("nonsense") : cell->text;
        codes[i] = has_dict && !cell->null ? mu_dict_find(s->dicts[column], cell->text) : 0;
        if (!cell->null) {
            mu_bits_set(valid, i);
        }
    }
    s->columns[column] = (mu_block_column){
        .i64 = form == MU_FORM_I64 || form == MU_FORM_BITS ? i64 : NULL,
        .f64 = form == MU_FORM_F64 ? f64 : NULL,
        .codes = form == MU_FORM_CODE && has_dict ? codes : NULL,
        .text = form == MU_FORM_CODE && !has_dict ? texts : NULL,
        .valid = valid,
    };
}

static uint32_t stripe_of(const test_row *row)
{
    const mu_value *customer = &row->cells[TEST_CUSTOMER];

    return customer->null ? MU_NOBODY : customer->ordinal / MU_STRIPE_ROWS;
}

static muster_status write_block(sink *s, const test_row *rows, uint32_t count, muster_error *err)
{
    const uint32_t stripe = stripe_of(rows);

    s->ordinals = MU_NEW_ARRAY(&s->arena, uint32_t, count);
    for (uint32_t i = 0; i < count; i++) {
        s->ordinals[i] = rows[i].cells[TEST_CUSTOMER].ordinal;
    }
    for (uint32_t column = TEST_TS; column < s->table.column_count; column++) {
        fill_column(s, column, rows, count);
    }
    return mu_segment_writer_add(s->writer, stripe, count, stripe == MU_NOBODY ? NULL : s->ordinals,
                                 s->columns, err);
}

static muster_status write_blocks(sink *s, const test_row *rows, uint32_t row_count,
                                  uint32_t block_rows, muster_error *err)
{
    uint32_t first = 0;

    while (first < row_count) {
        uint32_t end = first + 1;
        while (end < row_count && end - first < block_rows &&
               stripe_of(&rows[end]) == stripe_of(&rows[first])) {
            end++;
        }
        MU_TRY(write_block(s, &rows[first], end - first, err));
        first = end;
    }
    return MUSTER_OK;
}

muster_status test_write_segment(const char *directory, uint64_t file, uint32_t column_count,
                                 const test_row *rows, uint32_t row_count, uint32_t block_rows,
                                 mu_segment_info *info, muster_error *err)
{
    sink s = {.table = test_table};
    muster_status status;

    s.table.column_count = column_count;
    for (uint32_t i = 0; i < column_count; i++) {
        if (i == TEST_EVENT || i == TEST_COUPON) {
            s.dicts[i] = make_dict(&s, i, rows, row_count);
        }
    }
    status = mu_segment_writer_open(directory, file, &s.table, 0, s.dicts, &s.writer, err);
    if (status == MUSTER_OK) {
        status = write_blocks(&s, rows, row_count, block_rows, err);
        if (status == MUSTER_OK) {
            status = mu_segment_writer_finish(s.writer, false, info, err);
        } else {
            mu_segment_writer_abort(s.writer);
        }
    }
    for (uint32_t i = 0; i < column_count; i++) {
        mu_dict_builder_deinit(&s.texts[i]);
    }
    mu_arena_deinit(&s.arena);
    return status;
}
