/*
 * print_expr.c - expressions in each dialect.
 */
#include "tests/diff/print.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void grow(diff_out *out, size_t more)
{
    if (out->size + more + 1 <= out->room) {
        return;
    }
    out->room = (out->size + more + 1) * 2;
    char *text = mu_arena_alloc(out->arena, out->room);
    if (!text) {
        abort();
    }
    if (out->size > 0) {
        memcpy(text, out->text, out->size);
    }
    out->text = text;
}

static void put_bytes(diff_out *out, const char *text, size_t size)
{
    grow(out, size);
    memcpy(out->text + out->size, text, size);
    out->size += size;
    out->text[out->size] = '\0';
}

void diff_put(diff_out *out, const char *format, ...)
{
    va_list arguments, again;

    va_start(arguments, format);
    va_copy(again, arguments);
    const int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (size >= 0) {
        grow(out, (size_t)size);
        out->size += (size_t)vsnprintf(out->text + out->size, (size_t)size + 1, format, again);
    }
    va_end(again);
}

const char *diff_type_name(mu_arena *arena, diff_dialect dialect, diff_type type, int scale)
{
    static const char *const names[] = {"BOOLEAN", "BIGINT", "DECIMAL",  "DOUBLE",
                                        "TEXT",    "DATE",   "TIMESTAMP"};
    static const char *const of_sqlite[] = {"INTEGER", "INTEGER", "INTEGER", "REAL",
                                            "TEXT",    "TEXT",    "TEXT"};

    if (dialect == DIALECT_SQLITE) {
        return of_sqlite[type];
    }
    return type == TYPE_DECIMAL ? diff_text(arena, "DECIMAL(18,%d)", scale) : names[type];
}

static void put_quoted(diff_out *out, const char *text)
{
    diff_put(out, "'");
    for (; *text; text++) {
        put_bytes(out, *text == '\'' ? "''" : text, *text == '\'' ? 2 : 1);
    }
    diff_put(out, "'");
}

/* 12.5 is 1250, if there are two digits behind the point. */
static void put_without_point(diff_out *out, const char *text, int scale)
{
    const char *point = strchr(text, '.');
    const int whole = point ? (int)(point - text) : (int)strlen(text);
    const char *digits = point ? point + 1 : "";

    diff_put(out, "%.*s", whole, text);
    for (int i = 0; i < scale; i++) {
        put_bytes(out, *digits ? digits++ : "0", 1);
    }
}

static void put_number(diff_out *out, diff_type type, int scale, const char *text)
{
    const bool negative = text[0] == '-';

    diff_put(out, negative ? "(" : "");
    if (out->dialect == DIALECT_SQLITE && type == TYPE_DECIMAL) {
        put_without_point(out, text, scale);
    } else {
        diff_put(out, type == TYPE_DOUBLE ? "%se0" : "%s", text);
    }
    diff_put(out, negative ? ")" : "");
    if (out->dialect == DIALECT_DUCKDB && type == TYPE_BIGINT) {
        diff_put(out, "::BIGINT");
    }
}

void diff_print_value(diff_out *out, diff_type type, int scale, const char *text)
{
    if (!text && out->dialect == DIALECT_SQLITE) {
        diff_put(out, "NULL");
        return;
    }
    if (!text) {
        diff_put(out, "CAST(NULL AS %s)", diff_type_name(out->arena, out->dialect, type, scale));
        return;
    }
    switch (type) {
    case TYPE_BOOLEAN:
        diff_put(out, "%s", text);
        break;
    case TYPE_BIGINT:
    case TYPE_DECIMAL:
    case TYPE_DOUBLE:
        put_number(out, type, scale, text);
        break;
    case TYPE_DATE:
    case TYPE_TIMESTAMP:
        if (out->dialect != DIALECT_SQLITE) {
            diff_put(out, type == TYPE_DATE ? "DATE " : "TIMESTAMP ");
        }
        put_quoted(out, text);
        break;
    case TYPE_TEXT:
        put_quoted(out, text);
        break;
    case TYPE_COUNT:
        break;
    }
}

/* The column has the type: no more words than needed, since there are many. */
void diff_print_cell(diff_out *out, const diff_column *column, const char *text)
{
    const diff_type type = column->type;

    if (!text) {
        diff_put(out, "NULL");
    } else if (type == TYPE_DECIMAL && out->dialect == DIALECT_SQLITE) {
        put_without_point(out, text, column->scale);
    } else if (type >= TYPE_TEXT) {
        put_quoted(out, text);
    } else {
        diff_put(out, "%s", text);
    }
}

/* The expression as sqlite3 has to have it where a value of that type is wanted; the others make
 * one of the other by themselves. */
static void put_as(diff_out *out, const diff_node *node, diff_type type, int scale)
{
    double factor = 1;

    if (out->dialect != DIALECT_SQLITE || type == TYPE_COUNT || node->type > type) {
        diff_print_expr(out, node);
        return;
    }
    for (int i = node->type == TYPE_DECIMAL ? node->scale : 0; i < scale; i++) {
        factor *= 10;
    }
    if (type == TYPE_TIMESTAMP && node->type == TYPE_DATE) {
        diff_put(out, "(");
        diff_print_expr(out, node);
        diff_put(out, " || ' 00:00:00')");
    } else if (type == TYPE_DECIMAL && factor > 1) {
        diff_put(out, "(");
        diff_print_expr(out, node);
        diff_put(out, " * %.0f)", factor);
    } else if (type == TYPE_DOUBLE && node->type == TYPE_DECIMAL) {
        double digits = 1;
        for (int i = 0; i < node->scale; i++) {
            digits *= 10;
        }
        diff_put(out, "(");
        diff_print_expr(out, node);
        diff_put(out, " / %.1f)", digits);
    } else if (type == TYPE_DOUBLE && node->type == TYPE_BIGINT) {
        diff_put(out, "CAST(");
        diff_print_expr(out, node);
        diff_put(out, " AS REAL)");
    } else {
        diff_print_expr(out, node);
    }
}

static void put_argument(diff_out *out, const diff_node *call, int index)
{
    const char code = diff_op_argument(call->op, index);
    int scale = 0;

    if (index >= diff_argument_count(call)) {
        diff_put(out, "NULL"); /* shrink.c took it away */
    } else if (strchr("Fq", code)) {
        put_as(out, call->child[index], TYPE_DOUBLE, 0);
    } else if (strchr("nxc", code)) {
        const diff_type type = diff_common_type(call, &scale);
        put_as(out, call->child[index], type, scale);
    } else {
        diff_print_expr(out, call->child[index]);
    }
}

static void put_keys(diff_out *out, const char *words, const diff_node *list)
{
    for (int i = 0; list && i < list->count; i++) {
        const diff_node *key = list->child[i];
        diff_put(out, "%s", i == 0 ? words : ", ");
        diff_print_expr(out, key->child[0]);
        if (strcmp(words, "PARTITION BY ") != 0) {
            diff_put(out, "%s NULLS %s", key->flags & KEY_DESC ? " DESC" : "",
                     key->flags & KEY_NULLS_FIRST ? "FIRST" : "LAST");
        }
    }
}

static void put_distance(diff_out *out, const diff_node *distance)
{
    if (!distance) {
        diff_put(out, "0"); /* shrink.c took it away */
    } else if (distance->type < TYPE_DATE) {
        put_number(out, distance->type, distance->scale, distance->text);
    } else {
        diff_put(out, "%s", distance->text);
        out->lacks |= out->dialect == DIALECT_SQLITE;
    }
}

static void put_frame(diff_out *out, const diff_node *window)
{
    diff_put(out, " ");
    for (const char *text = window->text; *text; text++) {
        if (*text == '$') {
            put_distance(out, window->child[WINDOW_DISTANCE]);
        } else {
            put_bytes(out, text, 1);
        }
    }
}

static void put_over(diff_out *out, const diff_node *window)
{
    const diff_node *partition = window->child[WINDOW_PARTITION];
    const diff_node *order = window->child[WINDOW_ORDER];

    diff_put(out, " OVER (");
    put_keys(out, "PARTITION BY ", partition);
    put_keys(out, partition && order && partition->count > 0 ? " ORDER BY " : "ORDER BY ", order);
    if (window->text) {
        put_frame(out, window);
    }
    diff_put(out, ")");
}

/* FILTER and OVER, which stand behind the parenthesis of a call. */
static void put_rest(diff_out *out, const diff_node *call, const diff_node *window)
{
    const diff_node *filter = call->kind == NODE_AGGREGATE ? call->child[call->count - 1] : NULL;

    if (filter) {
        diff_put(out, " FILTER (WHERE ");
        diff_print_expr(out, filter);
        diff_put(out, ")");
    }
    if (window) {
        put_over(out, window);
    }
}

static void put_call(diff_out *out, const diff_node *call, const diff_node *window)
{
    const char *text = diff_op_template(call->op, out->dialect);
    bool rest = false;

    if (!text ||
        (window && out->dialect == DIALECT_SQLITE && call->op->feature == DIFF_AGG_DISTINCT)) {
        out->lacks = true;
        return;
    }
    for (; *text; text++) {
        if (text[0] == '$' && text[1] == 'f') {
            put_rest(out, call, window);
            rest = true;
            text++;
        } else if (text[0] == '$' && text[1] == 's') {
            diff_put(out, "%d", call->scale);
            text++;
        } else if (text[0] == '$') {
            const int index = text[1] - '0';
            put_argument(out, call, index);
            text++;
            if (strncmp(text + 1, "...", 3) == 0) {
                for (int i = index + 1; i < diff_argument_count(call); i++) {
                    diff_put(out, ", ");
                    put_argument(out, call, i);
                }
                text += 3;
            }
        } else {
            put_bytes(out, text, 1);
        }
    }
    if (!rest) {
        put_rest(out, call, window);
    }
}

static bool is_tied(const diff_node *node)
{
    bool tied = node && node->kind == NODE_COLUMN && node->flags & COLUMN_OUTER;

    for (int i = 0; node && i < node->count && !tied; i++) {
        const diff_node *child = node->child[i];
        tied = child && !diff_is_query(child) && is_tied(child);
    }
    return tied;
}

static bool is_customer(const diff_node *node)
{
    return node->kind == NODE_COLUMN && node->origin && node->origin->role &&
           strcmp(node->origin->role, "CUSTOMER") == 0;
}

/* Whether muster asks a set of customers: of nobody it says NULL, even if the set is empty; if it
 * is tied to the rows around it, sometimes. */
static bool asks_set(const diff_node *node)
{
    const diff_node *item = diff_items(node->child[1])->child[0];

    return is_customer(node->child[0]) && item->kind == NODE_ITEM && is_customer(item->child[0]);
}

static void put_with_query(diff_out *out, const diff_node *node)
{
    const char *no = node->flags ? "NOT " : "";
    const char *any = node->text;
    const bool none_is_null =
        node->kind != NODE_EXISTS && out->dialect != DIALECT_MUSTER && asks_set(node);

    if (node->kind == NODE_EXISTS) {
        diff_put(out, "(%sEXISTS (", no);
        diff_print_query(out, node->child[0]);
        diff_put(out, "))");
        return;
    }
    diff_put(out, "(");
    if (none_is_null) {
        out->lacks |= is_tied(node->child[1]->child[SELECT_WHERE]);
        diff_put(out, "CASE WHEN ");
        diff_print_expr(out, node->child[0]);
        diff_put(out, " IS NOT NULL THEN ");
    }
    diff_print_expr(out, node->child[0]);
    if (node->kind == NODE_ANY_QUERY && out->dialect == DIALECT_SQLITE) {
        out->lacks |= strcmp(any, "= ANY") != 0 && strcmp(any, "<> ALL") != 0;
        no = any[0] == '=' ? "" : "NOT ";
        any = NULL;
    }
    if (any) {
        diff_put(out, " %s (", any);
    } else {
        diff_put(out, " %sIN (", no);
    }
    diff_print_query(out, node->child[1]);
    diff_put(out, none_is_null ? ") END)" : "))");
}

static bool same_value(const diff_node *a, const diff_node *b)
{
    return a->type == b->type && a->scale == b->scale && (a->text == NULL) == (b->text == NULL) &&
           (!a->text || strcmp(a->text, b->text) == 0);
}

/* False if it has to stand there itself. */
static bool put_parameter(diff_out *out, const diff_node *literal)
{
    diff_bound *bound = out->bound;
    const bool typed = literal->text && literal->type < TYPE_DATE;
    int at = 0;

    if (!bound || (literal->flags & LITERAL_BARE && literal->type != TYPE_TEXT)) {
        return false;
    }
    while (at < bound->count && !same_value(bound->value[at], literal)) {
        at++;
    }
    if (at == BOUND_MOST) {
        return false;
    }
    bound->value[at] = literal;
    bound->count += at == bound->count;
    diff_put(out, typed ? "$%d" : "CAST($%d AS %s)", at + 1,
             diff_type_name(out->arena, out->dialect, literal->type, literal->scale));
    return true;
}

/* Those who did it, for who has no did(). `at_most` includes who never did. */
static void put_doers(diff_out *out, const diff_node *did)
{
    const char *const customer = did->text;

    diff_put(out, did->flags ? "" : " NOT");
    diff_put(out, " IN (SELECT %s FROM %s WHERE %s IS NOT NULL AND ", customer, did->name,
             customer);
    diff_print_expr(out, did->child[DID_CONDITION]);
    diff_put(out, " GROUP BY %s HAVING count(*) ", customer);
    if (did->flags && did->place) {
        diff_put(out, "BETWEEN %u AND %d", did->flags, did->place);
    } else if (did->flags) {
        diff_put(out, ">= %u", did->flags);
    } else {
        diff_put(out, "> %d", did->place);
    }
}

static void put_own_did(diff_out *out, const diff_node *did)
{
    diff_put(out, "did(");
    diff_print_expr(out, did->child[DID_CONDITION]);
    if (did->flags) {
        diff_put(out, ", at_least => %u", did->flags);
    }
    if (did->place) {
        diff_put(out, ", at_most => %d", did->place);
    }
    diff_put(out, ", table => %s)", did->name);
}

static void put_did(diff_out *out, const diff_node *did)
{
    const bool is_set = !did->child[DID_CONDITION];

    if (out->dialect == DIALECT_MUSTER && is_set) {
        diff_put(out, "%s('%s')", did->text, did->name);
        return;
    }
    if (out->dialect == DIALECT_MUSTER) {
        put_own_did(out, did);
        return;
    }
    diff_put(out, "(CASE WHEN "); /* of nobody a set says nothing */
    diff_print_expr(out, did->child[DID_CUSTOMER]);
    diff_put(out, " IS NOT NULL THEN ");
    diff_print_expr(out, did->child[DID_CUSTOMER]);
    if (is_set) {
        diff_put(out, " IN (SELECT customer FROM %s WHERE customer IS NOT NULL", did->name);
    } else {
        put_doers(out, did);
    }
    diff_put(out, ") END)");
}

void diff_print_expr(diff_out *out, const diff_node *node)
{
    switch ((int)node->kind) {
    case NODE_COLUMN:
        diff_put(out, node->text ? "%s.%s" : "%s%s", node->text ? node->text : "", node->name);
        break;
    case NODE_LITERAL:
        if (put_parameter(out, node)) {
            break;
        }
        if (node->flags & LITERAL_BARE && node->type != TYPE_TEXT) {
            diff_put(out, "%s", node->text);
        } else {
            diff_print_value(out, node->type, node->scale, node->text);
        }
        break;
    case NODE_CALL:
    case NODE_AGGREGATE:
        put_call(out, node, NULL);
        break;
    case NODE_WINDOW:
        put_call(out, node->child[WINDOW_CALL], node);
        break;
    case NODE_DID:
        put_did(out, node);
        break;
    case NODE_SCALAR:
        diff_put(out, "(");
        diff_print_query(out, node->child[0]);
        diff_put(out, ")");
        break;
    default:
        put_with_query(out, node);
        break;
    }
}
