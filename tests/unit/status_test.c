/* status_test.c - messages are one line, whole characters, and keep their place in front. */
#include "storage/base/status.h"

#include "storage/base/bytes.h"
#include "tests/support/test.h"

TEST(a_failure_is_worded_and_returned)
{
    muster_error err;

    assert_int_equal(mu_fail(&err, MUSTER_CORRUPT, "run %d is %s", 3, "empty"), MUSTER_CORRUPT);
    assert_int_equal(err.status, MUSTER_CORRUPT);
    assert_int_equal(err.offset, -1);
    assert_string_equal(err.message, "run 3 is empty");
    assert_int_equal(mu_fail_at(&err, MUSTER_SYNTAX, 17, "no \"%s\" here", "x"), MUSTER_SYNTAX);
    assert_int_equal(err.offset, 17);
    assert_int_equal(mu_fail_memory(&err, "sorting 12 rows"), MUSTER_NOMEM);
    assert_string_equal(err.message, "out of memory sorting 12 rows");
}

TEST(nobody_needs_to_listen)
{
    assert_int_equal(mu_fail(NULL, MUSTER_IO, "%d", 1), MUSTER_IO);
    assert_int_equal(mu_fail_at(NULL, MUSTER_IO, 2, "%d", 1), MUSTER_IO);
    assert_int_equal(mu_fail_memory(NULL, "testing"), MUSTER_NOMEM);
    mu_where(NULL, "%d", 1);
}

TEST(places_are_put_in_front)
{
    muster_error err;

    assert_int_equal(mu_fail_at(&err, MUSTER_CORRUPT, 5, "length is 0"), MUSTER_CORRUPT);
    mu_where(&err, "column \"%s\"", "plan");
    mu_where(&err, "events-%d.seg", 42);
    assert_string_equal(err.message, "events-42.seg: column \"plan\": length is 0");
    assert_int_equal(err.status, MUSTER_CORRUPT);
    assert_int_equal(err.offset, 5);
}

TEST(a_message_may_quote_the_one_before)
{
    muster_error err;

    assert_int_equal(mu_fail(&err, MUSTER_IO, "first"), MUSTER_IO);
    assert_int_equal(mu_fail(&err, MUSTER_IO, "second after %s", err.message), MUSTER_IO);
    assert_string_equal(err.message, "second after first");
}

TEST(a_message_is_one_line_whatever_it_quotes)
{
    muster_error err;

    assert_int_equal(mu_fail(&err, MUSTER_INVALID, "\"%s\"", "a\nb\tc\x1b[31m\x7f"),
                     MUSTER_INVALID);
    assert_string_equal(err.message, "\"a b c [31m \"");
}

TEST(a_long_message_is_cut_between_characters)
{
    static const char *const characters[] = {"x", "\xc3\xa9", "\xe5\xae\xa2", "\xf0\x9f\x9b\x92"};
    const size_t room = sizeof(((muster_error *)0)->message) - 1;
    char text[600];
    muster_error err;

    for (size_t c = 0; c < MU_COUNT(characters); c++) {
        const size_t width = strlen(characters[c]);
        for (size_t shift = 0; shift < 4; shift++) {
            size_t size = 0;
            memset(text, '.', shift);
            for (size = shift; size + width < sizeof text; size += width) {
                memcpy(&text[size], characters[c], width);
            }
            text[size] = '\0';
            assert_int_equal(mu_fail(&err, MUSTER_IO, "%s", text), MUSTER_IO);
            assert_int_equal(strlen(err.message), shift + (room - shift) / width * width);
            assert_memory_equal(err.message, text, strlen(err.message));
            mu_where(&err, "at %d", 1);
            assert_memory_equal(err.message, "at 1: ", 6);
            assert_int_equal((strlen(err.message) - 6 - shift) % width, 0);
            mu_where(&err, "%s", text);
            assert_int_equal(strlen(err.message), shift + (room - shift) / width * width);
        }
    }
}

static muster_status try_twice(muster_status first, muster_status second, int *calls)
{
    ++*calls;
    MU_TRY(first);
    ++*calls;
    MU_TRY(second);
    ++*calls;
    return MUSTER_OK;
}

TEST(try_returns_the_first_failure)
{
    int calls = 0;

    assert_ok(try_twice(MUSTER_OK, MUSTER_OK, &calls));
    assert_int_equal(calls, 3);
    assert_status(MUSTER_IO, try_twice(MUSTER_OK, MUSTER_IO, &calls));
    assert_int_equal(calls, 5);
    assert_status(MUSTER_BUSY, try_twice(MUSTER_BUSY, MUSTER_IO, &calls));
    assert_int_equal(calls, 6);
}
