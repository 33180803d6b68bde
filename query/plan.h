/*
 * plan.h - a query as a tree of nodes, read-only once built, in the statement's arena.
 *
 * Each node has named, typed output columns. The makers fill in what follows from their arguments.
 * sql builds the plain tree (scan everything, filter, group, project, sort, limit);
 * mu_plan_optimize() then prunes columns, folds filters into the scan below them, and turns
 * conditions on TIME, on min/max and on customers into what the scan can skip by.
 *
 * Two kinds of node: those through which batches stream, a unit of work at a time (SCAN FILTER
 * PROJECT UNION REPEAT SERIES JOIN FUNNEL_CUSTOMERS BEHAVIOUR), and those that need all of their
 * input before the first row comes out (GROUP SORT LIMIT WINDOW FUNNEL, and a BEHAVIOUR that counts
 * through all stripes); see exec.h.
 */
#ifndef MU_PLAN_H
#define MU_PLAN_H

#include "query/agg.h"
#include "query/expr.h"
#include "query/window.h"
#include "storage/scan.h"

typedef enum mu_plan_kind {
    MU_PLAN_SCAN,
    MU_PLAN_VALUES,
    MU_PLAN_FILTER,
    MU_PLAN_PROJECT,
    MU_PLAN_GROUP,
    MU_PLAN_SORT,
    MU_PLAN_LIMIT,
    MU_PLAN_FUNNEL,
    MU_PLAN_FUNNEL_CUSTOMERS,
    MU_PLAN_BEHAVIOUR,
    MU_PLAN_UNION,
    MU_PLAN_REPEAT,
    MU_PLAN_SERIES,
    MU_PLAN_WINDOW,
    MU_PLAN_JOIN,
} mu_plan_kind;

/* Which rows of the input come out, beside the pairs that meet the condition; right joins are left
 * ones turned round. */
typedef enum mu_join_kind {
    MU_JOIN_INNER,
    MU_JOIN_LEFT, /* those without a partner, with NULL for its columns */
    MU_JOIN_FULL, /* and partners without an input */
    MU_JOIN_SEMI, /* not pairs, but rows of the input that have a partner */
    MU_JOIN_ANTI, /* or have none */
} mu_join_kind;

typedef struct mu_plan_column {
    const char *name;
    mu_type type;
} mu_plan_column;

typedef struct mu_sort_key {
    uint32_t column; /* of the input */
    bool descending;
    bool nulls_first;
} mu_sort_key;

/* Which events a behaviour looks at. Expressions are over the table's columns, all of them, by
 * index. */
typedef struct mu_event_source {
    const mu_table *table;
    const mu_expr *where; /* NULL: all */
    const mu_set *among;  /* NULL: everyone */
    bool bounded;         /* the first event lies in [since_us, until_us) */
    int64_t since_us, until_us;
} mu_event_source;

typedef struct mu_funnel_plan {
    mu_event_source source;
    uint32_t step_count; /* 1 to MU_MAX_STEPS */
    const mu_expr *const *steps;
    const char *const *labels; /* never NULL: "step 1" where none was given */
    int64_t within_us;         /* from step 1 to the last, end included; INT64_MAX: no limit.
                                  A month has no fixed length: the binder says so */
    const mu_expr *by;         /* breakdown, of step 1's event; NULL: none */
    const char *by_name;       /* of its column */
    bool as_of_given;
    int64_t as_of_us; /* else the newest event of the table */
} mu_funnel_plan;

/* A column that a behaviour gives: one that it fills in, or a value of an event. */
typedef struct mu_behaviour_column {
    const char *name;
    mu_type type;
    uint32_t value;            /* the number of the value it is, or whose codes it has */
    uint32_t label_count;      /* or, of TEXT, how many labels there are, */
    const char *const *labels; /* and what they are; NULL: it has a value's codes */
} mu_behaviour_column;

/* What behaviour.h runs. */
typedef struct mu_behaviour_class mu_behaviour_class;
typedef struct mu_behaviour_plan {
    const mu_behaviour_class *class;
    mu_event_source source;
    uint32_t condition_count; /* 1 to MU_MAX_STEPS */
    const mu_expr *const *conditions;
    const char *const *titles; /* of the conditions, for EXPLAIN: "start" */
    uint32_t value_count;
    const mu_expr *const *values;
    bool as_of_given;
    int64_t as_of_us;    /* else the newest event of the table */
    const void *options; /* the class's */
    const char *note;    /* what they are, for EXPLAIN; NULL: nothing more to say */
    uint32_t column_count;
    const mu_behaviour_column *columns;
    /* The class fills in the first columns, and looks at the first values itself. The others are
     * there to be handed on, columns behind from values behind, and are left out where no one reads
     * them. */
    uint32_t own_columns, own_values;
} mu_behaviour_plan;

typedef struct mu_plan mu_plan;
struct mu_plan {
    mu_plan_kind kind;
    uint32_t column_count;
    const mu_plan_column *columns;
    const mu_plan *input; /* NULL: a source */
    const mu_plan *other; /* the second input; NULL but for nodes that have two */
    const char *name;     /* what the statement calls the rows, for EXPLAIN; NULL: nothing */
    union {
        struct {
            const mu_table *table;
            const uint32_t *columns; /* the table's indexes of the output columns */
            const mu_expr *filter;   /* over the output columns; NULL: none */
            const mu_set *set; /* only these customers (nobody is not); NULL: all and nobody */
            bool bounded;
            int64_t since_us, until_us;
            uint32_t range_count;
            const mu_scan_range *ranges;
            bool counted; /* the last output column is how many rows each stands for (scan.h); a
                             set only over `customers` */
            /* The last output columns: functions of one other output column each, that never fall
             * where it rises. If the least and the greatest value of a block give the same, so do
             * those between, and they are not read. */
            uint32_t computed_count;
            const mu_expr *const *computed;
            const uint64_t *unread; /* bits of the output columns that nothing else reads */
        } scan;
        struct {
            uint32_t row_count;
            const mu_value *values; /* row after row */
        } values;
        struct {
            const mu_expr *condition;
        } filter;
        struct {
            const mu_expr *const *exprs; /* column_count of them */
        } project;
        struct {
            uint32_t key_count; /* output: the keys, then the aggregates */
            const mu_expr *const *keys;
            uint32_t call_count;
            const mu_agg_call *calls;
        } group;
        struct {
            uint32_t key_count;
            const mu_sort_key *keys;
            uint64_t limit; /* rows wanted, offset included: a top-n; UINT64_MAX: all */
        } sort;
        struct {
            uint64_t limit, offset;
        } limit;
        struct {
            int64_t first, step; /* step is not 0 */
            uint64_t count;
        } series; /* one column: first, first + step, ... */
        struct {
            /* Output: the columns of the input, then the calls. Rows with the same values in the
             * columns of `partitions` are looked at together, in the order of the keys. */
            uint32_t partition_count;
            const uint32_t *partitions;
            uint32_t key_count;
            const mu_sort_key *keys;
            uint32_t call_count;
            const mu_window_call *calls;
        } window;
        /* Rows stream through from the input; those of `other` are kept. The columns of both, the
         * input's first, are those of a pair. */
        struct {
            mu_join_kind kind;
            uint32_t key_count; /* equal in both rows; NULL equals nothing */
            const mu_expr *const *keys, *const *other_keys; /* each over its side; of one type */
            const mu_expr *residual;                        /* over a pair; NULL: none */
            const uint32_t *columns;                        /* of a pair, that come out */
            /* The first key is the customer on both sides, and the units of both are stripes: each
             * is joined by itself, by ordinal. There is no other key. */
            bool by_customer;
        } join;
        const mu_funnel_plan *funnel; /* FUNNEL and FUNNEL_CUSTOMERS */
        const mu_behaviour_plan *behaviour;
    };
};

/* A scan of all columns of a table. */
muster_status mu_plan_scan(const mu_scope *scope, const mu_table *table, const mu_plan **out,
                           muster_error *err);
muster_status mu_plan_values(const mu_scope *scope, const mu_plan_column *columns,
                             uint32_t column_count, const mu_value *values, uint32_t row_count,
                             const mu_plan **out, muster_error *err);
muster_status mu_plan_filter(const mu_scope *scope, const mu_plan *input, const mu_expr *condition,
                             const mu_plan **out, muster_error *err);
muster_status mu_plan_project(const mu_scope *scope, const mu_plan *input,
                              const mu_expr *const *exprs, const char *const *names, uint32_t count,
                              const mu_plan **out, muster_error *err);
/* DISTINCT is a group of all columns without aggregates. Without keys there is one row, also over
 * no rows. */
muster_status mu_plan_group(const mu_scope *scope, const mu_plan *input, const mu_expr *const *keys,
                            uint32_t key_count, const mu_agg_call *calls, uint32_t call_count,
                            const char *const *names, const mu_plan **out, muster_error *err);
muster_status mu_plan_sort(const mu_scope *scope, const mu_plan *input, const mu_sort_key *keys,
                           uint32_t key_count, const mu_plan **out, muster_error *err);
muster_status mu_plan_limit(const mu_scope *scope, const mu_plan *input, uint64_t limit,
                            uint64_t offset, const mu_plan **out, muster_error *err);
/* The rows of both, which have the same types of columns; names are the left's. */
muster_status mu_plan_union(const mu_scope *scope, const mu_plan *left, const mu_plan *right,
                            const mu_plan **out, muster_error *err);
/* The last column, a BIGINT, says how often each row comes, and is not in the output; less than
 * once is never. */
muster_status mu_plan_repeat(const mu_scope *scope, const mu_plan *input, const mu_plan **out,
                             muster_error *err);
muster_status mu_plan_series(const mu_scope *scope, const char *name, mu_type type, int64_t first,
                             int64_t step, uint64_t count, const mu_plan **out, muster_error *err);
/* `names`: of the calls. */
muster_status mu_plan_window(const mu_scope *scope, const mu_plan *input,
                             const uint32_t *partitions, uint32_t partition_count,
                             const mu_sort_key *keys, uint32_t key_count,
                             const mu_window_call *calls, uint32_t call_count,
                             const char *const *names, const mu_plan **out, muster_error *err);
/* All columns of a pair come out, but of SEMI and ANTI those of the input. `condition` is over a
 * pair; NULL: every pair will do. What of it says that something of one side equals something of
 * the other becomes a key. */
muster_status mu_plan_join(const mu_scope *scope, mu_join_kind kind, const mu_plan *input,
                           const mu_plan *other, const mu_expr *condition, const mu_plan **out,
                           muster_error *err);
/* A left join turned round; the columns of `input` come out first all the same. */
muster_status mu_plan_right_join(const mu_scope *scope, const mu_plan *input, const mu_plan *other,
                                 const mu_expr *condition, const mu_plan **out, muster_error *err);
/* Whether the column is the customer as scanned: where a unit is a stripe, never nobody. */
bool mu_plan_is_customer(const mu_plan *plan, uint32_t column);
/* Whether the customers of a column are those of the unit's stripe, where the unit is one; some may
 * be nobody. */
bool mu_plan_in_stripe(const mu_plan *plan, uint32_t column);
/* Columns of the relations: see docs/sql.md. The makers copy the struct. */
muster_status mu_plan_funnel(const mu_scope *scope, const mu_funnel_plan *funnel, bool customers,
                             const mu_plan **out, muster_error *err);
/* The rows of a behaviour; what `behaviour` points to must stay. */
muster_status mu_plan_behaviour(const mu_scope *scope, const mu_behaviour_plan *behaviour,
                                const mu_plan **out, muster_error *err);

/* What a column of the expression is called: as it is written. */
muster_status mu_plan_name_of(const mu_scope *scope, const mu_plan *input, const mu_expr *expr,
                              const char **out, muster_error *err);

/* The same under a name, for EXPLAIN. */
muster_status mu_plan_call(const mu_scope *scope, const mu_plan *plan, const char *name,
                           const mu_plan **out, muster_error *err);

muster_status mu_plan_optimize(const mu_scope *scope, const mu_plan *plan, const mu_plan **out,
                               muster_error *err);

#endif
