/*
 * window.c - the functions that need a window, and the making of their calls.
 */
#include "query/window.h"

#include "query/func.h"
#include "storage/catalog.h"

#include <assert.h>

/* params: as in func.h; '0' is the type of the first argument. What stands behind a '[' may be left
 * out. */
typedef struct window_func {
    const char *name;
    mu_window_kind kind;
    const char *params;
    char result; /* a letter, or '0' */
    bool picks;  /* one of the values; may ignore NULLs */
} window_func;

static const window_func funcs[] = {
    {"row_number", MU_WINDOW_ROW_NUMBER, "", 'i', false},
    {"rank", MU_WINDOW_RANK, "", 'i', false},
    {"dense_rank", MU_WINDOW_DENSE_RANK, "", 'i', false},
    {"percent_rank", MU_WINDOW_PERCENT_RANK, "", 'f', false},
    {"cume_dist", MU_WINDOW_CUME_DIST, "", 'f', false},
    {"ntile", MU_WINDOW_NTILE, "i", 'i', false},
    {"value_bucket", MU_WINDOW_BUCKET, "ai", 'i', false},
    {"lag", MU_WINDOW_LAG, "a[i0", '0', true},
    {"lead", MU_WINDOW_LEAD, "a[i0", '0', true},
    {"first_value", MU_WINDOW_FIRST_VALUE, "a", '0', true},
    {"last_value", MU_WINDOW_LAST_VALUE, "a", '0', true},
    {"nth_value", MU_WINDOW_NTH_VALUE, "ai", '0', true},
};

static const window_func *find(const char *name)
{
    for (size_t i = 0; i < MU_COUNT(funcs); i++) {
        if (mu_name_equal(funcs[i].name, name)) {
            return &funcs[i];
        }
    }
    return NULL;
}

bool mu_window_is(const char *name)
{
    return find(name) != NULL;
}

const char *mu_window_name_at(size_t i)
{
    return i < MU_COUNT(funcs) ? funcs[i].name : NULL;
}

const char *mu_window_name(const mu_window_call *call)
{
    for (size_t i = 0; i < MU_COUNT(funcs); i++) {
        if (funcs[i].kind == call->kind) {
            return funcs[i].name;
        }
    }
    return mu_agg_name(call->agg.agg);
}

/* How many arguments the function takes, and how many it needs. */
static uint32_t count_params(const window_func *func, uint32_t *least)
{
    uint32_t count = 0;

    *least = UINT32_MAX;
    for (const char *at = func->params; *at; at++) {
        if (*at == '[') {
            *least = count;
        } else {
            count++;
        }
    }
    *least = *least == UINT32_MAX ? count : *least;
    return count;
}

static char param_of(const window_func *func, uint32_t i)
{
    const char *at = func->params;

    for (;; at++) {
        if (*at != '[' && i-- == 0) {
            return *at;
        }
    }
}

static muster_status cast_args(const mu_scope *scope, const window_func *func, const mu_expr **args,
                               uint32_t arg_count, int32_t offset, muster_error *err)
{
    mu_type type;

    for (uint32_t i = 0; i < arg_count; i++) {
        const char letter = param_of(func, i);
        if (letter == '0') {
            const mu_expr *both[] = {args[0], args[i]};
            MU_TRY(mu_expr_unify(scope, both, 2, func->name, offset, &type, err));
            args[0] = both[0];
            args[i] = both[1];
        } else if (letter != 'a') {
            MU_TRY(mu_expr_coerce(scope, args[i], mu_type_of_letter(letter), &args[i], err));
        }
    }
    return MUSTER_OK;
}

/* A number, a date or a time; or nothing yet. */
static bool has_distance(mu_type type)
{
    return type.kind == MU_BIGINT || type.kind == MU_DECIMAL || type.kind == MU_DOUBLE ||
           type.kind == MU_DATE || type.kind == MU_TIMESTAMP || type.kind == MU_NULL;
}

muster_status mu_window_call_make(const mu_scope *scope, const char *name,
                                  const mu_expr *const *args, uint32_t arg_count, bool ignore_nulls,
                                  int32_t offset, mu_window_call *out, muster_error *err)
{
    const window_func *func = find(name);
    uint32_t least;
    const uint32_t most = count_params(func, &least);
    const mu_expr **cast;
    char typed[32];

    if (arg_count < least || arg_count > most) {
        return mu_fail_at(err, MUSTER_INVALID, offset, "\"%s\" takes %s%u argument%s, not %u",
                          func->name, least < most ? "1 to " : "", most, most == 1 ? "" : "s",
                          arg_count);
    }
    if (ignore_nulls && !func->picks) {
        return mu_fail_at(err, MUSTER_INVALID, offset,
                          "IGNORE NULLS belongs to lag, lead, first_value, last_value and "
                          "nth_value; \"%s\" reads no values",
                          func->name);
    }
    MU_ARENA_TRY(cast, scope->arena, arg_count, err);
    for (uint32_t i = 0; i < arg_count; i++) {
        cast[i] = args[i];
    }
    MU_TRY(cast_args(scope, func, cast, arg_count, offset, err));
    if (func->kind == MU_WINDOW_BUCKET && !has_distance(cast[0]->type)) {
        return mu_fail_at(err, MUSTER_INVALID, offset,
                          "\"%s\" takes a number, a date or a time first, not %s", func->name,
                          mu_type_name(cast[0]->type, typed));
    }
    *out = (mu_window_call){.kind = func->kind,
                            .type = func->result == '0' ? cast[0]->type
                                                        : mu_type_of_letter(func->result),
                            .arg_count = arg_count,
                            .args = cast,
                            .ignore_nulls = ignore_nulls};
    return MUSTER_OK;
}

static bool is_negative(const mu_value *offset)
{
    return offset->type.kind == MU_DOUBLE ? !(offset->f64 >= 0)
                                          : offset->i64 < 0 || offset->months < 0;
}

static bool is_null(const mu_expr *expr)
{
    return expr->kind == MU_EXPR_CONST && expr->value.null;
}

muster_status mu_frame_offset(const mu_scope *scope, mu_type key, const mu_expr *given,
                              mu_value *out, muster_error *err)
{
    const bool times = key.kind == MU_DATE || key.kind == MU_TIMESTAMP || key.kind == MU_INTERVAL;
    /* Wider than the key may be: a distance beyond all of them is none. */
    const mu_type wanted = times ? (mu_type){.kind = MU_INTERVAL}
                           : key.kind == MU_DECIMAL
                               ? mu_type_decimal(18, key.scale)
                               : mu_type_of_letter(key.kind == MU_DOUBLE ? 'f' : 'i');
    const mu_expr *cast = given;
    char name[32];

    if (scope->sketch && (key.kind == MU_NULL || is_null(given))) {
        *out = (mu_value){.type = wanted};
        return MUSTER_OK;
    }
    if (!times && key.kind != MU_BIGINT && key.kind != MU_DECIMAL && key.kind != MU_DOUBLE) {
        return mu_fail_at(err, MUSTER_INVALID, given->offset,
                          "RANGE with a distance needs an order by numbers, dates or times, not by "
                          "%s; ROWS counts rows of any order",
                          mu_type_name(key, name));
    }
    if (times != (given->type.kind == MU_INTERVAL) ||
        (key.kind == MU_BIGINT && given->type.kind != MU_BIGINT) ||
        (key.kind == MU_DECIMAL && given->type.kind == MU_DECIMAL &&
         given->type.scale > key.scale)) {
        return mu_fail_at(err, MUSTER_INVALID, given->offset,
                          "a distance in RANGE is %s here, as the order is by %s",
                          times                    ? "an INTERVAL"
                          : key.kind == MU_BIGINT  ? "a whole number"
                          : key.kind == MU_DECIMAL ? "a number with no more digits behind the point"
                                                   : "a number",
                          mu_type_name(key, name));
    }
    MU_TRY(mu_expr_cast(scope, given, wanted, false, given->offset, &cast, err));
    if (cast->kind != MU_EXPR_CONST || cast->value.null || is_negative(&cast->value) ||
        (key.kind == MU_INTERVAL && cast->value.months != 0)) {
        return mu_fail_at(err, MUSTER_INVALID, given->offset,
                          "a distance in a frame is a constant that is not negative%s",
                          key.kind == MU_INTERVAL ? ", and among intervals not of months" : "");
    }
    *out = cast->value;
    return MUSTER_OK;
}
