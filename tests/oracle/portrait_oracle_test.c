/*
 * portrait_oracle_test.c - profile(), lookalike() and sets as values, against people who are looked
 * at one by one.
 *
 * A case is up to sixty people, who come in several statements and in no order, have some
 * attributes and tags, one tag with several values for a person, and of whom some are erased.
 * Scores are compared to the last bit: the definition says in which order weights are added.
 */
#include "tests/support/ask.h"
#include "tests/support/event_log.h"

#include <math.h>
#include <stdlib.h>

enum {
    CASES = 100,
    QUESTIONS = 20,
    MOST = 60,
    DIMENSIONS = 5, /* city, points, ratio; tier, vip */
    VALUES = 4,
};

static const char *const dimension_names[DIMENSIONS] = {"city", "points", "ratio", "tier", "vip"};
static const char *const value_names[DIMENSIONS][VALUES] = {{"Bonn", "Rom", "other", ""},
                                                            {"-3", "0", "12", "5"},
                                                            {"-1.5", "0", "6", "2.5"},
                                                            {"gold", "other", "silver", "tin"},
                                                            {NULL, NULL, NULL, NULL}};

typedef struct person {
    bool there;
    int number;
    unsigned has[DIMENSIONS]; /* bits of values; of an attribute one at most */
} person;

typedef struct people {
    int count;
    person list[MOST]; /* by id: p10, p11, ... */
    uint64_t audience; /* who is in the audience "some" */
} people;

/* A set of people, and what is written for it. */
typedef struct set {
    uint64_t bits;
    char sql[2048];
} set;

/* Making them. */

static void put_list(log_text *out, uint64_t bits)
{
    log_put(out, "('nobody'");
    for (int i = 0; i < MOST; i++) {
        if (bits >> i & 1) {
            log_put(out, ", 'p%d'", 10 + i);
        }
    }
    log_put(out, ")");
}

static void make_people(people *p, uint64_t *random)
{
    const uint64_t with = test_random_below(random, 5);

    *p = (people){.count = (int)test_random_below(random, MOST + 1)};
    p->audience = test_random(random) & test_random(random);
    for (int i = 0; i < p->count; i++) {
        person *one = &p->list[i];
        *one = (person){.there = true, .number = 10 + i};
        for (int d = 0; d < DIMENSIONS; d++) {
            if (test_random_below(random, 5) > with) {
                one->has[d] = 1u << test_random_below(random, d == 4 ? 1 : VALUES);
            }
        }
        one->has[2] = one->has[1]; /* the ratio goes with the points */
        if (test_random_below(random, 3) == 0) {
            one->has[3] |= 1u << test_random_below(random, VALUES);
        }
    }
}

static int value_of(unsigned bits)
{
    return bits == 0 ? -1 : __builtin_ctz(bits);
}

static void put_person(log_text *sql, const person *one, bool right)
{
    const int city = value_of(one->has[0]), points = value_of(one->has[1]);

    log_put(sql, "('p%d', ", one->number);
    if (!right) {
        log_put(sql, "'Wien', 77, 1e9)");
        return;
    }
    log_put(sql, city < 0 ? "NULL, " : "'%s', ", city < 0 ? "" : value_names[0][city]);
    log_put(sql, "%s, %s)", points < 0 ? "NULL" : value_names[1][points],
            points < 0 ? "NULL" : value_names[2][points]);
}

/* In any order, by several statements; what was said first of someone does not count. */
static void put_people(log_text *sql, const people *p, uint64_t *random)
{
    const char *between = "";
    int order[MOST];

    for (int i = 0; i < p->count; i++) {
        const int other = (int)test_random_below(random, (uint64_t)i + 1);
        order[i] = order[other];
        order[other] = i;
    }
    for (int i = 0; i < p->count; i++) {
        const bool begins = i == 0 || test_random_below(random, 20) == 0;
        log_put(sql, "%s", begins && i > 0 ? ";" : begins ? "" : between);
        log_put(sql, "%s",
                begins ? "INSERT INTO customers (customer, city, points, ratio) VALUES " : "");
        if (test_random_below(random, 4) == 0) {
            put_person(sql, &p->list[order[i]], false);
            log_put(sql, ", ");
        }
        put_person(sql, &p->list[order[i]], true);
        between = ", ";
    }
    log_put(sql, ";");
}

static void put_tags(log_text *sql, const people *p)
{
    uint64_t vips = 0;

    log_put(sql, "CREATE TABLE tiers (id TEXT, value TEXT); INSERT INTO tiers VALUES ('no', 'no')");
    for (int i = 0; i < p->count; i++) {
        vips |= (uint64_t)(p->list[i].has[4] & 1) << i;
        for (int v = 0; v < VALUES; v++) {
            if (p->list[i].has[3] >> v & 1) {
                log_put(sql, ", ('p%d', '%s')", 10 + i, value_names[3][v]);
            }
        }
    }
    log_put(sql,
            "; CREATE TAG tier AS SELECT c.customer, t.value FROM customers AS c JOIN tiers AS t "
            "ON c.customer = t.id; CREATE TAG vip AS SELECT customer FROM customers WHERE "
            "customer IN ");
    put_list(sql, vips);
    log_put(sql, "; CREATE AUDIENCE some AS SELECT customer FROM customers WHERE customer IN ");
    put_list(sql, p->audience);
    log_put(sql, ";");
}

static muster *load(people *p, uint64_t *random)
{
    static log_text sql;
    muster *db;

    sql.size = 0;
    log_put(&sql, "CREATE TABLE events (customer TEXT CUSTOMER, ts TIMESTAMP TIME);"
                  "ALTER TABLE customers ADD COLUMN city TEXT;"
                  "ALTER TABLE customers ADD COLUMN points BIGINT;"
                  "ALTER TABLE customers ADD COLUMN ratio DOUBLE;");
    put_people(&sql, p, random);
    put_tags(&sql, p);
    if (p->count > 0 && test_random_below(random, 2)) {
        const uint64_t erased = test_random(random) & test_random(random) & test_random(random);
        log_put(&sql, "DELETE FROM customers WHERE customer IN ");
        put_list(&sql, erased);
        log_put(&sql, ";");
        for (int i = 0; i < p->count; i++) {
            p->list[i].there = !(erased >> i & 1);
        }
    }
    assert_ok(muster_open(NULL, NULL, &db, &test_error));
    ask_run(db, sql.text);
    return db;
}

static void make_set(const people *p, set *out, uint64_t *random)
{
    static log_text sql;
    const uint64_t bits = test_random(random), kind = test_random_below(random, 7);

    sql.size = 0;
    out->bits = 0;
    log_put(&sql, kind == 0   ? "'some'"
                  : kind == 1 ? "'vip'"
                  : kind == 2 ? "NOT has_tag('vip')"
                              : "");
    log_put(&sql, kind == 3   ? "has_tag('tier', 'gold', 'other')"
                  : kind == 4 ? "'tier'"
                  : kind == 5 ? "(SELECT customer FROM customers WHERE customer IN "
                  : kind == 6 ? "customer IN "
                              : "");
    if (kind >= 5) {
        put_list(&sql, bits);
        log_put(&sql, kind == 5 ? ")" : "");
    }
    for (int i = 0; i < p->count; i++) {
        const person *one = &p->list[i];
        const bool vip = one->has[4] != 0;
        const bool in[] = {
            p->audience >> i & 1, vip,           !vip,         (one->has[3] & 3) != 0,
            one->has[3] != 0,     bits >> i & 1, bits >> i & 1};
        out->bits |= (uint64_t)(in[kind] && one->there) << i;
    }
    assert_true(sql.size < sizeof out->sql);
    memcpy(out->sql, sql.text, sql.size + 1);
}

static uint64_t everyone(const people *p)
{
    uint64_t bits = 0;

    for (int i = 0; i < p->count; i++) {
        bits |= (uint64_t)p->list[i].there << i;
    }
    return bits;
}

static int count_with(const people *p, uint64_t bits, int d, int v)
{
    int count = 0;

    for (int i = 0; i < p->count; i++) {
        count += (bits >> i & 1) && (p->list[i].has[d] >> v & 1);
    }
    return count;
}

/* profile() */

typedef struct row {
    const char *value;
    int counts[2];
    bool rest;
} row;

static int compare_values(const row *x, const row *y)
{
    for (int side = 0; side < 2; side++) {
        if (x->counts[side] != y->counts[side]) {
            return y->counts[side] - x->counts[side];
        }
    }
    return x->value && y->value ? strcmp(x->value, y->value) : 0;
}

static int compare_rows(const void *a, const void *b)
{
    const row *x = a, *y = b;

    return x->rest != y->rest ? x->rest - y->rest : compare_values(x, y);
}

/* The rows of a dimension: those past the first `top` are one, with a value of that name. */
static int list_rows(const people *p, const set sets[2], int d, int top, row rows[VALUES])
{
    int count = 0, kept = 0, other = -1;

    for (int v = 0; v < (d == 4 ? 1 : VALUES); v++) {
        const row one = {value_names[d][v],
                         {count_with(p, sets[0].bits, d, v), count_with(p, sets[1].bits, d, v)},
                         false};
        if (one.counts[0] + one.counts[1] > 0) {
            rows[count++] = one;
        }
    }
    qsort(rows, (size_t)count, sizeof *rows, compare_rows);
    for (int i = 0; i < count; i++) {
        const bool rest = i >= top;
        if (other >= 0 && (rest || strcmp(rows[i].value, "other") == 0)) {
            rows[other].counts[0] += rows[i].counts[0];
            rows[other].counts[1] += rows[i].counts[1];
            rows[other].rest |= rest;
            continue;
        }
        rows[kept] = rows[i];
        rows[kept].rest = rest;
        rows[kept].value = rest ? "other" : rows[i].value;
        other = rows[kept].value && strcmp(rows[kept].value, "other") == 0 ? kept : other;
        kept++;
    }
    qsort(rows, (size_t)kept, sizeof *rows, compare_rows);
    return kept;
}

static void expect_share(muster_statement *statement, uint32_t column, int count, uint64_t bits)
{
    const int total = __builtin_popcountll(bits);

    assert_int_equal(muster_is_null(statement, column), total == 0);
    assert_true(total == 0 || muster_double(statement, column) == (double)count / total);
}

static void expect_row(muster_statement *statement, int d, const row *wanted, const set sets[2])
{
    bool more;

    assert_ok(muster_step(statement, &more, &test_error));
    assert_true(more);
    assert_string_equal(muster_text(statement, 0, NULL), dimension_names[d]);
    assert_int_equal(muster_is_null(statement, 1), wanted->value == NULL);
    if (wanted->value) {
        assert_string_equal(muster_text(statement, 1, NULL), wanted->value);
    }
    assert_int_equal(muster_int64(statement, 2), wanted->counts[0]);
    assert_int_equal(muster_int64(statement, 4), wanted->counts[1]);
    expect_share(statement, 3, wanted->counts[0], sets[0].bits);
    expect_share(statement, 5, wanted->counts[1], sets[1].bits);
    const bool lift = sets[0].bits && sets[1].bits && wanted->counts[1] > 0;
    assert_int_equal(muster_is_null(statement, 6), !lift);
    assert_true(!lift || muster_double(statement, 6) ==
                             muster_double(statement, 3) / muster_double(statement, 5));
}

static void check_profile(muster_connection *connection, const people *p, uint64_t *random)
{
    const int top = 1 + (int)test_random_below(random, 5);
    const bool against = test_random_below(random, 3) > 0;
    static log_text sql;
    muster_statement *statement;
    set sets[2];
    row rows[VALUES];
    bool more;

    sql.size = 0;
    make_set(p, &sets[0], random);
    make_set(p, &sets[1], random);
    log_put(&sql, "FROM profile(%s", sets[0].sql);
    if (against) {
        log_put(&sql, ", against => %s", sets[1].sql);
    } else {
        sets[1].bits = everyone(p);
    }
    log_put(&sql, top < 5 ? ", top => %d)" : ")", top);
    assert_ok(muster_prepare(connection, sql.text, NULL, &statement, &test_error));
    for (int d = 0; d < DIMENSIONS; d++) {
        const int count = list_rows(p, sets, d, top, rows);
        for (int i = 0; i < count; i++) {
            expect_row(statement, d, &rows[i], sets);
        }
    }
    assert_ok(muster_step(statement, &more, &test_error));
    assert_false(more);
    muster_finish(statement);
}

/* lookalike() */

typedef struct candidate {
    int number;
    double score;
} candidate;

static double score_of(const people *p, const person *one, uint64_t in, uint64_t out)
{
    const double all_in = __builtin_popcountll(in) + 2, all_out = __builtin_popcountll(out) + 2;
    double score = 0;

    for (int d = 0; d < DIMENSIONS; d++) {
        for (int v = 0; v < VALUES; v++) {
            if (one->has[d] >> v & 1) {
                score += log((count_with(p, in, d, v) + 1) / all_in /
                             ((count_with(p, out, d, v) + 1) / all_out));
            }
        }
    }
    return score;
}

static int compare_candidates(const void *a, const void *b)
{
    const candidate *x = a, *y = b;

    return x->score != y->score ? (x->score < y->score ? 1 : -1) : x->number - y->number;
}

static int list_candidates(const people *p, uint64_t in, uint64_t without, candidate *list)
{
    int count = 0;

    for (int i = 0; i < p->count; i++) {
        if ((everyone(p) & ~in & ~without) >> i & 1) {
            list[count++] = (candidate){10 + i, score_of(p, &p->list[i], in, everyone(p) & ~in)};
        }
    }
    qsort(list, (size_t)count, sizeof *list, compare_candidates);
    return count;
}

static void check_lookalike(muster_connection *connection, const people *p, uint64_t *random)
{
    const int size = 1 + (int)test_random_below(random, MOST / 2);
    const bool exclude = test_random_below(random, 2);
    static log_text sql;
    muster_statement *statement;
    candidate list[MOST];
    set in, without;
    char id[16];
    bool more;

    sql.size = 0;
    make_set(p, &in, random);
    make_set(p, &without, random);
    log_put(&sql, "FROM lookalike(%s, size => %d", in.sql, size);
    log_put(&sql, exclude ? ", exclude => %s)" : ")", without.sql);
    const int count = list_candidates(p, in.bits, exclude ? without.bits : 0, list);
    assert_ok(muster_prepare(connection, sql.text, NULL, &statement, &test_error));
    for (int i = 0; i < count && i < size; i++) {
        (void)snprintf(id, sizeof id, "p%d", list[i].number);
        assert_ok(muster_step(statement, &more, &test_error));
        assert_true(more);
        assert_string_equal(muster_text(statement, 0, NULL), id);
        assert_true(muster_double(statement, 1) == list[i].score);
    }
    assert_ok(muster_step(statement, &more, &test_error));
    assert_false(more);
    muster_finish(statement);
}

/* Sets as values. */

static void check_sets(muster *db, const people *p, uint64_t *random)
{
    const uint64_t a = test_random(random) & everyone(p), b = p->audience & everyone(p);
    static log_text sql, expected;

    sql.size = expected.size = 0;
    log_put(&sql,
            "WITH s AS (SELECT (SELECT bitmap_agg(customer) FROM customers WHERE customer IN ");
    put_list(&sql, a);
    log_put(&sql, ") AS a, members AS b FROM audiences) SELECT bitmap_count(a & b), "
                  "bitmap_count(a | b), bitmap_count(a - b), bitmap_count(a ^ b), "
                  "(a | b) - (a & b) = (a ^ b), a = b, bitmap_count((a - b) | b), "
                  "bitmap_contains(a, 'p12') FROM s");
    log_put(&expected, "%d|%d|%d|%d|true|%s|%d|%s\n", __builtin_popcountll(a & b),
            __builtin_popcountll(a | b), __builtin_popcountll(a & ~b), __builtin_popcountll(a ^ b),
            a == b ? "true" : "false", __builtin_popcountll(a | b), a >> 2 & 1 ? "true" : "false");
    log_expect(db, sql.text, expected.text);
}

TEST(people_looked_at_one_by_one_give_the_same)
{
    uint64_t random = test_seed();
    people p;

    for (int i = 0; i < CASES; i++) {
        make_people(&p, &random);
        muster *db = load(&p, &random);
        assert_ok(muster_set_threads(db, i % 2 ? 1 : 4, &test_error));
        muster_connection *connection = ask_connect(db);
        for (int n = 0; n < QUESTIONS; n++) {
            check_profile(connection, &p, &random);
            check_lookalike(connection, &p, &random);
            check_sets(db, &p, &random);
        }
        muster_disconnect(connection);
        muster_close(db);
    }
}

/* Several stripes, so that threads meet: what is counted by queries is what is counted by bits. */
TEST(many_people_are_counted_as_queries_count_them)
{
    static const char *const differing[] = {
        "WITH a AS (SELECT value AS v, customers AS n, against_customers AS m FROM profile('odd', "
        "top => 1000) WHERE dimension = 'city'), b AS (SELECT city AS v, count(*) FILTER (WHERE "
        "in_audience('odd')) AS n, count(*) AS m FROM customers WHERE city IS NOT NULL GROUP BY "
        "city) SELECT count(*) FROM ((SELECT * FROM a EXCEPT SELECT * FROM b) UNION ALL (SELECT * "
        "FROM "
        "b EXCEPT SELECT * FROM a)) AS d",
        "WITH t AS (SELECT t.name, bitmap_count(t.members & a.members) AS n, t.size AS m FROM "
        "tags AS t, audiences AS a), a AS (SELECT dimension, value, customers, against_customers "
        "FROM profile('odd') WHERE dimension = 'third') SELECT count(*) FROM t FULL JOIN a ON t.n "
        "= customers AND t.m = against_customers WHERE t.n IS NULL OR customers IS NULL",
        "SELECT count(*) FROM audiences WHERE members <> (SELECT bitmap_agg(customer) FROM "
        "customers WHERE in_audience('odd'))",
        "SELECT count(*) - 500 FROM lookalike('odd', size => 500) WHERE NOT in_audience('odd')",
        "SELECT count(*) FROM (SELECT * FROM lookalike('odd', size => 500) EXCEPT SELECT * FROM "
        "(SELECT * FROM lookalike('odd', size => 200000) ORDER BY score DESC, customer LIMIT 500) "
        "AS a) AS d",
        "SELECT count(*) FROM lookalike('odd', size => 70000) AS l JOIN lookalike('odd', size => "
        "70000) AS k ON l.customer = k.customer WHERE l.score <> k.score",
    };
    muster *db;

    assert_ok(muster_open(NULL, NULL, &db, &test_error));
    ask_run(db, "CREATE TABLE events (customer BIGINT CUSTOMER, ts TIMESTAMP TIME);"
                "ALTER TABLE customers ADD COLUMN city TEXT;"
                "INSERT INTO customers (customer, city) SELECT i, CASE WHEN i % 7 > 0 THEN 'c' || "
                "(i * i % 613) END FROM generate_series(1, 150000) AS s(i);"
                "CREATE AUDIENCE odd AS SELECT customer FROM customers WHERE customer % 2 = 1 AND "
                "customer < 100000;"
                "CREATE TAG third AS SELECT customer FROM customers WHERE customer % 3 = 0;"
                "DELETE FROM customers WHERE customer % 1000 = 3");
    for (size_t i = 0; i < 2 * MU_COUNT(differing); i++) {
        assert_ok(muster_set_threads(db, i % 2 ? 1 : 4, &test_error));
        ask_expect(db, differing[i / 2], "0\n");
    }
    muster_close(db);
}
