/*
 * forget_test.c - what the files still say of people who were erased: after COMPACT, nothing.
 */
#include "include/muster.h"
#include "sql/owner.h"
#include "storage/base/env.h"
#include "storage/base/hash.h"

#include "tests/support/ask.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

typedef struct search {
    const char *directory, *text;
    uint32_t found; /* files that have it */
} search;

static muster_status look_into(void *context, const char *name, muster_error *err)
{
    search *s = context;
    char path[1200];
    mu_map map;

    (void)snprintf(path, sizeof path, "%s/%s", s->directory, name);
    MU_TRY(mu_env_map(path, &map, err));
    s->found += map.size > 0 && memmem(map.data, map.size, s->text, strlen(s->text)) != NULL;
    mu_env_unmap(&map);
    return MUSTER_OK;
}

static uint32_t files_with(const char *directory, const char *text)
{
    search s = {.directory = directory, .text = text};

    assert_ok(mu_env_list(directory, look_into, &s, &test_error));
    return s.found;
}

static muster_status add_name(void *context, const char *name, muster_error *err)
{
    (void)err;
    if (strcmp(name, "lock") != 0) {
        *(uint64_t *)context += mu_checksum(name, strlen(name));
    }
    return MUSTER_OK;
}

/* A number that is another one where the names of the files are others. */
static uint64_t names_of(const char *directory)
{
    uint64_t sum = 0;

    assert_ok(mu_env_list(directory, add_name, &sum, &test_error));
    return sum;
}

static void assert_whole(const char *path)
{
    assert_ok(muster_check(path, NULL, NULL, &test_error));
}

/* Ids, texts of events and attributes, each so long and odd that it is stored as it is. */
#define ID "id-of-the-person-\xe6\x9d\x8e-who-wants-to-be-forgotten-by-everyone-everywhere-0001"
#define NOTE "a note in an event of hers: 7f3a9c"
#define CITY "a city that only she lives in: b81e"
#define WORDS "words about her that no one else has: 55dd"
static const char *const traces[] = {ID, NOTE, CITY, WORDS};

static void fill(muster *db, bool checkpoint)
{
    ask_run(db, "CREATE TABLE e (id TEXT CUSTOMER, at TIMESTAMP TIME, event TEXT EVENT, note TEXT);"
                "ALTER TABLE customers ADD COLUMN city TEXT;"
                "ALTER TABLE customers ADD COLUMN words TEXT;");
    for (int i = 0; i < 40; i++) {
        char sql[400];
        (void)snprintf(sql, sizeof sql,
                       "INSERT INTO e VALUES ('person number %d with an id of %s', "
                       "'2024-0%d-01', 'view', 'note %d')",
                       i % 13, i % 2 == 0 ? "one kind" : "another kind, longer", 1 + i % 5, i);
        ask_run(db, sql);
    }
    ask_run(db, "INSERT INTO e VALUES ('" ID "', '2024-02-02', 'pay', '" NOTE "')");
    ask_run(db, "UPDATE customers SET city = 'Ulm', words = 'none'");
    ask_run(db, "UPDATE customers SET city = '" CITY "', words = '" WORDS "' "
                "WHERE did(event = 'pay')");
    if (checkpoint) {
        ask_run(db, "CHECKPOINT");
    }
    ask_run(db, "INSERT INTO e VALUES ('" ID "', '2024-02-03', 'pay', '" NOTE "')");
}

static const char totals[] = "SELECT count(*), count(DISTINCT id), count(note) FROM e;"
                             "SELECT count(*), count(city), count(words) FROM customers";

static void forget_one(bool checkpoint)
{
    const char *path = test_path(checkpoint ? "files" : "log");
    muster *db;

    assert_ok(muster_open(path, NULL, &db, &test_error));
    fill(db, checkpoint);
    for (size_t i = 0; i < MU_COUNT(traces); i++) {
        assert_true(files_with(path, traces[i]) > 0); /* or looking for it later shows nothing */
    }
    ask_run(db, "DELETE FROM customers WHERE city LIKE '%b81e'");
    ask_expect(db, totals, "40|26|40\n26|26|26\n");
    ask_run(db, "COMPACT");
    for (size_t i = 0; i < MU_COUNT(traces); i++) {
        assert_int_equal(files_with(path, traces[i]), 0);
    }
    ask_expect(db, totals, "40|26|40\n26|26|26\n");
    assert_whole(path);
    const uint64_t names = names_of(path);
    ask_run(db, "COMPACT");
    assert_true(names == names_of(path)); /* nothing more to do */
    muster_close(db);
    assert_ok(muster_open(path, NULL, &db, &test_error));
    ask_expect(db, totals, "40|26|40\n26|26|26\n");
    /* The same id is someone new. */
    ask_run(db, "INSERT INTO e VALUES ('" ID "', '2024-02-03', 'pay', 'new')");
    ask_expect(db, "SELECT count(*) FROM e WHERE id = '" ID "'", "1\n");
    ask_run(db, "COMPACT");
    ask_expect(db, "SELECT count(*), count(city) FROM customers", "27|26\n");
    ask_expect(db, "SELECT count(*) FROM e WHERE id = '" ID "'", "1\n");
    assert_whole(path);
    muster_close(db);
}

TEST(after_compact_no_file_has_a_word_of_who_was_erased)
{
    forget_one(true);
}

TEST(after_compact_nor_has_the_log)
{
    forget_one(false);
}

TEST(after_compact_no_file_has_a_word_of_a_column_that_was_dropped)
{
    const char *path = test_path("db");
    muster *db;

    assert_ok(muster_open(path, NULL, &db, &test_error));
    fill(db, true);
    ask_run(db, "COMPACT");
    ask_run(db, "ALTER TABLE e DROP COLUMN note; ALTER TABLE customers DROP COLUMN words");
    assert_true(files_with(path, NOTE) > 0 && files_with(path, WORDS) > 0);
    ask_run(db, "COMPACT");
    assert_true(files_with(path, NOTE) == 0 && files_with(path, WORDS) == 0);
    ask_expect(db, "SELECT count(*), count(DISTINCT id) FROM e; SELECT count(city) FROM customers",
               "42|27\n27\n");
    assert_whole(path);
    muster_close(db);
}

TEST(after_compact_no_file_has_a_word_of_the_last_attribute_that_was_dropped)
{
    const char *path = test_path("db");
    muster *db;

    assert_ok(muster_open(path, NULL, &db, &test_error));
    fill(db, true);
    ask_run(db, "ALTER TABLE customers DROP COLUMN words; ALTER TABLE customers DROP COLUMN city");
    assert_true(files_with(path, WORDS) > 0 && files_with(path, CITY) > 0);
    ask_run(db, "COMPACT");
    assert_true(files_with(path, WORDS) == 0 && files_with(path, CITY) == 0);
    assert_whole(path);
    const uint64_t names = names_of(path);
    ask_run(db, "COMPACT");
    assert_true(names == names_of(path));
    muster_close(db);
}

TEST(what_is_written_anew_is_given_up_when_that_is_wanted)
{
    const char *path = test_path("db");
    atomic_bool cancel = true;
    muster *db;

    assert_ok(muster_open(path, NULL, &db, &test_error));
    fill(db, true);
    ask_run(db, "COMPACT");
    ask_run(db, "INSERT INTO customers (customer, city) VALUES ('no events', 'Rom')");
    ask_run(db, "DELETE FROM customers WHERE customer = 'no events'");
    const uint64_t names = names_of(path);
    assert_status(MUSTER_CANCELLED, mu_db_compact(db->db, &cancel, &test_error));
    assert_true(names == names_of(path));
    cancel = false;
    assert_ok(mu_db_compact(db->db, &cancel, &test_error));
    assert_true(names != names_of(path));
    assert_whole(path);
    muster_close(db);
}
