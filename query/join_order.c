/*
 * join_order.c - in which order inner joins are made.
 *
 * The largest leaf streams; each other one is kept in a table and looked up, the smallest first
 * among those that a condition connects with what is there already. So no more is held in memory
 * than must be, and rows that find no partner are gone early. How many rows come of a leaf is a
 * guess: from what its segments have, and a share for each condition.
 */
#include "query/func.h"
#include "query/optimize.h"
#include "query/set.h"

/* Guesses: what one condition, or a set of customers, leaves of 100 rows; how many rows a group
 * is made of. */
static const double LEFT_BY_CONDITION = 0.2, LEFT_BY_SET = 0.3, ROWS_OF_GROUP = 10;

static double rows_of_scan(const mu_scope *scope, const mu_plan *plan)
{
    const mu_table *table = plan->scan.table;
    const mu_expr *filter = plan->scan.filter;
    double rows = 0;

    if (plan->scan.set && plan->scan.set->kind == MU_SET_LIST && table->id == MU_CUSTOMERS_TABLE) {
        return plan->scan.set->list.count;
    }
    if (table->id == MU_CUSTOMERS_TABLE) {
        rows = (double)mu_snapshot_rows(scope->snapshot, table->id);
    }
    for (uint32_t i = 0; i < mu_snapshot_segment_count(scope->snapshot, table->id); i++) {
        const mu_segment_info *info = mu_snapshot_segment_info(scope->snapshot, table->id, i);
        if (!plan->scan.bounded ||
            (info->max_time_us >= plan->scan.since_us && info->min_time_us < plan->scan.until_us)) {
            rows += (double)info->rows;
        }
    }
    if (plan->scan.set) {
        rows *= plan->scan.set->kind == MU_SET_LIST ? LEFT_BY_SET / 1000 : LEFT_BY_SET;
    }
    const uint32_t conditions = !filter ? 0 : filter->kind == MU_EXPR_AND ? filter->arg_count : 1;
    for (uint32_t i = 0; i < conditions; i++) {
        rows *= LEFT_BY_CONDITION;
    }
    return rows;
}

static double rows_of_join(const mu_scope *scope, const mu_plan *plan)
{
    const double input = mu_plan_rows(scope, plan->input);
    const double other = mu_plan_rows(scope, plan->other);

    switch (plan->join.kind) {
    case MU_JOIN_INNER:
    case MU_JOIN_LEFT:
        return plan->join.key_count == 0 ? input * other : input > other ? input : other;
    case MU_JOIN_FULL:
        return input + other;
    case MU_JOIN_SEMI:
    case MU_JOIN_ANTI:
        return input / 2;
    }
    return input;
}

double mu_plan_rows(const mu_scope *scope, const mu_plan *plan)
{
    switch (plan->kind) {
    case MU_PLAN_SCAN:
        return rows_of_scan(scope, plan);
    case MU_PLAN_VALUES:
        return plan->values.row_count;
    case MU_PLAN_SERIES:
        return (double)plan->series.count;
    case MU_PLAN_UNION:
        return mu_plan_rows(scope, plan->input) + mu_plan_rows(scope, plan->other);
    case MU_PLAN_FILTER:
        return mu_plan_rows(scope, plan->input) * LEFT_BY_CONDITION;
    case MU_PLAN_PROJECT:
    case MU_PLAN_WINDOW:
    case MU_PLAN_REPEAT:
        return mu_plan_rows(scope, plan->input);
    case MU_PLAN_GROUP:
        return plan->group.key_count == 0 ? 1 : mu_plan_rows(scope, plan->input) / ROWS_OF_GROUP;
    case MU_PLAN_SORT:
    case MU_PLAN_LIMIT: {
        const uint64_t limit = plan->kind == MU_PLAN_SORT ? plan->sort.limit : plan->limit.limit;
        const double rows = mu_plan_rows(scope, plan->input);
        return rows < (double)limit ? rows : (double)limit;
    }
    case MU_PLAN_FUNNEL:
        return 100; /* a report */
    case MU_PLAN_FUNNEL_CUSTOMERS:
    case MU_PLAN_BEHAVIOUR:
        return (double)mu_snapshot_rows(scope->snapshot, MU_CUSTOMERS_TABLE);
    case MU_PLAN_JOIN:
        return rows_of_join(scope, plan);
    }
    assert(false && "a plan that is not in the list");
    return 0;
}

/* Joins while they are put in order. */
typedef struct ordering {
    const mu_scope *scope;
    const mu_plan *const *leaves;
    uint32_t leaf_count, columns;
    uint32_t *first;     /* of each leaf, and the end: columns of all leaves */
    double *rows;        /* of each leaf */
    uint64_t *placed;    /* bits of leaves */
    uint32_t *places;    /* by column of all leaves: where it is in `plan` */
    const mu_plan *plan; /* of those that are placed */
    const mu_conjuncts *all;
    bool *connected; /* scratch, by leaf */
    bool *used;      /* by conjunct */
    uint64_t *reads; /* conjunct after conjunct, bits of the leaves it reads */
} ordering;

static const uint64_t *leaves_of(const ordering *o, uint32_t conjunct)
{
    return &o->reads[conjunct * mu_bits_words(o->leaf_count)];
}

/* Whether all that the conjunct reads is there once the leaf is placed. */
static bool is_ready(const ordering *o, uint32_t conjunct, uint32_t leaf)
{
    const uint64_t *reads = leaves_of(o, conjunct);

    for (size_t w = 0; w < mu_bits_words(o->leaf_count); w++) {
        const uint64_t here = leaf / 64 == w ? UINT64_C(1) << leaf % 64 : 0;
        if (reads[w] & ~(o->placed[w] | here)) {
            return false;
        }
    }
    return true;
}

/* The one leaf that the conjunct reads and that is not placed; leaf_count if there are none, or
 * several. */
static uint32_t missing_leaf(const ordering *o, uint32_t conjunct)
{
    const uint64_t *reads = leaves_of(o, conjunct);
    uint32_t missing = o->leaf_count;

    for (uint32_t w = 0; w < mu_bits_words(o->leaf_count); w++) {
        const uint64_t left = reads[w] & ~o->placed[w];
        if (left == 0) {
            continue;
        }
        if (missing < o->leaf_count || (left & (left - 1)) != 0) {
            return o->leaf_count;
        }
        missing = w * 64 + mu_bits_lowest(left);
    }
    return missing;
}

/* The smallest of the leaves that an equality connects with those that are placed, or else of all.
 */
static uint32_t choose_next(ordering *o)
{
    uint32_t best = UINT32_MAX;

    memset(o->connected, 0, o->leaf_count * sizeof *o->connected);
    for (uint32_t i = 0; i < o->all->count; i++) {
        const mu_expr *expr = o->all->list[i];
        const uint32_t leaf = o->used[i] ? o->leaf_count : missing_leaf(o, i);
        if (leaf < o->leaf_count && expr->kind == MU_EXPR_CALL &&
            mu_name_equal(expr->func->name, "=")) {
            o->connected[leaf] = true;
        }
    }
    for (uint32_t leaf = 0; leaf < o->leaf_count; leaf++) {
        if (mu_bits_test(o->placed, leaf)) {
            continue;
        }
        if (best == UINT32_MAX || o->connected[leaf] > o->connected[best] ||
            (o->connected[leaf] == o->connected[best] && o->rows[leaf] < o->rows[best])) {
            best = leaf;
        }
    }
    return best;
}

/* Where the columns of a leaf are, which begin at `from` of the plan. */
static void place(ordering *o, uint32_t leaf, uint32_t from)
{
    for (uint32_t c = o->first[leaf]; c < o->first[leaf + 1]; c++) {
        o->places[c] = from + c - o->first[leaf];
    }
}

/* Joins the leaf to what is there, by all conjuncts that can now be asked. */
static muster_status add_leaf(ordering *o, uint32_t leaf, muster_error *err)
{
    mu_conjuncts ready = {0};
    const mu_expr *condition;

    place(o, leaf, o->plan->column_count);
    for (uint32_t i = 0; i < o->all->count; i++) {
        const mu_expr *expr;
        if (o->used[i] || !is_ready(o, i, leaf)) {
            continue;
        }
        o->used[i] = true;
        MU_TRY(mu_expr_remap(o->scope, o->all->list[i], o->places, &expr, err));
        MU_TRY(mu_conjuncts_add(o->scope, &ready, expr, err));
    }
    mu_bits_set(o->placed, leaf);
    MU_TRY(mu_conjuncts_condition(o->scope, &ready, &condition, err));
    return mu_plan_join(o->scope, MU_JOIN_INNER, o->plan, o->leaves[leaf], condition, &o->plan,
                        err);
}

static muster_status note_reads(ordering *o, muster_error *err)
{
    const size_t words = mu_bits_words(o->leaf_count);
    uint64_t *columns;

    MU_ARENA_TRY(o->reads, o->scope->arena, o->all->count * words, err);
    MU_ARENA_TRY(columns, o->scope->arena, mu_bits_words(o->columns), err);
    for (uint32_t i = 0; i < o->all->count; i++) {
        memset(columns, 0, mu_bits_words(o->columns) * sizeof *columns);
        mu_expr_columns(o->all->list[i], columns);
        for (uint32_t leaf = 0; leaf < o->leaf_count; leaf++) {
            for (uint32_t c = o->first[leaf]; c < o->first[leaf + 1]; c++) {
                if (mu_bits_test(columns, c)) {
                    mu_bits_set(&o->reads[i * words], leaf);
                }
            }
        }
    }
    return MUSTER_OK;
}

static muster_status open_ordering(ordering *o, muster_error *err)
{
    mu_arena *arena = o->scope->arena;

    MU_ARENA_TRY(o->first, arena, o->leaf_count + 1, err);
    MU_ARENA_TRY(o->rows, arena, o->leaf_count, err);
    MU_ARENA_TRY(o->placed, arena, mu_bits_words(o->leaf_count), err);
    for (uint32_t i = 0; i < o->leaf_count; i++) {
        o->first[i + 1] = o->first[i] + o->leaves[i]->column_count;
        o->rows[i] = mu_plan_rows(o->scope, o->leaves[i]);
    }
    o->columns = o->first[o->leaf_count];
    MU_ARENA_TRY(o->places, arena, o->columns, err);
    MU_ARENA_TRY(o->connected, arena, o->leaf_count, err);
    MU_ARENA_TRY(o->used, arena, o->all->count, err);
    return note_reads(o, err);
}

/* The last join with the columns in the order of the leaves. */
static muster_status order_columns(const ordering *o, const mu_plan **out, muster_error *err)
{
    mu_plan *join;
    mu_plan_column *columns;

    MU_ARENA_TRY(join, o->scope->arena, 1, err);
    MU_ARENA_TRY(columns, o->scope->arena, o->columns, err);
    *join = *o->plan;
    for (uint32_t c = 0; c < o->columns; c++) {
        columns[c] = o->plan->columns[o->places[c]];
    }
    join->columns = columns;
    join->join.columns = o->places;
    *out = join;
    return MUSTER_OK;
}

muster_status mu_plan_order_joins(const mu_scope *scope, const mu_plan *const *leaves,
                                  uint32_t leaf_count, const mu_conjuncts *all, const mu_plan **out,
                                  muster_error *err)
{
    ordering o = {.scope = scope, .leaves = leaves, .leaf_count = leaf_count, .all = all};
    uint32_t largest = 0;

    assert(leaf_count >= 2);
    MU_TRY(open_ordering(&o, err));
    for (uint32_t i = 1; i < leaf_count; i++) {
        largest = o.rows[i] > o.rows[largest] ? i : largest;
    }
    o.plan = leaves[largest];
    mu_bits_set(o.placed, largest);
    place(&o, largest, 0);
    for (uint32_t i = 1; i < leaf_count; i++) {
        MU_TRY(add_leaf(&o, choose_next(&o), err));
    }
    return order_columns(&o, out, err);
}
