/*
 * engine.h - the engines that are asked: muster, sqlite3 and DuckDB.
 */
#ifndef MU_DIFF_ENGINE_H
#define MU_DIFF_ENGINE_H

#include "tests/diff/answer.h"
#include "tests/diff/op.h"

typedef struct diff_engine diff_engine;

struct diff_engine {
    const char *name;
    diff_dialect dialect;
    /* A new database with nothing in it. False if the engine is not there: message says why. */
    bool (*open)(diff_engine *engine, diff_answer *reply);
    /* Runs one statement; `columns` say what the answer is of, `count` of them. */
    void (*run)(diff_engine *engine, const char *sql, const diff_node *const *columns, int count,
                diff_answer *answer);
    /* The same for a query with parameters, run twice. NULL: it is not asked that way. */
    void (*run_bound)(diff_engine *engine, const char *sql, const diff_bound *bound,
                      const diff_node *const *columns, int count, diff_answer *answer);
    bool (*restart)(diff_engine *engine, diff_answer *reply); /* NULL: there is nothing to it */
    void (*close)(diff_engine *engine);                       /* drops the database */

    void *db, *connection, *library;
    const diff_engine *shared; /* muster with another number of threads: who has the database */
    unsigned threads;
    const char *zone; /* of muster's session, or NULL */
    char path[256];
};

/* With a zone: one whose session begins in it. All it is told and says is of that zone, so that its
 * answers are the same. */
diff_engine diff_engine_muster(unsigned threads, const char *zone);
diff_engine diff_engine_sqlite(void);

/* From libduckdb.so at `path`. Not used on: name is NULL. */
diff_engine diff_engine_duckdb(const char *path);

#endif
