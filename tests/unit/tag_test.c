/*
 * tag_test.c - tags that were written say of every customer what was said to them.
 */
#include "storage/tag.h"

#include "storage/base/bits.h"
#include "storage/base/mem.h"
#include "storage/tag_edit.h"
#include "tests/support/test.h"

#include <stdlib.h>

#include <roaring/roaring.h>

enum {
    CUSTOMERS = 5 * MU_STRIPE_ROWS + 100,
    VALUES = 3
};

static const char *const values[VALUES] = {"", "gold", "金卡"};

/* Whether customer o bears value v: one is sparse, one dense, one in runs; stripe 2 is empty of
 * all. */
static bool bears(uint32_t o, uint32_t v)
{
    if (o / MU_STRIPE_ROWS == 2) {
        return false;
    }
    return v == 0 ? o % 1000 == 7 : v == 1 ? o % 3 == 0 : o / 500 % 2 == 0;
}

static mu_text text_of(const char *text)
{
    return (mu_text){text, (uint32_t)strlen(text)};
}

/* Adds the customers in [first, end) in an order that is not theirs. */
static mu_tag_builder *build(uint32_t first, uint32_t end)
{
    mu_tag_builder *builder = mu_tag_builder_new();

    assert_non_null(builder);
    for (uint32_t o = end; o-- > first;) {
        for (uint32_t v = 0; v < VALUES; v++) {
            if (bears(o, v)) {
                assert_true(mu_tag_builder_add(builder, text_of(values[v]), o));
            }
        }
    }
    return builder;
}

/* Opens what `edits` leaves, written as the files of this number. */
static mu_tags *write_edits(const char *directory, uint64_t file, const mu_tag_edits *edits,
                            mu_tags *previous)
{
    mu_arena arena = {0};
    mu_tags_info info;
    mu_tags *tags;

    assert_ok(mu_tag_edits_write(edits, directory, file, file, &arena, &info, &test_error));
    assert_ok(mu_tags_open(directory, &info, previous, &tags, &test_error));
    mu_arena_deinit(&arena);
    return tags;
}

/* Adds [first, end) to tag "tier" of what `base` has. */
static mu_tags *write_tag(const char *directory, uint64_t file, uint32_t first, uint32_t end,
                          mu_tags *base)
{
    mu_tag_builder *builder = build(first, end);
    mu_tag_edits *edits = mu_tag_edits_new(base, NULL);

    assert_non_null(edits);
    assert_false(mu_tag_edits_any(edits));
    assert_ok(mu_tag_edits_extend(edits, MU_TEXT_OF("tier"), builder, &test_error));
    assert_true(mu_tag_edits_any(edits));
    mu_tags *tags = write_edits(directory, file, edits, base);
    mu_tag_edits_free(edits);
    mu_tag_builder_free(builder);
    return tags;
}

static mu_tags *no_tags(void)
{
    const mu_tags_info none = {0};
    mu_tags *tags;

    assert_ok(mu_tags_open("nowhere", &none, NULL, &tags, &test_error));
    return tags;
}

static void check_stripe(const mu_tags *tags, const mu_tag *tag, uint32_t v, uint32_t stripe)
{
    uint64_t bits[MU_STRIPE_WORDS] = {0}, size;

    assert_ok(mu_tag_read_stripe(tags, tag, v, stripe, bits, &size, &test_error));
    for (uint32_t i = 0; i < MU_STRIPE_ROWS; i++) {
        const uint32_t o = stripe * MU_STRIPE_ROWS + i;
        if (mu_bits_test(bits, i) != (o < CUSTOMERS && bears(o, v))) {
            fail_msg("customer %u, value %u: %d", o, v, mu_bits_test(bits, i));
        }
    }
}

static void check_all(const mu_tags *tags)
{
    const mu_tag *tag = mu_tags_find(tags, MU_TEXT_OF("tier"));

    assert_non_null(tag);
    assert_int_equal(tag->value_count, VALUES);
    for (uint32_t v = 0; v < VALUES; v++) {
        assert_true(mu_text_equal(tag->values[v].value, text_of(values[v])));
        for (uint32_t stripe = 0; stripe < 7; stripe++) {
            check_stripe(tags, tag, v, stripe);
        }
    }
    assert_ok(mu_tags_check(tags, CUSTOMERS, &test_error));
    assert_status(MUSTER_CORRUPT, mu_tags_check(tags, CUSTOMERS / 2, &test_error));
    assert_message_has("but there are");
    assert_null(mu_tags_find(tags, MU_TEXT_OF("tiers")));
}

TEST(a_tag_says_of_every_customer_what_it_was_told)
{
    mu_tags *none = no_tags();
    mu_tags *tags = write_tag(test_temp_dir(), 1, 0, CUSTOMERS, none);

    check_all(tags);
    mu_tags_release(tags);
    mu_tags_release(none);
}

TEST(sets_are_added_to_those_that_are_there)
{
    const char *directory = test_temp_dir();
    mu_tags *none = no_tags();
    mu_tags *old = write_tag(directory, 1, 0, 100000, none);
    mu_tags *tags = write_tag(directory, 2, 90000, CUSTOMERS, old);

    mu_tags_release(old);
    check_all(tags);
    mu_tags_release(tags);
    mu_tags_release(none);
}

TEST(a_tag_of_nobody_has_no_values)
{
    mu_tags *none = no_tags();
    mu_tags *tags = write_tag(test_temp_dir(), 1, 0, 0, none);

    assert_int_equal(mu_tags_count(tags), 1);
    assert_int_equal(mu_tags_at(tags, 0)->value_count, 0);
    assert_ok(mu_tags_check(tags, 0, &test_error));
    mu_tags_release(tags);
    mu_tags_release(none);
}

/* A builder with one value and the customers given. */
static mu_tag_builder *build_few(const char *value, uint32_t first, uint32_t count)
{
    mu_tag_builder *builder = mu_tag_builder_new();

    assert_non_null(builder);
    for (uint32_t i = 0; i < count; i++) {
        assert_true(mu_tag_builder_add(builder, text_of(value), first + i));
        assert_true(mu_tag_builder_add(builder, text_of(value), first + i)); /* twice is once */
    }
    return builder;
}

static void put(mu_tag_edits *edits, const char *name, const char *value, uint32_t first,
                uint32_t count, bool keep_old)
{
    mu_tag_builder *builder = build_few(value, first, count);

    assert_ok(keep_old ? mu_tag_edits_extend(edits, text_of(name), builder, &test_error)
                       : mu_tag_edits_put(edits, text_of(name), MU_TEXT_OF("FROM t"), builder,
                                          &test_error));
    mu_tag_builder_free(builder);
}

TEST(a_change_may_put_extend_replace_and_drop_the_same_tag)
{
    const char *directory = test_temp_dir();
    mu_tags *none = no_tags();
    mu_tag_edits *edits = mu_tag_edits_new(none, NULL);

    put(edits, "vip", "", 10, 5, false);
    put(edits, "vip", "", 13, 5, true);
    put(edits, "vip", "new", 70000, 1, true);
    put(edits, "gone", "x", 0, 9, false);
    put(edits, "again", "x", 0, 9, false);
    assert_ok(mu_tag_edits_drop(edits, MU_TEXT_OF("gone"), &test_error));
    assert_status(MUSTER_INVALID, mu_tag_edits_drop(edits, MU_TEXT_OF("gone"), &test_error));
    assert_message("no tag \"gone\"");
    assert_ok(mu_tag_edits_drop(edits, MU_TEXT_OF("again"), &test_error));
    put(edits, "again", "y", 3, 1, true);
    mu_tags *tags = write_edits(directory, 1, edits, none);
    mu_tag_edits_free(edits);
    assert_int_equal(mu_tags_count(tags), 2);
    const mu_tag *again = mu_tags_at(tags, 0), *vip = mu_tags_at(tags, 1);
    assert_true(mu_text_equal(again->name, MU_TEXT_OF("again")));
    assert_int_equal(again->value_count, 1);
    assert_int_equal(again->values[0].customers, 1);
    assert_int_equal(vip->value_count, 2);
    assert_int_equal(vip->values[0].customers, 8);
    assert_int_equal(vip->values[1].customers, 1);

    edits = mu_tag_edits_new(tags, NULL); /* and of what is in the file */
    assert_ok(mu_tag_edits_drop(edits, MU_TEXT_OF("vip"), &test_error));
    put(edits, "again", "y", 4, 2, true);
    mu_tags *later = write_edits(directory, 2, edits, tags);
    mu_tag_edits_free(edits);
    assert_int_equal(mu_tags_count(later), 1);
    assert_int_equal(mu_tags_at(later, 0)->values[0].customers, 3);
    assert_ok(mu_tags_check(later, 6, &test_error));
    mu_tags_release(later);
    mu_tags_release(tags);
    mu_tags_release(none);
}

TEST(names_of_tags_are_checked)
{
    mu_tags *none = no_tags();
    mu_tag_edits *edits = mu_tag_edits_new(none, NULL);
    mu_tag_builder *builder = build_few("", 0, 1);
    char name[MU_MAX_NAME_BYTES + 2];

    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    assert_status(MUSTER_INVALID, mu_tag_edits_extend(edits, text_of(""), builder, &test_error));
    assert_message("a tag needs a name");
    assert_status(MUSTER_INVALID, mu_tag_edits_extend(edits, text_of(name), builder, &test_error));
    assert_message_has("the name of a tag has 129 bytes, at most 128 are possible");
    assert_false(mu_tag_edits_any(edits));
    mu_tag_builder_free(builder);
    mu_tag_edits_free(edits);
    mu_tags_release(none);
}

/* The bytes, against CRoaring. */

/* Sets that have every kind of container, and every number of stripes around the border from which
 * on there are offsets. */
static roaring_bitmap_t *shape(uint64_t *state, uint32_t stripes)
{
    roaring_bitmap_t *set = roaring_bitmap_create();

    for (uint32_t s = 0; s < stripes; s++) {
        const uint32_t first = (s * 3 + s % 2) * MU_STRIPE_ROWS;
        switch (test_random_below(state, 6)) {
        case 0:
            roaring_bitmap_add(set, first + 65535);
            break;
        case 1:
            roaring_bitmap_add_range(set, first, first + 65536);
            break;
        case 2:
            roaring_bitmap_add_range(set, first + 63, first + 64 + test_random_below(state, 300));
            roaring_bitmap_add_range(set, first + 65000, first + 65536);
            break;
        case 3:
            for (uint32_t i = 0; i < 4096; i++) {
                roaring_bitmap_add(set, first + 16 * i);
            }
            break;
        case 4:
            for (uint32_t i = 0; i < 4097; i++) {
                roaring_bitmap_add(set, first + 15 * i);
            }
            break;
        default: /* the last of the cases */
            for (uint32_t i = 0; i < 20000; i++) {
                roaring_bitmap_add(set, first + (uint32_t)test_random_below(state, 65536));
            }
            break;
        }
    }
    return set;
}

/* The same stripe as a sorted list. */
static void add_as_list(mu_tag_set_writer *writer, uint32_t stripe, const uint64_t *bits)
{
    static uint16_t list[MU_STRIPE_ROWS];
    uint32_t count = 0;

    for (uint32_t i = 0; i < MU_STRIPE_ROWS; i++) {
        if (mu_bits_test(bits, i)) {
            list[count++] = (uint16_t)i;
        }
    }
    mu_tag_set_add_list(writer, stripe, list, count);
}

/* Reads `set` stripe by stripe, writes it again, as bits and as lists, which are the same bytes,
 * and returns what CRoaring makes of them. */
static roaring_bitmap_t *through(const mu_tag_set *set, uint32_t stripes)
{
    mu_tag_set_writer writer = {0}, lists = {0};
    mu_writer bytes = {0}, of_lists = {0};
    bool has;

    for (uint32_t stripe = 0; stripe < 4 * stripes + 4; stripe++) {
        uint64_t bits[MU_STRIPE_WORDS] = {0}, size;
        assert_ok(mu_tag_set_read(set, stripe, bits, &size, &test_error));
        assert_ok(mu_tag_set_has(set, stripe, &has, &test_error));
        assert_int_equal(has, !mu_bits_none(bits, MU_STRIPE_WORDS));
        mu_tag_set_add(&writer, stripe, bits);
        add_as_list(&lists, stripe, bits);
    }
    assert_true(mu_tag_set_finish(&writer, &bytes));
    assert_true(mu_tag_set_finish(&lists, &of_lists));
    assert_int_equal(bytes.size, mu_tag_set_bytes(&writer));
    assert_int_equal(bytes.size, of_lists.size);
    assert_memory_equal(bytes.data, of_lists.data, bytes.size);
    mu_tag_set_writer_deinit(&lists);
    mu_writer_deinit(&of_lists);
    const mu_tag_set again = {.memory = bytes.data, .size = bytes.size};
    uint64_t customers;
    uint32_t last;
    assert_ok(mu_tag_set_check(&again, &customers, &last, &test_error));
    assert_int_equal(customers, writer.customers);
    roaring_bitmap_t *found =
        roaring_bitmap_portable_deserialize_safe((const char *)bytes.data, bytes.size);
    assert_non_null(found);
    assert_int_equal(customers, roaring_bitmap_get_cardinality(found));
    mu_tag_set_writer_deinit(&writer);
    mu_writer_deinit(&bytes);
    return found;
}

/* Members, their neighbours, and anyone. */
static void check_contains(const mu_tag_set *ours, const roaring_bitmap_t *set, uint64_t *state)
{
    const uint64_t count = roaring_bitmap_get_cardinality(set);

    for (uint32_t i = 0; i < 300; i++) {
        uint32_t ordinal = (uint32_t)test_random_below(state, 11 * MU_STRIPE_ROWS);
        bool found;
        if (i % 3 > 0 && count > 0) {
            assert_true(
                roaring_bitmap_select(set, (uint32_t)test_random_below(state, count), &ordinal));
            ordinal += i % 3 - 1;
        }
        assert_ok(mu_tag_set_contains(ours, ordinal, &found, &test_error));
        assert_int_equal(found, roaring_bitmap_contains(set, ordinal));
    }
}

TEST(other_systems_read_what_is_written_and_are_read)
{
    uint64_t state = test_seed();

    for (uint32_t turn = 0; turn < 60; turn++) {
        const uint32_t stripes = turn % 10;
        roaring_bitmap_t *set = shape(&state, stripes);
        if (turn % 2 == 1) {
            roaring_bitmap_run_optimize(set);
        }
        const size_t size = roaring_bitmap_portable_size_in_bytes(set);
        char *bytes = mu_mem_alloc(size);
        roaring_bitmap_portable_serialize(set, bytes);
        const mu_reader exact = test_reader_of_exact_copy(bytes, size);
        const mu_tag_set ours = {.memory = exact.data, .size = size};
        uint64_t customers;
        uint32_t last;
        assert_ok(mu_tag_set_check(&ours, &customers, &last, &test_error));
        assert_int_equal(customers, roaring_bitmap_get_cardinality(set));
        assert_true(customers == 0 || last == roaring_bitmap_maximum(set));
        assert_ok(mu_tag_set_count(&ours, &customers, &test_error));
        assert_int_equal(customers, roaring_bitmap_get_cardinality(set));
        check_contains(&ours, set, &state);
        roaring_bitmap_t *again = through(&ours, stripes);
        assert_true(roaring_bitmap_equals(set, again));
        roaring_bitmap_free(again);
        roaring_bitmap_free(set);
        mu_mem_free(bytes);
    }
}

TEST(bytes_that_are_no_set_are_corrupt_and_never_read_past)
{
    uint64_t state = test_seed();
    uint64_t bits[MU_STRIPE_WORDS];

    for (uint32_t turn = 0; turn < 400; turn++) {
        roaring_bitmap_t *set = shape(&state, 1 + turn % 6);
        if (turn % 2 == 1) {
            roaring_bitmap_run_optimize(set);
        }
        const size_t size = roaring_bitmap_portable_size_in_bytes(set);
        char *bytes = mu_mem_alloc(size);
        roaring_bitmap_portable_serialize(set, bytes);
        const size_t head = size < 64 ? size : 64;
        for (uint32_t i = 0; i < 3; i++) {
            bytes[test_random_below(&state, turn % 3 == 0 ? size : head)] ^=
                (char)(1 << test_random_below(&state, 8));
        }
        const size_t cut = turn % 4 == 0 ? test_random_below(&state, size) : size;
        const mu_reader exact = test_reader_of_exact_copy(bytes, cut);
        const mu_tag_set ours = {.memory = exact.data, .size = cut};
        uint64_t customers, read;
        uint32_t last;
        bool has;
        /* It may still be a set; what counts is that nothing else than that happens. */
        (void)mu_tag_set_check(&ours, &customers, &last, &test_error);
        for (uint32_t stripe = 0; stripe < 20; stripe++) {
            (void)mu_tag_set_read(&ours, stripe, bits, &read, &test_error);
            (void)mu_tag_set_contains(&ours, stripe * MU_STRIPE_ROWS + turn * 163, &has,
                                      &test_error);
        }
        roaring_bitmap_free(set);
        mu_mem_free(bytes);
    }
}

/* What a damaged file says: CORRUPT at the open or at the reading; or what it said before. */
static void check_damaged(const char *directory, const mu_tags_info *info)
{
    mu_tags *tags;
    uint64_t bits[MU_STRIPE_WORDS], size;
    muster_status status = mu_tags_open(directory, info, NULL, &tags, &test_error);

    if (status != MUSTER_OK) {
        assert_int_equal(status, MUSTER_CORRUPT);
        return;
    }
    const mu_tag *tag = mu_tags_at(tags, 0);
    for (uint32_t v = 0; v < tag->value_count && status == MUSTER_OK; v++) {
        memset(bits, 0, sizeof bits);
        status = mu_tag_read_stripe(tags, tag, v, 1, bits, &size, &test_error);
        for (uint32_t i = 0; status == MUSTER_OK && i < MU_STRIPE_ROWS; i++) {
            assert_int_equal(mu_bits_test(bits, i), bears(MU_STRIPE_ROWS + i, v));
        }
    }
    assert_true(status == MUSTER_OK || status == MUSTER_CORRUPT);
    mu_tags_release(tags);
}

/* Flips bits of the file, and cuts it, and looks at the tags each time. */
static void damage(const char *directory, const char *prefix, const mu_tags_info *info)
{
    char name[MU_FILE_NAME_BYTES];
    uint64_t random = test_seed();
    size_t size;

    mu_file_name(prefix, 1, name);
    char *path = mu_file_path(directory, name);
    const char *whole = test_read_file(path, &size);
    char *damaged = mu_mem_alloc(size);
    for (int i = 0; i < 300; i++) {
        const size_t at = i < 100 ? size - 1 - (size_t)i : (size_t)test_random_below(&random, size);
        memcpy(damaged, whole, size);
        damaged[at] = (char)(damaged[at] ^ 1 << test_random_below(&random, 8));
        test_write_file(path, damaged, i % 10 == 0 ? at : size);
        check_damaged(directory, info);
    }
    test_write_file(path, whole, size);
    mu_mem_free(damaged);
    mu_mem_free(path);
}

TEST(a_flipped_bit_or_a_cut_is_seen)
{
    const char *directory = test_temp_dir();
    mu_tags *none = no_tags();
    mu_tags *intact = write_tag(directory, 1, 0, CUSTOMERS, none);

    damage(directory, "sets", &intact->info);
    damage(directory, "tags", &intact->info);
    mu_tags_release(intact);
    mu_tags_release(none);
}
