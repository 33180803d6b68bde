/*
 * bind_expr.c - expressions: names looked up, the rest handed to the makers of query/expr.h,
 * which know the types.
 *
 * A name is a column of what the query reads, or else the alias of a select item, whose
 * expression then stands in its place, or else a name of the query around.
 */
#include "sql/bind.h"

#include "query/foreign.h"

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

/* What the name was meant to be, as its place or the name itself shows; NULL: nobody knows. */
static const char *advise_name(const mu_place *place, const mu_ast_expr *expr)
{
    mu_unit unit;

    if (expr->offset >= 0 && place->binder->text[expr->offset] == '"') {
        return "text stands between single quotes";
    }
    if (mu_unit_parse(mu_bind_text(expr->text), &unit)) {
        return "a unit of time is a text, as in 'day'";
    }
    return mu_foreign_advice(MU_FOREIGN_NAME, mu_bind_text(expr->text));
}

/* The error of a name that was not found, with what can be said of it. */
static muster_status fail_name(const mu_place *place, const mu_ast_expr *expr,
                               const muster_error *lookup, muster_error *err)
{
    const char *hint = muster_error_hint(lookup);
    const char *advice = expr->qualifier.text ? NULL : advise_name(place, expr);

    if (!advice || strncmp(hint, "did you mean", 12) == 0) {
        if (err) {
            *err = *lookup;
        }
        return lookup->status;
    }
    const size_t size = strlen(lookup->message) - strlen(hint) - (*hint ? 2 : 0);
    return mu_fail_at(err, lookup->status, lookup->offset, "%.*s; %s", (int)size, lookup->message,
                      advice);
}

/* A name that means nothing here, in the place where the query stands; *out is NULL if it means
 * nothing there either. */
static muster_status bind_outer(const mu_place *place, const mu_ast_expr *expr, const mu_expr **out,
                                muster_error *err)
{
    muster_error lookup = {0};
    const mu_expr *found;
    uint32_t column;

    *out = NULL;
    if (!place->outer) {
        return MUSTER_OK;
    }
    const muster_status status = mu_bind_expr(place->outer, expr, &found, &lookup);
    if (status == MUSTER_NOMEM && err) {
        *err = lookup;
    }
    if (status != MUSTER_OK && mu_bind_has_table(place->outer->relation, expr->qualifier)) {
        return fail_name(place->outer, expr, &lookup, err);
    }
    if (status != MUSTER_OK) {
        return status == MUSTER_NOMEM ? status : MUSTER_OK;
    }
    if (!place->correlates) {
        return mu_fail_at(err, MUSTER_INVALID, expr->offset,
                          "\"%s\" is of the query around this one, to which a subquery may refer "
                          "only in its WHERE, by an equality",
                          expr->text);
    }
    place->correlates->by_alias |=
        mu_bind_column(place->outer->relation, expr->qualifier, expr->text, expr->offset, &column,
                       NULL) != MUSTER_OK;
    return mu_expr_outer(&place->binder->scope, found, expr->offset, out, err);
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
    uint32_t column;
    muster_error lookup;

    const muster_status status =
        mu_bind_column(relation, expr->qualifier, expr->text, expr->offset, &column, &lookup);
    if (status == MUSTER_OK) {
        assert(column < relation->column_count);
        return mu_expr_column(&place->binder->scope, column, relation->plan->columns[column].type,
                              expr->offset, out, err);
    }
    const uint32_t alias = expr->qualifier.text ? UINT32_MAX : find_alias(place, expr->text);
    if (!expr->qualifier.text && alias == UINT32_MAX && is_bare_function(expr->text)) {
        return mu_expr_call(&place->binder->scope, expr->text, NULL, 0, expr->offset, out, err);
    }
    if (place->items && alias != UINT32_MAX) {
        mu_place before = *place;
        before.item_count = alias; /* an alias is made of earlier ones at most: no circle */
        return mu_bind_expr(&before, place->items->data[alias].expr, out, err);
    }
    if (column == MU_NO_COLUMN) { /* it is not one of two */
        MU_TRY(bind_outer(place, expr, out, err));
        if (*out) {
            return MUSTER_OK;
        }
    }
    return fail_name(place, expr, &lookup, err);
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
    static const char *const operators[] = {"+",  "-", "*",  "/",  "%",  "||", "=",
                                            "<>", "<", "<=", ">",  ">=", "-",  "~",
                                            "&",  "|", "^",  "<<", ">>", "~",  "~*"};

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
    const mu_scope *scope = &place->binder->scope;
    const mu_expr *const *args;
    const mu_expr *call;

    if (expr->operands.data[0].expr->kind == MU_AST_ROW) {
        return mu_bind_rows(place, expr, out, err);
    }
    MU_TRY(mu_bind_operands(place, &expr->operands, &args, err));
    if (expr->truth && args[0]->type.kind != MU_BOOLEAN && args[0]->type.kind != MU_NULL) {
        return mu_fail_at(err, MUSTER_INVALID, expr->offset,
                          "IS UNKNOWN asks about a condition; of other values, write IS NULL");
    }
    MU_TRY(
        mu_expr_call(scope, call_name(expr), args, expr->operands.count, expr->offset, &call, err));
    if (expr->kind == MU_AST_BINARY && expr->negated) { /* !~ */
        return mu_expr_logic(scope, MU_EXPR_NOT, &call, 1, expr->offset, out, err);
    }
    *out = call;
    return MUSTER_OK;
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

static muster_status bind_parameter(mu_binder *binder, const mu_ast_expr *expr, const mu_expr **out,
                                    muster_error *err)
{
    const mu_value null = {.type = {.kind = MU_NULL}, .null = true};
    const mu_value *values = binder->parameters.values;

    binder->unknown += !values;
    return mu_expr_const(&binder->scope, values ? values[expr->parameter - 1] : null, expr->offset,
                         out, err);
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
    case MU_AST_PARAMETER:
        return bind_parameter(place->binder, expr, out, err);
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
    case MU_AST_SCALAR:
    case MU_AST_EXISTS:
    case MU_AST_ANY:
    case MU_AST_ALL:
        return mu_bind_subquery(place, expr, out, err);
    case MU_AST_CASE:
        return bind_case(place, expr, out, err);
    case MU_AST_CAST:
        return bind_cast(place, expr, out, err);
    case MU_AST_CALL:
        return mu_bind_call(place, expr, out, err);
    case MU_AST_STAR:
        return mu_fail_at(err, MUSTER_INVALID, expr->offset,
                          "\"*\" stands for all columns only as an item of SELECT");
    case MU_AST_ROW:
        return mu_bind_fail_row(expr, err);
    case MU_AST_LIST:
        break;
    }
    return mu_fail_at(err, MUSTER_INVALID, expr->offset,
                      "a list in brackets is an argument of a table function, not a value; a name "
                      "stands between double quotes");
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

/* What a constant may be until it is known: no NULL, not empty where that is an interval. */
static mu_value stand_in(mu_type type)
{
    mu_value value = {.type = type};

    if (type.kind == MU_TEXT) {
        value.text = mu_bind_text("");
    } else if (type.kind == MU_INTERVAL) {
        value.i64 = 1;
    }
    return value;
}

muster_status mu_bind_constant(mu_binder *binder, const mu_ast_expr *expr, mu_type type,
                               const char *what, mu_value *out, muster_error *err)
{
    static const mu_plan nothing = {0};
    const mu_relation none = {
        .plan = &nothing, .customer_column = MU_NO_COLUMN, .time_column = MU_NO_COLUMN};
    const mu_place place = {.binder = binder, .relation = &none, .clause = what};
    const mu_expr *bound = NULL;
    const uint32_t unknown = binder->unknown;

    if (expr->kind == MU_AST_COLUMN && !is_bare_function(expr->text)) {
        return mu_fail_at(err, MUSTER_INVALID, expr->start,
                          "%s takes a constant, and \"%s\" is a name; text stands between single "
                          "quotes",
                          what, expr->text);
    }
    MU_TRY(mu_bind_expr(&place, expr, &bound, err));
    if (binder->unknown > unknown) {
        *out = stand_in(type);
        return MUSTER_OK;
    }
    MU_TRY(mu_expr_cast(&binder->scope, bound, type, false, expr->offset, &bound, err));
    if (bound->kind != MU_EXPR_CONST) {
        return mu_fail_at(err, MUSTER_INVALID, expr->offset, "%s takes a constant%s", what,
                          binder->scope.lasting ? ", which is the same in every row; now() is not, "
                                                  "and stands in INSERT"
                                                : "");
    }
    *out = bound->value;
    return MUSTER_OK;
}

/* A number with a point, which a cast would round. */
static bool is_fraction(const mu_binder *binder, const mu_ast_expr *expr)
{
    if (expr->kind == MU_AST_PARAMETER) {
        const mu_kind kind = binder->parameters.values[expr->parameter - 1].type.kind;
        return kind == MU_DECIMAL || kind == MU_DOUBLE;
    }
    return expr->kind == MU_AST_DECIMAL;
}

muster_status mu_bind_parameter_text(const mu_binder *binder, const mu_ast_expr *parameter,
                                     const char **out, muster_error *err)
{
    const mu_value *values = binder->parameters.values;
    mu_writer text = {0};

    *out = NULL;
    if (!values) {
        return MUSTER_OK;
    }
    mu_value_format(&values[parameter->parameter - 1], &text);
    *out =
        text.failed ? NULL : mu_arena_text(binder->scope.arena, (const char *)text.data, text.size);
    mu_writer_deinit(&text);
    return *out ? MUSTER_OK : mu_fail_memory(err, "reading a parameter");
}

muster_status mu_bind_count_of(mu_binder *binder, const mu_ast_expr *expr, const char *what,
                               uint64_t least, uint64_t most, uint64_t *out, muster_error *err)
{
    const mu_type bigint = {.kind = MU_BIGINT, .bits = 64};
    const uint32_t unknown = binder->unknown;
    mu_value value = {0};

    MU_TRY(mu_bind_constant(binder, expr, bigint, what, &value, err));
    if (binder->unknown > unknown) {
        *out = least;
        return MUSTER_OK;
    }
    if (is_fraction(binder, expr) || value.null || value.i64 < 0 || (uint64_t)value.i64 < least ||
        (uint64_t)value.i64 > most) {
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
