/*
 * bind_behaviour.h - what the binders of behaviours share: bind_funnel.c, bind_retention.c, ...
 *
 * A behaviour is a function after FROM whose arguments have names and mean the same everywhere;
 * conditions and breakdowns are expressions over the columns of the table of events, its first
 * argument. bind_behaviour.c has the table of them.
 */
#ifndef MU_BIND_BEHAVIOUR_H
#define MU_BIND_BEHAVIOUR_H

#include "query/behaviour.h"
#include "sql/bind.h"

/* A call of one. */
typedef struct mu_behaviour_call {
    mu_binder *binder;
    const char *name; /* as it was written */
    int32_t offset;
    mu_relation events;   /* the table, once mu_behaviour_events() has bound it */
    mu_place place;       /* of conditions: over its columns */
    uint32_t time_column; /* of the rows that come out; MU_NO_COLUMN unless its binder says so */
} mu_behaviour_call;

/* Arguments that all behaviours take, at the end of each list; those that ask what is over by now
 * take as_of as well. */
enum {
    MU_AMONG,
    MU_WHERE,
    MU_SINCE,
    MU_UNTIL,
    MU_COMMON_ARGUMENTS
};
#define MU_COMMON_NAMES                                \
    {"among", NULL}, {"where", NULL}, {"since", NULL}, \
    {                                                  \
        "until", NULL                                  \
    }

/* Binds one behaviour; `operands` are its arguments. */
typedef muster_status mu_behaviour_binder(mu_behaviour_call *call, const mu_ast_items *operands,
                                          const mu_plan **out, muster_error *err);
mu_behaviour_binder mu_bind_attribution, mu_bind_attribution_customers;
mu_behaviour_binder mu_bind_funnel, mu_bind_funnel_customers;
mu_behaviour_binder mu_bind_intervals, mu_bind_intervals_customers;
mu_behaviour_binder mu_bind_lifecycle, mu_bind_lifecycle_customers;
mu_behaviour_binder mu_bind_lookalike;
mu_behaviour_binder mu_bind_paths, mu_bind_paths_customers;
mu_behaviour_binder mu_bind_profile;
mu_behaviour_binder mu_bind_retention, mu_bind_retention_customers;
mu_behaviour_binder mu_bind_rfm;
mu_behaviour_binder mu_bind_sessions;

/* The table that is the first argument of every behaviour. */
muster_status mu_behaviour_events(mu_behaviour_call *call, const mu_ast_expr *table,
                                  muster_error *err);
/* among, where, since, until; `given` are those MU_COMMON_ARGUMENTS. */
muster_status mu_behaviour_common(const mu_behaviour_call *call, const mu_argument *given,
                                  mu_event_source *source, muster_error *err);
muster_status mu_behaviour_as_of(const mu_behaviour_call *call, const mu_ast_expr *as_of,
                                 bool *given, int64_t *as_of_us, muster_error *err);

/* Fails: "retention() needs ..." */
muster_status mu_behaviour_fail_missing(const mu_behaviour_call *call, const char *example,
                                        muster_error *err);

/* A condition on events; `what` names it in an error, "start". NULL is one that is missing. */
muster_status mu_behaviour_condition(const mu_behaviour_call *call, const mu_ast_expr *expr,
                                     const char *what, const mu_expr **out, muster_error *err);
/* One of some words, in quotes or without, in any case, or a parameter that has one: its number.
 * Where it has no value yet, 0. */
muster_status mu_behaviour_word(const mu_behaviour_call *call, const mu_ast_expr *expr,
                                const char *what, const char *const *words, uint32_t count,
                                uint32_t *out, muster_error *err);
/* 'day' to 'year'; it must be given. */
muster_status mu_behaviour_unit(const mu_behaviour_call *call, const mu_ast_expr *unit,
                                mu_unit *out, muster_error *err);
/* A length of time in microseconds that is not negative, and has no months; INT64_MAX if it is not
 * given. */
muster_status mu_behaviour_interval(const mu_behaviour_call *call, const mu_ast_expr *expr,
                                    const char *what, int64_t *out, muster_error *err);
/* [1, 2, 3]: constants of a type, none NULL, at least one; none if it is not given. */
muster_status mu_behaviour_list(const mu_behaviour_call *call, const mu_ast_expr *list,
                                mu_type type, const char *what, const mu_value **out,
                                uint32_t *count, muster_error *err);

/* The plan of `sql`, a query over the relation that it calls "it": what a report makes of the rows
 * of a behaviour. It is of constant text, so that errors are about the call. */
muster_status mu_bind_report(const mu_behaviour_call *call, const char *sql, const mu_plan *it,
                             const mu_plan **out, muster_error *err);

#endif
