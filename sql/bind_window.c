/*
 * bind_window.c - calls over windows.
 *
 * While a query is bound they are put aside, each with its partitions, its order and its frame.
 * Once there is a plan for what they read (the groups, if there are any), a projection computes the
 * columns that they need, and each different window becomes a node with all of its calls.
 */
#include "sql/bind.h"

#include <assert.h>
#include <string.h>

static muster_status fail_place(const mu_place *place, const mu_ast_expr *call, muster_error *err)
{
    const bool filters =
        strcmp(place->clause, "WHERE") == 0 || strcmp(place->clause, "HAVING") == 0;

    return mu_fail_at(err, MUSTER_INVALID, call->offset, "%s() over a window may not stand in %s%s",
                      call->text, place->clause,
                      filters ? ", which is applied before; filter by it in QUALIFY"
                              : "; make it a column of a query in FROM");
}

static muster_status fail_name(const mu_ast_expr *call, muster_error *err)
{
    mu_nearest nearest = mu_nearest_of(mu_bind_text(call->text));
    char advice[160];
    const char *name;

    if (mu_expr_is_function(call->text)) {
        return mu_fail_at(err, MUSTER_INVALID, call->offset,
                          "\"%s\" is a function of one row; leave out OVER", call->text);
    }
    for (size_t i = 0; (name = mu_window_name_at(i)) != NULL; i++) {
        mu_nearest_try(&nearest, mu_bind_text(name));
    }
    for (size_t i = 0; (name = mu_agg_name_at(i)) != NULL; i++) {
        mu_nearest_try(&nearest, mu_bind_text(name));
    }
    return mu_fail_at(err, MUSTER_INVALID, call->offset, "no function \"%s\" of a window%s",
                      call->text, mu_bind_advice(&nearest, "", advice, sizeof advice));
}

/* Windows. */

/* The named window, of those before number `end`. */
static muster_status find_window(const mu_windows *windows, mu_ast_name name, uint32_t end,
                                 uint32_t *out, muster_error *err)
{
    mu_nearest nearest = mu_nearest_of(mu_bind_text(name.text));
    char advice[160];

    for (uint32_t i = 0; i < end; i++) {
        if (mu_name_equal(windows->named->data[i].name.text, name.text)) {
            *out = i;
            return MUSTER_OK;
        }
        mu_nearest_try(&nearest, mu_bind_text(windows->named->data[i].name.text));
    }
    return mu_fail_at(err, MUSTER_INVALID, name.offset, "no window \"%s\"%s", name.text,
                      mu_bind_advice(&nearest,
                                     "; windows are named in WINDOW name AS (...), behind HAVING",
                                     advice, sizeof advice));
}

/* The window with what it takes from the one it names; each names an earlier one, so there is an
 * end. */
static muster_status complete_window(const mu_windows *windows, const mu_ast_window *window,
                                     mu_ast_window *out, muster_error *err)
{
    mu_ast_name name = window->name;
    uint32_t end = windows->named->count;

    *out = *window;
    while (name.text) {
        MU_TRY(find_window(windows, name, end, &end, err));
        const mu_ast_window *base = windows->named->data[end].window;
        if ((out->partitions.count > 0 && (base->partitions.count > 0 || base->orders.count > 0)) ||
            (out->orders.count > 0 && base->orders.count > 0)) {
            return mu_fail_at(err, MUSTER_INVALID, name.offset,
                              "window \"%s\" has %s of its own, which cannot be replaced",
                              name.text, base->orders.count > 0 ? "an order" : "partitions");
        }
        if (out->unit == MU_AST_FRAME_DEFAULT) {
            out->unit = base->unit;
            out->from = base->from;
            out->to = base->to;
            out->exclusion = base->exclusion;
        }
        out->partitions = out->partitions.count > 0 ? out->partitions : base->partitions;
        out->orders = out->orders.count > 0 ? out->orders : base->orders;
        name = base->name;
    }
    return MUSTER_OK;
}

/* Frames. */

static muster_status bind_distance(const mu_place *place, const mu_bound_window *bound,
                                   const mu_ast_expr *given, mu_frame_unit unit, mu_value *out,
                                   muster_error *err)
{
    static const mu_plan nothing = {0};
    static const mu_relation none = {
        .plan = &nothing, .customer_column = MU_NO_COLUMN, .time_column = MU_NO_COLUMN};
    const mu_place constant = {.binder = place->binder, .relation = &none, .clause = "a frame"};
    const mu_expr *expr;
    uint64_t rows;

    if (unit != MU_FRAME_RANGE) {
        MU_TRY(mu_bind_count_of(place->binder, given, unit == MU_FRAME_ROWS ? "ROWS" : "GROUPS", 0,
                                INT64_MAX, &rows, err));
        *out = (mu_value){.type = {.kind = MU_BIGINT, .bits = 64}, .i64 = (int64_t)rows};
        return MUSTER_OK;
    }
    if (bound->order_count != 1) {
        return mu_fail_at(err, MUSTER_INVALID, given->offset,
                          "a distance in RANGE needs ORDER BY with one expression, not %u",
                          bound->order_count);
    }
    MU_TRY(mu_bind_expr(&constant, given, &expr, err));
    return mu_frame_offset(&place->binder->scope, bound->orders[0]->type, expr, out, err);
}

static muster_status bind_bound(const mu_place *place, const mu_bound_window *bound,
                                const mu_ast_bound *given, mu_frame_unit unit, mu_frame_bound *out,
                                muster_error *err)
{
    out->edge = (mu_frame_edge)given->edge;
    return given->offset ? bind_distance(place, bound, given->offset, unit, &out->offset, err)
                         : MUSTER_OK;
}

static muster_status bind_frame(const mu_place *place, const mu_ast_window *window,
                                mu_bound_window *bound, muster_error *err)
{
    static const mu_frame_unit units[] = {MU_FRAME_RANGE, MU_FRAME_ROWS, MU_FRAME_RANGE,
                                          MU_FRAME_GROUPS};
    mu_frame *frame = &bound->call.frame;

    *frame = (mu_frame){.unit = units[window->unit], .to.edge = MU_EDGE_CURRENT_ROW};
    if (window->unit != MU_AST_FRAME_DEFAULT) {
        frame->exclusion = (mu_frame_exclusion)window->exclusion;
        MU_TRY(bind_bound(place, bound, &window->from, frame->unit, &frame->from, err));
        MU_TRY(bind_bound(place, bound, &window->to, frame->unit, &frame->to, err));
    }
    if (frame->from.edge > frame->to.edge || frame->from.edge == MU_EDGE_UNBOUNDED_FOLLOWING ||
        frame->to.edge == MU_EDGE_UNBOUNDED_PRECEDING) {
        return mu_fail_at(err, MUSTER_INVALID, window->offset, "the frame ends before it begins");
    }
    if (frame->unit == MU_FRAME_GROUPS && bound->order_count == 0) {
        return mu_fail_at(err, MUSTER_INVALID, window->offset,
                          "GROUPS counts rows that are equal in the order, and there is no ORDER "
                          "BY in this window");
    }
    return MUSTER_OK;
}

/* The order of people is that of their ids. */
static muster_status bind_order(const mu_place *place, const mu_ast_order *order,
                                const mu_expr **out, mu_sort_key *key, muster_error *err)
{
    const mu_scope *scope = &place->binder->scope;

    MU_TRY(mu_bind_expr(place, order->expr, out, err));
    MU_TRY(mu_type_check_order((*out)->type, "ORDER BY", order->offset, err));
    if ((*out)->type.kind == MU_CUSTOMER && place->binder->catalog->customer_kind != MU_NULL) {
        const mu_type id = {.kind = place->binder->catalog->customer_kind, .bits = 64};
        MU_TRY(mu_expr_cast(scope, *out, id, false, order->offset, out, err));
    }
    key->descending = order->descending;
    key->nulls_first = order->nulls == MU_AST_NULLS_DEFAULT ? order->descending
                                                            : order->nulls == MU_AST_NULLS_FIRST;
    return MUSTER_OK;
}

static muster_status bind_window(const mu_place *place, const mu_windows *windows,
                                 const mu_ast_window *given, mu_bound_window *bound,
                                 muster_error *err)
{
    mu_arena *arena = place->binder->scope.arena;
    mu_ast_window window;

    MU_TRY(complete_window(windows, given, &window, err));
    bound->partition_count = window.partitions.count;
    bound->order_count = window.orders.count;
    MU_ARENA_TRY(bound->partitions, arena, window.partitions.count, err);
    MU_ARENA_TRY(bound->orders, arena, window.orders.count, err);
    MU_ARENA_TRY(bound->keys, arena, window.orders.count, err);
    for (uint32_t i = 0; i < window.partitions.count; i++) {
        MU_TRY(mu_bind_expr(place, window.partitions.data[i].expr, &bound->partitions[i], err));
    }
    for (uint32_t i = 0; i < window.orders.count; i++) {
        MU_TRY(bind_order(place, &window.orders.data[i], &bound->orders[i], &bound->keys[i], err));
    }
    return bind_frame(place, &window, bound, err);
}

/* Calls. */

static muster_status bind_function(const mu_place *inside, const mu_ast_expr *call,
                                   mu_window_call *out, muster_error *err)
{
    const mu_scope *scope = &inside->binder->scope;
    const mu_expr *const *args;

    if (mu_agg_is(call->text) && call->ignore_nulls) {
        return mu_fail_at(err, MUSTER_INVALID, call->offset,
                          "\"%s\" ignores NULLs by itself; leave out IGNORE NULLS", call->text);
    }
    if (mu_agg_is(call->text)) {
        out->kind = MU_WINDOW_AGGREGATE;
        MU_TRY(mu_bind_aggregate(inside, call, &out->agg, err));
        out->type = out->agg.type;
        out->arg_count = out->agg.arg_count;
        out->args = out->agg.args;
        return MUSTER_OK;
    }
    if (!mu_window_is(call->text)) {
        return fail_name(call, err);
    }
    if (call->filter || call->distinct) {
        return mu_fail_at(err, MUSTER_INVALID, call->offset,
                          "%s belongs to aggregates; \"%s\" is none",
                          call->filter ? "FILTER" : "DISTINCT", call->text);
    }
    MU_TRY(mu_bind_operands(inside, &call->operands, &args, err));
    return mu_window_call_make(scope, call->text, args, call->operands.count, call->ignore_nulls,
                               call->offset, out, err);
}

static bool same_list(const mu_expr *const *a, uint32_t a_count, const mu_expr *const *b,
                      uint32_t b_count)
{
    for (uint32_t i = 0; a_count == b_count && i < a_count; i++) {
        if (!mu_expr_equal(a[i], b[i])) {
            return false;
        }
    }
    return a_count == b_count;
}

static bool same_bound(const mu_frame_bound *a, const mu_frame_bound *b)
{
    return a->edge == b->edge && a->offset.i64 == b->offset.i64 &&
           a->offset.months == b->offset.months;
}

static bool same_window(const mu_bound_window *a, const mu_bound_window *b)
{
    for (uint32_t i = 0; a->order_count == b->order_count && i < a->order_count; i++) {
        if (a->keys[i].descending != b->keys[i].descending ||
            a->keys[i].nulls_first != b->keys[i].nulls_first) {
            return false;
        }
    }
    return same_list(a->partitions, a->partition_count, b->partitions, b->partition_count) &&
           same_list(a->orders, a->order_count, b->orders, b->order_count);
}

static bool same_call(const mu_bound_window *a, const mu_bound_window *b)
{
    const mu_window_call *x = &a->call, *y = &b->call;

    return x->kind == y->kind && mu_agg_call_equal(&x->agg, &y->agg) &&
           x->ignore_nulls == y->ignore_nulls && x->frame.unit == y->frame.unit &&
           same_bound(&x->frame.from, &y->frame.from) && same_bound(&x->frame.to, &y->frame.to) &&
           x->frame.exclusion == y->frame.exclusion &&
           same_list(x->args, x->arg_count, y->args, y->arg_count) && same_window(a, b);
}

/* The number of the call; the same call is made once. */
static muster_status add_call(const mu_scope *scope, mu_windows *windows,
                              const mu_bound_window *bound, uint32_t *index, muster_error *err)
{
    for (*index = 0; *index < windows->count; ++*index) {
        if (same_call(&windows->data[*index], bound)) {
            return MUSTER_OK;
        }
    }
    if (windows->count == windows->capacity) {
        mu_bound_window *larger;
        const uint32_t capacity = windows->capacity == 0 ? 4 : windows->capacity * 2;
        MU_ARENA_TRY(larger, scope->arena, capacity, err);
        if (windows->count > 0) {
            memcpy(larger, windows->data, windows->count * sizeof *larger);
        }
        windows->data = larger;
        windows->capacity = capacity;
    }
    windows->data[windows->count++] = *bound;
    return MUSTER_OK;
}

muster_status mu_bind_over(const mu_place *place, const mu_ast_expr *call, const mu_expr **out,
                           muster_error *err)
{
    const mu_scope *scope = &place->binder->scope;
    mu_bound_window bound = {0};
    mu_place inside = *place;
    uint32_t index;

    if (!call->over) {
        return mu_fail_at(err, MUSTER_INVALID, call->offset,
                          "%s() needs a window: %s(...) OVER (ORDER BY ...)", call->text,
                          call->text);
    }
    if (!place->windows) {
        return fail_place(place, call, err);
    }
    for (uint32_t i = 0; i < call->operands.count; i++) {
        if (call->operands.data[i].name.text) {
            return mu_fail_at(err, MUSTER_INVALID, call->operands.data[i].name.offset,
                              "%s() has no argument \"%s\": its arguments have no names",
                              call->text, call->operands.data[i].name.text);
        }
    }
    inside.windows = NULL;
    inside.clause = "another call over a window";
    MU_TRY(bind_function(&inside, call, &bound.call, err));
    MU_TRY(bind_window(&inside, place->windows, call->over, &bound, err));
    MU_TRY(add_call(scope, place->windows, &bound, &index, err));
    return mu_expr_column(scope, MU_WINDOW_BASE + index, bound.call.type, call->offset, out, err);
}

/* The plan. */

/* The columns of a projection: those of what it reads, and what windows need beside them. */
typedef struct projection {
    const mu_scope *scope;
    const mu_plan *input;
    const mu_expr **exprs;
    const char **names;
    uint32_t count;
} projection;

/* The column that the expression is, an old or a new one. */
static muster_status find_column(projection *p, const mu_expr *expr, uint32_t *out,
                                 muster_error *err)
{
    if (expr->kind == MU_EXPR_COLUMN) {
        *out = expr->column;
        return MUSTER_OK;
    }
    for (*out = p->input->column_count; *out < p->count; ++*out) {
        if (mu_expr_equal(p->exprs[*out], expr)) {
            return MUSTER_OK;
        }
    }
    p->exprs[p->count++] = expr;
    return mu_plan_name_of(p->scope, p->input, expr, &p->names[*out], err);
}

static uint32_t count_exprs(const mu_windows *windows)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < windows->count; i++) {
        const mu_bound_window *bound = &windows->data[i];
        count += bound->partition_count + bound->order_count + bound->call.arg_count + 2;
    }
    return count;
}

static muster_status open_projection(projection *p, const mu_scope *scope, const mu_plan *input,
                                     uint32_t more, muster_error *err)
{
    *p = (projection){.scope = scope, .input = input, .count = input->column_count};
    MU_ARENA_TRY(p->exprs, scope->arena, p->count + more, err);
    MU_ARENA_TRY(p->names, scope->arena, p->count + more, err);
    for (uint32_t c = 0; c < p->count; c++) {
        p->names[c] = input->columns[c].name;
        MU_TRY(mu_expr_column(scope, c, input->columns[c].type, -1, &p->exprs[c], err));
    }
    return MUSTER_OK;
}

/* The columns that the call reads. Constants stay what they are, but for those of aggregates, which
 * take columns. */
static muster_status find_arguments(projection *p, mu_window_call *call, muster_error *err)
{
    uint32_t *columns;

    MU_ARENA_TRY(columns, p->scope->arena, call->arg_count, err);
    for (uint32_t i = 0; i < call->arg_count; i++) {
        columns[i] = MU_NO_COLUMN;
        if (call->kind == MU_WINDOW_AGGREGATE || call->args[i]->kind != MU_EXPR_CONST) {
            MU_TRY(find_column(p, call->args[i], &columns[i], err));
        }
    }
    call->columns = columns;
    call->filter = call->order = MU_NO_COLUMN;
    if (call->agg.filter) {
        MU_TRY(find_column(p, call->agg.filter, &call->filter, err));
    }
    return call->agg.order ? find_column(p, call->agg.order, &call->order, err) : MUSTER_OK;
}

/* A node with the calls of the window of call `first`, none of which has a node. */
static muster_status plan_window(projection *p, const mu_windows *windows, uint32_t first,
                                 const mu_plan **plan, uint32_t *columns, muster_error *err)
{
    const mu_bound_window *window = &windows->data[first];
    mu_window_call *calls;
    uint32_t *partitions, count = 0;
    const char **names;
    mu_arena *arena = p->scope->arena;

    MU_ARENA_TRY(calls, arena, windows->count, err);
    MU_ARENA_TRY(names, arena, windows->count, err);
    MU_ARENA_TRY(partitions, arena, window->partition_count, err);
    for (uint32_t i = 0; i < window->partition_count; i++) {
        MU_TRY(find_column(p, window->partitions[i], &partitions[i], err));
    }
    for (uint32_t i = 0; i < window->order_count; i++) {
        MU_TRY(find_column(p, window->orders[i], &window->keys[i].column, err));
    }
    for (uint32_t i = first; i < windows->count; i++) {
        if (columns[i] == MU_NO_COLUMN && same_window(window, &windows->data[i])) {
            columns[i] = (*plan)->column_count + count;
            names[count] = mu_window_name(&windows->data[i].call);
            calls[count++] = windows->data[i].call;
        }
    }
    return mu_plan_window(p->scope, *plan, partitions, window->partition_count, window->keys,
                          window->order_count, calls, count, names, plan, err);
}

muster_status mu_bind_plan_windows(mu_binder *binder, mu_windows *windows, const mu_plan **plan,
                                   const uint32_t **columns, muster_error *err)
{
    const mu_scope *scope = &binder->scope;
    uint32_t *outputs;
    projection p;

    MU_TRY(open_projection(&p, scope, *plan, count_exprs(windows), err));
    MU_ARENA_TRY(outputs, scope->arena, windows->count, err);
    for (uint32_t i = 0; i < windows->count; i++) {
        const mu_bound_window *window = &windows->data[i];
        uint32_t ignored;
        outputs[i] = MU_NO_COLUMN;
        MU_TRY(find_arguments(&p, &windows->data[i].call, err));
        for (uint32_t k = 0; k < window->partition_count; k++) {
            MU_TRY(find_column(&p, window->partitions[k], &ignored, err));
        }
        for (uint32_t k = 0; k < window->order_count; k++) {
            MU_TRY(find_column(&p, window->orders[k], &ignored, err));
        }
    }
    if (p.count > p.input->column_count) {
        MU_TRY(mu_plan_project(scope, *plan, p.exprs, p.names, p.count, plan, err));
    }
    for (uint32_t i = 0; i < windows->count; i++) {
        if (outputs[i] == MU_NO_COLUMN) {
            MU_TRY(plan_window(&p, windows, i, plan, outputs, err));
        }
    }
    *columns = outputs;
    return MUSTER_OK;
}

muster_status mu_bind_place_windows(const mu_scope *scope, const mu_expr *expr,
                                    const uint32_t *columns, const mu_expr **out, muster_error *err)
{
    mu_expr *copy;
    const mu_expr **args;

    if (expr->kind == MU_EXPR_COLUMN && expr->column >= MU_WINDOW_BASE) {
        return mu_expr_column(scope, columns[expr->column - MU_WINDOW_BASE], expr->type,
                              expr->offset, out, err);
    }
    *out = expr;
    if (expr->arg_count == 0) {
        return MUSTER_OK;
    }
    MU_ARENA_TRY(copy, scope->arena, 1, err);
    MU_ARENA_TRY(args, scope->arena, expr->arg_count, err);
    *copy = *expr;
    copy->args = args;
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        MU_TRY(mu_bind_place_windows(scope, expr->args[i], columns, &args[i], err));
    }
    *out = copy;
    return MUSTER_OK;
}
