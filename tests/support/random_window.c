/*
 * random_window.c - random calls over windows in two dialects; see random_sql.h.
 */
#include "tests/support/random_sql.h"

#define ROWS_MOST 1e4 /* of a partition: what a sum may grow by */
#define MOST_SUM 1e17

/* A window while it is written; pairs are ours and theirs. */
typedef struct window {
    sql_maker *maker;
    const sql_relation *from;
    const char *text[2];
    int orders;
    bool total;             /* all columns are in the order */
    const sql_expr *number; /* the one key of the order, a number; or NULL */
} window;

static void append(window *w, const char *ours, const char *theirs)
{
    w->text[0] = sql_text(w->maker, "%s%s", w->text[0], ours);
    w->text[1] = sql_text(w->maker, "%s%s", w->text[1], theirs);
}

static const sql_expr *any_column(window *w)
{
    return &w->from->columns[sql_below(w->maker, (unsigned)w->from->count)];
}

static bool is_number(const sql_expr *e)
{
    return e->kind == SQL_BIGINT || e->kind == SQL_DECIMAL || e->kind == SQL_DOUBLE;
}

static void append_order(window *w, const sql_expr *key)
{
    static const char *const directions[] = {" NULLS LAST", " DESC NULLS FIRST", " NULLS FIRST",
                                             " DESC NULLS LAST"};
    const unsigned direction = sql_below(w->maker, MU_COUNT(directions));
    const char *unsaid[] = {"", " DESC"};

    append(w, w->orders == 0 ? " ORDER BY " : ", ", w->orders == 0 ? " ORDER BY " : ", ");
    append(w, key->ours, key->theirs);
    append(w, direction < 2 && sql_chance(w->maker, 50) ? unsaid[direction] : directions[direction],
           directions[direction]);
    w->orders++;
}

static void make_order(window *w, bool total)
{
    const unsigned count = sql_below(w->maker, 3);

    for (unsigned i = 0; i < count; i++) {
        const sql_expr *key = any_column(w);
        append_order(w, key);
        w->number = is_number(key) ? key : NULL;
    }
    for (int c = 0; total && c < w->from->count; c++) {
        append_order(w, &w->from->columns[c]);
    }
    w->total = total;
    w->number = w->orders == 1 ? w->number : NULL;
}

/* A bound, and how late it is; 2 is the current row. */
static unsigned make_bound(window *w, bool range, unsigned least, const char **ours,
                           const char **theirs)
{
    static const char *const edges[] = {"UNBOUNDED PRECEDING", "PRECEDING", "CURRENT ROW",
                                        "FOLLOWING", "UNBOUNDED FOLLOWING"};
    const unsigned edge = least + sql_below(w->maker, (least > 0 ? 5 : 4) - least);
    const unsigned distance =
        sql_chance(w->maker, 70) ? sql_below(w->maker, 5) : sql_below(w->maker, 400);

    *ours = *theirs = edges[edge];
    if ((edge == 1 || edge == 3) && range && w->number->kind == SQL_DECIMAL) {
        unsigned unit = 1;
        for (int i = 0; i < w->number->scale; i++) {
            unit *= 10;
        }
        *ours = sql_text(w->maker, "%u %s", distance, edges[edge]);
        *theirs = sql_text(w->maker, "%u %s", distance * unit, edges[edge]);
    } else if (edge == 1 || edge == 3) {
        *ours = *theirs = sql_text(w->maker, "%u %s", distance, edges[edge]);
    }
    return edge;
}

static void make_frame(window *w)
{
    static const char *const exclusions[] = {"", " EXCLUDE NO OTHERS", " EXCLUDE CURRENT ROW",
                                             " EXCLUDE GROUP", " EXCLUDE TIES"};
    const char *from[2], *to[2];
    const unsigned unit = sql_below(w->maker, 3);
    const char *name = unit == 0 && w->total        ? " ROWS"
                       : unit == 1 && w->orders > 0 ? " GROUPS"
                       : w->number                  ? " RANGE"
                                                    : NULL;

    if (!name || sql_chance(w->maker, 15)) {
        return;
    }
    const bool range = name[1] == 'R' && name[2] == 'A';
    const unsigned edge = make_bound(w, range, 0, &from[0], &from[1]);
    (void)make_bound(w, range, edge > 1 ? edge : 1, &to[0], &to[1]);
    for (int i = 0; i < 2; i++) {
        w->text[i] = sql_text(w->maker, "%s%s BETWEEN %s AND %s", w->text[i], name, from[i], to[i]);
    }
    const char *exclusion =
        sql_chance(w->maker, 70) ? "" : exclusions[sql_below(w->maker, MU_COUNT(exclusions))];
    append(w, exclusion, exclusion);
}

/* rank() and the like, which look at the order alone. */
static sql_expr make_rank(sql_maker *m, bool inexact, bool *total)
{
    static const char *const names[] = {"row_number()", "ntile(%u)",      "rank()",
                                        "dense_rank()", "percent_rank()", "cume_dist()"};
    const unsigned i = sql_below(m, inexact ? 6 : 4);
    sql_expr e = {.kind = i > 3 ? SQL_DOUBLE : SQL_BIGINT, .most = ROWS_MOST, .inexact = i > 3};

    *total = i < 2;
    e.ours = e.theirs = i == 1 ? sql_text(m, "ntile(%u)", 1 + sql_below(m, 6)) : names[i];
    return e;
}

static sql_expr make_pick(sql_maker *m, const sql_relation *from)
{
    static const char *const names[] = {"lag", "lead", "first_value", "last_value", "nth_value"};
    const unsigned i = sql_below(m, MU_COUNT(names));
    const sql_expr of = sql_make_expr(
        m, from, from->columns[sql_below(m, (unsigned)from->count)].kind, (int)sql_below(m, 2));
    const char *more = i == 4 || (i < 2 && sql_chance(m, 50))
                           ? sql_text(m, ", %u", (i == 4) + sql_below(m, 4))
                           : "";
    sql_expr e = of;

    e.ours = sql_text(m, "%s(%s%s)", names[i], of.ours, more);
    e.theirs = sql_text(m, "%s(%s%s)", names[i], of.theirs, more);
    e.constant = false;
    return e;
}

static sql_expr make_aggregate(sql_maker *m, const sql_relation *from)
{
    static const sql_kind kinds[] = {SQL_BIGINT, SQL_DECIMAL, SQL_DOUBLE, SQL_TEXT, SQL_TIMESTAMP};
    static const char *const names[] = {"count", "sum", "min", "max"};
    const sql_expr of =
        sql_make_expr(m, from, kinds[sql_below(m, MU_COUNT(kinds))], (int)sql_below(m, 2));
    unsigned i = sql_below(m, 4);
    sql_expr e = of;

    if (i == 1 && (!is_number(&of) || of.most * ROWS_MOST > MOST_SUM ||
                   (of.kind == SQL_DOUBLE && of.most > 1e6))) {
        i = 3;
    }
    const char *filter[2] = {"", ""};
    if (i < 2 && sql_chance(m, 25)) { /* sqlite3 ignores FILTER of min and max in moving frames */
        const sql_expr condition = sql_make_expr(m, from, SQL_BOOLEAN, 1);
        filter[0] = sql_text(m, " FILTER (WHERE %s)", condition.ours);
        filter[1] = sql_text(m, " FILTER (WHERE %s)", condition.theirs);
    }
    e.ours = sql_text(m, "%s(%s)%s", names[i], of.ours, filter[0]);
    e.theirs = sql_text(m, "%s(%s)%s", names[i], of.theirs, filter[1]);
    e.constant = false;
    e.most = i == 0 ? ROWS_MOST : i == 1 ? of.most * ROWS_MOST : of.most;
    e.kind = i == 0 ? SQL_BIGINT : e.kind;
    e.scale = i == 0 ? 0 : e.scale;
    return e;
}

sql_expr sql_make_window(sql_maker *m, const sql_relation *from, bool inexact)
{
    window w = {.maker = m, .from = from, .text = {"", ""}};
    const unsigned form = sql_below(m, 4);
    bool total = form == 1 || sql_chance(m, 30);
    sql_expr e = form == 0   ? make_rank(m, inexact, &total)
                 : form == 1 ? make_pick(m, from)
                             : make_aggregate(m, from);

    for (unsigned i = 0; i < 2 && sql_chance(m, 40); i++) {
        const sql_expr *key = any_column(&w);
        append(&w, i == 0 ? "PARTITION BY " : ", ", i == 0 ? "PARTITION BY " : ", ");
        append(&w, key->ours, key->theirs);
    }
    make_order(&w, total);
    if (form > 0) {
        make_frame(&w);
    }
    e.ours = sql_text(m, "%s OVER (%s)", e.ours, w.text[0]);
    e.theirs = sql_text(m, "%s OVER (%s)", e.theirs, w.text[1]);
    return e;
}
