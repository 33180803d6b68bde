/*
 * func_math.c - functions of numbers.
 *
 * abs, sign, round, floor, ceil and trunc keep whole numbers and decimals exact; round takes ties
 * away from zero for every type. sqrt, power, ln and the like are of DOUBLE, and an error where
 * there is no such number.
 */
#include "query/func.h"
#include "storage/value.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>

/* Rounding. */

typedef enum rounding {
    ROUND,
    FLOOR,
    CEILING,
    TRUNCATE
} rounding;

/* value / 10^digits */
static int64_t divide(rounding how, int64_t value, unsigned digits)
{
    const int64_t divisor = mu_ten_to[digits];
    const int64_t quotient = value / divisor, rest = value % divisor;

    switch (how) {
    case ROUND:
        return mu_divide_rounded(value, digits);
    case FLOOR:
        return quotient - (rest < 0);
    case CEILING:
        return quotient + (rest > 0);
    case TRUNCATE:
        break;
    }
    return quotient;
}

/* The digits asked for, where that is a constant; 0 without the argument. */
static bool constant_digits(const mu_expr *const *args, uint32_t arg_count, int64_t *digits)
{
    *digits = 0;
    if (arg_count < 2) {
        return true;
    }
    *digits = args[1]->value.i64;
    return args[1]->kind == MU_EXPR_CONST && !args[1]->value.null;
}

/* The scale becomes what was asked for, where that is constant and smaller; else it stays. */
static muster_status bind_round(const mu_scope *scope, const mu_func *func, const mu_expr **args,
                                uint32_t arg_count, int32_t offset, mu_type *result,
                                muster_error *err)
{
    const mu_type type = args[0]->type;
    int64_t digits;

    (void)scope;
    (void)func;
    (void)offset;
    (void)err;
    *result = type;
    if (constant_digits(args, arg_count, &digits) && digits < type.scale) {
        const unsigned scale = digits < 0 ? 0 : (unsigned)digits;
        *result = mu_type_decimal((unsigned)type.precision - type.scale + scale + 1, scale);
    }
    return MUSTER_OK;
}

/* A number of `scale` digits behind the point, cut to `digits` of them, in units of 10^-kept. */
static muster_status round_i64(rounding how, int64_t value, unsigned scale, int64_t digits,
                               unsigned kept, int64_t *out, muster_error *err)
{
    if (digits >= (int64_t)scale) {
        assert(kept == scale);
        *out = value;
        return MUSTER_OK;
    }
    const int64_t dropped = (int64_t)scale - digits;
    if (digits < -18 || dropped > 18) {
        *out = 0;
        return MUSTER_OK;
    }
    const int64_t units = divide(how, value, (unsigned)dropped);
    if (__builtin_mul_overflow(units, mu_ten_to[(int64_t)kept - digits], out)) {
        return mu_fail(err, MUSTER_INVALID, "the rounded number does not fit");
    }
    return MUSTER_OK;
}

static muster_status round_exact_scalar(mu_func_context *context, const mu_expr *expr,
                                        const mu_value *args, mu_value *out, muster_error *err)
{
    (void)context;
    return round_i64((rounding)expr->func->variant, args[0].i64, args[0].type.scale,
                     expr->arg_count > 1 ? args[1].i64 : 0, expr->type.scale, &out->i64, err);
}

static double round_f64(rounding how, double value)
{
    switch (how) {
    case ROUND:
        return round(value);
    case FLOOR:
        return floor(value);
    case CEILING:
        return ceil(value);
    case TRUNCATE:
        break;
    }
    return trunc(value);
}

static muster_status round_f64_scalar(mu_func_context *context, const mu_expr *expr,
                                      const mu_value *args, mu_value *out, muster_error *err)
{
    const int64_t digits = expr->arg_count > 1 ? args[1].i64 : 0;
    const rounding how = (rounding)expr->func->variant;

    (void)context;
    (void)err;
    out->f64 = args[0].f64;
    if (digits > 300 || !isfinite(args[0].f64)) {
        return MUSTER_OK;
    }
    if (digits < -300) {
        out->f64 = 0;
    } else if (digits > 0) {
        const double factor = pow(10, (double)digits), scaled = args[0].f64 * factor;
        out->f64 = isfinite(scaled) ? round_f64(how, scaled) / factor : args[0].f64;
    } else {
        const double factor = pow(10, (double)-digits);
        out->f64 = round_f64(how, args[0].f64 / factor) * factor;
    }
    return MUSTER_OK;
}

/* Abs, sign. */

static muster_status abs_scalar(mu_func_context *context, const mu_expr *expr, const mu_value *args,
                                mu_value *out, muster_error *err)
{
    (void)context;
    if (expr->type.kind == MU_DOUBLE) {
        out->f64 = fabs(args[0].f64);
        return MUSTER_OK;
    }
    if (args[0].i64 == INT64_MIN) {
        return mu_fail(err, MUSTER_INVALID, "abs(%" PRId64 ") does not fit BIGINT", args[0].i64);
    }
    out->i64 = args[0].i64 < 0 ? -args[0].i64 : args[0].i64;
    return MUSTER_OK;
}

static muster_status sign_scalar(mu_func_context *context, const mu_expr *expr,
                                 const mu_value *args, mu_value *out, muster_error *err)
{
    (void)context;
    (void)err;
    if (expr->args[0]->type.kind == MU_DOUBLE) {
        out->i64 = (args[0].f64 > 0) - (args[0].f64 < 0);
    } else {
        out->i64 = (args[0].i64 > 0) - (args[0].i64 < 0);
    }
    return MUSTER_OK;
}

/* Doubles. */

typedef enum math {
    SQRT,
    CBRT,
    LN,
    LOG10,
    LOG2,
    EXP,
    POWER,
    PI,
    LOG_OF, /* log(base, x) */
    SIN,
    COS,
    TAN,
    COT,
    ASIN,
    ACOS,
    ATAN,
    ATAN2,
    SINH,
    COSH,
    TANH,
    DEGREES,
    RADIANS
} math;

static bool has_result(math what, double a, double b)
{
    switch (what) {
    case SQRT:
        return a >= 0;
    case LN:
    case LOG10:
    case LOG2:
        return a > 0;
    case POWER:
        return !(a == 0 && b < 0) && !(a < 0 && b != floor(b));
    case LOG_OF:
        return a > 0 && a != 1 && b > 0;
    case SIN:
    case COS:
    case TAN:
        return !isinf(a);
    case COT:
        return !isinf(a) && a != 0;
    case ASIN:
    case ACOS:
        return !(a < -1) && !(a > 1);
    case CBRT:
    case EXP:
    case PI:
    case ATAN:
    case ATAN2:
    case SINH:
    case COSH:
    case TANH:
    case DEGREES:
    case RADIANS:
        break;
    }
    return true;
}

static const double pi = 3.14159265358979323846;

static double angle_of(math what, double a, double b)
{
    switch (what) {
    case SIN:
        return sin(a);
    case COS:
        return cos(a);
    case TAN:
        return tan(a);
    case COT:
        return 1 / tan(a);
    case ASIN:
        return asin(a);
    case ACOS:
        return acos(a);
    case ATAN:
        return atan(a);
    case ATAN2:
        return atan2(a, b);
    case SINH:
        return sinh(a);
    case COSH:
        return cosh(a);
    case TANH:
        return tanh(a);
    case DEGREES:
        return a * (180 / pi);
    case RADIANS:
        return a * (pi / 180);
    case SQRT:
    case CBRT:
    case LN:
    case LOG10:
    case LOG2:
    case EXP:
    case POWER:
    case PI:
    case LOG_OF:
        break;
    }
    return pi;
}

/* That of the library may be off by its last bit, even of 27. */
static double cube_root(double a)
{
    const double root = cbrt(a), square = root * root;

    return square > 0 && isfinite(square) ? root - (square * root - a) / (3 * square) : root;
}

static double result_of(math what, double a, double b)
{
    switch (what) {
    case SQRT:
        return sqrt(a);
    case CBRT:
        return cube_root(a);
    case LN:
        return log(a);
    case LOG10:
        return log10(a);
    case LOG2:
        return log2(a);
    case EXP:
        return exp(a);
    case POWER:
        return pow(a, b);
    case LOG_OF:
        return log(b) / log(a);
    case PI:
    case SIN:
    case COS:
    case TAN:
    case COT:
    case ASIN:
    case ACOS:
    case ATAN:
    case ATAN2:
    case SINH:
    case COSH:
    case TANH:
    case DEGREES:
    case RADIANS:
        break;
    }
    return angle_of(what, a, b);
}

static muster_status math_scalar(mu_func_context *context, const mu_expr *expr,
                                 const mu_value *args, mu_value *out, muster_error *err)
{
    const double a = expr->arg_count > 0 ? args[0].f64 : 0;
    const double b = expr->arg_count > 1 ? args[1].f64 : 0;
    const math what = (math)expr->func->variant;

    (void)context;
    if (!has_result(what, a, b)) {
        return what == POWER || what == LOG_OF
                   ? mu_fail(err, MUSTER_INVALID, "%s(%g, %g) is not a number", expr->func->name, a,
                             b)
                   : mu_fail(err, MUSTER_INVALID, "%s(%g) is not a number", expr->func->name, a);
    }
    out->f64 = result_of(what, a, b);
    if (!isfinite(out->f64) && isfinite(a) && isfinite(b)) {
        return mu_fail(err, MUSTER_INVALID, "the result of \"%s\" does not fit DOUBLE",
                       expr->func->name);
    }
    return MUSTER_OK;
}

enum {
    IS_NAN,
    IS_INFINITE,
    IS_FINITE
};

static muster_status class_scalar(mu_func_context *context, const mu_expr *expr,
                                  const mu_value *args, mu_value *out, muster_error *err)
{
    const double a = args[0].f64;

    (void)context;
    (void)err;
    out->i64 = expr->func->variant == IS_NAN        ? isnan(a)
               : expr->func->variant == IS_INFINITE ? isinf(a)
                                                    : isfinite(a);
    out->i64 = out->i64 != 0;
    return MUSTER_OK;
}

#define CLASS(text, what)                                                                       \
    {                                                                                           \
        .name = (text), .params = "f", .result = 'b', .variant = (what), .scalar = class_scalar \
    }
#define EXACT(text, types, how)                                                                 \
    {                                                                                           \
        .name = (text), .params = (types), .result = '0', .variant = (how), .bind = bind_round, \
        .scalar = round_exact_scalar                                                            \
    }
#define WHOLE(text, types, how)                                             \
    {                                                                       \
        .name = (text), .params = (types), .result = 'i', .variant = (how), \
        .scalar = round_exact_scalar                                        \
    }
#define ROUNDED(text, types, how)                                           \
    {                                                                       \
        .name = (text), .params = (types), .result = 'f', .variant = (how), \
        .scalar = round_f64_scalar                                          \
    }
#define MATH(text, types, what)                                                                    \
    {                                                                                              \
        .name = (text), .params = (types), .result = 'f', .variant = (what), .scalar = math_scalar \
    }
#define SIMPLE(text, types, gives, function)                                       \
    {                                                                              \
        .name = (text), .params = (types), .result = (gives), .scalar = (function) \
    }

static const mu_func funcs[] = {
    WHOLE("round", "i", ROUND),
    EXACT("round", "n", ROUND),
    ROUNDED("round", "f", ROUND),
    WHOLE("round", "ii", ROUND),
    EXACT("round", "ni", ROUND),
    ROUNDED("round", "fi", ROUND),
    WHOLE("floor", "i", FLOOR),
    EXACT("floor", "n", FLOOR),
    ROUNDED("floor", "f", FLOOR),
    WHOLE("ceil", "i", CEILING),
    EXACT("ceil", "n", CEILING),
    ROUNDED("ceil", "f", CEILING),
    WHOLE("ceiling", "i", CEILING),
    EXACT("ceiling", "n", CEILING),
    ROUNDED("ceiling", "f", CEILING),
    WHOLE("trunc", "i", TRUNCATE),
    EXACT("trunc", "n", TRUNCATE),
    ROUNDED("trunc", "f", TRUNCATE),
    WHOLE("trunc", "ii", TRUNCATE),
    EXACT("trunc", "ni", TRUNCATE),
    ROUNDED("trunc", "fi", TRUNCATE),
    SIMPLE("abs", "i", 'i', abs_scalar),
    SIMPLE("abs", "n", '0', abs_scalar),
    SIMPLE("abs", "f", 'f', abs_scalar),
    SIMPLE("sign", "i", 'i', sign_scalar),
    SIMPLE("sign", "n", 'i', sign_scalar),
    SIMPLE("sign", "f", 'i', sign_scalar),
    MATH("sqrt", "f", SQRT),
    MATH("cbrt", "f", CBRT),
    MATH("ln", "f", LN),
    MATH("log", "f", LOG10),
    MATH("log10", "f", LOG10),
    MATH("log2", "f", LOG2),
    MATH("exp", "f", EXP),
    MATH("power", "ff", POWER),
    MATH("pow", "ff", POWER),
    MATH("pi", "", PI),
    MATH("log", "ff", LOG_OF),
    MATH("sin", "f", SIN),
    MATH("cos", "f", COS),
    MATH("tan", "f", TAN),
    MATH("cot", "f", COT),
    MATH("asin", "f", ASIN),
    MATH("acos", "f", ACOS),
    MATH("atan", "f", ATAN),
    MATH("atan2", "ff", ATAN2),
    MATH("sinh", "f", SINH),
    MATH("cosh", "f", COSH),
    MATH("tanh", "f", TANH),
    MATH("degrees", "f", DEGREES),
    MATH("radians", "f", RADIANS),
    CLASS("isnan", IS_NAN),
    CLASS("isinf", IS_INFINITE),
    CLASS("isfinite", IS_FINITE),
};

const mu_func_family mu_func_math = {funcs, MU_COUNT(funcs)};
