/*
 * bind.h - what names stand for: from the tree of a statement to plans of typed expressions.
 *
 *   bind_select.c, bind_plan.c  a query: FROM, WHERE, GROUP BY, HAVING, items, ORDER BY, LIMIT
 *   bind_members.c  UNION, INTERSECT, EXCEPT
 *   bind_values.c  VALUES
 *   bind_source.c  what stands after FROM: tables, queries, WITH
 *   bind_series.c  generate_series(...)
 *   bind_join.c    joins; which column a name is of what is joined
 *   bind_behaviour.c  behaviours; bind_funnel.c, bind_retention.c and others
 *   bind_report.c    reports as queries over the rows of a behaviour
 *   bind_breakdown.c, bind_period_value.c  by and top, and aggregates over the events of a period
 *   bind_expr.c    expressions
 *   bind_row.c     rows of values, compared
 *   bind_call.c    aggregates; has_tag, in_audience, did and other sets of customers
 *   bind_subquery.c  queries where an expression stands
 *   bind_window.c  calls over windows, and the plan nodes they become
 *   bind_type.c    types and literals
 *
 * Aggregates: while a query is bound, aggregate call number i is column n + i of its input, which
 * has n columns. Once all expressions are known, bind_select.c turns them into expressions over
 * the output of the group node, where the same calls stand after the keys. Calls over windows are
 * numbered from MU_WINDOW_BASE on, and get their columns last.
 */
#ifndef MU_BIND_H
#define MU_BIND_H

#include "query/lookup.h"
#include "query/nearest.h"
#include "query/plan.h"
#include "query/set.h"
#include "sql/ast.h"

/* Queries of WITH that can be seen where a query stands: the first `visible` ones of a list, and
 * those of the queries around it. */
typedef struct mu_common_scope {
    const mu_ast_commons *commons;
    uint32_t visible;
    const struct mu_common_scope *outer;
} mu_common_scope;

/* A set of customers that was bound, or what a measure() looks up, and the words it was made of. */
typedef struct mu_bound_set {
    mu_text text;
    const mu_ast_commons *commons; /* and `visible`: what queries of WITH its names may mean */
    uint32_t visible;
    const mu_set *set;
    const mu_lookup *lookup;
    const struct mu_bound_set *next;
} mu_bound_set;

/* What the parameters of a statement stand for while it is bound. */
typedef struct mu_parameters {
    const mu_value *values; /* by number, less 1; NULL: not known yet, the statement is looked over
                               for names and types only. Each is then a NULL that fits anywhere */
    bool by_place;          /* the same words need not mean the same */
} mu_parameters;

typedef struct mu_bound_query mu_bound_query;
typedef struct mu_relation mu_relation;

typedef struct mu_binder {
    mu_scope scope;
    const mu_catalog *catalog;
    const char *text;      /* of the statement: default column names are cut from it */
    const mu_relation *it; /* what the name "it" is in the text of bind_report.c; else NULL */
    const mu_common_scope *common; /* of the query being bound */
    const mu_bound_set *sets;      /* all that were bound so far */
    const char *defined;           /* the view that is being created, and cannot be used; or NULL */
    mu_bound_query *subqueries;    /* all that were bound so far, too */
    uint32_t lookup_count;
    uint32_t work, depth; /* nodes bound so far, and nested now: see mu_bind_enter() */
    mu_parameters parameters;
    const muster_connection *connection; /* whose settings can be shown */
    uint32_t unknown;                    /* how many were met that are not known yet */
} mu_binder;

/* Two columns of a join that are one to whoever does not say which: USING, NATURAL. */
typedef struct mu_merged_column {
    uint32_t left, right;
    uint32_t column; /* the one: either of them, or one more behind those of both sides */
} mu_merged_column;

/* What a query reads: a plan whose columns have names. Of a join these are those of the left side,
 * then those of the right. */
struct mu_relation {
    const mu_plan *plan;
    const char *name;                /* table or alias; NULL if there is none */
    const mu_table *table;           /* of a plain scan, else NULL */
    uint32_t column_count;           /* that have names: none without FROM */
    uint32_t customer_column;        /* what `customer` means; or MU_NO_COLUMN */
    uint32_t time_column;            /* what first() and last() go by; or MU_NO_COLUMN */
    const mu_set *set;               /* its only column is these customers, and perhaps nobody */
    const mu_relation *left, *right; /* of a join; NULL: it is none */
    const mu_merged_column *merged;
    uint32_t merged_count;
};

/* Aggregate calls of a query, as they are found. */
typedef struct mu_calls {
    mu_agg_call *data;
    uint32_t count, capacity;
} mu_calls;

/* Call number i over a window is column MU_WINDOW_BASE + i until there is a node for it. */
enum {
    MU_WINDOW_BASE = 1 << 30
};

/* A call and its window, over the source; with groups, later over their output. */
typedef struct mu_bound_window {
    mu_window_call call;
    uint32_t partition_count;
    const mu_expr **partitions;
    uint32_t order_count;
    const mu_expr **orders;
    mu_sort_key *keys; /* of the orders; their columns are not set */
} mu_bound_window;

/* Calls over windows of a query, as they are found. */
typedef struct mu_windows {
    const mu_ast_windows *named;
    mu_bound_window *data;
    uint32_t count, capacity;
} mu_windows;

/* Where an expression stands, and so which names it may use. */
typedef struct mu_place {
    mu_binder *binder;
    const mu_relation *relation;
    const mu_ast_items *items; /* whose aliases may be used, those before `item_count`; or NULL */
    uint32_t item_count;
    mu_calls *calls;              /* takes the aggregates; NULL where there may be none */
    mu_windows *windows;          /* takes the calls over windows; NULL where there may be none */
    const char *clause;           /* "WHERE": said where an aggregate may not stand */
    const struct mu_place *outer; /* where the query stands, if that is in an expression: names that
                                     are not found here are looked up there */
    struct mu_nested *correlates; /* takes such names, as keys; NULL: there may be none */
} mu_place;

/* A query that stands in an expression, and what comes of it beside its plan: keys, by which its
 * rows are looked up. They are what its WHERE says to be equal to something of the query around. */
typedef struct mu_nested {
    const mu_place *outer; /* while it is bound */
    mu_lookup_kind kind;
    const char *what; /* names it in an error: "the query after IN" */
    uint32_t width;   /* how many columns it is to give; 0: of EXISTS they do not matter */
    uint32_t key_count;
    const mu_expr **inner; /* over what the query reads */
    const mu_expr **keys;  /* and what they are equal to, over the place where it stands */
    bool by_alias;         /* a key is an alias of an item, or from further out */
    bool first_only;       /* of the rows that have the same keys, the first is meant */
    /* An aggregate without GROUP BY has a row for all keys, also those that no row has: `otherwise`
     * gives that one. Its columns are those of the query, and after them, but for VALUE, whether
     * HAVING lets it pass. EXISTS has that column only. */
    bool lone;
    const mu_plan *otherwise;
} mu_nested;

/* Before and after a node. An error once aliases and queries of WITH, which are put in place
 * wherever they are used, have made the statement large or deep beyond reason. Nobody needs to
 * leave after a failure: it ends the binding. */
muster_status mu_bind_enter(mu_binder *binder, int32_t offset, muster_error *err);
void mu_bind_leave(mu_binder *binder);

muster_status mu_bind_query(mu_binder *binder, const mu_ast_select *query, mu_relation *out,
                            muster_error *err);
/* The same, in an expression. Behind the columns of the plan come the inner keys; of EXISTS only
 * these, if there are any. */
muster_status mu_bind_nested(mu_binder *binder, const mu_ast_select *query, mu_nested *nested,
                             mu_relation *out, muster_error *err);
/* Takes what refers to the query around out of the nested one's condition, as keys; NULL if nothing
 * is left. */
muster_status mu_bind_correlation(mu_binder *binder, mu_nested *nested, const mu_expr *condition,
                                  const mu_expr **out, muster_error *err);
muster_status mu_bind_source(mu_binder *binder, const mu_ast_source *source, mu_relation *out,
                             muster_error *err);
/* A query that is UNION, INTERSECT, EXCEPT; or VALUES. ORDER BY and LIMIT aside. */
muster_status mu_bind_members(mu_binder *binder, const mu_ast_select *query, mu_relation *out,
                              muster_error *err);
muster_status mu_bind_values(mu_binder *binder, const mu_ast_select *query, mu_relation *out,
                             muster_error *err);
/* The rows of all plans, which have columns of the same types. */
muster_status mu_bind_union_all(mu_binder *binder, const mu_plan *const *plans, uint32_t count,
                                const mu_plan **out, muster_error *err);
/* One row, whose only column has no name. */
muster_status mu_bind_nothing(const mu_binder *binder, const mu_plan **out, muster_error *err);
/* The customers in the set, as a column of that name. */
muster_status mu_bind_set_members(const mu_binder *binder, const mu_set *set, const char *name,
                                  const mu_plan **out, muster_error *err);
/* generate_series(...), range(...); *out is NULL for any other function. */
muster_status mu_bind_series(mu_binder *binder, const mu_ast_source *source, const mu_plan **out,
                             muster_error *err);
/* Gives the first columns of the relation other names. */
muster_status mu_bind_rename(mu_binder *binder, const mu_ast_names *names, mu_relation *relation,
                             muster_error *err);
muster_status mu_bind_join(mu_binder *binder, const mu_ast_source *join, mu_relation *out,
                           muster_error *err);
/* Every pair of rows of the two; `offset` is where it is said that their names are the same. */
muster_status mu_bind_pair(mu_binder *binder, const mu_relation *left, const mu_relation *right,
                           int32_t offset, mu_relation *out, muster_error *err);
/* The relation of that name about what the database has; NULL: if anything, it is a table. */
muster_status mu_bind_own(mu_binder *binder, const char *name, const mu_plan **out,
                          muster_error *err);
muster_status mu_bind_table(const mu_binder *binder, mu_ast_name name, const mu_table **out,
                            muster_error *err);
/* A relation whose columns are those of the table, in its order. */
muster_status mu_bind_scan(const mu_binder *binder, const mu_table *table, mu_relation *out,
                           muster_error *err);
/* The relation that a plan is, without a name. */
void mu_bind_relation_of(const mu_plan *plan, mu_relation *out);
/* funnel(...), funnel_customers(...), retention(...) */
muster_status mu_bind_behaviour(mu_binder *binder, const mu_ast_source *source, mu_relation *out,
                                muster_error *err);

muster_status mu_bind_expr(const mu_place *place, const mu_ast_expr *expr, const mu_expr **out,
                           muster_error *err);
/* The same, which must be BOOLEAN; `what` names it in the error: "WHERE". */
muster_status mu_bind_condition(const mu_place *place, const mu_ast_expr *expr, const char *what,
                                const mu_expr **out, muster_error *err);
muster_status mu_bind_operands(const mu_place *place, const mu_ast_items *items,
                               const mu_expr *const **out, muster_error *err);
muster_status mu_bind_call(const mu_place *place, const mu_ast_expr *call, const mu_expr **out,
                           muster_error *err);
/* An aggregate's arguments, FILTER and TIME column. */
muster_status mu_bind_aggregate(const mu_place *inside, const mu_ast_expr *call, mu_agg_call *out,
                                muster_error *err);
/* name(...) OVER (...) */
muster_status mu_bind_over(const mu_place *place, const mu_ast_expr *call, const mu_expr **out,
                           muster_error *err);
/* Puts the nodes of the calls above the plan, over whose output they are; *columns: call by call,
 * where its result comes out. */
muster_status mu_bind_plan_windows(mu_binder *binder, mu_windows *windows, const mu_plan **plan,
                                   const uint32_t **columns, muster_error *err);
/* An expression with the columns of calls in their place. */
muster_status mu_bind_place_windows(const mu_scope *scope, const mu_expr *expr,
                                    const uint32_t *columns, const mu_expr **out,
                                    muster_error *err);
/* An operation whose first operand is ROW; and one that stands where none may. */
muster_status mu_bind_rows(const mu_place *place, const mu_ast_expr *expr, const mu_expr **out,
                           muster_error *err);
muster_status mu_bind_fail_row(const mu_ast_expr *row, muster_error *err);
/* SCALAR, EXISTS, IN_QUERY, ANY, ALL. */
muster_status mu_bind_subquery(const mu_place *place, const mu_ast_expr *expr, const mu_expr **out,
                               muster_error *err);
/* A BOOLEAN over `customers`, as a set. */
muster_status mu_bind_set(mu_binder *binder, const mu_ast_expr *expr, const mu_set **out,
                          muster_error *err);
/* A constant of a type; `what` names it in the error: "within". Where it depends on parameters that
 * are not known yet (binder->unknown has grown) it is a value that nobody objects to. */
muster_status mu_bind_constant(mu_binder *binder, const mu_ast_expr *expr, mu_type type,
                               const char *what, mu_value *out, muster_error *err);
/* The value of a parameter that stands in the place of a word, as text; NULL while it has none. */
muster_status mu_bind_parameter_text(const mu_binder *binder, const mu_ast_expr *parameter,
                                     const char **out, muster_error *err);
/* A whole number that is at least `least`. */
muster_status mu_bind_count_of(mu_binder *binder, const mu_ast_expr *expr, const char *what,
                               uint64_t least, uint64_t most, uint64_t *out, muster_error *err);

muster_status mu_bind_type(const mu_ast_type *type, mu_type *out, muster_error *err);
muster_status mu_bind_literal(const mu_binder *binder, const mu_ast_expr *expr, const mu_expr **out,
                              muster_error *err);

/* Whether the relation has a part of that name. */
bool mu_bind_has_table(const mu_relation *relation, mu_ast_name name);

/* The column of that name; on failure names the nearest one. `qualifier` may be without text. */
muster_status mu_bind_column(const mu_relation *relation, mu_ast_name qualifier, const char *name,
                             int32_t offset, uint32_t *out, muster_error *err);

/* The columns that "*" stands for, in order, or those of `qualifier`.*; `out` has room for all. */
muster_status mu_bind_star(const mu_relation *relation, mu_ast_name qualifier, uint32_t *out,
                           uint32_t *count, muster_error *err);

/* Arguments of a function, those with names. */
typedef struct mu_argument {
    const char *name;
    const mu_ast_expr *value; /* NULL: not given */
} mu_argument;

/* Sorts the operands into `wanted` by name, the first `positional` of them also by position. An
 * argument that is not wanted, or given twice, is an error that names those that there are. */
muster_status mu_bind_arguments(const char *function, const mu_ast_items *operands,
                                mu_argument *wanted, uint32_t count, uint32_t positional,
                                muster_error *err);

/* since, until and last as a range of time; *bounded is false if none was given. */
muster_status mu_bind_range(mu_binder *binder, const mu_ast_expr *since, const mu_ast_expr *until,
                            const mu_ast_expr *last, mu_event_source *source, muster_error *err);

/* The table of events of that name (a column's, as it was written), or the only one there is. */
muster_status mu_bind_events(const mu_binder *binder, const mu_ast_expr *given, int32_t offset,
                             const mu_table **out, muster_error *err);
/* Binds a predicate on people. */
typedef muster_status mu_people_binder(const mu_place *place, const mu_ast_expr *call,
                                       const mu_set **out, muster_error *err);
mu_people_binder mu_bind_did_then, mu_bind_did_without;
/* measure(aggregate, condition): what has the value of each customer. */
muster_status mu_bind_measure(const mu_place *place, const mu_ast_expr *call, const mu_lookup **out,
                              muster_error *err);

/* "; did you mean "customer"?", or `otherwise`, into a buffer of the caller's. */
const char *mu_bind_advice(const mu_nearest *nearest, const char *otherwise, char *buffer,
                           size_t size);

/* DAY to YEAR by its name; false if it is none of them. */
bool mu_bind_unit(const char *name, mu_unit *out);

mu_text mu_bind_text(const char *text);

#endif
