/*
 * eval_lookup.c - subqueries in expressions: what lookup.h finds, as values.
 */
#include "query/eval_node.h"

#include "query/exec.h"

#include <assert.h>
#include <string.h>

muster_status mu_eval_lookup_open(mu_eval *eval, mu_eval_node *node, muster_error *err)
{
    node->table = mu_exec_lookup(eval->exec, node->expr->lookup);
    return mu_lookup_probe_open(node->table, &node->probe, err);
}

static muster_status fail_several(const mu_expr *expr, muster_error *err)
{
    return mu_fail_at(err, MUSTER_INVALID, expr->offset,
                      "the subquery gives more than one row%s; an aggregate makes one of them, as "
                      "in max(...), and LIMIT 1 takes the first",
                      expr->arg_count > 0 ? " for a row of the query around it" : "");
}

static void find_exists(mu_eval_node *node, const mu_lookup_found *found, const mu_rows *live)
{
    MU_FOR_EACH_LIVE(row, live) {
        if (found->rows[row] != MU_LOOKUP_NONE) {
            mu_bits_set(node->data, row);
        }
    }
}

static void find_in(mu_eval_node *node, const mu_lookup_found *found, size_t words)
{
    uint64_t *truth = node->data;

    for (size_t w = 0; w < words; w++) {
        truth[w] = found->member[w];
        node->valid[w] &= ~found->unknown[w];
    }
}

/* The value of rows that were found, word by word; texts are in the dictionary of the rows. */
static void copy_values(mu_eval_node *node, const mu_vector *column, const mu_lookup_found *found,
                        const mu_rows *live)
{
    const mu_form form = mu_type_form(column->type);

    MU_FOR_EACH_LIVE(row, live) {
        if (found->rows[row] == MU_LOOKUP_NONE) {
            continue;
        }
        const size_t from = found->rows[row] - 1;
        if (column->valid && !mu_bits_test(column->valid, from)) {
            mu_bits_clear(node->valid, row);
        } else if (form == MU_FORM_I64 || form == MU_FORM_F64) {
            ((uint64_t *)node->data)[row] = ((const uint64_t *)column->data)[from];
        } else if (form != MU_FORM_BITS) {
            ((uint32_t *)node->data)[row] = ((const uint32_t *)column->data)[from];
        } else if (mu_bits_test(column->data, from)) {
            mu_bits_set(node->data, row);
        }
    }
}

/* Texts beside that of `otherwise`, in a dictionary of the node's. */
static muster_status store_texts(mu_eval_node *node, const mu_lookup_found *found,
                                 const mu_rows *live, muster_error *err)
{
    MU_FOR_EACH_LIVE(row, live) {
        if (found->rows[row] != MU_LOOKUP_NONE) {
            const mu_value value =
                mu_lookup_value(node->table, node->expr->column, found->rows[row] - 1);
            MU_TRY(mu_eval_store(node, row, &value, err));
        }
    }
    return MUSTER_OK;
}

/* The value for keys that no row has. */
static muster_status store_otherwise(mu_eval_node *node, const mu_value *otherwise,
                                     const mu_lookup_found *found, const mu_rows *live,
                                     muster_error *err)
{
    const bool strict = node->expr->lookup->strict;

    MU_FOR_EACH_LIVE(row, live) {
        if (found->rows[row] != MU_LOOKUP_NONE) {
            continue;
        }
        if (otherwise->null || (strict && !mu_vector_valid(&node->vectors[0], row))) {
            mu_bits_clear(node->valid, row);
        } else {
            MU_TRY(mu_eval_store(node, row, otherwise, err));
        }
    }
    return MUSTER_OK;
}

static muster_status find_values(mu_eval_node *node, const mu_lookup_found *found,
                                 const mu_rows *live, mu_vector *out, muster_error *err)
{
    const mu_expr *expr = node->expr;
    const mu_vector column = mu_lookup_column(node->table, expr->column);
    const mu_value otherwise = mu_lookup_otherwise(node->table, expr->column, expr->type);

    if (!expr->lookup->first_only && !mu_bits_none(found->several, mu_bits_words(live->rows))) {
        return fail_several(expr, err);
    }
    MU_TRY(store_otherwise(node, &otherwise, found, live, err));
    if (!otherwise.null && mu_type_form(column.type) == MU_FORM_CODE) {
        MU_TRY(store_texts(node, found, live, err));
        *out = mu_eval_node_result(node);
        return MUSTER_OK;
    }
    copy_values(node, &column, found, live);
    *out = mu_eval_node_result(node);
    out->dict = column.dict;
    return MUSTER_OK;
}

muster_status mu_eval_lookup(mu_eval *eval, mu_eval_node *node, const mu_batch *batch,
                             const uint64_t *live, mu_vector *out, muster_error *err)
{
    const mu_expr *expr = node->expr;
    const mu_rows reached = {batch->rows, live};
    const mu_lookup_found *found;

    for (uint32_t i = 0; i < expr->arg_count; i++) {
        MU_TRY(mu_eval_node_run(eval, &node->args[i], batch, live, &node->vectors[i], err));
    }
    MU_TRY(mu_lookup_run(node->probe, node->vectors, batch->rows, live, &found, err));
    mu_eval_clear(node, live);
    switch (expr->lookup->kind) {
    case MU_LOOKUP_VALUE:
        return find_values(node, found, &reached, out, err);
    case MU_LOOKUP_EXISTS:
        find_exists(node, found, &reached);
        break;
    case MU_LOOKUP_IN:
        find_in(node, found, mu_bits_words(batch->rows));
        break;
    }
    *out = mu_eval_node_result(node);
    return MUSTER_OK;
}
