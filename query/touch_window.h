/*
 * touch_window.h - the touches before a conversion, and what each channel weighs among them.
 *
 * A window moves along the touches of one customer, from conversion to conversion; each touch comes
 * in once and goes out once, whatever the number of conversions. Only the last touch of a run of
 * one channel weighs anything: as much as any other, or by time, twice as much for every half-life
 * that it is later.
 *
 * Weights are whole numbers, so what was added is taken away without a trace. By time they are
 * mantissas of 53 bits times a power of two. Touches that are more than MU_MOST_HALF_LIVES before
 * the last one in the window weigh nothing; so the sum of 2^32 of them fits 128 bits.
 */
#ifndef MU_TOUCH_WINDOW_H
#define MU_TOUCH_WINDOW_H

#include "storage/base/bits.h"
#include "storage/base/status.h"

__extension__ typedef unsigned __int128 mu_u128;

enum {
    MU_MOST_HALF_LIVES = 40
};

#define MU_NO_TOUCH UINT32_MAX

/* In the order of time, and then of channels, from the largest. */
typedef struct mu_touch {
    int64_t time_us;
    int64_t word;     /* of its channel, as gathered */
    uint32_t channel; /* number of its channel among the customer's, in the order of their values */
    bool several;     /* it stands for more than one, of the same time and channel */
} mu_touch;

typedef struct mu_channel_weight {
    mu_u128 sum;  /* of its runs */
    int64_t base; /* of two: the sum is in units of 2^base */
} mu_channel_weight;

/* How long ago a touch was, as a weight: mantissa * 2^halvings. */
typedef struct mu_touch_weight {
    int64_t halvings;
    uint64_t mantissa;
} mu_touch_weight;

typedef struct mu_touch_window {
    int64_t half_life_us; /* 0: all weigh the same */
    double roots[52];     /* 2^(1/2), 2^(1/4), ... */
    /* Of the customer at hand: */
    const mu_touch *touches;
    mu_touch_weight *touch_weights; /* of each; NULL: all weigh the same */
    size_t touch_capacity;
    uint32_t first, end;        /* the touches in the window */
    uint32_t left_out;          /* one of them that does not count, or MU_NO_TOUCH */
    mu_channel_weight *weights; /* by channel */
    size_t weight_capacity;
    uint64_t *present; /* bits of channels that weigh anything */
    size_t present_capacity;
    uint32_t channel_count;
} mu_touch_window;

/* Zeroed memory is a window that was not opened. */
void mu_touch_window_init(mu_touch_window *window, int64_t half_life_us);
void mu_touch_window_deinit(mu_touch_window *window);

/* The touches of a customer; the window is empty, and before all of them. */
muster_status mu_touch_window_start(mu_touch_window *window, const mu_touch *touches,
                                    uint32_t touch_count, uint32_t channel_count,
                                    muster_error *err);
/* Moves the window to [first, end), neither of them back, without one of these touches or with all
 * (MU_NO_TOUCH). */
muster_status mu_touch_window_move(mu_touch_window *window, uint32_t first, uint32_t end,
                                   uint32_t left_out, muster_error *err);
/* What a channel weighs, in the same unit for all of them. */
mu_u128 mu_touch_window_weight(mu_touch_window *window, uint32_t channel);

#endif
