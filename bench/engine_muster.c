/*
 * engine_muster.c - muster itself, through muster.h, from a shared library like its peers: so an
 * earlier build can stand beside the present one.
 */
#include "bench/answer.h"
#include "bench/engine.h"
#include "bench/fill.h"
#include "bench/stop.h"
#include "include/muster.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct engine_muster {
    mu_bench_engine engine; /* first */
    muster *db;
    muster_connection **connections; /* engine.clients of them */
    __typeof__(muster_open) *open;
    __typeof__(muster_close) *close;
    __typeof__(muster_connect) *connect;
    __typeof__(muster_disconnect) *disconnect;
    __typeof__(muster_prepare) *prepare;
    __typeof__(muster_step) *step;
    __typeof__(muster_finish) *finish;
    __typeof__(muster_column_count) *column_count;
    __typeof__(muster_text) *text;
    __typeof__(muster_bytes_read) *bytes_read;
    mu_bench_appending appending;
} engine_muster;

static bool muster_load(mu_bench_engine *engine, mu_bench_reply *reply)
{
    engine_muster *m = (engine_muster *)engine;
    const mu_bench_function wanted[] = {
        {&m->open, "muster_open"},
        {&m->close, "muster_close"},
        {&m->connect, "muster_connect"},
        {&m->disconnect, "muster_disconnect"},
        {&m->prepare, "muster_prepare"},
        {&m->step, "muster_step"},
        {&m->finish, "muster_finish"},
        {&m->column_count, "muster_column_count"},
        {&m->text, "muster_text"},
        {&m->bytes_read, "muster_bytes_read"},
        {&m->appending.open, "muster_appender_open"},
        {&m->appending.columns, "muster_append_columns"},
        {&m->appending.commit, "muster_appender_commit"},
        {&m->appending.close, "muster_appender_close"},
    };

    return mu_bench_engine_functions(engine, wanted, sizeof wanted / sizeof wanted[0], reply);
}

static bool muster_open_db(mu_bench_engine *engine, mu_bench_reply *reply)
{
    engine_muster *m = (engine_muster *)engine;
    char *path = mu_bench_text("%s/shop.muster", engine->db);
    muster_error err = {0};
    /* Clients share the threads there are. */
    const uint32_t threads = engine->threads / engine->clients;
    const muster_options options = {.size = sizeof options, .threads = threads > 0 ? threads : 1};

    bool opened = m->open(path, &options, &m->db, &err) == MUSTER_OK;
    m->connections = mu_bench_need(calloc(engine->clients, sizeof(muster_connection *)));
    for (uint32_t i = 0; i < engine->clients && opened; i++) {
        opened = m->connect(m->db, &m->connections[i], &err) == MUSTER_OK;
    }
    free(path);
    return opened || mu_bench_reply_fail(reply, "%s", err.message);
}

static void muster_close_db(mu_bench_engine *engine)
{
    engine_muster *m = (engine_muster *)engine;

    for (uint32_t i = 0; i < engine->clients && m->connections; i++) {
        m->disconnect(m->connections[i]);
    }
    free(m->connections);
    m->close(m->db);
}

static void write_row(const engine_muster *m, muster_statement *statement, FILE *out)
{
    const uint32_t columns = m->column_count(statement);

    for (uint32_t c = 0; c < columns; c++) {
        mu_bench_answer_write(out, m->text(statement, c, NULL), c + 1 == columns);
    }
}

static bool muster_ask(mu_bench_engine *engine, uint32_t client, const char *sql,
                       mu_bench_reply *reply)
{
    engine_muster *m = (engine_muster *)engine;
    muster_statement *statement = NULL;
    muster_error err = {0};
    size_t size;
    bool row = false;
    FILE *out = mu_bench_need(open_memstream(&reply->answer, &size));
    const double began = mu_bench_now();

    muster_status status = m->prepare(m->connections[client], sql, NULL, &statement, &err);
    while (status == MUSTER_OK) {
        status = m->step(statement, &row, &err);
        if (status != MUSTER_OK || !row) {
            break;
        }
        write_row(m, statement, out);
    }
    reply->seconds = mu_bench_now() - began;
    reply->bytes_read = statement ? m->bytes_read(statement) : 0;
    m->finish(statement);
    (void)fclose(out);
    return status == MUSTER_OK || mu_bench_reply_fail(reply, "%s", err.message);
}

static bool muster_fill(mu_bench_engine *engine, uint64_t customers, uint64_t events,
                        mu_bench_reply *reply)
{
    const engine_muster *m = (const engine_muster *)engine;
    const double began = mu_bench_now();
    const bool done = mu_bench_fill(&m->appending, m->connections[0], customers, events, reply);

    reply->seconds = mu_bench_now() - began;
    return done;
}

const mu_bench_engine_class mu_bench_engine_muster = {
    .name = "muster",
    .size = sizeof(engine_muster),
    .load = muster_load,
    .open = muster_open_db,
    .close = muster_close_db,
    .ask = muster_ask,
    .fill = muster_fill,
};
