/*
 * touch_window_test.c - what channels weigh in a window that moves, against looking at all of it.
 */
#include "query/touch_window.h"

#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>

enum {
    TOUCHES = 300,
    CHANNELS = 5
};

static int compare_touches(const void *left, const void *right)
{
    const mu_touch *a = left, *b = right;

    if (a->time_us != b->time_us) {
        return a->time_us < b->time_us ? -1 : 1;
    }
    return (a->channel < b->channel) - (a->channel > b->channel);
}

static uint32_t make_touches(mu_touch *touches, uint64_t *random)
{
    const uint64_t span = 1 + test_random_below(random, 2000);
    const uint32_t count = 1 + (uint32_t)test_random_below(random, TOUCHES);

    for (uint32_t i = 0; i < count; i++) {
        touches[i] = (mu_touch){.time_us = (int64_t)test_random_below(random, span) - 700,
                                .channel = (uint32_t)test_random_below(random, CHANNELS)};
    }
    qsort(touches, count, sizeof *touches, compare_touches);
    return count;
}

/* What each channel weighs, relative to the last touch. */
static void weigh_all(const mu_touch *touches, uint32_t first, uint32_t end, uint32_t left_out,
                      int64_t half_life, long double weights[CHANNELS])
{
    uint32_t kept[TOUCHES];
    uint32_t count = 0;

    for (uint32_t i = first; i < end; i++) {
        if (i != left_out) {
            kept[count++] = i;
        }
    }
    for (uint32_t c = 0; c < CHANNELS; c++) {
        weights[c] = 0;
    }
    for (uint32_t k = 0; k < count; k++) {
        const mu_touch *touch = &touches[kept[k]];
        const int64_t age = touches[kept[count - 1]].time_us - touch->time_us;
        if (k + 1 < count && touches[kept[k + 1]].channel == touch->channel) {
            continue;
        }
        if (half_life == 0) {
            weights[touch->channel]++;
        } else if (age <= MU_MOST_HALF_LIVES * half_life) {
            weights[touch->channel] += exp2l(-(long double)age / (long double)half_life);
        }
    }
}

static void check_window(mu_touch_window *window, uint32_t first, uint32_t end, uint32_t left_out)
{
    long double wanted[CHANNELS], all = 0, found_all = 0;

    assert_ok(mu_touch_window_move(window, first, end, left_out, &test_error));
    weigh_all(window->touches, first, end, left_out, window->half_life_us, wanted);
    for (uint32_t c = 0; c < CHANNELS; c++) {
        all += wanted[c];
        found_all += (long double)mu_touch_window_weight(window, c);
    }
    for (uint32_t c = 0; c < CHANNELS; c++) {
        const long double found = (long double)mu_touch_window_weight(window, c);
        assert_int_equal(mu_bits_test(window->present, c), wanted[c] > 0);
        if (all > 0) {
            assert_true(fabsl(found / found_all - wanted[c] / all) < 1e-13L);
        }
    }
}

TEST(channels_weigh_what_the_runs_in_the_window_do)
{
    static const int64_t half_lives[] = {0, 0, 1, 2, 7, 100, 1000000};
    uint64_t random = test_seed();
    mu_touch touches[TOUCHES];

    for (int i = 0; i < 700; i++) {
        mu_touch_window window = {0};
        const uint32_t count = make_touches(touches, &random);
        uint32_t first = 0, end = 0;
        mu_touch_window_init(&window, half_lives[i % MU_COUNT(half_lives)]);
        assert_ok(mu_touch_window_start(&window, touches, count, CHANNELS, &test_error));
        while (end < count) {
            end += (uint32_t)test_random_below(&random, 8);
            end = end < count ? end : count;
            while (end > 0 && end < count && touches[end].time_us == touches[end - 1].time_us) {
                end++;
            }
            first += (uint32_t)test_random_below(&random, 1 + (end - first) / 2);
            uint32_t last = end; /* one of the last time is left out */
            while (last > first && touches[last - 1].time_us == touches[end - 1].time_us) {
                last--;
            }
            check_window(&window, first, end, MU_NO_TOUCH);
            for (uint32_t touch = last; touch < end; touch++) {
                check_window(&window, first, end, touch);
            }
        }
        mu_touch_window_deinit(&window);
    }
}
