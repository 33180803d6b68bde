/*
 * act_insert.c - INSERT: values are bound and cast one by one, and loaded as any rows are; or the
 * rows of a query are.
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

static muster_status bind_targets(const mu_act *act, insertion *in, muster_error *err)
{
    const mu_ast_names *names = &act->statement->names;
    mu_relation relation;

    MU_TRY(mu_bind_scan(act->binder, in->table, &relation, err));
    in->value_count = names->count > 0 ? names->count : in->table->column_count;
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

/* Room for the values of the columns that are given; the others stay NULL. */
static muster_status make_columns(const mu_act *act, insertion *in, muster_error *err)
{
    mu_arena *arena = act->binder->scope.arena;

    MU_ARENA_TRY(in->columns, arena, in->table->column_count, err);
    MU_ARENA_TRY(in->cells, arena, in->table->column_count, err);
    MU_ARENA_TRY(in->types, arena, in->table->column_count, err);
    for (uint32_t i = 0; i < in->value_count; i++) {
        const uint32_t c = in->targets[i];
        struct cells *cells = &in->cells[c];

        in->types[c] = in->table->columns[c].type;
        if (in->types[c].kind == MU_CUSTOMER) {
            in->types[c].kind = act->binder->catalog->customer_kind;
            in->types[c].bits = 64;
        }
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

static muster_status bind_row(const mu_act *act, const insertion *in, uint32_t row,
                              muster_error *err)
{
    const mu_ast_items *values = &act->statement->rows.data[row];

    if (values->count != in->value_count) {
        return mu_fail_at(err, MUSTER_INVALID, values->data[0].expr->start,
                          "row %u has %u value%s; expected are %u", row + 1, values->count,
                          values->count == 1 ? "" : "s", in->value_count);
    }
    for (uint32_t i = 0; i < values->count; i++) {
        const uint32_t c = in->targets[i];
        mu_value value;
        act->binder->work = 0;
        if (mu_act_is_default(values->data[i].expr)) {
            MU_TRY(mu_act_preset(&in->table->columns[c], &value, err));
        } else {
            MU_TRY(mu_bind_constant(act->binder, values->data[i].expr, in->types[c], "VALUES",
                                    &value, err));
        }
        MU_TRY(mu_value_check_length(&value, values->data[i].expr->start, err));
        if (value.null && in->table->columns[c].role == MU_ROLE_TIME) {
            return mu_fail_at(err, MUSTER_INVALID, values->data[i].expr->start,
                              "the TIME column \"%s\" may not be NULL", in->table->columns[c].name);
        }
        if (value.null && in->table->id == MU_CUSTOMERS_TABLE && c == in->table->customer_column) {
            return mu_fail_at(err, MUSTER_INVALID, values->data[i].expr->start,
                              "the id of a customer may not be NULL");
        }
        put_value(in, c, row, &value);
    }
    return MUSTER_OK;
}

static muster_status load(mu_act *act, const insertion *in, muster_error *err)
{
    const mu_load_options options = {.cancel = act->cancel};
    mu_load *load = NULL;
    muster_status status;

    MU_TRY_GOTO(mu_load_open(act->change, in->table, &options, &load, err));
    MU_TRY_GOTO(mu_load_rows(load, in->rows, in->columns, err));
    MU_TRY_GOTO(mu_load_finish(load, err));
    act->rows = in->rows;

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

static muster_status insert_query(mu_act *act, const insertion *in, muster_error *err)
{
    const int32_t start = act->statement->query->start;
    bool timed = in->table->time_column == MU_NO_COLUMN;
    mu_relation query;

    MU_TRY(mu_bind_query(act->binder, act->statement->query, &query, err));
    if (query.column_count != in->value_count) {
        return mu_fail_at(err, MUSTER_INVALID, start,
                          "the query gives %u column%s; expected are %u", query.column_count,
                          query.column_count == 1 ? "" : "s", in->value_count);
    }
    for (uint32_t i = 0; i < in->value_count; i++) {
        timed = timed || in->targets[i] == in->table->time_column;
    }
    return timed ? mu_act_fill(act, in->table, in->targets, in->value_count, query.plan, start, err)
                 : fail_time(act, in->table, err);
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
    if (act->statement->query) {
        return insert_query(act, &in, err);
    }
    MU_TRY(make_columns(act, &in, err));
    for (uint32_t row = 0; row < in.rows; row++) {
        MU_TRY(bind_row(act, &in, row, err));
    }
    if (in.table->time_column != MU_NO_COLUMN && !in.columns[in.table->time_column].i64) {
        return fail_time(act, in.table, err);
    }
    return act->running ? load(act, &in, err) : MUSTER_OK;
}
