/* limits_test.c - memory, deadlines and cancelling: an answer or an error, and nothing is left. */
#include "sql/owner.h"
#include "tests/support/ask.h"
#include "tests/support/test.h"

#include <pthread.h>
#include <stdlib.h>

enum {
#ifdef MU_TINY
    ROWS = 3000,
#else
    ROWS = 20000,
#endif
};

/* A file of rows whose values are all unlike. */
static const char *write_file(void)
{
    static char text[ROWS * 50 + 100];
    const char *path = test_path("rows.csv");
    size_t used = (size_t)snprintf(text, sizeof text, "id,ts,event,n\n");

    for (int i = 0; i < ROWS; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "c%d,2024-%02d-%02d 10:00:00,e%d,%d\n", i, 1 + i % 12, 1 + i % 28,
                                 i % 7, i);
    }
    test_write_file(path, text, used);
    return path;
}

static muster *open_rows(const char *file, uint32_t threads)
{
    const muster_options options = {.size = sizeof options, .threads = threads};
    char sql[512];
    muster *db;

    assert_ok(muster_open(NULL, &options, &db, &test_error));
    ask_run(db, "CREATE TABLE e (id TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT EVENT, n BIGINT)");
    (void)snprintf(sql, sizeof sql, "COPY e FROM '%s'", file);
    ask_run(db, sql);
    return db;
}

static const char *const heavy[] = {
    "SELECT count(*) FROM (SELECT n, count(*) FROM e GROUP BY n) t",
    "SELECT count(*) FROM (SELECT n FROM e ORDER BY event, n) t",
    "SELECT count(*) FROM (SELECT DISTINCT id, n FROM e) t",
    "SELECT count(DISTINCT n), median(n) FROM e",
    "SELECT count(*) FROM customers WHERE did(n > 5)",
    "SELECT 1 FROM customers WHERE did_then(n > 5, n > 1, within => '9 days', same => event)",
    "SELECT sum(measure(count(DISTINCT n), n > 5)) FROM customers",
    "SELECT count(*) FROM funnel_customers(e, steps => [step(n > 1), step(n > 2)])",
    "FROM attribution(e, convert => n > 1, touch => n > 2, channel => n, lookback => '99 days')",
    "SELECT count(*) FROM paths(e, start => true, node => n, steps => 3)",
    "SELECT r, f, m, count(*) FROM rfm(e, true, value => n) GROUP BY ALL",
    "CREATE OR REPLACE TAG t AS SELECT customer, n FROM e",
};

/* Under limits from tight to wide, each says which of the two happened. */
static void run_under_limits(muster *db, const char *sql, bool *refused, bool *answered)
{
    char text[64];

    ask_run(db, sql); /* opens what is opened at its first use, and stays */
    const size_t before = mu_account_used(db->account);
    for (size_t limit = 1000000; limit <= 256000000; limit *= 4) {
        (void)snprintf(text, sizeof text, "SET memory_limit = %zu", limit);
        ask_run(db, text);
        const muster_status status = ask_only(db, sql, &test_error);
        if (status != MUSTER_OK) {
            assert_int_equal(status, MUSTER_NOMEM);
            assert_message_has("out of memory ");
            assert_message_has("more would pass the memory limit of ");
            assert_message_has("; SET memory_limit raises it");
        }
        assert_int_equal(mu_account_used(db->account), before);
        *refused = *refused || status != MUSTER_OK;
        *answered = *answered || status == MUSTER_OK;
    }
}

TEST(under_a_memory_limit_a_statement_answers_or_says_what_it_wanted)
{
    const char *file = write_file();
    bool refused = false;

    muster *db = open_rows(file, 4);

    for (size_t i = 0; i < MU_COUNT(heavy); i++) {
        bool answered = false;
        run_under_limits(db, heavy[i], &refused, &answered);
        assert_true(answered);
    }
    ask_expect(db, "RESET memory_limit; SELECT count(*), max(n) FROM e WHERE n >= 0",
               ROWS == 3000 ? "3000|2999\n" : "20000|19999\n");
    muster_close(db);
#ifndef MU_TINY
    assert_true(refused);
#endif
}

TEST(a_statement_that_has_failed_holds_nothing_though_it_is_open)
{
    enum {
        LITTLE = 4096 /* what it looks up when it first needs it; its rows are megabytes */
    };
    muster *db = open_rows(write_file(), 1);
    muster_connection *c = ask_connect(db);
    muster_statement *s;
    bool row;

    assert_ok(muster_prepare(c, heavy[0], NULL, &s, &test_error));
    const size_t before = mu_account_used(db->account) + LITTLE;
    muster_cancel(s);
    assert_status(MUSTER_CANCELLED, muster_step(s, &row, &test_error));
    assert_true(mu_account_used(db->account) <= before);
    muster_reset(s);
    assert_ok(muster_step(s, &row, &test_error));
    assert_true(row && muster_memory_peak(s) > before);
    assert_ok(muster_step(s, &row, &test_error));
    assert_true(mu_account_used(db->account) <= before);
    muster_finish(s);
    assert_int_equal(mu_account_used(db->account), 0);
    muster_disconnect(c);
    muster_close(db);
}

TEST(a_load_that_would_need_too_much_changes_nothing)
{
    const char *file = write_file();
    const muster_options options = {.size = sizeof options, .threads = 2, .memory_limit = 1000000};
    char sql[512];
    muster *db;

    assert_ok(muster_open(NULL, &options, &db, &test_error));
    ask_run(db, "CREATE TABLE e (id TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT EVENT, n BIGINT)");
    (void)snprintf(sql, sizeof sql, "COPY e FROM '%s'", file);
    assert_status(MUSTER_NOMEM, ask_only(db, sql, &test_error));
    assert_message_has("memory limit of 1.0 MB");
    assert_int_equal(mu_account_used(db->account), 0);
    ask_expect(db, "SELECT count(*) FROM e", "0\n");
    ask_run(db, "SET memory_limit = 'none'");
    ask_run(db, sql);
    ask_expect(db, "SELECT count(*) > 0 FROM e", "true\n");
    muster_close(db);
}

/* Rows without end, as far as anyone waits. */
static const char endless[] = "SELECT count(*) FROM (SELECT n FROM e ORDER BY event, n) t";

TEST(a_statement_past_its_deadline_ends_with_an_error_that_says_so)
{
    muster *db = open_rows(write_file(), 2);
    muster_connection *c = ask_connect(db);
    muster_statement *s;
    bool row;

    assert_ok(muster_prepare(c, "SELECT n FROM e", NULL, &s, &test_error));
    muster_set_deadline(s, 1);
    muster_status status = MUSTER_OK;
    for (uint32_t turn = 0; status == MUSTER_OK; turn++) { /* again and again, until it is late */
        status = muster_step(s, &row, &test_error);
        if (status == MUSTER_OK && !row) {
            muster_reset(s);
        }
    }
    assert_int_equal(status, MUSTER_DEADLINE);
    assert_message_has("longer than the 1 ms it may; SET statement_timeout");
    muster_reset(s);
    muster_set_deadline(s, 0);
    assert_ok(muster_step(s, &row, &test_error));
    assert_true(row);
    muster_finish(s);
    muster_disconnect(c);
    muster_close(db);
}

TEST(the_deadline_of_a_connection_is_that_of_its_statements)
{
    muster *db = open_rows(write_file(), 1);
    muster_connection *c = ask_connect(db), *other = ask_connect(db);
    char answer[100];
    muster_status status = MUSTER_OK;

    assert_ok(ask_on(c, "SET statement_timeout = '1ms'", answer, sizeof answer, &test_error));
    while (status == MUSTER_OK) {
        status = ask_on(c, endless, answer, sizeof answer, &test_error);
    }
    assert_int_equal(status, MUSTER_DEADLINE);
    assert_ok(ask_on(other, "SHOW statement_timeout", answer, sizeof answer, &test_error));
    assert_string_equal(answer, "none\n");
    assert_ok(ask_on(c, "RESET ALL", answer, sizeof answer, &test_error));
    assert_ok(ask_on(c, endless, answer, sizeof answer, &test_error));
    muster_disconnect(other);
    muster_disconnect(c);
    muster_close(db);
}

TEST(an_interrupt_stops_what_runs_and_nothing_else)
{
    muster *db = open_rows(write_file(), 1);
    muster_connection *c = ask_connect(db);
    muster_statement *running, *waiting;
    bool row;

    assert_ok(muster_prepare(c, "SELECT n FROM e", NULL, &running, &test_error));
    assert_ok(muster_prepare(c, "SELECT 1", NULL, &waiting, &test_error));
    assert_ok(muster_step(running, &row, &test_error));
    muster_interrupt(c);
    muster_status status = MUSTER_OK;
    while (status == MUSTER_OK) { /* rows that are at hand already come */
        status = muster_step(running, &row, &test_error);
        assert_true(status != MUSTER_OK || row);
    }
    assert_int_equal(status, MUSTER_CANCELLED);
    assert_ok(muster_step(waiting, &row, &test_error));
    muster_interrupt(c);
    muster_reset(running);
    assert_ok(muster_step(running, &row, &test_error));
    muster_finish(waiting);
    muster_finish(running);
    muster_disconnect(c);
    muster_close(db);
}

TEST(settings_are_shown_and_what_is_wrong_with_them_told)
{
    static const char *const wrong[][2] = {
        {"SET memory_limt = 1", "no setting \"memory_limt\"; did you mean \"memory_limit\"?"},
        {"SET memory_limit = '1KB'", "takes a size of 1 MB or more, as in '4GB', or none"},
        {"SET memory_limit = 'much'", "\"much\" is no such size"},
        {"SET statement_timeout = 'soon'", "\"soon\" is no such time"},
        {"SET synchronous = 3", "\"3\" is neither on nor off"},
        {"RESET everything", "no setting \"everything\"; there are memory_limit"},
        {"SHOW memory_limits", "did you mean memory_limit?"},
        {"SHOW tabels", "did you mean TABLES?"},
        {"SHOW elephants", "SHOW knows no \"elephants\"; it takes TABLES"},
    };
    const muster_options options = {.size = sizeof options, .memory_limit = 5 << 20};
    muster *db;

    assert_ok(muster_open(NULL, &options, &db, &test_error));
    ask_expect(db, "SHOW memory_limit", "5 MiB\n");
    ask_expect(db, "SET memory_limit = '1.5 GB'; SHOW memory_limit", "1500 MB\n");
    ask_expect(db, "SET memory_limit = none; SHOW memory_limit", "none\n");
    ask_expect(db, "RESET memory_limit; SHOW memory_limit", "5 MiB\n");
    ask_expect(db, "SET statement_timeout = '1.5 min'; SHOW statement_timeout", "90000 ms\n");
    ask_expect(db, "SET synchronous = off; SHOW synchronous; RESET ALL; SHOW synchronous",
               "off\non\n");
    ask_expect(db, "SHOW SETTINGS",
               "memory_limit|5 MiB|what all statements of the database may hold\n"
               "statement_timeout|none|how long a statement of the connection may take\n"
               "synchronous|on|whether a commit waits for the disk\n"
               "time_zone|UTC|by which times are read, shown and cut into days\n");
    for (size_t i = 0; i < MU_COUNT(wrong); i++) {
        assert_status(MUSTER_INVALID, ask_only(db, wrong[i][0], &test_error));
        assert_message_has(wrong[i][1]);
    }
    muster_close(db);
}

/* Threads. */

enum {
    ASKERS = 8,
    TURNS = 15,
};

typedef struct crowd {
    muster *db;
    atomic_uint left, faults;
    pthread_mutex_t lock;
    muster_connection *asking[ASKERS]; /* by lock; NULL: gone */
} crowd;

typedef struct asker {
    crowd *crowd;
    uint32_t number;
} asker;

static void *ask_often(void *context)
{
    static const char *const questions[] = {
        "SELECT count(*) % 10 FROM e",
        "SELECT event, count(*), sum(n) FROM e GROUP BY event",
        "SELECT count(*) FROM customers WHERE did(event = 'e1')",
        "SELECT count(*) FROM (SELECT n FROM e ORDER BY n) t",
    };
    const asker *a = context;
    muster_connection *c = NULL;
    muster_error err;
    char answer[1000];

    atomic_fetch_add(&a->crowd->faults, muster_connect(a->crowd->db, &c, &err) != MUSTER_OK);
    pthread_mutex_lock(&a->crowd->lock);
    a->crowd->asking[a->number] = c;
    pthread_mutex_unlock(&a->crowd->lock);
    for (uint32_t i = 0; i < TURNS; i++) {
        const muster_status status = ask_on(c, questions[(i + a->number) % MU_COUNT(questions)],
                                            answer, sizeof answer, &err);
        atomic_fetch_add(&a->crowd->faults, status != MUSTER_OK && status != MUSTER_CANCELLED);
    }
    pthread_mutex_lock(&a->crowd->lock);
    a->crowd->asking[a->number] = NULL;
    pthread_mutex_unlock(&a->crowd->lock);
    muster_disconnect(c);
    atomic_fetch_sub(&a->crowd->left, 1);
    return NULL;
}

static void *append_often(void *context)
{
    crowd *all = context;
    muster_connection *c = NULL;
    muster_appender *a = NULL;
    bool fine = muster_connect(all->db, &c, NULL) == MUSTER_OK &&
                muster_appender_open(c, "e", &a, NULL) == MUSTER_OK;

    for (uint32_t i = 0; fine && atomic_load(&all->left) > 0; i++) {
        for (uint32_t row = 0; row < 10 && fine; row++) {
            fine = muster_append_text(a, "x", 1, NULL) == MUSTER_OK &&
                   muster_append_int64(a, (int64_t)i * 1000000, NULL) == MUSTER_OK &&
                   muster_append_text(a, "e1", 2, NULL) == MUSTER_OK &&
                   muster_append_int64(a, row, NULL) == MUSTER_OK &&
                   muster_append_row(a, NULL) == MUSTER_OK;
        }
        fine = fine && muster_appender_commit(a, NULL) == MUSTER_OK;
    }
    muster_appender_close(a);
    muster_disconnect(c);
    atomic_fetch_add(&all->faults, !fine);
    return NULL;
}

static void *interrupt_often(void *context)
{
    crowd *all = context;

    for (uint32_t i = 0; atomic_load(&all->left) > 0; i++) {
        pthread_mutex_lock(&all->lock);
        if (all->asking[i % ASKERS]) {
            muster_interrupt(all->asking[i % ASKERS]);
        }
        pthread_mutex_unlock(&all->lock);
        sched_yield();
    }
    return NULL;
}

TEST(eight_threads_ask_while_one_appends_and_one_cancels)
{
    crowd all = {.db = open_rows(write_file(), 2)};
    asker askers[ASKERS];
    pthread_t threads[ASKERS + 2];

    ask_run(all.db, "SET synchronous = off");
    atomic_store(&all.left, ASKERS);
    pthread_mutex_init(&all.lock, NULL);
    for (uint32_t i = 0; i < ASKERS; i++) {
        askers[i] = (asker){&all, i};
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, &askers[i]), 0);
    }
    assert_int_equal(pthread_create(&threads[ASKERS], NULL, append_often, &all), 0);
    assert_int_equal(pthread_create(&threads[ASKERS + 1], NULL, interrupt_often, &all), 0);
    for (uint32_t i = 0; i < ASKERS + 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(atomic_load(&all.faults), 0);
    pthread_mutex_destroy(&all.lock);
    assert_int_equal(mu_account_used(all.db->account), 0);
    muster_close(all.db);
}
