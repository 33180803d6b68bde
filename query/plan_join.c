/*
 * plan_join.c - the maker of joins: a condition on pairs taken apart into keys and the rest.
 */
#include "query/func.h"
#include "query/optimize.h"

/* A join while it is made. */
typedef struct maker {
    const mu_scope *scope;
    const mu_plan *input, *other;
    uint64_t *used; /* scratch: a bit for each column of a pair */
    uint32_t *down; /* column of a pair -> column of `other` */
    const mu_expr **keys, **other_keys, **rest;
    uint32_t key_count, rest_count;
} maker;

static uint32_t pair_columns(const mu_plan *input, const mu_plan *other)
{
    return input->column_count + other->column_count;
}

/* Whose columns the expression reads: bit 0 the input's, bit 1 those of `other`. */
static unsigned sides_of(maker *m, const mu_expr *expr)
{
    const uint32_t columns = pair_columns(m->input, m->other);
    unsigned sides = 0;

    memset(m->used, 0, mu_bits_words(columns) * sizeof *m->used);
    mu_expr_columns(expr, m->used);
    for (uint32_t c = 0; c < columns; c++) {
        if (mu_bits_test(m->used, c)) {
            sides |= c < m->input->column_count ? 1 : 2;
        }
    }
    return sides;
}

static bool is_equality(const mu_expr *expr)
{
    return expr->kind == MU_EXPR_CALL && mu_name_equal(expr->func->name, "=") &&
           mu_type_form(expr->args[0]->type) == mu_type_form(expr->args[1]->type);
}

static muster_status add_conjunct(maker *m, const mu_expr *expr, muster_error *err)
{
    if (is_equality(expr)) {
        const unsigned left = sides_of(m, expr->args[0]);
        const unsigned right = sides_of(m, expr->args[1]);
        if ((left == 1 && right == 2) || (left == 2 && right == 1)) {
            m->keys[m->key_count] = expr->args[left == 1 ? 0 : 1];
            return mu_expr_remap(m->scope, expr->args[left == 1 ? 1 : 0], m->down,
                                 &m->other_keys[m->key_count++], err);
        }
    }
    m->rest[m->rest_count++] = expr;
    return MUSTER_OK;
}

static muster_status open_maker(maker *m, const mu_expr *condition, muster_error *err)
{
    mu_arena *arena = m->scope->arena;
    const uint32_t columns = pair_columns(m->input, m->other);
    mu_conjuncts all = {0};

    if (condition) {
        MU_TRY(mu_conjuncts_add(m->scope, &all, condition, err));
    }
    MU_ARENA_TRY(m->used, arena, mu_bits_words(columns), err);
    MU_ARENA_TRY(m->down, arena, columns, err);
    MU_ARENA_TRY(m->keys, arena, all.count, err);
    MU_ARENA_TRY(m->other_keys, arena, all.count, err);
    MU_ARENA_TRY(m->rest, arena, all.count, err);
    for (uint32_t c = m->input->column_count; c < columns; c++) {
        m->down[c] = c - m->input->column_count;
    }
    for (uint32_t i = 0; i < all.count; i++) {
        MU_TRY(add_conjunct(m, all.list[i], err));
    }
    return MUSTER_OK;
}

/* The key that both sides have by stripe; key_count if there is none. */
static uint32_t find_customer_key(const maker *m)
{
    for (uint32_t k = 0; k < m->key_count; k++) {
        const mu_expr *key = m->keys[k];
        const mu_expr *other = m->other_keys[k];
        if (key->kind == MU_EXPR_COLUMN && other->kind == MU_EXPR_COLUMN &&
            mu_plan_is_customer(m->input, key->column) &&
            mu_plan_is_customer(m->other, other->column)) {
            return k;
        }
    }
    return m->key_count;
}

/* The equality of a key as a condition on a pair. */
static muster_status key_condition(const maker *m, uint32_t k, const mu_expr **out,
                                   muster_error *err)
{
    const mu_expr *args[2] = {m->keys[k], NULL};
    uint32_t *up;

    MU_ARENA_TRY(up, m->scope->arena, m->other->column_count, err);
    for (uint32_t c = 0; c < m->other->column_count; c++) {
        up[c] = m->input->column_count + c;
    }
    MU_TRY(mu_expr_remap(m->scope, m->other_keys[k], up, &args[1], err));
    return mu_expr_call(m->scope, "=", args, 2, args[0]->offset, out, err);
}

/* Of one customer there are few rows: other equalities are looked at pair by pair. */
static muster_status choose_keys(maker *m, mu_plan *node, muster_error *err)
{
    const uint32_t customer = find_customer_key(m);
    const mu_expr **rest;

    MU_ARENA_TRY(rest, m->scope->arena, m->rest_count + m->key_count, err);
    node->join.by_customer = customer < m->key_count;
    node->join.key_count = m->key_count;
    if (node->join.by_customer) {
        uint32_t count = 0;
        for (uint32_t k = 0; k < m->key_count; k++) {
            if (k != customer) {
                MU_TRY(key_condition(m, k, &rest[count++], err));
            }
        }
        for (uint32_t i = 0; i < m->rest_count; i++) {
            rest[count++] = m->rest[i];
        }
        m->keys[0] = m->keys[customer];
        m->other_keys[0] = m->other_keys[customer];
        m->rest = rest;
        m->rest_count = count;
        node->join.key_count = 1;
    }
    node->join.keys = m->keys;
    node->join.other_keys = m->other_keys;
    node->join.residual = m->rest_count ? m->rest[0] : NULL;
    return m->rest_count < 2 ? MUSTER_OK
                             : mu_expr_logic(m->scope, MU_EXPR_AND, m->rest, m->rest_count,
                                             m->rest[0]->offset, &node->join.residual, err);
}

muster_status mu_plan_join(const mu_scope *scope, mu_join_kind kind, const mu_plan *input,
                           const mu_plan *other, const mu_expr *condition, const mu_plan **out,
                           muster_error *err)
{
    const bool half = kind == MU_JOIN_SEMI || kind == MU_JOIN_ANTI;
    const uint32_t count = half ? input->column_count : pair_columns(input, other);
    maker m = {.scope = scope, .input = input, .other = other};
    mu_plan *node;
    mu_plan_column *columns;
    uint32_t *pair;

    assert(!condition || condition->type.kind == MU_BOOLEAN);
    MU_TRY(open_maker(&m, condition, err));
    MU_ARENA_TRY(node, scope->arena, 1, err);
    MU_ARENA_TRY(columns, scope->arena, count, err);
    MU_ARENA_TRY(pair, scope->arena, count, err);
    node->kind = MU_PLAN_JOIN;
    node->input = input;
    node->other = other;
    node->join.kind = kind;
    MU_TRY(choose_keys(&m, node, err));
    for (uint32_t c = 0; c < count; c++) {
        pair[c] = c;
        columns[c] =
            c < input->column_count ? input->columns[c] : other->columns[c - input->column_count];
    }
    node->column_count = count;
    node->columns = columns;
    node->join.columns = pair;
    *out = node;
    return MUSTER_OK;
}

muster_status mu_plan_right_join(const mu_scope *scope, const mu_plan *input, const mu_plan *other,
                                 const mu_expr *condition, const mu_plan **out, muster_error *err)
{
    const uint32_t inputs = input->column_count;
    const uint32_t count = pair_columns(input, other);
    const mu_plan *join;
    mu_plan *turned;
    mu_plan_column *columns;
    uint32_t *places; /* of the pair: where its columns are in the one turned round */

    MU_ARENA_TRY(turned, scope->arena, 1, err);
    MU_ARENA_TRY(columns, scope->arena, count, err);
    MU_ARENA_TRY(places, scope->arena, count, err);
    for (uint32_t c = 0; c < count; c++) {
        places[c] = c < inputs ? other->column_count + c : c - inputs;
    }
    if (condition) {
        MU_TRY(mu_expr_remap(scope, condition, places, &condition, err));
    }
    MU_TRY(mu_plan_join(scope, MU_JOIN_LEFT, other, input, condition, &join, err));
    for (uint32_t c = 0; c < count; c++) {
        columns[c] = join->columns[places[c]];
    }
    *turned = *join;
    turned->columns = columns;
    turned->join.columns = places;
    *out = turned;
    return MUSTER_OK;
}
