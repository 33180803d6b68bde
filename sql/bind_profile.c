/*
 * bind_profile.c - profile(audience, against => audience) and lookalike(audience, size => n):
 * what the people of an audience have more often than others, and who has the same.
 *
 * An audience is the name of one, or of a tag, between quotes; a condition on customers; or a query
 * whose first column is customers. Where a name is that of an audience and of a tag, neither is
 * taken. What the rows of the class (query/portrait.h) come to is said in SQL.
 */
#include "sql/bind_behaviour.h"

#include "query/portrait.h"

#include <inttypes.h>

enum {
    TOP = 100 /* values of a dimension that are shown, unless the call says how many */
};

/* Sets. */

static muster_status bind_name(mu_binder *binder, mu_text name, int32_t offset, const mu_set **out,
                               muster_error *err)
{
    const mu_scope *scope = &binder->scope;
    const mu_tags *tags = mu_snapshot_tags(scope->snapshot);
    const int size = (int)name.size;
    const mu_tag *found = mu_tags_find(tags, name);
    uint32_t ignored;
    const bool audience = mu_audiences_find(tags, name, &ignored) > 0;

    if (found && audience) {
        return mu_fail_at(err, MUSTER_INVALID, offset,
                          "\"%.*s\" is an audience and a tag; write in_audience('%.*s') or "
                          "has_tag('%.*s')",
                          size, name.data, size, name.data, size, name.data);
    }
    if (!found && !audience) {
        return mu_fail_at(err, MUSTER_INVALID, offset,
                          "no audience or tag \"%.*s\"; SHOW AUDIENCES and SHOW TAGS list those "
                          "that there are",
                          size, name.data);
    }
    if (audience) {
        MU_TRY(mu_set_find_audience(scope, name, 0, offset, &found, err));
    }
    return mu_set_tag(scope, found, NULL, 0, out, err);
}

static muster_status bind_members(mu_binder *binder, const mu_ast_expr *expr, const mu_set **out,
                                  muster_error *err)
{
    mu_relation relation;
    char type[32];

    MU_TRY(mu_bind_query(binder, expr->query, &relation, err));
    if (relation.plan->columns[0].type.kind != MU_CUSTOMER) {
        return mu_fail_at(err, MUSTER_INVALID, expr->start,
                          "the first column of a query that stands for an audience is customers, "
                          "not %s",
                          mu_type_name(relation.plan->columns[0].type, type));
    }
    return mu_set_query(&binder->scope, relation.plan, out, err);
}

static muster_status no_one(const mu_scope *scope, const mu_set **out, muster_error *err)
{
    return mu_set_list(scope, NULL, 0, out, err);
}

static muster_status bind_audience(mu_binder *binder, const mu_ast_expr *expr, const mu_set **out,
                                   muster_error *err)
{
    const mu_type text = {.kind = MU_TEXT};
    const uint32_t unknown = binder->unknown;
    mu_value name;

    if (expr->kind == MU_AST_SCALAR) {
        return bind_members(binder, expr, out, err);
    }
    if (expr->kind != MU_AST_TEXT && expr->kind != MU_AST_PARAMETER) {
        return mu_bind_set(binder, expr, out, err);
    }
    MU_TRY(mu_bind_constant(binder, expr, text, "an audience", &name, err));
    if (binder->unknown > unknown) {
        return no_one(&binder->scope, out, err);
    }
    if (name.null) {
        return mu_fail_at(err, MUSTER_INVALID, expr->start, "an audience has a name, not NULL");
    }
    return bind_name(binder, name.text, expr->start, out, err);
}

static muster_status without(const mu_scope *scope, const mu_set *set, const mu_set **out,
                             muster_error *err)
{
    const mu_set **args;

    MU_ARENA_TRY(args, scope->arena, 1, err);
    args[0] = set;
    return mu_set_combine(scope, MU_SET_NOT, args, 1, out, err);
}

/* Everyone, if none is given. */
static muster_status bind_against(mu_binder *binder, const mu_ast_expr *expr, const mu_set **out,
                                  muster_error *err)
{
    if (expr) {
        return bind_audience(binder, expr, out, err);
    }
    MU_TRY(no_one(&binder->scope, out, err));
    return without(&binder->scope, *out, out, err);
}

static muster_status fail_audience(const mu_behaviour_call *call, muster_error *err)
{
    return mu_fail_at(err, MUSTER_INVALID, call->offset,
                      "%s() needs an audience: 'name', a condition on customers, or a query",
                      call->name);
}

/* Plans. */

/* The conditions of the plan are whether a customer is in the sets. */
static muster_status plan_sets(const mu_behaviour_call *call, mu_behaviour_plan *plan,
                               const mu_set *const *sets, uint32_t count, muster_error *err)
{
    const mu_scope *scope = &call->binder->scope;
    const mu_expr *customer, **conditions;

    plan->source.table = mu_catalog_table(call->binder->catalog, MU_CUSTOMERS_TABLE);
    MU_ARENA_TRY(conditions, scope->arena, count, err);
    MU_TRY(mu_expr_column(scope, 0, (mu_type){.kind = MU_CUSTOMER}, call->offset, &customer, err));
    for (uint32_t i = 0; i < count; i++) {
        MU_TRY(mu_expr_in_set(scope, customer, sets[i], call->offset, &conditions[i], err));
    }
    plan->conditions = conditions;
    plan->condition_count = count;
    return MUSTER_OK;
}

muster_status mu_bind_profile(mu_behaviour_call *call, const mu_ast_items *operands,
                              const mu_plan **out, muster_error *err)
{
    static const char *const titles[] = {"audience", "against"};
    static const mu_behaviour_column columns[] = {
        [MU_PORTRAIT_NUMBER] = {.name = "number", .type = {.kind = MU_BIGINT, .bits = 64}},
        [MU_PORTRAIT_DIMENSION] = {.name = "dimension", .type = {.kind = MU_TEXT}},
        [MU_PORTRAIT_VALUE] = {.name = "value", .type = {.kind = MU_TEXT}},
        [MU_PORTRAIT_CUSTOMERS] = {.name = "customers", .type = {.kind = MU_BIGINT, .bits = 64}},
        [MU_PORTRAIT_TOTAL] = {.name = "total", .type = {.kind = MU_BIGINT, .bits = 64}},
        [MU_PORTRAIT_OTHERS] = {.name = "others", .type = {.kind = MU_BIGINT, .bits = 64}},
        [MU_PORTRAIT_OTHERS_TOTAL] = {.name = "others_total",
                                      .type = {.kind = MU_BIGINT, .bits = 64}},
    };
    mu_argument given[] = {{"audience", NULL}, {"against", NULL}, {"top", NULL}};
    mu_behaviour_plan plan = {.class = &mu_portrait_class,
                              .titles = titles,
                              .as_of_given = true,
                              .note = "attributes and tags, by their bits",
                              .columns = columns,
                              .column_count = MU_PORTRAIT_COLUMNS,
                              .own_columns = MU_PORTRAIT_COLUMNS};
    const mu_set *sets[MU_PORTRAIT_CONDITIONS];
    const mu_plan *rows;
    uint64_t top = TOP;

    MU_TRY(mu_bind_arguments(call->name, operands, given, MU_COUNT(given), 1, err));
    if (!given[0].value) {
        return fail_audience(call, err);
    }
    MU_TRY(bind_audience(call->binder, given[0].value, &sets[MU_PORTRAIT_AUDIENCE], err));
    MU_TRY(bind_against(call->binder, given[1].value, &sets[MU_PORTRAIT_AGAINST], err));
    if (given[2].value) {
        MU_TRY(mu_bind_count_of(call->binder, given[2].value, "top", 1, UINT32_MAX, &top, err));
    }
    MU_TRY(plan_sets(call, &plan, sets, MU_PORTRAIT_CONDITIONS, err));
    MU_TRY(mu_plan_behaviour(&call->binder->scope, &plan, &rows, err));
    const char *sql = mu_arena_printf(
        call->binder->scope.arena,
        "SELECT dimension, value, customers, share, against_customers, against_share, "
        "share / nullif(against_share, 0) AS lift FROM "
        "(SELECT number, dimension, value, customers, against_customers, rest, "
        "CAST(customers AS DOUBLE) / nullif(total, 0) AS share, "
        "CAST(against_customers AS DOUBLE) / nullif(others_total, 0) AS against_share FROM "
        "(SELECT number, dimension, shown AS value, sum(customers) AS customers, "
        "sum(others) AS against_customers, max(total) AS total, "
        "max(others_total) AS others_total, bool_or(place > %" PRIu64 ") AS rest FROM "
        "(SELECT *, CASE WHEN place > %" PRIu64 " THEN 'other' ELSE value END AS shown FROM "
        "(SELECT *, row_number() OVER (PARTITION BY number ORDER BY customers DESC, others DESC, "
        "value) AS place FROM it)) GROUP BY number, dimension, shown)) "
        "ORDER BY number, rest, customers DESC, against_customers DESC, value",
        top, top);
    return sql ? mu_bind_report(call, sql, rows, out, err)
               : mu_fail_memory(err, "running a statement");
}

muster_status mu_bind_lookalike(mu_behaviour_call *call, const mu_ast_items *operands,
                                const mu_plan **out, muster_error *err)
{
    static const char *const titles[] = {"audience", "outside", "asked"};
    static const mu_behaviour_column columns[] = {
        [MU_LOOKALIKE_CUSTOMER] = {.name = "customer", .type = {.kind = MU_CUSTOMER}},
        [MU_LOOKALIKE_SCORE] = {.name = "score", .type = {.kind = MU_DOUBLE}},
    };
    mu_argument given[] = {{"audience", NULL}, {"size", NULL}, {"exclude", NULL}};
    mu_behaviour_plan plan = {.class = &mu_lookalike_class,
                              .titles = titles,
                              .as_of_given = true,
                              .note = "the most alike by attributes and tags",
                              .columns = columns,
                              .column_count = MU_LOOKALIKE_COLUMNS,
                              .own_columns = MU_LOOKALIKE_COLUMNS};
    const mu_scope *scope = &call->binder->scope;
    const mu_set *sets[MU_LOOKALIKE_CONDITIONS], **asked;
    const mu_plan *rows;
    mu_lookalike *options;

    MU_TRY(mu_bind_arguments(call->name, operands, given, MU_COUNT(given), 1, err));
    if (!given[0].value) {
        return fail_audience(call, err);
    }
    if (!given[1].value) {
        return mu_behaviour_fail_missing(call, "size => 1000, how many people are wanted", err);
    }
    MU_ARENA_TRY(options, scope->arena, 1, err);
    MU_ARENA_TRY(asked, scope->arena, 2, err);
    MU_TRY(
        mu_bind_count_of(call->binder, given[1].value, "size", 1, UINT32_MAX, &options->size, err));
    MU_TRY(bind_audience(call->binder, given[0].value, &sets[MU_LOOKALIKE_AUDIENCE], err));
    MU_TRY(without(scope, sets[MU_LOOKALIKE_AUDIENCE], &sets[MU_LOOKALIKE_OUTSIDE], err));
    sets[MU_LOOKALIKE_ASKED] = asked[0] = sets[MU_LOOKALIKE_OUTSIDE];
    if (given[2].value) {
        MU_TRY(bind_audience(call->binder, given[2].value, &asked[1], err));
        MU_TRY(without(scope, asked[1], &asked[1], err));
        MU_TRY(mu_set_combine(scope, MU_SET_AND, asked, 2, &sets[MU_LOOKALIKE_ASKED], err));
    }
    plan.options = options;
    MU_TRY(plan_sets(call, &plan, sets, MU_LOOKALIKE_CONDITIONS, err));
    MU_TRY(mu_plan_behaviour(scope, &plan, &rows, err));
    const char *sql = mu_arena_printf(
        scope->arena, "SELECT customer, score FROM it ORDER BY score DESC, customer LIMIT %" PRIu64,
        options->size);
    return sql ? mu_bind_report(call, sql, rows, out, err)
               : mu_fail_memory(err, "running a statement");
}
