/*
 * eval.c - opening evaluators, and which part of them runs a node.
 */
#include "query/eval.h"

#include "query/eval_node.h"
#include "query/exec.h"
#include "query/regex.h"
#include "storage/base/mem.h"
#include "storage/kernels/kernels.h"

#include <assert.h>
#include <string.h>

/* Opening. */

static muster_status fail_memory(muster_error *err)
{
    return mu_fail_memory(err, "opening the expressions of a query");
}

/* Fills the room with one value. Who takes months finds them in the expression: vectors have none.
 */
static muster_status fill_constant(mu_eval_node *node, muster_error *err)
{
    mu_value constant = node->expr->value;
    const mu_value *value = &constant;
    uint64_t all[MU_BATCH_WORDS];

    if (node->takes_months) {
        constant.months = 0;
    }
    mu_bits_fill(all, MU_BATCH_ROWS, MU_BATCH_WORDS);
    mu_eval_clear(node, all);
    for (uint32_t row = 0; row < MU_BATCH_ROWS; row++) {
        MU_TRY(mu_eval_store(node, row, value, err));
    }
    node->texts.dict.sorted = true; /* it has one entry */
    *node->vectors = mu_eval_node_result(node);
    if (!value->null) {
        node->vectors->valid = NULL;
    }
    return MUSTER_OK;
}

static muster_status open_room(mu_eval *eval, mu_eval_node *node, muster_error *err)
{
    const uint32_t count = mu_eval_arg_count(node->expr);

    node->data = mu_arena_alloc_array(&eval->arena, MU_BATCH_ROWS, sizeof(int64_t));
    node->valid = MU_NEW_ARRAY(&eval->arena, uint64_t, MU_BATCH_WORDS);
    node->vectors = MU_NEW_ARRAY(&eval->arena, mu_vector, count + 1);
    node->values = MU_NEW_ARRAY(&eval->arena, mu_value, count + 1);
    return node->data && node->valid && node->vectors && node->values ? MUSTER_OK
                                                                      : fail_memory(err);
}

static muster_status open_set(mu_eval *eval, mu_eval_node *node, muster_error *err)
{
    const uint32_t stripes = mu_snapshot_stripes(mu_exec_snapshot(eval->exec));

    MU_ARENA_TRY(node->set_bits, &eval->arena, stripes, err);
    return mu_set_open(eval->exec, node->expr->set, &node->runner, err);
}

/* A column needs no room, and a constant perhaps. `lifted`: an expression above is looked up by
 * code already. `above` is the one that has it as an argument, NULL at the root. */
static muster_status open_node(mu_eval *eval, const mu_expr *expr, const mu_expr *above,
                               bool lifted, mu_eval_node *node, muster_error *err)
{
    node->expr = expr;
    if (expr->kind == MU_EXPR_COLUMN) {
        return MUSTER_OK;
    }
    if (expr->kind == MU_EXPR_CONST) {
        node->takes_months =
            above && above->kind == MU_EXPR_CALL && (above->func->flags & MU_FUNC_MONTHS);
        return MUSTER_OK;
    }
    MU_TRY(open_room(eval, node, err));
    if (!lifted && mu_eval_text_column(expr) != MU_NO_COLUMN) {
        MU_TRY(mu_eval_tables_open(node, &node->tables, err));
        lifted = true;
    }
    const uint32_t count = mu_eval_arg_count(expr);
    node->args = MU_NEW_ARRAY(&eval->arena, mu_eval_node, count);
    if (!node->args) {
        return fail_memory(err);
    }
    for (uint32_t i = 0; i < count; i++) {
        MU_TRY(open_node(eval, expr->args[i], expr, lifted, &node->args[i], err));
    }
    if (expr->kind == MU_EXPR_LOOKUP) {
        return mu_eval_lookup_open(eval, node, err);
    }
    return expr->kind == MU_EXPR_IN_SET ? open_set(eval, node, err) : MUSTER_OK;
}

muster_status mu_eval_open(mu_exec *exec, const mu_expr *const *exprs, uint32_t count,
                           mu_eval **out, muster_error *err)
{
    muster_status status = MUSTER_OK;
    mu_eval *eval = mu_mem_zalloc(sizeof *eval);

    *out = NULL;
    if (!eval) {
        return fail_memory(err);
    }
    eval->exec = exec;
    eval->context.exec = exec;
    eval->context.snapshot = exec ? mu_exec_snapshot(exec) : NULL;
    eval->context.now_us = exec ? mu_exec_now(exec) : 0;
    eval->context.zone = exec ? mu_exec_zone(exec) : NULL;
    eval->count = count;
    eval->roots = MU_NEW_ARRAY(&eval->arena, mu_eval_node, count);
    if (!eval->roots) {
        status = fail_memory(err);
        goto fail;
    }
    for (uint32_t i = 0; i < count; i++) {
        const mu_expr *expr;
        MU_TRY_GOTO(mu_lookup_settle(exec, &eval->arena, exprs[i], &expr, err));
        MU_TRY_GOTO(open_node(eval, expr, NULL, false, &eval->roots[i], err));
    }
    *out = eval;
    return MUSTER_OK;

fail:
    mu_eval_close(eval);
    return status;
}

static void close_node(mu_eval_node *node)
{
    for (uint32_t i = 0; node->args && i < mu_eval_arg_count(node->expr); i++) {
        close_node(&node->args[i]);
    }
    mu_eval_tables_close(node->tables);
    mu_set_close(node->runner);
    mu_lookup_probe_close(node->probe);
    mu_mem_free(node->state);
    mu_dict_builder_deinit(&node->texts);
}

void mu_eval_close(mu_eval *eval)
{
    if (!eval) {
        return;
    }
    for (uint32_t i = 0; eval->roots && i < eval->count; i++) {
        close_node(&eval->roots[i]);
    }
    mu_writer_deinit(&eval->context.text);
    mu_regex_cache_close(eval->context.regexes);
    mu_arena_deinit(&eval->arena);
    mu_mem_free(eval);
}

/* Running. */

mu_vector mu_eval_node_result(mu_eval_node *node)
{
    const bool text = mu_type_form(node->expr->type) == MU_FORM_CODE;

    return (mu_vector){.type = node->expr->type,
                       .data = node->data,
                       .valid = node->valid,
                       .dict = text ? &node->texts.dict : NULL};
}

static muster_status run_constant(mu_eval *eval, mu_eval_node *node, mu_vector *out,
                                  muster_error *err)
{
    if (!node->vectors) {
        MU_TRY(open_room(eval, node, err));
        const muster_status status = fill_constant(node, err);
        if (status != MUSTER_OK) {
            node->vectors = NULL; /* it is not there */
            return status;
        }
    }
    *out = *node->vectors;
    return MUSTER_OK;
}

muster_status mu_eval_node_run_rows(mu_eval *eval, mu_eval_node *node, const mu_batch *batch,
                                    const uint64_t *live, mu_vector *out, muster_error *err)
{
    switch (node->expr->kind) {
    case MU_EXPR_CONST:
        return run_constant(eval, node, out, err);
    case MU_EXPR_COLUMN:
        assert(node->expr->column < batch->column_count);
        *out = batch->columns[node->expr->column];
        assert(out->data);
        return MUSTER_OK;
    case MU_EXPR_AND:
    case MU_EXPR_OR:
        return mu_eval_and_or(eval, node, batch, live, out, err);
    case MU_EXPR_NOT:
        return mu_eval_not(eval, node, batch, live, out, err);
    case MU_EXPR_CASE:
        return mu_eval_case(eval, node, batch, live, out, err);
    case MU_EXPR_CALL:
        return node->expr->func->flags & MU_FUNC_LAZY
                   ? mu_eval_coalesce(eval, node, batch, live, out, err)
                   : mu_eval_call(eval, node, batch, live, out, err);
    case MU_EXPR_LOOKUP:
        return mu_eval_lookup(eval, node, batch, live, out, err);
    case MU_EXPR_OUTER:
        assert(false && "an outer reference in a plan");
        break;
    case MU_EXPR_IN_SET:
        break;
    }
    return mu_eval_in_set(eval, node, batch, live, out, err);
}

muster_status mu_eval_node_run(mu_eval *eval, mu_eval_node *node, const mu_batch *batch,
                               const uint64_t *live, mu_vector *out, muster_error *err)
{
    bool done = false;

    if (node->tables) {
        MU_TRY(mu_eval_tables_run(eval, node, batch, live, &done, out, err));
    }
    return done ? MUSTER_OK : mu_eval_node_run_rows(eval, node, batch, live, out, err);
}

muster_status mu_eval_run(mu_eval *eval, uint32_t i, const mu_batch *batch, mu_vector *out,
                          muster_error *err)
{
    assert(i < eval->count && batch->rows <= MU_BATCH_ROWS);
    return mu_eval_node_run(eval, &eval->roots[i], batch, batch->live, out, err);
}

/* Filtering. */

static muster_status filter_and(mu_eval *eval, mu_eval_node *node, const mu_batch *batch,
                                uint64_t *live, muster_error *err)
{
    for (uint32_t i = 0; i < node->expr->arg_count; i++) {
        MU_TRY(mu_eval_node_filter(eval, &node->args[i], batch, live, err));
    }
    return MUSTER_OK;
}

/* A row that one term has let pass is not shown to the next. */
static muster_status filter_or(mu_eval *eval, mu_eval_node *node, const mu_batch *batch,
                               uint64_t *live, muster_error *err)
{
    const size_t words = mu_bits_words(batch->rows);
    uint64_t rest[MU_BATCH_WORDS], passed[MU_BATCH_WORDS];

    memcpy(rest, live, words * sizeof *live);
    memset(live, 0, words * sizeof *live);
    for (uint32_t i = 0; i < node->expr->arg_count; i++) {
        memcpy(passed, rest, words * sizeof *rest);
        MU_TRY(mu_eval_node_filter(eval, &node->args[i], batch, passed, err));
        mu_k()->or_bits(live, passed, words);
        mu_k()->and_not_bits(rest, passed, words);
    }
    return MUSTER_OK;
}

/* A comparison with a constant, by a kernel. */
static muster_status filter_call(mu_eval *eval, mu_eval_node *node, const mu_batch *batch,
                                 uint64_t *live, bool *done, muster_error *err)
{
    const mu_expr *expr = node->expr;
    const size_t words = mu_bits_words(batch->rows);
    mu_vector column;

    *done = false;
    if (!expr->func->filter || expr->args[1]->kind != MU_EXPR_CONST || expr->args[1]->value.null) {
        return MUSTER_OK;
    }
    MU_TRY(mu_eval_node_run(eval, &node->args[0], batch, live, &column, err));
    if (column.valid) {
        mu_k()->and_bits(live, column.valid, words);
    }
    *done = expr->func->filter(expr, &column, batch->rows, live);
    return MUSTER_OK;
}

muster_status mu_eval_node_filter(mu_eval *eval, mu_eval_node *node, const mu_batch *batch,
                                  uint64_t *live, muster_error *err)
{
    const size_t words = mu_bits_words(batch->rows);
    bool done = false;
    mu_vector truth;

    assert(node->expr->type.kind == MU_BOOLEAN);
    if (mu_bits_none(live, words)) {
        return MUSTER_OK;
    }
    if (node->tables) {
        MU_TRY(mu_eval_tables_filter(eval, node, batch, live, &done, err));
    }
    if (!done && node->expr->kind == MU_EXPR_AND) {
        return filter_and(eval, node, batch, live, err);
    }
    if (!done && node->expr->kind == MU_EXPR_OR) {
        return filter_or(eval, node, batch, live, err);
    }
    if (!done && node->expr->kind == MU_EXPR_CALL) {
        MU_TRY(filter_call(eval, node, batch, live, &done, err));
    }
    if (done) {
        return MUSTER_OK;
    }
    MU_TRY(mu_eval_node_run_rows(eval, node, batch, live, &truth, err));
    mu_k()->and_bits(live, truth.data, words);
    if (truth.valid) {
        mu_k()->and_bits(live, truth.valid, words);
    }
    return MUSTER_OK;
}

muster_status mu_eval_filter(mu_eval *eval, uint32_t i, const mu_batch *batch, uint64_t *live,
                             muster_error *err)
{
    assert(i < eval->count && batch->rows <= MU_BATCH_ROWS);
    return mu_eval_node_filter(eval, &eval->roots[i], batch, live, err);
}
