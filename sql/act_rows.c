/*
 * act_rows.c - the live rows of batches, put together and loaded.
 *
 * Customers are ordinals already and stay so. Booleans become numbers, codes become texts: what a
 * load takes.
 */
#include "sql/act_rows.h"

#include "storage/value.h"

muster_status mu_act_rows_open(const mu_act *act, const mu_table *table, const mu_plan *plan,
                               mu_conflict conflict, mu_act_rows *out, muster_error *err)
{
    const mu_load_options options = {
        .pool = act->pool, .cancel = act->cancel, .conflict = conflict};
    mu_arena *arena = act->binder->scope.arena;

    *out = (mu_act_rows){.column_count = table->column_count, .id_column = MU_NO_COLUMN};
    if (table->id == MU_CUSTOMERS_TABLE) {
        out->id_column = table->customer_column;
    }
    MU_ARENA_TRY(out->inputs, arena, table->column_count, err);
    for (uint32_t i = 0; i < table->column_count; i++) {
        mu_input_column *input = &out->inputs[i];
        uint64_t *valid;
        void *values;
        MU_ARENA_TRY(valid, arena, MU_BATCH_WORDS, err);
        values = mu_arena_alloc_array(arena, MU_BATCH_ROWS, sizeof(mu_text));
        if (!values) {
            return mu_fail_memory(err, "running a statement");
        }
        input->valid = valid;
        switch (mu_type_form(plan->columns[i].type)) {
        case MU_FORM_BITS:
        case MU_FORM_I64:
            input->i64 = values;
            break;
        case MU_FORM_F64:
            input->f64 = values;
            break;
        case MU_FORM_CODE:
            input->text = values;
            break;
        case MU_FORM_ORDINAL:
            input->ordinals = values;
            break;
        }
    }
    return mu_load_open(act->change, table, &options, &out->load, err);
}

muster_status mu_act_rows_replace(const mu_act *act, uint32_t table_id, const mu_act_rows *rows,
                                  muster_error *err)
{
    mu_snapshot *base = mu_change_base(act->change);

    for (uint32_t i = 0; i < mu_snapshot_segment_count(base, table_id); i++) {
        const uint64_t file = mu_snapshot_segment_info(base, table_id, i)->file;
        MU_TRY(mu_change_remove_segment(act->change, file, err));
    }
    return rows->rows > 0 ? mu_load_finish(rows->load, err) : MUSTER_OK;
}

void mu_act_rows_close(mu_act_rows *rows)
{
    mu_load_close(rows->load);
    rows->load = NULL;
}

/* The room behind an input's pointer is the arena's, and ours to fill. */
static void *room(const void *values)
{
    return (void *)(uintptr_t)values;
}

static void put_value(mu_input_column *input, const mu_value *value, uint32_t row)
{
    uint64_t *valid = room(input->valid);

    if (value->null) {
        mu_bits_clear(valid, row);
    } else {
        mu_bits_set(valid, row);
    }
    if (input->ordinals) {
        ((uint32_t *)room(input->ordinals))[row] = value->null ? MU_NO_CUSTOMER : value->ordinal;
    } else if (input->text) {
        ((mu_text *)room(input->text))[row] = value->null ? MU_TEXT_OF("") : value->text;
    } else if (input->f64) {
        ((double *)room(input->f64))[row] = value->null ? 0 : value->f64;
    } else {
        ((int64_t *)room(input->i64))[row] = value->null ? 0 : value->i64;
    }
}

muster_status mu_act_rows_take(void *context, const mu_batch *batch, muster_error *err)
{
    mu_act_rows *rows = context;
    uint32_t count = 0;

    assert(batch->column_count >= rows->column_count);
    MU_FOR_EACH_LIVE(row, batch) {
        for (uint32_t c = 0; c < rows->column_count; c++) {
            const mu_value value = mu_batch_value(batch, c, row);
            if (c == rows->id_column && value.null) {
                return mu_fail(err, MUSTER_INVALID, "the id of a customer may not be NULL");
            }
            put_value(&rows->inputs[c], &value, count);
        }
        bool counts = true;
        if (batch->column_count > rows->column_count) {
            const mu_value last = mu_batch_value(batch, rows->column_count, row);
            counts = !last.null && last.i64 != 0;
        }
        rows->count += counts;
        count++;
    }
    rows->rows += count;
    return mu_load_rows(rows->load, count, rows->inputs, err);
}

bool mu_act_is_default(const mu_ast_expr *expr)
{
    return expr->kind == MU_AST_COLUMN && !expr->qualifier.text &&
           mu_name_equal(expr->text, "default");
}

muster_status mu_act_bind_value(const mu_place *place, const mu_ast_expr *expr,
                                const mu_column *column, const mu_expr **out, muster_error *err)
{
    const mu_expr *bound;

    if (mu_act_is_default(expr)) {
        mu_value preset;
        MU_TRY(mu_act_preset(column, &preset, err));
        MU_TRY(mu_expr_const(&place->binder->scope, preset, expr->offset, &bound, err));
    } else {
        MU_TRY(mu_bind_expr(place, expr, &bound, err));
    }
    MU_TRY(mu_expr_cast(&place->binder->scope, bound, column->type, false, expr->offset, out, err));
    if ((*out)->kind == MU_EXPR_CONST) {
        return mu_value_check_length(&(*out)->value, expr->start, err);
    }
    return MUSTER_OK;
}
