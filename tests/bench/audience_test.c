/* audience_test.c - the stream of audiences is the same each time, and is worded for all engines.
 */
#include "bench/audience.h"

#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

TEST(the_same_seed_gives_the_same_stream)
{
    uint64_t a = 7, b = 7, c = 8;
    bool other = false;

    for (int i = 0; i < 100; i++) {
        const mu_bench_audience_definition one = mu_bench_audience_draw(&a);
        const mu_bench_audience_definition two = mu_bench_audience_draw(&b);
        const mu_bench_audience_definition three = mu_bench_audience_draw(&c);
        char *first = mu_bench_audience_sql(&one, "muster", 0);
        char *second = mu_bench_audience_sql(&two, "muster", 0);
        char *third = mu_bench_audience_sql(&three, "muster", 0);
        assert_in_range(one.count, 2, MU_BENCH_CONDITIONS);
        assert_string_equal(first, second);
        other = other || strcmp(first, third) != 0;
        free(first);
        free(second);
        free(third);
    }
    assert_true(other);
}

static uint32_t count_of(const char *text, const char *word)
{
    uint32_t count = 0;

    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word)) {
        count++;
    }
    return count;
}

/* By the words with which the forms begin a condition. */
static uint32_t conditions_in(const char *sql)
{
    static const char *const beginnings[] = {
        "has_tag(",  "did(",           "(mask & ",    "bitAnd(mask, ",
        "coalesce(", "cid IN (SELECT", "MergeState(", "State(cid) FROM (",
    };
    uint32_t count = 0;

    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        count += count_of(sql, beginnings[i]);
    }
    return count;
}

/* A condition's own words, as every form has them: the event and its days, or the tag. */
static void assert_words(const char *sql, const mu_bench_condition *c)
{
    if (c->kind == MU_BENCH_DID) {
        char *event = NULL;
        assert_true(asprintf(&event, "'%s'", c->event) > 0);
        assert_true(count_of(sql, event) > 0);
        free(event);
    } else if (c->kind == MU_BENCH_VALUE) {
        assert_true(count_of(sql, c->is_tier ? "tier" : "birth_month") > 0);
    }
}

TEST(every_form_words_all_conditions_with_closed_parentheses)
{
    static const char *const engines[] = {"muster", "duckdb", "clickhouse"};
    uint64_t state = 1;

    for (int i = 0; i < 200; i++) {
        const mu_bench_audience_definition audience = mu_bench_audience_draw(&state);
        for (size_t e = 0; e < sizeof engines / sizeof engines[0]; e++) {
            for (uint32_t form = 0; form < MU_BENCH_AUDIENCE_FORMS; form++) {
                char *sql = mu_bench_audience_sql(&audience, engines[e], form);
                assert_true((sql != NULL) == (mu_bench_audience_form(engines[e], form) != NULL));
                if (sql) {
                    assert_int_equal(count_of(sql, "("), count_of(sql, ")"));
                    assert_int_equal(count_of(sql, "'") % 2, 0);
                    for (uint32_t k = 0; k < audience.count; k++) {
                        assert_words(sql, &audience.conditions[k]);
                    }
                    assert_int_equal(conditions_in(sql), audience.count);
                }
                free(sql);
            }
        }
    }
}
