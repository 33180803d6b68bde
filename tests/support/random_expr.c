/*
 * random_expr.c - random expressions in two dialects; see random_sql.h.
 *
 * An expression is composed of smaller ones by a pattern for each dialect, in which $0, $1 ... are
 * the texts of its operands.
 */
#include "tests/support/random_sql.h"

#include <math.h>

/* Of numbers without their point: what may be computed with, and what may come out at all. */
#define MOST_OPERAND 1e13
#define MOST_NUMBER 1e17

enum {
    DIGITS_MOST = 4, /* behind the point of a DECIMAL */
    BITS_MOST = 10   /* behind that of a DOUBLE */
};

const sql_relation *sql_events(void)
{
    static const sql_relation events = {{{"customer", "customer", SQL_CUSTOMER, 0, 0, false, false},
                                         {"ts", "ts", SQL_TIMESTAMP, 0, 0, false, false},
                                         {"event", "event", SQL_TEXT, 0, 0, false, false},
                                         {"channel", "channel", SQL_TEXT, 0, 0, false, false},
                                         {"amount", "amount", SQL_DECIMAL, 2, 1e8, false, false},
                                         {"quantity", "quantity", SQL_BIGINT, 0, 2e9, false, false},
                                         {"ratio", "ratio", SQL_DOUBLE, 3, 1000, false, false},
                                         {"flag", "flag", SQL_BOOLEAN, 0, 0, false, false},
                                         {"day", "day", SQL_DATE, 0, 0, false, false}},
                                        9};

    return &events;
}

void sql_start(sql_maker *m)
{
    m->used = 0;
    m->names = 0;
}

unsigned sql_below(sql_maker *m, unsigned bound)
{
    return (unsigned)test_random_below(m->random, bound);
}

bool sql_chance(sql_maker *m, unsigned percent)
{
    return sql_below(m, 100) < percent;
}

const char *sql_text(sql_maker *m, const char *format, ...)
{
    char *text = &m->room[m->used];
    va_list args;

    va_start(args, format);
    const int size = vsnprintf(text, sizeof m->room - m->used, format, args);
    va_end(args);
    assert_true(size >= 0 && m->used + (size_t)size + 1 < sizeof m->room);
    m->used += (size_t)size + 1;
    return text;
}

/* Composing. */

static const char *fill(sql_maker *m, const char *pattern, const sql_expr *args, bool ours)
{
    const char *start = &m->room[m->used];

    for (const char *c = pattern; *c; c++) {
        if (*c != '$') {
            m->room[m->used++] = *c;
        } else {
            const sql_expr *arg = &args[*++c - '0'];
            (void)sql_text(m, "%s", ours ? arg->ours : arg->theirs);
            m->used--; /* the next piece goes over the NUL */
        }
        assert_true(m->used + 1 < sizeof m->room);
    }
    m->room[m->used++] = '\0';
    return start;
}

/* A NULL pattern is the same as ours. The operands are `count`; the result is like the first. */
static sql_expr compose(sql_maker *m, const char *ours, const char *theirs, const sql_expr *args,
                        int count)
{
    sql_expr e = args[0];

    for (int i = 1; i < count; i++) {
        e.constant &= args[i].constant;
        e.inexact |= args[i].inexact;
        e.most = args[i].most > e.most ? args[i].most : e.most;
        e.scale = args[i].scale > e.scale ? args[i].scale : e.scale;
    }
    e.ours = fill(m, ours, args, true);
    e.theirs = fill(m, theirs ? theirs : ours, args, false);
    return e;
}

static sql_expr compose_as(sql_maker *m, sql_kind kind, const char *ours, const char *theirs,
                           const sql_expr *args, int count)
{
    sql_expr e = compose(m, ours, theirs, args, count);

    e.kind = kind;
    e.scale = 0;
    e.most = 0;
    return e;
}

/* Constants. */

static const char *const texts[] = {"view", "pay", "cart", "VIEW",    "",     "web",
                                    "app",  "a_b", "50%",  "store 1", "支付", "zz"};
static const char *const days[] = {"2023-12-31", "2024-01-15", "2024-02-01", "2024-02-29",
                                   "2024-03-05"};
static const char *const moments[] = {"2023-12-31 18:00:00", "2024-01-01 00:00:00",
                                      "2024-02-01 00:00:00", "2024-02-10 06:00:00",
                                      "2024-02-29 12:00:00", "2030-01-01 00:00:00"};

static sql_expr number_constant(sql_maker *m, sql_kind kind)
{
    static const int64_t odd[] = {0, 1, -1, 7, 1000, -2000000000, 2000000000};
    sql_expr e = {.kind = kind, .constant = true};
    const int sign = sql_chance(m, 20) ? -1 : 1;

    if (kind == SQL_BIGINT) {
        const int64_t value =
            sql_chance(m, 30) ? odd[sql_below(m, 7)] : (int64_t)sign * sql_below(m, 30);
        e.most = fabs((double)value);
        e.ours = e.theirs = sql_text(m, value < 0 ? "(%lld)" : "%lld", (long long)value);
    } else if (kind == SQL_DECIMAL) {
        static const int powers[] = {1, 10, 100, 1000};
        e.scale = 1 + (int)sql_below(m, 3);
        const int value = (int)sql_below(m, 40) * 25 * powers[e.scale] / 100;
        e.most = value;
        e.ours = sql_text(m, "%s%d.%0*d%s", sign < 0 ? "(-" : "", value / powers[e.scale], e.scale,
                          value % powers[e.scale], sign < 0 ? ")" : "");
        e.theirs = sql_text(m, "(%d)", sign * value);
    } else {
        const double value = sign * (double)sql_below(m, 80) / 8;
        e.scale = 3;
        e.most = 10;
        e.ours = e.theirs = sql_text(m, "(%.3fe0)", value);
    }
    return e;
}

static sql_expr make_constant(sql_maker *m, sql_kind kind)
{
    sql_expr e = {.kind = kind, .constant = true};

    switch (kind) {
    case SQL_BIGINT:
    case SQL_DECIMAL:
    case SQL_DOUBLE:
        return number_constant(m, kind);
    case SQL_BOOLEAN:
        e.ours = e.theirs = sql_chance(m, 50) ? "TRUE" : "FALSE";
        return e;
    case SQL_TEXT:
        e.theirs = texts[sql_below(m, MU_COUNT(texts))];
        break;
    case SQL_CUSTOMER: /* an id is no customer until it stands beside one */
        e.kind = m->id_kind;
        if (e.kind == SQL_BIGINT) {
            e.most = 12;
            e.ours = e.theirs = sql_text(m, "%u", sql_below(m, 12));
            return e;
        }
        e.theirs = sql_text(m, sql_chance(m, 20) ? "nobody%u" : "c%u", sql_below(m, 12));
        break;
    case SQL_DATE:
        e.theirs = days[sql_below(m, MU_COUNT(days))];
        break;
    case SQL_TIMESTAMP:
        e.theirs = moments[sql_below(m, MU_COUNT(moments))];
        break;
    case SQL_KINDS:
        fail();
    }
    assert_non_null(e.theirs);
    e.theirs = sql_text(m, "'%s'", e.theirs ? e.theirs : "");
    e.ours = kind == SQL_DATE        ? sql_text(m, "DATE %s", e.theirs)
             : kind == SQL_TIMESTAMP ? sql_text(m, "TIMESTAMP %s", e.theirs)
                                     : e.theirs;
    return e;
}

static bool find_column(sql_maker *m, const sql_relation *from, sql_kind kind, sql_expr *out)
{
    int found = 0;

    for (int i = 0; i < from->count; i++) {
        if (from->columns[i].kind == kind && !from->columns[i].inexact &&
            sql_below(m, (unsigned)++found) == 0) {
            *out = from->columns[i];
        }
    }
    return found > 0;
}

static sql_expr make_leaf(sql_maker *m, const sql_relation *from, sql_kind kind)
{
    sql_expr e;

    if ((kind != SQL_CUSTOMER && sql_chance(m, 20)) || !find_column(m, from, kind, &e)) {
        e = make_constant(m, kind);
    }
    return e;
}

/* Numbers. */

static bool is_number(sql_kind kind)
{
    return kind == SQL_BIGINT || kind == SQL_DECIMAL || kind == SQL_DOUBLE;
}

static bool scale_up(sql_maker *m, sql_expr *e, int scale)
{
    static const int powers[] = {1, 10, 100, 1000, 10000};
    const int power = powers[scale - e->scale];

    if (e->most * power > MOST_NUMBER) {
        return false;
    }
    if (power > 1) {
        e->theirs = sql_text(m, "(%s * %d)", e->theirs, power);
    }
    e->most *= power;
    e->scale = scale;
    return true;
}

bool sql_align(sql_maker *m, sql_expr *a, sql_expr *b)
{
    if (a->kind == SQL_DOUBLE || b->kind == SQL_DOUBLE) {
        sql_expr *both[] = {a, b};
        for (int i = 0; i < 2; i++) {
            if (both[i]->kind == SQL_DECIMAL) {
                both[i]->theirs =
                    sql_text(m, "(%s / %.1f)", both[i]->theirs, pow(10, both[i]->scale));
            }
        }
        return true;
    }
    if (a->kind == SQL_BIGINT && b->kind == SQL_BIGINT) {
        return true;
    }
    const int scale = a->scale > b->scale ? a->scale : b->scale;
    return scale_up(m, a, scale) && scale_up(m, b, scale);
}

/* Of the kind `a` has: a op b, if it fits; else a. */
static sql_expr calculate(sql_maker *m, sql_expr a, const char *op, sql_expr b)
{
    const sql_kind kind = a.kind;
    const bool product = *op == '*';
    const char *pattern = sql_text(m, "($0 %s $1)", op);
    sql_expr pair[2] = {a, b};

    if ((!product && !sql_align(m, &pair[0], &pair[1])) ||
        (kind == SQL_DOUBLE && a.scale + b.scale > BITS_MOST) ||
        (product && kind == SQL_DECIMAL && a.scale + b.scale > DIGITS_MOST)) {
        return a;
    }
    const double most = product ? pair[0].most * pair[1].most : pair[0].most + pair[1].most;
    if (most > MOST_OPERAND || (kind == SQL_DOUBLE && most > 1e6)) {
        return a;
    }
    sql_expr e = compose(m, pattern, NULL, pair, 2);
    e.kind = kind;
    e.most = most;
    e.scale = product ? a.scale + b.scale : e.scale;
    return e;
}

static sql_expr remainder_of(sql_maker *m, const sql_expr *pair)
{
    const bool quotient = sql_chance(m, 50);
    sql_expr e =
        compose(m, quotient ? "($0 / nullif($1, 0))" : "($0 % nullif($1, 0))", NULL, pair, 2);

    e.most = quotient ? pair[0].most : e.most;
    return e;
}

static sql_expr make_time_part(sql_maker *m, const sql_relation *from, int depth)
{
    static const char *const parts[][2] = {
        {"year($0)", "CAST(substr($0, 1, 4) AS INTEGER)"},
        {"month($0)", "CAST(substr($0, 6, 2) AS INTEGER)"},
        {"day($0)", "CAST(substr($0, 9, 2) AS INTEGER)"},
        {"EXTRACT(hour FROM $0)", "CAST(substr($0, 12, 2) AS INTEGER)"},
        {"isodow($0)", "CAST((strftime('%w', $0) + 6) % 7 + 1 AS INTEGER)"},
        {"dayofyear($0)", "CAST(strftime('%j', $0) AS INTEGER)"},
    };
    const unsigned part = sql_below(m, MU_COUNT(parts));
    const bool date = part != 3 && sql_chance(m, 30);
    const sql_expr of = sql_make_expr(m, from, date ? SQL_DATE : SQL_TIMESTAMP, depth);
    sql_expr e = compose_as(m, SQL_BIGINT, parts[part][0], parts[part][1], &of, 1);

    e.most = 9999;
    return e;
}

/* Bits of two numbers; what comes out is below the next power of two. */
static sql_expr make_bits(sql_maker *m, const sql_expr *pair)
{
    static const char *const patterns[] = {"($0 & $1)", "($0 | $1)", "(~ $0)", "(($0 & 255) << 3)",
                                           "($0 >> 2)"};
    sql_expr e = compose(m, patterns[sql_below(m, MU_COUNT(patterns))], NULL, pair, 2);

    e.most = 2 * e.most + 2048;
    return e.most > MOST_OPERAND ? pair[0] : e;
}

static sql_expr make_place(sql_maker *m, const sql_relation *from, int depth)
{
    sql_expr pair[2] = {sql_make_expr(m, from, SQL_TEXT, depth), make_constant(m, SQL_TEXT)};
    sql_expr e = sql_chance(m, 50)
                     ? compose_as(m, SQL_BIGINT, "ascii(nullif($0, ''))", "unicode($0)", pair, 1)
                     : compose_as(m, SQL_BIGINT,
                                  sql_chance(m, 50) ? "instr($0, $1)" : "position($1 IN ($0))",
                                  "instr($0, $1)", pair, 2);

    e.most = 1e7;
    return e;
}

static sql_expr make_integer(sql_maker *m, const sql_relation *from, int depth)
{
    sql_expr pair[2], e;

    switch (sql_below(m, 6)) {
    case 0:
        pair[0] = sql_make_expr(m, from, SQL_TEXT, depth);
        e = compose_as(m, SQL_BIGINT, "length($0)", NULL, pair, 1);
        e.most = 1000;
        return e;
    case 1:
        pair[0] = sql_make_expr(m, from, SQL_DATE, depth);
        pair[1] = sql_make_expr(m, from, SQL_DATE, depth);
        e = compose_as(m, SQL_BIGINT, "($0 - $1)", "CAST(julianday($0) - julianday($1) AS INTEGER)",
                       pair, 2);
        e.most = 1e6;
        return e;
    case 2:
        return make_time_part(m, from, depth);
    case 3:
        return make_place(m, from, depth);
    case 4:
        pair[0] = sql_make_expr(m, from, SQL_BIGINT, depth);
        pair[1] = sql_make_expr(m, from, SQL_BIGINT, depth);
        return make_bits(m, pair);
    default:
        pair[0] = sql_make_expr(m, from, SQL_BIGINT, depth);
        pair[1] = sql_make_expr(m, from, SQL_BIGINT, depth);
        return remainder_of(m, pair);
    }
}

static sql_expr make_number(sql_maker *m, const sql_relation *from, sql_kind kind, int depth)
{
    static const char *const operators[] = {"+", "-", "*"};

    if (kind == SQL_BIGINT && sql_chance(m, 40)) {
        return make_integer(m, from, depth);
    }
    const sql_expr a = sql_make_expr(m, from, kind, depth);
    const sql_kind other = sql_chance(m, 30) ? SQL_BIGINT : kind;
    switch (sql_below(m, 6)) {
    case 0:
        return compose(m, "(- $0)", NULL, &a, 1);
    case 1:
        return compose(m, "abs($0)", NULL, &a, 1);
    default:
        return calculate(m, a, operators[sql_below(m, 3)], sql_make_expr(m, from, other, depth));
    }
}

/* Texts and times. */

static sql_expr make_text(sql_maker *m, const sql_relation *from, int depth)
{
    sql_expr pair[2] = {sql_make_expr(m, from, SQL_TEXT, depth)};
    const unsigned a = 1 + sql_below(m, 3), b = sql_below(m, 4);

    switch (sql_below(m, 10)) {
    case 8:
        return compose(m, sql_text(m, "substring($0 FROM %u FOR %u)", a, b),
                       sql_text(m, "substr($0, %u, %u)", a, b), pair, 1);
    case 9:
        return sql_chance(m, 50)
                   ? compose(m, "trim(BOTH 'va0' FROM $0)", "trim($0, 'va0')", pair, 1)
                   : compose(m, "rtrim($0, 'yb支')", NULL, pair, 1);
    case 0:
        return compose(m, "upper($0)", NULL, pair, 1);
    case 1:
        return compose(m, "lower($0)", NULL, pair, 1);
    case 2:
        return compose(m, sql_text(m, "substr($0, %u, %u)", a, b), NULL, pair, 1);
    case 3:
        return compose(m, sql_text(m, "left($0, %u)", b), sql_text(m, "substr($0, 1, %u)", b), pair,
                       1);
    case 4:
        pair[0] = sql_make_expr(m, from, SQL_BIGINT, depth);
        return compose_as(m, SQL_TEXT, "CAST($0 AS TEXT)", NULL, pair, 1);
    case 5:
        pair[0] = sql_make_expr(m, from, SQL_CUSTOMER, depth);
        return compose_as(m, SQL_TEXT, "CAST($0 AS TEXT)", NULL, pair, 1);
    case 6:
        return compose(m, "replace($0, 'a', '支-')", NULL, pair, 1);
    default:
        pair[1] = sql_make_expr(m, from, SQL_TEXT, depth);
        return compose(m, "($0 || $1)", NULL, pair, 2);
    }
}

static sql_expr make_date(sql_maker *m, const sql_relation *from, int depth)
{
    sql_expr pair[2];

    if (sql_chance(m, 50)) {
        pair[0] = sql_make_expr(m, from, SQL_TIMESTAMP, depth);
        return compose_as(m, SQL_DATE, "CAST($0 AS DATE)", "substr($0, 1, 10)", pair, 1);
    }
    pair[0] = sql_make_expr(m, from, SQL_DATE, depth);
    pair[1] = sql_make_expr(m, from, SQL_BIGINT, depth);
    if (pair[1].most > 1000) {
        pair[1] = compose(m, "($0 % 100)", NULL, &pair[1], 1);
    }
    return sql_chance(m, 50)
               ? compose_as(m, SQL_DATE, "($0 + $1)", "date($0, $1 || ' days')", pair, 2)
               : compose_as(m, SQL_DATE, "($0 - $1)", "date($0, (- $1) || ' days')", pair, 2);
}

static sql_expr make_timestamp(sql_maker *m, const sql_relation *from, int depth)
{
    static const char *const patterns[][2] = {
        {"date_trunc('month', $0)", "(substr($0, 1, 7) || '-01 00:00:00')"},
        {"date_trunc('day', $0)", "(substr($0, 1, 10) || ' 00:00:00')"},
        {"date_trunc('year', $0)", "(substr($0, 1, 4) || '-01-01 00:00:00')"},
        {"date_trunc('hour', $0)", "(substr($0, 1, 13) || ':00:00')"},
        {"date_trunc('week', $0)", "datetime($0, '-6 days', 'weekday 1', 'start of day')"},
        {"($0 + INTERVAL '36 hours')", "datetime($0, '+36 hours')"},
        {NULL, NULL},
    };
    const unsigned pattern = sql_below(m, MU_COUNT(patterns));
    sql_expr e;

    if (!patterns[pattern][0]) { /* a date as a time */
        e = sql_make_expr(m, from, SQL_DATE, depth);
        return compose_as(m, SQL_TIMESTAMP, "CAST($0 AS TIMESTAMP)", "($0 || ' 00:00:00')", &e, 1);
    }
    e = sql_make_expr(m, from, SQL_TIMESTAMP, depth);
    return compose(m, patterns[pattern][0], patterns[pattern][1], &e, 1);
}

/* What there is for any type. */

static sql_expr choose(sql_maker *m, const sql_relation *from, sql_kind kind, int depth)
{
    sql_expr args[4] = {sql_make_expr(m, from, kind, depth), sql_make_expr(m, from, kind, depth)};

    if (is_number(kind) && !sql_align(m, &args[0], &args[1])) {
        return args[0];
    }
    if (kind == SQL_CUSTOMER) {
        args[1] = args[0]; /* a customer or none: with constants it would be a text */
    }
    switch (sql_below(m, kind == SQL_CUSTOMER ? 2 : 6)) {
    case 0:
        args[1] = sql_make_expr(m, from, SQL_BOOLEAN, depth);
        return compose(m, "CASE WHEN $1 THEN $0 END", NULL, args, 1);
    case 1:
        args[2] = sql_make_expr(m, from, SQL_BOOLEAN, depth);
        return sql_chance(m, 50) ? compose(m, "CASE WHEN $2 THEN $0 ELSE $1 END", NULL, args, 2)
                                 : compose(m, "if($2, $0, $1)", "iif($2, $0, $1)", args, 2);
    case 2:
        return compose(m, "coalesce($0, $1)", NULL, args, 2);
    case 3:
        return compose(m, "nullif($0, $1)", NULL, args, 2);
    case 4:
        return compose(m, "greatest($0, $1)",
                       "CASE WHEN $0 >= $1 OR $1 IS NULL THEN $0 ELSE $1 END", args, 2);
    default:
        args[2] = sql_make_expr(m, from, SQL_TEXT, depth);
        args[3] = sql_make_expr(m, from, SQL_TEXT, depth);
        return compose(m, "CASE $2 WHEN $3 THEN $0 WHEN 'web' THEN $1 ELSE $0 END", NULL, args, 2);
    }
}

/* Conditions. */

static sql_kind any_kind(sql_maker *m, const sql_relation *from)
{
    return sql_chance(m, 85) ? from->columns[sql_below(m, (unsigned)from->count)].kind
                             : (sql_kind)sql_below(m, SQL_KINDS);
}

/* What a condition is about; that of a condition at the bottom is a column. */
static sql_expr operand(sql_maker *m, const sql_relation *from, sql_kind kind, int depth)
{
    return sql_make_expr(m, from, kind, kind == SQL_BOOLEAN ? depth - 1 : depth);
}

/* Two values that can be compared. */
static void make_pair(sql_maker *m, const sql_relation *from, int depth, sql_expr *pair)
{
    static const sql_kind numbers[] = {SQL_BIGINT, SQL_DECIMAL, SQL_DOUBLE};
    const sql_kind kind = any_kind(m, from);
    const sql_kind other = !is_number(kind) || sql_chance(m, 80) ? kind : numbers[sql_below(m, 3)];
    const bool constant = sql_chance(m, 60);

    pair[0] = operand(m, from, kind, depth);
    pair[1] = constant ? make_constant(m, other) : operand(m, from, other, depth);
    if (kind == SQL_DATE && sql_chance(m, 20)) {
        pair[0].theirs = sql_text(m, "(%s || ' 00:00:00')", pair[0].theirs);
        pair[1] = sql_make_expr(m, from, SQL_TIMESTAMP, depth);
    } else if (is_number(kind) && !sql_align(m, &pair[0], &pair[1])) {
        pair[1] = pair[0];
    }
    if (sql_chance(m, 20)) {
        const sql_expr first = pair[0];
        pair[0] = pair[1];
        pair[1] = first;
    }
}

static sql_expr make_comparison(sql_maker *m, const sql_relation *from, int depth)
{
    static const char *const operators[] = {"=", "<>", "<", "<=", ">", ">=", "=", ">="};
    sql_expr pair[2];

    make_pair(m, from, depth, pair);
    if (sql_chance(m, 20)) {
        return sql_chance(m, 50) ? compose_as(m, SQL_BOOLEAN, "($0 IS NOT DISTINCT FROM $1)",
                                              "($0 IS $1)", pair, 2)
                                 : compose_as(m, SQL_BOOLEAN, "($0 IS DISTINCT FROM $1)",
                                              "($0 IS NOT $1)", pair, 2);
    }
    return compose_as(m, SQL_BOOLEAN, sql_text(m, "($0 %s $1)", operators[sql_below(m, 8)]), NULL,
                      pair, 2);
}

/* A value and what it is looked for among: decimals all get as many digits. False if one of them
 * has no room for that. */
static bool make_row(sql_maker *m, const sql_relation *from, int depth, sql_expr *args, int count)
{
    const sql_kind kind = any_kind(m, from);
    bool fits = true;

    for (int i = 0; i < count; i++) {
        args[i] = i > 0 && sql_chance(m, 80) ? make_constant(m, kind)
                                             : operand(m, from, kind, i > 0 ? 0 : depth);
        fits = fits && (kind != SQL_DECIMAL || scale_up(m, &args[i], DIGITS_MOST));
    }
    return fits;
}

static sql_expr make_between(sql_maker *m, const sql_relation *from, int depth)
{
    sql_expr args[3];

    return make_row(m, from, depth, args, 3)
               ? compose_as(m, SQL_BOOLEAN,
                            sql_chance(m, 30) ? "($0 NOT BETWEEN $1 AND $2)"
                                              : "($0 BETWEEN $1 AND $2)",
                            NULL, args, 3)
               : compose_as(m, SQL_BOOLEAN, "($0 IS NOT NULL)", NULL, args, 1);
}

static sql_expr make_in_list(sql_maker *m, const sql_relation *from, int depth)
{
    sql_expr args[10];
    const int count = 2 + (int)sql_below(m, 9);

    if (!make_row(m, from, depth, args, count)) {
        return compose_as(m, SQL_BOOLEAN, "($0 IS NULL)", NULL, args, 1);
    }
    if (sql_chance(m, 15)) {
        args[count - 1].ours = args[count - 1].theirs = "NULL";
    }
    const char *list = "$1";
    for (int i = 2; i < count; i++) {
        list = sql_text(m, "%s, $%d", list, i);
    }
    return compose_as(m, SQL_BOOLEAN,
                      sql_text(m, "($0 %sIN (%s))", sql_chance(m, 30) ? "NOT " : "", list), NULL,
                      args, count);
}

static sql_expr make_like(sql_maker *m, const sql_relation *from, int depth)
{
    static const char *const patterns[] = {"%a%",   "v%",  "_ay", "%",   "",   "c_",  "%0%",
                                           "%e%e%", "a_b", "_",   "支%", "%1", "VIEW"};
    const sql_kind kind = sql_chance(m, 20) && m->id_kind == SQL_TEXT ? SQL_CUSTOMER : SQL_TEXT;
    const sql_expr of = sql_make_expr(m, from, kind, depth);
    const char *no = sql_chance(m, 30) ? "NOT " : "";
    const char *pattern = patterns[sql_below(m, MU_COUNT(patterns))];

    if (sql_chance(m, 15)) {
        return compose_as(m, SQL_BOOLEAN, sql_text(m, "($0 %sLIKE '%%a!_%%' ESCAPE '!')", no), NULL,
                          &of, 1);
    }
    if (sql_chance(m, 25)) {
        return compose_as(m, SQL_BOOLEAN, sql_text(m, "($0 %sILIKE '%s')", no, pattern),
                          sql_text(m, "(lower($0) %sLIKE lower('%s'))", no, pattern), &of, 1);
    }
    return compose_as(m, SQL_BOOLEAN, sql_text(m, "($0 %sLIKE '%s')", no, pattern), NULL, &of, 1);
}

/* did(), of the column `customer` and the condition in `args`: nobody has it otherwise, and if
 * never does not do, they have it at all. */
static sql_expr make_did(sql_maker *m, const sql_expr *args)
{
    static const char *const bounds[][2] = {
        {"at_least", ">="}, {"at_most", "<="}, {"exactly", "="}};
    const unsigned bound = sql_below(m, 3), times = sql_below(m, 4);
    const bool never_does = bound == 1 || times == 0;
    const char *those = "SELECT customer FROM events WHERE $1 AND customer IS NOT NULL";

    return compose_as(
        m, SQL_BOOLEAN, sql_text(m, "did($1, %s => %u, table => events)", bounds[bound][0], times),
        sql_text(
            m,
            "CASE WHEN $0 IS NOT NULL THEN $0 NOT IN (%s GROUP BY customer HAVING NOT count(*) "
            "%s %u)%s%s%s END",
            those, bounds[bound][1], times, never_does ? "" : " AND $0 IN (",
            never_does ? "" : those, never_does ? "" : ")"),
        args, 1);
}

/* customer [NOT] IN (SELECT ...). A set has no nobody in it, and says nothing of nobody. */
static sql_expr make_in_query(sql_maker *m, const sql_relation *from, int depth)
{
    sql_expr args[2] = {{0}};
    const char *no = sql_chance(m, 40) ? "NOT " : "";
    const bool groups = sql_chance(m, 30);

    if (!find_column(m, from, SQL_CUSTOMER, &args[0])) {
        return sql_make_expr(m, from, SQL_BOOLEAN, 0);
    }
    args[1] = sql_make_expr(m, sql_events(), SQL_BOOLEAN, depth);
    if (strcmp(args[0].ours, "customer") == 0 && sql_chance(m, 30)) {
        return make_did(m, args);
    }
    const char *rest =
        groups ? sql_text(m, " GROUP BY customer HAVING count(*) > %u", sql_below(m, 4)) : "";
    return compose_as(
        m, SQL_BOOLEAN, sql_text(m, "($0 %sIN (SELECT customer FROM events WHERE $1%s))", no, rest),
        sql_text(m,
                 "CASE WHEN $0 IS NOT NULL THEN $0 %sIN (SELECT customer FROM events WHERE $1 "
                 "AND customer IS NOT NULL%s) END",
                 no, rest),
        args, 1);
}

static sql_expr make_logic(sql_maker *m, const sql_relation *from, int depth)
{
    sql_expr args[3];

    for (int i = 0; i < 3; i++) {
        args[i] = sql_make_expr(m, from, SQL_BOOLEAN, depth);
    }
    switch (sql_below(m, 9)) {
    case 8:
        return compose(m, "($0 IS UNKNOWN)", "($0 IS NULL)", args, 1);
    case 0:
    case 1:
        return compose(m, "($0 AND $1)", NULL, args, 2);
    case 2:
        return compose(m, "($0 AND $1 AND $2)", NULL, args, 3);
    case 3:
        return compose(m, "($0 OR $1)", NULL, args, 2);
    case 4:
        return compose(m, "($0 OR $1 AND $2)", NULL, args, 3);
    case 5:
        return compose(m, "($0 OR $1 OR $2)", NULL, args, 3);
    case 6:
        return compose(m, "($0 IS NOT TRUE)", NULL, args, 1);
    default:
        return compose(m, "(NOT $0)", NULL, args, 1);
    }
}

static sql_expr make_condition(sql_maker *m, const sql_relation *from, int depth)
{
    const int less = depth > 0 ? depth - 1 : 0;
    sql_expr of;

    if (depth > 0 && sql_chance(m, 60)) {
        return make_logic(m, from, less);
    }
    if (m->nested && depth > 0 && sql_chance(m, 15)) {
        return sql_make_predicate(m, from);
    }
    switch (sql_below(m, 8)) {
    case 0:
        return make_between(m, from, less);
    case 1:
        return make_in_list(m, from, less);
    case 2:
        return make_like(m, from, less);
    case 3:
        of = operand(m, from, any_kind(m, from), less);
        return compose_as(m, SQL_BOOLEAN, sql_chance(m, 50) ? "($0 IS NULL)" : "($0 IS NOT NULL)",
                          NULL, &of, 1);
    case 4:
        return depth > 0 ? make_in_query(m, from, less) : make_leaf(m, from, SQL_BOOLEAN);
    default:
        return make_comparison(m, from, less);
    }
}

sql_expr sql_make_expr(sql_maker *m, const sql_relation *from, sql_kind kind, int depth)
{
    sql_expr e;

    if (m->nested && depth > 0 && sql_chance(m, 5) && sql_make_scalar(m, from, kind, &e)) {
        return e;
    }
    if (kind == SQL_BOOLEAN) {
        return depth < 0 ? make_leaf(m, from, kind) : make_condition(m, from, depth);
    }
    if (depth <= 0 || sql_chance(m, 30)) {
        return make_leaf(m, from, kind);
    }
    if (kind == SQL_CUSTOMER || sql_chance(m, 30)) {
        return choose(m, from, kind, depth - 1);
    }
    switch (kind) {
    case SQL_BIGINT:
    case SQL_DECIMAL:
    case SQL_DOUBLE:
        return make_number(m, from, kind, depth - 1);
    case SQL_TEXT:
        return make_text(m, from, depth - 1);
    case SQL_DATE:
        return make_date(m, from, depth - 1);
    case SQL_TIMESTAMP:
        return make_timestamp(m, from, depth - 1);
    case SQL_BOOLEAN:
    case SQL_CUSTOMER:
    case SQL_KINDS:
        break;
    }
    return make_leaf(m, from, kind);
}
