/*
 * version_oracle_test.c - random changes of audiences and tags, against lists of their members.
 *
 * There are customers of two stripes with a number each, and queries about that number. Each turn
 * creates, refreshes or drops audiences, versions of them and a tag, changes the numbers, erases
 * people or tidies up; the lists are kept in the plainest way: a byte for each person and version.
 * After each turn all versions have the size of their list, and one at random its members. After
 * COMPACT no set has anyone who was erased, and there are few files, whatever has happened.
 */
#include "storage/db.h"
#include "tests/support/ask.h"
#include "tests/support/event_log.h"
#include "tests/support/shop.h"

#include <stdlib.h>

enum {
    PEOPLE = 65536 + 2000,
    TURNS = 150,
    AUDIENCES = 4,
    VERSIONS_MOST = 40, /* that an audience has had */
    TAG_VALUES = 5,
    FILES_MOST = 24, /* of sets: a few of each size */
};

typedef struct rule {
    unsigned modulus, below; /* tier % modulus < below */
} rule;

typedef struct version {
    bool there;
    rule rule;
    uint8_t *members; /* a byte for each person */
} version;

typedef struct world {
    int64_t tier[PEOPLE];
    bool erased[PEOPLE];
    version versions[AUDIENCES][VERSIONS_MOST]; /* the first has number 1 */
    unsigned latest[AUDIENCES];                 /* its number; 0: there is no such audience */
    rule tag_rule;
    int8_t tag[PEOPLE]; /* the value; -1: none */
    bool has_tag;
    uint64_t random;
    const char *path;
    muster *db;
    log_text sql, expected;
} world;

static unsigned below(world *w, unsigned bound)
{
    return (unsigned)test_random_below(&w->random, bound);
}

static void run(world *w)
{
    if (ask_only(w->db, w->sql.text, &test_error) != MUSTER_OK) {
        fail_msg("%s: %s", test_error.message, w->sql.text);
    }
    w->sql.size = 0;
}

static bool fits(const world *w, rule r, int who)
{
    return !w->erased[who] && (unsigned)(w->tier[who] % r.modulus) < r.below;
}

static rule draw_rule(world *w)
{
    const unsigned modulus = 2 + below(w, 300);

    return (rule){modulus, below(w, 4) == 0 ? 0 : 1 + below(w, modulus)};
}

/* Audiences. */

static const char *name_of(unsigned a)
{
    static const char *const names[AUDIENCES] = {"a", "b b", "zz", "名"};

    return names[a];
}

/* The next version of an audience is whoever fits the rule now. */
static void add_version(world *w, unsigned a, rule r)
{
    version *v = &w->versions[a][w->latest[a]++];

    v->there = true;
    v->rule = r;
    v->members = malloc(PEOPLE);
    for (int who = 0; who < PEOPLE; who++) {
        v->members[who] = fits(w, r, who);
    }
}

static void drop_version(version *v)
{
    free(v->members);
    *v = (version){0};
}

static void create_audience(world *w, unsigned a)
{
    const rule r = draw_rule(w);

    log_put(&w->sql,
            "CREATE %sAUDIENCE \"%s\" AS SELECT customer FROM customers WHERE tier %% %u < %u",
            w->latest[a] > 0 ? "OR REPLACE " : "", name_of(a), r.modulus, r.below);
    run(w);
    add_version(w, a, r);
}

static void drop_audience(world *w, unsigned a)
{
    log_put(&w->sql, "DROP AUDIENCE \"%s\"", name_of(a));
    run(w);
    for (unsigned v = 0; v < w->latest[a]; v++) {
        drop_version(&w->versions[a][v]);
    }
    w->latest[a] = 0;
}

static void change_audience(world *w)
{
    const unsigned a = below(w, AUDIENCES), what = below(w, 16);
    const unsigned v = w->latest[a] > 1 ? below(w, w->latest[a] - 1) : 0;

    if (w->latest[a] == VERSIONS_MOST || (w->latest[a] > 0 && what == 0)) {
        drop_audience(w, a);
    } else if (w->latest[a] == 0 || what < 4) {
        create_audience(w, a);
    } else if (what < 7 && w->latest[a] > 1 && w->versions[a][v].there) {
        log_put(&w->sql, "DROP AUDIENCE \"%s\" VERSION %u", name_of(a), v + 1);
        run(w);
        drop_version(&w->versions[a][v]);
    } else {
        log_put(&w->sql, "REFRESH AUDIENCE \"%s\"", name_of(a));
        run(w);
        add_version(w, a, w->versions[a][w->latest[a] - 1].rule);
    }
}

/* The tag has a value for whoever fits its rule. */
static void change_tag(world *w)
{
    if (!w->has_tag || below(w, 2) == 0) {
        w->tag_rule = draw_rule(w);
        log_put(&w->sql,
                "CREATE OR REPLACE TAG tier AS SELECT customer, tier %% %d FROM customers WHERE "
                "tier %% %u < %u",
                TAG_VALUES, w->tag_rule.modulus, w->tag_rule.below);
    } else {
        log_put(&w->sql, "REFRESH TAG tier");
    }
    run(w);
    w->has_tag = true;
    for (int who = 0; who < PEOPLE; who++) {
        w->tag[who] = (int8_t)(fits(w, w->tag_rule, who) ? w->tier[who] % TAG_VALUES : -1);
    }
}

/* People. */

static void change_tiers(world *w)
{
    const unsigned modulus = 2 + below(w, 9), rest = below(w, modulus), more = 1 + below(w, 50);

    log_put(&w->sql, "UPDATE customers SET tier = tier + %u WHERE tier %% %u = %u", more, modulus,
            rest);
    run(w);
    for (int who = 0; who < PEOPLE; who++) {
        w->tier[who] += (unsigned)(w->tier[who] % modulus) == rest ? more : 0;
    }
}

static void erase(world *w)
{
    const unsigned modulus = 500 + below(w, 5000), rest = below(w, modulus);

    log_put(&w->sql, "DELETE FROM customers WHERE tier %% %u = %u", modulus, rest);
    run(w);
    for (int who = 0; who < PEOPLE; who++) {
        if ((unsigned)(w->tier[who] % modulus) == rest) {
            w->erased[who] = true;
        }
    }
}

/* Nobody who was erased is left in the tag or the audience. */
static void check_clean(const mu_snapshot *snapshot, const mu_tag *tag)
{
    const mu_erased *erased = mu_snapshot_erased(snapshot);

    for (uint32_t i = 0; i < tag->value_count; i++) {
        for (uint32_t stripe = 0; stripe < mu_snapshot_stripes(snapshot); stripe++) {
            const uint64_t *gone = mu_erased_stripe(erased, stripe);
            uint64_t bits[MU_STRIPE_WORDS] = {0}, size;
            assert_ok(mu_tag_read_stripe(mu_snapshot_tags(snapshot), tag, i, stripe, bits, &size,
                                         &test_error));
            for (size_t word = 0; gone && word < MU_STRIPE_WORDS; word++) {
                assert_true((bits[word] & gone[word]) == 0);
            }
        }
    }
}

static void open_again(world *w, bool clean)
{
    mu_snapshot *snapshot;
    mu_db *db;

    muster_close(w->db);
    assert_ok(mu_db_open(w->path, &db, &test_error));
    assert_ok(mu_db_check(db, &test_error));
    assert_ok(mu_db_snapshot(db, &snapshot, &test_error));
    const mu_tags *tags = mu_snapshot_tags(snapshot);
    for (uint32_t i = 0; clean && i < mu_tags_count(tags); i++) {
        check_clean(snapshot, mu_tags_at(tags, i));
    }
    for (uint32_t i = 0; clean && i < mu_audiences_count(tags); i++) {
        check_clean(snapshot, mu_audiences_at(tags, i));
    }
    mu_snapshot_release(snapshot);
    mu_db_close(db);
    assert_ok(muster_open(w->path, NULL, &w->db, &test_error));
}

static void change(world *w)
{
    const unsigned what = below(w, 20);

    if (what < 11) {
        change_audience(w);
    } else if (what < 14) {
        change_tag(w);
    } else if (what < 16) {
        change_tiers(w);
    } else if (what < 18) {
        erase(w);
    } else if (what < 19) {
        open_again(w, false);
    } else {
        log_put(&w->sql, "COMPACT");
        run(w);
        open_again(w, true);
    }
}

/* What is asked of it. */

static void expect_sizes(world *w)
{
    w->expected.size = 0;
    w->expected.text[0] = '\0';
    for (unsigned a = 0; a < AUDIENCES; a++) {
        for (unsigned v = 0; v < w->latest[a]; v++) {
            const version *one = &w->versions[a][v];
            unsigned members = 0;
            for (int who = 0; one->there && who < PEOPLE; who++) {
                members += one->members[who] && !w->erased[who];
            }
            if (one->there) {
                log_put(&w->expected, "%s|%u|%u\n", name_of(a), v + 1, members);
            }
        }
    }
    log_expect(w->db,
               "SELECT name, version, customers FROM audience_versions ORDER BY name, version",
               w->expected.text);
}

static void expect_tag(world *w)
{
    unsigned counts[TAG_VALUES] = {0};
    bool any = false;

    for (int who = 0; who < PEOPLE; who++) {
        if (w->has_tag && w->tag[who] >= 0 && !w->erased[who]) {
            counts[w->tag[who]]++;
        }
    }
    w->expected.size = 0;
    w->expected.text[0] = '\0';
    for (int value = 0; value < TAG_VALUES; value++) {
        if (counts[value] > 0) {
            log_put(&w->expected, "tier|%d|%u\n", value, counts[value]);
            any = true;
        }
    }
    if (w->has_tag && !any) {
        log_put(&w->expected, "tier|-|0\n");
    }
    log_expect(w->db, "SELECT name, value, customers FROM tags", w->expected.text);
}

/* Of a version at random, who is in it and not in the latest. */
static void expect_members(world *w)
{
    const unsigned a = below(w, AUDIENCES), v = w->latest[a] > 0 ? below(w, w->latest[a]) : 0;
    const version *old = &w->versions[a][v];
    int64_t count = 0, sum = 0;

    if (!old->there) {
        return;
    }
    const version *last = &w->versions[a][w->latest[a] - 1];
    for (int who = 0; who < PEOPLE; who++) {
        if (old->members[who] && !last->members[who] && !w->erased[who]) {
            count++;
            sum += w->tier[who];
        }
    }
    w->expected.size = 0;
    log_put(&w->expected, "%lld|%lld\n", (long long)count, (long long)sum);
    log_put(&w->sql,
            "SELECT count(*), coalesce(sum(tier), 0) FROM customers WHERE in_audience('%s', %u) "
            "AND NOT in_audience('%s')",
            name_of(a), v + 1, name_of(a));
    log_expect(w->db, w->sql.text, w->expected.text);
    w->sql.size = 0;
}

static void load_people(world *w)
{
    const char *path = test_path("people.csv");
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    (void)fprintf(file, "customer,tier\n");
    for (int who = 0; who < PEOPLE; who++) {
        w->tier[who] = below(w, 100000);
        (void)fprintf(file, "%d,%lld\n", who, (long long)w->tier[who]);
    }
    assert_int_equal(fclose(file), 0);
    log_put(&w->sql,
            "CREATE TABLE events (id BIGINT CUSTOMER, ts TIMESTAMP TIME);"
            "ALTER TABLE customers ADD COLUMN tier BIGINT;"
            "COPY customers FROM '%s'",
            path);
    run(w);
}

TEST(audiences_and_tags_agree_with_lists_of_their_members)
{
    world *w = calloc(1, sizeof *w);
    char few[16];

    assert_non_null(w);
    shop_use_fast_disk();
    w->random = test_seed();
    w->path = test_path("db");
    assert_ok(muster_open(w->path, NULL, &w->db, &test_error));
    load_people(w);
    for (int turn = 0; turn < TURNS; turn++) {
        change(w);
        expect_sizes(w);
        expect_tag(w);
        expect_members(w);
        log_put(&w->sql, "SELECT count(*) <= %d FROM files WHERE kind = 'sets'", FILES_MOST);
        assert_ok(ask(w->db, w->sql.text, few, sizeof few, &test_error));
        assert_string_equal(few, "true\n");
        w->sql.size = 0;
    }
    muster_close(w->db);
    for (unsigned a = 0; a < AUDIENCES; a++) {
        for (unsigned v = 0; v < VERSIONS_MOST; v++) {
            drop_version(&w->versions[a][v]);
        }
    }
    free(w);
}
