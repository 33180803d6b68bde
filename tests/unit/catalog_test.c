/* catalog_test.c - finding tables and columns; every table that may not be created. */
#include "storage/catalog.h"

#include "storage/base/limits.h"
#include "tests/support/test.h"

static const mu_column event_columns[] = {
    {"user_id", 0, {.kind = MU_CUSTOMER}, MU_ROLE_CUSTOMER, false, 0, NULL},
    {"ts", 1, {.kind = MU_TIMESTAMP}, MU_ROLE_TIME, false, 0, NULL},
    {"Event", 2, {.kind = MU_TEXT}, MU_ROLE_EVENT, false, 0, NULL},
};

static const mu_table tables[] = {
    {"customers", 0, MU_UNIT_MONTH, 0, NULL, MU_NO_COLUMN, MU_NO_COLUMN, MU_NO_COLUMN, 0},
    {"events", 3, MU_UNIT_MONTH, 3, event_columns, 0, 1, 2, 3},
};

static const mu_catalog catalog = {
    .customer_kind = MU_TEXT, .table_count = 2, .tables = tables, .next_table_id = 4};

static const mu_column good_columns[] = {
    {"id", 0, {.kind = MU_TEXT}, MU_ROLE_CUSTOMER, false, 0, NULL},
    {"at", 0, {.kind = MU_TIMESTAMP}, MU_ROLE_TIME, false, 0, NULL},
    {"what", 0, {.kind = MU_TEXT}, MU_ROLE_EVENT, false, 0, NULL},
    {"amount", 0, {.kind = MU_DECIMAL, .precision = 12, .scale = 2}, MU_ROLE_NONE, false, 0, NULL},
};

static void assert_check(const char *name, const mu_column *columns, uint32_t count,
                         const char *message)
{
    const mu_table table = {
        .name = name, .period = MU_UNIT_MONTH, .column_count = count, .columns = columns};

    assert_status(MUSTER_INVALID, mu_table_check(&catalog, &table, &test_error));
    assert_message(message);
}

/* The good table with its last columns cut off and one replaced. */
static void assert_column_refused(uint32_t at, mu_column column, const char *message)
{
    mu_column columns[MU_COUNT(good_columns)];

    memcpy(columns, good_columns, sizeof columns);
    columns[at] = column;
    assert_check("orders", columns, MU_COUNT(columns), message);
}

TEST(names_are_compared_without_case)
{
    assert_true(mu_name_equal("Events", "eVENTS"));
    assert_false(mu_name_equal("event", "events"));
    assert_false(mu_name_equal("events", "event"));
    assert_false(mu_name_equal("é", "É")); /* ASCII only */
    assert_true(mu_name_equal("", ""));
}

TEST(tables_and_columns_are_found_by_name_and_id)
{
    assert_ptr_equal(mu_catalog_find(&catalog, "EVENTS"), &tables[1]);
    assert_ptr_equal(mu_catalog_find(&catalog, "customers"), &tables[0]);
    assert_null(mu_catalog_find(&catalog, "event"));
    assert_ptr_equal(mu_catalog_table(&catalog, 3), &tables[1]);
    assert_null(mu_catalog_table(&catalog, 1));
    assert_int_equal(mu_table_column(&tables[1], "TS"), 1);
    assert_int_equal(mu_table_column(&tables[1], "user_id"), 0);
    assert_int_equal(mu_table_column(&tables[1], "Customer"), 0);
    assert_int_equal(mu_table_column(&tables[1], "custmer"), MU_NO_COLUMN);
    assert_int_equal(mu_table_column(&tables[0], "customer"), MU_NO_COLUMN);
}

TEST(a_good_table_may_be_created)
{
    const mu_table table = {.name = "orders",
                            .period = MU_UNIT_WEEK,
                            .column_count = MU_COUNT(good_columns),
                            .columns = good_columns};
    const mu_table lookup = {.name = "products", .column_count = 1, .columns = &good_columns[3]};

    assert_ok(mu_table_check(&catalog, &table, &test_error));
    assert_ok(mu_table_check(&catalog, &lookup, &test_error));
}

TEST(names_that_are_missing_taken_or_too_long_are_refused)
{
    char name[MU_MAX_NAME_BYTES + 2];

    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    assert_check("", good_columns, 4, "a table needs a name");
    assert_check("Events", good_columns, 4, "there is a table \"Events\" already");
    assert_check("customers", good_columns, 4,
                 "\"customers\" is always there and cannot be created; choose another name");
    assert_check("tags", good_columns, 4,
                 "\"tags\" is always there and cannot be created; choose another name");
    assert_check(name, good_columns, 4,
                 "the name of a table has 129 bytes, at most 128 are possible: "
                 "\"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn...\"");
    assert_check("orders", NULL, 0, "table \"orders\" needs a column");
    assert_check("orders", good_columns, MU_MAX_COLUMNS + 1,
                 "table \"orders\" has 2001 columns; at most 2000 are possible");
    assert_column_refused(3, (mu_column){"", 0, {.kind = MU_TEXT}, MU_ROLE_NONE, false, 0, NULL},
                          "a column needs a name");
    assert_column_refused(3, (mu_column){"ID", 0, {.kind = MU_TEXT}, MU_ROLE_NONE, false, 0, NULL},
                          "two columns are named \"ID\"; capital and small letters are the same");
    assert_column_refused(
        3, (mu_column){"Customer", 0, {.kind = MU_TEXT}, MU_ROLE_NONE, false, 0, NULL},
        "column \"Customer\" cannot have this name: \"customer\" is another "
        "name of the CUSTOMER column, \"id\"");
}

TEST(roles_need_their_types_and_each_other)
{
    assert_column_refused(
        0, (mu_column){"id", 0, {.kind = MU_DOUBLE}, MU_ROLE_CUSTOMER, false, 0, NULL},
        "column \"id\" is DOUBLE; the CUSTOMER column has to be TEXT or BIGINT");
    assert_column_refused(
        0, (mu_column){"id", 0, {.kind = MU_BIGINT, .bits = 64}, MU_ROLE_CUSTOMER, false, 0, NULL},
        "column \"id\" is BIGINT, but the customers of this database have TEXT ids; all event "
        "tables share them");
    assert_column_refused(1, (mu_column){"at", 0, {.kind = MU_DATE}, MU_ROLE_TIME, false, 0, NULL},
                          "column \"at\" is DATE; the TIME column has to be a TIMESTAMP");
    assert_column_refused(2,
                          (mu_column){"what", 0, {.kind = MU_DATE}, MU_ROLE_EVENT, false, 0, NULL},
                          "column \"what\" is DATE; the EVENT column has to be TEXT");
    assert_column_refused(
        3, (mu_column){"then", 0, {.kind = MU_TIMESTAMP}, MU_ROLE_TIME, false, 0, NULL},
        "\"at\" and \"then\" are both TIME; one column can be");
    assert_column_refused(0, (mu_column){"id", 0, {.kind = MU_TEXT}, MU_ROLE_NONE, false, 0, NULL},
                          "column \"at\" is TIME, but no column of table \"orders\" is CUSTOMER; "
                          "an event table has both");
    assert_column_refused(
        1, (mu_column){"at", 0, {.kind = MU_TIMESTAMP}, MU_ROLE_NONE, false, 0, NULL},
        "column \"id\" is CUSTOMER, but no column of table \"orders\" is TIME; "
        "an event table has both");
    assert_check(
        "orders", &good_columns[2], 1,
        "column \"what\" is EVENT, but no column of table \"orders\" is CUSTOMER and TIME");
}

TEST(types_that_are_none_are_refused)
{
    const mu_type wide = {.kind = MU_DECIMAL, .precision = 19, .scale = 2};
    const mu_type fine = {.kind = MU_DECIMAL, .precision = 4, .scale = 5};

    assert_column_refused(3, (mu_column){"a", 0, wide, MU_ROLE_NONE, false, 0, NULL},
                          "column \"a\": DECIMAL(19,2) is not a type; 1 to 18 digits are possible, "
                          "and no more of them behind the point");
    assert_column_refused(3, (mu_column){"a", 0, fine, MU_ROLE_NONE, false, 0, NULL},
                          "column \"a\": DECIMAL(4,5) is not a type; 1 to 18 digits are possible, "
                          "and no more of them behind the point");
    assert_column_refused(3, (mu_column){"a", 0, {.kind = MU_NULL}, MU_ROLE_NONE, false, 0, NULL},
                          "column \"a\" needs a type, such as TEXT");
    assert_column_refused(3,
                          (mu_column){"a", 0, {.kind = MU_CUSTOMER}, MU_ROLE_NONE, false, 0, NULL},
                          "column \"a\" needs a type, such as TEXT");
}

/* Of a table whose columns have had numbers up to 9. */
TEST(an_edit_gives_a_new_catalog_and_leaves_the_old_one)
{
    mu_column columns[MU_COUNT(event_columns)];
    mu_table both[] = {tables[0], tables[1]};
    const mu_catalog old = {
        .customer_kind = MU_TEXT, .table_count = 2, .tables = both, .next_table_id = 4};
    mu_arena arena = {0};
    mu_catalog next, last;

    memcpy(columns, event_columns, sizeof columns);
    both[1].columns = columns;
    both[1].next_column_id = 9;
    const mu_table_edit add = {.kind = MU_EDIT_ADD_COLUMN,
                               .column = {.name = "more", .type = {.kind = MU_DATE}}};
    assert_ok(mu_catalog_edit(&old, &both[1], &add, &arena, &next, &test_error));
    const mu_table *table = mu_catalog_find(&next, "events");
    assert_int_equal(both[1].column_count, 3);
    assert_int_equal(table->column_count, 4);
    assert_int_equal(table->columns[3].id, 9);
    assert_int_equal(table->next_column_id, 10);

    const mu_table_edit drop = {.kind = MU_EDIT_DROP_COLUMN, .index = 2};
    assert_ok(mu_catalog_edit(&next, table, &drop, &arena, &last, &test_error));
    table = mu_catalog_find(&last, "events");
    assert_int_equal(table->column_count, 3);
    assert_int_equal(table->event_column, MU_NO_COLUMN);
    assert_string_equal(table->columns[2].name, "more");
    assert_int_equal(table->next_column_id, 10);

    const mu_table_edit rename = {.kind = MU_EDIT_RENAME_TABLE, .column = {.name = "visits"}};
    assert_ok(mu_catalog_edit(&last, table, &rename, &arena, &next, &test_error));
    assert_null(mu_catalog_find(&next, "events"));
    assert_int_equal(mu_catalog_find(&next, "visits")->id, 3);
    mu_arena_deinit(&arena);
}

TEST(an_edit_that_may_not_be_says_why)
{
    mu_arena arena = {0};
    mu_catalog ignored;
    const mu_table_edit taken = {.kind = MU_EDIT_ADD_COLUMN,
                                 .column = {.name = "TS", .type = {.kind = MU_DATE}}};
    const mu_table_edit untyped = {.kind = MU_EDIT_ADD_COLUMN,
                                   .column = {.name = "x", .type = {.kind = MU_NULL}}};
    const mu_table_edit time = {.kind = MU_EDIT_DROP_COLUMN, .index = 1};

    assert_status(MUSTER_INVALID,
                  mu_catalog_edit(&catalog, &tables[1], &taken, &arena, &ignored, &test_error));
    assert_message("table \"events\" has a column \"ts\" already; choose another name");
    assert_status(MUSTER_INVALID,
                  mu_catalog_edit(&catalog, &tables[1], &untyped, &arena, &ignored, &test_error));
    assert_message("column \"x\" needs a type, such as TEXT");
    assert_status(MUSTER_INVALID,
                  mu_catalog_edit(&catalog, &tables[1], &time, &arena, &ignored, &test_error));
    assert_message_has("column \"ts\" is the TIME of \"events\"");
    mu_arena_deinit(&arena);
}
