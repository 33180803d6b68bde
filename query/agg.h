/*
 * agg.h - aggregate functions: one const struct each, listed in one table.
 *
 * count sum avg min max first last (by time) any_value arg_min arg_max median quantile mode stddev
 * var corr regr_slope bit_and string_agg ... and DISTINCT. States of groups are numbered; an
 * aggregate keeps the states of all groups of one thread and merges those of another. Exact: sums
 * of integers and decimals are 128 bits wide inside and an error if the result does not fit; sums
 * of doubles are compensated.
 */
#ifndef MU_AGG_H
#define MU_AGG_H

#include "query/expr.h"

typedef struct mu_agg mu_agg; /* an entry of the table */

/* One aggregate call of a query. */
typedef struct mu_agg_call {
    const mu_agg *agg;
    mu_type type; /* of the result */
    bool distinct;
    int32_t offset; /* in the SQL text, for errors */
    uint32_t arg_count;
    const mu_expr *const *args; /* with casts inserted */
    const mu_expr *filter;      /* FILTER (WHERE ...), or NULL */
    const mu_expr *order; /* first, last: what they go by, the table's TIME column unless ORDER BY
                             says otherwise; string_agg: its ORDER BY; count: how many rows each
                             stands for, set by the optimizer; or NULL */
    bool descending;      /* string_agg, quantiles: from the largest; set by the binder */
    bool nulls_first;     /* string_agg: where values without a key stand; set by the binder */
} mu_agg_call;

bool mu_agg_is(const char *name); /* an aggregate of that name exists */
/* count(*) has no arguments. Inserts casts, checks types. `filter`, `order` may be NULL. */
muster_status mu_agg_call_make(const mu_scope *scope, const char *name, const mu_expr *const *args,
                               uint32_t arg_count, bool distinct, const mu_expr *filter,
                               const mu_expr *order, int32_t offset, mu_agg_call *out,
                               muster_error *err);
const char *mu_agg_name(const mu_agg *agg);
const char *mu_agg_name_at(size_t i); /* of the i-th in the table; NULL past the last */
bool mu_agg_needs_order(
    const char *name); /* first, last: the binder passes the TIME column as `order` */
bool mu_agg_may_order(const char *name); /* these and string_agg: it may have an ORDER BY */

/* Marks in `used` (a bitmap) the input columns that the call reads. */
void mu_agg_call_columns(const mu_agg_call *call, uint64_t *used);
/* The same call of the same expressions. */
bool mu_agg_call_equal(const mu_agg_call *a, const mu_agg_call *b);

/* The states of one call, for groups 0 ... n - 1. One thread. */
typedef struct mu_agg_states mu_agg_states;
muster_status mu_agg_open(const mu_agg_call *call, mu_agg_states **out, muster_error *err);
void mu_agg_close(mu_agg_states *states);
/* No groups, memory kept. */
void mu_agg_reset(mu_agg_states *states);
/* Makes room for groups below `groups`. */
muster_status mu_agg_grow(mu_agg_states *states, uint32_t groups, muster_error *err);
/* Row r of the vectors goes to groups[r], where `live` has a bit. `groups` may be NULL: all to
 * group 0. `order`: the call's, or NULL. */
muster_status mu_agg_update(mu_agg_states *states, const mu_vector *args, const mu_vector *order,
                            const uint64_t *live, uint32_t rows, const uint32_t *groups,
                            muster_error *err);
/* Group i of `from` is added to group map[i]. Threads are merged in any order: first and last go by
 * time, ties by the smaller value. */
muster_status mu_agg_merge(mu_agg_states *states, mu_agg_states *from, const uint32_t *map,
                           uint32_t groups, muster_error *err);
/* Whether two calls have the same states, and differ only in what their results make of them: two
 * quantiles of one column. */
bool mu_agg_alike(const mu_agg_call *a, const mu_agg_call *b);
/* For windows: */

/* Rows that were given can be taken back (exactly). */
bool mu_agg_can_remove(const mu_agg_call *call);
/* Takes back rows that group 0 was given. */
muster_status mu_agg_remove(mu_agg_states *states, const mu_vector *args, const mu_vector *order,
                            const uint64_t *live, uint32_t rows, muster_error *err);
/* States of a few bytes, that mu_agg_merge_group() is for. */
bool mu_agg_is_small(const mu_agg_call *call);
/* Group `from_group` of `from`, which may be `states`, is added to a group. */
muster_status mu_agg_merge_group(mu_agg_states *states, uint32_t group, const mu_agg_states *from,
                                 uint32_t from_group, muster_error *err);

/* The result of group g. Text is owned by the states. */
muster_status mu_agg_result(mu_agg_states *states, uint32_t group, mu_value *out,
                            muster_error *err);
/* The same of a call that is alike. */
muster_status mu_agg_result_of(mu_agg_states *states, const mu_agg_call *call, uint32_t group,
                               mu_value *out, muster_error *err);

#endif
