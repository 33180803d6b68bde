/*
 * build.c - the nodes of the tree, for the actions of grammar.y.
 *
 * A node's depth is one more than that of its deepest operand; past MU_MAX_DEPTH the statement
 * is refused, so that nobody who walks the tree needs to fear for the stack.
 */
#include "sql/build.h"

#include "sql/grammar.h"
#include "storage/base/limits.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

void mu_build_fail_memory(mu_build *b)
{
    if (b->status == MUSTER_OK) {
        b->status = mu_fail_memory(b->err, "reading a statement");
    }
}

void mu_build_refuse(mu_build *b, mu_token token, const char *message)
{
    if (b->status == MUSTER_OK) {
        b->status = mu_fail_at(b->err, MUSTER_SYNTAX, token.offset, "%s", message);
    }
}

void mu_build_fail_depth(mu_build *b, int32_t offset)
{
    if (b->status == MUSTER_OK) {
        b->status =
            mu_fail_at(b->err, MUSTER_SYNTAX, offset,
                       "expressions and queries are nested more than %d deep", MU_MAX_DEPTH);
    }
}

const char *mu_build_text(mu_build *b, mu_token token)
{
    const char *at = b->text + token.offset;
    char quote = '\0';
    char *text;
    size_t size = token.size, used = 0;

    if (token.kind == MU_TOKEN_STRING && *at != '\'') {
        return mu_build_escaped(b, token);
    }
    if (token.kind == MU_TOKEN_STRING || token.kind == MU_TOKEN_QUOTED) {
        quote = *at;
        at++;
        size -= 2;
    }
    text = mu_arena_alloc(b->arena, size + 1);
    if (!text) {
        mu_build_fail_memory(b);
        return NULL;
    }
    for (size_t i = 0; i < size; i++) {
        text[used++] = at[i];
        i += quote != '\0' && at[i] == quote; /* a doubled quote stands for one */
    }
    text[used] = '\0';
    return text;
}

mu_ast_name mu_build_name(mu_build *b, mu_token token)
{
    const char *text = mu_build_text(b, token);

    if (text && token.kind != MU_TOKEN_STRING && strlen(text) > MU_MAX_NAME_BYTES &&
        b->status == MUSTER_OK) {
        b->status = mu_fail_at(b->err, MUSTER_SYNTAX, token.offset,
                               "a name of %zu bytes; names have at most %d", strlen(text),
                               MU_MAX_NAME_BYTES);
    }
    return (mu_ast_name){text, token.offset};
}

mu_ast_expr *mu_build_node(mu_build *b, mu_ast_kind kind, int32_t start, int32_t offset)
{
    mu_ast_expr *node = MU_NEW(b->arena, mu_ast_expr);

    if (!node) {
        mu_build_fail_memory(b);
        return NULL;
    }
    node->kind = kind;
    node->start = start;
    node->end = b->end;
    node->offset = offset;
    node->depth = 1;
    return node;
}

void mu_build_deepen(mu_build *b, mu_ast_expr *node, uint32_t depth)
{
    if (depth >= node->depth) {
        node->depth = depth + 1;
    }
    if (node->depth > MU_MAX_DEPTH) {
        mu_build_fail_depth(b, node->offset);
    }
}

mu_ast_expr *mu_build_operand(mu_build *b, mu_ast_expr *node, mu_ast_expr *operand)
{
    if (!node || !operand) {
        return NULL;
    }
    node->operands = mu_build_add_item(b, node->operands, operand, (mu_ast_name){0});
    mu_build_deepen(b, node, operand->depth);
    return node;
}

mu_ast_expr *mu_build_operands(mu_build *b, mu_ast_expr *node, mu_ast_items operands)
{
    for (uint32_t i = 0; node && i < operands.count; i++) {
        const mu_ast_item *item = &operands.data[i];
        if (!item->expr) {
            return NULL;
        }
        node->operands = mu_build_add_item(b, node->operands, item->expr, item->name);
        mu_build_deepen(b, node, item->expr->depth);
    }
    return node;
}

mu_ast_expr *mu_build_literal(mu_build *b, mu_ast_kind kind, mu_token token)
{
    mu_ast_expr *node = mu_build_node(b, kind, token.offset, token.offset);

    if (node) {
        node->text = mu_build_text(b, token);
    }
    return node;
}

/* Its number, from 1; 0 where the digits say none. */
static uint32_t parameter_number(mu_build *b, const char *written)
{
    const mu_text name = {written + 1, (uint32_t)strlen(written + 1)};
    uint32_t number = 0;

    if (b->style == '?') {
        return b->parameters.count + 1;
    }
    if (b->style == '1') {
        for (const char *digit = written + 1; *digit && number <= MU_MAX_PARAMETERS; digit++) {
            number = number * 10 + (uint32_t)(*digit - '0');
        }
        return number;
    }
    if (!mu_dict_builder_add(&b->names, name, &number)) {
        mu_build_fail_memory(b);
    }
    return number + 1;
}

/* Parameters up to this one are known from now on. */
static muster_status note_parameter(mu_build *b, uint32_t number, const char *written,
                                    int32_t offset)
{
    if (number < 1 || number > MU_MAX_PARAMETERS) {
        return mu_fail_at(b->err, MUSTER_SYNTAX, offset,
                          "parameter %.20s; their numbers go from 1 to %d", written,
                          MU_MAX_PARAMETERS);
    }
    while (b->parameters.count < number && b->status == MUSTER_OK) {
        const char *name = b->style == ':' ? written + 1 : NULL;
        b->parameters = mu_build_add_name(b, b->parameters, (mu_ast_name){name, -1});
    }
    if (b->status == MUSTER_OK && b->parameters.data[number - 1].offset < 0) {
        b->parameters.data[number - 1].offset = offset;
    }
    return b->status;
}

mu_ast_expr *mu_build_parameter(mu_build *b, mu_token token)
{
    mu_ast_expr *node = mu_build_literal(b, MU_AST_PARAMETER, token);

    if (!node || !node->text) {
        return NULL;
    }
    const char first = node->text[0], second = node->text[1];
    const char style = first == '?' ? '?' : second >= '0' && second <= '9' ? '1' : ':';
    if (b->style && b->style != style && b->status == MUSTER_OK) {
        b->status = mu_fail_at(b->err, MUSTER_SYNTAX, token.offset,
                               "parameter %.40s among others of another kind; write all of a "
                               "statement as ?, or as $1, or as :name",
                               node->text);
        return NULL;
    }
    b->style = style;
    node->parameter = parameter_number(b, node->text);
    if (b->status == MUSTER_OK) {
        b->status = note_parameter(b, node->parameter, node->text, token.offset);
    }
    return node;
}

mu_ast_expr *mu_build_typed(mu_build *b, mu_token type, mu_token text)
{
    mu_ast_expr *node = mu_build_literal(b, MU_AST_TYPED, text);

    if (node) {
        node->start = type.offset;
        node->type.name = mu_build_name(b, type);
    }
    return node;
}

mu_ast_expr *mu_build_interval(mu_build *b, mu_token type, mu_token number, mu_ast_name unit)
{
    mu_ast_expr *node = mu_build_typed(b, type, number);

    if (node && node->text && unit.text) {
        node->text = mu_arena_printf(b->arena, "%s %s", node->text, unit.text);
        if (!node->text) {
            mu_build_fail_memory(b);
        }
    }
    return node;
}

mu_ast_expr *mu_build_intervals(mu_build *b, mu_token type, mu_token number, mu_ast_name unit)
{
    mu_ast_expr *times = mu_build_parameter(b, number);
    mu_ast_expr *one = mu_build_node(b, MU_AST_TYPED, type.offset, unit.offset);

    if (one && unit.text) {
        one->type.name = mu_build_name(b, type);
        one->text = mu_arena_printf(b->arena, "1 %s", unit.text);
        if (!one->text) {
            mu_build_fail_memory(b);
        }
    }
    return mu_build_binary(b, MU_AST_MULTIPLY, number, times, one);
}

mu_ast_expr *mu_build_column(mu_build *b, mu_ast_name qualifier, mu_ast_name name)
{
    const int32_t start = qualifier.text ? qualifier.offset : name.offset;
    mu_ast_expr *node = mu_build_node(b, MU_AST_COLUMN, start, name.offset);

    if (node) {
        node->qualifier = qualifier;
        node->text = name.text;
    }
    return node;
}

mu_ast_expr *mu_build_star(mu_build *b, mu_ast_name qualifier, mu_token star, mu_ast_names excluded,
                           mu_ast_items replaced)
{
    const int32_t start = qualifier.text ? qualifier.offset : star.offset;
    mu_ast_expr *node = mu_build_node(b, MU_AST_STAR, start, star.offset);

    if (node) {
        node->qualifier = qualifier;
        node->excluded = excluded;
    }
    return mu_build_operands(b, node, replaced);
}

mu_ast_expr *mu_build_unary(mu_build *b, mu_ast_kind kind, mu_token op, mu_ast_expr *operand)
{
    mu_ast_expr *node;

    if (!operand) {
        return NULL;
    }
    /* -9223372036854775808 has no positive twin, so a minus belongs to the number it is before. */
    if (kind == MU_AST_UNARY && operand->text && operand->start == operand->offset &&
        (operand->kind == MU_AST_INTEGER || operand->kind == MU_AST_DECIMAL ||
         operand->kind == MU_AST_DOUBLE) &&
        operand->text[0] != '-') {
        operand->text = mu_arena_printf(b->arena, "-%s", operand->text);
        operand->start = operand->offset = op.offset;
        if (!operand->text) {
            mu_build_fail_memory(b);
        }
        return operand;
    }
    node = mu_build_node(b, kind, op.offset, op.offset);
    if (node) {
        node->op = MU_AST_NEGATE;
    }
    return mu_build_operand(b, node, operand);
}

mu_ast_expr *mu_build_binary(mu_build *b, mu_ast_operator op, mu_token at, mu_ast_expr *left,
                             mu_ast_expr *right)
{
    mu_ast_expr *node = mu_build_test(b, MU_AST_BINARY, at, false, left, right);

    if (node) {
        node->op = op;
    }
    return node;
}

/* A chain is one node. What stands in parentheses stays as it is: it may be a key of a group. */
mu_ast_expr *mu_build_logic(mu_build *b, mu_ast_kind kind, mu_token at, mu_ast_expr *left,
                            mu_ast_expr *right)
{
    assert(kind == MU_AST_AND || kind == MU_AST_OR);
    if (left && left->kind == kind && left->start == left->operands.data[0].expr->start) {
        left->end = b->end;
        return mu_build_operand(b, left, right);
    }
    return mu_build_test(b, kind, at, false, left, right);
}

mu_ast_expr *mu_build_test(mu_build *b, mu_ast_kind kind, mu_token at, bool negated,
                           mu_ast_expr *left, mu_ast_expr *right)
{
    mu_ast_expr *node;

    if (!left) {
        return NULL;
    }
    node = mu_build_operand(b, mu_build_node(b, kind, left->start, at.offset), left);
    if (node && right) {
        node = mu_build_operand(b, node, right);
    }
    if (node) {
        node->negated = negated;
    }
    return node;
}

mu_ast_expr *mu_build_between(mu_build *b, mu_token at, bool negated, mu_ast_expr *value,
                              mu_ast_expr *low, mu_ast_expr *high)
{
    return mu_build_operand(b, mu_build_test(b, MU_AST_BETWEEN, at, negated, value, low), high);
}

static mu_ast_expr *with_query(mu_build *b, mu_ast_expr *node, mu_ast_select *query)
{
    if (!node || !query) {
        return NULL;
    }
    node->query = query;
    mu_build_deepen(b, node, query->depth);
    return node;
}

mu_ast_expr *mu_build_in_query(mu_build *b, mu_token at, bool negated, mu_ast_expr *value,
                               mu_ast_select *query)
{
    return with_query(b, mu_build_test(b, MU_AST_IN_QUERY, at, negated, value, NULL), query);
}

mu_ast_expr *mu_build_subquery(mu_build *b, mu_ast_kind kind, mu_token at, mu_ast_select *query)
{
    return with_query(b, mu_build_node(b, kind, at.offset, at.offset), query);
}

mu_ast_expr *mu_build_scalar(mu_build *b, mu_ast_select *query)
{
    return query ? with_query(b, mu_build_node(b, MU_AST_SCALAR, query->start, query->start), query)
                 : NULL;
}

mu_ast_expr *mu_build_quantified(mu_build *b, mu_ast_operator op, mu_token at, mu_ast_kind kind,
                                 mu_ast_expr *value, mu_ast_select *query)
{
    mu_ast_expr *node = with_query(b, mu_build_test(b, kind, at, false, value, NULL), query);

    if (node) {
        node->op = op;
    }
    return node;
}

mu_ast_expr *mu_build_case(mu_build *b, mu_token at, mu_ast_expr *operand, mu_ast_items branches,
                           mu_ast_expr *otherwise)
{
    mu_ast_expr *node = mu_build_node(b, MU_AST_CASE, at.offset, at.offset);

    if (operand) {
        node = mu_build_operand(b, node, operand);
    }
    node = mu_build_operands(b, node, branches);
    if (otherwise) {
        node = mu_build_operand(b, node, otherwise);
    }
    if (node) {
        node->has_operand = operand != NULL;
        node->has_else = otherwise != NULL;
    }
    return node;
}

mu_ast_expr *mu_build_cast(mu_build *b, int32_t start, int32_t offset, mu_ast_expr *operand,
                           mu_ast_type type)
{
    mu_ast_expr *node = mu_build_node(b, MU_AST_CAST, start, offset);

    if (node) {
        node->type = type;
    }
    return mu_build_operand(b, node, operand);
}

/* x IN (y) */
static bool is_equal_to_one(const mu_ast_expr *expr)
{
    return expr && expr->kind == MU_AST_IN_LIST && !expr->negated && expr->operands.count == 2;
}

mu_ast_expr *mu_build_call(mu_build *b, mu_ast_name name, bool distinct, mu_ast_items operands,
                           mu_ast_expr *filter)
{
    mu_ast_expr *node = mu_build_node(b, MU_AST_CALL, name.offset, name.offset);

    if (!node) {
        return NULL;
    }
    if (name.text && strcasecmp(name.text, "position") == 0 && operands.count == 1 &&
        is_equal_to_one(operands.data[0].expr)) {
        operands = operands.data[0].expr->operands; /* POSITION(a IN b) */
    }
    node->text = name.text;
    node->distinct = distinct;
    node->filter = filter;
    if (filter) {
        mu_build_deepen(b, node, filter->depth);
    }
    return mu_build_operands(b, node, operands);
}

mu_ast_expr *mu_build_over(mu_build *b, mu_ast_expr *call, bool ignore_nulls, mu_ast_window *over)
{
    if (!call) {
        return NULL;
    }
    call->ignore_nulls = ignore_nulls;
    call->over = over;
    call->end = b->end;
    if (over) {
        mu_build_deepen(b, call, over->depth);
    }
    return call;
}

mu_ast_window *mu_build_window(mu_build *b, int32_t offset)
{
    mu_ast_window *window = MU_NEW(b->arena, mu_ast_window);

    if (window) {
        window->offset = offset;
    } else {
        mu_build_fail_memory(b);
    }
    return window;
}

static uint32_t deeper(uint32_t depth, const mu_ast_expr *expr)
{
    return expr && expr->depth > depth ? expr->depth : depth;
}

mu_ast_window *mu_build_finish_window(mu_build *b, mu_ast_window *window)
{
    if (!window || b->status != MUSTER_OK) {
        return NULL;
    }
    window->depth = deeper(deeper(0, window->from.offset), window->to.offset);
    for (uint32_t i = 0; i < window->partitions.count; i++) {
        window->depth = deeper(window->depth, window->partitions.data[i].expr);
    }
    for (uint32_t i = 0; i < window->orders.count; i++) {
        window->depth = deeper(window->depth, window->orders.data[i].expr);
    }
    return window;
}

mu_ast_expr *mu_build_extract(mu_build *b, mu_token at, mu_ast_name unit, mu_ast_expr *operand)
{
    const mu_ast_name none = {0};
    mu_ast_expr *text = mu_build_node(b, MU_AST_TEXT, unit.offset, unit.offset);
    mu_ast_items operands = {0};

    if (!text || !operand) {
        return NULL;
    }
    text->text = unit.text;
    operands = mu_build_add_item(b, operands, text, none);
    operands = mu_build_add_item(b, operands, operand, none);
    return mu_build_call(b, mu_build_name(b, at), false, operands, NULL);
}

mu_ast_expr *mu_build_at_zone(mu_build *b, mu_token at, mu_ast_expr *time, mu_ast_expr *zone)
{
    const mu_ast_name none = {0}, name = {"timezone", at.offset};
    mu_ast_items operands = {0};

    if (!time || !zone) {
        return NULL;
    }
    operands = mu_build_add_item(b, operands, zone, none);
    operands = mu_build_add_item(b, operands, time, none);
    mu_ast_expr *call = mu_build_call(b, name, false, operands, NULL);
    if (call) {
        call->start = time->start;
    }
    return call;
}

mu_ast_expr *mu_build_parenthesis(mu_build *b, mu_token open, mu_ast_expr *inner)
{
    if (inner) {
        inner->start = open.offset;
        inner->end = b->end;
    }
    return inner;
}

mu_ast_statement *mu_build_statement(mu_build *b, mu_ast_statement_kind kind)
{
    mu_ast_statement *statement = MU_NEW(b->arena, mu_ast_statement);

    if (!statement) {
        mu_build_fail_memory(b);
        return NULL;
    }
    statement->kind = kind;
    b->statement = statement;
    return statement;
}

void mu_build_explain(mu_build *b, bool analyzes)
{
    mu_ast_statement *explained = b->statement;
    mu_ast_statement *statement = mu_build_statement(b, MU_AST_EXPLAIN);

    if (statement) {
        statement->explained = explained;
        statement->analyzes = analyzes;
    }
}

/* Makes room for one more in an array of the arena, doubling it; NULL when out of memory. What
 * was there is copied, and the old array stays where it is until the arena goes. */
static void *grown(mu_build *b, void *data, uint32_t count, uint32_t *capacity, size_t size)
{
    const uint32_t wanted = *capacity == 0 ? 4 : *capacity * 2;
    void *larger;

    assert(count <= *capacity);
    if (count < *capacity) {
        return data;
    }
    larger = wanted < count ? NULL : mu_arena_alloc_array(b->arena, wanted, size);
    if (!larger) {
        mu_build_fail_memory(b);
        return NULL;
    }
    if (count > 0) {
        memcpy(larger, data, count * size);
    }
    *capacity = wanted;
    return larger;
}

/* list with `item` at its end, for the lists of ast.h, which differ in what they hold only. */
#define ADD(list, item)                                                                          \
    do {                                                                                         \
        void *room = grown(b, (list).data, (list).count, &(list).capacity, sizeof *(list).data); \
        if (room) {                                                                              \
            (list).data = room;                                                                  \
            (list).data[(list).count++] = (item);                                                \
        }                                                                                        \
    } while (0)

mu_ast_items mu_build_add_item(mu_build *b, mu_ast_items list, mu_ast_expr *expr, mu_ast_name name)
{
    const mu_ast_item item = {expr, name};

    ADD(list, item);
    return list;
}

mu_ast_names mu_build_add_name(mu_build *b, mu_ast_names list, mu_ast_name name)
{
    ADD(list, name);
    return list;
}

mu_ast_orders mu_build_add_order(mu_build *b, mu_ast_orders list, mu_ast_order order)
{
    ADD(list, order);
    return list;
}

mu_ast_commons mu_build_add_common(mu_build *b, mu_ast_commons list, mu_ast_common common)
{
    if (common.query) {
        ADD(list, common);
    }
    return list;
}

mu_ast_windows mu_build_add_window(mu_build *b, mu_ast_windows list, mu_ast_named_window window)
{
    if (window.window) {
        ADD(list, window);
    }
    return list;
}

mu_ast_columns mu_build_add_column(mu_build *b, mu_ast_columns list, mu_ast_column column)
{
    ADD(list, column);
    return list;
}

mu_ast_columns mu_build_key(mu_build *b, mu_ast_columns list, mu_token at, mu_ast_names key)
{
    if (list.key.count > 0) {
        mu_build_refuse(b, at, "a table has one PRIMARY KEY, of one column or several");
    }
    list.key = key;
    return list;
}

mu_ast_options mu_build_add_option(mu_build *b, mu_ast_options list, mu_ast_option option)
{
    ADD(list, option);
    return list;
}

mu_ast_rows mu_build_add_row(mu_build *b, mu_ast_rows list, mu_ast_items row)
{
    ADD(list, row);
    return list;
}

mu_ast_selects mu_build_add_query(mu_build *b, mu_ast_selects list, mu_ast_select *query)
{
    ADD(list, query);
    return list;
}
