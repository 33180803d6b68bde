/*
 * op.c - see op.h. sqlite3 has neither decimals, dates nor times: there a DECIMAL is the integer
 * without its point (print.c gives arguments that are made of one type as many digits), a DATE and
 * a TIMESTAMP are texts as people write them. DuckDB's `/` is never that of whole numbers, and
 * what is an INT there or smaller is made a BIGINT, so that what follows does not overflow sooner;
 * and it drops digits of decimals where two types that have 38 meet, so that products and sums are
 * given fewer.
 */
#include "tests/diff/op.h"

#include <string.h>

#define LESS_THAN(n) (n)
#define HAS_NOT "-"

#define OP(of, used, types, size, ...) \
    .feature = (of), .use = (used), .signature = (types), .most = (size), .text = {__VA_ARGS__}

#define SCALAR(...)                    \
    {                                  \
        OP_OF(USE_SCALAR, __VA_ARGS__) \
    }
#define INEXACT(...)                                    \
    {                                                   \
        OP_OF(USE_SCALAR, __VA_ARGS__), .inexact = true \
    }
#define AGG(...)                          \
    {                                     \
        OP_OF(USE_AGGREGATE, __VA_ARGS__) \
    }
#define INEXACT_AGG(...)                                   \
    {                                                      \
        OP_OF(USE_AGGREGATE, __VA_ARGS__), .inexact = true \
    }
#define RANK(...)                                  \
    {                                              \
        OP_OF(USE_RANK, DIFF_WINDOWS, __VA_ARGS__) \
    }
#define INEXACT_RANK(...)                                           \
    {                                                               \
        OP_OF(USE_RANK, DIFF_WINDOWS, __VA_ARGS__), .inexact = true \
    }
#define POSITION(...)                                  \
    {                                                  \
        OP_OF(USE_POSITION, DIFF_WINDOWS, __VA_ARGS__) \
    }
#define NO_NULLS(types, ours, theirs)                                                          \
    {                                                                                          \
        OP(DIFF_IGNORE_NULLS, USE_POSITION, types, MOST_KEPT, ours " IGNORE NULLS$f", HAS_NOT, \
           theirs)                                                                             \
    }
#define OP_OF(used, of, ...) OP(of, used, __VA_ARGS__)

#define LOGIC(signature, text) SCALAR(DIFF_LOGIC, signature, LESS_THAN(1), text)
#define COMPARE(text) SCALAR(DIFF_CORE, "bxx", LESS_THAN(1), text)
#define PART(unit, theirs, most)                                    \
    SCALAR(DIFF_DATES, "iD", LESS_THAN(most), unit "($0)", theirs), \
        SCALAR(DIFF_DATES, "iT", LESS_THAN(most), unit "($0)", theirs)
#define TRUNC(unit, theirs) \
    SCALAR(DIFF_DATES, "TT", MOST_KEPT, "date_trunc('" unit "', $0)", theirs)
#define STATS(name) INEXACT_AGG(DIFF_AGG_STATS, "fF", 1e12, name "($0)", HAS_NOT)

const diff_op diff_ops[] = {
    COMPARE("($0 = $1)"),
    COMPARE("($0 <> $1)"),
    COMPARE("($0 < $1)"),
    COMPARE("($0 <= $1)"),
    COMPARE("($0 > $1)"),
    COMPARE("($0 >= $1)"),
    SCALAR(DIFF_LOGIC, "bxx", 1, "($0 IS DISTINCT FROM $1)", "($0 IS NOT $1)"),
    SCALAR(DIFF_LOGIC, "bxx", 1, "($0 IS NOT DISTINCT FROM $1)", "($0 IS $1)"),
    SCALAR(DIFF_LOGIC, "bxxx", 1, "($0 BETWEEN $1 AND $2)"),
    SCALAR(DIFF_LOGIC, "bxxx", 1, "($0 NOT BETWEEN $1 AND $2)"),
    SCALAR(DIFF_LOGIC, "bxx*", 1, "($0 IN ($1...))"),
    SCALAR(DIFF_LOGIC, "bxx*", 1, "($0 NOT IN ($1...))"),
    SCALAR(DIFF_CORE, "bo", 1, "($0 IS NULL)"),
    SCALAR(DIFF_CORE, "bo", 1, "($0 IS NOT NULL)"),
    LOGIC("bbb", "($0 AND $1)"),
    LOGIC("bbb", "($0 OR $1)"),
    LOGIC("bbbb", "($0 OR $1 AND $2)"),
    LOGIC("bb", "(NOT $0)"),
    LOGIC("bb", "($0 IS TRUE)"),
    LOGIC("bb", "($0 IS NOT TRUE)"),
    LOGIC("bb", "($0 IS FALSE)"),
    LOGIC("bb", "($0 IS NOT FALSE)"),
    SCALAR(DIFF_LIKE, "btp", 1, "($0 LIKE $1)"),
    SCALAR(DIFF_LIKE, "btp", 1, "($0 NOT LIKE $1)"),
    SCALAR(DIFF_LIKE, "btp", 1, "($0 ILIKE $1)", "(lower($0) LIKE lower($1))"),
    SCALAR(DIFF_LIKE_ESCAPE, "btp", 1, "($0 LIKE $1 ESCAPE '!')"),
    SCALAR(DIFF_CASES, "xbx", MOST_KEPT, "CASE WHEN $0 THEN $1 END"),
    SCALAR(DIFF_CASES, "xbxx", MOST_KEPT, "CASE WHEN $0 THEN $1 ELSE $2 END"),
    SCALAR(DIFF_CASES, "xbxbxx", MOST_KEPT, "CASE WHEN $0 THEN $1 WHEN $2 THEN $3 ELSE $4 END"),
    SCALAR(DIFF_CASES, "xttxx", MOST_KEPT, "CASE $0 WHEN $1 THEN $2 ELSE $3 END"),
    SCALAR(DIFF_CASES, "xiixx", MOST_KEPT, "CASE $0 WHEN $1 THEN $2 ELSE $3 END"),
    SCALAR(DIFF_CASES, "xxx*", MOST_KEPT, "coalesce($0, $1...)"),
    SCALAR(DIFF_CASES, "iii", MOST_KEPT, "nullif($0, $1)"),
    SCALAR(DIFF_CASES, "ttt", MOST_KEPT, "nullif($0, $1)"),
    SCALAR(DIFF_CASES, "DDD", MOST_KEPT, "nullif($0, $1)"),
    SCALAR(DIFF_CASES, "ccc", MOST_KEPT, "greatest($0, $1)",
           "CASE WHEN $0 >= $1 OR $1 IS NULL THEN $0 ELSE $1 END"),
    SCALAR(DIFF_CASES, "ccc", MOST_KEPT, "least($0, $1)",
           "CASE WHEN $0 <= $1 OR $1 IS NULL THEN $0 ELSE $1 END"),
    /* Numbers. */
    SCALAR(DIFF_CORE, "nnn", MOST_SUM, "($0 + $1)"),
    SCALAR(DIFF_CORE, "nnn", MOST_SUM, "($0 - $1)"),
    SCALAR(DIFF_CORE, "iii", MOST_PRODUCT, "($0 * $1)"),
    SCALAR(DIFF_CORE, "ddd", MOST_PRODUCT, "($0 * $1)", NULL, "($0 * $1)::DECIMAL(28,$s)"),
    SCALAR(DIFF_CORE, "ddi", MOST_PRODUCT, "($0 * $1)", NULL, "($0 * $1)::DECIMAL(28,$s)"),
    SCALAR(DIFF_CORE, "fff", MOST_PRODUCT, "($0 * $1)"),
    SCALAR(DIFF_CORE, "iii", MOST_KEPT, "($0 / nullif($1, 0))", NULL, "($0 // nullif($1, 0))"),
    SCALAR(DIFF_CORE, "iii", MOST_KEPT, "($0 % nullif($1, 0))"),
    SCALAR(DIFF_CORE, "ii", MOST_KEPT, "(- $0)"),
    SCALAR(DIFF_CORE, "dd", MOST_KEPT, "(- $0)"),
    INEXACT(DIFF_CORE, "fqq", 1e12, "($0 / nullif($1, 0))"),
    INEXACT(DIFF_CORE, "fqF", 1e12, "($0 / nullif($1, 0))"),
    SCALAR(DIFF_MATH, "nn", MOST_KEPT, "abs($0)"),
    SCALAR(DIFF_MATH, "in", 1, "sign($0)", NULL, "sign($0)::BIGINT"),
    SCALAR(DIFF_MATH, "ff", MOST_KEPT, "floor($0)", HAS_NOT),
    SCALAR(DIFF_MATH, "ff", MOST_KEPT, "ceil($0)", HAS_NOT),
    SCALAR(DIFF_MATH, "ff", MOST_KEPT, "trunc($0)", HAS_NOT),
    SCALAR(DIFF_MATH, "ff", MOST_KEPT, "round($0)"),
    SCALAR(DIFF_MATH, "dd", MOST_KEPT, "round($0, 1)", HAS_NOT),
    INEXACT(DIFF_MATH, "fF", 1e12, "sqrt(abs($0))", HAS_NOT),
    INEXACT(DIFF_MATH, "fF", 1e12, "ln(abs($0) + 1)", HAS_NOT),
    INEXACT(DIFF_MATH, "fFk", 1e12, "power($0, $1)", HAS_NOT),
    /* Casts. */
    SCALAR(DIFF_CASTS, "ib", 1, "CAST($0 AS BIGINT)"),
    {OP(DIFF_CASTS, USE_SCALAR, "di", MOST_KEPT, "CAST($0 AS DECIMAL(18,2))", "($0 * 100)"),
     .scale = 2},
    SCALAR(DIFF_CASTS, "fi", MOST_KEPT, "CAST($0 AS DOUBLE)", "CAST($0 AS REAL)"),
    SCALAR(DIFF_CASTS, "fq", MOST_KEPT, "CAST($0 AS DOUBLE)"),
    SCALAR(DIFF_CASTS, "id", MOST_KEPT, "CAST($0 AS BIGINT)", HAS_NOT),
    SCALAR(DIFF_CASTS, "it", 1e9, "TRY_CAST(substr($0, 1, 9) AS BIGINT)", HAS_NOT),
    SCALAR(DIFF_CASTS, "ti", LESS_THAN(20), "CAST($0 AS TEXT)"),
    SCALAR(DIFF_CASTS, "tD", LESS_THAN(10), "CAST($0 AS TEXT)"),
    SCALAR(DIFF_CASTS, "DT", 0, "CAST($0 AS DATE)", "date($0)"),
    SCALAR(DIFF_CASTS, "TD", 0, "CAST($0 AS TIMESTAMP)", "($0 || ' 00:00:00')"),
    /* Texts. */
    SCALAR(DIFF_TEXTS, "it", LESS_THAN(1000), "length($0)"),
    SCALAR(DIFF_TEXTS, "ttt", MOST_SUM, "($0 || $1)"),
    SCALAR(DIFF_TEXTS, "ttt", MOST_SUM, "concat($0, $1)", "(coalesce($0, '') || coalesce($1, ''))"),
    SCALAR(DIFF_TEXTS, "tt", MOST_KEPT, "lower($0)"),
    SCALAR(DIFF_TEXTS, "tt", MOST_KEPT, "upper($0)"),
    SCALAR(DIFF_TEXTS, "tt", MOST_KEPT, "trim($0)"),
    SCALAR(DIFF_TEXTS, "ttKk", MOST_KEPT, "substr($0, $1, $2)"),
    SCALAR(DIFF_TEXTS, "ttk", MOST_KEPT, "left($0, $1)", "substr($0, 1, $1)"),
    SCALAR(DIFF_TEXTS, "ttk", MOST_KEPT, "right($0, $1)", HAS_NOT),
    SCALAR(DIFF_TEXTS, "ttk", MOST_PRODUCT, "repeat($0, $1)", HAS_NOT,
           "repeat(CAST($0 AS TEXT), $1)"),
    SCALAR(DIFF_TEXTS, "tt", MOST_KEPT, "reverse($0)", HAS_NOT),
    SCALAR(DIFF_TEXTS, "tttt", MOST_PRODUCT, "replace($0, $1, $2)"),
    SCALAR(DIFF_TEXTS, "tt", LESS_THAN(200), "lpad($0, 6, 'xy')", HAS_NOT),
    SCALAR(DIFF_TEXTS, "ttK", MOST_KEPT, "split_part($0, '_', $1)", HAS_NOT),
    SCALAR(DIFF_TEXTS, "itt", LESS_THAN(1000), "strpos($0, $1)", "instr($0, $1)"),
    SCALAR(DIFF_TEXTS, "btt", 1, "contains($0, $1)", "(instr($0, $1) > 0)"),
    SCALAR(DIFF_TEXTS, "btt", 1, "starts_with($0, $1)", "(substr($0, 1, length($1)) = $1)"),
    /* Dates and times. */
    PART("year", "CAST(strftime('%Y', $0) AS INTEGER)", 9999),
    PART("month", "CAST(strftime('%m', $0) AS INTEGER)", 12),
    PART("day", "CAST(strftime('%d', $0) AS INTEGER)", 31),
    PART("quarter", "((CAST(strftime('%m', $0) AS INTEGER) + 2) / 3)", 4),
    PART("dayofyear", "CAST(strftime('%j', $0) AS INTEGER)", 366),
    PART("isodow", "((CAST(strftime('%w', $0) AS INTEGER) + 6) % 7 + 1)", 7),
    PART("week", HAS_NOT, 53),
    SCALAR(DIFF_DATES, "iT", 23, "extract(hour FROM $0)", "CAST(strftime('%H', $0) AS INTEGER)"),
    SCALAR(DIFF_DATES, "iT", 59, "date_part('minute', $0)", "CAST(strftime('%M', $0) AS INTEGER)"),
    TRUNC("hour", "strftime('%Y-%m-%d %H:00:00', $0)"),
    TRUNC("day", "strftime('%Y-%m-%d 00:00:00', $0)"),
    TRUNC("week", "datetime($0, '-6 days', 'weekday 1', 'start of day')"),
    TRUNC("month", "strftime('%Y-%m-01 00:00:00', $0)"),
    TRUNC("quarter", HAS_NOT),
    TRUNC("year", "strftime('%Y-01-01 00:00:00', $0)"),
    SCALAR(DIFF_DATES, "DD", 0, "CAST(date_trunc('month', $0) AS DATE)",
           "date($0, 'start of month')"),
    SCALAR(DIFF_DATES, "DD", 0, "last_day($0)", "date($0, 'start of month', '+1 month', '-1 day')"),
    SCALAR(DIFF_DATES, "DDk", 0, "($0 + $1)", "date($0, '+' || $1 || ' days')"),
    SCALAR(DIFF_DATES, "DDk", 0, "($0 - $1)", "date($0, '-' || $1 || ' days')"),
    SCALAR(DIFF_DATES, "iDD", 1e6, "($0 - $1)", "CAST(julianday($0) - julianday($1) AS INTEGER)"),
    SCALAR(DIFF_DATES, "iTT", 1e6, "date_diff('day', $0, $1)",
           "CAST(julianday(date($1)) - julianday(date($0)) AS INTEGER)"),
    SCALAR(DIFF_DATES, "iDD", 1e6, "date_diff('month', $0, $1)",
           "((strftime('%Y', $1) - strftime('%Y', $0)) * 12 + strftime('%m', $1) - "
           "strftime('%m', $0))"),
    SCALAR(DIFF_DATES, "iTT", 1e9, "date_diff('hour', $0, $1)", HAS_NOT),
    SCALAR(DIFF_DATES, "iTT", 1e5, "date_sub('month', $0, $1)", HAS_NOT),
    SCALAR(DIFF_DATES, "iDD", 1e5, "date_diff('week', $0, $1)", HAS_NOT,
           /* there it counts weeks that have passed */
           "date_diff('day', date_trunc('week', $0), date_trunc('week', $1)) // 7"),
    SCALAR(DIFF_DATES, "iDD", 1e4, "date_diff('quarter', $0, $1)", HAS_NOT),
    SCALAR(DIFF_DATES, "tD", LESS_THAN(9), "dayname($0)", HAS_NOT),
    SCALAR(DIFF_DATES, "tT", LESS_THAN(9), "monthname($0)", HAS_NOT),
    SCALAR(DIFF_DATES, "tT", LESS_THAN(16), "strftime($0, '%d.%m.%Y %H:%M')",
           "strftime('%d.%m.%Y %H:%M', $0)"),
    SCALAR(DIFF_DATES, "TT", 0, "time_bucket(INTERVAL '90 minutes', $0)", HAS_NOT),
    SCALAR(DIFF_INTERVALS, "TT", 0, "($0 + INTERVAL '36 hours')", "datetime($0, '+36 hours')"),
    SCALAR(DIFF_INTERVALS, "TT", 0, "($0 - INTERVAL '90 minutes')", "datetime($0, '-90 minutes')"),
    SCALAR(DIFF_INTERVALS, "TT", 0, "($0 + INTERVAL '1 month')", HAS_NOT),
    SCALAR(DIFF_INTERVALS, "TD", 0, "($0 - INTERVAL '2 months')", HAS_NOT),
    SCALAR(DIFF_INTERVALS, "TD", 0, "($0 + INTERVAL '1 day')", "datetime($0, '+1 day')"),
    SCALAR(DIFF_INTERVALS, "bTT", 1, "(($0 - $1) > INTERVAL '2 days')",
           "(julianday($0) - julianday($1) > 2.0)"),
    /* Aggregates. */
    AGG(DIFF_GROUPS, "i", 1e6, "count(*)"),
    AGG(DIFF_GROUPS, "io", 1e6, "count($0)"),
    AGG(DIFF_AGG_DISTINCT, "io", 1e6, "count(DISTINCT $0)"),
    AGG(DIFF_GROUPS, "ii", MOST_TOTAL, "sum($0)", NULL, "sum($0)$f::BIGINT"),
    AGG(DIFF_GROUPS, "dd", MOST_TOTAL, "sum($0)", NULL, "sum($0)$f::DECIMAL(28,$s)"),
    AGG(DIFF_GROUPS, "ff", MOST_TOTAL, "sum($0)"),
    AGG(DIFF_AGG_DISTINCT, "ii", MOST_TOTAL, "sum(DISTINCT $0)", NULL,
        "sum(DISTINCT $0)$f::BIGINT"),
    INEXACT_AGG(DIFF_GROUPS, "fF", MOST_KEPT, "avg($0)"),
    AGG(DIFF_GROUPS, "cc", MOST_KEPT, "min($0)"),
    AGG(DIFF_GROUPS, "cc", MOST_KEPT, "max($0)"),
    AGG(DIFF_AGG_BOOL, "bb", 1, "bool_and($0)", "min($0)"),
    AGG(DIFF_AGG_BOOL, "bb", 1, "bool_or($0)", "max($0)"),
    STATS("stddev"),
    STATS("stddev_pop"),
    STATS("variance"),
    STATS("var_pop"),
    INEXACT_AGG(DIFF_AGG_MEDIAN, "fF", MOST_KEPT, "median($0)", HAS_NOT,
                "median(CAST($0 AS DOUBLE))"),
    INEXACT_AGG(DIFF_AGG_MEDIAN, "fF", MOST_KEPT, "quantile($0, 0.25e0)", HAS_NOT,
                "quantile_cont(CAST($0 AS DOUBLE), 0.25)"),
    AGG(DIFF_AGG_TEXT, "tt", 1e6, "string_agg($0, '+' ORDER BY $0)", HAS_NOT),
    AGG(DIFF_AGG_TEXT, "tt", 1e6, "string_agg($0, ', ' ORDER BY $0 DESC)", HAS_NOT),
    AGG(DIFF_AGG_TEXT, "ttu", 1e6, "string_agg($0, '' ORDER BY $1)", HAS_NOT),
    AGG(DIFF_AGG_TEXT, "tt", 1e6, "string_agg(DISTINCT $0, '' ORDER BY $0)", HAS_NOT),
    AGG(DIFF_AGG_ARG, "ccu", MOST_KEPT, "arg_min($0, $1)", HAS_NOT),
    AGG(DIFF_AGG_ARG, "ccu", MOST_KEPT, "arg_max($0, $1)", HAS_NOT),
    /* Window functions. */
    POSITION("i", 1e6, "row_number()"),
    RANK("i", 1e6, "rank()"),
    RANK("i", 1e6, "dense_rank()", NULL, HAS_NOT), /* there it crashes now and then */
    INEXACT_RANK("f", 1, "percent_rank()"),
    INEXACT_RANK("f", 1, "cume_dist()"),
    POSITION("iK", 10, "ntile($0)"),
    POSITION("xx", MOST_KEPT, "lag($0)"),
    POSITION("xx", MOST_KEPT, "lead($0)"),
    POSITION("xxk", MOST_KEPT, "lag($0, $1)"),
    POSITION("xxk", MOST_KEPT, "lead($0, $1)"),
    POSITION("xx", MOST_KEPT, "first_value($0)"),
    POSITION("xx", MOST_KEPT, "last_value($0)"),
    POSITION("xxK", MOST_KEPT, "nth_value($0, $1)"),
    NO_NULLS("xx", "lag($0)", "lag($0 IGNORE NULLS)"),
    NO_NULLS("xx", "lead($0)", "lead($0 IGNORE NULLS)"),
    NO_NULLS("xxk", "lead($0, $1)", "lead($0, $1 IGNORE NULLS)"),
    NO_NULLS("xx", "first_value($0)", "first_value($0 IGNORE NULLS)"),
    NO_NULLS("xx", "last_value($0)", "last_value($0 IGNORE NULLS)"),
    NO_NULLS("xxK", "nth_value($0, $1)", "nth_value($0, $1 IGNORE NULLS)"),
};

const int diff_op_count = sizeof diff_ops / sizeof diff_ops[0];

const char *diff_op_template(const diff_op *op, diff_dialect dialect)
{
    const char *text = op->text[dialect] ? op->text[dialect] : op->text[DIALECT_MUSTER];

    return strcmp(text, HAS_NOT) == 0 ? NULL : text;
}

char diff_op_argument(const diff_op *op, int index)
{
    const char *codes = op->signature + 1;
    const int count = (int)strcspn(codes, "*");

    return codes[index < count ? index : count - 1];
}

diff_type diff_common_type(const diff_node *call, int *scale)
{
    diff_type type = TYPE_COUNT;

    *scale = 0;
    for (int i = 0; i < diff_argument_count(call); i++) {
        const diff_node *argument = call->child[i];
        if (!strchr("nxc", diff_op_argument(call->op, i))) {
            continue;
        }
        if (type == TYPE_COUNT || argument->type > type) {
            type = argument->type;
        }
        if (argument->scale > *scale) {
            *scale = argument->scale;
        }
    }
    return type;
}
