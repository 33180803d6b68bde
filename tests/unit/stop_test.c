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

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

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

/* Memory. */

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
