/*
 * op_scan.c - reads a table: the scan of storage, with the filters that were pushed down to it.
 *
 * A batch goes through three sieves, cheapest first: the time range (in the scan), the set of
 * customers (one bit each), then the conjuncts of the filter in turn. Before each, only the columns
 * it needs are decoded; a batch in which no row is left costs nothing more. What survives has all
 * of its columns loaded. Where few rows do, those of a block are packed into one batch. If a join
 * above looks the rows up in a table by one column, that is a fourth sieve, as long as it drops
 * many.
 */
#include "query/op.h"

#include "query/computed.h"
#include "query/indexed.h"
#include "query/join_table.h"
#include "query/lookup.h"
#include "query/meter.h"
#include "query/optimize.h"
#include "query/pack.h"
#include "query/set.h"
#include "storage/base/mem.h"
#include "storage/kernels/kernels.h"

enum {
    SIEVED_LEAST = 16384 /* rows, before a sieve is judged */
};

/* A join above, which drops rows that find none in its table. */
typedef struct reduction reduction;
struct reduction {
    reduction *next;
    uint32_t column;
    const mu_join_table *const *table;
    mu_expr key;
    const mu_expr *keys[1];
    mu_join_probe *probe;
    uint64_t sieved, passed; /* rows so far */
};

typedef struct scan_op {
    mu_op op; /* first, so that a mu_op * is a scan_op * */
    mu_scan_options options;
    mu_scan *scan;
    mu_set_runner *set;       /* NULL: everyone, and nobody */
    uint32_t customer_column; /* of the batch; where `set` is not NULL */
    uint64_t *members;        /* of the current stripe */
    int64_t *counted;         /* how many these are, where the scan is counted */
    bool no_members;          /* the stripe has none: nothing to read */
    uint32_t conjunct_count;
    const mu_expr *const *conjuncts;
    mu_eval *eval;              /* of the conjuncts; NULL if there are none */
    uint64_t *conjunct_columns; /* conjunct by conjunct, the columns it reads, as bits */
    reduction *reductions;
    mu_computed *computed; /* NULL: there are no such columns */
    mu_pack *pack;         /* NULL: batches go on as they are */
    uint64_t packed_block; /* of what is in the pack */
    mu_batch *held;        /* comes after the pack; NULL: the scan's next */
    bool sieved;           /* the one that is held */
    mu_arena arena;        /* of the plan, where that depends on subqueries */
} scan_op;

static void scan_close(mu_op *op)
{
    scan_op *s = (scan_op *)op;

    while (s->reductions) {
        reduction *r = s->reductions;
        s->reductions = r->next;
        mu_join_probe_close(r->probe);
        mu_mem_free(r);
    }
    mu_pack_close(s->pack);
    mu_computed_close(s->computed);
    mu_scan_close(s->scan);
    mu_set_close(s->set);
    mu_eval_close(s->eval);
    mu_mem_free(s->members);
    mu_mem_free(s->counted);
    mu_mem_free(s->conjunct_columns);
    mu_arena_deinit(&s->arena);
    mu_mem_free(s);
}

static muster_status scan_start(mu_op *op, uint32_t unit, muster_error *err)
{
    scan_op *s = (scan_op *)op;

    s->no_members = false;
    s->held = NULL;
    if (s->pack) {
        mu_pack_reset(s->pack);
    }
    if (s->set) {
        assert(unit < op->stripe_count); /* nobody is in no set: skip_nobody is on */
        MU_TRY(mu_set_run(s->set, unit, s->members, err));
        s->no_members = mu_bits_none(s->members, MU_STRIPE_WORDS);
    }
    return s->no_members ? MUSTER_OK : mu_scan_start(s->scan, unit, err);
}

static muster_status load_columns(scan_op *s, const uint64_t *wanted, muster_error *err)
{
    for (uint32_t c = 0; c < s->options.column_count; c++) {
        if (mu_bits_test(wanted, c)) {
            MU_TRY(mu_scan_load(s->scan, c, err));
        }
    }
    return MUSTER_OK;
}

/* Loads and computes what is read above of a batch that was sieved. */
static muster_status complete(scan_op *s, mu_batch **batch, muster_error *err)
{
    const uint64_t *unread = s->op.plan->scan.unread;

    for (uint32_t c = 0; c < s->options.column_count; c++) {
        if (!unread || !mu_bits_test(unread, c)) {
            MU_TRY(mu_scan_load(s->scan, c, err));
        }
    }
    return s->computed ? mu_computed_run(s->computed, s->scan, *batch, batch, err) : MUSTER_OK;
}

/* Clears the rows that a join would drop, unless it has shown to drop few. */
static muster_status reduce(scan_op *s, reduction *r, mu_batch *batch, muster_error *err)
{
    const size_t words = mu_bits_words(batch->rows);
    uint32_t first[MU_BATCH_ROWS];
    uint32_t dropped = 0;

    if (r->sieved >= SIEVED_LEAST && 2 * r->passed > r->sieved) {
        return MUSTER_OK;
    }
    const uint64_t rows = mu_k()->count_bits(batch->live, words);
    MU_TRY(mu_scan_load(s->scan, r->column, err));
    MU_TRY(mu_join_probe_run(r->probe, *r->table, batch, first, err));
    MU_FOR_EACH_LIVE(row, batch) {
        if (first[row] == 0) {
            mu_bits_clear(batch->live, row);
            dropped++;
        }
    }
    r->sieved += rows;
    r->passed += rows - dropped;
    return MUSTER_OK;
}

/* Clears the rows that the set, the filter and joins above drop. */
static muster_status sieve(scan_op *s, mu_batch *batch, muster_error *err)
{
    const size_t words = mu_bits_words(batch->rows);
    const size_t column_words = mu_bits_words(s->op.plan->column_count);

    if (s->set && s->options.counted) { /* all customers of the stripe are one row */
        s->counted[0] = (int64_t)mu_k()->count_bits(s->members, MU_STRIPE_WORDS);
        batch->columns[0].data = s->counted;
    } else if (s->set) {
        MU_TRY(mu_scan_load(s->scan, s->customer_column, err));
        mu_k()->filter_stripe_set(batch->columns[s->customer_column].data, s->members, batch->live,
                                  words);
    }
    for (uint32_t i = 0; i < s->conjunct_count && !mu_bits_none(batch->live, words); i++) {
        MU_TRY(load_columns(s, &s->conjunct_columns[i * column_words], err));
        MU_TRY(mu_eval_filter(s->eval, i, batch, batch->live, err));
    }
    for (reduction *r = s->reductions; r && !mu_bits_none(batch->live, words); r = r->next) {
        MU_TRY(reduce(s, r, batch, err));
    }
    return MUSTER_OK;
}

/* Whether the batch that is held, not sieved yet, ends what can be packed together: sieving it may
 * already read the texts of another block over those that are packed. */
static bool ends_pack(const scan_op *s)
{
    return s->pack && mu_pack_rows(s->pack) > 0 &&
           (s->held->rows == 0 || mu_scan_block(s->scan) != s->packed_block);
}

/* Makes the batch that is held ready to go on; lets go of it if no row is left. */
static muster_status sieve_held(scan_op *s, muster_error *err)
{
    MU_TRY(sieve(s, s->held, err));
    if (mu_bits_none(s->held->live, mu_bits_words(s->held->rows))) {
        s->held = NULL;
        return MUSTER_OK;
    }
    s->sieved = true;
    return complete(s, &s->held, err);
}

/* Whether the batch that is held goes behind what is packed, and is not the next to be handed on.
 */
static bool put_into_pack(scan_op *s)
{
    const uint64_t rows = mu_k()->count_bits(s->held->live, mu_bits_words(s->held->rows));
    const uint32_t packed = s->pack ? mu_pack_rows(s->pack) : 0;

    if (!s->pack || packed + rows > MU_BATCH_ROWS || (packed == 0 && rows >= MU_PACK_BELOW)) {
        return false;
    }
    mu_pack_add(s->pack, s->held);
    s->packed_block = mu_scan_block(s->scan);
    s->held = NULL;
    return true;
}

static muster_status scan_next(mu_op *op, mu_batch **batch, muster_error *err)
{
    static mu_batch end = {0};
    scan_op *s = (scan_op *)op;

    if (s->no_members) {
        *batch = &end;
        return MUSTER_OK;
    }
    for (;;) {
        if (!s->held) {
            MU_TRY(mu_exec_check(op->exec, err));
            MU_TRY(mu_scan_next(s->scan, &s->held, err));
            s->sieved = false;
        }
        if (!s->sieved && ends_pack(s)) {
            break;
        }
        if (!s->sieved && s->held->rows > 0) {
            MU_TRY(sieve_held(s, err));
        }
        if (s->held && (s->held->rows == 0 || !put_into_pack(s))) {
            break;
        }
    }
    if (s->pack && mu_pack_rows(s->pack) > 0) {
        *batch = mu_pack_take(s->pack);
        return MUSTER_OK;
    }
    *batch = s->held;
    s->held = NULL;
    return MUSTER_OK;
}

static const mu_op_class scan_class = {"scan", scan_start, scan_next, scan_close};

/* The batch column that holds the customers; the optimizer sees to it that there is one. */
static uint32_t find_customer_column(const mu_plan *plan)
{
    for (uint32_t c = 0; c < plan->column_count; c++) {
        if (plan->columns[c].type.kind == MU_CUSTOMER) {
            return c;
        }
    }
    assert(false && "a scan of a set of customers without their column");
    return 0;
}

static muster_status open_filter(scan_op *s, const mu_expr *filter, muster_error *err)
{
    const size_t column_words = mu_bits_words(s->op.plan->column_count);

    if (filter->kind == MU_EXPR_AND) {
        s->conjuncts = filter->args;
        s->conjunct_count = filter->arg_count;
    } else {
        s->conjuncts = &s->op.plan->scan.filter;
        s->conjunct_count = 1;
    }
    s->conjunct_columns =
        mu_mem_zalloc_array(s->conjunct_count * column_words, sizeof *s->conjunct_columns);
    if (!s->conjunct_columns) {
        return mu_fail_memory(err, "opening a scan");
    }
    for (uint32_t i = 0; i < s->conjunct_count; i++) {
        mu_expr_columns(s->conjuncts[i], &s->conjunct_columns[i * column_words]);
    }
    return mu_eval_open(s->op.exec, s->conjuncts, s->conjunct_count, &s->eval, err);
}

static muster_status open_set(scan_op *s, const mu_set *set, muster_error *err)
{
    s->customer_column = s->options.counted ? 0 : find_customer_column(s->op.plan);
    s->members = mu_mem_alloc(MU_STRIPE_WORDS * sizeof *s->members);
    s->counted = mu_mem_zalloc(MU_BATCH_ROWS * sizeof *s->counted);
    if (!s->members || !s->counted) {
        return mu_fail_memory(err, "opening a scan");
    }
    return mu_set_open(s->op.exec, set, &s->set, err);
}

/* What can be skipped by postings. It is found once for all threads, which know it by the
 * expression: by the one that stays. */
static muster_status choose_values(scan_op *s, const mu_expr *filter, muster_error *err)
{
    const mu_plan *plan = s->op.plan;
    const mu_indexed_options indexed = {.table = plan->scan.table,
                                        .columns = plan->scan.columns,
                                        .conditions = &filter,
                                        .condition_count = filter ? 1 : 0,
                                        .bounded = plan->scan.bounded,
                                        .since_us = plan->scan.since_us,
                                        .until_us = plan->scan.until_us,
                                        .counted = plan->scan.counted};

    return mu_indexed_values(s->op.exec, &indexed, &s->options.values, &s->options.value_count,
                             err);
}

/* The plan, with what subqueries gave in place of them. */
static muster_status settle(scan_op *s, mu_exec *exec, const mu_plan **plan, muster_error *err)
{
    const mu_scope scope = {
        .arena = &s->arena, .snapshot = mu_exec_snapshot(exec), .now_us = mu_exec_now(exec)};
    const mu_expr *filter = (*plan)->scan.filter;

    if (!filter) {
        return MUSTER_OK;
    }
    MU_TRY(mu_lookup_settle(exec, &s->arena, filter, &filter, err));
    return filter == (*plan)->scan.filter ? MUSTER_OK
                                          : mu_plan_narrow(&scope, *plan, filter, plan, err);
}

static bool can_pack(const mu_plan *plan)
{
    return !plan->scan.counted && plan->scan.table->id != MU_CUSTOMERS_TABLE;
}

muster_status mu_op_scan_reduce(mu_op *op, uint32_t column, const mu_join_table *const *table,
                                muster_error *err)
{
    scan_op *s = (scan_op *)op;
    reduction *r = mu_mem_zalloc(sizeof *r);

    assert(column < s->options.column_count);
    if (!r) {
        return mu_fail_memory(err, "opening a scan");
    }
    r->next = s->reductions;
    s->reductions = r;
    r->column = column;
    r->table = table;
    r->key = (mu_expr){.kind = MU_EXPR_COLUMN,
                       .type = op->plan->columns[column].type,
                       .offset = -1,
                       .column = column};
    r->keys[0] = &r->key;
    MU_TRY(mu_join_probe_open(op->exec, r->keys, 1, &r->probe, err));
    return s->pack || !can_pack(op->plan)
               ? MUSTER_OK
               : mu_pack_open(op->plan->columns, op->plan->column_count, &s->pack, err);
}

muster_status mu_op_scan_open(mu_exec *exec, const mu_plan *plan, mu_op **out, muster_error *err)
{
    muster_status status;
    const mu_expr *filter = plan->scan.filter;
    scan_op *s = mu_mem_zalloc(sizeof *s);

    if (!s) {
        return mu_fail_memory(err, "opening a scan");
    }
    MU_TRY_GOTO(settle(s, exec, &plan, err));
    s->op = (mu_op){.class = &scan_class, .exec = exec, .plan = plan};
    s->options = (mu_scan_options){
        .table = plan->scan.table,
        .columns = plan->scan.columns,
        .column_count =
            plan->column_count - (plan->scan.counted ? 1 : 0) - plan->scan.computed_count,
        .counted = plan->scan.counted,
        .bounded = plan->scan.bounded,
        .since_us = plan->scan.since_us,
        .until_us = plan->scan.until_us,
        .skip_nobody = plan->scan.set != NULL,
        .ranges = plan->scan.ranges,
        .range_count = plan->scan.range_count,
        .bytes_read = mu_exec_bytes_read(exec),
        .seen = mu_meter_seen(),
    };
    MU_TRY_GOTO(choose_values(s, filter, err));
    MU_TRY_GOTO(mu_scan_open(mu_exec_snapshot(exec), &s->options, &s->scan, err));
    if (plan->scan.set) {
        MU_TRY_GOTO(open_set(s, plan->scan.set, err));
    }
    if (plan->scan.filter) {
        MU_TRY_GOTO(open_filter(s, plan->scan.filter, err));
    }
    if (plan->scan.computed_count > 0) {
        MU_TRY_GOTO(mu_computed_open(exec, plan, &s->computed, err));
    }
    if ((plan->scan.set || plan->scan.filter) && can_pack(plan)) {
        MU_TRY_GOTO(mu_pack_open(plan->columns, plan->column_count, &s->pack, err));
    }
    s->op.unit_count = mu_scan_units(s->scan);
    s->op.stripe_count = mu_scan_stripes(s->scan);
    *out = &s->op;
    return MUSTER_OK;

fail:
    scan_close(&s->op);
    return status;
}
