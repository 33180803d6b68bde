/*
 * random_query.c - random queries in two dialects; see random_sql.h.
 *
 * Queries stand in the FROM of other queries, so that conditions on what comes out can sink through
 * projections, groups and limits, and columns that no one reads can be left out on the way.
 */
#include "tests/support/random_sql.h"

enum {
    ITEMS_MOST = 5,
    KEYS_MOST = 3
};

#define ID_MOST 1000
#define ROWS_MOST 1e6 /* in a group: what a sum may grow by */
#define MOST_SUM 1e17

/* A query while it is written. */
typedef struct draft {
    sql_maker *maker;
    bool top; /* what is inexact may come out */
    bool distinct;
    sql_relation source;
    sql_relation groups; /* keys first, then aggregates; what items are made of if there are any */
    int key_count;
    sql_relation items;         /* the expressions */
    bool windowed[SQL_COLUMNS]; /* items that are calls over windows */
    sql_relation result;
    const char *from[2];  /* in FROM, if it is no query; all pairs are ours and theirs */
    const char *inner[2]; /* the query in FROM */
    const char *tail[2];  /* all that follows FROM */
    bool ordered;
    bool joined; /* columns have qualified names: all of them need others */
} draft;

static void append(draft *d, const char *ours, const char *theirs)
{
    d->tail[0] = sql_text(d->maker, "%s%s", d->tail[0], ours);
    d->tail[1] = sql_text(d->maker, "%s%s", d->tail[1], theirs);
}

static void append_condition(draft *d, const char *clause, const sql_expr *condition)
{
    append(d, clause, clause);
    append(d, condition->ours, condition->theirs);
}

/* FROM. */

static void make_source(draft *d, int depth)
{
    static const sql_relation customers = {
        {{"customer", "customer", SQL_CUSTOMER, 0, 0, false, false},
         {"first_seen", "first_seen", SQL_TIMESTAMP, 0, 0, false, false},
         {"last_seen", "last_seen", SQL_TIMESTAMP, 0, 0, false, false}},
        3};
    sql_query inner;
    sql_join join;

    if (sql_chance(d->maker, 35)) {
        sql_make_join(d->maker, depth > 0 ? 1 : 0, &join);
        d->source = join.result;
        d->from[0] = join.ours;
        d->from[1] = join.theirs;
        d->joined = true;
    } else if (depth > 0) {
        sql_make_query(d->maker, depth - 1, false, &inner);
        d->source = inner.result;
        d->inner[0] = inner.ours;
        d->inner[1] = inner.theirs;
    } else if (sql_chance(d->maker, 5)) {
        d->source = customers;
        d->from[0] = d->from[1] = "customers";
    } else {
        d->source = *sql_events();
        d->from[0] = d->from[1] = "events";
    }
}

/* Items. */

static void add_item(draft *d, const sql_expr *item)
{
    const int i = d->items.count++;
    const char *name = sql_text(d->maker, "a%d", ++d->maker->names);

    assert_true(i < SQL_COLUMNS);
    d->items.columns[i] = *item;
    d->result.columns[i] = *item;
    d->result.columns[i].ours = d->result.columns[i].theirs = name;
    d->result.columns[i].constant = false;
    d->result.count = d->items.count;
}

static void add_window(draft *d, const sql_relation *from)
{
    const sql_expr item = sql_make_window(d->maker, from, d->top);

    d->windowed[d->items.count] = true;
    add_item(d, &item);
}

/* What expressions may be made of beside `from`: aliases of the items there are so far, which are
 * names to muster, and to sqlite3 what they stand for. */
static sql_relation with_aliases(const draft *d, const sql_relation *from)
{
    sql_relation all = *from;

    for (int i = 0; i < d->items.count && all.count < SQL_COLUMNS; i++) {
        sql_expr alias = d->items.columns[i];
        alias.ours = d->result.columns[i].ours;
        if (!alias.constant && !d->windowed[i]) {
            all.columns[all.count++] = alias;
        }
    }
    return all;
}

static sql_kind any_column_kind(draft *d, const sql_relation *from)
{
    return sql_chance(d->maker, 80) ? from->columns[sql_below(d->maker, (unsigned)from->count)].kind
                                    : (sql_kind)sql_below(d->maker, SQL_KINDS);
}

static sql_expr any_expr(draft *d, const sql_relation *from, int depth)
{
    return sql_make_expr(d->maker, from, any_column_kind(d, from), depth);
}

/* A quotient, which both compute, but not to the last digit. */
static sql_expr make_quotient(draft *d, const sql_relation *from)
{
    const sql_expr a = sql_make_expr(d->maker, from, SQL_DOUBLE, 1);
    const sql_expr b = sql_make_expr(d->maker, from, SQL_BIGINT, 1);

    return (sql_expr){.ours = sql_text(d->maker, "(%s / nullif(%s, 0))", a.ours, b.ours),
                      .theirs =
                          sql_text(d->maker, "(%s * 1.0 / nullif(%s, 0))", a.theirs, b.theirs),
                      .kind = SQL_DOUBLE,
                      .inexact = true};
}

static void make_items(draft *d, const sql_relation *from)
{
    const unsigned count = 1 + sql_below(d->maker, ITEMS_MOST);

    for (unsigned i = 0; i < count; i++) {
        const sql_relation all = with_aliases(d, from);
        if (sql_chance(d->maker, 15)) {
            add_window(d, from);
            continue;
        }
        const sql_expr item = d->top && sql_chance(d->maker, 5)
                                  ? make_quotient(d, &all)
                                  : any_expr(d, &all, (int)sql_below(d->maker, 3));
        add_item(d, &item);
    }
}

/* All columns, under their names. */
static void make_star(draft *d)
{
    d->items = d->source;
    d->result = d->source;
}

/* Aggregates. */

static sql_expr aggregate_of(draft *d, const char *ours, const char *theirs, const sql_expr *of)
{
    sql_maker *m = d->maker;
    sql_expr e = *of;
    const char *filter[2] = {"", ""};

    if (sql_chance(m, 25)) {
        const sql_expr condition = sql_make_expr(m, &d->source, SQL_BOOLEAN, 1);
        filter[0] = sql_text(m, " FILTER (WHERE %s)", condition.ours);
        filter[1] = sql_text(m, " FILTER (WHERE %s)", condition.theirs);
    }
    e.ours = sql_text(m, "%s%s)%s", ours, of->ours, filter[0]);
    e.theirs = sql_text(m, "%s%s)%s", theirs, of->theirs, filter[1]);
    e.constant = false;
    return e;
}

static sql_expr make_count(draft *d)
{
    static const sql_expr star = {.ours = "*", .theirs = "*"};
    const unsigned form = sql_below(d->maker, 3);
    const char *const start = form == 2 ? "count(DISTINCT " : "count(";
    const sql_expr of = form == 0 ? star : any_expr(d, &d->source, (int)sql_below(d->maker, 2));
    sql_expr e = aggregate_of(d, start, start, &of);

    e.kind = SQL_BIGINT;
    e.scale = 0;
    e.most = ROWS_MOST;
    return e;
}

/* Where sqlite3 has no such count, what is counted is made there: pairs as one text. */
static sql_expr make_count_of(draft *d)
{
    static const sql_kind kinds[] = {SQL_TEXT, SQL_BIGINT, SQL_DATE, SQL_CUSTOMER};
    sql_maker *m = d->maker;
    const bool pairs = sql_chance(m, 50);
    sql_expr of = sql_make_expr(m, &d->source, SQL_BOOLEAN, 1);

    if (pairs) {
        const sql_expr a = sql_make_expr(m, &d->source, kinds[sql_below(m, 4)], 1);
        const sql_expr b = sql_make_expr(m, &d->source, kinds[sql_below(m, 4)], 0);
        of.ours = sql_text(m, "%s, %s", a.ours, b.ours);
        of.theirs = sql_text(m, "quote(%s) || ':' || nullif(quote(%s), 'NULL') || %s || %s",
                             a.theirs, b.theirs, a.theirs, b.theirs);
    } else {
        of.theirs = sql_text(m, "CASE WHEN %s THEN 1 END", of.theirs);
    }
    of = pairs ? aggregate_of(d, "count(DISTINCT ", "count(DISTINCT ", &of)
               : aggregate_of(d, "count_if(", "count(", &of);
    of.kind = SQL_BIGINT;
    of.scale = 0;
    of.most = ROWS_MOST;
    return of;
}

static sql_expr make_sum(draft *d, bool distinct)
{
    static const sql_kind numbers[] = {SQL_BIGINT, SQL_DECIMAL, SQL_DOUBLE};
    sql_maker *m = d->maker;
    sql_expr of = sql_make_expr(m, &d->source, numbers[sql_below(m, 3)], (int)sql_below(m, 3));
    const char *const sum = distinct ? "sum(DISTINCT " : "sum(";
    const char *const avg = distinct ? "avg(DISTINCT " : "avg(";

    if (of.most * ROWS_MOST > MOST_SUM || (of.kind == SQL_DOUBLE && of.most > 1e6)) {
        return aggregate_of(d, "max(", "max(", &of);
    }
    if (!d->top || sql_chance(m, 60)) {
        of = aggregate_of(d, sum, sum, &of);
        of.most *= ROWS_MOST;
        return of;
    }
    const int scale = of.scale;
    const bool decimal = of.kind == SQL_DECIMAL;
    of = aggregate_of(d, avg, avg, &of);
    of.theirs = decimal ? sql_text(m, "(%s / 1e%d)", of.theirs, scale) : of.theirs;
    of.kind = SQL_DOUBLE;
    of.inexact = true;
    return of;
}

static sql_expr make_aggregate(draft *d)
{
    sql_maker *m = d->maker;
    sql_expr of;

    switch (sql_below(m, 5)) {
    case 0:
    case 1:
        return make_count(d);
    case 3:
        return make_count_of(d);
    case 2:
        return make_sum(d, sql_chance(m, 15));
    default:
        of = any_expr(d, &d->source, (int)sql_below(m, 2));
        if (of.kind == SQL_BOOLEAN) {
            return sql_chance(m, 50) ? aggregate_of(d, "bool_and(", "min(", &of)
                                     : aggregate_of(d, "bool_or(", "max(", &of);
        }
        if (of.kind == SQL_CUSTOMER) { /* the least id */
            of.kind = d->maker->id_kind;
            of.most = ID_MOST;
        }
        return sql_chance(m, 50) ? aggregate_of(d, "min(", "min(", &of)
                                 : aggregate_of(d, "max(", "max(", &of);
    }
}

/* Groups. */

static void make_groups(draft *d)
{
    const unsigned keys = sql_below(d->maker, KEYS_MOST + 1);
    const unsigned aggregates = (keys == 0) + sql_below(d->maker, 3);

    for (unsigned i = 0; i < keys; i++) {
        const sql_expr key = any_expr(d, &d->source, sql_chance(d->maker, 60) ? 0 : 2);
        if (!key.constant) {
            d->groups.columns[d->groups.count++] = key;
        }
    }
    d->key_count = d->groups.count;
    for (unsigned i = 0; i < aggregates || d->groups.count == 0; i++) {
        d->groups.columns[d->groups.count++] = make_aggregate(d);
    }
}

/* Keys and aggregates as they are, and expressions of them. */
static void make_group_items(draft *d)
{
    for (int i = 0; i < d->groups.count; i++) {
        if (d->key_count == 0 || sql_chance(d->maker, 80)) {
            add_item(d, &d->groups.columns[i]);
        }
    }
    if (d->items.count == 0 || sql_chance(d->maker, 25)) {
        const sql_expr item = any_expr(d, &d->groups, 1);
        add_item(d, &item);
    }
    if (sql_chance(d->maker, 20)) {
        add_window(d, &d->groups);
    }
}

/* A key by its number, its alias or as it is. */
static const char *key_text(draft *d, int key)
{
    for (int i = 0; i < d->items.count; i++) {
        if (d->items.columns[i].ours != d->groups.columns[key].ours) {
            continue;
        }
        switch (sql_below(d->maker, 3)) {
        case 0:
            return sql_text(d->maker, "%d", i + 1);
        case 1:
            return d->result.columns[i].ours;
        default:
            break;
        }
    }
    return d->groups.columns[key].ours;
}

static void append_groups(draft *d)
{
    for (int i = 0; i < d->key_count; i++) {
        const char *comma = i > 0 ? ", " : " GROUP BY ";
        append(d, comma, comma);
        append(d, key_text(d, i), d->groups.columns[i].theirs);
    }
    if (sql_chance(d->maker, 35)) {
        const sql_relation all = with_aliases(d, &d->groups);
        const sql_expr condition = sql_make_expr(d->maker, &all, SQL_BOOLEAN, 1);
        append_condition(d, " HAVING ", &condition);
    }
}

/* Order. */

static void append_order(draft *d, bool first, const char *ours, const char *theirs)
{
    static const char *const nulls[] = {" NULLS LAST", " NULLS FIRST"};
    const bool descending = sql_chance(d->maker, 50);
    const bool nulls_first = sql_chance(d->maker, 50);
    const bool unsaid = nulls_first == descending && sql_chance(d->maker, 50);
    const char *direction = descending ? " DESC" : "";

    append(d, first ? " ORDER BY " : ", ", first ? " ORDER BY " : ", ");
    append(d, ours, theirs);
    append(d, direction, direction);
    append(d, unsaid ? "" : nulls[nulls_first], nulls[nulls_first]);
}

/* By all items, in any order, so that there is one order only; sometimes by something else first.
 */
static void make_order(draft *d)
{
    const sql_relation *from = d->groups.count > 0 ? &d->groups : &d->source;
    const unsigned start = sql_below(d->maker, (unsigned)d->items.count);
    bool first = true;

    if (!d->distinct && sql_chance(d->maker, 25)) {
        const sql_relation all = with_aliases(d, from);
        const sql_expr key = any_expr(d, &all, (int)sql_below(d->maker, 2));
        if (!key.constant) {
            append_order(d, first, key.ours, key.theirs);
            first = false;
        }
    }
    for (int n = 0; n < d->items.count; n++) {
        const int i = (n + (int)start) % d->items.count;
        if (!d->result.columns[i].inexact) {
            const char *number = sql_text(d->maker, "%d", i + 1);
            const char *name = d->result.columns[i].ours;
            append_order(d, first, sql_chance(d->maker, 50) ? number : name, number);
            first = false;
        } else {
            d->ordered = false;
        }
    }
}

static void make_limit(draft *d)
{
    const unsigned limit = sql_below(d->maker, 12), offset = sql_below(d->maker, 6);
    const char *text;

    switch (sql_below(d->maker, 4)) {
    case 0:
        append(d, sql_text(d->maker, " OFFSET %u", offset),
               sql_text(d->maker, " LIMIT -1 OFFSET %u", offset));
        return;
    case 1:
        text = sql_text(d->maker, " LIMIT %u OFFSET %u", limit, offset);
        break;
    default:
        text = sql_text(d->maker, " LIMIT %u", limit);
        break;
    }
    append(d, text, text);
}

static void append_where(draft *d, const sql_relation *from)
{
    if (sql_chance(d->maker, 70)) {
        const sql_expr condition =
            sql_make_expr(d->maker, from, SQL_BOOLEAN, (int)sql_below(d->maker, 4));
        append_condition(d, " WHERE ", &condition);
    }
}

/* The text of a side; `common`: with what it reads from before it. */
static const char *finish(const draft *d, int side, bool star, bool common)
{
    sql_maker *m = d->maker;
    const char *list = star ? "*" : "";
    const char *distinct = d->distinct ? "DISTINCT " : "";

    for (int i = 0; !star && i < d->items.count; i++) {
        const sql_expr *item = &d->items.columns[i];
        list = sql_text(m, "%s%s%s AS %s", list, i > 0 ? ", " : "",
                        side ? item->theirs : item->ours, d->result.columns[i].ours);
    }
    if (d->from[side]) {
        return sql_text(m, "SELECT %s%s FROM %s%s", distinct, list, d->from[side], d->tail[side]);
    }
    return common ? sql_text(m, "WITH w%d AS (%s) SELECT %s%s FROM w%d%s", m->names, d->inner[side],
                             distinct, list, m->names, d->tail[side])
                  : sql_text(m, "SELECT %s%s FROM (%s) AS s%d%s", distinct, list, d->inner[side],
                             m->names, d->tail[side]);
}

void sql_make_query(sql_maker *m, int depth, bool top, sql_query *out)
{
    draft d = {.maker = m, .top = top, .tail = {"", ""}, .ordered = true};
    make_source(&d, depth);
    const unsigned form = d.joined ? 1 + sql_below(m, 9) : sql_below(m, 10);
    if (form == 0) {
        make_star(&d);
    } else if (form < 5) {
        append_where(&d, &d.source);
        make_groups(&d);
        make_group_items(&d);
        append_groups(&d);
    } else {
        d.distinct = form == 5;
        make_items(&d, &d.source);
    }
    if (form == 0 || form >= 5) {
        const sql_relation all = form == 0 ? d.source : with_aliases(&d, &d.source);
        append_where(&d, &all);
    }
    d.ordered = sql_chance(m, 30);
    if (d.ordered) {
        make_order(&d);
        if (d.ordered && sql_chance(m, 60)) {
            make_limit(&d);
        }
    }
    const bool common = sql_chance(m, 15);
    out->ours = finish(&d, 0, form == 0, common);
    out->theirs = finish(&d, 1, form == 0, common);
    out->result = d.result;
    out->ordered = d.ordered;
}
