/*
 * deadline.c - see deadline.h.
 */
#include "sql/deadline.h"

#include "storage/base/env.h"
#include "storage/base/pool.h"

#include <assert.h>
#include <time.h>

void mu_deadlines_init(mu_deadlines *deadlines)
{
    pthread_condattr_t clock;

    pthread_mutex_init(&deadlines->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC); /* that of mu_env_seconds() */
    pthread_cond_init(&deadlines->changed, &clock);
    pthread_condattr_destroy(&clock);
}

void mu_deadlines_deinit(mu_deadlines *deadlines)
{
    pthread_mutex_lock(&deadlines->lock);
    assert(!deadlines->first);
    deadlines->closing = true;
    pthread_cond_signal(&deadlines->changed);
    pthread_mutex_unlock(&deadlines->lock);
    if (deadlines->started) {
        pthread_join(deadlines->thread, NULL);
    }
    pthread_cond_destroy(&deadlines->changed);
    pthread_mutex_destroy(&deadlines->lock);
}

/* Until the first is due, or the list has changed. */
static void wait_for_first(mu_deadlines *deadlines)
{
    const double due = deadlines->first->due;
    const struct timespec until = {.tv_sec = (time_t)due,
                                   .tv_nsec = (long)((due - (double)(time_t)due) * 1e9)};

    pthread_cond_timedwait(&deadlines->changed, &deadlines->lock, &until);
}

static void *watch(void *context)
{
    mu_deadlines *deadlines = context;

    pthread_mutex_lock(&deadlines->lock);
    while (!deadlines->closing) {
        mu_deadline *first = deadlines->first;
        if (!first) {
            pthread_cond_wait(&deadlines->changed, &deadlines->lock);
        } else if (first->due > mu_env_seconds()) {
            wait_for_first(deadlines);
        } else {
            deadlines->first = first->next;
            first->waited_for = false;
            atomic_store(&first->passed, true); /* before the flag, so that it tells why */
            atomic_store(first->cancel, true);
        }
    }
    pthread_mutex_unlock(&deadlines->lock);
    return NULL;
}

static muster_status start_watching(mu_deadlines *deadlines, muster_error *err)
{
    if (!deadlines->started && mu_thread_start(&deadlines->thread, watch, deadlines) != 0) {
        return mu_fail(err, MUSTER_NOMEM,
                       "the system refuses the thread that watches deadlines; set no deadline");
    }
    deadlines->started = true;
    return MUSTER_OK;
}

muster_status mu_deadline_start(mu_deadlines *deadlines, mu_deadline *deadline, double seconds,
                                atomic_bool *cancel, muster_error *err)
{
    mu_deadline **at = &deadlines->first;

    deadline->due = mu_env_seconds() + seconds;
    deadline->cancel = cancel;
    atomic_store(&deadline->passed, false);
    pthread_mutex_lock(&deadlines->lock);
    const muster_status status = start_watching(deadlines, err);
    if (status == MUSTER_OK) {
        assert(!deadline->waited_for);
        while (*at && (*at)->due <= deadline->due) {
            at = &(*at)->next;
        }
        deadline->next = *at;
        deadline->waited_for = true;
        *at = deadline;
        if (deadlines->first == deadline) {
            pthread_cond_signal(&deadlines->changed);
        }
    }
    pthread_mutex_unlock(&deadlines->lock);
    return status;
}

void mu_deadline_end(mu_deadlines *deadlines, mu_deadline *deadline)
{
    mu_deadline **at = &deadlines->first;

    if (!deadline->cancel) {
        return; /* it was not started */
    }
    pthread_mutex_lock(&deadlines->lock);
    while (deadline->waited_for && *at != deadline) {
        at = &(*at)->next;
    }
    if (deadline->waited_for) {
        *at = deadline->next;
        deadline->waited_for = false;
    }
    pthread_mutex_unlock(&deadlines->lock);
    deadline->cancel = NULL;
}
