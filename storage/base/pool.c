/*
 * pool.c - threads that share out numbered pieces of work.
 *
 * A job lies on the stack of the thread that called mu_pool_run(), which works on it as worker 0.
 * While it has items left it is in the pool's queue, where idle threads find it; thread k of the
 * pool is worker k of whatever job it helps, so no two threads of a job are the same worker. A
 * job leaves the queue when its caller finds no more items, and its caller leaves when the last
 * helper has.
 *
 * Items are taken in rising order, and what was taken is run. So of all items that would fail, the
 * lowest always runs, and its failure is the one that is returned: the same one on any number of
 * threads.
 */
#include "storage/base/pool.h"

#include "storage/base/mem.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

typedef struct pool_job {
    struct pool_job *next; /* in the queue; by lock */
    uint32_t helpers;      /* threads at work besides the caller; by lock */
    pthread_cond_t helpers_gone;

    uint64_t count;
    mu_pool_fn *work;
    void *context;
    const atomic_bool *cancel;
    mu_account *account;        /* the caller's, which helpers enter */
    _Atomic uint64_t next_item; /* may pass count */
    atomic_bool stopped;        /* an item failed, or the job was cancelled */

    muster_status status; /* of the lowest item that failed; by lock */
    uint64_t failed_item; /* by lock */
    muster_error error;   /* by lock */
} pool_job;

typedef struct pool_helper {
    mu_pool *pool;
    uint32_t worker;
    pthread_t thread;
} pool_helper;

struct mu_pool {
    pthread_mutex_t lock;
    pthread_cond_t work_came; /* a job was queued, or the pool is closing */
    pool_job *queue;          /* oldest first; by lock */
    bool closing;             /* by lock */
    uint32_t started;         /* helpers that have a thread */
    uint32_t threads;         /* callers included */
    pool_helper helpers[];    /* threads - 1 of them; the first is worker 1 */
};

static bool has_items(pool_job *job)
{
    return !atomic_load(&job->stopped) && atomic_load(&job->next_item) < job->count;
}

static void note_failure(mu_pool *pool, pool_job *job, uint64_t item, muster_status status,
                         const muster_error *error)
{
    atomic_store(&job->stopped, true);
    pthread_mutex_lock(&pool->lock);
    if (job->status == MUSTER_OK || item < job->failed_item) {
        job->status = status;
        job->failed_item = item;
        job->error = *error;
    }
    pthread_mutex_unlock(&pool->lock);
}

static bool is_cancelled(const atomic_bool *cancel)
{
    return cancel && atomic_load_explicit(cancel, memory_order_relaxed);
}

static muster_status fail_cancelled(muster_error *err)
{
    return mu_fail(err, MUSTER_CANCELLED, "the statement was cancelled");
}

/* Runs items of the job until there are no more. */
static void work_on(mu_pool *pool, pool_job *job, uint32_t worker)
{
    muster_error error = {0};

    while (has_items(job)) {
        if (is_cancelled(job->cancel)) {
            /* After every item, so that a failure of one is what the caller hears. */
            note_failure(pool, job, UINT64_MAX, fail_cancelled(&error), &error);
            return;
        }
        const uint64_t item = atomic_fetch_add(&job->next_item, 1);
        if (item >= job->count) {
            return;
        }
        const muster_status status = job->work(job->context, worker, item, &error);
        if (status != MUSTER_OK) {
            note_failure(pool, job, item, status, &error);
            return;
        }
    }
}

static void *help(void *argument)
{
    pool_helper *self = argument;
    mu_pool *pool = self->pool;

    pthread_mutex_lock(&pool->lock);
    while (!pool->closing) {
        pool_job *job = pool->queue;
        while (job && !has_items(job)) {
            job = job->next;
        }
        if (!job) {
            pthread_cond_wait(&pool->work_came, &pool->lock);
            continue;
        }
        job->helpers++;
        pthread_mutex_unlock(&pool->lock);
        mu_account_enter(job->account);
        work_on(pool, job, self->worker);
        mu_account_enter(NULL);
        pthread_mutex_lock(&pool->lock);
        job->helpers--;
        if (job->helpers == 0) {
            pthread_cond_signal(&job->helpers_gone);
        }
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

enum {
    WAIT_MS = 10 /* between two looks at whether the statement is stopped */
};

void mu_thread_wait(pthread_cond_t *signal, pthread_mutex_t *lock)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += WAIT_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    (void)pthread_cond_timedwait(signal, lock, &until);
}

int mu_thread_start(pthread_t *thread, void *(*run)(void *context), void *context)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int error = pthread_create(thread, NULL, run, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

muster_status mu_pool_open(uint32_t threads, mu_pool **out, muster_error *err)
{
    assert(threads >= 1);
    *out = NULL;
    mu_pool *pool = mu_mem_zalloc(sizeof *pool + (threads - 1) * sizeof pool->helpers[0]);
    if (!pool) {
        return mu_fail_memory(err, "starting threads");
    }
    pool->threads = threads;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work_came, NULL);
    for (uint32_t i = 0; i < threads - 1; i++) {
        pool_helper *helper = &pool->helpers[i];
        helper->pool = pool;
        helper->worker = i + 1;
        if (mu_thread_start(&(helper)->thread, help, helper) != 0) {
            mu_pool_close(pool);
            return mu_fail(err, MUSTER_NOMEM,
                           "the system refuses thread %u of %u; use fewer threads", i + 1,
                           threads - 1);
        }
        pool->started++;
    }
    *out = pool;
    return MUSTER_OK;
}

void mu_pool_close(mu_pool *pool)
{
    if (!pool) {
        return;
    }
    pthread_mutex_lock(&pool->lock);
    assert(!pool->queue);
    pool->closing = true;
    pthread_cond_broadcast(&pool->work_came);
    pthread_mutex_unlock(&pool->lock);
    for (uint32_t i = 0; i < pool->started; i++) {
        pthread_join(pool->helpers[i].thread, NULL);
    }
    pthread_cond_destroy(&pool->work_came);
    pthread_mutex_destroy(&pool->lock);
    mu_mem_free(pool);
}

uint32_t mu_pool_threads(const mu_pool *pool)
{
    return pool->threads;
}

static void enqueue(mu_pool *pool, pool_job *job)
{
    pool_job **end = &pool->queue;
    const uint64_t useful = job->count - 1; /* the caller takes one */

    pthread_mutex_lock(&pool->lock);
    while (*end) {
        end = &(*end)->next;
    }
    *end = job;
    for (uint64_t i = 0; i < useful && i < pool->started; i++) {
        pthread_cond_signal(&pool->work_came);
    }
    pthread_mutex_unlock(&pool->lock);
}

/* Takes the job out of the queue and waits for those who help with it. */
static void dequeue(mu_pool *pool, pool_job *job)
{
    pool_job **link = &pool->queue;

    pthread_mutex_lock(&pool->lock);
    while (*link != job) {
        link = &(*link)->next;
    }
    *link = job->next;
    while (job->helpers > 0) {
        pthread_cond_wait(&job->helpers_gone, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
}

static muster_status run_alone(uint64_t count, mu_pool_fn *work, void *context,
                               const atomic_bool *cancel, muster_error *err)
{
    for (uint64_t item = 0; item < count; item++) {
        if (is_cancelled(cancel)) {
            return fail_cancelled(err);
        }
        MU_TRY(work(context, 0, item, err));
    }
    return MUSTER_OK;
}

muster_status mu_pool_run(mu_pool *pool, uint64_t count, mu_pool_fn *work, void *context,
                          const atomic_bool *cancel, muster_error *err)
{
    if (!pool || pool->threads == 1 || count <= 1) {
        return run_alone(count, work, context, cancel, err);
    }
    pool_job job = {.count = count,
                    .work = work,
                    .context = context,
                    .cancel = cancel,
                    .account = mu_account_entered()};
    pthread_cond_init(&job.helpers_gone, NULL);
    enqueue(pool, &job);
    work_on(pool, &job, 0);
    dequeue(pool, &job);
    pthread_cond_destroy(&job.helpers_gone);
    if (job.status != MUSTER_OK && err) {
        *err = job.error;
    }
    return job.status;
}
