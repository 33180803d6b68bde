/*
 * customer_pack_test.c - ids of all kinds go into their bits and come back, each alone.
 */
#include "storage/customer_pack.h"

#include "storage/base/mem.h"
#include "tests/support/test.h"

#include <stdio.h>

enum {
    MOST_IDS = 400,
};

typedef struct ids {
    mu_kind kind;
    uint32_t count;
    mu_customer_id ids[MOST_IDS];
    char texts[MOST_IDS][MU_PACKED_ID_BYTES + 1];
} ids;

static void add_text(ids *all, const char *text, uint32_t size)
{
    assert_true(all->count < MOST_IDS && size <= MU_PACKED_ID_BYTES);
    memcpy(all->texts[all->count], text, size);
    all->ids[all->count] = (mu_customer_id){.text = {all->texts[all->count], size}};
    all->count++;
}

static bool same(mu_kind kind, mu_customer_id a, mu_customer_id b)
{
    return kind == MU_BIGINT ? a.number == b.number : mu_text_equal(a.text, b.text);
}

/* Reads the ids from exactly the bytes that they are said to take. */
static void check_reading(const mu_id_packing *packing, const ids *all, const uint8_t *data,
                          uint64_t size)
{
    for (uint32_t i = 0; i < all->count; i++) {
        char room[MU_PACKED_ID_BYTES];
        mu_packed_id found, wanted;
        uint64_t offset;
        uint32_t bytes;

        mu_id_packing_place(packing, i, &offset, &bytes);
        assert_true(offset + bytes <= size);
        uint8_t *exact = mu_mem_alloc(bytes);
        memcpy(exact, data + offset, bytes);
        mu_id_packing_take(packing, i, exact, &found);
        mu_mem_free(exact);
        assert_true(same(all->kind, mu_id_unpack(packing, &found, room), all->ids[i]));
        assert_true(mu_id_pack(packing, all->ids[i], &wanted));
        assert_true(mu_packed_id_equal(packing, &found, &wanted));
    }
}

/* Opens what was written with bits flipped: refused, or something else, but nothing past the end.
 */
static void check_damage(mu_kind kind, const mu_writer *how)
{
    uint64_t state = test_seed();

    for (int round = 0; round < 50; round++) {
        uint8_t *copy = mu_mem_alloc(how->size);
        mu_id_packing *packing;
        mu_packed_id found;
        size_t size;
        char room[MU_PACKED_ID_BYTES];
        uint8_t bits[MU_PACKED_ID_BYTES * 9] = {0};

        memcpy(copy, how->data, how->size);
        copy[test_random_below(&state, how->size)] ^= (uint8_t)(1 << test_random_below(&state, 8));
        if (mu_id_packing_head(copy, &size) && size <= how->size &&
            mu_id_packing_open(kind, copy, size, &packing, NULL) == MUSTER_OK) {
            mu_id_packing_take(packing, 0, bits, &found);
            (void)mu_id_unpack(packing, &found, room);
            mu_id_packing_free(packing);
        }
        mu_mem_free(copy);
    }
}

/* Returns the bits of an id. */
static uint64_t round_trip(const ids *all)
{
    mu_id_packing *packing = mu_id_packing_new(all->kind), *opened;
    mu_writer how = {0};
    size_t size;

    for (uint32_t i = 0; i < all->count; i++) {
        mu_id_packing_see(packing, all->ids[i]);
    }
    assert_true(mu_id_packing_settle(packing));
    const uint64_t bytes = mu_id_packing_bytes(packing, all->count);
    uint8_t *data = mu_mem_zalloc(bytes);
    for (uint32_t i = 0; i < all->count; i++) {
        mu_packed_id packed;
        assert_true(mu_id_pack(packing, all->ids[i], &packed));
        mu_id_packing_put(packing, &packed, i, data);
    }
    check_reading(packing, all, data, bytes);
    mu_id_packing_write(packing, &how);
    assert_int_equal(how.size, mu_id_packing_size(packing));
    assert_true(mu_id_packing_head(how.data, &size));
    assert_int_equal(size, how.size);
    assert_ok(mu_id_packing_open(all->kind, how.data, how.size, &opened, &test_error));
    check_reading(opened, all, data, bytes);
    check_damage(all->kind, &how);
    mu_writer_deinit(&how);
    mu_mem_free(data);
    mu_id_packing_free(opened);
    mu_id_packing_free(packing);
    return (bytes - MU_PACK_SLACK) * 8 / all->count;
}

TEST(numbered_ids_take_the_bits_of_their_number)
{
    ids all = {.kind = MU_TEXT};

    for (uint32_t i = 0; i < MOST_IDS; i++) {
        char text[16];
        const uint32_t number = i * 9973 % 1000;
        add_text(&all, text, (uint32_t)snprintf(text, sizeof text, "c%08u", number));
    }
    assert_int_equal(round_trip(&all), 10);
}

TEST(ids_of_different_sizes_are_told_apart)
{
    static const char *const some[] = {"", "a", "ab", "abc", "b", "ba", "user1", "user10", "x@y.z"};
    ids all = {.kind = MU_TEXT};

    for (size_t i = 0; i < MU_COUNT(some); i++) {
        add_text(&all, some[i], (uint32_t)strlen(some[i]));
    }
    round_trip(&all);
    all.count = 1; /* the empty id alone */
    round_trip(&all);
}

TEST(random_ids_of_any_characters_come_back)
{
    static ids all;
    uint64_t state = test_seed();

    for (uint32_t characters = 1; characters <= 256; characters *= 2) {
        for (uint32_t longest = 1; longest <= MU_PACKED_ID_BYTES; longest += 21) {
            all = (ids){.kind = MU_TEXT};
            for (uint32_t i = 0; i < 60; i++) {
                char text[MU_PACKED_ID_BYTES];
                const bool varied = longest % 2 == 0;
                const uint32_t size =
                    varied ? (uint32_t)test_random_below(&state, longest + 1) : longest;
                for (uint32_t at = 0; at < size; at++) {
                    text[at] = (char)test_random_below(&state, characters);
                }
                add_text(&all, text, size);
            }
            round_trip(&all);
        }
    }
}

TEST(an_id_unlike_all_others_is_none_of_them)
{
    mu_id_packing *packing = mu_id_packing_new(MU_TEXT);
    mu_packed_id out;

    mu_id_packing_see(packing, (mu_customer_id){.text = MU_TEXT_OF("c12")});
    mu_id_packing_see(packing, (mu_customer_id){.text = MU_TEXT_OF("c2")});
    assert_true(mu_id_packing_settle(packing));
    assert_false(mu_id_pack(packing, (mu_customer_id){.text = MU_TEXT_OF("c3")}, &out));
    assert_false(mu_id_pack(packing, (mu_customer_id){.text = MU_TEXT_OF("c")}, &out));
    assert_false(mu_id_pack(packing, (mu_customer_id){.text = MU_TEXT_OF("c122")}, &out));
    assert_true(mu_id_pack(packing, (mu_customer_id){.text = MU_TEXT_OF("c1")}, &out));
    mu_id_packing_free(packing);
}

TEST(long_ids_are_not_packed)
{
    mu_id_packing *packing = mu_id_packing_new(MU_TEXT);
    char text[MU_PACKED_ID_BYTES + 1] = {0};

    mu_id_packing_see(packing, (mu_customer_id){.text = {text, sizeof text}});
    assert_false(mu_id_packing_settle(packing));
    mu_id_packing_free(packing);
}

TEST(numbers_take_the_bits_of_their_range)
{
    static const int64_t some[] = {INT64_MIN, -1, 0, 1, INT64_MAX};
    ids all = {.kind = MU_BIGINT};

    for (size_t i = 0; i < MU_COUNT(some); i++) {
        all.ids[all.count++].number = some[i];
    }
    assert_int_equal(round_trip(&all), 64);
    all.count = 0;
    for (int64_t i = 0; i < 256; i++) {
        all.ids[all.count++].number = INT64_MAX - i;
    }
    assert_int_equal(round_trip(&all), 8);
    all.count = 1;
    assert_int_equal(round_trip(&all), 0);
}
