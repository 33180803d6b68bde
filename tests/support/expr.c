/*
 * expr.c - expressions and batches for tests.
 */
#include "tests/support/expr.h"

#include "storage/base/mem.h"
#include "tests/support/test.h"

enum {
    MOST_VECTORS = 256
};

static mu_arena arena;
static mu_scope scope;
static mu_dict_builder *builders[MOST_VECTORS];
static uint32_t builder_count;

const mu_scope *test_scope(void)
{
    if (!scope.arena) {
        scope = (mu_scope){.arena = &arena};
        scope.now_us = test_value("s 2024-05-17 12:34:56").i64;
    }
    return &scope;
}

void test_scope_end(void)
{
    for (uint32_t i = 0; i < builder_count; i++) {
        mu_dict_builder_deinit(builders[i]);
    }
    builder_count = 0;
    mu_arena_deinit(&arena);
    scope = (mu_scope){0};
}

static void *keep(size_t size)
{
    void *memory = mu_arena_alloc(&arena, size);

    assert_non_null(memory);
    return memory;
}

static uint32_t number_at(const char *digits)
{
    uint32_t number = 0;

    for (; *digits >= '0' && *digits <= '9'; digits++) {
        number = 10 * number + (uint32_t)(*digits - '0');
    }
    return number;
}

mu_value test_value(const char *text)
{
    const char *rest = strchr(text, ' ');
    mu_type type = mu_type_of_letter(text[0]);
    mu_value value;

    assert_non_null(rest);
    if (text[0] == 'n') {
        type = mu_type_decimal(18, number_at(text + 1));
    }
    if (text[0] == 'c') {
        type = (mu_type){.kind = MU_CUSTOMER};
    }
    if (strcmp(rest + 1, "NULL") == 0) {
        return mu_value_null(type);
    }
    if (text[0] == 'c') {
        return (mu_value){.type = type, .ordinal = number_at(rest + 1)};
    }
    const mu_text rest_text = {rest + 1, (uint32_t)strlen(rest + 1)};
    assert_ok(mu_value_parse(type, rest_text, NULL, &value, &test_error));
    value.type = type;
    return value;
}

static const char *letter_of(mu_type type)
{
    switch (type.kind) {
    case MU_BOOLEAN:
        return "b";
    case MU_BIGINT:
        return "i";
    case MU_DOUBLE:
        return "f";
    case MU_DECIMAL:
        return "n";
    case MU_TEXT:
        return "t";
    case MU_DATE:
        return "d";
    case MU_TIMESTAMP:
        return "s";
    case MU_INTERVAL:
        return "v";
    case MU_CUSTOMER:
        return "c";
    case MU_BITMAP:
        return "m";
    case MU_NULL:
        break;
    }
    return "?";
}

const char *test_show(const mu_value *value)
{
    mu_writer text = {0};
    char number[8] = "";

    if (value->type.kind == MU_DECIMAL) {
        (void)snprintf(number, sizeof number, "%u", value->type.scale);
    }
    if (value->null) {
        mu_write_bytes(&text, "NULL", 4);
    } else if (value->type.kind == MU_CUSTOMER) {
        const mu_value ordinal = {.type = mu_type_of_letter('i'), .i64 = value->ordinal};
        mu_value_format(&ordinal, &text);
    } else {
        mu_value_format(value, &text);
    }
    const char *shown = mu_arena_printf(&arena, "%s%s %.*s", letter_of(value->type), number,
                                        (int)text.size, (const char *)text.data);
    mu_writer_deinit(&text);
    return shown;
}

const mu_expr *test_const(const char *text)
{
    const mu_expr *expr;

    assert_ok(mu_expr_const(test_scope(), test_value(text), -1, &expr, &test_error));
    return expr;
}

const mu_expr *test_column(uint32_t column, mu_type type)
{
    const mu_expr *expr;

    assert_ok(mu_expr_column(test_scope(), column, type, -1, &expr, &test_error));
    return expr;
}

test_vector test_vector_new(mu_type type)
{
    test_vector vector = {.type = type};

    vector.data = keep(MU_BATCH_ROWS * sizeof(int64_t));
    vector.valid = keep(MU_BATCH_WORDS * sizeof(uint64_t));
    if (mu_type_form(type) == MU_FORM_CODE) {
        assert_true(builder_count < MOST_VECTORS);
        vector.texts = keep(sizeof *vector.texts);
        builders[builder_count++] = vector.texts;
    }
    return vector;
}

void test_vector_set(test_vector *vector, uint32_t row, const mu_value *value)
{
    if (value->null) {
        return;
    }
    mu_bits_set(vector->valid, row);
    switch (mu_type_form(vector->type)) {
    case MU_FORM_BITS:
        if (value->i64 != 0) {
            mu_bits_set(vector->data, row);
        }
        break;
    case MU_FORM_I64:
        ((int64_t *)vector->data)[row] = value->i64;
        break;
    case MU_FORM_F64:
        ((double *)vector->data)[row] = value->f64;
        break;
    case MU_FORM_CODE:
        assert_true(
            mu_dict_builder_add(vector->texts, value->text, &((uint32_t *)vector->data)[row]));
        break;
    case MU_FORM_ORDINAL:
        ((uint32_t *)vector->data)[row] = value->ordinal;
        break;
    }
}

static void sort_texts(test_vector *vector, uint32_t rows)
{
    uint32_t *order = NULL, *rank = NULL;
    mu_dict_builder sorted = {0};
    uint32_t *codes = vector->data;

    assert_true(mu_dict_builder_sort(vector->texts, &order, &rank));
    for (uint32_t i = 0; i < vector->texts->dict.count; i++) {
        uint32_t code;
        assert_true(
            mu_dict_builder_add(&sorted, mu_dict_text(&vector->texts->dict, order[i]), &code));
    }
    for (uint32_t row = 0; row < rows; row++) {
        if (mu_bits_test(vector->valid, row)) {
            codes[row] = rank[codes[row]];
        }
    }
    mu_dict_builder_deinit(vector->texts);
    *vector->texts = sorted;
    vector->texts->dict.sorted = true;
    mu_mem_free(order);
    mu_mem_free(rank);
}

mu_vector test_vector_done(test_vector *vector, uint32_t rows, bool sorted)
{
    if (vector->texts && sorted && vector->texts->dict.count > 0) {
        sort_texts(vector, rows);
    }
    return (mu_vector){.type = vector->type,
                       .data = vector->data,
                       .valid = vector->valid,
                       .dict = vector->texts ? &vector->texts->dict : NULL};
}
