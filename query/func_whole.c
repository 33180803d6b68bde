/*
 * func_whole.c - functions of whole numbers: their bits, gcd, lcm, factorial, width_bucket.
 *
 * Bits are those of 64-bit numbers, as in PostgreSQL: what is shifted out is lost, and >> keeps the
 * sign. All else is an error where it does not fit.
 */
#include "query/func.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>

typedef enum bits {
    AND,
    OR,
    XOR,
    NOT,
    LEFT,
    RIGHT,
    COUNT
} bits;

static muster_status bits_scalar(mu_func_context *context, const mu_expr *expr,
                                 const mu_value *args, mu_value *out, muster_error *err)
{
    const int64_t a = args[0].i64, b = expr->arg_count > 1 ? args[1].i64 : 0;
    const bits what = (bits)expr->func->variant;

    (void)context;
    if ((what == LEFT || what == RIGHT) && (b < 0 || b > 63)) {
        return mu_fail(err, MUSTER_INVALID, "bits are shifted by 0 to 63, not by %" PRId64, b);
    }
    switch (what) {
    case AND:
        out->i64 = a & b;
        break;
    case OR:
        out->i64 = a | b;
        break;
    case XOR:
        out->i64 = a ^ b;
        break;
    case NOT:
        out->i64 = ~a;
        break;
    case LEFT:
        out->i64 = (int64_t)((uint64_t)a << b);
        break;
    case RIGHT:
        out->i64 = a >> b;
        break;
    case COUNT:
        out->i64 = __builtin_popcountll((uint64_t)a);
        break;
    }
    return MUSTER_OK;
}

enum {
    GCD,
    LCM
};

static muster_status divisor_scalar(mu_func_context *context, const mu_expr *expr,
                                    const mu_value *args, mu_value *out, muster_error *err)
{
    uint64_t a = args[0].i64 < 0 ? 0 - (uint64_t)args[0].i64 : (uint64_t)args[0].i64;
    uint64_t b = args[1].i64 < 0 ? 0 - (uint64_t)args[1].i64 : (uint64_t)args[1].i64;
    const uint64_t first = a, second = b;
    uint64_t result;

    (void)context;
    while (b != 0) {
        const uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    result = a;
    if (expr->func->variant == LCM && a != 0 &&
        __builtin_mul_overflow(first / a, second, &result)) {
        result = UINT64_MAX;
    }
    if (result > INT64_MAX) {
        return mu_fail(err, MUSTER_INVALID, "%s(%" PRId64 ", %" PRId64 ") does not fit BIGINT",
                       expr->func->name, args[0].i64, args[1].i64);
    }
    out->i64 = (int64_t)result;
    return MUSTER_OK;
}

static muster_status factorial_scalar(mu_func_context *context, const mu_expr *expr,
                                      const mu_value *args, mu_value *out, muster_error *err)
{
    const int64_t n = args[0].i64;

    (void)context;
    (void)expr;
    if (n < 0 || n > 20) {
        return mu_fail(err, MUSTER_INVALID, "factorial(%" PRId64 ") is %s", n,
                       n < 0 ? "not defined" : "larger than BIGINT");
    }
    out->i64 = 1;
    for (int64_t i = 2; i <= n; i++) {
        out->i64 *= i;
    }
    return MUSTER_OK;
}

/* The number of the bucket, of so many equal ones from low to high, that a value falls into: 0
 * below them, one more than there are above; low may be the larger. */
static muster_status bucket_scalar(mu_func_context *context, const mu_expr *expr,
                                   const mu_value *args, mu_value *out, muster_error *err)
{
    const double value = args[0].f64, low = args[1].f64, high = args[2].f64;
    const int64_t count = args[3].i64;

    (void)context;
    (void)expr;
    if (count < 1 || count > INT32_MAX || !isfinite(low) || !isfinite(high) || low == high ||
        isnan(value)) {
        return mu_fail(err, MUSTER_INVALID,
                       "width_bucket(x, low, high, count) takes two different bounds and 1 to %d "
                       "buckets",
                       INT32_MAX);
    }
    const bool rising = low < high;
    if (rising ? value < low : value > low) {
        out->i64 = 0;
    } else if (rising ? value >= high : value <= high) {
        out->i64 = count + 1;
    } else {
        const double place = floor((double)count * ((value - low) / (high - low)));
        out->i64 = place >= (double)count ? count : (int64_t)place + 1;
    }
    return MUSTER_OK;
}

#define WHOLE(text, types, what, function)                                                        \
    {                                                                                             \
        .name = (text), .params = (types), .result = 'i', .variant = (what), .scalar = (function) \
    }

static const mu_func funcs[] = {
    WHOLE("&", "ii", AND, bits_scalar),
    WHOLE("|", "ii", OR, bits_scalar),
    WHOLE("xor", "ii", XOR, bits_scalar),
    WHOLE("~", "i", NOT, bits_scalar),
    WHOLE("<<", "ii", LEFT, bits_scalar),
    WHOLE(">>", "ii", RIGHT, bits_scalar),
    WHOLE("bit_count", "i", COUNT, bits_scalar),
    WHOLE("gcd", "ii", GCD, divisor_scalar),
    WHOLE("lcm", "ii", LCM, divisor_scalar),
    WHOLE("factorial", "i", 0, factorial_scalar),
    WHOLE("width_bucket", "fffi", 0, bucket_scalar),
};

const mu_func_family mu_func_whole = {funcs, MU_COUNT(funcs)};
