/*
 * bind_join.c - joins, and which column a name is of what is joined.
 *
 * A join keeps its two sides, and a name is looked for in both. What is found in both is one column
 * if USING says so, the customer if it is called `customer`, and else an error that names both.
 */
#include "sql/bind.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Names. */

/* What a name is: the column, and in which tables it was found. */
typedef struct found {
    uint32_t column;              /* MU_NO_COLUMN: there is none */
    const mu_relation *in, *also; /* `also` not NULL: in two; the same twice: two columns of one */
} found;

static bool is_called(const mu_relation *relation, mu_ast_name name)
{
    return relation->name && mu_name_equal(relation->name, name.text);
}

/* The table of that name; *first is where its columns begin. NULL: there is none. */
static const mu_relation *find_table(const mu_relation *relation, mu_ast_name name, uint32_t *first)
{
    const mu_relation *table;

    if (!relation->left) {
        *first = 0;
        return is_called(relation, name) ? relation : NULL;
    }
    table = find_table(relation->left, name, first);
    if (!table) {
        table = find_table(relation->right, name, first);
        *first += relation->left->plan->column_count;
    }
    return table;
}

bool mu_bind_has_table(const mu_relation *relation, mu_ast_name name)
{
    uint32_t first;

    return name.text && find_table(relation, name, &first);
}

static found find_in_table(const mu_relation *table, const char *name)
{
    found f = {.column = MU_NO_COLUMN, .in = table};

    for (uint32_t i = 0; i < table->column_count; i++) {
        if (mu_name_equal(table->plan->columns[i].name, name)) {
            f.also = f.column != MU_NO_COLUMN ? table : NULL;
            f.column = i;
        }
        if (f.also) {
            return f;
        }
    }
    if (f.column == MU_NO_COLUMN && mu_name_equal(name, MU_CUSTOMER_ALIAS)) {
        f.column = table->customer_column;
    }
    return f;
}

/* The column that stands for one of a side. */
static uint32_t merge_column(const mu_relation *join, uint32_t column)
{
    for (uint32_t i = 0; i < join->merged_count; i++) {
        if (join->merged[i].left == column || join->merged[i].right == column) {
            return join->merged[i].column;
        }
    }
    return column;
}

static bool are_customers(const mu_relation *join, const char *name, uint32_t a, uint32_t b)
{
    const mu_plan_column *columns = join->plan->columns;

    return mu_name_equal(name, MU_CUSTOMER_ALIAS) && columns[a].type.kind == MU_CUSTOMER &&
           columns[b].type.kind == MU_CUSTOMER;
}

static found find_column(const mu_relation *relation, const char *name)
{
    if (!relation->left) {
        return find_in_table(relation, name);
    }
    found left = find_column(relation->left, name);
    found right = find_column(relation->right, name);
    if (right.column != MU_NO_COLUMN) {
        right.column += relation->left->plan->column_count;
    }
    if (left.also || right.column == MU_NO_COLUMN) {
        left.column = merge_column(relation, left.column);
        return left;
    }
    if (right.also || left.column == MU_NO_COLUMN) {
        right.column = merge_column(relation, right.column);
        return right;
    }
    const uint32_t merged = merge_column(relation, left.column);
    if (merged != merge_column(relation, right.column) &&
        !are_customers(relation, name, left.column, right.column)) {
        left.also = right.in;
    }
    left.column = merged;
    return left;
}

/* Errors. */

/* Writes `"a", "b" and "c"`. */
static void list_tables(const mu_relation *relation, bool last, const char *word, char *buffer,
                        size_t size)
{
    if (relation->left) {
        list_tables(relation->left, false, word, buffer, size);
        list_tables(relation->right, last, word, buffer, size);
        return;
    }
    const size_t used = strlen(buffer);
    const char *between = used == 0 ? "" : last ? word : ", ";
    (void)snprintf(buffer + used, size - used, relation->name ? "%s\"%s\"" : "%s%s", between,
                   relation->name ? relation->name : "a subquery");
}

static void try_names(const mu_relation *relation, mu_nearest *nearest)
{
    if (relation->left) {
        try_names(relation->left, nearest);
        try_names(relation->right, nearest);
        return;
    }
    for (uint32_t i = 0; i < relation->column_count; i++) {
        mu_nearest_try(nearest, mu_bind_text(relation->plan->columns[i].name));
    }
    if (relation->customer_column != MU_NO_COLUMN) {
        mu_nearest_try(nearest, MU_TEXT_OF(MU_CUSTOMER_ALIAS));
    }
}

/* "; it has a, b, c": as many names as a reader takes in. */
static const char *list_names(const mu_relation *relation, char *buffer, size_t size)
{
    enum {
        MOST_NAMES = 8
    };
    const uint32_t count = relation->column_count;
    size_t used = 0;

    for (uint32_t i = 0; i < count && i < MOST_NAMES && used < size; i++) {
        used += (size_t)snprintf(buffer + used, size - used, "%s%s", i == 0 ? "; it has " : ", ",
                                 relation->plan->columns[i].name);
    }
    if (count > MOST_NAMES && used < size) {
        (void)snprintf(buffer + used, size - used, " and %u more", count - MOST_NAMES);
    }
    return buffer;
}

static muster_status fail_column(const mu_relation *relation, const char *name, int32_t offset,
                                 muster_error *err)
{
    mu_nearest nearest = mu_nearest_of(mu_bind_text(name));
    char advice[160], names[160], tables[256] = "";

    if (relation->column_count == 0) {
        return mu_fail_at(err, MUSTER_INVALID, offset,
                          "no column \"%s\": there is no table here to read it from", name);
    }
    try_names(relation, &nearest);
    const char *others = relation->left ? "" : list_names(relation, names, sizeof names);
    const char *hint = mu_bind_advice(&nearest, others, advice, sizeof advice);
    if (!relation->left && !relation->name) {
        return mu_fail_at(err, MUSTER_INVALID, offset, "no column \"%s\"%s", name, hint);
    }
    list_tables(relation, true, " or ", tables, sizeof tables);
    return mu_fail_at(err, MUSTER_INVALID, offset, "no column \"%s\" in %s%s%s", name,
                      relation->table ? "table " : "", tables, hint);
}

static muster_status fail_table(const mu_relation *relation, mu_ast_name name, muster_error *err)
{
    char tables[256] = "";

    if (relation->name || relation->left) {
        list_tables(relation, true, " and ", tables, sizeof tables);
    }
    return mu_fail_at(err, MUSTER_INVALID, name.offset, "no table \"%s\" in this query%s%s",
                      name.text, *tables ? "; it reads " : "", tables);
}

static muster_status fail_twice(const found *f, const char *name, int32_t offset, muster_error *err)
{
    char tables[256] = "";
    const mu_relation both = {.left = f->in, .right = f->also};

    if (f->in == f->also) {
        return mu_fail_at(err, MUSTER_INVALID, offset,
                          "two columns are called \"%s\"; give one of them another name with AS",
                          name);
    }
    list_tables(&both, true, " and ", tables, sizeof tables);
    return mu_fail_at(err, MUSTER_INVALID, offset,
                      "column \"%s\" is in %s; say which is meant, as in %s.%s", name, tables,
                      f->in->name     ? f->in->name
                      : f->also->name ? f->also->name
                                      : "name",
                      name);
}

/* All that is joined, or the table of it that is named. */
static muster_status find_part(const mu_relation *relation, mu_ast_name qualifier,
                               const mu_relation **out, uint32_t *first, muster_error *err)
{
    *out = relation;
    *first = 0;
    if (qualifier.text) {
        *out = find_table(relation, qualifier, first);
    }
    return *out ? MUSTER_OK : fail_table(relation, qualifier, err);
}

muster_status mu_bind_column(const mu_relation *relation, mu_ast_name qualifier, const char *name,
                             int32_t offset, uint32_t *out, muster_error *err)
{
    const mu_relation *table;
    uint32_t first;

    *out = MU_NO_COLUMN;
    MU_TRY(find_part(relation, qualifier, &table, &first, err));
    const found f = find_column(table, name);
    if (f.also) {
        return fail_twice(&f, name, offset, err);
    }
    if (f.column == MU_NO_COLUMN) {
        return fail_column(table, name, offset, err);
    }
    *out = first + f.column;
    return MUSTER_OK;
}

/* Stars. */

/* Takes the columns out that stand for others in front of them. */
static void take_out(uint32_t *columns, uint32_t from, uint32_t *count, uint32_t column)
{
    uint32_t kept = from;

    for (uint32_t i = from; i < *count; i++) {
        if (columns[i] != column) {
            columns[kept++] = columns[i];
        }
    }
    *count = kept;
}

static void list_columns(const mu_relation *relation, uint32_t first, uint32_t *out,
                         uint32_t *count)
{
    if (!relation->left) {
        for (uint32_t i = 0; i < relation->column_count; i++) {
            out[(*count)++] = first + i;
        }
        return;
    }
    const uint32_t start = *count;
    list_columns(relation->left, first, out, count);
    list_columns(relation->right, first + relation->left->plan->column_count, out, count);
    for (uint32_t i = relation->merged_count; i > 0; i--) {
        const mu_merged_column *m = &relation->merged[i - 1];
        take_out(out, start, count, first + m->left);
        take_out(out, start, count, first + m->right);
        memmove(&out[start + 1], &out[start], (*count - start) * sizeof *out);
        out[start] = first + m->column;
        (*count)++;
    }
}

muster_status mu_bind_star(const mu_relation *relation, mu_ast_name qualifier, uint32_t *out,
                           uint32_t *count, muster_error *err)
{
    const mu_relation *table;
    uint32_t first;

    *count = 0;
    MU_TRY(find_part(relation, qualifier, &table, &first, err));
    list_columns(table, first, out, count);
    return MUSTER_OK;
}

/* Joining. */

typedef struct joining {
    mu_binder *binder;
    const mu_ast_source *join;
    mu_relation *left, *right;
    mu_relation pair; /* every pair of rows */
    mu_merged_column *merged;
    const char **names; /* of them */
    uint32_t merged_count;
    const mu_expr *condition;
} joining;

static muster_status check_names(const mu_relation *left, const mu_relation *right, int32_t offset,
                                 muster_error *err)
{
    uint32_t ignored;

    if (right->left) {
        MU_TRY(check_names(left, right->left, offset, err));
        return check_names(left, right->right, offset, err);
    }
    const mu_ast_name name = {right->name, 0};
    if (name.text && find_table(left, name, &ignored)) {
        return mu_fail_at(err, MUSTER_INVALID, offset,
                          "two tables are called \"%s\"; give one of them another name with AS",
                          name.text);
    }
    return MUSTER_OK;
}

/* A column of the left side, or else of the right, as one of the join. */
static uint32_t column_of_sides(const mu_relation *join, uint32_t left, uint32_t right)
{
    if (left == MU_NO_COLUMN && right == MU_NO_COLUMN) {
        return MU_NO_COLUMN;
    }
    return merge_column(join, left != MU_NO_COLUMN ? left : right + join->left->plan->column_count);
}

muster_status mu_bind_pair(mu_binder *binder, const mu_relation *left, const mu_relation *right,
                           int32_t offset, mu_relation *out, muster_error *err)
{
    MU_TRY(check_names(left, right, offset, err));
    *out = (mu_relation){.left = left, .right = right, .time_column = MU_NO_COLUMN};
    MU_TRY(mu_plan_join(&binder->scope, MU_JOIN_INNER, left->plan, right->plan, NULL, &out->plan,
                        err));
    out->column_count = out->plan->column_count;
    out->customer_column = column_of_sides(out, left->customer_column, right->customer_column);
    return MUSTER_OK;
}

static muster_status bind_sides(joining *j, muster_error *err)
{
    mu_arena *arena = j->binder->scope.arena;

    MU_ARENA_TRY(j->left, arena, 1, err);
    MU_ARENA_TRY(j->right, arena, 1, err);
    MU_TRY(mu_bind_source(j->binder, j->join->left, j->left, err));
    MU_TRY(mu_bind_source(j->binder, j->join->right, j->right, err));
    return mu_bind_pair(j->binder, j->left, j->right, j->join->right->start, &j->pair, err);
}

/* Makes a column of each side one. */
static muster_status merge(joining *j, mu_ast_name name, muster_error *err)
{
    const mu_scope *scope = &j->binder->scope;
    const uint32_t inputs = j->left->plan->column_count;
    const mu_plan_column *columns = j->pair.plan->columns;
    const mu_ast_name none = {0};
    mu_merged_column *m = &j->merged[j->merged_count];
    const mu_expr **both, *sides[2], *equal;

    MU_TRY(mu_bind_column(j->left, none, name.text, name.offset, &m->left, err));
    MU_TRY(mu_bind_column(j->right, none, name.text, name.offset, &m->right, err));
    m->right += inputs;
    m->column = j->join->join == MU_AST_RIGHT ? m->right : m->left;
    for (uint32_t i = 0; i < j->merged_count; i++) {
        if (j->merged[i].left == m->left) {
            return mu_fail_at(err, MUSTER_INVALID, name.offset, "USING names \"%s\" twice",
                              name.text);
        }
    }
    MU_TRY(mu_expr_column(scope, m->left, columns[m->left].type, name.offset, &sides[0], err));
    MU_TRY(mu_expr_column(scope, m->right, columns[m->right].type, name.offset, &sides[1], err));
    MU_TRY(mu_expr_call(scope, "=", sides, 2, name.offset, &equal, err));
    j->names[j->merged_count++] = columns[m->left].name;
    if (!j->condition) {
        j->condition = equal;
        return MUSTER_OK;
    }
    MU_ARENA_TRY(both, scope->arena, 2, err);
    both[0] = j->condition;
    both[1] = equal;
    return mu_expr_logic(scope, MU_EXPR_AND, both, 2, name.offset, &j->condition, err);
}

static muster_status bind_using(joining *j, muster_error *err)
{
    const mu_ast_names *names = &j->join->names;

    MU_ARENA_TRY(j->merged, j->binder->scope.arena, names->count, err);
    MU_ARENA_TRY(j->names, j->binder->scope.arena, names->count, err);
    for (uint32_t i = 0; i < names->count; i++) {
        MU_TRY(merge(j, names->data[i], err));
    }
    return MUSTER_OK;
}

/* Is `customer` a name of both sides, which is another in each and so was not seen yet? */
static bool meet_as_customers(const joining *j)
{
    const uint32_t left = find_column(j->left, MU_CUSTOMER_ALIAS).column;
    bool seen =
        left == MU_NO_COLUMN || find_column(j->right, MU_CUSTOMER_ALIAS).column == MU_NO_COLUMN;

    for (uint32_t i = 0; i < j->merged_count; i++) {
        seen = seen || j->merged[i].left == left;
    }
    return !seen;
}

/* By all names that both sides have. */
static muster_status bind_natural(joining *j, muster_error *err)
{
    mu_arena *arena = j->binder->scope.arena;
    const uint32_t count = j->left->plan->column_count;
    uint32_t *columns, listed = 0;

    MU_ARENA_TRY(columns, arena, count, err);
    MU_ARENA_TRY(j->merged, arena, count + 1, err);
    MU_ARENA_TRY(j->names, arena, count + 1, err);
    list_columns(j->left, 0, columns, &listed);
    for (uint32_t i = 0; i < listed; i++) {
        const mu_ast_name name = {j->left->plan->columns[columns[i]].name, j->join->offset};
        if (find_column(j->right, name.text).column != MU_NO_COLUMN) {
            MU_TRY(merge(j, name, err));
        }
    }
    if (meet_as_customers(j)) {
        MU_TRY(merge(j, (mu_ast_name){MU_CUSTOMER_ALIAS, j->join->offset}, err));
    }
    if (j->merged_count == 0) {
        return mu_fail_at(err, MUSTER_INVALID, j->join->offset,
                          "NATURAL JOIN goes by the columns that both sides have, and there are "
                          "none of one name");
    }
    return MUSTER_OK;
}

static muster_status bind_on(joining *j, muster_error *err)
{
    const mu_place place = {.binder = j->binder, .relation = &j->pair, .clause = "ON"};

    if (j->join->natural) {
        return bind_natural(j, err);
    }
    if (j->join->on) {
        return mu_bind_condition(&place, j->join->on, "ON", &j->condition, err);
    }
    return bind_using(j, err);
}

/* Where either side may be NULL, what is merged is a column of its own, of the one that is not. */
static muster_status add_merged(const joining *j, mu_relation *out, muster_error *err)
{
    const mu_scope *scope = &j->binder->scope;
    const uint32_t pair = out->plan->column_count;
    const uint32_t count = pair + j->merged_count;
    const mu_expr **exprs;
    const char **names;

    MU_ARENA_TRY(exprs, scope->arena, count, err);
    MU_ARENA_TRY(names, scope->arena, count, err);
    for (uint32_t c = 0; c < pair; c++) {
        names[c] = out->plan->columns[c].name;
        MU_TRY(mu_expr_column(scope, c, out->plan->columns[c].type, -1, &exprs[c], err));
    }
    for (uint32_t i = 0; i < j->merged_count; i++) {
        const mu_expr **sides;
        MU_ARENA_TRY(sides, scope->arena, 2, err);
        sides[0] = exprs[j->merged[i].left];
        sides[1] = exprs[j->merged[i].right];
        j->merged[i].column = pair + i;
        names[pair + i] = j->names[i];
        MU_TRY(mu_expr_call(scope, "coalesce", sides, 2, j->join->offset, &exprs[pair + i], err));
    }
    return mu_plan_project(scope, out->plan, exprs, names, count, &out->plan, err);
}

static muster_status plan_join(const joining *j, mu_relation *out, muster_error *err)
{
    static const mu_join_kind kinds[] = {
        [MU_AST_CROSS] = MU_JOIN_INNER, [MU_AST_INNER] = MU_JOIN_INNER,
        [MU_AST_LEFT] = MU_JOIN_LEFT,   [MU_AST_FULL] = MU_JOIN_FULL,
        [MU_AST_SEMI] = MU_JOIN_SEMI,   [MU_AST_ANTI] = MU_JOIN_ANTI};
    const mu_scope *scope = &j->binder->scope;
    const mu_plan *left = j->left->plan, *right = j->right->plan;

    if (j->join->join == MU_AST_RIGHT) {
        MU_TRY(mu_plan_right_join(scope, left, right, j->condition, &out->plan, err));
    } else {
        MU_TRY(
            mu_plan_join(scope, kinds[j->join->join], left, right, j->condition, &out->plan, err));
    }
    if (j->join->join == MU_AST_FULL && j->merged_count > 0) {
        MU_TRY(add_merged(j, out, err));
    }
    out->merged = j->merged;
    out->merged_count = j->merged_count;
    out->column_count = out->plan->column_count;
    return MUSTER_OK;
}

muster_status mu_bind_join(mu_binder *binder, const mu_ast_source *join, mu_relation *out,
                           muster_error *err)
{
    joining j = {.binder = binder, .join = join};

    MU_TRY(mu_bind_enter(binder, join->offset, err));
    MU_TRY(bind_sides(&j, err));
    MU_TRY(bind_on(&j, err));
    if (join->join == MU_AST_SEMI || join->join == MU_AST_ANTI) {
        mu_relation half = j.pair;
        MU_TRY(plan_join(&j, &half, err));
        *out = *j.left;
        out->plan = half.plan;
    } else {
        *out = j.pair;
        MU_TRY(plan_join(&j, out, err));
        out->customer_column =
            column_of_sides(out, j.left->customer_column, j.right->customer_column);
        out->time_column = column_of_sides(out, j.left->time_column, j.right->time_column);
    }
    mu_bind_leave(binder);
    return MUSTER_OK;
}
