/*
 * bind_expr.c - expressions: names looked up, the rest handed to the makers of query/expr.h,
 * which know the types.
 *
 * A name is a column of what the query reads, or else the alias of a select item, whose
 * expression then stands in its place.
 */
#include "sql/bind.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum {
    MOST_WORK = 1 << 20
}; /* nodes: a million is a hundred times what people write */

mu_text mu_bind_text(const char *text)
{
    return (mu_text){text, (uint32_t)strlen(text)};
}

const char *mu_bind_advice(const mu_nearest *nearest, const char *otherwise, char *buffer,
                           size_t size)
{
    if (!nearest->found) {
        return otherwise;
    }
    (void)snprintf(buffer, size, "; did you mean \"%.*s\"?", (int)nearest->best.size,
                   nearest->best.data);
    return buffer;
}

muster_status mu_bind_enter(mu_binder *binder, int32_t offset, muster_error *err)
{
    if (++binder->work > MOST_WORK || ++binder->depth > MU_MAX_DEPTH) {
        return mu_fail_at(err, MUSTER_INVALID, offset,
                          "the statement is too large once its aliases and the queries of WITH "
                          "are put in place");
    }
    return MUSTER_OK;
}

void mu_bind_leave(mu_binder *binder)
{
    assert(binder->depth > 0);
    binder->depth--;
}

static muster_status fail_column(const mu_relation *relation, const char *name, int32_t offset,
                                 muster_error *err)
{
    mu_nearest nearest = mu_nearest_of(mu_bind_text(name));
    char advice[160];

    if (relation->column_count == 0) {
        return mu_fail_at(err, MUSTER_INVALID, offset,
                          "no column \"%s\": there is no table here to read it from", name);
    }
    for (uint32_t i = 0; i < relation->column_count; i++) {
        mu_nearest_try(&nearest, mu_bind_text(relation->plan->columns[i].name));
    }
    if (relation->customer_column != MU_NO_COLUMN) {
        mu_nearest_try(&nearest, MU_TEXT_OF(MU_CUSTOMER_ALIAS));
    }
    mu_bind_advice(&nearest, "", advice, sizeof advice);
    if (!relation->name) {
        return mu_fail_at(err, MUSTER_INVALID, offset, "no column \"%s\"%s", name,
                          nearest.found ? advice : "");
    }
    return mu_fail_at(err, MUSTER_INVALID, offset, "no column \"%s\" in %s\"%s\"%s", name,
                      relation->table ? "table " : "", relation->name, nearest.found ? advice : "");
}

muster_status mu_bind_column(const mu_relation *relation, mu_ast_name qualifier, const char *name,
                             int32_t offset, uint32_t *out, muster_error *err)
{
    *out = MU_NO_COLUMN;
    if (qualifier.text && (!relation->name || !mu_name_equal(qualifier.text, relation->name))) {
        return mu_fail_at(err, MUSTER_INVALID, qualifier.offset,
                          "no table \"%s\" in this query%s%s%s", qualifier.text,
                          relation->name ? "; it reads \"" : "",
                          relation->name ? relation->name : "", relation->name ? "\"" : "");
    }
    for (uint32_t i = 0; i < relation->column_count; i++) {
        if (!mu_name_equal(relation->plan->columns[i].name, name)) {
            continue;
        }
        if (*out != MU_NO_COLUMN) {
            return mu_fail_at(err, MUSTER_INVALID, offset,
                              "two columns are called \"%s\"; give one of them another name with "
                              "AS",
                              name);
        }
        *out = i;
    }
    if (*out == MU_NO_COLUMN && mu_name_equal(name, MU_CUSTOMER_ALIAS)) {
        *out = relation->customer_column;
    }
    return *out == MU_NO_COLUMN ? fail_column(relation, name, offset, err) : MUSTER_OK;
}

/* The select item that the name is an alias of, the nearest one before the place; or none. */
static uint32_t find_alias(const mu_place *place, const char *name)
{
    for (uint32_t i = place->item_count; place->items && i > 0; i--) {
        const char *alias = place->items->data[i - 1].name.text;
        if (alias && mu_name_equal(alias, name)) {
            return i - 1;
        }
    }
    return UINT32_MAX;
}

/* Functions that SQL calls without parentheses, where no column has the name. */
static bool is_bare_function(const char *name)
{
    return mu_name_equal(name, "current_date") || mu_name_equal(name, "current_timestamp");
}

static muster_status bind_name(const mu_place *place, const mu_ast_expr *expr, const mu_expr **out,
                               muster_error *err)
{
    const mu_relation *relation = place->relation;
    const uint32_t alias = expr->qualifier.text ? UINT32_MAX : find_alias(place, expr->text);
    uint32_t column;
    muster_error lookup;

    const muster_status status =
        mu_bind_column(relation, expr->qualifier, expr->text, expr->offset, &column, &lookup);
    if (status == MUSTER_OK) {
        assert(column < relation->column_count);
        return mu_expr_column(&place->binder->scope, column, relation->plan->columns[column].type,
                              expr->offset, out, err);
    }
    if (!expr->qualifier.text && alias == UINT32_MAX && is_bare_function(expr->text)) {
        return mu_expr_call(&place->binder->scope, expr->text, NULL, 0, expr->offset, out, err);
    }
    if (place->items && alias != UINT32_MAX) {
        mu_place before = *place;
        before.item_count = alias; /* an alias is made of earlier ones at most: no circle */
        return mu_bind_expr(&before, place->items->data[alias].expr, out, err);
    }
    if (err) {
        *err = lookup;
    }
    return status;
}

muster_status mu_bind_operands(const mu_place *place, const mu_ast_items *items,
                               const mu_expr *const **out, muster_error *err)
{
    const mu_expr **exprs;

    *out = NULL;
    MU_ARENA_TRY(exprs, place->binder->scope.arena, items->count, err);
    for (uint32_t i = 0; i < items->count; i++) {
        MU_TRY(mu_bind_expr(place, items->data[i].expr, &exprs[i], err));
    }
    *out = exprs;
    return MUSTER_OK;
}

/* The name that query/expr.h knows an operation by. */
static const char *call_name(const mu_ast_expr *expr)
{
    static const char *const operators[] = {"+",  "-", "*",  "/", "%",  "||", "=",
                                            "<>", "<", "<=", ">", ">=", "-"};

    if (expr->kind == MU_AST_IS_NULL) {
        return expr->negated ? "is not null" : "is null";
    }
    if (expr->kind == MU_AST_DISTINCT) {
        return expr->negated ? "is not distinct from" : "is distinct from";
    }
    if (expr->kind == MU_AST_BETWEEN) {
        return expr->negated ? "not between" : "between";
    }
    if (expr->kind == MU_AST_IN_LIST) {
        return expr->negated ? "not in" : "in";
    }
    if (expr->kind == MU_AST_LIKE && expr->fold_case) {
        return expr->negated ? "not ilike" : "ilike";
    }
    if (expr->kind == MU_AST_LIKE) {
        return expr->negated ? "not like" : "like";
    }
    assert(expr->kind == MU_AST_BINARY || expr->kind == MU_AST_UNARY);
    return operators[expr->op];
}

static muster_status bind_operation(const mu_place *place, const mu_ast_expr *expr,
                                    const mu_expr **out, muster_error *err)
{
    const mu_expr *const *args;

    MU_TRY(mu_bind_operands(place, &expr->operands, &args, err));
    return mu_expr_call(&place->binder->scope, call_name(expr), args, expr->operands.count,
                        expr->offset, out, err);
}

static muster_status bind_logic(const mu_place *place, const mu_ast_expr *expr, const mu_expr **out,
                                muster_error *err)
{
    const mu_expr *const *args;
    const mu_expr_kind kind = expr->kind == MU_AST_AND  ? MU_EXPR_AND
                              : expr->kind == MU_AST_OR ? MU_EXPR_OR
                                                        : MU_EXPR_NOT;

    MU_TRY(mu_bind_operands(place, &expr->operands, &args, err));
    return mu_expr_logic(&place->binder->scope, kind, args, expr->operands.count, expr->offset, out,
                         err);
}

/* CASE x WHEN a is CASE WHEN x = a; without ELSE it is NULL. */
static muster_status bind_case(const mu_place *place, const mu_ast_expr *expr, const mu_expr **out,
                               muster_error *err)
{
    const mu_scope *scope = &place->binder->scope;
    const mu_ast_items *operands = &expr->operands;
    const mu_expr **args, *operand = NULL;
    uint32_t count = 0, i = 0;

    MU_ARENA_TRY(args, scope->arena, operands->count + 1, err);
    if (expr->has_operand) {
        MU_TRY(mu_bind_expr(place, operands->data[i++].expr, &operand, err));
    }
    for (; i + 1 < operands->count; i += 2) {
        const mu_ast_expr *when = operands->data[i].expr;
        MU_TRY(mu_bind_expr(place, when, &args[count], err));
        if (operand) {
            const mu_expr **sides;
            MU_ARENA_TRY(sides, scope->arena, 2, err);
            sides[0] = operand;
            sides[1] = args[count];
            MU_TRY(mu_expr_call(scope, "=", sides, 2, when->offset, &args[count], err));
        }
        MU_TRY(mu_bind_expr(place, operands->data[i + 1].expr, &args[count + 1], err));
        count += 2;
    }
    if (expr->has_else) {
        MU_TRY(mu_bind_expr(place, operands->data[i].expr, &args[count++], err));
    } else {
        const mu_value null = {.type = {.kind = MU_NULL}, .null = true};
        MU_TRY(mu_expr_const(scope, null, expr->offset, &args[count++], err));
    }
    return mu_expr_case(scope, args, count, expr->offset, out, err);
}

static muster_status bind_cast(const mu_place *place, const mu_ast_expr *expr, const mu_expr **out,
                               muster_error *err)
{
    const mu_expr *value;
    mu_type type;

    MU_TRY(mu_bind_type(&expr->type, &type, err));
    MU_TRY(mu_bind_expr(place, expr->operands.data[0].expr, &value, err));
    return mu_expr_cast(&place->binder->scope, value, type, expr->attempt, expr->offset, out, err);
}

static muster_status bind_kind(const mu_place *place, const mu_ast_expr *expr, const mu_expr **out,
                               muster_error *err)
{
    switch (expr->kind) {
    case MU_AST_NULL:
    case MU_AST_BOOLEAN:
    case MU_AST_INTEGER:
    case MU_AST_DECIMAL:
    case MU_AST_DOUBLE:
    case MU_AST_TEXT:
    case MU_AST_TYPED:
        return mu_bind_literal(place->binder, expr, out, err);
    case MU_AST_COLUMN:
        return bind_name(place, expr, out, err);
    case MU_AST_UNARY:
    case MU_AST_BINARY:
    case MU_AST_IS_NULL:
    case MU_AST_DISTINCT:
    case MU_AST_BETWEEN:
    case MU_AST_IN_LIST:
    case MU_AST_LIKE:
        return bind_operation(place, expr, out, err);
    case MU_AST_AND:
    case MU_AST_OR:
    case MU_AST_NOT:
        return bind_logic(place, expr, out, err);
    case MU_AST_IN_QUERY:
        return mu_bind_in_query(place, expr, out, err);
    case MU_AST_CASE:
        return bind_case(place, expr, out, err);
    case MU_AST_CAST:
        return bind_cast(place, expr, out, err);
    case MU_AST_CALL:
        return mu_bind_call(place, expr, out, err);
    case MU_AST_STAR:
        return mu_fail_at(err, MUSTER_INVALID, expr->offset,
                          "\"*\" stands for all columns only as an item of SELECT");
    case MU_AST_LIST:
        break;
    }
    return mu_fail_at(err, MUSTER_INVALID, expr->offset,
                      "a list in brackets is an argument of a table function, not a value");
}

muster_status mu_bind_expr(const mu_place *place, const mu_ast_expr *expr, const mu_expr **out,
                           muster_error *err)
{
    *out = NULL;
    MU_TRY(mu_bind_enter(place->binder, expr->offset, err));
    MU_TRY(bind_kind(place, expr, out, err));
    mu_bind_leave(place->binder);
    return MUSTER_OK;
}

muster_status mu_bind_condition(const mu_place *place, const mu_ast_expr *expr, const char *what,
                                const mu_expr **out, muster_error *err)
{
    char name[32];

    MU_TRY(mu_bind_expr(place, expr, out, err));
    assert(*out);
    if ((*out)->type.kind == MU_NULL) {
        return mu_expr_cast(&place->binder->scope, *out, (mu_type){.kind = MU_BOOLEAN}, false,
                            expr->offset, out, err);
    }
    if ((*out)->type.kind != MU_BOOLEAN) {
        return mu_fail_at(err, MUSTER_INVALID, expr->offset,
                          "%s takes a condition, which is true or false, not %s", what,
                          mu_type_name((*out)->type, name));
    }
    return MUSTER_OK;
}

muster_status mu_bind_constant(mu_binder *binder, const mu_ast_expr *expr, mu_type type,
                               const char *what, mu_value *out, muster_error *err)
{
    static const mu_plan nothing = {0};
    const mu_relation none = {
        .plan = &nothing, .customer_column = MU_NO_COLUMN, .time_column = MU_NO_COLUMN};
    const mu_place place = {.binder = binder, .relation = &none, .clause = what};
    const mu_expr *bound = NULL;

    MU_TRY(mu_bind_expr(&place, expr, &bound, err));
    MU_TRY(mu_expr_cast(&binder->scope, bound, type, false, expr->offset, &bound, err));
    if (bound->kind != MU_EXPR_CONST) {
        return mu_fail_at(err, MUSTER_INVALID, expr->offset, "%s takes a constant", what);
    }
    *out = bound->value;
    return MUSTER_OK;
}

muster_status mu_bind_count_of(mu_binder *binder, const mu_ast_expr *expr, const char *what,
                               uint64_t least, uint64_t most, uint64_t *out, muster_error *err)
{
    const mu_type bigint = {.kind = MU_BIGINT, .bits = 64};
    mu_value value = {0};

    MU_TRY(mu_bind_constant(binder, expr, bigint, what, &value, err)); /* would round 1.5 */
    if (expr->kind == MU_AST_DECIMAL || value.null || value.i64 < 0 ||
        (uint64_t)value.i64 < least || (uint64_t)value.i64 > most) {
        if (most >= INT64_MAX) {
            return mu_fail_at(err, MUSTER_INVALID, expr->offset,
                              "%s takes a whole number, %llu or more", what,
                              (unsigned long long)least);
        }
        return mu_fail_at(err, MUSTER_INVALID, expr->offset,
                          "%s takes a whole number from %llu to %llu", what,
                          (unsigned long long)least, (unsigned long long)most);
    }
    *out = (uint64_t)value.i64;
    return MUSTER_OK;
}
