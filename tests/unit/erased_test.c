/* erased_test.c - the set of who was erased comes back as it was written, or not at all. */
#include "storage/erased.h"

#include "storage/base/bits.h"
#include "tests/support/test.h"

enum {
    CUSTOMERS = 3 * MU_STRIPE_ROWS,
};

static const uint32_t some[] = {0, 7, 65535, 65536 * 2 + 5, 7, CUSTOMERS - 1};

/* Erases some on top of `base`, and opens the set that is then. */
static mu_erased *erase(const char *directory, uint64_t file, mu_erased *base,
                        const uint32_t *ordinals, size_t count)
{
    mu_erasing erasing = {0};
    mu_erased_info info;
    mu_erased *erased;

    for (size_t i = 0; i < count; i++) {
        assert_ok(mu_erasing_add(&erasing, base, ordinals[i], &test_error));
    }
    assert_ok(mu_erasing_write(&erasing, directory, file, &info, &test_error));
    mu_erasing_deinit(&erasing);
    assert_ok(mu_erased_open(directory, &info, CUSTOMERS, base, &erased, &test_error));
    return erased;
}

TEST(who_was_erased_stays_so_and_no_one_else_is)
{
    static const uint32_t more[] = {8, 65536};
    const char *directory = test_temp_dir();
    mu_erased *first = erase(directory, 1, NULL, some, MU_COUNT(some));
    mu_erased *second = erase(directory, 2, first, more, MU_COUNT(more));

    assert_int_equal(mu_erased_count(NULL), 0);
    assert_false(mu_erased_has(NULL, 7));
    assert_null(mu_erased_stripe(NULL, 0));
    assert_int_equal(mu_erased_count(first), 5); /* 7 is one person, named twice */
    assert_int_equal(mu_erased_count(second), 7);
    assert_false(mu_erased_has(first, 8));
    assert_true(mu_erased_has(second, 8));
    assert_null(mu_erased_stripe(first, 1));
    assert_true(mu_bits_test(mu_erased_stripe(second, 1), 0));
    for (size_t i = 0; i < MU_COUNT(some); i++) {
        assert_true(mu_erased_has(second, some[i]));
    }
    assert_false(mu_erased_has(second, 1));
    mu_erased_release(first);
    mu_erased_release(second);
}

TEST(snapshots_share_a_set_that_is_the_same)
{
    const char *directory = test_temp_dir();
    mu_erased *first = erase(directory, 1, NULL, some, MU_COUNT(some));
    const mu_erased_info info = {.file = 1, .size = 1, .customers = 1};
    mu_erased *again;

    assert_ok(mu_erased_open(directory, &info, CUSTOMERS, first, &again, &test_error));
    assert_ptr_equal(again, first);
    mu_erased_release(first);
    assert_true(mu_erased_has(again, 7));
    mu_erased_release(again);
}

TEST(a_set_that_is_damaged_or_of_others_is_refused)
{
    const char *directory = test_temp_dir();
    mu_erasing erasing = {0};
    mu_erased_info info;
    mu_erased *erased;
    char path[600];
    size_t size;

    assert_ok(mu_erasing_add(&erasing, NULL, CUSTOMERS - 1, &test_error));
    assert_ok(mu_erasing_write(&erasing, directory, 3, &info, &test_error));
    mu_erasing_deinit(&erasing);
    assert_status(MUSTER_CORRUPT,
                  mu_erased_open(directory, &info, CUSTOMERS - 1, NULL, &erased, &test_error));
    assert_message_has("erased-000003: 1 customers, the last 196607 of 196607");
    info.customers = 2;
    assert_status(MUSTER_CORRUPT,
                  mu_erased_open(directory, &info, CUSTOMERS, NULL, &erased, &test_error));
    info.customers = 1;
    (void)snprintf(path, sizeof path, "%s/erased-000003", directory);
    char *bytes = test_read_file(path, &size);
    for (size_t at = 0; at < size; at++) {
        bytes[at] = (char)(bytes[at] ^ 1 << at % 8);
        test_write_file(path, bytes, size);
        assert_status(MUSTER_CORRUPT,
                      mu_erased_open(directory, &info, CUSTOMERS, NULL, &erased, &test_error));
        assert_message_has("erased-000003");
        assert_null(erased);
        bytes[at] = (char)(bytes[at] ^ 1 << at % 8);
        test_write_file(path, bytes, at);
        assert_status(MUSTER_CORRUPT,
                      mu_erased_open(directory, &info, CUSTOMERS, NULL, &erased, &test_error));
    }
    test_write_file(path, bytes, size);
    assert_ok(mu_erased_open(directory, &info, CUSTOMERS, NULL, &erased, &test_error));
    mu_erased_release(erased);
}
