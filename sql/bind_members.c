/*
 * bind_members.c - queries that are made of others: UNION, INTERSECT and EXCEPT; and VALUES.
 *
 * The columns of all members get one type each. UNION ALL is a tree of nodes of two inputs, as flat
 * as it can be. The others group what both inputs have, with the count of either: INTERSECT keeps
 * what both counted, EXCEPT what the first alone did; with ALL a row comes as often as the smaller
 * of the counts, or their difference, says.
 *
 * Of customers alone, without ALL, they are sets: words of bits. A set has no nobody, whose row is
 * looked for as any other rows would be, where it may come at all.
 */
#include "sql/bind.h"

typedef struct members {
    mu_binder *binder;
    const mu_ast_select *query;
    uint32_t count, column_count;
    mu_relation *relations;
    const mu_plan **plans; /* with columns of the same types, named as the first member's */
    mu_type *types;
} members;

/* Types. */

static muster_status fail_types(const members *m, uint32_t member, uint32_t column,
                                muster_error *err)
{
    const mu_plan_column *there = &m->relations[member].plan->columns[column];
    char type_a[32], type_b[32];

    return mu_fail_at(err, MUSTER_INVALID, m->query->members.data[member]->start,
                      "column %u, \"%s\", is %s here and %s before; CAST makes them one type",
                      column + 1, m->relations[0].plan->columns[column].name,
                      mu_type_name(there->type, type_b), mu_type_name(m->types[column], type_a));
}

/* The text that a member has in the column of each of its rows; NULL: it has no such literal. */
static const mu_expr *find_literal(const members *m, uint32_t member, uint32_t column)
{
    const mu_plan *plan = m->relations[member].plan;
    const mu_expr *expr = plan->kind == MU_PLAN_PROJECT ? plan->project.exprs[column] : NULL;

    return expr && expr->kind == MU_EXPR_CONST && expr->type.kind == MU_TEXT ? expr : NULL;
}

/* The type of a column in all members, but those in which it is a literal: these have to fit. */
static muster_status unify_column(members *m, uint32_t c, muster_error *err)
{
    const mu_scope *scope = &m->binder->scope;
    const mu_expr *ignored;
    uint32_t literals = 0;

    m->types[c] = (mu_type){.kind = MU_NULL};
    for (uint32_t i = 0; i < m->count; i++) {
        mu_type type;
        if (find_literal(m, i, c)) {
            literals++;
        } else if (mu_type_unify(m->types[c], m->relations[i].plan->columns[c].type, &type)) {
            m->types[c] = type;
        } else {
            return fail_types(m, i, c, err);
        }
    }
    const bool texts = m->types[c].kind == MU_NULL || m->types[c].kind == MU_CUSTOMER;
    if (literals > 0 && texts) {
        m->types[c] = (mu_type){.kind = MU_TEXT}; /* ids of customers are looked at as such */
    }
    for (uint32_t i = 0; i < m->count; i++) {
        const mu_expr *literal = find_literal(m, i, c);
        if (literal) {
            MU_TRY(
                mu_expr_cast(scope, literal, m->types[c], false, literal->offset, &ignored, err));
        }
    }
    return MUSTER_OK;
}

static muster_status unify_types(members *m, muster_error *err)
{
    MU_ARENA_TRY(m->types, m->binder->scope.arena, m->column_count, err);
    for (uint32_t c = 0; c < m->column_count; c++) {
        MU_TRY(unify_column(m, c, err));
    }
    return MUSTER_OK;
}

/* The member with the types of all, under the names of the first. */
static muster_status fit_member(const members *m, uint32_t i, muster_error *err)
{
    const mu_scope *scope = &m->binder->scope;
    const mu_plan *plan = m->relations[i].plan;
    const int32_t start = m->query->members.data[i]->start;
    const mu_expr **exprs;
    const char **names;
    bool fits = true;

    MU_ARENA_TRY(exprs, scope->arena, m->column_count, err);
    MU_ARENA_TRY(names, scope->arena, m->column_count, err);
    for (uint32_t c = 0; c < m->column_count; c++) {
        const mu_type type = plan->columns[c].type;
        names[c] = m->relations[0].plan->columns[c].name;
        MU_TRY(mu_expr_column(scope, c, type, start, &exprs[c], err));
        if (!mu_type_equal(type, m->types[c])) {
            fits = false;
            MU_TRY(mu_expr_cast(scope, exprs[c], m->types[c], false, start, &exprs[c], err));
        }
    }
    m->plans[i] = plan;
    return fits ? MUSTER_OK
                : mu_plan_project(scope, plan, exprs, names, m->column_count, &m->plans[i], err);
}

static muster_status bind_members(members *m, muster_error *err)
{
    MU_ARENA_TRY(m->relations, m->binder->scope.arena, m->count, err);
    MU_ARENA_TRY(m->plans, m->binder->scope.arena, m->count, err);
    for (uint32_t i = 0; i < m->count; i++) {
        const mu_ast_select *member = m->query->members.data[i];
        MU_TRY(mu_bind_query(m->binder, member, &m->relations[i], err));
        if (m->relations[i].column_count != m->relations[0].column_count) {
            return mu_fail_at(err, MUSTER_INVALID, member->start,
                              "this query gives %u columns, the one before %u; rows of both are to "
                              "go together",
                              m->relations[i].column_count, m->relations[0].column_count);
        }
    }
    m->column_count = m->relations[0].column_count;
    MU_TRY(unify_types(m, err));
    for (uint32_t i = 0; i < m->count; i++) {
        MU_TRY(fit_member(m, i, err));
    }
    return MUSTER_OK;
}

/* Rows. */

muster_status mu_bind_union_all(mu_binder *binder, const mu_plan *const *plans, uint32_t count,
                                const mu_plan **out, muster_error *err)
{
    const mu_plan *left, *right;

    if (count == 1) {
        *out = plans[0];
        return MUSTER_OK;
    }
    MU_TRY(mu_bind_union_all(binder, plans, count / 2, &left, err));
    MU_TRY(mu_bind_union_all(binder, plans + count / 2, count - count / 2, &right, err));
    return mu_plan_union(&binder->scope, left, right, out, err);
}

/* The columns of the plan, with room for one more. */
static muster_status columns_of(const mu_scope *scope, const mu_plan *plan, uint32_t count,
                                const mu_expr ***exprs, const char ***names, muster_error *err)
{
    MU_ARENA_TRY(*exprs, scope->arena, count + 1, err);
    MU_ARENA_TRY(*names, scope->arena, count + 1, err);
    for (uint32_t c = 0; c < count; c++) {
        (*names)[c] = plan->columns[c].name;
        MU_TRY(mu_expr_column(scope, c, plan->columns[c].type, -1, &(*exprs)[c], err));
    }
    return MUSTER_OK;
}

static muster_status distinct(const mu_scope *scope, const mu_plan *plan, const mu_plan **out,
                              muster_error *err)
{
    const mu_expr **keys;
    const char **names;

    MU_TRY(columns_of(scope, plan, plan->column_count, &keys, &names, err));
    return mu_plan_group(scope, plan, keys, plan->column_count, NULL, 0, names, out, err);
}

/* The plan with one column more, which says on which side its rows are. */
static muster_status mark(const mu_scope *scope, const mu_plan *plan, bool left,
                          const mu_plan **out, muster_error *err)
{
    const mu_value side = {.type = {.kind = MU_BOOLEAN}, .i64 = left};
    const uint32_t count = plan->column_count;
    const mu_expr **exprs;
    const char **names;

    MU_TRY(columns_of(scope, plan, count, &exprs, &names, err));
    MU_TRY(mu_expr_const(scope, side, -1, &exprs[count], err));
    names[count] = "left";
    return mu_plan_project(scope, plan, exprs, names, count + 1, out, err);
}

/* Each row that either plan has, once, and how often either has it. */
static muster_status count_sides(const mu_scope *scope, const mu_plan *left, const mu_plan *right,
                                 const mu_plan **out, muster_error *err)
{
    const uint32_t count = left->column_count;
    const mu_expr *sides[2];
    const mu_expr **keys;
    const mu_plan *both;
    const char **names, **all_names;
    mu_agg_call *calls;

    MU_TRY(mark(scope, left, true, &left, err));
    MU_TRY(mark(scope, right, false, &right, err));
    MU_TRY(mu_plan_union(scope, left, right, &both, err));
    MU_TRY(columns_of(scope, both, count, &keys, &names, err));
    MU_ARENA_TRY(calls, scope->arena, 2, err);
    MU_ARENA_TRY(all_names, scope->arena, count + 2, err);
    MU_TRY(mu_expr_column(scope, count, both->columns[count].type, -1, &sides[0], err));
    MU_TRY(mu_expr_logic(scope, MU_EXPR_NOT, &sides[0], 1, -1, &sides[1], err));
    for (uint32_t i = 0; i < 2; i++) {
        MU_TRY(
            mu_agg_call_make(scope, "count", NULL, 0, false, sides[i], NULL, -1, &calls[i], err));
    }
    for (uint32_t c = 0; c < count; c++) {
        all_names[c] = names[c];
    }
    all_names[count] = "of_left";
    all_names[count + 1] = "of_right";
    return mu_plan_group(scope, both, keys, count, calls, 2, all_names, out, err);
}

/* column `op` 0 */
static muster_status against_zero(const mu_scope *scope, const mu_plan *plan, uint32_t column,
                                  const char *op, const mu_expr **out, muster_error *err)
{
    const mu_value zero = {.type = plan->columns[column].type};
    const mu_expr *args[2];

    MU_TRY(mu_expr_column(scope, column, zero.type, -1, &args[0], err));
    MU_TRY(mu_expr_const(scope, zero, -1, &args[1], err));
    return mu_expr_call(scope, op, args, 2, -1, out, err);
}

/* Rows of both, or of the left alone, each once. */
static muster_status keep_once(const mu_scope *scope, const mu_plan *counted, bool of_both,
                               const mu_plan **out, muster_error *err)
{
    const uint32_t count = counted->column_count - 2;
    const mu_expr *sides[2], *kept;
    const mu_expr **exprs;
    const char **names;

    MU_TRY(against_zero(scope, counted, count, ">", &sides[0], err));
    MU_TRY(against_zero(scope, counted, count + 1, of_both ? ">" : "=", &sides[1], err));
    MU_TRY(mu_expr_logic(scope, MU_EXPR_AND, sides, 2, -1, &kept, err));
    MU_TRY(mu_plan_filter(scope, counted, kept, out, err));
    MU_TRY(columns_of(scope, counted, count, &exprs, &names, err));
    return mu_plan_project(scope, *out, exprs, names, count, out, err);
}

/* The same, each as often as the counts say. */
static muster_status keep_all(const mu_scope *scope, const mu_plan *counted, bool of_both,
                              const mu_plan **out, muster_error *err)
{
    const uint32_t count = counted->column_count - 2;
    const mu_type type = counted->columns[count].type;
    const mu_expr *sides[2];
    const mu_expr **exprs;
    const char **names;

    MU_TRY(columns_of(scope, counted, count, &exprs, &names, err));
    MU_TRY(mu_expr_column(scope, count, type, -1, &sides[0], err));
    MU_TRY(mu_expr_column(scope, count + 1, type, -1, &sides[1], err));
    MU_TRY(mu_expr_call(scope, of_both ? "least" : "-", sides, 2, -1, &exprs[count], err));
    names[count] = "times";
    MU_TRY(mu_plan_project(scope, counted, exprs, names, count + 1, out, err));
    return mu_plan_repeat(scope, *out, out, err);
}

static muster_status compare_rows(const mu_scope *scope, const mu_plan *left, const mu_plan *right,
                                  bool of_both, bool all, const mu_plan **out, muster_error *err)
{
    const mu_plan *counted;

    MU_TRY(count_sides(scope, left, right, &counted, err));
    return all ? keep_all(scope, counted, of_both, out, err)
               : keep_once(scope, counted, of_both, out, err);
}

static muster_status intersect(const mu_scope *scope, const mu_plan *const *plans, uint32_t count,
                               bool all, const mu_plan **out, muster_error *err)
{
    const mu_plan *left, *right;

    if (count == 1) {
        *out = plans[0];
        return MUSTER_OK;
    }
    MU_TRY(intersect(scope, plans, count / 2, all, &left, err));
    MU_TRY(intersect(scope, plans + count / 2, count - count / 2, all, &right, err));
    return compare_rows(scope, left, right, true, all, out, err);
}

/* The rows of the query, whatever its columns are. */
static muster_status plan_rows(const members *m, const mu_plan *const *plans, const mu_plan **out,
                               muster_error *err)
{
    const mu_scope *scope = &m->binder->scope;
    const mu_plan *others;

    switch (m->query->kind) {
    case MU_AST_INTERSECT:
        return intersect(scope, plans, m->count, m->query->all, out, err);
    case MU_AST_EXCEPT:
        MU_TRY(mu_bind_union_all(m->binder, plans + 1, m->count - 1, &others, err));
        return compare_rows(scope, plans[0], others, false, m->query->all, out, err);
    case MU_AST_UNION:
    case MU_AST_PLAIN:
    case MU_AST_VALUES:
        break;
    }
    MU_TRY(mu_bind_union_all(m->binder, plans, m->count, out, err));
    return m->query->all || m->count == 1 ? MUSTER_OK : distinct(scope, *out, out, err);
}

/* Customers. */

/* Whether the condition is not true where the column is NULL. */
static bool asks_for_someone(const mu_expr *condition, uint32_t column)
{
    for (uint32_t i = 0; condition->kind == MU_EXPR_AND && i < condition->arg_count; i++) {
        if (asks_for_someone(condition->args[i], column)) {
            return true;
        }
    }
    return condition->kind == MU_EXPR_IN_SET && condition->args[0]->kind == MU_EXPR_COLUMN &&
           condition->args[0]->column == column;
}

/* Whether the customers in the column of a plan may be nobody. */
static bool may_be_nobody(const mu_plan *plan, uint32_t column)
{
    const mu_expr *expr = NULL;

    switch (plan->kind) {
    case MU_PLAN_SCAN:
        return plan->scan.table->id != MU_CUSTOMERS_TABLE;
    case MU_PLAN_FUNNEL_CUSTOMERS:
    case MU_PLAN_BEHAVIOUR:
        return false;
    case MU_PLAN_FILTER:
        return !asks_for_someone(plan->filter.condition, column) &&
               may_be_nobody(plan->input, column);
    case MU_PLAN_SORT:
    case MU_PLAN_LIMIT:
    case MU_PLAN_REPEAT:
        return may_be_nobody(plan->input, column);
    case MU_PLAN_UNION:
        return may_be_nobody(plan->input, column) || may_be_nobody(plan->other, column);
    case MU_PLAN_WINDOW: /* it gives no customers of its own */
        return column >= plan->input->column_count || may_be_nobody(plan->input, column);
    case MU_PLAN_PROJECT:
        expr = plan->project.exprs[column];
        break;
    case MU_PLAN_GROUP:
        if (column >= plan->group.key_count) {
            return true;
        }
        expr = plan->group.keys[column];
        break;
    case MU_PLAN_VALUES:
    case MU_PLAN_SERIES:
    case MU_PLAN_JOIN:
    case MU_PLAN_FUNNEL:
        return true;
    }
    return !expr || expr->kind != MU_EXPR_COLUMN || may_be_nobody(plan->input, expr->column);
}

/* The set of those whom the query gives, nobody aside. */
static muster_status combine_sets(const members *m, const mu_set **out, muster_error *err)
{
    const mu_scope *scope = &m->binder->scope;
    const mu_ast_query_kind kind = m->query->kind;
    const mu_set **sets;

    MU_ARENA_TRY(sets, scope->arena, m->count, err);
    for (uint32_t i = 0; i < m->count; i++) {
        sets[i] = m->relations[i].set;
        if (!sets[i]) {
            MU_TRY(mu_set_query(scope, m->plans[i], &sets[i], err));
        }
        if (kind == MU_AST_EXCEPT && i > 0) {
            const mu_set **one;
            MU_ARENA_TRY(one, scope->arena, 1, err);
            one[0] = sets[i];
            MU_TRY(mu_set_combine(scope, MU_SET_NOT, one, 1, &sets[i], err));
        }
    }
    return mu_set_combine(scope, kind == MU_AST_UNION ? MU_SET_OR : MU_SET_AND, sets, m->count, out,
                          err);
}

muster_status mu_bind_set_members(const mu_binder *binder, const mu_set *set, const char *name,
                                  const mu_plan **out, muster_error *err)
{
    const mu_scope *scope = &binder->scope;
    const mu_table *customers = mu_catalog_table(binder->catalog, MU_CUSTOMERS_TABLE);
    const mu_expr *condition;
    const mu_expr **customer;
    const char **names;
    mu_relation all;

    MU_TRY(mu_bind_scan(binder, customers, &all, err));
    MU_ARENA_TRY(customer, scope->arena, 1, err);
    MU_ARENA_TRY(names, scope->arena, 1, err);
    names[0] = name;
    MU_TRY(mu_expr_column(scope, all.customer_column, all.plan->columns[all.customer_column].type,
                          -1, customer, err));
    MU_TRY(mu_expr_in_set(scope, *customer, set, -1, &condition, err));
    MU_TRY(mu_plan_filter(scope, all.plan, condition, out, err));
    return mu_plan_project(scope, *out, customer, names, 1, out, err);
}

/* The row of nobody, if the query gives one; *out is NULL where it cannot. */
static muster_status plan_nobody(const members *m, const mu_plan **out, muster_error *err)
{
    const mu_scope *scope = &m->binder->scope;
    const mu_plan **plans;
    uint32_t nobodies = 0;

    *out = NULL;
    MU_ARENA_TRY(plans, scope->arena, m->count, err);
    for (uint32_t i = 0; i < m->count; i++) {
        const mu_expr *customer, *nobody;
        nobodies += may_be_nobody(m->plans[i], 0);
        MU_TRY(mu_expr_column(scope, 0, m->types[0], -1, &customer, err));
        MU_TRY(mu_expr_call(scope, "is null", &customer, 1, -1, &nobody, err));
        MU_TRY(mu_plan_filter(scope, m->plans[i], nobody, &plans[i], err));
    }
    if (nobodies == 0 || (m->query->kind == MU_AST_INTERSECT && nobodies < m->count) ||
        (m->query->kind == MU_AST_EXCEPT && !may_be_nobody(m->plans[0], 0))) {
        return MUSTER_OK;
    }
    return plan_rows(m, plans, out, err);
}

static muster_status plan_customers(const members *m, mu_relation *out, muster_error *err)
{
    const mu_plan *people, *nobody;
    const mu_set *set;

    MU_TRY(combine_sets(m, &set, err));
    MU_TRY(
        mu_bind_set_members(m->binder, set, m->relations[0].plan->columns[0].name, &people, err));
    MU_TRY(plan_nobody(m, &nobody, err));
    if (nobody) {
        MU_TRY(mu_plan_union(&m->binder->scope, people, nobody, &people, err));
    }
    mu_bind_relation_of(people, out);
    out->set = set;
    return MUSTER_OK;
}

/* The column that is TIME in all members. */
static uint32_t find_time(const members *m)
{
    const uint32_t column = m->relations[0].time_column;

    for (uint32_t i = 1; i < m->count; i++) {
        if (m->relations[i].time_column != column) {
            return MU_NO_COLUMN;
        }
    }
    return column;
}

muster_status mu_bind_members(mu_binder *binder, const mu_ast_select *query, mu_relation *out,
                              muster_error *err)
{
    members m = {.binder = binder, .query = query, .count = query->members.count};
    const mu_plan *plan;

    MU_TRY(bind_members(&m, err));
    if (m.count == 1) {
        *out = m.relations[0];
        return MUSTER_OK;
    }
    if (m.column_count == 1 && m.types[0].kind == MU_CUSTOMER && !query->all) {
        return plan_customers(&m, out, err);
    }
    MU_TRY(plan_rows(&m, m.plans, &plan, err));
    mu_bind_relation_of(plan, out);
    out->time_column = find_time(&m);
    return MUSTER_OK;
}
