/*
 * pool.h - threads that share out numbered pieces of work.
 *
 * The caller works too. Several callers may use one pool at once: their jobs queue up, and each
 * caller makes progress on its own job even when no other thread is free.
 */
#ifndef MU_POOL_H
#define MU_POOL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "storage/base/status.h"

/* Waits for the signal, or for some milliseconds, so that a statement that is to stop
 * (mu_stopped()) is not left waiting; the caller looks for both. */
void mu_thread_wait(pthread_cond_t *signal, pthread_mutex_t *lock);

typedef struct mu_pool mu_pool;

muster_status mu_pool_open(uint32_t threads, mu_pool **out,
                           muster_error *err); /* threads >= 1, the caller included */
void mu_pool_close(mu_pool *pool);             /* NULL is fine */
uint32_t mu_pool_threads(const mu_pool *pool);

/* One piece. `worker` < mu_pool_threads() tells the threads of one job apart; no two of a job have
 * the same. */
typedef muster_status mu_pool_fn(void *context, uint32_t worker, uint64_t item, muster_error *err);

/* Calls work for items 0 ... count - 1, each once, in rising order of start, on at most
 * mu_pool_threads() threads. A failure stops the rest; of several, the one of the lowest item is
 * returned, so that it does not depend on the threads. *cancel becoming true stops them as well
 * (CANCELLED); cancel may be NULL. pool may be NULL: everything runs on the caller's thread, as
 * worker 0. All of it is in the caller's account (mem.h). */
muster_status mu_pool_run(mu_pool *pool, uint64_t count, mu_pool_fn *work, void *context,
                          const atomic_bool *cancel, muster_error *err);

/* A thread of our own that is none of a pool's. Signals are for the program's threads: ours take
 * none. 0, or an errno. */
int mu_thread_start(pthread_t *thread, void *(*run)(void *context), void *context);

#endif
