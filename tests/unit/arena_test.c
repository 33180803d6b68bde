/* arena_test.c - pieces of every size are zero, aligned and apart; resets reuse; failures leave
 * the arena whole. */
#include "storage/base/arena.h"

#include "storage/base/mem.h"
#include "tests/support/test.h"

enum {
    PIECES = 400
};

/* Fills an arena with pieces of random sizes, and checks that none overlaps another. */
static void fill_and_check(mu_arena *arena, uint64_t *state)
{
    static uint8_t *pieces[PIECES];
    static size_t sizes[PIECES];

    for (unsigned i = 0; i < PIECES; i++) {
        const uint64_t kind = test_random_below(state, 20);
        const size_t largest = kind == 0 ? 400000 : kind < 5 ? 5000 : 200;
        sizes[i] = (size_t)test_random_below(state, largest);
        pieces[i] = mu_arena_alloc(arena, sizes[i]);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % (sizes[i] >= 64 ? 64 : 16), 0);
        for (size_t at = 0; at < sizes[i]; at++) {
            if (pieces[i][at] != 0) {
                fail_msg("byte %zu of piece %u is not zero", at, i);
            }
        }
        memset(pieces[i], (int)(i & 0xff), sizes[i]);
    }
    for (unsigned i = 0; i < PIECES; i++) {
        for (size_t at = 0; at < sizes[i]; at++) {
            if (pieces[i][at] != (i & 0xff)) {
                fail_msg("byte %zu of piece %u was overwritten", at, i);
            }
        }
    }
}

TEST(pieces_are_zero_aligned_and_apart)
{
    mu_arena arena = {0};
    uint64_t state = test_seed();

    for (unsigned turn = 0; turn < 8; turn++) {
        fill_and_check(&arena, &state);
        mu_arena_reset(&arena);
    }
    mu_arena_deinit(&arena);
    fill_and_check(&arena, &state); /* usable again */
    mu_arena_deinit(&arena);
    mu_arena_deinit(&arena);
}

TEST(reset_keeps_one_chunk_and_small_work_allocates_nothing_new)
{
    mu_arena arena = {0};
    uint64_t state = test_seed();

    fill_and_check(&arena, &state);
    mu_arena_reset(&arena);
    const size_t total = arena.total_bytes, used = mu_mem_used();
    mu_mem_fail_at(0, true);
    for (unsigned turn = 0; turn < 100; turn++) {
        assert_non_null(mu_arena_alloc(&arena, 500));
        mu_arena_reset(&arena);
    }
    assert_int_equal(arena.total_bytes, total);
    assert_int_equal(mu_mem_used(), used);
    mu_arena_deinit(&arena);
    mu_arena_reset(&arena); /* of an empty one */
}

TEST(text_is_copied_and_ended)
{
    mu_arena arena = {0};
    const char source[] = {'a', 'b', '\0', 'c', 'd'};

    assert_memory_equal(mu_arena_text(&arena, source, 5), "ab\0cd", 6);
    assert_string_equal(mu_arena_text(&arena, NULL, 0), "");
    assert_string_equal(mu_arena_printf(&arena, "%s-%06d.seg", "events", 42), "events-000042.seg");
    assert_string_equal(mu_arena_printf(&arena, "%s", ""), "");
    mu_arena_deinit(&arena);
}

TEST(sizes_that_overflow_are_out_of_memory)
{
    mu_arena arena = {0};

    assert_null(mu_arena_alloc(&arena, SIZE_MAX));
    assert_null(mu_arena_alloc(&arena, SIZE_MAX / 2));
    assert_null(mu_arena_alloc_array(&arena, SIZE_MAX / 4, 8));
    assert_null(mu_arena_text(&arena, "", SIZE_MAX));
    assert_non_null(mu_arena_alloc_array(&arena, 0, 8));
    assert_non_null(mu_arena_alloc_array(&arena, 8, 0));
    mu_arena_deinit(&arena);
}

static muster_status take_room(mu_arena *arena, size_t count, muster_error *err)
{
    uint64_t *values;

    MU_ARENA_TRY(values, arena, count, err);
    assert_int_equal(values[count - 1], 0);
    return MUSTER_OK;
}

TEST(each_allocation_may_fail)
{
    bool failed = true;

    for (uint64_t n = 0; failed; n++) {
        mu_arena arena = {0};

        failed = false;
        mu_mem_fail_at(n, false);
        for (size_t count = 1; count < 40000; count *= 3) {
            const muster_status status = take_room(&arena, count, &test_error);
            if (status != MUSTER_OK) {
                assert_int_equal(status, MUSTER_NOMEM);
                assert_message("out of memory running a statement");
                assert_ok(take_room(&arena, count, &test_error)); /* the arena is whole */
                failed = true;
            }
        }
        mu_mem_fail_at(UINT64_MAX, false);
        mu_arena_deinit(&arena);
    }
}
