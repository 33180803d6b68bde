/*
 * copy.c - a file into whatever takes its rows, in rounds.
 *
 * A round is one run of the pool, in which all of these happen at once, each for another block of
 * the file:
 *
 *   block k - 1   its rows are taken (a table appends them, column by column)
 *   block k       its pieces are converted
 *   block k + 1   is read, decompressed and cut into pieces
 *
 * So every thread is busy all the time: taking rows has one dear part (ids), which alone would
 * leave the others waiting, and conversion comes in small parts that fill up the rest. Between
 * rounds, rejects are written in the order of the file. The blocks depend on the file alone, and so
 * do the rows, their order and their lines, whatever the number of threads.
 */
#include "storage/copy.h"

#include "storage/base/env.h"
#include "storage/base/mem.h"
#include "storage/copy_rows.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

static const double report_seconds = 0.2;

enum {
    BLOCKS = 3, /* one is taken, one converted, one read */
    BATCHES = 2,
};

/* The rows of a block. */
typedef struct block_rows {
    mu_copy_piece *pieces;
    size_t piece_capacity;
    mu_load_batch *batches;
    size_t batch_capacity;
    uint32_t count;
} block_rows;

struct mu_copying {
    const mu_copy_options *options;
    mu_csv_source *source;
    const mu_copy_plan *plan;
    const mu_copy_sink *sink;
    mu_csv_block blocks[BLOCKS];
    block_rows rows[BATCHES];
    uint64_t round;           /* block k is blocks[k % BLOCKS], its rows are rows[k % BATCHES] */
    bool header;              /* still to be left out */
    bool converts;            /* in this round: block k */
    bool reads;               /* in this round: block k + 1 */
    muster_status next_split; /* what became of cutting block k + 1 */
    mu_copy_rejects rejects;
    double reported;
    mu_copy_result *result;
};

muster_status mu_copy_open(const char *path, const mu_copy_options *options, mu_copy_result *result,
                           mu_copying **out, muster_error *err)
{
    muster_status status;
    mu_copying *copy = mu_mem_zalloc(sizeof *copy);

    *out = NULL;
    *result = (mu_copy_result){0};
    if (!copy) {
        return mu_fail_memory(err, "reading a file");
    }
    copy->options = options;
    copy->result = result;
    copy->rejects.result = result;
    MU_TRY_GOTO(mu_csv_source_open(path, &copy->source, err));
    for (uint32_t i = 0; i < BLOCKS; i++) {
        copy->blocks[i].bytes = options->block_bytes;
    }
    copy->blocks[0].line = 1;
    MU_TRY_GOTO(mu_csv_block_fill(&copy->blocks[0], copy->source, NULL, 0, err));
    *out = copy;
    return MUSTER_OK;

fail:
    mu_copy_close(copy);
    return status;
}

const char *mu_copy_path(const mu_copying *copy)
{
    return mu_csv_source_path(copy->source);
}

const mu_csv_block *mu_copy_first_block(const mu_copying *copy)
{
    return &copy->blocks[0];
}

static void free_rows(block_rows *rows, const mu_copy_plan *plan)
{
    for (size_t i = 0; i < rows->piece_capacity; i++) {
        mu_copy_piece_deinit(&rows->pieces[i], plan->column_count);
    }
    mu_mem_free(rows->pieces);
    mu_mem_free(rows->batches);
}

void mu_copy_close(mu_copying *copy)
{
    if (!copy) {
        return;
    }
    mu_copy_rejects_abort(&copy->rejects);
    for (uint32_t i = 0; i < BATCHES; i++) {
        free_rows(&copy->rows[i], copy->plan);
    }
    for (uint32_t i = 0; i < BLOCKS; i++) {
        mu_csv_block_deinit(&copy->blocks[i]);
    }
    mu_csv_source_close(copy->source);
    mu_mem_free(copy);
}

/* A round. */

static mu_csv_block *block_of(mu_copying *copy, uint64_t k)
{
    return &copy->blocks[k % BLOCKS];
}

static block_rows *rows_of(mu_copying *copy, uint64_t k)
{
    return &copy->rows[k % BATCHES];
}

static bool reserve_pieces(block_rows *rows, uint32_t count)
{
    const size_t before = rows->piece_capacity;

    if (!mu_mem_reserve((void **)&rows->pieces, &rows->piece_capacity, count,
                        sizeof *rows->pieces)) {
        return false;
    }
    if (rows->piece_capacity > before) {
        memset(&rows->pieces[before], 0, (rows->piece_capacity - before) * sizeof *rows->pieces);
    }
    return mu_mem_reserve((void **)&rows->batches, &rows->batch_capacity, count + (size_t)1,
                          sizeof *rows->batches);
}

/* Reads the next block and cuts it. Its line is not known yet, so a fault in it is found again,
 * and reported, when its turn comes. */
static muster_status read_next(mu_copying *copy, muster_error *err)
{
    const mu_csv_block *block = block_of(copy, copy->round);
    mu_csv_block *next = block_of(copy, copy->round + 1);
    const size_t cut = block->cuts[block->piece_count];

    MU_TRY(mu_csv_block_fill(next, copy->source, block->data + cut, block->size - cut, err));
    next->line = 1;
    copy->next_split = mu_csv_block_split(next, copy->plan->dialect, copy->source, err);
    return copy->next_split == MUSTER_INVALID ? MUSTER_OK : copy->next_split;
}

/* Item 0 is the dearest part of what takes rows; item 1 reads; then come the other parts, and then
 * the pieces, the smallest items, last. */
static muster_status run_item(void *context, uint32_t worker, uint64_t item, muster_error *err)
{
    mu_copying *copy = context;
    const mu_csv_block *block = block_of(copy, copy->round);

    (void)worker;
    if (item == 1) {
        return copy->reads ? read_next(copy, err) : MUSTER_OK;
    }
    const uint64_t part = item - (item > 1);
    if (part < copy->sink->item_count) {
        return copy->round > 0 ? copy->sink->item(copy->sink->context, (uint32_t)part, err)
                               : MUSTER_OK;
    }
    const uint64_t i = part - copy->sink->item_count;
    if (!copy->converts || i >= block->piece_count) {
        return MUSTER_OK;
    }
    const size_t from = block->cuts[i], to = block->cuts[i + 1];
    return mu_copy_convert(copy->plan, &rows_of(copy, copy->round)->pieces[i], block->data + from,
                           to - from, copy->header && i == 0, copy->options->load.cancel, err);
}

/* Writes the rejects of the block that was converted, and counts its rows and lines. */
static muster_status collect(mu_copying *copy, muster_error *err)
{
    const mu_csv_block *block = block_of(copy, copy->round);
    block_rows *rows = rows_of(copy, copy->round);
    uint64_t line = block->line;

    rows->count = block->piece_count;
    for (uint32_t i = 0; i < block->piece_count; i++) {
        const mu_copy_piece *piece = &rows->pieces[i];
        for (uint32_t k = 0; k < piece->reject_count; k++) {
            const mu_copy_reject *reject = &piece->rejects[k];
            MU_TRY(mu_copy_rejects_add(&copy->rejects, mu_copy_path(copy), line + reject->line,
                                       reject->reason, reject->record, err));
        }
        line += piece->lines;
        rows->batches[i] = (mu_load_batch){piece->rows, piece->inputs};
        copy->result->rows_loaded += piece->rows;
    }
    copy->header = copy->header && block->piece_count == 0;
    block_of(copy, copy->round + 1)->line = line;
    return MUSTER_OK;
}

static void report(mu_copying *copy, bool always)
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

/* Round k: the rows of block k - 1 are taken, block k is converted (if there is one), block k + 1
 * is read. */
static muster_status run_round(mu_copying *copy, bool converts, muster_error *err)
{
    mu_csv_block *block = block_of(copy, copy->round);
    const mu_copy_sink *sink = copy->sink;
    const block_rows *taken = rows_of(copy, copy->round + 1); /* those of k - 1 */

    if (converts && (copy->round == 0 || copy->next_split != MUSTER_OK)) {
        MU_TRY(mu_csv_block_split(block, copy->plan->dialect, copy->source, err));
    }
    copy->converts = converts;
    copy->reads = converts && !block->last;
    if (converts && !reserve_pieces(rows_of(copy, copy->round), block->piece_count)) {
        return mu_fail_memory(err, "reading a file");
    }
    if (copy->round > 0) {
        MU_TRY(sink->begin(sink->context, taken->count, taken->batches, err));
    }
    const uint64_t items =
        UINT64_C(1) + sink->item_count + (converts ? block->piece_count : UINT32_C(0));
    MU_TRY(mu_pool_run(copy->options->load.pool, items, run_item, copy, copy->options->load.cancel,
                       err));
    if (copy->round > 0) {
        MU_TRY(sink->end(sink->context, err));
    }
    if (converts) {
        MU_TRY(collect(copy, err));
    }
    report(copy, false);
    return MUSTER_OK;
}

muster_status mu_copy_run(mu_copying *copy, const mu_copy_plan *plan, const mu_copy_sink *sink,
                          muster_error *err)
{
    bool converts = true;

    copy->plan = plan;
    copy->sink = sink;
    copy->header = plan->head.options.header > 0;
    MU_TRY(
        mu_copy_rejects_open(&copy->rejects, copy->options->rejects_path, mu_copy_path(copy), err));
    for (bool more = true; more; copy->round++) {
        more = converts;
        MU_TRY(run_round(copy, converts, err));
        /* A block may grow to the end of the file while it is split. */
        converts = converts && !block_of(copy, copy->round)->last;
    }
    report(copy, true);
    return mu_copy_rejects_commit(&copy->rejects, err);
}

/* Tables. */

static muster_status begin_rows(void *context, uint32_t count, const mu_load_batch *batches,
                                muster_error *err)
{
    return mu_load_begin(context, count, batches, err);
}

static muster_status append_part(void *context, uint32_t item, muster_error *err)
{
    return mu_load_item(context, item, err);
}

static muster_status end_rows(void *context, muster_error *err)
{
    return mu_load_end(context, err);
}

muster_status mu_copy_from(mu_change *change, const mu_table *table, const char *path,
                           const mu_copy_options *options, mu_copy_result *result,
                           muster_error *err)
{
    const mu_kind id_kind = mu_change_catalog(change)->customer_kind;
    mu_arena arena = {0};
    mu_copying *copy = NULL;
    mu_load *load = NULL;
    mu_copy_plan plan;
    muster_status status;

    MU_TRY(mu_copy_open(path, options, result, &copy, err));
    MU_TRY_GOTO(mu_copy_plan_make(mu_copy_path(copy), table, table->column_count, id_kind, options,
                                  mu_copy_first_block(copy), &arena, &plan, err));
    if (table->id == MU_CUSTOMERS_TABLE) {
        MU_TRY_GOTO(mu_copy_plan_narrow(mu_copy_path(copy), &plan, table, &arena, &table, err));
    }
    mu_copy_plan_describe(&plan, mu_copy_path(copy), result->summary, sizeof result->summary);
    MU_TRY_GOTO(mu_load_open(change, table, &options->load, &load, err));
    const mu_copy_sink sink = {.context = load,
                               .item_count = mu_load_item_count(load),
                               .begin = begin_rows,
                               .item = append_part,
                               .end = end_rows};
    MU_TRY_GOTO(mu_copy_run(copy, &plan, &sink, err));
    status = mu_load_finish(load, err);
    result->conflicts = mu_load_conflicts_of(load);
fail:
    mu_load_close(load);
    mu_copy_close(copy);
    mu_arena_deinit(&arena);
    return status;
}
