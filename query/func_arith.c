/*
 * func_arith.c - + - * / % and signs, of numbers; func_interval.c has those of times.
 *
 * What does not fit is an error, never another number. Integers divide as in C and PostgreSQL,
 * towards zero. Decimals are exact: sums have the larger scale, products the sum of the scales;
 * their quotients are DOUBLE, the one nearest to the exact quotient, since no scale fits all.
 */
#include "query/func.h"
#include "storage/value.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>

typedef enum arith {
    ADD,
    SUBTRACT,
    MULTIPLY,
    DIVIDE,
    MODULO,
    NEGATE,
    PLUS
} arith;

/* Types. */

static muster_status bind_same_scale(const mu_scope *scope, const mu_func *func,
                                     const mu_expr **args, uint32_t arg_count, int32_t offset,
                                     mu_type *result, muster_error *err)
{
    mu_type type;

    MU_TRY(mu_expr_unify(scope, args, arg_count, func->name, offset, &type, err));
    *result =
        mu_type_decimal(func->variant == MODULO ? type.precision : type.precision + 1u, type.scale);
    return MUSTER_OK;
}

static muster_status bind_product(const mu_scope *scope, const mu_func *func, const mu_expr **args,
                                  uint32_t arg_count, int32_t offset, mu_type *result,
                                  muster_error *err)
{
    const mu_type a = args[0]->type, b = args[1]->type;
    const unsigned scale = (unsigned)a.scale + b.scale;

    (void)scope;
    (void)func;
    assert(arg_count == 2);
    if (scale > 18) {
        return mu_fail_at(err, MUSTER_INVALID, offset,
                          "a product of DECIMALs of %u and %u digits behind the point would have "
                          "%u, and 18 are the limit; round one of them, or cast it to DOUBLE",
                          a.scale, b.scale, scale);
    }
    *result = mu_type_decimal((unsigned)a.precision + b.precision, scale);
    return MUSTER_OK;
}

/* Errors. */

static muster_status fail_zero(muster_error *err)
{
    return mu_fail(err, MUSTER_INVALID, "division by zero");
}

static muster_status fail_fit(const mu_expr *expr, int64_t a, int64_t b, muster_error *err)
{
    char name[32];

    if (expr->type.kind != MU_BIGINT || expr->args[0]->type.kind != MU_BIGINT) {
        return mu_fail(err, MUSTER_INVALID, "the result of \"%s\" does not fit %s",
                       expr->func->name, mu_type_name(expr->type, name));
    }
    if (expr->arg_count == 1) {
        return mu_fail(err, MUSTER_INVALID, "-(%" PRId64 ") does not fit BIGINT", a);
    }
    return mu_fail(err, MUSTER_INVALID, "%" PRId64 " %s %" PRId64 " does not fit BIGINT", a,
                   expr->func->name, b);
}

/* Integers and decimals. */

/* False if the result does not fit 64 bits. Divisors are not zero. */
static inline bool compute_i64(arith op, int64_t a, int64_t b, int64_t *out)
{
    switch (op) {
    case ADD:
        return !__builtin_add_overflow(a, b, out);
    case SUBTRACT:
        return !__builtin_sub_overflow(a, b, out);
    case MULTIPLY:
        return !__builtin_mul_overflow(a, b, out);
    case DIVIDE:
        assert(b != 0);
        *out = b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
        return b != -1 || a != INT64_MIN;
    case MODULO:
        assert(b != 0);
        *out = b == -1 ? 0 : a % b;
        return true;
    case NEGATE:
        *out = (int64_t)(0 - (uint64_t)a);
        return a != INT64_MIN;
    case PLUS:
        break;
    }
    *out = a;
    return true;
}

static muster_status checked_i64(const mu_expr *expr, int64_t a, int64_t b, int64_t *out,
                                 muster_error *err)
{
    const arith op = (arith)expr->func->variant;

    if ((op == DIVIDE || op == MODULO) && b == 0) {
        return fail_zero(err);
    }
    if (!compute_i64(op, a, b, out) ||
        (expr->type.kind == MU_DECIMAL && !mu_fits_decimal(*out, 18))) {
        return fail_fit(expr, a, b, err);
    }
    return MUSTER_OK;
}

static muster_status i64_scalar(mu_func_context *context, const mu_expr *expr, const mu_value *args,
                                mu_value *out, muster_error *err)
{
    (void)context;
    return checked_i64(expr, args[0].i64, expr->arg_count > 1 ? args[1].i64 : 0, &out->i64, err);
}

/* Computes 64 rows; bits of the result: what did not fit. */
static inline uint64_t word_i64(arith op, const int64_t *a, const int64_t *b, int64_t limit,
                                int64_t *out)
{
    uint64_t unfit = 0;

    for (unsigned i = 0; i < 64; i++) {
        const bool fits = compute_i64(op, a[i], b[i], &out[i]);
        unfit |= (uint64_t)(!fits | (out[i] >= limit) | (out[i] <= -limit)) << i;
    }
    return unfit;
}

static uint64_t any_word_i64(arith op, const int64_t *a, const int64_t *b, int64_t limit,
                             int64_t *out)
{
    switch (op) {
    case ADD:
        return word_i64(ADD, a, b, limit, out);
    case SUBTRACT:
        return word_i64(SUBTRACT, a, b, limit, out);
    case MULTIPLY:
        return word_i64(MULTIPLY, a, b, limit, out);
    case NEGATE:
        return word_i64(NEGATE, a, b, limit, out);
    case PLUS:
        return word_i64(PLUS, a, b, limit, out);
    case DIVIDE:
    case MODULO:
        break;
    }
    return UINT64_MAX; /* row by row */
}

static muster_status i64_vector(const mu_func_call *call, muster_error *err)
{
    const arith op = (arith)call->expr->func->variant;
    const int64_t *a = call->args[0].data;
    const int64_t *b = call->expr->arg_count > 1 ? call->args[1].data : a;
    const int64_t limit = call->expr->type.kind == MU_DECIMAL ? mu_ten_to[18] : INT64_MAX;
    int64_t *out = call->data;

    for (size_t w = 0; w < mu_bits_words(call->rows); w++) {
        const size_t first = w * 64;
        if (call->live[w] == 0) {
            continue;
        }
        /* The largest and smallest BIGINT come by here too, and are looked at once more. */
        uint64_t doubtful = op == DIVIDE || op == MODULO
                                ? UINT64_MAX
                                : any_word_i64(op, &a[first], &b[first], limit, &out[first]);
        for (doubtful &= call->live[w]; doubtful != 0; doubtful &= doubtful - 1) {
            const size_t row = first + mu_bits_lowest(doubtful);
            MU_TRY(checked_i64(call->expr, a[row], b[row], &out[row], err));
        }
    }
    return MUSTER_OK;
}

/* Doubles. */

static inline double compute_f64(arith op, double a, double b)
{
    switch (op) {
    case ADD:
        return a + b;
    case SUBTRACT:
        return a - b;
    case MULTIPLY:
        return a * b;
    case DIVIDE:
        return a / b;
    case MODULO:
        return fmod(a, b);
    case NEGATE:
        return -a;
    case PLUS:
        break;
    }
    return a;
}

static muster_status checked_f64(const mu_expr *expr, double a, double b, double *out,
                                 muster_error *err)
{
    const arith op = (arith)expr->func->variant;

    if ((op == DIVIDE || op == MODULO) && b == 0) {
        return fail_zero(err);
    }
    *out = compute_f64(op, a, b);
    if (!isfinite(*out) && isfinite(a) && isfinite(b)) {
        return mu_fail(err, MUSTER_INVALID, "the result of \"%s\" does not fit DOUBLE",
                       expr->func->name);
    }
    return MUSTER_OK;
}

static muster_status f64_scalar(mu_func_context *context, const mu_expr *expr, const mu_value *args,
                                mu_value *out, muster_error *err)
{
    (void)context;
    return checked_f64(expr, args[0].f64, expr->arg_count > 1 ? args[1].f64 : 1, &out->f64, err);
}

static muster_status f64_vector(const mu_func_call *call, muster_error *err)
{
    const double *a = call->args[0].data;
    const double *b = call->expr->arg_count > 1 ? call->args[1].data : a;
    const mu_rows reached = {call->rows, call->live};
    double *out = call->data;

    MU_FOR_EACH_LIVE(row, &reached) {
        MU_TRY(checked_f64(call->expr, a[row], b[row], &out[row], err));
    }
    return MUSTER_OK;
}

/* The quotient of decimals of any scales: 0.3 / 0.1 is 3 exactly. A long double holds what the
 * larger of them is scaled up to. */
static muster_status divide_decimals(const mu_expr *expr, int64_t a, int64_t b, double *out,
                                     muster_error *err)
{
    const unsigned scale_a = expr->args[0]->type.scale, scale_b = expr->args[1]->type.scale;
    long double dividend = (long double)a, divisor = (long double)b;

    if (b == 0) {
        return fail_zero(err);
    }
    if (scale_a > scale_b) {
        divisor *= (long double)mu_ten_to[scale_a - scale_b];
    } else {
        dividend *= (long double)mu_ten_to[scale_b - scale_a];
    }
    *out = (double)(dividend / divisor);
    return MUSTER_OK;
}

static muster_status quotient_scalar(mu_func_context *context, const mu_expr *expr,
                                     const mu_value *args, mu_value *out, muster_error *err)
{
    (void)context;
    return divide_decimals(expr, args[0].i64, args[1].i64, &out->f64, err);
}

static muster_status quotient_vector(const mu_func_call *call, muster_error *err)
{
    const int64_t *a = call->args[0].data, *b = call->args[1].data;
    const mu_rows reached = {call->rows, call->live};
    double *out = call->data;

    MU_FOR_EACH_LIVE(row, &reached) {
        MU_TRY(divide_decimals(call->expr, a[row], b[row], &out[row], err));
    }
    return MUSTER_OK;
}

#define I64(text, types, gives, op)                                            \
    {                                                                          \
        .name = (text), .params = (types), .result = (gives), .variant = (op), \
        .scalar = i64_scalar, .vector = i64_vector                             \
    }
#define DECIMAL(text, types, op, binder)                                                     \
    {                                                                                        \
        .name = (text), .params = (types), .result = '0', .variant = (op), .bind = (binder), \
        .scalar = i64_scalar, .vector = i64_vector                                           \
    }
#define F64(text, types, op)                                                                     \
    {                                                                                            \
        .name = (text), .params = (types), .result = 'f', .variant = (op), .scalar = f64_scalar, \
        .vector = f64_vector                                                                     \
    }
static const mu_func funcs[] = {
    I64("+", "ii", 'i', ADD),
    DECIMAL("+", "nn", ADD, bind_same_scale),
    F64("+", "ff", ADD),
    I64("+", "i", 'i', PLUS),
    DECIMAL("+", "n", PLUS, NULL),
    F64("+", "f", PLUS),
    I64("-", "ii", 'i', SUBTRACT),
    DECIMAL("-", "nn", SUBTRACT, bind_same_scale),
    F64("-", "ff", SUBTRACT),
    I64("-", "i", 'i', NEGATE),
    DECIMAL("-", "n", NEGATE, NULL),
    F64("-", "f", NEGATE),
    I64("*", "ii", 'i', MULTIPLY),
    DECIMAL("*", "nn", MULTIPLY, bind_product),
    F64("*", "ff", MULTIPLY),
    I64("/", "ii", 'i', DIVIDE),
    {.name = "/",
     .params = "nn",
     .result = 'f',
     .variant = DIVIDE,
     .scalar = quotient_scalar,
     .vector = quotient_vector},
    F64("/", "ff", DIVIDE),
    I64("%", "ii", 'i', MODULO),
    DECIMAL("%", "nn", MODULO, bind_same_scale),
    F64("%", "ff", MODULO),
    I64("mod", "ii", 'i', MODULO),
    DECIMAL("mod", "nn", MODULO, bind_same_scale),
    F64("mod", "ff", MODULO),
    I64("div", "ii", 'i', DIVIDE),
};

const mu_func_family mu_func_arith = {funcs, MU_COUNT(funcs)};
