/*
 * summarize.c - SUMMARIZE: a row for each column of a table or a query, with what its values are
 * like.
 *
 * Each row is an aggregate of one column, and all of them one UNION ALL: over a table no column is
 * read more than once.
 */
#include "sql/summarize.h"

#include <string.h>

enum {
    LEAST,
    GREATEST,
    DISTINCT,
    AVERAGE,
    DEVIATION,
    QUARTILE_1,
    QUARTILE_2,
    QUARTILE_3,
    VALUES,
    ROWS,
    CALLS,
};

static const char *const call_names[CALLS] = {"min",      "max",      "count",    "avg",   "stddev",
                                              "quantile", "quantile", "quantile", "count", "count"};

/* What is found out about one column. */
typedef struct summary {
    mu_binder *binder;
    const mu_expr *column;
    mu_agg_call calls[CALLS];
    bool made[CALLS];
} summary;

static bool is_number(mu_type type)
{
    return type.kind == MU_BIGINT || type.kind == MU_DOUBLE || type.kind == MU_DECIMAL;
}

/* Does the aggregate say something about values of the type? */
static bool suits(int call, mu_type type)
{
    switch (call) {
    case LEAST:
    case GREATEST:
        return type.kind != MU_BITMAP;
    case AVERAGE:
    case DEVIATION:
        return is_number(type);
    case QUARTILE_1:
    case QUARTILE_2:
    case QUARTILE_3:
        return is_number(type) || type.kind == MU_DATE || type.kind == MU_TIMESTAMP;
    default:
        return true;
    }
}

static muster_status make_call(summary *s, int call, muster_error *err)
{
    const mu_scope *scope = &s->binder->scope;
    const mu_type type = s->column->type;
    const mu_expr **args;
    uint32_t count = call == ROWS ? 0 : 1;

    MU_ARENA_TRY(args, scope->arena, 2, err);
    args[0] = s->column;
    if (call >= QUARTILE_1 && call <= QUARTILE_3) {
        const mu_value part = {.type = {.kind = MU_DOUBLE}, .f64 = 0.25 * (call - QUARTILE_1 + 1)};
        MU_TRY(mu_expr_const(scope, part, -1, &args[1], err));
        count = 2;
        if (type.kind == MU_DATE) {
            MU_TRY(mu_expr_cast(scope, args[0], (mu_type){.kind = MU_TIMESTAMP}, false, -1,
                                &args[0], err));
        }
    }
    return mu_agg_call_make(scope, call_names[call], args, count, call == DISTINCT, NULL, NULL, -1,
                            &s->calls[call], err);
}

/* A value of the group as one of the output: of that type, NULL where there is none. */
static muster_status take(const summary *s, int call, uint32_t place, mu_type type,
                          const mu_expr **out, muster_error *err)
{
    const mu_scope *scope = &s->binder->scope;
    const mu_value null = {.type = type, .null = true};

    if (!s->made[call]) {
        return mu_expr_const(scope, null, -1, out, err);
    }
    MU_TRY(mu_expr_column(scope, place, s->calls[call].type, -1, out, err));
    if (call >= QUARTILE_1 && call <= QUARTILE_3 && s->column->type.kind == MU_DATE) {
        MU_TRY(mu_expr_cast(scope, *out, s->column->type, false, -1, out, err));
    }
    return mu_type_equal((*out)->type, type) ? MUSTER_OK
                                             : mu_expr_cast(scope, *out, type, false, -1, out, err);
}

/* 100 * (1 - count / rows), of rows that there are. */
static muster_status null_part(const summary *s, const uint32_t places[CALLS], const mu_expr **out,
                               muster_error *err)
{
    const mu_scope *scope = &s->binder->scope;
    const mu_type real = {.kind = MU_DOUBLE};
    const mu_value hundred = {.type = real, .f64 = 100}, zero = {.type = real};
    const mu_expr *counts[2], *missing[2], *part[2];

    MU_TRY(take(s, ROWS, places[ROWS], real, &counts[0], err));
    MU_TRY(take(s, VALUES, places[VALUES], real, &counts[1], err));
    MU_TRY(mu_expr_call(scope, "-", counts, 2, -1, &missing[0], err));
    MU_TRY(mu_expr_const(scope, hundred, -1, &missing[1], err));
    MU_TRY(mu_expr_call(scope, "*", missing, 2, -1, &part[0], err));
    MU_TRY(mu_expr_const(scope, zero, -1, &counts[1], err));
    MU_TRY(mu_expr_call(scope, "nullif", counts, 2, -1, &part[1], err));
    return mu_expr_call(scope, "/", part, 2, -1, out, err);
}

static muster_status text_of(const summary *s, const char *text, const mu_expr **out,
                             muster_error *err)
{
    const char *copy = mu_arena_text(s->binder->scope.arena, text, strlen(text));

    if (!copy) {
        return mu_fail_memory(err, "summarizing");
    }
    const mu_value value = {.type = {.kind = MU_TEXT}, .text = mu_bind_text(copy)};
    return mu_expr_const(&s->binder->scope, value, -1, out, err);
}

static muster_status name_type(const summary *s, const mu_expr **out, muster_error *err)
{
    mu_type type = s->column->type;
    char name[32];

    if (type.kind == MU_CUSTOMER) {
        type = (mu_type){.kind = s->binder->catalog->customer_kind, .bits = 64};
    }
    return text_of(s, mu_type_name(type, name), out, err);
}

static muster_status plan_row(summary *s, const char *name, const mu_plan *group,
                              const uint32_t places[CALLS], const mu_plan **out, muster_error *err)
{
    static const char *const names[] = {"column",   "type", "min",   "max",
                                        "distinct", "avg",  "std",   "q25",
                                        "q50",      "q75",  "count", "null_percentage"};
    static const mu_type types[] = {
        {.kind = MU_TEXT},   {.kind = MU_TEXT},   {.kind = MU_BIGINT, .bits = 64},
        {.kind = MU_DOUBLE}, {.kind = MU_DOUBLE}, {.kind = MU_TEXT},
        {.kind = MU_TEXT},   {.kind = MU_TEXT},
    };
    const uint32_t last = MU_COUNT(names) - 1;
    const mu_type bigint = {.kind = MU_BIGINT, .bits = 64};
    const mu_expr **exprs;

    MU_ARENA_TRY(exprs, s->binder->scope.arena, MU_COUNT(names), err);
    MU_TRY(text_of(s, name, &exprs[0], err));
    MU_TRY(name_type(s, &exprs[1], err));
    for (int call = LEAST; call < VALUES; call++) {
        MU_TRY(take(s, call, places[call], types[call], &exprs[2 + call], err));
    }
    MU_TRY(take(s, ROWS, places[ROWS], bigint, &exprs[last - 1], err));
    MU_TRY(null_part(s, places, &exprs[last], err));
    return mu_plan_project(&s->binder->scope, group, exprs, names, MU_COUNT(names), out, err);
}

static muster_status plan_column(mu_binder *binder, const mu_relation *relation, uint32_t column,
                                 const mu_plan **out, muster_error *err)
{
    const mu_plan_column *there = &relation->plan->columns[column];
    summary s = {.binder = binder};
    const char *names[CALLS];
    mu_agg_call *calls;
    uint32_t places[CALLS] = {0}, count = 0;
    const mu_plan *group;

    MU_TRY(mu_expr_column(&binder->scope, column, there->type, -1, &s.column, err));
    MU_ARENA_TRY(calls, binder->scope.arena, CALLS, err);
    for (int call = LEAST; call < CALLS; call++) {
        s.made[call] = suits(call, there->type);
        if (s.made[call]) {
            MU_TRY(make_call(&s, call, err));
            places[call] = count;
            names[count] = call_names[call];
            calls[count++] = s.calls[call];
        }
    }
    MU_TRY(
        mu_plan_group(&binder->scope, relation->plan, NULL, 0, calls, count, names, &group, err));
    return plan_row(&s, there->name, group, places, out, err);
}

muster_status mu_summarize(mu_binder *binder, const mu_ast_statement *statement,
                           const mu_plan **out, muster_error *err)
{
    const mu_ast_source source = {.name = statement->name};
    mu_relation relation;
    const mu_plan **plans;

    if (statement->query) {
        MU_TRY(mu_bind_query(binder, statement->query, &relation, err));
    } else {
        MU_TRY(mu_bind_source(binder, &source, &relation, err));
    }
    MU_ARENA_TRY(plans, binder->scope.arena, relation.column_count, err);
    for (uint32_t i = 0; i < relation.column_count; i++) {
        MU_TRY(plan_column(binder, &relation, i, &plans[i], err));
    }
    return mu_bind_union_all(binder, plans, relation.column_count, out, err);
}
