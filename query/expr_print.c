/*
 * expr_print.c - expressions as SQL, with as few parentheses as the order of operators allows.
 */
#include "query/func.h"

#include "query/lookup.h"
#include "query/set.h"

#include <inttypes.h>
#include <string.h>

/* What binds tighter has the larger number. */
enum {
    OR_LEVEL = 1,
    AND_LEVEL,
    NOT_LEVEL,
    IS_LEVEL,
    COMPARE_LEVEL,
    LIKE_LEVEL,
    CONCAT_LEVEL,
    ADD_LEVEL,
    TIMES_LEVEL,
    UNARY_LEVEL,
    ATOM_LEVEL
};

static const struct {
    const char *name;
    int level;
} binary[] = {
    {"=", COMPARE_LEVEL},
    {"<>", COMPARE_LEVEL},
    {"<", COMPARE_LEVEL},
    {"<=", COMPARE_LEVEL},
    {">", COMPARE_LEVEL},
    {">=", COMPARE_LEVEL},
    {"||", CONCAT_LEVEL},
    {"&", CONCAT_LEVEL},
    {"|", CONCAT_LEVEL},
    {"^", CONCAT_LEVEL},
    {"<<", CONCAT_LEVEL},
    {">>", CONCAT_LEVEL},
    {"~", CONCAT_LEVEL},
    {"~*", CONCAT_LEVEL},
    {"+", ADD_LEVEL},
    {"-", ADD_LEVEL},
    {"*", TIMES_LEVEL},
    {"/", TIMES_LEVEL},
    {"%", TIMES_LEVEL},
    {"like", LIKE_LEVEL},
    {"ilike", LIKE_LEVEL},
    {"is distinct from", IS_LEVEL},
    {"is not distinct from", IS_LEVEL},
};

/* Of an operator between two values; LIKE may have an ESCAPE behind them. */
static int binary_level(const mu_expr *expr)
{
    for (size_t i = 0; i < MU_COUNT(binary) && expr->arg_count > 1; i++) {
        if (strcmp(expr->func->name, binary[i].name) == 0) {
            return binary[i].level;
        }
    }
    return 0;
}

static bool is_call(const mu_expr *expr, const char *name)
{
    return expr->kind == MU_EXPR_CALL && strcmp(expr->func->name, name) == 0;
}

static int level_of(const mu_expr *expr)
{
    switch (expr->kind) {
    case MU_EXPR_OR:
        return OR_LEVEL;
    case MU_EXPR_AND:
        return AND_LEVEL;
    case MU_EXPR_NOT:
        return NOT_LEVEL;
    case MU_EXPR_CALL:
        if (is_call(expr, "is null") || is_call(expr, "is not null")) {
            return IS_LEVEL;
        }
        if (is_call(expr, "in")) {
            return LIKE_LEVEL;
        }
        if (expr->arg_count == 1 &&
            (is_call(expr, "-") || is_call(expr, "+") || is_call(expr, "~"))) {
            return UNARY_LEVEL;
        }
        return binary_level(expr) > 0 ? binary_level(expr) : ATOM_LEVEL;
    case MU_EXPR_CONST:
    case MU_EXPR_COLUMN:
    case MU_EXPR_CASE:
    case MU_EXPR_IN_SET:
    case MU_EXPR_LOOKUP:
    case MU_EXPR_OUTER:
        break;
    }
    return ATOM_LEVEL;
}

static void put(mu_writer *out, const char *text)
{
    mu_write_bytes(out, text, strlen(text));
}

/* Words of SQL are capitals. */
static void put_capitals(mu_writer *out, const char *text)
{
    for (; *text; text++) {
        mu_write_u8(out, (uint8_t)(*text >= 'a' && *text <= 'z' ? *text - 'a' + 'A' : *text));
    }
}

static void print_quoted(mu_text text, mu_writer *out)
{
    put(out, "'");
    for (uint32_t i = 0; i < text.size; i++) {
        if (text.data[i] == '\'') {
            put(out, "'");
        }
        mu_write_u8(out, (uint8_t)text.data[i]);
    }
    put(out, "'");
}

static void print_interval(const mu_value *value, mu_writer *out)
{
    mu_value rest = *value;

    put(out, "INTERVAL '");
    if (value->months != 0) {
        const mu_value months = {.type = {.kind = MU_BIGINT, .bits = 64}, .i64 = value->months};
        mu_value_format(&months, out);
        put(out, value->months == 1 ? " month" : " months");
        rest.months = 0;
    }
    if (value->i64 != 0 || value->months == 0) {
        put(out, value->months != 0 ? " " : "");
        mu_value_format(&rest, out);
    }
    put(out, "'");
}

static void print_value(const mu_value *value, const mu_zone *zone, mu_writer *out)
{
    if (value->null) {
        put(out, "NULL");
        return;
    }
    switch (value->type.kind) {
    case MU_TEXT:
        print_quoted(value->text, out);
        return;
    case MU_DATE:
    case MU_TIMESTAMP:
        put(out, value->type.kind == MU_DATE ? "DATE '" : "TIMESTAMP '");
        mu_value_format_in(value, zone, out);
        put(out, "'");
        return;
    case MU_INTERVAL:
        print_interval(value, out);
        return;
    case MU_CUSTOMER:
        if (value->ordinal == MU_NO_CUSTOMER) {
            put(out, "nobody");
        } else {
            const mu_value number = {.type = {.kind = MU_BIGINT, .bits = 64},
                                     .i64 = value->ordinal};
            put(out, "customer number ");
            mu_value_format(&number, out);
        }
        return;
    case MU_BOOLEAN:
    case MU_BIGINT:
    case MU_DOUBLE:
    case MU_DECIMAL:
    case MU_NULL:
    case MU_BITMAP:
        break;
    }
    mu_value_format(value, out);
}

/* In parentheses if it binds less tightly than `level`. */
static void print_at(const mu_expr *expr, int level, const char *const *names, const mu_zone *zone,
                     mu_writer *out)
{
    const bool parentheses = level_of(expr) < level;

    put(out, parentheses ? "(" : "");
    mu_expr_print(expr, names, zone, out);
    put(out, parentheses ? ")" : "");
}

static void print_list(const mu_expr *expr, uint32_t first, const char *const *names,
                       const mu_zone *zone, mu_writer *out)
{
    put(out, "(");
    for (uint32_t i = first; i < expr->arg_count; i++) {
        put(out, i > first ? ", " : "");
        mu_expr_print(expr->args[i], names, zone, out);
    }
    put(out, ")");
}

static void print_in(const mu_expr *expr, bool negated, const char *const *names,
                     const mu_zone *zone, mu_writer *out)
{
    print_at(expr->args[0], LIKE_LEVEL + 1, names, zone, out);
    put(out, negated ? " NOT IN " : " IN ");
    print_list(expr, 1, names, zone, out);
}

static void print_binary(const mu_expr *expr, bool negated, const char *const *names,
                         const mu_zone *zone, mu_writer *out)
{
    const int level = binary_level(expr);

    print_at(expr->args[0], level == COMPARE_LEVEL ? level + 1 : level, names, zone, out);
    put(out, negated ? " NOT " : " ");
    put_capitals(out, expr->func->name);
    put(out, " ");
    print_at(expr->args[1], level + 1, names, zone, out);
    if (expr->arg_count > 2) {
        put(out, " ESCAPE ");
        print_at(expr->args[2], level + 1, names, zone, out);
    }
}

/* "(a, b descending)": the keys of mu_expr_order(). */
static void print_keys(const mu_expr *expr, const char *const *names, const mu_zone *zone,
                       mu_writer *out)
{
    for (uint32_t i = 0; i < expr->arg_count; i += 2) {
        put(out, i > 0 ? ", " : "(");
        mu_expr_print(expr->args[i], names, zone, out);
        put(out, expr->args[i + 1]->value.i64 & MU_KEY_DESCENDING ? " descending" : "");
    }
    put(out, ")");
}

static void print_call(const mu_expr *expr, const char *const *names, const mu_zone *zone,
                       mu_writer *out)
{
    char type[32];

    if (binary_level(expr) > 0) {
        print_binary(expr, false, names, zone, out);
    } else if (is_call(expr, "in")) {
        print_in(expr, false, names, zone, out);
    } else if (is_call(expr, "is null") || is_call(expr, "is not null")) {
        print_at(expr->args[0], IS_LEVEL + 1, names, zone, out);
        put(out, " ");
        put_capitals(out, expr->func->name);
    } else if (level_of(expr) == UNARY_LEVEL) {
        put(out, expr->func->name);
        print_at(expr->args[0], ATOM_LEVEL, names, zone, out);
    } else if (expr->func == &mu_func_cast || expr->func == &mu_func_try_cast) {
        put_capitals(out, expr->func->name);
        put(out, "(");
        mu_expr_print(expr->args[0], names, zone, out);
        put(out, " AS ");
        put(out, mu_type_name(expr->type, type));
        put(out, ")");
    } else if (expr->func == &mu_func_order || expr->func == &mu_func_order_strict) {
        print_keys(expr, names, zone, out);
    } else {
        put(out, expr->func->name);
        print_list(expr, 0, names, zone, out);
    }
}

static void print_not(const mu_expr *expr, const char *const *names, const mu_zone *zone,
                      mu_writer *out)
{
    const mu_expr *arg = expr->args[0];

    if (is_call(arg, "in")) {
        print_in(arg, true, names, zone, out);
    } else if (is_call(arg, "like") || is_call(arg, "ilike")) {
        print_binary(arg, true, names, zone, out);
    } else {
        put(out, "NOT ");
        print_at(arg, NOT_LEVEL + 1, names, zone, out);
    }
}

static void print_case(const mu_expr *expr, const char *const *names, const mu_zone *zone,
                       mu_writer *out)
{
    put(out, "CASE");
    for (uint32_t i = 0; i + 1 < expr->arg_count; i += 2) {
        put(out, " WHEN ");
        mu_expr_print(expr->args[i], names, zone, out);
        put(out, " THEN ");
        mu_expr_print(expr->args[i + 1], names, zone, out);
    }
    put(out, " ELSE ");
    mu_expr_print(expr->args[expr->arg_count - 1], names, zone, out);
    put(out, " END");
}

/* "exists in subquery 1 (sku)": what is looked up, and by what. */
static void print_lookup(const mu_expr *expr, const char *const *names, const mu_zone *zone,
                         mu_writer *out)
{
    const mu_value number = {.type = {.kind = MU_BIGINT, .bits = 64}, .i64 = expr->lookup->number};
    const uint32_t keys = expr->lookup->key_count;

    if (expr->lookup->kind == MU_LOOKUP_IN) {
        print_at(expr->args[keys], LIKE_LEVEL + 1, names, zone, out);
        put(out, " IN ");
    }
    put(out, expr->lookup->kind == MU_LOOKUP_EXISTS ? "EXISTS subquery " : "subquery ");
    mu_value_format(&number, out);
    for (uint32_t i = 0; i < keys; i++) {
        put(out, i == 0 ? " (" : ", ");
        mu_expr_print(expr->args[i], names, zone, out);
    }
    put(out, keys > 0 ? ")" : "");
}

void mu_expr_print(const mu_expr *expr, const char *const *names, const mu_zone *zone,
                   mu_writer *out)
{
    switch (expr->kind) {
    case MU_EXPR_CONST:
        print_value(&expr->value, zone, out);
        break;
    case MU_EXPR_COLUMN:
        put(out, names[expr->column]);
        break;
    case MU_EXPR_AND:
    case MU_EXPR_OR:
        for (uint32_t i = 0; i < expr->arg_count; i++) {
            put(out, i == 0 ? "" : expr->kind == MU_EXPR_AND ? " AND " : " OR ");
            print_at(expr->args[i], level_of(expr) + 1, names, zone, out);
        }
        break;
    case MU_EXPR_NOT:
        print_not(expr, names, zone, out);
        break;
    case MU_EXPR_CASE:
        print_case(expr, names, zone, out);
        break;
    case MU_EXPR_CALL:
        print_call(expr, names, zone, out);
        break;
    case MU_EXPR_IN_SET:
        print_at(expr->args[0], LIKE_LEVEL + 1, names, zone, out);
        put(out, " IN ");
        mu_set_print(expr->set, zone, out);
        break;
    case MU_EXPR_LOOKUP:
        print_lookup(expr, names, zone, out);
        break;
    case MU_EXPR_OUTER:
        mu_expr_print(expr->outer, names, zone, out);
        break;
    }
}
