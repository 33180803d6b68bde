/*
 * worker.h - an engine in a process of its own, so that the memory and the caches of one do not mix
 * with those of another, and one that dies ends nothing but its own part.
 *
 * The parent writes requests to a pipe, the worker writes replies to another; worker.c says how
 * they look. One request at a time.
 */
#ifndef MU_BENCH_WORKER_H
#define MU_BENCH_WORKER_H

#include "bench/engine.h"

typedef struct mu_bench_worker mu_bench_worker;

/* Which engine, and what it works on. The texts must stay as long as the worker. */
typedef struct mu_bench_place {
    const char *engine; /* the name of its class */
    char *so;           /* path of the shared library */
    char *db;           /* directory */
} mu_bench_place;

/* Starts the process and loads the library; the database is not opened. */
mu_bench_worker *mu_bench_worker_start(const mu_bench_place *place, uint32_t threads,
                                       uint32_t clients);

/* Ends the process. NULL is fine. */
void mu_bench_worker_stop(mu_bench_worker *worker);

/* Opens the database; reply->seconds is how long that took. */
bool mu_bench_worker_open(mu_bench_worker *worker, mu_bench_reply *reply);

bool mu_bench_worker_ask(mu_bench_worker *worker, const char *sql, mu_bench_reply *reply);

/* Has all clients take the statements in turn, until none is left. reply->seconds is how long all
 * of them took; the answer has a row for each, in their order: its seconds, and its answer. */
bool mu_bench_worker_stream(mu_bench_worker *worker, char *const *statements, uint32_t count,
                            mu_bench_reply *reply);

/* Fills the table `events` with a log that is made on the way (engine.h); the engine must know
 * how. */
bool mu_bench_worker_fill(mu_bench_worker *worker, uint64_t customers, uint64_t events,
                          mu_bench_reply *reply);

/* The most memory the process has had until its last reply, in bytes. */
uint64_t mu_bench_worker_memory(const mu_bench_worker *worker);

/* What the process runs; `arguments` are those behind --worker. Returns its exit status. */
int mu_bench_worker_main(char **arguments);

#endif
