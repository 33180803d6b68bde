/*
 * run_sql.c - what the targets that fuzz SQL do with a text: all of its statements are prepared,
 * and run if they have a result; the others might write files. One that takes long is stopped,
 * which is one more thing that must not go wrong.
 */
#include "include/muster.h"
#include "tests/fuzz/fuzz.h"

enum {
    MOST_ROWS = 1000,
    MOST_MS = 5000 /* then it is stopped */
};

void mu_fuzz_run_sql(muster_connection *connection, const char *sql, bool all)
{
    muster_error err = {0};

    while (*sql) {
        muster_statement *statement = NULL;
        bool row = true;
        muster_status status = muster_prepare(connection, sql, &sql, &statement, &err);
        mu_fuzz_told(status, &err);
        if (status != MUSTER_OK) {
            return;
        }
        if (statement) {
            muster_set_deadline(statement, MOST_MS);
        }
        const bool wanted = statement && (all || muster_column_count(statement) > 0);
        for (int i = 0; wanted && row && status == MUSTER_OK && i < MOST_ROWS; i++) {
            status = muster_step(statement, &row, &err);
            mu_fuzz_told(status, &err);
            for (uint32_t c = 0; status == MUSTER_OK && row && c < muster_column_count(statement);
                 c++) {
                (void)muster_text(statement, c, NULL);
            }
        }
        muster_finish(statement);
    }
}
