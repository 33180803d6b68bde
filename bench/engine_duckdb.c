/*
 * engine_duckdb.c - DuckDB, from libduckdb.so.
 *
 * A layout is a file NAME.duckdb in the directory of the database. The main database is in memory;
 * a file is attached, to be read only, when a statement first speaks of `NAME.`. Only the part of
 * the C interface that is used here is declared, as DuckDB's documentation has it.
 */
#include "bench/answer.h"
#include "bench/engine.h"
#include "bench/files.h"
#include "bench/stop.h"

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct duck_result {
    uint64_t column_count, row_count, rows_changed; /* not to be used, says the documentation */
    void *columns;
    char *message;
    void *data;
} duck_result;

enum {
    MOST_LAYOUTS = 32
};

typedef struct engine_duckdb {
    mu_bench_engine engine; /* first */
    void *db;
    void *connections[MU_BENCH_CLIENTS];
    pthread_mutex_t attaching;
    char *layouts[MOST_LAYOUTS]; /* by attaching: names; NULL once it is attached */
    uint32_t layout_count;

    int (*open)(const char *path, void **db);
    void (*close)(void **db);
    int (*connect)(void *db, void **connection);
    void (*disconnect)(void **connection);
    int (*query)(void *connection, const char *sql, duck_result *result);
    void (*destroy_result)(duck_result *result);
    const char *(*result_error)(duck_result *result);
    uint64_t (*row_count)(duck_result *result);
    uint64_t (*column_count)(duck_result *result);
    char *(*value_varchar)(duck_result *result, uint64_t column, uint64_t row);
    void (*free)(void *memory);
} engine_duckdb;

static bool duck_load(mu_bench_engine *engine, mu_bench_reply *reply)
{
    engine_duckdb *d = (engine_duckdb *)engine;
    const mu_bench_function wanted[] = {
        {&d->open, "duckdb_open"},
        {&d->close, "duckdb_close"},
        {&d->connect, "duckdb_connect"},
        {&d->disconnect, "duckdb_disconnect"},
        {&d->query, "duckdb_query"},
        {&d->destroy_result, "duckdb_destroy_result"},
        {&d->result_error, "duckdb_result_error"},
        {&d->row_count, "duckdb_row_count"},
        {&d->column_count, "duckdb_column_count"},
        {&d->value_varchar, "duckdb_value_varchar"},
        {&d->free, "duckdb_free"},
    };

    return mu_bench_engine_functions(engine, wanted, sizeof wanted / sizeof wanted[0], reply);
}

static void write_answer(engine_duckdb *d, duck_result *result, FILE *out)
{
    const uint64_t rows = d->row_count(result), columns = d->column_count(result);

    for (uint64_t row = 0; row < rows; row++) {
        for (uint64_t column = 0; column < columns; column++) {
            char *text = d->value_varchar(result, column, row);
            mu_bench_answer_write(out, text, column + 1 == columns);
            d->free(text);
        }
    }
}

static bool run(engine_duckdb *d, uint32_t client, const char *sql, mu_bench_reply *reply)
{
    duck_result result = {0};
    size_t size;
    const double began = mu_bench_now();
    const bool done = d->query(d->connections[client], sql, &result) == 0;

    reply->seconds = mu_bench_now() - began;
    if (done) {
        FILE *out = mu_bench_need(open_memstream(&reply->answer, &size));
        write_answer(d, &result, out);
        (void)fclose(out);
    } else {
        const char *message = d->result_error(&result);
        (void)mu_bench_reply_fail(reply, "%s", message ? message : "it gave no reason");
    }
    d->destroy_result(&result);
    return done;
}

static bool run_quietly(engine_duckdb *d, uint32_t client, const char *sql, mu_bench_reply *reply)
{
    const bool done = run(d, client, sql, reply);

    if (done) {
        mu_bench_reply_deinit(reply);
    }
    return done;
}

static void find_layouts(engine_duckdb *d)
{
    char **names = mu_bench_list(d->engine.db, "duckdb");

    for (uint32_t i = 0; names[i] && d->layout_count < MOST_LAYOUTS; i++) {
        d->layouts[d->layout_count++] =
            mu_bench_text("%.*s", (int)strcspn(names[i], "."), names[i]);
    }
    mu_bench_list_free(names);
}

static bool duck_open(mu_bench_engine *engine, mu_bench_reply *reply)
{
    engine_duckdb *d = (engine_duckdb *)engine;
    char *sql = mu_bench_text("SET threads = %u", engine->threads);
    bool done = d->open(NULL, &d->db) == 0;

    for (uint32_t i = 0; i < engine->clients && done; i++) {
        done = d->connect(d->db, &d->connections[i]) == 0;
    }
    if (!done) {
        (void)mu_bench_reply_fail(reply, "no connection could be opened");
    }
    done = done && run_quietly(d, 0, sql, reply);
    free(sql);
    (void)pthread_mutex_init(&d->attaching, NULL);
    find_layouts(d);
    return done;
}

static void duck_close(mu_bench_engine *engine)
{
    engine_duckdb *d = (engine_duckdb *)engine;

    for (uint32_t i = 0; i < engine->clients; i++) {
        d->disconnect(&d->connections[i]);
    }
    d->close(&d->db);
    for (uint32_t i = 0; i < d->layout_count; i++) {
        free(d->layouts[i]);
    }
    (void)pthread_mutex_destroy(&d->attaching);
}

/* Whether `sql` speaks of something in `layout`: its name, a dot behind it. */
static bool speaks_of(const char *sql, const char *layout)
{
    const size_t size = strlen(layout);

    for (const char *at = strstr(sql, layout); at; at = strstr(at + 1, layout)) {
        const bool begins = at == sql || (!isalnum((unsigned char)at[-1]) && at[-1] != '_');
        if (begins && at[size] == '.') {
            return true;
        }
    }
    return false;
}

/* Attaches the layouts that the statement speaks of. One that attaches by itself builds a layout.
 */
static bool attach(engine_duckdb *d, uint32_t client, const char *sql, mu_bench_reply *reply)
{
    for (uint32_t i = 0; i < d->layout_count; i++) {
        if (!d->layouts[i] || !speaks_of(sql, d->layouts[i]) || strstr(sql, "ATTACH")) {
            continue;
        }
        char *statement = mu_bench_text("ATTACH IF NOT EXISTS '%s/%s.duckdb' AS %s (READ_ONLY)",
                                        d->engine.db, d->layouts[i], d->layouts[i]);
        const bool done = run_quietly(d, client, statement, reply);
        free(statement);
        if (!done) {
            return false;
        }
        free(d->layouts[i]);
        d->layouts[i] = NULL;
    }
    return true;
}

static bool duck_ask(mu_bench_engine *engine, uint32_t client, const char *sql,
                     mu_bench_reply *reply)
{
    engine_duckdb *d = (engine_duckdb *)engine;
    const double began = mu_bench_now();

    (void)pthread_mutex_lock(&d->attaching);
    const bool attached = attach(d, client, sql, reply);
    (void)pthread_mutex_unlock(&d->attaching);
    const double seconds = mu_bench_now() - began;
    if (!attached) {
        return false;
    }
    const bool done = run(d, client, sql, reply);
    reply->seconds += seconds;
    return done;
}

const mu_bench_engine_class mu_bench_engine_duckdb = {
    .name = "duckdb",
    .size = sizeof(engine_duckdb),
    .load = duck_load,
    .open = duck_open,
    .close = duck_close,
    .ask = duck_ask,
};
