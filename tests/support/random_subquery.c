/*
 * random_subquery.c - random queries where an expression stands; see random_sql.h.
 *
 * What they read has names of its own (z1_0, z1_1 ...), so that all others are those of the query
 * around, in both dialects.
 */
#include "tests/support/random_sql.h"

#include <string.h>

/* What follows SELECT and its item, in both dialects. */
typedef struct rest {
    const char *ours, *theirs;
    bool keyed;
} rest;

/* The columns of the query that is read. */
static sql_relation inner_columns(sql_maker *m)
{
    sql_relation columns = *sql_events();

    m->names++;
    for (int i = 0; i < columns.count; i++) {
        columns.columns[i].ours = columns.columns[i].theirs = sql_text(m, "z%d_%d", m->names, i);
    }
    return columns;
}

static const char *source(sql_maker *m, const sql_relation *inner)
{
    const sql_relation *events = sql_events();
    const char *list = "";

    for (int i = 0; i < events->count; i++) {
        list = sql_text(m, "%s%s%s AS %s", list, i > 0 ? ", " : "", events->columns[i].ours,
                        inner->columns[i].ours);
    }
    return sql_text(m, " FROM (SELECT %s FROM events) AS z", list);
}

/* A column of the query around: no aggregate, which may not stand in WHERE; nor "customer", which
 * means that of the inner one. */
static bool outer_column(sql_maker *m, const sql_relation *from, sql_expr *out)
{
    const sql_expr *column = &from->columns[sql_below(m, (unsigned)from->count)];

    *out = *column;
    return !column->inexact && !column->constant && !strchr(column->ours, '(') &&
           !strchr(column->theirs, '(') && strcmp(column->ours, "customer") != 0;
}

/* An equality of one of the columns with one outside. */
static bool make_key(sql_maker *m, const sql_relation *from, const sql_relation *inner,
                     const char **ours, const char **theirs)
{
    sql_expr pair[2];

    if (!outer_column(m, from, &pair[1])) {
        return false;
    }
    for (int i = 0; i < inner->count; i++) {
        pair[0] = inner->columns[i];
        if (pair[0].kind == pair[1].kind && sql_align(m, &pair[0], &pair[1])) {
            const int left = sql_chance(m, 50);
            *ours = sql_text(m, "%s = %s", pair[left].ours, pair[1 - left].ours);
            *theirs = sql_text(m, "%s = %s", pair[left].theirs, pair[1 - left].theirs);
            return true;
        }
    }
    return false;
}

static rest make_rest(sql_maker *m, const sql_relation *from, const sql_relation *inner)
{
    const char *from_text = source(m, inner);
    rest r = {from_text, from_text, false};
    const char *word = " WHERE ", *ours, *theirs;

    for (int i = 0; i < 2; i++) {
        if (sql_chance(m, i == 0 ? 70 : 15) && make_key(m, from, inner, &ours, &theirs)) {
            r.ours = sql_text(m, "%s%s%s", r.ours, word, ours);
            r.theirs = sql_text(m, "%s%s%s", r.theirs, word, theirs);
            r.keyed = true;
            word = " AND ";
        }
    }
    if (sql_chance(m, 60)) {
        const sql_expr condition = sql_make_expr(m, inner, SQL_BOOLEAN, (int)sql_below(m, 2));
        r.ours = sql_text(m, "%s%s(%s)", r.ours, word, condition.ours);
        r.theirs = sql_text(m, "%s%s(%s)", r.theirs, word, condition.theirs);
    }
    return r;
}

static void append(sql_maker *m, rest *r, const char *text)
{
    r->ours = sql_text(m, "%s%s", r->ours, text);
    r->theirs = sql_text(m, "%s%s", r->theirs, text);
}

static void maybe_having(sql_maker *m, rest *r)
{
    static const char *const operators[] = {"<>", ">", "<"};

    if (sql_chance(m, 30)) {
        append(m, r,
               sql_text(m, " HAVING count(*) %s %u", operators[sql_below(m, 3)], sql_below(m, 4)));
    }
}

/* `before` is EXISTS and the like; in parentheses, since NOT binds loosely. */
static sql_expr finish(sql_maker *m, sql_expr item, const char *before, const rest *r)
{
    item.ours = sql_text(m, "(%s(SELECT %s%s))", before, item.ours, r->ours);
    item.theirs = sql_text(m, "(%s(SELECT %s%s))", before, item.theirs, r->theirs);
    item.constant = false;
    return item;
}

static bool column_of(sql_maker *m, const sql_relation *columns, sql_kind kind, sql_expr *out)
{
    int found = 0;

    for (int i = 0; i < columns->count; i++) {
        if (columns->columns[i].kind == kind && sql_below(m, (unsigned)++found) == 0) {
            *out = columns->columns[i];
        }
    }
    return found > 0;
}

bool sql_make_scalar(sql_maker *m, const sql_relation *from, sql_kind kind, sql_expr *out)
{
    const sql_relation inner = inner_columns(m);
    rest r = make_rest(m, from, &inner);
    sql_expr item = {.kind = kind};

    if (kind == SQL_CUSTOMER || !column_of(m, &inner, kind, &item)) {
        return false;
    }
    if (kind == SQL_BIGINT && sql_chance(m, 50)) {
        item.ours = item.theirs = sql_chance(m, 50) ? "count(*)" : "count(*) + 7";
        item.most = 1e4 + 7;
        maybe_having(m, &r);
    } else if (sql_chance(m, 50)) {
        const char *name = sql_chance(m, 50) ? "min" : "max";
        const char *logic = strcmp(name, "min") == 0 ? "bool_and" : "bool_or";
        item.theirs = sql_text(m, "%s(%s)", name, item.theirs);
        item.ours = sql_text(m, "%s(%s)", kind == SQL_BOOLEAN ? logic : name, item.ours);
        maybe_having(m, &r);
    } else {
        append(m, &r,
               sql_text(m, " ORDER BY %s%s NULLS LAST LIMIT 1", item.ours,
                        sql_chance(m, 50) ? " DESC" : ""));
    }
    *out = finish(m, item, "", &r);
    return true;
}

static sql_expr make_exists(sql_maker *m, const sql_relation *from, const sql_relation *inner)
{
    rest r = make_rest(m, from, inner);
    sql_expr item = {.kind = SQL_BOOLEAN, .ours = "1", .theirs = "1"};

    switch (sql_below(m, 4)) {
    case 0:
        append(m, &r, sql_text(m, " GROUP BY %s", inner->columns[2].ours));
        maybe_having(m, &r);
        break;
    case 1:
        item.ours = item.theirs = "count(*)";
        maybe_having(m, &r);
        break;
    default:
        item.ours = item.theirs = sql_chance(m, 50) ? "*" : "1";
        break;
    }
    return finish(m, item, sql_chance(m, 40) ? "NOT EXISTS " : "EXISTS ", &r);
}

/* What is searched among the values of a column: of its kind. */
static bool make_sides(sql_maker *m, const sql_relation *from, const sql_relation *inner,
                       sql_expr *pair)
{
    pair[1] = inner->columns[sql_below(m, (unsigned)inner->count)];
    pair[0] = sql_make_expr(m, from, pair[1].kind, (int)sql_below(m, 2));
    return pair[1].kind != SQL_CUSTOMER && pair[0].kind == pair[1].kind && !pair[0].inexact &&
           sql_align(m, &pair[0], &pair[1]);
}

static sql_expr make_in(sql_maker *m, const sql_relation *from, const sql_relation *inner,
                        const sql_expr *pair)
{
    rest r = make_rest(m, from, inner);
    const char *no = sql_chance(m, 50) ? "NOT " : "";
    sql_expr e = {.kind = SQL_BOOLEAN};

    if (sql_chance(m, 20)) {
        append(m, &r, sql_text(m, " GROUP BY %s", pair[1].ours));
        maybe_having(m, &r);
    } else if (sql_chance(m, 15) && pair[1].kind != SQL_BOOLEAN) {
        e.ours =
            sql_text(m, "(%s %sIN (SELECT max(%s)%s))", pair[0].ours, no, pair[1].ours, r.ours);
        e.theirs = sql_text(m, "(%s %sIN (SELECT max(%s)%s))", pair[0].theirs, no, pair[1].theirs,
                            r.theirs);
        return e;
    }
    e.ours = sql_text(m, "(%s %sIN (SELECT %s%s%s))", pair[0].ours, no,
                      sql_chance(m, 15) ? "DISTINCT " : "", pair[1].ours, r.ours);
    e.theirs = sql_text(m, "(%s %sIN (SELECT %s%s))", pair[0].theirs, no, pair[1].theirs, r.theirs);
    return e;
}

/* sqlite3 has neither ANY nor ALL: 0, 1 and 2 are false, unknown and true of each row. */
static sql_expr make_quantified(sql_maker *m, const sql_relation *from, const sql_relation *inner,
                                const sql_expr *pair)
{
    static const char *const operators[] = {"=", "<>", "<", "<=", ">", ">="};
    const rest r = make_rest(m, from, inner);
    const char *op = operators[sql_below(m, MU_COUNT(operators))];
    const bool all = sql_chance(m, 50);
    sql_expr e = {.kind = SQL_BOOLEAN};

    e.ours = sql_text(m, "(%s %s %s (SELECT %s%s))", pair[0].ours, op,
                      all                 ? "ALL"
                      : sql_chance(m, 50) ? "ANY"
                                          : "SOME",
                      pair[1].ours, r.ours);
    const char *compared = sql_text(m, "(%s %s %s)", pair[0].theirs, op, pair[1].theirs);
    e.theirs = sql_text(m,
                        "(CASE coalesce((SELECT %s(CASE WHEN %s THEN 2 WHEN %s IS NULL THEN 1 ELSE "
                        "0 END)%s), %d) WHEN 2 THEN TRUE WHEN 0 THEN FALSE END)",
                        all ? "min" : "max", compared, compared, r.theirs, all ? 2 : 0);
    return e;
}

/* sqlite3 takes no aggregate of the query around within another. */
static bool has_aggregate(const char *text)
{
    static const char *const names[] = {"count(", "sum(", "min(", "max(", "avg("};

    for (size_t i = 0; i < MU_COUNT(names); i++) {
        if (strstr(text, names[i])) {
            return true;
        }
    }
    return false;
}

sql_expr sql_make_predicate(sql_maker *m, const sql_relation *from)
{
    const sql_relation inner = inner_columns(m);
    sql_expr pair[2];

    if (sql_chance(m, 40) || !make_sides(m, from, &inner, pair)) {
        return make_exists(m, from, &inner);
    }
    return sql_chance(m, 60) || has_aggregate(pair[0].theirs)
               ? make_in(m, from, &inner, pair)
               : make_quantified(m, from, &inner, pair);
}
