/*
 * op_join.c - pairs of rows that meet a condition: the rows of the input stream through, those of
 * the other input are kept in a table.
 *
 * By customer, a stripe at a time: the table has the other's rows of the same stripe, every thread
 * has one, and a unit of either that is nobody's meets no one. Otherwise there is one table of all
 * rows, made before the first comes out. For a full join all of the input is then looked up once
 * before, so that rows of the table which meet no one are known; they come in units of their own,
 * after those of the input.
 */
#include "query/join_match.h"
#include "query/op.h"
#include "storage/base/mem.h"
#include "storage/kernels/kernels.h"

typedef struct join_op {
    mu_op op;           /* first, so that a mu_op * is a join_op * */
    mu_op *other;       /* by customer */
    mu_join_table *own; /* by customer: of the unit */
    const mu_join_table *table;
    mu_join_match *match;
    bool outer, half; /* LEFT and FULL; SEMI and ANTI */
    bool has_input;   /* the unit has any */
    bool has_rest;    /* and rows of the table that may have met no one, from `rest` on */
    uint32_t rest, rest_end;
    mu_batch *from; /* of the input, while there is more in it; NULL: the next */
    mu_batch batch;
    uint64_t live[MU_BATCH_WORDS];
} join_op;

static void join_close(mu_op *op)
{
    join_op *j = (join_op *)op;

    mu_op_close(op->input);
    mu_op_close(j->other);
    mu_join_match_close(j->match);
    mu_join_table_close(j->own);
    mu_mem_free(j->batch.columns);
    mu_mem_free(j);
}

/* Starting a unit. */

/* The table of a unit of the other input; `stripe` as mu_join_table_build() takes it. */
static muster_status read_partners(join_op *j, uint32_t unit, uint32_t stripe, muster_error *err)
{
    mu_batch *batch;

    MU_TRY(mu_op_start(j->other, unit, err));
    for (;;) {
        MU_TRY(mu_op_next(j->other, &batch, err));
        if (batch->rows == 0) {
            return mu_join_table_build(j->own, stripe, err);
        }
        MU_TRY(mu_rowset_add_batch(mu_join_table_rows(j->own), batch, err));
    }
}

/* Stripes of both, then units of the input that are nobody's, then those of the other input. */
static muster_status start_by_customer(join_op *j, uint32_t unit, muster_error *err)
{
    const uint32_t stripes = j->op.stripe_count;
    const uint32_t inputs = j->op.input->unit_count;

    mu_join_table_reset(j->own);
    if (unit < stripes) {
        MU_TRY(read_partners(j, unit, unit, err));
    } else if (unit >= inputs) {
        MU_TRY(read_partners(j, stripes + unit - inputs, 0, err));
    } else {
        MU_TRY(mu_join_table_build(j->own, 0, err));
    }
    j->has_input = unit < inputs;
    j->has_rest = j->op.plan->join.kind == MU_JOIN_FULL;
    j->rest = 0;
    j->rest_end = (uint32_t)mu_rowset_rows(mu_join_table_rows(j->own));
    return MUSTER_OK;
}

/* Units of the input, then batches of the table. */
static void start_by_table(join_op *j, uint32_t unit)
{
    const uint32_t inputs = j->op.input->unit_count;
    const uint64_t rows = mu_rowset_rows(mu_join_table_rows(j->table));

    j->has_input = unit < inputs;
    j->has_rest = unit >= inputs;
    if (j->has_rest) {
        j->rest = (unit - inputs) * MU_BATCH_ROWS;
        j->rest_end = rows - j->rest > MU_BATCH_ROWS ? j->rest + MU_BATCH_ROWS : (uint32_t)rows;
    }
}

static muster_status join_start(mu_op *op, uint32_t unit, muster_error *err)
{
    join_op *j = (join_op *)op;
    const mu_join_kind kind = op->plan->join.kind;

    j->from = NULL;
    if (op->plan->join.by_customer) {
        MU_TRY(start_by_customer(j, unit, err));
    } else {
        start_by_table(j, unit);
    }
    if ((kind == MU_JOIN_INNER || kind == MU_JOIN_SEMI) &&
        mu_rowset_rows(mu_join_table_rows(j->table)) == 0) {
        j->has_input = false; /* nothing will come of it */
    }
    return j->has_input ? mu_op_start(op->input, unit, err) : MUSTER_OK;
}

/* Handing on. */

/* Pairs as the batch that goes on; false if there are none. */
static bool emit(join_op *j, const mu_vector *columns, uint32_t rows, const uint64_t *live)
{
    memcpy(j->live, live, sizeof j->live);
    j->batch.rows = rows;
    for (uint32_t c = 0; c < j->batch.column_count; c++) {
        j->batch.columns[c] = columns[j->op.plan->join.columns[c]];
    }
    return !mu_bits_none(j->live, mu_bits_words(rows));
}

/* The rows of the batch, those that have a partner or those that have none. */
static bool emit_half(join_op *j)
{
    uint64_t live[MU_BATCH_WORDS];
    const mu_batch *from = j->from;

    memcpy(live, from->live, sizeof live);
    if (j->op.plan->join.kind == MU_JOIN_SEMI) {
        mu_k()->and_bits(live, j->match->matched, MU_BATCH_WORDS);
    } else {
        mu_k()->and_not_bits(live, j->match->matched, MU_BATCH_WORDS);
    }
    return emit(j, from->columns, from->rows, live);
}

/* The pairs at hand, and where these are in place, what has none. */
static bool emit_pairs(join_op *j)
{
    mu_join_match *match = j->match;

    if (j->op.plan->join.kind == MU_JOIN_FULL && j->own) {
        MU_FOR_EACH_LIVE(pair, &match->pairs) {
            mu_join_table_mark(j->table, match->partners[pair]);
        }
    }
    return emit(j, match->pairs.columns, match->pairs.rows, match->pairs.live);
}

/* The rows of the batch that have no partner, with NULL beside them. */
static bool emit_unmatched(join_op *j)
{
    mu_join_match *match = j->match;
    uint64_t live[MU_BATCH_WORDS];

    memcpy(live, j->from->live, sizeof live);
    mu_k()->and_not_bits(live, match->matched, MU_BATCH_WORDS);
    if (mu_bits_none(live, mu_bits_words(j->from->rows))) {
        return false;
    }
    for (uint32_t row = 0; row < j->from->rows; row++) {
        match->partners[row] = MU_NO_ROW;
    }
    mu_join_match_pick_partners(match, j->table, j->from->rows);
    for (uint32_t c = 0; c < j->op.plan->input->column_count; c++) {
        match->pairs.columns[c] = j->from->columns[c];
    }
    return emit(j, match->pairs.columns, j->from->rows, live);
}

/* Pairs in place together with rows that have no partner: there is one batch of both. */
static bool emit_all(join_op *j)
{
    mu_join_match *match = j->match;

    (void)emit_pairs(j);
    for (uint32_t row = 0; row < j->from->rows; row++) {
        if (!mu_bits_test(match->matched, row)) {
            match->partners[row] = MU_NO_ROW;
        }
    }
    mu_join_match_pick_partners(match, j->table, j->from->rows);
    return emit(j, match->pairs.columns, j->from->rows, j->from->live);
}

/* What comes next of the batch of the input; *ready: it is in j->batch. */
static muster_status advance(join_op *j, bool *ready, muster_error *err)
{
    bool more;

    MU_TRY(mu_join_match_next(j->match, &more, err));
    if (more && j->half) {
        *ready = false;
    } else if (more && j->outer && j->match->in_place) {
        *ready = emit_all(j);
        j->from = NULL;
    } else if (more) {
        *ready = emit_pairs(j);
    } else {
        *ready = j->half ? emit_half(j) : j->outer && emit_unmatched(j);
        j->from = NULL;
    }
    return MUSTER_OK;
}

/* The next rows of the table that met no one; false: there are no more. */
static bool emit_rest(join_op *j)
{
    uint32_t rows = 0;
    uint64_t live[MU_BATCH_WORDS];

    if (!j->has_rest) {
        return false;
    }
    for (; j->rest < j->rest_end && rows < MU_BATCH_ROWS; j->rest++) {
        if (!mu_join_table_marked(j->table, j->rest)) {
            j->match->partners[rows++] = j->rest;
        }
    }
    mu_bits_fill(live, rows, MU_BATCH_WORDS);
    mu_join_match_pick_partners(j->match, j->table, rows);
    mu_join_match_no_input(j->match, rows);
    return emit(j, j->match->pairs.columns, rows, live);
}

static muster_status join_next(mu_op *op, mu_batch **batch, muster_error *err)
{
    join_op *j = (join_op *)op;
    bool ready = false;

    *batch = &j->batch;
    while (!ready) {
        MU_TRY(mu_exec_check(op->exec, err));
        if (j->from) {
            MU_TRY(advance(j, &ready, err));
            continue;
        }
        if (j->has_input) {
            MU_TRY(mu_op_next(op->input, &j->from, err));
            j->has_input = j->from->rows > 0;
        }
        if (j->has_input) {
            MU_TRY(mu_join_match_start(j->match, j->table, j->from, err));
            continue;
        }
        j->from = NULL;
        if (!emit_rest(j)) {
            j->batch.rows = 0;
        }
        return MUSTER_OK;
    }
    return MUSTER_OK;
}

static const mu_op_class join_class = {"join", join_start, join_next, join_close};

static void count_units(join_op *j)
{
    const mu_join_kind kind = j->op.plan->join.kind;
    const mu_op *input = j->op.input;

    j->op.unit_count = input->unit_count;
    j->op.stripe_count = input->stripe_count;
    if (j->own) {
        assert(input->stripe_count == j->other->stripe_count);
        if (kind == MU_JOIN_INNER || kind == MU_JOIN_SEMI) {
            j->op.unit_count = input->stripe_count;
        } else if (kind == MU_JOIN_FULL) {
            j->op.unit_count += j->other->unit_count - j->other->stripe_count;
        }
    } else if (kind == MU_JOIN_FULL) {
        j->op.unit_count += mu_rowset_batches(mu_join_table_rows(j->table));
        j->op.stripe_count = 0;
    }
}

muster_status mu_op_join_open(mu_exec *exec, const mu_plan *plan, mu_op **out, muster_error *err)
{
    muster_status status;
    join_op *j = mu_mem_zalloc(sizeof *j);

    if (!j) {
        return mu_fail_memory(err, "joining");
    }
    j->op = (mu_op){.class = &join_class, .exec = exec, .plan = plan};
    j->outer = plan->join.kind == MU_JOIN_LEFT || plan->join.kind == MU_JOIN_FULL;
    j->half = plan->join.kind == MU_JOIN_SEMI || plan->join.kind == MU_JOIN_ANTI;
    j->batch.live = j->live;
    j->batch.column_count = plan->column_count;
    j->batch.columns = mu_mem_zalloc_array(plan->column_count, sizeof *j->batch.columns);
    if (!j->batch.columns) {
        status = mu_fail_memory(err, "joining");
        goto fail;
    }
    MU_TRY_GOTO(mu_op_open(exec, plan->input, &j->op.input, err));
    MU_TRY_GOTO(mu_join_match_open(exec, plan, j->half, &j->match, err));
    if (plan->join.by_customer) {
        MU_TRY_GOTO(mu_op_open(exec, plan->other, &j->other, err));
        MU_TRY_GOTO(mu_join_table_open(exec, plan, &j->own, err));
    }
    j->table = j->own ? j->own : mu_exec_join_table(exec, plan);
    if ((plan->join.kind == MU_JOIN_INNER || plan->join.kind == MU_JOIN_SEMI) &&
        plan->join.key_count == 1 && plan->join.keys[0]->kind == MU_EXPR_COLUMN) {
        MU_TRY_GOTO(mu_op_reduce(j->op.input, plan->join.keys[0]->column, &j->table, err));
    }
    count_units(j);
    *out = &j->op;
    return MUSTER_OK;

fail:
    join_close(&j->op);
    return status;
}

/* The table of all rows. */

static muster_status keep_rows(void *context, uint32_t unit, const mu_batch *batch,
                               muster_error *err)
{
    (void)unit;
    return mu_rowset_add_batch(context, batch, err);
}

/* Copies the rows of another thread. */
static muster_status add_rows(mu_exec *exec, mu_rowset *from, mu_rowset *out, muster_error *err)
{
    uint64_t live[MU_BATCH_WORDS];
    mu_batch batch;

    MU_TRY(mu_rowset_finish(from, err));
    for (uint32_t b = 0; b < mu_rowset_batches(from); b++) {
        MU_TRY(mu_exec_check(exec, err));
        mu_rowset_batch(from, b, live, &batch);
        MU_TRY(mu_rowset_add_batch(out, &batch, err));
    }
    return MUSTER_OK;
}

/* The first thread adds to the table, the others to rows of their own. */
static muster_status read_rows(mu_exec *exec, const mu_plan *other, mu_rowset *rows,
                               muster_error *err)
{
    static const mu_sink sink = {.consume = keep_rows};
    const uint32_t workers = mu_exec_workers(exec);
    muster_status status = MUSTER_OK;
    void **states = mu_mem_zalloc_array(workers, sizeof *states);

    if (!states) {
        return mu_fail_memory(err, "joining");
    }
    states[0] = rows;
    for (uint32_t w = 1; w < workers; w++) {
        mu_rowset *more;
        MU_TRY_GOTO(mu_rowset_open(other->columns, other->column_count, &more, err));
        states[w] = more;
    }
    MU_TRY_GOTO(mu_exec_each(exec, other, &sink, states, err));
    for (uint32_t w = 1; w < workers; w++) {
        MU_TRY_GOTO(add_rows(exec, states[w], rows, err));
        mu_rowset_close(states[w]);
        states[w] = NULL;
    }
fail:
    for (uint32_t w = 1; w < workers; w++) {
        mu_rowset_close(states[w]);
    }
    mu_mem_free(states);
    return status;
}

typedef struct marker {
    const mu_join_table *table;
    mu_join_match *match;
} marker;

static muster_status mark_rows(void *context, uint32_t unit, const mu_batch *batch,
                               muster_error *err)
{
    const marker *m = context;
    bool more = true;

    (void)unit;
    MU_TRY(mu_join_match_start(m->match, m->table, batch, err));
    while (more) {
        MU_TRY(mu_join_match_next(m->match, &more, err));
        if (more) {
            MU_FOR_EACH_LIVE(pair, &m->match->pairs) {
                mu_join_table_mark(m->table, m->match->partners[pair]);
            }
        }
    }
    return MUSTER_OK;
}

static muster_status mark_all(mu_exec *exec, const mu_plan *plan, const mu_join_table *table,
                              muster_error *err)
{
    static const mu_sink sink = {.consume = mark_rows};
    const uint32_t workers = mu_exec_workers(exec);
    muster_status status = MUSTER_OK;
    marker *markers = mu_mem_zalloc_array(workers, sizeof *markers);
    void **states = mu_mem_zalloc_array(workers, sizeof *states);

    if (!markers || !states) {
        status = mu_fail_memory(err, "joining");
        goto fail;
    }
    for (uint32_t w = 0; w < workers; w++) {
        markers[w].table = table;
        MU_TRY_GOTO(mu_join_match_open(exec, plan, false, &markers[w].match, err));
        states[w] = &markers[w];
    }
    status = mu_exec_each(exec, plan->input, &sink, states, err);
fail:
    for (uint32_t w = 0; markers && w < workers; w++) {
        mu_join_match_close(markers[w].match);
    }
    mu_mem_free(markers);
    mu_mem_free(states);
    return status;
}

muster_status mu_run_join_table(mu_exec *exec, const mu_plan *plan, mu_join_table *table,
                                muster_error *err)
{
    MU_TRY(read_rows(exec, plan->other, mu_join_table_rows(table), err));
    MU_TRY(mu_join_table_build(table, 0, err));
    return plan->join.kind == MU_JOIN_FULL ? mark_all(exec, plan, table, err) : MUSTER_OK;
}
