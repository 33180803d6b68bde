/*
 * damage_test.c - the files of a database are damaged, one at a time.
 *
 * A bit is flipped in every part of each kind of file, files are cut off at many lengths, get bytes
 * at their end, take each other's place, or are gone. Each question of a set then gets the answer
 * it got before or CORRUPT, with a message that names the file, and for what lies in a segment the
 * column and the offset; one of them notices, or the check of the whole database. Nothing else may
 * happen: no other answer, no crash, no large allocation.
 */
#include "storage/base/bytes.h"
#include "storage/base/env.h"
#include "storage/db.h"
#include "tests/support/ask.h"
#include "tests/support/shop.h"
#include "tests/support/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    ROWS = 600,
    FLIPS = 250, /* of each file, or all its bytes if there are fewer */
    CUTS = 60,
    FILES = 16,
    ROOM = 1 << 17, /* of an answer */
    FOOTER = 48,    /* bytes of a segment's */
};

static const char *const questions[] = {
    "SELECT count(*), count(DISTINCT customer), sum(n), sum(price), max(share), min(note) "
    "FROM events",
    "SELECT * FROM events ORDER BY ALL",
    "SELECT event, count(*) FROM events GROUP BY ALL ORDER BY ALL",
    "SELECT sum(n) FROM events WHERE customer = 'c7'",
    "SELECT customer FROM customers ORDER BY 1",
    "SELECT count(*) FROM customers WHERE has_tag('vip')",
    "SELECT customer FROM customers WHERE has_tag('tier', 'gold') ORDER BY 1",
    "SELECT count(*) FROM customers WHERE did(event = 'pay', since => '2024-02-03')",
    "SELECT count(*) FROM customers WHERE did_then(event = 'view', event = 'pay', within => "
    "INTERVAL "
    "'9 days', same => n)",
    "SELECT sum(measure(max(n), event = 'pay')) FROM customers",
    "FROM funnel(events, steps => [step(event = 'view'), step(event = 'pay')])",
    "FROM retention(events, start => event = 'view', back => event = 'pay', unit => 'month', "
    "periods => 2)",
    "FROM products ORDER BY sku",
    "SELECT * FROM customers ORDER BY customer",
    "SELECT count(*) FROM customers WHERE tier >= 3 AND city = 'Bonn'",
    "SHOW TAGS",
    "SELECT customer FROM customers WHERE in_audience('some') AND NOT in_audience('some', 1)",
    "FROM audience_versions",
    "SHOW TABLES",
};

static char *right[MU_COUNT(questions)]; /* the answers before the damage */
static const char *database;
static char files[FILES][64];
static uint32_t file_count;

static void write_log(void)
{
    char *text = malloc(ROWS * 256);
    size_t size = (size_t)snprintf(text, 256, "id,ts,event,n,price,share,note\n");

    for (unsigned i = 0; i < ROWS; i++) {
        const unsigned who = i * 7 % 90;
        size += (size_t)snprintf(text + size, 16, who < 5 ? "," : "c%u,", who);
        size += (size_t)snprintf(text + size, 240, "2024-0%u-%02u 10:%02u:00,%s,%u,%u.%02u,%g,",
                                 1 + i % 2, 1 + i % 28, i % 60, i % 5 == 0 ? "pay" : "view", i * i,
                                 i % 90, i % 100, i / 7.0);
        size += (size_t)snprintf(text + size, 64, i % 3 == 0 ? "\n" : "a note on %u and no other\n",
                                 i * 77777);
    }
    test_write_file(test_path("log.csv"), text, size);
    free(text);
}

static muster *open_database(void)
{
    muster *db;

    assert_ok(muster_open(database, NULL, &db, &test_error));
    assert_ok(muster_set_threads(db, 1, &test_error));
    return db;
}

static muster_status list_file(void *context, const char *name, muster_error *err)
{
    (void)context;
    (void)err;
    if (strcmp(name, "lock") != 0) {
        assert_true(file_count < FILES);
        (void)snprintf(files[file_count++], sizeof files[0], "%s", name);
    }
    return MUSTER_OK;
}

static void make_database(void)
{
    char sql[1024];

    shop_use_fast_disk();
    assert_int_equal(setenv("MUSTER_NOW", "2024-05-01 09:00:00", 1), 0);
    database = test_temp_dir();
    write_log();
    muster *db = open_database();
    (void)snprintf(sql, sizeof sql,
                   "CREATE TABLE events (id TEXT CUSTOMER, ts TIMESTAMP TIME, event TEXT EVENT,"
                   " n BIGINT, price DECIMAL(8,2), share DOUBLE, note TEXT);"
                   "COPY events FROM '%s'",
                   test_path("log.csv"));
    assert_ok(ask_only(db, sql, &test_error));
    assert_ok(ask_only(db,
                       "CREATE TABLE products (sku TEXT, price DOUBLE);"
                       "INSERT INTO products VALUES ('a', 1.5), ('b', NULL), (NULL, 1e300);"
                       "CREATE TAG vip AS SELECT customer FROM events WHERE event = 'pay';"
                       "CREATE TAG tier AS SELECT customer, CASE WHEN n % 2 = 0 THEN 'gold' "
                       "ELSE 'red' END FROM events WHERE n < 5000 AND customer IS NOT NULL;"
                       "CREATE AUDIENCE some AS SELECT customer FROM events WHERE n < 5000;"
                       "CREATE OR REPLACE AUDIENCE some AS SELECT customer FROM events WHERE n > 9;"
                       "ALTER TABLE customers ADD COLUMN city TEXT;"
                       "ALTER TABLE customers ADD COLUMN note TEXT;"
                       "ALTER TABLE customers ADD COLUMN tier BIGINT;"
                       "ALTER TABLE customers ADD COLUMN share DOUBLE;"
                       "UPDATE customers SET city = CASE WHEN did(event = 'pay') THEN 'Bonn' ELSE "
                       "'Rom' END, note = customer || ' is one of many', share = "
                       "cast(length(customer) AS DOUBLE) / 7, tier = length(customer);"
                       "UPDATE customers SET tier = 4 WHERE customer = 'c7';"
                       "DELETE FROM customers WHERE customer IN ('c8', 'c9')",
                       &test_error));
    for (size_t i = 0; i < MU_COUNT(questions); i++) {
        right[i] = malloc(ROOM);
        assert_ok(ask(db, questions[i], right[i], ROOM, &test_error));
        assert_true(strlen(right[i]) > 0 && strlen(right[i]) + 1 < ROOM);
    }
    muster_close(db);
    file_count = 0;
    assert_ok(mu_env_list(database, list_file, NULL, &test_error));
    assert_true(file_count >= 5);
}

static void free_answers(void)
{
    for (size_t i = 0; i < MU_COUNT(questions); i++) {
        free(right[i]);
    }
}

static const char *path_of(const char *file)
{
    static char path[600];

    (void)snprintf(path, sizeof path, "%s/%s", database, file);
    return path;
}

static void check_corrupt(muster_status status, const muster_error *error, const char *file,
                          bool in_column, const char *what)
{
    if (status != MUSTER_CORRUPT || error->status != MUSTER_CORRUPT ||
        !strstr(error->message, file) ||
        (in_column &&
         (!strstr(error->message, "column \"") || !strstr(error->message, "offset")))) {
        fail_msg("%s: status %d: %s", what, (int)status, error->message);
    }
}

/* How many of the questions notice. */
static uint32_t ask_all(const char *file, bool in_column, const char *what)
{
    muster *db;
    muster_error error = {0};
    uint32_t noticed = 0;
    char *answer;

    const muster_status status = muster_open(database, NULL, &db, &error);
    if (status != MUSTER_OK) {
        check_corrupt(status, &error, file, false, what);
        return 1;
    }
    answer = malloc(ROOM);
    for (size_t i = 0; i < MU_COUNT(questions); i++) {
        const muster_status asked = ask(db, questions[i], answer, ROOM, &error);
        if (asked != MUSTER_OK) {
            check_corrupt(asked, &error, file, in_column, what);
            noticed++;
        } else if (strcmp(answer, right[i]) != 0) {
            fail_msg("%s: %s: another answer", what, questions[i]);
        }
    }
    free(answer);
    muster_close(db);
    return noticed;
}

/* What no question reads, the check of the whole database does. */
static void check_notices(const char *file, const char *what)
{
    mu_db *db;
    muster_error error = {0};

    assert_ok(mu_db_open(database, &db, &test_error));
    check_corrupt(mu_db_check(db, &error), &error, file, false, what);
    mu_db_close(db);
}

/* Where the chunks and dictionaries of a segment end, and its directory begins; 0 for another. */
static uint64_t end_of_columns(const char *file, const char *bytes, size_t size)
{
    if (!strstr(file, ".seg")) {
        return 0;
    }
    mu_reader in = mu_reader_of(bytes + size - FOOTER + 8, 8);
    return mu_read_u64(&in);
}

static void flip_bits(const char *file)
{
    size_t size;
    uint64_t random = test_seed();
    const char *bytes = test_read_file(path_of(file), &size);
    const uint64_t columns_end = end_of_columns(file, bytes, size);
    const size_t step = size < FLIPS ? 1 : size / FLIPS;
    const int fd = open(path_of(file), O_WRONLY);

    assert_true(fd >= 0);
    for (size_t base = 0; base < size; base += step) {
        const size_t at = base + test_random_below(&random, step);
        if (at >= size) {
            break;
        }
        const char flipped = (char)(bytes[at] ^ 1 << test_random_below(&random, 8));
        char what[128];
        (void)snprintf(what, sizeof what, "%s, byte %zu of %zu", file, at, size);
        assert_int_equal(pwrite(fd, &flipped, 1, (off_t)at), 1);
        if (ask_all(file, at >= 16 && at < columns_end, what) == 0) {
            check_notices(file, what);
        }
        assert_int_equal(pwrite(fd, &bytes[at], 1, (off_t)at), 1);
    }
    close(fd);
}

/* Nothing may be allocated by a size that a damaged file tells. The sanitizer has limits itself. */
static void limit_memory(void)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__clang__)
    const struct rlimit limit = {(rlim_t)2 << 30, (rlim_t)2 << 30};

    assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
#endif
}

TEST(a_flipped_bit_is_noticed_and_named)
{
    make_database();
    limit_memory();
    for (uint32_t i = 0; i < file_count; i++) {
        flip_bits(files[i]);
    }
    assert_int_equal(ask_all("", false, "as it was"), 0);
    free_answers();
}

TEST(a_file_of_another_size_is_noticed_and_named)
{
    make_database();
    for (uint32_t i = 0; i < file_count; i++) {
        size_t size;
        char what[128];
        const char *path = path_of(files[i]), *bytes = test_read_file(path, &size);
        const size_t step = size < CUTS ? 1 : size / CUTS;
        for (size_t cut = 0; cut < size; cut += cut + 64 < size ? step : 7) {
            (void)snprintf(what, sizeof what, "%s, %zu bytes of %zu", files[i], cut, size);
            test_write_file(path, bytes, cut);
            assert_true(ask_all(files[i], false, what) > 0);
        }
        char *longer = malloc(size + 4096);
        memcpy(longer, bytes, size);
        memset(longer + size, 0, 4096);
        (void)snprintf(what, sizeof what, "%s, longer", files[i]);
        test_write_file(path, longer, size + 1);
        assert_true(ask_all(files[i], false, what) > 0);
        test_write_file(path, longer, size + 4096);
        assert_true(ask_all(files[i], false, what) > 0);
        test_write_file(path, bytes, size);
        free(longer);
    }
    assert_int_equal(ask_all("", false, "as it was"), 0);
    free_answers();
}

TEST(a_file_in_the_place_of_another_is_noticed_and_named)
{
    make_database();
    for (uint32_t i = 0; i < file_count; i++) {
        size_t size;
        const char *bytes = test_read_file(path_of(files[i]), &size);
        for (uint32_t k = 0; k < file_count; k++) {
            char what[192];
            size_t other_size;
            if (k == i) {
                continue;
            }
            const char *other = test_read_file(path_of(files[k]), &other_size);
            (void)snprintf(what, sizeof what, "%s in the place of %s", files[k], files[i]);
            test_write_file(path_of(files[i]), other, other_size);
            if (ask_all(files[i], false, what) == 0) {
                fail_msg("%s: nobody notices", what);
            }
        }
        test_write_file(path_of(files[i]), bytes, size);
    }
    assert_int_equal(ask_all("", false, "as it was"), 0);
    free_answers();
}

TEST(a_file_that_is_gone_is_named)
{
    make_database();
    for (uint32_t i = 0; i < file_count; i++) {
        size_t size;
        muster *db;
        const char *bytes = test_read_file(path_of(files[i]), &size);
        uint32_t noticed = 0;
        char *answer = malloc(ROOM);
        assert_int_equal(unlink(path_of(files[i])), 0);
        muster_status status = muster_open(database, NULL, &db, &test_error);
        if (status != MUSTER_OK) {
            assert_message_has(files[i]);
            noticed++;
        }
        for (size_t k = 0; status == MUSTER_OK && k < MU_COUNT(questions); k++) {
            if (ask(db, questions[k], answer, ROOM, &test_error) == MUSTER_OK) {
                assert_string_equal(answer, right[k]);
            } else {
                assert_message_has(files[i]);
                noticed++;
            }
        }
        assert_true(noticed > 0);
        muster_close(db);
        free(answer);
        test_write_file(path_of(files[i]), bytes, size);
    }
    assert_int_equal(ask_all("", false, "as it was"), 0);
    free_answers();
}
