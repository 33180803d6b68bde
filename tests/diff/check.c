/*
 * check.c - see check.h.
 *
 * A condition is true, false or unknown, so each row is in one of three parts ("ternary logic
 * partitioning"); and a count over a condition as a value is never answered from an index or from
 * the least and greatest value of a block, as one over WHERE may be ("NoREC").
 */
#include "tests/diff/check.h"

#include "tests/diff/print.h"

#include <stdlib.h>
#include <string.h>

static const diff_op *op_named(const char *text, diff_use use)
{
    for (int i = 0; i < diff_op_count; i++) {
        if (diff_ops[i].use == use && strcmp(diff_ops[i].text[DIALECT_MUSTER], text) == 0) {
            return &diff_ops[i];
        }
    }
    abort();
}

static diff_node *call_of(mu_arena *arena, const char *text, diff_type type, diff_node *argument)
{
    diff_node *call = diff_node_new(arena, NODE_CALL, 1);

    call->op = op_named(text, USE_SCALAR);
    call->type = type;
    call->child[0] = argument;
    return call;
}

static diff_node *total_of(mu_arena *arena, const char *text, diff_node *argument)
{
    diff_node *call = diff_node_new(arena, NODE_AGGREGATE, 1 + (argument != NULL));

    call->op = op_named(text, USE_AGGREGATE);
    call->type = TYPE_BIGINT;
    call->child[0] = argument; /* or no FILTER */
    return call;
}

static diff_node *item_of(mu_arena *arena, diff_node *expr, const char *name)
{
    diff_node *item = diff_node_new(arena, NODE_ITEM, 1);

    item->name = name;
    item->child[0] = expr;
    return item;
}

/* The SELECT with another condition: part 0 has none, then p, NOT p, p IS NULL. */
static diff_node *part_of(mu_arena *arena, const diff_node *select, int part)
{
    diff_node *copy = diff_clone(arena, select);
    diff_node **where = &copy->child[SELECT_WHERE];

    if (part == 0) {
        *where = NULL;
    } else if (part == 2) {
        *where = call_of(arena, "(NOT $0)", TYPE_BOOLEAN, *where);
    } else if (part == 3) {
        *where = call_of(arena, "($0 IS NULL)", TYPE_BOOLEAN, *where);
    }
    return copy;
}

static bool asked(diff_session *s, int engine, const diff_node *query)
{
    diff_session_ask(s, engine, query);
    return s->answers[engine].outcome == OUTCOME_ROWS;
}

static void take_rows(diff_answer *into, const diff_answer *from)
{
    for (int i = 0; i < from->rows * from->columns; i++) {
        diff_answer_add(into, from->cells[i]);
    }
}

static bool partition_holds(diff_session *s, int engine, mu_arena *arena, const diff_node *select,
                            int *row)
{
    const diff_node *columns[ANSWER_COLUMNS];
    diff_answer parts = {.columns = diff_columns(select, columns, ANSWER_COLUMNS)};
    bool holds = true, can = true;

    for (int part = 3; part >= 0 && can; part--) {
        can = asked(s, engine, part_of(arena, select, part));
        if (can && part > 0) {
            take_rows(&parts, &s->answers[engine]);
        }
    }
    holds = !can || diff_answer_same(&parts, &s->answers[engine], columns, false, row);
    diff_answer_deinit(&parts);
    return holds;
}

/* count(*) and the sum of the first item that is a whole number, in each part. */
static bool totals_hold(diff_session *s, int engine, mu_arena *arena, const diff_node *select)
{
    diff_node *items = diff_list_new(arena), *copy = diff_clone(arena, select);
    const diff_node *given = select->child[SELECT_ITEMS];
    long long sums[2] = {0, 0};

    diff_list_add(arena, items, item_of(arena, total_of(arena, "count(*)", NULL), "q1"));
    for (int i = 0; i < given->count && items->count < 2; i++) {
        const diff_node *expr = given->child[i]->child[0];
        if (given->child[i]->kind == NODE_ITEM && expr->type == TYPE_BIGINT && expr->most < 1e12) {
            diff_list_add(
                arena, items,
                item_of(arena, total_of(arena, "sum($0)", diff_clone(arena, expr)), "q2"));
        }
    }
    copy->child[SELECT_ITEMS] = items;
    for (int part = 3; part >= 0; part--) {
        if (!asked(s, engine, part_of(arena, copy, part))) {
            return true;
        }
        for (int c = 0; c < s->answers[engine].columns; c++) {
            const char *cell = s->answers[engine].cells[c];
            const long long value = cell ? strtoll(cell, NULL, 10) : 0;
            sums[c] += part == 0 ? -value : value;
        }
    }
    return sums[0] == 0 && sums[1] == 0;
}

static long long number(const diff_answer *answer)
{
    return answer->rows == 1 && answer->cells[0] ? strtoll(answer->cells[0], NULL, 10) : 0;
}

static bool count_holds(diff_session *s, int engine, mu_arena *arena, const diff_node *select)
{
    diff_node *filtered = diff_clone(arena, select), *whole = part_of(arena, select, 0);
    diff_node *condition = diff_clone(arena, select->child[SELECT_WHERE]);
    diff_node *as_number = call_of(arena, "CAST($0 AS BIGINT)", TYPE_BIGINT, condition);

    filtered->child[SELECT_ITEMS] = diff_list_new(arena);
    whole->child[SELECT_ITEMS] = diff_list_new(arena);
    diff_list_add(arena, filtered->child[SELECT_ITEMS],
                  item_of(arena, total_of(arena, "count(*)", NULL), "q1"));
    diff_list_add(arena, whole->child[SELECT_ITEMS],
                  item_of(arena, total_of(arena, "sum($0)", as_number), "q1"));
    if (!asked(s, engine, filtered)) {
        return true;
    }
    const long long rows = number(&s->answers[engine]);
    return !asked(s, engine, whole) || number(&s->answers[engine]) == rows;
}

static bool parameters_hold(diff_session *s, int engine, mu_arena *arena, const diff_node *query,
                            int *row)
{
    const diff_node *columns[ANSWER_COLUMNS];
    const int count = diff_columns(query, columns, ANSWER_COLUMNS);
    diff_engine *e = &s->engines[engine];
    diff_bound bound;

    diff_session_ask(s, engine, query);
    if (!e->run_bound || s->answers[engine].outcome == OUTCOME_TOO_LONG) {
        return true;
    }
    diff_answer literal = s->answers[engine], *answer = &s->answers[engine];
    *answer = (diff_answer){0};
    const char *sql = diff_print_bound(arena, query, &bound);
    e->run_bound(e, sql, &bound, columns, count, answer);
    const bool holds = literal.outcome == answer->outcome &&
                       (literal.outcome != OUTCOME_ROWS ||
                        diff_answer_same(&literal, answer, columns, diff_is_ordered(query), row));
    diff_answer_deinit(&literal);
    return holds;
}

const char *diff_rule_name(diff_rule rule)
{
    static const char *const names[] = {"p, NOT p and p IS NULL are all rows together",
                                        "the counts and sums of p, NOT p and p IS NULL add up",
                                        "as many rows meet p as there are for which p is true",
                                        "with parameters, and run again, it answers the same"};

    return names[rule];
}

bool diff_rule_holds(diff_session *s, int engine, diff_rule rule, const diff_node *select,
                     diff_finding *finding)
{
    mu_arena arena = {0};
    bool holds = true;

    *finding = (diff_finding){.one = engine, .other = engine, .property = diff_rule_name(rule)};
    if (rule == RULE_PARAMETERS) {
        holds = parameters_hold(s, engine, &arena, select, &finding->row);
        mu_arena_deinit(&arena);
        return holds;
    }
    if (select->kind != NODE_SELECT || !select->child[SELECT_FROM] ||
        !select->child[SELECT_WHERE] || select->child[SELECT_GROUP] ||
        select->child[SELECT_ORDER] || select->child[SELECT_QUALIFY] || select->flags ||
        diff_has_kind(select->child[SELECT_ITEMS], NODE_AGGREGATE) ||
        diff_has_kind(select->child[SELECT_ITEMS], NODE_WINDOW)) {
        return true;
    }
    switch (rule) {
    case RULE_PARTITION:
        holds = partition_holds(s, engine, &arena, select, &finding->row);
        break;
    case RULE_TOTALS:
        holds = totals_hold(s, engine, &arena, select);
        break;
    case RULE_COUNT:
        holds = count_holds(s, engine, &arena, select);
        break;
    case RULE_PARAMETERS:
    case RULE_COUNT_OF:
        break;
    }
    mu_arena_deinit(&arena);
    return holds;
}
