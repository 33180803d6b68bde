/*
 * rows.h - random rows of an event table, value by value: what segments, scans and gathers are
 * held against.
 *
 * The table has a column of every form, text with and without a dictionary, and one that is
 * mostly NULL. Rows come sorted as a segment wants them, with ties.
 */
#ifndef MU_TEST_ROWS_H
#define MU_TEST_ROWS_H

#include "storage/segment.h"

enum {
    TEST_CUSTOMER,
    TEST_TS,
    TEST_EVENT, /* a few texts, in a dictionary */
    TEST_QUANTITY,
    TEST_AMOUNT,
    TEST_PRICE,
    TEST_PAID,
    TEST_NOTE,   /* text without a dictionary */
    TEST_COUPON, /* mostly NULL, in a dictionary */
    TEST_DAY,
    TEST_COLUMNS,
};

extern const mu_table test_table;

typedef struct test_row {
    mu_value cells[TEST_COLUMNS];
    uint32_t arrival;
} test_row;

typedef struct test_shape {
    uint32_t rows;
    uint32_t customers;      /* drawn from [0, customers), but for nobody */
    uint32_t nobody_percent; /* rows of nobody */
    uint32_t null_percent;   /* of the columns that may be NULL */
    int64_t min_us;
    uint64_t times; /* drawn from [min_us, min_us + times * 1000), whole milliseconds */
} test_shape;

/* Sorted by (customer, time, arrival), nobody last. All memory is the arena's. */
test_row *test_rows(mu_arena *arena, uint64_t *state, const test_shape *shape);

/* Orders rows as test_rows() does: for qsort(). */
int test_row_compare(const void *a, const void *b);

bool test_value_equal(const mu_value *a, const mu_value *b); /* -0.0 differs from 0.0 */

/* Writes the rows, in their order, as a segment of the first `column_count` columns of test_table,
 * in blocks of at most `block_rows`. */
muster_status test_write_segment(const char *directory, uint64_t file, uint32_t column_count,
                                 const test_row *rows, uint32_t row_count, uint32_t block_rows,
                                 mu_segment_info *info, muster_error *err);

#endif
