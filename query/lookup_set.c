/*
 * lookup_set.c - conditions on what is looked up of a customer, as sets.
 *
 * Who has no row meets the condition or not, whatever the rows are: that is computed at once, from
 * the value there is otherwise. Where they do meet it, the rows give those who do not, and the set
 * is all others.
 */
#include "query/lookup_set.h"

#include "query/lookup.h"

/* The set that was made of a condition, over the rows. */
struct mu_lookup_asked {
    const mu_expr *condition;
    const mu_set *set;
    const mu_lookup_asked *next;
};

/* Whether the condition speaks of what *lookup, which is found by the first place where there is
 * one, has for the customer, and of nothing else. */
static bool is_about(const mu_expr *expr, const mu_lookup **lookup)
{
    if (expr->kind == MU_EXPR_LOOKUP) {
        const mu_expr *key = expr->lookup->given ? expr->args[0] : NULL;
        const bool other = *lookup && *lookup != expr->lookup;
        *lookup = expr->lookup;
        return !other && key && key->kind == MU_EXPR_COLUMN && key->type.kind == MU_CUSTOMER;
    }
    if (expr->kind == MU_EXPR_COLUMN || expr->kind == MU_EXPR_OUTER) {
        return false;
    }
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        if (!is_about(expr->args[i], lookup)) {
            return false;
        }
    }
    return true;
}

/* The condition of another value than what is looked up. */
static muster_status put_value(const mu_scope *scope, const mu_expr *expr, const mu_expr *value,
                               const mu_expr **out, muster_error *err)
{
    const mu_expr **args;
    mu_expr *copy;

    *out = expr->kind == MU_EXPR_LOOKUP ? value : expr;
    if (expr->kind == MU_EXPR_LOOKUP || expr->arg_count == 0) {
        return MUSTER_OK;
    }
    MU_ARENA_TRY(copy, scope->arena, 1, err);
    MU_ARENA_TRY(args, scope->arena, expr->arg_count, err);
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        MU_TRY(put_value(scope, expr->args[i], value, &args[i], err));
    }
    *copy = *expr;
    copy->args = args;
    *out = copy;
    return MUSTER_OK;
}

typedef enum truth {
    NOT_TRUE,
    TRUE,
    UNKNOWN /* it takes a row to find out, perhaps an error */
} truth;

static muster_status find_truth(const mu_scope *scope, const mu_expr *condition, mu_value value,
                                truth *out, muster_error *err)
{
    const mu_expr *constant, *asked;

    MU_TRY(mu_expr_const(scope, value, condition->offset, &constant, err));
    MU_TRY(put_value(scope, condition, constant, &asked, err));
    MU_TRY(mu_expr_fold(scope, asked, &asked, err));
    *out = asked->kind != MU_EXPR_CONST                 ? UNKNOWN
           : asked->value.null || asked->value.i64 == 0 ? NOT_TRUE
                                                        : TRUE;
    return MUSTER_OK;
}

/* What the condition is of those who have no row. Where it is known, it is not true of nobody. */
static muster_status find_otherwise(const mu_scope *scope, const mu_lookup *lookup,
                                    const mu_expr *condition, truth *out, muster_error *err)
{
    const mu_plan *otherwise = lookup->otherwise;
    const mu_value nothing = {.type = lookup->given->columns[0].type, .null = true};

    MU_TRY(find_truth(scope, condition, nothing, out, err));
    if (*out == NOT_TRUE && otherwise) {
        if (otherwise->kind == MU_PLAN_VALUES) {
            return find_truth(scope, condition, otherwise->values.values[0], out, err);
        }
        *out = UNKNOWN;
    } else if (*out == TRUE) {
        *out = UNKNOWN;
    }
    return MUSTER_OK;
}

/* Those of the rows that meet the condition. */
static muster_status make_query(const mu_scope *scope, const mu_lookup *lookup,
                                const mu_expr *condition, const mu_set **out, muster_error *err)
{
    static const char *const name = "customer";
    const mu_plan *given = lookup->given, *plan;

    MU_TRY(mu_expr_substitute(scope, condition, given->project.exprs, &condition, err));
    MU_TRY(mu_plan_filter(scope, given->input, condition, &plan, err));
    MU_TRY(mu_plan_project(scope, plan, given->project.exprs + 1, &name, 1, &plan, err));
    return mu_set_query(scope, plan, out, err);
}

/* The condition over the rows; if `turned`, of those that do not meet it. */
static muster_status over_rows(const mu_scope *scope, const mu_lookup *lookup,
                               const mu_expr *condition, bool turned, const mu_expr **out,
                               muster_error *err)
{
    const mu_value yes = {.type = {.kind = MU_BOOLEAN}, .i64 = 1};
    const mu_expr *value, *both[2];

    MU_TRY(mu_expr_column(scope, 0, lookup->given->columns[0].type, -1, &value, err));
    MU_TRY(put_value(scope, condition, value, out, err));
    if (!turned) {
        return MUSTER_OK;
    }
    both[0] = *out;
    MU_TRY(mu_expr_const(scope, yes, condition->offset, &both[1], err));
    return mu_expr_call(scope, "is distinct from", both, 2, condition->offset, out, err);
}

muster_status mu_lookup_set(const mu_scope *scope, const mu_expr *condition, const mu_set **out,
                            muster_error *err)
{
    const mu_lookup *lookup = NULL;
    mu_lookup_asked *asked;
    truth otherwise;

    *out = NULL;
    if (!is_about(condition, &lookup) || !lookup) {
        return MUSTER_OK;
    }
    assert(lookup->given->kind == MU_PLAN_PROJECT && lookup->given->column_count == 2);
    MU_TRY(find_otherwise(scope, lookup, condition, &otherwise, err));
    if (otherwise == UNKNOWN) {
        return MUSTER_OK;
    }
    const bool turned = otherwise == TRUE;
    MU_TRY(over_rows(scope, lookup, condition, turned, &condition, err));
    for (const mu_lookup_asked *a = *lookup->asked; a; a = a->next) {
        if (mu_expr_equal(a->condition, condition)) {
            *out = a->set;
            return MUSTER_OK;
        }
    }
    MU_ARENA_TRY(asked, scope->arena, 1, err);
    MU_TRY(make_query(scope, lookup, condition, out, err));
    if (turned) {
        const mu_set **rows;
        MU_ARENA_TRY(rows, scope->arena, 1, err);
        *rows = *out;
        MU_TRY(mu_set_combine(scope, MU_SET_NOT, rows, 1, out, err));
    }
    *asked = (mu_lookup_asked){.condition = condition, .set = *out, .next = *lookup->asked};
    *lookup->asked = asked;
    return MUSTER_OK;
}

muster_status mu_lookup_set_join(const mu_scope *scope, mu_conjuncts *all, muster_error *err)
{
    const mu_expr **kept;
    const mu_lookup **about;
    uint32_t count = 0;

    MU_ARENA_TRY(kept, scope->arena, all->count, err);
    MU_ARENA_TRY(about, scope->arena, all->count, err);
    for (uint32_t i = 0; i < all->count; i++) {
        const mu_expr *both[2] = {NULL, all->list[i]};
        const mu_lookup *lookup = NULL;
        uint32_t same = 0;
        if (!is_about(all->list[i], &lookup)) {
            lookup = NULL;
        }
        while (same < count && (!lookup || about[same] != lookup)) {
            same++;
        }
        if (same == count) {
            about[count] = lookup;
            kept[count++] = all->list[i];
            continue;
        }
        both[0] = kept[same];
        MU_TRY(mu_expr_logic(scope, MU_EXPR_AND, both, 2, both[0]->offset, &kept[same], err));
    }
    *all = (mu_conjuncts){.count = count, .list = kept};
    return MUSTER_OK;
}
