/* mem_test.c - sizes around every border, the count of bytes in use, injected failures. */
#include "storage/base/mem.h"

#include "tests/support/test.h"

#include <pthread.h>

enum {
    MIB = 1 << 20
};

static const size_t sizes[] = {0, 1, 15, 16, 17, 4096, MIB - 1, MIB, MIB + 1, 3 * MIB + 5};

static void check_alignment(const void *memory, size_t size)
{
    assert_non_null(memory);
    assert_int_equal((uintptr_t)memory % (size >= MIB ? 64 : 16), 0);
}

TEST(memory_is_aligned_and_counted)
{
    const size_t before = mu_mem_used();

    for (size_t i = 0; i < MU_COUNT(sizes); i++) {
        uint8_t *memory = mu_mem_alloc(sizes[i]);
        uint8_t *zeros = mu_mem_zalloc(sizes[i]);
        check_alignment(memory, sizes[i]);
        check_alignment(zeros, sizes[i]);
        assert_int_equal(mu_mem_used(), before + 2 * sizes[i]);
        memset(memory, 0xee, sizes[i]);
        for (size_t at = 0; at < sizes[i]; at++) {
            if (zeros[at] != 0) {
                fail_msg("byte %zu of %zu is not zero", at, sizes[i]);
            }
        }
        mu_mem_free(zeros);
        mu_mem_free(memory);
        assert_int_equal(mu_mem_used(), before);
    }
}

TEST(realloc_keeps_what_fits_between_any_two_sizes)
{
    const size_t before = mu_mem_used();

    for (size_t i = 0; i < MU_COUNT(sizes); i++) {
        for (size_t j = 0; j < MU_COUNT(sizes); j++) {
            const size_t kept = sizes[i] < sizes[j] ? sizes[i] : sizes[j];
            uint8_t *memory = mu_mem_realloc(NULL, sizes[i]);
            assert_non_null(memory);
            for (size_t at = 0; at < sizes[i]; at++) {
                memory[at] = (uint8_t)(at * 31 + at / 251);
            }
            memory = mu_mem_realloc(memory, sizes[j]);
            check_alignment(memory, sizes[j]);
            assert_int_equal(mu_mem_used(), before + sizes[j]);
            for (size_t at = 0; at < kept; at++) {
                if (memory[at] != (uint8_t)(at * 31 + at / 251)) {
                    fail_msg("byte %zu is lost from %zu to %zu", at, sizes[i], sizes[j]);
                }
            }
            mu_mem_free(memory);
        }
    }
    assert_int_equal(mu_mem_used(), before);
}

TEST(sizes_that_overflow_are_out_of_memory)
{
    assert_null(mu_mem_alloc(SIZE_MAX));
    assert_null(mu_mem_zalloc(SIZE_MAX - 16));
    assert_null(mu_mem_alloc_array(SIZE_MAX / 8, 16));
    assert_null(mu_mem_zalloc_array(SIZE_MAX / 2, 3));
    uint8_t *memory = mu_mem_alloc(10);
    assert_null(mu_mem_realloc(memory, SIZE_MAX - 1));
    memset(memory, 1, 10); /* still ours */
    mu_mem_free(memory);
    mu_mem_free(NULL);
    mu_mem_free(mu_mem_alloc_array(0, 16));
    mu_mem_free(mu_mem_zalloc_array(16, 0));
}

TEST(reserve_grows_and_keeps)
{
    uint32_t *array = NULL;
    size_t capacity = 0, moves = 0;

    for (uint32_t n = 0; n < 10000; n++) {
        const size_t before = capacity;
        assert_true(mu_mem_reserve(&array, &capacity, n + 1, sizeof *array));
        assert_true(capacity > n);
        moves += capacity != before;
        array[n] = n;
    }
    assert_true(moves <= 15); /* doubling */
    for (uint32_t n = 0; n < 10000; n++) {
        assert_int_equal(array[n], n);
    }
    mu_mem_fail_at(0, false);
    const size_t before = capacity;
    uint32_t *old = array;
    assert_false(mu_mem_reserve(&array, &capacity, capacity + 1, sizeof *array));
    assert_int_equal(capacity, before);
    assert_ptr_equal(array, old);
    assert_false(mu_mem_reserve(&array, &capacity, SIZE_MAX, sizeof *array));
    assert_true(mu_mem_reserve(&array, &capacity, 1, sizeof *array));
    mu_mem_free(array);
}

TEST(the_allocation_that_was_named_fails)
{
    for (uint64_t n = 0; n < 6; n++) {
        void *memory[6];

        mu_mem_fail_at(n, false);
        for (uint64_t i = 0; i < 6; i++) {
            memory[i] = i % 2 ? mu_mem_alloc(8) : mu_mem_zalloc(8);
            assert_true((memory[i] == NULL) == (i == n));
        }
        for (uint64_t i = 0; i < 6; i++) {
            mu_mem_free(memory[i]);
        }
    }
    mu_mem_fail_at(2, true);
    void *first = mu_mem_alloc(1);
    void *second = mu_mem_realloc(first, 100);
    assert_non_null(second);
    assert_null(mu_mem_alloc(1));
    assert_null(mu_mem_realloc(second, 200));
    assert_null(mu_mem_zalloc(1));
    mu_mem_fail_at(UINT64_MAX, false);
    second = mu_mem_realloc(second, 200);
    assert_non_null(second);
    mu_mem_free(second);
}

static void *churn(void *argument)
{
    uint64_t state = *(const uint64_t *)argument;

    for (unsigned i = 0; i < 5000; i++) {
        void *memory = mu_mem_alloc((size_t)test_random(&state) % 500);
        memory = memory ? mu_mem_realloc(memory, (size_t)test_random(&state) % 900) : NULL;
        if (memory) {
            mu_mem_free(memory);
        }
    }
    return NULL;
}

TEST(threads_count_together)
{
    const size_t before = mu_mem_used();
    uint64_t seeds[4];
    pthread_t threads[4];

    for (size_t i = 0; i < 4; i++) {
        seeds[i] = test_seed() + i;
        assert_int_equal(pthread_create(&threads[i], NULL, churn, &seeds[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(mu_mem_used(), before);
}

TEST(an_account_has_a_limit_and_those_above_it_too)
{
    mu_account *database = mu_account_open(NULL, 10000);
    mu_account *one = mu_account_open(database, SIZE_MAX), *other = mu_account_open(database, 3000);

    assert_null(mu_account_enter(one));
    void *memory = mu_mem_alloc(5000);
    assert_non_null(memory);
    assert_null(mu_mem_alloc(6000));
    assert_status(MUSTER_NOMEM, mu_fail_memory(&test_error, "grouping"));
    assert_string_equal(test_error.message,
                        "out of memory grouping: 6.0 KB more would pass the memory limit of 10.0 "
                        "KB, with 5.0 KB in use; SET memory_limit raises it, or ask for less at a "
                        "time");
    assert_ptr_equal(mu_account_enter(other), one);
    assert_null(mu_mem_alloc(4000)); /* its own limit */
    mu_account_set_limit(other, SIZE_MAX);
    void *more = mu_mem_alloc(4000);
    assert_non_null(more);
    assert_true(mu_account_used(database) >= 9000);
    mu_mem_free(memory); /* goes back to the account that it came from */
    assert_int_equal(mu_account_used(one), 0);
    assert_true(mu_account_peak(one) >= 5000 && mu_account_peak(one) < 5100);
    mu_mem_free(more);
    mu_account_enter(NULL);
    assert_int_equal(mu_account_used(database), 0);
    mu_account_close(other);
    mu_account_close(one);
    mu_account_close(database);
}

/* What one part of a statement holds may have an account of its own; it is to stop all the same. */
TEST(an_account_is_to_stop_when_the_one_above_it_is)
{
    atomic_bool stop = false;
    mu_account *above = mu_account_open(NULL, SIZE_MAX);

    mu_account_watch(above, &stop);
    mu_account *below = mu_account_open(above, SIZE_MAX);
    mu_account *before = mu_account_enter(below);
    assert_false(mu_stopped());
    atomic_store(&stop, true);
    assert_true(mu_stopped());
    mu_account_enter(before);
    mu_account_close(below);
    mu_account_close(above);
}

TEST(what_outlives_its_account_is_in_nobodys_name)
{
    mu_account *database = mu_account_open(NULL, SIZE_MAX);
    mu_account *statement = mu_account_open(database, SIZE_MAX);

    mu_account_enter(statement);
    void *cache = mu_mem_alloc(1000), *other = mu_mem_alloc(MIB);
    mu_account_enter(NULL);
    mu_account_close(statement);
    assert_int_equal(mu_account_used(database), 0);
    cache = mu_mem_realloc(cache, 2000);
    mu_mem_free(other);
    mu_mem_free(cache);
    assert_int_equal(mu_account_used(database), 0);
    mu_account_close(database);
}

static void *free_it(void *memory)
{
    mu_mem_free(memory);
    return NULL;
}

TEST(an_account_is_closed_while_others_free)
{
    mu_account *database = mu_account_open(NULL, SIZE_MAX);

    for (int round = 0; round < 200; round++) {
        mu_account *statement = mu_account_open(database, SIZE_MAX);
        pthread_t thread;
        mu_account_enter(statement);
        void *memory = mu_mem_alloc(1000);
        mu_account_enter(NULL);
        assert_int_equal(pthread_create(&thread, NULL, free_it, memory), 0);
        mu_account_close(statement);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_equal(mu_account_used(database), 0);
    }
    mu_account_close(database);
}
