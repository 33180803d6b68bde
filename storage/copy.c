/*
 * copy.c - a file into a table, in rounds.
 *
 * Each round has one block of the file, cut into pieces. The pool converts the pieces, and one of
 * its items reads (and decompresses) the next block meanwhile. Then rejects are written in the
 * order of the file, and the load takes the rows, column by column, again on the pool. So every
 * thread is busy in every phase, nothing but the pool needs threads, and errors come in the order
 * of the file.
 */
#include "storage/copy.h"

#include "storage/base/env.h"
#include "storage/base/mem.h"
#include "storage/copy_rows.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const double report_seconds = 0.2;

typedef struct table_copy {
    const mu_copy_options *options;
    mu_arena arena;
    mu_csv_source *source;
    const char *path; /* as messages name it */
    mu_copy_plan plan;
    mu_csv_block blocks[2]; /* this round's and the next one's, in turn */
    uint32_t current;
    bool header; /* still to be left out */
    mu_copy_piece *pieces;
    size_t piece_capacity;
    mu_load_batch *batches;
    size_t batch_capacity;
    mu_load *load;
    mu_copy_rejects rejects;
    double reported;
    mu_copy_result *result;
} table_copy;

/* A round. */

/* Item 0 reads on, item i converts piece i - 1. */
static muster_status run_item(void *context, uint32_t worker, uint64_t item, muster_error *err)
{
    table_copy *copy = context;
    mu_csv_block *block = &copy->blocks[copy->current];

    (void)worker;
    if (item == 0) {
        if (block->last) {
            return MUSTER_OK;
        }
        const size_t cut = block->cuts[block->piece_count];
        return mu_csv_block_fill(&copy->blocks[1 - copy->current], copy->source, block->data + cut,
                                 block->size - cut, err);
    }
    const size_t from = block->cuts[item - 1], to = block->cuts[item];
    return mu_copy_convert(&copy->plan, &copy->pieces[item - 1], block->data + from, to - from,
                           copy->header && item == 1, copy->options->load.cancel, err);
}

static bool reserve_pieces(table_copy *copy, uint32_t count)
{
    const size_t before = copy->piece_capacity;

    if (!mu_mem_reserve((void **)&copy->pieces, &copy->piece_capacity, count,
                        sizeof *copy->pieces)) {
        return false;
    }
    if (copy->piece_capacity > before) {
        memset(&copy->pieces[before], 0, (copy->piece_capacity - before) * sizeof *copy->pieces);
    }
    return mu_mem_reserve((void **)&copy->batches, &copy->batch_capacity, count,
                          sizeof *copy->batches);
}

static void report(table_copy *copy, bool always)
{
    const mu_progress *progress = copy->options->load.progress;
    const double now = mu_env_seconds();

    if (progress && (always || now - copy->reported >= report_seconds)) {
        copy->reported = now;
        progress->report(progress->context, "loading", mu_csv_source_done(copy->source),
                         mu_csv_source_total(copy->source),
                         copy->result->rows_loaded + copy->result->rows_rejected);
    }
}

/* Loads what the current block holds, while the next one is read. */
static muster_status run_round(table_copy *copy, muster_error *err)
{
    mu_csv_block *block = &copy->blocks[copy->current];
    uint64_t line = block->line;

    MU_TRY(mu_csv_block_split(block, copy->plan.dialect, copy->source, err));
    if (!reserve_pieces(copy, block->piece_count)) {
        return mu_fail_memory(err, "reading a file");
    }
    MU_TRY(mu_pool_run(copy->options->load.pool, block->piece_count + UINT64_C(1), run_item, copy,
                       copy->options->load.cancel, err));
    copy->header = copy->header && block->piece_count == 0;
    for (uint32_t i = 0; i < block->piece_count; i++) {
        const mu_copy_piece *piece = &copy->pieces[i];
        for (uint32_t k = 0; k < piece->reject_count; k++) {
            const mu_copy_reject *reject = &piece->rejects[k];
            MU_TRY(mu_copy_rejects_add(&copy->rejects, copy->path, line + reject->line,
                                       reject->reason, reject->record, err));
        }
        line += piece->lines;
        copy->batches[i] = (mu_load_batch){piece->rows, piece->inputs};
        copy->result->rows_loaded += piece->rows;
    }
    MU_TRY(mu_load_batches(copy->load, block->piece_count, copy->batches, err));
    copy->blocks[1 - copy->current].line = line;
    report(copy, false);
    return MUSTER_OK;
}

static muster_status run(table_copy *copy, muster_error *err)
{
    for (;;) {
        const bool last = copy->blocks[copy->current].last;
        MU_TRY(run_round(copy, err));
        /* A block may grow to the end of the file while it is split. */
        if (last || copy->blocks[copy->current].last) {
            return MUSTER_OK;
        }
        copy->current = 1 - copy->current;
    }
}

static void close_copy(table_copy *copy)
{
    mu_load_close(copy->load);
    mu_copy_rejects_abort(&copy->rejects);
    for (size_t i = 0; i < copy->piece_capacity; i++) {
        mu_copy_piece_deinit(&copy->pieces[i], copy->plan.column_count);
    }
    mu_mem_free(copy->pieces);
    mu_mem_free(copy->batches);
    mu_csv_block_deinit(&copy->blocks[0]);
    mu_csv_block_deinit(&copy->blocks[1]);
    mu_csv_source_close(copy->source);
    mu_arena_deinit(&copy->arena);
}

muster_status mu_copy_from(mu_change *change, const mu_table *table, const char *path,
                           const mu_copy_options *options, mu_copy_result *result,
                           muster_error *err)
{
    const mu_kind id_kind = mu_change_catalog(change)->customer_kind;
    table_copy copy = {.options = options, .rejects = {.result = result}, .result = result};
    muster_status status;

    *result = (mu_copy_result){0};
    MU_TRY(mu_csv_source_open(path, &copy.source, err));
    copy.path = mu_csv_source_path(copy.source);
    copy.blocks[0].line = 1;
    MU_TRY_GOTO(mu_csv_block_fill(&copy.blocks[0], copy.source, NULL, 0, err));
    MU_TRY_GOTO(mu_copy_plan_make(copy.path, table, id_kind, options, &copy.blocks[0], &copy.arena,
                                  &copy.plan, err));
    if (table->id == MU_CUSTOMERS_TABLE) {
        MU_TRY_GOTO(mu_copy_plan_narrow(&copy.plan, table, &copy.arena, &table, err));
    }
    mu_copy_plan_describe(&copy.plan, copy.path, result->summary, sizeof result->summary);
    copy.header = copy.plan.head.options.header > 0;
    MU_TRY_GOTO(mu_load_open(change, table, &options->load, &copy.load, err));
    MU_TRY_GOTO(mu_copy_rejects_open(&copy.rejects, options->rejects_path, path, err));
    MU_TRY_GOTO(run(&copy, err));
    report(&copy, true);
    MU_TRY_GOTO(mu_copy_rejects_commit(&copy.rejects, err));
    status = mu_load_finish(copy.load, err);
fail:
    close_copy(&copy);
    return status;
}
