/*
 * sessions.c - events in sessions: a session ends after more than `gap` of silence.
 *
 * Exactly `gap` stays inside, and midnight does not cut. Sessions are numbered from 1 for each
 * customer, by time; only events that are looked at (`where`, the range) are in any.
 */
#include "query/sessions.h"

static muster_status number_events(mu_behaviour *b, uint32_t i, muster_error *err)
{
    const mu_sessions *options = b->plan->options;
    const mu_events *events = &b->events;
    int64_t number = 1;

    for (uint32_t row = events->starts[i]; row < events->starts[i + 1]; row++) {
        const int64_t time_us = events->time_us[row];
        if (row > events->starts[i] &&
            (uint64_t)time_us - (uint64_t)events->time_us[row - 1] > (uint64_t)options->gap_us) {
            number++;
        }
        int64_t *words = mu_behaviour_add(b, row);
        if (!words) {
            return mu_behaviour_fail_memory(b, err);
        }
        words[MU_SESSION_CUSTOMER] = mu_behaviour_ordinal(b, i);
        words[MU_SESSION_TIME] = time_us;
        words[MU_SESSION_NUMBER] = number;
    }
    return MUSTER_OK;
}

const mu_behaviour_class mu_sessions_class = {.name = "sessions", .customer = number_events};
