/*
 * expr.h - typed expressions over the columns of one input, and how to make them.
 *
 * An expression is read-only once made and lives in the statement's arena; any number of threads
 * may evaluate it (eval.h). Operators and functions are all calls of an entry in one table
 * (func.h): `a + b` is a call of "+". The makers below check types, insert casts, and fold what is
 * constant; so a kernel exists per type, never per pair of types. What cannot be is INVALID with
 * the offset of the place: `no function "lenght"; did you mean "length"?`, `"+" takes two numbers,
 * not TEXT and BIGINT`.
 *
 * A CUSTOMER compares with an id: `customer = 'c001'` looks the id up once, here. In other places
 * it is cast to its id.
 */
#ifndef MU_EXPR_H
#define MU_EXPR_H

#include "storage/batch.h"
#include "storage/db.h"

typedef struct mu_func mu_func;
typedef struct mu_set mu_set;
typedef struct mu_lookup mu_lookup;

typedef enum mu_expr_kind {
    MU_EXPR_CONST,  /* value */
    MU_EXPR_COLUMN, /* column `column` of the input */
    MU_EXPR_AND,    /* args, two or more; three-valued logic as in SQL */
    MU_EXPR_OR,
    MU_EXPR_NOT,
    MU_EXPR_CASE, /* args: condition, result, condition, result, ..., else (always there, perhaps a
                     NULL) */
    MU_EXPR_CALL, /* func(args) */
    MU_EXPR_IN_SET, /* args[0], a CUSTOMER, is in `set`; NULL where it is nobody */
    MU_EXPR_LOOKUP, /* what `lookup` has for the keys args; of a value, that of its `column` */
    MU_EXPR_OUTER,  /* while a subquery is bound: `outer`, of the query around it */
} mu_expr_kind;

typedef struct mu_expr mu_expr;
struct mu_expr {
    mu_expr_kind kind;
    mu_type type;
    int32_t offset; /* in the SQL text, for errors at run time; -1 if there is none */
    uint32_t arg_count;
    const mu_expr *const *args;
    mu_value value;
    uint32_t column;
    const mu_func *func;
    const mu_set *set;
    const mu_lookup *lookup;
    const mu_expr *outer;
};

/* What a statement is bound in. */
typedef struct mu_scope {
    mu_arena *arena;
    mu_snapshot *snapshot;
    int64_t now_us;      /* the statement's one now() */
    const mu_zone *zone; /* the session's; NULL: UTC */
    bool sketch;  /* a NULL may be a parameter that has no value yet: it is to fit anywhere */
    bool lasting; /* what is a constant stays one beyond the statement, and now() is none */
    const int32_t *place; /* where all that is made is said to stand, in place of its own offset,
                             which is of another text, a view's; NULL: it is not */
} mu_scope;

static inline int32_t mu_scope_place(const mu_scope *scope, int32_t offset)
{
    return scope->place ? *scope->place : offset;
}

muster_status mu_expr_const(const mu_scope *scope, mu_value value, int32_t offset,
                            const mu_expr **out, muster_error *err);
muster_status mu_expr_column(const mu_scope *scope, uint32_t column, mu_type type, int32_t offset,
                             const mu_expr **out, muster_error *err);

/* `name` is a function or one of: + - * / % || = <> < <= > >= "is distinct from" "is not distinct
 * from" "is null" "is not null" like ilike "not like" "not ilike" in "not in" between "not between"
 * and unary "-" "+". "in": args[0] and the list. Case does not matter. In what is made a
 * constant stands on the right of a comparison, BETWEEN is two of them under an AND, and NOT IN an
 * IN under a NOT. */
muster_status mu_expr_call(const mu_scope *scope, const char *name, const mu_expr *const *args,
                           uint32_t arg_count, int32_t offset, const mu_expr **out,
                           muster_error *err);
/* All of them as one text, which is equal where each of them is; NULL if one is. */
muster_status mu_expr_tuple(const mu_scope *scope, const mu_expr *const *args, uint32_t arg_count,
                            int32_t offset, const mu_expr **out, muster_error *err);

/* What something is ordered by, where that may be several. */
typedef struct mu_expr_key {
    const mu_expr *expr;
    bool descending, nulls_first;
} mu_expr_key;

/* Several keys as one text, which sorts by bytes as they do one after the other; people go by their
 * ids. Never NULL or, `strict`, NULL where one of them is. */
muster_status mu_expr_order(const mu_scope *scope, const mu_expr_key *keys, uint32_t key_count,
                            bool strict, int32_t offset, const mu_expr **out, muster_error *err);
/* MU_EXPR_AND, OR, NOT. Each argument is BOOLEAN. */
muster_status mu_expr_logic(const mu_scope *scope, mu_expr_kind kind, const mu_expr *const *args,
                            uint32_t arg_count, int32_t offset, const mu_expr **out,
                            muster_error *err);
muster_status mu_expr_case(const mu_scope *scope, const mu_expr *const *args, uint32_t arg_count,
                           int32_t offset, const mu_expr **out, muster_error *err);
/* `attempt`: try_cast, NULL where the value does not fit. */
muster_status mu_expr_cast(const mu_scope *scope, const mu_expr *value, mu_type type, bool attempt,
                           int32_t offset, const mu_expr **out, muster_error *err);
muster_status mu_expr_in_set(const mu_scope *scope, const mu_expr *customer, const mu_set *set,
                             int32_t offset, const mu_expr **out, muster_error *err);
/* `args` are lookup.h's; `column` is of the lookup's plan. */
muster_status mu_expr_lookup(const mu_scope *scope, const mu_lookup *lookup,
                             const mu_expr *const *args, uint32_t arg_count, uint32_t column,
                             int32_t offset, const mu_expr **out, muster_error *err);
muster_status mu_expr_outer(const mu_scope *scope, const mu_expr *outer, int32_t offset,
                            const mu_expr **out, muster_error *err);

/* The type that values of both can be cast to without loss, for CASE, COALESCE, IN and comparisons;
 * false if there is none. */
bool mu_type_unify(mu_type a, mu_type b, mu_type *out);
/* INVALID if values of the type have no order; `what`, which needs one, begins the message. */
muster_status mu_type_check_order(mu_type type, const char *what, int32_t offset,
                                  muster_error *err);

/* "day", "months", in any case: a unit of time. */
bool mu_unit_parse(mu_text text, mu_unit *out);
const char *mu_unit_name(mu_unit unit); /* "day" */

bool mu_expr_is_function(const char *name); /* a scalar function of that name exists */
const char *
mu_expr_nearest_function(const char *name); /* scalar or aggregate; NULL if nothing is near */
bool mu_expr_equal(const mu_expr *a,
                   const mu_expr *b); /* the same tree: GROUP BY matches select items by this */

/* Marks in `used` (a bitmap) the input columns the expression reads. */
void mu_expr_columns(const mu_expr *expr, uint64_t *used);
/* A copy in which column i is column map[i]. */
muster_status mu_expr_remap(const mu_scope *scope, const mu_expr *expr, const uint32_t *map,
                            const mu_expr **out, muster_error *err);
/* A copy in which column i is replaced by exprs[i]. */
muster_status mu_expr_substitute(const mu_scope *scope, const mu_expr *expr,
                                 const mu_expr *const *exprs, const mu_expr **out,
                                 muster_error *err);
/* The same, with what has become constant computed, as the makers would have. */
muster_status mu_expr_fold(const mu_scope *scope, const mu_expr *expr, const mu_expr **out,
                           muster_error *err);
/* As SQL, with `names` for the columns, and times in the zone (NULL: UTC): for EXPLAIN and for
 * default column names. */
void mu_expr_print(const mu_expr *expr, const char *const *names, const mu_zone *zone,
                   mu_writer *out);

#endif
