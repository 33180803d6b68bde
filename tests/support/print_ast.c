/*
 * print_ast.c - names always in double quotes, operands always in parentheses.
 */
#include "tests/support/print_ast.h"

#include <string.h>

static void print_expr(const mu_ast_expr *expr, mu_writer *out);
static void print_select(const mu_ast_select *query, mu_writer *out);
static void print_window(const mu_ast_window *window, mu_writer *out);
static void print_orders(const mu_ast_orders *orders, const char *words, mu_writer *out);

static void put(mu_writer *out, const char *text)
{
    mu_write_bytes(out, text, strlen(text));
}

static void put_quoted(mu_writer *out, const char *text, char quote)
{
    mu_write_u8(out, (uint8_t)quote);
    for (const char *at = text; *at; at++) {
        mu_write_u8(out, (uint8_t)*at);
        if (*at == quote) {
            mu_write_u8(out, (uint8_t)quote);
        }
    }
    mu_write_u8(out, (uint8_t)quote);
}

static void print_names(const mu_ast_names *names, mu_writer *out)
{
    put(out, "(");
    for (uint32_t i = 0; i < names->count; i++) {
        put(out, i > 0 ? ", " : "");
        put_quoted(out, names->data[i].text, '"');
    }
    put(out, ")");
}

static void print_type(const mu_ast_type *type, mu_writer *out)
{
    put_quoted(out, type->name.text, '"');
    for (uint32_t i = 0; i < type->parameter_count; i++) {
        put(out, i == 0 ? "(" : ", ");
        put(out, type->parameters[i]);
    }
    put(out, type->parameter_count > 0 ? ")" : "");
}

static void print_items(const mu_ast_items *items, const char *naming, mu_writer *out)
{
    for (uint32_t i = 0; i < items->count; i++) {
        put(out, i > 0 ? ", " : "");
        if (items->data[i].name.text && strcmp(naming, "=>") == 0) {
            put_quoted(out, items->data[i].name.text, '"');
            put(out, " => ");
        }
        print_expr(items->data[i].expr, out);
        if (items->data[i].name.text && strcmp(naming, "AS") == 0) {
            put(out, " AS ");
            put_quoted(out, items->data[i].name.text, '"');
        }
    }
}

static const char *operator_text(const mu_ast_expr *expr)
{
    static const char *const texts[] = {" + ",  " - ", " * ",  " / ",  " % ",  " || ", " = ",
                                        " <> ", " < ", " <= ", " > ",  " >= ", "",     "",
                                        " & ",  " | ", " << ", " >> ", " ~ ",  " ~* "};

    if (expr->kind == MU_AST_AND || expr->kind == MU_AST_OR) {
        return expr->kind == MU_AST_AND ? " AND " : " OR ";
    }
    if (expr->kind == MU_AST_DISTINCT) {
        return expr->negated ? " IS NOT DISTINCT FROM " : " IS DISTINCT FROM ";
    }
    if (expr->kind == MU_AST_LIKE && expr->fold_case) {
        return expr->negated ? " NOT ILIKE " : " ILIKE ";
    }
    if (expr->kind == MU_AST_LIKE) {
        return expr->negated ? " NOT LIKE " : " LIKE ";
    }
    if (expr->kind == MU_AST_BINARY && expr->negated) {
        return expr->op == MU_AST_MATCHES ? " !~ " : " !~* ";
    }
    return texts[expr->op];
}

static void print_joined(const mu_ast_expr *expr, mu_writer *out)
{
    put(out, "(");
    for (uint32_t i = 0; i < expr->operands.count; i++) {
        const bool escape = expr->kind == MU_AST_LIKE && i == 2;
        put(out, escape ? " ESCAPE " : i > 0 ? operator_text(expr) : "");
        print_expr(expr->operands.data[i].expr, out);
    }
    put(out, ")");
}

static void print_case(const mu_ast_expr *expr, mu_writer *out)
{
    const mu_ast_item *operands = expr->operands.data;
    uint32_t i = 0;

    put(out, "CASE ");
    if (expr->has_operand) {
        print_expr(operands[i++].expr, out);
    }
    for (; i + 1 < expr->operands.count; i += 2) {
        put(out, " WHEN ");
        print_expr(operands[i].expr, out);
        put(out, " THEN ");
        print_expr(operands[i + 1].expr, out);
    }
    if (expr->has_else) {
        put(out, " ELSE ");
        print_expr(operands[i].expr, out);
    }
    put(out, " END");
}

static void print_in(const mu_ast_expr *expr, mu_writer *out)
{
    const mu_ast_items list = {.data = expr->operands.data + 1, .count = expr->operands.count - 1};

    put(out, "(");
    print_expr(expr->operands.data[0].expr, out);
    put(out, expr->negated ? " NOT IN (" : " IN (");
    if (expr->query) {
        print_select(expr->query, out);
    } else {
        print_items(&list, "", out);
    }
    put(out, "))");
}

static void print_subquery(const mu_ast_expr *expr, mu_writer *out)
{
    if (expr->kind == MU_AST_EXISTS) {
        put(out, "EXISTS ");
    } else if (expr->kind != MU_AST_SCALAR) {
        put(out, "(");
        print_expr(expr->operands.data[0].expr, out);
        put(out, operator_text(expr));
        put(out, expr->kind == MU_AST_ANY ? "ANY " : "ALL ");
    }
    put(out, "(");
    print_select(expr->query, out);
    put(out, expr->operands.count > 0 ? "))" : ")");
}

static void print_call(const mu_ast_expr *expr, mu_writer *out)
{
    put_quoted(out, expr->text, '"');
    put(out, expr->distinct ? "(DISTINCT " : "(");
    print_items(&expr->operands, "=>", out);
    put(out, expr->within ? ") WITHIN GROUP (" : "");
    print_orders(&expr->orders, expr->within ? "ORDER BY " : " ORDER BY ", out);
    put(out, ")");
    if (expr->filter) {
        put(out, " FILTER (WHERE ");
        print_expr(expr->filter, out);
        put(out, ")");
    }
    put(out, expr->ignore_nulls ? " IGNORE NULLS" : "");
    if (expr->over) {
        put(out, " OVER ");
        print_window(expr->over, out);
    }
}

static void print_cast(const mu_ast_expr *expr, mu_writer *out)
{
    put(out, expr->attempt ? "TRY_CAST(" : "CAST(");
    print_expr(expr->operands.data[0].expr, out);
    put(out, " AS ");
    print_type(&expr->type, out);
    put(out, ")");
}

static void print_between(const mu_ast_expr *expr, mu_writer *out)
{
    put(out, "(");
    print_expr(expr->operands.data[0].expr, out);
    put(out, expr->negated ? " NOT BETWEEN " : " BETWEEN ");
    print_expr(expr->operands.data[1].expr, out);
    put(out, " AND ");
    print_expr(expr->operands.data[2].expr, out);
    put(out, ")");
}

static void print_around(const char *before, const mu_ast_items *operands, const char *after,
                         mu_writer *out)
{
    put(out, before);
    print_items(operands, "", out);
    put(out, after);
}

static void print_leaf(const mu_ast_expr *expr, mu_writer *out)
{
    if (expr->qualifier.text) {
        put_quoted(out, expr->qualifier.text, '"');
        put(out, ".");
    }
    if (expr->kind == MU_AST_TYPED) {
        put(out, expr->type.name.text);
        put(out, " ");
    }
    if (expr->kind == MU_AST_TEXT || expr->kind == MU_AST_TYPED) {
        put_quoted(out, expr->text, '\'');
    } else if (expr->kind == MU_AST_COLUMN) {
        put_quoted(out, expr->text, '"');
    } else {
        put(out, expr->kind == MU_AST_STAR ? "*" : expr->text);
    }
    if (expr->excluded.count > 0) {
        put(out, " EXCLUDE ");
        print_names(&expr->excluded, out);
    }
    if (expr->kind == MU_AST_STAR && expr->operands.count > 0) {
        put(out, " REPLACE (");
        print_items(&expr->operands, "AS", out);
        put(out, ")");
    }
}

static void print_expr(const mu_ast_expr *expr, mu_writer *out)
{
    const mu_ast_items *operands = &expr->operands;

    switch (expr->kind) {
    case MU_AST_NULL:
    case MU_AST_BOOLEAN:
    case MU_AST_INTEGER:
    case MU_AST_DECIMAL:
    case MU_AST_DOUBLE:
    case MU_AST_TEXT:
    case MU_AST_COLUMN:
    case MU_AST_TYPED:
    case MU_AST_PARAMETER:
    case MU_AST_STAR:
        print_leaf(expr, out);
        break;
    case MU_AST_BINARY:
    case MU_AST_AND:
    case MU_AST_OR:
    case MU_AST_DISTINCT:
    case MU_AST_LIKE:
        print_joined(expr, out);
        break;
    case MU_AST_IN_LIST:
    case MU_AST_IN_QUERY:
        print_in(expr, out);
        break;
    case MU_AST_SCALAR:
    case MU_AST_EXISTS:
    case MU_AST_ANY:
    case MU_AST_ALL:
        print_subquery(expr, out);
        break;
    case MU_AST_CASE:
        print_case(expr, out);
        break;
    case MU_AST_CALL:
        print_call(expr, out);
        break;
    case MU_AST_BETWEEN:
        print_between(expr, out);
        break;
    case MU_AST_CAST:
        print_cast(expr, out);
        break;
    case MU_AST_UNARY:
        print_around(expr->op == MU_AST_BIT_NOT ? "(~ " : "(- ", operands, ")", out);
        break;
    case MU_AST_NOT:
        print_around("(NOT ", operands, ")", out);
        break;
    case MU_AST_IS_NULL:
        print_around("(", operands, expr->negated ? " IS NOT " : " IS ", out);
        put(out, expr->truth ? "UNKNOWN)" : "NULL)");
        break;
    case MU_AST_LIST:
        print_around("[", operands, "]", out);
        break;
    case MU_AST_ROW:
        print_around("(", operands, ")", out);
        break;
    }
}

static void print_clause(const char *word, const mu_ast_expr *expr, mu_writer *out)
{
    if (expr) {
        put(out, word);
        print_expr(expr, out);
    }
}

static void print_source(const mu_ast_source *source, mu_writer *out);

/* What stands on the right of a JOIN. */
static void print_side(const mu_ast_source *source, mu_writer *out)
{
    put(out, source->join ? "(" : "");
    print_source(source, out);
    put(out, source->join ? ")" : "");
}

static void print_join(const mu_ast_source *join, mu_writer *out)
{
    static const char *const kinds[] = {"",
                                        " CROSS JOIN ",
                                        " JOIN ",
                                        " LEFT JOIN ",
                                        " RIGHT JOIN ",
                                        " FULL JOIN ",
                                        " SEMI JOIN ",
                                        " ANTI JOIN "};

    print_source(join->left, out);
    put(out, join->natural ? " NATURAL" : "");
    put(out, kinds[join->join]);
    print_side(join->right, out);
    print_clause(" ON ", join->on, out);
    if (join->names.count > 0) {
        put(out, " USING ");
        print_names(&join->names, out);
    }
}

static void print_source(const mu_ast_source *source, mu_writer *out)
{
    if (source->join) {
        print_join(source, out);
        return;
    }
    if (source->left) {
        put(out, "(");
        print_source(source->left, out);
        put(out, ")");
    } else if (source->query) {
        put(out, "(");
        print_select(source->query, out);
        put(out, ")");
    } else {
        put_quoted(out, source->name.text, '"');
    }
    if (source->called) {
        put(out, "(");
        print_items(&source->operands, "=>", out);
        put(out, ")");
    }
    if (source->alias.text) {
        put(out, " AS ");
        put_quoted(out, source->alias.text, '"');
    }
    if (source->columns.count > 0) {
        print_names(&source->columns, out);
    }
}

static void print_orders(const mu_ast_orders *orders, const char *words, mu_writer *out)
{
    for (uint32_t i = 0; i < orders->count; i++) {
        const mu_ast_order *order = &orders->data[i];
        put(out, i == 0 ? words : ", ");
        if (order->expr) {
            print_expr(order->expr, out);
        } else {
            put(out, "ALL");
        }
        put(out, order->descending ? " DESC" : "");
        put(out, order->nulls == MU_AST_NULLS_FIRST  ? " NULLS FIRST"
                 : order->nulls == MU_AST_NULLS_LAST ? " NULLS LAST"
                                                     : "");
    }
}

static void print_values(const mu_ast_rows *rows, mu_writer *out)
{
    for (uint32_t i = 0; i < rows->count; i++) {
        put(out, i == 0 ? "VALUES (" : ", (");
        print_items(&rows->data[i], "", out);
        put(out, ")");
    }
}

static void print_members(const mu_ast_select *query, mu_writer *out)
{
    for (uint32_t i = 0; i < query->members.count; i++) {
        if (i > 0) {
            put(out, query->kind == MU_AST_UNION       ? " UNION "
                     : query->kind == MU_AST_INTERSECT ? " INTERSECT "
                                                       : " EXCEPT ");
            put(out, query->all ? "ALL " : "");
        }
        put(out, "(");
        print_select(query->members.data[i], out);
        put(out, ")");
    }
}

static void print_bound(const mu_ast_bound *bound, mu_writer *out)
{
    static const char *const edges[] = {"UNBOUNDED PRECEDING", " PRECEDING", "CURRENT ROW",
                                        " FOLLOWING", "UNBOUNDED FOLLOWING"};

    if (bound->offset) {
        print_expr(bound->offset, out);
    }
    put(out, edges[bound->edge]);
}

static void print_window(const mu_ast_window *window, mu_writer *out)
{
    static const char *const units[] = {"", " ROWS BETWEEN ", " RANGE BETWEEN ",
                                        " GROUPS BETWEEN "};
    static const char *const exclusions[] = {"", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP",
                                             " EXCLUDE TIES"};

    put(out, "(");
    if (window->name.text) {
        put_quoted(out, window->name.text, '"');
    }
    put(out, window->partitions.count > 0 ? " PARTITION BY " : "");
    print_items(&window->partitions, "", out);
    print_orders(&window->orders, " ORDER BY ", out);
    if (window->unit != MU_AST_FRAME_DEFAULT) {
        put(out, units[window->unit]);
        print_bound(&window->from, out);
        put(out, " AND ");
        print_bound(&window->to, out);
        put(out, exclusions[window->exclusion]);
    }
    put(out, ")");
}

static void print_windows(const mu_ast_windows *windows, mu_writer *out)
{
    for (uint32_t i = 0; i < windows->count; i++) {
        put(out, i == 0 ? " WINDOW " : ", ");
        put_quoted(out, windows->data[i].name.text, '"');
        put(out, " AS ");
        print_window(windows->data[i].window, out);
    }
}

static void print_select(const mu_ast_select *query, mu_writer *out)
{
    for (uint32_t i = 0; i < query->commons.count; i++) {
        put(out, i == 0 ? "WITH " : ", ");
        put_quoted(out, query->commons.data[i].name.text, '"');
        if (query->commons.data[i].columns.count > 0) {
            print_names(&query->commons.data[i].columns, out);
        }
        put(out, " AS (");
        print_select(query->commons.data[i].query, out);
        put(out, ")");
    }
    put(out, query->commons.count > 0 ? " " : "");
    print_values(&query->rows, out);
    print_members(query, out);
    if (query->items.count > 0) {
        put(out, query->distinct ? "SELECT DISTINCT " : "SELECT ");
        if (query->distinct_on.count > 0) {
            put(out, "DISTINCT ON (");
            print_items(&query->distinct_on, "", out);
            put(out, ") ");
        }
        print_items(&query->items, "AS", out);
    }
    if (query->from) {
        put(out, query->items.count > 0 ? " FROM " : "FROM ");
        print_source(query->from, out);
    }
    print_clause(" WHERE ", query->where, out);
    put(out, query->group_all ? " GROUP BY ALL" : query->groups.count > 0 ? " GROUP BY " : "");
    print_items(&query->groups, "", out);
    print_clause(" HAVING ", query->having, out);
    print_windows(&query->windows, out);
    print_clause(" QUALIFY ", query->qualify, out);
    print_orders(&query->orders, " ORDER BY ", out);
    print_clause(" LIMIT ", query->limit, out);
    print_clause(" OFFSET ", query->offset, out);
}

static void print_column(const mu_ast_column *column, mu_writer *out)
{
    put_quoted(out, column->name.text, '"');
    if (column->type.name.text) {
        put(out, " ");
        print_type(&column->type, out);
    }
    put(out, column->roles & MU_AST_ROLE_CUSTOMER ? " CUSTOMER" : "");
    put(out, column->roles & MU_AST_ROLE_TIME ? " TIME" : "");
    put(out, column->roles & MU_AST_ROLE_EVENT ? " EVENT" : "");
    put(out, column->roles & MU_AST_ROLE_INDEXED ? " INDEXED" : "");
    put(out, column->roles & MU_AST_NOT_NULL ? " NOT NULL" : "");
    put(out, column->roles & MU_AST_KEY ? " PRIMARY KEY" : "");
    if (column->preset) {
        put(out, " DEFAULT (");
        print_expr(column->preset, out);
        put(out, ")");
    }
}

static void print_columns(const mu_ast_statement *s, mu_writer *out)
{
    const bool keyed = s->columns.key.count > 0, some = keyed || s->columns.count > 0;

    put(out, some ? " (" : "");
    for (uint32_t i = 0; i < s->columns.count; i++) {
        put(out, i > 0 ? ", " : "");
        print_column(&s->columns.data[i], out);
    }
    if (keyed) {
        put(out, s->columns.count > 0 ? ", PRIMARY KEY " : "PRIMARY KEY ");
        print_names(&s->columns.key, out);
    }
    put(out, some ? ")" : "");
}

static bool is_alter(const mu_ast_statement *s)
{
    return s->kind == MU_AST_ADD_COLUMN || s->kind == MU_AST_DROP_COLUMN ||
           s->kind == MU_AST_RENAME_COLUMN || s->kind == MU_AST_RENAME_TABLE;
}

static void print_alter(const mu_ast_statement *s, mu_writer *out)
{
    if (s->kind == MU_AST_ADD_COLUMN) {
        put(out, s->if_exists ? " ADD COLUMN IF NOT EXISTS " : " ADD COLUMN ");
        print_column(&s->columns.data[0], out);
    } else if (is_alter(s)) {
        put(out, s->kind == MU_AST_DROP_COLUMN
                     ? (s->if_exists ? " DROP COLUMN IF EXISTS " : " DROP COLUMN ")
                 : s->kind == MU_AST_RENAME_COLUMN ? " RENAME COLUMN "
                                                   : " RENAME TO ");
        put_quoted(out, s->names.data[0].text, '"');
        if (s->kind == MU_AST_RENAME_COLUMN) {
            put(out, " TO ");
            put_quoted(out, s->names.data[1].text, '"');
        }
    }
}

static void print_options(const mu_ast_statement *s, mu_writer *out)
{
    put(out, s->options.count > 0 ? " WITH (" : "");
    for (uint32_t i = 0; i < s->options.count; i++) {
        const mu_ast_option *option = &s->options.data[i];
        put(out, i > 0 ? ", " : "");
        put_quoted(out, option->name.text, '"');
        if (option->value) {
            put(out, " ");
            put_quoted(out, option->value, '\'');
        }
        if (option->parameter) {
            put(out, " ");
            put(out, option->parameter->text);
        }
        if (option->list.count > 0) {
            put(out, " ");
            print_names(&option->list, out);
        }
    }
    put(out, s->options.count > 0 ? ")" : "");
}

static void print_path(const char *word, const char *path, const char *stream, mu_writer *out)
{
    put(out, word);
    if (strcmp(path, "-") == 0) {
        put(out, stream);
    } else {
        put_quoted(out, path, '\'');
    }
}

static void print_rows(const mu_ast_statement *s, mu_writer *out)
{
    if (s->names.count > 0) {
        put(out, " ");
        print_names(&s->names, out);
    }
    put(out, " ");
    if (s->rows.count > 0 && s->rows.data[0].count == 0) {
        put(out, "DEFAULT VALUES");
    } else {
        print_values(&s->rows, out);
    }
    if (s->query) {
        print_select(s->query, out);
    }
    if (s->conflict != MU_AST_CONFLICT_REFUSE) {
        put(out, " ON CONFLICT ");
        if (s->conflict_key.count > 0) {
            print_names(&s->conflict_key, out);
        }
        put(out, s->conflict == MU_AST_CONFLICT_NOTHING ? " DO NOTHING" : " DO UPDATE");
    }
}

/* The words before the name. */
static void print_verb(const mu_ast_statement *s, mu_writer *out)
{
    static const char *const words[] = {"",
                                        "EXPLAIN ",
                                        "TABLE ",
                                        "DROP TABLE ",
                                        "COPY ",
                                        "COPY ",
                                        "INSERT INTO ",
                                        "TAG ",
                                        "REFRESH TAG ",
                                        "DROP TAG ",
                                        "AUDIENCE ",
                                        "REFRESH AUDIENCE ",
                                        "DROP AUDIENCE ",
                                        "DESCRIBE ",
                                        "BACKUP",
                                        "SHOW TABLES",
                                        "SHOW TAGS",
                                        "SHOW AUDIENCES",
                                        "CHECKPOINT",
                                        "COMPACT",
                                        "SET ",
                                        "RESET ",
                                        "SHOW ",
                                        "ALTER TABLE ",
                                        "ALTER TABLE ",
                                        "ALTER TABLE ",
                                        "ALTER TABLE ",
                                        "UPDATE ",
                                        "DELETE FROM ",
                                        "VIEW ",
                                        "DROP VIEW ",
                                        "SUMMARIZE ",
                                        "SHOW CREATE TABLE "};
    const bool creates = s->kind == MU_AST_CREATE_TABLE || s->kind == MU_AST_CREATE_VIEW;
    const bool makes_set = s->kind == MU_AST_CREATE_TAG || s->kind == MU_AST_CREATE_AUDIENCE;

    put(out, creates || makes_set ? (s->replaces ? "CREATE OR REPLACE " : "CREATE ") : "");
    put(out, words[s->kind]);
    put(out, !s->if_exists || is_alter(s) ? ""
             : creates || makes_set       ? "IF NOT EXISTS "
                                          : "IF EXISTS ");
}

void test_print_statement(const mu_ast_statement *s, mu_writer *out)
{
    const bool creates = s->kind == MU_AST_CREATE_TABLE;
    const bool drops = s->kind == MU_AST_DROP_TABLE || s->kind == MU_AST_DROP_VIEW;
    const bool makes_set = s->kind == MU_AST_CREATE_TAG || s->kind == MU_AST_CREATE_AUDIENCE;

    print_verb(s, out);
    if (s->kind == MU_AST_EXPLAIN) {
        put(out, s->analyzes ? "ANALYZE " : "");
        test_print_statement(s->explained, out);
        return;
    }
    if (s->name.text) {
        put_quoted(out, s->name.text, '"');
    }
    if (s->alias.text) {
        put(out, " AS ");
        put_quoted(out, s->alias.text, '"');
    }
    for (uint32_t i = 0; drops && i < s->names.count; i++) {
        put(out, i > 0 ? ", " : "");
        put_quoted(out, s->names.data[i].text, '"');
    }
    if (s->kind == MU_AST_CREATE_VIEW && s->names.count > 0) {
        print_names(&s->names, out);
    }
    if (s->query && !creates && s->kind != MU_AST_INSERT) {
        put(out, s->kind == MU_AST_COPY_TO                    ? "("
                 : makes_set || s->kind == MU_AST_CREATE_VIEW ? " AS "
                                                              : "");
        print_select(s->query, out);
        put(out, s->kind == MU_AST_COPY_TO ? ")" : "");
    }
    if (s->path.text) {
        const bool from = s->kind == MU_AST_COPY_FROM || creates;
        print_path(from                                                    ? " FROM "
                   : s->kind == MU_AST_COPY_TO || s->kind == MU_AST_BACKUP ? " TO "
                   : s->kind == MU_AST_SET                                 ? " = "
                                                                           : "",
                   s->path.text, from ? "STDIN" : "STDOUT", out);
    }
    print_clause(" = ", s->value, out);
    print_alter(s, out);
    if (s->kind != MU_AST_ADD_COLUMN) {
        print_columns(s, out);
    }
    if (s->kind == MU_AST_INSERT) {
        print_rows(s, out);
    }
    for (uint32_t i = 0; i < s->items.count; i++) {
        put(out, i > 0 ? ", " : " SET ");
        put_quoted(out, s->items.data[i].name.text, '"');
        put(out, " = ");
        print_expr(s->items.data[i].expr, out);
    }
    if (s->from) {
        put(out, " FROM ");
        print_source(s->from, out);
    }
    print_clause(" WHERE ", s->where, out);
    print_clause(" VERSION ", s->version, out);
    print_options(s, out);
    if (s->partition.text) {
        put(out, " PARTITION BY ");
        put_quoted(out, s->partition.text, '"');
    }
    if (s->query && creates) {
        put(out, " AS ");
        print_select(s->query, out);
    }
}
