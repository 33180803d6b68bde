/* batch_out_test.c - rows by the batch: the same values as row by row, dense, in their types. */
#include "include/muster.h"

#include "storage/base/limits.h"
#include "tests/support/ask.h"
#include "tests/support/test.h"

#include <inttypes.h>

static bool has(const uint64_t *bits, uint32_t i)
{
    return bits[i / 64] >> (i % 64) & 1;
}

/* A value as muster_text() would write it, for the types whose text is the number. */
static void write_value(const muster_vector *v, uint32_t i, uint32_t scale, char *out, size_t size)
{
    const int64_t *numbers = v->data;

    if (v->valid && !has(v->valid, i)) {
        (void)snprintf(out, size, "-");
        return;
    }
    switch (v->type) {
    case MUSTER_TYPE_BOOLEAN:
        (void)snprintf(out, size, "%s", has(v->data, i) ? "true" : "false");
        return;
    case MUSTER_TYPE_TEXT:
    case MUSTER_TYPE_BITMAP: {
        const uint32_t code = ((const uint32_t *)v->data)[i];
        assert_true(code < v->text_count);
        (void)snprintf(out, size, "%.*s", (int)(v->offsets[code + 1] - v->offsets[code]),
                       v->bytes + v->offsets[code]);
        return;
    }
    case MUSTER_TYPE_DOUBLE:
        (void)snprintf(out, size, "%g", ((const double *)v->data)[i]);
        return;
    case MUSTER_TYPE_DECIMAL:
        assert_int_equal(scale, 2);
        (void)snprintf(out, size, "%" PRId64 ".%02" PRId64, numbers[i] / 100, numbers[i] % 100);
        return;
    case MUSTER_TYPE_BIGINT:
    case MUSTER_TYPE_DATE:
    case MUSTER_TYPE_TIMESTAMP:
    case MUSTER_TYPE_INTERVAL:
        (void)snprintf(out, size, "%" PRId64, numbers[i]);
        return;
    }
}

static void check_batch(const muster_batch *batch, muster_statement *rows)
{
    char found[64];

    assert_int_equal(batch->column_count, muster_column_count(rows));
    for (uint32_t i = 0; i < batch->rows; i++) {
        bool row;
        assert_ok(muster_step(rows, &row, &test_error));
        assert_true(row);
        for (uint32_t c = 0; c < batch->column_count; c++) {
            const char *wanted = muster_text(rows, c, NULL);
            assert_int_equal(batch->columns[c].type, muster_column_type(rows, c));
            write_value(&batch->columns[c], i, muster_column_scale(rows, c), found, sizeof found);
            assert_string_equal(found, wanted ? wanted : "-");
        }
    }
}

static void check_query(muster_connection *c, const char *sql)
{
    muster_statement *batches, *rows;
    const muster_batch *batch;
    bool row;

    assert_ok(muster_prepare(c, sql, NULL, &batches, &test_error));
    assert_ok(muster_prepare(c, sql, NULL, &rows, &test_error));
    do {
        assert_ok(muster_step_batch(batches, &batch, &test_error));
        if (batch) {
            check_batch(batch, rows);
        }
    } while (batch);
    assert_ok(muster_step(rows, &row, &test_error));
    assert_false(row);
    muster_finish(rows);
    muster_finish(batches);
}

static muster *open_filled(const char *id_type)
{
    const muster_options options = {.size = sizeof options, .threads = 1};
    static char sql[200000];
    size_t used;
    muster *db;

    assert_ok(muster_open(NULL, &options, &db, &test_error));
    used = (size_t)snprintf(sql, sizeof sql,
                            "CREATE TABLE e (id %s CUSTOMER, ts TIMESTAMP TIME, event TEXT, amount "
                            "DECIMAL(12,2), n BIGINT, real DOUBLE, flag BOOLEAN);"
                            "INSERT INTO e VALUES ",
                            id_type);
    for (int i = 0; i < 3 * MU_BATCH_ROWS / 2 && used < sizeof sql - 200; i++) {
        used += (size_t)snprintf(sql + used, sizeof sql - used,
                                 "%s(%s, '2024-05-01', %s, %d.25, %d, %d.5, %s)", i > 0 ? ", " : "",
                                 i % 9 == 0 ? "NULL"
                                 : i % 2    ? "'17'"
                                            : "'4'",
                                 i % 7 == 0 ? "NULL"
                                 : i % 3    ? "'pay'"
                                            : "''",
                                 i, i, i % 100,
                                 i % 5 == 0 ? "NULL"
                                 : i % 2    ? "true"
                                            : "false");
    }
    ask_run(db, sql);
    return db;
}

TEST(batches_have_the_rows_that_come_one_by_one)
{
    static const char *const queries[] = {
        "SELECT id, event, amount, n, real, flag FROM e",
        "SELECT event, amount, n, flag, id FROM e WHERE n % 3 = 1",
        "SELECT id, customer FROM e WHERE n % 100 = 1",
        "SELECT NULL, event, NULL FROM e WHERE n % 5 = 0",
        "SELECT event FROM e WHERE event IS NULL",
        "SELECT event, count(*), count(*) > 5 FROM e GROUP BY event ORDER BY 2",
        "SELECT n FROM e WHERE n < 0",
        "SELECT customer FROM customers",
        "SELECT CASE WHEN event = 'pay' THEN id END, coalesce(NULL, id), n FROM e",
        "SELECT nullif(id, '17'), n FROM e WHERE n % 2 = 1",
        "SELECT lag(id) OVER (ORDER BY n), lead(id) OVER (ORDER BY n) FROM e",
        "SELECT a.id, b.id FROM e a LEFT JOIN e b ON a.n = b.n + 1 AND b.n % 3 = 0 ORDER BY a.n",
        "SELECT a.id, b.id FROM e a FULL JOIN e b ON a.n = b.n + 1000 ORDER BY a.n, b.n",
        "SELECT first(id ORDER BY n), last(id ORDER BY n), any_value(id) FROM e GROUP BY event",
        "SELECT (SELECT f.id FROM e f WHERE f.n = e.n - 1000 AND f.n < 5) FROM e",
        "SHOW TABLES",
        "SELECT 1, 'x', true, 0.5e0",
    };

    for (int i = 0; i < 2; i++) {
        muster *db = open_filled(i == 0 ? "TEXT" : "BIGINT");
        muster_connection *c = ask_connect(db);
        for (size_t q = 0; q < MU_COUNT(queries); q++) {
            if (strcmp(queries[q], "SHOW TABLES") != 0) { /* it has times, which print otherwise */
                check_query(c, queries[q]);
            }
        }
        muster_disconnect(c);
        muster_close(db);
    }
}

TEST(rows_and_batches_are_not_mixed)
{
    muster *db = open_filled("TEXT");
    muster_connection *c = ask_connect(db);
    const muster_batch *batch;
    muster_statement *s;
    bool row;

    assert_ok(muster_prepare(c, "SELECT n FROM e", NULL, &s, &test_error));
    assert_ok(muster_step(s, &row, &test_error));
    assert_status(MUSTER_INVALID, muster_step_batch(s, &batch, &test_error));
    assert_message_has("rows of this execution are read one by one; go on so, or call");
    assert_null(batch);
    assert_ok(muster_step(s, &row, &test_error));
    assert_true(row);
    muster_reset(s);
    assert_ok(muster_step_batch(s, &batch, &test_error));
    assert_non_null(batch);
    assert_status(MUSTER_INVALID, muster_step(s, &row, &test_error));
    muster_finish(s);
    assert_ok(muster_prepare(c, "INSERT INTO e (id, ts) VALUES ('1', '2024-01-01')", NULL, &s,
                             &test_error));
    assert_ok(muster_step_batch(s, &batch, &test_error));
    assert_null(batch);
    assert_int_equal(muster_rows_changed(s), 1);
    muster_finish(s);
    muster_disconnect(c);
    muster_close(db);
}
