/*
 * bind_select.h - a query while it is bound; shared by bind_select.c, which looks its names up, and
 * bind_plan.c, which draws its plan.
 */
#ifndef MU_BIND_SELECT_H
#define MU_BIND_SELECT_H

#include "sql/bind.h"

/* A query while it is bound. Arrays are in the arena. */
typedef struct mu_bind_select {
    mu_binder *binder;
    const mu_ast_select *query;
    mu_nested *nested; /* NULL: it stands in no expression */
    mu_relation source;
    mu_calls calls;
    mu_windows windows;

    mu_ast_items items; /* of SELECT, with the stars unfolded */
    const mu_expr **exprs;
    const char **names;

    uint32_t key_count;
    const mu_expr **keys;
    const char **key_names;

    const mu_expr *having;
    const mu_expr *qualify;
    const mu_expr **ons; /* DISTINCT ON: of each that are equal there, the first row stays */
    uint32_t on_count;
    const mu_expr **orders; /* NULL where the key is an item */
    mu_sort_key *sort_keys; /* columns of the projection */
    uint32_t order_count;
    uint32_t extra_count; /* orders that are no items */
} mu_bind_select;

/* Does it stand in an expression, and refer to what is around it? */
bool mu_bind_is_correlated(const mu_bind_select *q);

/* The plan of a query whose clauses are bound. */
muster_status mu_bind_plan(mu_bind_select *q, const mu_plan **plan, muster_error *err);

#endif
