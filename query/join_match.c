/*
 * join_match.c - pairs of rows: two lists of rows, through which columns are copied.
 */
#include "query/join_match.h"

#include "query/eval.h"
#include "storage/base/arena.h"
#include "storage/base/mem.h"

#include <string.h>

/* Where the values of one column of a pair are put. */
typedef struct lane {
    bool wanted; /* it comes out, or the residual reads it */
    uint64_t *values, *valid;
} lane;

typedef struct matcher {
    mu_join_match match; /* first, so that a mu_join_match * is a matcher * */
    const mu_plan *plan;
    bool once;
    mu_arena arena;
    mu_join_probe *probe;
    mu_eval *residual; /* NULL: there is none */
    lane *lanes;
    mu_dict no_texts; /* of columns that are all NULL */
    uint64_t no_offsets[1];
    uint64_t live[MU_BATCH_WORDS];
    const mu_join_table *table;
    const mu_batch *batch;
    uint32_t first[MU_BATCH_ROWS]; /* by row of the batch: see mu_join_probe_run() */
    uint32_t rows[MU_BATCH_ROWS];  /* by pair: the row of the batch */
    uint32_t row, partner; /* where the next pair is: partner plus 1; 0: with the first of `row` */
} matcher;

static muster_status open_lanes(matcher *m, muster_error *err)
{
    const mu_plan *plan = m->plan;
    const uint32_t inputs = plan->input->column_count;
    const uint32_t columns = inputs + plan->other->column_count;
    uint64_t *read;

    MU_ARENA_TRY(m->lanes, &m->arena, columns, err);
    MU_ARENA_TRY(m->match.pairs.columns, &m->arena, columns, err);
    MU_ARENA_TRY(read, &m->arena, mu_bits_words(columns), err);
    if (plan->join.residual) {
        mu_expr_columns(plan->join.residual, read);
    }
    for (uint32_t c = 0; c < plan->column_count; c++) {
        mu_bits_set(read, plan->join.columns[c]);
    }
    for (uint32_t c = 0; c < columns; c++) {
        m->match.pairs.columns[c].type =
            c < inputs ? plan->input->columns[c].type : plan->other->columns[c - inputs].type;
        m->lanes[c].wanted = mu_bits_test(read, c);
        if (m->lanes[c].wanted) {
            MU_ARENA_TRY(m->lanes[c].values, &m->arena, MU_BATCH_ROWS, err);
            MU_ARENA_TRY(m->lanes[c].valid, &m->arena, MU_BATCH_WORDS, err);
        }
    }
    m->match.pairs.column_count = columns;
    m->match.pairs.live = m->live;
    return MUSTER_OK;
}

muster_status mu_join_match_open(mu_exec *exec, const mu_plan *plan, bool once, mu_join_match **out,
                                 muster_error *err)
{
    matcher *m = mu_mem_zalloc(sizeof *m);
    muster_status status;

    *out = NULL;
    if (!m) {
        return mu_fail_memory(err, "joining");
    }
    m->plan = plan;
    m->once = once;
    m->no_texts = (mu_dict){.id = mu_dict_next_id(), .offsets = m->no_offsets, .bytes = ""};
    MU_TRY_GOTO(open_lanes(m, err));
    MU_TRY_GOTO(mu_join_probe_open(exec, plan->join.keys, plan->join.key_count, &m->probe, err));
    if (plan->join.residual) {
        MU_TRY_GOTO(mu_eval_open(exec, &plan->join.residual, 1, &m->residual, err));
    }
    *out = &m->match;
    return MUSTER_OK;

fail:
    mu_join_match_close(&m->match);
    return status;
}

void mu_join_match_close(mu_join_match *match)
{
    matcher *m = (matcher *)match;

    if (m) {
        mu_join_probe_close(m->probe);
        mu_eval_close(m->residual);
        mu_arena_deinit(&m->arena);
        mu_mem_free(m);
    }
}

muster_status mu_join_match_start(mu_join_match *match, const mu_join_table *table,
                                  const mu_batch *batch, muster_error *err)
{
    matcher *m = (matcher *)match;

    m->table = table;
    m->batch = batch;
    m->row = m->partner = 0;
    match->in_place = mu_join_table_unique(table);
    memset(match->matched, 0, sizeof match->matched);
    return mu_join_probe_run(m->probe, table, batch, m->first, err);
}

/* Each row of the batch with its one partner. */
static uint32_t list_in_place(matcher *m)
{
    mu_join_match *match = &m->match;
    uint32_t found = 0;

    if (m->row == m->batch->rows) {
        return 0;
    }
    m->row = m->batch->rows;
    memset(m->live, 0, sizeof m->live);
    for (uint32_t row = 0; row < m->batch->rows; row++) {
        const bool has = m->first[row] != 0;
        match->partners[row] = has ? m->first[row] - 1 : MU_NO_ROW;
        m->live[row / 64] |= (uint64_t)has << row % 64;
        found += has;
    }
    return found > 0 ? m->batch->rows : 0;
}

/* The next pairs, as many as there is room for. */
static uint32_t list_pairs(matcher *m)
{
    mu_join_match *match = &m->match;
    uint32_t count = 0;

    while (m->row < m->batch->rows && count < MU_BATCH_ROWS) {
        const uint32_t partner = m->partner ? m->partner : m->first[m->row];
        m->partner = 0;
        if (partner == 0 || (m->once && mu_bits_test(match->matched, m->row))) {
            m->row++;
            continue;
        }
        m->rows[count] = m->row;
        match->partners[count++] = partner - 1;
        if (!m->once || m->residual) {
            m->partner = mu_join_table_next(m->table, partner - 1);
        }
        m->row += m->partner == 0;
    }
    mu_bits_fill(m->live, count, MU_BATCH_WORDS);
    return count;
}

static void pick_input(matcher *m, uint32_t count)
{
    const uint32_t inputs = m->plan->input->column_count;

    for (uint32_t c = 0; c < inputs; c++) {
        const lane *l = &m->lanes[c];
        if (m->match.in_place) {
            m->match.pairs.columns[c] = m->batch->columns[c];
        } else if (l->wanted) {
            mu_pick(&m->batch->columns[c], m->rows, count, l->values, l->valid,
                    &m->match.pairs.columns[c]);
        }
    }
}

void mu_join_match_pick_partners(mu_join_match *match, const mu_join_table *table, uint32_t rows)
{
    matcher *m = (matcher *)match;
    const mu_rowset *from = mu_join_table_rows(table);
    const uint32_t inputs = m->plan->input->column_count;

    match->pairs.rows = rows;
    for (uint32_t c = 0; c < m->plan->other->column_count; c++) {
        const lane *l = &m->lanes[inputs + c];
        if (l->wanted) {
            const mu_vector column = mu_rowset_vector(from, c);
            mu_pick(&column, match->partners, rows, l->values, l->valid,
                    &match->pairs.columns[inputs + c]);
        }
    }
}

void mu_join_match_no_input(mu_join_match *match, uint32_t rows)
{
    matcher *m = (matcher *)match;

    for (uint32_t i = 0; i < rows; i++) {
        m->rows[i] = MU_NO_ROW;
    }
    for (uint32_t c = 0; c < m->plan->input->column_count; c++) {
        const mu_type type = m->plan->input->columns[c].type;
        const mu_vector nothing = {
            .type = type, .dict = mu_type_form(type) == MU_FORM_CODE ? &m->no_texts : NULL};
        const lane *l = &m->lanes[c];
        if (l->wanted) {
            mu_pick(&nothing, m->rows, rows, l->values, l->valid, &match->pairs.columns[c]);
        }
    }
}

/* Which rows of the batch are in a pair that meets the condition. */
static void note_matched(matcher *m)
{
    mu_join_match *match = &m->match;

    if (match->in_place) {
        memcpy(match->matched, m->live, sizeof m->live);
        return;
    }
    MU_FOR_EACH_LIVE(pair, &match->pairs) {
        mu_bits_set(match->matched, m->rows[pair]);
    }
}

muster_status mu_join_match_next(mu_join_match *match, bool *more, muster_error *err)
{
    matcher *m = (matcher *)match;
    const uint32_t count = match->in_place ? list_in_place(m) : list_pairs(m);

    *more = count > 0;
    if (count == 0) {
        return MUSTER_OK;
    }
    match->pairs.rows = count;
    if (!m->once || m->residual) {
        pick_input(m, count);
        mu_join_match_pick_partners(match, m->table, count);
    }
    if (m->residual) {
        MU_TRY(mu_eval_filter(m->residual, 0, &match->pairs, m->live, err));
    }
    note_matched(m);
    return MUSTER_OK;
}
