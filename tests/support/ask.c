/*
 * ask.c - see ask.h.
 */
#include "tests/support/ask.h"

#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

static void write_row(muster_statement *statement, char *answer, size_t size)
{
    const uint32_t columns = muster_column_count(statement);

    for (uint32_t i = 0; i < columns; i++) {
        const char *text = muster_text(statement, i, NULL);
        const size_t used = strlen(answer);
        (void)snprintf(answer + used, size - used, "%s%s%s", i > 0 ? "|" : "", text ? text : "-",
                       i + 1 == columns ? "\n" : "");
    }
}

muster_connection *ask_connect(muster *db)
{
    muster_connection *connection;

    assert_ok(muster_connect(db, &connection, &test_error));
    return connection;
}

muster_status ask_on(muster_connection *connection, const char *sql, char *answer, size_t size,
                     muster_error *err)
{
    answer[0] = '\0';
    while (*sql) {
        muster_statement *statement;
        bool row = true;
        muster_status status = muster_prepare(connection, sql, &sql, &statement, err);
        while (status == MUSTER_OK && statement && row) {
            status = muster_step(statement, &row, err);
            if (status == MUSTER_OK && row) {
                write_row(statement, answer, size);
            }
        }
        muster_finish(statement);
        if (status != MUSTER_OK) {
            return status;
        }
    }
    return MUSTER_OK;
}

muster_status ask(muster *db, const char *sql, char *answer, size_t size, muster_error *err)
{
    muster_connection *connection;

    MU_TRY(muster_connect(db, &connection, err));
    const muster_status status = ask_on(connection, sql, answer, size, err);
    muster_disconnect(connection);
    return status;
}

muster_status ask_only(muster *db, const char *sql, muster_error *err)
{
    char answer[16];

    return ask(db, sql, answer, sizeof answer, err);
}

void ask_run(muster *db, const char *sql)
{
    assert_ok(ask_only(db, sql, &test_error));
}

void ask_expect(muster *db, const char *sql, const char *answer)
{
    char found[4096];

    assert_ok(ask(db, sql, found, sizeof found, &test_error));
    assert_string_equal(found, answer);
}
