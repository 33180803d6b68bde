/*
 * tending_test.c - what is done to a database beside those who change it: merges of the log and of
 * files, checkpoints, COMPACT.
 *
 * Another changes the database at any write they make, as far as it gets the turn there; what comes
 * of it must be the same as if it had been alone, and no file may be left over. The thread that
 * tends does so itself, from the hook of env, so that the moment is always the same.
 */
#include "storage/base/env.h"
#include "storage/base/mem.h"
#include "storage/db_state.h"

#include "sql/owner.h"
#include "tests/support/ask.h"
#include "tests/support/shop.h"
#include "tests/support/test.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROOM = 16384,
    PIECES = 9, /* small commits, and small files, of each period: more than become one */
};

static const char create[] =
    "CREATE TABLE e (id TEXT CUSTOMER, at TIMESTAMP TIME, event TEXT EVENT, n BIGINT)";

/* What COMPACT looks through for who was erased. */
static const char erase[] = "ALTER TABLE customers ADD COLUMN city TEXT;"
                            "UPDATE customers SET city = 'of ' || customer;"
                            "CREATE TAG kind AS SELECT id, event FROM e;"
                            "CREATE AUDIENCE all_of_them AS SELECT DISTINCT id FROM e;"
                            "DELETE FROM customers WHERE customer = 'c4'";

static const char *const questions[] = {
    "SELECT count(*), count(DISTINCT customer), sum(n) FROM e",
    "SELECT event, count(*), count(DISTINCT customer) FROM e GROUP BY event ORDER BY event",
    "SELECT customer, count(*), min(at), max(at) FROM e GROUP BY customer ORDER BY customer",
    "SELECT count(*), min(customer), max(customer) FROM customers",
    "SELECT * FROM e WHERE n % 3 = 0 ORDER BY ALL",
    "SELECT customer, city FROM customers ORDER BY ALL",
    "SELECT name, value, customers FROM tags ORDER BY ALL",
    "SELECT name, version, customers FROM audience_versions ORDER BY ALL",
};

/* What another does. %s: a file. */
static const char *const others[] = {
    "INSERT INTO e VALUES ('c1', '2024-01-31', 'late', 1000)",
    "INSERT INTO e VALUES ('new1', '2024-01-31', 'late', 1001), ('new2', '2024-03-01', 'pay', 0)",
    "COPY e FROM '%s'",
    "DELETE FROM customers WHERE customer = 'c1'",
    "DELETE FROM e WHERE at < '2024-01-03'",
    "DROP TABLE e",
    "ALTER TABLE e DROP COLUMN n",
    "ALTER TABLE e RENAME COLUMN event TO what",
    "UPDATE customers SET city = 'Ulm' WHERE customer = 'c2'",
    "REFRESH TAG kind",
};

static muster_status tend(muster *db)
{
    return mu_db_tend(db->db, &test_error);
}

static muster_status checkpoint(muster *db)
{
    return mu_db_checkpoint(db->db, &test_error);
}

static muster_status compact(muster *db)
{
    return mu_db_compact(db->db, NULL, &test_error);
}

typedef muster_status keeping(muster *db);
static keeping *const keepings[] = {tend, checkpoint, compact};

static muster *open_at(const char *path)
{
    muster *db;

    assert_ok(muster_open(path, NULL, &db, &test_error));
    mu_db_set_kept(db->db, false);
    return db;
}

/* All that can be seen of a database: answers, and why there are none. */
static void describe(muster *db, char state[ROOM])
{
    state[0] = '\0';
    for (size_t i = 0; i < MU_COUNT(questions); i++) {
        const size_t used = strlen(state);
        muster_error error;
        if (ask(db, questions[i], state + used, ROOM - used, &error) != MUSTER_OK) {
            (void)snprintf(state + used, ROOM - used, "%s\n", error.message);
        }
    }
    assert_true(strlen(state) + 1 < ROOM);
}

static void insert(muster *db, uint32_t i)
{
    char sql[300];

    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO e VALUES ('c%u', '2024-01-%02u', 'view', %u), ('c%u', "
                   "'2024-02-%02u', 'pay', %u), (NULL, '2024-02-01', 'view', 1)",
                   i % 5, 1 + i % 28, i, i, 1 + i % 28, i + 1);
    ask_run(db, sql);
}

/* A database with many files, and many pieces in its log. */
static muster *make_base(const char *path)
{
    muster *db = open_at(path);

    ask_run(db, create);
    for (uint32_t i = 0; i < PIECES; i++) {
        insert(db, i);
        ask_run(db, "CHECKPOINT");
    }
    for (uint32_t i = 0; i < PIECES; i++) {
        insert(db, PIECES + i);
    }
    ask_run(db, erase);
    return db;
}

typedef struct copying {
    const char *from, *to;
} copying;

static muster_status copy_file(void *context, const char *name, muster_error *err)
{
    const copying *c = context;
    char path[600];
    size_t size;

    (void)err;
    (void)snprintf(path, sizeof path, "%s/%s", c->from, name);
    const char *bytes = test_read_file(path, &size);
    (void)snprintf(path, sizeof path, "%s/%s", c->to, name);
    test_write_file(path, bytes, size);
    return MUSTER_OK;
}

/* As a crash would leave it: it has a log. */
static const char *copy_of(const char *base)
{
    copying c = {.from = base, .to = test_temp_dir()};

    assert_ok(mu_env_list(base, copy_file, &c, &test_error));
    return c.to;
}

static muster_status count_file(void *context, const char *name, muster_error *err)
{
    (void)err;
    *(uint32_t *)context += strcmp(name, "lock") != 0;
    return MUSTER_OK;
}

/* After a change that replaces the manifest (files that a record of the log removes are there until
 * then) every file is named. */
static void assert_no_leftovers(muster *db)
{
    mu_snapshot *snapshot;
    mu_file_info *files;
    mu_arena arena = {0};
    uint32_t count, found = 0;

    ask_run(db, "CREATE TABLE another (a TEXT)");
    ask_run(db, "DROP TABLE another");
    assert_ok(mu_db_snapshot(db->db, &snapshot, &test_error));
    assert_ok(mu_snapshot_files(snapshot, &arena, &files, &count, &test_error));
    uint32_t named = snapshot->manifest.wal != 0;
    for (uint32_t i = 0; i < count; i++) {
        named += !files[i].held;
    }
    assert_ok(mu_env_list(mu_db_path(db->db), count_file, &found, &test_error));
    assert_int_equal(found, named);
    mu_arena_deinit(&arena);
    mu_snapshot_release(snapshot);
}

/* The segments that there are, in the log or in files. */
static uint32_t count_segments(muster *db, bool held)
{
    mu_snapshot *snapshot;
    uint32_t count = 0;

    assert_ok(mu_db_snapshot(db->db, &snapshot, &test_error));
    for (uint32_t i = 0; i < snapshot->segment_count; i++) {
        count +=
            (mu_held_find(&snapshot->held, snapshot->manifest.segments[i].file) != NULL) == held;
    }
    mu_snapshot_release(snapshot);
    return count;
}

/* The one who changes the database at a write of another. */
typedef struct intruder {
    muster *db;
    const char *sql;
    uint32_t operations, at;
    bool waiting, done;
} intruder;

static int intrude(void *context, const char *operation, const char *path)
{
    intruder *one = context;

    /* While it syncs the log for others, it cannot wait for that itself. */
    const bool syncs_log = strcmp(operation, "sync") == 0 && strstr(path, "wal-");
    if (!one->waiting || syncs_log || one->operations++ != one->at) {
        return 0;
    }
    one->waiting = false;
    const muster_status status = ask_only(one->db, one->sql, &test_error);
    one->done = status == MUSTER_OK;
    if (status != MUSTER_BUSY) { /* he who tends had the turn just then */
        assert_ok(status);
    }
    return 0;
}

/* Whether there was a write of that number. */
static bool intrude_at(const char *base, keeping *keep, const char *sql, uint32_t at,
                       const char *expected)
{
    char state[ROOM];
    const char *path = copy_of(base);
    muster *db = open_at(path);
    intruder one = {.db = db, .sql = sql, .at = at, .waiting = true};

    mu_env_set_hook(intrude, &one);
    assert_ok(keep(db));
    mu_env_set_hook(NULL, NULL);
    const bool last = one.waiting;
    if (!one.done) {
        ask_run(db, sql);
    }
    describe(db, state);
    assert_string_equal(state, expected);
    assert_no_leftovers(db);
    assert_ok(muster_check(path, NULL, NULL, &test_error));
    assert_ok(keep(db));
    const char *crashed = copy_of(path);
    muster_close(db);
    db = open_at(crashed);
    describe(db, state);
    assert_string_equal(state, expected);
    muster_close(db);
    assert_ok(mu_env_remove_tree(path, &test_error));
    assert_ok(mu_env_remove_tree(crashed, &test_error));
    return !last;
}

TEST(what_others_commit_at_any_write_of_a_merge_is_kept)
{
    static const char rows[] = "id,at,event,n\nc2,2024-01-30,late,300\nx1,2024-02-20,late,301\n";
    const char *base = test_path("base"), *file = test_path("rows.csv");
    char sql[700], expected[ROOM];

    shop_use_fast_disk();
    test_write_file(file, rows, strlen(rows));
    muster *db = make_base(base);
    for (size_t o = 0; o < MU_COUNT(others); o++) {
        const char *path = copy_of(base);
        const char *at = strstr(others[o], "%s");
        (void)snprintf(sql, sizeof sql, "%.*s%s%s",
                       (int)(at ? at - others[o] : (ptrdiff_t)strlen(others[o])), others[o],
                       at ? file : "", at ? at + 2 : "");
        muster *copy = open_at(path);
        ask_run(copy, sql);
        describe(copy, expected);
        muster_close(copy);
        for (size_t k = 0; k < MU_COUNT(keepings); k++) {
            uint32_t operation = 0;
            while (intrude_at(base, keepings[k], sql, operation, expected)) {
                operation++;
            }
            assert_true(operation > 5);
        }
    }
    muster_close(db);
}

/* Faults: nothing that can be seen changes, whatever fails. */

typedef struct fault {
    uint32_t operations, failing; /* the number of the one that fails */
    int error;
    bool failed;
} fault;

static int fail_once(void *context, const char *operation, const char *path)
{
    fault *f = context;

    (void)operation;
    (void)path;
    const bool fails = f->operations++ == f->failing;
    f->failed |= fails;
    return fails ? f->error : 0;
}

/* As it was, in this process and the next, and open to changes: in this process, unless it is not
 * known what the disk has. */
static void assert_as_it_was(muster *db, const char *path, const char *expected)
{
    char state[ROOM];

    describe(db, state);
    assert_string_equal(state, expected);
    if (ask_only(db, "CREATE TABLE one_more (a TEXT)", &test_error) == MUSTER_OK) {
        assert_no_leftovers(db);
    } else {
        assert_message_has("takes no more changes");
    }
    muster_close(db);
    assert_ok(muster_check(path, NULL, NULL, &test_error));
    db = open_at(path);
    describe(db, state);
    assert_string_equal(state, expected);
    assert_no_leftovers(db);
    muster_close(db);
    assert_ok(mu_env_remove_tree(path, &test_error));
}

TEST(a_disk_that_fails_at_any_operation_of_a_merge_loses_nothing)
{
    static const int errors[] = {EIO, ENOSPC};
    const char *base = test_path("base");
    char expected[ROOM];

    shop_use_fast_disk();
    muster *made = make_base(base);
    describe(made, expected);
    for (size_t k = 0; k < 2 * MU_COUNT(keepings); k++) {
        fault f = {.failed = true};
        for (; f.failed; f.failing++) {
            const char *path = copy_of(base);
            muster *db = open_at(path);
            f = (fault){.failing = f.failing, .error = errors[k % 2]};
            mu_env_set_hook(fail_once, &f);
            const muster_status status = keepings[k / 2](db);
            mu_env_set_hook(NULL, NULL);
            assert_true(status == MUSTER_OK || status == MUSTER_IO);
            assert_as_it_was(db, path, expected);
        }
        assert_true(f.failing > 10);
    }
    muster_close(made);
}

TEST(memory_that_runs_out_anywhere_in_a_merge_loses_nothing)
{
    const char *base = test_path("base");
    uint64_t state = test_seed();
    char expected[ROOM];

    shop_use_fast_disk();
    muster *made = make_base(base);
    describe(made, expected);
    for (size_t k = 0; k < 2 * MU_COUNT(keepings); k++) {
        uint64_t allocation = 0;
        for (uint32_t fine = 0; fine < 3;) {
            const char *path = copy_of(base);
            muster *db = open_at(path);
            mu_mem_fail_at(allocation, k % 2 == 0);
            const muster_status status = keepings[k / 2](db);
            mu_mem_fail_at(UINT64_MAX, false);
            assert_true(status == MUSTER_OK || status == MUSTER_NOMEM);
            fine = status == MUSTER_OK ? fine + 1 : 0;
            allocation += 1 + test_random_below(&state, 40);
            assert_as_it_was(db, path, expected);
        }
        assert_true(allocation > 100);
    }
    muster_close(made);
}

TEST(what_came_during_a_checkpoint_is_in_the_log_after_it_and_in_files_after_the_next)
{
    const char *base = test_path("base");
    muster *db = make_base(base);
    intruder one = {.db = db, .sql = others[1], .waiting = true};

    assert_true(count_segments(db, true) > PIECES);
    mu_env_set_hook(intrude, &one);
    ask_run(db, "CHECKPOINT");
    mu_env_set_hook(NULL, NULL);
    assert_true(one.done);
    assert_int_equal(count_segments(db, true), 2);
    assert_no_leftovers(db);
    ask_run(db, "CHECKPOINT");
    assert_int_equal(count_segments(db, true), 0);
    ask_run(db, "COMPACT");
    assert_int_equal(count_segments(db, false), 4); /* three periods, and the attributes */
    muster_close(db);
}

TEST(a_compact_that_is_cancelled_leaves_nothing)
{
    const char *base = test_path("base");
    char before[ROOM], after[ROOM];
    atomic_bool cancel = true;
    muster *db = make_base(base);

    describe(db, before);
    assert_status(MUSTER_CANCELLED, mu_db_compact(db->db, &cancel, &test_error));
    describe(db, after);
    assert_string_equal(before, after);
    assert_no_leftovers(db);
    muster_close(db);
}

/* A file of two periods each, as of a load that is too large for the log. It has two blocks: one of
 * customers, one of nobody. */
static void load_late_rows(muster *db, uint32_t i)
{
    char rows[300], sql[700];
    const char *file = test_path("late.csv");

    (void)snprintf(rows, sizeof rows,
                   "id,at,event,n\nc%u,2024-01-30,late,1\nc%u,2024-02-20,late,1\n,2024-01-30,late,"
                   "1\n,2024-02-20,late,1\n",
                   i, i % 7);
    test_write_file(file, rows, strlen(rows));
    (void)snprintf(sql, sizeof sql, "COPY e FROM '%s'; CHECKPOINT", file);
    ask_run(db, sql);
}

enum {
    LOADS = 70,
    FEW = 28, /* segments of two periods, of LOADS rows each: at most 7 of each level */
};

TEST(small_files_of_a_period_become_fewer_as_they_come)
{
    muster *db = open_at(test_path("db"));
    char answer[100];

    ask_run(db, create);
    for (uint32_t i = 0; i < LOADS; i++) {
        load_late_rows(db, i);
        assert_ok(tend(db));
        assert_true(count_segments(db, false) <= FEW);
    }
    assert_ok(ask(db, questions[0], answer, sizeof answer, &test_error));
    assert_string_equal(answer, "280|70|280\n");
    assert_no_leftovers(db);
    muster_close(db);
}

TEST(the_keeper_is_woken_by_files)
{
    muster *db = open_at(test_path("db"));

    ask_run(db, create);
    for (uint32_t i = 0; i < LOADS; i++) {
        load_late_rows(db, i);
    }
    assert_int_equal(count_segments(db, false), 2 * LOADS);
    mu_db_set_kept(db->db, true);
    load_late_rows(db, LOADS);
    while (count_segments(db, false) > FEW) {
        sched_yield();
    }
    muster_close(db);
}

/* The keeper is stopped at the first file it writes, until somebody is waiting for it. */
typedef struct stopping {
    pthread_t main;
    mu_db *db;
    atomic_bool begun;
} stopping;

static int stop_keeper(void *context, const char *operation, const char *path)
{
    stopping *s = context;

    if (!pthread_equal(pthread_self(), s->main) && strcmp(operation, "create") == 0 &&
        strstr(path, "events-")) {
        atomic_store(&s->begun, true);
        while (!atomic_load(&s->db->hurry)) {
            sched_yield();
        }
    }
    return 0;
}

TEST(a_close_does_not_wait_for_a_merge_of_the_keeper)
{
    const char *path = test_path("db");
    muster *db = open_at(path);
    stopping s = {.main = pthread_self(), .db = db->db};

    ask_run(db, create);
    for (uint32_t i = 0; i < PIECES; i++) {
        load_late_rows(db, i);
    }
    mu_env_set_hook(stop_keeper, &s);
    mu_db_set_kept(db->db, true);
    insert(db, 0); /* any commit wakes it */
    while (!atomic_load(&s.begun)) {
        sched_yield();
    }
    muster_close(db);
    mu_env_set_hook(NULL, NULL);
    db = open_at(path);
    assert_int_equal(count_segments(db, false), 2 * (PIECES + 1)); /* the log's are files now */
    assert_no_leftovers(db);
    muster_close(db);
}

/* Threads. Each commit adds two rows of a new customer, which add up to nothing. */

enum {
    WRITERS = 2,
    COMMITS = 60,
};

typedef struct busy_thread {
    muster *db;
    uint32_t number;
    atomic_bool *stop;
    atomic_uint *commits; /* of all writers */
    atomic_uint *faults;
} busy_thread;

static void append(muster_appender *a, const char *id, uint32_t day, int64_t n, bool *fine)
{
    *fine = *fine && muster_append_text(a, id, strlen(id), NULL) == MUSTER_OK &&
            muster_append_int64(a, (int64_t)day * 86400000000, NULL) == MUSTER_OK &&
            muster_append_text(a, "pay", 3, NULL) == MUSTER_OK &&
            muster_append_int64(a, n, NULL) == MUSTER_OK && muster_append_row(a, NULL) == MUSTER_OK;
}

static void *write_pairs(void *context)
{
    const busy_thread *t = context;
    muster_connection *c;
    muster_appender *a = NULL;
    char id[32];
    bool fine = muster_connect(t->db, &c, NULL) == MUSTER_OK &&
                muster_appender_open(c, "e", &a, NULL) == MUSTER_OK;

    for (uint32_t i = 0; i < COMMITS && fine; i++) {
        (void)snprintf(id, sizeof id, "w%u-%u", t->number, i);
        append(a, id, i % 60, i + 1, &fine);
        append(a, id, (i * 7) % 60, -(int64_t)i - 1, &fine);
        fine = fine && muster_appender_commit(a, NULL) == MUSTER_OK;
        atomic_fetch_add(t->commits, fine);
    }
    muster_appender_close(a);
    muster_disconnect(c);
    atomic_fetch_add(t->faults, !fine);
    return NULL;
}

/* Runs statements in turn until it is told to stop. */
static void *run_statements(void *context)
{
    static const char *const sql[][3] = {
        {"COMPACT", "CHECKPOINT", "COMPACT"},
        {"DELETE FROM customers WHERE customer = 'w0-5' OR customer = 'w1-9'",
         "DELETE FROM customers WHERE customer > 'w1-4' AND customer < 'w1-45'",
         "INSERT INTO e VALUES ('x', '1970-01-03', 'pay', 9), ('x', '1970-01-04', 'view', -9)"},
    };
    const busy_thread *t = context;

    for (uint32_t i = 0; !atomic_load(t->stop); i++) {
        const muster_status status = ask_only(t->db, sql[t->number][i % 3], NULL);
        atomic_fetch_add(t->faults, status != MUSTER_OK);
    }
    return NULL;
}

TEST(whoever_reads_while_all_write_merge_and_erase_sees_whole_commits)
{
    const char *path = test_path("db");
    muster *db = open_at(path);
    atomic_bool stop = false;
    atomic_uint faults = 0, commits = 0;
    busy_thread threads[WRITERS + 2];
    pthread_t ids[WRITERS + 2];
    char answer[100];

    shop_use_fast_disk();
    ask_run(db, create);
    mu_db_set_kept(db->db, true);
    for (uint32_t i = 0; i < WRITERS + 2; i++) {
        threads[i] = (busy_thread){
            .db = db, .number = i % WRITERS, .stop = &stop, .commits = &commits, .faults = &faults};
        assert_int_equal(
            pthread_create(&ids[i], NULL, i < WRITERS ? write_pairs : run_statements, &threads[i]),
            0);
    }
    while (atomic_load(&commits) < WRITERS * COMMITS && atomic_load(&faults) == 0) {
        assert_ok(ask(db, "SELECT coalesce(sum(n), 0), count(*) % 2 FROM e", answer, sizeof answer,
                      &test_error));
        assert_string_equal(answer, "0|0\n");
        assert_ok(ask(db,
                      "SELECT count(*) FROM (SELECT id FROM e GROUP BY id HAVING sum(n) <> 0) t",
                      answer, sizeof answer, &test_error));
        assert_string_equal(answer, "0\n");
    }
    atomic_store(&stop, true);
    for (uint32_t i = 0; i < WRITERS + 2; i++) {
        assert_int_equal(pthread_join(ids[i], NULL), 0);
    }
    assert_int_equal(atomic_load(&faults), 0);
    muster_close(db);
    assert_ok(muster_check(path, NULL, NULL, &test_error));
}
