/*
 * window.h - calls over windows: what they are, and how they are made.
 *
 * A call is one of the functions of the table in window.c, or any aggregate (agg.h), over the rows
 * of its frame: those around the current row, in the order of its window. A plan node has the calls
 * of one partition and one order (plan.h); what they read are columns of its input.
 */
#ifndef MU_WINDOW_H
#define MU_WINDOW_H

#include "query/agg.h"

typedef enum mu_window_kind {
    MU_WINDOW_AGGREGATE,
    MU_WINDOW_ROW_NUMBER,
    MU_WINDOW_RANK,
    MU_WINDOW_DENSE_RANK,
    MU_WINDOW_PERCENT_RANK,
    MU_WINDOW_CUME_DIST,
    MU_WINDOW_NTILE,
    MU_WINDOW_BUCKET,
    MU_WINDOW_LAG,
    MU_WINDOW_LEAD,
    MU_WINDOW_FIRST_VALUE,
    MU_WINDOW_LAST_VALUE,
    MU_WINDOW_NTH_VALUE,
} mu_window_kind;

typedef enum mu_frame_unit {
    MU_FRAME_ROWS,
    MU_FRAME_RANGE, /* by the value of the one key of the order; offsets are numbers or intervals */
    MU_FRAME_GROUPS, /* by rows that are equal in the order */
} mu_frame_unit;

typedef enum mu_frame_edge {
    MU_EDGE_UNBOUNDED_PRECEDING,
    MU_EDGE_PRECEDING,
    MU_EDGE_CURRENT_ROW, /* with RANGE and GROUPS: and all that are equal to it */
    MU_EDGE_FOLLOWING,
    MU_EDGE_UNBOUNDED_FOLLOWING,
} mu_frame_edge;

typedef struct mu_frame_bound {
    mu_frame_edge edge;
    mu_value offset; /* not NULL, not negative: BIGINT; with RANGE as the key, or an INTERVAL */
} mu_frame_bound;

typedef enum mu_frame_exclusion {
    MU_EXCLUDE_NOTHING,
    MU_EXCLUDE_ROW,
    MU_EXCLUDE_GROUP, /* the row and all that are equal to it */
    MU_EXCLUDE_TIES,  /* those that are equal to it */
} mu_frame_exclusion;

typedef struct mu_frame {
    mu_frame_unit unit;
    mu_frame_bound from, to;
    mu_frame_exclusion exclusion;
} mu_frame;

typedef struct mu_window_call {
    mu_window_kind kind;
    mu_type type;
    mu_agg_call agg; /* AGGREGATE; of its expressions only types and constants count */
    uint32_t arg_count;
    const mu_expr *const *args; /* with casts inserted */
    bool ignore_nulls;
    mu_frame frame;
    /* Set by mu_plan_window()'s caller: the columns of the input that the arguments are, and FILTER
     * and the order of an aggregate. MU_NO_COLUMN: there is none, or it is a constant. */
    const uint32_t *columns;
    uint32_t filter, order;
} mu_window_call;

bool mu_window_is(const char *name); /* a function that needs a window; aggregates are not meant */
const char *mu_window_name_at(size_t i); /* of the i-th in the table; NULL past the last */
const char *mu_window_name(const mu_window_call *call);
/* A call of such a function; its frame and columns are not set. Inserts casts, checks types. */
muster_status mu_window_call_make(const mu_scope *scope, const char *name,
                                  const mu_expr *const *args, uint32_t arg_count, bool ignore_nulls,
                                  int32_t offset, mu_window_call *out, muster_error *err);
/* The offset of a RANGE frame as `key`'s values need it: cast to its type, or an INTERVAL for dates
 * and times. */
muster_status mu_frame_offset(const mu_scope *scope, mu_type key, const mu_expr *given,
                              mu_value *out, muster_error *err);

#endif
