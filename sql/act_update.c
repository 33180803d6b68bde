/*
 * act_update.c - UPDATE: attributes of customers, and rows of lookup tables.
 *
 * Both are a query whose rows are loaded. That of customers gives the ones to change with their new
 * values, and the load puts these over what is there. A lookup table is small: all its rows are
 * written anew, changed or not, in the order in which they were.
 *
 * With FROM the rows are joined with those of FROM, customers with those they meet, rows of a
 * lookup table by a left join, in which a column more says whether there was one. A row that meets
 * several would be changed by one of them, nobody knows which: that is an error.
 */
#include "sql/act_rows.h"

/* The columns to set, and what to. */
typedef struct update {
    const mu_table *table;
    mu_relation target, from; /* the table, and what stands after FROM */
    mu_relation relation;     /* what the expressions are over: `target`, or pairs of both */
    uint32_t count;
    uint32_t *columns;
    const mu_expr **values;
    const mu_expr *condition; /* NULL: every row */
} update;

static muster_status refuse_column(const update *u, uint32_t column, mu_ast_name name,
                                   muster_error *err)
{
    if (u->table->id == MU_CUSTOMERS_TABLE && column < MU_CUSTOMERS_BUILT_IN) {
        return mu_fail_at(err, MUSTER_INVALID, name.offset, "\"%s\" cannot be set; %s",
                          u->table->columns[column].name,
                          column == u->table->customer_column
                              ? "an id stays what it is, and attributes can be set"
                              : "it follows from the events there are");
    }
    return MUSTER_OK;
}

static muster_status bind_set(const mu_place *place, const mu_ast_items *items, update *u,
                              muster_error *err)
{
    for (uint32_t i = 0; i < items->count; i++) {
        const mu_ast_name name = items->data[i].name;
        MU_TRY(mu_bind_column(&u->target, (mu_ast_name){0}, name.text, name.offset, &u->columns[i],
                              err));
        MU_TRY(refuse_column(u, u->columns[i], name, err));
        for (uint32_t j = 0; j < i; j++) {
            if (u->columns[j] == u->columns[i]) {
                return mu_fail_at(err, MUSTER_INVALID, name.offset, "column \"%s\" is set twice",
                                  name.text);
            }
        }
        MU_TRY(mu_act_bind_value(place, items->data[i].expr, &u->table->columns[u->columns[i]],
                                 &u->values[i], err));
    }
    return MUSTER_OK;
}

static bool is_of_customers(const update *u)
{
    return u->table->id == MU_CUSTOMERS_TABLE;
}

/* Pairs of the table and of what FROM reads, in whose last column it says so. */
static muster_status bind_from(const mu_act *act, update *u, muster_error *err)
{
    const mu_scope *scope = &act->binder->scope;
    const mu_ast_source *source = act->statement->from;
    const mu_value truth = {.type = {.kind = MU_BOOLEAN}, .i64 = 1};
    const mu_expr **exprs;
    const char **names;

    MU_TRY(mu_bind_source(act->binder, source, &u->from, err));
    const mu_plan *plan = u->from.plan;
    MU_ARENA_TRY(exprs, scope->arena, plan->column_count + 1, err);
    MU_ARENA_TRY(names, scope->arena, plan->column_count + 1, err);
    for (uint32_t c = 0; c < plan->column_count; c++) {
        names[c] = plan->columns[c].name;
        MU_TRY(mu_expr_column(scope, c, plan->columns[c].type, -1, &exprs[c], err));
    }
    names[plan->column_count] = "met";
    MU_TRY(mu_expr_const(scope, truth, -1, &exprs[plan->column_count], err));
    MU_TRY(mu_plan_project(scope, plan, exprs, names, plan->column_count + 1, &u->from.plan, err));
    return mu_bind_pair(act->binder, &u->target, &u->from, source->start, &u->relation, err);
}

/* The pairs that meet the condition, which then is about what was met. */
static muster_status join_from(const mu_act *act, update *u, muster_error *err)
{
    const mu_scope *scope = &act->binder->scope;
    const mu_join_kind kind = is_of_customers(u) ? MU_JOIN_INNER : MU_JOIN_LEFT;
    const uint32_t met = u->relation.plan->column_count - 1;

    MU_TRY(mu_plan_join(scope, kind, u->target.plan, u->from.plan, u->condition, &u->relation.plan,
                        err));
    u->condition = NULL;
    return kind == MU_JOIN_INNER ? MUSTER_OK
                                 : mu_expr_column(scope, met, u->relation.plan->columns[met].type,
                                                  -1, &u->condition, err);
}

static muster_status bind(const mu_act *act, update *u, muster_error *err)
{
    const mu_ast_statement *s = act->statement;
    mu_arena *arena = act->binder->scope.arena;

    MU_TRY(mu_bind_table(act->binder, s->name, &u->table, err));
    if (u->table->id != MU_CUSTOMERS_TABLE && mu_table_has_events(u->table)) {
        return mu_fail_at(err, MUSTER_INVALID, s->name.offset,
                          "\"%s\" holds events, which happened as they did; UPDATE changes "
                          "customers and lookup tables, and DELETE takes events away",
                          u->table->name);
    }
    MU_TRY(mu_bind_scan(act->binder, u->table, &u->target, err));
    u->target.name = s->alias.text ? s->alias.text : u->table->name;
    u->relation = u->target;
    if (s->from) {
        MU_TRY(bind_from(act, u, err));
    }
    u->count = s->items.count;
    MU_ARENA_TRY(u->columns, arena, u->count, err);
    MU_ARENA_TRY(u->values, arena, u->count, err);
    const mu_place set = {.binder = act->binder, .relation = &u->relation, .clause = "SET"};
    MU_TRY(bind_set(&set, &s->items, u, err));
    if (s->where) {
        const mu_place where = {.binder = act->binder, .relation = &u->relation, .clause = "WHERE"};
        MU_TRY(mu_bind_condition(&where, s->where, "WHERE", &u->condition, err));
    }
    return s->from ? join_from(act, u, err) : MUSTER_OK;
}

/* Rows on their way into the table, none of which may come twice. */
typedef struct loading {
    mu_act_rows rows;
    const mu_ast_source *from;
    const char *name; /* of the table */
    uint64_t most;    /* rows that there are; where more come, one does so again */
    uint64_t *seen;   /* bits of customers, of whom some come only; NULL: all rows do */
} loading;

static bool comes_again(const loading *l, const mu_batch *batch)
{
    if (!l->seen) {
        return l->rows.rows > l->most;
    }
    MU_FOR_EACH_LIVE(row, batch) {
        const uint32_t ordinal = mu_batch_value(batch, 0, row).ordinal;
        if (mu_bits_test(l->seen, ordinal)) {
            return true;
        }
        mu_bits_set(l->seen, ordinal);
    }
    return false;
}

static muster_status take(void *context, const mu_batch *batch, muster_error *err)
{
    loading *l = context;

    MU_TRY(mu_act_rows_take(&l->rows, batch, err));
    return l->from && comes_again(l, batch)
               ? mu_fail_at(
                     err, MUSTER_INVALID, l->from->start,
                     "a row of \"%s\" meets several rows of FROM, and by which of them it is "
                     "changed would be chance; leave one, as GROUP BY or DISTINCT ON does",
                     l->name)
               : MUSTER_OK;
}

/* Runs the plan, and loads its rows into the table. What is opened is closed by the caller. */
static muster_status load(mu_act *act, const update *u, const mu_plan *plan, const mu_table *table,
                          mu_conflict conflict, loading *l, muster_error *err)
{
    const mu_scope *scope = &act->binder->scope;

    l->from = act->statement->from;
    l->name = u->target.name;
    l->most = mu_snapshot_rows(scope->snapshot, u->table->id);
    if (l->from && is_of_customers(u)) {
        const uint32_t customers = mu_customers_count(mu_snapshot_customers(scope->snapshot));
        MU_ARENA_TRY(l->seen, scope->arena, mu_bits_words(customers), err);
    }
    MU_TRY(mu_act_rows_open(act, table, plan, conflict, &l->rows, err));
    return mu_act_each_batch(act, plan, take, l, err);
}

/* Customers: those that are meant, with their new values. */

static muster_status plan_customers(const mu_act *act, const update *u, const mu_table **table,
                                    const mu_plan **out, muster_error *err)
{
    const mu_scope *scope = &act->binder->scope;
    const mu_plan *input = u->relation.plan;
    const mu_expr **exprs;
    const char **names;
    mu_column *columns;
    mu_table *narrow;

    MU_ARENA_TRY(narrow, scope->arena, 1, err);
    MU_ARENA_TRY(columns, scope->arena, u->count + 1, err);
    MU_ARENA_TRY(exprs, scope->arena, u->count + 1, err);
    MU_ARENA_TRY(names, scope->arena, u->count + 1, err);
    columns[0] = u->table->columns[u->table->customer_column];
    MU_TRY(mu_expr_column(scope, u->table->customer_column, columns[0].type, 0, &exprs[0], err));
    for (uint32_t i = 0; i < u->count; i++) {
        columns[i + 1] = u->table->columns[u->columns[i]];
        exprs[i + 1] = u->values[i];
    }
    for (uint32_t i = 0; i <= u->count; i++) {
        names[i] = columns[i].name;
    }
    *narrow = *u->table;
    narrow->columns = columns;
    narrow->column_count = u->count + 1;
    mu_table_find_roles(narrow);
    *table = narrow;
    if (u->condition) {
        MU_TRY(mu_plan_filter(scope, input, u->condition, &input, err));
    }
    return mu_plan_project(scope, input, exprs, names, u->count + 1, out, err);
}

static muster_status update_customers(mu_act *act, const update *u, muster_error *err)
{
    loading l = {0};
    const mu_table *table = NULL;
    const mu_plan *plan;
    muster_status status;

    MU_TRY(plan_customers(act, u, &table, &plan, err));
    MU_TRY_GOTO(load(act, u, plan, table, MU_CONFLICT_NONE, &l, err));
    act->rows = l.rows.rows;
    if (act->rows > 0) {
        status = mu_load_finish(l.rows.load, err);
    }

fail:
    mu_act_rows_close(&l.rows);
    return status;
}

/* A lookup table: all rows, and whether each was meant. */

static muster_status plan_rows(const mu_act *act, const update *u, const mu_plan **out,
                               muster_error *err)
{
    const mu_scope *scope = &act->binder->scope;
    const mu_table *table = u->table;
    const mu_expr **exprs;
    const char **names;

    MU_ARENA_TRY(exprs, scope->arena, table->column_count + 1, err);
    MU_ARENA_TRY(names, scope->arena, table->column_count + 1, err);
    for (uint32_t c = 0; c < table->column_count; c++) {
        names[c] = table->columns[c].name;
        MU_TRY(mu_expr_column(scope, c, table->columns[c].type, 0, &exprs[c], err));
    }
    for (uint32_t i = 0; i < u->count; i++) {
        const uint32_t c = u->columns[i];
        const mu_expr *const cases[] = {u->condition, u->values[i], exprs[c]};
        if (!u->condition) {
            exprs[c] = u->values[i];
            continue;
        }
        MU_TRY(mu_expr_case(scope, cases, MU_COUNT(cases), u->values[i]->offset, &exprs[c], err));
        MU_TRY(mu_expr_cast(scope, exprs[c], table->columns[c].type, false, u->values[i]->offset,
                            &exprs[c], err));
    }
    const mu_value all = {.type = {.kind = MU_BOOLEAN}, .i64 = 1};
    names[table->column_count] = "meant";
    exprs[table->column_count] = u->condition;
    if (!u->condition) {
        MU_TRY(mu_expr_const(scope, all, 0, &exprs[table->column_count], err));
    }
    return mu_plan_project(scope, u->relation.plan, exprs, names, table->column_count + 1, out,
                           err);
}

static muster_status update_rows(mu_act *act, const update *u, muster_error *err)
{
    loading l = {0};
    mu_conflict conflict = MU_CONFLICT_NONE;
    const mu_plan *plan;
    muster_status status;

    for (uint32_t i = 0; i < u->count; i++) { /* else keys stay what they are */
        conflict = u->table->columns[u->columns[i]].key > 0 ? MU_CONFLICT_REFUSE : conflict;
    }
    MU_TRY(plan_rows(act, u, &plan, err));
    MU_TRY_GOTO(load(act, u, plan, u->table, conflict, &l, err));
    act->rows = l.rows.count;
    if (act->rows > 0) {
        status = mu_act_rows_replace(act, u->table->id, &l.rows, err);
    }

fail:
    mu_act_rows_close(&l.rows);
    return status;
}

muster_status mu_act_update(mu_act *act, muster_error *err)
{
    update u = {0};

    MU_TRY(bind(act, &u, err));
    if (act->running) {
        return is_of_customers(&u) ? update_customers(act, &u, err) : update_rows(act, &u, err);
    }
    const mu_table *table;
    return is_of_customers(&u) ? plan_customers(act, &u, &table, &act->reads, err)
                               : plan_rows(act, &u, &act->reads, err);
}
