/*
 * tag_edit_test.c - versions of audiences, which files their sets are in, and who leaves them.
 */
#include "storage/tag_edit.h"

#include "storage/base/bits.h"
#include "tests/support/shop.h"
#include "tests/support/test.h"

enum {
    CUSTOMERS = 3 * MU_STRIPE_ROWS
};

static mu_text text_of(const char *text)
{
    return (mu_text){text, (uint32_t)strlen(text)};
}

/* A state of the tags in a directory, and what a change is about to make of it. */
typedef struct shelf {
    const char *directory;
    uint64_t next_file;
    mu_tags *tags;
    mu_erasing erasing;
    mu_tag_edits *edits;
} shelf;

static void begin(shelf *s)
{
    s->edits = mu_tag_edits_new(s->tags, s->erasing.set);
    assert_non_null(s->edits);
}

static shelf open_shelf(void)
{
    const mu_tags_info none = {0};
    shelf s = {.directory = test_temp_dir(), .next_file = 1};

    shop_use_fast_disk();
    assert_ok(mu_tags_open(s.directory, &none, NULL, &s.tags, &test_error));
    begin(&s);
    return s;
}

/* The edits become the state, which others are made to from here on. */
static void commit(shelf *s)
{
    mu_arena arena = {0};
    mu_tags_info info;
    mu_tags *next;

    assert_ok(mu_tag_edits_write(s->edits, s->directory, s->next_file, s->next_file + 1, &arena,
                                 &info, &test_error));
    assert_ok(mu_tags_open(s->directory, &info, s->tags, &next, &test_error));
    assert_ok(mu_tags_check(next, CUSTOMERS, &test_error));
    s->next_file += 2;
    mu_tag_edits_free(s->edits);
    mu_tags_release(s->tags);
    mu_arena_deinit(&arena);
    s->tags = next;
    begin(s);
}

static void close_shelf(shelf *s)
{
    mu_tag_edits_free(s->edits);
    mu_tags_release(s->tags);
    mu_erasing_deinit(&s->erasing);
}

static mu_tag_builder *build(const char *value, uint32_t first, uint32_t count)
{
    mu_tag_builder *builder = mu_tag_builder_new();

    for (uint32_t i = 0; i < count; i++) {
        assert_true(mu_tag_builder_add(builder, text_of(value), first + i));
    }
    return builder;
}

static void put_tag(shelf *s, const char *name, const char *value, uint32_t first, uint32_t count)
{
    mu_tag_builder *builder = build(value, first, count);

    assert_ok(mu_tag_edits_extend(s->edits, text_of(name), builder, &test_error));
    mu_tag_builder_free(builder);
}

static void put_audience(shelf *s, const char *name, const char *definition, uint32_t first,
                         uint32_t count)
{
    mu_tag_builder *builder = build("", first, count);

    assert_ok(mu_tag_edits_put_audience(s->edits, text_of(name), text_of(definition), builder,
                                        &test_error));
    mu_tag_builder_free(builder);
}

static void erase(shelf *s, uint32_t ordinal)
{
    assert_ok(mu_erasing_add(&s->erasing, NULL, ordinal, &test_error));
    mu_tag_edits_free(s->edits);
    begin(s);
}

/* The i-th version there is of an audience. */
static const mu_tag *version_of(const shelf *s, const char *name, uint32_t i)
{
    uint32_t first;

    assert_true(i < mu_audiences_find(s->tags, text_of(name), &first));
    return mu_audiences_at(s->tags, first + i);
}

static void assert_version(const shelf *s, const char *name, uint32_t i, uint32_t version,
                           const char *definition, uint64_t customers)
{
    const mu_tag *tag = version_of(s, name, i);

    assert_int_equal(tag->version, version);
    assert_true(mu_text_equal(tag->definition, text_of(definition)));
    assert_int_equal(tag->value_count == 0 ? 0 : tag->values[0].customers, customers);
}

static uint32_t count_versions(const shelf *s, const char *name)
{
    uint32_t first;

    return mu_audiences_find(s->tags, text_of(name), &first);
}

TEST(each_set_of_an_audience_is_a_version_with_the_query_that_made_it)
{
    shelf s = open_shelf();

    put_audience(&s, "lapsed", "FROM t", 5, 10);
    put_audience(&s, "lapsed", "FROM t", 5, 20);
    put_audience(&s, "lapsed!", "FROM x", 0, 1);
    put_tag(&s, "lapsed", "", 0, 3);
    commit(&s);
    put_audience(&s, "lapsed", "FROM u", 70000, 0);
    put_audience(&s, "lapse", "FROM y", 0, 2);
    commit(&s);
    put_audience(&s, "lapsed", "FROM u", 70000, 7);
    commit(&s);
    assert_int_equal(mu_audiences_count(s.tags), 6);
    assert_int_equal(mu_tags_count(s.tags), 1);
    assert_version(&s, "lapsed", 0, 1, "FROM t", 10);
    assert_version(&s, "lapsed", 1, 2, "FROM t", 20);
    assert_version(&s, "lapsed", 2, 3, "FROM u", 0);
    assert_version(&s, "lapsed", 3, 4, "FROM u", 7);
    assert_version(&s, "lapse", 0, 1, "FROM y", 2);
    assert_int_equal(mu_tags_at(s.tags, 0)->values[0].customers, 3);
    assert_int_equal(count_versions(&s, "laps"), 0);
    close_shelf(&s);
}

TEST(a_version_goes_alone_but_not_the_newest)
{
    shelf s = open_shelf();
    const mu_text name = MU_TEXT_OF("a");

    for (uint32_t i = 0; i < 3; i++) {
        put_audience(&s, "a", "FROM t", 0, i + 1);
    }
    commit(&s);
    assert_ok(mu_tag_edits_drop_audience(s.edits, name, 1, &test_error));
    assert_status(MUSTER_INVALID, mu_tag_edits_drop_audience(s.edits, name, 1, &test_error));
    assert_message("no version 1 of audience \"a\"");
    assert_status(MUSTER_INVALID, mu_tag_edits_drop_audience(s.edits, name, 3, &test_error));
    assert_message("version 3 is the newest of audience \"a\", and stays");
    commit(&s);
    assert_int_equal(count_versions(&s, "a"), 2);
    assert_version(&s, "a", 0, 2, "FROM t", 2); /* the text was version 1's */
    put_audience(&s, "a", "FROM t", 0, 9);
    assert_ok(mu_tag_edits_drop_audience(s.edits, name, 0, &test_error));
    assert_status(MUSTER_INVALID, mu_tag_edits_drop_audience(s.edits, name, 0, &test_error));
    assert_message("no audience \"a\"");
    commit(&s);
    assert_int_equal(mu_audiences_count(s.tags), 0);
    assert_int_equal(s.tags->info.file, 0);
    put_audience(&s, "a", "FROM t", 0, 9);
    commit(&s);
    assert_version(&s, "a", 0, 1, "FROM t", 9);
    close_shelf(&s);
}

TEST(names_of_audiences_are_checked)
{
    shelf s = open_shelf();
    mu_tag_builder *builder = build("", 0, 1);

    assert_status(MUSTER_INVALID,
                  mu_tag_edits_put_audience(s.edits, (mu_text){"", 0}, MU_TEXT_OF("FROM t"),
                                            builder, &test_error));
    assert_message("an audience needs a name");
    assert_false(mu_tag_edits_any(s.edits));
    mu_tag_builder_free(builder);
    close_shelf(&s);
}

/* Files. */

static uint64_t file_of(const shelf *s, const mu_tag *tag)
{
    return s->tags->files[tag->values[0].file]->number;
}

TEST(files_are_few_however_many_changes_there_were)
{
    shelf s = open_shelf();

    for (uint32_t i = 0; i < 300; i++) {
        put_audience(&s, i % 3 == 0 ? "often" : "sometimes", "FROM t", i * 7, 1 + i % 50);
        commit(&s);
        assert_in_range(s.tags->file_count, 1, 9);
    }
    assert_int_equal(count_versions(&s, "often"), 100);
    for (uint32_t i = 0; i < 100; i++) {
        assert_version(&s, "often", i, i + 1, "FROM t", 1 + i * 3 % 50);
    }
    close_shelf(&s);
}

TEST(a_file_that_is_hardly_used_goes)
{
    shelf s = open_shelf();

    put_audience(&s, "a", "FROM t", 0, 1);
    for (uint32_t i = 0; i < 2000; i++) {
        put_tag(&s, "t", "", i * 9, 1); /* a list of 4,000 bytes */
    }
    commit(&s);
    const uint64_t file = file_of(&s, version_of(&s, "a", 0));
    put_audience(&s, "b", "FROM t", 0, 1);
    commit(&s);
    assert_int_equal(file_of(&s, version_of(&s, "a", 0)), file);
    assert_ok(mu_tag_edits_drop(s.edits, MU_TEXT_OF("t"), &test_error));
    commit(&s);
    assert_int_not_equal(file_of(&s, version_of(&s, "a", 0)), file);
    assert_version(&s, "a", 0, 1, "FROM t", 1);
    close_shelf(&s);
}

TEST(there_may_be_thousands_of_audiences_with_versions)
{
    shelf s = open_shelf();
    char name[16];

    for (uint32_t i = 0; i < 6000; i++) {
        snprintf(name, sizeof name, "a%u", i * 7919 % 2000);
        put_audience(&s, name, "FROM t", i, 1);
    }
    commit(&s);
    assert_int_equal(mu_audiences_count(s.tags), 6000);
    for (uint32_t i = 0; i < 2000; i++) {
        snprintf(name, sizeof name, "a%u", i);
        assert_int_equal(count_versions(&s, name), 3);
        assert_version(&s, name, 2, 3, "FROM t", 1);
    }
    close_shelf(&s);
}

/* Erasure. */

static bool is_member(const shelf *s, const mu_tag *tag, uint32_t i, uint32_t ordinal)
{
    uint64_t bits[MU_STRIPE_WORDS] = {0}, size;

    assert_ok(
        mu_tag_read_stripe(s->tags, tag, i, ordinal / MU_STRIPE_ROWS, bits, &size, &test_error));
    return mu_bits_test(bits, ordinal % MU_STRIPE_ROWS);
}

static void purge(shelf *s, bool expected)
{
    assert_ok(mu_tag_edits_purge(s->edits, &test_error));
    assert_true(mu_tag_edits_any(s->edits) == expected);
    if (expected) {
        commit(s);
    }
}

TEST(who_was_erased_leaves_all_versions_and_other_files_stay)
{
    shelf s = open_shelf();

    put_audience(&s, "old", "FROM t", 0, 3000);
    put_tag(&s, "tier", "gold", 100, 2);
    put_tag(&s, "tier", "mine alone", 70000, 1);
    commit(&s);
    for (uint32_t i = 0; i < 1000; i++) {
        put_tag(&s, "other", "", 90000 + 3 * i, 1);
    }
    put_audience(&s, "old", "FROM t", 1000, 90000);
    commit(&s);
    put_audience(&s, "young", "FROM t", 150000, 40);
    commit(&s);
    const uint64_t young = file_of(&s, version_of(&s, "young", 0));
    purge(&s, false);
    erase(&s, 149999);
    purge(&s, false); /* nobody of these */
    erase(&s, 101);
    erase(&s, 70000);
    purge(&s, true);
    assert_version(&s, "old", 0, 1, "FROM t", 2999);
    assert_version(&s, "old", 1, 2, "FROM t", 89999);
    assert_version(&s, "young", 0, 1, "FROM t", 40);
    assert_int_equal(file_of(&s, version_of(&s, "young", 0)), young);
    const mu_tag *tier = mu_tags_find(s.tags, MU_TEXT_OF("tier"));
    assert_int_equal(tier->value_count, 1); /* nobody is left in the other */
    assert_int_equal(tier->values[0].customers, 1);
    assert_true(is_member(&s, tier, 0, 100));
    assert_false(is_member(&s, tier, 0, 101));
    assert_int_equal(mu_tags_find(s.tags, MU_TEXT_OF("other"))->values[0].customers, 1000);
    purge(&s, false); /* all is done */
    close_shelf(&s);
}

TEST(what_was_replaced_or_dropped_is_purged_as_well)
{
    shelf s = open_shelf();

    put_audience(&s, "a", "FROM t", 0, 3000);
    put_audience(&s, "a", "FROM t", 0, 3000);
    put_audience(&s, "b", "FROM t", 0, 3000);
    commit(&s);
    const uint64_t file = file_of(&s, version_of(&s, "b", 0));
    assert_ok(mu_tag_edits_drop_audience(s.edits, MU_TEXT_OF("a"), 1, &test_error));
    commit(&s);
    assert_int_equal(file_of(&s, version_of(&s, "b", 0)), file);
    purge(&s, true);
    assert_int_not_equal(file_of(&s, version_of(&s, "b", 0)), file);
    assert_version(&s, "b", 0, 1, "FROM t", 3000);
    close_shelf(&s);
}

TEST(an_extended_tag_has_nobody_who_was_erased)
{
    shelf s = open_shelf();

    put_tag(&s, "t", "x", 0, 10);
    put_tag(&s, "t", "y", 5, 1);
    commit(&s);
    erase(&s, 5);
    put_tag(&s, "t", "x", 20, 1);
    commit(&s);
    const mu_tag *tag = mu_tags_at(s.tags, 0);
    assert_int_equal(tag->value_count, 1);
    assert_int_equal(tag->values[0].customers, 10);
    assert_false(is_member(&s, tag, 0, 5));
    close_shelf(&s);
}

TEST(an_audience_of_those_who_were_erased_stays_and_is_empty)
{
    shelf s = open_shelf();

    put_audience(&s, "a", "FROM t", 7, 1);
    commit(&s);
    erase(&s, 7);
    purge(&s, true);
    assert_version(&s, "a", 0, 1, "FROM t", 0);
    assert_int_equal(s.tags->file_count, 0);
    close_shelf(&s);
}
