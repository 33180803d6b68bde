/*
 * make_window.c - window functions, and aggregates over frames.
 */
#include "tests/diff/make.h"

#include <string.h>

#define MOST_SUMMED 1e15 /* of a key that a distance is added to */

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

static const char *const group_frames[] = {
    "GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW",
    "GROUPS BETWEEN 2 PRECEDING AND 1 PRECEDING",
    "GROUPS BETWEEN CURRENT ROW AND 2 FOLLOWING",
    "GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 FOLLOWING",
};

/* A distance stands for each $. */
static const char *const range_frames[] = {
    "RANGE BETWEEN $ PRECEDING AND CURRENT ROW",
    "RANGE BETWEEN $ PRECEDING AND $ FOLLOWING",
    "RANGE BETWEEN CURRENT ROW AND $ FOLLOWING",
    "RANGE BETWEEN UNBOUNDED PRECEDING AND $ PRECEDING",
    "RANGE BETWEEN $ FOLLOWING AND UNBOUNDED FOLLOWING",
};

static const char *const distances[] = {
    "INTERVAL '10 days'",
    "INTERVAL '0 days'",
    "INTERVAL '36 hours'",
    "INTERVAL '1 month'",
};

static const char *const exclusions[] = {
    " EXCLUDE CURRENT ROW",
    " EXCLUDE GROUP",
    " EXCLUDE TIES",
    " EXCLUDE NO OTHERS",
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
           op->feature == DIFF_AGG_STATS || op->feature == DIFF_AGG_MEDIAN ||
           op->feature == DIFF_AGG_DISTINCT;
}

static const diff_op *some_function(diff_maker *m, diff_type type, bool shown)
{
    for (int i = 0; i < 6; i++) {
        const unsigned uses =
            diff_chance(m->random, 50) ? 1u << USE_AGGREGATE : 1u << USE_RANK | 1u << USE_POSITION;
        const diff_op *op = diff_some_op(m, uses, type, shown);
        if (op && (op->use != USE_AGGREGATE || is_over_windows(op)) &&
            !(m->portable && op->feature == DIFF_AGG_DISTINCT)) {
            return op;
        }
    }
    return NULL;
}

static const char *one_of(diff_maker *m, const char *const *texts, size_t count)
{
    return texts[diff_below(m->random, (unsigned)count)];
}

/* RANGE with a distance, over one key that has one. */
static bool set_range(diff_maker *m, const diff_scope *scope, diff_node *window)
{
    diff_node *order = make_keys(m, scope, 1);
    const diff_type type = order->count > 0 ? order->child[0]->child[0]->type : TYPE_BOOLEAN;

    if (type == TYPE_BOOLEAN || type == TYPE_TEXT || (m->portable && type >= TYPE_DATE) ||
        order->child[0]->child[0]->most > MOST_SUMMED) {
        return false;
    }
    diff_node *distance = diff_node_new(m->arena, NODE_LITERAL, 0);
    distance->type = type;
    distance->scale = type == TYPE_DECIMAL ? order->child[0]->child[0]->scale : 0;
    distance->text = type >= TYPE_DATE ? one_of(m, distances, MU_COUNT(distances))
                                       : diff_text(m->arena, "%u", diff_below(m->random, 6));
    window->child[WINDOW_ORDER] = order;
    window->child[WINDOW_DISTANCE] = distance;
    window->text = one_of(m, range_frames, MU_COUNT(range_frames));
    return true;
}

static void set_frame(diff_maker *m, const diff_scope *scope, const diff_op *op, diff_node *window)
{
    const bool has_one = op->use == USE_AGGREGATE || strstr(op->text[DIALECT_MUSTER], "_value");

    if (!has_one || !diff_has(m, DIFF_FRAMES) || !diff_chance(m->random, 65)) {
        return;
    }
    if (op->use == USE_AGGREGATE && diff_has(m, DIFF_RANGE_FRAMES) && diff_chance(m->random, 30) &&
        set_range(m, scope, window)) {
        /* it has what it needs */
    } else if (diff_has(m, DIFF_GROUP_FRAMES) && scope->count > 0 && diff_chance(m->random, 30)) {
        window->child[WINDOW_ORDER] = make_keys(m, scope, 1);
        window->text = window->child[WINDOW_ORDER]->count > 0
                           ? one_of(m, group_frames, MU_COUNT(group_frames))
                           : NULL;
    } else {
        window->text = one_of(m, frames, MU_COUNT(frames));
    }
    if (window->text && diff_has(m, DIFF_EXCLUDE) && diff_chance(m->random, 25)) {
        window->text =
            diff_text(m->arena, "%s%s", window->text, one_of(m, exclusions, MU_COUNT(exclusions)));
    }
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
        set_frame(m, scope, op, window);
        const bool total =
            op->use == USE_POSITION || (window->text && strncmp(window->text, "ROWS", 4) == 0);
        if (total && !may_position(m, scope)) {
            m->windows = true;
            return NULL;
        }
        window->child[WINDOW_CALL] = call;
        window->child[WINDOW_PARTITION] = make_keys(m, scope, (int)diff_below(m->random, 3));
        if (!window->child[WINDOW_ORDER]) {
            window->child[WINDOW_ORDER] =
                make_keys(m, scope, (op->use == USE_RANK) + (int)diff_below(m->random, 2));
        }
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
