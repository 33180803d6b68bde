/* customer_test.c - the registry against an array of ids searched from its beginning. */
#include "storage/customer.h"

#include "storage/base/limits.h"
#include "storage/base/mem.h"
#include "storage/customer_part.h"
#include "tests/support/test.h"

#include <stdlib.h>

static mu_customers *no_customers(mu_kind kind)
{
    mu_customers *customers;

    assert_ok(mu_customers_open("nowhere", NULL, NULL, 0, kind, NULL, &customers, &test_error));
    return customers;
}

/* The i-th id: of any size from 0 on, with a NUL and other bytes in it, or of `width` bytes. */
static mu_customer_id id_of(mu_kind kind, uint32_t i, uint32_t width, char text[2048])
{
    if (kind == MU_BIGINT) {
        return (mu_customer_id){.number = i % 3 == 0 ? -(int64_t)i : (int64_t)i << 33};
    }
    if (width > 0) {
        snprintf(text, 2048, "%0*u", (int)width, i);
        return (mu_customer_id){.text = {text, width}};
    }
    if (i == 0) {
        return (mu_customer_id){.text = {text, 0}}; /* the empty id is an id */
    }
    const uint32_t size = 6 + i % 90;
    memset(text, i % 7 == 0 ? '\0' : 'a' + (int)(i % 26), size);
    snprintf(text, 2048, "%05u", i);
    return (mu_customer_id){.text = {text, size}};
}

static void check_registry(const mu_customers *customers, uint32_t count, uint32_t width)
{
    char text[2048];
    const mu_kind kind = mu_customers_kind(customers);

    assert_int_equal(mu_customers_count(customers), count);
    for (uint32_t i = 0; i < count + 20; i++) {
        const mu_customer_id id = id_of(kind, i, width, text);
        uint32_t ordinal;
        assert_ok(mu_customers_find(customers, id, &ordinal, &test_error));
        assert_int_equal(ordinal, i < count ? i : MU_NO_CUSTOMER);
        if (i < count) {
            char room[MU_PACKED_ID_BYTES];
            mu_customer_id back;
            assert_ok(mu_customers_id(customers, i, room, &back, &test_error));
            assert_true(mu_customer_id_equal(kind, id, back));
        }
    }
    for (uint32_t i = 0; i < mu_customers_part_count(customers); i++) {
        assert_ok(mu_customer_part_check(mu_customers_part(customers, i), NULL, &test_error));
    }
}

/* Adds ids in rounds, each with some that are there already, and checks all after each. */
static void grow_registry(mu_kind kind, uint32_t width)
{
    static const uint32_t rounds[] = {1, 1, 2, 500, 3, 700, 1300, 40};
    const char *directory = test_temp_dir();
    mu_customers *customers = no_customers(kind);
    mu_customer_part_info parts[16];
    uint32_t part_count = 0, count = 0;
    char text[2048];

    for (uint32_t round = 0; round < MU_COUNT(rounds); round++) {
        mu_customer_adder *adder = mu_customer_adder_new(customers, &kind);
        assert_non_null(adder);
        const uint32_t start = count > 30 ? count - 30 : 0;
        for (int twice = 0; twice < 2; twice++) {
            for (uint32_t i = start; i < count + rounds[round]; i++) {
                uint32_t ordinal;
                assert_ok(mu_customer_adder_add(adder, id_of(kind, i, width, text), &ordinal,
                                                &test_error));
                assert_int_equal(ordinal, i);
            }
        }
        count += rounds[round];
        assert_int_equal(mu_customer_adder_count(adder), count);
        assert_int_equal(mu_customer_adder_new_count(adder), rounds[round]);
        uint32_t keep;
        mu_customer_part_info info;
        assert_ok(mu_customer_adder_write(
            adder,
            &(mu_customer_writing){.directory = directory, .file = round + 1, .most = UINT32_MAX},
            &keep, &info, NULL, &test_error));
        mu_customer_adder_free(adder);
        parts[keep] = info;
        part_count = keep + 1;
        mu_customers *next;
        assert_ok(mu_customers_open(directory, NULL, parts, part_count, kind, customers, &next,
                                    &test_error));
        mu_customers_close(customers);
        customers = next;
        check_registry(customers, count, width);
    }
    assert_true(part_count < MU_COUNT(rounds)); /* small parts were merged */
    mu_customers_close(customers);
}

TEST(ids_of_any_size_get_ordinals_and_come_back)
{
    grow_registry(MU_TEXT, 0);
}

TEST(ids_of_one_size_get_ordinals_and_come_back)
{
    grow_registry(MU_TEXT, 9);
}

TEST(numbers_get_ordinals_and_come_back)
{
    grow_registry(MU_BIGINT, 0);
}

/* Erasure. */

enum {
    SOME = 400,
};

static void hide(mu_customers *customers, const char *directory, uint64_t file, uint32_t every,
                 mu_erased **out)
{
    mu_erasing erasing = {0};
    mu_erased_info info;

    for (uint32_t i = 0; i < SOME; i += every) {
        assert_ok(mu_erasing_add(&erasing, NULL, i, &test_error));
    }
    assert_ok(mu_erasing_write(&erasing, directory, file, &info, &test_error));
    mu_erasing_deinit(&erasing);
    assert_ok(mu_erased_open(directory, &info, SOME, NULL, out, &test_error));
    mu_customers_hide(customers, *out);
}

/* Writes ids from `first` on behind those of `base`, all as one part. */
static mu_customers *write_one_part(const mu_customers *base, const char *directory, uint64_t file,
                                    uint32_t first, uint32_t count, uint32_t width)
{
    const mu_kind kind = mu_customers_kind(base);
    mu_customer_adder *adder = mu_customer_adder_new(base, &kind);
    mu_customer_part_info info;
    mu_customers *next;
    char text[2048];
    uint32_t keep;

    for (uint32_t i = first; i < first + count; i++) {
        uint32_t ordinal;
        assert_ok(mu_customer_adder_add(adder, id_of(kind, i, width, text), &ordinal, &test_error));
        assert_int_equal(ordinal, mu_customers_count(base) + i - first);
    }
    const mu_customer_writing how = {.directory = directory, .file = file};
    assert_ok(mu_customer_adder_write(adder, &how, &keep, &info, NULL, &test_error));
    assert_int_equal(keep, 0);
    mu_customer_adder_free(adder);
    assert_ok(mu_customers_open(directory, NULL, &info, 1, kind, NULL, &next, &test_error));
    return next;
}

static bool has_any(const mu_customers *customers, const mu_erased *erased)
{
    bool has;

    assert_ok(mu_customer_part_has_any(mu_customers_part(customers, 0), erased, &has, &test_error));
    return has;
}

/* Those of the first SOME ordinals that are a multiple of `every` have no id; all others do. */
static void check_gone(const mu_customers *customers, uint32_t every, uint32_t width)
{
    const mu_kind kind = mu_customers_kind(customers);
    char text[2048], room[MU_PACKED_ID_BYTES];
    uint32_t like_before = 0;

    for (uint32_t i = 0; i < SOME; i++) {
        const mu_customer_id id = id_of(kind, i, width, text);
        mu_customer_id back;
        uint32_t ordinal;
        assert_ok(mu_customers_find(customers, id, &ordinal, &test_error));
        assert_ok(mu_customers_id(customers, i, room, &back, &test_error));
        if (i % every == 0) {
            assert_true(ordinal == MU_NO_CUSTOMER || ordinal >= SOME);
            like_before += mu_customer_id_equal(kind, id, back);
        } else {
            assert_int_equal(ordinal, i);
            assert_true(mu_customer_id_equal(kind, id, back));
        }
    }
    assert_true(like_before <= 1); /* zeros in its place may be the id that one of them had */
    assert_ok(mu_customer_part_check(mu_customers_part(customers, 0),
                                     mu_customers_hidden(customers), &test_error));
}

static void erase_every(uint32_t every, mu_kind kind, uint32_t width)
{
    const char *directory = test_temp_dir();
    mu_customers *none = no_customers(kind);
    mu_customers *before = write_one_part(none, directory, 1, 0, SOME, width);
    mu_erased *erased;

    assert_false(has_any(before, NULL));
    hide(before, directory, 2, every, &erased);
    assert_true(has_any(before, erased));
    /* One of them comes back, as someone new: the part has the id twice, before it is purged. */
    mu_customers *after = write_one_part(before, directory, 3, 0, 1, width);
    mu_customers_hide(after, erased);
    assert_false(has_any(after, erased));
    check_gone(after, every, width);
    mu_customers *again = write_one_part(after, directory, 4, SOME, 100, width);
    mu_customers_hide(again, erased);
    assert_false(has_any(again, erased));
    check_gone(again, every, width);
    mu_customers_close(again);
    mu_customers_close(after);
    mu_customers_close(before);
    mu_customers_close(none);
    mu_erased_release(erased);
}

TEST(ids_of_the_erased_are_not_written_again)
{
    static const uint32_t widths[] = {0, 9, 80};

    for (uint32_t every = 1; every <= 7; every += 2) {
        erase_every(every, MU_BIGINT, 0);
        for (size_t i = 0; i < MU_COUNT(widths); i++) {
            erase_every(every, MU_TEXT, widths[i]);
        }
    }
}

TEST(many_ids_at_once_are_as_one_by_one)
{
    enum {
        COUNT = 5000
    };
    const mu_kind kind = MU_TEXT;
    mu_customers *none = no_customers(kind);
    mu_customer_adder *adder = mu_customer_adder_new(none, &kind);
    char(*texts)[16] = mu_mem_alloc_array(COUNT, sizeof *texts);
    mu_customer_id *ids = mu_mem_alloc_array(COUNT, sizeof *ids);
    uint32_t *ordinals = mu_mem_alloc_array(COUNT, sizeof *ordinals);
    uint32_t *first_seen = mu_mem_zalloc_array(1000, sizeof *first_seen);
    uint64_t state = test_seed();
    uint32_t count = 0;

    for (uint32_t i = 0; i < COUNT; i++) {
        const uint32_t which = (uint32_t)test_random_below(&state, 1000);
        const int size = snprintf(texts[i], sizeof texts[i], "k%u", which);
        ids[i] = (mu_customer_id){.text = {texts[i], (uint32_t)size}};
    }
    assert_ok(mu_customer_adder_add_many(adder, COUNT, ids, ordinals, &test_error));
    for (uint32_t i = 0; i < COUNT; i++) {
        const uint32_t which = (uint32_t)strtoul(&texts[i][1], NULL, 10);
        if (first_seen[which] == 0) {
            first_seen[which] = ++count;
        }
        assert_int_equal(ordinals[i], first_seen[which] - 1);
    }
    assert_int_equal(mu_customer_adder_count(adder), count);
    mu_mem_free(first_seen);
    mu_mem_free(ordinals);
    mu_mem_free(ids);
    mu_mem_free(texts);
    mu_customer_adder_free(adder);
    mu_customers_close(none);
}

TEST(an_id_that_is_too_long_is_refused)
{
    const mu_kind kind = MU_TEXT;
    mu_customers *none = no_customers(kind);
    mu_customer_adder *adder = mu_customer_adder_new(none, &kind);
    char text[MU_MAX_ID_BYTES + 1];
    uint32_t ordinal;

    memset(text, 'x', sizeof text);
    assert_ok(mu_customer_adder_add(adder, (mu_customer_id){.text = {text, MU_MAX_ID_BYTES}},
                                    &ordinal, &test_error));
    assert_status(MUSTER_INVALID,
                  mu_customer_adder_add(adder, (mu_customer_id){.text = {text, sizeof text}},
                                        &ordinal, &test_error));
    assert_message_has("has an id of 1025 bytes; at most 1024 are possible");
    mu_customer_adder_free(adder);
    mu_customers_close(none);
}

/* Reads all of a damaged part: it says CORRUPT, or nothing that is not so. */
static void read_damaged(const char *directory, const mu_customer_part_info *info)
{
    mu_customers *customers;
    char text[2048];
    muster_status status =
        mu_customers_open(directory, NULL, info, 1, MU_TEXT, NULL, &customers, &test_error);

    if (status != MUSTER_OK) {
        assert_int_equal(status, MUSTER_CORRUPT);
        return;
    }
    uint32_t faults = 0;
    for (uint32_t i = 0; i < info->count; i++) {
        const mu_customer_id id = id_of(MU_TEXT, i, 0, text);
        uint32_t ordinal;
        char room[MU_PACKED_ID_BYTES];
        mu_customer_id back;
        status = mu_customers_find(customers, id, &ordinal, &test_error);
        assert_true(status == MUSTER_CORRUPT || (status == MUSTER_OK && ordinal == i));
        faults += status != MUSTER_OK;
        status = mu_customers_id(customers, i, room, &back, &test_error);
        assert_true(status == MUSTER_CORRUPT ||
                    (status == MUSTER_OK && mu_customer_id_equal(MU_TEXT, id, back)));
        faults += status != MUSTER_OK;
    }
    assert_true(faults > 0 || mu_customer_part_check(mu_customers_part(customers, 0), NULL, NULL) ==
                                  MUSTER_CORRUPT);
    mu_customers_close(customers);
}

TEST(a_flipped_bit_or_a_cut_is_seen)
{
    const char *directory = test_temp_dir();
    const mu_kind kind = MU_TEXT;
    mu_customers *none = no_customers(kind);
    mu_customer_adder *adder = mu_customer_adder_new(none, &kind);
    mu_customer_part_info info;
    char text[2048], name[MU_FILE_NAME_BYTES];
    uint32_t keep, ordinal;
    uint64_t state = test_seed();

    for (uint32_t i = 0; i < 300; i++) {
        assert_ok(mu_customer_adder_add(adder, id_of(kind, i, 0, text), &ordinal, &test_error));
    }
    assert_ok(mu_customer_adder_write(
        adder, &(mu_customer_writing){.directory = directory, .file = 1, .most = UINT32_MAX}, &keep,
        &info, NULL, &test_error));
    mu_customer_adder_free(adder);
    mu_customers_close(none);
    mu_file_name("customers", 1, name);
    char *path = mu_file_path(directory, name);
    size_t size;
    char *bytes = test_read_file(path, &size);
    for (uint32_t turn = 0; turn < 200; turn++) {
        const size_t at = turn < 60 ? size - 1 - turn : (size_t)test_random_below(&state, size);
        const char was = bytes[at];
        bytes[at] = (char)(was ^ 1 << test_random_below(&state, 8));
        test_write_file(path, bytes, turn % 10 == 0 ? at : size);
        read_damaged(directory, &info);
        bytes[at] = was;
    }
    mu_mem_free(path);
}
