/*
 * func_misc.c - functions of any type: coalesce, nullif, greatest, least, typeof.
 *
 * greatest and least leave NULLs out, as in PostgreSQL; they are NULL where all arguments are.
 */
#include "query/func.h"

#include <stdio.h>
#include <string.h>

/* All arguments, and the result, of one type. */
static muster_status bind_same(const mu_scope *scope, const mu_func *func, const mu_expr **args,
                               uint32_t arg_count, int32_t offset, mu_type *result,
                               muster_error *err)
{
    char what[48];

    (void)snprintf(what, sizeof what, "\"%s\"", func->name);
    return mu_expr_unify(scope, args, arg_count, what, offset, result, err);
}

static muster_status coalesce_scalar(mu_func_context *context, const mu_expr *expr,
                                     const mu_value *args, mu_value *out, muster_error *err)
{
    (void)context;
    (void)err;
    *out = mu_value_null(expr->type);
    for (uint32_t i = 0; i < expr->arg_count && out->null; i++) {
        *out = args[i];
    }
    return MUSTER_OK;
}

static muster_status nullif_scalar(mu_func_context *context, const mu_expr *expr,
                                   const mu_value *args, mu_value *out, muster_error *err)
{
    (void)context;
    (void)expr;
    (void)err;
    *out = args[0];
    if (!args[0].null && !args[1].null && mu_value_compare(&args[0], &args[1]) == 0) {
        out->null = true;
    }
    return MUSTER_OK;
}

/* Customers are less and greater by their ids, not by when they came. */
static muster_status bind_extreme(const mu_scope *scope, const mu_func *func, const mu_expr **args,
                                  uint32_t arg_count, int32_t offset, mu_type *result,
                                  muster_error *err)
{
    for (uint32_t i = 0; i < arg_count; i++) {
        if (args[i]->type.kind == MU_CUSTOMER) {
            MU_TRY(mu_expr_cast(scope, args[i], mu_scope_id_type(scope), false, args[i]->offset,
                                &args[i], err));
        }
    }
    MU_TRY(bind_same(scope, func, args, arg_count, offset, result, err));
    return mu_type_check_order(*result, func->name, offset, err);
}

enum {
    GREATEST,
    LEAST
};

static muster_status extreme_scalar(mu_func_context *context, const mu_expr *expr,
                                    const mu_value *args, mu_value *out, muster_error *err)
{
    (void)context;
    (void)err;
    *out = mu_value_null(expr->type);
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        if (args[i].null) {
            continue;
        }
        const int order = out->null ? 0 : mu_value_compare(&args[i], out);
        if (out->null || (expr->func->variant == GREATEST ? order > 0 : order < 0)) {
            *out = args[i];
        }
    }
    return MUSTER_OK;
}

/* typeof: what DESCRIBE calls the type; a customer's is that of ids. */
static muster_status typeof_scalar(mu_func_context *context, const mu_expr *expr,
                                   const mu_value *args, mu_value *out, muster_error *err)
{
    char name[32];

    (void)args;
    mu_type_name(expr->args[0]->type, name);
    mu_write_bytes(&context->text, name, strlen(name));
    out->text = (mu_text){(const char *)context->text.data, (uint32_t)context->text.size};
    return context->text.failed ? mu_fail_memory(err, "naming a type") : MUSTER_OK;
}

static muster_status bind_typeof(const mu_scope *scope, const mu_func *func, const mu_expr **args,
                                 uint32_t arg_count, int32_t offset, mu_type *result,
                                 muster_error *err)
{
    (void)func;
    (void)arg_count;
    (void)offset;
    *result = mu_type_of_letter('t');
    return args[0]->type.kind == MU_CUSTOMER
               ? mu_expr_coerce(scope, args[0], mu_scope_id_type(scope), &args[0], err)
               : MUSTER_OK;
}

/* Each value as text, with its length behind it. Zero has one sign. */
static muster_status tuple_scalar(mu_func_context *context, const mu_expr *expr,
                                  const mu_value *args, mu_value *out, muster_error *err)
{
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        const size_t before = context->text.size;
        const mu_value ordinal = {.type = mu_type_of_letter('i'), .i64 = args[i].ordinal};
        mu_value value = args[i].type.kind == MU_CUSTOMER ? ordinal : args[i];
        if (value.type.kind == MU_DOUBLE) {
            value.f64 = value.f64 == 0 ? 0 : value.f64;
        }
        if (value.type.kind == MU_BITMAP) {
            mu_write_bytes(&context->text, value.text.data, value.text.size);
        } else {
            mu_value_format(&value, &context->text);
        }
        const mu_value size = {.type = mu_type_of_letter('i'),
                               .i64 = (int64_t)(context->text.size - before)};
        mu_write_u8(&context->text, ':');
        mu_value_format(&size, &context->text);
    }
    out->text = (mu_text){(const char *)context->text.data, (uint32_t)context->text.size};
    return context->text.failed ? mu_fail_memory(err, "comparing several values") : MUSTER_OK;
}

const mu_func mu_func_tuple = {
    .name = "tuple", .params = "a*", .result = ' ', .scalar = tuple_scalar};

static const mu_func funcs[] = {
    {.name = "typeof",
     .params = "a",
     .result = ' ',
     .flags = MU_FUNC_NULLS | MU_FUNC_MONTHS,
     .bind = bind_typeof,
     .scalar = typeof_scalar},
    {.name = "nvl",
     .params = "aa",
     .result = ' ',
     .flags = MU_FUNC_NULLS | MU_FUNC_LAZY,
     .bind = bind_same,
     .scalar = coalesce_scalar},
    {.name = "coalesce",
     .params = "a*",
     .result = ' ',
     .flags = MU_FUNC_NULLS | MU_FUNC_LAZY,
     .bind = bind_same,
     .scalar = coalesce_scalar},
    {.name = "ifnull",
     .params = "aa",
     .result = ' ',
     .flags = MU_FUNC_NULLS | MU_FUNC_LAZY,
     .bind = bind_same,
     .scalar = coalesce_scalar},
    {.name = "nullif",
     .params = "aa",
     .result = ' ',
     .flags = MU_FUNC_NULLS,
     .bind = bind_same,
     .scalar = nullif_scalar},
    {.name = "greatest",
     .params = "a*",
     .result = ' ',
     .flags = MU_FUNC_NULLS,
     .variant = GREATEST,
     .bind = bind_extreme,
     .scalar = extreme_scalar},
    {.name = "least",
     .params = "a*",
     .result = ' ',
     .flags = MU_FUNC_NULLS,
     .variant = LEAST,
     .bind = bind_extreme,
     .scalar = extreme_scalar},
};

const mu_func_family mu_func_misc = {funcs, MU_COUNT(funcs)};
