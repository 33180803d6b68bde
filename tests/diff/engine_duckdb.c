/*
 * engine_duckdb.c - DuckDB, from libduckdb.so, which bench/run.sh fetches. Only the part of its C
 * interface that is used here is declared, as its documentation has it.
 */
#include "tests/diff/engine.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

typedef struct duck_result {
    uint64_t column_count, row_count, rows_changed; /* not to be used, says the documentation */
    void *columns;
    char *message;
    void *data;
} duck_result;

/* The functions, found once. */
static struct {
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
} duck;

static bool load(const char *path)
{
    const struct {
        void *place;
        const char *name;
    } wanted[] = {{&duck.open, "duckdb_open"},
                  {&duck.close, "duckdb_close"},
                  {&duck.connect, "duckdb_connect"},
                  {&duck.disconnect, "duckdb_disconnect"},
                  {&duck.query, "duckdb_query"},
                  {&duck.destroy_result, "duckdb_destroy_result"},
                  {&duck.result_error, "duckdb_result_error"},
                  {&duck.row_count, "duckdb_row_count"},
                  {&duck.column_count, "duckdb_column_count"},
                  {&duck.value_varchar, "duckdb_value_varchar"},
                  {&duck.free, "duckdb_free"}};
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

    for (size_t i = 0; library && i < sizeof wanted / sizeof wanted[0]; i++) {
        void *function = dlsym(library, wanted[i].name);
        if (!function) {
            return false;
        }
        memcpy(wanted[i].place, &function, sizeof function);
    }
    return library != NULL;
}

static void duck_run(diff_engine *engine, const char *sql, const diff_node *const *columns,
                     int count, diff_answer *answer)
{
    duck_result result = {0};

    answer->columns = count;
    if (duck.query(engine->connection, sql, &result) != 0) {
        const char *message = duck.result_error(&result);
        diff_answer_fail(answer, message ? message : "it gave no reason");
    } else if (duck.row_count(&result) > ANSWER_ROWS) {
        answer->outcome = OUTCOME_TOO_LONG;
    } else if (count > 0 && duck.column_count(&result) == (uint64_t)count) {
        const uint64_t rows = duck.row_count(&result);
        for (uint64_t row = 0; row < rows; row++) {
            for (int c = 0; c < count; c++) {
                char *text = duck.value_varchar(&result, (uint64_t)c, row);
                diff_answer_add(answer, diff_answer_normal(&answer->arena, columns[c], text));
                duck.free(text);
            }
        }
    } else if (count > 0) {
        diff_answer_fail(answer, "it has another number of columns");
    }
    duck.destroy_result(&result);
}

static bool duck_open(diff_engine *engine, diff_answer *reply)
{
    if (duck.open(NULL, &engine->db) != 0 || duck.connect(engine->db, &engine->connection) != 0) {
        diff_answer_fail(reply, "duckdb could not be opened");
        return false;
    }
    /* Its optimizer has errors of its own, and the tables are small. */
    duck_run(engine, "SET threads = 1; PRAGMA disable_optimizer", NULL, 0, reply);
    return reply->outcome == OUTCOME_ROWS;
}

static void duck_close(diff_engine *engine)
{
    duck.disconnect(&engine->connection);
    duck.close(&engine->db);
}

diff_engine diff_engine_duckdb(const char *path)
{
    return (diff_engine){.name = path && load(path) ? "duckdb" : NULL,
                         .dialect = DIALECT_DUCKDB,
                         .open = duck_open,
                         .run = duck_run,
                         .close = duck_close};
}
