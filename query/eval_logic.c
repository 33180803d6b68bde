/*
 * eval_logic.c - AND, OR, NOT, CASE, coalesce: what decides which rows are looked at next; and
 * membership in sets.
 */
#include "query/eval_node.h"

#include "storage/kernels/kernels.h"

#include <assert.h>
#include <string.h>

/* An AND is settled where an argument is false, an OR where one is true. Arguments after it are
 * not run there, so what they would have failed on is no error. */
muster_status mu_eval_and_or(mu_eval *eval, mu_eval_node *node, const mu_batch *batch,
                             const uint64_t *live, mu_vector *out, muster_error *err)
{
    const bool is_or = node->expr->kind == MU_EXPR_OR;
    const size_t words = mu_bits_words(batch->rows);
    uint64_t open[MU_BATCH_WORDS] = {0}, unknown[MU_BATCH_WORDS] = {0};
    uint64_t *data = node->data;

    memcpy(open, live, words * sizeof *live);
    for (uint32_t i = 0; i < node->expr->arg_count; i++) {
        mu_vector arg;
        MU_TRY(mu_eval_node_run(eval, &node->args[i], batch, open, &arg, err));
        const uint64_t *truth = arg.data;
        for (size_t w = 0; w < words; w++) {
            const uint64_t known = open[w] & (arg.valid ? arg.valid[w] : UINT64_MAX);
            unknown[w] |= open[w] & ~known;
            open[w] &= ~(known & (is_or ? truth[w] : ~truth[w]));
        }
    }
    mu_eval_clear(node, live);
    for (size_t w = 0; w < words; w++) {
        /* What is still open is NULL if an argument was; settled rows are not. */
        node->valid[w] = live[w] & ~(open[w] & unknown[w]);
        data[w] = live[w] & (is_or ? ~open[w] : open[w]);
    }
    *out = mu_eval_node_result(node);
    return MUSTER_OK;
}

muster_status mu_eval_not(mu_eval *eval, mu_eval_node *node, const mu_batch *batch,
                          const uint64_t *live, mu_vector *out, muster_error *err)
{
    uint64_t *data = node->data;
    mu_vector arg;

    MU_TRY(mu_eval_node_run(eval, &node->args[0], batch, live, &arg, err));
    const uint64_t *truth = arg.data;
    mu_eval_clear(node, live);
    for (size_t w = 0; w < mu_bits_words(batch->rows); w++) {
        node->valid[w] = live[w] & (arg.valid ? arg.valid[w] : UINT64_MAX);
        data[w] = live[w] & ~truth[w];
    }
    *out = mu_eval_node_result(node);
    return MUSTER_OK;
}

/* Copies the rows of `taken` from a vector into the node's room. */
static muster_status take_rows(mu_eval_node *node, const mu_vector *from, uint32_t rows,
                               const uint64_t *taken, muster_error *err)
{
    const mu_rows wanted = {rows, taken};
    const mu_form form = mu_type_form(node->expr->type);

    assert(mu_type_form(from->type) == form);
    MU_FOR_EACH_LIVE(row, &wanted) {
        if (!mu_vector_valid(from, row)) {
            mu_bits_clear(node->valid, row);
        } else if (form == MU_FORM_I64) {
            ((int64_t *)node->data)[row] = ((const int64_t *)from->data)[row];
        } else {
            const mu_value value = mu_vector_value(from, row);
            MU_TRY(mu_eval_store(node, row, &value, err));
        }
    }
    return MUSTER_OK;
}

muster_status mu_eval_case(mu_eval *eval, mu_eval_node *node, const mu_batch *batch,
                           const uint64_t *live, mu_vector *out, muster_error *err)
{
    const size_t words = mu_bits_words(batch->rows);
    const uint32_t last = node->expr->arg_count - 1;
    uint64_t rest[MU_BATCH_WORDS] = {0}, taken[MU_BATCH_WORDS] = {0};
    mu_vector result;

    mu_eval_clear(node, live);
    memcpy(rest, live, words * sizeof *live);
    for (uint32_t i = 0; i < last; i += 2) {
        memcpy(taken, rest, words * sizeof *rest);
        MU_TRY(mu_eval_node_filter(eval, &node->args[i], batch, taken, err));
        MU_TRY(mu_eval_node_run(eval, &node->args[i + 1], batch, taken, &result, err));
        MU_TRY(take_rows(node, &result, batch->rows, taken, err));
        mu_k()->and_not_bits(rest, taken, words);
    }
    MU_TRY(mu_eval_node_run(eval, &node->args[last], batch, rest, &result, err));
    MU_TRY(take_rows(node, &result, batch->rows, rest, err));
    *out = mu_eval_node_result(node);
    return MUSTER_OK;
}

muster_status mu_eval_coalesce(mu_eval *eval, mu_eval_node *node, const mu_batch *batch,
                               const uint64_t *live, mu_vector *out, muster_error *err)
{
    const size_t words = mu_bits_words(batch->rows);
    uint64_t rest[MU_BATCH_WORDS] = {0}, taken[MU_BATCH_WORDS] = {0};

    mu_eval_clear(node, live);
    memcpy(rest, live, words * sizeof *live);
    for (uint32_t i = 0; i < node->expr->arg_count; i++) {
        mu_vector arg;
        MU_TRY(mu_eval_node_run(eval, &node->args[i], batch, rest, &arg, err));
        memcpy(taken, rest, words * sizeof *rest);
        if (arg.valid) {
            mu_k()->and_bits(taken, arg.valid, words);
        }
        MU_TRY(take_rows(node, &arg, batch->rows, taken, err));
        mu_k()->and_not_bits(rest, taken, words);
    }
    mu_k()->and_not_bits(node->valid, rest, words);
    *out = mu_eval_node_result(node);
    return MUSTER_OK;
}

/* Sets. */

/* Moves the rows whose customer lies in `stripe` from `rest` to `here`. */
static void split_stripe(const uint32_t *ordinals, uint32_t rows, uint32_t stripe, uint64_t *rest,
                         uint64_t *here)
{
    const mu_rows wanted = {rows, rest};

    memset(here, 0, MU_BATCH_WORDS * sizeof *here);
    MU_FOR_EACH_LIVE(row, &wanted) {
        if (ordinals[row] / MU_STRIPE_ROWS == stripe) {
            mu_bits_set(here, row);
        }
    }
    mu_k()->and_not_bits(rest, here, MU_BATCH_WORDS);
}

static bool first_row(const uint64_t *live, uint32_t rows, uint32_t *out)
{
    for (uint32_t w = 0; w < mu_bits_words(rows); w++) {
        if (live[w] != 0) {
            *out = w * 64 + mu_bits_lowest(live[w]);
            return true;
        }
    }
    return false;
}

/* The members in a stripe, which is run once: rows of a rowset may come to it in every batch. */
static muster_status load_stripe(mu_eval *eval, mu_eval_node *node, uint32_t stripe,
                                 muster_error *err)
{
    uint64_t *bits;

    if (node->set_bits[stripe]) {
        return MUSTER_OK;
    }
    MU_ARENA_TRY(bits, &eval->arena, MU_STRIPE_WORDS, err);
    MU_TRY(mu_set_run(node->runner, stripe, bits, err));
    node->set_bits[stripe] = bits;
    return MUSTER_OK;
}

/* The rows of a batch lie in one stripe, but for those of a rowset; then each stripe has its turn.
 */
muster_status mu_eval_in_set(mu_eval *eval, mu_eval_node *node, const mu_batch *batch,
                             const uint64_t *live, mu_vector *out, muster_error *err)
{
    const size_t words = mu_bits_words(batch->rows);
    uint64_t rest[MU_BATCH_WORDS] = {0}, here[MU_BATCH_WORDS];
    mu_vector customers;
    uint32_t row;

    MU_TRY(mu_eval_node_run(eval, &node->args[0], batch, live, &customers, err));
    const uint32_t *ordinals = customers.data;
    mu_eval_clear(node, live);
    if (customers.valid) {
        mu_k()->and_bits(node->valid, customers.valid, words);
    }
    memcpy(rest, node->valid, words * sizeof *rest);
    while (first_row(rest, batch->rows, &row)) {
        const uint32_t stripe = ordinals[row] / MU_STRIPE_ROWS;
        split_stripe(ordinals, batch->rows, stripe, rest, here);
        if (ordinals[row] == MU_NO_CUSTOMER) {
            continue; /* a constant that is no one */
        }
        MU_TRY(load_stripe(eval, node, stripe, err));
        mu_k()->filter_stripe_set(ordinals, node->set_bits[stripe], here, words);
        mu_k()->or_bits(node->data, here, words);
    }
    *out = mu_eval_node_result(node);
    return MUSTER_OK;
}
