/*
 * bind_period_value.c - value => an aggregate over the events of a cell.
 */
#include "sql/bind_period_value.h"

/* A call's operands that differ from row to row; a constant stays in the call, which relies on it.
 */
static bool is_handed_on(const mu_expr *operand)
{
    return operand && operand->kind != MU_EXPR_CONST;
}

static muster_status list_values(const mu_scope *scope, mu_period_value *value, muster_error *err)
{
    size_t most = 0;

    for (uint32_t i = 0; i < value->calls.count; i++) {
        most += value->calls.data[i].arg_count + 2;
    }
    MU_ARENA_TRY(value->values, scope->arena, most, err);
    for (uint32_t i = 0; i < value->calls.count; i++) {
        const mu_agg_call *call = &value->calls.data[i];
        for (uint32_t a = 0; a < call->arg_count; a++) {
            if (is_handed_on(call->args[a])) {
                value->values[value->value_count++] = call->args[a];
            }
        }
        if (is_handed_on(call->filter)) {
            value->values[value->value_count++] = call->filter;
        }
        if (is_handed_on(call->order)) {
            value->values[value->value_count++] = call->order;
        }
    }
    return MUSTER_OK;
}

muster_status mu_period_value_bind(const mu_behaviour_call *call, const mu_ast_expr *value,
                                   mu_period_value *out, muster_error *err)
{
    const mu_scope *scope = &call->binder->scope;
    const uint32_t columns = call->events.plan->column_count;
    mu_place place = call->place;
    uint64_t *used;

    *out = (mu_period_value){0};
    if (!value) {
        return MUSTER_OK;
    }
    out->table_columns = columns;
    place.calls = &out->calls;
    MU_TRY(mu_bind_expr(&place, value, &out->expr, err));
    MU_ARENA_TRY(used, scope->arena, mu_bits_words((size_t)columns + out->calls.count), err);
    mu_expr_columns(out->expr, used);
    bool plain = out->calls.count == 0;
    for (uint32_t c = 0; c < columns; c++) {
        plain |= mu_bits_test(used, c);
    }
    if (plain) {
        return mu_fail_at(err, MUSTER_INVALID, value->start,
                          "value takes what aggregates make of the events of a period, as in "
                          "value => sum(amount)");
    }
    return list_values(scope, out, err);
}

muster_status mu_period_value_add(const mu_scope *scope, const mu_period_value *value,
                                  mu_behaviour_plan *plan, muster_error *err)
{
    const uint32_t more = value->value_count;
    mu_behaviour_column *columns;
    const mu_expr **values;

    MU_ARENA_TRY(columns, scope->arena, plan->column_count + more, err);
    MU_ARENA_TRY(values, scope->arena, plan->value_count + more, err);
    memcpy(columns, plan->columns, plan->column_count * sizeof *columns);
    for (uint32_t v = 0; v < plan->value_count; v++) {
        values[v] = plan->values[v];
    }
    for (uint32_t v = 0; v < more; v++) {
        values[plan->value_count] = value->values[v];
        columns[plan->column_count++] = (mu_behaviour_column){
            .name = "value", .type = value->values[v]->type, .value = plan->value_count++};
    }
    plan->columns = columns;
    plan->values = values;
    return MUSTER_OK;
}

/* The column of the rows that the operand was made; *next counts them. */
static muster_status place_operand(const mu_scope *scope, const mu_plan *rows, uint32_t *next,
                                   const mu_expr **operand, muster_error *err)
{
    if (!is_handed_on(*operand)) {
        return MUSTER_OK;
    }
    const uint32_t column = (*next)++;
    return mu_expr_column(scope, column, rows->columns[column].type, (*operand)->offset, operand,
                          err);
}

/* The call over the rows. */
static muster_status place_call(const mu_scope *scope, const mu_plan *rows, uint32_t is_event,
                                uint32_t *next, mu_agg_call *call, muster_error *err)
{
    const mu_expr **args, *both[2];

    MU_ARENA_TRY(args, scope->arena, call->arg_count, err);
    for (uint32_t a = 0; a < call->arg_count; a++) {
        args[a] = call->args[a];
        MU_TRY(place_operand(scope, rows, next, &args[a], err));
    }
    call->args = args;
    both[1] = call->filter;
    MU_TRY(place_operand(scope, rows, next, &both[1], err));
    MU_TRY(place_operand(scope, rows, next, &call->order, err));
    MU_TRY(
        mu_expr_column(scope, is_event, rows->columns[is_event].type, call->offset, &both[0], err));
    return mu_expr_logic(scope, MU_EXPR_AND, both, both[1] ? 2 : 1, call->offset, &call->filter,
                         err);
}

/* The group's columns before the calls of the value, and the value over those. */
static muster_status project_value(const mu_scope *scope, const mu_period_value *value,
                                   const mu_plan *grouped, uint32_t before, const mu_plan **out,
                                   muster_error *err)
{
    const mu_expr **exprs;
    const char **names;
    uint32_t *map;

    MU_ARENA_TRY(exprs, scope->arena, before + 1, err);
    MU_ARENA_TRY(names, scope->arena, before + 1, err);
    for (uint32_t c = 0; c < before; c++) {
        names[c] = grouped->columns[c].name;
        MU_TRY(mu_expr_column(scope, c, grouped->columns[c].type, -1, &exprs[c], err));
    }
    if (!value->expr) {
        return mu_plan_project(scope, grouped, exprs, names, before, out, err);
    }
    const uint32_t columns = value->table_columns;
    MU_ARENA_TRY(map, scope->arena, columns + value->calls.count, err);
    for (uint32_t i = 0; i < value->calls.count; i++) {
        map[columns + i] = before + i;
    }
    names[before] = "value";
    MU_TRY(mu_expr_remap(scope, value->expr, map, &exprs[before], err));
    return mu_plan_project(scope, grouped, exprs, names, before + 1, out, err);
}

muster_status mu_period_value_group(const mu_scope *scope, const mu_period_value *value,
                                    const mu_plan *rows, const mu_period_group *group,
                                    const mu_plan **out, muster_error *err)
{
    const uint32_t before = group->key_count + group->more_count;
    const uint32_t count = value->calls.count;
    const mu_expr **keys;
    const char **names;
    mu_agg_call *calls;
    uint32_t next = group->first;
    const mu_plan *grouped;

    MU_ARENA_TRY(keys, scope->arena, group->key_count, err);
    MU_ARENA_TRY(names, scope->arena, before + count, err);
    MU_ARENA_TRY(calls, scope->arena, group->more_count + count, err);
    for (uint32_t k = 0; k < group->key_count; k++) {
        const mu_plan_column *column = &rows->columns[group->keys[k]];
        names[k] = column->name;
        MU_TRY(mu_expr_column(scope, group->keys[k], column->type, -1, &keys[k], err));
    }
    for (uint32_t i = 0; i < group->more_count; i++) {
        calls[i] = group->more[i];
        names[group->key_count + i] = group->more_names[i];
    }
    for (uint32_t i = 0; i < count; i++) {
        calls[group->more_count + i] = value->calls.data[i];
        names[before + i] = "value";
        MU_TRY(place_call(scope, rows, group->is_event, &next, &calls[group->more_count + i], err));
    }
    MU_TRY(mu_plan_group(scope, rows, keys, group->key_count, calls, group->more_count + count,
                         names, &grouped, err));
    return project_value(scope, value, grouped, before, out, err);
}
