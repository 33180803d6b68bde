/*
 * engine_muster.c - muster, in a directory of its own, through muster.h alone. With another number
 * of threads it is one more engine on the same database.
 */
#include "include/muster.h"
#include "storage/base/env.h"
#include "tests/diff/engine.h"

#include <stdlib.h>
#include <string.h>

static const char *cell_text(muster_statement *statement, uint32_t column, mu_arena *arena)
{
    if (muster_is_null(statement, column)) {
        return NULL;
    }
    return muster_column_type(statement, column) == MUSTER_TYPE_DOUBLE
               ? diff_text(arena, "%.17g", muster_double(statement, column))
               : muster_text(statement, column, NULL);
}

static muster_status step_all(muster_statement *statement, const diff_node *const *columns,
                              diff_answer *answer, muster_error *err)
{
    bool row = true;

    while (row) {
        MU_TRY(muster_step(statement, &row, err));
        if (row && answer->rows == ANSWER_ROWS) {
            answer->outcome = OUTCOME_TOO_LONG;
            return MUSTER_OK;
        }
        for (int c = 0; row && c < answer->columns; c++) {
            const char *text = cell_text(statement, (uint32_t)c, &answer->arena);
            diff_answer_add(answer, diff_answer_normal(&answer->arena, columns[c], text));
        }
    }
    return MUSTER_OK;
}

static void run(muster_connection *connection, const char *sql, const diff_node *const *columns,
                int count, diff_answer *answer)
{
    muster_error err = {0};
    muster_statement *statement = NULL;
    muster_status status = muster_prepare(connection, sql, NULL, &statement, &err);

    answer->columns = count;
    if (status == MUSTER_OK && count > 0 && muster_column_count(statement) != (uint32_t)count) {
        diff_answer_fail(answer, "it has another number of columns");
    } else if (status == MUSTER_OK) {
        status = step_all(statement, columns, answer, &err);
    }
    if (status != MUSTER_OK) {
        diff_answer_fail(answer, err.message);
    }
    muster_finish(statement);
}

/* 12.5 with two digits behind the point is 1250. */
static int64_t unscaled(const char *text, int scale)
{
    const char *point = strchr(text, '.');
    const char *digits = point ? point + 1 : "";
    int64_t value = llabs(strtoll(text, NULL, 10));

    for (int i = 0; i < scale; i++) {
        value = value * 10 + (*digits ? *digits++ - '0' : 0);
    }
    return text[0] == '-' ? -value : value;
}

static muster_status bind_value(muster_statement *statement, uint32_t number,
                                const diff_node *value, muster_error *err)
{
    const char *text = value->text;

    if (!text) {
        return muster_bind_null(statement, number, err);
    }
    switch ((int)value->type) {
    case TYPE_BOOLEAN:
        return muster_bind_boolean(statement, number, strcmp(text, "true") == 0, err);
    case TYPE_BIGINT:
        return muster_bind_int64(statement, number, strtoll(text, NULL, 10), err);
    case TYPE_DECIMAL:
        return muster_bind_decimal(statement, number, unscaled(text, value->scale),
                                   (uint32_t)value->scale, err);
    case TYPE_DOUBLE:
        return muster_bind_double(statement, number, strtod(text, NULL), err);
    default:
        return muster_bind_text(statement, number, text, strlen(text), err);
    }
}

/* Twice, as a program does that keeps its statements; what the second run says is the answer. */
static muster_status step_bound(muster_statement *statement, const diff_bound *bound,
                                const diff_node *const *columns, diff_answer *answer,
                                muster_error *err)
{
    bool row = true;

    for (int i = 0; i < bound->count; i++) {
        MU_TRY(bind_value(statement, (uint32_t)i + 1, bound->value[i], err));
    }
    while (row) {
        MU_TRY(muster_step(statement, &row, err));
    }
    muster_reset(statement);
    return step_all(statement, columns, answer, err);
}

static void muster_run_bound(diff_engine *engine, const char *sql, const diff_bound *bound,
                             const diff_node *const *columns, int count, diff_answer *answer)
{
    muster_error err = {0};
    muster_statement *statement = NULL;
    muster_status status = muster_prepare(engine->connection, sql, NULL, &statement, &err);

    answer->columns = count;
    if (status == MUSTER_OK) {
        status = step_bound(statement, bound, columns, answer, &err);
    }
    if (status != MUSTER_OK) {
        diff_answer_fail(answer, err.message);
    }
    muster_finish(statement);
}

static void muster_run(diff_engine *engine, const char *sql, const diff_node *const *columns,
                       int count, diff_answer *answer)
{
    const diff_engine *owner = engine->shared ? engine->shared : engine;
    muster_error err = {0};

    if (muster_set_threads(owner->db, engine->threads, &err) != MUSTER_OK) {
        diff_answer_fail(answer, err.message);
        return;
    }
    run(owner->connection, sql, columns, count, answer);
}

static void close_database(diff_engine *engine)
{
    muster_disconnect(engine->connection);
    muster_close(engine->db);
    engine->connection = NULL;
    engine->db = NULL;
}

static bool open_again(diff_engine *engine, diff_answer *reply)
{
    muster_error err = {0};
    muster *db;
    muster_connection *connection;

    if (muster_open(engine->path, NULL, &db, &err) != MUSTER_OK) {
        diff_answer_fail(reply, err.message);
        return false;
    }
    engine->db = db;
    if (muster_connect(db, &connection, &err) != MUSTER_OK) {
        diff_answer_fail(reply, err.message);
        return false;
    }
    engine->connection = connection;
    run(connection, "SET synchronous = off", NULL, 0, reply);
    if (engine->zone) {
        run(connection, diff_text(&reply->arena, "SET time_zone = '%s'", engine->zone), NULL, 0,
            reply);
    }
    return reply->outcome == OUTCOME_ROWS;
}

static bool muster_begin(diff_engine *engine, diff_answer *reply)
{
    muster_error err = {0};

    if (engine->shared) {
        return true;
    }
    if (mu_env_make_temp_dir(engine->path, sizeof engine->path, &err) != MUSTER_OK) {
        diff_answer_fail(reply, err.message);
        return false;
    }
    return open_again(engine, reply);
}

static bool muster_restart(diff_engine *engine, diff_answer *reply)
{
    if (engine->shared) {
        return true;
    }
    close_database(engine);
    return open_again(engine, reply);
}

static void muster_end(diff_engine *engine)
{
    if (!engine->shared) {
        close_database(engine);
        (void)mu_env_remove_tree(engine->path, NULL);
    }
}

diff_engine diff_engine_muster(unsigned threads, const char *zone)
{
    return (diff_engine){.name = zone ? zone : "muster",
                         .dialect = DIALECT_MUSTER,
                         .open = muster_begin,
                         .run = muster_run,
                         .run_bound = muster_run_bound,
                         .restart = muster_restart,
                         .close = muster_end,
                         .zone = zone,
                         .threads = threads};
}
