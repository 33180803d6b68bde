/*
 * stop_test.c - every kind of statement, stopped wherever it happens to be, and with little memory:
 * it answers as ever, or says why not, all it held is free, and the database goes on.
 *
 * How soon it stops is not tested here, where the machine may be busy: perf/stop_perf.c measures
 * it.
 */
#include "sql/owner.h"
#include "storage/base/hash.h"
#include "storage/base/mem.h"
#include "tests/support/ask.h"
#include "tests/support/stoppable.h"
#include "tests/support/test.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SQL_ROOM = 4096,
#ifdef MU_TINY
    ROWS = 500,
#else
    ROWS = 3000,
#endif
    TRIES = 4,
    SPINS = 300000, /* some milliseconds */
};

/* The database of a test. */
typedef struct place {
    const char *directory;
    char path[SQL_ROOM];
    muster *db;
    muster_connection *c;
} place;

static void open_place(place *p, uint32_t threads)
{
    const muster_options options = {.size = sizeof options, .threads = threads};

    p->directory = test_temp_dir();
    (void)snprintf(p->path, sizeof p->path, "%s/shop.muster", p->directory);
    assert_ok(muster_open(p->path, &options, &p->db, &test_error));
    assert_ok(muster_connect(p->db, &p->c, &test_error));
    assert_ok(stoppable_fill(p->c, p->directory, ROWS, &test_error));
}

static void close_place(place *p)
{
    muster_disconnect(p->c);
    muster_close(p->db);
    assert_ok(muster_check(p->path, NULL, NULL, &test_error));
}

/* Whether it takes longer than a test may, however few rows there are. */
static bool is_endless(const stoppable *s)
{
    return strcmp(s->name, "join: cross") == 0 || strcmp(s->name, "generate_series") == 0;
}

/* Stopping. */

typedef struct stopper {
    muster_connection *c;
    uint64_t spins;
    atomic_bool over;
} stopper;

static void *stop(void *context)
{
    stopper *s = context;

    for (uint64_t i = 0; i < s->spins && !atomic_load(&s->over); i++) {
    }
    while (!atomic_load(&s->over)) {
        muster_interrupt(s->c); /* it may not have begun */
    }
    return NULL;
}

/* Runs the statement to its end or until it is stopped. */
static muster_status run_and_stop(muster_connection *c, const char *sql, uint64_t spins)
{
    stopper stopping = {.c = c, .spins = spins};
    muster_status status = MUSTER_OK;
    muster_statement *s;
    pthread_t thread;
    bool row = true;

    assert_ok(muster_prepare(c, sql, NULL, &s, &test_error));
    assert_int_equal(pthread_create(&thread, NULL, stop, &stopping), 0);
    while (status == MUSTER_OK && row) {
        status = muster_step(s, &row, &test_error);
    }
    atomic_store(&stopping.over, true);
    pthread_join(thread, NULL);
    muster_finish(s);
    return status;
}

TEST(every_statement_can_be_stopped_and_leaves_nothing)
{
    uint64_t state = test_seed();
    char sql[SQL_ROOM];
    place p;

    open_place(&p, 2);
    for (const stoppable *s = stoppables; s->name; s++) {
        stoppable_write(s->sql, p.directory, ROWS, sql, sizeof sql);
        for (int i = 0; i < TRIES; i++) {
            assert_ok(stoppable_run(p.c, s->before, &test_error));
            const muster_status status = run_and_stop(p.c, sql, test_random_below(&state, SPINS));
            if (status != MUSTER_OK) {
                assert_int_equal(status, MUSTER_CANCELLED);
                assert_message_has("cancelled");
            }
        }
    }
    assert_ok(stoppable_run(p.c, "SELECT count(*) FROM e", &test_error));
    close_place(&p);
}

TEST(what_is_stopped_before_it_began_does_nothing)
{
    char sql[SQL_ROOM];
    muster_statement *statement;
    bool row;
    place p;

    open_place(&p, 1);
    for (const stoppable *s = stoppables; s->name; s++) {
        stoppable_write(s->sql, p.directory, ROWS, sql, sizeof sql);
        assert_ok(stoppable_run(p.c, s->before, &test_error));
        assert_ok(muster_prepare(p.c, sql, NULL, &statement, &test_error));
        muster_cancel(statement);
        assert_status(MUSTER_CANCELLED, muster_step(statement, &row, &test_error));
        muster_finish(statement);
    }
    close_place(&p);
}

/* What takes long for a single row, or even for a constant, which it is no error to have. */
TEST(functions_of_long_texts_can_be_stopped)
{
    static const char *const sql[] = {
        "SELECT repeat('a', 100000 + k) LIKE '%' || repeat('a', 50000) || 'b' FROM look",
        "SELECT repeat('a', 100000) LIKE '%' || repeat('a', 50000) || 'b'",
        "SELECT trim(repeat('a', 100000 + k), repeat('b', 100000) || 'a') FROM look",
        "SELECT rtrim(repeat('a', 100000), repeat('b', 100000) || 'a')",
        "SELECT translate(repeat('a', 100000 + k), repeat('b', 100000), '') FROM look",
        "SELECT translate(repeat('a', 100000), repeat('b', 100000), '')",
        "SELECT sum(length(upper(repeat(word, 100000)))) FROM look",
        "EXPLAIN ANALYZE SELECT sum(length(upper(repeat(word, 100000)))) FROM look",
    };
    muster_statement *s;
    bool row;
    place p;

    open_place(&p, 2);
    for (size_t i = 0; i < MU_COUNT(sql); i++) {
        assert_ok(muster_prepare(p.c, sql[i], NULL, &s, &test_error));
        muster_set_deadline(s, 20);
        assert_status(MUSTER_DEADLINE, muster_step(s, &row, &test_error));
        muster_finish(s);
    }
    close_place(&p);
}

/* Waiting. */

TEST(a_pipe_that_gives_nothing_does_not_keep_a_statement)
{
    const char *const sql[] = {"COPY look FROM '@/pipe'", "COPY customers FROM '@/pipe'"};
    char text[SQL_ROOM], path[SQL_ROOM];
    muster_statement *s;
    bool row;
    place p;

    open_place(&p, 2);
    (void)snprintf(path, sizeof path, "%s/pipe", p.directory);
    assert_int_equal(mkfifo(path, 0600), 0);
    for (size_t i = 0; i < MU_COUNT(sql); i++) {
        stoppable_write(sql[i], p.directory, ROWS, text, sizeof text);
        assert_int_equal(run_and_stop(p.c, text, 1000), MUSTER_CANCELLED); /* no one writes */
        const int writer = open(path, O_RDWR | O_CLOEXEC);
        assert_true(writer >= 0);
        assert_int_equal(write(writer, "k,word\n1,", 9), 9); /* and goes on no more */
        assert_ok(muster_prepare(p.c, text, NULL, &s, &test_error));
        muster_set_deadline(s, 20);
        assert_status(MUSTER_DEADLINE, muster_step(s, &row, &test_error));
        muster_finish(s);
        close(writer);
    }
    close_place(&p);
}

typedef struct waiter {
    muster *db;
    const char *sql;
    muster_status status;
} waiter;

static void *wait_for_a_turn(void *context)
{
    waiter *w = context;
    muster_connection *c;
    muster_statement *s;
    bool row;

    w->status = muster_connect(w->db, &c, NULL);
    if (w->status == MUSTER_OK && muster_prepare(c, w->sql, NULL, &s, NULL) == MUSTER_OK) {
        muster_set_deadline(s, 20);
        w->status = muster_step(s, &row, NULL);
        muster_finish(s);
    }
    muster_disconnect(c);
    return NULL;
}

TEST(a_change_that_waits_for_another_can_be_stopped)
{
    static const char *const sql[] = {"INSERT INTO look VALUES (1, 'a', 2)", "CHECKPOINT",
                                      "DELETE FROM e WHERE n = 1", "DROP TABLE look"};
    mu_change *change;
    pthread_t thread;
    place p;

    open_place(&p, 1);
    assert_ok(mu_change_begin(p.db->db, &change, &test_error));
    for (size_t i = 0; i < MU_COUNT(sql); i++) {
        waiter w = {.db = p.db, .sql = sql[i]};
        assert_int_equal(pthread_create(&thread, NULL, wait_for_a_turn, &w), 0);
        pthread_join(thread, NULL);
        assert_int_equal(w.status, MUSTER_DEADLINE);
    }
    mu_change_abort(change);
    close_place(&p);
}

/* Memory. */

TEST(an_appender_holds_no_more_than_the_limit)
{
    char text[4000];
    muster_status status = MUSTER_OK;
    muster_appender *a;
    place p;

    memset(text, 'x', sizeof text);
    open_place(&p, 1);
    assert_ok(muster_appender_open(p.c, "look", &a, &test_error));
    mu_account_set_limit(p.db->account, 1 << 20);
    for (int i = 0; i < 2000 && status == MUSTER_OK; i++) {
        status = muster_append_int64(a, i, &test_error);
        if (status == MUSTER_OK) {
            status = muster_append_text(a, text, sizeof text, &test_error);
        }
        if (status == MUSTER_OK) {
            assert_ok(muster_append_double(a, i, &test_error));
            assert_ok(muster_append_row(a, &test_error));
        }
    }
    assert_int_equal(status, MUSTER_NOMEM);
    assert_message_has("memory limit");
    assert_true(mu_account_used(p.db->account) <= 1 << 20);
    mu_account_set_limit(p.db->account, SIZE_MAX);
    muster_append_restart(a);
    assert_ok(muster_appender_commit(a, &test_error)); /* the rows before it */
    assert_int_equal(mu_account_used(p.db->account), 0);
    muster_appender_close(a);
    close_place(&p);
}

/* A number for all cells of the answer. */
static muster_status digest(muster_connection *c, const char *sql, uint64_t *out)
{
    muster_status status;
    muster_statement *s;
    bool row = true;

    *out = 0;
    status = muster_prepare(c, sql, NULL, &s, &test_error);
    while (status == MUSTER_OK && row) {
        status = muster_step(s, &row, &test_error);
        for (uint32_t i = 0; row && i < muster_column_count(s); i++) {
            size_t size;
            const char *text = muster_text(s, i, &size);
            *out = mu_hash_combine(*out, text ? mu_hash_bytes(text, size) : i);
        }
    }
    muster_finish(s);
    return status;
}

/* More and more memory, until the statement answers. */
static void run_with_more_and_more(const place *p, const stoppable *s)
{
    muster_status status = MUSTER_NOMEM;
    uint64_t wanted = 0, found = 0;
    char sql[SQL_ROOM];

    stoppable_write(s->sql, p->directory, ROWS, sql, sizeof sql);
    assert_ok(stoppable_run(p->c, s->before, &test_error));
    if (!s->before) {
        assert_ok(digest(p->c, sql, &wanted));
    }
    for (size_t limit = 16 << 10; status != MUSTER_OK; limit += limit / 2) {
        assert_true(limit < (size_t)1 << 40);
        mu_account_set_limit(p->db->account, limit);
        status = digest(p->c, sql, &found);
        mu_account_set_limit(p->db->account, SIZE_MAX);
        if (status != MUSTER_OK) {
            assert_int_equal(status, MUSTER_NOMEM);
            assert_message_has("memory limit");
        }
    }
    if (!s->before) {
        assert_int_equal(found, wanted);
    }
}

TEST(every_statement_answers_within_its_memory_or_says_what_is_missing)
{
    place p;

    open_place(&p, 1);
    for (const stoppable *s = stoppables; s->name; s++) {
        if (!is_endless(s)) {
            run_with_more_and_more(&p, s);
        }
    }
    close_place(&p);
}
