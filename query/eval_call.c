/*
 * eval_call.c - running a function over a batch: by its own loop, or row by row.
 */
#include "query/eval_node.h"

#include "storage/base/mem.h"
#include "storage/kernels/kernels.h"
#include "storage/value.h"

#include <assert.h>
#include <string.h>

void mu_eval_clear(mu_eval_node *node, const uint64_t *live)
{
    const mu_form form = mu_type_form(node->expr->type);

    memcpy(node->valid, live, MU_BATCH_WORDS * sizeof *live);
    if (form == MU_FORM_BITS) {
        memset(node->data, 0, MU_BATCH_WORDS * sizeof(uint64_t));
    } else if (form == MU_FORM_CODE) {
        /* No code may be one of an earlier batch's texts. */
        memset(node->data, 0, MU_BATCH_ROWS * sizeof(uint32_t));
        mu_dict_builder_reset(&node->texts);
    }
}

muster_status mu_eval_store(mu_eval_node *node, uint32_t row, const mu_value *value,
                            muster_error *err)
{
    if (value->null) {
        mu_bits_clear(node->valid, row);
        return MUSTER_OK;
    }
    MU_TRY(mu_value_check_length(value, node->expr->offset, err));
    switch (mu_type_form(node->expr->type)) {
    case MU_FORM_BITS:
        if (value->i64 != 0) {
            mu_bits_set(node->data, row);
        }
        break;
    case MU_FORM_I64:
        ((int64_t *)node->data)[row] = value->i64;
        break;
    case MU_FORM_F64:
        ((double *)node->data)[row] = value->f64;
        break;
    case MU_FORM_CODE:
        if (!mu_dict_builder_add(&node->texts, value->text, &((uint32_t *)node->data)[row])) {
            return mu_fail_memory(err, "computing texts");
        }
        break;
    case MU_FORM_ORDINAL:
        ((uint32_t *)node->data)[row] = value->ordinal;
        break;
    }
    return MUSTER_OK;
}

static muster_status fail_memory(muster_error *err)
{
    return mu_fail_memory(err, "computing values");
}

static muster_status call_row(mu_eval *eval, mu_eval_node *node, uint32_t row, muster_error *err)
{
    const mu_expr *expr = node->expr;
    mu_value result = {.type = expr->type};

    for (uint32_t i = 0; i < expr->arg_count; i++) {
        if (expr->args[i]->kind == MU_EXPR_CONST) {
            node->values[i] = expr->args[i]->value; /* with the months of an interval */
        } else if (mu_vector_valid(&node->vectors[i], row)) {
            node->values[i] = mu_vector_value(&node->vectors[i], row);
        } else {
            node->values[i] = mu_value_null(expr->args[i]->type);
        }
    }
    mu_writer_reset(&eval->context.text);
    MU_TRY(expr->func->scalar(&eval->context, expr, node->values, &result, err));
    return mu_eval_store(node, row, &result, err);
}

static muster_status call_rows(mu_eval *eval, mu_eval_node *node, uint32_t rows,
                               const uint64_t *live, muster_error *err)
{
    const mu_rows reached = {rows, live};

    MU_FOR_EACH_LIVE(row, &reached) {
        if (mu_stopped()) { /* a text may be long */
            return fail_memory(err);
        }
        MU_TRY(call_row(eval, node, row, err));
    }
    return MUSTER_OK;
}

static bool has_vector(const mu_expr *expr)
{
    return expr->func->vector && (!expr->func->has_vector || expr->func->has_vector(expr));
}

muster_status mu_eval_call(mu_eval *eval, mu_eval_node *node, const mu_batch *batch,
                           const uint64_t *live, mu_vector *out, muster_error *err)
{
    const mu_expr *expr = node->expr;
    const size_t words = mu_bits_words(batch->rows);
    uint64_t reached[MU_BATCH_WORDS] = {0};
    muster_status status;

    if (mu_stopped()) { /* there may be many calls, or batches of a dictionary */
        return fail_memory(err);
    }
    memcpy(reached, live, words * sizeof *live);
    for (uint32_t i = 0; i < mu_eval_arg_count(expr); i++) {
        MU_TRY(mu_eval_node_run(eval, &node->args[i], batch, live, &node->vectors[i], err));
        if (node->vectors[i].valid && !(expr->func->flags & MU_FUNC_NULLS)) {
            mu_k()->and_bits(reached, node->vectors[i].valid, words);
        }
    }
    mu_eval_clear(node, reached);
    if (has_vector(expr)) {
        const mu_func_call call = {.context = &eval->context,
                                   .expr = expr,
                                   .args = node->vectors,
                                   .live = reached,
                                   .rows = batch->rows,
                                   .data = node->data,
                                   .valid = node->valid,
                                   .state = &node->state};
        status = expr->func->vector(&call, err);
    } else {
        status = call_rows(eval, node, batch->rows, reached, err);
    }
    if (status == MUSTER_INVALID && err && err->offset < 0) {
        err->offset = expr->offset;
    }
    *out = mu_eval_node_result(node);
    return status;
}
