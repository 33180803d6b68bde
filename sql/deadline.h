/*
 * deadline.h - statements that may take so long and no longer.
 *
 * One thread of a database waits for the deadline that is next, and raises the cancel flag of the
 * statement whose it is. It is started with the first deadline, and sleeps while there is none.
 */
#ifndef MU_DEADLINE_H
#define MU_DEADLINE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "storage/base/status.h"

/* What is to be stopped; of its owner, zero at first. */
typedef struct mu_deadline {
    struct mu_deadline *next; /* by lock */
    bool waited_for;          /* by lock */
    double due;               /* mu_env_seconds() */
    atomic_bool *cancel;
    atomic_bool passed;
} mu_deadline;

typedef struct mu_deadlines {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    mu_deadline *first; /* the earliest; by lock */
    bool started;       /* the thread; by lock */
    bool closing;       /* by lock */
    pthread_t thread;
} mu_deadlines;

void mu_deadlines_init(mu_deadlines *deadlines);
void mu_deadlines_deinit(mu_deadlines *deadlines); /* none may be waited for */

/* Raises *cancel, and `passed`, `seconds` from now. NOMEM if there is no thread to be had. */
muster_status mu_deadline_start(mu_deadlines *deadlines, mu_deadline *deadline, double seconds,
                                atomic_bool *cancel, muster_error *err);
/* Not any more, if it was started; it may have passed. */
void mu_deadline_end(mu_deadlines *deadlines, mu_deadline *deadline);

#endif
