/*
 * make_expr.c - random expressions of a given type.
 */
#include "tests/diff/make.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum {
    ROWS_MOST = 1000000, /* that a sum is over */
    TEXT_MOST = 300,
    SCALE_MOST = 6,
    DOUBLE_BITS = 50,
    ARGUMENTS_MOST = 8
};

static const char type_codes[] = "bidftDT";

bool diff_has(const diff_maker *m, diff_feature feature)
{
    return (m->features & diff_bit(feature)) != 0;
}

const char *diff_new_name(diff_maker *m, const char *prefix)
{
    return diff_text(m->arena, "%s%d", prefix, ++m->names);
}

static bool is_number(diff_type type)
{
    return type == TYPE_BIGINT || type == TYPE_DECIMAL || type == TYPE_DOUBLE;
}

/* Whether the number can be known in full, whoever computes it. */
static bool fits(diff_type type, int scale, double most)
{
    switch (type) {
    case TYPE_BIGINT:
        return most < 4e18;
    case TYPE_DECIMAL:
        return scale <= SCALE_MOST && most * pow(10, scale) < 1e17;
    case TYPE_DOUBLE:
        return scale + log2(most + 1) < DOUBLE_BITS;
    case TYPE_TEXT:
        return most <= TEXT_MOST;
    case TYPE_BOOLEAN:
    case TYPE_DATE:
    case TYPE_TIMESTAMP:
    case TYPE_COUNT:
        break;
    }
    return true;
}

/* As one type, all arguments still fit. */
static bool fit_together(const diff_node *call, diff_type type, int scale)
{
    for (int i = 0; i < diff_argument_count(call); i++) {
        const diff_node *argument = call->child[i];
        const char code = diff_op_argument(call->op, i);
        if (strchr("Fq", code) && !fits(TYPE_DOUBLE, 0, argument->most)) {
            return false;
        }
        if (!is_number(argument->type) || !strchr("nxc", code)) {
            continue;
        }
        if (argument->type != type && !fits(type, scale, argument->most)) {
            return false;
        }
        if (type == TYPE_DECIMAL && !fits(type, scale, argument->most)) {
            return false;
        }
    }
    return true;
}

static double most_of(const diff_node *call)
{
    double kept = 0, sum = 0, product = 1;

    for (int i = 0; i < diff_argument_count(call); i++) {
        const char code = diff_op_argument(call->op, i);
        const double most = call->child[i]->most;
        const bool counts = strchr("nxcidfFqt", code) || code == 'k';
        if (counts && code != 'k') {
            kept = fmax(kept, most);
            sum += most;
        }
        product *= counts ? fmax(most, 1) + (code == 't') : 1;
    }
    return call->op->most == MOST_KEPT      ? kept
           : call->op->most == MOST_SUM     ? sum
           : call->op->most == MOST_PRODUCT ? product
           : call->op->most == MOST_TOTAL   ? kept * ROWS_MOST
                                            : call->op->most;
}

static int scale_of(const diff_node *call, diff_type type)
{
    int scale = 0;

    if (call->op->scale) {
        return call->op->scale;
    }
    for (int i = 0; i < diff_argument_count(call); i++) {
        const diff_node *argument = call->child[i];
        if (argument->type == type) {
            scale = call->op->most == MOST_PRODUCT ? scale + argument->scale
                    : argument->scale > scale      ? argument->scale
                                                   : scale;
        }
    }
    return scale;
}

bool diff_settle(diff_node *call)
{
    const char result = call->op->signature[0];
    int scale;
    const diff_type common = diff_common_type(call, &scale);

    call->type =
        strchr("nxc", result) ? common : (diff_type)(strchr(type_codes, result) - type_codes);
    call->most = most_of(call);
    call->scale =
        call->type == TYPE_DECIMAL || call->type == TYPE_DOUBLE ? scale_of(call, call->type) : 0;
    call->inexact = call->op->inexact;
    if (!fit_together(call, common, scale)) {
        return false;
    }
    return call->inexact || fits(call->type, call->scale, call->most) ||
           (call->type == TYPE_TEXT && call->op->use == USE_AGGREGATE) ||
           (call->op->most == MOST_KEPT && !strchr("idf", result)); /* one of the arguments */
}

/* Leaves. */

diff_node *diff_make_literal(diff_maker *m, diff_type type, int scale, const diff_node *for_it)
{
    diff_node *literal = diff_node_new(m->arena, NODE_LITERAL, 0);
    const diff_column *origin = for_it ? for_it->origin : NULL;

    literal->type = type;
    literal->scale = type == TYPE_DOUBLE ? 3 : scale;
    literal->most = type == TYPE_TEXT ? 20 : 1000;
    if (diff_chance(m->random, 3)) {
        return literal; /* NULL */
    }
    if (origin && origin->type == type && origin->scale == scale && diff_chance(m->random, 85)) {
        literal->text = diff_catalog_value(origin, m->random);
        literal->most = fmax(origin->most, 1);
    }
    if (!literal->text) {
        literal->text = diff_value(m->arena, m->random, type, scale);
    }
    return literal;
}

static diff_node *make_bare(diff_maker *m, char code)
{
    static const char *const patterns[] = {"%a%",   "v%",   "_ay", "%",   "",   "c_",   "%0%",
                                           "%e%e%", "a!_b", "_",   "支%", "%1", "VIEW", "%!%"};
    diff_node *literal = diff_node_new(m->arena, NODE_LITERAL, 0);

    literal->flags = LITERAL_BARE;
    literal->type = code == 'p' ? TYPE_TEXT : TYPE_BIGINT;
    literal->most = 6;
    literal->text = code == 'p'
                        ? patterns[diff_below(m->random, 14)]
                        : diff_text(m->arena, "%u", (code == 'K') + diff_below(m->random, 5));
    return literal;
}

static diff_node *find_column(diff_maker *m, const diff_scope *scope, diff_type type)
{
    const diff_node *found = NULL;
    unsigned seen = 0;

    for (int i = 0; i < scope->count; i++) {
        const diff_node *column = scope->columns[i];
        if (column->type == type && !column->inexact && diff_below(m->random, ++seen) == 0) {
            found = column;
        }
    }
    return diff_clone(m->arena, found);
}

static diff_node *make_leaf(diff_maker *m, const diff_scope *scope, diff_type type)
{
    diff_node *found = NULL;

    if (scope->rows && diff_chance(m->random, 60)) {
        found = diff_make_aggregate(m, scope->rows, type, 1, false);
    }
    if (!found && !diff_chance(m->random, 10)) {
        found = find_column(m, scope, type);
    }
    if (!found && scope->rows) {
        found = diff_make_aggregate(m, scope->rows, type, 0, false);
    }
    return found ? found
                 : diff_make_literal(m, type,
                                     type == TYPE_DECIMAL  ? 2
                                     : type == TYPE_DOUBLE ? 3
                                                           : 0,
                                     NULL);
}

/* Calls. */

diff_type diff_some_type(diff_maker *m, const diff_scope *scope)
{
    if (scope->count > 0 && !diff_chance(m->random, 10)) {
        return scope->columns[diff_below(m->random, (unsigned)scope->count)]->type;
    }
    return (diff_type)diff_below(m->random, TYPE_COUNT);
}

static bool gives(const diff_op *op, diff_type type)
{
    const char result = op->signature[0];

    return result == type_codes[type] || result == 'x' || (result == 'n' && is_number(type)) ||
           (result == 'c' && type != TYPE_BOOLEAN);
}

const diff_op *diff_some_op(diff_maker *m, unsigned uses, diff_type type, bool shown)
{
    const diff_op *found = NULL;
    unsigned seen = 0;

    for (int i = 0; i < diff_op_count; i++) {
        const diff_op *op = &diff_ops[i];
        if ((uses & 1u << op->use) && diff_has(m, op->feature) && gives(op, type) &&
            (shown || !op->inexact) && (!m->portable || diff_op_template(op, DIALECT_SQLITE))) {
            const unsigned weight = op->signature[0] == 'n' ? 3 : 1;
            seen += weight;
            found = diff_below(m->random, seen) < weight ? op : found;
        }
    }
    return found;
}

/* The type of an argument, where those of one type are of `common`. */
static diff_type argument_type(diff_maker *m, const diff_scope *scope, char code, diff_type common,
                               bool first)
{
    static const diff_type numbers[] = {TYPE_BIGINT, TYPE_DECIMAL, TYPE_DOUBLE};
    const char *exact = strchr(type_codes, code);

    if (exact) {
        return (diff_type)(exact - type_codes);
    }
    switch (code) {
    case 'F':
        return numbers[diff_below(m->random, 3)];
    case 'q':
        return numbers[1 + diff_below(m->random, 2)];
    case 'o':
        return diff_some_type(m, scope);
    default:
        break;
    }
    if (!first && is_number(common) && diff_chance(m->random, 25)) {
        return numbers[diff_below(m->random, (unsigned)common - TYPE_BIGINT + 1)];
    }
    return common;
}

static diff_type common_type(diff_maker *m, const diff_op *op, const diff_scope *scope,
                             diff_type type)
{
    static const diff_type numbers[] = {TYPE_BIGINT, TYPE_DECIMAL, TYPE_DOUBLE};

    if (strchr("nxc", op->signature[0])) {
        return type;
    }
    if (strchr(op->signature, 'n')) {
        return numbers[diff_below(m->random, 3)];
    }
    const diff_type some = diff_some_type(m, scope);
    return some == TYPE_BOOLEAN && strchr(op->signature, 'c') ? TYPE_BIGINT : some;
}

static diff_node *make_argument(diff_maker *m, const diff_op *op, int index,
                                const diff_scope *scope, diff_type common, int depth,
                                diff_node *const *before)
{
    const char code = diff_op_argument(op, index);
    const bool compares = op->signature[0] == 'b' && code == 'x' && index > 0;

    if (strchr("kKp", code)) {
        return make_bare(m, code);
    }
    if (code == 'u') {
        return scope->unique && scope->order_count == 1 ? diff_clone(m->arena, scope->order[0])
                                                        : NULL; /* of a join it takes several */
    }
    const diff_type type = argument_type(m, scope, code, common, index == 0);
    if (compares && (index > 1 || diff_chance(m->random, 60))) {
        const diff_node *first = before[0];
        return first->type == type
                   ? diff_make_literal(m, type, type == TYPE_DOUBLE ? 3 : first->scale, first)
                   : diff_make_literal(m, type,
                                       type == TYPE_DECIMAL  ? 2
                                       : type == TYPE_DOUBLE ? 3
                                                             : 0,
                                       NULL);
    }
    return diff_make_expr(m, scope, type, depth - 1, false);
}

/* Of the op, with a result of the type; NULL if it does not work out. */
diff_node *diff_make_call(diff_maker *m, const diff_op *op, const diff_scope *scope, diff_type type,
                          int depth)
{
    const char *codes = op->signature + 1;
    const bool variadic = strchr(codes, '*') != NULL;
    const int count = (int)strcspn(codes, "*") + (variadic ? (int)diff_below(m->random, 4) : 0);
    const bool aggregate = op->use == USE_AGGREGATE;
    diff_node *call =
        diff_node_new(m->arena, aggregate ? NODE_AGGREGATE : NODE_CALL, count + aggregate);
    const diff_type common = common_type(m, op, scope, type);

    assert(count <= ARGUMENTS_MOST);
    call->op = op;
    for (int i = 0; i < count; i++) {
        call->child[i] = make_argument(m, op, i, scope, common, depth, call->child);
        if (!call->child[i]) {
            return NULL;
        }
    }
    if (op->feature == DIFF_AGG_TEXT && call->child[0]->kind == NODE_LITERAL) {
        return NULL; /* DuckDB orders by no constants */
    }
    return diff_settle(call) && call->type == type ? call : NULL;
}

diff_node *diff_make_aggregate(diff_maker *m, const diff_scope *rows, diff_type type, int depth,
                               bool shown)
{
    const bool windows = m->windows;
    const diff_op *op = diff_some_op(m, 1u << USE_AGGREGATE, type, shown);
    diff_node *call = NULL;

    m->windows = false;
    if (op) {
        call = diff_make_call(m, op, rows, type, depth);
    }
    if (call && diff_has(m, DIFF_FILTER) && diff_chance(m->random, 15)) {
        call->child[call->count - 1] = diff_make_condition(m, rows, 0);
    }
    m->windows = windows;
    return call;
}

static const diff_op *op_named(const char *text)
{
    for (int i = 0; i < diff_op_count; i++) {
        if (strcmp(diff_ops[i].text[DIALECT_MUSTER], text) == 0) {
            return &diff_ops[i];
        }
    }
    return NULL;
}

static diff_node *make_of_two(diff_maker *m, const char *text, diff_node *a, diff_node *b)
{
    diff_node *call = diff_node_new(m->arena, NODE_CALL, 2);

    call->op = op_named(text);
    call->child[0] = a;
    call->child[1] = b;
    call->type = TYPE_BOOLEAN;
    call->most = 1;
    return call;
}

diff_node *diff_make_both(diff_maker *m, diff_node *a, diff_node *b)
{
    return !a ? b : !b ? a : make_of_two(m, "($0 AND $1)", a, b);
}

diff_node *diff_make_equal(diff_maker *m, diff_node *a, diff_node *b)
{
    return make_of_two(m, "($0 = $1)", a, b);
}

diff_node *diff_make_condition(diff_maker *m, const diff_scope *scope, int depth)
{
    const bool windows = m->windows;
    diff_node *made = NULL;

    m->windows = false;
    if (diff_chance(m->random, 15)) {
        made = diff_make_query_condition(m, scope, depth);
    }
    for (int i = 0; !made && i < 4; i++) {
        const diff_op *op = diff_some_op(m, 1u << USE_SCALAR, TYPE_BOOLEAN, false);
        made = diff_make_call(m, op, scope, TYPE_BOOLEAN, depth);
    }
    m->windows = windows;
    return made ? made : make_leaf(m, scope, TYPE_BOOLEAN);
}

diff_node *diff_make_expr(diff_maker *m, const diff_scope *scope, diff_type type, int depth,
                          bool shown)
{
    diff_node *made = NULL;

    m->budget--;
    if (depth <= 0 || m->budget <= 0 || !diff_chance(m->random, 65)) {
        return make_leaf(m, scope, type);
    }
    if (m->windows && diff_chance(m->random, 40)) {
        made = diff_make_window(m, scope, type, depth, shown);
    }
    if (!made && scope->rows && diff_chance(m->random, 40)) {
        made = diff_make_aggregate(m, scope->rows, type, depth - 1, shown);
    }
    if (!made && diff_chance(m->random, 8)) {
        made = type == TYPE_BOOLEAN ? diff_make_query_condition(m, scope, depth)
                                    : diff_make_scalar_query(m, scope, type, depth);
    }
    for (int i = 0; !made && i < 3; i++) {
        const diff_op *op = diff_some_op(m, 1u << USE_SCALAR, type, shown);
        made = op ? diff_make_call(m, op, scope, type, depth) : NULL;
    }
    return made ? made : make_leaf(m, scope, type);
}

/* Of the type and with the digits of `like`, for a column that is put together of several. */
diff_node *diff_make_scaled(diff_maker *m, const diff_scope *scope, const diff_node *like,
                            int depth)
{
    diff_node *made = diff_make_expr(m, scope, like->type, depth, false);

    if (like->type == TYPE_DECIMAL && made->scale != like->scale) {
        made = diff_make_literal(m, like->type, like->scale, like);
    }
    return made;
}
