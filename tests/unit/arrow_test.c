/*
 * arrow_test.c - rows as an Arrow stream, read by the specification alone: each value is the one
 * that muster_step() gives, and everything may be released in any order.
 */
#include "include/muster_arrow.h"

#include "storage/base/mem.h"
#include "tests/support/ask.h"
#include "tests/support/test.h"

#include <errno.h>
#include <inttypes.h>

static const char *const columns =
    "(customer TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT EVENT, small SMALLINT, medium INTEGER, "
    "large BIGINT, real DOUBLE, price DECIMAL(12,2), flag BOOLEAN, day DATE, pause INTERVAL)";

static bool bit(const void *bits, int64_t i)
{
    return ((const uint8_t *)bits)[i / 8] >> (i % 8) & 1;
}

static bool is_null(const struct ArrowArray *array, int64_t i)
{
    return array->buffers[0] && !bit(array->buffers[0], i);
}

/* The integer that is stored. */
static int64_t integer_at(const char *format, const struct ArrowArray *array, int64_t i)
{
    const void *values = array->buffers[1];

    if (strcmp(format, "b") == 0) {
        return bit(values, i);
    }
    if (strcmp(format, "s") == 0) {
        return ((const int16_t *)values)[i];
    }
    if (strcmp(format, "i") == 0 || strcmp(format, "tdD") == 0) {
        return ((const int32_t *)values)[i];
    }
    if (strncmp(format, "d:", 2) == 0) {
        const int64_t *halves = &((const int64_t *)values)[2 * i];
        assert_int_equal(halves[1], halves[0] < 0 ? -1 : 0);
        return halves[0];
    }
    return ((const int64_t *)values)[i];
}

static void check_value(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t i,
                        muster_statement *rows, uint32_t c)
{
    assert_int_equal(is_null(array, i), muster_is_null(rows, c));
    if (is_null(array, i)) {
        return;
    }
    if (strcmp(schema->format, "u") == 0) {
        const int32_t *offsets = array->buffers[1];
        size_t size;
        const char *text = muster_text(rows, c, &size);
        assert_int_equal(offsets[i + 1] - offsets[i], size);
        assert_memory_equal((const char *)array->buffers[2] + offsets[i], text, size);
    } else if (strcmp(schema->format, "g") == 0) {
        assert_memory_equal(&((const double *)array->buffers[1])[i],
                            &(double){muster_double(rows, c)}, sizeof(double));
    } else {
        assert_int_equal(integer_at(schema->format, array, i), muster_int64(rows, c));
    }
}

static void check_array(const struct ArrowSchema *schema, const struct ArrowArray *array)
{
    int64_t nulls = 0;

    for (int64_t i = 0; i < array->length; i++) {
        nulls += is_null(array, i);
    }
    assert_int_equal(array->null_count, nulls);
    assert_int_equal(array->offset, 0);
    assert_int_equal(array->n_buffers, strcmp(schema->format, "u") == 0 ? 3 : 2);
    assert_int_equal(array->n_children, 0);
    assert_null(array->dictionary);
    assert_true(schema->flags & ARROW_FLAG_NULLABLE);
}

static void check_batch(const struct ArrowSchema *schema, const struct ArrowArray *batch,
                        muster_statement *rows)
{
    bool row;

    assert_true(batch->length > 0);
    assert_int_equal(batch->n_buffers, 1);
    assert_null(batch->buffers[0]);
    assert_int_equal(batch->n_children, muster_column_count(rows));
    for (int64_t c = 0; c < batch->n_children; c++) {
        assert_int_equal(batch->children[c]->length, batch->length);
        check_array(schema->children[c], batch->children[c]);
    }
    for (int64_t i = 0; i < batch->length; i++) {
        assert_ok(muster_step(rows, &row, &test_error));
        assert_true(row);
        for (int64_t c = 0; c < batch->n_children; c++) {
            check_value(schema->children[c], batch->children[c], i, rows, (uint32_t)c);
        }
    }
}

static muster_statement *prepare(muster_connection *connection, const char *sql)
{
    muster_statement *statement;

    assert_ok(muster_prepare(connection, sql, NULL, &statement, &test_error));
    return statement;
}

/* A stream whose statement is its own. */
static void open_stream(muster_connection *connection, const char *sql,
                        struct ArrowArrayStream *out)
{
    muster_statement *statement = prepare(connection, sql);

    assert_ok(muster_arrow_stream(statement, out, &test_error));
    muster_finish(statement);
}

static void expect_same(muster_connection *connection, const char *sql)
{
    muster_statement *rows = prepare(connection, sql);
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    bool row;

    open_stream(connection, sql, &stream);
    assert_int_equal(stream.get_schema(&stream, &schema), 0);
    assert_string_equal(schema.format, "+s");
    assert_int_equal(schema.n_children, muster_column_count(rows));
    for (uint32_t c = 0; c < muster_column_count(rows); c++) {
        assert_string_equal(schema.children[c]->name, muster_column_name(rows, c));
    }
    while (stream.get_next(&stream, &batch) == 0 && batch.release) {
        check_batch(&schema, &batch, rows);
        batch.release(&batch);
        assert_null(batch.release);
    }
    assert_null(stream.get_last_error(&stream));
    assert_ok(muster_step(rows, &row, &test_error));
    assert_false(row);
    muster_finish(rows);
    stream.release(&stream);
    assert_null(stream.release);
    schema.release(&schema);
}

/* A table of all types, of random values. */
static void make_events(muster *db, muster_connection *connection, const char *table, uint32_t rows)
{
    uint64_t random = test_seed();
    muster_appender *appender;
    char sql[1024], text[64];

    (void)snprintf(sql, sizeof sql, "CREATE TABLE %s %s", table, columns);
    ask_run(db, sql);
    assert_ok(muster_appender_open(connection, table, &appender, &test_error));
    for (uint32_t i = 0; i < rows; i++) {
        for (uint32_t c = 0; c < 11; c++) {
            const int64_t number = (int64_t)test_random_below(&random, 65536) - 32768;
            if (c != 1 && test_random_below(&random, 5) == 0) {
                assert_ok(muster_append_null(appender, &test_error));
            } else if (c == 0 || c == 2) {
                (void)snprintf(text, sizeof text, "%.*s%" PRId64,
                               (int)test_random_below(&random, 12), "long text --", number % 100);
                assert_ok(muster_append_text(appender, text, strlen(text), &test_error));
            } else if (c == 6) {
                assert_ok(muster_append_double(appender, (double)number / 3, &test_error));
            } else if (c == 8) {
                assert_ok(muster_append_int64(appender, number & 1, &test_error));
            } else {
                assert_ok(muster_append_int64(appender, number, &test_error));
            }
        }
        assert_ok(muster_append_row(appender, &test_error));
    }
    assert_ok(muster_appender_commit(appender, &test_error));
    muster_appender_close(appender);
}

static muster *open_events(muster_connection **connection, uint32_t rows)
{
    muster *db;

    assert_ok(muster_open(NULL, NULL, &db, &test_error));
    *connection = ask_connect(db);
    make_events(db, *connection, "events", rows);
    return db;
}

static void close_events(muster *db, muster_connection *connection)
{
    muster_disconnect(connection);
    muster_close(db);
}

TEST(a_stream_has_the_rows_of_the_statement)
{
    muster_connection *c;
    muster *db = open_events(&c, 3000);

    expect_same(c, "SELECT * FROM events");
    expect_same(c, "SELECT * FROM events WHERE flag AND small > 100");
    expect_same(c, "SELECT * FROM events ORDER BY large LIMIT 77");
    expect_same(c, "SELECT NULL AS nothing, price * 2 AS price, abs(small) AS positive, -small, "
                   "medium + 1 FROM events");
    expect_same(c, "SELECT event, count(*), avg(real), sum(price) FROM events GROUP BY event "
                   "ORDER BY event");
    expect_same(c, "SELECT * FROM events WHERE large = 1 AND large = 2");
    expect_same(c, "SHOW TABLES");
    close_events(db, c);
}

TEST(ids_that_are_numbers_are_numbers)
{
    muster_connection *c;
    muster *db;

    assert_ok(muster_open(NULL, NULL, &db, &test_error));
    c = ask_connect(db);
    ask_run(db, "CREATE TABLE visits (id BIGINT CUSTOMER, ts TIMESTAMP TIME);"
                "INSERT INTO visits VALUES (7, '2024-05-01'), (-8, '2024-05-02'), (NULL, "
                "'2024-05-03')");
    expect_same(c, "SELECT id, ts FROM visits");
    expect_same(c, "SELECT id, ts FROM visits WHERE id <> 7");
    close_events(db, c);
}

/* Offsets have 32 bits. */
TEST(large_texts_make_small_batches)
{
    muster_connection *c;
    muster *db = open_events(&c, 1);
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    int64_t rows = 0, batches = 0;

    open_stream(c, "SELECT repeat('x', 15000000) AS text FROM generate_series(1, 6) AS s(n)",
                &stream);
    while (stream.get_next(&stream, &batch) == 0 && batch.release) {
        const int32_t *offsets = batch.children[0]->buffers[1];
        assert_int_equal(offsets[batch.length], batch.length * 15000000);
        rows += batch.length;
        batches++;
        batch.release(&batch);
    }
    assert_int_equal(rows, 6);
    assert_true(batches > 1);
    stream.release(&stream);
    close_events(db, c);
}

TEST(types_are_told_as_arrow_has_them)
{
    static const char *const formats[] = {"u", "tsu:UTC", "u", "s",   "i",  "l",
                                          "g", "d:12,2",  "b", "tdD", "tDu"};
    muster_connection *c;
    muster *db = open_events(&c, 1);
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;

    open_stream(c, "SELECT * FROM events", &stream);
    assert_int_equal(stream.get_schema(&stream, &schema), 0);
    for (size_t i = 0; i < MU_COUNT(formats); i++) {
        assert_string_equal(schema.children[i]->format, formats[i]);
    }
    schema.release(&schema);
    stream.release(&stream);

    open_stream(c, "SELECT bitmap_agg(customer) FROM events", &stream);
    assert_int_equal(stream.get_schema(&stream, &schema), 0);
    assert_string_equal(schema.children[0]->format, "z");
    schema.release(&schema);
    stream.release(&stream);

    assert_ok(ask_on(c, "SET time_zone = 'Europe/Berlin'", (char[8]){0}, 8, &test_error));
    open_stream(c, "SELECT ts FROM events", &stream);
    assert_int_equal(stream.get_schema(&stream, &schema), 0);
    assert_string_equal(schema.children[0]->format, "tsu:Europe/Berlin");
    schema.release(&schema);
    stream.release(&stream);
    close_events(db, c);
}

TEST(batches_outlive_the_database_and_columns_their_batch)
{
    muster_connection *c;
    muster *db = open_events(&c, 50);
    struct ArrowArrayStream stream;
    struct ArrowSchema schema, moved_schema;
    struct ArrowArray batch, moved;

    open_stream(c, "SELECT event, customer, price FROM events", &stream);
    assert_int_equal(stream.get_schema(&stream, &schema), 0);
    assert_int_equal(stream.get_next(&stream, &batch), 0);
    stream.release(&stream);
    close_events(db, c);

    moved = *batch.children[1]; /* as the specification has it */
    batch.children[1]->release = NULL;
    moved_schema = *schema.children[1];
    schema.children[1]->release = NULL;
    batch.release(&batch);
    schema.release(&schema);
    assert_string_equal(moved_schema.name, "customer");
    assert_int_equal(((const int32_t *)moved.buffers[1])[0], 0);
    moved.release(&moved);
    moved_schema.release(&moved_schema);
}

TEST(a_statement_with_parameters_streams_again_and_again)
{
    muster_connection *c;
    muster *db = open_events(&c, 200);
    muster_statement *s = prepare(c, "SELECT ? AS value FROM events LIMIT 1");
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray batch;

    assert_status(MUSTER_INVALID, muster_arrow_stream(s, &stream, &test_error));
    assert_message_has("parameter 1 has no value");
    assert_null(stream.release);
    muster_reset(s);
    assert_ok(muster_bind_double(s, 1, 0.5, &test_error));
    assert_ok(muster_arrow_stream(s, &stream, &test_error));
    assert_int_equal(stream.get_schema(&stream, &schema), 0);
    assert_string_equal(schema.children[0]->format, "g");
    schema.release(&schema);

    muster_reset(s);
    assert_int_equal(stream.get_next(&stream, &batch), EINVAL);
    assert_non_null(strstr(stream.get_last_error(&stream), "the statement was reset"));
    assert_null(batch.release);
    stream.release(&stream);

    assert_ok(muster_bind_text(s, 1, "again", 5, &test_error));
    assert_ok(muster_arrow_stream(s, &stream, &test_error));
    muster_finish(s);
    assert_int_equal(stream.get_next(&stream, &batch), 0);
    assert_memory_equal(batch.children[0]->buffers[2], "again", 5);
    batch.release(&batch);
    assert_int_equal(stream.get_next(&stream, &batch), 0);
    assert_null(batch.release);
    assert_int_equal(stream.get_next(&stream, &batch), 0); /* and so on */
    assert_null(batch.release);
    stream.release(&stream);
    close_events(db, c);
}

TEST(a_value_that_does_not_fit_leaves_the_statement_one_that_streams)
{
    muster_connection *c;
    muster *db = open_events(&c, 10);
    muster_statement *s = prepare(c, "SELECT count(*) FROM events WHERE ts >= ?");
    struct ArrowArrayStream stream;

    assert_ok(muster_bind_text(s, 1, "soon", 4, &test_error));
    assert_status(MUSTER_INVALID, muster_arrow_stream(s, &stream, &test_error));
    assert_message_has("\"soon\" is not a timestamp");
    muster_reset(s);
    assert_ok(muster_bind_text(s, 1, "2024-01-01", 10, &test_error));
    assert_ok(muster_arrow_stream(s, &stream, &test_error));
    stream.release(&stream);
    muster_finish(s);
    close_events(db, c);
}

TEST(a_stream_that_has_ended_knows_nothing_of_columns_that_came_later)
{
    muster_connection *c;
    muster *db = open_events(&c, 10);
    struct ArrowArrayStream stream;
    muster_statement *s;
    struct ArrowArray batch;
    bool row;

    ask_run(db, "CREATE TABLE t (a BIGINT); INSERT INTO t VALUES (1)");
    s = prepare(c, "FROM t");
    assert_ok(muster_arrow_stream(s, &stream, &test_error));
    muster_reset(s);
    for (char sql[] = "ALTER TABLE t ADD COLUMN b TEXT"; sql[25] <= 'z'; sql[25]++) {
        ask_run(db, sql);
    }
    assert_ok(muster_step(s, &row, &test_error));
    assert_true(muster_column_count(s) > 20);
    assert_int_equal(stream.get_next(&stream, &batch), EINVAL);
    stream.release(&stream);
    muster_finish(s);
    close_events(db, c);
}

TEST(a_stream_fails_as_the_statement_would)
{
    muster_connection *c;
    muster *db = open_events(&c, 200);
    muster_statement *s = prepare(c, "SELECT 1 / (large - large) FROM events WHERE large > 0");
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    bool row;

    assert_ok(muster_arrow_stream(s, &stream, &test_error));
    assert_status(MUSTER_INVALID, muster_step(s, &row, &test_error));
    assert_message_has("by an Arrow stream");
    assert_int_equal(stream.get_next(&stream, &batch), EINVAL);
    assert_non_null(strstr(stream.get_last_error(&stream), "zero"));
    assert_int_equal(stream.get_next(&stream, &batch), EINVAL);
    stream.release(&stream);
    muster_finish(s);

    s = prepare(c, "SELECT * FROM events");
    assert_ok(muster_arrow_stream(s, &stream, &test_error));
    muster_interrupt(c);
    assert_int_equal(stream.get_next(&stream, &batch), ECANCELED);
    assert_null(batch.release);
    muster_finish(s);
    stream.release(&stream);

    s = prepare(c, "SELECT count(*) FROM events a, events b, events c, events d");
    muster_set_deadline(s, 1);
    assert_ok(muster_arrow_stream(s, &stream, &test_error));
    assert_int_equal(stream.get_next(&stream, &batch), ETIMEDOUT);
    stream.release(&stream);
    muster_finish(s);

    s = prepare(c, "DROP TABLE events");
    assert_status(MUSTER_INVALID, muster_arrow_stream(s, &stream, &test_error));
    assert_message("the statement has no rows; run it by muster_step()");
    muster_finish(s);
    s = prepare(c, "SELECT 1");
    assert_ok(muster_step(s, &row, &test_error));
    assert_status(MUSTER_INVALID, muster_arrow_stream(s, &stream, &test_error));
    assert_message_has("call muster_reset()");
    muster_finish(s);
    close_events(db, c);
}

/* All that a stream gives, appended to a table. */
static muster_status append_all(muster_connection *connection, const char *sql, const char *table)
{
    muster_appender *appender;
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    muster_status status = MUSTER_OK;

    open_stream(connection, sql, &stream);
    assert_int_equal(stream.get_schema(&stream, &schema), 0);
    assert_ok(muster_appender_open(connection, table, &appender, &test_error));
    while (status == MUSTER_OK && stream.get_next(&stream, &batch) == 0 && batch.release) {
        status = muster_append_arrow(appender, &batch, &schema, &test_error);
        assert_null(batch.release);
    }
    if (status == MUSTER_OK) {
        status = muster_appender_commit(appender, &test_error);
    }
    muster_appender_close(appender);
    schema.release(&schema);
    stream.release(&stream);
    return status;
}

TEST(what_streams_out_goes_in_again)
{
    muster_connection *c;
    muster *db = open_events(&c, 3000);
    char sql[1024];

    (void)snprintf(sql, sizeof sql, "CREATE TABLE copies %s", columns);
    ask_run(db, sql);
    assert_ok(append_all(c, "SELECT * FROM events", "copies"));
    ask_expect(db,
               "SELECT count(*) FROM copies; SELECT count(*) FROM (SELECT * FROM events EXCEPT "
               "SELECT * FROM copies); SELECT count(*) FROM (SELECT * FROM copies EXCEPT SELECT * "
               "FROM events); SELECT count(*) FROM (SELECT * FROM events EXCEPT ALL SELECT * FROM "
               "copies)",
               "3000\n0\n0\n0\n");
    /* The order of columns does not matter, and some may be missing. */
    assert_ok(append_all(c, "SELECT price, event, ts, customer FROM events", "copies"));
    ask_expect(db,
               "SELECT count(*), sum(price) = 2 * (SELECT sum(price) FROM events), count(small) = "
               "(SELECT count(small) FROM events) FROM copies",
               "6000|true|true\n");
    close_events(db, c);
}

/* All that a stream gives, appended; NOMEM wherever memory runs out. */
static muster_status copy_rows(muster_connection *connection, muster_appender *appender,
                               uint64_t call)
{
    muster_statement *statement = prepare(connection, "SELECT * FROM events");
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray batch;

    mu_mem_fail_at(call, false);
    muster_status status = muster_arrow_stream(statement, &stream, &test_error);
    muster_finish(statement);
    if (status != MUSTER_OK) {
        return status;
    }
    int failure = stream.get_schema(&stream, &schema);
    while (failure == 0 && status == MUSTER_OK) {
        failure = stream.get_next(&stream, &batch);
        if (failure != 0 || !batch.release) {
            break;
        }
        status = muster_append_arrow(appender, &batch, &schema, &test_error);
    }
    if (schema.release) {
        schema.release(&schema);
    }
    if (failure != 0) {
        assert_int_equal(failure, ENOMEM);
        assert_non_null(stream.get_last_error(&stream));
        status = MUSTER_NOMEM;
    }
    stream.release(&stream);
    mu_mem_fail_at(UINT64_MAX, false);
    return status;
}

TEST(running_out_of_memory_is_an_ordinary_error)
{
    muster_connection *c;
    muster *db = open_events(&c, 150);
    muster_appender *appender;
    muster_status status = MUSTER_NOMEM;
    char sql[1024];

    (void)snprintf(sql, sizeof sql, "CREATE TABLE copies %s", columns);
    ask_run(db, sql);
    for (uint64_t call = 0; status != MUSTER_OK; call++) {
        assert_ok(muster_appender_open(c, "copies", &appender, &test_error));
        status = copy_rows(c, appender, call);
        muster_appender_close(appender);
        assert_true(status == MUSTER_OK || status == MUSTER_NOMEM);
        assert_true(call < 100000);
    }
    close_events(db, c);
}
