/*
 * expr.h - expressions and batches for tests: values written as text with a letter of their type.
 *
 *     "i 5"  "f 0.5"  "n2 12.50"  "t abc"  "b true"  "d 2024-05-01"  "s 2024-05-01 09:00:00"
 *     "v 01:30:00"  "i NULL"
 */
#ifndef MU_TEST_EXPR_H
#define MU_TEST_EXPR_H

#include "query/eval.h"
#include "query/func.h"

/* A scope without a snapshot, in an arena that ends with test_scope_end(). now() is 2024-05-17
 * 12:34:56. */
const mu_scope *test_scope(void);
void test_scope_end(void);

mu_value test_value(const char *text);
/* The same notation, of a value. The text is good until the scope ends. */
const char *test_show(const mu_value *value);

const mu_expr *test_const(const char *text);
const mu_expr *test_column(uint32_t column, mu_type type);

/* A column of a batch, filled value by value; memory ends with the scope. NULLs are allowed in it.
 */
typedef struct test_vector {
    mu_type type;
    void *data;
    uint64_t *valid;
    mu_dict_builder *texts;
} test_vector;
test_vector test_vector_new(mu_type type);
void test_vector_set(test_vector *vector, uint32_t row, const mu_value *value);
/* A text column's dictionary is sorted, as a segment's is, if `sorted`. */
mu_vector test_vector_done(test_vector *vector, uint32_t rows, bool sorted);

#endif
