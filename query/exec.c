/*
 * exec.c - running a plan.
 *
 * mu_exec_open() walks the plan bottom up. At each node it first runs the sets that are queries and
 * the subqueries that stand in the node's expressions; then, if the node needs all of its input,
 * the node itself, into a rowset. What is left for mu_exec_next() is a chain of streaming operators
 * above a scan or a rowset, which the caller's thread pulls.
 */
#include "query/exec.h"

#include "query/behaviour.h"
#include "query/grouper.h"
#include "query/indexed.h"
#include "query/join_table.h"
#include "query/lookup.h"
#include "query/meter.h"
#include "query/op.h"
#include "query/rowset.h"
#include "query/walk.h"
#include "storage/base/mem.h"

/* The result of a plan node; a statement has a handful. */
typedef struct made_rows {
    const mu_plan *plan;
    mu_rowset *rows;
} made_rows;

/* What a join looks its rows up in. */
typedef struct made_table {
    const mu_plan *plan;
    mu_join_table *table;
} made_table;

/* The members of a set that is a query: bits of all stripes. */
typedef struct made_set {
    const mu_set *set;
    uint64_t *bits;
} made_set;

typedef struct made_lookup {
    const mu_lookup *lookup;
    mu_lookup_table *table;
} made_lookup;

struct mu_exec {
    mu_exec_options options;
    uint32_t workers;
    made_rows *rows;
    size_t row_count, row_capacity;
    made_table *tables;
    size_t table_count, table_capacity;
    made_set *sets;
    size_t set_count, set_capacity;
    made_lookup *lookups;
    size_t lookup_count, lookup_capacity;
    mu_indexed *indexed;
    mu_op *root; /* opened by the first next */
    uint32_t unit;
    bool in_unit;
};

mu_snapshot *mu_exec_snapshot(const mu_exec *exec)
{
    return exec->options.snapshot;
}

uint32_t mu_exec_workers(const mu_exec *exec)
{
    return exec->workers;
}

int64_t mu_exec_now(const mu_exec *exec)
{
    return exec->options.now_us;
}

const mu_zone *mu_exec_zone(const mu_exec *exec)
{
    return exec->options.zone;
}

atomic_uint_fast64_t *mu_exec_bytes_read(const mu_exec *exec)
{
    return mu_meter_entered() ? &mu_meter_entered()->bytes : exec->options.bytes_read;
}

mu_meter *mu_exec_meter(const mu_exec *exec, const mu_plan *plan)
{
    return exec->options.meters ? mu_meters_find(exec->options.meters, plan) : NULL;
}

mu_indexed *mu_exec_indexed(const mu_exec *exec)
{
    return exec->indexed;
}

muster_status mu_exec_check(const mu_exec *exec, muster_error *err)
{
    if (exec->options.cancel && atomic_load_explicit(exec->options.cancel, memory_order_relaxed)) {
        return mu_fail(err, MUSTER_CANCELLED, "the statement was cancelled");
    }
    return MUSTER_OK;
}

static const mu_rowset *find_rowset(const mu_exec *exec, const mu_plan *plan)
{
    for (size_t i = 0; i < exec->row_count; i++) {
        if (exec->rows[i].plan == plan) {
            return exec->rows[i].rows;
        }
    }
    return NULL;
}

const mu_rowset *mu_exec_rowset(const mu_exec *exec, const mu_plan *plan)
{
    const mu_rowset *rows = find_rowset(exec, plan);

    assert(rows); /* else the node was not run */
    return rows;
}

bool mu_exec_has_rowset(const mu_exec *exec, const mu_plan *plan)
{
    return find_rowset(exec, plan) != NULL;
}

const mu_join_table *mu_exec_join_table(const mu_exec *exec, const mu_plan *plan)
{
    for (size_t i = 0; i < exec->table_count; i++) {
        if (exec->tables[i].plan == plan) {
            return exec->tables[i].table;
        }
    }
    assert(false && "a join that was not run");
    return NULL;
}

const uint64_t *mu_exec_query_set(const mu_exec *exec, const mu_set *set, uint32_t stripe)
{
    for (size_t i = 0; i < exec->set_count; i++) {
        if (exec->sets[i].set == set) {
            return &exec->sets[i].bits[(size_t)stripe * MU_STRIPE_WORDS];
        }
    }
    assert(false && "a set that was not run");
    return NULL;
}

static const mu_lookup_table *find_lookup(const mu_exec *exec, const mu_lookup *lookup)
{
    for (size_t i = 0; i < exec->lookup_count; i++) {
        if (exec->lookups[i].lookup == lookup) {
            return exec->lookups[i].table;
        }
    }
    return NULL;
}

const mu_lookup_table *mu_exec_lookup(const mu_exec *exec, const mu_lookup *lookup)
{
    const mu_lookup_table *table = find_lookup(exec, lookup);

    assert(table && "a subquery that was not run");
    return table;
}

uint32_t mu_exec_stripes(const mu_exec *exec, const mu_plan *input)
{
    switch (input->kind) {
    case MU_PLAN_SCAN:
        return input->scan.table->customer_column == MU_NO_COLUMN
                   ? 0
                   : mu_snapshot_stripes(exec->options.snapshot);
    case MU_PLAN_FUNNEL_CUSTOMERS:
        return mu_snapshot_stripes(exec->options.snapshot);
    case MU_PLAN_BEHAVIOUR: /* some keep their rows */
        return mu_exec_has_rowset(exec, input) ? 0 : mu_snapshot_stripes(exec->options.snapshot);
    case MU_PLAN_FILTER:
    case MU_PLAN_PROJECT:
    case MU_PLAN_REPEAT:
        return mu_exec_stripes(exec, input->input);
    case MU_PLAN_GROUP: /* if it streams, its units are those of its input */
        return mu_exec_has_rowset(exec, input) ? 0 : mu_exec_stripes(exec, input->input);
    case MU_PLAN_UNION: /* a stripe's unit is that of both */
        return mu_exec_stripes(exec, input->other) > 0 ? mu_exec_stripes(exec, input->input) : 0;
    case MU_PLAN_JOIN: /* what no input meets comes in units of the other's, of any customers */
        return input->join.kind == MU_JOIN_FULL && !input->join.by_customer
                   ? 0
                   : mu_exec_stripes(exec, input->input);
    case MU_PLAN_SERIES:
    case MU_PLAN_VALUES:
    case MU_PLAN_SORT:
    case MU_PLAN_LIMIT:
    case MU_PLAN_FUNNEL:
    case MU_PLAN_WINDOW:
        return 0;
    }
    assert(false && "a plan that is not in the list");
    return 0;
}

/* Work that threads share out for a node that is measured. */
typedef struct measured {
    mu_pool_fn *work;
    void *context;
    mu_meter *meter;
} measured;

static muster_status measured_work(void *context, uint32_t worker, uint64_t item, muster_error *err)
{
    const measured *m = context;
    const mu_meter_before before = mu_meter_enter(m->meter);
    const muster_status status = m->work(m->context, worker, item, err);

    mu_meter_leave(before);
    return status;
}

muster_status mu_exec_run(mu_exec *exec, bool alone, uint64_t count, mu_pool_fn *work,
                          void *context, muster_error *err)
{
    measured m = {work, context, mu_meter_entered()};
    mu_pool *pool = alone ? NULL : exec->options.pool;

    if (!m.meter) {
        return mu_pool_run(pool, count, work, context, exec->options.cancel, err);
    }
    const mu_meter_before before = mu_meter_enter(NULL); /* waiting for others is no work */
    const muster_status status =
        mu_pool_run(pool, count, measured_work, &m, exec->options.cancel, err);
    mu_meter_leave(before);
    return status;
}

/* The one place where a query becomes parallel. */

typedef struct each {
    mu_exec *exec;
    const mu_plan *input;
    const mu_sink *sink;
    void *const *states;
    mu_op **ops;               /* worker by worker; opened at its first unit */
    atomic_uint_fast64_t rows; /* for progress */
    uint32_t units;
} each;

static void report(each *e, uint64_t unit)
{
    const mu_progress *progress = e->exec->options.progress;

    if (progress) {
        progress->report(progress->context, "scanning", unit + 1, e->units,
                         atomic_load_explicit(&e->rows, memory_order_relaxed));
    }
}

static void tell_opened(each *e, uint32_t worker)
{
    if (e->sink->opened) {
        e->sink->opened(e->states[worker], e->ops[worker]);
    }
}

static muster_status each_unit(void *context, uint32_t worker, uint64_t unit, muster_error *err)
{
    each *e = context;
    uint64_t rows = 0;
    mu_batch *batch;

    if (!e->ops[worker]) {
        MU_TRY(mu_op_open(e->exec, e->input, &e->ops[worker], err));
        tell_opened(e, worker);
    }
    mu_op *op = e->ops[worker];
    MU_TRY(mu_op_start(op, (uint32_t)unit, err));
    for (;;) {
        MU_TRY(mu_op_next(op, &batch, err));
        if (batch->rows == 0) {
            break;
        }
        rows += batch->rows;
        MU_TRY(e->sink->consume(e->states[worker], (uint32_t)unit, batch, err));
    }
    atomic_fetch_add_explicit(&e->rows, rows, memory_order_relaxed);
    if (worker == 0) {
        report(e, unit);
    }
    return e->sink->unit_end ? e->sink->unit_end(e->states[worker], (uint32_t)unit, err)
                             : MUSTER_OK;
}

/* `alone`: in this thread, which is worker 0, a unit after the other. */
static muster_status run_units(mu_exec *exec, const mu_plan *input, bool alone, const mu_sink *sink,
                               void *const *states, muster_error *err)
{
    muster_status status;
    each e = {.exec = exec, .input = input, .sink = sink, .states = states};

    e.ops = mu_mem_zalloc_array(exec->workers, sizeof(mu_op *));
    if (!e.ops) {
        return mu_fail_memory(err, "starting a query");
    }
    MU_TRY_GOTO(mu_op_open(exec, input, &e.ops[0], err));
    tell_opened(&e, 0);
    e.units = e.ops[0]->unit_count;
    status = mu_exec_run(exec, alone, e.units, each_unit, &e, err);
fail:
    for (uint32_t i = 0; i < exec->workers; i++) {
        mu_op_close(e.ops[i]);
    }
    mu_mem_free(e.ops);
    return status;
}

muster_status mu_exec_each(mu_exec *exec, const mu_plan *input, const mu_sink *sink,
                           void *const *states, muster_error *err)
{
    return run_units(exec, input, false, sink, states, err);
}

static muster_status keep_batch(void *state, uint32_t unit, const mu_batch *batch,
                                muster_error *err)
{
    (void)unit;
    return mu_rowset_add_batch(state, batch, err);
}

muster_status mu_exec_keep(mu_exec *exec, const mu_plan *plan, bool in_order, mu_rowset *out,
                           muster_error *err)
{
    static const mu_sink sink = {.consume = keep_batch};
    const uint32_t workers = in_order ? 1 : exec->workers;
    muster_status status;
    mu_rowset **kept = mu_mem_zalloc_array(workers, sizeof(mu_rowset *));
    void **states = mu_mem_zalloc_array(workers, sizeof *states);

    if (!kept || !states) {
        status = mu_fail_memory(err, "keeping rows");
        goto fail;
    }
    for (uint32_t w = 0; w < workers; w++) {
        MU_TRY_GOTO(mu_rowset_open(plan->columns, plan->column_count, &kept[w], err));
        states[w] = kept[w];
    }
    MU_TRY_GOTO(run_units(exec, plan, in_order, &sink, states, err));
    status = mu_rowset_concat(exec, kept, workers, out, err);
fail:
    for (uint32_t w = 0; kept && states && w < workers; w++) {
        mu_rowset_close(kept[w]);
    }
    mu_mem_free(kept);
    mu_mem_free(states);
    return status;
}

muster_status mu_exec_stripes_each(mu_exec *exec, mu_pool_fn *work, void *context,
                                   muster_error *err)
{
    return mu_exec_run(exec, false, mu_snapshot_stripes(exec->options.snapshot), work, context,
                       err);
}

/* Sets that are queries. */

typedef struct set_state {
    uint64_t *bits;
    uint32_t stripes; /* units below this are stripes: no one else writes to their words */
} set_state;

static muster_status consume_members(void *context, uint32_t unit, const mu_batch *batch,
                                     muster_error *err)
{
    const set_state *state = context;
    const mu_vector *customers = &batch->columns[0];
    const uint32_t *ordinals = customers->data;

    (void)err;
    assert(customers->type.kind == MU_CUSTOMER);
    MU_FOR_EACH_LIVE(row, batch) {
        if (!mu_vector_valid(customers, row) || ordinals[row] == MU_NO_CUSTOMER) {
            continue;
        }
        uint64_t *word = &state->bits[ordinals[row] / 64];
        const uint64_t bit = UINT64_C(1) << (ordinals[row] % 64);
        if (unit < state->stripes) {
            *word |= bit;
        } else {
            __atomic_fetch_or(word, bit, __ATOMIC_RELAXED);
        }
    }
    return MUSTER_OK;
}

static muster_status run_plan(mu_exec *exec, const mu_plan *plan, bool shared, muster_error *err);
static muster_status run_and_keep(mu_exec *exec, const mu_plan *plan, bool in_order,
                                  muster_error *err);

static muster_status run_query_set(mu_exec *exec, const mu_set *set, muster_error *err)
{
    static const mu_sink sink = {.consume = consume_members};
    const mu_plan *plan = set->query.plan;
    muster_status status;
    set_state state = {0};

    MU_TRY(run_plan(exec, plan, true, err));
    void **states = mu_mem_zalloc_array(exec->workers, sizeof *states);
    const size_t stripes = mu_snapshot_stripes(exec->options.snapshot);
    state.bits = mu_mem_zalloc_array(stripes * MU_STRIPE_WORDS, sizeof *state.bits);
    state.stripes = mu_plan_in_stripe(plan, 0) ? mu_exec_stripes(exec, plan) : 0;
    if (!states || !state.bits ||
        !mu_mem_reserve(&exec->sets, &exec->set_capacity, exec->set_count + 1,
                        sizeof *exec->sets)) {
        mu_mem_free(state.bits);
        mu_mem_free(states);
        return mu_fail_memory(err, "running a subquery");
    }
    exec->sets[exec->set_count++] = (made_set){.set = set, .bits = state.bits};
    for (uint32_t i = 0; i < exec->workers; i++) {
        states[i] = &state;
    }
    status = mu_exec_each(exec, plan, &sink, states, err);
    mu_mem_free(states);
    return status;
}

static muster_status visit_set(void *context, const mu_set *set, muster_error *err)
{
    mu_exec *exec = context;

    for (size_t i = 0; i < exec->set_count; i++) {
        if (exec->sets[i].set == set) {
            return MUSTER_OK;
        }
    }
    return set->kind == MU_SET_QUERY ? run_query_set(exec, set, err) : MUSTER_OK;
}

/* Subqueries that are looked up. */
static muster_status visit_lookup(void *context, const mu_lookup *lookup, muster_error *err)
{
    mu_exec *exec = context;

    if (find_lookup(exec, lookup)) {
        return MUSTER_OK;
    }
    MU_TRY(run_and_keep(exec, lookup->plan, lookup->first_only, err));
    if (lookup->otherwise) {
        MU_TRY(run_and_keep(exec, lookup->otherwise, false, err));
    }
    if (!mu_mem_reserve(&exec->lookups, &exec->lookup_capacity, exec->lookup_count + 1,
                        sizeof *exec->lookups)) {
        return mu_fail_memory(err, "running a subquery");
    }
    made_lookup *made = &exec->lookups[exec->lookup_count++];
    made->lookup = lookup;
    return mu_lookup_table_open(exec, lookup, &made->table, err);
}

/* Nodes that need all of their input. */

typedef muster_status runner(mu_exec *exec, const mu_plan *plan, mu_rowset *out, muster_error *err);

static runner *runner_of(const mu_plan *plan)
{
    switch (plan->kind) {
    case MU_PLAN_VALUES:
        return mu_run_values;
    case MU_PLAN_GROUP:
        return mu_run_group;
    case MU_PLAN_SORT:
        return mu_run_sort;
    case MU_PLAN_LIMIT:
        return mu_run_limit;
    case MU_PLAN_FUNNEL:
        return mu_run_funnel;
    case MU_PLAN_BEHAVIOUR:
        return plan->behaviour->class->whole    ? plan->behaviour->class->whole
               : plan->behaviour->class->finish ? mu_run_behaviour
                                                : NULL;
    case MU_PLAN_WINDOW:
        return mu_run_window;
    case MU_PLAN_SCAN:
    case MU_PLAN_FILTER:
    case MU_PLAN_PROJECT:
    case MU_PLAN_UNION:
    case MU_PLAN_REPEAT:
    case MU_PLAN_SERIES:
    case MU_PLAN_JOIN:
    case MU_PLAN_FUNNEL_CUSTOMERS:
        return NULL; /* streaming */
    }
    assert(false && "a plan that is not in the list");
    return NULL;
}

static muster_status run_join(mu_exec *exec, const mu_plan *plan, muster_error *err)
{
    mu_join_table *table;

    if (!mu_mem_reserve(&exec->tables, &exec->table_capacity, exec->table_count + 1,
                        sizeof *exec->tables)) {
        return mu_fail_memory(err, "starting a query");
    }
    MU_TRY(mu_join_table_open(exec, plan, &table, err));
    exec->tables[exec->table_count++] = (made_table){.plan = plan, .table = table};
    return mu_run_join_table(exec, plan, table, err);
}

/* Runs the node, and keeps its rows. */
static muster_status keep_rows(mu_exec *exec, const mu_plan *plan, runner *run, muster_error *err)
{
    muster_status status;
    mu_rowset *rows;

    if (!mu_mem_reserve(&exec->rows, &exec->row_capacity, exec->row_count + 1,
                        sizeof *exec->rows)) {
        return mu_fail_memory(err, "starting a query");
    }
    MU_TRY(mu_rowset_open(plan->columns, plan->column_count, &rows, err));
    MU_TRY_GOTO(run(exec, plan, rows, err));
    MU_TRY_GOTO(mu_rowset_finish(rows, err));
    exec->rows[exec->row_count++] = (made_rows){.plan = plan, .rows = rows};
    if (mu_exec_meter(exec, plan)) {
        atomic_store(&mu_exec_meter(exec, plan)->rows, mu_rowset_rows(rows));
    }
    return MUSTER_OK;

fail:
    mu_rowset_close(rows);
    return status;
}

/* `shared`: what follows is pulled by all threads, or goes by stripes, so that groups may stream.
 */
static muster_status run_inputs(mu_exec *exec, const mu_plan *plan, bool shared, muster_error *err)
{
    const bool streams = runner_of(plan) == NULL;
    const bool by_customer = plan->kind == MU_PLAN_JOIN && plan->join.by_customer;
    const bool kept = plan->kind == MU_PLAN_JOIN || !streams; /* the other input of a join is */

    if (plan->input) {
        const bool one_thread = plan->kind == MU_PLAN_LIMIT;
        MU_TRY(run_plan(exec, plan->input, streams ? shared || by_customer : !one_thread, err));
    }
    return plan->other ? run_plan(exec, plan->other, shared || kept, err) : MUSTER_OK;
}

/* Its inputs have been run. */
static muster_status run_node(mu_exec *exec, const mu_plan *plan, bool shared, muster_error *err)
{
    const mu_walk_visit visit = {visit_set, visit_lookup, exec};
    runner *const run = runner_of(plan);

    MU_TRY(mu_walk_queries(plan, &visit, err));
    if (plan->kind == MU_PLAN_JOIN && !plan->join.by_customer) {
        return run_join(exec, plan, err);
    }
    if (!run || (plan->kind == MU_PLAN_GROUP && shared && mu_group_by_stripe(exec, plan))) {
        return MUSTER_OK;
    }
    return keep_rows(exec, plan, run, err);
}

static muster_status run_plan(mu_exec *exec, const mu_plan *plan, bool shared, muster_error *err)
{
    MU_TRY(run_inputs(exec, plan, shared, err));
    if (!exec->options.meters) {
        return run_node(exec, plan, shared, err);
    }
    MU_TRY(mu_meters_add(exec->options.meters, plan, err));
    const mu_meter_before before = mu_meter_enter(mu_exec_meter(exec, plan));
    const muster_status status = run_node(exec, plan, shared, err);
    mu_meter_leave(before);
    return status;
}

static muster_status keep_in_order(mu_exec *exec, const mu_plan *plan, mu_rowset *out,
                                   muster_error *err)
{
    return mu_exec_keep(exec, plan, true, out, err);
}

static muster_status keep_at_once(mu_exec *exec, const mu_plan *plan, mu_rowset *out,
                                  muster_error *err)
{
    return mu_exec_keep(exec, plan, false, out, err);
}

/* Runs the plan, and sees to it that its rows are kept; in their order, if that is asked for. */
static muster_status run_and_keep(mu_exec *exec, const mu_plan *plan, bool in_order,
                                  muster_error *err)
{
    MU_TRY(run_plan(exec, plan, !in_order, err));
    return mu_exec_has_rowset(exec, plan)
               ? MUSTER_OK
               : keep_rows(exec, plan, in_order ? keep_in_order : keep_at_once, err);
}

muster_status mu_exec_open(const mu_exec_options *options, const mu_plan *plan, mu_exec **out,
                           muster_error *err)
{
    mu_exec *exec = mu_mem_zalloc(sizeof *exec);
    muster_status status;

    *out = NULL;
    if (!exec) {
        return mu_fail_memory(err, "starting a query");
    }
    exec->options = *options;
    exec->workers = options->pool ? mu_pool_threads(options->pool) : 1;
    exec->indexed = mu_indexed_open();
    if (!exec->indexed) {
        status = mu_fail_memory(err, "starting a query");
        goto fail;
    }
    MU_TRY_GOTO(run_plan(exec, plan, false, err));
    MU_TRY_GOTO(mu_op_open(exec, plan, &exec->root, err));
    *out = exec;
    return MUSTER_OK;

fail:
    mu_exec_close(exec);
    return status;
}

void mu_exec_close(mu_exec *exec)
{
    if (!exec) {
        return;
    }
    mu_op_close(exec->root);
    for (size_t i = 0; i < exec->row_count; i++) {
        mu_rowset_close(exec->rows[i].rows);
    }
    for (size_t i = 0; i < exec->table_count; i++) {
        mu_join_table_close(exec->tables[i].table);
    }
    mu_mem_free(exec->tables);
    for (size_t i = 0; i < exec->set_count; i++) {
        mu_mem_free(exec->sets[i].bits);
    }
    for (size_t i = 0; i < exec->lookup_count; i++) {
        mu_lookup_table_close(exec->lookups[i].table);
    }
    mu_mem_free(exec->lookups);
    mu_mem_free(exec->rows);
    mu_indexed_close(exec->indexed);
    mu_mem_free(exec->sets);
    mu_mem_free(exec);
}

muster_status mu_exec_next(mu_exec *exec, mu_batch **batch, muster_error *err)
{
    static mu_batch end = {0};

    for (;;) {
        if (!exec->in_unit) {
            if (exec->unit == exec->root->unit_count) {
                *batch = &end;
                return MUSTER_OK;
            }
            MU_TRY(mu_op_start(exec->root, exec->unit++, err));
            exec->in_unit = true;
        }
        MU_TRY(mu_op_next(exec->root, batch, err));
        if ((*batch)->rows > 0 && !mu_bits_none((*batch)->live, mu_bits_words((*batch)->rows))) {
            return MUSTER_OK;
        }
        exec->in_unit = (*batch)->rows > 0;
    }
}
