/*
 * func_cast.c - values of one type as values of another.
 *
 * What does not fit is an error, or NULL in try_cast. To whole numbers and to smaller scales it is
 * rounded: decimals away from zero at ties, doubles to the nearest even. Text is read and written
 * by the one pair of functions that loads and prints it. Which casts there are: mu_cast_exists().
 */
#include "query/func_time.h"
#include "storage/value.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Whole numbers and decimals. */

static muster_status fail_range(mu_type type, muster_error *err)
{
    char name[32];

    return mu_fail(err, MUSTER_INVALID, "the number does not fit %s", mu_type_name(type, name));
}

static muster_status check_bigint(int64_t value, mu_type type, muster_error *err)
{
    const int64_t largest = type.bits >= 64 ? INT64_MAX : (INT64_C(1) << (type.bits - 1)) - 1;

    if (value > largest || value < -largest - 1) {
        return mu_fail(err, MUSTER_INVALID,
                       "%" PRId64 " does not fit %s (%" PRId64 " to %" PRId64 ")", value,
                       type.bits <= 16 ? "SMALLINT" : "INTEGER", -largest - 1, largest);
    }
    return MUSTER_OK;
}

/* A scaled integer as one of another scale; BIGINT has scale 0. */
static muster_status rescale(int64_t value, mu_type from, mu_type to, int64_t *out,
                             muster_error *err)
{
    const unsigned scale = from.kind == MU_DECIMAL ? from.scale : 0;
    const unsigned wanted = to.kind == MU_DECIMAL ? to.scale : 0;

    if (wanted < scale) {
        *out = mu_divide_rounded(value, scale - wanted);
    } else if (__builtin_mul_overflow(value, mu_ten_to[wanted - scale], out)) {
        return fail_range(to, err);
    }
    if (to.kind == MU_DECIMAL && !mu_fits_decimal(*out, to.precision)) {
        return fail_range(to, err);
    }
    return to.kind == MU_BIGINT ? check_bigint(*out, to, err) : MUSTER_OK;
}

static muster_status from_f64(double value, mu_type to, int64_t *out, muster_error *err)
{
    const unsigned scale = to.kind == MU_DECIMAL ? to.scale : 0;
    const double scaled = value * (double)mu_ten_to[scale];
    const double nearest = to.kind == MU_DECIMAL ? round(scaled) : nearbyint(scaled);

    if (!(nearest >= -9223372036854775808.0 && nearest < 9223372036854775808.0)) {
        return fail_range(to, err);
    }
    *out = (int64_t)nearest;
    if (to.kind == MU_DECIMAL) {
        return mu_fits_decimal(*out, to.precision) ? MUSTER_OK : fail_range(to, err);
    }
    return check_bigint(*out, to, err);
}

static double to_f64(int64_t value, mu_type from)
{
    /* The long double keeps all 18 digits until the division. */
    return from.kind == MU_DECIMAL
               ? (double)((long double)value / (long double)mu_ten_to[from.scale])
               : (double)value;
}

/* Casts between what is an int64_t on both sides. */
static muster_status cast_i64(const mu_zone *zone, int64_t value, mu_type from, mu_type to,
                              int64_t *out, muster_error *err)
{
    *out = value;
    switch (to.kind) {
    case MU_BIGINT:
    case MU_DECIMAL:
        return rescale(value, from, to, out, err);
    case MU_DATE:
        *out = from.kind == MU_TIMESTAMP ? mu_days_of_us(mu_zone_to_local(zone, value)) : value;
        return mu_time_check(*out * MU_DAY_US, err);
    case MU_TIMESTAMP:
        *out = from.kind == MU_DATE ? mu_zone_to_utc(zone, value * MU_DAY_US) : value;
        return mu_time_check(*out, err);
    case MU_BOOLEAN:
    case MU_DOUBLE:
    case MU_TEXT:
    case MU_INTERVAL:
    case MU_CUSTOMER:
    case MU_NULL:
    case MU_BITMAP:
        break;
    }
    return MUSTER_OK;
}

/* Text. */

static muster_status from_text(const mu_func_context *context, mu_text text, mu_type to,
                               mu_value *out, muster_error *err)
{
    const mu_value_formats formats = {.zone = context->zone};

    MU_TRY(mu_value_parse(to, text, &formats, out, err));
    out->type = to;
    return MUSTER_OK;
}

static muster_status fail_customers(muster_error *err)
{
    return mu_fail(err, MUSTER_INVALID, "there are no customers here to look up");
}

static muster_status from_customer(mu_func_context *context, uint32_t ordinal, mu_type to,
                                   mu_value *out, muster_error *err)
{
    char room[MU_PACKED_ID_BYTES];
    mu_customer_id id;

    if (!context->snapshot) {
        return fail_customers(err);
    }
    const mu_customers *customers = mu_snapshot_customers(context->snapshot);
    if (ordinal >= mu_customers_count(customers)) {
        out->null = true; /* the constant of an id that no one has */
        return MUSTER_OK;
    }
    if (to.kind == MU_TEXT) {
        MU_TRY(mu_customers_format(customers, ordinal, &context->text, err));
        out->text = (mu_text){(const char *)context->text.data, (uint32_t)context->text.size};
        return context->text.failed ? mu_fail_memory(err, "writing a customer's id") : MUSTER_OK;
    }
    MU_TRY(mu_customers_id(customers, ordinal, room, &id, err));
    out->i64 = id.number;
    return MUSTER_OK;
}

static muster_status to_text(mu_func_context *context, const mu_value *value, mu_value *out,
                             muster_error *err)
{
    if (value->type.kind == MU_TEXT) {
        out->text = value->text;
        return mu_value_check_characters(out->type, value->text, err);
    }
    if (value->type.kind == MU_CUSTOMER) {
        MU_TRY(from_customer(context, value->ordinal, out->type, out, err));
        return out->null ? MUSTER_OK : mu_value_check_characters(out->type, out->text, err);
    }
    mu_value_format_in(value, context->zone, &context->text);
    if (context->text.failed) {
        return mu_fail_memory(err, "writing a value as text");
    }
    out->text = (mu_text){(const char *)context->text.data, (uint32_t)context->text.size};
    return mu_value_check_characters(out->type, out->text, err);
}

/* The functions. */

static muster_status cast_value(mu_func_context *context, const mu_value *value, mu_value *out,
                                muster_error *err)
{
    const mu_type from = value->type, to = out->type;

    if (from.kind == MU_TEXT && to.kind != MU_TEXT) {
        return from_text(context, value->text, to, out, err);
    }
    switch (to.kind) {
    case MU_TEXT:
        return to_text(context, value, out, err);
    case MU_DOUBLE:
        out->f64 = from.kind == MU_DOUBLE ? value->f64 : to_f64(value->i64, from);
        return MUSTER_OK;
    case MU_BIGINT:
    case MU_DECIMAL:
        if (from.kind == MU_CUSTOMER) {
            return from_customer(context, value->ordinal, to, out, err);
        }
        return from.kind == MU_DOUBLE
                   ? from_f64(value->f64, to, &out->i64, err)
                   : cast_i64(context->zone, value->i64, from, to, &out->i64, err);
    case MU_BOOLEAN:
        out->i64 = value->i64 != 0;
        return MUSTER_OK;
    case MU_DATE:
    case MU_TIMESTAMP:
        return cast_i64(context->zone, value->i64, from, to, &out->i64, err);
    case MU_INTERVAL:
        out->i64 = value->i64;
        out->months = value->months;
        return MUSTER_OK;
    case MU_CUSTOMER:
    case MU_NULL:
    case MU_BITMAP:
        break;
    }
    return fail_range(to, err);
}

static muster_status cast_scalar(mu_func_context *context, const mu_expr *expr,
                                 const mu_value *args, mu_value *out, muster_error *err)
{
    (void)expr;
    return cast_value(context, &args[0], out, err);
}

static muster_status try_scalar(mu_func_context *context, const mu_expr *expr, const mu_value *args,
                                mu_value *out, muster_error *err)
{
    const muster_status status = cast_value(context, &args[0], out, NULL);

    (void)expr;
    if (status == MUSTER_INVALID) {
        out->null = true;
        return MUSTER_OK;
    }
    return status == MUSTER_OK ? MUSTER_OK : cast_value(context, &args[0], out, err);
}

static muster_status vector_i64(const mu_func_call *call, muster_error *err)
{
    const mu_type from = call->args[0].type, to = call->expr->type;
    const int64_t *values = call->args[0].data;
    const mu_rows reached = {call->rows, call->live};
    const bool attempt = call->expr->func == &mu_func_try_cast;
    int64_t *out = call->data;

    MU_FOR_EACH_LIVE(row, &reached) {
        const muster_status status =
            cast_i64(call->context->zone, values[row], from, to, &out[row], attempt ? NULL : err);
        if (status != MUSTER_OK) {
            if (!attempt) {
                return status;
            }
            mu_bits_clear(call->valid, row);
        }
    }
    return MUSTER_OK;
}

static muster_status vector_f64(const mu_func_call *call)
{
    const int64_t *values = call->args[0].data;
    const mu_rows reached = {call->rows, call->live};
    double *out = call->data;

    MU_FOR_EACH_LIVE(row, &reached) {
        out[row] = to_f64(values[row], call->args[0].type);
    }
    return MUSTER_OK;
}

/* Days of times, neighbours of which mostly lie between the same two changes of the zone. False if
 * one is before or after all days there are. */
static bool vector_days(const mu_func_call *call)
{
    const int64_t *times = call->args[0].data;
    const mu_rows reached = {call->rows, call->live};
    mu_zone_span span = {0};
    int64_t *out = call->data;

    MU_FOR_EACH_LIVE(row, &reached) {
        const int64_t local_us = mu_zone_localize(call->context->zone, &span, times[row]);
        if (local_us < MU_TIME_MIN || local_us > MU_TIME_MAX) {
            return false;
        }
        out[row] = mu_days_of_us(local_us);
    }
    return true;
}

static bool cast_is_vector(const mu_expr *expr)
{
    const mu_form from = mu_type_form(expr->args[0]->type), to = mu_type_form(expr->type);

    return from == MU_FORM_I64 && (to == MU_FORM_I64 || to == MU_FORM_F64);
}

static muster_status cast_vector(const mu_func_call *call, muster_error *err)
{
    assert(cast_is_vector(call->expr));
    if (call->args[0].type.kind == MU_TIMESTAMP && call->expr->type.kind == MU_DATE &&
        vector_days(call)) {
        return MUSTER_OK;
    }
    return mu_type_form(call->expr->type) == MU_FORM_F64 ? vector_f64(call) : vector_i64(call, err);
}

/* A day may come twice where clocks went back over midnight. */
static bool cast_rises(const mu_scope *scope, const mu_expr *expr)
{
    return expr->type.kind != MU_DATE || mu_zone_rises(scope->zone, MU_UNIT_DAY);
}

const mu_func mu_func_cast = {.name = "cast",
                              .params = "a",
                              .result = ' ',
                              .flags = MU_FUNC_STRICT_FOLD | MU_FUNC_MONTHS | MU_FUNC_RISES,
                              .scalar = cast_scalar,
                              .vector = cast_vector,
                              .has_vector = cast_is_vector,
                              .rises = cast_rises};

const mu_func mu_func_try_cast = {.name = "try_cast",
                                  .params = "a",
                                  .result = ' ',
                                  .flags = MU_FUNC_STRICT_FOLD | MU_FUNC_MONTHS,
                                  .scalar = try_scalar,
                                  .vector = cast_vector,
                                  .has_vector = cast_is_vector};
