/*
 * engine.h - an engine that is measured: a library opened with dlopen(), asked through its own C
 * interface.
 *
 * An engine lives in a worker process (worker.h); nothing here is shared with the process that
 * compares. All functions that can fail return false and leave a message in the reply. Answers are
 * text, a cell after a tab, a row after a newline, NULL as \N (answer.h).
 */
#ifndef MU_BENCH_ENGINE_H
#define MU_BENCH_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MU_BENCH_CLIENTS = 16 /* at most, at one engine */
};

/* What came of a statement. The texts are the caller's to free. */
typedef struct mu_bench_reply {
    double seconds;      /* from the text of the statement to the last row */
    uint64_t bytes_read; /* as the engine counts them; 0 where it does not */
    char *answer;        /* NULL on failure */
    char *error;         /* NULL on success */
    bool lost;           /* the engine did not refuse: its process is gone */
} mu_bench_reply;

void mu_bench_reply_deinit(mu_bench_reply *reply);
bool mu_bench_reply_fail(mu_bench_reply *reply, const char *format, ...)
    __attribute__((format(printf, 2, 3))); /* returns false */

typedef struct mu_bench_engine mu_bench_engine;

/* One for each kind of engine, in the list below. */
typedef struct mu_bench_engine_class {
    const char *name; /* of files and options: "duckdb" */
    size_t size;      /* of its state, which begins with a mu_bench_engine */
    /* Looks up the functions of the library. */
    bool (*load)(mu_bench_engine *engine, mu_bench_reply *reply);
    /* Opens the database in the directory engine->db (made if it is missing), with
     * engine->threads threads. */
    bool (*open)(mu_bench_engine *engine, mu_bench_reply *reply);
    void (*close)(mu_bench_engine *engine);
    /* Runs one statement as client `client`; clients below engine->clients may do so at once. */
    bool (*ask)(mu_bench_engine *engine, uint32_t client, const char *sql, mu_bench_reply *reply);
    /* Fills the table `events` with a log of this size, which is made on the way; NULL: it cannot,
     * and reads a CSV. */
    bool (*fill)(mu_bench_engine *engine, uint64_t customers, uint64_t events,
                 mu_bench_reply *reply);
} mu_bench_engine_class;

struct mu_bench_engine {
    const mu_bench_engine_class *class;
    void *library; /* of dlopen() */
    char *db;
    uint32_t threads, clients;
};

extern const mu_bench_engine_class mu_bench_engine_muster, mu_bench_engine_duckdb,
    mu_bench_engine_clickhouse;

const mu_bench_engine_class *mu_bench_engine_find(const char *name); /* NULL: there is none */

/* Opens the library at `path` for the class named `name`; to free(). NULL with a message in the
 * reply. */
mu_bench_engine *mu_bench_engine_new(const char *name, const char *path, mu_bench_reply *reply);

/* Looks up functions of the engine's library; `place` is the address of a pointer to one. */
typedef struct mu_bench_function {
    void *place;
    const char *name;
} mu_bench_function;
bool mu_bench_engine_functions(const mu_bench_engine *engine, const mu_bench_function *wanted,
                               size_t count, mu_bench_reply *reply);

double mu_bench_now(void); /* seconds of a clock that only goes forward */

#endif
