/*
 * bind_breakdown.h - by => expression and top => n, of behaviours whose rows have the value as a
 * column of their own.
 *
 * In the rows, and in the SQL of a report, the column is called `part`; what people see is the
 * expression as it was written. With `top` it is a text: the values with most customers keep
 * theirs, all others are 'other'.
 */
#ifndef MU_BIND_BREAKDOWN_H
#define MU_BIND_BREAKDOWN_H

#include "sql/bind_behaviour.h"

typedef struct mu_breakdown {
    const mu_expr *by; /* NULL: there is none */
    const char *name;  /* of the column, in quotes */
    uint64_t top;      /* 0: all are kept */
} mu_breakdown;

muster_status mu_breakdown_bind(const mu_behaviour_call *call, const mu_ast_expr *by,
                                const mu_ast_expr *top, mu_breakdown *out, muster_error *err);

/* The rows with `part` as it is shown, as one more column behind, called `shown`, if top is given;
 * `customers` says in SQL how many customers a value has. */
muster_status mu_breakdown_keep(const mu_behaviour_call *call, const mu_breakdown *breakdown,
                                const char *customers, const mu_plan *rows, const mu_plan **out,
                                muster_error *err);

/* The column of the rows that is shown: "part" or "shown". */
const char *mu_breakdown_column(const mu_breakdown *breakdown);

/* `part AS "channel", `, or nothing where there is no breakdown; NULL when out of memory. */
const char *mu_breakdown_item(const mu_behaviour_call *call, const mu_breakdown *breakdown);

/* The name in double quotes, for the SQL of a report; NULL when out of memory. */
const char *mu_breakdown_quote(mu_arena *arena, const char *name);

#endif
