/* people_out_test.c - tags and audiences as Roaring bitmaps, read with the library of others. */
#include "include/muster.h"

#include "tests/support/ask.h"
#include "tests/support/test.h"

#include <roaring/roaring.h>

/* How many are in the set; it is freed. */
static uint64_t count_people(void *bytes, size_t size)
{
    roaring_bitmap_t *set = roaring_bitmap_portable_deserialize_safe(bytes, size);

    assert_non_null(set);
    assert_int_equal(roaring_bitmap_portable_size_in_bytes(set), size);
    const uint64_t count = roaring_bitmap_get_cardinality(set);
    roaring_bitmap_free(set);
    muster_free(bytes);
    return count;
}

static void expect_audience(muster_connection *c, uint32_t version, uint64_t people)
{
    void *bytes;
    size_t size;

    assert_ok(muster_audience(c, "payers", version, &bytes, &size, &test_error));
    assert_int_equal(count_people(bytes, size), people);
}

static void expect_tag(muster_connection *c, const char *value, uint64_t people)
{
    void *bytes;
    size_t size;

    assert_ok(muster_tag(c, "tier", value, &bytes, &size, &test_error));
    assert_int_equal(count_people(bytes, size), people);
}

TEST(sets_of_customers_are_handed_out_as_others_read_them)
{
    muster *db;
    void *bytes;
    size_t size;

    assert_ok(muster_open(NULL, NULL, &db, &test_error));
    muster_connection *c = ask_connect(db);
    ask_run(db, "CREATE TABLE e (id TEXT CUSTOMER, ts TIMESTAMP TIME, tier TEXT);"
                "INSERT INTO e VALUES ('a', '2024-01-01', 'gold'), ('b', '2024-01-01', 'silver'), "
                "('c', '2024-01-01', 'gold'), ('d', '2024-01-01', 'bronze');"
                "CREATE AUDIENCE payers AS SELECT id FROM e WHERE id <> 'd';"
                "CREATE TAG tier AS SELECT id, tier FROM e");
    ask_run(db, "INSERT INTO e VALUES ('z', '2024-01-01', 'gold'); REFRESH AUDIENCE payers");
    expect_audience(c, 0, 4);
    expect_audience(c, 1, 3);
    expect_tag(c, NULL, 4);
    expect_tag(c, "gold", 2);
    ask_run(db, "DELETE FROM customers WHERE customer = 'a'");
    expect_audience(c, 1, 2);
    expect_tag(c, "gold", 1);
    ask_run(db, "DELETE FROM customers");
    expect_audience(c, 0, 0);
    assert_status(MUSTER_INVALID, muster_audience(c, "payer", 0, &bytes, &size, &test_error));
    assert_message_has("did you mean \"payers\"?");
    assert_null(bytes);
    assert_status(MUSTER_INVALID, muster_audience(c, "payers", 9, &bytes, &size, &test_error));
    assert_status(MUSTER_INVALID, muster_tag(c, "tier", "tin", &bytes, &size, &test_error));
    assert_message_has("tag \"tier\" has no value \"tin\"");
    muster_disconnect(c);
    muster_close(db);
}
