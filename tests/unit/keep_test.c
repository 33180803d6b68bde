/*
 * keep_test.c - how a database is kept: the log, checkpoints, merges, appenders, readers beside it.
 */
#include "include/muster.h"
#include "storage/base/env.h"
#include "storage/db.h"

#include "sql/owner.h"
#include "tests/support/ask.h"
#include "tests/support/shop.h"
#include "tests/support/test.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static muster *open_at(const char *path)
{
    muster *db;

    assert_ok(muster_open(path, NULL, &db, &test_error));
    return db;
}

/* How many files of the database have this beginning. */
typedef struct counting {
    const char *prefix;
    uint32_t count;
} counting;

static muster_status count_one(void *context, const char *name, muster_error *err)
{
    counting *c = context;

    (void)err;
    c->count += strncmp(name, c->prefix, strlen(c->prefix)) == 0;
    return MUSTER_OK;
}

static uint32_t count_files(const char *path, const char *prefix)
{
    counting c = {.prefix = prefix};

    assert_ok(mu_env_list(path, count_one, &c, &test_error));
    return c.count;
}

static const char create[] = "CREATE TABLE e (id TEXT CUSTOMER, at TIMESTAMP TIME, n BIGINT)";
static const char total[] = "SELECT count(*), count(DISTINCT id), sum(n) FROM e";

TEST(small_changes_go_to_the_log_and_a_checkpoint_makes_files_of_them)
{
    const char *path = test_path("db");
    muster *db = open_at(path);

    ask_run(db, create);
    ask_run(db, "INSERT INTO e VALUES ('ada', '2024-01-01', 1), ('bob', '2024-02-01', 2)");
    ask_run(db, "INSERT INTO e VALUES ('ada', '2024-01-02', 3), ('cyd', '2024-02-01', 4)");
    assert_int_equal(count_files(path, "events-"), 0);
    assert_int_equal(count_files(path, "customers-"), 0);
    assert_int_equal(count_files(path, "wal-"), 1);
    ask_expect(db, total, "4|3|10\n");
    ask_run(db, "CHECKPOINT");
    assert_int_equal(count_files(path, "events-"), 2);
    assert_int_equal(count_files(path, "customers-"), 1);
    assert_int_equal(count_files(path, "wal-"), 0);
    ask_expect(db, total, "4|3|10\n");
    ask_run(db, "CHECKPOINT");
    muster_close(db);
}

TEST(a_close_leaves_no_log_and_a_crash_leaves_one_that_is_read)
{
    const char *path = test_path("db"), *copy = test_path("copy");
    muster *db = open_at(path);
    char command[1200];

    mu_db_set_kept(db->db, false); /* nothing happens while the files are copied */
    ask_run(db, create);
    for (int i = 0; i < 30; i++) {
        char sql[200];
        (void)snprintf(sql, sizeof sql,
                       "INSERT INTO e VALUES ('c%d', '2024-01-%02d', %d), (NULL, '2024-03-01', 1)",
                       i % 7, 1 + i % 28, i);
        ask_run(db, sql);
    }
    (void)snprintf(command, sizeof command, "cp -r '%s' '%s'", path, copy);
    assert_int_equal(system(command), 0);
    muster_close(db);
    assert_int_equal(count_files(path, "wal-"), 0);
    assert_true(count_files(copy, "wal-") <= 1);
    db = open_at(copy);
    ask_expect(db, total, "60|7|465\n");
    ask_run(db, "INSERT INTO e VALUES ('new', '2024-01-01', 1)");
    ask_expect(db, total, "61|8|466\n");
    muster_close(db);
    db = open_at(copy);
    ask_expect(db, total, "61|8|466\n");
    muster_close(db);
}

/* The log may yet be lost: until it is in a manifest, the manifest that there is needs its files.
 */
TEST(what_the_log_has_removed_stays_as_long_as_the_manifest_names_it)
{
    const char *path = test_path("db"), *file = test_path("bad.csv");
    char sql[700];
    muster *db = open_at(path);

    ask_run(db,
            "CREATE TABLE products (sku TEXT, price BIGINT); INSERT INTO products VALUES ('a', 1)");
    ask_run(db, "CHECKPOINT");
    ask_run(db, "DELETE FROM products");
    assert_int_equal(count_files(path, "wal-"), 1);
    assert_int_equal(count_files(path, "events-"), 1);
    test_write_file(file, "sku,price\na,x\n", 14);
    (void)snprintf(sql, sizeof sql, "COPY products FROM '%s'", file);
    assert_status(MUSTER_INVALID, ask_only(db, sql, &test_error)); /* its change is aborted */
    assert_int_equal(count_files(path, "events-"), 1);
    ask_run(db, "CHECKPOINT");
    assert_int_equal(count_files(path, "events-"), 0);
    muster_close(db);
}

/* Another database in this process stands for another process: it shares nothing with the first. */
TEST(readers_beside_the_writer_see_each_commit_when_a_statement_begins)
{
    const char *path = test_path("db");
    muster *writer = open_at(path);

    ask_run(writer, create);
    muster *reader = open_at(path);
    for (int i = 1; i <= 40; i++) {
        char sql[100], expected[100];
        (void)snprintf(sql, sizeof sql, "INSERT INTO e VALUES ('c%d', '2024-01-01', 1)", i);
        (void)snprintf(expected, sizeof expected, "%d|%d|%d\n", i, i, i);
        ask_run(writer, sql);
        ask_expect(reader, total, expected);
        if (i % 15 == 0) {
            ask_run(writer, "CHECKPOINT");
            ask_expect(reader, total, expected);
        }
    }
    ask_run(writer, "COMPACT");
    ask_expect(reader, total, "40|40|40\n");
    assert_status(MUSTER_BUSY,
                  ask_only(reader, "INSERT INTO e VALUES ('x', '2024-01-01', 1)", &test_error));
    muster_close(reader);
    muster_close(writer);
}

TEST(a_statement_of_a_reader_ends_though_the_writer_has_removed_its_files)
{
    const char *path = test_path("db");
    muster *writer = open_at(path);
    muster_statement *statement;
    bool row;

    ask_run(writer, create);
    ask_run(writer, "INSERT INTO e VALUES ('ada', '2024-01-01', 1); CHECKPOINT");
    ask_run(writer, "INSERT INTO e VALUES ('ada', '2024-01-02', 2); CHECKPOINT");
    muster *reader = open_at(path);
    muster_connection *c = ask_connect(reader);
    assert_ok(muster_prepare(c, total, NULL, &statement, &test_error));
    ask_run(writer, "COMPACT");
    assert_int_equal(count_files(path, "events-"), 1);
    assert_ok(muster_step(statement, &row, &test_error));
    assert_true(row);
    assert_string_equal(muster_text(statement, 2, NULL), "3");
    muster_finish(statement);
    muster_disconnect(c);
    muster_close(reader);
    muster_close(writer);
}

TEST(compact_leaves_one_segment_of_each_period)
{
    const char *path = test_path("db");
    muster *db = open_at(path);

    mu_db_set_kept(db->db, false); /* the files are counted before */
    ask_run(db, create);
    for (int i = 0; i < 12; i++) {
        char sql[200];
        (void)snprintf(sql, sizeof sql,
                       "INSERT INTO e VALUES ('c%d', '2024-0%d-01', 1), ('late', '2024-01-02', 1)",
                       i, 1 + i % 3);
        ask_run(db, sql);
        if (i % 2 == 0) {
            ask_run(db, "CHECKPOINT");
        }
    }
    assert_true(count_files(path, "events-") > 3);
    ask_run(db, "COMPACT");
    assert_int_equal(count_files(path, "events-"), 3);
    ask_expect(db, total, "24|13|24\n");
    ask_expect(db, "SELECT count(*) FROM e WHERE id = 'late' AND at < '2024-02-01'", "12\n");
    muster_close(db);
}

TEST(commits_that_do_not_wait_for_the_disk_are_seen_at_once)
{
    const char *path = test_path("db");
    muster *db = open_at(path);

    ask_run(db, create);
    ask_run(db, "SET synchronous = off");
    ask_run(db, "INSERT INTO e VALUES ('ada', '2024-01-01', 1)");
    ask_expect(db, total, "1|1|1\n");
    ask_run(db, "SET synchronous TO on");
    ask_run(db, "INSERT INTO e VALUES ('ada', '2024-01-01', 1)");
    ask_expect(db, total, "2|1|2\n");
    muster_close(db);
    db = open_at(path);
    ask_expect(db, total, "2|1|2\n");
    assert_status(MUSTER_INVALID, ask_only(db, "SET synchronous = maybe", &test_error));
    assert_message_has("is neither on nor off");
    assert_status(MUSTER_INVALID, ask_only(db, "SET colour = on", &test_error));
    assert_message_has("no setting");
    muster_close(db);
}

/* Appenders. */

static void append_one(muster_appender *a, const char *id, const char *at, int64_t n)
{
    if (id) {
        assert_ok(muster_append_text(a, id, strlen(id), &test_error));
    } else {
        assert_ok(muster_append_null(a, &test_error));
    }
    assert_ok(muster_append_text(a, at, strlen(at), &test_error));
    assert_ok(muster_append_int64(a, n, &test_error));
    assert_ok(muster_append_row(a, &test_error));
}

/* The same rows in any order, in any number of pieces, which come in any way and are kept in any
 * way between, give the same answers. */

enum {
    ORDERED_ROWS = 240
};

static void add_by_statement(muster *db, const uint32_t *order, uint32_t count)
{
    char sql[ORDERED_ROWS * 64];
    size_t used = (size_t)snprintf(sql, sizeof sql, "INSERT INTO e VALUES ");

    for (uint32_t k = 0; k < count; k++) {
        const uint32_t i = order[k];
        used += (size_t)snprintf(sql + used, sizeof sql - used,
                                 "%s('c%u', '2024-0%u-%02u 10:00:00', %u)", k == 0 ? "" : ", ",
                                 i % 11, 1 + i % 4, 1 + i % 9, i);
    }
    ask_run(db, sql);
}

static void add_by_copy(muster *db, const uint32_t *order, uint32_t count)
{
    char text[ORDERED_ROWS * 64], sql[700];
    const char *path = test_path("rows.csv");
    size_t used = (size_t)snprintf(text, sizeof text, "n,at,id\n");

    for (uint32_t k = 0; k < count; k++) {
        const uint32_t i = order[k];
        used += (size_t)snprintf(text + used, sizeof text - used, "%u,2024-0%u-%02u 10:00:00,c%u\n",
                                 i, 1 + i % 4, 1 + i % 9, i % 11);
    }
    test_write_file(path, text, used);
    (void)snprintf(sql, sizeof sql, "COPY e FROM '%s'", path);
    ask_run(db, sql);
}

static void add_by_appender(muster *db, const uint32_t *order, uint32_t count)
{
    muster_connection *c = ask_connect(db);
    muster_appender *a;
    char id[20], at[40];

    assert_ok(muster_appender_open(c, "e", &a, &test_error));
    for (uint32_t k = 0; k < count; k++) {
        const uint32_t i = order[k];
        (void)snprintf(id, sizeof id, "c%u", i % 11);
        (void)snprintf(at, sizeof at, "2024-0%u-%02u 10:00:00", 1 + i % 4, 1 + i % 9);
        append_one(a, id, at, i);
    }
    assert_ok(muster_appender_commit(a, &test_error));
    muster_appender_close(a);
    muster_disconnect(c);
}

/* All rows in this order; a first time all at once. */
static void add_all(muster *db, const uint32_t *order, bool at_once, uint64_t *state)
{
    static void (*const ways[])(muster * db, const uint32_t *order,
                                uint32_t count) = {add_by_statement, add_by_copy, add_by_appender};

    for (uint32_t at = 0, count; at < ORDERED_ROWS; at += count) {
        const uint32_t left = ORDERED_ROWS - at;
        const uint32_t most = at_once ? left : (uint32_t)test_random_below(state, 2) * 30 + 10;
        count = at_once ? left : 1 + (uint32_t)test_random_below(state, most < left ? most : left);
        ways[test_random_below(state, MU_COUNT(ways))](db, &order[at], count);
        switch (test_random_below(state, 6)) {
        case 0:
            ask_run(db, "CHECKPOINT");
            break;
        case 1:
            ask_run(db, "COMPACT");
            break;
        case 2:
            assert_ok(mu_db_tend(db->db, &test_error));
            break;
        default:
            break;
        }
    }
}

TEST(the_order_and_the_pieces_in_which_rows_come_are_no_part_of_an_answer)
{
    static const char *const questions[] = {
        total,
        "SELECT id, count(*), min(at), max(at), sum(n) FROM e GROUP BY id ORDER BY id",
        "SELECT customer, depth FROM funnel_customers(e, steps => [step(n > 100), step(n > 150)]) "
        "ORDER BY customer",
        "SELECT at, id, n FROM e WHERE n % 7 = 0 ORDER BY ALL",
        "FROM retention(e, start => n > 5, back => n % 3 = 0, unit => 'month', periods => 3)",
        "FROM attribution(e, convert => n % 3 = 0, touch => n % 4 > 0, channel => n % 5, value => "
        "n, lookback => INTERVAL '20 days')",
        "SELECT customer, first_seen, last_seen FROM customers ORDER BY 1",
        "FROM paths(e, start => n > 100, node => n % 5, steps => 4, top => 3)",
        "FROM rfm(e, n > 3, value => n) ORDER BY customer",
    };
    char expected[MU_COUNT(questions)][16384], answer[16384];
    uint32_t order[ORDERED_ROWS];
    uint64_t state = test_seed();

    shop_use_fast_disk();
    for (uint32_t i = 0; i < ORDERED_ROWS; i++) {
        order[i] = i;
    }
    for (uint32_t turn = 0; turn < 20; turn++) {
        muster *db = open_at(test_temp_dir());
        ask_run(db, create);
        add_all(db, order, turn == 0, &state);
        for (size_t q = 0; q < MU_COUNT(questions); q++) {
            assert_ok(ask(db, questions[q], answer, sizeof answer, &test_error));
            if (turn == 0) {
                (void)snprintf(expected[q], sizeof expected[q], "%s", answer);
            }
            assert_string_equal(answer, expected[q]);
        }
        muster_close(db);
        for (uint32_t i = ORDERED_ROWS - 1; i > 0; i--) { /* another order */
            const uint32_t j = (uint32_t)test_random_below(&state, i + 1), kept = order[i];
            order[i] = order[j];
            order[j] = kept;
        }
    }
}

TEST(what_an_appender_commits_is_in_the_database)
{
    const char *path = test_path("db");
    muster *db = open_at(path);
    muster_connection *c = ask_connect(db);
    muster_appender *a;

    ask_run(db, create);
    assert_ok(muster_appender_open(c, "e", &a, &test_error));
    append_one(a, "ada", "2024-01-01", 1);
    append_one(a, NULL, "2024-01-02", 2);
    ask_expect(db, total, "0|0|-\n");
    assert_ok(muster_appender_commit(a, &test_error));
    ask_expect(db, total, "2|1|3\n");
    append_one(a, "bob", "2024-01-02", 5);
    muster_appender_close(a); /* not committed */
    ask_expect(db, total, "2|1|3\n");
    muster_disconnect(c);
    muster_close(db);
}

TEST(columns_of_many_rows_are_appended_at_once)
{
    enum {
        ROWS = 3000
    };
    static const char *text[ROWS];
    static uint32_t sizes[ROWS];
    static int64_t times[ROWS], numbers[ROWS];
    static uint64_t valid[(ROWS + 63) / 64];
    muster *db = open_at(NULL);
    muster_connection *c = ask_connect(db);
    muster_appender *a;

    for (uint32_t i = 0; i < ROWS; i++) {
        static const char *const ids[] = {"ada", "bob", "cyd"};
        text[i] = ids[i % 3];
        sizes[i] = 3;
        times[i] = (int64_t)i * 1000000000;
        numbers[i] = 1;
        valid[i / 64] |= (uint64_t)(i % 2) << (i % 64);
    }
    const muster_values columns[] = {
        {.text = text, .text_sizes = sizes}, {.int64 = times}, {.int64 = numbers, .valid = valid}};
    ask_run(db, create);
    assert_ok(muster_appender_open(c, "e", &a, &test_error));
    assert_ok(muster_append_columns(a, ROWS, columns, &test_error));
    append_one(a, "dan", "2024-01-01", 1);
    assert_ok(muster_append_columns(a, ROWS, columns, &test_error));
    assert_ok(muster_appender_commit(a, &test_error));
    ask_expect(db, total, "6001|4|3001\n");
    muster_appender_close(a);
    muster_disconnect(c);
    muster_close(db);
}

TEST(an_appender_refuses_what_does_not_fit)
{
    muster *db = open_at(NULL);
    muster_connection *c = ask_connect(db);
    muster_appender *a;

    ask_run(db, "CREATE TABLE t (a SMALLINT, b DOUBLE, c DECIMAL(4,1), d TEXT)");
    assert_status(MUSTER_INVALID, muster_appender_open(c, "none", &a, &test_error));
    assert_message_has("there is no table \"none\"");
    assert_null(a);
    assert_status(MUSTER_INVALID, muster_appender_open(c, "customers", &a, &test_error));
    assert_ok(muster_appender_open(c, "t", &a, &test_error));
    assert_status(MUSTER_INVALID, muster_append_int64(a, 40000, &test_error));
    assert_message_has("column \"a\": 40000 is not between -32768 and 32767");
    assert_status(MUSTER_INVALID, muster_append_double(a, 1, &test_error));
    assert_message_has("column \"a\" is SMALLINT, and takes no double");
    assert_status(MUSTER_INVALID, muster_append_text(a, "x", 1, &test_error));
    assert_message_has("column \"a\": \"x\" is not a number");
    assert_ok(muster_append_int64(a, 1, &test_error));
    assert_status(MUSTER_INVALID, muster_append_int64(a, 1, &test_error));
    assert_ok(muster_append_double(a, 0.5, &test_error));
    assert_status(MUSTER_INVALID, muster_append_row(a, &test_error));
    assert_message_has("the row has 2 values");
    assert_status(MUSTER_INVALID, muster_appender_commit(a, &test_error));
    assert_ok(muster_append_int64(a, 9999, &test_error));
    assert_status(MUSTER_INVALID, muster_append_text(a, "\xff", 1, &test_error));
    assert_message_has("UTF-8");
    assert_ok(muster_append_text(a, "", 0, &test_error));
    assert_status(MUSTER_INVALID, muster_append_null(a, &test_error));
    assert_ok(muster_append_row(a, &test_error));
    muster_append_restart(a);
    assert_ok(muster_appender_commit(a, &test_error));
    ask_expect(db, "SELECT * FROM t", "1|0.5|999.9|\n");
    ask_run(db, "DROP TABLE t");
    assert_ok(muster_append_null(a, &test_error));
    assert_ok(muster_append_null(a, &test_error));
    assert_ok(muster_append_null(a, &test_error));
    assert_ok(muster_append_null(a, &test_error));
    assert_ok(muster_append_row(a, &test_error));
    assert_status(MUSTER_INVALID, muster_appender_commit(a, &test_error));
    assert_message_has("has changed since the appender was opened");
    muster_appender_close(a);
    muster_disconnect(c);
    muster_close(db);
}

/* Threads that append while others ask. */

typedef struct appending {
    muster *db;
    uint32_t number;
} appending;

enum {
    COMMITS = 40,
    BATCH = 10,
    THREADS = 3
};

static void *append_batches(void *context)
{
    const appending *one = context;
    muster_connection *c;
    muster_appender *a;
    muster_error err;
    char id[32];

    if (muster_connect(one->db, &c, &err) != MUSTER_OK ||
        muster_appender_open(c, "e", &a, &err) != MUSTER_OK) {
        return (void *)1;
    }
    for (uint32_t i = 0; i < COMMITS; i++) {
        for (uint32_t row = 0; row < BATCH; row++) {
            const int size = snprintf(id, sizeof id, "t%u-%u", one->number, i % 5);
            if (muster_append_text(a, id, (size_t)size, &err) != MUSTER_OK ||
                muster_append_int64(a, (int64_t)(i * BATCH + row) * 86400000000, &err) !=
                    MUSTER_OK ||
                muster_append_int64(a, 1, &err) != MUSTER_OK ||
                muster_append_row(a, &err) != MUSTER_OK) {
                return (void *)1;
            }
        }
        if (muster_appender_commit(a, &err) != MUSTER_OK) {
            return (void *)1;
        }
    }
    muster_appender_close(a);
    muster_disconnect(c);
    return NULL;
}

static void start_appending(muster *db, appending ones[THREADS], pthread_t threads[THREADS])
{
    for (uint32_t i = 0; i < THREADS; i++) {
        ones[i] = (appending){.db = db, .number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, append_batches, &ones[i]), 0);
    }
}

static void end_appending(const pthread_t threads[THREADS])
{
    void *failed;

    for (uint32_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
}

/* The log may be gone before a thread that committed to it begins to wait for it. */
TEST(checkpoints_come_between_a_commit_and_its_sync)
{
    muster *db = open_at(test_path("db"));
    appending ones[THREADS];
    pthread_t threads[THREADS];
    char answer[100];

    ask_run(db, create);
    start_appending(db, ones, threads);
    for (uint64_t seen = 0; seen < THREADS * COMMITS * BATCH;) {
        ask_run(db, "CHECKPOINT");
        assert_ok(ask(db, "SELECT count(*) FROM e", answer, sizeof answer, &test_error));
        seen = strtoull(answer, NULL, 10);
    }
    end_appending(threads);
    ask_expect(db, total, "1200|15|1200\n");
    muster_close(db);
}

TEST(threads_append_at_once_and_commits_are_whole)
{
    const char *path = test_path("db");
    muster *db = open_at(path);
    appending ones[THREADS];
    pthread_t threads[THREADS];
    char answer[100];

    ask_run(db, create);
    start_appending(db, ones, threads);
    for (uint64_t seen = 0, last = 0; seen < COMMITS * BATCH; last = seen) {
        assert_ok(ask(db, "SELECT count(*) FROM e", answer, sizeof answer, &test_error));
        seen = strtoull(answer, NULL, 10);
        assert_int_equal(seen % BATCH, 0);
        assert_true(seen >= last);
    }
    end_appending(threads);
    ask_expect(db, total, "1200|15|1200\n");
    muster_close(db);
    db = open_at(path);
    ask_expect(db, total, "1200|15|1200\n");
    muster_close(db);
}

TEST(a_statement_reads_what_was_there_when_it_was_prepared_though_it_has_gone)
{
    muster *db = open_at(test_path("db"));
    muster_statement *statement;
    bool row;

    ask_run(db, create);
    ask_run(db, "INSERT INTO e VALUES ('ada', '2024-01-01', 1), ('bob', '2024-02-01', 2)");
    muster_close(db); /* which makes files of it */
    db = open_at(test_path("db"));
    muster_connection *c = ask_connect(db);
    assert_ok(muster_prepare(c, "SELECT sum(n) FROM e", NULL, &statement, &test_error));
    ask_run(db, "INSERT INTO e VALUES ('cyd', '2024-03-01', 5)");
    ask_run(db, "DELETE FROM e WHERE at < '2024-03-01'");
    ask_run(db, "CHECKPOINT");
    assert_ok(muster_step(statement, &row, &test_error));
    assert_true(row);
    assert_int_equal(muster_int64(statement, 0), 3);
    muster_finish(statement);
    ask_expect(db, total, "1|1|5\n");
    muster_disconnect(c);
    muster_close(db);
}

/* More rows than an appender keeps. */
static muster_status append_many(muster_appender *a)
{
    muster_status status = MUSTER_OK;

    for (uint32_t i = 0; i < 1 << 16 && status == MUSTER_OK; i++) {
        assert_ok(muster_append_text(a, "x", 1, &test_error));
        assert_ok(muster_append_int64(a, i, &test_error));
        assert_ok(muster_append_int64(a, 1, &test_error));
        status = muster_append_row(a, &test_error);
    }
    return status;
}

TEST(an_appender_that_cannot_hand_over_its_rows_forgets_them_at_the_commit)
{
    muster *db = open_at(test_path("db"));
    muster_connection *c = ask_connect(db);
    muster_appender *a;

    ask_run(db, create);
    assert_ok(muster_appender_open(c, "e", &a, &test_error));
    ask_run(db, "ALTER TABLE e ADD COLUMN extra TEXT");
    assert_status(MUSTER_INVALID, append_many(a));
    assert_message_has("has changed since the appender was opened");
    assert_status(MUSTER_INVALID, muster_appender_commit(a, &test_error));
    assert_message_has("could not be taken");
    ask_run(db, "ALTER TABLE e DROP COLUMN extra");
    assert_ok(append_many(a));
    assert_ok(muster_appender_commit(a, &test_error));
    ask_expect(db, total, "65536|1|65536\n");
    muster_appender_close(a);
    muster_disconnect(c);
    muster_close(db);
}

TEST(a_change_beside_a_full_appender_of_the_same_thread_is_busy)
{
    muster *db = open_at(test_path("db"));
    muster_connection *c = ask_connect(db);
    muster_appender *a;

    ask_run(db, create);
    assert_ok(muster_appender_open(c, "e", &a, &test_error));
    assert_ok(append_many(a));
    assert_status(MUSTER_BUSY,
                  ask_only(db, "INSERT INTO e VALUES ('y', '2024-01-01', 1)", &test_error));
    assert_message_has("commit it, or close it, first");
    ask_expect(db, total, "0|0|-\n");
    assert_ok(muster_appender_commit(a, &test_error));
    ask_run(db, "INSERT INTO e VALUES ('y', '2024-01-01', 1)");
    ask_expect(db, total, "65537|2|65537\n");
    muster_appender_close(a);
    muster_disconnect(c);
    muster_close(db);
}
