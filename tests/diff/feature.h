/*
 * feature.h - what a random query may be made of, by name.
 *
 * `muster-diff --features joins,windows` makes queries of these and of what every query has;
 * "all" is all of them, and "-windows" all but those. To add one: a line in DIFF_FEATURES, and its
 * id in the generator, or in the rows of op.c that belong to it.
 */
#ifndef MU_DIFF_FEATURE_H
#define MU_DIFF_FEATURE_H

#include <stdbool.h>
#include <stdint.h>

/* X(id, name) */
#define DIFF_FEATURES(X)            \
    X(CORE, "core")                 \
    X(LOGIC, "logic")               \
    X(LIKE, "like")                 \
    X(LIKE_ESCAPE, "like_escape")   \
    X(CASES, "cases")               \
    X(CASTS, "casts")               \
    X(MATH, "math")                 \
    X(TEXTS, "texts")               \
    X(DATES, "dates")               \
    X(INTERVALS, "intervals")       \
    X(GROUPS, "groups")             \
    X(GROUP_ALL, "group_all")       \
    X(HAVING, "having")             \
    X(FILTER, "filter")             \
    X(AGG_DISTINCT, "agg_distinct") \
    X(AGG_BOOL, "agg_bool")         \
    X(AGG_STATS, "agg_stats")       \
    X(AGG_MEDIAN, "agg_median")     \
    X(AGG_TEXT, "agg_text")         \
    X(AGG_ARG, "agg_arg")           \
    X(DISTINCT, "distinct")         \
    X(ORDER, "order")               \
    X(ORDER_ALL, "order_all")       \
    X(LIMIT, "limit")               \
    X(STAR, "star")                 \
    X(FROM_FIRST, "from_first")     \
    X(ALIASES, "aliases")           \
    X(CUSTOMERS, "customers")       \
    X(DID, "did")                   \
    X(SETS, "sets")                 \
    X(DERIVED, "derived")           \
    X(WITH, "with")                 \
    X(JOINS, "joins")               \
    X(OUTER_JOINS, "outer_joins")   \
    X(USING, "using")               \
    X(NATURAL, "natural")           \
    X(SCALAR_QUERY, "scalar_query") \
    X(EXISTS, "exists")             \
    X(IN_QUERY, "in_query")         \
    X(ANY_QUERY, "any_query")       \
    X(CORRELATED, "correlated")     \
    X(WINDOWS, "windows")           \
    X(FRAMES, "frames")             \
    X(GROUP_FRAMES, "group_frames") \
    X(RANGE_FRAMES, "range_frames") \
    X(EXCLUDE, "exclude")           \
    X(IGNORE_NULLS, "ignore_nulls") \
    X(QUALIFY, "qualify")           \
    X(SETOPS, "setops")             \
    X(SETOPS_ALL, "setops_all")     \
    X(VALUES, "values")             \
    X(VIEWS, "views")               \
    X(CTAS, "ctas")                 \
    X(INSERT_QUERY, "insert_query") \
    X(UPDATE, "update")             \
    X(DELETE, "delete")

#define DIFF_FEATURE_ID(id, name) DIFF_##id,
typedef enum diff_feature {
    DIFF_FEATURES(DIFF_FEATURE_ID) DIFF_FEATURE_COUNT
} diff_feature;

/* A set of them. */
typedef uint64_t diff_features;

const char *diff_feature_name(diff_feature feature);
diff_features diff_features_all(void);

/* Reads a list such as "joins,windows", "all" or "all,-windows"; false if a name is unknown. */
bool diff_features_read(const char *list, diff_features *out);

static inline diff_features diff_bit(diff_feature feature)
{
    return (diff_features)1 << feature;
}

#endif
