/*
 * computed.c - a function that never falls where its argument rises has one value in a block if it
 * gives the same for the least and the greatest; a batch of these two is evaluated first.
 */
#include "query/computed.h"

#include "query/eval.h"
#include "storage/base/mem.h"

#include <assert.h>

enum {
    LEAST,
    GREATEST,
    LIMITS
};

/* One computed column. */
typedef struct computed_column {
    uint32_t source; /* the column it is a function of */
    uint64_t block;  /* what is known is of this block of the scan */
    bool constant;   /* in that block */
    bool filled;     /* `values` are all `value` */
    int64_t value;
    int64_t *values; /* MU_BATCH_ROWS */
    int64_t *limits; /* likewise: of the source */
} computed_column;

struct mu_computed {
    mu_arena arena;
    uint32_t first, count; /* behind so many of the scan */
    computed_column *columns;
    mu_eval *eval;    /* an expression for each */
    mu_batch batch;   /* what is handed on */
    mu_vector *probe; /* the columns of a batch of limits */
};

static uint32_t source_of(const mu_plan *plan, const mu_expr *expr, uint64_t *used)
{
    const size_t words = mu_bits_words(plan->column_count);

    memset(used, 0, words * sizeof *used);
    mu_expr_columns(expr, used);
    for (uint32_t c = 0; c < plan->column_count; c++) {
        if (mu_bits_test(used, c)) {
            return c;
        }
    }
    assert(false && "a computed column of no column");
    return 0;
}

static muster_status take_memory(mu_computed *computed, const mu_plan *plan, muster_error *err)
{
    uint64_t *used;

    MU_ARENA_TRY(used, &computed->arena, mu_bits_words(plan->column_count), err);
    MU_ARENA_TRY(computed->columns, &computed->arena, computed->count, err);
    MU_ARENA_TRY(computed->batch.columns, &computed->arena, plan->column_count, err);
    MU_ARENA_TRY(computed->probe, &computed->arena, computed->first, err);
    for (uint32_t i = 0; i < computed->count; i++) {
        computed_column *column = &computed->columns[i];
        MU_ARENA_TRY(column->values, &computed->arena, MU_BATCH_ROWS, err);
        MU_ARENA_TRY(column->limits, &computed->arena, MU_BATCH_ROWS, err);
        column->source = source_of(plan, plan->scan.computed[i], used);
        computed->batch.columns[computed->first + i].type = plan->scan.computed[i]->type;
    }
    return MUSTER_OK;
}

muster_status mu_computed_open(mu_exec *exec, const mu_plan *plan, mu_computed **out,
                               muster_error *err)
{
    muster_status status;
    mu_computed *computed = mu_mem_zalloc(sizeof *computed);

    *out = NULL;
    if (!computed) {
        return mu_fail_memory(err, "opening a scan");
    }
    computed->count = plan->scan.computed_count;
    computed->first = plan->column_count - computed->count;
    computed->batch.column_count = plan->column_count;
    MU_TRY_GOTO(take_memory(computed, plan, err));
    MU_TRY_GOTO(mu_eval_open(exec, plan->scan.computed, computed->count, &computed->eval, err));
    *out = computed;
    return MUSTER_OK;

fail:
    mu_computed_close(computed);
    return status;
}

void mu_computed_close(mu_computed *computed)
{
    if (computed) {
        mu_eval_close(computed->eval);
        mu_arena_deinit(&computed->arena);
        mu_mem_free(computed);
    }
}

/* Finds out whether the column is constant in the block. A value that it cannot be computed of may
 * be one that no row comes to. */
static muster_status probe_block(mu_computed *computed, uint32_t i, const mu_scan *scan,
                                 mu_type type, muster_error *err)
{
    computed_column *column = &computed->columns[i];
    uint64_t live[MU_BATCH_WORDS];
    const mu_batch batch = {
        .rows = LIMITS, .column_count = computed->first, .live = live, .columns = computed->probe};
    muster_error why = {0};
    mu_vector found;

    column->block = mu_scan_block(scan);
    column->constant = false;
    if (!mu_scan_limits(scan, column->source, &column->limits[LEAST], &column->limits[GREATEST])) {
        return MUSTER_OK;
    }
    mu_bits_fill(live, LIMITS, MU_BATCH_WORDS);
    computed->probe[column->source] = (mu_vector){.type = type, .data = column->limits};
    const muster_status status = mu_eval_run(computed->eval, i, &batch, &found, &why);
    if (status == MUSTER_INVALID) {
        return MUSTER_OK;
    }
    if (status != MUSTER_OK) {
        if (err) {
            *err = why;
        }
        return status;
    }
    const int64_t *values = found.data;
    column->constant = values[LEAST] == values[GREATEST] && mu_vector_valid(&found, LEAST) &&
                       mu_vector_valid(&found, GREATEST);
    if (column->constant && !(column->filled && column->value == values[LEAST])) {
        column->filled = true;
        column->value = values[LEAST];
        for (uint32_t row = 0; row < MU_BATCH_ROWS; row++) {
            column->values[row] = column->value;
        }
    }
    return MUSTER_OK;
}

muster_status mu_computed_run(mu_computed *computed, mu_scan *scan, mu_batch *batch, mu_batch **out,
                              muster_error *err)
{
    mu_vector *columns = computed->batch.columns;

    for (uint32_t i = 0; i < computed->count; i++) {
        computed_column *column = &computed->columns[i];
        mu_vector *result = &columns[computed->first + i];
        if (column->block != mu_scan_block(scan)) {
            MU_TRY(probe_block(computed, i, scan, batch->columns[column->source].type, err));
        }
        if (column->constant) {
            *result = (mu_vector){.type = result->type, .data = column->values};
        } else {
            MU_TRY(mu_scan_load(scan, column->source, err));
            MU_TRY(mu_eval_run(computed->eval, i, batch, result, err));
        }
    }
    memcpy(columns, batch->columns, computed->first * sizeof *columns);
    computed->batch.rows = batch->rows;
    computed->batch.live = batch->live;
    *out = &computed->batch;
    return MUSTER_OK;
}
