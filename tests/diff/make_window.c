/*
 * make_window.c - window functions, and aggregates over frames.
 */
#include "tests/diff/make.h"

#include <string.h>

static const char *const frames[] = {
    "ROWS BETWEEN 2 PRECEDING AND CURRENT ROW",
    "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW",
    "ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING",
    "ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING",
    "ROWS BETWEEN 3 PRECEDING AND 1 PRECEDING",
    "ROWS BETWEEN 1 FOLLOWING AND 4 FOLLOWING",
    "ROWS UNBOUNDED PRECEDING",
    "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING",
    "RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING",
    "RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING",
    "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW",
};

static diff_node *make_keys(diff_maker *m, const diff_scope *scope, int count)
{
    diff_node *keys = diff_list_new(m->arena);

    for (int i = 0; i < count && scope->count > 0; i++) {
        const diff_node *column = scope->columns[diff_below(m->random, (unsigned)scope->count)];
        diff_node *expr = diff_chance(m->random, 80)
                              ? diff_clone(m->arena, column)
                              : diff_make_expr(m, scope, column->type, 1, false);
        if (expr->kind != NODE_LITERAL) {
            diff_list_add(m->arena, keys, diff_make_key(m, expr));
        }
    }
    return keys;
}

static bool is_over_windows(const diff_op *op)
{
    return op->feature == DIFF_GROUPS || op->feature == DIFF_AGG_BOOL ||
           op->feature == DIFF_AGG_STATS;
}

static const diff_op *some_function(diff_maker *m, diff_type type, bool shown)
{
    for (int i = 0; i < 6; i++) {
        const unsigned uses =
            diff_chance(m->random, 50) ? 1u << USE_AGGREGATE : 1u << USE_RANK | 1u << USE_POSITION;
        const diff_op *op = diff_some_op(m, uses, type, shown);
        if (op && (op->use != USE_AGGREGATE || is_over_windows(op))) {
            return op;
        }
    }
    return NULL;
}

static const char *some_frame(diff_maker *m, const diff_op *op)
{
    const bool has_one = op->use == USE_AGGREGATE || strstr(op->text[DIALECT_MUSTER], "_value");

    return has_one && diff_has(m, DIFF_FRAMES) && diff_chance(m->random, 45)
               ? frames[diff_below(m->random, sizeof frames / sizeof frames[0])]
               : NULL;
}

/* Two functions may each take equal rows in an order of its own; which of their values then meet in
 * a row is chance. So there is one, where rows may be equal. */
static bool may_position(diff_maker *m, const diff_scope *scope)
{
    return scope->unique || m->positions++ == 0;
}

diff_node *diff_make_window(diff_maker *m, const diff_scope *scope, diff_type type, int depth,
                            bool shown)
{
    const diff_op *op = some_function(m, type, shown);
    diff_node *window = diff_node_new(m->arena, NODE_WINDOW, WINDOW_CHILDREN);

    m->windows = false; /* none in one */
    diff_node *call = op ? diff_make_call(m, op, scope, type, depth > 1 ? 1 : 0) : NULL;
    if (call) {
        window->text = some_frame(m, op);
        const bool total =
            op->use == USE_POSITION || (window->text && strncmp(window->text, "ROWS", 4) == 0);
        if (total && !may_position(m, scope)) {
            m->windows = true;
            return NULL;
        }
        window->child[WINDOW_CALL] = call;
        window->child[WINDOW_PARTITION] = make_keys(m, scope, (int)diff_below(m->random, 3));
        window->child[WINDOW_ORDER] =
            make_keys(m, scope, (op->use == USE_RANK) + (int)diff_below(m->random, 2));
        for (int i = 0; total && i < scope->order_count; i++) {
            diff_list_add(m->arena, window->child[WINDOW_ORDER],
                          diff_make_key(m, diff_clone(m->arena, scope->order[i])));
        }
        window->type = call->type;
        window->scale = call->scale;
        window->most = call->most;
        window->inexact = call->inexact;
    }
    m->windows = true;
    return call ? window : NULL;
}
