/*
 * sort_test.c - rows of several rowsets in order, compared with qsort() and a comparison of values.
 */
#include "query/func.h"
#include "query/sort.h"
#include "storage/base/mem.h"
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>

enum {
    COLUMNS = 7, /* the last is the number of the row */
    SETS = 3,
    ROWS_MOST = 400000
};

static const mu_plan_column columns[COLUMNS] = {
    {"n", {.kind = MU_BIGINT, .bits = 64}},
    {"f", {.kind = MU_DOUBLE}},
    {"t", {.kind = MU_TEXT}},
    {"long", {.kind = MU_TEXT}},
    {"b", {.kind = MU_BOOLEAN}},
    {"c", {.kind = MU_CUSTOMER}},
    {"row", {.kind = MU_BIGINT, .bits = 64}},
};

typedef struct fixture {
    mu_value (*values)[COLUMNS];
    char *texts;
    size_t rows;
    mu_sort_key keys[COLUMNS];
    uint32_t key_count;
} fixture;

static fixture f;

static int64_t any_integer(uint64_t *random)
{
    static const int64_t odd[] = {INT64_MIN, INT64_MAX, -1, 0, 1};

    switch (test_random_below(random, 4)) {
    case 0:
        return odd[test_random_below(random, MU_COUNT(odd))];
    case 1:
        return (int64_t)test_random(random);
    default:
        return (int64_t)test_random_below(random, 20) - 10;
    }
}

static double any_double(uint64_t *random)
{
    const double odd[] = {-HUGE_VAL, HUGE_VAL, 0.0, -0.0, (double)NAN, 1e-300, -1e300};

    return test_random_below(random, 3) == 0 ? odd[test_random_below(random, MU_COUNT(odd))]
                                             : ((double)test_random_below(random, 1000) - 500) / 8;
}

/* Few texts; or many, all of which begin alike, some of them with a 0 byte inside. */
static mu_text any_text(uint64_t *random, bool many, char *room)
{
    const unsigned number = (unsigned)test_random_below(random, many ? 50000 : 9);
    const int size = snprintf(room, 40, many ? "customers-of-the-shop-%x" : "%.*s",
                              many ? number : number % 5, "abcdefgh");

    if (many && number % 7 == 0) {
        room[size - 1] = '\0';
    }
    return (mu_text){room, (uint32_t)size};
}

static void make_row(uint64_t *random, size_t row, unsigned null_percent)
{
    mu_value *values = f.values[row];
    char *room = f.texts + row * 80;

    for (int c = 0; c < COLUMNS; c++) {
        values[c] = (mu_value){.type = columns[c].type};
        values[c].null = c < COLUMNS - 1 && test_random_below(random, 100) < null_percent;
    }
    values[0].i64 = any_integer(random);
    values[1].f64 = any_double(random);
    values[2].text = any_text(random, false, room);
    values[3].text = any_text(random, true, room + 40);
    values[4].i64 = (int64_t)test_random_below(random, 2);
    values[5].ordinal = (uint32_t)test_random_below(random, 100);
    values[6].i64 = (int64_t)row;
}

static int compare_by(const mu_value *a, const mu_value *b, const mu_sort_key *key)
{
    const mu_value *x = &a[key->column], *y = &b[key->column];

    if (x->null || y->null) {
        return x->null == y->null ? 0 : x->null == key->nulls_first ? -1 : 1;
    }
    const int order = mu_value_compare(x, y);
    return key->descending ? -order : order;
}

static int compare_rows(const void *left, const void *right)
{
    const mu_value *a = f.values[*(const size_t *)left];
    const mu_value *b = f.values[*(const size_t *)right];

    for (uint32_t k = 0; k < f.key_count + COLUMNS; k++) {
        const mu_sort_key rest = {.column = k - f.key_count};
        const int order = compare_by(a, b, k < f.key_count ? &f.keys[k] : &rest);
        if (order != 0) {
            return order;
        }
    }
    return 0;
}

static void make_keys(uint64_t *random)
{
    f.key_count = (uint32_t)test_random_below(random, 4);
    for (uint32_t k = 0; k < f.key_count; k++) {
        f.keys[k] = (mu_sort_key){.column = (uint32_t)test_random_below(random, COLUMNS - 1),
                                  .descending = test_random_below(random, 2) == 0,
                                  .nulls_first = test_random_below(random, 2) == 0};
    }
}

static void make_sets(uint64_t *random, mu_rowset **sets)
{
    for (int s = 0; s < SETS - 1; s++) { /* the last stays NULL: a worker that had nothing to do */
        assert_ok(mu_rowset_open(columns, COLUMNS, &sets[s], &test_error));
    }
    sets[SETS - 1] = NULL;
    for (size_t row = 0; row < f.rows; row++) {
        mu_rowset *set = sets[test_random_below(random, SETS - 1)];
        assert_ok(mu_rowset_add(set, f.values[row], &test_error));
    }
}

static mu_exec *open_exec(mu_pool *pool)
{
    static const mu_value zero = {.type = {.kind = MU_BIGINT, .bits = 64}};
    static const mu_plan values = {.kind = MU_PLAN_VALUES,
                                   .column_count = 1,
                                   .columns = columns,
                                   .values = {.row_count = 1, .values = &zero}};
    const mu_exec_options options = {.pool = pool};
    mu_exec *exec;

    assert_ok(mu_exec_open(&options, &values, &exec, &test_error));
    return exec;
}

static void check_order(mu_exec *exec, bool alone, mu_rowset **sets, const size_t *wanted,
                        size_t most)
{
    const mu_sort_item *items;
    uint64_t count;
    mu_rowset *out;
    mu_sort *sort;

    assert_ok(mu_rowset_open(columns, COLUMNS, &out, &test_error));
    assert_ok(mu_sort_open(exec, alone, f.keys, f.key_count, sets, SETS, &sort, &test_error));
    assert_ok(mu_sort_run(sort, &items, &count, &test_error));
    assert_int_equal(count, f.rows);
    count = count < most ? count : most;
    assert_ok(mu_rowset_gather(exec, alone, sets, SETS, items, count, out, &test_error));
    mu_sort_close(sort);
    assert_int_equal(mu_rowset_rows(out), count);
    for (size_t row = 0; row < count; row++) {
        const mu_value *values = f.values[wanted[row]];
        assert_int_equal(mu_rowset_value(out, row, COLUMNS - 1).i64, wanted[row]);
        for (uint32_t c = 0; c < COLUMNS; c++) {
            const mu_value value = mu_rowset_value(out, row, c);
            assert_int_equal(value.null, values[c].null);
            assert_true(value.null || mu_value_compare(&value, &values[c]) == 0);
        }
    }
    assert_ok(mu_rowset_finish(out, &test_error));
    mu_rowset_close(out);
}

static void check(uint64_t *random, mu_pool *pool, size_t rows, unsigned null_percent)
{
    mu_rowset *sets[SETS];
    mu_exec *exec = open_exec(pool);
    size_t *wanted = mu_mem_alloc_array(rows, sizeof *wanted);

    f.rows = rows;
    for (size_t row = 0; row < rows; row++) {
        wanted[row] = row;
        make_row(random, row, null_percent);
    }
    make_keys(random);
    make_sets(random, sets);
    if (rows > 0) {
        qsort(wanted, rows, sizeof *wanted, compare_rows);
    }
    check_order(exec, test_random_below(random, 2) == 0, sets, wanted,
                test_random_below(random, 3) == 0 ? test_random_below(random, 20) : SIZE_MAX);
    for (int s = 0; s < SETS; s++) {
        mu_rowset_close(sets[s]);
    }
    mu_mem_free(wanted);
    mu_exec_close(exec);
}

TEST(rows_come_in_the_order_of_their_values)
{
    static const size_t sizes[] = {0, 1, 5, 60, 300, 3000, 20000};
    uint64_t random = test_seed();
    mu_pool *pool;

    f.values = mu_mem_alloc_array(ROWS_MOST, sizeof *f.values);
    f.texts = mu_mem_alloc_array(ROWS_MOST, 80);
    assert_ok(mu_pool_open(4, &pool, &test_error));
    for (int i = 0; i < 60; i++) {
        check(&random, i % 2 == 0 ? pool : NULL, sizes[test_random_below(&random, MU_COUNT(sizes))],
              i % 3 == 0 ? 0 : 10);
    }
    check(&random, pool, ROWS_MOST, 10);
    mu_pool_close(pool);
    mu_mem_free(f.values);
    mu_mem_free(f.texts);
}
