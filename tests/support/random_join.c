/*
 * random_join.c - two or three tables joined, in both dialects; see random_sql.h.
 *
 * sqlite3 goes through all pairs, so that the tables stay small: `items` has a few rows, and there
 * are as many events as the maker says. SEMI and ANTI are EXISTS there. RIGHT and FULL only come
 * first: before them sqlite3 3.40 lets a constant in an ON decide about all rows.
 */
#include "tests/support/random_sql.h"

/* A side of a join, by its alias. */
typedef struct side {
    const char *text[2]; /* what stands in FROM */
    const char *name;
    sql_relation columns; /* qualified */
    bool has_customers;   /* in a column of that name */
    bool small;
} side;

static const sql_relation customers = {
    {{"customer", "customer", SQL_CUSTOMER, 0, 0, false, false},
     {"first_seen", "first_seen", SQL_TIMESTAMP, 0, 0, false, false},
     {"last_seen", "last_seen", SQL_TIMESTAMP, 0, 0, false, false}},
    3};
static const sql_relation items = {{{"channel", "channel", SQL_TEXT, 0, 0, false, false},
                                    {"quantity", "quantity", SQL_BIGINT, 0, 2e9, false, false},
                                    {"amount", "amount", SQL_DECIMAL, 2, 1e8, false, false},
                                    {"day", "day", SQL_DATE, 0, 0, false, false},
                                    {"flag", "flag", SQL_BOOLEAN, 0, 0, false, false}},
                                   5};

static void take_columns(sql_maker *m, const sql_relation *from, side *s)
{
    for (int i = 0; i < from->count && s->columns.count < 6; i++) {
        sql_expr column = from->columns[i];
        if (i > 0 && sql_chance(m, 25)) {
            continue;
        }
        column.ours = sql_text(m, "%s.%s", s->name, column.ours);
        column.theirs = sql_text(m, "%s.%s", s->name, column.theirs);
        s->columns.columns[s->columns.count++] = column;
    }
}

static side make_side(sql_maker *m, int depth, bool few)
{
    side s = {.name = sql_text(m, "j%d", ++m->names)};
    const unsigned form = m->many_customers ? sql_below(m, 2) * 9 : sql_below(m, 10);
    sql_query inner;

    if (few || form < 3) {
        s.small = true;
        s.text[0] = s.text[1] = sql_text(m, "items AS %s", s.name);
        take_columns(m, &items, &s);
    } else if (form < 5) {
        s.has_customers = true;
        s.text[0] = s.text[1] = sql_text(m, "customers AS %s", s.name);
        take_columns(m, &customers, &s);
    } else if (form < 7 && depth > 0) {
        sql_make_query(m, depth - 1, false, &inner);
        s.text[0] = sql_text(m, "(%s) AS %s", inner.ours, s.name);
        s.text[1] = sql_text(m, "(%s) AS %s", inner.theirs, s.name);
        take_columns(m, &inner.result, &s);
    } else {
        s.has_customers = true;
        s.text[0] = s.text[1] = sql_text(m, "events AS %s", s.name);
        take_columns(m, sql_events(), &s);
    }
    return s;
}

static sql_relation both(const sql_relation *a, const sql_relation *b)
{
    sql_relation all = *a;

    for (int i = 0; i < b->count && all.count < SQL_COLUMNS - 2; i++) {
        all.columns[all.count++] = b->columns[i];
    }
    return all;
}

/* An equality between the sides, where they have columns of one kind; else NULL. */
static bool make_equality(sql_maker *m, const sql_relation *a, const sql_relation *b, sql_expr *out)
{
    const unsigned start = sql_below(m, 64);

    for (unsigned n = 0; n < (unsigned)(a->count * b->count); n++) {
        const unsigned i = (start + n) % (unsigned)(a->count * b->count);
        sql_expr x = a->columns[i / (unsigned)b->count];
        sql_expr y = b->columns[i % (unsigned)b->count];
        if (x.kind != y.kind || x.inexact || y.inexact || x.scale != y.scale) {
            continue;
        }
        *out = (sql_expr){.ours = sql_text(m, "%s = %s", x.ours, y.ours),
                          .theirs = sql_text(m, "%s = %s", x.theirs, y.theirs),
                          .kind = SQL_BOOLEAN};
        return true;
    }
    return false;
}

static sql_expr make_on(sql_maker *m, const sql_relation *left, const side *right, bool *equal)
{
    const sql_relation all = both(left, &right->columns);
    sql_expr on, more;

    *equal = make_equality(m, left, &right->columns, &on);
    if (*equal && sql_chance(m, 60)) {
        return on;
    }
    more = sql_make_expr(m, &all, SQL_BOOLEAN, 1);
    if (!*equal || (right->small && sql_chance(m, 30))) {
        return more;
    }
    on.ours = sql_text(m, "%s AND %s", on.ours, more.ours);
    on.theirs = sql_text(m, "%s AND %s", on.theirs, more.theirs);
    return on;
}

static void join_half(sql_maker *m, const side *left, const side *right, const sql_expr *on,
                      sql_join *out)
{
    const bool semi = sql_chance(m, 50);

    out->ours = sql_text(m, "%s %s JOIN %s ON %s", out->ours, semi ? "SEMI" : "ANTI",
                         right->text[0], on->ours);
    out->theirs =
        sql_text(m, "(SELECT * FROM %s WHERE %s EXISTS (SELECT 1 FROM %s WHERE %s)) AS %s",
                 out->theirs, semi ? "" : "NOT", right->text[1], on->theirs, left->name);
}

void sql_make_join(sql_maker *m, int depth, sql_join *out)
{
    static const char *const kinds[] = {"JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"};
    side left = make_side(m, depth, false);
    const unsigned more = 1 + sql_below(m, 2);
    bool equal;

    *out = (sql_join){.ours = left.text[0], .theirs = left.text[1], .result = left.columns};
    for (unsigned i = 0; i < more; i++) {
        const side right = make_side(m, depth, i > 0 || !m->few_rows);
        const char *kind = kinds[sql_below(m, i == 0 ? 4 : 2)];
        const sql_expr on = make_on(m, &out->result, &right, &equal);
        if (!equal && !right.small && !m->few_rows) {
            break;
        }
        if (i == 0 && sql_chance(m, 15)) {
            join_half(m, &left, &right, &on, out);
            continue;
        }
        if (i == 0 && left.has_customers && right.has_customers && sql_chance(m, 40)) {
            out->ours = sql_text(m, "%s %s %s USING (customer)", out->ours, kind, right.text[0]);
            out->theirs =
                sql_text(m, "%s %s %s USING (customer)", out->theirs, kind, right.text[1]);
        } else if (right.small && sql_chance(m, 10)) {
            const char *cross = i + 1 < more || sql_chance(m, 50) ? "CROSS JOIN" : ",";
            out->ours = sql_text(m, "%s %s %s", out->ours, cross, right.text[0]);
            out->theirs = sql_text(m, "%s CROSS JOIN %s", out->theirs, right.text[1]);
        } else {
            out->ours = sql_text(m, "%s %s %s ON %s", out->ours, kind, right.text[0], on.ours);
            out->theirs =
                sql_text(m, "%s %s %s ON %s", out->theirs, kind, right.text[1], on.theirs);
        }
        out->result = both(&out->result, &right.columns);
    }
}
