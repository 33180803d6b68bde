/*
 * type_test.c - forms and names of types, and the order of texts.
 */
#include "storage/type.h"

#include "tests/support/test.h"

TEST(types_are_named_as_sql_writes_them)
{
    static const struct {
        mu_type type;
        const char *name;
        mu_form form;
    } all[] = {
        {{.kind = MU_BOOLEAN}, "BOOLEAN", MU_FORM_BITS},
        {{.kind = MU_BIGINT, .bits = 16}, "SMALLINT", MU_FORM_I64},
        {{.kind = MU_BIGINT, .bits = 32}, "INTEGER", MU_FORM_I64},
        {{.kind = MU_BIGINT, .bits = 64}, "BIGINT", MU_FORM_I64},
        {{.kind = MU_DOUBLE}, "DOUBLE", MU_FORM_F64},
        {{.kind = MU_DECIMAL, .precision = 12, .scale = 2}, "DECIMAL(12,2)", MU_FORM_I64},
        {{.kind = MU_TEXT}, "TEXT", MU_FORM_CODE},
        {{.kind = MU_DATE}, "DATE", MU_FORM_I64},
        {{.kind = MU_TIMESTAMP}, "TIMESTAMP", MU_FORM_I64},
        {{.kind = MU_INTERVAL}, "INTERVAL", MU_FORM_I64},
        {{.kind = MU_CUSTOMER}, "CUSTOMER", MU_FORM_ORDINAL},
        {{.kind = MU_NULL}, "NULL", MU_FORM_I64},
    };
    char name[32];

    for (size_t i = 0; i < MU_COUNT(all); i++) {
        assert_string_equal(mu_type_name(all[i].type, name), all[i].name);
        assert_int_equal(mu_type_form(all[i].type), all[i].form);
        for (size_t j = 0; j < MU_COUNT(all); j++) {
            assert_int_equal(mu_type_equal(all[i].type, all[j].type), i == j);
        }
    }
}

TEST(what_a_kind_does_not_use_does_not_tell_its_types_apart)
{
    const mu_type a = {.kind = MU_DATE, .bits = 64}, b = {.kind = MU_DATE, .scale = 3};

    assert_true(mu_type_equal(a, b));
}

TEST(texts_are_ordered_by_their_bytes)
{
    const mu_text ordered[] = {
        {NULL, 0},        MU_TEXT_OF("\0"), MU_TEXT_OF("a"),        MU_TEXT_OF("a\0"),
        MU_TEXT_OF("aa"), MU_TEXT_OF("b"),  MU_TEXT_OF("\xc3\xa9"), MU_TEXT_OF("\xff")};

    for (size_t i = 0; i < MU_COUNT(ordered); i++) {
        for (size_t j = 0; j < MU_COUNT(ordered); j++) {
            const int order = mu_text_compare(ordered[i], ordered[j]);
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
            assert_int_equal(mu_text_equal(ordered[i], ordered[j]), i == j);
        }
    }
}
