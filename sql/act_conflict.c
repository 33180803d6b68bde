/*
 * act_conflict.c - ON CONFLICT: what becomes of a row whose key a row of the table has.
 *
 * The load compares keys, and leaves rows out or lets them take the place of others. What DO UPDATE
 * makes of a row is computed before: the rows that come are joined with those that are there, by
 * the key, and what goes to the load is what is to be in the table in the end.
 */
#include "sql/act_rows.h"

static bool names_column(const mu_ast_names *names, const char *column)
{
    for (uint32_t i = 0; i < names->count; i++) {
        if (mu_name_equal(names->data[i].text, column)) {
            return true;
        }
    }
    return false;
}

/* The columns after ON CONFLICT are those of the key. */
static muster_status check_key(const mu_table *table, const mu_ast_names *names, muster_error *err)
{
    uint32_t count = 0;
    bool all = true;

    for (uint32_t i = 0; i < table->column_count; i++) {
        count += table->columns[i].key > 0;
        all = all && (table->columns[i].key == 0 || names_column(names, table->columns[i].name));
    }
    return names->count == 0 || (all && names->count == count)
               ? MUSTER_OK
               : mu_fail_at(err, MUSTER_INVALID, names->data[0].offset,
                            "these are not the columns of the PRIMARY KEY of \"%s\"; they may be "
                            "left out",
                            table->name);
}

muster_status mu_act_bind_conflict(const mu_act *act, const mu_table *table, mu_conflict *out,
                                   muster_error *err)
{
    static const mu_conflict conflicts[] = {[MU_AST_CONFLICT_REFUSE] = MU_CONFLICT_REFUSE,
                                            [MU_AST_CONFLICT_NOTHING] = MU_CONFLICT_KEEP,
                                            [MU_AST_CONFLICT_UPDATE] = MU_CONFLICT_UPDATE};
    const mu_ast_statement *s = act->statement;

    *out = conflicts[s->conflict];
    if (s->conflict == MU_AST_CONFLICT_REFUSE) {
        return MUSTER_OK;
    }
    if (!mu_table_has_key(table)) {
        return mu_fail_at(err, MUSTER_INVALID, s->name.offset,
                          table->id == MU_CUSTOMERS_TABLE
                              ? "\"%s\" needs no ON CONFLICT: whoever is there gets the new values"
                              : "\"%s\" has no PRIMARY KEY, so that no row conflicts with another; "
                                "leave ON CONFLICT out",
                          table->name);
    }
    return check_key(table, &s->conflict_key, err);
}

/* DO UPDATE. */

/* Rows that come beside the rows of the table that have their keys, or NULLs. */
typedef struct meeting {
    const mu_table *table;
    mu_relation excluded, there, pair;
    const mu_expr *met;    /* there is one */
    const mu_expr *wanted; /* and it is to be changed */
    const mu_expr **set;   /* by column: what it is set to; NULL: it stays */
} meeting;

static muster_status side(const mu_act *act, const meeting *m, uint32_t column, bool there,
                          const mu_expr **out, muster_error *err)
{
    return mu_expr_column(&act->binder->scope, column + (there ? m->table->column_count : 0),
                          m->table->columns[column].type, -1, out, err);
}

static muster_status meet(const mu_act *act, const mu_plan *coming, meeting *m, muster_error *err)
{
    const mu_scope *scope = &act->binder->scope;
    const mu_expr **equal, *condition, *pair[2];
    uint32_t *key, count;

    MU_TRY(mu_bind_scan(act->binder, m->table, &m->there, err));
    mu_bind_relation_of(coming, &m->excluded);
    m->excluded.name = "excluded";
    MU_ARENA_TRY(key, scope->arena, m->table->column_count, err);
    count = mu_table_key(m->table, key);
    MU_ARENA_TRY(equal, scope->arena, count, err);
    for (uint32_t k = 0; k < count; k++) {
        MU_TRY(side(act, m, key[k], false, &pair[0], err));
        MU_TRY(side(act, m, key[k], true, &pair[1], err));
        MU_TRY(mu_expr_call(scope, "=", pair, 2, -1, &equal[k], err));
    }
    MU_TRY(mu_expr_logic(scope, MU_EXPR_AND, equal, count, -1, &condition, err));
    m->pair = (mu_relation){.left = &m->excluded,
                            .right = &m->there,
                            .customer_column = MU_NO_COLUMN,
                            .time_column = MU_NO_COLUMN};
    MU_TRY(mu_plan_join(scope, MU_JOIN_LEFT, coming, m->there.plan, condition, &m->pair.plan, err));
    m->pair.column_count = m->pair.plan->column_count;
    MU_TRY(side(act, m, key[0], true, &pair[0], err));
    return mu_expr_call(scope, "is not null", pair, 1, -1, &m->met, err);
}

static muster_status bind_set(const mu_act *act, meeting *m, muster_error *err)
{
    const mu_ast_statement *s = act->statement;
    const mu_place set = {.binder = act->binder, .relation = &m->pair, .clause = "SET"};
    const mu_place where = {.binder = act->binder, .relation = &m->pair, .clause = "WHERE"};
    const mu_expr *both[2] = {m->met};
    uint32_t c;

    MU_ARENA_TRY(m->set, act->binder->scope.arena, m->table->column_count, err);
    for (uint32_t i = 0; i < s->items.count; i++) {
        const mu_ast_item *item = &s->items.data[i];
        MU_TRY(mu_bind_column(&m->there, (mu_ast_name){0}, item->name.text, item->name.offset, &c,
                              err));
        if (m->set[c]) {
            return mu_fail_at(err, MUSTER_INVALID, item->name.offset, "column \"%s\" is set twice",
                              item->name.text);
        }
        if (m->table->columns[c].key > 0) {
            return mu_fail_at(err, MUSTER_INVALID, item->name.offset,
                              "column \"%s\" is in the key, by which the row was found; it stays "
                              "what it is",
                              item->name.text);
        }
        MU_TRY(mu_act_bind_value(&set, item->expr, &m->table->columns[c], &m->set[c], err));
    }
    m->wanted = m->met;
    if (!s->where) {
        return MUSTER_OK;
    }
    MU_TRY(mu_bind_condition(&where, s->where, "WHERE", &both[1], err));
    return mu_expr_logic(&act->binder->scope, MU_EXPR_AND, both, 2, s->where->offset, &m->wanted,
                         err);
}

/* What a column is in the end: that of the row there, perhaps changed, or of the one that comes. */
static muster_status settle(const mu_act *act, const meeting *m, uint32_t c, const mu_expr **out,
                            muster_error *err)
{
    const mu_scope *scope = &act->binder->scope;
    const mu_expr *cases[5];
    uint32_t count = 0;

    if (m->set[c]) {
        cases[count++] = m->wanted;
        cases[count++] = m->set[c];
    }
    cases[count++] = m->met;
    MU_TRY(side(act, m, c, true, &cases[count++], err));
    MU_TRY(side(act, m, c, false, &cases[count++], err));
    MU_TRY(mu_expr_case(scope, cases, count, -1, out, err));
    return mu_expr_cast(scope, *out, m->table->columns[c].type, false, -1, out, err);
}

muster_status mu_act_plan_conflict(const mu_act *act, const mu_table *table, const mu_plan *coming,
                                   const mu_plan **out, muster_error *err)
{
    const mu_scope *scope = &act->binder->scope;
    meeting m = {.table = table};
    const mu_expr **exprs, *counts[3];
    const char **names;

    MU_TRY(meet(act, coming, &m, err));
    MU_TRY(bind_set(act, &m, err));
    MU_ARENA_TRY(exprs, scope->arena, table->column_count + 1, err);
    MU_ARENA_TRY(names, scope->arena, table->column_count + 1, err);
    for (uint32_t c = 0; c < table->column_count; c++) {
        names[c] = table->columns[c].name;
        MU_TRY(settle(act, &m, c, &exprs[c], err));
    }
    MU_TRY(mu_expr_logic(scope, MU_EXPR_NOT, &m.met, 1, -1, &counts[0], err));
    counts[1] = m.wanted;
    MU_TRY(mu_expr_logic(scope, MU_EXPR_OR, counts, 2, -1, &exprs[table->column_count], err));
    names[table->column_count] = "counts";
    return mu_plan_project(scope, m.pair.plan, exprs, names, table->column_count + 1, out, err);
}
