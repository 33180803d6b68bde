/*
 * expr_test.c - the makers: types, casts, folding, messages; and expressions printed as SQL.
 */
#include "query/expr.h"

#include "query/agg.h"
#include "query/func.h"
#include "tests/support/expr.h"
#include "tests/support/test.h"

static const char *const names[] = {"amount", "event", "ts", "quantity", "customer", "paid"};

static const mu_expr *column(uint32_t i)
{
    const mu_type types[] = {mu_type_decimal(12, 2), mu_type_of_letter('t'),
                             mu_type_of_letter('s'), {.kind = MU_BIGINT, .bits = 32},
                             {.kind = MU_CUSTOMER},  mu_type_of_letter('b')};

    return test_column(i, types[i]);
}

static const mu_expr *call(const char *name, const mu_expr *a, const mu_expr *b)
{
    const mu_expr *const args[2] = {a, b};
    const mu_expr *expr;

    assert_ok(mu_expr_call(test_scope(), name, args, b ? 2 : 1, 5, &expr, &test_error));
    return expr;
}

static const mu_expr *logic(mu_expr_kind kind, const mu_expr *a, const mu_expr *b)
{
    const mu_expr *const args[2] = {a, b};
    const mu_expr *expr;

    assert_ok(mu_expr_logic(test_scope(), kind, args, b ? 2 : 1, 5, &expr, &test_error));
    return expr;
}

static void assert_prints(const char *wanted, const mu_expr *expr)
{
    mu_writer text = {0};

    mu_expr_print(expr, names, NULL, &text);
    mu_write_u8(&text, 0);
    const char *found = mu_arena_printf(test_scope()->arena, "%s", (const char *)text.data);
    mu_writer_deinit(&text);
    assert_string_equal(found, wanted);
}

static void assert_call_fails(const char *message, const char *name, const mu_expr *a,
                              const mu_expr *b)
{
    const mu_expr *const args[2] = {a, b};
    const mu_expr *expr;

    assert_status(MUSTER_INVALID,
                  mu_expr_call(test_scope(), name, args, b ? 2 : 1, 5, &expr, &test_error));
    assert_message(message);
}

TEST(a_constant_takes_the_type_of_the_column_beside_it)
{
    const mu_expr *expr = call("=", column(0), test_const("i 5"));
    assert_true(expr->args[0]->kind == MU_EXPR_COLUMN);
    assert_int_equal(expr->args[1]->value.i64, 500);
    assert_prints("amount = 5.00", expr);

    expr = call(">=", column(2), test_const("t 2024-05-01"));
    assert_prints("ts >= TIMESTAMP '2024-05-01 00:00:00'", expr);

    expr = call("<", test_const("i 5"), column(3));
    assert_prints("quantity > 5", expr);

    expr = call("=", column(1), test_const("t it's"));
    assert_prints("event = 'it''s'", expr);
    test_scope_end();
}

TEST(a_text_that_is_no_date_is_named_with_its_place)
{
    const mu_expr *const args[2] = {column(2), test_const("t yesterday")};
    const mu_expr *expr;

    assert_status(MUSTER_INVALID, mu_expr_call(test_scope(), "<", args, 2, 5, &expr, &test_error));
    assert_message_has("\"yesterday\"");
    test_scope_end();
}

TEST(types_of_arithmetic_follow_the_digits)
{
    char name[32];

    assert_string_equal(mu_type_name(call("*", column(0), column(3))->type, name), "DECIMAL(18,2)");
    assert_string_equal(mu_type_name(call("+", column(0), column(3))->type, name), "DECIMAL(13,2)");
    assert_int_equal(call("/", column(0), column(3))->type.kind, MU_DOUBLE);
    assert_int_equal(call("/", column(3), column(3))->type.kind, MU_BIGINT);
    assert_int_equal(call("-", column(2), column(2))->type.kind, MU_INTERVAL);
    assert_string_equal(
        mu_type_name(call("coalesce", column(0), test_const("n3 0.125"))->type, name),
        "DECIMAL(18,3)");
    test_scope_end();
}

TEST(unification_loses_nothing)
{
    static const struct {
        const char *a, *b, *wanted;
    } cases[] = {
        {"i 1", "f 1", "f 1"},
        {"n2 1", "f 1", "f 1"},
        {"d 2024-01-01", "s 2024-01-01", "s 2024-01-01"},
        {"? x", "t x", "t x"},
        {"t x", "c 1", "t x"},
        {"i 1", "c 1", "i 1"},
    };
    mu_type out;

    for (size_t i = 0; i < MU_COUNT(cases); i++) {
        const mu_type null = {.kind = MU_NULL};
        const mu_type a = cases[i].a[0] == '?' ? null : test_value(cases[i].a).type;
        const mu_type b = test_value(cases[i].b).type;
        const mu_type wanted = test_value(cases[i].wanted).type;
        assert_true(mu_type_unify(a, b, &out) && mu_type_equal(out, wanted));
        assert_true(mu_type_unify(b, a, &out) && mu_type_equal(out, wanted));
    }
    assert_false(mu_type_unify(mu_type_of_letter('t'), mu_type_of_letter('i'), &out));
    assert_false(mu_type_unify(mu_type_of_letter('b'), mu_type_of_letter('i'), &out));
    assert_false(mu_type_unify(mu_type_of_letter('d'), mu_type_of_letter('i'), &out));
}

TEST(constants_are_folded)
{
    const mu_expr *truth = test_const("b true"), *paid = column(5);

    assert_int_equal(call("+", test_const("i 2"), test_const("i 3"))->kind, MU_EXPR_CONST);
    assert_ptr_equal(logic(MU_EXPR_AND, truth, paid), paid);
    assert_prints("true", logic(MU_EXPR_OR, paid, truth));
    assert_prints("false", logic(MU_EXPR_AND, paid, test_const("b false")));
    /* What cannot be computed waits for a row. */
    assert_int_equal(call("/", test_const("i 2"), test_const("i 0"))->kind, MU_EXPR_CALL);
    test_scope_end();
}

TEST(conditions_of_case_that_are_constant_disappear)
{
    const mu_expr *const args[5] = {test_const("b false"), test_const("i 1"), column(5),
                                    test_const("i 2"), test_const("i 3")};
    const mu_expr *const always[3] = {test_const("b true"), test_const("i 1"), test_const("i 2")};
    const mu_expr *expr;

    assert_ok(mu_expr_case(test_scope(), args, 5, 5, &expr, &test_error));
    assert_prints("CASE WHEN paid THEN 2 ELSE 3 END", expr);
    assert_ok(mu_expr_case(test_scope(), always, 3, 5, &expr, &test_error));
    assert_prints("1", expr);
    test_scope_end();
}

TEST(expressions_print_as_sql)
{
    const mu_expr *sum = call("+", column(3), test_const("i 1"));
    const mu_expr *const list[3] = {column(1), test_const("t a"), test_const("t b")};
    const mu_expr *const range[3] = {column(3), test_const("i 1"), test_const("i 9")};
    const mu_expr *expr;

    assert_prints("(quantity + 1) * (quantity + 1)", call("*", sum, sum));
    assert_prints("quantity + 1 - (quantity + 1)", call("-", sum, sum));
    assert_ok(mu_expr_call(test_scope(), "not in", list, 3, 5, &expr, &test_error));
    assert_prints("event NOT IN ('a', 'b')", expr);
    assert_ok(mu_expr_call(test_scope(), "between", range, 3, 5, &expr, &test_error));
    assert_prints("quantity >= 1 AND quantity <= 9", expr);
    assert_prints("quantity >= 1 AND quantity <= 9 OR paid", logic(MU_EXPR_OR, expr, column(5)));
    assert_prints("NOT (quantity >= 1 AND quantity <= 9)", logic(MU_EXPR_NOT, expr, NULL));
    assert_prints("event NOT LIKE 'a%'", call("not like", column(1), test_const("t a%")));
    assert_prints("event IS NULL", call("is null", column(1), NULL));
    assert_prints("date_trunc('month', ts)", call("date_trunc", test_const("t month"), column(2)));
    assert_prints("-quantity", call("-", column(3), NULL));
    assert_ok(
        mu_expr_cast(test_scope(), column(3), mu_type_of_letter('t'), true, 5, &expr, &test_error));
    assert_prints("TRY_CAST(quantity AS TEXT)", expr);
    test_scope_end();
}

TEST(calls_that_cannot_be_say_why)
{
    assert_call_fails("no function \"lenght\"; did you mean \"length\"?", "lenght", column(1),
                      NULL);
    assert_call_fails("no function \"frobnicate\"", "frobnicate", column(1), NULL);
    assert_call_fails("\"sum\" is an aggregate; it cannot stand here", "sum", column(0), NULL);
    assert_call_fails("\"=\" takes values of one type, not DECIMAL(12,2) and TEXT", "=", column(0),
                      column(1));
    assert_call_fails("\"sqrt\" takes (number), not (BOOLEAN)", "sqrt", column(5), NULL);
    assert_int_equal(test_error.offset, 5);
    test_scope_end();
}

TEST(casts_that_make_no_sense_are_refused)
{
    const mu_expr *expr;

    assert_status(MUSTER_INVALID, mu_expr_cast(test_scope(), column(2), mu_type_of_letter('i'),
                                               false, 9, &expr, &test_error));
    assert_message("a TIMESTAMP cannot be cast to BIGINT");
    assert_int_equal(test_error.offset, 9);
    test_scope_end();
}

TEST(columns_are_found_moved_and_replaced)
{
    const mu_expr *expr = call("+", call("*", column(0), column(3)), test_const("i 1"));
    const mu_expr *moved, *replaced;
    const mu_expr *exprs[6] = {0};
    const uint32_t map[6] = {3, 0, 0, 4, 0, 0};
    uint64_t used[1] = {0};

    mu_expr_columns(expr, used);
    assert_int_equal(used[0], 1 << 0 | 1 << 3);
    assert_ok(mu_expr_remap(test_scope(), expr, map, &moved, &test_error));
    used[0] = 0;
    mu_expr_columns(moved, used);
    assert_int_equal(used[0], 1 << 3 | 1 << 4);
    assert_false(mu_expr_equal(expr, moved));
    exprs[0] = column(0);
    exprs[3] = call("+", column(3), test_const("i 2"));
    assert_ok(mu_expr_substitute(test_scope(), expr, exprs, &replaced, &test_error));
    assert_prints("amount * CAST(quantity + 2 AS DECIMAL(18,0)) + 1.00",
                  call("+", call("*", column(0), exprs[3]), test_const("i 1")));
    used[0] = 0;
    mu_expr_columns(replaced, used);
    assert_int_equal(used[0], 1 << 0 | 1 << 3);
    test_scope_end();
}

TEST(equal_trees_are_equal)
{
    assert_true(mu_expr_equal(call("+", column(3), test_const("i 1")),
                              call("+", column(3), test_const("i 1"))));
    assert_false(mu_expr_equal(call("+", column(3), test_const("i 1")),
                               call("+", column(3), test_const("i 2"))));
    assert_false(mu_expr_equal(call("+", column(3), test_const("i 1")),
                               call("-", column(3), test_const("i 1"))));
    assert_true(mu_expr_equal(test_const("t NULL"), test_const("t NULL")));
    assert_false(mu_expr_equal(test_const("t NULL"), test_const("t x")));
    test_scope_end();
}

TEST(names_of_functions_are_known_in_any_case)
{
    assert_true(mu_expr_is_function("Date_Trunc"));
    assert_false(mu_expr_is_function("sum"));
    assert_true(mu_agg_is("SUM"));
    assert_true(mu_agg_needs_order("last"));
    assert_false(mu_agg_needs_order("min"));
    assert_string_equal(mu_expr_nearest_function("coalesc"), "coalesce");
    assert_string_equal(mu_expr_nearest_function("cuont"), "count");
    assert_null(mu_expr_nearest_function("zzzzzzzz"));
}
