/*
 * engine_clickhouse.c - ClickHouse, from chDB's libchdb.so.
 *
 * The directory of the database is ClickHouse's own; a layout is a table in it. Only the part of
 * the C interface that is used here is declared, as chDB's documentation has it.
 */
#include "bench/engine.h"
#include "bench/stop.h"

#include <stdlib.h>
#include <string.h>

typedef struct engine_clickhouse {
    mu_bench_engine engine; /* first */
    void **connections[MU_BENCH_CLIENTS];

    void **(*connect)(int argc, char **argv);
    void (*close)(void **connection);
    void *(*query)(void *connection, const char *sql, const char *format);
    void (*destroy)(void *result);
    const char *(*buffer)(void *result);
    size_t (*length)(void *result);
    const char *(*error)(void *result);
    uint64_t (*bytes_read)(void *result);
} engine_clickhouse;

static bool click_load(mu_bench_engine *engine, mu_bench_reply *reply)
{
    engine_clickhouse *c = (engine_clickhouse *)engine;
    const mu_bench_function wanted[] = {
        {&c->connect, "chdb_connect"},      {&c->close, "chdb_close_conn"},
        {&c->query, "chdb_query"},          {&c->destroy, "chdb_destroy_query_result"},
        {&c->buffer, "chdb_result_buffer"}, {&c->length, "chdb_result_length"},
        {&c->error, "chdb_result_error"},   {&c->bytes_read, "chdb_result_storage_bytes_read"},
    };

    return mu_bench_engine_functions(engine, wanted, sizeof wanted / sizeof wanted[0], reply);
}

static bool click_ask(mu_bench_engine *engine, uint32_t client, const char *sql,
                      mu_bench_reply *reply)
{
    engine_clickhouse *c = (engine_clickhouse *)engine;
    const double began = mu_bench_now();
    void *result = c->query(*c->connections[client], sql, "TabSeparated");

    reply->seconds = mu_bench_now() - began;
    const char *error = result ? c->error(result) : "it gave no result";
    if (error) {
        (void)mu_bench_reply_fail(reply, "%s", error);
    } else {
        const size_t size = c->length(result);
        reply->bytes_read = c->bytes_read(result);
        reply->answer = mu_bench_need(calloc(1, size + 1));
        memcpy(reply->answer, size > 0 ? c->buffer(result) : "", size);
    }
    if (result) {
        c->destroy(result);
    }
    return !error;
}

static bool click_open(mu_bench_engine *engine, mu_bench_reply *reply)
{
    engine_clickhouse *c = (engine_clickhouse *)engine;
    char *path = mu_bench_text("--path=%s", engine->db);
    char name[] = "clickhouse";
    char *args[] = {name, path, NULL};
    const uint32_t threads = engine->threads / engine->clients;
    char *sql = mu_bench_text("SET max_threads = %u", threads > 0 ? threads : 1);
    bool done = true;

    for (uint32_t i = 0; i < engine->clients && done; i++) {
        c->connections[i] = c->connect(2, args);
        done = c->connections[i] ? click_ask(engine, i, sql, reply)
                                 : mu_bench_reply_fail(reply, "no connection could be opened");
        if (done) {
            mu_bench_reply_deinit(reply);
        }
    }
    free(path);
    free(sql);
    return done;
}

static void click_close(mu_bench_engine *engine)
{
    engine_clickhouse *c = (engine_clickhouse *)engine;

    for (uint32_t i = 0; i < engine->clients; i++) {
        if (c->connections[i]) {
            c->close(c->connections[i]);
        }
    }
}

const mu_bench_engine_class mu_bench_engine_clickhouse = {
    .name = "clickhouse",
    .size = sizeof(engine_clickhouse),
    .load = click_load,
    .open = click_open,
    .close = click_close,
    .ask = click_ask,
};
