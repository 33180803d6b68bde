/*
 * act_delete.c - DELETE: rows of lookup tables, events, and people.
 *
 * A segment all of whose rows go is left out of the manifest, and not read. Of the others that the
 * condition may reach, the rows that stay are loaded into new segments, a period at a time, in the
 * order in which they were; so a DELETE of everything before a day rewrites one period at most.
 *
 * To delete a customer is to erase the person: no row is written, and none is seen any more.
 */
#include "sql/act_rows.h"

typedef struct deletion {
    const mu_table *table;
    mu_relation relation;
    const mu_expr *condition;   /* NULL: every row */
    int64_t since_us, until_us; /* where there may be rows that go */
    bool whole;                 /* every row in that range goes */
    uint64_t gone;              /* rows of segments that go */
    mu_act_rows kept;
} deletion;

static muster_status bind(const mu_act *act, deletion *d, muster_error *err)
{
    const mu_ast_statement *s = act->statement;
    const mu_plan *plan;

    MU_TRY(mu_bind_table(act->binder, s->name, &d->table, err));
    MU_TRY(mu_bind_scan(act->binder, d->table, &d->relation, err));
    d->relation.name = s->alias.text ? s->alias.text : d->table->name;
    d->since_us = INT64_MIN;
    d->until_us = INT64_MAX;
    d->whole = !s->where;
    if (!s->where) {
        return MUSTER_OK;
    }
    const mu_place place = {.binder = act->binder, .relation = &d->relation, .clause = "WHERE"};
    MU_TRY(mu_bind_condition(&place, s->where, "WHERE", &d->condition, err));
    MU_TRY(mu_plan_filter(&act->binder->scope, d->relation.plan, d->condition, &plan, err));
    MU_TRY(mu_plan_optimize(&act->binder->scope, plan, &plan, err));
    if (plan->kind == MU_PLAN_SCAN && plan->scan.bounded) {
        d->since_us = plan->scan.since_us;
        d->until_us = plan->scan.until_us;
        d->whole = !plan->scan.filter && !plan->scan.set;
    }
    return MUSTER_OK;
}

static muster_status compare_time(const mu_act *act, const deletion *d, const char *operator,
                                  int64_t time_us, const mu_expr **out, muster_error *err)
{
    const mu_scope *scope = &act->binder->scope;
    const uint32_t column = d->table->time_column;
    const mu_value value = {.type = d->table->columns[column].type, .i64 = time_us};
    const mu_expr *args[2];

    MU_TRY(mu_expr_column(scope, column, value.type, 0, &args[0], err));
    MU_TRY(mu_expr_const(scope, value, 0, &args[1], err));
    return mu_expr_call(scope, operator, args, 2, 0, out, err);
}

/* The rows that stay, or those that go: of a period, or, in a lookup table, of all. */
static muster_status plan_rows(const mu_act *act, const deletion *d, int64_t period, bool stay,
                               const mu_plan **out, muster_error *err)
{
    const mu_scope *scope = &act->binder->scope;
    const mu_value truth = {.type = {.kind = MU_BOOLEAN}, .i64 = 1};
    const mu_unit unit = d->table->period;
    const mu_expr *args[2] = {d->condition};
    const mu_expr *all;
    const mu_expr **conjuncts;

    MU_ARENA_TRY(conjuncts, scope->arena, 3, err);
    conjuncts[0] = d->condition;
    if (stay) {
        MU_TRY(mu_expr_const(scope, truth, 0, &args[1], err));
        MU_TRY(mu_expr_call(scope, "is distinct from", args, 2, 0, &conjuncts[0], err));
    }
    all = conjuncts[0];
    if (mu_table_has_events(d->table)) {
        MU_TRY(compare_time(act, d, ">=", mu_unit_start(period, unit), &conjuncts[1], err));
        MU_TRY(compare_time(act, d, "<", mu_unit_start(period + 1, unit), &conjuncts[2], err));
        MU_TRY(mu_expr_logic(scope, MU_EXPR_AND, conjuncts, 3, 0, &all, err));
    }
    return mu_plan_filter(scope, d->relation.plan, all, out, err);
}

static muster_status note_any(void *context, const mu_batch *batch, muster_error *err)
{
    (void)batch;
    (void)err;
    *(bool *)context = true;
    return MUSTER_OK;
}

/* Does any row of the period go? */
static muster_status any_goes(mu_act *act, const deletion *d, int64_t period, bool *out,
                              muster_error *err)
{
    const mu_plan *plan;

    *out = false;
    MU_TRY(plan_rows(act, d, period, false, &plan, err));
    MU_TRY(mu_plan_limit(&act->binder->scope, plan, 1, 0, &plan, err));
    return mu_act_each_batch(act, plan, note_any, out, err);
}

static muster_status drop(mu_act *act, deletion *d, const mu_segment_info *info, muster_error *err)
{
    d->gone += info->rows - info->masked_rows;
    return mu_change_remove_segment(act->change, info->file, err);
}

/* Loads the rows that stay of the segments [first, end) of a period, and drops the segments. */
static muster_status rewrite(mu_act *act, deletion *d, uint32_t first, uint32_t end,
                             muster_error *err)
{
    mu_snapshot *base = mu_change_base(act->change);
    const int64_t period = mu_snapshot_segment_info(base, d->table->id, first)->period;
    const mu_plan *plan;
    bool any;

    MU_TRY(any_goes(act, d, period, &any, err));
    if (!any) {
        return MUSTER_OK;
    }
    MU_TRY(plan_rows(act, d, period, true, &plan, err));
    if (!d->kept.load) {
        MU_TRY(mu_act_rows_open(act, d->table, plan, MU_CONFLICT_NONE, &d->kept, err));
    }
    MU_TRY(mu_act_each_batch(act, plan, mu_act_rows_take, &d->kept, err));
    for (uint32_t i = first; i < end; i++) {
        MU_TRY(drop(act, d, mu_snapshot_segment_info(base, d->table->id, i), err));
    }
    return MUSTER_OK;
}

/* What becomes of a segment by its times alone. */
typedef enum fate {
    STAYS,
    GOES,
    CUT,
} fate;

static fate fate_of(const deletion *d, const mu_segment_info *info)
{
    if (!mu_table_has_events(d->table)) {
        return d->whole ? GOES : CUT;
    }
    if (info->max_time_us < d->since_us || info->min_time_us >= d->until_us) {
        return STAYS;
    }
    return d->whole && info->min_time_us >= d->since_us && info->max_time_us < d->until_us ? GOES
                                                                                           : CUT;
}

/* The segments [first, end) of one period: if one is cut, all of them are read. */
static muster_status delete_period(mu_act *act, deletion *d, uint32_t first, uint32_t end,
                                   muster_error *err)
{
    mu_snapshot *base = mu_change_base(act->change);

    for (uint32_t i = first; i < end; i++) {
        if (fate_of(d, mu_snapshot_segment_info(base, d->table->id, i)) == CUT) {
            return rewrite(act, d, first, end, err);
        }
    }
    for (uint32_t i = first; i < end; i++) {
        const mu_segment_info *info = mu_snapshot_segment_info(base, d->table->id, i);
        if (fate_of(d, info) == GOES) {
            MU_TRY(drop(act, d, info, err));
        }
    }
    return MUSTER_OK;
}

static muster_status delete_rows(mu_act *act, deletion *d, muster_error *err)
{
    mu_snapshot *base = mu_change_base(act->change);
    const uint32_t count = mu_snapshot_segment_count(base, d->table->id);
    uint32_t end;

    for (uint32_t first = 0; first < count; first = end) {
        const int64_t period = mu_snapshot_segment_info(base, d->table->id, first)->period;
        for (end = first + 1;
             end < count && mu_snapshot_segment_info(base, d->table->id, end)->period == period;
             end++) {
        }
        MU_TRY(delete_period(act, d, first, end, err));
    }
    if (d->kept.load) {
        MU_TRY(mu_load_finish(d->kept.load, err));
    }
    act->rows = d->gone - d->kept.rows;
    return MUSTER_OK;
}

/* People. */

static muster_status erase_batch(void *context, const mu_batch *batch, muster_error *err)
{
    mu_change *change = context;

    MU_FOR_EACH_LIVE(row, batch) {
        const mu_value customer = mu_batch_value(batch, 0, row);
        MU_TRY(mu_change_erase(change, &customer.ordinal, 1, err));
    }
    return MUSTER_OK;
}

static muster_status plan_people(const mu_act *act, const deletion *d, const mu_plan **out,
                                 muster_error *err)
{
    const mu_scope *scope = &act->binder->scope;
    const mu_plan *plan = d->relation.plan;
    const uint32_t customer = d->table->customer_column;
    const char *const names[] = {d->table->columns[customer].name};
    const mu_expr **exprs;

    if (d->condition) {
        MU_TRY(mu_plan_filter(scope, plan, d->condition, &plan, err));
    }
    MU_ARENA_TRY(exprs, scope->arena, 1, err);
    MU_TRY(mu_expr_column(scope, customer, d->table->columns[customer].type, 0, exprs, err));
    return mu_plan_project(scope, plan, exprs, names, 1, out, err);
}

static muster_status erase(mu_act *act, const deletion *d, muster_error *err)
{
    const mu_plan *plan;

    MU_TRY(plan_people(act, d, &plan, err));
    MU_TRY(mu_act_each_batch(act, plan, erase_batch, act->change, err));
    act->rows = mu_change_erased(act->change);
    return MUSTER_OK;
}

/* Who or what goes, for EXPLAIN: but for people, DELETE asks for the rows that stay, of the periods
 * that have others. */
static muster_status plan_gone(mu_act *act, const deletion *d, muster_error *err)
{
    if (d->table->id == MU_CUSTOMERS_TABLE) {
        return plan_people(act, d, &act->reads, err);
    }
    act->reads = d->relation.plan;
    return d->condition
               ? mu_plan_filter(&act->binder->scope, act->reads, d->condition, &act->reads, err)
               : MUSTER_OK;
}

muster_status mu_act_delete(mu_act *act, muster_error *err)
{
    deletion d = {0};

    MU_TRY(bind(act, &d, err));
    if (!act->running) {
        return plan_gone(act, &d, err);
    }
    if (d.table->id == MU_CUSTOMERS_TABLE) {
        return erase(act, &d, err);
    }
    const muster_status status = delete_rows(act, &d, err);
    mu_act_rows_close(&d.kept);
    return status;
}
