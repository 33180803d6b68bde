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

/* X(id, name, muster has it). What muster has not is left out unless it is asked for by name. */
#define DIFF_FEATURES(X)                   \
    X(CORE, "core", true)                  \
    X(LOGIC, "logic", true)                \
    X(LIKE, "like", true)                  \
    X(LIKE_ESCAPE, "like_escape", false)   \
    X(CASES, "cases", true)                \
    X(CASTS, "casts", true)                \
    X(MATH, "math", true)                  \
    X(TEXTS, "texts", true)                \
    X(DATES, "dates", true)                \
    X(INTERVALS, "intervals", true)        \
    X(GROUPS, "groups", true)              \
    X(GROUP_ALL, "group_all", true)        \
    X(HAVING, "having", true)              \
    X(FILTER, "filter", true)              \
    X(AGG_DISTINCT, "agg_distinct", true)  \
    X(AGG_BOOL, "agg_bool", true)          \
    X(AGG_STATS, "agg_stats", true)        \
    X(AGG_MEDIAN, "agg_median", true)      \
    X(AGG_TEXT, "agg_text", false)         \
    X(AGG_ARG, "agg_arg", true)            \
    X(DISTINCT, "distinct", true)          \
    X(ORDER, "order", true)                \
    X(LIMIT, "limit", true)                \
    X(STAR, "star", true)                  \
    X(ALIASES, "aliases", true)            \
    X(CUSTOMERS, "customers", true)        \
    X(DERIVED, "derived", true)            \
    X(WITH, "with", true)                  \
    X(JOINS, "joins", false)               \
    X(OUTER_JOINS, "outer_joins", false)   \
    X(USING, "using", false)               \
    X(NATURAL, "natural", false)           \
    X(SCALAR_QUERY, "scalar_query", false) \
    X(EXISTS, "exists", false)             \
    X(IN_QUERY, "in_query", false)         \
    X(ANY_QUERY, "any_query", false)       \
    X(CORRELATED, "correlated", false)     \
    X(WINDOWS, "windows", false)           \
    X(FRAMES, "frames", false)             \
    X(QUALIFY, "qualify", false)           \
    X(SETOPS, "setops", false)             \
    X(SETOPS_ALL, "setops_all", false)     \
    X(VALUES, "values", false)             \
    X(VIEWS, "views", false)               \
    X(CTAS, "ctas", false)                 \
    X(INSERT_QUERY, "insert_query", false) \
    X(UPDATE, "update", true)              \
    X(DELETE, "delete", true)

#define DIFF_FEATURE_ID(id, name, has) DIFF_##id,
typedef enum diff_feature {
    DIFF_FEATURES(DIFF_FEATURE_ID) DIFF_FEATURE_COUNT
} diff_feature;

/* A set of them. */
typedef uint64_t diff_features;

const char *diff_feature_name(diff_feature feature);
diff_features diff_features_all(void);
diff_features diff_features_of_muster(void);

/* Reads a list such as "joins,windows", "all" or "all,-windows"; false if a name is unknown. */
bool diff_features_read(const char *list, diff_features *out);

static inline diff_features diff_bit(diff_feature feature)
{
    return (diff_features)1 << feature;
}

#endif
