/*
 * bind_period_value.h - value => an aggregate over the events of a cell, as sum(amount), in reports
 * whose cells are groups of events: lifecycle, retention.
 *
 * The value is bound over the table of events. What its aggregates take, their FILTER and what they
 * go by become values that the rows of the behaviour hand on, one row an event; a group node over
 * these rows has the same aggregates. Rows that stand for no event (someone who was silent) say so
 * in a column of their own, and are left out by the FILTER of each.
 */
#ifndef MU_BIND_PERIOD_VALUE_H
#define MU_BIND_PERIOD_VALUE_H

#include "sql/bind_behaviour.h"

typedef struct mu_period_value {
    const mu_expr *expr; /* over the table's columns, of which it reads none, and then the calls;
                            NULL: there is no value */
    uint32_t table_columns;
    mu_calls calls; /* over the table's columns */
    uint32_t value_count;
    const mu_expr **values; /* what the rows hand on: the operands of the calls, in order */
} mu_period_value;

/* `value` may be NULL. */
muster_status mu_period_value_bind(const mu_behaviour_call *call, const mu_ast_expr *value,
                                   mu_period_value *out, muster_error *err);

/* Puts the values behind those of the plan, and columns of them behind its columns. */
muster_status mu_period_value_add(const mu_scope *scope, const mu_period_value *value,
                                  mu_behaviour_plan *plan, muster_error *err);

/* A group of the rows by their columns `keys`: those columns, then the calls of `more` (over the
 * rows), then the value, if there is one, as "value". The values that were added begin with column
 * `first`; `is_event` is the column that says whether a row is one. */
typedef struct mu_period_group {
    uint32_t key_count;
    const uint32_t *keys;
    uint32_t more_count;
    const mu_agg_call *more;
    const char *const *more_names;
    uint32_t first, is_event;
} mu_period_group;
muster_status mu_period_value_group(const mu_scope *scope, const mu_period_value *value,
                                    const mu_plan *rows, const mu_period_group *group,
                                    const mu_plan **out, muster_error *err);

#endif
