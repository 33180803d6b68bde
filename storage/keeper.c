/*
 * keeper.c - the thread of a database that tends to what commits leave.
 *
 * There is one once a commit of this process has left something to do; who only reads has none. It
 * works beside those who change the database (tending.h), after all others who want to tend, and
 * gives up what it is at when one of them comes or the database is closed: it is due still.
 */
#include "storage/compact.h"
#include "storage/tending.h"

#include "storage/base/pool.h"

enum {
    MOST_REST = 1024, /* commits, after faults that do not go away */
};

/* Does what is due until nothing is. */
static muster_status tend(mu_db *db, const atomic_bool *cancel, muster_error *err)
{
    mu_snapshot *tail;
    bool done = true;

    while (done) {
        MU_TRY(mu_db_base(db, &tail, err));
        const mu_due due = mu_compact_due(&tail->manifest, &tail->held, tail->log_size);
        mu_snapshot_release(tail);
        if (due == MU_DUE_NOTHING) {
            return MUSTER_OK;
        }
        MU_TRY(mu_compact_step(db, due, cancel, &done, err));
    }
    return MUSTER_OK;
}

muster_status mu_db_tend(mu_db *db, muster_error *err)
{
    MU_TRY(mu_db_begin_tending(db, err));
    const muster_status status = tend(db, NULL, err);
    mu_db_end_tending(db);
    return status;
}

/* By the mutex, which is let go meanwhile. What fails is tried again after a commit, and if it
 * fails again, after twice as many: nothing is lost meanwhile. */
static void tend_once(mu_db *db, uint32_t *rest)
{
    db->untidy = 0;
    db->tending = true;
    pthread_mutex_unlock(&db->mutex);
    const muster_status status = tend(db, &db->hurry, NULL);
    pthread_mutex_lock(&db->mutex);
    db->tending = false;
    db->untidy += status == MUSTER_CANCELLED;
    if (status == MUSTER_OK || status == MUSTER_CANCELLED) {
        *rest = 0;
    } else if (*rest < MOST_REST) {
        *rest = *rest * 2 + 1;
    }
    pthread_cond_broadcast(&db->rested);
}

static void *run_keeper(void *context)
{
    mu_db *db = context;
    uint32_t rest = 0;

    pthread_mutex_lock(&db->mutex);
    while (!db->closing) {
        if (db->untidy > rest && !db->tending && db->waiting == 0) {
            tend_once(db, &rest);
        } else {
            pthread_cond_wait(&db->rested, &db->mutex);
        }
    }
    pthread_mutex_unlock(&db->mutex);
    return NULL;
}

void mu_db_wake_keeper(mu_db *db, const mu_manifest *manifest, const mu_held_files *held,
                       uint64_t log_size)
{
    if (mu_compact_due(manifest, held, log_size) == MU_DUE_NOTHING) {
        return;
    }
    pthread_mutex_lock(&db->mutex);
    if (!db->has_keeper && !db->unkept && !db->closing) {
        db->has_keeper = mu_thread_start(&db->keeper, run_keeper, db) == 0;
    }
    db->untidy += db->untidy < UINT32_MAX;
    pthread_cond_broadcast(&db->rested);
    pthread_mutex_unlock(&db->mutex);
}

void mu_db_set_kept(mu_db *db, bool wanted)
{
    pthread_mutex_lock(&db->mutex);
    db->unkept = !wanted;
    pthread_mutex_unlock(&db->mutex);
}

void mu_db_stop_keeper(mu_db *db)
{
    pthread_mutex_lock(&db->mutex);
    db->closing = true;
    atomic_store(&db->hurry, true);
    pthread_cond_broadcast(&db->rested);
    pthread_mutex_unlock(&db->mutex);
    if (db->has_keeper) {
        (void)pthread_join(db->keeper, NULL);
    }
}
