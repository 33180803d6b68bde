/*
 * audience_sql.c - draws audiences, and words them for each engine.
 *
 * The peers have tags as bits of a mask and attributes as columns in a table of people, and events
 * sorted by (event, customer, time), DuckDB also by (event, time); ClickHouse also has a stored
 * bitmap for each tag, each of its values, and each event of a day. Each peer is asked in four
 * forms, of which the fastest counts.
 */
#include "bench/audience.h"
#include "bench/stop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What muster-gen knows, in byte order: the places are the bits of the peers' masks. */
static const char *const tag_names[] = {
    "app_user", "birth_month", "birthday_known", "employee", "newsletter",
    "parent",   "press",       "price_hunter",   "student",
};
enum {
    FIRST_NUMBERED = 9, /* tag_015 */
    NUMBERED = 46,
    TIERS = 3,
    MONTHS = 12,
    TIER_TAG = 55, /* tier, vip_event, wechat_fan, two in Chinese */
};
static const char *const last_names[] = {"tier", "vip_event", "wechat_fan", "会员等级", "黑名单"};
static const char *const tiers[] = {"silver", "gold", "platinum"};
static const char *const events[] = {
    "view",   "view",     "add_to_cart",  "add_to_cart", "pay",          "pay",
    "search", "ad_click", "message_open", "store_visit", "coupon_claim", "coupon_use",
    "follow", "refund",   "app_open",     "page_view",   "login",        "share",
};
static const uint32_t lengths[] = {7, 30, 90, 180, 365}; /* days */

/* Drawing. */

static uint32_t draw_below(uint64_t *state, uint32_t bound)
{
    uint64_t x = *state += 0x9e3779b97f4a7c15u; /* splitmix64 (Steele, Lea, Flood, 2014) */

    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    x ^= x >> 31;
    return (uint32_t)(((x >> 32) * bound) >> 32);
}

/* A tag without values, common ones as often as rare ones. */
static uint32_t draw_tag(uint64_t *state)
{
    static const uint32_t common[] = {0, 2, 4, 5, 7, 8, 57};

    if (draw_below(state, 2) == 0) {
        return common[draw_below(state, sizeof common / sizeof common[0])];
    }
    return FIRST_NUMBERED + draw_below(state, NUMBERED);
}

static mu_bench_condition draw_condition(uint64_t *state)
{
    mu_bench_condition c = {.negated = draw_below(state, 4) == 0};
    const uint32_t kind = draw_below(state, 10);

    if (kind < 4) {
        c.kind = MU_BENCH_TAG;
        c.tag = draw_tag(state);
    } else if (kind < 6) {
        c.kind = MU_BENCH_VALUE;
        c.is_tier = draw_below(state, 2) == 0;
        c.values = 1 + draw_below(state, c.is_tier ? (1 << TIERS) - 1 : (1 << MONTHS) - 1);
    } else {
        const uint32_t days = lengths[draw_below(state, sizeof lengths / sizeof lengths[0])];
        c.kind = MU_BENCH_DID;
        c.event = events[draw_below(state, sizeof events / sizeof events[0])];
        c.at_least = draw_below(state, 3) > 0 ? 1 : 2 + draw_below(state, 2);
        c.until = 730 - draw_below(state, 730 - days);
        c.since = c.until - days;
    }
    return c;
}

mu_bench_audience_definition mu_bench_audience_draw(uint64_t *state)
{
    mu_bench_audience_definition a = {
        .count = 2 + draw_below(state, MU_BENCH_CONDITIONS - 1),
    };
    uint32_t group_left = 0;

    for (uint32_t i = 0; i < a.count; i++) {
        a.conditions[i] = draw_condition(state);
        a.conditions[i].begins_group = group_left == 0;
        group_left = group_left == 0 ? draw_below(state, 3) : group_left - 1;
    }
    return a;
}

/* Words that the engines share. */

static void write_tag(FILE *out, uint32_t tag)
{
    if (tag < FIRST_NUMBERED) {
        (void)fputs(tag_names[tag], out);
    } else if (tag < TIER_TAG) {
        (void)fprintf(out, "tag_%03u", 15 + tag - FIRST_NUMBERED);
    } else {
        (void)fputs(last_names[tag - TIER_TAG], out);
    }
}

static void write_day(FILE *out, uint32_t day)
{
    static const uint32_t ends[] = {31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    const uint32_t in_year = day % 365; /* neither 2021 nor 2022 is a leap year */
    uint32_t month = 0;

    while (in_year >= ends[month]) {
        month++;
    }
    (void)fprintf(out, "'%u-%02u-%02u'", 2021 + day / 365, month + 1,
                  in_year - (month > 0 ? ends[month - 1] : 0) + 1);
}

/* Values of the attribute as the tables of the peers have them: tier 1 to 3, month 1 to 12. */
static void write_values(FILE *out, const mu_bench_condition *c)
{
    const char *before = "";

    for (uint32_t v = 0; v < MONTHS; v++) {
        if (c->values >> v & 1) {
            (void)fprintf(out, "%s%u", before, v + 1);
            before = ", ";
        }
    }
}

/* The same as the tags have them. */
static void write_names(FILE *out, const mu_bench_condition *c)
{
    const char *before = "";

    for (uint32_t v = 0; v < MONTHS; v++) {
        if ((c->values >> v & 1) == 0) {
            continue;
        }
        if (c->is_tier) {
            (void)fprintf(out, "%s'%s'", before, tiers[v]);
        } else {
            (void)fprintf(out, "%s'%02u'", before, v + 1);
        }
        before = ", ";
    }
}

static void write_event_range(FILE *out, const mu_bench_condition *c)
{
    (void)fprintf(out, "event = '%s' AND ts >= ", c->event);
    write_day(out, c->since);
    (void)fputs(" AND ts < ", out);
    write_day(out, c->until);
}

/* Writes the conditions between AND, OR and parentheses; `write` writes one. */
typedef void write_condition(FILE *out, const mu_bench_condition *c, uint32_t number);

static void write_all(FILE *out, const mu_bench_audience_definition *a, write_condition *write)
{
    for (uint32_t i = 0; i < a->count; i++) {
        const mu_bench_condition *c = &a->conditions[i];
        if (c->begins_group) {
            (void)fputs(i > 0 ? ") AND (" : "(", out);
        } else {
            (void)fputs(" OR ", out);
        }
        (void)fputs(c->negated ? "NOT (" : "(", out);
        write(out, c, i);
        (void)fputs(")", out);
    }
    (void)fputs(")", out);
}

/* muster. */

static void write_muster(FILE *out, const mu_bench_condition *c, uint32_t number)
{
    (void)number;
    switch (c->kind) {
    case MU_BENCH_TAG:
        (void)fputs("has_tag('", out);
        write_tag(out, c->tag);
        (void)fputs("')", out);
        return;
    case MU_BENCH_VALUE:
        (void)fprintf(out, "has_tag('%s', ", c->is_tier ? "tier" : "birth_month");
        write_names(out, c);
        (void)fputs(")", out);
        return;
    case MU_BENCH_DID:
        (void)fprintf(out, "did(event = '%s', at_least => %u, since => ", c->event, c->at_least);
        write_day(out, c->since);
        (void)fputs(", until => ", out);
        write_day(out, c->until);
        (void)fputs(")", out);
    }
}

static void ask_muster(FILE *out, const mu_bench_audience_definition *a)
{
    (void)fputs("SELECT count(*) FROM customers WHERE ", out);
    write_all(out, a, write_muster);
}

/* DuckDB and ClickHouse, forms "in": a subquery for each behaviour. */

/* A condition on the table of people. */
static void write_person(FILE *out, const mu_bench_condition *c, bool is_duckdb)
{
    if (c->kind == MU_BENCH_TAG) {
        (void)fprintf(out, is_duckdb ? "(mask & %llu) <> 0" : "bitAnd(mask, %llu) <> 0",
                      1ull << c->tag);
        return;
    }
    (void)fprintf(out, "coalesce(%s, 0) IN (", c->is_tier ? "tier" : "birth_month");
    write_values(out, c);
    (void)fputs(")", out);
}

static void write_subquery(FILE *out, const mu_bench_condition *c, const char *table)
{
    (void)fprintf(out, "SELECT cid FROM %s WHERE ", table);
    write_event_range(out, c);
    if (c->at_least > 1) {
        (void)fprintf(out, " GROUP BY cid HAVING count(*) >= %u", c->at_least);
    }
}

static void write_in(FILE *out, const mu_bench_condition *c, const char *table, bool is_duckdb)
{
    if (c->kind != MU_BENCH_DID) {
        write_person(out, c, is_duckdb);
        return;
    }
    (void)fputs("cid IN (", out);
    write_subquery(out, c, table);
    (void)fputs(")", out);
}

static void write_ect_in(FILE *out, const mu_bench_condition *c, uint32_t number)
{
    (void)number;
    write_in(out, c, "ect.events", true);
}

static void write_et_in(FILE *out, const mu_bench_condition *c, uint32_t number)
{
    (void)number;
    write_in(out, c, "et.events", true);
}

static void write_clickhouse_in(FILE *out, const mu_bench_condition *c, uint32_t number)
{
    (void)number;
    write_in(out, c, "ect_month", false);
}

static void ask_ect_in(FILE *out, const mu_bench_audience_definition *a)
{
    (void)fputs("SELECT count(*) FROM people.customers WHERE ", out);
    write_all(out, a, write_ect_in);
}

static void ask_et_in(FILE *out, const mu_bench_audience_definition *a)
{
    (void)fputs("SELECT count(*) FROM people.customers WHERE ", out);
    write_all(out, a, write_et_in);
}

static void ask_clickhouse_in(FILE *out, const mu_bench_audience_definition *a)
{
    (void)fputs("SELECT count() FROM people WHERE ", out);
    write_all(out, a, write_clickhouse_in);
}

/* DuckDB, forms "group": all behaviours counted in one pass, joined to the people. */

static void write_counted(FILE *out, const mu_bench_condition *c, uint32_t number)
{
    if (c->kind == MU_BENCH_DID) {
        (void)fprintf(out, "coalesce(n%u, 0) >= %u", number, c->at_least);
    } else {
        write_person(out, c, true);
    }
}

static void ask_group(FILE *out, const mu_bench_audience_definition *a, const char *table)
{
    const char *before = "";

    (void)fputs("SELECT count(*) FROM people.customers LEFT JOIN (SELECT cid", out);
    for (uint32_t i = 0; i < a->count; i++) {
        if (a->conditions[i].kind == MU_BENCH_DID) {
            (void)fputs(", count(*) FILTER (WHERE ", out);
            write_event_range(out, &a->conditions[i]);
            (void)fprintf(out, ") AS n%u", i);
        }
    }
    (void)fprintf(out, " FROM %s WHERE ", table);
    for (uint32_t i = 0; i < a->count; i++) {
        if (a->conditions[i].kind == MU_BENCH_DID) {
            (void)fprintf(out, "%s(", before);
            write_event_range(out, &a->conditions[i]);
            (void)fputs(")", out);
            before = " OR ";
        }
    }
    (void)fprintf(out, "%s GROUP BY cid) USING (cid) WHERE ", *before ? "" : "false");
    write_all(out, a, write_counted);
}

static void ask_ect_group(FILE *out, const mu_bench_audience_definition *a)
{
    ask_group(out, a, "ect.events");
}

static void ask_et_group(FILE *out, const mu_bench_audience_definition *a)
{
    ask_group(out, a, "et.events");
}

/* ClickHouse, forms "bitmap", "sets", "days": a bitmap for each condition, and operations on them.
 * What is not stored is made: of the values of tags in "bitmap", of behaviour in both "bitmap" and
 * "sets"; "days" has it as long as once is enough. */

typedef struct stored_bitmaps {
    bool values, days;
} stored_bitmaps;

static void write_bitmap(FILE *out, const mu_bench_condition *c, stored_bitmaps stored)
{
    if (c->kind == MU_BENCH_TAG) {
        (void)fputs("(SELECT groupBitmapMergeState(members) FROM tag_sets WHERE value = '' AND "
                    "tag = '",
                    out);
        write_tag(out, c->tag);
        (void)fputs("')", out);
    } else if (c->kind == MU_BENCH_VALUE && stored.values) {
        (void)fprintf(out,
                      "(SELECT groupBitmapMergeState(members) FROM tag_sets WHERE tag = '%s' AND "
                      "value IN (",
                      c->is_tier ? "tier" : "birth_month");
        write_names(out, c);
        (void)fputs("))", out);
    } else if (c->kind == MU_BENCH_VALUE) {
        (void)fputs("(SELECT groupBitmapState(cid) FROM people WHERE ", out);
        write_person(out, c, false);
        (void)fputs(")", out);
    } else if (stored.days && c->at_least == 1) {
        (void)fprintf(out,
                      "(SELECT groupBitmapMergeState(members) FROM event_days WHERE event = '%s' "
                      "AND day >= ",
                      c->event);
        write_day(out, c->since);
        (void)fputs(" AND day < ", out);
        write_day(out, c->until);
        (void)fputs(")", out);
    } else {
        (void)fputs("(SELECT groupBitmapState(cid) FROM (", out);
        write_subquery(out, c, "ect_month");
        (void)fputs("))", out);
    }
}

/* As in write_all(), but as nested calls: what is closed must have been opened before. */
static void ask_with_bitmaps(FILE *out, const mu_bench_audience_definition *a,
                             stored_bitmaps stored)
{
    uint32_t groups = 0, first = 0;

    for (uint32_t i = 0; i < a->count; i++) {
        groups += a->conditions[i].begins_group;
    }
    (void)fputs("WITH (SELECT groupBitmapState(cid) FROM people) AS everyone "
                "SELECT bitmapCardinality(",
                out);
    for (uint32_t g = 1; g < groups; g++) {
        (void)fputs("bitmapAnd(", out);
    }
    while (first < a->count) {
        uint32_t end = first + 1;
        while (end < a->count && !a->conditions[end].begins_group) {
            end++;
        }
        for (uint32_t i = first + 1; i < end; i++) {
            (void)fputs("bitmapOr(", out);
        }
        for (uint32_t i = first; i < end; i++) {
            const mu_bench_condition *c = &a->conditions[i];
            (void)fputs(i > first ? ", " : "", out);
            (void)fputs(c->negated ? "bitmapAndnot(everyone, " : "", out);
            write_bitmap(out, c, stored);
            (void)fputs(c->negated ? ")" : "", out);
            (void)fputs(i > first ? ")" : "", out);
        }
        (void)fputs(first > 0 ? ")" : "", out); /* of bitmapAnd */
        (void)fputs(end < a->count ? ", " : "", out);
        first = end;
    }
    (void)fputs(")", out);
}

static void ask_bitmap(FILE *out, const mu_bench_audience_definition *a)
{
    ask_with_bitmaps(out, a, (stored_bitmaps){0});
}

static void ask_sets(FILE *out, const mu_bench_audience_definition *a)
{
    ask_with_bitmaps(out, a, (stored_bitmaps){.values = true});
}

static void ask_days(FILE *out, const mu_bench_audience_definition *a)
{
    ask_with_bitmaps(out, a, (stored_bitmaps){.values = true, .days = true});
}

/* The forms. */

static const struct {
    const char *engine;
    struct {
        const char *name;
        void (*ask)(FILE *out, const mu_bench_audience_definition *a);
    } forms[MU_BENCH_AUDIENCE_FORMS];
} engines[] = {
    {"muster", {{"", ask_muster}}},
    {"duckdb",
     {{"in-ect", ask_ect_in},
      {"in-et", ask_et_in},
      {"group-ect", ask_ect_group},
      {"group-et", ask_et_group}}},
    {"clickhouse",
     {{"in", ask_clickhouse_in}, {"bitmap", ask_bitmap}, {"sets", ask_sets}, {"days", ask_days}}},
};

const char *mu_bench_audience_form(const char *engine, uint32_t form)
{
    for (size_t i = 0; i < sizeof engines / sizeof engines[0]; i++) {
        if (strcmp(engines[i].engine, engine) == 0 && form < MU_BENCH_AUDIENCE_FORMS) {
            return engines[i].forms[form].name;
        }
    }
    return NULL;
}

char *mu_bench_audience_sql(const mu_bench_audience_definition *audience, const char *engine,
                            uint32_t form)
{
    char *sql = NULL;
    size_t size;

    for (size_t i = 0; i < sizeof engines / sizeof engines[0]; i++) {
        if (strcmp(engines[i].engine, engine) == 0 && engines[i].forms[form].ask) {
            FILE *out = mu_bench_need(open_memstream(&sql, &size));
            engines[i].forms[form].ask(out, audience);
            (void)fclose(out);
        }
    }
    return sql;
}
