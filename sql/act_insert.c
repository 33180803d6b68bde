/*
 * act_insert.c - INSERT: values are bound and cast one by one, and loaded as any rows are; or the
 * rows of a query are. Values that have to be asked for, as subqueries are in them, and those that
 * are to be compared with what is there, make a query.
 */
#include "sql/act_rows.h"
#include "storage/load.h"
#include "storage/value.h"

/* The rows column by column, as a load takes them. */
typedef struct insertion {
    const mu_table *table;
    uint32_t rows;
    uint32_t value_count;     /* of a row */
    uint32_t *targets;        /* which column of the table each value goes to */
    mu_input_column *columns; /* of the table; they lend out the arrays of `cells` */
    struct cells {
        int64_t *i64;
        double *f64;
        mu_text *text;
        uint64_t *valid;
    } * cells;
    mu_type *types; /* of the table's columns, ids as their own type */
} insertion;

/* DEFAULT VALUES? */
static bool takes_defaults(const mu_act *act)
{
    return act->statement->rows.count > 0 && act->statement->rows.data[0].count == 0;
}

static muster_status bind_targets(const mu_act *act, insertion *in, muster_error *err)
{
    const mu_ast_names *names = &act->statement->names;
    mu_relation relation;

    MU_TRY(mu_bind_scan(act->binder, in->table, &relation, err));
    in->value_count = names->count > 0      ? names->count
                      : takes_defaults(act) ? 0
                                            : in->table->column_count;
    MU_ARENA_TRY(in->targets, act->binder->scope.arena, in->value_count, err);
    for (uint32_t i = 0; i < in->value_count; i++) {
        in->targets[i] = i;
        if (names->count == 0) {
            continue;
        }
        MU_TRY(mu_bind_column(&relation, (mu_ast_name){0}, names->data[i].text,
                              names->data[i].offset, &in->targets[i], err));
        for (uint32_t j = 0; j < i; j++) {
            if (in->targets[j] == in->targets[i]) {
                return mu_fail_at(err, MUSTER_INVALID, names->data[i].offset,
                                  "column \"%s\" is named twice", names->data[i].text);
            }
        }
    }
    return MUSTER_OK;
}

/* The type of the values of a column: ids are what they are written as. */
static mu_type type_of(const mu_act *act, const mu_column *column)
{
    return column->type.kind == MU_CUSTOMER ? (mu_type){.kind = act->binder->catalog->customer_kind,
                                                        .bits = 64,
                                                        .length = column->type.length}
                                            : column->type;
}

/* Room for the values of the columns that are given; the others stay NULL. */
static muster_status make_columns(const mu_act *act, insertion *in, muster_error *err)
{
    mu_arena *arena = act->binder->scope.arena;

    MU_ARENA_TRY(in->columns, arena, in->table->column_count, err);
    MU_ARENA_TRY(in->cells, arena, in->table->column_count, err);
    for (uint32_t i = 0; i < in->value_count; i++) {
        const uint32_t c = in->targets[i];
        struct cells *cells = &in->cells[c];

        MU_ARENA_TRY(cells->valid, arena, mu_bits_words(in->rows), err);
        if (in->types[c].kind == MU_TEXT) {
            MU_ARENA_TRY(cells->text, arena, in->rows, err);
        } else if (in->types[c].kind == MU_DOUBLE) {
            MU_ARENA_TRY(cells->f64, arena, in->rows, err);
        } else {
            MU_ARENA_TRY(cells->i64, arena, in->rows, err);
        }
        in->columns[c] = (mu_input_column){
            .i64 = cells->i64, .f64 = cells->f64, .text = cells->text, .valid = cells->valid};
    }
    return MUSTER_OK;
}

static void put_value(const insertion *in, uint32_t c, uint32_t row, const mu_value *value)
{
    struct cells *cells = &in->cells[c];

    if (value->null) {
        return;
    }
    mu_bits_set(cells->valid, row);
    if (cells->text) {
        cells->text[row] = value->text;
    } else if (cells->f64) {
        cells->f64[row] = value->f64;
    } else {
        cells->i64[row] = value->i64;
    }
}

static muster_status check_count(const insertion *in, const mu_ast_items *values, uint32_t row,
                                 muster_error *err)
{
    return values->count == in->value_count
               ? MUSTER_OK
               : mu_fail_at(err, MUSTER_INVALID, values->data[0].expr->start,
                            "row %u has %u value%s; expected are %u", row + 1, values->count,
                            values->count == 1 ? "" : "s", in->value_count);
}

/* Value i of a row. */
static muster_status bind_value(const mu_act *act, const insertion *in, const mu_ast_expr *expr,
                                uint32_t i, mu_value *value, muster_error *err)
{
    const uint32_t c = in->targets[i];
    const mu_column *column = &in->table->columns[c];

    act->binder->work = 0;
    if (mu_act_is_default(expr)) {
        MU_TRY(mu_act_preset(column, value, err));
    } else {
        MU_TRY(mu_bind_constant(act->binder, expr, in->types[c], "VALUES", value, err));
    }
    MU_TRY(mu_value_check_length(value, expr->start, err));
    if (value->null && column->role == MU_ROLE_TIME) {
        return mu_fail_at(err, MUSTER_INVALID, expr->start,
                          "the TIME column \"%s\" may not be NULL", column->name);
    }
    if (value->null && in->table->id == MU_CUSTOMERS_TABLE && c == in->table->customer_column) {
        return mu_fail_at(err, MUSTER_INVALID, expr->start, "the id of a customer may not be NULL");
    }
    return MUSTER_OK;
}

static muster_status bind_rows(const mu_act *act, const insertion *in, muster_error *err)
{
    for (uint32_t row = 0; row < in->rows; row++) {
        const mu_ast_items *values = &act->statement->rows.data[row];
        MU_TRY(check_count(in, values, row, err));
        for (uint32_t i = 0; i < values->count; i++) {
            mu_value value;
            MU_TRY(bind_value(act, in, values->data[i].expr, i, &value, err));
            put_value(in, in->targets[i], row, &value);
        }
    }
    return MUSTER_OK;
}

/* Rows as a query. */

static bool has_query(const mu_ast_expr *expr)
{
    for (uint32_t i = 0; i < expr->operands.count; i++) {
        if (has_query(expr->operands.data[i].expr)) {
            return true;
        }
    }
    return expr->query != NULL;
}

static bool any_query(const mu_ast_rows *rows)
{
    for (uint32_t row = 0; row < rows->count; row++) {
        for (uint32_t i = 0; i < rows->data[row].count; i++) {
            if (has_query(rows->data[row].data[i].expr)) {
                return true;
            }
        }
    }
    return false;
}

/* A row as a projection of nothing. */
static muster_status plan_row(const mu_act *act, const insertion *in, const mu_ast_items *values,
                              const mu_plan **out, muster_error *err)
{
    const mu_scope *scope = &act->binder->scope;
    mu_relation none = {.customer_column = MU_NO_COLUMN, .time_column = MU_NO_COLUMN};
    const mu_place place = {.binder = act->binder, .relation = &none, .clause = "VALUES"};
    const mu_expr **exprs;
    const char **names;

    MU_TRY(mu_bind_nothing(act->binder, &none.plan, err));
    MU_ARENA_TRY(exprs, scope->arena, in->value_count, err);
    MU_ARENA_TRY(names, scope->arena, in->value_count, err);
    for (uint32_t i = 0; i < in->value_count; i++) {
        mu_column column = in->table->columns[in->targets[i]];
        column.type = in->types[in->targets[i]];
        names[i] = column.name;
        act->binder->work = 0;
        MU_TRY(mu_act_bind_value(&place, values->data[i].expr, &column, &exprs[i], err));
    }
    return mu_plan_project(scope, none.plan, exprs, names, in->value_count, out, err);
}

static muster_status plan_computed(const mu_act *act, const insertion *in, const mu_plan **out,
                                   muster_error *err)
{
    const mu_ast_rows *rows = &act->statement->rows;
    const mu_plan **plans;

    MU_ARENA_TRY(plans, act->binder->scope.arena, rows->count, err);
    for (uint32_t row = 0; row < rows->count; row++) {
        MU_TRY(check_count(in, &rows->data[row], row, err));
        MU_TRY(plan_row(act, in, &rows->data[row], &plans[row], err));
    }
    return mu_bind_union_all(act->binder, plans, rows->count, out, err);
}

static muster_status plan_constants(const mu_act *act, const insertion *in, const mu_plan **out,
                                    muster_error *err)
{
    mu_arena *arena = act->binder->scope.arena;
    mu_plan_column *columns;
    mu_value *values;

    MU_ARENA_TRY(columns, arena, in->value_count, err);
    MU_ARENA_TRY(values, arena, (size_t)in->rows * in->value_count, err);
    for (uint32_t i = 0; i < in->value_count; i++) {
        const uint32_t c = in->targets[i];
        columns[i] = (mu_plan_column){in->table->columns[c].name, in->types[c]};
    }
    for (uint32_t row = 0; row < in->rows; row++) {
        const mu_ast_items *given = &act->statement->rows.data[row];
        MU_TRY(check_count(in, given, row, err));
        for (uint32_t i = 0; i < given->count; i++) {
            mu_value *value = &values[(size_t)row * in->value_count + i];
            MU_TRY(bind_value(act, in, given->data[i].expr, i, value, err));
            value->type = columns[i].type;
        }
    }
    return mu_plan_values(&act->binder->scope, columns, in->value_count, values, in->rows, out,
                          err);
}

static muster_status load(mu_act *act, const insertion *in, muster_error *err)
{
    mu_load_options options = {.cancel = act->cancel};
    mu_load *load = NULL;
    muster_status status;

    MU_TRY(mu_act_bind_conflict(act, in->table, &options.conflict, err));
    if (!act->running) {
        return MUSTER_OK;
    }
    MU_TRY_GOTO(mu_load_open(act->change, in->table, &options, &load, err));
    MU_TRY_GOTO(mu_load_rows(load, in->rows, in->columns, err));
    MU_TRY_GOTO(mu_load_finish(load, err));
    act->rows = in->rows - mu_load_conflicts_of(load).left_out;

fail:
    mu_load_close(load);
    return status;
}

static muster_status fail_time(const mu_act *act, const mu_table *table, muster_error *err)
{
    return mu_fail_at(err, MUSTER_INVALID, act->statement->name.offset,
                      "the TIME column \"%s\" has no value",
                      table->columns[table->time_column].name);
}

static bool sets_time(const insertion *in)
{
    bool timed = in->table->time_column == MU_NO_COLUMN;

    for (uint32_t i = 0; i < in->value_count; i++) {
        timed = timed || in->targets[i] == in->table->time_column;
    }
    return timed;
}

static muster_status insert_query(mu_act *act, const insertion *in, muster_error *err)
{
    const int32_t start = act->statement->query->start;
    mu_relation query;

    MU_TRY(mu_bind_query(act->binder, act->statement->query, &query, err));
    if (query.column_count != in->value_count) {
        return mu_fail_at(err, MUSTER_INVALID, start,
                          "the query gives %u column%s; expected are %u", query.column_count,
                          query.column_count == 1 ? "" : "s", in->value_count);
    }
    return sets_time(in)
               ? mu_act_fill(act, in->table, in->targets, in->value_count, query.plan, start, err)
               : fail_time(act, in->table, err);
}

static muster_status insert_rows_as_query(mu_act *act, const insertion *in, muster_error *err)
{
    const mu_plan *plan;

    MU_TRY(any_query(&act->statement->rows) ? plan_computed(act, in, &plan, err)
                                            : plan_constants(act, in, &plan, err));
    return mu_act_fill(act, in->table, in->targets, in->value_count, plan,
                       act->statement->name.offset, err);
}

muster_status mu_act_insert(mu_act *act, muster_error *err)
{
    insertion in = {.rows = act->statement->rows.count};

    MU_TRY(mu_bind_table(act->binder, act->statement->name, &in.table, err));
    MU_TRY(mu_act_check_loadable(act, in.table, err));
    if (in.table->id == MU_CUSTOMERS_TABLE) {
        MU_TRY(mu_act_profile_table(act, &act->statement->names, &in.table, err));
    }
    MU_TRY(bind_targets(act, &in, err));
    MU_ARENA_TRY(in.types, act->binder->scope.arena, in.table->column_count, err);
    for (uint32_t c = 0; c < in.table->column_count; c++) {
        in.types[c] = type_of(act, &in.table->columns[c]);
    }
    if (act->statement->query) {
        return insert_query(act, &in, err);
    }
    if (!sets_time(&in)) {
        return fail_time(act, in.table, err);
    }
    if (in.value_count > 0 &&
        (act->statement->conflict == MU_AST_CONFLICT_UPDATE || any_query(&act->statement->rows))) {
        return insert_rows_as_query(act, &in, err);
    }
    MU_TRY(make_columns(act, &in, err));
    MU_TRY(bind_rows(act, &in, err));
    return load(act, &in, err);
}
