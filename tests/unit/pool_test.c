/* pool_test.c - every item once, workers apart, the lowest failure, cancelling, many callers. */
#include "storage/base/pool.h"

#include "storage/base/mem.h"
#include "tests/support/test.h"

#include <pthread.h>
#include <sched.h>

enum {
    ITEMS = 5000,
    THREADS = 4
};

typedef struct tally {
    mu_pool *pool;
    _Atomic uint32_t runs[ITEMS];
    _Atomic uint64_t total;
    uint64_t fail_from; /* this item and every third after it fail */
    uint64_t cancel_at;
    atomic_bool busy[THREADS];
    atomic_bool mixed; /* two threads were the same worker */
    atomic_bool cancel;
} tally;

static muster_status count_item(void *context, uint32_t worker, uint64_t item, muster_error *err)
{
    tally *t = context;

    if (worker >= THREADS || atomic_exchange(&t->busy[worker], true)) {
        atomic_store(&t->mixed, true);
    }
    atomic_fetch_add(&t->runs[item], 1);
    atomic_fetch_add(&t->total, 1);
    if (item % 64 == 0) {
        sched_yield(); /* let others in between */
    }
    if (item == t->cancel_at) {
        atomic_store(&t->cancel, true);
    }
    while (item > t->cancel_at && !atomic_load(&t->cancel)) {
        sched_yield(); /* however the threads are scheduled, few items run after the flag is set */
    }
    atomic_store(&t->busy[worker], false);
    if (item >= t->fail_from && (item - t->fail_from) % 3 == 0) {
        return mu_fail(err, MUSTER_CORRUPT, "item %u", (unsigned)item);
    }
    return MUSTER_OK;
}

static void start(tally *t)
{
    memset(t, 0, sizeof *t);
    t->fail_from = UINT64_MAX;
    t->cancel_at = UINT64_MAX;
}

TEST(every_item_runs_once)
{
    static tally t;

    for (uint32_t threads = 0; threads <= THREADS; threads++) {
        mu_pool *pool = NULL;
        if (threads > 0) {
            assert_ok(mu_pool_open(threads, &pool, &test_error));
            assert_int_equal(mu_pool_threads(pool), threads);
        }
        for (uint64_t count = 0; count <= ITEMS; count = count * 3 + 1) {
            start(&t);
            assert_ok(mu_pool_run(pool, count, count_item, &t, &t.cancel, &test_error));
            for (uint64_t i = 0; i < ITEMS; i++) {
                assert_int_equal(t.runs[i], i < count);
            }
            assert_false(t.mixed);
        }
        mu_pool_close(pool);
    }
}

TEST(the_lowest_failure_is_returned_and_the_rest_is_left)
{
    static tally t;

    for (uint32_t threads = 1; threads <= THREADS; threads++) {
        mu_pool *pool;
        assert_ok(mu_pool_open(threads, &pool, &test_error));
        for (uint64_t from = 0; from < 400; from += 7) {
            char expected[32];
            start(&t);
            t.fail_from = from;
            (void)snprintf(expected, sizeof expected, "item %u", (unsigned)from);
            assert_status(MUSTER_CORRUPT,
                          mu_pool_run(pool, ITEMS, count_item, &t, NULL, &test_error));
            assert_message(expected);
            for (uint64_t i = 0; i <= from; i++) {
                assert_int_equal(t.runs[i], 1);
            }
            /* Every third fails, so each thread runs at most two more before it stops. */
            assert_in_range(t.total, from + 1, from + UINT64_C(3) * THREADS);
        }
        assert_status(MUSTER_CORRUPT, mu_pool_run(pool, ITEMS, count_item, &t, NULL, NULL));
        mu_pool_close(pool);
    }
}

TEST(cancelling_stops_the_rest)
{
    static tally t;

    for (uint32_t threads = 1; threads <= THREADS; threads++) {
        mu_pool *pool;
        assert_ok(mu_pool_open(threads, &pool, &test_error));
        for (uint64_t at = 0; at < 300; at += 11) {
            start(&t);
            t.cancel_at = at;
            assert_status(MUSTER_CANCELLED,
                          mu_pool_run(pool, ITEMS, count_item, &t, &t.cancel, &test_error));
            assert_in_range(t.total, at + 1, at + THREADS);
        }
        start(&t);
        atomic_store(&t.cancel, true);
        assert_status(MUSTER_CANCELLED,
                      mu_pool_run(pool, ITEMS, count_item, &t, &t.cancel, &test_error));
        assert_int_equal(t.total, 0);
        mu_pool_close(pool);
    }
}

static void *call_often(void *argument)
{
    tally *t = argument;

    for (unsigned turn = 0; turn < 20; turn++) {
        mu_pool *pool = t->pool;
        start(t);
        t->pool = pool;
        t->fail_from = turn % 3 == 2 ? 100 : UINT64_MAX;
        const muster_status status = mu_pool_run(pool, ITEMS, count_item, t, NULL, NULL);
        if (status != (turn % 3 == 2 ? MUSTER_CORRUPT : MUSTER_OK)) {
            atomic_store(&t->mixed, true);
        }
        for (uint64_t i = 0; i < ITEMS && status == MUSTER_OK; i++) {
            if (t->runs[i] != 1) {
                atomic_store(&t->mixed, true);
            }
        }
        if (atomic_load(&t->mixed)) {
            break;
        }
    }
    return NULL;
}

TEST(callers_share_a_pool)
{
    static tally tallies[5];
    pthread_t callers[5];
    mu_pool *pool;

    assert_ok(mu_pool_open(THREADS, &pool, &test_error));
    for (size_t i = 0; i < MU_COUNT(callers); i++) {
        tallies[i].pool = pool;
        assert_int_equal(pthread_create(&callers[i], NULL, call_often, &tallies[i]), 0);
    }
    for (size_t i = 0; i < MU_COUNT(callers); i++) {
        assert_int_equal(pthread_join(callers[i], NULL), 0);
        assert_false(tallies[i].mixed);
    }
    mu_pool_close(pool);
}

static muster_status run_inner(void *context, uint32_t worker, uint64_t item, muster_error *err)
{
    tally *tallies = context;

    (void)worker;
    return mu_pool_run(tallies[item].pool, 300, count_item, &tallies[item], NULL, err);
}

TEST(a_piece_of_work_may_share_out_its_own)
{
    static tally tallies[40];
    mu_pool *pool;

    assert_ok(mu_pool_open(THREADS, &pool, &test_error));
    for (size_t i = 0; i < MU_COUNT(tallies); i++) {
        start(&tallies[i]);
        tallies[i].pool = pool;
    }
    assert_ok(mu_pool_run(pool, MU_COUNT(tallies), run_inner, tallies, NULL, &test_error));
    for (size_t i = 0; i < MU_COUNT(tallies); i++) {
        assert_int_equal(tallies[i].total, 300);
        assert_false(tallies[i].mixed);
    }
    mu_pool_close(pool);
}

TEST(a_pool_needs_memory)
{
    mu_pool *pool;

    mu_mem_fail_at(0, false);
    assert_status(MUSTER_NOMEM, mu_pool_open(2, &pool, &test_error));
    assert_null(pool);
    mu_pool_close(NULL);
}
