/*
 * touch_window.c - channels weighed in a window that moves.
 *
 * A touch counts if the next one in the window is of another channel, or there is none. So when a
 * touch comes or goes, only it and the one before it can change; that is all change() looks at, at
 * either end of the window or amid it.
 *
 * By time, the weight of a touch is 2^(time / half-life), whatever the conversion: it is their
 * proportions that matter. The fraction of the exponent becomes a mantissa by multiplying roots of
 * two; these, and products, are rounded the same way on every machine. The sum of a channel is in
 * units of 2^base, for a base that is not above the exponent of any touch in the window, so moving
 * the base loses no bits.
 */
#include "query/touch_window.h"

#include "storage/base/mem.h"

#include <assert.h>
#include <math.h>

enum {
    MANTISSA_BITS = 52
};

void mu_touch_window_init(mu_touch_window *window, int64_t half_life_us)
{
    double root = 2;

    window->half_life_us = half_life_us;
    window->left_out = MU_NO_TOUCH;
    for (unsigned i = 0; i < MANTISSA_BITS; i++) {
        root = sqrt(root);
        window->roots[i] = root;
    }
}

void mu_touch_window_deinit(mu_touch_window *window)
{
    mu_mem_free(window->touch_weights);
    mu_mem_free(window->weights);
    mu_mem_free(window->present);
}

/* Or it was stopped. */
static muster_status fail_memory(muster_error *err)
{
    return mu_fail_memory(err, "weighing touches");
}

static mu_touch_weight weigh(const mu_touch_window *window, int64_t time_us)
{
    const int64_t life = window->half_life_us;
    const int64_t rest = time_us % life < 0 ? time_us % life + life : time_us % life;
    const uint64_t fraction = (uint64_t)(((mu_u128)rest << MANTISSA_BITS) / (mu_u128)life);
    double mantissa = UINT64_C(1) << MANTISSA_BITS;

    for (unsigned i = 0; i < MANTISSA_BITS; i++) {
        if (fraction >> (MANTISSA_BITS - 1 - i) & 1) {
            mantissa *= window->roots[i];
        }
    }
    return (mu_touch_weight){.halvings = time_us / life - (time_us % life < 0),
                             .mantissa = (uint64_t)mantissa};
}

muster_status mu_touch_window_start(mu_touch_window *window, const mu_touch *touches,
                                    uint32_t touch_count, uint32_t channel_count, muster_error *err)
{
    const size_t words = mu_bits_words(channel_count);

    if (!mu_mem_reserve(&window->weights, &window->weight_capacity, channel_count,
                        sizeof *window->weights) ||
        !mu_mem_reserve(&window->present, &window->present_capacity, words,
                        sizeof *window->present) ||
        (window->half_life_us > 0 &&
         !mu_mem_reserve(&window->touch_weights, &window->touch_capacity, touch_count,
                         sizeof *window->touch_weights))) {
        return fail_memory(err);
    }
    memset(window->weights, 0, channel_count * sizeof *window->weights);
    memset(window->present, 0, words * sizeof *window->present);
    for (uint32_t i = 0; window->half_life_us > 0 && i < touch_count; i++) {
        if (mu_stopped_at(i)) {
            return fail_memory(err);
        }
        window->touch_weights[i] = weigh(window, touches[i].time_us);
    }
    window->touches = touches;
    window->channel_count = channel_count;
    window->first = 0;
    window->end = 0;
    window->left_out = MU_NO_TOUCH;
    return MUSTER_OK;
}

/* The unit that sums are in now: that of the first touch. */
static int64_t base_of(const mu_touch_window *window)
{
    return window->half_life_us > 0 && window->first < window->end
               ? window->touch_weights[window->first].halvings
               : 0;
}

static mu_channel_weight *rebased(mu_touch_window *window, uint32_t channel)
{
    mu_channel_weight *weight = &window->weights[channel];
    const int64_t base = base_of(window);

    if (weight->sum != 0 && base != weight->base) {
        const int64_t up = base - weight->base;
        assert(up > -100 && up < 100);
        weight->sum = up > 0 ? weight->sum >> up : weight->sum << -up;
    }
    weight->base = base;
    return weight;
}

mu_u128 mu_touch_window_weight(mu_touch_window *window, uint32_t channel)
{
    return rebased(window, channel)->sum;
}

/* A touch that is the last of its run counts, or does no longer. */
static void count(mu_touch_window *window, uint32_t touch, int sign)
{
    const uint32_t channel = window->touches[touch].channel;
    mu_channel_weight *weight = rebased(window, channel);
    mu_u128 more = 1;

    if (window->half_life_us > 0) {
        const mu_touch_weight w = window->touch_weights[touch];
        assert(w.halvings >= weight->base && w.halvings - weight->base < 50);
        more = (mu_u128)w.mantissa << (w.halvings - weight->base);
    }
    weight->sum += sign > 0 ? more : -more;
    if (weight->sum != 0) {
        mu_bits_set(window->present, channel);
    } else {
        mu_bits_clear(window->present, channel);
    }
}

/* The neighbours of a touch in the window, or MU_NO_TOUCH. */

static uint32_t before(const mu_touch_window *window, uint32_t touch)
{
    if (touch > window->first && touch - 1 == window->left_out) {
        touch--;
    }
    return touch > window->first ? touch - 1 : MU_NO_TOUCH;
}

static uint32_t after(const mu_touch_window *window, uint32_t touch)
{
    touch += touch + 1 == window->left_out ? 2 : 1;
    return touch < window->end ? touch : MU_NO_TOUCH;
}

/* A touch comes (1) or goes (-1); it lies in [first, end) at this moment. */
static void change(mu_touch_window *window, uint32_t touch, int sign)
{
    const mu_touch *touches = window->touches;
    const uint32_t previous = before(window, touch), next = after(window, touch);
    const uint32_t channel = touches[touch].channel;

    assert(touch >= window->first && touch < window->end && touch != window->left_out);
    if (next != MU_NO_TOUCH && touches[next].channel == channel) {
        return; /* it is not the last of its run, and the one before it is as it was */
    }
    count(window, touch, sign);
    if (previous == MU_NO_TOUCH) {
        return;
    }
    /* Whether the one before is the last of its run, with the touch and without it. */
    const bool with = touches[previous].channel != channel;
    const bool without = next == MU_NO_TOUCH || touches[next].channel != touches[previous].channel;
    if (with != without) {
        count(window, previous, with ? sign : -sign);
    }
}

static muster_status move_first(mu_touch_window *window, uint32_t first, muster_error *err)
{
    while (window->first < first) {
        if (mu_stopped_at(window->first)) {
            return fail_memory(err);
        }
        if (window->first != window->left_out) {
            change(window, window->first, -1);
        }
        window->first++;
    }
    while (window->first > first) {
        window->first--;
        if (mu_stopped_at(window->first)) {
            return fail_memory(err);
        }
        if (window->first != window->left_out) {
            change(window, window->first, 1);
        }
    }
    return MUSTER_OK;
}

/* Where the window begins if `last` is the last touch in it: at `first`, or later by time. */
static uint32_t first_for(const mu_touch_window *window, uint32_t first, uint32_t last)
{
    const mu_touch *touches = window->touches;
    uint32_t at = window->first < last ? window->first : last;
    int64_t reach, oldest;

    assert(first <= last);
    if (window->half_life_us == 0 ||
        __builtin_mul_overflow(window->half_life_us, MU_MOST_HALF_LIVES, &reach) ||
        __builtin_sub_overflow(touches[last].time_us, reach, &oldest)) {
        return first;
    }
    while (at > first && touches[at - 1].time_us >= oldest) {
        at--;
    }
    while (at < last && (at < first || touches[at].time_us < oldest)) {
        at++;
    }
    return at;
}

/* Takes back the touch that was left out. It may be so late that others do not count beside it. */
static muster_status leave_none_out(mu_touch_window *window, muster_error *err)
{
    const uint32_t touch = window->left_out;

    if (touch != MU_NO_TOUCH) {
        MU_TRY(move_first(window, first_for(window, window->first, window->end - 1), err));
        window->left_out = MU_NO_TOUCH;
        change(window, touch, 1);
    }
    return MUSTER_OK;
}

static muster_status leave_out(mu_touch_window *window, uint32_t touch, uint32_t first,
                               muster_error *err)
{
    const uint32_t last = window->end - (touch == window->end - 1 ? 2 : 1);

    change(window, touch, -1);
    window->left_out = touch;
    return window->end - first > 1 ? move_first(window, first_for(window, first, last), err)
                                   : MUSTER_OK;
}

muster_status mu_touch_window_move(mu_touch_window *window, uint32_t first, uint32_t end,
                                   uint32_t left_out, muster_error *err)
{
    assert(first <= end && end >= window->end);
    MU_TRY(leave_none_out(window, err));
    while (window->end < end) {
        const uint32_t touch = window->end;
        MU_TRY(move_first(window, first_for(window, window->first, touch), err));
        window->end++;
        change(window, touch, 1);
        if (mu_stopped_at(touch)) {
            return fail_memory(err);
        }
    }
    if (window->first < first) {
        MU_TRY(move_first(window, first, err));
    }
    return left_out == MU_NO_TOUCH ? MUSTER_OK : leave_out(window, left_out, first, err);
}
