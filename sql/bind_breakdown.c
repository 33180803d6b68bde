/*
 * bind_breakdown.c - by => expression, top => n.
 */
#include "sql/bind_breakdown.h"

#include <inttypes.h>

const char *mu_breakdown_quote(mu_arena *arena, const char *name)
{
    char *quoted = mu_arena_alloc(arena, 2 * strlen(name) + 3);
    size_t size = 0;

    if (!quoted) {
        return NULL;
    }
    quoted[size++] = '"';
    for (; *name; name++) {
        if (*name == '"') {
            quoted[size++] = '"';
        }
        quoted[size++] = *name;
    }
    quoted[size++] = '"';
    quoted[size] = '\0';
    return quoted;
}

muster_status mu_breakdown_bind(const mu_behaviour_call *call, const mu_ast_expr *by,
                                const mu_ast_expr *top, mu_breakdown *out, muster_error *err)
{
    const mu_scope *scope = &call->binder->scope;
    const char *name;

    *out = (mu_breakdown){0};
    if (top && !by) {
        return mu_fail_at(err, MUSTER_INVALID, top->offset,
                          "top says how many values of by => are kept, and there is no by");
    }
    if (!by) {
        return MUSTER_OK;
    }
    MU_TRY(mu_bind_expr(&call->place, by, &out->by, err));
    MU_TRY(mu_plan_name_of(scope, call->events.plan, out->by, &name, err));
    out->name = mu_breakdown_quote(scope->arena, name);
    if (!out->name) {
        return mu_fail_memory(err, "running a statement");
    }
    return top ? mu_bind_count_of(call->binder, top, "top", 1, UINT32_MAX, &out->top, err)
               : MUSTER_OK;
}

/* Keys are compared that are never NULL, since the NULLs may be among the values that are kept. */
muster_status mu_breakdown_keep(const mu_behaviour_call *call, const mu_breakdown *breakdown,
                                const char *customers, const mu_plan *rows, const mu_plan **out,
                                muster_error *err)
{
    const char *sql;

    *out = rows;
    if (breakdown->top == 0) {
        return MUSTER_OK;
    }
    sql = mu_arena_printf(
        call->binder->scope.arena,
        "SELECT *, CASE WHEN EXISTS (SELECT 1 FROM "
        "(SELECT part FROM it GROUP BY part ORDER BY %s DESC, part NULLS LAST LIMIT %" PRIu64 ") "
        "AS best WHERE coalesce('=' || CAST(best.part AS TEXT), '') = "
        "coalesce('=' || CAST(it.part AS TEXT), '')) "
        "THEN CAST(part AS TEXT) ELSE 'other' END AS shown FROM it",
        customers, breakdown->top);
    return sql ? mu_bind_report(call, sql, rows, out, err)
               : mu_fail_memory(err, "running a statement");
}

const char *mu_breakdown_column(const mu_breakdown *breakdown)
{
    return breakdown->top > 0 ? "shown" : "part";
}

const char *mu_breakdown_item(const mu_behaviour_call *call, const mu_breakdown *breakdown)
{
    return breakdown->by ? mu_arena_printf(call->binder->scope.arena, "%s AS %s, ",
                                           mu_breakdown_column(breakdown), breakdown->name)
                         : "";
}
