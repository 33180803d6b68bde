/*
 * stop_perf.c - how soon statements stop, and all they held is free.
 *
 *     stop_perf DIRECTORY [ROWS [TRIES [WORD]]]
 *
 * Each statement of stoppable.h whose name has WORD in it is run once, for most_seconds at most, to
 * see how long it takes; then it is stopped TRIES times, at moments all over that time, mostly by
 * an interrupt from another thread, sometimes by a deadline. A line says how long it took, how much
 * memory it held, and in milliseconds the worst and the middle of the times from the stop to the
 * end of muster_finish(), with the moment of the worst. A machine that does other things at the
 * same time makes them longer; beside them is for how long at the most the thread that steps had a
 * processor after an interrupt. The database is made in DIRECTORY unless it is there.
 */
#include "storage/base/mem.h"
#include "tests/support/stoppable.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum {
    SQL_ROOM = 4096,
    TRIES_MOST = 1000,
};

static const double most_seconds = 12;

typedef struct stopper {
    muster_connection *connection;
    double moment; /* seconds from the start */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool over;       /* the statement is; by lock */
    double stopped;  /* when it was interrupted; 0: it was not */
    clockid_t clock; /* the time the stepping thread has had of a processor */
    double used;     /* of it, then */
} stopper;

static double time_of(clockid_t clock)
{
    struct timespec t;

    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double now(void)
{
    return time_of(CLOCK_MONOTONIC);
}

static void *stop(void *context)
{
    stopper *s = context;
    struct timespec until;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    const double due = (double)until.tv_sec + (double)until.tv_nsec * 1e-9 + s->moment;
    until.tv_sec = (time_t)due;
    until.tv_nsec = (long)((due - (double)until.tv_sec) * 1e9);
    pthread_mutex_lock(&s->lock);
    while (!s->over && pthread_cond_timedwait(&s->changed, &s->lock, &until) != ETIMEDOUT) {
    }
    if (!s->over) {
        s->stopped = now();
        s->used = time_of(s->clock);
        muster_interrupt(s->connection);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "stop_perf: %s: %s\n", what, why);
    exit(1);
}

typedef struct outcome {
    muster_status status;
    double took, late; /* seconds; late: from the stop on, or 0 */
    double used;       /* of them, with a processor; 0 where it is not known */
    uint64_t peak;
} outcome;

/* Runs the statement, and stops it at a moment; by a deadline where `deadline` is set. */
static outcome run(muster_connection *c, const char *sql, double moment, bool deadline)
{
    stopper stopping = {.connection = c,
                        .moment = moment,
                        .lock = PTHREAD_MUTEX_INITIALIZER,
                        .changed = PTHREAD_COND_INITIALIZER};
    muster_statement *s;
    muster_error err;
    pthread_t thread;
    bool row = true;
    outcome out = {0};

    (void)pthread_getcpuclockid(pthread_self(), &stopping.clock);
    if (muster_prepare(c, sql, NULL, &s, &err) != MUSTER_OK) {
        die(sql, err.message);
    }
    const double began = now();
    if (deadline) {
        muster_set_deadline(s, (uint32_t)(moment * 1e3) + 1);
        moment = ((uint32_t)(moment * 1e3) + 1) / 1e3;
    } else if (pthread_create(&thread, NULL, stop, &stopping) != 0) {
        die("no thread", "");
    }
    while (out.status == MUSTER_OK && row) {
        out.status = muster_step(s, &row, &err);
    }
    out.peak = muster_memory_peak(s);
    muster_finish(s);
    const double ended = now(), used = time_of(stopping.clock);
    if (!deadline) {
        pthread_mutex_lock(&stopping.lock);
        stopping.over = true;
        pthread_cond_signal(&stopping.changed);
        pthread_mutex_unlock(&stopping.lock);
        pthread_join(thread, NULL);
    }
    out.took = ended - began;
    if (out.status != MUSTER_OK) {
        const muster_status wanted = deadline ? MUSTER_DEADLINE : MUSTER_CANCELLED;
        if (out.status != wanted) {
            die(sql, err.message);
        }
        out.late = ended - (deadline ? began + moment : stopping.stopped);
        out.used = deadline ? 0 : used - stopping.used;
    }
    return out;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void make_ready(muster_connection *c, const stoppable *s)
{
    muster_error err;

    if (s->before && stoppable_run(c, s->before, &err) != MUSTER_OK) {
        die(s->before, err.message);
    }
}

static void measure(muster_connection *c, const stoppable *s, const char *directory, uint64_t rows,
                    int tries)
{
    static double late[TRIES_MOST];
    double worst = 0, worst_at = 0, used = 0;
    char sql[SQL_ROOM], size[32];
    int stopped = 0;

    stoppable_write(s->sql, directory, rows, sql, sizeof sql);
    make_ready(c, s);
    outcome o = run(c, sql, most_seconds, false);
    const outcome whole = o;
    double took = whole.took; /* less once it has less to do, as COMPACT does */
    for (int i = 0; i < tries; i++) {
        const double moment = took * (i + (double)rand() / RAND_MAX) / tries;
        if (o.status == MUSTER_OK) {
            make_ready(c, s);
            took = o.took < took ? o.took : took;
        }
        o = run(c, sql, moment, i % 4 == 3);
        if (o.status != MUSTER_OK) {
            used = o.used > used ? o.used : used;
            late[stopped++] = o.late;
            worst_at = o.late > worst ? moment : worst_at;
            worst = o.late > worst ? o.late : worst;
        }
    }
    qsort(late, (size_t)stopped, sizeof *late, compare);
    printf("%-32s %7.2f s%s %9s  %7.1f ms worst at %6.2f s, %6.1f ms of work, %6.1f ms middle of "
           "%d\n",
           s->name, whole.took, whole.status == MUSTER_OK ? " " : "+",
           mu_mem_format(whole.peak, size), worst * 1e3, worst_at, used * 1e3,
           stopped ? late[stopped / 2] * 1e3 : 0, stopped);
    (void)fflush(stdout);
}

int main(int argc, char **argv)
{
    const char *directory = argc > 1 ? argv[1] : ".", *word = argc > 4 ? argv[4] : "";
    const uint64_t rows = argc > 2 ? strtoull(argv[2], NULL, 10) : 2000000;
    const int tries = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 20;
    muster_connection *c;
    muster_error err;
    struct stat found;
    char path[SQL_ROOM];
    muster *db;

    (void)snprintf(path, sizeof path, "%s/stop.muster", directory);
    const bool there = stat(path, &found) == 0;
    if (tries < 1 || tries > TRIES_MOST || muster_open(path, NULL, &db, &err) != MUSTER_OK ||
        muster_connect(db, &c, &err) != MUSTER_OK) {
        die(path, err.message);
    }
    if (!there && stoppable_fill(c, directory, rows, &err) != MUSTER_OK) {
        die("filling", err.message);
    }
    for (const stoppable *s = stoppables; s->name; s++) {
        if (strstr(s->name, word)) {
            measure(c, s, directory, rows, tries);
        }
    }
    muster_disconnect(c);
    muster_close(db);
    return 0;
}
