/*
 * eval_test.c - random expressions over random batches, against an evaluator that takes one row at
 * a time and knows nothing of bitmaps, dictionaries or kernels.
 */
#include "query/eval.h"

#include "query/func.h"
#include "storage/base/mem.h"
#include "tests/support/expr.h"
#include "tests/support/test.h"

enum {
    COLUMNS = 7,
    MOST_DEPTH = 4
};

static const char *const types[COLUMNS] = {"i", "i", "f", "n", "t", "t", "b"};
static const char *const words[] = {"", "a", "b", "ab", "pay", "Pay", "add_to_cart", "12", "7"};
static uint64_t seed;

static uint32_t below(uint32_t bound)
{
    return (uint32_t)test_random_below(&seed, bound);
}

static mu_type column_type(uint32_t column)
{
    return types[column][0] == 'n' ? mu_type_decimal(12, 2) : mu_type_of_letter(types[column][0]);
}

static mu_value random_value(mu_type type)
{
    mu_value value = {.type = type};

    switch (mu_type_form(type)) {
    case MU_FORM_BITS:
        value.i64 = below(2);
        break;
    case MU_FORM_I64:
        value.i64 = (int64_t)below(9) - 4;
        break;
    case MU_FORM_F64:
        value.f64 = ((double)below(9) - 4) / 2;
        break;
    case MU_FORM_CODE:
        value.text.data = words[below(MU_COUNT(words))];
        value.text.size = (uint32_t)strlen(value.text.data);
        break;
    case MU_FORM_ORDINAL:
        value.ordinal = below(9);
        break;
    }
    return value;
}

/* Random expressions. */

static const mu_expr *random_expr(mu_kind kind, uint32_t depth);

static const mu_expr *call(const char *name, const mu_expr *a, const mu_expr *b, const mu_expr *c)
{
    const mu_expr *const args[3] = {a, b, c};
    const mu_expr *expr;

    assert_ok(mu_expr_call(test_scope(), name, args, c ? 3 : b ? 2 : 1, 3, &expr, &test_error));
    return expr;
}

static const mu_expr *random_leaf(mu_kind kind)
{
    const mu_expr *expr;

    for (uint32_t turn = 0; turn < 20; turn++) {
        const uint32_t column = below(COLUMNS);
        if (column_type(column).kind == kind && below(4) > 0) {
            return test_column(column, column_type(column));
        }
    }
    mu_value value = random_value(kind == MU_BIGINT    ? mu_type_of_letter('i')
                                  : kind == MU_DOUBLE  ? mu_type_of_letter('f')
                                  : kind == MU_DECIMAL ? mu_type_decimal(12, 2)
                                  : kind == MU_TEXT    ? mu_type_of_letter('t')
                                                       : mu_type_of_letter('b'));
    value.null = below(8) == 0;
    assert_ok(mu_expr_const(test_scope(), value, 3, &expr, &test_error));
    return expr;
}

static mu_kind random_number(void)
{
    static const mu_kind kinds[] = {MU_BIGINT, MU_BIGINT, MU_DOUBLE, MU_DECIMAL};

    return kinds[below(MU_COUNT(kinds))];
}

static const mu_expr *random_condition(uint32_t depth)
{
    static const char *const comparisons[] = {"=", "<>", "<", "<=", ">", ">="};
    const mu_kind kind = below(2) ? MU_TEXT : random_number();
    const mu_expr *args[4];
    const mu_expr *expr;

    switch (below(8)) {
    case 0:
    case 1:
        for (uint32_t i = 0; i < 3; i++) {
            args[i] = random_expr(MU_BOOLEAN, depth);
        }
        assert_ok(mu_expr_logic(test_scope(), below(2) ? MU_EXPR_AND : MU_EXPR_OR, args,
                                2 + below(2), 3, &expr, &test_error));
        return expr;
    case 2:
        args[0] = random_expr(MU_BOOLEAN, depth);
        assert_ok(mu_expr_logic(test_scope(), MU_EXPR_NOT, args, 1, 3, &expr, &test_error));
        return expr;
    case 3:
        return call(below(2) ? "is null" : "is not null", random_expr(kind, depth), NULL, NULL);
    case 4:
        args[0] = random_expr(kind, depth);
        for (uint32_t i = 1; i < 4; i++) {
            args[i] = random_leaf(kind);
        }
        assert_ok(mu_expr_call(test_scope(), "in", args, 4, 3, &expr, &test_error));
        return expr;
    case 5:
        return call(below(2) ? "is distinct from" : "is not distinct from",
                    random_expr(kind, depth), random_expr(kind, depth), NULL);
    default:
        return call(comparisons[below(6)], random_expr(kind, depth), random_expr(kind, depth),
                    NULL);
    }
}

static const mu_expr *random_case(mu_kind kind, uint32_t depth)
{
    const mu_expr *const args[5] = {random_expr(MU_BOOLEAN, depth), random_expr(kind, depth),
                                    random_expr(MU_BOOLEAN, depth), random_expr(kind, depth),
                                    random_expr(kind, depth)};
    const mu_expr *expr;

    assert_ok(mu_expr_case(test_scope(), args, 5, 3, &expr, &test_error));
    return expr;
}

static const mu_expr *random_expr(mu_kind kind, uint32_t depth)
{
    static const char *const operators[] = {"+", "-", "*"};

    if (depth == 0 || below(5) == 0) {
        return random_leaf(kind);
    }
    depth--;
    if (kind == MU_BOOLEAN) {
        return random_condition(depth);
    }
    if (below(6) == 0) {
        return random_case(kind, depth);
    }
    if (below(6) == 0) {
        return call("coalesce", random_expr(kind, depth), random_expr(kind, depth), NULL);
    }
    if (kind == MU_TEXT) {
        return below(2) ? call("||", random_expr(kind, depth), random_expr(kind, depth), NULL)
                        : call("lower", random_expr(kind, depth), NULL, NULL);
    }
    if (kind == MU_BIGINT && below(4) == 0) {
        return call("length", random_expr(MU_TEXT, depth), NULL, NULL);
    }
    if (kind == MU_BIGINT && below(4) == 0) {
        return call("/", random_expr(kind, depth), random_expr(kind, depth), NULL);
    }
    return call(operators[below(kind == MU_DECIMAL ? 2 : 3)], random_expr(kind, depth),
                random_expr(kind, depth), NULL);
}

/* One row at a time. False: an error. */

static bool value_of(const mu_expr *expr, const mu_value *row, mu_value *out);

static bool truth_of(const mu_expr *expr, const mu_value *row, mu_value *out)
{
    const bool is_or = expr->kind == MU_EXPR_OR;
    bool unknown = false;

    *out = (mu_value){.type = expr->type, .i64 = !is_or};
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        mu_value arg;
        if (!value_of(expr->args[i], row, &arg)) {
            return false;
        }
        unknown |= arg.null;
        if (!arg.null && (arg.i64 != 0) == is_or) {
            out->i64 = is_or;
            return true;
        }
    }
    out->null = unknown;
    return true;
}

static bool case_of(const mu_expr *expr, const mu_value *row, mu_value *out)
{
    for (uint32_t i = 0; i + 1 < expr->arg_count; i += 2) {
        mu_value condition;
        if (!value_of(expr->args[i], row, &condition)) {
            return false;
        }
        if (!condition.null && condition.i64) {
            return value_of(expr->args[i + 1], row, out);
        }
    }
    return value_of(expr->args[expr->arg_count - 1], row, out);
}

/* The functions themselves are tested by func_test.c; here it is about which rows they see. */
static bool call_of(const mu_expr *expr, const mu_value *row, mu_value *out)
{
    mu_func_context context = {0};
    bool null = false;
    mu_value args[4];

    if (strcmp(expr->func->name, "coalesce") == 0) {
        for (uint32_t i = 0; i < expr->arg_count; i++) {
            if (!value_of(expr->args[i], row, out)) {
                return false;
            }
            if (!out->null) {
                return true;
            }
        }
        return true;
    }
    for (uint32_t i = 0; i < expr->arg_count; i++) {
        if (!value_of(expr->args[i], row, &args[i])) {
            return false;
        }
        null |= args[i].null;
    }
    *out = (mu_value){.type = expr->type};
    if (null && !(expr->func->flags & MU_FUNC_NULLS)) {
        out->null = true;
        return true;
    }
    const bool done = expr->func->scalar(&context, expr, args, out, NULL) == MUSTER_OK;
    if (done && out->type.kind == MU_TEXT && !out->null) {
        out->text.data = mu_arena_text(test_scope()->arena, out->text.data, out->text.size);
    }
    mu_writer_deinit(&context.text);
    return done;
}

static bool value_of(const mu_expr *expr, const mu_value *row, mu_value *out)
{
    bool done = true;

    switch (expr->kind) {
    case MU_EXPR_CONST:
        *out = expr->value;
        break;
    case MU_EXPR_COLUMN:
        *out = row[expr->column];
        break;
    case MU_EXPR_AND:
    case MU_EXPR_OR:
        done = truth_of(expr, row, out);
        break;
    case MU_EXPR_NOT:
        done = value_of(expr->args[0], row, out);
        out->i64 = !out->i64;
        break;
    case MU_EXPR_CASE:
        done = case_of(expr, row, out);
        break;
    case MU_EXPR_CALL:
        done = call_of(expr, row, out);
        break;
    case MU_EXPR_IN_SET:
    case MU_EXPR_LOOKUP:
    case MU_EXPR_OUTER:
        done = false;
        break;
    }
    out->type = expr->type;
    return done;
}

/* Batches. */

typedef struct test_rows {
    mu_value values[MU_BATCH_ROWS][COLUMNS];
    mu_vector vectors[COLUMNS];
    uint64_t live[MU_BATCH_WORDS];
    mu_batch batch;
} test_rows;

static void random_rows(test_rows *rows, bool sorted)
{
    const uint32_t count = 1 + below(below(2) ? 5 : MU_BATCH_ROWS);

    memset(rows->live, 0, sizeof rows->live);
    for (uint32_t c = 0; c < COLUMNS; c++) {
        test_vector vector = test_vector_new(column_type(c));
        const bool nulls = below(3) > 0;
        for (uint32_t r = 0; r < count; r++) {
            rows->values[r][c] = random_value(column_type(c));
            rows->values[r][c].null = nulls && below(5) == 0;
            test_vector_set(&vector, r, &rows->values[r][c]);
        }
        rows->vectors[c] = test_vector_done(&vector, count, sorted);
        if (!nulls) {
            rows->vectors[c].valid = NULL;
        }
    }
    for (uint32_t r = 0; r < count; r++) {
        if (below(4) > 0) {
            mu_bits_set(rows->live, r);
        }
    }
    rows->batch = (mu_batch){count, COLUMNS, rows->live, rows->vectors};
}

static bool same(const mu_value *a, const mu_value *b)
{
    return a->null || b->null ? a->null == b->null : mu_value_compare(a, b) == 0;
}

static void fail_row(const mu_expr *expr, uint32_t row, const mu_value *found,
                     const mu_value *wanted)
{
    static const char *const names[COLUMNS] = {"c0", "c1", "c2", "c3", "c4", "c5", "c6"};
    mu_writer text = {0};

    mu_expr_print(expr, names, NULL, &text);
    print_message("%.*s\n", (int)text.size, (const char *)text.data);
    mu_writer_deinit(&text);
    fail_msg("row %u is %s, not %s", row, test_show(found), test_show(wanted));
}

/* Whether every live row has a value; those it has are in `wanted`. */
static bool all_values(const mu_expr *expr, const test_rows *rows, mu_value *wanted)
{
    bool all = true;

    MU_FOR_EACH_LIVE(row, &rows->batch) {
        all &= value_of(expr, rows->values[row], &wanted[row]);
    }
    return all;
}

static void check_run(mu_eval *eval, const mu_expr *expr, const test_rows *rows)
{
    static mu_value wanted[MU_BATCH_ROWS];
    const bool all = all_values(expr, rows, wanted);
    mu_vector out;

    const muster_status status = mu_eval_run(eval, 0, &rows->batch, &out, &test_error);
    assert_int_equal(status, all ? MUSTER_OK : MUSTER_INVALID);
    if (!all) {
        assert_int_equal(test_error.offset, 3);
        return;
    }
    MU_FOR_EACH_LIVE(row, &rows->batch) {
        const bool valid = mu_vector_valid(&out, row);
        mu_value found = valid ? mu_vector_value(&out, row) : mu_value_null(expr->type);
        found.type = expr->type;
        if (!same(&found, &wanted[row])) {
            fail_row(expr, row, &found, &wanted[row]);
        }
    }
    if (out.valid) {
        for (uint32_t row = rows->batch.rows; row < MU_BATCH_ROWS; row++) {
            assert_false(mu_bits_test(out.valid, row));
        }
    }
}

static void check_filter(mu_eval *eval, const mu_expr *expr, const test_rows *rows)
{
    static mu_value wanted[MU_BATCH_ROWS];
    uint64_t live[MU_BATCH_WORDS];

    if (!all_values(expr, rows, wanted)) {
        return; /* a filter may drop the row before the error is reached */
    }
    memcpy(live, rows->live, sizeof live);
    assert_ok(mu_eval_filter(eval, 0, &rows->batch, live, &test_error));
    MU_FOR_EACH_LIVE(row, &rows->batch) {
        const bool passes = !wanted[row].null && wanted[row].i64 != 0;
        if (mu_bits_test(live, row) != passes) {
            fail_row(expr, row, &(mu_value){.type = expr->type, .i64 = !passes}, &wanted[row]);
        }
        mu_bits_clear(live, row);
    }
    for (uint32_t w = 0; w < MU_BATCH_WORDS; w++) {
        assert_int_equal(live[w], 0); /* nothing that was not live */
    }
}

TEST(random_expressions_give_what_a_row_at_a_time_gives)
{
    static const mu_kind kinds[] = {MU_BOOLEAN, MU_BOOLEAN, MU_BIGINT,
                                    MU_DOUBLE,  MU_DECIMAL, MU_TEXT};
    static test_rows rows;

    seed = test_seed();
    for (uint32_t turn = 0; turn < 600; turn++) {
        const mu_expr *expr = random_expr(kinds[turn % MU_COUNT(kinds)], 1 + below(MOST_DEPTH));
        mu_eval *eval;
        assert_ok(mu_eval_open(NULL, &expr, 1, &eval, &test_error));
        for (uint32_t batch = 0; batch < 4; batch++) {
            random_rows(&rows, below(2));
            check_run(eval, expr, &rows);
            if (expr->type.kind == MU_BOOLEAN) {
                check_filter(eval, expr, &rows);
            }
        }
        mu_eval_close(eval);
        test_scope_end();
    }
}

TEST(rows_that_are_not_reached_do_not_fail)
{
    const mu_type bigint = mu_type_of_letter('i');
    const mu_value values[3] = {test_value("i 0"), test_value("i 2"), test_value("i NULL")};
    test_vector vector = test_vector_new(bigint);
    uint64_t live[MU_BATCH_WORDS] = {7};
    const mu_expr *column = test_column(0, bigint);
    const mu_expr *zero = call("=", column, test_const("i 0"), NULL);
    const mu_expr *quotient = call("/", test_const("i 10"), column, NULL);
    const mu_expr *const branches[3] = {zero, test_const("i -1"), quotient};
    const mu_expr *exprs[2];
    mu_vector column_vector, out;
    mu_eval *eval;

    for (uint32_t i = 0; i < 3; i++) {
        test_vector_set(&vector, i, &values[i]);
    }
    column_vector = test_vector_done(&vector, 3, false);
    mu_batch batch = {3, 1, live, &column_vector};
    assert_ok(mu_expr_case(test_scope(), branches, 3, 3, &exprs[0], &test_error));
    exprs[1] = quotient;
    assert_ok(mu_eval_open(NULL, exprs, 2, &eval, &test_error));
    assert_ok(mu_eval_run(eval, 0, &batch, &out, &test_error));
    assert_int_equal(((const int64_t *)out.data)[0], -1);
    assert_int_equal(((const int64_t *)out.data)[1], 5);
    assert_false(mu_vector_valid(&out, 2));
    assert_status(MUSTER_INVALID, mu_eval_run(eval, 1, &batch, &out, &test_error));
    assert_message("division by zero");
    assert_int_equal(test_error.offset, 3);
    live[0] = 6; /* without the zero */
    assert_ok(mu_eval_run(eval, 1, &batch, &out, &test_error));
    mu_eval_close(eval);
    test_scope_end();
}

/* A dictionary entry that no row has may be anything. */
TEST(entries_that_no_row_has_do_not_fail)
{
    const mu_type text = mu_type_of_letter('t'), bigint = mu_type_of_letter('i');
    const mu_value values[3] = {test_value("t 12"), test_value("t x"), test_value("t 7")};
    test_vector vector = test_vector_new(text);
    uint64_t live[MU_BATCH_WORDS] = {5};
    const mu_expr *expr;
    mu_vector column_vector, out;
    mu_eval *eval;

    for (uint32_t i = 0; i < 3; i++) {
        test_vector_set(&vector, i, &values[i]);
    }
    column_vector = test_vector_done(&vector, 3, true);
    const mu_batch batch = {3, 1, live, &column_vector};
    assert_ok(
        mu_expr_cast(test_scope(), test_column(0, text), bigint, false, 3, &expr, &test_error));
    assert_ok(mu_eval_open(NULL, &expr, 1, &eval, &test_error));
    assert_ok(mu_eval_run(eval, 0, &batch, &out, &test_error));
    assert_int_equal(((const int64_t *)out.data)[0], 12);
    assert_int_equal(((const int64_t *)out.data)[2], 7);
    live[0] = 7;
    assert_status(MUSTER_INVALID, mu_eval_run(eval, 0, &batch, &out, &test_error));
    assert_message_has("\"x\" is not a number");
    mu_eval_close(eval);
    test_scope_end();
}

TEST(months_are_added_by_the_calendar)
{
    const mu_type timestamp = mu_type_of_letter('s');
    const mu_value time = test_value("s 2024-01-31 10:00:00");
    const mu_value month = {.type = mu_type_of_letter('v'), .months = 1};
    test_vector vector = test_vector_new(timestamp);
    uint64_t live[MU_BATCH_WORDS] = {1};
    const mu_expr *interval, *expr;
    mu_vector column_vector, out;
    mu_eval *eval;

    test_vector_set(&vector, 0, &time);
    column_vector = test_vector_done(&vector, 1, false);
    const mu_batch batch = {1, 1, live, &column_vector};
    assert_ok(mu_expr_const(test_scope(), month, 3, &interval, &test_error));
    expr = call("+", test_column(0, timestamp), interval, NULL);
    assert_ok(mu_eval_open(NULL, &expr, 1, &eval, &test_error));
    assert_ok(mu_eval_run(eval, 0, &batch, &out, &test_error));
    const mu_value sum = mu_vector_value(&out, 0);
    assert_string_equal(test_show(&sum), "s 2024-02-29 10:00:00");
    mu_eval_close(eval);
    const mu_expr *const pair[2] = {test_column(1, month.type), interval};
    assert_status(MUSTER_INVALID, mu_expr_call(test_scope(), "<", pair, 2, 3, &expr, &test_error));
    assert_message_has("calendar months");
    test_scope_end();
}

/* Every allocation in turn fails while an evaluator is opened and run. */
TEST(running_out_of_memory_is_an_error_and_no_leak)
{
    static test_rows rows;
    muster_status status = MUSTER_NOMEM;

    seed = test_seed();
    random_rows(&rows, true);
    const mu_expr *const exprs[2] = {
        call("in", call("||", test_column(4, column_type(4)), test_column(5, column_type(5)), NULL),
             test_const("t aa"), test_const("t bb")),
        call("coalesce", call("lower", test_column(4, column_type(4)), NULL, NULL),
             test_const("t x"), NULL)};
    for (uint64_t n = 0; status == MUSTER_NOMEM; n++) {
        mu_eval *eval = NULL;
        mu_vector out;
        mu_mem_fail_at(n, true);
        status = mu_eval_open(NULL, exprs, 2, &eval, &test_error);
        for (uint32_t i = 0; i < 2 && status == MUSTER_OK; i++) {
            status = mu_eval_run(eval, i, &rows.batch, &out, &test_error);
        }
        mu_mem_fail_at(UINT64_MAX, false);
        mu_eval_close(eval);
        assert_true(status == MUSTER_OK || n < 1000);
    }
    assert_ok(status);
    test_scope_end();
}
