/*
 * engine_sqlite.c - sqlite3, linked. It has no decimals: they come as integers, and get their point
 * here. Work is counted, so that a query with a join of too many pairs ends.
 */
#include "tests/diff/engine.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum {
    STEPS = 1000000, /* of its machine, between two calls of tick() */
    TICKS_MOST = 30  /* of a statement */
};

static int tick(void *context)
{
    int *ticks = context;

    return ++*ticks > TICKS_MOST;
}

static const char *decimal_text(mu_arena *arena, int64_t value, int scale)
{
    const char *sign = value < 0 ? "-" : "";
    uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value, one = 1;

    for (int i = 0; i < scale; i++) {
        one *= 10;
    }
    return scale == 0
               ? diff_text(arena, "%s%" PRIu64, sign, size)
               : diff_text(arena, "%s%" PRIu64 ".%0*" PRIu64, sign, size / one, scale, size % one);
}

static const char *cell_text(mu_arena *arena, sqlite3_stmt *statement, int column,
                             const diff_node *type)
{
    const int found = sqlite3_column_type(statement, column);

    if (found == SQLITE_NULL) {
        return NULL;
    }
    if (type->type == TYPE_DOUBLE && found == SQLITE_FLOAT) {
        return diff_text(arena, "%.17g", sqlite3_column_double(statement, column));
    }
    if (type->type == TYPE_DECIMAL && found == SQLITE_INTEGER) {
        return decimal_text(arena, sqlite3_column_int64(statement, column), type->scale);
    }
    if (type->type == TYPE_BOOLEAN && found == SQLITE_INTEGER) {
        return sqlite3_column_int64(statement, column) ? "true" : "false";
    }
    return (const char *)sqlite3_column_text(statement, column);
}

static void sqlite_run(diff_engine *engine, const char *sql, const diff_node *const *columns,
                       int count, diff_answer *answer)
{
    sqlite3_stmt *statement = NULL;
    int ticks = 0;
    int status = sqlite3_prepare_v2(engine->db, sql, -1, &statement, NULL);

    answer->columns = count;
    sqlite3_progress_handler(engine->db, STEPS, tick, &ticks);
    while (status == SQLITE_OK || status == SQLITE_ROW) {
        status = sqlite3_step(statement);
        if (status != SQLITE_ROW) {
            break;
        }
        if (sqlite3_column_count(statement) != count || answer->rows == ANSWER_ROWS) {
            answer->outcome = OUTCOME_TOO_LONG;
            break;
        }
        for (int c = 0; c < count; c++) {
            const char *text = cell_text(&answer->arena, statement, c, columns[c]);
            diff_answer_add(answer, diff_answer_normal(&answer->arena, columns[c], text));
        }
    }
    if (status == SQLITE_INTERRUPT) {
        answer->outcome = OUTCOME_TOO_LONG;
    } else if (status != SQLITE_DONE && status != SQLITE_ROW) {
        diff_answer_fail(answer, sqlite3_errmsg(engine->db));
    }
    (void)sqlite3_finalize(statement);
}

static bool sqlite_open(diff_engine *engine, diff_answer *reply)
{
    sqlite3 *db;

    if (sqlite3_open(":memory:", &db) != SQLITE_OK) {
        diff_answer_fail(reply, "sqlite3 has no memory");
        return false;
    }
    engine->db = db;
    sqlite_run(engine, "PRAGMA case_sensitive_like = ON", NULL, 0, reply);
    return reply->outcome == OUTCOME_ROWS;
}

static void sqlite_close(diff_engine *engine)
{
    (void)sqlite3_close(engine->db);
    engine->db = NULL;
}

diff_engine diff_engine_sqlite(void)
{
    return (diff_engine){.name = "sqlite",
                         .dialect = DIALECT_SQLITE,
                         .open = sqlite_open,
                         .run = sqlite_run,
                         .close = sqlite_close};
}
