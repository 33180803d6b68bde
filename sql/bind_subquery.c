/*
 * bind_subquery.c - queries where an expression stands, as lookups (query/lookup.h).
 *
 * A query is bound in the place where it stands, so that names it does not know are those of the
 * query around. In its WHERE they are outer references; what is left once the condition was taken
 * apart at its ANDs has none, for an equality of something inside with something outside becomes a
 * key: the plan gives what is inside, the expression looks up what is outside.
 *
 * Customers among customers are a set (query/set.h), whose bits go together with those of other
 * predicates on people.
 */
#include "sql/bind.h"

#include "query/func.h"
#include "query/set.h"

#include <assert.h>
#include <string.h>

/* A query that was bound. Where the same words stand again and mean the same, it is looked up in
 * again. */
struct mu_bound_query {
    mu_bound_query *next;
    mu_text text;
    const mu_ast_commons *commons; /* and `visible`: see mu_bound_set */
    uint32_t visible;
    mu_ast_kind asked;     /* SCALAR, EXISTS, IN_QUERY; ANY: ALL too, where that is about order */
    const mu_plan *around; /* what is read where it stands, as the keys are about that; NULL: there
                              are none */
    mu_nested nested;
    const mu_plan *plan;
    mu_type member;          /* IN: the type in which it is compared */
    const mu_lookup *lookup; /* NULL: none was made yet */
    const mu_set *set;       /* likewise */
};

/* Correlation. */

static bool has_kind(const mu_expr *expr, mu_expr_kind kind)
{
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        if (has_kind(expr->args[i], kind)) {
            return true;
        }
    }
    return expr->kind == kind;
}

static const mu_expr *first_outer(const mu_expr *expr)
{
    const mu_expr *found = expr->kind == MU_EXPR_OUTER ? expr : NULL;

    for (uint32_t i = 0; i < expr->arg_count && !found; i++) {
        found = first_outer(expr->args[i]);
    }
    return found;
}

/* An expression of outer references as one over the place where the query stands. */
static muster_status lift(const mu_scope *scope, const mu_expr *expr, const mu_expr **out,
                          muster_error *err)
{
    const mu_expr **args;
    mu_expr *copy;

    if (expr->kind == MU_EXPR_OUTER) {
        *out = expr->outer;
        return MUSTER_OK;
    }
    MU_ARENA_TRY(copy, scope->arena, 1, err);
    MU_ARENA_TRY(args, scope->arena, expr->arg_count, err);
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        MU_TRY(lift(scope, expr->args[i], &args[i], err));
    }
    *copy = *expr;
    copy->args = args;
    *out = copy;
    return MUSTER_OK;
}

/* Finds the side of an equality that is inside, and the one that is outside. What is all outside
 * equals truth. */
static bool split(const mu_expr *conjunct, const mu_expr *truth, const mu_expr **inner,
                  const mu_expr **outer)
{
    *inner = truth;
    *outer = conjunct;
    if (!has_kind(conjunct, MU_EXPR_COLUMN)) {
        return true;
    }
    if (conjunct->kind != MU_EXPR_CALL || strcmp(conjunct->func->name, "=") != 0) {
        return false;
    }
    const uint32_t out = has_kind(conjunct->args[0], MU_EXPR_OUTER) ? 0 : 1;
    *outer = conjunct->args[out];
    *inner = conjunct->args[1 - out];
    return !has_kind(*outer, MU_EXPR_COLUMN) && !has_kind(*inner, MU_EXPR_OUTER);
}

static muster_status add_key(const mu_scope *scope, mu_nested *nested, const mu_expr *conjunct,
                             muster_error *err)
{
    const mu_value value = {.type = {.kind = MU_BOOLEAN}, .i64 = 1};
    const mu_expr *truth, *inner, *outer;

    MU_TRY(mu_expr_const(scope, value, conjunct->offset, &truth, err));
    if (!split(conjunct, truth, &inner, &outer)) {
        return mu_fail_at(err, MUSTER_INVALID, first_outer(conjunct)->offset,
                          "a subquery may refer to the query around it only by an equality with "
                          "something of its own, as in WHERE mine = theirs; a comparison may stand "
                          "outside, with an aggregate of the subquery");
    }
    nested->inner[nested->key_count] = inner;
    return lift(scope, outer, &nested->keys[nested->key_count++], err);
}

static uint32_t count_terms(const mu_expr *expr)
{
    uint32_t count = expr->kind == MU_EXPR_AND ? 0 : 1;

    for (uint32_t i = 0; expr->kind == MU_EXPR_AND && i < expr->arg_count; i++) {
        count += count_terms(expr->args[i]);
    }
    return count;
}

/* Takes the condition apart; terms that are all inside are put at `rest`. */
static muster_status take_apart(const mu_scope *scope, mu_nested *nested, const mu_expr *expr,
                                const mu_expr **rest, uint32_t *count, muster_error *err)
{
    if (expr->kind == MU_EXPR_AND) {
        for (uint32_t i = 0; i < expr->arg_count; i++) {
            MU_TRY(take_apart(scope, nested, expr->args[i], rest, count, err));
        }
        return MUSTER_OK;
    }
    if (has_kind(expr, MU_EXPR_OUTER)) {
        return add_key(scope, nested, expr, err);
    }
    rest[(*count)++] = expr;
    return MUSTER_OK;
}

muster_status mu_bind_correlation(mu_binder *binder, mu_nested *nested, const mu_expr *condition,
                                  const mu_expr **out, muster_error *err)
{
    const mu_scope *scope = &binder->scope;
    const uint32_t most = count_terms(condition);
    const mu_expr **rest;
    uint32_t count = 0;

    MU_ARENA_TRY(rest, scope->arena, most, err);
    MU_ARENA_TRY(nested->inner, scope->arena, most, err);
    MU_ARENA_TRY(nested->keys, scope->arena, most, err);
    MU_TRY(take_apart(scope, nested, condition, rest, &count, err));
    *out = NULL;
    return count > 0 ? mu_expr_logic(scope, MU_EXPR_AND, rest, count, condition->offset, out, err)
                     : MUSTER_OK;
}

/* Binding. */

/* What the query is called in an error. */
static const char *name_of(const mu_ast_expr *expr)
{
    return expr->kind == MU_AST_SCALAR     ? "a subquery that stands for a value"
           : expr->kind == MU_AST_IN_QUERY ? "the query after IN"
           : expr->kind == MU_AST_ANY      ? "the query after ANY"
                                           : "the query after ALL";
}

static mu_bound_query *find_query(const mu_place *place, const mu_bound_query *wanted)
{
    if (place->binder->parameters.by_place) {
        return NULL; /* the same words need not mean the same */
    }
    for (mu_bound_query *b = place->binder->subqueries; b; b = b->next) {
        if (b->asked == wanted->asked && b->commons == wanted->commons &&
            b->visible == wanted->visible && mu_text_equal(b->text, wanted->text) &&
            (!b->around || (b->around == place->relation->plan && !b->nested.by_alias))) {
            return b;
        }
    }
    return NULL;
}

static muster_status bind_query(const mu_place *place, const mu_ast_expr *expr, mu_ast_kind asked,
                                mu_lookup_kind kind, uint32_t width, mu_bound_query **out,
                                muster_error *err)
{
    mu_binder *binder = place->binder;
    const mu_common_scope *common = binder->common;
    const mu_ast_select *query = expr->query;
    const mu_bound_query bound = {
        .text = {binder->text + query->start, (uint32_t)(query->end - query->start)},
        .commons = common ? common->commons : NULL,
        .visible = common ? common->visible : 0,
        .asked = asked,
        .nested = {.outer = place, .kind = kind, .what = name_of(expr), .width = width}};
    mu_relation relation;

    *out = find_query(place, &bound);
    if (*out) {
        return MUSTER_OK;
    }
    MU_ARENA_TRY(*out, binder->scope.arena, 1, err);
    **out = bound;
    MU_TRY(mu_bind_nested(binder, query, &(*out)->nested, &relation, err));
    (*out)->plan = relation.plan;
    (*out)->set = (*out)->nested.key_count > 0 ? NULL : relation.set;
    (*out)->around = (*out)->nested.key_count > 0 ? place->relation->plan : NULL;
    (*out)->next = binder->subqueries;
    binder->subqueries = *out;
    return MUSTER_OK;
}

/* Lookups. */

static muster_status make_lookup(mu_binder *binder, mu_bound_query *query, mu_lookup_kind kind,
                                 const mu_plan *plan, muster_error *err)
{
    const mu_lookup lookup = {.kind = kind,
                              .number = ++binder->lookup_count,
                              .key_count = query->nested.key_count,
                              .first_only = query->nested.first_only,
                              .plan = plan,
                              .otherwise = query->nested.otherwise};

    return mu_lookup_make(&binder->scope, &lookup, &query->lookup, err);
}

/* The lookup as an expression; `member` is NULL but for IN. */
static muster_status look_up(const mu_place *place, const mu_bound_query *query,
                             const mu_expr *member, uint32_t column, int32_t offset,
                             const mu_expr **out, muster_error *err)
{
    const mu_scope *scope = &place->binder->scope;
    const uint32_t key_count = query->nested.key_count;
    const mu_expr **args;

    MU_ARENA_TRY(args, scope->arena, key_count + 1, err);
    for (uint32_t k = 0; k < key_count; k++) {
        args[k] = query->nested.keys[k];
    }
    args[key_count] = member;
    return mu_expr_lookup(scope, query->lookup, args, key_count + (member ? 1 : 0), column, offset,
                          out, err);
}

/* The columns of a plan, as expressions and names, with room for `more`. */
static muster_status columns_of(const mu_scope *scope, const mu_plan *plan, const mu_expr ***exprs,
                                const char ***names, muster_error *err)
{
    MU_ARENA_TRY(*exprs, scope->arena, plan->column_count, err);
    MU_ARENA_TRY(*names, scope->arena, plan->column_count, err);
    for (uint32_t c = 0; c < plan->column_count; c++) {
        MU_TRY(mu_expr_column(scope, c, plan->columns[c].type, -1, &(*exprs)[c], err));
        (*names)[c] = plan->columns[c].name;
    }
    return MUSTER_OK;
}

/* Its rows without those that are there already. */
static muster_status make_distinct(const mu_scope *scope, const mu_plan **plan, muster_error *err)
{
    const mu_expr **exprs;
    const char **names;

    MU_TRY(columns_of(scope, *plan, &exprs, &names, err));
    return mu_plan_group(scope, *plan, exprs, (*plan)->column_count, NULL, 0, names, plan, err);
}

static muster_status bind_scalar(const mu_place *place, const mu_ast_expr *expr,
                                 const mu_expr **out, muster_error *err)
{
    mu_bound_query *query;

    MU_TRY(bind_query(place, expr, MU_AST_SCALAR, MU_LOOKUP_VALUE, 1, &query, err));
    if (!query->lookup) {
        MU_TRY(make_lookup(place->binder, query, MU_LOOKUP_VALUE, query->plan, err));
    }
    return look_up(place, query, NULL, 0, expr->offset, out, err);
}

/* EXISTS. */

/* Is all that is asked whether a customer is among those of the query? */
static bool asks_customers(const mu_bound_query *query)
{
    return query->nested.key_count == 1 && !query->nested.lone &&
           query->nested.keys[0]->type.kind == MU_CUSTOMER &&
           query->plan->columns[0].type.kind == MU_CUSTOMER;
}

/* Of nobody a set says nothing, and EXISTS that there is none; in `customers` nobody is nobody. */
static muster_status exists_customer(const mu_place *place, mu_bound_query *query, int32_t offset,
                                     const mu_expr **out, muster_error *err)
{
    const mu_scope *scope = &place->binder->scope;
    const mu_table *table = place->relation->table;
    const mu_value no = {.type = {.kind = MU_BOOLEAN}};
    const mu_expr *args[2];

    if (!query->set) {
        MU_TRY(mu_set_query(scope, query->plan, &query->set, err));
    }
    MU_TRY(mu_expr_in_set(scope, query->nested.keys[0], query->set, offset, &args[0], err));
    *out = args[0];
    if (table && table->id == MU_CUSTOMERS_TABLE && query->nested.keys[0]->kind == MU_EXPR_COLUMN) {
        return MUSTER_OK;
    }
    MU_TRY(mu_expr_const(scope, no, offset, &args[1], err));
    return mu_expr_call(scope, "coalesce", args, 2, offset, out, err);
}

static muster_status bind_exists(const mu_place *place, const mu_ast_expr *expr,
                                 const mu_expr **out, muster_error *err)
{
    mu_binder *binder = place->binder;
    mu_bound_query *query;

    MU_TRY(bind_query(place, expr, MU_AST_EXISTS, MU_LOOKUP_EXISTS, 0, &query, err));
    if (asks_customers(query)) {
        return exists_customer(place, query, expr->offset, out, err);
    }
    if (!query->lookup) {
        const mu_plan *plan = query->plan;
        if (query->nested.key_count == 0) {
            MU_TRY(mu_plan_limit(&binder->scope, plan, 1, 0, &plan, err));
        } else if (!query->nested.lone) {
            MU_TRY(make_distinct(&binder->scope, &plan, err));
        }
        MU_TRY(make_lookup(binder, query, query->nested.lone ? MU_LOOKUP_VALUE : MU_LOOKUP_EXISTS,
                           plan, err));
    }
    return look_up(place, query, NULL, 0, expr->offset, out, err);
}

/* IN. */

/* The plan with its member in a type, and without what can be no one's member. */
static muster_status cast_member(const mu_scope *scope, const mu_bound_query *query, mu_type type,
                                 int32_t offset, const mu_plan **out, muster_error *err)
{
    const mu_plan *plan = query->plan;
    const mu_expr **exprs, *somebody;
    const char **names;

    MU_TRY(columns_of(scope, plan, &exprs, &names, err));
    if (type.kind == MU_CUSTOMER) { /* as a set would: nobody is among no one */
        MU_TRY(mu_expr_call(scope, "is not null", exprs, 1, -1, &somebody, err));
        MU_TRY(mu_plan_filter(scope, plan, somebody, &plan, err));
    }
    MU_TRY(mu_expr_column(scope, 0, plan->columns[0].type, offset, &exprs[0], err));
    MU_TRY(mu_expr_coerce(scope, exprs[0], type, &exprs[0], err));
    *out = plan;
    return exprs[0]->kind == MU_EXPR_COLUMN
               ? MUSTER_OK
               : mu_plan_project(scope, plan, exprs, names, plan->column_count, out, err);
}

/* The value, and the column that the query gives, in the type in which they can be compared. */
static muster_status unify(const mu_place *place, const mu_bound_query *query, uint32_t column,
                           const mu_ast_expr *expr, const mu_expr *sides[2], muster_error *err)
{
    const mu_scope *scope = &place->binder->scope;
    const mu_type any = {.kind = MU_BOOLEAN};
    mu_type type;

    MU_TRY(mu_expr_column(scope, column, query->plan->columns[column].type, expr->query->start,
                          &sides[1], err));
    MU_TRY(mu_expr_unify(scope, sides, 2, "IN (SELECT ...)", expr->offset, &type, err));
    if (type.kind == MU_NULL) {
        MU_TRY(mu_expr_coerce(scope, sides[0], any, &sides[0], err));
        MU_TRY(mu_expr_coerce(scope, sides[1], any, &sides[1], err));
    }
    return MUSTER_OK;
}

/* x op a column of what was found. */
static muster_status compare_column(const mu_place *place, const mu_bound_query *query,
                                    const mu_expr *value, const char *op, uint32_t column,
                                    int32_t offset, const mu_expr **out, muster_error *err)
{
    const mu_expr *pair[2] = {value};

    MU_TRY(look_up(place, query, NULL, column, offset, &pair[1], err));
    return mu_expr_call(&place->binder->scope, op, pair, 2, offset, out, err);
}

/* Each value op that of the one row of an aggregate, which HAVING may not let pass. */
static muster_status compare_lone(const mu_place *place, mu_bound_query *query,
                                  const mu_expr *const *values, const char *op, bool all,
                                  int32_t offset, const mu_expr **out, muster_error *err)
{
    const mu_scope *scope = &place->binder->scope;
    const uint32_t width = query->nested.width;
    const mu_expr **terms, *passes;

    if (!query->lookup) {
        MU_TRY(make_lookup(place->binder, query, MU_LOOKUP_VALUE, query->plan, err));
    }
    MU_ARENA_TRY(terms, scope->arena, width + 1, err);
    MU_TRY(look_up(place, query, NULL, width, offset, &passes, err));
    terms[0] = passes;
    if (all) {
        MU_TRY(mu_expr_logic(scope, MU_EXPR_NOT, &passes, 1, offset, &terms[0], err));
    }
    for (uint32_t i = 0; i < width; i++) {
        MU_TRY(compare_column(place, query, values[i], op, i, offset, &terms[i + 1], err));
    }
    return mu_expr_logic(scope, all ? MU_EXPR_OR : MU_EXPR_AND, terms, width + 1, offset, out, err);
}

static muster_status in_rows(const mu_place *place, const mu_ast_expr *expr, mu_bound_query *query,
                             const mu_expr *value, const mu_expr **out, muster_error *err)
{
    const mu_scope *scope = &place->binder->scope;
    const mu_expr *sides[2] = {value};
    const mu_plan *plan;

    MU_TRY(unify(place, query, 0, expr, sides, err));
    const mu_type type = sides[1]->type;
    if (!query->lookup || !mu_type_equal(query->member, type)) {
        MU_TRY(cast_member(scope, query, type, expr->offset, &plan, err));
        MU_TRY(make_distinct(scope, &plan, err));
        MU_TRY(make_lookup(place->binder, query, MU_LOOKUP_IN, plan, err));
        query->member = type;
    }
    return look_up(place, query, sides[0], 0, expr->offset, out, err);
}

/* A row of values is among rows if one of them has them all. Where none has, and a NULL stands for
 * one of the values, here or there, the others say whether that is unknown or false. So the last
 * value is the member of a lookup whose keys are the others, and for each way in which they may be
 * NULL there is another lookup, by what is left. */

typedef enum row_way {
    BY_KEY,
    NULL_THERE,
    NULL_HERE,
    ROW_WAYS,
} row_way;

enum {
    MOST_ROW_VALUES = 4, /* there are 3 ways for each of them but the last */
};

/* Rows, and what they are asked to be among, in types that can be compared. */
typedef struct row_in {
    const mu_place *place;
    mu_bound_query *query;
    const mu_expr *here[MOST_ROW_VALUES], *there[MOST_ROW_VALUES];
    uint32_t count;
    int32_t offset;
} row_in;

static muster_status is_null(const row_in *in, const mu_expr *value, const mu_expr **out,
                             muster_error *err)
{
    return mu_expr_call(&in->place->binder->scope, "is null", &value, 1, in->offset, out, err);
}

/* The rows that are left of the query: the member, then the keys. */
static muster_status plan_way(const row_in *in, const row_way *ways, uint32_t key_count,
                              const mu_plan **out, muster_error *err)
{
    const mu_scope *scope = &in->place->binder->scope;
    const mu_plan *plan = in->query->plan;
    const uint32_t width = 1 + key_count + in->query->nested.key_count;
    const mu_expr **exprs, **columns, *null;
    const char **names;
    uint32_t at = 0;

    MU_TRY(columns_of(scope, plan, &columns, &names, err));
    MU_ARENA_TRY(exprs, scope->arena, width, err);
    exprs[at++] = in->there[in->count - 1];
    for (uint32_t i = 0; i + 1 < in->count; i++) {
        if (ways[i] == BY_KEY) {
            exprs[at++] = in->there[i];
        } else if (ways[i] == NULL_THERE) {
            MU_TRY(is_null(in, columns[i], &null, err));
            MU_TRY(mu_plan_filter(scope, plan, null, &plan, err));
        }
    }
    while (at < width) {
        exprs[at] = columns[plan->column_count - (width - at)];
        at++;
    }
    MU_TRY(mu_plan_project(scope, plan, exprs, names, width, &plan, err));
    *out = plan;
    return make_distinct(scope, out, err);
}

/* What one way says: true if all are keys, else unknown, of rows that are among what is left. */
static muster_status ask_way(const row_in *in, const row_way *ways, const mu_expr **out,
                             muster_error *err)
{
    const mu_scope *scope = &in->place->binder->scope;
    const mu_nested *nested = &in->query->nested;
    const mu_value unknown = {.type = {.kind = MU_BOOLEAN}, .null = true};
    const mu_expr *args[MOST_ROW_VALUES - 1], **all, *terms[MOST_ROW_VALUES + 1];
    uint32_t key_count = 0, term_count = 0;
    const mu_lookup *lookup;
    const mu_plan *plan;

    for (uint32_t i = 0; i + 1 < in->count; i++) {
        if (ways[i] == BY_KEY) {
            args[key_count++] = in->here[i];
        } else if (ways[i] == NULL_HERE) {
            MU_TRY(is_null(in, in->here[i], &terms[term_count++], err));
        }
    }
    MU_TRY(plan_way(in, ways, key_count, &plan, err));
    const mu_lookup given = {.kind = MU_LOOKUP_IN,
                             .number = ++in->place->binder->lookup_count,
                             .key_count = key_count + nested->key_count,
                             .plan = plan};
    MU_TRY(mu_lookup_make(scope, &given, &lookup, err));
    MU_ARENA_TRY(all, scope->arena, given.key_count + 1, err);
    for (uint32_t k = 0; k < given.key_count; k++) {
        all[k] = k < key_count ? args[k] : nested->keys[k - key_count];
    }
    all[given.key_count] = in->here[in->count - 1];
    MU_TRY(mu_expr_lookup(scope, lookup, all, given.key_count + 1, 0, in->offset,
                          &terms[term_count++], err));
    if (key_count + 1 < in->count) {
        MU_TRY(mu_expr_const(scope, unknown, in->offset, &terms[term_count++], err));
    }
    *out = terms[0];
    return term_count > 1
               ? mu_expr_logic(scope, MU_EXPR_AND, terms, term_count, in->offset, out, err)
               : MUSTER_OK;
}

static muster_status ask_ways(const row_in *in, const mu_expr **out, muster_error *err)
{
    const mu_scope *scope = &in->place->binder->scope;
    row_way ways[MOST_ROW_VALUES];
    const mu_expr **terms;
    uint32_t count = 1;

    for (uint32_t i = 0; i + 1 < in->count; i++) {
        count *= ROW_WAYS;
    }
    MU_ARENA_TRY(terms, scope->arena, count, err);
    for (uint32_t t = 0; t < count; t++) {
        uint32_t rest = t;
        for (uint32_t i = 0; i + 1 < in->count; i++, rest /= ROW_WAYS) {
            ways[i] = (row_way)(rest % ROW_WAYS);
        }
        MU_TRY(ask_way(in, ways, &terms[t], err));
    }
    return mu_expr_logic(scope, MU_EXPR_OR, terms, count, in->offset, out, err);
}

static muster_status bind_row_in(const mu_place *place, const mu_ast_expr *expr,
                                 const mu_expr **out, muster_error *err)
{
    const mu_ast_expr *row = expr->operands.data[0].expr;
    row_in in = {.place = place, .count = row->operands.count, .offset = expr->offset};
    const mu_expr *const *values;

    if (in.count > MOST_ROW_VALUES) {
        return mu_fail_at(err, MUSTER_INVALID, row->start,
                          "a row of %u values is too many for IN (SELECT ...), which takes %d; "
                          "write EXISTS (SELECT 1 FROM ... WHERE c = a AND d = b)",
                          in.count, MOST_ROW_VALUES);
    }
    MU_TRY(mu_bind_operands(place, &row->operands, &values, err));
    MU_TRY(bind_query(place, expr, MU_AST_IN_QUERY, MU_LOOKUP_IN, in.count, &in.query, err));
    if (in.query->nested.lone) {
        return compare_lone(place, in.query, values, "=", false, expr->offset, out, err);
    }
    for (uint32_t i = 0; i < in.count; i++) {
        const mu_expr *sides[2] = {values[i]};
        MU_TRY(unify(place, in.query, i, expr, sides, err));
        in.here[i] = sides[0];
        in.there[i] = sides[1];
    }
    return ask_ways(&in, out, err);
}

static muster_status bind_in(const mu_place *place, const mu_ast_expr *expr, const mu_expr **out,
                             muster_error *err)
{
    mu_binder *binder = place->binder;
    const mu_expr *value;
    mu_bound_query *query;

    if (expr->operands.data[0].expr->kind == MU_AST_ROW) {
        return bind_row_in(place, expr, out, err);
    }
    MU_TRY(mu_bind_expr(place, expr->operands.data[0].expr, &value, err));
    MU_TRY(bind_query(place, expr, MU_AST_IN_QUERY, MU_LOOKUP_IN, 1, &query, err));
    if (query->nested.lone) {
        return compare_lone(place, query, &value, "=", false, expr->offset, out, err);
    }
    if (value->type.kind != MU_CUSTOMER || query->nested.key_count > 0 ||
        query->plan->columns[0].type.kind != MU_CUSTOMER) {
        return in_rows(place, expr, query, value, out, err);
    }
    if (!query->set) {
        MU_TRY(mu_set_query(&binder->scope, query->plan, &query->set, err));
    }
    return mu_expr_in_set(&binder->scope, value, query->set, expr->offset, out, err);
}

/* ANY and ALL: a value is less than some if it is less than the greatest, and unless it is that,
 * one of them that is NULL leaves it open. */

enum {
    LEAST,
    GREATEST,
    ROWS,
    VALUES,
    FACTS /* what is asked of the rows */
};

/* A group of what the query gives, whose columns are the facts and the keys. */
static muster_status group_facts(const mu_scope *scope, const mu_plan *plan, uint32_t key_count,
                                 int32_t offset, const mu_plan **out, muster_error *err)
{
    static const char *const names[FACTS] = {"min", "max", "count", "count"};
    const uint32_t count = key_count + FACTS;
    const mu_expr **exprs, **columns;
    const char **given, **titles;
    mu_agg_call *calls;

    MU_TRY(columns_of(scope, plan, &exprs, &given, err));
    MU_ARENA_TRY(calls, scope->arena, FACTS, err);
    MU_ARENA_TRY(columns, scope->arena, count, err);
    MU_ARENA_TRY(titles, scope->arena, count, err);
    for (uint32_t i = 0; i < FACTS; i++) {
        MU_TRY(mu_agg_call_make(scope, names[i], exprs, i == ROWS ? 0 : 1, false, NULL, NULL,
                                offset, &calls[i], err));
    }
    for (uint32_t k = 0; k < count; k++) {
        titles[k] = k < key_count ? "key" : names[k - key_count];
    }
    MU_TRY(mu_plan_group(scope, plan, exprs + 1, key_count, calls, FACTS, titles, out, err));
    for (uint32_t c = 0; c < count; c++) { /* facts first */
        const uint32_t from = c < FACTS ? key_count + c : c - FACTS;
        MU_TRY(mu_expr_column(scope, from, (*out)->columns[from].type, -1, &columns[c], err));
        titles[c] = (*out)->columns[from].name;
    }
    return mu_plan_project(scope, *out, columns, titles, count, out, err);
}

static muster_status make_facts(const mu_place *place, const mu_ast_expr *expr,
                                mu_bound_query *query, muster_error *err)
{
    const mu_scope *scope = &place->binder->scope;
    mu_type type = query->plan->columns[0].type;
    const mu_plan *plan, *nothing;

    if (type.kind == MU_CUSTOMER) {
        type = mu_scope_id_type(scope);
    }
    MU_TRY(cast_member(scope, query, type, expr->offset, &plan, err));
    MU_TRY(mu_plan_values(scope, plan->columns, plan->column_count, NULL, 0, &nothing, err));
    MU_TRY(group_facts(scope, nothing, 0, expr->offset, &query->nested.otherwise, err));
    MU_TRY(group_facts(scope, plan, query->nested.key_count, expr->offset, &plan, err));
    return make_lookup(place->binder, query, MU_LOOKUP_VALUE, plan, err);
}

static const char *operator_name(const mu_ast_expr *expr)
{
    static const char *const names[] = {[MU_AST_EQ] = "=",  [MU_AST_NE] = "<>", [MU_AST_LT] = "<",
                                        [MU_AST_LE] = "<=", [MU_AST_GT] = ">",  [MU_AST_GE] = ">="};

    return names[expr->op];
}

/* x op the facts that decide it: both ends where it is about equality. */
static muster_status compare_ends(const mu_place *place, const mu_ast_expr *expr,
                                  const mu_bound_query *query, const mu_expr *value,
                                  const mu_expr **out, muster_error *err)
{
    const bool all = expr->kind == MU_AST_ALL;
    const bool less = expr->op == MU_AST_LT || expr->op == MU_AST_LE;
    const char *op = operator_name(expr);
    const mu_expr *ends[2];

    if (expr->op != MU_AST_EQ && expr->op != MU_AST_NE) {
        return compare_column(place, query, value, op, less == all ? LEAST : GREATEST, expr->offset,
                              out, err);
    }
    MU_TRY(compare_column(place, query, value, op, LEAST, expr->offset, &ends[0], err));
    MU_TRY(compare_column(place, query, value, op, GREATEST, expr->offset, &ends[1], err));
    return mu_expr_logic(&place->binder->scope, all ? MU_EXPR_AND : MU_EXPR_OR, ends, 2,
                         expr->offset, out, err);
}

/* Without rows it is `all`; with a NULL among them it is that never. */
static muster_status bind_quantified(const mu_place *place, const mu_ast_expr *expr,
                                     const mu_expr **out, muster_error *err)
{
    const mu_scope *scope = &place->binder->scope;
    const bool all = expr->kind == MU_AST_ALL;
    const mu_value truth = {.type = {.kind = MU_BOOLEAN}, .i64 = all};
    const mu_value null = {.type = {.kind = MU_BOOLEAN}, .null = true};
    const mu_value zero = {.type = {.kind = MU_BIGINT, .bits = 64}};
    const mu_expr *value, *rows, *values, *settled, *pair[2], *cases[3], *both[2];
    mu_bound_query *query;

    MU_TRY(mu_bind_expr(place, expr->operands.data[0].expr, &value, err));
    MU_TRY(bind_query(place, expr, MU_AST_ANY, MU_LOOKUP_IN, 1, &query, err));
    if (query->nested.lone) {
        return compare_lone(place, query, &value, operator_name(expr), all, expr->offset, out, err);
    }
    if (!query->lookup) {
        MU_TRY(make_facts(place, expr, query, err));
    }
    MU_TRY(look_up(place, query, NULL, ROWS, expr->offset, &rows, err));
    MU_TRY(look_up(place, query, NULL, VALUES, expr->offset, &values, err));
    MU_TRY(mu_expr_const(scope, truth, expr->offset, &settled, err));
    pair[0] = values;
    pair[1] = rows;
    MU_TRY(mu_expr_call(scope, "<", pair, 2, expr->offset, &cases[0], err));
    MU_TRY(mu_expr_const(scope, null, expr->offset, &cases[1], err));
    cases[2] = settled;
    MU_TRY(mu_expr_case(scope, cases, 3, expr->offset, &both[1], err));
    MU_TRY(compare_ends(place, expr, query, value, &both[0], err));
    MU_TRY(mu_expr_logic(scope, all ? MU_EXPR_AND : MU_EXPR_OR, both, 2, expr->offset, &cases[2],
                         err));
    pair[0] = rows;
    MU_TRY(mu_expr_const(scope, zero, expr->offset, &pair[1], err));
    MU_TRY(mu_expr_call(scope, "=", pair, 2, expr->offset, &cases[0], err));
    cases[1] = settled;
    return mu_expr_case(scope, cases, 3, expr->offset, out, err);
}

muster_status mu_bind_subquery(const mu_place *place, const mu_ast_expr *expr, const mu_expr **out,
                               muster_error *err)
{
    const bool any = expr->kind == MU_AST_ANY, all = expr->kind == MU_AST_ALL;
    const mu_expr *in;
    bool negated = expr->negated;

    if (expr->kind == MU_AST_SCALAR) {
        return bind_scalar(place, expr, out, err);
    }
    if (expr->kind == MU_AST_EXISTS) {
        return bind_exists(place, expr, out, err);
    }
    if ((any && expr->op != MU_AST_EQ) || (all && expr->op != MU_AST_NE)) {
        return bind_quantified(place, expr, out, err);
    }
    negated |= all;
    MU_TRY(bind_in(place, expr, &in, err));
    *out = in;
    return negated
               ? mu_expr_logic(&place->binder->scope, MU_EXPR_NOT, &in, 1, expr->offset, out, err)
               : MUSTER_OK;
}
