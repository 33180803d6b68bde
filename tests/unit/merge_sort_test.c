/*
 * merge_sort_test.c - the sort that can be stopped, beside one by hand.
 */
#include "storage/base/merge_sort.h"

#include "storage/base/mem.h"
#include "tests/support/test.h"

#include <stdlib.h>

enum {
    MOST = 1000
};

/* An item knows where it was, so that it shows whether equal ones stay as they were. */
typedef struct item {
    uint32_t key;
    uint32_t place;
    uint8_t more[5];
} item;

static int by_key(const void *context, const void *left, const void *right)
{
    const item *x = left, *y = right;
    const int sign = *(const int *)context;

    return sign * ((x->key > y->key) - (x->key < y->key));
}

static void fill(item *items, uint32_t count, uint32_t keys)
{
    for (uint32_t i = 0; i < count; i++) {
        items[i] = (item){.key = (uint32_t)rand() % keys, .place = i};
        memset(items[i].more, (int)(i % 251), sizeof items[i].more);
    }
}

TEST(items_are_put_in_order_and_equal_ones_stay)
{
    static item items[MOST], spare[MOST];

    for (uint32_t round = 0; round < 600; round++) {
        const uint32_t count = round < 40 ? round : (uint32_t)rand() % MOST;
        const int sign = round % 2 ? 1 : -1;
        fill(items, count, 1 + (uint32_t)rand() % 300);
        assert_true(mu_merge_sort(items, spare, count, sizeof *items, by_key, &sign));
        for (uint32_t i = 0; i < count; i++) {
            assert_int_equal(items[i].more[4], items[i].place % 251);
            if (i > 0) {
                const int order = by_key(&sign, &items[i - 1], &items[i]);
                assert_true(order < 0 || (order == 0 && items[i - 1].place < items[i].place));
            }
        }
    }
}

TEST(a_statement_that_is_to_stop_ends_it)
{
    static item items[MOST], spare[MOST];
    const atomic_bool stop = true;
    const int sign = 1;
    mu_account *account = mu_account_open(NULL, SIZE_MAX);

    assert_non_null(account);
    fill(items, MOST, 100);
    mu_account_watch(account, &stop);
    mu_account *const before = mu_account_enter(account);
    assert_false(mu_merge_sort(items, spare, MOST, sizeof *items, by_key, &sign));
    (void)mu_account_enter(before);
    mu_account_close(account);
}
