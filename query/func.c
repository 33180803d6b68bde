/*
 * func.c - the table of functions, and the choice among overloads.
 *
 * Each argument of an overload has a price: nothing where the type is the one wanted, more the
 * further it has to be cast. The cheapest overload is taken; of equals, the first in the table.
 */
#include "query/func.h"

#include "query/agg.h"
#include "query/exec.h"
#include "query/foreign.h"
#include "query/nearest.h"

#include <assert.h>
#include <string.h>

static const mu_func_family *const families[] = {
    &mu_func_arith,     &mu_func_math,      &mu_func_whole,    &mu_func_compare, &mu_func_text,
    &mu_func_string,    &mu_func_like,      &mu_func_regex,    &mu_func_time,    &mu_func_time_part,
    &mu_func_time_text, &mu_func_time_zone, &mu_func_interval, &mu_func_misc,    &mu_func_bitmap,
};

const mu_func *mu_func_at(size_t i)
{
    for (size_t f = 0; f < MU_COUNT(families); f++) {
        if (i < families[f]->count) {
            return &families[f]->funcs[i];
        }
        i -= families[f]->count;
    }
    return NULL;
}

bool mu_expr_is_function(const char *name)
{
    const mu_func *func;

    for (size_t i = 0; (func = mu_func_at(i)) != NULL; i++) {
        if (mu_name_equal(func->name, name)) {
            return true;
        }
    }
    return mu_name_equal(name, "if") || mu_name_equal(name, "iff"); /* which become a CASE */
}

muster_status mu_func_look(const mu_func_context *context, uint64_t steps, muster_error *err)
{
    enum {
        MOST_OF_CONSTANT = 1 << 22 /* some milliseconds */
    };

    if (context->exec) {
        return mu_exec_check(context->exec, err);
    }
    return steps < MOST_OF_CONSTANT
               ? MUSTER_OK
               : mu_fail(err, MUSTER_INVALID, "that takes too long to be computed of constants");
}

char mu_func_param(const mu_func *func, uint32_t i)
{
    const size_t size = strlen(func->params);

    if (size > 0 && func->params[size - 1] == '*' && i >= size - 1) {
        return func->params[size - 2];
    }
    assert(i < size);
    return func->params[i];
}

static bool takes_count(const mu_func *func, uint32_t count)
{
    const size_t size = strlen(func->params);

    if (size > 0 && func->params[size - 1] == '*') {
        return count >= size - 1;
    }
    return count == size;
}

enum {
    EXACT = 0,
    NEAR = 1,
    FAR = 2,
    LITERAL = 3,
    IMPOSSIBLE = 1000
};

/* What it costs to pass a number where `wanted` is asked for. */
static unsigned number_price(mu_kind from, mu_kind wanted)
{
    if (wanted == MU_DOUBLE) {
        return from == MU_DECIMAL ? NEAR : FAR;
    }
    if (wanted == MU_DECIMAL) {
        return from == MU_BIGINT ? NEAR : IMPOSSIBLE;
    }
    return IMPOSSIBLE;
}

static unsigned price(const mu_scope *scope, const mu_expr *arg, char letter)
{
    const mu_kind wanted = mu_type_of_letter(letter).kind;
    const mu_kind from = arg->type.kind;

    if (letter == 'a' || from == wanted || from == MU_NULL) {
        return EXACT;
    }
    if (wanted == MU_CUSTOMER) { /* a constant is somebody's id */
        return arg->kind == MU_EXPR_CONST ? LITERAL : IMPOSSIBLE;
    }
    if (from == MU_TEXT) {
        return arg->kind == MU_EXPR_CONST ? LITERAL : IMPOSSIBLE;
    }
    if (from == MU_CUSTOMER) {
        return mu_scope_id_type(scope).kind == wanted ? FAR : IMPOSSIBLE;
    }
    if (from == MU_DATE) {
        return wanted == MU_TIMESTAMP ? NEAR : IMPOSSIBLE;
    }
    return from == MU_BIGINT || from == MU_DECIMAL ? number_price(from, wanted) : IMPOSSIBLE;
}

static unsigned total_price(const mu_scope *scope, const mu_func *func, const mu_expr *const *args,
                            uint32_t arg_count)
{
    unsigned total = 0;

    for (uint32_t i = 0; i < arg_count; i++) {
        total += price(scope, args[i], mu_func_param(func, i));
    }
    return total;
}

static void write_word(mu_writer *out, const char *word)
{
    mu_write_bytes(out, word, strlen(word));
}

/* What a letter stands for, for people: all numbers are one where any of them will do. */
static const char *param_name(char letter, char name[static 32])
{
    switch (letter) {
    case 'a':
        return "any";
    case 'n':
    case 'f':
        return "number";
    default:
        return mu_type_name(mu_type_of_letter(letter), name);
    }
}

static bool is_number(char letter)
{
    return letter == 'i' || letter == 'n' || letter == 'f';
}

static bool same_params(const char *a, const char *b)
{
    size_t i = 0;

    while (a[i] && (a[i] == b[i] || (is_number(a[i]) && is_number(b[i])))) {
        i++;
    }
    return a[i] == b[i];
}

/* The same two parameters, the other way round. */
static bool turned_params(const char *a, const char *b)
{
    return strlen(a) == 2 && strlen(b) == 2 && a[0] == b[1] && a[1] == b[0] && a[0] != a[1];
}

/* Whether an overload is said with another of its name: one of other numbers, or turned round. Of
 * those for numbers the last is shown, which takes them all. */
static bool is_said_by(const mu_func *func, size_t at)
{
    const mu_func *other;

    for (size_t i = 0; (other = mu_func_at(i)) != NULL; i++) {
        if (i == at || !mu_name_equal(other->name, func->name)) {
            continue;
        }
        if ((i > at && same_params(func->params, other->params)) ||
            (i < at && turned_params(func->params, other->params))) {
            return true;
        }
    }
    return false;
}

static void write_params(mu_writer *out, const mu_func *func)
{
    char name[32];

    write_word(out, "(");
    for (const char *letter = func->params; *letter; letter++) {
        if (*letter == '*') {
            write_word(out, ", ...");
            continue;
        }
        write_word(out, letter == func->params ? "" : ", ");
        write_word(out, param_name(*letter, name));
    }
    write_word(out, ")");
}

static bool is_of(mu_type type, char letter)
{
    if (is_number(letter)) {
        return type.kind == MU_BIGINT || type.kind == MU_DECIMAL || type.kind == MU_DOUBLE;
    }
    return letter == 'a' || type.kind == mu_type_of_letter(letter).kind;
}

/* How the one argument that does not fit might be made to; "" if nobody knows. */
static const char *advise_overload(const char *name, const mu_expr *const *args, uint32_t arg_count)
{
    const mu_func *func;

    if (strcmp(name, "+") == 0 && arg_count == 2 && args[0]->type.kind == MU_TEXT &&
        args[1]->type.kind == MU_TEXT) {
        return "; || puts texts together";
    }
    if (strcmp(name, "^") == 0) {
        return "; of numbers, power(x, y), or xor(x, y) for bits";
    }
    for (size_t i = 0; (func = mu_func_at(i)) != NULL; i++) {
        uint32_t wrong = 0, at = 0;
        if (!mu_name_equal(func->name, name) || !takes_count(func, arg_count)) {
            continue;
        }
        for (uint32_t a = 0; a < arg_count; a++) {
            if (!is_of(args[a]->type, mu_func_param(func, a))) {
                wrong++;
                at = a;
            }
        }
        if (wrong == 1 && mu_func_param(func, at) == 't' && args[at]->type.kind != MU_BITMAP) {
            return "; CAST(x AS TEXT) makes a text of a value";
        }
        if (wrong == 1 && args[at]->type.kind == MU_TEXT && is_number(mu_func_param(func, at))) {
            return "; CAST(x AS DOUBLE) makes a number of a text";
        }
    }
    return "";
}

static void write_args(mu_writer *out, const mu_expr *const *args, uint32_t arg_count)
{
    char type[32];

    for (uint32_t i = 0; i < arg_count; i++) {
        write_word(out, i > 0 ? ", " : ", not (");
        write_word(out, mu_type_name(args[i]->type, type));
    }
    write_word(out, arg_count > 0 ? ")" : ", and there is nothing between the parentheses");
}

/* `"length" takes (TEXT), not (BIGINT, TEXT)` */
static muster_status fail_overload(const char *name, const mu_expr *const *args, uint32_t arg_count,
                                   int32_t offset, muster_error *err)
{
    mu_writer text = {0};
    const mu_func *func;
    const char *separator = "";

    bool counted = false; /* there are some with as many arguments: the others are no help */
    for (size_t i = 0; (func = mu_func_at(i)) != NULL; i++) {
        counted |= mu_name_equal(func->name, name) && takes_count(func, arg_count);
    }
    for (size_t i = 0; (func = mu_func_at(i)) != NULL; i++) {
        if (mu_name_equal(func->name, name) && (!counted || takes_count(func, arg_count)) &&
            !is_said_by(func, i)) {
            write_word(&text, separator);
            write_params(&text, func);
            separator = " or ";
        }
    }
    write_args(&text, args, arg_count);
    write_word(&text, advise_overload(name, args, arg_count));
    const muster_status status = text.failed
                                     ? mu_fail_memory(err, "looking up a function")
                                     : mu_fail_at(err, MUSTER_INVALID, offset, "\"%s\" takes %.*s",
                                                  name, (int)text.size, (const char *)text.data);
    mu_writer_deinit(&text);
    return status;
}

static muster_status fail_unknown(const char *name, int32_t offset, muster_error *err)
{
    char hint[200];
    const bool foreign = *mu_foreign_hint(MU_FOREIGN_FUNCTION, name, hint, sizeof hint);
    const char *nearest = foreign ? NULL : mu_expr_nearest_function(name);

    if (mu_agg_is(name)) {
        return mu_fail_at(err, MUSTER_INVALID, offset,
                          "\"%s\" is an aggregate; it cannot stand here", name);
    }
    if (nearest) {
        return mu_fail_at(err, MUSTER_INVALID, offset, "no function \"%s\"; did you mean \"%s\"?",
                          name, nearest);
    }
    return mu_fail_at(err, MUSTER_INVALID, offset, "no function \"%s\"%s", name, hint);
}

muster_status mu_func_find(const mu_scope *scope, const char *name, const mu_expr *const *args,
                           uint32_t arg_count, int32_t offset, const mu_func **out,
                           muster_error *err)
{
    unsigned best = IMPOSSIBLE;
    const mu_func *func;
    bool found = false;

    *out = NULL;
    for (size_t i = 0; (func = mu_func_at(i)) != NULL; i++) {
        if (!mu_name_equal(func->name, name)) {
            continue;
        }
        found = true;
        if (takes_count(func, arg_count)) {
            const unsigned total = total_price(scope, func, args, arg_count);
            if (total < best) {
                best = total;
                *out = func;
            }
        }
    }
    if (!found) {
        return fail_unknown(name, offset, err);
    }
    return *out ? MUSTER_OK : fail_overload(name, args, arg_count, offset, err);
}

static void try_name(mu_nearest *nearest, const char *name)
{
    mu_nearest_try(nearest, (mu_text){name, (uint32_t)strlen(name)});
}

const char *mu_expr_nearest_function(const char *name)
{
    mu_nearest nearest = mu_nearest_of((mu_text){name, (uint32_t)strlen(name)});
    const char *candidate;
    const mu_func *func;

    for (size_t i = 0; (func = mu_func_at(i)) != NULL; i++) {
        if (func->name[0] >= 'a' && !strchr(func->name, ' ')) { /* operators are no help */
            try_name(&nearest, func->name);
        }
    }
    for (size_t i = 0; (candidate = mu_agg_name_at(i)) != NULL; i++) {
        try_name(&nearest, candidate);
    }
    return nearest.found ? nearest.best.data : NULL;
}

muster_status mu_func_bind_texts(const mu_scope *scope, const mu_func *func, const mu_expr **args,
                                 uint32_t arg_count, int32_t offset, mu_type *result,
                                 muster_error *err)
{
    (void)func;
    (void)offset;
    *result = mu_type_of_letter('t');
    for (uint32_t i = 0; i < arg_count; i++) {
        MU_TRY(mu_expr_coerce(scope, args[i], *result, &args[i], err));
    }
    return MUSTER_OK;
}
