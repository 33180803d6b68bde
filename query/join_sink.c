/*
 * join_sink.c - conditions on their way past a join.
 *
 * What is said of one side alone sinks into it, unless the other side decides whether the row comes
 * out at all. What is said of a key alone holds for what equals it too, and is said of both. Where
 * a condition rejects rows without a partner, the join need not make them.
 */
#include "query/func.h"
#include "query/optimize.h"

/* A join while conditions sink past it: conjuncts are over a pair. */
typedef struct sinking {
    const mu_scope *scope;
    const mu_plan *plan;
    uint32_t inputs, columns; /* of a pair, those of the input and all */
    mu_join_kind kind;
    uint64_t *used;      /* scratch */
    uint32_t *up, *down; /* column of `other` <-> of a pair */
    mu_conjuncts on;     /* what makes a pair */
    mu_conjuncts above;  /* what is asked of what comes out */
    mu_conjuncts left, right, between, stays;
} sinking;

enum {
    READS_INPUT = 1,
    READS_OTHER = 2
};

static unsigned sides_of(const sinking *s, const mu_expr *expr)
{
    unsigned sides = 0;

    memset(s->used, 0, mu_bits_words(s->columns) * sizeof *s->used);
    mu_expr_columns(expr, s->used);
    for (uint32_t c = 0; c < s->columns; c++) {
        if (mu_bits_test(s->used, c)) {
            sides |= c < s->inputs ? READS_INPUT : READS_OTHER;
        }
    }
    return sides;
}

/* The condition of a join as conjuncts. */
static muster_status collect_on(sinking *s, muster_error *err)
{
    const mu_plan *plan = s->plan;

    for (uint32_t k = 0; k < plan->join.key_count; k++) {
        const mu_expr *args[2] = {plan->join.keys[k], NULL}, *equal;
        MU_TRY(mu_expr_remap(s->scope, plan->join.other_keys[k], s->up, &args[1], err));
        MU_TRY(mu_expr_call(s->scope, "=", args, 2, args[0]->offset, &equal, err));
        MU_TRY(mu_conjuncts_add(s->scope, &s->on, equal, err));
    }
    return plan->join.residual ? mu_conjuncts_add(s->scope, &s->on, plan->join.residual, err)
                               : MUSTER_OK;
}

static muster_status begin(sinking *s, const mu_scope *scope, const mu_plan *plan,
                           const mu_conjuncts *above, muster_error *err)
{
    *s = (sinking){.scope = scope, .plan = plan, .kind = plan->join.kind};
    s->inputs = plan->input->column_count;
    s->columns = s->inputs + plan->other->column_count;
    MU_ARENA_TRY(s->used, scope->arena, mu_bits_words(s->columns), err);
    MU_ARENA_TRY(s->up, scope->arena, s->columns, err);
    MU_ARENA_TRY(s->down, scope->arena, s->columns, err);
    for (uint32_t c = s->inputs; c < s->columns; c++) {
        s->up[c - s->inputs] = c;
        s->down[c] = c - s->inputs;
    }
    MU_TRY(collect_on(s, err));
    for (uint32_t i = 0; i < above->count; i++) {
        const mu_expr *expr;
        MU_TRY(mu_expr_remap(scope, above->list[i], plan->join.columns, &expr, err));
        MU_TRY(mu_conjuncts_add(scope, &s->above, expr, err));
    }
    return MUSTER_OK;
}

/* Rows without a partner that are rejected. */

/* Whether it is NULL where the columns of these sides are. */
static bool is_null_with(const sinking *s, const mu_expr *expr, unsigned sides)
{
    const bool strict = expr->kind == MU_EXPR_NOT || expr->kind == MU_EXPR_IN_SET ||
                        (expr->kind == MU_EXPR_CALL && !(expr->func->flags & MU_FUNC_NULLS));

    if (expr->kind == MU_EXPR_COLUMN) {
        return (expr->column < s->inputs ? READS_INPUT : READS_OTHER) & sides;
    }
    for (uint32_t i = 0; strict && i < expr->arg_count; i++) {
        if (is_null_with(s, expr->args[i], sides)) {
            return true;
        }
    }
    return false;
}

/* Whether it is not true where they are. */
static bool rejects(const sinking *s, const mu_expr *expr, unsigned sides)
{
    if (expr->kind == MU_EXPR_AND || expr->kind == MU_EXPR_OR) {
        uint32_t rejected = 0;
        for (uint32_t i = 0; i < expr->arg_count; i++) {
            rejected += rejects(s, expr->args[i], sides);
        }
        return rejected > 0 && (expr->kind == MU_EXPR_AND || rejected == expr->arg_count);
    }
    if (expr->kind == MU_EXPR_CALL &&
        (mu_name_equal(expr->func->name, "is not null") || mu_name_equal(expr->func->name, "in"))) {
        return is_null_with(s, expr->args[0], sides);
    }
    return is_null_with(s, expr, sides);
}

static void lessen_kind(sinking *s)
{
    bool no_other = false, no_input = false;

    for (uint32_t i = 0; i < s->above.count; i++) {
        no_other |= rejects(s, s->above.list[i], READS_OTHER);
        no_input |= rejects(s, s->above.list[i], READS_INPUT);
    }
    if (s->kind == MU_JOIN_FULL && no_input) {
        s->kind = MU_JOIN_LEFT;
    }
    if (s->kind == MU_JOIN_LEFT && no_other) {
        s->kind = MU_JOIN_INNER;
    }
}

/* What is said of a key. */

static bool says(const mu_conjuncts *all, const mu_expr *expr)
{
    for (uint32_t i = 0; i < all->count; i++) {
        if (mu_expr_equal(all->list[i], expr)) {
            return true;
        }
    }
    return false;
}

/* Whether the expression reads this column and no other. */
static bool reads_only(const sinking *s, const mu_expr *expr, uint32_t column)
{
    memset(s->used, 0, mu_bits_words(s->columns) * sizeof *s->used);
    mu_expr_columns(expr, s->used);
    if (!mu_bits_test(s->used, column)) {
        return false;
    }
    mu_bits_clear(s->used, column);
    return mu_bits_none(s->used, mu_bits_words(s->columns));
}

/* Says of one column of a pair what is said of another, which it equals. */
static muster_status copy_said(sinking *s, const mu_conjuncts *from, uint32_t column,
                               uint32_t other, mu_conjuncts *to, muster_error *err)
{
    uint32_t *map;

    MU_ARENA_TRY(map, s->scope->arena, s->columns, err);
    map[column] = other;
    for (uint32_t i = 0; i < from->count; i++) {
        const mu_expr *copy;
        if (!reads_only(s, from->list[i], column) || mu_tells_zeros(from->list[i])) {
            continue;
        }
        MU_TRY(mu_expr_remap(s->scope, from->list[i], map, &copy, err));
        if (!says(to, copy)) {
            MU_TRY(mu_conjuncts_add(s->scope, to, copy, err));
        }
    }
    return MUSTER_OK;
}

/* Which two columns of one type an equality is of. */
static bool as_columns(const mu_expr *expr, uint32_t *a, uint32_t *b)
{
    if (expr->kind != MU_EXPR_CALL || !mu_name_equal(expr->func->name, "=") ||
        expr->args[0]->kind != MU_EXPR_COLUMN || expr->args[1]->kind != MU_EXPR_COLUMN ||
        !mu_type_equal(expr->args[0]->type, expr->args[1]->type)) {
        return false;
    }
    *a = expr->args[0]->column;
    *b = expr->args[1]->column;
    return true;
}

static muster_status copy_to_other(sinking *s, muster_error *err)
{
    for (uint32_t i = 0; i < s->on.count; i++) {
        uint32_t a, b;
        if (!as_columns(s->on.list[i], &a, &b) || (a < s->inputs) == (b < s->inputs)) {
            continue;
        }
        const uint32_t input = a < b ? a : b;
        const uint32_t other = a < b ? b : a;
        MU_TRY(copy_said(s, &s->left, input, other, &s->right, err));
        if (s->kind == MU_JOIN_SEMI) {
            MU_TRY(copy_said(s, &s->right, other, input, &s->left, err));
        }
    }
    return MUSTER_OK;
}

/* Joins that are not inner. */

static muster_status sort_conjuncts(sinking *s, muster_error *err)
{
    const bool half = s->kind == MU_JOIN_SEMI || s->kind == MU_JOIN_ANTI;

    for (uint32_t i = 0; i < s->above.count; i++) {
        const bool sinks =
            half || (s->kind == MU_JOIN_LEFT && !(sides_of(s, s->above.list[i]) & READS_OTHER));
        MU_TRY(mu_conjuncts_add(s->scope, sinks ? &s->left : &s->stays, s->above.list[i], err));
    }
    for (uint32_t i = 0; i < s->on.count; i++) {
        const unsigned sides = sides_of(s, s->on.list[i]);
        mu_conjuncts *to = &s->between;
        if (sides == READS_OTHER && s->kind != MU_JOIN_FULL) {
            to = &s->right;
        } else if (sides == READS_INPUT && s->kind == MU_JOIN_SEMI) {
            to = &s->left;
        }
        MU_TRY(mu_conjuncts_add(s->scope, to, s->on.list[i], err));
    }
    return s->kind == MU_JOIN_FULL ? MUSTER_OK : copy_to_other(s, err);
}

/* Conjuncts over a pair as such over what a map says. */
static muster_status remap_all(const mu_scope *scope, mu_conjuncts *all, const uint32_t *map,
                               muster_error *err)
{
    for (uint32_t i = 0; i < all->count; i++) {
        MU_TRY(mu_expr_remap(scope, all->list[i], map, &all->list[i], err));
    }
    return MUSTER_OK;
}

/* The node with the columns that the plan gave, out of a join that gives all of a pair. */
static muster_status restore_columns(const sinking *s, const mu_plan *join, const mu_plan **out,
                                     muster_error *err)
{
    mu_plan *copy;
    uint32_t *columns;

    assert(join->kind == MU_PLAN_JOIN);
    MU_ARENA_TRY(copy, s->scope->arena, 1, err);
    MU_ARENA_TRY(columns, s->scope->arena, s->plan->column_count, err);
    *copy = *join;
    for (uint32_t c = 0; c < s->plan->column_count; c++) {
        columns[c] = join->join.columns[s->plan->join.columns[c]];
    }
    copy->columns = s->plan->columns;
    copy->column_count = s->plan->column_count;
    copy->join.columns = columns;
    *out = copy;
    return MUSTER_OK;
}

static muster_status sink_into_sides(sinking *s, const mu_plan **out, muster_error *err)
{
    const mu_scope *scope = s->scope;
    const mu_plan *input, *other, *join;
    const mu_expr *condition;
    mu_conjuncts stays = {0};
    uint32_t *back;

    MU_TRY(sort_conjuncts(s, err));
    MU_TRY(remap_all(scope, &s->right, s->down, err));
    MU_TRY(mu_plan_sink(scope, s->plan->input, s->left, &input, err));
    MU_TRY(mu_plan_sink(scope, s->plan->other, s->right, &other, err));
    MU_TRY(mu_conjuncts_condition(scope, &s->between, &condition, err));
    MU_TRY(mu_plan_join(scope, s->kind, input, other, condition, &join, err));
    MU_TRY(restore_columns(s, join, &join, err));
    MU_ARENA_TRY(back, scope->arena, s->columns, err);
    for (uint32_t c = 0; c < s->plan->column_count; c++) {
        back[s->plan->join.columns[c]] = c;
    }
    for (uint32_t i = 0; i < s->stays.count; i++) {
        const mu_expr *expr;
        MU_TRY(mu_expr_remap(scope, s->stays.list[i], back, &expr, err));
        MU_TRY(mu_conjuncts_add(scope, &stays, expr, err));
    }
    return mu_plan_filter_all(scope, join, &stays, out, err);
}

/* Inner joins of inner joins: one list of leaves, and one of conditions over all their columns. */

typedef struct flat {
    const mu_plan **leaves;
    uint32_t *first; /* of each leaf, and the end: columns */
    uint32_t count;
    mu_conjuncts *said; /* by leaf: of it alone */
    mu_conjuncts between;
} flat;

static bool is_inner(const mu_plan *plan)
{
    return plan->kind == MU_PLAN_JOIN && plan->join.kind == MU_JOIN_INNER;
}

static uint32_t count_leaves(const mu_plan *plan)
{
    return is_inner(plan) ? count_leaves(plan->input) + count_leaves(plan->other) : 1;
}

/* Takes the leaves of an inner join, and its conditions, whose columns begin at `offset`. */
static muster_status flatten(const mu_scope *scope, const mu_plan *plan, uint32_t offset, flat *f,
                             mu_conjuncts *all, muster_error *err)
{
    const mu_conjuncts nothing = {0};
    uint32_t *shifted;
    sinking s;

    if (!is_inner(plan)) {
        f->leaves[f->count] = plan;
        f->first[f->count++] = offset;
        f->first[f->count] = offset + plan->column_count;
        return MUSTER_OK;
    }
    MU_TRY(begin(&s, scope, plan, &nothing, err));
    assert(plan->column_count == s.columns); /* in their order: only outer joins are turned round */
    MU_ARENA_TRY(shifted, scope->arena, s.columns, err);
    for (uint32_t c = 0; c < s.columns; c++) {
        shifted[c] = offset + c;
    }
    for (uint32_t i = 0; i < s.on.count; i++) {
        const mu_expr *expr;
        MU_TRY(mu_expr_remap(scope, s.on.list[i], shifted, &expr, err));
        MU_TRY(mu_conjuncts_add(scope, all, expr, err));
    }
    MU_TRY(flatten(scope, plan->input, offset, f, all, err));
    return flatten(scope, plan->other, offset + s.inputs, f, all, err);
}

/* The one leaf whose columns it reads, the first if it reads none; count if there are several. */
static uint32_t leaf_of(const sinking *s, const flat *f, const mu_expr *expr)
{
    uint32_t found = UINT32_MAX;

    memset(s->used, 0, mu_bits_words(s->columns) * sizeof *s->used);
    mu_expr_columns(expr, s->used);
    for (uint32_t leaf = 0; leaf < f->count; leaf++) {
        for (uint32_t c = f->first[leaf]; c < f->first[leaf + 1]; c++) {
            if (mu_bits_test(s->used, c) && found != leaf) {
                if (found != UINT32_MAX) {
                    return f->count;
                }
                found = leaf;
            }
        }
    }
    return found == UINT32_MAX ? 0 : found;
}

static uint32_t leaf_at(const flat *f, uint32_t column)
{
    uint32_t leaf = 0;

    while (column >= f->first[leaf + 1]) {
        leaf++;
    }
    return leaf;
}

static uint32_t count_said(const flat *f)
{
    uint32_t count = 0;

    for (uint32_t leaf = 0; leaf < f->count; leaf++) {
        count += f->said[leaf].count;
    }
    return count;
}

/* Until nothing new is said: what equals what equals a key is one too. */
static muster_status copy_between(sinking *s, flat *f, muster_error *err)
{
    for (uint32_t before = UINT32_MAX; before != count_said(f);) {
        before = count_said(f);
        for (uint32_t i = 0; i < f->between.count; i++) {
            uint32_t a, b;
            if (!as_columns(f->between.list[i], &a, &b)) {
                continue;
            }
            mu_conjuncts *of_a = &f->said[leaf_at(f, a)];
            mu_conjuncts *of_b = &f->said[leaf_at(f, b)];
            MU_TRY(copy_said(s, of_a, a, b, of_b, err));
            MU_TRY(copy_said(s, of_b, b, a, of_a, err));
        }
    }
    return MUSTER_OK;
}

static muster_status sink_into_leaf(sinking *s, flat *f, uint32_t leaf, muster_error *err)
{
    uint32_t *down;

    MU_ARENA_TRY(down, s->scope->arena, s->columns, err);
    for (uint32_t c = f->first[leaf]; c < f->first[leaf + 1]; c++) {
        down[c] = c - f->first[leaf];
    }
    MU_TRY(remap_all(s->scope, &f->said[leaf], down, err));
    return mu_plan_sink(s->scope, f->leaves[leaf], f->said[leaf], &f->leaves[leaf], err);
}

static muster_status sink_into_leaves(sinking *s, const mu_plan **out, muster_error *err)
{
    const mu_scope *scope = s->scope;
    const uint32_t count = count_leaves(s->plan->input) + count_leaves(s->plan->other);
    mu_conjuncts all = s->on;
    const mu_plan *join;
    flat f = {0};

    MU_ARENA_TRY(f.leaves, scope->arena, count, err);
    MU_ARENA_TRY(f.first, scope->arena, count + 1, err);
    MU_ARENA_TRY(f.said, scope->arena, count, err);
    MU_TRY(flatten(scope, s->plan->input, 0, &f, &all, err));
    MU_TRY(flatten(scope, s->plan->other, s->inputs, &f, &all, err));
    for (uint32_t i = 0; i < s->above.count; i++) {
        MU_TRY(mu_conjuncts_add(scope, &all, s->above.list[i], err));
    }
    for (uint32_t i = 0; i < all.count; i++) {
        const uint32_t leaf = leaf_of(s, &f, all.list[i]);
        MU_TRY(
            mu_conjuncts_add(scope, leaf < f.count ? &f.said[leaf] : &f.between, all.list[i], err));
    }
    MU_TRY(copy_between(s, &f, err));
    for (uint32_t leaf = 0; leaf < f.count; leaf++) {
        MU_TRY(sink_into_leaf(s, &f, leaf, err));
    }
    MU_TRY(mu_plan_order_joins(scope, f.leaves, f.count, &f.between, &join, err));
    return restore_columns(s, join, out, err);
}

muster_status mu_plan_sink_join(const mu_scope *scope, const mu_plan *plan, mu_conjuncts all,
                                const mu_plan **out, muster_error *err)
{
    sinking s;

    MU_TRY(begin(&s, scope, plan, &all, err));
    lessen_kind(&s);
    return s.kind == MU_JOIN_INNER ? sink_into_leaves(&s, out, err) : sink_into_sides(&s, out, err);
}
